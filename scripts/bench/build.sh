#!/bin/sh
# Builds the benchmark, build/bench/bench, a version of it with shared libraries and,
# for each NAME, the kernel to run it on, build/NAME/obj.bench, with the configuration
# in tools/nsfd/bench.
#
# usage: [ARCH=arm64] build.sh [NAME...]
#
# For arm64, these are build/bench.arm64 and build/NAME/obj.bench.arm64.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
arch=${ARCH:-x86_64} source=$top/tools/nsfd/bench
out=$top/build/bench obj=obj.bench gcc=gcc config='' ring=-luring
if [ "$arch" = arm64 ]; then
	out=$out.arm64 obj=$obj.arm64 config=$source/config.arm64
	# liburing is the one that cross.sh has unpacked.
	gcc='aarch64-linux-gnu-gcc -L/usr/aarch64-linux-gnu/lib'
	usr=$top/build/arm64/root/usr
	ring="-idirafter $usr/include -L$usr/lib/aarch64-linux-gnu -luring"
fi

mkdir -p "$out/root"
# shellcheck disable=SC2086 # words
$gcc -O2 -Wall -static -pthread "-I$top/include/uapi" -o "$out/bench" "$source"/*.c $ring
# shellcheck disable=SC2086
$gcc -O2 -Wall -pthread "-I$top/include/uapi" -o "$out/bench-shared" "$source"/*.c $ring
[ $# -gt 0 ] || exit 0

# An initial RAM disk that contains only the benchmark, and is reproducible: the time
# to parse a date influences the clock of the guest.
cp "$out/bench" "$out/root/init"
touch -d @0 "$out/root/init"
(cd "$out/root" && echo init | cpio --quiet --reproducible -o -H newc) >"$out/initrd"
for name in "$@"; do
	"$top/scripts/build/kernel.sh" "$name" "$arch" "$obj" allnoconfig \
		"$source/config" ${config:+"$config"}
done
