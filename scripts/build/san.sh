#!/bin/sh
# Builds the library, the command and the preload library with sanitizers in
# build/san. The runtime of ASan cannot be loaded into a program that was built without
# it, so the preload library only has UBSan traps.
set -eu

cd "$(dirname "$0")/../.."
out=$PWD/build/san
make -s -C tools/lib/nsfd SAN=address,undefined O="$out/lib" all tests
make -s -C tools/nsfd SAN=address,undefined O="$out/tools" LIB_O="$out/lib" command
make -s -C tools/nsfd O="$out/tools" LIB_O="$out/trap" preload \
	CFLAGS='-O2 -g -fsanitize=undefined -fsanitize-undefined-trap-on-error'
