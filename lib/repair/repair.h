/* SPDX-License-Identifier: MIT */
/*
 * repair.h - the repair of a trace, generation by generation: its contract is
 * tracetool_write.h. Stands on event and on edit. The files of this folder:
 *
 *	repair.c    what is handed out: generations as they are, and what is left of others
 *	close.c     events after those of a broken generation
 *	candidate.c the next generation: whole, or what can be collected of it
 *	salvage.c   collects the batches of a broken generation
 *	records.c   the records of a table among them
 *	batches.c   files batches, and says which of them may lack what came before
 *	doubt.c     the batch before a place where the framing breaks
 *	prepare.c   makes of these a generation that decodes
 *	lead.c      events that lead to a generation
 *	trials.c    chooses among ways to cut it that which keeps most
 *	trim.c      cuts it to what orders
 *	bridge.c    made-up events over what is lost within it
 *	bridge_numbers.c  numbers by which its events are ordered, some of which are lost
 *	bridge_needs.c    which events wait for what is lost
 *	bridge_pass.c     orders it, and makes the bridges
 *	bridged.c   puts them among its own events
 *	threads.c   the events of a thread, where they end, and which cannot be
 *	resume.c    threads that go on after a gap
 *	confirm.c   which events of a damaged batch stay
 *	splice.c    other ways to read the batch in doubt
 *	place.c     where in it bytes are missing or were added
 *	usual.c     how usual an event is: a measure for that
 *	headers.c   batches whose time or thread is wrong
 *	snapshot.c  the heap that AllocFree lists, as a check of these
 *	clock.c     a clock between two others
 *	entries.c   strings and stacks that are made up
 *	references.c records of experiments that are lost
 *	embedded.c  which batch of the input an event came from
 *	write.c     what is left of a generation, and what is made up, as bytes
 *	v1.c        all of this for a trace in format v1
 */
#ifndef TT_REPAIR_REPAIR_H
#define TT_REPAIR_REPAIR_H

#include "base/error.h"
#include "edit/synth.h"
#include "event/reader.h"
#include "repair/bridge.h"
#include "repair/write.h"
#include "tracetool_write.h"

/* A generation that was read, and is not handed out yet. */
struct tt_candidate {
	bool loaded;
	bool none;              /* there is none: the trace ends here */
	bool whole;             /* it is in r->whole; else: */
	bool unwrapped;         /* what is embedded in it was taken in */
	bool prepared;
	bool is_doubtful;       /* it may not be one: no event of it stays */
	struct tt_salvage salvage;
	bool leads_nowhere;     /* it does not order, and what follows it is no batch */
	uint64_t offset, end;
	struct tt_error why;    /* it is not whole */
};

/* What was given up, and not reported yet. */
struct tt_repair_lost {
	uint64_t nbytes, events, unread_nbytes;
	bool uncounted;         /* more events than these */
	int unknown_type;       /* of one of them, or -1 */
	struct tt_error why;
};

struct tt_repair {
	struct tt_mem *mem;     /* the reader's, as what follows */
	const struct tt_specs *specs;
	struct tt_loader *loader;
	struct tt_reader *reader; /* for what is embedded in a generation */

	struct tt_pass pass;    /* after all that was handed out */
	struct tt_order start;  /* before the candidate */
	struct tt_order led;    /* after made-up events that lead to it */
	struct tt_pass probe;   /* finds what a generation requires */
	struct tt_batch_buffers buffers; /* of both passes: one orders at a time */
	struct tt_entry entry;
	struct tt_synth synth;
	struct tt_synth ends;   /* events after those of a broken generation */
	struct tt_bridges bridges; /* events in the middle of one */
	TT_ARRAY(int64_t) next_ps; /* of the generation after it */
	struct tt_made_entries made; /* of a generation that stays as it is */
	struct tt_repair_writer writer;

	struct tt_generation whole;
	bool has_heap;          /* it has events of AllocFree */
	struct tt_candidate candidates[2];
	struct tt_candidate *cur;
	struct tt_candidate *next; /* loaded if *cur is not whole: its clock has to be earlier */
	bool at_end;            /* nothing can be read after the candidate loaded last */

	bool any;               /* a generation was handed out: */
	uint64_t last_number;
	int64_t last_ns;        /* the latest time of its events */
	struct tt_generation clock; /* its clock, nothing else of it */
	uint64_t ntried_nbytes; /* of generations, by all trials but the first (trials.c) */
	struct tt_repair_lost lost;
	uint8_t header[TT_HEADER_SIZE];
	struct tt_error err;
	int outcome;
};

/* Instead of TT_OK or TT_END: nothing was handed out, go on. */
#define TT_REPAIR_GO_ON 2

/* An error of the machine. Damaged input is none: this is what a repair is for. */
static inline bool tt_repair_is_fatal(const struct tt_error *err)
{
	return err->system && err->code != TT_E_INPUT;
}

/* TT_E_MEMORY or TT_E_LIMIT in r->err. */
static inline int tt_repair_no_memory(struct tt_repair *r)
{
	return tt_fail(&r->err, tt_mem_code(r->mem), "no memory to repair a generation");
}

/* How many numbers are missing before this one; 0 if it does not come after the last. */
static inline uint64_t tt_repair_missing_before(const struct tt_repair *r, uint64_t number)
{
	return r->any && number > r->last_number ? number - r->last_number - 1 : 0;
}

/* ---- events that lead to a generation (lead.c) */

/*
 * Looks for events that lead from r->start to the candidate: they are in r->synth, and
 * r->led is the state after them. 0, TT_REPAIR_GO_ON if there are none, or an error in r->err.
 */
int tt_repair_lead(struct tt_repair *r, struct tt_made_entries *made);
/*
 * Whether a generation that was ordered does not follow the state before it after all: events are
 * missing in between, and it took a goroutine from one thread to another. Nothing can lead from
 * there to a later generation. `number`: that of the generation in the input.
 */
bool tt_repair_tears_state(const struct tt_repair *r, uint64_t number);

/* ---- trials (trials.c) */

/* Cuts r->cur, which is broken and prepared, to what orders: from the state as it is, or after
 * events that lead to it, if more of it stays then. 0, or an error in r->err. *why: what stopped
 * the events that were cut; left alone if there are none. */
int tt_trials_trim(struct tt_repair *r, uint64_t number, struct tt_error *why);

/* ---- bridges (bridge.c) */

/* Puts made-up events into r->cur, which was trimmed from `start` on, if more of it stays with them
 * by more than they are. 0, or an error in r->err. *bridged: it does; else it is to be trimmed
 * again. */
int tt_repair_bridge(struct tt_repair *r, const struct tt_order *start, bool settled, bool *bridged);

/* Makes up, in r->ends, what the candidate needs at its end if another generation follows. 0, or an
 * error in r->err. */
int tt_repair_close(struct tt_repair *r);

/* tt_repair_next() of format v1. */
int tt_repair_next_v1(struct tt_repair *r, struct tt_repaired *out);

/* ---- candidates (candidate.c); 0, or a fatal error in r->err */

static inline struct tt_generation *tt_candidate_gen(struct tt_repair *r, struct tt_candidate *c)
{
	return c->whole ? &r->whole : &c->salvage.gen;
}

/* Reads the next generation. */
int tt_candidate_load(struct tt_repair *r, struct tt_candidate *c);
/* Takes in what is embedded in it. */
int tt_candidate_unwrap(struct tt_repair *r, struct tt_candidate *c);
/* Collects the batches of one that is whole, since it does not order. */
int tt_candidate_break_up(struct tt_repair *r, struct tt_candidate *c, const struct tt_error *why);
/* If r->next is a piece of r->cur, after bytes that looked like the end of a generation, it
 * becomes part of that, and is not loaded. */
int tt_candidate_join(struct tt_repair *r);
/* Makes r->cur, which is not whole, decodable. TT_REPAIR_GO_ON: it cannot be, and is given up. */
int tt_candidate_prepare(struct tt_repair *r);
/* r->cur is lost, and r->next becomes it. */
void tt_candidate_give_up(struct tt_repair *r);
/* r->next becomes r->cur. */
void tt_candidate_go_on(struct tt_repair *r);

#endif
