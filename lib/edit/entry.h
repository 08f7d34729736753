/* SPDX-License-Identifier: MIT */
/*
 * entry.h - the state that a generation requires where it is entered: what its events take
 * for granted of goroutines, processors, threads, ranges, regions, tasks and the
 * collector. It is found by ordering the generation as if it were the first of its trace,
 * where statuses are believed. Stands on event. The files of this folder:
 *
 *	entry.c         the state that a generation requires
 *	synth.c         the way from one state to another: the events that lead there
 *	synth_event.c   one such event, if it can happen
 *	synth_scopes.c  ranges, regions, tasks and the collector on that way
 *	synth_threads.c threads that stop what they do, and threads that begin something
 *	synth_idle.c    goroutines and processors that no thread has
 *	synth_bridge.c  events that let a single one happen
 *	made_texts.[ch] strings that those events need
 *	writer.h        events in, a trace out; it lists the files of the writer
 *	filter.h        a reader's events into a writer; it lists the files of the filter
 *	splitter.c      generations as the bytes that they are
 *	join.h          pieces of a recording as one trace; it lists the files of that
 *
 * What does not have to change is left alone: whoever drops a piece of a trace, or adds
 * one, says what the state is there and what it has to be.
 */
#ifndef TT_EDIT_ENTRY_H
#define TT_EDIT_ENTRY_H

#include "event/pass.h"

/* Instead of a status: it must not exist yet, since it is created. */
#define TT_ENTRY_ABSENT 0xff

struct tt_entry_g {
	int64_t id;
	int64_t thread;         /* that it runs on, or is in a syscall on; or TT_NONE */
	uint64_t depth;         /* regions that it has begun and not ended */
	uint64_t nended;        /* regions that it ended and had not begun */
	uint8_t status;         /* enum tt_g_status, or TT_ENTRY_ABSENT */
	bool says_assist;       /* an event says whether it */
	bool assist;            /* is in a mark assist */
	bool pause;             /* has stopped the world: such a stop may be open before, too */
	bool other_regions;     /* ends regions that are not those known to be open */
};

struct tt_entry_p {
	int64_t id;
	int64_t thread;         /* likewise */
	uint8_t status;         /* enum tt_p_status */
	bool says_sweep;        /* likewise, whether it */
	bool sweep;             /* is sweeping */
};

/* An event that states what lives in the heap of AllocFree. */
struct tt_entry_stated {
	const struct tt_event_spec *spec;
	uint64_t args[3];
};

struct tt_entry {
	struct tt_mem *mem;
	bool lists_heap;        /* `heap` is wanted */
	const struct tt_generation *gen;
	const struct tt_order *before; /* the state before it, for its open regions */
	struct tt_idmap g_ids, p_ids, task_ids;
	/* what gen speaks of, in the order in which it does */
	TT_ARRAY(struct tt_entry_g) gs;
	TT_ARRAY(struct tt_entry_p) ps;
	TT_ARRAY(uint64_t) absent_tasks; /* it begins them */
	bool has_gc;            /* it says where the collector is: */
	bool gc_running;
	uint64_t gc_seq;        /* of the collector's last event */
	bool heap_changed;      /* its heap is not what it stated any more: */
	TT_ARRAY(struct tt_entry_stated) heap;
	bool no_memory;
};

void tt_entry_init(struct tt_entry *e, struct tt_mem *mem);
void tt_entry_release(struct tt_entry *e);
/* Begins to order it in *pass as if it were the first generation of its trace. */
int tt_entry_probe(struct tt_pass *pass, const struct tt_generation *gen);
/*
 * Finds what `gen` requires, as far as it can be ordered without knowing what came
 * before, in *pass, which is of no use otherwise then. Of regions that it ends, says
 * whether they are those that are open in *before. False: no memory.
 */
bool tt_entry_find(struct tt_entry *e, struct tt_pass *pass, const struct tt_generation *gen,
		   const struct tt_order *before);

/* Leaves only what *order does not know, and what is in a range that is not open there: all the
 * rest is as it is there. False: no memory. */
bool tt_entry_keep_new(struct tt_entry *e, const struct tt_order *order);

/* Whether an event says of the collector if it runs before the event. */
bool tt_entry_says_gc(const struct tt_event *ev, bool *runs_before);
/* Whether an event begins or ends the region that is open. */
bool tt_entry_is_region(const struct tt_open_region *open, const struct tt_event *ev);

/* NULL: the generation does not speak of it. */
const struct tt_entry_g *tt_entry_g(const struct tt_entry *e, int64_t id);
const struct tt_entry_p *tt_entry_p(const struct tt_entry *e, int64_t id);

#endif
