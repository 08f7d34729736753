/* SPDX-License-Identifier: MIT */
/* event.h - what an event is about, as several verbs need it. Command layer. */
#ifndef CMD_CLI_EVENT_H
#define CMD_CLI_EVENT_H

#include "tracetool.h"

/* The goroutine, P or thread that an event happens on, or TT_NONE. */
static inline int64_t event_context(const struct tt_event *ev, enum tt_resource resource)
{
	switch (resource) {
	case TT_RESOURCE_GOROUTINE:
		return ev->goroutine;
	case TT_RESOURCE_PROC:
		return ev->proc;
	case TT_RESOURCE_THREAD:
		return ev->thread;
	default:
		return TT_NONE;
	}
}

/* The goroutine, P or thread that an event is about, besides those of its context. */
static inline enum tt_resource event_subject(const struct tt_event *ev, int64_t *id)
{
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		*id = t.id;
		return t.resource;
	}
	if (ev->kind >= TT_KIND_RANGE_BEGIN && ev->kind <= TT_KIND_RANGE_END) {
		struct tt_range r = tt_event_range(ev);

		*id = r.id;
		return r.scope;
	}
	return TT_RESOURCE_NONE;
}

/* What an argument is the id of: one of these, or TT_RESOURCE_NONE. */
enum tt_resource event_names(const struct tt_event *ev, unsigned arg);
/* The next argument of an experiment's event that names one of these, from *arg on; false: none. */
bool event_next_named(const struct tt_event *ev, enum tt_resource resource, unsigned *arg,
		      int64_t *id);
/* The string that an argument is the number of; false: it is no string. */
bool event_string(const struct tt_event *ev, unsigned arg, struct tt_str *s);
/* Whether an argument is a stack, and not that of the event itself, nor the empty one. */
bool event_has_other_stack(const struct tt_event *ev, unsigned arg);

#endif
