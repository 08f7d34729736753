/* SPDX-License-Identifier: MIT */
/*
 * records.c - the records of an experimental batch, read by the layout that its spec
 * gives.
 *
 * A batch is its tag byte, if it has one, and records up to its end. Each field of
 * a record takes at least a byte, so that a batch has no more fields than bytes.
 */
#include "experiment/records.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "wire/varint.h"

/* The layout whose tag the batch has, or the only one. */
static const struct tt_batch_spec *find_layout(const struct tt_specs *specs,
					       const struct tt_batch *batch)
{
	const struct tt_batch_spec *spec;

	for (size_t i = 0; (spec = tt_specs_batch(specs, batch->experiment, i)) != NULL; i++)
		if (spec->tag < 0 || (batch->size > 0 && batch->data[0] == spec->tag))
			return spec;
	return NULL;
}

bool tt_records_begin(struct tt_records *r, const struct tt_specs *specs,
		      const struct tt_batch *batch)
{
	*r = (struct tt_records){.batch = *batch};
	if (batch->kind != TT_BATCH_EXPERIMENT)
		return false;
	r->spec = find_layout(specs, batch);
	if (r->spec == NULL)
		return false;
	r->pos = r->spec->tag >= 0 ? 1 : 0;
	return true;
}

/* ---- fields */

/* Why a field cannot be read; NULL: it was. */
typedef const char *read_field(const uint8_t **pos, const uint8_t *end,
			       const struct tt_field_spec *field, struct tt_value *out);

static const char *read_varint(const uint8_t **pos, const uint8_t *end,
			       const struct tt_field_spec *field, struct tt_value *out)
{
	int n = tt_varint(*pos, end, &out->number);

	(void)field;
	if (n == TT_VARINT_OVERFLOW)
		return "the number overflows 64 bits";
	if (n <= 0)
		return "the batch ends inside a number";
	*pos += n;
	return NULL;
}

static const char *read_fixed(const uint8_t **pos, const uint8_t *end,
			      const struct tt_field_spec *field, struct tt_value *out)
{
	unsigned unused;

	if ((size_t)(end - *pos) < field->size)
		return "the batch ends inside a number";
	for (uint32_t i = 0; i < field->size; i++)
		out->number |= (uint64_t)(*pos)[i] << 8 * i;
	*pos += field->size;
	unused = 64 - 8 * field->size;
	if (field->type == TT_FIELD_INT && (out->number >> (63 - unused) & 1) != 0 && unused > 0)
		out->number |= UINT64_MAX << (64 - unused);
	return NULL;
}

static const char *read_bytes(const uint8_t **pos, const uint8_t *end,
			      const struct tt_field_spec *field, struct tt_value *out)
{
	const char *problem = NULL;

	out->number = field->size;
	if (field->size == 0)
		problem = read_varint(pos, end, field, out);
	if (problem != NULL)
		return "the batch ends inside the length, or the length overflows";
	if (out->number > (uint64_t)(end - *pos))
		return "its length is more than what is left of the batch";
	out->bytes = (struct tt_str){(const char *)*pos, (size_t)out->number};
	*pos += out->number;
	return NULL;
}

static read_field *const readers[] = {
	[TT_FIELD_VARINT] = read_varint,
	[TT_FIELD_UINT] = read_fixed,
	[TT_FIELD_INT] = read_fixed,
	[TT_FIELD_BYTES] = read_bytes,
	[TT_FIELD_STRING] = read_bytes,
};

/* ---- records */

/* Reads the fields of a record that begins at r->pos. 0, or -TT_W_RECORD. */
static int read_record(struct tt_records *r, struct tt_record *out, struct tt_record_fault *fault)
{
	const struct tt_batch_spec *spec = r->spec;
	const uint8_t *data = r->batch.size == 0 ? (const uint8_t *)"" : r->batch.data;
	const uint8_t *pos = data + r->pos, *end = data + r->batch.size;

	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];
		const uint8_t *start = pos;

		out->values[i] = (struct tt_value){.number = 0};
		fault->problem = readers[field->type](&pos, end, field, &out->values[i]);
		if (fault->problem == NULL)
			continue;
		fault->field = field->name;
		fault->offset = r->batch.data_offset + (size_t)(start - data);
		return -TT_W_RECORD;
	}
	r->pos = (size_t)(pos - data);
	return TT_OK;
}

int tt_records_read(struct tt_records *r, struct tt_record *out, struct tt_record_fault *fault)
{
	const struct tt_batch_spec *spec = r->spec;

	assert(spec != NULL);
	if (r->pos == r->batch.size && (!spec->once || r->index > 0))
		return TT_END;
	out->spec = spec;
	out->index = r->index;
	out->offset = r->batch.data_offset + r->pos;
	fault->index = r->index;
	if (spec->once && r->index > 0) {
		fault->field = NULL;
		fault->problem = "more bytes follow the only record of the batch";
		fault->offset = out->offset;
		return -TT_W_RECORD;
	}
	if (read_record(r, out, fault) < 0)
		return -TT_W_RECORD;
	r->index++;
	return TT_OK;
}

void tt_record_message(char *text, size_t size, const struct tt_batch_spec *spec,
		       const struct tt_record_fault *fault)
{
	snprintf(text, size, "record %" PRIu64 " of batch %s of %s%s%s: %s", fault->index,
		 spec->name, spec->experiment, fault->field == NULL ? "" : ", field ",
		 fault->field == NULL ? "" : fault->field, fault->problem);
}

int tt_records_next(struct tt_records *r, struct tt_record *out, struct tt_error *err)
{
	struct tt_record_fault fault;
	int rc = tt_records_read(r, out, &fault);

	if (rc >= 0)
		return rc;
	tt_fail(err, TT_W_RECORD, "%s", "");
	tt_record_message(err->message, sizeof(err->message), r->spec, &fault);
	err->offset = fault.offset;
	tt_error_in_batch(err, r->batch.offset, r->batch.generation, r->batch.thread);
	return rc;
}
