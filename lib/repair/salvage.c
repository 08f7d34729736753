/* SPDX-License-Identifier: MIT */
/*
 * salvage.c - collects the batches of a broken generation: whole, or as far as
 * their records can be read. Stands on gen.
 */
#include "repair/salvage.h"

#include <string.h>

#include "base/error.h"
#include "experiment/embedded.h"
#include "spec/types.h"
#include "wire/varint.h"

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_loader *l)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
	s->rules = &l->rules;
	s->version = l->version;
	s->unknown_type = -1;
	s->doubtful = TT_NO_DOUBT;
	s->doubt.batch = TT_NO_BATCH;
	tt_decode_plan_init(&s->plan, specs);
	tt_generation_init(&s->gen, mem, specs);
}

/* How long the copy of a batch is: its header stands in front of its data. */
static size_t copied_nbytes(const struct tt_raw_batch *b)
{
	return (size_t)(b->data_offset - b->offset) + b->size;
}

static void release_batch(struct tt_salvage *s, struct tt_salvaged_batch *b)
{
	uint8_t *copy = (uint8_t *)(uintptr_t)b->head.data - (b->head.data_offset - b->head.offset);

	tt_mem_free(s->mem, copy, copied_nbytes(&b->head));
	tt_mem_free(s->mem, b->clean, b->head.size);
}

void tt_salvage_release(struct tt_salvage *s)
{
	if (s->mem == NULL)
		return;
	for (size_t i = 0; i < s->list.n; i++)
		release_batch(s, &s->list.at[i]);
	TT_ARRAY_RELEASE(s->mem, &s->list);
	TT_ARRAY_RELEASE(s->mem, &s->runs);
	TT_ARRAY_RELEASE(s->mem, &s->threads);
	tt_made_entries_release(&s->made, s->mem);
	tt_generation_release(&s->gen);
	memset(s, 0, sizeof(*s));
}

static int no_memory(const struct tt_salvage *s, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(s->mem), "no memory for what is left of a generation");
}

static bool is_machine(int code)
{
	return code == TT_E_MEMORY || code == TT_E_LIMIT;
}

/* ---- records of a table */

/* So many records after one show that its length is right. */
#define PROOF 3

/* A record that cannot be read so near the end of a table says nothing of those before it. */
#define NEAR 32

/* The record from p to `next`, which stays if it is good. */
static int add_record(struct tt_salvage *s, struct tt_salvaged_batch *b, const uint8_t *p,
		      const uint8_t *next, struct tt_error *err)
{
	struct tt_raw_batch one = b->head;
	int rc;

	/* a table's handler passes over the batch's first byte unseen */
	one.data = p - 1;
	one.data_offset += (uint64_t)(p - 1 - b->head.data);
	one.size = (uint32_t)(next - p + 1);
	rc = s->rules->add[b->head.data[0]](&s->gen, &one, err);
	if (rc == TT_OK) {
		memcpy(b->clean + b->nclean, p, (size_t)(next - p));
		b->nclean += (uint32_t)(next - p);
	}
	return rc;
}

/* Whether n records are at p. */
static bool has_records(enum tt_content table, const uint8_t *p, const uint8_t *end, unsigned n)
{
	for (; n > 0 && p != NULL && p < end; n--)
		p = tt_content_record_end(table, p, end);
	return n == 0 && p != NULL;
}

/* So many ids in order show that all are: Go's runtime counts them. */
#define IN_ORDER 4

/*
 * Whether the string at p is followed by one that has the next id, where ids are in order: if
 * not, what lay between the two is lost, and with it maybe an end of the one and the beginning
 * of the other. *nin_order: how many were in order so far.
 */
static bool is_next_in_order(unsigned *nin_order, const uint8_t *p, const uint8_t *next,
			     const uint8_t *end)
{
	uint64_t id = 0, next_id = 0;
	bool in_order;

	tt_varint(p + 1, end, &id);
	if (next == end || *next != TT_EV_STRING || tt_varint(next + 1, end, &next_id) <= 0)
		return true;
	in_order = next_id == id + 1;
	*nin_order += in_order;
	return in_order || *nin_order < IN_ORDER;
}

/*
 * Files a table record by record and keeps those that are good. Of a table in doubt a record
 * is good if others follow it: one whose length is wrong ends where none begins.
 */
static int add_records(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
		       struct tt_error *err)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	const uint8_t *p = b->head.data + 1, *end = b->head.data + b->nown, *next;
	bool ordered = content == TT_CONTENT_STRINGS && (in_doubt || b->cut || b->doubted);
	unsigned nin_order = 0;

	b->clean = tt_mem_alloc(s->mem, b->head.size);
	if (b->clean == NULL)
		return no_memory(s, err);
	b->clean[b->nclean++] = b->head.data[0];
	for (; p < end && (next = tt_content_record_end(content, p, end)) != NULL; p = next) {
		int rc;

		if (in_doubt && !has_records(content, next, end, PROOF))
			break;
		if (ordered && !is_next_in_order(&nin_order, p, next, end))
			continue;
		rc = add_record(s, b, p, next, err);
		if (rc < 0 && is_machine(-rc))
			return rc;
		if (rc < 0 && rc != -TT_E_STRING_DUPLICATE && rc != -TT_E_STACK_DUPLICATE)
			break;
	}
	s->uncounted |= content == TT_CONTENT_SAMPLES && b->nclean != b->head.size;
	if (b->nclean == b->head.size) {
		tt_mem_free(s->mem, b->clean, b->head.size);
		b->clean = NULL;
	}
	return TT_OK;
}

/* ---- batches */

static void drop(struct tt_salvage *s, struct tt_salvaged_batch *b)
{
	b->dropped = true;
	s->uncounted |= tt_content_of(&b->head, s->version) == TT_CONTENT_EVENTS ||
			tt_content_of(&b->head, s->version) == TT_CONTENT_SAMPLES;
	s->sync_damaged |= b->sync;
}

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

	return b->nown - reach > 0 && b->nown - reach < NEAR &&
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

/* Files the events of a batch in doubt: which of them stay is known when they are ordered. */
static int file_doubted(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err)
{
	struct tt_raw_batch own = b->head;
	size_t nbatches = s->gen.batches.n;
	int rc;

	own.size = b->nown;
	rc = tt_generation_add(&s->gen, s->rules, &own, err);
	if (rc < 0 && is_machine(-rc))
		return rc;
	if (rc < 0 || s->gen.batches.n == nbatches) {
		drop(s, b);
		return TT_OK;
	}
	note_time(s, &b->head);
	b->unsettled = true;
	s->uncounted = true;
	s->doubt.batch = (uint32_t)nbatches;
	s->doubt.thread = b->head.thread;
	s->doubt.offset = b->head.data_offset;
	s->doubt.nbytes = b->nown;
	return TT_OK;
}

static int file_batch(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
		      struct tt_error *err)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	int rc;

	b->events = content == TT_CONTENT_EVENTS;
	b->sync = content == TT_CONTENT_CLOCK;
	if (!in_doubt)
		note_time(s, &b->head);
	if (tt_content_is_table(content) && !swallows_batch(s, b))
		return add_records(s, b, in_doubt || is_bad_table(s, b), err);
	if (tt_content_is_table(content))
		in_doubt = true;
	if (in_doubt && b->events && may_be_confirmed(s, b))
		return file_doubted(s, b, err);
	if (in_doubt || (b->events && (s->no_events || (s->framing_lost && !b->cut)))) {
		drop(s, b);
		return TT_OK;
	}
	rc = tt_generation_add(&s->gen, s->rules, &b->head, err);
	if (rc < 0 && is_machine(-rc))
		return rc;
	if (rc < 0)
		drop(s, b);
	return TT_OK;
}

/* Copies a batch to the end of the list. */
static int append(struct tt_salvage *s, const struct tt_raw_batch *batch, bool cut,
		  struct tt_error *err)
{
	size_t nheader = (size_t)(batch->data_offset - batch->offset);
	struct tt_salvaged_batch *b;
	uint8_t *copy;

	if (!TT_ARRAY_ROOM(s->mem, &s->list))
		return no_memory(s, err);
	copy = tt_mem_alloc(s->mem, copied_nbytes(batch));
	if (copy == NULL)
		return no_memory(s, err);
	memcpy(copy, batch->data - nheader, copied_nbytes(batch));
	b = &s->list.at[s->list.n++];
	*b = (struct tt_salvaged_batch){
		.head = *batch,
		.nown = batch->size,
		.cut = cut,
	};
	b->head.data = copy + nheader;
	return TT_OK;
}

/* ---- a batch in doubt */

/* How long an event or a record may be, of which the end is not seen. */
static size_t longest(enum tt_content content)
{
	return content == TT_CONTENT_EVENTS ? TT_EVENT_MAX_SIZE : 3072;
}

/* The last batch of the list is in doubt from now on; `after` follows it. */
static void doubt(struct tt_salvage *s, const uint8_t *after, size_t nafter)
{
	s->doubtful = s->list.n - 1;
	s->nafter = nafter < TT_SALVAGE_AFTER ? nafter : TT_SALVAGE_AFTER;
	if (s->nafter != 0)
		memcpy(s->after, after, s->nafter);
}

/* How many of the bytes kept after a batch are before `next`. */
static size_t nafter(const struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t n = next - (b->head.data_offset + b->head.size);

	return n < s->nafter ? (size_t)n : s->nafter;
}

/* Those without a mark at their end, which is no batch that is searched for. */
static size_t own_after(const struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	size_t n = nafter(s, b, next);
	bool has_mark = n > 0 && tt_version_has_end_marks(s->version) &&
			s->after[n - 1] == TT_EV_END_OF_GENERATION;

	return has_mark ? n - 1 : n;
}

/*
 * Whether all up to `next` can be read as one batch: then its size is wrong, and somewhere in it
 * bytes were added or lost.
 */
static bool reads_on(const struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	size_t n = own_after(s, b, next);
	uint8_t rest[2 * TT_SALVAGE_AFTER];
	size_t reach = tt_content_reach(content, &s->plan, b->head.data, b->nown), nrest, slack = 0;

	if (b->nown < b->head.size)
		return b->nown - reach < NEAR;
	nrest = b->head.size - reach;
	if (nrest > TT_SALVAGE_AFTER)
		return false;
	if (nafter(s, b, next) < next - (b->head.data_offset + b->head.size) &&
	    s->nafter == TT_SALVAGE_AFTER)
		slack = longest(content);
	memcpy(rest, b->head.data + reach, nrest);
	memcpy(rest + nrest, s->after, n);
	nrest += n;
	reach = tt_content_reach_on(content, &s->plan, rest, nrest);
	return nrest - reach <= slack || (tt_content_is_table(content) && nrest - reach < NEAR);
}

/* Whether a batch in doubt is as it was written, as far as can be seen. */
static bool is_credible(const struct tt_salvage *s, const struct tt_salvaged_batch *b,
			uint64_t next)
{
	enum tt_content content = tt_content_of(&b->head, s->version);

	if (b->cut)
		return next == TT_UNKNOWN &&
		       tt_content_breaks_off(content, &s->plan, b->head.data, b->head.size);
	/* nothing is known of the data of an experiment; and where a few bytes were lost or
	   added, events are soon read again that look good, but have other times */
	if (next < b->head.data_offset + b->head.size || content == TT_CONTENT_ANY ||
	    content == TT_CONTENT_EVENTS ||
	    tt_content_reach(content, &s->plan, b->head.data, b->head.size) != b->head.size)
		return false;
	/* a few bytes between a table and the mark: they may be its own */
	if (tt_content_is_table(content) && own_after(s, b, next) < nafter(s, b, next))
		return own_after(s, b, next) == 0;
	return s->nafter == 0 || !reads_on(s, b, next);
}

/* The next batch that makes sense begins inside of it: what is from there on is not its own. */
static void shorten(struct tt_salvage *s, struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t end = b->head.data_offset + b->head.size;

	if (next >= end)
		return;
	b->nown = next > b->head.data_offset ? (uint32_t)(next - b->head.data_offset) : 0;
	s->end_offset = next;
}

/* What is known of the damage to a batch of events. */
static void note_doubt(struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t end = b->head.data_offset + b->head.size + b->nlacking;

	s->doubt.nmissing = b->nlacking;
	if (next != TT_UNKNOWN)
		s->doubt.nmissing = next > end ? next - end : end - next;
	s->doubt.ends = !b->cut && b->nown == b->head.size && !reads_on(s, b, next);
}

int tt_salvage_settle(struct tt_salvage *s, uint64_t next, struct tt_error *err)
{
	struct tt_salvaged_batch *b;
	enum tt_content content;
	bool credible;

	if (s->doubtful == TT_NO_DOUBT)
		return TT_OK;
	b = &s->list.at[s->doubtful];
	content = tt_content_of(&b->head, s->version);
	s->doubtful = TT_NO_DOUBT;
	b->doubted = true;
	credible = is_credible(s, b, next);
	shorten(s, b, next);
	if (content == TT_CONTENT_EVENTS)
		note_doubt(s, b, next);
	/* if all of a table can be read, the damage is in any of its records */
	if (!credible && (b->nown == 0 ||
			  (content != TT_CONTENT_EVENTS && reads_on(s, b, next)))) {
		drop(s, b);
		return TT_OK;
	}
	return file_batch(s, b, !credible, err);
}

/* ---- collecting */

/* What looks like the header of a batch is one if so much of its data makes sense. */
#define CREDIBLE_NBYTES 32

/* One more batch, which is filed unless it is still in doubt. */
static int add(struct tt_salvage *s, const struct tt_raw_batch *batch, struct tt_error *err)
{
	int rc = append(s, batch, false, err);

	if (rc < 0)
		return rc;
	s->end_offset = batch->data_offset + batch->size;
	return TT_OK;
}

/* The batch that was added last leads to what follows it. */
static int file_last(struct tt_salvage *s, struct tt_error *err)
{
	return s->list.n == 0 ? TT_OK : file_batch(s, &s->list.at[s->list.n - 1], false, err);
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

	if (is_machine(-why) || why == -TT_E_IO)
		return why;
	rc = tt_source_peek(l->src, TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE, &data, &avail, err);
	if (rc < 0 && rc != -TT_E_INPUT)
		return rc;
	s->uncounted = true;
	if (why != -TT_E_CUT_OFF || s->gen.number == 0 ||
	    !is_cut_batch(s, l, data, avail, &b, &nlacking)) {
		if (s->list.n != 0)
			doubt(s, data, avail);
		s->framing_lost = true;
		return TT_OK;
	}
	rc = file_last(s, err);
	s->framing_lost = true;
	if (rc < 0 || !has_content(s, &b))
		return rc;
	rc = append(s, &b, true, err);
	if (rc == TT_OK) {
		s->list.at[s->list.n - 1].nlacking = nlacking;
		doubt(s, NULL, 0);
		s->end_offset = b.data_offset + b.size;
	}
	return rc;
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
		return reach == b->size || reach >= CREDIBLE_NBYTES;
	}
	if (b->generation == 0 || s->list.n == 0)
		return b->generation != 0;
	tt_source_seek(l->src, at);
	rc = tt_loader_is_at_batches(l, 4, err);
	tt_source_seek(l->src, after);
	return rc;
}

static int collect(struct tt_salvage *s, struct tt_loader *l, uint64_t end, struct tt_error *err)
{
	struct tt_framer framer = l->framer;
	struct tt_raw_batch b;

	tt_framer_begin(&framer);
	while (tt_source_offset(l->src) < end) {
		uint64_t at = tt_source_offset(l->src);
		int rc = tt_framer_next(&framer, l->src, &b, err), filed;

		if (s->lost_framing && (rc == TT_FRAMED_BATCH || rc == TT_FRAMED_NEXT)) {
			int real = is_real(s, l, at, &b, err);

			if (real < 0)
				return real;
			if (real == 0) {
				tt_source_seek(l->src, at);
				rc = -TT_E_BATCH_TYPE;
			}
		}
		s->gen.number = s->list.n == 0 || rc >= 0 ? framer.number : s->gen.number;
		if (rc < 0)
			return framing_lost(s, l, rc, err);
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
		if (rc == TT_FRAMED_NEXT || b.generation == 0 || b.generation != s->gen.number) {
			s->framing_lost = true;
			return TT_OK;
		}
		rc = add(s, &b, err);
		if (rc < 0)
			return rc;
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

int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch,
				struct tt_error *err)
{
	struct tt_salvage *s = salvage;
	int rc = tt_salvage_settle(s, batch->offset, err);

	if (rc < 0 || batch->offset < s->end_offset || batch->generation != s->gen.number)
		return rc;
	s->framing_lost = true;
	rc = add(s, batch, err);
	return rc < 0 ? rc : file_last(s, err);
}

int tt_salvage_join(struct tt_salvage *s, struct tt_salvage *rest, struct tt_error *err)
{
	for (size_t i = 0; i < rest->list.n; i++) {
		struct tt_salvaged_batch *b = &rest->list.at[i];
		int rc;

		s->framing_lost |= (b->dropped || b->unsettled) && b->events;
		rc = append(s, &b->head, b->cut, err);
		if (rc < 0)
			return rc;
		if (!b->dropped && b->clean == NULL && !b->unsettled)
			rc = file_last(s, err);
		else
			drop(s, &s->list.at[s->list.n - 1]);
		if (rc < 0)
			return rc;
	}
	s->framing_lost |= rest->framing_lost;
	s->ended |= rest->ended;
	s->uncounted = true;
	if (rest->end_offset > s->end_offset)
		s->end_offset = rest->end_offset;
	return TT_OK;
}

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

	for (size_t i = 0; i < s->runs.n; i++) {
		g->batches.at[i].size = s->runs.at[i].size & 0xffffff;
		g->batches.at[i].next = s->runs.at[i].next;
	}
	for (size_t i = 0; i < s->threads.n; i++) {
		g->threads.at[i].first = s->threads.at[i].first;
		g->threads.at[i].last = s->threads.at[i].last;
	}
}
