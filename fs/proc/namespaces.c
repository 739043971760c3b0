// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/<pid>/ns/: the namespaces of a task as files.
 *
 * Each entry is a magic link to a file in nsfs. The link disappears with the
 * task. While its target is open or mounted, it pins the namespace.
 */
#include <linux/array_size.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "internal.h"

/* The entries of the directory, in the order in which they are listed. */
static const struct proc_ns_operations *const ns_entries[] = {
#ifdef CONFIG_PID_NS
	&pidns_operations,
	&pidns_for_children_operations,
#endif
#ifdef CONFIG_USER_NS
	&userns_operations,
#endif
#ifdef CONFIG_CGROUPS
	&cgroupns_operations,
#endif
#ifdef CONFIG_TIME_NS
	&timens_operations,
	&timens_for_children_operations,
#endif
};

/*
 * Check whether the caller may read the namespaces of @task. On success, @task
 * cannot gain privileges by execve() until proc_ns_unlock(), so the result
 * remains valid while the namespace is read.
 */
static int proc_ns_lock(struct task_struct *task)
{
	int err = down_read_killable(&task->signal->exec_update_lock);

	if (err)
		return err;

	if (ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS))
		return 0;

	up_read(&task->signal->exec_update_lock);
	return -EACCES;
}

static void proc_ns_unlock(struct task_struct *task)
{
	up_read(&task->signal->exec_update_lock);
}

static const char *proc_ns_get_link(struct dentry *dentry, struct inode *inode,
				    struct delayed_call *done)
{
	struct task_struct *task;
	struct path path;
	int err;

	/* proc_ns_lock() can sleep, so not in RCU walk. */
	if (!dentry)
		return ERR_PTR(-ECHILD);

	task = get_proc_task(inode);
	if (!task)
		return ERR_PTR(-EACCES);

	err = proc_ns_lock(task);
	if (!err) {
		err = ns_get_path(&path, task, PROC_I(inode)->op.ns_ops);
		if (!err)
			err = nd_jump_link(&path);
		proc_ns_unlock(task);
	}

	put_task_struct(task);
	return ERR_PTR(err);
}

static int proc_ns_readlink(struct dentry *dentry, char __user *buffer,
			    int buflen)
{
	struct inode *inode = d_inode(dentry);
	struct task_struct *task;
	char name[50];
	int ret;

	task = get_proc_task(inode);
	if (!task)
		return -EACCES;

	ret = proc_ns_lock(task);
	if (!ret) {
		ret = ns_get_name(name, sizeof(name), task,
				  PROC_I(inode)->op.ns_ops);
		if (ret >= 0)
			ret = readlink_copy(buffer, buflen, name);
		proc_ns_unlock(task);
	}

	put_task_struct(task);
	return ret;
}

static const struct inode_operations proc_ns_link_inode_operations = {
	.readlink	= proc_ns_readlink,
	.get_link	= proc_ns_get_link,
	.setattr	= proc_nochmod_setattr,
};

static struct dentry *proc_ns_instantiate(struct dentry *dentry,
					  struct task_struct *task,
					  const void *ptr)
{
	struct inode *inode;

	inode = proc_pid_make_inode(dentry->d_sb, task, S_IFLNK | 0777);
	if (!inode)
		return ERR_PTR(-ENOENT);

	inode->i_op = &proc_ns_link_inode_operations;
	PROC_I(inode)->op.ns_ops = ptr;
	pid_update_inode(task, inode);

	d_set_d_op(dentry, &pid_dentry_operations);
	return d_splice_alias(inode, dentry);
}

static int proc_ns_dir_readdir(struct file *file, struct dir_context *ctx)
{
	struct task_struct *task = get_proc_task(file_inode(file));

	if (!task)
		return -ENOENT;

	if (!dir_emit_dots(file, ctx))
		goto out;

	for (; ctx->pos - 2 < ARRAY_SIZE(ns_entries); ctx->pos++) {
		const struct proc_ns_operations *ops = ns_entries[ctx->pos - 2];

		if (!proc_fill_cache(file, ctx, ops->name, strlen(ops->name),
				     proc_ns_instantiate, task, ops))
			break;
	}
out:
	put_task_struct(task);
	return 0;
}

const struct file_operations proc_ns_dir_operations = {
	.read		= generic_read_dir,
	.iterate_shared	= proc_ns_dir_readdir,
	.llseek		= generic_file_llseek,
};

static struct dentry *proc_ns_dir_lookup(struct inode *dir,
					 struct dentry *dentry,
					 unsigned int flags)
{
	struct task_struct *task = get_proc_task(dir);
	struct dentry *res = ERR_PTR(-ENOENT);
	size_t i;

	if (!task)
		return res;

	for (i = 0; i < ARRAY_SIZE(ns_entries); i++) {
		const struct proc_ns_operations *ops = ns_entries[i];

		/* d_name is NUL-terminated in a lookup */
		if (!strcmp(ops->name, dentry->d_name.name)) {
			res = proc_ns_instantiate(dentry, task, ops);
			break;
		}
	}

	put_task_struct(task);
	return res;
}

const struct inode_operations proc_ns_dir_inode_operations = {
	.lookup		= proc_ns_dir_lookup,
	.getattr	= pid_getattr,
	.setattr	= proc_nochmod_setattr,
};
