/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace file descriptors: the cast of the table of privileges.
 *
 * There is a target, a process in namespaces of its own, and somebody who has
 * descriptors of them and tries what can be done with these. Nothing but who
 * that is makes the difference.
 */
#ifndef __NSFD_PRIVILEGE_H
#define __NSFD_PRIVILEGE_H

#include "rtnl.h"
#include "stress.h"

enum who {
	WHO_OWN,	/* no capability; the target is where it is itself */
	WHO_ROOT,	/* all capabilities, over the target and at home */
	WHO_INSIDE,	/* root in the user namespace of the target, no other */
	WHO_SIBLING,	/* root in a user namespace beside that one */
	WHO_OWNER,	/* no capability; made that user namespace */
	WHO_SAME,	/* no capability; the target is a process of its own */
	WHO_STRANGER,	/* no capability; another user */
};

/* Two users of the test's user namespace, if there is more than one. */
#define OWNER_ID	65534
#define STRANGER_ID	65533

struct scene {
	bool real_root;		/* and not just that of a user namespace */
	pid_t pid;		/* the target */
	int fds[NR_NS_TYPES];	/* its namespaces, -1 where there is no type */
	char file[32];		/* to mount something on */
};

/* Another user where there is one, and no capability in any case. */
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

/* The parent of the target: tells the target's pid, and stays for the test. */
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
		/* the user namespace would be root's */
		_exit(1);
	}
	if (target_start(&target, types))
		_exit(1);
	if (write(pipe, &target.pid, sizeof(target.pid)) < 0)
		_exit(1);
	close(pipe);
	end_with(test);
}

/* Makes the target and opens its namespaces, with every right to do so. */
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
		/* so that nothing which is mounted by mistake stays */
		return -errno;
	}

	for (i = 0; i < NR_NS_TYPES; i++) {
		s->fds[i] = open_ns(s->pid, ns_types[i].name);
		if (s->fds[i] < 0 && errno != ENOENT)
			return -errno;
	}
	return scene_fd(s, CLONE_NEWNET) < 0 ? -ENOENT : 0;
}

/* Makes the caller the one of the table, with a network of its own. */
static inline int scene_enter(const struct scene *s, enum who who)
{
	int err;

	if (who == WHO_OWN)
		return become_user(s, OWNER_ID);

	/* whoever is root has a mount namespace and a network to change */
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
		/* where there is one user only, one from elsewhere */
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

/* In the parent of the test: the target has gone with the test. */
static inline void scene_end(const struct scene *s)
{
	unlink(s->file);
}

/*
 * What there is to try. Each returns 0 or the errno of the refusal.
 */
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
