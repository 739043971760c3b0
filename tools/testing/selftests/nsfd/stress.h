/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: what the tests share that fail allocations, race
 * and throw random arguments at the kernel.
 */
#ifndef __NSFD_STRESS_H
#define __NSFD_STRESS_H

#include "common.h"

/* A number from the environment, for those who want more than the default. */
static inline unsigned long env_number(const char *name, unsigned long number)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : number;
}

/* Whether a call is there: it looks at its descriptor before all else. */
static inline bool have_socketat(void)
{
	return sys_socketat(-1, 0, 0, 0) == -1 && errno == EBADF;
}

static inline bool have_setns(void)
{
	return sys_setns(-1, 0) == -1 && errno == EBADF;
}

/* The types of this kernel. */
static inline int all_types(void)
{
	size_t i;
	int all = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (have_ns(ns_types[i].name))
			all |= ns_types[i].flag;
	return all;
}

/* Where the calling thread is. For pid it is where its children will be. */
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

/* The types in which two places differ. */
static inline int moved(const struct where *from, const struct where *to)
{
	size_t i;
	int types = 0;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (from->ino[i] != to->ino[i])
			types |= ns_types[i].flag;
	return types;
}

/* Counts without opening anything: below the soft limit of most systems. */
static inline int count_open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

/*
 * Limits what can be there at a time: one namespace of each type besides those
 * which there are. A namespace that a test has leaked is one too many for the
 * next one. The caller is root in a user namespace of its own.
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
