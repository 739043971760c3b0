// SPDX-License-Identifier: GPL-2.0
/*
 * Forwards TCP connections from one network namespace to another, without
 * entering either, with a single thread:
 *
 *	forward FROM-NETNS ADDRESS PORT TO-NETNS ADDRESS PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_socketat
#define __NR_socketat 548
#endif

/* The server, which has no peer, or one of the two sockets of a connection. */
struct end {
	int fd, ready, eof;
	struct end *peer;
};

static int stream_in(char **arg, struct sockaddr_in *addr)
{
	int fd, nsfd = open(arg[0], O_RDONLY | O_CLOEXEC);

	*addr = (struct sockaddr_in){ AF_INET, htons(atoi(arg[2])), { inet_addr(arg[1]) }, { } };
	fd = nsfd < 0 ? -1 : syscall(__NR_socketat, nsfd, AF_INET,
				     SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err(1, "%s", arg[0]);
	close(nsfd);
	return fd;
}

static int watch(int epfd, struct end *e)
{
	struct epoll_event ev = { EPOLLIN | (e->peer ? EPOLLOUT | EPOLLET : 0), { e } };

	return epoll_ctl(epfd, EPOLL_CTL_ADD, e->fd, &ev);
}

/* Read from one socket only what fits into the other one. */
static int move(struct end *from)
{
	char data[65536];
	ssize_t n;

	while ((n = recv(from->fd, data, sizeof(data), MSG_PEEK)) > 0 &&
	       (n = send(from->peer->fd, data, n, MSG_NOSIGNAL)) > 0)
		recv(from->fd, data, n, MSG_TRUNC);
	if (!n && !from->eof++)
		shutdown(from->peer->fd, SHUT_WR);
	return n < 0 && errno != EAGAIN;
}

static void forward(struct end *e, struct end *peer)
{
	/* The first event of a socket reports whether it is connected. */
	e->ready = 1;
	if (!peer->ready || (!move(e) && !move(peer) && !(e->eof && peer->eof)))
		return;
	close(e->fd);
	close(peer->fd);
	free(e < peer ? e : peer);
}

int main(int argc, char **argv)
{
	struct end *e, server = { };
	struct sockaddr_in addr;
	struct epoll_event ev;
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 7)
		errx(2, "usage: forward NETNS ADDRESS PORT NETNS ADDRESS PORT");
	server.fd = stream_in(argv + 1, &addr);
	if (bind(server.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(server.fd, 64) || watch(epfd, &server))
		err(1, "%s %s:%s", argv[1], argv[2], argv[3]);
	while (epoll_wait(epfd, &ev, 1, -1) == 1) {
		e = ev.data.ptr;
		if (e->peer) {
			forward(e, e->peer);
			continue;
		}
		e = calloc(2, sizeof(*e));
		if (!e)
			break;
		e[0] = (struct end){ stream_in(argv + 4, &addr), .peer = e + 1 };
		e[1] = (struct end){ accept4(server.fd, NULL, NULL, SOCK_NONBLOCK), .peer = e };
		connect(e->fd, (struct sockaddr *)&addr, sizeof(addr));
		if (watch(epfd, e) || watch(epfd, e + 1))
			break;
	}
	err(1, "connection");
}
