#!/bin/sh
# Builds what the tests of the tools run: the tools, the samples, and Debian packages,
# which are only unpacked, so that none of them is configured or started.
#
# usage: [CC=COMPILER] prepare.sh [BUILD]
#
# Everything goes to build/ of the repository. If BUILD is another directory, the
# programs go there, and there are no packages.
set -eu

cd "$(dirname "$0")/../../../.."
out=${1:-$PWD/build}
cc=${CC:-gcc}
make -s -C tools/nsfd O="$out/tools" LIB_O="$out/lib"
make -s -C tools/nsfd O="$out/stage/tools" LIB_O="$out/stage/lib" \
	PREFIX=/opt/nsfd DESTDIR="$out/stage" install
scripts/build/samples.sh "$out/samples"
mkdir -p "$out/probe"
# shellcheck disable=SC2086 # a compiler and its options
{
	$cc -O2 -Wall -Wextra -Werror -pthread -o "$out/probe/probe" \
		tools/testing/selftests/nsfd-tools/probe.c
	$cc -O2 -static -pthread -o "$out/probe/probe-static" \
		tools/testing/selftests/nsfd-tools/probe.c
	# Another preload library, which does not permit sockets.
	$cc -shared -fPIC -include errno.h -o "$out/probe/refuse.so" -x c - <<-'EOF'
		int socket(int family, int type, int protocol)
		{
			errno = EACCES;
			return -1;
		}
	EOF
}

[ "$out" != "$PWD/build" ] ||
	tools/testing/selftests/nsfd-tools/unpack.sh "$out/packages" haproxy lighttpd
