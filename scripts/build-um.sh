#!/bin/sh
# Builds a User-Mode Linux kernel from build/NAME, as build/linux.NAME.
#
# usage: build-um.sh NAME[.VARIANT] [CONFIG...]
#
# The configuration is that of the selftests and, after it, each CONFIG. A
# variant has objects of its own, build/NAME/obj.VARIANT, and is
# build/linux.NAME.VARIANT.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
kernel=$1 name=${1%%.*} obj=obj.um
[ "$kernel" = "$name" ] || obj=obj.${kernel#*.}
shift
tests=tools/testing/selftests/nsfd
"$top/scripts/build-kernel.sh" "$name" um "$obj" alldefconfig \
	"$tests/config" "$tests/config.um" "$@"
cd "$top/build"
cmp -s "$name/$obj/linux" "linux.$kernel" || cp "$name/$obj/linux" "linux.$kernel"
