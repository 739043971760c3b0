// SPDX-License-Identifier: GPL-2.0
/*
 * Tests under memory shortage: /proc/thread-self/fail-nth makes each allocation
 * of a call fail in turn, until the call succeeds without a failed allocation.
 * Each failure must return an errno of the documentation, leave the caller in
 * its namespaces, and leak neither files nor namespaces.
 *
 * The kernel requires CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and
 * CONFIG_FAULT_INJECTION_DEBUG_FS; see config.debug. Only root can set this up.
 */
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sys/mman.h>

#include "rtnl.h"
#include "stress.h"
#include "uring.h"

/* <linux/pidfd.h> conflicts with <fcntl.h>. */
#ifndef PIDFD_GET_NET_NAMESPACE
#define PIDFD_GET_NET_NAMESPACE _IO(0xFF, 4)
#endif

/* More than any call allocates. */
#define MAX_ALLOCATIONS 2000

/* The objects that a call works on. */
struct place {
	struct target target;
	int all_types;
	int nsfd;		/* the file of a namespace of the target */
	struct mnl_socket *here;
	struct mnl_socket *there;
	struct uring ring;
};

/* A call in a child, with its result. */
struct attempt {
	bool ready;		/* the preparation succeeded */
	bool injected;		/* an allocation has failed */
	int err;
	int moved;
	int more_files;
	bool sound;		/* the additional check succeeded */
};

FIXTURE(fault)
{
	struct place place;
	struct attempt *attempt;
	int switches[4];	/* of fault injection */
	int sockstat;		/* of the target */
};

FIXTURE_VARIANT(fault)
{
	/* These run in the child and return 0 or a negative errno. */
	int (*prepare)(struct place *place);
	int (*call)(struct place *place, int arg);
	bool (*check)(struct place *place, int err);
	bool each_type;		/* once for each type of namespace, as arg */
	const char *ns;		/* otherwise, the type of nsfd */
	int arg;
	int moves;		/* the types in which the caller moves */
	int makes_file;
	int errnos[4];
};

/*
 * The calls
 */
static int call_socketat(struct place *place, int family)
{
	int type = family == AF_INET || family == AF_UNIX ? SOCK_STREAM :
		   family == AF_INET6 ? SOCK_DGRAM : SOCK_RAW;

	return sys_socketat(place->nsfd, family, type, 0);
}

/* A ring that has all it allocates but what the request itself needs. */
static int prepare_ring(struct place *place)
{
	int err = uring_start(&place->ring, 0);

	if (err)
		return err;
	uring_sqe(&place->ring, IORING_OP_NOP, 0);
	return uring_call(&place->ring);
}

static int call_delegate(struct place *place, int arg)
{
	return ioctl(place->nsfd, NS_NET_DELEGATE_SOCKETS, 0);
}

static int call_pidfd_ioctl(struct place *place, int arg)
{
	return ioctl(place->target.pidfd, PIDFD_GET_NET_NAMESPACE, 0);
}

static int call_setns(struct place *place, int type)
{
	return sys_setns(place->nsfd, type);
}

/* Leave the nsproxy that a child shares with its parent: setns() copies it. */
static int own_nsproxy(struct place *place)
{
	int fd = open_ns(0, "net");
	int err = sys_setns(fd, CLONE_NEWNET);

	close(fd);
	return err;
}

static int call_setns_pidfd(struct place *place, int types)
{
	return sys_setns(place->target.pidfd, types ?: place->all_types);
}

/* Of the process, not the thread, so that the files are not in the cache. */
static int call_open(struct place *place, int type)
{
	const char *name = NULL;
	char path[64];
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (ns_types[i].flag == type)
			name = ns_types[i].name;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int call_readlink(struct place *place, int arg)
{
	char target[64];

	return readlink("/proc/self/ns/net", target, sizeof(target)) > 0 ?
		0 : -1;
}

static int set_errno(int err)
{
	errno = -err;
	return err ? -1 : 0;
}

static int call_uring(struct place *place, int family)
{
	int sk;

	uring_sqe_socketat(&place->ring, place->nsfd, family, SOCK_DGRAM, 0);
	sk = uring_call(&place->ring);
	return set_errno(sk < 0 ? sk : 0);
}

static int prepare_link(struct place *place)
{
	place->here = rtnl_open(0);
	return place->here ? 0 : -errno;
}

static int prepare_device(struct place *place)
{
	return prepare_link(place) ?:
		rtnl_add_dummy(place->here, "fault", -1);
}

static int call_create(struct place *place, int arg)
{
	return set_errno(rtnl_add_dummy(place->here, "fault", place->nsfd));
}

static int call_create_veth(struct place *place, int arg)
{
	return set_errno(rtnl_add_veth(place->here, "fault-peer", -1, "fault",
				       place->nsfd));
}

static int call_move(struct place *place, int type)
{
	return set_errno(rtnl_move(place->here, type, "fault", place->nsfd));
}

/*
 * If the call has failed, there must be no device in either namespace, unless
 * only the response was lost, which is ENOBUFS.
 */
static bool check_create(struct place *place, int err)
{
	struct mnl_socket *here = rtnl_open(0);
	bool in_here = rtnl_index(here, "fault") > 0;
	bool in_there = rtnl_index(place->there, "fault") > 0;
	bool peer = rtnl_index(here, "fault-peer") > 0;

	if (peer)
		rtnl_del(here, "fault-peer");
	else if (in_there)
		rtnl_del(place->there, "fault");
	if (in_here || (peer && !in_there))
		return false;
	return err == ENOBUFS || in_there == !err;
}

static bool check_move(struct place *place, int err)
{
	struct mnl_socket *here = rtnl_open(0);
	bool in_here = rtnl_index(here, "fault") > 0;
	bool in_there = rtnl_index(place->there, "fault") > 0;

	rtnl_del(in_here ? here : place->there, "fault");
	if (in_here == in_there)
		return false;
	return err == ENOBUFS || in_there == !err;
}

FIXTURE_VARIANT_ADD(fault, socketat_tcp)
{
	.call = call_socketat, .ns = "net", .arg = AF_INET, .makes_file = 1,
	.errnos = { ENOMEM, ENOBUFS, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, socketat_udp)
{
	.call = call_socketat, .ns = "net", .arg = AF_INET6, .makes_file = 1,
	.errnos = { ENOMEM, ENOBUFS, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, socketat_unix)
{
	.call = call_socketat, .ns = "net", .arg = AF_UNIX, .makes_file = 1,
	.errnos = { ENOMEM, ENOBUFS, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, socketat_netlink)
{
	.call = call_socketat, .ns = "net", .arg = AF_NETLINK, .makes_file = 1,
	.errnos = { ENOMEM, ENOBUFS, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, socketat_packet)
{
	.call = call_socketat, .ns = "net", .arg = AF_PACKET, .makes_file = 1,
	.errnos = { ENOMEM, ENOBUFS, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, uring_udp)
{
	.prepare = prepare_ring, .call = call_uring, .ns = "net", .arg = AF_INET,
	.makes_file = 1, .errnos = { ENOMEM, ENOBUFS, ENFILE, EAGAIN },
};

FIXTURE_VARIANT_ADD(fault, delegate)
{
	.call = call_delegate, .ns = "net", .makes_file = 1,
	.errnos = { ENOMEM, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, pidfd_get_net_namespace)
{
	.call = call_pidfd_ioctl, .makes_file = 1,
	.errnos = { ENOMEM, ENFILE },
};

FIXTURE_VARIANT_ADD(fault, setns)
{
	.call = call_setns, .each_type = true, .errnos = { ENOMEM },
};

FIXTURE_VARIANT_ADD(fault, setns_alone)
{
	.prepare = own_nsproxy, .call = call_setns, .each_type = true,
	.errnos = { ENOMEM },
};

FIXTURE_VARIANT_ADD(fault, open)
{
	.call = call_open, .each_type = true, .makes_file = 1,
	.errnos = { ENOMEM, ENOENT },
};

FIXTURE_VARIANT_ADD(fault, setns_pidfd_all)
{
	.call = call_setns_pidfd, .moves = -1, .errnos = { ENOMEM },
};

FIXTURE_VARIANT_ADD(fault, setns_pidfd_alone_all)
{
	.prepare = own_nsproxy, .call = call_setns_pidfd, .moves = -1,
	.errnos = { ENOMEM },
};

FIXTURE_VARIANT_ADD(fault, setns_pidfd_mnt_and_net)
{
	.call = call_setns_pidfd, .arg = CLONE_NEWNS | CLONE_NEWNET,
	.moves = CLONE_NEWNS | CLONE_NEWNET, .errnos = { ENOMEM },
};

FIXTURE_VARIANT_ADD(fault, readlink)
{
	.call = call_readlink, .errnos = { ENOMEM, ENOENT },
};

FIXTURE_VARIANT_ADD(fault, newlink_create)
{
	.prepare = prepare_link, .call = call_create, .check = check_create,
	.ns = "net",
	/* EINVAL: the driver core has received a device without a name */
	.errnos = { ENOMEM, ENOBUFS, EINVAL },
};

FIXTURE_VARIANT_ADD(fault, newlink_create_veth)
{
	.prepare = prepare_link, .call = call_create_veth,
	.check = check_create, .ns = "net",
	.errnos = { ENOMEM, ENOBUFS, EINVAL },
};

FIXTURE_VARIANT_ADD(fault, newlink_move)
{
	.prepare = prepare_device, .call = call_move, .check = check_move,
	.ns = "net", .arg = RTM_NEWLINK, .errnos = { ENOMEM, ENOBUFS },
};

FIXTURE_VARIANT_ADD(fault, setlink_move)
{
	.prepare = prepare_device, .call = call_move, .check = check_move,
	.ns = "net", .arg = RTM_SETLINK, .errnos = { ENOMEM, ENOBUFS },
};

/*
 * Fault injection
 */
static const struct {
	const char *file, *on, *off;
} switches[] = {
	{ "failslab/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/min-order", "0", "1" },
	{ "failslab/verbose", "0", "2" },
};

static int count_sockets(int sockstat)
{
	char buf[512] = "";
	int n = -1;

	lseek(sockstat, 0, SEEK_SET);
	if (read(sockstat, buf, sizeof(buf) - 1) > 0)
		sscanf(buf, "sockets: used %d", &n);
	return n;
}

static bool is_there(const struct _fixture_variant_fault *variant)
{
	if (variant->call == call_socketat)
		return have_socketat();
	if (variant->call == call_uring) {
		struct place try = {};
		bool has;

		if (!have_socketat() || prepare_ring(&try))
			return false;
		has = uring_has_netns(&try.ring);
		close(try.ring.fd);
		return has;
	}
	if (variant->call == call_delegate) {
		int fd = open_ns(0, "net");
		int err = ioctl(fd, NS_NET_DELEGATE_SOCKETS, 1) && errno == ENOTTY;

		close(fd);
		return !err;
	}
	return have_setns();
}

FIXTURE_SETUP(fault)
{
	struct place *place = &self->place;
	struct rtnl_ns own = {};
	char path[64];
	size_t i;
	int home;

	if (geteuid())
		SKIP(return, "only root can switch fault injection on");
	if (access("/proc/thread-self/fail-nth", W_OK))
		SKIP(return, "no CONFIG_FAULT_INJECTION");
	if (!is_there(variant))
		SKIP(return, "the kernel does not have it");

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))
		ASSERT_EQ(EBUSY, errno);
	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s",
			 switches[i].file);
		self->switches[i] = open(path, O_WRONLY | O_CLOEXEC);
		if (self->switches[i] < 0 && errno == ENOENT)
			SKIP(return, "no %s", switches[i].file);
		ASSERT_LE(0, self->switches[i]);
		ASSERT_LT(0, write(self->switches[i], switches[i].on, 1));
	}

	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, rtnl_unshare(&own));
	mnl_socket_close(own.sk);
	ASSERT_EQ(0, limit_namespaces(1));
	place->all_types = all_types();
	ASSERT_EQ(0, target_start(&place->target, place->all_types));
	snprintf(path, sizeof(path), "/proc/%d/net/sockstat",
		 place->target.pid);
	self->sockstat = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->sockstat);
	if (variant->check) {
		home = own.fd;
		place->nsfd = open_ns(place->target.pid, "net");
		ASSERT_EQ(0, sys_setns(place->nsfd, CLONE_NEWNET));
		place->there = rtnl_open(0);
		ASSERT_NE(NULL, place->there);
		ASSERT_EQ(0, sys_setns(home, CLONE_NEWNET));
		close(place->nsfd);
	}
	close(own.fd);
	place->nsfd = -1;
	if (variant->ns) {
		place->nsfd = open_ns(place->target.pid, variant->ns);
		ASSERT_LE(0, place->nsfd);
	}
	self->attempt = mmap(NULL, sizeof(*self->attempt),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->attempt);
}

FIXTURE_TEARDOWN(fault)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		if (self->switches[i] > 0 &&
		    write(self->switches[i], switches[i].off, 1) != 1)
			TH_LOG("%s stays on", switches[i].file);
}

/* In the child: make the call and let its @nth allocation fail. */
static void attempt_call(struct _test_data_fault *self,
			 const struct _fixture_variant_fault *variant,
			 int arg, int nth)
{
	struct attempt *a = self->attempt;
	struct place *place = &self->place;
	struct where before, after;
	char left[16] = "";
	int fail, files, ret;

	if (variant->prepare && variant->prepare(place))
		return;
	fail = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	before = where_am_i();
	files = count_open_files();
	a->ready = fail >= 0;

	if (dprintf(fail, "%d", nth) < 0)
		a->ready = false;
	ret = variant->call(place, arg);
	a->err = ret < 0 ? errno : 0;
	if (pread(fail, left, sizeof(left) - 1, 0) < 0 || write(fail, "0", 1) != 1)
		a->ready = false;

	a->injected = !atoi(left);
	a->more_files = count_open_files() - files;
	after = where_am_i();
	a->moved = moved(&before, &after);
	a->sound = !variant->check || variant->check(place, a->err);
}

static void fail_in_turn(struct __test_metadata *_metadata,
			 struct _test_data_fault *self,
			 const struct _fixture_variant_fault *variant,
			 const char *name, int arg)
{
	struct attempt *a = self->attempt;
	int nth, moves, status, survived = 0;
	int seen[256] = {};
	unsigned int i;
	pid_t pid;

	moves = variant->moves < 0 ? self->place.all_types :
		variant->call == call_setns ? arg : variant->moves;
	for (nth = 1; nth < MAX_ALLOCATIONS; nth++) {
		memset(a, 0, sizeof(*a));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			attempt_call(self, variant, arg, nth);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		ASSERT_TRUE(a->ready);

		EXPECT_TRUE(a->sound) TH_LOG("%d: errno %d", nth, a->err);
		EXPECT_EQ(a->err ? 0 : variant->makes_file, a->more_files)
			TH_LOG("%d: errno %d", nth, a->err);
		EXPECT_EQ(a->err ? 0 : moves, a->moved)
			TH_LOG("%d: errno %d", nth, a->err);
		if (!a->injected)
			break;
		if (!a->err) {
			survived++;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(variant->errnos); i++)
			if (variant->errnos[i] == a->err)
				break;
		EXPECT_LT(i, ARRAY_SIZE(variant->errnos))
			TH_LOG("%d: errno %d", nth, a->err);
		seen[a->err & 255]++;
	}
	ASSERT_LT(nth, MAX_ALLOCATIONS);
	EXPECT_EQ(0, a->err);
	TH_LOG("%s: %d allocations failed, %d calls survived it", name,
	       nth - 1, survived);
	for (i = 0; i < ARRAY_SIZE(seen); i++)
		if (seen[i])
			TH_LOG("%d times %s", seen[i], strerror(i));
}

TEST_F_TIMEOUT(fault, each_allocation_in_turn, 600)
{
	struct place *place = &self->place;
	int sockets = count_sockets(self->sockstat);
	size_t i;

	for (i = 0; variant->each_type && i < NR_NS_TYPES; i++) {
		if (!(place->all_types & ns_types[i].flag))
			continue;
		if (variant->call == call_setns) {
			place->nsfd = open_ns(place->target.pid,
					      ns_types[i].name);
			ASSERT_LE(0, place->nsfd);
		}
		fail_in_turn(_metadata, self, variant, ns_types[i].name,
			     ns_types[i].flag);
		if (place->nsfd >= 0)
			close(place->nsfd);
		place->nsfd = -1;
	}
	if (!variant->each_type)
		fail_in_turn(_metadata, self, variant, "in all", variant->arg);

	/* After a grace period at most, nothing must be left. */
	for (i = 0; i < 1000 && count_sockets(self->sockstat) != sockets; i++)
		poll(NULL, 0, 5);
	EXPECT_EQ(sockets, count_sockets(self->sockstat));
	close(self->sockstat);
	if (place->nsfd >= 0)
		close(place->nsfd);
	if (place->there)
		mnl_socket_close(place->there);
	/* The namespaces must be freed with their last process. */
	target_stop(&place->target);
	EXPECT_EQ(0, target_start_patient(&place->target, place->all_types));
	target_stop(&place->target);
}

TEST_HARNESS_MAIN
