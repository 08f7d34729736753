/* SPDX-License-Identifier: MIT */
/* lines.h - pieces of the lines of a summary. Command layer, inside stat only. */
#ifndef CMD_STAT_LINES_H
#define CMD_STAT_LINES_H

#include "metrics.h"

/* A summary that is printed as text. */
struct summary {
	const struct stat_answer *a;
	const struct metrics *m;
	const struct stat_options *opt;
	struct out *o;
};

/* The value of a metric, which there must be. */
double summary_value(const struct summary *s, const char *name);
/* " at 1.234567891", from the start of the trace, or " at @NS" if there are several. */
char *put_at(const struct summary *s, char *p, int64_t at_ns);
char *put_percent(char *p, double percent);
char *put_sum(char *p, const struct dist *d);

#endif
