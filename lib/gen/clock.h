/* SPDX-License-Identifier: MIT */
/*
 * clock.h - trace clock units to nanoseconds, with Go's arithmetic to the bit.
 * Source: Go's internal/trace/generation.go (setSyncBatch) and base.go
 * (frequency.mul). Stands on nothing.
 */
#ifndef TT_GEN_CLOCK_H
#define TT_GEN_CLOCK_H

#include <stdint.h>

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

/* Sums wrap around in Go. */
static inline int64_t tt_ns_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

#endif
