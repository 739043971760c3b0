#!/bin/sh
# Runs the installed selftests in a booted guest, as root and as an ordinary user,
# with kselftest's own runner.
#
# usage: test.sh OUTPUT [COLLECTION:TEST...]
#
# GUEST_USERS="root" omits the user. GUEST_SECONDS, if set, limits each test. Writes a
# TAP file for each program to OUTPUT/root and OUTPUT/user, the kernel log and, if the
# kernel supports them, the leaks that kmemleak finds (also in the log) and the
# counters of gcov.
set -eu

top=$PWD out=$PWD/$1
shift
single=$#
cp -r build/kselftest /tmp/kselftest
chmod -R a+rX /tmp/kselftest
cd /tmp/kselftest
for test in "$@"; do
	set -- "$@" -t "$test"
	shift
done

[ -z "${GUEST_SECONDS:-}" ] || set -- "$@" -o "$GUEST_SECONDS"
for who in ${GUEST_USERS:-root user}; do
	mkdir -p "$out/$who"
	run=
	[ "$who" = root ] || run='setpriv --reuid 1000 --regid 1000 --clear-groups'
	# In later kernels, its status shows whether a test has failed.
	$run ./run_kselftest.sh -p "$@" || :
	for test in nsfd/*_test; do
		log=/tmp/${test#nsfd/}
		[ -f "$log" ] || continue
		sed 's/^# //' "$log" >"$out/$who/${test#nsfd/}"
		rm "$log"
	done
done

# The library and the tools: not on the baseline, and not if single tests are given.
if [ "$single" = 0 ] && [ -e /proc/self/ns/net ]; then
	cd "$top"
	tools/lib/nsfd/check.sh build/lib "$out" || :
	GO_TEST_SHORT=1 tools/lib/nsfd/go/check.sh build/go "$out" || :
	tools/testing/selftests/nsfd-tools/tools_test.sh >"$out/root/tools_test" \
		2>"$out/tools.err" || :
	tools/lib/nsfd/python/tests/run.sh >"$out/root/python_test" \
		2>"$out/python.err" || :
fi

debug=/sys/kernel/debug
if [ -e $debug/kmemleak ]; then
	# Objects that are freed after a grace period are not leaks, and an object
	# must be older than five seconds to be reported.
	for pause in 6 6; do
		sleep $pause
		echo scan >$debug/kmemleak
	done
	cat $debug/kmemleak >"$out/kmemleak"
fi
if [ -d $debug/gcov ]; then
	find $debug/gcov -name '*.gcda' | while read -r file; do
		mkdir -p "$out/gcov$(dirname "${file#"$debug/gcov"}")"
		cat "$file" >"$out/gcov${file#"$debug/gcov"}"
	done
fi
dmesg >"$out/dmesg"
