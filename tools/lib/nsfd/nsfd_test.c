// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for libnsfd on the running kernel, with every method that is available: the
 * guarantees of the library are the same for all of them, and the tests state the
 * exceptions.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "common.h"
#include "nsfd.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

/* Sanitizers have their own memory, locks and threads. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_IF_SANITIZED()	SKIP(return, "not with a sanitizer")
#else
#define SKIP_IF_SANITIZED()
#endif

#define EXPECT_ERRNO(error, call) do {	\
	errno = 0;			\
	EXPECT_EQ(-1, (call));		\
	EXPECT_EQ((error), errno);	\
} while (0)

static uint64_t cookie_at(int nsfd)
{
	int sk = socketat(nsfd, AF_INET, SOCK_STREAM, 0);
	uint64_t cookie;

	if (sk < 0)
		return 0;
	cookie = netns_cookie(sk);
	close(sk);
	return cookie;
}

/* Return 0 if a socket can be created, or the errno. */
static int try_at(int nsfd)
{
	int sk = socketat(nsfd, AF_INET, SOCK_STREAM, 0);

	if (sk < 0)
		return errno;
	close(sk);
	return 0;
}

/* Root from the start, and not in a user namespace with a single user. */
static bool real_root;

static int become_privileged(void)
{
	real_root = !geteuid();
	return become_root();
}

/* Become what a server is after its start: a process without privileges. */
static int become_worker(void)
{
	int err = real_root ? become_nobody() : 0;

	return err ? err : caps_drop();
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/thread-self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Create a network namespace without tasks. */
static int new_netns(void)
{
	struct ns_child child;
	int fd;

	if (ns_child_start(&child, CLONE_NEWNET))
		return -1;
	fd = open_ns(child.pid, "net");
	ns_child_stop(&child);
	return fd;
}

/* Enter a new mount namespace. */
static int private_mounts(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	return mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

#define KILL	(-1)

/*
 * From now on, system call @nr fails with @error, or kills the process. If @arg is
 * not 0, this is only so if its second argument without the lowest byte is @arg.
 */
static int deny_syscall(int nr, unsigned int arg, int error)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const unsigned int arg1 = offsetof(struct seccomp_data, args[1]);
#else
	const unsigned int arg1 = offsetof(struct seccomp_data, args[1]) + 4;
#endif
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg1),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, arg ? ~0xffU : 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, error == KILL ? SECCOMP_RET_KILL_PROCESS :
			 SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = ARRAY_SIZE(insns), .filter = insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) ? -errno : 0;
}

/* The method that is available, determined without the library. */
static enum nsfd_way real_way(void)
{
	if (sys_socketat(-1, 0, 0, 0) == -1 && errno == EBADF)
		return NSFD_WAY_SYSCALL;
	return access("/dev/nsfd", F_OK) ? NSFD_WAY_THREAD : NSFD_WAY_MODULE;
}

FIXTURE(lib) {
	int own;		/* the caller's network namespace */
	int net;		/* another one */
	int uts;
	int pipe;		/* not a namespace */
	int path;		/* the other one, by O_PATH */
	enum nsfd_way way;
};

FIXTURE_SETUP(lib)
{
	char path[32];
	int pipes[2];

	ASSERT_EQ(0, become_privileged());
	self->own = open_ns(0, "net");
	ASSERT_LE(0, self->own);
	self->net = new_netns();
	ASSERT_LE(0, self->net);
	self->uts = open_ns(0, "uts");
	ASSERT_LE(0, self->uts);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	self->pipe = pipes[0];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->net);
	self->path = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, self->path);
	self->way = real_way();
}

FIXTURE_TEARDOWN(lib)
{
}

TEST_F(lib, open_by_path)
{
	int fd = nsfd_open("/proc/thread-self/ns/net");
	char fifo[] = "/tmp/nsfd.XXXXXX", event[64];
	int watch;

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(fd_ino(self->own), fd_ino(fd));

	EXPECT_ERRNO(ENOENT, nsfd_open("/proc/self/ns/nosuch"));
	EXPECT_ERRNO(ENOENT, nsfd_open(""));
	EXPECT_ERRNO(EINVAL, nsfd_open("/dev/null"));
	EXPECT_ERRNO(EINVAL, nsfd_open("/proc/self/ns"));
	EXPECT_ERRNO(EINVAL, nsfd_open("/proc/self/status"));
	close(mkstemp(fifo));
	unlink(fifo);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	/* Other files must not be opened. */
	watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	ASSERT_LE(0, inotify_add_watch(watch, fifo, IN_OPEN));
	EXPECT_ERRNO(EINVAL, nsfd_open(fifo));
	EXPECT_ERRNO(EAGAIN, read(watch, event, sizeof(event)));
	close(watch);
	unlink(fifo);
	ASSERT_EQ(0, become_worker());
	EXPECT_ERRNO(EACCES, nsfd_open("/proc/1/ns/net"));
}

TEST_F(lib, open_by_name)
{
	char name[NAME_MAX + 2];
	int fd;

	ASSERT_EQ(0, private_mounts());
	ASSERT_EQ(0, mount("tmpfs", "/run", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir("/run/netns", 0755));
	ASSERT_EQ(0, nsfd_pin(self->net, "/run/netns/blue"));
	fd = nsfd_open_name("blue");
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(1, nsfd_equal(self->net, fd));

	EXPECT_ERRNO(ENOENT, nsfd_open_name("red"));
	EXPECT_ERRNO(EINVAL, nsfd_open_name(""));
	EXPECT_ERRNO(EINVAL, nsfd_open_name("."));
	EXPECT_ERRNO(EINVAL, nsfd_open_name(".."));
	EXPECT_ERRNO(EINVAL, nsfd_open_name("../netns/blue"));
	EXPECT_ERRNO(EINVAL, nsfd_open_name("/run/netns/blue"));
	memset(name, 'x', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	EXPECT_ERRNO(ENAMETOOLONG, nsfd_open_name(name));
	name[NAME_MAX] = '\0';
	EXPECT_ERRNO(ENOENT, nsfd_open_name(name));
	close(open("/run/netns/file", O_CREAT | O_WRONLY, 0600));
	EXPECT_ERRNO(EINVAL, nsfd_open_name("file"));
}

/* If /var/run is not a symbolic link, ip-netns(8) may use its own directory there. */
TEST_F(lib, open_by_name_in_var_run)
{
	int fd;

	ASSERT_EQ(0, private_mounts());
	ASSERT_EQ(0, mount("tmpfs", "/run", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount("tmpfs", "/var", "tmpfs", 0, NULL));
	EXPECT_ERRNO(ENOENT, nsfd_open_name("blue"));
	ASSERT_EQ(0, mkdir("/var/run", 0755));
	ASSERT_EQ(0, mkdir("/var/run/netns", 0755));
	ASSERT_EQ(0, nsfd_pin(self->net, "/var/run/netns/blue"));
	fd = nsfd_open_name("blue");
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, nsfd_equal(self->net, fd));
	close(fd);

	/* A file in /run/netns takes precedence, even if it is not a namespace. */
	ASSERT_EQ(0, mkdir("/run/netns", 0755));
	close(open("/run/netns/blue", O_CREAT | O_WRONLY, 0600));
	EXPECT_ERRNO(EINVAL, nsfd_open_name("blue"));
}

static void *open_in_new_netns(void *arg)
{
	int *fds = arg;

	if (!unshare(CLONE_NEWNET)) {
		fds[0] = nsfd_open_pid(0, CLONE_NEWNET);
		fds[1] = nsfd_open_pid(gettid(), CLONE_NEWNET);
	}
	return NULL;
}

TEST_F(lib, open_by_pid)
{
	int fd, fds[2] = { -1, -1 }, i;
	struct ns_child child;
	pthread_t thread;
	pid_t pid;

	for (i = 0; i < (int)NR_NS_TYPES; i++) {
		if (!have_ns(ns_types[i].name)) {
			EXPECT_ERRNO(ENOENT, nsfd_open_pid(0, ns_types[i].flag));
			EXPECT_ERRNO(ENOENT, nsfd_open_pid(getpid(), ns_types[i].flag));
			continue;
		}
		fd = nsfd_open_pid(0, ns_types[i].flag);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(ns_types[i].flag, nsfd_type(fd));
		EXPECT_EQ(ns_ino(0, ns_types[i].name), fd_ino(fd));
		close(fd);
	}

	/* 0 is the calling thread, not the process. */
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_in_new_netns, fds));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, nsfd_equal(self->own, fds[0]));
	EXPECT_EQ(1, nsfd_equal(fds[0], fds[1]));

	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	fd = nsfd_open_pid(child.pid, CLONE_NEWNET);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ns_ino(child.pid, "net"), fd_ino(fd));
	EXPECT_EQ(0, nsfd_equal(self->own, fd));
	pid = child.pid;
	ns_child_stop(&child);
	EXPECT_ERRNO(ESRCH, nsfd_open_pid(pid, CLONE_NEWNET));

	EXPECT_ERRNO(EINVAL, nsfd_open_pid(-1, CLONE_NEWNET));
	EXPECT_ERRNO(EINVAL, nsfd_open_pid(0, 0));
	EXPECT_ERRNO(EINVAL, nsfd_open_pid(0, CLONE_NEWNET | CLONE_NEWUTS));
	EXPECT_ERRNO(EINVAL, nsfd_open_pid(0, CLONE_VM));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, private_mounts());
		ASSERT_EQ(0, mount("tmpfs", "/proc", "tmpfs", 0, NULL));
		EXPECT_ERRNO(ENOENT, nsfd_open_pid(0, CLONE_NEWNET));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);

	ASSERT_EQ(0, become_worker());
	EXPECT_ERRNO(EACCES, nsfd_open_pid(1, CLONE_NEWNET));
}

/* A process that has terminated and not been waited for has no namespaces. */
TEST_F(lib, open_of_a_zombie)
{
	int pidfd, fds = count_fds();
	siginfo_t info;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	pidfd = sys_pidfd_open(pid, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_ERRNO(ESRCH, nsfd_open_pid(pid, CLONE_NEWNET));
	EXPECT_ERRNO(ESRCH, nsfd_open_pidfd(pidfd, CLONE_NEWNET));
	ASSERT_EQ(0, deny_syscall(__NR_ioctl, 0xff00, ENOTTY));
	EXPECT_ERRNO(ESRCH, nsfd_open_pidfd(pidfd, CLONE_NEWNET));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_ERRNO(ESRCH, nsfd_open_pidfd(pidfd, CLONE_NEWNET));
	close(pidfd);
	EXPECT_EQ(fds, count_fds());
}

FIXTURE(pidfd) {
	struct ns_child child;
	int self;
};

/* Without the ioctls of a pidfd, as before Linux 6.11. */
FIXTURE_VARIANT(pidfd) {
	bool old;
};

FIXTURE_VARIANT_ADD(pidfd, requests) {};
FIXTURE_VARIANT_ADD(pidfd, by_number) { .old = true };

FIXTURE_SETUP(pidfd)
{
	ASSERT_EQ(0, become_privileged());
	ASSERT_EQ(0, ns_child_start(&self->child, CLONE_NEWNET | CLONE_NEWUTS));
	self->self = sys_pidfd_open(getpid(), 0);
	ASSERT_LE(0, self->self);
	if (variant->old)
		ASSERT_EQ(0, deny_syscall(__NR_ioctl, 0xff00, ENOTTY));
}

FIXTURE_TEARDOWN(pidfd)
{
}

TEST_F(pidfd, open)
{
	int fds = count_fds(), fd, i;

	for (i = 0; i < (int)NR_NS_TYPES; i++) {
		if (!have_ns(ns_types[i].name)) {
			EXPECT_ERRNO(ENOENT, nsfd_open_pidfd(self->self,
							     ns_types[i].flag));
			continue;
		}
		fd = nsfd_open_pidfd(self->child.pidfd, ns_types[i].flag);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(ns_types[i].flag, nsfd_type(fd));
		EXPECT_EQ(ns_ino(self->child.pid, ns_types[i].name), fd_ino(fd));
		close(fd);
	}
	EXPECT_EQ(fds, count_fds());
}

TEST_F(pidfd, errors)
{
	int fds = count_fds(), dir, null, copy = dup(self->child.pidfd), pipes[2];

	EXPECT_ERRNO(EINVAL, nsfd_open_pidfd(self->self, 0));
	EXPECT_ERRNO(EINVAL, nsfd_open_pidfd(self->self,
					     CLONE_NEWNET | CLONE_NEWUTS));
	EXPECT_ERRNO(EBADF, nsfd_open_pidfd(-1, CLONE_NEWNET));
	null = open("/dev/null", O_RDONLY);
	ASSERT_LE(0, null);
	EXPECT_ERRNO(EBADF, nsfd_open_pidfd(null, CLONE_NEWNET));
	close(null);
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_ERRNO(EBADF, nsfd_open_pidfd(pipes[0], CLONE_NEWNET));
	close(pipes[0]);
	close(pipes[1]);
	/* pidfd_send_signal() accepts this as a pidfd. */
	dir = open("/proc/self", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	EXPECT_ERRNO(EBADF, nsfd_open_pidfd(dir, CLONE_NEWNET));
	close(dir);

	ns_child_stop(&self->child);
	EXPECT_ERRNO(ESRCH, nsfd_open_pidfd(copy, CLONE_NEWNET));
	close(copy);
	EXPECT_EQ(fds - 2, count_fds());	/* those of the child */
}

TEST_F(pidfd, no_access)
{
	int init = sys_pidfd_open(1, 0);

	ASSERT_LE(0, init);
	ASSERT_EQ(0, become_worker());
	EXPECT_ERRNO(EACCES, nsfd_open_pidfd(init, CLONE_NEWNET));
}

TEST_F(lib, type)
{
	int fds = count_fds(), fd, i;

	for (i = 0; i < (int)NR_NS_TYPES; i++) {
		fd = open_ns(0, ns_types[i].name);
		if (fd < 0)
			continue;
		EXPECT_EQ(ns_types[i].flag, nsfd_type(fd));
		close(fd);
	}
	EXPECT_ERRNO(EBADF, nsfd_type(-1));
	EXPECT_ERRNO(EBADF, nsfd_type(self->path));
	EXPECT_ERRNO(EINVAL, nsfd_type(self->pipe));
	fd = eventfd(0, 0);
	EXPECT_ERRNO(EINVAL, nsfd_type(fd));
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_ERRNO(EINVAL, nsfd_type(fd));
	close(fd);
	fd = sys_pidfd_open(getpid(), 0);
	EXPECT_ERRNO(EINVAL, nsfd_type(fd));
	close(fd);
	fd = open("/proc/self/ns", O_RDONLY);
	EXPECT_ERRNO(EINVAL, nsfd_type(fd));
	close(fd);
	EXPECT_EQ(fds, count_fds());
}

TEST_F(lib, id_and_equal)
{
	struct stat st;
	int fd;
	dev_t dev;
	ino_t ino;

	ASSERT_EQ(0, fstat(self->net, &st));
	ASSERT_EQ(0, nsfd_id(self->net, &dev, &ino));
	EXPECT_EQ(st.st_dev, dev);
	EXPECT_EQ(st.st_ino, ino);
	EXPECT_EQ(0, nsfd_id(self->net, NULL, NULL));
	EXPECT_ERRNO(EBADF, nsfd_id(-1, &dev, &ino));
	EXPECT_ERRNO(EBADF, nsfd_id(self->path, &dev, &ino));
	EXPECT_ERRNO(EINVAL, nsfd_id(self->pipe, &dev, &ino));

	fd = open_ns(0, "net");
	EXPECT_EQ(1, nsfd_equal(self->own, fd));
	EXPECT_EQ(1, nsfd_equal(self->own, self->own));
	EXPECT_EQ(0, nsfd_equal(self->own, self->net));
	EXPECT_EQ(0, nsfd_equal(self->own, self->uts));
	EXPECT_ERRNO(EBADF, nsfd_equal(self->own, -1));
	EXPECT_ERRNO(EBADF, nsfd_equal(-1, self->own));
	EXPECT_ERRNO(EINVAL, nsfd_equal(self->own, self->pipe));
	EXPECT_ERRNO(EINVAL, nsfd_equal(self->pipe, self->own));
}

TEST_F(lib, enter)
{
	ino_t other = fd_ino(self->net);
	struct ns_child child;

	EXPECT_ERRNO(EBADF, nsfd_enter(-1, 0));
	EXPECT_ERRNO(EINVAL, nsfd_enter(self->net, CLONE_NEWUTS));
	EXPECT_ERRNO(EINVAL, nsfd_enter(self->pipe, 0));
	EXPECT_ERRNO(EBADF, nsfd_enter_2010(0, -1));
	EXPECT_ERRNO(EINVAL, nsfd_enter_2010(CLONE_NEWUTS, self->net));

	ASSERT_EQ(0, nsfd_enter(self->net, CLONE_NEWNET));
	EXPECT_EQ(other, ns_ino(0, "net"));
	if (real_root) {
		ASSERT_EQ(0, nsfd_enter_2010(CLONE_NEWNET, self->own));
		EXPECT_EQ(fd_ino(self->own), ns_ino(0, "net"));
	} else {
		EXPECT_ERRNO(EPERM, nsfd_enter_2010(CLONE_NEWNET, self->own));
	}
	ASSERT_EQ(0, nsfd_enter_2010(0, self->net));
	EXPECT_EQ(other, ns_ino(0, "net"));
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET | CLONE_NEWUTS));
	ASSERT_EQ(0, nsfd_enter(child.pidfd, CLONE_NEWNET | CLONE_NEWUTS));
	EXPECT_EQ(ns_ino(child.pid, "net"), ns_ino(0, "net"));
	EXPECT_EQ(ns_ino(child.pid, "uts"), ns_ino(0, "uts"));
	ASSERT_EQ(0, become_worker());
	EXPECT_ERRNO(EPERM, nsfd_enter(self->net, CLONE_NEWNET));
	EXPECT_ERRNO(EPERM, nsfd_enter_2010(CLONE_NEWNET, self->net));
}

TEST_F(lib, pin)
{
	char dir[] = "/tmp/nsfd.XXXXXX", there[64], link[64], path[64];
	int fds, fd, mnt;

	ASSERT_EQ(0, private_mounts());
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("tmpfs", dir, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "%s/blue", dir);
	snprintf(there, sizeof(there), "%s/there", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	fds = count_fds();

	/* pin must create the file and pin the namespace; unpin must undo both */
	ASSERT_EQ(0, nsfd_pin(self->net, path));
	fd = nsfd_open(path);
	EXPECT_EQ(1, nsfd_equal(self->net, fd));
	close(fd);
	EXPECT_ERRNO(EBUSY, nsfd_pin(self->own, path));
	EXPECT_ERRNO(ELOOP, nsfd_pin(self->own, "/proc/thread-self/ns/net"));
	ASSERT_EQ(0, symlink(path, link));
	EXPECT_ERRNO(EINVAL, nsfd_unpin(link));
	ASSERT_EQ(0, unlink(link));
	fd = nsfd_open(path);
	EXPECT_LE(0, fd);
	/* an open file must not pin the mount */
	EXPECT_EQ(0, nsfd_unpin(path));
	close(fd);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_ERRNO(ENOENT, nsfd_unpin(path));

	/* on an existing file */
	close(open(there, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	EXPECT_ERRNO(EINVAL, nsfd_unpin(there));
	EXPECT_EQ(0, access(there, F_OK));
	ASSERT_EQ(0, nsfd_pin(self->uts, there));
	fd = nsfd_open(there);
	EXPECT_EQ(CLONE_NEWUTS, nsfd_type(fd));
	close(fd);
	EXPECT_EQ(0, nsfd_unpin(there));

	/* failures must leave no file behind and existing files unchanged */
	EXPECT_ERRNO(EBADF, nsfd_pin(-1, path));
	EXPECT_ERRNO(EBADF, nsfd_pin(self->path, path));
	EXPECT_ERRNO(EINVAL, nsfd_pin(self->pipe, path));
	EXPECT_ERRNO(ENOTDIR, nsfd_pin(self->net, dir));
	ASSERT_EQ(0, symlink("nosuch", link));
	EXPECT_ERRNO(ELOOP, nsfd_pin(self->net, link));
	EXPECT_ERRNO(ENOENT, nsfd_pin(self->net, ""));
	EXPECT_ERRNO(ENOTDIR, nsfd_pin(self->net, "."));
	EXPECT_ERRNO(ENOTDIR, nsfd_pin(self->net, "/tmp/"));
	EXPECT_ERRNO(ENOTDIR, nsfd_pin(self->net, "/dev/null/x"));
	EXPECT_ERRNO(ENOENT, nsfd_pin(self->net, "/tmp/nosuch.nsfd/x"));
	/* two mount namespaces must not pin each other */
	mnt = open_ns(0, "mnt");
	EXPECT_ERRNO(EINVAL, nsfd_pin(mnt, path));
	EXPECT_EQ(-1, access(path, F_OK));
	close(open(there, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	EXPECT_ERRNO(EINVAL, nsfd_pin(mnt, there));
	EXPECT_EQ(0, access(there, F_OK));
	close(mnt);
	EXPECT_ERRNO(EINVAL, nsfd_unpin("/proc/thread-self/ns/net"));
	EXPECT_ERRNO(EINVAL, nsfd_unpin(dir));
	EXPECT_EQ(fds, count_fds());

	ASSERT_EQ(0, nsfd_pin(self->net, there));
	ASSERT_EQ(0, chmod(dir, 0777));
	snprintf(link, sizeof(link), "%s/mine", dir);
	ASSERT_EQ(0, mkdir(link, 0555));
	ASSERT_EQ(0, become_worker());
	EXPECT_ERRNO(EPERM, nsfd_pin(self->net, path));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_ERRNO(EPERM, nsfd_unpin(there));
	EXPECT_EQ(0, access(there, F_OK));
	snprintf(path, sizeof(path), "%s/mine/blue", dir);
	EXPECT_ERRNO(EACCES, nsfd_pin(self->net, path));
}

/* Only a file that nsfd_unpin() may remove can be mounted on, and only once. */
TEST_F(lib, pin_keeps_files)
{
	char dir[] = "/tmp/nsfd.XXXXXX", file[64], link[64], path[64];
	struct stat st;
	int fd;

	ASSERT_EQ(0, private_mounts());
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("tmpfs", dir, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "%s/blue", dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(link, sizeof(link), "%s/link", dir);

	/* A file with content must be rejected, and so must other objects. */
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ASSERT_EQ(1, write(fd, "x", 1));
	close(fd);
	EXPECT_ERRNO(EEXIST, nsfd_pin(self->net, file));
	EXPECT_ERRNO(EEXIST, nsfd_pin(self->net, "/dev/null"));
	ASSERT_EQ(0, mkfifo(path, 0600));
	EXPECT_ERRNO(EEXIST, nsfd_pin(self->net, path));
	ASSERT_EQ(0, unlink(path));

	/*
	 * A symbolic link as the last component must not be followed, dangling or
	 * not.
	 */
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ASSERT_EQ(0, symlink(path, link));
	EXPECT_ERRNO(ELOOP, nsfd_pin(self->net, link));
	EXPECT_ERRNO(EINVAL, nsfd_unpin(path));
	ASSERT_EQ(0, unlink(path));
	EXPECT_ERRNO(ELOOP, nsfd_pin(self->net, link));
	EXPECT_EQ(-1, access(path, F_OK));

	/* Another caller is between the check of the file and its mount. */
	fd = open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_ERRNO(EBUSY, nsfd_pin(self->net, path));
	EXPECT_EQ(0, access(path, F_OK));
	close(fd);

	/* A file with content under the mount of another program must stay. */
	fd = open(file, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, mount("/proc/self/ns/uts", file, NULL, MS_BIND, NULL));
	EXPECT_EQ(0, nsfd_unpin(file));
	ASSERT_EQ(0, stat(file, &st));
	EXPECT_EQ(1, st.st_size);
	close(fd);

	/* If the file cannot be removed, the mount must stay. */
	ASSERT_EQ(0, nsfd_pin(self->net, path));
	ASSERT_EQ(0, mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL));
	EXPECT_ERRNO(EROFS, nsfd_unpin(path));
	fd = nsfd_open(path);
	EXPECT_EQ(1, nsfd_equal(self->net, fd));
	close(fd);
	ASSERT_EQ(0, mount(NULL, dir, NULL, MS_REMOUNT, NULL));

	/* In a less privileged mount namespace, a copied mount is locked. */
	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNS));
	EXPECT_ERRNO(EBUSY, nsfd_unpin(path));
}

TEST_F(lib, way)
{
	int fds = count_fds();

	errno = ERANGE;
	EXPECT_EQ(self->way, nsfd_have_socketat());
	EXPECT_EQ(ERANGE, errno);
	EXPECT_EQ(fds, count_fds());
	EXPECT_STREQ("none", nsfd_way_name(NSFD_WAY_NONE));
	EXPECT_STREQ("syscall", nsfd_way_name(NSFD_WAY_SYSCALL));
	EXPECT_STREQ("module", nsfd_way_name(NSFD_WAY_MODULE));
	EXPECT_STREQ("thread", nsfd_way_name(NSFD_WAY_THREAD));
	EXPECT_EQ(NULL, nsfd_way_name(4));
	TH_LOG("the way is %s", nsfd_way_name(self->way));

	/* no method: neither the system call nor setns() */
	ASSERT_EQ(0, deny_syscall(__NR_socketat, 0, ENOSYS));
	/* With a filter, the module accepts only delegated file descriptors. */
	EXPECT_EQ(NSFD_WAY_THREAD, nsfd_have_socketat());
	ASSERT_EQ(0, deny_syscall(__NR_setns, 0, ENOSYS));
	EXPECT_EQ(NSFD_WAY_NONE, nsfd_have_socketat());
	EXPECT_EQ(ENOSYS, try_at(self->net));
	EXPECT_EQ(0, try_at(self->own));
}

/*
 * Without the system call, a filter of socket() must apply to every socket: the
 * module, whose requests it cannot check, must not bypass it.
 */
TEST_F(lib, filter_of_socket)
{
	ASSERT_EQ(0, deny_syscall(__NR_socketat, 0, ENOSYS));
	ASSERT_EQ(0, try_at(self->own));
	ASSERT_EQ(0, try_at(self->net));
	ASSERT_EQ(0, deny_syscall(__NR_socket, 0, EAFNOSUPPORT));
#ifdef __NR_socketcall
	/* The C library calls this. */
	ASSERT_EQ(0, deny_syscall(__NR_socketcall, 0, EAFNOSUPPORT));
#endif
	EXPECT_EQ(EAFNOSUPPORT, try_at(self->own));
	EXPECT_EQ(EAFNOSUPPORT, try_at(self->net));
}

/* A filter that kills the process for unknown calls. */
TEST_F(lib, no_syscall)
{
	const unsigned int all = NSFD_NO_SYSCALL | NSFD_NO_MODULE | NSFD_NO_THREAD;
	uint64_t cookie = cookie_at(self->net);
	int status, sk;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (deny_syscall(__NR_socketat, 0, KILL))
			_exit(1);
		sk = nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, NSFD_NO_SYSCALL);
		if (sk < 0 || !cookie || netns_cookie(sk) != cookie)
			_exit(2);
		if (nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, all) >= 0 ||
		    errno != ENOSYS)
			_exit(3);
		try_at(self->net);
		_exit(4);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status)) TH_LOG("status %#x", status);
	EXPECT_EQ(SIGSYS, WTERMSIG(status));
}

/* After a revocation, the namespace can still be the caller's own. */
TEST_F(lib, revoked_but_own)
{
	int granted = nsfd_delegate(self->net);

	if (granted < 0 && errno == ENOSYS)
		SKIP(return, "no delegation");
	ASSERT_LE(0, granted);
	ASSERT_EQ(0, nsfd_revoke(granted));
	ASSERT_EQ(0, nsfd_enter(self->net, 0));
	EXPECT_EQ(0, try_at(granted));
}

/*
 * socketat() by each method that is available: the best one of the kernel and, if a
 * filter denies the call, the helper thread.
 */
FIXTURE(socketat) {
	int own;
	int net;
	int uts;
	int path;
	uint64_t cookie;
	enum nsfd_way way;
};

FIXTURE_VARIANT(socketat) {
	int filter;
};

FIXTURE_VARIANT_ADD(socketat, plain) {};
FIXTURE_VARIANT_ADD(socketat, filter_enosys) { .filter = ENOSYS };
FIXTURE_VARIANT_ADD(socketat, filter_eperm) { .filter = EPERM };

FIXTURE_SETUP(socketat)
{
	char path[32];

	ASSERT_EQ(0, become_privileged());
	if (variant->filter)
		ASSERT_EQ(0, deny_syscall(__NR_socketat, 0, variant->filter));
	self->own = open_ns(0, "net");
	ASSERT_LE(0, self->own);
	self->net = new_netns();
	ASSERT_LE(0, self->net);
	self->uts = open_ns(0, "uts");
	ASSERT_LE(0, self->uts);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->net);
	self->path = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, self->path);
	self->way = nsfd_have_socketat();
	ASSERT_NE(NSFD_WAY_NONE, self->way);
	self->cookie = cookie_at(self->net);
	ASSERT_NE(0, self->cookie);
	ASSERT_NE(self->cookie, cookie_at(self->own));
}

FIXTURE_TEARDOWN(socketat)
{
}

struct reference {
	int nsfd, family, type, protocol, fd, error;
};

/* The expected result of socketat(), by setns() and socket(). */
static void *setns_and_socket(void *arg)
{
	struct reference *ref = arg;

	ref->fd = -1;
	if (!setns(ref->nsfd, CLONE_NEWNET))
		ref->fd = socket(ref->family, ref->type, ref->protocol);
	ref->error = ref->fd < 0 ? errno : 0;
	return NULL;
}

static int socket_int(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &len);
	return value;
}

TEST_F(socketat, same_as_setns_socket)
{
	static const int families[] = {
		AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET,
		AF_CAN, AF_ALG, AF_VSOCK, 200, -1,
	};
	static const int types[] = {
		SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET,
		SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | SOCK_NONBLOCK,
		SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, 13, SOCK_STREAM | 0x100000, -1,
	};
	static const int protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, 255, -1 };
	struct reference ref;
	pthread_t thread;
	int i, fd, error, made = 0, fds = count_fds();

	for (i = 0; i < (int)(ARRAY_SIZE(families) * ARRAY_SIZE(types) *
			ARRAY_SIZE(protocols)); i++) {
		ref.nsfd = self->net;
		ref.family = families[i % ARRAY_SIZE(families)];
		ref.type = types[i / ARRAY_SIZE(families) % ARRAY_SIZE(types)];
		ref.protocol = protocols[i / ARRAY_SIZE(families) / ARRAY_SIZE(types)];
		ASSERT_EQ(0, pthread_create(&thread, NULL, setns_and_socket, &ref));
		ASSERT_EQ(0, pthread_join(thread, NULL));

		fd = socketat(self->net, ref.family, ref.type, ref.protocol);
		error = fd < 0 ? errno : 0;
		ASSERT_EQ(ref.error, error)
			TH_LOG("socketat(%d, %#x, %d)", ref.family, ref.type, ref.protocol);
		if (fd < 0)
			continue;
		made++;
		EXPECT_EQ(netns_cookie(ref.fd), netns_cookie(fd));
		EXPECT_EQ(socket_int(ref.fd, SO_DOMAIN), socket_int(fd, SO_DOMAIN));
		EXPECT_EQ(socket_int(ref.fd, SO_TYPE), socket_int(fd, SO_TYPE));
		EXPECT_EQ(socket_int(ref.fd, SO_PROTOCOL), socket_int(fd, SO_PROTOCOL));
		EXPECT_EQ(fcntl(ref.fd, F_GETFD), fcntl(fd, F_GETFD));
		EXPECT_EQ(fcntl(ref.fd, F_GETFL), fcntl(fd, F_GETFL));
		close(ref.fd);
		close(fd);
	}
	EXPECT_LE(20, made);
	EXPECT_EQ(fds, count_fds());
}

TEST_F(socketat, errors_in_the_order_of_the_call)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds = count_fds();

	EXPECT_ERRNO(EBADF, socketat(-1, -1, -1, -1));
	EXPECT_ERRNO(EBADF, socketat(self->path, -1, -1, -1));
	EXPECT_ERRNO(EINVAL, socketat(self->uts, 200, SOCK_STREAM, 0));
	EXPECT_ERRNO(EINVAL, socketat(null, 200, SOCK_STREAM, 0));
	EXPECT_ERRNO(EINVAL, socketat(self->net, 200, SOCK_STREAM | 0x100000, 0));
	EXPECT_ERRNO(EAFNOSUPPORT, socketat(self->net, 200, SOCK_STREAM, 0));
	EXPECT_ERRNO(EPROTONOSUPPORT, socketat(self->net, AF_INET, SOCK_STREAM,
					       IPPROTO_UDP));
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socketat(self->net, AF_INET, SOCK_RDM, 0));
	/* a family of the initial namespace, or an unsupported one */
	EXPECT_ERRNO(EAFNOSUPPORT, socketat(self->net, AF_X25, SOCK_SEQPACKET, 0));
	EXPECT_EQ(fds, count_fds());
}

TEST_F(socketat, flags)
{
	unsigned int ways[] = { NSFD_NO_THREAD, NSFD_NO_THREAD | NSFD_NO_MODULE,
				NSFD_NO_MODULE }, i;
	bool device = real_way() == NSFD_WAY_MODULE;
	int sk, error;

	EXPECT_ERRNO(EINVAL, nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, 8));
	EXPECT_ERRNO(EINVAL, nsfd_socket(-1, AF_INET, SOCK_STREAM, 0, -1));
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (self->way == NSFD_WAY_SYSCALL || !(ways[i] & NSFD_NO_THREAD) ||
		    (self->way == NSFD_WAY_MODULE && !(ways[i] & NSFD_NO_MODULE))) {
			sk = nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, ways[i]);
			ASSERT_LE(0, sk);
			EXPECT_EQ(self->cookie, netns_cookie(sk));
			close(sk);
			EXPECT_ERRNO(EBADF, nsfd_socket(-1, 0, 0, 0, ways[i]));
			continue;
		}
		/*
		 * Also for the caller's own namespace, and for a probe unless the
		 * device denies it.
		 */
		EXPECT_ERRNO(ENOSYS, nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, ways[i]));
		EXPECT_ERRNO(ENOSYS, nsfd_socket(self->own, AF_INET, SOCK_STREAM, 0, ways[i]));
		error = device && !(ways[i] & NSFD_NO_MODULE) ? EBADF : ENOSYS;
		EXPECT_ERRNO(error, nsfd_socket(-1, 0, 0, 0, ways[i]));
	}
}

TEST_F(socketat, privilege)
{
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(self->net));
	EXPECT_ERRNO(EPERM, socketat(self->net, 200, -1, 0));
	EXPECT_EQ(0, try_at(self->own));
	EXPECT_ERRNO(EPERM, socketat(self->own, AF_PACKET, SOCK_RAW, 0));
	EXPECT_EQ(EBADF, try_at(-1));
	EXPECT_EQ(EINVAL, try_at(self->uts));
}

/*
 * A caller that is privileged over the target but not over its own user namespace:
 * a helper thread would have to enter the target, so it fails, unlike the other
 * methods.
 */
TEST_F(socketat, owner_from_outside)
{
	int pair[2], nsfd;
	pid_t pid;

	SKIP_IF_SANITIZED();
	ASSERT_EQ(0, become_worker());
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNET));
		nsfd = nsfd_open_pid(0, CLONE_NEWNET);
		ASSERT_EQ(0, nsfd_send(pair[1], nsfd));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	nsfd = nsfd_recv(pair[0]);
	ASSERT_LE(0, nsfd);
	EXPECT_EQ(self->way == NSFD_WAY_THREAD ? EPERM : 0, try_at(nsfd));
}

TEST_F(socketat, without_proc)
{
	/* own cannot be identified, so it is entered like any other */
	ASSERT_EQ(0, private_mounts());
	ASSERT_EQ(0, mount("tmpfs", "/proc", "tmpfs", 0, NULL));
	EXPECT_EQ(self->cookie, cookie_at(self->net));
	EXPECT_EQ(self->way != NSFD_WAY_SYSCALL && !real_root ? EPERM : 0,
		  try_at(self->own));
	EXPECT_NE(self->cookie, cookie_at(self->own));
}

struct watch {
	char path[64];
	ino_t own;
	int done;
	int seen;
	int wrong;
};

static void *watch_namespace(void *arg)
{
	struct watch *watch = arg;
	struct stat st;

	while (!__atomic_load_n(&watch->done, __ATOMIC_ACQUIRE)) {
		if (stat(watch->path, &st))
			continue;
		watch->seen++;
		if (st.st_ino != watch->own)
			watch->wrong++;
	}
	return NULL;
}

/* Another thread observes the namespaces of all threads except the helper. */
TEST_F(socketat, no_thread_moves)
{
	struct watch watch = { .own = ns_ino(0, "net") };
	pthread_t thread;
	int i;

	snprintf(watch.path, sizeof(watch.path), "/proc/self/task/%d/ns/net", gettid());
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch_namespace, &watch));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(self->cookie, cookie_at(self->net));
		ASSERT_EQ(watch.own, ns_ino(0, "net"));
		sched_yield();
	}
	__atomic_store_n(&watch.done, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(0, watch.seen);
	EXPECT_EQ(0, watch.wrong);
	EXPECT_EQ(watch.own, ns_ino(0, "net"));
	EXPECT_EQ(watch.own, ns_ino(getpid(), "net"));
}

static pid_t handler_thread;
static volatile sig_atomic_t handled, handled_elsewhere;

static void count_signal(int sig)
{
	handled++;
	if (gettid() != handler_thread)
		handled_elsewhere++;
}

/* Signals during the calls must neither be lost nor handled by a helper. */
TEST_F(socketat, signals)
{
	struct sigaction action = { .sa_handler = count_signal };
	sigset_t before, after, pending;
	int i, ready[2];
	char byte;
	pid_t pid;

	handler_thread = gettid();
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, &before, NULL));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			kill(getppid(), SIGUSR1);
			kill(getppid(), SIGUSR2);
			if (write(ready[1], "", 1) != 1)
				_exit(1);
			sched_yield();
		}
	}
	/* more than the pipe can hold, so that it continues throughout */
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(self->cookie, cookie_at(self->net));
		while (read(ready[0], &byte, 1) < 0)
			ASSERT_EQ(EINTR, errno);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0)
		ASSERT_EQ(EINTR, errno);
	EXPECT_LT(0, handled);
	EXPECT_EQ(0, handled_elsewhere);
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, NULL, &after));
	EXPECT_EQ(1, sigismember(&after, SIGUSR2));
	EXPECT_EQ(0, sigismember(&after, SIGUSR1));
	EXPECT_EQ(0, sigismember(&after, SIGALRM));
	ASSERT_EQ(0, sigpending(&pending));
	EXPECT_EQ(1, sigismember(&pending, SIGUSR2));
}

static void *make_one_cancelled(void *arg)
{
	int *fd = arg;

	/* Pending: any cancellation point in the call would terminate the thread. */
	pthread_cancel(pthread_self());
	*fd = socketat(*fd, AF_INET, SOCK_STREAM, 0);
	pthread_testcancel();
	return NULL;
}

TEST_F(socketat, is_no_cancellation_point)
{
	int fd = self->net, fds = count_fds();
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, make_one_cancelled, &fd));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(self->cookie, netns_cookie(fd));
	close(fd);
	EXPECT_EQ(fds, count_fds());
}

struct worker {
	int nsfd;
	uint64_t cookie;
	int rounds;
	int wrong;
	int *done;
};

static void *make_many(void *arg)
{
	struct worker *worker = arg;
	ino_t own = ns_ino(0, "net");
	int i;

	for (i = 0; i < worker->rounds; i++) {
		if (worker->done && __atomic_load_n(worker->done, __ATOMIC_ACQUIRE))
			break;
		if (cookie_at(worker->nsfd) != worker->cookie)
			worker->wrong++;
	}
	if (ns_ino(0, "net") != own)
		worker->wrong++;
	return NULL;
}

TEST_F(socketat, many_threads)
{
	int nsfds[4] = { self->own, self->net, new_netns(), new_netns() };
	struct worker workers[16];
	pthread_t threads[16];
	int i, fds = count_fds();

	for (i = 0; i < 16; i++) {
		ASSERT_LE(0, nsfds[i % 4]);
		workers[i] = (struct worker){ .nsfd = nsfds[i % 4], .rounds = 50 };
		workers[i].cookie = cookie_at(workers[i].nsfd);
		ASSERT_NE(0, workers[i].cookie);
	}
	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_many, &workers[i]));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_EQ(0, workers[i].wrong);
	}
	EXPECT_EQ(fds, count_fds());
}

TEST_F(socketat, fork_in_between)
{
	int i, done = 0;
	struct worker worker = {
		.nsfd = self->net, .cookie = self->cookie,
		.rounds = 1 << 20, .done = &done,
	};
	pthread_t thread;
	pid_t pid;

	SKIP_IF_SANITIZED();
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_many, &worker));
	for (i = 0; i < 30; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			ASSERT_EQ(self->cookie, cookie_at(self->net));
			ASSERT_EQ(fd_ino(self->own), ns_ino(0, "net"));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
	}
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, worker.wrong);
}

TEST_F(socketat, no_descriptors_left)
{
	struct rlimit limit;
	bool device = real_way() == NSFD_WAY_MODULE;
	int fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 64;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	while (dup(fd) >= 0)
		;
	EXPECT_EQ(EMFILE, try_at(self->net));
	EXPECT_EQ(EMFILE, try_at(self->own));
	/* EBADF comes first, unless the method itself requires a file descriptor */
	EXPECT_EQ(device ? EMFILE : EBADF, try_at(-1));
	ASSERT_EQ(0, close(63));
	if (self->way != NSFD_WAY_MODULE)
		EXPECT_EQ(63, socketat(self->net, AF_INET, SOCK_STREAM, 0));
}

/*
 * Without memory for a helper thread, the call must fail without side effects. This
 * process must not have had a thread, whose stack could be reused.
 */
TEST(no_memory_for_a_thread)
{
	struct rlimit old, none;
	sigset_t mask;
	int net, error;

	SKIP_IF_SANITIZED();
	ASSERT_EQ(0, become_privileged());
	net = new_netns();
	ASSERT_LE(0, net);
	ASSERT_EQ(0, deny_syscall(__NR_socketat, 0, ENOSYS));
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &old));
	none = old;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &none));
	error = try_at(net);
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &old));
	EXPECT_EQ(nsfd_have_socketat() == NSFD_WAY_THREAD ? EAGAIN : 0, error);
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, NULL, &mask));
	EXPECT_EQ(0, sigismember(&mask, SIGUSR1));
	EXPECT_NE(0, cookie_at(net));
}

FIXTURE(delegate) {
	int net;
	int uts;
	int granted;
	bool can;
	uint64_t cookie;
};

FIXTURE_SETUP(delegate)
{
	ASSERT_EQ(0, become_privileged());
	self->net = new_netns();
	ASSERT_LE(0, self->net);
	self->uts = open_ns(0, "uts");
	ASSERT_LE(0, self->uts);
	self->cookie = cookie_at(self->net);
	ASSERT_NE(0, self->cookie);
	/* the kernel may support the system call but not the request */
	self->granted = nsfd_delegate(self->net);
	self->can = self->granted >= 0;
	if (!self->can) {
		ASSERT_EQ(ENOSYS, errno);
		ASSERT_NE(0, access("/dev/nsfd", F_OK));
		ASSERT_EQ(-1, ioctl(self->net, _IO(NSIO, 0x20), 0));
		ASSERT_EQ(ENOTTY, errno);
	}
}

FIXTURE_TEARDOWN(delegate)
{
}

TEST_F(delegate, worker_needs_no_privilege)
{
	pid_t pid;
	int sk;

	if (!self->can)
		SKIP(return, "neither kernel nor module delegates");
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->granted, F_GETFD));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, become_worker());
		EXPECT_EQ(EPERM, try_at(self->net));
		EXPECT_EQ(self->cookie, cookie_at(self->granted));
		sk = nsfd_socket(self->granted, AF_INET, SOCK_STREAM, 0, NSFD_NO_THREAD);
		ASSERT_LE(0, sk);
		EXPECT_EQ(self->cookie, netns_cookie(sk));
		EXPECT_ERRNO(EPERM, socketat(self->granted, AF_PACKET, SOCK_RAW, 0));
		EXPECT_ERRNO(EPERM, nsfd_delegate(self->net));
		EXPECT_ERRNO(EPERM, nsfd_delegate(self->granted));
		EXPECT_ERRNO(EPERM, nsfd_revoke(self->granted));
		EXPECT_EQ(1, nsfd_is_delegated(self->granted));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	EXPECT_EQ(0, nsfd_revoke(self->granted));
	EXPECT_EQ(0, nsfd_is_delegated(self->granted));
	EXPECT_ERRNO(EINVAL, nsfd_revoke(self->granted));
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(self->granted));
}

TEST_F(delegate, is_a_namespace)
{
	int pair[2], fd;

	if (!self->can)
		SKIP(return, "neither kernel nor module delegates");
	EXPECT_EQ(CLONE_NEWNET, nsfd_type(self->granted));
	EXPECT_EQ(1, nsfd_equal(self->net, self->granted));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, nsfd_send(pair[0], self->granted));
	fd = nsfd_recv(pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, nsfd_is_delegated(fd));
	EXPECT_EQ(self->cookie, cookie_at(fd));
}

TEST_F(delegate, errors)
{
	int fds = count_fds(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit;

	EXPECT_ERRNO(EBADF, nsfd_delegate(-1));
	EXPECT_ERRNO(EINVAL, nsfd_delegate(self->uts));
	EXPECT_ERRNO(EINVAL, nsfd_delegate(null));
	EXPECT_ERRNO(EBADF, nsfd_revoke(-1));
	EXPECT_ERRNO(EINVAL, nsfd_revoke(self->uts));
	EXPECT_ERRNO(EINVAL, nsfd_revoke(null));
	EXPECT_ERRNO(EINVAL, nsfd_revoke(self->net));
	EXPECT_ERRNO(EBADF, nsfd_is_delegated(-1));
	EXPECT_ERRNO(EINVAL, nsfd_is_delegated(null));
	EXPECT_EQ(0, nsfd_is_delegated(self->net));
	EXPECT_EQ(0, nsfd_is_delegated(self->uts));
	close(null);
	EXPECT_EQ(fds, count_fds());
	if (self->can) {
		ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
		limit.rlim_cur = 64;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		while (dup(self->uts) >= 0)
			;
		EXPECT_ERRNO(EMFILE, nsfd_delegate(self->net));
		EXPECT_ERRNO(EMFILE, nsfd_is_delegated(self->net));
		close(63);
	}
	ASSERT_EQ(0, private_mounts());
	ASSERT_EQ(0, mount("tmpfs", "/proc", "tmpfs", 0, NULL));
	EXPECT_ERRNO(ENOENT, nsfd_is_delegated(self->net));
}

FIXTURE(scm) {
	int net;
	int pair[2];
	int fds;
};

FIXTURE_VARIANT(scm) {
	int type;
};

FIXTURE_VARIANT_ADD(scm, stream) { .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(scm, dgram) { .type = SOCK_DGRAM };
FIXTURE_VARIANT_ADD(scm, seqpacket) { .type = SOCK_SEQPACKET };

FIXTURE_SETUP(scm)
{
	ASSERT_EQ(0, become_privileged());
	self->net = new_netns();
	ASSERT_LE(0, self->net);
	ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0, self->pair));
	self->fds = count_fds();
}

FIXTURE_TEARDOWN(scm)
{
	EXPECT_EQ(self->fds, count_fds());
}

/* Send any message, not only those of nsfd_send(). */
static int send_message(int sock, size_t bytes, const int *fds, int n)
{
	union {
		char buf[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	char data[4] = "";
	struct iovec iov = { data, bytes };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	}
	return sendmsg(sock, &msg, 0) == (ssize_t)bytes ? 0 : -1;
}

TEST_F(scm, send_and_receive)
{
	int fd, i, on = 1;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, nsfd_send(self->pair[0], self->net));
	for (i = 0; i < 3; i++) {
		/* other control messages must not interfere */
		setsockopt(self->pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
		if (i == 2)
			setsockopt(self->pair[1], SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on));
		fd = nsfd_recv(self->pair[1]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(1, nsfd_equal(self->net, fd));
		close(fd);
	}
	ASSERT_EQ(0, fcntl(self->pair[1], F_SETFL, O_NONBLOCK));
	EXPECT_ERRNO(EAGAIN, nsfd_recv(self->pair[1]));
}

TEST_F(scm, wrong_messages)
{
	int fds[16], i, uts = open_ns(0, "uts");

	for (i = 0; i < 16; i++)
		fds[i] = i % 2 ? uts : self->net;
	ASSERT_EQ(0, send_message(self->pair[0], 1, NULL, 0));
	EXPECT_ERRNO(EBADMSG, nsfd_recv(self->pair[1]));
	ASSERT_EQ(0, send_message(self->pair[0], 1, fds, 2));
	EXPECT_ERRNO(EBADMSG, nsfd_recv(self->pair[1]));
	ASSERT_EQ(0, send_message(self->pair[0], 1, fds, 16));
	EXPECT_ERRNO(EBADMSG, nsfd_recv(self->pair[1]));
	ASSERT_EQ(0, send_message(self->pair[0], 1, &self->pair[0], 1));
	EXPECT_ERRNO(EINVAL, nsfd_recv(self->pair[1]));
	if (variant->type != SOCK_STREAM) {
		ASSERT_EQ(0, send_message(self->pair[0], 2, fds, 1));
		EXPECT_ERRNO(EBADMSG, nsfd_recv(self->pair[1]));
		ASSERT_EQ(0, send_message(self->pair[0], 0, fds, 1));
		EXPECT_ERRNO(EBADMSG, nsfd_recv(self->pair[1]));
	}
	/* and the next one must be received */
	ASSERT_EQ(0, nsfd_send(self->pair[0], uts));
	close(uts);
	uts = nsfd_recv(self->pair[1]);
	EXPECT_EQ(CLONE_NEWUTS, nsfd_type(uts));
	close(uts);
}

TEST_F(scm, errors)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT_ERRNO(EBADF, nsfd_send(self->pair[0], -1));
	EXPECT_ERRNO(EINVAL, nsfd_send(self->pair[0], null));
	EXPECT_ERRNO(EBADF, nsfd_send(-1, self->net));
	EXPECT_ERRNO(ENOTSOCK, nsfd_send(null, self->net));
	EXPECT_ERRNO(EBADF, nsfd_recv(-1));
	EXPECT_ERRNO(ENOTSOCK, nsfd_recv(null));
	close(null);
	/* SIGPIPE, which would kill the test, must not be raised */
	close(self->pair[1]);
	EXPECT_ERRNO(variant->type == SOCK_DGRAM ? ECONNREFUSED : EPIPE,
		     nsfd_send(self->pair[0], self->net));
	if (variant->type != SOCK_DGRAM)
		EXPECT_ERRNO(ECONNRESET, nsfd_recv(self->pair[0]));
	self->fds--;
}

TEST_F(scm, no_room_for_the_descriptor)
{
	struct rlimit limit, old;
	int fd;

	ASSERT_EQ(0, nsfd_send(self->pair[0], self->net));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = 64;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = dup(self->net)) >= 0)
		;
	EXPECT_ERRNO(EMFILE, nsfd_recv(self->pair[1]));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	self->fds = count_fds();
}

static void ignore_signal(int sig)
{
}

/* A signal must not interrupt the wait. */
TEST_F(scm, goes_on_after_a_signal)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	int fd, i;
	pid_t pid;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (i = 0; i < 10; i++) {
			usleep(2000);
			kill(getppid(), SIGUSR1);
		}
		_exit(nsfd_send(self->pair[0], self->net) ? 1 : 0);
	}
	fd = nsfd_recv(self->pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, nsfd_equal(self->net, fd));
	close(fd);
	WAIT_CHILD(pid);
}

TEST_HARNESS_MAIN
