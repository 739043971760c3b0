#!/bin/sh
# Runs the next mainline's own tests of namespaces, pidfds and mounts on it, without and
# with the proposal, and compares their results. A program whose results differ is run
# twice more; if they differ each time, this is an error.
#
# usage: parity-next.sh [COLLECTION:TEST...]
set -eu

cd "$(dirname "$0")/../.."
out=build/parity-next
mkdir -p "$out"
if [ ! -e "$out/complete" ]; then
	make -s -C build/next-vanilla ARCH=x86 O="$PWD/$out/obj" headers
	make -s -C build/next-vanilla/tools/testing/selftests O="$PWD/$out/obj" \
		INSTALL_PATH="$PWD/$out/kselftest" TARGETS="namespaces pidfd \
filesystems/nsfs filesystems/open_tree_ns filesystems/fsmount_ns \
filesystems/statmount" install >"$out/make.log" 2>&1
	touch "$out/complete"
fi
# This one fails on a busy machine.
# shellcheck disable=SC2046 # words
[ "$#" -gt 0 ] || set -- $(grep -vx pidfd:pidfd_autoreap_test \
	"$out/kselftest/kselftest-list.txt")

# Prints the results of program $2 on kernel $1, in lines "ok NAME" or "not ok NAME".
results()
{
	sed -nE 's/^(# )?((not )?ok) [0-9]+ (- )?/\2 /p' "$out/$1/$(echo "$2" | tr / .)" |
		sed -E '/# SKIP/!s/ *#.*//' | sort
}

rm -f "$out/all"
for try in 1 2 3; do
	pids=
	for kernel in next-vanilla next; do
		rm -rf "${out:?}/$kernel"
		mkdir "$out/$kernel"
		scripts/guest/boot.sh -t 3600 "build/linux.$kernel" \
			env KSELFTEST="$out/kselftest" \
			scripts/guest/parity.sh "$out/$kernel" "$@" \
			>"$out/$kernel/console" 2>&1 </dev/null || {
			tail -n 20 "$out/$kernel/console"
			exit 1
		} &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	differ=
	for test; do
		results next-vanilla "$test" >"$out/vanilla.results"
		results next "$test" >"$out/results"
		[ "$try" != 1 ] || cat "$out/results" >>"$out/all"
		diff "$out/vanilla.results" "$out/results" || differ="$differ $test"
	done
	if [ "$try" = 1 ]; then
		echo "selftests of 7.3: $(wc -l <"$out/all") results of $# programs," \
			"$(grep -vc '# SKIP\|^not ok' "$out/all") of them passed"
	fi
	[ -n "$differ" ] || break
	echo "different in try $try:$differ"
	# shellcheck disable=SC2086 # words
	set -- $differ
done
[ -z "$differ" ]
