// SPDX-License-Identifier: GPL-2.0
/*
 * Measures calls, and prints the median. The code between begin() and end() is
 * timed. These are not inlined, so that scripts/bench/trace.sh can set breakpoints
 * on them.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include "bench.h"

static uint64_t *samples;	/* shared with children */

#ifdef __x86_64__
#define UNIT "ticks of the time-stamp counter"

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}
#elif defined(__aarch64__)
#define UNIT "ticks of the virtual counter"

static inline uint64_t ticks(void)
{
	uint64_t count;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(count) : : "memory");
	return count;
}
#else
#define UNIT "nanoseconds"

static inline uint64_t ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
#endif

/* Returns the unit of the counter. */
const char *init_clock(void)
{
	samples = mmap(NULL, CALLS * sizeof(*samples), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (samples == MAP_FAILED)
		err(1, "memory");
	return UNIT;
}

uint64_t begin(void)
{
	return ticks();
}

void end(int i, uint64_t start)
{
	samples[i] = ticks() - start;
}

void print(const char *what, const char *which, long long value)
{
	printf("%s%s%s\t%lld\n", what, which ? "/" : "", which ?: "", value);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void report(const char *what, const char *which)
{
	qsort(samples, CALLS, sizeof(*samples), compare);
	print(what, which, samples[CALLS / 2]);
}
