/* SPDX-License-Identifier: MIT */
/*
 * clock.h - the clocks of a generation that lost them. Go's tools require that all three
 * clocks grow from generation to generation, so a clock that is made up lies between those
 * of the neighbours, or there is none. Stands on gen.
 */
#ifndef TT_REPAIR_CLOCK_H
#define TT_REPAIR_CLOCK_H

#include "gen/generation.h"

/* Ticks a second on every platform but Windows, where they depend on the machine. */
#define TT_USUAL_FREQUENCY 15625000

/* Takes the frequency, and no more, of a generation that has one. */
void tt_clock_take_frequency(struct tt_generation *g, uint64_t frequency);

/* Whether all three clocks of `b` are later than those of `a`. */
bool tt_clock_is_later(const struct tt_clock *a, const struct tt_clock *b);

/*
 * The i-th of n clocks that lie at even distances between `a` and `b`, i = 1 to n. False:
 * there is no room for so many.
 */
bool tt_clock_between(const struct tt_clock *a, const struct tt_clock *b, uint64_t i, uint64_t n,
		      struct tt_clock *out);

/*
 * Makes up g->clock, for the time of g's first batch, after that of `before` and before that
 * of `after`; each may be NULL. Without either, the wall clock begins in 1970. False: there
 * is no room between them.
 */
bool tt_clock_make(struct tt_generation *g, const struct tt_clock *before,
		   const struct tt_clock *after);

#endif
