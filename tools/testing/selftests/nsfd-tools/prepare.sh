#!/bin/sh
# Builds what the tests of the tools run: the tools, the samples, and Debian packages,
# which are only unpacked, so that none of them is configured or started.
#
# usage: prepare.sh [TOP]	(the repository; all output goes to its build/)
set -eu

cd "${1:-$(dirname "$0")/../../../..}"
make -s -C tools/nsfd
make -s -C tools/nsfd O="$PWD/build/stage/tools" LIB_O="$PWD/build/stage/lib" \
	PREFIX=/opt/nsfd DESTDIR="$PWD/build/stage" install
scripts/samples.sh
mkdir -p build/probe
gcc -O2 -Wall -Wextra -Werror -pthread -o build/probe/probe \
	tools/testing/selftests/nsfd-tools/probe.c
gcc -O2 -static -pthread -o build/probe/probe-static \
	tools/testing/selftests/nsfd-tools/probe.c
# Another preload library, which denies sockets.
gcc -shared -fPIC -include errno.h -o build/probe/refuse.so -x c - <<-'EOF'
	int socket(int family, int type, int protocol)
	{
		errno = EACCES;
		return -1;
	}
EOF

tools/testing/selftests/nsfd-tools/unpack.sh "$PWD/build/packages" haproxy lighttpd
