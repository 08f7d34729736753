/* SPDX-License-Identifier: MIT */
/* globals.c - the tracer of the process and what hangs on it. Stands on globals.h. */
#include "emit/globals.h"

/* With the barrier in every section, until it is known that they need none. */
struct tt_em_tracer tt_em_tracer = {.fence = true};
uint32_t tt_emit_on_;

_Thread_local struct tt_emit *tt_em_self __attribute__((tls_model("initial-exec")));
struct tt_em_chunk tt_em_no_chunk;

void tt_em_set_on(bool on)
{
	__atomic_store_n(&tt_emit_on_, on ? 1 : 0, __ATOMIC_RELAXED);
}

void tt_em_lost(struct tt_emit *e)
{
	atomic_fetch_add_explicit(&e->lost, 1, memory_order_relaxed);
}

void tt_em_refused(struct tt_emit *e)
{
	atomic_fetch_add_explicit(&e->refused, 1, memory_order_relaxed);
}

void tt_em_flusher_wake(void)
{
	atomic_fetch_add(&tt_em_tracer.wakes, 1);
	tt_em_futex_wake_all(&tt_em_tracer.wakes);
}
