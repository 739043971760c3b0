#!/bin/sh
# Prints what the packages for Python and Go cost on the running kernel, as root:
# times, and ratios to what programs do without them.
#
# usage: bench-bindings.sh
set -eu

cd "$(dirname "$0")/.."
export PATH="/usr/bin:$PATH" # the distribution's python, which has pyroute2
exec unshare --net --mount sh -ec '
	mount -t tmpfs tmpfs /run
	ip link set lo up
	python3 tools/lib/nsfd/python/tests/bench.py
	build/go/nsfd_test -test.run - -test.bench . -test.benchtime 200x'
