/* SPDX-License-Identifier: MIT */
/*
 * event.c - what an event says, by its spec's `shows` line, and the words for kinds and states.
 * Names no event. Stands on gen and spec.
 */
#include <assert.h>

#include "event/states.h"
#include "gen/generation.h"
#include "spec/spec.h"

static const struct tt_event_view *view_of(const struct tt_event *ev)
{
	return &tt_event_def_of(ev->spec)->view;
}

static struct tt_str string_of(const struct tt_event *ev, int8_t arg)
{
	struct tt_str s = {"", 0};

	if (arg >= 0)
		tt_generation_string(ev->generation, ev->args[arg], &s);
	return s;
}

static uint64_t arg_or(const struct tt_event *ev, int8_t arg, uint64_t otherwise)
{
	return arg < 0 ? otherwise : ev->args[arg];
}

/* The resource that the event is about: an argument or that of the context. */
static int64_t resource_id(const struct tt_event *ev, const struct tt_event_view *view)
{
	if (view->id_arg >= 0)
		return (int64_t)ev->args[view->id_arg];
	if (view->resource == TT_RESOURCE_THREAD)
		return ev->thread;
	return view->resource == TT_RESOURCE_PROC ? ev->proc : ev->goroutine;
}

uint64_t tt_event_stack(const struct tt_event *ev, bool *has)
{
	uint64_t id = ev->spec == NULL ? 0 : arg_or(ev, ev->spec->stack_arg, 0);

	if (has != NULL)
		*has = id != 0 || ev->kind == TT_KIND_STACK_SAMPLE;
	return id;
}

struct tt_sync tt_event_sync(const struct tt_event *ev)
{
	assert(ev->kind == TT_KIND_SYNC);
	return (struct tt_sync){
		.n = ev->extra_,
		.clock = ev->generation == NULL ? NULL : tt_generation_clock(ev->generation),
	};
}

struct tt_metric tt_event_metric(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);

	assert(ev->kind == TT_KIND_METRIC);
	return (struct tt_metric){view->name, ev->args[view->args[0]]};
}

struct tt_str tt_event_label(const struct tt_event *ev)
{
	assert(ev->kind == TT_KIND_LABEL);
	return string_of(ev, view_of(ev)->args[0]);
}

struct tt_range tt_event_range(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);
	struct tt_range range = {
		.name = view->name,
		.kind_known = true,
		.scope = view->resource,
		.id = view->resource == TT_RESOURCE_NONE ? TT_NONE : resource_id(ev, view),
		.nattributes = view->nattributes,
	};

	assert(ev->kind == TT_KIND_RANGE_BEGIN || ev->kind == TT_KIND_RANGE_ACTIVE ||
	       ev->kind == TT_KIND_RANGE_END);
	if (view->has_kind && view->kind_arg < 0 && ev->spec->experiment != NULL) {
		/* that of its begin, which may be of an older generation */
		range.kind_id = ev->extra_;
		range.kind = ev->kind == TT_KIND_RANGE_END ? ev->text_ : (struct tt_str){"", 0};
	} else if (view->has_kind) {
		/* an end has the kind that ordering found */
		range.kind_id = arg_or(ev, view->kind_arg, ev->extra_);
		range.kind_known = tt_generation_string(ev->generation, range.kind_id, &range.kind);
	}
	for (unsigned i = 0; i < range.nattributes; i++) {
		range.attributes[i].name = view->attributes[i].name;
		range.attributes[i].value = ev->args[view->attributes[i].arg];
	}
	return range;
}

struct tt_task tt_event_task(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);
	bool end = ev->kind == TT_KIND_TASK_END;

	assert(end || ev->kind == TT_KIND_TASK_BEGIN);
	return (struct tt_task){
		.id = ev->args[view->args[0]],
		.parent = end ? ev->extra_ : arg_or(ev, view->args[1], TT_NO_TASK),
		.type = end ? ev->text_ : string_of(ev, view->args[2]),
	};
}

struct tt_region tt_event_region(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);

	assert(ev->kind == TT_KIND_REGION_BEGIN || ev->kind == TT_KIND_REGION_END);
	return (struct tt_region){ev->args[view->args[0]], string_of(ev, view->args[1])};
}

struct tt_log tt_event_log(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);

	assert(ev->kind == TT_KIND_LOG);
	return (struct tt_log){ev->args[view->args[0]], string_of(ev, view->args[1]),
			       string_of(ev, view->args[2])};
}

struct tt_transition tt_event_transition(const struct tt_event *ev)
{
	const struct tt_event_view *view = view_of(ev);
	bool own = view->stack_arg >= 0 && view->stack_arg != ev->spec->stack_arg;
	uint64_t stack = arg_or(ev, view->stack_arg, 0);

	assert(ev->kind == TT_KIND_TRANSITION);
	/* put together in one go: a struct that is filled and then copied costs more
	 * than all the rest */
	return (struct tt_transition){
		.resource = view->resource,
		.id = resource_id(ev, view),
		.from = tt_state_before(ev, view),
		.to = tt_state_after(ev, view),
		.reason = string_of(ev, view->reason_arg),
		/* a stack of its own is always there, even if it is empty; the
		 * executing stack only if there is one */
		.has_stack = own || stack != 0,
		.stack = stack,
	};
}

/* ---- words, as Go prints them */

const char *tt_state_name(enum tt_state state)
{
	static const char *const names[] = {
		[TT_STATE_UNDETERMINED] = "Undetermined",
		[TT_STATE_NOT_EXIST] = "NotExist",
		[TT_STATE_RUNNABLE] = "Runnable",
		[TT_STATE_RUNNING] = "Running",
		[TT_STATE_WAITING] = "Waiting",
		[TT_STATE_SYSCALL] = "Syscall",
		[TT_STATE_IDLE] = "Idle",
	};

	return (unsigned)state < TT_STATE_BAD ? names[state] : "Bad";
}

const char *tt_kind_name(enum tt_kind kind)
{
	static const char *const names[TT_KIND_COUNT] = {
		[TT_KIND_BAD] = "Bad",
		[TT_KIND_SYNC] = "Sync",
		[TT_KIND_METRIC] = "Metric",
		[TT_KIND_LABEL] = "Label",
		[TT_KIND_STACK_SAMPLE] = "StackSample",
		[TT_KIND_RANGE_BEGIN] = "RangeBegin",
		[TT_KIND_RANGE_ACTIVE] = "RangeActive",
		[TT_KIND_RANGE_END] = "RangeEnd",
		[TT_KIND_TASK_BEGIN] = "TaskBegin",
		[TT_KIND_TASK_END] = "TaskEnd",
		[TT_KIND_REGION_BEGIN] = "RegionBegin",
		[TT_KIND_REGION_END] = "RegionEnd",
		[TT_KIND_LOG] = "Log",
		[TT_KIND_TRANSITION] = "StateTransition",
		[TT_KIND_EXPERIMENTAL] = "Experimental",
	};

	return (unsigned)kind < TT_KIND_COUNT ? names[kind] : "Bad";
}
