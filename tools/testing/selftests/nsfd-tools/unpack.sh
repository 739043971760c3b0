#!/bin/sh
# Unpacks Debian packages, and the libraries that they need and this machine lacks, to
# DIR/root. None of them is configured or started.
#
# usage: unpack.sh [-n] DIR PACKAGE...
#
# -n unpacks the packages alone. APT_CONFIG may name another architecture.
set -eu

alone=
[ "$1" != -n ] || { alone=1 && shift; }
dir=$1
shift
[ ! -d "$dir/root" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir"
names=
[ -n "$alone" ] || names=$(apt-get -s --no-install-recommends install "$@" |
	sed -n 's/^Inst \([^ ]*\).*/\1/p')
for name in "$@"; do
	case " $(echo "$names" | tr '\n' ' ') " in
	*" $name "*) ;;
	*) names="$names $name" ;;
	esac
done
cd "$dir"
# _apt cannot write here.
# shellcheck disable=SC2086 # a list of words
apt-get -qq -o APT::Sandbox::User=root download $names || {
	echo "apt-get download: failed" >&2
	exit 1
}
for file in *.deb; do
	dpkg-deb -x "$file" root.new
done
mv root.new root
