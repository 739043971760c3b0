// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for mount namespaces by file descriptor: entering, root and working
 * directory, mounts of the files and the loops that must be rejected, and the
 * ioctls.
 *
 * All tests have two namespaces, "here" and "there", of which "here" is the
 * older one. Each has its own tmpfs on /tmp, with a file that has the name of
 * the namespace. No process is in "there".
 */
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef PIDFD_GET_MNT_NAMESPACE	/* linux/pidfd.h conflicts with fcntl.h */
#define PIDFD_GET_MNT_NAMESPACE _IO(0xff, 3)
#endif
#ifndef PIDFD_GET_USER_NAMESPACE
#define PIDFD_GET_USER_NAMESPACE _IO(0xff, 9)
#endif
#define MOVE_FROM_FD 0x4	/* MOVE_MOUNT_F_EMPTY_PATH */

static int sys_open_tree(int dfd, const char *path, unsigned int flags)
{
	return syscall(__NR_open_tree, dfd, path, flags);
}

/* Make a detached copy of the mount at @path, with or without all below it. */
static int detach(const char *path, unsigned int flags)
{
	return sys_open_tree(AT_FDCWD, path,
			     OPEN_TREE_CLONE | O_CLOEXEC | flags);
}

/* Attach it; return 0 or the errno. */
static int attach(int tree, const char *to)
{
	return syscall(__NR_move_mount, tree, "", AT_FDCWD, to, MOVE_FROM_FD) ?
	       errno : 0;
}

/* These also return 0 or the errno. */
static int enter(int fd)
{
	return sys_setns(fd, CLONE_NEWNS) ? errno : 0;
}

static int mount_at(const char *from, const char *to, unsigned long flags)
{
	return mount(from, to, NULL, MS_BIND | flags, NULL) ? errno : 0;
}

static int mount_fd(int fd, const char *to, unsigned long flags)
{
	char from[32];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return mount_at(from, to, flags);
}

static int touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	return fd < 0 ? errno : close(fd);
}

static int new_tmpfs(const char *path)
{
	mkdir(path, 0700);
	return mount("tmpfs", path, "tmpfs", 0, NULL) ? errno : 0;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* Check whether @path is the file of the namespace @fd. */
static bool is_ns(const char *path, int fd)
{
	struct stat a, b;

	return !stat(path, &a) && !fstat(fd, &b) && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* Check whether the caller is in the namespace @fd. */
static bool is_in(int fd)
{
	return is_ns("/proc/thread-self/ns/mnt", fd);
}

static bool cwd_is(const char *path)
{
	char buf[256];

	return getcwd(buf, sizeof(buf)) && !strcmp(buf, path);
}

/* Enter a new namespace, and return a file descriptor for it. */
static int make_ns(const char *mark)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    new_tmpfs("/tmp") || touch(mark))
		return -1;
	return open_ns(0, "mnt");
}

static int set_caps(__u64 caps)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(__NR_capget, &hdr, d))
		return errno;
	d[0].effective = d[0].permitted & caps;
	d[1].effective = d[1].permitted & (caps >> 32);
	return syscall(__NR_capset, &hdr, d) ? errno : 0;
}

#define CAP_BIT(cap) (1ULL << (cap))

FIXTURE(mnt)
{
	int here, there;
};

#define MAKE_HERE_AND_THERE() do {					\
	ASSERT_EQ(0, become_root());					\
	self->here = make_ns("/tmp/here");				\
	ASSERT_GE(self->here, 0);					\
	self->there = make_ns("/tmp/there");				\
	ASSERT_GE(self->there, 0);					\
	ASSERT_EQ(0, enter(self->here));				\
} while (0)

FIXTURE_SETUP(mnt)
{
	MAKE_HERE_AND_THERE();
}

FIXTURE_TEARDOWN(mnt)
{
}

#define ASSERT_HERE() do {						\
	ASSERT_TRUE(is_in(self->here));					\
	ASSERT_TRUE(exists("/tmp/here"));				\
	ASSERT_FALSE(exists("/tmp/there"));				\
} while (0)

#define ASSERT_THERE() do {						\
	ASSERT_TRUE(is_in(self->there));				\
	ASSERT_TRUE(exists("/tmp/there"));				\
	ASSERT_FALSE(exists("/tmp/here"));				\
} while (0)

TEST_F(mnt, name)
{
	char link[64] = "", want[64];

	ASSERT_GT(readlink("/proc/self/ns/mnt", link, sizeof(link) - 1), 0);
	snprintf(want, sizeof(want), "mnt:[%lu]",
		 (unsigned long)fd_ino(self->here));
	ASSERT_STREQ(want, link);
	ASSERT_NE(fd_ino(self->here), fd_ino(self->there));
	ASSERT_EQ(CLONE_NEWNS, ioctl(self->there, NS_GET_NSTYPE));
}

TEST_F(mnt, owner)
{
	struct ns_child c;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_TRUE(is_ns("/proc/self/ns/user",
			  ioctl(self->there, NS_GET_USERNS)));

	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNS));
	fd = ioctl(open_ns(c.pid, "mnt"), NS_GET_USERNS);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(ns_ino(c.pid, "user"), fd_ino(fd));
	ns_child_stop(&c);

	/* Mount namespaces have no parent; only user and PID namespaces have one. */
	ASSERT_EQ(-1, ioctl(self->there, NS_GET_PARENT));
	ASSERT_EQ(EINVAL, errno);
}

/* The methods to refer to a namespace. */
enum way { WAY_FILE, WAY_BIND_MOUNT, WAY_PIDFD, WAY_PIDFD_IOCTL };

/* Create a process in "there" for the duration of the test. */
static int pidfd_there(int there)
{
	int ready[2], test = sys_pidfd_open(getpid(), 0);
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		if (sys_setns(there, 0) || write(ready[1], "", 1) != 1)
			_exit(1);
		close(ready[1]);
		end_with(test);
	}
	close(test);
	close(ready[1]);
	if (pid < 0 || read(ready[0], &c, 1) != 1)
		return -1;
	return sys_pidfd_open(pid, 0);
}

/* Kill it. */
static void kill_child(int pidfd)
{
	syscall(__NR_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	waitpid(-1, NULL, 0);
}

FIXTURE(way)
{
	int here, there;
	int fd;		/* for "there", by the method of the variant */
	int pidfd;
};

FIXTURE_VARIANT(way)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(way, file) { WAY_FILE };
FIXTURE_VARIANT_ADD(way, bind_mount) { WAY_BIND_MOUNT };
FIXTURE_VARIANT_ADD(way, pidfd) { WAY_PIDFD };
FIXTURE_VARIANT_ADD(way, pidfd_ioctl) { WAY_PIDFD_IOCTL };

FIXTURE_SETUP(way)
{
	MAKE_HERE_AND_THERE();
	self->pidfd = -1;
	self->fd = self->there;
	if (variant->way == WAY_PIDFD || variant->way == WAY_PIDFD_IOCTL) {
		self->pidfd = pidfd_there(self->there);
		self->fd = self->pidfd;
	}
	if (variant->way == WAY_PIDFD_IOCTL)
		self->fd = ioctl(self->pidfd, PIDFD_GET_MNT_NAMESPACE, 0);
	if (variant->way == WAY_BIND_MOUNT) {
		ASSERT_EQ(0, touch("/tmp/ns"));
		ASSERT_EQ(0, mount_fd(self->there, "/tmp/ns", 0));
		self->fd = open("/tmp/ns", O_RDONLY | O_CLOEXEC);
	}
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(way)
{
	if (self->pidfd >= 0)
		kill_child(self->pidfd);
}

TEST_F(way, there_and_back)
{
	ASSERT_HERE();
	ASSERT_EQ(0, enter(self->fd));
	ASSERT_THERE();
	/* The mount must stay private to it, and must remain. */
	ASSERT_EQ(0, new_tmpfs("/tmp/more"));
	ASSERT_EQ(0, touch("/tmp/more/file"));
	ASSERT_EQ(0, enter(self->here));
	ASSERT_HERE();
	ASSERT_FALSE(exists("/tmp/more"));
	ASSERT_EQ(0, enter(self->fd));
	ASSERT_TRUE(exists("/tmp/more/file"));
}

TEST_F(way, root_and_working_directory)
{
	ASSERT_EQ(0, mkdir("/tmp/jail", 0700));
	ASSERT_EQ(0, mkdir("/tmp/jail/cell", 0700));
	ASSERT_EQ(0, chroot("/tmp/jail"));
	ASSERT_EQ(0, chdir("/cell"));

	ASSERT_EQ(0, enter(self->fd));
	ASSERT_TRUE(cwd_is("/"));
	ASSERT_TRUE(exists("tmp/there"));
	ASSERT_THERE();

	/* The working directory before must not be remembered. */
	ASSERT_EQ(0, enter(self->here));
	ASSERT_TRUE(cwd_is("/"));
	ASSERT_HERE();
}

TEST_F(way, needs_capabilities)
{
	static const int needed[] = { CAP_SYS_ADMIN, CAP_SYS_CHROOT };
	unsigned int i;

	ASSERT_EQ(0, chdir("/tmp"));
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		ASSERT_EQ(0, set_caps(~CAP_BIT(needed[i])));
		ASSERT_EQ(EPERM, enter(self->fd));
		ASSERT_HERE();
		ASSERT_TRUE(cwd_is("/tmp"));
	}
	/* and no other capability */
	ASSERT_EQ(0, set_caps(CAP_BIT(CAP_SYS_ADMIN) |
			      CAP_BIT(CAP_SYS_CHROOT)));
	ASSERT_EQ(0, enter(self->fd));
	ASSERT_THERE();
}

TEST_F(mnt, enter_ones_own)
{
	ASSERT_EQ(0, chdir("/tmp"));
	ASSERT_EQ(0, enter(self->here));
	ASSERT_HERE();
	ASSERT_TRUE(cwd_is("/"));
}

/* The root must be the topmost mount, not one below it. */
TEST_F(mnt, enter_above_an_overmounted_root)
{
	ASSERT_EQ(0, enter(self->there));
	ASSERT_EQ(0, mount_at("/tmp", "/", 0));
	ASSERT_FALSE(exists("/there"));
	ASSERT_EQ(0, enter(self->here));
	ASSERT_EQ(0, enter(self->there));
	ASSERT_TRUE(exists("/there"));
	ASSERT_TRUE(exists("there"));
}

/* Capabilities in the caller's own user namespace do not apply in that of the owner. */
TEST_F(mnt, needs_capability_over_the_target)
{
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(EPERM, enter(self->there));
		ASSERT_EQ(EPERM, enter(self->here));
		ASSERT_EQ(0, unshare(CLONE_NEWNS));
		ASSERT_EQ(EPERM, enter(self->here));
		ASSERT_EQ(0, enter(open_ns(0, "mnt")));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

TEST_F(mnt, enter_that_of_a_child_user_namespace)
{
	struct ns_child c;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNS));
	fd = open_ns(c.pid, "mnt");
	ASSERT_EQ(0, enter(fd));
	ASSERT_TRUE(is_in(fd));
	ASSERT_EQ(0, enter(self->here));
	ASSERT_EQ(0, enter(c.pidfd));
	ASSERT_TRUE(is_in(fd));
	ns_child_stop(&c);
}

/* The owner of a user namespace has no capability in its own. */
TEST(ordinary_user)
{
	struct ns_child c;
	int user, mnt;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNS));
	user = open_ns(c.pid, "user");
	mnt = open_ns(c.pid, "mnt");
	ASSERT_GE(mnt, 0);
	ASSERT_EQ(EPERM, enter(mnt));
	ASSERT_EQ(EPERM, enter(c.pidfd));
	ASSERT_EQ(EPERM, enter(open_ns(0, "mnt")));

	ASSERT_EQ(0, sys_setns(user, CLONE_NEWUSER));
	ASSERT_EQ(0, enter(mnt));
	ASSERT_TRUE(is_in(mnt));
	ns_child_stop(&c);
}

TEST(ordinary_user_both_at_once)
{
	struct ns_child c;
	int mnt;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNS));
	mnt = open_ns(c.pid, "mnt");
	ASSERT_GE(mnt, 0);
	ASSERT_EQ(0, sys_setns(c.pidfd, CLONE_NEWUSER | CLONE_NEWNS));
	ASSERT_TRUE(is_in(mnt));
	ASSERT_TRUE(cwd_is("/"));
	ns_child_stop(&c);
}

/* The network namespace is entered after the mount namespace, and must fail. */
TEST_F(mnt, stays_if_another_type_fails)
{
	struct ns_child c;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (!have_type(CLONE_NEWNET))
		SKIP(return, "no CONFIG_NET_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNS));
	ASSERT_EQ(0, mkdir("/tmp/jail", 0700));
	ASSERT_EQ(0, chroot("/tmp/jail"));
	ASSERT_EQ(0, mkdir("/dir", 0700));
	ASSERT_EQ(0, chdir("/dir"));
	ASSERT_EQ(-1, sys_setns(c.pidfd, CLONE_NEWNS | CLONE_NEWNET));
	ASSERT_EQ(EPERM, errno);
	ASSERT_TRUE(cwd_is("/dir"));
	ASSERT_TRUE(exists("/dir"));
	ASSERT_EQ(0, enter(c.pidfd));
	ASSERT_TRUE(cwd_is("/"));
	ASSERT_TRUE(exists("/tmp/jail/dir"));
	ns_child_stop(&c);
}

/* A caller that shares its root and working directory must not enter. */
struct mover {
	int here, there;
	int shared, alone;	/* errnos */
	bool moved;
	int done[2], hold[2];
};

static void *mover_run(void *arg)
{
	struct mover *m = arg;
	char c = 0;

	m->shared = enter(m->there);
	m->alone = unshare(CLONE_FS) ? -1 : enter(m->there);
	m->moved = is_in(m->there) && exists("/tmp/there");
	if (write(m->done[1], &c, 1) != 1 || read(m->hold[0], &c, 1) < 0)
		m->moved = false;
	return NULL;
}

TEST_F(mnt, threads)
{
	struct mover m = { .there = self->there };
	pthread_t thread;
	char c;

	ASSERT_EQ(0, pipe2(m.done, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(m.hold, O_CLOEXEC));
	ASSERT_EQ(0, chdir("/tmp"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, mover_run, &m));
	ASSERT_EQ(1, read(m.done[0], &c, 1));

	ASSERT_EQ(EINVAL, m.shared);
	ASSERT_EQ(0, m.alone);
	ASSERT_TRUE(m.moved);
	/* It went alone. */
	ASSERT_HERE();
	ASSERT_TRUE(cwd_is("/tmp"));

	/* The thread has taken its own copy: the caller's is not shared any more. */
	ASSERT_EQ(0, enter(self->there));
	ASSERT_THERE();
	close(m.hold[1]);
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

TEST_F(mnt, process_that_shares_fs)
{
	struct clone_args args = {
		.flags = CLONE_FS,
		.exit_signal = SIGCHLD,
	};
	int hold[2], ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	ASSERT_EQ(0, chdir("/tmp"));
	pid = syscall(__NR_clone3, &args, sizeof(args));
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(hold[1]);
		ASSERT_EQ(EINVAL, enter(self->there));
		ASSERT_EQ(1, write(ready[1], "", 1));
		ASSERT_EQ(0, read(hold[0], &c, 1));
		EXIT_CHILD();
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(EINVAL, enter(self->there));
	ASSERT_EQ(EINVAL, enter(self->here));
	ASSERT_TRUE(cwd_is("/tmp"));
	close(hold[1]);
	WAIT_CHILD(pid);
	ASSERT_EQ(0, enter(self->there));
	ASSERT_THERE();
}

/* Mounts of the files. A namespace may contain only younger ones. */
TEST_F(mnt, bind_file_of_a_younger_one)
{
	int fd;

	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(0, mount_fd(self->there, "/tmp/ns", 0));
	ASSERT_TRUE(is_ns("/tmp/ns", self->there));
	/* and a mount of the mount */
	ASSERT_EQ(0, touch("/tmp/ns2"));
	ASSERT_EQ(0, mount_at("/tmp/ns", "/tmp/ns2", 0));
	ASSERT_EQ(0, umount("/tmp/ns"));
	fd = open("/tmp/ns2", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, enter(fd));
	ASSERT_THERE();
}

static bool mountinfo_has(const char *text)
{
	FILE *f = fopen("/proc/thread-self/mountinfo", "re");
	char line[1024];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	if (f)
		fclose(f);
	return found;
}

TEST_F(mnt, mountinfo_identifies_it)
{
	char text[64];

	snprintf(text, sizeof(text), " mnt:[%lu] /tmp/ns ",
		 (unsigned long)fd_ino(self->there));
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_FALSE(mountinfo_has(text));
	ASSERT_EQ(0, mount_fd(self->there, "/tmp/ns", 0));
	ASSERT_TRUE(mountinfo_has(text));
	ASSERT_EQ(0, enter(self->there));
	ASSERT_FALSE(mountinfo_has(text));
}

TEST_F(mnt, bind_file_of_ones_own)
{
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(EINVAL, mount_at("/proc/self/ns/mnt", "/tmp/ns", 0));
	ASSERT_EQ(EINVAL, mount_at("/proc/self/ns/mnt", "/tmp/ns", MS_REC));
	ASSERT_EQ(EINVAL, mount_fd(self->here, "/tmp/ns", 0));
	ASSERT_EQ(0, mount_fd(self->there, "/tmp/ns", 0));
}

TEST_F(mnt, bind_file_of_an_older_one)
{
	ASSERT_EQ(0, enter(self->there));
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(EINVAL, mount_fd(self->here, "/tmp/ns", 0));
	ASSERT_EQ(EINVAL, mount_fd(self->there, "/tmp/ns", 0));
	ASSERT_FALSE(is_ns("/tmp/ns", self->here));
}

TEST_F(mnt, bind_files_of_other_types)
{
	char from[32], to[32];
	const char *name;
	unsigned int i;

	/* These contain no mounts, so they cannot form a loop. */
	for (i = 0; i < NR_NS_TYPES; i++) {
		name = ns_types[i].name;
		if (ns_types[i].flag == CLONE_NEWNS ||
		    !have_type(ns_types[i].flag))
			continue;
		snprintf(from, sizeof(from), "/proc/self/ns/%s", name);
		snprintf(to, sizeof(to), "/tmp/%s", name);
		ASSERT_EQ(0, touch(to));
		ASSERT_EQ(0, mount_at(from, to, 0));
		ASSERT_EQ(ns_ino(0, name), fd_ino(open(to, O_RDONLY)));
	}
}

/* /tmp/tree, a tmpfs in which the file of "there" and others are mounted. */
static int make_tree(int there)
{
	return new_tmpfs("/tmp/tree") ?: touch("/tmp/tree/ns") ?:
	       new_tmpfs("/tmp/tree/first") ?:
	       touch("/tmp/tree/first/mark") ?:
	       mount_fd(there, "/tmp/tree/ns", 0) ?:
	       new_tmpfs("/tmp/tree/last") ?:
	       touch("/tmp/tree/last/mark");
}

/* Check whether a copy of the tree at @path is complete except for the file. */
static bool is_rest(const char *path)
{
	char a[64], b[64];

	snprintf(a, sizeof(a), "%s/first/mark", path);
	snprintf(b, sizeof(b), "%s/last/mark", path);
	return exists(a) && exists(b);
}

TEST_F(mnt, bind_tree_with_a_file)
{
	ASSERT_EQ(0, make_tree(self->there));
	ASSERT_EQ(0, mkdir("/tmp/copy", 0700));
	ASSERT_EQ(0, mount_at("/tmp/tree", "/tmp/copy", MS_REC));
	ASSERT_TRUE(is_ns("/tmp/copy/ns", self->there));
	ASSERT_TRUE(is_rest("/tmp/copy"));

	ASSERT_EQ(0, umount2("/tmp/copy", MNT_DETACH));
	ASSERT_EQ(0, mount_at("/tmp/tree", "/tmp/copy", 0));
	ASSERT_TRUE(exists("/tmp/copy/ns"));
	ASSERT_FALSE(is_ns("/tmp/copy/ns", self->there));
	ASSERT_FALSE(is_rest("/tmp/copy"));
}

/*
 * The file of any other type may be bind-mounted from any mount namespace, with
 * what is mounted on it there, which may be the file of the caller's namespace.
 */
TEST_F(mnt, bind_stack_with_ones_own_file)
{
	int below;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, touch("/tmp/stack"));
	ASSERT_EQ(0, mount_at("/proc/self/ns/user", "/tmp/stack", 0));
	below = open("/tmp/stack", O_PATH | O_CLOEXEC);
	ASSERT_GE(below, 0);
	ASSERT_EQ(0, mount_fd(self->there, "/tmp/stack", 0));
	ASSERT_TRUE(is_ns("/tmp/stack", self->there));

	ASSERT_EQ(0, enter(self->there));
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(EINVAL, mount_fd(below, "/tmp/ns", MS_REC));
	ASSERT_FALSE(is_ns("/tmp/ns", below));
	ASSERT_EQ(0, mount_fd(below, "/tmp/ns", 0));
	ASSERT_TRUE(is_ns("/tmp/ns", below));
}

TEST_F(mnt, unshare_leaves_files_out)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, make_tree(self->there));
	ASSERT_EQ(0, touch("/tmp/tree/user"));
	ASSERT_EQ(0, mount_at("/proc/self/ns/user", "/tmp/tree/user", 0));
	/* The caller's directory comes after the mount that is omitted. */
	ASSERT_EQ(0, chdir("/tmp/tree/last"));

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_TRUE(is_rest("/tmp/tree"));
	ASSERT_TRUE(exists("/tmp/tree/ns"));
	ASSERT_FALSE(is_ns("/tmp/tree/ns", self->there));
	ASSERT_TRUE(is_ns("/tmp/tree/user", open_ns(0, "user")));
	ASSERT_TRUE(cwd_is("/tmp/tree/last"));
	ASSERT_TRUE(exists("mark"));

	ASSERT_EQ(0, enter(self->here));
	ASSERT_TRUE(is_ns("/tmp/tree/ns", self->there));

	/* A mount on top of such a file is omitted, too. */
	ASSERT_EQ(0, mount_at("/proc/self/ns/user", "/tmp/tree/ns", 0));
	ASSERT_TRUE(is_ns("/tmp/tree/ns", open_ns(0, "user")));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_FALSE(is_ns("/tmp/tree/ns", open_ns(0, "user")));
	ASSERT_TRUE(is_rest("/tmp/tree"));
}

TEST_F(mnt, unshare_with_a_user_namespace_leaves_files_out)
{
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_EQ(0, make_tree(self->there));
		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(0, unshare(CLONE_NEWNS));
		ASSERT_TRUE(is_rest("/tmp/tree"));
		ASSERT_FALSE(is_ns("/tmp/tree/ns", self->there));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* Mounts that propagate to other namespaces, or to another place in this one. */
TEST_F(mnt, propagation)
{
	ASSERT_EQ(0, make_tree(self->there));
	ASSERT_EQ(0, new_tmpfs("/tmp/a"));
	ASSERT_EQ(0, mount(NULL, "/tmp/a", NULL, MS_SHARED, NULL));
	ASSERT_EQ(0, mkdir("/tmp/b", 0700));
	ASSERT_EQ(0, mount_at("/tmp/a", "/tmp/b", 0));
	ASSERT_EQ(0, touch("/tmp/a/ns"));
	ASSERT_EQ(0, mkdir("/tmp/a/tree", 0700));

	/* of the file alone, the peer cannot get a copy */
	ASSERT_EQ(EINVAL, mount_fd(self->there, "/tmp/a/ns", 0));
	ASSERT_FALSE(is_ns("/tmp/a/ns", self->there));

	/* of a tree, the peer gets the rest */
	ASSERT_EQ(0, mount_at("/tmp/tree", "/tmp/a/tree", MS_REC));
	ASSERT_TRUE(is_ns("/tmp/a/tree/ns", self->there));
	ASSERT_TRUE(is_rest("/tmp/b/tree"));
	ASSERT_FALSE(is_ns("/tmp/b/tree/ns", self->there));
}

/* Trees in an anonymous namespace, which belong to a file descriptor. */
TEST_F(mnt, detached_tree_has_the_file)
{
	int tree, fd;

	ASSERT_EQ(0, make_tree(self->there));
	tree = detach("/tmp/tree", AT_RECURSIVE);
	ASSERT_GE(tree, 0);
	fd = openat(tree, "ns", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(fd_ino(self->there), fd_ino(fd));
	ASSERT_EQ(0, enter(fd));
	ASSERT_THERE();

	/* The tree itself is in a namespace that cannot be entered. */
	ASSERT_EQ(EBADF, enter(tree));
	ASSERT_EQ(EINVAL, enter(openat(tree, ".", O_RDONLY | O_DIRECTORY)));
	ASSERT_THERE();
}

TEST_F(mnt, attach_tree_with_a_file)
{
	int tree, bare;

	ASSERT_EQ(0, make_tree(self->there));
	tree = detach("/tmp/tree", AT_RECURSIVE);
	ASSERT_GE(tree, 0);
	bare = detach("/tmp/tree", 0);
	ASSERT_GE(bare, 0);

	ASSERT_EQ(0, enter(self->there));
	ASSERT_EQ(0, mkdir("/tmp/copy", 0700));
	ASSERT_EQ(ELOOP, attach(tree, "/tmp/copy"));
	ASSERT_FALSE(exists("/tmp/copy/ns"));
	/* without the mount in it, it cannot form a loop */
	ASSERT_EQ(0, attach(bare, "/tmp/copy"));
	ASSERT_TRUE(exists("/tmp/copy/ns"));

	/*
	 * the rejected tree may be attached where the file is that of a younger
	 * namespace
	 */
	ASSERT_EQ(0, enter(self->here));
	ASSERT_EQ(0, mkdir("/tmp/copy", 0700));
	ASSERT_EQ(0, attach(tree, "/tmp/copy"));
	ASSERT_TRUE(is_ns("/tmp/copy/ns", self->there));
	ASSERT_TRUE(is_rest("/tmp/copy"));
}

TEST_F(mnt, attach_a_file)
{
	int own = detach("/proc/self/ns/mnt", 0);
	int rec = detach("/proc/self/ns/mnt", AT_RECURSIVE);
	char path[32];
	int young;

	ASSERT_GE(own, 0);
	ASSERT_GE(rec, 0);
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(ELOOP, attach(own, "/tmp/ns"));
	ASSERT_EQ(ELOOP, attach(rec, "/tmp/ns"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->there);
	young = detach(path, 0);
	ASSERT_EQ(0, attach(young, "/tmp/ns"));
	ASSERT_TRUE(is_ns("/tmp/ns", self->there));

	/* moved again, now that it is attached */
	ASSERT_EQ(0, touch("/tmp/ns2"));
	ASSERT_EQ(0, mount("/tmp/ns", "/tmp/ns2", NULL, MS_MOVE, NULL));
	ASSERT_TRUE(is_ns("/tmp/ns2", self->there));
	ASSERT_FALSE(is_ns("/tmp/ns", self->there));
}

/*
 * References to a namespace, and its end: when it is freed, the last mount of a
 * tmpfs is removed, which inotify reports.
 */
static int watch(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (inotify_add_watch(fd, path, IN_UNMOUNT) < 0)
		return -1;
	return fd;
}

static bool is_gone(int watch, int timeout)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };

	return poll(&p, 1, timeout) == 1;
}

TEST_F(mnt, lives_as_long_as_a_descriptor)
{
	int end, pidfd, fd;

	ASSERT_EQ(0, enter(self->there));
	end = watch("/tmp");
	ASSERT_GE(end, 0);
	ASSERT_EQ(0, enter(self->here));
	pidfd = pidfd_there(self->there);
	close(self->there);
	fd = ioctl(pidfd, PIDFD_GET_MNT_NAMESPACE, 0);
	ASSERT_GE(fd, 0);

	/* The last process exits. */
	kill_child(pidfd);
	ASSERT_FALSE(is_gone(end, 0));
	ASSERT_EQ(0, enter(fd));
	ASSERT_TRUE(exists("/tmp/there"));
	ASSERT_EQ(0, enter(self->here));
	close(fd);
	ASSERT_TRUE(is_gone(end, 5000));
}

TEST_F(mnt, lives_as_long_as_a_mount)
{
	int end, fd;

	ASSERT_EQ(0, enter(self->there));
	end = watch("/tmp");
	ASSERT_EQ(0, enter(self->here));
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(0, mount_fd(self->there, "/tmp/ns", 0));
	close(self->there);
	ASSERT_FALSE(is_gone(end, 0));
	fd = open("/tmp/ns", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, enter(fd));
	ASSERT_TRUE(exists("/tmp/there"));
	ASSERT_EQ(0, enter(self->here));
	close(fd);
	ASSERT_FALSE(is_gone(end, 0));
	ASSERT_EQ(0, umount("/tmp/ns"));
	ASSERT_TRUE(is_gone(end, 5000));
}

/* A namespace that is freed releases those that only its mounts have pinned. */
TEST_F(mnt, freed_with_the_namespace_of_its_mount)
{
	int end, pidfd, young;

	ASSERT_EQ(0, enter(self->there));
	young = make_ns("/tmp/young");
	ASSERT_GE(young, 0);
	end = watch("/tmp");
	ASSERT_GE(end, 0);
	ASSERT_EQ(0, enter(self->there));
	ASSERT_EQ(0, touch("/tmp/ns"));
	ASSERT_EQ(0, mount_fd(young, "/tmp/ns", 0));
	close(young);
	ASSERT_EQ(0, enter(self->here));
	pidfd = pidfd_there(self->there);
	ASSERT_GE(pidfd, 0);
	close(self->there);
	ASSERT_FALSE(is_gone(end, 0));
	kill_child(pidfd);
	ASSERT_TRUE(is_gone(end, 5000));
}

TEST_F(mnt, lives_as_long_as_a_detached_tree)
{
	int end, tree, fd;

	ASSERT_EQ(0, enter(self->there));
	end = watch("/tmp");
	ASSERT_EQ(0, enter(self->here));
	ASSERT_EQ(0, make_tree(self->there));
	tree = detach("/tmp/tree", AT_RECURSIVE);
	ASSERT_GE(tree, 0);
	ASSERT_EQ(0, umount2("/tmp/tree", MNT_DETACH));
	close(self->there);
	ASSERT_FALSE(is_gone(end, 0));
	fd = openat(tree, "ns", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, enter(fd));
	ASSERT_TRUE(exists("/tmp/there"));
	ASSERT_EQ(0, enter(self->here));
	close(fd);
	close(tree);
	ASSERT_TRUE(is_gone(end, 5000));
}

/*
 * The ioctls.
 */
static __u64 id_of(int fd)
{
	__u64 id = 0;

	return ioctl(fd, NS_GET_MNTNS_ID, &id) ? 0 : id;
}

/* The request @nr of a program whose structure has @size bytes. */
#define REQ(nr, size) _IOC(_IOC_READ, NSIO, _IOC_NR(nr), size)

/* Return the errno of an ioctl() that must fail. */
static int refused(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? errno : 0;
}

/* Return an address that is not mapped. */
static void *nowhere(void)
{
	void *page = mmap(NULL, getpagesize(), PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page;
}

/*
 * Check that the caller is in the initial namespace of a type, or that the type
 * is missing.
 */
static bool is_in_first(const char *name, ino_t first)
{
	return !have_ns(name) || ns_ino(0, name) == first;
}

/* Only root of the initial PID and user namespaces can list all mount namespaces. */
static bool is_real_root(void)
{
	return !geteuid() && is_in_first("user", 0xeffffffd) &&
	       is_in_first("pid", 0xeffffffc);
}

TEST_F(mnt, id)
{
	ASSERT_TRUE(!!id_of(self->here));
	ASSERT_LT(id_of(self->here), id_of(self->there));
	ASSERT_EQ(id_of(self->here), id_of(open_ns(0, "mnt")));
	ASSERT_EQ(EFAULT, refused(self->here, NS_GET_MNTNS_ID, NULL));
	ASSERT_EQ(EFAULT, refused(self->here, NS_GET_MNTNS_ID, nowhere()));
}

TEST_F(mnt, info)
{
	struct mnt_ns_info info = {}, after = {};

	ASSERT_EQ(0, ioctl(self->here, NS_MNT_GET_INFO, &info));
	ASSERT_EQ(sizeof(info), info.size);
	ASSERT_EQ(id_of(self->here), info.mnt_ns_id);
	ASSERT_EQ(0, new_tmpfs("/tmp/more"));
	ASSERT_EQ(0, ioctl(self->here, NS_MNT_GET_INFO, &after));
	ASSERT_EQ(info.nr_mounts + 1, after.nr_mounts);
	ASSERT_EQ(0, umount("/tmp/more"));
	ASSERT_EQ(0, ioctl(self->here, NS_MNT_GET_INFO, &after));
	ASSERT_EQ(info.nr_mounts, after.nr_mounts);
}

TEST_F(mnt, info_errors)
{
	int too_small = has_ns_get_id(self->here) ? ENOTTY : EINVAL;
	struct mnt_ns_info info;

	ASSERT_EQ(EINVAL, refused(self->here, NS_MNT_GET_INFO, NULL));
	ASSERT_EQ(EFAULT, refused(self->here, NS_MNT_GET_INFO, nowhere()));
	ASSERT_EQ(too_small,
		  refused(self->here, REQ(NS_MNT_GET_INFO, 0), &info));
	ASSERT_EQ(too_small,
		  refused(self->here, REQ(NS_MNT_GET_INFO,
					  MNT_NS_INFO_SIZE_VER0 - 1), &info));
}

/* A newer program gets the members that the kernel knows, and their size. */
TEST_F(mnt, info_larger_struct)
{
	struct {
		struct mnt_ns_info info;
		char more[48];
	} large;
	unsigned int i;

	memset(&large, 0x5a, sizeof(large));
	ASSERT_EQ(0, ioctl(self->here, REQ(NS_MNT_GET_INFO, sizeof(large)),
			   &large));
	ASSERT_EQ(sizeof(large.info), large.info.size);
	ASSERT_EQ(id_of(self->here), large.info.mnt_ns_id);
	for (i = 0; i < sizeof(large.more); i++)
		ASSERT_EQ(0x5a, large.more[i]);
}

TEST_F(mnt, ioctls_on_other_types)
{
	int walk = is_real_root() ? EINVAL : EPERM;
	struct mnt_ns_info info;
	unsigned int i;
	__u64 id;
	int fd;

	for (i = 0; i < NR_NS_TYPES; i++) {
		if (ns_types[i].flag == CLONE_NEWNS ||
		    !have_type(ns_types[i].flag))
			continue;
		fd = open_ns(0, ns_types[i].name);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(EINVAL, refused(fd, NS_GET_MNTNS_ID, &id));
		ASSERT_EQ(EINVAL, refused(fd, NS_MNT_GET_INFO, &info));
		ASSERT_EQ(walk, refused(fd, NS_MNT_GET_NEXT, &info));
		ASSERT_EQ(walk, refused(fd, NS_MNT_GET_PREV, &info));
		close(fd);
	}
}

/*
 * From @fd, which is closed, repeat @request until the namespace with the ID
 * @to, or until an error. @at is the first ID, and becomes the last one.
 */
static int walk(int fd, unsigned long request, __u64 to, __u64 *at)
{
	struct mnt_ns_info info;
	int next, i;
	bool order;

	for (i = 0; i < 10000 && *at != to; i++) {
		next = ioctl(fd, request, &info);
		if (next < 0)
			return -errno;
		close(fd);
		fd = next;
		if (request == NS_MNT_GET_NEXT)
			order = info.mnt_ns_id > *at;
		else
			order = info.mnt_ns_id < *at;
		/* Detached trees have no ID and must be skipped. */
		if (!order || !info.mnt_ns_id || info.mnt_ns_id != id_of(fd))
			return -ERANGE;
		*at = info.mnt_ns_id;
	}
	return fd;
}

TEST_F(mnt, walk)
{
	__u64 here = id_of(self->here), there = id_of(self->there), at = here;
	int fd;

	/* a detached tree, which must be skipped */
	ASSERT_GE(detach("/tmp", AT_RECURSIVE), 0);

	fd = walk(dup(self->here), NS_MNT_GET_NEXT, there, &at);
	if (!is_real_root()) {
		ASSERT_EQ(-EPERM, fd);
		ASSERT_EQ(EPERM, refused(self->here, NS_MNT_GET_PREV, NULL));
		return;
	}
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ASSERT_EQ(0, enter(fd));
	ASSERT_THERE();

	fd = walk(fd, NS_MNT_GET_PREV, here, &at);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, enter(fd));
	ASSERT_HERE();

	/* both ends of the list */
	ASSERT_EQ(-ENOENT, walk(dup(fd), NS_MNT_GET_NEXT, 0, &at));
	at = here;
	ASSERT_EQ(-ENOENT, walk(fd, NS_MNT_GET_PREV, 0, &at));
}

TEST_F(mnt, walk_requests)
{
	bool root = is_real_root(), listed = has_ns_get_id(self->here);
	struct rlimit limit, few;
	struct mnt_ns_info info;
	unsigned int large[16];
	int fd;

	ASSERT_EQ(listed ? ENOTTY : root ? EINVAL : EPERM,
		  refused(self->here, REQ(NS_MNT_GET_NEXT, 8), &info));
	ASSERT_EQ(root ? EFAULT : EPERM,
		  refused(self->here, NS_MNT_GET_NEXT, nowhere()));
	/* a failure must not leak the file descriptor */
	fd = dup(self->here);
	close(fd);
	ASSERT_EQ(root ? EFAULT : EPERM,
		  refused(self->there, NS_MNT_GET_PREV, nowhere()));
	ASSERT_EQ(fd, dup(self->here));
	/* a new file descriptor requires a free number */
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	few = limit;
	few.rlim_cur = fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	ASSERT_EQ(root ? EMFILE : EPERM,
		  refused(self->here, NS_MNT_GET_NEXT, &info));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/*
	 * without information, which only later kernels reject, and with a
	 * longer structure
	 */
	ASSERT_EQ(root ? (listed ? EFAULT : 0) : EPERM,
		  refused(self->here, NS_MNT_GET_NEXT, NULL));
	memset(large, 0x5a, sizeof(large));
	ASSERT_EQ(root ? 0 : EPERM,
		  refused(self->here, REQ(NS_MNT_GET_NEXT, sizeof(large)),
			  large));
	ASSERT_EQ(root ? sizeof(info) : 0x5a5a5a5aU, large[0]);
	ASSERT_EQ(0x5a5a5a5aU, large[sizeof(info) / sizeof(large[0])]);
}

/* This requires real root: root of a child user or PID namespace is not enough. */
TEST_F(mnt, walk_needs_real_root)
{
	static const int flags[] = { CLONE_NEWUSER, CLONE_NEWPID };
	struct mnt_ns_info info;
	unsigned int i, tried = 0;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		pid_t pid, inner;

		if (!have_type(flags[i]))
			continue;
		tried++;
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			ASSERT_EQ(0, unshare(flags[i]));
			inner = fork();
			ASSERT_GE(inner, 0);
			if (inner) {
				WAIT_CHILD(inner);
				EXIT_CHILD();
			}
			ASSERT_EQ(EPERM, refused(self->here, NS_MNT_GET_NEXT,
						 &info));
			ASSERT_EQ(EPERM, refused(self->there, NS_MNT_GET_PREV,
						 &info));
			/* querying a given namespace requires no privilege */
			ASSERT_EQ(0, refused(self->there, NS_MNT_GET_INFO,
					     &info));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
	}
	if (!tried)
		SKIP(return, "the kernel has nobody but real root");
}

/* Interfaces that refer to a namespace without /proc. */
TEST(ioctls_without_proc)
{
	int fd, user, walk;
	struct mnt_ns_info info;
	struct ns_child c;
	__u64 id;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	walk = is_real_root() ? EINVAL : EPERM;
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNS));
	user = ioctl(c.pidfd, PIDFD_GET_USER_NAMESPACE, 0);
	ASSERT_GE(user, 0);
	EXPECT_EQ(EINVAL, refused(user, NS_GET_MNTNS_ID, &id));
	EXPECT_EQ(EINVAL, refused(user, NS_MNT_GET_INFO, &info));
	EXPECT_EQ(walk, refused(user, NS_MNT_GET_NEXT, &info));
	EXPECT_EQ(walk, refused(user, NS_MNT_GET_PREV, &info));
	fd = ioctl(c.pidfd, PIDFD_GET_MNT_NAMESPACE, 0);
	EXPECT_GE(fd, 0);
	EXPECT_EQ(0, refused(fd, NS_GET_MNTNS_ID, &id));
	EXPECT_EQ(0, refused(fd, NS_MNT_GET_INFO, &info));
	EXPECT_EQ(id, info.mnt_ns_id);
	ns_child_stop(&c);
}

/* A zombie has no namespaces, although it still has a PID. */
TEST(pidfd_get_mnt_namespace_of_a_zombie)
{
	struct ns_child c;
	siginfo_t info;

	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNS));
	ASSERT_EQ(0, refused(c.pidfd, PIDFD_GET_MNT_NAMESPACE, NULL));
	kill(c.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, c.pid, &info, WEXITED | WNOWAIT));
	ASSERT_EQ(ESRCH, refused(c.pidfd, PIDFD_GET_MNT_NAMESPACE, NULL));
	ASSERT_EQ(-1, open_ns(c.pid, "mnt"));
	ns_child_stop(&c);
}

TEST_F(mnt, pidfd_get_mnt_namespace)
{
	struct ns_child c;
	int fd;

	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNS));
	fd = ioctl(c.pidfd, PIDFD_GET_MNT_NAMESPACE, 0);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ASSERT_EQ(CLONE_NEWNS, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_EQ(ns_ino(c.pid, "mnt"), fd_ino(fd));
	ASSERT_NE(fd_ino(self->here), fd_ino(fd));
	ASSERT_EQ(EINVAL, refused(c.pidfd, PIDFD_GET_MNT_NAMESPACE, &fd));

	kill(c.pid, SIGKILL);
	ASSERT_EQ(c.pid, waitpid(c.pid, NULL, 0));
	ASSERT_EQ(ESRCH, refused(c.pidfd, PIDFD_GET_MNT_NAMESPACE, NULL));
	ASSERT_EQ(0, enter(fd));
}

/* As for /proc/<pid>/ns, access to the task is required. */
TEST_F(mnt, pidfd_get_mnt_namespace_of_another)
{
	int parent = sys_pidfd_open(getpid(), 0);
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_LE(0, ioctl(parent, PIDFD_GET_MNT_NAMESPACE, 0));
		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(EACCES, refused(parent, PIDFD_GET_MNT_NAMESPACE,
					  NULL));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

#define NS_NAME		"mnt"
#define NS_FLAG		CLONE_NEWNS
#define NS_INDEX	MNT_NS_INDEX
#include "perf_tests.h"

TEST_HARNESS_MAIN
