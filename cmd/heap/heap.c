/* SPDX-License-Identifier: MIT */
/*
 * heap.c - `tracetool heap`: which objects are live at a given time, and how many of
 * each type were allocated and freed until then. Command layer: replays the AllocFree
 * experiment by tt_heap and counts what changes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/selection.h"
#include "cli/units.h"
#include "heap.h"

struct heap_options {
	struct cmd_common common;
	int format, by;
	struct time_point at;
	uint64_t limit, oldest;
};

static const char *const format_names[] = { "text", "json", "csv", "collapsed", NULL };
static const char *const by_names[] = { "type", "stack", NULL };

#define AT(field) .at = offsetof(struct heap_options, field)

static const struct opt table[] = {
	OPT_HEADING("What is shown"),
	{ .kind = OPT_OWN, .name = "at", .meta = "TIME", .parse = selection_parse_time,
	  .help = "the heap at this time (1.5s, 20ms), counted from\n"
		  "the start of the trace, or @NS, its own nanoseconds;\n"
		  "default: at its end", AT(at) },
	{ .kind = OPT_CHOICE, .name = "by", .meta = "WHAT", .choices = by_names,
	  .help = "a row for each type (default), or each stack", AT(by) },
	{ .kind = OPT_NUMBER, .letter = 'n', .name = "limit", .meta = "N",
	  .help = "the N rows with the most live bytes; 0: all\n"
		  "default: 20 in text, all otherwise", AT(limit) },
	{ .kind = OPT_NUMBER, .name = "oldest", .meta = "N", .max = 1000000,
	  .help = "also the N oldest live objects", AT(oldest) },
	OPT_HEADING("Output"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (for people, default), json (one object per\n"
		  "line), csv, or collapsed (live bytes, for flame\n"
		  "graphs)", AT(format) },
	CMD_COMMON_OPTIONS(struct heap_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "heap",
	.synopsis = "[OPTION...] FILE",
	.summary = "Shows the live heap objects of a Go program at a given time of its trace,\n"
		   "which must contain the AllocFree experiment (GODEBUG=traceallocfree=1).",
	.notes = "Exit status: 0 fine, 1 the trace is bad or has no such events (what was read is\n"
		 "shown), 2 a usage, I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

/* One run. */
struct run {
	const struct heap_options *opt;
	const struct cmd_input *input;
	const char *path;
	const char *file;       /* as messages name it */
	struct tt_reader *reader;
	struct tt_heap *heap;
	struct heap_stats stats;
	uint64_t nevents;       /* that changed anything */
	bool has_experiment;    /* an event of AllocFree was read */
	bool no_experiment;     /* the whole trace was read, and has none */
	bool at_before, at_after; /* --at is before the first event, after the last one */
	bool no_memory;
	/* stacks as text, by mark; those of this generation by their index */
	char **stacks;
	size_t nstacks, stacks_cap;
	uint32_t *marks;        /* 0: not rendered yet */
	size_t nmarks;
};

/* ---- counting */

static unsigned bucket_of(int64_t ns)
{
	uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
	unsigned top;

	if (v < 2 * LIFE_STEPS)
		return (unsigned)v;
	top = 63 - (unsigned)__builtin_clzll(v);
	/* the three bits after the first one */
	return (top - 2) * LIFE_STEPS + (unsigned)(v >> (top - 3) & 7);
}

static struct heap_row *new_row(struct run *run, size_t i)
{
	struct heap_stats *s = &run->stats;
	struct heap_row *rows;
	size_t cap = i + i / 2 + 64;

	if (i >= s->cap) {
		rows = realloc(s->rows, cap * sizeof(*rows));
		if (!rows) {
			run->no_memory = true;
			return NULL;
		}
		memset(rows + s->cap, 0, (cap - s->cap) * sizeof(*rows));
		s->rows = rows;
		s->cap = cap;
	}
	s->nrows = i + 1;
	return &s->rows[i];
}

/* The row with this number, or NULL: no memory. */
static inline struct heap_row *row_of(struct run *run, size_t i)
{
	return i < run->stats.nrows ? &run->stats.rows[i] : new_row(run, i);
}

static bool add_lives(struct run *run, struct heap_row *row)
{
	row->lives = calloc(LIFE_BUCKETS, sizeof(*row->lives));
	run->no_memory |= !row->lives;
	return row->lives;
}

static inline void count_begin(struct heap_row *row, const struct tt_heap_object *o)
{
	row->live++;
	row->live_nbytes += o->nbytes;
	row->found += o->found;
	row->allocs += !o->found;
	row->alloc_nbytes += o->found ? 0 : o->nbytes;
}

static inline void count_end(struct run *run, struct heap_row *row, const struct tt_heap_object *o,
			     int64_t now)
{
	row->live--;
	row->live_nbytes -= o->nbytes;
	row->found -= o->found;
	if (o->found)
		return;
	row->frees++;
	if (row->lives || add_lives(run, row))
		row->lives[bucket_of(now - o->since_ns)]++;
}

static size_t index_of(const struct run *run, const struct tt_heap_object *o)
{
	return run->opt->by == HEAP_BY_STACK ? o->mark : o->type;
}

/* (Each member is read by itself, as it was written: the processor would wait for both.) */
static void count_change(struct run *run, const struct tt_heap_change *change, int64_t now)
{
	struct heap_row *row;

	if (change->ended) {
		run->nevents += !change->began;
		row = row_of(run, index_of(run, &change->gone));
		if (row)
			count_end(run, row, &change->gone, now);
	}
	if (change->began) {
		run->nevents++;
		row = row_of(run, index_of(run, &change->object));
		if (row)
			count_begin(row, &change->object);
	}
}

static void add_to_sum(struct run *run, const struct heap_row *row)
{
	struct heap_row *sum = &run->stats.sum;

	sum->allocs += row->allocs;
	sum->alloc_nbytes += row->alloc_nbytes;
	sum->frees += row->frees;
	sum->live += row->live;
	sum->live_nbytes += row->live_nbytes;
	sum->found += row->found;
	if (!row->lives || (!sum->lives && !add_lives(run, sum)))
		return;
	for (size_t i = 0; i < LIFE_BUCKETS; i++)
		sum->lives[i] += row->lives[i];
}

/* (here, not event by event) */
static void sum_up(struct run *run)
{
	for (size_t i = 0; i < run->stats.nrows; i++)
		add_to_sum(run, &run->stats.rows[i]);
}

/* ---- stacks */

static uint32_t intern(struct run *run, const char *text, size_t len)
{
	size_t cap = run->nstacks + run->nstacks / 2 + 16;
	char **grown;

	for (size_t i = 0; i < run->nstacks; i++) {
		if (strncmp(run->stacks[i], text, len) == 0 && run->stacks[i][len] == '\0')
			return (uint32_t)i;
	}
	if (run->nstacks == run->stacks_cap) {
		grown = realloc(run->stacks, cap * sizeof(*grown));
		if (!grown) {
			run->no_memory = true;
			return 0;
		}
		run->stacks = grown;
		run->stacks_cap = cap;
	}
	run->stacks[run->nstacks] = strndup(text, len);
	if (!run->stacks[run->nstacks]) {
		run->no_memory = true;
		return 0;
	}
	return (uint32_t)run->nstacks++;
}

/* "main;f;g", outermost first. A `;` in a name becomes `:`, or it would separate frames. */
static uint32_t render_stack(struct run *run, const struct tt_frame *frames, int n)
{
	struct out text;
	uint32_t mark;
	char *p;

	out_init_memory(&text);
	p = out_begin(&text);
	while (n-- > 0) {
		char *start;

		p = out_room(&text, p);
		out_end(&text, p);
		start = p;
		p = out_escaped(&text, p, frames[n].func);
		for (char *c = start; p - start < OUT_ROOM && c < p; c++)
			*c = *c == ';' ? ':' : *c;
		p = out_room(&text, p);
		if (n > 0)
			p = put_char(p, ';');
	}
	out_end(&text, p);
	mark = intern(run, text.buffer, (size_t)(text.pos - text.buffer));
	run->no_memory |= out_failed(&text);
	out_release_memory(&text);
	return mark;
}

/* The number of an event's stack among those of the whole trace. */
static uint32_t mark_of(struct run *run, const struct tt_event *ev)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t id = tt_event_stack(ev, NULL);
	size_t i = tt_generation_stack_index(ev->generation, id);

	if (i == 0 || i >= run->nmarks)
		return 0;
	if (run->marks[i] == 0)
		run->marks[i] = render_stack(run, frames,
					     tt_generation_stack(ev->generation, id, frames));
	return run->marks[i];
}

static void reset_marks(struct run *run, const struct tt_generation *g)
{
	free(run->marks);
	run->nmarks = g ? tt_generation_nstacks(g) + 1 : 0;
	run->marks = calloc(run->nmarks + 1, sizeof(*run->marks));
	run->no_memory |= !run->marks;
	if (!run->marks)
		run->nmarks = 0;
}

/* ---- reading */

static int report_no_memory(const struct run *run)
{
	cmd_error(run->file, "not enough memory for the heap (see --max-memory)");
	return STATUS_TROUBLE;
}

static bool is_of_heap(const struct tt_event *ev)
{
	return ev->spec && ev->spec->experiment && strcmp(ev->spec->experiment, "AllocFree") == 0;
}

static int replay_event(struct run *run, const struct tt_event *ev)
{
	bool by_stack = run->opt->by == HEAP_BY_STACK;
	struct tt_heap_change change;
	uint32_t mark = 0;

	run->has_experiment = run->has_experiment || is_of_heap(ev);
	if (ev->kind == TT_KIND_SYNC && by_stack)
		reset_marks(run, ev->generation);
	if (ev->kind == TT_KIND_EXPERIMENTAL && by_stack)
		mark = mark_of(run, ev);
	if (tt_heap_event(run->heap, ev, mark, &change) < 0)
		return report_no_memory(run);
	count_change(run, &change, ev->time_ns);
	return run->no_memory ? report_no_memory(run) : STATUS_FINE;
}

/* Whether this event and all that follow are not of AllocFree. False: nor if one cannot be read. */
static bool rest_is_without(struct tt_reader *r, const struct tt_event *ev)
{
	int rc = 0;

	for (; rc == 0; rc = tt_reader_next(r, &ev)) {
		if (is_of_heap(ev))
			return false;
	}
	return rc > 0;
}

static int read_all(struct run *run)
{
	const struct tt_event *ev;
	int64_t until_ns = INT64_MAX;
	uint64_t n = 0;
	int rc, status;

	while ((rc = tt_reader_next(run->reader, &ev)) == 0) {
		if (n++ == 0)
			run->stats.start_ns = run->stats.end_ns = ev->time_ns;
		if (n == 1 && run->opt->at.given)
			until_ns = time_point_ns(&run->opt->at, ev->time_ns);
		if (ev->time_ns > until_ns)
			break;
		run->stats.end_ns = ev->time_ns;
		if ((n & PROGRESS_MASK) == 0)
			progress_show_reader(run->reader);
		if (ev->kind != TT_KIND_EXPERIMENTAL && ev->kind != TT_KIND_SYNC)
			continue;
		status = replay_event(run, ev);
		if (status != STATUS_FINE)
			return status;
	}
	run->stats.complete = rc >= 0;
	if (rc < 0 && n > 0)
		run->stats.end_ns = tt_reader_last_ns(run->reader);
	run->at_before = n > 0 && until_ns < run->stats.start_ns;
	run->at_after = rc > 0 && run->opt->at.given && until_ns > run->stats.end_ns;
	if (rc == 0 && until_ns > run->stats.start_ns)
		run->stats.end_ns = until_ns;
	run->no_experiment = !run->has_experiment && rc >= 0 &&
			     (rc > 0 || rest_is_without(run->reader, ev));
	if (rc >= 0)
		return STATUS_FINE;
	return cmd_report_cause(run->input, run->path, run->reader, tt_reader_error(run->reader));
}

/* ---- reporting */

static const struct heap_stats *sorted;

/* Most live bytes first, then most allocated bytes, then in the order of the trace. */
static int compare_rows(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	const struct heap_row *x = &sorted->rows[i], *y = &sorted->rows[k];

	if (x->live_nbytes != y->live_nbytes)
		return x->live_nbytes < y->live_nbytes ? 1 : -1;
	if (x->alloc_nbytes != y->alloc_nbytes)
		return x->alloc_nbytes < y->alloc_nbytes ? 1 : -1;
	return i < k ? -1 : i > k;
}

static size_t *sort_rows(const struct heap_stats *s, size_t *n)
{
	size_t *order = calloc(s->nrows + 1, sizeof(*order));

	*n = 0;
	for (size_t i = 0; order && i < s->nrows; i++) {
		if (s->rows[i].live > 0 || s->rows[i].allocs > 0)
			order[(*n)++] = i;
	}
	sorted = s;
	if (order)
		qsort(order, *n, sizeof(*order), compare_rows);
	return order;
}

static bool is_older(const struct tt_heap_object *a, const struct tt_heap_object *b)
{
	return a->since_ns != b->since_ns ? a->since_ns < b->since_ns : a->address < b->address;
}

/* A binary heap of the oldest objects so far, with the youngest of them on top. */
static void sift_down(struct tt_heap_object *at, size_t n, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		struct tt_heap_object t;

		if (child + 1 < n && is_older(&at[child], &at[child + 1]))
			child++;
		if (!is_older(&at[i], &at[child]))
			return;
		t = at[i];
		at[i] = at[child];
		at[child] = t;
	}
}

static size_t find_oldest(const struct tt_heap *h, struct tt_heap_object *at, size_t want)
{
	struct tt_heap_walk walk = { 0 };
	struct tt_heap_object o;
	size_t n = 0;

	while (want > 0 && tt_heap_live(h, &walk, &o) == 0) {
		if (n < want) {
			at[n++] = o;
			for (size_t i = n / 2; n == want && i-- > 0;)
				sift_down(at, n, i);
		} else if (is_older(&o, &at[0])) {
			at[0] = o;
			sift_down(at, n, 0);
		}
	}
	for (size_t i = n / 2; i-- > 0;)
		sift_down(at, n, i);
	for (size_t left = n; left > 1; left--) {
		o = at[0];
		at[0] = at[left - 1];
		at[left - 1] = o;
		sift_down(at, left - 1, 0);
	}
	return n;
}

static int print_report(struct run *run)
{
	static void (*const formats[])(const struct heap_report *) = {
		[HEAP_TEXT] = heap_text,
		[HEAP_JSON] = heap_json,
		[HEAP_CSV] = heap_csv,
		[HEAP_COLLAPSED] = heap_collapsed,
	};
	const struct heap_options *opt = run->opt;
	uint64_t want = opt->oldest < tt_heap_nlive(run->heap) ? opt->oldest
							       : tt_heap_nlive(run->heap);
	struct tt_heap_object *oldest = calloc((size_t)want + 1, sizeof(*oldest));
	struct heap_report r = {
		.heap = run->heap, .stats = &run->stats, .by = opt->by,
		.stacks = (const char *const *)run->stacks, .oldest = oldest, .limit = SIZE_MAX,
	};
	size_t *order = sort_rows(&run->stats, &r.norder);
	int status = STATUS_TROUBLE;

	if (opt->limit == UINT64_MAX && opt->format == HEAP_TEXT)
		r.limit = 20;
	else if (opt->limit != UINT64_MAX && opt->limit != 0)
		r.limit = (size_t)opt->limit;
	r.order = order;
	if (order && oldest) {
		r.noldest = find_oldest(run->heap, oldest, (size_t)want);
		formats[opt->format](&r);
		status = STATUS_FINE;
	} else {
		report_no_memory(run);
	}
	free(order);
	free(oldest);
	return status;
}

static void release(struct run *run)
{
	for (size_t i = 0; i < run->stats.nrows; i++)
		free(run->stats.rows[i].lives);
	for (size_t i = 0; i < run->nstacks; i++)
		free(run->stacks[i]);
	free(run->stats.sum.lives);
	free(run->stats.rows);
	free(run->stacks);
	free(run->marks);
	tt_heap_free(run->heap);
	tt_reader_close(run->reader);
}

/* --at may be a mistake. */
static void report_at(const struct run *run)
{
	const struct heap_stats *s = &run->stats;
	char length[32];

	if (run->opt->common.quiet)
		return;
	*put_seconds(length, s->end_ns - s->start_ns) = '\0';
	if (run->at_before)
		cmd_error(run->file, "--at is before the trace begins: no object is known to be live then");
	if (run->at_after)
		cmd_error(run->file, "--at is after the trace ends: this is the heap at its end, %s s "
				     "after its start", length);
}

static int run_heap(struct run *run)
{
	struct tt_error finding;
	int status;

	progress_start(run->file, run->opt->common.quiet);
	status = read_all(run);
	progress_stop();
	if (status == STATUS_TROUBLE)
		return status;
	sum_up(run);
	if (run->no_memory)
		return report_no_memory(run);
	tt_heap_finish(run->heap);
	while (!run->opt->common.quiet && tt_heap_finding(run->heap, &finding) == 0)
		cmd_report(run->file, &finding);
	if (run->opt->by == HEAP_BY_STACK && run->nstacks <= 1 && run->nevents > 0) {
		cmd_error(run->file, "allocations have no stacks in this trace; use --by=type");
		return STATUS_BAD;
	}
	if (run->no_experiment) {
		cmd_error(run->file, "the trace has no events of the AllocFree experiment: run the "
				     "program with GODEBUG=traceallocfree=1 (Go 1.23 and later)");
		status = STATUS_BAD;
	} else {
		report_at(run);
	}
	if (!run->opt->common.quiet && tt_heap_lacks_events(run->heap))
		cmd_error(run->file, "the trace was repaired and may lack events of the heap: "
				     "only those that are left are counted");
	return print_report(run) == STATUS_FINE ? status : STATUS_TROUBLE;
}

static int heap(const struct heap_options *opt, struct cmd_input *in, const char *path)
{
	const struct tt_heap_options options = {
		.size = sizeof(options),
		.flags = TT_HEAP_OBJECTS,
		.specs = in->specs,
		.max_memory_nbytes = opt->common.max_memory,
	};
	struct run run = { .opt = opt, .input = in, .path = path, .file = cmd_input_name(path) };
	struct tt_error err;
	int status;

	/* (up to a given time, no error after it counts) */
	if (!opt->at.given)
		in->options.flags = TT_OPEN_EXPERIMENTAL;
	intern(&run, "", 0);
	if (cmd_open_reader(&run.reader, in, path, &err) < 0 ||
	    tt_heap_new(&run.heap, &options, &err) < 0) {
		status = cmd_report_cause(in, path, run.reader, &err);
	} else {
		status = run_heap(&run);
	}
	release(&run);
	return status;
}

int cmd_heap(int argc, char **argv)
{
	struct heap_options opt = { .limit = UINT64_MAX };
	struct opt_operands files;
	struct cmd_input input;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status != OPT_RUN)
		goto out;
	if (opt.oldest > 0 && (opt.format == HEAP_CSV || opt.format == HEAP_COLLAPSED)) {
		status = opt_usage(&command, "--oldest requires --format=text or json");
		goto out;
	}
	status = cmd_input_init(&input, &opt.common);
	if (status == STATUS_FINE)
		status = heap(&opt, &input, files.items[0]);
	cmd_input_release(&input);
out:
	opt_list_release(&opt.common.specs);
	return status;
}
