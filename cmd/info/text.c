/* SPDX-License-Identifier: MIT */
/* text.c - `tracetool info` for people: a file in some lines, or in one. Command layer. */
#include "cli/units.h"
#include "cli/wall.h"
#include "info.h"

enum {
	LABEL_WIDTH = 12,
	LINE_WIDTH = 80,
};

/* Times of a damaged trace may be anything: the difference wraps around. */
static int64_t since(int64_t ns, int64_t start)
{
	return (int64_t)((uint64_t)ns - (uint64_t)start);
}

/* ---- columns */

/* A text of ours or digits, to the right of a column, with a blank before it. */
static char *put_right(char *p, const char *text, size_t len, size_t width)
{
	*p++ = ' ';
	for (; len < width; width--)
		*p++ = ' ';
	return put_mem(p, text, len);
}

static char *put_right_u64(char *p, uint64_t v, size_t width)
{
	char digits[24];

	return put_right(p, digits, (size_t)(put_u64(digits, v) - digits), width);
}

/* Microseconds are enough for a table. */
static char *put_right_seconds(char *p, int64_t ns, size_t width)
{
	char text[32];
	char *end = put_seconds(text, ns);

	return put_right(p, text, (size_t)(end - text) - 3, width);
}

static char *put_right_nbytes(char *p, uint64_t nbytes, size_t width)
{
	char text[NBYTES_TEXT_SIZE];

	nbytes_text(text, nbytes);
	return put_right(p, text, strlen(text), width);
}

static char *put_label(char *p, const char *label)
{
	return put_column(put_cstr(p, label), p, LABEL_WIDTH, 1);
}

/* ---- a file in some lines */

static void begin(const struct info *f)
{
	struct out *o = &out_stdout;
	unsigned version = tt_reader_version(f->reader);
	char *p = out_begin(o);

	if (f->index != 0)
		p = put_char(p, '\n');
	p = out_escaped(o, p, str_of(f->file));
	p = put_label(put_char(out_room(o, p), '\n'), "format");
	p = put_cstr(p, info_format_name(version));
	p = put_cstr(put_lit(p, ", Go "), info_go_versions(version));
	p = put_label(put_char(p, '\n'), "container");
	p = put_char(out_room(o, info_container(f, o, p)), '\n');
	out_end(o, p);
}

static void generations_header(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	p = put_lit(p, "\n  gen     offset    bytes batches");
	if (f->opt->count)
		p = put_lit(p, "    events");
	p = put_lit(p, "       from         to        clock\n");
	out_end(o, p);
}

/* "15:04:05.123" of "2006-01-02T15:04:05.123456789Z" in UTC. */
static char *put_time_of_day(char *p, const struct tt_clock *clock)
{
	struct tt_clock whole = *clock;
	uint64_t ms = whole.wall_nsec / 1000000;
	char text[64];
	char *end;

	whole.wall_nsec = 0;
	end = put_wall(text, &whole, true);
	p = put_mem(p, end - 9, 8);
	return put_padded(put_char(p, '.'), ms < 1000 ? ms : 999, 3);
}

static void generation(const struct info *f, const struct info_generation *g)
{
	struct out *o = &out_stdout;
	int64_t start = f->total.summary.first_ns;
	char offset[24];
	char *p;

	if (f->ngenerations == 1)
		generations_header(f);
	p = put_right_u64(out_begin(o), g->number, 4);
	p = put_right(p, offset, (size_t)(put_hex(put_lit(offset, "0x"), g->offset) - offset), 10);
	p = put_right_nbytes(p, g->end - g->offset, 8);
	p = put_right_u64(p, g->summary.nbatches, 7);
	if (f->opt->count)
		p = put_right_u64(p, g->nevents, 9);
	if (g->has_times) {
		p = put_right_seconds(p, since(g->summary.first_ns, start), 10);
		p = put_right_seconds(p, since(g->summary.last_ns, start), 10);
	} else {
		p = put_right(put_right(p, "-", 1, 10), "-", 1, 10);
	}
	if (!g->complete)
		p = put_right(p, "broken", 6, 12);
	else if (g->has_clock)
		p = put_time_of_day(put_char(p, ' '), &g->clock);
	else
		p = put_right(p, "-", 1, 12);
	out_end(o, put_char(p, '\n'));
}

static char *put_time(const struct info *f, char *p)
{
	const struct info_generation *t = &f->total;

	if (!t->has_times)
		return p;
	p = put_label(p, "time");
	p = put_seconds(p, since(t->summary.last_ns, t->summary.first_ns));
	p = put_cstr(p, info_end_is_exact(f) ? " s, from " : " s to the last batch, from ");
	p = put_i64(p, t->summary.first_ns);
	p = put_lit(p, " ns");
	if (t->has_clock) {
		p = put_label(put_char(p, '\n'), "wall clock");
		p = put_wall(p, &t->clock, true);
	}
	return put_char(p, '\n');
}

static char *put_counts(const struct info *f, char *p)
{
	const struct info_generation *t = &f->total;

	p = put_label(p, "generations");
	p = put_u64(p, f->ngenerations);
	p = put_lit(p, ", ");
	p = put_u64(p, t->summary.nbatches);
	p = put_cstr(p, t->summary.nbatches == 1 ? " batch" : " batches");
	if (tt_reader_version(f->reader) >= 22) {
		p = put_label(put_char(p, '\n'), "threads");
		p = put_cstr(p, f->more_threads ? "more than " : "");
		p = put_u64(p, f->threads.n);
	}
	p = put_label(put_char(p, '\n'), "tables");
	p = put_count(p, t->nstrings, "string");
	p = put_count(put_lit(p, ", "), t->nstacks, "stack");
	p = put_count(put_lit(p, ", "), t->nsamples, "CPU sample");
	return put_char(p, '\n');
}

/* Kinds as far as there are events of them, in lines of no more than LINE_WIDTH. */
static char *put_kinds(const struct info *f, char *p)
{
	size_t column = LINE_WIDTH;

	for (unsigned kind = 0; kind < TT_KIND_COUNT; kind++) {
		char item[64];
		char *end = put_cstr(item, tt_kind_name((enum tt_kind)kind));
		size_t len;

		if (f->count.kinds[kind] == 0)
			continue;
		end = put_u64(put_char(end, ' '), f->count.kinds[kind]);
		len = (size_t)(end - item);
		if (column + 2 + len > LINE_WIDTH) {
			p = put_label(put_char(p, '\n'), "");
			column = LABEL_WIDTH;
		} else {
			p = put_lit(p, ", ");
			column += 2;
		}
		p = put_mem(p, item, len);
		column += len;
	}
	return p;
}

static char *put_events(const struct info *f, char *p)
{
	if (!f->opt->count)
		return p;
	p = put_label(p, "goroutines");
	p = put_u64(p, f->count.goroutines);
	p = put_label(put_char(p, '\n'), "processors");
	p = put_u64(p, f->count.procs);
	p = put_label(put_char(p, '\n'), "events");
	p = put_u64(p, f->count.nevents);
	return put_char(put_kinds(f, p), '\n');
}

static char *put_experiment(const struct info *f, struct out *o, char *p, unsigned id)
{
	const struct info_experiment *e = &f->experiments[id];
	const char *name = info_experiment_name(f, id);

	p = put_u64(put_label(p, "experiment"), id);
	if (name)
		p = out_room(o, out_escaped(o, put_char(p, ' '), str_of(name)));
	p = put_u64(put_lit(p, ", "), e->nbatches);
	p = put_cstr(p, e->nbatches == 1 ? " batch, " : " batches, ");
	p = put_nbytes(p, e->nbytes);
	if (f->opt->count)
		p = put_count(put_lit(p, ", "), e->nevents, "event");
	p = put_cstr(put_lit(p, ", spec: "), info_spec_origin(f, id));
	return put_char(p, '\n');
}

static char *put_damage(struct out *o, char *p, const struct info_damage *d)
{
	char place[128];

	p = put_label(p, "damage");
	p = put_cstr(p, tt_code_name(d->err.code));
	if (cmd_location(&d->err, place, sizeof(place))[0] != '\0')
		p = put_cstr(put_lit(p, " at "), place);
	if (d->skipped_nbytes != 0) {
		p = put_nbytes(put_lit(p, ", "), d->skipped_nbytes);
		p = put_lit(p, " skipped");
	}
	return put_char(out_room(o, p), '\n');
}

static char *put_size(const struct info *f, char *p)
{
	const struct tt_progress *pr = &f->progress;
	struct tt_container packed;
	uint64_t in = pr->in_total ? pr->in_total : pr->in_nbytes;

	p = put_nbytes(put_label(p, "size"), in);
	p = put_u64(put_lit(p, " ("), in);
	p = put_lit(p, ")");
	if (tt_reader_container(f->reader, 0, &packed)) {
		p = put_nbytes(put_lit(p, ", unpacked "), pr->nbytes);
		p = put_u64(put_lit(p, " ("), pr->nbytes);
		p = put_lit(p, ")");
	}
	return put_char(p, '\n');
}

static char *put_piece_row(struct out *o, char *p, size_t number, const struct tt_piece *piece)
{
	char offset[24];

	p = put_right_u64(p, number, 6);
	p = put_right(p, offset, (size_t)(put_hex(put_lit(offset, "0x"), piece->offset) - offset), 10);
	p = put_lit(put_right_u64(p, piece->nbytes, 12), "  ");
	if (piece->kind == TT_PIECE_TRACE) {
		p = put_cstr(p, piece->version != 0 ? "trace " : "more of trace ");
		p = put_u64(p, piece->trace);
		if (piece->version != 0)
			p = put_cstr(put_lit(p, ", Go "), info_go_versions(piece->version));
	} else if (piece->text.len != 0) {
		p = out_room(o, out_escaped(o, p, piece->text));
	} else {
		p = put_cstr(p, piece->kind == TT_PIECE_OTHER ? "other bytes"
							      : info_piece_kind(piece));
	}
	return put_char(p, '\n');
}

/* A row for each piece of a file that holds more than a trace. */
static void put_pieces(const struct info *f)
{
	struct out *o = &out_stdout;
	struct tt_piece piece;
	char *p;

	if (!f->pieces)
		return;
	p = out_begin(o);
	if (!f->reader)
		p = out_room(o, out_escaped(o, p, str_of(f->file)));
	p = put_lit(p, "\n  piece     offset        bytes  what\n");
	for (size_t i = 0; tt_pieces_at(f->pieces, i, &piece); i++)
		p = out_room(o, put_piece_row(o, p, i + 1, &piece));
	out_end(o, p);
}

static void end(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p;

	if (!f->reader) {
		put_pieces(f);
		return;
	}
	p = put_char(out_begin(o), '\n');
	p = put_size(f, p);
	p = put_time(f, p);
	p = put_counts(f, p);
	p = put_events(f, p);
	for (unsigned id = 0; id < ARRAY_SIZE(f->experiments); id++) {
		if (info_has_experiment(f, id))
			p = out_room(o, put_experiment(f, o, p, id));
	}
	for (size_t i = 0; i < info_ndamages_kept(f); i++)
		p = put_damage(o, p, &f->damages[i]);
	if (f->ndamages > INFO_MAX_DAMAGES) {
		p = put_u64(put_label(p, ""), f->ndamages - INFO_MAX_DAMAGES);
		p = put_lit(p, " more\n");
	}
	out_end(o, p);
	put_pieces(f);
}

const struct info_format info_text = {
	.begin = begin,
	.generation = generation,
	.end = end,
};

/* ---- a file in one */

static void table_header(void)
{
	struct out *o = &out_stdout;

	out_end(o, put_lit(out_begin(o),
			   "go        size  gens    seconds     threads    stacks  damage     file\n"));
}

static void table_row(const struct info *f)
{
	struct out *o = &out_stdout;
	const struct tt_generation_summary *s = &f->total.summary;
	char *p = out_begin(o), *start = p;

	if (f->reader) {
		p = put_u64(put_lit(p, "1."), tt_reader_version(f->reader));
		p = put_right_nbytes(put_column(p, start, 5, 0),
				     f->progress.in_total ? f->progress.in_total
							  : f->progress.in_nbytes, 8);
		p = put_right_u64(p, f->ngenerations, 5);
		p = put_right_seconds(p, since(s->last_ns, s->first_ns), 10);
		if (tt_reader_version(f->reader) < 22)
			p = put_right(p, "-", 1, 11);
		else
			p = put_right_u64(p, f->threads.n, 11);
		p = put_right_u64(p, f->total.nstacks, 9);
	} else {
		p = put_column(put_char(p, '-'), start, 53, 0);
	}
	start = p = put_lit(p, "  ");
	p = put_cstr(p, f->ndamages ? tt_code_name(f->damages[0].err.code) : "-");
	p = put_column(p, start, 11, 2);
	p = out_escaped(o, p, str_of(f->file));
	out_end(o, put_char(out_room(o, p), '\n'));
}

const struct info_format info_table_text = {
	.header = table_header,
	.end = table_row,
};
