// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/*
 * Bind mounts that pin a namespace.
 *
 * The path can contain a directory that another user can write to, so it is resolved
 * once: after that, only file descriptors for the parent directory and for the file are
 * used.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "nsfd.h"

/* A path for mount(2), which does not accept file descriptors. */
struct fd_path {
	char text[48];
};

static struct fd_path fd_path(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/thread-self/fd/%d", fd);
	return path;
}

/* Opens the parent directory of @path; @name is the last component. */
static int open_parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	size_t len;

	*name = slash ? slash + 1 : path;
	if (!*path) {
		errno = ENOENT;
		return -1;
	}
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) {
		errno = ENOTDIR;
		return -1;
	}
	if (!slash)
		return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	len = slash - path + 1;
	if (len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(dir, path, len);
	dir[len] = '\0';
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_path(int dir, const char *name)
{
	return openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * Opens the file to mount on. It must be empty, because nsfd_unpin() removes it, and
 * is opened for reading only when it is known to be a regular file.
 */
static int open_empty(int dir, const char *name)
{
	int fd, file, found;
	struct stat st;

	fd = open_path(dir, name);
	if (fd < 0)
		return -1;
	found = nsfd_in_nsfs(fd);
	if (found < 0 || fstat(fd, &st))
		return nsfd_close_failed(fd);
	if (found)
		errno = EBUSY;
	else if (S_ISLNK(st.st_mode))
		errno = ELOOP;
	else if (S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (!S_ISREG(st.st_mode) || st.st_size)
		errno = EEXIST;
	else
		errno = 0;
	if (errno)
		return nsfd_close_failed(fd);
	file = open(fd_path(fd).text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	nsfd_close_failed(fd);
	return file;
}

/* Checks that @name still refers to the file @fd, with nothing mounted on it. */
static bool is_there(int dir, const char *name, int fd)
{
	struct stat st, now;

	return !fstat(fd, &st) && !fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) &&
	       st.st_dev == now.st_dev && st.st_ino == now.st_ino;
}

int nsfd_pin(int fd, const char *path)
{
	int dir, file, error = 0;
	const char *name;
	bool created;

	if (nsfd_type(fd) < 0)
		return -1;
	dir = open_parent(path, &name);
	if (dir < 0)
		return -1;
	file = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	created = file >= 0;
	if (!created && errno == EEXIST)
		file = open_empty(dir, name);
	if (file < 0)
		return nsfd_close_failed(dir);

	/*
	 * Only one of several callers may mount, because nsfd_unpin() undoes one
	 * mount. Another one may have mounted between the check of the file and the
	 * lock.
	 */
	if (flock(file, LOCK_EX | LOCK_NB)) {
		error = errno == EWOULDBLOCK ? EBUSY : errno;
		created = false;
	} else if (!is_there(dir, name, file)) {
		error = EBUSY;
		created = false;
	} else if (mount(fd_path(fd).text, fd_path(file).text, NULL, MS_BIND, NULL)) {
		error = errno;
	}
	if (error && created && is_there(dir, name, file))
		unlinkat(dir, name, 0);
	close(file);
	close(dir);
	errno = error;
	return error ? -1 : 0;
}

/* Removes the file that the namespace was mounted on, if it is empty. */
static int remove_empty(int dir, const char *name)
{
	struct stat st;
	int found, fd;

	fd = open_path(dir, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	found = nsfd_in_nsfs(fd);
	if (found < 0 || fstat(fd, &st))
		return nsfd_close_failed(fd);
	close(fd);
	if (found || !S_ISREG(st.st_mode) || st.st_size)
		return 0;
	return unlinkat(dir, name, 0);
}

/* Restores the mount if the rest of the operation has failed. */
static void mount_again(int dir, const char *name, int fd)
{
	int file = open_path(dir, name);

	if (file < 0)
		return;
	mount(fd_path(fd).text, fd_path(file).text, NULL, MS_BIND, NULL);
	close(file);
}

int nsfd_unpin(const char *path)
{
	int dir, fd, found, error = 0;
	const char *name;

	dir = open_parent(path, &name);
	if (dir < 0) {
		/* These are directories, on which nsfd_pin() does not mount. */
		if (errno == ENOTDIR)
			errno = EINVAL;
		return -1;
	}
	/* Do not follow a symbolic link, such as one in /proc, to a mount. */
	fd = open_path(dir, name);
	if (fd < 0)
		return nsfd_close_failed(dir);
	found = nsfd_in_nsfs(fd);
	if (found <= 0) {
		error = found ? errno : EINVAL;
	} else if (umount2(fd_path(fd).text, MNT_DETACH)) {
		/* It is a mount that is locked or in another mount namespace. */
		error = errno == EINVAL ? EBUSY : errno;
	} else if (remove_empty(dir, name)) {
		error = errno;
		mount_again(dir, name, fd);
	}
	close(fd);
	close(dir);
	errno = error;
	return error ? -1 : 0;
}
