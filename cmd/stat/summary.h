/* SPDX-License-Identifier: MIT */
/* summary.h - what the parts of the view `summary` as text share. Command layer, inside stat only. */
#ifndef CMD_STAT_SUMMARY_H
#define CMD_STAT_SUMMARY_H

#include "metrics.h"
#include "rows.h"

struct summary {
	const struct stat_answer *a;
	const struct metrics *m;
	const struct stat_options *opt;
	struct out *o;
};

/* ---- summary.c */

/* The value of a metric, which there must be. */
double summary_value(const struct summary *s, const char *name);
/* " at 1.234567891", from the start of the trace, or " at @NS" if there are several. */
char *put_at(const struct summary *s, char *p, int64_t at_ns);
char *put_percent(char *p, double percent);
char *put_sum(char *p, const struct dist *d);

/* ---- worth.c */

/* What is worth a look in a trace, each with the time and a command that shows it. *n is how
 * many there were before, of other traces. After many no more are printed: how many. */
size_t print_worth(const struct summary *s, size_t *n);
void print_worth_rest(struct out *o, size_t nhidden);

#endif
