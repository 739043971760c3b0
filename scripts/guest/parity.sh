#!/bin/sh
# Runs the kernel's own selftests in a booted guest, with their own runner.
#
# usage: [KSELFTEST=DIR] parity.sh OUTPUT COLLECTION:TEST...
#
# Writes the output of the runner to OUTPUT/summary, and the log of each test beside
# it.
set -eu

out=$PWD/$1
shift
cp -r "${KSELFTEST:-build/parity/kselftest}" /tmp/kselftest
cd /tmp/kselftest
for test in "$@"; do
	# In later kernels, its status shows whether a test has failed.
	./run_kselftest.sh -o 600 -p -t "$test" >>"$out/summary" || :
	cp "/tmp/${test##*:}" "$out/$(echo "$test" | tr / .)" || :
done
dmesg >"$out/dmesg"
