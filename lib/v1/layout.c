/* SPDX-License-Identifier: MIT */
/* layout.c - the records of specs/v1.spec, as parsing and ordering need them. Stands on spec. */
#include <string.h>

#include "v1/parse.h"

/* Go's stateTransition() in internal/tracev1/order.go. */
static const uint8_t steps[TT_V1_NTYPES] = {
	[TT_V1_GO_CREATE] = TT_V1_CREATE,
	[TT_V1_GO_WAITING] = TT_V1_APPEAR,
	[TT_V1_GO_IN_SYSCALL] = TT_V1_APPEAR,
	[TT_V1_GO_START] = TT_V1_START,
	[TT_V1_GO_START_LABEL] = TT_V1_START,
	[TT_V1_GO_START_LOCAL] = TT_V1_START_LOCAL,
	[TT_V1_GO_BLOCK] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_SEND] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_RECV] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_SELECT] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_SYNC] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_COND] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_NET] = TT_V1_WAIT,
	[TT_V1_GO_SLEEP] = TT_V1_WAIT,
	[TT_V1_GO_SYS_BLOCK] = TT_V1_WAIT,
	[TT_V1_GO_BLOCK_GC] = TT_V1_WAIT,
	[TT_V1_GO_SCHED] = TT_V1_YIELD,
	[TT_V1_GO_PREEMPT] = TT_V1_YIELD,
	[TT_V1_GO_UNBLOCK] = TT_V1_READY,
	[TT_V1_GO_SYS_EXIT] = TT_V1_READY,
	[TT_V1_GO_UNBLOCK_LOCAL] = TT_V1_READY_LOCAL,
	[TT_V1_GO_SYS_EXIT_LOCAL] = TT_V1_READY_LOCAL,
	[TT_V1_GC_START] = TT_V1_GC,
};

void tt_v1_layouts(struct tt_v1_layout layouts[TT_V1_NTYPES], const struct tt_specs *records,
		   unsigned version)
{
	memset(layouts, 0, TT_V1_NTYPES * sizeof(*layouts));
	for (unsigned type = 0; type < TT_V1_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(records, type);
		uint8_t step = steps[type];

		if (spec == NULL || spec->since > version)
			continue;
		layouts[type] = (struct tt_v1_layout){
			.spec = spec,
			.nnumbers = (uint8_t)(spec->nargs + spec->timed),
			.timed = spec->timed,
			.stops = step == TT_V1_WAIT || step == TT_V1_YIELD ||
				 type == TT_V1_GO_END || type == TT_V1_GO_STOP,
			.step = step,
			.stack_arg = spec->stack_arg,
		};
	}
}
