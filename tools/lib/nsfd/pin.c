// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* Bind mounts that keep a namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"
#include "nsfd.h"

int nsfd_pin(int fd, const char *path)
{
	char source[64];
	struct statfs fs;
	int file, error;

	if (nsfd_type(fd) < 0)
		return -1;

	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (file >= 0) {
		close(file);
	} else {
		if (errno != EEXIST || statfs(path, &fs))
			return -1;
		/* A second mount on top would leave one when it is undone. */
		if (fs.f_type == NSFS_MAGIC) {
			errno = EBUSY;
			return -1;
		}
	}

	snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", fd);
	if (!mount(source, path, NULL, MS_BIND, NULL))
		return 0;
	error = errno;
	if (file >= 0)
		unlink(path);
	errno = error;
	return -1;
}

int nsfd_unpin(const char *path)
{
	struct statfs fs;
	int fd;

	/* A symbolic link, and so one of /proc, is not the mount it leads to. */
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstatfs(fd, &fs))
		return nsfd_close_failed(fd);
	close(fd);
	if (fs.f_type != NSFS_MAGIC) {
		errno = EINVAL;
		return -1;
	}
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
		return -1;
	return unlink(path);
}
