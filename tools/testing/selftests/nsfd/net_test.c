// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for network namespaces as files: interfaces, sockets and ports in
 * another namespace, entering and restoring it, when it is freed, and how a
 * socket, a tun device and a pidfd lead to it. For tests common to all types,
 * see proc_ns_test.c and setns_test.c.
 *
 * In the fixture, a child is in the namespace "there", and the caller is in its
 * original namespace "home". A veth pair connects them; each end has the name
 * of its namespace.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/un.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "common.h"
#include "uring.h"

#ifndef PIDFD_GET_NET_NAMESPACE	/* linux/pidfd.h conflicts with fcntl.h */
#define PIDFD_GET_NET_NAMESPACE _IO(0xff, 4)
#endif

#define CAP_BIT(cap) (1ULL << (cap))

/* Check whether a file in /proc/net has a line about @text. */
static bool file_has(const char *path, const char *text)
{
	FILE *f = fopen(path, "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	if (f)
		fclose(f);
	return found;
}

static int new_socket(int family)
{
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* Check whether the socket's namespace has the interface. */
static bool sk_sees(int sk, const char *name)
{
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return !ioctl(sk, SIOCGIFINDEX, &ifr);
}

/* Check whether the caller's namespace has the interface. */
static bool sees(const char *name)
{
	int sk = new_socket(AF_UNIX);
	bool found = sk >= 0 && sk_sees(sk, name);

	close(sk);
	return found;
}

static bool lo_is_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int sk = new_socket(AF_UNIX);
	int err = ioctl(sk, SIOCGIFFLAGS, &ifr);

	close(sk);
	return !err && (ifr.ifr_flags & IFF_UP);
}

static int set_lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sk = new_socket(AF_UNIX);
	int err = ioctl(sk, SIOCSIFFLAGS, &ifr) ? -errno : 0;

	close(sk);
	return err;
}

struct request {
	struct nlmsghdr nh;
	struct ifinfomsg ifi;
	char attrs[256];
};

/* Add an attribute; nested ones are added before it is ended. */
static struct rtattr *put(struct request *req, int type, const void *data,
			  size_t len)
{
	struct rtattr *attr = (void *)req + NLMSG_ALIGN(req->nh.nlmsg_len);

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), data, len);
	req->nh.nlmsg_len = NLMSG_ALIGN(req->nh.nlmsg_len) + RTA_SPACE(len);
	return attr;
}

static void end(struct request *req, struct rtattr *attr)
{
	attr->rta_len = (char *)req + req->nh.nlmsg_len - (char *)attr;
}

/* Send the request and wait for the response. */
static int talk(struct request *req)
{
	int sk = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr nh;
		struct nlmsgerr err;
		char more[512];
	} ack;
	int err = -EIO;

	if (send(sk, req, req->nh.nlmsg_len, 0) < 0)
		err = -errno;
	else if (recv(sk, &ack, sizeof(ack), 0) >= (int)sizeof(ack.err) &&
		 ack.nh.nlmsg_type == NLMSG_ERROR)
		err = ack.err.error;
	close(sk);
	return err;
}

/* Create a veth pair, with one end in the namespace of process @pid. */
static int add_veth(const char *name, const char *peer, pid_t pid)
{
	struct request req = {
		.nh.nlmsg_len = NLMSG_LENGTH(sizeof(req.ifi)),
		.nh.nlmsg_type = RTM_NEWLINK,
		.nh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
				  NLM_F_EXCL,
	};
	struct rtattr *info, *data, *nest;
	__u32 nspid = pid;

	put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	info = put(&req, IFLA_LINKINFO, NULL, 0);
	put(&req, IFLA_INFO_KIND, "veth", 5);
	data = put(&req, IFLA_INFO_DATA, NULL, 0);
	nest = put(&req, VETH_INFO_PEER, &req.ifi, sizeof(req.ifi));
	put(&req, IFLA_IFNAME, peer, strlen(peer) + 1);
	put(&req, IFLA_NET_NS_PID, &nspid, sizeof(nspid));
	end(&req, nest);
	end(&req, data);
	end(&req, info);
	return talk(&req);
}

/* Move an interface of the caller to the namespace of process @pid. */
static int move_link(const char *name, pid_t pid)
{
	struct request req = {
		.nh.nlmsg_len = NLMSG_LENGTH(sizeof(req.ifi)),
		.nh.nlmsg_type = RTM_NEWLINK,
		.nh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	__u32 nspid = pid;

	put(&req, IFLA_IFNAME, name, strlen(name) + 1);
	put(&req, IFLA_NET_NS_PID, &nspid, sizeof(nspid));
	return talk(&req);
}

/* Open a socket that is notified when interfaces appear and disappear. */
static int watch_links(void)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK,
	};
	int sk = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return bind(sk, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : sk;
}

/* Wait until the first interface has disappeared. */
static int wait_for_dellink(int sk)
{
	struct pollfd p = { .fd = sk, .events = POLLIN };
	struct {
		struct nlmsghdr nh;
		char more[4096];
	} msg;

	while (poll(&p, 1, 10000) == 1) {
		if (recv(sk, &msg, sizeof(msg), 0) < 0)
			return -errno;
		if (msg.nh.nlmsg_type == RTM_DELLINK)
			return 0;
	}
	return -ETIMEDOUT;
}

FIXTURE(net)
{
	struct ns_child child;
	int there, home;
};

FIXTURE_SETUP(net)
{
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&self->child, CLONE_NEWNET));
	self->there = open_ns(self->child.pid, "net");
	ASSERT_LE(0, self->there);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, set_lo_up());
	self->home = open_ns(0, "net");
	ASSERT_LE(0, self->home);
	ASSERT_NE(fd_ino(self->there), fd_ino(self->home));
	ASSERT_EQ(0, add_veth("home", "there", self->child.pid));
}

FIXTURE_TEARDOWN(net)
{
	ns_child_stop(&self->child);
}

#define ASSERT_THERE() do {						\
	ASSERT_TRUE(sees("there"));					\
	ASSERT_FALSE(sees("home"));					\
	ASSERT_EQ(fd_ino(self->there), ns_ino(0, "net"));		\
} while (0)

#define ASSERT_HOME() do {						\
	ASSERT_TRUE(sees("home"));					\
	ASSERT_FALSE(sees("there"));					\
	ASSERT_EQ(fd_ino(self->home), ns_ino(0, "net"));		\
} while (0)

TEST_F(net, enter_by_file)
{
	ASSERT_HOME();
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	ASSERT_THERE();
}

TEST_F(net, enter_and_restore)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_THERE();
		ASSERT_FALSE(lo_is_up());
		ASSERT_EQ(0, try_setns(self->home, 0));
		ASSERT_HOME();
		ASSERT_TRUE(lo_is_up());
	}
}

TEST_F(net, change_the_other_side)
{
	pid_t pid;

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, set_lo_up());
	ASSERT_EQ(0, try_setns(self->home, 0));
	/* the change must be visible in the namespace of the child */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, try_setns(self->child.pidfd, CLONE_NEWNET));
		ASSERT_TRUE(lo_is_up());
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

TEST_F(net, proc_shows_the_callers_own)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", self->child.pid);
	ASSERT_TRUE(file_has("/proc/thread-self/net/dev", "home:"));
	ASSERT_TRUE(file_has(path, "there:"));
	ASSERT_TRUE(dir_has("/proc/sys/net/ipv4/conf", "home"));
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_TRUE(file_has("/proc/thread-self/net/dev", "there:"));
	ASSERT_FALSE(file_has("/proc/thread-self/net/dev", "home:"));
	ASSERT_TRUE(dir_has("/proc/sys/net/ipv4/conf", "there"));
	ASSERT_FALSE(dir_has("/proc/sys/net/ipv4/conf", "home"));
}

/* A socket stays in the namespace in which it was created when the caller moves. */
TEST_F(net, sockets_stay)
{
	int at_home = new_socket(AF_INET), there;

	ASSERT_LE(0, at_home);
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	there = new_socket(AF_INET);
	ASSERT_LE(0, there);
	EXPECT_TRUE(sk_sees(at_home, "home"));
	EXPECT_FALSE(sk_sees(at_home, "there"));
	ASSERT_EQ(0, try_setns(self->home, CLONE_NEWNET));
	EXPECT_TRUE(sk_sees(there, "there"));
	EXPECT_FALSE(sk_sees(there, "home"));
}

/* The number that the kernel assigns to the namespace. */
TEST_F(net, cookies)
{
	int at_home = new_socket(AF_INET), there, fd;
	__u64 home = netns_cookie(at_home);

	ASSERT_NE(0ULL, home);
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	there = new_socket(AF_INET);
	ASSERT_NE(0ULL, netns_cookie(there));
	ASSERT_NE(home, netns_cookie(there));
	ASSERT_EQ(home, netns_cookie(at_home));
	fd = ioctl(at_home, SIOCGSKNS);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_setns(fd, 0));
	ASSERT_EQ(home, netns_cookie(new_socket(AF_INET)));
}

TEST_F(net, one_port_in_both)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int at_home = new_socket(AF_INET), there;

	ASSERT_EQ(0, bind(at_home, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	there = new_socket(AF_INET);
	EXPECT_EQ(0, bind(there, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, try_setns(self->home, CLONE_NEWNET));
	there = new_socket(AF_INET);
	EXPECT_EQ(-1, bind(there, (struct sockaddr *)&addr, sizeof(addr)));
	EXPECT_EQ(EADDRINUSE, errno);
}

TEST_F(net, abstract_unix_names)
{
	struct sockaddr_un addr = { AF_UNIX, "\0nsfd_net_test" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 14;
	int server, client;

	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	server = new_socket(AF_UNIX);
	ASSERT_EQ(0, bind(server, (struct sockaddr *)&addr, len));
	client = new_socket(AF_UNIX);
	EXPECT_EQ(0, connect(client, (struct sockaddr *)&addr, len));
	ASSERT_EQ(0, try_setns(self->home, CLONE_NEWNET));
	client = new_socket(AF_UNIX);
	EXPECT_EQ(-1, connect(client, (struct sockaddr *)&addr, len));
	EXPECT_EQ(ECONNREFUSED, errno);
}

/*
 * A socket pins the namespace, and leads back to it. When the namespace is
 * freed, the end of the veth in it is deleted, and so is the other end.
 */
TEST_F(net, socket_outlives_process_and_file)
{
	int links = watch_links(), sk, fd;

	ASSERT_EQ(0, try_setns(self->there, 0));
	sk = new_socket(AF_INET);
	ASSERT_EQ(0, try_setns(self->home, 0));
	ns_child_stop(&self->child);
	ASSERT_EQ(0, close(self->there));
	ASSERT_TRUE(sk_sees(sk, "there"));
	fd = ioctl(sk, SIOCGSKNS);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(sk));
	ASSERT_EQ(0, try_setns(fd, CLONE_NEWNET));
	ASSERT_TRUE(sees("there"));
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, wait_for_dellink(links));
	ASSERT_FALSE(sees("home"));
}

/* A request that is executed inline creates its socket in the caller's namespace. */
TEST_F(net, sockets_of_io_uring)
{
	struct uring ring;
	int at_home, there;

	if (uring_start(&ring, 0))
		SKIP(return, "io_uring_setup: %s", strerror(errno));
	at_home = uring_socket(&ring, AF_INET, 0);
	ASSERT_LE(0, at_home);
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	there = uring_socket(&ring, AF_INET, 0);
	ASSERT_LE(0, there);
	EXPECT_TRUE(sk_sees(at_home, "home"));
	EXPECT_TRUE(sk_sees(there, "there"));
	EXPECT_EQ(-EAFNOSUPPORT, uring_socket(&ring, 1000, 0));
}

/* A worker has the namespaces that the caller had when the worker was created. */
TEST_F(net, sockets_of_io_uring_worker)
{
	struct uring ring;
	int fd, i;

	if (uring_start(&ring, 0))
		SKIP(return, "io_uring_setup: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		fd = uring_socket(&ring, AF_INET, IOSQE_ASYNC);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(sk_sees(fd, "home"));
		close(fd);
		ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	}
	fd = new_socket(AF_INET);
	EXPECT_TRUE(sk_sees(fd, "there"));
}

/* So does the thread that polls the ring, since the creation of the ring. */
TEST_F(net, sockets_of_io_uring_poll)
{
	struct uring ring;
	int fd;

	if (uring_start(&ring, IORING_SETUP_SQPOLL))
		SKIP(return, "io_uring_setup: %s", strerror(errno));
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWNET));
	fd = uring_socket(&ring, AF_INET, 0);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(sk_sees(fd, "home"));
}

/* A request for a socket elsewhere never creates one at home. */
TEST_F(net, sockets_of_io_uring_elsewhere)
{
	struct uring ring;
	int sk;

	if (uring_start(&ring, 0))
		SKIP(return, "io_uring_setup: %s", strerror(errno));
	uring_sqe_socketat(&ring, self->there, AF_INET, SOCK_DGRAM, 0);
	sk = uring_call(&ring);
	/* if the kernel does not have IORING_SOCKET_NETNS */
	if (sk == -EINVAL)
		return;
	ASSERT_LE(0, sk);
	ASSERT_TRUE(sk_sees(sk, "there"));
}

TEST(socket_ioctl_opens_it)
{
	static const int families[] = {
		AF_INET, AF_INET6, AF_UNIX, AF_NETLINK
	};
	size_t i;

	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		int sk = new_socket(families[i]), fd;

		ASSERT_LE(0, sk);
		fd = ioctl(sk, SIOCGSKNS);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(ns_ino(0, "net"), fd_ino(fd));
		EXPECT_EQ(CLONE_NEWNET, ioctl(fd, NS_GET_NSTYPE));
		EXPECT_EQ(0, try_setns(fd, CLONE_NEWNET));
		/* the argument is ignored */
		EXPECT_LE(0, ioctl(sk, SIOCGSKNS, -1L));
	}
}

TEST_F(net, socket_ioctl_from_outside)
{
	int sk, fd;

	ASSERT_EQ(0, try_setns(self->there, 0));
	sk = new_socket(AF_INET);
	ASSERT_EQ(0, try_setns(self->home, 0));
	fd = ioctl(sk, SIOCGSKNS);
	ASSERT_LE(0, fd);
	EXPECT_EQ(fd_ino(self->there), fd_ino(fd));
	ASSERT_EQ(0, try_setns(fd, 0));
	ASSERT_THERE();
}

TEST(socket_ioctl_needs_cap_net_admin)
{
	pid_t pid;
	int sk;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sk = new_socket(AF_INET);
	ASSERT_LE(0, sk);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* the second one is for unshare_user(), which maps root */
		ASSERT_EQ(0, keep_caps(CAP_BIT(CAP_NET_ADMIN) |
				       CAP_BIT(CAP_SETFCAP)));
		ASSERT_LE(0, ioctl(sk, SIOCGSKNS));
		/* the capability must be in the user namespace that owns it */
		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(-1, ioctl(sk, SIOCGSKNS));
		ASSERT_EQ(EPERM, errno);
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(0, keep_caps(~CAP_BIT(CAP_NET_ADMIN)));
	ASSERT_EQ(-1, ioctl(sk, SIOCGSKNS));
	ASSERT_EQ(EPERM, errno);
}

#define TUN_DEVICE "/dev/net/tun"

static int new_tun(int fd, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(fd, TUNSETIFF, &ifr) ? -errno : 0;
}

/* A file descriptor of the device, opened in a new namespace. */
FIXTURE(tun)
{
	int fd;
	ino_t ns;
};

FIXTURE_SETUP(tun)
{
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->ns = ns_ino(0, "net");
	self->fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->fd < 0) {
		ASSERT_TRUE(have_ns("net"));
		SKIP(return, "%s: %s", TUN_DEVICE, strerror(errno));
	}
}

FIXTURE_TEARDOWN(tun)
{
}

TEST_F(tun, ioctls_open_it)
{
	int fd, i;

	/* the file descriptor has a namespace before there is a device */
	fd = ioctl(self->fd, SIOCGSKNS, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->ns, fd_ino(fd));
	EXPECT_EQ(-1, ioctl(self->fd, TUNGETDEVNETNS, NULL));
	EXPECT_EQ(EBADFD, errno);
	ASSERT_EQ(0, new_tun(self->fd, "nsfd"));
	for (i = 0; i < 2; i++) {
		fd = ioctl(self->fd, i ? TUNGETDEVNETNS : SIOCGSKNS, NULL);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		EXPECT_EQ(self->ns, fd_ino(fd));
		EXPECT_EQ(0, try_setns(fd, CLONE_NEWNET));
	}
}

/* From another namespace, with nothing but the file descriptor. */
TEST_F(tun, ioctls_from_outside)
{
	int sk, dev;

	ASSERT_EQ(0, new_tun(self->fd, "nsfd"));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_FALSE(sees("nsfd"));
	dev = ioctl(self->fd, TUNGETDEVNETNS, NULL);
	ASSERT_LE(0, dev);
	sk = ioctl(self->fd, SIOCGSKNS, NULL);
	ASSERT_LE(0, sk);
	EXPECT_EQ(self->ns, fd_ino(sk));
	EXPECT_EQ(self->ns, fd_ino(dev));
	EXPECT_NE(self->ns, ns_ino(0, "net"));
	ASSERT_EQ(0, try_setns(dev, CLONE_NEWNET));
	ASSERT_TRUE(sees("nsfd"));
}

TEST_F(tun, ioctls_need_cap_net_admin)
{
	int i;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, new_tun(self->fd, "nsfd"));
	ASSERT_LE(0, ioctl(self->fd, TUNGETDEVNETNS, NULL));
	ASSERT_LE(0, ioctl(self->fd, SIOCGSKNS, NULL));
	ASSERT_EQ(0, keep_caps(~CAP_BIT(CAP_NET_ADMIN)));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(-1, ioctl(self->fd, SIOCGSKNS, NULL));
		ASSERT_EQ(EPERM, errno);
		ASSERT_EQ(-1, ioctl(self->fd, TUNGETDEVNETNS, NULL));
		ASSERT_EQ(EPERM, errno);
		/* with all capabilities, but in another user namespace */
		ASSERT_EQ(0, unshare_user());
	}
}

/* When the device moves and the file descriptor does not, their namespaces differ. */
TEST_F(tun, device_elsewhere)
{
	struct ns_child child;
	int sk, dev;

	ASSERT_EQ(0, new_tun(self->fd, "nsfd"));
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	ASSERT_EQ(0, move_link("nsfd", child.pid));
	ASSERT_FALSE(sees("nsfd"));
	sk = ioctl(self->fd, SIOCGSKNS, NULL);
	ASSERT_LE(0, sk);
	EXPECT_EQ(self->ns, fd_ino(sk));
	dev = ioctl(self->fd, TUNGETDEVNETNS, NULL);
	ASSERT_LE(0, dev);
	EXPECT_EQ(ns_ino(child.pid, "net"), fd_ino(dev));
	ASSERT_EQ(0, try_setns(dev, CLONE_NEWNET));
	ASSERT_TRUE(sees("nsfd"));
	ns_child_stop(&child);
}

/* The owner of the file descriptor's namespace is irrelevant for the device's. */
TEST_F(tun, device_of_another_owner)
{
	struct ns_child child;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, new_tun(self->fd, "nsfd"));
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWUSER | CLONE_NEWNET));
	ASSERT_EQ(0, move_link("nsfd", child.pid));
	fd = open_ns(child.pid, "user");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_setns(fd, CLONE_NEWUSER));
	EXPECT_EQ(-1, ioctl(self->fd, SIOCGSKNS, NULL));
	EXPECT_EQ(EPERM, errno);
	fd = ioctl(self->fd, TUNGETDEVNETNS, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ns_ino(child.pid, "net"), fd_ino(fd));
	ns_child_stop(&child);
}

#define NS_NAME		"net"
#define NS_FLAG		CLONE_NEWNET
#define NS_REQUEST	PIDFD_GET_NET_NAMESPACE
#define NS_INDEX	NET_NS_INDEX
#include "pidfd_tests.h"
#include "perf_tests.h"

TEST_HARNESS_MAIN
