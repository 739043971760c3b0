#!/bin/sh
# In a guest with a stock Debian kernel: runs Debian's unmodified haproxy as a user
# without capabilities. It listens in one network namespace and has servers in two
# others. Then removes the nsfd packages and shows what remains.
set -eu
export SYSTEMD_COLORS=0 SYSTEMD_PAGER=

say()
{
	printf '\n-- %s\n' "$*"
}

# Shows a command line as one would type it, then runs it.
run()
{
	printf '# %s\n' "$*"
	eval "$*"
}

fail()
{
	echo "failed: $*"
	systemctl status --no-pager -l haproxy || :
	exit 1
}

# One request: the name of the server that answered, or the status.
ask()
{
	code=$(ip netns exec front curl -s -m 10 -o /run/answer -w '%{http_code}' \
		http://127.0.0.1:8080/) || :
	if [ "$code" = 200 ]; then cat /run/answer; else echo "$code"; fi
}

# Asks until the answers of four requests, sorted, are $1.
wait_for()
{
	for _ in $(seq 60); do
		got=$(for _ in 1 2 3 4; do ask; done | sort | uniq | xargs)
		[ "$got" != "$1" ] || return 0
		sleep 1
	done
	fail "no answers from $1: $got"
}

processes()
{
	sort -n /sys/fs/cgroup/system.slice/haproxy.service/cgroup.procs
}

# Those of them that serve: neither the one that starts them nor nsfd's supervisor.
workers()
{
	for pid in $(processes); do
		[ "$pid" = "$(systemctl show -P MainPID haproxy)" ] ||
			[ "$(readlink "/proc/$pid/exe")" != /usr/sbin/haproxy ] || echo "$pid"
	done | xargs
}

say 'The kernel and its module'
run uname -v
run 'dkms status 2>/dev/null'
run 'ls -l /dev/nsfd'

say 'Three namespaces, one server each in blue and green, at the same address'
for ns in front blue green; do
	ip netns add $ns
	ip -n $ns link set lo up
done
serve()
{
	mkdir -p "/srv/$1"
	echo "$1" >"/srv/$1/index.html"
	ip netns exec "$1" busybox httpd -p 127.0.0.1:8000 -h "/srv/$1"
}
serve blue
serve green
cat >/etc/haproxy/haproxy.cfg <<'END'
defaults
	mode http
	timeout connect 5s
	timeout client 20s
	timeout server 20s

listen web
	bind 127.0.0.1:8080 namespace front
	balance roundrobin
	server blue 127.0.0.1:8000 namespace blue check inter 500
	server green 127.0.0.1:8000 namespace green check inter 500
END
run 'tail -n 5 /etc/haproxy/haproxy.cfg'

say 'The drop-in of the package, as it is'
run 'mkdir -p /etc/systemd/system/haproxy.service.d'
run 'cp /usr/share/doc/nsfd/examples/haproxy.service.d/nsfd.conf /etc/systemd/system/haproxy.service.d'
run 'grep -v ^# /etc/systemd/system/haproxy.service.d/nsfd.conf'
run 'systemctl daemon-reload'
run 'systemctl restart haproxy' || fail 'haproxy does not start'

say 'Who haproxy is, where it is, and what it may do'
run 'dpkg -V haproxy | grep -F /usr/sbin || echo the binary is that of the package'
for pid in $(processes); do
	run "grep -E '^(Name|Uid|NoNewPrivs|Cap...):' /proc/$pid/status"
	case $(readlink "/proc/$pid/exe") in
	/usr/sbin/haproxy | /usr/sbin/nsfd) ;;
	*) fail "$pid" ;;
	esac
	[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
		fail "$pid is in another network namespace"
	grep -q "^Uid:	$(id -u haproxy)	$(id -u haproxy)	$(id -u haproxy)	" \
		"/proc/$pid/status" || fail "$pid is not user haproxy"
	if grep '^Cap' "/proc/$pid/status" | grep -qv '0000000000000000$'; then
		fail "$pid has a capability"
	fi
done
run "cat $(processes | sed 's,.*,/proc/&/fdinfo/*,' | xargs) 2>/dev/null | grep ns-"

say 'Answers, in turn'
wait_for 'blue green'
last='' answers=''
for _ in $(seq 10); do
	answer=$(ask)
	answers="$answers $answer"
	[ "$answer" != "$last" ] || fail "not in turn:$answers"
	last=$answer
done
echo "answers:$answers"

say 'A reload, under requests'
old=$(workers)
(for _ in $(seq 30); do ask; done >/run/answers) &
run 'systemctl reload haproxy' || fail 'no reload'
for _ in $(seq 60); do
	processes | grep -qx "$old" || break
	sleep 1
done
wait $!
if processes | grep -qx "$old"; then
	fail 'the old worker stays'
fi
echo "worker $old has gone, $(workers) serves"
run 'sort /run/answers | uniq -c'
if grep -qvE '^(blue|green)$' /run/answers; then
	fail 'a request was lost'
fi
wait_for 'blue green'

say 'The server in blue ends, and comes back'
run "kill $(ip netns pids blue)"
wait_for green
run 'for i in 1 2 3 4; do ask; done | xargs'
serve blue
wait_for 'blue green'
run 'for i in 1 2 3 4; do ask; done | xargs'

say 'The same without our packages: they are removed'
run 'systemctl stop haproxy'
run 'rm -r /etc/systemd/system/haproxy.service.d'
run 'systemctl daemon-reload'
run 'apt-get -qq -y purge "*nsfd*" >/run/purge 2>&1' || {
	cat /run/purge
	fail 'no removal'
}
left=$(find / -xdev -name '*nsfd*' ! -path '/proc/*'; grep nsfd /proc/modules) || :
[ -z "$left" ] || fail "it leaves $left"
[ ! -e /dev/nsfd ] || fail '/dev/nsfd is there'
echo 'nothing of them is left'
run "printf 'global\\n\\tuser haproxy\\n\\tgroup haproxy\\n' >>/etc/haproxy/haproxy.cfg"
run 'systemctl restart haproxy' || fail 'haproxy does not start'
wait_for 503
run 'for i in 1 2 3 4; do ask; done | xargs'
