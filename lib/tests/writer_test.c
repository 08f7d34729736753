/* SPDX-License-Identifier: MIT */
/*
 * writer_test.c - events in, a trace out: copies and cuts of a small trace that has a little
 * of everything, read again and held against the source; traces of the test's own events;
 * and what is refused.
 */
#include "spec/types.h"
#include "tests/embedded.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/sanitized.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_write.h"
#include "wire/format.h"

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static struct tt_writer *new_writer(struct build *out, const struct tt_reader *r,
				    uint64_t generation_nbytes)
{
	const struct tt_writer_options opt = {
		.size = sizeof(opt),
		.specs = r == NULL ? NULL : tt_reader_specs(r),
		.max_generation_nbytes = generation_nbytes,
	};
	const struct tt_sink sink = {.write = append, .arg = out};
	struct tt_writer *w;
	struct tt_error err;

	memset(out, 0, sizeof(*out));
	ck_assert_int_eq(tt_writer_new(&w, &sink, &opt, &err), 0);
	return w;
}

/* Writes the events from the `from`th to the `to`th, Syncs counted, in generations of so many
 * bytes. */
static struct tt_writer_progress cut_in(struct build *out, const struct build *in, unsigned from,
					unsigned to, uint64_t generation_nbytes)
{
	struct tt_reader *r = test_open(in->data, in->len, 0);
	struct tt_writer *w = new_writer(out, r, generation_nbytes);
	struct tt_writer_progress progress;
	const struct tt_event *ev;

	for (unsigned i = 0; i <= to && tt_reader_next(r, &ev) == 0; i++) {
		int rc = i < from ? tt_writer_follow(w, ev) : tt_writer_event(w, ev);

		ck_assert_msg(rc == 0, "events %u to %u: event %u: %s", from, to, i,
			      tt_writer_error(w)->message);
	}
	ck_assert_int_eq(tt_writer_finish(w), 0);
	progress = tt_writer_progress(w);
	ck_assert_uint_eq(progress.nbytes, out->len);
	tt_writer_free(w);
	tt_reader_close(r);
	return progress;
}

static struct tt_writer_progress cut(struct build *out, const struct build *in, unsigned from,
				     unsigned to)
{
	return cut_in(out, in, from, to, 0);
}

/* ---- comparing */

static bool same_string(const struct tt_event *a, const struct tt_event *b, unsigned arg)
{
	struct tt_str x = {"?", 1}, y = {"!", 1};

	tt_generation_string(a->generation, a->args[arg], &x);
	tt_generation_string(b->generation, b->args[arg], &y);
	return x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

static bool same_stack(const struct tt_event *a, const struct tt_event *b, unsigned arg)
{
	static struct tt_frame x[TT_MAX_FRAMES], y[TT_MAX_FRAMES];
	int n = tt_generation_stack(a->generation, a->args[arg], x);

	if (n != tt_generation_stack(b->generation, b->args[arg], y))
		return false;
	for (int i = 0; i < n; i++)
		if (x[i].pc != y[i].pc || x[i].line != y[i].line || x[i].func.len != y[i].func.len)
			return false;
	return true;
}

/* Except in numbers that are counted anew. */
static bool same_arg(const struct tt_event *a, const struct tt_event *b, unsigned arg)
{
	switch (a->spec->args[arg].type) {
	case TT_ARG_SEQ:
		return true;
	case TT_ARG_STRING:
		return same_string(a, b, arg);
	case TT_ARG_STACK:
		return same_stack(a, b, arg);
	default:
		return a->args[arg] == b->args[arg];
	}
}

/* A switch of which a cut leaves only the first part is written as what that looks like. */
static bool same_name(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (strcmp(a, "GoSwitch") == 0 && strcmp(b, "GoUnblock") == 0);
}

static bool same_event(const struct tt_event *a, const struct tt_event *b)
{
	if (a->kind != b->kind || a->time_ns != b->time_ns || a->thread != b->thread ||
	    a->proc != b->proc || a->goroutine != b->goroutine ||
	    !same_name(a->spec->name, b->spec->name))
		return false;
	if (a->kind == TT_KIND_TRANSITION &&
	    tt_event_transition(a).from != tt_event_transition(b).from)
		return false;
	if (a->kind == TT_KIND_TASK_END &&
	    tt_event_task(a).type.len != tt_event_task(b).type.len)
		return false;
	/* (the first argument of a sample is its raw time) */
	for (unsigned i = a->kind == TT_KIND_STACK_SAMPLE; i < a->spec->nargs; i++)
		if (!same_arg(a, b, i))
			return false;
	return true;
}

/* The next event that is no Sync; NULL at the end. */
static const struct tt_event *next(struct tt_reader *r, unsigned *at)
{
	const struct tt_event *ev;
	int rc;

	do {
		rc = tt_reader_next(r, &ev);
		++*at;
	} while (rc == 0 && ev->kind == TT_KIND_SYNC);
	ck_assert_msg(rc >= 0, "%s", tt_reader_error(r)->message);
	return rc == 0 ? ev : NULL;
}

static unsigned count(const struct build *b)
{
	struct tt_reader *r = test_open(b->data, b->len, 0);
	unsigned n = 0, ignored = 0;

	while (next(r, &ignored) != NULL)
		n++;
	tt_reader_close(r);
	return n;
}

/* The last events of the result are the `n` of the source from the `from`th on. */
static void expect_tail(const struct build *out, const struct build *in, unsigned from, unsigned n)
{
	struct tt_reader *a = test_open(in->data, in->len, 0);
	struct tt_reader *b = test_open(out->data, out->len, 0);
	unsigned i = 0, j = 0, before = count(out) - n;
	const struct tt_event *x, *y;

	while (i++ < from)
		ck_assert_int_eq(tt_reader_next(a, &x), 0);
	for (unsigned k = 0; k < before; k++)
		next(b, &j);
	for (unsigned k = 0; k < n; k++) {
		x = next(a, &i);
		y = next(b, &j);
		ck_assert_msg(x != NULL && y != NULL && same_event(x, y),
			      "from %u: event %u of %u differs: %s at %lld, %s at %lld", from, k, n,
			      x == NULL ? "none" : x->spec->name,
			      x == NULL ? 0 : (long long)x->time_ns,
			      y == NULL ? "none" : y->spec->name,
			      y == NULL ? 0 : (long long)y->time_ns);
	}
	tt_reader_close(a);
	tt_reader_close(b);
}

/* ---- copies and cuts */

START_TEST(a_copy_has_the_same_events)
{
	struct build in, out;
	struct tt_writer_progress p;

	script_build(&in, test_versions[_i], RICH_SCRIPT);
	p = cut(&out, &in, 0, UINT32_MAX);
	ck_assert_uint_eq(p.events, count(&in));
	ck_assert_uint_eq(count(&out), count(&in));
	ck_assert_uint_eq(p.moved, 0);
	expect_tail(&out, &in, 0, count(&in));
	build_release(&in);
	build_release(&out);
}
END_TEST

/* A pause, and a goroutine that is stated at the end of the first generation. */
#define DIVIDED_SCRIPT                                                                             \
	"7@100: ProcStatus 0 1, GoStatus 1 7 2, ProcsChange 1 1, STWBegin 3 1, HeapAlloc 1, "     \
	"STWEnd, HeapAlloc 2, HeapAlloc 3\n"                                                      \
	"-1@190: GoStatus 2 -1 4\n"                                                               \
	"gen 2\n"                                                                                 \
	"-1@199: GoStatus 2 -1 4\n"                                                               \
	"7@200: ProcStatus 0 1, GoStatus 1 7 2, HeapAlloc 4, STWBegin 3 1, HeapAlloc 5, STWEnd, " \
	"HeapAlloc 6, GoUnblock 2 1 1, GCBegin 1 1, GoBlock 3 1, +5 GoStart 2 2, GCEnd 2"

/* Wherever a generation may end, it ends: all events are there, and what is restated, so that
 * statuses of the source may be left out. */
START_TEST(small_generations_have_the_same_events)
{
	struct build in, out;
	struct tt_reader *a, *b;
	const struct tt_event *x, *y;
	unsigned i = 0, j = 0;

	script_build(&in, 26, _i == 0 ? RICH_SCRIPT : DIVIDED_SCRIPT);
	ck_assert_uint_gt(cut_in(&out, &in, 0, UINT32_MAX, 1).generations, _i == 0 ? 2 : 4);
	a = test_open(in.data, in.len, 0);
	b = test_open(out.data, out.len, 0);
	while ((x = next(a, &i)) != NULL) {
		if (strstr(x->spec->name, "Status") != NULL)
			continue;
		do {
			y = next(b, &j);
			ck_assert_msg(y != NULL, "no %s at %lld", x->spec->name,
				      (long long)x->time_ns);
			/* (what is restated may take their times) */
		} while (strcmp(x->spec->name, y->spec->name) != 0 || x->thread != y->thread);
	}
	ck_assert_ptr_null(next(b, &j));
	tt_reader_close(a);
	tt_reader_close(b);
	build_release(&in);
	build_release(&out);
}
END_TEST

/* The end of a pause names it by the id of its begin, generations ago. */
START_TEST(a_pause_keeps_its_name_over_generations)
{
	char expected[SCRIPT_OUT_SIZE], got[SCRIPT_OUT_SIZE];
	struct build in, out;

	script_build(&in, 26,
		     "7@100: ProcStatus 0 1, GoStatus 1 7 2, STWBegin 3 1\n"
		     "gen 2\n"
		     "7@200: ProcStatus 0 1, GoStatus 1 7 2, HeapAlloc 1\n"
		     "gen 3\n"
		     "7@300: ProcStatus 0 1, GoStatus 1 7 2, GoLabel 2, STWEnd, STWBegin 2 1\n"
		     "gen 4\n"
		     "7@400: ProcStatus 0 1, GoStatus 1 7 2, STWEnd");
	cut(&out, &in, 0, UINT32_MAX);
	script_run(&in, 0, expected);
	script_run(&out, 0, got);
	ck_assert_str_eq(got, expected);
	build_release(&in);
	build_release(&out);
}
END_TEST

/* Cuts that begin and end anywhere show the events of the source, after what is restated. */
START_TEST(every_cut_shows_the_same_events)
{
	struct build in, out;
	unsigned total;

	script_build(&in, test_versions[_i], RICH_SCRIPT);
	total = count(&in) + 3;
	for (unsigned from = 0; from < total; from++) {
		/* (under sanitizers each 11th end, others for each beginning and version) */
		for (unsigned to = from + (unsigned)_i % TT_EVERY; to < total; to += TT_EVERY) {
			struct tt_writer_progress p = cut(&out, &in, from, to);

			ck_assert_uint_ge(count(&out), p.events);
			expect_tail(&out, &in, from, (unsigned)p.events);
			build_release(&out);
		}
	}
	build_release(&in);
}
END_TEST

/* Threads that have nothing, ranges of goroutines that wait and that run, a heap, and moments in
 * which no goroutine and no processor runs. */
#define RESTATED_SCRIPT                                                                            \
	"7@100: ProcStatus 0 1, GoStatus 1 7 2, ProcsChange 2 1, GCMarkAssistBegin 0, Span 1 2 3, " \
	"Span 9 2 3, UserTaskBegin 5 0 1 1, GoBlock 1 1, ProcStop\n"                              \
	"-1@101: ProcStatus 1 2, GoStatus 2 -1 1, GoStatus 3 -1 1\n"                              \
	"8@110: ProcStart 1 1, Span 20 1 3, GoStart 3 1, STWBegin 3 1, GoLabel 2, STWEnd, "        \
	"GoStop 1 1, SpanFree 9, ProcStop\n"                                                      \
	"9@130: ProcStart 0 1, Span 30 1 3, GoStart 2 1, GoLabel 1, GoStop 1 1\n"                 \
	"gen 2\n"                                                                                 \
	"9@200: ProcStatus 0 1, Span 40 1 3, ProcStop"

/* Which one the n-th event of the result is that is no Sync, Syncs counted. */
static unsigned place_of(const struct build *b, unsigned n)
{
	struct tt_reader *r = test_open(b->data, b->len, 0);
	unsigned at = 0;

	for (unsigned i = 0; i <= n; i++)
		next(r, &at);
	tt_reader_close(r);
	return at - 1;
}

/* What is restated is restated the same when the result is cut there once more. */
START_TEST(a_cut_of_a_cut_is_the_same)
{
	struct build in, out, again;
	unsigned total;

	script_build(&in, test_versions[_i], RESTATED_SCRIPT);
	total = count(&in);
	for (unsigned i = 0; i < total; i++) {
		struct tt_writer_progress p = cut(&out, &in, place_of(&in, i), UINT32_MAX);
		unsigned before = count(&out) - (unsigned)p.events;

		cut(&again, &out, place_of(&out, before), UINT32_MAX);
		ck_assert_uint_eq(count(&again), count(&out));
		expect_tail(&again, &out, 0, count(&out));
		build_release(&out);
		build_release(&again);
	}
	build_release(&in);
}
END_TEST

/* ---- many events at once */

/* Two threads have more events than fit into a batch of the result. */
static void build_long(struct build *b, unsigned version)
{
	static const char begin[] = "7@100: ProcStatus 0 1, GoStatus 1 7 2\n"
				    "8@101: ProcStatus 1 1, GoStatus 2 8 2\n";
	static const char label[] = "GoLabel 1, ", end[] = "gen 2\n7@99000: ProcStatus 0 1, "
							       "GoStatus 1 7 2, GoLabel 3";
	struct build text = {0};
	char line[64];

	build_bytes(&text, begin, strlen(begin));
	for (unsigned i = 0; i < 60; i++) {
		snprintf(line, sizeof(line), "%u@%u: ", 7 + i % 2, 1000 + i * 500);
		build_bytes(&text, line, strlen(line));
		for (unsigned k = 0; k < 1000; k++)
			build_bytes(&text, label, strlen(label));
		build_bytes(&text, "GoLabel 2\n", 10);
	}
	build_bytes(&text, end, sizeof(end));
	script_build(b, version, (const char *)text.data);
	build_release(&text);
}

/* All events through a filter. Returns how much was written before the end. */
static size_t filter_all(struct build *out, const struct build *in, bool many)
{
	struct tt_reader *r = test_open(in->data, in->len, 0);
	struct tt_writer *w = new_writer(out, r, 0);
	const struct tt_event *ev;
	struct tt_filter *f;
	struct tt_error err;
	size_t nbytes = 0;
	int rc;

	ck_assert_int_eq(tt_filter_new(&f, w, 0, &err), 0);
	while (tt_reader_next(r, &ev) == 0) {
		ck_assert_int_eq(tt_filter_event(f, ev, true, ev->kind != TT_KIND_SYNC), 0);
		do {
			rc = many ? tt_filter_copy(f, r, INT64_MAX, &ev) : TT_END;
		} while (rc == 0);
		ck_assert_int_eq(rc, TT_END);
		if (tt_reader_progress(r).generations < 2)
			nbytes = out->len;
	}
	ck_assert_int_eq(tt_writer_finish(w), 0);
	tt_filter_free(f);
	tt_writer_free(w);
	tt_reader_close(r);
	return nbytes;
}

START_TEST(what_is_copied_at_once_is_the_same)
{
	struct build in, one, many;

	build_long(&in, test_versions[_i]);
	ck_assert_uint_le(filter_all(&one, &in, false), 16);
	/* full batches do not wait for the generation's end */
	ck_assert_uint_gt(filter_all(&many, &in, true), 2 * TT_BATCH_MAX_SIZE);
	ck_assert_uint_eq(count(&one), count(&in));
	ck_assert_uint_eq(count(&many), count(&in));
	expect_tail(&one, &in, 0, count(&in));
	expect_tail(&many, &in, 0, count(&in));
	build_release(&in);
	build_release(&one);
	build_release(&many);
}
END_TEST

START_TEST(embedded_events_stay_embedded)
{
	struct build in, out;
	unsigned total;

	embedded_build(&in);
	total = count(&in) + 3;
	for (unsigned from = 0; from < total; from++) {
		struct tt_writer_progress p = cut(&out, &in, from, UINT32_MAX);
		const struct tt_options like_go = test_options(TT_OPEN_LIKE_GO);
		struct tt_reader *r = test_open_as(out.data, out.len, &like_go);
		unsigned at = 0;
		const struct tt_event *ev;

		expect_tail(&out, &in, from, (unsigned)p.events);
		while ((ev = next(r, &at)) != NULL)
			ck_assert_uint_lt(ev->spec->type, 137);
		tt_reader_close(r);
		build_release(&out);
	}
	build_release(&in);
}
END_TEST

/* ---- events of one's own */

struct own {
	struct tt_writer *w;
	int64_t time_ns;
};

static int own_event(struct own *o, int64_t thread, enum tt_event_type type, uint64_t a, uint64_t b,
		     uint64_t c)
{
	static struct tt_specs *specs;
	const uint64_t args[TT_MAX_ARGS] = {a, b, c};
	struct tt_event ev = {
		.time_ns = o->time_ns += 10,
		.thread = thread,
		.proc = thread == 7 ? 0 : 1,
		.goroutine = thread == 7 ? 1 : 2,
		.args = args,
	};
	struct tt_error err;

	if (specs == NULL)
		ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ev.spec = tt_specs_event(specs, type);
	ev.kind = ev.spec->kind;
	return tt_writer_event(o->w, &ev);
}

/* A goroutine that blocks and is unblocked by another one, over and over. */
static void own_round(struct own *o)
{
	const struct tt_frame frame = {0x1000, {"main.f", 6}, {"main.go", 7}, 12};
	uint64_t reason, stack;

	ck_assert_int_eq(tt_writer_string(o->w, (struct tt_str){"sync", 4}, &reason), 0);
	ck_assert_int_eq(tt_writer_stack(o->w, &frame, 1, &stack), 0);
	ck_assert_int_eq(own_event(o, 7, TT_EV_GO_BLOCK, reason, stack, 0), 0);
	ck_assert_int_eq(own_event(o, 8, TT_EV_GO_UNBLOCK, 1, 0, 0), 0);
	ck_assert_int_eq(own_event(o, 7, TT_EV_GO_START, 1, 0, 0), 0);
}

static void expect_reasons(const struct build *b, unsigned n)
{
	struct tt_reader *r = test_open(b->data, b->len, 0);
	const struct tt_event *ev;
	unsigned at = 0, found = 0;

	while ((ev = next(r, &at)) != NULL) {
		if (strcmp(ev->spec->name, "GoBlock") != 0)
			continue;
		found++;
		ck_assert_uint_eq(tt_event_transition(ev).reason.len, 4);
		ck_assert_uint_ne(tt_event_stack(ev, NULL), 0);
	}
	ck_assert_uint_eq(found, n);
	tt_reader_close(r);
}

START_TEST(own_events_need_no_statuses)
{
	struct build out;
	struct own o = {new_writer(&out, NULL, 0), 1000};

	own_round(&o);
	own_round(&o);
	ck_assert_int_eq(tt_writer_finish(o.w), 0);
	expect_reasons(&out, 2);
	tt_writer_free(o.w);
	build_release(&out);
}
END_TEST

/* Each generation can be the first one of a trace: it restates all that lives. */
START_TEST(generations_of_its_own_stand_alone)
{
	struct build out, last;
	struct own o = {new_writer(&out, NULL, _i == 0 ? 200 : 0), 1000};
	struct tt_writer_progress p;
	const struct tt_generation *g;
	struct tt_reader *r;

	for (unsigned i = 0; i < 100; i++) {
		own_round(&o);
		if (_i == 1 && i % 10 == 9)
			ck_assert_int_eq(tt_writer_next_generation(o.w), 0);
	}
	ck_assert_int_eq(tt_writer_finish(o.w), 0);
	p = tt_writer_progress(o.w);
	ck_assert_uint_ge(p.generations, 10);
	expect_reasons(&out, 100);
	r = test_open(out.data, out.len, 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	build_init(&last, 26);
	build_bytes(&last, out.data + tt_generation_offset(g),
		    out.len - tt_generation_offset(g));
	tt_reader_close(r);
	ck_assert_uint_gt(count(&last), 200);
	tt_writer_free(o.w);
	build_release(&last);
	build_release(&out);
}
END_TEST

START_TEST(batches_are_kept_or_embedded)
{
	static const uint8_t data[] = {1, 2, 3};
	struct tt_batch batch = {.experiment = (unsigned)_i, .thread = 7, .data = data, .size = 3};
	struct build out;
	struct own o = {new_writer(&out, NULL, 0), 1000};
	const struct tt_generation *g;
	struct tt_reader *r;

	own_round(&o);
	ck_assert_int_eq(tt_writer_batch(o.w, &batch), 0);
	ck_assert_int_eq(tt_writer_finish(o.w), 0);
	r = test_open(out.data, out.len, 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_nexperimental(g), 1);
	batch = tt_generation_experimental_at(g, 0);
	ck_assert_uint_eq(batch.experiment, (unsigned)_i);
	ck_assert_uint_eq(batch.size, 3);
	ck_assert_mem_eq(batch.data, data, 3);
	tt_reader_close(r);
	tt_writer_free(o.w);
	build_release(&out);
}
END_TEST

/* ---- what is refused */

static const struct refusal {
	enum tt_event_type type;
	int64_t thread;
	uint64_t a, b, c;
	int64_t step_ns;        /* before the event */
	int code;
} refusals[] = {
	{TT_EV_GO_START, 7, 1, 0, 0, 0, TT_E_STUCK},            /* it runs already */
	{TT_EV_GO_UNBLOCK, 8, 1, 0, 0, 0, TT_E_STUCK},
	{TT_EV_GO_CREATE, 7, 1, 0, 0, 0, TT_E_GOROUTINE},       /* it exists already */
	{TT_EV_GO_SYSCALL_END, 7, 0, 0, 0, 0, TT_E_GOROUTINE},
	{TT_EV_STW_END, 7, 0, 0, 0, 0, TT_E_RANGE},
	{TT_EV_GO_STATUS, 7, 1, 7, 9, 0, TT_E_STATUS},
	{TT_EV_GC_END, 7, 5, 0, 0, 0, TT_E_STUCK},             /* nothing began */
	{TT_EV_GO_BLOCK, 7, 99, 0, 0, 0, TT_E_EVENT_STRING},    /* no such string */
	{TT_EV_GO_BLOCK, 7, 0, 99, 0, 0, TT_E_EVENT_STACK},
	{TT_EV_GO_BLOCK, 7, 0, 0, 0, -20, TT_E_TIME_ORDER},
};

/* The error stays, and what was accepted is a trace. */
START_TEST(refuses_what_no_trace_can_hold)
{
	const struct refusal *c = &refusals[_i];
	struct build out;
	struct own o = {new_writer(&out, NULL, 0), 1000};

	own_round(&o);
	o.time_ns += c->step_ns;
	ck_assert_int_eq(own_event(&o, c->thread, c->type, c->a, c->b, c->c), -c->code);
	ck_assert_uint_gt(strlen(tt_writer_error(o.w)->message), 10);
	ck_assert_int_eq(own_event(&o, 7, TT_EV_GO_BLOCK, 0, 0, 0), -c->code);
	ck_assert_int_eq(tt_writer_finish(o.w), 0);
	expect_reasons(&out, 1);
	tt_writer_free(o.w);
	build_release(&out);
}
END_TEST

/* What a trace's own spec says is known to the reader, not to a writer that has no specs. */
START_TEST(refuses_events_of_unknown_specs)
{
	struct build in, out;
	struct tt_reader *r;
	struct tt_writer *w = new_writer(&out, NULL, 0);
	const struct tt_event *ev;
	int rc = 0;

	embedded_build(&in);
	r = test_open(in.data, in.len, 0);
	while (rc == 0 && tt_reader_next(r, &ev) == 0)
		rc = _i == 0 ? tt_writer_event(w, ev) : tt_writer_follow(w, ev);
	ck_assert_int_eq(rc, -TT_E_ARGUMENT);
	ck_assert_str_eq(tt_writer_error(w)->message,
			 "the writer has no spec of the event Take");
	/* the caller is at fault: nothing is completed */
	ck_assert_int_eq(tt_writer_finish(w), -TT_E_ARGUMENT);
	tt_writer_free(w);
	tt_reader_close(r);
	build_release(&out);
	build_release(&in);
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
	static struct tt_frame frames[TT_V2_MAX_FRAMES + 1];
	static char text[1025];
	static uint8_t data[65537];
	const struct tt_batch batch = {.experiment = 1, .data = data, .size = sizeof(data)};
	struct build out;
	struct tt_writer *w = new_writer(&out, NULL, 0);
	uint64_t id;

	ck_assert_int_eq(tt_writer_string(w, (struct tt_str){text, 1025}, &id), -TT_E_STRING_SIZE);
	tt_writer_free(w);
	w = new_writer(&out, NULL, 0);
	ck_assert_int_eq(tt_writer_stack(w, frames, TT_V2_MAX_FRAMES + 1, &id), -TT_E_STACK_SIZE);
	tt_writer_free(w);
	w = new_writer(&out, NULL, 0);
	ck_assert_int_eq(tt_writer_batch(w, &batch), -TT_E_BATCH_SIZE);
	tt_writer_free(w);
}
END_TEST

static bool fail_after(void *arg, const void *data, size_t nbytes)
{
	size_t *left = arg;

	(void)data;
	if (*left < nbytes)
		return false;
	*left -= nbytes;
	return true;
}

START_TEST(a_sink_that_fails_ends_it)
{
	for (size_t room = 0;; room += 7) {
		size_t left = room;
		const struct tt_sink sink = {.write = fail_after, .arg = &left};
		struct tt_error err;
		struct own o = {NULL, 1000};
		int rc;

		ck_assert_int_eq(tt_writer_new(&o.w, &sink, NULL, &err), 0);
		own_event(&o, 7, TT_EV_GO_BLOCK, 0, 0, 0);
		rc = tt_writer_finish(o.w);
		ck_assert(rc == 0 || rc == -TT_E_IO);
		tt_writer_free(o.w);
		if (rc == 0)
			break;
	}
}
END_TEST

START_TEST(a_trace_without_events_is_a_header)
{
	struct build out;
	struct tt_writer *w = new_writer(&out, NULL, 0);

	ck_assert_int_eq(tt_writer_finish(w), 0);
	ck_assert_uint_eq(out.len, 16);
	tt_writer_free(w);
	build_release(&out);
}
END_TEST

Suite *writer_suite(void)
{
	Suite *s = suite_create("writer");
	TCase *tc = tcase_create("writer");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_copy_has_the_same_events, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, small_generations_have_the_same_events, 0, 2);
	tcase_add_test(tc, a_pause_keeps_its_name_over_generations);
	tcase_add_loop_test(tc, every_cut_shows_the_same_events, 0, TEST_NVERSIONS);
	/* (the clock that older ones get moves what is restated) */
	tcase_add_loop_test(tc, a_cut_of_a_cut_is_the_same, 2, TEST_NVERSIONS);
	tcase_add_loop_test(tc, what_is_copied_at_once_is_the_same, 0, TEST_NVERSIONS);
	tcase_add_test(tc, embedded_events_stay_embedded);
	tcase_add_test(tc, own_events_need_no_statuses);
	tcase_add_loop_test(tc, generations_of_its_own_stand_alone, 0, 2);
	tcase_add_loop_test(tc, batches_are_kept_or_embedded, 1, 4);
	tcase_add_loop_test(tc, refuses_what_no_trace_can_hold, 0, COUNT(refusals));
	tcase_add_loop_test(tc, refuses_events_of_unknown_specs, 0, 2);
	tcase_add_test(tc, refuses_what_is_too_large);
	tcase_add_test(tc, a_sink_that_fails_ends_it);
	tcase_add_test(tc, a_trace_without_events_is_a_header);
	suite_add_tcase(s, tc);
	return s;
}
