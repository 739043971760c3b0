// SPDX-License-Identifier: GPL-2.0
/*
 * Lets User-Mode Linux 6.12 run on processors with AMX. It has room for 2,696
 * bytes of extended state, up to PKRU, while PTRACE_SETREGSET requires all that
 * the processor has, which with AMX is 11,008. boot.sh preloads this: what is
 * beyond UML's buffer is set to its initial state.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define XSTATE_BV	512	/* which components the buffer has */
#define UP_TO_PKRU	0x3ff

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request, int, void *, void *);
	static char all[65536];
	struct iovec *iov, whole = { all, sizeof(all) };
	__builtin_va_list ap;
	uint64_t components;
	void *addr, *data;
	int pid;

	if (!next)
		next = dlsym(RTLD_NEXT, "ptrace");
	__builtin_va_start(ap, request);
	pid = __builtin_va_arg(ap, int);
	addr = __builtin_va_arg(ap, void *);
	data = __builtin_va_arg(ap, void *);
	__builtin_va_end(ap);

	iov = data;
	if (request != PTRACE_SETREGSET || (uintptr_t)addr != NT_X86_XSTATE ||
	    iov->iov_len > sizeof(all))
		return next(request, pid, addr, data);
	memcpy(all, iov->iov_base, iov->iov_len);
	memcpy(&components, all + XSTATE_BV, sizeof(components));
	components &= UP_TO_PKRU;
	memcpy(all + XSTATE_BV, &components, sizeof(components));
	return next(request, pid, addr, &whole);
}
