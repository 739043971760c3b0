// SPDX-License-Identifier: GPL-2.0
/* nsfd exec: enters namespaces and runs a program there. */
#include <err.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"

/* The order of setns(2) for several: user brings the capabilities for the rest. */
static const int order[] = {
	CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID,
	CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWTIME,
};

/* Only children are born in a pid namespace: be one. */
static void fork_and_wait(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		return;
	/* The program gets these from the terminal, too, and decides. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "wait");
	if (WIFSIGNALED(status))
		exit(128 + WTERMSIG(status));
	exit(WEXITSTATUS(status));
}

int cmd_exec(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int opt, first, i, count = 0, *fds, *types;
	bool born = false;
	size_t o;

	/* Names up to the "--", which getopt would take away. */
	for (first = 1; first < argc && strcmp(argv[first], "--"); first++)
		count++;
	opt = getopt_long(first, argv, "+h", options, NULL);
	if (opt != -1 || !count || first + 1 >= argc)
		cmd_usage("exec", opt);

	fds = calloc(count, sizeof(*fds));
	types = calloc(count, sizeof(*types));
	if (!fds || !types)
		err(1, NULL);
	/* All are opened before the first is entered: paths mean other things then. */
	for (i = 0; i < count; i++) {
		fds[i] = ns_open(argv[i + 1], 0);
		types[i] = nsfd_type(fds[i]);
		if (types[i] < 0)
			err(1, "%s", argv[i + 1]);
	}
	for (o = 0; o < ARRAY_SIZE(order); o++) {
		for (i = 0; i < count; i++) {
			if (types[i] != order[o])
				continue;
			if (nsfd_enter(fds[i], types[i]))
				err(1, "%s: enter", argv[i + 1]);
			if (types[i] == CLONE_NEWPID)
				born = true;
		}
	}
	free(fds);
	free(types);
	if (born)
		fork_and_wait();
	run_program(argv + first + 1);
}
