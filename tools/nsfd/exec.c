// SPDX-License-Identifier: GPL-2.0
/* nsfd exec: enter namespaces and run a program there, as nsenter(1) does. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"

struct target {
	const char *spec;	/* as given */
	int fd;
	int type;
	bool entered;
};

static struct target *targets;
static int n_targets;

static struct target *find(int type)
{
	int i;

	for (i = 0; i < n_targets; i++)
		if (targets[i].type == type)
			return &targets[i];
	return NULL;
}

/*
 * Enters the namespaces of type @type or, if it is 0, all but user namespaces. With
 * @try, it skips those for which a privilege is missing.
 */
static void enter(int type, bool try)
{
	struct target *t;

	for (t = targets; t < targets + n_targets; t++) {
		if (t->entered || (t->type == CLONE_NEWUSER) != (type == CLONE_NEWUSER))
			continue;
		if (!nsfd_enter(t->fd, t->type))
			t->entered = true;
		else if (!try || errno != EPERM)
			err(1, "failed to enter namespace '%s'", t->spec);
	}
}

/*
 * For /proc/PID/ns/mnt, opens the root directory and the working directory of the
 * process, which can differ from those of its mount namespace.
 */
static void open_dirs(const struct target *mnt, int *root, int *cwd)
{
	size_t len = strlen(mnt->spec) - strlen("/ns/mnt");
	struct statfs fs;
	char *path;
	int proc, same;

	*root = *cwd = -1;
	if (strlen(mnt->spec) < strlen("/ns/mnt") ||
	    strcmp(mnt->spec + len, "/ns/mnt"))
		return;
	path = strndup(mnt->spec, len);
	if (!path)
		err(1, NULL);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc >= 0 && !fstatfs(proc, &fs) && fs.f_type == PROC_SUPER_MAGIC) {
		*root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		*cwd = openat(proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
		/* Check that it is still the process whose namespace was opened. */
		same = openat(proc, "ns/mnt", O_RDONLY | O_CLOEXEC);
		if (*root < 0 || *cwd < 0 || nsfd_equal(mnt->fd, same) != 1)
			errx(1, "failed to open the directories of '%s'", path);
		close(same);
	}
	if (proc >= 0)
		close(proc);
	free(path);
}

/*
 * Becomes ID 0 in the user namespace. setgroups() can be denied there, which is an
 * error only if supplementary groups remain.
 */
static void become_root(const char *spec, bool no_groups)
{
	if (setgroups(0, NULL) && !no_groups && getgroups(0, NULL))
		err(1, "failed to drop supplementary groups in '%s'", spec);
	if (setgid(0))
		err(1, "failed to set group ID 0 in '%s'", spec);
	if (setuid(0))
		err(1, "failed to set user ID 0 in '%s'", spec);
}

/* The sockets of sd_listen_fds(3) are for the process that executes the program. */
static void move_listen_pid(pid_t parent)
{
	const char *value = getenv("LISTEN_PID");
	char text[24];

	snprintf(text, sizeof(text), "%d", parent);
	if (!value || strcmp(value, text))
		return;
	snprintf(text, sizeof(text), "%d", getpid());
	if (setenv("LISTEN_PID", text, 1) || unsetenv("LISTEN_PIDFDID"))
		err(1, "failed to set LISTEN_PID");
}

/*
 * The program also receives signals from the terminal, but a hangup can be sent to
 * the session leader only.
 */
static bool from_kernel(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL && info->si_signo != SIGHUP;
}

/* Returns only after the child has terminated; stops and continues with it. */
static noreturn void wait_for(pid_t child, const sigset_t *all)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(all, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (!from_kernel(&info))
				kill(child, info.si_signo);
			continue;
		}
		while (waitpid(child, &status, WNOHANG | WUNTRACED) > 0) {
			if (WIFEXITED(status))
				exit(WEXITSTATUS(status));
			if (WIFSIGNALED(status))
				exit(128 + WTERMSIG(status));
			/*
			 * The shell waits for this process; SIGCONT is passed on
			 * above.
			 */
			kill(getpid(), SIGSTOP);
		}
	}
}

/*
 * Only children are members of the PID namespace, so fork. Block all signals first,
 * so that none is lost before there is a child to pass it to.
 */
static void fork_and_wait(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, was;
	pid_t parent = getpid(), child;
	sigset_t all, mask;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &mask) ||
	    sigaction(SIGCHLD, &action, &was))
		err(1, "failed to block signals");
	child = fork();
	if (child < 0)
		err(1, "failed to fork");
	if (child)
		wait_for(child, &all);
	move_listen_pid(parent);
	sigaction(SIGCHLD, &was, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

int cmd_exec(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "preserve-credentials", no_argument, NULL, 'p' },
		{ }
	};
	bool preserve = false, no_groups = false;
	int first, i, root = -1, cwd = -1;
	struct target *user, *net, *mnt;
	const char *name;

	/* Only the arguments before the "--", which getopt would remove. */
	for (first = 1; first < argc && strcmp(argv[first], "--"); first++)
		;
	while (cmd_option("exec", first, argv, "+h", options, NULL) != -1)
		preserve = true;
	n_targets = first - optind;
	if (n_targets < 1 || first + 1 >= argc)
		cmd_usage("exec");

	targets = calloc(n_targets, sizeof(*targets));
	if (!targets)
		err(1, NULL);
	/*
	 * Open all before entering the first one: afterwards, paths have other
	 * meanings.
	 */
	for (i = 0; i < n_targets; i++) {
		targets[i].spec = argv[optind + i];
		targets[i].fd = ns_open(targets[i].spec, 0);
		targets[i].type = nsfd_type(targets[i].fd);
		if (targets[i].type < 0)
			err(1, "failed to identify namespace '%s'", targets[i].spec);
	}
	user = find(CLONE_NEWUSER);
	net = find(CLONE_NEWNET);
	mnt = find(CLONE_NEWNS);
	if (mnt)
		open_dirs(mnt, &root, &cwd);

	/*
	 * Until the program is executed, processes in the namespaces must not
	 * inspect this one.
	 */
	if (prctl(PR_SET_DUMPABLE, 0))
		err(1, "failed to make the process non-dumpable");
	if (user && !preserve)
		no_groups = !setgroups(0, NULL);
	/*
	 * The privilege to enter the others may be that of the caller, which is
	 * lost when the user namespace is entered, or may be gained with that
	 * namespace.
	 */
	enter(0, user);
	enter(CLONE_NEWUSER, false);
	enter(0, false);
	if (root >= 0 && (fchdir(root) || chroot(".") || fchdir(cwd)))
		err(1, "failed to change to the directories of '%s'", mnt->spec);

	/* A mount namespace that was entered has its own files. */
	if (net && !mnt && !user) {
		name = ns_name(net->spec);
		if (name)
			etc_netns(name);
		sys_netns();
	}
	if (find(CLONE_NEWPID))
		fork_and_wait();
	if (user && !preserve)
		become_root(user->spec, no_groups);
	run_program(argv + first + 1);
}
