/* SPDX-License-Identifier: MIT */
/*
 * announce.c - threads that are announced before they are created, how each begins, and how
 * each ends. Stands on emit.h.
 */
#include "emit/emit.h"

/* -------------------------------------------------------------------- create */

/* A part in the trace that waits for its thread; NULL: no memory. */
static struct tt_em_thread *announce(uintptr_t start)
{
	struct tt_em_thread *th;

	tt_em_lock_take(&tt_em_tracer.lock);
	th = tt_em_thread_new(tt_em_trace());
	tt_em_lock_give(&tt_em_tracer.lock);
	if (th != NULL)
		th->start = start;
	return th;
}

uint64_t tt_emit_thread_create(struct tt_emit *e, uintptr_t start, uint64_t stack)
{
	uint64_t token = 0, pcs[1] = {start};
	struct tt_em_thread *th = NULL;

	tt_em_busy_begin(e);
	if (tt_em_room(e) && tt_em_to_running(e))
		th = announce(start);
	if (th != NULL) {
		tt_em_claim_first(&th->g, e->gen);
		tt_em_write3(
			e, TT_EV_GO_CREATE,
			(uint64_t[]){th->g.id, tt_em_intern_stack(tt_em_tables(e), pcs, 1), stack});
		th->wake_gen = e->gen;
		tt_em_claim_set(&th->g, TT_G_RUNNABLE);
		token = (uint64_t)th->serial << 32 | (th->index + 1);
	}
	tt_em_busy_end(e);
	return token;
}

/* The part that a token names, if it still waits for its thread. The lock is held. */
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

/* --------------------------------------------------------------------- begin */

/* False: the token names none that waits, or there is no processor. */
static bool adopt(struct tt_emit *e, uint64_t token)
{
	struct tt_em_thread *th;
	bool done;

	tt_em_lock_take(&tt_em_tracer.lock);
	th = announced(token);
	done = th != NULL && tt_em_thread_attach(e, th);
	tt_em_lock_give(&tt_em_tracer.lock);
	return done;
}

/* As a section's begin, but the thread gets the part that was announced. */
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
	e = tt_em_handle();
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

/* -------------------------------------------------------------------- cancel */

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
	tt_em_to_gone(e);
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
	tt_em_lock_take(&tt_em_tracer.lock);
	th = announced(token);
	if (th != NULL && th->wake_gen <= e->gen)
		th->p = tt_em_proc_take(e->gen);
	else
		th = NULL;
	tt_em_lock_give(&tt_em_tracer.lock);
	if (th != NULL && th->p != NULL)
		end_unused(e, th);
	tt_em_busy_end(e);
	tt_emit_release(e);
}

/* ----------------------------------------------------------------------- end */

/* Only in a trace that the thread has entered. */
void tt_em_on_thread_exit(struct tt_emit *e)
{
	uint64_t epoch_gen = atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_acquire);

	if (tt_em_epoch_of(epoch_gen) != tt_em_epoch_of(e->epoch_gen) ||
	    tt_em_section_begin(e) == NULL)
		return;
	tt_em_busy_begin(e);
	tt_em_to_gone(e);
	tt_em_busy_end(e);
	tt_em_section_end(e);
}

void tt_emit_thread_end(void)
{
	if (tt_em_self != NULL)
		tt_em_on_thread_exit(tt_em_self);
}
