#!/bin/sh
# Builds the programs in samples/nsfd as a user would, in build/samples.
set -eu

cd "$(dirname "$0")/.."
mkdir -p build/samples
for file in samples/nsfd/*.c; do
	libs=$(sed -n 's/.*#include <lib\(uring\)\.h>.*/-l\1/p' "$file")
	# shellcheck disable=SC2086 # none or one
	${CC:-cc} -O2 -Wall -Wextra -Werror -o "build/samples/$(basename "$file" .c)" \
		"$file" $libs
done
