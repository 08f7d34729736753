/* SPDX-License-Identifier: MIT */
/*
 * fuzz_records.c - any bytes as an experimental batch, read by each of a few layouts
 * that its first byte chooses. Each record takes bytes, so that reading ends; values lie in the
 * batch; an error stays, with a place in it.
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
			   "batch D tag 3\n field a u8\n";

static void check_value(const struct tt_field_spec *field, const struct tt_value *value,
			const struct tt_batch *batch)
{
	const uint8_t *bytes = (const uint8_t *)value->bytes.data;

	if (field->type != TT_FIELD_BYTES && field->type != TT_FIELD_STRING)
		return;
	REQUIRE(value->number == value->bytes.len);
	REQUIRE(value->bytes.len == 0 ||
		(bytes >= batch->data && bytes + value->bytes.len <= batch->data + batch->size));
}

static void read_all(const struct tt_specs *specs, const struct tt_batch *batch)
{
	struct tt_records r;
	struct tt_record record;
	struct tt_error err;
	size_t before;
	int rc;

	if (!tt_records_begin(&r, specs, batch))
		return;
	for (;;) {
		before = r.pos;
		rc = tt_records_next(&r, &record, &err);
		if (rc != 0)
			break;
		REQUIRE(r.pos > before && r.pos <= batch->size);
		for (unsigned i = 0; i < record.spec->nfields; i++)
			check_value(&record.spec->fields[i], &record.values[i], batch);
	}
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
