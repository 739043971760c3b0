# shellcheck shell=bash disable=SC2034,SC2154 # what lib.sh sets and uses
# shellcheck disable=SC2016 # programs of other shells
# nsfd ls, pin, unpin and exec, and the command line.

# listed TYPE INODE PYTHON: what ls says of it makes the expression true
listed()
{
	nsfd ls --json | python3 -c '
import json, sys
kind, inode, test = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for ns in json.load(sys.stdin)["namespaces"]:
    if ns["type"] == kind and ns["inode"] == inode:
        print(ns)
        holders = [k for k in ("processes", "mounts", "descriptors", "sockets") if ns[k]]
        sys.exit(not eval(f"({test})"))
sys.exit("not listed")' "$@"
}

ls_types()
{
	local link type

	for link in /proc/self/ns/*; do
		type=${link##*/}
		listed "${type%_for_children}" "$(inode "$link")" \
			'any(p["pid"] == 1 for p in ns["processes"]) and ns["uid"] == 0' ||
			return 1
	done
}

# The process has executed its program.
sleeps()
{
	[ "$(cat "/proc/$pid/comm")" = sleep ]
}

ls_json()
{
	start sleep 60
	ln -s /bin/sleep "$tmp/a\"b\\c" &&
		start unshare -u "$tmp/a\"b\\c" 60 &&
		nsfd ls --json | python3 -m json.tool >/dev/null &&
		listed uts "$(inode "/proc/$pid/ns/uts")" \
			'ns["processes"][0]["command"] == "a\"b\\c"'
}

ls_text()
{
	local line

	ip netns add kept &&
		line=$(nsfd ls | grep "^net *$(inode /run/netns/kept) ") &&
		echo "$line" &&
		[ "$(echo "$line" | awk '{ print $3, $4 }')" = '0 /run/netns/kept' ]
}

ls_descriptor()
{
	local was

	was=$(inode /run/netns/kept)
	listed net "$was" 'holders == ["mounts"] and ns["mounts"][0]["path"] == "/run/netns/kept"' &&
		start bash -c 'exec 9</run/netns/kept; sleep 60' &&
		wait_for 5 test -e "/proc/$pid/fd/9" &&
		ip netns del kept &&
		listed net "$was" "holders == ['descriptors'] and not ns['descriptors'][0]['delegated']
			and {'pid': $pid, 'fd': 9} == {k: ns['descriptors'][0][k] for k in ('pid', 'fd')}"
}

ls_socket()
{
	local was

	ip netns add kept && was=$(inode /run/netns/kept) &&
		start nsfd listen --netns kept --udp 0.0.0.0:53 -- sleep 60 &&
		wait_for 5 sleeps &&
		ip netns del kept &&
		listed net "$was" "holders == ['sockets'] and
			ns['sockets'] == [{'pid': $pid, 'fd': 3, 'command': 'sleep'}]"
}

ls_granted()
{
	ip netns add kept &&
		start nsfd run --grant kept -- sleep 60 &&
		wait_for 5 sleeps &&
		listed net "$(inode /run/netns/kept)" 'ns["descriptors"][0]["delegated"]' &&
		nsfd ls | grep -F 'nsfd (delegated)' &&
		ip netns del kept
}

ls_thread()
{
	start python3 -c '
import ctypes, threading, time
def other():
    ctypes.CDLL(None).unshare(0x40000000)
    time.sleep(60)
threading.Thread(target=other, daemon=True).start()
time.sleep(60)'
	wait_for 5 moved_thread && listed net "$(inode "/proc/$pid/task/$tid/ns/net")" \
		"[p['pid'] for p in ns['processes']] == [$tid]"
}

# A mount that only a thread can see, because it is alone in its mount namespace.
ls_thread_mount()
{
	touch "$tmp/mine"
	start python3 -c '
import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None)
def other():
    libc.unshare(0x20000)
    libc.mount(b"", b"/", None, 0x44000, None)
    libc.mount(b"/proc/thread-self/ns/net", sys.argv[1].encode(), None, 0x1000, None)
    time.sleep(60)
threading.Thread(target=other, daemon=True).start()
time.sleep(60)' "$tmp/mine"
	wait_for 5 eval 'grep -q "$tmp/mine" "/proc/$pid/task"/*/mountinfo' &&
		listed net "$(inode /proc/self/ns/net)" \
			"any(m['path'] == '$tmp/mine' for m in ns['mounts'])"
}

have_listns()
{
	python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(470, None, None, 0, 0)
raise SystemExit(ctypes.get_errno() == 38)'
}

# No process has the file descriptor, which is being passed over a socket.
ls_in_flight()
{
	start python3 -c '
import ctypes, os, socket, time
libc = ctypes.CDLL(None)
sender, receiver = socket.socketpair()
own = os.open("/proc/self/ns/uts", 0)
libc.unshare(0x4000000)
fd = os.open("/proc/self/ns/uts", 0)
inode = os.fstat(fd).st_ino
libc.setns(own, 0)
socket.send_fds(sender, [b"x"], [fd])
os.close(fd)
print(inode, flush=True)
time.sleep(60)'
	wait_for 5 test -s "$tmp/log" && nsfd ls | grep "^uts *$(cat "$tmp/log") .* -\$" &&
		listed uts "$(cat "$tmp/log")" 'not holders'
}

# Text output has one process of each namespace, and the number of the others.
ls_others()
{
	start unshare -u sh -c 'sleep 60 & sleep 60 & exec sleep 60' &&
		wait_for 5 pgrep -P "$pid" && sleeps &&
		nsfd ls | grep "^uts *$(inode "/proc/$pid/ns/uts") .* process $pid sleep, 2 more processes\$" &&
		listed uts "$(inode "/proc/$pid/ns/uts")" 'len(ns["processes"]) == 3'
}

moved_thread()
{
	for tid in "/proc/$pid/task"/*; do
		tid=${tid##*/}
		in_own "$tid" || return 0
	done
	return 1
}

ls_owner()
{
	start setpriv --reuid 1000 --regid 1000 --clear-groups unshare -Un sleep 60 &&
		wait_for 5 sleeps &&
		listed net "$(inode "/proc/$pid/ns/net")" 'ns["uid"] == 1000' &&
		listed user "$(inode "/proc/$pid/ns/user")" 'ns["uid"] == 1000'
}

# named NAME: starts a process of this title that holds a namespace open
named()
{
	start python3 -c '
import ctypes, os, sys, time
fd = os.open("/proc/self/ns/net", os.O_RDONLY)
ctypes.CDLL(None).prctl(15, os.fsencode(sys.argv[1]), 0, 0, 0)
time.sleep(60)' "$1"
	wait_for 5 grep -qaz "${2:-$1}" "/proc/$pid/comm"
}

# A process title must neither control the terminal nor look like a line of ls.
ls_titles()
{
	local text json locale

	named $'\xc2\x9b31m\xe2\x80\xaeB\xc2\x85\xff\e\n,' B || return 1
	for locale in C C.UTF-8; do
		text=$(LC_ALL=$locale nsfd ls | LC_ALL=C grep -a " $pid:")
		echo "$text"
		[[ "$text" == *"$pid:"[0-9]*' \xc2\x9b31m\xe2\x80\xaeB\xc2\x85\xff\x1b\x0a\x2c'* ]] ||
			return 1
	done
	json=$(nsfd ls --json | LC_ALL=C grep -ao "\"pid\":$pid,\"fd\":.*")
	echo "$json"
	[[ $json == *'"command":"\u009b31m\u202eB\u0085\ufffd\u001b\u000a,"'* ]] || return 1
	stop_all

	named 'x (delegated)' &&
		nsfd ls | grep " $pid:.*x .x28delegated)" &&
		! nsfd ls | grep -F '(delegated)' | grep " $pid:" || return 1
	stop_all
	named 'grüße日本' &&
		LC_ALL=C.UTF-8 nsfd ls | grep " $pid:.* grüße日本" &&
		nsfd ls --json | grep '"grüße日本"'
}

# A user prepares a mount namespace in which root would open a FIFO.
ls_prepared()
{
	mkfifo -m 600 "$tmp/fifo" || return 1
	start setpriv --reuid 1000 --regid 1000 --clear-groups unshare -Urm sh -ec "
		mount -t tmpfs none /mnt
		mkdir /mnt/d
		touch /mnt/d/ns
		mount --bind /proc/self/ns/net /mnt/d/ns
		mount -t tmpfs none /mnt/d
		ln -s '$tmp/fifo' /mnt/d/ns
		mkfifo /mnt/fifo
		touch /mnt/direct
		mount --bind /proc/self/ns/net /mnt/direct
		mount --bind /mnt/fifo /mnt/direct
		exec sleep 60" &&
		wait_for 5 sleeps || return 1
	timeout 60 sh -c 'trap "" PIPE; echo >"$1"; touch "$2"' - \
		"$tmp/fifo" "$tmp/open" &
	timeout 60 sh -c 'trap "" PIPE; echo >"$1"; touch "$2"' - \
		"/proc/$pid/root/mnt/fifo" "$tmp/open" &
	sleep 1
	nsfd ls >/dev/null && sleep 1 && [ ! -e "$tmp/open" ]
	local status=$?
	# Unblocks both writers.
	timeout 5 cat "$tmp/fifo" "/proc/$pid/root/mnt/fifo"
	return "$status"
}

ls_unprivileged()
{
	setpriv --reuid 1000 --regid 1000 --clear-groups nsfd ls --json |
		python3 -m json.tool >/dev/null
}

pin_and_exec()
{
	start unshare -nu sleep 60 && wait_for 5 sleeps &&
		nsfd pin "/proc/$pid/ns/net" kept &&
		nsfd pin "/proc/$pid/ns/uts" "$tmp/uts" || return 1
	stop_all
	nsfd exec kept "$tmp/uts" -- hostname inside &&
		[ "$(nsfd exec "$tmp/uts" -- hostname)" = inside ] &&
		[ "$(hostname)" != inside ] &&
		[ "$(nsfd exec kept -- stat -L -c %i /proc/self/ns/net)" = \
			"$(inode /run/netns/kept)" ] &&
		ip -n kept link show lo &&
		! nsfd exec kept -- false
}

exec_pid()
{
	start unshare -pf --mount-proc sleep 60 &&
		wait_for 5 pgrep -P "$pid" || return 1
	local child

	child=$(pgrep -P "$pid")
	[ "$(nsfd exec "/proc/$child/ns/pid" "/proc/$child/ns/mnt" -- \
		cat /proc/1/comm)" = sleep ] &&
		[ "$(nsfd exec "/proc/$child/ns/pid" -- sh -c 'kill -9 $$' ||
			echo $?)" = 137 ]
}

# Starts a container whose user namespace does not map the UID; sets $child.
container()
{
	start unshare -U sleep 60 && wait_for 5 own_user "$pid" && wait_for 5 sleeps &&
		echo 0 100000 1000 >"/proc/$pid/uid_map" &&
		echo 0 100000 1000 >"/proc/$pid/gid_map" &&
		start nsenter -t "$pid" -U \
			unshare -mnuipf --mount-proc sh -c 'cd /usr; exec sleep 60' &&
		wait_for 5 pgrep -P "$pid" || return 1
	child=$(pgrep -P "$pid")
	wait_for 5 grep sleep "/proc/$child/comm"
}

own_user()
{
	[ "$(inode "/proc/$1/ns/user")" != "$(inode /proc/self/ns/user)" ]
}

# The environment of a program. PIDs differ each time.
look='id -u; id -G; grep -E "^(Cap|NoNewPrivs|Sig)" /proc/self/status; pwd; ls -di / .
	cat /proc/self/uid_map; hostname; ulimit -n; ls -l /proc/self/ns | sed "s/.* //"'

# as_nsenter "NS..." "OPTION..." [PROGRAM...]: nsfd exec does what nsenter(1) does
as_nsenter()
{
	local names=$1 options=$2 ours theirs

	shift 2
	[ "$#" != 0 ] || set -- sh -c "$look"
	# shellcheck disable=SC2086 # lists of words
	ours=$(setpriv --groups 4,24 nsfd exec $names -- "$@" 2>&1)
	ours="$? $ours"
	# shellcheck disable=SC2086
	theirs=$(setpriv --groups 4,24 nsenter $options -- "$@" 2>&1)
	theirs="$? $theirs"
	[ "$ours" = "$theirs" ] || {
		echo "nsfd exec $names: $ours"
		echo "nsenter $options: $theirs"
		return 1
	}
}

exec_as_nsenter()
{
	local ns

	container || return 1
	ns=/proc/$child/ns
	as_nsenter "$ns/user" "-t $child -U" &&
		as_nsenter "$ns/user $ns/mnt" "-t $child -U -m -r -w" &&
		as_nsenter "$ns/mnt $ns/user" "-t $child -U -m -r -w" &&
		as_nsenter "$ns/mnt" "-t $child -m -r -w" &&
		as_nsenter "$ns/user $ns/net" "-t $child -U -n" &&
		as_nsenter "$ns/pid" "-t $child -p" &&
		as_nsenter "$ns/uts $ns/ipc $ns/pid" "-t $child -u -i -p" &&
		as_nsenter "$ns/user $ns/mnt $ns/pid $ns/net $ns/uts $ns/ipc" \
			"-t $child -U -m -p -n -u -i -r -w" &&
		as_nsenter "--preserve-credentials $ns/user $ns/mnt $ns/pid" \
			"-t $child -U -m -p -r -w --preserve-credentials" &&
		as_nsenter "$ns/user $ns/mnt $ns/pid" "-t $child -U -m -p -r -w" \
			cat /proc/1/environ &&
		as_nsenter "$ns/user $ns/mnt" "-t $child -U -m -r -w" \
			sh -c ': >/proc/sys/kernel/core_pattern' &&
		as_nsenter "$ns/pid" "-t $child -p" sh -c 'kill -9 $$' || return 1
	# The container has no privilege over this one.
	ip netns add kept && as_nsenter "/run/netns/kept $ns/user" \
		"--net=/run/netns/kept -t $child -U" &&
		ip netns del kept || return 1
	stop_all

	# The root directory of the process is not that of its mount namespace.
	mkdir "$tmp/root" &&
		start unshare -m sh -c 'mount --bind / "$1" && exec chroot "$1" sh -c \
			"cd /usr; exec sleep 60"' - "$tmp/root" && wait_for 5 sleeps &&
		as_nsenter "/proc/$pid/ns/mnt" "-t $pid -m -r -w"
}

# An ordinary user enters their own namespaces; groups cannot be dropped there.
exec_rootless()
{
	local run='setpriv --reuid 1000 --regid 1000 --clear-groups'

	# shellcheck disable=SC2086 # a list of words
	start $run unshare -Urmn sleep 60 && wait_for 5 sleeps &&
		[ "$($run nsfd exec "/proc/$pid/ns/user" "/proc/$pid/ns/net" -- id -u)" = 0 ] &&
		setpriv --reuid 1000 --regid 1000 --groups 4 nsfd exec \
			--preserve-credentials "/proc/$pid/ns/user" -- true &&
		fails 1 "nsfd: failed to drop supplementary groups in '/proc/$pid/ns/user': Operation not permitted" \
			setpriv --reuid 1000 --regid 1000 --groups 4 nsfd exec "/proc/$pid/ns/user" -- true &&
		[ "$($run nsfd exec "/proc/$pid/ns/user" -- unshare -n nsfd exec \
			"/proc/$pid/ns/net" -- stat -L -c %i /proc/self/ns/net)" = \
			"$(inode "/proc/$pid/ns/net")" ]
}

# Signals to nsfd must reach the program at any time.
exec_signals()
{
	local i

	start unshare -pf --mount-proc sleep 60 && wait_for 5 pgrep -P "$pid" || return 1
	child=$(pgrep -P "$pid")
	start "$(type -P nsfd)" exec "/proc/$child/ns/pid" -- sleep 987 &&
		wait_for 5 pgrep -P "$pid" && wait_for 5 pgrep -fx 'sleep 987' || return 1
	kill -STOP "$(pgrep -fx 'sleep 987')" &&
		wait_for 5 grep 'State:.T' "/proc/$pid/status" &&
		kill -CONT "$pid" && wait_for 5 grep 'State:.S' "/proc/$pid/status" &&
		wait_for 5 grep 'State:.S' "/proc/$(pgrep -fx 'sleep 987')/status" || return 1
	kill -TERM "$pid"
	wait_for 5 eval '! pgrep -fx "sleep 987"' || return 1
	for i in $(seq 20); do
		timeout --foreground --preserve-status "0.00$((i % 10))1" \
			"$(type -P nsfd)" exec "/proc/$child/ns/pid" -- sleep 987
		[ "$?" = 143 ] || return 1
	done
	! pgrep -fx 'sleep 987'
}

exec_listen_pid()
{
	start unshare -pf --mount-proc sleep 60 && wait_for 5 pgrep -P "$pid" || return 1
	child=$(pgrep -P "$pid")
	[ "$(nsfd listen --tcp 127.0.0.1:8099 -- nsfd exec "/proc/$child/ns/pid" -- \
		sh -c '[ "$LISTEN_PID" = "$$" ] && echo right')" = right ] &&
		[ "$(LISTEN_PID=1 nsfd exec "/proc/$child/ns/pid" -- \
			sh -c 'echo "$LISTEN_PID"')" = 1 ]
}

# /sys and /etc/netns, with a network namespace that has another device
exec_as_ip()
{
	ip netns add kept && ip -n kept link add one type veth peer name two &&
		unshare -m sh -exc 'mount -t tmpfs none /etc
			mkdir -p /etc/netns/kept
			for file in one two; do
				echo host >/etc/$file
				echo kept >/etc/netns/kept/$file
			done
			ip netns exec kept sh -c "cat /etc/one /etc/two; ls /sys/class/net" >/etc/ip
			grep two /etc/ip
			for name in kept /run/netns/kept; do
				nsfd exec $name -- sh -c "cat /etc/one /etc/two; ls /sys/class/net" >/etc/nsfd
				cmp /etc/ip /etc/nsfd
			done
			nsfd exec /proc/self/ns/net -- grep host /etc/one
			ls /sys/class/net >/etc/was
			nsfd exec /proc/self/ns/net -- ls /sys/class/net >/etc/nsfd
			cmp /etc/was /etc/nsfd
			[ -z "$(grep /etc/one /proc/self/mountinfo)" ]
			rm /etc/two
			[ "$(nsfd exec kept -- cat /etc/one 2>&1)" = \
"nsfd: failed to mount '\''/etc/netns/kept/two'\'' on '\''/etc/two'\'': No such file or directory
kept" ]' &&
		ip netns del kept
}

unpin()
{
	nsfd unpin kept && nsfd unpin "$tmp/uts" &&
		[ ! -e /run/netns/kept ] && [ ! -e "$tmp/uts" ] &&
		! grep nsfs /proc/self/mountinfo
}

unpin_other()
{
	echo precious >"$tmp/file"
	fails 1 "nsfd: failed to unpin '$tmp/file': not the mount of a namespace" \
		nsfd unpin "$tmp/file" &&
		fails 1 "nsfd: failed to unpin '$tmp/none': No such file or directory" \
			nsfd unpin "$tmp/none" &&
		fails 1 "nsfd: failed to pin '$tmp/file': not an empty file" \
			nsfd pin /proc/self/ns/net "$tmp/file" &&
		fails 1 "nsfd: '$tmp/file' is not a namespace" nsfd pin "$tmp/file" "$tmp/to" &&
		[ "$(cat "$tmp/file")" = precious ] && [ ! -e "$tmp/to" ]
}

# Two at once: one of them succeeds, and there is one mount.
pin_race()
{
	local i first second

	for i in $(seq 50); do
		nsfd pin /proc/self/ns/net "$tmp/race" &
		first=$!
		nsfd pin /proc/self/ns/uts "$tmp/race"
		second=$?
		wait "$first"
		[ "$(($? + second))" = 1 ] && nsfd unpin "$tmp/race" &&
			[ ! -e "$tmp/race" ] || return 1
	done
}

# In a /run that ip-netns(8) has not prepared yet
pin_then_ip()
{
	unshare -m sh -ec 'mount -t tmpfs none /run
		nsfd pin /proc/self/ns/net kept
		ip netns add other
		nsfd unpin kept
		nsfd pin /run/netns/other again
		ip netns del again
		ip netns del other
		! ls /run/netns | grep .
		! grep nsfs /proc/self/mountinfo'
}

# If /var/run is not a symbolic link, and contains names of ip-netns(8)
names_in_var_run()
{
	ip netns add kept && unshare -m bash -ec '
		exec 9</run/netns/kept
		mount -t tmpfs none /run
		mount -t tmpfs none /var
		mkdir -p /var/run/netns
		nsfd pin /proc/self/fd/9 /var/run/netns/kept
		[ "$(nsfd exec kept -- stat -Lc %i /proc/self/ns/net)" = \
			"$(stat -Lc %i /proc/self/fd/9)" ]
		nsfd run --preload "$1" --grant "*" -- true
		nsfd unpin kept
		! nsfd exec kept -- true
		[ ! -e /var/run/netns/kept ]' - "$preload" &&
		ip netns del kept
}

bad_lines()
{
	fails 2 "nsfd: no command specified; try 'nsfd --help'" nsfd &&
		fails 2 "nsfd: unknown command 'foo'; try 'nsfd --help'" nsfd foo &&
		fails 2 "nsfd: unrecognized option '--foo'" nsfd ls --foo &&
		fails 2 "nsfd: pin: bad usage; try 'nsfd pin --help'" nsfd pin one &&
		fails 2 "nsfd: exec: bad usage; try 'nsfd exec --help'" nsfd exec one &&
		fails 1 "nsfd: failed to open '/run/netns/none': No such file or directory" nsfd exec none -- true &&
		fails 1 "nsfd: invalid name of a network namespace: '..'" nsfd exec .. -- true &&
		fails 127 "nsfd: failed to execute './none': No such file or directory" nsfd exec /proc/self/ns/net -- ./none &&
		fails 126 "nsfd: failed to execute '/': Permission denied" nsfd exec /proc/self/ns/net -- /
}

help_text()
{
	local command

	nsfd --help | grep -q '^For more details see nsfd(1)' && nsfd --version | grep -q '^nsfd [0-9]' || return 1
	for command in ls pin unpin exec listen run; do
		nsfd "$command" --help | grep "^ nsfd $command " || return 1
	done
	! nsfd ls >/dev/full
}

full_disk()
{
	local args

	for args in --help --version ls 'ls --json' 'ls --help' 'run --help'; do
		# shellcheck disable=SC2086 # a list of words
		fails 1 'nsfd: write error: No space left on device' \
			bash -c 'nsfd "$@" >/dev/full' - $args || return 1
	done
	nsfd exec /proc/self/ns/net -- true >&-
}

completion()
{
	bash -c '. tools/nsfd/bash-completion/nsfd
		try()
		{
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
			_nsfd
			echo "${COMPREPLY[@]}"
		}
		[ "$(try nsfd "")" = "exec listen ls pin run unpin" ] &&
		[ "$(try nsfd ls --)" = "--help --json" ] &&
		[ "$(try nsfd run --ve)" = "--verbose" ] &&
		ip netns add zz-one && [ "$(try nsfd run --netns zz)" = zz-one ]' &&
		ip netns del zz-one
}

# Completion must not execute a name, neither when listing nor when inserting it.
completion_quotes()
{
	local name='$(touch pwned)'

	mkdir "$tmp/completion" && touch "/run/netns/$name" &&
		bash -c 'top=$PWD; cd "$1"; . "$top/tools/nsfd/bash-completion/nsfd"
			for words in "exec" "run --netns"; do
				COMP_WORDS=(nsfd $words "") COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
				COMPREPLY=()
				_nsfd
				[ "${COMPREPLY[*]}" = "$2" ] && [ ! -e pwned ] || exit
			done
			complete -p nsfd | grep -e "-o filenames"' - "$tmp/completion" "$name"
	local status=$?
	rm "/run/netns/$name"
	return "$status"
}

check 'ls: the namespaces of processes' ls_types
check 'ls: --json is JSON, whatever a program is called' ls_json
check 'ls: text has a line with type, inode, uid and holder' ls_text
check 'ls: a namespace that only a descriptor holds' ls_descriptor
check 'ls: a namespace that only a socket holds' ls_socket
check_call 'ls: a descriptor that carries a grant' ls_granted
check 'ls: a namespace that only a thread is in' ls_thread
check 'ls: a mount that only a thread sees' ls_thread_mount
if have_listns; then
	check 'ls: a namespace that no process holds' ls_in_flight
else
	skip 'ls: a namespace that no process holds' 'no listns() here'
fi
check 'ls: the other processes in a namespace' ls_others
check 'ls: the owner of a namespace' ls_owner
check 'ls: whatever a process is called' ls_titles
check 'ls: opens nothing that a user has prepared' ls_prepared
check 'ls: an ordinary user' ls_unprivileged
check 'pin: keeps a namespace; exec: enters several' pin_and_exec
check 'unpin: nothing is left' unpin
check 'exec: pid and mount namespace, status of a signal' exec_pid
check 'exec: as nsenter(1), case by case' exec_as_nsenter
check 'exec: an ordinary user, and what is theirs' exec_rootless
check 'exec: /sys and /etc/netns, as ip netns exec' exec_as_ip
check 'exec: signals reach the program in a pid namespace' exec_signals
check 'exec: sockets of listen in a pid namespace' exec_listen_pid
check 'pin, unpin: what is no namespace is left alone' unpin_other
check 'pin: of two at one path one succeeds' pin_race
check 'names in /var/run/netns' names_in_var_run
check 'pin: prepares /run/netns as ip-netns(8) does' pin_then_ip
check 'errors: status and one line' bad_lines
check 'help: of each command' help_text
check 'what cannot be written: status and one line' full_disk
check 'bash completion' completion
check 'bash completion: names with special characters' completion_quotes
