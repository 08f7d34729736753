/* SPDX-License-Identifier: MIT */
/*
 * decode.c - the records of a generation's experimental batches as text, a file
 * for each kind of batches. Command layer: stands on tracetool.h and batchset.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"
#include "cli/csv.h"
#include "cli/json.h"
#include "cli/json.h"

/* --------------------------------------------------------------------- formats */

static void jsonl_record(struct out *o, const struct tt_batch *b, const struct tt_record *r)
{
	char *p = put_lit(out_begin(o), "{\"offset\":");

	p = json_id(put_u64(p, r->offset), "thread", b->thread);
	for (unsigned i = 0; i < r->spec->nfields; i++)
		p = json_field(o, p, &r->spec->fields[i], &r->values[i]);
	out_end(o, put_lit(out_room(o, p), "}\n"));
}

static void csv_header(struct out *o, const struct tt_batch_spec *spec)
{
	char *p = put_lit(out_begin(o), "offset,thread");

	for (unsigned i = 0; i < spec->nfields; i++)
		p = out_cstr(o, put_char(out_room(o, p), ','), spec->fields[i].name);
	out_end(o, put_char(out_room(o, p), '\n'));
}

static char *csv_value(struct out *o, char *p, const struct tt_field_spec *field,
		       const struct tt_value *value)
{
	if (field->type == TT_FIELD_STRING)
		return csv_text(o, p, value->bytes);
	if (field->type == TT_FIELD_BYTES)
		return out_hex(o, p, value->bytes);
	return field->type == TT_FIELD_INT ? put_i64(p, (int64_t)value->number)
					   : put_u64(p, value->number);
}

static void csv_record(struct out *o, const struct tt_batch *b, const struct tt_record *r)
{
	char *p = put_char(put_u64(out_begin(o), r->offset), ',');

	if (b->thread != TT_NONE)
		p = put_i64(p, b->thread);
	for (unsigned i = 0; i < r->spec->nfields; i++)
		p = out_room(o, csv_value(o, put_char(p, ','), &r->spec->fields[i], &r->values[i]));
	out_end(o, put_char(p, '\n'));
}

static const struct decode_format {
	const char *ending;
	void (*header)(struct out *o, const struct tt_batch_spec *spec);
	void (*record)(struct out *o, const struct tt_batch *b, const struct tt_record *r);
} formats[] = {
	[BATCH_JSONL] = { "jsonl", NULL, jsonl_record },
	[BATCH_CSV] = { "csv", csv_header, csv_record },
};

const char *const batch_formats[] = { "jsonl", "csv", NULL };

/* -------------------------------------------------------------------- decoding */

/* One kind of a generation's batches. */
struct kind {
	struct batch_set *set;
	const struct decode_format *format;
	const struct tt_batch_spec *spec;
	uint64_t nbatches;
	struct out text;
};

static void tell(struct kind *k, const struct tt_error *err)
{
	if (k->set->nfaults++ < BATCH_FAULTS_TOLD)
		cmd_report(k->set->file, err);
}

/* The records up to a fault. */
static void decode_batch(struct kind *k, struct tt_records *records)
{
	struct tt_record record;
	struct tt_error err;
	int rc;

	while ((rc = tt_records_next(records, &record, &err)) == 0 && !out_failed(&k->text)) {
		k->format->record(&k->text, &records->batch, &record);
		k->set->nrecords++;
	}
	if (rc < 0)
		tell(k, &err);
}

static void decode_kind(struct kind *k, const struct tt_generation *g)
{
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);
		struct tt_records records;

		if (!tt_records_begin(&records, k->set->specs, &batch) || records.spec != k->spec)
			continue;
		if (k->nbatches++ == 0 && k->format->header)
			k->format->header(&k->text, k->spec);
		decode_batch(k, &records);
	}
}

static int write_kind(struct kind *k, const char *folder)
{
	char *path;
	int status;

	if (k->nbatches == 0)
		return STATUS_FINE;
	if (out_failed(&k->text) || asprintf(&path, "%s/%s/%s.%s", folder, k->spec->experiment,
					     k->spec->name, k->format->ending) < 0)
		return batch_set_no_memory(k->set);
	status = batch_set_add_file(k->set, path, k->text.buffer,
				    (size_t)(k->text.pos - k->text.buffer));
	free(path);
	return status;
}

static int decode_one(struct batch_set *s, const struct tt_generation *g,
		      const struct tt_batch_spec *spec, const char *folder)
{
	struct kind k = { .set = s, .format = &formats[s->decode_format], .spec = spec };
	int status;

	out_init_memory(&k.text);
	decode_kind(&k, g);
	status = write_kind(&k, folder);
	out_release_memory(&k.text);
	return status;
}

int batch_decode(struct batch_set *s, const struct tt_generation *g, const char *folder)
{
	const struct tt_experiment_spec *experiment;
	const struct tt_batch_spec *spec;
	int status = STATUS_FINE;

	for (size_t i = 0; (experiment = tt_specs_experiment(s->specs, i)) != NULL; i++) {
		if (!batch_choice_experiment(s->choice, experiment->id, s->specs))
			continue;
		for (size_t k = 0; status == STATUS_FINE &&
				   (spec = tt_specs_batch(s->specs, experiment->id, k)) != NULL; k++)
			status = decode_one(s, g, spec, folder);
	}
	return status;
}
