# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# The programs in samples/nsfd, which use the system call directly.

two_servers()
{
	start two-servers -n 4 -p 80 /run/netns/blue /run/netns/far
	wait_for 10 said far &&
		[ "$(timeout 60 ip netns exec far python3 "$here/web.py" ask 10.2.0.1 80 2)" = \
			'2 200 This is /run/netns/blue' ] &&
		[ "$(timeout 60 ip netns exec blue python3 "$here/web.py" ask 10.2.0.2 80 2)" = \
			'2 200 This is /run/netns/far' ] &&
		wait_for 5 gone "$pid"
}

said()
{
	grep "port 80 in /run/netns/$1" "$tmp/log"
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

serve_far()
{
	start ip netns exec far python3 "$here/web.py" serve far 10.2.0.2 80
	wait_for 10 answers far 10.2.0.2 80
}

# answers NETNS ADDRESS PORT [TIMES]
answers()
{
	timeout 60 ip netns exec "$1" python3 "$here/web.py" ask "$2" "$3" "${4:-1}" |
		grep -x "${4:-1} 200 far"
}

opener_worker()
{
	local said

	serve_far && said=$(timeout 20 opener-worker -n 3 /run/netns/blue 10.2.0.2 80 2>&1) ||
		return 1
	echo "$said"
	[ "$(echo "$said" | grep -c '^far')" = 3 ] &&
		[ "$(echo "$said" | tail -n 1 | sed 's/^far//')" = 'opener-worker: the grant is gone' ] &&
		! timeout 20 setpriv --reuid 1000 --clear-groups opener-worker /run/netns/blue 10.2.0.2 80
}

# From a namespace without a route to the other one.
forwards()
{
	ip netns add alone && ip -n alone link set lo up && serve_far || return 1
	start forward /run/netns/alone 127.0.0.1 8080 /run/netns/blue 10.2.0.2 80
	wait_for 10 answers alone 127.0.0.1 8080 && in_own "$pid" &&
		answers alone 127.0.0.1 8080 100
}

# A large amount of data in both directions, and half-closed connections.
forwards_all()
{
	start ip netns exec far python3 -c '
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)
socketserver.TCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("10.2.0.2", 81), Echo).serve_forever()'
	start forward /run/netns/alone 127.0.0.1 8081 /run/netns/blue 10.2.0.2 81
	wait_for 10 echoes 1 && echoes 3000000 && echoes 0 && in_own "$pid"
}

echoes()
{
	timeout 60 ip netns exec alone python3 -c '
import os, socket, sys, threading
data = os.urandom(int(sys.argv[1]))
s = socket.create_connection(("127.0.0.1", 8081), 20)
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
got = b""
while part := s.recv(65536):
    got += part
assert got == data, (len(got), len(data))' "$1"
}

dumps()
{
	local name

	timeout 20 dump /run/netns/blue /run/netns/far >"$tmp/dump" || return 1
	cat "$tmp/dump"
	grep -qx '/run/netns/blue:' "$tmp/dump" && grep -qx '/run/netns/far:' "$tmp/dump" &&
		[ "$(grep -c 'device .: veth, up' "$tmp/dump")" = 2 ] &&
		for name in 10.2.0.1/24 10.2.0.2/24 fd00:10:2::1/64 fd00:10:2::2/64; do
			grep -q "address of device .: $name\$" "$tmp/dump" || return 1
		done
}

# The ring's chain of requests ends at the first that fails, which it names.
uring_get()
{
	local said

	serve_far && said=$(timeout 20 uring-get /run/netns/blue 10.2.0.2 80) || return 1
	echo "$said"
	echo "$said" | grep -x far &&
		timeout 20 uring-get /run/netns/none 10.2.0.2 80 2>&1 |
			grep -x 'uring-get: /run/netns/none: open: No such file or directory'
}

pair blue far 10.2.0
check_call 'sample: two-servers' two_servers
check_call 'sample: opener-worker' opener_worker
check_call 'sample: forward, 100 connections' forwards
check_call 'sample: forward, 3 MB there and back, half-closed' forwards_all
check_call 'sample: dump' dumps
check_call 'sample: uring-get' uring_get
