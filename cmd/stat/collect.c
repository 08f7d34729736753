/* SPDX-License-Identifier: MIT */
/*
 * collect.c - one trace: its spans and events into tables and facts. Prints nothing, so that
 * several traces can be read at a time. Command layer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "stat.h"

const int64_t stat_windows[NWINDOWS] = { 1000000, 10000000, 100000000 };

struct collector {
	struct stat_answer *answer;
	const struct stat_options *opt;
	struct tt_reader *reader;
	struct tt_spans *spans;
	struct chooser chooser;
	bool chooses;
	bool utilization;
	struct util util;
	struct span_window window;
	/* which tables count spans of a kind; those of waits, which more of them count */
	struct interest {
		struct stat_table *tables[NTABLES];
		size_t n;
	} interests[TT_SPAN_KIND_COUNT], waiting;
	bool no_memory;
};

/* ---- spans into tables */

static struct stat_row *row_of(struct collector *c, struct stat_table *t, const struct tt_span *span)
{
	uint64_t id;
	bool has_id_of_key = key_id(t, span, &id);
	struct known_row *last = table_last(t, id);
	uint32_t known;
	struct stat_row *row;
	struct out text;

	if (has_id_of_key && last->id == id && last->row > 0)
		return &t->rows[last->row - 1];
	known = has_id_of_key ? id_map_find(&t->known, id) : NUMBER_NONE;
	if (known != NUMBER_NONE) {
		*last = (struct known_row){ id, known + 1 };
		return &t->rows[known];
	}
	out_init_memory(&text);
	key_text(c->spans, c->answer->file, t, span, &text);
	row = out_failed(&text)
		      ? NULL
		      : table_row(t, (struct tt_str){ text.buffer, (size_t)(text.pos - text.buffer) });
	out_release_memory(&text);
	if (!row || (has_id_of_key && !id_map_set(&t->known, id, (uint32_t)(row - t->rows)))) {
		t->no_memory = true;
		return NULL;
	}
	return row;
}

static void add(struct collector *c, struct stat_table *t, unsigned measure,
		const struct tt_span *span, int64_t start_ns, int64_t end_ns)
{
	struct stat_row *row = row_of(c, t, span);
	const struct dist_item item = {
		.ns = end_ns - start_ns,
		.at_ns = start_ns,
		.id = span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_LIFE ||
				      span->kind == TT_SPAN_PROC
			      ? span->id
			      : span->goroutine,
	};

	if (row && !dist_add(&row->d[measure], &item))
		t->no_memory = true;
}

/* A syscall is held time until its processor is taken away, and blocked from then on. */
static void add_syscall(struct collector *c, struct stat_table *t, const struct tt_span *span,
			unsigned held, unsigned blocked)
{
	int64_t taken = span->taken_ns;

	if (taken == TT_NOT_TAKEN || taken >= span->end_ns) {
		add(c, t, held, span, span->start_ns, span->end_ns);
		return;
	}
	if (taken > span->start_ns)
		add(c, t, held, span, span->start_ns, taken);
	else
		taken = span->start_ns;
	add(c, t, blocked, span, taken, span->end_ns);
}

static void add_state(struct collector *c, struct stat_table *t, const struct tt_span *span)
{
	switch (span->state) {
	case TT_STATE_RUNNING:
		add(c, t, STATES_RUNNING, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_RUNNABLE:
		add(c, t, STATES_RUNNABLE, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_WAITING:
		add(c, t, STATES_WAITING, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_SYSCALL:
		add_syscall(c, t, span, STATES_SYSCALL, STATES_BLOCKED);
		break;
	default:
		break;
	}
}

static void add_thread(struct collector *c, struct stat_table *t, const struct tt_span *span)
{
	if (span->thread == TT_NONE)
		return;
	if (span->kind == TT_SPAN_PROC && span->state == TT_STATE_RUNNING)
		add(c, t, THREAD_PROC, span, span->start_ns, span->end_ns);
	else if (span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_RUNNING)
		add(c, t, THREAD_RUNNING, span, span->start_ns, span->end_ns);
	else if (span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_SYSCALL)
		add(c, t, THREAD_SYSCALL, span, span->start_ns, span->end_ns);
}

static bool name_is(const struct collector *c, uint32_t name, const char *what)
{
	struct tt_str text = tt_spans_name(c->spans, name);

	return text.len == strlen(what) && memcmp(text.data, what, text.len) == 0;
}

/* A wait for a lock, or an experiment's range whose key says for which. */
static bool is_lock(const struct collector *c, const struct tt_span *span)
{
	if (span->kind == TT_SPAN_RANGE)
		return span->spec && span->spec->range.key_arg >= 0;
	return span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_WAITING &&
	       (name_is(c, span->name, "sync") || name_is(c, span->name, "sync.(*Cond).Wait"));
}

static bool is_state(const struct tt_span *span, enum tt_state state)
{
	return span->kind == TT_SPAN_GOROUTINE && span->state == state;
}

/* Whether a table with one measure counts a span. */
static bool counts(const struct collector *c, enum stat_source source, const struct tt_span *span)
{
	switch (source) {
	case SOURCE_RUNNABLE:
		return is_state(span, TT_STATE_RUNNABLE);
	case SOURCE_WAITING:
		return is_state(span, TT_STATE_WAITING);
	case SOURCE_RANGE:
		return span->kind == TT_SPAN_RANGE;
	case SOURCE_PAUSE:
		return span->kind == TT_SPAN_RANGE && name_is(c, span->name, "stop-the-world");
	case SOURCE_LOCK:
		return is_lock(c, span);
	case SOURCE_TASK:
		return span->kind == TT_SPAN_TASK;
	case SOURCE_REGION:
		return span->kind == TT_SPAN_REGION;
	default:
		return false;
	}
}

static void add_span(struct collector *c, struct stat_table *t, const struct tt_span *span)
{
	switch (t->source) {
	case SOURCE_STATES:
		if (span->kind == TT_SPAN_GOROUTINE)
			add_state(c, t, span);
		else if (span->kind == TT_SPAN_LIFE)
			add(c, t, STATES_LIFE, span, span->start_ns, span->end_ns);
		break;
	case SOURCE_SYSCALL:
		if (!is_state(span, TT_STATE_SYSCALL))
			break;
		add(c, t, SYSCALL_ALL, span, span->start_ns, span->end_ns);
		add_syscall(c, t, span, SYSCALL_HELD, SYSCALL_BLOCKED);
		break;
	case SOURCE_PROC:
		if (span->kind == TT_SPAN_PROC)
			add(c, t, span->state == TT_STATE_RUNNING ? PROC_RUNNING : PROC_IDLE, span,
			    span->start_ns, span->end_ns);
		break;
	case SOURCE_THREAD:
		add_thread(c, t, span);
		break;
	case SOURCE_GROWTH:
		if (span->kind != TT_SPAN_LIFE || span->flags & TT_SPAN_BEGAN_BEFORE)
			break;
		add(c, t, GROWTH_CREATED, span, span->start_ns, span->end_ns);
		if (span->flags & TT_SPAN_NOT_ENDED)
			add(c, t, GROWTH_LEFT, span, span->start_ns, span->end_ns);
		break;
	default:
		if (counts(c, t->source, span))
			add(c, t, 0, span, span->start_ns, span->end_ns);
		break;
	}
}

static bool is_of_runtime(const struct collector *c, const struct tt_span *span)
{
	return is_system_function(tt_spans_name(c->spans, span->func));
}

static void count_life(struct stat_facts *f, const struct tt_span *life)
{
	bool before = (life->flags & TT_SPAN_BEGAN_BEFORE) != 0;
	bool open = (life->flags & TT_SPAN_NOT_ENDED) != 0;

	f->goroutines_start += before;
	f->created += !before;
	f->ended += !open;
	f->live += open;
}

static void add_to_tables(struct collector *c, const struct tt_span *span)
{
	const struct interest *interest = &c->interests[span->kind];

	if (span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_WAITING)
		interest = &c->waiting;
	for (size_t i = 0; i < interest->n; i++) {
		struct stat_table *t = interest->tables[i];

		if (!t->users || !is_of_runtime(c, span))
			add_span(c, t, span);
	}
}

static void take_span(struct collector *c, const struct tt_span *ended)
{
	struct tt_span span;

	if (ended->kind == TT_SPAN_LIFE)
		count_life(&c->answer->facts, ended);
	if (c->utilization && ended->kind == TT_SPAN_GOROUTINE)
		util_span(&c->util, c->spans, ended);
	if (!c->chooses) {
		add_to_tables(c, ended);
		return;
	}
	span = *ended;
	if (choose(&c->chooser, ended) && span_window_clip(&c->window, &span))
		add_to_tables(c, &span);
}

static void take_spans(struct collector *c)
{
	const struct tt_span *span;

	while (tt_spans_next(c->spans, &span) == 0)
		take_span(c, span);
}

/* ---- events into facts */

static void take_metric(struct stat_facts *f, const struct tt_event *ev)
{
	const struct tt_metric m = tt_event_metric(ev);

	if (strcmp(m.name, "/memory/classes/heap/objects:bytes") == 0) {
		f->heap_last = m.value;
		f->heap_max = m.value > f->heap_max ? m.value : f->heap_max;
	} else if (strcmp(m.name, "/gc/heap/goal:bytes") == 0) {
		/* (without a limit the goal is a number that is close to the highest) */
		if (m.value < UINT64_C(1) << 60 && m.value > f->heap_goal_max)
			f->heap_goal_max = m.value;
	} else if (strcmp(m.name, "/sched/gomaxprocs:threads") == 0) {
		f->nprocs = m.value > f->nprocs ? m.value : f->nprocs;
	}
}

static void take_event(struct collector *c, const struct tt_event *ev)
{
	struct stat_facts *f = &c->answer->facts;
	uint64_t live;

	if (f->nevents++ == 0) {
		f->start_ns = ev->time_ns;
		span_window_begin(&c->window, &c->opt->selection, ev->time_ns);
	}
	f->end_ns = ev->time_ns;
	if (tt_spans_event(c->spans, ev) < 0) {
		c->no_memory = true;
		return;
	}
	if (ev->kind == TT_KIND_SYNC) {
		f->ngenerations += ev->generation != NULL;
		span_window_sync(&c->window, ev);
	} else if (ev->kind == TT_KIND_METRIC) {
		take_metric(f, ev);
	} else if (ev->kind == TT_KIND_TRANSITION) {
		live = tt_spans_ngoroutines(c->spans);
		f->peak = live > f->peak ? live : f->peak;
	}
	if (c->utilization)
		util_event(&c->util, ev);
	if (c->chooses)
		choose_event(&c->chooser, ev);
	take_spans(c);
}

static void read_events(struct collector *c)
{
	struct stat_answer *a = c->answer;
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(c->reader, &ev)) == 0 && !c->no_memory) {
		take_event(c, ev);
		if ((a->facts.nevents & PROGRESS_MASK) == 0 && c->opt->jobs <= 1)
			progress_show_reader(c->reader);
	}
	if (rc < 0) {
		*a->error = *tt_reader_error(c->reader);
		a->status = cmd_status(a->error);
		a->facts.nbroken = 1;
	}
	tt_spans_finish(c->spans);
	take_spans(c);
}

/* ---- which spans count where */

static bool is_interested(enum stat_source source, enum tt_span_kind kind, bool waiting)
{
	switch (source) {
	case SOURCE_STATES:
		return kind == TT_SPAN_GOROUTINE || kind == TT_SPAN_LIFE;
	case SOURCE_RUNNABLE:
	case SOURCE_SYSCALL:
		return kind == TT_SPAN_GOROUTINE && !waiting;
	case SOURCE_WAITING:
		return kind == TT_SPAN_GOROUTINE && waiting;
	case SOURCE_LOCK:
		return (kind == TT_SPAN_GOROUTINE && waiting) || kind == TT_SPAN_RANGE;
	case SOURCE_THREAD:
		return kind == TT_SPAN_GOROUTINE || kind == TT_SPAN_PROC;
	case SOURCE_RANGE:
	case SOURCE_PAUSE:
		return kind == TT_SPAN_RANGE;
	case SOURCE_TASK:
		return kind == TT_SPAN_TASK;
	case SOURCE_REGION:
		return kind == TT_SPAN_REGION;
	case SOURCE_PROC:
		return kind == TT_SPAN_PROC;
	case SOURCE_GROWTH:
		return kind == TT_SPAN_LIFE;
	}
	return false;
}

static void find_interests(struct collector *c)
{
	for (size_t i = 0; i < NTABLES; i++) {
		struct stat_table *t = &c->answer->tables[i];

		if (t->nmeasures == 0)
			continue;
		for (unsigned kind = 0; kind < TT_SPAN_KIND_COUNT; kind++) {
			struct interest *in = &c->interests[kind];

			if (is_interested(t->source, (enum tt_span_kind)kind, false))
				in->tables[in->n++] = t;
		}
		if (is_interested(t->source, TT_SPAN_GOROUTINE, true))
			c->waiting.tables[c->waiting.n++] = t;
	}
}

/* ---- the whole */

static void sum_up(struct collector *c)
{
	struct stat_facts *f = &c->answer->facts;
	int64_t from = c->window.from_ns > f->start_ns ? c->window.from_ns : f->start_ns;
	int64_t to = c->window.to_ns < f->end_ns ? c->window.to_ns : f->end_ns;

	double collector_ns, all_ns;

	f->duration_ns = to > from ? (uint64_t)(to - from) : 0;
	if (!c->utilization)
		return;
	util_finish(&c->util);
	for (size_t i = 0; i < NWINDOWS; i++)
		f->mmu[i] = util_minimum(&c->util, stat_windows[i], &f->mmu_at[i]);
	util_sums(&c->util, &collector_ns, &all_ns);
	f->collector_ns = (uint64_t)collector_ns;
	f->util_ns = (uint64_t)all_ns;
	c->no_memory |= c->util.no_memory;
}

static bool open_spans(struct collector *c)
{
	const struct tt_spans_options options = {
		.size = sizeof(options),
		.flags = TT_SPANS_STACKS,
		.specs = tt_reader_specs(c->reader),
		.max_memory_nbytes = c->opt->common.max_memory,
	};

	return tt_spans_new(&c->spans, &options, c->answer->error) == 0;
}

void collect(struct stat_answer *a, const struct stat_options *opt, struct cmd_trace *trace)
{
	struct collector c = {
		.answer = a,
		.opt = opt,
		.reader = trace->reader,
		.window = { .from_ns = INT64_MIN, .to_ns = INT64_MAX },
		.chooser = { .selection = &opt->selection },
		.chooses = selection_chooses(&opt->selection),
		.utilization = wants_utilization(opt),
		.util = { .flags = UTIL_STW | UTIL_BACKGROUND | UTIL_ASSIST },
	};

	a->facts.nfiles = 1;
	if (!trace->reader || !open_spans(&c)) {
		if (!trace->reader)
			*a->error = trace->error;
		a->status = cmd_status(a->error);
		a->facts.nbroken = 1;
		return;
	}
	a->opened = true;
	c.chooser.spans = c.spans;
	for (size_t i = 0; i < NWINDOWS && wants_summary(opt); i++)
		c.util.searches[i].window_ns = stat_windows[i];
	find_interests(&c);
	read_events(&c);
	sum_up(&c);
	if (c.no_memory || c.chooser.no_memory) {
		a->error->code = TT_E_MEMORY;
		snprintf(a->error->message, sizeof(a->error->message),
			 "not enough memory for the statistics (see --max-memory)");
		a->status = STATUS_TROUBLE;
	}
	for (size_t i = 0; i < NTABLES; i++)
		id_map_release(&a->tables[i].known);
	a->util = c.util;
	chooser_release(&c.chooser);
	tt_spans_free(c.spans);
}
