/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands of nsfd share. */
#ifndef NSFD_CMD_H
#define NSFD_CMD_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit status for a command line that is wrong; others are those of env(1). */
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
 * The directories of ip-netns(8). They are one, unless /var/run is a directory
 * of its own: names are then looked up in both, in this order.
 */
#define NETNS_DIR "/run/netns"
#define NETNS_VAR_DIR "/var" NETNS_DIR

/* The path of a namespace: NAME is one of ip-netns(8), PATH has a slash. */
char *ns_path(const char *spec);
/* The name in one of these directories that @spec is or leads to, NULL if there is none. */
const char *ns_name(const char *spec);
/* Opens a namespace of type @nstype, or of any if that is 0, or exits. */
int ns_open(const char *spec, int nstype);

/*
 * Binds the files in /etc/netns/@name over those in /etc, in a mount namespace
 * of the caller's own that is created if there are any.
 */
void etc_netns(const char *name);
/* Mounts /sys anew, for the caller's network namespace, in such a namespace. */
void sys_netns(void);

/* Handles what all subcommands have in common: --help and bad options. */
noreturn void cmd_usage(const char *name, int opt);

/* Replaces the process by the program; does not return. */
noreturn void run_program(char **argv);

void user_find(const char *name, struct user *user);
/* Becomes @user for good, with no capability in any set; exits on failure. */
void user_become(const struct user *user);
/* HOME, SHELL, USER and LOGNAME of @user, as login(1) sets them. */
void user_environment(const struct user *user);
/* What it executes gains no privilege from then on: PR_SET_NO_NEW_PRIVS. */
void no_new_privs(void);

#endif
