// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the network devices and addresses of other network namespaces, using
 * netlink sockets in them, without entering any:
 *
 *	dump /run/netns/red /run/netns/blue
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_socketat
#define __NR_socketat 548
#endif

static void *find(struct rtattr *attr, int len, int type)
{
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (attr->rta_type == type)
			return RTA_DATA(attr);
	return NULL;
}

static void show(struct nlmsghdr *nlh)
{
	struct ifinfomsg *link = NLMSG_DATA(nlh);
	struct ifaddrmsg *addr = NLMSG_DATA(nlh);
	char text[INET6_ADDRSTRLEN];
	const char *name;
	void *value;

	if (nlh->nlmsg_type == RTM_NEWLINK) {
		name = find(IFLA_RTA(link), IFLA_PAYLOAD(nlh), IFLA_IFNAME);
		printf("\tdevice %d: %s, %s\n", link->ifi_index, name ? name : "?",
		       link->ifi_flags & IFF_UP ? "up" : "down");
	} else if (nlh->nlmsg_type == RTM_NEWADDR) {
		value = find(IFA_RTA(addr), IFA_PAYLOAD(nlh), IFA_ADDRESS);
		if (value && inet_ntop(addr->ifa_family, value, text, sizeof(text)))
			printf("\taddress of device %d: %s/%d\n", addr->ifa_index, text,
			       addr->ifa_prefixlen);
	}
}

static void dump(int fd, int type)
{
	struct {
		struct nlmsghdr nlh;
		struct rtgenmsg msg;
	} req = {
		.nlh.nlmsg_len = sizeof(req),
		.nlh.nlmsg_type = type,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};
	struct nlmsghdr reply[2048], *nlh;
	ssize_t len;

	if (send(fd, &req, sizeof(req), 0) < 0)
		err(1, "send");
	while ((len = recv(fd, reply, sizeof(reply), 0)) > 0) {
		for (nlh = reply; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				errx(1, "netlink: refused");
			show(nlh);
		}
	}
	err(1, "recv");
}

int main(int argc, char **argv)
{
	int i, nsfd, fd;

	if (argc < 2)
		errx(2, "usage: dump NETNS...");
	for (i = 1; i < argc; i++) {
		nsfd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (nsfd < 0)
			err(1, "%s", argv[i]);
		fd = syscall(__NR_socketat, nsfd, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			     NETLINK_ROUTE);
		if (fd < 0)
			err(1, "%s: socketat", argv[i]);
		close(nsfd);
		printf("%s:\n", argv[i]);
		dump(fd, RTM_GETLINK);
		dump(fd, RTM_GETADDR);
		close(fd);
	}
	return 0;
}
