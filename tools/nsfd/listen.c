// SPDX-License-Identifier: GPL-2.0
/*
 * nsfd listen: create sockets in network namespaces and pass them to a program, as
 * systemd does for a service (see sd_listen_fds(3)).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"

#define LISTEN_FDS_START 3
#define MAX_SOCKETS 512

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Splits ADDR:PORT or [ADDR%DEV]:PORT, both numeric. The device is looked up later. */
static int parse(const char *text, union address *addr, char *device)
{
	char host[INET6_ADDRSTRLEN + IFNAMSIZ + 3], *end, *percent;
	const char *colon = strrchr(text, ':');
	unsigned long port;

	memset(addr, 0, sizeof(*addr));
	*device = 0;
	if (!colon || colon[1] < '0' || colon[1] > '9' ||
	    (size_t)(colon - text) >= sizeof(host))
		return -1;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 65535)
		return -1;
	memcpy(host, text, colon - text);
	host[colon - text] = 0;

	if (host[0] != '[') {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons(port);
		return inet_pton(AF_INET, host, &addr->in.sin_addr) == 1 ? 0 : -1;
	}
	end = host + strlen(host) - 1;
	if (*end != ']')
		return -1;
	*end = 0;
	percent = strchr(host, '%');
	if (percent) {
		*percent++ = 0;
		if (!*percent || strlen(percent) >= IFNAMSIZ)
			return -1;
		memcpy(device, percent, strlen(percent) + 1);
	}
	addr->in6.sin6_family = AF_INET6;
	addr->in6.sin6_port = htons(port);
	return inet_pton(AF_INET6, host + 1, &addr->in6.sin6_addr) == 1 ? 0 : -1;
}

static int make_socket(int nsfd, const char *ns, int type, const char *text,
		       int backlog)
{
	const char *what = type == SOCK_STREAM ? "tcp" : "udp";
	struct ifreq ifr = { };
	union address addr;
	socklen_t len;
	int fd, on = 1;

	if (parse(text, &addr, ifr.ifr_name))
		errx(EXIT_USAGE,
		     "invalid address '%s': expected ADDR:PORT or [ADDR]:PORT, numeric",
		     text);
	type |= SOCK_CLOEXEC;
	/* Without --netns, use the current namespace. */
	if (nsfd < 0)
		fd = socket(addr.any.sa_family, type, 0);
	else
		fd = socketat(nsfd, addr.any.sa_family, type, 0);
	if (fd < 0)
		err(1, "failed to create a socket for %s %s in %s", what, text, ns);

	/* The name of a device is that in the socket's namespace. */
	if (ifr.ifr_name[0]) {
		if (ioctl(fd, SIOCGIFINDEX, &ifr))
			err(1, "failed to find device '%s' in %s", ifr.ifr_name, ns);
		addr.in6.sin6_scope_id = ifr.ifr_ifindex;
	}
	/* Both 0.0.0.0 and :: can be requested, so :: must not include IPv4. */
	if (addr.any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		err(1, "failed to set IPV6_V6ONLY for %s %s in %s", what, text, ns);
	if ((type & SOCK_STREAM) &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		err(1, "failed to set SO_REUSEADDR for %s %s in %s", what, text, ns);
	len = addr.any.sa_family == AF_INET ? sizeof(addr.in) : sizeof(addr.in6);
	if (bind(fd, &addr.any, len))
		err(1, "failed to bind to %s %s in %s", what, text, ns);
	if ((type & SOCK_STREAM) && listen(fd, backlog))
		err(1, "failed to listen on %s %s in %s", what, text, ns);
	return fd;
}

/* Names are joined by colons and consist of at most 255 ASCII characters. */
static void check_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (*c < ' ' || *c > '~' || *c == ':')
			break;
	if (*c || c == name || c - name > 255)
		errx(EXIT_USAGE, "invalid name for LISTEN_FDNAMES: '%s'", name);
}

/*
 * Moves the sockets to 3, 4, ... and clears FD_CLOEXEC, whatever was open there. A
 * socket that has the number of another one is moved away first, so a single
 * additional file descriptor is sufficient.
 */
static void arrange(int *fds, int count)
{
	int i, j, fd;

	for (i = 0; i < count; i++) {
		fd = LISTEN_FDS_START + i;
		if (fds[i] == fd) {
			if (fcntl(fd, F_SETFD, 0))
				err(1, "failed to clear FD_CLOEXEC of socket %d", fd);
			continue;
		}
		for (j = i + 1; j < count; j++) {
			if (fds[j] != fd)
				continue;
			fds[j] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
			if (fds[j] < 0)
				err(1, "failed to move socket %d", fd);
		}
		if (dup2(fds[i], fd) < 0)
			err(1, "failed to move a socket to file descriptor %d", fd);
		close(fds[i]);
	}
}

/* A number that listen(2) accepts; the kernel limits it to somaxconn. */
static int parse_backlog(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > INT_MAX)
		errx(EXIT_USAGE, "invalid --backlog argument: '%s'", text);
	return n;
}

static void set_number(const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	if (setenv(name, text, 1))
		err(1, "failed to set %s", name);
}

int cmd_listen(int argc, char **argv)
{
	static const struct option options[] = {
		{ "backlog", required_argument, NULL, 'b' },
		{ "name", required_argument, NULL, 'N' },
		{ "tcp", required_argument, NULL, 't' },
		{ "udp", required_argument, NULL, 'u' },
		COMMON_OPTIONS
	};
	const char *ns = "the current namespace", *name = NULL, *netns_name = "unknown";
	int opt, count = 0, nsfd = -1, backlog = SOMAXCONN, fds[MAX_SOCKETS];
	char *names;
	bool locked = false;
	struct user user = { };
	size_t size;
	FILE *list;

	list = open_memstream(&names, &size);
	if (!list)
		err(1, NULL);
	while ((opt = cmd_option("listen", argc, argv, "+hn:", options, &user)) != -1) {
		switch (opt) {
		case 'b':
			backlog = parse_backlog(optarg);
			break;
		case 'n':
			if (nsfd >= 0)
				close(nsfd);
			ns = optarg;
			nsfd = ns_open(ns, CLONE_NEWNET);
			netns_name = basename(ns);
			name = NULL;
			break;
		case 'N':
			name = optarg;
			break;
		case 'p':
			locked = true;
			break;
		case 't':
		case 'u':
			if (count == MAX_SOCKETS)
				errx(1, "more than %d sockets", MAX_SOCKETS);
			if (!name)
				name = netns_name;
			check_name(name);
			fprintf(list, "%s%s", count ? ":" : "", name);
			fds[count++] = make_socket(nsfd, ns, opt == 't' ?
						   SOCK_STREAM : SOCK_DGRAM,
						   optarg, backlog);
			break;
		}
	}
	if (fclose(list))
		err(1, NULL);
	if (optind == argc || !count)
		cmd_usage("listen");

	if (nsfd >= 0)
		close(nsfd);
	if (setenv("LISTEN_FDNAMES", names, 1))
		err(1, "failed to set LISTEN_FDNAMES");
	free(names);
	set_number("LISTEN_FDS", count);
	set_number("LISTEN_PID", getpid());
	/* It may refer to another process, which sd_listen_fds(3) would detect. */
	if (unsetenv("LISTEN_PIDFDID"))
		err(1, "failed to unset LISTEN_PIDFDID");
	if (user.name)
		user_become(&user);
	if (locked)
		no_new_privs();
	arrange(fds, count);
	run_program(argv + optind);
}
