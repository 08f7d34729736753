/* SPDX-License-Identifier: MIT */
/*
 * fuzz_window.c - a window in time of a trace (generate.h, or any bytes after a good header),
 * written event by event, and many events at once where that can be done: tt_filter_follow(),
 * tt_filter_copy(). Both results must have the same events in the same order at the same times,
 * and both readings must end in the same way, unless the second one says that it has to begin
 * once more. Where statuses differ, which the first way adds if the trace lacks them, order and
 * times may.
 *
 * First byte: version (2 bits), generated (1), no stacks (1). Then two bytes: the event with
 * whose time the window begins, and how many events later it ends (255: never).
 */
#include "fuzz/content.h"
#include "fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct window {
	struct build trace;
	unsigned flags;         /* enum tt_filter_flags */
	int64_t first_ns;       /* of the trace */
	int64_t from_ns, to_ns;
};

/* What a filter made of it. */
struct result {
	struct build bytes;
	bool is_late;           /* it has to be made event by event */
	bool failed;            /* the filter, or the writer at its end */
	int code;               /* the reader's, where it ended */
	uint64_t nchosen;
};

/* ---- the two ways */

/* Events after one that is outside or inside, as many as can be taken at once. */
static void filter_many(struct result *to, const struct window *in, struct tt_filter *f,
			struct tt_reader *r, bool inside)
{
	const struct tt_event *ev;
	int rc;

	do {
		rc = inside ? tt_filter_copy(f, r, in->to_ns, &ev)
			    : tt_filter_follow(f, r, in->from_ns, &ev);
	} while (rc == 0);
	to->is_late = rc < 0;
}

static void filter_all(struct result *to, const struct window *in, struct tt_filter *f,
		       struct tt_reader *r, bool many)
{
	const struct tt_event *ev;
	int rc = 0;

	while (!to->is_late && !to->failed && (rc = tt_reader_next(r, &ev)) == 0) {
		bool inside = ev->time_ns >= in->from_ns && ev->time_ns <= in->to_ns;

		if (ev->generation == NULL)
			continue;
		if (ev->time_ns > in->to_ns)
			break;
		to->failed = tt_filter_event(f, ev, inside, inside && ev->kind != TT_KIND_SYNC) < 0;
		if (many && !to->failed)
			filter_many(to, in, f, r, inside);
	}
	to->code = rc;
}

static void filter(struct result *to, const struct window *in, bool many)
{
	struct tt_reader *r = edit_open(&in->trace, ways_specs());
	const struct tt_sink sink = {.write = edit_append, .arg = &to->bytes};
	struct tt_writer *w = edit_writer(&sink, tt_reader_specs(r), in->trace.version);
	struct tt_filter *f;
	struct tt_error err;

	*to = (struct result){0};
	REQUIRE(tt_filter_new(&f, w, in->flags, &err) == 0);
	if (in->from_ns > in->first_ns)
		tt_writer_begin_at(w, in->from_ns);
	filter_all(to, in, f, r, many);
	to->failed |= tt_writer_finish(w) < 0;
	to->nchosen = tt_filter_progress(f).chosen;
	tt_filter_free(f);
	tt_writer_free(w);
	tt_reader_close(r);
}

/* ---- whether they say the same */

static void compare(const struct result *one, const struct result *many)
{
	struct content a, b;

	if (many->is_late)
		return;
	REQUIRE(one->code == many->code && one->failed == many->failed);
	if (one->failed)
		return;
	REQUIRE(one->nchosen == many->nchosen);
	/* (of a trace without events there is nothing) */
	REQUIRE((one->bytes.len <= 16) == (many->bytes.len <= 16));
	if (one->bytes.len <= 16)
		return;
	a = read_content(&one->bytes);
	b = read_content(&many->bytes);
	REQUIRE(a.meanings == b.meanings);
	/* (event by event, a status that the trace lacks is written, and moves what comes after) */
	REQUIRE(a.nstatuses >= b.nstatuses);
	if (a.nstatuses == b.nstatuses)
		REQUIRE(a.all == b.all);
}

/* ---- the window */

/* From the time of an event to that of one that is `count` later. */
static void find_window(struct window *in, unsigned from, unsigned count)
{
	struct tt_reader *r = edit_open(&in->trace, ways_specs());
	const struct tt_event *ev;

	in->first_ns = in->from_ns = in->to_ns = INT64_MAX;
	for (unsigned i = 0; i <= from + count && tt_reader_next(r, &ev) == 0; i++) {
		if (i == 0)
			in->first_ns = ev->time_ns;
		if (i == from)
			in->from_ns = ev->time_ns;
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
	struct result one, many;

	if (size < 4)
		return 0;
	in.flags = (data[0] & 8) != 0 ? TT_FILTER_NO_STACKS : 0;
	edit_trace(&in.trace, data[0], ways_specs(), data + 4, size - 4);
	find_window(&in, data[1], data[2]);
	filter(&one, &in, false);
	filter(&many, &in, true);
	compare(&one, &many);
	build_release(&one.bytes);
	build_release(&many.bytes);
	build_release(&in.trace);
	return 0;
}
