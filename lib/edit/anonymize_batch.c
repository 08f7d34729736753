/* SPDX-License-Identifier: MIT */
/*
 * anonymize_batch.c - batches of experiments: texts in records, types of AllocFree, and what is
 * embedded (wire/embedded.h): specs, events and batches. What nothing describes may be
 * anything, and is left out.
 */
#include "edit/anonymize.h"
#include "experiment/records.h"
#include "spec/spec.h"
#include "wire/embedded.h"

/* Of a spec's text in one batch. */
#define SPEC_PART_NBYTES ((size_t)60000)

static struct tt_batch batch_of(const struct tt_raw_batch *raw)
{
	return (struct tt_batch){
		.kind = TT_BATCH_EXPERIMENT,
		.experiment = raw->experiment,
		.thread = raw->thread,
		.generation = raw->generation,
		.time_ticks = raw->time,
		.offset = raw->offset,
		.data_offset = raw->data_offset,
		.data = raw->data,
		.size = raw->size,
	};
}

static size_t put_number(uint8_t *to, uint64_t number)
{
	return (size_t)(tt_varint_put(to, number) - to);
}

/* ---- specs */

int tt_anon_take_specs(struct tt_anonymizer *a)
{
	struct tt_generation gen;
	bool changed = false;
	int rc = TT_OK;

	tt_generation_init(&gen, &a->mem, a->specs);
	for (size_t i = 0; i < a->batches.n && rc == TT_OK; i++) {
		const struct tt_raw_batch *raw = &a->batches.at[i].raw;

		if (raw->kind != TT_RAW_BATCH_EXPERIMENT || raw->experiment != TT_EMBEDDED_IN ||
		    raw->first != TT_EMBEDDED_SPEC)
			continue;
		if (!TT_ARRAY_ROOM(&a->mem, &gen.experimental))
			rc = tt_anon_no_memory(a);
		else
			gen.experimental.at[gen.experimental.n++] = batch_of(raw);
	}
	if (rc == TT_OK && gen.experimental.n != 0)
		rc = tt_embedded_add_specs(&a->embedded, &gen, a->specs, &changed, &a->err);
	tt_generation_release(&gen);
	if (changed)
		tt_anon_learn_specs(a);
	for (size_t i = 0; i < a->specs_renamed.n; i++)
		a->specs_renamed.at[i].written = false;
	return rc;
}

/* Whether the renamed text can be read as the old one could. */
static bool is_good(struct tt_anonymizer *a, unsigned experiment, struct tt_str text)
{
	const struct tt_specs *base = a->reader->own_specs != NULL ? a->reader->own_specs
								   : a->reader->options.specs;
	struct tt_specs *specs;
	struct tt_error err;
	int rc = tt_specs_new_layer(&specs, base, &a->mem, &err);

	if (rc == TT_OK)
		rc = tt_specs_add_from_trace(specs, experiment, text.data, text.len, &err);
	tt_specs_free(specs);
	return rc == TT_OK;
}

static struct tt_anon_spec *find_spec(struct tt_anonymizer *a, unsigned experiment)
{
	for (size_t i = 0; i < a->specs_renamed.n; i++)
		if (a->specs_renamed.at[i].experiment == experiment)
			return &a->specs_renamed.at[i];
	if (!TT_ARRAY_ROOM(&a->mem, &a->specs_renamed)) {
		a->failed = true;
		return NULL;
	}
	a->specs_renamed.at[a->specs_renamed.n] = (struct tt_anon_spec){
		.experiment = experiment,
		.text.mem = &a->mem,
	};
	return &a->specs_renamed.at[a->specs_renamed.n++];
}

/* The renamed spec; NULL: there is none that may be written. */
static struct tt_anon_spec *renamed_spec(struct tt_anonymizer *a, unsigned experiment)
{
	struct tt_anon_spec *spec = find_spec(a, experiment);
	struct tt_str source, text;

	/* (one that the user gave is not for the trace to say) */
	if (spec == NULL || !tt_specs_is_from_trace(a->specs, experiment) ||
	    !tt_specs_source(a->specs, experiment, &source))
		return NULL;
	if (spec->source != source.data) {
		spec->source = source.data;
		spec->text.len = 0;
		text = tt_rename_spec(&a->rename, source);
		if (is_good(a, experiment, text) &&
		    !tt_bytes_put(&spec->text, text.data, text.len))
			a->failed = true;
	}
	return spec->text.len == 0 ? NULL : spec;
}

void tt_anon_specs_release(struct tt_anonymizer *a)
{
	for (size_t i = 0; i < a->specs_renamed.n; i++)
		tt_bytes_release(&a->specs_renamed.at[i].text);
	TT_ARRAY_RELEASE(&a->mem, &a->specs_renamed);
}

/* A batch of which nothing can stay. */
static void write_empty(struct tt_anonymizer *a, const struct tt_batch_head *head)
{
	a->progress.emptied++;
	tt_anon_body_begin(a, NULL, 0);
	tt_anon_body_write(a, head, true);
}

/* The whole text in the place of its first part; the others are left out. */
static void write_spec(struct tt_anonymizer *a, const struct tt_batch_head *head,
		       const uint8_t *body, const uint8_t *end)
{
	struct tt_anon_spec *spec = NULL;
	uint64_t experiment;

	if (tt_embedded_number(&body, end, &experiment) && experiment != 0 && experiment < 256)
		spec = renamed_spec(a, (unsigned)experiment);
	if (spec == NULL) {
		write_empty(a, head);
		return;
	}
	for (size_t at = 0, n; !spec->written && at < spec->text.len; at += n) {
		uint8_t front[TT_EMBEDDED_HEAD + 3 * TT_VARINT_MAX];
		size_t used = TT_EMBEDDED_HEAD;

		n = spec->text.len - at < SPEC_PART_NBYTES ? spec->text.len - at : SPEC_PART_NBYTES;
		tt_embedded_put_head(front, TT_EMBEDDED_SPEC);
		used += put_number(front + used, experiment);
		used += put_number(front + used, at);
		used += put_number(front + used, spec->text.len);
		tt_anon_body_begin(a, front, used);
		tt_anon_body_put(a, spec->text.data + at, n);
		tt_anon_body_write(a, head, true);
	}
	spec->written = true;
}

/* ---- embedded events */

/* Where they begin; NULL: they lack their numbers. */
static const uint8_t *open_events(const uint8_t *body, const uint8_t *end,
				  struct tt_anon_events *e)
{
	uint64_t thread;

	if (!tt_embedded_number(&body, end, &thread) || !tt_embedded_number(&body, end, &e->time))
		return NULL;
	e->thread = (int64_t)thread;
	e->data = body;
	return body;
}

static void begin_events(struct tt_anonymizer *a, struct tt_anon_events *e, uint64_t time)
{
	uint8_t front[TT_EMBEDDED_HEAD + 2 * TT_VARINT_MAX];
	size_t used = TT_EMBEDDED_HEAD;

	tt_embedded_put_head(front, TT_EMBEDDED_EVENTS);
	used += put_number(front + used, (uint64_t)e->thread);
	used += put_number(front + used, time);
	tt_anon_body_begin(a, front, used);
}

static void write_events(struct tt_anonymizer *a, const struct tt_anon_batch *b,
			 const uint8_t *body)
{
	const uint8_t *end = b->raw.data + b->raw.size;
	struct tt_anon_events e = {.head = tt_raw_batch_head(&b->raw), .begin = begin_events};

	if (open_events(body, end, &e) == NULL) {
		write_empty(a, &e.head);
		return;
	}
	e.nbytes = tt_anon_events_reach(a, e.data, (size_t)(end - e.data));
	if (e.data + e.nbytes == end && !a->has_others) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_anon_put_events(a, &e);
	if (e.data + e.nbytes != end) {
		a->progress.emptied++;
		tt_anon_body_put_damage(a);
	}
	tt_anon_body_write(a, &e.head, true);
}

/* ---- records */

struct records {
	struct tt_anonymizer *a;
	const struct tt_batch_spec *spec;
	const uint8_t *copied;  /* of the record so far */
	struct tt_bytes *out;
};

static void put(struct records *x, const void *data, size_t nbytes)
{
	if (!tt_bytes_put(x->out, data, nbytes))
		x->a->failed = true;
}

static void put_zeros(struct records *x, size_t nbytes)
{
	if (!tt_bytes_room(x->out, nbytes)) {
		x->a->failed = true;
		return;
	}
	memset(x->out->data + x->out->len, 0, nbytes);
	x->out->len += nbytes;
}

static void put_length(struct records *x, uint64_t number)
{
	uint8_t bytes[TT_VARINT_MAX];

	put(x, bytes, put_number(bytes, number));
}

/* In as many bytes as the field has; if these are few, texts may become equal. */
static void put_text(struct records *x, const struct tt_field_spec *field, struct tt_str text)
{
	bool is_type = x->spec->experiment_id == TT_EMBEDDED_IN && x->spec->tag == 0;
	struct tt_str new = tt_rename_text(&x->a->rename, is_type ? TT_NAME_TYPE : TT_NAME_TEXT,
					   text, TT_RENAMED_MAX);

	if (field->size != 0 && new.len > field->size)
		new.len = field->size;
	if (field->type == TT_FIELD_STRING && field->size == 0)
		put_length(x, new.len);
	put(x, new.data, new.len);
	if (field->type == TT_FIELD_CSTRING)
		put_zeros(x, 1);
	else if (field->size != 0)
		put_zeros(x, field->size - new.len);
}

/* Bytes may be a text; their number stays. */
static void put_blank(struct records *x, const struct tt_field_spec *field,
		      const struct tt_value *value)
{
	if (field->type == TT_FIELD_BYTES && field->size == 0)
		put_length(x, value->number);
	put_zeros(x, field->type == TT_FIELD_BYTES ? (size_t)value->number : 1);
}

static bool is_address_of_type(const struct records *x, const struct tt_field_spec *field)
{
	return x->spec->experiment_id == TT_EMBEDDED_IN && x->spec->tag == 0 &&
	       strcmp(field->name, "address") == 0;
}

static void visit(void *arg, const struct tt_field_spec *field, const struct tt_value *value,
		  const uint8_t *start, const uint8_t *end)
{
	struct records *x = arg;
	bool text = field->type == TT_FIELD_STRING || field->type == TT_FIELD_CSTRING;
	bool bytes = field->type == TT_FIELD_BYTES ||
		     (field->list && field->size == 1 &&
		      (field->type == TT_FIELD_UINT || field->type == TT_FIELD_INT));
	bool address = is_address_of_type(x, field);

	if (x->a->names->restores ? !text : !text && !bytes && !address)
		return;
	put(x, x->copied, (size_t)(start - x->copied));
	if (text)
		put_text(x, field, value->bytes);
	else if (bytes)
		put_blank(x, field, value);
	else
		put_length(x, tt_anon_pc(x->a, value->number));
	x->copied = end;
}

/* The next record with new texts, to x->out. As tt_records_visit(). */
static int next_record(struct records *x, struct tt_records *r)
{
	const struct tt_record_visitor visitor = {visit, x};
	const uint8_t *data = r->batch.data;
	struct tt_record_fault fault;
	struct tt_record record;
	int rc;

	x->out->len = 0;
	x->copied = data + r->pos;
	rc = tt_records_visit(r, &record, &visitor, &fault);
	if (rc == TT_OK)
		put(x, x->copied, (size_t)(data + r->pos - x->copied));
	return rc;
}

/* `front`: what comes before the records in the batch. */
static void write_records(struct tt_anonymizer *a, const struct tt_batch_head *head,
			  struct tt_records *r, const uint8_t *front, size_t nfront)
{
	struct tt_bytes out = {.mem = &a->mem};
	struct records x = {.a = a, .spec = r->spec, .out = &out};
	int rc;

	tt_anon_body_begin(a, front, nfront);
	while ((rc = next_record(&x, r)) == TT_OK && !a->failed) {
		if (tt_anon_body_put(a, out.data, out.len))
			continue;
		tt_anon_body_write(a, head, false);
		tt_anon_body_begin(a, front, nfront);
		/* (one that is larger than a batch now) */
		if (!tt_anon_body_put(a, out.data, out.len))
			a->progress.emptied++;
	}
	if (rc < 0)
		tt_anon_body_put_damage(a);
	tt_anon_body_write(a, head, true);
	tt_bytes_release(&out);
}

/* The records of a batch, or nothing of it. `batch` may be one that is embedded in `b`. */
static void write_described(struct tt_anonymizer *a, const struct tt_anon_batch *b,
			    const struct tt_batch *batch)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);
	size_t nfront = (size_t)(batch->data - b->raw.data);
	struct tt_records r;

	if (tt_records_begin(&r, a->specs, batch))
		write_records(a, &head, &r, b->raw.data, nfront + r.pos);
	else if (b->raw.size == 0 || (a->flags & TT_ANONYMIZE_KEEP_BATCHES) != 0)
		tt_anon_copy_batch(a, &b->raw);
	else
		write_empty(a, &head);
}

/* ---- all kinds */

void tt_anon_collect_experimental(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch batch = batch_of(&b->raw);
	const uint8_t *end = b->raw.data + b->raw.size;
	const uint8_t *body = tt_embedded_body(&batch, TT_EMBEDDED_EVENTS);
	struct tt_anon_events e;

	if (body != NULL && open_events(body, end, &e) != NULL)
		tt_anon_collect_events(a, e.data,
				       tt_anon_events_reach(a, e.data, (size_t)(end - e.data)));
}

void tt_anon_write_experimental(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);
	const uint8_t *end = b->raw.data + b->raw.size, *body;
	struct tt_batch batch = batch_of(&b->raw);
	uint64_t experiment;

	body = tt_embedded_body(&batch, TT_EMBEDDED_SPEC);
	if (body != NULL) {
		write_spec(a, &head, body, end);
		return;
	}
	body = tt_embedded_body(&batch, TT_EMBEDDED_EVENTS);
	if (body != NULL) {
		write_events(a, b, body);
		return;
	}
	body = tt_embedded_body(&batch, TT_EMBEDDED_BATCH);
	if (body != NULL && tt_embedded_number(&body, end, &experiment) && experiment > 1 &&
	    experiment < 256) {
		batch.experiment = (unsigned)experiment;
		batch.data = body;
		batch.size = (size_t)(end - body);
	}
	write_described(a, b, &batch);
}
