/* SPDX-License-Identifier: MIT */
/*
 * intern.c - numbers for the program's strings and stacks, and the calling thread's stack by
 * frame pointers. Frames are followed only upwards and only within the thread's own stack, so
 * that code without frame pointers cuts a stack short but is no danger. Stands on emit.h.
 */
#include "emit/emit.h"

#include <pthread.h>

uint64_t tt_emit_string(struct tt_emit *e, const char *data, size_t len)
{
	uint64_t id = 0;

	tt_em_busy_begin(e);
	if (tt_em_room(e))
		id = tt_em_intern_string(tt_em_tables(e), data, len);
	tt_em_busy_end(e);
	return id;
}

static uint64_t intern_addresses(struct tt_em_tables at, const uintptr_t *pcs, size_t n)
{
#if UINTPTR_MAX == UINT64_MAX
	return tt_em_intern_stack(at, (const uint64_t *)pcs, n);
#else
	uint64_t wide[TT_V2_MAX_FRAMES];

	if (n > TT_V2_MAX_FRAMES)
		n = TT_V2_MAX_FRAMES;
	for (size_t i = 0; i < n; i++)
		wide[i] = pcs[i];
	return tt_em_intern_stack(at, wide, n);
#endif
}

uint64_t tt_emit_stack(struct tt_emit *e, const uintptr_t *pcs, size_t n)
{
	uint64_t id = 0;

	tt_em_busy_begin(e);
	if (tt_em_room(e))
		id = intern_addresses(tt_em_tables(e), pcs, n);
	tt_em_busy_end(e);
	return id;
}

/* ------------------------------------------------------------- the stack here */

#define UNKNOWN 1
/* Nothing is mapped below. */
#define LOWEST_PC 4096

/* The stack that the thread was made with. */
static void find_stack(struct tt_emit *e)
{
	pthread_attr_t attr;
	void *low = NULL;
	size_t size = 0;

	e->stack_low = e->stack_end = UNKNOWN;
	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return;
	if (pthread_attr_getstack(&attr, &low, &size) != 0)
		low = NULL;
	pthread_attr_destroy(&attr);
	if (low == NULL)
		return;
	e->stack_low = (uintptr_t)low;
	e->stack_end = (uintptr_t)low + size;
}

static size_t walk(const uintptr_t *frame, uintptr_t end, unsigned skip, uint64_t *pcs)
{
	uintptr_t at = (uintptr_t)frame, next;
	size_t n = 0;

	while (at % sizeof(uintptr_t) == 0 && at < end && end - at >= 2 * sizeof(uintptr_t)) {
		frame = (const uintptr_t *)at;
		if (frame[1] < LOWEST_PC)
			break;
		if (skip > 0)
			skip--;
		else
			pcs[n++] = frame[1];
		next = frame[0];
		if (next <= at || n == TT_V2_MAX_FRAMES)
			break;
		at = next;
	}
	return n;
}

uint64_t tt_emit_stack_here(struct tt_emit *e, unsigned skip)
{
	const uintptr_t *frame = __builtin_frame_address(0);
	uint64_t pcs[TT_V2_MAX_FRAMES], id = 0;
	size_t n;

	tt_em_busy_begin(e);
	if (tt_unlikely(e->stack_end == 0))
		find_stack(e);
	/* a signal's own stack, or a coroutine's, is not walked */
	if ((uintptr_t)frame >= e->stack_low && (uintptr_t)frame < e->stack_end && tt_em_room(e)) {
		n = walk(frame, e->stack_end, skip, pcs);
		id = tt_em_intern_stack(tt_em_tables(e), pcs, n);
	}
	tt_em_busy_end(e);
	return id;
}
