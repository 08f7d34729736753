/* SPDX-License-Identifier: MIT */
/*
 * salvage.h - what is left of a broken generation: its batches one by one, as far
 * as each of them makes sense, in memory of its own. Stands on event and on edit.
 *
 * What happens to one: its batches are collected; it is prepared, so that nothing in it
 * fails to decode or lacks a table entry any more; it is trimmed, so that nothing fails to
 * order; events are added that lead to what follows; it is written.
 */
#ifndef TT_REPAIR_SALVAGE_H
#define TT_REPAIR_SALVAGE_H

#include "edit/synth.h"

/* One batch that was read, and what of it is good. */
struct tt_salvaged_batch {
	struct tt_raw_batch head; /* its data is a copy, with the header in front of it */
	uint8_t *clean;                 /* its good records if they are not all; else NULL */
	uint32_t nclean;
	uint32_t embedded;              /* of an experiment's: where its embedded events end, or 0 */
	uint32_t reach;                 /* where the events that stay end (tt_salvage_measure) */
	bool events;                    /* a thread's own */
	bool dropped;
	bool sync;
	bool cut;                       /* its header says more than there is */
};

struct tt_salvage {
	struct tt_mem *mem;
	const struct tt_batch_rules *rules;
	struct tt_generation gen;
	TT_ARRAY(struct tt_salvaged_batch) list; /* in the order of the file */
	TT_ARRAY(struct tt_str) texts;  /* of strings that were made up, owned */
	uint64_t end_offset;    /* of the last batch that was collected */
	bool framing_lost;      /* from here on an event batch may lack the one before it */
	bool sync_damaged;      /* the clock has to be written anew */
	bool adding_cut;        /* the batch being added is cut off by the end */
	bool ended;             /* its end mark was read */
	bool has_time;
	size_t first_lost_string, first_lost_stack; /* from here on they are made up */
	uint64_t nevents, nkept; /* events that decode; those that stay */
	uint64_t unread_nbytes; /* events of threads, from one on that does not decode */
	int unknown_type;       /* of the first of these that no spec defines; -1: none */
	int64_t last_ns;        /* the latest time of an event that stays */
};

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_batch_rules *rules);
void tt_salvage_release(struct tt_salvage *s);

/*
 * Collects the batches of the generation that begins at `begin`, at most to `end`, and
 * puts the source back to where it is. Damage is no error. TT_E_MEMORY, TT_E_LIMIT,
 * TT_E_IO.
 */
int tt_salvage_collect(struct tt_salvage *s, struct tt_loader *l, uint64_t begin, uint64_t end,
		       struct tt_error *err);
/* One more batch of the generation, from after damage: a table, or an experiment's. */
int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch,
				struct tt_error *err);
/*
 * Makes the generation whole: a thread's events end before one that cannot be decoded,
 * table entries that are missing are made up (empty), a lost clock is that of `other`
 * (may be NULL). TT_E_NO_FREQUENCY, TT_E_NO_CLOCK if that has none either, TT_E_MEMORY,
 * TT_E_LIMIT, and codes of tt_generation_seal().
 */
int tt_salvage_prepare(struct tt_salvage *s, const struct tt_generation *other,
		       const struct tt_decode_plan *plan, struct tt_error *err);
/*
 * Cuts each thread's events to those that order from `start`, and orders them in *pass,
 * whose order becomes a copy of `start` first. TT_E_MEMORY, TT_E_LIMIT. *why: what
 * stopped the events that were cut; left alone if there are none.
 */
int tt_salvage_trim(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		    struct tt_error *why);
/* The strings of the generation, for events that are made up. */
struct tt_synth_strings tt_salvage_strings(struct tt_salvage *s);

/* ---- which batch of the input an event came from (embedded.c) */

/* Events that were embedded in batches of experiments are now among those of their
 * threads: marks how far they go in their batches. */
void tt_salvage_mark_embedded(struct tt_salvage *s);
/*
 * Ends the embedded events of the thread that ordering stopped at, or of all that wait if
 * it got stuck: only those whose next event is an embedded one. False: there are none.
 */
bool tt_salvage_end_embedded(struct tt_salvage *s, const struct tt_merge *merge,
			     const struct tt_error *why);
/* Notes in each batch of the input how far the events go that are left. */
void tt_salvage_measure(struct tt_salvage *s);

#endif
