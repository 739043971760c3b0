#!/bin/sh
# Runs the installed selftests in a booted guest, as root and as an ordinary
# user, by kselftest's own runner.
#
# usage: guest-test.sh OUTPUT [COLLECTION:TEST...]
#
# Leaves one TAP file for each program in OUTPUT/root and OUTPUT/user.
set -eu

out=$PWD/$1
shift
cp -r build/kselftest /tmp/kselftest
chmod -R a+rX /tmp/kselftest
cd /tmp/kselftest
for test in "$@"; do
	set -- "$@" -t "$test"
	shift
done

for who in root user; do
	mkdir -p "$out/$who"
	run=
	[ "$who" = root ] || run='setpriv --reuid 1000 --regid 1000 --clear-groups'
	$run ./run_kselftest.sh -p "$@"
	for test in nsfd/*_test; do
		log=/tmp/${test#nsfd/}
		[ -f "$log" ] || continue
		sed 's/^# //' "$log" >"$out/$who/${test#nsfd/}"
		rm "$log"
	done
done
dmesg >"$out/dmesg"
