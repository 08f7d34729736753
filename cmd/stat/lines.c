/* SPDX-License-Identifier: MIT */
/* lines.c - pieces of the lines of a summary. Command layer. */
#include "lines.h"

#include <stdio.h>

#include "cli/units.h"

char *put_sum(char *p, const struct dist *d)
{
	return put_duration(p, d->sum_ns > INT64_MAX ? INT64_MAX : (int64_t)d->sum_ns);
}

char *put_at(const struct summary *s, char *p, int64_t at_ns)
{
	if (s->a->facts.nfiles != 1)
		return put_i64(put_lit(p, " at @"), at_ns);
	return put_seconds(put_lit(p, " at "), at_ns - s->a->facts.start_ns);
}

char *put_percent(char *p, double percent)
{
	return p + sprintf(p, "%.1f %%", percent);
}

double summary_value(const struct summary *s, const char *name)
{
	const struct metric *m = metrics_find(s->m, name);

	return m ? m->value : 0;
}
