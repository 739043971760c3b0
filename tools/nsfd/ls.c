// SPDX-License-Identifier: GPL-2.0
/* nsfd ls: list all namespaces that can be found, and their holders. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <locale.h>
#include <sched.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>
#include <nsfd.h>

#include "cmd.h"

/* Of Linux 6.18, and listns() of 6.19; the C library and the headers may be older. */
#ifndef NS_GET_ID
#define NS_GET_ID	_IOR(NSIO, 13, uint64_t)
#endif
#ifndef __NR_listns
#ifdef __alpha__
#define __NR_listns	580
#else
#define __NR_listns	470
#endif
#endif
#ifndef NS_NET_REVOKE_SOCKETS
#define NS_NET_REVOKE_SOCKETS	_IO(NSIO, 0x21)
#endif
#ifndef FD_NSFS_ROOT
#define FD_NSFS_ROOT	(-10003)
#endif

/* The mark of a delegated file descriptor. */
#define DELEGATED "(delegated)"

enum how { PROCESS, MOUNT, DESCRIPTOR, SOCKET, N_HOW };

/* The JSON names of these. */
static const char *const plural[N_HOW] = {
	"processes", "mounts", "descriptors", "sockets",
};

struct holder {
	struct holder *next;
	enum how how;
	pid_t pid;		/* of a mount: of a process that sees it */
	int fd;
	bool delegated;
	char *name;		/* of the program; of a mount: its path */
};

struct ns {
	int type;
	ino_t ino;
	uint64_t id;		/* see listns(2), 0 if unknown */
	bool has_uid;
	uid_t uid;
	bool mounts_seen;	/* of a mount namespace */
	unsigned int processes;
	struct holder *holders[N_HOW];	/* the last one found comes first */
};

/* A process or thread that is being inspected. */
struct task {
	pid_t pid;
	char path[48];		/* in /proc */
	char comm[64];		/* read on demand, see command() */
};

static const struct type {
	const char *name;
	int flag;
} types[] = {
	{ "cgroup", CLONE_NEWCGROUP },
	{ "ipc", CLONE_NEWIPC },
	{ "mnt", CLONE_NEWNS },
	{ "net", CLONE_NEWNET },
	{ "pid", CLONE_NEWPID },
	{ "time", CLONE_NEWTIME },
	{ "user", CLONE_NEWUSER },
	{ "uts", CLONE_NEWUTS },
};

static struct ns **all;
static size_t n_all;
static void *tree;		/* tsearch(3) tree of @all */
static void *ids;		/* and of their IDs */
static dev_t nsfs;
static ino_t own_mnt;
/* Text output has only the first process of a namespace and the number of others. */
static bool every_process;

static void *need(void *memory)
{
	if (!memory)
		err(1, NULL);
	return memory;
}

static const char *type_name(int flag)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].flag == flag)
			return types[i].name;
	return "?";
}

/* Returns the UID of the creator of the user namespace that @fd is or that owns it. */
static bool owner(int fd, int type, uid_t *uid)
{
	bool found;
	int user;

	if (type == CLONE_NEWUSER)
		return !ioctl(fd, NS_GET_OWNER_UID, uid);
	user = ioctl(fd, NS_GET_USERNS);
	if (user < 0)
		return false;
	found = !ioctl(user, NS_GET_OWNER_UID, uid);
	close(user);
	return found;
}

static int compare(const void *a, const void *b)
{
	const struct ns *x = a, *y = b;
	int order = x->type == y->type ? 0 :
		    strcmp(type_name(x->type), type_name(y->type));

	return order ? order : x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* If @fd is -1, the owner and the ID are not determined this time. */
static struct ns *find(int type, ino_t ino, int fd)
{
	struct ns key = { .type = type, .ino = ino }, *ns;
	struct ns **found = tfind(&key, &tree, compare);

	if (found) {
		ns = *found;
	} else {
		ns = need(calloc(1, sizeof(*ns)));
		ns->type = type;
		ns->ino = ino;
		need(tsearch(ns, &tree, compare));
		if (!(n_all & (n_all - 1)))
			all = need(reallocarray(all, n_all ? 2 * n_all : 1,
						sizeof(*all)));
		all[n_all++] = ns;
	}
	if (!ns->has_uid && fd >= 0)
		ns->has_uid = owner(fd, type, &ns->uid);
	if (!ns->id && fd >= 0 && !ioctl(fd, NS_GET_ID, &ns->id))
		need(tsearch(&ns->id, &ids, compare_ids));
	return ns;
}

static struct holder *hold(struct ns *ns, enum how what, pid_t pid, int fd,
			   const char *name)
{
	struct holder *h = need(calloc(1, sizeof(*h)));

	h->how = what;
	h->pid = pid;
	h->fd = fd;
	h->name = need(strdup(name));
	h->next = ns->holders[what];
	ns->holders[what] = h;
	return h;
}

static bool number(const char *text, int *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	return end != text && !*end;
}

/* Parses "net:[4026531840]". */
static bool parse_link(const char *text, int *type, ino_t *ino)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		len = strlen(types[i].name);
		if (strncmp(text, types[i].name, len) || strncmp(text + len, ":[", 2))
			continue;
		*type = types[i].flag;
		*ino = strtoumax(text + len + 2, NULL, 10);
		return true;
	}
	return false;
}

/* A process title can contain any bytes, also newlines; the kernel appends one. */
static const char *command(struct task *task)
{
	ssize_t len = -1;
	char path[64];
	int fd;

	if (*task->comm)
		return task->comm;
	snprintf(path, sizeof(path), "%s/comm", task->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, task->comm, sizeof(task->comm) - 1);
		close(fd);
	}
	task->comm[len > 0 ? len - 1 : 0] = 0;
	/* A title can be empty, and the process can have terminated. */
	if (!*task->comm)
		strcpy(task->comm, "?");
	return task->comm;
}

/* The namespaces of a process, in the order of the files in /proc/PID/ns. */
enum { MNT = 2, NET = 3, N_LINKS = 10 };

static const char *const links[N_LINKS] = {
	"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time",
	"time_for_children", "user", "uts",
};

/*
 * Records the namespaces of a process or thread. @seen contains those of its
 * process; only those that differ are recorded.
 */
static void scan_task(struct task *task, ino_t *seen)
{
	char path[64], text[64];
	struct ns *ns;
	ino_t ino;
	size_t i;
	int dir, type, fd;
	ssize_t len;

	/* Looking up the process takes longer than reading one of its links. */
	snprintf(path, sizeof(path), "%s/ns", task->path);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	for (i = 0; i < N_LINKS; i++) {
		len = readlinkat(dir, links[i], text, sizeof(text) - 1);
		/* If a privilege is missing, it is missing for all of them. */
		if (len < 0 && errno == EACCES)
			break;
		if (len < 0)
			continue;
		text[len] = 0;
		if (!parse_link(text, &type, &ino))
			continue;
		/* *_for_children is listed only if it differs. */
		if (seen[i] == ino || (strchr(links[i], '_') && seen[i - 1] == ino))
			continue;
		seen[i] = ino;
		ns = find(type, ino, -1);
		if (!ns->has_uid) {
			fd = openat(dir, links[i], O_RDONLY | O_CLOEXEC);
			ns = find(type, ino, fd);
			if (fd >= 0)
				close(fd);
		}
		if (every_process || !ns->processes)
			hold(ns, PROCESS, task->pid, -1, command(task));
		ns->processes++;
	}
	close(dir);
}

/*
 * Checks whether the kernel can delegate. @file is one that this program has opened,
 * and therefore plain: there is nothing to revoke.
 */
static bool can_delegate(int file)
{
	static int can = -1;

	if (can < 0)
		can = !ioctl(file, NS_NET_REVOKE_SOCKETS, 0) || errno != ENOTTY;
	return can;
}

/*
 * Checks whether the file descriptor is delegated. One of the module reports its
 * namespace.
 */
static bool is_delegated(const char *task, int fd, ino_t *ino)
{
	char path[64], line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/fdinfo/%d", task, fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "ns-sockets:", strlen("ns-sockets:")))
			found = true;
		else if (!strncmp(line, "ns-inode:", strlen("ns-inode:")))
			*ino = strtoumax(line + strlen("ns-inode:"), NULL, 10);
	}
	fclose(file);
	return found;
}

/* A file descriptor of the module is not in nsfs, and cannot be reopened. */
static void scan_anonymous(struct task *task, int fd)
{
	char path[64], text[32];
	bool delegated;
	ino_t ino = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/fd/%d", task->path, fd);
	len = readlink(path, text, sizeof(text) - 1);
	text[len < 0 ? 0 : len] = 0;
	if (strcmp(text, "anon_inode:[nsfd]"))
		return;
	delegated = is_delegated(task->path, fd, &ino);
	if (ino)
		hold(find(CLONE_NEWNET, ino, -1), DESCRIPTOR, task->pid, fd,
		     command(task))->delegated = delegated;
}

/* Checks whether it is a socket or a tun device. */
static bool has_net(const struct statx *st)
{
	return S_ISSOCK(st->stx_mode) ||
	       (S_ISCHR(st->stx_mode) && st->stx_rdev_major == 10 &&
		st->stx_rdev_minor == 200);
}

/* A socket or tun device that is in another namespace than its process. */
static void scan_socket(struct task *task, int fd, ino_t own, int *pidfd)
{
	struct statx st;
	int copy, nsfd;
	ino_t ino;

	if (*pidfd < 0)
		*pidfd = syscall(SYS_pidfd_open, task->pid, 0);
	copy = *pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, *pidfd, fd, 0);
	if (copy < 0)
		return;
	/* The number may have been reused for another file descriptor. */
	if (statx(copy, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) ||
	    !has_net(&st))
		nsfd = -1;
	else
		nsfd = ioctl(copy, SIOCGSKNS);
	close(copy);
	if (nsfd < 0)
		return;
	if (!nsfd_id(nsfd, NULL, &ino) && ino != own)
		hold(find(CLONE_NEWNET, ino, nsfd), SOCKET, task->pid, fd,
		     command(task));
	close(nsfd);
}

/*
 * A file descriptor of a namespace. The number may have been reused for a file whose
 * opening or closing can block; nsfd_open() does neither unless it is a namespace.
 */
static void scan_namespace(struct task *task, int fd)
{
	ino_t unused;
	char path[64];
	int file, type;
	struct stat st;

	snprintf(path, sizeof(path), "%s/fd/%d", task->path, fd);
	file = nsfd_open(path);
	if (file < 0)
		return;
	/* Known to be in nsfs, which nsfd_type() and nsfd_id() would check again. */
	type = ioctl(file, NS_GET_NSTYPE);
	if (type > 0 && !fstat(file, &st))
		hold(find(type, st.st_ino, file), DESCRIPTOR, task->pid, fd,
		     command(task))->delegated =
			type == CLONE_NEWNET && can_delegate(file) &&
			is_delegated(task->path, fd, &unused);
	close(file);
}

static void scan_descriptors(struct task *task, ino_t own)
{
	int fd, pidfd = -1;
	char path[64];
	struct dirent *entry;
	struct statx st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/fd", task->path);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		/* The file system is not queried, since it may not respond. */
		if (!number(entry->d_name, &fd) ||
		    statx(dirfd(dir), entry->d_name, AT_STATX_DONT_SYNC,
			  STATX_TYPE | STATX_INO, &st))
			continue;
		if (makedev(st.stx_dev_major, st.stx_dev_minor) == nsfs) {
			scan_namespace(task, fd);
		} else if (has_net(&st)) {
			scan_socket(task, fd, own, &pidfd);
		} else if (!(st.stx_mode & S_IFMT)) {
			scan_anonymous(task, fd);
		}
	}
	closedir(dir);
	if (pidfd >= 0)
		close(pidfd);
}

/* In mountinfo, blanks and similar characters are three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] && text[3]) {
			*to++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 |
				(text[3] - '0');
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = 0;
}

/*
 * Opens the object that a process sees at @path, if that is a namespace. The
 * process may have prepared its mount namespace: do not follow symbolic links out
 * of it, do not open anything but a namespace, and do not query a file system that
 * may not respond. The mount point itself is always in the cache. In the caller's
 * own mount namespace, a file system that has to be queried at each step, such as
 * hostfs, is acceptable, as it is for any other program.
 */
static int open_mount(int root, const char *path, bool own)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED,
	};
	char link[64];
	int tries, file, fd;

	for (tries = 0; tries < 20; tries++) {
		file = syscall(SYS_openat2, root, path, &how, sizeof(how));
		/* Linux before 5.12 */
		if (file < 0 && errno == EINVAL)
			how.resolve &= ~RESOLVE_CACHED;
		/* Or something is being renamed or mounted at this moment. */
		else if (file >= 0 || errno != EAGAIN)
			break;
	}
	if (file < 0 && errno == EAGAIN && own) {
		how.resolve &= ~RESOLVE_CACHED;
		file = syscall(SYS_openat2, root, path, &how, sizeof(how));
	}
	if (file < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	fd = nsfd_open(link);
	close(file);
	return fd;
}

/*
 * Determines the owner of @ns by its mount, unless something is mounted on top of
 * it.
 */
static void ask_mount(struct ns *ns, int root, const char *path, bool own)
{
	ino_t ino;
	int fd;

	fd = open_mount(root, path, own);
	if (fd < 0)
		return;
	if (!nsfd_id(fd, NULL, &ino) && ino == ns->ino)
		find(ns->type, ino, fd);
	close(fd);
}

/* Lists the mounts in the mount namespace @mnt, unless that has been done before. */
static void scan_mounts(const struct task *task, ino_t mnt)
{
	char path[64], *line = NULL, *root, *point;
	struct holder *h;
	struct ns *ns;
	size_t size = 0;
	int type, dir;
	ino_t ino;
	FILE *mounts;

	if (!mnt)
		return;
	ns = find(CLONE_NEWNS, mnt, -1);
	if (ns->mounts_seen)
		return;
	ns->mounts_seen = true;
	snprintf(path, sizeof(path), "%s/mountinfo", task->path);
	mounts = fopen(path, "re");
	if (!mounts)
		return;
	snprintf(path, sizeof(path), "%s/root", task->path);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (getline(&line, &size, mounts) > 0) {
		if (!strstr(line, " - nsfs "))
			continue;
		root = NULL;
		point = NULL;
		if (sscanf(line, "%*s %*s %*s %ms %ms", &root, &point) != 2 ||
		    !parse_link(root, &type, &ino))
			goto next;
		unescape(point);
		ns = find(type, ino, -1);
		if (!ns->has_uid)
			ask_mount(ns, dir, point, mnt == own_mnt);
		/* Ignore a copy of the mount in a copy of the mount namespace. */
		for (h = ns->holders[MOUNT]; h; h = h->next)
			if (!strcmp(h->name, point))
				break;
		if (!h)
			hold(ns, MOUNT, task->pid, -1, point);
next:
		free(root);
		free(point);
	}
	free(line);
	fclose(mounts);
	if (dir >= 0)
		close(dir);
}

static void scan_threads(struct task *process, const ino_t *seen)
{
	ino_t theirs[N_LINKS];
	char path[64];
	struct dirent *entry;
	struct task thread;
	struct stat st;
	DIR *dir;
	int tid;

	/* The directory has a link for each thread, and two for itself. */
	snprintf(path, sizeof(path), "%s/task", process->path);
	if (!stat(path, &st) && st.st_nlink == 3)
		return;
	/* Threads are listed with the title of their process. */
	command(process);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!number(entry->d_name, &tid) || tid == process->pid)
			continue;
		thread.pid = tid;
		snprintf(thread.path, sizeof(thread.path), "%s/task/%d",
			 process->path, tid);
		strcpy(thread.comm, process->comm);
		memcpy(theirs, seen, sizeof(theirs));
		scan_task(&thread, theirs);
		scan_mounts(&thread, theirs[MNT]);
	}
	if (dir)
		closedir(dir);
}

static void scan_process(pid_t pid)
{
	struct task task = { .pid = pid };
	ino_t seen[N_LINKS] = { };

	snprintf(task.path, sizeof(task.path), "/proc/%d", pid);
	scan_task(&task, seen);
	scan_mounts(&task, seen[MNT]);
	scan_threads(&task, seen);
	/* Skip the file descriptors of this search. */
	if (pid != getpid())
		scan_descriptors(&task, seen[NET]);
}

/* Opens a namespace by its ID, which requires privileges over all namespaces. */
static int open_id(uint64_t id)
{
	struct {
		unsigned int bytes;
		int type;
		struct {
			uint64_t id;
			uint32_t type, inode;	/* 0: not known */
		} content;
	} handle = {
		.bytes = sizeof(handle.content),
		.type = 0xf1,	/* FILEID_NSFS */
		.content.id = id,
	};

	return syscall(SYS_open_by_handle_at, FD_NSFS_ROOT, &handle,
		       O_RDONLY | O_CLOEXEC);
}

/*
 * Adds the active namespaces of which no holder was found: other namespaces, files
 * in flight or the kernel keep them.
 */
static void scan_list(void)
{
	struct {
		uint32_t size, spare;
		uint64_t last_id;
		uint32_t types, spare2;
		uint64_t user_ns_id;
	} request = { .size = sizeof(request) };
	uint64_t list[512];
	ino_t ino;
	long i, n;
	int fd;

	/* Less than asked for is the end, even if others are created meanwhile. */
	do {
		n = syscall(__NR_listns, &request, list, ARRAY_SIZE(list), 0);
		for (i = 0; i < n; i++) {
			if (tfind(&list[i], &ids, compare_ids))
				continue;
			fd = open_id(list[i]);
			if (fd < 0)
				continue;
			if (!nsfd_id(fd, NULL, &ino))
				find(nsfd_type(fd), ino, fd);
			close(fd);
		}
		if (n > 0)
			request.last_id = list[n - 1];
	} while (n == (long)ARRAY_SIZE(list));
}

static int compare_pointers(const void *a, const void *b)
{
	return compare(*(struct ns *const *)a, *(struct ns *const *)b);
}

static void finish(void)
{
	struct holder *h, *next, *reversed;
	size_t i;
	int how;

	if (n_all)
		qsort(all, n_all, sizeof(*all), compare_pointers);
	for (i = 0; i < n_all; i++) {
		for (how = 0; how < N_HOW; how++) {
			reversed = NULL;
			for (h = all[i]->holders[how]; h; h = next) {
				next = h->next;
				h->next = reversed;
				reversed = h;
			}
			all[i]->holders[how] = reversed;
		}
	}
}

/*
 * Reads a character from @text. Returns its length, or 0 if there is none: then,
 * skip one byte.
 */
static size_t character(const char *text, wchar_t *c)
{
	mbstate_t state = { };
	size_t len = mbrtowc(c, text, strlen(text), &state);

	return len > MB_LEN_MAX ? 0 : len;
}

/* Checks that it can be printed: no control character, and none that reorders text. */
static bool harmless(wchar_t c)
{
	static const struct {
		wchar_t first, last;
	} bad[] = {
		{ 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xd800, 0xdfff },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (c >= bad[i].first && c <= bad[i].last)
			return false;
	return iswprint(c);
}

/* Prints a JSON string in UTF-8; invalid bytes become U+FFFD. */
static void print_string(const char *text)
{
	wchar_t c;
	size_t len;

	putchar('"');
	for (; *text; text += len) {
		len = character(text, &c);
		if (!len) {
			fputs("\\ufffd", stdout);
			len = 1;
		} else if (c == '"' || c == '\\') {
			printf("\\%c", (char)c);
		} else if (harmless(c)) {
			fwrite(text, 1, len, stdout);
		} else if (c < 0x10000) {
			printf("\\u%04x", (unsigned int)c);
		} else {
			c -= 0x10000;
			printf("\\u%04x\\u%04x", 0xd800 | (unsigned int)c >> 10,
			       0xdc00 | ((unsigned int)c & 0x3ff));
		}
	}
	putchar('"');
}

static void print_holders(const struct ns *ns, enum how what)
{
	const struct holder *h;
	const char *comma = "";

	printf(",\"%s\":[", plural[what]);
	for (h = ns->holders[what]; h; h = h->next) {
		printf("%s{\"pid\":%d", comma, h->pid);
		if (h->fd >= 0)
			printf(",\"fd\":%d", h->fd);
		if (what == DESCRIPTOR)
			printf(",\"delegated\":%s", h->delegated ? "true" : "false");
		printf(",\"%s\":", what == MOUNT ? "path" : "command");
		print_string(h->name);
		putchar('}');
		comma = ",";
	}
	putchar(']');
}

static void print_json(void)
{
	size_t i;
	int what;

	printf("{\"namespaces\":[");
	for (i = 0; i < n_all; i++) {
		printf("%s\n{\"type\":\"%s\",\"inode\":%ju,\"uid\":", i ? "," : "",
		       type_name(all[i]->type), (uintmax_t)all[i]->ino);
		if (all[i]->has_uid)
			printf("%u", all[i]->uid);
		else
			printf("null");
		for (what = 0; what < N_HOW; what++)
			print_holders(all[i], what);
		putchar('}');
	}
	printf("\n]}\n");
}

/*
 * Prints a name as lsns(8) does, with \xHH for bytes that could control the
 * terminal. A name can neither end the item that it is in nor look like the mark of
 * a delegation.
 */
static void print_name(const char *text)
{
	wchar_t c;
	size_t len;

	while (*text) {
		len = character(text, &c);
		if (len && harmless(c) && c != '\\' && c != ',' &&
		    strncmp(text, DELEGATED, strlen(DELEGATED))) {
			fwrite(text, 1, len, stdout);
			text += len;
			continue;
		}
		do
			printf("\\x%02x", (unsigned char)*text++);
		while (len-- > 1);
	}
}

static void print_holder(const struct holder *h)
{
	if (h->how != MOUNT)
		printf("%s %d", h->how == PROCESS ? "process" :
		       h->how == SOCKET ? "socket" : "descriptor", h->pid);
	if (h->fd >= 0)
		printf(":%d", h->fd);
	if (h->how != MOUNT)
		putchar(' ');
	print_name(h->name);
	if (h->delegated)
		printf(" " DELEGATED);
}

static void print_text(void)
{
	const struct holder *h;
	const char *comma;
	size_t i;
	int how;

	printf("%-6s %-10s %5s %s\n", "TYPE", "INODE", "UID", "HELD BY");
	for (i = 0; i < n_all; i++) {
		printf("%-6s %-10ju ", type_name(all[i]->type), (uintmax_t)all[i]->ino);
		if (all[i]->has_uid)
			printf("%5u ", all[i]->uid);
		else
			printf("%5s ", "?");
		comma = "";
		for (how = 0; how < N_HOW; how++) {
			for (h = all[i]->holders[how]; h; h = h->next) {
				printf("%s", comma);
				print_holder(h);
				comma = ", ";
			}
		}
		if (all[i]->processes > 1)
			printf("%s%u more processes", comma, all[i]->processes - 1);
		else if (!*comma)
			putchar('-');
		putchar('\n');
	}
}

int cmd_ls(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ }
	};
	bool json = false;
	struct dirent *entry;
	struct stat st;
	int pid;
	DIR *proc;

	while (cmd_option("ls", argc, argv, "+hj", options, NULL) != -1)
		json = true;
	if (optind != argc)
		cmd_usage("ls");
	/* JSON is always UTF-8; a terminal may not be. */
	if (!setlocale(LC_CTYPE, json ? "C.UTF-8" : "") && json)
		warnx("C.UTF-8: no such locale");
	proc = opendir("/proc");
	if (!proc || stat("/proc/self/ns/net", &st))
		err(1, "failed to read /proc");
	nsfs = st.st_dev;
	if (stat("/proc/self/ns/mnt", &st))
		err(1, "failed to identify the mount namespace");
	own_mnt = st.st_ino;
	every_process = json;
	while ((entry = readdir(proc)))
		if (number(entry->d_name, &pid))
			scan_process(pid);
	closedir(proc);
	scan_list();
	finish();
	if (json)
		print_json();
	else
		print_text();
	return 0;
}
