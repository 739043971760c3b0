// SPDX-License-Identifier: GPL-2.0
/*
 * The network namespaces that "nsfd run" creates sockets in. The system call and
 * the module use a delegated file descriptor. Without them, a thread for each
 * namespace has entered it, has dropped its privileges, and stays there.
 */
#include <err.h>
#include <errno.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>

#include "cmd.h"
#include "supervise.h"

/* setns() and socket() require little stack. */
#define STACK_SIZE	(64 * 1024)

struct place **places;
int n_places;
enum nsfd_way way;

static bool keep_capabilities;

enum nsfd_way way_find(void)
{
	int status;
	pid_t pid;

	/* A filter that kills for unknown calls kills the child instead. */
	pid = fork();
	if (pid < 0)
		err(1, "failed to fork");
	if (!pid)
		_exit(nsfd_have_socketat());
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "failed to wait for a child");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return NSFD_WAY_THREAD;
}

int place_find(ino_t ino)
{
	int i;

	for (i = 0; i < n_places; i++)
		if (places[i]->ino == ino)
			return i;
	return -1;
}

static ino_t owner_of(int fd)
{
	struct stat st = { };
	int owner = ioctl(fd, NS_GET_USERNS);

	/* EPERM: the user namespace is neither the caller's nor a descendant of it. */
	if (owner >= 0) {
		fstat(owner, &st);
		close(owner);
	}
	return st.st_ino;
}

int place_add(const char *name, int fd)
{
	struct place *place;
	int index, granted;
	ino_t ino;

	if (nsfd_id(fd, NULL, &ino))
		err(1, "failed to identify namespace '%s'", name);
	index = place_find(ino);
	if (index >= 0) {
		close(fd);
		return index;
	}
	place = calloc(1, sizeof(*place));
	places = reallocarray(places, n_places + 1, sizeof(*places));
	if (!place || !places)
		err(1, NULL);
	place->name = strdup(name);
	place->ino = ino;
	place->owner = owner_of(fd);
	if (!place->name)
		err(1, NULL);
	place->fd = place->file = fd;
	if (way != NSFD_WAY_THREAD) {
		granted = nsfd_delegate(fd);
		if (granted < 0 && errno == EPERM)
			errx(1, "cannot create sockets in '%s': CAP_SYS_ADMIN in the user namespace that owns it is required", name);
		if (granted < 0)
			err(1, "failed to delegate sockets in '%s'", name);
		place->fd = granted;
		/* A delegated file descriptor of the module is not a namespace file. */
		if (way != NSFD_WAY_MODULE) {
			close(fd);
			place->file = granted;
		}
	}
	places[n_places] = place;
	return n_places++;
}

void lower_capabilities(int cap)
{
	cap_t caps = cap_get_proc();
	cap_value_t value = cap;

	if (!caps || cap_clear_flag(caps, CAP_EFFECTIVE) ||
	    cap_clear_flag(caps, CAP_INHERITABLE) ||
	    (cap >= 0 && cap_set_flag(caps, CAP_EFFECTIVE, 1, &value, CAP_SET)) ||
	    cap_set_proc(caps))
		err(1, "failed to lower capabilities");
	cap_free(caps);
}

static int set_capabilities(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = effective, .permitted = permitted },
		{ .effective = effective >> 32, .permitted = permitted >> 32 },
	};

	return syscall(SYS_capset, &head, data);
}

static int get_permitted(uint64_t *effective, uint64_t *permitted)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int create(struct place *place, int family, int type, int protocol)
{
	int fd;

	switch (way) {
	case NSFD_WAY_SYSCALL:
		fd = nsfd_socket(place->fd, family, type, protocol,
				 NSFD_NO_THREAD | NSFD_NO_MODULE);
		break;
	case NSFD_WAY_MODULE:
		fd = nsfd_socket(place->fd, family, type, protocol,
				 NSFD_NO_THREAD | NSFD_NO_SYSCALL);
		break;
	default:
		fd = socket(family, type, protocol);
	}
	return fd < 0 ? -errno : fd;
}

/*
 * The owner of a socket and the capabilities of its opener are those of the task
 * that requested it: netlink, for example, checks both when the socket is used. If
 * setting these fails, the socket is not created.
 */
static int create_as(struct place *place, const struct creds *creds,
		     int family, int type, int protocol)
{
	uint64_t effective, permitted;
	uid_t uid;
	gid_t gid;
	int fd;

	if (!creds)
		return create(place, family, type, protocol);
	if (get_permitted(&effective, &permitted) ||
	    set_capabilities(permitted, permitted))
		return -EPERM;
	gid = setfsgid(creds->gid);
	uid = setfsuid(creds->uid);
	/* These two report a failure only by the IDs that they leave. */
	if ((gid_t)setfsgid(-1) != creds->gid || (uid_t)setfsuid(-1) != creds->uid ||
	    set_capabilities(creds->effective & permitted, permitted))
		fd = -EPERM;
	else
		fd = create(place, family, type, protocol);
	if (set_capabilities(permitted, permitted))
		abort();
	setfsuid(uid);
	setfsgid(gid);
	if (set_capabilities(effective, permitted))
		abort();
	return fd;
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		if (errno != EINTR)
			abort();
}

static void *inside(void *arg)
{
	struct place *place = arg;

	if (setns(place->fd, CLONE_NEWNET)) {
		if (errno == EPERM)
			errx(1, "cannot enter '%s': CAP_SYS_ADMIN is required in the caller's user namespace and in the one that owns the namespace; with the nsfd module, only in the latter", place->name);
		err(1, "failed to enter namespace '%s'", place->name);
	}
	/*
	 * Each thread has its own bounding set; setresuid() of another thread does
	 * not change it.
	 */
	if (!keep_capabilities)
		drop_bound();
	sem_post(&place->done);
	/* The main thread has already dropped what all threads share. */
	wait_for(&place->go);
	if (keep_capabilities)
		lower_capabilities(-1);
	else if (set_capabilities(0, 0))
		err(1, "failed to drop capabilities");
	sem_post(&place->done);
	for (;;) {
		wait_for(&place->go);
		place->result = create_as(place, place->creds, place->family,
					  place->type, place->protocol);
		sem_post(&place->done);
	}
	return NULL;
}

void places_enter(bool keep)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int i, error;

	keep_capabilities = keep;
	if (way != NSFD_WAY_THREAD)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, STACK_SIZE))
		errx(1, "failed to prepare threads");
	for (i = 0; i < n_places; i++) {
		sem_init(&places[i]->go, 0, 0);
		sem_init(&places[i]->done, 0, 0);
		error = pthread_create(&thread, &attr, inside, places[i]);
		if (error) {
			errno = error;
			err(1, "failed to create a thread for '%s'", places[i]->name);
		}
		wait_for(&places[i]->done);
	}
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void places_drop(void)
{
	int i;

	for (i = 0; way == NSFD_WAY_THREAD && i < n_places; i++) {
		sem_post(&places[i]->go);
		wait_for(&places[i]->done);
	}
}

int place_socket(struct place *place, const struct creds *creds, int family,
		 int type, int protocol)
{
	if (way != NSFD_WAY_THREAD)
		return create_as(place, creds, family, type, protocol);
	place->creds = creds;
	place->family = family;
	place->type = type;
	place->protocol = protocol;
	sem_post(&place->go);
	wait_for(&place->done);
	return place->result;
}
