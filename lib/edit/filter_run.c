/* SPDX-License-Identifier: MIT */
/*
 * filter_run.c - the events before a window, and those in it, many at once: for filters that
 * choose by nothing but time. Stands on filter.h and writer_run.h.
 */
#include "edit/filter.h"
#include "edit/writer_run.h"
#include "event/reader.h"

static bool can_run(const struct tt_filter *f, const struct tt_reader *r)
{
	return tt_filter_keeps_all(f) && r->phase == TT_PHASE_EVENTS && r->parallel == NULL;
}

/* An error that is not the writer's is the reader's, which shows it from now on. */
static int outcome(const struct tt_filter *f, struct tt_reader *r, int rc,
		   const struct tt_event **ev)
{
	return rc >= 0 || f->w->err.code != TT_OK ? rc : tt_reader_next_without_pass(r, ev);
}

int tt_filter_follow(struct tt_filter *f, struct tt_reader *r, int64_t from_ns,
		     const struct tt_event **ev)
{
	const bool with_stacks = (f->flags & TT_FILTER_NO_STACKS) == 0;

	*ev = NULL;
	if (!can_run(f, r))
		return TT_END;
	return outcome(f, r, tt_writer_run_follow(f->w, &r->pass, with_stacks, from_ns, ev), ev);
}

int tt_filter_copy(struct tt_filter *f, struct tt_reader *r, int64_t to_ns,
		   const struct tt_event **ev)
{
	uint64_t written = f->w->progress.events;
	int rc;

	*ev = NULL;
	if (!can_run(f, r) || f->flags != 0)
		return TT_END;
	rc = tt_writer_run_copy(f->w, &r->pass, to_ns, ev);
	f->progress.chosen += f->w->progress.events - written;
	return outcome(f, r, rc, ev);
}
