#!/bin/sh
# Makes the baseline: takes out of a Linux 6.12 tree what the series brings.
#
# usage: carve.sh TREE [FILE]
#
# Each line of the *.rules beside this file is a verb, a file, and identifiers.
# A rule that changes nothing is an error: the source is not the one that the
# rules were written for. With FILE, only the rules for that file are applied.
set -eu

rules=$(cd "$(dirname "$0")" && pwd)
if [ $# = 1 ]; then
	grep -hv -e '^#' -e '^$' "$rules"/*.rules | awk '{ print $2 }' | sort -u |
		xargs -P "$(nproc)" -n 1 "$rules/carve.sh" "$1"
	exit
fi
cd "$1"
only=$2

# cocci NAME FILE [-D identifier=value]...: one semantic patch, one file
cocci()
{
	sp=$rules/$1.cocci target=$2
	shift 2
	log=$(spatch --very-quiet --in-place --no-show-diff \
		--sp-file "$sp" "$@" "$target" 2>&1) || {
		echo "$log" >&2
		return 1
	}
}

# Deletes the lines of file $1 that hold identifier $2.
line()
{
	awk -v id="$2" '
		function is_word(c) { return c ~ /[A-Za-z0-9_]/ }
		{
			at = index($0, id)
			if (at && !is_word(substr($0, at - 1, at > 1)) &&
			    !is_word(substr($0, at + length(id), 1)))
				next
			print
		}' "$1"
}

# Deletes the comment of one line that holds $2, and the empty lines before it.
comment()
{
	awk -v id="$2" '
		!NF { empty = empty $0 "\n"; next }
		/^[ \t]*\/\*.*\*\/$/ && index($0, " " id " ") { empty = ""; next }
		{ printf "%s%s\n", empty, $0; empty = "" }
		END { printf "%s", empty }' "$1"
}

# Deletes a case with its statements, in function $2 of file $1.
case_label()
{
	awk -v fn="$2" -v label="case $3:" '
		/^[a-z].*\(/ { inside = index($0, fn "(") }
		/^}/ { inside = 0 }
		{ text = $0; sub(/^[ \t]+/, "", text) }
		inside && index(text, label) == 1 {
			match($0, /^[ \t]*/)
			indent = substr($0, 1, RLENGTH)
			gone = 1
			next
		}
		gone && index($0, indent) == 1 &&
		    substr($0, length(indent) + 1) ~ /^(case |default:|}|\/\*)/ &&
		    substr($0, length(indent) + 1) != "}" { gone = 0 }
		gone && substr($0, 1, length(indent)) != indent && NF { gone = 0 }
		gone && $0 == substr(indent, 2) "}" { gone = 0 }
		!gone { print }' "$1"
}

# Deletes the branch for $2 of an if-else chain.
branch()
{
	awk -v id="$2" '
		gone && index($0, indent "}") == 1 { gone = 0 }
		/^\t*} else if / && index($0, " == " id ")") {
			match($0, /^\t*/)
			indent = substr($0, 1, RLENGTH)
			gone = 1
		}
		!gone { print }' "$1"
}

# Deletes a system call.
syscall()
{
	awk -v id="$2" '
		$0 ~ "^SYSCALL_DEFINE[0-6]\\(" id "[,)]" { gone = 1 }
		!gone { print }
		gone && /^}/ { gone = 0 }' "$1"
}

# Leaves of function $2 that it returns $3.
stub()
{
	awk -v fn="$2" -v value="$3" '
		/^[a-z].*\(/ { inside = index($0, fn "(") }
		/^}/ && inside { print "\treturn " value ";"; inside = gone = 0 }
		!gone { print }
		/^{/ && inside { gone = 1 }' "$1"
}

# Puts standard input in the place of file $1, keeping its mode.
replace()
{
	cat >"$1.carved"
	cat "$1.carved" >"$1"
	rm "$1.carved"
}

for file in "$rules"/*.rules; do
	while read -r verb target a b; do
		[ "$target" = "$only" ] || continue
		before=$(cksum "$target" 2>&1) || {
			echo "carve: ${file##*/}: $verb $target: no such file" >&2
			exit 1
		}
		case $verb in
		remove) rm "$target" ;;
		line | comment) "$verb" "$target" "$a" | replace "$target" ;;
		case) case_label "$target" "$a" "$b" | replace "$target" ;;
		branch) branch "$target" "$a" | replace "$target" ;;
		syscall) syscall "$target" "$a" | replace "$target" ;;
		local | call) cocci "$verb" "$target" -D fn="$a" -D id="$b" ;;
		stub) stub "$target" "$a" "$b" | replace "$target" ;;
		function | object | guard | attribute)
			cocci "$verb" "$target" -D id="$a"
			;;
		*)
			echo "carve: ${file##*/}: $verb: unknown rule" >&2
			exit 1
			;;
		esac
		if [ "$(cksum "$target" 2>&1 || :)" = "$before" ]; then
			echo "carve: ${file##*/}: $verb $target $a $b: matches nothing" >&2
			exit 1
		fi
	done <"$file"
done
