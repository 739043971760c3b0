#!/bin/sh
# Runs the static checks: checkpatch for each patch, W=1, sparse and kernel-doc for
# each touched file, shellcheck for each script, and docutils for each document.
# Prints the failures and their number.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
out=$top/build/check
# shellcheck source=scripts/series/proposal.sh
. "$top/scripts/series/proposal.sh"
# The packages are those of the distribution's python.
PATH=/usr/bin:$PATH
rm -rf "$out"
mkdir -p "$out"
bad=0

# verdict WHAT LOG: the log has to be empty
verdict()
{
	if [ -s "$2" ]; then
		echo "$1:"
		cat "$2"
		bad=$((bad + 1))
	else
		echo "$1: clean"
	fi
}

# A usual name in the kernel for a struct file, which codespell takes for a mistake.
grep -v '^filp->' "$(python3 -c 'import codespell_lib as c; print(c.__path__[0])')/data/dictionary.txt" \
	>"$out/words"

# worktree NAME COMMIT: a new one, $tree
worktree()
{
	tree=$top/build/$1
	git -C "$top/build/vanilla" worktree remove --force "$tree" 2>/dev/null || :
	git -C "$top/build/vanilla" worktree add -q --detach "$tree" "$2"
}

cd "$top"
# check TREE BASE MAILS: the patches from BASE to the branch TREE
check()
{
	for mail in "$top/build/$3"/*.patch; do
		case $mail in
		*/0000-*) continue ;;
		esac
		# FILE_PATH_CHANGES requires a MAINTAINERS entry, which a series that is
		# not maintained in the tree yet cannot have.
		(cd "$top/build/$1" && scripts/checkpatch.pl --strict --no-summary \
			--quiet --ignore FILE_PATH_CHANGES --codespell \
			--codespellfile "$out/words" "$mail") >"$out/log" 2>&1 || :
		verdict "$1: checkpatch ${mail##*/}" "$out/log"
	done

	# The C files that the patches touch and that this configuration builds.
	cd "$top/build/$1"
	files=$(git diff --name-only "$2..HEAD" -- '*.c' |
		grep -Ev '^(tools|samples|drivers/net/nsfd)/')
	objects=$(for file in $files; do
		[ -f "obj.um/${file%.c}.o" ] && echo "${file%.c}.o"
	done)
	# Only warnings for added or changed lines count.
	"$top/scripts/series/added-lines.sh" "$1" "$2" | sed 's/$/:/' >"$out/lines"
	for pass in W=1 C=2; do
		rm -f "$out/log"
		# shellcheck disable=SC2086 # a list of words
		(cd obj.um && rm -f $objects)
		# shellcheck disable=SC2086
		make -s ARCH=um O=obj.um LOCALVERSION="-$1" "$pass" -j"$(nproc)" \
			$objects >"$out/all" 2>&1 || cat "$out/all"
		sed 's|^\.\./||' "$out/all" | grep -F -f "$out/lines" >"$out/log" || :
		verdict "$1: make $pass" "$out/log"
	done
	# shellcheck disable=SC2086
	scripts/kernel-doc -none -Wall $files 2>&1 | grep -F -f "$out/lines" >"$out/log" || :
	verdict "$1: kernel-doc" "$out/log"

	# socketat() has a row like another call's in each table of system calls, which
	# differ in their columns.
	git ls-files 'arch/*syscall*.tbl' scripts/syscall.tbl | while read -r table; do
		awk -v table="$table" '
			$3 == "mseal" { $1 = ""; gsub("mseal", "socketat"); want = $0 }
			$3 == "socketat" { number = $1; $1 = ""; got = $0 }
			END {
				if (got != want || number != (table ~ /alpha/ ? 658 : 548))
					print table ": " number got
			}' "$table"
	done >"$out/log"
	verdict "$1: tables of system calls" "$out/log"

	worktree am "$2"
	{
		find "$top/build/$3" -name '*.patch' ! -name '0000-*' | sort | xargs \
			git -C "$tree" -c user.name=nsfd -c user.email=nsfd@localhost am -q
		git -C "$tree" diff --stat HEAD "$1"
	} >"$out/log" 2>&1 || echo "status $?" >>"$out/log"
	verdict "$1: git am" "$out/log"
	git worktree remove --force "$tree"
}

# applies BASE TREE: "make apply" makes of BASE what is in TREE, once, and the
# tests build there without a warning.
applies()
{
	worktree apply "$1"
	{
		"$top/scripts/series/apply.sh" "$tree" >/dev/null
		"$top/scripts/series/apply.sh" "$tree" | grep -v already || :
		git -C "$tree" add -A -f
		git -C "$tree" diff --cached --stat "$2" -- . ':!tools/testing/selftests/nsfd'
		make -s -C "$tree" ARCH=x86 O="$out/obj" headers
		make -s -C "$tree/tools/testing/selftests" O="$out/obj" TARGETS=nsfd \
			>/dev/null
	} >"$out/log" 2>&1 || echo "status $?" >>"$out/log"
	verdict "$1: make apply" "$out/log"
	git -C "$top/build/vanilla" worktree remove --force "$tree"
	rm -rf "$out/obj"
}

cd "$top"
scripts/series/mails.sh >/dev/null
scripts/series/mails.sh "$next" >/dev/null
check nsfd baseline series
check next next-vanilla "proposal-$next"
applies vanilla applied
applies next-vanilla next

cd "$top"
git ls-files '*.sh' .ci/run | xargs shellcheck -x >"$out/log" 2>&1 || :
verdict shellcheck "$out/log"
make -s -C tools/lib/nsfd/go O="$top/build/go" lint >"$out/log" 2>&1 || :
verdict 'gofmt, go vet, staticcheck' "$out/log"
for file in $(git ls-files 'Documentation/*.rst'); do
	rst2html --report=1 "$file" 2>&1 >/dev/null | grep -v '^$' >"$out/log" || :
	verdict "rst2html $file" "$out/log"
done
(cd tools/lib/nsfd/python && python3 -m mypy --cache-dir=/dev/null) >"$out/all" 2>&1 &&
	: >"$out/all"
verdict mypy "$out/all"
# A copy, because it writes beside the source; it must not require the network.
cp -r tools/lib/nsfd/python "$out"
unshare --user --map-root-user --net python3 -m build --no-isolation --wheel \
	"$out/python" >"$out/all" 2>&1 && : >"$out/all"
verdict 'wheel, offline' "$out/all"

if [ "$bad" = 0 ]; then
	echo "static checks: clean"
else
	echo "static checks: $bad not clean"
	exit 1
fi
