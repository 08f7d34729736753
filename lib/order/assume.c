/* SPDX-License-Identifier: MIT */
/* assume.c - what a generation that is ordered alone shows of the state before it.
 * Stands on state.c. */
#include "order/handlers.h"

/* More than these are not worth their memory. */
#define MAX_ASSUMPTIONS (1u << 18)

void tt_assume(struct tt_order *o, enum tt_assumption_kind kind, int64_t id, uint64_t value)
{
	struct tt_assumptions *a = o->assumptions;

	if (a == NULL)
		return;
	if (a->list.n == MAX_ASSUMPTIONS || !TT_ARRAY_ROOM(a->mem, &a->list))
		a->failed = true;
	else
		a->list.at[a->list.n++] = (struct tt_assumption){kind, (uint64_t)id, value};
}

void tt_assume_fails(struct tt_order *o)
{
	if (tt_is_speculative(o))
		o->assumptions->failed = true;
}

/* ---- threads */

/* (never true of an order that is not speculative) */
static bool p_unknown(const struct tt_m_state *m)
{
	return (m->has & (TT_NEED_PROC | TT_NEED_NO_PROC)) == 0;
}

static bool g_unknown(const struct tt_m_state *m)
{
	return (m->has & (TT_NEED_GOROUTINE | TT_NEED_NO_GOROUTINE)) == 0;
}

void tt_assume_no_p(struct tt_order *o, const struct tt_step *s)
{
	struct tt_m_state *m = s->m == TT_NO_SLOT ? NULL : &o->ms.at[s->m];

	if (m == NULL || !p_unknown(m))
		return;
	tt_assume(o, TT_ASSUME_M_NO_P, m->id, 0);
	tt_m_set_p(m, TT_NONE);
}

void tt_assume_no_g(struct tt_order *o, const struct tt_step *s)
{
	struct tt_m_state *m = s->m == TT_NO_SLOT ? NULL : &o->ms.at[s->m];

	if (m == NULL || !g_unknown(m))
		return;
	tt_assume(o, TT_ASSUME_M_NO_G, m->id, 0);
	tt_m_set_g(m, TT_NONE);
}

/* What the step's context lacks, where nothing is known of it. False: it lacks more. */
static bool assume_context(struct tt_order *o, const struct tt_step *s)
{
	unsigned needs = s->needs;

	if (s->m == TT_NO_SLOT)
		return false;
	if ((needs & TT_NEED_NO_PROC) != 0)
		tt_assume_no_p(o, s);
	if ((needs & TT_NEED_NO_GOROUTINE) != 0)
		tt_assume_no_g(o, s);
	return (needs & ~(unsigned)o->ms.at[s->m].has) == 0;
}

void tt_assume_syscall(struct tt_order *o, struct tt_step *s, int64_t id, int64_t thread)
{
	struct tt_m_state *m = tt_find_m(o, thread);

	if (!tt_is_speculative(o) || thread == TT_NONE || (m != NULL && !g_unknown(m)))
		return;
	/* a thread that was tried here is known in sequence, too: then it must have it */
	tt_assume(o, m != NULL ? TT_ASSUME_M_G : TT_ASSUME_M_NEW_OR_G, thread, (uint64_t)id);
	if (m == NULL)
		m = tt_add_m(o, thread);
	if (m == NULL) {
		tt_assume_fails(o);
		return;
	}
	tt_m_set_g(m, id);
	if (thread == s->cur.thread)
		s->cur.goroutine = id;
}

void tt_assume_victim(struct tt_order *o, struct tt_step *s, int64_t p, int64_t victim)
{
	struct tt_m_state *m = tt_find_m(o, victim);

	if (!tt_is_speculative(o) || (m != NULL && !p_unknown(m)))
		return;
	tt_assume(o, TT_ASSUME_M_P, victim, (uint64_t)p);
	if (m == NULL)
		m = tt_add_m(o, victim);
	if (m == NULL) {
		tt_assume_fails(o);
		return;
	}
	tt_m_set_p(m, p);
	if (victim == s->cur.thread)
		s->cur.proc = p;
}

/* ---- goroutines and Ps */

void tt_assume_g(struct tt_order *o, struct tt_g_state *g)
{
	tt_assume(o, TT_ASSUME_G_STATUS, g->id, g->status);
	g->assumed = tt_is_speculative(o);
}

/* A status says that a P was abandoned in a syscall if it is about to be stolen: it is in
 * the syscall still, see promote() of proc.c. */
struct tt_p_state *tt_assume_p(struct tt_order *o, int64_t id, unsigned status)
{
	bool held = status == TT_P_ABANDONED;

	if (held)
		status = TT_P_SYSCALL;
	tt_assume(o, held ? TT_ASSUME_P_HELD : TT_ASSUME_P_STATUS, id, status);
	return tt_add_p(o, id, status);
}

/* ---- what lasts over generations otherwise */

void tt_assume_gc(struct tt_order *o, enum tt_assumption_kind kind, uint64_t seq)
{
	if (!tt_is_speculative(o) || o->gc_state != TT_GC_UNDETERMINED)
		return;
	tt_assume(o, kind, 0, seq);
	o->gc_seq = seq - 1;
	o->gc_state = kind == TT_ASSUME_GC_RUNNING ? TT_GC_RUNNING : TT_GC_NOT_RUNNING;
}

bool tt_assume_range(struct tt_order *o, const struct tt_step *s, uint8_t type)
{
	const struct tt_range_spec *range = &s->def->spec.range;
	bool self = range->id_arg < 0;
	int64_t id = self ? 0 : (int64_t)s->ev->args[range->id_arg];
	const struct tt_g_state *g;

	if (!tt_is_speculative(o))
		return false;
	if (range->scope == TT_RESOURCE_PROC) {
		tt_assume(o, TT_ASSUME_P_RANGE, self ? s->cur.proc : id, type);
		return true;
	}
	g = self ? tt_current_g(o, s) : tt_find_g(o, id);
	if (g == NULL || !g->assumed)
		return false;
	tt_assume(o, TT_ASSUME_G_RANGE, g->id, type);
	return true;
}

/* A string of the generation, which may be gone when it is held against another. */
static void assume_name(struct tt_order *o, uint64_t id)
{
	struct tt_bytes *names = &o->assumptions->names;
	struct tt_str name;

	if (!tt_generation_string(o->gen, id, &name) || !tt_bytes_put(names, name.data, name.len))
		o->assumptions->failed = true;
	else
		tt_assume(o, TT_ASSUME_NAME, (int64_t)(names->len - name.len), name.len);
}

void tt_assume_region_end(struct tt_order *o, const struct tt_step *s)
{
	const struct tt_g_state *g = tt_current_g(o, s);

	if (g == NULL || !g->assumed)
		return;
	tt_assume(o, TT_ASSUME_REGION_END, g->id, s->ev->args[0]);
	assume_name(o, s->ev->args[1]);
}

/* ---- an order that is speculative */

void tt_assumptions_init(struct tt_assumptions *a, struct tt_mem *mem)
{
	*a = (struct tt_assumptions){.mem = mem, .names = {.mem = mem}};
}

void tt_assumptions_release(struct tt_assumptions *a)
{
	TT_ARRAY_RELEASE(a->mem, &a->list);
	tt_bytes_release(&a->names);
}

static void g_removed(struct tt_order *o, const struct tt_g_state *g)
{
	if (g->assumed)
		tt_assume(o, TT_ASSUME_G_GONE, g->id, 0);
}

void tt_order_speculate(struct tt_order *o, struct tt_assumptions *assumptions)
{
	static const struct tt_assume_hooks hooks = {assume_context, g_removed};

	o->assumptions = assumptions;
	o->on_assume = &hooks;
}
