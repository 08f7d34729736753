/* SPDX-License-Identifier: MIT */
/* write.c - a salvaged generation back to bytes. Stands on bridge. */
#include "repair/write.h"

#include <string.h>

#include "spec/types.h"
#include "wire/varint.h"

/* What is made up goes into batches of at most about this size. */
#define FULL (TT_BATCH_MAX_SIZE - TT_STRING_MAX_SIZE - 64)

/* ---- bytes */

static void put(struct tt_writer *w, const void *data, size_t n)
{
	if (w->failed || n == 0)
		return;
	if (!tt_mem_grow(w->mem, &w->out.at, &w->out.cap, w->out.n + n, 1)) {
		w->failed = true;
		return;
	}
	memcpy(w->out.at + w->out.n, data, n);
	w->out.n += n;
}

static void put_byte(struct tt_writer *w, uint8_t byte)
{
	put(w, &byte, 1);
}

static void put_number(struct tt_writer *w, uint64_t value)
{
	uint8_t bytes[TT_VARINT_MAX];

	put(w, bytes, (size_t)(tt_varint_put(bytes, value) - bytes));
}

static void put_batch(struct tt_writer *w, const struct tt_raw_batch *head, const uint8_t *data,
		      size_t n)
{
	if (head->kind == TT_RAW_BATCH_EXPERIMENT) {
		put_byte(w, TT_EV_EXPERIMENTAL_BATCH);
		put_byte(w, (uint8_t)head->experiment);
	} else {
		put_byte(w, TT_EV_EVENT_BATCH);
	}
	put_number(w, head->generation);
	put_number(w, (uint64_t)head->thread);
	put_number(w, head->time);
	put_number(w, n);
	put(w, data, n);
}

/* ---- batches that are made here: the data first, then a header is put before it */

struct made {
	struct tt_writer *w;
	uint64_t generation, time;
	int64_t thread;
	size_t begin;
};

static struct made begin_batch(struct tt_writer *w, uint64_t generation, int64_t thread,
			       uint64_t time)
{
	return (struct made){w, generation, time, thread, w->out.n};
}

static void end_batch(struct made *m)
{
	struct tt_writer *w = m->w;
	const struct tt_raw_batch head = {
		.kind = TT_RAW_BATCH_EVENTS,
		.generation = m->generation,
		.thread = m->thread,
		.time = m->time,
	};
	size_t n = w->out.n - m->begin;
	uint8_t *data;

	if (w->failed || n == 0)
		return;
	data = tt_mem_alloc(w->mem, n);
	if (data == NULL) {
		w->failed = true;
		return;
	}
	memcpy(data, w->out.at + m->begin, n);
	w->out.n = m->begin;
	put_batch(w, &head, data, n);
	tt_mem_free(w->mem, data, n);
	m->begin = w->out.n;
}

static bool is_full(const struct made *m)
{
	return m->w->out.n - m->begin >= FULL;
}

static void put_clock(struct tt_writer *w, const struct tt_generation *g, uint64_t number)
{
	struct made m = begin_batch(w, number, TT_NONE, g->clock.trace_ticks);

	if (!w->needs_clock)
		m.time = g->min_time;
	if (w->needs_clock)
		put_byte(w, TT_EV_SYNC);
	put_byte(w, TT_EV_FREQUENCY);
	put_number(w, g->frequency);
	if (w->needs_clock) {
		put_byte(w, TT_EV_CLOCK_SNAPSHOT);
		put_number(w, 0);
		put_number(w, g->clock.mono_ns);
		put_number(w, g->clock.wall_sec);
		put_number(w, g->clock.wall_nsec);
	}
	end_batch(&m);
}

static void put_lost_strings(struct tt_writer *w, const struct tt_salvage *s)
{
	const struct tt_generation *g = &s->gen;
	struct made m = begin_batch(w, g->number, TT_NONE, g->min_time);

	for (size_t i = s->first_lost_string; i < g->strings.n; i++) {
		if (w->out.n == m.begin)
			put_byte(w, TT_EV_STRINGS);
		put_byte(w, TT_EV_STRING);
		put_number(w, g->strings.at[i].id);
		put_number(w, g->strings.at[i].len);
		put(w, g->strings.at[i].data, g->strings.at[i].len);
		if (is_full(&m))
			end_batch(&m);
	}
	end_batch(&m);
}

static void put_lost_stacks(struct tt_writer *w, const struct tt_salvage *s)
{
	const struct tt_generation *g = &s->gen;
	struct made m = begin_batch(w, g->number, TT_NONE, g->min_time);

	for (size_t i = s->first_lost_stack; i < g->stacks.n; i++) {
		if (w->out.n == m.begin)
			put_byte(w, TT_EV_STACKS);
		put_byte(w, TT_EV_STACK);
		put_number(w, g->stacks.at[i].id);
		put_number(w, 0);
		if (is_full(&m))
			end_batch(&m);
	}
	end_batch(&m);
}

/* A batch for each run of events of one thread: Go's order is then that of time. */
static void put_bridge(struct tt_writer *w, const struct tt_salvage *s, const struct tt_synth *b)
{
	struct made m = begin_batch(w, s->gen.number, TT_NONE, 0);
	uint64_t last = 0;

	for (size_t i = 0; i < b->events.n; i++) {
		const struct tt_synth_event *ev = &b->events.at[i];

		if (i == 0 || ev->thread != m.thread || is_full(&m)) {
			end_batch(&m);
			m.thread = ev->thread;
			m.time = last = ev->ticks;
		}
		put_byte(w, ev->type);
		put_number(w, ev->ticks - last);
		for (unsigned k = 0; k < ev->nargs; k++)
			put_number(w, ev->args[k]);
		last = ev->ticks;
	}
	end_batch(&m);
}

/* ---- what is left */

static uint32_t size_left(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	if (b->dropped || (b->sync && s->sync_damaged) || (b->clean != NULL && b->nclean <= 1))
		return 0;
	if (b->clean != NULL)
		return b->nclean;
	if (b->events || (b->cut && b->head.kind == TT_RAW_BATCH_EXPERIMENT))
		return b->reach;
	/* carried events that no spec tells of stay: another reader may know better */
	return b->reach < b->carried ? b->reach : b->head.size;
}

static void put_left(struct tt_writer *w, const struct tt_salvage *s,
		     const struct tt_salvaged_batch *b, struct tt_written *written)
{
	size_t nheader = (size_t)(b->head.data_offset - b->head.offset);
	uint32_t n = size_left(s, b);
	struct tt_raw_batch head = b->head;

	if (n == 0 && (b->dropped || b->head.size != 0)) {
		written->same = false;
		return;
	}
	written->nbytes_kept += nheader + n;
	if (n == b->head.size && b->clean == NULL && !b->cut && head.generation == s->gen.number) {
		put(w, b->head.data - nheader, nheader + n);
		return;
	}
	written->same = false;
	head.generation = s->gen.number;
	put_batch(w, &head, b->clean != NULL ? b->clean : b->head.data, n);
}

void tt_write_salvage(struct tt_writer *w, const struct tt_salvage *s, const struct tt_synth *b,
		      struct tt_written *written)
{
	*written = (struct tt_written){.same = true};
	written->nentries = s->gen.strings.n - s->first_lost_string + s->gen.stacks.n -
			    s->first_lost_stack;
	if (s->sync_damaged)
		put_clock(w, &s->gen, s->gen.number);
	for (size_t i = 0; i < s->list.n; i++)
		put_left(w, s, &s->list.at[i], written);
	put_lost_stacks(w, s);
	put_lost_strings(w, s);
	if (b != NULL)
		put_bridge(w, s, b);
	if (w->has_end_marks)
		put_byte(w, TT_EV_END_OF_GENERATION);
	written->same &= !s->sync_damaged && written->nentries == 0 &&
			 (b == NULL || b->events.n == 0);
}

void tt_write_placeholder(struct tt_writer *w, const struct tt_generation *clock, uint64_t number)
{
	put_clock(w, clock, number);
	if (w->has_end_marks)
		put_byte(w, TT_EV_END_OF_GENERATION);
}
