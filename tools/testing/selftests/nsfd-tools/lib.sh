# shellcheck shell=bash disable=SC2034 # what the parts use
# Shared by the tests of the tools: TAP, network namespaces, waiting.

top=$PWD
PATH=$top/build/tools:$top/build/samples:$PATH
here=$top/tools/testing/selftests/nsfd-tools
preload=$top/build/tools/libnsfd-preload.so
root=$top/build/packages/root
libs=$(echo "$root"/usr/lib/*-linux-gnu)
tmp=$(mktemp -d)
chmod 755 "$tmp"
# For bash's <( ); the guest's /dev is the kernel's alone.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
count=0 failed=0
: >"$tmp/log"

# Everything has a timeout. Use the library of this tree, not an installed one.
nsfd()
{
	local command=$1

	shift
	[ "$command" != run ] || set -- --preload "$preload" "$@"
	timeout 60 nsfd "$command" "$@"
}

python3()
{
	timeout 60 python3 "$@"
}

result()
{
	count=$((count + 1))
	echo "$1 $count $2"
}

# check NAME COMMAND...: the command succeeds in time; otherwise, prints its output.
# Then stops what it has started, unless "keep" is set.
check()
{
	local name=$1 status=0

	shift
	if [ "$(type -t "$1")" = function ]; then
		"$@" >"$tmp/said" 2>&1 || status=$?
	else
		timeout 60 "$@" >"$tmp/said" 2>&1 || status=$?
	fi
	if [ "$status" = 0 ]; then
		result ok "$name"
	else
		result 'not ok' "$name"
		echo "# $*: status $status"
		sed 's/^/# /' "$tmp/said" "$tmp/log"
		failed=$((failed + 1))
	fi
	[ -n "${keep:-}" ] || stop_all
}

skip()
{
	result ok "$1 # SKIP $2"
}

have_call()
{
	nsfd --version | grep -q 'by syscall'
}

# check_call NAME COMMAND...: as check, if the kernel has socketat()
check_call()
{
	if have_call; then
		check "$@"
	else
		skip "$1" 'no socketat() here'
	fi
}

# fails STATUS MESSAGE COMMAND...: it fails with this status and line of output
fails()
{
	local want=$1 message=$2 said status=0

	shift 2
	said=$(timeout $((10 * ${SLOWNESS:-1})) "$@" 2>&1 </dev/null) || status=$?
	echo "$said"
	[ "$status" = "$want" ] && [ "$said" = "$message" ]
}

# wait_for SECONDS COMMAND...: tries until it succeeds; $SLOWNESS times as long on
# a machine that is so much slower.
wait_for()
{
	local end=$((SECONDS + $1 * ${SLOWNESS:-1}))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# start COMMAND...: runs it in the background; sets $pid, and stop_all stops it
pids=
start()
{
	timeout -k 1 300 "$@" >"$tmp/log" 2>&1 </dev/null &
	pids="$pids $!"
	wait_for 5 child_of "$!" >/dev/null
	pid=$(child_of "$!")
}

# The program that timeout runs.
child_of()
{
	pgrep -P "$1"
}

stop_all()
{
	local pid

	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	pids=
}

# pair A B NET: two network namespaces with NET.1 and NET.2 on a veth pair
pair()
{
	ip netns add "$1" && ip netns add "$2" &&
		ip -n "$1" link add veth type veth peer name veth netns "$2" &&
		ip -n "$1" addr add "$3.1/24" dev veth &&
		ip -n "$2" addr add "$3.2/24" dev veth &&
		ip -n "$1" link set veth addrgenmode none &&
		ip -n "$2" link set veth addrgenmode none &&
		ip -n "$1" addr add fe80::1/64 dev veth nodad &&
		ip -n "$2" addr add fe80::2/64 dev veth nodad &&
		ip -n "$1" addr add "fd00:${3//./:}::1/64" dev veth nodad &&
		ip -n "$2" addr add "fd00:${3//./:}::2/64" dev veth nodad &&
		ip -n "$1" link set lo up && ip -n "$2" link set lo up &&
		ip -n "$1" link set veth up && ip -n "$2" link set veth up
}

no_pairs()
{
	local name

	for name in $(ip netns list | cut -d ' ' -f 1); do
		ip netns del "$name"
	done
}

inode()
{
	stat -L -c %i "$1"
}

# in_own PID: it is in the network namespace of the tests
in_own()
{
	[ "$(inode "/proc/$1/ns/net")" = "$(inode /proc/self/ns/net)" ]
}

# no_caps PID [SET...]: it runs as an ordinary user, with these sets, or all, empty
no_caps()
{
	local pid=$1 set

	shift
	[ "$#" != 0 ] || set -- CapInh CapPrm CapEff CapBnd CapAmb
	grep -E '^(Uid|Cap)' "/proc/$pid/status"
	grep -q '^Uid:.65534.65534.65534.65534$' "/proc/$pid/status" || return 1
	for set in "$@"; do
		grep -q "^$set:.0000000000000000\$" "/proc/$pid/status" || return 1
	done
}

# For programs in Python: the namespaces of their sockets, and their own.
dance='
import ctypes, errno, os, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
NEWNET, NEWUTS = 0x40000000, 0x04000000
def setns(fd, kind=NEWNET):
    if libc.setns(fd, kind):
        raise OSError(ctypes.get_errno(), "setns")
def cookie(s):
    return s.getsockopt(socket.SOL_SOCKET, 71, 8)    # SO_NETNS_COOKIE
def where():
    with socket.socket() as s:
        return cookie(s)
def inside():
    return os.stat("/proc/thread-self/ns/net").st_ino
own = os.open("/proc/self/ns/net", os.O_RDONLY)
blue = os.open("/run/netns/blue", os.O_RDONLY)
far = os.open("/run/netns/far", os.O_RDONLY)
home, home_inode = where(), inside()
'
