#!/bin/sh
# Runs the tests of the library on the running kernel, as root and, if run by root, as
# an ordinary user too; then the examples of the manual.
#
# usage: check.sh BUILD [OUTPUT]
#
# BUILD is the directory in which they were built. A TAP file for each program is
# written to OUTPUT/root and OUTPUT/user. Prints the totals, and the tests that did not
# pass.
set -eu

# The examples, in namespaces "red" and "blue" that are made for them.
if [ "$1" = --examples ]; then
	mount -t tmpfs tmpfs /run
	mkdir /run/netns
	for ns in red blue; do
		touch "/run/netns/$ns"
		unshare --net="/run/netns/$ns" ip link set lo up
	done
	"$2/libnsfd.3" blue 8080
	timeout 20 "$2/socketat.2" red blue 8080 3 &
	for ns in red blue red; do
		nsenter --net="/run/netns/$ns" timeout 10 bash -c \
			'until : </dev/tcp/127.0.0.1/8080; do sleep 0.1; done' 2>/dev/null
	done
	wait $!
	# Has to work where there is the request, and say so where there is not.
	"$2/ioctl_nsfd_delegate.2" /run/netns/blue 2>&1 ||
		! "$2/ioctl_nsfd_delegate.2" /run/netns/blue 2>&1 |
		grep -v 'Inappropriate ioctl for device'
	exit
fi

build=$(cd "$1" && pwd)
out=${2:-$(mktemp -d)}
everybody=user
if [ "$(id -u)" = 0 ]; then
	everybody='root user'
	# Its own thread keeps a process from making a user namespace.
	! grep -q __tsan_init "$build/nsfd_test" || everybody=root
fi

# The user may not be able to reach the directory.
tests=$(mktemp -d)
trap 'rm -rf "$tests"; [ -n "${2:-}" ] || rm -rf "$out"' EXIT
cp -rL "$build/nsfd_test" "$build/nsfd_fault_test" "$build/libnsfd.so.1" \
	"$build/example" "$build/stage" "$tests"
chmod -R a+rX "$tests"

bad=0
for who in $everybody; do
	mkdir -p "$out/$who"
	run=
	[ "$everybody:$who" != 'root user:user' ] ||
		run='setpriv --reuid 1000 --regid 1000 --clear-groups'
	for test in nsfd_test nsfd_fault_test; do
		log=$out/$who/lib$test
		# shellcheck disable=SC2086 # a list of words
		(cd /tmp && timeout 300 $run "$tests/$test") >"$log" 2>&1 || bad=1
		echo "$who: $test: $(grep '^# Totals' "$log" || echo 'did not end')"
		sed -n '/^not ok/p; /_test\.c:[0-9]*:.*Expected/p; / # SKIP /p; /Sanitizer/,$p' "$log"
	done
done
if [ "$everybody" != user ]; then
	unshare -m "$0" --examples "$tests/example" || {
		echo 'the examples of the manual: not ok'
		bad=1
	}
fi
exit $bad
