/* SPDX-License-Identifier: MIT */
/*
 * splice.c - carried events among those of their threads. A batch is a run of events
 * with the time before its first; so a batch can be cut between any two of its
 * events, and two streams of a thread become one list of runs. Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "experiment/private_impl.h"
#include "spec/spec.h"

/* Types up to this are Go's, and have their place among its events. */
#define LAST_OF_GO 136

/* Events of one thread in their order, batch by batch, and the run not yet filed. */
struct stream {
	const uint8_t *pos, *end;       /* what is left of the batch */
	uint64_t data_offset;           /* of `pos` in the trace */
	uint64_t time;                  /* of the event before pos */
	const uint8_t *run;             /* the run goes from here to pos */
	uint64_t run_offset, run_time;
	const uint8_t *next;            /* behind the event at pos; NULL: none is left */
	uint64_t next_time;
	bool broken;                    /* what is at pos cannot be decoded */
};

struct splice {
	struct tt_private *p;
	struct tt_generation *gen;
	const struct tt_decode_plan *plan;
	int64_t thread;
	struct stream main, carried;
	uint32_t next_main;             /* batch of the thread, or TT_NO_BATCH */
	size_t next_carried;            /* experimental batch to look at */
	struct tt_thread_batches out;   /* the new list */
	bool no_memory;
};

/* A batch of carried events; false if it is none, or a bad one. */
static bool open_carried(struct tt_private *p, const struct tt_batch *batch, int64_t *thread,
			 struct stream *s)
{
	const uint8_t *at = tt_private_body(batch, 0xd1, "TTEV");
	const uint8_t *end = batch->data + batch->size;
	uint64_t who, time;

	if (at == NULL)
		return false;
	if (!tt_private_number(&at, end, &who) || !tt_private_number(&at, end, &time)) {
		tt_private_fault(p, batch, "carried events without thread and time");
		return false;
	}
	*thread = (int64_t)who;
	*s = (struct stream){
		.pos = at,
		.end = end,
		.data_offset = batch->data_offset + (uint64_t)(at - batch->data),
		.time = time,
	};
	return true;
}

static void begin_run(struct stream *s)
{
	s->run = s->pos;
	s->run_offset = s->data_offset;
	s->run_time = s->time;
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
		.time = s->run_time,
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
	struct tt_timed ev;
	uint64_t dt;

	s->next = tt_timed_decode(x->plan, s->pos, s->end, &ev, &dt);
	s->next_time = s->time + dt;
	s->broken = s->next == NULL || (s == &x->carried && *s->pos <= LAST_OF_GO);
}

static bool open_main(struct splice *x)
{
	const struct tt_event_batch *b;

	if (x->next_main == TT_NO_BATCH)
		return false;
	b = &x->gen->batches.at[x->next_main];
	x->main = (struct stream){
		.pos = b->data,
		.end = b->data + b->size,
		.data_offset = b->data_offset,
		.time = b->time,
	};
	x->next_main = b->next;
	return true;
}

static bool open_next_carried(struct splice *x)
{
	struct stream found;
	int64_t thread;

	while (x->next_carried < x->gen->experimental.n) {
		const struct tt_batch *batch = &x->gen->experimental.at[x->next_carried++];

		if (!open_carried(x->p, batch, &thread, &found) || thread != x->thread)
			continue;
		x->carried = found;
		return true;
	}
	return false;
}

/* Makes the next event of the thread's own stream known; false if there is none. */
static bool ready_main(struct splice *x)
{
	struct stream *s = &x->main;

	while (s->next == NULL) {
		end_run(x, s);
		while (s->pos == s->end)
			if (!open_main(x))
				return false;
		begin_run(s);
		look(x, s);
		if (!s->broken)
			continue;
		/* the reader says of the rest what is wrong with it, in its place */
		s->next = s->end;
		s->next_time = s->time;
	}
	return true;
}

static bool ready_carried(struct splice *x)
{
	struct stream *s = &x->carried;

	while (s->next == NULL) {
		end_run(x, s);
		while (s->pos == s->end)
			if (!open_next_carried(x))
				return false;
		begin_run(s);
		look(x, s);
		if (!s->broken)
			continue;
		tt_private_fault(x->p, &x->gen->experimental.at[x->next_carried - 1],
				 "a carried event that no spec tells of, or that is cut off");
		s->next = NULL;
		s->end = s->pos;
	}
	return true;
}

/* Takes the event that ready_ found into the run. */
static void take(struct splice *x, struct stream *s)
{
	s->data_offset += (uint64_t)(s->next - s->pos);
	s->pos = s->next;
	s->time = s->next_time;
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
	bool has_main, has_carried;

	for (;;) {
		struct stream *s;

		has_main = ready_main(x);
		has_carried = ready_carried(x);
		if ((!has_main && !has_carried) || x->no_memory)
			break;
		s = has_main && (!has_carried || x->main.next_time <= x->carried.next_time)
			    ? &x->main
			    : &x->carried;
		if (last != NULL && last != s)
			end_run(x, last);
		if (s != last)
			begin_run(s);
		last = s;
		take(x, s);
	}
}

/* The thread of the i-th experimental batch, if it is the first of it that carries events. */
static bool is_first(struct tt_private *p, const struct tt_generation *gen, size_t i,
		     struct tt_idmap *done, int64_t *thread)
{
	struct stream s;

	return open_carried(p, &gen->experimental.at[i], thread, &s) &&
	       tt_idmap_find(done, (uint64_t)*thread) == TT_IDMAP_NONE;
}

int tt_private_splice(struct tt_private *p, struct tt_generation *gen,
		      const struct tt_decode_plan *plan, struct tt_error *err)
{
	struct tt_idmap done;
	bool good = true;

	tt_idmap_init(&done, gen->mem, tt_random_seed());
	for (size_t i = 0; good && i < gen->experimental.n; i++) {
		struct splice x = {.p = p, .gen = gen, .plan = plan, .next_carried = i};
		struct tt_thread_batches *thread;

		if (!is_first(p, gen, i, &done, &x.thread))
			continue;
		thread = tt_generation_thread(gen, x.thread);
		good = thread != NULL && tt_idmap_add(&done, (uint64_t)x.thread, 1);
		if (!good)
			break;
		x.next_main = thread->first;
		x.out = (struct tt_thread_batches){x.thread, TT_NO_BATCH, TT_NO_BATCH};
		splice_thread(&x);
		/* the array of threads does not move meanwhile */
		*thread = x.out;
		good = !x.no_memory;
	}
	tt_idmap_release(&done);
	return good ? TT_OK : tt_fail(err, tt_mem_code(gen->mem), "no memory for carried events");
}
