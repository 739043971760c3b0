#!/bin/sh
# Builds the programs in samples/nsfd as a user would, in build/samples.
#
# usage: [CC=COMPILER] samples.sh [OUTPUT]
set -eu

cd "$(dirname "$0")/../.."
out=${1:-build/samples}
mkdir -p "$out"
for file in samples/nsfd/*.c; do
	libs=$(sed -n 's/.*#include <lib\(uring\)\.h>.*/-l\1/p' "$file")
	# shellcheck disable=SC2086 # none or one
	${CC:-cc} -O2 -Wall -Wextra -Werror -o "$out/$(basename "$file" .c)" \
		"$file" $libs
done
