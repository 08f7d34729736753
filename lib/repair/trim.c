/* SPDX-License-Identifier: MIT */
/* trim.c - cuts the events that are left of a generation to those that order. Stands on order. */
#include "repair/salvage_impl.h"

/* ---- what trimming changes */

bool tt_salvage_remember(struct tt_salvage *s)
{
	const struct tt_generation *g = &s->gen;

	if (!tt_mem_grow(s->mem, &s->runs.at, &s->runs.cap, g->batches.n, sizeof(*s->runs.at)) ||
	    !tt_mem_grow(s->mem, &s->threads.at, &s->threads.cap, g->threads.n,
			 sizeof(*s->threads.at)))
		return false;
	s->runs.n = g->batches.n;
	s->threads.n = g->threads.n;
	for (size_t i = 0; i < g->batches.n; i++)
		s->runs.at[i] = (struct tt_salvaged_run){g->batches.at[i].size,
							 g->batches.at[i].next};
	for (size_t i = 0; i < g->threads.n; i++)
		s->threads.at[i] = (struct tt_salvaged_thread){g->threads.at[i].first,
							       g->threads.at[i].last};
	return true;
}

void tt_salvage_recall(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;

	/* (what stands in none of the list was added by bridges) */
	g->batches.n = s->runs.n;
	s->first_moved = TT_NO_BATCH;
	for (size_t i = s->threads.n; i < g->threads.n; i++)
		g->threads.at[i].first = g->threads.at[i].last = TT_NO_BATCH;
	for (size_t i = 0; i < s->runs.n; i++) {
		g->batches.at[i].size = s->runs.at[i].size & 0xffffff;
		g->batches.at[i].next = s->runs.at[i].next;
	}
	for (size_t i = 0; i < s->threads.n; i++) {
		g->threads.at[i].first = s->threads.at[i].first;
		g->threads.at[i].last = s->threads.at[i].last;
	}
}

/* ---- what is lost */

/* How many events stand in a part of a batch of the input. */
static uint64_t nevents_in(const struct tt_salvage *s, const struct tt_salvaged_batch *b,
			   uint32_t from, uint32_t to)
{
	const uint8_t *p = b->head.data + from, *end = b->head.data + to;
	struct tt_raw_event ev;
	uint64_t n = 0, dt;

	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
		n += tt_salvage_nevents_of(ev.type);
	return n;
}

/* What does not stay of a batch right before damage may be no events that were written. */
static void count_unsure(struct tt_salvage *s)
{
	s->nunsure = 0;
	for (size_t i = 0; i < s->list.n; i++) {
		const struct tt_salvaged_batch *b = &s->list.at[i];

		if (b->events && b->doubted && !b->unsettled && !b->dropped && !b->cut &&
		    b->reach < b->nown)
			s->nunsure += nevents_in(s, b, b->reach, b->nown);
	}
	if (s->nunsure > s->nevents - s->nkept)
		s->nunsure = s->nevents - s->nkept;
}

/* How many events of a batch of the input come after bridges. */
static uint64_t nmoved_of(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->gen.threads.n; i++) {
		uint32_t k = tt_salvage_first_moved(s, &s->gen.threads.at[i]);

		for (; k != TT_NO_BATCH; k = s->gen.batches.at[k].next) {
			const struct tt_event_batch *run = &s->gen.batches.at[k];
			uint64_t at = run->data_offset - b->head.data_offset;

			if (run->data_offset >= b->head.data_offset && at < b->head.size)
				n += nevents_in(s, b, (uint32_t)at, (uint32_t)at + run->size);
		}
	}
	return n;
}

/*
 * What stays of a damaged batch is in doubt, all of it: the damage may be before the first event,
 * since numbers that follow a wrong one can often be read and ordered, too.
 */
static void count_doubted(struct tt_salvage *s)
{
	s->ndoubted = s->ndoubted_batches = 0;
	for (size_t i = 0; i < s->list.n; i++) {
		const struct tt_salvaged_batch *b = &s->list.at[i];
		uint64_t n;

		if (b->dropped || !(b->unsettled || b->suspect))
			continue;
		n = nevents_in(s, b, 0, b->reach) + nmoved_of(s, b);
		if (n == 0)
			continue;
		if (s->ndoubted_batches++ == 0)
			s->doubted_offset = b->head.offset;
		s->ndoubted += n;
	}
}

/* ---- what of it orders */

/* Whether an event stands in the batch in doubt. */
static bool is_doubted(const struct tt_salvage *s, const struct tt_event *ev)
{
	return s->doubt.batch != TT_NO_BATCH && tt_salvage_doubt_has(&s->doubt, ev->offset);
}

void tt_salvage_begin_times(struct tt_salvage *s)
{
	s->last_ns = INT64_MIN;
	s->doubt.late_offset = TT_UNKNOWN;
	s->doubt.ndelayed = 0;
}

/*
 * Compares the time of an event with the latest so far. Events of two threads that wait for each
 * other are in the order of their times: where one that is in doubt is not, its time is another
 * than was written. *latest: where the latest event stands if it is in doubt, or TT_UNKNOWN. (A
 * thread may come out of a system call before the time at which another notes that it took its P.)
 */
void tt_salvage_check_time(struct tt_salvage *s, const struct tt_event *ev, uint64_t *latest)
{
	uint64_t at = is_doubted(s, ev) ? ev->offset : TT_UNKNOWN;

	if (ev->raw_time_ns > s->last_ns) {
		s->last_ns = ev->raw_time_ns;
		*latest = at;
		return;
	}
	if (ev->raw_time_ns == s->last_ns || ev->spec->type == TT_EV_GO_SYSCALL_END_BLOCKED ||
	    (at == TT_UNKNOWN) == (*latest == TT_UNKNOWN))
		return;
	s->doubt.ndelayed += at == TT_UNKNOWN;
	at = at == TT_UNKNOWN ? *latest : at;
	if (at < s->doubt.late_offset)
		s->doubt.late_offset = at;
}

/* Orders all events, or as far as they go. 0, or the code that they stopped for. */
static int order_all(struct tt_salvage *s, struct tt_pass *pass)
{
	const struct tt_event *evs;
	uint64_t latest = TT_UNKNOWN;
	unsigned n;
	int rc;

	tt_salvage_begin_times(s);
	s->nkept = s->nread = 0;
	tt_pass_take(pass, &s->gen);
	rc = tt_pass_begin(pass);
	while (rc == TT_OK) {
		rc = tt_pass_advance(pass, &evs, &n);
		if (rc != TT_OK)
			break;
		s->nread += n;
		s->nkept += tt_salvage_nevents_of(evs[0].spec->type);
		tt_salvage_check_time(s, &evs[0], &latest);
	}
	return rc == TT_END ? TT_OK : rc;
}

/* Drops what the merge did not get to: of all threads, or of one. */
static void cut_at_heads(struct tt_salvage *s, const struct tt_merge *merge, const int64_t *thread)
{
	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;
		uint32_t t = tt_idmap_find(&s->gen.thread_ids, (uint64_t)c->thread);
		const struct tt_event_batch *b = &s->gen.batches.at[c->head->batch];

		if (thread == NULL || c->thread == *thread)
			tt_salvage_cut(s, &s->gen.threads.at[t], c->head->batch,
				       (uint32_t)(c->head->offset - b->data_offset));
	}
}

/* Nothing at all: it orders always. */
static void drop_events(struct tt_salvage *s)
{
	for (size_t i = 0; i < s->gen.threads.n; i++)
		tt_salvage_end_thread(s, &s->gen.threads.at[i], TT_NO_BATCH, s->gen.threads.at[i].first);
}

/* Among equal times it may go another way without what was cut off: then more is. */
#define MAX_TRIALS 16
/* So many threads are cut alone, where their next event cannot happen; then all are. */
#define MAX_BROKEN 32
/* In so many threads embedded events may lack what they need, and nothing else is cut. */
#define MAX_EMBEDDED 64

/* How often each of these was done. */
struct trials {
	int ntrials, nbroken, nembedded;
	bool confirmed;         /* the events in doubt are settled */
};

/* Whether ordering says something of the events in doubt: not before their thread stops. */
static bool reaches_doubt(const struct tt_salvage *s, int rc, const struct tt_error *err)
{
	return rc == TT_OK ||
	       (!err->system && (err->code == TT_E_STUCK || err->thread == s->doubt.thread));
}

/* Settles the events in doubt. False: no memory. */
static bool confirm(struct tt_salvage *s, const struct tt_pass *pass, int rc,
		    const struct trials *n)
{
	bool own = tt_idmap_find(&s->gapped, (uint64_t)s->doubt.thread) != TT_IDMAP_NONE;
	const struct tt_salvage_stop at = {
		.stuck = rc != TT_OK && pass->err.code == TT_E_STUCK,
		.lacks_others = n->nbroken != 0 || s->gapped.count > own,
	};

	return tt_salvage_confirm(s, &pass->merge, &at);
}

/* Ordering stopped for `err`: cuts what cannot go on, the least that helps. */
static void cut_what_stopped(struct tt_salvage *s, const struct tt_merge *merge,
			     const struct tt_error *err, struct trials *n)
{
	if (n->nembedded < MAX_EMBEDDED && tt_salvage_end_embedded(s, merge, err)) {
		n->nembedded++;
	} else if (n->nbroken < MAX_BROKEN && err->code != TT_E_STUCK) {
		n->nbroken++;
		if (!tt_salvage_cut_resumed(s, merge, err->thread))
			cut_at_heads(s, merge, &err->thread);
	} else {
		cut_at_heads(s, merge, NULL);
		if (n->ntrials++ == MAX_TRIALS)
			drop_events(s);
	}
}

/* What stays, and what does not. */
static void count(struct tt_salvage *s)
{
	/* nothing orders CPU samples, and a reader begins a generation with a Sync */
	s->nread += s->gen.samples.n + 1;
	tt_salvage_measure(s);
	count_unsure(s);
	count_doubted(s);
}

int tt_salvage_trim(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		    struct tt_error *why)
{
	const struct tt_error *err = &pass->err;
	struct trials n = {.confirmed = s->doubt.batch == TT_NO_BATCH};
	bool stopped = false;
	int rc;

	do {
		if (!tt_order_copy(&pass->order, start))
			return tt_salvage_no_memory(s, why);
		rc = order_all(s, pass);
		if (rc != TT_OK && (!stopped || err->system))
			*why = *err;
		stopped |= rc != TT_OK;
		if (rc != TT_OK && err->system)
			return rc;
		if (!n.confirmed && reaches_doubt(s, rc, err)) {
			n.confirmed = true;
			if (!confirm(s, pass, rc, &n))
				return tt_salvage_no_memory(s, why);
			rc = TT_E_STUCK;
		} else if (rc != TT_OK) {
			cut_what_stopped(s, &pass->merge, err, &n);
		}
	} while (rc != TT_OK);
	tt_salvage_recount_doubted(s);
	count(s);
	return TT_OK;
}

int tt_salvage_order(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		     uint64_t nmade)
{
	int rc;

	if (!tt_order_copy(&pass->order, start))
		return tt_salvage_no_memory(s, &pass->err);
	rc = order_all(s, pass);
	if (rc != TT_OK)
		return rc;
	s->nread -= nmade;
	s->nkept -= nmade;
	count(s);
	return TT_OK;
}

void tt_salvage_cut_doubted(struct tt_salvage *s)
{
	const struct tt_salvage_doubt *d = &s->doubt;
	uint32_t t, i;

	if (d->batch == TT_NO_BATCH)
		return;
	t = tt_idmap_find(&s->gen.thread_ids, (uint64_t)d->thread);
	for (i = s->gen.threads.at[t].first; i != TT_NO_BATCH && i != d->batch;)
		i = s->gen.batches.at[i].next;
	if (i != TT_NO_BATCH)
		tt_salvage_cut(s, &s->gen.threads.at[t], i, d->nkept);
	tt_salvage_recount_doubted(s);
}
