// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for socketat(): parity with setns() and socket(), threads, traffic,
 * arguments, failures, privileges and lifetimes. The caller is always in the
 * namespace "here"; no process is in "there".
 */
#include <dirent.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/un.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "rtnl.h"

/* <linux/pidfd.h> conflicts with <fcntl.h>. */
#ifndef PIDFD_GET_NET_NAMESPACE
#define PIDFD_GET_NET_NAMESPACE _IO(0xFF, 4)
#endif

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage ss;
};

static socklen_t make_addr(union addr *a, int family, const char *text,
			   int port)
{
	memset(a, 0, sizeof(*a));
	a->sa.sa_family = family;
	if (family == AF_INET6) {
		inet_pton(family, text, &a->in6.sin6_addr);
		a->in6.sin6_port = htons(port);
		return sizeof(a->in6);
	}
	inet_pton(family, text, &a->in.sin_addr);
	a->in.sin_port = htons(port);
	return sizeof(a->in);
}

static int sockopt(int sk, int opt)
{
	socklen_t len = sizeof(int);
	int val = -1;

	return getsockopt(sk, SOL_SOCKET, opt, &val, &len) ? -errno : val;
}

/* @ns has a socket that was created in it, so comparing requires no privilege. */
static bool is_in(int sk, const struct rtnl_ns *ns)
{
	__u64 cookie = netns_cookie(sk);

	return cookie && cookie == netns_cookie(mnl_socket_get_fd(ns->sk));
}

static bool missing(void)
{
	return sys_socketat(-1, 0, 0, 0) == -1 && errno != EBADF;
}

FIXTURE(socketat)
{
	struct rtnl_ns here, there;
	int first;	/* the namespace in which the test was started */
	int sockstat;	/* /proc/net/sockstat of "there" */
};

FIXTURE_SETUP(socketat)
{
	if (missing())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, become_root());
	self->first = open_ns(0, "net");
	ASSERT_GE(self->first, 0);
	ASSERT_EQ(0, rtnl_unshare(&self->there));
	self->sockstat = open("/proc/thread-self/net/sockstat",
			      O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->sockstat, 0);
	ASSERT_EQ(0, rtnl_unshare(&self->here));
}

FIXTURE_TEARDOWN(socketat)
{
}

#ifdef __x86_64__
static long call_i386(long nr, long a, long b, long c, long d)
{
	int ret;

	asm volatile("int $0x80" : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static long call_x32(long nr, long a, long b, long c, long d)
{
	long ret = syscall(nr | 0x40000000, a, b, c, d);

	return ret < 0 ? -errno : ret;
}

TEST_F(socketat, by_the_numbers_of_other_abis)
{
	static const struct {
		long (*call)(long nr, long a, long b, long c, long d);
		int getpid;
	} abis[] = { { call_i386, 20 }, { call_x32, 39 } };
	int status, sk, found = 0;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		/* A kernel without the ABI can send a signal. */
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(abis[i].call(abis[i].getpid, 0, 0, 0, 0) != getpid());
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		if (status)
			continue;
		found++;
		sk = abis[i].call(548, self->there.fd, AF_INET, SOCK_DGRAM, 0);
		ASSERT_LE(0, sk);
		ASSERT_TRUE(is_in(sk, &self->there));
		ASSERT_EQ(-EBADF, abis[i].call(548, -1, AF_INET, SOCK_DGRAM, 0));
		ASSERT_EQ(-EAFNOSUPPORT,
			  abis[i].call(548, self->there.fd, 1000, SOCK_DGRAM, 0));
	}
	if (!found)
		SKIP(return, "neither i386 nor x32");
}
#endif

/* No test may move the caller. */
#define ASSERT_HERE() \
	ASSERT_EQ(fd_ino(self->here.fd), ns_ino(0, "net"))

#define ASSERT_FAILS(err, call) do {	\
	ASSERT_EQ(-1, (call));		\
	ASSERT_EQ(err, errno);		\
} while (0)

#define DGRAM(nsfd) sys_socketat(nsfd, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)

/* Parity with socket(), for all arguments. */
struct outcome {
	int err, family, type, protocol, fdflags, flflags;
	__u64 cookie;
};

static void outcome_of(int sk, struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	if (sk < 0) {
		o->err = errno;
		return;
	}
	o->family = sockopt(sk, SO_DOMAIN);
	o->type = sockopt(sk, SO_TYPE);
	o->protocol = sockopt(sk, SO_PROTOCOL);
	o->fdflags = fcntl(sk, F_GETFD);
	o->flflags = fcntl(sk, F_GETFL);
	o->cookie = netns_cookie(sk);
	close(sk);
}

/* Create the socket with setns(), socket(), setns(). */
static int visit(int nsfd, int own, int family, int type, int protocol)
{
	int sk, err;

	if (sys_setns(nsfd, CLONE_NEWNET))
		return -1;
	sk = socket(family, type, protocol);
	err = errno;
	if (sys_setns(own, CLONE_NEWNET))
		abort();
	errno = err;
	return sk;
}

/* Return how many sockets could be created, or -1 if a result differs. */
static int compare(struct __test_metadata *_metadata, int nsfd, int own)
{
	static const int protocols[] = {
		0, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6,
		262 /* MPTCP */, -1,
	};
	static const int flags[] = {
		SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | SOCK_NONBLOCK,
		SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		SOCK_STREAM | 0x10, SOCK_DGRAM | 0x100000, -1,
	};
	struct outcome o, should;
	int family, t, made = 0;
	unsigned int p;

	for (family = -1; family <= AF_MAX + 2; family++) {
		for (t = 0; t < 12 + (int)ARRAY_SIZE(flags); t++) {
			int type = t < 12 ? t : flags[t - 12];

			for (p = 0; p < ARRAY_SIZE(protocols); p++) {
				outcome_of(visit(nsfd, own, family, type,
						 protocols[p]), &should);
				outcome_of(sys_socketat(nsfd, family, type,
							protocols[p]), &o);
				made += !o.err;
				if (!memcmp(&o, &should, sizeof(o)))
					continue;
				TH_LOG("%d, %#x, %d: errno %d, not %d", family,
				       type, protocols[p], o.err, should.err);
				return -1;
			}
		}
	}
	return made;
}

/* The kernel may try to load a module for each missing family. */
TEST_F_TIMEOUT(socketat, parity_there, 300)
{
	ASSERT_LT(100, compare(_metadata, self->there.fd, self->here.fd));
	ASSERT_HERE();
}

TEST_F_TIMEOUT(socketat, parity_here, 300)
{
	ASSERT_LT(100, compare(_metadata, self->here.fd, self->here.fd));
	ASSERT_HERE();
}

/* Some families exist only in the initial namespace. An ordinary user gets EPERM. */
TEST_F_TIMEOUT(socketat, parity_first, 300)
{
	ASSERT_LE(0, compare(_metadata, self->first, self->here.fd));
	ASSERT_HERE();
}

TEST_F(socketat, namespace_and_type)
{
	int sk = sys_socketat(self->there.fd, AF_INET6, SOCK_STREAM,
			      IPPROTO_TCP);

	ASSERT_GE(sk, 0);
	ASSERT_TRUE(is_in(sk, &self->there));
	ASSERT_FALSE(is_in(sk, &self->here));
	ASSERT_EQ(fd_ino(self->there.fd), fd_ino(ioctl(sk, SIOCGSKNS)));
	ASSERT_EQ(AF_INET6, sockopt(sk, SO_DOMAIN));
	ASSERT_EQ(SOCK_STREAM, sockopt(sk, SO_TYPE));
	ASSERT_EQ(IPPROTO_TCP, sockopt(sk, SO_PROTOCOL));
	sk = DGRAM(self->here.fd);
	ASSERT_TRUE(is_in(sk, &self->here));
	ASSERT_HERE();
}

/*
 * Threads
 */
struct witness {
	const struct rtnl_ns *here;
	int rounds, strayed, stop;
};

static void *witness_run(void *arg)
{
	struct witness *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
		int sk = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		w->strayed += !is_in(sk, w->here) ||
			      ns_ino(0, "net") != fd_ino(w->here->fd) ||
			      ns_ino(getpid(), "net") != fd_ino(w->here->fd);
		close(sk);
		__atomic_add_fetch(&w->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

TEST_F(socketat, no_thread_moves)
{
	struct witness w = { .here = &self->here };
	pthread_t thread;
	int i, sk;

	ASSERT_EQ(0, pthread_create(&thread, NULL, witness_run, &w));
	for (i = 0; i < 300 || __atomic_load_n(&w.rounds, __ATOMIC_ACQUIRE) < 3;
	     i++) {
		sk = DGRAM(self->there.fd);
		ASSERT_TRUE(is_in(sk, &self->there));
		close(sk);
		ASSERT_HERE();
		sk = socket(AF_INET, SOCK_DGRAM, 0);
		ASSERT_TRUE(is_in(sk, &self->here));
		close(sk);
		sched_yield();
	}
	__atomic_store_n(&w.stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, w.strayed);
}

/* A number above those of other file descriptors. */
#define SHARED_FD 900

struct juggler {
	int here, there, stop;
};

static void *juggler_run(void *arg)
{
	struct juggler *j = arg;

	while (!__atomic_load_n(&j->stop, __ATOMIC_ACQUIRE)) {
		dup2(j->here, SHARED_FD);
		sched_yield();
		dup2(j->there, SHARED_FD);
		sched_yield();
		close(SHARED_FD);
		sched_yield();
	}
	return NULL;
}

/*
 * The file descriptor changes during the call: the socket is in either
 * namespace, or the call fails.
 */
TEST_F(socketat, race_with_dup2_and_close)
{
	struct juggler j = { self->here.fd, self->there.fd };
	pthread_t thread;
	int i, sk, seen = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, juggler_run, &j));
	for (i = 0; i < 1500 || seen != 7; i++) {
		sk = DGRAM(SHARED_FD);
		if (sk < 0) {
			/*
			 * The module checks its own namespace in a separate
			 * step: see module.h.
			 */
			if (by_module() && errno == EPERM)
				continue;
			ASSERT_EQ(EBADF, errno);
			seen |= 1;
		} else if (is_in(sk, &self->here)) {
			seen |= 2;
		} else {
			ASSERT_TRUE(is_in(sk, &self->there));
			seen |= 4;
		}
		close(sk);
		sched_yield();
	}
	__atomic_store_n(&j.stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_HERE();
}

/*
 * Traffic
 */
static int listener(int nsfd, const char *text, int family, int port)
{
	union addr a;
	socklen_t len = make_addr(&a, family, text, port);
	int sk = sys_socketat(nsfd, family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (sk < 0 || bind(sk, &a.sa, len) || listen(sk, 5))
		return -errno;
	return sk;
}

TEST_F(socketat, two_servers_on_one_port)
{
	const struct rtnl_ns *ns[] = { &self->here, &self->there };
	struct pollfd servers[2];
	int i, sk, client[2];
	union addr a;
	socklen_t len = make_addr(&a, AF_INET, "127.0.0.1", 80);
	char c;

	for (i = 0; i < 2; i++) {
		servers[i].fd = listener(ns[i]->fd, "127.0.0.1", AF_INET, 80);
		servers[i].events = POLLIN;
		ASSERT_GE(servers[i].fd, 0);
	}
	ASSERT_EQ(-EADDRINUSE,
		  listener(self->there.fd, "127.0.0.1", AF_INET, 80));
	for (i = 0; i < 2; i++) {
		client[i] = sys_socketat(ns[i]->fd, AF_INET, SOCK_STREAM, 0);
		ASSERT_EQ(0, connect(client[i], &a.sa, len));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, poll(&servers[i], 1, 10000));
		sk = accept4(servers[i].fd, NULL, NULL, SOCK_CLOEXEC);
		ASSERT_TRUE(is_in(sk, ns[i]));
		ASSERT_EQ(1, send(sk, i ? "t" : "h", 1, 0));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, recv(client[i], &c, 1, 0));
		ASSERT_EQ(i ? 't' : 'h', c);
	}
	ASSERT_HERE();
}

/* Traffic between "here" and "there", over a veth pair. */
FIXTURE(veth)
{
	struct rtnl_ns here, there;
};

FIXTURE_VARIANT(veth)
{
	int family, prefix;
	const char *here, *there;
};

FIXTURE_VARIANT_ADD(veth, ipv4)
{
	AF_INET, 24, "192.0.2.1", "192.0.2.2",
};

FIXTURE_VARIANT_ADD(veth, ipv6)
{
	AF_INET6, 64, "2001:db8::1", "2001:db8::2",
};

FIXTURE_SETUP(veth)
{
	struct rtnl_ns *here = &self->here, *there = &self->there;

	if (missing())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, rtnl_unshare(there));
	ASSERT_EQ(0, rtnl_unshare(here));
	ASSERT_EQ(0, rtnl_add_veth(here->sk, "end0", -1, "end1", there->fd));
	ASSERT_EQ(0, rtnl_set_up(here->sk, "end0"));
	ASSERT_EQ(0, rtnl_set_up(there->sk, "end1"));
	ASSERT_EQ(0, rtnl_add_addr(here->sk, "end0", variant->family,
				   variant->here, variant->prefix));
	ASSERT_EQ(0, rtnl_add_addr(there->sk, "end1", variant->family,
				   variant->there, variant->prefix));
}

FIXTURE_TEARDOWN(veth)
{
}

TEST_F(veth, tcp)
{
	int server, client, sk;
	union addr a, from;
	socklen_t len, size = sizeof(from);
	char buf[8];

	server = listener(self->there.fd, variant->there, variant->family, 80);
	ASSERT_GE(server, 0);
	len = make_addr(&a, variant->family, variant->there, 80);
	client = socket(variant->family, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(client, &a.sa, len));
	sk = accept(server, &from.sa, &size);
	ASSERT_TRUE(is_in(sk, &self->there));
	ASSERT_TRUE(is_in(client, &self->here));
	ASSERT_EQ(4, send(client, "ping", 4, 0));
	ASSERT_EQ(4, recv(sk, buf, 4, MSG_WAITALL));
	ASSERT_EQ(0, memcmp(buf, "ping", 4));
	ASSERT_EQ(4, send(sk, "pong", 4, 0));
	ASSERT_EQ(4, recv(client, buf, 4, MSG_WAITALL));
	ASSERT_EQ(0, memcmp(buf, "pong", 4));
	ASSERT_HERE();
}

TEST_F(veth, udp)
{
	int server, client;
	union addr a, from;
	socklen_t len, size = sizeof(from);
	char buf[8];

	len = make_addr(&a, variant->family, variant->there, 53);
	server = sys_socketat(self->there.fd, variant->family, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bind(server, &a.sa, len));
	client = socket(variant->family, SOCK_DGRAM, 0);
	ASSERT_EQ(0, connect(client, &a.sa, len));
	ASSERT_EQ(4, send(client, "ping", 4, 0));
	ASSERT_EQ(4, recvfrom(server, buf, 8, 0, &from.sa, &size));
	ASSERT_EQ(4, sendto(server, "pong", 4, 0, &from.sa, size));
	ASSERT_EQ(4, recv(client, buf, 8, 0));
	ASSERT_EQ(0, memcmp(buf, "pong", 4));
	ASSERT_HERE();
}

TEST_F(socketat, abstract_unix_names)
{
	union addr a = { .un = { AF_UNIX, "\0nsfd" } };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 5;
	int server = sys_socketat(self->there.fd, AF_UNIX, SOCK_STREAM, 0);
	int client, sk;

	ASSERT_EQ(0, bind(server, &a.sa, len));
	ASSERT_EQ(0, listen(server, 1));
	sk = sys_socketat(self->there.fd, AF_UNIX, SOCK_STREAM, 0);
	ASSERT_FAILS(EADDRINUSE, bind(sk, &a.sa, len));
	ASSERT_EQ(0, connect(sk, &a.sa, len));
	ASSERT_TRUE(is_in(accept(server, NULL, NULL), &self->there));

	client = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_FAILS(ECONNREFUSED, connect(client, &a.sa, len));
	ASSERT_EQ(0, bind(client, &a.sa, len));
}

static int dump_cb(const struct nlmsghdr *nh, void *data)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, nh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
		    !strcmp(mnl_attr_get_str(attr), "only-there"))
			++*(int *)data;
	return MNL_CB_OK;
}

TEST_F(socketat, netlink_dump)
{
	int fds[] = { self->there.fd, self->here.fd };
	struct mnl_socket *sk;
	struct rtnl_req req;
	int i, found;

	ASSERT_EQ(0, rtnl_add_dummy(self->there.sk, "only-there", -1));
	for (i = 0; i < 2; i++) {
		sk = mnl_socket_fdopen(sys_socketat(fds[i], AF_NETLINK,
						    SOCK_RAW, NETLINK_ROUTE));
		ASSERT_NE(NULL, sk);
		rtnl_start(&req, RTM_GETLINK, NLM_F_DUMP,
			   sizeof(struct ifinfomsg));
		found = 0;
		ASSERT_EQ(0, rtnl_ask(sk, &req, dump_cb, &found));
		ASSERT_EQ(!i, found);
	}
}

/*
 * Arguments
 */
TEST_F(socketat, cloexec_and_nonblock)
{
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK,
				     SOCK_CLOEXEC | SOCK_NONBLOCK };
	unsigned int i;
	int sk;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		sk = sys_socketat(self->there.fd, AF_INET,
				  SOCK_DGRAM | flags[i], 0);
		ASSERT_TRUE(is_in(sk, &self->there));
		ASSERT_EQ(flags[i] & SOCK_CLOEXEC ? FD_CLOEXEC : 0,
			  fcntl(sk, F_GETFD));
		ASSERT_EQ(flags[i] & SOCK_NONBLOCK ? O_NONBLOCK : 0,
			  fcntl(sk, F_GETFL) & O_NONBLOCK);
	}
}

TEST_F(socketat, unknown_type_bits)
{
	unsigned int bit;

	for (bit = 0x10; bit; bit <<= 1) {
		if (bit & (SOCK_CLOEXEC | SOCK_NONBLOCK))
			continue;
		ASSERT_FAILS(EINVAL, sys_socketat(self->there.fd, AF_INET,
						  SOCK_DGRAM | bit, 0));
	}
}

TEST_F(socketat, bad_descriptor)
{
	int path = open("/proc/self/ns/net", O_PATH | O_CLOEXEC);
	int closed = dup(self->there.fd);
	int bad[] = { -1, AT_FDCWD, INT_MAX, INT_MIN, path, closed };
	unsigned int i;

	ASSERT_GE(path, 0);
	close(closed);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_FAILS(EBADF, DGRAM(bad[i]));
		/* before any other argument is checked */
		ASSERT_FAILS(EBADF, sys_socketat(bad[i], -1, -1, -1));
	}
}

TEST_F(socketat, wrong_descriptor)
{
	int wrong[] = {
		open("/proc/self/status", O_RDONLY | O_CLOEXEC),
		open("/proc/self/ns", O_RDONLY | O_CLOEXEC),
		open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		open("/dev/null", O_RDWR | O_CLOEXEC),
		socket(AF_INET, SOCK_DGRAM, 0),
		sys_pidfd_open(getpid(), 0),
		-1, -1,
	};
	unsigned int i;
	int fd;

	ASSERT_EQ(0, pipe(wrong + ARRAY_SIZE(wrong) - 2));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		ASSERT_GE(wrong[i], 0);
		ASSERT_FAILS(EINVAL, DGRAM(wrong[i]));
	}
	for (i = 0; i < NR_NS_TYPES; i++) {
		if (ns_types[i].flag == CLONE_NEWNET ||
		    !have_type(ns_types[i].flag))
			continue;
		fd = open_ns(0, ns_types[i].name);
		ASSERT_GE(fd, 0);
		ASSERT_FAILS(EINVAL, DGRAM(fd));
		close(fd);
	}
}

#if __SIZEOF_LONG__ == 8
TEST_F(socketat, upper_halves_are_ignored)
{
	long junk = 1L << 40;
	int sk;

	if (by_module())
		SKIP(return, "its argument has no upper halves");
	sk = syscall(__NR_socketat, junk | self->there.fd, junk | AF_INET,
		     junk | SOCK_STREAM, junk | IPPROTO_TCP);
	ASSERT_GE(sk, 0);
	ASSERT_TRUE(is_in(sk, &self->there));
}
#endif

/* Failures must not leave anything behind. */
static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static int count_sockets(int sockstat)
{
	char buf[512] = "";
	int n = -1;

	lseek(sockstat, 0, SEEK_SET);
	if (read(sockstat, buf, sizeof(buf) - 1) > 0)
		sscanf(buf, "sockets: used %d", &n);
	return n;
}

TEST_F(socketat, emfile)
{
	int fds = count_fds(), sockets = count_sockets(self->sockstat);
	struct rlimit old, none;
	int i, next;

	/* The limit is the number of the next file descriptor. */
	next = dup(self->there.fd);
	close(next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 50; i++)
		ASSERT_FAILS(EMFILE, DGRAM(self->there.fd));
	ASSERT_EQ(sockets, count_sockets(self->sockstat));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_EQ(fds, count_fds());

	/* Check that the counters work. */
	ASSERT_EQ(next, DGRAM(self->there.fd));
	ASSERT_EQ(sockets + 1, count_sockets(self->sockstat));
	ASSERT_EQ(fds + 1, count_fds());
}

TEST_F(socketat, errors_leak_nothing)
{
	int fds = count_fds(), sockets = count_sockets(self->sockstat);
	int fd = self->there.fd;
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_FAILS(EBADF, DGRAM(-1));
		ASSERT_FAILS(EINVAL, DGRAM(self->sockstat));
		ASSERT_FAILS(EINVAL, sys_socketat(fd, AF_INET, -1, 0));
		ASSERT_FAILS(EINVAL, sys_socketat(fd, AF_INET, 99, 0));
		ASSERT_FAILS(EAFNOSUPPORT, sys_socketat(fd, -1, 1, 0));
		ASSERT_FAILS(EAFNOSUPPORT, sys_socketat(fd, AF_MAX, 1, 0));
		ASSERT_FAILS(EPROTONOSUPPORT,
			     sys_socketat(fd, AF_INET, SOCK_STREAM, 17));
		ASSERT_EQ(0, set_caps(0));
		ASSERT_FAILS(EPERM, DGRAM(fd));
		ASSERT_EQ(0, set_caps(~0ULL));
	}
	ASSERT_EQ(fds, count_fds());
	ASSERT_EQ(sockets, count_sockets(self->sockstat));
}

/*
 * Privileges
 */
TEST_F(socketat, needs_sys_admin)
{
	ASSERT_EQ(0, set_caps(0));
	ASSERT_FAILS(EPERM, DGRAM(self->there.fd));
	ASSERT_EQ(0, set_caps(~CAP_BIT(CAP_SYS_ADMIN)));
	ASSERT_FAILS(EPERM, DGRAM(self->there.fd));
	ASSERT_EQ(0, set_caps(CAP_BIT(CAP_SYS_ADMIN)));
	ASSERT_TRUE(is_in(DGRAM(self->there.fd), &self->there));
}

TEST_F(socketat, no_new_privs_changes_nothing)
{
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_TRUE(is_in(DGRAM(self->there.fd), &self->there));
	ASSERT_EQ(0, set_caps(0));
	ASSERT_FAILS(EPERM, DGRAM(self->there.fd));
}

TEST_F(socketat, own_namespace_needs_no_privilege)
{
	ASSERT_EQ(0, set_caps(0));
	ASSERT_TRUE(is_in(DGRAM(self->here.fd), &self->here));
	ASSERT_TRUE(is_in(DGRAM(open_ns(0, "net")), &self->here));
	ASSERT_FAILS(EPERM, sys_setns(self->here.fd, CLONE_NEWNET));
}

/* Root in a user namespace that owns neither of the two. */
TEST_F(socketat, from_a_child_user_namespace)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_FAILS(EPERM, DGRAM(self->there.fd));
	ASSERT_TRUE(is_in(DGRAM(self->here.fd), &self->here));
	ASSERT_TRUE(is_in(DGRAM(open_ns(0, "net")), &self->here));
	ASSERT_FAILS(EPERM, sys_socketat(self->here.fd, AF_INET, SOCK_RAW,
					 IPPROTO_ICMP));
}

/* In the parent user namespace, but not the user who created it. */
TEST_F(socketat, not_the_owner)
{
	struct ns_child c;
	int nsfd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNET));
	nsfd = open_ns(c.pid, "net");
	ASSERT_GE(DGRAM(nsfd), 0);
	if (!become_nobody()) {
		ASSERT_FAILS(EPERM, DGRAM(nsfd));
	} else {
		/* This user namespace has only one user: try from a sibling. */
		ASSERT_EQ(0, unshare_user());
		ASSERT_FAILS(EPERM, DGRAM(nsfd));
	}
	ns_child_stop(&c);
}

/* A user without capabilities, and a container. */
TEST(owner_from_outside)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct ns_child c;
	int nsfd, sk;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (missing())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWUSER | CLONE_NEWNET));
	nsfd = open_ns(c.pid, "net");
	ASSERT_GE(nsfd, 0);
	ASSERT_FAILS(EPERM, sys_setns(nsfd, CLONE_NEWNET));

	sk = DGRAM(nsfd);
	ASSERT_GE(sk, 0);
	ASSERT_EQ(ns_ino(c.pid, "net"), fd_ino(ioctl(sk, SIOCGSKNS)));
	ASSERT_EQ(0, ioctl(sk, SIOCSIFFLAGS, &ifr));
	ASSERT_GE(listener(nsfd, "127.0.0.1", AF_INET, 80), 0);

	/* The target is also checked for the capabilities of a family. */
	ASSERT_GE(sys_socketat(nsfd, AF_INET, SOCK_RAW, IPPROTO_ICMP), 0);
	ASSERT_GE(sys_socketat(nsfd, AF_PACKET, SOCK_RAW, 0), 0);
	ASSERT_FAILS(EPERM, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	ASSERT_FAILS(EPERM, socket(AF_PACKET, SOCK_RAW, 0));
	ns_child_stop(&c);
}

TEST_F(socketat, raw_and_packet_need_net_raw)
{
	static const int socks[][3] = {
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP },
		{ AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
		{ AF_PACKET, SOCK_RAW, 0 },
		{ AF_PACKET, SOCK_DGRAM, 0 },
	};
	int fds[] = { self->there.fd, self->here.fd };
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(socks); i++) {
		const int *s = socks[i / 2];
		int fd = fds[i % 2];

		ASSERT_EQ(0, set_caps(CAP_BIT(CAP_SYS_ADMIN)));
		ASSERT_GE(DGRAM(fd), 0);
		ASSERT_FAILS(EPERM, sys_socketat(fd, s[0], s[1], s[2]));
		ASSERT_EQ(0, set_caps(CAP_BIT(CAP_SYS_ADMIN) |
				      CAP_BIT(CAP_NET_RAW)));
		ASSERT_TRUE(is_in(sys_socketat(fd, s[0], s[1], s[2]),
				  i % 2 ? &self->here : &self->there));
	}
}

/* Let socketat() fail with EXDEV if the argument number @arg has that value. */
static int deny(int arg, int val)
{
	int low = htonl(1) == 1 ? 4 : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socketat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args) + 8 * arg + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, val, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return -errno;
	return 0;
}

TEST_F(socketat, seccomp_sees_each_argument)
{
	int bad[] = { self->there.fd, AF_INET, SOCK_STREAM, IPPROTO_TCP };
	int good[] = { self->here.fd, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0 };
	int arg;

	if (by_module())
		SKIP(return, "a filter does not see into the argument");
	for (arg = 0; arg < 4; arg++) {
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid) {
			ASSERT_EQ(0, deny(arg, bad[arg]));
			ASSERT_FAILS(EXDEV, sys_socketat(bad[0], bad[1],
							 bad[2], bad[3]));
			bad[arg] = good[arg];
			ASSERT_GE(sys_socketat(bad[0], bad[1], bad[2],
					       bad[3]), 0);
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
	}
}

/* File descriptors, and the lifetime of a namespace. */
TEST_F(socketat, any_file_descriptor)
{
	char path[] = "/tmp/nsfd-XXXXXX", fd[32];
	int mount_fd;

	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", self->there.fd);
	ASSERT_GE(mkstemp(path), 0);
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	EXPECT_EQ(0, mount(fd, path, NULL, MS_BIND, NULL));
	mount_fd = open(path, O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(0, umount2(path, MNT_DETACH));
	unlink(path);
	ASSERT_TRUE(is_in(DGRAM(mount_fd), &self->there));

	ASSERT_TRUE(is_in(DGRAM(open(fd, O_RDONLY)), &self->there));
	ASSERT_TRUE(is_in(DGRAM(dup(self->there.fd)), &self->there));
	ASSERT_TRUE(is_in(DGRAM(ioctl(DGRAM(self->there.fd), SIOCGSKNS)),
			  &self->there));
}

TEST_F(socketat, by_pidfd)
{
	struct ns_child c;
	int nsfd;

	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNET));
	nsfd = ioctl(c.pidfd, PIDFD_GET_NET_NAMESPACE, 0);
	if (nsfd < 0 && errno == ENOTTY)
		SKIP(return, "PIDFD_GET_NET_NAMESPACE: before Linux 6.11");
	ASSERT_GE(nsfd, 0);
	ASSERT_EQ(ns_ino(c.pid, "net"),
		  fd_ino(ioctl(DGRAM(nsfd), SIOCGSKNS)));
	ns_child_stop(&c);
}

TEST_F(socketat, only_a_socket_keeps_the_namespace)
{
	struct mnl_socket *here = self->here.sk;
	struct mnl_socket *watch = rtnl_open(RTMGRP_LINK);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct pollfd pfd = { .events = POLLIN };
	int nsfd, sk[2], again;
	struct ns_child c;
	union addr a;
	socklen_t len = make_addr(&a, AF_INET, "127.0.0.1", 53);
	char buf[32768];
	ino_t ino;

	ASSERT_EQ(0, ns_child_start(&c, CLONE_NEWNET));
	nsfd = open_ns(c.pid, "net");
	ino = fd_ino(nsfd);
	sk[0] = DGRAM(nsfd);
	sk[1] = DGRAM(nsfd);
	ASSERT_GE(sk[0], 0);
	ASSERT_GE(sk[1], 0);
	/* One end is deleted with the namespace of the other. */
	ASSERT_EQ(0, rtnl_add_veth(here, "tether", -1, "peer", nsfd));
	close(nsfd);
	ns_child_stop(&c);

	ASSERT_EQ(0, ioctl(sk[0], SIOCSIFFLAGS, &ifr));
	ASSERT_EQ(0, bind(sk[0], &a.sa, len));
	ASSERT_EQ(4, sendto(sk[1], "ping", 4, 0, &a.sa, len));
	ASSERT_EQ(4, recv(sk[0], buf, sizeof(buf), 0));

	/* The socket leads back to the namespace. */
	again = ioctl(sk[0], SIOCGSKNS);
	ASSERT_EQ(ino, fd_ino(again));
	close(sk[0]);
	sk[0] = DGRAM(again);
	ASSERT_EQ(netns_cookie(sk[1]), netns_cookie(sk[0]));
	close(again);
	close(sk[0]);
	ASSERT_LT(0, rtnl_index(here, "tether"));

	close(sk[1]);
	pfd.fd = mnl_socket_get_fd(watch);
	while (rtnl_index(here, "tether") > 0) {
		ASSERT_EQ(1, poll(&pfd, 1, 20000));
		ASSERT_LT(0, mnl_socket_recvfrom(watch, buf, sizeof(buf)));
	}
}

TEST_HARNESS_MAIN
