// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* Open namespaces by path, name, process and pidfd; identify and enter them. */
#define _FILE_OFFSET_BITS 64	/* for the inode numbers */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"
#include "nsfd.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#ifndef __NR_pidfd_send_signal
#ifdef __alpha__
#define __NR_pidfd_send_signal 534
#else
#define __NR_pidfd_send_signal 424
#endif
#endif

/* PIDFD_GET_<type>_NAMESPACE, by the last argument. */
#define PIDFD_GET(nr)	_IO(0xff, nr)

static const struct ns_type {
	const char *name;
	int flag;
	unsigned int pidfd_get;
} ns_types[] = {
	{ "cgroup",	CLONE_NEWCGROUP,	PIDFD_GET(1) },
	{ "ipc",	CLONE_NEWIPC,		PIDFD_GET(2) },
	{ "mnt",	CLONE_NEWNS,		PIDFD_GET(3) },
	{ "net",	CLONE_NEWNET,		PIDFD_GET(4) },
	{ "pid",	CLONE_NEWPID,		PIDFD_GET(5) },
	{ "time",	CLONE_NEWTIME,		PIDFD_GET(7) },
	{ "user",	CLONE_NEWUSER,		PIDFD_GET(9) },
	{ "uts",	CLONE_NEWUTS,		PIDFD_GET(10) },
};

static const struct ns_type *find_type(int flag)
{
	size_t i;

	for (i = 0; i < sizeof(ns_types) / sizeof(ns_types[0]); i++)
		if (ns_types[i].flag == flag)
			return &ns_types[i];
	errno = EINVAL;
	return NULL;
}

int nsfd_close_failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

int nsfd_fdinfo(int fd, const char *key, char *value, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	return nsfd_line(path, key, value, size);
}

int nsfd_line(const char *path, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);
	int found = 0, state;
	char line[128];
	FILE *file;

	/* socketat() must not be a cancellation point. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	file = fopen(path, "re");
	if (!file) {
		found = -1;
		goto out;
	}
	while (!found && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, size, "%s", line + len);
		found = 1;
	}
	if (ferror(file))
		found = -1;
	if (fclose(file))
		found = -1;
out:
	pthread_setcancelstate(state, NULL);
	return found;
}

/* nsfd_type(), and whether the module has delegated it: then it is not in nsfs. */
static int type_of(int fd, bool *by_module)
{
	int flags = fcntl(fd, F_GETFL);
	struct statfs fs;
	int type;

	*by_module = false;
	if (flags < 0)
		return -1;
	if (flags & O_PATH) {
		errno = EBADF;
		return -1;
	}
	if (fstatfs(fd, &fs))
		return -1;

	/* Other files may have another request with this number. */
	if (fs.f_type == NSFS_MAGIC || fs.f_type == ANON_INODE_FS_MAGIC) {
		type = ioctl(fd, NS_GET_NSTYPE);
		if (type > 0) {
			*by_module = fs.f_type != NSFS_MAGIC;
			return type;
		}
	}
	errno = EINVAL;
	return -1;
}

int nsfd_check_net(int fd, bool *by_module)
{
	int type = type_of(fd, by_module);

	if (type == CLONE_NEWNET)
		return 0;
	if (type >= 0)
		errno = EINVAL;
	return -1;
}

int nsfd_type(int fd)
{
	bool by_module;

	return type_of(fd, &by_module);
}

int nsfd_id(int fd, dev_t *dev, ino_t *ino)
{
	bool by_module;
	char value[24];
	struct stat st;
	int found;

	if (type_of(fd, &by_module) < 0)
		return -1;
	if (!by_module) {
		if (fstat(fd, &st))
			return -1;
	} else {
		/* It is not in nsfs, but its fdinfo identifies the namespace. */
		found = nsfd_fdinfo(fd, "ns-inode:\t", value, sizeof(value));
		if (found < 0 || stat("/proc/thread-self/ns/net", &st))
			return -1;
		if (!found) {
			errno = EOPNOTSUPP;
			return -1;
		}
		st.st_ino = strtoull(value, NULL, 10);
	}
	if (dev)
		*dev = st.st_dev;
	if (ino)
		*ino = st.st_ino;
	return 0;
}

#if defined(__GLIBC__) && !defined(__LP64__)
/* nsfd_id() for programs whose ino_t may be narrower (see <nsfd.h>). */
int nsfd_id_narrow(int fd, dev_t *dev, __ino_t *ino) __asm__("nsfd_id");
int nsfd_id_narrow(int fd, dev_t *dev, __ino_t *ino)
{
	ino_t wide;

	if (nsfd_id(fd, dev, &wide))
		return -1;
	if (ino) {
		*ino = wide;
		if (*ino != wide) {
			errno = EOVERFLOW;
			return -1;
		}
	}
	return 0;
}
#endif

int nsfd_equal(int fd1, int fd2)
{
	dev_t dev1, dev2;
	ino_t ino1, ino2;

	if (nsfd_id(fd1, &dev1, &ino1) || nsfd_id(fd2, &dev2, &ino2))
		return -1;
	return dev1 == dev2 && ino1 == ino2;
}

int nsfd_in_nsfs(int fd)
{
	struct statx st;
	struct stat own;

	if (stat("/proc/thread-self/ns/mnt", &own) ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st))
		return -1;
	return makedev(st.stx_dev_major, st.stx_dev_minor) == own.st_dev;
}

/*
 * Opening a FIFO unblocks its writer, opening a device can have any effect, and
 * opening a file of another user can block. O_PATH does none of this, so check first.
 */
int nsfd_open(const char *path)
{
	char again[48];
	int file, fd = -1;

	file = open(path, O_PATH | O_CLOEXEC);
	if (file < 0)
		return -1;
	switch (nsfd_in_nsfs(file)) {
	case 0:
		errno = EINVAL;
		break;
	case 1:
		snprintf(again, sizeof(again), "/proc/thread-self/fd/%d", file);
		fd = open(again, O_RDONLY | O_CLOEXEC);
	}
	nsfd_close_failed(file);
	if (fd >= 0 && nsfd_type(fd) < 0)
		return nsfd_close_failed(fd);
	return fd;
}

/*
 * iproute2 uses /run/netns or /var/run/netns, depending on its configuration. They
 * are the same directory unless /var/run is not a symbolic link.
 */
int nsfd_open_name(const char *name)
{
	char path[sizeof("/var/run/netns/") + NAME_MAX];
	int fd;

	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	if (strlen(name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = nsfd_open(path);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(path, sizeof(path), "/var/run/netns/%s", name);
	return nsfd_open(path);
}

int nsfd_open_pid(pid_t pid, int nstype)
{
	const struct ns_type *type = find_type(nstype);
	char path[64];
	int fd;

	if (!type)
		return -1;
	if (pid < 0) {
		errno = EINVAL;
		return -1;
	}
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, type->name);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;

	/* Find out whether the process or the type is missing. */
	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", type->name);
	errno = access(path, F_OK) ? ENOENT : ESRCH;
	return -1;
}

/* Returns 0 until the process has been waited for, and -1 afterwards. */
static int pidfd_check(int pidfd)
{
	if (syscall(__NR_pidfd_send_signal, pidfd, 0, NULL, 0) &&
	    (errno == EBADF || errno == ESRCH))
		return -1;
	return 0;
}

int nsfd_open_pidfd(int pidfd, int nstype)
{
	const struct ns_type *type = find_type(nstype);
	char value[16];
	int fd, found;
	pid_t pid;

	if (!type || pidfd_check(pidfd))
		return -1;
	fd = ioctl(pidfd, type->pidfd_get, 0);
	if (fd < 0 && errno == EOPNOTSUPP)
		errno = ENOENT;
	if (fd >= 0 || errno != ENOTTY)
		return fd;

	/*
	 * Before Linux 6.11, fall back to the PID in fdinfo. It is not reused before
	 * the process has been waited for. If that has not happened after the open,
	 * the right process was opened.
	 */
	found = nsfd_fdinfo(pidfd, "Pid:\t", value, sizeof(value));
	if (found < 0)
		return -1;
	if (!found) {
		errno = EBADF;	/* a directory in /proc */
		return -1;
	}
	pid = atoi(value);
	if (pid <= 0) {
		errno = ESRCH;	/* terminated, or not in this PID namespace */
		return -1;
	}
	fd = nsfd_open_pid(pid, nstype);
	if (fd >= 0 && pidfd_check(pidfd))
		return nsfd_close_failed(fd);
	return fd;
}

int nsfd_enter(int fd, int nstype)
{
	return setns(fd, nstype);
}

int nsfd_enter_2010(int nstype, int fd)
{
	return setns(fd, nstype);
}
