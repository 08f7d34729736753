/* SPDX-License-Identifier: MIT */
/* spans.c - which intervals are hits. Command layer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "grep.h"

/* ---- options */

static const struct {
	const char *name;
	enum tt_state state;
} states[] = {
	{ "runnable", TT_STATE_RUNNABLE },
	{ "running", TT_STATE_RUNNING },
	{ "waiting", TT_STATE_WAITING },
	{ "syscall", TT_STATE_SYSCALL },
};

int grep_parse_states(void *target, const char *value, struct opt_mistake *why)
{
	unsigned *set = target;

	for (;;) {
		size_t n = strcspn(value, ","), i = 0;

		while (i < ARRAY_SIZE(states) && (strlen(states[i].name) != n ||
						  strncasecmp(states[i].name, value, n) != 0))
			i++;
		if (i == ARRAY_SIZE(states))
			return opt_mistake(why, "is not one of runnable, running, waiting, syscall");
		*set |= 1U << states[i].state;
		if (value[n] == '\0')
			return 0;
		value += n + 1;
	}
}

/* ---- kinds: without an option that names one, all are searched */

static bool names_any_kind(const struct grep_options *opt)
{
	return opt->states || opt->reasons.n || opt->ranges.n || opt->selection.regions.n;
}

static bool match_goroutine(const struct search *s, const struct tt_span *span)
{
	const struct grep_options *opt = s->opt;

	if (opt->reasons.n && span->state == TT_STATE_WAITING &&
	    names_have(&opt->reasons, tt_spans_name(s->spans, span->name)))
		return true;
	if (opt->states && (opt->states >> span->state & 1))
		return opt->reasons.n == 0 || span->state != TT_STATE_WAITING;
	return !names_any_kind(opt);
}

/* By its name alone, or with its kind as dump prints it: "stop-the-world (GC sweep termination)". */
static bool match_range(const struct search *s, const struct tt_span *span)
{
	struct tt_str name = tt_spans_name(s->spans, span->name);
	struct tt_str detail = tt_spans_name(s->spans, span->detail);
	char whole[512];

	if (s->opt->ranges.n == 0)
		return !names_any_kind(s->opt);
	if (names_have(&s->opt->ranges, name))
		return true;
	if (detail.len == 0 || name.len + detail.len + 3 > sizeof(whole))
		return false;
	memcpy(whole, name.data, name.len);
	memcpy(whole + name.len, " (", 2);
	memcpy(whole + name.len + 2, detail.data, detail.len);
	whole[name.len + 2 + detail.len] = ')';
	return names_have(&s->opt->ranges,
			  (struct tt_str){ whole, name.len + detail.len + 3 });
}

static bool match_kind(const struct search *s, const struct tt_span *span)
{
	switch (span->kind) {
	case TT_SPAN_GOROUTINE:
		return match_goroutine(s, span);
	case TT_SPAN_RANGE:
		return match_range(s, span);
	case TT_SPAN_REGION: /* its name is matched by the selector */
		return s->opt->selection.regions.n != 0 || !names_any_kind(s->opt);
	case TT_SPAN_TASK:
		return !names_any_kind(s->opt);
	default:
		return false;
	}
}

bool grep_span_matches(struct search *s, const struct tt_span *span, int64_t *start_ns,
		       int64_t *end_ns)
{
	struct generation_range range = s->opt->selection.generations;

	if (!match_kind(s, span) ||
	    !selector_match_span(&s->selector, s->spans, span, start_ns, end_ns))
		return false;
	if (s->opt->longer_than.given && *end_ns - *start_ns <= s->opt->longer_than.ns)
		return false;
	return generation_range_has(range, s->generation);
}

/* ---- before any event */

static bool any_string_is(const struct tt_generation *g, const struct opt_list *names)
{
	for (size_t i = 0; i < tt_generation_nstrings(g); i++) {
		if (names_have(names, tt_generation_string_at(g, i, NULL)))
			return true;
	}
	/* what began before the trace has no reason */
	return names_have(names, (struct tt_str){ "", 0 });
}

/* Names of ranges are not in the tables, only their kinds. */
bool grep_may_begin_in(const struct search *s, const struct tt_generation *g)
{
	const struct grep_options *opt = s->opt;

	if (opt->selection.stack.n != 0 &&
	    !stack_pattern_in_generation(&opt->selection.stack, g))
		return false;
	if (opt->states || opt->ranges.n || !names_any_kind(opt))
		return true;
	return (opt->reasons.n != 0 && any_string_is(g, &opt->reasons)) ||
	       (opt->selection.regions.n != 0 && any_string_is(g, &opt->selection.regions));
}
