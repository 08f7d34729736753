/* SPDX-License-Identifier: MIT */
/*
 * bridged.c - made-up events among those of a broken generation: a thread's batches are divided
 * where they stand. Stands on bridge.h.
 */
#include "repair/bridge.h"

#include "wire/varint.h"

/* A made-up batch is ended when it has so many bytes. */
#define FULL 32768

uint64_t tt_bridge_ticks_at(const struct tt_salvage *s, const struct tt_event_batch *run,
			    uint32_t at, uint64_t *before)
{
	const uint8_t *p = run->data, *to = p + at, *end = p + s->runs.at[run - s->gen.batches.at].size;
	uint64_t time = run->time, dt = 0;
	struct tt_raw_event ev;

	*before = time;
	while (p != NULL && p < end && p <= to) {
		*before = time;
		p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		time += dt;
	}
	return time;
}

/* ---- batches that are added */

/* A new list of batches of a thread. */
struct list {
	struct tt_bridges *b;
	struct tt_salvage *s;
	size_t thread;          /* index in the generation */
	bool no_memory;
};

static void link_batch(struct list *l, uint32_t i)
{
	struct tt_thread_batches *t = &l->s->gen.threads.at[l->thread];
	struct tt_event_batch *all = l->s->gen.batches.at;

	all[i].next = TT_NO_BATCH;
	if (t->first == TT_NO_BATCH)
		t->first = i;
	else
		all[t->last].next = i;
	t->last = i;
}

static void add_batch(struct list *l, const struct tt_event_batch *batch)
{
	struct tt_generation *g = &l->s->gen;

	if (!TT_ARRAY_ROOM(g->mem, &g->batches)) {
		l->no_memory = true;
		return;
	}
	g->batches.at[g->batches.n++] = *batch;
	link_batch(l, (uint32_t)(g->batches.n - 1));
}

/* The events of one of its batches from `from` to `to`. */
static void add_part(struct list *l, uint32_t i, uint32_t from, uint32_t to)
{
	struct tt_event_batch *batch = &l->s->gen.batches.at[i], part = *batch;

	if (from >= to)
		return;
	if (from == 0) {
		batch->size = to & 0xffffff;
		link_batch(l, i);
		return;
	}
	tt_bridge_ticks_at(l->s, batch, from, &part.time);
	part.data += from;
	part.data_offset += from;
	part.header_nbytes = 0;
	part.start_ns = 0;
	part.size = (to - from) & 0xffffff;
	add_batch(l, &part);
}

/* One made-up batch, whose bytes are the last ones. (Where they are is known in the end.) */
static void end_made(struct list *l, size_t from, uint64_t ticks)
{
	const struct tt_event_batch made = {
		.data_offset = TT_BRIDGED_OFFSET + from,
		.time = ticks,
		.size = (l->b->bytes.len - from) & 0xffffff,
	};

	if (made.size != 0)
		add_batch(l, &made);
}

static void add_made(struct list *l, const struct tt_bridge *bridge)
{
	struct tt_bytes *bytes = &l->b->bytes;
	size_t from = bytes->len;

	for (size_t i = 0; i < bridge->n && !l->no_memory; i++) {
		const struct tt_synth_event *ev = &l->b->synth.events.at[bridge->first + i];
		uint8_t *p;

		if (!tt_bytes_room(bytes, 2 + TT_SYNTH_MAX_ARGS * TT_VARINT_MAX)) {
			l->no_memory = true;
			return;
		}
		p = bytes->data + bytes->len;
		*p++ = ev->type;
		*p++ = 0;
		for (unsigned k = 0; k < ev->nargs; k++)
			p = tt_varint_put(p, ev->args[k]);
		bytes->len = (size_t)(p - bytes->data);
		if (bytes->len - from >= FULL) {
			end_made(l, from, bridge->ticks);
			from = bytes->len;
		}
	}
	end_made(l, from, bridge->ticks);
}

/* ---- the batches of a thread */

static bool find_chain(struct tt_bridges *b, const struct tt_salvage *s, size_t thread)
{
	b->chain.n = 0;
	for (uint32_t i = s->gen.threads.at[thread].first; i != TT_NO_BATCH;
	     i = s->gen.batches.at[i].next) {
		if (!TT_ARRAY_ROOM(b->mem, &b->chain))
			return false;
		b->chain.at[b->chain.n++] = (struct tt_bridge_link){i, s->gen.batches.at[i].size};
	}
	return true;
}

/* A place in the thread's old list: what is before it is in the new one. */
struct place {
	size_t i;
	uint32_t at;
};

/* Adds what is left up to that event. */
static void add_up_to(struct list *l, struct place *done, uint32_t batch, uint32_t at)
{
	const struct tt_bridges *b = l->b;

	for (; done->i < b->chain.n && !l->no_memory; *done = (struct place){done->i + 1, 0}) {
		const struct tt_bridge_link *of = &b->chain.at[done->i];

		if (of->batch == batch) {
			add_part(l, batch, done->at, at);
			done->at = at;
			return;
		}
		add_part(l, of->batch, done->at, of->size);
	}
}

static void leap(const struct tt_bridges *b, struct place *done, uint32_t batch, uint32_t at)
{
	while (done->i < b->chain.n && b->chain.at[done->i].batch != batch)
		done->i++;
	done->at = at;
}

static bool put_in_thread(struct tt_bridges *b, struct tt_salvage *s, size_t thread)
{
	struct tt_thread_batches *t = &s->gen.threads.at[thread];
	struct list l = {.b = b, .s = s, .thread = thread};
	struct place done = {0, 0};
	bool any = false;

	for (size_t i = 0; i < b->all.n && !l.no_memory; i++) {
		const struct tt_bridge *bridge = &b->all.at[i];

		if (bridge->thread != t->thread)
			continue;
		if (!any && !find_chain(b, s, thread))
			return false;
		if (!any)
			t->first = t->last = TT_NO_BATCH;
		any = true;
		add_up_to(&l, &done, bridge->batch, bridge->at);
		add_made(&l, bridge);
		leap(b, &done, bridge->to_batch, bridge->to_at);
	}
	if (any)
		add_up_to(&l, &done, TT_NO_BATCH, 0);
	return !l.no_memory;
}

bool tt_bridges_put(struct tt_bridges *b, struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;

	b->bytes.len = 0;
	s->first_moved = (uint32_t)g->batches.n;
	for (size_t i = 0; i < b->all.n; i++)
		if (tt_generation_thread(g, b->all.at[i].thread) == NULL)
			return false;
	for (size_t i = 0; i < g->threads.n; i++)
		if (!put_in_thread(b, s, i))
			return false;
	for (size_t i = 0; i < g->batches.n; i++) {
		struct tt_event_batch *batch = &g->batches.at[i];

		if (batch->data_offset >= TT_BRIDGED_OFFSET)
			batch->data = b->bytes.data + (batch->data_offset - TT_BRIDGED_OFFSET);
	}
	return true;
}
