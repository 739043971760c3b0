#!/bin/sh
# Builds the kernel of build/NAME in its directory DIR.
#
# usage: kernel.sh NAME ARCH DIR BASE CONFIG...
#
# The configuration is the result of "make BASE" with each CONFIG, a file of options
# with a path from the top or an absolute one; the last setting of an option applies.
# An option that the kernel does not accept is an error.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
name=$1 arch=$2 dir=$3 base=$4
shift 4

# Cached objects must not depend on the tree or the date.
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=nsfd KBUILD_BUILD_HOST=nsfd

cd "$top"
mkdir -p "build/$name/$dir"
cat "$@" | awk -F= '/^CONFIG_/ { asked[$1] = $0 }
		END { for (option in asked) print asked[option] }' |
	sort >"build/$name/$dir/asked.new"
cd "build/$name"
cross=
[ "$arch" != arm64 ] || cross=aarch64-linux-gnu-
set -- ARCH="$arch" O="$dir" CROSS_COMPILE="$cross" CC="ccache ${cross}gcc" \
	LOCALVERSION="-$name"
if ! cmp -s "$dir/asked.new" "$dir/asked" || [ ! -f "$dir/.config" ]; then
	make "$@" -s KCONFIG_ALLCONFIG=asked.new "$base"
	grep -v '=n$' "$dir/asked.new" | while read -r line; do
		grep -qxF "$line" "$dir/.config" || {
			echo "$name: the kernel does not take $line" >&2
			exit 1
		}
	done
	mv "$dir/asked.new" "$dir/asked"
fi

# Shows warnings and progress. The number of files is that of another kernel with this
# configuration, or an estimate.
about=$(cat "$top"/build/*/"$dir/files" 2>/dev/null | sort -n | tail -n 1)
status=$(mktemp)
{ make "$@" -j"$(nproc)" 2>&1 || echo failed >"$status"; } |
	awk -v about="${about:-1400}" -v dir="$dir" '
		BEGIN { start = systime() }
		{ print >(dir "/log") }
		/^  (CC|AS|AR|LD) / {
			if (++n % 200 == 0 && n < about) {
				left = (systime() - start) * (about - n) / n
				printf "  %d of about %d files, about %.1f min left\n",
					n, about, left / 60
				fflush()
			}
		}
		/(warning|error): |Error [0-9]|\*\*\*/ { print; fflush() }
		END { if (n > 800) print n >(dir "/files") }'
if [ -s "$status" ]; then
	rm -f "$status"
	echo "$name: the build failed, see build/$name/$dir/log" >&2
	exit 1
fi
rm -f "$status"
