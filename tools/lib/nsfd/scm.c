// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* Send and receive namespaces over UNIX domain sockets: a byte with a file descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"
#include "nsfd.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

int nsfd_send(int sock, int nsfd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	if (nsfd_type(nsfd) < 0)
		return -1;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &nsfd, sizeof(int));
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/*
 * Extracts the file descriptors from a message: returns the first one, closes the
 * others, and counts them.
 */
static int take_fds(struct msghdr *msg, int *passed)
{
	struct cmsghdr *cmsg;
	int first = -1, fd;
	size_t i, n;

	*passed = 0;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    (cmsg->cmsg_type != SCM_RIGHTS && cmsg->cmsg_type != SCM_PIDFD))
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (cmsg->cmsg_type == SCM_RIGHTS && !(*passed)++)
				first = fd;
			else if (fd >= 0)
				close(fd);
		}
	}
	return first;
}

/* Returns EMFILE if no file descriptor was received because of the limit. */
static int no_fd_errno(int sock)
{
	int fd = fcntl(sock, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return EBADMSG;
}

int nsfd_recv(int sock)
{
	/*
	 * Space for two, to detect more than one, and for the messages of
	 * SO_PASSCRED, SO_PASSPIDFD and SO_PASSSEC before them.
	 */
	union {
		char buf[512];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int fd, passed;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;

	fd = take_fds(&msg, &passed);
	if (n == 1 && passed == 1 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		if (nsfd_type(fd) < 0)
			return nsfd_close_failed(fd);
		return fd;
	}
	if (n == 0 && !passed && !(msg.msg_flags & MSG_CTRUNC))
		errno = ECONNRESET;
	else if (!passed && (msg.msg_flags & MSG_CTRUNC))
		errno = no_fd_errno(sock);
	else
		errno = EBADMSG;
	if (fd >= 0)
		nsfd_close_failed(fd);
	return -1;
}
