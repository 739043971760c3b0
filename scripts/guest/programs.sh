#!/bin/sh
# Runs real programs that use namespaces in a booted guest. Prints each command, its
# output and its status. Numbers that differ between boots are normalized: inode
# numbers of nsfs are replaced in order of appearance.
#
# usage: programs.sh >OUTPUT
# shellcheck disable=SC2016 # the steps are for the shell of each
set -u

# t COMMAND: one step, as a line for the shell
t()
{
	printf '$ %s\n' "$1"
	timeout 60 sh -c "$1" </dev/null 2>&1
	printf '= %d\n' $?
}

steps()
{
	# ip netns
	t 'ip netns list'
	t 'ip netns add blue; ip netns add red; ip netns list | sort'
	t 'ip netns add blue'
	t 'ls /run/netns; stat -f -c %T /run/netns/blue'
	t 'ip netns set blue 5; ip netns set red auto; ip netns list-id'
	t 'ip netns set blue 6'
	t 'ip netns list-id target-nsid 5; ip netns list-id nsid 5'
	t 'ip netns exec blue ip -o link | cut -d" " -f2'
	t 'ip -all netns exec readlink /proc/self/ns/net'
	t 'ip netns identify $$; ip netns exec blue sh -c "ip netns identify \$\$; ip netns identify"'
	t 'ip netns exec blue sleep 5 & sleep 1; [ "$(ip netns pids blue)" = $! ] && echo same; ip netns identify $!'
	t 'unshare -n sleep 5 & sleep 1; ip netns attach green $!; [ "$(ip netns pids green)" = $! ] && echo same'
	t 'ip netns exec green true; ip netns delete green; ip netns exec green true'
	t 'ip netns attach blue $$; ip netns attach none 999999'
	t 'timeout 3 stdbuf -oL ip netns monitor & sleep 1; ip netns add new; ip netns delete new; wait'
	t 'ip netns delete none'
	t 'ip -n blue link add d0 type dummy; ip -n blue -o link show d0 | cut -d" " -f2'

	# ip link ... netns
	t 'ip link add v0 type veth peer name v1; ip link set v1 netns blue; ip -n blue -o link show v1 | cut -d" " -f2; ip -o link show v0 | grep -o "link-netns .*"'
	t 'ip link add v2 type veth peer name v3 netns red; ip -n red -o link show v3 | cut -d" " -f2'
	t 'ip link add d1 netns blue type dummy; ip -n blue link show d1 >/dev/null && echo there'
	t 'ip link set v0 netns none; ip link set v0 netns 999999'
	t 'unshare -n sleep 5 & sleep 1; ip link add d2 type dummy; ip link set d2 netns $!; nsenter -n -t $! ip -o link show d2 | cut -d" " -f2; ip link show d2'
	t 'ip link set v0 netns red name eth0; ip -n red addr add 192.0.2.1/24 dev eth0; ip -n red link set eth0 up; ip -n blue addr add 192.0.2.2/24 dev v1; ip -n blue link set v1 up; ip netns exec red ping -q -c 1 -W 5 192.0.2.2 | grep -o "1 received"'
	t 'ip -n blue link del v1; ip -n red link show eth0'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups ip link set lo netns blue'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups ip netns exec blue true'

	# unshare and nsenter with files
	t 'mkdir -p /run/ns; mount --bind /run/ns /run/ns; mount --make-private /run/ns; cd /run/ns; touch net uts ipc mnt cgroup pid user'
	t 'cd /run/ns; unshare --net=net --uts=uts --ipc=ipc --mount=mnt --cgroup=cgroup hostname inside; hostname'
	t 'cd /run/ns; for type in net uts ipc mount cgroup; do [ -e $type ] || ln -s mnt mount; nsenter --$type=$type readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc /proc/self/ns/mnt /proc/self/ns/cgroup; stat -L -c "%i %F" $type; done'
	t 'cd /run/ns; nsenter --uts=uts hostname; nsenter --net=net --uts=uts --ipc=ipc --mount=mnt --cgroup=cgroup hostname'
	t 'cd /run/ns; unshare --pid=pid --fork true; nsenter --pid=pid true'
	t 'cd /run/ns; unshare --user=user --map-root-user id -u; nsenter --user=user id -u'
	t 'cd /run/ns; nsenter --uts=net true; nsenter --net=/dev/null true; nsenter --net=none true'
	t 'unshare -n -u -i -m -p -f sleep 5 & sleep 1; child=$(pgrep -P $!); nsenter -a -t $child readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/ipc'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups nsenter --uts=/run/ns/uts true'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups unshare -r -n -u sh -c "id -u; hostname other && hostname"; hostname'

	# lsns, findmnt, mount --bind of each type
	t 'lsns -n -o TYPE -p $$ | sort'
	t 'lsns -n -o NS,TYPE,NSFS -p $$ | grep -v unassigned'
	t 'ip netns exec blue sleep 5 & sleep 1; lsns -n -o NS,NETNSID,NSFS,COMMAND -t net -p $!'
	t 'findmnt -n -o TARGET,SOURCE,FSTYPE -t nsfs | sort'
	t 'cd /run/ns; for type in cgroup ipc mnt net pid pid_for_children user uts; do touch b.$type; mount --bind /proc/self/ns/$type b.$type && findmnt -n -o SOURCE,FSTYPE $PWD/b.$type; done'
	t 'cd /run/ns; unshare -m -u -i -n sh -c "for type in ipc mnt net uts; do touch c.\$type; mount --bind /proc/self/ns/\$type c.\$type; echo \$? \$type; done"'
	t 'cd /run/ns; umount b.*; ls -i b.net >/dev/null; findmnt -n -t nsfs $PWD/b.net'
	t 'cd /run/ns; umount net uts ipc mnt cgroup pid user; findmnt -n -R /run/ns -o FSTYPE'

	# containers
	t 'bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev --hostname box sh -c "hostname; echo \$\$; ip -o link | wc -l; ls /proc/self/ns"'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev --hostname box sh -c "hostname; id -u; ip -o link | wc -l"'
	t 'setpriv --reuid 1000 --regid 1000 --clear-groups bwrap --unshare-user --unshare-uts --ro-bind / / --dev /dev --json-status-fd 1 true | grep -o "\"[a-z-]*\"" | sort -u'
	bundle=/tmp/bundle
	mkdir -p $bundle/rootfs
	for dir in bin lib lib64 usr; do
		mkdir -p "$bundle/rootfs/$dir"
		printf '{"destination":"/%s","type":"bind","source":"/%s","options":["rbind","ro"]},' $dir $dir
	done >$bundle/mounts
	cat >$bundle/config.json <<-EOF
		{"ociVersion":"1.0.0","root":{"path":"rootfs"},"hostname":"crun",
		"process":{"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
		"args":["sh","-c","hostname; echo \$\$; ip -o link | cut -d: -f2; ls /proc/self/ns"],
		"capabilities":{"bounding":["CAP_NET_ADMIN"],"effective":["CAP_NET_ADMIN"],"permitted":["CAP_NET_ADMIN"]}},
		"mounts":[$(cat $bundle/mounts){"destination":"/proc","type":"proc","source":"proc"},
		{"destination":"/dev","type":"tmpfs","source":"tmpfs"}],
		"linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"},
		{"type":"network","path":"/run/netns/blue"}]}}
	EOF
	t "cd $bundle; crun --cgroup-manager=disabled run one"
	t "cd $bundle; sed -i 's|,\"path\":\"/run/netns/blue\"||' config.json; crun --cgroup-manager=disabled run two"
	t "cd $bundle; sed -i 's|\"args\":.*|\"args\":[\"sleep\",\"30\"],|' config.json; crun --cgroup-manager=disabled run -d three >/dev/null 2>&1; crun exec three sh -c 'hostname; ip -o link | wc -l'; crun kill three KILL; sleep 1; crun delete -f three"

	# Python's
	t '/usr/bin/python3 - <<EOF
from pyroute2 import IPRoute, NetNS, netns
with NetNS("snake") as ns:
    ns.link("add", ifname="d0", kind="dummy")
    print(sorted(link.get_attr("IFLA_IFNAME") for link in ns.get_links()))
    with IPRoute() as ipr:
        ipr.link("add", ifname="s0", kind="veth", peer={"ifname": "s1", "net_ns_fd": "snake"})
        print([link.get_attr("IFLA_IFNAME") for link in ns.get_links() if link.get_attr("IFLA_IFNAME") == "s1"])
print(sorted(netns.listnetns()))
netns.pushns("snake")
netns.popns()
netns.remove("snake")
EOF'

	# liburing's tests, which print nothing that does not fail
	for test in socket socket-rw accept connect fd-pass personality; do
		t "ip link set lo up; build/parity/liburing/test/$test.t"
	done

	# strace
	t 'strace -qq -e trace=setns nsenter --net=/run/netns/blue true'
	t 'strace -qq -e trace=setns,unshare ip netns exec blue true'
	t 'strace -qq -e trace=setns nsenter --net=/dev/null true'
	t 'ip netns delete blue; ip netns delete red; ip netns list; findmnt -n -t nsfs'
}

steps | perl -pe '
	s/\b(40265\d{5})\b/$ino{$1} \/\/= "inode" . keys %ino/ge;
	s/\bpid \d+/pid N/g; s/\/proc\/\d+/\/proc\/N/g; s/\@if\d+/\@ifN/g;
	s/^\[pid +\d+\] //;'
