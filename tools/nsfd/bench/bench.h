/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the benchmark share. */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define CALLS 2001	/* timed for each figure */

struct family {
	const char *name;
	int family;
	int type;
	int protocol;
};

/* A way to get a socket. */
typedef int make_socket(const struct family *f);

/* A thread in a namespace, and who asks it for a socket. */
struct desk {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum { CALLER, INSIDE, OVER } turn;
	const struct family *family;
	int nsfd;
	int fd;
};

extern const struct family families[];
extern int own, other;		/* network namespaces */
extern struct desk *desk;	/* the thread that make_by_thread() asks */
extern int broker;		/* the socket to the one that make_by_broker() asks */

make_socket make_plain, make_at_other, make_by_dance, make_by_thread,
	    make_by_broker;

bool have_socketat(void);
const char *init_clock(void);
uint64_t begin(void);
void end(int i, uint64_t start);
void print(const char *what, const char *which, long long value);
void report(const char *what, const char *which);
void start_thread(struct desk *d, int nsfd);
int new_netns(void);
int start_broker(int nsfd);

void run_scale(int nr);
void run_throughput(void);

#endif
