/* SPDX-License-Identifier: GPL-2.0 */
/* Declarations shared by the subcommands of nsfd. */
#ifndef NSFD_CMD_H
#define NSFD_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit status for incorrect usage; the others are those of env(1). */
#define EXIT_USAGE 2

struct user {
	const char *name;	/* as given */
	const char *home, *shell;
	bool known;		/* has an entry in passwd(5) */
	uid_t uid;
	gid_t gid;
};

int cmd_exec(int argc, char **argv);
int cmd_listen(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_unpin(int argc, char **argv);

/*
 * The directories of ip-netns(8). They are the same unless /var/run is not a
 * symbolic link to /run: then, names are looked up in both, in this order.
 */
#define NETNS_DIR "/run/netns"
#define NETNS_VAR_DIR "/var" NETNS_DIR

/*
 * Returns the path of a namespace that is given as a name of ip-netns(8) or as a
 * path.
 */
char *ns_path(const char *spec);
/* Returns the name in one of these directories that @spec is or leads to, or NULL. */
const char *ns_name(const char *spec);
/* Opens a namespace of type @nstype, or of any type if it is 0. Exits on failure. */
int ns_open(const char *spec, int nstype);

/*
 * Bind-mounts the files in /etc/netns/@name over those in /etc. If there are any,
 * this creates a mount namespace for the caller.
 */
void etc_netns(const char *name);
/* Mounts a /sys of the caller's network namespace, also in a new mount namespace. */
void sys_netns(void);

/* The options that both "listen" and "run" have, and the end of their tables. */
#define COMMON_OPTIONS						\
	{ "help", no_argument, NULL, 'h' },			\
	{ "netns", required_argument, NULL, 'n' },		\
	{ "no-new-privs", no_argument, NULL, 'p' },		\
	{ "user", required_argument, NULL, 'U' },		\
	{ }

/*
 * Returns the next option of a subcommand, as getopt_long() does. Handles --help,
 * --user and invalid options.
 */
int cmd_option(const char *name, int argc, char **argv, const char *letters,
	       const struct option *options, struct user *user);
/* Reports incorrect arguments of a subcommand. */
noreturn void cmd_usage(const char *name);

/* Executes the program; does not return. */
noreturn void run_program(char **argv);

void user_find(const char *name, struct user *user);
/* Drops the capability bounding set and ambient capabilities of the thread. */
void drop_bound(void);
/* Permanently becomes @user without any capability; exits on failure. */
void user_become(const struct user *user);
/* Sets HOME, SHELL, USER and LOGNAME for @user, as login(1) does. */
void user_environment(const struct user *user);
/* Sets PR_SET_NO_NEW_PRIVS, so that execve() grants no privileges. */
void no_new_privs(void);

#endif
