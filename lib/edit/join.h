/* SPDX-License-Identifier: MIT */
/*
 * join.h - the inside of struct tt_join. Stands on writer.h and synth.h.
 *
 *	join.c        pieces of a recording as one trace
 *	join_fit.c    whether a piece begins where the one before ends
 *	join_made.c   the generation of the events that are made up between them
 *	join_check.c  whether a piece is one of the same recording
 */
#ifndef TT_EDIT_JOIN_H
#define TT_EDIT_JOIN_H

#include "edit/synth.h"
#include "edit/writer.h"
#include "experiment/embedded.h"

struct tt_join {
	struct tt_writer *w;
	struct tt_mem *mem;
	struct tt_join_progress progress;
	int64_t last_ns;        /* of the event written last, or INT64_MIN */
	uint64_t last_number;   /* of the generation written last */
	uint64_t procs_number;  /* of the result's generation that said GOMAXPROCS last */
	unsigned nsources;

	/* the source at hand */
	bool entered;           /* an event of it was written */
	bool fits;              /* its generation of last_number has the state at last_ns */
	bool may_restate;       /* its first generation is out of place, unless it only restates */
	bool has_gc;            /* its events so far say where the collector is: */
	bool gc_runs;
	uint64_t gc_seq;        /* of its last event */
	bool has_sync;          /* the Sync of its generation is still to be written: */
	struct tt_event sync;

	/* which program it is: from pc to a hash of the function, */
	struct tt_idmap code;
	TT_ARRAY(uint64_t) functions;
	/* what lies between the wall clock and the trace's, by number of the generation, */
	struct tt_idmap clock_ids;
	TT_ARRAY(int64_t) wall_offsets_ns;
	int64_t last_start_ns;  /* of the generation written last */
	/* and which goroutines have ended: a bit for each, 64 in a word */
	struct tt_idmap ended_ids;
	TT_ARRAY(uint64_t) ended;

	struct tt_embedded embedded; /* specs that the sources bring */

	/* from the end of a piece to the start of the next one */
	struct tt_order led;
	struct tt_pass probe;
	struct tt_batch_buffers buffers;
	struct tt_entry entry;
	struct tt_synth synth;
	struct tt_generation made; /* of its events: join_made.c */
	TT_ARRAY(struct tt_str) texts; /* of its strings */
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
/* What j->entry requires of goroutines. */
int tt_join_check_entry(struct tt_join *j);
/* Remembers a generation of any source. False: no memory. */
bool tt_join_remember(struct tt_join *j, const struct tt_generation *g);
/* An event that is going to be written: 0, or why it is none of this recording. */
int tt_join_check_event(struct tt_join *j, const struct tt_event *ev);

#endif
