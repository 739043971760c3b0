/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests of socketat() and of delegation, asking the module nsfd: they do if
 * they are built with -DNSFD_MODULE, and the environment has NSFD_WAY. It is
 * "module" for /dev/nsfd, and "descriptor" for a delegated descriptor itself
 * where there is one, and the device elsewhere.
 */
#ifndef __NSFD_MODULE_H
#define __NSFD_MODULE_H

#include <linux/nsfd.h>

static inline bool by_module(void)
{
	return getenv("NSFD_WAY");
}

/* What missing() is told where there is no module is what a kernel says. */
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

/* Whether @nsfd, a file of nsfs, is the caller's own network namespace. */
static inline bool module_own(int nsfd)
{
	struct stat own, st;

	return !stat("/proc/thread-self/ns/net", &own) && !fstat(nsfd, &st) &&
	       own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

/* The module leaves the caller's own namespace to socket(), as libnsfd knows. */
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
