# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# Common programs, each of which prints the namespace of its sockets. They run as
# nobody without any capability, unless stated otherwise. prepare-programs.sh has
# unpacked and built them.

programs=$top/build/programs
root=$programs/root
PATH=$root/usr/sbin:$root/usr/bin:$root/bin:$root/sbin:$PATH
export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$root/usr/lib/x86_64-linux-gnu/frr

# Only blue reaches 10.2.0.2, only far reaches 10.2.0.1, and only by a server in
# far is there a name.
in_blue()
{
	nsfd run --netns blue --user nobody -- "$@"
}

by_curl()
{
	[ "$(in_blue curl -sS --max-time 20 http://srv.test/)" = 'This is far' ]
}

by_asyncio()
{
	[ "$(in_blue python3 -c '
import asyncio, sys
async def main():
    r, w = await asyncio.open_connection("srv.test", 80)
    w.write(b"GET / HTTP/1.0\r\n\r\n")
    assert b"This is far" in await r.read()
    p = await asyncio.create_subprocess_exec("curl", "-sS", "http://srv.test/",
                                             stdout=asyncio.subprocess.PIPE)
    print((await p.communicate())[0].decode())
asyncio.run(main())')" = 'This is far' ]
}

by_pyroute2()
{
	in_blue python3 -c '
from pyroute2 import IPRoute
with IPRoute() as ipr:
    names = {link.get_attr("IFLA_IFNAME") for link in ipr.get_links()}
assert "veth" in names, names' &&
		nsfd run --netns far --grant blue --user nobody -- python3 -c '
from pyroute2 import NetNS
with NetNS("blue", flags=0) as ns:
    found = {a.get_attr("IFA_ADDRESS") for a in ns.get_addr()}
assert "10.2.0.1" in found and "10.2.0.2" not in found, found'
}

by_busybox()
{
	[ "$(in_blue "$root/bin/busybox" wget -q -O - http://srv.test/)" = 'This is far' ] &&
		in_blue "$root/bin/busybox" nslookup srv.test 10.2.0.2 | grep -q 10.2.0.2
}

# go_program NAME: 1,000 goroutines, and a listener in each of two namespaces
go_program()
{
	start nsfd run --netns blue --grant far --user nobody -- "$programs/$1" \
		http://srv.test/ 1000 10.2.0.1:9001 far 10.2.0.2:9002
	wait_for 60 grep -q '^1000 answers' "$tmp/log" &&
		[ "$(ip netns exec far python3 "$here/web.py" ask 10.2.0.1 9001 1)" = '1 200 listener' ] &&
		[ "$(ip netns exec blue python3 "$here/web.py" ask 10.2.0.2 9002 1)" = '1 200 listener' ] &&
		no_caps "$(pgrep -n -f "^$programs/$1")"
}

by_socat()
{
	start nsfd run --netns blue --user nobody -- \
		socat TCP-LISTEN:9003,fork,reuseaddr SYSTEM:'echo HTTP/1.0 200 OK; echo; echo -n socat'
	wait_for 10 listens blue 0.0.0.0:9003 &&
		[ "$(ip netns exec far curl -sS --http0.9 --max-time 10 http://10.2.0.1:9003/)" = socat ]
}

listens()
{
	ip netns exec "$1" ss -Htln | grep -qF " $2 "
}

# Its workers connect to far; the new binary after USR2 has new ones. nginx obeys
# USR2 as a daemon only, and executes argv[0].
by_nginx()
{
	local first

	mkdir -m 777 "$tmp/nginx" && cat >"$tmp/nginx/conf" <<-EOF || return 1
		pid $tmp/nginx/pid;
		error_log stderr;
		events { }
		http {
			access_log off;
			client_body_temp_path $tmp/nginx/b;
			proxy_temp_path $tmp/nginx/p;
			fastcgi_temp_path $tmp/nginx/f;
			uwsgi_temp_path $tmp/nginx/u;
			scgi_temp_path $tmp/nginx/s;
			server {
				listen 10.2.0.1:9004;
				location / { proxy_pass http://10.2.0.2; proxy_buffering off; }
			}
		}
	EOF
	in_blue "$root/usr/sbin/nginx" -e stderr -p "$tmp/nginx" -c conf &&
		wait_for 20 listens blue 10.2.0.1:9004 &&
		[ "$(ip netns exec far curl -sS http://10.2.0.1:9004/)" = 'This is far' ] || return 1
	first=$(cat "$tmp/nginx/pid")
	kill -USR2 "$first" && wait_for 20 test -e "$tmp/nginx/pid.oldbin" &&
		wait_for 20 new_master "$first" && kill -QUIT "$first" &&
		wait_for 20 gone "$first" &&
		[ "$(ip netns exec far curl -sS http://10.2.0.1:9004/)" = 'This is far' ] &&
		no_caps "$(cat "$tmp/nginx/pid")"
	set -- "$?"
	[ ! -s "$tmp/nginx/pid" ] || kill "$(cat "$tmp/nginx/pid")"
	return "$1"
}

new_master()
{
	[ -s "$tmp/nginx/pid" ] && [ "$(cat "$tmp/nginx/pid")" != "$1" ]
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# Tools run by root really enter namespaces, as without nsfd.
by_iproute2()
{
	[ "$(nsfd run --netns blue -- ip -br -4 addr show veth | awk '{ print $3 }')" = 10.2.0.1/24 ] &&
		[ "$(nsfd run --netns blue -- ip netns exec far ip -br -4 addr show veth |
			awk '{ print $3 }')" = 10.2.0.2/24 ] &&
		[ "$(nsfd run --netns blue -- ip -n far -br -4 addr show veth |
			awk '{ print $3 }')" = 10.2.0.2/24 ]
}

# router NETNS AS PEER PEER_AS COMMAND: zebra and bgpd, as root
router()
{
	local dir=$tmp/router-$1 program options

	mkdir -m 777 "$dir" && : >"$dir/zebra.conf" && cat >"$dir/bgpd.conf" <<-EOF || return 1
		router bgp $2
		 no bgp ebgp-requires-policy
		 timers bgp 1 3
		 neighbor $3 remote-as $4
		 neighbor $3 timers connect 1
		 address-family ipv4 unicast
		  $5
	EOF
	for program in zebra 'bgpd -p 179'; do
		read -r program options <<<"$program"
		# shellcheck disable=SC2086 # a list of words
		start nsfd run --netns "$1" -- "$root/usr/lib/frr/$program" \
			-f "$dir/$program.conf" -i "$dir/$program.pid" -z "$dir/zserv.api" \
			--vty_socket "$dir" -P 0 $options
		wait_for 20 test -s "$dir/$program.pid" || return 1
	done
}

# The network of far's loopback device becomes a route in blue, and nowhere else.
by_frr()
{
	ip -n far addr add 10.99.0.1/24 dev lo
	router blue 65001 10.2.0.2 65002 '' &&
		router far 65002 10.2.0.1 65001 'network 10.99.0.0/24' &&
		wait_for 60 route_in_blue && [ -z "$(ip route show 10.99.0.0/24)" ]
}

route_in_blue()
{
	ip -n blue route show proto bgp | grep -q '^10.99.0.0/24 .*via 10.2.0.2'
}

# The guest's /etc is the host's: a copy that can be changed.
cp -a /etc "$tmp/etc" && mount --bind "$tmp/etc" /etc
echo frr:x:300:300::/nonexistent:/bin/false >>/etc/passwd
printf 'frr:x:300:\nfrrvty:x:301:frr\n' >>/etc/group
mkdir -p /run/frr && chown 300:300 /run/frr
mkdir -p /etc/netns/blue && echo nameserver 10.2.0.2 >/etc/netns/blue/resolv.conf
pair blue far 10.2.0
ip netns exec far sysctl -qw net.ipv4.ip_unprivileged_port_start=0
ip netns exec far python3 "$here/web.py" serve 'This is far' 10.2.0.2 80 >/dev/null 2>&1 </dev/null &
web=$!
keep=1
start nsfd run --netns far --user nobody -- dnsmasq -k -C /dev/null -u nobody -g nogroup -R -h \
	--pid-file= --bind-interfaces --listen-address=10.2.0.2 --host-record=srv.test,10.2.0.2
server=$pid
check 'programs: dnsmasq' wait_for 20 listens far 10.2.0.2:53
wait_for 20 listens far 10.2.0.2:80
keep=
servers=$pids pids=
check 'programs: curl, by name' by_curl
check 'programs: python, asyncio and a subprocess' by_asyncio
check 'programs: pyroute2' by_pyroute2
check 'programs: static busybox' by_busybox
check 'programs: Go, static' go_program go-static
check 'programs: Go with cgo' go_program go-cgo
check 'programs: socat' by_socat
check 'programs: nginx, and its upgrade' by_nginx
check 'programs: as root, ip netns exec and ip -n' by_iproute2
check 'programs: as root, zebra and bgpd of FRR' by_frr
pids=$servers
stop_all
kill "$web"
umount /etc
unset LD_LIBRARY_PATH
