// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for UTS namespaces as files: names in another namespace, entering and
 * restoring it. For tests common to all types, see proc_ns_test.c and
 * setns_test.c.
 *
 * In the fixture, a child is in the namespace "there", and the caller is in its
 * original namespace "home".
 */
#include <sched.h>
#include <signal.h>
#include <sys/utsname.h>

#define NEEDS_TYPE	CLONE_NEWUTS
#define NEEDS_NAME	"CONFIG_UTS_NS"
#include "common.h"

#ifndef PIDFD_GET_UTS_NAMESPACE	/* linux/pidfd.h conflicts with fcntl.h */
#define PIDFD_GET_UTS_NAMESPACE _IO(0xff, 10)
#endif

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

/* Read a file in /proc/sys, without the newline. */
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

TEST_F(uts, enter_by_file)
{
	ASSERT_HOME();
	ASSERT_EQ(0, try_setns(self->there, CLONE_NEWUTS));
	ASSERT_THERE();
}

TEST_F(uts, enter_and_restore)
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
	/* the change must be visible in the namespace of the child */
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

/* An open file in /proc/sys belongs to the namespace of the reader. */
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

#define NS_NAME		"uts"
#define NS_FLAG		CLONE_NEWUTS
#define NS_REQUEST	PIDFD_GET_UTS_NAMESPACE
#define NS_INDEX	UTS_NS_INDEX
#include "pidfd_tests.h"
#include "perf_tests.h"

TEST_HARNESS_MAIN
