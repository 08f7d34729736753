/* SPDX-License-Identifier: MIT */
/*
 * entry.h - what a generation takes for granted of the state before it: found by
 * ordering it as if it were the first of its trace, where statuses are believed.
 * Stands on order.
 */
#ifndef TT_EDIT_ENTRY_H
#define TT_EDIT_ENTRY_H

#include "repair/salvage.h"

/* In the place of a status: it must not be there yet, for it is created. */
#define TT_ENTRY_NOTHING 0xff

struct tt_entry_g {
	int64_t id, thread;     /* of one that runs or is in a syscall */
	uint64_t depth;         /* regions that it has begun and not ended */
	uint64_t nended;        /* regions that were begun before the generation */
	uint8_t status; /* enum tt_g_status, or TT_ENTRY_NOTHING */
	bool assist;            /* is in a mark assist */
	bool other_regions;     /* ends regions that are not those known to be open */
};

struct tt_entry_p {
	int64_t id, thread;
	uint8_t status;         /* enum tt_p_status */
	bool sweep;
};

struct tt_entry {
	struct tt_mem *mem;
	const struct tt_generation *gen;
	struct tt_order *known; /* the state before, for its open regions */
	struct tt_idmap g_ids, p_ids, task_ids;
	TT_ARRAY(struct tt_entry_g) gs;
	TT_ARRAY(struct tt_entry_p) ps;
	TT_ARRAY(uint64_t) tasks; /* begun: they must not be open */
	bool gc;                /* it says where the collector is: */
	bool gc_running;
	uint64_t gc_seq;
	bool no_memory;
};

void tt_entry_init(struct tt_entry *w, struct tt_mem *mem);
void tt_entry_release(struct tt_entry *w);
/*
 * Orders `gen` in *fresh, which knows nothing, as far as that goes, and notes what
 * it wants. False: no memory.
 */
bool tt_entry_learn(struct tt_entry *w, const struct tt_generation *gen, struct tt_order *known,
		    struct tt_order *fresh, struct tt_merge *merge);

/* NULL: the generation does not speak of it. */
const struct tt_entry_g *tt_entry_g(const struct tt_entry *w, int64_t id);
const struct tt_entry_p *tt_entry_p(const struct tt_entry *w, int64_t id);

#endif
