// SPDX-License-Identifier: GPL-2.0
/*
 * The seccomp filter of "nsfd run": the system calls of which the supervisor is
 * notified, on every architecture whose programs this machine can run.
 */
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/ppp-ioctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd.h"
#include "supervise.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV	(1UL << 5)
#endif

/* The native architecture and the others that such a machine supports. */
static const uint32_t arches[] = {
#if defined(__x86_64__) || defined(__i386__)
	SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
#elif defined(__aarch64__)
	SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
#elif defined(__s390x__)
	SCMP_ARCH_S390X, SCMP_ARCH_S390,
#elif defined(__powerpc64__) && defined(__BIG_ENDIAN__)
	SCMP_ARCH_PPC64, SCMP_ARCH_PPC,
#else
	SCMP_ARCH_NATIVE,
#endif
};

static const struct call {
	const char *name;
	enum call_op op;
} calls[] = {
	{ "setns",	OP_SETNS },
	{ "unshare",	OP_UNSHARE },
	{ "socket",	OP_SOCKET },
	{ "clone",	OP_CLONE },
	{ "clone3",	OP_CLONE3 },
	{ "fork",	OP_FORK },
	{ "vfork",	OP_VFORK },
	{ "execve",	OP_EXEC },
	{ "execveat",	OP_EXEC },
	{ "ioctl",	OP_IOCTL },
	{ "seccomp",	OP_FILTER },
	{ "prctl",	OP_FILTER },
};

/* The kernel reads only the lower 32 bits of an ioctl() request. */
static const uint32_t device_requests[] = { TUNSETIFF, PPPIOCNEWUNIT };

struct number {
	uint32_t arch;
	int nr;
	enum call_op op;
};

static struct number numbers[ARRAY_SIZE(arches) * (ARRAY_SIZE(calls) + 1)];
static size_t n_numbers;

/* For x32, struct seccomp_data has the arch of x86-64, and a bit set in the number. */
static uint32_t audit_arch(uint32_t arch)
{
#ifdef SCMP_ARCH_X32
	if (arch == SCMP_ARCH_X32)
		return SCMP_ARCH_X86_64;
#endif
	return arch;
}

/*
 * Where socketcall() creates sockets, libseccomp uses its own number for socket().
 * These are the kernel's numbers, since Linux 4.3.
 */
static int number_of_socket(uint32_t arch)
{
	switch (arch) {
	case SCMP_ARCH_X86:
	case SCMP_ARCH_S390:
	case SCMP_ARCH_S390X:
		return 359;
	case SCMP_ARCH_PPC:
	case SCMP_ARCH_PPC64:
	case SCMP_ARCH_PPC64LE:
		return 326;
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4183;
	}
	return -1;
}

static void learn(uint32_t arch, const char *name, enum call_op op)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	if (nr == __PNR_socket)
		nr = number_of_socket(arch);
	/* Negative: the architecture lacks the call, as arm64 lacks fork(). */
	if (nr < 0)
		return;
	numbers[n_numbers++] = (struct number){ audit_arch(arch), nr, op };
}

void filter_numbers(void)
{
	uint32_t arch;
	size_t a, c;

	for (a = 0; a < ARRAY_SIZE(arches); a++) {
		arch = arches[a] == SCMP_ARCH_NATIVE ? seccomp_arch_native() : arches[a];
		for (c = 0; c < ARRAY_SIZE(calls); c++)
			learn(arch, calls[c].name, calls[c].op);
		learn(arch, "socketcall", OP_SOCKETCALL);
	}
}

enum call_op filter_op(uint32_t arch, int nr)
{
	size_t i;

	for (i = 0; i < n_numbers; i++)
		if (numbers[i].nr == nr && numbers[i].arch == arch)
			return numbers[i].op;
	return OP_NONE;
}

static void check(int error, const char *what)
{
	if (!error)
		return;
	errno = error < 0 ? -error : error;
	err(1, "failed to build the seccomp filter: %s", what);
}

/* The calls that install a filter have other uses. Both read only 32 bits. */
static struct scmp_arg_cmp installs_filter(int nr)
{
	return (struct scmp_arg_cmp)
		SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff,
			nr == SCMP_SYS(prctl) ? PR_SET_SECCOMP : SECCOMP_SET_MODE_FILTER);
}

static void add_rules(scmp_filter_ctx ctx, bool io_uring)
{
	const struct scmp_arg_cmp new_net =
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWNET, CLONE_NEWNET);
	size_t i, r;
	int nr;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		nr = seccomp_syscall_resolve_name(calls[i].name);
		switch (calls[i].op) {
		case OP_UNSHARE:
			check(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, nr, 1, new_net),
			      calls[i].name);
			break;
		case OP_IOCTL:
			for (r = 0; r < ARRAY_SIZE(device_requests); r++)
				check(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, nr, 1,
						       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff,
							       device_requests[r])),
				      calls[i].name);
			break;
		case OP_FILTER:
			check(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, nr, 1,
					       installs_filter(nr)), calls[i].name);
			break;
		default:
			/* For i386, this also covers socketcall(SYS_SOCKET). */
			check(seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, nr, 0),
			      calls[i].name);
		}
	}
	/* A ring creates sockets by requests that a filter cannot see. */
	if (!io_uring)
		check(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				       SCMP_SYS(io_uring_setup), 0), "io_uring_setup");
}

/* libseccomp 2.5 cannot load a filter with all required flags. */
static int install(scmp_filter_ctx ctx)
{
	struct sock_fprog prog;
	int fd, listener;
	off_t size;
	void *code;

	fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		err(1, "failed to create a memory file for the filter");
	check(seccomp_export_bpf(ctx, fd), "export");
	size = lseek(fd, 0, SEEK_END);
	code = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED)
		err(1, "failed to map the filter");
	prog.len = size / sizeof(struct sock_filter);
	prog.filter = code;
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER |
			   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
	/*
	 * Before Linux 5.19, a signal can interrupt a call that the supervisor is
	 * handling.
	 */
	if (listener < 0 && errno == EINVAL)
		listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				   SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
	munmap(code, size);
	close(fd);
	return listener;
}

int filter_load(bool io_uring)
{
	scmp_filter_ctx ctx;
	int listener;
	size_t a;

	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		err(1, "failed to build the seccomp filter");
	/* The filter does not cover the calls of an architecture that is not listed. */
	check(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
			       SCMP_ACT_ERRNO(ENOSYS)), "unknown architectures");
	for (a = 0; a < ARRAY_SIZE(arches); a++)
		if (seccomp_arch_exist(ctx, arches[a]))
			check(seccomp_arch_add(ctx, arches[a]), "architectures");
	add_rules(ctx, io_uring);
	listener = install(ctx);
	seccomp_release(ctx);
	if (listener >= 0)
		return listener;
	switch (errno) {
	case EBUSY:
		errx(1, "cannot supervise: a seccomp listener is already installed, by another nsfd run or by a container manager");
	case EACCES:
		errx(1, "cannot supervise: --allow-new-privs requires CAP_SYS_ADMIN");
	case EPERM:
		errx(1, "cannot supervise: seccomp(2) is denied; allow it in the profile of the container");
	case EINVAL:
	case ENOSYS:
		errx(1, "cannot supervise: this kernel lacks seccomp user notification; Linux 5.14 or later with CONFIG_SECCOMP_FILTER is required");
	}
	err(1, "failed to install the seccomp filter");
}
