/* SPDX-License-Identifier: MIT */
/* state.c - the words for states, as Go prints them. Stands on nothing. */
#include "tracetool.h"

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
