/* SPDX-License-Identifier: MIT */
/*
 * collect.c - one trace: its spans and events into tables (count.c) and facts. Prints nothing, so that
 * several traces can be read at a time. Command layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "count.h"
#include "holders.h"
#include "peers.h"

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
	struct counter counter;
	struct stat_table *held;        /* who holds locks; NULL: not asked for */
	struct holders holders;
	struct peers peers;
	bool takes_briefs;
	uint32_t ngroups;       /* of briefs, that were looked at */
	bool begun;             /* there was an event */
	enum part { PART_BEFORE, PART_INSIDE, PART_AFTER } part; /* of the window */
	int64_t most_more;      /* goroutines in the window than at the start of the trace */
	bool new_generation;    /* of which no event was inside yet */
	bool no_memory;
};

/* ---- spans */

/* A goroutine's life, as far as it is in the window. */
static void count_life(struct stat_facts *f, const struct span_window *w, const struct tt_span *life)
{
	bool before = (life->flags & TT_SPAN_BEGAN_BEFORE) != 0 || life->start_ns < w->from_ns;
	bool open = (life->flags & TT_SPAN_NOT_ENDED) != 0 || life->end_ns > w->to_ns;

	if (life->start_ns > w->to_ns || life->end_ns < w->from_ns)
		return;
	f->goroutines_start += before;
	f->created += !before;
	f->ended += !open;
	f->live += open;
}

static bool clip_hold(const struct span_window *w, struct hold *hold)
{
	struct tt_span span = { .start_ns = hold->start_ns, .end_ns = hold->end_ns };
	bool in = span_window_clip(w, &span);

	hold->start_ns = span.start_ns;
	hold->end_ns = span.end_ns;
	return in;
}

/* A wait that the event ended, maybe for a lock. */
static void take_wait(struct collector *c, const struct tt_event *ev, const struct tt_span *ended)
{
	struct tt_span span = *ended;
	struct hold hold;

	if (!holders_follow(&c->holders, c->spans, ev, ended, &hold))
		return;
	if (!c->chooses || (choose(&c->chooser, ended) && span_window_clip(&c->window, &span) &&
			    clip_hold(&c->window, &hold)))
		holders_count(&c->holders, c->held, &span, &hold);
}

/* A wait that the event ended, maybe for what another passed on. */
static void take_peer(struct collector *c, const struct tt_event *ev, const struct tt_span *ended)
{
	struct tt_span span = *ended;
	bool chosen = !c->chooses || (choose(&c->chooser, ended) && span_window_clip(&c->window, &span));

	peers_follow(&c->peers, c->spans, ev, ended, chosen ? &span : NULL);
}

static void take_span(struct collector *c, const struct tt_span *ended)
{
	struct tt_span span;

	if (ended->kind == TT_SPAN_GOROUTINE) {
		if (c->utilization && c->part != PART_AFTER)
			util_span(&c->util, ended);
	} else if (ended->kind == TT_SPAN_LIFE) {
		count_life(&c->answer->facts, &c->window, ended);
	}
	if (!c->chooses) {
		counter_add(&c->counter, ended);
		return;
	}
	span = *ended;
	if (choose(&c->chooser, ended) && span_window_clip(&c->window, &span))
		counter_add(&c->counter, &span);
}

/* What is open at the end. */
static void take_open_spans(struct collector *c)
{
	const struct tt_span *span;

	tt_spans_finish(c->spans);
	while (tt_spans_next(c->spans, &span) == 0)
		take_span(c, span);
}

/* ---- events into facts */

/* The most in the window; before it the latest value, which is that at its start. */
static void set_most(uint64_t *most, uint64_t value, bool inside)
{
	if (!inside || value > *most)
		*most = value;
}

static void take_metric(struct stat_facts *f, const struct tt_event *ev, bool inside)
{
	const struct tt_metric m = tt_event_metric(ev);

	if (strcmp(m.name, "/memory/classes/heap/objects:bytes") == 0) {
		f->heap_last = m.value;
		set_most(&f->heap_max, m.value, inside);
	} else if (strcmp(m.name, "/gc/heap/goal:bytes") == 0) {
		/* (without a limit the goal is a number that is close to the highest) */
		if (m.value < UINT64_C(1) << 60)
			set_most(&f->heap_goal_max, m.value, inside);
	} else if (strcmp(m.name, "/sched/gomaxprocs:threads") == 0) {
		set_most(&f->nprocs, m.value, inside);
	}
}

/* What a summary counts of an event, beside the spans that it ends. */
static void take_fact(struct collector *c, const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_METRIC && c->part != PART_AFTER)
		take_metric(&c->answer->facts, ev, c->part == PART_INSIDE);
	if (!c->utilization)
		return;
	if (c->part != PART_AFTER)
		util_event(&c->util, ev);
	else
		util_event_after(&c->util, ev);
}

static void begin(struct collector *c, const struct tt_event *ev)
{
	c->answer->facts.start_ns = ev->time_ns;
	c->window.by_end = c->opt->partial;
	span_window_begin(&c->window, &c->opt->selection, ev->time_ns);
	c->begun = true;
}

/* The window begins before this event, or ended before it. */
static void enter_part(struct collector *c, enum part part)
{
	c->part = part;
	if (part == PART_INSIDE)
		c->most_more = (int64_t)tt_spans_ngoroutines(c->spans) - (int64_t)tt_spans_nbefore(c->spans);
	if (part == PART_INSIDE && c->utilization && c->window.from_ns > c->answer->facts.start_ns)
		util_begin_at(&c->util, c->window.from_ns);
	if (part == PART_AFTER && c->utilization)
		util_finish(&c->util, c->window.to_ns);
}

/* Where an event is, and what is counted of all events that are inside. */
static void place_event(struct collector *c, const struct tt_event *ev)
{
	struct stat_facts *f = &c->answer->facts;
	bool inside;
	int64_t more;

	if (ev->kind == TT_KIND_SYNC) {
		span_window_sync(&c->window, ev);
		c->new_generation = ev->generation != NULL;
		if (c->new_generation && c->peers.table)
			peers_next_generation(&c->peers, c->spans);
	}
	inside = span_window_has(&c->window, ev->time_ns);
	if (c->part == PART_BEFORE && (inside || ev->time_ns > c->window.to_ns))
		enter_part(c, PART_INSIDE);
	if (!inside && c->part == PART_INSIDE)
		enter_part(c, PART_AFTER);
	if (!inside)
		return;
	f->nevents++;
	/* (of parts, only one has its begin) */
	f->ngenerations += c->new_generation && (!c->window.by_end || ev->kind == TT_KIND_SYNC);
	c->new_generation = false;
	more = (int64_t)tt_spans_ngoroutines(c->spans) - (int64_t)tt_spans_nbefore(c->spans);
	c->most_more = more > c->most_more ? more : c->most_more;
}

/* An event that tt_spans took, and the spans that it ended. */
static void take_event(struct collector *c, const struct tt_event *ev)
{
	const struct tt_span *spans;
	size_t n;

	if (!c->begun)
		begin(c, ev);
	place_event(c, ev);
	if (ev->kind != TT_KIND_TRANSITION)
		take_fact(c, ev);
	if (c->chooses)
		choose_event(&c->chooser, ev);
	spans = tt_spans_ended(c->spans, &n);
	for (size_t i = 0; i < n; i++) {
		if (c->held && holders_want(&c->holders, &spans[i]))
			take_wait(c, ev, &spans[i]);
		if (peers_want(&c->peers, &spans[i]))
			take_peer(c, ev, &spans[i]);
		take_span(c, &spans[i]);
	}
}

/* The states of a group that may be waits for a lock are to be spans, one by one. */
static void watch_waits(struct collector *c)
{
	uint32_t n = tt_spans_ngroups(c->spans);
	struct tt_span span;

	for (; c->ngroups < n; c->ngroups++) {
		tt_spans_group(c->spans, c->ngroups, &span);
		if (c->held && holders_may_want(c->spans, &span))
			tt_spans_watch_group(c->spans, c->ngroups);
		else if (c->peers.table)
			peers_meet_group(&c->peers, c->spans, c->ngroups, &span);
	}
}

static void take_briefs(struct collector *c)
{
	const struct tt_span_brief *briefs;
	size_t n;

	briefs = tt_spans_briefs(c->spans, &n);
	counter_add_briefs(&c->counter, briefs, n);
}

/* The next event that is more than a plain change of state; NULL: that was not yet reached. */
static int next_event(struct collector *c, const struct tt_event **ev)
{
	int rc;

	if (c->takes_briefs) {
		rc = tt_spans_run(c->spans, c->reader, ev);
		take_briefs(c);
		watch_waits(c);
		return rc;
	}
	rc = tt_reader_next(c->reader, ev);
	return rc == 0 ? tt_spans_event(c->spans, *ev) : rc;
}

static void read_events(struct collector *c)
{
	struct stat_answer *a = c->answer;
	const struct tt_event *ev;
	uint64_t n = 0;
	int rc;

	while ((rc = next_event(c, &ev)) == 0 && !c->no_memory) {
		if (ev)
			take_event(c, ev);
		if ((++n & PROGRESS_MASK) == 0 && c->opt->jobs <= 1)
			progress_show_reader(c->reader);
	}
	if (tt_reader_error(c->reader)->code != 0) {
		*a->error = *tt_reader_error(c->reader);
		a->status = cmd_status(a->error);
		a->facts.nbroken = 1;
	}
	/* (else memory ran out for the spans) */
	c->no_memory |= rc < 0 && a->facts.nbroken == 0;
	a->facts.end_ns = tt_spans_end_ns(c->spans);
	a->facts.peak = tt_spans_peak(c->spans);
	if (c->takes_briefs)
		a->facts.nevents = tt_reader_progress(c->reader).events;
	else if (c->part != PART_BEFORE)
		a->facts.peak = (uint64_t)((int64_t)tt_spans_nbefore(c->spans) + c->most_more);
	take_open_spans(c);
	counter_finish(&c->counter);
}

/* ---- the whole */

/* Processors that were seen: of traces that do not say how many there are. */
static uint64_t count_procs(const struct stat_table *procs)
{
	uint64_t n = 0;

	for (size_t i = 0; i < procs->nrows; i++)
		n += table_has(procs, i);
	return n;
}

static void sum_up(struct collector *c)
{
	struct stat_facts *f = &c->answer->facts;
	int64_t from = c->window.from_ns > f->start_ns ? c->window.from_ns : f->start_ns;
	int64_t to = c->window.to_ns < f->end_ns ? c->window.to_ns : f->end_ns;

	double collector_ns, all_ns;

	f->duration_ns = to > from ? (uint64_t)(to - from) : 0;
	f->from_ns = from;
	f->to_ns = to;
	if (f->nprocs == 0 && wants_summary(c->opt))
		f->nprocs = count_procs(&c->answer->tables[TABLE_PROCS]);
	if (!c->utilization)
		return;
	if (c->part != PART_AFTER)
		util_finish(&c->util, to);
	for (size_t i = 0; i < NWINDOWS; i++)
		f->mmu[i] = util_minimum(&c->util, stat_windows[i], &f->mmu_at[i]);
	if (c->opt->partial)
		c->no_memory |= !util_ends_set(&c->answer->ends, &c->util);
	util_sums(&c->util, &collector_ns, &all_ns);
	f->collector_ns = (uint64_t)collector_ns;
	f->util_ns = (uint64_t)all_ns;
	c->no_memory |= c->util.no_memory;
}

/* A window without anything in it is hardly what was meant: the answer has an error instead. */
static void check_window(struct collector *c)
{
	const struct stat_facts *f = &c->answer->facts;
	struct tt_error *error = c->answer->error;
	const struct span_window *w = &c->window;

	if (!c->begun || (w->from_ns <= f->end_ns && w->to_ns >= f->start_ns && w->from_ns <= w->to_ns))
		return;
	c->answer->opened = false;
	if (error->code != TT_OK)
		return;
	*error = *tt_reader_error(c->reader);
	error->code = TT_E_ARGUMENT;
	snprintf(error->message, sizeof(error->message),
		 "nothing of the trace is in that time: it lasts %.9f s, from @%" PRId64 " to @%" PRId64,
		 (double)(f->end_ns - f->start_ns) / 1e9, f->start_ns, f->end_ns);
	c->answer->status = STATUS_BAD;
}

static bool open_spans(struct collector *c)
{
	const struct tt_spans_options options = {
		.size = sizeof(options),
		/* others are asked for by the selection and by who woke a goroutine */
		.flags = (c->chooses || c->opt->by == BY_WAKER ? TT_SPANS_STACKS : TT_SPANS_OWN_STACKS) |
			 (c->takes_briefs ? TT_SPANS_BRIEF : 0) |
			 (c->counter.by_stack ? TT_SPANS_BRIEF_STACKS : 0),
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
		.util = { .flags = UTIL_STW | UTIL_BACKGROUND | UTIL_ASSIST |
				   (opt->partial ? UTIL_ENDS : 0) },
	};

	a->facts.nfiles = 1;
	counter_init(&c.counter, a);
	c.takes_briefs = !c.chooses && counter_takes_briefs(&c.counter);
	if (!trace->reader || !open_spans(&c)) {
		if (!trace->reader)
			*a->error = trace->error;
		cmd_trace_find_cause(trace, a->error);
		a->status = cmd_status(a->error);
		a->facts.nbroken = 1;
		return;
	}
	a->opened = true;
	c.chooser.spans = c.spans;
	for (size_t i = 0; i < NWINDOWS && wants_summary(opt); i++)
		c.util.searches[i].window_ns = stat_windows[i];
	c.counter.spans = c.util.spans = c.spans;
	c.held = wants_holders(opt) ? &a->tables[TABLE_HOLDERS] : NULL;
	c.peers.table = wants_summary(opt) ? &a->tables[TABLE_PEERS] : NULL;
	read_events(&c);
	cmd_trace_find_cause(trace, a->error);
	sum_up(&c);
	check_window(&c);
	if (c.no_memory || c.counter.no_memory || c.holders.no_memory || c.peers.no_memory ||
	    c.chooser.no_memory) {
		a->error->code = TT_E_MEMORY;
		snprintf(a->error->message, sizeof(a->error->message),
			 "not enough memory for the statistics (see --max-memory)");
		a->status = STATUS_TROUBLE;
	}
	for (size_t i = 0; i < NTABLES; i++)
		id_map_release(&a->tables[i].known);
	a->util = c.util;
	holders_release(&c.holders);
	peers_release(&c.peers);
	counter_release(&c.counter);
	chooser_release(&c.chooser);
	tt_spans_free(c.spans);
}
