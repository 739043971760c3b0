// SPDX-License-Identifier: GPL-2.0
/*
 * The uts namespace as a file: host and domain names of the other side, the
 * way there and back, who may go, and how long it lives.
 *
 * In the fixture a child is "there", and the caller is at "home".
 */
#include <dirent.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/utsname.h>

#define NEEDS_TYPE	CLONE_NEWUTS
#define NEEDS_NAME	"CONFIG_UTS_NS"
#include "common.h"

#ifndef PIDFD_GET_UTS_NAMESPACE	/* linux/pidfd.h and fcntl.h don't mix */
#define PIDFD_GET_UTS_NAMESPACE _IO(0xff, 10)
#endif

#define CAP_BIT(cap) (1ULL << (cap))

static int set_names(const char *host, const char *domain)
{
	if (sethostname(host, strlen(host)) ||
	    setdomainname(domain, strlen(domain)))
		return -errno;
	return 0;
}

static const char *host_name(void)
{
	static struct utsname u;

	return uname(&u) ? "" : u.nodename;
}

static const char *domain_name(void)
{
	static struct utsname u;

	return uname(&u) ? "" : u.domainname;
}

/* What a file of /proc/sys says, without the end of the line. */
static const char *sysctl_text(int fd)
{
	static char text[128];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n - 1 : 0] = 0;
	return text;
}

FIXTURE(uts)
{
	struct ns_child child;
	int there, home;
};

FIXTURE_SETUP(uts)
{
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWUTS));
	ASSERT_EQ(0, set_names("there", "there.domain"));
	ASSERT_EQ(0, ns_child_start(&self->child, 0));
	self->there = open_ns(self->child.pid, "uts");
	ASSERT_LE(0, self->there);
	ASSERT_EQ(0, unshare(CLONE_NEWUTS));
	ASSERT_EQ(0, set_names("home", "home.domain"));
	self->home = open_ns(0, "uts");
	ASSERT_LE(0, self->home);
	ASSERT_NE(fd_ino(self->there), fd_ino(self->home));
}

FIXTURE_TEARDOWN(uts)
{
	ns_child_stop(&self->child);
}

#define ASSERT_THERE() do {						\
	ASSERT_STREQ("there", host_name());				\
	ASSERT_STREQ("there.domain", domain_name());			\
	ASSERT_EQ(fd_ino(self->there), ns_ino(0, "uts"));		\
} while (0)

#define ASSERT_HOME() do {						\
	ASSERT_STREQ("home", host_name());				\
	ASSERT_STREQ("home.domain", domain_name());			\
	ASSERT_EQ(fd_ino(self->home), ns_ino(0, "uts"));		\
} while (0)

TEST(has_a_name)
{
	char text[64], link[64] = {};
	ino_t ino = ns_ino(0, "uts");

	ASSERT_NE((ino_t)0, ino);
	EXPECT_TRUE(dir_has("/proc/self/ns", "uts"));
	EXPECT_TRUE(dir_has("/proc/thread-self/ns", "uts"));
	snprintf(text, sizeof(text), "uts:[%lu]", (unsigned long)ino);
	ASSERT_LT(0, readlink("/proc/self/ns/uts", link, sizeof(link) - 1));
	EXPECT_STREQ(text, link);
}

TEST_F(uts, enter_by_file)
{
	ASSERT_HOME();
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_THERE();
}

TEST_F(uts, enter_by_pidfd)
{
	ASSERT_EQ(0, try_setns(self->child.pidfd, CLONE_NEWUTS));
	ASSERT_THERE();
}

TEST_F(uts, come_back)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, try_setns(self->there, 0));
		ASSERT_THERE();
		ASSERT_EQ(0, try_setns(self->home, 0));
		ASSERT_HOME();
	}
}

TEST_F(uts, change_the_other_side)
{
	pid_t pid;

	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_EQ(0, set_names("changed", "changed.domain"));
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_HOME();
	/* it is the namespace of the child that has changed */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, try_setns(self->child.pidfd, CLONE_NEWUTS));
		ASSERT_STREQ("changed", host_name());
		ASSERT_STREQ("changed.domain", domain_name());
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* An open file of /proc/sys is about whoever reads it. */
TEST_F(uts, proc_sys_follows_the_caller)
{
	int host = open("/proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC);
	int domain = open("/proc/sys/kernel/domainname", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, host);
	ASSERT_LE(0, domain);
	ASSERT_STREQ("home", sysctl_text(host));
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_STREQ("there", sysctl_text(host));
	ASSERT_STREQ("there.domain", sysctl_text(domain));
	ASSERT_EQ(0, try_setns(self->home, 0));
	ASSERT_STREQ("home.domain", sysctl_text(domain));
}

TEST_F(uts, wrong_type)
{
	int fd;

	EXPECT_EQ(EINVAL, try_setns(self->there, CLONE_NEWNET));
	EXPECT_EQ(EINVAL, try_setns(self->there, CLONE_NEWUSER));
	EXPECT_EQ(EINVAL, try_setns(self->there, CLONE_NEWUTS | CLONE_NEWNET));
	EXPECT_EQ(EINVAL, try_setns(self->there, CLONE_NEWUTS | CLONE_VM));
	fd = open_ns(0, any_ns());
	ASSERT_LE(0, fd);
	EXPECT_EQ(EINVAL, try_setns(fd, CLONE_NEWUTS));
	ASSERT_HOME();
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_THERE();
}

TEST_F(uts, needs_cap_sys_admin)
{
	ASSERT_EQ(0, keep_caps(~CAP_BIT(CAP_SYS_ADMIN)));
	EXPECT_EQ(EPERM, try_setns(self->there, CLONE_NEWUTS));
	EXPECT_EQ(EPERM, try_setns(self->child.pidfd, CLONE_NEWUTS));
	/* not even to stay */
	EXPECT_EQ(EPERM, try_setns(self->home, 0));
	ASSERT_HOME();
}

TEST_F(uts, needs_no_other_capability)
{
	ASSERT_EQ(0, keep_caps(CAP_BIT(CAP_SYS_ADMIN)));
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_THERE();
	ASSERT_EQ(0, try_setns(self->home, 0));
}

/* All the rights one can have, but not over the owner of the target. */
TEST_F(uts, needs_rights_over_the_target)
{
	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	EXPECT_EQ(EPERM, try_setns(self->there, CLONE_NEWUTS));
	EXPECT_EQ(EPERM, try_setns(self->home, 0));
	ASSERT_HOME();
	/* one that is its own has been copied from home */
	ASSERT_EQ(0, unshare(CLONE_NEWUTS));
	ASSERT_STREQ("home", host_name());
	EXPECT_EQ(EPERM, try_setns(self->home, 0));
}

/* Who made a user namespace has all rights in it, and needs some outside. */
TEST(needs_rights_at_home)
{
	struct ns_child child;
	int there, user;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWUSER | CLONE_NEWUTS));
	there = open_ns(child.pid, "uts");
	ASSERT_LE(0, there);
	user = open_ns(child.pid, "user");
	ASSERT_LE(0, user);
	ASSERT_EQ(0, keep_caps(0));
	EXPECT_EQ(EPERM, try_setns(there, CLONE_NEWUTS));
	/* once inside, home is there */
	ASSERT_EQ(0, try_setns(user, CLONE_NEWUSER));
	EXPECT_EQ(0, try_setns(there, CLONE_NEWUTS));
	EXPECT_EQ(fd_ino(there), ns_ino(0, "uts"));
	ns_child_stop(&child);
}

TEST_F(uts, owner)
{
	int owner;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(CLONE_NEWUTS, ioctl(self->there, NS_GET_NSTYPE));
	owner = ioctl(self->there, NS_GET_USERNS);
	ASSERT_LE(0, owner);
	EXPECT_EQ(ns_ino(0, "user"), fd_ino(owner));
	EXPECT_EQ(-1, ioctl(self->there, NS_GET_PARENT));
	EXPECT_EQ(EINVAL, errno);
	/* an owner that is out of sight */
	ASSERT_EQ(0, unshare_user());
	EXPECT_EQ(-1, ioctl(self->there, NS_GET_USERNS));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(uts, file_outlives_the_process)
{
	ASSERT_EQ(0, kill(self->child.pid, SIGKILL));
	ns_child_stop(&self->child);
	ASSERT_EQ(0, try_setns(self->there, 0));
	ASSERT_THERE();
}

TEST_F(uts, mount_outlives_process_and_file)
{
	char path[64];
	int fd;

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("", "/tmp", "tmpfs", 0, NULL));
	fd = open("/tmp/uts", O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", self->child.pid);
	ASSERT_EQ(0, mount(path, "/tmp/uts", NULL, MS_BIND, NULL));
	ns_child_stop(&self->child);
	ASSERT_EQ(0, close(self->there));
	self->there = open("/tmp/uts", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->there);
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_THERE();
}

/* The number of namespaces shows whether one is still there. */
TEST(freed_when_nobody_has_it)
{
	struct ns_child child;
	int fd;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, unshare_user());
	ASSERT_EQ(0, write_file("/proc/sys/user/max_uts_namespaces", "1"));
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWUTS));
	fd = open_ns(child.pid, "uts");
	ASSERT_LE(0, fd);
	ASSERT_EQ(-1, unshare(CLONE_NEWUTS));
	ASSERT_EQ(ENOSPC, errno);
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	ns_child_stop(&child);
	ASSERT_EQ(-1, unshare(CLONE_NEWUTS));
	ASSERT_EQ(ENOSPC, errno);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, unshare(CLONE_NEWUTS));
}

struct looker {
	pthread_t thread;
	int go[2];
	struct utsname names;
	ino_t ino;
};

static void *look(void *arg)
{
	struct looker *l = arg;
	char c;

	if (read(l->go[0], &c, 1) == 1 && !uname(&l->names))
		l->ino = ns_ino(0, "uts");
	return NULL;
}

TEST_F(uts, only_the_calling_thread_moves)
{
	struct looker other = {};

	ASSERT_EQ(0, pipe2(other.go, O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&other.thread, NULL, look, &other));
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_EQ(1, write(other.go[1], "", 1));
	ASSERT_EQ(0, pthread_join(other.thread, NULL));
	ASSERT_STREQ("home", other.names.nodename);
	ASSERT_EQ(fd_ino(self->home), other.ino);
	ASSERT_THERE();
}

static void *enter(void *arg)
{
	int *fd = arg;
	int err = try_setns(*fd, CLONE_NEWUTS);

	return err ? strerror(err) : strdup(host_name());
}

TEST_F(uts, a_thread_moves_alone)
{
	pthread_t thread;
	void *said;

	ASSERT_EQ(0, pthread_create(&thread, NULL, enter, &self->there));
	ASSERT_EQ(0, pthread_join(thread, &said));
	ASSERT_STREQ("there", (char *)said);
	ASSERT_HOME();
}

#define NS_NAME		"uts"
#define NS_FLAG		CLONE_NEWUTS
#define NS_REQUEST	PIDFD_GET_UTS_NAMESPACE
#define NS_INDEX	UTS_NS_INDEX
#include "pidfd_tests.h"
#include "perf_tests.h"

TEST_HARNESS_MAIN
