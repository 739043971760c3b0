#!/bin/sh
# Prints FILE:LINE for each line of C that the series adds or changes in build/TREE.
#
# usage: added-lines.sh [TREE BASE]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
git -C "$top/build/${1:-nsfd}" diff -U0 "${2:-baseline}..HEAD" -- '*.c' '*.h' | awk '
	/^\+\+\+ / { file = substr($2, 3) }
	/^@@/ {
		split($3, range, ",")
		for (i = 0; i < (range[2] == "" ? 1 : range[2]); i++)
			print file ":" substr(range[1], 2) + i
	}'
