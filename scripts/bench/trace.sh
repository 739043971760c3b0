#!/bin/sh
# Prints how the instructions of one call of the benchmark are distributed: their
# number in each function, and how many of them are atomic operations. Instructions
# of an inlined function count for its caller.
#
# usage: trace.sh NAME CASE
#
# NAME is the kernel, CASE a name that the benchmark prints, such as setns/net.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
name=$1 case=$2
address()
{
	nm "$top/build/bench/bench" | awk -v name="$1" '$3 == name { print "0x" $1 }'
}

BENCH_TRACE=$(mktemp)
export BENCH_TRACE
trap 'rm -f "$BENCH_TRACE"' EXIT
timeout 600 gdb -q -nx -batch "$top/build/$name/obj.bench/vmlinux" \
	-ex "set remotetimeout 60" \
	-ex "set \$begin = $(address begin)" -ex "set \$end = $(address end)" \
	-ex "target remote | exec $top/scripts/bench/guest.sh -g $name $case" \
	-x "$top/tools/nsfd/bench/trace.py" >/dev/null 2>&1 || :
[ -s "$BENCH_TRACE" ] || {
	echo "trace.sh: $name: no call of $case" >&2
	exit 1
}
echo "$name, $case:"
cat "$BENCH_TRACE"
