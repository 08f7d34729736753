/* SPDX-License-Identifier: MIT */
/*
 * leap.h - leaps over generations that end long before a window begins, without a look at them.
 * Later generations have later times and numbers, so a few that are looked at say which these are.
 * Command layer.
 */
#ifndef CMD_EDIT_LEAP_H
#define CMD_EDIT_LEAP_H

#include "tracetool.h"

/* Where a window begins: not before the generation of this number, and if it is `timed`, not before
 * this time. */
struct window_begin {
	uint64_t number;
	bool timed;
	int64_t ns;
};

/* Generations one after the other that end before the window begins. */
#define MOST_LANDED 4
struct landing {
	uint64_t offsets[MOST_LANDED];
	uint64_t ordinal;       /* of the last one, counted by numbers */
	uint64_t next_offset;   /* after it, if the window begins there; 0: that is not known */
};

/*
 * The reader has just skimmed the first generation of the trace. True: the next one is that after
 * so many others, which are *landing. False: the next one is the second, as before.
 */
bool leap_to_window(struct tt_reader *r, const struct tt_generation *first,
		    const struct window_begin *window, unsigned ngenerations,
		    struct landing *landing);

#endif
