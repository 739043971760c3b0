#!/bin/sh
# Builds library, command, samples and selftests as programs for another
# architecture, in build/VARIANT.
#
# usage: cross.sh m32 | arm64
#
# m32 are 32-bit programs for the x86-64 kernel. For arm64 there are the tests of
# the package for Go as well, and build/arm64/root is a Debian system to boot.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
variant=$1
out=$top/build/$variant
root=$out/root
packages='libcap2 libcap-dev libmnl0 libmnl-dev libseccomp2 libseccomp-dev liburing2
	liburing-dev'
case $variant in
m32)
	debian=i386 triplet=i386-linux-gnu kernel_arch=x86
	cc="gcc -m32 -Wl,-rpath,$root/usr/lib/$triplet"
	;;
arm64)
	debian=arm64 triplet=aarch64-linux-gnu kernel_arch=arm64
	# The C library to link with is the compiler's: the paths in libc.so are absolute.
	cc='aarch64-linux-gnu-gcc -L/usr/aarch64-linux-gnu/lib' AR=aarch64-linux-gnu-ar
	export AR
	packages="$packages base-files base-passwd bash coreutils dash diffutils findutils
		grep haproxy hostname iproute2 libc-bin libcap2-bin lighttpd mawk mount netbase
		procps python3 python3-pyroute2 python3-tap sed systemd-sysv tar util-linux"
	;;
*) exit 2 ;;
esac

# The packages are only unpacked. The lists of apt on this machine, which need not
# include that architecture, remain unchanged.
# shellcheck disable=SC2086,SC2116 # one line
packages=$(echo $packages)
if [ "$(cat "$out/packages.list" 2>/dev/null)" != "$packages" ]; then
	rm -rf "$out"
	mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial"
	cat >"$out/apt/conf" <<-END
		APT::Architecture "$debian";
		APT::Architectures "$debian";
		APT::Sandbox::User "root";
		Dir::State::Lists "$out/apt/lists";
		Dir::State::Status "/dev/null";
		Dir::Cache "$out/apt/cache";
	END
	export APT_CONFIG="$out/apt/conf"
	# A source without this architecture is no reason to give up.
	apt-get -qq update >"$out/apt/log" 2>&1 || :
	# The C library of a 32-bit program is the compiler's.
	alone=
	[ "$variant" = arm64 ] || alone=-n
	# shellcheck disable=SC2086 # words
	"$top/tools/testing/selftests/nsfd-tools/unpack.sh" $alone "$out/debian" \
		$packages || {
		cat "$out/apt/log" >&2
		exit 1
	}
	unset APT_CONFIG
	mv "$out/debian/root" "$root"
	for dir in bin sbin lib; do
		[ ! -d "$root/$dir" ] || cp -a "$root/$dir" "$root/usr"
		rm -rf "${root:?}/$dir"
		ln -s "usr/$dir" "$root/$dir"
	done
	# Links for the linker that lead to this machine's /lib.
	find "$root/usr/lib/$triplet" -name '*.so' -lname '/*' | while read -r link; do
		ln -sf "$(basename "$(readlink "$link")")" "$link"
	done
	rm -rf "$out/debian" "$out/apt"
	# What the scripts of the packages would do.
	if [ "$variant" = arm64 ]; then
		cd "$root"
		mkdir mnt opt
		rm -rf var/run # a directory of a package, perhaps
		ln -s /run var/run
		ln -s mawk usr/bin/awk
		cp usr/share/base-passwd/passwd.master etc/passwd
		cp usr/share/base-passwd/group.master etc/group
		cp usr/share/libc-bin/nsswitch.conf etc
		printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts
		: >etc/resolv.conf
		/usr/bin/python3 -m compileall -q usr/lib/python3*
	fi
	echo "$packages" >"$out/packages.list"
fi

export CC="$cc -idirafter $root/usr/include -idirafter $root/usr/include/$triplet \
-L$root/usr/lib/$triplet"
cd "$top"
make -s -C tools/lib/nsfd O="$out/lib" all tests
tools/testing/selftests/nsfd-tools/prepare.sh "$out"
ARCH=$kernel_arch scripts/build/kselftest.sh "$variant"
[ "$variant" != arm64 ] || make -s -C tools/lib/nsfd/go O="$out/go" GOARCH=arm64
