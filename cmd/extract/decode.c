/* SPDX-License-Identifier: MIT */
/*
 * decode.c - the records of a generation's experimental batches as text, one file
 * for each kind of batch. Command layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fields.h"
#include "cli/json.h"
#include "decode.h"

/* ---- formats */

static void jsonl_record(struct out *o, const struct tt_batch *b, const struct tt_record *r,
			 const struct tt_generation *g)
{
	char *p = put_lit(out_begin(o), "{\"offset\":");

	p = json_id(put_u64(p, r->offset), "thread", b->thread);
	out_end(o, put_lit(json_fields(o, p, r, g), "}\n"));
}

static void csv_header(struct out *o, const struct tt_batch_spec *spec)
{
	char *p = put_lit(out_begin(o), "offset,thread");

	for (unsigned i = 0; i < spec->nfields; i++)
		p = out_cstr(o, put_char(out_room(o, p), ','), spec->fields[i].name);
	out_end(o, put_char(out_room(o, p), '\n'));
}

static void csv_record(struct out *o, const struct tt_batch *b, const struct tt_record *r,
		       const struct tt_generation *g)
{
	char *p = put_char(put_u64(out_begin(o), r->offset), ',');

	if (b->thread != TT_NONE)
		p = put_i64(p, b->thread);
	for (unsigned i = 0; i < r->spec->nfields; i++)
		p = out_room(o, csv_field(o, put_char(p, ','), r, i, g));
	out_end(o, put_char(p, '\n'));
}

static const struct decode_format {
	const char *ending;
	void (*header)(struct out *o, const struct tt_batch_spec *spec);
	void (*record)(struct out *o, const struct tt_batch *b, const struct tt_record *r,
		       const struct tt_generation *g);
} formats[] = {
	[BATCH_JSONL] = { "jsonl", NULL, jsonl_record },
	[BATCH_CSV] = { "csv", csv_header, csv_record },
};

const char *const batch_formats[] = { "jsonl", "csv", NULL };

/* ---- decoding */

/* One kind of batch in one generation. */
struct kind {
	struct batch_decoder *decoder;
	struct batch_set *set;
	const struct decode_format *format;
	const struct tt_batch_spec *spec;
	uint64_t nbatches;
	struct out text;
};

/* The records up to a fault. */
static void decode_batch(struct kind *k, struct tt_records *records, const struct tt_generation *g)
{
	struct tt_record record;
	struct tt_error err;
	int rc;

	while ((rc = tt_records_next(records, &record, &err)) == 0 && !out_failed(&k->text)) {
		k->format->record(&k->text, &records->batch, &record, g);
		k->decoder->nrecords++;
	}
	if (rc < 0 && k->decoder->nfaults++ < BATCH_FAULTS_REPORTED)
		cmd_report(k->decoder->file, &err);
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
		decode_batch(k, &records, g);
	}
}

static int write_kind(struct kind *k, const struct tt_generation *g)
{
	char folder[64];
	char *path;
	int status;

	if (k->nbatches == 0)
		return STATUS_FINE;
	batch_set_folder(folder, sizeof(folder), k->set, g);
	if (out_failed(&k->text) || asprintf(&path, "%s/%s/%s.%s", folder, k->spec->experiment,
					     k->spec->name, k->format->ending) < 0)
		return batch_set_no_memory(k->set);
	status = batch_set_add_file(k->set, path, k->text.buffer,
				    (size_t)(k->text.pos - k->text.buffer));
	free(path);
	return status;
}

static int add_kind(struct kind *k, const struct tt_generation *g)
{
	int status;

	out_init_memory(&k->text);
	decode_kind(k, g);
	status = write_kind(k, g);
	out_release_memory(&k->text);
	return status;
}

/* Counts the batches that remain bytes for want of a spec, and says of which experiments. */
static void note_unknown(struct batch_decoder *d, const struct batch_set *s,
			 const struct tt_generation *g)
{
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);

		if (tt_specs_experiment_id(s->specs, batch.experiment) ||
		    !batch_choice_experiment(s->choice, batch.experiment, s->specs))
			continue;
		d->nunknown++;
		if (!d->quiet)
			cmd_report_no_spec(d->file, &batch, &d->said);
	}
}

int batch_decode(struct batch_decoder *d, struct batch_set *s, const struct tt_generation *g)
{
	const struct tt_experiment_spec *experiment;
	struct kind kind = { .decoder = d, .set = s, .format = &formats[d->format] };
	int status = STATUS_FINE;

	if (!generation_range_has(s->choice->generations, tt_generation_number(g)))
		return status;
	note_unknown(d, s, g);
	for (size_t i = 0; (experiment = tt_specs_experiment(s->specs, i)) != NULL; i++) {
		if (!batch_choice_experiment(s->choice, experiment->id, s->specs))
			continue;
		for (size_t i_batch = 0; status == STATUS_FINE; i_batch++) {
			kind.spec = tt_specs_batch(s->specs, experiment->id, i_batch);
			if (!kind.spec)
				break;
			kind.nbatches = 0;
			status = add_kind(&kind, g);
		}
	}
	return status;
}
