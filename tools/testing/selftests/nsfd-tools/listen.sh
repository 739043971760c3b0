# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# shellcheck disable=SC2016 # programs of other shells
# nsfd listen: sockets for programs that take LISTEN_FDS.

# Says what it got, then answers one connection or message on each socket.
server='
import os, socket
names = os.environ["LISTEN_FDNAMES"].split(":")
assert int(os.environ["LISTEN_PID"]) == os.getpid()
assert int(os.environ["LISTEN_FDS"]) == len(names)
for fd, name in enumerate(names, 3):
    assert os.get_inheritable(fd)
for fd, name in enumerate(names, 3):
    s = socket.socket(fileno=fd)
    if s.type == socket.SOCK_STREAM:
        c, _ = s.accept()
        c.sendall(name.encode())
        c.close()
    else:
        _, peer = s.recvfrom(100)
        s.sendto(name.encode(), peer)
'
client='
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
s = socket.socket(family, getattr(socket, "SOCK_" + sys.argv[1]))
s.settimeout(10)
s.connect(socket.getaddrinfo(sys.argv[2], int(sys.argv[3]))[0][4])
if sys.argv[1] == "DGRAM":
    s.send(b"?")
print(s.recv(100).decode())
'

# ask NETNS TYPE ADDRESS PORT ANSWER
ask()
{
	local said

	said=$(timeout 20 ip netns exec "$1" python3 -c "$client" "$2" "$3" "$4")
	echo "$1 $2 $3 $4: $said"
	[ "$said" = "$5" ]
}

several()
{
	start nsfd listen \
		--netns red --tcp 10.1.0.1:80 --name six --tcp '[fd00:10:1:0::1]:80' \
		--netns blue --udp 10.2.0.1:53 --name local --tcp "[fe80::1%veth]:81" \
		-- python3 -c "$server"
	wait_for 10 listens 10.2.0.1:53 -u blue &&
		in_own "$pid" &&
		ask client STREAM 10.1.0.1 80 red &&
		ask client STREAM fd00:10:1:0::1 80 six &&
		ask client2 DGRAM 10.2.0.1 53 blue &&
		ask client2 STREAM "fe80::1%veth" 81 local
}

# listens ADDRESS:PORT -t|-u NETNS
listens()
{
	ip netns exec "$3" ss -Hln "$2" | grep -F " $1 "
}

drops()
{
	start nsfd listen --netns red --tcp 10.1.0.1:82 --user nobody --no-new-privs \
		-- python3 -c "$server"
	wait_for 5 grep -q python3 "/proc/$pid/comm" && no_caps "$pid" &&
		grep 'NoNewPrivs:.1' "/proc/$pid/status" &&
		grep -E '^Groups:.(65534 )?$' "/proc/$pid/status" &&
		ask client STREAM 10.1.0.1 82 red
}

packaged()
{
	cat >"$tmp/lighttpd.conf" <<-EOF
		server.systemd-socket-activation = "enable"
		server.bind = "10.1.0.1"
		server.port = 83
		server.document-root = "$tmp/www"
		index-file.names = ( "index.html" )
		\$SERVER["socket"] == "10.2.0.1:83" { server.document-root = "$tmp/www2" }
	EOF
	mkdir -p "$tmp/www" "$tmp/www2"
	echo red >"$tmp/www/index.html"
	echo blue >"$tmp/www2/index.html"
	start env LD_LIBRARY_PATH="$libs" nsfd listen --netns red --tcp 10.1.0.1:83 \
		--netns blue --tcp 10.2.0.1:83 --user nobody -- \
		"$root/usr/sbin/lighttpd" -D -f "$tmp/lighttpd.conf" \
		-m "$root/usr/lib/lighttpd"
	wait_for 5 grep -q lighttpd "/proc/$pid/comm" && no_caps "$pid" && in_own "$pid" &&
		timeout 60 ip netns exec client python3 "$here/web.py" ask 10.1.0.1 83 50 |
			grep -x '50 200 red' &&
		timeout 60 ip netns exec client2 python3 "$here/web.py" ask 10.2.0.1 83 50 |
			grep -x '50 200 blue'
}

bad_listen()
{
	local text

	for text in 80 :80 1.2.3:80 1.2.3.4 1.2.3.4:x 1.2.3.4:65536 ::1:80 '[::1]' \
		'[::1:80' '[1.2.3.4]:80' localhost:80; do
		fails 2 "nsfd: invalid address '$text': expected ADDR:PORT or [ADDR]:PORT, numeric" \
			nsfd listen --tcp "$text" -- true || return 1
	done
	for text in '' x 5x -1 ' 1' 2147483648 4294967297 18446744073709551617; do
		fails 2 "nsfd: invalid --backlog argument: '$text'" \
			nsfd listen --backlog "$text" --tcp 127.0.0.1:90 -- true || return 1
	done
	fails 1 "nsfd: failed to open '/run/netns/none': No such file or directory" \
		nsfd listen --netns none --tcp 127.0.0.1:80 -- true &&
		fails 1 "nsfd: '/proc/self/ns/uts' is not a network namespace" \
			nsfd listen --netns /proc/self/ns/uts --tcp 127.0.0.1:80 -- true &&
		fails 1 'nsfd: failed to bind to tcp 10.9.9.9:80 in red: Cannot assign requested address' \
			nsfd listen --netns red --tcp 10.9.9.9:80 -- true &&
		fails 1 "nsfd: failed to find device 'none' in red: No such device" \
			nsfd listen --netns red --tcp '[fe80::1%none]:80' -- true &&
		fails 1 'nsfd: failed to bind to tcp 127.0.0.1:90 in red: Address already in use' \
			nsfd listen --netns red --tcp 127.0.0.1:90 --tcp 127.0.0.1:90 -- true &&
		fails 1 "nsfd: user 'no-such-user' does not exist" \
			nsfd listen --tcp 127.0.0.1:90 --user no-such-user -- true &&
		fails 2 "nsfd: invalid name for LISTEN_FDNAMES: 'a:b'" \
			nsfd listen --name a:b --tcp 127.0.0.1:90 -- true &&
		fails 2 "nsfd: listen: bad usage; try 'nsfd listen --help'" \
			nsfd listen --tcp 127.0.0.1:90
}

# fill OPEN...: creates about as many sockets as the limit allows, with these open
fill()
{
	bash -c 'ulimit -n 42
		for fd; do eval "exec $fd</dev/null"; done
		for port in {1..36}; do args+=(--netns red --tcp "127.0.0.1:70$port"); done
		exec nsfd listen "${args[@]}" -- python3 -c "$0"' '
import os, socket
ports = [socket.socket(fileno=fd).getsockname()[1] for fd in range(3, 39)]
assert ports == [int(f"70{n}") for n in range(1, 37)], ports
assert int(os.environ["LISTEN_FDS"]) == 36
' "$@"
}

# File descriptors that were open are closed, and those in use are moved.
descriptors()
{
	fill && fill 3 && [ "$(bash -c 'exec 3</dev/null 5</dev/null 8</dev/null
		exec nsfd listen --udp 127.0.0.1:71 --udp 127.0.0.1:72 --udp 127.0.0.1:73 \
			--udp 127.0.0.1:74 --udp 127.0.0.1:75 -- python3 -c "
import os, socket
print([socket.socket(fileno=fd).getsockname()[1] for fd in range(3, 8)],
      os.readlink(\"/proc/self/fd/8\"))"')" = '[71, 72, 73, 74, 75] /dev/null' ]
}

environment()
{
	[ "$(LISTEN_PIDFDID=12 nsfd listen --udp 127.0.0.1:71 --backlog 2147483647 -- \
		sh -c 'echo "${LISTEN_PIDFDID-none} $LISTEN_FDS"')" = 'none 1' ]
}

stranger()
{
	fails 1 'nsfd: failed to create a socket for tcp 127.0.0.1:8090 in red: Operation not permitted' \
		setpriv --reuid 1000 --regid 1000 --clear-groups \
		nsfd listen --netns red --tcp 127.0.0.1:8090 -- true
}

pair red client 10.1.0
pair blue client2 10.2.0
check 'listen: IPv4, IPv6, UDP, a device, two namespaces, names' several
check 'listen: --user has no capability in any set' drops
check 'listen: Debian'\''s lighttpd in two namespaces, as nobody' packaged
check 'listen: any descriptors open before, no more than needed' descriptors
check 'listen: the environment of systemd' environment
check 'listen: errors, status and one line' bad_listen
check 'listen: not for those without privilege' stranger
