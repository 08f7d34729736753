/* SPDX-License-Identifier: MIT */
/*
 * stack.c - where a call came from. Programs are rarely built with frame pointers, so
 * whole stacks are unwound with the tables that exceptions use. Stands on preload.h.
 */
#include "preload.h"

#include <unwind.h>

bool preload_full_stacks;

struct walk {
	struct preload_stack *stack;
	uintptr_t caller;
	bool found;             /* the caller's frame, the first to be taken */
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	uintptr_t pc = (uintptr_t)_Unwind_GetIP(context);

	w->found = w->found || pc == w->caller;
	if (pc == 0)
		return _URC_END_OF_STACK;
	if (w->found)
		w->stack->pcs[w->stack->n++] = pc;
	return w->stack->n < PRELOAD_MAX_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void preload_stack_take(struct preload_stack *s, uintptr_t caller)
{
	struct walk w = { .stack = s, .caller = caller };

	s->n = 0;
	if (preload_full_stacks) {
		preload_self.quiet = true;
		(void)_Unwind_Backtrace(take_frame, &w);
		preload_self.quiet = false;
	}
	if (s->n == 0)
		s->pcs[s->n++] = caller;
}
