/* SPDX-License-Identifier: MIT */
/* csv.c - `tracetool info` as CSV: a row per generation, or per file. Command layer. */
#include "cli/csv.h"
#include "cli/wall.h"
#include "info.h"

static char *cell_u64(char *p, uint64_t v)
{
	return put_u64(put_char(p, ','), v);
}

static char *cell_i64(char *p, int64_t v)
{
	return put_i64(put_char(p, ','), v);
}

/* What rows of a generation and of a file have in common. */
static char *put_tables(char *p, const struct info_generation *g, size_t nthreads)
{
	p = put_char(p, ',');
	if (g->has_clock)
		p = put_wall(p, &g->clock, true);
	p = cell_u64(p, nthreads);
	p = cell_u64(p, g->nstrings);
	p = cell_u64(p, g->nstacks);
	p = cell_u64(p, g->nsamples);
	return cell_u64(p, g->nexperimental);
}

static char *put_time_cells(char *p, const struct info_generation *g)
{
	if (!g->has_times)
		return put_lit(p, ",,");
	return cell_i64(cell_i64(p, g->summary.first_ns), g->summary.last_ns);
}

static char *put_count_cell(const struct info *f, char *p, uint64_t nevents)
{
	return f->opt->count ? cell_u64(p, nevents) : put_char(p, ',');
}

static void header(void)
{
	struct out *o = &out_stdout;

	out_end(o, put_lit(out_begin(o),
			   "file,generation,ordinal,offset,bytes,batches,events,start_ns,end_ns,"
			   "wall,threads,strings,stacks,samples,experimental_batches,complete\n"));
}

static void generation(const struct info *f, const struct info_generation *g)
{
	struct out *o = &out_stdout;
	char *p = out_room(o, csv_text(o, out_begin(o), str_of(f->file)));

	p = cell_u64(p, g->number);
	p = cell_u64(p, g->ordinal);
	p = cell_u64(p, g->offset);
	p = cell_u64(p, g->end - g->offset);
	p = cell_u64(p, g->summary.nbatches);
	p = put_count_cell(f, p, g->nevents);
	p = put_time_cells(p, g);
	p = put_tables(p, g, g->summary.nthreads);
	p = put_cstr(p, g->complete ? ",true" : ",false");
	out_end(o, put_char(p, '\n'));
}

static void end(const struct info *f)
{
	(void)f;
}

const struct info_format info_csv = {
	.header = header,
	.generation = generation,
	.end = end,
};

static void table_header(void)
{
	struct out *o = &out_stdout;

	out_end(o, put_lit(out_begin(o),
			   "file,version,container,input_bytes,bytes,generations,batches,events,"
			   "start_ns,end_ns,wall,threads,strings,stacks,samples,"
			   "experimental_batches,damages,damage\n"));
}

static char *put_container_cell(const struct info *f, struct out *o, char *p)
{
	struct out text;
	char *end;

	out_init_memory(&text);
	end = info_container(f, &text, out_begin(&text));
	if (text.error == 0)
		p = csv_escaped(o, p, (struct tt_str){ text.buffer, (size_t)(end - text.buffer) });
	out_release_memory(&text);
	return out_room(o, p);
}

static char *put_file_cells(const struct info *f, struct out *o, char *p)
{
	const struct tt_progress *pr = &f->progress;

	p = cell_u64(p, tt_reader_version(f->reader));
	p = put_container_cell(f, o, put_char(p, ','));
	p = cell_u64(p, pr->in_total ? pr->in_total : pr->in_nbytes);
	p = cell_u64(p, pr->nbytes);
	p = cell_u64(p, f->ngenerations);
	p = cell_u64(p, f->total.summary.nbatches);
	p = put_count_cell(f, p, f->count.nevents);
	p = put_time_cells(p, &f->total);
	return put_tables(p, &f->total, f->threads.n);
}

static void table_row(const struct info *f)
{
	struct out *o = &out_stdout;
	char *p = out_room(o, csv_text(o, out_begin(o), str_of(f->file)));

	if (f->reader)
		p = put_file_cells(f, o, p);
	else
		p = put_lit(p, ",,,,,,,,,,,,,,,");
	p = cell_u64(p, f->ndamages);
	p = put_char(p, ',');
	if (f->ndamages != 0)
		p = put_cstr(p, tt_code_name(f->damages[0].err.code));
	out_end(o, put_char(p, '\n'));
}

const struct info_format info_table_csv = {
	.header = table_header,
	.end = table_row,
};
