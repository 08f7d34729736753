/* SPDX-License-Identifier: MIT */
/*
 * spans_run.c - most states of goroutines in few bytes, for callers that count them. An event
 * that does nothing but bring a known goroutine from one plain state to another is handled
 * here; tt_spans_event() gets every other. Stands on spans_texts.c and the reader.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "analyze/spans.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/hash.h"
#include "event/reader.h"
#include "event/states.h"

/* ---- groups */

_Static_assert(offsetof(struct tt_span_goroutine, name) ==
		       offsetof(struct tt_span_goroutine, func) + sizeof(uint32_t),
	       "a function and a name are read as one number");

static inline struct tt_span_group_key key_of(const struct tt_span_groups *groups,
					      const struct tt_span_goroutine *g)
{
	struct tt_span_group_key key;

	memcpy(&key.func_name, &g->func, sizeof(key.func_name));
	key.stack_state = (uint64_t)g->state << 32 | (g->stack & groups->stack_masks[g->state]);
	return key;
}

/* Finds a group that was not asked for lately. False: its states are to be spans. */
static TT_NOT_INLINE bool find_group(struct tt_spans *s, const struct tt_span_group_key *key,
				     struct tt_span_last_group *last)
{
	uint32_t group = tt_span_groups_find(s, key);

	if (group == TT_IDMAP_NONE)
		return false;
	*last = (struct tt_span_last_group){*key, group};
	return true;
}

static inline bool set_group(struct tt_spans *s, struct tt_span_groups *groups,
			     const struct tt_span_goroutine *g, struct tt_span_brief *brief)
{
	const struct tt_span_group_key key = key_of(groups, g);
	uint64_t hash = tt_hash_number(key.func_name ^ key.stack_state << 17);
	struct tt_span_last_group *last = &groups->last[hash >> (64 - TT_SPANS_NLAST_GROUPS_LOG2)];

	if (tt_unlikely(!tt_span_same_key(&last->key, &key)) && !find_group(s, &key, last))
		return false;
	brief->group = last->group;
	return true;
}

/* ---- events */

_Static_assert(TT_STATE_RUNNING - TT_STATE_RUNNABLE == 1 &&
		       TT_STATE_WAITING - TT_STATE_RUNNABLE == 2 &&
		       TT_STATE_SYSCALL - TT_STATE_RUNNABLE == 3,
	       "plain states follow one another");

/* What the events of a type do, if it is always the same and nothing else. */
static TT_NOT_INLINE void learn_rule(struct tt_span_groups *groups, const struct tt_event *ev)
{
	const struct tt_event_view *view;
	struct tt_span_rule *rule;

	if (ev->kind != TT_KIND_TRANSITION || ev->spec->norders != 0)
		return;
	view = &tt_event_def_of(ev->spec)->view;
	if (view->resource != TT_RESOURCE_GOROUTINE || !tt_span_is_plain(view->from) ||
	    !tt_span_is_plain(view->to) ||
	    view->from == view->to)
		return;
	rule = &groups->rules[ev->spec->type];
	rule->spec = ev->spec;
	rule->to = view->to;
	rule->id_arg = view->id_arg;
	rule->reason_arg = view->reason_arg;
	rule->stack_arg = view->stack_arg;
	rule->keeps_stack = view->stack_arg == ev->spec->stack_arg;
	rule->is_syscall = view->from == TT_STATE_SYSCALL || view->to == TT_STATE_SYSCALL;
	rule->is_bare = rule->reason_arg < 0 && rule->stack_arg < 0 && !rule->is_syscall;
}

/* What an event of a rule needs to say: of its context, and its arguments. */
struct plain_event {
	int64_t time_ns, goroutine, proc;
	const uint64_t *args;
};

/* The goroutine's own stack at the event, as far as that says it. */
static inline void set_stack(struct tt_spans *s, struct tt_span_goroutine *g,
			     const struct tt_span_rule *rule, const uint64_t *args)
{
	uint64_t id = args[rule->stack_arg];

	if (id != 0 || !rule->keeps_stack)
		g->stack = s->flags & TT_SPANS_OWN_STACKS
				   ? tt_span_texts_last_stack(&s->texts, id)
				   : 0;
}

/* The goroutine that an event of a rule is about, if it is in a state that ends plainly. */
static inline struct tt_span_goroutine *plain_goroutine(const struct tt_spans *s,
							const struct tt_span_rule *rule,
							const struct plain_event *ev)
{
	int64_t id = rule->id_arg < 0 ? ev->goroutine : (int64_t)ev->args[rule->id_arg];
	uint32_t slot = tt_idmap_find(&s->goroutine_ids, (uint64_t)id);
	struct tt_span_goroutine *g = &s->goroutines.at[slot];

	if (slot == TT_IDMAP_NONE || !g->plain || (g->func == 0 && rule->stack_arg >= 0))
		return NULL;
	return g;
}

/* Into a system call or out of it, by an event of this context. */
static TT_NOT_INLINE void pass_syscall(struct tt_spans *s, struct tt_span_goroutine *g, int64_t proc)
{
	if (g->state == TT_STATE_SYSCALL)
		tt_spans_enter_syscall(s, g, proc);
	else
		tt_spans_leave_syscall(s, g);
	tt_span_set_plain(g);
}

/* What else an event says of the state that it begins. */
static inline void add_details(struct tt_spans *s, struct tt_span_goroutine *g,
			       const struct tt_span_rule *rule, const struct plain_event *ev)
{
	if (rule->reason_arg >= 0)
		g->name = tt_span_texts_string(&s->texts, ev->args[rule->reason_arg]);
	if (rule->stack_arg >= 0)
		set_stack(s, g, rule, ev->args);
	if (tt_unlikely(rule->is_syscall))
		pass_syscall(s, g, ev->proc);
}

/* Handles an event of a rule if it is plain. */
static TT_ALWAYS_INLINE bool run_plain(struct tt_spans *s, struct tt_span_groups *groups,
				       const struct tt_span_rule *rule, const struct plain_event *ev,
				       struct tt_span_brief *brief)
{
	struct tt_span_goroutine *g = plain_goroutine(s, rule, ev);

	if (g == NULL || !set_group(s, groups, g, brief))
		return false;
	brief->id = g->id;
	brief->start_ns = g->since_ns;
	brief->end_ns = ev->time_ns;
	g->state = rule->to;
	g->since_ns = ev->time_ns;
	g->name = 0;
	if (!rule->is_bare)
		add_details(s, g, rule, ev);
	return true;
}

/* The same of an event that was handed out. */
static inline bool run_event(struct tt_spans *s, struct tt_span_groups *groups, const struct tt_event *ev,
			     struct tt_span_brief *brief)
{
	const struct plain_event plain = {ev->time_ns, ev->goroutine, ev->proc, ev->args};
	const struct tt_span_rule *rule;

	if (ev->spec == NULL)
		return false;
	rule = &groups->rules[ev->spec->type];
	return rule->spec == ev->spec && run_plain(s, groups, rule, &plain, brief);
}

/*
 * The events at hand that are in few bytes, up to one that is not plain: then *refused, and it must
 * not be tried once more, since its group is known by now. Returns where the next brief goes.
 */
static struct tt_span_brief *run_briefs(struct tt_spans *s, struct tt_event_run *run, struct tt_span_brief *brief,
					bool *refused)
{
	struct tt_span_groups *groups = s->groups;
	const struct tt_span_brief *end = groups->briefs + TT_SPANS_NBRIEFS;
	const struct tt_brief_event *ev = run->next;
	int64_t last_ns = run->last_ns;

	*refused = false;
	for (; ev < run->end && brief < end; ev++, brief++) {
		const struct tt_span_rule *rule = &groups->rules[tt_brief_event_type(ev)];
		const struct plain_event plain = {tt_event_run_time_of(ev, last_ns), ev->goroutine,
						  ev->proc, ev->args};

		/* (of types with such events the specs never change) */
		*refused = rule->spec == NULL || !run_plain(s, groups, rule, &plain, brief);
		if (*refused)
			break;
		last_ns = plain.time_ns;
	}
	run->next = ev;
	run->last_ns = last_ns;
	return brief;
}

/* Whether an event did nothing that a caller of tt_spans_run() has to see. */
static bool is_silent(const struct tt_spans *s, const struct tt_event *ev)
{
	return ev->kind == TT_KIND_TRANSITION && ev->spec != NULL && ev->spec->norders == 0 &&
	       s->ended.n == 0;
}

/* Any event. *silent: the run goes on. */
static TT_NOT_INLINE int run_other(struct tt_spans *s, const struct tt_event *ev, bool *silent)
{
	int rc = tt_spans_event(s, ev);

	if (ev->spec != NULL)
		learn_rule(s->groups, ev);
	*silent = rc == TT_OK && is_silent(s, ev);
	return rc;
}

int tt_spans_run(struct tt_spans *s, struct tt_reader *r, const struct tt_event **out)
{
	struct tt_span_groups *groups = s->groups;
	struct tt_span_brief *brief, *end;
	const struct tt_event *ev;
	bool silent, refused = false;
	int rc = TT_OK;

	assert(groups != NULL);
	s->ended.n = s->next = 0;
	brief = groups->briefs;
	end = brief + TT_SPANS_NBRIEFS;
	*out = NULL;
	tt_reader_begin_runs(r);
	for (;;) {
		if (r->phase == TT_PHASE_RUN)
			brief = run_briefs(s, r->run, brief, &refused);
		if (brief == end)
			break;
		rc = tt_reader_next_inline(r, &ev);
		if (rc != TT_OK)
			break;
		if (tt_likely(!refused && run_event(s, groups, ev, brief))) {
			brief++;
			continue;
		}
		rc = run_other(s, ev, &silent);
		if (!silent) {
			*out = ev;
			break;
		}
	}
	groups->nbriefs = (size_t)(brief - groups->briefs);
	if (brief > groups->briefs && brief[-1].end_ns > s->now_ns)
		s->now_ns = brief[-1].end_ns;
	return rc == TT_OK && s->texts.failed ? -tt_mem_code(&s->mem) : rc;
}
