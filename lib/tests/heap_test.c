/* SPDX-License-Identifier: MIT */
/* heap_test.c - the heap of AllocFree, replayed: what lives, and what cannot be. */
#include <string.h>

#include "tests/build.h"
#include "tests/reader_support.h"
#include "tests/suites.h"
#include "tracetool_analyze.h"

/* Numbers of the events. */
enum { SPAN = 128, SPAN_ALLOC, SPAN_FREE, OBJECT, ALLOC, FREE };

static const uint8_t info[] = {1, 0x80, 0x80, 1, 0x80, 0x40, 8, 0x80, 0x10}; /* base 0x4000 */
static const uint8_t types[] = {0, 1, 0, 24, 8, 4, 'm', '.', 'N', 'o', 2, 0, 16, 0, 1, 'b'};

static void batch(struct build *b, const uint8_t *data, size_t n)
{
	build_byte(b, 49);
	build_byte(b, 1);
	build_number(b, 1);
	build_number(b, BUILD_NOBODY);
	build_number(b, 1);
	build_number(b, n);
	build_bytes(b, data, n);
}

struct made {
	struct build b, events;
	bool at_once;           /* the events; else a hundredth of a second apart */
};

static void event(struct made *m, unsigned type, unsigned n, const uint64_t *args)
{
	build_byte(&m->events, type);
	build_number(&m->events, m->at_once ? 0 : 1);
	for (unsigned i = 0; i < n; i++)
		build_number(&m->events, args[i]);
}

#define EVENT1(m, type, a) event(m, type, 1, (const uint64_t[]){a})
#define EVENT2(m, type, a, b) event(m, type, 2, (const uint64_t[]){a, b})
#define EVENT3(m, type, a, b, c) event(m, type, 3, (const uint64_t[]){a, b, c})

static void begin(struct made *m)
{
	memset(m, 0, sizeof(*m));
	build_init(&m->b, 26);
}

struct seen {
	uint64_t nlive, nbytes, nfindings;
	int code;               /* of the first finding */
	struct tt_heap_object last;
	char type[16];          /* of the last */
};

/* By tt_heap_next_sync(). */
static void expect_the_same_by_syncs(const struct made *m, const struct seen *seen)
{
	struct tt_reader *r = test_open(m->b.data, m->b.len, TT_OPEN_EXPERIMENTAL);
	const struct tt_heap_options opt = {.size = sizeof(opt), .specs = tt_reader_specs(r)};
	uint64_t nfindings = 0;
	const struct tt_event *ev;
	struct tt_heap *h;
	struct tt_error err;

	ck_assert_int_eq(tt_heap_new(&h, &opt, &err), 0);
	while (tt_heap_next_sync(h, r, &ev) == 0)
		ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
	tt_heap_finish(h);
	ck_assert_uint_eq(tt_heap_nlive(h), seen->nlive);
	for (; tt_heap_finding(h, &err) == 0; nfindings++)
		ck_assert(nfindings > 0 || err.code == seen->code);
	ck_assert_uint_eq(nfindings, seen->nfindings);
	tt_heap_free(h);
	tt_reader_close(r);
}

static struct tt_heap *replay(struct made *m, struct tt_reader *r, struct seen *seen)
{
	const struct tt_heap_options opt = {
		.size = sizeof(opt), .flags = TT_HEAP_OBJECTS, .specs = tt_reader_specs(r)};
	struct tt_heap_walk walk = {NULL, 0, false};
	struct tt_heap_change change;
	const struct tt_event *ev;
	struct tt_heap *h;
	struct tt_error err;

	ck_assert_int_eq(tt_heap_new(&h, &opt, &err), 0);
	while (tt_reader_next(r, &ev) == 0)
		ck_assert_int_eq(tt_heap_event(h, ev, 5, &change), 0);
	tt_heap_finish(h);
	memset(seen, 0, sizeof(*seen));
	while (tt_heap_live(h, &walk, &seen->last) == 0) {
		seen->nlive++;
		seen->nbytes += seen->last.nbytes;
		ck_assert_uint_eq(seen->last.mark, 5);
		snprintf(seen->type, sizeof(seen->type), "%s",
			 tt_heap_type(h, seen->last.type).name.data);
	}
	ck_assert_uint_eq(seen->nlive, tt_heap_nlive(h));
	while (tt_heap_finding(h, &err) == 0) {
		ck_assert_str_ne(err.message, "");
		if (seen->nfindings++ == 0)
			seen->code = err.code;
	}
	expect_the_same_by_syncs(m, seen);
	return h;
}

/* Completes the trace and opens it. */
static void open_reader(struct made *m, bool with_info, struct tt_reader **r)
{
	static const uint8_t sync[] = {50, 8, 100, 51, 0, 1, 1, 1};
	struct tt_error err;

	build_byte(&m->b, 1);
	build_number(&m->b, 1);
	build_number(&m->b, BUILD_NOBODY);
	build_number(&m->b, 1);
	build_number(&m->b, sizeof(sync));
	build_bytes(&m->b, sync, sizeof(sync));
	if (with_info)
		batch(&m->b, info, sizeof(info));
	batch(&m->b, types, sizeof(types));
	build_byte(&m->b, 1);
	build_number(&m->b, 1);
	build_number(&m->b, 3);
	build_number(&m->b, 2);
	build_number(&m->b, m->events.len);
	build_bytes(&m->b, m->events.data, m->events.len);
	build_byte(&m->b, 52);
	ck_assert_int_eq(tt_reader_open_memory(r, m->b.data, m->b.len, NULL, &err), 0);
}

static void close_reader(struct made *m, struct tt_reader *r)
{
	tt_reader_close(r);
	free(m->b.data);
	free(m->events.data);
}

/* The same, replays it and releases all. */
static struct seen finish(struct made *m, bool with_info)
{
	struct tt_reader *r;
	struct seen seen;

	open_reader(m, with_info, &r);
	tt_heap_free(replay(m, r, &seen));
	close_reader(m, r);
	return seen;
}

/* Class 2 has 16 bytes; with pointers 8, without 10. Class 32 has 1024: 128. */
START_TEST(objects_have_the_size_of_their_slot)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 8);
	EVENT2(&m, OBJECT, 0, 0);
	EVENT2(&m, ALLOC, 2, 1);
	EVENT1(&m, FREE, 0);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.nbytes, 16);
	ck_assert_uint_eq(s.last.address, 0x4000 + 16);
	ck_assert_str_eq(s.type, "m.No");
	ck_assert(!s.last.found);
}
END_TEST

START_TEST(a_header_does_not_count)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 32 * 4);
	EVENT2(&m, ALLOC, 128 + 1, 1);
	EVENT2(&m, ALLOC, 256 + 1, 1);
	EVENT1(&m, FREE, 128);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nbytes, 1024);
	ck_assert_uint_eq(s.last.address, 0x4000 + 2048);
}
END_TEST

/* Class 10 has 128 bytes, class 11 has 144; the base is one of a program of 32 bits. */
START_TEST(headers_begin_earlier_in_programs_of_32_bits)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 11 * 4);
	EVENT2(&m, ALLOC, 18 + 1, 1);
	EVENT1(&m, FREE, 18);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 10 * 4);
	EVENT2(&m, ALLOC, 16 + 1, 1);
	s = finish(&m, true);
	ck_assert_int_eq(s.code, TT_W_HEAP_OVERLAP);
}
END_TEST

START_TEST(tiny_objects_share_a_slot)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 10);
	EVENT2(&m, ALLOC, 0, 2);
	EVENT2(&m, ALLOC, 1, 1);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_str_eq(s.type, "b");
}
END_TEST

START_TEST(a_large_object_has_its_span)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN_ALLOC, 4, 9, 0);
	EVENT2(&m, ALLOC, 4 * 1024, 1);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nbytes, 9 * 8192);
}
END_TEST

/* Clocks of threads differ: the free may come behind the alloc that follows it. */
START_TEST(a_late_free_is_that_of_the_object_before)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 8);
	EVENT2(&m, ALLOC, 0, 1);
	EVENT2(&m, ALLOC, 0, 2);
	EVENT1(&m, FREE, 0);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_str_eq(s.type, "b");
}
END_TEST

/* The same of spans, and of objects without one. */
START_TEST(late_frees_are_those_of_what_was_before)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 8);
	EVENT2(&m, ALLOC, 0, 1);
	EVENT3(&m, SPAN_ALLOC, 0, 1, 8);
	EVENT1(&m, SPAN_FREE, 0);
	EVENT2(&m, ALLOC, 2, 2);
	EVENT1(&m, FREE, 0);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.last.address, 0x4000 + 16);
	begin(&m);
	EVENT2(&m, ALLOC, 5, 1);
	EVENT2(&m, ALLOC, 5, 2);
	EVENT1(&m, FREE, 5);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_str_eq(s.type, "b");
}
END_TEST

/* Not more than 64 frees can be late at a time. */
START_TEST(the_oldest_of_many_pending_is_a_finding)
{
	struct made m;
	struct seen s;

	for (uint64_t n = 64; n <= 65; n++) {
		begin(&m);
		m.at_once = true;
		EVENT3(&m, SPAN, 0, 1, 8);
		for (uint64_t i = 0; i < 2 * n; i++)
			EVENT2(&m, ALLOC, i % n * 2, 1);
		for (uint64_t i = n; i-- > 0;)
			EVENT1(&m, FREE, i * 2);
		s = finish(&m, true);
		ck_assert_uint_eq(s.nlive, n);
		ck_assert_uint_eq(s.nfindings, n - 64);
		ck_assert(n == 64 || s.code == TT_W_HEAP_ALLOC);
	}
}
END_TEST

START_TEST(objects_outlive_a_span_that_ends_too_early)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 8);
	EVENT2(&m, ALLOC, 0, 1);
	EVENT2(&m, ALLOC, 2, 1);
	EVENT1(&m, SPAN_FREE, 0);
	EVENT1(&m, FREE, 0);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.last.address, 0x4000 + 16);
	ck_assert_uint_eq(s.nbytes, 16);
}
END_TEST

/* The alloc is that of a new object, the free that of the old one, which has no span. */
START_TEST(an_object_takes_the_place_of_one_without_a_span)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 0, 1, 8);
	EVENT2(&m, ALLOC, 2, 1);
	EVENT1(&m, SPAN_FREE, 0);
	EVENT3(&m, SPAN_ALLOC, 0, 1, 8);
	EVENT2(&m, ALLOC, 2, 2);
	EVENT1(&m, FREE, 2);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_str_eq(s.type, "b");
}
END_TEST

/* Numbers that no heap has: nothing is kept for each page or slot. */
START_TEST(huge_spans_take_no_memory)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, 1, UINT64_MAX, 4);
	EVENT2(&m, ALLOC, UINT64_C(1) << 50, 1);
	EVENT2(&m, ALLOC, 4096, 1);
	EVENT1(&m, FREE, 4096);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.nbytes, 8);
}
END_TEST

/* As many bytes as there are numbers, and one more would be none. */
START_TEST(a_span_may_take_all_there_is)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT3(&m, SPAN, UINT64_MAX - 1, UINT64_MAX, 0);        /* at 0: two before the base */
	EVENT2(&m, ALLOC, UINT64_MAX - 0x7ff, 1);
	EVENT1(&m, SPAN_FREE, UINT64_MAX - 1);
	EVENT3(&m, SPAN, UINT64_MAX - 2, 1, 4);                 /* at the last page of all */
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.nbytes, UINT64_MAX - 8191);
}
END_TEST

/* Without it, what is told of objects may be all wrong, so nothing else is said. */
START_TEST(without_a_base_there_is_one_finding)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT1(&m, FREE, 77);
	EVENT2(&m, ALLOC, 5, 1);
	EVENT2(&m, ALLOC, 5, 1);
	s = finish(&m, false);
	ck_assert_uint_eq(s.nfindings, 1);
	ck_assert_int_eq(s.code, TT_W_HEAP_INFO);
	ck_assert_uint_eq(s.nlive, 1);
}
END_TEST

static const struct bad {
	int code;
	struct {
		uint8_t type, nargs;
		uint64_t args[3];
	} events[6];
} bad[] = {
	{TT_W_HEAP_ALLOC, {{SPAN, 3, {0, 1, 8}}, {ALLOC, 2, {0, 1}}, {ALLOC, 2, {0, 1}}}},
	{TT_W_HEAP_ALLOC,
	 {{SPAN, 3, {0, 1, 8}}, {ALLOC, 2, {0, 1}}, {ALLOC, 2, {0, 1}}, {ALLOC, 2, {0, 1}}}},
	/* without a span, and where that object got a slot of a new one */
	{TT_W_HEAP_ALLOC, {{ALLOC, 2, {5, 1}}, {ALLOC, 2, {5, 1}}, {ALLOC, 2, {5, 1}}}},
	{TT_W_HEAP_ALLOC,
	 {{SPAN, 3, {0, 1, 8}}, {ALLOC, 2, {2, 1}}, {ALLOC, 2, {2, 1}}, {SPAN_FREE, 1, {0}},
	  {SPAN_ALLOC, 3, {0, 1, 8}}, {ALLOC, 2, {2, 1}}}},
	{TT_W_HEAP_FREE, {{SPAN, 3, {0, 1, 8}}, {FREE, 1, {0}}}},
	{TT_W_HEAP_FREE, {{SPAN_FREE, 1, {3}}}},
	{TT_W_HEAP_FREE, {{FREE, 1, {0}}}},
	{TT_W_HEAP_SPAN, {{SPAN, 3, {99, 1, 8}}, {ALLOC, 2, {0, 1}}}},
	{TT_W_HEAP_SPAN, {{SPAN, 3, {0, 1, 1}}, {ALLOC, 2, {0, 1}}}},
	{TT_W_HEAP_SPAN, {{SPAN, 3, {0, 1, 8}}, {FREE, 1, {99999}}}},
	{TT_W_HEAP_TYPE, {{SPAN, 3, {0, 1, 8}}, {ALLOC, 2, {0, 3}}}},
	{TT_W_HEAP_OVERLAP, {{SPAN, 3, {0, 2, 8}}, {SPAN, 3, {1, 1, 8}}}},
	{TT_W_HEAP_OVERLAP, {{SPAN, 3, {0, 2, 8}}, {SPAN_ALLOC, 3, {0, 1, 8}}}},
	{TT_W_HEAP_OVERLAP, {{SPAN, 3, {0, 1, 8}}, {ALLOC, 2, {1, 1}}}},
	/* in what is left behind the last of 341 slots of 24 bytes */
	{TT_W_HEAP_OVERLAP, {{SPAN, 3, {0, 1, 12}}, {ALLOC, 2, {1023, 1}}}},
};

/* A native program's heap: the types tell the sizes. */
START_TEST(a_heap_may_have_no_spans)
{
	struct made m;
	struct seen s;

	begin(&m);
	EVENT2(&m, ALLOC, 5, 1);
	EVENT2(&m, ALLOC, 6, 1);
	EVENT1(&m, FREE, 5);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 0);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(s.nbytes, 24);
}
END_TEST

START_TEST(what_cannot_be_is_found)
{
	struct made m;
	struct seen s;

	begin(&m);
	for (size_t i = 0; i < 6 && bad[_i].events[i].type != 0; i++)
		event(&m, bad[_i].events[i].type, bad[_i].events[i].nargs, bad[_i].events[i].args);
	s = finish(&m, true);
	ck_assert_uint_eq(s.nfindings, 1);
	ck_assert_int_eq(s.code, bad[_i].code);
}
END_TEST

/* Types have numbers from 1 on; behind a gap nothing is wrong. */
static void expect_types_and_gap(struct tt_heap *h, struct tt_reader *r)
{
	struct tt_heap_change change;
	const struct tt_event *ev;
	struct tt_error err;

	while (tt_reader_next(r, &ev) == 0) {
		ck_assert_int_eq(tt_heap_event(h, ev, 0, &change), 0);
		if (ev->kind == TT_KIND_SYNC)
			tt_heap_gap(h);
	}
	tt_heap_finish(h);
	ck_assert_int_eq(tt_heap_finding(h, &err), 1);
	ck_assert_uint_eq(tt_heap_nlive(h), 2);
	ck_assert_uint_eq(tt_heap_ntypes(h), 2);
	ck_assert_str_eq(tt_heap_type(h, 1).name.data, "b");
	ck_assert_uint_eq(tt_heap_type(h, 2).nbytes, 24);
	ck_assert_uint_eq(tt_heap_type(h, 0).name.len, 0);
}

START_TEST(types_have_numbers_and_a_gap_leaves_no_findings)
{
	struct made m;
	struct tt_heap_options opt = {.size = sizeof(opt) - 1};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_heap *h;

	begin(&m);
	EVENT1(&m, FREE, 9);
	EVENT2(&m, ALLOC, 0, 2);
	EVENT2(&m, ALLOC, 0, 1);
	EVENT2(&m, ALLOC, 2, 1);
	open_reader(&m, true, &r);
	opt.specs = tt_reader_specs(r);
	ck_assert_int_eq(tt_heap_new(&h, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_ptr_null(h);
	opt = (struct tt_heap_options){.size = sizeof(opt)};
	ck_assert_int_eq(tt_heap_new(&h, &opt, &err), -TT_E_ARGUMENT);
	opt.specs = tt_reader_specs(r);
	ck_assert_int_eq(tt_heap_new(&h, &opt, &err), 0);
	expect_types_and_gap(h, r);
	tt_heap_free(h);
	tt_heap_free(NULL);
	close_reader(&m, r);
}
END_TEST

/* A free of nothing is wrong, unless a generation says that events were lost. Without the base that
 * is the finding. */
START_TEST(a_repaired_trace_may_lack_events)
{
	static const uint8_t lost[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
				       0, 0, 0, 6, '(', 'l', 'o', 's', 't', ')'};
	struct tt_reader *r;
	struct tt_heap *h;
	struct made m;
	struct seen s;

	begin(&m);
	if (_i == 1)
		batch(&m.b, lost, sizeof(lost));
	EVENT3(&m, SPAN, 0, 1, 2);
	EVENT1(&m, FREE, 9);
	EVENT2(&m, ALLOC, 5000, 1);
	open_reader(&m, _i == 0, &r);
	h = replay(&m, r, &s);
	ck_assert_uint_eq(s.nfindings, _i == 0 ? 2 : _i == 1 ? 0 : 1);
	ck_assert_uint_eq(s.nlive, 1);
	ck_assert_uint_eq(tt_heap_lacks_events(h), _i == 1);
	tt_heap_free(h);
	close_reader(&m, r);
}
END_TEST

Suite *heap_suite(void)
{
	Suite *s = suite_create("heap");
	TCase *tc = tcase_create("heap");

	tcase_add_test(tc, objects_have_the_size_of_their_slot);
	tcase_add_test(tc, a_header_does_not_count);
	tcase_add_test(tc, headers_begin_earlier_in_programs_of_32_bits);
	tcase_add_test(tc, a_heap_may_have_no_spans);
	tcase_add_test(tc, tiny_objects_share_a_slot);
	tcase_add_test(tc, a_large_object_has_its_span);
	tcase_add_test(tc, a_late_free_is_that_of_the_object_before);
	tcase_add_test(tc, late_frees_are_those_of_what_was_before);
	tcase_add_test(tc, the_oldest_of_many_pending_is_a_finding);
	tcase_add_test(tc, types_have_numbers_and_a_gap_leaves_no_findings);
	tcase_add_loop_test(tc, a_repaired_trace_may_lack_events, 0, 3);
	tcase_add_test(tc, objects_outlive_a_span_that_ends_too_early);
	tcase_add_test(tc, an_object_takes_the_place_of_one_without_a_span);
	tcase_add_test(tc, huge_spans_take_no_memory);
	tcase_add_test(tc, a_span_may_take_all_there_is);
	tcase_add_test(tc, without_a_base_there_is_one_finding);
	tcase_add_loop_test(tc, what_cannot_be_is_found, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(s, tc);
	return s;
}
