/* SPDX-License-Identifier: MIT */
/*
 * selector.h - which events of a trace the options of selection.h choose. Command layer.
 *
 *	selector_init(&s, selection, in->specs);
 *	...                             open the trace
 *	selector_resolve(&s, command, tt_reader_specs(reader)) if s.unresolved, once its first
 *	                                generation was read
 *	selector_begin(&s, start_ns)    the time of its first event
 *	selector_match(&s, ev)          of every event, in order
 *	selector_release(&s)
 */
#ifndef CMD_CLI_SELECTOR_H
#define CMD_CLI_SELECTOR_H

#include "idset.h"
#include "selection.h"
#include "tracetool_analyze.h"

struct selector {
	const struct selection *selection;
	bool active;            /* it may leave events out */
	bool unresolved;        /* it has names that the specs known so far do not have */
	bool no_memory;         /* which task is which is no longer known */
	int64_t from_ns, to_ns; /* on the clock of the trace, both included */
	struct selector_kinds {
		bool any;       /* a name was given */
		unsigned kinds; /* a bit for each enum tt_kind */
		uint64_t types[4]; /* a bit for each event type */
	} kinds, not_kinds;     /* those with a `!` before the name */
	unsigned experiment;    /* its number; 0: any */
	uint64_t stack_ordinal; /* the generation that `stack_verdicts` belongs to */
	uint8_t *stack_verdicts; /* by stack index: 0 not matched yet, 1 no, 2 yes */
	struct id_set tasks;    /* open ones that have a name that was chosen */
	uint8_t *span_verdicts; /* as stack_verdicts, by the number of a stack of spans */
	uint32_t nspan_verdicts;
};

/* Release in any case. Before selector_begin() any time is chosen. */
void selector_init(struct selector *s, const struct selection *selection,
		   const struct tt_specs *specs);
/* Another one for the same trace, from its start. */
void selector_copy(struct selector *to, const struct selector *from);
/*
 * With the specs that the trace itself brings, if names are unresolved. OPT_RUN, or
 * STATUS_TROUBLE after a message.
 */
int selector_resolve(struct selector *s, const struct opt_command *command,
		     const struct tt_specs *specs);
void selector_begin(struct selector *s, int64_t start_ns);
void selector_release(struct selector *s);

bool selector_match(struct selector *s, const struct tt_event *ev);
/* Whether no event from this time on is chosen. */
static inline bool selector_over(const struct selector *s, int64_t time_ns)
{
	return time_ns > s->to_ns;
}
bool selector_has_generation(const struct selector *s, const struct tt_generation *g);
/*
 * The same of intervals: whether goroutine, processor, thread, task, region and stack are
 * chosen; kinds, experiments and generations do not matter. *start_ns and *end_ns are those
 * of the span, cut to the window. Needs TT_SPANS_STACKS for stacks, and each event in
 * selector_follow().
 */
bool selector_match_span(struct selector *s, const struct tt_spans *spans,
			 const struct tt_span *span, int64_t *start_ns, int64_t *end_ns);
/* What selector_match() does for later events, for callers that do not call it. */
void selector_follow(struct selector *s, const struct tt_event *ev);
/* Cuts an interval to the window. False: it is outside, and stays as it is. */
bool selector_clip(const struct selector *s, int64_t *start_ns, int64_t *end_ns);
/*
 * False if no event of the generation can match, because its tables do not have a stack or
 * string that the selection needs. It costs less than the events of a generation.
 */
bool selector_may_match_in(const struct selector *s, const struct tt_generation *g);

#endif
