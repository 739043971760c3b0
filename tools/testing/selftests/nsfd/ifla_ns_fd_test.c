// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for IFLA_NS_FD: creating network devices in the network namespace of a
 * file descriptor, moving them there, and other uses of such a file descriptor
 * in rtnetlink.
 *
 * No process is ever in the namespace "there"; only a file descriptor refers to
 * it.
 */
#include <linux/net_namespace.h>
#include <linux/sockios.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "rtnl.h"

/* Set up both fixtures: two namespaces; the caller is in "here". */
static int make_two(struct rtnl_ns *here, struct rtnl_ns *there)
{
	return become_root() ?: rtnl_unshare(there) ?: rtnl_unshare(here);
}

/* Return the number of a file descriptor that is not open. */
static int closed_fd(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

/* Open file descriptors that do not refer to a network namespace. */
static int open_wrong(int *fds)
{
	int n = 0;

	fds[n++] = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	fds[n++] = open("/proc/self/ns", O_RDONLY | O_CLOEXEC);
	fds[n++] = open_ns(0, "mnt");
	fds[n++] = open_ns(0, any_ns());
	fds[n++] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[n++] = sys_pidfd_open(getpid(), 0);
	return n;
}

#define MAX_WRONG 6

/* Moving, by either message. */
FIXTURE(move)
{
	struct rtnl_ns here, there;
	int index;	/* of the dummy device "dev", initially in "here" */
};

FIXTURE_VARIANT(move)
{
	int type;
};

FIXTURE_VARIANT_ADD(move, newlink) { .type = RTM_NEWLINK };
FIXTURE_VARIANT_ADD(move, setlink) { .type = RTM_SETLINK };

FIXTURE_SETUP(move)
{
	ASSERT_EQ(0, make_two(&self->here, &self->there));
	ASSERT_EQ(0, rtnl_add_dummy(self->here.sk, "dev", -1));
	self->index = rtnl_index(self->here.sk, "dev");
	ASSERT_GT(self->index, 0);
}

FIXTURE_TEARDOWN(move)
{
}

#define ASSERT_STAYED() do {						\
	ASSERT_EQ(self->index, rtnl_index(self->here.sk, "dev"));	\
	ASSERT_EQ(-ENODEV, rtnl_index(self->there.sk, "dev"));		\
} while (0)

#define ASSERT_MOVED() do {						\
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));		\
	ASSERT_LT(0, rtnl_index(self->there.sk, "dev"));		\
} while (0)

TEST_F(move, dummy)
{
	ASSERT_EQ(28, IFLA_NS_FD);
	ASSERT_EQ(IFLA_NET_NS_FD, IFLA_NS_FD);
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev",
			       self->there.fd));
	ASSERT_MOVED();
}

TEST_F(move, from_outside)
{
	struct rtnl_ns third;
	int i;

	/* Neither the source nor the target is the caller's namespace. */
	ASSERT_EQ(0, rtnl_unshare(&third));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev",
				       self->there.fd));
		ASSERT_MOVED();
		ASSERT_EQ(0, rtnl_move(self->there.sk, variant->type, "dev",
				       self->here.fd));
		ASSERT_STAYED();
	}
	ASSERT_EQ(-ENODEV, rtnl_index(third.sk, "dev"));
}

TEST_F(move, to_where_it_is)
{
	/* Otherwise, the kernel might ignore it as an unknown attribute */
	ASSERT_EQ(-EBADF, rtnl_move(self->here.sk, variant->type, "dev", -1));
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev",
			       self->here.fd));
	ASSERT_STAYED();
}

TEST_F(move, one_end_of_a_veth)
{
	struct rtnl_req req;

	ASSERT_EQ(0, rtnl_add_veth(self->here.sk, "end0", -1, "end1", -1));
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "end1",
			       self->there.fd));
	ASSERT_LT(0, rtnl_index(self->here.sk, "end0"));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "end1"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "end1"));

	/* They must still be a pair: deleting one end deletes the other. */
	rtnl_link(&req, RTM_DELLINK, 0, "end0");
	ASSERT_EQ(0, rtnl_send(self->here.sk, &req));
	ASSERT_EQ(-ENODEV, rtnl_index(self->there.sk, "end1"));
}

TEST_F(move, by_index_with_a_new_name)
{
	struct ifinfomsg *ifi;
	struct rtnl_req req;

	/* The name is in use there, but the message contains another one. */
	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", -1));
	ifi = rtnl_link(&req, variant->type, 0, "other");
	ifi->ifi_index = self->index;
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(0, rtnl_send(self->here.sk, &req));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "other"));
}

TEST_F(move, by_a_descriptor_from_a_socket)
{
	int nsfd = ioctl(mnl_socket_get_fd(self->there.sk), SIOCGSKNS);

	ASSERT_GE(nsfd, 0);
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev", nsfd));
	ASSERT_MOVED();
}

TEST_F(move, bad_descriptor)
{
	int bad[] = { -1, AT_FDCWD, closed_fd(),
		      open("/proc/self/ns/net", O_PATH | O_CLOEXEC) };
	unsigned int i;

	ASSERT_GE(bad[3], 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(-EBADF, rtnl_move(self->here.sk, variant->type,
					    "dev", bad[i]));
		ASSERT_STAYED();
	}
}

TEST_F(move, wrong_descriptor)
{
	int wrong[MAX_WRONG];
	int i, n = open_wrong(wrong);

	for (i = 0; i < n; i++) {
		ASSERT_GE(wrong[i], 0);
		ASSERT_EQ(-EINVAL, rtnl_move(self->here.sk, variant->type,
					     "dev", wrong[i]));
		ASSERT_STAYED();
	}
}

TEST_F(move, name_taken)
{
	int index;

	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", -1));
	index = rtnl_index(self->there.sk, "dev");
	ASSERT_EQ(-EEXIST, rtnl_move(self->here.sk, variant->type, "dev",
				     self->there.fd));
	ASSERT_EQ(self->index, rtnl_index(self->here.sk, "dev"));
	ASSERT_EQ(index, rtnl_index(self->there.sk, "dev"));
}

TEST_F(move, lo_stays)
{
	ASSERT_EQ(-EINVAL, rtnl_move(self->here.sk, variant->type, "lo",
				     self->there.fd));
	ASSERT_EQ(1, rtnl_index(self->here.sk, "lo"));
}

TEST_F(move, no_such_device)
{
	ASSERT_EQ(-ENODEV, rtnl_move(self->here.sk, variant->type, "none",
				     self->there.fd));
	/* and the file descriptor is checked, if there is one */
	ASSERT_EQ(-EBADF, rtnl_move(self->here.sk, variant->type, "dev", -1));
}

TEST_F(move, needs_net_admin)
{
	ASSERT_EQ(0, set_caps(~CAP_BIT(CAP_NET_ADMIN)));
	ASSERT_EQ(-EPERM, rtnl_move(self->here.sk, variant->type, "dev",
				    self->there.fd));
	ASSERT_STAYED();

	/* No other capability is required, in contrast to setns(). */
	ASSERT_EQ(0, set_caps(CAP_BIT(CAP_NET_ADMIN)));
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev",
			       self->there.fd));
	ASSERT_MOVED();
}

/* As root of a user namespace that owns only one of the two. */
TEST_F(move, needs_net_admin_over_both)
{
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct rtnl_ns inner;

		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(0, rtnl_unshare(&inner));
		ASSERT_EQ(0, rtnl_add_dummy(inner.sk, "toy", -1));

		/* privileged over the source only */
		ASSERT_EQ(-EPERM, rtnl_move(inner.sk, variant->type, "toy",
					    self->there.fd));
		ASSERT_LT(0, rtnl_index(inner.sk, "toy"));
		ASSERT_EQ(-ENODEV, rtnl_index(self->there.sk, "toy"));

		/* privileged over the target only */
		ASSERT_EQ(-EPERM, rtnl_move(self->here.sk, variant->type,
					    "dev", inner.fd));
		ASSERT_EQ(-ENODEV, rtnl_index(inner.sk, "dev"));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_STAYED();
}

/* The owner of a user namespace has all capabilities in it. */
TEST_F(move, into_a_child_user_namespace)
{
	struct ns_child c = { .pid = -1 };
	int nsfd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNET));
	nsfd = open_ns(c.pid, "net");
	ASSERT_GE(nsfd, 0);
	ASSERT_EQ(0, rtnl_move(self->here.sk, variant->type, "dev", nsfd));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));
	ns_child_stop(&c);
}

/* More than one attribute for the target is an error; each alone is valid. */
TEST_F(move, with_pid)
{
	struct rtnl_req req;

	rtnl_link(&req, variant->type, 0, "dev");
	mnl_attr_put_u32(&req.nh, IFLA_NET_NS_PID, getpid());
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(-EINVAL, rtnl_send(self->here.sk, &req));
	ASSERT_STAYED();
}

/* Assign the ID @id to the namespace @nsfd in the namespace of @sk. */
static int new_nsid(struct mnl_socket *sk, int nsfd, int id)
{
	struct rtnl_req req;

	rtnl_start(&req, RTM_NEWNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(&req.nh, NETNSA_NSID, id);
	mnl_attr_put_u32(&req.nh, NETNSA_FD, nsfd);
	return rtnl_send(sk, &req);
}

TEST_F(move, with_nsid)
{
	struct rtnl_req req;

	ASSERT_EQ(0, new_nsid(self->here.sk, self->there.fd, 7));
	rtnl_link(&req, variant->type, 0, "dev");
	mnl_attr_put_u32(&req.nh, IFLA_TARGET_NETNSID, 7);
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(-EINVAL, rtnl_send(self->here.sk, &req));
	ASSERT_STAYED();
}

/* Errors with several possible causes must have an explanatory text. */
TEST_F(move, explains_errors)
{
	char text[RTNL_TEXT];
	struct rtnl_req req;

	rtnl_link(&req, variant->type, 0, "dev");
	mnl_attr_put_u32(&req.nh, IFLA_NET_NS_PID, getpid());
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(-EINVAL, rtnl_send_for_text(self->here.sk, &req, text));
	EXPECT_STREQ("multiple netns identifying attributes specified", text);

	rtnl_link(&req, variant->type, 0, "lo");
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(-EINVAL, rtnl_send_for_text(self->here.sk, &req, text));
	EXPECT_STREQ("The interface netns is immutable", text);

	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", -1));
	rtnl_link(&req, variant->type, 0, "dev");
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
	ASSERT_EQ(-EEXIST, rtnl_send_for_text(self->here.sk, &req, text));
	EXPECT_NE(0, text[0]);

	/* This error needs no text. */
	rtnl_link(&req, variant->type, 0, "dev");
	mnl_attr_put_u32(&req.nh, IFLA_NS_FD, -1);
	ASSERT_EQ(-EBADF, rtnl_send_for_text(self->here.sk, &req, text));
	EXPECT_STREQ("", text);
}

/* Creating devices, and other messages that accept or reject the file descriptor. */
FIXTURE(create)
{
	struct rtnl_ns here, there;
};

FIXTURE_SETUP(create)
{
	ASSERT_EQ(0, make_two(&self->here, &self->there));
}

FIXTURE_TEARDOWN(create)
{
}

#define ASSERT_NOWHERE(name) do {					\
	const char *__name = (name);					\
									\
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, __name));		\
	ASSERT_EQ(-ENODEV, rtnl_index(self->there.sk, __name));		\
} while (0)

TEST_F(create, dummy)
{
	ASSERT_EQ(0, rtnl_add_dummy(self->here.sk, "dev", self->there.fd));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "dev"));
}

TEST_F(create, dummy_from_outside)
{
	struct rtnl_ns third;

	ASSERT_EQ(0, rtnl_unshare(&third));
	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", self->here.fd));
	ASSERT_EQ(-ENODEV, rtnl_index(self->there.sk, "dev"));
	ASSERT_LT(0, rtnl_index(self->here.sk, "dev"));
	ASSERT_EQ(-ENODEV, rtnl_index(third.sk, "dev"));
}

TEST_F(create, veth_peer_there)
{
	ASSERT_EQ(0, rtnl_add_veth(self->here.sk, "end0", -1, "end1",
				   self->there.fd));
	ASSERT_LT(0, rtnl_index(self->here.sk, "end0"));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "end1"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "end1"));
}

TEST_F(create, veth_there_peer_here)
{
	ASSERT_EQ(0, rtnl_add_veth(self->here.sk, "end0", self->there.fd,
				   "end1", -1));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "end0"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "end0"));
	ASSERT_LT(0, rtnl_index(self->here.sk, "end1"));
}

TEST_F(create, veth_from_outside)
{
	struct rtnl_ns third;

	ASSERT_EQ(0, rtnl_unshare(&third));
	ASSERT_EQ(0, rtnl_add_veth(third.sk, "end0", self->here.fd, "end1",
				   self->there.fd));
	ASSERT_LT(0, rtnl_index(self->here.sk, "end0"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "end1"));
	ASSERT_EQ(-ENODEV, rtnl_index(third.sk, "end0"));
	ASSERT_EQ(-ENODEV, rtnl_index(third.sk, "end1"));
}

TEST_F(create, bad_descriptor)
{
	int bad = open("/proc/self/ns/net", O_PATH | O_CLOEXEC);

	ASSERT_GE(bad, 0);
	ASSERT_EQ(-EBADF, rtnl_add_dummy(self->here.sk, "dev", bad));
	ASSERT_EQ(-EBADF, rtnl_add_dummy(self->here.sk, "dev", closed_fd()));
	ASSERT_EQ(-EBADF, rtnl_add_veth(self->here.sk, "dev", bad, "p", -1));
	ASSERT_EQ(-EBADF, rtnl_add_veth(self->here.sk, "dev", -1, "p", bad));
	ASSERT_NOWHERE("dev");
	ASSERT_NOWHERE("p");
}

TEST_F(create, wrong_descriptor)
{
	int wrong[MAX_WRONG];
	int i, n = open_wrong(wrong);

	for (i = 0; i < n; i++) {
		int fd = wrong[i];

		ASSERT_GE(fd, 0);
		ASSERT_EQ(-EINVAL, rtnl_add_dummy(self->here.sk, "dev", fd));
		ASSERT_EQ(-EINVAL, rtnl_add_veth(self->here.sk, "dev", -1,
						 "p", fd));
		ASSERT_NOWHERE("dev");
		ASSERT_NOWHERE("p");
	}
}

TEST_F(create, name_taken)
{
	int index;

	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", -1));
	index = rtnl_index(self->there.sk, "dev");
	ASSERT_EQ(-EEXIST, rtnl_add_dummy(self->here.sk, "dev",
					  self->there.fd));
	ASSERT_EQ(index, rtnl_index(self->there.sk, "dev"));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));
}

TEST_F(create, needs_net_admin)
{
	ASSERT_EQ(0, set_caps(~CAP_BIT(CAP_NET_ADMIN)));
	ASSERT_EQ(-EPERM, rtnl_add_dummy(self->here.sk, "dev",
					 self->there.fd));
	ASSERT_NOWHERE("dev");
	ASSERT_EQ(0, set_caps(CAP_BIT(CAP_NET_ADMIN)));
	ASSERT_EQ(0, rtnl_add_dummy(self->here.sk, "dev", self->there.fd));
	ASSERT_EQ(-ENODEV, rtnl_index(self->here.sk, "dev"));
	ASSERT_LT(0, rtnl_index(self->there.sk, "dev"));
}

TEST_F(create, needs_net_admin_over_target)
{
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct rtnl_ns inner;

		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(0, rtnl_unshare(&inner));
		ASSERT_EQ(-EPERM, rtnl_add_dummy(inner.sk, "dev",
						 self->there.fd));
		ASSERT_EQ(-ENODEV, rtnl_index(inner.sk, "dev"));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_NOWHERE("dev");
}

/* These query or delete objects in another namespace, by ID only. */
TEST_F(create, refused_by_other_messages)
{
	static const int types[] = { RTM_GETLINK, RTM_DELLINK,
				     RTM_NEWLINKPROP, RTM_DELLINKPROP };
	char text[RTNL_TEXT];
	struct rtnl_req req;
	unsigned int i;

	ASSERT_EQ(0, rtnl_add_dummy(self->here.sk, "dev", -1));
	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "dev", -1));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		rtnl_link(&req, types[i], 0, "dev");
		mnl_attr_put_u32(&req.nh, IFLA_NS_FD, self->there.fd);
		ASSERT_EQ(-EOPNOTSUPP,
			  rtnl_send_for_text(self->here.sk, &req, text));
		ASSERT_STREQ("specified netns attribute not supported", text);
		ASSERT_LT(0, rtnl_index(self->here.sk, "dev"));
		ASSERT_LT(0, rtnl_index(self->there.sk, "dev"));
	}
}

static int nsid_cb(const struct nlmsghdr *nh, void *data)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attr) == NETNSA_NSID)
			*(int *)data = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* Get the ID of the namespace @nsfd in the namespace of @sk. */
static int get_nsid(struct mnl_socket *sk, int nsfd, int *id)
{
	struct rtnl_req req;

	rtnl_start(&req, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(&req.nh, NETNSA_FD, nsfd);
	return rtnl_ask(sk, &req, nsid_cb, id);
}

TEST_F(create, nsid)
{
	int id = 0;

	ASSERT_EQ(0, get_nsid(self->here.sk, self->there.fd, &id));
	ASSERT_EQ(NETNSA_NSID_NOT_ASSIGNED, id);
	ASSERT_EQ(0, new_nsid(self->here.sk, self->there.fd, 7));
	ASSERT_EQ(0, get_nsid(self->here.sk, self->there.fd, &id));
	ASSERT_EQ(7, id);
	ASSERT_EQ(-EEXIST, new_nsid(self->here.sk, self->there.fd, 8));
	ASSERT_EQ(-EEXIST, new_nsid(self->here.sk, self->here.fd, 7));
}

TEST_F(create, nsid_errors)
{
	int wrong[MAX_WRONG];
	int i, id, n = open_wrong(wrong);
	int bad = closed_fd();

	ASSERT_EQ(-EBADF, new_nsid(self->here.sk, bad, 7));
	ASSERT_EQ(-EBADF, get_nsid(self->here.sk, bad, &id));
	for (i = 0; i < n; i++) {
		ASSERT_GE(wrong[i], 0);
		ASSERT_EQ(-EINVAL, new_nsid(self->here.sk, wrong[i], 7));
		ASSERT_EQ(-EINVAL, get_nsid(self->here.sk, wrong[i], &id));
	}
	ASSERT_EQ(0, set_caps(0));
	ASSERT_EQ(-EPERM, new_nsid(self->here.sk, self->there.fd, 7));
}

/* As an ordinary user, in a user namespace, with network namespaces of its own. */
TEST(ordinary_user)
{
	struct rtnl_ns here, there;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, rtnl_unshare(&there));
	ASSERT_EQ(0, rtnl_unshare(&here));
	ASSERT_EQ(0, rtnl_add_veth(here.sk, "end0", -1, "end1", -1));
	ASSERT_EQ(0, rtnl_move(here.sk, RTM_NEWLINK, "end1", there.fd));
	ASSERT_LT(0, rtnl_index(there.sk, "end1"));
	ASSERT_EQ(0, rtnl_add_dummy(here.sk, "dev", there.fd));
	ASSERT_LT(0, rtnl_index(there.sk, "dev"));
}

TEST_HARNESS_MAIN
