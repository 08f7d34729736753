/* SPDX-License-Identifier: MIT */
/* write.c - a salvaged generation back to bytes. */
#include "repair/write.h"

#include <string.h>

#include "experiment/alloc_free.h"
#include "repair/bridge.h"
#include "wire/varint.h"

/* What is made up goes into batches of at most about this size. */
#define FULL (TT_BATCH_MAX_SIZE - TT_STRING_MAX_SIZE - 64)

void tt_repair_writer_init(struct tt_repair_writer *w, struct tt_mem *mem, unsigned version)
{
	w->out = (struct tt_bytes){.mem = mem};
	w->version = version;
	tt_encoder_init_bytes(&w->enc, &w->out);
	w->enc.full = FULL;
}

/* ---- batches that are made up */

static void put_clock(struct tt_repair_writer *w, const struct tt_generation *g, uint64_t number,
		      const struct tt_clock *snapshot)
{
	const struct tt_batch_head head = {.generation = number, .thread = TT_NONE};
	struct tt_clock clock = *snapshot;

	if (!tt_version_has_clock(w->version))
		clock.trace_ticks = g->min_time;
	tt_encode_begin(&w->enc, &head);
	tt_encode_sync(&w->enc, w->version, g->frequency, &clock);
}

/* Entries of tables that are made up; those of stacks have no frames. */
static void put_entries(struct tt_repair_writer *w, const struct tt_made_entries *made)
{
	const struct tt_generation *g = made->strings.gen;
	const struct tt_batch_head head = {
		.generation = g->number,
		.thread = TT_NONE,
		.time = g->min_time,
	};

	tt_encode_begin(&w->enc, &head);
	for (size_t i = made->first_stack; i < g->stacks.n; i++)
		tt_encode_stack(&w->enc, g->stacks.at[i].id, NULL, 0);
	for (size_t i = made->first_string; i < g->strings.n; i++) {
		const struct tt_string_entry *string = &g->strings.at[i];

		tt_encode_string(&w->enc, string->id, (struct tt_str){string->data, string->len});
	}
	tt_encode_end(&w->enc);
}

/* A record with the key of one that is lost: its texts say so, and its numbers are 0. */
static uint8_t *put_lost_record(uint8_t *p, const struct tt_batch_spec *spec, uint64_t key)
{
	const size_t ntext = sizeof(TT_LOST_TEXT) - 1;

	for (unsigned i = 0; i < spec->nfields; i++) {
		if (spec->fields[i].type != TT_FIELD_STRING) {
			p = tt_varint_put(p, (int)i == spec->key ? key : 0);
			continue;
		}
		p = tt_varint_put(p, ntext);
		memcpy(p, TT_LOST_TEXT, ntext);
		p += ntext;
	}
	return p;
}

/* None of those records is longer. */
#define LOST_RECORD_MAX (TT_MAX_FIELDS * TT_VARINT_MAX)

static void put_lost_records(struct tt_repair_writer *w, const struct tt_generation *g,
			     const struct tt_batch_spec *spec, const uint64_t *keys, size_t n)
{
	const struct tt_batch_head head = {
		.experimental = true,
		.experiment = (uint8_t)spec->experiment_id,
		.generation = g->number,
		.thread = TT_NONE,
		.time = g->min_time,
	};
	uint8_t data[4096], *p = data;

	for (size_t i = 0; i < n; i++) {
		if (p == data && spec->tag >= 0)
			*p++ = (uint8_t)spec->tag;
		p = put_lost_record(p, spec, keys[i]);
		if (i + 1 == n || data + sizeof(data) - p < LOST_RECORD_MAX) {
			tt_encode_batch(&w->enc, &head, data, (size_t)(p - data));
			p = data;
		}
	}
}

bool tt_write_lost_events(struct tt_repair_writer *w, const struct tt_generation *g, bool again)
{
	uint64_t key;
	const struct tt_batch_spec *types = tt_alloc_free_lost_mark(g->specs, &key);

	if (!w->lost || (w->says_lost && !again) || types == NULL)
		return false;
	put_lost_records(w, g, types, &key, 1);
	w->says_lost = true;
	return true;
}

/* A batch for each run of events of one thread: Go's order is then that of time. */
static void put_synthesized(struct tt_repair_writer *w, uint64_t number,
			    const struct tt_synth *synth)
{
	struct tt_batch_head head = {.generation = number};

	for (size_t i = 0; i < synth->events.n; i++) {
		const struct tt_synth_event *ev = &synth->events.at[i];

		if (i == 0 || ev->thread != head.thread) {
			head.thread = ev->thread;
			tt_encode_begin(&w->enc, &head);
		}
		tt_encode_event(&w->enc, ev->type, ev->ticks, ev->args, ev->nargs);
	}
	tt_encode_end(&w->enc);
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
	/* embedded events that no spec defines stay: another reader may have their spec */
	return b->reach < b->embedded ? b->reach : b->head.size;
}

static void put_left(struct tt_repair_writer *w, const struct tt_salvage *s,
		     const struct tt_salvaged_batch *b, struct tt_written *written)
{
	size_t nheader = (size_t)(b->head.data_offset - b->head.offset);
	uint32_t n = size_left(s, b);
	struct tt_batch_head head = tt_raw_batch_head(&b->head);

	if (n == 0 && (b->dropped || b->head.size != 0)) {
		written->same = false;
		return;
	}
	written->nbytes_kept += nheader + n;
	if (n == b->head.size && b->clean == NULL && !b->cut && head.generation == s->gen.number) {
		tt_encode_bytes(&w->enc, b->head.data - nheader, nheader + n);
		return;
	}
	written->same = false;
	head.generation = s->gen.number;
	tt_encode_batch(&w->enc, &head, b->clean != NULL ? b->clean : b->head.data, n);
}

/* What comes after bridges, and these. */
static void put_moved(struct tt_repair_writer *w, const struct tt_salvage *s,
		      const struct tt_thread_batches *t, struct tt_written *written)
{
	const struct tt_event_batch *all = s->gen.batches.at;
	uint32_t i = tt_salvage_first_moved(s, t);

	for (; i != TT_NO_BATCH; i = all[i].next) {
		const struct tt_batch_head head = {
			.generation = s->gen.number,
			.thread = t->thread,
			.time = all[i].time,
		};

		written->same = false;
		if (all[i].data_offset < TT_BRIDGED_OFFSET)
			written->nbytes_kept += all[i].size;
		tt_encode_batch(&w->enc, &head, all[i].data, all[i].size);
	}
}

/* Whether all events of a thread come after bridges, though it has batches in the input. */
static bool is_moved(const struct tt_salvage *s, size_t thread)
{
	uint32_t first = s->gen.threads.at[thread].first;

	return thread < s->threads.n && s->threads.at[thread].first != TT_NO_BATCH &&
	       first != TT_NO_BATCH && first >= s->first_moved;
}

/* The same of one whose first batch this was: readers take threads in the order of these, where
 * times are the same. */
static void put_moved_with(struct tt_repair_writer *w, const struct tt_salvage *s,
			   const struct tt_salvaged_batch *b, struct tt_written *written)
{
	uint32_t i = tt_idmap_find(&s->gen.thread_ids, (uint64_t)b->head.thread);
	uint64_t at;

	if (!b->events || i == TT_IDMAP_NONE || !is_moved(s, i))
		return;
	at = s->gen.batches.at[s->threads.at[i].first].data_offset;
	if (at >= b->head.data_offset && at - b->head.data_offset < b->head.size)
		put_moved(w, s, &s->gen.threads.at[i], written);
}

void tt_write_lead(struct tt_repair_writer *w, const struct tt_made_entries *made,
		   const struct tt_synth *synth)
{
	put_entries(w, made);
	put_synthesized(w, made->strings.gen->number, synth);
}

void tt_write_salvage(struct tt_repair_writer *w, const struct tt_salvage *s,
		      const struct tt_made_around *around, struct tt_written *written)
{
	const struct tt_lost_records *lost = &s->lost_records;

	*written = (struct tt_written){.same = true};
	if (s->sync_damaged)
		put_clock(w, &s->gen, s->gen.number, &s->gen.clock);
	put_synthesized(w, s->gen.number, around->front);
	for (size_t i = 0; i < s->list.n; i++) {
		put_left(w, s, &s->list.at[i], written);
		put_moved_with(w, s, &s->list.at[i], written);
	}
	for (size_t i = 0; i < s->gen.threads.n; i++)
		if (!is_moved(s, i))
			put_moved(w, s, &s->gen.threads.at[i], written);
	put_synthesized(w, s->gen.number, around->end);
	put_entries(w, &s->made);
	if (lost->spec != NULL)
		put_lost_records(w, &s->gen, lost->spec, lost->keys.at, lost->keys.n);
	written->same &= !s->bridged && !s->sync_damaged && tt_salvage_nmade_entries(s) == 0 &&
			 around->front->events.n == 0 && around->end->events.n == 0;
	w->lost |= !written->same;
	written->says_lost = lost->spec != NULL &&
			     tt_write_lost_events(w, &s->gen, !written->same);
	written->same &= !written->says_lost;
	tt_encode_end_mark(&w->enc, w->version);
}

void tt_write_placeholder(struct tt_repair_writer *w, const struct tt_generation *before,
			  const struct tt_clock *clock, uint64_t number)
{
	put_clock(w, before, number, clock);
	tt_encode_end_mark(&w->enc, w->version);
}
