// SPDX-License-Identifier: GPL-2.0
/*
 * nsfd: list, pin and enter namespaces, and run programs with sockets in other
 * network namespaces. See nsfd(1).
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
	const char *help;
	const char *options;
} commands[] = {
	{ "ls", cmd_ls, "[options]",
	  "list namespaces and the processes, mounts and file descriptors that hold them",
	  " -j, --json                 use JSON output format\n" },
	{ "pin", cmd_pin, "<ns> <path>",
	  "pin a namespace by a bind mount", "" },
	{ "unpin", cmd_unpin, "<path>",
	  "remove the bind mount of a namespace and its file", "" },
	{ "exec", cmd_exec, "[options] <ns>... -- <program> [<argument>...]",
	  "run a program in other namespaces",
	  "     --preserve-credentials do not change IDs when entering a user namespace\n" },
	{ "listen", cmd_listen, "[options] -- <program> [<argument>...]",
	  "create sockets in network namespaces and pass them to a program",
	  " -n, --netns <ns>           create the sockets that follow in this namespace\n"
	  "     --name <name>          use this name for the sockets that follow\n"
	  "     --tcp <addr>:<port>    create a listening TCP socket\n"
	  "     --udp <addr>:<port>    create a bound UDP socket\n"
	  "     --backlog <number>     use this backlog for the sockets that follow\n"
	  "     --user <user>          run the program as this user\n"
	  "     --no-new-privs         keep the program from gaining privileges by execve()\n" },
	{ "run", cmd_run, "[options] -- <program> [<argument>...]",
	  "run a program and create its sockets in other network namespaces",
	  " -n, --netns <ns>           create its sockets in this namespace\n"
	  "     --grant <ns>           permit it to use this namespace by setns(); '*' is\n"
	  "                              all of /run/netns\n"
	  "     --user <user>          run it, and the supervisor, as this user\n"
	  "     --allow-io-uring       do not disable io_uring\n"
	  "     --allow-new-privs      permit it to gain privileges by execve()\n"
	  "     --preload <file>       use this preload library\n"
	  " -v, --verbose              report each change of namespace\n" },
};

static void usage(void)
{
	size_t i;

	puts("Usage:\n nsfd <command> [<argument>...]\n\n"
	     "List, pin and enter namespaces, and create sockets in network namespaces.\n\n"
	     "Commands:");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf(" %-8s %s\n", commands[i].name, commands[i].help);
	puts("\nOptions:\n"
	     " -h, --help     display this help; after a command, its help\n"
	     " -V, --version  display the version and the method of creating sockets\n\n"
	     "A namespace is a name in /run/netns, or a path that contains a slash.\n\n"
	     "For more details see nsfd(1).");
}

static noreturn void cmd_help(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			break;
	printf("Usage:\n nsfd %s %s\n\n%c%s.\n\nOptions:\n%s"
	       " -h, --help                 display this help\n\n"
	       "For more details see nsfd(1).\n", name, commands[i].usage,
	       toupper(commands[i].help[0]), commands[i].help + 1,
	       commands[i].options);
	exit(0);
}

int cmd_option(const char *name, int argc, char **argv, const char *letters,
	       const struct option *options, struct user *user)
{
	int opt;

	while ((opt = getopt_long(argc, argv, letters, options, NULL)) == 'U')
		user_find(optarg, user);
	if (opt == 'h')
		cmd_help(name);
	/* getopt has reported an invalid option. */
	if (opt == '?')
		exit(EXIT_USAGE);
	return opt;
}

void cmd_usage(const char *name)
{
	warnx("%s: bad usage; try 'nsfd %s --help'", name, name);
	exit(EXIT_USAGE);
}

static char *path_in(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		err(1, NULL);
	return path;
}

char *ns_path(const char *spec)
{
	char *path, *other;

	if (strchr(spec, '/')) {
		path = strdup(spec);
		if (!path)
			err(1, NULL);
		return path;
	}
	if (!*spec || !strcmp(spec, ".") || !strcmp(spec, ".."))
		errx(1, "invalid name of a network namespace: '%s'", spec);
	path = path_in(NETNS_DIR, spec);
	if (!access(path, F_OK))
		return path;
	other = path_in(NETNS_VAR_DIR, spec);
	if (access(other, F_OK)) {
		free(other);
		return path;
	}
	free(path);
	return other;
}

const char *ns_name(const char *spec)
{
	if (!strncmp(spec, NETNS_VAR_DIR "/", strlen(NETNS_VAR_DIR "/")))
		spec += strlen("/var");
	if (!strncmp(spec, NETNS_DIR "/", strlen(NETNS_DIR "/")))
		spec += strlen(NETNS_DIR "/");
	return *spec && !strchr(spec, '/') ? spec : NULL;
}

int ns_open(const char *spec, int nstype)
{
	char *path = ns_path(spec);
	int fd = nsfd_open(path);

	if (fd < 0 && errno == EINVAL)
		errx(1, "'%s' is not a namespace", path);
	if (fd < 0)
		err(1, "failed to open '%s'", path);
	if (nstype && nsfd_type(fd) != nstype)
		errx(1, "'%s' is not a %snamespace", path,
		     nstype == CLONE_NEWNET ? "network " : "");
	free(path);
	return fd;
}

void run_program(char **argv)
{
	execvp(argv[0], argv);
	err(errno == ENOENT ? 127 : 126, "failed to execute '%s'", argv[0]);
}

void no_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err(1, "failed to set no_new_privs");
}

static const struct option no_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/*
 * Makes NETNS_DIR a shared mount, as ip-netns(8) does. Otherwise, the first "ip
 * netns add" would bind-mount the directory on itself, and earlier mounts below it
 * could not be removed any more.
 */
static void share_netns_dir(void)
{
	int dir, tries;

	if (mkdir(NETNS_DIR, 0755) && errno != EEXIST)
		err(1, "failed to create %s", NETNS_DIR);
	dir = open(NETNS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		err(1, "failed to open %s", NETNS_DIR);
	/* The lock of ip-netns(8). Any user can hold it: do not wait indefinitely. */
	for (tries = 50; flock(dir, LOCK_EX | LOCK_NB); tries--) {
		if (errno != EWOULDBLOCK || !tries)
			err(1, "failed to lock %s", NETNS_DIR);
		usleep(100000);
	}
	if (mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) &&
	    (errno != EINVAL ||
	     mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, NULL) ||
	     mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL)))
		err(1, "failed to make %s a shared mount", NETNS_DIR);
	close(dir);
}

int cmd_pin(int argc, char **argv)
{
	const char *cause;
	char *path;
	int fd;

	cmd_option("pin", argc, argv, "+h", no_options, NULL);
	if (argc - optind != 2)
		cmd_usage("pin");
	fd = ns_open(argv[optind], 0);
	path = ns_path(argv[optind + 1]);
	if (ns_name(path))
		share_netns_dir();
	if (nsfd_pin(fd, path)) {
		switch (errno) {
		case EBUSY:
			cause = "a namespace is already mounted there";
			break;
		case EEXIST:
			cause = "not an empty file";
			break;
		case EINVAL:
			cause = "this namespace cannot be mounted here";
			break;
		case ELOOP:
			cause = "is a symbolic link";
			break;
		default:
			cause = strerror(errno);
		}
		errx(1, "failed to pin '%s': %s", path, cause);
	}
	free(path);
	return 0;
}

int cmd_unpin(int argc, char **argv)
{
	const char *cause;
	char *path;

	cmd_option("unpin", argc, argv, "+h", no_options, NULL);
	if (argc - optind != 1)
		cmd_usage("unpin");
	path = ns_path(argv[optind]);
	if (nsfd_unpin(path)) {
		switch (errno) {
		case EBUSY:
			cause = "mount is locked, covered or in another mount namespace";
			break;
		case EINVAL:
			cause = "not the mount of a namespace";
			break;
		default:
			cause = strerror(errno);
		}
		errx(1, "failed to unpin '%s': %s", path, cause);
	}
	free(path);
	return 0;
}

/* Fail if help, version or list could not be written. */
static void flush_stdout(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return;
	if (errno)
		warn("write error");
	else
		warnx("write error");
	_exit(1);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	size_t i;
	int opt;

	if (atexit(flush_stdout))
		err(1, NULL);
	while ((opt = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			usage();
			return 0;
		case 'V':
			printf("nsfd %s, socketat by %s\n", VERSION,
			       nsfd_way_name(nsfd_have_socketat()));
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		warnx("no command specified; try 'nsfd --help'");
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, argv[optind]))
			continue;
		argc -= optind;
		argv += optind;
		/* Messages of getopt begin with argv[0]. */
		argv[0] = program_invocation_short_name;
		optind = 0;
		return commands[i].run(argc, argv);
	}
	warnx("unknown command '%s'; try 'nsfd --help'", argv[optind]);
	return EXIT_USAGE;
}
