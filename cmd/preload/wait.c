/* SPDX-License-Identifier: MIT */
/*
 * wait.c - reports a call that waits, and its end. Stands on preload.h.
 */
#include "preload.h"

/*
 * A signal handler may have jumped out of a call, past the end that we would have reported:
 * then the frame that waits lies below the one that calls now.
 */
static void forget_abandoned(uintptr_t frame)
{
	struct tt_emit *e;

	if (preload_self.outer == 0 || preload_self.outer >= frame)
		return;
	preload_self.outer = 0;
	e = tt_emit_acquire();
	if (e != NULL) {
		tt_emit_syscall_end(e);
		tt_emit_release(e);
	}
}

/*
 * Without a reason it is a syscall. The stack comes first: it takes its time, and a section
 * holds up the generation.
 */
static bool wait_begin(const char *reason, uintptr_t caller, uintptr_t frame)
{
	int saved = errno;
	struct preload_stack stack;
	struct tt_emit *e;

	forget_abandoned(frame);
	if (preload_self.outer != 0)
		return false;
	preload_stack_take(&stack, caller);
	e = tt_emit_acquire();
	if (e != NULL) {
		uint64_t id;

		preload_self.outer = frame;
		id = tt_emit_stack(e, stack.pcs, stack.n);
		if (reason != NULL)
			tt_emit_block(e, reason, id);
		else
			tt_emit_syscall_begin(e, id);
		tt_emit_release(e);
	}
	errno = saved;
	return e != NULL;
}

bool preload_syscall_begin(uintptr_t caller, uintptr_t frame)
{
	return wait_begin(NULL, caller, frame);
}

void preload_syscall_end(void)
{
	int saved = errno;
	struct tt_emit *e = tt_emit_acquire();

	preload_self.outer = 0;
	if (e != NULL) {
		tt_emit_syscall_end(e);
		tt_emit_release(e);
	}
	errno = saved;
}

bool preload_block_begin(const char *reason, uintptr_t caller, uintptr_t frame)
{
	return wait_begin(reason, caller, frame);
}

void preload_block_end(void)
{
	int saved = errno;

	preload_self.outer = 0;
	tt_emit_unblock();
	errno = saved;
}
