/* SPDX-License-Identifier: MIT */
/*
 * writer_event.c - one event: its arguments with ids of the result and its sequence numbers;
 * then it is tried on the state, and written. Stands on writer.h.
 */
#include <string.h>

#include "edit/writer_moment.h"
#include "order/fast.h"
#include "order/subject.h"

/* ---- arguments */

static uint64_t next_g(const struct tt_order *o, uint64_t id)
{
	const struct tt_g_state *g = tt_order_g(o, (int64_t)id);

	return g == NULL ? 1 : g->seq.n + 1;
}

static uint64_t next_p(const struct tt_order *o, int64_t id)
{
	const struct tt_p_state *p = tt_order_p(o, id);

	return p == NULL ? 1 : p->seq.n + 1;
}

/* Numbers that a spec declares: the first one of those that go on is that of the source. */
static void number_declared(struct tt_writer *w, const struct tt_event_def *def,
			    const struct tt_event *ev, uint64_t *args)
{
	struct tt_order *o = tt_writer_order(w);
	const struct tt_context context = {ev->thread, ev->proc, ev->goroutine};

	for (unsigned i = 0; i < def->spec.norders; i++) {
		const struct tt_order_spec *order = &def->spec.orders[i];
		const struct tt_subject_class *class;
		const struct tt_subject *subject;
		uint64_t id;

		if (order->seq_arg < 0 || !tt_subject_id(order, args, &context, &id))
			continue;
		class = tt_subject_class_of(o, def, i);
		if (class == NULL)
			continue;
		subject = tt_subject_at(o, tt_subject_find(class, id));
		if (order->continues && (subject == NULL || !subject->numbered))
			continue;
		args[order->seq_arg] =
			tt_subject_number(o->subjects, order->continues, subject) + 1;
	}
}

/* Sequence numbers are counted anew: events before this one may be missing. */
static void set_numbers(struct tt_writer *w, const struct tt_writer_stream *s,
			const struct tt_event *ev, int64_t thread, uint64_t *args)
{
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	const struct tt_m_state *m;

	switch (ev->spec->type) {
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		args[1] = next_g(o, args[0]);
		break;
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
		args[1] = next_p(o, (int64_t)args[0]);
		break;
	case TT_EV_GO_SYSCALL_BEGIN:
		m = tt_writer_m_of(o, s, thread);
		args[0] = m == NULL ? 1 : next_p(o, m->p);
		break;
	case TT_EV_GC_ACTIVE:
	case TT_EV_GC_BEGIN:
	case TT_EV_GC_END:
		if (o->gc_state != TT_GC_UNDETERMINED)
			args[0] = o->gc_seq + 1;
		break;
	case TT_EV_USER_TASK_BEGIN:
		if (args[1] == TT_NO_TASK)
			args[1] = 0;
		break;
	default:
		if (def->spec.norders > 0)
			number_declared(w, def, ev, args);
		break;
	}
}

void tt_writer_renumber(struct tt_writer *w, int64_t thread, uint8_t type, uint64_t *args)
{
	const struct tt_m_state *m = tt_order_m(tt_writer_order(w), thread);
	const struct tt_event ev = {
		.spec = tt_specs_event(w->specs, type),
		.thread = thread,
		.proc = m == NULL ? TT_NONE : m->p,
		.goroutine = m == NULL ? TT_NONE : m->g,
	};

	set_numbers(w, NULL, &ev, thread, args);
}

static int no_such_entry(struct tt_writer *w, int code, const char *what, uint64_t id)
{
	return tt_fail(&w->err, code, "found invalid %s ID %llu: ask for one with tt_writer_%s()",
		       what, (unsigned long long)id, what);
}

/* The ids of an event of the caller's own must be there. */
static int check_entries(struct tt_writer *w, const struct tt_event_def *def, const uint64_t *args)
{
	const struct tt_generation *g = &w->tables.gen;

	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&g->string_ids, id) == TT_IDMAP_NONE)
			return no_such_entry(w, TT_E_EVENT_STRING, "string", id);
	}
	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&g->stack_ids, id) == TT_IDMAP_NONE)
			return no_such_entry(w, TT_E_EVENT_STACK, "stack", id);
	}
	return TT_OK;
}

/* Strings and stacks get ids of the result. */
static int map_entries(struct tt_writer *w, const struct tt_event *ev, uint64_t *args)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);

	if (w->following)
		return TT_OK;
	if (ev->generation == NULL)
		return check_entries(w, def, args);
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t *arg = &args[def->string_args[i]];

		if (!tt_writer_map_string(w, ev->generation, *arg, arg))
			return -w->err.code;
	}
	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t *arg = &args[def->stack_args[i]];

		if (!tt_writer_map_stack(w, ev->generation, *arg, arg))
			return -w->err.code;
	}
	return TT_OK;
}

/* ---- where it goes */

/* Whether the source has the event in an embedded batch. */
static bool is_embedded(const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;

	for (size_t i = 0; g != NULL && i < g->experimental.n; i++) {
		const struct tt_batch *b = &g->experimental.at[i];

		if (ev->offset >= b->data_offset && ev->offset - b->data_offset < b->size)
			return true;
	}
	return g == NULL;
}

/* Whether events can take the short way of writer_fast.c. */
static bool is_quick(const struct tt_event_def *def)
{
	if (def->spec.type > TT_LAST_TYPE_OF_GO || def->spec.norders > 0 ||
	    def->spec.kind == TT_KIND_STACK_SAMPLE || def->nstrings > 1 || def->nstacks > 1)
		return false;
	switch (def->spec.type) {
	case TT_EV_GO_START:
	case TT_EV_GO_STOP:
	case TT_EV_GO_BLOCK:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SYSCALL_BEGIN:
	case TT_EV_GO_SYSCALL_END:
	case TT_EV_HEAP_ALLOC:
	case TT_EV_HEAP_GOAL:
	case TT_EV_GO_LABEL:
		return true;
	default:
		return def->spec.experiment != NULL;
	}
}

static void plan_fast(struct tt_writer_plan *plan, const struct tt_order *o,
		      const struct tt_event_def *def)
{
	plan->rule = is_quick(def) ? o->fast[def->spec.type].rule : TT_FAST_NONE;
	plan->nargs = def->spec.nargs;
	plan->has_string = def->nstrings != 0;
	plan->has_stack = def->nstacks != 0;
	plan->string_arg = (uint8_t)(plan->has_string ? def->string_args[0] : 0);
	plan->stack_arg = (uint8_t)(plan->has_stack ? def->stack_args[0] : 0);
}

/* Notices that the specs of a trace changed; says whether the event has to be embedded. */
static bool plan_event(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_writer_plan *plan = &w->plans[ev->spec->type];
	uint64_t ordinal = ev->generation == NULL ? 0 : ev->generation->ordinal;

	if (tt_writer_order(w)->rules[ev->spec->type].def != tt_event_def_of(ev->spec))
		tt_order_specs_changed(tt_writer_order(w));
	if (plan->spec != ev->spec || plan->ordinal != ordinal) {
		plan->spec = ev->spec;
		plan->ordinal = ordinal;
		plan->embedded = ev->spec->type > TT_LAST_TYPE_OF_GO && is_embedded(ev);
		plan_fast(plan, tt_writer_order(w), tt_event_def_of(ev->spec));
	}
	return plan->embedded;
}

/*
 * The thread in whose stream it goes. A status of a goroutine in a syscall shows the thread
 * that it names, even if another one wrote it, and the P of the one that wrote it.
 */
static int64_t thread_of(struct tt_writer *w, const struct tt_event *ev)
{
	bool is_g = ev->spec->type == TT_EV_GO_STATUS || ev->spec->type == TT_EV_GO_STATUS_STACK;
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_m_state *m;
	int64_t holder;

	if (!is_g || ev->args[2] != TT_G_SYSCALL)
		return ev->thread;
	m = tt_order_m(o, ev->thread);
	if ((m == NULL ? TT_NONE : m->p) == ev->proc)
		return ev->thread;
	holder = tt_writer_thread_with(o, ev->proc, TT_NONE);
	return holder == TT_NONE && ev->proc != TT_NONE ? ev->thread : holder;
}

/* ---- events that Go's rules add */

/*
 * A coroutine switch shows as three events, the first of which is the one in the trace. It
 * is held until the others came: if they do not, only a part of the switch is wanted, and
 * that is written as the events that it looks like.
 */
static void hold_switch(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_writer_switch *held = &w->held;

	held->any = true;
	held->nadded = 0;
	held->ev = *ev;
	memcpy(held->args, ev->args, ev->spec->nargs * sizeof(*held->args));
	held->ev.args = held->args;
}

static bool is_switch(const struct tt_event *ev)
{
	return ev->spec->type == TT_EV_GO_SWITCH || ev->spec->type == TT_EV_GO_SWITCH_DESTROY;
}

static bool is_added(const struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_switch *held = &w->held;
	bool destroy = held->ev.spec->type == TT_EV_GO_SWITCH_DESTROY;

	if (ev->thread != held->ev.thread || ev->spec == NULL)
		return false;
	if (held->nadded == 0)
		return ev->spec->type == (destroy ? TT_EV_GO_DESTROY : TT_EV_GO_BLOCK) &&
		       ev->goroutine == held->ev.goroutine;
	return ev->spec->type == TT_EV_GO_START && ev->args[0] == held->args[0] &&
	       ev->goroutine == TT_NONE;
}

/* The theft that comes with the end of a goroutine in a syscall: its number is 0. */
static bool is_added_theft(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_m_state *m;

	w->has_theft = false;
	if (ev->spec->type != TT_EV_PROC_STEAL || ev->args[1] != 0)
		return false;
	m = tt_order_m(o, ev->thread);
	w->has_theft = m != NULL && m->p == (int64_t)ev->args[0] && m->g != TT_NONE &&
		       (int64_t)ev->args[2] != m->id;
	w->theft_ns = ev->time_ns;
	w->theft_thread = ev->thread;
	return w->has_theft;
}

/* ---- one event */

/* The time that it gets; ticks become finer if those at hand do not give it. */
static int place_in_time(struct tt_writer *w, const struct tt_event *ev, int64_t wanted_ns,
			 int64_t *time_ns)
{
	*time_ns = wanted_ns > w->last_ns ? wanted_ns : w->last_ns + 1;
	w->progress.moved += *time_ns != wanted_ns;
	if (w->ns_per_tick == 1 || (*time_ns == ev->raw_time_ns && *time_ns == wanted_ns &&
				    (uint64_t)*time_ns % w->ns_per_tick == 0))
		return TT_OK;
	return tt_writer_use_ns(w);
}

static int write_event(struct tt_writer *w, const struct tt_event *ev, int64_t wanted_ns)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	int64_t thread = thread_of(w, ev), time_ns;
	uint64_t args[TT_MAX_ARGS];
	struct tt_writer_stream *s = tt_writer_stream(w, thread, false);
	bool embedded = plan_event(w, ev);
	int rc = s == NULL ? tt_writer_no_memory(w) : TT_OK;

	if (rc == TT_OK)
		rc = tt_writer_state_before(w, s, ev, thread, def->needs);
	if (rc == TT_OK)
		rc = place_in_time(w, ev, wanted_ns, &time_ns);
	if (rc != TT_OK)
		return rc;
	s = tt_writer_stream(w, thread, false);
	memcpy(args, ev->args, ev->spec->nargs * sizeof(*args));
	set_numbers(w, s, ev, thread, args);
	rc = map_entries(w, ev, args);
	if (rc < 0)
		return rc;
	if (embedded) {
		uint32_t m = s->m;

		s = tt_writer_stream(w, thread, true);
		if (s == NULL)
			return tt_writer_no_memory(w);
		s->m = m;
	}
	rc = tt_writer_emit_to(w, s, thread, ev->spec->type, args, ev->spec->nargs, time_ns);
	if (rc < 0)
		return rc;
	if (s->m != TT_NO_SLOT)
		tt_writer_remember_stated(w, s);
	return TT_OK;
}

static int follow_event(struct tt_writer *w, const struct tt_event *ev)
{
	uint64_t args[TT_MAX_ARGS];
	int64_t thread = thread_of(w, ev);
	int rc;

	plan_event(w, ev);
	rc = tt_writer_state_before(w, NULL, ev, thread, tt_event_def_of(ev->spec)->needs);
	if (rc < 0)
		return rc;
	memcpy(args, ev->args, ev->spec->nargs * sizeof(*args));
	set_numbers(w, NULL, ev, thread, args);
	rc = tt_writer_emit_to(w, NULL, thread, ev->spec->type, args, ev->spec->nargs, ev->time_ns);
	return rc < 0 ? rc : tt_writer_past_event(w, ev);
}

static int take_sample(struct tt_writer *w, const struct tt_event *ev)
{
	int64_t time_ns;
	int rc;

	if (w->following)
		return TT_OK;
	rc = place_in_time(w, ev, ev->time_ns, &time_ns);
	if (rc < 0)
		return rc;
	if (!tt_writer_add_sample(w, ev))
		return -w->err.code;
	w->last_ns = time_ns;
	w->progress.events++;
	return TT_OK;
}

static int take(struct tt_writer *w, const struct tt_event *ev)
{
	bool ends_theft = w->has_theft && ev->spec->type == TT_EV_GO_DESTROY_SYSCALL;
	int rc;

	if (is_added_theft(w, ev))
		return TT_OK;
	if (tt_specs_event(w->specs, ev->spec->type) == NULL)
		return tt_fail(&w->err, TT_E_ARGUMENT,
			       "the writer has no spec of the event %s", ev->spec->name);
	rc = w->following ? follow_event(w, ev)
			  : write_event(w, ev, ends_theft ? w->theft_ns : ev->time_ns);
	if (rc == TT_OK && ev->spec->type == TT_EV_PROCS_CHANGE)
		w->procs = ev->args[0];
	w->last_ns += rc == TT_OK && ends_theft;
	return rc;
}

/* A core event like that of a part of the switch. */
static int take_part(struct tt_writer *w, enum tt_event_type type, int64_t time_ns)
{
	struct tt_event ev = w->held.ev;
	uint64_t args[TT_MAX_ARGS] = {0};

	ev.spec = tt_specs_event(w->specs, type);
	ev.kind = ev.spec->kind;
	ev.time_ns = ev.raw_time_ns = time_ns;
	if (type == TT_EV_GO_UNBLOCK)
		args[0] = w->held.args[0];
	ev.args = args;
	return take(w, &ev);
}

int tt_writer_release_held(struct tt_writer *w)
{
	struct tt_writer_switch *held = &w->held;
	int64_t time_ns = held->ev.time_ns;
	int rc;

	if (!held->any)
		return TT_OK;
	held->any = false;
	if (held->nadded == 2 && !w->following) {
		rc = take(w, &held->ev);
		/* a reader adds the other two */
		w->last_ns += 2;
		return rc;
	}
	rc = take_part(w, TT_EV_GO_UNBLOCK, time_ns);
	if (rc == TT_OK && held->nadded > 0)
		rc = take_part(w, held->ev.spec->type == TT_EV_GO_SWITCH ? TT_EV_GO_BLOCK
									 : TT_EV_GO_DESTROY,
			       time_ns + 1);
	return rc;
}

/* Without the end of the goroutine, a theft looks like the stop of its P. */
static int release_theft(struct tt_writer *w)
{
	const struct tt_event ev = {
		.thread = w->theft_thread,
		.proc = TT_NONE,
		.goroutine = TT_NONE,
		.spec = tt_specs_event(w->specs, TT_EV_PROC_STOP),
		.args = w->held.args,
		.kind = TT_KIND_TRANSITION,
		.time_ns = w->theft_ns,
		.raw_time_ns = w->theft_ns,
	};

	if (!w->has_theft)
		return TT_OK;
	w->has_theft = false;
	return w->following ? TT_OK : take(w, &ev);
}

int tt_writer_release_all(struct tt_writer *w)
{
	int rc = tt_writer_release_held(w);

	return rc < 0 ? rc : release_theft(w);
}

int tt_writer_take(struct tt_writer *w, const struct tt_event *ev)
{
	int rc;

	if (w->held.any && ev->kind != TT_KIND_STACK_SAMPLE && is_added(w, ev)) {
		w->progress.events++;
		return ++w->held.nadded == 2 ? tt_writer_release_held(w) : TT_OK;
	}
	rc = tt_writer_release_held(w);
	if (rc < 0)
		return rc;
	if (ev->kind == TT_KIND_STACK_SAMPLE)
		return take_sample(w, ev);
	if (is_switch(ev)) {
		/* (what is followed may be cut between its parts) */
		if (w->following) {
			hold_switch(w, ev);
			return tt_writer_release_held(w);
		}
		hold_switch(w, ev);
	} else {
		rc = take(w, ev);
	}
	w->progress.events += rc == TT_OK && !w->following;
	return rc;
}

int tt_writer_insert(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_event inserted = *ev;
	int rc = tt_writer_release_held(w);

	w->quick.source = NULL;
	inserted.kind = ev->spec->kind;
	inserted.time_ns = inserted.raw_time_ns = w->last_ns + 1;
	return rc < 0 ? rc : take(w, &inserted);
}

int tt_writer_take_past(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_switch held = w->held;
	int rc;

	if (ev->kind == TT_KIND_STACK_SAMPLE)
		return TT_OK;
	w->held.any = false;
	w->following = true;
	rc = is_switch(ev) ? tt_writer_take(w, ev) : take(w, ev);
	w->following = false;
	w->held = held;
	w->held.ev.args = w->held.args;
	return rc;
}
