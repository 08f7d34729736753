/* SPDX-License-Identifier: MIT */
/*
 * spec_c_round.c - what code made of rich.spec writes, it reads. Both parts are
 * included, so that a value is compared with itself; that other readers see the same,
 * check-spec-c asks of `tracetool`.
 * usage: spec_c_round FILE      (the trace to write, then to read)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rich.h"

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
		.id = i * UINT64_C(0x9e3779b97f4a7c15), /* each another */
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

/* ------------------------------------------------------------------- writing */

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
	opt.specs = specs;
	opt.period_ns = UINT64_C(3600) * 1000000000;
	MUST(tt_emit_start(path, &opt, &err) == 0);
	e = tt_emit_acquire();
	MUST(e != NULL);
	write_tables(e);
	rich_emit_get_it(e, 1, 2, 3, 4, TT_NONE, INT64_MAX, rich_text("one"),
			 tt_emit_stack_here(e, 0), make(49).id, UINT64_MAX, 7, 0,
			 rich_text(""), 8, 9, 10);
	rich_emit_get_it_2(e, UINT64_MAX);
	rich_emit_get_it_3(e);
	rich_emit_thing(e, rich_text("foo"), 11);
	rich_emit_read_get(e, 12, 13);
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

/* Which of the five it is, as a bit; 0: none. */
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
		MUST(second.class_ == UINT64_MAX && !rich_get_it_class__record(ev, &record));
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
		unsigned one = read_event(ev);

		MUST((found & one) == 0);
		found |= one;
		if (ev->kind == TT_KIND_SYNC && ev->generation != NULL && seen == NULL) {
			seen = ev->generation;
			read_things(r, seen);
			read_others(r, seen);
		}
	}
	MUST(rc == 1);
	MUST(found == 31);
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
