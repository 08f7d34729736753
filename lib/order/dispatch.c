/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which handler orders which event. This table is the only place in
 * lib/order that names events; everything else about them is in specs/. An event
 * that is not here but says what context it `needs` advances when it has that, and
 * if it `orders` a resource, when its number is due: so do all events of
 * experiments. Stands on spec.
 */
#include "order/handlers.h"

static const struct {
	const char *event;
	tt_handler *handler;
} table[] = {
	{"ProcStatus", tt_advance_proc_status},
	{"ProcStart", tt_advance_proc_start},
	{"ProcStop", tt_advance_proc_stop},
	{"ProcSteal", tt_advance_proc_steal},

	{"GoStatus", tt_advance_go_status},
	{"GoStatusStack", tt_advance_go_status},
	{"GoCreate", tt_advance_go_create},
	{"GoCreateBlocked", tt_advance_go_create_blocked},
	{"GoStart", tt_advance_go_start},
	{"GoDestroy", tt_advance_go_destroy},
	{"GoStop", tt_advance_go_stop},
	{"GoBlock", tt_advance_go_block},
	{"GoUnblock", tt_advance_go_unblock},
	{"GoSwitch", tt_advance_go_switch},
	{"GoSwitchDestroy", tt_advance_go_switch_destroy},

	{"GoSyscallBegin", tt_advance_syscall_begin},
	{"GoSyscallEnd", tt_advance_syscall_end},
	{"GoSyscallEndBlocked", tt_advance_syscall_end_blocked},
	{"GoCreateSyscall", tt_advance_create_syscall},
	{"GoDestroySyscall", tt_advance_destroy_syscall},

	{"GCActive", tt_advance_gc_active},
	{"GCBegin", tt_advance_gc_begin},
	{"GCEnd", tt_advance_gc_end},
	{"STWBegin", tt_advance_range_begin},
	{"STWEnd", tt_advance_range_end},
	{"GCSweepActive", tt_advance_range_active},
	{"GCSweepBegin", tt_advance_range_begin},
	{"GCSweepEnd", tt_advance_range_end},
	{"GCMarkAssistActive", tt_advance_range_active},
	{"GCMarkAssistBegin", tt_advance_range_begin},
	{"GCMarkAssistEnd", tt_advance_range_end},

	{"UserTaskBegin", tt_advance_task_begin},
	{"UserTaskEnd", tt_advance_task_end},
	{"UserRegionBegin", tt_advance_region_begin},
	{"UserRegionEnd", tt_advance_region_end},
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

static const struct tt_event_def *def_named(const struct tt_specs *specs, const char *name)
{
	const struct tt_event_spec *spec = tt_specs_event_named(specs, name);

	return spec == NULL ? NULL : tt_specs_def(specs, spec->type);
}

void tt_dispatch_init(struct tt_order *o)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(o->specs, type);

		o->rules[type].def = def;
		o->rules[type].needs = def == NULL ? 0 : (uint8_t)(def->needs & ~TT_NEED_STATED);
		if (def != NULL && (def->needs & TT_NEED_STATED) != 0)
			o->rules[type].handler = def->sort != 0 ? tt_advance_resource
								: tt_advance_in_context;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct tt_event_def *def = def_named(o->specs, table[i].event);

		if (def != NULL)
			o->rules[def->spec.type].handler = table[i].handler;
	}
	for (unsigned type = 0; type < 256; type++)
		o->shortcuts[type] = (struct tt_shortcut){(uint8_t)hot_of(&o->rules[type]),
							  o->rules[type].needs};
	/* events that handlers add to those of the trace */
	o->go_block = def_named(o->specs, "GoBlock");
	o->go_start = def_named(o->specs, "GoStart");
	o->go_destroy = def_named(o->specs, "GoDestroy");
	o->proc_steal = def_named(o->specs, "ProcSteal");
}
