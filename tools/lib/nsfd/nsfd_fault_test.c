// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for the error paths of libnsfd, and for its use of the module. The linker
 * inserts the functions below between the library and the C library: the system
 * call, delegation by the kernel and the ioctls of a pidfd never exist, and the
 * device only as far as a test requires it.
 */
#include <linux/nsfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>

#include "common.h"
#include "nsfd.h"

#define FAULTS(fault)				\
	fault(fopen, FILE *, fopen_answer(),	\
	      (const char *path, const char *mode), (path, mode))	\
	fault(fstatfs, int, -1, (int fd, struct statfs *fs), (fd, fs))	\
	fault(pthread_attr_init, int, error,	\
	      (pthread_attr_t *attr), (attr))	\
	fault(pthread_create, int, error,	\
	      (pthread_t *thread, const pthread_attr_t *attr,		\
	       void *(*start)(void *), void *arg), (thread, attr, start, arg)) \
	fault(recvmsg, ssize_t, -1,		\
	      (int fd, struct msghdr *msg, int flags), (fd, msg, flags)) \
	fault(sendmsg, ssize_t, -1,		\
	      (int fd, const struct msghdr *msg, int flags), (fd, msg, flags)) \
	fault(setns, int, -1, (int fd, int nstype), (fd, nstype))	\
	fault(socket, int, -1,			\
	      (int family, int type, int protocol), (family, type, protocol))

/* The next @times calls of a function fail with @error. */
struct fault {
	int error;
	int times;
	int calls;
};

/* The content of a file, if fopen() is to fail with 0. */
static const char *contents;

static FILE *fopen_answer(void)
{
	if (errno)
		return NULL;
	return fmemopen((char *)contents, strlen(contents), "r");
}

#define FAULT(name, type, failure, params, args)	\
	static struct fault fail_##name;		\
	type __real_##name params;			\
	type __wrap_##name params;			\
	type __wrap_##name params			\
	{						\
		const int error = fail_##name.error;	\
							\
		fail_##name.calls++;			\
		if (!fail_##name.times)			\
			return __real_##name args;	\
		fail_##name.times--;			\
		errno = error;				\
		return failure;				\
	}

FAULTS(FAULT)

/* What the library calls for 64-bit inode numbers. */
FILE *__wrap_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	return __wrap_fopen(path, mode);
}

int __wrap_fstatfs64(int fd, struct statfs *fs);
int __wrap_fstatfs64(int fd, struct statfs *fs)
{
	return __wrap_fstatfs(fd, fs);
}

/* The device, and a file descriptor that it has delegated. */
static struct {
	int open_error;		/* of opening the device, 0 if it succeeds */
	int opened;		/* how often it was opened */
	int answer;		/* the result of its requests, or -1 ... */
	int error;		/* ... with this errno */
	int granted;		/* the delegated file descriptor, or -1 */
	struct nsfd_socket socket;
	struct nsfd_delegate delegate;
	int asked_on;
	int revoked;
} module;

/* The errno of the system call. */
static int syscall_error = ENOSYS;

/* A process that exits as soon as a file in /proc/<pid>/ns has been opened. */
static struct ns_child *ends_after_open;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	int fd;

	if (strcmp(path, "/dev/nsfd")) {
		fd = __real_open(path, flags, mode);
		if (ends_after_open && strstr(path, "/ns/")) {
			kill(ends_after_open->pid, SIGKILL);
			waitpid(ends_after_open->pid, NULL, 0);
			ends_after_open = NULL;
		}
		return fd;
	}
	if (module.open_error) {
		errno = module.open_error;
		return -1;
	}
	module.opened++;
	return flags & O_CLOEXEC ? __real_open("/dev/null", flags) : -1;
}

int __wrap_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode)
{
	return __wrap_open(path, flags, mode);
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (strcmp(path, "/dev/nsfd"))
		return __real_access(path, mode);
	errno = ENOENT;
	return module.open_error == ENOENT ? -1 : 0;
}

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case NSFD_SOCKET:
		memcpy(&module.socket, arg, sizeof(module.socket));
		break;
	case NSFD_DELEGATE:
		memcpy(&module.delegate, arg, sizeof(module.delegate));
		break;
	case NS_GET_NSTYPE:
		if (fd == module.granted)
			return CLONE_NEWNET;
		return __real_ioctl(fd, request, arg);
	case NS_NET_REVOKE_SOCKETS:
		if (fd != module.granted)
			return __real_ioctl(fd, request, arg);
		module.revoked++;
		return arg ? -1 : 0;
	case _IO(0xff, 4):	/* PIDFD_GET_NET_NAMESPACE */
	case _IO(NSIO, 0x20):	/* NS_NET_DELEGATE_SOCKETS */
		errno = ENOTTY;
		return -1;
	default:
		return __real_ioctl(fd, request, arg);
	}
	module.asked_on = fd;
	errno = module.error;
	return module.answer;
}

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (nr != __NR_socketat)
		return __real_syscall(nr, a, b, c, d, e, f);
	errno = (int)a == -1 && syscall_error != ENOSYS ? EBADF : syscall_error;
	return -1;
}

static int count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

FIXTURE(fault) {
	int own;
	int net;
	int fds;
};

FIXTURE_SETUP(fault)
{
	struct ns_child child = {};

	module.open_error = ENOENT;
	module.granted = -1;
	ASSERT_EQ(0, become_root());
	self->own = open_ns(0, "net");
	ASSERT_LE(0, self->own);
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	self->net = open_ns(child.pid, "net");
	ASSERT_LE(0, self->net);
	ns_child_stop(&child);
	self->fds = count_fds();
}

FIXTURE_TEARDOWN(fault)
{
	sigset_t mask;
	int state;

	EXPECT_EQ(self->fds, count_fds());
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, NULL, &mask));
	EXPECT_EQ(0, sigismember(&mask, SIGUSR1));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	EXPECT_EQ(PTHREAD_CANCEL_ENABLE, state);
}

/* Return 0 or the errno of socketat(). */
static int try_at(int nsfd)
{
	int sk = socketat(nsfd, AF_INET, SOCK_STREAM, 0);

	if (sk < 0)
		return errno;
	close(sk);
	return 0;
}

/* Larger than the stack that the library requests. */
static __thread volatile char thread_local[512 * 1024];

TEST_F(fault, much_thread_local_storage)
{
	thread_local[self->net] = 1;
	EXPECT_EQ(0, try_at(self->net));
#ifndef __SANITIZE_THREAD__	/* which enlarges stacks itself */
	EXPECT_EQ(2, fail_pthread_create.calls);
#endif
}

TEST_F(fault, own_needs_no_thread)
{
	EXPECT_EQ(0, try_at(self->own));
	EXPECT_EQ(0, fail_pthread_create.calls);
	EXPECT_EQ(0, fail_setns.calls);
}

TEST_F(fault, no_thread)
{
	fail_pthread_create = (struct fault){ .error = EAGAIN, .times = 1 };
	EXPECT_EQ(EAGAIN, try_at(self->net));
	EXPECT_EQ(1, fail_pthread_create.calls);
	EXPECT_EQ(0, try_at(self->net));
	fail_pthread_create = (struct fault){ .error = EINVAL, .times = 2 };
	EXPECT_EQ(EINVAL, try_at(self->net));
	EXPECT_EQ(0, try_at(self->net));
	fail_pthread_attr_init = (struct fault){ .error = ENOMEM, .times = 1 };
	EXPECT_EQ(0, try_at(self->net));
}

TEST_F(fault, in_the_thread)
{
	static const int errors[] = { EPERM, ENOMEM, ENOSYS, EINVAL };
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(errors); i++) {
		fail_socket.calls = 0;
		fail_setns = (struct fault){ .error = errors[i], .times = 1 };
		EXPECT_EQ(errors[i], try_at(self->net));
		EXPECT_EQ(0, fail_socket.calls);
		fail_socket = (struct fault){ .error = errors[i], .times = 1 };
		EXPECT_EQ(errors[i], try_at(self->net));
		EXPECT_EQ(1, fail_socket.calls);
		EXPECT_EQ(0, try_at(self->net));
	}
}

TEST_F(fault, no_memory_to_read)
{
	int pidfd = sys_pidfd_open(getpid(), 0);

	fail_fopen = (struct fault){ .error = ENOMEM, .times = 2 };
	EXPECT_EQ(-1, nsfd_is_delegated(self->net));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(-1, nsfd_open_pidfd(pidfd, CLONE_NEWNET));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0, nsfd_is_delegated(self->net));
	close(pidfd);
}

/* The file system of a path may not respond. */
TEST_F(fault, file_system_is_not_queried)
{
	fail_fstatfs = (struct fault){ .error = EIO, .times = 1 };
	EXPECT_EQ(-1, nsfd_open("/dev/null"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, fail_fstatfs.calls);
}

/* The PID can have been reused when the file is opened. */
TEST_F(fault, process_ends_while_it_is_opened)
{
	struct ns_child child = {};
	int fd;

	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	fd = nsfd_open_pidfd(child.pidfd, CLONE_NEWNET);
	EXPECT_LE(0, fd);
	close(fd);
	ends_after_open = &child;
	EXPECT_EQ(-1, nsfd_open_pidfd(child.pidfd, CLONE_NEWNET));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(NULL, ends_after_open);
	close(child.pidfd);
	close(child.hold);
}

TEST_F(fault, interrupted)
{
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fail_sendmsg = (struct fault){ .error = EINTR, .times = 2 };
	ASSERT_EQ(0, nsfd_send(pair[0], self->net));
	EXPECT_EQ(3, fail_sendmsg.calls);
	fail_recvmsg = (struct fault){ .error = EINTR, .times = 2 };
	fd = nsfd_recv(pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(3, fail_recvmsg.calls);
	EXPECT_EQ(1, nsfd_equal(self->net, fd));
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

/* The device must be used before a thread is created, and its result is final. */
TEST_F(fault, device)
{
	static const int errors[] = { EBADF, EINVAL, EAFNOSUPPORT, EMFILE };
	int i, own;

	module.open_error = 0;
	module.answer = 1234;
	EXPECT_EQ(1234, socketat(self->net, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC,
				 IPPROTO_UDP));
	EXPECT_EQ(sizeof(struct nsfd_socket), module.socket.size);
	EXPECT_EQ(0, module.socket.flags);
	EXPECT_EQ(self->net, module.socket.nsfd);
	EXPECT_EQ(AF_INET6, module.socket.family);
	EXPECT_EQ(SOCK_DGRAM | SOCK_CLOEXEC, module.socket.type);
	EXPECT_EQ(IPPROTO_UDP, module.socket.protocol);
	EXPECT_EQ(1, module.opened);
	EXPECT_EQ(1234, nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0, NSFD_NO_THREAD));

	module.answer = -1;
	for (i = 0; i < (int)ARRAY_SIZE(errors); i++) {
		module.error = errors[i];
		EXPECT_EQ(errors[i], try_at(self->net));
	}
	EXPECT_EQ(0, fail_pthread_create.calls);

	/* But EPERM for the caller's own namespace must lead to socket(). */
	module.error = EPERM;
	own = nsfd_open_pid(0, CLONE_NEWNET);
	ASSERT_LE(0, own);
	EXPECT_EQ(0, try_at(own));
	close(own);
	EXPECT_EQ(EPERM, try_at(self->net));
	EXPECT_EQ(0, fail_pthread_create.calls);

	module.error = EBADF;
	EXPECT_EQ(NSFD_WAY_MODULE, nsfd_have_socketat());
	EXPECT_EQ(-1, module.socket.nsfd);
	module.opened = 0;
	EXPECT_EQ(-1, nsfd_socket(self->net, AF_INET, SOCK_STREAM, 0,
				  NSFD_NO_MODULE | NSFD_NO_THREAD));
	EXPECT_EQ(ENOSYS, errno);
	EXPECT_EQ(0, module.opened);
}

/* A device that cannot be used must be treated as missing. */
TEST_F(fault, no_device)
{
	static const int errors[] = { ENOENT, ENXIO, EACCES, EPERM };
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(errors); i++) {
		module.open_error = errors[i];
		EXPECT_EQ(NSFD_WAY_THREAD, nsfd_have_socketat());
		EXPECT_EQ(0, try_at(self->net));
	}
	module.open_error = 0;
	module.answer = -1;
	module.error = ENOTTY;
	EXPECT_EQ(NSFD_WAY_THREAD, nsfd_have_socketat());
	EXPECT_EQ(0, try_at(self->net));
	EXPECT_EQ(-1, nsfd_delegate(self->net));
	EXPECT_EQ(ENOSYS, errno);
	/* but not one that could not be tried */
	module.open_error = EMFILE;
	EXPECT_EQ(EMFILE, try_at(self->net));
}

TEST_F(fault, device_delegates)
{
	module.open_error = 0;
	module.answer = 1234;
	EXPECT_EQ(1234, nsfd_delegate(self->net));
	EXPECT_EQ(sizeof(struct nsfd_delegate), module.delegate.size);
	EXPECT_EQ(0, module.delegate.flags);
	EXPECT_EQ(0, module.delegate.reserved);
	EXPECT_EQ(self->net, module.delegate.nsfd);
	module.answer = -1;
	module.error = EPERM;
	EXPECT_EQ(-1, nsfd_delegate(self->net));
	EXPECT_EQ(EPERM, errno);
	module.open_error = EMFILE;
	EXPECT_EQ(-1, nsfd_delegate(self->net));
	EXPECT_EQ(EMFILE, errno);
}

/*
 * A file descriptor that the module has delegated must not require the device,
 * whether or not the kernel has the system call, which does not accept it.
 */
#if defined(__GLIBC__) && !defined(__LP64__)
/* nsfd_id() of a program with -D_FILE_OFFSET_BITS=64 */
int nsfd_id64(int fd, dev_t *dev, __ino64_t *ino);
#endif

TEST_F(fault, delegated_by_module)
{
	static const int errors[] = { ENOSYS, EINVAL };
#if defined(__GLIBC__) && !defined(__LP64__)
	__ino64_t wide = 0;
#endif
	dev_t dev;
	ino_t ino;
	int i;

	module.granted = eventfd(0, EFD_CLOEXEC);
	self->fds++;
	EXPECT_EQ(CLONE_NEWNET, nsfd_type(module.granted));
	for (i = 0; i < 2; i++) {
		syscall_error = errors[i];
		module.answer = 1234;
		module.socket.nsfd = 0;
		EXPECT_EQ(1234, socketat(module.granted, AF_INET, SOCK_STREAM, 0));
		EXPECT_EQ(module.granted, module.asked_on);
		EXPECT_EQ(-1, module.socket.nsfd);
		EXPECT_EQ(sizeof(struct nsfd_socket), module.socket.size);
		module.answer = -1;
		module.error = EPERM;
		EXPECT_EQ(EPERM, try_at(module.granted));
		EXPECT_EQ(-1, nsfd_socket(module.granted, AF_INET, SOCK_STREAM, 0,
					  NSFD_NO_MODULE));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(0, module.opened);

	EXPECT_EQ(0, nsfd_revoke(module.granted));
	EXPECT_EQ(1, module.revoked);
	module.open_error = 0;
	module.answer = 1234;
	EXPECT_EQ(1234, nsfd_delegate(module.granted));
	EXPECT_EQ(module.granted, module.delegate.nsfd);

	/* this one has no such line in fdinfo: the real one is in nsfd_test.c */
	EXPECT_EQ(-1, nsfd_id(module.granted, &dev, &ino));
	EXPECT_EQ(EOPNOTSUPP, errno);
	contents = "ns-inode:\t4026531840\n";
	fail_fopen = (struct fault){ .times = 1 };
	EXPECT_EQ(0, nsfd_id(module.granted, &dev, &ino));
	EXPECT_EQ(4026531840, ino);
	/* If ino_t is narrower, a number that does not fit must be an error. */
	contents = "ns-inode:\t99999999999\n";
	fail_fopen = (struct fault){ .times = 1 };
	if (sizeof(ino) < 8) {
		EXPECT_EQ(-1, nsfd_id(module.granted, &dev, &ino));
		EXPECT_EQ(EOVERFLOW, errno);
	} else {
		EXPECT_EQ(0, nsfd_id(module.granted, &dev, &ino));
		EXPECT_EQ(99999999999, ino);
	}
#if defined(__GLIBC__) && !defined(__LP64__)
	fail_fopen = (struct fault){ .times = 1 };
	EXPECT_EQ(0, nsfd_id64(module.granted, &dev, &wide));
	EXPECT_EQ(99999999999, wide);
#endif
	EXPECT_EQ(0, nsfd_is_delegated(module.granted));
}

/* The result of the system call must be final. */
TEST_F(fault, system_call_says_no)
{
	static const int errors[] = { EBADF, EINVAL, EPERM, EMFILE, ENOBUFS, EACCES };
	int i;

	module.open_error = 0;
	for (i = 0; i < (int)ARRAY_SIZE(errors); i++) {
		syscall_error = errors[i];
		EXPECT_EQ(errors[i], try_at(self->net));
	}
	EXPECT_EQ(NSFD_WAY_SYSCALL, nsfd_have_socketat());
	EXPECT_EQ(0, module.opened);
	EXPECT_EQ(0, fail_pthread_create.calls);
}

TEST_HARNESS_MAIN
