/* SPDX-License-Identifier: MIT */
/*
 * writer_stream.c - the bytes of each thread's events, and the ticks of their times. A
 * generation begins with the ticks of its source. The first time that is no multiple of
 * those, or that a reader made up to keep times apart, turns all of them into nanoseconds:
 * what a reader makes of them is then exact. Stands on writer.h.
 */
#include <assert.h>
#include <string.h>

#include "edit/writer.h"
#include "wire/embedded.h"

/* What the batch of embedded events has before them. */
#define EMBEDDED_MAX_HEAD (TT_EMBEDDED_HEAD + 2 * TT_VARINT_MAX)

/* A place in the array, with the memory that an earlier generation had there. NULL: no memory. */
static struct tt_writer_stream *add_stream(struct tt_writer *w)
{
	struct tt_writer_stream *s;

	if (!TT_ARRAY_ROOM(&w->mem, &w->streams))
		return NULL;
	s = &w->streams.at[w->streams.n++];
	if (w->streams.n > w->nstreams_made) {
		*s = (struct tt_writer_stream){.body = {.mem = &w->mem}};
		w->nstreams_made = w->streams.n;
	}
	s->body.len = s->chunks.n = s->room_end = 0;
	s->last_ticks = 0;
	return s;
}

struct tt_writer_stream *tt_writer_find_stream(struct tt_writer *w, int64_t thread)
{
	uint32_t *near = &w->near[(uint64_t)thread % TT_NEAR_STREAMS];
	uint32_t i = *near;

	if (i < w->streams.n && w->streams.at[i].thread == thread)
		return &w->streams.at[i];
	i = tt_idmap_find(&w->thread_ids, (uint64_t)thread);
	if (i == TT_IDMAP_NONE)
		return NULL;
	*near = i;
	return &w->streams.at[i];
}

static struct tt_writer_stream *find_embedded(const struct tt_writer *w, int64_t thread)
{
	uint32_t i = tt_idmap_find(&w->embedded_ids, (uint64_t)thread);

	return i == TT_IDMAP_NONE ? NULL : &w->streams.at[i];
}

struct tt_writer_stream *tt_writer_stream(struct tt_writer *w, int64_t thread, bool embedded)
{
	struct tt_idmap *ids = embedded ? &w->embedded_ids : &w->thread_ids;
	struct tt_writer_stream *s = embedded ? find_embedded(w, thread)
					      : tt_writer_find_stream(w, thread);

	if (s != NULL)
		return s;
	if (!tt_idmap_add(ids, (uint64_t)thread, (uint32_t)w->streams.n))
		return NULL;
	s = add_stream(w);
	if (s == NULL) {
		tt_idmap_remove(ids, (uint64_t)thread);
		return NULL;
	}
	s->thread = thread;
	s->embedded = embedded;
	s->m = TT_NO_SLOT;
	s->p_stated = s->g_stated = TT_NONE;
	return s;
}

static size_t max_batch(const struct tt_writer_stream *s)
{
	return s->embedded ? TT_BATCH_MAX_SIZE - EMBEDDED_MAX_HEAD : TT_BATCH_MAX_SIZE;
}

/* A batch begins where the next event goes. */
static bool begin_chunk(struct tt_writer *w, struct tt_writer_stream *s, uint64_t ticks)
{
	if (!TT_ARRAY_ROOM(&w->mem, &s->chunks))
		return false;
	s->chunks.at[s->chunks.n++] = (struct tt_writer_chunk){s->body.len, ticks};
	s->last_ticks = ticks;
	return true;
}

static void set_room(struct tt_writer_stream *s)
{
	size_t batch_end = s->chunks.at[s->chunks.n - 1].offset + max_batch(s);

	s->room_end = (s->body.cap < batch_end ? s->body.cap : batch_end) - TT_EVENT_MAX_SIZE + 1;
}

/* Adds an event whose type and arguments are `tail`, with the time between them. */
static bool put(struct tt_writer *w, struct tt_writer_stream *s, uint8_t type, uint64_t ticks,
		const uint8_t *tail, size_t ntail)
{
	size_t before = s->body.len;
	uint8_t *p;

	if (!tt_bytes_room(&s->body, TT_EVENT_MAX_SIZE))
		return false;
	if (s->chunks.n == 0 || before + 1 + TT_VARINT_MAX + ntail -
					s->chunks.at[s->chunks.n - 1].offset >
				max_batch(s)) {
		if (!begin_chunk(w, s, ticks))
			return false;
	}
	set_room(s);
	p = s->body.data + before;
	*p++ = type;
	p = tt_varint_put(p, ticks - s->last_ticks);
	memcpy(p, tail, ntail);
	s->body.len = (size_t)(p - s->body.data) + ntail;
	s->last_ticks = ticks;
	w->nbytes += s->body.len - before;
	return true;
}

int tt_writer_put(struct tt_writer *w, struct tt_writer_stream *s, uint8_t type,
		  const uint64_t *args, unsigned nargs, int64_t time_ns)
{
	uint8_t tail[TT_MAX_ARGS * TT_VARINT_MAX], *p = tail;

	for (unsigned i = 0; i < nargs; i++)
		p = tt_varint_put(p, args[i]);
	if (!put(w, s, type, tt_writer_ticks(w, time_ns), tail, (size_t)(p - tail)))
		return tt_writer_no_memory(w);
	return TT_OK;
}

/* ---- other ticks */

/* All events of a stream once more, each tick being `factor` ticks now. */
static bool rewrite(struct tt_writer *w, struct tt_writer_stream *s, uint64_t factor)
{
	struct tt_bytes old = s->body;
	const uint8_t *at = old.data, *end;
	size_t nchunks = s->chunks.n, chunk = 0;
	struct tt_writer_chunk *chunks = s->chunks.at;
	uint64_t ticks = 0, dt;
	bool good = true;

	if (old.len == 0)
		return true;
	end = at + old.len;
	s->body = (struct tt_bytes){.mem = &w->mem};
	s->room_end = 0;
	s->chunks.at = NULL;
	s->chunks.n = 0;
	const size_t cap = s->chunks.cap;
	s->chunks.cap = 0;
	w->nbytes -= old.len;
	while (good && at < end) {
		const uint8_t *next = tt_raw_event_skip(&w->decode, at, end), *tail;

		if (chunk < nchunks && (size_t)(at - old.data) == chunks[chunk].offset)
			ticks = chunks[chunk++].ticks;
		tail = at + 1 + tt_varint(at + 1, end, &dt);
		ticks += dt;
		good = put(w, s, *at, ticks * factor, tail, (size_t)(next - tail));
		at = next;
	}
	tt_mem_free(&w->mem, chunks, cap * sizeof(*chunks));
	tt_bytes_release(&old);
	return good;
}

void tt_writer_set_ticks(struct tt_writer *w, uint64_t ns_per_tick, uint64_t frequency)
{
	bool shifts = ns_per_tick > 1 && (ns_per_tick & (ns_per_tick - 1)) == 0;

	w->ns_per_tick = ns_per_tick;
	w->tick_shift = shifts ? (unsigned)__builtin_ctzll(ns_per_tick) : 0;
	w->moved_bits = ns_per_tick == 1 ? 0 : UINT64_MAX;
	w->inexact_bits = shifts || ns_per_tick == 1 ? ns_per_tick - 1 : UINT64_MAX;
	w->frequency = frequency;
}

int tt_writer_use_ns(struct tt_writer *w)
{
	uint64_t factor = w->ns_per_tick;

	if (factor == 1)
		return TT_OK;
	tt_writer_set_ticks(w, 1, TT_NS_PER_S);
	tt_decode_plan_init(&w->decode, w->specs);
	for (size_t i = 0; i < w->streams.n; i++)
		if (!rewrite(w, &w->streams.at[i], factor))
			return tt_writer_no_memory(w);
	return TT_OK;
}

/* ---- out */

static void encode_chunk(struct tt_writer *w, const struct tt_writer_stream *s, uint64_t ticks,
			 const uint8_t *data, size_t size)
{
	const struct tt_batch_head head = {
		.experimental = s->embedded,
		.experiment = s->embedded ? TT_EMBEDDED_IN : 0,
		.generation = w->number,
		.thread = s->thread,
		.time = ticks,
	};
	uint8_t body[TT_BATCH_MAX_SIZE], *p = body;

	if (!s->embedded) {
		tt_encode_batch(w->enc, &head, data, size);
		return;
	}
	tt_embedded_put_head(p, TT_EMBEDDED_EVENTS);
	p = tt_varint_put(p + TT_EMBEDDED_HEAD, (uint64_t)s->thread);
	p = tt_varint_put(p, ticks);
	memcpy(p, data, size);
	tt_encode_batch(w->enc, &head, body, (size_t)(p - body) + size);
}

/* The first so many batches. */
static void encode_chunks(struct tt_writer *w, const struct tt_writer_stream *s, size_t n)
{
	for (size_t c = 0; c < n; c++) {
		size_t from = s->chunks.at[c].offset;
		size_t to = c + 1 < s->chunks.n ? s->chunks.at[c + 1].offset : s->body.len;

		encode_chunk(w, s, s->chunks.at[c].ticks, s->body.data + from, to - from);
	}
}

void tt_writer_encode_streams(struct tt_writer *w)
{
	for (size_t i = 0; i < w->streams.n; i++)
		encode_chunks(w, &w->streams.at[i], w->streams.at[i].chunks.n);
}

int tt_writer_encode_full(struct tt_writer *w, struct tt_writer_stream *s)
{
	size_t nfull, from;

	assert(w->ns_per_tick == 1);
	if (s->chunks.n < 2)
		return TT_OK;
	nfull = s->chunks.n - 1;
	encode_chunks(w, s, nfull);
	from = s->chunks.at[nfull].offset;
	s->body.len -= from;
	memmove(s->body.data, s->body.data + from, s->body.len);
	s->chunks.at[0] = (struct tt_writer_chunk){0, s->chunks.at[nfull].ticks};
	s->chunks.n = 1;
	set_room(s);
	return w->enc->failed ? -w->err.code : TT_OK;
}

void tt_writer_clear_streams(struct tt_writer *w)
{
	w->streams.n = 0;
	memset(w->near, 0xff, sizeof(w->near));
	w->nbytes = 0;
	tt_idmap_clear(&w->thread_ids);
	tt_idmap_clear(&w->embedded_ids);
}

void tt_writer_release_streams(struct tt_writer *w)
{
	for (size_t i = 0; i < w->nstreams_made; i++) {
		tt_bytes_release(&w->streams.at[i].body);
		TT_ARRAY_RELEASE(&w->mem, &w->streams.at[i].chunks);
	}
	TT_ARRAY_RELEASE(&w->mem, &w->streams);
	tt_idmap_release(&w->thread_ids);
	tt_idmap_release(&w->embedded_ids);
}
