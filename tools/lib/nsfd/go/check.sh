#!/bin/sh
# Runs the tests of the package for Go on the running kernel: as root and, if run by
# root, those that require no privileges as an ordinary user too.
#
# usage: check.sh BUILD [OUTPUT]
#
# BUILD is the directory in which "make" built them. A TAP file is written to
# OUTPUT/root and OUTPUT/user. Prints the totals, and the tests that did not pass.
set -eu

build=$(cd "$1" && pwd)
out=${2:-$(mktemp -d)}
everybody=user
[ "$(id -u)" != 0 ] || everybody='root user'
# The user may not be able to reach the directory.
tests=$(mktemp -d)
trap 'rm -rf "$tests"; [ -n "${2:-}" ] || rm -rf "$out"' EXIT
cp "$build/nsfd_test" "$build/sample_test" "$build/archive" "$tests"
chmod -R a+rX "$tests"

# tap PLAN: TAP from what tests written in Go print. The last line that a test
# logs before it is skipped is the reason.
tap()
{
	awk -v plan="$1" '
		BEGIN { print "TAP version 13\n1.." plan }
		/^--- PASS: / { print "ok " ++n " " $3; next }
		/^--- FAIL: / { print "not ok " ++n " " $3; next }
		/^--- SKIP: / { print "ok " ++n " " $3 " # SKIP " reason; next }
		/^    [^ ]*_test\.go:[0-9]+: / { reason = $0; sub(/^ *[^ ]+ /, "", reason) }
		{ print "# " $0 }'
}

bad=0
for who in $everybody; do
	run='' pattern='^(Test|Example)'
	if [ "$who" = user ]; then
		pattern='^(TestOpen|TestClosed|TestOwner.*|TestRace|TestUsage|Example.*)$'
		[ "$everybody" = user ] ||
			run='setpriv --reuid 1000 --regid 1000 --clear-groups'
	fi
	mkdir -p "$out/$who"
	log=$out/$who/go_test
	plan=$(for test in nsfd sample; do
		"$tests/${test}_test" -test.list "$pattern"
	done | wc -l)
	for test in nsfd sample; do
		# shellcheck disable=SC2086 # a list of words
		(cd /tmp && timeout 300 $run "$tests/${test}_test" -test.v \
			-test.run "$pattern" ${GO_TEST_SHORT:+-test.short}) 2>&1 || :
	done | tap "$plan" >"$log"
	awk -v who="$who" -v plan="$plan" '
		/^ok .*# SKIP/ { skip++; print; text = ""; next }
		/^ok / { pass++; text = ""; next }
		{ text = text $0 "\n" }
		/^not ok / { fail++; printf "%s", text; text = "" }
		END {
			printf "%s: go: %d passed, %d failed, %d skipped\n", who, pass, fail, skip
			if (pass + fail + skip != plan)
				printf "%sof %d\n", text, plan
			exit fail || pass + skip != plan
		}' "$log" || bad=1
done
exit $bad
