#!/bin/sh
# Boots a User-Mode Linux kernel on the host's own files and runs a command.
#
# usage: boot-um.sh [-i] [-t SECONDS] [-m MEMORY] KERNEL COMMAND [ARG...]
#
# The command runs as root in the guest, in the top directory of this
# repository (mounted at /mnt, writable). Its exit status is this script's; a
# kernel that hangs or dies gives 125. -i keeps the terminal for a shell.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
seconds=600 memory=1G terminal=null,fd:1
while getopts im:t: opt; do
	case $opt in
	i) terminal=fd:0,fd:1 ;;
	m) memory=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
kernel=$1
shift

[ -x "$kernel" ] || {
	echo "boot-um.sh: $kernel: no such kernel" >&2
	exit 2
}
mkdir -p "$top/build"
run=$(mktemp -d "$top/build/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
for arg in "$@"; do
	printf "'%s' " "$(printf %s "$arg" | sed "s/'/'\\\\''/g")"
done >"$run/command"

status=0
timeout --foreground -k 5 "$seconds" "$kernel" \
	root=/dev/root rootfstype=hostfs rootflags=/ ro mem="$memory" quiet \
	panic=-1 uml_dir="$run" con=null con0="$terminal" con1=null \
	init="$top/scripts/guest-init.sh" \
	"guest_top=$top" "guest_run=${run#"$top/"}" ||
	status=$?
if [ -s "$run/status" ]; then
	exit "$(cat "$run/status")"
fi
if [ "$status" = 124 ]; then
	echo "boot-um.sh: no end after $seconds seconds: the guest was killed" >&2
else
	echo "boot-um.sh: the guest's kernel died (status $status)" >&2
fi
exit 125
