// SPDX-License-Identifier: GPL-2.0
/*
 * libnsfd-preload.so: lets programs that enter a network namespace to make a
 * socket there use socketat() instead, unchanged. See libnsfd-preload(7).
 *
 * Opening the file of a network namespace gives a delegated descriptor, if the
 * process may make one. setns() to a network namespace becomes a note of the
 * thread, socket() makes the socket in the namespace that the thread has noted,
 * and setns() to the namespace that the thread is really in ends the note. The
 * thread never moves. What is not about a network namespace passes through,
 * and all does where the kernel has no socketat().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <nsfd.h>

#include "preload.h"

struct id {
	dev_t dev;
	ino_t ino;
};

struct grant {
	int fd;
	ino_t ino;
};

static int (*real_openat)(int dirfd, const char *path, int flags, ...);
static int (*real_setns)(int fd, int nstype);
static int (*real_unshare)(int flags);
static int (*real_socket)(int family, int type, int protocol);
static int (*real_execve)(const char *path, char *const argv[], char *const envp[]);
static int (*real_execvpe)(const char *file, char *const argv[], char *const envp[]);
static int (*real_close)(int fd);
static int (*real_close_range)(unsigned int first, unsigned int last, int flags);

/* All of these are set before the program runs, and never again. */
static bool off = true, verbose, have_key;
static pthread_key_t note_key;
static struct id first_home;
static struct grant grants[PRELOAD_MAX_GRANTS];
static int n_grants;
static struct grant base = { .fd = -1 };
static ino_t base_home;
static bool base_lost;

/* A descriptor of our own of the namespace that the thread believes to be in. */
static __thread int note = -1;
/* The network namespace that the thread is in, as far as it was looked up. */
static __thread struct id home;

#define __printf(a, b) __attribute__((format(printf, a, b)))

__printf(1, 2)
static void say(const char *format, ...)
{
	int saved = errno;
	char text[512];
	va_list args;

	if (!verbose)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "libnsfd-preload: %d: %s\n", getpid(), text);
	errno = saved;
}

static void find_real(void)
{
	real_openat = dlsym(RTLD_NEXT, "openat");
	real_setns = dlsym(RTLD_NEXT, "setns");
	real_unshare = dlsym(RTLD_NEXT, "unshare");
	real_socket = dlsym(RTLD_NEXT, "socket");
	real_close_range = dlsym(RTLD_NEXT, "close_range");
	real_execve = dlsym(RTLD_NEXT, "execve");
	real_execvpe = dlsym(RTLD_NEXT, "execvpe");
	real_close = dlsym(RTLD_NEXT, "close");
}

/* Constructors of other libraries may call us before ours has run. */
static void need_real(void)
{
	if (!real_close)
		find_real();
}

static bool same(const struct id *a, const struct id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static int identify(int fd, struct id *id)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	return 0;
}

/* Where the thread is. Without /proc, as in a chroot, where the process began. */
static const struct id *find_home(void)
{
	int saved = errno;
	struct stat st;

	if (!home.ino) {
		if (!stat("/proc/thread-self/ns/net", &st)) {
			home.dev = st.st_dev;
			home.ino = st.st_ino;
		} else {
			home = first_home;
		}
		errno = saved;
	}
	return &home;
}

/* socketat() of a family that does not exist: is the privilege there? */
static bool may_make_sockets(int fd)
{
	int saved = errno, error;

	nsfd_socket(fd, -1, SOCK_STREAM, 0, NSFD_NO_THREAD);
	error = errno;
	errno = saved;
	return error == EAFNOSUPPORT;
}

/*
 * The least descriptor from @first that the program did not open and does not
 * get to close, or INT_MAX.
 */
static int next_of_ours(int first)
{
	int i, next = INT_MAX;

	if (note >= first)
		next = note;
	if (base.fd >= first && base.fd < next)
		next = base.fd;
	for (i = 0; i < n_grants; i++)
		if (grants[i].fd >= first && grants[i].fd < next)
			next = grants[i].fd;
	return next;
}

static bool is_ours(int fd)
{
	return fd >= PRELOAD_FD_MIN && next_of_ours(fd) == fd;
}

/* close() is a cancellation point, and what calls this may not be one. */
static void close_ours(int fd)
{
	int saved = errno;

	syscall(SYS_close, fd);
	errno = saved;
}

static void drop_note(void)
{
	if (note >= 0)
		close_ours(note);
	note = -1;
}

static void thread_ends(void *unused)
{
	(void)unused;
	drop_note();
}

/* The thread has really moved: what was known of it is void. */
static void moved(void)
{
	drop_note();
	home = (struct id){ };
}

static bool parse_grant(const char **text, struct grant *grant)
{
	char *end;

	grant->fd = strtol(*text, &end, 10);
	if (end == *text || *end != ':' || grant->fd < 0)
		return false;
	*text = end + 1;
	grant->ino = strtoumax(*text, &end, 10);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

/* Whoever ran in between may have closed the descriptor, or used the number. */
static bool still_there(const struct grant *grant)
{
	struct statfs fs;
	struct stat st;

	if (!fstatfs(grant->fd, &fs) && fs.f_type == NSFS_MAGIC &&
	    (fstat(grant->fd, &st) || st.st_ino != grant->ino))
		return false;
	return nsfd_type(grant->fd) == CLONE_NEWNET;
}

static void read_environment(void)
{
	const char *text;

	text = getenv(PRELOAD_ENV_GRANTS);
	while (text && n_grants < PRELOAD_MAX_GRANTS &&
	       parse_grant(&text, &grants[n_grants])) {
		if (still_there(&grants[n_grants]))
			n_grants++;
		else
			say("descriptor %d has lost its grant", grants[n_grants].fd);
		if (*text == ',')
			text++;
	}
	text = getenv(PRELOAD_ENV_NETNS);
	if (text) {
		base_lost = !parse_grant(&text, &base) || *text != ':' ||
			    !still_there(&base);
		base_home = *text == ':' ? strtoumax(text + 1, NULL, 10) : 0;
		if (base_lost)
			base.fd = -1;
	}
}

__attribute__((constructor))
static void start(void)
{
	const char *setting = getenv(PRELOAD_ENV);

	need_real();
	if (setting && !strcmp(setting, "off"))
		return;
	verbose = setting && !strcmp(setting, "verbose");
	have_key = !pthread_key_create(&note_key, thread_ends);
	first_home = *find_home();
	read_environment();
	if (nsfd_have_socketat() == NSFD_WAY_THREAD ||
	    nsfd_have_socketat() == NSFD_WAY_NONE)
		say("no socketat() here: setns() and opens are left as they are");
	off = false;
}

/* Where the next socket of the thread goes, or -1: where the thread is. */
static int target(void)
{
	if (note >= 0)
		return note;
	if (base.fd >= 0 && find_home()->ino == base_home)
		return base.fd;
	return -1;
}

int socket(int family, int type, int protocol)
{
	int fd;

	need_real();
	if (off)
		return real_socket(family, type, protocol);
	/* Not in silence where the process is: the caller asked for elsewhere. */
	if (base_lost && note < 0 && find_home()->ino == base_home) {
		say("the descriptor of %s was closed: EBADF", PRELOAD_ENV_NETNS);
		errno = EBADF;
		return -1;
	}
	fd = target();
	if (fd < 0)
		return real_socket(family, type, protocol);
	fd = nsfd_socket(fd, family, type, protocol,
			 fd == note ? NSFD_NO_THREAD : 0);
	if (fd < 0)
		say("family %d, type %d: %s", family, type, strerror(errno));
	return fd;
}

int setns(int fd, int nstype)
{
	struct id id;
	int own, err;

	need_real();
	if (off || (nstype && nstype != CLONE_NEWNET))
		goto real;
	if (note >= 0 && !identify(fd, &id) && same(&id, find_home())) {
		drop_note();
		return 0;
	}
	if (!may_make_sockets(fd))
		goto real;
	/* The program may close its own before it makes the socket. */
	own = fcntl(fd, F_DUPFD_CLOEXEC, PRELOAD_FD_MIN);
	if (own < 0)
		return -1;
	drop_note();
	note = own;
	if (have_key)
		pthread_setspecific(note_key, &note);
	say("sockets of this thread go to that of descriptor %d", fd);
	return 0;
real:
	err = real_setns(fd, nstype);
	if (!err && !off && (nstype & CLONE_NEWNET ||
			     (!nstype && nsfd_type(fd) == CLONE_NEWNET)))
		moved();
	return err;
}

int unshare(int flags)
{
	int err;

	need_real();
	err = real_unshare(flags);
	if (!err && (flags & CLONE_NEWNET))
		moved();
	return err;
}

/*
 * A program would be where the process is, not where the note says: go there,
 * and if this is not allowed let nothing run in the wrong place.
 */
static int enter_for_exec(void)
{
	need_real();
	if (off || note < 0)
		return 0;
	say("exec: entering the namespace");
	if (real_setns(note, CLONE_NEWNET))
		return -1;
	moved();
	return 0;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return enter_for_exec() ? -1 : real_execve(path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return enter_for_exec() ? -1 : real_execve(path, argv, environ);
}

int execvp(const char *file, char *const argv[])
{
	return enter_for_exec() ? -1 : real_execvpe(file, argv, environ);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return enter_for_exec() ? -1 : real_execvpe(file, argv, envp);
}

/* Puts a delegated descriptor in the place of one of a network namespace. */
static int opened(int fd, const char *path, int flags)
{
	int i, granted = -1, saved = errno;
	struct statfs fs;
	struct id id;

	if (fd < 0 || off || (flags & (O_ACCMODE | O_PATH | O_DIRECTORY)))
		return fd;
	if (fstatfs(fd, &fs) || fs.f_type != NSFS_MAGIC ||
	    nsfd_type(fd) != CLONE_NEWNET || identify(fd, &id) ||
	    same(&id, find_home()))
		goto out;
	for (i = 0; i < n_grants && granted < 0; i++)
		if (grants[i].ino == id.ino)
			granted = grants[i].fd;
	if (granted < 0)
		granted = nsfd_delegate(fd);
	if (granted < 0) {
		say("%s: not delegated: %s", path, strerror(errno));
		goto out;
	}
	/* The number stays the one that the program expects. */
	if (dup3(granted, fd, flags & O_CLOEXEC) == fd)
		say("%s: delegated descriptor %d", path, fd);
	if (!is_ours(granted))
		close_ours(granted);
out:
	errno = saved;
	return fd;
}

static bool begins(const char *path, const char *with)
{
	return !strncmp(path, with, strlen(with));
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
	need_real();
	if (verbose && path && target() >= 0 &&
	    (begins(path, "/proc/net") || begins(path, "/proc/self/net") ||
	     begins(path, "/proc/thread-self/net") ||
	     begins(path, "/proc/sys/net") || begins(path, "/sys/class/net")))
		say("%s: of the namespace that the process is in, not of its sockets",
		    path);
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

/* What the headers call with _FORTIFY_SOURCE, where no mode is given. */
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

/* Programs that close all they know nothing of would close ours too. */
int close(int fd)
{
	need_real();
	if (!off && is_ours(fd)) {
		errno = EBADF;
		return -1;
	}
	return real_close(fd);
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	unsigned int ours;

	need_real();
	while (!off && first <= last && last >= PRELOAD_FD_MIN) {
		ours = next_of_ours(first > INT_MAX ? INT_MAX : first);
		if (ours > last || ours == INT_MAX)
			break;
		if (ours > first && real_close_range(first, ours - 1, flags))
			return -1;
		if (ours == last)
			return 0;
		first = ours + 1;
	}
	return real_close_range(first, last, flags);
}

void closefrom(int first)
{
	close_range(first < 0 ? 0 : first, ~0U, 0);
}
