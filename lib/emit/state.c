/* SPDX-License-Identifier: MIT */
/*
 * state.c - what the trace claims of a thread, and the legal way from there to where
 * the program is. Each claim changes together with the event that tells of it, and
 * only then (EMIT.md 3.2 and 3.3). Stands on emit.h.
 */
#include "emit/emit.h"

#include <sched.h>

void tt_em_lost(struct tt_emit *e)
{
	atomic_fetch_add_explicit(&e->lost, 1, memory_order_relaxed);
}

void tt_em_refused(struct tt_emit *e)
{
	atomic_fetch_add_explicit(&e->refused, 1, memory_order_relaxed);
}

/* ------------------------------------------------------------------- claims */

bool tt_em_claim_first(struct tt_em_claim *c, uint64_t gen)
{
	unsigned parity = (unsigned)(gen & 1);

	if (atomic_load_explicit(&c->gen[parity], memory_order_relaxed) == gen)
		return false;
	atomic_store_explicit(&c->before[parity],
			      atomic_load_explicit(&c->cur, memory_order_relaxed),
			      memory_order_relaxed);
	c->seq = 0;
	atomic_store_explicit(&c->gen[parity], gen, memory_order_release);
	return true;
}

/*
 * Reading `cur` before the mark of the next generation: whoever changed it there had
 * set that mark, and `before`, ahead of it.
 */
unsigned tt_em_claim_end(struct tt_em_claim *c, uint64_t gen, bool *silent)
{
	unsigned parity = (unsigned)(gen & 1);
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_acquire);

	*silent = atomic_load_explicit(&c->gen[parity], memory_order_acquire) != gen;
	if (atomic_load_explicit(&c->gen[parity ^ 1], memory_order_acquire) == gen + 1)
		cur = atomic_load_explicit(&c->before[parity ^ 1], memory_order_relaxed);
	return cur;
}

static uint64_t next_seq(struct tt_em_claim *c)
{
	return ++c->seq;
}

/* ----------------------------------------------------- ways, in room there is */

static unsigned before(struct tt_emit *e, struct tt_em_claim *c)
{
	return atomic_load_explicit(&c->before[tt_em_parity(e)], memory_order_relaxed);
}

/* Statuses come with the range that goes on, for who sees no more than this generation. */
static void proc_status(struct tt_emit *e)
{
	struct tt_em_claim *p = &e->thread->p->claim;

	if (!tt_em_claim_first(p, e->gen))
		return;
	tt_em_write2(e, TT_EV_PROC_STATUS, p->id, before(e, p) & TT_EM_STATUS_MASK);
	if (before(e, p) & TT_EM_RANGE_OPEN)
		tt_em_write1(e, TT_EV_GC_SWEEP_ACTIVE, p->id);
}

/* Not for a thread that waits: its claim may be in the hands of who wakes it. */
static void go_status(struct tt_emit *e, struct tt_em_thread *th)
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

static void proc_start(struct tt_emit *e)
{
	struct tt_em_claim *p = &e->thread->p->claim;

	proc_status(e);
	tt_em_write2(e, TT_EV_PROC_START, p->id, next_seq(p));
	tt_em_claim_set(p, TT_P_RUNNING);
}

static void proc_stop(struct tt_emit *e)
{
	tt_em_write0(e, TT_EV_PROC_STOP);
	tt_em_claim_set(&e->thread->p->claim, TT_P_IDLE);
}

/* A viewer has a row for each processor below this number. */
static void write_nprocs(struct tt_emit *e)
{
	struct tt_em_proc *p = e->thread->p;

	if (!p->unseen)
		return;
	p->unseen = false;
	tt_em_write2(e, TT_EV_PROCS_CHANGE,
		     atomic_load_explicit(&tt_em_trace()->nprocs, memory_order_relaxed), 0);
}

/* Once a generation, for who sees no more than that. */
static void write_label(struct tt_emit *e)
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

static void go_start(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;

	tt_em_write2(e, TT_EV_GO_START, th->g.id, next_seq(&th->g));
	tt_em_claim_set(&th->g, TT_G_RUNNING);
	write_nprocs(e);
	write_label(e);
}

/* The thread makes its own goroutine: nobody announced it. */
static void create_goroutine(struct tt_emit *e)
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

/* At the start of a generation's first chunk. */
static void mention(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;
	unsigned cur = tt_em_g_cur(th);

	if (atomic_load_explicit(&th->dead, memory_order_relaxed))
		return;
	if (cur == TT_G_NONE) {
		create_goroutine(e);
		return;
	}
	if (atomic_load_explicit(&th->p->claim.gen[tt_em_parity(e)], memory_order_relaxed) ==
	    e->gen)
		return;
	proc_status(e);
	if (cur == TT_G_RUNNING || cur == TT_G_SYSCALL) {
		go_status(e, th);
		write_nprocs(e);
		write_label(e);
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
	chunks = &th->slots[tt_em_parity(e)].chunks;
	c = tt_em_pool_get(tt_em_trace(),
			   chunks->first == NULL ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
	if (c == NULL) {
		tt_em_lost(e);
		return false;
	}
	c->gen = e->gen;
	c->m = th->m;
	c->start = tt_em_clock_now();
	if (c->start <= e->chunk->floor)
		c->start = e->chunk->floor + 1;
	c->last = c->floor = c->start;
	tt_em_chunks_add(chunks, c);
	e->chunk = c;
	tt_em_update_begin(&th->p->in_update, e->gen);
	mention(e);
	tt_em_update_end(&th->p->in_update);
	return true;
}

/*
 * Who is to write the GoUnblock: the one who wakes, or this thread? False: one who
 * woke it did so in a later generation than this section's.
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

static bool wait_ended(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;

	if (!settle_wake(e))
		return false;
	tt_em_update_begin(&th->p->in_update, e->gen);
	proc_start(e);
	go_status(e, th);
	if (tt_em_g_cur(th) == TT_G_WAITING) {
		tt_em_write3(e, TT_EV_GO_UNBLOCK, (uint64_t[]){th->g.id, next_seq(&th->g), 0});
		tt_em_claim_set(&th->g, TT_G_RUNNABLE);
	}
	go_start(e);
	tt_em_update_end(&th->p->in_update);
	return true;
}

static void syscall_ended(struct tt_emit *e)
{
	struct tt_em_proc *p = e->thread->p;

	tt_em_update_begin(&p->in_update, e->gen);
	tt_em_write0(e, TT_EV_GO_SYSCALL_END);
	tt_em_claim_set(&p->claim, TT_P_RUNNING);
	tt_em_claim_set(&e->thread->g, TT_G_RUNNING);
	tt_em_update_end(&p->in_update);
}

bool tt_em_to_present(struct tt_emit *e)
{
	switch (tt_em_g_cur(e->thread)) {
	case TT_G_RUNNING:
	case TT_G_SYSCALL:
		return true;
	case TT_G_RUNNABLE:
	case TT_G_WAITING:
		return wait_ended(e);
	default:
		return false;
	}
}

bool tt_em_to_running(struct tt_emit *e)
{
	if (!tt_em_to_present(e))
		return false;
	if (tt_em_g_cur(e->thread) == TT_G_SYSCALL)
		syscall_ended(e);
	return true;
}

static void close_sweep(struct tt_emit *e)
{
	if (tt_em_claim_range(&e->thread->p->claim, false))
		tt_em_write2(e, TT_EV_GC_SWEEP_END, 0, 0);
}

/* A goroutine must not end inside a range. */
static void close_ranges(struct tt_emit *e)
{
	close_sweep(e);
	if (tt_em_claim_range(&e->thread->g, false))
		tt_em_write0(e, TT_EV_GC_MARK_ASSIST_END);
	if (e->stw)
		tt_em_write0(e, TT_EV_STW_END);
	e->stw = false;
}

void tt_em_state_exit(struct tt_emit *e)
{
	struct tt_em_thread *th = e->thread;

	if (th == NULL || atomic_load_explicit(&th->dead, memory_order_relaxed) || !tt_em_room(e) ||
	    !tt_em_to_running(e))
		return;
	tt_em_update_begin(&th->p->in_update, e->gen);
	close_ranges(e);
	tt_em_write0(e, TT_EV_GO_DESTROY);
	tt_em_claim_set(&th->g, TT_G_NONE);
	atomic_store_explicit(&th->dead, true, memory_order_relaxed);
	proc_stop(e);
	tt_em_update_end(&th->p->in_update);
	tt_em_lock(&tt_em_tracer.lock);
	tt_em_proc_give(th->p, e->gen);
	tt_em_unlock(&tt_em_tracer.lock);
}

/* ---------------------------------------------------------------- public ones */

/* What begins a wait: true if the way to it is clear and this is the outermost call. */
static bool wait_begins(struct tt_emit *e)
{
	if (!tt_em_room(e))
		return false;
	e->waits++;
	/* an outer call, a wait that a section too old could not end, or too late */
	if (e->waits > 1 && tt_em_g_cur(e->thread) != TT_G_RUNNING)
		return false;
	if (e->stw || !tt_em_to_running(e)) {
		tt_em_refused(e);
		return false;
	}
	return true;
}

static uint64_t reason_of(struct tt_emit *e, const char *reason)
{
	return tt_em_intern_string(tt_em_tables(e), reason, strlen(reason));
}

/* GoBlock or GoStop. */
static void leave(struct tt_emit *e, enum tt_event_type ev, const char *reason, uint64_t stack)
{
	struct tt_em_thread *th = e->thread;

	tt_em_update_begin(&th->p->in_update, e->gen);
	/* an idle processor sweeps nothing */
	close_sweep(e);
	tt_em_write2(e, ev, reason_of(e, reason), stack);
	tt_em_save_stack(e, stack);
	tt_em_claim_set(&th->g, ev == TT_EV_GO_BLOCK ? TT_G_WAITING : TT_G_RUNNABLE);
	proc_stop(e);
	tt_em_update_end(&th->p->in_update);
	th->block_gen = th->wake_gen = e->gen;
}

/* The epoch in front, so that a token of an earlier trace wakes nobody. */
static uint64_t new_token(struct tt_em_thread *th)
{
	uint64_t epoch = tt_em_epoch_of(
		atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_relaxed));

	th->wait_serial = (th->wait_serial + 1) & 0xffffff;
	return (epoch & 0xff) << 56 | (uint64_t)th->wait_serial << 32 | (th->index + 1);
}

uint64_t tt_emit_block(struct tt_emit *e, const char *reason, uint64_t stack)
{
	uint64_t token = 0;

	tt_em_busy_begin(e);
	if (wait_begins(e)) {
		leave(e, TT_EV_GO_BLOCK, reason, stack);
		token = new_token(e->thread);
		/* token 1 would be TT_EM_WAIT_TAKEN: epochs begin at 1 */
		atomic_store_explicit(&e->thread->wait, token, memory_order_release);
	}
	tt_em_busy_end(e);
	return token;
}

static struct tt_em_thread *thread_of_token(uint64_t token)
{
	struct tt_em_trace *t = tt_em_trace();
	uint64_t index = (token & UINT32_MAX) - 1;

	return index < t->max_threads ? &t->thread_area[index] : NULL;
}

/* The waiting goroutine is the caller's, from winning its word until letting it go. */
static bool wake(struct tt_emit *e, struct tt_em_thread *th, uint64_t token, uint64_t stack)
{
	uint64_t word = token;

	if (atomic_load_explicit(&th->wait, memory_order_relaxed) != token ||
	    !atomic_compare_exchange_strong_explicit(&th->wait, &word, TT_EM_WAIT_TAKEN,
						     memory_order_acq_rel, memory_order_relaxed))
		return false;
	if (th->block_gen > e->gen) {
		/* it went to sleep in a later generation than this section's */
		atomic_store_explicit(&th->wait, token, memory_order_release);
		return false;
	}
	tt_em_update_begin(&th->in_wake, e->gen);
	go_status(e, th);
	tt_em_write3(e, TT_EV_GO_UNBLOCK, (uint64_t[]){th->g.id, next_seq(&th->g), stack});
	tt_em_claim_set(&th->g, TT_G_RUNNABLE);
	tt_em_update_end(&th->in_wake);
	th->wake_gen = e->gen;
	atomic_store_explicit(&th->wait, TT_EM_WAIT_NONE, memory_order_release);
	return true;
}

bool tt_emit_wake(struct tt_emit *e, uint64_t token, uint64_t stack)
{
	struct tt_em_thread *th;
	bool woken = false;

	if (token == 0)
		return false;
	tt_em_busy_begin(e);
	if (tt_em_room(e)) {
		th = thread_of_token(token);
		woken = th != NULL && wake(e, th, token, stack);
	}
	tt_em_busy_end(e);
	return woken;
}

/* A second section if the first turns out older than the one that woke the thread. */
static void run_again(void)
{
	bool done = false;

	for (int i = 0; i < 2 && !done; i++) {
		struct tt_emit *e = tt_emit_acquire();

		if (e == NULL)
			return;
		tt_em_busy_begin(e);
		done = tt_em_g_cur(e->thread) == TT_G_RUNNING ||
		       (tt_em_room(e) && tt_em_to_running(e));
		tt_em_busy_end(e);
		tt_emit_release(e);
	}
}

void tt_emit_unblock(void)
{
	struct tt_emit *e = tt_em_handle(false);

	if (e == NULL || e->waits == 0 || e->busy)
		return;
	e->waits--;
	if (e->waits == 0)
		run_again();
}

void tt_emit_syscall_begin(struct tt_emit *e, uint64_t stack)
{
	struct tt_em_proc *p;

	tt_em_busy_begin(e);
	if (wait_begins(e)) {
		p = e->thread->p;
		tt_em_update_begin(&p->in_update, e->gen);
		tt_em_write2(e, TT_EV_GO_SYSCALL_BEGIN, next_seq(&p->claim), stack);
		tt_em_save_stack(e, stack);
		tt_em_claim_set(&p->claim, TT_P_SYSCALL);
		tt_em_claim_set(&e->thread->g, TT_G_SYSCALL);
		tt_em_update_end(&p->in_update);
	}
	tt_em_busy_end(e);
}

/* Whatever wait it is that ends, the goroutine runs again. */
static void wait_ends(struct tt_emit *e)
{
	if (e->waits == 0)
		return;
	e->waits--;
	if (e->waits == 0 && tt_em_room(e))
		tt_em_to_running(e);
}

void tt_emit_syscall_end(struct tt_emit *e)
{
	tt_em_busy_begin(e);
	wait_ends(e);
	tt_em_busy_end(e);
}

void tt_emit_pause(struct tt_emit *e, const char *reason, uint64_t stack)
{
	tt_em_busy_begin(e);
	if (wait_begins(e))
		leave(e, TT_EV_GO_STOP, reason, stack);
	tt_em_busy_end(e);
}

void tt_emit_resume(struct tt_emit *e)
{
	tt_em_busy_begin(e);
	wait_ends(e);
	tt_em_busy_end(e);
}

/* -------------------------------------------------------- announced threads */

static struct tt_em_thread *announce(uintptr_t start)
{
	struct tt_em_thread *th;

	tt_em_lock(&tt_em_tracer.lock);
	th = tt_em_thread_new(tt_em_trace());
	tt_em_unlock(&tt_em_tracer.lock);
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
