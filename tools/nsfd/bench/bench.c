// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket in another network namespace costs, and what it costs to go
 * there: socketat(), setns() and the ways around them, call by call.
 *
 * Prints one line for each case: its name, a tab, and the median of CALLS
 * calls, each timed alone by the time-stamp counter. In QEMU with
 * -icount shift=0 that counts instructions, and a second run prints the same
 * digits. Descriptors are closed, and processes are made ready, outside the
 * part that is timed.
 *
 * As the first process of a guest it mounts what it needs and reboots in the
 * end. "bench scale N" makes N network namespaces and prints what they cost.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __NR_socketat
#define __NR_socketat 548
#endif
#ifndef NS_NET_DELEGATE_SOCKETS
#define NS_NET_DELEGATE_SOCKETS _IO(0xb7, 0x20)
#endif

#define CALLS 2001

struct family {
	const char *name;
	int family;
	int type;
	int protocol;
};

static const struct family families[] = {
	{ "tcp",	AF_INET,	SOCK_STREAM,	0 },
	{ "udp",	AF_INET,	SOCK_DGRAM,	0 },
	{ "unix",	AF_UNIX,	SOCK_STREAM,	0 },
	{ "tcp6",	AF_INET6,	SOCK_STREAM,	0 },
	{ "netlink",	AF_NETLINK,	SOCK_RAW,	NETLINK_ROUTE },
};

#define NR_FAMILIES (sizeof(families) / sizeof(families[0]))

static const struct ns_type {
	const char *name;
	int flag;
} types[] = {
	{ "user",	CLONE_NEWUSER },
	{ "mnt",	CLONE_NEWNS },
	{ "uts",	CLONE_NEWUTS },
	{ "ipc",	CLONE_NEWIPC },
	{ "pid",	CLONE_NEWPID },
	{ "cgroup",	CLONE_NEWCGROUP },
	{ "net",	CLONE_NEWNET },
	{ "time",	CLONE_NEWTIME },
};

#define NR_TYPES (sizeof(types) / sizeof(types[0]))

static int own = -1, other = -1;	/* network namespaces */
static uint64_t *samples;		/* shared with children */

static inline uint64_t ticks(void)
{
#ifdef __x86_64__
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
#endif
}

static int socketat(int nsfd, const struct family *f)
{
	return syscall(__NR_socketat, nsfd, f->family, f->type, f->protocol);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *what, const char *which, uint64_t value)
{
	printf("%s%s%s\t%llu\n", what, which ? "/" : "", which ?: "",
	       (unsigned long long)value);
	fflush(stdout);
}

static void report(const char *what, const char *which)
{
	qsort(samples, CALLS, sizeof(*samples), compare);
	print(what, which, samples[CALLS / 2]);
}

/* One call of a way to get a socket, and the cost of CALLS of them. */
typedef int make_socket(const struct family *f);

static void measure(const char *what, make_socket *make)
{
	const struct family *f;
	uint64_t start;
	int i, fd;

	for (f = families; f < families + NR_FAMILIES; f++) {
		fd = make(f);
		if (fd < 0) {
			fprintf(stderr, "%s/%s: %s\n", what, f->name,
				strerror(errno));
			continue;
		}
		close(fd);
		for (i = 0; i < CALLS; i++) {
			start = ticks();
			fd = make(f);
			samples[i] = ticks() - start;
			close(fd);
		}
		report(what, f->name);
	}
}

static int make_plain(const struct family *f)
{
	return syscall(__NR_socket, f->family, f->type, f->protocol);
}

static int make_at_other(const struct family *f)
{
	return socketat(other, f);
}

static int make_at_own(const struct family *f)
{
	return socketat(own, f);
}

static int granted;

static int make_at_granted(const struct family *f)
{
	return socketat(granted, f);
}

static int make_by_dance(const struct family *f)
{
	int fd;

	if (syscall(__NR_setns, other, CLONE_NEWNET))
		return -1;
	fd = syscall(__NR_socket, f->family, f->type, f->protocol);
	if (syscall(__NR_setns, own, CLONE_NEWNET))
		abort();
	return fd;
}

/*
 * A thread that stays in the namespace and makes the sockets for others, by a
 * mutex and a condition variable.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { CALLER, INSIDE, OVER } turn;
	const struct family *family;
	int fd;
} desk = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void pass_turn(int turn)
{
	desk.turn = turn;
	pthread_cond_signal(&desk.changed);
}

static void *sit_inside(void *unused)
{
	(void)unused;
	if (setns(other, CLONE_NEWNET))
		err(1, "thread: setns");
	pthread_mutex_lock(&desk.lock);
	for (;;) {
		while (desk.turn == CALLER)
			pthread_cond_wait(&desk.changed, &desk.lock);
		if (desk.turn == OVER)
			break;
		desk.fd = make_plain(desk.family);
		pass_turn(CALLER);
	}
	pthread_mutex_unlock(&desk.lock);
	return NULL;
}

static int make_by_thread(const struct family *f)
{
	int fd;

	pthread_mutex_lock(&desk.lock);
	desk.family = f;
	pass_turn(INSIDE);
	while (desk.turn == INSIDE)
		pthread_cond_wait(&desk.changed, &desk.lock);
	fd = desk.fd;
	pthread_mutex_unlock(&desk.lock);
	return fd;
}

static void measure_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sit_inside, NULL))
		errx(1, "pthread_create");
	measure("thread", make_by_thread);
	pthread_mutex_lock(&desk.lock);
	pass_turn(OVER);
	pthread_mutex_unlock(&desk.lock);
	pthread_join(thread, NULL);
}

static void send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	if (sendmsg(to, &msg, 0) != 1)
		_exit(1);
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(from, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

static int broker[2];

static int make_by_broker(const struct family *f)
{
	if (send(broker[0], f, sizeof(*f), 0) != sizeof(*f))
		return -1;
	return receive_fd(broker[0]);
}

static void measure_broker(void)
{
	struct family f;
	pid_t pid;
	int fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, broker))
		err(1, "socketpair");
	pid = fork();
	if (!pid) {
		close(broker[0]);
		if (setns(other, CLONE_NEWNET))
			_exit(1);
		while (recv(broker[1], &f, sizeof(f), 0) == sizeof(f)) {
			fd = make_plain(&f);
			send_fd(broker[1], fd);
			close(fd);
		}
		_exit(0);
	}
	close(broker[1]);
	measure("broker", make_by_broker);
	close(broker[0]);
	waitpid(pid, NULL, 0);
}

/* A process for each socket. */
static int make_by_process(const struct family *f)
{
	int pair[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	pid = fork();
	if (!pid) {
		if (setns(other, CLONE_NEWNET))
			_exit(1);
		send_fd(pair[1], make_plain(f));
		_exit(0);
	}
	fd = receive_fd(pair[0]);
	waitpid(pid, NULL, 0);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static int open_ns(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * setns(fd, flag) by a new process for each call: some namespaces can't be
 * left again. It shares its nsproxy with this one, its parent, unless it makes
 * a namespace that has nothing to do with the call.
 */
static void measure_setns(const char *what, const char *which, int fd, int flag,
			  bool shared)
{
	uint64_t start;
	pid_t pid;
	int i;

	for (i = 0; i < CALLS; i++) {
		samples[i] = 0;
		pid = fork();
		if (!pid) {
			if (!shared && unshare(flag & CLONE_NEWUTS ?
					       CLONE_NEWIPC : CLONE_NEWUTS))
				_exit(1);
			/* touch what the call and the clock touch */
			samples[i] = ticks();
			syscall(__NR_setns, -1, 0);
			start = ticks();
			if (syscall(__NR_setns, fd, flag))
				_exit(1);
			samples[i] = ticks() - start;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (!samples[i]) {
			fprintf(stderr, "%s/%s: failed\n", what, which);
			return;
		}
	}
	report(what, which);
}

static void measure_all_setns(void)
{
	int fds[NR_TYPES], ready[2], hold[2], all = 0, pidfd;
	char byte;
	pid_t pid;
	size_t i;

	for (i = 0; i < NR_TYPES; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", types[i].name);
		if (!access(path, F_OK))
			all |= types[i].flag;
	}

	/* A process that is in a new namespace of each type. */
	if (pipe(ready) || pipe(hold))
		err(1, "pipe");
	pid = fork();
	if (!pid) {
		close(hold[1]);
		if (unshare(all))
			err(1, "unshare");
		/* the pid and the time namespace are for the children */
		if (!fork()) {
			if (write(ready[1], "", 1) != 1 || read(hold[0], &byte, 1))
				_exit(1);
			_exit(0);
		}
		close(ready[1]);
		wait(NULL);
		_exit(0);
	}
	close(hold[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "no namespaces");
	{
		char path[64], line[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
		f = fopen(path, "r");
		if (f && fgets(line, sizeof(line), f))
			pid = atoi(line);
		else
			pid++;	/* the next one, if nobody else forks */
		if (f)
			fclose(f);
	}
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	if (pidfd < 0)
		err(1, "pidfd_open");

	for (i = 0; i < NR_TYPES; i++) {
		fds[i] = open_ns(pid, types[i].name);
		if (fds[i] < 0)
			continue;
		measure_setns("setns", types[i].name, fds[i], types[i].flag, false);
		measure_setns("setns-shared", types[i].name, fds[i],
			      types[i].flag, true);
		close(fds[i]);
	}
	measure_setns("setns-pidfd", "net", pidfd, CLONE_NEWNET, false);
	measure_setns("setns-pidfd", "all", pidfd, all, false);
	measure_setns("setns-pidfd-shared", "net", pidfd, CLONE_NEWNET, true);
	measure_setns("setns-pidfd-shared", "all", pidfd, all, true);
	close(pidfd);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
}

static void measure_open(const char *what, const char *path)
{
	uint64_t start;
	int i, fd;

	close(open(path, O_RDONLY));
	for (i = 0; i < CALLS; i++) {
		start = ticks();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		samples[i] = ticks() - start;
		if (fd < 0) {
			fprintf(stderr, "%s: %s\n", what, strerror(errno));
			return;
		}
		close(fd);
	}
	report(what, NULL);
}

/* One rtnetlink request about a link, with a name and a descriptor or kind. */
static int link_request(int sk, int ifindex, const char *name, int nsfd,
			const char *kind)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg info;
		char attrs[128];
	} m = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       (kind ? NLM_F_CREATE : 0),
		},
		.info = { .ifi_index = ifindex },
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[256];
	} answer;
	struct rtattr *a, *info;

#define ATTR(_type, _data, _len) do {						\
	a = (struct rtattr *)((char *)&m + NLMSG_ALIGN(m.h.nlmsg_len));		\
	a->rta_type = _type;							\
	a->rta_len = RTA_LENGTH(_len);						\
	memcpy(RTA_DATA(a), _data, _len);					\
	m.h.nlmsg_len = NLMSG_ALIGN(m.h.nlmsg_len) + RTA_ALIGN(a->rta_len);	\
} while (0)
	if (name)
		ATTR(IFLA_IFNAME, name, strlen(name) + 1);
	if (nsfd >= 0)
		ATTR(IFLA_NET_NS_FD, &nsfd, sizeof(nsfd));
	if (kind) {
		ATTR(IFLA_LINKINFO, "", 0);
		info = a;
		ATTR(IFLA_INFO_KIND, kind, strlen(kind) + 1);
		info->rta_len += RTA_ALIGN(a->rta_len);
	}
#undef ATTR
	if (send(sk, &m, m.h.nlmsg_len, 0) < 0 ||
	    recv(sk, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.e.error;
}

/* A device goes there and back, and only the way there is timed. */
static void measure_newlink(void)
{
	static const struct family netlink = {
		NULL, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE
	};
	int here, there, i, ifindex, error;
	struct ifreq ifr = { .ifr_name = "bench0" };
	uint64_t start;

	here = make_plain(&netlink);
	if (setns(other, CLONE_NEWNET))
		err(1, "setns");
	there = make_plain(&netlink);
	setns(own, CLONE_NEWNET);
	error = link_request(here, 0, "bench0", -1, "dummy");
	ifindex = socket(AF_INET, SOCK_DGRAM, 0);
	if (error || ioctl(ifindex, SIOCGIFINDEX, &ifr)) {
		fprintf(stderr, "newlink: no dummy device: %d\n", error);
		return;
	}
	close(ifindex);
	ifindex = ifr.ifr_ifindex;
	for (i = 0; i < CALLS; i++) {
		start = ticks();
		error = link_request(here, ifindex, NULL, other, NULL);
		samples[i] = ticks() - start;
		error = error ?: link_request(there, ifindex, NULL, own, NULL);
		if (error) {
			fprintf(stderr, "newlink: %s\n", strerror(-error));
			return;
		}
	}
	report("newlink-by-fd", NULL);
}

static void measure_floor(void)
{
	uint64_t start;
	int i;

	for (i = 0; i < CALLS; i++) {
		start = ticks();
		syscall(__NR_getppid);
		samples[i] = ticks() - start;
	}
	report("getppid", NULL);
}

static bool have_socketat(void)
{
	return syscall(__NR_socketat, -1, 0, 0, 0) < 0 && errno == EBADF;
}

static void as_nobody(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			err(1, "setresuid");
		run();
		exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void nobody(void)
{
	measure("socket-nobody", make_plain);
	if (!have_socketat())
		return;
	measure("socketat-own-nobody", make_at_own);
	if (granted >= 0)
		measure("socketat-granted-nobody", make_at_granted);
}

/* A network namespace that is kept by the descriptor alone. */
static int new_netns(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(own, CLONE_NEWNET))
		err(1, "netns");
	return fd;
}

static void bench(void)
{
	other = new_netns();
	measure_floor();
	measure("socket", make_plain);
	granted = ioctl(other, NS_NET_DELEGATE_SOCKETS, 0);
	if (have_socketat()) {
		measure("socketat-other", make_at_other);
		measure("socketat-own", make_at_own);
		if (granted >= 0)
			measure("socketat-granted", make_at_granted);
	}
	measure("dance", make_by_dance);
	measure_thread();
	measure_broker();
	measure("process", make_by_process);
	as_nobody(nobody);
	measure_open("open-proc-ns", "/proc/self/ns/net");
	if (!mount("", "/", "", MS_REC | MS_PRIVATE, NULL) &&
	    close(open("/tmp/net", O_CREAT | O_RDONLY, 0600)) == 0 &&
	    !mount("/proc/self/ns/net", "/tmp/net", "", MS_BIND, NULL)) {
		measure_open("open-bind-mount", "/tmp/net");
		umount2("/tmp/net", MNT_DETACH);
	}
	measure_newlink();
	measure_all_setns();
}

static long memory(const char *path, const char *name)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = atol(line + strlen(name));
	if (f)
		fclose(f);
	return kb;
}

/* What is not free, less what the page cache could give back. */
static long used_kb(void)
{
	return memory("/proc/meminfo", "MemTotal:") -
	       memory("/proc/meminfo", "MemFree:") -
	       memory("/proc/meminfo", "Cached:");
}

static int hold[2];

static void *stay(void *nsfd)
{
	char byte;

	if (setns((int)(long)nsfd, CLONE_NEWNET))
		err(1, "setns");
	return read(hold[0], &byte, 1) < 0 ? NULL : NULL;
}

/*
 * N namespaces: instructions of a call in each of them in turn, and the memory
 * of descriptors alone, of a thread in each, of a process in each.
 */
static void scale(int n)
{
	const struct family *udp = &families[1];
	struct rlimit limit = { n + 100, n + 100 };
	long base, with_ns;
	uint64_t start;
	pthread_attr_t attr;
	pthread_t *threads;
	pid_t *pids;
	int *fds, i, fd;
	char byte;

	setrlimit(RLIMIT_NOFILE, &limit);
	fds = calloc(n, sizeof(*fds));
	threads = calloc(n, sizeof(*threads));
	pids = calloc(n, sizeof(*pids));
	if (!fds || !threads || !pids || pipe(hold))
		err(1, "scale");
	for (i = 0; i < n; i++)
		fds[i] = new_netns();
	if (have_socketat()) {
		for (i = 0; i < CALLS; i++) {
			start = ticks();
			fd = socketat(fds[i % n], udp);
			samples[i] = ticks() - start;
			close(fd);
		}
		report("scale-socketat", NULL);
	}
	for (i = 0; i < CALLS; i++) {
		other = fds[i % n];
		start = ticks();
		fd = make_by_dance(udp);
		samples[i] = ticks() - start;
		close(fd);
	}
	report("scale-dance", NULL);

	/* The descriptors are there in all three cases: what comes on top? */
	base = used_kb();
	with_ns = memory("/proc/self/status", "VmRSS:");
	print("scale-descriptors-rss-kb", NULL, with_ns);

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], &attr, stay, (void *)(long)fds[i]))
			err(1, "thread %d", i);
	usleep(200000);
	print("scale-threads-kb", NULL, used_kb() - base);
	for (i = 0; i < n; i++)
		if (write(hold[1], "", 1) != 1)
			err(1, "write");
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	usleep(200000);

	base = used_kb();
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			err(1, "process %d", i);
		if (!pids[i]) {
			if (setns(fds[i], CLONE_NEWNET) || read(hold[0], &byte, 1) < 0)
				_exit(1);
			_exit(0);
		}
	}
	usleep(200000);
	print("scale-processes-kb", NULL, used_kb() - base);
	for (i = 0; i < n; i++)
		if (write(hold[1], "", 1) != 1)
			err(1, "write");
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv)
{
	bool guest = getpid() == 1;
	struct utsname uts;

	if (guest) {
		mkdir("/proc", 0755);
		mkdir("/tmp", 01777);
		mount("proc", "/proc", "proc", 0, NULL);
		mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	}
	samples = mmap(NULL, CALLS * sizeof(*samples), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (samples == MAP_FAILED || own < 0)
		err(1, "/proc/self/ns/net");
	memset(samples, 1, CALLS * sizeof(*samples));
	uname(&uts);
	printf("# Linux %s\n", uts.release);

	if (argc > 2 && !strcmp(argv[1], "scale"))
		scale(atoi(argv[2]));
	else
		bench();

	fflush(stdout);
	if (guest)
		reboot(RB_AUTOBOOT);
	return 0;
}
