/* SPDX-License-Identifier: MIT */
/*
 * writer_kept.c - the events of experiments that created what lives, or began what is open,
 * until it ends: where a trace is cut, they may have to be written again (writer_declared.c).
 * Stands on writer_kept.h.
 */
#include "edit/writer_kept.h"

#include <string.h>

#include "order/life.h"

static struct tt_writer_declared *declared_of(struct tt_writer *w)
{
	struct tt_writer_declared *d = w->past.declared;

	if (d != NULL)
		return d;
	d = w->past.declared = tt_mem_zalloc(&w->mem, 1, sizeof(*d));
	if (d != NULL) {
		d->seed = tt_random_seed();
		tt_idmap_init(&d->tops, &w->mem, d->seed);
	}
	return d;
}

static void drop(struct tt_writer *w, struct tt_kept_event *k)
{
	unsigned n;

	if (k == NULL)
		return;
	n = tt_specs_def(w->specs, k->type)->nstrings;
	for (unsigned i = 0; i < n; i++)
		tt_shared_string_drop(&w->past.order.names, k->strings[i]);
	tt_mem_free(&w->mem, k, sizeof(*k) + n * sizeof(k->strings[0]));
}

void tt_writer_kept_free(struct tt_writer *w)
{
	struct tt_writer_declared *d = w->past.declared;

	if (d == NULL)
		return;
	for (size_t i = 0; i < d->all.n; i++)
		drop(w, d->all.at[i]);
	tt_idmap_release(&d->tops);
	TT_ARRAY_RELEASE(&w->mem, &d->all);
	TT_ARRAY_RELEASE(&w->mem, &d->free);
	tt_mem_free(&w->mem, d, sizeof(*d));
	w->past.declared = NULL;
}

/* ---- keeping events */

static uint64_t hash(const struct tt_writer_declared *d, uint64_t sort, uint64_t id, uint64_t key)
{
	const uint64_t what[] = {sort, id, key};

	return tt_idmap_id_of(d->seed, what, sizeof(what));
}

static struct tt_kept_event *copy(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	size_t n = def->nstrings;
	struct tt_kept_event *k = tt_mem_zalloc(&w->mem, 1, sizeof(*k) + n * sizeof(k->strings[0]));
	struct tt_str ignored;

	if (k == NULL)
		return NULL;
	k->thread = ev->thread;
	k->type = ev->spec->type;
	k->nargs = ev->spec->nargs;
	k->embedded = w->plans[k->type].embedded;
	memcpy(k->args, ev->args, k->nargs * sizeof(*k->args));
	for (unsigned i = 0; i < n; i++) {
		uint64_t id = ev->args[def->string_args[i]];

		if (!tt_generation_string(w->past.source, id, &ignored))
			continue;
		k->strings[i] = tt_shared_string_take(&w->past.order.names, id);
		if (k->strings[i] == NULL) {
			drop(w, k);
			return NULL;
		}
	}
	return k;
}

static void forget(struct tt_writer *w, uint64_t key)
{
	struct tt_writer_declared *d = w->past.declared;
	uint32_t i = tt_idmap_find(&d->tops, key), below;

	if (i == TT_IDMAP_NONE)
		return;
	below = d->all.at[i]->below;
	drop(w, d->all.at[i]);
	d->all.at[i] = NULL;
	tt_idmap_remove(&d->tops, key);
	/* (there is room: another key is gone) */
	if (below != 0)
		tt_idmap_add(&d->tops, key, below - 1);
	/* (without room, the place stays empty) */
	if (TT_ARRAY_ROOM(&w->mem, &d->free))
		d->free.at[d->free.n++] = i;
}

/* A copy of the event, over those with the same key. NULL: no memory. */
static struct tt_kept_event *keep(struct tt_writer *w, const struct tt_event *ev, uint64_t key)
{
	struct tt_writer_declared *d = w->past.declared;
	uint32_t top = tt_idmap_find(&d->tops, key), i;
	struct tt_kept_event *k = copy(w, ev);

	if (k == NULL)
		return NULL;
	if (d->free.n == 0 && !TT_ARRAY_ROOM(&w->mem, &d->all)) {
		drop(w, k);
		return NULL;
	}
	i = d->free.n != 0 ? d->free.at[--d->free.n] : (uint32_t)d->all.n++;
	d->all.at[i] = k;
	k->key = key;
	k->serial = d->serial++;
	k->below = top == TT_IDMAP_NONE ? 0 : top + 1;
	tt_idmap_remove(&d->tops, key);
	return tt_idmap_add(&d->tops, key, i) ? k : NULL;
}

struct tt_range_key tt_writer_range_of(const struct tt_event *ev)
{
	const struct tt_range_spec *range = &ev->spec->range;
	int64_t own = range->scope == TT_RESOURCE_THREAD	? ev->thread
		      : range->scope == TT_RESOURCE_PROC	? ev->proc
		      : range->scope == TT_RESOURCE_GOROUTINE ? ev->goroutine
							      : 0;

	return (struct tt_range_key){
		.id = range->id_arg < 0 ? (uint64_t)own : ev->args[range->id_arg],
		.key = range->key_arg < 0 ? 0 : ev->args[range->key_arg],
		.type = range->begin,
	};
}

static int range_event(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_range_key range = tt_writer_range_of(ev);
	uint64_t key = hash(w->past.declared, range.type, range.id, range.key);
	bool known = tt_idmap_find(&w->past.declared->tops, key) != TT_IDMAP_NONE;
	struct tt_kept_event *k;

	if (ev->spec->range.role == TT_RANGE_END) {
		forget(w, key);
		return TT_OK;
	}
	if (known && ev->spec->range.role == TT_RANGE_ACTIVE)
		return TT_OK;
	if (known && !ev->spec->range.nested)
		forget(w, key);
	k = keep(w, ev, key);
	if (k == NULL)
		return tt_writer_no_memory(w);
	k->is_range = true;
	k->range = range;
	return TT_OK;
}

static uint64_t resource_key(const struct tt_writer_declared *d, uint64_t sort, size_t class,
			     uint64_t id)
{
	return hash(d, sort + class, id, 0);
}

static int resource_event(struct tt_writer *w, const struct tt_event *ev, unsigned i)
{
	const struct tt_order_spec *order = &ev->spec->orders[i];
	bool creates = order->role == TT_ROLE_CREATE, ends = order->role == TT_ROLE_DESTROY;
	bool sets = order->to >= 0 || order->to_arg >= 0;
	const struct tt_order *o = &w->past.order;
	const struct tt_subject_class *class;
	uint64_t key;
	size_t n;

	if (order->of != TT_ORDER_RESOURCE || order->arg < 0 || !(creates || ends || sets))
		return TT_OK;
	class = tt_subject_class_of(&w->past.order, tt_event_def_of(ev->spec), i);
	if (class == NULL)
		return tt_writer_no_memory(w);
	/* (without states, an event that restates it says all) */
	if (!class->lives || (class->restated && order->resource->nstates == 0))
		return TT_OK;
	n = (size_t)(class - o->subjects->classes.at);
	key = resource_key(w->past.declared, TT_KEPT_CHANGED, n, ev->args[order->arg]);
	forget(w, key);
	if (creates || ends) {
		key = resource_key(w->past.declared, TT_KEPT_CREATED, n, ev->args[order->arg]);
		forget(w, key);
	}
	return ends || keep(w, ev, key) != NULL ? TT_OK : tt_writer_no_memory(w);
}

int tt_writer_keep_event(struct tt_writer *w, const struct tt_event *ev)
{
	int rc = TT_OK;

	if ((ev->spec->norders == 0 && ev->spec->range.role == TT_RANGE_NONE) ||
	    w->past.source == NULL)
		return TT_OK;
	if (declared_of(w) == NULL)
		return tt_writer_no_memory(w);
	for (unsigned i = 0; rc == TT_OK && i < ev->spec->norders; i++)
		rc = resource_event(w, ev, i);
	return rc == TT_OK && ev->spec->range.role != TT_RANGE_NONE ? range_event(w, ev) : rc;
}

const struct tt_kept_event *tt_writer_kept_find(const struct tt_writer *w, uint64_t sort,
						size_t class, uint64_t id)
{
	const struct tt_writer_declared *d = w->past.declared;
	uint32_t at = TT_IDMAP_NONE;

	if (d != NULL)
		at = tt_idmap_find(&d->tops, resource_key(d, sort, class, id));
	return at == TT_IDMAP_NONE ? NULL : d->all.at[at];
}
