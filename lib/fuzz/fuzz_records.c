/* SPDX-License-Identifier: MIT */
/*
 * fuzz_records.c - any bytes as an experimental batch, read by each of a few layouts
 * that its first byte chooses. Each record takes bytes, so that reading ends; values lie in the
 * batch, and records inside a record in it; an error stays, with a place in it. What is found is
 * in proportion to the bytes, whatever counts they claim.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "tracetool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "experiment Kinds 9\n"
			   "batch A tag 0\n field a varint\n field b u16\n field c string\n"
			   "batch B tag 1\n field a bytes\n field b i64\n field c bytes 5\n"
			   "batch C tag 2 once lasts\n field a varint\n field b varint\n"
			   "batch D tag 3\n field a u8\n"
			   "enum Kind\n value one 1\n value two 2\n"
			   "record Leaf\n field x zigzag\n field y f32be\n"
			   "record Twig\n field kind u8\n field leaf Leaf if kind is two\n"
			   " field leaves list of Leaf if kind has 4\n field s cstring if kind\n"
			   " means kind Kind\n"
			   "record Branch\n field n u8\n field twigs list n of Twig\n"
			   " field b list n of bool\n field raw list 2 of bytes 3\n"
			   "batch E tag 4\n field a list of Branch\n field b i32be\n"
			   "batch F tag 5\n field n zigzag\n field a list n of varint\n"
			   " field c list of cstring\n field d list 3 of string 2\n"
			   "batch G tag 6\n field f list of f64\n field g list of u64be\n"
			   " field h list of string\n field i bool\n field j string 4 if i\n";

/* A byte has a value, and the fields of its record that are not there. */
#define MAX_VALUES(nbytes) (((nbytes) + 1) * (TT_MAX_FIELDS + 1) * 9)

static bool has_bytes(const struct tt_field_spec *field)
{
	return field->record != NULL || field->type == TT_FIELD_BYTES ||
	       field->type == TT_FIELD_STRING || field->type == TT_FIELD_CSTRING;
}

static void check_value(const struct tt_field_spec *field, const struct tt_value *value,
			const struct tt_batch *batch)
{
	const uint8_t *bytes = (const uint8_t *)value->bytes.data;

	REQUIRE(!value->absent || (field->condition != TT_IF_ALWAYS && bytes == NULL));
	if (value->absent || !has_bytes(field))
		return;
	REQUIRE(field->record != NULL || value->number == value->bytes.len);
	REQUIRE(bytes >= batch->data && bytes + value->bytes.len <= batch->data + batch->size);
}

static void check_record(const struct tt_records *r, const struct tt_record *record,
			 size_t *nvalues);

/* What is inside was read already, so there are as many as it says, without an error. */
static void check_inside(const struct tt_records *r, const struct tt_record *record, unsigned field,
			 size_t *nvalues)
{
	const struct tt_value *value = &record->values[field];
	struct tt_records inside;
	struct tt_record element;
	struct tt_error err;
	uint64_t n = 0;

	if (!tt_records_inside(&inside, r, record, field)) {
		REQUIRE(value->absent || record->spec->fields[field].record == NULL);
		return;
	}
	while (tt_records_next(&inside, &element, &err) == 0) {
		REQUIRE(element.offset >= record->offset);
		check_record(&inside, &element, nvalues);
		n++;
	}
	REQUIRE(inside.pos == value->bytes.len && n == value->number);
}

static void check_record(const struct tt_records *r, const struct tt_record *record,
			 size_t *nvalues)
{
	for (unsigned i = 0; i < record->spec->nfields; i++) {
		++*nvalues;
		check_value(&record->spec->fields[i], &record->values[i], &r->batch);
		check_inside(r, record, i, nvalues);
	}
}

static void read_all(const struct tt_specs *specs, const struct tt_batch *batch)
{
	struct tt_records r;
	struct tt_record record;
	struct tt_error err;
	size_t before, nvalues = 0;
	int rc;

	if (!tt_records_begin(&r, specs, batch))
		return;
	for (;;) {
		before = r.pos;
		rc = tt_records_next(&r, &record, &err);
		if (rc != 0)
			break;
		REQUIRE(r.pos > before && r.pos <= batch->size);
		check_record(&r, &record, &nvalues);
	}
	REQUIRE(nvalues <= MAX_VALUES(batch->size));
	REQUIRE(rc == 1 || rc == -TT_W_RECORD);
	REQUIRE(tt_records_next(&r, &record, &err) == rc);
	if (rc < 0)
		REQUIRE(err.offset >= 50 && err.offset - 50 <= batch->size && err.message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tt_specs *specs;
	struct tt_batch batch = {.kind = TT_BATCH_EXPERIMENT, .data_offset = 50, .size = size};
	struct tt_error err;

	if (specs == NULL) {
		REQUIRE(tt_specs_new(&specs, &err) == 0);
		REQUIRE(tt_specs_add(specs, "kinds", text, sizeof(text) - 1, &err) == 0);
	}
	batch.data = data;
	batch.experiment = 9;
	read_all(specs, &batch);
	batch.experiment = 1;
	read_all(specs, &batch);
	return 0;
}
