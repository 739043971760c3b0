/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: a little rtnetlink.
 *
 * A netlink socket belongs to the network namespace in which it was made, for
 * good. The tests keep one for each namespace, and so look into all of them
 * without entering any. Every function returns 0 (or what it was asked for) or
 * a negative errno: the kernel's answer.
 */
#ifndef __NSFD_RTNL_H
#define __NSFD_RTNL_H

#include <net/if.h>
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "common.h"

/* The name that the series has for it; the number is mainline's. */
#ifndef IFLA_NS_FD
#define IFLA_NS_FD IFLA_NET_NS_FD
#endif

struct rtnl_req {
	struct nlmsghdr nh;
	char body[1000];
};

struct rtnl_reply {
	struct nlmsghdr nh;
	char body[16000];
};

static inline int rtnl_open(unsigned int groups)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int sk, err;

	sk = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (sk < 0)
		return -errno;
	if (groups && bind(sk, (struct sockaddr *)&addr, sizeof(addr))) {
		err = -errno;
		close(sk);
		return err;
	}
	return sk;
}

/* Starts a request; what comes back is its zeroed header of @len bytes. */
static inline void *rtnl_start(struct rtnl_req *req, int type, int flags,
			       size_t len)
{
	memset(req, 0, sizeof(*req));
	req->nh.nlmsg_type = type;
	req->nh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->nh.nlmsg_len = NLMSG_LENGTH(len);
	return NLMSG_DATA(&req->nh);
}

static inline struct ifinfomsg *rtnl_start_link(struct rtnl_req *req, int type,
						int flags)
{
	return rtnl_start(req, type, flags, sizeof(struct ifinfomsg));
}

/* The next attribute; no request here comes near the end of its buffer. */
static inline struct rtattr *rtnl_put(struct rtnl_req *req, int type,
				      const void *data, size_t len)
{
	struct rtattr *rta;

	req->nh.nlmsg_len = NLMSG_ALIGN(req->nh.nlmsg_len);
	if (req->nh.nlmsg_len + RTA_SPACE(len) > sizeof(*req))
		abort();
	rta = (struct rtattr *)((char *)req + req->nh.nlmsg_len);
	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(rta), data, len);
	req->nh.nlmsg_len += rta->rta_len;
	return rta;
}

static inline void rtnl_put_u32(struct rtnl_req *req, int type, __u32 val)
{
	rtnl_put(req, type, &val, sizeof(val));
}

static inline void rtnl_put_str(struct rtnl_req *req, int type, const char *str)
{
	rtnl_put(req, type, str, strlen(str) + 1);
}

/* What is put from here to rtnl_end() is inside of the attribute. */
static inline struct rtattr *rtnl_nest(struct rtnl_req *req, int type)
{
	return rtnl_put(req, type, NULL, 0);
}

static inline void rtnl_end(struct rtnl_req *req, struct rtattr *rta)
{
	rta->rta_len = (char *)req + req->nh.nlmsg_len - (char *)rta;
}

/*
 * Sends the request and waits for the kernel's verdict. A message that comes
 * before it, the answer to a question, is left in @reply.
 */
static inline int rtnl_ask(int sk, struct rtnl_req *req,
			   struct rtnl_reply *reply)
{
	static __u32 seq;
	struct rtnl_reply buf;
	struct nlmsghdr *nh;
	ssize_t len;

	req->nh.nlmsg_flags |= NLM_F_ACK;
	req->nh.nlmsg_seq = ++seq;
	if (send(sk, req, req->nh.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		len = recv(sk, &buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (nh = &buf.nh; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
			if (nh->nlmsg_seq != req->nh.nlmsg_seq)
				continue;
			if (nh->nlmsg_type == NLMSG_ERROR) {
				struct nlmsgerr *err = NLMSG_DATA(nh);

				return err->error;
			}
			if (reply)
				memcpy(reply, nh, nh->nlmsg_len);
		}
	}
}

static inline int rtnl_send(int sk, struct rtnl_req *req)
{
	return rtnl_ask(sk, req, NULL);
}

/* The attribute @type after the header of @hdrlen bytes, or NULL. */
static inline struct rtattr *rtnl_attr(struct nlmsghdr *nh, size_t hdrlen,
				       int type)
{
	int len = nh->nlmsg_len - NLMSG_SPACE(hdrlen);
	struct rtattr *rta;

	rta = (struct rtattr *)((char *)nh + NLMSG_SPACE(hdrlen));
	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		if ((rta->rta_type & NLA_TYPE_MASK) == type)
			return rta;
	return NULL;
}

/* What the namespace of @sk has under @name; -ENODEV if nothing. */
static inline int rtnl_get_link(int sk, const char *name,
				struct rtnl_reply *reply)
{
	struct rtnl_req req;

	rtnl_start_link(&req, RTM_GETLINK, 0);
	rtnl_put_str(&req, IFLA_IFNAME, name);
	return rtnl_ask(sk, &req, reply);
}

static inline int rtnl_index(int sk, const char *name)
{
	struct rtnl_reply reply;
	struct ifinfomsg *ifi = NLMSG_DATA(&reply.nh);
	int err = rtnl_get_link(sk, name, &reply);

	return err ?: ifi->ifi_index;
}

/* A device of @kind in the namespace of @sk. */
static inline int rtnl_add_link(int sk, const char *kind, const char *name)
{
	struct rtnl_req req;
	struct rtattr *info;

	rtnl_start_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_put_str(&req, IFLA_IFNAME, name);
	info = rtnl_nest(&req, IFLA_LINKINFO);
	rtnl_put_str(&req, IFLA_INFO_KIND, kind);
	rtnl_end(&req, info);
	return rtnl_send(sk, &req);
}

/*
 * A veth pair: @name where @nsfd says, @peer where @peer_nsfd says. -1 leaves
 * the attribute out: @name is then in the namespace of @sk, and so is @peer.
 */
static inline int rtnl_add_veth(int sk, const char *name, int nsfd,
				const char *peer, int peer_nsfd)
{
	struct rtattr *info, *data, *nest;
	struct ifinfomsg ifi = {};
	struct rtnl_req req;

	rtnl_start_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_put_str(&req, IFLA_IFNAME, name);
	if (nsfd >= 0)
		rtnl_put_u32(&req, IFLA_NS_FD, nsfd);
	info = rtnl_nest(&req, IFLA_LINKINFO);
	rtnl_put_str(&req, IFLA_INFO_KIND, "veth");
	data = rtnl_nest(&req, IFLA_INFO_DATA);
	nest = rtnl_put(&req, VETH_INFO_PEER, &ifi, sizeof(ifi));
	rtnl_put_str(&req, IFLA_IFNAME, peer);
	if (peer_nsfd >= 0)
		rtnl_put_u32(&req, IFLA_NS_FD, peer_nsfd);
	rtnl_end(&req, nest);
	rtnl_end(&req, data);
	rtnl_end(&req, info);
	return rtnl_send(sk, &req);
}

/* Moves by RTM_NEWLINK, as ip(8) does, or by RTM_SETLINK. */
static inline int rtnl_move_link(int sk, int type, const char *name, int nsfd)
{
	struct rtnl_req req;

	rtnl_start_link(&req, type, 0);
	rtnl_put_str(&req, IFLA_IFNAME, name);
	rtnl_put_u32(&req, IFLA_NS_FD, nsfd);
	return rtnl_send(sk, &req);
}

static inline int rtnl_del_link(int sk, const char *name)
{
	struct rtnl_req req;

	rtnl_start_link(&req, RTM_DELLINK, 0);
	rtnl_put_str(&req, IFLA_IFNAME, name);
	return rtnl_send(sk, &req);
}

static inline int rtnl_set_up(int sk, const char *name)
{
	struct ifinfomsg *ifi;
	struct rtnl_req req;

	ifi = rtnl_start_link(&req, RTM_NEWLINK, 0);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	rtnl_put_str(&req, IFLA_IFNAME, name);
	return rtnl_send(sk, &req);
}

/* An address that is usable at once: nobody to ask whether it is a duplicate */
static inline int rtnl_add_addr(int sk, const char *name, int family,
				const char *addr, int prefix)
{
	struct in6_addr bytes;
	struct ifaddrmsg *ifa;
	struct rtnl_req req;
	int index = rtnl_index(sk, name);

	if (index < 0)
		return index;
	if (inet_pton(family, addr, &bytes) != 1)
		return -EINVAL;
	ifa = rtnl_start(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
			 sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = index;
	rtnl_put(&req, IFA_LOCAL, &bytes, family == AF_INET6 ? 16 : 4);
	rtnl_put(&req, IFA_ADDRESS, &bytes, family == AF_INET6 ? 16 : 4);
	return rtnl_send(sk, &req);
}

/*
 * Waits for the end of the link @name in the namespace of @sk, a socket of
 * rtnl_open(RTMGRP_LINK): 0 when it has gone, -ETIMEDOUT after @ms.
 *
 * The other end of a veth pair goes when the namespace of its peer does, which
 * tells that a namespace has died without a look into it.
 */
static inline int rtnl_wait_gone(int sk, const char *name, int ms)
{
	struct rtnl_reply buf;
	struct pollfd pfd = { .fd = sk, .events = POLLIN };
	struct nlmsghdr *nh;
	ssize_t len;

	while (poll(&pfd, 1, ms) > 0) {
		len = recv(sk, &buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (nh = &buf.nh; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
			struct rtattr *rta;

			if (nh->nlmsg_type != RTM_DELLINK)
				continue;
			rta = rtnl_attr(nh, sizeof(struct ifinfomsg),
					IFLA_IFNAME);
			if (rta && !strcmp(RTA_DATA(rta), name))
				return 0;
		}
	}
	return -ETIMEDOUT;
}

/*
 * A new network namespace with the loopback up: its descriptor, and in @rtnl
 * a netlink socket inside of it. The caller is in it afterwards.
 */
static inline int rtnl_unshare_net(int *rtnl)
{
	int nsfd, err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	nsfd = open_ns(0, "net");
	if (nsfd < 0)
		return -errno;
	*rtnl = rtnl_open(0);
	err = *rtnl < 0 ? *rtnl : rtnl_set_up(*rtnl, "lo");
	return err ?: nsfd;
}

#endif /* __NSFD_RTNL_H */
