/* SPDX-License-Identifier: MIT */
/* summary.c - the view `summary`: answers first, on one screen. Command layer. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/units.h"
#include "rows.h"
#include "worth.h"

enum { NTOP = 5, LABEL_WIDTH = 13, SITES_WIDTH = 31 };

/* A summary is of text rather than of rows: it is never wider than usual. */
static size_t line_width(void)
{
	size_t width = screen_width();

	return width > 0 ? width : SCREEN_USUAL_WIDTH;
}

/* How many of a list are shown. */
static size_t top_of(const struct summary *s)
{
	uint64_t limit = s->opt->limit;

	return limit == UINT64_MAX ? NTOP : limit == 0 ? SIZE_MAX : (size_t)limit;
}

/* ---- pieces of lines */

static char *put_label(char *p, const char *label)
{
	char *start = p;

	return put_column(put_cstr(p, label), start, LABEL_WIDTH, 1);
}

/* " at 1.2", or of several traces " at @NS in FILE": where the longest is that a metric tells. */
static char *put_longest_at(const struct summary *s, char *p, const char *metric)
{
	const struct metric *max = metrics_find(s->m, metric);

	if (!max || max->at_ns == INT64_MIN)
		return p;
	p = put_at(s, p, max->at_ns);
	if (!max->file)
		return p;
	return out_room(s->o, out_escaped(s->o, put_lit(p, " in "), str_of(max->file)));
}

/* "p50 3us  p99 20us  max 55ms at 1.2": the percentiles from the first on. */
static char *put_latencies(const struct summary *s, char *p, const struct dist *d, size_t first,
			   const char *max)
{
	const struct stat_quantiles *q = &s->opt->quantiles;

	for (size_t i = first; i < q->n; i++) {
		p = put_char(put_cstr(p, q->names[i]), ' ');
		p = put_lit(put_duration(p, dist_quantile(d, q->parts[i])), "  ");
	}
	p = put_duration(put_lit(p, "max "), d->max_ns);
	return put_longest_at(s, p, max);
}

/* ---- lines */

static void print_title(const struct summary *s)
{
	const struct stat_facts *f = &s->a->facts;
	char *p = out_begin(s->o);

	if (s->a->file)
		p = out_escaped(s->o, p, str_of(s->a->file));
	else
		p = put_count(p, f->nfiles, "file");
	p = put_duration(put_lit(out_room(s->o, p), ": "), (int64_t)f->duration_ns);
	p = put_count(put_lit(p, ", "), f->nevents, "event");
	p = put_count(put_lit(p, ", "), f->ngenerations, "generation");
	if (f->nbroken > 0 && s->a->file)
		p = put_lit(p, ", broken: up to the break");
	else if (f->nbroken > 0)
		p = put_lit(put_u64(put_lit(p, ", "), f->nbroken), " of them broken");
	out_end(s->o, put_char(p, '\n'));
}

/*
 * Which part of the processors' time they were busy, and how many that is. A processor that is
 * never mentioned has no such time, nor have all traces the same number of them: then it is said
 * of how many this is a part.
 */
static char *put_busy(const struct summary *s, char *p)
{
	double busy = summary_value(s, "procs.busy"), used = summary_value(s, "procs.used");
	double n = (double)s->a->facts.nprocs;

	p = put_percent(p, busy);
	if (busy == 0 || fabs(100 * used - busy * n) < 0.05 * n)
		return p + sprintf(p, " (%.2f of them)", used);
	return p + sprintf(p, " (%.2f of %.2f seen on average)", used, 100 * used / busy);
}

static void print_procs(const struct summary *s)
{
	char *p = put_label(out_begin(s->o), "processors");

	p = put_u64(p, s->a->facts.nprocs);
	/* (of a goroutine or task no processor is counted) */
	if (s->m->running.n > 0 || s->m->idle.n > 0)
		p = put_busy(s, put_lit(p, ", busy "));
	p = put_percent(put_lit(p, ", collector "), summary_value(s, "gc.cpu"));
	out_end(s->o, put_char(p, '\n'));
}

static void print_goroutines(const struct summary *s)
{
	const struct stat_facts *f = &s->a->facts;
	char *p = put_label(out_begin(s->o), "goroutines");

	p = put_u64(p, f->goroutines_start);
	p = put_u64(put_lit(p, " at the start, "), f->created);
	p = put_u64(put_lit(p, " created, "), f->ended);
	p = put_u64(put_lit(p, " ended, "), f->live);
	p = put_u64(put_lit(p, " at the end, at most "), f->peak);
	out_end(s->o, put_char(p, '\n'));
}

static void print_time(const struct summary *s)
{
	const struct dist *d = s->m->states.d;
	char *p = put_label(out_begin(s->o), "time");

	p = put_sum(put_lit(p, "running "), &d[STATES_RUNNING]);
	p = put_sum(put_lit(p, ", runnable "), &d[STATES_RUNNABLE]);
	p = put_sum(put_lit(p, ", waiting "), &d[STATES_WAITING]);
	p = put_sum(put_lit(p, ", syscall "), &d[STATES_SYSCALL]);
	if (d[STATES_BLOCKED].n > 0)
		p = put_sum(put_lit(p, ", blocked "), &d[STATES_BLOCKED]);
	out_end(s->o, put_char(p, '\n'));
}

static int by_sum(const void *a, const void *b)
{
	const struct shown_row *x = a, *y = b;

	if (x->row->d[0].sum_ns != y->row->d[0].sum_ns)
		return x->row->d[0].sum_ns < y->row->d[0].sum_ns ? 1 : -1;
	return compare_keys(x->key, y->key);
}

/* The rows with the largest sums: how many; NULL in *out: no memory, and the output fails. */
static size_t largest(const struct stat_table *t, struct shown_row **out)
{
	size_t n = 0;

	*out = calloc(t->nrows + 1, sizeof(**out));
	if (!*out && out_stdout.error == 0)
		out_stdout.error = ENOMEM;
	for (size_t i = 0; *out && i < t->nrows; i++) {
		if (table_has(t, i))
			(*out)[n++] = (struct shown_row){ table_key(t, i), t->rows[i], 0 };
	}
	if (*out)
		qsort(*out, n, sizeof(**out), by_sum);
	return n;
}

static void print_waits(const struct summary *s)
{
	struct shown_row *rows;
	size_t n = largest(&s->a->tables[TABLE_WAITS], &rows);
	char *p;

	if (n > 0 && rows) {
		p = put_label(out_begin(s->o), "waits");
		for (size_t i = 0; i < n && i < top_of(s); i++) {
			p = out_escaped(s->o, i > 0 ? put_lit(p, ", ") : p, rows[i].key);
			p = put_sum(put_char(out_room(s->o, p), ' '), &rows[i].row->d[0]);
		}
		out_end(s->o, put_cstr(p, n > top_of(s) ? ", ...\n" : "\n"));
	}
	free(rows);
}

/* How many there were, and how long. */
static void print_durations(const struct summary *s, const char *label, const struct dist *d,
			    const char *max)
{
	char *p = put_lit(put_u64(put_label(out_begin(s->o), label), d->n), ", ");

	out_end(s->o, put_char(put_latencies(s, p, d, 0, max), '\n'));
}

static void print_pauses(const struct summary *s)
{
	const struct dist *d = &s->m->pauses;
	size_t n = s->opt->quantiles.n;
	char *p = put_u64(put_label(out_begin(s->o), "pauses"), d->n);

	if (d->n > 0) {
		p = put_lit(put_sum(put_lit(p, ", total "), d), ", ");
		/* the highest alone: for more there is no room on the line */
		p = put_latencies(s, p, d, n > 0 ? n - 1 : 0, "stw.max");
	}
	out_end(s->o, put_char(p, '\n'));
}

static void print_collector(const struct summary *s)
{
	char *p = put_count(put_label(out_begin(s->o), "collector"), s->m->mark.n, "cycle");

	if (s->m->mark.n > 0) {
		p = put_sum(put_lit(p, ", marking "), &s->m->mark);
		p = put_percent(put_lit(p, " ("), summary_value(s, "gc.share"));
		p = put_duration(put_lit(p, " of the time), longest "), s->m->mark.max_ns);
		p = put_longest_at(s, p, "gc.max");
		p = put_sum(put_lit(p, "; assists "), &s->m->assists);
		p = put_sum(put_lit(p, ", sweeping "), &s->m->sweeps);
	}
	out_end(s->o, put_char(p, '\n'));
}

static void print_utilization(const struct summary *s)
{
	static const char *const names[NWINDOWS] = { "1ms", "10ms", "100ms" };
	char *p = put_lit(put_label(out_begin(s->o), "utilization"), "at least ");

	for (size_t i = 0; i < NWINDOWS; i++) {
		p = put_percent(i > 0 ? put_lit(p, ", ") : p, 100 * s->a->facts.mmu[i]);
		p = put_cstr(put_lit(p, " in "), names[i]);
	}
	out_end(s->o, put_char(p, '\n'));
}

static void print_heap(const struct summary *s)
{
	const struct stat_facts *f = &s->a->facts;
	char *p = put_label(out_begin(s->o), "heap");

	if (f->heap_max == 0)
		return;
	p = put_nbytes(put_lit(p, "at most "), f->heap_max);
	p = put_nbytes(put_lit(p, ", at the end "), f->heap_last);
	if (f->heap_goal_max > 0)
		p = put_nbytes(put_lit(p, ", goal at most "), f->heap_goal_max);
	out_end(s->o, put_char(p, '\n'));
}

static char *put_padded_right(char *p, const char *text, const char *end, size_t width)
{
	for (size_t n = (size_t)(end - text); n < width; n++)
		p = put_char(p, ' ');
	return put_mem(p, text, (size_t)(end - text));
}

static void print_sites(const struct summary *s)
{
	struct shown_row *rows;
	size_t n = largest(&s->a->tables[TABLE_SITES], &rows), width = line_width();
	char *p, cell[64];

	if (n > 0 && rows) {
		p = put_lit(out_begin(s->o),
			    "longest waits: total, count, longest, in which function on what\n");
		for (size_t i = 0; i < n && i < top_of(s); i++) {
			const struct dist *d = &rows[i].row->d[0];

			p = put_padded_right(p, cell, put_sum(cell, d), 11);
			p = put_padded_right(p, cell, put_u64(cell, d->n), 10);
			p = put_padded_right(p, cell, put_duration(cell, d->max_ns), 10);
			p = screen_put_last(s->o, p, rows[i].key, SITES_WIDTH, width, 6);
			p = put_char(out_room(s->o, p), '\n');
		}
		out_end(s->o, p);
	}
	free(rows);
}

/* ---- text, JSON, CSV */

static void print_lines(const struct summary *s)
{
	print_title(s);
	print_procs(s);
	print_goroutines(s);
	print_time(s);
	print_waits(s);
	print_durations(s, "latency", &s->m->states.d[STATES_RUNNABLE], "sched.max");
	if (s->m->tasks.n > 0)
		print_durations(s, "tasks", &s->m->tasks, "tasks.max");
	print_pauses(s);
	print_collector(s);
	print_utilization(s);
	print_heap(s);
	print_sites(s);
}

void summary_text(const struct stat_answer *a, const struct metrics *m,
		  const struct stat_options *opt, const struct findings *findings)
{
	struct out lines;
	const struct summary s = { a, m, opt, &lines };

	out_init_memory(&lines);
	print_lines(&s);
	worth_text(&s, findings, line_width());
	if (opt->histogram) {
		print_histogram(&m->states.d[STATES_RUNNABLE], "latency", &lines);
		print_histogram(&m->pauses, "pauses", &lines);
	}
	if (out_failed(&lines))
		out_stdout.error = lines.error;
	else
		screen_print(&out_stdout, (struct tt_str){ lines.buffer, (size_t)(lines.pos - lines.buffer) },
			     line_width(), LABEL_WIDTH);
	out_release_memory(&lines);
}

static char *put_value(char *p, const struct metric *m)
{
	if (m->unit == METRIC_PERCENT || m->value != (double)(int64_t)m->value)
		return p + sprintf(p, "%.6g", m->value);
	return put_i64(p, (int64_t)m->value);
}

static char *put_top(const struct summary *s, char *p, const char *key, const struct stat_table *t)
{
	struct shown_row *rows;
	size_t n = largest(t, &rows);

	p = put_char(json_key(p, key), '[');
	for (size_t i = 0; rows && i < n && i < top_of(s); i++) {
		p = put_cstr(p, i > 0 ? ",{\"key\":" : "{\"key\":");
		p = put_char(out_room(s->o, out_json(s->o, p, rows[i].key)), ',');
		p = put_dist_json(p, &rows[i].row->d[0], &s->opt->quantiles);
		p = out_room(s->o, put_char(p, '}'));
	}
	free(rows);
	return put_char(p, ']');
}

void summary_json(const struct stat_answer *a, const struct metrics *m,
		  const struct stat_options *opt, const struct findings *findings)
{
	const struct summary s = { a, m, opt, &out_stdout };
	const struct stat_facts *f = &a->facts;
	char *p = json_open(out_begin(s.o), "view", "summary");

	p = a->file ? json_str(s.o, p, "file", str_of(a->file)) : json_null(p, "file");
	p = json_u64(out_room(s.o, p), "files", f->nfiles);
	p = json_u64(p, "broken", f->nbroken);
	if (f->nfiles == 1)
		p = json_i64(json_i64(p, "start_ns", f->start_ns), "end_ns", f->end_ns);
	p = put_char(json_key(p, "metrics"), '{');
	for (size_t i = 0; i < m->n; i++) {
		p = put_cstr(p, i > 0 ? ",\"" : "\"");
		p = put_value(put_lit(put_cstr(p, m->at[i].name), "\":"), &m->at[i]);
		p = out_room(s.o, p);
	}
	p = put_char(p, '}');
	p = put_top(&s, p, "waits", &a->tables[TABLE_WAITS]);
	p = put_top(&s, p, "sites", &a->tables[TABLE_SITES]);
	p = put_top(&s, p, "ranges", &a->tables[TABLE_RANGES]);
	p = worth_json(s.o, p, findings, f->nfiles != 1);
	out_end(s.o, put_lit(p, "}\n"));
}

void summary_csv(const struct metrics *m, const char *file, const struct findings *findings,
		 bool header)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	if (header) {
		p = put_lit(p, "file");
		for (size_t i = 0; i < m->n; i++)
			p = put_cstr(put_char(out_room(o, p), ','), m->at[i].name);
		p = put_lit(p, ",findings,finding\n");
	}
	p = out_room(o, csv_text(o, p, str_of(file)));
	for (size_t i = 0; i < m->n; i++)
		p = put_value(put_char(out_room(o, p), ','), &m->at[i]);
	out_end(o, put_char(worth_csv(o, p, findings), '\n'));
}

/* ---- many files, a line each */

static const struct {
	const char *name, *metric;
	size_t width;
} file_columns[] = {
	{ "duration", "duration", 9 }, { "busy%", "procs.busy", 6 }, { "peak-g", "goroutines.peak", 8 },
	{ "sched-max", "sched.max", 10 }, { "stw", "stw.n", 7 }, { "stw-max", "stw.max", 8 },
	{ "cycles", "gc.n", 7 }, { "gc-cpu%", "gc.cpu", 8 }, { "heap-max", "heap.max", 9 },
};

static char *put_metric(char *p, const struct metric *m)
{
	if (m->unit == METRIC_NS)
		return put_duration(p, (int64_t)m->value);
	if (m->unit == METRIC_BYTES)
		return put_nbytes(p, (uint64_t)m->value);
	if (m->unit == METRIC_PERCENT)
		return p + sprintf(p, "%.1f", m->value);
	return put_u64(p, (uint64_t)m->value);
}

static bool print_file(const struct stat_answer *a, const char *name, const struct stat_options *opt)
{
	struct metrics *m = calloc(1, sizeof(*m));
	bool fine = m && metrics_init(m, a, &opt->quantiles), read = a->opened || !a->file;
	const char *note = !read ? " (not read)" : a->file && a->facts.nbroken > 0 ? " (broken)" : "";
	size_t used = strlen(note);
	char *p = out_begin(&out_stdout), cell[64];

	for (size_t i = 0; fine && i < ARRAY_SIZE(file_columns); i++) {
		char *end = read ? put_metric(cell, metrics_find(m, file_columns[i].metric))
				 : put_char(cell, '-');

		p = put_padded_right(p, cell, end, file_columns[i].width);
		used += file_columns[i].width;
	}
	p = screen_put_last(&out_stdout, p, str_of(name), used, screen_width(), 4);
	p = put_cstr(out_room(&out_stdout, p), note);
	out_end(&out_stdout, put_char(p, '\n'));
	if (m)
		metrics_release(m);
	free(m);
	return fine;
}

bool summary_table(struct stat_answer *const *answers, size_t n, const struct stat_answer *sum,
		   const struct stat_options *opt)
{
	char *p = out_begin(&out_stdout);
	bool fine = true;

	for (size_t i = 0; i < ARRAY_SIZE(file_columns); i++) {
		const char *name = file_columns[i].name;

		p = put_padded_right(p, name, name + strlen(name), file_columns[i].width);
	}
	out_end(&out_stdout, put_lit(p, "  file\n"));
	for (size_t i = 0; i < n && fine; i++)
		fine = print_file(answers[i], answers[i]->file, opt);
	return fine && print_file(sum, "total", opt);
}
