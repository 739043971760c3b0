// SPDX-License-Identifier: GPL-2.0
/*
 * Races: two threads work on the same namespaces until NSFD_OPS operations are
 * done or NSFD_SECONDS have passed, and report the number of operations. At
 * least one in a thousand of each thread must succeed, because an attempt that
 * fails is much shorter than one that does not. Each operation must refer to
 * one of the expected namespaces, or fail, but never refer to another one.
 */
#include <netinet/in.h>
#include <pthread.h>

#include "rtnl.h"
#include "stress.h"
#include "uring.h"

/* <linux/pidfd.h> conflicts with <fcntl.h>. */
#ifndef PIDFD_GET_NET_NAMESPACE
#define PIDFD_GET_NET_NAMESPACE _IO(0xFF, 4)
#define PIDFD_GET_UTS_NAMESPACE _IO(0xFF, 10)
#endif

/* A number above those of other file descriptors. */
#define SHARED_FD 900

struct race {
	void (*rival)(struct race *race);	/* one operation of the second thread */
	bool yield;		/* there is only one CPU */
	int stop;
	unsigned long ops[2];	/* operations of each thread */
	unsigned long vain[2];	/* operations that came too late or too early */
	const char *wrong;	/* the first unexpected result */
	int err;

	pid_t tid;		/* the first thread */
	int home[2];		/* the original net and uts namespaces */
	struct target target[2];
	ino_t ino[2][2];	/* net and uts of the targets */
	int nsfd[2];		/* net of the targets */
	__u64 cookie[2];
	int pidfd;		/* of this process */
	int turn[2];
	char file[32];		/* a mount point */
	struct mnl_socket *sk, *there[2];
	struct uring ring;	/* of the first thread, which has no capability */
};

static void is_wrong(struct race *race, const char *what, int err)
{
	if (race->wrong)
		return;
	race->err = err;
	__atomic_store_n(&race->wrong, what, __ATOMIC_RELEASE);
}

#define CHECK(race, what) do {						\
	if (!(what))							\
		is_wrong(race, #what, errno);				\
} while (0)

static void *rival_run(void *arg)
{
	struct race *race = arg;

	while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
		race->rival(race);
		__atomic_add_fetch(&race->ops[1], 1, __ATOMIC_RELAXED);
		if (race->yield)
			sched_yield();
	}
	return NULL;
}

static void count(struct race *race, unsigned long *ops, unsigned long *vain)
{
	int i;

	for (i = 0; i < 2; i++) {
		ops[i] = __atomic_load_n(&race->ops[i], __ATOMIC_RELAXED);
		vain[i] = __atomic_load_n(&race->vain[i], __ATOMIC_RELAXED);
	}
}

/* Run both threads, and at least one operation of each. */
static void run_race(struct __test_metadata *_metadata, struct race *race,
		     void (*first)(struct race *), void (*rival)(struct race *))
{
	unsigned long wanted = env_number("NSFD_OPS", 4000), ops[2], vain[2];
	unsigned long least = wanted / 1000 + 1;
	__u64 start = msecs(), took;
	pthread_t thread;

	race->rival = rival;
	race->yield = sysconf(_SC_NPROCESSORS_ONLN) == 1;
	ASSERT_EQ(0, pthread_create(&thread, NULL, rival_run, race));
	/* until the rival has started, there is no race */
	while (!__atomic_load_n(&race->ops[1], __ATOMIC_RELAXED))
		sched_yield();
	do {
		first(race);
		race->ops[0]++;
		if (race->yield)
			sched_yield();
		count(race, ops, vain);
		took = msecs() - start;
	} while (!__atomic_load_n(&race->wrong, __ATOMIC_ACQUIRE) &&
		 took < 1000 * env_number("NSFD_SECONDS", 2) &&
		 (ops[0] + ops[1] < wanted || ops[0] < vain[0] + least ||
		  ops[1] < vain[1] + least));
	__atomic_store_n(&race->stop, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	count(race, ops, vain);
	TH_LOG("%lu and %lu operations, %lu and %lu in vain, in %llu ms",
	       ops[0], ops[1], vain[0], vain[1], (unsigned long long)took);
	EXPECT_EQ(NULL, race->wrong) TH_LOG("%s: errno %d", race->wrong,
					    race->err);
}

FIXTURE(race)
{
	struct race race;
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	int i, sk;

	if (!have_setns() || !have_ns("net") || !have_ns("uts"))
		SKIP(return, "no setns()");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	race->tid = getpid();
	race->pidfd = sys_pidfd_open(getpid(), 0);
	ASSERT_LE(0, race->pidfd);
	race->home[0] = open_ns(0, "net");
	race->home[1] = open_ns(0, "uts");
	race->sk = rtnl_open(0);
	ASSERT_NE(NULL, race->sk);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, target_start(&race->target[i],
					  CLONE_NEWNET | CLONE_NEWUTS));
		race->nsfd[i] = open_ns(race->target[i].pid, "net");
		race->ino[i][0] = fd_ino(race->nsfd[i]);
		race->ino[i][1] = ns_ino(race->target[i].pid, "uts");
		ASSERT_NE(0UL, race->ino[i][0]);
		ASSERT_NE(0UL, race->ino[i][1]);
		ASSERT_EQ(0, sys_setns(race->nsfd[i], CLONE_NEWNET));
		race->there[i] = rtnl_open(0);
		ASSERT_NE(NULL, race->there[i]);
		sk = mnl_socket_get_fd(race->there[i]);
		race->cookie[i] = netns_cookie(sk);
		ASSERT_NE(0ULL, race->cookie[i]);
		ASSERT_EQ(0, sys_setns(race->home[0], CLONE_NEWNET));
	}
}

FIXTURE_TEARDOWN(race)
{
	if (self->race.file[0])
		unlink(self->race.file);
}

/* setns() and readers */
static void move_by_file(struct race *race)
{
	int i = race->turn[0]++ & 1;

	CHECK(race, !sys_setns(race->nsfd[i], CLONE_NEWNET));
	CHECK(race, ns_ino(0, "net") == race->ino[i][0]);
}

static void move_by_pidfd(struct race *race)
{
	int i = race->turn[0]++ & 1;

	CHECK(race, !sys_setns(race->target[i].pidfd,
			       CLONE_NEWNET | CLONE_NEWUTS));
	CHECK(race, ns_ino(0, "net") == race->ino[i][0]);
	CHECK(race, ns_ino(0, "uts") == race->ino[i][1]);
}

/* Until then, the first thread may still be in its original namespace. */
static bool has_left(struct race *race)
{
	return __atomic_load_n(&race->ops[0], __ATOMIC_ACQUIRE) > 1;
}

/* As "ip netns identify" and lsns do. */
static void look_at_thread(struct race *race)
{
	bool left = has_left(race);
	char path[64], link[64] = "";
	ino_t ino = ns_ino(race->tid, "net");
	unsigned long name = 0;

	CHECK(race, ino);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/net", race->tid,
		 race->tid);
	CHECK(race, readlink(path, link, sizeof(link) - 1) > 0);
	CHECK(race, sscanf(link, "net:[%lu]", &name) == 1);
	if (!left)
		return;
	CHECK(race, ino == race->ino[0][0] || ino == race->ino[1][0]);
	CHECK(race, name == race->ino[0][0] || name == race->ino[1][0]);
}

TEST_F_TIMEOUT(race, setns_and_readers, 3600)
{
	run_race(_metadata, &self->race, move_by_file, look_at_thread);
}

/* Other readers of the nsproxy of another task: /proc/PID/net, ... */
static void look_at_proc_net(struct race *race)
{
	bool left = has_left(race);
	char path[64], text[4096] = "";
	bool in[2];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/net/dev", race->tid,
		 race->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(race, read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	in[0] = strstr(text, "race0:");
	in[1] = strstr(text, "race1:");
	CHECK(race, !in[0] || !in[1]);
	if (left)
		CHECK(race, in[0] || in[1]);
}

TEST_F_TIMEOUT(race, setns_and_proc_net, 3600)
{
	ASSERT_EQ(0, rtnl_add_dummy(self->race.there[0], "race0", -1));
	ASSERT_EQ(0, rtnl_add_dummy(self->race.there[1], "race1", -1));
	run_race(_metadata, &self->race, move_by_file, look_at_proc_net);
}

/* ... ioctls of pidfds, ... */
static void look_at_pidfd(struct race *race)
{
	static const int get[] = { PIDFD_GET_NET_NAMESPACE, PIDFD_GET_UTS_NAMESPACE };
	bool left = has_left(race);
	int i, fd;
	ino_t ino;

	for (i = 0; i < 2; i++) {
		fd = ioctl(race->pidfd, get[i], 0);
		ino = fd_ino(fd);
		CHECK(race, ino);
		close(fd);
		if (left)
			CHECK(race, ino == race->ino[0][i] || ino == race->ino[1][i]);
	}
}

TEST_F_TIMEOUT(race, setns_and_pidfd, 3600)
{
	run_race(_metadata, &self->race, move_by_pidfd, look_at_pidfd);
}

/* ... netlink messages with the PID, ... */
static void create_by_pid(struct race *race)
{
	bool left = has_left(race);
	int i, where = 0;

	CHECK(race, !rtnl_add_dummy_by(race->sk, "bypid", IFLA_NET_NS_PID,
				       race->tid));
	for (i = 0; i < 2; i++) {
		if (rtnl_index(race->there[i], "bypid") <= 0)
			continue;
		CHECK(race, !rtnl_del(race->there[i], "bypid"));
		where++;
	}
	if (left)
		CHECK(race, where == 1);
	else if (!where)
		CHECK(race, !rtnl_del(race->sk, "bypid"));
}

TEST_F_TIMEOUT(race, setns_and_net_ns_pid, 3600)
{
	run_race(_metadata, &self->race, move_by_file, create_by_pid);
}

/* ... and /proc/PID/mounts. */
static void move_mounts(struct race *race)
{
	int i = race->turn[0]++ & 1;

	CHECK(race, !sys_setns(race->target[i].pidfd, CLONE_NEWNS));
}

static void look_at_mounts(struct race *race)
{
	bool left = has_left(race), in[2];
	char path[64], text[8192] = "";
	size_t len = 0;
	ssize_t got;
	int fd;

	/* setns() does not change the root directory of two threads. */
	if (!race->turn[1]++)
		CHECK(race, !unshare(CLONE_FS));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/mounts", race->tid,
		 race->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	CHECK(race, !got && len < sizeof(text) - 1);
	close(fd);
	/* setns() first changes the root directory: it has no mounts until the end. */
	if (!len) {
		__atomic_add_fetch(&race->vain[1], 1, __ATOMIC_RELAXED);
		return;
	}
	in[0] = strstr(text, "race0 ");
	in[1] = strstr(text, "race1 ");
	CHECK(race, !in[0] || !in[1]);
	if (left)
		CHECK(race, in[0] || in[1]);
}

TEST_F_TIMEOUT(race, setns_and_mounts, 3600)
{
	int i, home = open_ns(0, "mnt");

	for (i = 0; i < 2; i++) {
		target_stop(&self->race.target[i]);
		ASSERT_EQ(0, target_start(&self->race.target[i], CLONE_NEWNS));
		ASSERT_EQ(0, sys_setns(self->race.target[i].pidfd, CLONE_NEWNS));
		ASSERT_EQ(0, mount(i ? "race1" : "race0", "/tmp", "tmpfs", 0, NULL));
		ASSERT_EQ(0, sys_setns(home, CLONE_NEWNS));
	}
	run_race(_metadata, &self->race, move_mounts, look_at_mounts);
}

/* Both namespaces change at once, so a follower must get a matching pair. */
static void follow(struct race *race)
{
	bool away = race->ops[0] > 1;
	ino_t net, uts;
	int i;

	CHECK(race, !sys_setns(race->pidfd, CLONE_NEWNET | CLONE_NEWUTS));
	net = ns_ino(0, "net");
	uts = ns_ino(0, "uts");
	if (!away)	/* it may have been in its original namespace then */
		return;
	i = net == race->ino[1][0];
	CHECK(race, net == race->ino[i][0]);
	CHECK(race, uts == race->ino[i][1]);
}

TEST_F_TIMEOUT(race, setns_and_snapshots, 3600)
{
	run_race(_metadata, &self->race, move_by_pidfd, follow);
}

/* A target that leaves its namespace, executes a program and exits. */
static void live_and_die(struct race *race)
{
	static char *const argv[] = { "true", NULL };
	int pidfd, status;
	pid_t pid;

	pid = ns_fork(0, &pidfd);
	if (!pid) {
		if (unshare(CLONE_NEWUTS))
			_exit(1);
		if (race->turn[0] & 1)
			execve("/bin/true", argv, argv + 1);
		_exit(0);
	}
	race->turn[0]++;
	CHECK(race, pid > 0);
	CHECK(race, dup2(pidfd, SHARED_FD) == SHARED_FD);
	close(pidfd);
	CHECK(race, waitpid(pid, &status, 0) == pid && !status);
	if (race->turn[0] & 2)
		close(SHARED_FD);
}

static void enter_the_mortal(struct race *race)
{
	if (!sys_setns(SHARED_FD, CLONE_NEWUTS | CLONE_NEWNET)) {
		CHECK(race, ns_ino(0, "net") == fd_ino(race->home[0]));
		CHECK(race, !sys_setns(race->home[1], CLONE_NEWUTS));
		return;
	}
	CHECK(race, errno == ESRCH || errno == EBADF);
	__atomic_add_fetch(&race->vain[1], 1, __ATOMIC_RELAXED);
}

TEST_F_TIMEOUT(race, setns_and_end_of_the_target, 3600)
{
	run_race(_metadata, &self->race, live_and_die, enter_the_mortal);
}

/* The file descriptor is closed or replaced during the call. */
static void juggle(struct race *race)
{
	int i = race->turn[1]++ % 3;

	if (i < 2)
		CHECK(race, dup2(race->nsfd[i], SHARED_FD) == SHARED_FD);
	else
		CHECK(race, !close(SHARED_FD));
}

static void socket_by_juggled(struct race *race)
{
	int sk = sys_socketat(SHARED_FD, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	__u64 cookie;

	if (sk < 0) {
		CHECK(race, errno == EBADF);
		race->vain[0]++;
		return;
	}
	cookie = netns_cookie(sk);
	CHECK(race, cookie == race->cookie[0] || cookie == race->cookie[1]);
	close(sk);
}

TEST_F_TIMEOUT(race, socketat_and_close_or_dup2, 3600)
{
	if (!have_socketat())
		SKIP(return, "ENOSYS");
	run_race(_metadata, &self->race, socket_by_juggled, juggle);
}

/* A namespace that is left by its last process, and then closed. */
static void make_and_leave(struct race *race)
{
	int nsfd;

	if (unshare(CLONE_NEWNET)) {
		/* earlier namespaces are freed with a delay */
		CHECK(race, errno == ENOMEM);
		poll(NULL, 0, 100);
		return;
	}
	nsfd = open_ns(0, "net");
	CHECK(race, dup2(nsfd, SHARED_FD) == SHARED_FD);
	close(nsfd);
	if (race->yield)
		sched_yield();
	CHECK(race, !sys_setns(race->home[0], CLONE_NEWNET));
	if (race->yield)
		sched_yield();
	CHECK(race, !close(SHARED_FD));
}

static void socket_by_last(struct race *race)
{
	int sk = sys_socketat(SHARED_FD, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sk < 0) {
		CHECK(race, errno == EBADF);
		race->vain[0]++;
		return;
	}
	CHECK(race, netns_cookie(sk));
	close(sk);
}

TEST_F_TIMEOUT(race, socketat_and_end_of_the_namespace, 3600)
{
	if (!have_socketat())
		SKIP(return, "ENOSYS");
	run_race(_metadata, &self->race, socket_by_last, make_and_leave);
}

/* A delegation that ends while a ring, or a worker of it, creates a socket. */
static void socket_by_ring(struct race *race)
{
	struct io_uring_sqe *sqe;
	int sk;

	if (!race->ring.sqes) {
		CHECK(race, !caps_drop());
		CHECK(race, !uring_start(&race->ring, 0));
	}
	sqe = uring_sqe_socketat(&race->ring, SHARED_FD, AF_INET, SOCK_DGRAM, 0);
	if (race->turn[0]++ & 1)
		sqe->flags = IOSQE_ASYNC;
	sk = uring_call(&race->ring);
	if (sk < 0) {
		errno = -sk;
		CHECK(race, errno == EPERM || errno == EBADF);
		race->vain[0]++;
		return;
	}
	CHECK(race, netns_cookie(sk) == race->cookie[0]);
	close(sk);
}

static void delegate_and_revoke(struct race *race)
{
	int fd = sys_delegate(race->nsfd[0], 0);

	CHECK(race, dup2(fd, SHARED_FD) == SHARED_FD);
	close(fd);
	sched_yield();
	CHECK(race, !ioctl(SHARED_FD, NS_NET_REVOKE_SOCKETS, 0));
}

TEST_F_TIMEOUT(race, ring_and_revocation, 3600)
{
	struct uring ring;

	if (!have_socketat())
		SKIP(return, "ENOSYS");
	if (uring_start(&ring, 0))
		SKIP(return, "no CONFIG_IO_URING");
	if (!uring_has_netns(&ring))
		SKIP(return, "no IORING_SOCKET_NETNS");
	run_race(_metadata, &self->race, socket_by_ring, delegate_and_revoke);
}

/* The name refers to the namespace if it is mounted, and to the file otherwise. */
static void mount_and_umount(struct race *race)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", race->nsfd[0]);
	CHECK(race, !mount(path, race->file, NULL, MS_BIND, NULL));
	if (race->yield)
		sched_yield();
	CHECK(race, !umount2(race->file, MNT_DETACH));
}

static void open_mounted(struct race *race)
{
	int fd = open(race->file, O_RDONLY | O_CLOEXEC);

	CHECK(race, fd >= 0);
	if (sys_setns(fd, CLONE_NEWNET)) {
		CHECK(race, errno == EINVAL);
		CHECK(race, fd_ino(fd) != race->ino[0][0]);
		race->vain[0]++;
	} else {
		CHECK(race, ns_ino(0, "net") == race->ino[0][0]);
		CHECK(race, !sys_setns(race->home[0], CLONE_NEWNET));
	}
	close(fd);
}

TEST_F_TIMEOUT(race, open_and_bind_mount, 3600)
{
	int fd;

	snprintf(self->race.file, sizeof(self->race.file), "/tmp/nsfd.XXXXXX");
	fd = mkstemp(self->race.file);
	ASSERT_LE(0, fd);
	close(fd);
	run_race(_metadata, &self->race, open_mounted, mount_and_umount);
}

static void delete_there(struct race *race)
{
	struct rtnl_req req;
	int i, deleted = 0;

	for (i = 0; i < 2; i++) {
		rtnl_link(&req, RTM_DELLINK, 0, "race");
		deleted += !rtnl_send(race->there[i], &req);
	}
	CHECK(race, deleted == 1);
}

static void create_by_juggled(struct race *race)
{
	int err = rtnl_add_dummy(race->sk, "race", SHARED_FD);

	if (err) {
		errno = -err;
		CHECK(race, errno == EBADF);
		race->vain[0]++;
	} else {
		delete_there(race);
	}
}

TEST_F_TIMEOUT(race, newlink_and_close_or_dup2, 3600)
{
	run_race(_metadata, &self->race, create_by_juggled, juggle);
}

/* A device whose move has failed stays for the next attempt. */
static void move_by_juggled(struct race *race)
{
	int err = 0;

	if (!race->turn[0])
		err = rtnl_add_dummy(race->sk, "race", -1);
	CHECK(race, !err);
	err = rtnl_move(race->sk, RTM_NEWLINK, "race", SHARED_FD);
	race->turn[0] = !!err;
	if (err) {
		errno = -err;
		CHECK(race, errno == EBADF);
		race->vain[0]++;
	} else {
		delete_there(race);
	}
}

TEST_F_TIMEOUT(race, move_and_close_or_dup2, 3600)
{
	run_race(_metadata, &self->race, move_by_juggled, juggle);
}

TEST_HARNESS_MAIN
