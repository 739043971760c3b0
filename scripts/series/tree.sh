#!/bin/sh
# Brings a source tree in build/ up to date with the repository.
#
# usage: tree.sh vanilla | baseline | nsfd | applied | next-vanilla | next
#
#   vanilla   unmodified Linux 6.12
#   baseline  vanilla without the functionality of patches 1 to 7
#   nsfd      baseline and the series
#   applied   vanilla and the patches that are not in mainline
#   next-vanilla, next
#             the same as vanilla and applied, for the next mainline
#
# They are worktrees of one git repository, so that a file which two of them share is
# compiled once and then found by ccache.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
name=$1
tree=$top/build/$name
# shellcheck source=scripts/series/proposal.sh
. "$top/scripts/series/proposal.sh"

die()
{
	echo "$name: $*" >&2
	exit 1
}

git_in_vanilla()
{
	git -C "$top/build/vanilla" "$@"
}

# Moves the worktree to commit $1 without touching files that do not change.
move_to()
{
	if [ ! -d "$tree" ]; then
		git_in_vanilla worktree prune
		git_in_vanilla worktree add -q -f -B "$name" "$tree" "$1"
	elif git -C "$tree" diff --quiet HEAD "$1"; then
		git -C "$tree" reset -q --soft "$1"
	elif [ -n "$(git -C "$tree" status --porcelain)" ]; then
		die "build/$name has changes: make refresh, or git -C build/$name stash"
	elif [ "$(git -C "$tree" rev-parse HEAD)" != "${2:-}" ]; then
		die "build/$name has commits that the patches have not: make refresh"
	else
		git -C "$tree" reset -q --keep "$1"
	fi
}

case $name in
vanilla)
	mark=$top/build/source
	wanted=${KERNEL_SRC:-debian}
	if [ -d "$tree" ] && [ "$(cat "$mark")" != "$wanted" ]; then
		[ -n "${KERNEL_SRC:-}" ] || exit 0
		die "build/ is made from $(cat "$mark"): make clean first"
	fi
	if [ ! -d "$tree" ]; then
		"$top/scripts/series/fetch.sh" "$tree" 6.12
		echo "$wanted" >"$mark"
	fi
	;;
next-vanilla)
	if [ -d "$tree" ]; then
		case $(make -s -C "$tree" kernelversion) in
		"$next".*) exit 0 ;;
		esac
		rm -rf "$top/build/next" "$tree"
	fi
	KERNEL_SRC=${NEXT_SRC:-} "$top/scripts/series/fetch.sh" "$tree" "$next" "$next_suite"
	;;
baseline)
	rules=$(cat "$top"/baseline/* | git hash-object --stdin)
	if [ -d "$tree" ]; then
		case $(git -C "$tree" log -1 --format=%B) in
		*"$rules"*) exit 0 ;;
		esac
		git -C "$tree" reset -q --hard vanilla
	else
		git_in_vanilla worktree prune
		git_in_vanilla worktree add -q -f -B baseline "$tree" vanilla
	fi
	"$top/baseline/carve.sh" "$tree"
	git -C "$tree" add -u
	GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
		git -C "$tree" -c user.name=nsfd -c user.email=nsfd@localhost \
		commit -q -m "baseline: take out namespaces as files" -m "Rules: $rules"
	;;
nsfd | applied | next)
	old=$(git_in_vanilla rev-parse -q --verify "refs/nsfd/$name" || :)
	case $name in
	nsfd) set -- baseline nsfd ;;
	applied) set -- vanilla applied "$first" "$last" ;;
	next) set -- next-vanilla next "$first" "$last" next ;;
	esac
	"$top/scripts/series/commit.sh" "$@"
	move_to "$(git_in_vanilla rev-parse "refs/nsfd/$name")" "$old"
	;;
*) die "no such tree" ;;
esac
