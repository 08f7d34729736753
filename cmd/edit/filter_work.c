/* SPDX-License-Identifier: MIT */
/* filter_work.c - a reader, a filter and a writer are opened and closed. Command layer. */
#include "filter_work.h"

/* The header: that of a source without a wall clock stays, so that none is made up. */
static unsigned version_for(const struct tt_reader *r)
{
	unsigned version = tt_reader_version(r);

	return version == 22 || version == 23 ? version : 26;
}

int filter_work_open(struct filter_work *work, const struct filter_plan *plan,
		     const struct tt_sink *sink, struct tt_error *err)
{
	struct tt_writer_options options = {
		.size = sizeof(options),
		.max_memory_nbytes = plan->max_memory,
	};
	int rc;

	*work = (struct filter_work){ 0 };
	rc = cmd_open_reader(&work->reader, plan->input, plan->path, err);
	if (rc < 0)
		return rc;
	options.specs = tt_reader_specs(work->reader);
	options.version = version_for(work->reader);
	rc = tt_writer_new(&work->writer, sink, &options, err);
	return rc < 0 ? rc : tt_filter_new(&work->filter, work->writer, plan->flags, err);
}

void filter_work_close(struct filter_work *work)
{
	tt_filter_free(work->filter);
	tt_writer_free(work->writer);
	tt_reader_close(work->reader);
	*work = (struct filter_work){ 0 };
}

static bool is_declared(const struct tt_event_spec *spec)
{
	return spec && spec->experiment &&
	       (spec->norders != 0 || spec->range.role != TT_RANGE_NONE);
}

bool filter_work_declares(const struct cmd_input *input, const char *path)
{
	struct cmd_input tables = *input;
	const struct tt_generation *g;
	struct tt_reader *r;
	struct tt_error err;
	bool found = false;

	tables.options.flags |= TT_OPEN_TABLES;
	if (cmd_open_reader(&r, &tables, path, &err) < 0)
		return false;
	/* (a spec that the trace brings is in its first generation) */
	if (tt_reader_next_generation(r, &g) == 0) {
		for (unsigned type = 0; type < 256; type++)
			found |= is_declared(tt_specs_event(tt_reader_specs(r), type));
	}
	tt_reader_close(r);
	return found;
}
