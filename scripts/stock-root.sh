#!/bin/sh
# Creates a Debian system with a stock kernel, haproxy and the packages in build/deb:
# root, vmlinuz and initrd in build/stock/VERSION.
#
# usage: stock-root.sh VERSION
#
# apt uses the sources of the host. An existing system with the same packages is used
# again.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
version=$1
die()
{
	echo "stock $version: $*" >&2
	exit 1
}

case $version in
6.1) flavour=cloud-amd64 ;;
6.12) flavour=6.12-cloud-amd64 ;;
*) die "no such kernel: STOCK is 6.1 or 6.12" ;;
esac
for package in "linux-image-$flavour" "linux-headers-$flavour" haproxy; do
	apt-cache show "$package" >/dev/null 2>&1 ||
		die "no package $package: run apt-get update"
done

# A Debian of the host's release, which the packages were built on.
for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
	[ ! -s "$sources" ] || break
done
# shellcheck disable=SC1091,SC2154 # of the host
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

mkdir -p "$top/build/stock/$version"
cd "$top/build/stock/$version"
stamp=$(cat "$top"/build/deb/*.deb "$top/scripts/stock-root.sh" \
	"$top/scripts/stock-guest.sh" | sha256sum)
stamp="$stamp $(apt-cache policy "linux-image-$flavour" | sed -n 3p)"
if [ "$(cat stamp 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
rm -f stamp
debs=$(echo "$top"/build/deb/*.deb)
mkdir -p bare # of what mmdebstrap mounts in there
# shellcheck disable=SC2016 # $1 is the new root, for the hooks
mmdebstrap --quiet --variant=minbase \
	--include="linux-image-$flavour,linux-headers-$flavour" \
	--include=dkms,initramfs-tools,kmod,libcap2,systemd-sysv,udev \
	--include=busybox,curl,haproxy,iproute2,libmnl0,procps \
	--include=python3-pyroute2,python3-tap \
	--customize-hook='mkdir "$1/debs"' \
	--customize-hook="copy-in $debs /debs" \
	--customize-hook='chroot "$1" sh -c "apt-get -q -y install /debs/*.deb"' \
	--customize-hook='rm -r "$1/debs"' \
	--customize-hook="copy-in $top/scripts/stock-guest.sh /usr/local/sbin" \
	--customize-hook='mount --bind "$1" bare && rm -f root' \
	--customize-hook='mke2fs -q -t ext4 -d bare root 3G && umount bare' \
	--customize-hook='cp "$1"/boot/vmlinuz-* vmlinuz' \
	--customize-hook='cp "$1"/boot/initrd.img-* initrd' \
	"$suite" /dev/null "$sources" >log 2>&1 || {
	tail -n 20 log >&2
	die "no system, see build/stock/$version/log"
}
echo "$stamp" >stamp
