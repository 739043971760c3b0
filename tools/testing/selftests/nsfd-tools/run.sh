# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# nsfd run and libnsfd-preload.so, except with haproxy.

# There is another way without the call, but only for those with privilege.
serve_and_ask()
{
	start nsfd run --netns blue -- \
		python3 "$here/web.py" serve blue 10.2.0.1 80
	wait_for 10 listens 10.2.0.1:80 blue && in_own "$pid" &&
		nsfd run --netns far -- \
			python3 "$here/web.py" ask 10.2.0.1 80 20 | grep -x '20 200 blue' &&
		[ -z "$(ss -Htln)" ]
}

listens()
{
	ip netns exec "$2" ss -Htln | grep -F " $1 "
}

serve_as_nobody()
{
	start nsfd run --netns blue --user nobody -- \
		python3 "$here/web.py" serve blue 10.2.0.1 8080
	wait_for 10 listens 10.2.0.1:8080 blue && in_own "$pid" && no_caps "$pid" &&
		nsfd run --netns far --user nobody -- \
			python3 "$here/web.py" ask 10.2.0.1 8080 50 | grep -x '50 200 blue'
}

# A program that is started by the program after closing all file descriptors.
children()
{
	start nsfd run --netns blue --user nobody -- \
		python3 -c '
import os, subprocess, sys
os.closerange(3, 1000)
sys.exit(subprocess.run(["bash", "-c", "exec 100>&-; exec python3 \"$@\"", "bash"] + sys.argv[1:],
                        close_fds=True).returncode)' \
		"$here/web.py" serve child 10.2.0.1 8081
	wait_for 10 listens 10.2.0.1:8081 blue &&
		timeout 60 ip netns exec far python3 "$here/web.py" ask 10.2.0.1 8081 5 | grep -x '5 200 child'
}

dance()
{
	nsfd run --grant blue --grant far --user nobody -- python3 -c "$dance$1"
}

# The same, without caching by the library.
dance_uncached()
{
	nsfd run --grant blue --grant far --user nobody -- \
		env -u LD_PRELOAD python3 -c "$dance$1"
}

# both NAME PROGRAM: with the library, which requires the call, and without it
both()
{
	check "$1" dance "$2"
	check "$1, nothing cached" dance_uncached "$2"
}

# The library has requested memory when /proc/self/ns/net was opened. From then on, the
# supervisor is not notified of setns().
cached()
{
	local want=0

	case $(nsfd --version) in
	*thread) want=6 ;;
	esac
	nsfd run --verbose --grant blue --grant far --user nobody -- python3 -c "$dance"'
for fd in (blue, far, own) * 3:
    setns(fd); where()' 2>"$tmp/err" &&
		test "$(grep -c 'new sockets are created in' "$tmp/err")" = $want
}

there_and_back='
setns(blue); b = where(); assert inside() == home_inode
setns(far); f = where(); assert inside() == home_inode
setns(own); assert where() == home and inside() == home_inode
setns(blue, 0); assert where() == b
setns(own, 0); assert where() == home
assert len({home, b, f}) == 3
setns(blue); os.close(blue)
assert where() == b
setns(own); assert where() == home'

threads='
seen = {}
def thread(name, fd):
    for _ in range(25):
        setns(fd); seen.setdefault(name, set()).add(where()); setns(own)
        assert where() == home
    setns(fd)    # and ends there
all = [threading.Thread(target=thread, args=a) for a in (("b", blue), ("f", far)) * 32]
[t.start() for t in all]
[t.join() for t in all]
assert len(seen["b"]) == len(seen["f"]) == 1 and seen["b"] != seen["f"], seen
assert where() == home'

forks='
setns(blue); b = where()
pid = os.fork()
if not pid:
    assert where() == b
    setns(own); assert where() == home
    setns(far); assert where() not in (b, home)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert where() == b
a, c = socket.socketpair()
a.send(b"x"); assert c.recv(1) == b"x"
setns(own)'

# A filter that kills for calls of the library, installed when it has a slot:
# socketat() by its number, and any ioctl() of the module.
kills='
import struct
SOCKETAT, IOCTL = 548, 29 if os.uname().machine == "aarch64" else 16
def load(*nr):
    code = [(0x20, 0, 0, 0)] + [(0x15, len(nr) - i, 0, n) for i, n in enumerate(nr)]
    code += [(0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x80000000)]
    data = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
    prog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(data)))
    assert libc.prctl(22, 2, prog) == 0
setns(far); f = where(); setns(own); setns(blue); b = where()
load(SOCKETAT, IOCTL)
assert where() == b
setns(far); assert where() == f
pid = os.fork()
if not pid:
    assert where() == f
    setns(blue); assert where() == b
    setns(far); os._exit(0 if where() == f else 1)
assert os.waitpid(pid, 0)[1] == 0
setns(own); assert where() == home'

# A file descriptor that was opened meanwhile refers to the target at that time.
restores='
setns(blue); b = where()
saved = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
os.close(own)
own = os.open("/proc/self/ns/net", os.O_RDONLY)    # the number again
setns(far); f = where(); assert f != b
setns(saved); assert where() == b
setns(far); setns(own); assert where() == b'

# The file descriptor can be replaced before the supervisor's next step.
changing='
setns(blue); b = where(); setns(far); f = where(); setns(own)
number, over = os.dup(blue), False
def swap():
    while not over:
        os.dup2(far, number)
        os.dup2(blue, number)
swapper = threading.Thread(target=swap)
swapper.start()
try:
    for _ in range(40):
        setns(number); assert where() in (b, f)
        setns(own); assert where() == home
finally:
    over = True
    swapper.join()'

# With 100 PIDs, those of tasks with another target are reused soon.
numbers='
setns(blue); b = where(); setns(far); f = where(); setns(own)
seen = []
def thread(fd, want):
    setns(fd)
    for _ in range(60):
        pid = os.fork()
        if not pid:
            os._exit(0 if where() == want else 1)
        seen.append(os.waitpid(pid, 0)[1])
all = [threading.Thread(target=thread, args=a) for a in ((blue, b), (far, f), (own, home))]
[t.start() for t in all]
[t.join() for t in all]
assert seen == [0] * 180, seen'

few_numbers()
{
	local old status=0

	old=$(cat /proc/sys/kernel/pid_max)
	echo 400 >/proc/sys/kernel/pid_max
	"$@" || status=$?
	echo "$old" >/proc/sys/kernel/pid_max
	return "$status"
}

# Children of two threads in different namespaces, created concurrently by parents that
# do not wait, so that only their creation identifies them.
children_of_threads='
import subprocess
setns(blue); b = where(); setns(far); f = where(); setns(own)
seen = []
def thread(fd, want):
    setns(fd)
    for _ in range(4):
        r, w = os.pipe()
        pid = os.fork()
        if not pid:
            if os.fork():
                os._exit(0)
            time.sleep(0.02)
            try:
                os.write(w, where())
            except OSError as e:
                os.write(w, str(e.errno).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        os.close(w)
        got = os.read(r, 8)
        os.close(r)
        seen.append(True if got == want else got)
all = [threading.Thread(target=thread, args=a) for a in ((blue, b), (far, f)) * 4]
[t.start() for t in all]
[t.join() for t in all]
assert seen == [True] * 32, seen'

many_children='
import subprocess
setns(blue); b = where()
for _ in range(100):
    pid = os.fork()
    if not pid:
        os._exit(0 if where() == b else 1)
    assert os.waitpid(pid, 0)[1] == 0
assert where() == b'

# After execve() in a thread other than the leader, the PID is that of the leader.
exec_of_thread='
setns(far); f = where(); setns(own)
def thread():
    setns(far)
    os.execv(sys.executable, [sys.executable, "-c", "import socket; s = socket.socket(); "
             "assert s.getsockopt(socket.SOL_SOCKET, 71, 8) == " + repr(f)])
threading.Thread(target=thread).start()
time.sleep(30)'

signals='
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
setns(blue); b = where()
before = len(os.listdir("/proc/self/fd"))
for _ in range(100):
    setns(blue); assert where() == b; setns(own); assert where() == home
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(os.listdir("/proc/self/fd")) == before'

errors='
import resource
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
refused(lambda: setns(-1, NEWNET), errno.EBADF)
refused(lambda: setns(blue, NEWUTS), errno.EINVAL)
refused(lambda: setns(os.open("/run/netns/other", os.O_RDONLY)), errno.EPERM)
refused(lambda: os.open("/run/netns/none", os.O_RDONLY), errno.ENOENT)
assert where() == home
setns(blue); refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), errno.EPERM)
refused(lambda: socket.socket(99), errno.EAFNOSUPPORT)
lowest = os.dup(0); os.close(lowest)    # not the number of open files: some are higher
resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, 4096))
refused(socket.socket, errno.EMFILE)
assert socket.socket is not None
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
for flags in (0, socket.SOCK_NONBLOCK):
    s = libc.socket(socket.AF_INET, socket.SOCK_DGRAM | flags, 0)
    assert os.get_inheritable(s) and os.get_blocking(s) == (not flags)
    s = libc.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | flags, 0)
    assert not os.get_inheritable(s)
setns(own)'

# A thread that has the privilege to enter does so: root without --user.
really_moves()
{
	nsfd run --netns far --grant blue -- python3 -c "$dance"'
assert inside() == home_inode
f = where()
setns(blue); b = where(); assert inside() == os.stat("/run/netns/blue").st_ino
assert libc.unshare(NEWNET) == 0
assert inside() != home_inode and where() not in (home, b)
setns(own); assert inside() == home_inode
assert where() not in (f, b)' &&
		[ "$(nsfd run --netns far -- ip netns exec blue stat -L -c %i /proc/self/ns/net)" = \
			"$(inode /run/netns/blue)" ]
}

# Without a supervisor, the library must do nothing.
alone()
{
	timeout 60 env LD_PRELOAD="$preload" python3 -c "$dance"'
setns(blue)
assert inside() == os.stat("/run/netns/blue").st_ino
b = where(); assert b != home
setns(own)
assert inside() == home_inode and where() == home'
}

# Another library that denies sockets must still do so.
refusing_library()
{
	lands 'Permission denied' env LD_PRELOAD="$top/build/probe/refuse.so" \
		nsfd run --netns blue -- "$probe"
}

# Its netlink sockets have the capabilities of the program, or none.
credentials()
{
	nsfd run --netns blue -- ip link add dummy9 type dummy 2>"$tmp/err" ||
		grep -q 'Unknown device type' "$tmp/err" &&
		nsfd run --netns blue -- ip addr add 10.8.0.9/32 dev lo &&
		nsfd run --netns blue -- python3 -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)' &&
		! nsfd run --netns blue -- setpriv --reuid 65534 --clear-groups --bounding-set -all \
			ip addr add 10.8.0.10/32 dev lo &&
		! nsfd run --netns blue --user nobody -- ip addr add 10.8.0.10/32 dev lo &&
		nsfd run --netns blue -- setpriv --reuid 1234 --clear-groups python3 -c '
import os, socket
s = socket.socket()
assert os.fstat(s.fileno()).st_uid == 1234'
}

# The files of "make install", in their final place.
installed()
{
	cp -r "$top/build/stage/opt/nsfd" "$tmp/stage" || return 1
	# shellcheck disable=SC2016 # for the shell inside
	timeout 60 unshare --mount sh -c '
		mount -t tmpfs tmpfs /opt && ln -s "$1" /opt/nsfd &&
			/opt/nsfd/sbin/nsfd run --netns blue -- env python3 -c "
import socket
socket.create_server((\"10.2.0.1\", 82))"' sh "$tmp/stage"
}

refuses()
{
	cp /bin/true "$tmp/user" && chown 1 "$tmp/user" && chmod 4755 "$tmp/user" &&
		fails 126 "nsfd: $tmp/user: set-user-ID, which no_new_privs disables; see --allow-new-privs" \
			nsfd run --netns blue -- "$tmp/user" &&
		nsfd run --netns blue --allow-new-privs -- "$tmp/user" &&
		fails 1 "nsfd: failed to read '/none.so': No such file or directory" \
			nsfd run --preload /none.so --netns blue -- true &&
		fails 2 "nsfd: run: bad usage; try 'nsfd run --help'" nsfd run -- true &&
		fails 127 "nsfd: failed to execute './none': No such file or directory" \
			nsfd run --netns blue -- ./none
}

nested()
{
	fails 1 "nsfd: cannot supervise: a seccomp listener is already installed, by another nsfd run or by a container manager" \
		nsfd run --netns blue -- nsfd run --netns far -- true
}

# Programs of all kinds, which print the namespace of their sockets.
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

# The program can change its own limits and identity.
environment()
{
	# shellcheck disable=SC2016 # for the shell inside
	lands '/nonexistent nobody 77' nsfd run --netns blue --user nobody -- \
		sh -c 'ulimit -Sn 77; echo "$HOME $USER $(ulimit -Sn)"' &&
		lands 55 sh -c 'ulimit -Sn 55; exec nsfd run --netns blue -- sh -c "ulimit -Sn"'
}

# The program keeps its parent and has no unexpected child.
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

# Without its supervisor, a program must not get any socket.
fails_closed()
{
	start nsfd run --netns blue -- python3 -c '
import errno, socket, sys, time
sys.stdin.close()
socket.socket().close()
print("ready", flush=True)
for i in range(600):
    try:
        socket.socket().close()
    except OSError as e:
        sys.exit(0 if e.errno == errno.ENOSYS else 3)
    time.sleep(0.1)
sys.exit(4)'
	wait_for 20 grep -q ready "$tmp/log" && kill -9 "$(pgrep -x nsfd)" && wait "${pids##* }"
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

# check_library NAME COMMAND...: as check, if programs can load the library: the
# first five bytes are those of ELF and the class
check_library()
{
	if cmp -s -n 5 "$preload" "$BASH"; then
		check "$@"
	else
		skip "$1" 'the library is for another architecture'
	fi
}

pair blue far 10.2.0
ip -n blue addr add 10.8.0.1/32 dev lo
ip -n far addr add 10.9.0.1/32 dev lo
ip netns add other
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
# UML uses its own table for the numbers of int $0x80.
if [ "$("$static" i386 2>&1 | xargs)" = 'home home' ]; then
	check 'run: system calls of i386' lands 'blue blue' \
		nsfd run --netns blue --user nobody -- "$static" i386
else
	skip 'run: system calls of i386' 'not on this kernel'
fi
if [ "$("$static" x32 2>&1)" = home ]; then
	check 'run: a system call of x32' lands blue \
		nsfd run --netns blue --user nobody -- "$static" x32
else
	skip 'run: a system call of x32' 'not on this kernel'
fi
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
check_library 'run: the library is asked in place of the supervisor' cached
both 'run: there and back, with 0 and with the flag, closed' "$there_and_back"
both 'run: 64 threads' "$threads"
both 'run: fork, socketpair' "$forks"
both 'run: a filter that kills what the library calls' "$kills"
both 'run: what was opened in between is restored' "$restores"
both 'run: children of threads in different namespaces' "$children_of_threads"
both 'run: many children' "$many_children"
both 'run: exec from another thread than the first' "$exec_of_thread"
both 'run: a descriptor that changes meanwhile' "$changing"
check 'run: numbers of tasks, used again' few_numbers dance "$numbers"
check 'run: numbers of tasks, used again, nothing cached' few_numbers dance_uncached "$numbers"
both 'run: signals during the calls' "$signals"
both 'run: errors, flags and limits are those of the calls' "$errors"
check 'run: a thread that really moves' really_moves
check 'run: the credentials of sockets' credentials
check_library "run: another library's refusal" refusing_library
check 'preload: alone it does nothing' alone
