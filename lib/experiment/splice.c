/* SPDX-License-Identifier: MIT */
/*
 * splice.c - embedded events among those of their threads. A batch is a run of events
 * with the time before its first; so a batch can be cut between any two of its
 * events, and two streams of a thread become one list of runs.
 */
#include "experiment/embedded.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "spec/spec.h"
#include "wire/embedded.h"

/* Types up to this are Go's: their place is in the threads' own batches. */
#define LAST_OF_GO 136

/* Events of one thread in their order, batch by batch, and the run not yet filed. */
struct stream {
	const uint8_t *pos, *end;       /* what is left of the batch */
	uint64_t data_offset;           /* of `pos` in the trace */
	uint64_t batch_time;
	uint64_t time;                  /* of the event before pos */
	int64_t ns;                     /* the same as the merge has it */
	const uint8_t *run;             /* the run goes from here to pos */
	uint64_t run_offset;
	int64_t run_ns;
	const uint8_t *next;            /* after the event at pos; NULL: none is left */
	uint64_t next_dt, next_time;
	bool broken;                    /* what is at pos cannot be decoded */
};

/* Batches of embedded events, each with the next one of its thread. */
struct link {
	size_t batch;                   /* index among the experimental ones */
	size_t next;                    /* index among the links, or NO_LINK */
};
#define NO_LINK SIZE_MAX

struct thread {
	int64_t thread;
	size_t first, last;
};

/* All of a generation. */
struct all_embedded {
	TT_ARRAY(struct link) links;
	TT_ARRAY(struct thread) threads;
	struct tt_idmap ids;            /* thread to index in `threads` */
};

struct splice {
	struct tt_embedded *p;
	struct tt_generation *gen;
	const struct tt_decode_plan *plan;
	struct tt_tick_rate rate;
	int64_t thread;
	struct stream own, embedded;
	uint32_t next_own;              /* batch of the thread, or TT_NO_BATCH */
	const struct link *next_embedded; /* its next batch of embedded events, or NULL */
	const struct tt_batch *batch;   /* that of `embedded` */
	const struct all_embedded *all;
	struct tt_thread_batches out;   /* the new list */
	bool no_memory;
};

/* Begins a batch of embedded events; false if it is another batch, or a bad one. */
static bool open_embedded(struct tt_embedded *p, const struct tt_batch *batch, int64_t *thread,
			  struct stream *s)
{
	const uint8_t *at = tt_embedded_body(batch, TT_EMBEDDED_EVENTS);
	const uint8_t *end = batch->data + batch->size;
	uint64_t m, time;

	if (at == NULL)
		return false;
	if (!tt_embedded_number(&at, end, &m) || !tt_embedded_number(&at, end, &time)) {
		tt_embedded_fault(p, batch, "embedded events without thread and time");
		return false;
	}
	*thread = (int64_t)m;
	*s = (struct stream){
		.pos = at,
		.end = end,
		.data_offset = batch->data_offset + (uint64_t)(at - batch->data),
		.batch_time = time,
		.time = time,
	};
	return true;
}

static void begin_run(struct stream *s)
{
	s->run = s->pos;
	s->run_offset = s->data_offset;
	s->run_ns = s->ns;
}

/*
 * The same for embedded events. The merge cuts each dt to whole nanoseconds, so that a
 * thread's own events fall behind their ticks until its next batch: embedded ones are
 * placed relative to them, so that the order stays.
 */
static void begin_embedded_run(struct splice *x)
{
	struct stream *s = &x->embedded;
	const struct stream *own = &x->own;
	int64_t ns = tt_rate_to_ns(&x->rate, s->next_time);

	if (s->next_time >= own->time)
		ns = tt_ns_add(own->ns, tt_rate_to_ns(&x->rate, s->next_time - own->time));
	s->ns = tt_ns_sub(ns, tt_rate_to_ns(&x->rate, s->next_dt));
	begin_run(s);
}

/* Files the run as a batch of the thread. */
static void end_run(struct splice *x, struct stream *s)
{
	struct tt_generation *g = x->gen;
	uint32_t i = (uint32_t)g->batches.n;

	if (s->run == NULL || s->run == s->pos)
		return;
	if (i == TT_NO_BATCH || !TT_ARRAY_ROOM(g->mem, &g->batches)) {
		x->no_memory = true;
		return;
	}
	g->batches.at[g->batches.n++] = (struct tt_event_batch){
		.data = s->run,
		.data_offset = s->run_offset,
		.time = s->batch_time,
		.start_ns = s->run_ns,
		.size = (uint32_t)(s->pos - s->run) & 0xffffff,
		.next = TT_NO_BATCH,
	};
	if (x->out.last == TT_NO_BATCH)
		x->out.first = i;
	else
		g->batches.at[x->out.last].next = i;
	x->out.last = i;
	begin_run(s);
}

/* The event at pos: where it ends and when it is. */
static void look(struct splice *x, struct stream *s)
{
	struct tt_raw_event ev;

	s->next = tt_raw_event_decode(x->plan, s->pos, s->end, &ev, &s->next_dt);
	s->next_time = s->time + s->next_dt;
	s->broken = s->next == NULL || (s == &x->embedded && *s->pos <= LAST_OF_GO);
}

static bool open_own(struct splice *x)
{
	const struct tt_event_batch *b;

	if (x->next_own == TT_NO_BATCH)
		return false;
	b = &x->gen->batches.at[x->next_own];
	x->own = (struct stream){
		.pos = b->data,
		.end = b->data + b->size,
		.data_offset = b->data_offset,
		.batch_time = b->time,
		.time = b->time,
		.ns = tt_rate_to_ns(&x->rate, b->time),
	};
	x->next_own = b->next;
	return true;
}

static bool open_next_embedded(struct splice *x)
{
	const struct link *link = x->next_embedded;
	bool first = x->batch == NULL;
	uint64_t before = x->embedded.time;
	int64_t thread;

	if (link == NULL)
		return false;
	x->batch = &x->gen->experimental.at[link->batch];
	x->next_embedded = link->next == NO_LINK ? NULL : &x->all->links.at[link->next];
	/* it was opened before and found good */
	if (!open_embedded(x->p, x->batch, &thread, &x->embedded))
		return false;
	if (!first && x->embedded.time < before)
		tt_embedded_fault(x->p, x->batch, "embedded events that go back in time: they "
						  "begin before the last one of the thread");
	return true;
}

/* Makes the next event of the thread's own stream known; false if there is none. */
static bool ready_own(struct splice *x)
{
	struct stream *s = &x->own;

	while (s->next == NULL) {
		end_run(x, s);
		while (s->pos == s->end)
			if (!open_own(x))
				return false;
		begin_run(s);
		look(x, s);
		if (!s->broken)
			continue;
		/* the reader reports what is wrong with the rest, at its place */
		s->next = s->end;
		s->next_dt = 0;
		s->next_time = s->time;
	}
	return true;
}

/* The batch of embedded events cannot be read from the event at pos on. */
static void blame_event(struct splice *x)
{
	const struct stream *s = &x->embedded;
	struct tt_embedded *p = x->p;
	unsigned type = *s->pos;

	if (p->fault != NULL)
		return;
	snprintf(p->text, sizeof(p->text), "an embedded event of type %u, %s", type,
		 type <= LAST_OF_GO ? "which is one of Go's and does not belong there"
		 : x->plan->nargs[type] >= TT_PLAN_UNTIMED ? "which no spec defines"
							   : "which is cut off");
	tt_embedded_fault(p, x->batch, p->text);
	p->fault_offset = s->data_offset;
	p->fault_thread = x->thread;
}

static bool ready_embedded(struct splice *x)
{
	struct stream *s = &x->embedded;

	while (s->next == NULL) {
		end_run(x, s);
		while (s->pos == s->end)
			if (!open_next_embedded(x))
				return false;
		look(x, s);
		if (!s->broken) {
			begin_embedded_run(x);
			continue;
		}
		blame_event(x);
		s->next = NULL;
		s->end = s->pos;
	}
	return true;
}

/* Takes the event that ready_*() found into the run. Its time is the merge's: advance.h. */
static void take(struct splice *x, struct stream *s)
{
	s->data_offset += (uint64_t)(s->next - s->pos);
	s->pos = s->next;
	s->time = s->next_time;
	if (s->ns == 0)
		s->ns = tt_rate_to_ns(&x->rate, s->batch_time);
	s->ns = tt_ns_add(s->ns, tt_rate_to_ns(&x->rate, s->next_dt));
	s->next = NULL;
	if (s->pos != s->end) {
		look(x, s);
		if (s->broken)
			s->next = NULL;
	}
}

static void splice_thread(struct splice *x)
{
	struct stream *last = NULL;
	bool has_own, has_embedded;

	for (;;) {
		struct stream *s;

		has_own = ready_own(x);
		has_embedded = ready_embedded(x);
		if ((!has_own && !has_embedded) || x->no_memory)
			break;
		if (has_own && has_embedded && x->own.next_time == x->embedded.next_time)
			tt_embedded_fault(x->p, x->batch, "an embedded event at the tick of another "
					  "event of its thread: which is first is not known");
		s = has_own && (!has_embedded || x->own.next_time <= x->embedded.next_time)
			    ? &x->own
			    : &x->embedded;
		if (last != NULL && last != s)
			end_run(x, last);
		if (s != last && s == &x->embedded)
			begin_embedded_run(x);
		else if (s != last)
			begin_run(s);
		last = s;
		take(x, s);
	}
}

/* Adds a batch of embedded events to those of its thread. False: no memory. */
static bool file_embedded(struct all_embedded *c, struct tt_mem *mem, int64_t thread, size_t batch)
{
	uint32_t i = tt_idmap_find(&c->ids, (uint64_t)thread);
	size_t link = c->links.n;

	if (!TT_ARRAY_ROOM(mem, &c->links))
		return false;
	c->links.at[c->links.n++] = (struct link){batch, NO_LINK};
	if (i != TT_IDMAP_NONE) {
		c->links.at[c->threads.at[i].last].next = link;
		c->threads.at[i].last = link;
		return true;
	}
	i = (uint32_t)c->threads.n;
	if (i == TT_IDMAP_NONE || !TT_ARRAY_ROOM(mem, &c->threads) ||
	    !tt_idmap_add(&c->ids, (uint64_t)thread, i))
		return false;
	c->threads.at[c->threads.n++] = (struct thread){thread, link, link};
	return true;
}

static bool find_embedded(struct all_embedded *c, struct tt_embedded *p,
			  const struct tt_generation *gen)
{
	for (size_t i = 0; i < gen->experimental.n; i++) {
		struct stream s;
		int64_t thread;

		if (open_embedded(p, &gen->experimental.at[i], &thread, &s) &&
		    !file_embedded(c, gen->mem, thread, i))
			return false;
	}
	return true;
}

static bool splice_into(struct tt_embedded *p, struct tt_generation *gen,
			const struct tt_decode_plan *plan, const struct all_embedded *all,
			const struct thread *of)
{
	struct splice x = {
		.p = p,
		.gen = gen,
		.plan = plan,
		.rate = tt_tick_rate(gen->ns_per_tick),
		.thread = of->thread,
		.all = all,
	};
	struct tt_thread_batches *thread = tt_generation_thread(gen, of->thread);

	if (thread == NULL)
		return false;
	x.next_own = thread->first;
	x.next_embedded = &all->links.at[of->first];
	x.out = (struct tt_thread_batches){of->thread, TT_NO_BATCH, TT_NO_BATCH};
	splice_thread(&x);
	/* the array of threads does not move meanwhile */
	*thread = x.out;
	return !x.no_memory;
}

int tt_embedded_splice(struct tt_embedded *p, struct tt_generation *gen,
		       const struct tt_decode_plan *plan, struct tt_error *err)
{
	struct all_embedded all = {0};
	bool good;

	tt_idmap_init(&all.ids, gen->mem, tt_random_seed());
	good = find_embedded(&all, p, gen);
	for (size_t i = 0; good && i < all.threads.n; i++)
		good = splice_into(p, gen, plan, &all, &all.threads.at[i]);
	tt_idmap_release(&all.ids);
	TT_ARRAY_RELEASE(gen->mem, &all.links);
	TT_ARRAY_RELEASE(gen->mem, &all.threads);
	return good ? TT_OK : tt_fail(err, tt_mem_code(gen->mem), "no memory for embedded events");
}
