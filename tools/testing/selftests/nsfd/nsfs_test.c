// SPDX-License-Identifier: GPL-2.0
/*
 * What Linux 6.13 to 7.3 added to namespace files, and delegation: identifiers,
 * file handles, and the list of active namespaces. None of them makes a delegated
 * file descriptor out of a plain one, or gives another one of a delegated one.
 */
#include <linux/sockios.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "stress.h"

#ifndef __NR_listns
#ifdef __alpha__
#define __NR_listns 580
#else
#define __NR_listns 470
#endif
#endif

#ifndef O_EMPTYPATH
#define O_EMPTYPATH 0x4000000	/* Linux 7.2 */
#endif

#define FD_OF_NSFS_ROOT	(-10003)	/* FD_NSFS_ROOT */
#define CURRENT_USER	(~0ULL)		/* LISTNS_CURRENT_USER */

struct list_request {			/* struct ns_id_req */
	__u32 size, spare;
	__u64 ns_id;
	__u32 ns_type, spare2;
	__u64 user_ns_id;
};

struct handle {				/* struct file_handle and its content */
	unsigned int bytes;
	int type;
	unsigned char content[128];
};

static __u64 id_of(int nsfd)
{
	__u64 id = 0;

	return ioctl(nsfd, NS_GET_ID, &id) ? 0 : id;
}

/* listns() came with Linux 6.19, later than NS_GET_ID. It checks its flags first. */
static bool have_listns(void)
{
	return syscall(__NR_listns, NULL, NULL, 0, -1) == -1 && errno == EINVAL;
}

/* Return whether listns() lists it for the caller's user namespace, or an error. */
static int is_listed(__u64 id)
{
	struct list_request req = {
		.size = sizeof(req), .ns_type = CLONE_NEWNET,
		.user_ns_id = CURRENT_USER,
	};
	__u64 ids[64];
	long i, n;

	do {
		n = syscall(__NR_listns, &req, ids, ARRAY_SIZE(ids), 0);
		for (i = 0; i < n; i++)
			if (ids[i] == id)
				return 1;
		if (n > 0)
			req.ns_id = ids[n - 1];
	} while (n > 0);
	/* ENOENT: there are none after the last one */
	return n < 0 && errno != ENOENT ? -errno : 0;
}

/* The same, after a file descriptor was closed, which takes effect later. */
static int is_listed_later(__u64 id)
{
	__u64 end = msecs() + 20000;
	int listed;

	while ((listed = is_listed(id)) > 0 && msecs() < end)
		poll(NULL, 0, 5);
	return listed;
}

static int get_handle(int fd, struct handle *h)
{
	int mount;

	h->bytes = sizeof(h->content);
	return syscall(__NR_name_to_handle_at, fd, "", h, &mount, AT_EMPTY_PATH) ?
		-errno : 0;
}

static int open_handle(struct handle *h)
{
	return syscall(__NR_open_by_handle_at, FD_OF_NSFS_ROOT, h,
		       O_RDONLY | O_CLOEXEC);
}

static int try_at(int nsfd)
{
	int sk = sys_socketat(nsfd, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sk < 0)
		return errno;
	close(sk);
	return 0;
}

/* The caller is in a network namespace that is also delegated, and leaves it. */
FIXTURE(nsfs)
{
	bool root;	/* listns() shows the namespaces of others to root only */
	int home;
	int nsfd, granted;
	__u64 id;
};

FIXTURE_SETUP(nsfs)
{
	if (!have_socketat())
		SKIP(return, "ENOSYS");
	self->root = !geteuid();
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->home = open_ns(0, "net");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->nsfd = open_ns(0, "net");
	self->granted = sys_delegate(self->nsfd, 0);
	ASSERT_LE(0, self->granted);
	self->id = id_of(self->nsfd);
	if (!self->id)
		SKIP(return, "no NS_GET_ID");
}

FIXTURE_TEARDOWN(nsfs)
{
}

TEST_F(nsfs, identifier_of_a_delegated_one)
{
	ASSERT_EQ(self->id, id_of(self->granted));
	ASSERT_NE(self->id, id_of(self->home));
}

TEST_F(nsfs, opened_by_file_handle_is_plain)
{
	struct handle plain, delegated;
	int fds[2];

	ASSERT_EQ(0, get_handle(self->nsfd, &plain));
	ASSERT_EQ(0, get_handle(self->granted, &delegated));
	ASSERT_EQ(plain.bytes, delegated.bytes);
	ASSERT_EQ(plain.type, delegated.type);
	ASSERT_EQ(0, memcmp(plain.content, delegated.content, plain.bytes));
	fds[0] = open_handle(&plain);
	fds[1] = open_handle(&delegated);
	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(fd_ino(self->nsfd), fd_ino(fds[0]));
	ASSERT_EQ(fd_ino(self->nsfd), fd_ino(fds[1]));

	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	ASSERT_EQ(0, try_at(fds[1]));
	ASSERT_EQ(0, caps_drop());
	ASSERT_EQ(EPERM, try_at(fds[0]));
	ASSERT_EQ(EPERM, try_at(fds[1]));
	ASSERT_EQ(0, try_at(self->granted));
}

TEST_F(nsfs, opened_by_empty_path_is_plain)
{
	int fd = openat(self->granted, "", O_RDONLY | O_CLOEXEC | O_EMPTYPATH);

	if (fd < 0 && errno == ENOENT)
		SKIP(return, "no O_EMPTYPATH");
	ASSERT_LE(0, fd);
	ASSERT_EQ(fd_ino(self->granted), fd_ino(fd));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	ASSERT_EQ(0, caps_drop());
	ASSERT_EQ(EPERM, try_at(fd));
	ASSERT_EQ(0, try_at(self->granted));
}

/* A delegated file descriptor keeps it active as any other does. */
TEST_F(nsfs, listed_as_long_as_it_is_delegated)
{
	if (!have_listns())
		SKIP(return, "no listns()");
	if (!self->root)
		SKIP(return, "listns() requires root");
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	ASSERT_EQ(0, close(self->nsfd));
	ASSERT_EQ(1, is_listed(self->id));
	ASSERT_EQ(0, close(self->granted));
	ASSERT_EQ(0, is_listed_later(self->id));
}

/* A socket does not, but leads back to it. */
TEST_F(nsfs, only_a_socket_is_left)
{
	struct handle handle;
	int sk, again;

	if (!have_listns())
		SKIP(return, "no listns()");
	if (!self->root)
		SKIP(return, "listns() requires root");
	ASSERT_EQ(0, get_handle(self->nsfd, &handle));
	ASSERT_EQ(0, sys_setns(self->home, CLONE_NEWNET));
	sk = sys_socketat(self->granted, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, sk);
	ASSERT_EQ(0, close(self->nsfd));
	ASSERT_EQ(0, close(self->granted));
	ASSERT_EQ(0, is_listed_later(self->id));
	ASSERT_EQ(-1, open_handle(&handle));
	ASSERT_EQ(ESTALE, errno);

	again = ioctl(sk, SIOCGSKNS);
	ASSERT_LE(0, again);
	ASSERT_EQ(self->id, id_of(again));
	ASSERT_EQ(1, is_listed(self->id));
	ASSERT_EQ(0, try_at(again));
	ASSERT_EQ(0, caps_drop());
	ASSERT_EQ(EPERM, try_at(again));
}

TEST_HARNESS_MAIN
