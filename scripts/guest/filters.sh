#!/bin/sh
# Checks how the seccomp filters of systemd, crun and runc treat socketat(), against
# the table in Documentation/userspace-api/nsfd.rst. Prints TAP.
#
# Run it as root in a system that was booted by systemd.
set -u

# shellcheck disable=SC2016 # perl's
probe='syscall(548, -1, 0, 0, 0); print grep { $!{$_} } qw(EBADF EPERM ENOSYS)'
count=0

# is WANTED WHAT COMMAND...
is()
{
	count=$((count + 1))
	wanted=$1 what=$2
	shift 2
	got=$("$@" 2>&1 </dev/null)
	if [ "$got" = "$wanted" ]; then
		echo "ok $count $what: $wanted"
	else
		echo "not ok $count $what: $wanted"
		echo "# $got"
	fi
}

# service PROPERTY... : the call in a service of systemd
service()
{
	for property in "$@"; do
		set -- "$@" -p "$property"
		shift
	done
	timeout 120 systemd-run --pipe --wait "$@" perl -le "$probe" 2>&1 |
		sed -n 's/.*status=SYS.*/SIGSYS/p; /^E[A-Z]*$/p'
}

# container RUNTIME SECCOMP: the call in a container with this configuration
container()
{
	bundle=$(mktemp -d)
	mkdir "$bundle/rootfs"
	mount --bind / "$bundle/rootfs"
	cat >"$bundle/config.json" <<-END
		{ "ociVersion": "1.0.2",
		  "root": { "path": "rootfs", "readonly": true },
		  "process": { "user": { "uid": 0, "gid": 0 }, "cwd": "/",
		    "args": [ "/usr/bin/perl", "-le", "$probe" ] },
		  "mounts": [
		    { "destination": "/proc", "type": "proc", "source": "proc" },
		    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" } ],
		  "linux": { "namespaces": [ { "type": "mount" }, { "type": "pid" } ],
		    "seccomp": { "architectures": [ "SCMP_ARCH_$arch" ], $2 } } }
	END
	timeout 120 "$1" run --bundle "$bundle" "filter$$"
	umount "$bundle/rootfs"
}

echo '1..11'
arch=$(uname -m | tr '[:lower:]' '[:upper:]')
is EBADF 'no filter' perl -le "$probe"

is SIGSYS 'systemd: @system-service' service SystemCallFilter=@system-service
is EPERM 'systemd: @system-service, EPERM for others' \
	service SystemCallFilter=@system-service SystemCallErrorNumber=EPERM
is EPERM 'systemd: name and number in a list of what is allowed' \
	service 'SystemCallFilter=@system-service socketat 548' SystemCallErrorNumber=EPERM
is EBADF 'systemd: a list of what is denied' \
	service 'SystemCallFilter=~@clock @mount @reboot @swap'

# All calls that are known by name.
names=$(systemd-analyze syscall-filter @known | sed -n 's/^    \([a-z].*\)/"\1"/p' | paste -s -d,)
allow="\"syscalls\": [ { \"action\": \"SCMP_ACT_ALLOW\", \"names\": [ \"socketat\", $names ] } ]"
deny='"syscalls": [ { "action": "SCMP_ACT_ERRNO", "names": [ "mount", "reboot" ] } ]'
is EPERM 'crun: allowed by name, EPERM for others' \
	container crun "\"defaultAction\": \"SCMP_ACT_ERRNO\", $allow"
is ENOSYS 'crun: allowed by name, ENOSYS for others' \
	container crun "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, $allow"
is EBADF 'crun: a list of what is denied' \
	container crun "\"defaultAction\": \"SCMP_ACT_ALLOW\", $deny"
is ENOSYS 'runc: allowed by name, EPERM for others' \
	container runc "\"defaultAction\": \"SCMP_ACT_ERRNO\", $allow"
is ENOSYS 'runc: allowed by name, ENOSYS for others' \
	container runc "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, $allow"
is EBADF 'runc: a list of what is denied' \
	container runc "\"defaultAction\": \"SCMP_ACT_ALLOW\", $deny"
