#!/bin/sh
# Builds library, command and preload library with sanitizers, in build/san. The
# runtime of ASan cannot be loaded into a program that has been built without
# it, so the preload library has traps of UBSan only.
set -eu

cd "$(dirname "$0")/.."
out=$PWD/build/san
make -s -C tools/lib/nsfd SAN=address,undefined O="$out/lib" all tests
make -s -C tools/nsfd SAN=address,undefined O="$out/tools" LIB_O="$out/lib" command
make -s -C tools/nsfd O="$out/tools" LIB_O="$out/trap" preload \
	CFLAGS='-O2 -g -fsanitize=undefined -fsanitize-undefined-trap-on-error'
