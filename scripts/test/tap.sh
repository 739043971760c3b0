#!/bin/sh
# Prints the result of each selftest of a run, one on each line: WHO PROGRAM RESULT
# NAME.
#
# usage: tap.sh RUN
#
# A program whose output is shorter than its plan, or contains no test, gets a line
# with "stopped".
set -eu

cd "$1"
# shellcheck disable=SC2016 # $0 and $1 are of awk
find . -mindepth 2 -maxdepth 2 -type f \( -path './root/*' -o -path './user/*' \) |
	sort | xargs -r awk '
	function finish() {
		if (file && seen != plan)
			print who, "stopped after " seen " of " plan
	}
	FNR == 1 {
		finish()
		split(FILENAME, part, "/")
		file = FILENAME
		who = part[2] " " part[3]
		plan = 1
		seen = 0
	}
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0 }
	/^(not )?ok [0-9]+ / {
		result = $1 == "not" ? "fail" : /# SKIP/ ? "skip" : "pass"
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		sub(/ *# .*$/, "")
		print who, result, $0
		seen++
	}
	END { finish() }'
