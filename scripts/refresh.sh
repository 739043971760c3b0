#!/bin/sh
# Turns the tree in build/nsfd back into patches and new files.
#
# usage: [PATCH=n] refresh.sh
#
# Changes that are not committed become part of patch PATCH, or of the last
# patch that touches their file.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
die()
{
	echo "refresh: $*" >&2
	exit 1
}

# New files. Debian's .gitignore ignores whatever is not under debian/, so it
# is of no use here.
others()
{
	git ls-files --others -x 'obj.*' -x '*.o' -x '*.orig' -x '*.rej'
}

cd "$top/build/nsfd"
if [ -n "${PATCH:-}" ]; then
	target=$(git rev-list --reverse baseline..HEAD | sed -n "${PATCH}p")
	[ -n "$target" ] || die "PATCH=$PATCH: no such patch"
	git add -u
	others | xargs -r git add -f
	git diff --cached --quiet || git commit -q --fixup "$target"
else
	git reset -q
	git diff --name-only | while read -r file; do
		target=$(git rev-list -1 baseline..HEAD -- "$file")
		[ -n "$target" ] || die "$file: no patch touches it yet: give PATCH=n"
		git commit -q --fixup "$target" -- "$file"
	done
	new=$(others | head -n 1)
	[ -z "$new" ] || die "$new is new: give PATCH=n"
fi
if git log --format=%s baseline..HEAD | grep -q '^fixup!'; then
	GIT_SEQUENCE_EDITOR=: git rebase -q -i --autosquash baseline 2>"$top/build/rebase.log" || {
		git rebase --abort
		die "a later patch changes the same lines, see build/rebase.log: use git rebase -i baseline there"
	}
fi

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
		# It lives where most of its code is.
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
"$top/scripts/tree.sh" nsfd
grep -c '\.patch$' "$top/series" | sed 's/$/ patches/'
