/* SPDX-License-Identifier: MIT */
/*
 * batches.c - files the batches of a broken generation, and says which of them cannot be. Stands
 * on records.c.
 */
#include <string.h>

#include "repair/salvage_impl.h"

int tt_salvage_drop(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	uint64_t thread = (uint64_t)b->head.thread;

	b->dropped = true;
	s->uncounted |= content == TT_CONTENT_EVENTS || content == TT_CONTENT_SAMPLES;
	s->sync_damaged |= b->sync;
	if (!b->events || tt_idmap_find(&s->gapped, thread) != TT_IDMAP_NONE ||
	    tt_idmap_add(&s->gapped, thread, 0))
		return TT_OK;
	return tt_salvage_no_memory(s, err);
}

/* ---- threads that may lack a batch */

void tt_salvage_note_gap(struct tt_salvage *s)
{
	s->has_gap = true;
	s->nthreads_before = s->gen.threads.n;
}

/* Whether batches that a thread wrote may be missing before this one. What no thread wrote names
 * its P and goroutine itself. */
static bool is_after_gap(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	return s->has_gap && !b->cut && b->head.thread != TT_NONE;
}

/* Whether events of the same thread are missing before a batch: then nobody knows which P and
 * goroutine its events are of. */
static bool lacks_events(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	if (!is_after_gap(s, b))
		return false;
	return (s->doubt.batch != TT_NO_BATCH && s->doubt.thread == b->head.thread) ||
	       tt_idmap_find(&s->gapped, (uint64_t)b->head.thread) != TT_IDMAP_NONE;
}

/* The batch was filed. If its thread had begun before the gap, it goes on here, unless one of its
 * batches is missing: ordering shows which. False: no memory. */
static bool note_resumed(struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	uint64_t thread = (uint64_t)b->head.thread;

	if (!is_after_gap(s, b) ||
	    tt_idmap_find(&s->gen.thread_ids, thread) >= s->nthreads_before ||
	    tt_idmap_find(&s->resumed, thread) != TT_IDMAP_NONE)
		return true;
	return tt_idmap_add(&s->resumed, thread, (uint32_t)(b - s->list.at));
}

/* ---- filing */

/* Whether a record in the middle of a table cannot be read: then those before it are in doubt. */
static bool is_bad_table(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	enum tt_content content = tt_content_of(&b->head, s->version);

	return b->cut ? !tt_content_breaks_off(content, &s->plan, b->head.data, b->head.size)
		      : tt_content_reach(content, &s->plan, b->head.data, b->head.size) !=
				b->head.size;
}

/* Whether a table goes on with the header of a batch: then bytes of any record are missing. */
static bool swallows_batch(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	size_t reach = tt_content_reach(content, &s->plan, b->head.data, b->nown);

	return b->nown - reach > 0 && b->nown - reach < TT_SALVAGE_NEAR &&
	       tt_raw_batch_kind(b->head.data[reach]) != TT_RAW_BATCH_BAD;
}

static void note_time(struct tt_salvage *s, const struct tt_raw_batch *batch)
{
	if (!s->has_time || batch->time < s->gen.min_time)
		s->gen.min_time = batch->time;
	s->has_time = true;
}

/* Whether nothing but the batch's own damage speaks against its events. */
static bool may_be_confirmed(const struct tt_salvage *s, const struct tt_salvaged_batch *b)
{
	return !s->no_events && s->doubt.batch == TT_NO_BATCH && b->nown != 0 &&
	       b == &s->list.at[s->list.n - 1];
}

/* The events of a batch that was filed last are in doubt. */
static void note_doubted(struct tt_salvage *s, struct tt_salvaged_batch *b)
{
	b->unsettled = true;
	s->uncounted = true;
	s->doubt.batch = (uint32_t)(s->gen.batches.n - 1);
	s->doubt.thread = b->head.thread;
	s->doubt.offset = b->head.data_offset;
	s->doubt.nbytes = b->nown;
}

/* Files the events of a batch in doubt: which of them stay is known when they are ordered. */
static int file_doubted(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err)
{
	struct tt_raw_batch own = b->head;
	size_t nbatches = s->gen.batches.n;
	uint64_t min_time = s->gen.min_time;
	int rc;

	own.size = b->nown;
	rc = tt_generation_add(&s->gen, s->rules, &own, err);
	/* its header may be damaged, too */
	if (s->has_time)
		s->gen.min_time = min_time;
	if (rc < 0 && tt_salvage_is_machine(-rc))
		return rc;
	if (rc < 0 || s->gen.batches.n == nbatches)
		return tt_salvage_drop(s, b, err);
	note_doubted(s, b);
	return TT_OK;
}

int tt_salvage_doubt_filed(struct tt_salvage *s, struct tt_error *err)
{
	struct tt_salvaged_batch *b = s->list.n != 0 ? &s->list.at[s->list.n - 1] : NULL;
	const struct tt_generation *g = &s->gen;

	if (b == NULL || b->dropped || !b->events || b->nown == 0 ||
	    s->doubt.batch != TT_NO_BATCH)
		return TT_OK;
	if (g->batches.n == 0 || g->batches.at[g->batches.n - 1].data_offset != b->head.data_offset)
		return tt_salvage_drop(s, b, err);
	note_doubted(s, b);
	return TT_OK;
}

int tt_salvage_file(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
		      struct tt_error *err)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	int rc;

	b->events = content == TT_CONTENT_EVENTS;
	b->sync = content == TT_CONTENT_CLOCK;
	if (!in_doubt)
		note_time(s, &b->head);
	if (tt_content_is_table(content) && !swallows_batch(s, b))
		return tt_salvage_file_records(s, b, in_doubt || is_bad_table(s, b), err);
	if (tt_content_is_table(content))
		in_doubt = true;
	if (in_doubt && b->events && may_be_confirmed(s, b))
		return file_doubted(s, b, err);
	if (in_doubt || (b->events && (s->no_events || lacks_events(s, b))))
		return tt_salvage_drop(s, b, err);
	rc = tt_generation_add(&s->gen, s->rules, &b->head, err);
	if (rc < 0)
		return tt_salvage_is_machine(-rc) ? rc : tt_salvage_drop(s, b, err);
	return !b->events || note_resumed(s, b) ? TT_OK : tt_salvage_no_memory(s, err);
}

/* Copies a batch to the end of the list. */
int tt_salvage_append(struct tt_salvage *s, const struct tt_raw_batch *batch, bool cut,
		  struct tt_error *err)
{
	size_t nheader = (size_t)(batch->data_offset - batch->offset);
	struct tt_salvaged_batch *b;
	uint8_t *copy;

	if (!TT_ARRAY_ROOM(s->mem, &s->list))
		return tt_salvage_no_memory(s, err);
	copy = tt_mem_alloc(s->mem, tt_salvage_copied_nbytes(batch));
	if (copy == NULL)
		return tt_salvage_no_memory(s, err);
	memcpy(copy, batch->data - nheader, tt_salvage_copied_nbytes(batch));
	b = &s->list.at[s->list.n++];
	*b = (struct tt_salvaged_batch){
		.head = *batch,
		.nown = batch->size,
		.cut = cut,
	};
	b->head.data = copy + nheader;
	return TT_OK;
}
