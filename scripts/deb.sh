#!/bin/sh
# Builds the Debian packages of the library, the command and the module in build/deb,
# and checks them with lintian.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
out=build/deb
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

DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -uc >../build.log 2>&1 || {
	tail -n 30 ../build.log >&2
	echo "dpkg-buildpackage: failed, see $out/build.log" >&2
	exit 1
}
cd ..
rm -rf nsfd
lintian --allow-root --tag-display-limit 0 --fail-on error,warning ./*.changes
ls ./*.deb
