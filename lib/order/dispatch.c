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

/* The handlers that have a body in hot.h. */
static const struct {
	tt_handler *handler;
	enum tt_hot hot;
} hot[] = {
	{tt_advance_in_context, TT_HOT_IN_CONTEXT},
	{tt_advance_go_start, TT_HOT_GO_START},
	{tt_advance_go_unblock, TT_HOT_GO_UNBLOCK},
	{tt_advance_go_block, TT_HOT_GO_BLOCK},
	{tt_advance_go_stop, TT_HOT_GO_STOP},
	{tt_advance_syscall_begin, TT_HOT_SYSCALL_BEGIN},
	{tt_advance_syscall_end, TT_HOT_SYSCALL_END},
};

static enum tt_hot hot_of(tt_handler *handler)
{
	for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++)
		if (hot[i].handler == handler)
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
		o->rules[type].hot = hot_of(o->rules[type].handler);
	/* events that handlers add to those of the trace */
	o->go_block = def_named(o->specs, "GoBlock");
	o->go_start = def_named(o->specs, "GoStart");
	o->go_destroy = def_named(o->specs, "GoDestroy");
	o->proc_steal = def_named(o->specs, "ProcSteal");
}
