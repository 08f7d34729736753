/* SPDX-License-Identifier: MIT */
/* names.c - the words for kinds and states, as Go prints them. Stands on nothing. */
#include "tracetool.h"

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
