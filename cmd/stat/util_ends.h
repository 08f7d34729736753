/* SPDX-License-Identifier: MIT */
/*
 * util_ends.h - how utilization begins and ends in a part of a trace, so that minima over windows
 * which lie in two parts are found when these are joined. Command layer, inside stat only.
 */
#ifndef CMD_STAT_UTIL_ENDS_H
#define CMD_STAT_UTIL_ENDS_H

#include "util.h"

/* The points of some time, from its start on. */
struct util_piece {
	struct util_point *at;
	size_t n, cap;
};

/* Initialize with zeros: nothing is known. */
struct util_ends {
	int64_t from_ns, to_ns; /* of the whole function */
	struct util_piece head, tail;   /* its first and last UTIL_ENDS_NS, or all of it */
};

/* The longest of the windows. */
#define UTIL_ENDS_NS INT64_C(100000000)

/* A minimum that was found in each part, for windows of one length. */
struct util_minimum {
	int64_t window_ns;
	double util;
	int64_t at_ns;
};

/* Those of a function with UTIL_ENDS, after util_finish(). False: no memory. */
bool util_ends_set(struct util_ends *e, const struct util *u);
/* Whether they can be: what another program wrote. */
bool util_ends_are_valid(const struct util_ends *e);
/* Appends those of the next part. If both parts have any, sets `minima` to those of both together,
 * for each of `nwindows` windows. False: no memory. */
bool util_ends_append(struct util_ends *e, const struct util_ends *next,
		      struct util_minimum *minima, const struct util_minimum *next_minima, size_t nwindows);
bool util_piece_add(struct util_piece *piece, int64_t time_ns, double util);
void util_ends_release(struct util_ends *e);

#endif
