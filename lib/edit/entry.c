/* SPDX-License-Identifier: MIT */
/* entry.c - what a generation takes for granted. Stands on order. */
#include "edit/entry.h"

#include <string.h>

#include "order/handlers.h"
#include "spec/types.h"

void tt_entry_init(struct tt_entry *w, struct tt_mem *mem)
{
	uint64_t seed = tt_random_seed();

	memset(w, 0, sizeof(*w));
	w->mem = mem;
	tt_idmap_init(&w->g_ids, mem, seed);
	tt_idmap_init(&w->p_ids, mem, seed);
	tt_idmap_init(&w->task_ids, mem, seed);
}

void tt_entry_release(struct tt_entry *w)
{
	tt_idmap_release(&w->g_ids);
	tt_idmap_release(&w->p_ids);
	tt_idmap_release(&w->task_ids);
	TT_ARRAY_RELEASE(w->mem, &w->gs);
	TT_ARRAY_RELEASE(w->mem, &w->ps);
	TT_ARRAY_RELEASE(w->mem, &w->tasks);
}

static void clear(struct tt_entry *w)
{
	tt_idmap_clear(&w->g_ids);
	tt_idmap_clear(&w->p_ids);
	tt_idmap_clear(&w->task_ids);
	w->gs.n = w->ps.n = w->tasks.n = 0;
	w->gc = w->no_memory = false;
}

const struct tt_entry_g *tt_entry_g(const struct tt_entry *w, int64_t id)
{
	uint32_t i = tt_idmap_find(&w->g_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &w->gs.at[i];
}

const struct tt_entry_p *tt_entry_p(const struct tt_entry *w, int64_t id)
{
	uint32_t i = tt_idmap_find(&w->p_ids, (uint64_t)id);

	return i == TT_IDMAP_NONE ? NULL : &w->ps.at[i];
}

/* ---- what the events say */

static void first_of_g(struct tt_entry *w, uint64_t id, unsigned status, int64_t thread)
{
	if (tt_idmap_find(&w->g_ids, id) != TT_IDMAP_NONE)
		return;
	if (!TT_ARRAY_ROOM(w->mem, &w->gs) ||
	    !tt_idmap_add(&w->g_ids, id, (uint32_t)w->gs.n)) {
		w->no_memory = true;
		return;
	}
	w->gs.at[w->gs.n++] = (struct tt_entry_g){
		.id = (int64_t)id,
		.thread = thread,
		.status = (uint8_t)status,
	};
}

static void first_of_p(struct tt_entry *w, uint64_t id, unsigned status, int64_t thread)
{
	if (tt_idmap_find(&w->p_ids, id) != TT_IDMAP_NONE)
		return;
	if (!TT_ARRAY_ROOM(w->mem, &w->ps) ||
	    !tt_idmap_add(&w->p_ids, id, (uint32_t)w->ps.n)) {
		w->no_memory = true;
		return;
	}
	w->ps.at[w->ps.n++] = (struct tt_entry_p){
		.id = (int64_t)id,
		.thread = thread,
		.status = (uint8_t)status,
	};
}

static void first_of_task(struct tt_entry *w, uint64_t id, bool begins)
{
	if (tt_idmap_find(&w->task_ids, id) != TT_IDMAP_NONE)
		return;
	if (!tt_idmap_add(&w->task_ids, id, 0) || (begins && !TT_ARRAY_ROOM(w->mem, &w->tasks)))
		w->no_memory = true;
	else if (begins)
		w->tasks.at[w->tasks.n++] = id;
}

static void first_of_gc(struct tt_entry *w, uint64_t seq, bool running)
{
	if (w->gc)
		return;
	w->gc = true;
	w->gc_seq = seq - 1;
	w->gc_running = running;
}

/* Whether the i-th region from the top that is known to be open is this one. */
static bool is_region(struct tt_entry *w, int64_t g, uint64_t i, const struct tt_event *ev)
{
	const struct tt_g_state *state = tt_find_g(w->known, g);
	struct tt_region region = tt_event_region(ev);
	const struct tt_open_region *open;
	const struct tt_open_scopes *e;

	if (state == NULL || state->scopes == TT_NO_SLOT)
		return true;
	e = &w->known->open_scopes.at[state->scopes];
	if (i >= e->regions.n)
		return true;
	open = &e->regions.at[e->regions.n - 1 - i];
	return open->task == region.task && open->name->len == region.type.len &&
	       memcmp(open->name->bytes, region.type.data, region.type.len) == 0;
}

static void region(struct tt_entry *w, const struct tt_event *ev, bool begins)
{
	uint32_t i = tt_idmap_find(&w->g_ids, (uint64_t)ev->goroutine);
	struct tt_entry_g *g;

	if (i == TT_IDMAP_NONE)
		return;
	g = &w->gs.at[i];
	if (begins)
		g->depth++;
	else if (g->depth > 0)
		g->depth--;
	else if (!is_region(w, g->id, g->nended++, ev))
		g->other_regions = true;
}

static void note(struct tt_entry *w, const struct tt_event *ev)
{
	uint32_t i;

	switch (ev->spec->type) {
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		first_of_g(w, ev->args[0], (uint8_t)ev->args[2], ev->thread);
		break;
	case TT_EV_GO_CREATE:
	case TT_EV_GO_CREATE_BLOCKED:
	case TT_EV_GO_CREATE_SYSCALL:
		first_of_g(w, ev->args[0], TT_ENTRY_NOTHING, TT_NONE);
		break;
	case TT_EV_PROC_STATUS:
		first_of_p(w, ev->args[0], (uint8_t)ev->args[1], ev->thread);
		break;
	case TT_EV_GC_ACTIVE:
	case TT_EV_GC_BEGIN:
		first_of_gc(w, ev->args[0], ev->spec->type == TT_EV_GC_ACTIVE);
		break;
	case TT_EV_GC_MARK_ASSIST_ACTIVE:
		i = tt_idmap_find(&w->g_ids, ev->args[0]);
		if (i != TT_IDMAP_NONE)
			w->gs.at[i].assist = true;
		break;
	case TT_EV_GC_SWEEP_ACTIVE:
		i = tt_idmap_find(&w->p_ids, ev->args[0]);
		if (i != TT_IDMAP_NONE)
			w->ps.at[i].sweep = true;
		break;
	case TT_EV_USER_TASK_BEGIN:
	case TT_EV_USER_TASK_END:
		first_of_task(w, ev->args[0], ev->spec->type == TT_EV_USER_TASK_BEGIN);
		break;
	case TT_EV_USER_REGION_BEGIN:
	case TT_EV_USER_REGION_END:
		region(w, ev, ev->spec->type == TT_EV_USER_REGION_BEGIN);
		break;
	default:
		break;
	}
}

bool tt_entry_learn(struct tt_entry *w, const struct tt_generation *gen, struct tt_order *known,
		    struct tt_order *fresh, struct tt_merge *merge)
{
	struct tt_error err;
	int rc;

	clear(w);
	w->gen = gen;
	w->known = known;
	tt_order_reset(fresh);
	tt_order_begin_generation(fresh, gen);
	tt_merge_clear(merge);
	rc = tt_merge_begin(merge, gen, &err);
	while (rc == TT_OK && merge->heap.n != 0) {
		rc = tt_salvage_advance(merge, fresh, &err);
		for (unsigned i = fresh->head; i < fresh->count && rc == TT_OK; i++)
			note(w, &fresh->queue[i]);
		fresh->head = fresh->count = 0;
	}
	fresh->head = fresh->count = 0;
	return !w->no_memory && (rc == TT_OK || !err.system);
}
