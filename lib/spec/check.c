/* SPDX-License-Identifier: MIT */
/*
 * check.c - rules of the spec language that more than one line has a part in:
 * an event as a whole, names and types that are taken, pairs. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

/* ------------------------------------------------------------------- event */

/* The executing stack first, as Go's reader checks them. */
static void list_tables(struct tt_event_def *def)
{
	struct tt_event_spec *spec = &def->spec;
	int8_t i;

	for (i = 0; i < (int8_t)spec->nargs && spec->stack_arg < 0; i++)
		if (spec->args[i].type == TT_ARG_STACK && strcmp(spec->args[i].name, "stack") == 0)
			spec->stack_arg = i;
	for (i = 0; i < (int8_t)spec->nargs && spec->stack_arg < 0; i++)
		if (spec->args[i].type == TT_ARG_STACK)
			spec->stack_arg = i;
	if (spec->stack_arg >= 0)
		def->stack_args[def->nstacks++] = spec->stack_arg;
	for (i = 0; i < (int8_t)spec->nargs; i++) {
		if (spec->args[i].type == TT_ARG_STACK && i != spec->stack_arg)
			def->stack_args[def->nstacks++] = i;
		else if (spec->args[i].type == TT_ARG_STRING)
			def->string_args[def->nstrings++] = i;
	}
}

static bool seen(const struct tt_spec_event *event, enum tt_spec_clause clause)
{
	return (event->clauses & 1u << clause) != 0;
}

static void event_mistake(struct tt_spec_parser *p, struct tt_spec_event *event, const char *rule,
			  const char *message)
{
	event->broken = true;
	tt_spec_report_at(p, event->name_at, rule, "`%s` %s", event->def.spec.name, message);
}

/* Only events with a time belong to a thread: they have a context, and need one to be ordered. */
static void check_needs(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	const struct tt_event_spec *spec = &event->def.spec;

	if (p->has_experiment && !spec->timed)
		event_mistake(p, event, "not-timed",
			      "has no time: an experiment's events begin with `args dt`");
	else if (!spec->timed && seen(event, TT_CLAUSE_NEEDS))
		event_mistake(p, event, "not-timed",
			      "has no time, so it has no context: remove `needs`, or begin with "
			      "`args dt`");
	else if (spec->timed && !seen(event, TT_CLAUSE_NEEDS) &&
		 (p->has_experiment || spec->kind != TT_KIND_BAD))
		event_mistake(p, event, "needs-missing",
			      "does not say which context it needs: add `needs thread`, for "
			      "example, or `needs nothing`");
}

void tt_spec_check_event(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	struct tt_event_spec *spec = &event->def.spec;

	if (event->broken)
		return;
	if (p->has_experiment && spec->kind == TT_KIND_BAD)
		spec->kind = TT_KIND_EXPERIMENTAL;
	list_tables(&event->def);
	tt_spec_range_of_view(p, event);
	check_needs(p, event);
}

/* ------------------------------------------------------------------- clash */

/* Whether an experiment has the name or the id of this file's. */
static bool is_ours(const struct tt_spec_file *file, unsigned id, const char *name)
{
	return file->experiment.id != 0 &&
	       (file->experiment.id == id || strcmp(file->experiment.name, name) == 0);
}

/*
 * Whether `event` may take the place of `old`. What belongs to an experiment of
 * our name or id goes with it; if it may not, that was said in its line. The
 * core's events stay: the rules that order them are in the library and rely on
 * their arguments.
 */
static bool may_replace(const struct tt_spec_parser *p, const struct tt_spec_event *event,
			const struct tt_event_spec *old)
{
	if (old == NULL)
		return true;
	if (old->experiment == NULL)
		return false;
	return event->replaces || is_ours(p->file, old->experiment_id, old->experiment);
}

static void name_taken(struct tt_spec_parser *p, struct tt_spec_event *event,
		       const struct tt_event_spec *old)
{
	const char *name = event->def.spec.name;

	if (old->experiment == NULL)
		tt_spec_report(p, event->name_at.column, "name-taken",
			       "`%s` is a core event: give this one another name", name);
	else
		tt_spec_report(p, event->name_at.column, "name-taken",
			       "`%s` is the name of event %u of %s: give this one another name, or "
			       "end the line with `replaces`",
			       name, old->type, old->experiment);
}

/* No event of the core: their types are out of the range of an experiment's. */
static void type_taken(struct tt_spec_parser *p, struct tt_spec_event *event,
		       const struct tt_event_spec *old)
{
	tt_spec_report(p, event->type_at.column, "id-taken",
		       "type %u is already that of `%s` of %s: use another, or end the line with "
		       "`replaces`",
		       old->type, old->name, old->experiment);
}

/* Whether no earlier event of this file has its name or type; a mistake if one has. */
static bool free_in_file(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	const struct tt_event_spec *spec = &event->def.spec;
	const struct tt_spec_event *old;

	for (old = p->file->events; old < event; old++) {
		if (old->def.spec.name != NULL && strcmp(old->def.spec.name, spec->name) == 0) {
			tt_spec_report(p, event->name_at.column, "name-taken",
				       "a second event `%s`, the first is in line %u: rename one",
				       spec->name, old->name_at.line);
			return false;
		}
		if (old->def.spec.type == spec->type) {
			tt_spec_report(p, event->type_at.column, "id-taken",
				       "a second event of type %u, the first is in line %u: use "
				       "another type",
				       spec->type, old->name_at.line);
			return false;
		}
	}
	return true;
}

void tt_spec_check_clash(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	const struct tt_event_spec *spec = &event->def.spec;
	const struct tt_event_spec *of_name, *of_type;

	/* without an experiment the event is not to be added anyhow */
	if (!free_in_file(p, event) || p->specs == NULL || !p->has_experiment)
		return;
	of_name = tt_specs_event_named(p->specs, spec->name);
	of_type = tt_specs_event(p->specs, spec->type);
	if (!may_replace(p, event, of_name))
		name_taken(p, event, of_name);
	else if (!may_replace(p, event, of_type))
		type_taken(p, event, of_type);
	else if (event->replaces && of_name == NULL && of_type == NULL)
		tt_spec_report(p, event->name_at.column, "nothing-replaced",
			       "`replaces`, but no event has this name or type: remove the word");
}

void tt_spec_check_experiment(struct tt_spec_parser *p, struct tt_spec_position name_at,
			      struct tt_spec_position id_at)
{
	const struct tt_experiment_spec *experiment = &p->file->experiment;
	const struct tt_experiment_spec *of_name, *of_id;

	if (p->specs == NULL)
		return;
	of_name = tt_specs_experiment_named(p->specs, experiment->name);
	of_id = tt_specs_experiment_id(p->specs, experiment->id);
	if (of_name != NULL && of_name->id == p->renewed)
		of_name = NULL;
	if (of_id != NULL && of_id->id == p->renewed)
		of_id = NULL;
	if (p->file->replaces && of_name == NULL && of_id == NULL)
		tt_spec_report(
			p, name_at.column, "nothing-replaced",
			"`replaces`, but no experiment has this name or id: remove the word");
	else if (!p->file->replaces && of_name != NULL)
		tt_spec_report(p, name_at.column, "name-taken",
			       "experiment `%s` (id %u) already exists: use another name, or end "
			       "the line with `replaces`",
			       of_name->name, of_name->id);
	else if (!p->file->replaces && of_id != NULL)
		tt_spec_report(p, id_at.column, "id-taken",
			       "id %u is already that of experiment `%s`: use another, or end the "
			       "line with `replaces`",
			       of_id->id, of_id->name);
}

/* -------------------------------------------------------------------- pair */

static struct tt_spec_event *find_event(const struct tt_spec_file *file, const char *name)
{
	size_t i;

	for (i = 0; i < file->nevents; i++)
		if (file->events[i].def.spec.name != NULL &&
		    strcmp(file->events[i].def.spec.name, name) == 0)
			return &file->events[i];
	return NULL;
}

static void unknown_event(struct tt_spec_parser *p, const struct tt_spec_event *event)
{
	const char *names[TT_SPEC_MAX_EVENTS];
	const char *nearest = NULL;
	size_t n = 0, i;

	for (i = 0; i < p->file->nevents; i++)
		if (p->file->events[i].def.spec.name != NULL)
			names[n++] = p->file->events[i].def.spec.name;
	if (tt_spec_mistakes_has_room(p->mistakes))
		nearest = tt_spec_nearest(event->pair_name, names, n);
	if (nearest != NULL)
		tt_spec_report_at(p, event->pair_at, "unknown-word",
				  "unknown event `%s`; did you mean `%s`?", event->pair_name,
				  nearest);
	else
		tt_spec_report_at(p, event->pair_at, "unknown-word",
				  "unknown event `%s`; expected one of this file",
				  event->pair_name);
}

static bool is_range(const struct tt_event_def *def)
{
	return def->spec.kind == TT_KIND_RANGE_BEGIN || def->spec.kind == TT_KIND_RANGE_ACTIVE ||
	       def->spec.kind == TT_KIND_RANGE_END;
}

/* What makes `def` no end of `begin`, or NULL. */
static const char *mismatch(const struct tt_event_def *def, const struct tt_event_def *begin)
{
	if (!begin->spec.timed || !def->spec.timed)
		return "both must have a time: begin their `args` with `dt`";
	if (!is_range(def) && is_range(begin))
		return "it begins a range, so this event must show its `end`";
	if (!is_range(def))
		return tt_spec_range_mismatch(def, begin);
	if (def->spec.kind == TT_KIND_RANGE_BEGIN)
		return "this event shows a `begin` itself: remove `pair`";
	if (begin->spec.kind != TT_KIND_RANGE_BEGIN)
		return "it must show the `begin` of the range";
	if (strcmp(begin->view.name, def->view.name) != 0)
		return "the names of the ranges differ";
	if (def->view.has_kind && !begin->view.has_kind)
		return "it has no kind, so this event cannot have one";
	return tt_spec_range_mismatch(def, begin);
}

static void resolve_pair(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	const struct tt_spec_event *begin = find_event(p->file, event->pair_name);
	const char *problem;

	if (begin == NULL) {
		unknown_event(p, event);
		return;
	}
	if (begin->broken || event->broken)
		return;
	problem = mismatch(&event->def, &begin->def);
	if (begin == event || begin->pair_name != NULL)
		problem = "it does not begin anything";
	if (problem != NULL) {
		tt_spec_report_at(p, event->pair_at, "pair-mismatch", "paired with `%s`, but %s",
				  event->pair_name, problem);
		return;
	}
	event->def.pair = begin->def.spec.type;
	event->def.spec.range.nested = begin->def.spec.range.nested;
	event->def.view.has_kind = begin->def.view.has_kind;
}

/* -------------------------------------------------------------------- file */

static bool ends_range(const struct tt_spec_event *event)
{
	return event->def.spec.range.role == TT_RANGE_ACTIVE ||
	       event->def.spec.range.role == TT_RANGE_END;
}

/* Whether an event of the specs there are will be gone once this file is added. */
static bool will_be_gone(const struct tt_spec_file *file, const struct tt_event_spec *old)
{
	size_t i;

	if (old->experiment == NULL)
		return false;
	if (is_ours(file, old->experiment_id, old->experiment))
		return true;
	for (i = 0; i < file->nevents; i++) {
		const struct tt_event_spec *spec = &file->events[i].def.spec;

		if (spec->type == old->type ||
		    (spec->name != NULL && strcmp(spec->name, old->name) == 0))
			return true;
	}
	return false;
}

/* No event that stays may lose the begin that it is paired with. */
static void check_left_pairs(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	unsigned type;

	for (type = 1; type <= TT_SPEC_MAX_TYPE; type++) {
		const struct tt_event_def *old = tt_specs_def(p->specs, type);
		const struct tt_event_def *begin;

		if (old == NULL || old->pair == 0 || will_be_gone(p->file, &old->spec))
			continue;
		begin = tt_specs_def(p->specs, old->pair);
		if (begin->spec.type == event->def.spec.type ||
		    strcmp(begin->spec.name, event->def.spec.name) == 0)
			tt_spec_report_at(p, event->name_at, "pair-mismatch",
					  "this replaces `%s`, which begins `%s`: replace both, or "
					  "the experiment",
					  begin->spec.name, old->spec.name);
	}
}

void tt_spec_check_file(struct tt_spec_parser *p)
{
	if (p->file->nevents == 0 && !p->has_experiment && p->mistakes->total == 0)
		tt_spec_report_at(p, (struct tt_spec_position){1, 1}, "no-experiment",
				  "the file declares nothing: begin with `experiment NAME ID`");
	tt_spec_settle_values(p);
	tt_spec_resolve_fields(p);
	for (size_t i = 0; i < p->file->nevents; i++) {
		struct tt_spec_event *event = &p->file->events[i];

		tt_spec_resolve_means(p, event);
		tt_spec_resolve_refs(p, event);
		if (event->pair_name != NULL)
			resolve_pair(p, event);
		else if (!event->broken && ends_range(event))
			event_mistake(
				p, event, "pair-missing",
				"is of a range that begins elsewhere: add `pair` and the name of "
				"the event that begins it");
		if (event->def.spec.range.role != TT_RANGE_NONE)
			event->def.spec.range.begin = event->def.pair != 0 ? event->def.pair
									   : event->def.spec.type;
		if (event->replaces && !event->broken && p->specs != NULL)
			check_left_pairs(p, event);
	}
	tt_spec_resolve_orders(p);
}
