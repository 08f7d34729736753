/* SPDX-License-Identifier: MIT */
/* text.c - a view as text for people. Command layer. */
#include <stdio.h>
#include <string.h>

#include "cli/units.h"
#include "rows.h"

enum { WIDTH = 9, WIDTH_AT = 14 };

static unsigned width_of(const struct stat_rows *r, const struct shown_column *c)
{
	if (c->value != VALUE_AT)
		return WIDTH;
	return r->start_ns == INT64_MIN ? 21 : WIDTH_AT;
}

/* Right-aligned after a blank. */
static char *put_right(char *p, const char *text, size_t len, unsigned width)
{
	for (size_t i = len + 1; i < width; i++)
		p = put_char(p, ' ');
	return put_mem(put_char(p, ' '), text, len);
}

static void print_header(const struct stat_rows *r, const struct stat_options *opt, struct out *o)
{
	char *p = out_begin(o);

	for (size_t i = 0; i < r->ncolumns; i++)
		p = put_right(p, r->columns[i].name, strlen(r->columns[i].name),
			      width_of(r, &r->columns[i]));
	p = put_cstr(put_lit(p, "  "), by_name((enum stat_by)opt->by));
	out_end(o, put_char(p, '\n'));
}

static void print_row(const struct stat_rows *r, struct out *o, struct tt_str key,
		      const struct stat_row *row)
{
	char *p = out_begin(o), cell[64];

	for (size_t i = 0; i < r->ncolumns; i++) {
		char *end = put_shown(cell, r, &r->columns[i], row);

		p = put_right(p, cell, (size_t)(end - cell), width_of(r, &r->columns[i]));
	}
	p = out_escaped(o, put_lit(p, "  "), key);
	out_end(o, put_char(out_room(o, p), '\n'));
}

/* ---- histograms */

enum { BAR = 50 };

/* Durations from one power of two to the next, as bars. */
static void print_histogram(const struct dist *d, const char *name, struct out *o)
{
	uint64_t counts[64] = { 0 }, most = 1;
	unsigned first = 63, last = 0;
	char *p;

	for (uint32_t b = 0; b < DIST_NBUCKETS; b++) {
		uint64_t n = dist_bucket_count(d, b);
		uint64_t start = (uint64_t)dist_bucket_start(b);
		unsigned top = start == 0 ? 0 : 63 - (unsigned)__builtin_clzll(start);

		if (n == 0)
			continue;
		counts[top] += n;
		most = counts[top] > most ? counts[top] : most;
		first = top < first ? top : first;
		last = top > last ? top : last;
	}
	p = put_cstr(put_lit(out_begin(o), "\n"), name);
	out_end(o, put_char(p, '\n'));
	for (unsigned i = first; d->n > 0 && i <= last; i++) {
		size_t bar = (size_t)((double)counts[i] / (double)most * BAR + 0.5);
		char cell[64], *end = put_duration(cell, (int64_t)(UINT64_C(1) << i));

		p = put_right(out_begin(o), cell, (size_t)(end - cell), WIDTH);
		end = put_u64(cell, counts[i]);
		p = put_right(p, cell, (size_t)(end - cell), 12);
		bar = bar == 0 && counts[i] > 0 ? 1 : bar;
		if (bar > 0)
			p = put_lit(p, "  ");
		memset(p, '#', bar);
		out_end(o, put_char(p + bar, '\n'));
	}
}

/* ---- the whole */

void print_text(const struct stat_rows *r, const struct stat_options *opt,
		const struct stat_files *f)
{
	struct out *o = &out_stdout;
	char *p;

	(void)f;
	print_header(r, opt, o);
	for (size_t i = 0; i < r->limit; i++)
		print_row(r, o, r->rows[i].key, r->rows[i].row);
	if (r->limit < r->n) {
		p = put_u64(put_lit(out_begin(o), "... "), r->n - r->limit);
		p = put_cstr(put_lit(p, " more row"), plural(r->n - r->limit));
		out_end(o, put_lit(p, ": -n 0 shows all\n"));
	}
	if (r->n != 1)
		print_row(r, o, str_of("total"), &r->total);
	for (unsigned m = 0; opt->histogram && m < r->table->nmeasures; m++)
		print_histogram(&r->total.d[m], source_measure(r->table->source, m), o);
}
