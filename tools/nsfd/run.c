// SPDX-License-Identifier: GPL-2.0
/*
 * nsfd run: starts a program under libnsfd-preload.so, so that its own calls
 * of socket() land in a network namespace while it stays where it is.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nsfd.h>

#include "cmd.h"
#include "preload.h"

static ino_t inode(int fd)
{
	ino_t ino;
	dev_t dev;

	if (nsfd_id(fd, &dev, &ino))
		err(1, "identity of a namespace");
	return ino;
}

/* Moves a descriptor out of the program's way, and lets it survive exec. */
static int move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD, PRELOAD_FD_MIN);

	if (up < 0)
		err(1, "no free descriptor from %d", PRELOAD_FD_MIN);
	close(fd);
	return up;
}

static int make_grant(const char *ns, int fd)
{
	int granted = nsfd_delegate(fd);

	if (granted < 0 && errno == ENOSYS)
		errx(1, "%s: this kernel does not delegate sockets", ns);
	if (granted < 0)
		err(1, "%s: delegate", ns);
	close(fd);
	return granted;
}

static void append(char **list, const char *item)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? "," : "",
		     item) < 0)
		err(1, NULL);
	free(*list);
	*list = longer;
}

static void set(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) : unsetenv(name))
		err(1, "%s", name);
}

static int open_program(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char *file;
	int fd;

	if (strchr(name, '/') || !path)
		return open(name, O_RDONLY | O_CLOEXEC);
	for (; ; path = end + 1) {
		end = strchrnul(path, ':');
		if (asprintf(&file, "%.*s/%s", (int)(end - path),
			     end == path ? "." : path, name) < 0)
			err(1, NULL);
		fd = access(file, X_OK) ? -1 : open(file, O_RDONLY | O_CLOEXEC);
		free(file);
		if (fd >= 0 || !*end)
			return fd;
	}
}

/*
 * The dynamic linker would start such programs without the library, and their
 * sockets would be in the wrong namespace: better not to start them.
 */
static void check_program(const char *name)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	struct stat st;
	int fd, i;

	fd = open_program(name);
	/* One that cannot be read cannot be checked; exec has the last word. */
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && (st.st_mode & (S_ISUID | S_ISGID)))
		errx(126, "%s: set-user-ID or set-group-ID: takes no preload library",
		     name);
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG))
		goto out;
	if (head.e_ident[EI_CLASS] !=
	    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		errx(126, "%s: not of the machine of the preload library", name);
	for (i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part), head.e_phoff +
			  (off_t)i * head.e_phentsize) != sizeof(part))
			goto out;
		if (part.p_type == PT_INTERP)
			goto out;
	}
	errx(126, "%s: statically linked: takes no preload library", name);
out:
	close(fd);
}

static void set_preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;

	if (access(library, R_OK))
		err(1, "%s", library);
	if (asprintf(&list, "%s%s%s", library, others && *others ? ":" : "",
		     others ? others : "") < 0)
		err(1, NULL);
	set("LD_PRELOAD", list);
	free(list);
}

int cmd_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delegate", no_argument, NULL, 'd' },
		{ "grant", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ "netns", required_argument, NULL, 'n' },
		{ "no-new-privs", no_argument, NULL, 'p' },
		{ "preload", required_argument, NULL, 'l' },
		{ "user", required_argument, NULL, 'U' },
		{ }
	};
	const char *netns = NULL, *library = PRELOAD;
	char *grants = NULL, *item, *base = NULL;
	bool locked = false, delegated = false;
	int opt, fd, home, count = 0;
	struct user user = { };
	ino_t ino;

	while ((opt = getopt_long(argc, argv, "+hn:", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			delegated = true;
			break;
		case 'g':
			if (count++ == PRELOAD_MAX_GRANTS)
				errx(1, "more than %d grants", PRELOAD_MAX_GRANTS);
			fd = ns_open(optarg, CLONE_NEWNET);
			ino = inode(fd);
			fd = move_up(make_grant(optarg, fd));
			if (asprintf(&item, "%d:%ju", fd, (uintmax_t)ino) < 0)
				err(1, NULL);
			append(&grants, item);
			free(item);
			break;
		case 'l':
			library = optarg;
			break;
		case 'n':
			netns = optarg;
			break;
		case 'p':
			locked = true;
			break;
		case 'U':
			user_find(optarg, &user);
			break;
		default:
			cmd_usage("run", opt);
		}
	}
	if (optind == argc || (!netns && !count))
		cmd_usage("run", opt);
	check_program(argv[optind]);

	if (netns) {
		home = nsfd_open_pid(0, CLONE_NEWNET);
		if (home < 0)
			err(1, "own network namespace");
		fd = ns_open(netns, CLONE_NEWNET);
		ino = inode(fd);
		fd = move_up(delegated ? make_grant(netns, fd) : fd);
		if (asprintf(&base, "%d:%ju:%ju", fd, (uintmax_t)ino,
			     (uintmax_t)inode(home)) < 0)
			err(1, NULL);
		close(home);
	}
	set(PRELOAD_ENV_NETNS, base);
	set(PRELOAD_ENV_GRANTS, grants);
	free(base);
	free(grants);
	set_preload(library);
	if (user.name)
		user_become(&user);
	if (locked)
		no_new_privs();
	run_program(argv + optind);
}
