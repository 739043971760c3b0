/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Shared by the files of the library. The numbers are here because the library has
 * to build with the headers of any kernel.
 */
#ifndef __NSFD_INTERNAL_H
#define __NSFD_INTERNAL_H

#include <linux/nsfd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef __NR_socketat
#if defined(__alpha__)
#define __NR_socketat 658
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI32
#define __NR_socketat (548 + 4000)
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_NABI32
#define __NR_socketat (548 + 6000)
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI64
#define __NR_socketat (548 + 5000)
#elif defined(__x86_64__) && defined(__ILP32__)
#define __NR_socketat (548 + __X32_SYSCALL_BIT)
#else
#define __NR_socketat 548
#endif
#endif

#ifndef NS_NET_DELEGATE_SOCKETS
#define NS_NET_DELEGATE_SOCKETS	_IO(NSIO, 0x20)
#endif

#define NSFD_DEVICE	"/dev/nsfd"

/*
 * Checks that @fd refers to a network namespace, or fails with EINVAL. If it was
 * delegated by the module, it does not refer to a file in nsfs.
 */
int nsfd_check_net(int fd, bool *by_module);

/*
 * Reads the line of the file @path that starts with @key. @value receives the rest of
 * it without the newline. Returns 1, 0 if there is no such line, or -1.
 */
int nsfd_line(const char *path, const char *key, char *value, size_t size);

/* Reads a line of the file of @fd in /proc/thread-self/fdinfo. */
int nsfd_fdinfo(int fd, const char *key, char *value, size_t size);

/* Makes a request to the device. ENOSYS if no device supports it. */
int nsfd_device_ioctl(unsigned long request, void *arg);

/*
 * Checks whether @fd, which may have been opened with O_PATH, is in nsfs. It compares
 * the devices, because fstatfs() queries the file system, which may not respond.
 * Returns 1, 0 or -1.
 */
int nsfd_in_nsfs(int fd);

/* Closes @fd without changing errno. Returns -1. */
int nsfd_close_failed(int fd);

#endif /* __NSFD_INTERNAL_H */
