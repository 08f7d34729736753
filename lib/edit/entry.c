/* SPDX-License-Identifier: MIT */
/* entry.c - the state that a generation requires. Stands on event. */
#include "edit/entry.h"

#include <string.h>

#include "spec/types.h"

void tt_entry_init(struct tt_entry *e, struct tt_mem *mem)
{
	uint64_t seed = tt_random_seed();

	memset(e, 0, sizeof(*e));
	e->mem = mem;
	tt_idmap_init(&e->g_ids, mem, seed);
	tt_idmap_init(&e->p_ids, mem, seed);
	tt_idmap_init(&e->task_ids, mem, seed);
}

void tt_entry_release(struct tt_entry *e)
{
	tt_idmap_release(&e->g_ids);
	tt_idmap_release(&e->p_ids);
	tt_idmap_release(&e->task_ids);
	TT_ARRAY_RELEASE(e->mem, &e->gs);
	TT_ARRAY_RELEASE(e->mem, &e->ps);
	TT_ARRAY_RELEASE(e->mem, &e->absent_tasks);
	TT_ARRAY_RELEASE(e->mem, &e->heap);
}

static void clear(struct tt_entry *e)
{
	tt_idmap_clear(&e->g_ids);
	tt_idmap_clear(&e->p_ids);
	tt_idmap_clear(&e->task_ids);
	e->gs.n = e->ps.n = e->absent_tasks.n = 0;
	e->heap.n = 0;
	e->has_gc = e->heap_changed = e->no_memory = false;
}

static struct tt_entry_g *find_g(struct tt_entry *e, int64_t id)
{
	uint32_t i = tt_idmap_find(&e->g_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &e->gs.at[i];
}

static struct tt_entry_p *find_p(struct tt_entry *e, int64_t id)
{
	uint32_t i = tt_idmap_find(&e->p_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &e->ps.at[i];
}

const struct tt_entry_g *tt_entry_g(const struct tt_entry *e, int64_t id)
{
	uint32_t i = tt_idmap_find(&e->g_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &e->gs.at[i];
}

const struct tt_entry_p *tt_entry_p(const struct tt_entry *e, int64_t id)
{
	uint32_t i = tt_idmap_find(&e->p_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &e->ps.at[i];
}

/* ---- what the first event of each thing says */

static void first_of_g(struct tt_entry *e, uint64_t id, unsigned status, int64_t thread)
{
	if (tt_idmap_find(&e->g_ids, id) != TT_IDMAP_NONE)
		return;
	if (!TT_ARRAY_ROOM(e->mem, &e->gs) ||
	    !tt_idmap_add(&e->g_ids, id, (uint32_t)e->gs.n)) {
		e->no_memory = true;
		return;
	}
	e->gs.at[e->gs.n++] = (struct tt_entry_g){
		.id = (int64_t)id,
		.thread = thread,
		.status = (uint8_t)status,
	};
}

static void first_of_p(struct tt_entry *e, uint64_t id, unsigned status, int64_t thread)
{
	if (tt_idmap_find(&e->p_ids, id) != TT_IDMAP_NONE)
		return;
	if (!TT_ARRAY_ROOM(e->mem, &e->ps) ||
	    !tt_idmap_add(&e->p_ids, id, (uint32_t)e->ps.n)) {
		e->no_memory = true;
		return;
	}
	e->ps.at[e->ps.n++] = (struct tt_entry_p){
		.id = (int64_t)id,
		.thread = thread,
		.status = (uint8_t)status,
	};
}

static void first_of_task(struct tt_entry *e, uint64_t id, bool begins)
{
	if (tt_idmap_find(&e->task_ids, id) != TT_IDMAP_NONE)
		return;
	if (!tt_idmap_add(&e->task_ids, id, 0) ||
	    (begins && !TT_ARRAY_ROOM(e->mem, &e->absent_tasks)))
		e->no_memory = true;
	else if (begins)
		e->absent_tasks.at[e->absent_tasks.n++] = id;
}

static void first_of_assist(struct tt_entry_g *g, bool open)
{
	if (g == NULL || g->says_assist)
		return;
	g->says_assist = true;
	g->assist = open;
}

static void first_of_sweep(struct tt_entry_p *p, bool open)
{
	if (p == NULL || p->says_sweep)
		return;
	p->says_sweep = true;
	p->sweep = open;
}

bool tt_entry_says_gc(const struct tt_event *ev, bool *runs_before)
{
	if (ev->spec == NULL || (ev->spec->type != TT_EV_GC_ACTIVE &&
				 ev->spec->type != TT_EV_GC_BEGIN && ev->spec->type != TT_EV_GC_END))
		return false;
	*runs_before = ev->spec->type != TT_EV_GC_BEGIN;
	return true;
}

bool tt_entry_is_region(const struct tt_open_region *open, const struct tt_event *ev)
{
	struct tt_region region = tt_event_region(ev);

	return open->task == region.task && open->name->len == region.type.len &&
	       memcmp(open->name->bytes, region.type.data, region.type.len) == 0;
}

/* Whether the i-th region from the top that is open before the generation is this one. */
static bool is_open_region(const struct tt_order *before, int64_t g, uint64_t i,
			   const struct tt_event *ev)
{
	const struct tt_g_state *state = tt_order_g(before, g);
	const struct tt_open_scopes *scopes =
		state == NULL ? NULL : tt_order_scopes(before, state->scopes);

	return scopes == NULL || i >= scopes->regions.n ||
	       tt_entry_is_region(&scopes->regions.at[scopes->regions.n - 1 - i], ev);
}

static void take_region(struct tt_entry *e, const struct tt_event *ev, bool begins)
{
	struct tt_entry_g *g = find_g(e, ev->goroutine);

	if (g == NULL)
		return;
	if (begins)
		g->depth++;
	else if (g->depth > 0)
		g->depth--;
	else if (!is_open_region(e->before, g->id, g->nended++, ev))
		g->other_regions = true;
}

static void take_heap(struct tt_entry *e, const struct tt_event *ev)
{
	bool states = ev->spec->type == TT_EV_SPAN || ev->spec->type == TT_EV_HEAP_OBJECT ||
		      ev->spec->type == TT_EV_GOROUTINE_STACK;
	struct tt_entry_stated *stated;

	e->heap_changed |= !states;
	if (e->heap_changed)
		return;
	if (!TT_ARRAY_ROOM(e->mem, &e->heap)) {
		e->no_memory = true;
		return;
	}
	stated = &e->heap.at[e->heap.n++];
	*stated = (struct tt_entry_stated){.spec = ev->spec};
	for (unsigned i = 0; i < ev->spec->nargs && i < 3; i++)
		stated->args[i] = ev->args[i];
}

static void take_event(struct tt_entry *e, const struct tt_event *ev)
{
	if (e->lists_heap && ev->spec->experiment_id == TT_EXPERIMENT_ALLOC_FREE) {
		take_heap(e, ev);
		return;
	}
	switch (ev->spec->type) {
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		first_of_g(e, ev->args[0], (uint8_t)ev->args[2], ev->thread);
		break;
	case TT_EV_GO_CREATE:
	case TT_EV_GO_CREATE_BLOCKED:
	case TT_EV_GO_CREATE_SYSCALL:
		first_of_g(e, ev->args[0], TT_ENTRY_ABSENT, TT_NONE);
		break;
	case TT_EV_PROC_STATUS:
		first_of_p(e, ev->args[0], (uint8_t)ev->args[1], ev->thread);
		break;
	case TT_EV_GC_MARK_ASSIST_ACTIVE:
		first_of_assist(find_g(e, (int64_t)ev->args[0]), true);
		break;
	case TT_EV_GC_MARK_ASSIST_BEGIN:
	case TT_EV_GC_MARK_ASSIST_END:
		first_of_assist(find_g(e, ev->goroutine),
				ev->spec->type == TT_EV_GC_MARK_ASSIST_END);
		break;
	case TT_EV_GC_SWEEP_ACTIVE:
		first_of_sweep(find_p(e, (int64_t)ev->args[0]), true);
		break;
	case TT_EV_GC_SWEEP_BEGIN:
	case TT_EV_GC_SWEEP_END:
		first_of_sweep(find_p(e, ev->proc), ev->spec->type == TT_EV_GC_SWEEP_END);
		break;
	case TT_EV_USER_TASK_BEGIN:
	case TT_EV_USER_TASK_END:
		first_of_task(e, ev->args[0], ev->spec->type == TT_EV_USER_TASK_BEGIN);
		break;
	case TT_EV_USER_REGION_BEGIN:
	case TT_EV_USER_REGION_END:
		take_region(e, ev, ev->spec->type == TT_EV_USER_REGION_BEGIN);
		break;
	default:
		if (!e->has_gc && tt_entry_says_gc(ev, &e->gc_running)) {
			e->has_gc = true;
			e->gc_seq = ev->args[0] - 1;
		}
		break;
	}
}

int tt_entry_probe(struct tt_pass *pass, const struct tt_generation *gen)
{
	tt_order_reset(&pass->order);
	pass->order.probes = true;
	tt_pass_take(pass, gen);
	pass->last_ns = INT64_MIN;
	pass->nevents = 0;
	return tt_pass_begin(pass);
}

bool tt_entry_find(struct tt_entry *e, struct tt_pass *pass, const struct tt_generation *gen,
		   const struct tt_order *before)
{
	const struct tt_event *evs;
	unsigned n;
	int rc;

	clear(e);
	e->gen = gen;
	e->before = before;
	rc = tt_entry_probe(pass, gen);
	while (rc == TT_OK) {
		rc = tt_pass_advance(pass, &evs, &n);
		for (unsigned i = 0; i < n && rc == TT_OK; i++)
			take_event(e, &evs[i]);
	}
	return !e->no_memory && (rc == TT_END || !pass->err.system);
}

static bool keep_new_gs(struct tt_entry *e, const struct tt_order *order)
{
	size_t n = 0;

	tt_idmap_clear(&e->g_ids);
	for (size_t i = 0; i < e->gs.n; i++) {
		const struct tt_entry_g g = e->gs.at[i];

		const struct tt_g_state *known = tt_order_g(order, g.id);

		if (g.status == TT_ENTRY_ABSENT ||
		    (known != NULL &&
		     (!g.assist || known->status != g.status ||
		      tt_order_is_range_open(order, known->scopes, TT_EV_GC_MARK_ASSIST_BEGIN))))
			continue;
		if (!tt_idmap_add(&e->g_ids, (uint64_t)g.id, (uint32_t)n))
			return false;
		e->gs.at[n++] = g;
	}
	e->gs.n = n;
	return true;
}

static bool keep_new_ps(struct tt_entry *e, const struct tt_order *order)
{
	size_t n = 0;

	tt_idmap_clear(&e->p_ids);
	for (size_t i = 0; i < e->ps.n; i++) {
		const struct tt_entry_p p = e->ps.at[i];

		const struct tt_p_state *known = tt_order_p(order, p.id);

		if (known != NULL &&
		    (!p.sweep || known->status != p.status ||
		     tt_order_is_range_open(order, known->scopes, TT_EV_GC_SWEEP_BEGIN)))
			continue;
		if (!tt_idmap_add(&e->p_ids, (uint64_t)p.id, (uint32_t)n))
			return false;
		e->ps.at[n++] = p;
	}
	e->ps.n = n;
	return true;
}

bool tt_entry_keep_new(struct tt_entry *e, const struct tt_order *order)
{
	e->absent_tasks.n = 0;
	e->has_gc &= order->gc_state == TT_GC_UNDETERMINED;
	return keep_new_gs(e, order) && keep_new_ps(e, order);
}
