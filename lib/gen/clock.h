/* SPDX-License-Identifier: MIT */
/*
 * clock.h - trace clock units to nanoseconds, with Go's arithmetic to the bit.
 * Source: Go's internal/trace/generation.go (setSyncBatch) and base.go
 * (frequency.mul).
 */
#ifndef TT_GEN_CLOCK_H
#define TT_GEN_CLOCK_H

#include <stdint.h>

#include "base/compiler.h"

/* Two roundings: 1e9 / frequency would be another number. 0 gives infinity. */
static inline double tt_ns_per_tick(uint64_t frequency)
{
	return 1.0 / ((double)frequency / 1e9);
}

/* Out of range, infinite and not a number give the lowest integer, as on amd64. */
static inline int64_t tt_ticks_to_ns(uint64_t ticks, double ns_per_tick)
{
	double ns = (double)ticks * ns_per_tick;

	if (!(ns < 9223372036854775808.0))
		return INT64_MIN;
	return (int64_t)ns;
}

/* The same for format v1, where ticks are a distance. */
static inline int64_t tt_signed_ticks_to_ns(int64_t ticks, double ns_per_tick)
{
	double ns = (double)ticks * ns_per_tick;

	if (!(ns < 9223372036854775808.0 && ns >= -9223372036854775808.0))
		return INT64_MIN;
	return (int64_t)ns;
}

/*
 * Whole nanoseconds a tick, as on Linux: where all numbers of a product are below
 * 2^53 floating point is exact, and integers are faster.
 */
struct tt_tick_rate {
	double ns;
	uint64_t whole_ns;
	uint64_t whole_end;     /* fewer ticks than this times whole_ns is the same; or 0 */
};

static inline struct tt_tick_rate tt_tick_rate(double ns_per_tick)
{
	const double limit = 9007199254740992.0; /* 2^53 */
	struct tt_tick_rate rate = {ns_per_tick, 0, 0};

	if (ns_per_tick >= 1 && ns_per_tick < limit &&
	    (double)(uint64_t)ns_per_tick == ns_per_tick) {
		rate.whole_ns = (uint64_t)ns_per_tick;
		rate.whole_end = (UINT64_C(1) << 53) / rate.whole_ns;
	}
	return rate;
}

static inline int64_t tt_rate_to_ns(const struct tt_tick_rate *rate, uint64_t ticks)
{
	if (tt_likely(ticks < rate->whole_end))
		return (int64_t)(ticks * rate->whole_ns);
	return tt_ticks_to_ns(ticks, rate->ns);
}

/* Sums wrap around in Go. */
static inline int64_t tt_ns_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Go's times never stand still: an event not later than the one before is one later. */
static inline int64_t tt_ns_after(int64_t time_ns, int64_t last_ns)
{
	return time_ns > last_ns ? time_ns : tt_ns_add(last_ns, 1);
}

static inline int64_t tt_ns_sub(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

#endif
