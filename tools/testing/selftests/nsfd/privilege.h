/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: the callers of the table of privileges.
 *
 * There is a target, a process in new namespaces, and a caller that has file
 * descriptors for these namespaces and tries to use them. The cases differ only
 * in the credentials of the caller.
 */
#ifndef __NSFD_PRIVILEGE_H
#define __NSFD_PRIVILEGE_H

#include "rtnl.h"
#include "stress.h"

enum who {
	WHO_OWN,	/* no capability; the target is its own namespace */
	WHO_ROOT,	/* all capabilities, in both user namespaces */
	WHO_INSIDE,	/* root in the user namespace of the target only */
	WHO_SIBLING,	/* root in a sibling of that user namespace */
	WHO_OWNER,	/* no capability; has created that user namespace */
	WHO_SAME,	/* no capability; the same user as the target */
	WHO_STRANGER,	/* no capability; another user */
};

/* Two users of the test's user namespace, if it has more than one. */
#define OWNER_ID	65534
#define STRANGER_ID	65533

struct scene {
	bool real_root;		/* not just root of a user namespace */
	pid_t pid;		/* the target */
	int fds[NR_NS_TYPES];	/* its namespaces, -1 if the type is missing */
	char file[32];		/* to mount something on */
};

/* Become another user, if there is one, and drop all capabilities. */
static inline int become_user(const struct scene *s, uid_t id)
{
	if (s->real_root &&
	    (setgroups(0, NULL) || setresgid(id, id, id) ||
	     setresuid(id, id, id) || prctl(PR_SET_DUMPABLE, 1)))
		return -errno;
	return caps_drop();
}

static inline int scene_fd(const struct scene *s, int type)
{
	size_t i;

	for (i = 0; i < NR_NS_TYPES; i++)
		if (ns_types[i].flag == type)
			return s->fds[i];
	return -1;
}

/* The parent of the target: send the target's PID, and stay until the test ends. */
static inline void keep_target(const struct scene *s, enum who column, int pipe,
			       int test)
{
	int types = all_types();
	struct target target;

	if (column == WHO_SAME) {
		/* namespaces with the same owner as those of the test */
		if (unshare(types & ~CLONE_NEWUSER) || become_user(s, OWNER_ID))
			_exit(1);
		types = 0;
	} else if (s->real_root && become_user(s, OWNER_ID)) {
		/* otherwise, root would own the user namespace */
		_exit(1);
	}
	if (target_start(&target, types))
		_exit(1);
	if (write(pipe, &target.pid, sizeof(target.pid)) < 0)
		_exit(1);
	close(pipe);
	end_with(test);
}

/* Create the target and open its namespaces, with all privileges. */
static inline int scene_start(struct scene *s, enum who who)
{
	int pipes[2], test;
	size_t i;
	int err;

	s->real_root = !geteuid();
	err = become_root();
	if (err)
		return err;

	snprintf(s->file, sizeof(s->file), "/tmp/nsfd.XXXXXX");
	err = mkstemp(s->file);
	if (err < 0)
		return -errno;
	close(err);

	s->pid = getpid();
	if (who != WHO_OWN) {
		test = sys_pidfd_open(getpid(), 0);
		if (test < 0 || pipe2(pipes, O_CLOEXEC))
			return -errno;
		if (!fork())
			keep_target(s, who, pipes[1], test);
		close(test);
		close(pipes[1]);
		if (read(pipes[0], &s->pid, sizeof(s->pid)) != sizeof(s->pid))
			return -ECHILD;
		close(pipes[0]);
	} else if (unshare(CLONE_NEWNS)) {
		/* so that nothing stays mounted by mistake */
		return -errno;
	}

	for (i = 0; i < NR_NS_TYPES; i++) {
		s->fds[i] = open_ns(s->pid, ns_types[i].name);
		if (s->fds[i] < 0 && errno != ENOENT)
			return -errno;
	}
	return scene_fd(s, CLONE_NEWNET) < 0 ? -ENOENT : 0;
}

/* Become the caller of the table, with a network namespace of its own. */
static inline int scene_enter(const struct scene *s, enum who who)
{
	int err;

	if (who == WHO_OWN)
		return become_user(s, OWNER_ID);

	/* root callers have a mount and a network namespace of their own */
	if (who == WHO_INSIDE) {
		if (sys_setns(scene_fd(s, CLONE_NEWUSER), CLONE_NEWUSER))
			return -errno;
	} else if (who == WHO_SIBLING) {
		err = unshare_user();
		if (err)
			return err;
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;

	switch (who) {
	case WHO_OWNER:
	case WHO_SAME:
		return become_user(s, OWNER_ID);
	case WHO_STRANGER:
		/* if there is only one user, use one of another user namespace */
		if (!s->real_root) {
			err = unshare_user();
			if (err)
				return err;
		}
		return become_user(s, STRANGER_ID);
	default:
		return 0;
	}
}

/* In the parent of the test: the target terminates with the test. */
static inline void scene_end(const struct scene *s)
{
	unlink(s->file);
}

/* The operations. Each returns 0 or an errno. */
static inline int try_open(const struct scene *s)
{
	int fd = open_ns(s->pid, "net");

	return fd < 0 ? errno : 0;
}

static inline int try_readlink(const struct scene *s)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", s->pid);
	return readlink(path, target, sizeof(target)) < 0 ? errno : 0;
}

static inline int try_bind_mount(const struct scene *s, int nsfd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", nsfd);
	if (mount(path, s->file, NULL, MS_BIND, NULL))
		return errno;
	return umount2(s->file, MNT_DETACH) ? errno : 0;
}

static inline int try_newlink(int nsfd)
{
	struct mnl_socket *sk = rtnl_open(0);

	return sk ? -rtnl_add_dummy(sk, "nsfd-dummy", nsfd) : errno;
}

#endif /* __NSFD_PRIVILEGE_H */
