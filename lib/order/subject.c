/* SPDX-License-Identifier: MIT */
/* subject.c - the records of what declared orders are about. Stands on state.c. */
#include "order/subject.h"

#include <string.h>

#include "order/handlers.h"

/* More than a program has at once; what memory may be used for is the reader's option. */
#define MAX_SUBJECTS (UINT32_C(1) << 24)

/*
 * The specs of a trace may have other resources in each generation. Above so many classes,
 * those that no event is about any more are forgotten: specs have this many orders at most.
 */
#define MANY_CLASSES (256 * TT_MAX_ORDERS)

/* ---- all of them */

static struct tt_subjects *subjects_of(struct tt_order *o)
{
	struct tt_subjects *all = o->subjects;

	if (all != NULL)
		return all;
	all = o->subjects = tt_mem_zalloc(o->mem, 1, sizeof(*all));
	if (all != NULL) {
		all->free = all->touched = TT_NO_SLOT;
		all->generation = 1;
	}
	return all;
}

void tt_subjects_release(struct tt_order *o)
{
	struct tt_subjects *all = o->subjects;

	if (all == NULL)
		return;
	for (size_t i = 0; i < all->classes.n; i++)
		tt_idmap_release(&all->classes.at[i].ids);
	TT_ARRAY_RELEASE(o->mem, &all->classes);
	TT_ARRAY_RELEASE(o->mem, &all->records);
	tt_mem_free(o->mem, all, sizeof(*all));
	o->subjects = NULL;
}

void tt_subjects_reset(struct tt_order *o)
{
	struct tt_subjects *all = o->subjects;

	if (all == NULL)
		return;
	for (size_t i = 0; i < all->classes.n; i++)
		tt_idmap_clear(&all->classes.at[i].ids);
	all->records.n = 0;
	all->free = all->touched = TT_NO_SLOT;
}

void tt_subjects_specs_changed(struct tt_order *o)
{
	if (o->subjects == NULL)
		return;
	memset(o->subjects->class_of, 0, sizeof(o->subjects->class_of));
	memset(o->subjects->simple, 0, sizeof(o->subjects->simple));
	for (size_t i = 0; i < o->subjects->classes.n; i++)
		o->subjects->classes.at[i].described = false;
}

/* ---- classes */

static bool same_name(const char *a, const char *b)
{
	return a == b || strcmp(a, b) == 0;
}

/* What makes the class of an order: see the members of a class. */
static struct tt_subject_class key_of(const struct tt_event_spec *spec, unsigned i)
{
	const struct tt_order_spec *order = &spec->orders[i];

	if (order->of == TT_ORDER_RESOURCE)
		return (struct tt_subject_class){
			.of = order->of,
			.experiment = order->resource->experiment,
			.name = order->resource->name,
		};
	return (struct tt_subject_class){
		.of = order->of,
		.experiment = spec->experiment,
		.name = spec->args[order->seq_arg].name,
	};
}

static bool is_of(const struct tt_subject_class *class, const struct tt_event_spec *spec, unsigned i)
{
	struct tt_subject_class key = key_of(spec, i);

	return key.of == class->of && same_name(key.name, class->name) &&
	       same_name(key.experiment, class->experiment);
}

/* The resource as its own experiment describes it, or NULL. */
static const struct tt_resource_spec *described_by_its_own(const struct tt_specs *specs,
							   const struct tt_subject_class *class)
{
	const struct tt_experiment_spec *experiment =
		tt_specs_experiment_named(specs, class->experiment);
	const struct tt_resource_spec *resource;

	if (experiment == NULL)
		return NULL;
	for (size_t i = 0; (resource = tt_specs_resource(specs, experiment->id, i)) != NULL; i++)
		if (same_name(resource->name, class->name) &&
		    same_name(resource->experiment, class->experiment))
			return resource;
	return NULL;
}

/* By all events about them, whichever experiments these are of. */
static void describe(struct tt_order *o, struct tt_subject_class *class)
{
	const struct tt_resource_spec *own =
		class->of == TT_ORDER_RESOURCE ? described_by_its_own(o->specs, class) : NULL;

	class->described = true;
	class->lives = class->restated = class->continues = false;
	class->reused = own == NULL || own->reused;
	class->unknown = own == NULL ? TT_BREACH_DEFAULT : own->unknown;
	class->misuse = own == NULL ? TT_BREACH_DEFAULT : own->misuse;
	class->remembered = own != NULL && own->nstates > 0;
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(o->specs, type);

		for (unsigned i = 0; spec != NULL && i < spec->norders; i++) {
			enum tt_role role = spec->orders[i].role;

			if (!is_of(class, spec, i))
				continue;
			class->lives |= role == TT_ROLE_CREATE || role == TT_ROLE_RESTATE;
			class->restated |= role == TT_ROLE_RESTATE;
			class->continues |= spec->orders[i].continues;
			class->remembered |= spec->orders[i].resource != NULL &&
					     spec->orders[i].resource->nstates > 0;
		}
	}
	class->remembered |= class->lives || class->continues;
	if (class->of == TT_ORDER_GOROUTINE && class->continues)
		o->subjects->follows_gs = true;
}

static struct tt_subject_class *add_class(struct tt_order *o, struct tt_subject_class key)
{
	struct tt_subjects *all = o->subjects;
	struct tt_subject_class *class;

	if (!TT_ARRAY_ROOM(o->mem, &all->classes))
		return NULL;
	class = &all->classes.at[all->classes.n++];
	*class = key;
	tt_idmap_init(&class->ids, o->mem,
		      all->classes.n == 1 ? tt_random_seed() : all->classes.at[0].ids.seed);
	return class;
}

static bool find_class(struct tt_order *o, const struct tt_event_spec *spec, unsigned i)
{
	struct tt_subjects *all = o->subjects;
	struct tt_subject_class *class = NULL;

	for (size_t k = 0; k < all->classes.n && class == NULL; k++)
		if (is_of(&all->classes.at[k], spec, i))
			class = &all->classes.at[k];
	if (class == NULL)
		class = add_class(o, key_of(spec, i));
	if (class == NULL)
		return false;
	if (!class->described)
		describe(o, class);
	all->class_of[spec->type][i] = (uint16_t)(class - all->classes.at + 1);
	return true;
}

bool tt_order_is_simple(const struct tt_event_def *def)
{
	const struct tt_event_spec *spec = &def->spec;
	const struct tt_order_spec *order = &spec->orders[0];

	return spec->norders == 1 && spec->range.role == TT_RANGE_NONE &&
	       order->of == TT_ORDER_RESOURCE && order->seq_arg >= 0 && order->to_arg < 0 &&
	       order->role != TT_ROLE_RESTATE && !tt_event_def_names_context(def);
}

static void note_simple(struct tt_subjects *all, const struct tt_event_spec *spec)
{
	const struct tt_order_spec *order = &spec->orders[0];
	uint16_t at = all->class_of[spec->type][0];
	uint8_t life = all->classes.at[at - 1].lives ? TT_LIFE_LIVE : TT_LIFE_UNKNOWN;
	uint8_t next_life = order->role == TT_ROLE_DESTROY  ? TT_LIFE_DEAD
			    : order->role == TT_ROLE_CREATE ? TT_LIFE_LIVE
							    : life;

	all->simple[spec->type] = (struct tt_simple_order){
		.class = at,
		.from = order->from == 0 ? UINT16_MAX : order->from,
		.arg = (uint8_t)order->arg,
		.seq_arg = (uint8_t)order->seq_arg,
		.if_arg = (uint8_t)(order->if_arg < 0 ? TT_ARG_ZERO : order->if_arg),
		.to = (uint8_t)(order->to < 0 ? TT_STATE_UNKNOWN : order->to),
		.otherwise = (uint8_t)(order->if_arg < 0 ? order->to : order->otherwise),
		.life = life,
		.next_life = next_life,
		.creates = order->role == TT_ROLE_CREATE,
		.continues = all->classes.at[at - 1].continues,
	};
}

/* Those of all orders of an event: one that is added later moves those that are there. */
bool tt_subject_find_classes(struct tt_order *o, const struct tt_event_def *def)
{
	const struct tt_event_spec *spec = &def->spec;

	if (subjects_of(o) == NULL)
		return false;
	for (unsigned i = 0; i < spec->norders; i++)
		if (!find_class(o, spec, i))
			return false;
	if (tt_order_is_simple(def))
		note_simple(o->subjects, spec);
	return true;
}

bool tt_subject_id(const struct tt_order_spec *order, const uint64_t *args,
		   const struct tt_context *context, uint64_t *id)
{
	int64_t own = 0;

	if (order->arg >= 0) {
		*id = args[order->arg];
		return true;
	}
	if (order->of == TT_ORDER_THREAD)
		own = context->thread;
	else if (order->of == TT_ORDER_PROC)
		own = context->proc;
	else if (order->of == TT_ORDER_GOROUTINE)
		own = context->goroutine;
	*id = (uint64_t)own;
	return own != TT_NONE;
}

/* ---- records */

/* A record that says nothing yet: its slot; TT_NO_SLOT: o->err says why. */
static uint32_t add_subject(struct tt_order *o, struct tt_subject_class *class, uint64_t id)
{
	struct tt_subjects *all = o->subjects;
	uint32_t slot = all->free;

	if (slot == TT_NO_SLOT) {
		if (all->records.n == MAX_SUBJECTS) {
			tt_broken(o, TT_E_LIMIT, "more than %u resources of experiments at once",
				  MAX_SUBJECTS);
			return TT_NO_SLOT;
		}
		if (!TT_ARRAY_ROOM(o->mem, &all->records)) {
			tt_broken_memory(o);
			return TT_NO_SLOT;
		}
		slot = (uint32_t)all->records.n;
	}
	if (!tt_idmap_add(&class->ids, id, slot)) {
		tt_broken_memory(o);
		return TT_NO_SLOT;
	}
	if (slot == all->free)
		all->free = all->records.at[slot].next;
	else
		all->records.n++;
	all->records.at[slot] = (struct tt_subject){
		.id = id,
		.class = (uint16_t)(class - all->classes.at),
		.state = TT_STATE_UNKNOWN,
	};
	return slot;
}

struct tt_subject *tt_subject_touch(struct tt_order *o, struct tt_subject_class *class,
				    uint64_t id, uint32_t slot)
{
	struct tt_subjects *all = o->subjects;

	/* (an order before may be about the same one) */
	if (slot == TT_NO_SLOT)
		slot = tt_subject_find(class, id);
	if (slot == TT_NO_SLOT)
		slot = add_subject(o, class, id);
	if (slot == TT_NO_SLOT)
		return NULL;
	tt_subject_renew(all, slot, class->continues);
	return &all->records.at[slot];
}

/* ---- generations */

/* Whether one that was destroyed may be created again with the number that is next. */
static bool counts_on(const struct tt_order *o, const struct tt_subject *subject)
{
	return subject->life == TT_LIFE_DEAD &&
	       o->subjects->classes.at[subject->class].continues;
}

/* Whether something of it is to be known in the next generation. */
static bool is_kept(const struct tt_order *o, const struct tt_subject *subject)
{
	const struct tt_subject_class *class = &o->subjects->classes.at[subject->class];

	if (subject->life == TT_LIFE_DEAD ||
	    (subject->ended && tt_find_g(o, (int64_t)subject->id) == NULL))
		return false;
	return subject->life == TT_LIFE_LIVE || subject->state != TT_STATE_UNKNOWN ||
	       class->continues;
}

static void forget(struct tt_subjects *all, uint32_t slot)
{
	struct tt_subject *subject = &all->records.at[slot];

	tt_idmap_remove(&all->classes.at[subject->class].ids, subject->id);
	subject->next = all->free;
	all->free = slot;
}

/* Whether an event may be about subjects of this class. */
static bool is_in_use(const struct tt_specs *specs, const struct tt_subject_class *class)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		for (unsigned i = 0; spec != NULL && i < spec->norders; i++)
			if (is_of(class, spec, i))
				return true;
	}
	return false;
}

/* Moves the classes that are in use together. moved[k]: the new index of class k, or
 * NO_CLASS. */
#define NO_CLASS UINT16_MAX
static void close_ranks(struct tt_order *o, uint16_t *moved)
{
	struct tt_subjects *all = o->subjects;
	size_t n = 0;

	for (size_t k = 0; k < all->classes.n; k++) {
		moved[k] = NO_CLASS;
		if (!is_in_use(o->specs, &all->classes.at[k])) {
			tt_idmap_release(&all->classes.at[k].ids);
			continue;
		}
		moved[k] = (uint16_t)n;
		all->classes.at[n++] = all->classes.at[k];
	}
	all->classes.n = n;
	tt_subjects_specs_changed(o);
}

/* Between two generations: nothing is touched. */
static void forget_classes(struct tt_order *o)
{
	struct tt_subjects *all = o->subjects;
	uint16_t moved[2 * MANY_CLASSES];

	close_ranks(o, moved);
	all->free = TT_NO_SLOT;
	for (uint32_t slot = 0; slot < all->records.n; slot++) {
		struct tt_subject *subject = &all->records.at[slot];
		uint16_t class = moved[subject->class];

		subject->class = class == NO_CLASS ? 0 : class;
		if (class != NO_CLASS &&
		    tt_subject_find(&all->classes.at[class], subject->id) == slot)
			continue;
		subject->next = all->free;
		all->free = slot;
	}
	if (all->classes.n == 0)
		tt_subjects_reset(o);
}

void tt_subjects_begin_generation(struct tt_order *o)
{
	struct tt_subjects *all = o->subjects;

	if (all == NULL)
		return;
	for (uint32_t slot = all->touched, next; slot != TT_NO_SLOT; slot = next) {
		struct tt_subject *subject = &all->records.at[slot];

		next = subject->next;
		if (subject->life == TT_LIFE_SEEN || counts_on(o, subject))
			subject->life = TT_LIFE_UNKNOWN;
		subject->next = TT_NO_SLOT;
		if (!is_kept(o, subject))
			forget(all, slot);
		else
			subject->ended = false;
	}
	all->touched = TT_NO_SLOT;
	all->generation++;
	if (all->classes.n > MANY_CLASSES)
		forget_classes(o);
}

void tt_subjects_g_ended(struct tt_order *o, int64_t id)
{
	struct tt_subjects *all = o->subjects;

	if (all == NULL || !all->follows_gs)
		return;
	for (size_t i = 0; i < all->classes.n; i++) {
		struct tt_subject_class *class = &all->classes.at[i];
		uint32_t slot = class->of == TT_ORDER_GOROUTINE
					? tt_subject_find(class, (uint64_t)id)
					: TT_NO_SLOT;

		if (slot != TT_NO_SLOT)
			tt_subject_touch(o, class, (uint64_t)id, slot)->ended = true;
	}
}

bool tt_subjects_follow_gs(const struct tt_order *o)
{
	return o->subjects != NULL && o->subjects->follows_gs;
}

/* ---- a second copy */

bool tt_subjects_copy(struct tt_order *to, const struct tt_order *from)
{
	const struct tt_subjects *old = from->subjects;
	struct tt_subjects *all;

	if (old == NULL)
		return true;
	tt_subjects_release(to);
	all = subjects_of(to);
	if (all == NULL)
		return false;
	for (size_t i = 0; i < old->classes.n; i++)
		if (add_class(to, old->classes.at[i]) == NULL)
			return false;
	memcpy(all->class_of, old->class_of, sizeof(all->class_of));
	memcpy(all->simple, old->simple, sizeof(all->simple));
	if (!tt_mem_grow(to->mem, &all->records.at, &all->records.cap, old->records.n,
			 sizeof(*all->records.at)))
		return false;
	if (old->records.n != 0)
		memcpy(all->records.at, old->records.at, old->records.n * sizeof(*old->records.at));
	all->records.n = old->records.n;
	all->free = old->free;
	all->touched = old->touched;
	all->generation = old->generation;
	all->follows_gs = old->follows_gs;
	for (uint32_t i = 0; i < old->records.n; i++) {
		const struct tt_subject *subject = &old->records.at[i];

		if (tt_subject_find(&old->classes.at[subject->class], subject->id) == i &&
		    !tt_idmap_add(&all->classes.at[subject->class].ids, subject->id, i))
			return false;
	}
	return true;
}
