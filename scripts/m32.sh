#!/bin/sh
# Builds the library, the command and the selftests as 32-bit programs in build/m32.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/build/m32
root=$out/root
libdir=$root/usr/lib/i386-linux-gnu
kernel=$top/build/nsfd

# Debian's libraries for i386, unpacked only: apt's lists of this machine, which
# may know nothing of that architecture, remain as they are.
if [ ! -d "$root" ]; then
	rm -rf "$out"
	mkdir -p "$out/lists/partial" "$out/cache/archives/partial"
	cd "$out"
	set -- -qq -o APT::Architecture=i386 -o APT::Architectures=i386 \
		-o Dir::State::Lists="$out/lists" -o Dir::Cache="$out/cache" \
		-o Dir::State::Status=/dev/null -o APT::Sandbox::User=root
	# Ignore sources without this architecture.
	apt-get "$@" update >"$out/update.log" 2>&1 || :
	apt-get "$@" download libcap2 libcap-dev libmnl0 libmnl-dev \
		libseccomp2 libseccomp-dev || {
		cat "$out/update.log" >&2
		exit 1
	}
	for file in *.deb; do
		dpkg-deb -x "$file" root.new
	done
	# All in one directory, which can be moved.
	mv root.new/lib/i386-linux-gnu/* root.new/usr/lib/i386-linux-gnu
	mv root.new root
fi

cc="gcc -m32 -idirafter $root/usr/include -idirafter $root/usr/include/i386-linux-gnu \
-L$libdir -Wl,-rpath,$libdir"
cd "$top"
make -s -C tools/lib/nsfd O="$out/lib" CC="$cc" all tests
make -s -C tools/nsfd O="$out/tools" LIB_O="$out/lib" CC="$cc"
mkdir -p "$out/probe"
$cc -O2 -Wall -Wextra -Werror -pthread -o "$out/probe/probe" \
	tools/testing/selftests/nsfd-tools/probe.c
$cc -O2 -static -pthread -o "$out/probe/probe-static" \
	tools/testing/selftests/nsfd-tools/probe.c
rm -rf "$out/kselftest"
make -s -C "$kernel/tools/testing/selftests" O="$kernel/obj.hdr/m32" TARGETS=nsfd \
	KHDR_INCLUDES="-isystem $kernel/obj.hdr/usr/include" CC="$cc" \
	INSTALL_PATH="$out/kselftest" FORCE_TARGETS=1 install >"$out/log" 2>&1 || {
	tail -n 30 "$out/log" >&2
	exit 1
}
