#!/bin/sh
# Runs a command as one step of a longer job: says what it is, how it went and
# how long it took.
#
# usage: step.sh WHAT COMMAND [ARG...]
what=$1
shift
printf '== %s\n' "$what"
start=$(date +%s)
"$@" || {
	status=$?
	printf '== %s: failed after %d s\n' "$what" $(($(date +%s) - start)) >&2
	exit $status
}
printf '== %s: %d s\n' "$what" $(($(date +%s) - start))
