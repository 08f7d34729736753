/* SPDX-License-Identifier: MIT */
/*
 * mmu.c - the view `mmu`: minimum mutator utilization for windows from the shortest with any
 * to the length of the trace. Command layer.
 */
#include "mmu.h"

#include <math.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/units.h"

/* The steps of a decade. */
static const int64_t steps[] = { 1, 2, 5 };

struct window {
	int64_t ns, at_ns;
	const char *file;
	double util;
};

/* The minimum over all files that are at least as long. */
static struct window minimum_of(const struct stat_files *f, int64_t ns)
{
	struct window w = { .ns = ns, .util = 1 };

	for (size_t i = 0; i < f->n; i++) {
		int64_t at;
		double util = util_minimum(&f->answers[i]->util, ns, &at);

		if (!isnan(util) && (!w.file || util < w.util)) {
			w.util = util;
			w.at_ns = at;
			w.file = f->answers[i]->file;
		}
	}
	return w;
}

static int64_t longest(const struct stat_files *f)
{
	int64_t most = 0;

	for (size_t i = 0; i < f->n; i++) {
		int64_t ns = (int64_t)f->answers[i]->facts.duration_ns;

		most = ns > most ? ns : most;
	}
	return most;
}

static char *put_text_row(const struct stat_files *f, char *p, const struct window *w)
{
	char *start = p;

	p = put_column(put_duration(p, w->ns), start, 10, 1);
	p += sprintf(p, "%6.2f %%  ", 100 * w->util);
	if (f->n == 1)
		return put_char(put_seconds(p, w->at_ns - f->sum.facts.start_ns), '\n');
	p = put_i64(put_char(p, '@'), w->at_ns);
	p = out_escaped(&out_stdout, put_lit(p, "  "), str_of(w->file ? w->file : ""));
	return put_char(out_room(&out_stdout, p), '\n');
}

static char *put_json_row(char *p, const struct window *w, bool first)
{
	p = put_i64(put_cstr(p, first ? "{\"window_ns\":" : ",{\"window_ns\":"), w->ns);
	p += sprintf(p, ",\"utilization\":%.12g", w->util);
	p = json_i64(p, "time_ns", w->at_ns);
	if (w->file)
		p = json_str(&out_stdout, p, "file", str_of(w->file));
	return out_room(&out_stdout, put_char(p, '}'));
}

static char *put_csv_row(char *p, const struct window *w)
{
	p = put_char(put_i64(p, w->ns), ',');
	p += sprintf(p, "%.12g,", w->util);
	return put_char(put_i64(p, w->at_ns), '\n');
}

void print_mmu(const struct stat_files *f, const struct stat_options *opt)
{
	struct out *o = &out_stdout;
	int64_t most = longest(f), decade = 1000;
	bool first = true;
	char *p = out_begin(o);

	if (opt->format == FORMAT_JSON)
		p = put_lit(json_u64(json_open(p, "view", "mmu"), "files", f->n), ",\"rows\":[");
	else
		p = put_cstr(p, opt->format == FORMAT_CSV ? "window_ns,utilization,time_ns\n"
							  : "window     at least  from\n");
	for (; decade <= most && decade < INT64_MAX / 100; decade *= 10) {
		for (size_t i = 0; i < ARRAY_SIZE(steps) && steps[i] * decade <= most; i++) {
			struct window w = minimum_of(f, steps[i] * decade);

			p = out_room(o, p);
			if (opt->format == FORMAT_JSON)
				p = put_json_row(p, &w, first);
			else
				p = opt->format == FORMAT_CSV ? put_csv_row(p, &w)
							      : put_text_row(f, p, &w);
			first = false;
		}
	}
	out_end(o, opt->format == FORMAT_JSON ? put_lit(p, "]}\n") : p);
}
