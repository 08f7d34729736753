/* SPDX-License-Identifier: MIT */
/*
 * anonymize.c - a trace with new names, generation by generation. The batches of one are read
 * first: what a string is used as is said by events and stacks, which may come before or after
 * it. Then they are written in their order. After damage, what follows is looked for.
 */
#include "edit/anonymize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "wire/header.h"

/* ---- life */

static bool write_sink(void *arg, const void *data, size_t nbytes)
{
	struct tt_anonymizer *a = arg;

	return a->sink.write(a->sink.arg, data, nbytes);
}

static void begin_trace(struct tt_anonymizer *a, unsigned version)
{
	a->version = version;
	a->progress.traces++;
	a->number = 0;
	a->begun = a->another = a->ended = false;
	tt_anon_strings_clear(a);
	if (tt_version_is_v2(version))
		tt_loader_init(&a->reader->loader, a->src, version, false);
	a->reader->loader.specs = a->specs;
}

int tt_anonymizer_new(struct tt_anonymizer **out, struct tt_reader *r, const struct tt_sink *to,
		      const struct tt_anonymizer_options *opt, struct tt_error *err)
{
	const unsigned known = TT_ANONYMIZE_PCS | TT_ANONYMIZE_LINES | TT_ANONYMIZE_CLOCK |
			       TT_ANONYMIZE_KEEP_BATCHES;
	struct tt_anonymizer *a;

	*out = NULL;
	tt_error_clear(err);
	if (opt->size != sizeof(*opt) || (opt->flags & ~known) != 0 || opt->names == NULL)
		return tt_fail(err, TT_E_ARGUMENT, "invalid options of an anonymizer");
	a = calloc(1, sizeof(*a));
	if (a != NULL)
		a->enc = malloc(sizeof(*a->enc));
	if (a == NULL || a->enc == NULL) {
		free(a);
		return tt_fail(err, TT_E_MEMORY, "no memory to anonymize a trace");
	}
	a->mem.limit_nbytes = r->mem.limit_nbytes;
	a->reader = r;
	a->src = r->src;
	a->specs = r->specs;
	a->sink = *to;
	a->flags = opt->flags;
	a->names = opt->names;
	a->body.mem = &a->mem;
	tt_encoder_init(a->enc, write_sink, a);
	tt_rename_init(&a->rename, opt->names, opt->keep, &a->mem);
	tt_embedded_init(&a->embedded, &a->mem);
	tt_idmap_init(&a->string_ids, &a->mem, tt_random_seed());
	tt_idmap_init(&a->pcs, &a->mem, tt_random_seed());
	tt_error_clear(&a->err);
	tt_anon_learn_specs(a);
	begin_trace(a, r->version);
	*out = a;
	return TT_OK;
}

void tt_anonymizer_free(struct tt_anonymizer *a)
{
	if (a == NULL)
		return;
	tt_rename_release(&a->rename);
	tt_anon_specs_release(a);
	tt_idmap_release(&a->string_ids);
	tt_idmap_release(&a->pcs);
	TT_ARRAY_RELEASE(&a->mem, &a->batches);
	TT_ARRAY_RELEASE(&a->mem, &a->strings);
	TT_ARRAY_RELEASE(&a->mem, &a->others);
	tt_bytes_release(&a->body);
	free(a->enc);
	free(a);
}

const struct tt_error *tt_anonymizer_error(const struct tt_anonymizer *a)
{
	return &a->err;
}

struct tt_anonymizer_progress tt_anonymizer_progress(const struct tt_anonymizer *a)
{
	struct tt_anonymizer_progress p = a->progress;

	if (p.damaged != 0)
		p.damage = &a->damage;
	return p;
}

/* ---- errors */

/* After what was written: 0, or the code of what failed. */
static int check(struct tt_anonymizer *a)
{
	if (a->failed || a->rename.failed)
		return tt_anon_no_memory(a);
	if (a->enc->failed)
		return tt_fail_errno(&a->err, errno, "the result cannot be written");
	return TT_OK;
}

/* ---- reading a generation */

static bool is_mark(const struct tt_anonymizer *a, const struct tt_raw_batch *b)
{
	return tt_version_has_end_marks(a->version) && b->experiment == 0 && b->size != 0 &&
	       b->first == TT_EV_END_OF_GENERATION;
}

static size_t reach_of(const struct tt_anonymizer *a, const struct tt_raw_batch *b)
{
	enum tt_content content = tt_content_of(b, a->version);

	if (is_mark(a, b))
		return 1;
	if (content == TT_CONTENT_EVENTS)
		return tt_anon_events_reach(a, b->data, b->size);
	return tt_content_reach(content, &a->plan, b->data, b->size);
}

static int add_batch(struct tt_anonymizer *a, const struct tt_raw_batch *b)
{
	if (!TT_ARRAY_ROOM(&a->mem, &a->batches))
		return tt_anon_no_memory(a);
	a->batches.at[a->batches.n++] = (struct tt_anon_batch){.raw = *b};
	if (a->min_time == 0 || b->time < a->min_time)
		a->min_time = b->time;
	return TT_OK;
}

/* Of a batch that runs past the end of the input, what there is. */
static int add_rest(struct tt_anonymizer *a)
{
	const uint8_t *data;
	struct tt_raw_batch b;
	struct tt_error ignored;
	uint64_t nbytes;
	size_t avail, nhead;

	tt_source_peek(a->src, TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE, &data, &avail, &ignored);
	if (avail == 0 || !tt_batch_plausible(data, data + avail, &b, &nbytes) || nbytes <= avail)
		return TT_OK;
	nhead = (size_t)(nbytes - b.size);
	b.offset = tt_source_offset(a->src);
	b.data = data + nhead;
	b.data_offset = b.offset + nhead;
	b.size = (uint32_t)(avail - nhead);
	b.first = b.size != 0 ? b.data[0] : 0;
	/* (a record of an experiment that is cut off is not told from one that is whole) */
	if (b.size == 0 || (a->number != 0 && b.generation != a->number))
		return TT_OK;
	/* what makes no sense may be a batch that follows one with a wrong size */
	b.size = (uint32_t)reach_of(a, &b);
	tt_source_skip(a->src, nhead + b.size);
	return b.size == 0 ? TT_OK : add_batch(a, &b);
}

/* What follows the batches that were read is none: 0 if that is damage, or what ends it all. */
static int read_fault(struct tt_anonymizer *a)
{
	if (a->err.system && a->err.code != TT_E_INPUT)
		return -a->err.code;
	a->another = a->err.code == TT_E_ANOTHER_TRACE;
	if (a->another)
		return TT_OK;
	tt_anon_damaged(a, &a->err, 0);
	a->lost = true;
	a->fault_offset = tt_source_offset(a->src);
	return a->err.code == TT_E_CUT_OFF || a->err.code == TT_E_INPUT ? add_rest(a) : TT_OK;
}

/* The batches up to a mark, a batch of another number, damage or the end. 0, or a code of the
 * machine. */
static int read_batches(struct tt_anonymizer *a)
{
	struct tt_raw_batch b;
	int rc;

	a->batches.n = 0;
	tt_source_release(a->src, tt_source_offset(a->src));
	for (;;) {
		rc = tt_batch_read(a->src, &a->framing, &b, &a->err);
		if (rc == TT_END)
			a->over = true;
		if (rc != TT_OK)
			return rc < 0 ? read_fault(a) : TT_OK;
		if (!is_mark(a, &b) && a->number != 0 && b.generation != a->number) {
			tt_source_seek(a->src, b.offset);
			a->ended = true;
			return TT_OK;
		}
		rc = add_batch(a, &b);
		if (rc < 0)
			return rc;
		if (is_mark(a, &b)) {
			a->ended = true;
			return TT_OK;
		}
		a->number = b.generation;
	}
}

/* ---- writing it */

static void collect(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	switch (tt_content_of(&b->raw, a->version)) {
	case TT_CONTENT_EVENTS:
		tt_anon_collect_events(a, b->raw.data, b->reach);
		break;
	case TT_CONTENT_STRINGS:
		tt_anon_collect_strings(a, b);
		break;
	case TT_CONTENT_STACKS:
		tt_anon_collect_stacks(a, b);
		break;
	case TT_CONTENT_ANY:
		if (b->raw.kind == TT_RAW_BATCH_EXPERIMENT)
			tt_anon_collect_experimental(a, b);
		break;
	default:
		break;
	}
}

/* What has numbers only, as far as it makes sense. */
static void write_numbers(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);

	if (b->reach == b->raw.size) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_anon_batch_damaged(a, b);
	tt_anon_body_begin(a, NULL, 0);
	tt_anon_body_put(a, b->raw.data, b->reach);
	tt_anon_body_put_damage(a);
	tt_anon_body_write(a, &head, true);
}

static void write_mark(struct tt_anonymizer *a, const struct tt_raw_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(b);

	/* (a batch may pose as a mark, whatever else is in it) */
	if (b->kind == TT_RAW_BATCH_END)
		tt_encode_end_mark(a->enc, a->version);
	else
		tt_encode_batch(a->enc, &head, b->data, 1);
}

static void write_batch(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	if (is_mark(a, &b->raw)) {
		write_mark(a, &b->raw);
		return;
	}
	switch (tt_content_of(&b->raw, a->version)) {
	case TT_CONTENT_EVENTS:
		tt_anon_write_events(a, b);
		break;
	case TT_CONTENT_STRINGS:
		tt_anon_write_strings(a, b);
		break;
	case TT_CONTENT_STACKS:
		tt_anon_write_stacks(a, b);
		break;
	case TT_CONTENT_CLOCK:
		tt_anon_write_clock(a, b);
		break;
	case TT_CONTENT_SAMPLES:
		write_numbers(a, b);
		break;
	default:
		if (b->raw.kind == TT_RAW_BATCH_EXPERIMENT)
			tt_anon_write_experimental(a, b);
		break;
	}
}

static void forget_texts(struct tt_anonymizer *a)
{
	const struct tt_str none = {NULL, 0};

	/* (where there was damage, the rest of the generation follows: uses stay known) */
	for (size_t i = 0; i < a->strings.n; i++) {
		a->strings.at[i].text = a->strings.at[i].package = none;
		a->strings.at[i].sure = false;
	}
}

static int write_batches(struct tt_anonymizer *a)
{
	int rc = tt_anon_take_specs(a);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < a->batches.n; i++) {
		struct tt_anon_batch *b = &a->batches.at[i];

		b->reach = (uint32_t)reach_of(a, &b->raw);
		collect(a, b);
	}
	for (size_t i = 0; i < a->batches.n; i++)
		if (tt_content_of(&a->batches.at[i].raw, a->version) == TT_CONTENT_STACKS)
			tt_anon_collect_files(a, &a->batches.at[i]);
	if (!tt_anon_assign(a))
		a->failed = true;
	for (size_t i = 0; i < a->batches.n && !a->failed && !a->enc->failed; i++)
		write_batch(a, &a->batches.at[i]);
	tt_encode_end(a->enc);
	forget_texts(a);
	return check(a);
}

static int end_generation(struct tt_anonymizer *a)
{
	a->progress.generations++;
	a->number = a->min_time = 0;
	a->ended = false;
	tt_anon_strings_clear(a);
	tt_names_trim(a->names);
	if (a->sink.end_generation != NULL && !a->sink.end_generation(a->sink.arg))
		return tt_fail_errno(&a->err, errno, "the result cannot be written");
	return TT_OK;
}

/* ---- from generation to generation */

static void write_header(struct tt_anonymizer *a)
{
	uint8_t header[TT_HEADER_SIZE];

	tt_put_header(header, a->version);
	tt_encode_bytes(a->enc, header, sizeof(header));
	a->begun = true;
}

/* Looks for the next batch. Where there is none, the result ends inside a batch, too. */
static int find_batches(struct tt_anonymizer *a)
{
	static const uint8_t cut = TT_EV_EVENT_BATCH, damage = 0xff;
	uint64_t begin = tt_source_offset(a->src);
	struct tt_loader *l = &a->reader->loader;
	const uint8_t *data;
	size_t avail;
	int rc, found;

	a->lost = false;
	found = tt_source_peek(a->src, 1, &data, &avail, &a->err);
	/* (at the place of the fault itself there is no batch, or it would have been read) */
	if (avail != 0 && begin == a->fault_offset)
		tt_source_skip(a->src, 1);
	l->min_time = 0;
	l->broken_time = a->min_time;
	if (found == TT_OK)
		found = tt_loader_scan(l, &a->err);
	a->progress.lost_nbytes += tt_source_offset(a->src) - begin;
	tt_encode_bytes(a->enc, found == TT_OK ? &damage : &cut, 1);
	if (found < 0 && a->err.system && a->err.code != TT_E_INPUT)
		return found;
	rc = tt_source_peek(a->src, 1, &data, &avail, &a->err);
	a->another = found == TT_END && rc == TT_OK && avail != 0;
	a->over = found != TT_OK && !a->another;
	return check(a);
}

/* Another trace begins in the same input. */
static int begin_another(struct tt_anonymizer *a)
{
	unsigned version;
	int rc = tt_header_read(a->src, &version, &a->err);

	if (rc < 0 && a->err.system)
		return rc;
	if (rc < 0) {
		tt_anon_damaged(a, &a->err, 0);
		a->lost = true;
		a->fault_offset = tt_source_offset(a->src);
		a->another = false;
		return TT_OK;
	}
	begin_trace(a, version);
	return TT_OK;
}

static int step(struct tt_anonymizer *a)
{
	int rc = TT_OK;

	if (a->lost)
		rc = find_batches(a);
	if (rc == TT_OK && (a->over || a->another) && a->number != 0)
		rc = end_generation(a);
	if (rc == TT_OK && a->another)
		rc = begin_another(a);
	if (rc < 0 || a->over || a->lost)
		return rc;
	if (!a->begun)
		write_header(a);
	if (tt_version_is_v1(a->version)) {
		rc = tt_anon_write_v1(a);
		a->over = true;
	} else {
		rc = read_batches(a);
		if (rc == TT_OK)
			rc = write_batches(a);
	}
	if (rc == TT_OK && (a->ended || (a->over && a->number != 0)))
		rc = end_generation(a);
	return rc;
}

int tt_anonymizer_next(struct tt_anonymizer *a)
{
	if (a->rc != TT_OK)
		return a->rc;
	a->rc = a->over ? TT_END : step(a);
	return a->rc;
}
