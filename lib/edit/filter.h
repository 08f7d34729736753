/* SPDX-License-Identifier: MIT */
/*
 * filter.h - the inside of struct tt_filter. Stands on writer.h, whose state says what was
 * written of a goroutine or a P so far.
 *
 *	filter.c         which events stay
 *	filter_choice.c  which goroutines stay, found by reading the trace once
 *	filter_claim.c   events of Ps and threads, where goroutines that had them are gone
 *	filter_v1.c      events of format v1
 */
#ifndef TT_EDIT_FILTER_H
#define TT_EDIT_FILTER_H

#include "edit/writer.h"

/* Ranges that have a begin and an end, by the type of the begin event. */
struct tt_filter_range {
	bool chosen;            /* a begin was */
	bool wants_begin;       /* an end was chosen whose begin was not */
};

struct tt_filter_g {
	int64_t id;
	uint8_t why;            /* enum tt_filter_reason */
};

/* Who began a task, and whether its end is chosen. */
struct tt_filter_task {
	int64_t goroutine;
	bool wanted;
};

struct tt_filter {
	struct tt_writer *w;
	struct tt_mem *mem;
	unsigned flags;
	struct tt_filter_progress progress;

	/* the choice */
	struct tt_idmap g_ids, task_ids, p_ids;
	TT_ARRAY(struct tt_filter_g) gs;
	TT_ARRAY(struct tt_filter_task) tasks;
	TT_ARRAY(int64_t) syscalls; /* by P: the last goroutine that was in one with it */
	TT_ARRAY(int64_t) collectors; /* goroutines that begin and end the collector's phase */
	struct tt_idmap unchosen; /* ranges and regions whose last begin was not chosen */
	struct tt_filter_range ranges[256];
	bool keeps_gc;
	bool begun;             /* an event inside was seen */
	bool any_before;        /* events are before the part that is wanted */
	bool has_procs;         /* a change of GOMAXPROCS was seen inside */

	uint64_t args[TT_MAX_ARGS]; /* of an event that is changed */
};

static inline bool tt_filter_keeps_all(const struct tt_filter *f)
{
	return (f->flags & TT_FILTER_CHOOSES) == 0;
}

static inline bool tt_filter_is_gc(uint8_t type)
{
	return type == TT_EV_GC_BEGIN || type == TT_EV_GC_END || type == TT_EV_GC_ACTIVE;
}

/* ---- filter_choice.c */

/* Whether a goroutine stays. */
static inline bool tt_filter_has_g(const struct tt_filter *f, int64_t g)
{
	return tt_filter_keeps_all(f) ||
	       tt_idmap_find(&f->g_ids, (uint64_t)g) != TT_IDMAP_NONE;
}
/* Whether a task's begin is needed, since its end is chosen. */
bool tt_filter_wants_task(const struct tt_filter *f, uint64_t task);

/* ---- filter_claim.c */

/* An event of a P, which fits what was written of the P so far. */
int tt_filter_proc_event(struct tt_filter *f, const struct tt_event *ev, bool inside);
/* The event with another type and the arguments in f->args, at the same time. */
int tt_filter_write_as(struct tt_filter *f, const struct tt_event *ev, enum tt_event_type type,
		       int64_t thread, bool inside);
int tt_filter_write(struct tt_filter *f, const struct tt_event *ev, bool inside);

/* ---- filter_v1.c */

/* An event of a trace in format v1, which may need others before it. */
int tt_filter_write_v1(struct tt_filter *f, const struct tt_event *ev, bool inside);

#endif
