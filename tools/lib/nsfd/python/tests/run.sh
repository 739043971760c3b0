#!/bin/sh
# Runs the tests of the Python package as root, in a network namespace and with
# a /run of their own, and prints TAP (python3-tap).
#
# usage: run.sh [TEST...]	(such as test_nsfd.Delegation)
set -eu

cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD:$PWD/tests" PYTHONDONTWRITEBYTECODE=1 PYTHONDEVMODE=1
export PATH="/usr/bin:$PATH" # the distribution's python, which has its packages
[ "$#" != 0 ] || set -- test_nsfd test_proxy test_pyroute2
# shellcheck disable=SC2016 # for the shell inside
exec unshare --net --mount sh -c '
	mount -t tmpfs tmpfs /run
	ip link set lo up
	exec python3 tests/run.py "$@"' sh "$@"
