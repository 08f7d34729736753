/* SPDX-License-Identifier: MIT */
/*
 * fuzz_aside.c - a window in time of a trace (generate.h, or any bytes after a good header), written
 * by one filter, and by two that share the work: tt_aside_new(). If these do not say that it has to
 * begin once more, both results must say the same; what is restated may be in another order.
 *
 * The bytes are those of fuzz_window.c.
 */
#include "fuzz/content.h"
#include "fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct window {
	struct build trace;
	int64_t from_ns, to_ns;
	uint64_t ordinal;       /* of the generation that it begins in; 0: it does not */
};

/* A filter with its reader and its writer. */
struct work {
	struct tt_reader *r;
	struct tt_writer *w;
	struct tt_filter *f;
};

struct result {
	struct build bytes;
	bool is_late;           /* it has to be made event by event */
	bool failed;
};

static void work_open(struct work *work, const struct window *in, const struct tt_sink *sink)
{
	struct tt_error err;

	work->r = edit_open(&in->trace, ways_specs());
	work->w = edit_writer(sink, tt_reader_specs(work->r), in->trace.version);
	REQUIRE(tt_filter_new(&work->f, work->w, 0, &err) == 0);
	tt_writer_begin_at(work->w, in->from_ns);
}

static void work_close(struct work *work)
{
	tt_filter_free(work->f);
	tt_writer_free(work->w);
	tt_reader_close(work->r);
}

/* One event, and those after it that can be taken at once. 0, 1: it is over, or negative. */
static int filter_one(const struct work *work, const struct window *in, const struct tt_event *ev,
		      bool *inside, bool *is_late)
{
	int rc;

	*inside = ev->time_ns >= in->from_ns;
	if (ev->time_ns > in->to_ns)
		return 1;
	rc = tt_filter_event(work->f, ev, *inside, *inside && ev->kind != TT_KIND_SYNC);
	if (rc < 0)
		return rc;
	while (rc == 0)
		rc = *inside ? tt_filter_copy(work->f, work->r, in->to_ns, &ev)
			     : tt_filter_follow(work->f, work->r, in->from_ns, &ev);
	*is_late = rc < 0;
	return rc < 0 ? rc : 0;
}

/* ---- the two ways */

static void filter_whole(struct result *to, const struct window *in)
{
	const struct tt_sink sink = {.write = edit_append, .arg = &to->bytes};
	const struct tt_event *ev;
	struct work work;
	bool inside;
	int rc = 0;

	work_open(&work, in, &sink);
	while (rc == 0 && (rc = tt_reader_next(work.r, &ev)) == 0)
		if (ev->generation != NULL)
			rc = filter_one(&work, in, ev, &inside, &to->is_late);
	to->failed = rc < 0 || tt_writer_finish(work.w) < 0;
	work_close(&work);
}

/* To the window's generation. False: there is none. */
static bool pass_over(struct tt_reader *r, uint64_t ordinal)
{
	const struct tt_generation *g;

	for (uint64_t i = 1; i < ordinal; i++)
		if (tt_reader_skim_generation(r, &g) != 0)
			return false;
	return true;
}

/* The window's generation and those after it. Whether all went well. */
static bool filter_window(struct tt_aside *aside, const struct work *work, const struct window *in)
{
	const struct tt_event *ev;
	bool inside = false, joined = false, began = false, is_late;
	int rc = 0;

	while (rc == 0 && (rc = tt_reader_next(work->r, &ev)) == 0) {
		if (ev->generation == NULL)
			continue;
		rc = filter_one(work, in, ev, &inside, &is_late);
		if (inside && !began)
			tt_aside_enter(aside);
		began |= inside;
		if (rc == 0 && !joined && tt_reader_at_generation_end(work->r) &&
		    tt_aside_is_ready(aside)) {
			rc = tt_aside_join(aside) == 0 ? 0 : -1;
			joined = true;
		}
	}
	if (rc == 1 && !joined)
		rc = tt_aside_join(aside) == 0 ? 1 : -1;
	return rc == 1 && tt_writer_finish(work->w) == 0 && tt_aside_finish(aside);
}

static void filter_aside(struct result *to, const struct window *in)
{
	const struct tt_sink sink = {.write = edit_append, .arg = &to->bytes};
	struct tt_aside_options opt = {
		.size = sizeof(opt),
		.last_ordinal = in->ordinal - 1,
		.from_ns = in->from_ns,
		.sink = &sink,
	};
	struct work before, window;
	struct tt_aside *aside;
	struct tt_sink held;
	struct tt_error err;

	work_open(&before, in, &sink);
	opt.filter = before.f;
	opt.reader = before.r;
	REQUIRE(tt_aside_new(&aside, &opt, &err) == 0);
	held = tt_aside_sink(aside);
	work_open(&window, in, &held);
	to->failed = !pass_over(window.r, in->ordinal) ||
		     tt_aside_begin(aside, window.f, window.r) != 0 ||
		     !filter_window(aside, &window, in);
	tt_aside_free(aside);
	work_close(&before);
	work_close(&window);
}

static void compare(const struct result *whole, const struct result *aside)
{
	struct content a, b;

	if (aside->failed || whole->is_late)
		return;
	REQUIRE(!whole->failed);
	a = read_content(&whole->bytes);
	b = read_content(&aside->bytes);
	REQUIRE(a.meanings == b.meanings);
	REQUIRE(a.nstatuses == b.nstatuses && a.statuses == b.statuses);
}

/* ---- the window */

/* From the time of an event to that of one that is `count` later. */
static void find_window(struct window *in, unsigned from, unsigned count)
{
	struct tt_reader *r = edit_open(&in->trace, ways_specs());
	const struct tt_event *ev;

	in->from_ns = in->to_ns = INT64_MAX;
	for (unsigned i = 0; i <= from + count && tt_reader_next(r, &ev) == 0; i++) {
		if (i == from) {
			in->from_ns = ev->time_ns;
			in->ordinal = ev->generation == NULL
					      ? 0
					      : tt_generation_ordinal(ev->generation);
		}
		if (i == from + count && count != 255)
			in->to_ns = ev->time_ns;
	}
	tt_reader_close(r);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_damaged(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct window in = {0};
	struct result whole = {0}, aside = {0};

	if (size < 4)
		return 0;
	edit_trace(&in.trace, data[0], ways_specs(), data + 4, size - 4);
	find_window(&in, data[1], data[2]);
	if (in.ordinal > 1) {
		filter_whole(&whole, &in);
		filter_aside(&aside, &in);
		compare(&whole, &aside);
	}
	build_release(&whole.bytes);
	build_release(&aside.bytes);
	build_release(&in.trace);
	return 0;
}
