#!/bin/sh
# In a guest: runs the selftests with the module, as root and as an ordinary user, and
# checks whether it can be unloaded while it is in use. Writes a TAP file for each to
# out.
set -u

# Families that Debian has not built are asked for by the thousand.
for protocol in $(seq 0 46); do
	modprobe -q "net-pf-$protocol"
done
modprobe -a dummy tun veth
echo >/proc/sys/kernel/modprobe

# The module as the whole way, or only where there is no delegated descriptor.
selftests()
{
	for try in module:socketat module:delegate module:module \
	    descriptor:delegate; do
		way=${try%:*} test=${try#*:}_test
		NSFD_WAY=$way timeout 600 "$@" "./$test" \
			>"out/$who-$way-$test"
		printf '%-4s %-10s %-13s %s\n' "$who" "$way" "$test" \
			"$(tail -n 1 "out/$who-$way-$test")"
	done
}

check()
{
	number=$((number + 1)) what=$1
	shift
	"$@" || printf 'not '
	echo "ok $number $what"
}

unload()
{
	number=0
	echo 1..4
	exec 3</dev/nsfd
	check 'stays while the device is open' eval '! rmmod nsfd 2>/dev/null'
	exec 3<&-
	check 'goes when it is not' rmmod nsfd
	check 'takes its device along' [ ! -e /dev/nsfd ]

	# Whoever opens it meanwhile gets it, or is told that it is not there.
	(while [ ! -e /run/stop ]; do true </dev/nsfd; done) 2>/dev/null &
	for _ in $(seq 30); do
		modprobe nsfd
		timeout 20 sh -c 'until rmmod nsfd 2>/dev/null; do :; done'
	done
	check 'thirty times, while somebody opens it' [ ! -e /dev/nsfd ]
	touch /run/stop
	wait
	modprobe nsfd
}

uname -v
ls -l /dev/nsfd
chmod -R a+rX .
who=root
selftests env
who=user
selftests setpriv --reuid 1000 --regid 1000 --clear-groups
[ -e /etc/hosts ] || printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
GO_TEST_SHORT=1 ./go-check.sh . go
for who in root user; do
	mv "go/$who/go_test" "out/$who-go_test"
done
tools/lib/nsfd/python/tests/run.sh >out/root-python_test
tools/testing/selftests/nsfd-tools/tools_test.sh run >out/root-tools_test 2>out/tools.err
unload >out/unload
