/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the trace clock: the processor's time stamp counter where it runs at one
 * rate on all processors, else CLOCK_MONOTONIC. Stands on nothing.
 *
 * The unit is 64 counts (or 64 ns), so that reading it costs no multiplication. Its rate is
 * measured once for a trace and does not change (EMIT.md 2.3: if it did, time would jump
 * between generations). Any thread may read the clock, in a signal handler, too.
 */
#ifndef TT_EMIT_CLOCK_H
#define TT_EMIT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct tt_em_clock_rate {
	uint64_t frequency;     /* units a second */
};

/* CLOCK_MONOTONIC, as it is. */
uint64_t tt_em_clock_mono_ns(void);
/* The same in units of 64 ns. */
uint64_t tt_em_clock_mono_ticks(void);

/* The counter is in use. Set once, by the first tt_em_clock_measure(). */
extern bool tt_em_clock_counter;

#define TT_EM_CLOCK_SHIFT 6

/* Only if tt_em_clock_counter. */
static inline uint64_t tt_em_clock_count(void)
{
#if defined(__x86_64__)
	return __rdtsc() >> TT_EM_CLOCK_SHIFT;
#else
	return 0;
#endif
}

static inline uint64_t tt_em_clock_now(void)
{
	if (__builtin_expect(tt_em_clock_counter, 1))
		return tt_em_clock_count();
	return tt_em_clock_mono_ticks();
}

/*
 * Chooses the clock and measures its rate, the first time for some milliseconds,
 * later over all the time since then. By one thread at a time.
 */
struct tt_em_clock_rate tt_em_clock_measure(void);

#endif
