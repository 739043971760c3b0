#!/bin/sh
# Builds a User-Mode Linux kernel from build/NAME, as build/linux.NAME.
#
# usage: build-um.sh NAME [CONFIG...]
#
# The configuration is that of the selftests and, after it, each CONFIG. An
# option that the kernel does not take over is an error.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
name=$1
shift
tests=$top/tools/testing/selftests/nsfd
cd "$top/build/$name"

# A cached object is good for every tree and every day.
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=nsfd KBUILD_BUILD_HOST=nsfd

make_um()
{
	make ARCH=um O=obj.um CC="ccache gcc" LOCALVERSION="-$name" "$@"
}

mkdir -p obj.um
cat "$tests/config" "$tests/config.um" "$@" >obj.um/asked.new
if ! cmp -s obj.um/asked.new obj.um/asked || [ ! -f obj.um/.config ]; then
	make_um -s KCONFIG_ALLCONFIG=asked.new alldefconfig
	while read -r line; do
		case $line in
		*=n | '#'* | '') continue ;;
		esac
		grep -qxF "$line" obj.um/.config || {
			echo "$name: the kernel does not take $line" >&2
			exit 1
		}
	done <obj.um/asked.new
	mv obj.um/asked.new obj.um/asked
fi

# Warnings are shown, and so is progress: about how many files there are is
# known from what the other kernels took.
about=$(cat "$top"/build/*/obj.um/files 2>/dev/null | sort -n | tail -n 1)
status=$(mktemp)
{ make_um -j"$(nproc)" 2>&1 || echo failed >"$status"; } |
	awk -v about="${about:-1600}" -v log_file=obj.um/log '
		{ print >log_file }
		/^  (CC|AS|AR|LD) / {
			if (++n % 200 == 0) {
				printf "  %d of about %d files\n", n, about
				fflush()
			}
		}
		/(warning|error|Error|\*\*\*)/ { print; fflush() }
		END { if (n > 1000) print n >"obj.um/files" }'
if [ -s "$status" ]; then
	rm -f "$status"
	echo "$name: the build failed, see build/$name/obj.um/log" >&2
	exit 1
fi
rm -f "$status"
cmp -s obj.um/linux "../linux.$name" || cp obj.um/linux "../linux.$name"
