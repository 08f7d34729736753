/* SPDX-License-Identifier: MIT */
/*
 * pass.h - one generation being ordered: from event to event, each checked, counted and
 * handed out, or only counted. The reader has a pass, so has each worker that orders
 * generations beside it (parallel.h), and so has a repair. Stands on order.
 */
#ifndef TT_EVENT_PASS_H
#define TT_EVENT_PASS_H

#include "event/findings.h"
#include "order/direct.h"

struct tt_pass {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	unsigned version;
	bool like_go;           /* errors have the texts of Go and no more */
	const struct tt_generation *gen; /* or NULL */
	struct tt_merge merge;
	struct tt_order order;
	uint8_t watched[256];   /* types of which an event may be a finding */
	unsigned nwatched;

	int64_t last_ns;        /* time of the event handed out last */
	uint64_t nevents;       /* that were handed out or counted */
	struct tt_event sample; /* handed out: nothing orders CPU samples */
	uint64_t sample_args[TT_MAX_ARGS];
	const struct tt_event_spec *sample_spec;
	struct tt_kept *kept;   /* of tt_pass_next_kept(); or NULL */
	bool briefs;            /* tt_pass_next_briefs() takes the place of tt_pass_next() */
	struct tt_brief_room brief_room; /* of the call at hand */
	struct tt_findings findings;
	struct tt_error err;    /* of the call that failed for this generation, or TT_OK */
	char why[256];          /* what a thread waits for */
};

void tt_pass_init(struct tt_pass *p, struct tt_mem *mem, const struct tt_specs *specs,
		  unsigned version);
void tt_pass_release(struct tt_pass *p);
/*
 * If the pass's generation lacks tables (see there), and its events name entries that are not
 * in them, *err, which is that of one of its events, becomes TT_E_CUT_OFF at `end`.
 */
void tt_pass_blame_cut(const struct tt_pass *p, uint64_t end, struct tt_error *err);
/*
 * From now on tt_pass_next_kept() takes the place of tt_pass_next(), and may use *kept, which
 * is zero.
 */
void tt_pass_keep(struct tt_pass *p, struct tt_kept *kept);
/* From the next generation on tt_pass_next_briefs() takes the place of tt_pass_next(); or, with false, no
 * longer. */
void tt_pass_set_briefs(struct tt_pass *p, bool briefs);
/* The specs changed: makes anew what was made of them. */
void tt_pass_specs_changed(struct tt_pass *p);

/* ---- a generation */

/* Forgets the generation at hand, whose memory may go. */
void tt_pass_clear(struct tt_pass *p);
/* Turns to a generation that was loaded. */
void tt_pass_take(struct tt_pass *p, const struct tt_generation *gen);
/*
 * Begins to order it, after the one before or after tt_order_reset(). Codes 50 to 52,
 * TT_E_MEMORY, TT_E_LIMIT; as all codes of a pass, with p->err.
 */
int tt_pass_begin(struct tt_pass *p);
/* No event of it is left. */
static inline bool tt_pass_done(const struct tt_pass *p)
{
	return p->order.count == 0 && tt_merge_done(&p->merge) &&
	       (p->kept == NULL || p->kept->next == p->kept->n);
}

/* ---- its events */

/* Hands out the next event, which lives until the next call: 0; 1: there is none; or codes
 * 50 to 70. */
int tt_pass_next(struct tt_pass *p, const struct tt_event **ev);
/* The same, but hands out only events of the kind Experimental. */
int tt_pass_next_kept(struct tt_pass *p, const struct tt_event **ev);
/*
 * The next events in few bytes, as long as they can be and there is room, from room->next on, which is
 * moved. *ev: the one after them, if that is handed out as tt_pass_next() does; or NULL.
 * 0; 1: there is none, nor was one stored; or codes 50 to 70, which come after those stored.
 */
int tt_pass_next_briefs(struct tt_pass *p, struct tt_brief_room *room, const struct tt_event **ev);
/* Orders, checks and counts all events that are left, and hands out none: 0 or an error. */
int tt_pass_drain(struct tt_pass *p);
/*
 * Lets the next event of a thread advance, and does nothing else with it: it is neither
 * checked nor counted, and CPU samples are passed over. *evs: the *n events that it comes
 * to; until the next call. 0; 1: there is none; or codes 50 to 70.
 */
int tt_pass_advance(struct tt_pass *p, const struct tt_event **evs, unsigned *n);

/* What is done with events that are counted, and not handed out: one of the functions of
 * direct.h, and what it needs. */
struct tt_pass_run {
	int (*direct)(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		      struct tt_error *err);
	struct tt_noted *gs, *ps; /* by slots of the pass's order, which may grow where an event
	                             is handed out */
	const struct tt_used_ids *used;
	bool renumbers;
	const bool *unwanted;   /* by type: those that are not handed out, either; or NULL */
};
/*
 * As tt_pass_next(), but does this with each event that can be counted, and hands out the
 * others, but for the unwanted. 1: no event is left, or the next one is later than `until_ns`; one
 * that is handed out may be so, too, if an earlier one has to wait for it.
 */
int tt_pass_next_but(struct tt_pass *p, const struct tt_pass_run *run, int64_t until_ns,
		     const struct tt_event **ev);
/* Events of a type are not counted by that. */
void tt_pass_hand_out_type(struct tt_pass *p, unsigned type);
/* The cursor whose event it is, which tt_pass_next() handed out last; NULL: it was added. */
struct tt_cursor *tt_pass_cursor_of(struct tt_pass *p, const struct tt_event *ev);

/* Gives an event that is handed out its time, and counts it. */
static inline void tt_pass_stamp(struct tt_pass *p, struct tt_event *ev)
{
	p->last_ns = ev->time_ns = tt_ns_after(ev->raw_time_ns, p->last_ns);
	p->nevents++;
}
/* Whether the generation has the table entries that an event names. TT_E_EVENT_STACK,
 * TT_E_EVENT_STRING. */
int tt_pass_check_ids(struct tt_pass *p, const struct tt_event *ev);
/* After TT_E_STUCK: the i-th of the threads that wait, as tt_reader_waiting(). */
bool tt_pass_waiting(struct tt_pass *p, size_t i, struct tt_waiting *out);

#endif
