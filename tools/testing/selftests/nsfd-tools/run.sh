# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# nsfd run and libnsfd-preload.so, but for haproxy.

# There is another way without the call, but only for those with privilege.
serve_and_ask()
{
	start nsfd run --preload "$preload" --netns blue -- \
		python3 "$here/web.py" serve blue 10.2.0.1 80
	wait_for 10 listens 10.2.0.1:80 blue && in_own "$pid" &&
		nsfd run --preload "$preload" --netns far -- \
			python3 "$here/web.py" ask 10.2.0.1 80 20 | grep -x '20 200 blue' &&
		[ -z "$(ss -Htln)" ]
}

listens()
{
	ip netns exec "$2" ss -Htln | grep -F " $1 "
}

serve_as_nobody()
{
	start nsfd run --preload "$preload" --netns blue --user nobody -- \
		python3 "$here/web.py" serve blue 10.2.0.1 8080
	wait_for 10 listens 10.2.0.1:8080 blue && in_own "$pid" && no_caps "$pid" &&
		nsfd run --preload "$preload" --netns far --user nobody -- \
			python3 "$here/web.py" ask 10.2.0.1 8080 50 | grep -x '50 200 blue'
}

# A program that is started by the program, after all descriptors were closed.
children()
{
	start nsfd run --preload "$preload" --netns blue --user nobody -- \
		python3 -c '
import os, subprocess, sys
os.closerange(3, 1000)
sys.exit(subprocess.run(["bash", "-c", "exec 100>&-; exec python3 \"$@\"", "bash"] + sys.argv[1:],
                        close_fds=True).returncode)' \
		"$here/web.py" serve child 10.2.0.1 8081
	wait_for 10 listens 10.2.0.1:8081 blue &&
		timeout 60 ip netns exec far python3 "$here/web.py" ask 10.2.0.1 8081 5 | grep -x '5 200 child'
}

# What the library does for a program that knows nothing of it.
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
    s = socket.socket()
    return cookie(s)
def inside():
    return os.stat("/proc/thread-self/ns/net").st_ino
own = os.open("/proc/self/ns/net", os.O_RDONLY)
blue = os.open("/run/netns/blue", os.O_RDONLY)
far = os.open("/run/netns/far", os.O_RDONLY)
home, home_inode = where(), inside()
if os.getuid() == 0 and "drop" in sys.argv:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
'

# Runs the rest of the program as nobody, after the opens.
dance()
{
	timeout 60 env LD_PRELOAD="$preload" python3 -c "$dance$1" drop
}

there_and_back()
{
	dance '
setns(blue); b = where(); assert inside() == home_inode
setns(far); f = where(); assert inside() == home_inode
setns(own); assert where() == home and inside() == home_inode
setns(blue, 0); assert where() == b
setns(own, 0); assert where() == home
assert len({home, b, f}) == 3
setns(blue); os.close(blue)
assert where() == b
setns(own); assert where() == home'
}

threads()
{
	dance '
seen = {}
def thread(name, fd):
    for _ in range(200):
        setns(fd); seen.setdefault(name, set()).add(where()); setns(own)
        assert where() == home
    setns(fd)    # and ends there
before = len(os.listdir("/proc/self/fd"))
all = [threading.Thread(target=thread, args=a) for a in (("b", blue), ("f", far)) * 4]
[t.start() for t in all]
[t.join() for t in all]
assert len(seen["b"]) == len(seen["f"]) == 1 and seen["b"] != seen["f"], seen
for _ in range(100):    # join() does not wait for what the C library ends
    if len(os.listdir("/proc/self/fd")) == before:
        break
    time.sleep(0.05)
assert len(os.listdir("/proc/self/fd")) == before
assert where() == home'
}

forks()
{
	dance '
setns(blue); b = where()
pid = os.fork()
if not pid:
    assert where() == b
    setns(own); assert where() == home
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert where() == b
a, c = socket.socketpair()
a.send(b"x"); assert c.recv(1) == b"x"
setns(own)'
}

passes_through()
{
	dance '
def refused(call, error):
    try:
        call()
    except OSError as e:
        assert e.errno == error, e
    else:
        assert False, "no error"
uts = os.open("/proc/self/ns/uts", os.O_RDONLY)
refused(lambda: setns(uts, NEWUTS), errno.EPERM)
refused(lambda: setns(uts, 0), errno.EPERM)
refused(lambda: setns(uts, NEWNET), errno.EINVAL)
refused(lambda: setns(0, NEWNET), errno.EINVAL)
refused(lambda: setns(999, NEWNET), errno.EBADF)
refused(lambda: setns(blue, NEWUTS), errno.EINVAL)
late = os.open("/run/netns/blue", os.O_RDONLY)    # too late to delegate
refused(lambda: setns(late), errno.EPERM)
refused(lambda: os.open("/run/netns/none", os.O_RDONLY), errno.ENOENT)
assert where() == home
assert "ns-sockets" in open(f"/proc/self/fdinfo/{blue}").read()
assert "ns-sockets" not in open(f"/proc/self/fdinfo/{late}").read()
assert "ns-sockets" not in open(f"/proc/self/fdinfo/{own}").read()
assert not os.get_inheritable(blue)
setns(blue); refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), errno.EPERM)
refused(lambda: socket.socket(99), errno.EAFNOSUPPORT)
setns(own)'
}

# Who really moves, by another road, is where it is.
really_moves()
{
	timeout 60 env LD_PRELOAD="$preload" python3 -c "$dance"'
setns(blue); b = where()
assert libc.unshare(NEWNET) == 0
assert inside() != home_inode and where() not in (home, b)
setns(own); assert inside() != home_inode and where() == home'
}

# A program has to be inside: what sends it there really goes, or fails.
execs()
{
	[ "$(timeout 60 env LD_PRELOAD="$preload" ip netns exec blue stat -L -c %i /proc/self/ns/net)" = \
		"$(inode /run/netns/blue)" ] &&
		dance '
setns(blue)
for call in (lambda: os.execv("/bin/true", ["true"]),
             lambda: libc.execvp(b"true", (ctypes.c_char_p * 2)(b"true")) and ctypes.get_errno()):
    try:
        assert call() == errno.EPERM
    except PermissionError:
        pass
setns(own); os.execv("/bin/true", ["true"])'
}

# Off, or where the kernel has no call: setns() is setns().
transparent()
{
	timeout 60 env "$1" LD_PRELOAD="$preload" python3 -c "$dance"'
setns(blue)
assert inside() == os.stat("/run/netns/blue").st_ino
b = where(); assert b != home
setns(own)
assert inside() == home_inode and where() == home
assert "ns-sockets" not in open(f"/proc/self/fdinfo/{blue}").read()'
}

tells()
{
	NSFD_PRELOAD=verbose dance '
setns(blue)
os.close(os.open("/proc/net/dev", os.O_RDONLY))' 2>&1 |
		grep 'libnsfd-preload: .*: /proc/net/dev: of the namespace that the process is in'
}

# What "make install" gives, at the place that it was made for.
installed()
{
	# shellcheck disable=SC2016 # for the shell inside
	timeout 60 unshare --mount sh -c '
		mount -t tmpfs tmpfs /opt && ln -s "$1/build/stage/opt/nsfd" /opt/nsfd &&
			/opt/nsfd/sbin/nsfd run --netns blue -- env python3 -c "
import socket
socket.create_server((\"10.2.0.1\", 82))"' sh "$top"
}

refuses()
{
	cp /bin/true "$tmp/user" && chown 1 "$tmp/user" && chmod 4755 "$tmp/user" &&
		fails 126 "nsfd: $tmp/user: set-user-ID, which no_new_privs disables; see --allow-new-privs" \
			nsfd run --netns blue -- "$tmp/user" &&
		nsfd run --netns blue --allow-new-privs -- "$tmp/user" &&
		fails 1 'nsfd: /none.so: No such file or directory' \
			nsfd run --preload /none.so --netns blue -- true &&
		fails 2 'nsfd: run: bad arguments: try "nsfd run --help"' nsfd run -- true &&
		fails 127 'nsfd: ./none: No such file or directory' \
			nsfd run --netns blue -- ./none
}

nested()
{
	fails 1 "nsfd: cannot supervise: another program listens to this one's system calls already (nsfd run within nsfd run, or a container manager)" \
		nsfd run --netns blue -- nsfd run --netns far -- true
}

# Programs of every kind, each saying in which namespace its sockets are.
lands()
{
	local want=$1 got

	shift
	got=$(timeout 60 "$@" 2>&1 | tr '\n' ' ')
	echo "wanted '$want', got '$got'"
	[ "${got% }" = "$want" ]
}

granted()
{
	local want=$1

	shift
	lands "$want" nsfd run --grant blue --grant far --user nobody -- "$@"
}

# What a program changes in its own limits and identity is left to it.
environment()
{
	# shellcheck disable=SC2016 # for the shell inside
	lands '/nonexistent nobody 77' nsfd run --netns blue --user nobody -- \
		sh -c 'ulimit -Sn 77; echo "$HOME $USER $(ulimit -Sn)"' &&
		lands 55 sh -c 'ulimit -Sn 55; exec nsfd run --netns blue -- sh -c "ulimit -Sn"'
}

# The program keeps its parent and has no child that it does not know of.
beside()
{
	# shellcheck disable=SC2016
	lands 'timeout 0' timeout 60 nsfd run --netns blue -- sh -c \
		'echo "$(ps -o comm= -p $PPID) $(pgrep -c -P $$ nsfd)"' &&
		wait_for 10 no_supervisor
}

no_supervisor()
{
	! pgrep -x nsfd
}

ends_by_signal()
{
	local status=0

	nsfd run --netns blue -- sh -c 'kill -9 $$' || status=$?
	echo "status $status"
	[ "$status" = 137 ] && wait_for 10 no_supervisor
}

# Without its supervisor a program gets no socket at all.
fails_closed()
{
	start nsfd run --netns blue -- python3 -c '
import errno, socket, sys, time
sys.stdin.close()
socket.socket().close()
for i in range(600):
    try:
        socket.socket().close()
    except OSError as e:
        sys.exit(0 if e.errno == errno.ENOSYS else 3)
    time.sleep(0.1)
sys.exit(4)'
	wait_for 10 pgrep -x nsfd && kill -9 "$(pgrep -x nsfd)" && wait "${pids##* }"
}

no_tun()
{
	nsfd run --netns blue -- python3 -c '
import errno, fcntl, struct
try:
    fcntl.ioctl(open("/dev/net/tun", "r+b", 0), 0x400454ca, struct.pack("16sH22x", b"t0", 1))
except OSError as e:
    assert e.errno == errno.EPERM, e
else:
    assert False' 2>&1 |
		grep 'would create a network device in the original namespace'
}

every_name()
{
	lands 'blue home' nsfd run --grant '*' --user nobody -- "$probe" raw blue
}

pair blue far 10.2.0
ip -n blue addr add 10.8.0.1/32 dev lo
ip -n far addr add 10.9.0.1/32 dev lo
probe=$top/build/probe/probe static=$top/build/probe/probe-static
check 'run: a Python server and client, each in another namespace' serve_and_ask
check 'run: --user, no capability in any set' serve_as_nobody
check 'run: children, and whoever closes all descriptors' children
check 'run: installed, it finds its library' installed
check 'run: refuses what it cannot run as asked' refuses
check 'run: refuses to be supervised twice' nested
check 'run: every socket of a program' lands blue \
	nsfd run --netns blue --user nobody -- "$probe"
check 'run: every socket of a static program' lands blue \
	nsfd run --netns blue --user nobody -- "$static"
check 'run: raw system calls of a static program' granted 'blue home' "$static" raw blue
check 'run: a child of posix_spawn()' granted 'far far' "$probe" child posix_spawn
check 'run: a child of system()' granted 'far far' "$probe" child system
check 'run: a child of fork() and exec' granted 'far far' "$probe" child fork
check 'run: a thread' granted far "$probe" thread
check 'run: a child of vfork() leaves its parent alone' granted far "$probe" vfork
check 'run: save, enter, restore' granted 'far blue home' "$probe" nested
check 'run: save, enter, restore, in a static program' granted 'far blue home' "$static" nested
check 'run: home again' lands 'home home home home' \
	nsfd run --netns blue --grant far -- "$probe" again
check 'run: numbers of descriptors are the program'"'"'s own' lands blue \
	nsfd run --netns blue --user nobody -- "$probe" dup2
check 'run: a filter of the program'"'"'s own' lands blue \
	nsfd run --netns blue --user nobody -- "$probe" filter
check 'run: --grant for every name' every_name
check 'run: environment and limits' environment
check 'run: the supervisor is beside the program and ends with it' beside
check 'run: a program that a signal ends' ends_by_signal
check 'run: without a supervisor, no socket' fails_closed
check 'run: no tun device in the wrong namespace' no_tun
check_call 'preload: there and back, with 0 and with the flag, closed' there_and_back
check_call 'preload: threads have their own notes, and lose nothing' threads
check_call 'preload: fork, socketpair' forks
check_call 'preload: all else passes through, with its errno' passes_through
check_call 'preload: a thread that really moves' really_moves
check_call 'preload: exec enters, or fails' execs
check_call 'preload: says what it cannot serve' tells
check 'preload: off' transparent NSFD_PRELOAD=off
if have_call; then
	skip 'preload: transparent without the call' 'this kernel has it'
else
	check 'preload: transparent without the call' transparent NSFD_PRELOAD=verbose
fi
