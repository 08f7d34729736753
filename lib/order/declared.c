/* SPDX-License-Identifier: MIT */
/*
 * declared.c - the handler of events whose spec says when they may happen: numbers that they
 * wait for, arguments that must be those of the context, the life and states of resources
 * (life.c), ranges (range.c, keyed.c). In this order, as Go's handlers do it. Stands on
 * subject.c, life.c and range.c.
 */
#include "order/declared.h"

#include <inttypes.h>
#include <stdio.h>

#include "order/handlers.h"
#include "order/life.h"

/* ---- numbers */

/* Whether any number may be the first: of what can be older than the trace. */
static bool may_begin_anywhere(const struct tt_order *o, const struct tt_subject_class *class,
			       const struct tt_subject *subject, enum tt_role role)
{
	if (!class->continues || (subject != NULL && subject->numbered) || role == TT_ROLE_CREATE)
		return false;
	/* if it must have been created, then the event that does so comes first */
	return role == TT_ROLE_RESTATE || tt_life_unknown(o, class) != TT_BREACH_ERROR;
}

/*
 * Whether the number is due. One that is created anew, after it was destroyed, may be
 * numbered anew: its id may come from memory that was used again.
 */
static bool is_due(const struct tt_order *o, const struct tt_subject_class *class,
		   const struct tt_subject *subject, enum tt_role role, uint64_t n)
{
	if (n != 0 && n - 1 == tt_subject_number(o->subjects, class->continues, subject))
		return true;
	if (n == 1 && role == TT_ROLE_CREATE && subject != NULL && class->reused &&
	    (subject->life == TT_LIFE_DEAD || subject->life == TT_LIFE_UNKNOWN))
		return true;
	return may_begin_anywhere(o, class, subject, role);
}

/* "timer 5", "goroutine 7", "the program". */
static void say_subject(const struct tt_order_spec *order, uint64_t id, char *out, size_t size)
{
	static const char *const scopes[] = {
		[TT_ORDER_THREAD] = "thread",
		[TT_ORDER_PROC] = "proc",
		[TT_ORDER_GOROUTINE] = "goroutine",
	};

	if (order->of == TT_ORDER_GLOBAL)
		snprintf(out, size, "the program");
	else
		snprintf(out, size, "%s %" PRIu64,
			 order->of == TT_ORDER_RESOURCE ? order->resource->name : scopes[order->of],
			 id);
}

static enum tt_advance await_number(struct tt_order *o, const struct tt_order_spec *order,
				    const struct tt_subject_class *class, uint64_t id, uint64_t at,
				    uint64_t n)
{
	char name[TT_ERROR_MESSAGE_SIZE];

	tt_await(o, id, n);
	if (o->why == NULL)
		return TT_NOT_YET;
	say_subject(order, id, name, sizeof(name));
	if (n == 0)
		return tt_not_yet(o, "events of %s are numbered from 1, not from 0", name);
	if (n <= at)
		return tt_not_yet(o, "%s is at number %" PRIu64 ": number %" PRIu64 " comes too late",
				  name, at, n);
	return tt_not_yet(o, "%s is at number %" PRIu64 "%s; it must be at %" PRIu64, name, at,
			  class->continues ? "" : " of this generation", n - 1);
}

/* The spec numbers by what the thread has, and it has none. */
static enum tt_advance has_none(struct tt_order *o, enum tt_order_of of)
{
	return tt_broken(o, TT_E_CONTEXT, "expected a %s but didn't have one",
			 of == TT_ORDER_THREAD ? "thread"
			 : of == TT_ORDER_PROC ? "proc"
					       : "goroutine");
}

/* What one order of an event is about. */
struct place {
	struct tt_subject_class *class;
	uint64_t id;
	uint32_t slot;          /* or TT_NO_SLOT: nothing is known of it */
};

static enum tt_advance find_place(struct tt_order *o, const struct tt_step *s, unsigned i,
				  struct place *place)
{
	const struct tt_order_spec *order = &s->def->spec.orders[i];
	const struct tt_subject *subject;
	uint64_t n;

	place->class = tt_subject_class_of(o, s->def, i);
	if (place->class == NULL)
		return tt_broken_memory(o);
	/* what is known of it is known in sequence alone */
	if (place->class->remembered)
		tt_assume_fails(o);
	if (!tt_subject_id(order, s->ev->args, &s->cur, &place->id))
		return has_none(o, order->of);
	place->slot = tt_subject_find(place->class, place->id);
	if (order->seq_arg < 0)
		return TT_ADVANCED;
	subject = tt_subject_at(o, place->slot);
	n = s->ev->args[order->seq_arg];
	if (is_due(o, place->class, subject, order->role, n))
		return TT_ADVANCED;
	return await_number(o, order, place->class, place->id,
			    tt_subject_number(o->subjects, place->class->continues, subject), n);
}

/* ---- the context's own */

static enum tt_advance other_than(struct tt_order *o, const struct tt_step *s, const char *what,
				  int64_t named, int64_t own)
{
	return tt_broken(o, TT_E_CONTEXT,
			 "event %s names %s %" PRId64 ", but happens on %s %" PRId64,
			 s->def->spec.name, what, named, what, own);
}

static enum tt_advance check_same(struct tt_order *o, const struct tt_step *s)
{
	const struct tt_event_def *def = s->def;
	const uint64_t *args = s->ev->args;

	if (def->thread_arg >= 0 && (int64_t)args[def->thread_arg] != s->cur.thread)
		return other_than(o, s, "thread", (int64_t)args[def->thread_arg], s->cur.thread);
	if (def->proc_arg >= 0 && (int64_t)args[def->proc_arg] != s->cur.proc)
		return other_than(o, s, "proc", (int64_t)args[def->proc_arg], s->cur.proc);
	if (def->goroutine_arg >= 0 && (int64_t)args[def->goroutine_arg] != s->cur.goroutine)
		return other_than(o, s, "goroutine", (int64_t)args[def->goroutine_arg],
				  s->cur.goroutine);
	return TT_ADVANCED;
}

/* ---- one event */

static enum tt_advance follow(struct tt_order *o, const struct tt_step *s, unsigned i,
			      const struct place *place)
{
	const struct tt_order_spec *order = &s->def->spec.orders[i];
	struct tt_subject *subject = tt_subject_touch(o, place->class, place->id, place->slot);
	bool anew;

	if (subject == NULL)
		return TT_BROKEN;
	/* the numbers of one that is created without a number begin with 1 */
	anew = order->role == TT_ROLE_CREATE && order->seq_arg < 0 &&
	       (!subject->numbered || subject->life == TT_LIFE_DEAD);
	if (order->seq_arg >= 0 || anew) {
		subject->n = anew ? 0 : s->ev->args[order->seq_arg];
		subject->numbered = true;
	}
	if (order->of != TT_ORDER_RESOURCE)
		return TT_ADVANCED;
	return tt_life_follow(o, s, i, place->class, subject);
}

enum tt_advance tt_advance_declared(struct tt_order *o, struct tt_step *s)
{
	unsigned n = s->def->spec.norders;
	struct place places[TT_MAX_ORDERS];

	for (unsigned i = 0; i < n; i++) {
		enum tt_advance found = find_place(o, s, i, &places[i]);

		if (found != TT_ADVANCED)
			return found;
	}
	if (tt_check_context(o, s) != TT_ADVANCED || check_same(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	o->nmisuses = 0;
	for (unsigned i = 0; i < n; i++)
		if (follow(o, s, i, &places[i]) != TT_ADVANCED)
			return TT_BROKEN;
	if (s->def->spec.range.role != TT_RANGE_NONE)
		return tt_range_handler(o, s->def)(o, s);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/* ---- nearly every event */

/* The one that is there, if its number is due and nothing is wrong with it. */
static struct tt_subject *find_simple(struct tt_subjects *all, const struct tt_simple_order *simple,
				      uint32_t slot, uint64_t n)
{
	struct tt_subject *subject = &all->records.at[slot];

	if (n == 0 || n - 1 != tt_subject_number(all, simple->continues, subject) ||
	    (simple->continues && !subject->numbered) || subject->life != simple->life ||
	    (subject->state != TT_STATE_UNKNOWN && (simple->from >> subject->state & 1) == 0))
		return NULL;
	tt_subject_renew(all, slot, simple->continues);
	return subject;
}

bool tt_fast_order(struct tt_order *o, unsigned type, const uint64_t *args)
{
	struct tt_subjects *all = o->subjects;
	const struct tt_simple_order *simple = all == NULL ? NULL : &all->simple[type];
	struct tt_subject_class *class;
	struct tt_subject *subject = NULL;
	uint64_t n;
	uint32_t slot;
	uint8_t state;

	if (simple == NULL || simple->class == 0)
		return false;
	class = &all->classes.at[simple->class - 1];
	n = args[simple->seq_arg];
	slot = tt_subject_find(class, args[simple->arg]);
	if (class->remembered && tt_is_speculative(o))
		return false;
	if (slot != TT_NO_SLOT && !simple->creates)
		subject = find_simple(all, simple, slot, n);
	else if (slot == TT_NO_SLOT && simple->creates && n == 1)
		subject = tt_subject_touch(o, class, args[simple->arg], TT_NO_SLOT);
	if (subject == NULL)
		return false;
	subject->n = n;
	subject->numbered = true;
	subject->life = simple->next_life;
	state = args[simple->if_arg] != 0 ? simple->to : simple->otherwise;
	if (state != TT_STATE_UNKNOWN)
		subject->state = state;
	o->nmisuses = 0;
	return true;
}

/* ---- who waits for it */

bool tt_declared_awaited(struct tt_order *o, const struct tt_event_def *def, unsigned i,
			 const uint64_t *args, const struct tt_context *context,
			 struct tt_wait *next, bool *anew)
{
	const struct tt_subject_class *class = tt_subject_class_of(o, def, i);
	const struct tt_subject *subject;

	if (class == NULL || !tt_subject_id(&def->spec.orders[i], args, context, &next->id))
		return false;
	subject = tt_subject_at(o, tt_subject_find(class, next->id));
	if (subject == NULL)
		return false;
	next->any = false;
	next->seq = tt_subject_number(o->subjects, class->continues, subject) + 1;
	*anew = subject->life == TT_LIFE_DEAD;
	return true;
}
