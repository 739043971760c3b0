#!/bin/sh
# Shows haproxy at work in network namespaces, without privilege, on a kernel
# of Debian's own.
#
# usage: run-stock.sh VERSION
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
task=$top/build/stock/$1/run
mkdir -p "$task"
cp "$top/scripts/stock-haproxy.sh" "$task/command"
exec "$top/scripts/stock-boot.sh" -t "${TIMEOUT:-600}" "$1" "$task"
