/* SPDX-License-Identifier: GPL-2.0 */
/* "nsfd run": its filter, its supervisor, and where sockets are created. */
#ifndef NSFD_SUPERVISE_H
#define NSFD_SUPERVISE_H

#include <nsfd.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* What a system call that the filter notifies does. */
enum call_op {
	OP_NONE, OP_SETNS, OP_UNSHARE, OP_SOCKET, OP_SOCKETCALL, OP_CLONE,
	OP_CLONE3, OP_FORK, OP_VFORK, OP_EXEC, OP_IOCTL, OP_FILTER,
};

/* Learns the numbers of the calls; before filter_op(). */
void filter_numbers(void);
enum call_op filter_op(uint32_t arch, int nr);
/* Installs the filter for the calling thread and returns its listener. */
int filter_load(bool io_uring);

/* The credentials that a socket is created with, if not the supervisor's. */
struct creds {
	uid_t uid;
	gid_t gid;
	uint64_t effective;
};

/* A network namespace that sockets are created in. */
struct place {
	const char *name;
	int fd;			/* to create sockets with */
	int file;		/* of the namespace, for setns() */
	ino_t ino;
	ino_t owner;		/* its user namespace, 0 if that cannot be told */
	uint64_t cookie;	/* SO_NETNS_COOKIE of its sockets, 0 if not yet known */
	/* The rest is for a thread inside, where there is no other way. */
	sem_t go, done;
	const struct creds *creds;
	int family, type, protocol;
	int result;
};

extern struct place **places;
extern int n_places;
extern enum nsfd_way way;

/* The way that works here, found without being killed by a seccomp filter. */
enum nsfd_way way_find(void);
/* Adds a namespace, and returns its index. Takes @fd. */
int place_add(const char *name, int fd);
int place_find(ino_t ino);
/*
 * Starts the threads inside, if that is the way, or exits. With @keep they do
 * not give up their capabilities, but use them only as a task's own.
 */
void places_enter(bool keep);
/* After the supervisor has become the user that it stays. */
void places_drop(void);
/* Lowers the effective capabilities of the calling thread to @cap, if not -1. */
void lower_capabilities(int cap);
/* A descriptor, or an error as a negative number. */
int place_socket(struct place *place, const struct creds *creds, int family,
		 int type, int protocol);

struct supervised {
	pid_t pid;		/* of the program */
	int base;		/* the place of --netns, or -1 */
	bool keep;		/* capabilities are kept, for sockets of others */
	bool verbose;
};

/* Reads what has to be read while there is the privilege for it; or exits. */
void supervise_prepare(const struct supervised *supervised);
/*
 * Receives and answers until the last supervised task has ended. A byte on
 * @ready tells the program that it can go on.
 */
noreturn void supervise(int listener, int ready);

#endif
