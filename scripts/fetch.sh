#!/bin/sh
# Lays out the source of Linux 6.12 in DIR as a git repository with one commit,
# on the branch "vanilla".
#
# usage: [KERNEL_SRC=tree|tarball] fetch.sh DIR
#
# Without KERNEL_SRC the source is that of Debian's linux-source-6.12.
set -eu

dir=$1 version=6.12
die() {
	echo "fetch: $*" >&2
	exit 1
}

mkdir -p "$(dirname "$dir")"
free=$(df -Pk "$(dirname "$dir")" | awk 'NR == 2 { print int($4 / 1048576) }')
[ "$free" -ge 16 ] ||
	die "$(dirname "$dir"): $free GiB free, 16 GiB needed"

src=${KERNEL_SRC:-/usr/src/linux-source-$version.tar.xz}
new=$dir.new
rm -rf "$new"
mkdir "$new"
trap 'rm -rf "$new"' EXIT

if [ -d "$src" ]; then
	echo "source: $src"
	if [ ! -f "$src/Makefile" ] || [ ! -f "$src/Kbuild" ]; then
		die "KERNEL_SRC=$src: not a Linux source tree"
	fi
	if [ -e "$src/.git" ]; then
		git -C "$src" archive HEAD | tar -x -C "$new"
	else
		tar -c -C "$src" --exclude=./.git . | tar -x -C "$new"
	fi
elif [ -f "$src" ]; then
	echo "source: $src"
	tar -x -C "$new" --strip-components=1 -f "$src" ||
		die "KERNEL_SRC=$src: not a tarball of Linux"
elif [ -n "${KERNEL_SRC:-}" ]; then
	die "KERNEL_SRC=$src: no such tree or tarball"
else
	echo "source: Debian's linux-source-$version"
	(cd "$new" && apt-get -qq download "linux-source-$version" 2>&1) |
		grep -v unsandboxed || :
	deb=$(find "$new" -name '*.deb')
	[ -n "$deb" ] ||
		die "no package linux-source-$version: run apt-get update, or set KERNEL_SRC"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/linux-source-$version.tar.xz" |
		tar -xJ -C "$new" --strip-components=1
	rm "$deb"
fi

found=$(awk '$1 ~ /^(VERSION|PATCHLEVEL)$/ { v = v "." $3 } /^SUBLEVEL/ { exit }
	END { print substr(v, 2) }' "$new/Makefile")
[ "$found" = "$version" ] ||
	die "$src: is Linux $found, the series is for $version"

cd "$new"
git init -q -b vanilla
git config core.compression 0
git config gc.auto 0
git add -A -f .
GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
	git -c user.name=nsfd -c user.email=nsfd@localhost \
	commit -q -m "Linux $(make -s kernelversion)"
cd - >/dev/null
rm -rf "$dir"
mv "$new" "$dir"
trap - EXIT
