#!/bin/sh
# Runs the tests of another build in a booted guest: the selftests, library and tools
# in build/$VARIANT, as far as they exist.
#
# usage: VARIANT=NAME guest-variant.sh OUTPUT
set -eu

for dir in kselftest lib probe tools; do
	[ ! -d "build/$VARIANT/$dir" ] ||
		mount --bind "build/$VARIANT/$dir" "build/$dir"
done
# A finding of a sanitizer ends the program. Leaks are not reported: the command
# leaves its memory to the kernel when it exits, and the search requires ptrace().
export ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 UBSAN_OPTIONS=halt_on_error=1
# shellcheck disable=SC2046 # a list of words
[ ! -d "build/$VARIANT/kselftest" ] ||
	scripts/guest-test.sh "$1" $(cat build/kselftest/kselftest-list.txt)
mkdir -p "$1/root"
tools/lib/nsfd/check.sh build/lib "$1" || :
tools/testing/selftests/nsfd-tools/tools_test.sh ns listen run \
	>"$1/root/tools_test" 2>"$1/tools.err" || :
dmesg >"$1/dmesg"
