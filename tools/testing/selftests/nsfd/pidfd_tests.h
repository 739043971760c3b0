/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of PIDFD_GET_*_NAMESPACE, for several types. Before including this
 * file, define NS_NAME, NS_FLAG and NS_REQUEST.
 */

TEST(pidfd_ioctl_opens_it)
{
	struct ns_child child;
	int fd;

	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&child, NS_FLAG));
	fd = ioctl(child.pidfd, NS_REQUEST, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(ns_ino(child.pid, NS_NAME), fd_ino(fd));
	EXPECT_EQ(NS_FLAG, ioctl(fd, NS_GET_NSTYPE));
	EXPECT_EQ(-1, ioctl(child.pidfd, NS_REQUEST, 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	ASSERT_EQ(child.pid, waitpid(child.pid, NULL, 0));
	EXPECT_EQ(-1, ioctl(child.pidfd, NS_REQUEST, 0));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(0, try_setns(fd, NS_FLAG));
	EXPECT_EQ(fd_ino(fd), ns_ino(0, NS_NAME));
}

/* A zombie has no namespaces, although it still has a PID. */
TEST(pidfd_ioctl_of_a_zombie)
{
	struct ns_child child;
	siginfo_t info;
	int fd;

	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&child, NS_FLAG));
	fd = ioctl(child.pidfd, NS_REQUEST, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kill(child.pid, SIGKILL));
	ASSERT_EQ(0, waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-1, ioctl(child.pidfd, NS_REQUEST, 0));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, open_ns(child.pid, NS_NAME));
	ns_child_stop(&child);
}

/* A process that is not accessible does not reveal its namespaces. */
TEST(pidfd_ioctl_needs_access)
{
	int go[2], ready[2], pidfd, fd;
	pid_t pid;
	char c;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, unshare_user());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1 || prctl(PR_SET_DUMPABLE, 0) ||
		    write(ready[1], &c, 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1));
	}
	pidfd = sys_pidfd_open(pid, 0);
	ASSERT_LE(0, pidfd);
	fd = ioctl(pidfd, NS_REQUEST, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(-1, ioctl(pidfd, NS_REQUEST, 0));
	EXPECT_EQ(EACCES, errno);
	close(go[1]);
	WAIT_CHILD(pid);
}

/* A process of another user; for root, the caller itself, as seen by another user. */
TEST(pidfd_ioctl_of_another_user)
{
	pid_t pid, other = geteuid() ? 1 : getpid();
	struct stat st;

	ASSERT_LE(0, get_namespace(getpid(), NS_REQUEST));
	if (geteuid() && (stat("/proc/1", &st) || st.st_uid == geteuid()))
		SKIP(return, "no process of another user");
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ASSERT_EQ(0, become_nobody());
		ASSERT_LE(0, get_namespace(getpid(), NS_REQUEST));
		ASSERT_EQ(-EACCES, get_namespace(other, NS_REQUEST));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}
