// SPDX-License-Identifier: GPL-2.0
/* Files that belong to a network namespace, provided as ip-netns(8) does. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "cmd.h"

/*
 * Later mounts stay in this mount namespace; mounts from outside still propagate to
 * it.
 */
static void private_mounts(void)
{
	static bool done;

	if (done)
		return;
	if (unshare(CLONE_NEWNS))
		err(1, "failed to create a mount namespace");
	if (mount("", "/", NULL, MS_SLAVE | MS_REC, NULL))
		err(1, "failed to make / a slave mount");
	done = true;
}

void etc_netns(const char *name)
{
	char *dir, *from, *to;
	struct dirent *entry;
	DIR *files;

	if (asprintf(&dir, "/etc/netns/%s", name) < 0)
		err(1, NULL);
	files = opendir(dir);
	if (!files && errno != ENOENT)
		err(1, "failed to open '%s'", dir);
	while (files && (entry = readdir(files))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		private_mounts();
		if (asprintf(&from, "%s/%s", dir, entry->d_name) < 0 ||
		    asprintf(&to, "/etc/%s", entry->d_name) < 0)
			err(1, NULL);
		/*
		 * The file may be for another program: continue, as ip-netns(8)
		 * does.
		 */
		if (mount(from, to, NULL, MS_BIND, NULL))
			warn("failed to mount '%s' on '%s'", from, to);
		free(from);
		free(to);
	}
	if (files)
		closedir(files);
	free(dir);
}

void sys_netns(void)
{
	unsigned long flags = 0;
	struct statvfs vfs;
	struct statfs fs;

	if (statfs("/sys", &fs) || fs.f_type != SYSFS_MAGIC)
		return;
	private_mounts();
	if (!statvfs("/sys", &vfs) && (vfs.f_flag & ST_RDONLY))
		flags = MS_RDONLY;
	/* This fails if the mount is locked; the new one is then mounted on top. */
	umount2("/sys", MNT_DETACH);
	if (mount("sysfs", "/sys", "sysfs", flags, NULL))
		err(1, "failed to mount /sys of the network namespace");
}
