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
	int64_t live;                   /* goroutines */
	bool no_memory;
};

/* ---- spans into tables */

static struct stat_row *row_of(struct collector *c, struct stat_table *t, const struct tt_span *span)
{
	uint64_t id;
	bool has_id_of_key = key_id(t, span, &id);
	uint32_t known = has_id_of_key ? id_map_find(&t->known, id) : NUMBER_NONE;
	struct stat_row *row;
	struct out text;

	if (known != NUMBER_NONE)
		return &t->rows[known];
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

static void take_span(struct collector *c, const struct tt_span *ended)
{
	struct tt_span span;

	if (ended->kind == TT_SPAN_LIFE) {
		struct stat_facts *f = &c->answer->facts;
		bool before = (ended->flags & TT_SPAN_BEGAN_BEFORE) != 0;
		bool open = (ended->flags & TT_SPAN_NOT_ENDED) != 0;

		f->goroutines_start += before;
		f->created += !before;
		f->ended += !open;
		f->live += open;
	}
	if (c->chooses && !choose(&c->chooser, ended))
		return;
	span = *ended;
	if (!span_window_clip(&c->window, &span))
		return;
	for (size_t i = 0; i < NTABLES; i++) {
		struct stat_table *t = &c->answer->tables[i];

		if (t->nmeasures > 0 && (!t->users || !is_of_runtime(c, &span)))
			add_span(c, t, &span);
	}
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

/* How many goroutines there are, which only their first and last events change. */
static void count_live(struct collector *c, const struct tt_event *ev)
{
	const struct tt_transition t = tt_event_transition(ev);

	if (t.resource != TT_RESOURCE_GOROUTINE || t.from == t.to)
		return;
	if (t.from == TT_STATE_NOT_EXIST || t.from == TT_STATE_UNDETERMINED)
		c->live++;
	if (t.to == TT_STATE_NOT_EXIST)
		c->live--;
	if (c->live > 0 && (uint64_t)c->live > c->answer->facts.peak)
		c->answer->facts.peak = (uint64_t)c->live;
}

static void take_event(struct collector *c, const struct tt_event *ev)
{
	struct stat_facts *f = &c->answer->facts;

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
		count_live(c, ev);
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

/* ---- the whole */

static void sum_up(struct collector *c)
{
	struct stat_facts *f = &c->answer->facts;
	int64_t from = c->window.from_ns > f->start_ns ? c->window.from_ns : f->start_ns;
	int64_t to = c->window.to_ns < f->end_ns ? c->window.to_ns : f->end_ns;

	f->duration_ns = to > from ? (uint64_t)(to - from) : 0;
	if (!c->utilization)
		return;
	util_finish(&c->util);
	for (size_t i = 0; i < NWINDOWS; i++)
		f->mmu[i] = util_minimum(&c->util, stat_windows[i], &f->mmu_at[i]);
	for (size_t i = 0; i + 1 < c->util.n; i++) {
		double ns = (double)(c->util.points[i + 1].time_ns - c->util.points[i].time_ns) *
			    (double)f->nprocs;

		f->util_ns += (uint64_t)ns;
		f->collector_ns += (uint64_t)((1 - c->util.points[i].util) * ns);
	}
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
