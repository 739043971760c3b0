/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * libnsfd: use namespaces by file descriptor, and create sockets in them.
 *
 * See libnsfd(3). On error, every function returns -1 and sets errno. The library
 * has no state, so all functions can be called from any thread. The file
 * descriptors that they return, except for sockets, are close-on-exec.
 */
#ifndef __NSFD_H
#define __NSFD_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum nsfd_way - the method by which socketat() creates sockets
 * @NSFD_WAY_NONE: no method is available
 * @NSFD_WAY_SYSCALL: the system call
 * @NSFD_WAY_MODULE: the device of the module, /dev/nsfd
 * @NSFD_WAY_THREAD: a helper thread that enters the namespace
 */
enum nsfd_way {
	NSFD_WAY_NONE,
	NSFD_WAY_SYSCALL,
	NSFD_WAY_MODULE,
	NSFD_WAY_THREAD,
};

/* Flags of nsfd_socket(): methods to exclude. */
#define NSFD_NO_THREAD	0x1
#define NSFD_NO_MODULE	0x2
#define NSFD_NO_SYSCALL	0x4

/**
 * nsfd_open - open a namespace by path
 * @path: a namespace file: /proc/<pid>/ns/<type>, or a bind mount of it
 *
 * Other files are opened only with O_PATH. /proc must be mounted.
 *
 * Return: a file descriptor; EINVAL if @path is not a namespace file, or any error
 * of open(2).
 */
int nsfd_open(const char *path);

/**
 * nsfd_open_name - open a network namespace of ip-netns(8) by its name
 * @name: a file in /run/netns or, if there is none, in /var/run/netns
 *
 * Return: a file descriptor; EINVAL if @name is empty, "." or "..", contains a
 * slash, or is not a namespace, or any error of open(2).
 */
int nsfd_open_name(const char *name);

/**
 * nsfd_open_pid - open a namespace of a process or thread
 * @pid: its ID, 0 for the calling thread
 * @nstype: one CLONE_NEW* flag
 *
 * Return: a file descriptor; EINVAL if @pid is negative or @nstype is not one flag,
 * ESRCH if the process does not exist or has terminated, ENOENT if the kernel does
 * not support the type or /proc is not mounted, EACCES, or any error of open(2).
 */
int nsfd_open_pid(pid_t pid, int nstype);

/**
 * nsfd_open_pidfd - open a namespace of the process that a pidfd refers to
 * @pidfd: a file descriptor from pidfd_open(2)
 * @nstype: one CLONE_NEW* flag
 *
 * The namespace is never that of another process that has been assigned the same
 * PID.
 *
 * Return: a file descriptor; EBADF if @pidfd is not a pidfd, EINVAL if @nstype is
 * not one flag, ESRCH if the process has terminated, ENOENT if the kernel does not
 * support the type, EACCES, or any error of open(2).
 */
int nsfd_open_pidfd(int pidfd, int nstype);

/**
 * nsfd_type - get the type of a namespace
 * @fd: a file descriptor for the namespace
 *
 * Return: a CLONE_NEW* flag; EBADF, EINVAL if @fd is not a namespace.
 */
int nsfd_type(int fd);

/**
 * nsfd_id - get the device and inode number that identify a namespace
 * @fd: a file descriptor for the namespace
 * @dev: receives the device, may be NULL
 * @ino: receives the inode number, may be NULL
 *
 * Return: 0; EBADF, EINVAL if @fd is not a namespace, EOVERFLOW if the inode
 * number does not fit in *@ino (on 32-bit machines, -D_FILE_OFFSET_BITS=64 makes
 * it wide enough), or, for a delegated file descriptor of the module, any error of
 * fopen(3) of a file in /proc/thread-self/fdinfo.
 */
#if defined(__USE_FILE_OFFSET64) && !defined(__LP64__)
int nsfd_id(int fd, dev_t *dev, ino_t *ino) __asm__("nsfd_id64");
#else
int nsfd_id(int fd, dev_t *dev, ino_t *ino);
#endif

/**
 * nsfd_equal - check whether two file descriptors refer to the same namespace
 * @fd1: a file descriptor for a namespace
 * @fd2: a file descriptor for a namespace
 *
 * Return: 1 or 0; the errors of nsfd_id().
 */
int nsfd_equal(int fd1, int fd2);

/**
 * nsfd_pin - pin a namespace by a bind mount
 * @fd: a file descriptor for the namespace
 * @path: an empty file; it is created if it does not exist
 *
 * If several callers pin a namespace at the same path, exactly one of them
 * succeeds. On error, no new file is left behind.
 *
 * Return: 0; EBADF, EINVAL if @fd is not a namespace or cannot be mounted
 * here, EBUSY if a namespace is already mounted at @path, EEXIST if @path is
 * neither an empty file nor a directory (ENOTDIR) nor a symbolic link (ELOOP),
 * EPERM, or any error of open(2) or mount(2).
 */
int nsfd_pin(int fd, const char *path);

/**
 * nsfd_unpin - undo nsfd_pin()
 * @path: where the namespace is mounted
 *
 * Detach the mount and remove the file if it is empty. On error, the namespace is
 * still mounted.
 *
 * Return: 0; EINVAL if @path is not the mount of a namespace, EBUSY if the mount
 * is locked or not in the caller's mount namespace, or if the file is a mount
 * point at another place as well, EPERM, or any error of open(2), umount(2) or
 * unlink(2).
 */
int nsfd_unpin(const char *path);

/**
 * nsfd_enter - move the calling thread into a namespace: setns(2)
 * @fd: a file descriptor for the namespace, or a pidfd
 * @nstype: the type that the namespace must have, 0 for any; for a pidfd, the types
 *	to enter
 *
 * Return: 0, or any error of setns(2).
 */
int nsfd_enter(int fd, int nstype);

/**
 * nsfd_enter_2010 - nsfd_enter() with the order of arguments of the 2010 proposal
 * @nstype: as for nsfd_enter()
 * @fd: as for nsfd_enter()
 *
 * This is for programs that were written for setns(nstype, fd) of that series.
 *
 * Return: 0, or any error of setns(2).
 */
int nsfd_enter_2010(int nstype, int fd);

/**
 * socketat - create a socket in another network namespace
 * @nsfd: a file descriptor for the network namespace
 * @family: as for socket(2)
 * @type: as for socket(2), including SOCK_CLOEXEC and SOCK_NONBLOCK
 * @protocol: as for socket(2)
 *
 * No thread of the caller changes namespaces. See socketat(2).
 *
 * Return: a file descriptor; EBADF, EINVAL if @nsfd is not a network namespace,
 * EPERM, ENOSYS if no method is available, EAGAIN if the helper thread cannot be
 * created, or any error of socket(2).
 */
int socketat(int nsfd, int family, int type, int protocol);

/**
 * nsfd_socket - socketat() without some of its methods
 * @nsfd: a file descriptor for the network namespace
 * @family: as for socket(2)
 * @type: as for socket(2)
 * @protocol: as for socket(2)
 * @flags: NSFD_NO_THREAD, NSFD_NO_MODULE and NSFD_NO_SYSCALL exclude these
 *	methods; the last one is for processes with a seccomp filter that kills
 *	them for an unknown system call
 *
 * Return: as socketat(); ENOSYS if @flags excludes all available methods, EINVAL
 * for unknown @flags.
 */
int nsfd_socket(int nsfd, int family, int type, int protocol, unsigned int flags);

/**
 * nsfd_have_socketat - get the method that socketat() uses
 *
 * Return: the method, or NSFD_WAY_NONE. The function always succeeds and does not
 * change errno.
 */
enum nsfd_way nsfd_have_socketat(void);

/**
 * nsfd_way_name - get the name of a method
 * @way: the method
 *
 * Return: "none", "syscall", "module" or "thread", or NULL for other values.
 */
const char *nsfd_way_name(enum nsfd_way way);

/**
 * nsfd_delegate - delegate socket creation in a network namespace
 * @nsfd: a file descriptor for the network namespace
 *
 * socketat() requires no capability for the delegated file descriptor. See
 * ioctl_nsfd_delegate(2).
 *
 * Return: a delegated file descriptor; EBADF, EINVAL if @nsfd is not a network
 * namespace, EPERM, EMFILE, ENFILE, ENOMEM, ENOSYS if neither the kernel nor a
 * module supports delegation.
 */
int nsfd_delegate(int nsfd);

/**
 * nsfd_revoke - revoke a delegation for a file descriptor and all its duplicates
 * @fd: a delegated file descriptor
 *
 * Return: 0; EBADF, EINVAL if @fd is not delegated, EPERM.
 */
int nsfd_revoke(int fd);

/**
 * nsfd_is_delegated - check whether a file descriptor is delegated
 * @fd: a file descriptor for a namespace
 *
 * Return: 1 or 0; EBADF, EINVAL if @fd is not a namespace, or any error of fopen(3)
 * of its file in /proc/thread-self/fdinfo.
 */
int nsfd_is_delegated(int fd);

/**
 * nsfd_send - send a file descriptor for a namespace to another process
 * @sock: a connected UNIX domain socket
 * @nsfd: a file descriptor for the namespace
 *
 * Return: 0; EBADF, EINVAL if @nsfd is not a namespace, or any error of
 * sendmsg(2). SIGPIPE is not raised.
 */
int nsfd_send(int sock, int nsfd);

/**
 * nsfd_recv - receive a file descriptor from nsfd_send()
 * @sock: a UNIX domain socket
 *
 * Return: a file descriptor; EBADMSG if the message is not one byte with one file
 * descriptor, EINVAL if the file descriptor is not a namespace, EMFILE,
 * ECONNRESET if the peer has closed its end, or any error of recvmsg(2).
 */
int nsfd_recv(int sock);

#ifdef __cplusplus
}
#endif

#endif /* __NSFD_H */
