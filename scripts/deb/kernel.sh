#!/bin/sh
# Follows Documentation/nsfd/kernel.md: applies the proposal to an unmodified Linux
# 6.12, builds a kernel package, installs it in a separate Debian system, boots that in
# QEMU, and runs the selftests and guest/filters.sh there. Prints the failures and a
# last line of counts.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$top/build/deb-kernel out=$top/build/test/applied.deb
tests=$top/tools/testing/selftests/nsfd
die()
{
	echo "deb-kernel: $*" >&2
	exit 1
}

"$top/scripts/deps.sh" build-essential debhelper dpkg-dev genext2fs mmdebstrap qemu-system-x86
mkdir -p "$dir/obj"
cd "$dir"

echo "source: vanilla, in build/deb-kernel/linux"
rm -rf linux.new
mkdir linux.new
git -C "$top/build/vanilla" archive vanilla | tar -x -C linux.new
"$top/scripts/series/apply.sh" linux.new
# Unchanged files keep their times, so that they are not built again.
rsync -rlp --checksum --delete linux.new/ linux/
rm -rf linux.new

# Objects are kept, and cached ones must not depend on the tree or the date.
export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
export KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=nsfd KBUILD_BUILD_HOST=nsfd
export DEB_BUILD_OPTIONS=terse DEB_BUILD_PROFILES=pkg.linux-upstream.nokernelheaders
make_linux()
{
	make -C linux ARCH=x86_64 O="$dir/obj" CC="ccache gcc" LOCALVERSION=-nsfd "$@"
}

cat "$tests/config" "$tests/config.x86_64" >obj/asked
make_linux -s KCONFIG_ALLCONFIG=asked alldefconfig >config.log 2>&1 ||
	die "no configuration, see build/deb-kernel/config.log"
# The last setting of an option applies.
awk -F= '/^CONFIG/ && !/=n$/ { line[$1] = $0 }
	END { for (option in line) print line[option] }' obj/asked |
	grep -vxF -f obj/.config >config.log &&
	die "the kernel does not take $(head -n 1 config.log)"

rm -f ./*.deb
{ make_linux -j"$(nproc)" bindeb-pkg 2>&1 || echo 'the build failed'; } |
	awk '{ print >"build.log" }
		/^  (CC|AS)/ && ++n % 200 == 0 { printf "  %d files\n", n; fflush() }
		/(warning|error|Error|\*\*\*|dpkg-deb): / { print; fflush() }'
deb=$(find . -name 'linux-image-*-nsfd_*.deb')
[ -n "$deb" ] || die "no package, see build/deb-kernel/build.log"
release=$(cat obj/include/config/kernel.release)

# A Debian of the release that the tests were built on.
# shellcheck source=scripts/deb/suite.sh
. "$top/scripts/deb/suite.sh"
host_suite
cat >run <<-'END'
	#!/bin/sh
	cd /opt/nsfd
	# Load the modules that exist: the fuzz test would request each family
	# thousands of times.
	for family in $(seq 0 46); do
	    modprobe -q "net-pf-$family"
	done
	modprobe -a dummy tun veth
	echo >/proc/sys/kernel/modprobe
	scripts/guest/test.sh out
	echo $? >out/status
	systemctl start dbus.socket
	scripts/guest/filters.sh >out/root/filters
	tar -c -f /dev/vdb -C out .
END
chmod +x run
# shellcheck disable=SC2016 # $1 is the new root, for the hooks
mmdebstrap --quiet --variant=minbase \
	--include=crun,dbus,initramfs-tools,iproute2,kmod,libcap2-bin,libmnl0,runc \
	--include=systemd-sysv,udev \
	--customize-hook="upload $deb /tmp/linux.deb" \
	--customize-hook='chroot "$1" dpkg -i /tmp/linux.deb' \
	--customize-hook='mkdir -p "$1/opt/nsfd/build" "$1/opt/nsfd/scripts/guest"' \
	--customize-hook="copy-in $top/build/kselftest /opt/nsfd/build" \
	--customize-hook="copy-in $top/scripts/guest/test.sh /opt/nsfd/scripts/guest" \
	--customize-hook="copy-in $top/scripts/guest/filters.sh /opt/nsfd/scripts/guest" \
	--customize-hook='copy-in run /opt/nsfd' \
	--customize-hook="download /boot/vmlinuz-$release vmlinuz" \
	--customize-hook="download /boot/initrd.img-$release initrd" \
	"$suite" root.ext2 "$sources" >root.log 2>&1 ||
	die "no system, see build/deb-kernel/root.log"
# The image is just large enough, so make space for the tests.
truncate -s 1G root.ext2
e2fsck -f -y root.ext2 >>root.log 2>&1 || :
resize2fs root.ext2 >>root.log 2>&1
echo "installed: $(basename "$deb")"

rm -f result
truncate -s 64M result
status=0
timeout --foreground -k 5 "${TIMEOUT:-3600}" qemu-system-x86_64 \
	-accel tcg,thread=multi -cpu max -smp 2 -m 2G \
	-nographic -nodefaults -no-reboot -serial stdio -monitor none \
	-kernel vmlinuz -initrd initrd \
	-append 'root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.run=/opt/nsfd/run' \
	-drive file=root.ext2,if=virtio,format=raw \
	-drive file=result,if=virtio,format=raw </dev/null >console 2>&1 ||
	status=$?
rm -rf "$out"
mkdir -p "$out"
if ! tar -x -C "$out" -f result 2>/dev/null || [ ! -s "$out/status" ]; then
	tail -n 30 console
	die "no result from the guest (status of QEMU: $status)"
fi
if grep -nE 'BUG|WARNING|Oops|UBSAN|KASAN|INFO: ' "$out/dmesg"; then
	echo "$release: a splat"
	echo 1 >"$out/status"
fi
head -n 1 "$out/dmesg"
cd "$top"
exec scripts/test/verdict.pl applied.deb
