/* SPDX-License-Identifier: MIT */
/*
 * salvage.c - collects the batches of a broken generation: whole, or as far as
 * their records can be read. Stands on doubt.c.
 */
#include <string.h>

#include "experiment/embedded.h"
#include "repair/salvage_impl.h"
#include "wire/row.h"

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_loader *l)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
	s->rules = &l->rules;
	s->version = l->version;
	s->unknown_type = -1;
	s->first_moved = TT_NO_BATCH;
	s->doubtful = TT_NO_DOUBT;
	s->doubt.batch = TT_NO_BATCH;
	tt_decode_plan_init(&s->plan, specs);
	tt_generation_init(&s->gen, mem, specs);
	tt_idmap_init(&s->gapped, mem, tt_random_seed());
	tt_idmap_init(&s->resumed, mem, tt_random_seed());
	tt_idmap_init(&s->lost_records.ids, mem, tt_random_seed());
}

static void release_batch(struct tt_salvage *s, struct tt_salvaged_batch *b)
{
	uint8_t *copy = (uint8_t *)(uintptr_t)b->head.data - (b->head.data_offset - b->head.offset);

	tt_mem_free(s->mem, copy, tt_salvage_copied_nbytes(&b->head));
	tt_mem_free(s->mem, b->clean, b->head.size);
}

void tt_salvage_release(struct tt_salvage *s)
{
	if (s->mem == NULL)
		return;
	for (size_t i = 0; i < s->list.n; i++)
		release_batch(s, &s->list.at[i]);
	TT_ARRAY_RELEASE(s->mem, &s->list);
	tt_idmap_release(&s->gapped);
	tt_idmap_release(&s->resumed);
	tt_idmap_release(&s->lost_records.ids);
	TT_ARRAY_RELEASE(s->mem, &s->lost_records.keys);
	TT_ARRAY_RELEASE(s->mem, &s->runs);
	TT_ARRAY_RELEASE(s->mem, &s->threads);
	TT_ARRAY_RELEASE(s->mem, &s->ends);
	tt_mem_free(s->mem, s->written, s->doubt.nwritten);
	tt_made_entries_release(&s->made, s->mem);
	tt_generation_release(&s->gen);
	memset(s, 0, sizeof(*s));
}

/* ---- collecting */

/* What looks like the header of a batch is one if so much of its data makes sense. */
#define CREDIBLE_NBYTES 32

/* One more batch, which is filed unless it is still in doubt. */
static int add(struct tt_salvage *s, const struct tt_raw_batch *batch, bool cut,
	       struct tt_error *err)
{
	int rc = tt_salvage_append(s, batch, cut, err);

	if (rc < 0)
		return rc;
	s->end_offset = batch->data_offset + batch->size;
	return TT_OK;
}

/* The batch that was added last leads to what follows it. */
static int file_last(struct tt_salvage *s, struct tt_error *err)
{
	return s->list.n == 0 ? TT_OK : tt_salvage_file(s, &s->list.at[s->list.n - 1], false, err);
}

/*
 * Whether what the source has is the beginning of the batch that the input's end cuts off:
 * then fills in *b, which may be one of no data, and *nlacking: how much of it is missing.
 */
static bool is_cut_batch(const struct tt_salvage *s, const struct tt_loader *l,
			 const uint8_t *data, size_t avail, struct tt_raw_batch *b,
			 uint32_t *nlacking)
{
	enum tt_content content;
	uint64_t nbytes;
	size_t reach;

	if (avail == 0 || tt_raw_batch_kind(data[0]) == TT_RAW_BATCH_BAD)
		return false;
	if (!tt_batch_plausible(data, data + avail, b, &nbytes)) {
		b->size = 0;
		return avail < TT_BATCH_MAX_HEADER;
	}
	if (b->generation != s->gen.number || nbytes < avail)
		return false;
	b->offset = tt_source_offset(l->src);
	b->data_offset = b->offset + (nbytes - b->size);
	*nlacking = (uint32_t)(nbytes - avail);
	b->size -= *nlacking;
	b->data = data + (avail - b->size);
	b->first = b->size != 0 ? b->data[0] : 0;
	content = tt_content_of(b, s->version);
	reach = tt_content_reach(content, &s->plan, b->data, b->size);
	return reach >= CREDIBLE_NBYTES ||
	       tt_content_breaks_off(content, &s->plan, b->data, b->size);
}

/* Whether what is left of a batch holds good events or records. */
static bool has_content(const struct tt_salvage *s, const struct tt_raw_batch *b)
{
	const struct tt_batch batch = {
		.experiment = b->experiment,
		.data = b->data,
		.size = b->size,
	};
	enum tt_content content = tt_content_of(b, s->version);

	if (b->size == 0 || content == TT_CONTENT_CLOCK)
		return false;
	return content != TT_CONTENT_ANY || tt_embedded_has_events(&batch);
}

/*
 * The framing breaks where the source is. If the input ends there inside a batch, the events
 * in front of its end are good, unless a batch is found later that does not lie after it. Else
 * the batch before is in doubt.
 */
static int framing_lost(struct tt_salvage *s, struct tt_loader *l, int why, struct tt_error *err)
{
	struct tt_raw_batch b = {.kind = TT_RAW_BATCH_BAD};
	const uint8_t *data;
	uint32_t nlacking = 0;
	size_t avail;
	int rc;

	if (tt_salvage_is_machine(-why) || why == -TT_E_IO)
		return why;
	rc = tt_source_peek(l->src, TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE, &data, &avail, err);
	if (rc < 0 && rc != -TT_E_INPUT)
		return rc;
	s->uncounted = true;
	if (why != -TT_E_CUT_OFF || s->gen.number == 0 ||
	    !is_cut_batch(s, l, data, avail, &b, &nlacking)) {
		if (s->list.n != 0)
			tt_salvage_doubt_last(s, data, avail);
		return TT_OK;
	}
	rc = file_last(s, err);
	if (rc < 0 || !has_content(s, &b))
		return rc;
	rc = tt_salvage_append(s, &b, true, err);
	if (rc == TT_OK) {
		s->list.at[s->list.n - 1].nlacking = nlacking;
		tt_salvage_doubt_last(s, NULL, 0);
		s->end_offset = b.data_offset + b.size;
	}
	return rc;
}

/* Whether all of the last batch can be read, and that is enough: then its size is right. */
static bool last_is_whole(const struct tt_salvage *s)
{
	const struct tt_raw_batch *b = &s->list.at[s->list.n - 1].head;

	return b->size >= CREDIBLE_NBYTES &&
	       tt_content_reach(tt_content_of(b, s->version), &s->plan, b->data, b->size) == b->size;
}

/*
 * Whether a batch that was read, and began at `at`, is one: bytes that the size of a damaged
 * batch leads to may look like a header. One of another generation has to begin with others.
 */
static int is_real(struct tt_salvage *s, struct tt_loader *l, uint64_t at,
		   const struct tt_raw_batch *b, struct tt_error *err)
{
	enum tt_content content = tt_content_of(b, s->version);
	uint64_t after = tt_source_offset(l->src);
	size_t reach;
	int rc;

	if (s->list.n != 0 && b->generation == s->gen.number) {
		reach = tt_content_reach(content, &s->plan, b->data, b->size);
		return reach == b->size || reach >= CREDIBLE_NBYTES ||
		       (reach != 0 && b->size >= CREDIBLE_NBYTES && last_is_whole(s));
	}
	if (b->generation == 0 || s->list.n == 0)
		return b->generation != 0;
	tt_source_seek(l->src, at);
	rc = tt_loader_is_at_batches(l, 4, err);
	tt_source_seek(l->src, after);
	return rc;
}

int tt_salvage_may_end_here(struct tt_loader *l, struct tt_error *err)
{
	const uint8_t *data;
	unsigned version;
	size_t avail;
	int rc = tt_source_peek(l->src, TT_ROW_NBYTES, &data, &avail, err);

	if (rc < 0)
		return rc;
	if (avail == 0 || tt_trace_begins(data, data + avail, &version))
		return 1;
	return tt_loader_is_at_batches(l, 2, err);
}

/* As tt_framer_next(), but where the framing is lost, what only looks like a batch or like the end
 * of the generation is an error. */
static int next_batch(struct tt_salvage *s, struct tt_loader *l, struct tt_framer *framer,
		      struct tt_raw_batch *b, struct tt_error *err)
{
	uint64_t at = tt_source_offset(l->src);
	int rc = tt_framer_next(framer, l->src, b, err), real;

	if (!s->lost_framing || rc < 0 || rc == TT_FRAMED_INPUT_END)
		return rc;
	real = rc == TT_FRAMED_MARK ? tt_salvage_may_end_here(l, err) : is_real(s, l, at, b, err);
	if (real != 0)
		return real < 0 ? real : rc;
	tt_source_seek(l->src, at);
	return -TT_E_BATCH_TYPE;
}

/* Whether so many events of the last batch cannot be read that others may lie in it. */
static bool may_hold_batches(const struct tt_salvage *s)
{
	const struct tt_raw_batch *b = &s->list.at[s->list.n - 1].head;
	enum tt_content content = tt_content_of(b, s->version);

	return content == TT_CONTENT_EVENTS &&
	       b->size - tt_content_reach(content, &s->plan, b->data, b->size) > TT_SALVAGE_NEAR;
}

/* Whether the last batch, after which the input ends, may end with the mark of the generation: then
 * bytes of it are missing. */
static bool may_hold_mark(const struct tt_salvage *s)
{
	const struct tt_raw_batch *b = s->list.n != 0 ? &s->list.at[s->list.n - 1].head : NULL;

	return b != NULL && b->size != 0 && tt_version_has_end_marks(s->version) &&
	       b->data[b->size - 1] == TT_EV_END_OF_GENERATION;
}

/* Batches are searched for from the last one on, whose size may be wrong: the loader may have taken
 * bytes after it for others. */
static void search_from_last(const struct tt_salvage *s, struct tt_loader *l)
{
	uint64_t in_last = s->list.n != 0 ? s->list.at[s->list.n - 1].head.offset + 1 : l->resume;

	if (in_last < l->resume)
		l->resume = in_last;
}

static int collect(struct tt_salvage *s, struct tt_loader *l, uint64_t end, struct tt_error *err)
{
	struct tt_framer framer = l->framer;
	struct tt_raw_batch b;

	tt_framer_begin(&framer);
	while (tt_source_offset(l->src) < end) {
		int rc = next_batch(s, l, &framer, &b, err), filed;

		s->gen.number = s->list.n == 0 || rc >= 0 ? framer.number : s->gen.number;
		if (rc < 0) {
			search_from_last(s, l);
			return framing_lost(s, l, rc, err);
		}
		if (rc == TT_FRAMED_INPUT_END && may_hold_mark(s)) {
			tt_salvage_doubt_last(s, NULL, 0);
			return TT_OK;
		}
		filed = file_last(s, err);
		if (filed < 0)
			return filed;
		if (rc == TT_FRAMED_INPUT_END)
			return TT_OK;
		if (rc == TT_FRAMED_MARK) {
			s->end_offset = tt_source_offset(l->src);
			s->ended = true;
			return TT_OK;
		}
		if (rc == TT_FRAMED_NEXT || b.generation == 0 || b.generation != s->gen.number)
			return TT_OK;
		rc = add(s, &b, false, err);
		if (rc < 0)
			return rc;
		if (s->lost_framing && may_hold_batches(s)) {
			l->resume = b.offset + 1;
			return framing_lost(s, l, -TT_E_BATCH_TYPE, err);
		}
	}
	return file_last(s, err);
}

int tt_salvage_collect(struct tt_salvage *s, struct tt_loader *l, uint64_t begin, uint64_t end,
		       struct tt_error *err)
{
	uint64_t at = tt_source_offset(l->src);
	int rc;

	s->gen.offset = s->end_offset = begin;
	tt_source_seek(l->src, begin);
	rc = collect(s, l, end, err);
	tt_source_seek(l->src, at);
	return rc;
}

/* One more batch, after damage. If it does not follow the one before, there is a gap. */
static int add_after_gap(struct tt_salvage *s, const struct tt_raw_batch *batch, bool cut,
			 struct tt_error *err)
{
	if (batch->offset != s->end_offset)
		tt_salvage_note_gap(s);
	return add(s, batch, cut, err);
}

int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch,
				struct tt_error *err)
{
	struct tt_salvage *s = salvage;
	int rc = tt_salvage_settle(s, batch->offset, err);

	if (s->list.n == 0 && s->gen.number == 0)
		s->gen.number = batch->generation;
	if (rc < 0 || batch->offset < s->end_offset || batch->generation != s->gen.number)
		return rc;
	rc = tt_salvage_file_skipped(s, batch->offset, err);
	if (rc == TT_OK)
		rc = add_after_gap(s, batch, false, err);
	s->unfiled = rc == TT_OK;
	return rc;
}

int tt_salvage_file_skipped(struct tt_salvage *s, uint64_t next, struct tt_error *err)
{
	bool has_mark = tt_version_has_end_marks(s->version);
	bool leads_on = next >= s->end_offset && next - s->end_offset <= (has_mark ? 1 : 0);

	if (!s->unfiled)
		return TT_OK;
	s->unfiled = false;
	return tt_salvage_file(s, &s->list.at[s->list.n - 1], !leads_on, err);
}

/* One batch of a piece of the same generation. What was in doubt there is so for good. */
static int join_batch(struct tt_salvage *s, const struct tt_salvaged_batch *b, struct tt_error *err)
{
	struct tt_salvaged_batch *last;
	int rc = add_after_gap(s, &b->head, b->cut, err);

	if (rc < 0 || (!b->dropped && b->clean == NULL && !b->unsettled))
		return rc < 0 ? rc : file_last(s, err);
	last = &s->list.at[s->list.n - 1];
	last->events = b->events;
	last->sync = b->sync;
	return tt_salvage_drop(s, last, err);
}

int tt_salvage_join(struct tt_salvage *s, struct tt_salvage *rest, struct tt_error *err)
{
	int rc = tt_salvage_doubt_filed(s, err);

	for (size_t i = 0; i < rest->list.n && rc == TT_OK; i++)
		rc = join_batch(s, &rest->list.at[i], err);
	s->ended |= rest->ended;
	s->uncounted = true;
	if (rest->end_offset > s->end_offset)
		s->end_offset = rest->end_offset;
	return rc;
}
