/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of the perf records of setns(), for several types. Before including
 * this file, define NS_NAME, NS_FLAG and NS_INDEX.
 */
#include <linux/perf_event.h>
#include <sys/mman.h>

/* A PERF_RECORD_NAMESPACES. */
struct perf_namespaces {
	struct perf_event_header header;
	__u32 pid;
	__u32 tid;
	__u64 nr;
	struct perf_ns_link_info info[NR_NAMESPACES];
};

/*
 * The records of the caller, which shares its nsproxy with the parent of the
 * test until its first setns(). A child is in another namespace of the type, and
 * in another cgroup namespace.
 */
FIXTURE(perf)
{
	struct ns_child child;
	int there, home;
	struct perf_event_mmap_page *ring;
	struct perf_namespaces *told;
};

FIXTURE_SETUP(perf)
{
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_SOFTWARE,
		.size		= sizeof(attr),
		.config		= PERF_COUNT_SW_DUMMY,
		.disabled	= 1,
		.namespaces	= 1,
	};
	long page = sysconf(_SC_PAGESIZE);
	int event;

	if (access("/proc/sys/kernel/perf_event_paranoid", F_OK))
		SKIP(return, "no CONFIG_PERF_EVENTS");
	if (geteuid())
		SKIP(return, "only root is told of namespaces");
	event = syscall(__NR_perf_event_open, &attr, 0, -1, -1,
			PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, event);
	self->ring = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED,
			  event, 0);
	ASSERT_NE(MAP_FAILED, self->ring);
	self->told = (void *)self->ring + page;

	ASSERT_EQ(0, ns_child_start(&self->child, NS_FLAG | CLONE_NEWCGROUP));
	self->there = open_ns(self->child.pid, NS_NAME);
	ASSERT_LE(0, self->there);
	self->home = open_ns(0, NS_NAME);
	ASSERT_LE(0, self->home);
	/* not earlier: a child that starts is reported, too */
	ASSERT_EQ(0, ioctl(event, PERF_EVENT_IOC_ENABLE));
}

FIXTURE_TEARDOWN(perf)
{
	ns_child_stop(&self->child);
}

/* There are @n records, and the last one has the namespace of @fd. */
#define ASSERT_TOLD(n, fd) do {						\
	unsigned int __n = (n);						\
	struct perf_namespaces *__last = &self->told[__n - 1];		\
	struct stat __st;						\
									\
	ASSERT_EQ(__n * sizeof(*__last), self->ring->data_head);	\
	ASSERT_EQ(0, fstat((fd), &__st));				\
	EXPECT_EQ((__u32)PERF_RECORD_NAMESPACES, __last->header.type);	\
	EXPECT_EQ((__u32)getpid(), __last->pid);			\
	EXPECT_EQ((__u32)getpid(), __last->tid);			\
	EXPECT_EQ((__u64)NR_NAMESPACES, __last->nr);			\
	EXPECT_EQ(__st.st_dev, __last->info[NS_INDEX].dev);		\
	EXPECT_EQ(__st.st_ino, __last->info[NS_INDEX].ino);		\
	/* the other namespaces are those of the caller, too */		\
	EXPECT_EQ(ns_ino(0, "user"), __last->info[USER_NS_INDEX].ino);	\
	EXPECT_EQ(ns_ino(0, "cgroup"),					\
		  __last->info[CGROUP_NS_INDEX].ino);			\
} while (0)

TEST_F(perf, one_type)
{
	ASSERT_EQ(0, sys_setns(self->there, NS_FLAG));
	ASSERT_TOLD(1, self->there);
	/* from now on, nobody shares the nsproxy */
	ASSERT_EQ(0, sys_setns(self->home, 0));
	ASSERT_TOLD(2, self->home);
	ASSERT_EQ(0, sys_setns(self->child.pidfd, NS_FLAG));
	ASSERT_TOLD(3, self->there);
}

/* Entering several types at once is a single record. */
TEST_F(perf, several_types)
{
	int types = NS_FLAG | CLONE_NEWCGROUP;
	ino_t cgroup = ns_ino(self->child.pid, "cgroup");

	NEEDS(return, CLONE_NEWCGROUP, "CONFIG_CGROUPS");
	ASSERT_NE(cgroup, ns_ino(0, "cgroup"));
	ASSERT_EQ(0, sys_setns(self->child.pidfd, types));
	ASSERT_TOLD(1, self->there);
	EXPECT_EQ(cgroup, self->told[0].info[CGROUP_NS_INDEX].ino);
	ASSERT_EQ(0, sys_setns(self->home, 0));
	ASSERT_TOLD(2, self->home);
	ASSERT_EQ(0, sys_setns(self->child.pidfd, types));
	ASSERT_TOLD(3, self->there);
}

/* A setns() that fails is not reported. */
TEST_F(perf, refused)
{
	EXPECT_EQ(-1, sys_setns(self->there, CLONE_NEWUSER));
	EXPECT_EQ(-1, sys_setns(self->child.pidfd, NS_FLAG | CLONE_VM));
	EXPECT_EQ(0ULL, self->ring->data_head);
}
