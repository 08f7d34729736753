/* SPDX-License-Identifier: MIT */
/* clock.c - the clocks of a generation that lost them. Stands on gen. */
#include "repair/clock.h"

#include "gen/clock.h"

#define NS_PER_SEC UINT64_C(1000000000)
/* No wall clock of a trace is later than this, some 290 years after 1970. */
#define MAX_WALL_SEC UINT64_C(9223372036)

/* The three clocks of a snapshot as plain numbers. */
enum { TICKS, MONO, WALL, NCLOCKS };

static bool numbers_of(const struct tt_clock *clock, uint64_t v[NCLOCKS])
{
	if (clock->wall_sec > MAX_WALL_SEC || clock->wall_nsec >= NS_PER_SEC)
		return false;
	v[TICKS] = clock->trace_ticks;
	v[MONO] = clock->mono_ns;
	v[WALL] = clock->wall_sec * NS_PER_SEC + clock->wall_nsec;
	return true;
}

static struct tt_clock clock_of(const uint64_t v[NCLOCKS])
{
	return (struct tt_clock){
		.trace_ticks = v[TICKS],
		.mono_ns = v[MONO],
		.wall_sec = v[WALL] / NS_PER_SEC,
		.wall_nsec = v[WALL] % NS_PER_SEC,
	};
}

void tt_clock_take_frequency(struct tt_generation *g, uint64_t frequency)
{
	g->has_frequency = true;
	g->frequency = frequency;
	g->ns_per_tick = tt_ns_per_tick(frequency);
}

bool tt_clock_is_later(const struct tt_clock *a, const struct tt_clock *b)
{
	return a->trace_ticks < b->trace_ticks && a->mono_ns < b->mono_ns &&
	       (a->wall_sec < b->wall_sec ||
		(a->wall_sec == b->wall_sec && a->wall_nsec < b->wall_nsec));
}

bool tt_clock_between(const struct tt_clock *a, const struct tt_clock *b, uint64_t i, uint64_t n,
		      struct tt_clock *out)
{
	uint64_t low[NCLOCKS], high[NCLOCKS];

	if (!numbers_of(a, low) || !numbers_of(b, high))
		return false;
	for (int k = 0; k < NCLOCKS; k++) {
		if (high[k] <= low[k] || high[k] - low[k] <= n)
			return false;
		low[k] += (high[k] - low[k]) / (n + 1) * i;
	}
	*out = clock_of(low);
	return true;
}

/* ---- the clock of a generation with events */

/* At `ticks`, or as near as there is room. */
static bool interpolate(const uint64_t low[NCLOCKS], const uint64_t high[NCLOCKS], uint64_t ticks,
			uint64_t v[NCLOCKS])
{
	double share;

	for (int k = 0; k < NCLOCKS; k++)
		if (high[k] <= low[k] || high[k] - low[k] < 2)
			return false;
	if (ticks <= low[TICKS])
		ticks = low[TICKS] + 1;
	if (ticks >= high[TICKS])
		ticks = high[TICKS] - 1;
	share = (double)(ticks - low[TICKS]) / (double)(high[TICKS] - low[TICKS]);
	v[TICKS] = ticks;
	for (int k = MONO; k < NCLOCKS; k++) {
		uint64_t room = high[k] - low[k] - 2, part = (uint64_t)((double)room * share);

		v[k] = low[k] + 1 + (part < room ? part : room);
	}
	return true;
}

/* So long after `low`. */
static bool extend(const uint64_t low[NCLOCKS], uint64_t ticks, double ns_per_tick,
		   uint64_t v[NCLOCKS])
{
	int64_t ns;

	if (ticks <= low[TICKS])
		ticks = low[TICKS] + 1;
	ns = tt_ticks_to_ns(ticks - low[TICKS], ns_per_tick);
	if (ns < 1)
		ns = 1;
	for (int k = MONO; k < NCLOCKS; k++)
		v[k] = low[k] + (uint64_t)ns;
	v[TICKS] = ticks;
	return v[TICKS] > low[TICKS] && v[MONO] > low[MONO] && v[WALL] > low[WALL] &&
	       v[WALL] / NS_PER_SEC <= MAX_WALL_SEC;
}

/* So long before `high`. */
static bool extend_back(const uint64_t high[NCLOCKS], uint64_t ticks, double ns_per_tick,
			uint64_t v[NCLOCKS])
{
	int64_t ns;

	if (ticks >= high[TICKS])
		ticks = high[TICKS] - 1;
	ns = tt_ticks_to_ns(high[TICKS] - ticks, ns_per_tick);
	if (ns < 1)
		ns = 1;
	v[TICKS] = ticks;
	for (int k = MONO; k < NCLOCKS; k++) {
		if (high[k] < 2)
			return false;
		v[k] = (uint64_t)ns < high[k] ? high[k] - (uint64_t)ns : high[k] - 1;
	}
	return ticks > 0;
}

bool tt_clock_make(struct tt_generation *g, const struct tt_clock *before,
		   const struct tt_clock *after)
{
	uint64_t low[NCLOCKS], high[NCLOCKS], v[NCLOCKS] = {0};
	uint64_t ticks = g->min_time > 0 ? g->min_time : 1;
	int64_t ns = tt_ticks_to_ns(ticks, g->ns_per_tick);
	bool ok = true;

	if ((before != NULL && !numbers_of(before, low)) ||
	    (after != NULL && (!numbers_of(after, high) || high[TICKS] == 0)))
		return false;
	if (before != NULL && after != NULL) {
		ok = interpolate(low, high, ticks, v);
	} else if (before != NULL) {
		ok = extend(low, ticks, g->ns_per_tick, v);
	} else if (after != NULL) {
		ok = extend_back(high, ticks, g->ns_per_tick, v);
	} else {
		v[TICKS] = ticks;
		v[MONO] = ns > 0 ? (uint64_t)ns : 1;
	}
	g->clock = clock_of(v);
	g->has_clock = ok;
	return ok;
}
