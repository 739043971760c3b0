/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run the tests of socketat() and delegation with the module nsfd instead of
 * the system call. They have to be built with -DNSFD_MODULE and run with
 * NSFD_WAY in the environment: "module" for /dev/nsfd, and "descriptor" for the
 * delegated file descriptor itself, where there is one, and otherwise the
 * device.
 */
#ifndef __NSFD_MODULE_H
#define __NSFD_MODULE_H

#include <linux/nsfd.h>

static inline bool by_module(void)
{
	return getenv("NSFD_WAY");
}

/* Without the module, fail as a kernel without the call does, for missing(). */
static inline int module_ioctl(unsigned long request, void *arg)
{
	static int dev = -1;

	if (dev < 0)
		dev = open("/dev/nsfd", O_RDONLY | O_CLOEXEC);
	if (dev < 0) {
		errno = ENOSYS;
		return -1;
	}
	return ioctl(dev, request, arg);
}

/* Check whether @nsfd, a file in nsfs, is the caller's own network namespace. */
static inline bool module_own(int nsfd)
{
	struct stat own, st;

	return !stat("/proc/thread-self/ns/net", &own) && !fstat(nsfd, &st) &&
	       own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

/* For the caller's own namespace, call socket() as libnsfd does. */
static inline int module_socket(int nsfd, int family, int type, int protocol)
{
	struct nsfd_socket arg = {
		.size = sizeof(arg),
		.nsfd = -1,
		.family = family,
		.type = type,
		.protocol = protocol,
	};
	int sk;

	if (!strcmp(getenv("NSFD_WAY"), "descriptor")) {
		sk = ioctl(nsfd, NSFD_SOCKET, &arg);
		if (sk >= 0 || errno != ENOTTY)
			return sk;
	}
	arg.nsfd = nsfd;
	sk = module_ioctl(NSFD_SOCKET, &arg);
	if (sk >= 0 || errno != EPERM)
		return sk;
	if (module_own(nsfd))
		return socket(family, type, protocol);
	errno = EPERM;
	return -1;
}

/* @reserved must be 0. */
static inline int module_delegate(int nsfd, int reserved)
{
	struct nsfd_delegate arg = {
		.size = sizeof(arg),
		.nsfd = nsfd,
		.reserved = reserved,
	};

	return module_ioctl(NSFD_DELEGATE, &arg);
}

#endif /* __NSFD_MODULE_H */
