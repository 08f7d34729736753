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
#include "v1/replay.h"

/* The P of timers in Go, where goroutines are unblocked that no goroutine runs. */
#define TIMER_P 1000001

#define FAIL(c, code, ...) (tt_fail((c)->err, (code), __VA_ARGS__), at_event(c))

static int at_event(struct tt_v1_check *c)
{
	c->err->offset = c->v->base + c->e->offset;
	return -c->err->code;
}

/* In nanoseconds. */
static int64_t time_of(const struct tt_v1_check *c)
{
	return tt_v1_time_ns(c->v, c->e);
}

static const char *name_of(const struct tt_v1_check *c)
{
	return c->v->layouts[c->e->type].spec->name;
}

static void set_verdict(struct tt_v1 *v, size_t event)
{
	v->verdicts[event / 8] |= (uint8_t)(1 << event % 8);
}

/* ---- Ps and goroutines */

static inline bool is_running(const struct tt_v1_check *c)
{
	return c->g->state == TT_V1_RUNNING && c->p->running_g == c->e->g;
}

/* Why it is an error that something is done by no goroutine, or by one that does not run on
 * its P. */
static TT_NOT_INLINE int not_running(struct tt_v1_check *c)
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

static TT_NOT_INLINE int bad_start(struct tt_v1_check *c)
{
	if (c->g->state != TT_V1_RUNNABLE)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not runnable before start (time %" PRId64 ")",
			    c->g->id, time_of(c));
	return FAIL(c, TT_E_PROC,
		    "p %" PRId64 " is already running g %" PRIu64 " while start g %" PRIu64
		    " (time %" PRId64 ")",
		    c->p->number, c->v->goroutines.at[c->p->running_g].id, c->g->id, time_of(c));
}

static inline int start(struct tt_v1_check *c)
{
	if (tt_unlikely(c->g->state != TT_V1_RUNNABLE || c->p->running_g != TT_V1_NO_G))
		return bad_start(c);
	c->g->state = TT_V1_RUNNING;
	c->g->last = 0;
	c->p->running_g = c->e->g;
	return TT_OK;
}

/* The goroutine does not run any more. */
static inline int stop(struct tt_v1_check *c, enum tt_v1_status state)
{
	if (tt_unlikely(!is_running(c) || c->e->g == TT_V1_NO_G))
		return not_running(c);
	c->g->state = (uint8_t)state;
	c->g->since = c->e->time;
	if (c->e->type != TT_V1_GO_SYS_BLOCK && state != TT_V1_DEAD)
		c->g->last = c->e->type;
	c->p->running_g = TT_V1_NO_G;
	return TT_OK;
}

/* A goroutine that runs on its P may unblock others; timers do that without one. */
static inline bool may_unblock(const struct tt_v1_check *c)
{
	return c->g->state == TT_V1_RUNNING &&
	       (c->p->running_g == c->e->g || c->g->timer || c->p->number == TIMER_P);
}

static TT_NOT_INLINE int bad_unblock(struct tt_v1_check *c, const struct tt_v1_goroutine *other)
{
	if (c->g->state != TT_V1_RUNNING)
		return FAIL(c, TT_E_GOROUTINE,
			    "g %" PRIu64 " is not running while unpark (time %" PRId64 ")", c->g->id,
			    time_of(c));
	if (!may_unblock(c))
		return FAIL(c, TT_E_PROC,
			    "p %" PRId64 " is not running g %" PRIu64
			    " while unpark (time %" PRId64 ")",
			    c->p->number, c->g->id, time_of(c));
	return FAIL(c, TT_E_GOROUTINE,
		    "g %" PRIu64 " is not waiting before unpark (time %" PRId64 ")", other->id,
		    time_of(c));
}

static inline int unblock(struct tt_v1_check *c)
{
	struct tt_v1_goroutine *other = &c->v->goroutines.at[c->e->other];

	if (tt_unlikely(!may_unblock(c) || other->state != TT_V1_WAITING))
		return bad_unblock(c, other);
	if (tt_unlikely(other->last == TT_V1_GO_BLOCK_NET))
		set_verdict(c->v, c->place);
	other->state = TT_V1_RUNNABLE;
	other->last = c->e->type;
	return TT_OK;
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

/* ---- tasks and regions */

#define DESCRIPTION_SIZE 256

/* An event as Go's messages show it. `stack`: of one that came before it is checked. */
static void describe(const struct tt_v1 *v, const struct tt_v1_event *e, uint64_t stack,
		     char out[DESCRIPTION_SIZE])
{
	const size_t size = DESCRIPTION_SIZE;
	const struct tt_event_spec *spec = v->layouts[e->type].spec;
	size_t used;

	used = (size_t)snprintf(out, size, "%" PRId64 " %s p=%" PRId64 " g=%" PRIu64 " stk=%" PRIu64,
				tt_v1_time_ns(v, e), spec->name, v->procs.at[e->proc].number,
				v->goroutines.at[e->g].id, stack);
	for (int i = 0; i < spec->nargs && used < size; i++)
		if (i != spec->stack_arg)
			used += (size_t)snprintf(out + used, size - used, " %s=%" PRIu64,
						 spec->args[i].name, e->args[i]);
}

static void describe_earlier(const struct tt_v1 *v, const struct tt_v1_place *place, char *out)
{
	unsigned type = tt_v1_record_type(v->data + place->offset);
	struct tt_v1_event e = {
		.g = place->g,
		.proc = place->proc,
		.type = (uint8_t)type,
		.record_type = (uint8_t)type,
	};

	tt_v1_args(v, place->offset, e.args);
	e.time = place->time;
	describe(v, &e, tt_v1_stack(v, &e), out);
}

static void describe_this(const struct tt_v1_check *c, char *out)
{
	int8_t arg = c->v->layouts[c->e->type].stack_arg;

	describe(c->v, c->e, (uint32_t)c->e->args[arg], out);
}

static struct tt_v1_place place_of(const struct tt_v1_check *c)
{
	return (struct tt_v1_place){c->e->time, c->e->offset, c->e->g, c->e->proc};
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
static int go_end(struct tt_v1_check *c)
{
	int rc = stop(c, TT_V1_DEAD);

	while (rc == TT_OK && c->g->region != TT_V1_NONE)
		drop_region(c->v, c->g);
	return rc;
}

static int task_begin(struct tt_v1_check *c)
{
	struct tt_v1 *v = c->v;
	uint64_t id = c->e->args[0];
	uint32_t old = tt_idmap_find(&v->task_ids, id);
	struct tt_v1_place here = place_of(c);
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];

	if (old != TT_IDMAP_NONE) {
		describe_this(c, this);
		describe_earlier(v, &v->tasks.at[old], earlier);
		return FAIL(c, TT_E_TASK, "task id conflicts (id:%" PRIu64 "), \"%s\" vs \"%s\"", id,
			    this, earlier);
	}
	return tt_v1_add_task(v, id, &here, c->err);
}

static int region_begin(struct tt_v1_check *c)
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
	v->regions.at[i] = (struct tt_v1_region){place_of(c), c->g->region};
	c->g->region = i;
	return TT_OK;
}

static int region_end(struct tt_v1_check *c)
{
	struct tt_v1 *v = c->v;
	const struct tt_v1_place *place;
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];
	uint64_t begun[TT_V1_MAX_ARGS];

	if (c->g->region == TT_V1_NONE)
		return TT_OK;
	place = &v->regions.at[c->g->region].begin;
	tt_v1_args(v, place->offset, begun);
	if (begun[0] != c->e->args[0] || begun[2] != c->e->args[2]) {
		describe_this(c, this);
		describe_earlier(v, place, earlier);
		return FAIL(c, TT_E_REGION,
			    "misuse of region in goroutine %" PRIu64
			    ": span end \"%s\" when the inner-most active span start event is "
			    "\"%s\"",
			    c->g->id, this, earlier);
	}
	drop_region(v, c->g);
	return TT_OK;
}

static int region(struct tt_v1_check *c)
{
	char this[DESCRIPTION_SIZE];

	switch (c->e->args[1]) {
	case 0:
		return region_begin(c);
	case 1:
		return region_end(c);
	default:
		describe_this(c, this);
		return FAIL(c, TT_E_REGION, "invalid user region mode: \"%s\"", this);
	}
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

static void finish_samples(struct tt_v1 *v)
{
	for (size_t i = 0; i < v->gen->samples.n; i++) {
		struct tt_sample *s = &v->gen->samples.at[i];

		s->time_ns = tt_v1_ticks_to_ns(v, s->time_ns);
		if (tt_idmap_find(&v->gen->stack_ids, s->stack) == TT_IDMAP_NONE)
			s->stack = 0;
	}
}

/* ---- the sum of it all */

/* Notes an id, once, of which it is known only at the end whether it is there. */
static bool note_name(struct tt_v1 *v, struct tt_v1_names *names, uint64_t id)
{
	if (id == 0 || tt_idmap_find(&names->seen, id) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(v->mem, &names->ids) || !tt_idmap_add(&names->seen, id, 1))
		return false;
	names->ids.at[names->ids.n++] = id;
	return true;
}

static bool are_there(const struct tt_v1_names *names, const struct tt_idmap *ids)
{
	for (size_t i = 0; i < names->ids.n; i++)
		if (tt_idmap_find(ids, names->ids.at[i]) == TT_IDMAP_NONE)
			return false;
	return true;
}

/* An event after the first Gomaxprocs. `moved`: it happened before others that were summed up. */
static inline int sum_up(struct tt_v1_check *c, bool moved)
{
	struct tt_v1 *v = c->v;
	struct tt_v1_rest *rest = &v->rest;
	const struct tt_v1_layout *layout = tt_v1_layout(v, c->e);
	int64_t time = c->e->time;

	rest->nevents += layout->nevents;
	/* each is later than the one before it; of most there is one */
	if (tt_likely(layout->nevents == 1 && !moved && time > rest->chain))
		rest->chain = time;
	else
		for (unsigned i = 0; i < layout->nevents; i++)
			rest->chain = tt_ns_after(moved ? INT64_MIN : time, rest->chain);
	if (tt_likely(!layout->is_special))
		return TT_OK;
	rest->unsure |= c->e->type == TT_V1_FUTILE_WAKEUP || c->place < rest->begin ||
			(moved && (int64_t)c->e->args[2] <= rest->begin_time);
	if (layout->id_arg < 0 ||
	    note_name(v, c->e->type == TT_V1_GO_CREATE ? &v->named_stacks : &v->named_strings,
		      c->e->args[layout->id_arg]))
		return TT_OK;
	return tt_v1_no_memory(v, c->err);
}

/*
 * Each event is at least a nanosecond after the one before it. If it was so for all of them
 * even were a tick only a nanosecond, and each syscall two events, the last one is when it
 * says it is.
 */
void tt_v1_finish_check(struct tt_v1 *v)
{
	struct tt_v1_rest *rest = &v->rest;

	finish_samples(v);
	v->gen->v1_last_ns = v->nevents > 0 ? tt_v1_ticks_to_ns(v, v->last_time) : 0;
	rest->last_ns = v->gen->v1_last_ns;
	rest->unsure |= rest->chain != v->last_time || v->gen->ns_per_tick < 1 ||
			!are_there(&v->named_stacks, &v->gen->stack_ids) ||
			!are_there(&v->named_strings, &v->gen->string_ids);
}

/* ---- from event to event */

/* A syscall blocks if its goroutine's next event is a GoSysBlock. */
static inline void follow_syscall(struct tt_v1_check *c)
{
	struct tt_v1_goroutine *g = c->g;

	if (tt_likely(g->syscall == 0))
		return;
	if (c->e->type == TT_V1_GO_SYS_BLOCK) {
		set_verdict(c->v, g->syscall - 1);
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
		return task_begin(c);
	case TT_V1_USER_TASK_END:
		tt_idmap_remove(&c->v->task_ids, c->e->args[0]);
		return TT_OK;
	case TT_V1_USER_REGION:
		return region(c);
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

int tt_v1_check_next(struct tt_v1_check *c, const struct tt_v1_event *e, size_t place, bool moved)
{
	struct tt_v1 *v = c->v;
	int64_t time;
	int rc;

	c->e = e;
	c->place = place;
	c->g = &v->goroutines.at[e->g];
	c->p = e->type != TT_V1_CPU_SAMPLE ? &v->procs.at[e->proc] : NULL;
	time = moved ? (int64_t)e->args[2] : e->time;
	v->last_time = time > v->last_time ? time : v->last_time;
	follow_syscall(c);
	rc = check_event(c);
	if (tt_likely(v->rest.begun))
		return rc < 0 ? rc : sum_up(c, moved);
	if (e->type == TT_V1_GOMAXPROCS) {
		v->rest.begun = true;
		v->rest.begin = place + 1;
		v->rest.begin_time = e->time;
	}
	return rc;
}

/* Whether a syscall exit can be checked when its record comes, where others are between. */
bool tt_v1_exit_can_wait(const struct tt_v1 *v, const struct tt_v1_event *e)
{
	int64_t time = (int64_t)e->args[2];

	return time < e->time && time >= v->goroutines.at[e->g].since;
}

int tt_v1_check_events(struct tt_v1 *v, struct tt_error *err)
{
	const struct tt_v1_event *e;
	struct tt_v1_check c;
	int rc = TT_OK;

	tt_v1_begin_check(&c, v, err);
	tt_v1_replay(v);
	while (rc == TT_OK && (e = tt_v1_replay_next(v)) != NULL)
		rc = tt_v1_check_next(&c, e, v->place, false);
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
