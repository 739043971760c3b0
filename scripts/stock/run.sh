#!/bin/sh
# Demonstrates haproxy in network namespaces, without privileges, on a stock Debian
# kernel.
#
# usage: run.sh VERSION
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
task=$top/build/stock/$1/run
mkdir -p "$task"
cp "$top/scripts/stock/haproxy.sh" "$task/command"
exec "$top/scripts/stock/boot.sh" -t "${TIMEOUT:-600}" "$1" "$task"
