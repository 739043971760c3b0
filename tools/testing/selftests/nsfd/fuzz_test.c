// SPDX-License-Identifier: GPL-2.0
/*
 * Random and hostile arguments for socketat(), setns(), the ioctls of nsfs, the
 * opening of its files, and IORING_OP_SOCKET. Every result is accepted, but the
 * kernel and the caller must survive, and other processes must not be affected.
 *
 * NSFD_CALLS is the number of calls, and NSFD_SEED the start of the random
 * numbers: the same seed makes the same calls.
 */
#include <linux/capability.h>
#include <linux/ioctl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "stress.h"
#include "uring.h"

/* The files for the calls, with low numbers, so that a random one is often open. */
#define FIRST_FD 10
#define NR_FDS 40

#define NR_SLOTS 4

struct fuzz {
	__u64 state;
	unsigned long calls, done;
	unsigned long allowed;
	unsigned long by_ring;	/* sockets elsewhere, of those allowed */
	char *buffer;		/* two pages, followed by an unmapped one */
	size_t size;
	struct uring ring;
};

/* xorshift64*: portable and reproducible. */
static __u32 any(struct fuzz *f)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return (f->state * 0x2545f4914f6cdd1dULL) >> 32;
}

static __u32 below(struct fuzz *f, __u32 n)
{
	return any(f) % n;
}

/* Values that break programs: powers of two and their neighbours, signs, noise. */
static long hostile(struct fuzz *f)
{
	long long noise = (long long)any(f) << 32 | any(f);

	switch (below(f, 6)) {
	case 0:
		return below(f, 64);
	case 1:
		return (1ULL << below(f, 64)) + below(f, 3) - 1;
	case 2:
		return -(long)below(f, 300);
	case 3:
		return noise;
	case 4:
		return (__u32)noise;
	default:
		return (int)noise;
	}
}

/* A file descriptor, which is usually open. */
static long some_fd(struct fuzz *f)
{
	return below(f, 16) ? (long)(FIRST_FD + below(f, NR_FDS)) : hostile(f);
}

static long some_types(struct fuzz *f)
{
	long types = 0;

	if (!below(f, 8))
		return hostile(f);
	do
		types |= ns_types[below(f, NR_NS_TYPES)].flag;
	while (below(f, 2));
	return types;
}

/* Memory that is mapped, unmapped, or ends too early. */
static long some_pointer(struct fuzz *f)
{
	switch (below(f, 4)) {
	case 0:
		return (long)f->buffer;
	case 1:
		return (long)(f->buffer + f->size - below(f, 64));
	case 2:
		return 0;
	default:
		return hostile(f);
	}
}

/* Move the file descriptor into the range. */
static int keep(struct fuzz *f, int fd)
{
	int to = FIRST_FD + below(f, NR_FDS);

	if (fd < 0)
		return fd;
	if (fd != to) {
		dup2(fd, to);
		close(fd);
	}
	return 0;
}

static int do_socketat(struct fuzz *f)
{
	long type = below(f, 11);

	if (!below(f, 4))
		type = hostile(f);
	if (below(f, 2))
		type |= SOCK_CLOEXEC;
	if (below(f, 2))
		type |= SOCK_NONBLOCK;
	return keep(f, syscall(__NR_socketat, some_fd(f),
			       below(f, 8) ? (long)below(f, 48) : hostile(f), type,
			       below(f, 2) ? 0 : hostile(f)));
}

static int do_setns(struct fuzz *f)
{
	return syscall(__NR_setns, some_fd(f),
		       below(f, 4) ? some_types(f) : 0);
}

static int do_ioctl(struct fuzz *f)
{
	unsigned long request = _IOC(below(f, 4), NSIO, below(f, 0x24),
				     below(f, 4) ? 0 : below(f, 64));

	if (!below(f, 8))
		request = _IOC(below(f, 4), below(f, 2) ? 0xff : 0x89,
			       below(f, 256), below(f, 64));
	/* this cannot stop a process or change a terminal */
	return keep(f, ioctl(some_fd(f), request, some_pointer(f)));
}

static int do_open(struct fuzz *f)
{
	static const char *const where[] = {
		"/proc/self/ns/", "/proc/thread-self/ns/", "/proc/1/ns/",
	};
	static const char *const others[] = {
		"", ".", "pid_for_children", "time_for_children", "netx", "ne",
	};
	static const int flags[] = {
		O_RDONLY, O_RDWR, O_WRONLY | O_TRUNC, O_PATH, O_DIRECTORY,
		O_NOFOLLOW, O_NOFOLLOW | O_PATH, O_RDONLY | O_NONBLOCK,
	};
	unsigned int other = below(f, 3 * NR_NS_TYPES);
	char path[64];

	snprintf(path, sizeof(path), "%s%s", where[below(f, ARRAY_SIZE(where))],
		 other < ARRAY_SIZE(others) ? others[other] :
		 ns_types[other % NR_NS_TYPES].name);
	if (!below(f, 8))
		snprintf(path, sizeof(path), "/proc/self/fd/%ld", some_fd(f));
	if (!below(f, 8))
		return readlink(path, f->buffer, below(f, 64));
	return keep(f, open(path, flags[below(f, ARRAY_SIZE(flags))] |
				  O_CLOEXEC));
}

/* Other operations on a namespace file. */
static int do_file(struct fuzz *f)
{
	int fd = some_fd(f);
	struct stat st;

	switch (below(f, 8)) {
	case 0:
		return keep(f, dup(fd));
	case 1:
		return fd >= FIRST_FD ? close(fd) : 0;
	case 2:
		return read(fd, (void *)some_pointer(f), 0);
	case 3:
		return fchmod(fd, any(f) & 07777);
	case 4:
		return keep(f, sys_pidfd_open(getpid(), 0));
	case 5:
		return keep(f, socket(AF_UNIX, SOCK_STREAM, 0));
	case 6:
		return lseek(fd, hostile(f), SEEK_SET) == -1 ? -1 : 0;
	default:
		return fstat(fd, &st);
	}
}

/* What a ring is asked for, by itself or by a worker. */
static int do_uring(struct fuzz *f)
{
	struct io_uring_sqe *sqe;
	bool direct, elsewhere;
	int res;

	if (!f->ring.sqes)
		return -1;
	sqe = uring_sqe_socketat(&f->ring, some_fd(f),
				 below(f, 8) ? (long)below(f, 48) : hostile(f),
				 below(f, 4) ? (long)below(f, 11) : hostile(f),
				 below(f, 2) ? 0 : hostile(f));
	if (!below(f, 4))
		sqe->flags |= IOSQE_ASYNC;
	if (!below(f, 4))
		sqe->flags |= IOSQE_IO_LINK;
	if (!below(f, 4)) {
		sqe->flags |= IOSQE_FIXED_FILE;
		sqe->addr = below(f, 4) ? (long)below(f, NR_SLOTS + 2) : hostile(f);
	}
	if (!below(f, 8))
		sqe->file_index = below(f, 4) ? (long)below(f, NR_SLOTS + 2) : hostile(f);
	if (!below(f, 16))
		sqe->rw_flags = hostile(f);
	if (!below(f, 16))
		sqe->buf_index = hostile(f);
	if (!below(f, 16))
		sqe->personality = hostile(f);
	if (!below(f, 16))
		sqe->ioprio = hostile(f);
	direct = sqe->file_index;
	elsewhere = sqe->rw_flags == IORING_SOCKET_NETNS;
	res = uring_call(&f->ring);
	f->by_ring += elsewhere && res >= 0;
	return direct ? res : keep(f, res);
}

/* Some registered files, one of them a namespace. */
static void start_ring(struct fuzz *f)
{
	int slots[NR_SLOTS] = { open_ns(0, "net"), -1, -1, -1 }, fd;

	if (uring_start(&f->ring, 0)) {
		f->ring.sqes = NULL;
		return;
	}
	syscall(__NR_io_uring_register, f->ring.fd, IORING_REGISTER_FILES,
		slots, NR_SLOTS);
	close(slots[0]);
	/* out of the way of the files that come and go */
	fd = fcntl(f->ring.fd, F_DUPFD_CLOEXEC, FIRST_FD + NR_FDS);
	close(f->ring.fd);
	f->ring.fd = fd;
}

static int (*const do_something[])(struct fuzz *f) = {
	do_socketat, do_socketat, do_socketat, do_setns, do_setns, do_ioctl,
	do_ioctl, do_open, do_open, do_file, do_uring,
};

/* Mostly requests to the ring, and some calls that open or close a file. */
static int (*const do_ring[])(struct fuzz *f) = {
	do_uring, do_uring, do_uring, do_uring, do_uring, do_uring, do_uring,
	do_uring, do_uring, do_uring, do_uring, do_uring, do_uring, do_open,
	do_open, do_file,
};

/* Enter new namespaces, and limit resources. */
static int confine(struct fuzz *f)
{
	struct rlimit files = { FIRST_FD + NR_FDS + 20, FIRST_FD + NR_FDS + 20 };
	struct rlimit data = { 64 << 20, 64 << 20 };
	struct rlimit core = {};
	unsigned int i;
	int err;

	err = unshare_user();
	if (err)
		return err;
	/*
	 * Otherwise, a call could truncate the log, or affect files of other
	 * processes.
	 */
	syscall(__NR_close_range, 0, ~0U, 0);
	for (i = 0; i < NR_NS_TYPES; i++) {
		/* a kernel may lack some types */
		if (!(ns_types[i].flag &
		      (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME)) &&
		    unshare(ns_types[i].flag) && errno != EINVAL)
			return -errno;
	}
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    setrlimit(RLIMIT_NOFILE, &files) ||
	    setrlimit(RLIMIT_DATA, &data) || setrlimit(RLIMIT_CORE, &core))
		return -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	return 0;
}

FIXTURE(fuzz)
{
	struct fuzz *fuzz;
};

FIXTURE_VARIANT(fuzz)
{
	bool ring;	/* nothing but requests to it */
};

FIXTURE_VARIANT_ADD(fuzz, all)
{
	.ring = false,
};

FIXTURE_VARIANT_ADD(fuzz, ring)
{
	.ring = true,
};

FIXTURE_SETUP(fuzz)
{
	size_t size = 2 * sysconf(_SC_PAGESIZE);
	struct fuzz *f;

	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, f);
	f->state = env_number("NSFD_SEED", msecs() | 1) ?: 1;
	f->calls = env_number("NSFD_CALLS", 20000);
	f->buffer = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, f->buffer);
	ASSERT_EQ(0, munmap(f->buffer + size, size));
	f->size = size;
	self->fuzz = f;
	TH_LOG("NSFD_SEED=%llu NSFD_CALLS=%lu", (unsigned long long)f->state,
	       f->calls);
}

FIXTURE_TEARDOWN(fuzz)
{
}

static void make_calls(struct fuzz *f, bool ring)
{
	int (*call)(struct fuzz *f);

	while (f->done < f->calls) {
		call = ring ? do_ring[below(f, ARRAY_SIZE(do_ring))]
			    : do_something[below(f, ARRAY_SIZE(do_something))];
		if (call(f) >= 0)
			f->allowed++;
		f->done++;
	}
}

/* This process must stay in its namespaces and remain unaffected. */
TEST_F_TIMEOUT(fuzz, calls, 3600)
{
	struct where before = where_am_i(), after;
	int files = count_open_files(), status;
	struct fuzz *f = self->fuzz;
	struct rlimit limit, same;
	struct uring ring;
	pid_t pid;
	__u64 start = msecs();

	NEEDS(return, CLONE_NEWUSER, "CONFIG_USER_NS");
	if (variant->ring) {
		if (uring_start(&ring, 0))
			SKIP(return, "io_uring_setup: %s", strerror(errno));
		if (!uring_has_netns(&ring))
			SKIP(return, "no IORING_SOCKET_NETNS");
		close(ring.fd);
	}
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int err = confine(f);

		if (err)
			_exit(-err);
		start_ring(f);
		make_calls(f, variant->ring);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(f->calls, f->done);
	TH_LOG("%lu calls, %lu of them allowed, in %llu ms", f->done,
	       f->allowed, (unsigned long long)(msecs() - start));
	if (variant->ring)
		EXPECT_LT(0UL, f->by_ring);

	after = where_am_i();
	EXPECT_EQ(0, moved(&before, &after));
	EXPECT_EQ(files, count_open_files());
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &same));
	EXPECT_EQ(limit.rlim_cur, same.rlim_cur);
}

TEST_HARNESS_MAIN
