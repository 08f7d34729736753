/* SPDX-License-Identifier: MIT */
/* layout.c - the records of specs/v1.spec, as parsing and ordering need them. Stands on spec. */
#include <string.h>

#include "v1/parse.h"

/* Go's stateTransition() in internal/tracev1/order.go. An argument that a record does not have
 * is 0. */
#define ITSELF -1, 0, 0
#define OTHER 0, -1, 0
#define NO_ARG (TT_V1_MAX_ARGS - 1)
#define BLOCKS {ITSELF, TT_V1_RUNNING, TT_V1_WAITING, -1, NO_ARG, 0, 0}
#define YIELDS {ITSELF, TT_V1_RUNNING, TT_V1_RUNNABLE, -1, NO_ARG, 0, 0}
#define APPEARS {ITSELF, TT_V1_RUNNABLE, TT_V1_WAITING, 0, NO_ARG, 1, 1}
#define STARTS {ITSELF, TT_V1_RUNNABLE, TT_V1_RUNNING, 0, 1, 0, 1}
#define STARTS_LOCAL {ITSELF, TT_V1_RUNNABLE, TT_V1_RUNNING, -1, NO_ARG, 0, 1}
#define READIES {OTHER, TT_V1_WAITING, TT_V1_RUNNABLE, 0, 1, 0, 1}
#define READIES_LOCAL {OTHER, TT_V1_WAITING, TT_V1_RUNNABLE, -1, NO_ARG, 0, 1}
static const struct tt_v1_rule rules[TT_V1_NTYPES] = {
	[TT_V1_GO_CREATE] = {OTHER, TT_V1_DEAD, TT_V1_RUNNABLE, 0, NO_ARG, 0, 1},
	[TT_V1_GO_WAITING] = APPEARS,
	[TT_V1_GO_IN_SYSCALL] = APPEARS,
	[TT_V1_GO_START] = STARTS,
	[TT_V1_GO_START_LABEL] = STARTS,
	[TT_V1_GO_START_LOCAL] = STARTS_LOCAL,
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
	[TT_V1_GC_START] = {0, 0, TT_V1_COLLECTOR, TT_V1_DEAD, TT_V1_DEAD, 0, 0, 0, 1},
};
const struct tt_v1_rule tt_v1_free_rule = {
	0, 0, TT_V1_FREE, TT_V1_DEAD, TT_V1_DEAD, -1, NO_ARG, 0, 0,
};

/* How a record names a goroutine. */
static void set_goroutine(struct tt_v1_layout *layout, unsigned type)
{
	switch (type) {
	case TT_V1_GO_START:
	case TT_V1_GO_START_LOCAL:
	case TT_V1_GO_START_LABEL:
		layout->names_g = layout->is_about_g = layout->starts = -1;
		break;
	case TT_V1_GO_SYS_EXIT:
	case TT_V1_GO_WAITING:
	case TT_V1_GO_IN_SYSCALL:
		layout->names_g = layout->is_about_g = -1;
		break;
	case TT_V1_GO_CREATE:
	case TT_V1_GO_UNBLOCK:
	case TT_V1_GO_UNBLOCK_LOCAL:
	/* no Go wrote this one; its reader takes it for an event of the goroutine that runs, and
	 * looks for the time in an argument that is not there */
	case TT_V1_GO_SYS_EXIT_LOCAL:
		layout->names_g = -1;
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

/* Whether the goroutine that runs blocks or yields. */
static bool stops(const struct tt_v1_rule *rule)
{
	return rule->own != 0 && rule->status == TT_V1_RUNNING;
}

/* What is checked of it. */
static void set_change(struct tt_v1_layout *layout)
{
	static const struct tt_v1_change start = {
		.kind = TT_V1_CHANGE_THIS,
		.state = TT_V1_RUNNABLE,
		.from = TT_V1_RUNNABLE,
		.to = TT_V1_RUNNING,
		.begins = -1,
	}, unblock = {
		.kind = TT_V1_CHANGE_THIS,
		.state = TT_V1_RUNNING,
		.runs = -1,
		.other = -1,
		.from = TT_V1_WAITING,
		.to = TT_V1_RUNNABLE,
		.last = TT_V1_GO_UNBLOCK,
		.goes_on = -1,
	};

	switch (layout->type) {
	case TT_V1_GO_START:
	case TT_V1_GO_START_LABEL:
		layout->change = start;
		break;
	case TT_V1_GO_UNBLOCK:
		layout->change = unblock;
		break;
	case TT_V1_GOMAXPROCS:
	case TT_V1_HEAP_ALLOC:
	case TT_V1_HEAP_GOAL:
		layout->change.kind = TT_V1_CHANGE_NONE;
		break;
	default:
		if (!layout->stops)
			break;
		layout->change = (struct tt_v1_change){
			.kind = TT_V1_CHANGE_THIS,
			.state = TT_V1_RUNNING,
			.least = TT_V1_NO_G + 1,
			.runs = -1,
			.from = TT_V1_RUNNING,
			.to = stops(&layout->rule) ? layout->rule.next : TT_V1_DEAD,
			.last = layout->type,
		};
		break;
	}
	/* (more is to be done than to change it) */
	if (layout->nevents != 1 || layout->is_special || layout->type == TT_V1_GO_END ||
	    layout->type == TT_V1_GO_STOP)
		layout->change.kind = TT_V1_CHANGE_OTHER;
}

void tt_v1_layouts(struct tt_v1_layout layouts[TT_V1_NTYPES], const struct tt_specs *records,
		   unsigned version)
{
	memset(layouts, 0, TT_V1_NTYPES * sizeof(*layouts));
	for (unsigned type = 0; type < TT_V1_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(records, type);
		const struct tt_v1_rule *rule = rules[type].adds != 0 || stops(&rules[type]) ?
							&rules[type] :
							&tt_v1_free_rule;

		if (spec == NULL || spec->since > version)
			continue;
		layouts[type] = (struct tt_v1_layout){
			.spec = spec,
			.nnumbers = (uint8_t)(spec->nargs + spec->timed),
			.timed = spec->timed,
			.usual = spec->timed && type != TT_V1_USER_LOG && type != TT_V1_CPU_SAMPLE,
			.type = (uint8_t)without_local(type),
			.stops = stops(rule) || type == TT_V1_GO_END || type == TT_V1_GO_STOP ? -1 : 0,
			.in_syscall = type == TT_V1_GO_SYS_BLOCK || type == TT_V1_GO_IN_SYSCALL ||
				      without_local(type) == TT_V1_GO_SYS_EXIT,
			.rule = *rule,
			.stack_arg = spec->stack_arg,
		};
		set_goroutine(&layouts[type], type);
		layouts[type].names_other = (int8_t)~layouts[type].starts;
		layouts[type].goes_on = (int8_t)~(layouts[type].starts | layouts[type].stops);
		set_conversion(&layouts[type], type);
		set_change(&layouts[type]);
		layouts[type].numbers_mask = (UINT64_C(1) << 8 * (layouts[type].nnumbers & 3)) - 1;
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
