/* SPDX-License-Identifier: MIT */
/* filter_report.c - what `tracetool filter` says of the trace that it wrote. Command layer. */
#include "filter_report.h"

#include <inttypes.h>

#include "cli/cli.h"
#include "cli/units.h"

static const char *reason_text(enum tt_filter_reason why)
{
	static const char *const texts[] = {
		[TT_FILTER_RUNS] = "a chosen event happens on it",
		[TT_FILTER_SUBJECT] = "a chosen event is about it",
		[TT_FILTER_RANGE] = "it begins or ends a range or a task that is chosen",
		[TT_FILTER_VICTIM] = "a chosen event takes its processor away",
		[TT_FILTER_PROCS] = "it says what GOMAXPROCS is",
		[TT_FILTER_RESOURCE] = "it changes what a chosen event of an experiment is about",
	};

	return (size_t)why < ARRAY_SIZE(texts) && texts[why] ? texts[why] : "";
}

/* Goroutines that stay although nobody asked for them. */
static void report_goroutines(const struct filter_outcome *o)
{
	enum tt_filter_reason why;
	int64_t id;

	for (size_t i = 0; tt_filter_goroutine(o->filter, i, &id, &why); i++) {
		if (!id_set_has(o->asked, id))
			cmd_error(o->name, "goroutine %" PRId64 " stays: %s", id,
				  reason_text(why));
	}
}

static void report_restated(const struct filter_outcome *o)
{
	struct tt_writer_progress p = tt_writer_progress(o->writer);

	cmd_error(o->name,
		  "restated at the start: goroutines: %" PRIu64 ", processors: %" PRIu64
		  ", open ranges: %" PRIu64 ", labels: %" PRIu64 ", open tasks: %" PRIu64
		  ", GOMAXPROCS: %s"
		  ", heap spans and objects: %" PRIu64,
		  p.goroutines, p.procs, p.ranges, p.labels, p.tasks, p.metrics != 0 ? "yes" : "no",
		  p.objects);
	if (p.resources != 0)
		cmd_error(o->name,
			  "restated at the start: resources of experiments: %" PRIu64, p.resources);
	if (p.tasks != 0)
		cmd_error(o->name, "a restated task begins at the start of the new trace: "
				     "its duration is counted from there");
	if (p.made_goroutine != 0)
		cmd_error(o->name,
			  "no goroutine runs there: goroutine %" PRId64
			  " (tracetool.restate) is made up to state this",
			  p.made_goroutine);
}

/* What the writer had to change. */
static void report_changes(const struct filter_outcome *o)
{
	struct tt_writer_progress p = tt_writer_progress(o->writer);
	struct tt_filter_progress f = tt_filter_progress(o->filter);

	if (p.cut != 0)
		cmd_error(o->name, "strings and stacks cut to what the format allows: %" PRIu64,
			  p.cut);
	if (p.moved != 0)
		cmd_error(o->name, "events that are later than in the source: %" PRIu64, p.moved);
	if (f.made != 0 || f.impossible != 0)
		cmd_error(o->name,
			  "Go 1.11 to 1.21 say less of threads: events made up: %" PRIu64
			  ", events left out that later traces cannot hold: %" PRIu64,
			  f.made, f.impossible);
	if (f.chosen == 0)
		cmd_error(o->name, "no event is chosen: the new trace has only what every trace "
				     "needs");
	else if (p.made_clock)
		cmd_error(o->name, "the source has no wall clock: that of the new trace begins "
				     "at 1970, with the trace's own time added");
}

void filter_report(const struct filter_outcome *o)
{
	struct tt_filter_progress f = tt_filter_progress(o->filter);
	struct tt_writer_progress p = tt_writer_progress(o->writer);
	char size[NBYTES_TEXT_SIZE];

	report_changes(o);
	if (!o->verbose)
		return;
	if (o->chooses)
		report_goroutines(o);
	report_restated(o);
	cmd_error(o->name,
		  "events chosen: %" PRIu64 ", needed by them: %" PRIu64 ", dropped: %" PRIu64
		  "; %s written",
		  f.chosen, f.needed, f.dropped, nbytes_text(size, p.nbytes));
}
