/* SPDX-License-Identifier: MIT */
/*
 * join.h - the inside of struct tt_join. Stands on writer.h and synth.h.
 *
 *	join.c        pieces of a recording as one trace
 *	join_fit.c    whether a piece begins where the one before ends
 *	join_heap.c   the heap of AllocFree where something is missing
 *	join_declared.c  resources of experiments there,
 *	join_ranges.c    and their ranges
 *	join_said.c   what a piece says before its first event that counts
 *	join_made.c   the generation of the events that are made up between them
 *	join_check.c  whether a piece is one of the same recording,
 *	join_process.c   and of the same process
 */
#ifndef TT_EDIT_JOIN_H
#define TT_EDIT_JOIN_H

#include "edit/made_texts.h"
#include "edit/synth.h"
#include "edit/writer.h"
#include "edit/writer_heap.h"
#include "experiment/embedded.h"

/* What lives in the heap, by what the events of AllocFree are about. */
enum tt_live_kind { TT_LIVE_SPAN, TT_LIVE_OBJECT, TT_LIVE_STACK, TT_NLIVE };

struct tt_live {
	uint64_t id;
	uint64_t value;         /* what it is: of the same id and value, nothing changed */
};

struct tt_live_set {
	struct tt_idmap ids[TT_NLIVE];
	TT_ARRAY(struct tt_live) all[TT_NLIVE];
};

struct tt_live_heap {
	struct tt_heap *heap;   /* its spans and objects, marked with their types; or NULL */
	struct tt_live_set set; /* its stacks, and if it is `listed`, what is in `heap` */
	bool listed;
};

struct tt_join_heap {
	struct tt_live_heap mine; /* of the result */
	bool done;              /* nobody asks for it any more */
	int64_t gap_end_ns;     /* where something was missing last; or INT64_MIN */
	struct tt_live_heap theirs; /* of the source at hand, up to its first event that counts: */
	bool stated;            /* it said what lives where it begins */
	bool changed;           /* and had events after that */
	size_t nseen[TT_NLIVE]; /* of theirs, without what the generation at hand states */
	uint64_t nmade;         /* events that lead from mine to theirs */
	struct tt_idmap keys;   /* of this generation to places in `types` plus 1; 0: unknown */
	uint64_t keys_reader, keys_ordinal;
	struct tt_idmap type_ids; /* addresses of types to places in `types` */
	TT_ARRAY(struct tt_writer_heap_type) types; /* with copies of their names */
};

/* What the events of the source at hand say that are not written. */
struct tt_join_said {
	bool has_gc;            /* where the collector is: */
	bool gc_runs;
	uint64_t gc_seq;        /* of its last event */
	/* by goroutine and by P: 1, it is open; 0, it has ended */
	struct tt_idmap assists, sweeps;
	struct tt_idmap pauses; /* stops of the world, by goroutine */
};

/* The row of events that a source begins with, which restate what was before it. */
struct tt_join_declared {
	bool seen;              /* an event of it was seen, */
	bool in_row;            /* and the last one was still in that row, */
	int64_t row_ns;         /* at this time */
	const void *dropped;    /* class of the resource that the last one dropped is about, */
	uint64_t dropped_id;    /* and its id; or NULL */
};

/* Ids: a bit for each, 64 in a word. */
struct tt_join_set {
	struct tt_idmap words;
	TT_ARRAY(uint64_t) bits;
};

/* The goroutine with the highest number that a processor created, and in which source. */
struct tt_join_newest {
	uint64_t g;
	unsigned source;
};

/* What shows that a source is of another process. */
struct tt_join_process {
	struct tt_join_set ended_gs, ended_tasks;
	struct tt_idmap newest_ids; /* processors to `newest` */
	TT_ARRAY(struct tt_join_newest) newest;
	bool any_order;         /* processors number goroutines in any order */
	struct tt_idmap roots;  /* goroutines that have not ended, to where they begin, */
	struct tt_idmap root_seen; /* and to twice the last source in which that was looked for, + 1
	                              if it was looked for where the goroutine blocks */
};

struct tt_join {
	struct tt_writer *w;
	struct tt_mem *mem;
	struct tt_join_progress progress;
	int64_t last_ns;        /* of the event written last, or INT64_MIN */
	uint64_t last_number;   /* of the generation written last */
	uint64_t procs_number;  /* of the result's generation that said GOMAXPROCS last */
	unsigned nsources;
	bool is_last;           /* and no further one comes */

	/* the source at hand */
	bool entered;           /* an event of it was written */
	bool fits;              /* its generation of last_number has the state at last_ns */
	bool may_restate;       /* its first generation is out of place, unless it only restates */
	struct tt_join_said said;
	bool has_sync;          /* the Sync of its generation is still to be written: */
	struct tt_event sync;

	/* which program it is: from pc to a hash of the function and line, and which there are, */
	struct tt_idmap code;
	TT_ARRAY(uint64_t) positions;
	struct tt_idmap position_ids;
	/* what lies between the wall clock and the trace's, by number of the generation, */
	struct tt_idmap clock_ids;
	TT_ARRAY(int64_t) wall_offsets_ns;
	bool some_without_clock; /* (a generation has none) */
	int64_t last_start_ns;  /* of the generation written last */
	struct tt_idmap threads; /* to the last source that has it, */
	size_t nthreads, nknown_threads; /* of the source at hand; and those of the ones before */
	struct tt_join_process process; /* and which process */

	struct tt_join_heap heap;
	struct tt_join_declared declared;
	struct tt_embedded embedded; /* specs that the sources bring */

	/* from the end of a piece to the start of the next one */
	struct tt_order led;
	struct tt_pass probe;
	struct tt_batch_buffers buffers;
	struct tt_entry entry;
	struct tt_synth synth;
	struct tt_generation made; /* of its events: join_made.c */
	struct tt_made_strings strings; /* its strings */
};

static inline bool tt_join_is_status(const struct tt_event *ev)
{
	return ev->spec != NULL && tt_writer_is_status(ev->spec->type);
}

/* ---- join_made.c */

void tt_join_made_init(struct tt_join *j);
void tt_join_made_release(struct tt_join *j);
/* Forgets them, and begins the generation `number`. */
void tt_join_made_begin(struct tt_join *j, uint64_t number);
struct tt_synth_strings tt_join_made_strings(struct tt_join *j);

/* ---- join_said.c */

void tt_join_said_init(struct tt_join *j);
void tt_join_said_release(struct tt_join *j);
void tt_join_said_begin_source(struct tt_join *j);
/* After an event of a source. False: no memory. */
bool tt_join_said_see(struct tt_join *j, const struct tt_event *ev);
/* Adds to j->entry what it does not say; and what is newer, if the pieces before have the start of
 * its generation. */
void tt_join_said_complete(struct tt_join *j, bool overlaps);

/* ---- join_heap.c */

void tt_join_heap_init(struct tt_join *j);
void tt_join_heap_release(struct tt_join *j);
void tt_join_heap_begin_source(struct tt_join *j);
/* After an event of a source. Like all here: 0, or why not. */
int tt_join_heap_see(struct tt_join *j, const struct tt_event *ev);
/* Before one that is going to be written. What was where it allocates is freed if that was
 * before the place where something is missing, and nothing else says so. */
int tt_join_heap_take(struct tt_join *j, const struct tt_event *ev);
/* Whether it states what lives already: right after tt_join_heap_lead(), or where the pieces
 * before end. */
bool tt_join_heap_is_known(struct tt_join *j, const struct tt_event *ev);
bool tt_join_heap_is_said_again(struct tt_join *j, const struct tt_event *ev);
/* Finds what leads to the heap where the source begins, with this generation of which j->entry
 * was found; and writes it. */
int tt_join_heap_compare(struct tt_join *j, const struct tt_generation *g);
int tt_join_heap_lead(struct tt_join *j);

/* ---- join_declared.c */

void tt_join_declared_begin_source(struct tt_join *j);
/* Each event of a source, before all else. */
void tt_join_declared_see(struct tt_join *j, const struct tt_event *ev);
/* Whether it only restates a resource that the result has; in such a row only. */
bool tt_join_declared_is_restated(struct tt_join *j, const struct tt_event *ev);
/* Before one that is going to be written: writes what leads to the resources that it needs. */
int tt_join_declared_take(struct tt_join *j, const struct tt_event *ev);
/* Whether an event of this type can be made up where that event is; sets those of its arguments
 * that the context says. */
bool tt_join_can_make(const struct tt_join *j, const struct tt_event_def *def,
		      const struct tt_event *ev, uint64_t *args);
/* Which order of an event is about a resource, if all others are numbers of something that no
 * argument names; or one of these. */
#define TT_NO_RESOURCE (-1)
#define TT_MORE_RESOURCES (-2)
int tt_join_resource_order(const struct tt_event_def *def);

/* ---- join_ranges.c */

/* Whether it only restates that a range is open in the result; in such a row only. */
bool tt_join_ranges_is_restated(const struct tt_join *j, const struct tt_event *ev);
/* Before one that is going to be written: ends the range that it begins, or begins the one that it
 * ends, if that happened where something is missing. */
int tt_join_ranges_take(struct tt_join *j, const struct tt_event *ev);

/* ---- join_fit.c */

/* Whether the generation's state where the pieces before end is the one that they lead to, in
 * *fits. 0, or no memory. */
int tt_join_find_fit(struct tt_join *j, const struct tt_generation *g, bool *fits);

/* ---- join_check.c */

void tt_join_check_init(struct tt_join *j);
void tt_join_check_release(struct tt_join *j);
/* A generation of a further source of which no event was written: 0, or why it is none of this
 * recording. */
int tt_join_check_source(struct tt_join *j, const struct tt_generation *g);
/* An event of a generation that may restate, or NULL for the end of the source. */
int tt_join_check_restated(struct tt_join *j, const struct tt_event *ev);
/* Remembers a generation of any source. False: no memory. */
bool tt_join_remember(struct tt_join *j, const struct tt_generation *g);
/* Whether the source at hand has no thread of those before, as far as it was read. */
bool tt_join_is_stranger(const struct tt_join *j);
/* It is no piece of the same recording, for this reason: w->err. */
int tt_join_refuse(struct tt_join *j, const char *why);

/* ---- join_process.c */

void tt_join_process_init(struct tt_join *j);
void tt_join_process_release(struct tt_join *j);
/* What j->entry requires of goroutines: 0, or why it is none of this recording. If the pieces
 * before have the start of its generation, it does not require those that have ended since. */
int tt_join_check_entry(struct tt_join *j, bool overlaps);
/* The same of an event that is going to be written. */
int tt_join_check_event(struct tt_join *j, const struct tt_event *ev);

#endif
