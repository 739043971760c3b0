#!/bin/sh
# Creates a git tree in DIR with the source of Linux VERSION as its only commit, on a
# branch named after DIR: a new repository or, if build/vanilla exists, a worktree of
# that.
#
# usage: [KERNEL_SRC=tree|tarball] fetch.sh DIR VERSION [SUITE]
#
# The source is that of Debian's linux-source-VERSION, from the package sources of the
# host or, with SUITE, from that suite.
set -eu

dir=$1 version=$2 suite=${3:-} package=linux-source-$2
die() {
	echo "fetch: $*" >&2
	exit 1
}

top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$(dirname "$dir")"
free=$(df -Pk "$(dirname "$dir")" | awk 'NR == 2 { print int($4 / 1048576) }')
[ "$free" -ge 16 ] ||
	die "$(dirname "$dir"): $free GiB free, 16 GiB needed"

src=${KERNEL_SRC:-/usr/src/$package.tar.xz}
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
	echo "source: Debian's $package${suite:+ of $suite}"
	if [ -n "$suite" ]; then
		# shellcheck source=scripts/deb/suite.sh
		. "$top/scripts/deb/suite.sh"
		use_suite "$suite" || die "no lists of $suite"
	fi
	(cd "$new" && apt-get -qq download "$package" 2>&1) | grep -v unsandboxed || :
	deb=$(find "$new" -name '*.deb')
	[ -n "$deb" ] ||
		die "no package $package${suite:+ in $suite}: run apt-get update, or set KERNEL_SRC"
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$new" --strip-components=1
	rm "$deb"
fi

found=$(awk '$1 ~ /^(VERSION|PATCHLEVEL)$/ { v = v "." $3 } /^SUBLEVEL/ { exit }
	END { print substr(v, 2) }' "$new/Makefile")
[ "$found" = "$version" ] || die "$src: is Linux $found, not $version"

cd "$new"
branch=${dir##*/}
export GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000'
export GIT_AUTHOR_NAME=nsfd GIT_AUTHOR_EMAIL=nsfd@localhost
export GIT_COMMITTER_NAME=nsfd GIT_COMMITTER_EMAIL=nsfd@localhost
linux="Linux $(make -s kernelversion)"
if [ "$branch" = vanilla ]; then
	git init -q -b vanilla
	git config core.compression 0
	git config gc.auto 0
	git add -A -f .
	git commit -q -m "$linux"
	cd - >/dev/null
	rm -rf "$dir"
	mv "$new" "$dir"
	trap - EXIT
else
	GIT_DIR=$top/build/vanilla/.git
	GIT_INDEX_FILE=$new.index
	export GIT_DIR GIT_INDEX_FILE
	trap 'rm -rf "$new" "$new.index"' EXIT
	git --work-tree=. add -A -f .
	commit=$(git commit-tree -m "$linux" "$(git write-tree)")
	unset GIT_INDEX_FILE
	git worktree prune
	git worktree add -q -f -B "$branch" "$dir" "$commit"
fi
