#!/bin/sh
# Runs the kernel's own selftests in a booted guest, by their own runner.
#
# usage: guest-parity.sh OUTPUT COLLECTION:TEST...
#
# Leaves what the runner says in OUTPUT/summary, and each test's log beside it.
set -eu

out=$PWD/$1
shift
cp -r build/parity/kselftest /tmp/kselftest
cd /tmp/kselftest
for test in "$@"; do
	./run_kselftest.sh -o 600 -p -t "$test" >>"$out/summary"
	cp "/tmp/${test##*:}" "$out/$(echo "$test" | tr / .)" || :
done
dmesg >"$out/dmesg"
