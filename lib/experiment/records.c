/* SPDX-License-Identifier: MIT */
/*
 * records.c - the records of an experimental batch, read by the layout that its spec
 * gives.
 *
 * A batch is its tag byte, if it has one, and records up to its end. Each record takes at
 * least a byte, those inside others included: what is always there of it does. So reading a
 * batch takes no longer than its bytes allow, whatever counts it claims.
 */
#include "experiment/records.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/spec.h"
#include "wire/varint.h"

bool tt_records_begin(struct tt_records *r, const struct tt_specs *specs,
		      const struct tt_batch *batch)
{
	*r = (struct tt_records){.batch = *batch};
	if (batch->kind != TT_BATCH_EXPERIMENT)
		return false;
	r->spec = tt_specs_batch_tagged(specs, batch->experiment,
					batch->size > 0 ? batch->data[0] : -1);
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

static const char *read_zigzag(const uint8_t **pos, const uint8_t *end,
			       const struct tt_field_spec *field, struct tt_value *out)
{
	const char *problem = read_varint(pos, end, field, out);

	out->number = out->number >> 1 ^ -(out->number & 1);
	return problem;
}

static const char *read_fixed(const uint8_t **pos, const uint8_t *end,
			      const struct tt_field_spec *field, struct tt_value *out)
{
	unsigned unused;

	if ((size_t)(end - *pos) < field->size)
		return "the batch ends inside a number";
	for (uint32_t i = 0; i < field->size; i++)
		out->number |= (uint64_t)(*pos)[i] << 8 * (field->big_endian ? field->size - 1 - i
									     : i);
	*pos += field->size;
	unused = 64 - 8 * field->size;
	if (field->type == TT_FIELD_INT && (out->number >> (63 - unused) & 1) != 0 && unused > 0)
		out->number |= UINT64_MAX << (64 - unused);
	return NULL;
}

static const char *read_float(const uint8_t **pos, const uint8_t *end,
			      const struct tt_field_spec *field, struct tt_value *out)
{
	const char *problem = read_fixed(pos, end, field, out);
	uint32_t bits = (uint32_t)out->number;
	double wide;
	float value;

	if (problem != NULL || field->size == sizeof(wide))
		return problem;
	memcpy(&value, &bits, sizeof(value));
	wide = (double)value;
	memcpy(&out->number, &wide, sizeof(wide));
	return NULL;
}

static const char *read_bool(const uint8_t **pos, const uint8_t *end,
			     const struct tt_field_spec *field, struct tt_value *out)
{
	const char *problem = read_fixed(pos, end, field, out);

	if (problem == NULL && out->number > 1)
		return "a boolean is neither 0 nor 1";
	return problem;
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

/* A text of a fixed size is filled up with NULs. */
static const char *read_string(const uint8_t **pos, const uint8_t *end,
			       const struct tt_field_spec *field, struct tt_value *out)
{
	const char *problem = read_bytes(pos, end, field, out);

	while (problem == NULL && field->size != 0 && out->bytes.len > 0 &&
	       out->bytes.data[out->bytes.len - 1] == '\0')
		out->number = --out->bytes.len;
	return problem;
}

static const char *read_cstring(const uint8_t **pos, const uint8_t *end,
				const struct tt_field_spec *field, struct tt_value *out)
{
	const uint8_t *nul = *pos == end ? NULL : memchr(*pos, '\0', (size_t)(end - *pos));

	(void)field;
	if (nul == NULL)
		return "the batch ends inside a text that ends with a NUL";
	out->bytes = (struct tt_str){(const char *)*pos, (size_t)(nul - *pos)};
	out->number = out->bytes.len;
	*pos = nul + 1;
	return NULL;
}

static read_field *const readers[] = {
	[TT_FIELD_VARINT] = read_varint,
	[TT_FIELD_UINT] = read_fixed,
	[TT_FIELD_INT] = read_fixed,
	[TT_FIELD_BYTES] = read_bytes,
	[TT_FIELD_STRING] = read_string,
	[TT_FIELD_ZIGZAG] = read_zigzag,
	[TT_FIELD_FLOAT] = read_float,
	[TT_FIELD_BOOL] = read_bool,
	[TT_FIELD_CSTRING] = read_cstring,
};

/* ---- records */

/* A record on its way. */
struct walk {
	const uint8_t *pos, *end;
	const uint8_t *fault;   /* the field at fault, */
	char name[TT_RECORD_FIELD_SIZE]; /* and its name, once there is one */
	const struct tt_record_visitor *visitor; /* NULL: nobody looks at each value */
};

/* The name of a field at fault gets that of the one around it: "pc", "frames[3].pc". */
static void put_around(struct walk *w, const char *field, bool in_list, uint64_t index)
{
	char inside[TT_RECORD_FIELD_SIZE], place[32] = "";
	size_t used;

	memcpy(inside, w->name, sizeof(inside));
	if (in_list)
		snprintf(place, sizeof(place), "[%" PRIu64 "]", index);
	/* names have at most 64 letters */
	used = (size_t)snprintf(w->name, sizeof(w->name), "%.64s%s%s", field, place,
				inside[0] == '\0' ? "" : ".");
	snprintf(w->name + used, sizeof(w->name) - used, "%.*s",
		 (int)(sizeof(w->name) - used - 1), inside);
}

static const char *read_fields(struct walk *w, const struct tt_batch_spec *spec,
			       struct tt_value *values);

/* A value that is not made of others. */
static const char *read_value(struct walk *w, const struct tt_field_spec *field,
			      struct tt_value *value)
{
	const uint8_t *start = w->pos;
	const char *problem = readers[field->type](&w->pos, w->end, field, value);

	if (problem == NULL && w->visitor != NULL)
		w->visitor->value(w->visitor->arg, field, value, start, w->pos);
	return problem;
}

/* One of a list, or the record that a field is. */
static const char *read_element(struct walk *w, const struct tt_field_spec *field)
{
	struct tt_value values[TT_MAX_FIELDS];

	if (field->type == TT_FIELD_RECORD)
		return read_fields(w, field->record, values);
	values[0] = (struct tt_value){.number = 0};
	w->fault = w->pos;
	return read_value(w, field, &values[0]);
}

static const char *read_elements(struct walk *w, const struct tt_field_spec *field, uint64_t n)
{
	if (n > (uint64_t)(w->end - w->pos) / field->record->min_size)
		return "it has more elements than what is left of the batch";
	if (field->size != 0 && field->type != TT_FIELD_BOOL && w->visitor == NULL) {
		w->pos += n * field->size;
		return NULL;
	}
	for (uint64_t i = 0; i < n; i++) {
		const char *problem = read_element(w, field);

		if (problem == NULL)
			continue;
		put_around(w, field->name, true, i);
		return problem;
	}
	return NULL;
}

static const char *read_list(struct walk *w, const struct tt_field_spec *field,
			     const struct tt_value *values, struct tt_value *out)
{
	const uint8_t *start;
	const char *problem = NULL;

	if (field->count_field >= 0)
		out->number = values[field->count_field].number;
	else if (field->count != 0)
		out->number = field->count;
	else
		problem = read_varint(&w->pos, w->end, field, out);
	if (problem != NULL)
		return "the batch ends inside the count, or the count overflows";
	start = w->pos;
	problem = read_elements(w, field, out->number);
	out->bytes = (struct tt_str){(const char *)start, (size_t)(w->pos - start)};
	return problem;
}

static const char *read_inner(struct walk *w, const struct tt_field_spec *field,
			      struct tt_value *out)
{
	const uint8_t *start = w->pos;
	const char *problem = read_element(w, field);

	out->number = 1;
	out->bytes = (struct tt_str){(const char *)start, (size_t)(w->pos - start)};
	if (problem != NULL)
		put_around(w, field->name, false, 0);
	return problem;
}

static bool is_there(const struct tt_field_spec *field, const struct tt_value *values)
{
	uint64_t number = values[field->if_field].number;

	switch (field->condition) {
	case TT_IF_SET:
		return number != 0;
	case TT_IF_HAS:
		return (number & field->if_value) == field->if_value;
	default:
		return number == field->if_value;
	}
}

/* Reads a field that is not just a value. */
static const char *read_compound(struct walk *w, const struct tt_field_spec *field,
				 const struct tt_value *values, struct tt_value *out)
{
	if (field->list)
		return read_list(w, field, values, out);
	return read_inner(w, field, out);
}

/* Reads the fields of a record. Why it cannot be read, or NULL. */
static const char *read_fields(struct walk *w, const struct tt_batch_spec *spec,
			       struct tt_value *values)
{
	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];
		const uint8_t *start = w->pos;
		const char *problem;

		values[i] = (struct tt_value){.number = 0};
		if (field->condition != TT_IF_ALWAYS && !is_there(field, values)) {
			values[i].absent = true;
			continue;
		}
		if (field->record != NULL)
			problem = read_compound(w, field, values, &values[i]);
		else
			problem = read_value(w, field, &values[i]);
		if (problem == NULL)
			continue;
		if (w->name[0] == '\0') {
			w->fault = start;
			put_around(w, field->name, false, 0);
		}
		return problem;
	}
	return NULL;
}

/* Reads the record that begins at r->pos. 0, or -TT_W_RECORD. */
static int read_record(struct tt_records *r, struct tt_record *out,
		       const struct tt_record_visitor *visitor, struct tt_record_fault *fault)
{
	const uint8_t *data = r->batch.size == 0 ? (const uint8_t *)"" : r->batch.data;
	struct walk w;

	w.pos = data + r->pos;
	w.end = data + r->batch.size;
	w.name[0] = '\0';
	w.visitor = visitor;
	fault->problem = read_fields(&w, r->spec, out->values);
	if (fault->problem == NULL) {
		r->pos = (size_t)(w.pos - data);
		return TT_OK;
	}
	memcpy(fault->field, w.name, sizeof(fault->field));
	fault->offset = r->batch.data_offset + (size_t)(w.fault - data);
	return -TT_W_RECORD;
}

int tt_records_read(struct tt_records *r, struct tt_record *out, struct tt_record_fault *fault)
{
	return tt_records_visit(r, out, NULL, fault);
}

int tt_records_visit(struct tt_records *r, struct tt_record *out,
		     const struct tt_record_visitor *visitor, struct tt_record_fault *fault)
{
	const struct tt_batch_spec *spec = r->spec;

	assert(spec != NULL);
	if (r->pos == r->batch.size && (!spec->once || r->index > 0))
		return TT_END;
	out->spec = spec;
	out->index = r->index;
	out->offset = r->batch.data_offset + r->pos;
	out->data = r->batch.size == 0 ? NULL : r->batch.data + r->pos;
	fault->index = r->index;
	if (spec->once && r->index > 0) {
		fault->field[0] = '\0';
		fault->problem = "more bytes follow the only record of the batch";
		fault->offset = out->offset;
		return -TT_W_RECORD;
	}
	if (read_record(r, out, visitor, fault) < 0)
		return -TT_W_RECORD;
	r->index++;
	return TT_OK;
}

void tt_record_message(char *text, size_t size, const struct tt_batch_spec *spec,
		       const struct tt_record_fault *fault)
{
	snprintf(text, size, "record %" PRIu64 " of batch %s of %s%s%s: %s", fault->index,
		 spec->name, spec->experiment, fault->field[0] == '\0' ? "" : ", field ",
		 fault->field, fault->problem);
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

bool tt_records_inside(struct tt_records *inside, const struct tt_records *r,
		       const struct tt_record *record, unsigned field)
{
	const struct tt_value *value = &record->values[field];
	const struct tt_field_spec *spec = &record->spec->fields[field];

	assert(field < record->spec->nfields);
	*inside = (struct tt_records){
		.batch = {.kind = TT_BATCH_EXPERIMENT,
			  .experiment = (uint8_t)record->spec->experiment_id,
			  .thread = TT_NONE},
	};
	if (spec->record == NULL || value->absent)
		return false;
	if (r != NULL)
		inside->batch = r->batch;
	inside->spec = spec->record;
	inside->batch.data = (const uint8_t *)value->bytes.data;
	inside->batch.size = value->bytes.len;
	inside->batch.data_offset =
		record->offset + (size_t)(inside->batch.data - record->data);
	return true;
}
