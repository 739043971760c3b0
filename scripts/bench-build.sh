#!/bin/sh
# Builds the benchmark, build/bench/bench, a version of it with shared libraries and,
# for each NAME, the kernel to run it on, build/NAME/obj.bench, with the configuration
# in tools/nsfd/bench.
#
# usage: bench-build.sh [NAME...]
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
source=$top/tools/nsfd/bench out=$top/build/bench

mkdir -p "$out/root"
gcc -O2 -Wall -static -pthread "-I$top/include/uapi" -o "$out/bench" "$source"/*.c \
	-luring
gcc -O2 -Wall -pthread "-I$top/include/uapi" -o "$out/bench-shared" \
	"$source"/*.c -luring
[ $# -gt 0 ] || exit 0

# An initial RAM disk that contains only the benchmark, and is reproducible: the time
# to parse a date influences the clock of the guest.
cp "$out/bench" "$out/root/init"
touch -d @0 "$out/root/init"
(cd "$out/root" && echo init | cpio --quiet --reproducible -o -H newc) >"$out/initrd"
for name in "$@"; do
	"$top/scripts/build-kernel.sh" "$name" x86_64 obj.bench allnoconfig \
		"$source/config"
done
