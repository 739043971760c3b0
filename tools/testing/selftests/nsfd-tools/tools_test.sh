#!/bin/bash
# The tests of the tools, of the samples and of programs that use them, in a booted
# guest, as root, in the top directory of the repository.
#
# usage: tools_test.sh [PART...]
#
# Prints TAP. prepare.sh has to be run first.
# shellcheck disable=SC2154 # what lib.sh sets
set -u

parts=${*:-ns listen run haproxy rootless samples}
# shellcheck source=/dev/null
. tools/testing/selftests/nsfd-tools/lib.sh
trap 'stop_all; no_pairs; rm -rf "$tmp"' EXIT

echo TAP version 13
for part in $parts; do
	echo "# $part"
	# shellcheck source=/dev/null
	. "$here/$part.sh"
	stop_all
	no_pairs
done
echo "1..$count"
[ "$failed" = 0 ]
