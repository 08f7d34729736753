/* SPDX-License-Identifier: MIT */
/*
 * wait.c - threads that wait for another part of the program or in the kernel, or yield,
 * and how they are woken. Stands on emit.h.
 *
 * A thread that waits has a token in its wait word. The thread that wakes it takes the word
 * and has the goroutine, from then until it lets go; the thread itself takes the word when it
 * goes on without having been woken.
 */
#include "emit/emit.h"

/* What begins a wait: true if the way to it is clear and this is the outermost call. */
static bool wait_begins(struct tt_emit *e)
{
	if (!tt_em_room(e))
		return false;
	e->waits++;
	/* an outer call; or a wait that could not be ended: the section was too old */
	if (e->waits > 1 && tt_em_claim_status(&e->thread->g) != TT_G_RUNNING)
		return false;
	if (e->stw || !tt_em_to_running(e)) {
		tt_em_refused(e);
		return false;
	}
	return true;
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

/* ------------------------------------------------- for other parts of the program */

/* The epoch comes first, so that a token of an earlier trace wakes nobody. */
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
		tt_em_to_waiting(e, TT_EV_GO_BLOCK, reason, stack);
		token = new_token(e->thread);
		/* token 1 would be TT_EM_WAIT_TAKEN: epochs begin at 1 */
		atomic_store_explicit(&e->thread->wait, token, memory_order_release);
	}
	tt_em_busy_end(e);
	return token;
}

/* The waiting goroutine is the caller's, from taking its word until letting it go. */
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
	tt_em_put_go_status(e, th);
	tt_em_write3(e, TT_EV_GO_UNBLOCK,
		     (uint64_t[]){th->g.id, tt_em_claim_next_seq(&th->g), stack});
	tt_em_claim_set(&th->g, TT_G_RUNNABLE);
	tt_em_update_end(&th->in_wake);
	th->wake_gen = e->gen;
	atomic_store_explicit(&th->wait, TT_EM_WAIT_NONE, memory_order_release);
	return true;
}

bool tt_emit_wake(struct tt_emit *e, uint64_t token, uint64_t stack)
{
	uint64_t index = (token & UINT32_MAX) - 1;
	bool woken = false;

	if (token == 0)
		return false;
	tt_em_busy_begin(e);
	if (tt_em_room(e) && index < tt_em_trace()->max_threads)
		woken = wake(e, &tt_em_trace()->thread_area[index], token, stack);
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
		done = tt_em_claim_status(&e->thread->g) == TT_G_RUNNING ||
		       (tt_em_room(e) && tt_em_to_running(e));
		tt_em_busy_end(e);
		tt_emit_release(e);
	}
}

void tt_emit_unblock(void)
{
	struct tt_emit *e = tt_em_self;

	if (e == NULL || e->waits == 0 || e->busy)
		return;
	e->waits--;
	if (e->waits == 0)
		run_again();
}

/* ------------------------------------------------------------ syscalls and pauses */

void tt_emit_syscall_begin(struct tt_emit *e, uint64_t stack)
{
	tt_em_busy_begin(e);
	if (wait_begins(e))
		tt_em_to_syscall(e, stack);
	tt_em_busy_end(e);
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
		tt_em_to_waiting(e, TT_EV_GO_STOP, reason, stack);
	tt_em_busy_end(e);
}

void tt_emit_resume(struct tt_emit *e)
{
	tt_em_busy_begin(e);
	wait_ends(e);
	tt_em_busy_end(e);
}
