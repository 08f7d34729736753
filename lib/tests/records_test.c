/* SPDX-License-Identifier: MIT */
/* records_test.c - experimental batches as records, cut at each byte and lying. */
#include <string.h>

#include "tests/build.h"
#include "tests/suites.h"
#include "tracetool.h"

static const char every_type[] = "experiment Kinds 9\n"
				 "batch All tag 5\n"
				 "	field id varint key\n"
				 "	field a u16\n"
				 "	field b i8\n"
				 "	field c i64\n"
				 "	field d bytes 3\n"
				 "	field e bytes\n"
				 "	field f string\n"
				 "batch One tag 6 once lasts\n"
				 "	field base u64\n"
				 "	field unit varint\n"
				 "event Use 140 since 1.26\n"
				 "	args dt id place\n"
				 "	needs thread\n"
				 "	refers id All\n"
				 "	scales place One base unit\n";

/* The tag, and two records. */
static const uint8_t two[] = {
	5, /* the tag */
	0x80, 0x01, 0x34, 0x12, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x', 'y',
	'z', 2, 'e', 'e', 1, 'f',
	7, 1, 0, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0,
};
/* Where the first record ends. */
#define FIRST_END 22

static struct tt_specs *specs;

static void setup(void)
{
	struct tt_error err;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_int_eq(tt_specs_add(specs, "kinds", every_type, strlen(every_type), &err), 0);
}

static void teardown(void)
{
	tt_specs_free(specs);
}

static struct tt_batch batch_of(const uint8_t *data, size_t size)
{
	return (struct tt_batch){
		.kind = TT_BATCH_EXPERIMENT,
		.experiment = 9,
		.thread = 3,
		.generation = 2,
		.offset = 100,
		.data_offset = 110,
		.data = data,
		.size = size,
	};
}

START_TEST(records_have_every_type_of_field)
{
	static const char *const names[] = {"varint", "u16",   "i8",    "i64",
					    "bytes",  "bytes", "string"};
	struct tt_batch batch = batch_of(two, sizeof(two));
	struct tt_records r;
	struct tt_record rec;
	struct tt_error err;

	ck_assert(tt_records_begin(&r, specs, &batch));
	ck_assert_str_eq(r.spec->name, "All");
	for (unsigned i = 0; i < r.spec->nfields; i++)
		ck_assert_str_eq(tt_field_type_name(&r.spec->fields[i]), names[i]);
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), 0);
	ck_assert_uint_eq(rec.offset, 111);
	ck_assert_uint_eq(rec.values[0].number, 128);
	ck_assert_uint_eq(rec.values[1].number, 0x1234);
	ck_assert_int_eq((int64_t)rec.values[2].number, -1);
	ck_assert_int_eq((int64_t)rec.values[3].number, -2);
	ck_assert_mem_eq(rec.values[4].bytes.data, "xyz", 3);
	ck_assert_uint_eq(rec.values[5].bytes.len, 2);
	ck_assert_mem_eq(rec.values[6].bytes.data, "f", 1);
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), 0);
	ck_assert_uint_eq(rec.index, 1);
	ck_assert_uint_eq(rec.offset, 110 + FIRST_END);
	ck_assert_uint_eq(rec.values[0].number, 7);
	ck_assert_int_eq((int64_t)rec.values[2].number, 127);
	ck_assert_int_eq((int64_t)rec.values[3].number, 1);
	ck_assert_uint_eq(rec.values[6].bytes.len, 0);
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), 1);
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), 1);
}
END_TEST

/* Cut anywhere but between records: those before it come, then the same error for good. */
START_TEST(a_batch_may_be_cut_at_each_byte)
{
	size_t size = (size_t)_i;
	uint8_t *copy = calloc(1, size + 1);
	struct tt_batch batch = batch_of(copy, size);
	struct tt_records r;
	struct tt_record rec;
	struct tt_error err;
	bool whole = size == 1 || size == FIRST_END || size == sizeof(two);
	int good = size < FIRST_END ? 0 : size < sizeof(two) ? 1 : 2;

	memcpy(copy, two, size);
	ck_assert(tt_records_begin(&r, specs, &batch));
	while (good-- > 0)
		ck_assert_int_eq(tt_records_next(&r, &rec, &err), 0);
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), whole ? 1 : -TT_W_RECORD);
	if (!whole) {
		ck_assert_uint_gt(err.offset, 110);
		ck_assert_uint_le(err.offset, 110 + size);
		ck_assert_uint_eq(err.batch_offset, 100);
		ck_assert_uint_eq(err.generation, 2);
		ck_assert_int_eq(err.thread, 3);
		ck_assert_ptr_nonnull(strstr(err.message, "of batch All of Kinds, field "));
		ck_assert_int_eq(tt_records_next(&r, &rec, &err), -TT_W_RECORD);
	}
	free(copy);
}
END_TEST

START_TEST(a_length_may_lie)
{
	uint8_t lie[sizeof(two)] = {0};
	struct tt_batch batch = batch_of(lie, sizeof(lie));
	struct tt_records r;
	struct tt_record rec;
	struct tt_error err;

	memcpy(lie, two, sizeof(two));
	lie[FIRST_END - 2] = 0x7f;
	ck_assert(tt_records_begin(&r, specs, &batch));
	ck_assert_int_eq(tt_records_next(&r, &rec, &err), -TT_W_RECORD);
	ck_assert_ptr_nonnull(strstr(err.message, "field f: its length is more"));
	ck_assert_uint_eq(err.offset, 110 + FIRST_END - 2);
}
END_TEST

START_TEST(other_batches_have_no_records)
{
	static const uint8_t other[] = {77, 1, 2};
	struct tt_batch batch = batch_of(other, sizeof(other));
	struct tt_records r;

	ck_assert(!tt_records_begin(&r, specs, &batch));
	batch.size = 0;
	ck_assert(!tt_records_begin(&r, specs, &batch));
	batch = batch_of(two, sizeof(two));
	batch.experiment = 10;
	ck_assert(!tt_records_begin(&r, specs, &batch));
	batch = batch_of(two, sizeof(two));
	batch.kind = TT_BATCH_EVENTS;
	ck_assert(!tt_records_begin(&r, specs, &batch));
}
END_TEST

/* ---- what arguments mean */

static void experimental(struct build *b, uint64_t generation, const uint8_t *data, size_t n)
{
	build_byte(b, 49);
	build_byte(b, 9);
	build_number(b, generation);
	build_number(b, BUILD_NOBODY);
	build_number(b, 1);
	build_number(b, n);
	build_bytes(b, data, n);
}

static void generation(struct build *b, uint64_t number, const uint8_t *data, size_t n)
{
	static const uint8_t sync[] = {50, 8, 100, 51, 0, 1, 1, 1};
	static const uint8_t use[] = {140, 1, 7, 3};

	build_byte(b, 1);
	build_number(b, number);
	build_number(b, BUILD_NOBODY);
	build_number(b, 1);
	build_number(b, sizeof(sync));
	build_bytes(b, sync, sizeof(sync));
	experimental(b, number, data, n);
	build_byte(b, 1);
	build_number(b, number);
	build_number(b, 3);
	build_number(b, 2);
	build_number(b, sizeof(use));
	build_bytes(b, use, sizeof(use));
	build_byte(b, 52);
}

static const struct tt_event *next_use(struct tt_reader *r)
{
	const struct tt_event *ev;

	do
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	while (ev->kind != TT_KIND_EXPERIMENTAL);
	return ev;
}

/* Keys belong to their generation; what lasts is there in those behind it. */
START_TEST(arguments_mean_what_their_generation_says)
{
	static const uint8_t one[] = {6, 0, 0x10, 0, 0, 0, 0, 0, 0, 8};
	struct build b;
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	struct tt_reader *r;
	const struct tt_event *ev;
	struct tt_record rec;
	struct tt_error err;
	uint64_t place = 0;

	build_init(&b, 26);
	generation(&b, 1, two, sizeof(two));
	generation(&b, 2, one, sizeof(one));
	generation(&b, 3, (const uint8_t[]){6, 1}, 2);
	ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &opt, &err), 0);
	ev = next_use(r);
	ck_assert_int_eq(tt_event_record(ev, 0, &rec), 0);
	ck_assert_uint_eq(rec.index, 1);
	ck_assert_uint_eq(rec.values[2].number, 127);
	ck_assert_int_eq(tt_event_record(ev, 1, &rec), 1);
	ck_assert(!tt_event_address(ev, 0, &place));
	ck_assert(!tt_event_address(ev, 1, &place));
	ev = next_use(r);
	ck_assert_int_eq(tt_event_record(ev, 0, &rec), 1);
	ck_assert(tt_event_address(ev, 1, &place));
	ck_assert_uint_eq(place, 0x1000 + 3 * 8);
	ev = next_use(r);
	place = 0;
	ck_assert(tt_event_address(ev, 1, &place));
	ck_assert_uint_eq(place, 0x1000 + 3 * 8);
	tt_reader_close(r);
	free(b.data);
}
END_TEST

Suite *records_suite(void)
{
	Suite *s = suite_create("records");
	TCase *tc = tcase_create("records");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, records_have_every_type_of_field);
	tcase_add_loop_test(tc, a_batch_may_be_cut_at_each_byte, 1, (int)sizeof(two) + 1);
	tcase_add_test(tc, a_length_may_lie);
	tcase_add_test(tc, other_batches_have_no_records);
	tcase_add_test(tc, arguments_mean_what_their_generation_says);
	suite_add_tcase(s, tc);
	return s;
}
