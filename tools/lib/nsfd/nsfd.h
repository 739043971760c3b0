/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * libnsfd: namespaces by file descriptor, and sockets in them.
 *
 * See libnsfd(3) for the whole. Every function that can fail returns -1 and
 * sets errno then. The library has no state, so all of them may be called from
 * any thread. Descriptors that they return are close-on-exec.
 */
#ifndef __NSFD_H
#define __NSFD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum nsfd_way - how socketat() makes a socket in another network namespace
 * @NSFD_WAY_NONE: not at all
 * @NSFD_WAY_SYSCALL: the kernel has the system call
 * @NSFD_WAY_MODULE: the device of the module, /dev/nsfd, is there
 * @NSFD_WAY_THREAD: a helper thread enters the namespace
 */
enum nsfd_way {
	NSFD_WAY_NONE,
	NSFD_WAY_SYSCALL,
	NSFD_WAY_MODULE,
	NSFD_WAY_THREAD,
};

/* Flags of nsfd_socket(): ways that it must not take. */
#define NSFD_NO_THREAD	0x1
#define NSFD_NO_MODULE	0x2
#define NSFD_NO_SYSCALL	0x4

/**
 * nsfd_open - open a namespace by path
 * @path: a file of a namespace: /proc/<pid>/ns/<type>, or a mount of it
 *
 * Files of any other kind are not opened, only looked at. /proc has to be mounted.
 *
 * Return: a descriptor; EINVAL if it is not the file of a namespace, or any
 * error of open(2).
 */
int nsfd_open(const char *path);

/**
 * nsfd_open_name - open a network namespace by the name that ip-netns(8) gave
 * @name: the file in /run/netns, else in /var/run/netns, without a slash
 *
 * Return: a descriptor; EINVAL if @name is empty, "." or "..", has a slash, or
 * is not a namespace, or any error of open(2).
 */
int nsfd_open_name(const char *name);

/**
 * nsfd_open_pid - open a namespace of a process or thread
 * @pid: its id, 0 for the calling thread
 * @nstype: one CLONE_NEW* flag
 *
 * Return: a descriptor; EINVAL if @pid is negative or @nstype is not one flag,
 * ESRCH if there is no such process or it has ended, ENOENT if the kernel has no
 * such type or /proc is not mounted, EACCES, or any error of open(2).
 */
int nsfd_open_pid(pid_t pid, int nstype);

/**
 * nsfd_open_pidfd - open a namespace of the process that a pidfd refers to
 * @pidfd: a descriptor from pidfd_open(2)
 * @nstype: one CLONE_NEW* flag
 *
 * The namespace is that of this process and no other, even if it ends and its
 * id is used again meanwhile.
 *
 * Return: a descriptor; EBADF if @pidfd is not one, EINVAL if @nstype is not one
 * flag, ESRCH if the process has ended, ENOENT if the kernel has no such type,
 * EACCES, or any error of open(2).
 */
int nsfd_open_pidfd(int pidfd, int nstype);

/**
 * nsfd_type - the type of a namespace
 * @fd: its descriptor
 *
 * Return: a CLONE_NEW* flag; EBADF, EINVAL if it is not a namespace.
 */
int nsfd_type(int fd);

/**
 * nsfd_id - what tells a namespace from all others that exist now
 * @fd: its descriptor
 * @dev: receives the device, may be NULL
 * @ino: receives the inode number, may be NULL
 *
 * Return: 0; EBADF, EINVAL if it is not a namespace, EOVERFLOW if the inode
 * number does not fit in *@ino, which is wide enough on 32-bit machines with
 * -D_FILE_OFFSET_BITS=64. A delegated descriptor of the module says it in
 * /proc/thread-self/fdinfo: there, any error of fopen(3).
 */
#if defined(__USE_FILE_OFFSET64) && !defined(__LP64__)
int nsfd_id(int fd, dev_t *dev, ino_t *ino) __asm__("nsfd_id64");
#else
int nsfd_id(int fd, dev_t *dev, ino_t *ino);
#endif

/**
 * nsfd_equal - do two descriptors refer to the same namespace?
 * @fd1: one
 * @fd2: the other
 *
 * Return: 1 or 0; the errors of nsfd_id().
 */
int nsfd_equal(int fd1, int fd2);

/**
 * nsfd_pin - keep a namespace by a bind mount
 * @fd: its descriptor
 * @path: an empty file; it is created if it does not exist
 *
 * If several callers pin a namespace at one path, one of them succeeds. After an
 * error the file exists only if it did before.
 *
 * Return: 0; EBADF, EINVAL if @fd is not a namespace or cannot be mounted
 * here, EBUSY if there is a namespace at @path already, EEXIST if @path is
 * neither an empty file nor a directory (ENOTDIR) nor a symbolic link (ELOOP),
 * EPERM, or any error of open(2) or mount(2).
 */
int nsfd_pin(int fd, const char *path);

/**
 * nsfd_unpin - undo nsfd_pin()
 * @path: where the namespace is mounted
 *
 * Detaches the mount and removes the file if it is empty. After an error the
 * namespace is still mounted.
 *
 * Return: 0; EINVAL if @path is not the mount of a namespace, EBUSY if the mount
 * is locked or not in the caller's mount namespace, or if the file is a mount
 * point at another place as well, EPERM, or any error of open(2), umount(2) or
 * unlink(2).
 */
int nsfd_unpin(const char *path);

/**
 * nsfd_enter - move the calling thread into a namespace: setns(2)
 * @fd: descriptor of the namespace, or a pidfd
 * @nstype: the type it has to be, 0 for any; of a pidfd, the types to enter
 *
 * Return: 0, or any error of setns(2).
 */
int nsfd_enter(int fd, int nstype);

/**
 * nsfd_enter_2010 - nsfd_enter() with the arguments as they were proposed
 * @nstype: as above
 * @fd: as above
 *
 * For programs that were written to setns(nstype, fd) of the series of 2010.
 *
 * Return: 0, or any error of setns(2).
 */
int nsfd_enter_2010(int nstype, int fd);

/**
 * socketat - create a socket in another network namespace
 * @nsfd: descriptor of the namespace
 * @family: as for socket(2)
 * @type: as for socket(2), SOCK_CLOEXEC and SOCK_NONBLOCK included
 * @protocol: as for socket(2)
 *
 * No thread of the caller leaves its namespace. See socketat(2).
 *
 * Return: a descriptor; EBADF, EINVAL if @nsfd is not a network namespace,
 * EPERM, ENOSYS if there is no way to do it, EAGAIN if there is no thread for
 * it, or any error of socket(2).
 */
int socketat(int nsfd, int family, int type, int protocol);

/**
 * nsfd_socket - socketat() by some ways only
 * @nsfd: descriptor of the namespace
 * @family: as for socket(2)
 * @type: as for socket(2)
 * @protocol: as for socket(2)
 * @flags: NSFD_NO_THREAD, NSFD_NO_MODULE and NSFD_NO_SYSCALL exclude these
 *	methods; the last is for processes whose seccomp filter kills them for
 *	a system call that it does not know
 *
 * Return: as socketat(); ENOSYS if no way is left, EINVAL for unknown @flags.
 */
int nsfd_socket(int nsfd, int family, int type, int protocol, unsigned int flags);

/**
 * nsfd_have_socketat - the way that socketat() would take now
 *
 * Return: a way, NSFD_WAY_NONE if there is none. Never fails; errno is kept.
 */
enum nsfd_way nsfd_have_socketat(void);

/**
 * nsfd_way_name - a word for a way, to print
 * @way: a way
 *
 * Return: "none", "syscall", "module", "thread", or NULL if it is none of them.
 */
const char *nsfd_way_name(enum nsfd_way way);

/**
 * nsfd_delegate - make a descriptor on which socketat() asks for no privilege
 * @nsfd: descriptor of a network namespace
 *
 * See ioctl_nsfd_delegate(2).
 *
 * Return: a new descriptor; EBADF, EINVAL if @nsfd is not a network namespace,
 * EPERM, EMFILE, ENFILE, ENOMEM, ENOSYS if neither kernel nor module can.
 */
int nsfd_delegate(int nsfd);

/**
 * nsfd_revoke - take back what nsfd_delegate() gave, from all copies of it
 * @fd: a delegated descriptor
 *
 * Return: 0; EBADF, EINVAL if there is nothing to take back, EPERM.
 */
int nsfd_revoke(int fd);

/**
 * nsfd_is_delegated - does a descriptor carry a grant?
 * @fd: descriptor of a namespace
 *
 * Return: 1 or 0; EBADF, EINVAL if it is not a namespace, or any error of
 * fopen(3) of its file in /proc/thread-self/fdinfo.
 */
int nsfd_is_delegated(int fd);

/**
 * nsfd_send - pass a namespace on to another process
 * @sock: a connected unix socket
 * @nsfd: descriptor of the namespace
 *
 * Return: 0; EBADF, EINVAL if @nsfd is not a namespace, or any error of
 * sendmsg(2). No SIGPIPE comes with EPIPE.
 */
int nsfd_send(int sock, int nsfd);

/**
 * nsfd_recv - receive what nsfd_send() sent
 * @sock: a unix socket
 *
 * Return: a descriptor; EBADMSG if a message came that is not one byte with one
 * descriptor, EINVAL if the descriptor is not a namespace, EMFILE,
 * ECONNRESET if the peer has closed its end, or any error of recvmsg(2).
 */
int nsfd_recv(int sock);

#ifdef __cplusplus
}
#endif

#endif /* __NSFD_H */
