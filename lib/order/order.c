/* SPDX-License-Identifier: MIT */
/*
 * order.c - the order as a whole: from its beginning to its end, from one generation to
 * the next, and which handler an event goes to. Stands on the other files of order.
 */
#include <string.h>

#include "order/handlers.h"
#include "order/keyed.h"
#include "order/subject.h"

void tt_order_init(struct tt_order *o, struct tt_mem *mem, const struct tt_specs *specs,
		   unsigned version)
{
	uint64_t seed = tt_random_seed();

	memset(o, 0, sizeof(*o));
	o->mem = mem;
	o->specs = specs;
	o->version = version;
	o->free_g = o->free_task = o->free_scopes = TT_NO_SLOT;
	tt_idmap_init(&o->g_ids, mem, seed);
	tt_idmap_init(&o->p_ids, mem, seed);
	tt_idmap_init(&o->m_ids, mem, seed);
	tt_idmap_init(&o->task_ids, mem, seed);
	tt_shared_strings_init(&o->names, mem);
	tt_dispatch_init(o);
}

void tt_order_specs_changed(struct tt_order *o)
{
	tt_dispatch_init(o);
	tt_subjects_specs_changed(o);
}

static void release_scopes(struct tt_order *o, struct tt_open_scopes *e)
{
	for (size_t i = 0; i < e->regions.n; i++)
		tt_shared_string_drop(&o->names, e->regions.at[i].name);
	TT_ARRAY_RELEASE(o->mem, &e->regions);
	TT_ARRAY_RELEASE(o->mem, &e->ranges);
}

/* Drops all references to names, and what records point to. */
static void release_content(struct tt_order *o)
{
	for (size_t i = 0; i < o->open_scopes.n; i++)
		release_scopes(o, &o->open_scopes.at[i]);
	for (size_t i = 0; i < o->tasks.n; i++)
		tt_shared_string_drop(&o->names, o->tasks.at[i].name);
	tt_shared_string_drop(&o->names, o->handed_out);
	o->handed_out = NULL;
}

void tt_order_release(struct tt_order *o)
{
	release_content(o);
	tt_subjects_release(o);
	tt_keyed_release(o);
	tt_shared_strings_release(&o->names);
	TT_ARRAY_RELEASE(o->mem, &o->gs);
	TT_ARRAY_RELEASE(o->mem, &o->ps);
	TT_ARRAY_RELEASE(o->mem, &o->ms);
	TT_ARRAY_RELEASE(o->mem, &o->tasks);
	TT_ARRAY_RELEASE(o->mem, &o->open_scopes);
	tt_idmap_release(&o->g_ids);
	tt_idmap_release(&o->p_ids);
	tt_idmap_release(&o->m_ids);
	tt_idmap_release(&o->task_ids);
}

void tt_order_reset(struct tt_order *o)
{
	release_content(o);
	tt_keyed_reset(o);
	tt_idmap_clear(&o->g_ids);
	tt_idmap_clear(&o->p_ids);
	tt_idmap_clear(&o->m_ids);
	tt_idmap_clear(&o->task_ids);
	o->gs.n = o->ps.n = o->ms.n = o->tasks.n = o->open_scopes.n = 0;
	o->free_g = o->free_task = o->free_scopes = TT_NO_SLOT;
	o->gc_state = TT_GC_UNDETERMINED;
	o->gc_seq = 0;
	o->head = o->count = 0;
	o->begun = false;
	o->newest = 0;
	tt_subjects_reset(o);
	o->gap = true;
}

void tt_order_begin_generation(struct tt_order *o, const struct tt_generation *gen)
{
	o->gen = gen;
	o->stacks_end = tt_idmap_dense_end(&gen->stack_ids);
	o->strings_end = tt_idmap_dense_end(&gen->string_ids);
	o->head = o->count = 0;
	/* Go takes the generation of the first event that is tried; one without
	 * events does not count */
	if (!o->begun && (gen->batches.n != 0 || gen->v1)) {
		o->begun = true;
		o->initial_generation = gen->number;
	}
	o->initial = o->begun && gen->number == o->initial_generation;
	o->renewed = gen->number > o->newest;
	if (o->renewed)
		o->newest = gen->number;
	tt_shared_strings_begin_generation(&o->names, gen);
	tt_subjects_begin_generation(o);
}

void tt_order_strings_grew(struct tt_order *o)
{
	tt_shared_strings_begin_generation(&o->names, o->gen);
}

/* ---- events */

/* The slot of a thread, made known if need be. TT_NO_SLOT: no memory, see o->err. */
static uint32_t slot_of(struct tt_order *o, int64_t thread)
{
	struct tt_m_state *m = tt_find_m(o, thread);

	if (m == NULL)
		m = tt_add_m(o, thread);
	if (m == NULL)
		tt_broken_memory(o);
	return m == NULL ? TT_NO_SLOT : (uint32_t)(m - o->ms.at);
}

enum tt_advance tt_order_try(struct tt_order *o, int64_t thread, uint32_t *m,
			     struct tt_raw_event *ev)
{
	const struct tt_rule *rule = &o->rules[ev->type];
	struct tt_step s = {
		.def = rule->def,
		.needs = rule->needs,
		.ev = ev,
		.cur = {thread, TT_NONE, TT_NONE},
	};

	o->awaits.any = true;
	if (*m == TT_NO_SLOT && thread != TT_NONE) {
		*m = slot_of(o, thread);
		if (*m == TT_NO_SLOT)
			return TT_BROKEN;
	}
	if (rule->handler == NULL)
		return tt_broken(o, TT_E_EVENT_UNORDERED,
				 "bad event type found while ordering: %u", ev->type);
	s.m = *m;
	if (s.m != TT_NO_SLOT) {
		s.cur.proc = o->ms.at[s.m].p;
		s.cur.goroutine = o->ms.at[s.m].g;
	}
	return rule->handler(o, &s);
}
