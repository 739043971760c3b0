#!/bin/sh
# Runs the benchmark as the only program of a guest and prints its output.
#
# usage: [ARCH=arm64] guest.sh [-g | -i] [-c CPUS] [-m MEMORY] NAME [ARG...]
#
# NAME is the kernel. With -i, the counter that the benchmark reads counts
# instructions, and all runs are identical: the clock, the source of random numbers
# and the layout of processes are fixed. Otherwise, the CPUs of the guest run
# concurrently, each in a thread. With -g, the guest waits for a debugger on standard
# input and output, and prints nothing.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
clock='-accel tcg,thread=multi' cpus=1 memory=1G debugger=
while getopts c:gim: opt; do
	case $opt in
	c) cpus=$OPTARG ;;
	g) debugger=1 ;;
	i) clock="-accel tcg -icount shift=0,sleep=off -seed 1 -rtc base=2026-01-01,clock=vm" ;;
	m) memory=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
name=$1
shift

qemu='qemu-system-x86_64 -M pc -cpu max' console=ttyS0
kernel=$top/build/$name/obj.bench/arch/x86/boot/bzImage
initrd=$top/build/bench/initrd
if [ "${ARCH:-}" = arm64 ]; then
	# Ticks of a nanosecond: an instruction each.
	qemu='qemu-system-aarch64 -M virt -cpu max,cntfrq=1000000000' console=ttyAMA0
	kernel=$top/build/$name/obj.bench.arm64/arch/arm64/boot/Image
	initrd=$top/build/bench.arm64/initrd
fi

append="console=$console quiet panic=-1 mitigations=off norandmaps"
if [ -n "$debugger" ]; then
	set -- "$append noreplace-smp -- $*" -gdb stdio -S -serial null
else
	set -- "$append -- $*" -serial stdio
fi
# shellcheck disable=SC2086 # a list of words
set -- timeout --foreground 3600 $qemu $clock \
	-smp "$cpus" -m "$memory" -nodefaults -display none -monitor none -no-reboot \
	-kernel "$kernel" -initrd "$initrd" -append "$@"
[ -z "$debugger" ] || exec "$@"

"$@" </dev/null | tr -d '\r' | awk -v name="$name" '
	{ print; fflush(); last = $0 }
	/^# done$/ { done = 1 }
	END {
		if (!done) {
			print name ": the guest ended early: " last >"/dev/stderr"
			exit 1
		}
	}'
