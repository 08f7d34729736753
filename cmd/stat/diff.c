/* SPDX-License-Identifier: MIT */
/*
 * diff.c - --diff: two answers side by side, and the change, the largest first. Of a view with
 * rows that is one column, of a summary all metrics. Command layer.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/units.h"
#include "metrics.h"
#include "rows.h"

struct delta {
	struct tt_str key;
	double old, new;
	enum metric_unit unit;
	double sort;            /* by it, the largest first */
};

struct deltas {
	struct delta *at;
	size_t n, limit;
	const char *column;     /* what is compared */
};

static double change_of(const struct delta *d)
{
	return d->new - d->old;
}

/* How many times as much: a half is as far as twice. */
static double ratio_of(const struct delta *d)
{
	if (d->old == d->new)
		return 1;
	if (d->old <= 0 || d->new <= 0)
		return INFINITY;
	return d->new > d->old ? d->new / d->old : d->old / d->new;
}

static int by_sort(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;

	if (x->sort != y->sort)
		return x->sort < y->sort ? 1 : -1;
	return compare_keys(x->key, y->key);
}

/* ---- printing */

/* Of values that were read from a file, too: none is too large for the type. */
static uint64_t whole(double value)
{
	return value < 0x1p64 ? (uint64_t)value : UINT64_MAX;
}

static char *put_value(char *p, double value, enum metric_unit unit)
{
	if (value < 0)
		return put_value(put_char(p, '-'), -value, unit);
	if (unit == METRIC_NS)
		return put_duration(p, value >= 0x1p63 ? INT64_MAX : (int64_t)value);
	if (unit == METRIC_BYTES)
		return put_nbytes(p, whole(value));
	if (unit == METRIC_COUNT && value == (double)whole(value))
		return put_u64(p, whole(value));
	return p + sprintf(p, "%.2f%s", value, unit == METRIC_PERCENT ? " %" : "");
}

static char *put_right(char *p, const char *text, const char *end, size_t width)
{
	for (size_t n = (size_t)(end - text); n < width; n++)
		p = put_char(p, ' ');
	return put_mem(p, text, (size_t)(end - text));
}

static void print_text_delta(const struct delta *d, struct out *o)
{
	char *p = out_begin(o), cell[64], *end;

	p = put_right(p, cell, put_value(cell, d->old, d->unit), 12);
	p = put_right(p, cell, put_value(cell, d->new, d->unit), 12);
	end = change_of(d) > 0 ? put_char(cell, '+') : cell;
	p = put_right(p, cell, put_value(end, change_of(d), d->unit), 12);
	if (d->old > 0)
		snprintf(cell, sizeof(cell), "%+.1f %%", 100 * change_of(d) / d->old);
	else
		snprintf(cell, sizeof(cell), "%s", d->new > 0 ? "was 0" : "");
	p = put_right(p, cell, cell + strlen(cell), 12);
	p = screen_put_last(o, p, d->key, 48, screen_width(), 4);
	out_end(o, put_char(out_room(o, p), '\n'));
}

static void print_text_deltas(const struct deltas *all)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	p += sprintf(p, "%12s%12s%12s%12s  %s\n", "old", "new", "change", "percent", all->column);
	out_end(o, p);
	for (size_t i = 0; i < all->limit; i++)
		print_text_delta(&all->at[i], o);
	if (all->limit < all->n) {
		p = put_u64(put_lit(out_begin(o), "... "), all->n - all->limit);
		p = put_cstr(put_lit(p, " more row"), plural(all->n - all->limit));
		out_end(o, put_lit(p, ": -n 0 shows all\n"));
	}
}

static void print_json_deltas(const struct deltas *all, const struct stat_options *opt)
{
	struct out *o = &out_stdout;
	char *p = json_open(out_begin(o), "view", opt->view->name);

	p = json_word(p, "compared", all->column);
	p = put_lit(p, ",\"rows\":[");
	for (size_t i = 0; i < all->limit; i++) {
		const struct delta *d = &all->at[i];

		p = put_cstr(p, i == 0 ? "\n{\"key\":" : ",\n{\"key\":");
		p = out_room(o, out_json(o, p, d->key));
		p += sprintf(p, ",\"old\":%.15g,\"new\":%.15g,\"change\":%.15g}", d->old, d->new,
			     change_of(d));
	}
	out_end(o, put_lit(p, "]}\n"));
}

static void print_csv_deltas(const struct deltas *all)
{
	struct out *o = &out_stdout;

	out_end(o, put_lit(out_begin(o), "key,old,new,change\n"));
	for (size_t i = 0; i < all->limit; i++) {
		const struct delta *d = &all->at[i];
		char *p = out_room(o, csv_text(o, out_begin(o), d->key));

		p += sprintf(p, ",%.15g,%.15g,%.15g\n", d->old, d->new, change_of(d));
		out_end(o, p);
	}
}

static void print_deltas(struct deltas *all, const struct stat_options *opt)
{
	qsort(all->at, all->n, sizeof(*all->at), by_sort);
	all->limit = all->n;
	if (opt->limit == UINT64_MAX && opt->format == FORMAT_TEXT && all->n > 30)
		all->limit = 30;
	else if (opt->limit != UINT64_MAX && opt->limit != 0 && opt->limit < all->n)
		all->limit = (size_t)opt->limit;
	if (opt->format == FORMAT_TEXT)
		print_text_deltas(all);
	else if (opt->format == FORMAT_JSON)
		print_json_deltas(all, opt);
	else
		print_csv_deltas(all);
}

static int no_memory(void)
{
	cmd_error(NULL, "not enough memory for the statistics");
	return STATUS_TROUBLE;
}

/* ---- rows */

static enum metric_unit unit_of(const struct shown_column *c)
{
	if (c->value == VALUE_N || c->value == VALUE_ID)
		return METRIC_COUNT;
	return c->value == VALUE_SHARE ? METRIC_PERCENT : METRIC_NS;
}

/* The column of --sort, or the first sum. */
static const struct shown_column *column_of(const struct stat_rows *r, const struct stat_options *opt)
{
	const char *name = opt->sort ? opt->sort : opt->view->sort;

	for (size_t i = 0; i < r->ncolumns; i++) {
		if (name ? strcmp(r->columns[i].name, name) == 0
			 : r->columns[i].value == VALUE_SUM)
			return &r->columns[i];
	}
	return &r->columns[0];
}

static int diff_rows(const struct stat_files *old, const struct stat_files *new,
		     const struct stat_options *opt)
{
	const struct stat_row none = { 0 };
	const struct stat_table *was = &old->sum.tables[view_table(opt->view)];
	const struct stat_table *is = &new->sum.tables[view_table(opt->view)];
	struct deltas all = { 0 };
	struct stat_rows a, b;
	const struct shown_column *c;
	int status = worse(rows_init(&a, opt, old), rows_init(&b, opt, new));

	all.at = calloc(a.n + b.n + 1, sizeof(*all.at));
	c = column_of(&b, opt);
	for (size_t i = 0; status == STATUS_FINE && all.at && i < b.n; i++) {
		uint32_t number = texts_find(&was->keys, b.rows[i].key);
		const struct stat_row *row = number < was->nrows ? was->rows[number] : &none;

		all.at[all.n++] = (struct delta){ b.rows[i].key, shown_value(c, row),
						  shown_value(c, b.rows[i].row), unit_of(c), 0 };
	}
	for (size_t i = 0; status == STATUS_FINE && all.at && i < a.n; i++) {
		uint32_t number = texts_find(&is->keys, a.rows[i].key);

		if (number < is->nrows && table_has(is, number))
			continue;
		all.at[all.n++] = (struct delta){ a.rows[i].key, shown_value(c, a.rows[i].row), 0,
						  unit_of(c), 0 };
	}
	for (size_t i = 0; i < all.n; i++)
		all.at[i].sort = change_of(&all.at[i]) < 0 ? -change_of(&all.at[i])
							    : change_of(&all.at[i]);
	all.column = c->name;
	if (status == STATUS_FINE && all.at)
		print_deltas(&all, opt);
	else if (status == STATUS_FINE)
		status = no_memory();
	free(all.at);
	rows_release(&a);
	rows_release(&b);
	return status;
}

/* ---- the summary */

static int diff_metrics(const struct stat_files *old, const struct stat_files *new,
			const struct stat_options *opt)
{
	struct metrics *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	struct deltas all = { .column = "metric" };
	int status = STATUS_TROUBLE;

	all.at = calloc(MAX_METRICS, sizeof(*all.at));
	if (a && b && all.at && metrics_init(a, &old->sum, &opt->quantiles) &&
	    metrics_init(b, &new->sum, &opt->quantiles)) {
		for (size_t i = 0; i < b->n; i++) {
			struct delta d = { str_of(b->at[i].name), a->at[i].value, b->at[i].value,
					   b->at[i].unit, 0 };

			d.sort = ratio_of(&d);
			all.at[all.n++] = d;
		}
		print_deltas(&all, opt);
		status = STATUS_FINE;
	} else {
		no_memory();
	}
	if (a)
		metrics_release(a);
	if (b)
		metrics_release(b);
	free(a);
	free(b);
	free(all.at);
	return status;
}

int print_diff(const struct stat_files *old, const struct stat_files *new,
	       const struct stat_options *opt)
{
	return opt->view->columns[0].name ? diff_rows(old, new, opt) : diff_metrics(old, new, opt);
}
