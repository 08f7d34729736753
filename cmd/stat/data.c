/* SPDX-License-Identifier: MIT */
/* data.c - a view as JSON or CSV: all measures of all rows. Command layer. */
#include <string.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "rows.h"

/* ---- JSON */

char *put_dist_json(char *p, const struct dist *d, const struct stat_quantiles *q)
{
	p = put_u64(put_lit(p, "\"n\":"), d->n);
	p = json_u64(p, "sum_ns", d->sum_ns);
	p = json_i64(p, "min_ns", d->min_ns);
	p = json_i64(p, "mean_ns", dist_mean(d));
	for (size_t i = 0; i < q->n; i++) {
		p = put_lit(put_cstr(put_lit(p, ",\""), q->names[i]), "_ns\":");
		p = put_i64(p, dist_quantile(d, q->parts[i]));
	}
	p = json_i64(p, "max_ns", d->max_ns);
	if (d->n == 0)
		return json_null(json_null(p, "max_time_ns"), "max_id");
	p = json_i64(p, "max_time_ns", d->max_at_ns);
	return json_id(p, "max_id", d->max_id);
}

static char *put_measures(const struct stat_rows *r, const struct stat_options *opt, struct out *o,
			  char *p, const struct stat_row *row)
{
	for (unsigned m = 0; m < r->table->nmeasures; m++) {
		p = json_key(p, source_measure(r->table->source, m));
		p = put_dist_json(put_char(p, '{'), &row->d[m], &opt->quantiles);
		p = out_room(o, put_char(p, '}'));
	}
	return p;
}

void print_json(const struct stat_rows *r, const struct stat_options *opt,
		const struct stat_files *f)
{
	const struct stat_facts *facts = &f->sum.facts;
	struct out *o = &out_stdout;
	char *p = json_open(out_begin(o), "view", opt->view->name);

	p = json_word(p, "by", by_name((enum stat_by)opt->by));
	p = json_u64(p, "files", facts->nfiles);
	p = json_u64(p, "broken", facts->nbroken);
	p = json_u64(p, "duration_ns", facts->duration_ns);
	if (f->n == 1)
		p = json_i64(json_i64(p, "start_ns", facts->start_ns), "end_ns", facts->end_ns);
	p = json_u64(p, "nrows", r->n);
	p = put_lit(p, ",\"rows\":[");
	for (size_t i = 0; i < r->limit; i++) {
		p = put_cstr(p, i == 0 ? "\n{\"key\":" : ",\n{\"key\":");
		p = out_room(o, out_json(o, p, r->rows[i].key));
		p = put_char(put_measures(r, opt, o, p, r->rows[i].row), '}');
	}
	p = put_lit(p, "],\n\"total\":{\"rows\":");
	p = put_u64(p, r->n);
	p = put_measures(r, opt, o, p, &r->total);
	out_end(o, put_lit(p, "}}\n"));
}

/* ---- CSV */

static char *put_title(char *p, const char *measure, const char *what)
{
	return put_cstr(put_char(put_cstr(put_char(p, ','), measure), '_'), what);
}

static void print_csv_header(const struct stat_rows *r, const struct stat_options *opt, struct out *o)
{
	char *p = put_lit(out_begin(o), "key");

	for (unsigned m = 0; m < r->table->nmeasures; m++) {
		const char *name = source_measure(r->table->source, m);

		p = put_title(p, name, "n");
		p = put_title(p, name, "sum_ns");
		p = put_title(p, name, "min_ns");
		p = put_title(p, name, "mean_ns");
		for (size_t i = 0; i < opt->quantiles.n; i++)
			p = put_lit(put_title(p, name, opt->quantiles.names[i]), "_ns");
		p = put_title(p, name, "max_ns");
		p = put_title(p, name, "max_time_ns");
		p = put_title(p, name, "max_id");
	}
	out_end(o, put_char(p, '\n'));
}

static char *put_cells(char *p, const struct dist *d, const struct stat_quantiles *q)
{
	p = put_u64(put_char(p, ','), d->n);
	p = put_u64(put_char(p, ','), d->sum_ns);
	p = put_i64(put_char(p, ','), d->min_ns);
	p = put_i64(put_char(p, ','), dist_mean(d));
	for (size_t i = 0; i < q->n; i++)
		p = put_i64(put_char(p, ','), dist_quantile(d, q->parts[i]));
	p = put_i64(put_char(p, ','), d->max_ns);
	if (d->n == 0)
		return put_lit(p, ",,");
	p = put_char(put_i64(put_char(p, ','), d->max_at_ns), ',');
	return d->max_id == TT_NONE ? p : put_i64(p, d->max_id);
}

void print_csv(const struct stat_rows *r, const struct stat_options *opt)
{
	struct out *o = &out_stdout;

	print_csv_header(r, opt, o);
	for (size_t i = 0; i < r->limit; i++) {
		char *p = out_room(o, csv_text(o, out_begin(o), r->rows[i].key));

		for (unsigned m = 0; m < r->table->nmeasures; m++)
			p = put_cells(p, &r->rows[i].row->d[m], &opt->quantiles);
		out_end(o, put_char(p, '\n'));
	}
}
