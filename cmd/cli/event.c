/* SPDX-License-Identifier: MIT */
/* event.c - what an event is about. Command layer. */
#include "event.h"

enum tt_resource event_names(const struct tt_event *ev, unsigned arg)
{
	switch (ev->spec->args[arg].type) {
	case TT_ARG_G:
		return TT_RESOURCE_GOROUTINE;
	case TT_ARG_P:
		return TT_RESOURCE_PROC;
	case TT_ARG_M:
		return TT_RESOURCE_THREAD;
	default:
		return TT_RESOURCE_NONE;
	}
}

bool event_next_named(const struct tt_event *ev, enum tt_resource resource, unsigned *arg,
		      int64_t *id)
{
	if (!ev->spec || !ev->spec->experiment)
		return false;
	while (*arg < ev->spec->nargs) {
		unsigned i = (*arg)++;

		*id = (int64_t)ev->args[i];
		if (event_names(ev, i) == resource && *id != TT_NONE)
			return true;
	}
	return false;
}

bool event_string(const struct tt_event *ev, unsigned arg, struct tt_str *s)
{
	return ev->spec->args[arg].type == TT_ARG_STRING &&
	       tt_generation_string(ev->generation, ev->args[arg], s);
}

bool event_has_other_stack(const struct tt_event *ev, unsigned arg)
{
	return ev->spec->args[arg].type == TT_ARG_STACK && (int)arg != ev->spec->stack_arg &&
	       ev->args[arg] != 0;
}
