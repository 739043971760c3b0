#!/bin/sh
# Runs a command as a step of a longer job: prints its name, its result and its
# duration.
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
