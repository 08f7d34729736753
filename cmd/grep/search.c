/* SPDX-License-Identifier: MIT */
/*
 * search.c - the walk over one file. A look at the tables alone first says which generations
 * can have hits: the others are not read. Command layer.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "cli/progress.h"
#include "grep.h"

/* ---- the plan */

/* Whether a look at the tables can rule out a generation. */
static bool needs_tables(const struct grep_options *opt)
{
	const struct selection *selection = &opt->selection;

	return selection->stack.n != 0 || selection->regions.n != 0 || opt->reasons.n != 0 ||
	       (!opt->spans && !generation_range_is_all(selection->generations));
}

static bool plan_add(struct grep_plan *plan, bool may)
{
	if (plan->n == plan->cap) {
		size_t cap = plan->cap ? 2 * plan->cap : 256;
		uint8_t *larger = realloc(plan->may, cap);

		if (!larger)
			return false;
		plan->may = larger;
		plan->cap = cap;
	}
	if (!may && plan->first == plan->n)
		plan->first++;
	if (may)
		plan->last = plan->n;
	plan->may[plan->n++] = may;
	return true;
}

/* Errors are left to the walk, which comes to them, too. */
static void make_plan(struct search *s)
{
	const struct tt_generation *g;
	struct tt_reader *scout;
	struct tt_error ignored;
	int rc;

	if (!needs_tables(s->opt) || cmd_trace_open_again(&scout, s->trace, &ignored) < 0)
		return;
	if (tt_reader_version(scout) >= 22) {
		while ((rc = tt_reader_next_generation(scout, &g)) == 0) {
			if (!plan_add(&s->plan, s->opt->spans ? grep_may_begin_in(s, g)
							      : selector_may_match_in(&s->selector, g)))
				break;
			progress_show_reader(scout);
		}
		s->plan.complete = rc == TT_END;
	}
	tt_reader_close(scout);
}

/* Whether a generation can have hits; one that the plan does not have may have some. */
static bool may_have_hits(const struct grep_plan *plan, size_t i)
{
	return i >= plan->n ? !plan->complete : plan->may[i];
}

/*
 * Whether to read the i-th generation. The one before that with a hit is read, too: where
 * they overlap in time, times depend on it, and so does what state a goroutine is in.
 * Intervals need all that follows.
 */
static bool is_wanted(const struct search *s, size_t i)
{
	const struct grep_plan *plan = &s->plan;

	if (s->opt->spans)
		return i + 1 >= plan->first;
	return may_have_hits(plan, i) || may_have_hits(plan, i + 1);
}

/* ---- hits */

static void take_span(struct search *s, const struct tt_span *span)
{
	int64_t start, end;

	if (!grep_span_matches(s, span, &start, &end))
		return;
	s->nhits++;
	if (s->collecting)
		grep_windows_add(&s->windows, s->opt, start, end);
	else if (grep_prints_hits(s->opt))
		grep_print_span(s, span, start, end);
}

static bool has_enough(const struct search *s)
{
	const struct grep_options *opt = s->opt;

	return s->status != STATUS_FINE || out_failed(s->output->out) || s->nhits >= opt->limit ||
	       (s->nhits != 0 && (opt->with || opt->without || opt->silent));
}

static void take_spans(struct search *s)
{
	const struct tt_span *span;

	while (!has_enough(s) && tt_spans_next(s->spans, &span) == 0)
		take_span(s, span);
}

static void out_of_memory(struct search *s)
{
	grep_wait_turn(s->output);
	cmd_error(s->file, "out of memory");
	s->status = STATUS_TROUBLE;
}

static void search_spans(struct search *s, const struct tt_event *ev)
{
	selector_follow(&s->selector, ev);
	if (tt_spans_event(s->spans, ev) < 0)
		out_of_memory(s);
	else
		take_spans(s);
	if (!s->collecting && grep_windows_have(&s->windows, ev->time_ns) && ev->kind != TT_KIND_SYNC)
		grep_print_event(s, ev, false);
}

/* A Sync is of no goroutine, no kind that has a line; only -k Sync asks for it. */
static void search_events(struct search *s, const struct tt_event *ev)
{
	bool hit = selector_match(&s->selector, ev) &&
		   (ev->kind != TT_KIND_SYNC || s->opt->selection.kinds.n != 0);

	s->nhits += hit;
	if (s->collecting) {
		if (hit)
			grep_windows_add(&s->windows, s->opt, ev->time_ns, ev->time_ns);
	} else if ((hit && grep_prints_hits(s->opt)) ||
		   (ev->kind != TT_KIND_SYNC && grep_windows_have(&s->windows, ev->time_ns))) {
		grep_print_event(s, ev, hit);
	}
}

/* ---- the walk */

static void start(struct search *s, int64_t start_ns)
{
	if (s->started)
		return;
	s->started = true;
	s->start_ns = start_ns;
	selector_begin(&s->selector, start_ns);
}

static void report_findings(struct search *s)
{
	struct tt_error finding;

	while (!s->opt->common.quiet && !s->collecting &&
	       tt_reader_finding(s->reader, &finding) == 0) {
		if (!cmd_is_news(&finding, &s->said_no_spec))
			continue;
		grep_wait_turn(s->output);
		cmd_report(s->file, &finding);
	}
}

/* Names that only the trace's own specs have are known with its first generation. */
static void take_sync(struct search *s, const struct tt_event *ev)
{
	report_findings(s);
	stack_cache_reset(&s->tops);
	if (ev->generation)
		s->generation = tt_generation_number(ev->generation);
	start(s, ev->time_ns);
	if (!s->selector.unresolved)
		return;
	grep_wait_turn(s->output);
	if (selector_resolve(&s->selector, s->command, tt_reader_specs(s->reader)) != OPT_RUN)
		s->status = STATUS_TROUBLE;
	s->selector.unresolved = false;
}

static bool is_over(const struct search *s, int64_t now_ns)
{
	bool context = !s->collecting && grep_wants_context(s->opt);

	if (s->status != STATUS_FINE || out_failed(s->output->out))
		return true;
	if (context && !grep_windows_over(&s->windows))
		return false;
	/* an interval that is open goes on, but ends here with the window */
	return has_enough(s) || selector_over(&s->selector, now_ns);
}

static void take_event(struct search *s, const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_SYNC)
		take_sync(s, ev);
	if (s->status != STATUS_FINE)
		return;
	if (s->spans)
		search_spans(s, ev);
	else
		search_events(s, ev);
	if ((++s->nevents & PROGRESS_MASK) == 0)
		progress_show_reader(s->reader);
}

/*
 * Reads from the i-th generation on, up to the first that is not wanted, whose events are to
 * come: 0, and *i is its number; 1 at the end, or where nothing more is wanted; or a code.
 * Only the next generation shows that the one before ended well.
 */
static int read_wanted(struct search *s, size_t *i)
{
	const struct tt_event *ev;
	bool begun = false;
	int rc;

	while ((rc = tt_reader_next(s->reader, &ev)) == 0) {
		if (ev->kind == TT_KIND_SYNC && ev->generation) {
			*i += begun;
			begun = true;
			if (!is_wanted(s, *i))
				return 0;
		}
		take_event(s, ev);
		if (is_over(s, ev->time_ns))
			return TT_END;
	}
	return rc;
}

/* Goes to the next generation, and on from it only if that is asked for. (The plan has seen all
 * of them.) */
static int load_next(struct search *s, bool wanted)
{
	const struct tt_generation *g;
	int rc = wanted ? TT_END : tt_reader_pass_generation(s->reader, 1, 0);

	if (rc <= 0)
		return rc;
	rc = tt_reader_next_generation(s->reader, &g);
	if (rc == 0) {
		start(s, tt_generation_start_ns(g));
		report_findings(s);
	}
	return rc;
}

/* Whether the generations from the i-th on have no hits, nor the ends of any interval. */
static bool none_left(const struct search *s, size_t i)
{
	return s->plan.complete && !s->opt->spans && i > s->plan.last;
}

static int walk(struct search *s)
{
	bool skipped = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && !none_left(s, i);) {
		/* the reader is at what it skipped last: without that it goes on in order */
		if (!is_wanted(s, i) || skipped)
			rc = load_next(s, is_wanted(s, i));
		skipped = !is_wanted(s, i);
		if (rc == 0 && !skipped) {
			rc = read_wanted(s, &i);
			skipped = true;
		}
		i++;
	}
	return rc;
}

static bool open_spans(struct search *s)
{
	struct tt_spans_options opt = {
		.size = sizeof(opt),
		.flags = grep_prints_hits(s->opt) || s->opt->selection.stack.n ? TT_SPANS_STACKS : 0,
		.specs = tt_reader_specs(s->reader),
		.max_memory_nbytes = s->opt->common.max_memory,
	};
	struct tt_error err;

	if (!s->opt->spans || tt_spans_new(&s->spans, &opt, &err) == 0)
		return true;
	grep_wait_turn(s->output);
	cmd_report(s->file, &err);
	s->status = STATUS_TROUBLE;
	return false;
}

/* One pass over the trace. A bad one is trouble: hits may be missing. */
static void pass(struct search *s, struct tt_reader *reader)
{
	int rc;

	s->reader = reader;
	s->started = false;
	s->nhits = s->nevents = 0;
	if (open_spans(s)) {
		rc = walk(s);
		report_findings(s);
		if (s->spans && s->status == STATUS_FINE) {
			tt_spans_finish(s->spans);
			take_spans(s);
		}
		if (s->selector.no_memory)
			out_of_memory(s);
		/* the second pass comes to a bad trace's error, but not to the machine's */
		if (rc < 0 && (!s->collecting || tt_reader_error(s->reader)->system)) {
			struct tt_error err = *tt_reader_error(s->reader);

			cmd_trace_find_cause(s->trace, &err);
			grep_wait_turn(s->output);
			cmd_report_end(s->file, s->reader, &err);
			s->status = STATUS_TROUBLE;
		}
	}
	tt_spans_free(s->spans);
	s->spans = NULL;
}

/* The windows, for the second pass; false: there will be none. */
static bool collect_windows(struct search *s)
{
	struct tt_reader *first;
	struct selector fresh;
	struct tt_error err;

	if (cmd_trace_open_again(&first, s->trace, &err) < 0) {
		grep_wait_turn(s->output);
		if (err.code == TT_E_ARGUMENT)
			cmd_error(s->file, "-A and -B read the trace twice: save it in a file");
		else
			cmd_report(s->file, &err);
		s->status = STATUS_TROUBLE;
		return false;
	}
	selector_copy(&fresh, &s->selector);
	s->collecting = true;
	pass(s, first);
	s->collecting = false;
	tt_reader_close(first);
	selector_release(&s->selector);
	s->selector = fresh;
	grep_windows_complete(&s->windows);
	if (s->windows.failed && s->status == STATUS_FINE) {
		grep_wait_turn(s->output);
		cmd_error(s->file, "out of memory, or too many hits, for -A and -B: use -n N");
		s->status = STATUS_TROUBLE;
	}
	/* events near a hit may be in any generation */
	free(s->plan.may);
	s->plan = (struct grep_plan){ 0 };
	return s->status == STATUS_FINE;
}

void grep_search(struct search *s)
{
	make_plan(s);
	if (s->plan.complete && s->plan.first == s->plan.n)
		; /* nothing can be found */
	else if (!grep_wants_context(s->opt) || collect_windows(s))
		pass(s, s->trace->reader);
	free(s->plan.may);
	free(s->windows.at);
}
