// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the network namespaces that its sockets are in: "blue", "far", "home",
 * or the error. Each mode creates sockets the way some programs do.
 *
 * usage: probe [MODE [ARG]]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self;

/* An address that exists in one namespace only can be bound only there. */
static void print_place(int fd)
{
	static const struct {
		const char *name, *address;
	} known[] = {
		{ "blue", "10.8.0.1" },
		{ "far", "10.9.0.1" },
	};
	struct sockaddr_in addr = { .sin_family = AF_INET };
	size_t i;

	if (fd < 0) {
		puts(strerror(errno));
		return;
	}
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		inet_pton(AF_INET, known[i].address, &addr.sin_addr);
		if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
			break;
	}
	puts(i < sizeof(known) / sizeof(known[0]) ? known[i].name : "home");
	close(fd);
}

static void print_new(void)
{
	print_place(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int open_named(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int open_own(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "/proc/self/ns/net");
	return fd;
}

static void enter(int fd)
{
	if (setns(fd, CLONE_NEWNET))
		err(1, "setns");
}

static void *thread(void *unused)
{
	print_new();
	return unused;
}

static void wait_child(pid_t pid)
{
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		err(1, "child");
}

static void child(const char *how)
{
	char *argv[] = { (char *)self, NULL };
	pid_t pid = -1;

	if (!strcmp(how, "posix_spawn")) {
		errno = posix_spawn(&pid, self, NULL, NULL, argv, environ);
	} else if (!strcmp(how, "system")) {
		if (system(self))
			err(1, "system");
		return;
	} else {
		pid = fork();
		if (!pid) {
			execv(self, argv);
			_exit(127);
		}
	}
	wait_child(pid);
}

/* The number is above that of the last call of Linux 5.14. */
static void filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 470, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		err(1, "seccomp");
}

#ifdef __x86_64__
static int call_i386(int nr, long a, long b, long c)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c)
		     : "memory", "r8", "r9", "r10", "r11");
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* The two calls by which an i386 program creates sockets. */
static void print_i386(void)
{
	__u32 *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		err(1, "mmap");
	args[0] = AF_INET;
	args[1] = SOCK_DGRAM;
	args[2] = 0;
	print_place(call_i386(359 /* socket */, AF_INET, SOCK_DGRAM, 0));
	print_place(call_i386(102 /* socketcall */, 1 /* SYS_SOCKET */, (long)args, 0));
}

static void print_x32(void)
{
	print_place(syscall(SYS_socket | 0x40000000, AF_INET, SOCK_DGRAM, 0));
}
#else
static void print_i386(void)
{
	errx(1, "not for x86-64");
}

static void print_x32(void)
{
	print_i386();
}
#endif

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "plain";
	int home = open_own(), saved, i;
	char *none[] = { "true", NULL };
	pthread_t other;
	pid_t pid;

	self = argv[0];
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(mode, "plain")) {
		print_new();
	} else if (!strcmp(mode, "raw")) {
		if (syscall(SYS_setns, open_named(argv[2]), CLONE_NEWNET))
			err(1, "setns");
		print_place(syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0));
		if (syscall(SYS_setns, home, CLONE_NEWNET))
			err(1, "setns");
		print_place(syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0));
	} else if (!strcmp(mode, "child")) {
		enter(open_named("far"));
		child(argv[2]);
		child(argv[2]);
	} else if (!strcmp(mode, "vfork")) {
		enter(open_named("far"));
		pid = vfork();
		if (!pid) {
			execv("/bin/true", none);
			_exit(127);
		}
		wait_child(pid);
		print_new();
	} else if (!strcmp(mode, "thread")) {
		enter(open_named("far"));
		if (pthread_create(&other, NULL, thread, NULL) ||
		    pthread_join(other, NULL))
			errx(1, "thread");
	} else if (!strcmp(mode, "nested")) {
		enter(open_named("blue"));
		saved = open_own();
		enter(open_named("far"));
		print_new();
		enter(saved);
		print_new();
		enter(home);
		print_new();
	} else if (!strcmp(mode, "again")) {
		for (i = 0; i < 4; i++) {
			enter(home);
			print_new();
		}
	} else if (!strcmp(mode, "dup2")) {
		for (i = 50; i < 300; i++)
			dup2(home, i);
		print_new();
	} else if (!strcmp(mode, "i386")) {
		print_i386();
	} else if (!strcmp(mode, "x32")) {
		print_x32();
	} else if (!strcmp(mode, "filter")) {
		filter();
		print_new();
	} else {
		errx(2, "%s: no such mode", mode);
	}
	return 0;
}
