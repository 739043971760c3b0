#!/bin/sh
# Runs the next mainline's own tests of namespaces, pidfds and mounts on it, without and
# with the proposal, and compares their results. Every difference is an error.
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
# shellcheck disable=SC2046 # words
[ "$#" -gt 0 ] || set -- $(cat "$out/kselftest/kselftest-list.txt")

for kernel in next-vanilla next; do
	rm -rf "${out:?}/$kernel"
	mkdir "$out/$kernel"
	scripts/guest/boot.sh -t 3600 "build/linux.$kernel" \
		env KSELFTEST="$out/kselftest" scripts/guest/parity.sh "$out/$kernel" "$@" \
		>"$out/$kernel/console" 2>&1 </dev/null &
done
wait
for kernel in next-vanilla next; do
	(
		cd "$out/$kernel"
		[ -e dmesg ] || tail -n 20 console
		for test; do
			sed -nE "s/^(# )?((not )?ok) [0-9]+ (- )?/$(echo "$test" | tr / .): \2 /p" \
				"$(echo "$test" | tr / .)" | sed -E '/# SKIP/!s/ *#.*//'
		done
	) | sort >"$out/$kernel.results"
done
echo "selftests of $(make -s -C build/next kernelversion):" \
	"$(wc -l <"$out/next.results") results of $# programs," \
	"$(grep -vc '# SKIP\|: not ok' "$out/next.results") of them passed"
diff "$out/next-vanilla.results" "$out/next.results"
