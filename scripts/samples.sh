#!/bin/sh
# Builds the programs of samples/nsfd as a user would, in build/samples.
#
# usage: [CC=COMPILER] samples.sh [OUTPUT]
set -eu

cd "$(dirname "$0")/.."
out=${1:-build/samples}
mkdir -p "$out"
for file in samples/nsfd/*.c; do
	${CC:-cc} -O2 -Wall -Wextra -Werror -o "$out/$(basename "$file" .c)" "$file"
done
