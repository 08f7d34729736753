/* SPDX-License-Identifier: MIT */
/*
 * check.h - one event after another is checked. Here is what nearly all events are: a goroutine
 * starts, stops or unblocks another one, or the event says nothing about goroutines. All others,
 * and what is wrong with one, are in check.c. Stands on parse.h.
 */
#ifndef TT_V1_CHECK_H
#define TT_V1_CHECK_H

#include "base/error.h"
#include "gen/clock.h"
#include "v1/parse.h"

/* The P of timers in Go, where goroutines are unblocked that no goroutine runs. */
#define TT_V1_TIMER_P 1000001

/* The events in their order as they are checked. */
struct tt_v1_check {
	struct tt_v1 *v;
	struct tt_error *err;
	bool usual;             /* some events need not much: the first Gomaxprocs is over */
	bool collecting, stopped; /* a GC or a stop of the world has begun */
	/* the event at hand, if it is none of those that are usual: */
	const struct tt_v1_event *e;
	size_t place;           /* in the order, */
	struct tt_v1_goroutine *g; /* its goroutine, */
	struct tt_v1_proc *p;   /* and its P; of a sample: none that there is */
};

#define TT_V1_FAIL(c, code, ...) (tt_fail((c)->err, (code), __VA_ARGS__), tt_v1_at_event(c))

/* Places an error that was just set at the event. */
static inline int tt_v1_at_event(struct tt_v1_check *c)
{
	c->err->offset = c->v->base + c->e->offset;
	return -c->err->code;
}

static inline void tt_v1_set_verdict(struct tt_v1 *v, size_t event)
{
	v->verdicts[event / 8] |= (uint8_t)(1 << event % 8);
}

void tt_v1_begin_check(struct tt_v1_check *c, struct tt_v1 *v, struct tt_error *err);
/*
 * Checks any event. `moved`: it is a syscall exit whose own time is earlier, for which
 * tt_v1_exit_can_wait() was true: nothing that was checked in between depends on it.
 */
int tt_v1_check_any(struct tt_v1_check *c, struct tt_v1_proc *p, const struct tt_v1_event *e,
		    size_t place, bool moved);
/* Whether a syscall exit can be checked when its record comes, where others are between. */
bool tt_v1_exit_can_wait(const struct tt_v1 *v, const struct tt_v1_event *e);

/* tasks.c */
int tt_v1_task_begin(struct tt_v1_check *c);
int tt_v1_check_region(struct tt_v1_check *c);
/* The regions of a goroutine end with it. */
void tt_v1_end_regions(struct tt_v1 *v, struct tt_v1_goroutine *g);

/* count.c: an event after the first Gomaxprocs whose layout is special. `moved`: it happened
 * before others that were counted. */
int tt_v1_count_special(struct tt_v1_check *c, bool moved);

/* ---- goroutines */

/*
 * What an event that starts, stops or unblocks a goroutine changes; or false if it may not be:
 * then nothing was done.
 */
static inline bool tt_v1_change_goroutine(struct tt_v1 *v, struct tt_v1_proc *p,
					  const struct tt_v1_event *e, size_t place, bool is_timer)
{
	const struct tt_v1_change *change = &e->layout->change;
	const struct tt_v1_goroutine *g = &v->goroutines.at[e->g];
	uint32_t other = tt_v1_mask(change->other);
	struct tt_v1_goroutine *subject =
		&v->goroutines.at[(e->other & other) | (e->g & ~other)];

	/* (timers unblock others without a goroutine that runs) */
	if (tt_unlikely(!((g->state == change->state) & (subject->state == change->from) &
			  (e->g >= change->least) &
			  ((p->running_g == (e->g & tt_v1_mask(change->runs))) | is_timer))))
		return false;
	/* (nothing but an unblock meets one) */
	if (tt_unlikely(subject->last == TT_V1_GO_BLOCK_NET))
		tt_v1_set_verdict(v, place);
	subject->state = change->to;
	subject->last = change->last;
	subject->since = e->time;
	p->running_g = (e->g & tt_v1_mask(change->begins)) |
		       (p->running_g & tt_v1_mask(change->goes_on));
	return true;
}

/* ---- from event to event */

/* What an event that becomes one of v2 adds to the sum. */
static inline void tt_v1_count_usual(struct tt_v1_rest *rest, int64_t time)
{
	rest->nevents++;
	rest->chain = tt_ns_after(time, rest->chain);
}

/* Checks an event of the usual kinds, which is on this P; `place`: in the order. False: it is none,
 * or wrong, and nothing was done: see tt_v1_check_any(). */
static TT_ALWAYS_INLINE bool tt_v1_check_usual(struct tt_v1_check *c, struct tt_v1_proc *p,
					       const struct tt_v1_event *e, size_t place)
{
	struct tt_v1 *v = c->v;
	uint8_t kind = e->layout->change.kind;

	if (tt_unlikely(!c->usual || v->goroutines.at[e->g].syscall != 0))
		return false;
	if (tt_unlikely(kind != TT_V1_CHANGE_THIS ? kind != TT_V1_CHANGE_NONE :
						    !tt_v1_change_goroutine(v, p, e, place, false)))
		return false;
	tt_v1_count_usual(&v->rest, e->time);
	return true;
}

#endif
