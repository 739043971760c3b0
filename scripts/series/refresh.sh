#!/bin/sh
# Writes the patches and new files from the tree in build/nsfd and, if it exists, the
# differences for the next kernel from that in build/next.
#
# usage: [PATCH=n] refresh.sh
#
# Uncommitted changes become part of patch PATCH, or of the last patch that touches
# their file.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
die()
{
	echo "refresh: $*" >&2
	exit 1
}

# New files. Debian's .gitignore ignores everything outside of debian/, so it cannot be
# used.
others()
{
	git ls-files --others -x 'obj.*' -x '*.o' -x '*.orig' -x '*.rej'
}

# Folds the changes since BASE into the commits that they belong to.
#
# fold BASE
fold()
{
	git reset -q
	git diff --name-only | while read -r file; do
		target=$(git rev-list -1 "$1..HEAD" -- "$file")
		[ -n "$target" ] || die "$file: no patch touches it yet: give PATCH=n"
		git commit -q --fixup "$target" -- "$file"
	done
	new=$(others | head -n 1)
	[ -z "$new" ] || die "$new is new: give PATCH=n"
}

# squash BASE
squash()
{
	git log --format=%s "$1..HEAD" | grep -q '^fixup!' || return 0
	GIT_SEQUENCE_EDITOR=: git rebase -q -i --autosquash "$1" 2>"$top/build/rebase.log" || {
		git rebase --abort
		die "a later patch changes the same lines, see build/rebase.log: use git rebase -i $1 there"
	}
}

# Writes the differences of build/next: the files for which applying the patch has
# another result. The notes at the head are kept.
differences()
{
	# shellcheck source=scripts/series/proposal.sh
	. "$top/scripts/series/proposal.sh"
	git diff --name-only refs/nsfd/next HEAD | sed 's/^/	/' | grep -xF -f - "$top/series" &&
		die "created by the series: change it in build/nsfd"
	GIT_INDEX_FILE=$top/build/next.index
	export GIT_INDEX_FILE
	number=$((first - 1))
	for commit in $(git rev-list --reverse next-vanilla..HEAD); do
		number=$((number + 1))
		patch=$top/$(grep "/$(printf %04d "$number")-" "$top/series")
		diff=${patch%.patch}.next.diff
		git read-tree "$commit~"
		files=
		for file in $(git diff-tree -r --no-commit-id --name-only --diff-filter=M "$commit"); do
			git apply --cached --whitespace=nowarn --include="$file" "$patch" 2>/dev/null &&
				git diff --cached --quiet "$commit" -- "$file" ||
				files="$files $file"
		done
		notes=$(sed '/^diff --git /,$d' "$diff" 2>/dev/null || :)
		rm -f "$diff"
		[ -n "$files" ] || continue
		{
			[ -z "$notes" ] || printf '%s\n\n' "$notes"
			# shellcheck disable=SC2086 # a list of names
			git diff --full-index "$commit~" "$commit" -- $files
		} >"$diff"
	done
	unset GIT_INDEX_FILE
	rm -f "$top/build/next.index"
}

if [ -d "$top/build/next" ]; then
	cd "$top/build/next"
	fold next-vanilla
	squash next-vanilla
	git diff --quiet refs/nsfd/next HEAD || differences
fi

cd "$top/build/nsfd"
if [ -n "${PATCH:-}" ]; then
	target=$(git rev-list --reverse baseline..HEAD | sed -n "${PATCH}p")
	[ -n "$target" ] || die "PATCH=$PATCH: no such patch"
	git add -u
	others | xargs -r git add -f
	git diff --cached --quiet || git commit -q --fixup "$target"
else
	fold baseline
fi
squash baseline

# Remove the files of the series that the repository contained before.
if [ -f "$top/series" ]; then
	grep -v '^#' "$top/series" | while read -r file; do
		rm -f "$top/$file"
	done
fi

{
	echo "# The series in its order: each patch, and the new files that it brings."
	number=0
	for commit in $(git rev-list --reverse baseline..HEAD); do
		number=$((number + 1))
		git diff-tree -r --no-commit-id --name-status "$commit" >"$top/build/names"
		! grep -v '^[AM]' "$top/build/names" >&2 ||
			die "patch $number does more than change and add files"
		# The patch is in the directory of most of its code.
		dir=$(git diff-tree -r --no-commit-id --numstat "$commit" |
			grep -Ev '	(Documentation|tools|samples)/' |
			awk '{ sub("/[^/]*$", "", $3); lines[$3] += $1 + $2 }
				END { for (dir in lines)
					print lines[dir], dir }' |
			sort -rn | sed -n '1s/^[0-9]* //p')
		name=$dir/$(printf %04d "$number")-$(git show -s --format=%f "$commit").patch
		mkdir -p "$top/$dir"
		sed -n 's/^M\t//p' "$top/build/names" | xargs git format-patch -1 -p -k \
			--stdout --zero-commit --no-signature --full-index "$commit" -- \
			>"$top/$name"
		echo "$name"
		sed -n 's/^A\t//p' "$top/build/names" | while read -r file; do
			mkdir -p "$top/$(dirname "$file")"
			git show "$commit:$file" >"$top/$file"
			case $(git ls-tree "$commit" "$file") in
			100755*) chmod +x "$top/$file" ;;
			esac
			echo "	$file"
		done
	done
} >"$top/build/series.new"
mv "$top/build/series.new" "$top/series"
rm -f "$top/build/names"
"$top/scripts/series/tree.sh" nsfd
if [ -d "$top/build/next" ]; then
	"$top/scripts/series/tree.sh" next
fi
grep -c '\.patch$' "$top/series" | sed 's/$/ patches/'
