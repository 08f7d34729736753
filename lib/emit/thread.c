/* SPDX-License-Identifier: MIT */
/*
 * thread.c - how a thread enters and leaves sections, is announced, and goes. Stands on
 * emit.h.
 */
#include "emit/emit.h"

#include <unistd.h>

/* ------------------------------------------------------------------- sections */

/* The life is this thread's. False: no processor left. The lock is held. */
static bool settle(struct tt_emit *e, struct tt_em_thread *th)
{
	struct tt_em_trace *t = tt_em_trace();
	int tid = e->tid;

	th->p = tt_em_proc_take(e->gen);
	if (th->p == NULL)
		return false;
	th->m = (uint64_t)tid;
	/* the kernel gives numbers of threads again; the trace must not */
	if (tid >= 0 && tid < TT_EM_NTIDS)
		th->m += (uint64_t)t->incarnations[tid]++ * TT_EM_NTIDS;
	e->thread = th;
	return true;
}

static bool join_trace(struct tt_emit *e)
{
	struct tt_em_thread *th;
	bool there = false;

	e->thread = NULL;
	tt_em_lock(&tt_em_tracer.lock);
	th = tt_em_thread_new(tt_em_trace());
	if (th != NULL) {
		if (e->tid == getpid())
			th->start = TT_EM_START_MAIN;
		there = settle(e, th);
		/* the flusher gives it back: nothing was written */
		if (!there)
			atomic_store_explicit(&th->detached, true, memory_order_relaxed);
	}
	tt_em_unlock(&tt_em_tracer.lock);
	return there;
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
		tt_emit_range_end(e, TT_EMIT_RANGE_STW, 0, 0);
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
		e = tt_em_handle(true);
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

/* ------------------------------------------------------------------ announced */

/* The life that a token names, if it waits for its thread still. The lock is held. */
static struct tt_em_thread *announced(uint64_t token)
{
	struct tt_em_trace *t = tt_em_trace();
	uint64_t index = (token & UINT32_MAX) - 1;
	struct tt_em_thread *th;

	if (token == 0 || index >= t->nthreads)
		return NULL;
	th = &t->thread_area[index];
	return th->serial == token >> 32 && th->p == NULL && th->g.id != 0 ? th : NULL;
}

/* True: the thread is in a section, with the life that was announced. */
static bool adopt(struct tt_emit *e, uint64_t token)
{
	struct tt_em_thread *th;
	bool done = false;

	tt_em_lock(&tt_em_tracer.lock);
	th = announced(token);
	if (th != NULL)
		done = settle(e, th);
	tt_em_unlock(&tt_em_tracer.lock);
	return done;
}

/* As a section's begin, but the thread gets no life of its own. */
static bool begin_announced(struct tt_emit *e, uint64_t token)
{
	uint64_t epoch_gen;
	bool done = false;

	tt_em_busy_begin(e);
	atomic_exchange(&e->writing, 1);
	epoch_gen = atomic_load(&tt_em_tracer.epoch_gen);
	if (epoch_gen != 0 && tt_em_epoch_of(epoch_gen) != tt_em_epoch_of(e->epoch_gen)) {
		e->gen = epoch_gen & TT_EM_GEN_MASK;
		e->chunk = &tt_em_no_chunk;
		e->waits = 0;
		done = adopt(e, token);
		e->epoch_gen = done ? epoch_gen : TT_EM_NO_EPOCH_GEN;
	}
	if (done && tt_em_room(e))
		tt_em_to_running(e);
	atomic_store_explicit(&e->writing, 0, memory_order_release);
	tt_em_busy_end(e);
	return done;
}

void tt_emit_thread_begin(uint64_t token)
{
	struct tt_emit *e;

	if (atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_relaxed) == 0)
		return;
	e = tt_em_handle(true);
	if (e == NULL || e->busy || e->depth != 0)
		return;
	if (token == 0 || !begin_announced(e, token)) {
		e = tt_em_section_begin(e);
		if (e == NULL)
			return;
		tt_em_busy_begin(e);
		if (tt_em_room(e))
			tt_em_to_running(e);
		tt_em_busy_end(e);
		tt_em_section_end(e);
	}
}

/*
 * A goroutine that nobody will run ends on a thread made up for it, whose number no
 * real thread has.
 */
static void end_unused(struct tt_emit *e, struct tt_em_thread *th)
{
	struct tt_em_thread *own = e->thread;
	struct tt_em_chunk *chunk = e->chunk;

	th->m = (UINT64_C(1) << 40) + th->g.id;
	e->thread = th;
	e->chunk = &tt_em_no_chunk;
	tt_em_state_exit(e);
	atomic_store_explicit(&th->detached, true, memory_order_relaxed);
	e->thread = own;
	e->chunk = chunk;
}

void tt_emit_thread_cancel(uint64_t token)
{
	struct tt_emit *e = token != 0 ? tt_emit_acquire() : NULL;
	struct tt_em_thread *th;

	if (e == NULL)
		return;
	tt_em_busy_begin(e);
	tt_em_lock(&tt_em_tracer.lock);
	th = announced(token);
	if (th != NULL && th->wake_gen <= e->gen)
		th->p = tt_em_proc_take(e->gen);
	else
		th = NULL;
	tt_em_unlock(&tt_em_tracer.lock);
	if (th != NULL && th->p != NULL)
		end_unused(e, th);
	tt_em_busy_end(e);
	tt_emit_release(e);
}

/* ------------------------------------------------------------------ departure */

/* Of the trace that the thread knows; into another one it never came. */
void tt_em_on_thread_exit(struct tt_emit *e)
{
	uint64_t epoch_gen = atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_acquire);

	if (tt_em_epoch_of(epoch_gen) != tt_em_epoch_of(e->epoch_gen) ||
	    tt_em_section_begin(e) == NULL)
		return;
	tt_em_busy_begin(e);
	tt_em_state_exit(e);
	tt_em_busy_end(e);
	tt_em_section_end(e);
}

void tt_emit_thread_end(void)
{
	if (tt_em_self != NULL)
		tt_em_on_thread_exit(tt_em_self);
}
