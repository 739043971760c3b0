// SPDX-License-Identifier: GPL-2.0
/*
 * Create sockets in the network namespace that a file descriptor refers to, by
 * ioctl() on /dev/nsfd, for kernels without the socketat() system call. The rules
 * are those of socketat() and NS_NET_DELEGATE_SOCKETS in
 * Documentation/userspace-api/nsfd.rst.
 *
 * Security modules are called as by the system call: for each socket, with the
 * caller's own credentials; for CAP_SYS_ADMIN; for each request (file_ioctl); and
 * whenever a delegated file descriptor is received (file_receive).
 *
 * A seccomp filter can check the request, but not the contents of its argument. The
 * module must not bypass a filter of socket() that allows ioctl(). A delegated file
 * descriptor is an explicit permission and works for every caller. Without one, the
 * device creates no socket in the caller's own network namespace, for which there
 * is socket(), and none at all for a caller with a filter, which could otherwise
 * become the owner of a network namespace by creating a user namespace first.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nsfd.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#ifndef fd_file		/* before 6.12 */
#define fd_file(f)	((f).file)
#endif

/* A request without the size, which the structure itself contains. */
#define NSFD_REQUEST(cmd)	((cmd) & ~IOCSIZE_MASK)

/**
 * struct nsfd_grant - state of a delegated file descriptor
 * @net: the network namespace, with a reference
 * @tracker: of that reference
 * @delegated: true until the delegation is revoked
 *
 * It belongs to the open file, and so to all duplicates of the file descriptor.
 */
struct nsfd_grant {
	struct net *net;
	netns_tracker tracker;
	bool delegated;
};

static const struct file_operations nsfd_grant_fops;

/* Check whether a file in nsfs is delegated, on kernels that support this. */
static bool nsfs_file_delegates(const struct file *file)
{
#ifdef NS_NET_DELEGATE_SOCKETS
	return ns_file_delegates_sockets(file);
#else
	return false;
#endif
}

/**
 * nsfd_net - get the network namespace that a file refers to
 * @file: any file
 * @delegated: set to whether it is delegated, unless an error is returned
 *
 * Return: the namespace, which @file pins; -EINVAL if it is of another type,
 * -ENOTTY if @file is not a namespace.
 */
static struct net *nsfd_net(const struct file *file, bool *delegated)
{
	const struct nsfd_grant *grant;
	struct ns_common *ns;

	if (file->f_op == &nsfd_grant_fops) {
		grant = file->private_data;
		*delegated = READ_ONCE(grant->delegated);
		return grant->net;
	}

	if (file_inode(file)->i_sb->s_magic != NSFS_MAGIC)
		return ERR_PTR(-ENOTTY);

	ns = get_proc_ns(file_inode(file));
	if (ns->ops != init_net.ns.ops)
		return ERR_PTR(-EINVAL);

	*delegated = nsfs_file_delegates(file);
	return container_of(ns, struct net, ns);
}

/*
 * Create a socket as socket() does. Inlined into both callers, so that @arg
 * remains in registers and there is one stack frame.
 */
static __always_inline int nsfd_create_socket(struct net *net,
					      const struct nsfd_socket *arg)
{
	int flags = arg->type & ~SOCK_TYPE_MASK;
	struct socket *sock;
	struct file *file;
	int fd, err;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;

	err = __sock_create(net, arg->family, arg->type & SOCK_TYPE_MASK,
			    arg->protocol, &sock, 0);
	if (err < 0)
		return err;

	/* These differ on some architectures; SOCK_CLOEXEC is always O_CLOEXEC. */
	if (flags & SOCK_NONBLOCK)
		flags = (flags & ~SOCK_NONBLOCK) | O_NONBLOCK;

	fd = get_unused_fd_flags(flags);
	if (fd < 0) {
		sock_release(sock);
		return fd;
	}

	/* On failure, this releases the socket. */
	file = sock_alloc_file(sock, flags, NULL);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}

	fd_install(fd, file);
	return fd;
}

/*
 * Check whether the caller may use its privileges over @net here. Root can also run
 * with a seccomp filter, so CAP_SYS_ADMIN is no exception.
 */
static bool nsfd_privileged(const struct net *net)
{
	return seccomp_mode(&current->seccomp) == SECCOMP_MODE_DISABLED &&
	       ns_capable(net->user_ns, CAP_SYS_ADMIN);
}

static __always_inline int nsfd_socket_in(struct net *net, bool delegated,
					  const struct nsfd_socket *arg)
{
	if (!delegated && (net == current->nsproxy->net_ns ||
			   !nsfd_privileged(net)))
		return -EPERM;

	return nsfd_create_socket(net, arg);
}

/*
 * Structures begin with their size, and can only grow at the end. Copy the known part
 * of the one at @user. The caller can change it meanwhile, so the size in the copy must
 * not be used.
 */
static int nsfd_get(void *arg, size_t known, const void __user *user)
{
	u32 size;

	if (get_user(size, (const u32 __user *)user))
		return -EFAULT;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;

	return copy_struct_from_user(arg, known, user, size);
}

/* NSFD_SOCKET on the device. */
static int nsfd_socket_at(const struct nsfd_socket __user *user)
{
	struct nsfd_socket arg;
	bool delegated;
	struct net *net;
	struct fd f;
	int ret;

	ret = nsfd_get(&arg, sizeof(arg), user);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;

	f = fdget(arg.nsfd);
	if (!fd_file(f))
		return -EBADF;

	net = nsfd_net(fd_file(f), &delegated);
	if (IS_ERR(net))
		ret = -EINVAL;
	else
		ret = nsfd_socket_in(net, delegated, &arg);

	fdput(f);
	return ret;
}

/* NSFD_SOCKET on a delegated file descriptor. */
static int nsfd_socket_granted(const struct nsfd_grant *grant,
			       const struct nsfd_socket __user *user)
{
	struct nsfd_socket arg;
	int err;

	err = nsfd_get(&arg, sizeof(arg), user);
	if (err)
		return err;
	if (arg.flags || arg.nsfd != -1)
		return -EINVAL;

	return nsfd_socket_in(grant->net, READ_ONCE(grant->delegated), &arg);
}

static void nsfd_put_grant(struct nsfd_grant *grant)
{
	put_net_track(grant->net, &grant->tracker);
	kfree(grant);
}

static int nsfd_new_grant(struct net *net)
{
	struct nsfd_grant *grant;
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	grant = kmalloc(sizeof(*grant), GFP_KERNEL_ACCOUNT);
	if (!grant) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	grant->net = get_net_track(net, &grant->tracker, GFP_KERNEL);
	grant->delegated = true;

	file = anon_inode_getfile("[nsfd]", &nsfd_grant_fops, grant, O_RDONLY);
	if (IS_ERR(file)) {
		nsfd_put_grant(grant);
		put_unused_fd(fd);
		return PTR_ERR(file);
	}

	fd_install(fd, file);
	return fd;
}

static int nsfd_delegate(const struct nsfd_delegate __user *user)
{
	struct nsfd_delegate arg;
	bool delegated;
	struct net *net;
	struct fd f;
	int ret;

	ret = nsfd_get(&arg, sizeof(arg), user);
	if (ret)
		return ret;

	f = fdget(arg.nsfd);
	if (!fd_file(f))
		return -EBADF;

	net = nsfd_net(fd_file(f), &delegated);
	if (IS_ERR(net))
		ret = PTR_ERR(net);
	else if (arg.flags || arg.reserved)
		ret = -EINVAL;
	else if (!nsfd_privileged(net))
		ret = -EPERM;
	else
		ret = nsfd_new_grant(net);

	fdput(f);
	return ret;
}

/* Sockets that are being created at this time are created; existing ones remain. */
static int nsfd_revoke(struct nsfd_grant *grant, unsigned long arg)
{
	if (arg)
		return -EINVAL;
	if (!ns_capable(grant->net->user_ns, CAP_SYS_ADMIN))
		return -EPERM;

	return xchg(&grant->delegated, false) ? 0 : -EINVAL;
}

static long nsfd_grant_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct nsfd_grant *grant = file->private_data;

	if (NSFD_REQUEST(cmd) == NSFD_REQUEST(NSFD_SOCKET))
		return nsfd_socket_granted(grant, (void __user *)arg);

	switch (cmd) {
	case NS_NET_REVOKE_SOCKETS:
		return nsfd_revoke(grant, arg);
	case NS_GET_NSTYPE:
		return CLONE_NEWNET;
	default:
		return -ENOTTY;
	}
}

static int nsfd_grant_release(struct inode *inode, struct file *file)
{
	nsfd_put_grant(file->private_data);
	return 0;
}

static void nsfd_grant_show_fdinfo(struct seq_file *m, struct file *file)
{
	const struct nsfd_grant *grant = file->private_data;

	if (READ_ONCE(grant->delegated))
		seq_puts(m, "ns-sockets:\tdelegated\n");
	seq_printf(m, "ns-inode:\t%u\n", grant->net->ns.inum);
}

static const struct file_operations nsfd_grant_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= nsfd_grant_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.release	= nsfd_grant_release,
	.show_fdinfo	= nsfd_grant_show_fdinfo,
	.llseek		= noop_llseek,
};

static long nsfd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (NSFD_REQUEST(cmd)) {
	case NSFD_REQUEST(NSFD_SOCKET):
		return nsfd_socket_at((void __user *)arg);
	case NSFD_REQUEST(NSFD_DELEGATE):
		return nsfd_delegate((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations nsfd_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= nsfd_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

/* World-accessible: permission is checked for each request, not on open(). */
static struct miscdevice nsfd_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "nsfd",
	.fops	= &nsfd_fops,
	.mode	= 0666,
};
module_misc_device(nsfd_device);

MODULE_DESCRIPTION("Sockets in the network namespace of a descriptor");
MODULE_LICENSE("GPL");
