#!/bin/sh
# What systemd runs in the booted system: unpacks the archive on the second
# disk, runs "command" of it and leaves its directory "out" on the third disk.
set -u

exec >/dev/ttyS1 2>&1
mkdir /opt/task
tar -x -f /dev/vdb -C /opt/task
cd /opt/task || exit
mkdir -p out
sh ./command
echo $? >out/status
dmesg >out/dmesg
tar -c -f /dev/vdc out
