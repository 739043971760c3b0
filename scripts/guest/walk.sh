#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration of "make run" in the booted guest: namespace files, setns(),
# IFLA_NS_FD and socketat(), with common tools.
#
# usage: walk.sh SAMPLES    (the directory of two-servers; as root, in a guest)
set -eu

server=$1 command=
[ ! -d "$server" ] || server=$server/two-servers
trap '[ $? = 0 ] || echo "walk: failed: $command"' EXIT

say()
{
	printf '\n-- %s\n' "$*"
}

# Prints a command line and runs it.
run()
{
	command=$*
	printf '# %s\n' "$command"
	eval "$command"
}

say 'Two network namespaces, and the names of our own.'
run 'ip netns add red'
run 'ip netns add blue'
run 'ls -l /proc/self/ns'

# The mount point of the other files. It has to be private, because a mount namespace
# cannot be mounted where it would propagate.
mkdir /run/ns
mount --bind /run/ns /run/ns
mount --make-private /run/ns
touch /run/ns/uts /run/ns/ipc /run/ns/mnt

say 'A namespace kept by a bind mount: its only process has gone.'
run 'unshare --uts=/run/ns/uts hostname kept'
run 'findmnt -n -o TARGET,SOURCE /run/ns/uts'
run 'hostname'
run 'nsenter --uts=/run/ns/uts hostname'

say 'The same for ipc and mount; setns gets us into each.'
run 'unshare --ipc=/run/ns/ipc ipcmk -Q'
run 'ipcs -q'
run 'nsenter --ipc=/run/ns/ipc ipcs -q'
run 'unshare --mount=/run/ns/mnt mount -t tmpfs inside /opt'
run 'findmnt -n /opt || echo nothing is mounted here'
run 'nsenter --mount=/run/ns/mnt findmnt -n /opt'
run 'nsenter --net=/run/netns/red ip -br link'

say 'A veth pair: one end is made in red, the other is moved to blue.'
run 'ip link add veth type veth peer name veth netns red'
run 'ip link set veth netns blue'
run 'ip -n red  addr add 10.0.0.1/24 dev veth'
run 'ip -n blue addr add 10.0.0.2/24 dev veth'
run 'ip -n red  link set veth up'
run 'ip -n blue link set veth up'
run 'ip -n red  -br -4 addr'
run 'ip -n blue -br -4 addr'

say 'socketat: one thread serves port 80 in both, and stays where it is.'
mkfifo /run/says
run "$server -n 2 /run/netns/red /run/netns/blue >/run/says &"
exec 3</run/says
for _ in red blue; do
	read -r line <&3
	echo "$line"
done
get='echo GET / >&3; cat <&3'
run "ip netns exec blue bash -c 'exec 3<>/dev/tcp/10.0.0.1/80; $get'"
run 'readlink /proc/self/ns/net'
run "readlink /proc/$!/ns/net"
run "ip netns exec red bash -c 'exec 3<>/dev/tcp/10.0.0.2/80; $get'"
run "wait $!"
