#!/bin/sh
# Builds the files that the series touches in unusual configurations, and runs the
# selftests in User-Mode Linux with each namespace option disabled.
#
# usage: configs.sh [NAME...]
#
# A name is one of those below, or um-OPTION. A warning that vanilla does not have is
# an error. A selftest has to pass, or to skip with a reason.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
out=$top/build/configs
mkdir -p "$out"
[ "$#" -gt 0 ] || set -- allnoconfig allmodconfig defconfig i386 arm64 s390 \
	NAMESPACES NET_NS UTS_NS IPC_NS PID_NS USER_NS TIME_NS CGROUPS \
	PROC_FS PROC_SYSCTL \
	um-NET_NS um-UTS_NS um-IPC_NS um-PID_NS um-USER_NS um-CGROUPS
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
bad=0

wrong()
{
	echo "WRONG: $name: $*"
	bad=1
}

# Prints what the makefile of directory $1 builds in this configuration.
cat >"$out/made.mk" <<'EOF'
include include/config/auto.conf
include $(src)/Makefile
all := $(obj-y) $(obj-m)
$(info $(all) $(foreach o,$(all),$($(o:.o=-y)) $($(o:.o=-objs))))
.PHONY: nothing
nothing:
EOF
made_in()
{
	make -s -f "$out/made.mk" -C "$obj" srctree="$top/build/$tree" \
		src="$top/build/$tree/$1" nothing 2>/dev/null | tr ' ' '\n'
}

# Checks whether $1, a directory with a trailing slash or an object, is built.
is_made()
{
	path=${1%/}
	case $path in
	*/*)
		made_in "${path%/*}" | grep -qxF "${1#"${path%/*}/"}" &&
			is_made "${path%/*}/"
		;;
	esac
}

# Configures $tree in $obj for $name, and builds the touched files; for s390, which is
# big-endian, with W=1 and sparse.
build()
{
	obj=$out/$name.$tree arch=x86 base=defconfig option='' cross='' checks=''
	case $name in
	allnoconfig) base=allnoconfig option='-e NET' ;;
	allmodconfig) base=allmodconfig ;;
	defconfig) ;;
	i386) arch=i386 ;;
	arm64) arch=arm64 cross=aarch64-linux-gnu- ;;
	s390) arch=s390 cross=s390x-linux-gnu- checks='W=1 C=2' ;;
	*) option="-e EXPERT -d $name" ;;
	esac
	kmake="make -s -C build/$tree ARCH=$arch CROSS_COMPILE=$cross O=$obj LOCALVERSION="
	$kmake "$base"
	# shellcheck disable=SC2086
	[ -z "$option" ] || "build/$tree/scripts/config" --file "$obj/.config" $option
	$kmake olddefconfig
	case $option in
	*' -d '*)
		! grep -q "^CONFIG_$name=" "$obj/.config" ||
			wrong "CONFIG_$name can't be off"
		;;
	esac
	$kmake CC="ccache ${cross}gcc" -j"$(nproc)" prepare >"$obj/log" 2>&1
	objects=$(git -C build/nsfd diff --name-only baseline nsfd -- '*.c' |
		grep -Ev '^(tools|samples|drivers/net/nsfd)/' |
		while read -r file; do
			! is_made "${file%.c}.o" || echo "${file%.c}.o"
		done)
	# shellcheck disable=SC2086
	$kmake $checks CC="ccache ${cross}gcc" -j"$(nproc)" -k $objects >>"$obj/log" 2>&1 ||
		wrong "$tree does not build, see $obj/log"
	# A different line number does not make a new warning.
	sed -n 's/:[0-9]*:[0-9]*: warning/: warning/p' "$obj/log" | sort >"$obj/warnings"
}

for name; do
	case $name in
	um-*)
		option=CONFIG_${name#um-}
		echo "$option=n" >"$out/$name"
		[ "$option" != CONFIG_CGROUPS ] || echo CONFIG_CGROUP_BPF=n >>"$out/$name"
		scripts/build/guest-kernel.sh nsfd.configs "$out/$name"
		TESTS=$(xargs <build/kselftest/kselftest-list.txt) \
			scripts/test/run.sh -n nsfd.configs || wrong 'the run'
		rm -rf "$out/$name.run"
		mv build/test/nsfd.configs "$out/$name.run"
		scripts/test/tap.sh "$out/$name.run" >"$out/$name.results"
		! grep -E '^[^ ]* [^ ]* (fail|stopped) ' "$out/$name.results" || wrong 'selftests'
		awk -v name="$name" '{ n[$3]++ }
			END { printf "%s: %d pass, %d fail, %d skip\n", name,
				n["pass"], n["fail"], n["skip"] }' "$out/$name.results"
		;;
	*)
		tree=nsfd
		build
		count=$(echo "$objects" | wc -w)
		if [ -s "$obj/warnings" ]; then
			new=$obj/warnings tree=vanilla
			build
			comm -13 "$obj/warnings" "$new" | grep . && wrong 'new warnings'
		fi
		echo "$name: $count objects"
		;;
	esac
done
[ "$bad" = 0 ]
