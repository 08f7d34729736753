/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which handler orders which event. This table is the only place in
 * lib/order that names events; everything else about them is in specs/. An event
 * that is not here but says what it `needs` is ordered by what its spec says: so are
 * all events of experiments, and Go's ranges. Stands on spec.
 */
#include "order/handlers.h"
#include "order/subject.h"
#include "spec/types.h"

static tt_handler *const handlers[256] = {
	[TT_EV_PROC_STATUS] = tt_advance_proc_status,
	[TT_EV_PROC_START] = tt_advance_proc_start,
	[TT_EV_PROC_STOP] = tt_advance_proc_stop,
	[TT_EV_PROC_STEAL] = tt_advance_proc_steal,

	[TT_EV_GO_STATUS] = tt_advance_go_status,
	[TT_EV_GO_STATUS_STACK] = tt_advance_go_status,
	[TT_EV_GO_CREATE] = tt_advance_go_create,
	[TT_EV_GO_CREATE_BLOCKED] = tt_advance_go_create_blocked,
	[TT_EV_GO_START] = tt_advance_go_start,
	[TT_EV_GO_DESTROY] = tt_advance_go_destroy,
	[TT_EV_GO_STOP] = tt_advance_go_stop,
	[TT_EV_GO_BLOCK] = tt_advance_go_block,
	[TT_EV_GO_UNBLOCK] = tt_advance_go_unblock,
	[TT_EV_GO_SWITCH] = tt_advance_go_switch,
	[TT_EV_GO_SWITCH_DESTROY] = tt_advance_go_switch_destroy,

	[TT_EV_GO_SYSCALL_BEGIN] = tt_advance_syscall_begin,
	[TT_EV_GO_SYSCALL_END] = tt_advance_syscall_end,
	[TT_EV_GO_SYSCALL_END_BLOCKED] = tt_advance_syscall_end_blocked,
	[TT_EV_GO_CREATE_SYSCALL] = tt_advance_create_syscall,
	[TT_EV_GO_DESTROY_SYSCALL] = tt_advance_destroy_syscall,

	[TT_EV_GC_ACTIVE] = tt_advance_gc_active,
	[TT_EV_GC_BEGIN] = tt_advance_gc_begin,
	[TT_EV_GC_END] = tt_advance_gc_end,

	[TT_EV_USER_TASK_BEGIN] = tt_advance_task_begin,
	[TT_EV_USER_TASK_END] = tt_advance_task_end,
	[TT_EV_USER_REGION_BEGIN] = tt_advance_region_begin,
	[TT_EV_USER_REGION_END] = tt_advance_region_end,
};

/* The rules of fast.h. */
static const uint8_t fast_rules[256] = {
	[TT_EV_GO_START] = TT_FAST_GO_START,
	[TT_EV_GO_STOP] = TT_FAST_GO_STOP,
	[TT_EV_GO_BLOCK] = TT_FAST_GO_BLOCK,
	[TT_EV_GO_UNBLOCK] = TT_FAST_GO_UNBLOCK,
	[TT_EV_GO_SYSCALL_BEGIN] = TT_FAST_SYSCALL_BEGIN,
	[TT_EV_GO_SYSCALL_END] = TT_FAST_SYSCALL_END,
};

/* Of an event that its spec alone says how to order. */
static tt_handler *handler_of(const struct tt_order *o, const struct tt_event_def *def)
{
	if (def == NULL || (def->needs & TT_NEED_STATED) == 0)
		return NULL;
	if (!tt_event_def_is_declared(def))
		return tt_advance_in_context;
	/* a range alone needs nothing around it: Go's own are such */
	return def->spec.norders == 0 && !tt_event_def_names_context(def)
		       ? tt_range_handler(o, def)
		       : tt_advance_declared;
}

/* Whether the type has the shape of the events that the rule is for. */
static bool fits(const struct tt_fast_type *fast, unsigned rule)
{
	const struct tt_fast_shape *shape = &tt_fast_shapes[rule];

	return (fast->may_lack ^ shape->needs) == UINT8_MAX && fast->nargs == shape->nargs &&
	       !fast->more_ids && fast->stack == shape->stack && fast->string == shape->string;
}

/* The rule of fast.h for it. */
static uint8_t rule_of(const struct tt_event_def *def, tt_handler *handler)
{
	if (handler == tt_advance_in_context)
		return TT_FAST_IN_CONTEXT;
	return handler == tt_advance_declared && tt_order_is_simple(def) ? TT_FAST_ORDER
									 : TT_FAST_NONE;
}

static struct tt_fast_type fast_type(const struct tt_event_def *def, tt_handler *handler,
				     unsigned needs)
{
	struct tt_fast_type fast = {
		.rule = rule_of(def, handler),
		.may_lack = (uint8_t)~needs,
		.stack = TT_ARG_ZERO,
		.string = TT_ARG_ZERO,
	};

	if (def == NULL)
		return fast;
	fast.nargs = def->spec.nargs;
	if (def->nstacks > 0)
		fast.stack = (uint8_t)def->stack_args[0];
	if (def->nstrings > 0)
		fast.string = (uint8_t)def->string_args[0];
	fast.more_ids = def->nstacks > 1 || def->nstrings > 1;
	fast.few_ids = !fast.more_ids && def->spec.norders == 0;
	return fast;
}

void tt_dispatch_init(struct tt_order *o)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(o->specs, type);
		uint8_t needs = def == NULL ? 0 : (uint8_t)(def->needs & ~TT_NEED_STATED);
		tt_handler *handler = handler_of(o, def);

		o->rules[type] = (struct tt_rule){handler, def, needs};
		o->fast[type] = fast_type(def, handler, needs);
	}
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_builtin(o->specs, type);
		struct tt_fast_type *fast;

		if (def == NULL || handlers[type] == NULL)
			continue;
		o->rules[def->spec.type].handler = handlers[type];
		fast = &o->fast[def->spec.type];
		fast->rule = fits(fast, fast_rules[type]) ? fast_rules[type] : TT_FAST_NONE;
	}
	/* events that handlers add to those of the trace */
	o->go_block = tt_specs_builtin(o->specs, TT_EV_GO_BLOCK);
	o->go_start = tt_specs_builtin(o->specs, TT_EV_GO_START);
	o->go_destroy = tt_specs_builtin(o->specs, TT_EV_GO_DESTROY);
	o->proc_steal = tt_specs_builtin(o->specs, TT_EV_PROC_STEAL);
}
