/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the parts of the benchmark. */
#ifndef BENCH_H
#define BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define CALLS 2001	/* calls for each figure */

struct family {
	const char *name;
	int family;
	int type;
	int protocol;
};

/* A method to create a socket. */
typedef int make_socket(const struct family *f);

/* A helper thread, and the state that it shares with its client. */
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
extern struct desk *desk;	/* the thread of make_by_thread() */
extern int broker;		/* the socket to the helper process of make_by_broker() */

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
