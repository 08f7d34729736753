/* SPDX-License-Identifier: MIT */
/* rows.c - the rows of a view in their order, and what is in their columns. Command layer. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"

/* ---- columns */

static void add_column(struct shown_column *out, size_t *n, const char *name,
		       const struct stat_column *c, double part)
{
	struct shown_column *to = &out[(*n)++];

	snprintf(to->name, sizeof(to->name), "%s", name);
	to->measure = c->measure;
	to->value = c->value;
	to->part = part;
}

size_t shown_columns(const struct stat_options *opt, struct shown_column *out)
{
	const struct stat_column *c = opt->view->columns;
	size_t n = 0;

	for (size_t i = 0; i < MAX_COLUMNS && (c[i].name || c[i].value == VALUE_QUANTILES); i++) {
		if (c[i].value != VALUE_QUANTILES) {
			add_column(out, &n, c[i].name, &c[i], 0);
			continue;
		}
		for (size_t k = 0; k < opt->quantiles.n; k++)
			add_column(out, &n, opt->quantiles.names[k], &c[i], opt->quantiles.parts[k]);
	}
	return n;
}

double shown_value(const struct shown_column *c, const struct stat_row *row)
{
	const struct dist *d = &row->d[c->measure];

	switch (c->value) {
	case VALUE_N:
		return (double)d->n;
	case VALUE_SUM:
		return (double)d->sum_ns;
	case VALUE_MEAN:
		return (double)dist_mean(d);
	case VALUE_MIN:
		return (double)d->min_ns;
	case VALUE_MAX:
		return (double)d->max_ns;
	case VALUE_AT:
		return (double)d->max_at_ns;
	case VALUE_ID:
		return (double)d->max_id;
	case VALUE_SHARE:
		return row->d[0].sum_ns == 0 ? 0
					     : 100 * (double)d->sum_ns / (double)row->d[0].sum_ns;
	case VALUE_QUANTILES:
		return (double)dist_quantile(d, c->part);
	}
	return 0;
}

char *put_shown(char *p, const struct stat_rows *r, const struct shown_column *c,
		const struct stat_row *row)
{
	const struct dist *d = &row->d[c->measure];

	if (c->value == VALUE_N)
		return put_u64(p, d->n);
	if (d->n == 0)
		return put_char(p, '-');
	if (c->value == VALUE_ID)
		return d->max_id == TT_NONE ? put_char(p, '-') : put_i64(p, d->max_id);
	if (c->value == VALUE_AT)
		return r->start_ns == INT64_MIN ? put_i64(put_char(p, '@'), d->max_at_ns)
						: put_seconds(p, d->max_at_ns - r->start_ns);
	if (c->value == VALUE_SHARE && row->d[0].sum_ns == 0)
		return put_char(p, '-');
	if (c->value == VALUE_SHARE)
		return p + sprintf(p, "%.1f", shown_value(c, row));
	if (c->value == VALUE_SUM)
		return put_duration(p, d->sum_ns > INT64_MAX ? INT64_MAX : (int64_t)d->sum_ns);
	return put_duration(p, (int64_t)shown_value(c, row));
}

/* ---- rows */

static bool read_number(struct tt_str key, int64_t *n)
{
	size_t i = 0;
	bool negative = key.len > 0 && key.data[0] == '-';

	*n = 0;
	for (i = negative; i < key.len && key.data[i] >= '0' && key.data[i] <= '9' && i < 19; i++)
		*n = *n * 10 + (key.data[i] - '0');
	*n = negative ? -*n : *n;
	return key.len > 0 && i == key.len;
}

int compare_keys(struct tt_str a, struct tt_str b)
{
	int64_t x, y;
	int order;

	if (read_number(a, &x) && read_number(b, &y))
		return x < y ? -1 : x > y;
	order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int by_sort(const void *a, const void *b)
{
	const struct shown_row *x = a, *y = b;

	if (x->sort != y->sort)
		return x->sort < y->sort ? 1 : -1;
	return compare_keys(x->key, y->key);
}

/* The column that rows are sorted by; ncolumns: by their keys; -1: there is no such column. */
static int sort_column(const struct stat_rows *r, const struct stat_options *opt)
{
	const char *name = opt->sort ? opt->sort : opt->view->sort;

	if (!name && (opt->by == BY_PROC || opt->by == BY_THREAD))
		name = "key";
	for (size_t i = 0; i < r->ncolumns; i++) {
		if (name ? strcmp(r->columns[i].name, name) == 0
			 : r->columns[i].value == VALUE_SUM && r->columns[i].measure == 0)
			return (int)i;
	}
	return !name || strcmp(name, "key") == 0 ? (int)r->ncolumns : -1;
}

/* "count, total, mean or key" */
static void list_columns(const struct stat_rows *r, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < r->ncolumns && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? ", " : "", r->columns[i].name);
	if (n < size)
		snprintf(text + n, size - n, " or key");
}

static int unknown_sort(const struct stat_rows *r, const struct stat_options *opt)
{
	struct nearest near = { .word = opt->sort };
	char columns[256];

	nearest_try(&near, "key");
	for (size_t i = 0; i < r->ncolumns; i++)
		nearest_try(&near, r->columns[i].name);
	list_columns(r, columns, sizeof(columns));
	cmd_error(NULL, "--sort: '%s' is not a column of %s, which are %s%s%s%s", opt->sort,
		  opt->view->name, columns, near.best ? "; did you mean '" : "",
		  near.best ? near.best : "", near.best ? "'?" : "");
	return STATUS_TROUBLE;
}

static void set_limit(struct stat_rows *r, const struct stat_options *opt)
{
	r->limit = r->n;
	if (opt->limit == UINT64_MAX && opt->format == FORMAT_TEXT && r->limit > 30)
		r->limit = 30;
	else if (opt->limit != UINT64_MAX && opt->limit != 0 && opt->limit < r->limit)
		r->limit = (size_t)opt->limit;
}

int rows_init(struct stat_rows *r, const struct stat_options *opt, const struct stat_files *f)
{
	const struct stat_table *t = &f->sum.tables[view_table(opt->view)];
	int sort;

	memset(r, 0, sizeof(*r));
	r->table = t;
	r->start_ns = f->n == 1 ? f->sum.facts.start_ns : INT64_MIN;
	r->ncolumns = shown_columns(opt, r->columns);
	sort = sort_column(r, opt);
	if (sort < 0)
		return unknown_sort(r, opt);
	r->rows = calloc(t->nrows + 1, sizeof(*r->rows));
	if (!r->rows || !table_total(t, &r->total)) {
		cmd_error(NULL, "not enough memory for the statistics");
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < t->nrows; i++) {
		if (!table_has(t, i))
			continue;
		r->rows[r->n++] = (struct shown_row){
			.key = table_key(t, i),
			.row = t->rows[i],
			.sort = (size_t)sort < r->ncolumns
					? shown_value(&r->columns[sort], t->rows[i])
					: 0,
		};
	}
	qsort(r->rows, r->n, sizeof(*r->rows), by_sort);
	set_limit(r, opt);
	return STATUS_FINE;
}

void rows_release(struct stat_rows *r)
{
	row_release(&r->total);
	free(r->rows);
	memset(r, 0, sizeof(*r));
}
