/* SPDX-License-Identifier: MIT */
/* known.c - the types that a repair knows by name. Stands on spec. */
#include <string.h>

#include "repair/salvage.h"

static const char *const names[TT_KNOWN_COUNT] = {
	[TT_KNOWN_EVENT_BATCH] = "EventBatch",
	[TT_KNOWN_EXPERIMENTAL_BATCH] = "ExperimentalBatch",
	[TT_KNOWN_END_OF_GENERATION] = "EndOfGeneration",
	[TT_KNOWN_STRINGS] = "Strings",
	[TT_KNOWN_STRING] = "String",
	[TT_KNOWN_STACKS] = "Stacks",
	[TT_KNOWN_STACK] = "Stack",
	[TT_KNOWN_SAMPLES] = "CPUSamples",
	[TT_KNOWN_FREQUENCY] = "Frequency",
	[TT_KNOWN_SYNC] = "Sync",
	[TT_KNOWN_CLOCK] = "ClockSnapshot",
	[TT_KNOWN_PROC_STATUS] = "ProcStatus",
	[TT_KNOWN_PROC_START] = "ProcStart",
	[TT_KNOWN_PROC_STOP] = "ProcStop",
	[TT_KNOWN_PROC_STEAL] = "ProcSteal",
	[TT_KNOWN_GO_STATUS] = "GoStatus",
	[TT_KNOWN_GO_STATUS_STACK] = "GoStatusStack",
	[TT_KNOWN_GO_CREATE] = "GoCreate",
	[TT_KNOWN_GO_CREATE_BLOCKED] = "GoCreateBlocked",
	[TT_KNOWN_GO_CREATE_SYSCALL] = "GoCreateSyscall",
	[TT_KNOWN_GO_START] = "GoStart",
	[TT_KNOWN_GO_STOP] = "GoStop",
	[TT_KNOWN_GO_BLOCK] = "GoBlock",
	[TT_KNOWN_GO_UNBLOCK] = "GoUnblock",
	[TT_KNOWN_GO_DESTROY] = "GoDestroy",
	[TT_KNOWN_GO_DESTROY_SYSCALL] = "GoDestroySyscall",
	[TT_KNOWN_SYSCALL_BEGIN] = "GoSyscallBegin",
	[TT_KNOWN_SYSCALL_END_BLOCKED] = "GoSyscallEndBlocked",
	[TT_KNOWN_STW_BEGIN] = "STWBegin",
	[TT_KNOWN_STW_END] = "STWEnd",
	[TT_KNOWN_GC_ACTIVE] = "GCActive",
	[TT_KNOWN_GC_BEGIN] = "GCBegin",
	[TT_KNOWN_GC_END] = "GCEnd",
	[TT_KNOWN_ASSIST_BEGIN] = "GCMarkAssistBegin",
	[TT_KNOWN_ASSIST_END] = "GCMarkAssistEnd",
	[TT_KNOWN_ASSIST_ACTIVE] = "GCMarkAssistActive",
	[TT_KNOWN_SWEEP_BEGIN] = "GCSweepBegin",
	[TT_KNOWN_SWEEP_END] = "GCSweepEnd",
	[TT_KNOWN_SWEEP_ACTIVE] = "GCSweepActive",
	[TT_KNOWN_TASK_BEGIN] = "UserTaskBegin",
	[TT_KNOWN_TASK_END] = "UserTaskEnd",
	[TT_KNOWN_REGION_BEGIN] = "UserRegionBegin",
	[TT_KNOWN_REGION_END] = "UserRegionEnd",
};

void tt_known_types_init(struct tt_known_types *k, const struct tt_specs *specs)
{
	memset(k->known, TT_KNOWN_COUNT, sizeof(k->known));
	for (unsigned i = 0; i < TT_KNOWN_COUNT; i++) {
		const struct tt_event_spec *spec = tt_specs_event_named(specs, names[i]);

		k->type[i] = spec == NULL ? 0 : spec->type;
		k->known[k->type[i]] = (uint8_t)i;
	}
}
