#!/bin/sh
# Writes the patches as mails, each with its cover letter: the whole series in
# build/series, and the proposal, which applies to vanilla, in build/proposal.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

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

mails series baseline nsfd cover-letter.txt
mails proposal vanilla applied cover-letter-proposal.txt --subject-prefix='RFC PATCH net-next'
