// SPDX-License-Identifier: GPL-2.0
/*
 * nsfd run: run a program whose sockets are created in other network namespaces,
 * under a supervisor that is notified of its system calls.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"
#include "preload.h"
#include "supervise.h"

struct options {
	const char *netns;
	const char *library;
	struct user user;
	bool new_privs, io_uring, verbose;
};

static void set(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) : unsetenv(name))
		err(1, "failed to set %s", name);
}

static char *find_program(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char *file;

	if (strchr(name, '/') || !path)
		return strdup(name);
	for (; ; path = end + 1) {
		end = strchrnul(path, ':');
		if (asprintf(&file, "%.*s/%s", (int)(end - path),
			     end == path ? "." : path, name) < 0)
			err(1, NULL);
		if (!access(file, X_OK) || !*end)
			return file;
		free(file);
	}
}

/*
 * With no_new_privs, the kernel ignores these bits, and the program fails for no
 * obvious reason. Report this before it starts.
 */
static void check_program(const char *name, const struct options *options)
{
	uid_t uid = options->user.name ? options->user.uid : geteuid();
	gid_t gid = options->user.name ? options->user.gid : getegid();
	char *file = find_program(name);
	const char *why = NULL;
	struct stat st;

	if (!file)
		err(1, NULL);
	if (stat(file, &st) || !S_ISREG(st.st_mode))
		goto out; /* execve() reports all other errors. */
	if ((st.st_mode & S_ISUID) && st.st_uid != uid)
		why = "set-user-ID";
	else if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != gid)
		why = "set-group-ID";
	else if (uid && getxattr(file, "security.capability", NULL, 0) > 0)
		why = "has file capabilities";
	if (why)
		errx(126, "%s: %s, which no_new_privs disables; see --allow-new-privs",
		     name, why);
out:
	free(file);
}

static int add_names(const char *where)
{
	struct dirent *entry;
	int fd, count = 0;
	char *path;
	DIR *dir;

	dir = opendir(where);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		path = ns_path(entry->d_name);
		fd = nsfd_open(path);
		if (fd >= 0 && nsfd_type(fd) == CLONE_NEWNET) {
			place_add(entry->d_name, fd);
			count++;
		} else {
			warnx("run: '%s' is not a network namespace and is not granted", path);
			if (fd >= 0)
				close(fd);
		}
		free(path);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void add_all(void)
{
	struct stat run, var;
	int count = add_names(NETNS_DIR);

	if (!stat(NETNS_VAR_DIR, &var) &&
	    (stat(NETNS_DIR, &run) || run.st_dev != var.st_dev ||
	     run.st_ino != var.st_ino))
		count += add_names(NETNS_VAR_DIR);
	if (!count)
		errx(1, "--grant '*': no network namespace in " NETNS_DIR);
}

static bool cap_is_effective(cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps || cap_get_flag(caps, cap, CAP_EFFECTIVE, &value))
		err(1, "failed to get capabilities");
	cap_free(caps);
	return value == CAP_SET;
}

static bool has_etc(const char *name)
{
	bool found;
	char *dir;

	if (asprintf(&dir, "/etc/netns/%s", name) < 0)
		err(1, NULL);
	found = !access(dir, F_OK);
	free(dir);
	return found;
}

/* Raises the limit for many namespaces; the program gets the original one. */
static void raise_limit(struct rlimit *old)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, old))
		err(1, "failed to get the limit of open files");
	limit = *old;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "failed to raise the limit of open files");
}

static void send_listener(int sock, int listener)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct iovec iov = { "", 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &listener, sizeof(int));
	if (sendmsg(sock, &message, MSG_NOSIGNAL) != 1)
		err(1, "failed to pass the listener to the supervisor");
}

static int receive_listener(int sock)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	ssize_t len;
	int fd;

	do {
		len = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	head = len == 1 ? CMSG_FIRSTHDR(&message) : NULL;
	/* The program has terminated and reported the cause. */
	if (!head || head->cmsg_type != SCM_RIGHTS)
		exit(1);
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* The supervisor keeps only standard error, until the program has terminated. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		err(1, "failed to open /dev/null");
	if (null > STDERR_FILENO)
		close(null);
	if (chdir("/"))
		err(1, "failed to change to the root directory");
	/*
	 * A service manager sends these to all processes; the program may still
	 * need sockets.
	 */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The supervisor runs as the user of the program, without any capability. If the
 * program keeps privileges, so does the supervisor: a socket has the owner and
 * capabilities of its creator, and these have to be the program's. It uses only
 * CAP_SYS_PTRACE of them, to inspect tasks of other users, unless it creates a
 * socket for a task that has them.
 */
noreturn static void be_supervisor(int sock, const struct options *options, int base,
				   pid_t pid)
{
	struct supervised supervised = {
		.pid = pid, .base = base, .verbose = options->verbose,
	};
	bool traces = cap_is_effective(CAP_SYS_PTRACE);
	cap_t caps, none;

	detach();
	if (!options->user.name) {
		caps = cap_get_proc();
		none = cap_init();
		if (!caps || !none)
			err(1, "failed to get capabilities");
		supervised.keep = cap_compare(caps, none) != 0;
		cap_free(caps);
		cap_free(none);
	}
	supervise_prepare(&supervised);
	places_enter(supervised.keep);
	if (options->user.name)
		user_become(&options->user);
	places_drop();
	if (supervised.keep)
		lower_capabilities(traces ? CAP_SYS_PTRACE : -1);
	if (prctl(PR_SET_DUMPABLE, 0))
		err(1, "failed to make the supervisor non-dumpable");
	no_new_privs();
	if (write(sock, "", 1) != 1)
		exit(1);
	supervise(receive_listener(sock), sock);
}

/*
 * Waits for a byte. Without one, the supervisor has terminated and reported the
 * cause.
 */
static void wait_ready(int sock)
{
	char byte;
	ssize_t len;

	do {
		len = read(sock, &byte, 1);
	} while (len < 0 && errno == EINTR);
	if (len != 1)
		exit(1);
}

/* The supervisor is a grandchild in its own session, and not a child of the program. */
static int start_supervisor(const struct options *options, int base)
{
	pid_t program = getpid(), pid;
	int sock[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		err(1, "failed to create a socket pair");
	pid = fork();
	if (pid < 0)
		err(1, "failed to fork");
	if (!pid) {
		close(sock[0]);
		setsid();
		pid = fork();
		if (pid < 0)
			err(1, "failed to fork");
		if (pid)
			_exit(0);
		be_supervisor(sock[1], options, base, program);
	}
	close(sock[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "failed to wait for a child");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		exit(1);
	wait_ready(sock[0]);
	return sock[0];
}

/*
 * The library only saves time, so do not use it where ld.so(8) would not load it.
 * Append it, because the socket() of another library may have to deny a call.
 */
static void set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;

	if (way == NSFD_WAY_THREAD || *library != '/' || strpbrk(library, " \t\n:") ||
	    access(library, R_OK))
		return;
	if (asprintf(&list, "%s%s%s", others ? others : "",
		     others && *others ? ":" : "", library) < 0)
		err(1, NULL);
	set("LD_PRELOAD", list);
	set(PRELOAD_ENV, "1");
	free(list);
}

int cmd_run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "allow-io-uring", no_argument, NULL, 'i' },
		{ "allow-new-privs", no_argument, NULL, 'P' },
		{ "delegate", no_argument, NULL, 'd' },
		{ "grant", required_argument, NULL, 'g' },
		{ "preload", required_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		COMMON_OPTIONS
	};
	struct options options = { };
	int opt, base = -1, sock, i;
	const char **grants, *name;
	int n_grants = 0;
	struct rlimit limit;

	grants = calloc(argc, sizeof(*grants));
	if (!grants)
		err(1, NULL);
	while ((opt = cmd_option("run", argc, argv, "+hn:v", long_options,
				 &options.user)) != -1) {
		switch (opt) {
		case 'd':	/* always so */
		case 'p':	/* the default */
			break;
		case 'g':
			grants[n_grants++] = optarg;
			break;
		case 'i':
			options.io_uring = true;
			break;
		case 'l':
			options.library = optarg;
			break;
		case 'n':
			options.netns = optarg;
			break;
		case 'P':
			options.new_privs = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		}
	}
	if (optind == argc || (!options.netns && !n_grants))
		cmd_usage("run");
	if (options.library && access(options.library, R_OK))
		err(1, "failed to read '%s'", options.library);

	raise_limit(&limit);
	way = way_find();
	if (options.netns)
		base = place_add(options.netns, ns_open(options.netns, CLONE_NEWNET));
	for (i = 0; i < n_grants; i++) {
		if (strcmp(grants[i], "*"))
			place_add(grants[i], ns_open(grants[i], CLONE_NEWNET));
		else
			add_all();
	}
	free(grants);
	name = options.netns ? ns_name(options.netns) : NULL;
	if (!options.new_privs)
		check_program(argv[optind], &options);
	if (options.verbose)
		warnx("run: sockets are created by %s", nsfd_way_name(way));

	sock = start_supervisor(&options, base);
	for (i = 0; i < n_places; i++) {
		close(places[i]->fd);
		if (places[i]->file != places[i]->fd)
			close(places[i]->file);
	}
	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "failed to restore the limit of open files");
	if (name && cap_is_effective(CAP_SYS_ADMIN))
		etc_netns(name);
	else if (name && has_etc(name))
		warnx("run: /etc/netns/%s is not used: CAP_SYS_ADMIN is required", name);
	/* Only a privileged process can install a filter that allows new privileges. */
	if (options.user.name && !options.new_privs)
		user_become(&options.user);
	if (!options.new_privs)
		no_new_privs();
	i = filter_load(options.io_uring);
	send_listener(sock, i);
	close(i);
	wait_ready(sock);
	close(sock);
	if (options.user.name && options.new_privs)
		user_become(&options.user);
	if (options.user.name)
		user_environment(&options.user);
	set_preload(options.library ? options.library : PRELOAD);
	run_program(argv + optind);
}
