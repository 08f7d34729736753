/* SPDX-License-Identifier: MIT */
/*
 * spec_c_round.c - what code made of rich.spec writes, it reads. Both parts are
 * included, so that a value is compared with itself; that other readers see the same,
 * check-spec-c asks of `tracetool`. The headers of two more experiments are there, as in
 * a program that reads several.
 * usage: spec_c_round FILE      (the trace to write, then to read)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pool.h"
#include "rich.h"
#include "timerexp.h"

#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                 \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

#define NRECORDS 3000

static bool same(struct tt_str a, struct tt_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Each number at an end of its range or beyond the other's, each text of another length. */
static struct rich_thing_record make(uint64_t i)
{
	static const uint8_t seven[] = {0, 255, 1, 254, 2, 253, 0};
	static const char text[] = "text\0with\xff all kinds of bytes";
	struct rich_thing_record r = {
		.id = (i + 1) * UINT64_C(0x9e3779b97f4a7c15), /* each another, none 0 */
		.class_ = (uint8_t)i,
		.new_ = i % 2 != 0 ? INT8_MIN : INT8_MAX,
		.b = (uint16_t)(UINT16_MAX - i),
		.c = i % 2 != 0 ? INT16_MIN : (int16_t)i,
		.d = UINT32_MAX - (uint32_t)i,
		.errno_ = i % 2 != 0 ? INT32_MIN : INT32_MAX,
		.f = UINT64_MAX - i,
		.g = i % 2 != 0 ? INT64_MIN : INT64_MAX,
		.h = seven,
		.i = {text, i % sizeof(text)},
		.name = {text, (i * 7) % sizeof(text)},
		.on_g = i % 2 != 0 ? TT_NONE : (int64_t)i,
		.size_t_ = UINT64_MAX >> (i % 64),
		.e_ = i,
	};

	return r;
}

static void compare(const struct rich_thing_record *a, const struct rich_thing_record *b)
{
	MUST(a->id == b->id && a->class_ == b->class_ && a->new_ == b->new_);
	MUST(a->b == b->b && a->c == b->c && a->d == b->d && a->errno_ == b->errno_);
	MUST(a->f == b->f && a->g == b->g && memcmp(a->h, b->h, 7) == 0);
	MUST(same(a->i, b->i) && same(a->name, b->name) && a->on_g == b->on_g);
	MUST(a->size_t_ == b->size_t_ && a->e_ == b->e_);
}

/* ------------------------------------------------------------------- nested ones */

#define NNESTED 300

static const struct rich_point_record points[] = {
	{.x = 0.1f, .y = -1e300, .on = true}, {.x = -0.0f, .y = 0.1, .on = false},
};

/* Of each kind: a point, points, neither. */
static struct rich_shape_record make_shape(uint64_t i)
{
	static const uint8_t colors[] = {RICH_COLOR_RED, RICH_COLOR_INT, RICH_COLOR_RED_2};
	struct rich_shape_record r = {.color = colors[i % 3], .name = {"name\0cut", i % 5}};

	if (r.color == RICH_COLOR_INT)
		r.point = points[i % 2];
	if (r.color == RICH_COLOR_RED_2) {
		r.points.items = points;
		r.points.n = i / 3 % 3;
	}
	return r;
}

static void compare_shape(struct rich_shape_record *found, uint64_t i)
{
	struct rich_shape_record wanted = make_shape(i);
	struct rich_point_record p;

	MUST(found->color == wanted.color && same(found->name, wanted.name));
	MUST(found->point.x == wanted.point.x && found->point.y == wanted.point.y);
	MUST(found->point.on == wanted.point.on && found->points.n == wanted.points.n);
	for (size_t k = 0; k < wanted.points.n; k++) {
		MUST(rich_next_shape_points(found, &p));
		MUST(p.x == points[k].x && p.y == points[k].y && p.on == points[k].on);
	}
	MUST(!rich_next_shape_points(found, &p));
}

static const int64_t three[] = {INT64_MIN, -1, INT64_MAX};
static const struct tt_str texts[] = {{"", 0}, {"one\0two", 7}, {"x", 1}};

static struct rich_nested_record make_nested(uint64_t i, struct rich_shape_record shapes[3])
{
	struct rich_nested_record r = {
		.id = i,
		.delta = i % 3 == 0 ? INT64_MIN : -(int64_t)i,
		.a = (uint16_t)(0x0102 * i),
		.b = i % 2 != 0 ? INT32_MIN : INT32_MAX,
		.c = UINT64_C(0x0102030405060708) * i,
		.d = (int16_t)-(int64_t)i,
		.f = -1.5f,
		.g = 1.0 / 3,
		.text = {"abcde", i % 6},
		.mode = (uint16_t)(i % 8),
		.more = i % 8 >= RICH_MODE_DEEP ? UINT64_MAX : 0,
		.shape = make_shape(i),
		.n = (uint8_t)(i % 4),
	};

	for (uint64_t k = 0; k < 3; k++)
		shapes[k] = make_shape(i + k);
	if (r.mode != 0) {
		r.shapes.items = shapes;
		r.shapes.n = i % 4;
	}
	r.three.items = three;
	r.three.n = 3;
	r.texts.items = texts;
	r.texts.n = r.n;
	return r;
}

static void compare_nested(struct rich_nested_record *found, uint64_t i)
{
	struct rich_shape_record shapes[3], shape;
	struct rich_nested_record wanted = make_nested(i, shapes);
	struct tt_str text;
	int64_t number;

	MUST(found->id == i && found->delta == wanted.delta && found->a == wanted.a);
	MUST(found->b == wanted.b && found->c == wanted.c && found->d == wanted.d);
	MUST(found->f == wanted.f && found->g == wanted.g && same(found->text, wanted.text));
	MUST(found->mode == wanted.mode && found->more == wanted.more);
	MUST(found->shapes.n == wanted.shapes.n && found->texts.n == wanted.texts.n);
	compare_shape(&found->shape, i);
	for (uint64_t k = 0; k < wanted.shapes.n; k++) {
		MUST(rich_next_nested_shapes(found, &shape));
		compare_shape(&shape, i + k);
	}
	MUST(!rich_next_nested_shapes(found, &shape));
	for (int k = 0; k < 3; k++)
		MUST(rich_next_nested_three(found, &number) && number == three[k]);
	MUST(!rich_next_nested_three(found, &number));
	for (size_t k = 0; k < wanted.n; k++)
		MUST(rich_next_nested_texts(found, &text) && same(text, texts[k]));
	MUST(!rich_next_nested_texts(found, &text));
}

static const float floats[] = {0.1f, -3e38f};
static const uint8_t seven[] = {1, 2, 3, 4, 0, 6, 255};
static const uint8_t *const two[] = {seven, seven};
static const bool bools[] = {true, false, true};

static struct rich_lists_record make_lists(void)
{
	struct rich_lists_record r = {
		.n = 3, .double_ = 5, .bits = -2.5, .half = 0.5f, .yes = true, .low = -7,
	};

	r.numbers.items = three;
	r.numbers.n = 3;
	r.floats.items = floats;
	r.floats.n = 2;
	r.seven.items = two;
	r.seven.n = 2;
	r.blobs.items = texts;
	r.blobs.n = 3;
	r.bools.items = bools;
	r.bools.n = 3;
	r.last.items = texts;
	r.last.n = 3;
	return r;
}

static void compare_lists(struct rich_lists_record *found)
{
	const uint8_t *bytes;
	struct tt_str text;
	int64_t number;
	float f;
	bool b;

	MUST(found->n == 3 && found->double_ == 5 && found->bits == -2.5 && found->half == 0.5f);
	MUST(found->yes && found->low == -7 && found->last.n == 3);
	for (int k = 0; k < 3; k++) {
		MUST(rich_next_lists_numbers(found, &number) && number == three[k]);
		MUST(rich_next_lists_blobs(found, &text) && same(text, texts[k]));
		MUST(rich_next_lists_bools(found, &b) && b == bools[k]);
		/* a text that ends with a NUL ends with its first */
		MUST(rich_next_lists_last(found, &text));
		MUST(k == 1 ? same(text, rich_text("one")) : same(text, texts[k]));
	}
	for (int k = 0; k < 2; k++) {
		MUST(rich_next_lists_floats(found, &f) && f == floats[k]);
		MUST(rich_next_lists_seven(found, &bytes) && memcmp(bytes, seven, 7) == 0);
	}
	MUST(!rich_next_lists_numbers(found, &number) && !rich_next_lists_floats(found, &f));
	MUST(!rich_next_lists_seven(found, &bytes) && !rich_next_lists_last(found, &text));
}

/* ------------------------------------------------------------------- writing */

static void write_nested(struct tt_emit *e)
{
	struct rich_lists_record lists = make_lists();
	struct rich_shape_record shapes[3];

	for (uint64_t i = 0; i < NNESTED; i++) {
		struct rich_nested_record r = make_nested(i, shapes);

		MUST(rich_add_nested(e, &r));
	}
	MUST(rich_add_lists(e, &lists));
	lists.n = 2;
	MUST(!rich_add_lists(e, &lists));
	lists.n = 3;
	lists.seven.n = 1;
	MUST(!rich_add_lists(e, &lists));
}

/* One lock that is held twice at a time, and what an event of each meaning says. */
static void write_ordered(struct tt_emit *e)
{
	static struct tt_emit_seq lock, mine;

	rich_emit_typed(e, INT64_MIN, INT64_MIN, 0.1, -0.1f, true, RICH_COLOR_RED_2, RICH_WIDE_LARGE,
			RICH_MODE_BOTH, 1500, 64, 7);
	rich_emit_numbered(e, 5, tt_emit_seq_next(e, &lock), 1, tt_emit_seq_next(e, &mine), 3);
	rich_emit_held(e, 5, tt_emit_seq_next(e, &lock), 2);
	rich_emit_left(e, 5, tt_emit_seq_next(e, &lock));
}

static void write_tables(struct tt_emit *e)
{
	struct rich_origin_record origin = {.base = UINT64_C(1) << 40, .unit = 512};
	struct rich_label_record label = {.text = rich_text("a label")};

	for (uint64_t i = 0; i < NRECORDS; i++) {
		struct rich_thing_record r = make(i);

		r.text_string = tt_emit_string(e, "of the table", 12);
		MUST(rich_add_thing(e, &r));
	}
	MUST(rich_add_origin(e, &origin));
	MUST(rich_add_label(e, &label));
	label.text.len = TT_EMIT_BATCH_MAX;
	MUST(!rich_add_label(e, &label));
}

static void write_trace(const char *path)
{
	struct tt_emit_options opt = {.size = sizeof(opt)};
	struct tt_specs *specs;
	struct tt_error err;
	struct tt_emit *e;

	MUST(rich_specs(&specs, &err) == 0);
	MUST(pool_specs_add(specs, &err) == 0);
	opt.specs = specs;
	opt.period_ns = UINT64_C(3600) * 1000000000;
	MUST(tt_emit_start(path, &opt, &err) == 0);
	e = tt_emit_acquire();
	MUST(e != NULL);
	write_tables(e);
	rich_emit_get_it(e, 1, 2, 3, 4, TT_NONE, INT64_MAX, rich_text("one"),
			 tt_emit_stack_here(e, 0), make(49).id, UINT64_MAX, 7, 0,
			 rich_text(""), 8, 9, 10);
	rich_emit_get_it_2(e, 0);
	rich_emit_get_it_3(e);
	rich_emit_thing(e, rich_text("foo"), 11);
	rich_emit_read_get(e, 12, 13);
	write_nested(e);
	write_ordered(e);
	tt_emit_release(e);
	MUST(tt_emit_stop(&err) == 0);
	MUST(tt_emit_counts().refused == 1 && tt_emit_counts().lost == 0);
	tt_specs_free(specs);
}

/* ------------------------------------------------------------------- reading */

static void read_get_it(const struct tt_event *ev, const struct rich_get_it_event *g)
{
	struct rich_thing_record found, wanted = make(49);
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t place;

	MUST(g->a_seq == 1 && g->a_pstatus == 2 && g->a_gstatus == 3 && g->a_g == 4);
	MUST(g->a_m == TT_NONE && g->a_p == INT64_MAX && same(g->a_string, rich_text("one")));
	MUST(tt_generation_stack(ev->generation, g->a_stack, frames) > 0);
	MUST(g->a_value == wanted.id && g->a_task == UINT64_MAX && g->a == 7);
	MUST(g->string.len == 0 && g->stack == 0 && g->value == 8 && g->e_ == 9 && g->args_ == 10);
	MUST(rich_get_it_a_value_record(ev, &found));
	compare(&found, &wanted);
	MUST(rich_get_it_a_address(ev, &place));
	MUST(place == (UINT64_C(1) << 40) + 7 * 512);
}

static void read_typed(const struct tt_event *ev, const struct rich_typed_event *t)
{
	struct rich_nested_record found;

	MUST(t->sign == INT64_MIN && t->zz == INT64_MIN && t->real == 0.1 && t->small == -0.1f);
	MUST(t->ok && t->color == RICH_COLOR_RED_2 && t->wide == RICH_WIDE_LARGE);
	MUST(t->mode == RICH_MODE_BOTH && t->wait_ns == 1500 && t->size_bytes == 64);
	MUST(strcmp(rich_color_name(t->color), "RED") == 0 && rich_color_name(2) == NULL);
	MUST(strcmp(rich_mode_name(t->mode), "both") == 0);
	MUST(rich_typed_table_record(ev, &found));
	compare_nested(&found, 7);
}

/* Which of the four that come after the others it is, as a bit; 0: none. */
static unsigned read_later_event(const struct tt_event *ev)
{
	struct rich_typed_event typed;
	struct rich_numbered_event numbered;
	struct rich_held_event held;
	struct rich_left_event left;
	uint64_t place;

	if (rich_read_typed(ev, &typed)) {
		read_typed(ev, &typed);
		return 32;
	}
	if (rich_read_numbered(ev, &numbered)) {
		MUST(numbered.new_lock == 5 && numbered.lock_seq == 1 && numbered.all_seq == 1);
		MUST(numbered.my_seq == 1 && rich_numbered_place_address(ev, &place));
		MUST(place == 4096 + 3 * 16);
		return 64;
	}
	if (rich_read_held(ev, &held)) {
		MUST(held.lock == 5 && held.lock_seq == 2 && held.all_seq == 2);
		return 128;
	}
	return rich_read_left(ev, &left) ? 256 : 0;
}

/* Which of the first five it is, as a bit; 0: none. */
static unsigned read_event(const struct tt_event *ev)
{
	struct rich_get_it_event get;
	struct rich_get_it_event_2 second;
	struct rich_thing_event thing;
	struct rich_read_get_event read;
	struct rich_thing_record record;
	unsigned found = 0;

	if (rich_read_get_it(ev, &get)) {
		read_get_it(ev, &get);
		found |= 1;
	}
	if (rich_read_get_it_2(ev, &second)) {
		MUST(second.class_ == 0 && !rich_get_it_class__record(ev, &record));
		found |= 2;
	}
	if (rich_read_get_it_3(ev))
		found |= 4;
	if (rich_read_thing(ev, &thing)) {
		MUST(same(thing.foo, rich_text("foo")) && thing.foo_value == 11);
		found |= 8;
	}
	if (rich_read_read_get(ev, &read)) {
		MUST(read.linux_ == 12 && read.default_ == 13);
		found |= 16;
	}
	return found;
}

static void read_things(struct tt_reader *r, const struct tt_generation *g)
{
	struct rich_thing_record found, wanted;
	struct tt_records records;
	struct tt_str text;
	struct tt_error err;
	uint64_t n = 0;

	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);
		struct tt_batch_spec other;
		int rc;

		if (!rich_begin_thing(&records, tt_reader_specs(r), &batch))
			continue;
		while ((rc = rich_next_thing(&records, &found, &err)) == 0) {
			wanted = make(n++);
			compare(&found, &wanted);
			MUST(tt_generation_string(g, found.text_string, &text));
			MUST(same(text, rich_text("of the table")));
		}
		MUST(rc == 1);
		/* a spec of the same name that means something else, as a trace may bring it */
		other = *records.spec;
		MUST(rich_is_thing_(&other));
		other.fields[9].size = 6;
		MUST(!rich_is_thing_(&other));
	}
	MUST(n == NRECORDS);
}

/* Layouts of the same name that differ in one thing, as other specs may have them. */
static void compare_layouts(const struct tt_batch_spec *spec)
{
	struct tt_batch_spec other = *spec, shape = *spec->fields[11].record;

	MUST(rich_is_nested_(&other));
	other.fields[2].big_endian = false;
	MUST(!rich_is_nested_(&other));
	other = *spec;
	other.fields[10].if_value = 1;
	MUST(!rich_is_nested_(&other));
	other = *spec;
	other.fields[12].condition = TT_IF_ALWAYS;
	MUST(!rich_is_nested_(&other));
	other = *spec;
	other.fields[13].count = 2;
	MUST(!rich_is_nested_(&other));
	other = *spec;
	other.fields[15].count_field = 0;
	MUST(!rich_is_nested_(&other));
	other = *spec;
	other.fields[11].record = &shape;
	MUST(rich_is_nested_(&other));
	shape.fields[3].type = TT_FIELD_STRING;
	MUST(!rich_is_nested_(&other));
}

static void read_nested(struct tt_reader *r, const struct tt_generation *g)
{
	struct rich_nested_record nested;
	struct rich_lists_record lists;
	struct tt_records records;
	struct tt_error err;
	uint64_t n = 0;

	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);

		if (rich_begin_nested(&records, tt_reader_specs(r), &batch)) {
			compare_layouts(records.spec);
			while (rich_next_nested(&records, &nested, &err) == 0)
				compare_nested(&nested, n++);
		} else if (rich_begin_lists(&records, tt_reader_specs(r), &batch)) {
			MUST(rich_next_lists(&records, &lists, &err) == 0);
			compare_lists(&lists);
			MUST(rich_next_lists(&records, &lists, &err) == 1);
			n += 1000;
		}
	}
	MUST(n == NNESTED + 1000);
}

static void read_others(struct tt_reader *r, const struct tt_generation *g)
{
	struct rich_origin_record origin;
	struct rich_label_record label;
	struct tt_records records;
	struct tt_error err;
	unsigned n = 0;

	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);

		if (rich_begin_origin(&records, tt_reader_specs(r), &batch)) {
			MUST(rich_next_origin(&records, &origin, &err) == 0);
			MUST(origin.base == UINT64_C(1) << 40 && origin.unit == 512);
			n += 1;
		} else if (rich_begin_label(&records, tt_reader_specs(r), &batch)) {
			MUST(rich_next_label(&records, &label, &err) == 0);
			MUST(same(label.text, rich_text("a label")));
			n += 16;
		}
	}
	MUST(n == 17);
}

static void read_trace(const char *path)
{
	const struct tt_generation *seen = NULL;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	unsigned found = 0;
	int rc;

	MUST(tt_reader_open(&r, path, NULL, &err) == 0);
	while ((rc = tt_reader_next(r, &ev)) == 0) {
		unsigned one = read_event(ev) | read_later_event(ev);

		MUST((found & one) == 0);
		found |= one;
		if (ev->kind == TT_KIND_SYNC && ev->generation != NULL && seen == NULL) {
			seen = ev->generation;
			read_things(r, seen);
			read_others(r, seen);
			read_nested(r, seen);
		}
	}
	MUST(rc == 1);
	MUST(found == 511);
	tt_reader_close(r);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	write_trace(argv[1]);
	read_trace(argv[1]);
	return 0;
}
