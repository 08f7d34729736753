/* SPDX-License-Identifier: MIT */
/*
 * state.c - the legal way from what the trace claims of a thread to where the program is.
 * Each claim changes together with the event that says so, and only then (EMIT.md 3.2 and
 * 3.3). Stands on emit.h.
 */
#include "emit/emit.h"

#include <sched.h>

static unsigned before(const struct tt_emit *e, const struct tt_em_claim *c)
{
	return atomic_load_explicit(&c->before[tt_em_parity(e)], memory_order_relaxed);
}

/* ----------------------------------------------------------------- statuses */

/* Statuses come with the range that goes on: a reader may see only this generation. */
static void put_proc_status(struct tt_emit *e)
{
	struct tt_em_claim *p = &e->thread->p->claim;

	if (!tt_em_claim_first(p, e->gen))
		return;
	tt_em_write2(e, TT_EV_PROC_STATUS, p->id, before(e, p) & TT_EM_STATUS_MASK);
	if (before(e, p) & TT_EM_RANGE_OPEN)
		tt_em_write1(e, TT_EV_GC_SWEEP_ACTIVE, p->id);
}

/* Not for a thread that waits: the thread that wakes it may hold its claim. */
void tt_em_put_go_status(struct tt_emit *e, struct tt_em_thread *th)
{
	unsigned status;
	bool bound;

	if (!tt_em_claim_first(&th->g, e->gen))
		return;
	status = before(e, &th->g) & TT_EM_STATUS_MASK;
	bound = status == TT_G_RUNNING || status == TT_G_SYSCALL;
	tt_em_write3(e, TT_EV_GO_STATUS,
		     (uint64_t[]){th->g.id, bound ? th->m : UINT64_MAX, status});
	if (before(e, &th->g) & TT_EM_RANGE_OPEN)
		tt_em_write1(e, TT_EV_GC_MARK_ASSIST_ACTIVE, th->g.id);
}

/* A viewer has a row for each processor below this number. */
static void put_nprocs(struct tt_emit *e)
{
	struct tt_em_proc *p = e->thread->p;

	if (!p->uncounted)
		return;
	p->uncounted = false;
	tt_em_write2(e, TT_EV_PROCS_CHANGE,
		     atomic_load_explicit(&tt_em_trace()->nprocs, memory_order_relaxed), 0);
}

/* Once a generation: a reader may see only that. */
static void put_label(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	uint64_t id;

	if (th->nlabel == 0 || th->label_gen == e->gen)
		return;
	th->label_gen = e->gen;
	id = tt_em_intern_string(tt_em_tables(e), th->label, th->nlabel);
	if (id != 0)
		tt_em_write1(e, TT_EV_GO_LABEL, id);
}

/* --------------------------------------------------- ways, in room there is */

static void proc_start(struct tt_emit *e)
{
	struct tt_em_claim *p = &e->thread->p->claim;

	put_proc_status(e);
	tt_em_write2(e, TT_EV_PROC_START, p->id, tt_em_claim_next_seq(p));
	tt_em_claim_set(p, TT_P_RUNNING);
}

static void proc_stop(struct tt_emit *e)
{
	tt_em_write0(e, TT_EV_PROC_STOP);
	tt_em_claim_set(&e->thread->p->claim, TT_P_IDLE);
}

static void go_start(struct tt_emit *e)
{
	struct tt_em_claim *g = &e->thread->g;

	tt_em_write2(e, TT_EV_GO_START, g->id, tt_em_claim_next_seq(g));
	tt_em_claim_set(g, TT_G_RUNNING);
	put_nprocs(e);
	put_label(e);
}

/* The thread makes its own goroutine: nobody announced it. */
static void go_create_own(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	uint64_t pcs[1] = {th->start};
	uint64_t stack = tt_em_intern_stack(tt_em_tables(e), pcs, 1);

	proc_start(e);
	/* a creation is a mention */
	tt_em_claim_first(&th->g, e->gen);
	tt_em_write3(e, TT_EV_GO_CREATE, (uint64_t[]){th->g.id, stack, 0});
	tt_em_claim_set(&th->g, TT_G_RUNNABLE);
	go_start(e);
}

/* What the first chunk of a generation begins with. */
static void begin_chunk(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	unsigned status = tt_em_claim_status(&th->g);

	if (atomic_load_explicit(&th->destroyed, memory_order_relaxed))
		return;
	if (status == TT_EM_G_NONE) {
		go_create_own(e);
		return;
	}
	if (atomic_load_explicit(&th->p->claim.gen[tt_em_parity(e)], memory_order_relaxed) ==
	    e->gen)
		return;
	put_proc_status(e);
	if (status == TT_G_RUNNING || status == TT_G_SYSCALL) {
		tt_em_put_go_status(e, th);
		put_nprocs(e);
		put_label(e);
	}
}

bool tt_em_room_slow(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	struct tt_em_chunks *chunks;
	struct tt_em_chunk *c;

	/* in a forked child, inside a section of its parent */
	if (th == NULL)
		return false;
	chunks = &tt_em_slot(e)->chunks;
	c = tt_em_thread_chunk(e, chunks->first == NULL ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
	if (c == NULL)
		return false;
	if (c->start <= e->chunk->floor)
		c->start = e->chunk->floor + 1;
	c->last = c->floor = c->start;
	tt_em_chunks_add(chunks, c);
	e->chunk = c;
	tt_em_update_begin(&th->p->in_update, e->gen);
	begin_chunk(e);
	tt_em_update_end(&th->p->in_update);
	return true;
}

/*
 * Which thread is to write the GoUnblock: the one that wakes, or this one? False: the one
 * that woke it did so in a later generation than this section's.
 */
static bool settle_wake(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	uint64_t word = atomic_load_explicit(&th->wait, memory_order_acquire);

	while (word != TT_EM_WAIT_NONE) {
		if (word == TT_EM_WAIT_TAKEN)
			sched_yield();
		else if (atomic_compare_exchange_weak_explicit(&th->wait, &word, TT_EM_WAIT_NONE,
							       memory_order_acq_rel,
							       memory_order_acquire))
			return true;
		word = atomic_load_explicit(&th->wait, memory_order_acquire);
	}
	return th->wake_gen <= e->gen;
}

static bool end_wait(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;

	if (!settle_wake(e))
		return false;
	tt_em_update_begin(&th->p->in_update, e->gen);
	proc_start(e);
	tt_em_put_go_status(e, th);
	if (tt_em_claim_status(&th->g) == TT_G_WAITING) {
		tt_em_write3(e, TT_EV_GO_UNBLOCK,
			     (uint64_t[]){th->g.id, tt_em_claim_next_seq(&th->g), 0});
		tt_em_claim_set(&th->g, TT_G_RUNNABLE);
	}
	go_start(e);
	tt_em_update_end(&th->p->in_update);
	return true;
}

static void end_syscall(struct tt_emit *e)
{
	struct tt_em_proc *p = e->thread->p;

	tt_em_update_begin(&p->in_update, e->gen);
	tt_em_write0(e, TT_EV_GO_SYSCALL_END);
	tt_em_claim_set(&p->claim, TT_P_RUNNING);
	tt_em_claim_set(&e->thread->g, TT_G_RUNNING);
	tt_em_update_end(&p->in_update);
}

bool tt_em_is_present(const struct tt_emit *e)
{
	unsigned status = tt_em_claim_status(&e->thread->g);

	return status == TT_G_RUNNING || status == TT_G_SYSCALL;
}

bool tt_em_to_present(struct tt_emit *e)
{
	switch (tt_em_claim_status(&e->thread->g)) {
	case TT_G_RUNNING:
	case TT_G_SYSCALL:
		return true;
	case TT_G_RUNNABLE:
	case TT_G_WAITING:
		return end_wait(e);
	default:
		return false;
	}
}

bool tt_em_to_running(struct tt_emit *e)
{
	if (!tt_em_to_present(e))
		return false;
	if (tt_em_claim_status(&e->thread->g) == TT_G_SYSCALL)
		end_syscall(e);
	return true;
}

static void close_sweep(struct tt_emit *e)
{
	if (tt_em_claim_close_range(&e->thread->p->claim))
		tt_em_write2(e, TT_EV_GC_SWEEP_END, 0, 0);
}

void tt_em_to_waiting(struct tt_emit *e, enum tt_event_type type, const char *reason,
		      uint64_t stack)
{
	struct tt_em_thread *th = e->thread;

	tt_em_update_begin(&th->p->in_update, e->gen);
	/* an idle processor sweeps nothing */
	close_sweep(e);
	tt_em_write2(e, type, tt_em_text(e, reason), stack);
	tt_em_save_stack(e, stack);
	tt_em_claim_set(&th->g, type == TT_EV_GO_BLOCK ? TT_G_WAITING : TT_G_RUNNABLE);
	proc_stop(e);
	tt_em_update_end(&th->p->in_update);
	th->block_gen = th->wake_gen = e->gen;
}

void tt_em_to_syscall(struct tt_emit *e, uint64_t stack)
{
	struct tt_em_proc *p = e->thread->p;

	tt_em_update_begin(&p->in_update, e->gen);
	tt_em_write2(e, TT_EV_GO_SYSCALL_BEGIN, tt_em_claim_next_seq(&p->claim), stack);
	tt_em_save_stack(e, stack);
	tt_em_claim_set(&p->claim, TT_P_SYSCALL);
	tt_em_claim_set(&e->thread->g, TT_G_SYSCALL);
	tt_em_update_end(&p->in_update);
}

void tt_em_to_gone(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;

	if (th == NULL || atomic_load_explicit(&th->destroyed, memory_order_relaxed) ||
	    !tt_em_room(e) || !tt_em_to_running(e))
		return;
	tt_em_update_begin(&th->p->in_update, e->gen);
	/* a goroutine must not end inside a range */
	close_sweep(e);
	if (tt_em_claim_close_range(&th->g))
		tt_em_write0(e, TT_EV_GC_MARK_ASSIST_END);
	if (e->stw)
		tt_em_write0(e, TT_EV_STW_END);
	e->stw = false;
	tt_em_write0(e, TT_EV_GO_DESTROY);
	tt_em_claim_set(&th->g, TT_EM_G_NONE);
	atomic_store_explicit(&th->destroyed, true, memory_order_relaxed);
	proc_stop(e);
	tt_em_update_end(&th->p->in_update);
	tt_em_lock_take(&tt_em_tracer.lock);
	tt_em_proc_give(th->p, e->gen);
	tt_em_lock_give(&tt_em_tracer.lock);
}

void tt_em_end_stw(struct tt_emit *e)
{
	tt_em_busy_begin(e);
	if (tt_em_room(e) && tt_em_to_running(e)) {
		tt_em_update_begin(&e->thread->p->in_update, e->gen);
		tt_em_write0(e, TT_EV_STW_END);
		e->stw = false;
		tt_em_update_end(&e->thread->p->in_update);
	}
	tt_em_busy_end(e);
}
