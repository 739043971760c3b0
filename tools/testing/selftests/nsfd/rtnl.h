/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: a small rtnetlink library on top of libmnl.
 *
 * A netlink socket belongs to the network namespace in which it was created.
 * The tests have one for each namespace, and so can query all of them without
 * entering any. Functions return 0 (or the requested value) or a negative errno
 * of the kernel.
 */
#ifndef __NSFD_RTNL_H
#define __NSFD_RTNL_H

#include <sched.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "common.h"

/* The name of the attribute in the series; its number is mainline's. */
#ifndef IFLA_NS_FD
#define IFLA_NS_FD IFLA_NET_NS_FD
#endif

/* A network namespace, and a netlink socket in it. */
struct rtnl_ns {
	int fd;
	struct mnl_socket *sk;
};

#define RTNL_TEXT 128

struct rtnl_req {
	struct nlmsghdr nh;
	char body[2000];
};

static inline struct mnl_socket *rtnl_open(unsigned int groups)
{
	struct mnl_socket *sk = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (sk && mnl_socket_bind(sk, groups, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(sk);
		return NULL;
	}
	return sk;
}

/* Start a request; returns its zeroed header of @len bytes. */
static inline void *rtnl_start(struct rtnl_req *req, int type, int flags,
			       size_t len)
{
	mnl_nlmsg_put_header(req);
	req->nh.nlmsg_type = type;
	req->nh.nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(&req->nh, len);
}

/* Start a request for the link @name. */
static inline struct ifinfomsg *rtnl_link(struct rtnl_req *req, int type,
					  int flags, const char *name)
{
	struct ifinfomsg *ifi = rtnl_start(req, type, flags, sizeof(*ifi));

	mnl_attr_put_strz(&req->nh, IFLA_IFNAME, name);
	return ifi;
}

/* Send the request and pass each message of the response to @cb. */
static inline int rtnl_ask(struct mnl_socket *sk, struct rtnl_req *req,
			   mnl_cb_t cb, void *data)
{
	static unsigned int seq;
	char buf[32768];
	int n;

	if ((req->nh.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		req->nh.nlmsg_flags |= NLM_F_ACK;
	req->nh.nlmsg_seq = ++seq;
	if (mnl_socket_sendto(sk, req, req->nh.nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(sk, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		n = mnl_cb_run(buf, n, seq, 0, cb, data);
	} while (n > 0);
	return n ? -errno : 0;
}

static inline int rtnl_send(struct mnl_socket *sk, struct rtnl_req *req)
{
	return rtnl_ask(sk, req, NULL, NULL);
}

static inline int rtnl_text_cb(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(data, RTNL_TEXT, "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* Send the request, and store the kernel's text in @text, of RTNL_TEXT bytes. */
static inline int rtnl_send_for_text(struct mnl_socket *sk, struct rtnl_req *req,
				     char *text)
{
	struct nlmsghdr *nh;
	struct nlmsgerr *e;
	char buf[8192];
	int on = 1, n;

	text[0] = 0;
	mnl_socket_setsockopt(sk, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sk, NETLINK_CAP_ACK, &on, sizeof(on));
	req->nh.nlmsg_flags |= NLM_F_ACK;
	req->nh.nlmsg_seq = 0;
	if (mnl_socket_sendto(sk, req, req->nh.nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(sk, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	nh = (struct nlmsghdr *)buf;
	if (!mnl_nlmsg_ok(nh, n) || nh->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	e = mnl_nlmsg_get_payload(nh);
	if (nh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nh, sizeof(*e), rtnl_text_cb, text);
	return e->error;
}

static inline int rtnl_index_cb(const struct nlmsghdr *nh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nh);

	*(int *)data = ifi->ifi_index;
	return MNL_CB_OK;
}

/* Return the index of the link @name in the namespace of @sk, or -ENODEV. */
static inline int rtnl_index(struct mnl_socket *sk, const char *name)
{
	struct rtnl_req req;
	int index = 0;
	int err;

	rtnl_link(&req, RTM_GETLINK, 0, name);
	err = rtnl_ask(sk, &req, rtnl_index_cb, &index);
	return err ?: index;
}

/* Create a dummy device, in another namespace if @attribute is not 0. */
static inline int rtnl_add_dummy_by(struct mnl_socket *sk, const char *name,
				    int attribute, int value)
{
	struct rtnl_req req;
	struct nlattr *info;

	rtnl_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	if (attribute)
		mnl_attr_put_u32(&req.nh, attribute, value);
	info = mnl_attr_nest_start(&req.nh, IFLA_LINKINFO);
	mnl_attr_put_strz(&req.nh, IFLA_INFO_KIND, "dummy");
	mnl_attr_nest_end(&req.nh, info);
	return rtnl_send(sk, &req);
}

/* Create a dummy device in @nsfd or, if that is -1, in the namespace of @sk. */
static inline int rtnl_add_dummy(struct mnl_socket *sk, const char *name,
				 int nsfd)
{
	return rtnl_add_dummy_by(sk, name, nsfd == -1 ? 0 : IFLA_NS_FD, nsfd);
}

/* Delete a device. */
static inline int rtnl_del(struct mnl_socket *sk, const char *name)
{
	struct rtnl_req req;

	rtnl_link(&req, RTM_DELLINK, 0, name);
	return rtnl_send(sk, &req);
}

/* Create a veth pair, with the ends in @nsfd and @peer_nsfd, as above. */
static inline int rtnl_add_veth(struct mnl_socket *sk, const char *name,
				int nsfd, const char *peer, int peer_nsfd)
{
	struct nlattr *info, *data, *nest;
	struct rtnl_req req;

	rtnl_link(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	if (nsfd != -1)
		mnl_attr_put_u32(&req.nh, IFLA_NS_FD, nsfd);
	info = mnl_attr_nest_start(&req.nh, IFLA_LINKINFO);
	mnl_attr_put_strz(&req.nh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(&req.nh, IFLA_INFO_DATA);
	nest = mnl_attr_nest_start(&req.nh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(&req.nh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&req.nh, IFLA_IFNAME, peer);
	if (peer_nsfd != -1)
		mnl_attr_put_u32(&req.nh, IFLA_NS_FD, peer_nsfd);
	mnl_attr_nest_end(&req.nh, nest);
	mnl_attr_nest_end(&req.nh, data);
	mnl_attr_nest_end(&req.nh, info);
	return rtnl_send(sk, &req);
}

/* Move a device by RTM_NEWLINK, as ip(8) does, or by RTM_SETLINK. */
static inline int rtnl_move(struct mnl_socket *sk, int type, const char *name,
			    int nsfd)
{
	struct rtnl_req req;

	rtnl_link(&req, type, 0, name);
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, nsfd);
	return rtnl_send(sk, &req);
}

static inline int rtnl_set_up(struct mnl_socket *sk, const char *name)
{
	struct ifinfomsg *ifi;
	struct rtnl_req req;

	ifi = rtnl_link(&req, RTM_NEWLINK, 0, name);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return rtnl_send(sk, &req);
}

/*
 * Add an address that can be used at once, without duplicate address detection.
 * Querying the index makes the kernel check the carrier now.
 */
static inline int rtnl_add_addr(struct mnl_socket *sk, const char *name,
				int family, const char *addr, int prefix)
{
	int len = family == AF_INET6 ? 16 : 4;
	int index = rtnl_index(sk, name);
	struct ifaddrmsg *ifa;
	struct in6_addr bytes;
	struct rtnl_req req;

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
	mnl_attr_put(&req.nh, IFA_LOCAL, len, &bytes);
	mnl_attr_put(&req.nh, IFA_ADDRESS, len, &bytes);
	return rtnl_send(sk, &req);
}

/* Enter a new network namespace and set lo up. */
static inline int rtnl_unshare(struct rtnl_ns *ns)
{
	ns->fd = -1;
	ns->sk = NULL;
	if (unshare(CLONE_NEWNET))
		return -errno;
	ns->fd = open_ns(0, "net");
	if (ns->fd < 0)
		return -errno;
	ns->sk = rtnl_open(0);
	if (!ns->sk)
		return -errno;
	return rtnl_set_up(ns->sk, "lo");
}

/* Set the effective capabilities; the permitted ones remain, to restore them. */
static inline int set_caps(__u64 caps)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(__NR_capget, &hdr, data))
		return -errno;
	data[0].effective = data[0].permitted & caps;
	data[1].effective = data[1].permitted & (caps >> 32);
	return syscall(__NR_capset, &hdr, data) ? -errno : 0;
}

#define CAP_BIT(cap) (1ULL << (cap))

#endif /* __NSFD_RTNL_H */
