#!/bin/sh
# Creates a Debian system with a stock kernel, haproxy and the packages in build/deb:
# root, vmlinuz and initrd in build/stock/VERSION.
#
# usage: root.sh VERSION
#
# The system is of the host's release, from the host's sources; but for the mainline
# of the proposal, it is of the release whose backports have that kernel. An existing
# system with the same packages is used again.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
version=$1
# shellcheck source=scripts/series/proposal.sh
. "$top/scripts/series/proposal.sh"
# shellcheck source=scripts/deb/suite.sh
. "$top/scripts/deb/suite.sh"
die()
{
	echo "stock $version: $*" >&2
	exit 1
}

# shellcheck disable=SC2154 # of proposal.sh
if [ "$version" = "$next" ]; then
	use_suite "$next_suite" || die "no lists of $next_suite"
	suite=${next_suite%-backports} from=/$next_suite
	sources=$top/build/apt/sources.list
else
	host_suite
	from=
fi

# The kernel that the release has by default, or one that it has beside it.
for flavour in cloud-amd64 "$version-cloud-amd64"; do
	found=$(apt-cache --no-all-versions show "linux-image-$flavour$from" 2>/dev/null |
		sed -n 's/^Version: //p')
	case $found in
	"$version".*) break ;;
	esac
	found=
done
[ -n "$found" ] ||
	die "no such kernel for Debian's $suite: see make help, or run apt-get update"

mkdir -p "$top/build/stock/$version"
cd "$top/build/stock/$version"
stamp=$(cat "$top"/build/deb/*.deb "$top/scripts/stock/root.sh" \
	"$top/scripts/stock/guest.sh" | sha256sum)
stamp="$stamp $found"
if [ "$(cat stamp 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
rm -f stamp
debs=$(echo "$top"/build/deb/*.deb)
mkdir -p bare # of what mmdebstrap mounts in there
# shellcheck disable=SC2016 # $1 is the new root, for the hooks
env -u APT_CONFIG mmdebstrap --quiet --variant=minbase \
	--include="linux-image-$flavour$from,linux-headers-$flavour$from" \
	--include="linux-base$from" \
	--include=dkms,initramfs-tools,kmod,libcap2,systemd-sysv,udev \
	--include=busybox,curl,haproxy,iproute2,libmnl0,procps \
	--include=python3-pyroute2,python3-tap \
	--customize-hook='mkdir "$1/debs"' \
	--customize-hook="copy-in $debs /debs" \
	--customize-hook='chroot "$1" sh -c "apt-get -q -y install /debs/*.deb"' \
	--customize-hook='rm -r "$1/debs"' \
	--customize-hook="copy-in $top/scripts/stock/guest.sh /usr/local/sbin" \
	--customize-hook='mount --bind "$1" bare && rm -f root' \
	--customize-hook='mke2fs -q -t ext4 -d bare root 3G && umount bare' \
	--customize-hook='cp "$1"/boot/vmlinuz-* vmlinuz' \
	--customize-hook='cp "$1"/boot/initrd.img-* initrd' \
	"$suite" /dev/null "$sources" >log 2>&1 || {
	tail -n 20 log >&2
	die "no system, see build/stock/$version/log"
}
echo "$stamp" >stamp
