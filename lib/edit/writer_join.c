/* SPDX-License-Identifier: MIT */
/* writer_join.c - what is before a window's generation is restated for it, and both are joined.
 * Stands on writer_join.h. */
#include "edit/writer_join.h"

void tt_writer_ended_free(struct tt_writer *w)
{
	struct tt_writer_ended *ended = w->ended;

	if (ended == NULL)
		return;
	tt_order_release(&ended->state);
	tt_order_release(&ended->trial);
	tt_mem_free(&w->mem, ended, sizeof(*ended));
	w->ended = NULL;
}

/* ---- the one that is before it */

/* Where the other one's window began, times were those that they would have been after this. */
static bool is_before(const struct tt_writer *w, const struct tt_writer *next)
{
	int64_t last_ns = w->past.last_ns;

	if (w->past.number != next->past.number || last_ns < 0 || next->past.last_ns < 0 ||
	    next->alone->nevents >= INT64_MAX / 2)
		return false;
	return next->past.last_ns - last_ns > (int64_t)next->alone->nevents;
}

static bool can_restate(const struct tt_writer *w, const struct tt_writer *next)
{
	return w->err.code == TT_OK && w->following && w->past.any && !w->past.stays &&
	       !w->held.any && !w->has_theft && next->alone != NULL && next->alone->begun &&
	       w->past.lasting.n == 0 && w->past.heap == NULL && w->past.declared == NULL &&
	       next->past.lasting.n == 0 && next->past.heap == NULL &&
	       next->past.declared == NULL && is_before(w, next);
}

/* A copy of the state: what the window's generation assumed up to its end is held against that. */
static bool keep_end(struct tt_writer *w)
{
	struct tt_writer_ended *ended = tt_mem_zalloc(&w->mem, 1, sizeof(*ended));

	if (ended == NULL)
		return false;
	w->ended = ended;
	tt_order_init(&ended->state, &w->mem, w->specs, TT_LAST_VERSION);
	tt_order_init(&ended->trial, &w->mem, w->specs, TT_LAST_VERSION);
	tt_order_begin_generation(&ended->state, w->past.source);
	return tt_order_copy(&ended->state, &w->past.order);
}

int tt_writer_restate_for(struct tt_writer *w, const struct tt_writer *next)
{
	const struct tt_event inside = {.kind = TT_KIND_TRANSITION, .generation = w->past.source};
	int rc;

	if (!can_restate(w, next))
		return TT_END;
	if (!keep_end(w))
		return tt_writer_no_memory(w);
	if (!tt_order_commit(&w->past.order, &next->past.order, &w->ended->trial))
		return TT_END;
	w->past.later = &next->past;
	if (next->alone->procs != TT_PROCS_BEFORE)
		w->procs = next->alone->procs;
	w->following = false;
	rc = tt_writer_restate_before(w, next->alone->before_ns, &inside);
	tt_writer_past_release(w);
	return rc;
}

/* ---- both */

static bool is_later(const struct tt_clock *a, const struct tt_clock *b)
{
	int64_t wall = (int64_t)((a->wall_sec - b->wall_sec) * TT_NS_PER_S + a->wall_nsec -
				 b->wall_nsec);

	return wall > 0 && (int64_t)(a->mono_ns - b->mono_ns) > 0 && a->trace_ns > b->trace_ns;
}

/* Whether the window's generation would be the same, had one writer written both. */
static bool follows(const struct tt_writer *w, const struct tt_writer *before)
{
	if (w->err.code != TT_OK || before->err.code != TT_OK || !w->alone->begun ||
	    before->ended == NULL || before->following || !before->has_last_clock)
		return false;
	return before->number < w->alone->number &&
	       (tt_version_has_end_marks(w->version) || before->number + 1 == w->alone->number) &&
	       is_later(&w->alone->clock, &before->last_clock);
}

static void add_progress(struct tt_writer_progress *to, const struct tt_writer_progress *p)
{
	to->generations += p->generations;
	to->nbytes += p->nbytes;
	to->cut += p->cut;
	to->moved += p->moved;
	to->goroutines += p->goroutines;
	to->procs += p->procs;
	to->ranges += p->ranges;
	to->labels += p->labels;
	to->tasks += p->tasks;
	to->metrics += p->metrics;
	to->made_goroutine = p->made_goroutine;
	to->made_clock |= p->made_clock;
}

/* Both orders know what was before, too. */
static bool tell(struct tt_writer *w, struct tt_pass *pass, const struct tt_order *state)
{
	tt_order_end_alone(&pass->order);
	tt_order_end_alone(&w->order);
	return tt_order_adopt(&pass->order, state) && tt_order_adopt(&w->order, state);
}

int tt_writer_join(struct tt_writer *w, struct tt_pass *pass, struct tt_writer *before)
{
	struct tt_writer_ended *ended = before->ended;

	/* (what experiments declare is not ordered alone) */
	if (!follows(w, before) || pass->order.subjects != NULL || pass->order.keyed != NULL ||
	    !tt_order_commit(&ended->state, &pass->order, &ended->trial))
		return TT_END;
	/* (if it is not at the end of its generation, it is where no more is wanted; and a pause may
	 * have another id than in the source) */
	if (tt_pass_done(pass) && tt_writer_is_world_stopped(w))
		return TT_END;
	if (tt_pass_done(pass) && !tell(w, pass, &ended->state))
		return tt_writer_no_memory(w);
	if (w->procs == TT_PROCS_BEFORE)
		w->procs = before->procs;
	add_progress(&w->progress, &before->progress);
	tt_writer_end_alone(w);
	tt_writer_forget_slots(w);
	w->quick.source = NULL;
	return TT_OK;
}
