#!/bin/sh
# Turns patches and new files into commits on top of BASE, one for each patch of the
# series, in the repository of build/vanilla.
#
# usage: commit.sh BASE BRANCH [FIRST [LAST [KERNEL]]]
#
# Nothing is checked out: refs/nsfd/BRANCH is set to the last commit. A patch that
# does not apply exactly is an error. With KERNEL, the patches are those of
# patch-for.sh, and notes on the commits explain the differences.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
base=$1 branch=$2 first=${3:-1} last=${4:-9999} kernel=${5:-}

cd "$top/build/vanilla"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_INDEX_FILE="$work/index"
git read-tree "$base"
commit=$(git rev-parse "$base")

# Commits the index with the message of patch $1.
finish()
{
	[ -n "$1" ] || return 0
	git mailinfo -b "$work/message" "$work/diff" <"$top/$1" >"$work/info"
	name=$(sed -n 's/^Author: //p' "$work/info")
	email=$(sed -n 's/^Email: //p' "$work/info")
	date=$(sed -n 's/^Date: //p' "$work/info")
	{
		sed -n 's/^Subject: //p' "$work/info"
		echo
		cat "$work/message"
	} >"$work/text"
	commit=$(GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email \
		GIT_AUTHOR_DATE=$date GIT_COMMITTER_NAME=$name \
		GIT_COMMITTER_EMAIL=$email GIT_COMMITTER_DATE=$date \
		git commit-tree "$(git write-tree)" -p "$commit" -F "$work/text")
	variant=$top/${1%.patch}.$kernel.diff
	[ ! -f "$variant" ] || sed '/^diff --git /,$d' "$variant" |
		GIT_INDEX_FILE='' git -c user.name="$name" -c user.email="$email" \
			notes --ref=nsfd add -f -F - "$commit" 2>/dev/null
}

patch=
while read -r path; do
	case $path in
	'' | '#'*) ;;
	*.patch)
		finish "$patch"
		patch=
		number=$(basename "$path" | sed 's/^0*\([0-9]*\)-.*/\1/')
		if [ "$number" -lt "$first" ] || [ "$number" -gt "$last" ]; then
			continue
		fi
		patch=$path
		"$top/scripts/series/patch-for.sh" "$top/$path" "$kernel" >"$work/patch"
		git apply --cached --whitespace=nowarn "$work/patch" || {
			echo "commit: $path does not apply to $base" >&2
			exit 1
		}
		;;
	*)
		[ -n "$patch" ] || continue
		mode=100644
		[ ! -x "$top/$path" ] || mode=100755
		git update-index --add --cacheinfo \
			"$mode,$(git hash-object -w "$top/$path"),$path"
		;;
	esac
done <"$top/series"
finish "$patch"
git update-ref "refs/nsfd/$branch" "$commit"
