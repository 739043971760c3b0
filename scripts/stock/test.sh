#!/bin/sh
# Runs the selftests of socketat() and delegation with the module on stock Debian
# kernels, and prints the failures and a last line of counts.
#
# usage: test.sh VERSION...
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
tests=tools/testing/selftests/nsfd
mkdir -p build/stock/tests
for test in socketat delegate module; do
	gcc -O2 -g -D_GNU_SOURCE= -DNSFD_MODULE -isystem build/nsfd/obj.hdr/usr/include \
		-Iinclude/uapi "-Ibuild/nsfd/$tests" \
		-o "build/stock/tests/${test}_test" "$tests/${test}_test.c" -lmnl -lpthread
done
broken=0
for version in "$@"; do
	task=build/stock/$version/test
	rm -rf "$task"
	mkdir -p "$task"
	cp build/stock/tests/* "$task"
	cp scripts/stock/guest-test.sh "$task/command"
	cp build/go/*_test build/go/archive "$task"
	cp tools/lib/nsfd/go/check.sh "$task/go-check.sh"
	# Without the package beside them, the tests import the installed one.
	cp --parents tools/lib/nsfd/python/tests/*.* samples/nsfd/reverse-proxy.py "$task"
	cp -r --parents tools/testing/selftests/nsfd-tools build/probe build/stage \
		build/tools/nsfd build/tools/libnsfd-preload.so "$task"
	echo "== Debian's Linux $version"
	scripts/stock/boot.sh -t "${TIMEOUT:-1200}" "$version" "$task" || broken=1
	if [ -f "$task/out/dmesg" ] &&
	    grep -nE 'BUG|WARNING|Oops|UBSAN|KASAN|INFO: ' "$task/out/dmesg"; then
		echo "$version: a splat"
		broken=1
	fi
done

# A test that did not come to its end has failed as well.
for version in "$@"; do
	for tap in "build/stock/$version/test/out/"*_test \
	    "build/stock/$version/test/out/unload"; do
		[ -f "$tap" ] || continue
		awk -v file="$tap" '
			/^1\.\.[0-9]/ { plan = substr($1, 4) }
			/^ok .*# SKIP/ { print "skip"; skip++; next }
			/^ok / { print "pass"; ok++ }
			/^not ok / { print "fail"; bad++ }
			{ text = text $0 "\n" }
			END {
				if (!plan || ok + bad + skip < plan)
					print "fail"
				if (!plan || bad || ok + skip < plan)
					printf "WRONG: %s\n%s", file, text >"/dev/stderr"
			}' "$tap"
	done
done | sort | uniq -c | awk '
	{ count[$2] = $1 }
	END {
		printf "%d passed, %d failed, %d skipped\n", count["pass"],
			count["fail"], count["skip"]
		exit !count["pass"] || count["fail"]
	}' || broken=1
exit $broken
