// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for the module nsfd, in addition to those of socketat_test and
 * delegate_test, which can use it as well. They skip if the module is not
 * loaded.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "rtnl.h"

#define ASSERT_FAILS(err, call) do {	\
	ASSERT_EQ(-1, (call));		\
	ASSERT_EQ(err, errno);		\
} while (0)

/* Return the cookie of a socket's namespace, 0 on error, and close the socket. */
static __u64 cookie_of(int sk)
{
	__u64 cookie = netns_cookie(sk);

	close(sk);
	return cookie;
}

FIXTURE(module)
{
	int dev;
	int nsfd;		/* a network namespace without tasks */
	int granted;
	__u64 cookie;		/* of the namespace */
	struct nsfd_socket sk;	/* valid arguments */
	struct nsfd_delegate del;
};

FIXTURE_SETUP(module)
{
	struct ns_child child = {};

	self->dev = open("/dev/nsfd", O_RDONLY | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "/dev/nsfd: ENOENT");
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, ns_child_start(&child, CLONE_NEWNET));
	self->nsfd = open_ns(child.pid, "net");
	ASSERT_LE(0, self->nsfd);
	ns_child_stop(&child);

	self->sk.size = sizeof(self->sk);
	self->sk.nsfd = self->nsfd;
	self->sk.family = AF_INET;
	self->sk.type = SOCK_STREAM;
	self->cookie = cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk));
	ASSERT_NE(0ULL, self->cookie);

	self->del.size = sizeof(self->del);
	self->del.nsfd = self->nsfd;
	self->granted = ioctl(self->dev, NSFD_DELEGATE, &self->del);
	ASSERT_LE(0, self->granted);
}

FIXTURE_TEARDOWN(module)
{
}

TEST_F(module, device_is_world_accessible)
{
	struct stat st;

	ASSERT_EQ(0, stat("/dev/nsfd", &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0666U, st.st_mode & 0777);
}

/*
 * A delegated file descriptor can be the argument, or that on which ioctl() is
 * called.
 */
TEST_F(module, delegated_descriptor_both_ways)
{
	struct nsfd_socket own = self->sk;

	own.nsfd = -1;
	self->sk.nsfd = self->granted;
	ASSERT_EQ(0, set_caps(0));
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->granted, NSFD_SOCKET, &own)));
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk)));
	ASSERT_FAILS(EPERM, ioctl(self->granted, NS_NET_REVOKE_SOCKETS, 0));

	ASSERT_EQ(0, set_caps(~0ULL));
	ASSERT_EQ(0, ioctl(self->granted, NS_NET_REVOKE_SOCKETS, 0));
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->granted, NSFD_SOCKET, &own)));
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk)));

	ASSERT_EQ(0, set_caps(0));
	ASSERT_FAILS(EPERM, ioctl(self->granted, NSFD_SOCKET, &own));
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
}

/*
 * In the caller's own network namespace, the device must not replace socket(),
 * which is the call that filters check.
 */
TEST_F(module, own_namespace_is_left_to_socket)
{
	int caps;

	ASSERT_EQ(0, sys_setns(self->nsfd, CLONE_NEWNET));
	for (caps = 1; caps >= 0; caps--) {
		if (!caps)
			ASSERT_EQ(0, set_caps(0));
		self->sk.nsfd = self->nsfd;
		ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
		self->sk.nsfd = self->granted;
		EXPECT_EQ(self->cookie,
			  cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk)));
		self->sk.nsfd = -1;
		EXPECT_EQ(self->cookie,
			  cookie_of(ioctl(self->granted, NSFD_SOCKET, &self->sk)));
	}
	ASSERT_EQ(0, set_caps(~0ULL));
	ASSERT_EQ(0, ioctl(self->granted, NS_NET_REVOKE_SOCKETS, 0));
	ASSERT_FAILS(EPERM, ioctl(self->granted, NSFD_SOCKET, &self->sk));
	self->sk.nsfd = self->granted;
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
}

/* As RestrictAddressFamilies= does: deny socket() and nothing else. */
static int deny_socket(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = ARRAY_SIZE(insns), .filter = insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) ? -errno : 0;
}

/* A caller with a filter can use only a delegation, whatever its capabilities. */
TEST_F(module, does_not_undo_a_filter)
{
	struct nsfd_socket own = self->sk;

	own.nsfd = -1;
	if (deny_socket())
		SKIP(return, "no filters");
	ASSERT_FAILS(EAFNOSUPPORT, socket(AF_INET, SOCK_STREAM, 0));
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_DELEGATE, &self->del));
	self->sk.nsfd = open_ns(0, "net");
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));

	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->granted, NSFD_SOCKET, &own)));
	ASSERT_EQ(0, ioctl(self->granted, NS_NET_REVOKE_SOCKETS, 0));
	ASSERT_FAILS(EPERM, ioctl(self->granted, NSFD_SOCKET, &own));
}

/* Any user can gain all capabilities over the namespaces of a new user namespace. */
TEST_F(module, a_user_namespace_does_not_undo_a_filter)
{
	ASSERT_EQ(0, set_caps(0));
	ASSERT_EQ(0, deny_socket());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		SKIP(return, "no user namespaces");
	self->sk.nsfd = open_ns(0, "net");
	ASSERT_LE(0, self->sk.nsfd);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
	self->del.nsfd = self->sk.nsfd;
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_DELEGATE, &self->del));
}

TEST_F(module, arguments_that_must_be_zero)
{
	self->sk.flags = 1;
	ASSERT_FAILS(EINVAL, ioctl(self->dev, NSFD_SOCKET, &self->sk));
	self->sk.nsfd = -1;
	ASSERT_FAILS(EINVAL, ioctl(self->granted, NSFD_SOCKET, &self->sk));
	self->sk.flags = 0;
	self->sk.nsfd = self->nsfd;
	ASSERT_FAILS(EINVAL, ioctl(self->granted, NSFD_SOCKET, &self->sk));
	self->del.flags = 1U << 31;
	ASSERT_FAILS(EINVAL, ioctl(self->dev, NSFD_DELEGATE, &self->del));
	self->del.flags = 0;
	self->del.reserved = 1;
	ASSERT_FAILS(EINVAL, ioctl(self->dev, NSFD_DELEGATE, &self->del));
}

/* Callers whose structures are shorter or longer than the module's. */
TEST_F(module, structures_grow)
{
	int page = sysconf(_SC_PAGESIZE);
	union {
		struct nsfd_socket sk;
		struct nsfd_delegate del;
		char bytes[1 << 17];
	} *arg = calloc(1, sizeof(*arg));
	unsigned int size;

	ASSERT_NE(NULL, arg);
	arg->sk = self->sk;
	for (size = 0; size < sizeof(arg->sk); size++) {
		arg->sk.size = size;
		ASSERT_FAILS(EINVAL, ioctl(self->dev, NSFD_SOCKET, arg));
		ASSERT_FAILS(EINVAL, ioctl(self->granted, NSFD_SOCKET, arg));
	}
	for (; size <= sizeof(arg->sk) + 20; size++) {
		arg->sk.size = size;
		ASSERT_EQ(self->cookie,
			  cookie_of(ioctl(self->dev, NSFD_SOCKET, arg)));
		arg->bytes[size] = 1;	/* beyond the structure */
		ASSERT_EQ(self->cookie,
			  cookie_of(ioctl(self->dev, NSFD_SOCKET, arg)));
		arg->sk.size++;
		ASSERT_FAILS(E2BIG, ioctl(self->dev, NSFD_SOCKET, arg));
		arg->bytes[size] = 0;
	}
	arg->sk.size = page;
	ASSERT_EQ(self->cookie, cookie_of(ioctl(self->dev, NSFD_SOCKET, arg)));
	/* The request number of such a caller contains its own size. */
	ASSERT_EQ(self->cookie,
		  cookie_of(ioctl(self->dev, _IOC(_IOC_WRITE, 0xb7, 0x40, page),
				  arg)));
	arg->sk.size = page + 1;
	ASSERT_FAILS(E2BIG, ioctl(self->dev, NSFD_SOCKET, arg));
	arg->sk.size = -1;
	ASSERT_FAILS(E2BIG, ioctl(self->dev, NSFD_SOCKET, arg));

	arg->del = self->del;
	arg->del.size = sizeof(arg->del) - 1;
	ASSERT_FAILS(EINVAL, ioctl(self->dev, NSFD_DELEGATE, arg));
	memset(arg, 0, sizeof(*arg));
	arg->del = self->del;
	arg->del.size = sizeof(arg->del) + 1;
	ASSERT_LE(0, ioctl(self->dev, NSFD_DELEGATE, arg));
	arg->bytes[sizeof(arg->del)] = 1;
	ASSERT_FAILS(E2BIG, ioctl(self->dev, NSFD_DELEGATE, arg));
	free(arg);
}

TEST_F(module, faults)
{
	size_t page = sysconf(_SC_PAGESIZE), n;
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_NONE));
	ASSERT_FAILS(EFAULT, ioctl(self->dev, NSFD_SOCKET, NULL));
	ASSERT_FAILS(EFAULT, ioctl(self->dev, NSFD_SOCKET, -1L));
	ASSERT_FAILS(EFAULT, ioctl(self->dev, NSFD_DELEGATE, NULL));
	ASSERT_FAILS(EFAULT, ioctl(self->granted, NSFD_SOCKET, NULL));
	/* The structure ends with the page, and then before and beyond it. */
	for (n = 0; n < sizeof(self->sk); n++) {
		memcpy(map + page - n, &self->sk, n);
		ASSERT_FAILS(EFAULT, ioctl(self->dev, NSFD_SOCKET, map + page - n));
	}
	memcpy(map + page - n, &self->sk, n);
	ASSERT_EQ(self->cookie,
		  cookie_of(ioctl(self->dev, NSFD_SOCKET, map + page - n)));
	self->sk.size++;
	memcpy(map + page - n, &self->sk, n);
	ASSERT_FAILS(EFAULT, ioctl(self->dev, NSFD_SOCKET, map + page - n));
}

TEST_F(module, unknown_requests)
{
	static const unsigned long requests[] = {
		0, _IO(0xb7, 0x40), _IO(0xb7, 0x41),
		_IOR(0xb7, 0x40, struct nsfd_socket),
		_IOWR(0xb7, 0x40, struct nsfd_socket),
		_IOW(0xb7, 0x42, struct nsfd_socket),
		_IOW(0xb8, 0x40, struct nsfd_socket),
		NS_NET_DELEGATE_SOCKETS, NS_GET_USERNS, NS_GET_PARENT,
		NS_GET_OWNER_UID,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		ASSERT_FAILS(ENOTTY, ioctl(self->dev, requests[i], &self->sk));
		ASSERT_FAILS(ENOTTY, ioctl(self->granted, requests[i], &self->sk));
	}
	ASSERT_FAILS(ENOTTY, ioctl(self->dev, NS_NET_REVOKE_SOCKETS, 0));
	ASSERT_FAILS(ENOTTY, ioctl(self->dev, NS_GET_NSTYPE));
	ASSERT_FAILS(ENOTTY, ioctl(self->granted, NSFD_DELEGATE, &self->del));
	ASSERT_FAILS(ENOTTY, ioctl(self->nsfd, NSFD_SOCKET, &self->sk));
	ASSERT_EQ(CLONE_NEWNET, ioctl(self->granted, NS_GET_NSTYPE));
}

TEST_F(module, no_other_use_of_the_files)
{
	char byte = 0;
	int fds[] = { self->dev, self->granted };
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_FAILS(EINVAL, read(fds[i], &byte, 1));
		ASSERT_FAILS(EBADF, write(fds[i], &byte, 1));
		ASSERT_EQ(MAP_FAILED, mmap(NULL, 1, PROT_READ, MAP_SHARED,
					   fds[i], 0));
		ASSERT_EQ(ENODEV, errno);
	}
}

#ifdef __x86_64__
/* ioctl() as a 32-bit program calls it, which this program can do, too. */
static int ioctl32(int fd, unsigned int request, void *arg)
{
	int ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(54), "b"(fd), "c"(request), "d"((unsigned long)arg)
		     : "memory", "r8", "r9", "r10", "r11");
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

TEST_F(module, callers_of_32_bits)
{
	union {
		struct nsfd_socket sk;
		struct nsfd_delegate del;
	} *arg = mmap(NULL, sizeof(*arg), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int status, granted;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, arg);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ioctl32(self->dev, 0, NULL);
		_exit(errno);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != ENOTTY)
		SKIP(return, "no system calls of 32 bits");

	arg->sk = self->sk;
	EXPECT_EQ(self->cookie, cookie_of(ioctl32(self->dev, NSFD_SOCKET, arg)));
	arg->del = self->del;
	granted = ioctl32(self->dev, NSFD_DELEGATE, arg);
	ASSERT_LE(0, granted);
	EXPECT_EQ(CLONE_NEWNET, ioctl32(granted, NS_GET_NSTYPE, NULL));
	ASSERT_EQ(0, set_caps(0));
	arg->sk = self->sk;
	arg->sk.nsfd = -1;
	EXPECT_EQ(self->cookie, cookie_of(ioctl32(granted, NSFD_SOCKET, arg)));
	arg->sk.nsfd = self->nsfd;
	ASSERT_FAILS(EPERM, ioctl32(self->dev, NSFD_SOCKET, arg));
	ASSERT_EQ(0, set_caps(~0ULL));
	EXPECT_EQ(0, ioctl32(granted, NS_NET_REVOKE_SOCKETS, NULL));
	ASSERT_FAILS(EFAULT, ioctl32(self->dev, NSFD_SOCKET, NULL));
}
#endif

/* If the kernel itself delegates, the device accepts its file descriptors. */
TEST_F(module, delegated_by_the_kernel)
{
	int granted = ioctl(self->nsfd, NS_NET_DELEGATE_SOCKETS, 0);

	if (granted < 0 && errno == ENOTTY)
		SKIP(return, "ENOTTY");
	ASSERT_LE(0, granted);
	self->sk.nsfd = granted;
	ASSERT_EQ(0, set_caps(0));
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk)));
	ASSERT_EQ(0, set_caps(~0ULL));
	ASSERT_EQ(0, ioctl(granted, NS_NET_REVOKE_SOCKETS, 0));
	ASSERT_EQ(0, set_caps(0));
	ASSERT_FAILS(EPERM, ioctl(self->dev, NSFD_SOCKET, &self->sk));
}

TEST_F(module, a_delegated_descriptor_keeps_the_namespace)
{
	struct pollfd pfd = { .events = POLLIN };
	struct mnl_socket *watch;
	struct rtnl_ns here = {};
	char buf[32768];
	int copy;

	ASSERT_EQ(0, rtnl_unshare(&here));
	watch = rtnl_open(RTMGRP_LINK);
	ASSERT_NE(NULL, watch);
	/* One end is deleted with the namespace of the other. */
	ASSERT_EQ(0, rtnl_add_veth(here.sk, "tether", -1, "peer", self->nsfd));
	close(self->nsfd);
	copy = dup(self->granted);
	close(self->granted);
	ASSERT_EQ(0, ioctl(copy, NS_NET_REVOKE_SOCKETS, 0));
	self->sk.nsfd = copy;
	EXPECT_EQ(self->cookie, cookie_of(ioctl(self->dev, NSFD_SOCKET, &self->sk)));
	/* Without the file descriptor, it would be deleted within this time. */
	pfd.fd = mnl_socket_get_fd(watch);
	while (poll(&pfd, 1, 1000) == 1)
		ASSERT_LT(0, mnl_socket_recvfrom(watch, buf, sizeof(buf)));
	ASSERT_LT(0, rtnl_index(here.sk, "tether"));

	close(copy);
	while (rtnl_index(here.sk, "tether") > 0) {
		ASSERT_EQ(1, poll(&pfd, 1, 20000));
		ASSERT_LT(0, mnl_socket_recvfrom(watch, buf, sizeof(buf)));
	}
}

/* Open file descriptors of the module pin it; sockets do not. */
TEST_F(module, is_in_use_while_open)
{
	close(self->dev);
	ASSERT_EQ(-1, syscall(__NR_delete_module, "nsfd", O_NONBLOCK));
	if (errno == EPERM || errno == ENOENT)
		SKIP(return, "built in, or not for us to unload");
	ASSERT_EQ(EWOULDBLOCK, errno);
	self->sk.nsfd = -1;
	EXPECT_EQ(self->cookie,
		  cookie_of(ioctl(self->granted, NSFD_SOCKET, &self->sk)));
}

TEST_HARNESS_MAIN
