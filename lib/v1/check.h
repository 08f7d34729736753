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
/* As tt_v1_check_next(), for any event. */
int tt_v1_check_any(struct tt_v1_check *c, struct tt_v1_proc *p, const struct tt_v1_event *e,
		    size_t place, bool moved);
/* Whether a syscall exit can be checked when its record comes, where others are between. */
bool tt_v1_exit_can_wait(const struct tt_v1 *v, const struct tt_v1_event *e);

/* tasks.c */
int tt_v1_task_begin(struct tt_v1_check *c);
int tt_v1_region(struct tt_v1_check *c);
/* The regions of a goroutine end with it. */
void tt_v1_end_regions(struct tt_v1 *v, struct tt_v1_goroutine *g);

/* count.c: an event after the first Gomaxprocs whose layout is special. `moved`: it happened
 * before others that were counted. */
int tt_v1_count_special(struct tt_v1_check *c, bool moved);

/* ---- goroutines: false if it may not be */

static inline bool tt_v1_runs_on(const struct tt_v1_proc *p, const struct tt_v1_goroutine *g,
				 const struct tt_v1_event *e)
{
	return g->state == TT_V1_RUNNING && p->running_g == e->g;
}

static inline bool tt_v1_starts(struct tt_v1_proc *p, struct tt_v1_goroutine *g,
				const struct tt_v1_event *e)
{
	if (tt_unlikely(g->state != TT_V1_RUNNABLE || p->running_g != TT_V1_NO_G))
		return false;
	g->state = TT_V1_RUNNING;
	g->last = 0;
	p->running_g = e->g;
	return true;
}

static inline bool tt_v1_stops(struct tt_v1_proc *p, struct tt_v1_goroutine *g,
			       const struct tt_v1_event *e, uint8_t state)
{
	if (tt_unlikely(!tt_v1_runs_on(p, g, e) || e->g == TT_V1_NO_G))
		return false;
	g->state = state;
	g->since = e->time;
	g->last = e->type;
	p->running_g = TT_V1_NO_G;
	return true;
}

/* A goroutine that runs on its P may unblock others; timers do that without one. */
static inline bool tt_v1_may_unblock(const struct tt_v1_proc *p, const struct tt_v1_goroutine *g,
				     const struct tt_v1_event *e)
{
	return tt_v1_runs_on(p, g, e) ||
	       (g->state == TT_V1_RUNNING && (g->timer || p->number == TT_V1_TIMER_P));
}

static inline bool tt_v1_unblocks(struct tt_v1 *v, struct tt_v1_proc *p,
				  const struct tt_v1_goroutine *g, const struct tt_v1_event *e,
				  size_t place)
{
	struct tt_v1_goroutine *other = &v->goroutines.at[e->other];

	if (tt_unlikely(!tt_v1_may_unblock(p, g, e) || other->state != TT_V1_WAITING))
		return false;
	if (tt_unlikely(other->last == TT_V1_GO_BLOCK_NET))
		tt_v1_set_verdict(v, place);
	other->state = TT_V1_RUNNABLE;
	other->last = e->type;
	return true;
}

/* ---- from event to event */

/* What an event that becomes one of v2 adds to the sum. */
static inline void tt_v1_count_usual(struct tt_v1_rest *rest, int64_t time)
{
	rest->nevents++;
	rest->chain = tt_ns_after(time, rest->chain);
}

/* False: nothing was done. */
static TT_ALWAYS_INLINE bool tt_v1_check_usual(struct tt_v1 *v, struct tt_v1_proc *p,
					       const struct tt_v1_event *e, size_t place)
{
	const struct tt_v1_layout *layout = tt_v1_layout(v, e);
	struct tt_v1_goroutine *g = &v->goroutines.at[e->g];

	if (tt_unlikely(!v->rest.begun || g->syscall != 0))
		return false;
	switch (layout->check) {
	case TT_V1_CHECK_START:
		return tt_v1_starts(p, g, e);
	case TT_V1_CHECK_STOP:
		return tt_v1_stops(p, g, e, layout->rule.next);
	case TT_V1_CHECK_UNBLOCK:
		return tt_v1_unblocks(v, p, g, e, place);
	case TT_V1_CHECK_NOTHING:
		return true;
	default:
		return false;
	}
}

/*
 * Checks an event, which is on this P; `place`: in the order. `moved`: it is a syscall exit
 * whose own time is earlier, for which tt_v1_exit_can_wait() was true: nothing that was checked
 * in between depends on it.
 */
static TT_ALWAYS_INLINE int tt_v1_check_next(struct tt_v1_check *c, struct tt_v1_proc *p,
					     const struct tt_v1_event *e, size_t place, bool moved)
{
	struct tt_v1 *v = c->v;

	if (tt_unlikely(!tt_v1_check_usual(v, p, e, place)))
		return tt_v1_check_any(c, p, e, place, moved);
	v->last_time = e->time > v->last_time ? e->time : v->last_time;
	tt_v1_count_usual(&v->rest, e->time);
	return TT_OK;
}

#endif
