// SPDX-License-Identifier: GPL-2.0
/*
 * Measure the cost of a socket in another network namespace, and of entering it:
 * socketat(), setns() and the alternatives, call by call.
 *
 * usage: bench [CASE]
 *        bench scale NUMBER
 *        bench throughput
 *        bench visit FILE
 *
 * Prints a line for each case: its name, a tab, and the median of CALLS calls,
 * each timed by the counter of the CPU. In QEMU with -icount shift=0, this counts
 * instructions, and all runs print the same figures. Closing file descriptors and
 * preparing processes is not timed. CASE is a pattern: only the cases with
 * matching names are measured.
 *
 * "scale" measures that many network namespaces, "throughput" several threads: see
 * scale.c. "visit" does what a program under "nsfd run" may do: it creates a
 * socket, and one in the network namespace FILE with setns(), by the functions of
 * the C library.
 *
 * It can be the first process of a guest, which it reboots at the end. Otherwise,
 * it enters new namespaces first, so that the machine is not affected. If not run
 * as root, it creates a user namespace first.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/close_range.h>
#include <linux/if_link.h>
#include <linux/nsfd.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <liburing.h>
#include "bench.h"

#ifndef __NR_socketat
#define __NR_socketat 548
#endif
#ifndef IORING_SOCKET_NETNS
#define IORING_SOCKET_NETNS (1U << 0)
#endif
#ifndef NS_NET_DELEGATE_SOCKETS
#define NS_NET_DELEGATE_SOCKETS _IO(0xb7, 0x20)
#endif

#define NR_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

const struct family families[] = {
	{ "tcp",	AF_INET,	SOCK_STREAM,	0 },
	{ "udp",	AF_INET,	SOCK_DGRAM,	0 },
	{ "unix",	AF_UNIX,	SOCK_STREAM,	0 },
	{ "tcp6",	AF_INET6,	SOCK_STREAM,	0 },
	{ "netlink",	AF_NETLINK,	SOCK_RAW,	NETLINK_ROUTE },
};

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

int own = -1, other = -1;
static int granted = -1;	/* a delegated file descriptor for other */
static int device = -1;		/* of the module, if available */
static int delegated = -1;	/* its delegated file descriptor for other */
static int spare = -1;		/* a low number for start_broker() */
static const char *only;	/* a pattern, NULL for all cases */

static bool wanted(const char *what, const char *which)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", what, which ? "/" : "", which ?: "");
	return !only || !fnmatch(only, name, 0);
}

/* Prints why there is no figure. */
static void missing(const char *what, const char *which)
{
	printf("# %s%s%s: %s\n", what, which ? "/" : "", which ?: "",
	       strerror(errno));
}

static void measure(const char *what, make_socket *make)
{
	const struct family *f;
	uint64_t start;
	int i, fd;

	for (f = families; f < families + NR_ELEMENTS(families); f++) {
		if (!wanted(what, f->name))
			continue;
		fd = make(f);
		if (fd < 0) {
			missing(what, f->name);
			continue;
		}
		close(fd);
		for (i = 0; i < CALLS; i++) {
			start = begin();
			fd = make(f);
			end(i, start);
			close(fd);
		}
		report(what, f->name);
	}
}

static int socketat(int nsfd, const struct family *f)
{
	return syscall(__NR_socketat, nsfd, f->family, f->type, f->protocol);
}

bool have_socketat(void)
{
	return syscall(__NR_socketat, -1, 0, 0, 0) < 0 && errno == EBADF;
}

int make_plain(const struct family *f)
{
	return syscall(__NR_socket, f->family, f->type, f->protocol);
}

int make_at_other(const struct family *f)
{
	return socketat(other, f);
}

static int make_at_own(const struct family *f)
{
	return socketat(own, f);
}

static int make_at_granted(const struct family *f)
{
	return socketat(granted, f);
}

/* By a ring, whose task issues the request as it submits it. */
static struct io_uring ring;

static int by_ring(unsigned int flags, int nsfd, const struct family *f)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int fd;

	io_uring_prep_socket(sqe, f->family, f->type, f->protocol, flags);
	sqe->addr = nsfd;
	fd = io_uring_submit_and_wait(&ring, 1);
	if (fd == 1)
		fd = io_uring_peek_cqe(&ring, &cqe);
	if (!fd) {
		fd = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	return fd;
}

static int make_by_ring(const struct family *f)
{
	return by_ring(0, 0, f);
}

static int make_by_ring_at_other(const struct family *f)
{
	return by_ring(IORING_SOCKET_NETNS, other, f);
}

static int make_by_ring_at_granted(const struct family *f)
{
	return by_ring(IORING_SOCKET_NETNS, granted, f);
}

static void measure_ring(void)
{
	errno = -io_uring_queue_init(1, &ring, 0);
	if (errno) {
		missing("ring", NULL);
		return;
	}
	measure("ring", make_by_ring);
	if (have_socketat()) {
		measure("ring-other", make_by_ring_at_other);
		if (granted >= 0)
			measure("ring-granted", make_by_ring_at_granted);
	}
	io_uring_queue_exit(&ring);
}

static int by_module(int fd, int nsfd, const struct family *f)
{
	struct nsfd_socket arg = {
		.size = sizeof(arg), .nsfd = nsfd, .family = f->family,
		.type = f->type, .protocol = f->protocol,
	};

	/* as for the others: ioctl() of the C library does more than syscall() */
	return syscall(__NR_ioctl, fd, NSFD_SOCKET, &arg);
}

static int make_by_device(const struct family *f)
{
	return by_module(device, other, f);
}

static int make_by_delegated(const struct family *f)
{
	return by_module(delegated, -1, f);
}

static void measure_module(void)
{
	struct nsfd_delegate arg = { .size = sizeof(arg), .nsfd = other };

	device = open("/dev/nsfd", O_RDONLY | O_CLOEXEC);
	if (device < 0)
		return;
	measure("module-device", make_by_device);
	delegated = ioctl(device, NSFD_DELEGATE, &arg);
	if (delegated < 0)
		missing("module-delegated", NULL);
	else
		measure("module-delegated", make_by_delegated);
}

int make_by_dance(const struct family *f)
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
 * A helper thread that stays in the namespace and creates the sockets, with a mutex
 * and a condition variable.
 */
struct desk *desk;

static void pass_turn(struct desk *d, int turn)
{
	d->turn = turn;
	pthread_cond_signal(&d->changed);
}

static void *sit_inside(void *arg)
{
	struct desk *d = arg;

	if (setns(d->nsfd, CLONE_NEWNET))
		err(1, "thread: setns");
	pthread_mutex_lock(&d->lock);
	pass_turn(d, CALLER);
	for (;;) {
		while (d->turn == CALLER)
			pthread_cond_wait(&d->changed, &d->lock);
		if (d->turn == OVER)
			break;
		d->fd = make_plain(d->family);
		pass_turn(d, CALLER);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void wait_for_turn(struct desk *d)
{
	while (d->turn == INSIDE)
		pthread_cond_wait(&d->changed, &d->lock);
}

int make_by_thread(const struct family *f)
{
	int fd;

	pthread_mutex_lock(&desk->lock);
	desk->family = f;
	pass_turn(desk, INSIDE);
	wait_for_turn(desk);
	fd = desk->fd;
	pthread_mutex_unlock(&desk->lock);
	return fd;
}

/* The stack has the minimum size, since there can be a thread for each namespace. */
void start_thread(struct desk *d, int nsfd)
{
	pthread_attr_t attr;

	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->nsfd = nsfd;
	d->turn = INSIDE;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	errno = pthread_create(&d->thread, &attr, sit_inside, d);
	if (errno)
		err(1, "pthread_create");
	pthread_mutex_lock(&d->lock);
	wait_for_turn(d);
	pthread_mutex_unlock(&d->lock);
}

static void stop_thread(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	pass_turn(d, OVER);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
}

static void measure_thread(void)
{
	static struct desk one;

	desk = &one;
	start_thread(desk, other);
	measure("thread", make_by_thread);
	stop_thread(desk);
}

static int send_fd(int to, int fd)
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
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
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

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/*
 * A helper process that stays in the namespace and sends the sockets. It waits in
 * epoll_wait(), as it would with several clients, and only then receives; a
 * blocking recv() on a single socket would be faster, but not realistic. It would
 * check the client's identity once for each connection, so that is not counted.
 */
static void be_broker(int sk)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = sk };
	struct family f;
	int epoll, fd;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, sk, &event))
		_exit(1);
	if (send(sk, "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			_exit(1);
		sk = event.data.fd;
		if (recv(sk, &f, sizeof(f), MSG_DONTWAIT) != sizeof(f))
			_exit(0);
		fd = make_plain(&f);
		if (fd < 0 || send_fd(sk, fd))
			_exit(1);
		close(fd);
	}
}

/*
 * Returns the client's end. The helper process starts with the file descriptors of
 * its parent, and continues with a small table of its own, so that it does not pay
 * for a copy of thousands of file descriptors.
 */
int start_broker(int nsfd)
{
	int pair[2];
	char byte;
	long pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		err(1, "socketpair");
	pid = syscall(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		err(1, "clone");
	if (!pid) {
		if (setns(nsfd, CLONE_NEWNET) || dup2(pair[1], spare) < 0 ||
		    syscall(__NR_close_range, spare + 1, ~0U, CLOSE_RANGE_UNSHARE))
			_exit(1);
		be_broker(spare);
	}
	if (recv(pair[0], &byte, 1, 0) != 1)
		errx(1, "no broker");
	dup2(STDIN_FILENO, spare);
	close(pair[1]);
	return pair[0];
}

int broker;

int make_by_broker(const struct family *f)
{
	if (send(broker, f, sizeof(*f), MSG_NOSIGNAL) != sizeof(*f))
		return -1;
	return receive_fd(broker);
}

static void measure_broker(void)
{
	broker = start_broker(other);
	measure("broker", make_by_broker);
	close(broker);
	wait(NULL);
}

/* A new process for each socket. */
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
		_exit(send_fd(pair[1], make_plain(f)) ? 1 : 0);
	}
	close(pair[1]);
	fd = receive_fd(pair[0]);
	waitpid(pid, NULL, 0);
	close(pair[0]);
	return fd;
}

static int open_ns(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * A process in new namespaces of the types in @flags, which exits when @hold is
 * closed. It is forked, because new PID and time namespaces apply to children only.
 */
static pid_t start_holder(int flags, int *hold)
{
	int ready[2], stay[2];
	pid_t pid = -1;
	char byte;

	if (pipe2(ready, O_CLOEXEC) || pipe2(stay, O_CLOEXEC))
		err(1, "pipe");
	if (!fork()) {
		close(stay[1]);
		if (unshare(flags))
			_exit(1);
		pid = fork();
		if (!pid)
			_exit(read(stay[0], &byte, 1));
		if (write(ready[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		wait(NULL);
		_exit(0);
	}
	close(stay[0]);
	close(ready[1]);
	*hold = stay[1];
	if (read(ready[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = -1;
	close(ready[0]);
	return pid;
}

static void stop_holder(int hold)
{
	close(hold);
	wait(NULL);
}

/*
 * setns(fd, flag) in a new process for each call, because some namespaces cannot be
 * left again. It shares its nsproxy with its parent, unless it creates a namespace,
 * which a file descriptor pins: freeing it is not part of the call.
 */
static void measure_setns(const char *what, const char *which, int fd, int flag,
			  bool shared)
{
	int i, status = 0;
	uint64_t start;
	pid_t pid;

	if (!wanted(what, which))
		return;
	for (i = 0; i < CALLS; i++) {
		pid = fork();
		if (!pid) {
			if (!shared && (unshare(CLONE_NEWUTS) ||
					open_ns(getpid(), "uts") < 0))
				_exit(errno);
			/* pages that the process has not accessed before */
			end(i, 0);
			syscall(__NR_setns, -1, 0);
			start = begin();
			if (syscall(__NR_setns, fd, flag))
				_exit(errno);
			end(i, start);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if (status) {
			errno = WEXITSTATUS(status);
			missing(what, which);
			return;
		}
	}
	report(what, which);
}

static void measure_all_setns(void)
{
	int all = 0, first_hold, hold, pidfd, fd;
	const struct ns_type *t;
	pid_t first, pid;

	for (t = types; t < types + NR_ELEMENTS(types); t++) {
		fd = open_ns(getpid(), t->name);
		if (fd < 0) {
			missing("setns", t->name);
			continue;
		}
		close(fd);
		all |= t->flag;
	}
	/*
	 * The namespaces of the first process belong to the caller's user
	 * namespace, as those of "ip netns add" do; those of the second one to a
	 * new user namespace.
	 */
	first = start_holder(all & ~CLONE_NEWUSER, &first_hold);
	pid = start_holder(all, &hold);
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	if (first < 0 || pidfd < 0) {
		missing("setns", "pidfd");
		return;
	}

	for (t = types; t < types + NR_ELEMENTS(types); t++) {
		if (!(all & t->flag))
			continue;
		fd = open_ns(t->flag == CLONE_NEWUSER ? pid : first, t->name);
		measure_setns("setns", t->name, fd, t->flag, false);
		measure_setns("setns-shared", t->name, fd, t->flag, true);
		close(fd);
	}
	fd = open_ns(pid, "net");
	measure_setns("setns-other-owner", "net", fd, CLONE_NEWNET, false);
	close(fd);
	measure_setns("setns-pidfd", "net", pidfd, CLONE_NEWNET, false);
	measure_setns("setns-pidfd", "all", pidfd, all, false);
	measure_setns("setns-pidfd-shared", "net", pidfd, CLONE_NEWNET, true);
	measure_setns("setns-pidfd-shared", "all", pidfd, all, true);
	close(pidfd);
	stop_holder(hold);
	stop_holder(first_hold);
}

static void measure_open(const char *what, const char *path)
{
	uint64_t start;
	int i, fd;

	if (!wanted(what, NULL))
		return;
	for (i = 0; i < CALLS; i++) {
		start = begin();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		end(i, start);
		if (fd < 0) {
			missing(what, NULL);
			return;
		}
		close(fd);
	}
	report(what, NULL);
}

static struct rtattr *add(struct nlmsghdr *h, int type, const void *data, int len)
{
	struct rtattr *a = (struct rtattr *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

/*
 * Sends one RTM_NEWLINK: moves the device @ifindex to the namespace @nsfd, or
 * creates a dummy device with the name @name. Returns the kernel's response.
 */
static int newlink(int sk, int ifindex, int nsfd, const char *name)
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
				       (name ? NLM_F_CREATE : 0),
		},
		.info = { .ifi_index = ifindex },
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[256];
	} answer;
	struct rtattr *info, *kind;

	if (name) {
		add(&m.h, IFLA_IFNAME, name, strlen(name) + 1);
		info = add(&m.h, IFLA_LINKINFO, "", 0);
		kind = add(&m.h, IFLA_INFO_KIND, "dummy", sizeof("dummy"));
		info->rta_len += RTA_ALIGN(kind->rta_len);
	} else {
		add(&m.h, IFLA_NET_NS_FD, &nsfd, sizeof(nsfd));
	}
	if (send(sk, &m, m.h.nlmsg_len, 0) < 0 ||
	    recv(sk, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.e.error;
}

/* Moves a device there and back, and times only the first move. */
static void measure_newlink(void)
{
	const struct family netlink = {
		"netlink", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE
	};
	int here, there, i, ifindex, error;
	uint64_t start;

	if (!wanted("newlink-by-fd", NULL))
		return;
	here = make_plain(&netlink);
	there = make_by_dance(&netlink);
	error = newlink(here, 0, -1, "bench0");
	ifindex = if_nametoindex("bench0");
	for (i = 0; i < CALLS && !error; i++) {
		start = begin();
		error = newlink(here, ifindex, other, NULL);
		end(i, start);
		error = error ?: newlink(there, ifindex, own, NULL);
	}
	close(here);
	close(there);
	if (error) {
		errno = -error;
		missing("newlink-by-fd", NULL);
		return;
	}
	report("newlink-by-fd", NULL);
}

static void measure_floor(void)
{
	uint64_t start;
	int i;

	if (!wanted("getppid", NULL))
		return;
	for (i = 0; i < CALLS; i++) {
		start = begin();
		syscall(__NR_getppid);
		end(i, start);
	}
	report("getppid", NULL);
}

/* Creates a network namespace that only the file descriptor pins. */
int new_netns(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	fd = open_ns(getpid(), "net");
	if (fd < 0 || setns(own, CLONE_NEWNET))
		err(1, "network namespace");
	return fd;
}

static void in_child(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid) {
		run();
		exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* An ordinary user in a new user namespace. */
static void in_userns(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		missing("userns", NULL);
		return;
	}
	own = open_ns(getpid(), "net");
	other = new_netns();
	if (have_socketat())
		measure("socketat-userns", make_at_other);
	measure("dance-userns", make_by_dance);
}

static void as_nobody(void)
{
	pid_t pid;
	int hold;

	if (geteuid() == 0 &&
	    (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))) {
		missing("nobody", NULL);
		return;
	}
	prctl(PR_SET_DUMPABLE, 1);	/* /proc/self is accessible again */
	measure("socket-nobody", make_plain);
	measure_open("open-proc-ns-nobody", "/proc/self/ns/net");
	measure_open("open-bind-mount-nobody", "/tmp/net");
	if (have_socketat()) {
		measure("socketat-own-nobody", make_at_own);
		if (granted >= 0)
			measure("socketat-granted-nobody", make_at_granted);
		/* the owner of a user namespace, in its parent */
		pid = start_holder(CLONE_NEWUSER | CLONE_NEWNET, &hold);
		other = open_ns(pid, "net");
		if (other >= 0)
			measure("socketat-owner-nobody", make_at_other);
		stop_holder(hold);
	}
	if (delegated >= 0)
		measure("module-delegated-nobody", make_by_delegated);
	in_child(in_userns);
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
	} else {
		printf("# no socketat in this kernel\n");
	}
	measure_module();
	measure_ring();
	measure("dance", make_by_dance);
	measure_thread();
	measure_broker();
	measure("process", make_by_process);
	measure_open("open-proc-ns", "/proc/self/ns/net");
	if (close(open("/tmp/net", O_CREAT | O_RDONLY | O_CLOEXEC, 0600)) ||
	    mount("/proc/self/ns/net", "/tmp/net", "", MS_BIND, NULL))
		missing("open-bind-mount", NULL);
	else
		measure_open("open-bind-mount", "/tmp/net");
	in_child(as_nobody);
	measure_newlink();
	measure_all_setns();
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Enters new namespaces, so that the machine is not affected. */
static void go_private(void)
{
	int uid = geteuid(), gid = getegid();
	char map[32];

	if (unshare((uid ? CLONE_NEWUSER : 0) | CLONE_NEWNS | CLONE_NEWNET))
		err(1, uid ? "no user namespace, and not root" : "unshare");
	if (uid) {
		write_to("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %d 1", uid);
		write_to("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %d 1", gid);
		write_to("/proc/self/gid_map", map);
	}
	if (mount("", "/", "", MS_REC | MS_PRIVATE, NULL))
		err(1, "/");
}

/*
 * The time until the console of a guest accepts a line depends on the host. So the
 * output is kept, and printed at the end.
 */
static int keep_output(void)
{
	int console = dup(STDOUT_FILENO);
	int log = open("/tmp/log", O_RDWR | O_CREAT | O_APPEND, 0600);

	if (console < 0 || log < 0 || dup2(log, STDOUT_FILENO) < 0)
		err(1, "/tmp/log");
	close(log);
	return console;
}

static void show_output(int console)
{
	char buffer[4096];
	ssize_t size;
	off_t at = 0;

	fflush(stdout);
	while ((size = pread(STDOUT_FILENO, buffer, sizeof(buffer), at)) > 0) {
		size = write(console, buffer, size);
		if (size <= 0)
			break;
		at += size;
	}
}

static int make_by_library(const struct family *f)
{
	return socket(f->family, f->type, f->protocol);
}

static int make_by_visit(const struct family *f)
{
	int fd;

	if (setns(other, CLONE_NEWNET))
		return -1;
	fd = socket(f->family, f->type, f->protocol);
	if (setns(own, CLONE_NEWNET))
		abort();
	return fd;
}

static void run_visit(const char *path)
{
	init_clock();
	own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	other = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0 || other < 0)
		err(1, "%s", own < 0 ? "/proc/thread-self/ns/net" : path);
	only = "*/udp";
	measure("socket", make_by_library);
	if (have_socketat())
		measure("socketat", make_at_other);
	measure("visit", make_by_visit);
}

int main(int argc, char **argv)
{
	bool guest = getpid() == 1;
	struct utsname uts;
	int console = -1;
	const char *unit;

	setlinebuf(stdout);	/* children print, too */
	if (argc == 3 && !strcmp(argv[1], "visit")) {
		run_visit(argv[2]);
		return 0;
	}
	if (guest) {
		mkdir("/proc", 0755);
		mkdir("/tmp", 01777);
		mount("proc", "/proc", "proc", 0, NULL);
	} else {
		go_private();
	}
	if (mount("tmpfs", "/tmp", "tmpfs", 0, NULL))
		err(1, "/tmp");
	if (guest)
		console = keep_output();
	unit = init_clock();
	own = open_ns(getpid(), "net");
	spare = dup(STDIN_FILENO);
	if (own < 0 || spare < 0)
		err(1, "/proc/self/ns/net");
	uname(&uts);
	printf("# Linux %s %s, %s\n", uts.release, uts.machine, unit);

	if (argc == 3 && !strcmp(argv[1], "scale")) {
		run_scale(atoi(argv[2]));
	} else if (argc == 2 && !strcmp(argv[1], "throughput")) {
		run_throughput();
	} else {
		only = argv[1];
		bench();
	}

	printf("# done\n");
	if (guest) {
		show_output(console);
		tcdrain(console);
		reboot(RB_AUTOBOOT);
	}
	return 0;
}
