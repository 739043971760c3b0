#!/bin/sh
# Runs the selftests on all kernels and compares the results with the expected ones
# (see verdict.pl).
#
# usage: run.sh [-n] [KERNEL...]
#
# With -n, there is no verdict: the status only shows whether the runs completed with
# clean kernel logs. TESTS="nsfd:net_test ..." runs only these, and
# GUEST_ENV="NAME=VALUE ..." is their environment. TIMEOUT, MEMORY and CPUS are those of
# the guest, and GUEST is a script to run there instead of guest/test.sh.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
verdict=1
if [ "$1" = -n ]; then
	verdict=0
	shift
fi

# Runs the tests on kernel $1.
run()
{
	kernel=$1 out=build/test/$1 start=$(date +%s) status=0
	rm -rf "$out"
	mkdir -p "$out"
	echo "== $kernel"
	# shellcheck disable=SC2086 # a list of words
	scripts/guest/boot.sh -t "${TIMEOUT:-900}" -m "${MEMORY:-1G}" -c "${CPUS:-1}" \
		"build/linux.$kernel" env ${GUEST_ENV:-} \
		"${GUEST:-scripts/guest/test.sh}" "$out" ${TESTS:-} \
		>"$out/console" 2>&1 </dev/null || status=$?
	if [ "$status" != 0 ]; then
		echo "$kernel: status $status; the end of its console:"
		tail -n 30 "$out/console"
	fi
	# race.sh evaluates the reports of KCSAN. With injected memory failures,
	# mainline warns about a device that moves to another namespace and cannot
	# be renamed.
	known='BUG: KCSAN: '
	! grep -qs '^CONFIG_FAULT_INJECTION=y' \
		"build/${kernel%%.*}/obj.${kernel#*.}/.config" ||
		known="$known|WARNING: .* __dev_change_net_namespace\\+"
	if [ -f "$out/dmesg" ] &&
	    grep -nE 'BUG|WARNING|Oops|UBSAN|KASAN|INFO: |kmemleak: [1-9]' "$out/dmesg" |
		grep -vE "$known"; then
		echo "$kernel: a splat"
		status=1
	fi
	echo "$status" >"$out/status"
	echo "== $kernel: $(($(date +%s) - start)) s"
}

# As many guests at a time as there are CPUs for them.
guests=$(($(nproc) / ${CPUS:-1})) n=0
for kernel in "$@"; do
	run "$kernel" &
	n=$((n + 1))
	[ $n -lt "$guests" ] || {
		wait
		n=0
	}
done
wait
[ "$verdict" = 0 ] || exec scripts/test/verdict.pl "$@"
for kernel in "$@"; do
	[ "$(cat "build/test/$kernel/status")" = 0 ] || exit 1
done
