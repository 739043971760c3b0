// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark with many network namespaces and with many threads.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define NR_ROUNDS 7		/* for a throughput */
#define ROUND_MS 300

static char path[32];		/* of the names of the cases, "scale-100" */

/* Kibibytes in use, by the kernel and by processes. */
struct memory {
	long kernel;
	long process;
};

/*
 * The kernel's memory is all that is neither free nor used by processes or the page
 * cache: slabs, stacks, page tables and per-CPU memory. Pages on the per-CPU lists
 * of the allocator are free, too.
 */
static struct memory read_memory(void)
{
	long total = 0, free = 0, anon = 0, cache = 0, kb, count, pages = 0;
	char line[128], name[64];
	FILE *f;

	f = fopen("/proc/meminfo", "r");
	if (!f)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %ld", name, &kb) != 2)
			continue;
		if (!strcmp(name, "MemTotal"))
			total = kb;
		else if (!strcmp(name, "MemFree"))
			free = kb;
		else if (!strcmp(name, "AnonPages"))
			anon = kb;
		else if (!strcmp(name, "Cached") || !strcmp(name, "Buffers"))
			cache += kb;
	}
	fclose(f);

	f = fopen("/proc/zoneinfo", "r");
	if (!f)
		err(1, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %ld", &count) == 1)
			pages += count;
	fclose(f);
	free += pages * (sysconf(_SC_PAGESIZE) / 1024);

	return (struct memory) { total - free - anon - cache, anon };
}

/* Memory is freed after a grace period: wait until it is stable. */
static struct memory settled_memory(void)
{
	struct memory now, before = {};
	int i, fd, same = 0;

	for (i = 0; i < 100 && same < 3; i++) {
		usleep(100000);
		/* makes the counters exact */
		fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "1", 1) != 1)
			err(1, "/proc/sys/vm/stat_refresh");
		close(fd);
		now = read_memory();
		same = memcmp(&now, &before, sizeof(now)) ? 0 : same + 1;
		before = now;
	}
	return now;
}

static void print_memory(const char *way, struct memory base)
{
	struct memory now = settled_memory();
	char name[64];

	snprintf(name, sizeof(name), "%s/kernel-kb", path);
	print(name, way, now.kernel - base.kernel);
	snprintf(name, sizeof(name), "%s/process-kb", path);
	print(name, way, now.process - base.process);
}

/* Counts the instructions of @make, in all namespaces in random order. */
static void measure_all(const char *way, make_socket *make, int nr,
			void (*choose)(int i))
{
	uint64_t start;
	int i, fd;

	for (i = 0; i < CALLS; i++) {
		choose(i * 7919L % nr);
		start = begin();
		fd = make(&families[1]);
		end(i, start);
		if (fd < 0)
			err(1, "%s", way);
		close(fd);
	}
	report(path, way);
}

static struct desk *desks;
static int *fds, *brokers;

static void choose_fd(int i)
{
	other = fds[i];
}

static void choose_desk(int i)
{
	desk = &desks[i];
}

static void choose_broker(int i)
{
	broker = brokers[i];
}

/*
 * Creates @nr network namespaces, each pinned by a socket, and then in addition: a
 * file descriptor for each; a helper process in each; a helper thread in each.
 */
void run_scale(int nr)
{
	struct rlimit limit = { 3 * nr + 100, 3 * nr + 100 };
	struct memory base;
	int *sockets, i;
	size_t size = nr * sizeof(int);

	if (nr < 1)
		errx(1, "scale: how many?");
	snprintf(path, sizeof(path), "scale-%d", nr);
	sockets = malloc(size);
	fds = malloc(size);
	brokers = malloc(size);
	desks = malloc(nr * sizeof(*desks));
	if (!sockets || !fds || !brokers || !desks ||
	    setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "scale");
	/* populate them now */
	memset(fds, 0xff, size);
	memset(sockets, 0xff, size);
	memset(brokers, 0xff, size);

	base = settled_memory();
	for (i = 0; i < nr; i++) {
		if (unshare(CLONE_NEWNET))
			err(1, "namespace %d", i);
		sockets[i] = make_plain(&families[1]);
	}
	if (setns(own, CLONE_NEWNET))
		err(1, "setns");
	print_memory("namespaces", base);

	base = settled_memory();
	for (i = 0; i < nr; i++) {
		fds[i] = ioctl(sockets[i], SIOCGSKNS);
		if (fds[i] < 0)
			err(1, "SIOCGSKNS");
	}
	print_memory("descriptors", base);
	if (have_socketat())
		measure_all("socketat", make_at_other, nr, choose_fd);
	measure_all("dance", make_by_dance, nr, choose_fd);
	for (i = 0; i < nr; i++)
		close(fds[i]);

	/*
	 * From here on, file descriptors are required only to enter the namespaces.
	 * The threads come last, because the C library keeps their stacks, which a
	 * process that is forked later would share.
	 */
	base = settled_memory();
	for (i = 0; i < nr; i++) {
		fds[i] = ioctl(sockets[i], SIOCGSKNS);
		brokers[i] = start_broker(fds[i]);
		close(fds[i]);
	}
	print_memory("processes", base);
	measure_all("broker", make_by_broker, nr, choose_broker);
	for (i = 0; i < nr; i++)
		close(brokers[i]);
	while (wait(NULL) > 0)
		;

	base = settled_memory();
	for (i = 0; i < nr; i++) {
		fds[i] = ioctl(sockets[i], SIOCGSKNS);
		start_thread(&desks[i], fds[i]);
		close(fds[i]);
	}
	print_memory("threads", base);
	measure_all("thread", make_by_thread, nr, choose_desk);
}

static atomic_bool going;
static make_socket *way;
static pthread_barrier_t barrier;

static void *work(void *arg)
{
	long *calls = arg;
	int fd;

	pthread_barrier_wait(&barrier);
	while (atomic_load_explicit(&going, memory_order_relaxed)) {
		fd = way(&families[1]);
		if (fd < 0)
			err(1, "throughput");
		close(fd);
		++*calls;
	}
	return NULL;
}

/* Returns the sockets per second that @nr threads create and close together. */
static long rate(make_socket *make, int nr)
{
	pthread_t threads[4];
	long calls[4][16] = {}, sum = 0;	/* in separate cache lines */
	int i;

	way = make;
	atomic_store(&going, true);
	pthread_barrier_init(&barrier, NULL, nr + 1);
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, work, calls[i]))
			errx(1, "pthread_create");
	pthread_barrier_wait(&barrier);
	usleep(ROUND_MS * 1000);
	atomic_store(&going, false);
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i], NULL);
		sum += calls[i][0];
	}
	return sum * 1000 / ROUND_MS;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

/*
 * Measures 1, 2 and 4 threads on the available CPUs, in alternating rounds, so that
 * other load on the machine affects all methods equally.
 */
void run_throughput(void)
{
	static const struct {
		const char *name;
		make_socket *make;
	} ways[] = {
		{ "socket", make_plain },
		{ "socketat", make_at_other },
		{ "dance", make_by_dance },
	};
	static const int threads[] = { 1, 2, 4 };
	long rates[3][3][NR_ROUNDS];
	int round, w, t;

	other = new_netns();
	for (round = 0; round < NR_ROUNDS; round++)
		for (t = 0; t < 3; t++)
			for (w = 0; w < 3; w++)
				if (w != 1 || have_socketat())
					rates[w][t][round] = rate(ways[w].make,
								  threads[t]);
	for (t = 0; t < 3; t++) {
		for (w = 0; w < 3; w++) {
			if (w == 1 && !have_socketat())
				continue;
			qsort(rates[w][t], NR_ROUNDS, sizeof(long), compare);
			snprintf(path, sizeof(path), "threads-%d", threads[t]);
			print(path, ways[w].name, rates[w][t][NR_ROUNDS / 2]);
		}
	}
}
