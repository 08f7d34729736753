/* SPDX-License-Identifier: MIT */
/* filter_report.h - what `tracetool filter` says of the trace that it wrote. Command layer. */
#ifndef CMD_EDIT_FILTER_REPORT_H
#define CMD_EDIT_FILTER_REPORT_H

#include "cli/idset.h"
#include "tracetool_write.h"

struct filter_outcome {
	const char *name;       /* of the input; for messages */
	const struct tt_filter *filter;
	const struct tt_writer *writer;
	const struct id_set *asked; /* goroutines that somebody asked for */
	bool chooses;           /* by more than times */
	bool verbose;
};

void filter_report(const struct filter_outcome *o);

#endif
