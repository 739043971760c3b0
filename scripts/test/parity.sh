#!/bin/sh
# Runs tests and programs of other projects on vanilla and nsfd, and compares their
# results. Every difference is an error.
#
# usage: parity.sh [COLLECTION:TEST...]
#
# Tests that differ are run twice more: a test whose results in a run on one kernel
# equal those of a run on the other is reported as flaky. Tests that fail or skip on
# both kernels are listed.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
out=build/parity
mkdir -p "$out"
rm -f "$out"/diff.*
scripts/deps.sh bubblewrap crun iputils-ping qemu-system-x86 strace uuid-runtime

# The kernel's own tests, as vanilla has them.
make_tests()
{
	make -s -C build/vanilla/tools/testing/selftests O="$top/$out/obj" \
		INSTALL_PATH="$top/$out/kselftest" INSTALL_DEP_TARGETS= "$@" \
		install >>"$out/make.log" 2>&1
	cat "$out/kselftest/kselftest-list.txt" >>"$out/list"
}

if [ ! -s "$out/list.done" ]; then
	rm -rf "$out/kselftest" "$out/list" "$out/make.log"
	make -s -C build/vanilla ARCH=x86 O="$top/$out/obj" headers
	net=$top/$out/obj/kselftest/net
	make_tests TARGETS="nsfs pidfd proc clone3 mount_setattr \
move_mount_set_group filesystems/statmount landlock seccomp timens"
	make_tests TARGETS=memfd TEST_PROGS= TEST_GEN_FILES=
	make_tests TARGETS=net TEST_PROGS="altnames.sh cmsg_ipv6.sh \
cmsg_so_mark.sh cmsg_time.sh fib_rule_tests.sh fib_tests.sh icmp.sh \
icmp_redirect.sh ip_local_port_range.sh netdevice.sh netns-name.sh \
netns-sysctl.sh route_localnet.sh rtnetlink.sh unicast_extensions.sh \
vrf_route_leaking.sh" \
		TEST_GEN_FILES="$net/cmsg_sender $net/ip_local_port_range \
$net/nettest" \
		TEST_GEN_PROGS="$net/bind_wildcard $net/netlink-dumps \
$net/reuseport_dualstack $net/sk_bind_sendto_listen $net/sk_connect_zero_addr \
$net/tap $net/tun"
	# Its makefile builds it without declaring it as a test.
	echo move_mount_set_group:move_mount_set_group_test >>"$out/list"
	# These measure time.
	grep -vxE 'seccomp:seccomp_benchmark|timens:gettime_perf' \
		"$out/list" >"$out/list.done"
	cp "$out/list.done" "$out/kselftest/kselftest-list.txt"
fi

# liburing's tests of sockets and of what else the requests for them use, from the
# source of Debian.
if [ ! -e "$out/liburing/complete" ]; then
	rm -rf "$out/liburing"
	mkdir "$out/liburing"
	(
		# shellcheck source=scripts/deb/suite.sh
		. "$top/scripts/deb/suite.sh"
		host_suite
		use_suite "$suite"
		sed -i 's/^deb /deb-src /' "$top/build/apt/sources.list"
		apt-get -qq update
		cd "$out"
		apt-get -qq --download-only source liburing
		tar -xf liburing_*.orig.tar.gz -C liburing --strip-components=1
		rm liburing_*
		cd liburing
		./configure
		make -s -C src
		make -s -C test socket.t socket-rw.t accept.t connect.t fd-pass.t \
			personality.t
		touch complete
	) >"$out/liburing.log" 2>&1
fi

# A name that differs in each run.
uuid='s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/'

# Runs tests $2... on kernel $1, and writes their results to RUN/results, in lines
# "TEST: RESULT NAME".
run()
{
	kernel=$1 run=$out/run.$1
	shift
	rm -rf "$run"
	mkdir -p "$run"
	scripts/guest/boot.sh -c 2 -m 2G -t 3600 "build/linux.$kernel.smp" \
		scripts/guest/parity.sh "$run" "$@" >"$run/console" 2>&1 </dev/null ||
		{
			tail -n 20 "$run/console"
			return 1
		}
	(
		cd "$run"
		sed -nE 's/^((not )?ok) [0-9]+ selftests: ([^ ]*): ([^ ]*)/\3:\4: \1 program/p' \
			summary
		for test; do
			sed -nE 's/^(# )*//
				s/^ *((not )?ok) [0-9]+ (- )?/\1 /p
				s/^ *(TEST: .*)\[ *(OK|FAIL|SKIP|XFAIL) *\].*/\2 \1/p
				s/^ *(PASS|FAIL|SKIP|XFAIL): /\1 /p' \
				"$(echo "$test" | tr / .)" |
				sed -E "/# SKIP/!s/ *#.*//; s|^|$test: |; $uuid"
		done
	) | sort >"$run/results"
}

for kernel in vanilla nsfd; do
	scripts/build/guest-kernel.sh -q "$kernel.smp" \
		tools/testing/selftests/nsfd/config.parity
done

# Checks whether test $1 has the same results on both kernels in two of the $2 tries.
agreed()
{
	for i in $(seq "$2"); do
		for j in $(seq "$2"); do
			[ "$(grep "^$1: " "$out/vanilla.$i")" != \
				"$(grep "^$1: " "$out/nsfd.$j")" ] || return 0
		done
	done
	return 1
}

# shellcheck disable=SC2046 # words
[ "$#" -gt 0 ] || set -- $(cat "$out/list.done")
bad=0 flaky='' differ=$*
for try in 1 2 3; do
	for kernel in vanilla nsfd; do
		# shellcheck disable=SC2086 # words
		run "$kernel" $differ
		cp "$out/run.$kernel/results" "$out/$kernel.$try"
	done
	if [ "$try" = 1 ]; then
		echo "selftests of 6.12: $(wc -l <"$out/vanilla.1") results of $# programs on vanilla"
		echo 'not passed on vanilla:'
		grep -E '# SKIP|: (not ok|FAIL|SKIP|XFAIL) ' "$out/vanilla.1" |
			sed 's/^/  /' || :
	fi
	set --
	for test in $differ; do
		agreed "$test" "$try" || set -- "$@" "$test"
	done
	differ=$*
	[ "$try" != 1 ] || flaky=$differ
	[ -n "$differ" ] || break
	diff "$out/vanilla.$try" "$out/nsfd.$try" >"$out/diff.$try" || :
done
if [ -n "$differ" ]; then
	echo 'DIFFERENT (vanilla <, nsfd >):'
	cat "$out/diff.$try"
	bad=1
elif [ -n "$flaky" ]; then
	echo "flaky, the same in other tries:" "$flaky"
	cat "$out"/diff.*
fi

for kernel in vanilla nsfd; do
	scripts/guest/boot.sh -c 2 -m 2G -t 900 "build/linux.$kernel.smp" \
		scripts/guest/programs.sh >"$out/programs.$kernel" 2>&1 </dev/null
done
echo "programs: $(grep -c '^\$ ' "$out/programs.vanilla") steps," \
	"$(grep -c '^= 0' "$out/programs.vanilla") of them with status 0 on vanilla"
diff -u "$out/programs.vanilla" "$out/programs.nsfd" || bad=1
for kernel in vanilla nsfd; do
	scripts/guest/boot.sh -c 2 -m 2G -t 3600 "build/linux.$kernel.smp" \
		scripts/guest/differential.py >"$out/calls.$kernel" 2>&1 </dev/null
done
echo "setns(): $(grep -c ': .*: ' "$out/calls.vanilla") calls," \
	"$(grep -c ': 0' "$out/calls.vanilla") of them allowed on vanilla"
diff -u "$out/calls.vanilla" "$out/calls.nsfd" || bad=1
if [ "$bad" = 0 ]; then
	echo 'parity: no difference'
else
	echo 'parity: different'
	exit 1
fi
