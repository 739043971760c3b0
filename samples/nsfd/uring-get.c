// SPDX-License-Identifier: GPL-2.0
/*
 * Sends one request over TCP in another network namespace, with a single
 * submission to io_uring, and prints the reply:
 *
 *	uring-get /run/netns/red 192.0.2.1 80
 *
 * The requests are a chain that opens the namespace, creates a socket in it,
 * connects, sends and receives. Both files are registered with the ring only,
 * so that the process has no file descriptor for either.
 *
 * This requires liburing: cc -O2 -o uring-get uring-get.c -luring
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef IORING_SOCKET_NETNS
#define IORING_SOCKET_NETNS 0x1
#endif

/* The registered files. */
enum { NAMESPACE, SOCKET };

static const char *const steps[] = {
	"open", "socket", "connect", "send", "receive",
};

/* The next request of the chain. */
static struct io_uring_sqe *next(struct io_uring *ring, int step)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_sqe_set_data64(sqe, step);
	return sqe;
}

int main(int argc, char **argv)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct sockaddr_in addr = { .sin_family = AF_INET };
	unsigned int link = IOSQE_IO_LINK, fixed = IOSQE_FIXED_FILE;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	char reply[4096];
	int step, len = 0;

	if (argc != 4 || inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1)
		errx(2, "usage: uring-get NETNS ADDRESS PORT");
	addr.sin_port = htons(atoi(argv[3]));

	errno = -io_uring_queue_init(8, &ring, 0);
	if (errno)
		err(1, "io_uring_queue_init");
	errno = -io_uring_register_files_sparse(&ring, 2);
	if (errno)
		err(1, "io_uring_register_files_sparse");

	sqe = next(&ring, 0);
	io_uring_prep_openat_direct(sqe, AT_FDCWD, argv[1], O_RDONLY, 0, NAMESPACE);
	sqe->flags |= link;

	sqe = next(&ring, 1);
	io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, SOCKET,
				    IORING_SOCKET_NETNS);
	sqe->addr = NAMESPACE;
	sqe->flags |= link | fixed;

	sqe = next(&ring, 2);
	io_uring_prep_connect(sqe, SOCKET, (struct sockaddr *)&addr, sizeof(addr));
	sqe->flags |= link | fixed;

	sqe = next(&ring, 3);
	io_uring_prep_send(sqe, SOCKET, request, strlen(request), 0);
	sqe->flags |= link | fixed;

	sqe = next(&ring, 4);
	io_uring_prep_recv(sqe, SOCKET, reply, sizeof(reply), MSG_WAITALL);
	sqe->flags |= fixed;

	io_uring_submit(&ring);
	for (step = 0; step < 5; step++) {
		errno = -io_uring_wait_cqe(&ring, &cqe);
		if (errno)
			err(1, "io_uring_wait_cqe");
		if (cqe->res < 0) {
			errno = -cqe->res;
			err(1, "%s: %s", argv[1], steps[cqe->user_data]);
		}
		len = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	return write(STDOUT_FILENO, reply, len) != len;
}
