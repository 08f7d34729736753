/* SPDX-License-Identifier: MIT */
/*
 * states.h - the states that a transition leads from and to, by its spec's `shows` line:
 * inline, since every event of a trace asks. Stands on spec.
 */
#ifndef TT_EVENT_STATES_H
#define TT_EVENT_STATES_H

#include "spec/spec.h"

/* A wire status of an argument, as the public sees it. */
static inline enum tt_state tt_state_of_status(enum tt_resource resource, uint64_t status)
{
	static const uint8_t procs[] = {TT_STATE_UNDETERMINED, TT_STATE_RUNNING, TT_STATE_IDLE,
					TT_STATE_RUNNING, TT_STATE_IDLE};
	static const uint8_t goroutines[] = {TT_STATE_UNDETERMINED, TT_STATE_RUNNABLE,
					     TT_STATE_RUNNING, TT_STATE_SYSCALL, TT_STATE_WAITING};

	if (resource == TT_RESOURCE_PROC)
		return status < sizeof(procs) ? procs[status] : TT_STATE_BAD;
	return status < sizeof(goroutines) ? goroutines[status] : TT_STATE_BAD;
}

static inline enum tt_state tt_state_before(const struct tt_event *ev,
					    const struct tt_event_view *view)
{
	return (enum tt_state)(view->from == TT_STATE_FROM_ORDER ? ev->was_ : view->from);
}

static inline enum tt_state tt_state_after(const struct tt_event *ev,
					   const struct tt_event_view *view)
{
	return view->to == TT_STATE_FROM_ARG
		       ? tt_state_of_status(view->resource, ev->args[view->to_arg])
		       : (enum tt_state)view->to;
}

#endif
