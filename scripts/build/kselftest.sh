#!/bin/sh
# Builds the selftests of the series and installs them in build/kselftest, or in
# build/VARIANT/kselftest.
#
# usage: [ARCH=arm64] [CC=COMPILER] kselftest.sh [VARIANT]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
out=$top/build/${1:-}
obj=obj.hdr${1:+.$1}
cd "$top/build/nsfd"
make -s ARCH="${ARCH:-x86}" O="$obj" headers
rm -rf "$out/kselftest"
make -s -C tools/testing/selftests O="$PWD/$obj" TARGETS=nsfd CC="${CC:-gcc}" \
	INSTALL_PATH="$out/kselftest" FORCE_TARGETS=1 install \
	>"$out/kselftest.log" 2>&1 || {
	tail -n 30 "$out/kselftest.log" >&2
	exit 1
}
