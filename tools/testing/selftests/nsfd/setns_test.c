// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for setns(): by namespace file and by pidfd, entering all requested
 * namespaces or none, and moving only the calling thread.
 */
#include <limits.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "common.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* The types of this kernel. Early stages of the series lack some. */
static int all_types(void)
{
	size_t i;
	int all = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (have_ns(ns_types[i].name))
			all |= ns_types[i].flag;
	return all;
}

/* The types that a task can leave at any time, whatever it shares. */
#define PLAIN_TYPES (CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | \
		     CLONE_NEWNET)

/* The namespaces of a thread; for pid, that of its children, which setns() changes. */
struct where {
	ino_t ino[NR_NS_TYPES];
};

static struct where where_is(pid_t tid)
{
	struct where w;
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++) {
		if (ns_types[i].flag == CLONE_NEWPID)
			w.ino[i] = ns_ino(tid, "pid_for_children");
		else
			w.ino[i] = ns_ino(tid, ns_types[i].name);
	}
	return w;
}

/* Return the types whose namespaces differ. */
static int moved(struct where from, struct where to)
{
	size_t i;
	int types = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (from.ino[i] != to.ino[i])
			types |= ns_types[i].flag;
	return types;
}

/* The caller's capabilities, each set as a whole. */
struct caps {
	__u64 effective, permitted, inheritable;
};

static int caps_get(struct caps *c)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	memset(c, 0, sizeof(*c));
	if (syscall(__NR_capget, &hdr, d))
		return -errno;
	c->effective = (__u64)d[1].effective << 32 | d[0].effective;
	c->permitted = (__u64)d[1].permitted << 32 | d[0].permitted;
	c->inheritable = (__u64)d[1].inheritable << 32 | d[0].inheritable;
	return 0;
}

static __u64 caps_all(void)
{
	__u64 all = 0;
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		all |= 1ULL << cap;
	return all;
}

/*
 * Each type alone. The caller is root in a user namespace, and has a child in a
 * namespace of the type that this user namespace owns.
 */
FIXTURE(type)
{
	struct target t;
	int fd;			/* the namespace of the child */
	int outer;		/* that of the caller or, for user, of its parent */
	struct where home;
};

FIXTURE_VARIANT(type)
{
	const char *name;
	int flag;
};

FIXTURE_VARIANT_ADD(type, user) { "user", CLONE_NEWUSER };
FIXTURE_VARIANT_ADD(type, mnt) { "mnt", CLONE_NEWNS };
FIXTURE_VARIANT_ADD(type, uts) { "uts", CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(type, ipc) { "ipc", CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(type, pid) { "pid", CLONE_NEWPID };
FIXTURE_VARIANT_ADD(type, cgroup) { "cgroup", CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(type, net) { "net", CLONE_NEWNET };
FIXTURE_VARIANT_ADD(type, time) { "time", CLONE_NEWTIME };

FIXTURE_SETUP(type)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (lacks_ns(variant->name))
		SKIP(return, "no %s namespace", variant->name);
	self->outer = open_ns(0, variant->name);
	ASSERT_LE(0, self->outer);
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&self->t, variant->flag));
	self->fd = open_ns(self->t.pid, variant->name);
	ASSERT_LE(0, self->fd);
	self->home = where_is(0);
	ASSERT_EQ(variant->flag, moved(self->home, where_is(self->t.pid)));
}

FIXTURE_TEARDOWN(type)
{
	target_stop(&self->t);
}

/* The caller has entered the child's namespace, and no other. */
#define ASSERT_ENTERED() do {						\
	struct where __now = where_is(0);				\
									\
	ASSERT_EQ(variant->flag, moved(self->home, __now));		\
	ASSERT_EQ(0, moved(__now, where_is(self->t.pid)));		\
} while (0)

#define ASSERT_AT(place) ASSERT_EQ(0, moved(place, where_is(0)))

#define ASSERT_AT_HOME() ASSERT_AT(self->home)

TEST_F(type, by_file_of_any_type)
{
	ASSERT_EQ(0, try_setns(self->fd, 0));
	ASSERT_ENTERED();
}

TEST_F(type, by_file_of_the_type)
{
	ASSERT_EQ(0, try_setns(self->fd, variant->flag));
	ASSERT_ENTERED();
}

TEST_F(type, by_pidfd)
{
	ASSERT_EQ(0, try_setns(self->t.pidfd, variant->flag));
	ASSERT_ENTERED();
}

TEST_F(type, file_outlives_the_process)
{
	ino_t ino = fd_ino(self->fd);

	target_stop(&self->t);
	ASSERT_EQ(0, try_setns(self->fd, variant->flag));
	if (variant->flag == CLONE_NEWPID) {
		/* without its init, it accepts no more processes */
		ASSERT_EQ(-1, fork());
		ASSERT_EQ(ENOMEM, errno);
	} else {
		ASSERT_EQ(variant->flag, moved(self->home, where_is(0)));
		ASSERT_EQ(ino, ns_ino(0, variant->name));
	}
}

TEST_F(type, wrong_type)
{
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++) {
		if (ns_types[i].flag == variant->flag)
			continue;
		EXPECT_EQ(EINVAL, try_setns(self->fd, ns_types[i].flag));
		EXPECT_EQ(EINVAL, try_setns(self->fd, ns_types[i].flag |
					    variant->flag));
	}
	EXPECT_EQ(EINVAL, try_setns(self->fd, variant->flag | 1));
	EXPECT_EQ(EINVAL, try_setns(self->fd, variant->flag | CLONE_VM));
	EXPECT_EQ(EINVAL, try_setns(self->fd, 1));
	EXPECT_EQ(EINVAL, try_setns(self->fd, -1));
	ASSERT_AT_HOME();
	ASSERT_EQ(0, try_setns(self->fd, variant->flag));
}

/* Entering again must have no effect, and must not restore capabilities. */
TEST_F(type, same_namespace_again)
{
	int err = variant->flag == CLONE_NEWUSER ? EINVAL : 0;

	ASSERT_EQ(0, try_setns(self->fd, 0));
	ASSERT_EQ(err, try_setns(self->fd, 0));
	ASSERT_EQ(err, try_setns(self->t.pidfd, variant->flag));
	ASSERT_ENTERED();
}

/* Capabilities in the caller's own user namespace do not apply in its parent. */
TEST_F(type, wrong_user_namespace)
{
	int other;

	ASSERT_EQ(EPERM, try_setns(self->outer, 0));
	ASSERT_EQ(EPERM, try_setns(self->outer, variant->flag));
	ASSERT_AT_HOME();

	/* nor in a sibling, even if the same user has created both */
	if (variant->flag == CLONE_NEWUSER) {
		struct target t;
		pid_t pid;

		ASSERT_EQ(0, target_start(&t, CLONE_NEWUSER));
		other = open_ns(t.pid, "user");
		ASSERT_LE(0, other);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			ASSERT_EQ(0, try_setns(self->fd, 0));
			ASSERT_EQ(EPERM, try_setns(other, 0));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		target_stop(&t);
	}
	ASSERT_EQ(0, try_setns(self->fd, 0));
}

/* A user namespace admits its owner; other types require CAP_SYS_ADMIN. */
TEST_F(type, no_capability)
{
	int err = variant->flag == CLONE_NEWUSER ? 0 : EPERM;
	int home = open_ns(0, variant->name);

	ASSERT_EQ(0, keep_caps(~(1ULL << CAP_SYS_ADMIN)));
	ASSERT_EQ(err, try_setns(self->fd, 0));
	if (err) {
		ASSERT_EQ(err, try_setns(self->fd, variant->flag));
		ASSERT_EQ(err, try_setns(self->t.pidfd, variant->flag));
		/* not even the namespace that it is in */
		ASSERT_EQ(err, try_setns(home, variant->flag));
		ASSERT_AT_HOME();
	} else {
		ASSERT_ENTERED();
	}
}

/*
 * A mount namespace also requires CAP_SYS_CHROOT, because it sets the root
 * directory.
 */
TEST_F(type, needs_no_other_capability)
{
	__u64 caps = 1ULL << CAP_SYS_ADMIN;

	if (variant->flag == CLONE_NEWNS)
		caps |= 1ULL << CAP_SYS_CHROOT;
	ASSERT_EQ(0, keep_caps(caps));
	ASSERT_EQ(0, try_setns(self->fd, 0));
	/* The child has more capabilities: its namespaces are not accessible. */
	ASSERT_EQ(variant->flag, moved(self->home, where_is(0)));
}

/* The user namespace is entered first, and provides the capabilities for the others. */
TEST_F(type, user_namespace_provides_capabilities)
{
	struct target t;
	int types = CLONE_NEWUSER | variant->flag;
	int err = EPERM;

	ASSERT_EQ(0, target_start(&t, types));
	ASSERT_EQ(0, caps_drop());
	if (types != CLONE_NEWUSER)
		err = try_setns(t.pidfd, variant->flag);
	ASSERT_EQ(EPERM, err);
	ASSERT_AT_HOME();
	ASSERT_EQ(0, try_setns(t.pidfd, types));
	ASSERT_EQ(types, moved(self->home, where_is(0)));
	ASSERT_EQ(0, moved(where_is(t.pid), where_is(0)));
	target_stop(&t);
}

static int err_threaded(int flag)
{
	switch (flag) {
	case CLONE_NEWUSER:
	case CLONE_NEWNS:
		return -EINVAL;
	case CLONE_NEWTIME:
		return -EUSERS;
	default:
		return 0;
	}
}

TEST_F(type, with_threads)
{
	int err = -err_threaded(variant->flag);
	struct idler thread;

	ASSERT_EQ(0, idler_start(&thread, 0));
	ASSERT_EQ(err, try_setns(self->fd, 0));
	/* for the mount namespace, only sharing the root directory matters */
	if (variant->flag == CLONE_NEWNS) {
		ASSERT_AT_HOME();
		ASSERT_EQ(0, unshare(CLONE_FS));
		err = try_setns(self->fd, 0);
		ASSERT_EQ(0, err);
	}
	ASSERT_EQ(err ? 0 : variant->flag, moved(self->home, where_is(0)));
	ASSERT_EQ(0, moved(self->home, where_is(thread.tid)));
	idler_stop(&thread);

	if (err)
		err = try_setns(self->fd, 0);
	ASSERT_EQ(0, err);
	ASSERT_ENTERED();
}

/* A thread that calls setns(). */
struct mover {
	int fd, err;
	struct where at;
};

static void *mover_run(void *arg)
{
	struct mover *m = arg;

	m->err = try_setns(m->fd, 0);
	m->at = where_is(0);
	return NULL;
}

TEST_F(type, a_thread_moves_alone)
{
	int err = -err_threaded(variant->flag);
	struct mover m = { .fd = self->fd };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, mover_run, &m));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(err, m.err);
	ASSERT_EQ(err ? 0 : variant->flag, moved(self->home, m.at));
	if (!err)
		ASSERT_EQ(0, moved(m.at, where_is(self->t.pid)));
	ASSERT_AT_HOME();
}

TEST_F(type, fs_shared_with_a_process)
{
	int err = err_threaded(variant->flag) == -EINVAL ? EINVAL : 0;
	struct target t;

	ASSERT_EQ(0, target_start(&t, CLONE_FS));
	ASSERT_EQ(err, try_setns(self->fd, 0));
	ASSERT_EQ(err, try_setns(self->t.pidfd, variant->flag));
	ASSERT_EQ(0, moved(self->home, where_is(t.pid)));
	target_stop(&t);

	if (err) {
		ASSERT_AT_HOME();
		ASSERT_EQ(0, try_setns(self->fd, 0));
	}
	ASSERT_ENTERED();
}

static int wait_for_the_end(void *fd)
{
	char c;

	return read(*(int *)fd, &c, 1);
}

/*
 * The clock offsets are mapped into memory: all processes that share it would
 * get them.
 */
TEST_F(type, memory_shared_with_a_process)
{
	int err = variant->flag == CLONE_NEWTIME ? EUSERS : 0;
	char stack[16384];
	int end[2];
	pid_t pid;

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	pid = clone(wait_for_the_end, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		    end);
	ASSERT_LE(0, pid);
	ASSERT_EQ(err, try_setns(self->fd, 0));
	/* From a user namespace, its parent is not accessible. */
	if (variant->flag != CLONE_NEWUSER)
		ASSERT_EQ(0, moved(self->home, where_is(pid)));
	/* It has the other end open, too. */
	ASSERT_EQ(1, write(end[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));

	if (err) {
		ASSERT_AT_HOME();
		ASSERT_EQ(0, try_setns(self->fd, 0));
	}
	ASSERT_ENTERED();
}

/* A child shares its parent's nsproxy, but must not move with it. */
TEST_F(type, child_is_not_moved)
{
	int go[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		ASSERT_EQ(0, read(go[0], &c, 1));
		ASSERT_AT_HOME();
		EXIT_CHILD();
	}
	ASSERT_EQ(0, try_setns(self->fd, 0));
	ASSERT_ENTERED();
	close(go[1]);
	WAIT_CHILD(pid);
	ASSERT_ENTERED();
}

/*
 * Types are entered in the order of ns_types. The child has a new namespace of
 * each type except this one: the last one is owned by a user namespace in which
 * the caller has no capability, so everything before must be undone.
 */
TEST_F(type, last_one_refused)
{
	int types = 0, all = all_types();
	struct caps before, after;
	char cwd[PATH_MAX];
	struct target t;
	size_t i;

	for (i = 0; ns_types[i].flag != variant->flag; i++)
		types |= ns_types[i].flag & all;

	ASSERT_EQ(0, target_start(&t, (all | CLONE_NEWUSER) & ~variant->flag));
	ASSERT_EQ(0, chdir("/proc"));
	ASSERT_EQ(0, caps_get(&before));
	if (variant->flag == CLONE_NEWUSER) {
		/* nothing comes before it: if it fails, all fail */
		target_stop(&t);
		ASSERT_EQ(0, target_start(&t, all & ~CLONE_NEWUSER));
		ASSERT_EQ(EINVAL, try_setns(t.pidfd, all));
	} else {
		ASSERT_EQ(EPERM, try_setns(t.pidfd, types | variant->flag));
	}
	ASSERT_AT_HOME();
	ASSERT_EQ(0, caps_get(&after));
	ASSERT_EQ(0, memcmp(&before, &after, sizeof(before)));
	ASSERT_STREQ("/proc", getcwd(cwd, sizeof(cwd)));

	if (types) {
		ASSERT_EQ(0, try_setns(t.pidfd, types));
		ASSERT_EQ(types, moved(self->home, where_is(0)));
		ASSERT_STREQ(types & CLONE_NEWNS ? "/" : "/proc",
			     getcwd(cwd, sizeof(cwd)));
	}
	target_stop(&t);
}

/*
 * Two children in two namespaces of a type, between which the caller moves.
 * This excludes user namespaces, since a sibling cannot be entered from one.
 */
FIXTURE(hop)
{
	struct target a, b;
	int fd_a, fd_b;
};

FIXTURE_VARIANT(hop)
{
	const char *name;
	int flag;
};

FIXTURE_VARIANT_ADD(hop, mnt) { "mnt", CLONE_NEWNS };
FIXTURE_VARIANT_ADD(hop, uts) { "uts", CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(hop, ipc) { "ipc", CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(hop, pid) { "pid", CLONE_NEWPID };
FIXTURE_VARIANT_ADD(hop, cgroup) { "cgroup", CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(hop, net) { "net", CLONE_NEWNET };
FIXTURE_VARIANT_ADD(hop, time) { "time", CLONE_NEWTIME };

FIXTURE_SETUP(hop)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (lacks_ns(variant->name))
		SKIP(return, "no %s namespace", variant->name);
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&self->a, variant->flag));
	ASSERT_EQ(0, target_start(&self->b, variant->flag));
	self->fd_a = open_ns(self->a.pid, variant->name);
	ASSERT_LE(0, self->fd_a);
	self->fd_b = open_ns(self->b.pid, variant->name);
	ASSERT_LE(0, self->fd_b);
}

FIXTURE_TEARDOWN(hop)
{
	target_stop(&self->a);
	target_stop(&self->b);
}

/*
 * Sharing the nsproxy must make no difference: with a child that shares it, and
 * then without.
 */
TEST_F(hop, unshared_and_shared)
{
	struct where a = where_is(self->a.pid), b = where_is(self->b.pid);
	struct target with_a, with_b;

	ASSERT_EQ(variant->flag, moved(a, b));
	ASSERT_EQ(0, try_setns(self->fd_a, 0));
	ASSERT_EQ(0, moved(a, where_is(0)));
	ASSERT_EQ(0, target_start(&with_a, 0));
	ASSERT_EQ(0, try_setns(self->fd_b, 0));
	ASSERT_EQ(0, moved(b, where_is(0)));
	ASSERT_EQ(0, target_start(&with_b, 0));
	ASSERT_EQ(0, try_setns(self->a.pidfd, variant->flag));
	ASSERT_EQ(0, moved(a, where_is(0)));
	ASSERT_EQ(0, moved(a, where_is(with_a.pid)));
	ASSERT_EQ(0, moved(b, where_is(with_b.pid)));

	target_stop(&with_a);
	ASSERT_EQ(0, try_setns(self->fd_b, 0));
	ASSERT_EQ(0, moved(b, where_is(0)));
	ASSERT_EQ(0, moved(b, where_is(with_b.pid)));
	target_stop(&with_b);
	ASSERT_EQ(0, try_setns(self->fd_a, 0));
	ASSERT_EQ(0, moved(a, where_is(0)));
	ASSERT_EQ(0, try_setns(self->b.pidfd, variant->flag));
	ASSERT_EQ(0, moved(b, where_is(0)));
}

/* Shared between the process that moves and one that watches it. */
struct view {
	int stop;
	unsigned int looks;
};

static struct view *view_new(void)
{
	void *p = mmap(NULL, sizeof(struct view), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static bool view_stopped(struct view *v)
{
	__atomic_add_fetch(&v->looks, 1, __ATOMIC_RELAXED);
	sched_yield();
	return __atomic_load_n(&v->stop, __ATOMIC_ACQUIRE);
}

static unsigned int view_looks(struct view *v)
{
	return __atomic_load_n(&v->looks, __ATOMIC_RELAXED);
}

/* It exits with its parent, even if that does not stop it. */
static pid_t fork_viewer(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void view_stop(struct view *v)
{
	__atomic_store_n(&v->stop, 1, __ATOMIC_RELEASE);
}

/* Thousands of moves, limited in time, with at least some observations. */
static bool view_goes_on(struct view *v, int hops, __u64 start)
{
	__u64 ms = msecs() - start;

	if (hops % 8 == 0)
		sched_yield();
	if (ms > 1500)
		return false;
	return (hops < 4000 && ms < 250) || view_looks(v) < 20;
}

TEST_F(hop, back_and_forth_while_read)
{
	const char *name = variant->name;
	ino_t a = fd_ino(self->fd_a), b = fd_ino(self->fd_b), ino;
	struct view *v = view_new();
	pid_t me = getpid(), pid;
	int i, err = 0;
	__u64 start;

	if (variant->flag == CLONE_NEWPID)
		name = "pid_for_children";
	ASSERT_NE(NULL, v);
	ASSERT_EQ(0, try_setns(self->fd_a, 0));
	pid = fork_viewer();
	ASSERT_LE(0, pid);
	if (!pid) {
		do {
			ino = ns_ino(me, name);
			ASSERT_TRUE(ino == a || ino == b);
		} while (!view_stopped(v));
		EXIT_CHILD();
	}

	start = msecs();
	for (i = 1; !err && view_goes_on(v, i, start); i++) {
		err = try_setns(i % 2 ? self->fd_b : self->fd_a, variant->flag);
		if (!err && ns_ino(0, name) != (i % 2 ? b : a))
			err = -1;
	}
	view_stop(v);
	WAIT_CHILD(pid);
	ASSERT_EQ(0, err);
	ASSERT_LT(10, i);
	ASSERT_LT(1U, view_looks(v));
}

/*
 * Without references, namespaces must be freed: with few of them allowed,
 * create, enter and leave one after the other. Two are those of the fixture.
 */
TEST_F(hop, nothing_leaks)
{
	struct target t, company = {};
	pid_t pid;
	int i, fd, err;

	ASSERT_EQ(0, allow_few(variant->name, 5));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, target_start_patient(&t, variant->flag)) {
			TH_LOG("namespace %d of 16", i);
		}
		fd = open_ns(t.pid, variant->name);
		ASSERT_LE(0, fd);
		/*
		 * a process that has left its PID namespace cannot create
		 * another one
		 */
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			ASSERT_EQ(0, try_setns(fd, 0));
			err = i & 1 ? target_start(&company, 0) : 0;
			ASSERT_EQ(0, err);
			ASSERT_EQ(0, try_setns(i & 2 ? t.pidfd : fd,
					       variant->flag));
			ASSERT_EQ(0, try_setns(self->fd_a, 0));
			target_stop(&company);
			ASSERT_EQ(0, try_setns(self->fd_b, 0));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		close(fd);
		target_stop(&t);
	}
}

/* A call that fails must not leave references to what it had installed. */
TEST_F(hop, nothing_leaks_when_refused)
{
	int types = CLONE_NEWUSER | variant->flag, refused = 0;
	struct target t;
	size_t i;

	for (i = 1; i < NR_NS_TYPES; i++)
		if (have_ns(ns_types[i].name) && !(ns_types[i].flag & types))
			refused = ns_types[i].flag;

	ASSERT_EQ(0, allow_few(variant->name, 5));
	ASSERT_EQ(0, allow_few("user", 3));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, target_start_patient(&t, types)) {
			TH_LOG("namespace %zu of 12", i);
		}
		ASSERT_EQ(EPERM, try_setns(t.pidfd, types | refused));
		target_stop(&t);
	}
}

TEST(user_namespaces_do_not_leak)
{
	struct target t;
	pid_t pid;
	int i, fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, allow_few("user", 3));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, target_start_patient(&t, CLONE_NEWUSER));
		fd = open_ns(t.pid, "user");
		ASSERT_LE(0, fd);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			ASSERT_EQ(0, try_setns(fd, CLONE_NEWUSER));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		close(fd);
		target_stop(&t);
	}
}

TEST(bad_descriptor)
{
	char path[64];
	int fd;

	EXPECT_EQ(EBADF, try_setns(-1, 0));
	EXPECT_EQ(EBADF, try_setns(-1, CLONE_NEWUSER));
	EXPECT_EQ(EBADF, try_setns(AT_FDCWD, 0));
	EXPECT_EQ(EBADF, try_setns(-1, -1));
	/* the file is open, but only as a path */
	snprintf(path, sizeof(path), "/proc/self/ns/%s", any_ns());
	fd = open(path, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, try_setns(fd, 0));
	EXPECT_EQ(EBADF, try_setns(fd, CLONE_NEWUSER));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(EBADF, try_setns(fd, 0));
	fd = open_ns(0, any_ns());
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(EBADF, try_setns(fd, CLONE_NEWUSER));
}

TEST(neither_namespace_nor_pidfd)
{
	int fds[8], n = 0, sv[2], p[2];
	int i;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv));
	fds[n++] = p[0];
	fds[n++] = p[1];
	fds[n++] = sv[0];
	fds[n++] = syscall(__NR_memfd_create, "regular", 0);
	fds[n++] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[n++] = open("/proc/self/ns", O_RDONLY | O_CLOEXEC);
	/* it used to be a pidfd, and still is for pidfd_send_signal() */
	fds[n++] = open("/proc/self", O_RDONLY | O_CLOEXEC);
	fds[n++] = open("/", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < n; i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(EINVAL, try_setns(fds[i], 0));
		EXPECT_EQ(EINVAL, try_setns(fds[i], CLONE_NEWUSER));
		EXPECT_EQ(EINVAL, try_setns(fds[i], CLONE_NEWCGROUP));
		EXPECT_EQ(EINVAL, try_setns(fds[i], -1));
	}
}

TEST(pidfd_and_bad_types)
{
	const int bad[] = { 0, 1, -1, CLONE_VM, CLONE_FS, CLONE_THREAD,
			    CLONE_PIDFD, CLONE_NEWPID | CLONE_VM,
			    CLONE_NEWUSER | 1, CLONE_NEWCGROUP | CLONE_FILES };
	struct target t;
	size_t i;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, target_start(&t, CLONE_NEWCGROUP));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(EINVAL, try_setns(t.pidfd, bad[i]));
	/* a type without a name must be an unknown flag */
	for (i = 0; i < NR_NS_TYPES; i++) {
		if (!have_ns(ns_types[i].name))
			EXPECT_EQ(EINVAL, try_setns(t.pidfd, CLONE_NEWCGROUP |
						    ns_types[i].flag));
	}
	ASSERT_EQ(0, try_setns(t.pidfd, CLONE_NEWCGROUP));
	ASSERT_EQ(0, close(t.pidfd));
	EXPECT_EQ(EBADF, try_setns(t.pidfd, CLONE_NEWCGROUP));
	EXPECT_EQ(EBADF, try_setns(t.pidfd, 0));
	t.pidfd = -1;
	target_stop(&t);
}

/* A zombie has released its namespaces; when it has been reaped, it does not exist. */
TEST(pidfd_of_the_dead)
{
	struct pollfd p = { .events = POLLIN };
	size_t type;
	int all, i;
	pid_t pid;

	ASSERT_EQ(0, become_root());
	all = all_types();
	pid = ns_fork(0, &p.fd);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(1, poll(&p, 1, 5000));
	for (i = 0; i < 2; i++) {
		for (type = 0; type < NR_NS_TYPES; type++)
			EXPECT_EQ(have_ns(ns_types[type].name) ? ESRCH : EINVAL,
				  try_setns(p.fd, ns_types[type].flag));
		EXPECT_EQ(ESRCH, try_setns(p.fd, all));
		EXPECT_EQ(EINVAL, try_setns(p.fd, 0));
		EXPECT_EQ(EINVAL, try_setns(p.fd, 1));
		ASSERT_EQ(i ? -1 : pid, waitpid(pid, NULL, 0));
	}
}

/* Without access to the namespace files, there must be no access by pidfd. */
TEST(pidfd_needs_access)
{
	int go[2], ready[2], pidfd, fd;
	pid_t pid;
	char c;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, unshare_user());
	pid = ns_fork(CLONE_NEWUSER | CLONE_NEWCGROUP, &pidfd);
	ASSERT_LE(0, pid);
	if (!pid) {
		/* its memory belongs to the user namespace of its exec() */
		close(go[1]);
		if (read(go[0], &c, 1) != 1 || prctl(PR_SET_DUMPABLE, 0) ||
		    write(ready[1], &c, 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1));
	}
	fd = open_ns(pid, "cgroup");
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(EPERM, try_setns(pidfd, CLONE_NEWCGROUP));
	EXPECT_EQ(EPERM, try_setns(pidfd, CLONE_NEWUSER | CLONE_NEWCGROUP));
	EXPECT_EQ(-1, open_ns(pid, "cgroup"));
	EXPECT_EQ(EACCES, errno);
	/* a file descriptor that was opened before remains valid */
	EXPECT_EQ(0, try_setns(fd, CLONE_NEWCGROUP));
	close(go[1]);
	WAIT_CHILD(pid);
}

TEST(pidfd_and_all_types)
{
	struct where home, there;
	struct target t;
	int all;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	home = where_is(0);
	all = all_types();
	ASSERT_EQ(0, target_start(&t, all | CLONE_NEWUSER));
	there = where_is(t.pid);
	ASSERT_EQ(all, moved(home, there));
	ASSERT_EQ(0, try_setns(t.pidfd, all));
	ASSERT_EQ(0, moved(there, where_is(0)));
	/* again: now, that is the caller's own user namespace */
	ASSERT_EQ(EINVAL, try_setns(t.pidfd, all));
	ASSERT_EQ(0, try_setns(t.pidfd, all & ~CLONE_NEWUSER));
	ASSERT_EQ(0, moved(there, where_is(0)));
	target_stop(&t);
}

/*
 * A thread may be in other namespaces than its process; its pidfd refers to it
 * alone.
 */
TEST(pidfd_of_a_thread)
{
	struct idler thread;
	struct where there;
	int pidfd;
	pid_t pid;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, idler_start(&thread, CLONE_NEWCGROUP));
	there = where_is(thread.tid);
	ASSERT_EQ(CLONE_NEWCGROUP, moved(where_is(0), there));
	pidfd = sys_pidfd_open(thread.tid, PIDFD_THREAD);
	ASSERT_LE(0, pidfd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, try_setns(pidfd, CLONE_NEWCGROUP));
		ASSERT_EQ(0, moved(there, where_is(0)));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(CLONE_NEWCGROUP, moved(where_is(0), there));
	idler_stop(&thread);
}

/* Entering the caller's own namespaces succeeds, except for the user namespace. */
TEST(pidfd_of_oneself)
{
	int all, pidfd, fd;
	struct where home;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_TRUE(have_ns("user"));
	all = all_types() & ~CLONE_NEWUSER;
	pid = ns_fork(all | CLONE_NEWUSER, &pidfd);
	ASSERT_LE(0, pid);
	if (!pid) {
		home = where_is(0);
		pidfd = sys_pidfd_open(getpid(), 0);
		ASSERT_LE(0, pidfd);
		ASSERT_EQ(0, try_setns(pidfd, all));
		ASSERT_AT(home);
		ASSERT_EQ(EINVAL, try_setns(pidfd, CLONE_NEWUSER));
		ASSERT_EQ(EINVAL, try_setns(pidfd, all | CLONE_NEWUSER));
		fd = open_ns(0, "user");
		ASSERT_LE(0, fd);
		ASSERT_EQ(EINVAL, try_setns(fd, 0));
		ASSERT_EQ(EINVAL, try_setns(fd, CLONE_NEWUSER));
		ASSERT_AT(home);
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

TEST(user_namespace_gives_all_capabilities)
{
	struct target t;
	struct caps c;
	int fd;

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	fd = open_ns(0, "user");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, target_start(&t, CLONE_NEWUSER));
	ASSERT_EQ(0, caps_drop());
	ASSERT_EQ(-1, unshare(CLONE_NEWCGROUP));
	ASSERT_EQ(EPERM, errno);
	ASSERT_EQ(0, try_setns(t.pidfd, CLONE_NEWUSER));
	ASSERT_EQ(0, caps_get(&c));
	ASSERT_EQ(caps_all(), c.effective);
	ASSERT_EQ(caps_all(), c.permitted);
	ASSERT_EQ(0ULL, c.inheritable);
	ASSERT_EQ(0, unshare(CLONE_NEWCGROUP));
	/* they do not apply where it came from */
	ASSERT_EQ(EPERM, try_setns(fd, CLONE_NEWUSER));
	target_stop(&t);
}

#define AMBIENT(what, cap)	prctl(PR_CAP_AMBIENT, what, cap, 0, 0)

/* Entering a user namespace resets capabilities and securebits, but not dumpability. */
TEST(user_namespace_and_the_rest_of_the_credentials)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	struct target t;
	struct caps c;
	int sig = 0;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&t, CLONE_NEWUSER));
	ASSERT_EQ(0, syscall(__NR_capget, &hdr, d));
	d[0].inheritable = 1 << CAP_CHOWN | 1 << CAP_KILL;
	ASSERT_EQ(0, syscall(__NR_capset, &hdr, d));
	ASSERT_EQ(0, AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_CHOWN));
	ASSERT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_KEEP_CAPS, 0, 0, 0));
	ASSERT_EQ(1, prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));

	ASSERT_EQ(0, try_setns(t.pidfd, CLONE_NEWUSER));
	ASSERT_EQ(0, caps_get(&c));
	EXPECT_EQ(0ULL, c.inheritable);
	EXPECT_EQ(0, AMBIENT(PR_CAP_AMBIENT_IS_SET, CAP_CHOWN));
	EXPECT_EQ(1, prctl(PR_CAPBSET_READ, CAP_SYS_BOOT, 0, 0, 0));
	EXPECT_EQ(0, prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	EXPECT_EQ(0, prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	/* It belongs to the caller, which has all capabilities over it anyway. */
	EXPECT_EQ(1, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0));
	EXPECT_EQ(SIGUSR1, sig);
	target_stop(&t);
}

/*
 * The user namespace of another user gives capabilities that the caller did not
 * have.
 */
TEST(user_namespace_of_another_user)
{
	int ready[2], hold[2], sig = -1, fd;
	pid_t pid;
	char c;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (geteuid())
		SKIP(return, "there is but one user");
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(hold, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(hold[1]);
		ASSERT_EQ(0, become_nobody());
		ASSERT_EQ(0, unshare_user());
		ASSERT_EQ(1, write(ready[1], "", 1));
		ASSERT_EQ(0, read(hold[0], &c, 1));
		EXIT_CHILD();
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	fd = open_ns(pid, "user");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	ASSERT_EQ(0, try_setns(fd, CLONE_NEWUSER));
	EXPECT_NE(1, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	ASSERT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0));
	EXPECT_EQ(0, sig);
	close(hold[1]);
	WAIT_CHILD(pid);
}

/*
 * The clocks of a time namespace, and their offsets in the test. The vDSO reads
 * the coarse one in memory whatever the clock source is.
 */
static const struct {
	clockid_t id;
	long offset;
} clocks[] = {
	{ CLOCK_MONOTONIC, 100000 },
	{ CLOCK_MONOTONIC_COARSE, 100000 },
	{ CLOCK_BOOTTIME, 200000 },
};

/* Expect the times @start or slightly more, by vDSO and by system call. */
#define EXPECT_CLOCKS(start, there) do {				\
	struct timespec __vdso, __call;					\
	long long __want;						\
	size_t __i;							\
									\
	for (__i = 0; __i < ARRAY_SIZE(clocks); __i++) {		\
		clockid_t __id = clocks[__i].id;			\
									\
		__want = (start)[__i].tv_sec;				\
		__want += (there) ? clocks[__i].offset : 0;		\
		ASSERT_EQ(0, clock_gettime(__id, &__vdso));		\
		ASSERT_EQ(0, syscall(__NR_clock_gettime, __id, &__call)); \
		EXPECT_LE(__want, __vdso.tv_sec);			\
		EXPECT_GT(__want + 1000, __vdso.tv_sec);		\
		EXPECT_LE(__want, __call.tv_sec);			\
		EXPECT_GT(__want + 1000, __call.tv_sec);		\
	}								\
} while (0)

/* The page with the offsets that the vDSO reads must be mapped again. */
TEST(time_namespace_and_its_clock)
{
	struct timespec start[ARRAY_SIZE(clocks)];
	int home, there;
	size_t i;
	pid_t pid;

	if (lacks_ns("time"))
		SKIP(return, "no time namespace");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	home = open_ns(0, "time_for_children");
	ASSERT_LE(0, home);
	ASSERT_EQ(0, try_setns(home, 0));
	ASSERT_EQ(0, unshare(CLONE_NEWTIME));
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets",
				"monotonic 100000 0\nboottime 200000 0"));
	there = open_ns(0, "time_for_children");
	ASSERT_LE(0, there);
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		ASSERT_EQ(0, clock_gettime(clocks[i].id, &start[i]));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, try_setns(there, CLONE_NEWTIME));
		ASSERT_EQ(fd_ino(there), ns_ino(0, "time_for_children"));
		EXPECT_CLOCKS(start, true);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			EXPECT_CLOCKS(start, true);
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		/* in the last round, leaving frees it while its page is mapped */
		if (i == 2)
			ASSERT_EQ(0, close(there));
		ASSERT_EQ(0, try_setns(home, 0));
		EXPECT_CLOCKS(start, false);
	}
}

TEST(pid_namespace_is_for_later_children)
{
	pid_t pid, me = getpid();
	struct target t;
	ino_t ino, there;

	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	ASSERT_EQ(0, become_root());
	ino = ns_ino(0, "pid");
	ASSERT_NE((ino_t)0, ino);
	ASSERT_EQ(0, target_start(&t, CLONE_NEWPID));
	there = ns_ino(t.pid, "pid");
	ASSERT_NE(ino, there);
	ASSERT_EQ(0, try_setns(t.pidfd, CLONE_NEWPID));
	ASSERT_EQ(ino, ns_ino(0, "pid"));
	ASSERT_EQ(there, ns_ino(0, "pid_for_children"));
	ASSERT_EQ(me, getpid());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		/* the second process of its namespace; its parent is outside */
		ASSERT_EQ(2, getpid());
		ASSERT_EQ(0, getppid());
		ASSERT_EQ(there, ns_ino(0, "pid"));
		EXIT_CHILD();
	}
	ASSERT_EQ(there, ns_ino(pid, "pid"));
	WAIT_CHILD(pid);
	target_stop(&t);
}

TEST(pid_namespace_of_a_descendant_only)
{
	int above, beside, own, pidfd;
	struct target t, u;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	/* the capabilities suffice: this user namespace owns all of them */
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, target_start(&t, CLONE_NEWPID));
	beside = open_ns(t.pid, "pid");
	ASSERT_LE(0, beside);
	ASSERT_EQ(0, target_start(&u, CLONE_NEWPID));
	above = open_ns(u.pid, "pid");
	ASSERT_LE(0, above);
	ASSERT_EQ(0, try_setns(above, CLONE_NEWPID));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(EINVAL, try_setns(beside, 0));
		ASSERT_EQ(EINVAL, try_setns(t.pidfd, CLONE_NEWPID));
		own = open_ns(0, "pid");
		ASSERT_LE(0, own);
		ASSERT_EQ(fd_ino(above), fd_ino(own));
		ASSERT_EQ(0, try_setns(own, CLONE_NEWPID));
		pid = ns_fork(CLONE_NEWPID, &pidfd);
		ASSERT_LE(0, pid);
		if (!pid) {
			ASSERT_EQ(EINVAL, try_setns(above, 0));
			ASSERT_EQ(EINVAL, try_setns(u.pidfd, CLONE_NEWPID));
			ASSERT_EQ(EINVAL, try_setns(beside, CLONE_NEWPID));
			EXIT_CHILD();
		}
		WAIT_CHILD(pid);
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	target_stop(&t);
	target_stop(&u);
}

/* The namespace for children can be referred to, entered, and left again. */
TEST(pid_namespace_and_back)
{
	ino_t here, there;
	int own, down, pidfd;
	struct target t;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	NEEDS(return, CLONE_NEWPID, "CONFIG_PID_NS");
	ASSERT_EQ(0, unshare_user());
	/* the caller's may have another owner, but not that of this child */
	pid = ns_fork(CLONE_NEWPID, &pidfd);
	ASSERT_LE(0, pid);
	if (!pid) {
		own = open_ns(0, "pid");
		ASSERT_LE(0, own);
		here = fd_ino(own);
		ASSERT_EQ(here, ns_ino(0, "pid_for_children"));
		ASSERT_EQ(0, target_start(&t, CLONE_NEWPID));
		ASSERT_EQ(0, try_setns(t.pidfd, CLONE_NEWPID));
		down = open_ns(0, "pid_for_children");
		ASSERT_LE(0, down);
		there = fd_ino(down);
		ASSERT_NE(here, there);
		ASSERT_EQ(0, try_setns(own, CLONE_NEWPID));
		ASSERT_EQ(here, ns_ino(0, "pid_for_children"));
		ASSERT_EQ(0, try_setns(down, CLONE_NEWPID));
		ASSERT_EQ(there, ns_ino(0, "pid_for_children"));
		ASSERT_EQ(here, ns_ino(0, "pid"));
		target_stop(&t);
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/*
 * A pidfd selects the namespaces of a single moment: those of a moving task
 * must never be a mixture.
 */
TEST(pidfd_of_a_moving_task)
{
	struct where a, b, at;
	struct view *v = view_new();
	struct target x, y;
	int types, i, pidfd, err = 0;
	__u64 start;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_NE(NULL, v);
	ASSERT_EQ(0, unshare_user());
	types = all_types() & PLAIN_TYPES;
	ASSERT_EQ(0, target_start(&x, types));
	ASSERT_EQ(0, target_start(&y, types));
	a = where_is(x.pid);
	b = where_is(y.pid);
	ASSERT_EQ(types, moved(a, b));
	ASSERT_NE(0, types);
	pidfd = sys_pidfd_open(getpid(), 0);
	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, try_setns(x.pidfd, types));

	pid = fork_viewer();
	ASSERT_LE(0, pid);
	if (!pid) {
		do {
			ASSERT_EQ(0, try_setns(pidfd, types));
			at = where_is(0);
			ASSERT_TRUE(!moved(a, at) || !moved(b, at));
		} while (!view_stopped(v));
		EXIT_CHILD();
	}
	start = msecs();
	for (i = 1; !err && view_goes_on(v, i, start); i++)
		err = try_setns(i % 2 ? y.pidfd : x.pidfd, types);
	view_stop(v);
	WAIT_CHILD(pid);
	ASSERT_EQ(0, err);
	ASSERT_LT(10, i);
	ASSERT_AT(i % 2 ? a : b);
	target_stop(&x);
	target_stop(&y);
}

TEST_HARNESS_MAIN
