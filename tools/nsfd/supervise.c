// SPDX-License-Identifier: GPL-2.0
/*
 * The supervisor of "nsfd run": a separate process that is notified of the system
 * calls that the filter selects, and creates the sockets of the program in the
 * right network namespaces.
 *
 * Every task has a position, which determines the namespace of its sockets. A task
 * that has not called setns() is at the start. setns() to a granted namespace makes
 * that one its target. A task that the kernel has moved creates its sockets in its
 * actual namespace. New tasks inherit the position that their creator has at that
 * time, as they inherit a real namespace.
 *
 * /proc is read by file descriptors for /proc/TID that are opened once for each
 * task, and so is its pidfd: they do not refer to another task when the number is
 * reused.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>

#include "cmd.h"
#include "preload.h"
#include "supervise.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP	(1UL << 0)
#endif
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY	1027
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_send_signal	424
#define SYS_pidfd_open	434
#define SYS_pidfd_getfd	438
#endif

#define KCMP_FILE	0
#define SYS_SOCKET_CALL	1	/* SYS_SOCKET of socketcall(2) */

enum state {
	AT_START,	/* has not called setns(): --netns, or the original namespace */
	AT_TARGET,	/* has set a target by setns() */
	AT_REAL,	/* in its actual namespace, by a call of its own */
};

/* A target that a task has set, with a generation; file descriptors have one, too. */
struct visit {
	unsigned int generation;
	int place;
};

#define MAX_VISITS	64

/*
 * The generation of a target that the preload library has set. The library replaces
 * what is opened later, so every file descriptor for the actual namespace refers to
 * that.
 */
#define ALL_BEFORE	(UINT_MAX - 1)

/* The targets since the task left its actual namespace. Immutable, but replaceable. */
struct history {
	int users, count;
	struct visit list[];
};

struct position {
	enum state state;
	int place;	/* of AT_TARGET */
	ino_t real;	/* its actual network namespace */
	struct history *history;
};

struct numbers {
	pid_t *list;
	size_t count, room;
};

struct task {
	pid_t tid, tgid;	/* @tgid is 0 until it is needed */
	int dir;		/* /proc/TID, or -1 while there are too many */
	int pidfd;		/* the same, or -1 before Linux 6.9 for a thread */
	uint64_t start;		/* in clock ticks, distinguishes tasks with the same number */
	struct position at;
	bool check;		/* it may have moved since @at.real was read */
	ino_t entering;		/* target of a setns() that the kernel performs */
	bool powerless;		/* has been seen without CAP_SYS_ADMIN */
	bool creating;		/* has made no call since its last creation of a task */
	bool has_list;		/* the child will not be one of @children */
	struct numbers children;
	bool listed;		/* its creations since the last settle() */
	pid_t exec_of;		/* the leader whose number it gets by a pending exec */
	uint64_t stack;		/* of the process before that exec */
	struct memory *memory;	/* shared with its preload library, if any */
	struct preload_slot *slot;
};

/* A file descriptor for the original namespace that a process has open. */
struct original {
	int number, copy;
	unsigned int generation;
	bool seen;
};

#define UNKNOWN		UINT_MAX

/* The memory that a process shares with the supervisor. */
struct memory {
	int users;
	bool off;	/* a filter may deny the calls of the library */
	bool executed;	/* or is about to: the next request is that of a new image */
	pid_t tgid;
	uint64_t start;
	int fd;
	size_t size;
	struct preload_shared *shared;
};

struct originals {
	pid_t tgid;
	int count;
	struct original *list;
};

/* Tasks that started before @end, in clock ticks, and are not known yet. */
struct era {
	uint64_t end;
	struct position at;
};

static int listener, proc;
static struct supervised what;
static ino_t start_ino, own_userns;
static uint64_t n_filters;	/* of the program at its start */
static dev_t nsfs_dev;
static long tick;

static unsigned int generation;
static void *tasks, *processes;
static size_t n_listed, n_execs;
static size_t n_tasks, n_dirs, sweep_at = 1024, max_dirs;

/* The position of the creators of all tasks that are not known yet. */
static struct position current;
static struct era *eras;
static size_t n_eras;
static bool orphans;

/* Whether the positions of tasks have ever differed. */
static bool differ;

/* Whether any task may have left the namespace in which the program started. */
static bool somebody_moved;

static struct seccomp_notif *request;
static struct seccomp_notif_resp *response;
static struct seccomp_notif_sizes sizes;
static bool on_terminal = true;
static bool have_pidfds;	/* no filter prevents their use */

/* -- messages ------------------------------------------------------------- */

static void speak(const char *text)
{
	static time_t since;
	static int count;
	struct timespec now;

	/* A program that repeats an error must not fill the disk. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - since >= 10) {
		since = now.tv_sec;
		count = 0;
	}
	if (count++ >= 20)
		return;
	if (on_terminal)
		warnx("run: %s", text);
	else
		syslog(LOG_WARNING, "run: %s", text);
}

__attribute__((format(printf, 2, 3)))
static void complain(pid_t tid, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	len = snprintf(text, sizeof(text), "process %d: ", tid);
	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - len, format, args);
	va_end(args);
	speak(text);
}

#define explain(...) do {						\
	if (what.verbose)						\
		complain(__VA_ARGS__);					\
} while (0)

/* -- answers -------------------------------------------------------------- */

static void answer(int error, int64_t value, uint32_t flags)
{
	memset(response, 0, sizes.seccomp_notif_resp);
	response->id = request->id;
	response->error = -error;
	response->val = value;
	response->flags = flags;
	/* ENOENT: the task has been killed, or a signal has ended its call. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response) && errno != ENOENT)
		err(1, "failed to respond to a notification");
}

static void go_on(void)
{
	answer(0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

static void fail(int error)
{
	answer(error, 0, 0);
}

static bool still_waiting(void)
{
	if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->id))
		return true;
	/* A call without a response would never return. */
	if (errno != ENOENT)
		err(1, "failed to check a notification");
	return false;
}

/* -- what /proc says ------------------------------------------------------ */

static ssize_t read_file(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -1;
	text[len] = 0;
	return len;
}

struct stat_line {
	char state;
	pid_t ppid;
	uint64_t utime, stime, start, stack;
};

static int read_stat(int dir, const char *path, struct stat_line *line)
{
	char text[1024], *p;

	if (read_file(dir, path, text, sizeof(text)) < 0)
		return -1;
	/* The name is in parentheses and may contain any other character. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %"
			 SCNu64 " %" SCNu64 " %*d %*d %*d %*d %*d %*d %" SCNu64
			 " %*u %*d %*u %*u %*u %" SCNu64, &line->state,
			 &line->ppid, &line->utime, &line->stime, &line->start,
			 &line->stack) != 6)
		return -1;
	return 0;
}

static int field(const char *text, const char *name, int column, int base,
		 uint64_t *value)
{
	const char *p = strstr(text, name);
	char *end;

	if (!p)
		return -1;
	for (p += strlen(name); ; p = end) {
		*value = strtoull(p, &end, base);
		if (end == p)
			return -1;
		if (!column--)
			return 0;
	}
}

static pid_t process_of(struct task *task)
{
	char text[4096];
	uint64_t tgid;

	if (!task->tgid && read_file(task->dir, "status", text, sizeof(text)) > 0 &&
	    !field(text, "\nTgid:", 0, 10, &tgid))
		task->tgid = tgid;
	return task->tgid;
}

static uint64_t now_in_ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * (uint64_t)tick + now.tv_nsec / (1000000000 / tick);
}

static void pause_for(long us)
{
	struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

/* -- positions ------------------------------------------------------------ */

static void put_history(struct history *history)
{
	if (history && !--history->users)
		free(history);
}

static void set_position(struct position *at, const struct position *from)
{
	if (from->history)
		from->history->users++;
	put_history(at->history);
	*at = *from;
}

/* Makes the last of the visits the target. Exits if memory is insufficient. */
static void set_history(struct position *at, const struct visit *visits, int count)
{
	struct history *history;

	history = malloc(sizeof(*history) + count * sizeof(*visits));
	if (!history)
		err(1, NULL);
	differ = true;
	history->users = 0;
	history->count = count;
	memcpy(history->list, visits, count * sizeof(*visits));
	set_position(at, &(struct position){
		.state = AT_TARGET, .place = visits[count - 1].place,
		.real = at->real, .history = history,
	});
}

static void set_real(struct position *at, ino_t ino)
{
	differ = true;
	set_position(at, &(struct position){ .state = AT_REAL, .real = ino });
}

static bool same_position(const struct position *a, const struct position *b)
{
	if (a->state != b->state || a->real != b->real)
		return false;
	if (a->state != AT_TARGET || a->history == b->history)
		return a->state != AT_TARGET || a->place == b->place;
	return a->history->count == b->history->count &&
	       !memcmp(a->history->list, b->history->list,
		       a->history->count * sizeof(struct visit));
}

/* -- what is shared with the preload library ------------------------------ */

/* The places by inode number, as the library looks them up, and the reverse. */
static int *order, *rank;
static struct memory **memories;
static size_t n_memories;

static void put_memory(struct memory *memory)
{
	size_t i;

	if (!memory || --memory->users)
		return;
	for (i = 0; i < n_memories; i++)
		if (memories[i] == memory)
			memories[i] = memories[--n_memories];
	munmap(memory->shared, memory->size);
	close(memory->fd);
	free(memory);
}

static struct memory *find_memory(pid_t tgid)
{
	size_t i;

	for (i = 0; i < n_memories; i++)
		if (memories[i]->tgid == tgid)
			return memories[i];
	return NULL;
}

static void leave_slot(struct task *task)
{
	put_memory(task->memory);
	task->memory = NULL;
	task->slot = NULL;
}

/* The program can write to the word, so it is only a request. */
static void read_slot(struct task *task)
{
	struct visit visit = { .generation = ALL_BEFORE };
	int32_t value;

	if (!task->slot)
		return;
	if (__atomic_load_n(&task->slot->tid, __ATOMIC_ACQUIRE) != (uint32_t)task->tid) {
		leave_slot(task);
		return;
	}
	value = __atomic_load_n(&task->slot->place, __ATOMIC_ACQUIRE);
	if (value == SLOT_HOME && task->at.state != AT_REAL) {
		set_real(&task->at, task->at.real);
	} else if (value >= 0 && value < n_places &&
		   (task->at.state != AT_TARGET || task->at.place != order[value])) {
		visit.place = order[value];
		set_history(&task->at, &visit, 1);
	}
}

static void write_slot(struct task *task)
{
	int32_t value = SLOT_ASK;

	if (!task->slot)
		return;
	if (!task->check && task->at.real == start_ino && !task->memory->off)
		value = task->at.state == AT_TARGET ? rank[task->at.place] :
			task->at.state == AT_START ? SLOT_START : SLOT_HOME;
	__atomic_store_n(&task->slot->place, value, __ATOMIC_RELEASE);
}

/* -- tasks ---------------------------------------------------------------- */

static int by_tid(const void *a, const void *b)
{
	const struct task *one = a, *two = b;

	return one->tid < two->tid ? -1 : one->tid > two->tid;
}

static struct task *find_task(pid_t tid)
{
	struct task key = { .tid = tid }, **found;

	found = tfind(&key, &tasks, by_tid);
	return found ? *found : NULL;
}

static void close_dir(struct task *task)
{
	if (task->dir < 0)
		return;
	close(task->dir);
	task->dir = -1;
	if (task->pidfd >= 0)
		close(task->pidfd);
	task->pidfd = -1;
	n_dirs--;
}

static void drop_process(pid_t tgid);

static void forget(struct task *task)
{
	drop_process(task->tid);
	/* Its children have been reparented. */
	if (task->listed) {
		orphans = true;
		n_listed--;
	}
	if (task->exec_of)
		n_execs--;
	tdelete(task, &tasks, by_tid);
	close_dir(task);
	put_history(task->at.history);
	leave_slot(task);
	free(task->children.list);
	free(task);
	n_tasks--;
}

static int open_dir(struct task *task)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", task->tid);
	task->dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task->dir < 0)
		return -1;
	if (have_pidfds) {
		/*
		 * Callers read below @dir next, which proves that it is of the same
		 * task.
		 */
		task->pidfd = syscall(SYS_pidfd_open, task->tid,
				      O_EXCL /* PIDFD_THREAD */);
		if (task->pidfd < 0 && errno == EINVAL)
			task->pidfd = syscall(SYS_pidfd_open, task->tid, 0);
	}
	n_dirs++;
	return 0;
}

/* Nothing can be found below the directory of a task that has exited. */
static bool lives(struct task *task)
{
	struct stat_line line;

	if (task->pidfd >= 0)
		return !syscall(SYS_pidfd_send_signal, task->pidfd, 0, NULL, 0) ||
		       errno == EPERM;
	if (task->dir >= 0)
		return !faccessat(task->dir, "comm", F_OK, 0);
	/*
	 * Without a free file descriptor, this is unknown: calls that depend on it
	 * fail.
	 */
	if (open_dir(task))
		return errno != ENOENT && errno != ESRCH;
	if (!read_stat(task->dir, "stat", &line) && line.start == task->start)
		return true;
	close_dir(task);
	return false;
}

static struct task **gathered;
static size_t n_gathered;

static void gather(const void *node, VISIT visit, int depth)
{
	(void)depth;
	if (visit == postorder || visit == leaf)
		gathered[n_gathered++] = *(struct task *const *)node;
}

static void gather_tasks(void)
{
	free(gathered);
	gathered = calloc(n_tasks + 1, sizeof(*gathered));
	if (!gathered)
		err(1, NULL);
	n_gathered = 0;
	twalk(tasks, gather);
}

static void sweep_processes(void);

/* Removes tasks that have exited, so that the lists do not grow over time. */
static void sweep(void)
{
	size_t i;

	gather_tasks();
	for (i = 0; i < n_gathered; i++)
		if (!lives(gathered[i]))
			forget(gathered[i]);
	sweep_processes();
	sweep_at = n_tasks * 2 < 1024 ? 1024 : n_tasks * 2;
}

/* Closes file descriptors. The tasks are identified again by number and start time. */
static void close_dirs(void)
{
	size_t i;

	gather_tasks();
	for (i = 0; i < n_gathered; i++)
		close_dir(gathered[i]);
}

static const struct position *position_at(uint64_t start)
{
	size_t i;

	for (i = 0; i < n_eras; i++)
		if (start < eras[i].end)
			return &eras[i].at;
	return &current;
}

/* Adds a task. Returns NULL with errno if it has exited or cannot be inspected. */
static struct task *add_task(pid_t tid)
{
	struct stat_line line;
	struct task *task;

	if (n_tasks >= sweep_at)
		sweep();
	if (n_dirs >= max_dirs)
		close_dirs();
	task = calloc(1, sizeof(*task));
	if (!task)
		return NULL;
	task->tid = tid;
	task->pidfd = -1;
	task->check = true;
	if (open_dir(task)) {
		free(task);
		return NULL;
	}
	if (read_stat(task->dir, "stat", &line)) {
		close_dir(task);
		free(task);
		errno = ESRCH;
		return NULL;
	}
	task->start = line.start;
	set_position(&task->at, position_at(line.start));
	if (!tsearch(task, &tasks, by_tid)) {
		close_dir(task);
		put_history(task->at.history);
		free(task);
		errno = ENOMEM;
		return NULL;
	}
	n_tasks++;
	return task;
}

/* Updates the actual namespace of the task, and whether it has moved itself. */
static int update(struct task *task)
{
	ino_t entering = task->entering;
	struct stat st;

	if (!task->check)
		return 0;
	if (fstatat(task->dir, "ns/net", &st, 0)) {
		/* A task that cannot be inspected has not moved if no task has. */
		if (errno != EACCES || somebody_moved)
			return -1;
		task->check = false;
		return 0;
	}
	task->check = false;
	task->entering = 0;
	if (st.st_ino != task->at.real || st.st_ino == entering)
		set_real(&task->at, st.st_ino);
	return 0;
}

static void exec_ended(struct task *task);

/* Returns the task that waits for a response, or NULL after sending one. */
static struct task *caller(void)
{
	struct task *task = find_task(request->pid);

	if (task && !lives(task)) {
		forget(task);
		task = NULL;
	}
	if (!task) {
		task = add_task(request->pid);
		if (!task && errno == EMFILE) {
			close_dirs();
			task = add_task(request->pid);
		}
		if (!task) {
			if (still_waiting()) {
				complain(request->pid, "cannot be inspected in /proc: %m");
				fail(ENOMEM);
			}
			return NULL;
		}
		if (!still_waiting()) {
			/* The data may be those of another task with this number. */
			forget(task);
			return NULL;
		}
	}
	task->creating = false;
	if (task->exec_of) {
		task->exec_of = 0;
		n_execs--;
	}
	if (n_execs)
		exec_ended(task);
	read_slot(task);
	if (update(task)) {
		complain(request->pid, "its network namespace is unknown, because it is not dumpable: %m");
		fail(EPERM);
		return NULL;
	}
	write_slot(task);
	return task;
}

/* -- descriptors of the original namespace -------------------------------- */

/*
 * /proc/self/ns/net of a task with a target is still the file of its actual
 * namespace, but the task intends to restore its target with it. So a file
 * descriptor for the actual namespace refers to that namespace only if it was open
 * before the task set its target, and otherwise to the target at the time it was
 * opened. Open file descriptions are compared, because numbers are reused.
 */
static int by_tgid(const void *a, const void *b)
{
	const struct originals *one = a, *two = b;

	return one->tgid < two->tgid ? -1 : one->tgid > two->tgid;
}

static struct originals *find_process(pid_t tgid, bool create)
{
	struct originals key = { .tgid = tgid }, **found, *process;

	found = tfind(&key, &processes, by_tgid);
	if (found || !create)
		return found ? *found : NULL;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->tgid = tgid;
	if (!tsearch(process, &processes, by_tgid)) {
		free(process);
		return NULL;
	}
	return process;
}

static void drop_process(pid_t tgid)
{
	struct originals *process = find_process(tgid, false);
	int i;

	if (!process)
		return;
	tdelete(process, &processes, by_tgid);
	for (i = 0; i < process->count; i++)
		close(process->list[i].copy);
	free(process->list);
	free(process);
}

static struct originals **all;
static size_t n_all;

static void count_process(const void *node, VISIT visit, int depth)
{
	(void)depth;
	if (visit != postorder && visit != leaf)
		return;
	if (all)
		all[n_all] = *(struct originals *const *)node;
	n_all++;
}

/* Returns an array that ends with NULL and has to be freed, or NULL without memory. */
static struct originals **list_processes(void)
{
	n_all = 0;
	all = NULL;
	twalk(processes, count_process);
	all = calloc(n_all + 1, sizeof(*all));
	if (!all)
		return NULL;
	n_all = 0;
	twalk(processes, count_process);
	return all;
}

static void sweep_processes(void)
{
	struct originals **list = list_processes();
	size_t i;

	for (i = 0; list && list[i]; i++)
		if (!find_task(list[i]->tgid))
			drop_process(list[i]->tgid);
	free(list);
	for (i = 0; i < n_memories; i++) {
		/* The memory has been passed, but no slot was requested. */
		if (!memories[i]->users && !find_task(memories[i]->tgid)) {
			memories[i]->users = 1;
			put_memory(memories[i--]);
		}
	}
}

static int copy_of(struct task *task, int number)
{
	int pidfd, fd;

	if (task->pidfd >= 0)
		return syscall(SYS_pidfd_getfd, task->pidfd, number, 0);
	/*
	 * Before Linux 6.9, only processes have pidfds; most threads share file
	 * descriptors.
	 */
	pidfd = process_of(task) ? syscall(SYS_pidfd_open, task->tgid, 0) : -1;
	if (pidfd < 0)
		return -1;
	fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	close(pidfd);
	return fd;
}

static bool same_file(int one, int two)
{
	int same = fcntl(one, F_DUPFD_QUERY, two);

	if (same >= 0)
		return same;
	return !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, one, two);
}

/*
 * The generation in which other processes had a file descriptor that was inherited
 * or received.
 */
static unsigned int generation_of(int copy, unsigned int otherwise)
{
	struct originals **list = list_processes();
	size_t i;
	int j;

	for (i = 0; list && list[i]; i++)
		for (j = 0; j < list[i]->count; j++)
			if (list[i]->list[j].copy >= 0 &&
			    same_file(list[i]->list[j].copy, copy))
				otherwise = list[i]->list[j].generation;
	free(list);
	return otherwise;
}

static void note_original(struct originals *process, int number, int copy,
			  unsigned int otherwise)
{
	struct original *item;
	int i;

	for (i = 0, item = process->list; i < process->count; i++, item++)
		if (item->number == number)
			break;
	if (i < process->count && item->copy >= 0 && same_file(item->copy, copy)) {
		close(copy);
		item->seen = true;
		return;
	}
	if (i == process->count) {
		item = reallocarray(process->list, i + 1, sizeof(*item));
		if (!item) {
			/*
			 * Without an entry, it would appear to have been opened
			 * later.
			 */
			err(1, NULL);
		}
		process->list = item;
		item += i;
		item->copy = -1;
	}
	if (process->count > i)
		close(item->copy);
	*item = (struct original){
		.number = number, .copy = copy, .seen = true,
		.generation = generation_of(copy, otherwise),
	};
	if (i == process->count)
		process->count++;
}

/* Records the file descriptors for its actual namespace that the process has open. */
static int note_originals(struct task *task)
{
	char want[40], link[40], buffer[4096] __attribute__((aligned(8)));
	struct originals *process;
	struct dirent64 *entry;
	unsigned int otherwise;
	int fd, copy, i, number;
	ssize_t got, len;
	char *p;

	if (!process_of(task))
		return -1;
	process = find_process(task->tgid, false);
	/* The file descriptors that its creator had open at that time are unknown. */
	otherwise = generation + 1;
	if (!process && task->at.state == AT_TARGET &&
	    task->at.history->list[task->at.history->count - 1].generation != ALL_BEFORE)
		otherwise = UNKNOWN;
	if (!process)
		process = find_process(task->tgid, true);
	if (!process)
		return -1;
	fd = openat(task->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(want, sizeof(want), "net:[%ju]", (uintmax_t)task->at.real);
	generation++;
	for (i = 0; i < process->count; i++)
		process->list[i].seen = false;
	while ((got = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		for (p = buffer; p < buffer + got; p += entry->d_reclen) {
			entry = (struct dirent64 *)p;
			if (entry->d_name[0] == '.')
				continue;
			len = readlinkat(fd, entry->d_name, link, sizeof(link) - 1);
			if (len < 0)
				continue;
			link[len] = 0;
			if (strcmp(link, want))
				continue;
			number = atoi(entry->d_name);
			copy = copy_of(task, number);
			/* EBADF: another thread has closed it since. */
			if (copy >= 0)
				note_original(process, number, copy, otherwise);
			else if (errno != EBADF)
				goto failed;
		}
	}
	if (got < 0)
		goto failed;
	close(fd);
	for (i = 0; i < process->count; ) {
		if (process->list[i].seen) {
			i++;
			continue;
		}
		close(process->list[i].copy);
		process->list[i] = process->list[--process->count];
	}
	return 0;
failed:
	close(fd);
	return -1;
}

/* Checks whether a known file descriptor was opened during the visit. */
static bool visit_matters(struct originals *process, const struct history *old, int i)
{
	int j;

	if (i == 0 || i == old->count - 1 || !process)
		return true;
	for (j = 0; j < process->count; j++)
		if (process->list[j].generation > old->list[i].generation &&
		    process->list[j].generation <= old->list[i + 1].generation)
			return true;
	return false;
}

static int set_target(struct task *task, int place)
{
	const struct history *old = task->at.state == AT_TARGET ? task->at.history : NULL;
	struct visit visits[MAX_VISITS + 1];
	struct originals *process;
	int i, count = 0;

	if (note_originals(task))
		return -1;
	process = find_process(task->tgid, false);
	for (i = 0; old && i < old->count; i++)
		if (old->count < MAX_VISITS || visit_matters(process, old, i))
			visits[count++] = old->list[i];
	if (count == MAX_VISITS) {
		errno = EMFILE;
		return -1;
	}
	visits[count++] = (struct visit){ generation, place };
	set_history(&task->at, visits, count);
	return 0;
}

/* Checks whether this number is still the same file descriptor, and since when. */
static bool is_noted(struct task *task, struct originals *process, int number,
		     unsigned int *since)
{
	bool same = false;
	int i, copy;

	for (i = 0; process && i < process->count; i++) {
		if (process->list[i].number != number || process->list[i].copy < 0)
			continue;
		copy = copy_of(task, number);
		if (copy < 0)
			break;
		same = same_file(process->list[i].copy, copy);
		*since = process->list[i].generation;
		close(copy);
		break;
	}
	return same;
}

static int place_before(const struct history *history, unsigned int since)
{
	int i, place = -1;

	if (since == UNKNOWN)
		return -2;
	for (i = 0; i < history->count; i++)
		if (history->list[i].generation < since)
			place = history->list[i].place;
	return place;
}

/*
 * Returns the namespace that a task with a target refers to by a file descriptor
 * for its actual one: the index of a place, -1 for the actual namespace, or -2 if
 * it is ambiguous.
 */
static int meaning(struct task *task, int number)
{
	const struct history *history = task->at.history;
	char name[32], want[40], link[40];
	struct originals *process;
	unsigned int since;
	ssize_t len;
	int copy;

	if (history->list[history->count - 1].generation == ALL_BEFORE)
		return -1;
	if (!process_of(task))
		return -2;
	process = find_process(task->tgid, false);
	if (is_noted(task, process, number, &since))
		return place_before(history, since);
	snprintf(name, sizeof(name), "fd/%d", number);
	snprintf(want, sizeof(want), "net:[%ju]", (uintmax_t)task->at.real);
	len = readlinkat(task->dir, name, link, sizeof(link) - 1);
	if (len < 0)
		return -2;
	link[len] = 0;
	/* A path: the name with which it was opened identifies the namespace. */
	if (strcmp(link, want))
		return -1;
	copy = copy_of(task, number);
	if (copy < 0)
		return -2;
	/* Unknown file descriptors were opened after the last target was set. */
	since = generation_of(copy, process ? generation + 1 : UNKNOWN);
	close(copy);
	return place_before(history, since);
}

/* -- new tasks ------------------------------------------------------------ */

static DIR *open_list(const char *path)
{
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static int know(pid_t tid)
{
	struct task *task = find_task(tid);

	if (tid <= 0 || (task && lives(task)))
		return 0;
	/* The number of a task that has exited has been reused. */
	if (task)
		forget(task);
	/* ESRCH: it has exited since. */
	return add_task(tid) || errno == ENOENT || errno == ESRCH ? 0 : -1;
}

static void add_number(struct numbers *numbers, pid_t number)
{
	if (numbers->count == numbers->room) {
		numbers->room = numbers->room * 2 + 16;
		numbers->list = reallocarray(numbers->list, numbers->room,
					     sizeof(*numbers->list));
		if (!numbers->list)
			err(1, NULL);
	}
	numbers->list[numbers->count++] = number;
}

static int read_threads(pid_t tgid, pid_t unused, struct numbers *numbers)
{
	struct dirent *entry;
	char path[32];
	DIR *dir;

	(void)unused;
	snprintf(path, sizeof(path), "%d/task", tgid);
	dir = open_list(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_number(numbers, atoi(entry->d_name));
	closedir(dir);
	return 0;
}

/* Reads the children of a thread. Fails without CONFIG_PROC_CHILDREN. */
static int read_children(pid_t tgid, pid_t tid, struct numbers *numbers)
{
	char path[64], *text = NULL, *p, *end;
	size_t size = 0;
	FILE *file;
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), "%d/task/%d/children", tgid, tid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (getline(&text, &size, file) > 0) {
		for (p = text; ; p = end) {
			pid = strtol(p, &end, 10);
			if (end == p)
				break;
			add_number(numbers, pid);
		}
	}
	free(text);
	fclose(file);
	return 0;
}

/* Finds the children of all threads of a process. */
static int search_children(pid_t tgid, pid_t unused, struct numbers *numbers)
{
	struct stat_line line;
	struct dirent *entry;
	char path[32];
	pid_t pid;
	DIR *dir;

	(void)unused;
	dir = open_list(".");
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "%d/stat", pid);
		if (!read_stat(proc, path, &line) && line.ppid == tgid)
			add_number(numbers, pid);
	}
	closedir(dir);
	return 0;
}

static bool same_numbers(const struct numbers *a, const struct numbers *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->list, b->list, a->count * sizeof(pid_t)));
}

/*
 * The kernel can omit a child from a list if the preceding one exits meanwhile. The
 * second list does not contain that one, so two equal lists are complete.
 */
static int steadily(int (*read)(pid_t, pid_t, struct numbers *), pid_t tgid,
		    pid_t tid, struct numbers *numbers)
{
	struct numbers before = { }, now = { };
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (read(tgid, tid, &now))
			break;
		if (tries && same_numbers(&now, &before)) {
			free(before.list);
			*numbers = now;
			return 0;
		}
		free(before.list);
		before = now;
		now = (struct numbers){ };
	}
	free(before.list);
	free(now.list);
	return -1;
}

static int children_of(pid_t tgid, pid_t tid, struct numbers *numbers)
{
	if (!steadily(read_children, tgid, tid, numbers))
		return 0;
	return steadily(search_children, tgid, tid, numbers);
}

/*
 * Adds the threads and the children of a process. Fails if these may be incomplete:
 * the children of a thread that exits are reparented to another thread.
 */
static int add_new(pid_t tgid)
{
	struct numbers threads = { }, again = { }, children = { };
	size_t i, j;
	int error;

	error = steadily(read_threads, tgid, 0, &threads);
	for (i = 0; !error && i < threads.count; i++) {
		error = know(threads.list[i]) ||
			children_of(tgid, threads.list[i], &children);
		for (j = 0; !error && j < children.count; j++)
			error = know(children.list[j]);
		free(children.list);
		children = (struct numbers){ };
	}
	if (!error)
		error = steadily(read_threads, tgid, 0, &again) ||
			!same_numbers(&threads, &again);
	free(threads.list);
	free(again.list);
	return error ? -1 : 0;
}

static bool has_new_child(struct task *task)
{
	struct numbers now = { };
	bool found = false;
	size_t i, j;

	if (!process_of(task) || children_of(task->tgid, task->tid, &now))
		return false;
	for (i = 0; i < now.count && !found; i++) {
		for (j = 0; j < task->children.count; j++)
			if (task->children.list[j] == now.list[i])
				break;
		found = j == task->children.count;
	}
	free(now.list);
	return found;
}

/*
 * A single tick of user mode is no evidence: the kernel distributes the time of a
 * task in proportion to the ticks that it has seen, and all of the time is user time
 * if it has seen none in the kernel, or missed them in a virtual machine.
 */
#define USER_TICKS	10

/*
 * Waits until a creation that was continued has ended. This is so if the task has a
 * child that it did not have before, if it sleeps, is stopped or has exited, or if it
 * has spent much time in user mode meanwhile.
 */
static bool creation_ended(struct task *task)
{
	struct stat_line line, before;
	char path[32];
	int tries, ticks = 0;

	/* Its own time: /proc/TID/stat has that of the whole process. */
	snprintf(path, sizeof(path), "task/%d/stat", task->tid);
	for (tries = 0; tries < 8000; tries++) {
		if (read_stat(task->dir, path, &line))
			return true;
		if (!strchr("RD", line.state))
			return true;
		if (task->has_list && has_new_child(task))
			return true;
		if (!tries || line.stime != before.stime)
			ticks = 0;
		else if (line.utime != before.utime && ++ticks == USER_TICKS)
			return true;
		before = line;
		/*
		 * A task that waits with a timeout may wake up on the same tick
		 * that ends our pause: let it sleep again, and retry.
		 */
		if (tries % 8)
			sched_yield();
		else
			pause_for(tries < 160 ? 100 : 5000);
	}
	return false;
}

/* A zombie has no children. */
static bool has_ended(pid_t tgid)
{
	struct stat_line line;
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", tgid);
	return read_stat(proc, path, &line) || strchr("ZX", line.state);
}

static struct task *next_listed(void)
{
	size_t i;

	if (!n_listed)
		return NULL;
	gather_tasks();
	for (i = 0; i < n_gathered; i++)
		if (gathered[i]->listed)
			return gathered[i];
	return NULL;
}

/*
 * Before a task is created whose position differs from that of other unknown tasks:
 * makes these known, or ensures that their start times distinguish them. So no new
 * task is ever assigned the position of another task's creator. Returns false if
 * this is impossible.
 */
static bool settle(void)
{
	struct task *task;
	uint64_t end;
	pid_t tid;

	while ((task = next_listed())) {
		if (!lives(task)) {
			forget(task);
			continue;
		}
		if (task->creating && !creation_ended(task))
			return false;
		tid = task->tid;
		if (!process_of(task) || add_new(task->tgid))
			orphans = true;
		/* Adding tasks may have freed those that have exited. */
		task = find_task(tid);
		if (!task)
			continue;
		/* It may have exited before its children were listed. */
		if (has_ended(task->tgid))
			orphans = true;
		task->creating = false;
		task->listed = false;
		n_listed--;
	}
	if (!orphans)
		return true;

	/* A child whose parent has exited can be identified only by its start time. */
	end = now_in_ticks() + 1;
	while (now_in_ticks() < end)
		pause_for(1000);
	eras = reallocarray(eras, n_eras + 1, sizeof(*eras));
	if (!eras)
		err(1, NULL);
	eras[n_eras] = (struct era){ .end = end };
	set_position(&eras[n_eras++].at, &current);
	orphans = false;
	return true;
}

/* Removes eras in which no living task has started. */
static void prune_eras(void)
{
	bool *used = calloc(n_eras, sizeof(*used));
	struct dirent *entry, *thread;
	DIR *dir = open_list("."), *threads;
	struct stat_line line;
	size_t i, kept = 0;
	char path[32];

	if (!used || !dir)
		goto out;
	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "%.10s/task", entry->d_name);
		threads = open_list(path);
		while (threads && (thread = readdir(threads))) {
			snprintf(path, sizeof(path), "%.10s/stat", thread->d_name);
			if (read_stat(dirfd(threads), path, &line))
				continue;
			for (i = 0; i < n_eras; i++)
				if (line.start < eras[i].end)
					break;
			if (i < n_eras)
				used[i] = true;
		}
		if (threads)
			closedir(threads);
	}
	for (i = 0; i < n_eras; i++) {
		if (used[i])
			eras[kept++] = eras[i];
		else
			put_history(eras[i].at.history);
	}
	n_eras = kept;
out:
	free(used);
	if (dir)
		closedir(dir);
}

static bool read_memory(struct task *task, uint64_t address, void *data, size_t size)
{
	struct iovec local = { data, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = -1;
	int fd;

	if (address <= UINTPTR_MAX) {
		got = process_vm_readv(task->tid, &local, 1, &remote, 1, 0);
	} else {
		/* The task is 64-bit, and this process is not. */
		fd = openat(task->dir, "mem", O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			got = pread(fd, data, size, address);
			close(fd);
		}
	}
	return got == (ssize_t)size && still_waiting();
}

static void creates(struct task *task, enum call_op op)
{
	uint64_t flags = 0;

	if (op == OP_CLONE) {
#if defined(__s390__)
		flags = request->data.args[1];
#else
		flags = request->data.args[0];
#endif
	} else if (op == OP_CLONE3 &&
		   !read_memory(task, request->data.args[0], &flags, sizeof(flags))) {
		/* The call will fail, or may have any effect that it can have. */
		flags = CLONE_NEWNET | CLONE_PARENT;
	}
	if (flags & CLONE_NEWNET)
		somebody_moved = true;

	if (!same_position(&task->at, &current)) {
		if (!settle()) {
			complain(task->tid, "cannot create a task: another thread is still creating one, and their network namespaces differ");
			fail(EAGAIN);
			return;
		}
		/* settle() may have found that the task has exited. */
		task = find_task(request->pid);
		if (!task)
			return;
		set_position(&current, &task->at);
		if (n_eras >= 1024)
			prune_eras();
	}
	/* The child is listed by the parent of its creator, or when that exits. */
	if (flags & CLONE_PARENT)
		orphans = true;
	task->creating = true;
	free(task->children.list);
	task->children = (struct numbers){ };
	task->has_list = false;
	/*
	 * A task in vfork() sleeps uninterruptibly until its child exits or executes,
	 * so only the list tells. For others, it is worth its time only if positions
	 * differ, and if the kernel has one.
	 */
	if (op == OP_VFORK || flags & CLONE_VFORK)
		task->has_list = process_of(task) &&
				 !children_of(task->tgid, task->tid, &task->children);
	else if (differ && !(flags & (CLONE_THREAD | CLONE_PARENT)))
		task->has_list = process_of(task) &&
				 !steadily(read_children, task->tgid, task->tid,
					   &task->children);
	if (!task->listed) {
		task->listed = true;
		n_listed++;
	}
	go_on();
}

/* From here on, the library does not replace file descriptors any more. */
static int set_target_again(struct task *task)
{
	struct visit visit = { .place = task->at.place };

	if (note_originals(task))
		return -1;
	visit.generation = generation;
	set_history(&task->at, &visit, 1);
	return 0;
}

/* An exec in a thread other than the leader ends with the number of the leader. */
static void executes(struct task *task)
{
	struct memory *memory;
	struct stat_line line;

	task->powerless = false;
	/* A library in the new image, if there is one, requests memory again. */
	memory = process_of(task) ? find_memory(task->tgid) : NULL;
	if (memory)
		memory->executed = true;
	if (task->slot)
		__atomic_store_n(&task->slot->tid, 0, __ATOMIC_RELEASE);
	leave_slot(task);
	if (task->at.state == AT_TARGET &&
	    task->at.history->list[task->at.history->count - 1].generation == ALL_BEFORE &&
	    set_target_again(task)) {
		complain(task->tid, "exec: failed to record the file descriptors of its namespace: %m");
		fail(EPERM);
		return;
	}
	if (process_of(task) && task->tgid != task->tid &&
	    !read_stat(task->dir, "stat", &line)) {
		task->exec_of = task->tgid;
		task->stack = line.stack;
		n_execs++;
	}
	go_on();
}

/*
 * If a thread has disappeared since its exec, and the process has another stack,
 * that thread continues with the number of the leader, and with its own position.
 */
static void exec_ended(struct task *leader)
{
	struct stat_line line;
	size_t i;

	gather_tasks();
	for (i = 0; i < n_gathered; i++) {
		if (gathered[i]->exec_of != leader->tid || lives(gathered[i]))
			continue;
		if (!read_stat(leader->dir, "stat", &line) &&
		    line.stack != gathered[i]->stack) {
			set_position(&leader->at, &gathered[i]->at);
			leader->check = gathered[i]->check;
			leader->entering = gathered[i]->entering;
			/* Its word was that of the image before. */
			leave_slot(leader);
		}
		forget(gathered[i]);
	}
}

/* -- setns() -------------------------------------------------------------- */

static ino_t user_namespace(struct task *task)
{
	struct stat st;

	return fstatat(task->dir, "ns/user", &st, 0) ? 0 : st.st_ino;
}

/* Checks whether the kernel would let the task enter the place. */
static bool may_enter(struct task *task, int place)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = task->tid,
	};
	struct __user_cap_data_struct data[2];
	ino_t userns;

	if (task->powerless)
		return false;
	if (syscall(SYS_capget, &head, data) ||
	    !(data[0].effective & 1U << CAP_SYS_ADMIN)) {
		/* Without a new image or user namespace, this does not change. */
		task->powerless = !what.keep;
		return false;
	}
	userns = user_namespace(task);
	return userns && (userns == own_userns || userns == places[place]->owner);
}

/* Returns the inode number of the network namespace that setns() is to enter, or 0. */
static ino_t destination(struct task *task, int number, int nstype)
{
	char path[64], text[512];
	struct stat st;
	uint64_t pid;

	snprintf(path, sizeof(path), "fd/%d", number);
	if (fstatat(task->dir, path, &st, 0))
		return 0;
	if (st.st_dev == nsfs_dev)
		return st.st_ino;
	/* A pidfd refers to the namespace of its process. */
	if (nstype != CLONE_NEWNET)
		return 0;
	snprintf(path, sizeof(path), "fdinfo/%d", number);
	if (read_file(task->dir, path, text, sizeof(text)) < 0 ||
	    field(text, "\nPid:", 0, 10, &pid) || (pid_t)pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "%d/ns/net", (pid_t)pid);
	return fstatat(proc, path, &st, 0) ? 0 : st.st_ino;
}

static void really_moves(struct task *task, ino_t ino)
{
	somebody_moved = true;
	task->check = true;
	task->entering = ino;
	write_slot(task);
	go_on();
}

static void give(int fd, int flags)
{
	struct seccomp_notif_addfd add = {
		.id = request->id,
		.srcfd = fd,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.newfd_flags = flags,
	};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 && errno != ENOENT)
		fail(errno);
}

static uint64_t count_filters(struct task *task)
{
	char text[8192];
	uint64_t count;

	if (read_file(task->dir, "status", text, sizeof(text)) < 0 ||
	    field(text, "\nSeccomp_filters:", 0, 10, &count))
		return UINT64_MAX;
	return count;
}

/*
 * Checks whether the library may create sockets itself: not with a helper thread,
 * and not if a filter of the program may kill it for an unknown call.
 */
static bool cacheable(struct task *task)
{
	return way != NSFD_WAY_THREAD && task->at.real == start_ino &&
	       !may_enter(task, 0) && process_of(task) &&
	       count_filters(task) == n_filters;
}

static uint64_t cookie_of(int place)
{
	static const int families[] = { AF_UNIX, AF_NETLINK, AF_INET };
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(families) && !cookie; i++) {
		fd = place_socket(places[place], NULL, families[i],
				  SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
			cookie = 0;
		close(fd);
	}
	return cookie;
}

static int by_place(const void *a, const void *b)
{
	ino_t one = places[*(const int *)a]->ino, two = places[*(const int *)b]->ino;

	return one < two ? -1 : one > two;
}

static int sort_places(void)
{
	int i;

	order = calloc(n_places, sizeof(*order));
	rank = calloc(n_places, sizeof(*rank));
	if (!order || !rank)
		return -1;
	for (i = 0; i < n_places; i++)
		order[i] = i;
	qsort(order, n_places, sizeof(*order), by_place);
	for (i = 0; i < n_places; i++)
		rank[order[i]] = i;
	return 0;
}

static uint64_t start_of(pid_t tgid)
{
	struct stat_line line;
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", tgid);
	return read_stat(proc, path, &line) ? 0 : line.start;
}

static struct memory *add_memory(pid_t tgid)
{
	size_t size = sizeof(struct preload_shared) +
		      n_places * sizeof(struct preload_place);
	struct preload_shared *shared;
	struct memory *memory;
	int i, fd;

	if (!order && sort_places())
		return NULL;
	fd = memfd_create("nsfd-preload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return NULL;
	memory = calloc(1, sizeof(*memory));
	memories = reallocarray(memories, n_memories + 1, sizeof(*memories));
	if (!memory || !memories)
		err(1, NULL);
	/* The process also receives the file, and must not be able to truncate it. */
	shared = MAP_FAILED;
	if (!ftruncate(fd, size) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED) {
		close(fd);
		free(memory);
		return NULL;
	}
	shared->dev = nsfs_dev;
	shared->home = start_ino;
	shared->pid = tgid;
	shared->way = way;
	shared->size = size;
	shared->n_places = n_places;
	for (i = 0; i < n_places; i++) {
		shared->places[i].ino = places[order[i]]->ino;
		shared->places[i].cookie = places[order[i]]->cookie;
		shared->places[i].fd = -1;
	}
	*memory = (struct memory){ .tgid = tgid, .start = start_of(tgid), .fd = fd, .shared = shared,
				   .size = size };
	memories[n_memories++] = memory;
	return memory;
}

static void serve_library(struct task *task, int what_for, int arg)
{
	struct memory *memory;
	int i;

	if (!cacheable(task)) {
		fail(EOPNOTSUPP);
		return;
	}
	memory = find_memory(task->tgid);
	switch (what_for) {
	case PRELOAD_MAP:
		for (i = 0; i < n_places; i++) {
			if (!places[i]->cookie)
				places[i]->cookie = cookie_of(i);
			if (!places[i]->cookie) {
				fail(EOPNOTSUPP);
				return;
			}
		}
		/*
		 * The memory of another image, or of a previous process with this
		 * number.
		 */
		if (memory && (memory->executed || memory->start != start_of(task->tgid))) {
			memory->tgid = 0;
			memory->users++;
			put_memory(memory);
			memory = NULL;
		}
		if (!memory)
			memory = add_memory(task->tgid);
		if (memory)
			give(memory->fd, O_CLOEXEC);
		else
			fail(ENOMEM);
		return;
	case PRELOAD_SLOT:
		if (!memory || arg < 0 || arg >= PRELOAD_SLOTS ||
		    memory->shared->slots[arg].tid != (uint32_t)task->tid) {
			fail(EINVAL);
			return;
		}
		leave_slot(task);
		memory->users++;
		task->memory = memory;
		task->slot = &memory->shared->slots[arg];
		write_slot(task);
		answer(0, 0, 0);
		return;
	case PRELOAD_FD:
	case PRELOAD_FILE:
		if (arg < 0 || arg >= n_places || !order) {
			fail(EINVAL);
			return;
		}
		give(what_for == PRELOAD_FD ? places[order[arg]]->fd :
		     places[order[arg]]->file, O_CLOEXEC);
		return;
	}
}

/* From now on, the library passes each call of this process to the supervisor. */
static void installs_filter(void)
{
	struct task *task = find_task(request->pid);
	struct memory *memory;
	size_t i;

	if (!task)
		task = add_task(request->pid);
	memory = task && process_of(task) ? find_memory(task->tgid) : NULL;
	if (memory && still_waiting()) {
		memory->off = true;
		gather_tasks();
		for (i = 0; i < n_gathered; i++) {
			if (gathered[i]->memory != memory)
				continue;
			read_slot(gathered[i]);
			write_slot(gathered[i]);
		}
	}
	go_on();
}

static void enters(struct task *task)
{
	int number = request->data.args[0], nstype = request->data.args[1];
	int place, means = -1;
	ino_t ino;

	if (number == PRELOAD_MAP || number == PRELOAD_SLOT || number == PRELOAD_FD ||
	    number == PRELOAD_FILE) {
		serve_library(task, number, nstype);
		return;
	}
	if (number < 0 || (nstype && nstype != CLONE_NEWNET)) {
		really_moves(task, 0);
		return;
	}
	ino = destination(task, number, nstype);
	if (!still_waiting())
		return;
	place = ino ? place_find(ino) : -1;
	if (ino && ino == task->at.real) {
		if (task->at.state == AT_TARGET)
			means = meaning(task, number);
		if (means == -2) {
			complain(task->tid, "setns(%d): cannot determine whether the file descriptor was opened before the thread entered '%s'",
				 number, places[task->at.place]->name);
			fail(EPERM);
			return;
		}
		if (means < 0) {
			set_real(&task->at, ino);
			write_slot(task);
			explain(task->tid, "setns(%d): back to the thread's own network namespace", number);
			answer(0, 0, 0);
			return;
		}
		place = means;
	} else if (place < 0 || may_enter(task, place)) {
		really_moves(task, ino);
		return;
	}
	if (set_target(task, place)) {
		complain(task->tid, "setns(%d): failed to record the file descriptors of its namespace: %m", number);
		fail(EPERM);
		return;
	}
	write_slot(task);
	explain(task->tid, "setns(%d): new sockets are created in '%s'", number,
		places[place]->name);
	answer(0, 0, 0);
}

/* -- sockets -------------------------------------------------------------- */

/* Returns the place of the task's sockets, or -1 for its actual namespace. */
static int place_of(struct task *task)
{
	switch (task->at.state) {
	case AT_START:
		return what.base;
	case AT_TARGET:
		return task->at.place;
	default:
		return -1;
	}
}

static bool read_creds(struct task *task, struct creds *creds)
{
	uint64_t uid, gid;
	char text[8192];

	if (read_file(task->dir, "status", text, sizeof(text)) < 0 ||
	    field(text, "\nUid:", 3, 10, &uid) || field(text, "\nGid:", 3, 10, &gid) ||
	    field(text, "\nCapEff:", 0, 16, &creds->effective))
		return false;
	creds->uid = uid;
	creds->gid = gid;
	/* Capabilities in another user namespace do not apply in this one. */
	if (user_namespace(task) != own_userns)
		creds->effective = 0;
	return true;
}

static void creates_socket(struct task *task, int family, int type, int protocol)
{
	struct seccomp_notif_addfd add = {
		.id = request->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0,
	};
	int place = place_of(task), fd;
	struct creds creds;

	if (place < 0) {
		go_on();
		return;
	}
	if (what.keep && !read_creds(task, &creds)) {
		complain(task->tid, "failed to read its credentials");
		fail(EPERM);
		return;
	}
	fd = place_socket(places[place], what.keep ? &creds : NULL, family,
			  type | SOCK_CLOEXEC, protocol);
	if (fd < 0) {
		explain(task->tid, "socket(%d, %d, %d) in '%s': %s", family, type,
			protocol, places[place]->name, strerror(-fd));
		fail(-fd);
		return;
	}
	add.srcfd = fd;
	/* Errors such as EMFILE are those of the task's own file descriptor table. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 && errno != ENOENT)
		fail(errno);
	close(fd);
}

static void multiplexed(struct task *task)
{
	uint32_t args[3];

	if ((int)request->data.args[0] != SYS_SOCKET_CALL || place_of(task) < 0) {
		go_on();
		return;
	}
	if (!read_memory(task, (uint32_t)request->data.args[1], args, sizeof(args))) {
		fail(EFAULT);
		return;
	}
	creates_socket(task, args[0], args[1], args[2]);
}

static void opens_device(struct task *task)
{
	int place = place_of(task);

	if (place < 0) {
		go_on();
		return;
	}
	complain(task->tid, "would create a network device in the original namespace instead of '%s'; use nsfd exec",
		 places[place]->name);
	fail(EPERM);
}

/* -- the loop ------------------------------------------------------------- */

static void serve(void)
{
	const struct seccomp_data *data = &request->data;
	struct task *task;
	enum call_op op;

	memset(request, 0, sizes.seccomp_notif);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, request)) {
		/* ENOENT: the task was killed before its notification was received. */
		if (errno != ENOENT && errno != EINTR)
			err(1, "failed to receive a notification");
		return;
	}
	op = filter_op(data->arch, data->nr);
	if (op == OP_FILTER) {
		installs_filter();
		return;
	}
	task = caller();
	if (!task)
		return;
	switch (op) {
	case OP_SETNS:
		enters(task);
		break;
	case OP_UNSHARE:
		somebody_moved = true;
		task->check = true;
		write_slot(task);
		go_on();
		break;
	case OP_SOCKET:
		creates_socket(task, data->args[0], data->args[1], data->args[2]);
		break;
	case OP_SOCKETCALL:
		multiplexed(task);
		break;
	case OP_CLONE:
	case OP_CLONE3:
	case OP_FORK:
	case OP_VFORK:
		creates(task, op);
		break;
	case OP_EXEC:
		executes(task);
		break;
	case OP_IOCTL:
		opens_device(task);
		break;
	case OP_FILTER:
	case OP_NONE:
		complain(task->tid, "unexpected system call %d of architecture %#x",
			 data->nr, data->arch);
		fail(ENOSYS);
	}
}

/* After the program has terminated, do not keep its terminal or pipe open. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	openlog("nsfd", LOG_PID, LOG_DAEMON);
	on_terminal = false;
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	else
		close(STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

static void first_task(void)
{
	struct task *task;
	struct stat st;

	if (fstatat(proc, "self/ns/user", &st, 0))
		err(1, "failed to identify the user namespace");
	own_userns = st.st_ino;
	current = (struct position){ .state = AT_START, .real = start_ino };
	task = add_task(what.pid);
	if (!task)
		err(1, "failed to inspect process %d in /proc", what.pid);
	n_filters = count_filters(task);
}

static void start_listening(void)
{
	uint64_t flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
	struct seccomp_notif_addfd probe = {
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = listener,
	};
	int self;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		err(1, "cannot supervise: failed to get the sizes of notifications");
	if (sizes.seccomp_notif < sizeof(*request))
		sizes.seccomp_notif = sizeof(*request);
	if (sizes.seccomp_notif_resp < sizeof(*response))
		sizes.seccomp_notif_resp = sizeof(*response);
	request = calloc(1, sizes.seccomp_notif);
	response = calloc(1, sizes.seccomp_notif_resp);
	if (!request || !response)
		err(1, NULL);
	/*
	 * The number 0 is not in use, so this fails with ENOENT unless the flag is
	 * unknown.
	 */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &probe) < 0 && errno != ENOENT)
		err(1, "cannot supervise: Linux 5.14 or later is required");
	self = syscall(SYS_pidfd_open, getpid(), 0);
	have_pidfds = self >= 0 && !syscall(SYS_pidfd_send_signal, self, 0, NULL, 0);
	if (self >= 0)
		close(self);
	/* Since Linux 6.6: the waiting task runs on the CPU of the response. */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
}

void supervise_prepare(const struct supervised *supervised)
{
	struct rlimit limit;
	struct stat st;

	what = *supervised;
	tick = sysconf(_SC_CLK_TCK);
	filter_numbers();
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0 || fstatat(proc, "self/ns/net", &st, 0))
		err(1, "cannot supervise: /proc of this PID namespace is required");
	start_ino = st.st_ino;
	nsfs_dev = st.st_dev;
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	/* Each task requires two. */
	max_dirs = limit.rlim_cur / 4 > 4096 ? 4096 : limit.rlim_cur / 4;
}

void supervise(int fd, int ready_fd)
{
	struct pollfd ready[2] = { { .events = POLLIN }, { .events = POLLIN } };

	listener = fd;
	start_listening();
	first_task();
	if (write(ready_fd, "", 1) != 1)
		exit(1);
	close(ready_fd);
	ready[0].fd = listener;
	ready[1].fd = syscall(SYS_pidfd_open, what.pid, 0);
	for (;;) {
		if (poll(ready, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			err(1, "failed to wait for notifications");
		}
		if (ready[0].revents & POLLIN)
			serve();
		else if (ready[0].revents)
			break;
		if (ready[1].revents) {
			leave_terminal();
			close(ready[1].fd);
			ready[1].fd = -1;
		}
	}
	exit(0);
}
