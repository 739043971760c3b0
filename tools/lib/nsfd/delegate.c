// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* Delegated file descriptors, of the kernel or the module. */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "nsfd.h"

int nsfd_delegate(int nsfd)
{
	struct nsfd_delegate arg = { .size = sizeof(arg), .nsfd = nsfd };
	bool by_module;
	int fd;

	if (nsfd_check_net(nsfd, &by_module))
		return -1;
	if (!by_module) {
		fd = ioctl(nsfd, NS_NET_DELEGATE_SOCKETS, 0);
		if (fd >= 0 || errno != ENOTTY)
			return fd;
	}
	return nsfd_device_ioctl(NSFD_DELEGATE, &arg);
}

int nsfd_revoke(int fd)
{
	bool by_module;

	if (nsfd_check_net(fd, &by_module))
		return -1;
	if (!ioctl(fd, NS_NET_REVOKE_SOCKETS, 0))
		return 0;
	/* A kernel without the request has not delegated anything. */
	if (errno == ENOTTY)
		errno = EINVAL;
	return -1;
}

int nsfd_is_delegated(int fd)
{
	char value[16];
	int found;

	if (nsfd_type(fd) < 0)
		return -1;
	found = nsfd_fdinfo(fd, "ns-sockets:\t", value, sizeof(value));
	return found > 0 ? !strcmp(value, "delegated") : found;
}
