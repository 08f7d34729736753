/* SPDX-License-Identifier: MIT */
/*
 * confirm.c - which events of a batch in doubt stay. Bytes of it are missing, and nobody knows
 * where. The events before that place are those that were written; some after it look good,
 * too, until one cannot be decoded or cannot happen in the state that was reached. Most often
 * it is the first or second that carries a sequence number, which each start of a goroutine
 * or P counts. Stands on order.
 */
#include <string.h>

#include "gen/clock.h"
#include "repair/place.h"
#include "repair/snapshot.h"

/* What shows that bytes are missing before some event of the batch. */
enum stop {
	STOP_DECODING,          /* it cannot be decoded: it lies at that place, or soon after it */
	STOP_ORDERING,          /* it cannot happen or waits, or others wait for what is missing */
	STOP_NONE,              /* all events can be ordered */
};

/*
 * Where nothing shows the place (place.h), so many events with a sequence number are in doubt, and
 * so is all between and after them. More are if little is missing: a few whole events, without
 * which ordering may go on for longer.
 */
#define NDOUBTED 8
#define NDOUBTED_OF_FEW 16
#define FEW_NBYTES 32
/* The size of a batch to which bytes were added ends within its last event. */
#define LAST_EVENT_NBYTES 32

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
		if (tt_salvage_doubt_has(d, s->gen.batches.at[i].data_offset))
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

/* Where the last events of some sort begin. */
struct last_events {
	uint32_t at[NDOUBTED_OF_FEW]; /* in a ring */
	unsigned n;
};

static void note_event(struct last_events *last, uint32_t at)
{
	last->at[last->n++ % NDOUBTED_OF_FEW] = at;
}

/* Where the n-th event from the last begins; 0: there are not so many. */
static uint32_t begin_of(const struct last_events *last, unsigned n)
{
	return last->n < n ? 0 : last->at[(last->n - n) % NDOUBTED_OF_FEW];
}

/* What stays if these are the last events before the place where `stop` shows that bytes are
 * missing. */
static uint32_t before_doubted(const struct tt_salvage_doubt *d, enum stop stop,
			       const struct last_events *sequenced,
			       const struct last_events *all)
{
	bool few = d->nmissing <= FEW_NBYTES;
	uint32_t at = begin_of(sequenced, few ? NDOUBTED_OF_FEW : NDOUBTED), other = 0;

	if (stop == STOP_DECODING)
		other = begin_of(all, TT_NMISREAD);
	return at > other ? at : other;
}

/* Of the first bytes of the batch, those that are confirmed. */
static uint32_t confirmed_nbytes(const struct tt_salvage *s, const struct tt_event_batch *b,
				 uint32_t nbytes, enum stop stop)
{
	const uint8_t *p = b->data, *end = p + nbytes, *run = p, *next;
	struct last_events sequenced = {.n = 0}, all = {.n = 0};
	struct tt_raw_event ev;
	uint64_t dt;

	for (; p < end; p = next) {
		bool has_sequence;

		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL || names_unknown_stack(s, &ev))
			break;
		has_sequence = tt_salvage_has_sequence(ev.type);
		note_event(&all, (uint32_t)(p - b->data));
		if (has_sequence)
			note_event(&sequenced, (uint32_t)(p - b->data));
		if (has_sequence || (stop != STOP_NONE && !tt_salvage_is_silent(ev.type)))
			run = next;
		else if (stop == STOP_NONE && may_be_missing(&s->doubt, (size_t)(next - run)))
			break;
	}
	return before_doubted(&s->doubt, stop, &sequenced, &all);
}

/* Follows the list of the heap in the first bytes of the batch. Where the first event begins that
 * contradicts it, or `nbytes`. */
static uint32_t follow_list(const struct tt_salvage *s, const struct tt_event_batch *b,
			    uint32_t nbytes, struct tt_snapshot *list)
{
	const uint8_t *p = b->data, *end = p + nbytes, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	for (; p < end; p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL)
			break;
		if (!tt_snapshot_follows(list, &ev, (uint32_t)(p - b->data)))
			return (uint32_t)(p - b->data);
	}
	return nbytes;
}

/*
 * Of the first bytes of the batch, which no event contradicts, those that are shown to be good. If
 * decoding stops, the bytes are missing after the list, and all of it is confirmed: events of the
 * list change nothing that ordering knows, so ordering cannot stop within it.
 */
static uint32_t good_nbytes(const struct tt_salvage *s, const struct tt_event_batch *b,
			    uint32_t nbytes, enum stop stop, const struct tt_snapshot *list)
{
	uint32_t listed = stop == STOP_DECODING ? tt_snapshot_nbytes(list) : 0;
	uint32_t confirmed = confirmed_nbytes(s, b, nbytes, stop);

	return confirmed > listed ? confirmed : listed;
}

/* Of the events in doubt, the first bytes of the batch count, and nothing else. */
static void count_events(struct tt_salvage *s, const struct tt_event_batch *b, uint32_t nbytes)
{
	const uint8_t *p = b->data, *end = p + nbytes;
	struct tt_raw_event ev;
	uint64_t dt;

	s->nevents -= s->doubt.nconfirmed;
	s->doubt.nconfirmed = 0;
	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
		s->doubt.nconfirmed += tt_salvage_nevents_of(ev.type);
	s->nevents += s->doubt.nconfirmed;
}

void tt_salvage_recount_doubted(struct tt_salvage *s)
{
	const struct tt_event_batch *b;

	if (s->doubt.batch == TT_NO_BATCH)
		return;
	b = &s->gen.batches.at[s->doubt.batch];
	count_events(s, b, b->size);
}

/* The first bytes of the batch are confirmed. False: no memory. */
static bool need_ids(struct tt_salvage *s, const struct tt_event_batch *b, uint32_t nbytes)
{
	const uint8_t *p = b->data, *end = p + nbytes;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
		if (!tt_salvage_need_ids(s, &ev))
			return false;
	return true;
}

/* The time of the first event of another thread that waits. */
static int64_t others_wait_since(const struct tt_salvage *s, const struct tt_merge *merge)
{
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;

		if (c->thread != s->doubt.thread && c->head->time_ns < since)
			since = c->head->time_ns;
	}
	return since;
}

/* How much of the batch is earlier than this. */
static uint32_t nbytes_before(const struct tt_salvage *s, const struct tt_event_batch *b,
			      int64_t ns)
{
	const uint8_t *p = b->data, *end = p + b->size, *next;
	uint64_t time = b->time, dt;
	struct tt_raw_event ev;

	for (; p < end; p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		time += dt;
		if (next == NULL || tt_ticks_to_ns(time, s->gen.ns_per_tick) >= ns)
			break;
	}
	return (uint32_t)(p - b->data);
}

static enum stop stop_of(const struct tt_salvage_doubt *d, const struct tt_event_batch *b,
			 uint32_t nordered, const struct tt_salvage_stop *at)
{
	if (nordered < b->size)
		return STOP_ORDERING;
	if (d->nbytes - nordered >= LAST_EVENT_NBYTES)
		return STOP_DECODING;
	return at->stuck && !at->lacks_others ? STOP_ORDERING : STOP_NONE;
}

/* Whether the events end with one that is read from a wrong place on: the batch has more bytes, and
 * no other batch begins there. */
static bool is_misread(const struct tt_salvage *s, const struct tt_event_batch *b)
{
	const struct tt_salvage_doubt *d = &s->doubt;
	const uint8_t *p = b->data + b->size, *end = b->data + d->nbytes;
	struct tt_raw_batch other;
	uint64_t nbytes;

	if (d->nbytes - b->size < (d->shortened ? 1 : LAST_EVENT_NBYTES))
		return false;
	return !tt_batch_plausible(p, end, &other, &nbytes) || other.generation != s->gen.number;
}

/* What shows how many bytes of the batch are good. */
struct evidence {
	const struct tt_merge *merge;
	const struct tt_salvage_stop *at;
	struct tt_doubted_events events;
	struct tt_snapshot list;
};

/* How many of its bytes stay where ordering gets to its end, or stops within it. */
static uint32_t nbytes_ordered(const struct tt_salvage *s, const struct tt_event_batch *b,
			       uint32_t nordered, const struct evidence *e)
{
	enum stop stop = stop_of(&s->doubt, b, nordered, e->at);
	uint32_t nplace, ngood;

	if (stop == STOP_ORDERING && nordered == b->size)
		return tt_doubted_events_place(&e->events, nordered, TT_PLACE_BEFORE);
	if (stop == STOP_ORDERING)
		return tt_doubted_events_place(&e->events, nordered,
					       e->at->stuck ? TT_PLACE_WAITING : TT_PLACE_ORDERING);
	ngood = good_nbytes(s, b, nordered, stop, &e->list);
	nplace = tt_doubted_events_place(&e->events, nordered, TT_PLACE_ANYWHERE);
	return nplace > ngood ? nplace : ngood;
}

/* How many of its bytes stay. */
static uint32_t nbytes_left(const struct tt_salvage *s, const struct tt_event_batch *b,
			    struct evidence *e)
{
	uint32_t nordered = reached(s, e->merge), nlisted, nbefore;
	uint64_t nlate = s->doubt.late_offset - b->data_offset;

	if (is_misread(s, b))
		return tt_doubted_events_place(&e->events, nordered, TT_PLACE_DECODING);
	/* bytes that are missing in the list of the heap nearly always contradict it */
	nlisted = follow_list(s, b, nordered, &e->list);
	e->events.ngood = tt_snapshot_nbytes(&e->list);
	/* if no other thread lacks events, they wait for what is missing in this batch */
	nbefore = e->at->lacks_others ? nordered
				      : nbytes_before(s, b, others_wait_since(s, e->merge));
	if (nlisted < nbefore)
		nbefore = nlisted;
	if (nlate < nbefore && nlate < nordered)
		return tt_doubted_events_place(&e->events, (uint32_t)nlate, TT_PLACE_ANYWHERE);
	if (nbefore < nordered)
		return tt_doubted_events_place(&e->events, nbefore, TT_PLACE_BEFORE);
	return nbytes_ordered(s, b, nordered, e);
}

/* How many of the first bytes of the batch name no stack that there is not. */
static uint32_t nbytes_known(const struct tt_salvage *s, const struct tt_event_batch *b,
			     uint32_t nbytes)
{
	const uint8_t *p = b->data, *end = p + nbytes, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	for (; p < end; p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL || names_unknown_stack(s, &ev))
			break;
	}
	return (uint32_t)(p - b->data);
}

/* How many of its bytes stay, by all that shows the place. False: no memory. */
static bool estimate(struct tt_salvage *s, const struct tt_event_batch *b, struct evidence *e,
		     uint32_t *nbytes)
{
	struct tt_salvage_doubt *d = &s->doubt;
	bool found = tt_snapshot_begin(&e->list, &s->gen) &&
		     tt_doubted_events_find(&e->events, s, b, reached(s, e->merge));

	if (found) {
		*nbytes = nbytes_left(s, b, e);
		d->nresumes = e->events.nresumes;
		memcpy(d->resumes, e->events.resumes, sizeof(d->resumes));
	}
	tt_doubted_events_release(&e->events, s);
	return found;
}

bool tt_salvage_confirm(struct tt_salvage *s, const struct tt_merge *merge,
			const struct tt_salvage_stop *at)
{
	struct evidence e = {.merge = merge, .at = at};
	struct tt_salvage_doubt *d = &s->doubt;
	const struct tt_event_batch *b;
	uint32_t nbytes;

	b = &s->gen.batches.at[d->batch];
	d->nkept = d->nordered = 0;
	if (b->size == 0)
		return true;
	d->nordered = nbytes_known(s, b, reached(s, merge));
	if (d->floor != 0)
		nbytes = d->floor < d->nordered ? d->floor : d->nordered;
	else if (!estimate(s, b, &e, &nbytes))
		return false;
	d->nkept = nbytes;
	if (!need_ids(s, b, nbytes))
		return false;
	tt_salvage_cut(s, thread_of(s), d->batch, nbytes);
	return true;
}
