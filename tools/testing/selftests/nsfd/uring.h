/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: io_uring without liburing.
 */
#ifndef __NSFD_URING_H
#define __NSFD_URING_H

#include <linux/io_uring.h>
#include <sys/mman.h>

#include "common.h"

#ifndef IORING_SOCKET_NETNS
#define IORING_SOCKET_NETNS 0x1
#endif

#define URING_ENTRIES	8

struct uring {
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	unsigned int queued, enter_flags;
	int fd;
};

static inline int uring_start(struct uring *ring, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags };
	void *sq, *cq;

	ring->fd = syscall(__NR_io_uring_setup, URING_ENTRIES, &p);
	if (ring->fd < 0)
		return -errno;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*ring->cqes),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		  IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, p.sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->sq_tail = sq + p.sq_off.tail;
	ring->sq_mask = sq + p.sq_off.ring_mask;
	ring->sq_array = sq + p.sq_off.array;
	ring->cq_head = cq + p.cq_off.head;
	ring->cq_tail = cq + p.cq_off.tail;
	ring->cq_mask = cq + p.cq_off.ring_mask;
	ring->cqes = cq + p.cq_off.cqes;
	ring->queued = 0;
	ring->enter_flags = flags & IORING_SETUP_SQPOLL ?
			    IORING_ENTER_SQ_WAKEUP : 0;
	return 0;
}

/* The next request, which uring_submit() will pass on; user_data is @data. */
static inline struct io_uring_sqe *uring_sqe(struct uring *ring, int opcode,
					     __u64 data)
{
	unsigned int i = (*ring->sq_tail + ring->queued++) & *ring->sq_mask;
	struct io_uring_sqe *sqe = &ring->sqes[i];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->user_data = data;
	ring->sq_array[i] = i;
	return sqe;
}

/* Submits what is queued, and waits until @wait results are there. */
static inline int uring_submit(struct uring *ring, unsigned int wait)
{
	unsigned int n = ring->queued;

	ring->queued = 0;
	__atomic_store_n(ring->sq_tail, *ring->sq_tail + n, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring->fd, n, wait,
		    IORING_ENTER_GETEVENTS | ring->enter_flags, NULL, 0) < 0)
		return -errno;
	return 0;
}

/* The oldest result that has not been read, or -EIO if there is none. */
static inline int uring_result(struct uring *ring, __u64 *data)
{
	unsigned int head = *ring->cq_head;
	struct io_uring_cqe *cqe = &ring->cqes[head & *ring->cq_mask];
	int res;

	if (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head)
		return -EIO;
	res = cqe->res;
	if (data)
		*data = cqe->user_data;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

/* Submits the one request that is queued. */
static inline int uring_call(struct uring *ring)
{
	int err = uring_submit(ring, 1);

	return err ?: uring_result(ring, NULL);
}

/* socket(), by a request with these flags. */
static inline int uring_socket(struct uring *ring, int family, int flags)
{
	struct io_uring_sqe *sqe = uring_sqe(ring, IORING_OP_SOCKET, 0);

	sqe->flags = flags;
	sqe->fd = family;
	sqe->off = SOCK_DGRAM;
	return uring_call(ring);
}

/* Queues what socketat() is for a ring; @nsfd is an index with IOSQE_FIXED_FILE. */
static inline struct io_uring_sqe *uring_sqe_socketat(struct uring *ring,
						      __s64 nsfd, int family,
						      int type, int protocol)
{
	struct io_uring_sqe *sqe = uring_sqe(ring, IORING_OP_SOCKET, 0);

	sqe->fd = family;
	sqe->off = type;
	sqe->len = protocol;
	sqe->addr = nsfd;
	sqe->rw_flags = IORING_SOCKET_NETNS;
	return sqe;
}

/* Whether the kernel knows the flag: a socket in the namespace of the caller. */
static inline bool uring_has_netns(struct uring *ring)
{
	int nsfd = open_ns(0, "net"), sk;

	uring_sqe_socketat(ring, nsfd, AF_INET, SOCK_DGRAM, 0);
	sk = uring_call(ring);
	close(nsfd);
	if (sk >= 0)
		close(sk);
	return sk != -EINVAL;
}

#endif /* __NSFD_URING_H */
