#!/bin/sh
# Runs all selftests in QEMU on a kernel with gcov. Prints how much of each patch was
# reached, and each line that was not, with the reason in coverage.txt of the
# selftests. Less than 95 percent, or a line without a reason, is an error.
#
# usage: coverage.sh
#
# The lines are those of the whole series; a line belongs to the patch that
# "git blame" reports.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
out=build/coverage obj=build/nsfd/obj.gcov
rm -rf "$out"
mkdir -p "$out"
git -C build/nsfd diff --name-only baseline nsfd -- '*.c' '*.h' |
	grep -Ev '^(tools|samples|Documentation)/' >"$out/files"

# Include the lines that only injected faults reach.
cat >"$out/config" <<'EOF'
CONFIG_DEBUG_KERNEL=y
CONFIG_FAILSLAB=y
CONFIG_FAIL_PAGE_ALLOC=y
CONFIG_FAULT_INJECTION=y
CONFIG_FAULT_INJECTION_DEBUG_FS=y
CONFIG_GCOV_KERNEL=y
EOF
GNUMAKEFLAGS=$(sed -n 's|.*/\(.*\)\.c$|GCOV_PROFILE_\1.o=y|p' "$out/files" | tr '\n' ' ')
export GNUMAKEFLAGS
scripts/build/guest-kernel.sh -q nsfd.gcov "$out/config"
unset GNUMAKEFLAGS
TESTS=$(xargs <build/kselftest/kselftest-list.txt)
export TESTS
TIMEOUT=3000 MEMORY=2G CPUS=2 scripts/test/run.sh -n nsfd.gcov

# FILE LINE PATCH
number=0
git -C build/nsfd rev-list --reverse baseline..nsfd | while read -r commit; do
	number=$((number + 1))
	echo "$commit $number"
done >"$out/patches"
while read -r file; do
	git -C build/nsfd blame -s -l --abbrev=40 baseline..nsfd -- "$file" |
		awk -v file="$file" 'NR == FNR { patch[$1] = $2; next }
			$1 in patch { print file, FNR, patch[$1] }' "$out/patches" -
done <"$out/files" >"$out/lines"

# FILE LINE COUNT TEXT, of each object that has the line
find "build/test/nsfd.gcov/gcov" -name '*.gcda' | while read -r data; do
	name=${data#*"$obj/"}
	cp "$data" "$obj/$name"
	(cd "$obj" && gcov -t "$name" 2>/dev/null)
done | awk -F: '
	{ count = $1; sub(/^ */, "", count); line = $2 + 0 }
	line == 0 && $3 == "Source" { file = $4; sub(/^(\.\.\/)*/, "", file) }
	line > 0 && count != "-" {
		text = $0
		sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
		print file, line, (count ~ /^[#=]/ ? 0 : 1), text
	}' >"$out/counts"

reasons=tools/testing/selftests/nsfd/coverage.txt
awk -v last="$(wc -l <"$out/patches")" '
	FILENAME ~ /coverage.txt$/ {
		if (/^[^#]/ && (at = index($0, "\t")))
			reason[substr($0, 1, at - 1)] = substr($0, at + 1)
		next
	}
	FILENAME ~ /lines$/ { patch[$1, $2] = $3; left[$1] = 1; next }
	($1, $2) in patch {
		id = $1 ":" $2
		delete left[$1]
		of[id] = patch[$1, $2]
		if (!(id in reached))
			order[++n] = id
		reached[id] += $3
		text[id] = $0
		sub(/^[^ ]* [^ ]* [^ ]* /, "", text[id])
	}
	END {
		for (i = 1; i <= n; i++) {
			id = order[i]
			lines[of[id]]++
			if (reached[id]) {
				hit[of[id]]++
			} else {
				key = id
				sub(/:[0-9]*$/, "", key)
				key = key ": " text[id]
				why = key in reason ? reason[key] : "NO REASON KNOWN"
				unknown += !(key in reason)
				missed[of[id]] = missed[of[id]] "  " id ": " \
					text[id] "\n      " why "\n"
			}
		}
		for (p = 1; p <= last; p++) {
			if (!lines[p]) {
				printf "patch %d: no line of its own is executed\n", p
				continue
			}
			printf "patch %d: %d of %d lines, %.1f %%\n%s", p, hit[p],
				lines[p], 100 * hit[p] / lines[p], missed[p]
			all += lines[p]
			all_hit += hit[p]
		}
		printf "not built here, or nothing in them to execute:"
		for (file in left)
			if (file ~ /\.c$/)
				printf " %s", file
		printf "\nin all: %d of %d lines, %.1f %%\n", all_hit, all,
			100 * all_hit / all
		exit unknown || all_hit < 0.95 * all
	}' "$reasons" "$out/lines" "$out/counts"
