#!/bin/sh
# Builds the Debian packages of the library, the command and the module in build/deb,
# and checks them with lintian.
#
# usage: [ARCH=arm64] packages.sh
#
# With ARCH=arm64, the packages that depend on the architecture are cross-built in
# build/deb.arm64, in a temporary Debian system of the host's release that has their
# dependencies.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
out=build/deb${ARCH:+.$ARCH}
# The packages are built by the distribution's python.
export PATH="/usr/bin:$PATH"
rm -rf "$out"
mkdir -p "$out/nsfd"
tar -c debian drivers include samples tools Documentation | tar -x -C "$out/nsfd"

# The packages name their builder as maintainer. Without a git identity, or with
# one at a host without a domain, which lintian refuses, they keep the reserved
# name in debian/.
name=$(git config user.name 2>/dev/null) || name=
email=$(git config user.email 2>/dev/null) || email=
cd "$out/nsfd"
case $name:$email in
?*:?*@?*.?*)
	maintainer="$name <$email>" perl -pi -e \
		's/nsfd maintainers <nsfd\@nsfd\.invalid>/$ENV{maintainer}/' \
		debian/control debian/changelog
	;;
esac

export DEB_BUILD_OPTIONS=noautodbgsym
cross_build()
{
	# shellcheck source=scripts/deb/suite.sh
	. "$top/scripts/deb/suite.sh"
	host_suite
	# shellcheck disable=SC2016 # $1 is the new root, for the hooks
	mmdebstrap --variant=buildd --include="crossbuild-essential-$ARCH" \
		--architectures="$(dpkg --print-architecture),$ARCH" \
		--customize-hook="copy-in $PWD /root" \
		--customize-hook="chroot \"\$1\" sh -ec 'cd /root/nsfd
			apt-get -q -y --arch-only -a$ARCH -Pcross build-dep ./
			dpkg-buildpackage -B -uc -a$ARCH -Pcross'" \
		--customize-hook='cp "$1"/root/nsfd_* "$1"/root/*.deb ..' \
		"$suite" /dev/null "$sources"
}

build=cross_build
[ -n "${ARCH:-}" ] || build='dpkg-buildpackage -b -uc'
$build >../build.log 2>&1 || {
	tail -n 30 ../build.log >&2
	echo "dpkg-buildpackage: failed, see $out/build.log" >&2
	exit 1
}
cd ..
rm -rf nsfd
lintian --allow-root --tag-display-limit 0 --fail-on error,warning ./*.changes
ls ./*.deb
