#!/bin/sh
# Measures the calls on vanilla and nsfd in QEMU, and prints the figures, whether they
# meet the targets, and regressions.
#
# usage: [ARCH=arm64] bench.sh
#
# build.sh builds the kernels and the program. All counts are written to
# build/bench/figures.tsv and are the same in each run. The throughput of several
# threads is written to build/bench/throughput.tsv and varies. build/bench/chart.svg
# is drawn from the figures. For arm64, everything is in build/bench.arm64, and atomic
# operations are not counted.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
out=$top/build/bench figures=figures.tsv ways='socket socketat-other dance'
if [ "${ARCH:-}" = arm64 ]; then
	out=$out.arm64 figures=figures.arm64.tsv ways=
fi

have=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
[ "$have" -ge 10 ] || {
	echo "bench: $have GiB of memory available, 10 GiB needed" >&2
	exit 1
}

# both LOG OPTIONS [ARG...]: concurrent runs on both kernels
both()
{
	log=$1 options=$2 status=0
	shift 2
	echo "  $log"
	# shellcheck disable=SC2086 # a list of words
	"$top/scripts/bench/guest.sh" $options vanilla "$@" >"$out/vanilla.$log" &
	# shellcheck disable=SC2086
	"$top/scripts/bench/guest.sh" $options nsfd "$@" >"$out/nsfd.$log" || status=1
	wait $! || status=1
	return $status
}

rm -f "$out"/*.tsv "$out"/vanilla.* "$out"/nsfd.*
both calls -i
for number in 10 100 1000 10000; do
	both "scale-$number" '-i -m 4G' scale "$number"
done
# One after the other, because other load on the machine matters here.
for cpus in 2 4; do
	for name in vanilla nsfd; do
		echo "  throughput-$cpus, $name"
		"$top/scripts/bench/guest.sh" -c "$cpus" "$name" throughput \
			>"$out/$name.throughput-$cpus"
	done
done
for way in $ways; do
	for name in vanilla nsfd; do
		[ "$name-$way" != vanilla-socketat-other ] || continue
		echo "  atomic operations of $way, $name"
		"$top/scripts/bench/trace.sh" "$name" "$way/udp" >"$out/$name.trace-$way"
	done
done

status=0
"$top/scripts/bench/compare.pl" "$out" "$top/tools/nsfd/bench/$figures" || status=$?
(cd "$out" && gnuplot "$top/tools/nsfd/bench/chart.gnuplot")
exit $status
