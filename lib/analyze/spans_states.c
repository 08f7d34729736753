/* SPDX-License-Identifier: MIT */
/*
 * spans_states.c - the states of goroutines and processors: each transition ends one span
 * and begins another. Stands on spans_texts.c and spans_scopes.c.
 */
#include <string.h>

#include "analyze/spans.h"
#include "base/compiler.h"
#include "event/states.h"

/*
 * A transition as tt_event_transition() has it, with ids for texts: what is asked of every
 * event must cost little.
 */
struct change {
	int64_t id;
	enum tt_state from, to;
	uint64_t reason;        /* the id of a string, or 0 */
	uint64_t own_stack;     /* of the goroutine; meaningful with has_stack */
	uint64_t event_stack;   /* of the event, or 0 */
	bool has_stack;
};

static inline struct change change_of(const struct tt_event *ev, const struct tt_event_view *view)
{
	int8_t event_arg = ev->spec->stack_arg, own_arg = view->stack_arg;
	struct change c = {
		.from = tt_state_before(ev, view),
		.to = tt_state_after(ev, view),
		.reason = view->reason_arg < 0 ? 0 : ev->args[view->reason_arg],
		.event_stack = event_arg < 0 ? 0 : ev->args[event_arg],
	};

	c.id = view->id_arg >= 0			     ? (int64_t)ev->args[view->id_arg]
	       : view->resource == TT_RESOURCE_PROC ? ev->proc
						     : ev->goroutine;
	if (own_arg >= 0) {
		c.own_stack = ev->args[own_arg];
		c.has_stack = c.own_stack != 0 || own_arg != event_arg;
	}
	return c;
}

static inline struct tt_span_context context_of(const struct tt_event *ev)
{
	return (struct tt_span_context){ev->goroutine, ev->proc, ev->thread};
}

static const struct tt_span_context no_context = {TT_NONE, TT_NONE, TT_NONE};

static inline void set_begin(struct tt_span *span, const struct tt_span_context *by)
{
	span->goroutine = by->goroutine;
	span->proc = by->proc;
	span->thread = by->thread;
}

/* The span ends with this event, whose stack has this number. */
static inline void set_end(struct tt_span *span, const struct tt_event *ev, uint32_t stack)
{
	span->end_ns = ev->time_ns;
	span->end_goroutine = ev->goroutine;
	span->end_proc = ev->proc;
	span->end_thread = ev->thread;
	span->end_stack = stack;
}

static void set_open_end(const struct tt_spans *s, struct tt_span *span)
{
	span->flags |= TT_SPAN_NOT_ENDED;
	span->end_ns = s->now_ns;
	span->end_goroutine = span->end_proc = span->end_thread = TT_NONE;
	span->end_stack = 0;
}

/* ---- goroutines */

/* All of it but its end. */
static inline void set_state(const struct tt_spans *s, const struct tt_span_goroutine *g,
			     struct tt_span *out)
{
	out->kind = TT_SPAN_GOROUTINE;
	out->state = (enum tt_state)g->state;
	out->flags = g->flags & ~(unsigned)TT_SPAN_WATCHED;
	out->scope = TT_RESOURCE_GOROUTINE;
	out->id = g->id;
	out->start_ns = g->since_ns;
	out->taken_ns = g->taken_ns;
	out->name = g->name;
	out->detail = 0;
	out->func = g->func;
	out->stack = g->stack;
	out->start_stack = s->groups == NULL ? g->start_stack : 0;
	out->task = g->region == TT_SPAN_NO_SLOT ? 0 : s->scopes.at[g->region].more;
	out->parent = out->key = 0;
	out->spec = NULL;
	/* (spans_run.c does not keep it up to date) */
	set_begin(out, s->groups == NULL ? &g->by : &no_context);
}

void tt_spans_goroutine_state(const struct tt_spans *s, const struct tt_span_goroutine *g,
			      struct tt_span *out)
{
	set_state(s, g, out);
	set_open_end(s, out);
}

void tt_spans_goroutine_life(const struct tt_spans *s, const struct tt_span_goroutine *g,
			     struct tt_span *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = TT_SPAN_LIFE;
	out->state = (enum tt_state)g->state;
	out->flags = g->born_flags;
	out->scope = TT_RESOURCE_GOROUTINE;
	out->id = g->id;
	out->start_ns = g->born_ns;
	out->taken_ns = TT_NOT_TAKEN;
	out->func = g->func;
	out->stack = g->born_stack;
	out->start_stack = g->creator_stack;
	out->goroutine = g->creator;
	out->proc = out->thread = TT_NONE;
	set_open_end(s, out);
}

static struct tt_span_goroutine *new_goroutine(struct tt_spans *s, int64_t id)
{
	uint32_t slot = s->free_goroutine;
	struct tt_span_goroutine *g;

	if (slot == TT_SPAN_NO_SLOT) {
		if (s->goroutines.n >= TT_SPAN_NO_SLOT ||
		    !TT_ARRAY_ROOM(&s->mem, &s->goroutines))
			return NULL;
		slot = (uint32_t)s->goroutines.n;
		s->goroutines.at[slot].state = TT_STATE_NOT_EXIST;
	}
	if (!tt_idmap_add(&s->goroutine_ids, (uint64_t)id, slot))
		return NULL;
	g = &s->goroutines.at[slot];
	if (slot == s->goroutines.n)
		s->goroutines.n++;
	else
		s->free_goroutine = (uint32_t)g->id;
	memset(g, 0, sizeof(*g));
	g->id = id;
	g->taken_ns = TT_NOT_TAKEN;
	g->by = no_context;
	g->creator = TT_NONE;
	g->region = g->ranges = TT_SPAN_NO_SLOT;
	return g;
}

/* It appears: it is created, or its state is first mentioned. */
static TT_NOT_INLINE struct tt_span_goroutine *appear(struct tt_spans *s, const struct tt_event *ev,
					struct change t)
{
	struct tt_span_goroutine *g = new_goroutine(s, t.id);
	int64_t more;

	if (g == NULL)
		return NULL;
	g->born_ns = s->sync_ns;
	g->born_flags = TT_SPAN_BEGAN_BEFORE;
	if (t.from == TT_STATE_NOT_EXIST) {
		g->born_ns = ev->time_ns;
		g->born_flags = 0;
		g->creator = ev->goroutine;
		g->creator_stack = tt_span_event_stack(s, t.event_stack);
		g->born_stack = tt_span_own_stack(s, t.own_stack);
	} else {
		s->nbefore++;
	}
	more = (int64_t)s->goroutine_ids.count - (int64_t)s->nbefore;
	s->nmost_more = more > s->nmost_more ? more : s->nmost_more;
	return g;
}

static inline bool end_state(struct tt_spans *s, const struct tt_span_goroutine *g,
		      const struct tt_event *ev, uint32_t stack)
{
	struct tt_span *span = tt_spans_add(s);

	if (span == NULL)
		return false;
	set_state(s, g, span);
	set_end(span, ev, stack);
	return true;
}

static TT_NOT_INLINE bool end_goroutine(struct tt_spans *s, struct tt_span_goroutine *g,
			  const struct tt_event *ev, uint32_t stack)
{
	struct tt_span *span;

	if (!tt_spans_drop_scopes(s, g))
		return false;
	span = tt_spans_add(s);
	if (span == NULL)
		return false;
	tt_spans_goroutine_life(s, g, span);
	span->flags &= ~(unsigned)TT_SPAN_NOT_ENDED;
	set_end(span, ev, stack);
	tt_idmap_remove(&s->goroutine_ids, (uint64_t)g->id);
	g->state = TT_STATE_NOT_EXIST;
	g->id = s->free_goroutine;
	s->free_goroutine = (uint32_t)(g - s->goroutines.at);
	return true;
}

/* The processor that the goroutine left for a syscall is no longer its own. */
TT_NOT_INLINE void tt_spans_leave_syscall(struct tt_spans *s, struct tt_span_goroutine *g)
{
	struct tt_span_proc *p = g->by.proc == TT_NONE ? NULL : tt_spans_proc(s, g->by.proc);

	if (p != NULL && p->syscalling == g->id)
		p->syscalling = TT_NONE;
	g->taken_ns = TT_NOT_TAKEN;
}

/* A goroutine whose state is first mentioned in a syscall holds the context's processor. */
TT_NOT_INLINE void tt_spans_enter_syscall(struct tt_spans *s, struct tt_span_goroutine *g, int64_t proc)
{
	struct tt_span_proc *p = proc == TT_NONE ? NULL : tt_spans_proc(s, proc);

	g->by.proc = proc;
	if (p != NULL)
		p->syscalling = g->id;
	else if (proc == TT_NONE)
		g->taken_ns = g->since_ns;
}

/* The thread that a first mention of a running goroutine names, and the processor there. */
static TT_NOT_INLINE void set_first_context(struct tt_span_context *by, const struct tt_event *ev,
			      enum tt_state state)
{
	*by = no_context;
	if (state != TT_STATE_RUNNING && state != TT_STATE_SYSCALL)
		return;
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		if (ev->spec->args[i].type == TT_ARG_M)
			by->thread = (int64_t)ev->args[i];
	if (by->thread == ev->thread)
		by->proc = ev->proc;
}

static inline void begin_state(struct tt_spans *s, struct tt_span_goroutine *g, const struct tt_event *ev,
			const struct change *t, uint32_t stack)
{
	bool known = t->from != TT_STATE_UNDETERMINED;

	g->state = (uint8_t)t->to;
	g->since_ns = known ? ev->time_ns : g->born_ns;
	g->flags &= TT_SPAN_WATCHED;
	g->flags |= known ? 0 : TT_SPAN_BEGAN_BEFORE;
	if (tt_likely(known))
		g->by = context_of(ev);
	else
		set_first_context(&g->by, ev, t->to);
	g->name = t->reason == 0 ? 0 : tt_span_texts_string(&s->texts, t->reason);
	g->start_stack = known ? stack : 0;
	if (t->has_stack)
		g->stack = stack != 0 && t->own_stack == t->event_stack
				   ? stack
				   : tt_span_own_stack(s, t->own_stack);
	if (t->to == TT_STATE_SYSCALL)
		tt_spans_enter_syscall(s, g, ev->proc);
	tt_span_set_plain(g);
}

static inline bool goroutine_transition(struct tt_spans *s, const struct tt_event *ev,
					const struct change *t)
{
	struct tt_span_goroutine *g;
	uint32_t stack;
	bool known;

	if (t->from == t->to)
		return true;
	g = tt_spans_goroutine(s, t->id);
	if (g == NULL && t->to == TT_STATE_NOT_EXIST)
		return true;
	known = g != NULL;
	if (!known)
		g = appear(s, ev, *t);
	if (g == NULL)
		return false;
	if (g->func == 0 && t->has_stack)
		g->func = tt_span_texts_root(&s->texts, t->own_stack);
	stack = tt_span_event_stack(s, t->event_stack);
	if (known && !end_state(s, g, ev, stack))
		return false;
	if (g->state == TT_STATE_SYSCALL)
		tt_spans_leave_syscall(s, g);
	if (t->to == TT_STATE_NOT_EXIST)
		return end_goroutine(s, g, ev, stack);
	begin_state(s, g, ev, t, stack);
	return true;
}

/* ---- processors */

void tt_spans_proc_state(const struct tt_spans *s, const struct tt_span_proc *p,
			 struct tt_span *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = TT_SPAN_PROC;
	out->state = (enum tt_state)p->state;
	out->flags = p->flags;
	out->scope = TT_RESOURCE_PROC;
	out->id = p->id;
	out->start_ns = p->since_ns;
	out->taken_ns = TT_NOT_TAKEN;
	set_begin(out, &p->by);
	set_open_end(s, out);
}

static struct tt_span_proc *new_proc(struct tt_spans *s, int64_t id)
{
	struct tt_span_proc *p;

	if (s->procs.n >= TT_SPAN_NO_SLOT || !TT_ARRAY_ROOM(&s->mem, &s->procs) ||
	    !tt_idmap_add(&s->proc_ids, (uint64_t)id, (uint32_t)s->procs.n))
		return NULL;
	p = &s->procs.at[s->procs.n++];
	*p = (struct tt_span_proc){.id = id, .syscalling = TT_NONE};
	return p;
}

/* The processor stops: if its goroutine sits in a syscall, that has lost it. */
static void take_from_syscall(struct tt_spans *s, struct tt_span_proc *p, int64_t now_ns)
{
	struct tt_span_goroutine *g;

	if (p->syscalling == TT_NONE)
		return;
	g = tt_spans_goroutine(s, p->syscalling);
	if (g != NULL && g->state == TT_STATE_SYSCALL) {
		g->taken_ns = now_ns;
		g->plain = false;
	}
	p->syscalling = TT_NONE;
}

/*
 * A processor that was not mentioned yet. The event states what it does since the generation
 * began; but format v1 states nothing: there the event changes it from the other state.
 */
static struct tt_span_proc *meet_proc(struct tt_spans *s, const struct tt_event *ev, struct change t)
{
	struct tt_span_proc *p = new_proc(s, t.id);

	if (p == NULL)
		return NULL;
	p->state = (uint8_t)t.to;
	if (s->v1)
		p->state = t.to == TT_STATE_RUNNING ? TT_STATE_IDLE : TT_STATE_RUNNING;
	p->since_ns = s->sync_ns;
	p->flags = TT_SPAN_BEGAN_BEFORE;
	p->by = no_context;
	/* a running one is first mentioned by its thread */
	if (t.to == TT_STATE_RUNNING && !s->v1)
		p->by.thread = ev->thread;
	return p;
}

static TT_NOT_INLINE bool proc_transition(struct tt_spans *s, const struct tt_event *ev, struct change t)
{
	struct tt_span_proc *p = tt_spans_proc(s, t.id);
	struct tt_span *span;

	if (p == NULL) {
		p = meet_proc(s, ev, t);
		if (p == NULL)
			return false;
	}
	if (p->state == t.to)
		return true;
	span = tt_spans_add(s);
	if (span == NULL)
		return false;
	tt_spans_proc_state(s, p, span);
	span->flags &= ~(unsigned)TT_SPAN_NOT_ENDED;
	set_end(span, ev, tt_span_event_stack(s, t.event_stack));
	if (t.to == TT_STATE_IDLE)
		take_from_syscall(s, p, ev->time_ns);
	p->state = (uint8_t)t.to;
	p->since_ns = ev->time_ns;
	p->flags = 0;
	p->by = context_of(ev);
	if (t.to == TT_STATE_RUNNING)
		p->by.thread = ev->thread;
	return true;
}

bool tt_spans_transition(struct tt_spans *s, const struct tt_event *ev)
{
	const struct tt_event_view *view = &tt_event_def_of(ev->spec)->view;
	const struct change c = change_of(ev, view);

	if (view->resource == TT_RESOURCE_GOROUTINE)
		return goroutine_transition(s, ev, &c);
	return view->resource != TT_RESOURCE_PROC || proc_transition(s, ev, c);
}
