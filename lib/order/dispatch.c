/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which handler orders which event. This table is the only place in
 * lib/order that names events; everything else about them is in specs/. An event
 * that is not here but says what context it `needs` advances when it has that, and
 * if it `orders` a resource, when its number is due: so do all events of
 * experiments. Stands on spec.
 */
#include "order/handlers.h"
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
	[TT_EV_STW_BEGIN] = tt_advance_range_begin,
	[TT_EV_STW_END] = tt_advance_range_end,
	[TT_EV_GC_SWEEP_ACTIVE] = tt_advance_range_active,
	[TT_EV_GC_SWEEP_BEGIN] = tt_advance_range_begin,
	[TT_EV_GC_SWEEP_END] = tt_advance_range_end,
	[TT_EV_GC_MARK_ASSIST_ACTIVE] = tt_advance_range_active,
	[TT_EV_GC_MARK_ASSIST_BEGIN] = tt_advance_range_begin,
	[TT_EV_GC_MARK_ASSIST_END] = tt_advance_range_end,

	[TT_EV_USER_TASK_BEGIN] = tt_advance_task_begin,
	[TT_EV_USER_TASK_END] = tt_advance_task_end,
	[TT_EV_USER_REGION_BEGIN] = tt_advance_region_begin,
	[TT_EV_USER_REGION_END] = tt_advance_region_end,
};

#define ANY_NARGS 0xff

/* The handlers that have a shortcut in hot.h. */
static const struct {
	tt_handler *handler;
	enum tt_hot hot;
	uint8_t nargs;          /* as its shortcut has it */
} hot[] = {
	{tt_advance_in_context, TT_HOT_IN_CONTEXT, ANY_NARGS},
	{tt_advance_go_start, TT_HOT_GO_START, 2},
	{tt_advance_go_unblock, TT_HOT_GO_UNBLOCK, 3},
	{tt_advance_go_block, TT_HOT_GO_BLOCK, 2},
	{tt_advance_go_stop, TT_HOT_GO_STOP, 2},
	{tt_advance_syscall_begin, TT_HOT_SYSCALL_BEGIN, 2},
	{tt_advance_syscall_end, TT_HOT_SYSCALL_END, 0},
};

static enum tt_hot hot_of(const struct tt_rule *rule)
{
	for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++)
		if (hot[i].handler == rule->handler && rule->def != NULL &&
		    (hot[i].nargs == ANY_NARGS || hot[i].nargs == rule->def->spec.nargs))
			return hot[i].hot;
	return TT_HOT_NONE;
}

void tt_dispatch_init(struct tt_order *o)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(o->specs, type);

		o->rules[type].def = def;
		o->rules[type].needs = def == NULL ? 0 : (uint8_t)(def->needs & ~TT_NEED_STATED);
		if (def != NULL && (def->needs & TT_NEED_STATED) != 0)
			o->rules[type].handler = def->resource_class != 0
						? tt_advance_resource
						: tt_advance_in_context;
	}
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_builtin(o->specs, type);

		if (def != NULL && handlers[type] != NULL)
			o->rules[def->spec.type].handler = handlers[type];
	}
	for (unsigned type = 0; type < 256; type++)
		o->shortcuts[type] = (struct tt_shortcut){(uint8_t)hot_of(&o->rules[type]),
							  o->rules[type].needs};
	/* events that handlers add to those of the trace */
	o->go_block = tt_specs_builtin(o->specs, TT_EV_GO_BLOCK);
	o->go_start = tt_specs_builtin(o->specs, TT_EV_GO_START);
	o->go_destroy = tt_specs_builtin(o->specs, TT_EV_GO_DESTROY);
	o->proc_steal = tt_specs_builtin(o->specs, TT_EV_PROC_STEAL);
}
