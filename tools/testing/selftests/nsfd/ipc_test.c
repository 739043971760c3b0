// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for IPC namespaces as files: semaphores, segments and queues in another
 * namespace, entering and restoring it, what is undone and what remains. For
 * tests common to all types, see proc_ns_test.c and setns_test.c.
 *
 * In the fixture, a child is in the namespace "there", and the caller is in its
 * original namespace "home". Each has one object of every kind, with the same
 * key or name; the content identifies the namespace.
 */
#include <dirent.h>
#include <linux/capability.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#define NEEDS_TYPE	CLONE_NEWIPC
#define NEEDS_NAME	"CONFIG_IPC_NS"
#include "common.h"

#ifndef PIDFD_GET_IPC_NAMESPACE	/* linux/pidfd.h conflicts with fcntl.h */
#define PIDFD_GET_IPC_NAMESPACE _IO(0xff, 2)
#endif

#define CAP_BIT(cap) (1ULL << (cap))

#define KEY 0x6e736664
#define QUEUE "/nsfd"
#define THERE 1
#define HOME 2

/*
 * Create a semaphore with value @n, a segment with that number, and queues with
 * @n messages
 */
static int make_objects(int n)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 8 };
	struct { long type; char text[8]; } msg = { 1, "message" };
	int sem = semget(KEY, 1, IPC_CREAT | IPC_EXCL | 0600);
	int shm = shmget(KEY, 4096, IPC_CREAT | IPC_EXCL | 0600);
	int queue = msgget(KEY, IPC_CREAT | IPC_EXCL | 0600);
	mqd_t mq = mq_open(QUEUE, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	int *mem, i;

	if (sem < 0 || shm < 0 || queue < 0 || mq == (mqd_t)-1 ||
	    semctl(sem, 0, SETVAL, n))
		return -errno;
	mem = shmat(shm, NULL, 0);
	if (mem == (void *)-1)
		return -errno;
	*mem = n;
	shmdt(mem);
	for (i = 0; i < n; i++)
		if (msgsnd(queue, &msg, sizeof(msg.text), IPC_NOWAIT) ||
		    mq_send(mq, msg.text, sizeof(msg.text), 0))
			return -errno;
	return mq_close(mq) ? -errno : 0;
}

static int sem_says(void)
{
	return semctl(semget(KEY, 1, 0), 0, GETVAL);
}

static int shm_says(void)
{
	int *mem = shmat(shmget(KEY, 4096, 0), NULL, SHM_RDONLY), n;

	if (mem == (void *)-1)
		return -1;
	n = *mem;
	shmdt(mem);
	return n;
}

static int msg_says(void)
{
	struct msqid_ds ds;

	return msgctl(msgget(KEY, 0), IPC_STAT, &ds) ? -1 : (int)ds.msg_qnum;
}

static int mq_says(void)
{
	mqd_t mq = mq_open(QUEUE, O_RDONLY);
	struct mq_attr attr;
	int err;

	if (mq == (mqd_t)-1)
		return -1;
	err = mq_getattr(mq, &attr);
	mq_close(mq);
	return err ? -1 : attr.mq_curmsgs;
}

FIXTURE(ipc)
{
	struct ns_child child;
	int there, home;
};

FIXTURE_SETUP(ipc)
{
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	ASSERT_EQ(0, make_objects(THERE));
	ASSERT_EQ(0, ns_child_start(&self->child, 0));
	self->there = open_ns(self->child.pid, "ipc");
	ASSERT_LE(0, self->there);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	ASSERT_EQ(0, make_objects(HOME));
	self->home = open_ns(0, "ipc");
	ASSERT_LE(0, self->home);
	ASSERT_NE(fd_ino(self->there), fd_ino(self->home));
}

FIXTURE_TEARDOWN(ipc)
{
	ns_child_stop(&self->child);
}

#define ASSERT_ALL_SAY(n) do {						\
	int __n = (n);							\
									\
	ASSERT_EQ(__n, sem_says());					\
	ASSERT_EQ(__n, shm_says());					\
	ASSERT_EQ(__n, msg_says());					\
	ASSERT_EQ(__n, mq_says());					\
} while (0)

#define ASSERT_THERE() do {						\
	ASSERT_ALL_SAY(THERE);						\
	ASSERT_EQ(fd_ino(self->there), ns_ino(0, "ipc"));		\
} while (0)

#define ASSERT_HOME() do {						\
	ASSERT_ALL_SAY(HOME);						\
	ASSERT_EQ(fd_ino(self->home), ns_ino(0, "ipc"));		\
} while (0)

TEST_F(ipc, enter_by_file)
{
	ASSERT_HOME();
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWIPC));
	ASSERT_THERE();
}

TEST_F(ipc, enter_and_restore)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_THERE();
		ASSERT_EQ(0, try_setns(self->home, 0));
		ASSERT_HOME();
	}
}

/* Creating and removing objects must affect the child's namespace only. */
TEST_F(ipc, change_the_other_side)
{
	pid_t pid;

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, semctl(semget(KEY, 1, 0), 0, SETVAL, 7));
	ASSERT_EQ(0, shmctl(shmget(KEY, 4096, 0), IPC_RMID, NULL));
	ASSERT_EQ(0, msgctl(msgget(KEY, 0), IPC_RMID, NULL));
	ASSERT_EQ(0, mq_unlink(QUEUE));
	ASSERT_LE(0, msgget(KEY + 1, IPC_CREAT | 0600));
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_HOME();
	ASSERT_EQ(-1, msgget(KEY + 1, 0));
	ASSERT_EQ(ENOENT, errno);

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, try_setns(self->child.pidfd, CLONE_NEWIPC));
		ASSERT_EQ(7, sem_says());
		ASSERT_EQ(-1, shmget(KEY, 4096, 0));
		ASSERT_EQ(ENOENT, errno);
		ASSERT_EQ(-1, msgget(KEY, 0));
		ASSERT_EQ(ENOENT, errno);
		ASSERT_EQ((mqd_t)-1, mq_open(QUEUE, O_RDONLY));
		ASSERT_EQ(ENOENT, errno);
		ASSERT_LE(0, msgget(KEY + 1, 0));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* Memory must stay mapped and a queue open when the caller moves. */
TEST_F(ipc, open_objects_stay)
{
	struct mq_attr attr;
	int *mem, shm;
	mqd_t mq;

	ASSERT_EQ(0, try_setns(self->there, 0));
	/* an identifier that does not exist in "home" */
	shm = shmget(IPC_PRIVATE, 4096, 0600);
	ASSERT_LE(0, shm);
	mem = shmat(shm, NULL, 0);
	ASSERT_NE((void *)-1, (void *)mem);
	mq = mq_open(QUEUE, O_RDWR);
	ASSERT_NE((mqd_t)-1, mq);

	ASSERT_EQ(0, try_setns(self->home, 0));
	*mem = 42;
	ASSERT_EQ(-1, shmctl(shm, IPC_RMID, NULL));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(0, mq_send(mq, "more", 5, 0));
	ASSERT_EQ(0, mq_getattr(mq, &attr));
	ASSERT_EQ(THERE + 1, attr.mq_curmsgs);
	ASSERT_HOME();

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(THERE + 1, mq_says());
	ASSERT_EQ(0, shmdt(mem));
	mem = shmat(shm, NULL, SHM_RDONLY);
	ASSERT_NE((void *)-1, (void *)mem);
	ASSERT_EQ(42, *mem);
}

/* At exit, segments that the task has created are destroyed in every namespace. */
TEST_F(ipc, orphaned_memory_is_freed_on_both_sides)
{
	const char *forced = "/proc/sys/kernel/shm_rmid_forced";
	pid_t pid;

	ASSERT_EQ(0, write_file(forced, "1"));
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, write_file(forced, "1"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_LE(0, shmget(KEY + 1, 4096, IPC_CREAT | 0600));
		ASSERT_EQ(0, try_setns(self->home, 0));
		ASSERT_LE(0, shmget(KEY + 1, 4096, IPC_CREAT | 0600));
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_LE(0, shmget(KEY + 1, 4096, 0));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(-1, shmget(KEY + 1, 4096, 0));
	ASSERT_EQ(ENOENT, errno);
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_EQ(-1, shmget(KEY + 1, 4096, 0));
	ASSERT_EQ(ENOENT, errno);
}

/* Send a message to a process that waits in the other namespace. */
TEST_F(ipc, message_to_the_other_side)
{
	struct { long type; char text[8]; } msg = { 2, "hello" };
	pid_t pid;

	ASSERT_EQ(0, try_setns(self->there, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(8, msgrcv(msgget(KEY, 0), &msg, 8, 2, 0));
		ASSERT_STREQ("hello", msg.text);
		EXIT_CHILD();
	}
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_EQ(0, msgsnd(msgget(KEY, 0), &msg, 8, IPC_NOWAIT));
	ASSERT_EQ(HOME + 1, msg_says());
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, msgsnd(msgget(KEY, 0), &msg, 8, IPC_NOWAIT));
	WAIT_CHILD(pid);
	ASSERT_EQ(THERE, msg_says());
}

/* Count the lines of a file in /proc/sysvipc, without the header. */
static int lines(int fd)
{
	char text[4096];
	ssize_t i, n;
	int count = 0;

	n = pread(fd, text, sizeof(text), 0);
	for (i = 0; i < n; i++)
		count += text[i] == '\n';
	return count - 1;
}

TEST_F(ipc, proc_shows_the_callers_own)
{
	static const char *const names[] = {
		"/proc/sysvipc/sem", "/proc/sysvipc/shm", "/proc/sysvipc/msg"
	};
	int home[ARRAY_SIZE(names)], fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		home[i] = open(names[i], O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, home[i]);
		ASSERT_EQ(1, lines(home[i]));
	}
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_LE(0, semget(IPC_PRIVATE, 1, 0600));
	ASSERT_LE(0, shmget(IPC_PRIVATE, 1, 0600));
	ASSERT_LE(0, msgget(IPC_PRIVATE, 0600));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open(names[i], O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(2, lines(fd));
		/* a file opened in "home" must still refer to it */
		ASSERT_EQ(1, lines(home[i]));
	}
}

static int sysctl_value(const char *path)
{
	char text[32] = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	return atoi(text);
}

TEST_F(ipc, limits)
{
	const char *msgmax = "/proc/sys/kernel/msgmax";
	const char *queues = "/proc/sys/fs/mqueue/queues_max";
	int msgmax_home = sysctl_value(msgmax);
	int queues_home = sysctl_value(queues);

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, write_file(msgmax, "%d", msgmax_home - 1));
	ASSERT_EQ(0, write_file(queues, "%d", queues_home - 1));
	ASSERT_EQ(msgmax_home - 1, sysctl_value(msgmax));
	ASSERT_EQ(queues_home - 1, sysctl_value(queues));
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_EQ(msgmax_home, sysctl_value(msgmax));
	ASSERT_EQ(queues_home, sysctl_value(queues));
}

TEST_F(ipc, mqueue_mount)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("", "/tmp", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir("/tmp/home", 0700));
	ASSERT_EQ(0, mkdir("/tmp/there", 0700));
	ASSERT_EQ(0, mount("", "/tmp/home", "mqueue", 0, NULL));
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, mount("", "/tmp/there", "mqueue", 0, NULL));
	ASSERT_NE((mqd_t)-1, mq_open("/new", O_CREAT | O_RDWR, 0600, NULL));
	EXPECT_TRUE(dir_has("/tmp/there", "nsfd"));
	EXPECT_TRUE(dir_has("/tmp/there", "new"));
	EXPECT_TRUE(dir_has("/tmp/home", "nsfd"));
	EXPECT_FALSE(dir_has("/tmp/home", "new"));
}

/*
 * Undoing semaphore operations: this happens when a task leaves their
 * namespace, as on exit.
 */
static int sem_add(int n, int flags)
{
	struct sembuf op = { .sem_op = n, .sem_flg = flags };
	struct timespec limit = { .tv_sec = 10 };

	return semtimedop(semget(KEY, 1, 0), &op, 1, &limit) ? -errno : 0;
}

/* A process in "home" that reports the value of the semaphore there. */
struct observer {
	pid_t pid;
	int ask, answer;
};

static int observer_start(struct observer *o)
{
	int ask[2], answer[2], n;
	char c;

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return -errno;
	o->pid = fork();
	if (o->pid < 0)
		return -errno;
	if (!o->pid) {
		close(ask[1]);
		while (read(ask[0], &c, 1) == 1) {
			n = sem_says();
			if (write(answer[1], &n, sizeof(n)) != sizeof(n))
				_exit(1);
		}
		_exit(0);
	}
	close(ask[0]);
	close(answer[1]);
	o->ask = ask[1];
	o->answer = answer[0];
	return 0;
}

static int observer_says(struct observer *o)
{
	int n;

	if (write(o->ask, "", 1) != 1 ||
	    read(o->answer, &n, sizeof(n)) != sizeof(n))
		return -1;
	return n;
}

TEST_F(ipc, undo_by_file)
{
	struct observer o;

	ASSERT_EQ(0, observer_start(&o));
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	ASSERT_EQ(HOME + 3, observer_says(&o));
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWIPC));
	ASSERT_EQ(HOME, observer_says(&o));
	/* the semaphore in "there" with the same identifier must be unchanged */
	ASSERT_EQ(THERE, sem_says());
	/* and the adjustment must be made only once */
	ASSERT_EQ(0, try_setns(self->home, CLONE_NEWIPC));
	ASSERT_EQ(HOME, sem_says());
	close(o.ask);
	WAIT_CHILD(o.pid);
}

TEST_F(ipc, undo_by_pidfd)
{
	int both = CLONE_NEWUTS | CLONE_NEWIPC;
	struct ns_child c;
	struct observer o;

	if (!have_type(CLONE_NEWUTS))
		SKIP(return, "no CONFIG_UTS_NS");
	ASSERT_EQ(0, observer_start(&o));
	ASSERT_EQ(0, ns_child_start(&c, both));
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	/* entering another type must not undo */
	ASSERT_EQ(0, try_setns(c.pidfd, CLONE_NEWUTS));
	ASSERT_EQ(HOME + 3, observer_says(&o));
	ASSERT_EQ(0, try_setns(c.pidfd, both));
	ASSERT_EQ(HOME, observer_says(&o));
	ns_child_stop(&c);
	close(o.ask);
	WAIT_CHILD(o.pid);
}

TEST_F(ipc, undo_when_restoring)
{
	pid_t pid;

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	ASSERT_EQ(THERE + 3, sem_says());
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_EQ(HOME, sem_says());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_EQ(THERE, sem_says());
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

TEST_F(ipc, undo_even_if_one_stays)
{
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	ASSERT_EQ(0, try_setns(self->home, CLONE_NEWIPC));
	ASSERT_HOME();
}

TEST_F(ipc, no_undo_if_refused)
{
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	ASSERT_EQ(EINVAL, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_EQ(EINVAL, try_setns(self->child.pidfd, CLONE_NEWIPC | 1));
	ASSERT_EQ(HOME + 3, sem_says());
	ASSERT_EQ(0, keep_caps(~CAP_BIT(CAP_SYS_ADMIN)));
	ASSERT_EQ(EPERM, try_setns(self->there, CLONE_NEWIPC));
	ASSERT_EQ(EPERM, try_setns(self->child.pidfd, CLONE_NEWIPC));
	ASSERT_EQ(HOME + 3, sem_says());
}

/* The caller can enter the IPC namespace, but not the network namespace. */
TEST(no_undo_if_a_later_type_is_refused)
{
	struct ns_child child;
	ino_t ino;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (!have_type(CLONE_NEWNET))
		SKIP(return, "no CONFIG_NET_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	ASSERT_EQ(0, make_objects(HOME));
	ino = ns_ino(0, "ipc");
	ASSERT_NE((ino_t)0, ino);
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWIPC));
	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	ASSERT_EQ(EPERM, try_setns(child.pidfd, CLONE_NEWIPC | CLONE_NEWNET));
	ASSERT_EQ(HOME + 3, sem_says());
	ASSERT_EQ(ino, ns_ino(0, "ipc"));
	ASSERT_EQ(0, try_setns(child.pidfd, CLONE_NEWIPC));
	ASSERT_EQ(-1, sem_says());
	ns_child_stop(&child);
}

/* At exit, only later operations must be undone. */
TEST_F(ipc, undo_at_exit_in_the_last_namespace)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, sem_add(3, SEM_UNDO));
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_EQ(0, sem_add(5, SEM_UNDO));
		ASSERT_EQ(0, sem_add(1, 0));
		ASSERT_EQ(THERE + 6, sem_says());
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	ASSERT_EQ(HOME, sem_says());
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(THERE + 1, sem_says());
}

TEST_F(ipc, undo_wakes_waiters)
{
	pid_t pid;

	ASSERT_EQ(0, sem_add(-HOME, SEM_UNDO));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, sem_add(-1, 0));
		ASSERT_EQ(HOME - 1, sem_says());
		EXIT_CHILD();
	}
	while (!semctl(semget(KEY, 1, 0), 0, GETNCNT))
		sched_yield();
	ASSERT_EQ(0, try_setns(self->there, 0));
	WAIT_CHILD(pid);
}

/* Threads share the undo list: it is applied when the last one has left. */
static void *leave(void *arg)
{
	int *fd = arg;

	*fd = try_setns(*fd, CLONE_NEWIPC) ?: -sem_says();
	return NULL;
}

TEST_F(ipc, undo_when_the_last_thread_leaves)
{
	int fd = self->there;
	struct observer o;
	pthread_t thread;

	ASSERT_EQ(0, observer_start(&o));
	ASSERT_EQ(0, pthread_create(&thread, NULL, leave, &fd));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(-THERE, fd);
	ASSERT_HOME();

	ASSERT_EQ(0, sem_add(3, SEM_UNDO));
	fd = self->there;
	ASSERT_EQ(0, pthread_create(&thread, NULL, leave, &fd));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(-THERE, fd);
	ASSERT_EQ(HOME + 3, observer_says(&o));
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(HOME, observer_says(&o));
	close(o.ask);
	WAIT_CHILD(o.pid);
}

TEST(attached_memory_keeps_it)
{
	struct ns_child child;
	int there, home, *mem;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, write_file("/proc/sys/user/max_ipc_namespaces", "2"));
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	home = open_ns(0, "ipc");
	ASSERT_LE(0, home);
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWIPC));
	there = open_ns(child.pid, "ipc");
	ASSERT_LE(0, there);
	ASSERT_EQ(0, try_setns(there, 0));
	mem = shmat(shmget(IPC_PRIVATE, 4096, 0600), NULL, 0);
	ASSERT_NE((void *)-1, (void *)mem);
	ASSERT_EQ(0, try_setns(home, 0));
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	ns_child_stop(&child);
	ASSERT_EQ(0, close(there));
	ASSERT_EQ(-1, unshare(CLONE_NEWIPC));
	ASSERT_EQ(ENOSPC, errno);
	*mem = 1;
	ASSERT_EQ(0, shmdt(mem));
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
}

#define NS_NAME		"ipc"
#define NS_FLAG		CLONE_NEWIPC
#define NS_REQUEST	PIDFD_GET_IPC_NAMESPACE
#define NS_INDEX	IPC_NS_INDEX
#include "pidfd_tests.h"
#include "perf_tests.h"

TEST_HARNESS_MAIN
