#!/bin/sh
# Writes the patches as mails with cover letters. For 6.12, writes the whole series to
# build/series and the proposal, which applies to vanilla, to build/proposal; for the
# next mainline, the proposal to build/proposal-BASE.
#
# usage: mails.sh [BASE]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/series/proposal.sh
. "$top/scripts/series/proposal.sh"

# mails DIRECTORY BASE BRANCH LETTER [OPTION...]
mails()
{
	rm -rf "$top/build/$1"
	git -C "$top/build/vanilla" config "branch.$3.description" "$(cat "$top/$4")"
	out=$top/build/$1 range=$2..$3 base=$2
	shift 4
	git -C "$top/build/vanilla" format-patch -q -o "$out" --cover-letter --thread \
		--cover-from-description=subject --base="$base" "$@" "$range"
	ls "$out"
}

case ${1:-6.12} in
6.12)
	mails series baseline nsfd cover-letter.txt
	mails proposal vanilla applied cover-letter-proposal.txt \
		--subject-prefix='RFC PATCH net-next'
	;;
"$next")
	mails "proposal-$next" next-vanilla next cover-letter-proposal.txt \
		--subject-prefix='RFC PATCH net-next' --notes=nsfd
	;;
*)
	echo "series: BASE is 6.12 or $next" >&2
	exit 1
	;;
esac
