/* SPDX-License-Identifier: MIT */
/*
 * fuzz_filter.c - a filter that gets what bytes choose of a trace (generate.h, or any bytes
 * after a good header): a part in time, and events of it by their number, goroutine or kind.
 * Resources and ranges that a spec declares are among them (ways_orders()). What is written
 * must be read to its end, with all events that were chosen, unless the filter refused one:
 * then with those before it.
 *
 * First byte: version (2 bits), generated (1), flags of the filter (4). Then three bytes: the
 * event with which the part begins, how many it has (255: all), and which of them are chosen.
 */
#include "fuzz/edit.h"
#include "fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One input: a trace, and what is wanted of it. */
struct input {
	struct build trace;
	unsigned flags;         /* enum tt_filter_flags */
	unsigned from, count, choice;
};

static bool is_inside(const struct input *in, unsigned i)
{
	return i >= in->from && (in->count == 255 || i - in->from < in->count);
}

/* By its goroutine, its kind or its number; or all are. */
static bool is_chosen(const struct input *in, const struct tt_event *ev, unsigned i)
{
	switch (in->choice & 3) {
	case 1:
		return ev->goroutine == (int64_t)(in->choice >> 2);
	case 2:
		return (unsigned)ev->kind != in->choice >> 2;
	case 3:
		return i % (2 + (in->choice >> 2)) == 0;
	default:
		return true;
	}
}

/* The first reading, if more than times is chosen. */
static int choose(struct tt_filter *f, const struct input *in)
{
	struct tt_reader *r = edit_open(&in->trace, ways_orders());
	const struct tt_event *ev;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && tt_reader_next(r, &ev) == 0; i++)
		if (ev->generation != NULL)
			rc = tt_filter_choose(f, ev, is_inside(in, i), is_chosen(in, ev, i));
	tt_reader_close(r);
	return rc;
}

static int copy(struct tt_filter *f, struct tt_reader *r, const struct input *in)
{
	const struct tt_event *ev;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && tt_reader_next(r, &ev) == 0; i++) {
		bool inside = is_inside(in, i);

		if (i > in->from && !inside)
			break;
		if (ev->generation != NULL)
			rc = tt_filter_event(f, ev, inside, inside && is_chosen(in, ev, i));
	}
	return rc;
}

static void read_all(const struct build *b, const struct tt_specs *specs, uint64_t nevents)
{
	const struct tt_event *ev;
	struct tt_reader *r;
	uint64_t n = 0;
	int rc;

	if (b->len <= 16)
		return;
	r = edit_open(b, specs);
	while ((rc = tt_reader_next(r, &ev)) == 0)
		n += ev->kind != TT_KIND_SYNC;
	if (rc != 1)
		fprintf(stderr, "%s\n", tt_reader_error(r)->message);
	REQUIRE(rc == 1);
	REQUIRE(n >= nevents);
	tt_reader_close(r);
}

static void filter(const struct input *in)
{
	struct tt_reader *r = edit_open(&in->trace, ways_orders());
	struct build out = {0};
	const struct tt_sink sink = {.write = edit_append, .arg = &out};
	struct tt_writer *w = edit_writer(&sink, tt_reader_specs(r), in->trace.version);
	struct tt_filter *f;
	struct tt_error err;

	REQUIRE(tt_filter_new(&f, w, in->flags, &err) == 0);
	if ((in->flags & TT_FILTER_CHOOSES) == 0 || choose(f, in) == 0)
		copy(f, r, in);
	if (tt_writer_finish(w) == 0)
		read_all(&out, tt_reader_specs(r), tt_writer_progress(w).events);
	else
		REQUIRE(tt_writer_error(w)->system);
	tt_filter_free(f);
	tt_writer_free(w);
	tt_reader_close(r);
	build_release(&out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_damaged(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size < 4)
		return 0;
	in = (struct input){
		.flags = data[0] >> 3 & 15, .from = data[1], .count = data[2], .choice = data[3]};
	edit_trace(&in.trace, data[0], ways_orders(), data + 4, size - 4);
	filter(&in);
	build_release(&in.trace);
	return 0;
}
