/* SPDX-License-Identifier: MIT */
/*
 * resource.c - the handler of events whose spec `orders` a resource: those of one
 * resource happen by their numbers, whichever threads they are on. Stands on gen.
 *
 * As a goroutine's, the numbers are 1, 2, 3, ... and begin anew in each generation, so
 * that a generation can be ordered by itself. What lives, by the events that create
 * and destroy, is known from one generation to the next; all else is forgotten with
 * its generation. Whether a resource lives never holds an event up: an event of one
 * that does not is a finding.
 */
#include <inttypes.h>
#include <string.h>

#include "order/handlers.h"

/* More than a program has at once; what memory may be used for is the reader's option. */
#define MAX_RESOURCES (UINT32_C(1) << 24)

enum life {
	LIFE_FREE,      /* the record is free */
	LIFE_SEEN,      /* its life is not followed, or unknown */
	LIFE_LIVE,
	LIFE_DEAD,      /* was destroyed in this generation */
};

struct resource {
	uint64_t id;
	uint64_t n;             /* number of its last event in this generation, or 0 */
	uint32_t next_free;
	uint8_t class;
	uint8_t life;           /* enum life */
};

/* The resources that events of one experiment name by one argument. */
struct resource_class {
	unsigned experiment;
	const struct tt_resource_spec *spec;
	struct tt_idmap ids;    /* to records */
};

struct tt_resources {
	uint8_t class_of[256];  /* of a type: index in classes plus 1; 0: not known yet */
	TT_ARRAY(struct resource_class) classes; /* fewer than there are types */
	TT_ARRAY(struct resource) records;
	uint32_t free;
};

/* ---- all of them */

static struct tt_resources *resources_of(struct tt_order *o)
{
	if (o->resources == NULL) {
		o->resources = tt_mem_zalloc(o->mem, 1, sizeof(*o->resources));
		if (o->resources != NULL)
			o->resources->free = TT_NO_SLOT;
	}
	return o->resources;
}

void tt_resources_release(struct tt_order *o)
{
	struct tt_resources *r = o->resources;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->classes.n; i++)
		tt_idmap_release(&r->classes.at[i].ids);
	TT_ARRAY_RELEASE(o->mem, &r->classes);
	TT_ARRAY_RELEASE(o->mem, &r->records);
	tt_mem_free(o->mem, r, sizeof(*r));
	o->resources = NULL;
}

static void forget(struct tt_resources *r, uint32_t slot)
{
	struct resource *resource = &r->records.at[slot];

	tt_idmap_remove(&r->classes.at[resource->class].ids, resource->id);
	resource->life = LIFE_FREE;
	resource->next_free = r->free;
	r->free = slot;
}

void tt_resources_begin_generation(struct tt_order *o)
{
	struct tt_resources *r = o->resources;

	if (r == NULL)
		return;
	for (uint32_t i = 0; i < r->records.n; i++) {
		struct resource *resource = &r->records.at[i];

		if (resource->life == LIFE_SEEN || resource->life == LIFE_DEAD)
			forget(r, i);
		resource->n = 0;
	}
}

/* ---- classes */

static struct resource_class *add_class(struct tt_order *o, unsigned experiment,
					const struct tt_resource_spec *spec)
{
	struct tt_resources *r = o->resources;
	struct resource_class *class;

	for (size_t i = 0; i < r->classes.n; i++)
		if (r->classes.at[i].spec == spec && r->classes.at[i].experiment == experiment)
			return &r->classes.at[i];
	if (!TT_ARRAY_ROOM(o->mem, &r->classes))
		return NULL;
	class = &r->classes.at[r->classes.n++];
	*class = (struct resource_class){experiment, spec, {0}};
	tt_idmap_init(&class->ids, o->mem, tt_random_seed());
	return class;
}

/* The class that an event orders; NULL: no memory. */
static struct resource_class *class_of(struct tt_order *o, const struct tt_event_def *def)
{
	struct tt_resources *r = resources_of(o);
	struct resource_class *class;

	if (r == NULL)
		return NULL;
	if (r->class_of[def->spec.type] != 0)
		return &r->classes.at[r->class_of[def->spec.type] - 1];
	class = add_class(o, def->spec.experiment_id, def->spec.orders[0].resource);
	if (class != NULL)
		r->class_of[def->spec.type] = (uint8_t)(class - r->classes.at + 1);
	return class;
}

/* ---- records */

/* A record that says nothing yet; NULL: o->err says why. */
static struct resource *add_resource(struct tt_order *o, struct resource_class *class, uint64_t id)
{
	struct tt_resources *r = o->resources;
	uint32_t slot = r->free;

	if (slot == TT_NO_SLOT) {
		if (r->records.n == MAX_RESOURCES) {
			tt_broken(o, TT_E_LIMIT, "more than %u resources of experiments at once",
				  MAX_RESOURCES);
			return NULL;
		}
		if (!TT_ARRAY_ROOM(o->mem, &r->records)) {
			tt_broken_memory(o);
			return NULL;
		}
		slot = (uint32_t)r->records.n;
	}
	if (!tt_idmap_add(&class->ids, id, slot)) {
		tt_broken_memory(o);
		return NULL;
	}
	if (slot == r->free)
		r->free = r->records.at[slot].next_free;
	else
		r->records.n++;
	r->records.at[slot] = (struct resource){
		.id = id,
		.class = (uint8_t)(class - r->classes.at),
		.life = LIFE_FREE,
	};
	return &r->records.at[slot];
}

bool tt_resources_copy(struct tt_order *to, const struct tt_order *from)
{
	const struct tt_resources *old = from->resources;
	struct tt_resources *r;

	if (old == NULL)
		return true;
	r = resources_of(to);
	if (r == NULL)
		return false;
	for (size_t i = 0; i < old->classes.n; i++)
		if (add_class(to, old->classes.at[i].experiment, old->classes.at[i].spec) == NULL)
			return false;
	memcpy(r->class_of, old->class_of, sizeof(r->class_of));
	for (size_t i = 0; i < old->records.n; i++) {
		const struct resource *resource = &old->records.at[i];
		struct resource *copy;

		if (resource->life == LIFE_FREE)
			continue;
		copy = add_resource(to, &r->classes.at[resource->class], resource->id);
		if (copy == NULL)
			return false;
		*copy = *resource;
	}
	return true;
}

/* ---- one event */

/*
 * Whether the number is due. One that is created anew, after it was destroyed, may
 * be numbered anew: its id may come from memory that was used again.
 */
static bool is_due(const struct resource *resource, enum tt_role role, uint64_t n)
{
	if (n == 1 && role == TT_ROLE_CREATE && resource != NULL && resource->life == LIFE_DEAD)
		return true;
	return n != 0 && n - 1 == (resource == NULL ? 0 : resource->n);
}

static enum tt_advance await_number(struct tt_order *o, const struct tt_step *s,
				    const struct resource *resource)
{
	const struct tt_event_spec *spec = &s->def->spec;
	const char *name = spec->args[spec->orders[0].arg].name;
	uint64_t id = s->ev->args[spec->orders[0].arg], n = s->ev->args[spec->orders[0].seq_arg];
	uint64_t at = resource == NULL ? 0 : resource->n;

	tt_await(o, id, n);
	if (n == 0)
		return tt_not_yet(o, "events of %s %" PRIu64 " are numbered from 1, not from 0", name,
				  id);
	if (n <= at)
		return tt_not_yet(o, "%s %" PRIu64 " is at number %" PRIu64 ": there was a %" PRIu64
				  " before", name, id, at, n);
	return tt_not_yet(o, "%s %" PRIu64 " is at number %" PRIu64
			  " of this generation; it must be at %" PRIu64, name, id, at, n - 1);
}

/* What the event does to the resource's life, and what is odd about that. */
static int follow_life(const struct tt_order *o, const struct resource_class *class,
		   struct resource *resource, enum tt_role role)
{
	bool known = !o->gap && o->initial_generation == 1;
	enum life was = resource->life;

	if (role == TT_ROLE_CREATE || role == TT_ROLE_RESTATE) {
		resource->life = LIFE_LIVE;
		if (role == TT_ROLE_CREATE)
			return was == LIFE_LIVE ? TT_W_RESOURCE_TWICE : 0;
		return was == LIFE_DEAD ? TT_W_RESOURCE_GONE : 0;
	}
	if (role == TT_ROLE_DESTROY)
		resource->life = LIFE_DEAD;
	else if (was == LIFE_FREE)
		/* it was created before the trace, if it can have been */
		resource->life = class->spec->lives && !known ? LIFE_LIVE : LIFE_SEEN;
	if (was == LIFE_DEAD)
		return TT_W_RESOURCE_GONE;
	return was == LIFE_FREE && class->spec->lives && known ? TT_W_RESOURCE_UNKNOWN : 0;
}

enum tt_advance tt_advance_resource(struct tt_order *o, struct tt_step *s)
{
	const struct tt_event_spec *spec = &s->def->spec;
	uint64_t id = s->ev->args[spec->orders[0].arg], n = s->ev->args[spec->orders[0].seq_arg];
	struct resource_class *class = class_of(o, s->def);
	struct resource *resource;
	uint32_t slot;

	if (class == NULL)
		return tt_broken_memory(o);
	/* what lives is known in sequence alone */
	tt_assume_fails(o);
	slot = tt_idmap_find(&class->ids, id);
	resource = slot == TT_IDMAP_NONE ? NULL : &o->resources->records.at[slot];
	if (!is_due(resource, spec->orders[0].role, n))
		return await_number(o, s, resource);
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	if (resource == NULL)
		resource = add_resource(o, class, id);
	if (resource == NULL)
		return TT_BROKEN;
	resource->n = n;
	o->misuse = follow_life(o, class, resource, spec->orders[0].role);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}
