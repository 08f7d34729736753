/* SPDX-License-Identifier: MIT */
/*
 * entries.h - table entries of a generation that are made up: for ids that its events name
 * and its tables lack, and for the texts of events that are made up. Stands on gen.
 */
#ifndef TT_REPAIR_ENTRIES_H
#define TT_REPAIR_ENTRIES_H

#include "edit/made_texts.h"

/* The text of a string that is lost: Go's tools reject frames and labels without one. */
#define TT_LOST_TEXT "(lost)"

struct tt_made_entries {
	struct tt_made_strings strings; /* of the generation `strings.gen`: */
	size_t first_string, first_stack; /* from here on its entries are made up */
};

/* From here on entries of `gen` are made up. */
void tt_made_entries_begin(struct tt_made_entries *m, struct tt_generation *gen);
void tt_made_entries_release(struct tt_made_entries *m, struct tt_mem *mem);
/* Makes sure that the id has an entry. False: no memory. */
bool tt_made_entries_need_string(struct tt_made_entries *m, uint64_t id);
bool tt_made_entries_need_stack(struct tt_made_entries *m, uint64_t id);
/* The strings of the generation, for events that are made up. */
struct tt_synth_strings tt_made_entries_strings(struct tt_made_entries *m);

static inline uint64_t tt_made_entries_count(const struct tt_made_entries *m)
{
	const struct tt_generation *gen = m->strings.gen;

	return gen == NULL ? 0
			   : gen->strings.n - m->first_string + gen->stacks.n - m->first_stack;
}

#endif
