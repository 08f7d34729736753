/* SPDX-License-Identifier: MIT */
/*
 * clone.c - a second copy of what ordering knows, to go on from twice: once to
 * find out how far events order, once for good. Stands on gen.
 */
#include <string.h>

#include "order/handlers.h"
#include "order/keyed.h"
#include "order/subject.h"

/* A copy of `n` elements at *to; false without memory. */
static bool copy_array(struct tt_mem *mem, void *to, size_t *cap, const void *from, size_t n,
		       size_t size)
{
	if (n == 0)
		return true;
	if (!tt_mem_grow(mem, to, cap, n, size))
		return false;
	memcpy(*(void **)to, from, n * size);
	return true;
}

#define COPY_ARRAY(mem, to, from) \
	(copy_array((mem), &(to)->at, &(to)->cap, (from)->at, (from)->n, sizeof(*(to)->at)) && \
	 ((to)->n = (from)->n, true))

/* The same name if both orders have one account, else a copy. NULL: no memory. */
static struct tt_shared_string *copy_name(struct tt_order *to, const struct tt_order *from,
					  struct tt_shared_string *name)
{
	if (name == NULL)
		return NULL;
	if (to->mem == from->mem) {
		name->references++;
		return name;
	}
	return tt_shared_string_new(&to->names, (struct tt_str){name->bytes, name->len});
}

static bool copy_scopes(struct tt_order *to, const struct tt_order *from, size_t i)
{
	struct tt_open_scopes *e = &to->open_scopes.at[i];
	const struct tt_open_scopes *old = &from->open_scopes.at[i];

	memset(e, 0, sizeof(*e));
	e->next_free = old->next_free;
	e->keyed = old->keyed;
	if (!COPY_ARRAY(to->mem, &e->ranges, &old->ranges) ||
	    !COPY_ARRAY(to->mem, &e->regions, &old->regions))
		return false;
	for (size_t r = 0; r < e->regions.n; r++) {
		e->regions.at[r].name = copy_name(to, from, old->regions.at[r].name);
		if (e->regions.at[r].name == NULL) {
			e->regions.n = r;
			return false;
		}
	}
	return true;
}

static bool copy_all_scopes(struct tt_order *to, const struct tt_order *from)
{
	for (size_t i = 0; i < from->open_scopes.n; i++) {
		if (!TT_ARRAY_ROOM(to->mem, &to->open_scopes))
			return false;
		to->open_scopes.n++;
		if (!copy_scopes(to, from, i))
			return false;
	}
	return true;
}

static bool copy_tasks(struct tt_order *to, const struct tt_order *from)
{
	if (!COPY_ARRAY(to->mem, &to->tasks, &from->tasks))
		return false;
	for (size_t i = 0; i < to->tasks.n; i++) {
		to->tasks.at[i].name = copy_name(to, from, from->tasks.at[i].name);
		if (to->tasks.at[i].name == NULL && from->tasks.at[i].name != NULL) {
			to->tasks.n = i;
			return false;
		}
	}
	return true;
}

/* Ids are few beside the events between two copies: they are put in anew. */
static bool copy_ids(struct tt_order *o)
{
	bool ok = true;

	for (size_t i = 0; i < o->gs.n && ok; i++)
		ok = o->gs.at[i].status == TT_G_GONE ||
		     tt_idmap_add(&o->g_ids, (uint64_t)o->gs.at[i].id, (uint32_t)i);
	for (size_t i = 0; i < o->ps.n && ok; i++)
		ok = tt_idmap_add(&o->p_ids, (uint64_t)o->ps.at[i].id, (uint32_t)i);
	for (size_t i = 0; i < o->ms.n && ok; i++)
		ok = tt_idmap_add(&o->m_ids, (uint64_t)o->ms.at[i].id, (uint32_t)i);
	for (size_t i = 0; i < o->tasks.n && ok; i++)
		ok = o->tasks.at[i].name == NULL ||
		     tt_idmap_add(&o->task_ids, o->tasks.at[i].id, (uint32_t)i);
	return ok;
}

bool tt_order_copy(struct tt_order *to, const struct tt_order *from)
{
	tt_order_reset(to);
	to->initial_generation = from->initial_generation;
	to->begun = from->begun;
	to->initial = from->initial;
	to->newest = from->newest;
	to->renewed = from->renewed;
	to->free_g = from->free_g;
	to->free_task = from->free_task;
	to->free_scopes = from->free_scopes;
	to->gc_state = from->gc_state;
	to->gc_seq = from->gc_seq;
	to->gap = from->gap;
	return COPY_ARRAY(to->mem, &to->gs, &from->gs) && COPY_ARRAY(to->mem, &to->ps, &from->ps) &&
	       COPY_ARRAY(to->mem, &to->ms, &from->ms) && copy_tasks(to, from) &&
	       copy_all_scopes(to, from) && copy_ids(to) && tt_subjects_copy(to, from) &&
	       tt_keyed_copy(to, from);
}

/* What of *from is speculative is speculative of *to, if that is so at all. */
static bool copy_assumptions(const struct tt_order *to, const struct tt_order *from)
{
	if (!tt_is_speculative(to) || !tt_is_speculative(from))
		return true;
	to->assumptions->failed = from->assumptions->failed;
	to->assumptions->list.n = to->assumptions->names.len = 0;
	return tt_bytes_put(&to->assumptions->names, from->assumptions->names.data,
			    from->assumptions->names.len) &&
	       COPY_ARRAY(to->assumptions->mem, &to->assumptions->list, &from->assumptions->list);
}

bool tt_order_adopt(struct tt_order *to, const struct tt_order *from)
{
	const uint64_t first = to->initial_generation, newest = to->newest;
	const bool begun = to->begun, initial = to->initial, renewed = to->renewed;
	bool copied = tt_order_copy(to, from) && copy_assumptions(to, from);

	to->initial_generation = first;
	to->newest = newest;
	to->begun = begun;
	to->initial = initial;
	to->renewed = renewed;
	return copied;
}
