// SPDX-License-Identifier: GPL-2.0
/*
 * libnsfd-preload.so: avoid notifications for programs under "nsfd run" if the
 * kernel or the module provides socketat(). See libnsfd-preload(7).
 *
 * The target of a thread is a word in memory that the library shares with the
 * supervisor, which has the authority: in all other cases, the library makes the
 * system call, of which the supervisor is notified. A thread has no word before its
 * first setns(), nor has the child of a fork(). In the child of a vfork(), the word
 * is known to belong to another thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <nsfd.h>

#include "preload.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Use file descriptors above those that programs expect. */
#define FD_MIN	100

static int (*real_openat)(int dirfd, const char *path, int flags, ...);
static int (*real_setns)(int fd, int nstype);
static int (*real_socket)(int family, int type, int protocol);

static bool supervised;
static pthread_key_t slot_key;
/* Of this process or, in the child of a vfork(), of the parent. */
static _Atomic(struct preload_shared *) shared;
/* Of the parent, after a fork(). */
static struct preload_shared *inherited;

static __thread struct preload_slot *slot;

static void find_real(void)
{
	real_openat = dlsym(RTLD_NEXT, "openat");
	real_setns = dlsym(RTLD_NEXT, "setns");
	real_socket = dlsym(RTLD_NEXT, "socket");
}

/* Constructors of other libraries can call these functions before ours has run. */
static void need_real(void)
{
	if (!real_socket)
		find_real();
}

/* close() is a cancellation point, and callers of this may not be one. */
static void close_quietly(int fd)
{
	int saved = errno;

	syscall(SYS_close, fd);
	errno = saved;
}

static void free_slot(void *arg)
{
	struct preload_slot *mine = arg;

	__atomic_store_n(&mine->tid, 0, __ATOMIC_RELEASE);
}

static void after_fork(void)
{
	inherited = shared;
	shared = NULL;
	slot = NULL;
}

__attribute__((constructor))
static void start(void)
{
	need_real();
	if (!getenv(PRELOAD_ENV) || pthread_key_create(&slot_key, free_slot) ||
	    pthread_atfork(NULL, NULL, after_fork))
		return;
	supervised = true;
}

static int ask(int what, int arg)
{
	return syscall(SYS_setns, what, arg);
}

/* Returns the shared memory, or NULL if this process has none. */
static struct preload_shared *map(void)
{
	struct preload_shared *new, *old = NULL;
	struct stat st;
	uint32_t i;
	int fd;

	if (shared)
		return shared->pid == getpid() ? shared : NULL;
	fd = ask(PRELOAD_MAP, 0);
	if (fd < 0)
		return NULL;
	new = MAP_FAILED;
	if (!fstat(fd, &st))
		new = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close_quietly(fd);
	if (new == MAP_FAILED)
		return NULL;
	for (i = 0; inherited && i < new->n_places; i++)
		new->places[i].fd = inherited->places[i].fd;
	if (atomic_compare_exchange_strong(&shared, &old, new)) {
		if (inherited)
			munmap(inherited, inherited->size);
		inherited = NULL;
	} else {
		/* Another thread was faster. */
		munmap(new, st.st_size);
	}
	return shared;
}

static struct preload_slot *own_slot(void)
{
	return slot && slot->tid == (uint32_t)gettid() ? slot : NULL;
}

/* Returns the slot of the thread; creates one if the supervisor agrees. */
static struct preload_slot *need_slot(void)
{
	struct preload_slot *mine = own_slot();
	struct preload_shared *memory;
	uint32_t i, none, tid = gettid();
	int saved = errno;

	if (mine || !supervised)
		return mine;
	memory = map();
	for (i = 0; memory && i < PRELOAD_SLOTS && !mine; i++) {
		none = 0;
		if (__atomic_compare_exchange_n(&memory->slots[i].tid, &none, tid, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			mine = &memory->slots[i];
	}
	if (mine && (ask(PRELOAD_SLOT, i - 1) || pthread_setspecific(slot_key, mine))) {
		free_slot(mine);
		mine = NULL;
	}
	slot = mine;
	errno = saved;
	return mine;
}

static int by_ino(const void *a, const void *b)
{
	const struct preload_place *one = a, *two = b;

	return one->ino < two->ino ? -1 : one->ino > two->ino;
}

/* Returns the place of an inode number, with an open file descriptor, or NULL. */
static struct preload_place *find_place(ino_t ino)
{
	struct preload_place key = { .ino = ino }, *place;
	int fd, high, none = -1;

	place = bsearch(&key, shared->places, shared->n_places, sizeof(key), by_ino);
	if (!place || place->fd >= 0)
		return place;
	fd = ask(PRELOAD_FD, place - shared->places);
	if (fd < 0)
		return NULL;
	high = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
	close_quietly(fd);
	if (high < 0)
		return NULL;
	if (!__atomic_compare_exchange_n(&place->fd, &none, high, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		close_quietly(high);
	return place;
}

/* Neither call fails with EINTR itself: a signal has interrupted the notification. */
static int call_socket(int family, int type, int protocol)
{
	int saved = errno, fd;

	do {
		errno = saved;
		fd = real_socket(family, type, protocol);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

static int call_setns(int fd, int nstype)
{
	int saved = errno, err;

	do {
		errno = saved;
		err = real_setns(fd, nstype);
	} while (err && errno == EINTR);
	return err;
}

int setns(int fd, int nstype)
{
	struct preload_place *place;
	struct preload_slot *mine;
	int saved = errno, err;
	struct stat st;

	need_real();
	if (!supervised)
		return real_setns(fd, nstype);
	if (nstype && nstype != CLONE_NEWNET)
		return call_setns(fd, nstype);
	mine = own_slot();
	if (mine && mine->place != SLOT_ASK && !fstat(fd, &st) &&
	    st.st_dev == shared->dev) {
		if (st.st_ino == shared->home) {
			__atomic_store_n(&mine->place, SLOT_HOME, __ATOMIC_RELEASE);
			return 0;
		}
		place = find_place(st.st_ino);
		if (place) {
			__atomic_store_n(&mine->place, place - shared->places,
					 __ATOMIC_RELEASE);
			errno = saved;
			return 0;
		}
	}
	errno = saved;
	err = call_setns(fd, nstype);
	/* For the next call. This one was handled by the supervisor. */
	if (!err && !mine)
		need_slot();
	return err;
}

static bool is_in(int fd, const struct preload_place *place)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie;

	return !getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) &&
	       cookie == place->cookie;
}

int socket(int family, int type, int protocol)
{
	struct preload_place *place;
	struct preload_slot *mine;
	int fd, saved = errno;

	need_real();
	if (!supervised)
		return real_socket(family, type, protocol);
	mine = slot ? own_slot() : NULL;
	if (!mine || mine->place < 0)
		return call_socket(family, type, protocol);
	place = &shared->places[mine->place];
	if (place->fd < 0)
		return call_socket(family, type, protocol);
	fd = nsfd_socket(place->fd, family, type, protocol, NSFD_NO_THREAD |
			 (shared->way == NSFD_WAY_MODULE ? NSFD_NO_SYSCALL : NSFD_NO_MODULE));
	if (fd >= 0 && is_in(fd, place))
		return fd;
	if (fd >= 0)
		close_quietly(fd);
	else if (errno != EBADF && errno != EINVAL && errno != EPERM && errno != ENOSYS)
		return -1;
	/* The program has closed or replaced the library's file descriptor. */
	if (fd >= 0 || errno == EBADF)
		place->fd = -1;
	errno = saved;
	return call_socket(family, type, protocol);
}

/*
 * A thread with a target that opens its own namespace in order to restore it later
 * is still in the original one. Return a file descriptor for its target.
 */
static int opened(int fd, const char *path, int flags)
{
	struct preload_slot *mine;
	int saved = errno, other;
	struct stat st;

	if (fd < 0 || !supervised || !strstr(path, "/ns/net") ||
	    (flags & (O_ACCMODE | O_PATH | O_DIRECTORY)))
		return fd;
	mine = need_slot();
	if (mine && mine->place >= 0 && !fstat(fd, &st) &&
	    st.st_dev == shared->dev && st.st_ino == shared->home) {
		other = ask(PRELOAD_FILE, mine->place);
		if (other < 0 || dup3(other, fd, flags & O_CLOEXEC) < 0) {
			close_quietly(fd);
			fd = -1;
			saved = errno;
		}
		if (other >= 0)
			close_quietly(other);
	}
	errno = saved;
	return fd;
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
	need_real();
	return opened(real_openat(dirfd, path, flags, mode), path, flags);
}

static mode_t read_mode(int flags, va_list args)
{
	return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ?
		va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_any(dirfd, path, flags, mode);
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_any(dirfd, path, flags | O_LARGEFILE, mode);
}

/* With _FORTIFY_SOURCE, the headers call these if no mode is given. */
int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

int __openat_2(int dirfd, const char *path, int flags)
{
	return open_any(dirfd, path, flags, 0);
}

int __openat64_2(int dirfd, const char *path, int flags)
{
	return open_any(dirfd, path, flags | O_LARGEFILE, 0);
}
