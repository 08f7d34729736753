/* SPDX-License-Identifier: MIT */
/* selector.c - which events of a trace are chosen. Command layer. */
#include "selector.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "event.h"

/* ---- resolving */

static bool add_event_type(struct selector_kinds *to, const struct tt_specs *specs, const char *name)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		if (!spec || strcasecmp(spec->name, name) != 0)
			continue;
		if (spec->timed) {
			to->types[type / 64] |= UINT64_C(1) << type % 64;
			return true;
		}
		/* CPU samples are made from this one. */
		if (spec->kind == TT_KIND_STACK_SAMPLE) {
			to->kinds |= 1U << TT_KIND_STACK_SAMPLE;
			return true;
		}
	}
	return false;
}

static bool add_kind(struct selector_kinds *to, const char *name)
{
	for (unsigned kind = TT_KIND_SYNC; kind < TT_KIND_COUNT; kind++) {
		if (strcasecmp(tt_kind_name((enum tt_kind)kind), name) == 0) {
			to->kinds |= 1U << kind;
			return true;
		}
	}
	return false;
}

static int unknown_kind(const struct opt_command *command, const struct tt_specs *specs,
			const char *name)
{
	struct nearest near = { .word = name };

	for (unsigned kind = TT_KIND_SYNC; kind < TT_KIND_COUNT; kind++)
		nearest_try(&near, tt_kind_name((enum tt_kind)kind));
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		if (spec && spec->timed)
			nearest_try(&near, spec->name);
	}
	if (near.best)
		return opt_usage(command, "--kind: '%s' is not a kind of event; did you mean '%s'?",
				 name, near.best);
	return opt_usage(command, "--kind: '%s' is not a kind of event; "
				  "'tracetool spec list' lists them", name);
}

/* No event or kind has a longer name. */
enum { NAME_SIZE = 128 };

/* False: `name` is the first of the list that is not known. */
static bool resolve_kinds(struct selector *s, const struct tt_specs *specs, const char *list,
			  char name[NAME_SIZE])
{
	for (;;) {
		size_t n = strcspn(list, ",");
		bool excludes = list[0] == '!';
		size_t kept = n - excludes < NAME_SIZE ? n - excludes : NAME_SIZE - 1;
		struct selector_kinds *to = excludes ? &s->not_kinds : &s->kinds;

		memcpy(name, list + excludes, kept);
		name[kept] = '\0';
		to->any = true;
		if (!add_kind(to, name) && !add_event_type(to, specs, name))
			return false;
		if (list[n] == '\0')
			return true;
		list += n + 1;
	}
}

static bool resolve_experiment(struct selector *s, const struct tt_specs *specs,
			       const char *name)
{
	const struct tt_experiment_spec *e = tt_specs_experiment_named(specs, name);
	uint64_t id = e ? e->id : 0;

	/* without a spec it has no events, but there may be batches */
	if (!e && opt_u64(name, &id) == 0 && id <= UINT8_MAX && !s->selection->any_experiment &&
	    !tt_specs_experiment_id(specs, (unsigned)id))
		id = 0;
	s->experiment = id <= UINT8_MAX ? (unsigned)id : 0;
	return s->experiment != 0;
}

static int unknown_experiment(const struct opt_command *command, const struct tt_specs *specs,
			      const char *name)
{
	const struct tt_experiment_spec *e;
	struct nearest near = { .word = name };

	for (size_t i = 0; (e = tt_specs_experiment(specs, i)) != NULL; i++)
		nearest_try(&near, e->name);
	if (near.best)
		return opt_usage(command, "unknown experiment '%s'; did you mean '%s'?", name,
				 near.best);
	return opt_usage(command, "unknown experiment '%s'; add its spec with --spec FILE", name);
}

int selector_resolve(struct selector *s, const struct opt_command *command,
			const struct tt_specs *specs)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < s->selection->kinds.n; i++) {
		if (!resolve_kinds(s, specs, s->selection->kinds.items[i], name))
			return unknown_kind(command, specs, name);
	}
	if (s->selection->experiment && !resolve_experiment(s, specs, s->selection->experiment))
		return unknown_experiment(command, specs, s->selection->experiment);
	return OPT_RUN;
}

void selector_init(struct selector *s, const struct selection *selection,
		   const struct tt_specs *specs)
{
	char name[NAME_SIZE];

	*s = (struct selector){
		.selection = selection,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
		.active = selection_chooses(selection),
	};
	for (size_t i = 0; i < selection->kinds.n; i++)
		s->unresolved |= !resolve_kinds(s, specs, selection->kinds.items[i], name);
	if (selection->experiment && !resolve_experiment(s, specs, selection->experiment))
		s->unresolved = true;
}

void selector_copy(struct selector *to, const struct selector *from)
{
	*to = *from;
	to->stack_verdicts = to->span_verdicts = NULL;
	to->nspan_verdicts = 0;
	to->tasks = (struct id_set){ 0 };
}

void selector_begin(struct selector *s, int64_t start_ns)
{
	if (s->selection->from.given)
		s->from_ns = time_point_ns(&s->selection->from, start_ns);
	if (s->selection->to.given)
		s->to_ns = time_point_ns(&s->selection->to, start_ns);
}

void selector_release(struct selector *s)
{
	free(s->stack_verdicts);
	free(s->span_verdicts);
	s->stack_verdicts = s->span_verdicts = NULL;
	id_set_release(&s->tasks);
}

/* ---- matching */

/* Whether an argument of an experiment's event names one of these. */
static bool has_argument(const struct id_list *list, const struct tt_event *ev,
			 enum tt_resource resource)
{
	unsigned arg = 0;
	int64_t id;

	while (event_next_named(ev, resource, &arg, &id))
		if (id_list_has(list, id))
			return true;
	return false;
}

static inline __attribute__((always_inline)) bool names_id(const struct id_list *list, const struct tt_event *ev,
		     enum tt_resource resource)
{
	int64_t id = TT_NONE;

	return id_list_has(list, event_context(ev, resource)) ||
	       (event_subject(ev, &id) == resource && id_list_has(list, id)) ||
	       (ev->spec && ev->spec->experiment && has_argument(list, ev, resource));
}

/* Most selections have no list of this kind: that costs no call. */
static inline __attribute__((always_inline)) bool match_ids(const struct id_list *list, const struct tt_event *ev,
			     enum tt_resource resource)
{
	return list->n == 0 || names_id(list, ev, resource);
}

static bool match_frames(const struct stack_pattern *pattern, const struct tt_generation *g,
			 uint64_t id)
{
	struct tt_frame frames[TT_MAX_FRAMES];

	return stack_pattern_matches(pattern, frames, tt_generation_stack(g, id, frames));
}

static bool match_stack(struct selector *s, const struct tt_generation *g, uint64_t id)
{
	size_t index = tt_generation_stack_index(g, id);

	if (index == 0)
		return false;
	if (!s->stack_verdicts || s->stack_ordinal != tt_generation_ordinal(g)) {
		free(s->stack_verdicts);
		s->stack_verdicts = calloc(tt_generation_nstacks(g) + 1, 1);
		s->stack_ordinal = tt_generation_ordinal(g);
	}
	if (!s->stack_verdicts)
		return match_frames(&s->selection->stack, g, id);
	if (s->stack_verdicts[index] == 0)
		s->stack_verdicts[index] = match_frames(&s->selection->stack, g, id) ? 2 : 1;
	return s->stack_verdicts[index] == 2;
}

static bool match_stacks(struct selector *s, const struct tt_event *ev)
{
	if (!ev->generation)
		return false;
	for (unsigned i = 0; ev->spec && ev->spec->experiment && i < ev->spec->nargs; i++) {
		if (event_has_other_stack(ev, i) && match_stack(s, ev->generation, ev->args[i]))
			return true;
	}
	if (match_stack(s, ev->generation, tt_event_stack(ev, NULL)))
		return true;
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		return t.has_stack && match_stack(s, ev->generation, t.stack);
	}
	return false;
}

static bool has_kind(const struct selector_kinds *kinds, const struct tt_event *ev)
{
	if (kinds->kinds >> ev->kind & 1)
		return true;
	return ev->spec && (kinds->types[ev->spec->type / 64] >> ev->spec->type % 64 & 1);
}

static bool match_kind(const struct selector *s, const struct tt_event *ev)
{
	return (!s->kinds.any || has_kind(&s->kinds, ev)) &&
	       !(s->not_kinds.any && has_kind(&s->not_kinds, ev));
}

/* The task that an event is of; false: of none. */
static bool task_of(const struct tt_event *ev, uint64_t *task)
{
	switch (ev->kind) {
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		*task = tt_event_task(ev).id;
		return true;
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		*task = tt_event_region(ev).task;
		return true;
	case TT_KIND_LOG:
		*task = tt_event_log(ev).task;
		return true;
	default:
		return false;
	}
}

/* Regions and log messages name their task by its number only. */
void selector_follow(struct selector *s, const struct tt_event *ev)
{
	struct tt_task task;

	if (ev->kind != TT_KIND_TASK_BEGIN && ev->kind != TT_KIND_TASK_END)
		return;
	task = tt_event_task(ev);
	if (ev->kind == TT_KIND_TASK_END)
		id_set_remove(&s->tasks, (int64_t)task.id);
	else if (names_have(&s->selection->tasks.names, task.type) &&
		 !id_set_add(&s->tasks, (int64_t)task.id))
		s->no_memory = true;
}

static bool match_task(const struct selector *s, const struct tt_event *ev)
{
	const struct task_list *tasks = &s->selection->tasks;
	uint64_t task;

	if (tasks->ids.n == 0 && tasks->names.n == 0)
		return true;
	if (!task_of(ev, &task))
		return false;
	return id_list_has(&tasks->ids, (int64_t)task) || id_set_has(&s->tasks, (int64_t)task) ||
	       (ev->kind == TT_KIND_TASK_END && names_have(&tasks->names, tt_event_task(ev).type));
}

static bool match_region(const struct selector *s, const struct tt_event *ev)
{
	if (s->selection->regions.n == 0)
		return true;
	return (ev->kind == TT_KIND_REGION_BEGIN || ev->kind == TT_KIND_REGION_END) &&
	       names_have(&s->selection->regions, tt_event_region(ev).type);
}

bool selector_has_generation(const struct selector *s, const struct tt_generation *g)
{
	struct generation_range range = s->selection->generations;

	return generation_range_is_all(range) ||
	       (g && generation_range_has(range, tt_generation_number(g)));
}

bool selector_clip(const struct selector *s, int64_t *start_ns, int64_t *end_ns)
{
	if (*end_ns < s->from_ns || *start_ns > s->to_ns)
		return false;
	if (*start_ns < s->from_ns)
		*start_ns = s->from_ns;
	if (*end_ns > s->to_ns)
		*end_ns = s->to_ns;
	return true;
}

bool selector_match(struct selector *s, const struct tt_event *ev)
{
	const struct selection *selection = s->selection;

	if (!s->active)
		return true;
	if (selection->tasks.names.n != 0)
		selector_follow(s, ev);
	if (ev->time_ns < s->from_ns || ev->time_ns > s->to_ns)
		return false;
	if (selection->kinds.n != 0 && !match_kind(s, ev))
		return false;
	if (s->experiment && !(ev->spec && ev->spec->experiment_id == s->experiment))
		return false;
	return selector_has_generation(s, ev->generation) &&
	       match_ids(&selection->threads, ev, TT_RESOURCE_THREAD) &&
	       match_ids(&selection->goroutines, ev, TT_RESOURCE_GOROUTINE) &&
	       match_ids(&selection->procs, ev, TT_RESOURCE_PROC) && match_task(s, ev) &&
	       match_region(s, ev) && (selection->stack.n == 0 || match_stacks(s, ev));
}

/* ---- before any event */

static bool any_string_is(const struct tt_generation *g, const struct opt_list *names)
{
	for (size_t i = 0; i < tt_generation_nstrings(g); i++) {
		if (names_have(names, tt_generation_string_at(g, i, NULL)))
			return true;
	}
	return names_have(names, (struct tt_str){ "", 0 });
}

bool selector_may_match_in(const struct selector *s, const struct tt_generation *g)
{
	const struct selection *selection = s->selection;

	return selector_has_generation(s, g) &&
	       (selection->regions.n == 0 || any_string_is(g, &selection->regions)) &&
	       (selection->stack.n == 0 || stack_pattern_in_generation(&selection->stack, g));
}
