#!/bin/sh
# Applies the proposed patches, with the selftests of the series, to a source tree
# of the user: completely, or not at all.
#
# usage: apply.sh TREE
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
tree=${1:-}
# shellcheck source=scripts/series/proposal.sh
. "$top/scripts/series/proposal.sh"
die()
{
	echo "apply: $*; nothing was changed" >&2
	exit 1
}

[ -n "$tree" ] || {
	echo "apply: which tree? make apply KERNEL=dir" >&2
	exit 1
}
if [ ! -f "$tree/Makefile" ] || [ ! -f "$tree/net/socket.c" ]; then
	die "$tree: not a Linux source tree"
fi
tree=$(cd "$tree" && pwd)
version=$(make -s -C "$tree" kernelversion) || die "$tree: has no version"
case $version in
6.12 | 6.12[.-]*) kernel=vanilla ;;
"$next" | "$next"[.-]*) kernel=next ;;
*) die "$tree: is Linux $version, the patches are for 6.12 and $next" ;;
esac

# The last patch requires the others: if it is applied, all of them are.
cd "$top"
top_patch=$(grep '\.patch$' series | sed -n "${last}p")
if scripts/series/patch-for.sh "$top_patch" "$kernel" |
    patch -d "$tree" -R -p1 -F0 -f -s --dry-run >/dev/null 2>&1; then
	echo "apply: the patches are in $tree already (Linux $version)"
	exit 0
fi

# The patches are applied to copies next to the files, so that only renaming them is
# left if all succeed.
work=$(mktemp -d "$tree/.apply.XXXXXX" 2>/dev/null) ||
	die "$tree: is not writable"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# copy FROM FILE
copy()
{
	dir=$(dirname "$2")
	[ ! -d "$tree/$dir" ] || [ -w "$tree/$dir" ] ||
		die "$tree/$dir: is not writable"
	mkdir -p "$work/new/$dir"
	cp -p "$1/$2" "$work/new/$2" || die "$2: was not copied"
}

apply()
{
	"$top/scripts/series/patch-for.sh" "$top/$1" "$kernel" >"$work/patch"
	sed -n 's|^+++ b/||p' "$work/patch" >"$work/files"
	while read -r file; do
		[ ! -f "$work/new/$file" ] || continue
		[ -f "$tree/$file" ] || die "$tree/$file: no such file"
		copy "$tree" "$file"
	done <"$work/files"

	subject=$(sed -n 's/^Subject: //p' "$1")
	if ! patch -d "$work/new" -p1 -F0 -f -s --no-backup-if-mismatch \
		-i "$work/patch" >"$work/log" 2>&1; then
		sed -n 's/.*saving rejects to file \(.*\)\.rej/apply: \1: does not match/p' \
			"$work/log" >&2
		die "\"$subject\" does not apply to $tree (Linux $version)"
	fi
	echo "$subject" >>"$work/subjects"
}

ours=
while read -r path; do
	case $path in
	'#'*) ;;
	*.patch)
		number=$(basename "$path" | sed 's/^0*\([0-9]*\)-.*/\1/')
		ours=
		if [ "$number" -ge "$first" ] && [ "$number" -le "$last" ]; then
			ours=yes
			apply "$path"
		fi
		;;
	*)
		case $ours$path in
		yes* | tools/testing/selftests/*) ;;
		*) continue ;;
		esac
		[ ! -e "$tree/$path" ] || cmp -s "$path" "$tree/$path" ||
			die "$tree/$path: there is such a file already"
		copy "$top" "$path"
		;;
	esac
done <series

cd "$work/new"
find . -type f >"$work/files"
changed=0 new=0
while read -r file; do
	if [ -e "$tree/$file" ]; then
		changed=$((changed + 1))
	else
		new=$((new + 1))
		mkdir -p "$tree/$(dirname "$file")"
	fi
	mv -f "$file" "$tree/$file"
done <"$work/files"
sed 's/^/applied: /' "$work/subjects"
echo "$changed files changed, $new new, in $tree (Linux $version)"
