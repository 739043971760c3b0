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

packages=$PWD/build/packages
[ ! -d "$packages/root" ] || exit 0
rm -rf "$packages"
mkdir -p "$packages"
# With them come the libraries that this machine lacks. _apt cannot write here.
names=$(apt-get -s --no-install-recommends install haproxy lighttpd |
	sed -n 's/^Inst \([^ ]*\).*/\1/p')
for name in haproxy lighttpd; do
	case " $(echo "$names" | tr '\n' ' ') " in
	*" $name "*) ;;
	*) names="$names $name" ;;
	esac
done
cd "$packages"
# shellcheck disable=SC2086 # a list of words
apt-get -qq -o APT::Sandbox::User=root download $names || {
	echo "apt-get download: failed" >&2
	exit 1
}
for file in *.deb; do
	dpkg-deb -x "$file" root.new
done
mv root.new root
