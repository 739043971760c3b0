#!/bin/sh
# Builds, boots and tests each stage of the series: the baseline with the first n
# patches, as "git am" applies the mails of "make series".
#
# usage: stages.sh [quick | N...]
#
# A stage has to equal the commit of build/nsfd, to build without warnings, and to boot
# with a clean log. The tests of its patches must have the same results as with the
# whole series, or skip because a later patch adds a type. No test of a later patch may
# pass, except those that concern several patches (the privileges), and those in
# robust.txt.
# "quick" runs only the tests of the stage's own patch.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
tree=build/bisect out=build/stages
last=$(grep -c '\.patch$' series)
quick=
[ "${1:-}" != quick ] || { quick=1 && shift; }
[ "$#" -gt 0 ] || set -- $(seq 0 "$last")
mkdir -p "$out"

# The patch that adds each test.
awk '/\.patch$/ { n++ } /_test\.c$/ { sub(".*/", ""); sub("\\.c$", ""); print $1, n }' \
	series | sort >"$out/brings"

wrong()
{
	echo "WRONG at stage $stage: $*"
	bad=1
}

# Results of a run with the number of the patch in front: N WHO PROGRAM RESULT NAME.
results()
{
	scripts/test/tap.sh "$1" | sort -k 2,2 |
		join -1 2 -2 1 -o 2.2,1.1,0,1.3,1.4 - "$out/brings"
}

scripts/series/mails.sh >/dev/null
if [ ! -e "$tree/.git" ]; then
	rm -rf "${tree:?}"
	git -C build/vanilla worktree prune
	git -C build/vanilla worktree add -q --detach "$top/$tree" baseline
fi
# Continue from an earlier run if its tree is a previous stage.
at=$1
until [ "$at" = 0 ] || git -C "$tree" diff --quiet "nsfd~$((last - at))"; do
	at=$((at - 1))
done
git -C "$tree" am --quit 2>/dev/null || :
git -C "$tree" reset -q --keep "nsfd~$((last - at))"

bad=0
for stage in "$@"; do
	while [ "$at" -lt "$stage" ]; do
		at=$((at + 1))
		git -C "$tree" -c user.name=nsfd -c user.email=nsfd@localhost am -q \
			"$top/build/series/$(printf %04d "$at")"-*.patch
	done
	git -C "$tree" diff --quiet "nsfd~$((last - stage))" ||
		wrong "git am does not give nsfd~$((last - stage))"

	start=$(date +%s)
	if ! scripts/build/guest-kernel.sh bisect >"$out/$stage.build" 2>&1; then
		wrong "does not build, see $out/$stage.build"
		continue
	fi
	! grep -E 'warning|WARNING' build/bisect/obj.um/log || wrong 'warnings'
	built=$(($(date +%s) - start))

	TESTS=$(awk -v n="$stage" -v quick="$quick" '
		!quick || $2 == n || (n == 0 && $2 == 1) { print "nsfd:" $1 }' \
		"$out/brings")
	export TESTS
	start=$(date +%s)
	scripts/test/run.sh -n bisect >"$out/$stage.run" 2>&1 || {
		wrong 'the run:'
		cat "$out/$stage.run"
	}
	ran=$(($(date +%s) - start))
	rm -rf "${out:?}/$stage"
	mv build/test/bisect "$out/$stage"
	results "$out/$stage" >"$out/$stage.results"
	awk -v stage="$stage" 'FNR == NR { robust[$1]; next }
		$4 == "stopped" || $1 <= stage && $4 == "fail" ||
		$1 > stage && $4 == "pass" &&
			$3 !~ /^(socketat_)?privilege_test$/ && !($3 in robust)' \
		scripts/test/robust.txt "$out/$stage.results" >"$out/$stage.wrong"
	if [ -s "$out/$stage.wrong" ]; then
		wrong "patch, who, program, result, test:"
		cat "$out/$stage.wrong"
	fi

	printf 'stage %d: built in %d s, tested in %d s: ' "$stage" "$built" "$ran"
	awk -v stage="$stage" '
		{ n[$1 > stage, $4]++ }
		END {
			printf "its tests %d pass, %d fail, %d skip; ",
				n[0, "pass"], n[0, "fail"], n[0, "skip"]
			printf "later ones %d pass, %d fail, %d skip\n",
				n[1, "pass"], n[1, "fail"], n[1, "skip"]
		}' "$out/$stage.results"
done

if [ "$bad" = 0 ]; then
	echo "stages: all right"
else
	echo "stages: not right"
	exit 1
fi
