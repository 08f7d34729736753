/* SPDX-License-Identifier: MIT */
/*
 * section.c - how a thread enters and leaves sections. No generation ends while a thread is
 * inside one (flusher.c). Stands on emit.h.
 */
#include "emit/emit.h"

#include <unistd.h>

/* The thread's first section in this trace. False: no memory. */
static bool join_trace(struct tt_emit *e)
{
	struct tt_em_thread *th;
	bool joined = false;

	e->thread = NULL;
	tt_em_lock_take(&tt_em_tracer.lock);
	th = tt_em_thread_new(tt_em_trace());
	if (th != NULL) {
		if (e->tid == getpid())
			th->start = TT_EM_START_MAIN;
		joined = tt_em_thread_attach(e, th);
		/* the flusher gives it back: nothing was written */
		if (!joined)
			atomic_store_explicit(&th->detached, true, memory_order_relaxed);
	}
	tt_em_lock_give(&tt_em_tracer.lock);
	return joined;
}

/* A generation, or a whole trace, that the thread has not seen yet. */
static bool enter_generation(struct tt_emit *e, uint64_t epoch_gen)
{
	bool same = tt_em_epoch_of(e->epoch_gen) == tt_em_epoch_of(epoch_gen);

	e->gen = epoch_gen & TT_EM_GEN_MASK;
	e->chunk = &tt_em_no_chunk;
	if (!same || e->thread == NULL) {
		e->waits = 0;
		if (!join_trace(e)) {
			e->epoch_gen = TT_EM_NO_EPOCH_GEN;
			tt_em_lost(e);
			return false;
		}
	}
	e->epoch_gen = epoch_gen;
	return true;
}

struct tt_emit *tt_em_section_begin(struct tt_emit *e)
{
	uint64_t epoch_gen;

	if (e->busy)
		return NULL;
	if (e->depth != 0) {
		e->depth++;
		return e;
	}
	tt_em_busy_begin(e);
	if (tt_unlikely(atomic_load_explicit(&tt_em_tracer.fence, memory_order_relaxed))) {
		atomic_exchange(&e->writing, 1);
	} else {
		/* the flusher's membarrier is the other half of this fence */
		atomic_store_explicit(&e->writing, 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
	}
	epoch_gen = atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_seq_cst);
	if (tt_unlikely(epoch_gen != e->epoch_gen) &&
	    (epoch_gen == 0 || !enter_generation(e, epoch_gen))) {
		atomic_store_explicit(&e->writing, 0, memory_order_release);
		tt_em_busy_end(e);
		return NULL;
	}
	e->depth = 1;
	tt_em_busy_end(e);
	return e;
}

void tt_em_section_end(struct tt_emit *e)
{
	if (e->depth > 1) {
		e->depth--;
		return;
	}
	if (tt_unlikely(e->stw))
		tt_em_end_stw(e);
	e->depth = 0;
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&e->writing, 0, memory_order_release);
}

struct tt_emit *tt_emit_acquire(void)
{
	struct tt_emit *e = tt_em_self;

	if (tt_unlikely(e == NULL)) {
		if (atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_relaxed) == 0)
			return NULL;
		e = tt_em_handle();
		if (e == NULL)
			return NULL;
	}
	return tt_em_section_begin(e);
}

void tt_emit_release(struct tt_emit *e)
{
	tt_em_section_end(e);
}

uint64_t tt_emit_generation(const struct tt_emit *e)
{
	return e->gen;
}
