#!/bin/sh
# Boots a kernel on the files of the host, or one for arm64 on those of
# build/arm64/root, and runs a command there.
#
# usage: boot.sh [-i | -n] [-c CPUS] [-t SECONDS] [-m MEMORY] KERNEL COMMAND [ARG...]
#
# A User-Mode Linux kernel is a program and is executed; other kernels are for x86-64
# or arm64 and run in QEMU, by emulation only. The command runs as root in the guest,
# in the top directory of this repository (mounted on /mnt, writable). Its exit status
# is that of this script; if the kernel hangs or dies, this is 125. -i keeps the
# terminal for a shell; -c and -n are for QEMU. With -n, the clock of the guest counts
# instructions.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=600 memory=1G interactive='' cpus=1 clock=-accel\ tcg,thread=multi
while getopts c:im:nt: opt; do
	case $opt in
	c) cpus=$OPTARG ;;
	i) interactive=1 ;;
	m) memory=$OPTARG ;;
	n) clock='-accel tcg -icount shift=0,sleep=off' ;;
	t) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
kernel=$1
shift

[ -f "$kernel" ] || {
	echo "boot.sh: $kernel: no such kernel" >&2
	exit 2
}
mkdir -p "$top/build"
run=$(mktemp -d "$top/build/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
for arg in "$@"; do
	printf "'%s' " "$(printf %s "$arg" | sed "s/'/'\\\\''/g")"
done >"$run/command"

root=/ init=$top/scripts/guest/init.sh console=ttyS0
qemu='qemu-system-x86_64 -M pc -cpu max'
# The header of an image for arm64 has this at its end.
if [ "$(head -c 60 "$kernel" | tail -c 4)" = ARMd ]; then
	root=$top/build/arm64/root init=/init.sh console=ttyAMA0
	# The architecture's own algorithm of pointer authentication is slow to emulate.
	# The virtual counter ticks each nanosecond, which with -n is an instruction.
	qemu='qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on,cntfrq=1000000000'
	cp "$top/scripts/guest/init.sh" "$root"
fi
append="root=/dev/root ro quiet panic=-1 init=$init guest_run=${run#"$top/"}"
if [ "$(head -c 4 "$kernel" | tail -c 3)" = ELF ]; then
	terminal=null,fd:1
	[ -z "$interactive" ] || terminal=fd:0,fd:1
	# shellcheck disable=SC2086 # a list of words
	set -- env LD_PRELOAD="$top/build/uml-xstate.so" "$kernel" $append \
		rootfstype=hostfs rootflags=/ mem="$memory" \
		uml_dir="$run" con=null con0="$terminal" con1=null "guest_top=$top"
else
	share='local,security_model=none,multidevs=remap'
	serial="-serial stdio"
	[ -n "$interactive" ] || serial="-chardev stdio,id=c,signal=off -serial chardev:c"
	append="$append console=$console rootfstype=9p guest_9p=top \
rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144"
	# shellcheck disable=SC2086
	set -- $qemu $clock \
		-smp "$cpus" -m "$memory" -display none -monitor none -nodefaults \
		-no-reboot $serial -kernel "$kernel" -append "$append" \
		-fsdev "$share,id=root,path=$root,readonly=on" \
		-device virtio-9p-pci,fsdev=root,mount_tag=/dev/root \
		-fsdev "$share,id=top,path=$top" \
		-device virtio-9p-pci,fsdev=top,mount_tag=top
fi

status=0
timeout --foreground -k 5 "$seconds" "$@" || status=$?
if [ -s "$run/status" ]; then
	exit "$(cat "$run/status")"
fi
if [ "$status" = 124 ]; then
	echo "boot.sh: no end after $seconds seconds: the guest was killed" >&2
else
	echo "boot.sh: the guest's kernel died (status $status)" >&2
fi
exit 125
