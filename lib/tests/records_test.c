/* SPDX-License-Identifier: MIT */
/* records_test.c - experimental batches as records, cut at each byte and lying. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/build.h"
#include "tests/suites.h"
#include "tracetool.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

/* ---- types, lists, records inside, conditions */

/* A text that grows. */
struct text {
	char at[512];
	size_t n;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->n += (size_t)vsnprintf(t->at + t->n, sizeof(t->at) - t->n, format, args);
	va_end(args);
	ck_assert_uint_lt(t->n, sizeof(t->at));
}

static void put_record(struct text *t, const struct tt_records *r, const struct tt_record *rec);

static void put_single(struct text *t, const struct tt_field_spec *field, const struct tt_value *v)
{
	double number;

	switch (field->type) {
	case TT_FIELD_BYTES:
	case TT_FIELD_STRING:
	case TT_FIELD_CSTRING:
		ck_assert_uint_eq(v->number, v->bytes.len);
		put(t, "'%.*s'", (int)v->bytes.len, v->bytes.data);
		break;
	case TT_FIELD_FLOAT:
		memcpy(&number, &v->number, sizeof(number));
		put(t, "%g", number);
		break;
	case TT_FIELD_INT:
	case TT_FIELD_ZIGZAG:
		put(t, "%" PRId64, (int64_t)v->number);
		break;
	default:
		put(t, "%" PRIu64, v->number);
	}
}

static void put_inside(struct text *t, const struct tt_records *r, const struct tt_record *rec,
		       unsigned field)
{
	bool records = rec->spec->fields[field].type == TT_FIELD_RECORD;
	uint64_t wanted = rec->values[field].number, n = 0;
	struct tt_records inside;
	struct tt_record element;
	struct tt_error err;

	ck_assert(tt_records_inside(&inside, r, rec, field));
	ck_assert_int_eq(inside.batch.thread, r == NULL ? TT_NONE : 3);
	for (; tt_records_next(&inside, &element, &err) == 0; n++) {
		ck_assert_uint_eq(element.index, n);
		ck_assert_uint_eq(element.offset - rec->offset,
				  (size_t)(element.data - rec->data));
		put(t, "%s", n == 0 ? "" : " ");
		if (records)
			put_record(t, r == NULL ? NULL : &inside, &element);
		else
			put_single(t, &element.spec->fields[0], &element.values[0]);
	}
	ck_assert_uint_eq(n, wanted);
}

/* "{1 [2 3] {4}}": lists in brackets, records in braces, `-` for what is not there. */
static void put_record(struct text *t, const struct tt_records *r, const struct tt_record *rec)
{
	struct tt_records inside;

	put(t, "{");
	for (unsigned i = 0; i < rec->spec->nfields; i++) {
		const struct tt_field_spec *field = &rec->spec->fields[i];

		put(t, "%s", i == 0 ? "" : " ");
		if (rec->values[i].absent) {
			put(t, "-");
			ck_assert(!tt_records_inside(&inside, r, rec, i));
		} else if (field->record == NULL) {
			put_single(t, field, &rec->values[i]);
			ck_assert(!tt_records_inside(&inside, r, rec, i));
		} else {
			put(t, "%s", field->list ? "[" : "");
			put_inside(t, r, rec, i);
			put(t, "%s", field->list ? "]" : "");
		}
	}
	put(t, "}");
}

#define FRAME "record Frame\nfield pc varint\nfield line zigzag\n"
#define TREE "record Leaf\nfield v u8\nrecord Twig\nfield leaves list of Leaf\n"                  \
	     "record Branch\nfield twigs list 2 of Twig\nfield end u8\n"
#define T "batch T only\n"
#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static const struct way {
	const char *spec;
	const uint8_t *data;
	size_t size;
	const char *text;       /* of all records, or a part of the message of a fault */
	int64_t fault;          /* the position of the field at fault, or -1 */
} ways[] = {
	/* numbers */
	{T "field a zigzag\n", BYTES(0, 1, 2, 3, 0x80, 1), "{0}{-1}{1}{-2}{64}", -1},
	{T "field a zigzag\n", BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
	 "{-9223372036854775808}", -1},
	{T "field a u16be\nfield b u32be\nfield c u64be\n",
	 BYTES(1, 2, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 1, 0), "{258 16909060 256}", -1},
	{T "field a i16be\nfield b i32be\nfield c i64be\n",
	 BYTES(0xff, 0xfe, 0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0),
	 "{-2 2147483647 -9223372036854775808}", -1},
	{T "field a f32\nfield b f32be\n", BYTES(0, 0, 0xc0, 0x3f, 0xc0, 0x49, 0, 0), "{1.5 -3.14062}",
	 -1},
	{T "field a f64\nfield b f64be\n",
	 BYTES(0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0), "{-1.5 inf}", -1},
	{T "field a bool\n", BYTES(0, 1), "{0}{1}", -1},
	{T "field a bool\n", BYTES(0, 2), "record 1 of batch T of Ways, field a: a boolean is", 1},
	/* texts */
	{T "field a cstring\n", BYTES('a', 'b', 0, 0, 'c', 0), "{'ab'}{''}{'c'}", -1},
	{T "field a cstring\n", BYTES('a', 0, 'b'), "field a: the batch ends inside a text", 2},
	{T "field a string 4\n", BYTES('a', 'b', 'c', 'd', 'a', 'b', 0, 0, 0, 0, 0, 0),
	 "{'abcd'}{'ab'}{''}", -1},
	{T "field a bytes 2\n", BYTES('a', 'b', 'c'), "field a: its length is more", 2},
	/* lists */
	{T "field a list of varint\n", BYTES(0, 3, 1, 2, 0x80, 1), "{[]}{[1 2 128]}", -1},
	{T "field a list 2 of u16\n", BYTES(1, 0, 2, 0, 3, 0, 4, 0), "{[1 2]}{[3 4]}", -1},
	{T "field n u8\nfield b u8\nfield a list n of i8\n", BYTES(0, 9, 2, 9, 1, 0xff),
	 "{0 9 []}{2 9 [1 -1]}", -1},
	{T "field a list of string\n", BYTES(2, 1, 'x', 2, 'y', 'z'), "{['x' 'yz']}", -1},
	{T "field a list 2 of cstring\n", BYTES('x', 0, 0), "{['x' '']}", -1},
	{T "field a list 2 of bytes 2\n", BYTES('a', 'b', 'c', 'd'), "{['ab' 'cd']}", -1},
	{T "field a list 2 of string 2\n", BYTES('a', 0, 0, 0), "{['a' '']}", -1},
	{T "field a list of f32be\nfield b list of bool\n", BYTES(1, 0x3f, 0x80, 0, 0, 2, 1, 0),
	 "{[1] [1 0]}", -1},
	{FRAME T "field f list of Frame\nfield z u8\n", BYTES(2, 5, 1, 6, 2, 7, 0, 8),
	 "{[{5 -1} {6 1}] 7}{[] 8}", -1},
	{TREE T "field b list of Branch\n", BYTES(2, 2, 1, 2, 1, 3, 4, 0, 0, 5),
	 "{[{[{[{1} {2}]} {[{3}]}] 4} {[{[]} {[]}] 5}]}", -1},
	{FRAME T "field f Frame\nfield g Frame\n", BYTES(1, 2, 3, 4), "{{1 1} {3 2}}", -1},
	/* conditions */
	{T "field a u8\nfield b u8 if a\nfield c u8\n", BYTES(0, 1, 2, 3, 4), "{0 - 1}{2 3 4}", -1},
	{T "field a u8\nfield b u8 if a has 6\n", BYTES(2, 4, 7, 1, 6, 2), "{2 -}{4 -}{7 1}{6 2}",
	 -1},
	{T "field a u8\nfield b u8 if a is 6\n", BYTES(7, 6, 2), "{7 -}{6 2}", -1},
	{T "field a bool\nfield b cstring if a\n", BYTES(0, 1, 'x', 0), "{0 -}{1 'x'}", -1},
	{FRAME T "field t u8\nfield b Frame if t is 1\nfield c list of u8 if t is 2\n",
	 BYTES(1, 5, 2, 2, 1, 9, 3), "{1 {5 1} -}{2 - [9]}{3 - -}", -1},
	{"enum E\nvalue six 6\n" T "field a u8\nfield b u8 if a is six\nmeans a E\n",
	 BYTES(5, 6, 1), "{5 -}{6 1}", -1},
	{"flags F\nvalue two 2\n" T "field a u8\nfield b u8 if a has two\nmeans a F\n",
	 BYTES(4, 3, 1), "{4 -}{3 1}", -1},
	/* counts and lengths that lie, and where the fault is */
	{T "field x u8\nfield a list of u8\n", BYTES(1, 3, 1, 2), "field a: it has more elements", 1},
	{T "field a list of varint\n",
	 BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1), "more elements", 0},
	{T "field a list of varint\n",
	 BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1), "the count overflows", 0},
	{T "field a list of u64\n", BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20),
	 "more elements", 0},
	{T "field a list 65536 of u8\n", BYTES(1), "field a: it has more elements", 0},
	{T "field n i8\nfield a list n of u8\n", BYTES(0xff, 1), "field a: it has more elements", 1},
	{T "field a list of varint\n", BYTES(2, 1, 0x80), "field a[1]: the batch ends inside", 2},
	{T "field a list of bool\n", BYTES(2, 1, 7), "field a[1]: a boolean is neither", 2},
	{FRAME T "field f list of Frame\n", BYTES(2, 1, 1, 1, 0x80), "field f[1].line: the batch", 4},
	{FRAME T "field f list of Frame\n", BYTES(3, 1, 1, 1, 1), "field f: it has more elements", 0},
	{FRAME T "field f Frame\n", BYTES(1), "field f.line: the batch ends inside", 1},
	{TREE T "field b list of Branch\n", BYTES(1, 1, 1, 9, 3, 3),
	 "field b[0].twigs[1].leaves: it has more elements", 3},
	{TREE T "field b list of Branch\n", BYTES(1, 1, 1, 0), "field b[0].end: the batch ends", 4},
};

static void load_way(const struct way *way)
{
	char text[1024];
	struct tt_error err;

	ck_assert_int_lt(snprintf(text, sizeof(text), "experiment Ways 8\n%s", way->spec),
			 (int)sizeof(text));
	if (tt_specs_add(specs, "ways", text, strlen(text), &err) != 0)
		ck_abort_msg("%s", err.message);
}

/* Reads all of a batch; returns the end, as tt_records_next() does. */
static int read_all(struct tt_batch *batch, struct text *t, struct tt_error *err, bool from)
{
	struct tt_records r;
	struct tt_record rec;
	int rc;

	ck_assert(tt_records_begin(&r, specs, batch));
	while ((rc = tt_records_next(&r, &rec, err)) == 0)
		put_record(t, from ? &r : NULL, &rec);
	ck_assert_int_eq(tt_records_next(&r, &rec, err), rc);
	return rc;
}

START_TEST(a_batch_is_read_as_its_spec_says)
{
	const struct way *way = &ways[_i];
	struct tt_batch batch = batch_of(way->data, way->size);
	struct text t = {.n = 0}, same = {.n = 0};
	struct tt_error err;
	int rc;

	load_way(way);
	batch.experiment = 8;
	rc = read_all(&batch, &t, &err, true);
	if (way->fault < 0) {
		ck_assert_int_eq(rc, 1);
		ck_assert_str_eq(t.at, way->text);
	} else {
		ck_assert_int_eq(rc, -TT_W_RECORD);
		ck_assert_msg(strstr(err.message, way->text) != NULL, "%s", err.message);
		ck_assert_uint_eq(err.offset, 110 + (uint64_t)way->fault);
	}
	read_all(&batch, &same, &err, false);
	ck_assert_str_eq(same.at, t.at);
}
END_TEST

/* What comes before the cut is read in the same way; nothing after it is touched. */
START_TEST(any_batch_may_be_cut_at_each_byte)
{
	const struct way *way = &ways[_i];
	struct text all = {.n = 0};
	struct tt_batch batch = batch_of(way->data, way->size);
	struct tt_error err;

	load_way(way);
	batch.experiment = 8;
	read_all(&batch, &all, &err, true);
	for (size_t size = 0; size < way->size; size++) {
		uint8_t *copy = malloc(size + (size == 0));
		struct text t = {.n = 0};

		memcpy(copy, way->data, size);
		batch.data = copy;
		batch.size = size;
		read_all(&batch, &t, &err, true);
		ck_assert_uint_le(t.n, all.n);
		ck_assert(memcmp(t.at, all.at, t.n) == 0);
		free(copy);
	}
}
END_TEST

/* The bytes of a list may claim to hold 255^8 elements: each level is checked by itself. */
START_TEST(a_depth_bomb_costs_no_more_than_its_bytes)
{
	char text[1024] = "experiment Ways 8\nrecord A\nfield a list of u8\n";
	uint8_t bomb[64] = {0};
	struct tt_batch batch = batch_of(bomb, sizeof(bomb));
	struct text t = {.n = 0};
	struct tt_error err;

	for (char c = 'B'; c <= 'H'; c++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "record %c\nfield a list of %c\nfield b list of %c\n", c, c - 1, c - 1);
	strcat(text, "batch T only\nfield a list of H\n");
	ck_assert_int_eq(tt_specs_add(specs, "bomb", text, strlen(text), &err), 0);
	batch.experiment = 8;
	memset(bomb, 0xff, sizeof(bomb));
	ck_assert_int_eq(read_all(&batch, &t, &err, true), -TT_W_RECORD);
	memset(bomb, 2, sizeof(bomb));
	ck_assert_int_eq(read_all(&batch, &t, &err, true), -TT_W_RECORD);
	ck_assert_ptr_nonnull(strstr(err.message, "field a[0].a[0].a[0]."));
	memset(bomb, 0, sizeof(bomb));
	ck_assert_int_eq(read_all(&batch, &t, &err, true), 1);
}
END_TEST

/* A name that does not fit is cut. */
START_TEST(a_name_of_a_fault_has_an_end)
{
	char text[1024], name[65];
	struct text t = {.n = 0};
	struct tt_batch batch = batch_of(BYTES(1, 1, 7));
	struct tt_error err;

	memset(name, 'x', 64);
	name[64] = '\0';
	snprintf(text, sizeof(text),
		 "experiment Ways 8\nrecord A\nfield %s bool\nrecord B\nfield %s list of A\n"
		 "batch T only\nfield %s list of B\n",
		 name, name, name);
	ck_assert_int_eq(tt_specs_add(specs, "names", text, strlen(text), &err), 0);
	batch.experiment = 8;
	ck_assert_int_eq(read_all(&batch, &t, &err, true), -TT_W_RECORD);
	ck_assert_uint_eq(err.offset, 112);
	ck_assert_ptr_nonnull(strstr(err.message, "x[0].xxx"));
	ck_assert_ptr_nonnull(strstr(err.message, "a boolean is neither"));
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
	tcase_add_loop_test(tc, a_batch_is_read_as_its_spec_says, 0, COUNT(ways));
	tcase_add_loop_test(tc, any_batch_may_be_cut_at_each_byte, 0, COUNT(ways));
	tcase_add_test(tc, a_depth_bomb_costs_no_more_than_its_bytes);
	tcase_add_test(tc, a_name_of_a_fault_has_an_end);
	tcase_add_test(tc, arguments_mean_what_their_generation_says);
	suite_add_tcase(s, tc);
	return s;
}
