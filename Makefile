# nsfd: namespace file descriptors, and sockets in other namespaces, for Linux 6.12
# and 7.3. "make help" lists the targets.

MAKEFLAGS += --no-print-directory --no-builtin-rules
STEP := scripts/step.sh
# Each of them has a rule, whichever of them KERNELS= and NEXT= name.
ALL := baseline vanilla nsfd applied next-vanilla next
KERNELS := $(filter-out next%,$(ALL))
NEXT := $(filter next%,$(ALL))
STOCKS := $(shell grep -q bookworm /etc/os-release && echo 6.1) 6.12 7.3
STOCK := $(firstword $(STOCKS))
BASE := 6.12
ARM64 := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm

help:
	@echo 'make run                 boot the kernel and demonstrate the features'
	@echo 'make test                run the selftests on all kernels of 6.12'
	@echo 'make test-next           run them on 7.3, without and with socketat'
	@echo 'make shell               boot the kernel with a shell'
	@echo 'make tree                create the patched source, build/nsfd'
	@echo 'make refresh [PATCH=n]   write the changes in it to the patches'
	@echo 'make series [BASE=7.3]   write mails to build/series and build/proposal'
	@echo 'make apply KERNEL=dir    apply socketat to your tree of Linux 6.12 or 7.3'
	@echo 'make lib tools           build libnsfd, nsfd and libnsfd-preload.so'
	@echo 'make install DESTDIR=    install them and their manual in PREFIX='
	@echo 'make bench [ARCH=arm64]  count the instructions of calls in QEMU'
	@echo 'make bench-native        run this benchmark on the running kernel'
	@echo 'make bench-bindings      measure the packages for Go and Python'
	@echo 'make deb [ARCH=arm64]    build packages of library, tools and module'
	@echo 'make run-stock           run haproxy with the module on a stock Debian kernel'
	@echo 'make test-stock          run the selftests with the module there'
	@echo 'make bench-run           count the instructions of sockets under nsfd run'
	@echo 'make bench-stock         count the instructions of the module there'
	@echo 'make deb-kernel          build and test a kernel package with the proposal'
	@echo 'make stages              build and test each stage of the series'
	@echo 'make test-debug          run the selftests under KASAN, lockdep and others'
	@echo 'make test-debug-x86      run them in QEMU, with features that UML lacks'
	@echo 'make test-m32            run the selftests and the tools as 32-bit programs'
	@echo 'make test-arm64          run the selftests and the tools on arm64, in QEMU'
	@echo 'make test-san            run library and tools under ASan and UBSan'
	@echo 'make test-programs       run programs of Debian under nsfd run'
	@echo 'make fuzz                make a million random calls, and requests, under KASAN'
	@echo 'make race                run a million operations of each race on 4 CPUs'
	@echo 'make coverage            show which lines of each patch the selftests reach'
	@echo 'make parity              compare tests and programs of others with vanilla'
	@echo 'make parity-next         compare the tests of 7.3 with 7.3 itself'
	@echo 'make configs             build the touched files in other configurations'
	@echo 'make check               run checkpatch, sparse, W=1 and others'
	@echo 'make clean               remove build/'
	@echo
	@echo 'KERNEL_SRC=dir|tarball   use this Linux 6.12 instead of that of Debian'
	@echo 'NEXT_SRC=dir|tarball     use this Linux 7.3'
	@echo 'STOCK=6.1|6.12|7.3       version of the stock Debian kernel: 6.1 on Debian 12 only'
	@echo 'STOCKS="6.12 7.3"        versions for test-stock'

deps:
	@scripts/deps.sh

trees/vanilla: deps
trees/baseline trees/applied trees/next-vanilla: trees/vanilla
trees/nsfd: trees/baseline
trees/next: trees/next-vanilla

$(ALL:%=trees/%):
	@$(STEP) 'source of $(@F)' scripts/series/tree.sh $(@F)

tree: trees/nsfd

$(ALL:%=kernel/%): kernel/%: trees/%
	@$(STEP) 'kernel $*' scripts/build/guest-kernel.sh $*

refresh: deps
	@scripts/series/refresh.sh

# As a user of a kernel tree does: headers first, then the tests of the tree.
kselftest: trees/nsfd
	@$(STEP) 'selftests' scripts/build/kselftest.sh

# The library with its tests, and the tools with the programs of their tests.
lib: trees/nsfd
	@$(STEP) 'libnsfd' $(MAKE) -s -C tools/lib/nsfd O=$(CURDIR)/build/lib all tests man

tools: lib
	@$(STEP) 'tools' tools/testing/selftests/nsfd-tools/prepare.sh

# The package for Go, as tests that run in a guest.
go: deps
	@$(STEP) 'go' $(MAKE) -s -C tools/lib/nsfd/go O=$(CURDIR)/build/go

install:
	@$(MAKE) -s -C tools/nsfd install

# A kernel with less than the tests require. In its depend mode, ccache does not run
# the preprocessor, but then cannot tell that two trees differ in unused macros only.
run: trees/nsfd
	@CCACHE_DEPEND=1 $(STEP) 'kernel' scripts/build/guest-kernel.sh nsfd.run \
		tools/testing/selftests/nsfd/config.run
	@$(STEP) 'samples' scripts/build/samples.sh
	@scripts/guest/boot.sh -t 300 build/linux.nsfd.run scripts/guest/walk.sh build/samples

test: $(KERNELS:%=kernel/%) kselftest tools go
	@scripts/test/run.sh $(KERNELS)

test-next: $(NEXT:%=kernel/%) kselftest tools go
	@scripts/test/run.sh $(NEXT)

shell: kernel/nsfd
	@scripts/guest/boot.sh -i -t 1d build/linux.nsfd bash

series: $(if $(filter 6.12,$(BASE)),trees/nsfd trees/applied,trees/next)
	@scripts/series/mails.sh '$(BASE)'

apply:
	@scripts/series/apply.sh '$(KERNEL)'

bench: trees/vanilla trees/nsfd
	@scripts/deps.sh cpio gnuplot-nox \
		$(if $(filter arm64,$(ARCH)),$(ARM64),gdb qemu-system-x86)
	$(if $(filter arm64,$(ARCH)),@$(STEP) 'programs for arm64' scripts/build/cross.sh arm64)
	@$(STEP) 'kernels to measure' scripts/bench/build.sh vanilla nsfd
	@$(STEP) 'bench' scripts/bench/bench.sh

bench-native: deps
	@scripts/bench/build.sh
	@build/bench/bench

bench-bindings: kernel/vanilla kernel/nsfd go
	@for kernel in vanilla nsfd; do echo "== $$kernel"; \
		scripts/guest/boot.sh build/linux.$$kernel scripts/bench/bindings.sh || exit; done

# The cost of programs under "nsfd run", by the system call and by threads.
bench-run: trees/vanilla trees/nsfd tools
	@scripts/deps.sh qemu-system-x86
	@$(STEP) 'benchmark' scripts/bench/build.sh
	@for kernel in nsfd vanilla; do \
		$(STEP) "kernel $$kernel.compat" scripts/build/guest-kernel.sh -q $$kernel.compat \
			tools/testing/selftests/nsfd/config.compat && \
		scripts/guest/boot.sh -n build/linux.$$kernel.compat \
			scripts/bench/nsfd-run.sh || exit; done

deb: deps
	@scripts/deps.sh build-essential debhelper dh-dkms dh-python dpkg-dev \
		lintian pybuild-plugin-pyproject python3-all python3-setuptools \
		python3-wheel $(if $(ARCH),mmdebstrap)
	@$(STEP) 'packages' scripts/deb/packages.sh

stock: deb
	@scripts/deps.sh e2fsprogs mmdebstrap qemu-system-x86
	@$(STEP) "Debian with Linux $(STOCK)" scripts/stock/root.sh '$(STOCK)'

run-stock: stock
	@scripts/stock/run.sh '$(STOCK)'

test-stock: kselftest go tools
	@for stock in $(STOCKS); do $(MAKE) stock STOCK=$$stock || exit; done
	@scripts/stock/test.sh $(STOCKS)

bench-stock: stock
	@scripts/stock/bench.sh '$(STOCK)'

deb-kernel: trees/vanilla kselftest
	@$(STEP) 'kernel package' scripts/deb/kernel.sh

stages: trees/nsfd trees/applied kselftest
	@scripts/test/stages.sh $(if $(filter quick,$(STAGES)),quick)

parity: trees/vanilla trees/nsfd
	@scripts/test/parity.sh

parity-next: kernel/next-vanilla kernel/next
	@scripts/test/parity-next.sh

coverage: trees/nsfd kselftest
	@scripts/deps.sh qemu-system-x86
	@scripts/test/coverage.sh

configs: trees/vanilla trees/nsfd kselftest
	@scripts/deps.sh gcc-aarch64-linux-gnu gcc-s390x-linux-gnu
	@scripts/test/configs.sh

kernel/nsfd.debug: trees/nsfd
	@CCACHE_DEPEND=1 $(STEP) 'kernel nsfd.debug' scripts/build/guest-kernel.sh nsfd.debug \
		tools/testing/selftests/nsfd/config.debug

test-debug: kernel/nsfd.debug kselftest tools go
	@MEMORY=2G TIMEOUT=2400 scripts/test/run.sh nsfd.debug

# Features that UML lacks: the time namespace, two CPUs, perf, BPF and netdevsim.
test-debug-x86: trees/nsfd kselftest
	@scripts/deps.sh qemu-system-x86
	@$(STEP) 'kernel nsfd.kasan' scripts/build/guest-kernel.sh -q nsfd.kasan \
		tools/testing/selftests/nsfd/config.debug \
		tools/testing/selftests/nsfd/config.debug-x86
	@TESTS="$$(xargs <build/kselftest/kselftest-list.txt)" CPUS=2 MEMORY=4G \
		TIMEOUT=5400 GUEST_ENV=GUEST_SECONDS=3600 scripts/test/run.sh nsfd.kasan

# 32-bit programs on the kernel for x86-64.
test-m32: trees/nsfd
	@scripts/deps.sh gcc-multilib qemu-system-x86
	@$(STEP) '32-bit programs' scripts/build/cross.sh m32
	@$(STEP) 'kernel nsfd.compat' scripts/build/guest-kernel.sh -q nsfd.compat \
		tools/testing/selftests/nsfd/config.compat
	@GUEST=scripts/guest/variant.sh GUEST_ENV=VARIANT=m32 MEMORY=2G TIMEOUT=3000 \
		scripts/test/run.sh nsfd.compat

# A Debian system for arm64 with kernels and programs that are cross-compiled.
test-arm64: trees/nsfd trees/applied
	@scripts/deps.sh $(ARM64)
	@$(STEP) 'programs for arm64' scripts/build/cross.sh arm64
	@for kernel in nsfd applied; do \
		ARCH=arm64 $(STEP) "kernel $$kernel.arm64" \
			scripts/build/guest-kernel.sh -q $$kernel.arm64 || exit; \
	done
	@GUEST=scripts/guest/variant.sh GUEST_ENV='VARIANT=arm64 GUEST_SECONDS=600' \
		MEMORY=2G TIMEOUT=3000 scripts/test/run.sh nsfd.arm64 applied.arm64

# Library and tools with ASan and UBSan, by the system call and by threads. In UML
# programs do not have the address space that ASan requires.
test-san: trees/nsfd kselftest tools
	@scripts/deps.sh qemu-system-x86
	@$(STEP) 'library and tools with sanitizers' scripts/build/san.sh
	@tools/testing/selftests/nsfd-tools/fuzz.py build/san/tools/nsfd 10000
	@for kernel in nsfd vanilla; do \
		$(STEP) "kernel $$kernel.compat" scripts/build/guest-kernel.sh -q $$kernel.compat \
			tools/testing/selftests/nsfd/config.compat && \
		ln -sf linux.$$kernel.compat build/linux.$$kernel.san || exit; done
	@GUEST=scripts/guest/variant.sh GUEST_ENV=VARIANT=san MEMORY=2G \
		scripts/test/run.sh nsfd.san vanilla.san

# Debian programs under "nsfd run", by threads and by the system call, and faults of
# the supervisor.
test-programs: kernel/vanilla kernel/nsfd tools
	@scripts/deps.sh strace
	@$(STEP) 'programs' tools/testing/selftests/nsfd-tools/prepare-programs.sh
	@for kernel in vanilla nsfd; do \
		$(STEP) "programs on $$kernel" scripts/guest/boot.sh -t 2400 build/linux.$$kernel \
			tools/testing/selftests/nsfd-tools/tools_test.sh programs faults || exit; \
	done

# Of 16 random calls, 13 are requests to the ring: a million with these.
fuzz: kernel/nsfd.debug kselftest
	@GUEST_ENV='GUEST_USERS=root GUEST_SECONDS=3600 NSFD_CALLS=1300000' MEMORY=2G \
		TIMEOUT=7200 TESTS=nsfd:fuzz_test scripts/test/run.sh nsfd.debug

race: trees/nsfd kselftest
	@scripts/deps.sh qemu-system-x86
	@$(STEP) 'kernel nsfd.kcsan' scripts/build/guest-kernel.sh -q nsfd.kcsan \
		tools/testing/selftests/nsfd/config.kcsan
	@$(STEP) 'kernel nsfd.smp' scripts/build/guest-kernel.sh -q nsfd.smp \
		tools/testing/selftests/nsfd/config.parity
	@scripts/test/race.sh

check: kernel/nsfd trees/applied kernel/next
	@scripts/deps.sh go-staticcheck mypy python3-build python3-pygments \
		python3-setuptools python3-wheel
	@scripts/test/check.sh

clean:
	rm -rf build

.PHONY: help deps tree refresh kselftest lib tools go install run test test-next shell
.PHONY: series apply stages parity parity-next coverage configs fuzz race check clean
.PHONY: test-debug test-debug-x86 test-m32 test-arm64 test-san test-programs
.PHONY: bench bench-bindings bench-native bench-run deb stock run-stock test-stock bench-stock deb-kernel
.PHONY: $(ALL:%=trees/%) $(ALL:%=kernel/%) kernel/nsfd.debug
