// SPDX-License-Identifier: GPL-2.0
/*
 * An unprivileged worker creates connections in a network namespace, with a file
 * descriptor that a privileged opener has delegated to it, and revokes in the
 * end:
 *
 *	opener-worker [-n TIMES] [-u UID] /run/netns/blue ADDRESS PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __NR_socketat
#define __NR_socketat 548
#endif
#define NS_NET_DELEGATE_SOCKETS	_IO(0xb7, 0x20)
#define NS_NET_REVOKE_SOCKETS	_IO(0xb7, 0x21)

static void worker(int granted, const struct sockaddr_in *addr, int uid, int times,
		   int opener)
{
	char text[256];
	ssize_t len;
	int fd;

	/* Changing the last UID that was 0 drops all capabilities. */
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		err(1, "uid %d", uid);
	for (; times >= 0; times--) {
		/* Before the last connection, let the opener revoke the delegation. */
		if (!times && (write(opener, "", 1) != 1 || read(opener, text, 1) != 1))
			err(1, "opener");
		fd = syscall(__NR_socketat, granted, AF_INET, SOCK_STREAM, 0);
		if (fd < 0 && !times)
			errx(0, "the grant is gone");
		if (fd < 0 || connect(fd, (struct sockaddr *)addr, sizeof(*addr)))
			err(1, "connection");
		dprintf(fd, "GET / HTTP/1.0\r\n\r\n");
		while ((len = read(fd, text, sizeof(text))) > 0)
			fwrite(text, 1, len, stdout);
		fflush(stdout);
		close(fd);
	}
	errx(1, "the grant is still there");
}

int main(int argc, char **argv)
{
	int opt, nsfd, granted, sync[2], status, times = 1, uid = 65534;
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char byte;

	while ((opt = getopt(argc, argv, "n:u:")) != -1)
		*(opt == 'n' ? &times : &uid) = optarg ? atoi(optarg) : 0;
	if (argc - optind != 3 || uid <= 0 ||
	    inet_pton(AF_INET, argv[optind + 1], &addr.sin_addr) != 1)
		errx(2, "usage: opener-worker [-n TIMES] [-u UID] NETNS ADDRESS PORT");
	addr.sin_port = htons(atoi(argv[optind + 2]));

	nsfd = open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (nsfd < 0)
		err(1, "%s", argv[optind]);
	granted = ioctl(nsfd, NS_NET_DELEGATE_SOCKETS, 0);
	if (granted < 0)
		err(1, "%s: delegate", argv[optind]);
	close(nsfd);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync))
		err(1, "socketpair");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		close(sync[0]);
		worker(granted, &addr, uid, times, sync[1]);
	}
	close(sync[1]);
	if (read(sync[0], &byte, 1) == 1 &&
	    (ioctl(granted, NS_NET_REVOKE_SOCKETS, 0) || write(sync[0], "", 1) != 1))
		err(1, "revoke");
	wait(&status);
	return status != 0;
}
