/* SPDX-License-Identifier: MIT */
/*
 * tables.c - the tables of each generation, instead of its events, as text
 * or JSON. Command layer.
 */
#include "cli/json.h"
#include "dump.h"

/* One table: how many rows, and how a row is printed in both forms. */
struct section {
	const char *name;
	size_t (*count)(const struct tt_generation *g);
	char *(*text)(struct dump *d, char *p, const struct tt_generation *g, size_t i);
	char *(*json)(struct dump *d, char *p, const struct tt_generation *g, size_t i);
};

static char *put_number(char *p, const char *name, uint64_t v)
{
	p = put_cstr(p, name);
	return put_u64(p, v);
}

static char *put_id(char *p, const char *name, int64_t id)
{
	p = put_cstr(p, name);
	return id == TT_NONE ? put_char(p, '-') : put_i64(p, id);
}

/* ---- strings */

static char *string_text(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	const char *start = p;
	uint64_t id;
	struct tt_str s = tt_generation_string_at(g, i, &id);

	(void)d;
	p = put_lit(p, "  ");
	p = put_column(put_u64(p, id), start, 10, 2);
	return put_char(out_quoted(&out_stdout, p, s), '\n');
}

static char *string_json(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	uint64_t id;
	struct tt_str s = tt_generation_string_at(g, i, &id);

	(void)d;
	return json_str(&out_stdout, json_u64(p, "id", id), "text", s);
}

/* ---- stacks */

static char *stack_text(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t id = tt_generation_stack_at(g, i);
	int n = tt_generation_stack(g, id, frames);

	(void)d;
	p = put_number(p, "  ", id);
	p = put_char(p, '\n');
	p = dump_text_frames(&out_stdout, p, frames, n);
	return out_room(&out_stdout, p);
}

static char *stack_json(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t id = tt_generation_stack_at(g, i);
	int n = tt_generation_stack(g, id, frames);

	(void)d;
	p = json_key(json_u64(p, "id", id), "frames");
	return dump_json_frames(&out_stdout, p, frames, n);
}

/* ---- samples */

static char *sample_text(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct tt_sample s = tt_generation_sample_at(g, i);
	struct tt_str top;

	p = put_lit(p, "  time ");
	p = put_i64(p, s.time_ns);
	p = put_id(p, " ns, thread ", s.thread);
	p = put_id(p, ", proc ", s.proc);
	p = put_id(p, ", goroutine ", s.goroutine);
	p = put_number(p, ", stack ", s.stack);
	top = stack_cache_get(&d->tops, g, s.stack);
	if (top.len != 0)
		p = out_str(&out_stdout, put_lit(p, "  "), top);
	return put_char(out_room(&out_stdout, p), '\n');
}

static char *sample_json(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct out *o = &out_stdout;
	struct tt_sample s = tt_generation_sample_at(g, i);

	p = json_i64(p, "time_ns", s.time_ns);
	p = json_id(p, "thread", s.thread);
	p = json_id(p, "proc", s.proc);
	p = json_id(p, "goroutine", s.goroutine);
	p = json_u64(p, "stack_id", s.stack);
	return out_room(o, out_str(o, p, stack_cache_get(&d->tops, g, s.stack)));
}

/* ---- batches */

static const char *experiment_name(const struct dump *d, unsigned id)
{
	const struct tt_experiment_spec *e =
		tt_specs_experiment_id(tt_reader_specs(d->reader), id);

	return e ? e->name : NULL;
}

static char *batch_text(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct tt_batch b = tt_generation_experimental_at(g, i);
	const char *name = experiment_name(d, b.experiment);

	p = put_number(p, "  experiment ", b.experiment);
	if (name) {
		p = put_lit(p, " (");
		p = put_char(out_room(&out_stdout, out_cstr(&out_stdout, p, name)), ')');
	}
	p = put_id(p, ", thread ", b.thread);
	p = put_lit(p, ", time ");
	p = put_i64(p, tt_generation_ns(g, b.time_ticks));
	p = put_lit(p, " ns, offset 0x");
	p = put_hex(p, b.offset);
	p = put_number(p, ", ", b.size);
	return put_lit(p, " bytes\n");
}

static char *batch_json(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	struct tt_batch b = tt_generation_experimental_at(g, i);
	const char *name = experiment_name(d, b.experiment);

	p = json_u64(p, "experiment_id", b.experiment);
	if (name)
		p = json_cstr(&out_stdout, p, "experiment", name);
	else
		p = json_null(p, "experiment");
	p = json_id(p, "thread", b.thread);
	p = json_i64(p, "time_ns", tt_generation_ns(g, b.time_ticks));
	p = json_u64(p, "offset", b.offset);
	p = json_u64(p, "data_offset", b.data_offset);
	return json_u64(p, "size", b.size);
}

/* ---- sync */

static size_t sync_count(const struct tt_generation *g)
{
	(void)g;
	return 1;
}

static char *sync_text(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	const struct tt_clock *clock = tt_generation_clock(g);

	(void)d;
	(void)i;
	p = put_lit(p, "  bytes 0x");
	p = put_hex(p, tt_generation_offset(g));
	p = put_lit(p, " to 0x");
	p = put_hex(p, tt_generation_end(g));
	p = put_lit(p, ", from ");
	p = put_i64(p, tt_generation_start_ns(g));
	p = put_number(p, " ns, ", tt_generation_frequency(g));
	p = put_lit(p, " ticks a second\n");
	if (!clock)
		return p;
	p = put_lit(p, "  clock: trace ");
	p = put_i64(p, clock->trace_ns);
	p = put_number(p, " ns, monotonic ", clock->mono_ns);
	p = put_lit(p, " ns, wall ");
	return put_char(put_wall(p, clock, false), '\n');
}

static char *sync_json(struct dump *d, char *p, const struct tt_generation *g, size_t i)
{
	(void)d;
	(void)i;
	p = json_u64(p, "ordinal", tt_generation_ordinal(g));
	p = json_u64(p, "offset", tt_generation_offset(g));
	p = json_u64(p, "end", tt_generation_end(g));
	p = json_i64(p, "start_ns", tt_generation_start_ns(g));
	p = json_u64(p, "frequency_hz", tt_generation_frequency(g));
	p = json_u64(p, "strings", tt_generation_nstrings(g));
	p = json_u64(p, "stacks", tt_generation_nstacks(g));
	p = json_u64(p, "samples", tt_generation_nsamples(g));
	p = json_u64(p, "batches", tt_generation_nexperimental(g));
	return dump_json_clock(p, tt_generation_clock(g));
}

/* ---- walk */

static const struct section
	sync_section = { "sync", sync_count, sync_text, sync_json },
	strings_section = { "strings", tt_generation_nstrings, string_text, string_json },
	stacks_section = { "stacks", tt_generation_nstacks, stack_text, stack_json },
	samples_section = { "samples", tt_generation_nsamples, sample_text, sample_json },
	batches_section = { "batches", tt_generation_nexperimental, batch_text, batch_json };

/* --experiment selects batches and does not apply to the other tables. */
static bool wanted(const struct dump *d, const struct section *s, const struct tt_generation *g,
		   size_t i)
{
	return s != &batches_section || !d->selector.experiment ||
	       tt_generation_experimental_at(g, i).experiment == d->selector.experiment;
}

static size_t count_wanted(const struct dump *d, const struct section *s,
			   const struct tt_generation *g)
{
	size_t n = s->count(g), found = 0;

	for (size_t i = 0; i < n; i++)
		found += wanted(d, s, g, i);
	return found;
}

static void print_row(struct dump *d, const struct section *s, const struct tt_generation *g,
		      size_t i)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	if (d->opt->format == DUMP_JSON) {
		p = json_open(p, "table", s->name);
		p = json_u64(p, "generation", tt_generation_number(g));
		p = put_lit(s->json(d, p, g, i), "}\n");
	} else {
		p = s->text(d, p, g, i);
	}
	out_end(o, p);
}

static void print_section(struct dump *d, const struct section *s, const struct tt_generation *g)
{
	size_t n = s->count(g);

	if (d->opt->format == DUMP_TEXT) {
		char *p = put_cstr(out_begin(&out_stdout), s->name);

		if (s != &sync_section)
			p = put_number(p, ": ", count_wanted(d, s, g));
		out_end(&out_stdout, put_char(p, '\n'));
	}
	for (size_t i = 0; i < n && !out_failed(&out_stdout); i++) {
		if (wanted(d, s, g, i))
			print_row(d, s, g, i);
	}
}

static void print_generation(struct dump *d, const struct tt_generation *g)
{
	const struct dump_options *opt = d->opt;

	if (opt->format == DUMP_TEXT) {
		char *p = put_number(out_begin(&out_stdout), "-- generation ",
				     tt_generation_number(g));

		out_end(&out_stdout, put_char(p, '\n'));
	}
	if (opt->sync)
		print_section(d, &sync_section, g);
	if (opt->strings)
		print_section(d, &strings_section, g);
	if (opt->stacks_table)
		print_section(d, &stacks_section, g);
	if (opt->samples)
		print_section(d, &samples_section, g);
	if (opt->batches)
		print_section(d, &batches_section, g);
}

/* Those that are not wanted need not be unpacked. */
static int next_generation(struct dump *d, const struct tt_generation **g)
{
	struct generation_range range = d->opt->selection.generations;
	int rc;

	do
		rc = tt_reader_pass_generation(d->reader, range.first, range.last);
	while (rc == 0);
	return rc < 0 ? rc : tt_reader_next_generation(d->reader, g);
}

int dump_sections(struct dump *d)
{
	const struct tt_generation *g;
	struct tt_error err;
	int rc, status;

	d->tops.render = d->opt->format == DUMP_JSON ? dump_json_top : text_top;
	while ((rc = next_generation(d, &g)) == 0 && !out_failed(&out_stdout)) {
		/* names that only the trace's own specs have are known with its first generation */
		if (d->selector.unresolved) {
			status = selector_resolve(&d->selector, d->command,
						  tt_reader_specs(d->reader));
			if (status != OPT_RUN)
				return status;
			d->selector.unresolved = false;
		}
		stack_cache_reset(&d->tops);
		if (selector_has_generation(&d->selector, g))
			print_generation(d, g);
	}
	dump_findings(d);
	if (rc >= 0)
		return STATUS_FINE;
	err = *tt_reader_error(d->reader);
	dump_find_cause(d, &err);
	return d->opt->format == DUMP_JSON ? dump_json.error(d, &err) : dump_error(d, &err);
}
