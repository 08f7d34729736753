/* SPDX-License-Identifier: MIT */
/*
 * orders.c - the clause `orders`: an argument names a resource, another is the
 * event's number among those of that resource. Resources of one class are named by
 * arguments of one name. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct role {
	const char *word;
	enum tt_role role;
} roles[] = {
	{"creates", TT_ROLE_CREATE},
	{"destroys", TT_ROLE_DESTROY},
	{"restates", TT_ROLE_RESTATE},
};

/* What follows the two arguments, if anything does. False with a mistake. */
static bool take_role(struct tt_spec_parser *p, struct tt_event_spec *spec)
{
	const char *words[COUNT(roles)];
	size_t i;

	p->event->role_at = tt_spec_here(p);
	if (tt_spec_peek(p) == NULL)
		return true;
	for (i = 0; i < COUNT(roles); i++) {
		words[i] = roles[i].word;
		if (!tt_spec_accept(p, words[i]))
			continue;
		spec->role = roles[i].role;
		return tt_spec_done(p);
	}
	tt_spec_unknown(p, tt_spec_peek(p), "word", words, COUNT(words));
	return false;
}

void tt_spec_read_orders(struct tt_spec_parser *p)
{
	struct tt_event_spec *spec = &p->event->def.spec;
	int8_t id, seq;

	id = tt_spec_take_arg(p, 1u << TT_ARG_NUMBER | 1u << TT_ARG_VALUE);
	if (id < 0)
		return;
	seq = tt_spec_take_arg(p, 1u << TT_ARG_SEQ);
	if (seq < 0 || !take_role(p, spec))
		return;
	spec->order_arg = id;
	spec->seq_arg = seq;
}

/* The name of the resources that the event orders, or NULL. */
static const char *resource_name(const struct tt_spec_event *event)
{
	const struct tt_event_spec *spec = &event->def.spec;

	return event->broken || spec->order_arg < 0 ? NULL : spec->args[spec->order_arg].name;
}

/* An event that restates what another creates: is there one that creates it? */
static void check_restates(struct tt_spec_parser *p, const struct tt_spec_event *event)
{
	size_t i;

	for (i = 0; i < p->file->nevents; i++) {
		const struct tt_spec_event *other = &p->file->events[i];

		/* of one that has a mistake it is not known what it would do */
		if (other->broken || (other->def.resource_class == event->def.resource_class &&
				      other->def.spec.role == TT_ROLE_CREATE))
			return;
	}
	tt_spec_report_at(p, event->role_at, "contradiction",
			  "`restates`, but no event creates `%s`: end the `orders` line of an "
			  "event with `creates`",
			  resource_name(event));
}

void tt_spec_resolve_orders(struct tt_spec_parser *p)
{
	struct tt_spec_event *events = p->file->events;
	size_t i, first;

	for (i = 0; i < p->file->nevents; i++) {
		const char *name = resource_name(&events[i]);

		if (name == NULL)
			continue;
		for (first = 0; first < i; first++)
			if (resource_name(&events[first]) != NULL &&
			    strcmp(resource_name(&events[first]), name) == 0)
				break;
		events[i].def.resource_class = events[first].def.spec.type;
	}
	for (i = 0; i < p->file->nevents; i++)
		if (resource_name(&events[i]) != NULL && events[i].def.spec.role == TT_ROLE_RESTATE)
			check_restates(p, &events[i]);
}
