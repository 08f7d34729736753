/* SPDX-License-Identifier: MIT */
/*
 * confirm.c - which events of a batch in doubt stay. Bytes of it are missing, and nobody knows
 * where. The events before that place are those that were written; some after it look good,
 * too, until one cannot be decoded or cannot happen in the state that was reached. Most often
 * it is the first or second that carries a sequence number, which each start of a goroutine
 * or P counts. Stands on order.
 */
#include "repair/salvage.h"

/* So many events with a sequence number before the place where ordering stops are in doubt,
 * and so is all between and after them. More are if little is missing: a few whole events, without
 * which ordering may go on for longer. */
#define NDOUBTED 8
#define NDOUBTED_OF_FEW 16
#define FEW_NBYTES 32

/* The first type of an event of an experiment. */
#define FIRST_EXPERIMENTAL 128

/* A run of silent events is at least so long. */
#define SILENT_NBYTES 64

/* The size of a batch to which bytes were added ends within its last event. */
#define LAST_EVENT_NBYTES 32

static bool has_sequence(unsigned type)
{
	switch (type) {
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SYSCALL_BEGIN:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		return true;
	default:
		return false;
	}
}

/* Whether an event changes nothing that ordering knows. */
static bool is_silent(unsigned type)
{
	return type == TT_EV_HEAP_ALLOC || type == TT_EV_HEAP_GOAL || type == TT_EV_USER_LOG ||
	       type == TT_EV_GO_LABEL || type >= FIRST_EXPERIMENTAL;
}

/* Whether what is missing may be a part of a run of such events. Runs are alike, and what is
 * left of one is about as long. */
static bool may_be_missing(const struct tt_salvage_doubt *d, size_t run_nbytes)
{
	return 2 * (uint64_t)run_nbytes > d->nmissing;
}

static struct tt_thread_batches *thread_of(struct tt_salvage *s)
{
	uint32_t i = tt_idmap_find(&s->gen.thread_ids, (uint64_t)s->doubt.thread);

	return &s->gen.threads.at[i];
}

void tt_salvage_find_doubted(struct tt_salvage *s)
{
	struct tt_salvage_doubt *d = &s->doubt;
	struct tt_thread_batches *t;
	uint32_t i;

	if (d->batch == TT_NO_BATCH)
		return;
	t = thread_of(s);
	d->batch = TT_NO_BATCH;
	for (i = t->first; i != TT_NO_BATCH; i = s->gen.batches.at[i].next)
		if (s->gen.batches.at[i].data_offset >= d->offset &&
		    s->gen.batches.at[i].data_offset - d->offset < d->nbytes)
			break;
	if (i == TT_NO_BATCH)
		return;
	if (s->gen.batches.at[i].size == d->nbytes && i == t->last)
		d->batch = i;
	else
		tt_salvage_cut(s, t, i, 0);
}

/* How far ordering got in the batch. */
static uint32_t reached(const struct tt_salvage *s, const struct tt_merge *merge)
{
	const struct tt_event_batch *b = &s->gen.batches.at[s->doubt.batch];

	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;

		if (c->thread != s->doubt.thread)
			continue;
		/* (it is the last one of its thread) */
		return c->head->batch == s->doubt.batch ? (uint32_t)(c->head->offset - b->data_offset)
							: 0;
	}
	return b->size;
}

/* Whether an event names a stack that is in no table, though there are some: then a byte of it
 * is not what was written. */
static bool names_unknown_stack(const struct tt_salvage *s, const struct tt_raw_event *ev)
{
	const struct tt_event_def *def = tt_specs_def(s->gen.specs, ev->type);

	for (unsigned i = 0; i < def->nstacks && s->made.first_stack != 0; i++) {
		uint64_t id = ev->args[def->stack_args[i]];
		uint32_t at = tt_idmap_find(&s->gen.stack_ids, id);

		if (id != 0 && (at == TT_IDMAP_NONE || at >= s->made.first_stack))
			return true;
	}
	return false;
}

/*
 * Of the first bytes of the batch, those that are confirmed: up to a run of silent events that may
 * be what lost bytes. `unnoticed`: all of the batch was ordered, so any run without a sequence
 * number may be.
 */
static uint32_t confirmed_nbytes(const struct tt_salvage *s, const struct tt_event_batch *b,
				 uint32_t nbytes, bool unnoticed)
{
	const uint8_t *p = b->data, *end = p + nbytes, *run = p, *next;
	const uint8_t *doubted[NDOUBTED_OF_FEW]; /* the last ones, in a ring */
	unsigned n = 0, ndoubted = s->doubt.nmissing <= FEW_NBYTES ? NDOUBTED_OF_FEW : NDOUBTED;
	struct tt_raw_event ev;
	uint64_t dt;

	for (; p < end; p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL || names_unknown_stack(s, &ev))
			break;
		if (has_sequence(ev.type))
			doubted[n++ % ndoubted] = p;
		if (has_sequence(ev.type) || (!unnoticed && !is_silent(ev.type)))
			run = next;
		else if ((unnoticed || next - run >= SILENT_NBYTES) &&
			 may_be_missing(&s->doubt, (size_t)(next - run)))
			break;
	}
	return n < ndoubted ? 0 : (uint32_t)(doubted[n % ndoubted] - b->data);
}

/* The first bytes of the batch are confirmed. False: no memory. */
static bool add_events(struct tt_salvage *s, const struct tt_event_batch *b, uint32_t nbytes)
{
	const uint8_t *p = b->data, *end = p + nbytes;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL) {
		s->doubt.nconfirmed += tt_salvage_nevents_of(ev.type);
		if (!tt_salvage_need_ids(s, &ev))
			return false;
	}
	s->nevents += s->doubt.nconfirmed;
	return true;
}

bool tt_salvage_confirm(struct tt_salvage *s, const struct tt_merge *merge)
{
	struct tt_salvage_doubt *d = &s->doubt;
	const struct tt_event_batch *b;
	uint32_t nbytes;

	s->nevents -= d->nconfirmed;
	d->nconfirmed = 0;
	b = &s->gen.batches.at[d->batch];
	if (b->size == 0)
		return true;
	nbytes = reached(s, merge);
	if (nbytes != d->nbytes || !d->ends)
		nbytes = confirmed_nbytes(s, b, nbytes,
					  nbytes == b->size &&
						  d->nbytes - nbytes < LAST_EVENT_NBYTES);
	if (!add_events(s, b, nbytes))
		return false;
	tt_salvage_cut(s, thread_of(s), d->batch, nbytes);
	return true;
}
