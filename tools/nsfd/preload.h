/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by libnsfd-preload.so and the supervisor of "nsfd run". */
#ifndef NSFD_PRELOAD_H
#define NSFD_PRELOAD_H

#include <limits.h>
#include <stdint.h>

/* Set by "nsfd run" to indicate the supervisor. */
#define PRELOAD_ENV		"NSFD_SUPERVISED"

/*
 * Requests of the library are calls of setns() that the supervisor handles. No file
 * descriptor has these numbers: without the supervisor, they fail with EBADF.
 */
#define PRELOAD_MAP		(INT_MIN + 0x4e53)	/* the shared memory */
#define PRELOAD_SLOT		(INT_MIN + 0x4e54)	/* the slot of the thread */
#define PRELOAD_FD		(INT_MIN + 0x4e55)	/* to create sockets, by index */
#define PRELOAD_FILE		(INT_MIN + 0x4e56)	/* of the namespace, by index */

/* The values of a slot other than the index of a place. */
enum {
	SLOT_START = -1,	/* the thread has not called setns() */
	SLOT_HOME = -2,		/* the thread has restored the original namespace */
	SLOT_ASK = -3,		/* the supervisor decides */
};

struct preload_slot {
	uint32_t tid;		/* 0: free */
	int32_t place;
};

struct preload_place {
	uint64_t ino;
	uint64_t cookie;	/* SO_NETNS_COOKIE of its sockets */
	int32_t fd;		/* of the process, or -1; for the library alone */
	int32_t reserved;
};

#define PRELOAD_SLOTS	1024

/* One for each process, which can write to all of it. */
struct preload_shared {
	uint64_t dev;		/* of nsfs */
	uint64_t home;		/* the original network namespace */
	int32_t pid;
	int32_t way;		/* enum nsfd_way */
	uint32_t size;
	uint32_t n_places;
	struct preload_slot slots[PRELOAD_SLOTS];
	struct preload_place places[];	/* sorted by ino */
};

#endif
