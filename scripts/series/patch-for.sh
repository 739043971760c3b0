#!/bin/sh
# Prints a patch of the series for KERNEL. For "next", the files in NAME.next.diff,
# beside NAME.patch, replace those in the patch.
#
# usage: patch-for.sh NAME.patch KERNEL
set -eu

variant=${1%.patch}.$2.diff
[ -f "$variant" ] || exec cat "$1"
awk 'FNR == NR { if (/^diff --git /) replaced[$3]; next }
	/^diff --git / { skip = $3 in replaced }
	!skip' "$variant" "$1"
sed -n '/^diff --git /,$p' "$variant"
