// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_SOCKET_NETNS: a ring's request for a socket in the network namespace of
 * a file descriptor. The caller is "here" all the time, no process is "there".
 *
 * Each test of the fixture runs three times: the request is issued by the task
 * that submits it, by a worker of io_uring, and by the thread that polls the
 * submission queue.
 */
#include <limits.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <sys/resource.h>

#define NEEDS_TYPE	CLONE_NEWNET
#define NEEDS_NAME	"CONFIG_NET_NS"
#include "rtnl.h"
#include "stress.h"
#include "uring.h"

#define DGRAM	(SOCK_DGRAM | SOCK_CLOEXEC)

/* Results that are told apart in a chain of requests. */
enum { FIRST, SECOND };

/* Closes it. */
static bool is_in(int sk, const struct rtnl_ns *ns)
{
	__u64 cookie = netns_cookie(sk);

	close(sk);
	return cookie && cookie == netns_cookie(mnl_socket_get_fd(ns->sk));
}

FIXTURE(uring)
{
	struct rtnl_ns here, there;
	struct uring ring;
};

FIXTURE_VARIANT(uring)
{
	int setup, sqe;
};

FIXTURE_VARIANT_ADD(uring, submitter)
{
	0, 0,
};

FIXTURE_VARIANT_ADD(uring, worker)
{
	0, IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(uring, poller)
{
	IORING_SETUP_SQPOLL, 0,
};

/* Puts a request for a socket in the queue. */
static struct io_uring_sqe *queue(struct uring *ring,
				  const struct _fixture_variant_uring *variant,
				  __s64 nsfd, int family, int type, int protocol)
{
	struct io_uring_sqe *sqe;

	sqe = uring_sqe_socketat(ring, nsfd, family, type, protocol);
	sqe->flags = variant->sqe;
	sqe->user_data = SECOND;
	return sqe;
}

/* A socket, or a negative errno. */
static int at(struct uring *ring, const struct _fixture_variant_uring *variant,
	      __s64 nsfd, int family, int type, int protocol)
{
	queue(ring, variant, nsfd, family, type, protocol);
	return uring_call(ring);
}

#define AT(nsfd) at(&self->ring, variant, nsfd, AF_INET, DGRAM, 0)

FIXTURE_SETUP(uring)
{
	int err;

	if (!have_socketat())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, rtnl_unshare(&self->there));
	ASSERT_EQ(0, rtnl_unshare(&self->here));
	if (uring_start(&self->ring, variant->setup))
		SKIP(return, "io_uring_setup: %s", strerror(errno));
	/* Without the flag there is an error, and never a socket elsewhere. */
	err = AT(self->there.fd);
	if (err == -EINVAL)
		SKIP(return, "no IORING_SOCKET_NETNS");
	ASSERT_LE(0, err);
	ASSERT_EQ(0, close(err));
}

FIXTURE_TEARDOWN(uring)
{
}

TEST_F(uring, is_where_it_should_be)
{
	int sk, i;

	for (i = 0; i < 3; i++) {
		sk = AT(self->there.fd);
		ASSERT_LE(0, sk);
		ASSERT_EQ(FD_CLOEXEC, fcntl(sk, F_GETFD));
		ASSERT_TRUE(is_in(sk, &self->there));
		ASSERT_TRUE(is_in(AT(self->here.fd), &self->here));
		ASSERT_TRUE(is_in(uring_socket(&self->ring, AF_INET, variant->sqe),
				  &self->here));
	}
	/* 0 is a file descriptor like any other. */
	ASSERT_EQ(0, dup2(self->there.fd, 0));
	ASSERT_TRUE(is_in(AT(0), &self->there));
	sk = at(&self->ring, variant, self->there.fd, AF_INET6,
		SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	ASSERT_LE(0, sk);
	ASSERT_EQ(0, fcntl(sk, F_GETFD));
	ASSERT_TRUE(fcntl(sk, F_GETFL) & O_NONBLOCK);
	ASSERT_TRUE(is_in(sk, &self->there));
	ASSERT_EQ(fd_ino(self->here.fd), ns_ino(0, "net"));
}

/* What socketat() refuses, a request refuses with the same errno. */
TEST_F_TIMEOUT(uring, parity, 300)
{
	static const int types[] = {
		0, SOCK_STREAM | SOCK_CLOEXEC, SOCK_DGRAM | SOCK_NONBLOCK,
		SOCK_RAW, SOCK_SEQPACKET, 10, 11, SOCK_STREAM | 0x100000, -1,
	};
	static const int protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, -1 };
	int pipe_fds[2], fds[8], made = 0, err, sk;
	unsigned int n = 0, i, t, p;
	int family;

	ASSERT_EQ(0, pipe2(pipe_fds, O_CLOEXEC));
	fds[n++] = self->there.fd;
	fds[n++] = self->here.fd;
	fds[n++] = -1;
	fds[n++] = 1000;
	fds[n++] = pipe_fds[0];
	fds[n++] = open_ns(0, any_ns());
	fds[n++] = open("/proc/self/ns/net", O_PATH | O_CLOEXEC);
	fds[n++] = open("/proc/self/ns", O_RDONLY | O_CLOEXEC);

	for (i = 0; i < n; i++) {
		for (family = -1; family <= AF_MAX; family++) {
			/* one family is enough for what is no namespace */
			if (i > 1 && family != AF_INET)
				continue;
			for (t = 0; t < ARRAY_SIZE(types); t++) {
				for (p = 0; p < ARRAY_SIZE(protocols); p++) {
					sk = sys_socketat(fds[i], family, types[t],
							  protocols[p]);
					err = sk < 0 ? -errno : 0;
					close(sk);
					/* bits that io_uring looks at before it issues */
					if ((types[t] & ~0xf) & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
						err = -EINVAL;
					if (fds[i] < 0)
						err = -EBADF;
					sk = at(&self->ring, variant, fds[i],
						family, types[t], protocols[p]);
					ASSERT_EQ(err, sk < 0 ? sk : 0)
						TH_LOG("%d, %#x, %d by %d", family,
						       types[t], protocols[p], fds[i]);
					made += sk >= 0;
					close(sk);
				}
			}
		}
	}
	ASSERT_LT(50, made);
}

/* Everything that was refused before, but the flag and its file descriptor. */
TEST_F(uring, refused_fields)
{
	struct io_uring_sqe *sqe;
	int bit;

	for (bit = 1; bit < 32; bit++) {
		sqe = queue(&self->ring, variant, self->there.fd, AF_INET, DGRAM, 0);
		sqe->rw_flags |= 1U << bit;
		ASSERT_EQ(-EINVAL, uring_call(&self->ring));
		sqe = queue(&self->ring, variant, 0, AF_INET, DGRAM, 0);
		sqe->rw_flags = 1U << bit;
		ASSERT_EQ(-EINVAL, uring_call(&self->ring));
	}
	for (bit = 0; bit < 64; bit++) {
		sqe = queue(&self->ring, variant, 1ULL << bit, AF_INET, DGRAM, 0);
		sqe->rw_flags = 0;
		ASSERT_EQ(-EINVAL, uring_call(&self->ring));
	}
	for (bit = 0; bit < 16; bit++) {
		sqe = queue(&self->ring, variant, self->there.fd, AF_INET, DGRAM, 0);
		sqe->buf_index = 1U << bit;
		ASSERT_EQ(-EINVAL, uring_call(&self->ring));
	}
	/* The upper half counts, so that no number is taken for another. */
	for (bit = 31; bit < 64; bit++)
		ASSERT_EQ(-EBADF, AT(1ULL << bit | self->there.fd));
}

/* The credentials are those of the task that submits, or that made a poller. */
TEST_F(uring, requires_sys_admin)
{
	bool polled = variant->setup & IORING_SETUP_SQPOLL;
	struct uring ring;
	int sk;

	ASSERT_EQ(0, keep_caps(~(1ULL << CAP_SYS_ADMIN)));
	sk = AT(self->there.fd);
	ASSERT_EQ(polled ? 0 : -EPERM, sk < 0 ? sk : 0);
	if (polled)
		ASSERT_TRUE(is_in(sk, &self->there));

	ASSERT_EQ(0, uring_start(&ring, variant->setup));
	ASSERT_EQ(-EPERM, at(&ring, variant, self->there.fd, AF_INET, DGRAM, 0));
	/* as any socket() */
	ASSERT_TRUE(is_in(at(&ring, variant, self->here.fd, AF_INET, DGRAM, 0),
			  &self->here));
}

TEST_F(uring, from_a_child_user_namespace)
{
	struct uring ring;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	/* The worker of the fixture is a thread: a task with threads cannot. */
	pid = fork();
	if (!pid) {
		EXPECT_EQ(0, unshare_user());
		EXPECT_EQ(0, uring_start(&ring, variant->setup));
		EXPECT_EQ(-EPERM, at(&ring, variant, self->there.fd, AF_INET,
				     DGRAM, 0));
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* Register the credentials of the caller, but without capabilities. */
static int without_capabilities(struct uring *ring)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2], none[2];
	int id;

	if (syscall(__NR_capget, &hdr, all))
		return -errno;
	memcpy(none, all, sizeof(all));
	none[0].effective = 0;
	none[1].effective = 0;
	if (syscall(__NR_capset, &hdr, none))
		return -errno;
	id = syscall(__NR_io_uring_register, ring->fd,
		     IORING_REGISTER_PERSONALITY, NULL, 0);
	return syscall(__NR_capset, &hdr, all) ? -errno : id;
}

TEST_F(uring, personality)
{
	struct io_uring_sqe *sqe;
	struct uring ring;
	int id;

	/* One with less than the task that submits, or that made a poller. */
	id = without_capabilities(&self->ring);
	ASSERT_LT(0, id);
	sqe = queue(&self->ring, variant, self->there.fd, AF_INET, DGRAM, 0);
	sqe->personality = id;
	ASSERT_EQ(-EPERM, uring_call(&self->ring));
	ASSERT_TRUE(is_in(AT(self->there.fd), &self->there));

	/* And one with more. */
	ASSERT_EQ(0, keep_caps(1ULL << CAP_SYS_ADMIN));
	ASSERT_EQ(0, uring_start(&ring, variant->setup));
	id = syscall(__NR_io_uring_register, ring.fd,
		     IORING_REGISTER_PERSONALITY, NULL, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, caps_drop());
	sqe = queue(&ring, variant, self->there.fd, AF_INET, DGRAM, 0);
	sqe->personality = id;
	ASSERT_TRUE(is_in(uring_call(&ring), &self->there));
}

TEST_F(uring, delegated)
{
	int granted = sys_delegate(self->there.fd, 0);
	struct uring ring;

	ASSERT_LE(0, granted);
	ASSERT_EQ(0, caps_drop());
	ASSERT_EQ(0, uring_start(&ring, variant->setup));
	ASSERT_EQ(-EPERM, at(&ring, variant, self->there.fd, AF_INET, DGRAM, 0));
	ASSERT_TRUE(is_in(at(&ring, variant, granted, AF_INET, DGRAM, 0),
			  &self->there));
	/* raw sockets need CAP_NET_RAW over the namespace, as ever */
	ASSERT_EQ(-EPERM, at(&ring, variant, granted, AF_INET, SOCK_RAW, 1));
}

/* Queues a read of an empty pipe, and what follows only when that is done. */
static int queue_wait(struct uring *ring, char *byte, int *release)
{
	struct io_uring_sqe *sqe;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	sqe = uring_sqe(ring, IORING_OP_READ, FIRST);
	sqe->flags = IOSQE_IO_LINK;
	sqe->fd = fds[0];
	sqe->addr = (uintptr_t)byte;
	sqe->len = 1;
	*release = fds[1];
	return 0;
}

/* Waits for two results, and returns the second request's. */
static int second_result(struct uring *ring, int *first)
{
	int res, i, second = -EIO;
	__u64 data = 0;

	if (uring_submit(ring, 2))
		return -EIO;
	for (i = 0; i < 2; i++) {
		res = uring_result(ring, &data);
		*(data == FIRST ? first : &second) = res;
	}
	return second;
}

/* Permission is checked when the request is issued: revocation comes in time. */
TEST_F(uring, revoked_before_it_is_issued)
{
	int granted = sys_delegate(self->there.fd, 0), release, first = -1;
	int id = without_capabilities(&self->ring);
	struct uring *ring = &self->ring;
	char byte;

	ASSERT_LE(0, granted);
	ASSERT_LT(0, id);

	ASSERT_EQ(0, queue_wait(ring, &byte, &release));
	queue(ring, variant, granted, AF_INET, DGRAM, 0)->personality = id;
	ASSERT_EQ(0, uring_submit(ring, 0));
	ASSERT_EQ(1, write(release, "", 1));
	ASSERT_TRUE(is_in(second_result(ring, &first), &self->there));
	ASSERT_EQ(1, first);

	ASSERT_EQ(0, queue_wait(ring, &byte, &release));
	queue(ring, variant, granted, AF_INET, DGRAM, 0)->personality = id;
	ASSERT_EQ(0, uring_submit(ring, 0));
	ASSERT_EQ(0, ioctl(granted, NS_NET_REVOKE_SOCKETS, 0));
	ASSERT_EQ(1, write(release, "", 1));
	ASSERT_EQ(-EPERM, second_result(ring, &first));
	ASSERT_EQ(1, first);
}

/*
 * The file descriptor is looked up when the request is issued, too. (A poller may
 * not have seen the request by then, but it cannot be early.)
 */
TEST_F(uring, replaced_before_it_is_issued)
{
	int release, first = -1, nsfd = dup(self->here.fd);
	char byte;

	ASSERT_EQ(0, queue_wait(&self->ring, &byte, &release));
	queue(&self->ring, variant, nsfd, AF_INET, DGRAM, 0);
	ASSERT_EQ(0, uring_submit(&self->ring, 0));
	ASSERT_EQ(nsfd, dup2(self->there.fd, nsfd));
	ASSERT_EQ(1, write(release, "", 1));
	ASSERT_TRUE(is_in(second_result(&self->ring, &first), &self->there));

	ASSERT_EQ(0, queue_wait(&self->ring, &byte, &release));
	queue(&self->ring, variant, nsfd, AF_INET, DGRAM, 0);
	ASSERT_EQ(0, uring_submit(&self->ring, 0));
	ASSERT_EQ(0, close(nsfd));
	ASSERT_EQ(1, write(release, "", 1));
	ASSERT_EQ(-EBADF, second_result(&self->ring, &first));
}

/* A request of a chain that ends before its turn creates nothing. */
TEST_F(uring, cancelled)
{
	int release, first = -1, i, res = 0, seen = 0, files;
	struct io_uring_sqe *sqe;
	char byte;
	__u64 data = 0;

	ASSERT_EQ(0, queue_wait(&self->ring, &byte, &release));
	queue(&self->ring, variant, self->there.fd, AF_INET, DGRAM, 0);
	ASSERT_EQ(0, uring_submit(&self->ring, 0));
	files = count_open_files();
	sqe = uring_sqe(&self->ring, IORING_OP_ASYNC_CANCEL, 99);
	sqe->addr = FIRST;
	ASSERT_EQ(0, uring_submit(&self->ring, 3));
	for (i = 0; i < 3; i++) {
		res = uring_result(&self->ring, &data);
		if (data == 99) {
			/* 0 if it was found asleep, EALREADY if in a worker */
			EXPECT_TRUE(!res || res == -EALREADY);
			continue;
		}
		if (data == FIRST)
			first = res;
		else
			EXPECT_EQ(-ECANCELED, res);
		seen++;
	}
	EXPECT_EQ(2, seen);
	EXPECT_TRUE(first == -ECANCELED || first == -EINTR);
	EXPECT_EQ(files, count_open_files());
}

static int register_files(struct uring *ring, int *fds, int n)
{
	return syscall(__NR_io_uring_register, ring->fd,
		       IORING_REGISTER_FILES, fds, n) ? -errno : 0;
}

/* With IOSQE_FIXED_FILE the namespace is a registered file. */
TEST_F(uring, registered_file)
{
	int fds[] = { self->here.fd, -1, dup(self->there.fd), 0 };
	static const struct {
		__s64 index;
		int res;
	} rows[] = {
		{ 1, -EBADF }, { 3, -EINVAL }, { 4, -EBADF }, { -1, -EBADF },
		{ INT_MAX, -EBADF }, { 1LL << 32, -EBADF },
	};
	struct io_uring_sqe *sqe;
	unsigned int i;

	fds[3] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, register_files(&self->ring, fds, 4));
	ASSERT_EQ(0, close(fds[2]));

	sqe = queue(&self->ring, variant, 2, AF_INET, DGRAM, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	ASSERT_TRUE(is_in(uring_call(&self->ring), &self->there));
	sqe = queue(&self->ring, variant, 0, AF_INET, DGRAM, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	ASSERT_TRUE(is_in(uring_call(&self->ring), &self->here));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		sqe = queue(&self->ring, variant, rows[i].index, AF_INET, DGRAM, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		ASSERT_EQ(rows[i].res, uring_call(&self->ring));
	}
	/* Not an index without the bit. */
	ASSERT_EQ(-EBADF, AT(fds[2]));
	/* And of no meaning without the flag, as before. */
	ASSERT_TRUE(is_in(uring_socket(&self->ring, AF_INET,
				       variant->sqe | IOSQE_FIXED_FILE),
			  &self->here));
}

/* Registering a file permits nothing, and a delegated one stays delegated. */
TEST_F(uring, registered_file_without_privilege)
{
	int fds[] = { self->there.fd, sys_delegate(self->there.fd, 0) };
	struct uring ring;

	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, keep_caps(~(1ULL << CAP_SYS_ADMIN)));
	ASSERT_EQ(0, uring_start(&ring, variant->setup));
	ASSERT_EQ(0, register_files(&ring, fds, 2));
	queue(&ring, variant, 0, AF_INET, DGRAM, 0)->flags |= IOSQE_FIXED_FILE;
	ASSERT_EQ(-EPERM, uring_call(&ring));
	queue(&ring, variant, 1, AF_INET, DGRAM, 0)->flags |= IOSQE_FIXED_FILE;
	ASSERT_TRUE(is_in(uring_call(&ring), &self->there));
}

/* One submission opens a namespace, as a direct descriptor, and uses it. */
TEST_F(uring, opened_in_the_same_submission)
{
	int none[] = { -1, -1 }, first = -1;
	struct io_uring_sqe *sqe;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->there.fd);
	ASSERT_EQ(0, register_files(&self->ring, none, 2));
	sqe = uring_sqe(&self->ring, IORING_OP_OPENAT, FIRST);
	sqe->flags = IOSQE_IO_LINK;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->open_flags = O_RDONLY;
	sqe->file_index = 2;	/* the second one: 0 means none */
	sqe = queue(&self->ring, variant, 1, AF_INET, DGRAM, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	ASSERT_TRUE(is_in(second_result(&self->ring, &first), &self->there));
	ASSERT_EQ(0, first);
}

TEST_F(uring, not_opened_in_the_same_submission)
{
	static const struct {
		int link, res;
	} rows[] = {
		{ IOSQE_IO_LINK, -ECANCELED }, { IOSQE_IO_HARDLINK, -EBADF },
	};
	int none = -1, first = -1;
	struct io_uring_sqe *sqe;
	unsigned int i;

	ASSERT_EQ(0, register_files(&self->ring, &none, 1));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		sqe = uring_sqe(&self->ring, IORING_OP_OPENAT, FIRST);
		sqe->flags = rows[i].link;
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)"/proc/none";
		sqe->open_flags = O_RDONLY;
		sqe->file_index = 1;
		sqe = queue(&self->ring, variant, 0, AF_INET, DGRAM, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		ASSERT_EQ(rows[i].res, second_result(&self->ring, &first));
		ASSERT_EQ(-ENOENT, first);
	}
}

/* The socket itself as a direct descriptor. */
TEST_F(uring, direct_descriptor)
{
	int none[] = { -1, -1 }, files;
	struct io_uring_sqe *sqe;

	ASSERT_EQ(0, register_files(&self->ring, none, 2));
	files = count_open_files();
	sqe = queue(&self->ring, variant, self->there.fd, AF_INET, SOCK_DGRAM, 0);
	sqe->file_index = 1;
	ASSERT_EQ(0, uring_call(&self->ring));
	ASSERT_EQ(files, count_open_files());

	sqe = uring_sqe(&self->ring, IORING_OP_FIXED_FD_INSTALL, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->fd = 0;
	ASSERT_TRUE(is_in(uring_call(&self->ring), &self->there));

	sqe = queue(&self->ring, variant, self->there.fd, AF_INET, DGRAM, 0);
	sqe->file_index = 1;
	ASSERT_EQ(-EINVAL, uring_call(&self->ring));
	sqe = queue(&self->ring, variant, self->there.fd, AF_INET, SOCK_DGRAM, 0);
	sqe->file_index = 3;
	ASSERT_EQ(-EINVAL, uring_call(&self->ring));
	ASSERT_EQ(files, count_open_files());
}

TEST_F(uring, emfile)
{
	struct rlimit old, none;
	int next = dup(self->there.fd), files;

	close(next);
	files = count_open_files();
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_EQ(-EMFILE, AT(self->there.fd));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_EQ(files, count_open_files());
	ASSERT_EQ(next, AT(self->there.fd));
}

/* When the request is complete, nothing of the ring keeps the namespace. */
TEST_F(uring, keeps_nothing)
{
	struct target target;
	int nsfd, i, files;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	pid = fork();
	if (!pid) {
		EXPECT_EQ(0, unshare_user());
		EXPECT_EQ(0, allow_few("net", 1));
		EXPECT_EQ(0, uring_start(&self->ring, variant->setup));
		files = count_open_files();
		for (i = 0; i < 3; i++) {
			/* room for one: the previous one must have gone */
			EXPECT_EQ(0, target_start_patient(&target, CLONE_NEWNET));
			nsfd = open_ns(target.pid, "net");
			EXPECT_LE(0, nsfd);
			target_stop(&target);
			EXPECT_EQ(0, close(AT(nsfd)));
			EXPECT_EQ(-EAFNOSUPPORT, at(&self->ring, variant, nsfd,
						    1000, 1, 0));
			EXPECT_EQ(0, close(nsfd));
			EXPECT_EQ(files, count_open_files());
		}
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
}

/* struct io_uring_bpf, which the headers of 6.12 lack */
struct ring_filter {
	__u16 cmd_type, cmd_flags;
	__u32 resv;
	__u32 opcode, flags, len;
	__u8 pdu_size, resv2[3];
	__u64 insns, resv3[5];
};

/* A filter of the ring sees the flag, if the kernel has filters of rings. */
TEST_F(uring, bpf_filter)
{
	struct sock_filter insns[] = {
		/* socket.flags of struct io_uring_bpf_ctx */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct ring_filter filter = {
		.cmd_type	= 1,	/* IO_URING_BPF_CMD_FILTER */
		.opcode		= IORING_OP_SOCKET,
		.flags		= 2,	/* IO_URING_BPF_FILTER_SZ_STRICT */
		.len		= ARRAY_SIZE(insns),
		.pdu_size	= 16,
		.insns		= (uintptr_t)insns,
	};

	if (syscall(__NR_io_uring_register, self->ring.fd,
		    37 /* IORING_REGISTER_BPF_FILTER */, &filter, 1)) {
		ASSERT_EQ(EINVAL, errno);
		SKIP(return, "no IORING_REGISTER_BPF_FILTER");
	}
	ASSERT_EQ(-EACCES, AT(self->there.fd));
	ASSERT_EQ(-EACCES, AT(self->here.fd));
	ASSERT_TRUE(is_in(uring_socket(&self->ring, AF_INET, variant->sqe),
			  &self->here));
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

/* A control group in which each socket() fails with EAGAIN. */
struct cgroup {
	int root, fd;
	char name[32];
};

static int group_enter(struct cgroup *g)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1,
		  .imm = -EAGAIN },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_set_retval },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type		= BPF_PROG_TYPE_CGROUP_SOCK,
		.expected_attach_type	= BPF_CGROUP_INET_SOCK_CREATE,
		.insns			= (uintptr_t)insns,
		.insn_cnt		= ARRAY_SIZE(insns),
		.license		= (uintptr_t)"GPL",
	};
	union bpf_attr attach = {
		.attach_type		= BPF_CGROUP_INET_SOCK_CREATE,
	};
	int fs, prog, procs;

	prog = sys_bpf(BPF_PROG_LOAD, &load);
	if (prog < 0)
		return -errno;
	fs = syscall(__NR_fsopen, "cgroup2", FSOPEN_CLOEXEC);
	if (fs < 0 || syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	g->root = syscall(__NR_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	snprintf(g->name, sizeof(g->name), "nsfd-%d", getpid());
	if (g->root < 0 || mkdirat(g->root, g->name, 0700))
		return -errno;
	g->fd = openat(g->root, g->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attach.target_fd = g->fd;
	attach.attach_bpf_fd = prog;
	if (sys_bpf(BPF_PROG_ATTACH, &attach))
		return -errno;
	close(prog);
	procs = openat(g->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (write(procs, "0", 1) != 1)
		return -errno;
	close(procs);
	return 0;
}

static void group_leave(struct cgroup *g)
{
	int procs = openat(g->root, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (write(procs, "0", 1) == 1)
		unlinkat(g->root, g->name, AT_REMOVEDIR);
	close(procs);
}

/* A worker issues it again, with the file of the first time, and keeps nothing. */
TEST_F(uring, issued_again)
{
	struct target target;
	struct io_uring_sqe *sqe;
	struct cgroup group;
	int nsfd, i, err;
	pid_t pid;

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	err = group_enter(&group);
	if (err)
		SKIP(return, "control group with a BPF program: %s", strerror(-err));
	pid = fork();
	if (!pid) {
		EXPECT_EQ(0, unshare_user());
		EXPECT_EQ(0, allow_few("net", 1));
		EXPECT_EQ(0, uring_start(&self->ring, variant->setup));
		for (i = 0; i < 3; i++) {
			/* room for one: the previous one must have gone */
			EXPECT_EQ(0, target_start_patient(&target, CLONE_NEWNET));
			nsfd = open_ns(target.pid, "net");
			EXPECT_LE(0, nsfd);
			target_stop(&target);
			EXPECT_EQ(0, register_files(&self->ring, &nsfd, 1));
			EXPECT_EQ(0, close(nsfd));
			sqe = queue(&self->ring, variant, 0, AF_INET, DGRAM, 0);
			sqe->flags |= IOSQE_FIXED_FILE;
			EXPECT_EQ(-EAGAIN, uring_call(&self->ring));
			EXPECT_EQ(0, syscall(__NR_io_uring_register, self->ring.fd,
					     IORING_UNREGISTER_FILES, NULL, 0));
		}
		EXIT_CHILD();
	}
	WAIT_CHILD(pid);
	group_leave(&group);
}

TEST_HARNESS_MAIN
