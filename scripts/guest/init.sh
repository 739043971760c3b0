#!/bin/sh
# The first process of a booted guest: mounts the usual file systems, runs the command
# in $guest_run, records its status and halts.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/tmp LC_ALL=C TERM="${TERM:-linux}"
# hostfs takes the directory as an option of mount(2), not of fsconfig(2).
export LIBMOUNT_FORCE_MOUNT2=always

mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue 2>/dev/null
[ -z "${guest_top:-}" ] || mount -t hostfs hostfs /mnt -o "$guest_top"
[ -z "${guest_9p:-}" ] || mount -t 9p "$guest_9p" /mnt \
	-o trans=virtio,version=9p2000.L,msize=262144
mount -t tmpfs tmpfs /tmp -o mode=1777
mount -t tmpfs tmpfs /run
ip link set lo up
hostname nsfd

# If a machine cannot be powered off, QEMU exits when it is reset.
end=halt
[ -z "${guest_9p:-}" ] || end=reboot
cd /mnt || $end -d -f
run=/mnt/${guest_run:-}
unset guest_top guest_9p guest_run
if [ -s "$run/command" ]; then
	sh "$run/command"
	echo $? >"$run/status"
fi
$end -d -f
