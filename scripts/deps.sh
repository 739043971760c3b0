#!/bin/sh
# Installs the Debian packages that the build requires, and those given as arguments,
# or prints the missing ones.
set -eu

packages="bc bison ccache coccinelle codespell cpio flex gcc git golang-go
golang-golang-x-sys-dev iproute2 kmod libc6-dev libcap-dev libcap2-bin
libelf-dev libmnl-dev libseccomp-dev libssl-dev liburing-dev make patch perl
pkg-config procps python3 python3-docutils python3-git python3-ply
python3-pyroute2 python3-tap rsync shellcheck sparse systemd-sysv util-linux
xz-utils $*"

command -v dpkg-query >/dev/null || exit 0 # not Debian: the user's own affair
missing=
for package in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "missing packages: run: sudo apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
apt-get -qq update
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
	$missing >/dev/null || {
	echo "apt-get install$missing: failed" >&2
	exit 1
}
