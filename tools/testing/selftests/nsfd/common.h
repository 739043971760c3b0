/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: shared by the tests.
 *
 * A test that requires privileges calls become_root(). For root, this is a
 * no-op; for any other user, it creates a user namespace in which the test is
 * root. So every test can be run as an ordinary user, too.
 */
#ifndef __NSFD_COMMON_H
#define __NSFD_COMMON_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
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
#include <time.h>
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

#ifndef NS_NET_DELEGATE_SOCKETS
#define NS_NET_DELEGATE_SOCKETS	_IO(NSIO, 0x20)
#define NS_NET_REVOKE_SOCKETS	_IO(NSIO, 0x21)
#endif

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE		71
#endif

#ifndef NS_GET_ID
#define NS_GET_ID		_IOR(NSIO, 13, __u64)
#endif

/*
 * Kernels after 6.12 that have NS_GET_ID also have a list of valid nsfs ioctls,
 * and their PID namespaces can be opened before the first process exists.
 */
static inline bool has_ns_get_id(int nsfd)
{
	__u64 id;

	return !ioctl(nsfd, NS_GET_ID, &id);
}

/* For kernels without the call, there is a module, with tests of its own. */
#ifdef NSFD_MODULE
#include "module.h"
#else
#define by_module()		false
#define module_socket(...)	-1
#define module_delegate(...)	-1
#endif

/* The types of namespaces, in the order in which setns() installs them. */
static const struct ns_kind {
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

/* Call pidfd_open() and setns() without the C library. */
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
	if (by_module())
		return module_socket(nsfd, family, type, protocol);
	return syscall(__NR_socketat, nsfd, family, type, protocol);
}

/* @arg must be 0. */
static inline int sys_delegate(int nsfd, int arg)
{
	if (by_module())
		return module_delegate(nsfd, arg);
	return ioctl(nsfd, NS_NET_DELEGATE_SOCKETS, arg);
}

/* Return 0 or the errno of setns(). */
static inline int try_setns(int fd, int nstype)
{
	return sys_setns(fd, nstype) ? errno : 0;
}

/* Open a namespace of a process by its pidfd; @request is PIDFD_GET_*_NAMESPACE. */
static inline int get_namespace(pid_t pid, unsigned int request)
{
	int pidfd = sys_pidfd_open(pid, 0), fd;

	fd = ioctl(pidfd, request, 0);
	if (fd < 0)
		fd = -errno;
	close(pidfd);
	return fd;
}

/* Open /proc/<pid>/ns/<name>; @pid 0 is the calling thread. */
static inline int open_ns(pid_t pid, const char *name)
{
	char path[64];

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Return the inode number of the namespace that @fd refers to, 0 on error. */
static inline ino_t fd_ino(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Return the inode number of a namespace of a thread, 0 on error. */
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

/* Check whether this kernel is configured with the type, which then has a name. */
static inline bool have_ns(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return !access(path, F_OK);
}

/*
 * A missing type is a reason to skip, but not if there are no namespace files
 * at all.
 */
static inline bool lacks_ns(const char *name)
{
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (have_ns(ns_types[i].name))
			return !have_ns(name);
	return false;
}

static inline int write_file(const char *path, const char *fmt, ...)
	__printf(2, 3);
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

/* Create a user namespace in which the caller is root, whatever its user ID. */
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

/* Check whether the kernel is configured with a type, with or without a file. */
static inline bool have_type(int flag)
{
	int status = 0;
	pid_t pid;

	/* without cgroups, unshare() succeeds although the type is missing */
	if (flag == CLONE_NEWCGROUP)
		return !access("/proc/self/cgroup", F_OK);
	pid = fork();
	if (!pid)
		_exit(become_root() || (unshare(flag) && errno == EINVAL));
	return waitpid(pid, &status, 0) == pid && !status;
}

/* Return a type that has a name at the start of the series. */
static inline const char *any_ns(void)
{
	return have_type(CLONE_NEWUSER) ? "user" : "cgroup";
}

/* Skip a test that requires more types than its program does. */
#define NEEDS(statement, flag, option) do {				\
	if (!have_type(flag))						\
		SKIP(statement, "the kernel is built without " option);	\
} while (0)

/* A program that is for one type defines this before it includes this file. */
#ifndef NEEDS_TYPE
#define NEEDS_TYPE	0
#define NEEDS_NAME	""
#endif

static void __attribute__((constructor)) needs_type(void)
{
	if (geteuid() && !have_type(CLONE_NEWUSER))
		ksft_exit_skip("only root can do this without user namespaces\n");
	if (NEEDS_TYPE && !have_type(NEEDS_TYPE))
		ksft_exit_skip("the kernel is built without " NEEDS_NAME "\n");
}

/*
 * Permanently become an ordinary user without capabilities. /proc/self must
 * remain readable: changing the user ID makes a process non-dumpable, which
 * denies access to its own files.
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

/* Drop all capabilities except these. */
static inline int keep_caps(__u64 caps)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(__NR_capget, &hdr, d))
		return -errno;
	d[0].permitted &= caps;
	d[1].permitted &= caps >> 32;
	d[0].effective = d[0].permitted;
	d[1].effective = d[1].permitted;
	return syscall(__NR_capset, &hdr, d) ? -errno : 0;
}

static inline int caps_drop(void)
{
	return keep_caps(0);
}

/* The number that the kernel has given to the namespace of a socket, 0 on error. */
static inline __u64 netns_cookie(int sk)
{
	__u64 cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(sk, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		return 0;
	return cookie;
}

static inline __u64 msecs(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static inline bool dir_has(const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = !strcmp(entry->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

/* Limit the namespaces of a type in the caller's user namespace. */
static inline int allow_few(const char *type, int n)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", type);
	return write_file(path, "%d", n);
}

/* In a child: exit with the result of the assertions made so far. */
#define EXIT_CHILD() _exit(_metadata->exit_code)

/* Wait for the child and take over the result of its assertions. */
#define WAIT_CHILD(pid) do {						\
	pid_t __child = (pid);						\
	int __status;							\
									\
	ASSERT_EQ(__child, waitpid(__child, &__status, 0));		\
	ASSERT_TRUE(WIFEXITED(__status));				\
	ASSERT_EQ(KSFT_PASS, WEXITSTATUS(__status));			\
} while (0)

/*
 * A child that unshares @flags and lives until its end of the pipe is closed.
 * The tests open and enter its namespaces, and outlive it.
 */
struct ns_child {
	pid_t pid;
	int pidfd;
	int hold;	/* the child exits when this is closed */
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

/* Make the child exit, and wait for it. */
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

/*
 * In a child: wait until the process that @pidfd refers to has terminated. (The
 * signal of PR_SET_PDEATHSIG is lost if the parent has terminated before, and
 * may not be sent if its credentials have changed.)
 */
static inline void __noreturn end_with(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* fork() with the flags of clone(); the namespaces exist when it returns. */
static inline pid_t ns_fork(int flags, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	return syscall(__NR_clone3, &args, sizeof(args));
}

/* A child that is itself in new namespaces, PID namespace included. */
struct target {
	pid_t pid;
	int pidfd;
};

static inline int target_start(struct target *t, int flags)
{
	int parent = sys_pidfd_open(getpid(), 0);

	t->pid = ns_fork(flags, &t->pidfd);
	if (!t->pid) {
		/*
		 * Close everything, so that the target pins nothing that the
		 * test closes.
		 */
		if (dup2(parent, 3) == 3 && !syscall(__NR_close_range, 4, ~0U, 0))
			end_with(3);
		_exit(1);
	}
	close(parent);
	return t->pid < 0 ? -errno : 0;
}

/* Namespaces are freed with a delay: retry while the limit is reached. */
static inline int target_start_patient(struct target *t, int flags)
{
	__u64 end = msecs() + 20000;
	int err;

	do {
		err = target_start(t, flags);
		if (err != -ENOSPC)
			break;
		poll(NULL, 0, 5);
	} while (msecs() < end);
	return err;
}

static inline void target_stop(struct target *t)
{
	if (t->pid <= 0)
		return;
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	close(t->pidfd);
	t->pid = 0;
}

/* A thread that does nothing, for tests that inspect it. */
struct idler {
	pthread_t thread;
	pid_t tid;
	int unshare;	/* what it unshares first */
	int ready[2], hold[2];
};

static inline void *idler_run(void *arg)
{
	struct idler *me = arg;
	char c = 0;

	me->tid = syscall(__NR_gettid);
	if (me->unshare && unshare(me->unshare))
		me->tid = 0;
	if (write(me->ready[1], &c, 1) != 1 || read(me->hold[0], &c, 1) < 0)
		me->tid = 0;
	return NULL;
}

static inline int idler_start(struct idler *t, int flags)
{
	char c;

	t->unshare = flags;
	if (pipe2(t->ready, O_CLOEXEC) || pipe2(t->hold, O_CLOEXEC) ||
	    pthread_create(&t->thread, NULL, idler_run, t) ||
	    read(t->ready[0], &c, 1) != 1 || !t->tid)
		return -1;
	return 0;
}

/*
 * The kernel may release a joined thread with a delay, so wait until it is not
 * counted.
 */
static inline void idler_stop(struct idler *t)
{
	int i;

	close(t->hold[1]);
	pthread_join(t->thread, NULL);
	for (i = 0; i < 10000; i++) {
		if (syscall(__NR_tgkill, getpid(), t->tid, 0))
			break;
		usleep(100);
	}
	close(t->hold[0]);
	close(t->ready[0]);
	close(t->ready[1]);
}

#endif /* __NSFD_COMMON_H */
