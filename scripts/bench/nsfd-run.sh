#!/bin/sh
# Prints the cost of sockets under "nsfd run" in a booted guest: of a socket in the
# original namespace, of one in another namespace by setns() and back, and of
# socketat(), each also without a supervisor.
#
# usage: nsfd-run.sh
set -eu

cd "$(dirname "$0")/../.."
PATH=$PWD/build/tools:$PATH
ip netns add blue
visit()
{
	name=$1
	shift
	"$@" visit /run/netns/blue | sed "s,^,$name/,"
}
{
	visit alone build/bench/bench
	visit supervised nsfd run --grant blue --user nobody -- build/bench/bench
	visit cached nsfd run --preload "$PWD/build/tools/libnsfd-preload.so" \
		--grant blue --user nobody -- build/bench/bench-shared
	visit netns nsfd run --netns blue --user nobody -- build/bench/bench
} | awk -F '\t' '
	{ print; value[$1] = $2 }
	function ratio(what, over, under) {
		if (value[over] && value[under])
			printf "%s\t%.2f\n", what, value[over] / value[under]
	}
	END {
		ratio("continued to plain socket()", "supervised/socket/udp", "alone/socket/udp")
		ratio("supervised to native visit", "supervised/visit/udp", "alone/visit/udp")
		ratio("cached visit to socketat()", "cached/visit/udp", "alone/socketat/udp")
		ratio("cached to native visit", "cached/visit/udp", "alone/visit/udp")
	}'
