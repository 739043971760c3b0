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

# What was started is what it was started for.
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
		start nsfd run --preload "$preload" --grant kept -- sleep 60 &&
		wait_for 5 sleeps &&
		listed net "$(inode /run/netns/kept)" 'ns["descriptors"][0]["delegated"]' &&
		nsfd ls | grep -F 'sleep (delegated)' &&
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

# What a process is called neither reaches the terminal nor looks like a line of ls.
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

# A user prepares a mount namespace such that root would open a fifo by it.
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
	# Lets both writers go.
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
		fails 1 "nsfd: $tmp/file: not a namespace" nsfd pin "$tmp/file" "$tmp/to" &&
		[ "$(cat "$tmp/file")" = precious ] && [ ! -e "$tmp/to" ]
}

# Two at once: one of them succeeds, and one mount is there.
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

bad_lines()
{
	fails 2 'nsfd: no command: try "nsfd --help"' nsfd &&
		fails 2 'nsfd: foo: no such command: try "nsfd --help"' nsfd foo &&
		fails 2 "nsfd: unrecognized option '--foo'" nsfd ls --foo &&
		fails 2 'nsfd: pin: bad arguments: try "nsfd pin --help"' nsfd pin one &&
		fails 2 'nsfd: exec: bad arguments: try "nsfd exec --help"' nsfd exec one &&
		fails 1 'nsfd: /run/netns/none: No such file or directory' nsfd exec none -- true &&
		fails 1 'nsfd: "..": not the name of a network namespace' nsfd exec .. -- true &&
		fails 127 'nsfd: ./none: No such file or directory' nsfd exec /proc/self/ns/net -- ./none &&
		fails 126 'nsfd: /: Permission denied' nsfd exec /proc/self/ns/net -- /
}

help_text()
{
	local command

	nsfd --help | grep -q '^usage: ' && nsfd --version | grep -q '^nsfd [0-9]' || return 1
	for command in ls pin unpin exec listen run; do
		nsfd "$command" --help | grep "^usage: nsfd $command" || return 1
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
		[ "$(try nsfd run --de)" = "--delegate" ] &&
		ip netns add zz-one && [ "$(try nsfd run --netns zz)" = zz-one ]' &&
		ip netns del zz-one
}

# A name is not executed, neither when it is listed nor by what is inserted.
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
check 'ls: the owner of a namespace' ls_owner
check 'ls: whatever a process is called' ls_titles
check 'ls: opens nothing that a user has prepared' ls_prepared
check 'ls: an ordinary user' ls_unprivileged
check 'pin: keeps a namespace; exec: enters several' pin_and_exec
check 'unpin: nothing is left' unpin
check 'exec: pid and mount namespace, status of a signal' exec_pid
check 'pin, unpin: what is no namespace is left alone' unpin_other
check 'pin: of two at one path one succeeds' pin_race
check 'pin: prepares /run/netns as ip-netns(8) does' pin_then_ip
check 'errors: status and one line' bad_lines
check 'help: of each command' help_text
check 'what cannot be written: status and one line' full_disk
check 'bash completion' completion
check 'bash completion: names with special characters' completion_quotes
