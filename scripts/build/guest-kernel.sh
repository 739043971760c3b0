#!/bin/sh
# Builds a kernel from build/NAME for the selftests as build/linux.NAME, for
# User-Mode Linux or for QEMU.
#
# usage: guest-kernel.sh [-q] NAME[.VARIANT] [CONFIG...]
#
# The configuration is that of the selftests, followed by each CONFIG. A variant has
# its own objects, build/NAME/obj.VARIANT, and is build/linux.NAME.VARIANT. -q is for
# QEMU, with x86-64 or, if ARCH=arm64, arm64.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
arch=um image=linux
if [ "$1" = -q ]; then
	arch=${ARCH:-x86_64} image=arch/x86/boot/bzImage
	[ "$arch" != arm64 ] || image=arch/arm64/boot/Image
	shift
fi
kernel=$1 name=${1%%.*} obj=obj.um
[ "$kernel" = "$name" ] || obj=obj.${kernel#*.}
shift
tests=tools/testing/selftests/nsfd
[ "$arch" != arm64 ] || set -- "$tests/config.arm64" "$@"
[ "$arch" = um ] || set -- "$tests/config.qemu" "$@"
[ "$arch" != um ] || set -- "$tests/config.um" "$@"
"$top/scripts/build/kernel.sh" "$name" "$arch" "$obj" alldefconfig \
	"$tests/config" "$@"
cd "$top/build"
cmp -s "$name/$obj/$image" "linux.$kernel" || cp "$name/$obj/$image" "linux.$kernel"
[ "$arch" != um ] ||
	gcc -O2 -Wall -shared -fPIC -o uml-xstate.so "$top/scripts/guest/uml-xstate.c"
