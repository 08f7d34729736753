/* SPDX-License-Identifier: MIT */
/*
 * filter_declared.c - which events of experiments chosen ones need. Their specs say so: an
 * event is about resources that others create, change and destroy, and a range has a begin and
 * an end. What an event is about is a subject here; subjects that one event changes at the same
 * time stay or go together. Stands on filter.h.
 */
#include <string.h>

#include "edit/filter.h"
#include "edit/writer_kept.h"

#define NONE UINT32_MAX
#define MAX_SUBJECTS (TT_MAX_ORDERS + 1)

/* The subjects of an event, the changed ones first. */
struct about {
	unsigned n, nchanged;
	uint64_t keys[MAX_SUBJECTS];
};

static bool is_change(const struct tt_order_spec *order)
{
	return order->role == TT_ROLE_CREATE || order->role == TT_ROLE_DESTROY ||
	       order->role == TT_ROLE_RESTATE || order->to >= 0 || order->to_arg >= 0;
}

/* Of a resource or a range: what sort of one, and which one. */
static void add_key(const struct tt_filter *f, struct about *about, uint64_t sort, uint64_t id,
		    uint64_t key, bool changed)
{
	const uint64_t what[] = {sort, id, key};
	uint64_t hash = tt_idmap_id_of(f->subject_ids.seed, what, sizeof(what));

	about->keys[about->n++] = hash;
	if (changed) {
		about->keys[about->n - 1] = about->keys[about->nchanged];
		about->keys[about->nchanged++] = hash;
	}
}

/* Resources of the same name are the same ones in all events of an experiment, and in those of
 * another one that names it. */
static uint64_t sort_of(const struct tt_filter *f, const struct tt_resource_spec *resource)
{
	uint64_t seed = tt_idmap_id_of(f->subject_ids.seed, resource->experiment,
				       strlen(resource->experiment));

	return tt_idmap_id_of(seed, resource->name, strlen(resource->name));
}

static struct about subjects_of(const struct tt_filter *f, const struct tt_event *ev)
{
	const struct tt_event_spec *spec = ev->spec;
	struct about about = {0};

	for (unsigned i = 0; i < spec->norders; i++) {
		const struct tt_order_spec *order = &spec->orders[i];

		if (order->of == TT_ORDER_RESOURCE && order->arg >= 0)
			add_key(f, &about, sort_of(f, order->resource), ev->args[order->arg], 0,
				is_change(order));
	}
	if (spec->range.role != TT_RANGE_NONE) {
		const struct tt_range_key range = tt_writer_range_of(ev);

		add_key(f, &about, range.type, range.id, range.key, true);
	}
	return about;
}

/* ---- subjects that stay or go together */

/* The one that stands for all of them. */
static uint32_t root_of(struct tt_filter *f, uint32_t i)
{
	struct tt_filter_subject *at = f->subjects.at;

	while (at[i].parent != i) {
		at[i].parent = at[at[i].parent].parent;
		i = at[i].parent;
	}
	return i;
}

/* NONE: no memory. */
static uint32_t subject_of(struct tt_filter *f, uint64_t key)
{
	uint32_t i = tt_idmap_find(&f->subject_ids, key);

	if (i != TT_IDMAP_NONE)
		return root_of(f, i);
	i = (uint32_t)f->subjects.n;
	if (i == NONE || !TT_ARRAY_ROOM(f->mem, &f->subjects) ||
	    !tt_idmap_add(&f->subject_ids, key, i))
		return NONE;
	f->subjects.at[f->subjects.n++] =
		(struct tt_filter_subject){.parent = i, .first = NONE, .last = NONE};
	return i;
}

/* They stay, and with them the goroutines that changed them. */
static int want(struct tt_filter *f, uint32_t root)
{
	struct tt_filter_subject *s = &f->subjects.at[root];
	int rc = TT_OK;

	s->wanted = true;
	for (; rc == TT_OK && s->first != NONE; s->first = f->changers.at[s->first].next)
		rc = tt_filter_include(f, f->changers.at[s->first].goroutine, TT_FILTER_RESOURCE);
	return rc;
}

/* `a` stands for both from now on. */
static int unite(struct tt_filter *f, uint32_t a, uint32_t b)
{
	struct tt_filter_subject *x = &f->subjects.at[a], *y = &f->subjects.at[b];
	bool wanted = x->wanted || y->wanted;

	if (a == b)
		return TT_OK;
	y->parent = a;
	if (y->first != NONE) {
		if (x->first == NONE)
			x->first = y->first;
		else
			f->changers.at[x->last].next = y->first;
		x->last = y->last;
	}
	return wanted ? want(f, a) : TT_OK;
}

/* A goroutine that changes what may come to be wanted later. */
static int add_changer(struct tt_filter *f, uint32_t root, int64_t g)
{
	const uint64_t what[] = {root, (uint64_t)g};
	uint64_t key = tt_idmap_id_of(f->changer_ids.seed, what, sizeof(what));
	struct tt_filter_subject *s = &f->subjects.at[root];

	if (s->wanted)
		return tt_filter_include(f, g, TT_FILTER_RESOURCE);
	if (g == TT_NONE || tt_idmap_find(&f->changer_ids, key) != TT_IDMAP_NONE)
		return TT_OK;
	if (!TT_ARRAY_ROOM(f->mem, &f->changers) || !tt_idmap_add(&f->changer_ids, key, 0))
		return tt_writer_no_memory(f->w);
	f->changers.at[f->changers.n] = (struct tt_filter_changer){g, NONE};
	if (s->first == NONE)
		s->first = (uint32_t)f->changers.n;
	else
		f->changers.at[s->last].next = (uint32_t)f->changers.n;
	s->last = (uint32_t)f->changers.n++;
	return TT_OK;
}

/* ---- events */

static bool is_declared(const struct tt_event *ev)
{
	return ev->spec->norders != 0 || ev->spec->range.role != TT_RANGE_NONE;
}

int tt_filter_see_declared(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	struct about about;
	uint32_t first = NONE;
	int rc = TT_OK;

	if (!is_declared(ev))
		return TT_OK;
	about = subjects_of(f, ev);
	for (unsigned i = 0; rc == TT_OK && i < about.n; i++) {
		uint32_t root = subject_of(f, about.keys[i]);

		if (root == NONE)
			return tt_writer_no_memory(f->w);
		/* (an event that changes one subject stays with it, so the others have to) */
		if (about.nchanged != 0 && first != NONE)
			rc = unite(f, first, root);
		else
			first = root;
		if (rc == TT_OK && chosen)
			rc = want(f, first);
	}
	return rc == TT_OK && about.nchanged != 0 ? add_changer(f, first, ev->goroutine) : rc;
}

bool tt_filter_needs_declared(struct tt_filter *f, const struct tt_event *ev)
{
	struct about about;

	if (!is_declared(ev))
		return false;
	about = subjects_of(f, ev);
	/* without a choice, nothing says what is needed later */
	if (!f->chose)
		return about.nchanged != 0;
	for (unsigned i = 0; i < about.nchanged; i++) {
		uint32_t at = tt_idmap_find(&f->subject_ids, about.keys[i]);

		if (at != TT_IDMAP_NONE && f->subjects.at[root_of(f, at)].wanted)
			return true;
	}
	return false;
}
