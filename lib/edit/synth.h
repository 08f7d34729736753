/* SPDX-License-Identifier: MIT */
/*
 * synth.h - the events between the last that is kept of a broken generation and
 * the state that the next generation takes for granted. Each is tried on the
 * ordering's state before it is taken: what comes out is legal. Stands on want.
 */
#ifndef TT_EDIT_SYNTH_H
#define TT_EDIT_SYNTH_H

#include "edit/entry.h"

#define TT_SYNTH_MAX_ARGS 4

struct tt_synth_event {
	int64_t thread;
	uint64_t ticks;
	uint64_t args[TT_SYNTH_MAX_ARGS];
	uint8_t type, nargs;
};

struct tt_synth {
	struct tt_mem *mem;
	struct tt_salvage *salvage;
	struct tt_order *order;
	const struct tt_entry *want;
	TT_ARRAY(struct tt_synth_event) events;
	TT_ARRAY(bool) kept;    /* by slot in order->ms: goes on as it is */
	uint64_t ticks, step;
	int64_t worker;         /* a thread for what has none; TT_NONE: none yet */
	int64_t fresh_m, fresh_g; /* ids that nobody has */
	bool shared_done;       /* the collector and the tasks are where they shall be */
	bool failed, no_memory;
};

void tt_synth_init(struct tt_synth *b, struct tt_mem *mem);
void tt_synth_release(struct tt_synth *b);
void tt_synth_clear(struct tt_synth *b);
/*
 * Leads *order, which stands behind the salvage's events, over to what is wanted.
 * False if there is no way, or no memory (b->no_memory); *order is then lost.
 */
bool tt_synth_build(struct tt_synth *b, struct tt_salvage *s, struct tt_order *order,
		    const struct tt_entry *want);

#endif
