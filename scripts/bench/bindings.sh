#!/bin/sh
# Prints the cost of the packages for Python and Go on the running kernel, as
# root: times, and ratios to the methods of programs that do without them.
#
# usage: bindings.sh
set -eu

cd "$(dirname "$0")/../.."
# The distribution's python has pyroute2.
export PYTHONDONTWRITEBYTECODE=1 PATH="/usr/bin:$PATH"
exec unshare --net --mount sh -ec '
	mount -t tmpfs tmpfs /run
	ip link set lo up
	python3 tools/lib/nsfd/python/tests/bench.py
	build/go/nsfd_test -test.run - -test.bench . -test.benchtime 200x'
