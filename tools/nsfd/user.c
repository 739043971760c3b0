// SPDX-License-Identifier: GPL-2.0
/* Become an ordinary user without any capability. */
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "cmd.h"

void user_find(const char *name, struct user *user)
{
	struct passwd *pw;
	unsigned long uid;
	char *end;

	user->name = name;
	errno = 0;
	pw = getpwnam(name);
	if (!pw) {
		uid = strtoul(name, &end, 10);
		if (name[0] < '0' || name[0] > '9' || *end || uid >= (uid_t)-1)
			errx(1, "user '%s' does not exist", name);
		user->uid = uid;
		user->gid = uid;
		pw = getpwuid(uid);
	}
	user->known = pw;
	if (pw) {
		user->uid = pw->pw_uid;
		user->gid = pw->pw_gid;
		user->name = pw->pw_name;
	}
	/* getpwnam() and getpwuid() share their buffer with initgroups(). */
	user->name = strdup(user->name);
	user->home = strdup(pw ? pw->pw_dir : "/");
	user->shell = strdup(pw && *pw->pw_shell ? pw->pw_shell : "/bin/sh");
	if (!user->name || !user->home || !user->shell)
		err(1, NULL);
}

void user_environment(const struct user *user)
{
	if (setenv("HOME", user->home, 1) || setenv("SHELL", user->shell, 1) ||
	    setenv("USER", user->name, 1) || setenv("LOGNAME", user->name, 1))
		err(1, "failed to set the environment of user '%s'", user->name);
}

void drop_bound(void)
{
	int cap;

	for (cap = 0; cap_get_bound(cap) >= 0; cap++)
		if (cap_get_bound(cap) && cap_drop_bound(cap))
			err(1, "failed to drop the capability bounding set");
	if (CAP_AMBIENT_SUPPORTED() && cap_reset_ambient())
		err(1, "failed to drop ambient capabilities");
}

void user_become(const struct user *user)
{
	cap_t none;

	/* This comes first, because it requires CAP_SETPCAP. */
	drop_bound();
	if (user->known ? initgroups(user->name, user->gid) : setgroups(0, NULL))
		err(1, "failed to set the supplementary groups of user '%s'", user->name);
	if (setresgid(user->gid, user->gid, user->gid))
		err(1, "failed to set group ID %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid))
		err(1, "failed to set user ID %u", user->uid);

	/* The kernel clears neither the inheritable set nor any set for root. */
	none = cap_init();
	if (!none || cap_set_proc(none))
		err(1, "failed to drop capabilities");
	cap_free(none);
}
