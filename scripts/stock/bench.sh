#!/bin/sh
# Prints the instructions of calls on a stock Debian kernel: socket(), setns(),
# socket(), setns(), and the two methods of the module.
#
# usage: bench.sh VERSION
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
task=$top/build/stock/$1/bench source=$top/tools/nsfd/bench
rm -rf "$task"
mkdir -p "$task"
gcc -O2 -Wall -static -pthread "-I$top/include/uapi" -o "$task/bench" \
	"$source"/*.c
cat >"$task/command" <<-'END'
	# Where no controller counts what a socket takes.
	echo $$ >/sys/fs/cgroup/cgroup.procs
	for way in socket dance module-device module-delegated; do
		for family in tcp udp unix; do
			./bench $way/$family || exit
		done
	done
END
"$top/scripts/stock/boot.sh" -i -t "${TIMEOUT:-900}" "$1" "$task" | awk -F '\t' '
	!/^#/ { split($1, name, "/"); count[name[1], name[2]] = $2 }
	END {
		ways = split("socket dance module-device module-delegated", way, " ")
		for (f = split("tcp udp unix", family, " "); f; f--)
			for (w = 1; w <= ways; w++) {
				n = count[way[w], family[f]]
				printf "%-4s %-16s %5d  socket %+5d  dance x %.2f\n",
					family[f], way[w], n,
					n - count["socket", family[f]],
					n / count["dance", family[f]]
			}
	}'
