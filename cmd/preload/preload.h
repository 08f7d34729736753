/* SPDX-License-Identifier: MIT */
/*
 * preload.h - what the parts of the preloaded library share. It stands in front of
 * the C library in a program that is recorded, passes every call on, and tells the
 * emitter of it. Command layer: stands on tracetool_emit.h and shared.h.
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

/* The return address of the function that stands in for another. */
#define CALLER ((uintptr_t)__builtin_return_address(0))
#define FRAME ((uintptr_t)__builtin_frame_address(0))

/* ------------------------------------------------------------- real functions */

/*
 * The function of this name behind ours; NULL if there is none. `slot` is the address
 * of the pointer to it, filled in once.
 */
#define REAL(name) (likely(real_##name != NULL) ? real_##name : \
		    (preload_find(#name, &real_##name), real_##name))
void preload_find(const char *name, void *slot);
/* The same, of a version that is not the first. */
void preload_find_version(const char *name, const char *version, void *slot);

/* ------------------------------------------------------------------- threads */

struct preload_self {
	bool quiet;             /* inside this library: calls are its own */
	bool counted;
	uint8_t rounds;         /* of destructors that came by */
	uintptr_t outer;        /* frame of the call that waits; 0: none */
};
extern TLS struct preload_self preload_self;

/* Tracing is on, and this call is the program's. */
static inline bool preload_on(void)
{
	return unlikely(tt_emit_on()) && !preload_self.quiet;
}

/* The program has one more thread that will come by in preload_thread_begin(). */
void preload_thread_expected(void);
void preload_thread_begin(void);
bool preload_threads_init(void);
/* In a forked child: it alone is left. */
void preload_threads_forked(void);

/* --------------------------------------------------------------------- waits */

/*
 * Around a call that waits: true if it is told, and preload_syscall_end() is to
 * follow. errno stays as it is.
 */
bool preload_syscall_begin(uintptr_t caller, uintptr_t frame);
void preload_syscall_end(void);
bool preload_block_begin(const char *reason, uintptr_t caller, uintptr_t frame);
void preload_block_end(void);

/* -------------------------------------------------------------------- stacks */

#define PRELOAD_MAX_FRAMES 64
/* Where a call came from: the caller alone, or all of the stack with --stacks. */
struct preload_stack {
	size_t n;
	uintptr_t pcs[PRELOAD_MAX_FRAMES];
};
void preload_stack_take(struct preload_stack *s, uintptr_t caller);
/* The outermost frames, which belong to the library, end at these functions. */
extern bool preload_full_stacks;

/* ---------------------------------------------------------------------- heap */

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

/* ----------------------------------------------------------------- the trace */

/* The environment that a program begun by this process shall have: `envp` itself, or
 * one with our variables; NULL if there is no memory for that. Freed with
 * preload_environment_free(). */
char **preload_environment(char *const *envp);
void preload_environment_free(char **made, char *const *envp);

#endif
