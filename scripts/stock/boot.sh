#!/bin/sh
# Boots a system of root.sh in QEMU, by emulation only, and runs a command in
# it.
#
# usage: boot.sh [-i] [-t SECONDS] VERSION DIRECTORY
#
# The guest receives the contents of DIRECTORY and runs "command" there as root. Its
# output is printed, and its directory "out" is copied back. The exit status is that
# of the command, or 125 if the guest hangs or dies. With -i, the time-stamp counter
# counts instructions, on one CPU.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=900 clock='-accel tcg,thread=multi -smp 2' options=
while getopts it: opt; do
	case $opt in
	i)
		clock='-accel tcg -icount shift=0,sleep=off -smp 1'
		options=mitigations=off
		;;
	t) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
stock=$top/build/stock/$1 dir=$2

rm -rf "$dir/out"
disks=$(mktemp -d "$stock/run.XXXXXX")
trap 'rm -rf "$disks"' EXIT
tar -c -h -f "$disks/in" -C "$dir" .
truncate -s 256M "$disks/out"
# shellcheck disable=SC2086 # a list of words
timeout --foreground -k 5 "$seconds" qemu-system-x86_64 -M pc $clock -cpu max \
	-m 2G -display none -monitor none -nodefaults -no-reboot -snapshot \
	-kernel "$stock/vmlinuz" -initrd "$stock/initrd" \
	-append "root=/dev/vda rw console=ttyS0 quiet panic=-1 $options \
systemd.run=/usr/local/sbin/guest.sh" \
	-serial "file:$stock/console" -serial stdio \
	-drive "file=$stock/root,if=virtio,format=raw" \
	-drive "file=$disks/in,if=virtio,format=raw" \
	-drive "file=$disks/out,if=virtio,format=raw,snapshot=off" \
	</dev/null | tr -d '\r' || :
if ! tar -x -C "$dir" -f "$disks/out" 2>/dev/null || [ ! -s "$dir/out/status" ]; then
	tail -n 20 "$stock/console" >&2
	echo "stock/boot.sh: the guest gave no answer within $seconds seconds" >&2
	exit 125
fi
exit "$(cat "$dir/out/status")"
