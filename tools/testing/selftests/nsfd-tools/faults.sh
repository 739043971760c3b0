# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# The supervisor of "nsfd run" is killed, or gets an error, at each of its system calls
# in turn. The program may then get an error, but never a socket of another namespace
# than without the fault. The supervisor must also not grow over time.

probe=$top/build/probe/probe-static

# with_fault WHAT NUMBER MODE...: the supervisor's call of that number fails
with_fault()
{
	local what=$1 number=$2 program supervisor tracer

	shift 2
	rm -f "$tmp/go"
	mkfifo "$tmp/go"
	: >"$tmp/out"
	# shellcheck disable=SC2016 # for the shell inside
	timeout 30 nsfd run --grant blue --grant far --user nobody -- sh -c \
		'echo ready && read -r go <"$1" && shift && exec "$@"' sh "$tmp/go" "$probe" "$@" \
		>>"$tmp/out" 2>"$tmp/err" &
	program=$!
	wait_for 10 grep -q ready "$tmp/out"
	supervisor=$(pgrep -x nsfd)
	strace -qq -e inject=all:"$what":when="$number" -o "$tmp/trace" -p "$supervisor" &
	tracer=$!
	wait_for 10 traced "$supervisor"
	# shellcheck disable=SC2016
	timeout 20 sh -c 'echo >"$1"' sh "$tmp/go"
	wait "$program"
	status=$?
	wait "$tracer"
}

# strace has stopped it, or has already killed it.
traced()
{
	[ ! -e "/proc/$1" ] || grep -q '^TracerPid:.*[1-9]' "/proc/$1/status"
}

# Each line of the output is the expected one, or an error.
right_or_error()
{
	local want=$1 line

	while read -r line; do
		case $line in
		ready) continue ;;
		blue | far | home) [ "${want%% *}" = "$line" ] || return 1 ;;
		esac
		want=${want#* }
	done <"$tmp/out"
}

# each_call WANT MODE...: at least one call is made, and the loop ends
each_call()
{
	local want=$1 what number failed=0 ended

	shift
	for what in signal=KILL error=ENOMEM error=EMFILE; do
		ended=
		for ((number = 1; number < 1000; number++)); do
			with_fault "$what" "$number" "$@"
			if [ "$status" = 124 ] || ! right_or_error "$want"; then
				echo "call $number, $what: status $status"
				cat "$tmp/out" "$tmp/err"
				tail -n 3 "$tmp/trace"
				return 1
			fi
			grep -q 'INJECTED\|killed by' "$tmp/trace" || {
				ended=1
				break
			}
		done
		echo "$what: $number calls"
		[ "$ended" ] && [ "$number" -gt 10 ] || return 1
	done
}

# 10,000 children, each with a socket, then 10,000 threads
does_not_grow()
{
	timeout 500 nsfd run --netns blue --grant far --user nobody -- python3 -c '
import os, pathlib, socket, threading
def size():
    for p in pathlib.Path("/proc").glob("[0-9]*/comm"):
        if p.read_text() == "nsfd\n":
            status = p.with_name("status").read_text()
            return int(status.split("VmRSS:")[1].split()[0])
def child():
    pid = os.fork()
    if not pid:
        socket.socket().close()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
def thread():
    t = threading.Thread(target=lambda: socket.socket().close())
    t.start()
    t.join()
for what in child, thread:
    for i in range(2000):
        what()
    before = size()
    for i in range(8000):
        what()
    print(what.__name__, before, size())
    assert size() < before + 128'
}

# Each call of the supervisor takes a while, so tasks end between any two of them.
tasks_end()
{
	local program tracer status

	timeout 200 nsfd run --grant blue --grant far --user nobody -- \
		env -u LD_PRELOAD python3 -c "$dance"'
import random
print("ready", flush=True)
sys.stdin.readline()
setns(blue); b = where()
for i in range(30):
    pid = os.fork()
    if not pid:
        while True:
            setns(far); where(); setns(blue)
    time.sleep(random.uniform(0.05, 0.4))
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert where() == b
setns(own); assert where() == home' <"$tmp/go" >"$tmp/out" &
	program=$!
	exec 3>"$tmp/go"
	wait_for 20 grep -q ready "$tmp/out"
	strace -qq -e inject=all:delay_enter=5000 -o "$tmp/trace" -p "$(pgrep -x nsfd)" &
	tracer=$!
	wait_for 10 traced "$(pgrep -x nsfd)"
	echo >&3
	exec 3>&-
	wait "$program"
	status=$?
	wait "$tracer"
	return "$status"
}

pair blue far 10.2.0
ip -n blue addr add 10.8.0.1/32 dev lo
ip -n far addr add 10.9.0.1/32 dev lo
check 'faults: save, enter, restore' each_call 'far blue home' nested
check 'faults: a child of fork() and exec' each_call 'far far' child fork
check 'faults: a child of posix_spawn()' each_call 'far far' child posix_spawn
check 'faults: a thread' each_call 'far' thread
check 'faults: 10,000 children, 10,000 threads' does_not_grow
rm -f "$tmp/go"
mkfifo "$tmp/go"
check 'faults: tasks that end at each step' tasks_end
