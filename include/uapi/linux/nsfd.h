/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Create sockets in other network namespaces by ioctl() on /dev/nsfd: socketat()
 * and delegation for kernels that have neither.
 */
#ifndef _UAPI_LINUX_NSFD_H
#define _UAPI_LINUX_NSFD_H

#include <linux/nsfs.h>
#include <linux/types.h>

/**
 * struct nsfd_socket - argument of NSFD_SOCKET
 * @size: size of this structure as the caller knows it
 * @flags: must be 0
 * @nsfd: on /dev/nsfd, a file descriptor for a network namespace, delegated or
 *	not; on a delegated file descriptor, -1
 * @family: as for socket()
 * @type: as for socket(), including SOCK_CLOEXEC and SOCK_NONBLOCK
 * @protocol: as for socket()
 */
struct nsfd_socket {
	__u32 size;
	__u32 flags;
	__s32 nsfd;
	__s32 family;
	__s32 type;
	__s32 protocol;
};

/**
 * struct nsfd_delegate - argument of NSFD_DELEGATE
 * @size: size of this structure as the caller knows it
 * @flags: must be 0
 * @nsfd: a file descriptor for a network namespace, delegated or not
 * @reserved: must be 0
 */
struct nsfd_delegate {
	__u32 size;
	__u32 flags;
	__s32 nsfd;
	__u32 reserved;
};

/*
 * These structures grow at their end. Trailing bytes that the module does not
 * know must be zero (else E2BIG); fields missing from an older, shorter structure
 * are taken as zero. The size in the number of a request is ignored.
 */

/*
 * On /dev/nsfd and on a delegated file descriptor: returns a socket. Unless a
 * delegated file descriptor is used, it fails with EPERM for the caller's own
 * network namespace, for which there is socket(), and if a seccomp filter applies
 * to the caller.
 */
#define NSFD_SOCKET	_IOW(NSIO, 0x40, struct nsfd_socket)
/*
 * On /dev/nsfd: returns a delegated, close-on-exec file descriptor, on which
 * NSFD_SOCKET requires no capability. NS_NET_REVOKE_SOCKETS revokes the delegation
 * for all duplicates, and NS_GET_NSTYPE returns CLONE_NEWNET. NSFD_DELEGATE fails
 * with EPERM if a seccomp filter applies to the caller.
 */
#define NSFD_DELEGATE	_IOW(NSIO, 0x41, struct nsfd_delegate)

/* The request that nsfs itself uses on kernels with delegation. */
#ifndef NS_NET_REVOKE_SOCKETS
#define NS_NET_REVOKE_SOCKETS	_IO(NSIO, 0x21)
#endif

#endif /* _UAPI_LINUX_NSFD_H */
