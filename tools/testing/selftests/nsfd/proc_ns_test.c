// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for /proc/<pid>/ns/: its names, their targets, who may follow them, and
 * the lifetime of a namespace that only such a file refers to.
 */
#include <dirent.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>

#include "common.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

#define NS_DIR "/proc/self/ns"

/* The modes of the directory, of a link in it, and of a namespace. */
#define DIR_MODE	((mode_t)(S_IFDIR | 0511))
#define LINK_MODE	((mode_t)(S_IFLNK | 0777))
#define FILE_MODE	((mode_t)(S_IFREG | 0444))

/* All possible names, in the order in which they are listed. */
static const struct ns_name {
	const char *name;
	const char *type;
	int flag;
} ns_names[] = {
	{ "net",		"net",		CLONE_NEWNET },
	{ "uts",		"uts",		CLONE_NEWUTS },
	{ "ipc",		"ipc",		CLONE_NEWIPC },
	{ "pid",		"pid",		CLONE_NEWPID },
	{ "pid_for_children",	"pid",		CLONE_NEWPID },
	{ "user",		"user",		CLONE_NEWUSER },
	{ "mnt",		"mnt",		CLONE_NEWNS },
	{ "cgroup",		"cgroup",	CLONE_NEWCGROUP },
	{ "time",		"time",		CLONE_NEWTIME },
	{ "time_for_children",	"time",		CLONE_NEWTIME },
};

#define NR_NS_NAMES ARRAY_SIZE(ns_names)

/* Check the return value and the errno. */
#define ASSERT_FAILS(err, call) do {					\
	ASSERT_EQ(-1, (call));						\
	ASSERT_EQ((err), errno);					\
} while (0)

/* Open <dir>/<name>. */
static int open_in(const char *dir, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_CLOEXEC);
}

static int open_dir(pid_t pid, pid_t tid)
{
	char path[64];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/ns", pid, tid);
	else
		snprintf(path, sizeof(path), "/proc/%d/ns", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Return the inode number of a name in a directory, 0 on error. */
static ino_t ino_at(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) ? 0 : st.st_ino;
}

/* Read a link as a string; return the length, or -1. */
static ssize_t read_link(int dir, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dir, name, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

/* The entries of a directory. */
struct list {
	size_t n;
	struct {
		char name[32];
		unsigned char type;
		off_t next;
	} e[24];
};

/* Read on to the end, @size bytes at a time. */
static int list_read(int fd, struct list *l, size_t size)
{
	__u64 buf[128];
	struct dirent64 *d;
	ssize_t n, at;

	l->n = 0;
	while ((n = getdents64(fd, buf, size)) > 0) {
		for (at = 0; at < n; at += d->d_reclen) {
			d = (void *)((char *)buf + at);
			if (l->n == ARRAY_SIZE(l->e))
				return -E2BIG;
			snprintf(l->e[l->n].name, sizeof(l->e[l->n].name),
				 "%.31s", d->d_name);
			l->e[l->n].type = d->d_type;
			l->e[l->n].next = d->d_off;
			l->n++;
		}
	}
	return n ? -errno : 0;
}

static bool list_same(const struct list *a, const struct list *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->e[i].name, b->e[i].name))
			return false;
	return true;
}

static bool list_has(const struct list *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->e[i].name, name))
			return true;
	return false;
}

/* Kill the target; without @reap, it remains a zombie. */
static void target_kill(struct target *t, bool reap)
{
	siginfo_t si;

	kill(t->pid, SIGKILL);
	waitid(P_PID, t->pid, &si, WEXITED | (reap ? 0 : WNOWAIT));
}

TEST(names_and_their_order)
{
	struct list l;
	size_t i, at = 2;
	int fd;

	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, list_read(fd, &l, 1024));
	ASSERT_LE(2U, l.n);
	ASSERT_STREQ(".", l.e[0].name);
	ASSERT_STREQ("..", l.e[1].name);
	for (i = 0; i < NR_NS_NAMES; i++)
		if (at < l.n && !strcmp(ns_names[i].name, l.e[at].name))
			at++;
	/* no other entries, and the right order */
	ASSERT_EQ(l.n, at);

	/* types that need no other patch have names, and some have two */
	ASSERT_EQ(have_type(CLONE_NEWPID), list_has(&l, "pid"));
	ASSERT_EQ(have_type(CLONE_NEWUSER), list_has(&l, "user"));
	ASSERT_EQ(have_type(CLONE_NEWCGROUP), list_has(&l, "cgroup"));
	ASSERT_EQ(list_has(&l, "pid"), list_has(&l, "pid_for_children"));
	ASSERT_EQ(list_has(&l, "time"), list_has(&l, "time_for_children"));
}

TEST(listed_names_exist)
{
	struct list l;
	struct stat st;
	size_t i;
	int fd;

	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, list_read(fd, &l, 1024));
	for (i = 0; i < NR_NS_NAMES; i++) {
		if (list_has(&l, ns_names[i].name)) {
			ASSERT_EQ(0, fstatat(fd, ns_names[i].name, &st,
					     AT_SYMLINK_NOFOLLOW));
		} else {
			ASSERT_FAILS(ENOENT, fstatat(fd, ns_names[i].name, &st,
						     AT_SYMLINK_NOFOLLOW));
		}
	}
}

TEST(types_and_modes)
{
	struct list l;
	struct stat st;
	size_t i;
	int fd;

	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_EQ(DIR_MODE, st.st_mode);
	ASSERT_EQ(2U, st.st_nlink);
	ASSERT_EQ(geteuid(), st.st_uid);
	ASSERT_EQ(getegid(), st.st_gid);

	ASSERT_EQ(0, list_read(fd, &l, 1024));
	ASSERT_LT(2U, l.n);
	for (i = 0; i < l.n; i++) {
		ASSERT_EQ(i < 2 ? DT_DIR : DT_LNK, l.e[i].type);
		if (i < 2)
			continue;
		ASSERT_EQ(0, fstatat(fd, l.e[i].name, &st,
				     AT_SYMLINK_NOFOLLOW));
		ASSERT_EQ(LINK_MODE, st.st_mode);
		ASSERT_EQ(1U, st.st_nlink);
		ASSERT_EQ(0, st.st_size);
		ASSERT_EQ(geteuid(), st.st_uid);
		ASSERT_EQ(getegid(), st.st_gid);
	}
}

TEST(directory_can_be_read_again)
{
	struct list all, again;
	size_t i;
	off_t at;
	int fd;

	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, list_read(fd, &all, 1024));
	ASSERT_LT(2U, all.n);
	/* a type that is configured off must not leave a gap */
	for (i = 0; i < all.n; i++)
		ASSERT_EQ((off_t)i + 1, all.e[i].next);
	ASSERT_EQ((off_t)all.n, lseek(fd, 0, SEEK_CUR));
	/* at its end, it stays there */
	ASSERT_EQ(0, list_read(fd, &again, 1024));
	ASSERT_EQ(0U, again.n);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(0, list_read(fd, &again, 1024));
	ASSERT_TRUE(list_same(&all, &again));

	/* one by one; the longest name takes 40 bytes */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(0, list_read(fd, &again, 40));
	ASSERT_TRUE(list_same(&all, &again));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(-EINVAL, list_read(fd, &again, 8));
	ASSERT_EQ(0, list_read(fd, &again, 1024));
	ASSERT_TRUE(list_same(&all, &again));

	for (i = 0; i < all.n; i++) {
		at = i ? all.e[i - 1].next : 0;
		ASSERT_EQ(at, lseek(fd, at, SEEK_SET));
		ASSERT_EQ(0, list_read(fd, &again, 1024));
		ASSERT_EQ(all.n - i, again.n);
		ASSERT_STREQ(all.e[i].name, again.e[0].name);
		ASSERT_EQ(all.e[i].next, again.e[0].next);
		ASSERT_EQ(all.e[i].next, lseek(fd, all.e[i].next, SEEK_SET));
		ASSERT_EQ(0, list_read(fd, &again, 1024));
		ASSERT_EQ(all.n - i - 1, again.n);
	}
	ASSERT_EQ(1000, lseek(fd, 1000, SEEK_SET));
	ASSERT_EQ(0, list_read(fd, &again, 1024));
	ASSERT_EQ(0U, again.n);
	ASSERT_FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
}

TEST(directory_can_only_be_listed)
{
	struct stat self, parent;
	char c;
	int fd;

	fd = open(NS_DIR, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_FAILS(EISDIR, read(fd, &c, 1));
	ASSERT_FAILS(EBADF, write(fd, "x", 1));
	ASSERT_FAILS(ENOTTY, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_FAILS(EISDIR, open(NS_DIR, O_WRONLY));
	ASSERT_FAILS(EISDIR, open(NS_DIR, O_RDWR));
	ASSERT_EQ(0, fstatat(fd, "..", &parent, 0));
	ASSERT_EQ(0, stat("/proc/self", &self));
	ASSERT_EQ(self.st_ino, parent.st_ino);
	ASSERT_EQ(self.st_dev, parent.st_dev);
}

TEST(unknown_names)
{
	const char * const bad[] = { "n", "ne", "nett", "net ", "NET", "User",
				     "use", "userx", "user ", "us", "mount",
				     "pid_for_", "pid_for_childre",
				     "pid_for_children_", "pid:[4026531836]",
				     "cgroups", "time_for", "all", "..." };
	char name[300];
	struct stat st;
	size_t i;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, openat(fd, bad[i], O_RDONLY)) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, fstatat(fd, bad[i], &st, AT_SYMLINK_NOFOLLOW));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, readlinkat(fd, bad[i], name, sizeof(name)));
		EXPECT_EQ(ENOENT, errno);
	}
	memset(name, 'u', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ASSERT_FAILS(ENOENT, openat(fd, name, O_RDONLY));
	ASSERT_FAILS(ENOTDIR, openat(fd, "user/", O_RDONLY));
	ASSERT_FAILS(ENOTDIR, openat(fd, "user/user", O_RDONLY));
	ASSERT_FAILS(ENOTDIR, openat(fd, "user/..", O_RDONLY));
}

TEST(nothing_can_be_created_or_removed)
{
	struct list before, after;
	int fd;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, list_read(fd, &before, 1024));
	EXPECT_EQ(-1, openat(fd, "new", O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, mkdirat(fd, "new", 0700));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, symlinkat("user", fd, "new"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, linkat(fd, "user", fd, "new", 0));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, renameat(fd, "user", fd, "cgroup"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, unlinkat(fd, "user", 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, unlinkat(fd, "user", AT_REMOVEDIR));
	EXPECT_EQ(ENOTDIR, errno);
	EXPECT_EQ(-1, rmdir(NS_DIR));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(0, list_read(fd, &after, 1024));
	ASSERT_TRUE(list_same(&before, &after));
}

/* Neither those of the directory and the links, nor those of a namespace. */
TEST(modes_cannot_be_changed)
{
	struct stat st;
	int fd, link;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_FAILS(EPERM, chmod(NS_DIR, 0755));
	ASSERT_FAILS(EPERM, chmod(NS_DIR, 0511));
	ASSERT_FAILS(EPERM, chmod(NS_DIR "/user", 0644));
	ASSERT_FAILS(EPERM, chmod(NS_DIR "/cgroup", 0444));
	ASSERT_FAILS(EPERM, chown(NS_DIR "/user", 0, 0));
	fd = open(NS_DIR "/user", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_FAILS(EPERM, fchmod(fd, 0666));
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_EQ(FILE_MODE, st.st_mode);
	fd = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_FAILS(EPERM, fchmod(fd, 0777));
	link = openat(fd, "user", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ASSERT_LE(0, link);
	ASSERT_FAILS(EBADF, fchmod(link, 0700));
	ASSERT_EQ(0, fstat(link, &st));
	ASSERT_EQ(LINK_MODE, st.st_mode);
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_EQ(DIR_MODE, st.st_mode);
}

/* All paths to the directory of a process. */
TEST(one_directory_many_paths)
{
	const char * const dirs[] = { "/proc/self/ns", "/proc/thread-self/ns",
				      "/proc/self/task/%d/ns", "/proc/%d/ns",
				      "/proc/%1$d/task/%1$d/ns" };
	struct list first, l;
	char path[64], text[64], first_text[64];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), dirs[i], getpid());
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, list_read(fd, &l, 1024));
		ASSERT_LT(2U, l.n);
		ASSERT_LT(0, read_link(fd, l.e[2].name, text, sizeof(text)));
		if (!i) {
			first = l;
			memcpy(first_text, text, sizeof(text));
		}
		ASSERT_TRUE(list_same(&first, &l));
		ASSERT_STREQ(first_text, text);
		ASSERT_EQ(0, close(fd));
	}
}

/* Each name alone. */
FIXTURE(name)
{
	int dir;
	int fd;
};

FIXTURE_VARIANT(name)
{
	const char *name;
	const char *type;
	int flag;
};

FIXTURE_VARIANT_ADD(name, net) { "net", "net", CLONE_NEWNET };
FIXTURE_VARIANT_ADD(name, uts) { "uts", "uts", CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(name, ipc) { "ipc", "ipc", CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(name, pid) { "pid", "pid", CLONE_NEWPID };
FIXTURE_VARIANT_ADD(name, pid_for_children) {
	"pid_for_children", "pid", CLONE_NEWPID
};

FIXTURE_VARIANT_ADD(name, user) { "user", "user", CLONE_NEWUSER };
FIXTURE_VARIANT_ADD(name, mnt) { "mnt", "mnt", CLONE_NEWNS };
FIXTURE_VARIANT_ADD(name, cgroup) { "cgroup", "cgroup", CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(name, time) { "time", "time", CLONE_NEWTIME };
FIXTURE_VARIANT_ADD(name, time_for_children) {
	"time_for_children", "time", CLONE_NEWTIME
};

FIXTURE_SETUP(name)
{
	if (lacks_ns(variant->name))
		SKIP(return, "no %s here", variant->name);
	self->dir = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->dir);
	self->fd = openat(self->dir, variant->name, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(name)
{
}

TEST_F(name, text_is_type_and_inode)
{
	char expected[64], text[64], path[64];
	struct stat st, by_path;
	int len;

	ASSERT_EQ(0, fstat(self->fd, &st));
	len = snprintf(expected, sizeof(expected), "%s:[%lu]", variant->type,
		       (unsigned long)st.st_ino);
	ASSERT_EQ(len, read_link(self->dir, variant->name, text, sizeof(text)));
	ASSERT_STREQ(expected, text);
	ASSERT_EQ(0, fstatat(self->dir, variant->name, &by_path, 0));
	ASSERT_EQ(st.st_ino, by_path.st_ino);
	ASSERT_EQ(st.st_dev, by_path.st_dev);
	/* an open file has the same name */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_EQ(len, read_link(AT_FDCWD, path, text, sizeof(text)));
	ASSERT_STREQ(expected, text);
}

TEST_F(name, text_in_a_short_buffer)
{
	char text[64], part[64];
	ssize_t len, i;

	len = read_link(self->dir, variant->name, text, sizeof(text));
	ASSERT_LT(0, len);
	for (i = 1; i <= len + 1; i++) {
		memset(part, '#', sizeof(part));
		ASSERT_EQ(i < len ? i : len,
			  readlinkat(self->dir, variant->name, part, i));
		ASSERT_EQ(0, memcmp(part, text, i < len ? i : len));
		/* nothing is appended, not even a NUL */
		ASSERT_EQ('#', part[i < len ? i : len]);
	}
	ASSERT_FAILS(EINVAL, readlinkat(self->dir, variant->name, part, 0));
	ASSERT_FAILS(EFAULT, readlinkat(self->dir, variant->name,
					(char *)-4096, 64));
}

TEST_F(name, file_in_nsfs)
{
	int another = openat(self->dir, any_ns(), O_RDONLY | O_CLOEXEC);
	struct stat st, other;
	struct statfs fs;

	ASSERT_LE(0, another);
	ASSERT_EQ(0, fstat(self->fd, &st));
	ASSERT_EQ(0, fstat(another, &other));
	ASSERT_EQ(FILE_MODE, st.st_mode);
	ASSERT_EQ(1U, st.st_nlink);
	ASSERT_EQ(0, st.st_size);
	ASSERT_EQ(other.st_uid, st.st_uid);
	ASSERT_EQ(other.st_dev, st.st_dev);
	ASSERT_EQ(0, fstatfs(self->fd, &fs));
	ASSERT_EQ(NSFS_MAGIC, fs.f_type);
}

TEST_F(name, file_without_content)
{
	static const int types[] = { 0x00, 0x54, 0x55, 0x89, 0xff };
	size_t i;
	char c;

	ASSERT_FAILS(EINVAL, read(self->fd, &c, 1));
	ASSERT_FAILS(EBADF, write(self->fd, "x", 1));
	ASSERT_FAILS(ESPIPE, lseek(self->fd, 0, SEEK_SET));
	ASSERT_FAILS(EINVAL, ftruncate(self->fd, 0));
	ASSERT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE,
				   self->fd, 0));
	ASSERT_EQ(ENODEV, errno);
	ASSERT_FAILS(ENOTTY, ioctl(self->fd, _IO(NSIO, 0x7f)));
	/* the number of an ioctl of nsfs, with the type of another driver */
	for (i = 0; i < ARRAY_SIZE(types); i++)
		ASSERT_FAILS(ENOTTY, ioctl(self->fd, _IO(types[i],
							 _IOC_NR(NS_GET_NSTYPE))));
	ASSERT_EQ(0, flock(self->fd, LOCK_EX | LOCK_NB));
}

TEST_F(name, type_by_ioctl)
{
	ASSERT_EQ(variant->flag, ioctl(self->fd, NS_GET_NSTYPE));
}

TEST_F(name, open_flags)
{
	const struct {
		int flags;
		int err;
	} tries[] = {
		{ O_RDONLY, 0 },
		{ O_RDONLY | O_NONBLOCK | O_APPEND, 0 },
		/* the file exists, so there is nothing to create */
		{ O_RDONLY | O_CREAT, 0 },
		{ O_RDONLY | O_CREAT | O_EXCL, EEXIST },
		{ O_WRONLY, EPERM },
		{ O_RDWR, EPERM },
		{ O_RDWR | O_CREAT, EPERM },
		{ O_RDONLY | O_TRUNC, EPERM },
		{ O_WRONLY | O_APPEND, EPERM },
		{ O_RDONLY | O_DIRECTORY, ENOTDIR },
		{ O_RDONLY | O_DIRECTORY | O_NOFOLLOW, ENOTDIR },
		{ O_RDONLY | O_NOFOLLOW, ELOOP },
		{ O_WRONLY | O_NOFOLLOW, ELOOP },
		{ O_PATH, 0 },
		{ O_PATH | O_NOFOLLOW, 0 },
		{ O_PATH | O_DIRECTORY, ENOTDIR },
		{ O_RDWR | O_TMPFILE, ENOTDIR },
	};
	size_t i;
	int fd;

	/* even all capabilities must not permit this */
	ASSERT_EQ(0, become_root());
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		errno = 0;
		fd = openat(self->dir, variant->name,
			    tries[i].flags | O_CLOEXEC, 0600);
		EXPECT_EQ(tries[i].err, errno) {
			TH_LOG("flags %#o", tries[i].flags);
		}
		EXPECT_EQ(!tries[i].err, fd >= 0);
		if (fd >= 0)
			close(fd);
	}
	ASSERT_EQ(0, faccessat(self->dir, variant->name, R_OK, 0));
	ASSERT_FAILS(EPERM, faccessat(self->dir, variant->name, W_OK, 0));
	ASSERT_FAILS(EACCES, faccessat(self->dir, variant->name, X_OK, 0));
}

TEST_F(name, o_path)
{
	char path[64], c;
	struct statfs fs;
	int fd, again;

	fd = openat(self->dir, variant->name, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(fd_ino(self->fd), fd_ino(fd));
	ASSERT_EQ(0, fstatfs(fd, &fs));
	ASSERT_EQ(NSFS_MAGIC, fs.f_type);
	ASSERT_FAILS(EBADF, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_FAILS(EBADF, ioctl(fd, NS_GET_USERNS));
	ASSERT_FAILS(EBADF, read(fd, &c, 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, again);
	ASSERT_EQ(fd_ino(self->fd), fd_ino(again));
	ASSERT_EQ(variant->flag, ioctl(again, NS_GET_NSTYPE));
	ASSERT_FAILS(EPERM, open(path, O_RDWR));
}

TEST_F(name, o_path_of_the_link)
{
	char path[64], text[64], expected[64];
	struct stat st;
	int fd;

	fd = openat(self->dir, variant->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	ASSERT_TRUE(S_ISLNK(st.st_mode));
	ASSERT_LT(0, read_link(self->dir, variant->name, expected,
			       sizeof(expected)));
	ASSERT_LT(0, read_link(fd, "", text, sizeof(text)));
	ASSERT_STREQ(expected, text);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_FAILS(ELOOP, open(path, O_RDONLY));
}

/* Do not follow magic links if that is requested. */
TEST_F(name, magic_link)
{
	const struct {
		__u64 resolve;
		int err;
	} tries[] = {
		{ 0, 0 },
		{ RESOLVE_NO_MAGICLINKS, ELOOP },
		{ RESOLVE_NO_SYMLINKS, ELOOP },
		{ RESOLVE_NO_XDEV, EXDEV },
		{ RESOLVE_BENEATH, EXDEV },
		{ RESOLVE_IN_ROOT, EXDEV },
	};
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		how.resolve = tries[i].resolve;
		errno = 0;
		fd = syscall(__NR_openat2, self->dir, variant->name, &how,
			     sizeof(how));
		EXPECT_EQ(tries[i].err, errno) {
			TH_LOG("resolve %#llx", tries[i].resolve);
		}
		EXPECT_EQ(!tries[i].err, fd >= 0);
	}
}

TEST_F(name, same_in_a_child)
{
	ino_t ino = fd_ino(self->fd);
	struct target t;
	int dir;

	ASSERT_NE((ino_t)0, ino);
	ASSERT_EQ(0, target_start(&t, 0));
	dir = open_dir(t.pid, 0);
	ASSERT_LE(0, dir);
	ASSERT_EQ(ino, ino_at(dir, variant->name));
	dir = open_dir(t.pid, t.pid);
	ASSERT_LE(0, dir);
	ASSERT_EQ(ino, ino_at(dir, variant->name));
	target_stop(&t);
}

/* A new namespace has a new number; the others are unchanged. */
TEST_F(name, different_in_another_namespace)
{
	struct target a, b;
	ino_t ino_a, ino_b;
	int dir_a, dir_b;
	size_t i;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&a, variant->flag));
	ASSERT_EQ(0, target_start(&b, variant->flag));
	dir_a = open_dir(a.pid, 0);
	ASSERT_LE(0, dir_a);
	dir_b = open_dir(b.pid, 0);
	ASSERT_LE(0, dir_b);
	for (i = 0; i < NR_NS_NAMES; i++) {
		if (!have_ns(ns_names[i].name))
			continue;
		ino_a = ino_at(dir_a, ns_names[i].name);
		ino_b = ino_at(dir_b, ns_names[i].name);
		ASSERT_NE((ino_t)0, ino_a);
		if (ns_names[i].flag == variant->flag) {
			ASSERT_NE(ino_a, ino_b);
			ASSERT_NE(ino_a, ns_ino(0, ns_names[i].name));
			ASSERT_NE(ino_b, ns_ino(0, ns_names[i].name));
		} else {
			ASSERT_EQ(ino_a, ino_b);
			ASSERT_EQ(ino_a, ns_ino(0, ns_names[i].name));
		}
	}
	target_stop(&a);
	target_stop(&b);
}

/* A link is followed again each time, but an open file does not change. */
TEST_F(name, open_file_does_not_follow_the_process)
{
	ino_t ino = fd_ino(self->fd), now;
	pid_t pid;

	ASSERT_EQ(0, become_root());
	ino = ns_ino(0, variant->name);
	self->fd = open_ns(0, variant->name);
	ASSERT_EQ(ino, fd_ino(self->fd));
	ASSERT_EQ(0, unshare(variant->flag));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* a child is in the namespace for its parent's children, too */
		ASSERT_NE(ino, ns_ino(0, variant->name));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(ino, fd_ino(self->fd));
	ASSERT_EQ(variant->flag, ioctl(self->fd, NS_GET_NSTYPE));
	now = ns_ino(0, variant->name);
	if (!strcmp(variant->name, "pid") || !strcmp(variant->name, "time")) {
		ASSERT_EQ(ino, now);
	} else {
		ASSERT_NE((ino_t)0, now);
		ASSERT_NE(ino, now);
	}
}

TEST_F(name, owner_by_ioctl)
{
	struct target t;
	int fd, owner;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&t, variant->flag));
	fd = open_ns(t.pid, variant->name);
	ASSERT_LE(0, fd);
	owner = ioctl(fd, NS_GET_USERNS);
	ASSERT_LE(0, owner);
	ASSERT_EQ(ns_ino(0, "user"), fd_ino(owner));
	ASSERT_EQ(CLONE_NEWUSER, ioctl(owner, NS_GET_NSTYPE));
	ASSERT_EQ(FD_CLOEXEC, fcntl(owner, F_GETFD));
	/* the owner is outside of the caller's user namespace */
	ASSERT_FAILS(EPERM, ioctl(self->fd, NS_GET_USERNS));
	target_stop(&t);
}

TEST_F(name, parent_by_ioctl)
{
	int fd, parent, own;
	struct target t;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&t, variant->flag));
	fd = open_ns(t.pid, variant->name);
	ASSERT_LE(0, fd);
	own = open_ns(0, variant->name);
	ASSERT_LE(0, own);
	if (variant->flag == CLONE_NEWUSER || variant->flag == CLONE_NEWPID) {
		parent = ioctl(fd, NS_GET_PARENT);
		ASSERT_LE(0, parent);
		ASSERT_EQ(fd_ino(own), fd_ino(parent));
		ASSERT_EQ(variant->flag, ioctl(parent, NS_GET_NSTYPE));
		ASSERT_EQ(FD_CLOEXEC, fcntl(parent, F_GETFD));
		ASSERT_FAILS(EPERM, ioctl(own, NS_GET_PARENT));
	} else {
		ASSERT_FAILS(EINVAL, ioctl(fd, NS_GET_PARENT));
		ASSERT_FAILS(EINVAL, ioctl(own, NS_GET_PARENT));
	}
	target_stop(&t);
}

TEST_F(name, owner_uid_by_ioctl)
{
	uid_t uid = -1;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(variant->flag, ioctl(self->fd, NS_GET_NSTYPE));
	if (variant->flag == CLONE_NEWUSER) {
		self->fd = open_ns(0, variant->name);
		ASSERT_LE(0, self->fd);
		ASSERT_EQ(0, ioctl(self->fd, NS_GET_OWNER_UID, &uid));
		ASSERT_EQ(0U, uid);
		ASSERT_FAILS(EFAULT, ioctl(self->fd, NS_GET_OWNER_UID, NULL));
	} else {
		ASSERT_FAILS(EINVAL, ioctl(self->fd, NS_GET_OWNER_UID, &uid));
	}
}

/*
 * Two namespaces are allowed. One is pinned, but not by its process, and a
 * process is in another: then, a third one cannot be created, although a
 * namespace without references would have been freed.
 */
static int no_room(struct target *t, int flag)
{
	struct target third;
	int err;

	err = target_start(t, flag);
	if (err)
		return err;
	target_stop(t);
	err = target_start_patient(t, flag);
	if (err)
		return err;
	err = target_start(&third, flag);
	if (err == -ENOSPC)
		return 0;
	target_stop(&third);
	return -EEXIST;
}

/* When the first one is released, it can. */
static int room_again(struct target *t, int flag)
{
	struct target third;
	int err;

	err = target_start_patient(&third, flag);
	target_stop(&third);
	target_stop(t);
	return err;
}

TEST_F(name, descriptor_keeps_it)
{
	struct target t;
	ino_t ino;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, allow_few(variant->type, 2));
	ASSERT_EQ(0, target_start(&t, variant->flag));
	fd = open_ns(t.pid, variant->name);
	ASSERT_LE(0, fd);
	ino = fd_ino(fd);
	ASSERT_EQ(ino, ns_ino(t.pid, variant->name));
	target_stop(&t);
	ASSERT_EQ(0, no_room(&t, variant->flag));
	ASSERT_EQ(ino, fd_ino(fd));
	ASSERT_EQ(variant->flag, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_LE(0, ioctl(fd, NS_GET_USERNS));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, room_again(&t, variant->flag));
}

/* A file descriptor with O_PATH cannot be used, but pins the namespace. */
TEST_F(name, o_path_keeps_it)
{
	char path[64];
	struct target t;
	int fd, again;
	ino_t ino;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, allow_few(variant->type, 2));
	ASSERT_EQ(0, target_start(&t, variant->flag));
	snprintf(path, sizeof(path), "/proc/%d/ns", t.pid);
	fd = open_in(path, variant->name, O_PATH);
	ASSERT_LE(0, fd);
	ino = fd_ino(fd);
	target_stop(&t);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, no_room(&t, variant->flag));
	again = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, again);
	ASSERT_EQ(ino, fd_ino(again));
	ASSERT_EQ(variant->flag, ioctl(again, NS_GET_NSTYPE));
	ASSERT_EQ(0, close(again));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, room_again(&t, variant->flag));
}

/* Check whether a line of mountinfo has both words and the type nsfs. */
static bool mounted(const char *root, const char *point)
{
	char line[1024], want[128];
	bool found = false;
	FILE *f;

	snprintf(want, sizeof(want), " %s %s ", root, point);
	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, want) && strstr(line, " - nsfs "))
			found = true;
	fclose(f);
	return found;
}

TEST_F(name, bind_mount_keeps_it)
{
	const char *point = "/tmp/ns";
	char path[64], text[64];
	struct target t;
	struct stat st;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
	fd = open(point, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));

	/* the caller has left a mount namespace itself */
	ASSERT_EQ(0, allow_few(variant->type,
			       variant->flag == CLONE_NEWNS ? 3 : 2));
	ASSERT_EQ(0, target_start(&t, variant->flag));
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", t.pid, variant->name);
	ASSERT_LT(0, read_link(AT_FDCWD, path, text, sizeof(text)));
	ASSERT_EQ(0, stat(path, &st));
	ASSERT_EQ(0, mount(path, point, NULL, MS_BIND, NULL));
	target_stop(&t);
	ASSERT_TRUE(mounted(text, point));
	ASSERT_EQ(0, no_room(&t, variant->flag));
	fd = open(point, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(st.st_ino, fd_ino(fd));
	ASSERT_EQ(variant->flag, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_EQ(0, close(fd));
	ASSERT_FAILS(EPERM, open(point, O_RDWR));
	ASSERT_EQ(0, umount(point));
	ASSERT_EQ(0, room_again(&t, variant->flag));
	ASSERT_FALSE(mounted(text, point));
	ASSERT_EQ(0, stat(point, &st));
	ASSERT_EQ(0600U, st.st_mode & 07777);
}

/* A zombie keeps only its user namespace and its PID. */
TEST_F(name, zombie)
{
	bool left = strcmp(variant->name, "user") &&
		    strcmp(variant->name, "pid");
	struct list before, after;
	struct target t;
	char text[64];
	int dir, link, again;
	struct stat st;

	ASSERT_EQ(0, target_start(&t, 0));
	dir = open_dir(t.pid, 0);
	ASSERT_LE(0, dir);
	link = openat(dir, variant->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, list_read(dir, &before, 1024));
	target_kill(&t, false);

	ASSERT_EQ(0, lseek(dir, 0, SEEK_SET));
	ASSERT_EQ(0, list_read(dir, &after, 1024));
	ASSERT_TRUE(list_same(&before, &after));
	ASSERT_EQ(0, fstatat(dir, variant->name, &st, AT_SYMLINK_NOFOLLOW));
	/* without memory, root owns it */
	ASSERT_EQ(0, fstat(dir, &st));
	again = open_dir(t.pid, 0);
	if (st.st_uid == geteuid()) {
		ASSERT_LE(0, again);
	} else {
		ASSERT_EQ(-1, again);
		ASSERT_EQ(EACCES, errno);
	}
	if (left) {
		ASSERT_FAILS(ENOENT, openat(dir, variant->name, O_RDONLY));
		ASSERT_FAILS(ENOENT, read_link(dir, variant->name, text,
					       sizeof(text)));
		ASSERT_FAILS(ENOENT, read_link(link, "", text, sizeof(text)));
		ASSERT_FAILS(ENOENT, fstatat(dir, variant->name, &st, 0));
	} else {
		ASSERT_EQ(fd_ino(self->fd), ino_at(dir, variant->name));
		ASSERT_LT(0, read_link(dir, variant->name, text, sizeof(text)));
		ASSERT_LT(0, read_link(link, "", text, sizeof(text)));
	}
	target_stop(&t);
}

TEST_F(name, reaped)
{
	char text[64], path[64];
	int dir, link, fd;
	struct target t;
	struct list l;

	ASSERT_EQ(0, target_start(&t, 0));
	dir = open_dir(t.pid, 0);
	ASSERT_LE(0, dir);
	link = openat(dir, variant->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ASSERT_LE(0, link);
	fd = openat(dir, variant->name, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/%d/ns", t.pid);
	target_kill(&t, true);

	ASSERT_EQ(-ENOENT, list_read(dir, &l, 1024));
	ASSERT_FAILS(ENOENT, openat(dir, variant->name, O_RDONLY));
	ASSERT_FAILS(ENOENT, readlinkat(dir, variant->name, text, 64));
	ASSERT_FAILS(EACCES, readlinkat(link, "", text, sizeof(text)));
	ASSERT_FAILS(ENOENT, open(path, O_RDONLY));
	/* that is of the process, this is of the namespace */
	ASSERT_EQ(fd_ino(self->fd), fd_ino(fd));
	ASSERT_EQ(variant->flag, ioctl(fd, NS_GET_NSTYPE));
}

/* The names by which a thread may differ from its process. */
FIXTURE(thread)
{
};

FIXTURE_VARIANT(thread)
{
	const char *name;
	int flag;
};

FIXTURE_VARIANT_ADD(thread, net) { "net", CLONE_NEWNET };
FIXTURE_VARIANT_ADD(thread, uts) { "uts", CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(thread, ipc) { "ipc", CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(thread, mnt) { "mnt", CLONE_NEWNS };
FIXTURE_VARIANT_ADD(thread, cgroup) { "cgroup", CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(thread, time_for_children) {
	"time_for_children", CLONE_NEWTIME
};

FIXTURE_SETUP(thread)
{
	if (lacks_ns(variant->name))
		SKIP(return, "no %s here", variant->name);
	ASSERT_EQ(0, become_root());
}

FIXTURE_TEARDOWN(thread)
{
}

TEST_F(thread, has_names_of_its_own)
{
	int process, leader, thread, direct;
	ino_t home, away;
	struct idler t;
	size_t i;

	ASSERT_EQ(0, idler_start(&t, variant->flag));
	process = open_dir(getpid(), 0);
	ASSERT_LE(0, process);
	leader = open_dir(getpid(), getpid());
	ASSERT_LE(0, leader);
	thread = open_dir(getpid(), t.tid);
	ASSERT_LE(0, thread);
	/* not listed in /proc, but accessible */
	direct = open_dir(t.tid, 0);
	ASSERT_LE(0, direct);

	for (i = 0; i < NR_NS_NAMES; i++) {
		if (!have_ns(ns_names[i].name))
			continue;
		home = ino_at(process, ns_names[i].name);
		away = ino_at(thread, ns_names[i].name);
		ASSERT_NE((ino_t)0, home);
		ASSERT_NE((ino_t)0, away);
		ASSERT_EQ(home, ino_at(leader, ns_names[i].name));
		ASSERT_EQ(away, ino_at(direct, ns_names[i].name));
		ASSERT_EQ(!strcmp(variant->name, ns_names[i].name),
			  home != away);
	}
	idler_stop(&t);
}

TEST(thread_directory)
{
	struct list process, thread;
	struct idler t;
	struct target other;
	struct stat st;
	int dir;

	ASSERT_EQ(0, idler_start(&t, 0));
	dir = open_dir(getpid(), 0);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, list_read(dir, &process, 1024));
	ASSERT_EQ(0, close(dir));
	dir = open_dir(getpid(), t.tid);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, list_read(dir, &thread, 1024));
	ASSERT_TRUE(list_same(&process, &thread));
	ASSERT_EQ(0, fstat(dir, &st));
	ASSERT_EQ(DIR_MODE, st.st_mode);
	ASSERT_FAILS(ENOENT, openat(dir, "userx", O_RDONLY));
	ASSERT_FAILS(EPERM, fchmod(dir, 0555));

	/* a thread of another process does not exist in this one */
	ASSERT_EQ(0, target_start(&other, 0));
	ASSERT_EQ(-1, open_dir(getpid(), other.pid));
	ASSERT_EQ(ENOENT, errno);
	ASSERT_EQ(-1, open_dir(other.pid, t.tid));
	ASSERT_EQ(ENOENT, errno);
	target_stop(&other);
	idler_stop(&t);
	ASSERT_EQ(-ENOENT, list_read(dir, &thread, 1024));
}

static int survivor_pipe[2];

static void *survivor_run(void *arg)
{
	char c = 0;
	pid_t tid = syscall(__NR_gettid);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(survivor_pipe[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	_exit(read(*(int *)arg, &c, 1) != 0);
}

static bool is_zombie(pid_t pid)
{
	char path[64], buf[256] = "", *name_end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, buf, sizeof(buf) - 1) < 0)
		buf[0] = '\0';
	close(fd);
	name_end = strrchr(buf, ')');
	return name_end && !strncmp(name_end, ") Z", 3);
}

/* The first thread of a process exits, and the others continue. */
TEST(leader_has_gone)
{
	int hold[2], process, thread, status, i;
	pthread_t survivor;
	pid_t pid, tid;
	char text[64];

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_EQ(0, pipe2(survivor_pipe, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(hold[1]);
		if (pthread_create(&survivor, NULL, survivor_run, &hold[0]))
			_exit(1);
		syscall(__NR_exit, 0);
	}
	ASSERT_EQ((ssize_t)sizeof(tid),
		  read(survivor_pipe[0], &tid, sizeof(tid)));
	/* a pidfd reports the exit only when all have exited */
	for (i = 0; i < 500 && !is_zombie(pid); i++)
		poll(NULL, 0, 10);
	ASSERT_TRUE(is_zombie(pid));

	/* root owns a zombie's directory: others may search, but not read it */
	snprintf(text, sizeof(text), "/proc/%d", pid);
	process = open_in(text, "ns", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, process);
	ASSERT_FAILS(ENOENT, openat(process, "cgroup", O_RDONLY));
	ASSERT_FAILS(ENOENT, read_link(process, "cgroup", text, sizeof(text)));
	ASSERT_EQ(ns_ino(0, "user"), ino_at(process, "user"));
	thread = open_dir(pid, tid);
	ASSERT_LE(0, thread);
	ASSERT_NE((ino_t)0, ino_at(thread, "cgroup"));
	ASSERT_EQ(ns_ino(0, "cgroup"), ino_at(thread, "cgroup"));
	close(hold[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* What is denied for a process that is not accessible ... */
#define ASSERT_HIDDEN(pid) do {						\
	char __path[64], __text[64];					\
	struct stat __st;						\
	size_t __i;							\
									\
	for (__i = 0; __i < NR_NS_NAMES; __i++) {			\
		if (!have_ns(ns_names[__i].name))			\
			continue;					\
		snprintf(__path, sizeof(__path), "/proc/%d/ns/%s",	\
			 (pid), ns_names[__i].name);			\
		ASSERT_FAILS(EACCES, open(__path, O_RDONLY));		\
		ASSERT_FAILS(EACCES, open(__path, O_PATH));		\
		ASSERT_FAILS(EACCES, readlink(__path, __text, 64));	\
		ASSERT_FAILS(EACCES, stat(__path, &__st));		\
		/* the existence of the name is no secret */		\
		ASSERT_EQ(0, lstat(__path, &__st));			\
	}								\
} while (0)

/* ... and permitted for one that is. */
#define ASSERT_VISIBLE(pid) do {					\
	size_t __i;							\
									\
	for (__i = 0; __i < NR_NS_NAMES; __i++) {			\
		if (!have_ns(ns_names[__i].name))			\
			continue;					\
		ASSERT_NE((ino_t)0, ns_ino((pid), ns_names[__i].name));	\
	}								\
} while (0)

TEST(process_of_another_user)
{
	struct stat st;

	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, stat("/proc/1/ns", &st));
	if (st.st_uid == geteuid())
		SKIP(return, "all processes are the caller's");
	ASSERT_EQ(DIR_MODE, st.st_mode);
	ASSERT_EQ(-1, open_dir(1, 0));
	ASSERT_EQ(EACCES, errno);
	ASSERT_EQ(-1, open_dir(1, 1));
	ASSERT_EQ(EACCES, errno);
	ASSERT_HIDDEN(1);
	ASSERT_VISIBLE(getpid());
}

/* Then, root owns it, and also its directory. */
TEST(process_that_is_not_dumpable)
{
	int ready[2], go[2];
	struct stat st;
	pid_t pid;
	char c;

	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		if (prctl(PR_SET_DUMPABLE, 0) || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1)
			_exit(1);
		if (prctl(PR_SET_DUMPABLE, 1) || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1));
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(-1, open_dir(pid, 0));
	ASSERT_EQ(EACCES, errno);
	ASSERT_HIDDEN(pid);
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_VISIBLE(pid);
	ASSERT_EQ(0, close(open_dir(pid, 0)));
	ASSERT_EQ(0, stat("/proc/self/ns", &st));
	ASSERT_EQ(geteuid(), st.st_uid);
	close(go[1]);
	WAIT_CHILD(pid);
}

/* The caller is its owner, but lacks its capabilities. */
TEST(process_with_more_capabilities)
{
	pid_t pid, parent = getpid();
	struct list l;
	int dir;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_VISIBLE(parent);
		ASSERT_EQ(0, caps_drop());
		ASSERT_HIDDEN(parent);
		dir = open_dir(parent, 0);
		ASSERT_LE(0, dir);
		ASSERT_EQ(0, list_read(dir, &l, 1024));
		ASSERT_TRUE(list_has(&l, "user"));
		ASSERT_VISIBLE(getpid());
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* A user namespace is accessible from its parent, but not the other way round. */
TEST(process_outside_the_user_namespace)
{
	pid_t pid, parent = getpid();
	int ready[2], hold[2], dir;
	struct list l;
	char c;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(hold[1]);
		ASSERT_EQ(0, unshare_user());
		ASSERT_HIDDEN(parent);
		dir = open_dir(parent, 0);
		ASSERT_LE(0, dir);
		ASSERT_EQ(0, list_read(dir, &l, 1024));
		ASSERT_TRUE(list_has(&l, "user"));
		ASSERT_VISIBLE(getpid());
		ASSERT_EQ(1, write(ready[1], "", 1));
		ASSERT_EQ(0, read(hold[0], &c, 1));
		EXIT_CHILD();
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_VISIBLE(pid);
	ASSERT_NE(ns_ino(0, "user"), ns_ino(pid, "user"));
	ASSERT_EQ(ns_ino(0, "cgroup"), ns_ino(pid, "cgroup"));
	close(hold[1]);
	WAIT_CHILD(pid);
}

/* Mount a new /proc on /tmp, for a process in new namespaces. */
static int mount_proc(const char *options)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/tmp", "proc", 0, options))
		return -errno;
	return 0;
}

/* Mounts that hide the processes which the caller cannot access. */
FIXTURE(hidepid)
{
};

FIXTURE_VARIANT(hidepid)
{
	const char *options;
	int err;
};

FIXTURE_VARIANT_ADD(hidepid, noaccess) { "hidepid=noaccess", EPERM };
FIXTURE_VARIANT_ADD(hidepid, invisible) { "hidepid=invisible", ENOENT };
FIXTURE_VARIANT_ADD(hidepid, ptraceable) { "hidepid=ptraceable", ENOENT };

FIXTURE_SETUP(hidepid)
{
	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
}

FIXTURE_TEARDOWN(hidepid)
{
}

TEST_F(hidepid, hides_namespaces)
{
	bool real_root = !geteuid();
	char hidden[64], own[64];
	pid_t pid;

	snprintf(hidden, sizeof(hidden), "/tmp/1/ns/%s", any_ns());
	snprintf(own, sizeof(own), "/tmp/self/ns/%s", any_ns());
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNS | CLONE_NEWPID));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, mount_proc(variant->options));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			/* the group of real root may see all processes */
			if (real_root)
				ASSERT_EQ(0, become_nobody());
			ASSERT_EQ(0, caps_drop());
			EXPECT_EQ(-1, open(hidden, O_RDONLY | O_CLOEXEC));
			EXPECT_EQ(variant->err, errno);
			EXPECT_EQ(-1, open("/tmp/1/ns", O_RDONLY | O_CLOEXEC));
			EXPECT_EQ(variant->err, errno);
			EXPECT_LE(0, open(own, O_RDONLY | O_CLOEXEC));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		EXPECT_LE(0, open(hidden, O_RDONLY | O_CLOEXEC));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* A /proc with processes only has their namespaces. */
TEST(proc_of_processes_only)
{
	struct list l;
	pid_t pid;
	int dir;

	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNS | CLONE_NEWPID));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, mount_proc("subset=pid"));
		ASSERT_EQ(-1, access("/tmp/meminfo", F_OK));
		dir = open("/tmp/thread-self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, dir);
		ASSERT_EQ(0, list_read(dir, &l, 1024));
		EXPECT_TRUE(list_has(&l, any_ns()));
		EXPECT_LE(0, openat(dir, any_ns(), O_RDONLY | O_CLOEXEC));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/*
 * Before its first process exists, a PID namespace has no name or, if it can be
 * opened already, the same name for all.
 */
TEST(pid_for_children_before_the_first)
{
	ino_t own = ns_ino(0, "pid");
	char text[64];
	struct list l;
	struct stat st;
	int dir, fd;

	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	ASSERT_NE((ino_t)0, own);
	ASSERT_EQ(own, ns_ino(0, "pid_for_children"));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	dir = open(NS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	if (has_ns_get_id(open_ns(0, "pid"))) {
		fd = openat(dir, "pid_for_children", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(CLONE_NEWPID, ioctl(fd, NS_GET_NSTYPE));
		ASSERT_EQ(0, fstat(fd, &st));
		ASSERT_NE(own, st.st_ino);
		ASSERT_EQ(st.st_ino, ns_ino(0, "pid_for_children"));
		ASSERT_EQ(own, ns_ino(0, "pid"));
		return;
	}
	ASSERT_FAILS(ENOENT, openat(dir, "pid_for_children", O_RDONLY));
	ASSERT_FAILS(ENOENT, openat(dir, "pid_for_children", O_PATH));
	ASSERT_FAILS(ENOENT, read_link(dir, "pid_for_children", text, 64));
	ASSERT_FAILS(ENOENT, fstatat(dir, "pid_for_children", &st, 0));
	ASSERT_EQ(0, fstatat(dir, "pid_for_children", &st,
			     AT_SYMLINK_NOFOLLOW));
	ASSERT_EQ(0, list_read(dir, &l, 1024));
	ASSERT_TRUE(list_has(&l, "pid_for_children"));
	ASSERT_EQ(own, ns_ino(0, "pid"));
}

TEST(pid_for_children_after_the_first)
{
	ino_t own = ns_ino(0, "pid"), theirs;
	struct target first, second;
	char text[64], expected[64];

	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	ASSERT_NE((ino_t)0, own);
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, target_start(&first, 0));
	ASSERT_EQ(0, target_start(&second, 0));
	theirs = ns_ino(first.pid, "pid");
	ASSERT_NE((ino_t)0, theirs);
	ASSERT_NE(own, theirs);
	ASSERT_EQ(theirs, ns_ino(second.pid, "pid"));
	ASSERT_EQ(theirs, ns_ino(first.pid, "pid_for_children"));
	ASSERT_EQ(theirs, ns_ino(0, "pid_for_children"));
	ASSERT_EQ(own, ns_ino(0, "pid"));
	snprintf(expected, sizeof(expected), "pid:[%lu]",
		 (unsigned long)theirs);
	ASSERT_LT(0, read_link(AT_FDCWD, NS_DIR "/pid_for_children", text,
			       sizeof(text)));
	ASSERT_STREQ(expected, text);

	/* it has a name, although it accepts no more processes */
	target_stop(&second);
	target_stop(&first);
	ASSERT_EQ(theirs, ns_ino(0, "pid_for_children"));
	ASSERT_FAILS(ENOMEM, fork());
}

/* It must be the same file for all processes, whichever way they got it. */
TEST(descriptor_is_passed_on)
{
	union {
		struct cmsghdr hdr;
		char buf[CMSG_SPACE(sizeof(int))];
	} ctl = {};
	char c = 0;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl),
	};
	int sv[2], fd;
	ino_t ino = 0;
	pid_t pid;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, unshare(CLONE_NEWCGROUP));
		fd = open_ns(0, "cgroup");
		ASSERT_LE(0, fd);
		ctl.hdr.cmsg_level = SOL_SOCKET;
		ctl.hdr.cmsg_type = SCM_RIGHTS;
		ctl.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ctl.hdr), &fd, sizeof(fd));
		ASSERT_EQ(1, sendmsg(sv[1], &msg, 0));
		ino = fd_ino(fd);
		ASSERT_EQ((ssize_t)sizeof(ino),
			  send(sv[1], &ino, sizeof(ino), 0));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(1, recvmsg(sv[0], &msg, MSG_CMSG_CLOEXEC));
	ASSERT_EQ(CMSG_LEN(sizeof(int)), ctl.hdr.cmsg_len);
	memcpy(&fd, CMSG_DATA(&ctl.hdr), sizeof(fd));
	ASSERT_EQ((ssize_t)sizeof(ino), recv(sv[0], &ino, sizeof(ino), 0));
	ASSERT_EQ(ino, fd_ino(fd));
	ASSERT_NE(ino, ns_ino(0, "cgroup"));
	ASSERT_EQ(CLONE_NEWCGROUP, ioctl(fd, NS_GET_NSTYPE));
}

/* The valid results for a process that comes and goes. */
static bool sane(const char *text, ssize_t n, const char *type)
{
	size_t len = strlen(type);

	if (n < 0)
		return errno == ENOENT || errno == EACCES;
	return (size_t)n > len + 3 && !strncmp(text, type, len) &&
	       !strncmp(text + len, ":[", 2) && text[n - 1] == ']';
}

/* Read all of it while the process executes a program and exits. */
TEST(read_while_it_execs_and_exits)
{
	int round, pass, dir, fd, links = 0, files = 0, go[2];
	__u64 end = msecs() + 10000;
	size_t i;
	char text[64];
	struct list l;
	siginfo_t si;
	ssize_t n;
	pid_t pid;
	int err;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_EQ(0, become_root());
	for (round = 0; round < 60 && msecs() < end; round++) {
		ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			/* a zombie's directory cannot be opened by everyone */
			close(go[1]);
			if (read(go[0], text, 1))
				_exit(1);
			if (round & 1 && unshare(CLONE_NEWCGROUP))
				_exit(1);
			if (round & 2)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		dir = open_dir(pid, 0);
		ASSERT_LE(0, dir);
		close(go[0]);
		close(go[1]);
		for (pass = 0; pass < 200; pass++) {
			ASSERT_EQ(0, lseek(dir, 0, SEEK_SET));
			err = list_read(dir, &l, 1024);
			ASSERT_EQ(0, err);
			for (i = 0; i < NR_NS_NAMES; i++) {
				n = read_link(dir, ns_names[i].name, text, 64);
				ASSERT_TRUE(sane(text, n, ns_names[i].type));
				links += n > 0;
				fd = openat(dir, ns_names[i].name,
					    O_RDONLY | O_CLOEXEC);
				ASSERT_TRUE(fd >= 0 || sane("", -1, ""));
				if (fd < 0)
					continue;
				files++;
				ASSERT_EQ(ns_names[i].flag,
					  ioctl(fd, NS_GET_NSTYPE));
				close(fd);
			}
			si.si_pid = 0;
			ASSERT_EQ(0, waitid(P_PID, pid, &si, WEXITED |
					    WNOHANG | WNOWAIT));
			if (si.si_pid)
				break;
			sched_yield();
		}
		close(dir);
		WAIT_CHILD(pid);
	}
	ASSERT_LT(60, links);
	ASSERT_LT(60, files);
}

TEST_HARNESS_MAIN
