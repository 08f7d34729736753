/* SPDX-License-Identifier: MIT */
/*
 * selection.h - values of the options that choose events: numbers of goroutines,
 * processors and threads, and generations. Command layer, on options.h.
 */
#ifndef CMD_CLI_SELECTION_H
#define CMD_CLI_SELECTION_H

#include <stdbool.h>

#include "options.h"

/* Numbers that an option lists: 1,2,3; "none" is TT_NONE. Release with id_list_release(). */
struct id_list {
	int64_t *ids;
	size_t n;
};

void id_list_release(struct id_list *list);

/* From the first to the last, by their numbers in the trace. */
struct generation_range {
	uint64_t first, last;
};

#define ALL_GENERATIONS { 0, UINT64_MAX }

static inline bool generation_range_is_all(struct generation_range range)
{
	return range.first == 0 && range.last == UINT64_MAX;
}

static inline bool generation_range_has(struct generation_range range, uint64_t generation)
{
	return generation >= range.first && generation <= range.last;
}

/* For OPT_OWN rows: into a struct id_list, a struct generation_range ("3", "3-5", "3-"). */
opt_parse_fn selection_parse_ids, selection_parse_generations;

#endif
