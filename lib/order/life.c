/* SPDX-License-Identifier: MIT */
/*
 * life.c - the life and the states of resources: what an event does to them, and what is
 * wrong with that. None of it holds an event up. How bad a wrong use is the spec says: an
 * error, a finding or nothing. Stands on subject.c.
 */
#include "order/life.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "order/handlers.h"

/* ---- in words */

static const char *state_name(const struct tt_resource_spec *resource, unsigned state)
{
	return state < resource->nstates ? resource->states[state] : "in another state";
}

/* "a", "a or b", "a, b or c". */
static void list_states(const struct tt_order_spec *order, char *out, size_t size)
{
	unsigned left = order->from;
	size_t used = 0;

	*out = '\0';
	for (unsigned i = 0; left != 0 && used < size; i++) {
		int n;

		if ((left >> i & 1) == 0)
			continue;
		left &= ~(1u << i);
		n = snprintf(out + used, size - used, "%s%s",
			     used == 0	 ? ""
			     : left == 0 ? " or "
					 : ", ",
			     state_name(order->resource, i));
		used += n < 0 ? 0 : (size_t)n;
	}
}

void tt_misuse_say(const struct tt_event_spec *spec, const struct tt_misuse *misuse, char *out,
		   size_t size)
{
	const struct tt_order_spec *order = &spec->orders[misuse->order];
	const char *name = order->resource->name;
	char states[512];

	if (misuse->code != TT_W_RESOURCE_STATE) {
		snprintf(out, size, "event %s of %s %" PRIu64 ", which %s", spec->name, name,
			 misuse->id,
			 misuse->code == TT_W_RESOURCE_UNKNOWN ? "was not created"
			 : misuse->code == TT_W_RESOURCE_GONE  ? "was destroyed"
							       : "already exists");
	} else if (misuse->state == TT_STATE_UNKNOWN) {
		snprintf(out, size, "event %s gives %s %" PRIu64 " a state that has no name: %s is %" PRIu64,
			 spec->name, name, misuse->id, spec->args[order->to_arg].name,
			 misuse->value);
	} else {
		list_states(order, states, sizeof(states));
		snprintf(out, size, "event %s needs %s %" PRIu64 " %s, but it is %s", spec->name,
			 name, misuse->id, states, state_name(order->resource, misuse->state));
	}
}

/* ---- how bad it is */

enum tt_breach tt_life_unknown(const struct tt_order *o, const struct tt_subject_class *class)
{
	if (!class->lives || o->gap)
		return TT_BREACH_NOTHING;
	if (class->unknown != TT_BREACH_DEFAULT)
		return class->unknown;
	/* what is older than the trace, the trace may say, or not */
	if (o->initial_generation != 1)
		return TT_BREACH_NOTHING;
	return class->restated ? TT_BREACH_ERROR : TT_BREACH_WARNING;
}

/* An error, a finding, or nothing. */
static enum tt_advance report(struct tt_order *o, const struct tt_step *s,
			      enum tt_breach breach, struct tt_misuse misuse)
{
	char message[TT_ERROR_MESSAGE_SIZE];

	if (breach == TT_BREACH_WARNING)
		o->misuses[o->nmisuses++] = misuse;
	if (breach != TT_BREACH_ERROR && breach != TT_BREACH_DEFAULT)
		return TT_ADVANCED;
	tt_misuse_say(&s->def->spec, &misuse, message, sizeof(message));
	return tt_broken(o, TT_E_RESOURCE, "%s", message);
}

/* ---- what an event does */

/* What is wrong with a new one, one that is said to exist, or one that is used; or 0. */
static int creates(struct tt_subject *subject)
{
	enum tt_life was = subject->life;

	subject->life = TT_LIFE_LIVE;
	return was == TT_LIFE_LIVE ? TT_W_RESOURCE_TWICE : 0;
}

static int restates(struct tt_subject *subject)
{
	enum tt_life was = subject->life;

	subject->life = TT_LIFE_LIVE;
	return was == TT_LIFE_DEAD ? TT_W_RESOURCE_GONE : 0;
}

static int uses(const struct tt_order *o, const struct tt_subject_class *class,
		struct tt_subject *subject)
{
	if (subject->life == TT_LIFE_DEAD)
		return TT_W_RESOURCE_GONE;
	if (subject->life != TT_LIFE_UNKNOWN || !class->lives)
		return 0;
	if (tt_life_unknown(o, class) == TT_BREACH_NOTHING) {
		/* it was created before the trace */
		subject->life = TT_LIFE_LIVE;
		return 0;
	}
	subject->life = TT_LIFE_SEEN;
	return TT_W_RESOURCE_UNKNOWN;
}

static int change_life(const struct tt_order *o, const struct tt_subject_class *class,
		       struct tt_subject *subject, enum tt_role role)
{
	int wrong;

	switch (role) {
	case TT_ROLE_CREATE:
		return creates(subject);
	case TT_ROLE_RESTATE:
		return restates(subject);
	case TT_ROLE_USE:
	case TT_ROLE_DESTROY:
		break;
	}
	wrong = uses(o, class, subject);
	if (role == TT_ROLE_DESTROY)
		subject->life = TT_LIFE_DEAD;
	return wrong;
}

/* The state that an argument names, or TT_STATE_UNKNOWN. */
static uint8_t named_state(const struct tt_order_spec *order, const struct tt_values_spec *values,
			   uint64_t value)
{
	const char *name = NULL;

	for (unsigned i = 0; values != NULL && i < values->nvalues; i++)
		if (values->values[i].value == value)
			name = values->values[i].name;
	for (unsigned i = 0; name != NULL && i < order->resource->nstates; i++)
		if (strcmp(order->resource->states[i], name) == 0)
			return (uint8_t)i;
	return TT_STATE_UNKNOWN;
}

/* The state that it has from now on; TT_STATE_UNKNOWN: none that has a name. */
static uint8_t next_state(const struct tt_step *s, const struct tt_order_spec *order, uint8_t state)
{
	const uint64_t *args = s->ev->args;

	if (order->to_arg >= 0)
		return named_state(order, s->def->spec.args[order->to_arg].values,
				   args[order->to_arg]);
	if (order->to < 0)
		return state;
	return (uint8_t)(order->if_arg >= 0 && args[order->if_arg] == 0 ? order->otherwise
									: order->to);
}

/* What is wrong with the state that it is in, or 0. */
static int check_state(const struct tt_order_spec *order, uint8_t state)
{
	return order->from != 0 && state != TT_STATE_UNKNOWN && (order->from >> state & 1) == 0
		       ? TT_W_RESOURCE_STATE
		       : 0;
}

enum tt_advance tt_life_follow(struct tt_order *o, const struct tt_step *s, unsigned i,
			       const struct tt_subject_class *class, struct tt_subject *subject)
{
	const struct tt_order_spec *order = &s->def->spec.orders[i];
	uint8_t was = subject->state;
	int wrong = change_life(o, class, subject, order->role);

	if (wrong == 0)
		wrong = check_state(order, was);
	subject->state = next_state(s, order, was);
	if (wrong == 0 && order->to_arg >= 0 && subject->state == TT_STATE_UNKNOWN) {
		wrong = TT_W_RESOURCE_STATE;
		was = TT_STATE_UNKNOWN;
	}
	if (wrong == 0)
		return TT_ADVANCED;
	return report(o, s, wrong == TT_W_RESOURCE_UNKNOWN ? tt_life_unknown(o, class) : class->misuse,
		      (struct tt_misuse){
			      .code = wrong,
			      .order = (uint8_t)i,
			      .state = was,
			      .id = subject->id,
			      .value = order->to_arg < 0 ? 0 : s->ev->args[order->to_arg],
		      });
}
