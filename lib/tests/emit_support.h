/* SPDX-License-Identifier: MIT */
/*
 * emit_support.h - traces that a test of the emitter makes: where they go, and what is
 * in them by the word of our own reader. Test code only.
 */
#ifndef TT_TESTS_EMIT_SUPPORT_H
#define TT_TESTS_EMIT_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "tracetool_emit.h"

/* Ends a forked child without its parent's exit handlers; but `make coverage` counts it. */
#ifdef TT_COVERAGE
void __gcov_dump(void);
#endif
static inline _Noreturn void child_exit(int status)
{
#ifdef TT_COVERAGE
	__gcov_dump();
#endif
	_exit(status);
}

/* What a tt_emit_write has been given. */
struct made {
	uint8_t *data;
	size_t len, cap;
	size_t fail_at;         /* the call whose answer is ENOSPC; 0: none */
	size_t calls;
};
int made_write(void *made, const void *data, size_t nbytes);
void made_release(struct made *m);

#define MAX_TYPES 256

/* What a trace holds. */
struct seen {
	uint64_t events;
	uint64_t generations;
	uint64_t by_type[MAX_TYPES];
	uint64_t batches, batch_nbytes;
	uint64_t to_state[TT_STATE_BAD + 1]; /* transitions of goroutines */
	uint64_t logs, begun_tasks, ended_tasks, begun_regions, ended_regions;
	uint64_t wakes_by_others;       /* GoUnblock by a thread other than the one that waits */
};

/* Reads it all; the test fails at an error, and at a finding not of the code `but`. */
void see(const void *data, size_t len, int but, struct seen *out);
/* As above, and with the first generations removed, one more each time, at most `max`. */
void see_all_cuts(const struct made *m, size_t max, struct seen *out);

/* Starts into m with generations of period_ns; the test fails if that does. */
void emit_begin(struct made *m, uint64_t period_ns);
void emit_end(void);

#endif
