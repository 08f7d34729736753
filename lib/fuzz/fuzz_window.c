/* SPDX-License-Identifier: MIT */
/*
 * fuzz_window.c - a window in time of a trace (generate.h, or any bytes after a good header),
 * written event by event, and many events at once where that can be done: tt_filter_follow(),
 * tt_filter_copy(). Both results must have the same events, though maybe at other times and with
 * other statuses, and both readings must end in the same way, unless the second one says that it
 * has to begin once more.
 *
 * First byte: version (2 bits), generated (1), no stacks (1). Then two bytes: the event with
 * whose time the window begins, and how many events later it ends (255: never).
 */
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

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

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static struct tt_reader *open_trace(const struct build *b)
{
	const struct tt_options opt = {
		.size = sizeof(opt), .specs = ways_specs(), .max_memory_nbytes = 4 * WAYS_LIMIT_NBYTES};
	struct tt_reader *r;
	struct tt_error err;

	REQUIRE(tt_reader_open_memory(&r, b->data, b->len, &opt, &err) == 0);
	return r;
}

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
	struct tt_reader *r = open_trace(&in->trace);
	const struct tt_sink sink = {.write = append, .arg = &to->bytes};
	const struct tt_writer_options opt = {
		.size = sizeof(opt),
		.specs = tt_reader_specs(r),
		.version = in->trace.version,
		.max_memory_nbytes = WAYS_LIMIT_NBYTES,
	};
	struct tt_writer *w;
	struct tt_filter *f;
	struct tt_error err;

	*to = (struct result){0};
	REQUIRE(tt_writer_new(&w, &sink, &opt, &err) == 0);
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
	h = digest_number(digest_number(h, t.from), t.to);
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

/* All but its time, which may be later. */
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

/* (event by event, a status is written before any other event that needs it, and moves those) */
static bool is_status(const struct tt_event *ev)
{
	return ev->kind == TT_KIND_SYNC || strstr(ev->spec->name, "Status") != NULL;
}

/* Of all events of a result but statuses, in any order. */
static uint64_t digest_events(const struct build *b)
{
	struct tt_reader *r = open_trace(b);
	const struct tt_event *ev;
	uint64_t sum = 0;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0)
		if (!is_status(ev))
			sum += digest_meaning(DIGEST_START, ev);
	if (rc < 0)
		fprintf(stderr, "%s\n", tt_reader_error(r)->message);
	REQUIRE(rc == 1);
	tt_reader_close(r);
	return sum;
}

static void compare(const struct result *one, const struct result *many)
{
	if (many->is_late)
		return;
	REQUIRE(one->code == many->code && one->failed == many->failed);
	if (one->failed)
		return;
	REQUIRE(one->nchosen == many->nchosen);
	/* (of a trace without events there is nothing) */
	REQUIRE((one->bytes.len <= 16) == (many->bytes.len <= 16));
	if (one->bytes.len > 16)
		REQUIRE(digest_events(&one->bytes) == digest_events(&many->bytes));
}

/* ---- the window */

/* From the time of an event to that of one that is `count` later. */
static void find_window(struct window *in, unsigned from, unsigned count)
{
	struct tt_reader *r = open_trace(&in->trace);
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
	if ((data[0] & 4) != 0) {
		generate(&in.trace, ways_version(data[0]), ways_specs(), data + 4, size - 4);
	} else {
		build_init(&in.trace, ways_version(data[0]));
		build_bytes(&in.trace, data + 4, size - 4);
	}
	find_window(&in, data[1], data[2]);
	filter(&one, &in, false);
	filter(&many, &in, true);
	compare(&one, &many);
	build_release(&one.bytes);
	build_release(&many.bytes);
	build_release(&in.trace);
	return 0;
}
