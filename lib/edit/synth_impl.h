/* SPDX-License-Identifier: MIT */
/*
 * synth_impl.h - what the files of synth share. After a call that failed s->failed is set,
 * and further calls do nothing. Private to lib/edit.
 */
#ifndef TT_EDIT_SYNTH_IMPL_H
#define TT_EDIT_SYNTH_IMPL_H

#include "edit/synth.h"
#include "spec/types.h"

static inline void tt_synth_give_up(struct tt_synth *s)
{
	s->failed = true;
}

static inline void tt_synth_give_up_memory(struct tt_synth *s)
{
	s->failed = s->no_memory = true;
}

/* ---- one event (synth_event.c) */

/* Adds an event if it can happen now. The arguments, after dt, are uint64_t. */
void tt_synth_add(struct tt_synth *s, int64_t thread, enum tt_event_type type, unsigned nargs, ...);
/* A thread and a goroutine that neither the state nor the next generation knows. */
int64_t tt_synth_new_thread(struct tt_synth *s);
int64_t tt_synth_new_goroutine(struct tt_synth *s);

/* A P or a goroutine whose status the generation did not say yet gets it here. */
void tt_synth_restate_p(struct tt_synth *s, int64_t p, int64_t thread);
void tt_synth_restate_g(struct tt_synth *s, int64_t g, int64_t thread);
uint64_t tt_synth_next_p_seq(const struct tt_synth *s, int64_t p);
uint64_t tt_synth_next_g_seq(const struct tt_synth *s, int64_t g);

void tt_synth_start_p(struct tt_synth *s, int64_t thread, int64_t p);
void tt_synth_stop_p(struct tt_synth *s, int64_t thread);
void tt_synth_start_g(struct tt_synth *s, int64_t thread, int64_t g);
/* A goroutine where one is needed, on a thread that has a P and no goroutine. */
void tt_synth_start_new_g(struct tt_synth *s, int64_t thread);
void tt_synth_begin_syscall(struct tt_synth *s, int64_t thread);
/* A P that is idle: of the trace if it has one, else a new one. */
int64_t tt_synth_idle_p(struct tt_synth *s);

/* ---- what is open and must not be, or the reverse (synth_scopes.c) */

/* Whether ranges or regions must end, or begin. */
bool tt_synth_g_scopes_differ(const struct tt_synth *s, const struct tt_g_state *g);
bool tt_synth_p_scopes_differ(const struct tt_synth *s, const struct tt_p_state *p);
/* The same of the collector and of tasks, which any goroutine can do. */
bool tt_synth_shared_differs(const struct tt_synth *s);
void tt_synth_lead_shared(struct tt_synth *s, int64_t thread);
/* The pauses of the goroutine that runs on the thread end. */
void tt_synth_end_pauses_of(struct tt_synth *s, int64_t thread, int64_t g);
/* The goroutine that runs on the thread ends and begins what it must, then stops as it is
 * required. */
void tt_synth_stop_running(struct tt_synth *s, int64_t thread, int64_t g);

/* ---- in this order */

/* Threads that must not go on as they are leave their goroutine and P (synth_threads.c). */
void tt_synth_leave_all(struct tt_synth *s);
/* What no thread has becomes as required (synth_idle.c). */
void tt_synth_move_idle(struct tt_synth *s);
/* Threads take up the goroutine and the P that they must have (synth_threads.c). */
void tt_synth_take_up_all(struct tt_synth *s);

#endif
