// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for NS_NET_DELEGATE_SOCKETS, the delegation of socket creation in a
 * network namespace by a file descriptor.
 */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/un.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "common.h"

/* Other architectures have no such numbers. */
#ifndef __X32_SYSCALL_BIT
#define __X32_SYSCALL_BIT 0x40000000
#endif

static int delegate(int nsfd)
{
	return sys_delegate(nsfd, 0);
}

static int revoke_sockets(int nsfd)
{
	return ioctl(nsfd, NS_NET_REVOKE_SOCKETS, 0);
}

static int tcp_at(int nsfd)
{
	return sys_socketat(nsfd, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Return 0 if a socket can be created, or the errno. */
static int try_at(int nsfd)
{
	int sk = tcp_at(nsfd);

	if (sk < 0)
		return errno;
	close(sk);
	return 0;
}

/* Root from the start, and not in a user namespace with a single user. */
static bool real_root;

/* Become what a server is after its start: a process without privileges. */
static int become_worker(void)
{
	if ((real_root && become_nobody()) || caps_drop())
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * A program that is executed with a file descriptor. It has to run before any
 * check that could skip a test.
 */
static void __attribute__((constructor(101))) exec_worker(void)
{
	const char *fd = getenv("NSFD_WORKER");

	if (fd)
		_exit(try_at(atoi(fd)));
}

static int send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(to, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* Check whether fdinfo has a line @name that contains @value. */
static bool fdinfo_has(int fd, const char *name, const char *value)
{
	char path[64], line[128], wanted[128];
	bool found = false;
	FILE *f;

	snprintf(wanted, sizeof(wanted), "%s:\t%s\n", name, value);
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strcmp(line, wanted))
			found = true;
	if (f)
		fclose(f);
	return found;
}

static bool fdinfo_shows_grant(int fd)
{
	return fdinfo_has(fd, "ns-sockets", "delegated");
}

/*
 * A file descriptor of the module has no inode of its own, but reports the
 * namespace.
 */
static bool is_same_namespace(int granted, int nsfd)
{
	char ino[24];

	if (!by_module())
		return fd_ino(granted) == fd_ino(nsfd);
	snprintf(ino, sizeof(ino), "%lu", (unsigned long)fd_ino(nsfd));
	return fdinfo_has(granted, "ns-inode", ino);
}

FIXTURE(delegate) {
	int nsfd;		/* a network namespace without tasks */
	int granted;
	uint64_t cookie;	/* of the namespace */
};

FIXTURE_SETUP(delegate)
{
	struct ns_child child;
	int sk;

	if (sys_socketat(-1, 0, 0, 0) == -1 && errno != EBADF)
		SKIP(return, "ENOSYS");
	real_root = !geteuid();
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	self->nsfd = open_ns(child.pid, "net");
	ASSERT_LE(0, self->nsfd);
	ns_child_stop(&child);
	self->granted = delegate(self->nsfd);
	if (self->granted < 0 && errno == ENOTTY)
		SKIP(return, "ENOTTY");
	ASSERT_LE(0, self->granted);
	sk = tcp_at(self->nsfd);
	ASSERT_LE(0, sk);
	self->cookie = netns_cookie(sk);
	ASSERT_NE(0ULL, self->cookie);
	close(sk);
}

FIXTURE_TEARDOWN(delegate)
{
}

TEST_F(delegate, worker_needs_no_privilege)
{
	int sk;

	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(self->nsfd));
	sk = tcp_at(self->granted);
	ASSERT_LE(0, sk);
	EXPECT_EQ(self->cookie, netns_cookie(sk));
	sk = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, sk);
	EXPECT_NE(self->cookie, netns_cookie(sk));
}

TEST_F(delegate, new_descriptor_of_the_same_namespace)
{
	EXPECT_NE(self->nsfd, self->granted);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->granted, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(self->granted, F_GETFL) & O_ACCMODE);
	EXPECT_TRUE(is_same_namespace(self->granted, self->nsfd));
	EXPECT_EQ(CLONE_NEWNET, ioctl(self->granted, NS_GET_NSTYPE));
}

TEST_F(delegate, fdinfo)
{
	EXPECT_TRUE(fdinfo_shows_grant(self->granted));
	EXPECT_FALSE(fdinfo_shows_grant(self->nsfd));
	ASSERT_EQ(0, revoke_sockets(self->granted));
	EXPECT_FALSE(fdinfo_shows_grant(self->granted));
	EXPECT_TRUE(is_same_namespace(self->granted, self->nsfd));
}

TEST_F(delegate, lasts_through_dup_and_fork)
{
	int copy = dup(self->granted);
	pid_t pid;

	ASSERT_LE(0, copy);
	close(self->granted);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, become_worker());
		EXPECT_EQ(0, try_at(copy));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

TEST_F(delegate, lasts_through_exec)
{
	char fd[16], *argv[] = { "worker", NULL };
	int copy = dup(self->granted), plain = dup(self->nsfd), status;
	pid_t pid;
	int i;

	ASSERT_LE(0, copy);
	ASSERT_LE(0, plain);
	for (i = 0; i < 2; i++) {
		snprintf(fd, sizeof(fd), "%d", i ? plain : copy);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

			if (setenv("NSFD_WORKER", fd, 1) || become_worker())
				_exit(200);
			syscall(__NR_execveat, exe, "", argv, environ,
				AT_EMPTY_PATH);
			_exit(201);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		EXPECT_EQ(i ? EPERM : 0, WEXITSTATUS(status));
	}
}

TEST_F(delegate, lasts_through_scm_rights)
{
	int pair[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->granted);
		close(self->nsfd);
		ASSERT_EQ(0, become_worker());
		fd = receive_fd(pair[1]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, try_at(fd));
		EXIT_CHILD();
	}
	ASSERT_EQ(0, send_fd(pair[0], self->granted));
	WAIT_CHILD(pid);
}

TEST_F(delegate, lasts_through_pidfd_getfd)
{
	struct ns_child child;
	int fd;

	/* the child has the same file descriptor numbers */
	ASSERT_EQ(0, ns_child_start(&child, 0));
	fd = syscall(__NR_pidfd_getfd, child.pidfd, self->granted, 0);
	ASSERT_LE(0, fd);
	ns_child_stop(&child);
	close(self->granted);
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(0, try_at(fd));
}

TEST_F(delegate, lasts_in_another_user_namespace)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_worker());
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	EXPECT_EQ(EPERM, try_at(self->nsfd));
	EXPECT_EQ(0, try_at(self->granted));
}

TEST_F(delegate, reopening_is_plain)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->granted);
	fd = open(path, O_RDONLY);
	if (by_module()) {
		/* It cannot be reopened at all, not even as a plain file. */
		ASSERT_EQ(-1, fd);
		ASSERT_EQ(real_root ? ENXIO : EACCES, errno);
		return;
	}
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, try_at(fd));
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(fd));
	EXPECT_EQ(0, try_at(self->granted));
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(EPERM, try_at(fd));
}

TEST_F(delegate, bind_mount_is_plain)
{
	char from[32], to[] = "/tmp/nsfd.XXXXXX";
	int fd;

	fd = mkstemp(to);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	snprintf(from, sizeof(from), "/proc/self/fd/%d", self->granted);
	if (by_module()) {
		/* It cannot be mounted. */
		EXPECT_EQ(-1, mount(from, to, NULL, MS_BIND, NULL));
		EXPECT_EQ(EINVAL, errno);
		snprintf(from, sizeof(from), "/proc/self/fd/%d", self->nsfd);
	}
	ASSERT_EQ(0, mount(from, to, NULL, MS_BIND, NULL));
	fd = open(to, O_RDONLY);
	EXPECT_LE(0, fd);
	/* delegating through the mount must not pin it */
	close(self->granted);
	self->granted = delegate(fd);
	EXPECT_LE(0, self->granted);
	close(fd);
	fd = open(to, O_RDONLY);
	EXPECT_EQ(0, umount2(to, MNT_DETACH));
	unlink(to);
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(fd));
	EXPECT_EQ(0, try_at(self->granted));
}

TEST_F(delegate, does_not_keep_the_mount)
{
	char from[32], to[] = "/tmp/nsfd.XXXXXX";
	int fd;

	fd = mkstemp(to);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	snprintf(from, sizeof(from), "/proc/self/fd/%d", self->nsfd);
	ASSERT_EQ(0, mount(from, to, NULL, MS_BIND, NULL));
	fd = open(to, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, delegate(fd));
	ASSERT_EQ(-1, umount2(to, 0));
	EXPECT_EQ(EBUSY, errno);
	close(fd);
	EXPECT_EQ(0, umount2(to, 0));
	unlink(to);
}

TEST_F(delegate, keeps_the_namespace)
{
	int sk;

	close(self->nsfd);
	sk = tcp_at(self->granted);
	ASSERT_LE(0, sk);
	EXPECT_EQ(self->cookie, netns_cookie(sk));
}

TEST_F(delegate, errors)
{
	int other = open_ns(0, "mnt"), pipes[2], path, no_grant = EINVAL;
	struct rlimit limit;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, pipe(pipes));

	/* with the module, nsfs may not support the request */
	if (by_module() && ioctl(other, NS_NET_REVOKE_SOCKETS, 0) == -1)
		no_grant = errno;

	EXPECT_EQ(-1, delegate(-1));
	EXPECT_EQ(EBADF, errno);
	path = open("/proc/self/ns/net", O_PATH);
	ASSERT_LE(0, path);
	EXPECT_EQ(-1, delegate(path));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, delegate(other));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, revoke_sockets(other));
	EXPECT_EQ(no_grant, errno);
	EXPECT_EQ(-1, delegate(pipes[0]));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, sys_delegate(self->nsfd, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->granted, NS_NET_REVOKE_SOCKETS, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, revoke_sockets(self->nsfd));
	EXPECT_EQ(no_grant, errno);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = pipes[1] + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while (dup(other) >= 0)
		;
	EXPECT_EQ(-1, delegate(self->nsfd));
	EXPECT_EQ(EMFILE, errno);
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(other, delegate(self->nsfd));
}

TEST_F(delegate, only_the_privileged_delegate)
{
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(-1, delegate(self->nsfd));
	EXPECT_EQ(EPERM, errno);
	/* a delegated file descriptor cannot be delegated further */
	EXPECT_EQ(-1, delegate(self->granted));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, revoke_sockets(self->granted));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, try_at(self->granted));
}

/* As the owner in the parent user namespace, without any other capability. */
TEST(owner_of_the_user_namespace_delegates)
{
	struct ns_child child;
	int nsfd, fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (sys_socketat(-1, 0, 0, 0) == -1 && errno != EBADF)
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWUSER | CLONE_NEWNET));
	nsfd = open_ns(child.pid, "net");
	ASSERT_LE(0, nsfd);
	ns_child_stop(&child);
	fd = delegate(nsfd);
	if (fd < 0 && errno == ENOTTY)
		SKIP(return, "ENOTTY");
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, try_at(fd));
}

TEST_F(delegate, revoke)
{
	int copy = dup(self->granted), pair[2], sk;
	char byte;
	pid_t pid;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pair[0]);
		ASSERT_EQ(0, become_worker());
		EXPECT_EQ(0, try_at(self->granted));
		sk = tcp_at(copy);
		ASSERT_LE(0, sk);
		ASSERT_EQ(1, write(pair[1], "", 1));
		ASSERT_EQ(1, read(pair[1], &byte, 1));
		EXPECT_EQ(EPERM, try_at(self->granted));
		EXPECT_EQ(EPERM, try_at(copy));
		/* existing sockets remain valid */
		EXPECT_EQ(self->cookie, netns_cookie(sk));
		EXPECT_EQ(0, listen(sk, 1));
		EXIT_CHILD();
	}
	close(pair[1]);
	ASSERT_EQ(1, read(pair[0], &byte, 1));
	EXPECT_EQ(0, revoke_sockets(self->granted));
	EXPECT_EQ(-1, revoke_sockets(copy));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(1, write(pair[0], "", 1));
	WAIT_CHILD(pid);
}

TEST_F(delegate, each_grant_is_its_own)
{
	int second = delegate(self->granted);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, revoke_sockets(self->granted));
	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(EPERM, try_at(self->granted));
	EXPECT_EQ(0, try_at(second));
}

TEST_F(delegate, grants_nothing_but_sockets)
{
	struct sockaddr_in low = { .sin_family = AF_INET, .sin_port = htons(80) };
	int sk;

	ASSERT_EQ(0, become_worker());
	EXPECT_EQ(-1, sys_setns(self->granted, CLONE_NEWNET));
	EXPECT_EQ(by_module() ? EINVAL : EPERM, errno);
	EXPECT_EQ(-1, sys_socketat(self->granted, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, sys_socketat(self->granted, AF_PACKET, SOCK_RAW, 0));
	EXPECT_EQ(EPERM, errno);
	sk = tcp_at(self->granted);
	ASSERT_LE(0, sk);
	EXPECT_EQ(-1, bind(sk, (struct sockaddr *)&low, sizeof(low)));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, ioctl(sk, _IO(0x89, 0x4C) /* SIOCGSKNS */));
	EXPECT_EQ(EPERM, errno);
	low.sin_port = htons(8080);
	EXPECT_EQ(0, bind(sk, (struct sockaddr *)&low, sizeof(low)));
}

/* The documentation says that abstract UNIX domain sockets are accessible. */
TEST_F(delegate, reaches_abstract_unix_sockets)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "\0nsfd" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 5;
	int server, sk;

	server = sys_socketat(self->nsfd, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, server);
	ASSERT_EQ(0, bind(server, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, listen(server, 1));
	ASSERT_EQ(0, become_worker());
	sk = sys_socketat(self->granted, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, sk);
	EXPECT_EQ(0, connect(sk, (struct sockaddr *)&addr, len));
	sk = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_LE(0, sk);
	EXPECT_EQ(-1, connect(sk, (struct sockaddr *)&addr, len));
	EXPECT_EQ(ECONNREFUSED, errno);
}

/* The filter of the documentation: TCP over IPv4 and IPv6, and no other socket. */
TEST_F(delegate, seccomp_narrows_to_tcp)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARG(n) offsetof(struct seccomp_data, args[n])
#else
#define ARG(n) (offsetof(struct seccomp_data, args[n]) + 4)
#endif
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, __X32_SYSCALL_BIT, 13, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socketat, 0, 11),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, -1, 9, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(1)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(2)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG(3)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
	};
	struct sock_fprog filter = {
		.len = ARRAY_SIZE(insns),
		.filter = insns,
	};
	static const int others[] = {
		IPPROTO_SCTP, 256 /* SMC */, 262 /* MPTCP */,
	};
	unsigned int i;

	if (by_module())
		SKIP(return, "a filter does not see into the argument");
	ASSERT_EQ(0, become_worker());
	ASSERT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0));
	/* The call that programs use to find out whether socketat() is available. */
	EXPECT_EQ(-1, sys_socketat(-1, 0, 0, 0));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, try_at(self->granted));
	EXPECT_LE(0, sys_socketat(self->granted, AF_INET6, SOCK_STREAM, 0));
	EXPECT_LE(0, sys_socketat(self->granted, AF_INET,
				  SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP));
	EXPECT_EQ(-1, sys_socketat(self->granted, AF_INET, SOCK_DGRAM, 0));
	EXPECT_EQ(EACCES, errno);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(-1, sys_socketat(self->granted, AF_INET, SOCK_STREAM,
					   others[i]));
		EXPECT_EQ(EACCES, errno);
	}
	EXPECT_EQ(-1, sys_socketat(self->granted, AF_UNIX, SOCK_STREAM, 0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, sys_socketat(self->granted, AF_NETLINK, SOCK_RAW, 0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_LE(0, socket(AF_UNIX, SOCK_STREAM, 0));
	/* x32 has its own numbers for the same calls. */
	EXPECT_EQ(-1, syscall(__NR_socketat | __X32_SYSCALL_BIT, self->granted,
			      AF_UNIX, SOCK_STREAM, 0));
	EXPECT_EQ(EACCES, errno);
}

struct race {
	int granted;
	int done;
	int wrong;
};

static void *make_sockets(void *arg)
{
	struct race *race = arg;

	if (caps_drop())
		race->wrong++;
	while (!__atomic_load_n(&race->done, __ATOMIC_ACQUIRE)) {
		int sk = tcp_at(race->granted);

		if (sk >= 0)
			close(sk);
		else if (errno != EPERM && errno != EBADF)
			race->wrong++;
	}
	return NULL;
}

TEST_F(delegate, revoke_races_with_use)
{
	/* a number that the sockets do not get while it is closed */
	struct race race = { .granted = fcntl(self->granted, F_DUPFD, 900) };
	pthread_t thread;
	int i, fd;

	ASSERT_LE(900, race.granted);
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_sockets, &race));
	for (i = 0; i < 2000; i++) {
		fd = delegate(self->nsfd);
		ASSERT_LE(0, fd);
		ASSERT_EQ(race.granted, dup2(fd, race.granted));
		close(fd);
		if (i % 64 == 0)
			sched_yield();
		EXPECT_EQ(0, revoke_sockets(race.granted));
		if (i % 100 == 0)
			close(race.granted);
	}
	__atomic_store_n(&race.done, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, race.wrong);
}

TEST_HARNESS_MAIN
