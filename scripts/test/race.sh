#!/bin/sh
# Runs races with four CPUs in QEMU: the selftests and some operations of each race on
# a kernel with KCSAN, and a million operations of each on one without.
#
# usage: race.sh [OPERATIONS [OPERATIONS_WITH_KCSAN]]
#
# Prints the number of operations of each race, and the reports of KCSAN. A report that
# involves a line of the series is an error.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
out=build/race tree=build/nsfd
rm -rf "$out"
mkdir -p "$out"
bad=0
export CPUS=4 MEMORY=4G TIMEOUT=3600

# run NAME KERNEL: writes the output of the tests to $out/NAME
run()
{
	scripts/test/run.sh "$2" >"$out/$1.log" || bad=1
	mv "build/test/$2" "$out/$1"
	grep -v '^skipped:' "$out/$1.log"
}

# races NAME KERNEL OPERATIONS
races()
{
	TESTS=nsfd:race_test
	export GUEST_ENV="GUEST_USERS=root GUEST_SECONDS=3600 NSFD_OPS=$3 NSFD_SECONDS=600"
	run "$1" "$2"
	sed -nE 's/^# .*:([0-9]+ and [0-9]+ operations.*)/  \1/p; s/^(not )?ok [0-9]+/\0/p' \
		"$out/$1/root/race_test"
}

TESTS=$(xargs <build/kselftest/kselftest-list.txt)
export TESTS
run kcsan-selftests nsfd.kcsan
races kcsan-races nsfd.kcsan "${2:-100000}"
races races nsfd.smp "${1:-1000000}"

# The two sides of each report: KIND, then one or several places in the source, since
# functions are inlined.
scripts/series/added-lines.sh >"$out/lines"
cat "$out"/*/dmesg | sed 's/^\[[^]]*\] //' | awk '
	/^BUG: KCSAN: / { what = substr($0, 13); side = 0 }
	/^(read|write|race).* to 0x/ { side = 1; next }
	side && /^ [^ ]+\+0x/ { print $1 "\t" what; side = 0 }' | sort | uniq -c |
	sort -rn | while read -r count frame what; do
	where=$("$tree/scripts/faddr2line" "$tree/obj.kcsan/vmlinux" "$frame" 2>/dev/null |
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
