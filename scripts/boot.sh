#!/bin/sh
# Boots a kernel on the files of the host and runs a command there.
#
# usage: boot.sh [-i | -n] [-c CPUS] [-t SECONDS] [-m MEMORY] KERNEL COMMAND [ARG...]
#
# A User-Mode Linux kernel is a program and is executed; other kernels are for x86-64
# and run in QEMU, by emulation only. The command runs as root in the guest, in the
# top directory of this repository (mounted on /mnt, writable). Its exit status is
# that of this script; if the kernel hangs or dies, this is 125. -i keeps the terminal
# for a shell; -c and -n are for QEMU. With -n, the time-stamp counter of the guest
# counts instructions.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
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

append="root=/dev/root ro quiet panic=-1 init=$top/scripts/guest-init.sh \
guest_run=${run#"$top/"}"
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
	append="$append console=ttyS0 rootfstype=9p guest_9p=top \
rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144"
	# shellcheck disable=SC2086
	set -- qemu-system-x86_64 -M pc $clock -cpu max \
		-smp "$cpus" -m "$memory" -display none -monitor none -nodefaults \
		-no-reboot $serial -kernel "$kernel" -append "$append" \
		-fsdev "$share,id=root,path=/,readonly=on" \
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
