/* SPDX-License-Identifier: MIT */
/* filter_work.h - a reader, and the filter and the writer that its events go to. Command layer. */
#ifndef CMD_EDIT_FILTER_WORK_H
#define CMD_EDIT_FILTER_WORK_H

#include "cli/cli.h"
#include "tracetool_write.h"

/* What is read, and how. */
struct filter_plan {
	const struct cmd_input *input;
	const char *path;
	uint64_t max_memory;
	unsigned flags;         /* enum tt_filter_flags */
};

struct filter_work {
	struct tt_reader *reader; /* the writer has its specs */
	struct tt_writer *writer;
	struct tt_filter *filter;
};

/* Of the library's codes, with *err. Without a reader, it is for the input. */
int filter_work_open(struct filter_work *work, const struct filter_plan *plan,
		     const struct tt_sink *sink, struct tt_error *err);
void filter_work_close(struct filter_work *work);
/* Whether the spec of an experiment that the trace has says that its events need one another. */
bool filter_work_declares(const struct cmd_input *input, const char *path);

#endif
