#!/bin/sh
# Runs the selftests, and then a million operations of each race, on a kernel
# with KCSAN and four CPUs in QEMU. Prints how many operations each race took
# and what KCSAN has reported: wrong is a report with a line that the series
# adds on either side.
#
# usage: race.sh [OPERATIONS]
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
kernel=nsfd.kcsan out=build/race tree=build/nsfd
operations=${1:-1000000}
rm -rf "$out"
mkdir -p "$out"
bad=0
CPUS=4 MEMORY=4G TIMEOUT=3600
export CPUS MEMORY TIMEOUT

# Selftests first, as they are: in races as long as on one CPU.
scripts/test.sh "$kernel" | grep -v '^skipped:' || bad=1
mv "build/test/$kernel" "$out/selftests"
GUEST_USERS=root GUEST_SECONDS=3600 TESTS=nsfd:race_test \
	GUEST_ENV="NSFD_OPS=$operations NSFD_SECONDS=1200" \
	scripts/test.sh "$kernel" >"$out/verdict" || bad=1
grep -v '^skipped:' "$out/verdict"
mv "build/test/$kernel" "$out/races"
awk '/ operations, / { line = $0; sub(/^.*Log: |^# [^:]*:[0-9]*:/, "", line) }
	/^ok|^not ok/ { print $0; print "  " line }' "$out/races/root/race_test"

# Where either side of each report is: KIND, then one place in the source or
# more, as functions are inlined.
git -C "$tree" diff -U0 baseline..HEAD -- '*.c' '*.h' | awk '
	/^\+\+\+ / { file = substr($2, 3) }
	/^@@/ {
		split($3, range, ",")
		for (i = 0; i < (range[2] == "" ? 1 : range[2]); i++)
			print file ":" substr(range[1], 2) + i
	}' >"$out/lines"
cat "$out"/*/dmesg | sed 's/^\[[^]]*\] //' | awk '
	/^BUG: KCSAN: / { what = substr($0, 13); side = 0 }
	/^(read|write|read-write|race)( \(marked\))?( at unknown origin)? to 0x|^(read|write).* to 0x/ { side = 1; next }
	side && /^ [^ ]+\+0x/ { print $1 "\t" what; side = 0 }' | sort | uniq -c |
	sort -rn | while read -r count frame what; do
	scripts=$tree/scripts
	where=$("$scripts/faddr2line" "$tree/obj.kcsan/vmlinux" "$frame" 2>/dev/null |
		grep -oE '[a-zA-Z0-9_./-]+\.[ch]:[0-9]+' | sed "s|^.*$tree/||" | xargs) || :
	mark=' '
	for place in $where; do
		! grep -qxF "$place" "$out/lines" || mark='*'
	done
	printf '%s %5d  %s: %s (%s)\n' "$mark" "$count" "$what" "$frame" "$where"
done >"$out/reports"
echo "reports of KCSAN: $(grep -c . "$out/reports" || :) places," \
	"$(grep -c '^\*' "$out/reports" || :) in lines of the series"
cat "$out/reports"
! grep -q '^\*' "$out/reports" || bad=1
exit $bad
