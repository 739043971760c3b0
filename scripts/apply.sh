#!/bin/sh
# Applies what is new to Linux, patches 8 and later, to a source tree of the
# user's own, and brings the selftests along. All of it, or nothing.
#
# usage: apply.sh TREE
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
tree=$1
die()
{
	echo "apply: $*" >&2
	exit 1
}

[ -n "$tree" ] || die "say which tree: make apply KERNEL=dir"
if [ ! -f "$tree/Makefile" ] || [ ! -f "$tree/net/socket.c" ]; then
	die "$tree: not a Linux source tree"
fi
tree=$(cd "$tree" && pwd)
version=$(make -s -C "$tree" kernelversion)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The patches in question with their new files, and the selftests of all.
awk '
	/\.patch$/ { n = $1; sub(/.*\//, "", n); ours = n + 0 >= 8 }
	/\.patch$/ && ours { print $1 >patches }
	!/\.patch$/ && !/^#/ && (ours || /tools\/testing\/selftests\/nsfd\//) {
		print $1 >files
	}' patches="$work/patches" files="$work/files" "$top/series"

# They are tried on copies of the files that they change.
while read -r patch; do
	git apply --numstat "$top/$patch" | cut -f3
done <"$work/patches" | sort -u >"$work/changed"
while read -r file; do
	[ -f "$tree/$file" ] || die "$file: not in $tree (Linux $version)"
	mkdir -p "$work/new/$(dirname "$file")"
	cp -p "$tree/$file" "$work/new/$file"
done <"$work/changed"

if grep -q socketat "$tree/net/socket.c"; then
	while read -r patch; do
		sed -n 's/^Subject: //p' "$top/$patch"
	done <"$work/patches"
	echo "apply: they are in $tree already"
	exit 0
fi

while read -r patch; do
	subject=$(sed -n 's/^Subject: //p' "$top/$patch")
	if ! patch -d "$work/new" -p1 -F0 -s --no-backup-if-mismatch \
		-i "$top/$patch" >"$work/log" 2>&1; then
		sed -n 's/.*saving rejects to file \(.*\)\.rej/\1: does not apply/p' \
			"$work/log" >&2
		die "\"$subject\" does not apply to $tree (Linux $version); nothing was changed"
	fi
	echo "applied: $subject"
done <"$work/patches"

while read -r file; do
	mkdir -p "$work/new/$(dirname "$file")"
	cp "$top/$file" "$work/new/$file"
done <"$work/files"
cp -r "$work/new/." "$tree"
echo "$(wc -l <"$work/changed") files changed, $(wc -l <"$work/files") new, in $tree (Linux $version)"
