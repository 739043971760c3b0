/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: what the tests share.
 *
 * A test that needs privilege calls become_root(): it is a no-op for root, and
 * for anybody else makes a user namespace in which the test is root, so that
 * every test runs for an ordinary user as well.
 */
#ifndef __NSFD_COMMON_H
#define __NSFD_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#ifndef __NR_socketat
#if defined(__alpha__)
#define __NR_socketat 658
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI32
#define __NR_socketat (548 + 4000)
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_socketat (548 + 6000)
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI64
#define __NR_socketat (548 + 5000)
#elif defined(__x86_64__) && defined(__ILP32__)
#define __NR_socketat (548 + __X32_SYSCALL_BIT)
#else
#define __NR_socketat 548
#endif
#endif

/* The types of namespace, in the order in which setns() installs them. */
static const struct ns_type {
	const char *name;
	int flag;
} ns_types[] = {
	{ "user",	CLONE_NEWUSER },
	{ "mnt",	CLONE_NEWNS },
	{ "uts",	CLONE_NEWUTS },
	{ "ipc",	CLONE_NEWIPC },
	{ "pid",	CLONE_NEWPID },
	{ "cgroup",	CLONE_NEWCGROUP },
	{ "net",	CLONE_NEWNET },
	{ "time",	CLONE_NEWTIME },
};

#define NR_NS_TYPES	ARRAY_SIZE(ns_types)

/* pidfd_open() and setns() straight from the kernel, whatever the libc. */
static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return syscall(__NR_pidfd_open, pid, flags);
}

static inline int sys_setns(int fd, int nstype)
{
	return syscall(__NR_setns, fd, nstype);
}

static inline int sys_socketat(int nsfd, int family, int type, int protocol)
{
	return syscall(__NR_socketat, nsfd, family, type, protocol);
}

/* Opens /proc/<pid>/ns/<name>; @pid 0 is the caller's own thread. */
static inline int open_ns(pid_t pid, const char *name)
{
	char path[64];

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The inode number that names the namespace behind @fd, 0 on error. */
static inline ino_t fd_ino(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* The same for a thread that need not be kept open, 0 on error. */
static inline ino_t ns_ino(pid_t pid, const char *name)
{
	int fd = open_ns(pid, name);
	ino_t ino;

	if (fd < 0)
		return 0;
	ino = fd_ino(fd);
	close(fd);
	return ino;
}

/* Whether this kernel was built with the type: it has a name then. */
static inline bool have_ns(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return !access(path, F_OK);
}

static inline int write_file(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline int write_file(const char *path, const char *fmt, ...)
{
	va_list ap;
	int fd, n;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	if (close(fd) || n < 0)
		return -errno;
	return 0;
}

/* A new user namespace in which the caller, whoever it was, is root. */
static inline int unshare_user(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int err;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	err = write_file("/proc/self/setgroups", "deny");
	if (err)
		return err;
	err = write_file("/proc/self/uid_map", "0 %u 1", uid);
	if (err)
		return err;
	return write_file("/proc/self/gid_map", "0 %u 1", gid);
}

static inline int become_root(void)
{
	return geteuid() ? unshare_user() : 0;
}

/*
 * An ordinary user with no capability, for good. /proc/self stays readable:
 * losing an identity makes a process undumpable, and so hides its own files.
 */
static inline int become_nobody(void)
{
	if (geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534) || prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return 0;
}

/* In a child: the assertions made so far, as an exit status. */
#define EXIT_CHILD() _exit(_metadata->exit_code)

/* The child passes on what its assertions said. */
#define WAIT_CHILD(pid) do {						\
	int __status;							\
									\
	ASSERT_EQ((pid), waitpid((pid), &__status, 0));			\
	ASSERT_TRUE(WIFEXITED(__status));				\
	ASSERT_EQ(KSFT_PASS, WEXITSTATUS(__status));			\
} while (0)

/*
 * A child that unshares @flags and lives until its end of the pipe is closed:
 * something to open, enter and outlive.
 */
struct ns_child {
	pid_t pid;
	int pidfd;
	int hold;	/* closing it lets the child go */
};

static inline int ns_child_start(struct ns_child *c, int flags)
{
	int ready[2], hold[2];
	char ok = 0;

	if (pipe2(ready, O_CLOEXEC) || pipe2(hold, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid < 0)
		return -errno;
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		close(hold[1]);
		if (flags & CLONE_NEWUSER)
			ok = !unshare_user();
		else
			ok = 1;
		if (ok && (flags & ~CLONE_NEWUSER))
			ok = !unshare(flags & ~CLONE_NEWUSER);
		if (write(ready[1], &ok, 1) != 1)
			_exit(1);
		if (read(hold[0], &ok, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(ready[1]);
	close(hold[0]);
	c->hold = hold[1];
	c->pidfd = sys_pidfd_open(c->pid, 0);
	if (read(ready[0], &ok, 1) != 1)
		ok = 0;
	close(ready[0]);
	return ok && c->pidfd >= 0 ? 0 : -ECHILD;
}

/* Lets the child go and waits for its end. */
static inline void ns_child_stop(struct ns_child *c)
{
	if (c->pid <= 0)
		return;
	close(c->hold);
	waitpid(c->pid, NULL, 0);
	if (c->pidfd >= 0)
		close(c->pidfd);
	c->pid = 0;
}

#endif /* __NSFD_COMMON_H */
