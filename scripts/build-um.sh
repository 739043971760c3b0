#!/bin/sh
# Builds a User-Mode Linux kernel from build/NAME, as build/linux.NAME.
#
# usage: build-um.sh NAME[.VARIANT] [CONFIG...]
#
# The configuration is that of the selftests and, after it, each CONFIG, a file
# named from the top or by its full path; the last word on an option counts. An
# option that the kernel does not take over is an error. A variant has objects
# of its own, build/NAME/obj.VARIANT, and is build/linux.NAME.VARIANT.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
kernel=$1 name=${1%%.*} obj=obj.um
[ "$kernel" = "$name" ] || obj=obj.${kernel#*.}
shift
cd "$top"
mkdir -p "build/$name/$obj"
asked=build/$name/$obj/asked
tests=tools/testing/selftests/nsfd
cat "$tests/config" "$tests/config.um" "$@" |
	awk -F= '/^CONFIG_/ { asked[$1] = $0 }
		END { for (option in asked) print asked[option] }' |
	sort >"$asked.new"
cd "build/$name"

# A cached object is good for every tree and every day.
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=nsfd KBUILD_BUILD_HOST=nsfd

make_um()
{
	make ARCH=um O="$obj" CC="ccache gcc" LOCALVERSION="-$name" "$@"
}

if ! cmp -s "$obj/asked.new" "$obj/asked" || [ ! -f "$obj/.config" ]; then
	make_um -s KCONFIG_ALLCONFIG=asked.new alldefconfig
	grep -v '=n$' "$obj/asked.new" | while read -r line; do
		grep -qxF "$line" "$obj/.config" || {
			echo "$kernel: the kernel does not take $line" >&2
			exit 1
		}
	done
	mv "$obj/asked.new" "$obj/asked"
fi

# Warnings are shown, and so is progress: about how many files there are is
# known from what the other kernels took.
about=$(cat "$top"/build/*/obj.um/files 2>/dev/null | sort -n | tail -n 1)
status=$(mktemp)
{ make_um -j"$(nproc)" 2>&1 || echo failed >"$status"; } |
	awk -v about="${about:-1600}" -v log_file="$obj/log" -v count="$obj/files" '
		{ print >log_file }
		/^  (CC|AS|AR|LD) / {
			if (++n % 200 == 0) {
				printf "  %d of about %d files\n", n, about
				fflush()
			}
		}
		/(warning|error|Error|\*\*\*)/ { print; fflush() }
		END { if (n > 1000) print n >count }'
if [ -s "$status" ]; then
	rm -f "$status"
	echo "$kernel: the build failed, see build/$name/$obj/log" >&2
	exit 1
fi
rm -f "$status"
cmp -s "$obj/linux" "../linux.$kernel" || cp "$obj/linux" "../linux.$kernel"
