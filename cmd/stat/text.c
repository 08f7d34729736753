/* SPDX-License-Identifier: MIT */
/* text.c - a view as text for people. Command layer. */
#include <stdio.h>
#include <string.h>

#include "cli/screen.h"
#include "cli/units.h"
#include "rows.h"

enum { KEY_INDENT = 4 };

/* A table as it is printed. */
struct printed {
	const struct stat_rows *r;
	struct out *o;
	unsigned widths[MAX_SHOWN];
	size_t before_key;      /* columns in front of the keys */
	size_t width;           /* of the screen; 0: any */
};

/* Right-aligned after a blank. */
static char *put_right(char *p, const char *text, size_t len, unsigned width)
{
	for (size_t i = len + 1; i < width; i++)
		p = put_char(p, ' ');
	return put_mem(put_char(p, ' '), text, len);
}

/* ---- rows */

static void widen(struct printed *t, const struct stat_row *row)
{
	char cell[64];

	for (size_t i = 0; i < t->r->ncolumns; i++) {
		unsigned n = (unsigned)(put_shown(cell, t->r, &t->r->columns[i], row) - cell) + 1;

		t->widths[i] = n > t->widths[i] ? n : t->widths[i];
	}
}

/* Columns are as wide as what is in them. */
static void set_widths(struct printed *t)
{
	const struct stat_rows *r = t->r;

	for (size_t i = 0; i < r->ncolumns; i++)
		t->widths[i] = (unsigned)strlen(r->columns[i].name) + 1;
	for (size_t i = 0; i < r->limit; i++)
		widen(t, r->rows[i].row);
	if (r->n != 1)
		widen(t, &r->total);
	t->before_key = 2;
	for (size_t i = 0; i < r->ncolumns; i++)
		t->before_key += t->widths[i];
}

static char *put_key(const struct printed *t, char *p, struct tt_str key)
{
	return screen_put_last(t->o, p, key, t->before_key - 2, t->width, KEY_INDENT);
}

static void print_header(const struct printed *t, const char *key)
{
	char *p = out_begin(t->o);

	for (size_t i = 0; i < t->r->ncolumns; i++)
		p = put_right(p, t->r->columns[i].name, strlen(t->r->columns[i].name), t->widths[i]);
	out_end(t->o, put_char(put_key(t, p, str_of(key)), '\n'));
}

static void print_row(const struct printed *t, struct tt_str key, const struct stat_row *row)
{
	char *p = out_begin(t->o), cell[64];

	for (size_t i = 0; i < t->r->ncolumns; i++) {
		char *end = put_shown(cell, t->r, &t->r->columns[i], row);

		p = put_right(p, cell, (size_t)(end - cell), t->widths[i]);
	}
	out_end(t->o, put_char(out_room(t->o, put_key(t, p, key)), '\n'));
}

/* ---- histograms */

enum { BAR = 50, LENGTH_WIDTH = 9, COUNT_WIDTH = 12 };

void print_histogram(const struct dist *d, const char *title, struct out *o)
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
	p = put_cstr(put_lit(out_begin(o), "\n"), title);
	out_end(o, put_char(p, '\n'));
	for (unsigned i = first; d->n > 0 && i <= last; i++) {
		size_t bar = (size_t)((double)counts[i] / (double)most * BAR + 0.5);
		char cell[64], *end = put_duration(cell, (int64_t)(UINT64_C(1) << i));

		p = put_right(out_begin(o), cell, (size_t)(end - cell), LENGTH_WIDTH);
		end = put_u64(cell, counts[i]);
		p = put_right(p, cell, (size_t)(end - cell), COUNT_WIDTH);
		bar = bar == 0 && counts[i] > 0 ? 1 : bar;
		if (bar > 0)
			p = put_lit(p, "  ");
		memset(p, '#', bar);
		out_end(o, put_char(p + bar, '\n'));
	}
}

/* ---- the whole */

void print_text(const struct stat_rows *r, const struct stat_options *opt)
{
	struct printed t = { .r = r, .o = &out_stdout, .width = screen_width() };
	char *p;

	set_widths(&t);
	print_header(&t, view_key(opt->view, (enum stat_by)opt->by));
	for (size_t i = 0; i < r->limit; i++)
		print_row(&t, r->rows[i].key, r->rows[i].row);
	if (r->limit < r->n) {
		p = put_u64(put_lit(out_begin(t.o), "... "), r->n - r->limit);
		p = put_cstr(put_lit(p, " more row"), plural(r->n - r->limit));
		out_end(t.o, put_lit(p, ": -n 0 shows all\n"));
	}
	if (r->n != 1)
		print_row(&t, str_of("total"), &r->total);
	for (unsigned m = 0; opt->histogram && m < r->table->nmeasures; m++)
		print_histogram(&r->total.d[m], source_measure(r->table->source, m), t.o);
}
