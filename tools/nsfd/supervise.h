/* SPDX-License-Identifier: GPL-2.0 */
/* "nsfd run": the filter, the supervisor, and the namespaces of sockets. */
#ifndef NSFD_SUPERVISE_H
#define NSFD_SUPERVISE_H

#include <nsfd.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* The operations of the system calls that are notified. */
enum call_op {
	OP_NONE, OP_SETNS, OP_UNSHARE, OP_SOCKET, OP_SOCKETCALL, OP_CLONE,
	OP_CLONE3, OP_FORK, OP_VFORK, OP_EXEC, OP_IOCTL, OP_FILTER,
};

/* Determines the numbers of the calls; to be called before filter_op(). */
void filter_numbers(void);
enum call_op filter_op(uint32_t arch, int nr);
/* Installs the filter for the calling thread and returns its listener. */
int filter_load(bool io_uring);

/* The credentials to create a socket with, if not the supervisor's. */
struct creds {
	uid_t uid;
	gid_t gid;
	uint64_t effective;
};

/* A network namespace in which sockets are created. */
struct place {
	const char *name;
	int fd;			/* to create sockets with */
	int file;		/* of the namespace, for setns() */
	ino_t ino;
	ino_t owner;		/* its user namespace, 0 if unknown */
	uint64_t cookie;	/* SO_NETNS_COOKIE of its sockets, 0 if not yet known */
	/* The rest is for a helper thread, if there is no other method. */
	sem_t go, done;
	const struct creds *creds;
	int family, type, protocol;
	int result;
};

extern struct place **places;
extern int n_places;
extern enum nsfd_way way;

/* The method to create sockets, determined without risking a seccomp kill. */
enum nsfd_way way_find(void);
/* Adds a namespace, consumes @fd, and returns the index. */
int place_add(const char *name, int fd);
int place_find(ino_t ino);
/*
 * Starts the helper threads if these are the method, or exits. With @keep, they
 * keep their capabilities, but use only those of the requesting task.
 */
void places_enter(bool keep);
/* To be called after the supervisor has changed its user for the last time. */
void places_drop(void);
/*
 * Reduces the effective capabilities of the calling thread to @cap, or to none if
 * -1.
 */
void lower_capabilities(int cap);
/* Returns a file descriptor, or a negative error number. */
int place_socket(struct place *place, const struct creds *creds, int family,
		 int type, int protocol);

struct supervised {
	pid_t pid;		/* of the program */
	int base;		/* the place of --netns, or -1 */
	bool keep;		/* capabilities are kept, for sockets of others */
	bool verbose;
};

/* Reads everything that requires the initial privileges; or exits. */
void supervise_prepare(const struct supervised *supervised);
/*
 * Handles notifications until the last supervised task has terminated. A byte on
 * @ready tells the program to continue.
 */
noreturn void supervise(int listener, int ready);

#endif
