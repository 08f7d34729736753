/* SPDX-License-Identifier: MIT */
/* aside_test.c - a window that two filters write, one of them on a thread: against what one filter
 * makes of it; and where that cannot be done. */
#include "tests/reader_support.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_write.h"

/* A goroutine waits in a region, through two generations. */
#define FIRST \
	"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserRegionBegin 0 1 0, GoCreate 2 1 1, " \
	"GoBlock 2 1, GoStart 2 1, GoBlock 3 1\n" \
	"gen 2\n" \
	"7@1000: ProcStatus 0 1, GoStatus 1 -1 4, GoUnblock 1 1 0, GoStart 1 2, GoBlock 2 1\n" \
	"-1@1500: GoStatus 2 -1 4\n"
#define THIRD \
	"gen 3\n" \
	"7@2000: ProcStatus 0 1, GoStatus 1 -1 4, +100 GoUnblock 1 1 0, +100 GoStart 1 2, " \
	"+1000 GoLabel 1, +100 UserRegionEnd 0 1 0, GoBlock 2 1\n"
#define FOURTH \
	"gen 4\n" \
	"7@20000: ProcStatus 0 1, GoStatus 2 -1 4, GoUnblock 2 1 0, GoStart 2 2, GoBlock 2 1\n" \
	"-1@30000: GoStatus 1 -1 4\n"

struct scene {
	const char *text;
	int64_t from_ns, to_ns;
	bool joins;
};

static const struct scene scenes[] = {
	/* of a goroutine, nothing is said before the window */
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n", 3000, INT64_MAX, true},
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n", 3000, 3250, true},
	/* the region ends in the generation after */
	{FIRST "gen 3\n"
	       "7@2000: ProcStatus 0 1, GoStatus 1 -1 4, +100 GoUnblock 1 1 0, +100 GoStart 1 2, "
	       "+1000 GoBlock 2 1\n"
	       "-1@9000: GoStatus 2 -1 4\n"
	       "gen 4\n"
	       "7@20000: ProcStatus 0 1, GoStatus 1 -1 4, GoUnblock 1 1 0, GoStart 1 2, "
	       "UserRegionEnd 0 1 0, GoBlock 2 1\n"
	       "-1@30000: GoStatus 2 -1 4\n",
	 3000, INT64_MAX, true},
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n" FOURTH, 3000, 20002, true},
	/* a collection that began before, and a range */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GCBegin 1 0, GCMarkAssistBegin 0\n"
	 "gen 2\n7@1000: ProcStatus 0 1, GoStatus 1 7 2, GCMarkAssistActive 1, GCActive 2\n"
	 "gen 3\n7@2000: ProcStatus 0 1, GoStatus 1 7 2, GCMarkAssistActive 1, +1000 GCActive 3, "
	 "GCMarkAssistEnd, GCEnd 4\n",
	 2900, INT64_MAX, true},
	/* GOMAXPROCS is said again, and is nothing */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, ProcsChange 2 0\n"
	 "gen 2\n7@1000: ProcStatus 0 1, GoStatus 1 7 2\n"
	 "gen 3\n7@2000: ProcStatus 0 1, GoStatus 1 7 2, ProcsChange 0 0, +1000 GoLabel 1\n",
	 2900, INT64_MAX, true},
	/* it waits, the generation before says */
	{FIRST THIRD "-1@9000: GoStatus 2 -1 1\n", 3000, INT64_MAX, false},
	{FIRST THIRD "-1@9000: GoStatus 9 -1 4\n", 3000, INT64_MAX, false},
	/* the region has another name */
	{FIRST "gen 3\n"
	       "7@2000: ProcStatus 0 1, GoStatus 1 -1 4, +100 GoUnblock 1 1 0, +100 GoStart 1 2, "
	       "+1000 UserRegionEnd 0 2 0, GoBlock 2 1\n"
	       "-1@9000: GoStatus 2 -1 4\n",
	 3000, INT64_MAX, false},
	/* the window begins in the generation before, with the generation, and after it */
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n", 1400, INT64_MAX, false},
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n", 2000, INT64_MAX, false},
	{FIRST THIRD "-1@9000: GoStatus 2 -1 4\n" FOURTH, 15000, INT64_MAX, false},
	/* what is before ends late, and moves what comes then */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2\ngen 2\n7@1000: ProcStatus 0 1, GoStatus 1 7 2, "
	 "+2500 GoLabel 1\ngen 3\n7@2000: ProcStatus 0 1, GoStatus 1 7 2, GoLabel 1, GoLabel 2, "
	 "+2000 GoLabel 3\n",
	 3501, INT64_MAX, false},
};

struct work {
	struct build out;
	struct tt_reader *r;
	struct tt_writer *w;
	struct tt_filter *f;
};

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static void work_open(struct work *work, const struct scene *scene, const struct build *in,
		      const struct tt_sink *sink)
{
	const struct tt_sink own = {.write = append, .arg = &work->out};
	struct tt_writer_options opt = {.size = sizeof(opt)};
	struct tt_error err;

	*work = (struct work){.r = test_open(in->data, in->len, 0)};
	opt.specs = tt_reader_specs(work->r);
	ck_assert_int_eq(tt_writer_new(&work->w, sink == NULL ? &own : sink, &opt, &err), 0);
	ck_assert_int_eq(tt_filter_new(&work->f, work->w, 0, &err), 0);
	tt_writer_begin_at(work->w, scene->from_ns);
}

static void work_close(struct work *work)
{
	tt_filter_free(work->f);
	tt_writer_free(work->w);
	tt_reader_close(work->r);
}

/* The next event. False: no more are wanted. */
static bool filter_next(struct work *work, const struct scene *scene, bool *inside)
{
	const struct tt_event *ev;
	int rc;

	if (tt_reader_next(work->r, &ev) != 0 || ev->time_ns > scene->to_ns)
		return false;
	if (ev->generation == NULL)
		return true;
	*inside = ev->time_ns >= scene->from_ns;
	rc = tt_filter_event(work->f, ev, *inside, *inside && ev->kind != TT_KIND_SYNC);
	while (rc == 0)
		rc = *inside ? tt_filter_copy(work->f, work->r, scene->to_ns, &ev)
			     : tt_filter_follow(work->f, work->r, scene->from_ns, &ev);
	return rc == TT_END;
}

/* ---- the two ways */

static void filter_whole(struct build *out, const struct scene *scene, const struct build *in)
{
	struct work work;
	bool inside;

	work_open(&work, scene, in, NULL);
	while (filter_next(&work, scene, &inside))
		continue;
	ck_assert_int_eq(tt_writer_finish(work.w), 0);
	*out = work.out;
	work_close(&work);
}

/* The window begins in the third generation, or after it. Whether all went well. */
static bool filter_third(struct tt_aside *aside, struct work *work, const struct scene *scene)
{
	const struct tt_generation *g;
	bool inside = false, began = false, joined = false;

	ck_assert_int_eq(tt_reader_skim_generation(work->r, &g), 0);
	ck_assert_int_eq(tt_reader_skim_generation(work->r, &g), 0);
	ck_assert_int_eq(tt_aside_begin(aside, work->f, work->r), 0);
	while (filter_next(work, scene, &inside)) {
		if (inside && !began)
			tt_aside_enter(aside);
		began |= inside;
		if (joined || !tt_reader_at_generation_end(work->r) || !tt_aside_is_ready(aside))
			continue;
		if (tt_aside_join(aside) != 0)
			return false;
		joined = true;
	}
	return (joined || tt_aside_join(aside) == 0) && tt_writer_finish(work->w) == 0 &&
	       tt_aside_finish(aside);
}

static bool filter_aside(struct build *out, const struct scene *scene, const struct build *in)
{
	struct tt_aside_options opt = {
		.size = sizeof(opt), .last_ordinal = 2, .from_ns = scene->from_ns};
	struct work before, third;
	const struct tt_sink sink = {.write = append, .arg = &before.out};
	struct tt_aside *aside;
	struct tt_sink held;
	struct tt_error err;
	bool good;

	work_open(&before, scene, in, &sink);
	opt.filter = before.f;
	opt.reader = before.r;
	opt.sink = &sink;
	ck_assert_int_eq(tt_aside_new(&aside, &opt, &err), 0);
	held = tt_aside_sink(aside);
	work_open(&third, scene, in, &held);
	good = filter_third(aside, &third, scene);
	if (good)
		ck_assert_uint_eq(tt_writer_progress(third.w).nbytes, before.out.len);
	tt_aside_free(aside);
	*out = before.out;
	work_close(&before);
	work_close(&third);
	return good;
}

/* ---- tests */

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is restated may be in another order. */
static void sort_lines(char text[SCRIPT_OUT_SIZE])
{
	char copy[SCRIPT_OUT_SIZE], *lines[256], *save, *line;
	size_t n = 0;

	memcpy(copy, text, SCRIPT_OUT_SIZE);
	for (line = strtok_r(copy, "\n", &save); line != NULL && n < 256;
	     line = strtok_r(NULL, "\n", &save))
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), by_line);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(text, lines[i]);
		strcat(text, "\n");
	}
}

static void expect_same(const struct build *one, const struct build *two)
{
	char a[SCRIPT_OUT_SIZE], b[SCRIPT_OUT_SIZE];

	script_run(one, 0, a);
	script_run(two, 0, b);
	sort_lines(a);
	sort_lines(b);
	ck_assert_str_eq(a, b);
	ck_assert_ptr_nonnull(strstr(a, "end\n"));
}

START_TEST(two_filters_write_what_one_does)
{
	const struct scene *scene = &scenes[_i];

	for (unsigned v = 0; v < TEST_NVERSIONS; v++) {
		struct build in, whole, aside;

		script_build(&in, test_versions[v], scene->text);
		ck_assert_msg(filter_aside(&aside, scene, &in) == scene->joins, "version %u",
			      test_versions[v]);
		if (scene->joins) {
			filter_whole(&whole, scene, &in);
			expect_same(&whole, &aside);
			build_release(&whole);
		}
		build_release(&aside);
		build_release(&in);
	}
}
END_TEST

/* The thread waits for the window, and the window's writer must not wait for the thread. */
START_TEST(what_comes_before_the_window_has_room)
{
	const struct scene *scene = &scenes[0];
	static const uint8_t bytes[1 << 20];
	struct tt_aside_options opt = {
		.size = sizeof(opt), .last_ordinal = 2, .from_ns = scene->from_ns};
	struct work before, third;
	const struct tt_sink sink = {.write = append, .arg = &before.out};
	const struct tt_generation *g;
	struct tt_aside *aside;
	struct tt_sink held;
	struct tt_error err;
	struct build in;

	script_build(&in, 26, scene->text);
	work_open(&before, scene, &in, &sink);
	opt.filter = before.f;
	opt.reader = before.r;
	opt.sink = &sink;
	ck_assert_int_eq(tt_aside_new(&aside, &opt, &err), 0);
	held = tt_aside_sink(aside);
	work_open(&third, scene, &in, &held);
	ck_assert_int_eq(tt_reader_skim_generation(third.r, &g), 0);
	ck_assert_int_eq(tt_reader_skim_generation(third.r, &g), 0);
	ck_assert_int_eq(tt_aside_begin(aside, third.f, third.r), 0);
	for (unsigned i = 0; i < 65; i++)
		ck_assert(held.write(held.arg, bytes, sizeof(bytes)));
	tt_aside_free(aside);
	ck_assert_uint_eq(before.out.len, 0);
	work_close(&before);
	work_close(&third);
	build_release(&in);
}
END_TEST

/* Of many events at once, the last stack of a goroutine was kept by its place, which another one
 * may have had. */
START_TEST(a_goroutine_has_no_stack_of_another)
{
	static const struct scene scene = {
		"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 1 1, GoBlock 2 1, GoStart 2 1, "
		"GoDestroy, +100 GoStatus 3 -1 4, GoUnblock 3 1 0, +1000000 GoUnblock 1 1 0\n",
		500000, INT64_MAX, false};
	char text[SCRIPT_OUT_SIZE];
	struct build in, out;

	script_build(&in, 26, scene.text);
	filter_whole(&out, &scene, &in);
	script_run(&out, 0, text);
	ck_assert_ptr_nonnull(strstr(text, "GoStatusStack 1 "));
	ck_assert_ptr_nonnull(strstr(text, "GoStatus 3 "));
	build_release(&out);
	build_release(&in);
}
END_TEST

Suite *aside_suite(void)
{
	Suite *s = suite_create("aside");
	TCase *tc = tcase_create("aside");

	tcase_add_loop_test(tc, two_filters_write_what_one_does, 0, COUNT(scenes));
	tcase_add_test(tc, what_comes_before_the_window_has_room);
	tcase_add_test(tc, a_goroutine_has_no_stack_of_another);
	suite_add_tcase(s, tc);
	return s;
}
