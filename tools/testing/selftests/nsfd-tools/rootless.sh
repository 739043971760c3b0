# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# A port forwarder into a user and network namespace, run from the parent user
# namespace by an ordinary user: samples/nsfd/rootless-forward.sh.

user='setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all --bounding-set=-all'

forwards()
{
	local program forward

	# shellcheck disable=SC2086 # a list of words
	start $user "$top/samples/nsfd/rootless-forward.sh" 8080 80 \
		python3 "$here/web.py" serve inside 127.0.0.1 80
	wait_for 10 pgrep -P "$pid" -x forward || return 1
	forward=$(pgrep -P "$pid" -x forward)
	program=$(pgrep -P "$pid" -x python3)
	in_own "$forward" && ! in_own "$program" &&
		[ "$(inode "/proc/$forward/ns/user")" = "$(inode /proc/self/ns/user)" ] &&
		grep -E '^(Uid|Cap)' "/proc/$forward/status" &&
		grep '^Uid:.1000.1000.1000.1000$' "/proc/$forward/status" &&
		! grep -E '^Cap...:.*[1-9a-f]' "/proc/$forward/status" &&
		wait_for 10 asks 1 &&
		asks 100 &&
		inside "$(inode "/proc/$program/ns/net")" "$program"
}

asks()
{
	timeout 60 python3 "$here/web.py" ask 127.0.0.1 8080 "$1" | grep -x "$1 200 inside"
}

# inside INODE PID: it is the only process there
inside()
{
	nsfd ls --json | python3 -c '
import json, sys
for ns in json.load(sys.stdin)["namespaces"]:
    if ns["inode"] == int(sys.argv[1]):
        print(ns)
        sys.exit([p["pid"] for p in ns["processes"]] != [int(sys.argv[2])])
sys.exit(1)' "$@"
}

check_call 'rootless: 100 connections, no capability, nothing inside' forwards
