#!/bin/sh
# Builds the selftests of the series and installs them in build/kselftest.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top/build/nsfd"
make -s ARCH=x86 O=obj.hdr headers
rm -rf "$top/build/kselftest"
make -s -C tools/testing/selftests O="$PWD/obj.hdr" TARGETS=nsfd \
	INSTALL_PATH="$top/build/kselftest" FORCE_TARGETS=1 install \
	>"$top/build/kselftest.log" 2>&1 || {
	tail -n 30 "$top/build/kselftest.log" >&2
	exit 1
}
