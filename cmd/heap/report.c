/* SPDX-License-Identifier: MIT */
/* report.c - the formats of `tracetool heap`. Command layer. */
#include "cli/csv.h"
#include "cli/json.h"
#include "cli/units.h"
#include "heap.h"

/* The duration below which `percent` of the row's freed objects lived, in ns. */
static int64_t percentile(const struct heap_row *row, unsigned percent)
{
	uint64_t want = (row->frees * percent + 99) / 100, seen = 0;

	for (unsigned i = 0; row->lives && i < LIFE_BUCKETS; i++) {
		seen += row->lives[i];
		if (seen < want || seen == 0)
			continue;
		/* the middle of the step */
		if (i < 2 * LIFE_STEPS)
			return i;
		return (int64_t)((2 * (uint64_t)(LIFE_STEPS + i % LIFE_STEPS) + 1)
				 << (i / LIFE_STEPS - 1)) / 2;
	}
	return 0;
}

static const unsigned percents[] = { 50, 90, 99 };

static struct tt_str type_name(const struct heap_report *r, uint32_t type)
{
	struct tt_str name = tt_heap_type(r->heap, type).name;

	return name.len > 0 ? name : (struct tt_str){ "(unknown)", 9 };
}

/* What a row is called, escaped; never empty. */
static char *put_row_name(struct out *o, char *p, const struct heap_report *r, size_t row)
{
	const char *stack;

	if (r->by == HEAP_BY_TYPE)
		return out_escaped(o, p, type_name(r, (uint32_t)row));
	stack = r->stacks[row][0] == '\0' ? "(no stack)" : r->stacks[row];
	return out_cstr(o, p, stack);
}

/* ---- text */

/* Moves what was written from `from` on to the right end of a column. */
static char *flush_right(char *p, char *from, size_t width)
{
	size_t len = (size_t)(p - from);

	if (len >= width)
		return p;
	memmove(from + (width - len), from, len);
	memset(from, ' ', width - len);
	return from + width;
}

static char *put_number(char *p, uint64_t n, size_t width)
{
	return flush_right(put_u64(p, n), p, width);
}

static char *put_bytes(char *p, uint64_t n, size_t width)
{
	return flush_right(put_nbytes(p, n), p, width);
}

static uint64_t rate(const struct heap_report *r, const struct heap_row *row)
{
	int64_t ns = r->stats->end_ns - r->stats->start_ns;

	return ns <= 0 ? 0 : (uint64_t)((double)row->allocs * 1e9 / (double)ns);
}

static char *put_percentiles(char *p, const struct heap_row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		if (row->frees == 0)
			p = flush_right(put_char(p, '-'), p, 8);
		else
			p = flush_right(put_duration(p, percentile(row, percents[i])), p, 8);
	}
	return p;
}

static void text_row(const struct heap_report *r, const struct heap_row *row, size_t name)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	p = put_number(p, row->live, 9);
	p = put_bytes(p, row->live_nbytes, 10);
	p = put_number(p, row->allocs, 11);
	p = put_bytes(p, row->alloc_nbytes, 10);
	p = put_number(p, rate(r, row), 10);
	p = put_number(p, row->allocs - row->frees, 9);
	p = put_lit(put_percentiles(p, row), "  ");
	if (name == SIZE_MAX)
		p = put_lit(p, "all");
	else
		p = put_row_name(o, p, r, name);
	out_end(o, put_char(out_room(o, p), '\n'));
}

static void text_oldest(const struct heap_report *r)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	out_end(o, put_lit(p, "\n           lives    size  address             type\n"));
	for (size_t i = 0; i < r->noldest; i++) {
		const struct tt_heap_object *object = &r->oldest[i];
		char *start = p = out_begin(o);

		p = put_duration(p, r->stats->end_ns - object->since_ns);
		p = flush_right(put_cstr(p, object->found ? "+" : ""), start, 16);
		p = put_lit(put_bytes(p, object->nbytes, 8), "  0x");
		start = p;
		p = put_column(put_hex(p, object->address), start, 16, 2);
		p = out_escaped(o, p, type_name(r, object->type));
		out_end(o, put_char(out_room(o, p), '\n'));
	}
}

void heap_text(const struct heap_report *r)
{
	struct out *o = &out_stdout;
	const struct heap_row *sum = &r->stats->sum;
	char *p = out_begin(o);

	p = put_lit(p, "heap ");
	p = put_seconds(p, r->stats->end_ns - r->stats->start_ns);
	p = put_lit(p, " s after the start: ");
	p = put_u64(p, sum->live);
	p = put_lit(p, " objects live, ");
	p = put_nbytes(p, sum->live_nbytes);
	p = put_lit(p, "; ");
	p = put_u64(p, sum->found);
	p = put_lit(p, " of them from before the trace\n\n"
		       "     live     bytes     allocs     bytes  allocs/s   unfreed"
		       "     p50     p90     p99  ");
	out_end(o, put_cstr(p, r->by == HEAP_BY_TYPE ? "type\n" : "stack\n"));
	text_row(r, sum, SIZE_MAX);
	for (size_t i = 0; i < r->norder && i < r->limit; i++)
		text_row(r, &r->stats->rows[r->order[i]], r->order[i]);
	if (r->norder > r->limit) {
		p = put_lit(out_begin(o), "and ");
		p = put_u64(p, r->norder - r->limit);
		out_end(o, put_lit(p, " more (-n 0 shows all)\n"));
	}
	if (r->noldest > 0)
		text_oldest(r);
}

/* ---- json */

static char *json_numbers(char *p, const struct heap_report *r, const struct heap_row *row)
{
	p = json_u64(p, "live", row->live);
	p = json_u64(p, "live_bytes", row->live_nbytes);
	p = json_u64(p, "found", row->found);
	p = json_u64(p, "allocs", row->allocs);
	p = json_u64(p, "alloc_bytes", row->alloc_nbytes);
	p = json_u64(p, "allocs_per_s", rate(r, row));
	p = json_u64(p, "frees", row->frees);
	p = json_u64(p, "unfreed", row->allocs - row->frees);
	if (row->frees == 0)
		return json_null(p, "lifetime_ns");
	p = put_lit(json_key(p, "lifetime_ns"), "{\"p50\":");
	p = put_i64(p, percentile(row, 50));
	p = json_i64(p, "p90", percentile(row, 90));
	p = json_i64(p, "p99", percentile(row, 99));
	return put_char(p, '}');
}

static void json_row(const struct heap_report *r, size_t row)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	if (r->by == HEAP_BY_TYPE) {
		struct tt_heap_type type = tt_heap_type(r->heap, (uint32_t)row);

		p = json_open(p, "row", "type");
		if (row == 0)
			p = json_null(p, "type");
		else
			p = json_str(o, p, "type", type.name);
		p = json_u64(out_room(o, p), "size", type.nbytes);
	} else {
		p = json_open(p, "row", "stack");
		p = out_room(o, json_cstr(o, p, "stack", r->stacks[row]));
	}
	p = json_numbers(p, r, &r->stats->rows[row]);
	out_end(o, put_lit(p, "}\n"));
}

static void json_object(const struct heap_report *r, const struct tt_heap_object *object)
{
	struct out *o = &out_stdout;
	char *p = json_open(out_begin(o), "row", "object");

	p = json_u64(p, "address", object->address);
	p = json_u64(p, "bytes", object->nbytes);
	if (object->type == 0)
		p = json_null(p, "type");
	else
		p = json_str(o, p, "type", tt_heap_type(r->heap, object->type).name);
	p = json_i64(out_room(o, p), "age_ns", r->stats->end_ns - object->since_ns);
	p = json_bool(p, "found", object->found);
	out_end(o, put_lit(p, "}\n"));
}

void heap_json(const struct heap_report *r)
{
	struct out *o = &out_stdout;
	char *p = json_open(out_begin(o), "row", "all");

	p = json_i64(p, "since_start_ns", r->stats->end_ns - r->stats->start_ns);
	p = json_bool(p, "complete", r->stats->complete);
	p = json_numbers(p, r, &r->stats->sum);
	out_end(o, put_lit(p, "}\n"));
	for (size_t i = 0; i < r->norder && i < r->limit; i++)
		json_row(r, r->order[i]);
	for (size_t i = 0; i < r->noldest; i++)
		json_object(r, &r->oldest[i]);
}

/* ---- csv, collapsed */

static void csv_row(const struct heap_report *r, size_t at)
{
	struct out *o = &out_stdout;
	const struct heap_row *row = &r->stats->rows[at];
	const uint64_t cells[] = {
		row->live, row->live_nbytes, row->found, row->allocs, row->alloc_nbytes,
		rate(r, row), row->frees, row->allocs - row->frees,
	};
	char *p = out_begin(o);

	if (r->by == HEAP_BY_TYPE)
		p = csv_text(o, p, type_name(r, (uint32_t)at));
	else
		p = csv_text(o, p, str_of(r->stacks[at]));
	p = out_room(o, p);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		p = put_u64(put_char(p, ','), cells[i]);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		p = put_char(p, ',');
		if (row->frees > 0)
			p = put_i64(p, percentile(row, percents[i]));
	}
	out_end(o, put_char(p, '\n'));
}

void heap_csv(const struct heap_report *r)
{
	struct out *o = &out_stdout;
	char *p = put_cstr(out_begin(o), r->by == HEAP_BY_TYPE ? "type" : "stack");

	out_end(o, put_lit(p, ",live,live_bytes,found,allocs,alloc_bytes,allocs_per_s,"
			      "frees,unfreed,p50_ns,p90_ns,p99_ns\n"));
	for (size_t i = 0; i < r->norder && i < r->limit; i++)
		csv_row(r, r->order[i]);
}

/* A type's name as one frame: a semicolon, as in Go's struct types, would begin another. */
static char *put_frame(struct out *o, char *p, struct tt_str name)
{
	const char *semicolon;

	while ((semicolon = memchr(name.data, ';', name.len))) {
		size_t n = (size_t)(semicolon - name.data);

		p = put_char(out_escaped(o, p, (struct tt_str){ name.data, n }), ',');
		name = (struct tt_str){ semicolon + 1, name.len - n - 1 };
	}
	return out_escaped(o, p, name);
}

/* A line for each row with live objects: frames, outermost first, and bytes. */
void heap_collapsed(const struct heap_report *r)
{
	struct out *o = &out_stdout;

	for (size_t i = 0; i < r->norder && i < r->limit; i++) {
		const struct heap_row *row = &r->stats->rows[r->order[i]];
		char *p = out_begin(o);

		if (row->live_nbytes == 0)
			continue;
		if (r->by == HEAP_BY_TYPE)
			p = put_frame(o, p, type_name(r, (uint32_t)r->order[i]));
		else
			p = put_row_name(o, p, r, r->order[i]);
		p = put_u64(put_char(out_room(o, p), ' '), row->live_nbytes);
		out_end(o, put_char(p, '\n'));
	}
}
