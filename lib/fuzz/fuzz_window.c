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
#include "fuzz/edit.h"
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

/* Its frames; ids may be others. */
static uint64_t digest_frames(uint64_t h, const struct tt_generation *g, uint64_t id)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(g, id, frames);

	for (int i = 0; i < n; i++) {
		h = digest_number(digest_number(h, frames[i].pc), frames[i].line);
		h = digest_text(digest_text(h, frames[i].func), frames[i].file);
	}
	return digest_number(h, (uint64_t)(int64_t)n);
}

static uint64_t digest_change(uint64_t h, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	h = digest_number(digest_number(h, t.resource), (uint64_t)t.id);
	h = digest_text(digest_number(digest_number(h, t.from), t.to), t.reason);
	return t.has_stack ? digest_frames(h, ev->generation, t.stack) : h;
}

/* (the id of its kind may be another) */
static uint64_t digest_span(uint64_t h, const struct tt_event *ev)
{
	struct tt_range range = tt_event_range(ev);

	h = digest_text(digest_cstr(h, range.name), range.kind);
	h = digest_number(digest_number(h, range.scope), (uint64_t)range.id);
	for (unsigned i = 0; i < range.nattributes; i++)
		h = digest_number(h, range.attributes[i].value);
	return h;
}

/* All but its time. */
static uint64_t digest_meaning(uint64_t h, const struct tt_event *ev)
{
	bool has;
	uint64_t stack = tt_event_stack(ev, &has);

	h = digest_number(digest_number(h, (uint64_t)ev->thread), (uint64_t)ev->proc);
	h = digest_number(h, (uint64_t)ev->goroutine);
	h = digest_cstr(h, ev->spec == NULL ? "" : ev->spec->name);
	if (has)
		h = digest_frames(h, ev->generation, stack);
	switch (ev->kind) {
	case TT_KIND_TRANSITION:
		return digest_change(h, ev);
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return digest_span(h, ev);
	default:
		return digest_kind(h, ev);
	}
}

static bool is_status(const struct tt_event *ev)
{
	return ev->kind == TT_KIND_SYNC || strstr(ev->spec->name, "Status") != NULL;
}

/* What a result says. */
struct content {
	uint64_t meanings;      /* of all events but statuses, in any order */
	uint64_t all;           /* of all events, in their order, with their times */
	size_t nstatuses;
};

static struct content read_content(const struct build *b)
{
	struct content c = {.all = DIGEST_START};
	struct tt_reader *r = edit_open(b, ways_specs());
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0) {
		uint64_t meaning = digest_meaning(DIGEST_START, ev);

		c.all = digest_number(digest_number(c.all, meaning), (uint64_t)ev->time_ns);
		c.nstatuses += is_status(ev);
		c.meanings += is_status(ev) ? 0 : meaning;
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", tt_reader_error(r)->message);
	REQUIRE(rc == 1);
	tt_reader_close(r);
	return c;
}

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
