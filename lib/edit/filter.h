/* SPDX-License-Identifier: MIT */
/*
 * filter.h - the inside of struct tt_filter. Stands on writer.h, whose state says what was
 * written of a goroutine or a P so far.
 *
 *	filter.c           which events stay
 *	filter_choice.c    which goroutines have to stay, found by reading the trace once
 *	filter_goroutines.c  the list of them
 *	filter_declared.c  which events of experiments chosen ones need
 *	filter_claim.c     events of Ps and threads, where goroutines that had them are gone
 *	filter_run.c       many events at once, where nothing but times is chosen
 *	filter_v1.c        events of format v1
 *	held.[ch]          what was written before it can be
 *	aside.c            a thread that follows what is before a window's generation
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

/* What events of experiments are about: a resource, or a range. */
struct tt_filter_subject {
	uint32_t parent;        /* leads to the one that stands for all that stay or go together; */
	uint32_t first, last;   /* of that: goroutines that changed them, in `changers` */
	bool wanted;            /* of that: a chosen event is about one of them */
};

struct tt_filter_changer {
	int64_t goroutine;
	uint32_t next;
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
	bool keeps_gc;          /* one inside was chosen; or that is asked for: */
	bool keeps_labels;
	bool chose;             /* tt_filter_choose() was called */
	struct tt_idmap subject_ids; /* by a hash of what it is */
	struct tt_idmap changer_ids; /* hashes of those that are in the lists */
	TT_ARRAY(struct tt_filter_subject) subjects;
	TT_ARRAY(struct tt_filter_changer) changers;
	uint64_t procs;         /* GOMAXPROCS as tt_filter_choose() saw it last; 0: not yet */

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

/* ---- filter_goroutines.c */

/* A goroutine stays; TT_NONE is none. */
int tt_filter_include(struct tt_filter *f, int64_t g, enum tt_filter_reason why);
/* Whether it does. */
static inline bool tt_filter_has_g(const struct tt_filter *f, int64_t g)
{
	return tt_filter_keeps_all(f) ||
	       tt_idmap_find(&f->g_ids, (uint64_t)g) != TT_IDMAP_NONE;
}

/* ---- filter_choice.c */

/* Whether a task's begin is needed, since its end is chosen. */
bool tt_filter_wants_task(const struct tt_filter *f, uint64_t task);

/* ---- filter_declared.c */

/* An event of an experiment, of all that come before the end of the part that is wanted. */
int tt_filter_see_declared(struct tt_filter *f, const struct tt_event *ev, bool chosen);
/* Whether one that is not chosen is needed. */
bool tt_filter_needs_declared(struct tt_filter *f, const struct tt_event *ev);

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
