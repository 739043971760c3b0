// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* Create sockets in other network namespaces, by system call, module or thread. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "nsfd.h"

static int sys_socketat(int nsfd, int family, int type, int protocol)
{
	return syscall(__NR_socketat, nsfd, family, type, protocol);
}

/* The call fails with EBADF. Filters return ENOSYS or EPERM. */
static bool have_syscall(void)
{
	return sys_socketat(-1, 0, 0, 0) < 0 && errno == EBADF;
}

int nsfd_device_ioctl(unsigned long request, void *arg)
{
	int dev, ret, error, state;

	/* close() is a cancellation point, at which the result would be lost. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	dev = open(NSFD_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev < 0) {
		ret = -1;
		error = errno;
		/* open() checks for a free fd before looking up the path. */
		if ((error != EMFILE && error != ENFILE && error != ENOMEM) ||
		    access(NSFD_DEVICE, F_OK))
			error = ENOSYS;
	} else {
		ret = ioctl(dev, request, arg);
		error = ret < 0 && errno == ENOTTY ? ENOSYS : errno;
		close(dev);
	}
	pthread_setcancelstate(state, NULL);
	errno = error;
	return ret;
}

/* Checks whether the calling thread is in the network namespace @nsfd. */
static bool is_own(int nsfd)
{
	struct stat own;
	dev_t dev;
	ino_t ino;

	return !stat("/proc/thread-self/ns/net", &own) &&
	       !nsfd_id(nsfd, &dev, &ino) &&
	       own.st_dev == dev && own.st_ino == ino;
}

struct request {
	int nsfd;
	int family;
	int type;
	int protocol;
	int fd;
	int error;
};

static void *enter_and_create(void *arg)
{
	struct request *req = arg;

	if (setns(req->nsfd, CLONE_NEWNET))
		req->fd = -1;
	else
		req->fd = socket(req->family, req->type, req->protocol);
	req->error = errno;
	return NULL;
}

/* setns() and socket() require little, and mlockall() would populate all of it. */
#define STACK_SIZE	(128 * 1024)

/*
 * The thread that enters the namespace exits there, so no second setns() can fail.
 * It is a thread of the C library instead of a plain clone(), so that setuid() and
 * similar functions in another thread change its credentials as well, and sanitizers
 * and debuggers know it. It is created for each call: a permanent thread would be state
 * that requires a lock and does not survive fork().
 *
 * All signals remain blocked until it has exited. The helper inherits this mask and so
 * runs no signal handler of the program, and no handler can leave this frame by
 * longjmp() while the helper writes to it. For the same reason, cancellation is
 * disabled.
 */
static int by_thread(int nsfd, int family, int type, int protocol)
{
	struct request req = {
		.nsfd = nsfd,
		.family = family,
		.type = type,
		.protocol = protocol,
	};
	int error = EINVAL, state;
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);

	if (!pthread_attr_init(&attr)) {
		if (!pthread_attr_setstacksize(&attr, STACK_SIZE))
			error = pthread_create(&thread, &attr, enter_and_create, &req);
		pthread_attr_destroy(&attr);
	}
	/* Thread-local variables of the program can require more than that. */
	if (error == EINVAL)
		error = pthread_create(&thread, NULL, enter_and_create, &req);
	if (!error) {
		pthread_join(thread, NULL);
		error = req.error;
	} else {
		req.fd = -1;
	}

	pthread_setcancelstate(state, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return req.fd;
}

/*
 * Checks whether a seccomp filter may apply to the calling thread; without /proc, this
 * is unknown. prctl() is not used, because a filter might kill for it.
 */
static bool may_have_filter(void)
{
	char mode[4];
	int found = nsfd_line("/proc/thread-self/status", "Seccomp:\t", mode,
			      sizeof(mode));

	return found < 0 || (found && *mode != '0');
}

/* Behaves as the system call, with the same errors in the same order. */
static int without_syscall(int nsfd, int family, int type, int protocol,
			   unsigned int flags)
{
	struct nsfd_socket arg = {
		.size = sizeof(arg),
		.nsfd = nsfd,
		.family = family,
		.type = type,
		.protocol = protocol,
	};
	bool by_module;
	int fd;

	if (!(flags & NSFD_NO_MODULE)) {
		fd = nsfd_device_ioctl(NSFD_SOCKET, &arg);
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
		/* For a caller with a filter, it always fails with EPERM. */
		if (errno == EPERM && !may_have_filter()) {
			/* In the caller's own namespace, socket() has to be used. */
			if (is_own(nsfd))
				return socket(family, type, protocol);
			errno = EPERM;
			return -1;
		}
	}
	if (flags & NSFD_NO_THREAD) {
		errno = ENOSYS;
		return -1;
	}
	if (nsfd_check_net(nsfd, &by_module))
		return -1;
	if (is_own(nsfd))
		return socket(family, type, protocol);
	return by_thread(nsfd, family, type, protocol);
}

/*
 * A file descriptor that the module delegated requires neither the call nor the device.
 * After it has been revoked, it still refers to a namespace, which may be the caller's.
 */
static int by_grant(int nsfd, int family, int type, int protocol)
{
	struct nsfd_socket arg = {
		.size = sizeof(arg),
		.nsfd = -1,
		.family = family,
		.type = type,
		.protocol = protocol,
	};
	int fd = ioctl(nsfd, NSFD_SOCKET, &arg);

	if (fd < 0 && errno == EPERM) {
		if (is_own(nsfd))
			return socket(family, type, protocol);
		errno = EPERM;
	}
	return fd;
}

int nsfd_socket(int nsfd, int family, int type, int protocol, unsigned int flags)
{
	bool by_module = false;
	int fd, error;

	if (flags & ~(NSFD_NO_THREAD | NSFD_NO_MODULE | NSFD_NO_SYSCALL)) {
		errno = EINVAL;
		return -1;
	}
	error = ENOSYS;
	if (!(flags & NSFD_NO_SYSCALL)) {
		fd = sys_socketat(nsfd, family, type, protocol);
		if (fd >= 0)
			return fd;
		error = errno;
		if (error == EPERM && !have_syscall())
			error = ENOSYS;
	}
	/* The system call does not accept such a file descriptor. */
	if ((error == EINVAL || error == ENOSYS) && !(flags & NSFD_NO_MODULE) &&
	    !nsfd_check_net(nsfd, &by_module) && by_module)
		return by_grant(nsfd, family, type, protocol);
	if (error == ENOSYS)
		return without_syscall(nsfd, family, type, protocol, flags);
	errno = error;
	return -1;
}

int socketat(int nsfd, int family, int type, int protocol)
{
	return nsfd_socket(nsfd, family, type, protocol, 0);
}

enum nsfd_way nsfd_have_socketat(void)
{
	struct nsfd_socket probe = { .size = sizeof(probe), .nsfd = -1 };
	enum nsfd_way way = NSFD_WAY_NONE;
	int error = errno;

	if (have_syscall())
		way = NSFD_WAY_SYSCALL;
	else if (nsfd_device_ioctl(NSFD_SOCKET, &probe) < 0 &&
		 errno == EBADF && !may_have_filter())
		way = NSFD_WAY_MODULE;
	else if (setns(-1, 0) && errno == EBADF)
		way = NSFD_WAY_THREAD;
	errno = error;
	return way;
}

const char *nsfd_way_name(enum nsfd_way way)
{
	switch (way) {
	case NSFD_WAY_NONE:
		return "none";
	case NSFD_WAY_SYSCALL:
		return "syscall";
	case NSFD_WAY_MODULE:
		return "module";
	case NSFD_WAY_THREAD:
		return "thread";
	}
	return NULL;
}
