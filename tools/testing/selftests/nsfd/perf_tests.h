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

TEST(perf_records)
{
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_SOFTWARE,
		.size		= sizeof(attr),
		.config		= PERF_COUNT_SW_DUMMY,
		.disabled	= 1,
		.namespaces	= 1,
	};
	long page = sysconf(_SC_PAGESIZE);
	struct perf_namespaces *told;
	struct perf_event_mmap_page *ring;
	struct ns_child child;
	struct stat st;
	int event, fd;

	if (access("/proc/sys/kernel/perf_event_paranoid", F_OK))
		SKIP(return, "no CONFIG_PERF_EVENTS");
	if (geteuid())
		SKIP(return, "only root is told of namespaces");
	event = syscall(__NR_perf_event_open, &attr, 0, -1, -1,
			PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, event);
	ring = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, event,
		    0);
	ASSERT_NE(MAP_FAILED, ring);
	told = (void *)ring + page;

	ASSERT_EQ(0, ns_child_start(&child, NS_FLAG));
	fd = open_ns(child.pid, NS_NAME);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	/* not earlier: a child that starts is reported, too */
	ASSERT_EQ(0, ioctl(event, PERF_EVENT_IOC_ENABLE));

	/* a setns() that fails is not reported */
	EXPECT_EQ(-1, sys_setns(fd, CLONE_NEWUSER));
	EXPECT_EQ(0ULL, ring->data_head);
	ASSERT_EQ(0, sys_setns(fd, NS_FLAG));

	ASSERT_EQ(sizeof(*told), ring->data_head);
	EXPECT_EQ((__u32)PERF_RECORD_NAMESPACES, told->header.type);
	EXPECT_EQ((__u32)getpid(), told->pid);
	EXPECT_EQ((__u32)getpid(), told->tid);
	EXPECT_EQ((__u64)NR_NAMESPACES, told->nr);
	EXPECT_EQ(st.st_dev, told->info[NS_INDEX].dev);
	EXPECT_EQ(st.st_ino, told->info[NS_INDEX].ino);
	/* the other namespaces are unchanged */
	EXPECT_EQ(ns_ino(0, "user"), told->info[USER_NS_INDEX].ino);
	ns_child_stop(&child);
}
