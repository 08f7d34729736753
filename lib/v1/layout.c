/* SPDX-License-Identifier: MIT */
/* layout.c - the records of specs/v1.spec, as parsing and ordering need them. Stands on spec. */
#include <string.h>

#include "v1/parse.h"

/* Go's stateTransition() in internal/tracev1/order.go. */
#define BLOCKS {TT_V1_ITSELF, TT_V1_RUNNING, TT_V1_WAITING, true, -1, 0, 0}
#define YIELDS {TT_V1_ITSELF, TT_V1_RUNNING, TT_V1_RUNNABLE, true, -1, 0, 0}
#define APPEARS {TT_V1_ITSELF, TT_V1_RUNNABLE, TT_V1_WAITING, false, -1, 1, 1}
#define STARTS {TT_V1_ITSELF, TT_V1_RUNNABLE, TT_V1_RUNNING, false, 1, 0, 1}
#define READIES {TT_V1_OTHER, TT_V1_WAITING, TT_V1_RUNNABLE, false, 1, 0, 1}
#define READIES_LOCAL {TT_V1_OTHER, TT_V1_WAITING, TT_V1_RUNNABLE, true, -1, 0, 1}
static const struct tt_v1_rule rules[TT_V1_NTYPES] = {
	[TT_V1_GO_CREATE] = {TT_V1_OTHER, TT_V1_DEAD, TT_V1_RUNNABLE, false, -1, 0, 1},
	[TT_V1_GO_WAITING] = APPEARS,
	[TT_V1_GO_IN_SYSCALL] = APPEARS,
	[TT_V1_GO_START] = STARTS,
	[TT_V1_GO_START_LABEL] = STARTS,
	[TT_V1_GO_START_LOCAL] = {TT_V1_ITSELF, TT_V1_RUNNABLE, TT_V1_RUNNING, true, -1, 0, 1},
	[TT_V1_GO_BLOCK] = BLOCKS,
	[TT_V1_GO_BLOCK_SEND] = BLOCKS,
	[TT_V1_GO_BLOCK_RECV] = BLOCKS,
	[TT_V1_GO_BLOCK_SELECT] = BLOCKS,
	[TT_V1_GO_BLOCK_SYNC] = BLOCKS,
	[TT_V1_GO_BLOCK_COND] = BLOCKS,
	[TT_V1_GO_BLOCK_NET] = BLOCKS,
	[TT_V1_GO_SLEEP] = BLOCKS,
	[TT_V1_GO_SYS_BLOCK] = BLOCKS,
	[TT_V1_GO_BLOCK_GC] = BLOCKS,
	[TT_V1_GO_SCHED] = YIELDS,
	[TT_V1_GO_PREEMPT] = YIELDS,
	[TT_V1_GO_UNBLOCK] = READIES,
	[TT_V1_GO_SYS_EXIT] = READIES,
	[TT_V1_GO_UNBLOCK_LOCAL] = READIES_LOCAL,
	[TT_V1_GO_SYS_EXIT_LOCAL] = READIES_LOCAL,
	[TT_V1_GC_START] = {TT_V1_GC, TT_V1_DEAD, TT_V1_DEAD, false, 0, 0, 1},
};

/* How a record names a goroutine. */
static void set_goroutine(struct tt_v1_layout *layout, unsigned type)
{
	switch (type) {
	case TT_V1_GO_START:
	case TT_V1_GO_START_LOCAL:
	case TT_V1_GO_START_LABEL:
		layout->names_g = layout->is_about_g = layout->starts = true;
		break;
	case TT_V1_GO_SYS_EXIT:
	case TT_V1_GO_WAITING:
	case TT_V1_GO_IN_SYSCALL:
		layout->names_g = layout->is_about_g = true;
		break;
	case TT_V1_GO_CREATE:
	case TT_V1_GO_UNBLOCK:
	case TT_V1_GO_UNBLOCK_LOCAL:
	/* no Go wrote this one; its reader takes it for an event of the goroutine that runs, and
	 * looks for the time in an argument that is not there */
	case TT_V1_GO_SYS_EXIT_LOCAL:
		layout->names_g = true;
		break;
	default:
		break;
	}
}

static unsigned without_local(unsigned type)
{
	switch (type) {
	case TT_V1_GO_START_LOCAL:
		return TT_V1_GO_START;
	case TT_V1_GO_UNBLOCK_LOCAL:
		return TT_V1_GO_UNBLOCK;
	case TT_V1_GO_SYS_EXIT_LOCAL:
		return TT_V1_GO_SYS_EXIT;
	default:
		return type;
	}
}

/* What it becomes in v2. */
static void set_conversion(struct tt_v1_layout *layout, unsigned type)
{
	layout->nevents = 1;
	layout->id_arg = -1;
	switch (type) {
	case TT_V1_GO_SYS_CALL:
		layout->nevents = 2; /* if it does not block */
		break;
	case TT_V1_GO_SYS_BLOCK:
		layout->nevents = 0;
		break;
	case TT_V1_GO_START_LABEL:
		layout->nevents = 2;
		layout->id_arg = 2;
		break;
	case TT_V1_GO_CREATE:
	case TT_V1_USER_LOG:
		layout->id_arg = 1;
		break;
	case TT_V1_USER_TASK_CREATE:
	case TT_V1_USER_REGION:
		layout->id_arg = 2;
		break;
	default:
		break;
	}
	layout->is_special = layout->id_arg >= 0 || layout->type == TT_V1_GO_SYS_EXIT ||
			     type == TT_V1_FUTILE_WAKEUP;
}

/* What is checked of it, if that is what it is for most events. */
static uint8_t check_kind(const struct tt_v1_layout *layout)
{
	if (layout->nevents != 1 || layout->is_special)
		return TT_V1_CHECK_ANY;
	switch (layout->type) {
	case TT_V1_GO_START:
		return TT_V1_CHECK_START;
	case TT_V1_GO_UNBLOCK:
		return TT_V1_CHECK_UNBLOCK;
	case TT_V1_GOMAXPROCS:
	case TT_V1_HEAP_ALLOC:
	case TT_V1_HEAP_GOAL:
		return TT_V1_CHECK_NOTHING;
	default:
		return layout->rule.subject == TT_V1_ITSELF &&
				       layout->rule.status == TT_V1_RUNNING ?
			       TT_V1_CHECK_STOP :
			       TT_V1_CHECK_ANY;
	}
}

void tt_v1_layouts(struct tt_v1_layout layouts[TT_V1_NTYPES], const struct tt_specs *records,
		   unsigned version)
{
	memset(layouts, 0, TT_V1_NTYPES * sizeof(*layouts));
	for (unsigned type = 0; type < TT_V1_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(records, type);
		const struct tt_v1_rule *rule = &rules[type];

		if (spec == NULL || spec->since > version)
			continue;
		layouts[type] = (struct tt_v1_layout){
			.spec = spec,
			.nnumbers = (uint8_t)(spec->nargs + spec->timed),
			.timed = spec->timed,
			.usual = spec->timed && type != TT_V1_USER_LOG && type != TT_V1_CPU_SAMPLE,
			.type = (uint8_t)without_local(type),
			.stops = (rule->subject == TT_V1_ITSELF && rule->status == TT_V1_RUNNING) ||
				 type == TT_V1_GO_END || type == TT_V1_GO_STOP,
			.in_syscall = type == TT_V1_GO_SYS_BLOCK || type == TT_V1_GO_IN_SYSCALL ||
				      without_local(type) == TT_V1_GO_SYS_EXIT,
			.rule = *rule,
			.stack_arg = spec->stack_arg,
		};
		set_goroutine(&layouts[type], type);
		set_conversion(&layouts[type], type);
		layouts[type].check = check_kind(&layouts[type]);
	}
}

void tt_v1_usual(uint8_t usual[256], const struct tt_v1_layout layouts[TT_V1_NTYPES])
{
	for (unsigned byte = 0; byte < 256; byte++) {
		const struct tt_v1_layout *layout = &layouts[byte % TT_V1_NTYPES];
		unsigned n = byte / TT_V1_NTYPES + 1;

		usual[byte] = layout->usual && (n == 4 || n == layout->nnumbers) ? (uint8_t)n : 0;
	}
}
