/* SPDX-License-Identifier: MIT */
/* beside.c - what is before a window's generation is followed beside it. Command layer. */
#include "beside.h"

#include <unistd.h>

static bool see(void *arg, const struct tt_event *ev)
{
	struct before *before = arg;

	before_see(before, ev, false);
	return !before->is_missing;
}

/* Whether generations are found without the others: so the file is read by two at no cost. */
static bool open_work(struct beside *b, const struct filter_plan *plan, const struct tt_sink *sink)
{
	struct tt_error ignored;

	return filter_work_open(&b->work, plan, sink, &ignored) == 0 &&
	       tt_reader_go_to_generation(b->work.reader, b->before.offset, b->before.n + 1) == 0;
}

bool beside_open(struct beside *b, const struct filter_plan *plan, const struct before *before,
		 const struct tt_sink *sink)
{
	struct tt_aside_options options = {
		.size = sizeof(options),
		.last_ordinal = before->n + before->nread,
		.from_ns = before->from_ns,
		.sink = sink,
		.see = see,
		.arg = &b->before,
	};
	struct tt_error ignored;

	*b = (struct beside){ 0 };
	if (before->n == 0 || before->window_offset == 0 || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return false;
	b->before = *before;
	if (open_work(b, plan, sink)) {
		options.filter = b->work.filter;
		options.reader = b->work.reader;
		if (tt_aside_new(&b->aside, &options, &ignored) == 0) {
			b->sink = tt_aside_sink(b->aside);
			return true;
		}
	}
	beside_close(b);
	return false;
}

int beside_begin(struct beside *b, const struct filter_work *window, struct before *before)
{
	int rc = TT_END;

	if (b->aside && before_pass_all(before, window->reader) == 0)
		rc = tt_aside_begin(b->aside, window->filter, window->reader);
	b->apart = before->is_apart = rc == 0;
	return rc;
}

void beside_in_window(struct beside *b)
{
	if (b->in_window || !b->apart)
		return;
	b->in_window = true;
	tt_aside_enter(b->aside);
}

int beside_join(struct beside *b, struct before *before, bool later)
{
	int rc;

	if (!b->apart || (later && !tt_aside_is_ready(b->aside)))
		return 0;
	b->apart = false;
	rc = tt_aside_join(b->aside);
	if (rc == 0)
		before_join(before, &b->before);
	before->is_apart = false;
	return rc;
}

bool beside_finish(struct beside *b)
{
	return !b->aside || tt_aside_finish(b->aside);
}

void beside_close(struct beside *b)
{
	tt_aside_free(b->aside);
	filter_work_close(&b->work);
	before_release(&b->before);
	*b = (struct beside){ 0 };
}
