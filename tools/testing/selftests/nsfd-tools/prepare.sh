#!/bin/sh
# Builds what the tests of the tools run: the tools, the samples, and packages
# of Debian's, unpacked only, so that none of them is set up or started here.
#
# usage: prepare.sh [TOP]	(the repository; everything goes to its build/)
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
# Another preload library, which does not permit sockets.
gcc -shared -fPIC -include errno.h -o build/probe/refuse.so -x c - <<-'EOF'
	int socket(int family, int type, int protocol)
	{
		errno = EACCES;
		return -1;
	}
EOF

tools/testing/selftests/nsfd-tools/unpack.sh "$PWD/build/packages" haproxy lighttpd
