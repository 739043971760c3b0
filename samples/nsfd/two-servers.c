// SPDX-License-Identifier: GPL-2.0
/*
 * A single thread serves a TCP port in several network namespaces, and never
 * leaves its own. It sends each client the namespace of the listening socket:
 *
 *	two-servers [-n REQUESTS] [-p PORT] /run/netns/red /run/netns/blue
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_socketat
#define __NR_socketat 548
#endif

#define MAX 256

/* The listening sockets, then the connections that wait for a request. */
static struct pollfd fds[MAX];
static const char *names[MAX];
static int used, answered;

static void add(int fd, const char *path)
{
	fds[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
	names[used++] = path;
}

static void serve(const char *path, int port)
{
	struct sockaddr_in addr = { AF_INET, .sin_port = htons(port) };
	int nsfd, fd, on = 1;

	nsfd = open(path, O_RDONLY | O_CLOEXEC);
	if (nsfd < 0)
		err(1, "%s: open", path);
	fd = syscall(__NR_socketat, nsfd, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err(1, "%s: socketat", path);
	close(nsfd);	/* the socket pins the namespace */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64))
		err(1, "%s: port %d", path, port);
	add(fd, path);
	printf("port %d in %s\n", port, path);
}

static void answer(int i)
{
	char text[512];

	if (recv(fds[i].fd, text, sizeof(text), 0) > 0)
		dprintf(fds[i].fd, "HTTP/1.0 200 OK\r\n\r\nThis is %s\n", names[i]);
	close(fds[i].fd);
	fds[i] = fds[--used];
	names[i] = names[used];
	answered++;
}

int main(int argc, char **argv)
{
	int opt, i, fd, listeners, port = 80, limit = INT_MAX;

	while ((opt = getopt(argc, argv, "n:p:")) != -1) {
		if (opt == '?')
			return 2;
		*(opt == 'n' ? &limit : &port) = atoi(optarg);
	}
	if (optind == argc || argc - optind > MAX / 2 || port <= 0)
		errx(2, "usage: two-servers [-n REQUESTS] [-p PORT] NETNS...");
	signal(SIGPIPE, SIG_IGN);
	while (optind < argc)
		serve(argv[optind++], port);
	fflush(stdout);

	listeners = used;
	while (answered < limit && poll(fds, used, -1) > 0) {
		for (i = used - 1; i >= listeners; i--)
			if (fds[i].revents)
				answer(i);
		for (i = 0; i < listeners; i++) {
			fd = fds[i].revents ? accept(fds[i].fd, NULL, NULL) : -1;
			if (fd >= 0 && used < MAX)
				add(fd, names[i]);
			else if (fd >= 0)
				close(fd);
		}
	}
	return 0;
}
