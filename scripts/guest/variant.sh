#!/bin/sh
# Runs the tests of another build in a booted guest: the selftests, library and tools
# in build/$VARIANT, as far as they exist, or everything, if the guest has the files of
# that architecture.
#
# usage: VARIANT=NAME variant.sh OUTPUT [COLLECTION:TEST...]
set -eu

for dir in go kselftest lib probe samples stage tools; do
	[ -d "build/$VARIANT/$dir" ] || continue
	mkdir -p "build/$dir"
	mount --bind "build/$VARIANT/$dir" "build/$dir"
done
if [ -d "build/$VARIANT/go" ]; then
	# The packages are in the guest's own root.
	mkdir -p build/packages
	mount -t tmpfs tmpfs build/packages
	ln -s / build/packages/root
	export SLOWNESS=6 # emulated
	exec scripts/guest/test.sh "$@"
fi
# A finding of a sanitizer ends the program. Leaks are not reported: the command
# leaves its memory to the kernel when it exits, and the search requires ptrace().
export ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 UBSAN_OPTIONS=halt_on_error=1
# shellcheck disable=SC2046 # a list of words
[ ! -d "build/$VARIANT/kselftest" ] ||
	scripts/guest/test.sh "$1" $(cat build/kselftest/kselftest-list.txt)
mkdir -p "$1/root"
tools/lib/nsfd/check.sh build/lib "$1" || :
tools/testing/selftests/nsfd-tools/tools_test.sh ns listen run \
	>"$1/root/tools_test" 2>"$1/tools.err" || :
dmesg >"$1/dmesg"
