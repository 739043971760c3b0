/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: shared by the tests for fault injection, races
 * and random arguments.
 */
#ifndef __NSFD_STRESS_H
#define __NSFD_STRESS_H

#include "common.h"

/* Get a number from the environment instead of the default. */
static inline unsigned long env_number(const char *name, unsigned long number)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : number;
}

/* Check whether the call is available: it checks its file descriptor first. */
static inline bool have_socketat(void)
{
	return sys_socketat(-1, 0, 0, 0) == -1 && errno == EBADF;
}

static inline bool have_setns(void)
{
	return sys_setns(-1, 0) == -1 && errno == EBADF;
}

/* The types that this kernel supports. */
static inline int all_types(void)
{
	size_t i;
	int all = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (have_ns(ns_types[i].name))
			all |= ns_types[i].flag;
	return all;
}

/* The namespaces of the calling thread; for pid, that of its children. */
struct where {
	ino_t ino[NR_NS_TYPES];
};

static inline struct where where_am_i(void)
{
	struct where w;
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++)
		w.ino[i] = ns_ino(0, ns_types[i].flag == CLONE_NEWPID ?
				  "pid_for_children" : ns_types[i].name);
	return w;
}

/* Return the types whose namespaces differ. */
static inline int moved(const struct where *from, const struct where *to)
{
	size_t i;
	int types = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (from->ino[i] != to->ino[i])
			types |= ns_types[i].flag;
	return types;
}

/* Count open files without opening any, below the usual soft limit. */
static inline int count_open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

/*
 * Allow only one more namespace of each type than there are, so that a leaked
 * namespace makes the next creation fail. The caller is root in a user
 * namespace of its own.
 */
static inline int limit_namespaces(int have_net)
{
	size_t i;
	int err;

	for (i = 0; i < NR_NS_TYPES; i++) {
		err = allow_few(ns_types[i].name,
				ns_types[i].flag == CLONE_NEWNET ? 1 + have_net
								 : 1);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

#endif /* __NSFD_STRESS_H */
