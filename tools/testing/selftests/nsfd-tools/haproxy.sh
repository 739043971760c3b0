# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# Debian's haproxy as packaged: it listens in one network namespace and connects in two
# others, as an ordinary user without any capability.

# By itself it stays who it is; as_nobody is for one that is root.
haproxy="env LD_LIBRARY_PATH=$libs $root/usr/sbin/haproxy -W -f $here/haproxy.cfg"
as_nobody="-f $here/haproxy-user.cfg"

# ask TIMES: what came back, one line for each answer
ask()
{
	timeout 60 ip netns exec client python3 "$here/web.py" ask 10.1.0.1 8080 "$1" |
		tee "$tmp/answers"
}

# answers TIMES [TEXT...]: all responses are from these servers, equally often
answers()
{
	local times=$1 text want=''

	shift
	for text in "$@"; do
		want="$want$((times / $#)) 200 $text"$'\n'
	done
	ask "$times"
	[ "$(cat "$tmp/answers")" = "${want%$'\n'}" ]
}

serve()
{
	ip netns exec "$1-srv" python3 "$here/web.py" serve "$1" "$2" 80 \
		>/dev/null 2>&1 </dev/null &
	eval "server_$1=\$!"
	wait_for 10 listens "$1-srv" "$2:80"
}

listens()
{
	ip netns exec "$1" ss -Htln | grep -qF " $2 "
}

# The youngest one: after a reload, an older one may still exist.
worker()
{
	pgrep -n -P "$1"
}

# works SET...: it serves as nobody, without capabilities in these sets
works()
{
	wait_for 10 answers 2 blue green || return 1
	worker=$(worker "$pid")
	in_own "$worker" && no_caps "$worker" "$@" &&
		answers 200 blue green
}

# Stop and start a server: health checks create new sockets, too.
failover()
{
	kill "$server_blue" && wait_for 10 answers 4 green && answers 50 green || return 1
	serve blue 10.2.0.2
	wait_for 10 answers 4 blue green && answers 50 blue green
}

reload()
{
	local old=$worker

	kill -USR2 "$pid" && wait_for 10 other_worker "$old" || return 1
	worker=$(worker "$pid")
	wait_for 10 gone "$old" && wait_for 10 answers 2 blue green &&
		in_own "$worker" && no_caps "$worker" "$@" && answers 200 blue green
}

other_worker()
{
	local now

	now=$(worker "$pid")
	[ -n "$now" ] && [ "$now" != "$1" ] && grep -q '^Uid:.65534' "/proc/$now/status"
}

gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# Every connection in the namespaces fails, and haproxy reports this to the client.
unavailable()
{
	# shellcheck disable=SC2086 # a list of words
	start $haproxy $as_nobody
	wait_for 10 worker "$pid" &&
		wait_for 5 no_caps "$(worker "$pid")" CapInh CapPrm CapEff CapAmb &&
		sleep 1 && ask 20 && grep -Ex '20 503 .*' "$tmp/answers"
}

# Prints the IDs and capability sets of the worker, and the responses.
show()
{
	sed -n 's/\t/ /g; s/^[0-9]* 200 \|^Uid:\|^Cap/# &/p' "$tmp/said" | tail -n 8
}

# proof HOW SET...: the whole test; these capability sets have to be empty
proof()
{
	local how=$1

	shift
	check "haproxy $how: 200 requests, no capability" works "$@"
	show
	check "haproxy $how: a server goes and comes back" failover
	check "haproxy $how: reload" reload "$@"
	show
	stop_all
}

pair front client 10.1.0
pair blue blue-srv 10.2.0
pair green green-srv 10.3.0
serve blue 10.2.0.2
serve green 10.3.0.2
keep=1

# Started by root, it opens the namespaces and then becomes nobody, by "user". The
# bounding set is still that of root, but cannot be used.
# shellcheck disable=SC2086 # a list of words
start nsfd run --grant front --grant blue --grant green -- $haproxy $as_nobody
proof 'that was root' CapInh CapPrm CapEff CapAmb

# Master and worker run as nobody from the start, with all five sets empty.
# shellcheck disable=SC2086
start nsfd run --grant front --grant blue --grant green --user nobody -- $haproxy
check 'haproxy that never was root: the master' wait_for 5 no_caps "$pid"
proof 'that never was root'

unset keep
check 'haproxy by itself: 503' unavailable
kill "$server_blue" "$server_green"
