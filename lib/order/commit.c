/* SPDX-License-Identifier: MIT */
/*
 * commit.c - joins a generation that was ordered alone to the state before it: holds its
 * assumptions against that, then takes over the state that it ended with. See speculate.h.
 * Stands on clone.c and order.c.
 */
#include <string.h>

#include "order/handlers.h"
#include "order/keyed.h"
#include "order/subject.h"

struct commit {
	struct tt_order *to;    /* the state before; then the one after */
	const struct tt_order *alone;
	size_t nawaited;        /* Ps whose thread was not assumed yet */
};

/* ---- single assumptions, in the order in which they were made */

static bool g_has_status(struct tt_order *o, const struct tt_assumption *c)
{
	const struct tt_g_state *g = tt_find_g(o, (int64_t)c->id);

	return g != NULL && g->status == c->value;
}

static bool remove_g(struct tt_order *o, const struct tt_assumption *c)
{
	struct tt_g_state *g = tt_find_g(o, (int64_t)c->id);

	if (g != NULL)
		tt_remove_g(o, g);
	return g != NULL;
}

static bool p_has_status(struct tt_order *o, const struct tt_assumption *c)
{
	const struct tt_p_state *p = tt_find_p(o, (int64_t)c->id);

	return p == NULL || p->status == c->value;
}

static bool await_holder(struct commit *commit, const struct tt_assumption *c)
{
	struct tt_p_state *p = tt_find_p(commit->to, (int64_t)c->id);

	if (p == NULL || p->status != TT_P_SYSCALL)
		return false;
	commit->nawaited += !p->awaited;
	p->awaited = true;
	return true;
}

/* A thread that has its P still when that is assumed had it when it was awaited. */
static bool m_has_p(struct commit *commit, const struct tt_assumption *c)
{
	const struct tt_m_state *m = tt_find_m(commit->to, (int64_t)c->id);
	struct tt_p_state *p = tt_find_p(commit->to, (int64_t)c->value);

	if (m == NULL || m->p != (int64_t)c->value)
		return false;
	if (p != NULL && p->awaited) {
		p->awaited = false;
		commit->nawaited--;
	}
	return true;
}

/* Of a thread that is not known: `absent`. */
static bool m_has_g(struct tt_order *o, const struct tt_assumption *c, int64_t g, bool absent)
{
	const struct tt_m_state *m = tt_find_m(o, (int64_t)c->id);

	return m == NULL ? absent : m->g == g;
}

static bool m_has_no_p(struct tt_order *o, const struct tt_assumption *c)
{
	const struct tt_m_state *m = tt_find_m(o, (int64_t)c->id);

	return m == NULL || m->p == TT_NONE;
}

static bool gc_is(const struct tt_order *o, enum tt_gc_state state, uint64_t seq)
{
	return o->gc_state == state && seq == o->gc_seq + 1;
}

/* The one open range, which is closed: what is left open was not assumed. */
static bool take_range(struct tt_order *o, const uint32_t *scopes, uint64_t type)
{
	struct tt_open_scopes *e =
		scopes == NULL || *scopes == TT_NO_SLOT ? NULL : &o->open_scopes.at[*scopes];

	if (e == NULL || e->ranges.n != 1 || e->ranges.at[0].type != type ||
	    e->ranges.at[0].kind != 0)
		return false;
	e->ranges.n = 0;
	return true;
}

static bool take_g_range(struct tt_order *o, const struct tt_assumption *c)
{
	const struct tt_g_state *g = tt_find_g(o, (int64_t)c->id);

	return take_range(o, g == NULL ? NULL : &g->scopes, c->value);
}

static bool take_p_range(struct tt_order *o, const struct tt_assumption *c)
{
	const struct tt_p_state *p = tt_find_p(o, (int64_t)c->id);

	return take_range(o, p == NULL ? NULL : &p->scopes, c->value);
}

static struct tt_str name_of(const struct commit *commit, const struct tt_assumption *c)
{
	const struct tt_bytes *names = &commit->alone->assumptions->names;

	return c->value == 0 ? (struct tt_str){"", 0}
			     : (struct tt_str){(const char *)names->data + c->id, c->value};
}

/* No region: it began before the trace. */
static bool end_region(struct tt_order *o, const struct tt_assumption *c, struct tt_str name)
{
	const struct tt_g_state *g = tt_find_g(o, (int64_t)c->id);
	struct tt_open_scopes *e =
		g == NULL || g->scopes == TT_NO_SLOT ? NULL : &o->open_scopes.at[g->scopes];
	struct tt_open_region *top;

	if (e == NULL || e->regions.n == 0)
		return g != NULL;
	top = &e->regions.at[e->regions.n - 1];
	if (top->task != c->value || top->name->len != name.len ||
	    memcmp(top->name->bytes, name.data, name.len) != 0)
		return false;
	tt_shared_string_drop(&o->names, top->name);
	e->regions.n--;
	return true;
}

static bool end_task(struct tt_order *o, const struct tt_assumption *c)
{
	uint32_t slot = tt_idmap_find(&o->task_ids, c->id);

	if (slot == TT_IDMAP_NONE)
		return true;
	tt_shared_string_drop(&o->names, o->tasks.at[slot].name);
	tt_remove_task(o, slot);
	return true;
}

static bool holds(struct commit *commit, const struct tt_assumption *c)
{
	struct tt_order *o = commit->to;

	switch (c->kind) {
	case TT_ASSUME_G_STATUS:
		return g_has_status(o, c);
	case TT_ASSUME_G_ABSENT:
		return tt_find_g(o, (int64_t)c->id) == NULL;
	case TT_ASSUME_G_GONE:
		return remove_g(o, c);
	case TT_ASSUME_P_STATUS:
		return p_has_status(o, c);
	case TT_ASSUME_P_HELD:
		return await_holder(commit, c);
	case TT_ASSUME_M_P:
		return m_has_p(commit, c);
	case TT_ASSUME_M_NO_P:
		return m_has_no_p(o, c);
	case TT_ASSUME_M_G:
		return m_has_g(o, c, (int64_t)c->value, false);
	case TT_ASSUME_M_NO_G:
		return m_has_g(o, c, TT_NONE, true);
	case TT_ASSUME_M_NEW_OR_G:
		return m_has_g(o, c, (int64_t)c->value, true);
	case TT_ASSUME_GC_RUNNING:
		return gc_is(o, TT_GC_RUNNING, c->value);
	case TT_ASSUME_GC_NOT_RUNNING:
		return o->gc_state == TT_GC_UNDETERMINED || gc_is(o, TT_GC_NOT_RUNNING, c->value);
	case TT_ASSUME_G_RANGE:
		return take_g_range(o, c);
	case TT_ASSUME_P_RANGE:
		return take_p_range(o, c);
	case TT_ASSUME_REGION_END:
		return end_region(o, c, name_of(commit, &c[1]));
	case TT_ASSUME_NAME:
		return true;
	case TT_ASSUME_TASK_ABSENT:
		return tt_idmap_find(&o->task_ids, c->id) == TT_IDMAP_NONE;
	case TT_ASSUME_TASK_END:
		return end_task(o, c);
	}
	return false;
}

static bool all_hold(struct commit *commit)
{
	const struct tt_assumptions *assumptions = commit->alone->assumptions;

	for (size_t i = 0; i < assumptions->list.n; i++)
		if (!holds(commit, &assumptions->list.at[i]))
			return false;
	return commit->nawaited == 0;
}

/* ---- taking over: false if memory is short, or a range is open that was not assumed */

static struct tt_shared_string *copy_string(struct tt_order *o, const struct tt_shared_string *from)
{
	return tt_shared_string_new(&o->names, (struct tt_str){from->bytes, from->len});
}

static bool take_region(struct tt_order *o, struct tt_open_scopes *e,
			const struct tt_open_region *region)
{
	struct tt_shared_string *name;

	if (!TT_ARRAY_ROOM(o->mem, &e->regions))
		return false;
	name = copy_string(o, region->name);
	if (name != NULL)
		e->regions.at[e->regions.n++] = (struct tt_open_region){region->task, name};
	return name != NULL;
}

static bool take_scopes(const struct commit *commit, uint32_t *slot, uint32_t from)
{
	struct tt_order *o = commit->to;
	const struct tt_open_scopes *more;
	struct tt_open_scopes *e;

	if (*slot != TT_NO_SLOT && o->open_scopes.at[*slot].ranges.n != 0)
		return false;
	if (from == TT_NO_SLOT)
		return true;
	more = &commit->alone->open_scopes.at[from];
	e = tt_open_scopes_of(o, slot);
	if (e == NULL)
		return false;
	for (size_t i = 0; i < more->ranges.n; i++) {
		if (!TT_ARRAY_ROOM(o->mem, &e->ranges))
			return false;
		e->ranges.at[e->ranges.n++] = more->ranges.at[i];
	}
	for (size_t i = 0; i < more->regions.n; i++)
		if (!take_region(o, e, &more->regions.at[i]))
			return false;
	return true;
}

static bool take_gs(const struct commit *commit)
{
	struct tt_order *o = commit->to;

	for (size_t i = 0; i < commit->alone->gs.n; i++) {
		const struct tt_g_state *from = &commit->alone->gs.at[i];
		struct tt_g_state *g;

		if (from->status == TT_G_GONE)
			continue;
		g = tt_find_g(o, from->id);
		if (g == NULL)
			g = tt_add_g(o, from->id, from->status);
		if (g == NULL || !take_scopes(commit, &g->scopes, from->scopes))
			return false;
		g->status = from->status;
		g->seq = from->seq;
	}
	return true;
}

static bool take_ps(const struct commit *commit)
{
	struct tt_order *o = commit->to;

	for (size_t i = 0; i < commit->alone->ps.n; i++) {
		const struct tt_p_state *from = &commit->alone->ps.at[i];
		struct tt_p_state *p = tt_find_p(o, from->id);

		if (p == NULL)
			p = tt_add_p(o, from->id, from->status);
		if (p == NULL || !take_scopes(commit, &p->scopes, from->scopes))
			return false;
		p->status = from->status;
		p->seq = from->seq;
	}
	return true;
}

/* Of a thread, what became known: the rest is as before. */
static bool take_ms(const struct commit *commit)
{
	struct tt_order *o = commit->to;

	for (size_t i = 0; i < commit->alone->ms.n; i++) {
		const struct tt_m_state *from = &commit->alone->ms.at[i];
		struct tt_m_state *m = tt_find_m(o, from->id);

		if (m == NULL)
			m = tt_add_m(o, from->id);
		if (m == NULL)
			return false;
		if ((from->has & (TT_NEED_PROC | TT_NEED_NO_PROC)) != 0)
			tt_m_set_p(m, from->p);
		if ((from->has & (TT_NEED_GOROUTINE | TT_NEED_NO_GOROUTINE)) != 0)
			tt_m_set_g(m, from->g);
		m->g_slot = TT_NO_SLOT;
	}
	return true;
}

static bool take_tasks(const struct commit *commit)
{
	struct tt_order *o = commit->to;

	for (size_t i = 0; i < commit->alone->tasks.n; i++) {
		const struct tt_task_state *from = &commit->alone->tasks.at[i];
		struct tt_task_state *task;
		struct tt_shared_string *name;

		if (from->name == NULL)
			continue;
		name = copy_string(o, from->name);
		task = name == NULL ? NULL : tt_add_task(o, from->id);
		if (task == NULL) {
			tt_shared_string_drop(&o->names, name);
			return false;
		}
		*task = (struct tt_task_state){from->id, from->parent, name, TT_NO_SLOT};
	}
	return true;
}

static void take_gc(const struct commit *commit)
{
	if (commit->alone->gc_state == TT_GC_UNDETERMINED)
		return;
	commit->to->gc_state = commit->alone->gc_state;
	commit->to->gc_seq = commit->alone->gc_seq;
}

void tt_order_start_alone(struct tt_order *o)
{
	tt_order_reset(o);
	o->begun = true;
	o->initial_generation = 0;
	o->assumptions->list.n = 0;
	o->assumptions->names.len = 0;
	o->assumptions->failed = false;
}

void tt_order_end_alone(struct tt_order *o)
{
	o->assumptions = NULL;
	o->on_assume = NULL;
}

/* ---- joining */

static void exchange(struct tt_order *a, struct tt_order *b)
{
	struct tt_order t = *a;

	*a = *b;
	*b = t;
}

/* What no assumption can say. */
static bool may_commit(const struct tt_order *before, const struct tt_order *alone)
{
	return before->begun && !before->initial && before->renewed &&
	       !alone->assumptions->failed && !tt_subjects_follow_gs(before) &&
	       !(tt_keyed_were_open(alone) && tt_keyed_are_open(before));
}

bool tt_order_commit(struct tt_order *before, const struct tt_order *alone, struct tt_order *trial)
{
	struct commit commit = {.to = trial, .alone = alone};
	struct tt_subjects *subjects = before->subjects;
	bool joined;

	if (!may_commit(before, alone))
		return false;
	/* nothing of these changes: what remembers something is not ordered alone */
	before->subjects = NULL;
	joined = tt_order_copy(trial, before);
	trial->gen = before->gen;
	tt_shared_strings_begin_generation(&trial->names, before->gen);
	joined = joined && all_hold(&commit) && take_gs(&commit) && take_ps(&commit) && take_ms(&commit) &&
		 take_tasks(&commit) && tt_keyed_take(trial, alone);
	if (joined) {
		take_gc(&commit);
		exchange(before, trial);
	}
	before->subjects = subjects;
	tt_order_reset(trial);
	return joined;
}
