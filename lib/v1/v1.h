/* SPDX-License-Identifier: MIT */
/*
 * v1.h - traces of Go 1.11 to 1.21, format v1: read as a whole, ordered, checked, and
 * handed out as the events of v2, in one generation that is made up. Stands on gen. The
 * files of this folder, in the order in which a trace goes through them:
 *
 *	parse.h    what they share
 *	trace.c    its life, its goroutines and tasks by id
 *	layout.c   the records of specs/v1.spec, as the others need them
 *	index.c    one pass over the file: where each P's batches and the samples are
 *	tables.c   strings, stacks and the clock of a batch
 *	cursor.c   the events of one P, one after another
 *	order.c    all Ps' events in one order
 *	times.c    the real times of syscall exits, and the clock
 *	replay.c   all events in their order, as often as they are needed
 *	check.c    what the events say about Ps, goroutines, GC
 *	tasks.c    the same about tasks and regions
 *	threads.c  the same about threads, for a repair
 *	count.c    how many events there are, if nobody converts them
 *	convert.c  from event to event: those of v2
 *	texts.c    texts that the conversion adds
 *	ids.c      whether what such an event names is there
 *	load.c     all of these one after the other
 *	salvage.c  what can be kept of a trace that is cut off or damaged, as a new one
 *
 * Go reads such a trace as a whole, too: an error anywhere before the conversion means that
 * no event is handed out. Source of what is right and of the messages: Go's internal/trace,
 * tracev1.go and internal/tracev1.
 */
#ifndef TT_V1_V1_H
#define TT_V1_V1_H

#include "base/bytes.h"
#include "gen/generation.h"

struct tt_v1;

/*
 * Reads, orders and checks all that follows in the source, whose header of this version was
 * read, and fills in *gen, which was cleared: its tables point into the source or into *out,
 * so it is to be cleared before tt_v1_free(). `specs` has the events of v2. TT_E_MEMORY,
 * TT_E_LIMIT, codes of the source, TT_E_CUT_OFF, batch, table, event and order codes.
 */
int tt_v1_load(struct tt_v1 **out, struct tt_source *src, struct tt_generation *gen,
	       const struct tt_specs *specs, unsigned version, struct tt_error *err);
/* NULL is a no-op. */
void tt_v1_free(struct tt_v1 *v);

/* Of the earliest event; false: there is none. */
bool tt_v1_start_ns(const struct tt_v1 *v, int64_t *ns);
/* No event is left. */
bool tt_v1_done(const struct tt_v1 *v);
/*
 * Counts all events that are left if each of them is good, once the list of goroutines that
 * there were is over: *nevents grows, and *last_ns, the time_ns of the last event, is that of
 * the last one. Else does nothing.
 */
void tt_v1_count(struct tt_v1 *v, uint64_t *nevents, int64_t *last_ns);
/*
 * The next event, without its time_ns; valid until the next call. 0; 1: there is none;
 * TT_E_EVENT_UNORDERED for a record that has no event in v2.
 */
int tt_v1_next(struct tt_v1 *v, struct tt_event **ev, struct tt_error *err);

/* What tt_v1_salvage() kept. */
struct tt_v1_kept {
	uint64_t nevents;       /* records with a time */
	uint64_t lost_nevents;  /* of those that become an event, as far as they can be read */
	uint64_t nbytes;        /* of the source, without the header, */
	uint64_t lost_nbytes;   /* and what is left of it; among them: */
	uint64_t unread_nbytes; /* those from the first record on that is wrong */
	uint64_t lost_names;    /* strings and stacks that events name, but that are lost */
	bool whole;             /* nothing is lost */
	bool made_clock;        /* its frequency is lost: now a tick is a nanosecond */
	struct tt_error why;    /* where it breaks; TT_OK if only names and the clock are lost */
};

/*
 * Appends to *out what can be kept of all that follows in the source, whose header of this
 * version was read: records up to the first one that cannot be read, of these the events of
 * each P up to the first one that cannot be ordered, or contradicts an earlier one of any P.
 * Before that no event is left out and none is changed, but for names of what is lost: instead
 * of those they name nothing. No event: nothing is appended. *gen, which was cleared, holds what was read of
 * the tables. TT_E_MEMORY, TT_E_LIMIT, TT_E_IO.
 */
int tt_v1_salvage(struct tt_source *src, struct tt_generation *gen, const struct tt_specs *specs,
		  unsigned version, struct tt_bytes *out, struct tt_v1_kept *kept,
		  struct tt_error *err);

#endif
