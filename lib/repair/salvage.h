/* SPDX-License-Identifier: MIT */
/*
 * salvage.h - what is left of a broken generation: its batches one by one, as far
 * as each of them makes sense, in memory of its own. Stands on order.
 *
 * The life of one: collect the batches, prepare (nothing in it can fail to decode
 * or lacks a table entry any more), trim (nothing in it fails to order any more),
 * add the events that lead over to what follows, write.
 */
#ifndef TT_REPAIR_SALVAGE_H
#define TT_REPAIR_SALVAGE_H

#include "order/merge.h"

/* One batch that was read, and what of it is good. */
struct tt_salvaged_batch {
	struct tt_raw_batch head; /* its data is a copy, with the header in front of it */
	uint8_t *clean;                 /* its good records if they are not all; else NULL */
	uint32_t nclean;
	uint32_t embedded;              /* of an experiment's: its embedded events end there, or 0 */
	uint32_t reach;                 /* the events that stay end there (tt_salvage_measure) */
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
	bool framing_lost;      /* event batches from here on may lack one in front of them */
	bool sync_damaged;      /* the clock has to be written anew */
	bool adding_cut;        /* the batch being added is cut off by the end */
	bool ended;             /* its end mark stood there */
	bool has_time;
	size_t first_lost_string, first_lost_stack; /* from here on they are made up */
	uint64_t nevents, nkept; /* events that decode; those that stay */
	int64_t last_ns;        /* the latest time of an event that stays */
};

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_batch_rules *rules);
void tt_salvage_release(struct tt_salvage *s);

/*
 * Collects the batches of the generation that begins at `begin`, at most to `end`,
 * and puts the source back to where it stands. Damage is no error. TT_E_MEMORY,
 * TT_E_LIMIT, TT_E_IO.
 */
int tt_salvage_collect(struct tt_salvage *s, struct tt_loader *l, uint64_t begin, uint64_t end,
		       struct tt_error *err);
/* One more batch of the generation, from behind damage: a table, or an experiment's. */
int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch, struct tt_error *err);
/*
 * Makes the generation whole: events stop where a thread's cannot be decoded, table
 * entries that are missing are made up (empty), the clock is the own or that of
 * `other` (may be NULL). False if there is no clock to be had.
 */
int tt_salvage_prepare(struct tt_salvage *s, const struct tt_generation *other,
		       const struct tt_decode_plan *plan, struct tt_error *err);
/*
 * Cuts each thread's events to those that order from `start`, and brings *order,
 * a copy of it, to behind them. TT_E_MEMORY, TT_E_LIMIT. *why: what they broke off
 * for; left alone if they did not.
 */
int tt_salvage_trim(struct tt_salvage *s, struct tt_order *order, const struct tt_order *start,
		    struct tt_merge *merge, struct tt_error *why);
/* Once the embedded events are among those of their threads: marks which they are. */
void tt_salvage_mark_embedded(struct tt_salvage *s);
/*
 * Ends the embedded events of the thread that ordering broke off for, or of all that
 * wait, if it did for one of these. False: it did not.
 */
bool tt_salvage_end_embedded(struct tt_salvage *s, const struct tt_merge *merge,
			    const struct tt_error *why);
/* How much of each batch of events stands in the threads' lists. */
void tt_salvage_measure(struct tt_salvage *s);
/* As tt_merge_advance(); tries an event of a thread on the state, outside of any merge. */
int tt_salvage_advance(struct tt_merge *merge, struct tt_order *order, struct tt_error *err);
enum tt_advance tt_salvage_try(struct tt_order *order, int64_t thread, struct tt_raw_event *ev);
/* The id of a string with this text, made up if there is none. False: no memory. */
bool tt_salvage_string(struct tt_salvage *s, struct tt_str text, uint64_t *id);
/* Makes sure that a string id means something. False: no memory. */
bool tt_salvage_name(struct tt_salvage *s, uint64_t id);

#endif
