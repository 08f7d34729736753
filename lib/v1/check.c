/* SPDX-License-Identifier: MIT */
/*
 * check.c - what the events in their order say about Ps, goroutines and the collector: Go's
 * postProcessTrace() in internal/tracev1/parser.go, with its messages. And which syscalls
 * block: in Go the conversion looks for that event by event. Stands on gen.
 */
#include <inttypes.h>
#include <string.h>

#include "v1/check.h"
#include "v1/replay.h"

#define FAIL TT_V1_FAIL

/* In nanoseconds. */
static int64_t time_of(const struct tt_v1_check *c)
{
	return tt_v1_time_ns(c->v, c->e);
}

static const char *name_of(const struct tt_v1_check *c)
{
	return c->v->layouts[c->e->type].spec->name;
}

/* ---- Ps and goroutines */

static bool is_running(const struct tt_v1_check *c)
{
	return c->g->state == TT_V1_RUNNING && c->p->running_g == c->e->g;
}

/* Why it is an error that something is done by no goroutine, or by one that does not run on
 * its P. */
static int not_running(struct tt_v1_check *c)
{
	if (c->g->state != TT_V1_RUNNING)
		return FAIL(c, TT_E_GOROUTINE, "g %" PRIu64 " is not running while %s (time %" PRId64 ")",
			    c->g->id, name_of(c), time_of(c));
	if (c->p->running_g != c->e->g)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running g %" PRIu64 " while %s (time %" PRId64 ")",
			    c->p->number, c->g->id, name_of(c), time_of(c));
	return FAIL(c, TT_E_GOROUTINE, "g 0 did %s (time %" PRId64 ")", name_of(c), time_of(c));
}

static int proc_start(struct tt_v1_check *c)
{
	if (c->p->running)
		return FAIL(c, TT_E_PROC, "p %" PRId64 " is running before start (time %" PRId64 ")",
			    c->p->number, time_of(c));
	c->p->running = true;
	return TT_OK;
}

static int proc_stop(struct tt_v1_check *c)
{
	if (!c->p->running)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running before stop (time %" PRId64 ")",
			    c->p->number, time_of(c));
	if (c->p->running_g != TT_V1_NO_G)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is running a goroutine %" PRIu64
			    " during stop (time %" PRId64 ")",
			    c->p->number, c->v->goroutines.at[c->p->running_g].id, time_of(c));
	c->p->running = false;
	return TT_OK;
}

static int appear(struct tt_v1_check *c)
{
	if (c->g->state != TT_V1_RUNNABLE)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not runnable before Ev%s (time %" PRId64 ")", c->g->id,
			    name_of(c), time_of(c));
	c->g->state = TT_V1_WAITING;
	c->g->since = c->e->time;
	c->g->last = c->e->type;
	return TT_OK;
}

static int create(struct tt_v1_check *c)
{
	struct tt_v1_goroutine *made = &c->v->goroutines.at[c->e->other];

	if (!is_running(c))
		return not_running(c);
	if (made->exists)
		return FAIL(c, TT_E_GOROUTINE, "g %" PRIu64 " already exists (time %" PRId64 ")",
			    made->id, time_of(c));
	made->exists = true;
	made->state = TT_V1_RUNNABLE;
	made->last = c->e->type;
	return TT_OK;
}

static int start(struct tt_v1_check *c)
{
	if (tt_v1_change_goroutine(c->v, c->p, c->e, c->place, false))
		return TT_OK;
	if (c->g->state != TT_V1_RUNNABLE)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not runnable before start (time %" PRId64 ")",
			    c->g->id, time_of(c));
	return FAIL(c, TT_E_PROC,
		    "p %" PRId64 " is already running g %" PRIu64 " while start g %" PRIu64
		    " (time %" PRId64 ")",
		    c->p->number, c->v->goroutines.at[c->p->running_g].id, c->g->id, time_of(c));
}

/* The goroutine does not run any more. */
static int stop(struct tt_v1_check *c)
{
	uint8_t last = c->g->last;

	if (!tt_v1_change_goroutine(c->v, c->p, c->e, c->place, false))
		return not_running(c);
	if (c->e->type == TT_V1_GO_SYS_BLOCK || c->g->state == TT_V1_DEAD)
		c->g->last = last;
	return TT_OK;
}

static int unblock(struct tt_v1_check *c)
{
	bool is_timer = c->g->timer || c->p->number == TT_V1_TIMER_P;

	if (tt_v1_change_goroutine(c->v, c->p, c->e, c->place, is_timer))
		return TT_OK;
	if (c->g->state != TT_V1_RUNNING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not running while unpark (time %" PRId64 ")", c->g->id,
			    time_of(c));
	if (!is_timer && c->p->running_g != c->e->g)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running g %" PRIu64
			    " while unpark (time %" PRId64 ")",
			    c->p->number, c->g->id, time_of(c));
	return FAIL(c, TT_E_GOROUTINE,
		    "g %" PRIu64 " is not waiting before unpark (time %" PRId64 ")",
		    c->v->goroutines.at[c->e->other].id, time_of(c));
}

static int syscall_begin(struct tt_v1_check *c)
{
	if (!is_running(c) || c->e->g == TT_V1_NO_G)
		return not_running(c);
	c->g->last = c->e->type;
	c->g->syscall = c->place + 1;
	return TT_OK;
}

static int syscall_exit(struct tt_v1_check *c)
{
	if (c->g->state != TT_V1_WAITING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not waiting during syscall exit (time %" PRId64 ")",
			    c->g->id, time_of(c));
	c->g->state = TT_V1_RUNNABLE;
	c->g->last = c->e->type;
	return TT_OK;
}

/* ---- ranges */

static int begin(struct tt_v1_check *c, bool *range, int code, const char *what)
{
	if (*range)
		return FAIL(c, code, "previous %s is not ended before a new one (time %" PRId64 ")",
			    what, time_of(c));
	*range = true;
	return TT_OK;
}

static int end(struct tt_v1_check *c, bool *range, int code, const char *what)
{
	if (!*range)
		return FAIL(c, code, "bogus %s end (time %" PRId64 ")", what, time_of(c));
	*range = false;
	return TT_OK;
}

/* Its regions end with it. */
static int go_end(struct tt_v1_check *c)
{
	int rc = stop(c);

	if (rc == TT_OK)
		tt_v1_end_regions(c->v, c->g);
	return rc;
}

/* ---- samples */

/* The generation lists them. A sample does not say on which thread it was. Its time is in
 * ticks, and its stack may not be known, until the end. */
static int sample(struct tt_v1_check *c)
{
	struct tt_generation *g = c->v->gen;

	if (!TT_ARRAY_ROOM(g->mem, &g->samples))
		return tt_v1_no_memory(c->v, c->err);
	g->samples.at[g->samples.n++] = (struct tt_sample){
		.time_ns = c->e->time,
		.thread = TT_NONE,
		.proc = (int32_t)c->e->proc,
		.goroutine = c->e->g == TT_V1_NO_G ? TT_NONE : (int64_t)c->g->id,
		.stack = (uint32_t)c->e->args[3],
	};
	return TT_OK;
}

/* ---- from event to event */

/* A syscall blocks if its goroutine's next event is a GoSysBlock. */
static inline void follow_syscall(struct tt_v1_check *c)
{
	struct tt_v1_goroutine *g = c->g;

	if (tt_likely(g->syscall == 0))
		return;
	if (c->e->type == TT_V1_GO_SYS_BLOCK) {
		tt_v1_set_verdict(c->v, g->syscall - 1);
		if (c->v->rest.begun && g->syscall > c->v->rest.begin)
			c->v->rest.nevents--;
	}
	g->syscall = 0;
}

static inline int check_event(struct tt_v1_check *c)
{
	switch (c->e->type) {
	case TT_V1_PROC_START:
		return proc_start(c);
	case TT_V1_PROC_STOP:
		return proc_stop(c);
	case TT_V1_GC_START:
		return begin(c, &c->collecting, TT_E_GC, "GC");
	case TT_V1_GC_DONE:
		return end(c, &c->collecting, TT_E_GC, "GC");
	case TT_V1_GCSTW_START:
		return begin(c, &c->stopped, TT_E_RANGE, "STW");
	case TT_V1_GCSTW_DONE:
		return end(c, &c->stopped, TT_E_RANGE, "STW");
	case TT_V1_GC_SWEEP_START:
		return begin(c, &c->p->sweeping, TT_E_RANGE, "sweeping");
	case TT_V1_GC_SWEEP_DONE:
		return end(c, &c->p->sweeping, TT_E_RANGE, "sweeping");
	case TT_V1_GC_MARK_ASSIST_START:
		c->g->exists = true;
		return begin(c, &c->g->assists, TT_E_RANGE, "mark assist");
	case TT_V1_GC_MARK_ASSIST_DONE:
		/* it may have begun before the trace */
		c->g->exists = true;
		c->g->assists = false;
		return TT_OK;
	case TT_V1_GO_WAITING:
	case TT_V1_GO_IN_SYSCALL:
		return appear(c);
	case TT_V1_GO_CREATE:
		return create(c);
	case TT_V1_GO_START:
	case TT_V1_GO_START_LABEL:
		return start(c);
	case TT_V1_GO_END:
		return go_end(c);
	case TT_V1_GO_UNBLOCK:
		return unblock(c);
	case TT_V1_GO_SYS_CALL:
		return syscall_begin(c);
	case TT_V1_GO_STOP:
	case TT_V1_GO_SCHED:
	case TT_V1_GO_PREEMPT:
	case TT_V1_GO_SYS_BLOCK:
	case TT_V1_GO_SLEEP:
	case TT_V1_GO_BLOCK:
	case TT_V1_GO_BLOCK_SEND:
	case TT_V1_GO_BLOCK_RECV:
	case TT_V1_GO_BLOCK_SELECT:
	case TT_V1_GO_BLOCK_SYNC:
	case TT_V1_GO_BLOCK_COND:
	case TT_V1_GO_BLOCK_NET:
	case TT_V1_GO_BLOCK_GC:
		return stop(c);
	case TT_V1_GO_SYS_EXIT:
		return syscall_exit(c);
	case TT_V1_USER_TASK_CREATE:
		return tt_v1_task_begin(c);
	case TT_V1_USER_TASK_END:
		tt_idmap_remove(&c->v->task_ids, c->e->args[0]);
		return TT_OK;
	case TT_V1_USER_REGION:
		return tt_v1_check_region(c);
	case TT_V1_CPU_SAMPLE:
		return sample(c);
	case TT_V1_FUTILE_WAKEUP:
		/* (any other time the events before it are handed out) */
		return c->v->for_repair ? FAIL(c, TT_E_EVENT_UNORDERED, "unexpected event type %d",
					       TT_V1_FUTILE_WAKEUP)
					: TT_OK;
	default:
		return TT_OK;
	}
}

void tt_v1_begin_check(struct tt_v1_check *c, struct tt_v1 *v, struct tt_error *err)
{
	*c = (struct tt_v1_check){.v = v, .err = err};
	v->free_region = TT_V1_NONE;
	v->rest = (struct tt_v1_rest){.chain = INT64_MIN};
	v->last_time = INT64_MIN;
	v->goroutines.at[TT_V1_NO_G].state = TT_V1_RUNNING;
	v->goroutines.at[TT_V1_NO_G].exists = true;
}

/* What an event after the first Gomaxprocs adds to the sum. */
static int count(struct tt_v1_check *c, bool moved)
{
	const struct tt_v1_layout *layout = c->e->layout;

	for (unsigned i = 0; i < layout->nevents; i++)
		tt_v1_count_usual(&c->v->rest, moved ? INT64_MIN : c->e->time);
	return layout->is_special ? tt_v1_count_special(c, moved) : TT_OK;
}

int tt_v1_check_any(struct tt_v1_check *c, struct tt_v1_proc *p, const struct tt_v1_event *e,
		    size_t place, bool moved)
{
	struct tt_v1 *v = c->v;
	int rc;

	c->e = e;
	c->p = p;
	c->place = place;
	c->g = &v->goroutines.at[e->g];
	if (moved && (int64_t)e->args[2] > v->last_time)
		v->last_time = (int64_t)e->args[2];
	follow_syscall(c);
	rc = check_event(c);
	if (v->rest.begun)
		return rc < 0 ? rc : count(c, moved);
	if (e->type == TT_V1_GOMAXPROCS) {
		v->rest.begun = c->usual = true;
		v->rest.begin = place + 1;
		v->rest.begin_time = e->time;
	}
	return rc;
}

bool tt_v1_exit_can_wait(const struct tt_v1 *v, const struct tt_v1_event *e)
{
	int64_t time = (int64_t)e->args[2];

	return time < e->time && time >= v->goroutines.at[e->g].since;
}

static struct tt_v1_proc *proc_of(struct tt_v1 *v, const struct tt_v1_event *e)
{
	return e->type == TT_V1_CPU_SAMPLE ? &v->sampler : &v->procs.at[e->proc];
}

int tt_v1_check_events(struct tt_v1 *v, struct tt_error *err)
{
	const struct tt_v1_event *e;
	struct tt_v1_check c;
	int rc = TT_OK;

	tt_v1_begin_check(&c, v, err);
	tt_v1_replay(v);
	while (rc == TT_OK && (e = tt_v1_replay_next(v)) != NULL) {
		struct tt_v1_proc *p = proc_of(v, e);

		if (!tt_v1_check_usual(&c, p, e, v->place))
			rc = tt_v1_check_any(&c, p, e, v->place, false);
		v->last_time = e->time;
	}
	return rc;
}

void tt_v1_uncheck(struct tt_v1 *v)
{
	for (size_t i = 0; i < v->goroutines.n; i++) {
		struct tt_v1_goroutine *g = &v->goroutines.at[i];

		g->state = g->last = 0;
		g->exists = g->assists = false;
		g->region = TT_V1_NONE;
		g->syscall = 0;
	}
	for (size_t i = 0; i < v->procs.n; i++) {
		struct tt_v1_proc *proc = &v->procs.at[i];

		proc->running = proc->sweeping = false;
		proc->running_g = TT_V1_NO_G;
	}
	memset(v->verdicts, 0, v->cap / 8 + 1);
	v->named_stacks.ids.n = v->named_strings.ids.n = 0;
	tt_idmap_clear(&v->named_stacks.seen);
	tt_idmap_clear(&v->named_strings.seen);
	v->regions.n = v->tasks.n = v->gen->samples.n = 0;
	tt_idmap_clear(&v->task_ids);
}
