/* SPDX-License-Identifier: MIT */
/*
 * user.c - annotations: tasks, regions, logs, labels, heap metrics and ranges. Stands
 * on emit.h.
 */
#include "emit/emit.h"

/* Numbers that a thread takes at a time, so that threads don't meet at the counter. */
#define TASK_NUMBERS 64
/* Longer messages are not expected to come again. */
#define SHORT_MESSAGE 32

/* Busy, with room, and with a goroutine that runs or is in a syscall; false: not now. */
static bool begin_present(struct tt_emit *e)
{
	tt_em_busy_begin(e);
	if (!tt_em_room(e))
		return false;
	if (tt_em_to_present(e))
		return true;
	tt_em_refused(e);
	return false;
}

/* -------------------------------------------------------------------- tasks */

static uint64_t new_task(struct tt_em_thread *th)
{
	if (th->task_next == th->task_end) {
		th->task_next = atomic_fetch_add_explicit(&tt_em_trace()->tasks, TASK_NUMBERS,
							 memory_order_relaxed) +
			       1;
		th->task_end = th->task_next + TASK_NUMBERS;
	}
	return th->task_next++;
}

uint64_t tt_emit_task_begin(struct tt_emit *e, uint64_t parent, const char *name, uint64_t stack)
{
	uint64_t task = 0;

	if (begin_present(e)) {
		task = new_task(e->thread);
		tt_em_write4(e, TT_EV_USER_TASK_BEGIN,
			     (uint64_t[]){task, parent, tt_em_text(e, name), stack});
	}
	tt_em_busy_end(e);
	return task;
}

void tt_emit_task_end(struct tt_emit *e, uint64_t task, uint64_t stack)
{
	if (begin_present(e) && task != 0)
		tt_em_write2(e, TT_EV_USER_TASK_END, task, stack);
	tt_em_busy_end(e);
}

/* ------------------------------------------------------------------ regions */

/* Writes the ends that are due, innermost first, as far as there is room. */
static void end_regions(struct tt_emit *e, uint64_t stack)
{
	struct tt_em_thread *th = e->thread;

	while (th->nregions > 0 && th->regions[th->nregions - 1].ended) {
		const struct tt_em_open_region *r = &th->regions[th->nregions - 1];

		if (r->written) {
			if (!tt_em_room(e) || !tt_em_to_present(e))
				return;
			tt_em_write3(e, TT_EV_USER_REGION_END,
				     (uint64_t[]){r->task, tt_em_text(e, r->name), stack});
		}
		th->nregions--;
	}
}

void tt_emit_region_begin(struct tt_emit *e, uint64_t task, const char *name, uint64_t stack)
{
	struct tt_em_open_region *r;
	struct tt_em_thread *th;
	bool ready = begin_present(e);

	th = e->thread;
	if (th != NULL && th->nregions == TT_EM_MAX_REGIONS) {
		th->nregions_over++;
		tt_em_refused(e);
	} else if (th != NULL) {
		if (ready)
			end_regions(e, 0);
		r = &th->regions[th->nregions++];
		*r = (struct tt_em_open_region){task, name, false, false};
		if (ready && tt_em_room(e)) {
			tt_em_write3(e, TT_EV_USER_REGION_BEGIN,
				     (uint64_t[]){task, tt_em_text(e, name), stack});
			r->written = true;
		}
	}
	tt_em_busy_end(e);
}

/* The innermost one that the program has not left. */
static void mark_ended(struct tt_em_thread *th)
{
	uint32_t i = th->nregions;

	while (i > 0 && th->regions[i - 1].ended)
		i--;
	if (i > 0)
		th->regions[i - 1].ended = true;
}

void tt_emit_region_end(struct tt_emit *e, uint64_t stack)
{
	bool ready = begin_present(e);
	struct tt_em_thread *th = e->thread;

	if (th != NULL && th->nregions_over > 0) {
		th->nregions_over--;
	} else if (th != NULL) {
		mark_ended(th);
		if (ready)
			end_regions(e, stack);
	}
	tt_em_busy_end(e);
}

/* ---------------------------------------------------------- logs and metrics */

static uint64_t message_text(struct tt_emit *e, const char *s)
{
	size_t len = strlen(s);

	if (len <= SHORT_MESSAGE)
		return tt_em_intern_string(tt_em_tables(e), s, len);
	return tt_em_unindexed_string(tt_em_tables(e), s, len);
}

void tt_emit_log(struct tt_emit *e, uint64_t task, const char *category, const char *message,
		 uint64_t stack)
{
	if (begin_present(e))
		tt_em_write4(
			e, TT_EV_USER_LOG,
			(uint64_t[]){task, tt_em_text(e, category), message_text(e, message),
				     stack});
	tt_em_busy_end(e);
}

void tt_emit_label(struct tt_emit *e, const char *label)
{
	struct tt_em_thread *th;
	uint64_t id;

	if (begin_present(e)) {
		th = e->thread;
		th->nlabel = (uint32_t)strnlen(label, sizeof(th->label));
		memcpy(th->label, label, th->nlabel);
		id = tt_em_intern_string(tt_em_tables(e), label, th->nlabel);
		/* Go's tools expect a text */
		if (id != 0)
			tt_em_write1(e, TT_EV_GO_LABEL, id);
		th->label_gen = e->gen;
	}
	tt_em_busy_end(e);
}

void tt_emit_heap(struct tt_emit *e, uint64_t nbytes)
{
	if (begin_present(e))
		tt_em_write1(e, TT_EV_HEAP_ALLOC, nbytes);
	tt_em_busy_end(e);
}

void tt_emit_heap_goal(struct tt_emit *e, uint64_t nbytes)
{
	if (begin_present(e))
		tt_em_write1(e, TT_EV_HEAP_GOAL, nbytes);
	tt_em_busy_end(e);
}

/* ------------------------------------------------------------------- ranges */

/*
 * GC events count through the whole trace, whichever thread writes them, and each
 * generation begins with one while the range is open. The lock comes before the
 * section: else an event could take a number greater than one of a later generation.
 */
static void gc_range(bool begins)
{
	struct tt_em_trace *t;
	struct tt_emit *e;

	if (atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_relaxed) == 0)
		return;
	e = tt_em_handle();
	if (e == NULL || e->busy || e->depth != 0)
		return;
	tt_em_lock_take(&tt_em_tracer.gc);
	e = tt_em_section_begin(e);
	if (e != NULL) {
		t = tt_em_trace();
		/* an end whose generation does not know of the range is dropped */
		if (begin_present(e) && t->gc_runs != begins && (begins || t->gc_gen == e->gen)) {
			t->gc_runs = begins;
			t->gc_gen = e->gen;
			t->gc_seq++;
			if (begins)
				tt_em_write2(e, TT_EV_GC_BEGIN, t->gc_seq, 0);
			else
				tt_em_write1(e, TT_EV_GC_END, t->gc_seq);
		}
		tt_em_busy_end(e);
		tt_em_section_end(e);
	}
	tt_em_lock_give(&tt_em_tracer.gc);
}

static void range_end(struct tt_emit *e, enum tt_emit_range range, uint64_t a, uint64_t b)
{
	if (range == TT_EMIT_RANGE_STW && e->stw) {
		tt_em_write0(e, TT_EV_STW_END);
		e->stw = false;
	} else if (range == TT_EMIT_RANGE_SWEEP && tt_em_claim_close_range(&e->thread->p->claim)) {
		tt_em_write2(e, TT_EV_GC_SWEEP_END, a, b);
	} else if (range == TT_EMIT_RANGE_ASSIST && tt_em_claim_close_range(&e->thread->g)) {
		tt_em_write0(e, TT_EV_GC_MARK_ASSIST_END);
	}
}

static void range_begin(struct tt_emit *e, enum tt_emit_range range, const char *reason,
			uint64_t stack)
{
	switch (range) {
	case TT_EMIT_RANGE_STW:
		if (!e->stw)
			tt_em_write2(e, TT_EV_STW_BEGIN,
				     tt_em_text(e, reason != NULL ? reason : ""), stack);
		e->stw = true;
		break;
	case TT_EMIT_RANGE_SWEEP:
		if (tt_em_claim_open_range(&e->thread->p->claim))
			tt_em_write1(e, TT_EV_GC_SWEEP_BEGIN, stack);
		break;
	case TT_EMIT_RANGE_ASSIST:
		if (tt_em_claim_open_range(&e->thread->g))
			tt_em_write1(e, TT_EV_GC_MARK_ASSIST_BEGIN, stack);
		break;
	default:
		tt_em_refused(e);
	}
}

void tt_emit_range_begin(struct tt_emit *e, enum tt_emit_range range, const char *reason,
			 uint64_t stack)
{
	if (range == TT_EMIT_RANGE_GC) {
		gc_range(true);
		return;
	}
	if (begin_present(e) && tt_em_to_running(e)) {
		tt_em_update_begin(&e->thread->p->in_update, e->gen);
		range_begin(e, range, reason, stack);
		tt_em_update_end(&e->thread->p->in_update);
	}
	tt_em_busy_end(e);
}

void tt_emit_range_end(struct tt_emit *e, enum tt_emit_range range, uint64_t a, uint64_t b)
{
	if (range == TT_EMIT_RANGE_GC) {
		gc_range(false);
		return;
	}
	if (begin_present(e) && tt_em_to_running(e)) {
		tt_em_update_begin(&e->thread->p->in_update, e->gen);
		range_end(e, range, a, b);
		tt_em_update_end(&e->thread->p->in_update);
	}
	tt_em_busy_end(e);
}
