#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# As an ordinary user, runs a program in a new user and network namespace, and
# forwards a TCP port to it. The forwarder stays in the parent user namespace,
# without any capability: only its sockets are in the container's namespace.
#
# usage: rootless-forward.sh PORT INNER-PORT PROGRAM [ARG...]
#
# The sample "forward" has to be in PATH.
set -eu

[ "$#" -ge 3 ] || {
	echo "usage: rootless-forward.sh PORT INNER-PORT PROGRAM [ARG...]" >&2
	exit 2
}
port=$1 inner=$2
shift 2

# shellcheck disable=SC2016 # for the shell inside
unshare --user --map-root-user --net sh -c 'ip link set lo up && exec "$@"' sh "$@" &
program=$!
trap 'kill "$program" 2>/dev/null || :' EXIT INT TERM

own=$(readlink /proc/self/ns/net)
while [ "$(readlink "/proc/$program/ns/net")" = "$own" ]; do
	sleep 0.1
done
forward /proc/self/ns/net 127.0.0.1 "$port" "/proc/$program/ns/net" 127.0.0.1 "$inner" &
forward=$!
trap 'kill "$program" "$forward" 2>/dev/null || :' EXIT INT TERM
wait "$program"
