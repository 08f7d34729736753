/* SPDX-License-Identifier: MIT */
/*
 * check.c - what the events in their order say about Ps, goroutines, the collector, tasks
 * and regions: Go's postProcessTrace() in internal/tracev1/parser.go, with its messages. And
 * which syscalls block: in Go the conversion looks for that event by event. On the way ticks
 * become nanoseconds. Stands on gen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "v1/parse.h"

/* The P of timers in Go, where goroutines are unblocked that no goroutine runs. */
#define TIMER_P 1000001

struct check {
	struct tt_v1 *v;
	struct tt_v1_event *e;  /* the one at hand, */
	struct tt_v1_goroutine *g; /* its goroutine, */
	struct tt_v1_proc *p;   /* and its P; of a sample: none */
	size_t index;
	bool collecting, stopped; /* a GC or a stop of the world has begun */
	struct tt_error *err;
};

#define FAIL(c, code, ...) (tt_fail((c)->err, (code), __VA_ARGS__), at_event(c))

static int at_event(struct check *c)
{
	c->err->offset = c->v->base + c->e->offset;
	return -c->err->code;
}

static const char *name_of(const struct check *c)
{
	return c->v->layouts[c->e->type].spec->name;
}

/* ---- Ps and goroutines */

/* That the goroutine runs on its P; most events are none of no goroutine. */
static int check_running(struct check *c, bool also_none)
{
	if (c->g->state != TT_V1_RUNNING)
		return FAIL(c, TT_E_GOROUTINE, "g %" PRIu64 " is not running while %s (time %" PRId64 ")",
			    c->g->id, name_of(c), c->e->time);
	if (c->p->running_g != c->e->g)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running g %" PRIu64 " while %s (time %" PRId64 ")",
			    c->p->number, c->g->id, name_of(c), c->e->time);
	if (!also_none && c->e->g == TT_V1_NO_G)
		return FAIL(c, TT_E_GOROUTINE, "g 0 did %s (time %" PRId64 ")", name_of(c),
			    c->e->time);
	return TT_OK;
}

static int proc_start(struct check *c)
{
	if (c->p->running)
		return FAIL(c, TT_E_PROC, "p %" PRId64 " is running before start (time %" PRId64 ")",
			    c->p->number, c->e->time);
	c->p->running = true;
	return TT_OK;
}

static int proc_stop(struct check *c)
{
	if (!c->p->running)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running before stop (time %" PRId64 ")",
			    c->p->number, c->e->time);
	if (c->p->running_g != TT_V1_NO_G)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is running a goroutine %" PRIu64
			    " during stop (time %" PRId64 ")",
			    c->p->number, c->v->goroutines.at[c->p->running_g].id, c->e->time);
	c->p->running = false;
	return TT_OK;
}

static int appear(struct check *c)
{
	if (c->g->state != TT_V1_RUNNABLE)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not runnable before Ev%s (time %" PRId64 ")", c->g->id,
			    name_of(c), c->e->time);
	c->g->state = TT_V1_WAITING;
	c->g->last = c->e->type;
	return TT_OK;
}

static int create(struct check *c)
{
	struct tt_v1_goroutine *made = &c->v->goroutines.at[c->e->other];
	int rc = check_running(c, true);

	if (rc < 0)
		return rc;
	if (made->exists)
		return FAIL(c, TT_E_GOROUTINE, "g %" PRIu64 " already exists (time %" PRId64 ")",
			    made->id, c->e->time);
	made->exists = true;
	made->state = TT_V1_RUNNABLE;
	made->last = c->e->type;
	return TT_OK;
}

static int start(struct check *c)
{
	if (c->g->state != TT_V1_RUNNABLE)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not runnable before start (time %" PRId64 ")",
			    c->g->id, c->e->time);
	if (c->p->running_g != TT_V1_NO_G)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is already running g %" PRIu64 " while start g %" PRIu64
			    " (time %" PRId64 ")",
			    c->p->number, c->v->goroutines.at[c->p->running_g].id, c->g->id,
			    c->e->time);
	c->g->state = TT_V1_RUNNING;
	c->g->last = 0;
	c->p->running_g = c->e->g;
	return TT_OK;
}

/* The goroutine does not run any more. */
static int stop(struct check *c, enum tt_v1_status state)
{
	int rc = check_running(c, false);

	if (rc < 0)
		return rc;
	c->g->state = (uint8_t)state;
	if (c->e->type != TT_V1_GO_SYS_BLOCK && state != TT_V1_DEAD)
		c->g->last = c->e->type;
	c->p->running_g = TT_V1_NO_G;
	return TT_OK;
}

static int unblock(struct check *c)
{
	struct tt_v1_goroutine *other = &c->v->goroutines.at[c->e->other];
	bool timer = c->g->timer || c->p->number == TIMER_P;

	if (c->g->state != TT_V1_RUNNING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not running while unpark (time %" PRId64 ")", c->g->id,
			    c->e->time);
	if (!timer && c->p->running_g != c->e->g)
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running g %" PRIu64
			    " while unpark (time %" PRId64 ")",
			    c->p->number, c->g->id, c->e->time);
	if (other->state != TT_V1_WAITING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not waiting before unpark (time %" PRId64 ")",
			    other->id, c->e->time);
	if (c->g->timer)
		c->e->flags |= TT_V1_TIMER;
	if (other->last == TT_V1_GO_BLOCK_NET)
		c->e->flags |= TT_V1_NETPOLL;
	other->state = TT_V1_RUNNABLE;
	other->last = c->e->type;
	return TT_OK;
}

static int syscall_begin(struct check *c)
{
	int rc = check_running(c, false);

	c->g->last = c->e->type;
	return rc;
}

static int syscall_exit(struct check *c)
{
	if (c->g->state != TT_V1_WAITING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not waiting during syscall exit (time %" PRId64 ")",
			    c->g->id, c->e->time);
	c->g->state = TT_V1_RUNNABLE;
	c->g->last = c->e->type;
	return TT_OK;
}

/* ---- ranges */

static int begin(struct check *c, bool *range, int code, const char *what)
{
	if (*range)
		return FAIL(c, code, "previous %s is not ended before a new one (time %" PRId64 ")",
			    what, c->e->time);
	*range = true;
	return TT_OK;
}

static int end(struct check *c, bool *range, int code, const char *what)
{
	if (!*range)
		return FAIL(c, code, "bogus %s end (time %" PRId64 ")", what, c->e->time);
	*range = false;
	return TT_OK;
}

/* ---- tasks and regions */

/* An event as Go's messages show it. */
static void describe(const struct tt_v1 *v, const struct tt_v1_event *e, uint64_t stack, char *out,
		     size_t size)
{
	const struct tt_event_spec *spec = v->layouts[e->type].spec;
	uint64_t args[TT_V1_MAX_ARGS];
	size_t used;

	tt_v1_args(v, e, args);
	used = (size_t)snprintf(out, size, "%" PRId64 " %s p=%" PRId64 " g=%" PRIu64 " stk=%" PRIu64,
				e->time, spec->name, v->procs.at[e->proc].number,
				v->goroutines.at[e->g].id, stack);
	for (int i = 0; i < spec->nargs && used < size; i++)
		if (i != spec->stack_arg)
			used += (size_t)snprintf(out + used, size - used, " %s=%" PRIu64,
						 spec->args[i].name, args[i]);
}

#define DESCRIPTION_SIZE 256

/* One that came before: its stack is checked. */
static void describe_earlier(const struct tt_v1 *v, size_t event, char *out)
{
	const struct tt_v1_event *e = &v->events[event];
	uint64_t args[TT_V1_MAX_ARGS];

	tt_v1_args(v, e, args);
	describe(v, e, tt_v1_stack(v, tt_v1_layout(v, e), args), out, DESCRIPTION_SIZE);
}

static void describe_this(const struct check *c, const uint64_t *args, char *out)
{
	int8_t arg = c->v->layouts[c->e->type].stack_arg;

	describe(c->v, c->e, (uint32_t)args[arg], out, DESCRIPTION_SIZE);
}

/* A region that began is dropped; its place is for another one. */
static void drop_region(struct tt_v1 *v, struct tt_v1_goroutine *g)
{
	uint32_t i = g->region;

	g->region = v->regions.at[i].outer;
	v->regions.at[i].outer = v->free_region;
	v->free_region = i;
}

/* Its regions end with it. */
static int go_end(struct check *c)
{
	int rc = stop(c, TT_V1_DEAD);

	while (rc == TT_OK && c->g->region != TT_V1_NONE)
		drop_region(c->v, c->g);
	return rc;
}

static int task_begin(struct check *c, const uint64_t *args)
{
	struct tt_v1 *v = c->v;
	uint32_t old = tt_idmap_find(&v->task_ids, args[0]);
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];

	if (old != TT_IDMAP_NONE) {
		describe_this(c, args, this);
		describe_earlier(v, v->tasks.at[old], earlier);
		return FAIL(c, TT_E_TASK, "task id conflicts (id:%" PRIu64 "), \"%s\" vs \"%s\"",
			    args[0], this, earlier);
	}
	return tt_v1_add_task(v, args[0], c->index, c->err);
}

static int region_begin(struct check *c)
{
	struct tt_v1 *v = c->v;
	uint32_t i = v->free_region;

	if (i != TT_V1_NONE) {
		v->free_region = v->regions.at[i].outer;
	} else {
		i = (uint32_t)v->regions.n;
		if (i == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->regions))
			return tt_v1_no_memory(v, c->err);
		v->regions.n++;
	}
	v->regions.at[i] = (struct tt_v1_region){c->index, c->g->region};
	c->g->region = i;
	return TT_OK;
}

static int region_end(struct check *c, const uint64_t *args)
{
	struct tt_v1 *v = c->v;
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];
	uint64_t begun[TT_V1_MAX_ARGS];
	size_t event;

	if (c->g->region == TT_V1_NONE)
		return TT_OK;
	event = v->regions.at[c->g->region].event;
	tt_v1_args(v, &v->events[event], begun);
	if (begun[0] != args[0] || begun[2] != args[2]) {
		describe_this(c, args, this);
		describe_earlier(v, event, earlier);
		return FAIL(c, TT_E_REGION,
			    "misuse of region in goroutine %" PRIu64
			    ": span end \"%s\" when the inner-most active span start event is "
			    "\"%s\"",
			    c->g->id, this, earlier);
	}
	drop_region(v, c->g);
	return TT_OK;
}

static int annotate(struct check *c)
{
	uint64_t args[TT_V1_MAX_ARGS];
	char this[DESCRIPTION_SIZE];

	tt_v1_args(c->v, c->e, args);
	switch (c->e->type) {
	case TT_V1_USER_TASK_CREATE:
		return task_begin(c, args);
	case TT_V1_USER_TASK_END:
		tt_idmap_remove(&c->v->task_ids, args[0]);
		return TT_OK;
	default:
		if (args[1] == 0)
			return region_begin(c);
		if (args[1] == 1)
			return region_end(c, args);
		describe_this(c, args, this);
		return FAIL(c, TT_E_REGION, "invalid user region mode: \"%s\"", this);
	}
}

/* ---- from event to event */

/* A syscall blocks if its goroutine's next event is a GoSysBlock. */
static void follow_syscall(struct check *c)
{
	struct tt_v1_goroutine *g = c->g;

	if (g->syscall != 0 && c->e->type == TT_V1_GO_SYS_BLOCK)
		c->v->events[g->syscall - 1].flags |= TT_V1_BLOCKS;
	g->syscall = c->e->type == TT_V1_GO_SYS_CALL ? c->index + 1 : 0;
}

static int check_event(struct check *c)
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
	case TT_V1_GO_STOP:
		return stop(c, TT_V1_DEAD);
	case TT_V1_GO_SCHED:
	case TT_V1_GO_PREEMPT:
		return stop(c, TT_V1_RUNNABLE);
	case TT_V1_GO_UNBLOCK:
		return unblock(c);
	case TT_V1_GO_SYS_CALL:
		return syscall_begin(c);
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
		return stop(c, TT_V1_WAITING);
	case TT_V1_GO_SYS_EXIT:
		return syscall_exit(c);
	case TT_V1_USER_TASK_CREATE:
	case TT_V1_USER_TASK_END:
	case TT_V1_USER_REGION:
		return annotate(c);
	default:
		return TT_OK;
	}
}

int tt_v1_check(struct tt_v1 *v, struct tt_error *err)
{
	struct check c = {.v = v, .err = err};
	uint64_t first = v->gen->first_ticks;
	double ns_per_tick = v->gen->ns_per_tick;
	int rc = TT_OK;

	v->free_region = TT_V1_NONE;
	v->goroutines.at[TT_V1_NO_G].state = TT_V1_RUNNING;
	v->goroutines.at[TT_V1_NO_G].exists = true;
	for (; rc == TT_OK && c.index < v->nevents; c.index++) {
		c.e = &v->events[c.index];
		c.e->time = tt_signed_ticks_to_ns((int64_t)((uint64_t)c.e->time - first),
						  ns_per_tick);
		c.g = &v->goroutines.at[c.e->g];
		c.p = c.e->type != TT_V1_CPU_SAMPLE ? &v->procs.at[c.e->proc] : NULL;
		rc = check_event(&c);
		follow_syscall(&c);
	}
	return rc;
}
