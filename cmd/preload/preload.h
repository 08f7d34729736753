/* SPDX-License-Identifier: MIT */
/*
 * preload.h - the library that `tracetool record` loads into a program: what its files share.
 * It stands in for functions of the C library, passes every call on, and reports it to the
 * emitter. Command layer: stands on tracetool_emit.h and shared.h.
 *
 *	shared.h      what the recorder shares with the program: also for cmd/record
 *	stream.[ch]   the program's end of the shared memory
 *	preload.c     what a thread has of its own; finds the functions that ours stand in for
 *	heap.c        malloc and its kin (only with --heap)
 *	heap_types.c  types of heap objects, and the objects from before the trace
 *	noheap.c      in place of the two, without --heap
 *	stack.c       where a call came from
 *	wait.c        reports a call that waits
 *	syscalls.c    functions that sleep in the kernel
 *	locks.c       functions that wait for another thread
 *	threads.c     threads that begin, end and are waited for
 *	init.c        how tracing begins and ends in a process; the environment
 *	exec.c        the program becomes another one
 *
 * Rules for all of it: the program must not see that it is there. Return values and
 * errno are the real function's; nothing is allocated with malloc where the program
 * could count it; nothing is printed; a failure means that something is not traced.
 */
#ifndef CMD_PRELOAD_PRELOAD_H
#define CMD_PRELOAD_PRELOAD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracetool_emit.h"

#define EXPORT __attribute__((visibility("default")))
#define TLS _Thread_local __attribute__((tls_model("initial-exec")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The return address and the frame of the function that stands in for another. */
#define CALLER ((uintptr_t)__builtin_return_address(0))
#define FRAME ((uintptr_t)__builtin_frame_address(0))

/* ------------------------------------------------------- preload.c: real functions */

/*
 * The function of this name that ours stands in for; NULL if there is none. `slot` is the
 * address of the pointer to it, filled in once.
 */
#define REAL(name) (likely(real_##name != NULL) ? real_##name : \
		    (preload_find(#name, &real_##name), real_##name))
void preload_find(const char *name, void *slot);
/* The same, of a version that is not the first. */
void preload_find_version(const char *name, const char *version, void *slot);

/* ------------------------------------------------------- preload.c: the thread's own */

struct preload_self {
	bool quiet;             /* inside this library: calls are its own */
	bool counted;           /* in the number of threads (threads.c) */
	uint8_t rounds;         /* calls of the key's destructor so far */
	uintptr_t outer;        /* frame of the call that waits; 0: none */
};
extern TLS struct preload_self preload_self;

/* Tracing is on, and this call is the program's. */
static inline bool preload_on(void)
{
	return unlikely(tt_emit_on()) && !preload_self.quiet;
}

/* ---------------------------------------------------------------------- heap.c */

/* Only in the library for --heap; the other one has functions that do nothing. */
/* Before tracing starts, and when it has, or has not. */
void preload_heap_start(void);
void preload_heap_started(bool traced);
/* In a forked child, before it starts a trace of its own. */
void preload_heap_forked(void);
/* Inside a section of each new generation. */
void preload_heap_generation(struct tt_emit *e);
/* Memory that is no object of the program. */
void *preload_alloc(size_t size);
void preload_free(void *p);

/* --------------------------------------------------------------------- stack.c */

#define PRELOAD_MAX_FRAMES 64
/* Where a call came from: the caller alone, or all of the stack with --stacks. */
struct preload_stack {
	size_t n;
	uintptr_t pcs[PRELOAD_MAX_FRAMES];
};
void preload_stack_take(struct preload_stack *s, uintptr_t caller);
/* Asked for by --stacks. */
extern bool preload_full_stacks;

/* ---------------------------------------------------------------------- wait.c */

/*
 * Around a call that waits: true if it is reported, and preload_syscall_end() is to
 * follow. errno stays as it is.
 */
bool preload_syscall_begin(uintptr_t caller, uintptr_t frame);
void preload_syscall_end(void);
bool preload_block_begin(const char *reason, uintptr_t caller, uintptr_t frame);
void preload_block_end(void);

/* ------------------------------------------------------------------- threads.c */

/* The program has one more thread, which will call preload_thread_begin(). */
void preload_thread_expected(void);
void preload_thread_begin(void);
bool preload_threads_init(void);
/* In a forked child: only its thread is left. */
void preload_threads_forked(void);

/* ---------------------------------------------------------------------- init.c */

/*
 * The environment for a program that this process becomes or starts: `envp` itself, or a
 * copy with our variables. Freed with preload_environment_free().
 */
char **preload_environment(char *const *envp);
void preload_environment_free(char **made, char *const *envp);

#endif
