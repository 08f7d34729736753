/* SPDX-License-Identifier: MIT */
/*
 * convert.c - from event to event: those of v2. Source: Go's internal/trace/tracev1.go,
 * convertEvent(), whose odd cases are kept where a reader can see them. Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "spec/spec.h"
#include "spec/status.h"
#include "v1/convert.h"
#include "v1/replay.h"

/* Ps that Go makes up. */
enum fake_proc {
	FAKE_TIMERS,
	FAKE_NETPOLL,
	FAKE_SYSCALLS,
	FAKE_GC,
};
#define FIRST_FAKE_PROC INT64_C(1000001)

/* An event on its way: where it happens, and its arguments in v1. */
struct conversion {
	struct tt_v1 *v;
	const struct tt_v1_event *e;
	int64_t time_ns;
	uint64_t stack;
	bool verdict;           /* see parse.h */
	int64_t p;
	const struct tt_v1_proc *proc; /* of this number, or NULL */
};

/* ---- what is handed out */

static int64_t goroutine_id(const struct tt_v1 *v, uint32_t g)
{
	return g == TT_V1_NO_G ? TT_NONE : (int64_t)v->goroutines.at[g].id;
}

/* The thread that the P runs on. */
static int64_t thread_of(const struct conversion *c, int64_t otherwise)
{
	return c->proc != NULL && c->proc->has_thread ? (int64_t)c->proc->thread : otherwise;
}

/* Begins the event of v2. Its arguments are 0 until they are set. */
static inline uint64_t *make(struct conversion *c, unsigned type)
{
	struct tt_v1 *v = c->v;
	const struct tt_event_spec *spec = v->v2[type];
	struct tt_event *out = &v->out;

	/* all else is the same for all events, or of those that set it */
	memset(v->out_args, 0, sizeof(v->out_args));
	out->raw_time_ns = c->time_ns;
	out->thread = c->p == TT_NONE ? TT_NONE : thread_of(c, TT_NONE);
	out->proc = c->p;
	out->goroutine = goroutine_id(v, c->e->g);
	out->offset = v->base + c->e->offset;
	out->spec = spec;
	out->kind = spec->kind;
	if (spec->stack_arg >= 0)
		v->out_args[spec->stack_arg] = c->stack;
	return v->out_args;
}

/* What events become that need no more than their arguments, or a text instead of them. type 0:
 * any other. */
static const struct shape {
	uint8_t type;           /* of v2 */
	uint8_t nargs;          /* of the first ones, which it takes over */
	bool has_text;          /* its first argument is a text: */
	uint8_t text;
} shapes[TT_V1_NTYPES] = {
	[TT_V1_GC_START] = {TT_EV_GC_BEGIN, 1, false, 0},
	[TT_V1_GC_DONE] = {TT_EV_GC_END, 1, false, 0},
	[TT_V1_GC_SWEEP_START] = {TT_EV_GC_SWEEP_BEGIN, 0, false, 0},
	[TT_V1_GC_SWEEP_DONE] = {TT_EV_GC_SWEEP_END, 2, false, 0},
	[TT_V1_GC_MARK_ASSIST_START] = {TT_EV_GC_MARK_ASSIST_BEGIN, 0, false, 0},
	[TT_V1_GC_MARK_ASSIST_DONE] = {TT_EV_GC_MARK_ASSIST_END, 0, false, 0},
	[TT_V1_HEAP_ALLOC] = {TT_EV_HEAP_ALLOC, 1, false, 0},
	[TT_V1_HEAP_GOAL] = {TT_EV_HEAP_GOAL, 1, false, 0},
	[TT_V1_GO_CREATE] = {TT_EV_GO_CREATE, 2, false, 0},
	[TT_V1_GO_START] = {TT_EV_GO_START, 2, false, 0},
	[TT_V1_GO_START_LABEL] = {TT_EV_GO_START, 2, false, 0},
	[TT_V1_GO_END] = {TT_EV_GO_DESTROY, 0, false, 0},
	[TT_V1_GO_UNBLOCK] = {TT_EV_GO_UNBLOCK, 2, false, 0},
	[TT_V1_GO_SYS_EXIT] = {TT_EV_GO_SYSCALL_END_BLOCKED, 0, false, 0},
	[TT_V1_GO_STOP] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_FOREVER},
	[TT_V1_GO_SCHED] = {TT_EV_GO_STOP, 0, true, TT_V1_TEXT_GOSCHED},
	[TT_V1_GO_PREEMPT] = {TT_EV_GO_STOP, 0, true, TT_V1_TEXT_PREEMPTED},
	[TT_V1_GO_SLEEP] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_SLEEP},
	[TT_V1_GO_BLOCK] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_EMPTY},
	[TT_V1_GO_BLOCK_SEND] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_SEND},
	[TT_V1_GO_BLOCK_RECV] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_RECEIVE},
	[TT_V1_GO_BLOCK_SELECT] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_SELECT},
	[TT_V1_GO_BLOCK_SYNC] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_SYNC},
	[TT_V1_GO_BLOCK_COND] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_COND},
	[TT_V1_GO_BLOCK_NET] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_NETWORK},
	[TT_V1_GO_BLOCK_GC] = {TT_EV_GO_BLOCK, 0, true, TT_V1_TEXT_ASSIST},
};

static int by_shape(struct conversion *c)
{
	const struct tt_v1_form *form = &c->e->layout->form;
	uint64_t *args = make(c, shapes[c->e->type].type);

	args[0] |= (c->e->args[0] & form->first) | form->text;
	args[1] |= c->e->args[1] & form->second;
	return TT_OK;
}

static int goroutine_status(struct conversion *c, uint64_t g, unsigned status)
{
	uint64_t *args = make(c, TT_EV_GO_STATUS);

	args[0] = g;
	args[1] = (uint64_t)TT_NONE;
	args[2] = status;
	return TT_OK;
}

static int proc_status(struct conversion *c, unsigned status)
{
	uint64_t *args = make(c, TT_EV_PROC_STATUS);

	args[0] = (uint64_t)c->p;
	args[1] = status;
	return TT_OK;
}

static int first_arg(struct conversion *c, unsigned type)
{
	make(c, type)[0] = c->e->args[0];
	return TT_OK;
}

/* ---- Ps */

static int proc_start(struct conversion *c)
{
	struct tt_v1_proc *proc = &c->v->procs.at[c->e->proc];
	bool seen = proc->seen;

	proc->seen = proc->has_thread = true;
	proc->thread = c->e->args[0];
	if (!seen)
		return proc_status(c, TT_P_RUNNING);
	make(c, TT_EV_PROC_START)[0] = (uint64_t)c->p;
	return TT_OK;
}

static int proc_stop(struct conversion *c)
{
	struct tt_v1_proc *proc = &c->v->procs.at[c->e->proc];

	if (proc->seen)
		make(c, TT_EV_PROC_STOP);
	else
		proc_status(c, TT_P_IDLE);
	proc->seen = true;
	proc->has_thread = false;
	return TT_OK;
}

/* ---- goroutines */

/* Those that were there and neither waited nor ran come after the list of all. */
static int next_unstarted(struct conversion *c)
{
	struct tt_v1 *v = c->v;

	while (v->next_unstarted < v->goroutines.n) {
		const struct tt_v1_goroutine *g = &v->goroutines.at[v->next_unstarted++];

		if (!g->unstarted)
			continue;
		goroutine_status(c, g->id, TT_G_RUNNABLE);
		v->out.thread = v->out.proc = v->out.goroutine = TT_NONE;
		return TT_OK;
	}
	v->next_unstarted = TT_V1_NONE;
	return TT_END;
}

/* The first one ends the list of what there was, and is not handed out itself. */
static int procs_change(struct conversion *c)
{
	if (c->v->started)
		return first_arg(c, TT_EV_PROCS_CHANGE);
	c->v->started = true;
	c->v->next_unstarted = 0;
	return next_unstarted(c);
}

static int go_create(struct conversion *c)
{
	if (!c->v->started) {
		c->v->goroutines.at[c->e->other].unstarted = true;
		return TT_END;
	}
	return by_shape(c);
}

static int go_start(struct conversion *c)
{
	if (!c->v->started) {
		c->v->goroutines.at[c->e->g].unstarted = false;
		return goroutine_status(c, c->e->args[0], TT_G_RUNNING);
	}
	return by_shape(c);
}

static int go_start_label(struct conversion *c)
{
	by_shape(c);
	c->v->out.thread = thread_of(c, 0);
	c->v->pending = TT_EV_GO_LABEL;
	return TT_OK;
}

static int go_label(struct conversion *c)
{
	make(c, TT_EV_GO_LABEL)[0] = c->e->args[2];
	c->v->out.thread = thread_of(c, 0);
	return TT_OK;
}

static int go_appear(struct conversion *c, unsigned status)
{
	c->v->goroutines.at[c->e->g].unstarted = false;
	return goroutine_status(c, c->e->args[0], status);
}

/* One that does not block was a moment: it lasts a nanosecond. */
static int go_syscall(struct conversion *c)
{
	make(c, TT_EV_GO_SYSCALL_BEGIN);
	if (!c->verdict) {
		c->v->out.thread = thread_of(c, 0);
		c->v->pending = TT_EV_GO_SYSCALL_END;
	}
	return TT_OK;
}

static int go_syscall_end(struct conversion *c)
{
	make(c, TT_EV_GO_SYSCALL_END);
	c->v->out.thread = thread_of(c, 0);
	c->v->out.raw_time_ns = (int64_t)((uint64_t)c->time_ns + 1);
	return TT_OK;
}

/* ---- the world */

/* Before 1.21 there were two reasons. */
static int stw_begin(struct conversion *c)
{
	uint64_t kind = c->e->args[0];

	if (c->v->version < 21)
		kind = kind <= 1 ? kind + 1 : 0;
	c->v->stw_reason = tt_v1_text_id(c->v, TT_V1_TEXT_STW + (kind < TT_V1_NSTW ? (unsigned)kind : 0));
	make(c, TT_EV_STW_BEGIN)[0] = c->v->stw_reason;
	return TT_OK;
}

static int stw_end(struct conversion *c)
{
	make(c, TT_EV_STW_END);
	c->v->out.extra_ = c->v->stw_reason;
	return TT_OK;
}

/* ---- annotations */

static int task_begin(struct conversion *c, struct tt_error *err)
{
	struct tt_v1_place here = {c->e->time, c->e->offset, c->e->g, c->e->proc};
	uint64_t *args = make(c, TT_EV_USER_TASK_BEGIN);

	args[0] = c->e->args[0];
	args[1] = c->e->args[1] == 0 ? TT_NO_TASK : c->e->args[1];
	args[2] = c->e->args[2];
	return tt_v1_add_task(c->v, args[0], &here, err);
}

/* With the name and parent of its begin, whose parent 0 stays 0. */
static int task_end(struct conversion *c)
{
	struct tt_v1 *v = c->v;
	uint32_t i = tt_idmap_find(&v->task_ids, c->e->args[0]);
	uint64_t begun[TT_V1_MAX_ARGS];

	make(c, TT_EV_USER_TASK_END)[0] = c->e->args[0];
	v->out.extra_ = TT_NO_TASK;
	v->out.text_ = (struct tt_str){"", 0};
	if (i == TT_IDMAP_NONE)
		return TT_OK;
	tt_v1_args(v, v->tasks.at[i].offset, begun);
	v->out.extra_ = begun[1];
	tt_generation_string(v->gen, begun[2], &v->out.text_);
	tt_idmap_remove(&v->task_ids, c->e->args[0]);
	return TT_OK;
}

static int region(struct conversion *c)
{
	uint64_t *args = make(c, c->e->args[1] == 0 ? TT_EV_USER_REGION_BEGIN : TT_EV_USER_REGION_END);

	args[0] = c->e->args[0];
	args[1] = c->e->args[2];
	return TT_OK;
}

static int log_text(struct conversion *c)
{
	uint64_t *args = make(c, TT_EV_USER_LOG);

	args[0] = c->e->args[0];
	args[1] = c->e->args[1];
	args[2] = c->v->first_message + c->e->other;
	return TT_OK;
}

/* A sample does not say on which thread. */
static int sample(struct conversion *c)
{
	uint64_t *args = make(c, TT_EV_CPU_SAMPLE);

	c->v->out.thread = TT_NONE;
	args[0] = (uint64_t)c->time_ns;
	args[1] = (uint64_t)TT_NONE;
	args[2] = (uint64_t)c->p;
	args[3] = (uint64_t)c->v->out.goroutine;
	return TT_OK;
}

/* ---- from event to event */

/* Whether an event becomes one that names a string for which no id is left. */
static bool lacks_text(const struct tt_v1 *v, unsigned type)
{
	if (type == TT_V1_USER_LOG)
		return v->lacks_messages;
	return type == TT_V1_GCSTW_START || shapes[type].has_text;
}

/* An event of v1: 0, and v->out is set; 1: it becomes no event; or an error. */
static int convert(struct conversion *c, struct tt_error *err)
{
	unsigned type = c->e->type;

	if (tt_unlikely(c->v->lacks_texts) && lacks_text(c->v, type))
		return tt_fail(err, TT_E_STRING_RECORD, "trace contains too many strings");
	switch (type) {
	case TT_V1_GOMAXPROCS:
		return procs_change(c);
	case TT_V1_PROC_START:
		return proc_start(c);
	case TT_V1_PROC_STOP:
		return proc_stop(c);
	case TT_V1_GCSTW_START:
		return stw_begin(c);
	case TT_V1_GCSTW_DONE:
		return stw_end(c);
	case TT_V1_GO_CREATE:
		return go_create(c);
	case TT_V1_GO_START:
		return go_start(c);
	case TT_V1_GO_START_LABEL:
		return go_start_label(c);
	case TT_V1_GO_SYS_CALL:
		return go_syscall(c);
	case TT_V1_GO_SYS_BLOCK:
		return TT_END;
	case TT_V1_GO_WAITING:
		return go_appear(c, TT_G_WAITING);
	case TT_V1_GO_IN_SYSCALL:
		return go_appear(c, TT_G_SYSCALL);
	case TT_V1_USER_TASK_CREATE:
		return task_begin(c, err);
	case TT_V1_USER_TASK_END:
		return task_end(c);
	case TT_V1_USER_REGION:
		return region(c);
	case TT_V1_USER_LOG:
		return log_text(c);
	case TT_V1_CPU_SAMPLE:
		return sample(c);
	default:
		if (shapes[type].type != 0)
			return by_shape(c);
		return tt_fail(err, TT_E_EVENT_UNORDERED, "unexpected event type %u", c->e->type);
	}
}

static void use_fake_proc(struct conversion *c, enum fake_proc fake)
{
	uint32_t i = c->v->fake_procs[fake];

	c->p = FIRST_FAKE_PROC + (int64_t)fake;
	c->proc = i == TT_V1_NONE ? NULL : &c->v->procs.at[i];
}

/* The Ps that Go makes up for some events. */
static inline void use_proc(struct conversion *c)
{
	struct tt_v1 *v = c->v;
	const struct tt_v1_event *e = c->e;

	c->proc = NULL;
	c->p = (int32_t)e->proc;
	if (tt_unlikely(e->type == TT_V1_CPU_SAMPLE))
		return;
	c->proc = &v->procs.at[e->proc];
	c->p = c->proc->number;
	switch (e->type) {
	case TT_V1_GO_SYS_EXIT:
		use_fake_proc(c, FAKE_SYSCALLS);
		break;
	case TT_V1_GC_START:
		use_fake_proc(c, FAKE_GC);
		break;
	case TT_V1_GO_UNBLOCK:
		if (c->verdict)
			use_fake_proc(c, FAKE_NETPOLL);
		else if (v->goroutines.at[e->g].timer)
			use_fake_proc(c, FAKE_TIMERS);
		break;
	default:
		break;
	}
}

static inline void begin(struct conversion *c, struct tt_v1 *v, const struct tt_v1_event *e,
			 bool verdict)
{
	c->v = v;
	c->e = e;
	c->time_ns = tt_v1_time_ns(v, e);
	c->stack = tt_v1_stack(v, e);
	c->verdict = verdict;
	use_proc(c);
}

/* What follows the event that was converted last. */
static int convert_pending(struct conversion *c)
{
	unsigned type = c->v->pending;

	if (type == 0)
		return next_unstarted(c);
	c->v->pending = 0;
	return type == TT_EV_GO_LABEL ? go_label(c) : go_syscall_end(c);
}

/* What follows the event that was converted last: a second one, or goroutines that were there
 * before the first one. TT_END: nothing. */
static __attribute__((noinline)) int next_pending(struct tt_v1 *v, struct tt_error *err)
{
	struct conversion c;
	int rc;

	begin(&c, v, &v->last, false);
	v->rest.nhanded += v->pending != 0;
	rc = convert_pending(&c);
	return rc == TT_OK && tt_v1_has_raw_ids(v) ? tt_v1_check_ids(v, err) : rc;
}

/* tt_v1_next() where `e` was read and is not plain; NULL: what is pending comes first, or there
 * is none. */
static TT_NOT_INLINE int next_any(struct tt_v1 *v, const struct tt_v1_event *e,
				  struct tt_error *err)
{
	struct conversion c;
	int rc = TT_END;

	if (e == NULL && (v->pending != 0 || v->next_unstarted != TT_V1_NONE))
		rc = next_pending(v, err);
	while (rc == TT_END && (e != NULL || (e = tt_v1_replay_next(v)) != NULL)) {
		begin(&c, v, e, tt_v1_verdict(v));
		rc = convert(&c, err);
		if (tt_unlikely(v->pending != 0 || v->next_unstarted != TT_V1_NONE))
			v->last = *e;
		v->rest.nhanded += rc == TT_OK && v->place >= v->rest.begin;
		if (rc == TT_OK && tt_unlikely(e->layout->id_arg >= 0 || v->bad_frames))
			rc = tt_v1_check_ids(v, err);
		if (rc == TT_END)
			e = NULL;
	}
	v->plain = v->started && v->pending == 0 && v->next_unstarted == TT_V1_NONE &&
		   !v->bad_frames && !v->lacks_texts;
	if (tt_unlikely(rc < 0))
		err->offset = v->base + (e != NULL ? e : &v->last)->offset;
	return rc;
}

/* An event of which only the form has to be known. False: more has. */
static TT_ALWAYS_INLINE bool convert_plain(struct tt_v1 *v, const struct tt_v1_event *e)
{
	const struct tt_v1_form *form = &e->layout->form;
	const struct tt_v1_goroutine *g = &v->goroutines.at[e->g];
	struct tt_event *out = &v->out;
	const struct tt_v1_proc *p;

	if (tt_unlikely(form->spec == NULL) ||
	    (form->may_be_elsewhere && tt_unlikely(g->timer || tt_v1_verdict(v))))
		return false;
	p = &v->procs.at[e->proc];
	out->raw_time_ns = tt_v1_time_ns(v, e);
	out->thread = p->has_thread ? (int64_t)p->thread : TT_NONE;
	out->proc = p->number;
	out->goroutine = e->g == TT_V1_NO_G ? TT_NONE : (int64_t)g->id;
	out->offset = v->base + e->offset;
	out->spec = form->spec;
	out->kind = form->kind;
	memset(v->out_args, 0, sizeof(v->out_args));
	v->out_args[0] = (e->args[0] & form->first) | form->text;
	v->out_args[1] = e->args[1] & form->second;
	if (form->stack_arg >= 0)
		v->out_args[form->stack_arg] = tt_v1_stack(v, e);
	return true;
}

int tt_v1_next(struct tt_v1 *v, struct tt_event **ev, struct tt_error *err)
{
	const struct tt_v1_event *e;

	*ev = &v->out;
	if (tt_unlikely(!v->plain))
		return next_any(v, NULL, err);
	e = tt_v1_replay_next(v);
	if (tt_unlikely(e == NULL))
		return TT_END;
	if (tt_unlikely(!convert_plain(v, e)))
		return next_any(v, e, err);
	v->rest.nhanded++;
	return TT_OK;
}

/* ---- the beginning */

/* What becomes of events by their layouts, once it is known which ids the texts have. */
static void set_forms(struct tt_v1 *v)
{
	for (unsigned type = 0; type < TT_V1_NTYPES; type++) {
		struct tt_v1_layout *layout = &v->layouts[type];
		const struct shape *shape = &shapes[layout->type];
		bool local = type == TT_V1_GO_UNBLOCK_LOCAL;
		bool plain = shape->type != 0 && layout->nevents == 1 && !layout->is_special &&
			     type != TT_V1_GC_START;

		/* (the number of an unblock is Go's own: that of a local record is not known) */
		layout->form = (struct tt_v1_form){
			.first = shape->nargs > 0 ? UINT64_MAX : 0,
			.second = shape->nargs > 1 && !local ? UINT64_MAX : 0,
			.text = shape->has_text ? tt_v1_text_id(v, shape->text) : 0,
			.may_be_elsewhere = layout->type == TT_V1_GO_UNBLOCK,
		};
		if (!plain)
			continue;
		layout->form.spec = v->v2[shape->type];
		layout->form.kind = (uint8_t)v->v2[shape->type]->kind;
		layout->form.stack_arg = v->v2[shape->type]->stack_arg;
	}
}

int tt_v1_begin_conversion(struct tt_v1 *v, struct tt_error *err)
{
	int rc;

	for (unsigned type = 0; type < TT_V1_NTYPES; type++)
		v->v2[type] = tt_specs_event(v->specs, type);
	v->out.generation = v->gen;
	v->out.args = v->out_args;
	tt_v1_finish_check(v);
	tt_idmap_clear(&v->task_ids);
	v->tasks.n = 0;
	v->next_unstarted = TT_V1_NONE;
	for (unsigned i = 0; i < 4; i++)
		v->fake_procs[i] = tt_idmap_find(&v->proc_ids, (uint64_t)FIRST_FAKE_PROC + i);
	tt_v1_replay(v);
	rc = tt_v1_seal_tables(v, tt_v1_texts, TT_V1_NTEXTS, err);
	set_forms(v);
	return rc;
}

/* The first event is at 0. */
bool tt_v1_start_ns(const struct tt_v1 *v, int64_t *ns)
{
	*ns = 0;
	return v->nevents > 0;
}

bool tt_v1_done(const struct tt_v1 *v)
{
	return v->nread == v->nevents && v->pending == 0 && v->next_unstarted == TT_V1_NONE;
}
