/* SPDX-License-Identifier: MIT */
/* json.c - `tracetool info` as JSON: an object per file, each on a line. Command layer. */
#include "cli/json.h"
#include "cli/wall.h"
#include "info.h"

static char *put_containers(const struct info *f, struct out *o, char *p)
{
	struct tt_container c;

	p = put_char(json_key(p, "container"), '[');
	for (size_t i = 0; tt_reader_container(f->reader, i, &c); i++) {
		if (i != 0)
			p = put_char(p, ',');
		p = json_open(p, "kind", c.name);
		if (c.member)
			p = out_room(o, json_str(o, p, "member", str_of(c.member)));
		p = put_char(p, '}');
	}
	return put_char(p, ']');
}

/* The members that are known before anything is read; no brace closes them. */
static char *put_front(const struct info *f, struct out *o, char *p)
{
	unsigned version;

	p = put_lit(p, "{\"file\":");
	p = out_room(o, out_json(o, p, str_of(f->file)));
	if (!f->reader)
		return p;
	version = tt_reader_version(f->reader);
	p = json_word(p, "format", info_format_name(version));
	p = json_u64(p, "version", version);
	p = json_word(p, "go", info_go_versions(version));
	return put_containers(f, o, p);
}

static void begin(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p = put_front(f, o, out_begin(o));

	out_end(o, put_char(json_key(p, "generations"), '['));
}

static char *put_wall_member(char *p, const struct info_generation *g)
{
	if (!g->has_clock)
		return json_null(p, "wall");
	p = put_char(json_key(p, "wall"), '"');
	return put_char(put_wall(p, &g->clock, true), '"');
}

/* What a generation and a whole file have. */
static char *put_tables(char *p, const struct info_generation *g)
{
	p = json_u64(p, "batches", g->summary.nbatches);
	p = json_u64(p, "event_bytes", g->summary.event_nbytes);
	p = json_u64(p, "strings", g->nstrings);
	p = json_u64(p, "stacks", g->nstacks);
	p = json_u64(p, "samples", g->nsamples);
	return json_u64(p, "experimental_batches", g->nexperimental);
}

static void generation(const struct info *f, const struct info_generation *g)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	p = put_cstr(p, f->ngenerations == 1 ? "{\"generation\":" : ",{\"generation\":");
	p = put_u64(p, g->number);
	p = json_u64(p, "ordinal", g->ordinal);
	p = json_u64(p, "offset", g->offset);
	p = json_u64(p, "bytes", g->end - g->offset);
	p = json_bool(p, "complete", g->complete);
	if (g->has_times) {
		p = json_i64(p, "start_ns", g->summary.first_ns);
		p = json_i64(p, "end_ns", g->summary.last_ns);
		p = put_wall_member(p, g);
		p = json_u64(p, "frequency_hz", g->frequency);
	}
	p = json_u64(p, "threads", g->summary.nthreads);
	p = put_tables(p, g);
	if (f->opt->count)
		p = json_u64(p, "events", g->nevents);
	out_end(o, put_char(p, '}'));
}

/* ---- the sums */

static char *put_times(const struct info *f, char *p)
{
	const struct tt_generation_summary *s = &f->total.summary;

	if (!f->total.has_times)
		return p;
	p = json_i64(p, "start_ns", s->first_ns);
	p = json_i64(p, "end_ns", s->last_ns);
	p = json_i64(p, "duration_ns", (int64_t)((uint64_t)s->last_ns - (uint64_t)s->first_ns));
	p = json_bool(p, "end_exact", info_end_is_exact(f));
	return put_wall_member(p, &f->total);
}

static char *put_counts(const struct info *f, char *p)
{
	bool first = true;

	if (!f->opt->count)
		return p;
	p = json_u64(p, "events", f->count.nevents);
	p = json_u64(p, "goroutines", f->count.goroutines);
	p = json_u64(p, "procs", f->count.procs);
	p = put_char(json_key(p, "kinds"), '{');
	for (unsigned kind = 0; kind < TT_KIND_COUNT; kind++) {
		if (f->count.kinds[kind] == 0)
			continue;
		/* without the comma before the first */
		if (first)
			p = put_u64(put_lit(put_cstr(put_char(p, '"'),
						     tt_kind_name((enum tt_kind)kind)), "\":"),
				    f->count.kinds[kind]);
		else
			p = json_u64(p, tt_kind_name((enum tt_kind)kind), f->count.kinds[kind]);
		first = false;
	}
	return put_char(p, '}');
}

static char *put_experiments(const struct info *f, struct out *o, char *p)
{
	const char *separator = "{\"id\":";

	p = put_char(json_key(p, "experiments"), '[');
	for (unsigned id = 0; id < ARRAY_SIZE(f->experiments); id++) {
		const char *name = info_experiment_name(f, id);

		if (!info_has_experiment(f, id))
			continue;
		p = put_u64(put_cstr(out_room(o, p), separator), id);
		p = name ? out_room(o, json_cstr(o, p, "name", name)) : json_null(p, "name");
		p = json_u64(p, "batches", f->experiments[id].nbatches);
		p = json_u64(p, "bytes", f->experiments[id].nbytes);
		if (f->opt->count)
			p = json_u64(p, "events", f->experiments[id].nevents);
		p = put_char(json_word(p, "spec", info_spec_origin(f, id)), '}');
		separator = ",{\"id\":";
	}
	return put_char(p, ']');
}

static char *put_damages(const struct info *f, struct out *o, char *p)
{
	p = put_char(json_key(json_u64(p, "damages", f->ndamages), "damage"), '[');
	for (size_t i = 0; i < info_ndamages_kept(f); i++) {
		const struct info_damage *d = &f->damages[i];

		p = json_open(put_cstr(p, i == 0 ? "" : ","), "code", tt_code_name(d->err.code));
		p = json_str(o, p, "message", str_of(d->err.message));
		p = json_known(out_room(o, p), "offset", d->err.offset);
		p = json_known(p, "generation", d->err.generation);
		p = json_id(p, "thread", d->err.thread);
		p = json_u64(p, "skipped_bytes", d->skipped_nbytes);
		p = put_char(json_bool(p, "resumed", d->resumed), '}');
	}
	return put_char(p, ']');
}

static char *put_pieces(const struct info *f, struct out *o, char *p)
{
	struct tt_piece piece;

	if (!f->pieces)
		return p;
	p = put_char(json_key(p, "pieces"), '[');
	for (size_t i = 0; tt_pieces_at(f->pieces, i, &piece); i++) {
		p = put_cstr(out_room(o, p), i == 0 ? "" : ",");
		p = json_open(p, "kind", info_piece_kind(&piece));
		p = json_u64(p, "offset", piece.offset);
		p = json_u64(p, "bytes", piece.nbytes);
		p = piece.trace != 0 ? json_u64(p, "trace", piece.trace) : json_null(p, "trace");
		if (piece.version != 0)
			p = json_u64(p, "version", piece.version);
		if (piece.text.len != 0)
			p = out_room(o, json_str(o, p, "text", piece.text));
		p = put_char(p, '}');
	}
	return put_char(p, ']');
}

static char *put_end(const struct info *f, struct out *o, char *p)
{
	if (f->reader) {
		p = json_u64(p, "input_bytes", f->progress.in_total ? f->progress.in_total
								    : f->progress.in_nbytes);
		p = json_u64(p, "bytes", f->progress.nbytes);
		p = put_times(f, p);
		if (tt_reader_version(f->reader) >= 22)
			p = json_u64(p, "threads", f->threads.n);
		p = put_tables(p, &f->total);
		p = put_counts(f, p);
		p = put_experiments(f, o, p);
	}
	p = put_pieces(f, o, put_damages(f, o, p));
	return put_lit(p, "}\n");
}

static void end(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	if (f->reader)
		p = put_char(p, ']');
	else
		p = put_front(f, o, p);
	out_end(o, put_end(f, o, p));
}

const struct info_format info_json = {
	.begin = begin,
	.generation = generation,
	.end = end,
};

/* The same without the generations. */
static void table_end(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p = put_front(f, o, out_begin(o));

	if (f->reader)
		p = json_u64(p, "generations", f->ngenerations);
	out_end(o, put_end(f, o, p));
}

const struct info_format info_table_json = {
	.end = table_end,
};
