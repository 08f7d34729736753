/* SPDX-License-Identifier: MIT */
/* filter.c - which events `tracetool dump` prints. Command layer. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "dump.h"

/* ---- resolving */

static bool add_event_type(struct dump_filter *f, const struct tt_specs *specs, const char *name)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		if (!spec || strcasecmp(spec->name, name) != 0)
			continue;
		if (spec->timed) {
			f->types[type / 64] |= UINT64_C(1) << type % 64;
			return true;
		}
		/* CPU samples are made from this one. */
		if (spec->kind == TT_KIND_STACK_SAMPLE) {
			f->kinds |= 1U << TT_KIND_STACK_SAMPLE;
			return true;
		}
	}
	return false;
}

static bool add_kind(struct dump_filter *f, const char *name)
{
	for (unsigned kind = TT_KIND_SYNC; kind < TT_KIND_COUNT; kind++) {
		if (strcasecmp(tt_kind_name((enum tt_kind)kind), name) == 0) {
			f->kinds |= 1U << kind;
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
static bool resolve_kinds(struct dump_filter *f, const struct tt_specs *specs, const char *list,
			  char name[NAME_SIZE])
{
	for (;;) {
		size_t n = strcspn(list, ",");
		size_t kept = n < NAME_SIZE ? n : NAME_SIZE - 1;

		memcpy(name, list, kept);
		name[kept] = '\0';
		if (!add_kind(f, name) && !add_event_type(f, specs, name))
			return false;
		if (list[n] == '\0')
			return true;
		list += n + 1;
	}
}

static bool resolve_experiment(struct dump_filter *f, const struct tt_specs *specs,
			       const char *name)
{
	const struct tt_experiment_spec *e = tt_specs_experiment_named(specs, name);
	uint64_t id = e ? e->id : 0;

	/* without a spec it has no events, but there may be batches */
	if (!e && opt_u64(name, &id) == 0 && id <= UINT8_MAX && !f->opt->batches &&
	    !tt_specs_experiment_id(specs, (unsigned)id))
		id = 0;
	f->experiment = id <= UINT8_MAX ? (unsigned)id : 0;
	return f->experiment != 0;
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

int dump_filter_resolve(struct dump_filter *f, const struct opt_command *command,
			const struct tt_specs *specs)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < f->opt->kinds.n; i++) {
		if (!resolve_kinds(f, specs, f->opt->kinds.items[i], name))
			return unknown_kind(command, specs, name);
	}
	if (f->opt->experiment && !resolve_experiment(f, specs, f->opt->experiment))
		return unknown_experiment(command, specs, f->opt->experiment);
	return OPT_RUN;
}

void dump_filter_init(struct dump_filter *f, const struct dump_options *opt,
		      const struct tt_specs *specs)
{
	char name[NAME_SIZE];

	*f = (struct dump_filter){ .opt = opt, .has_kinds = opt->kinds.n != 0 };
	for (size_t i = 0; i < opt->kinds.n; i++)
		f->unresolved |= !resolve_kinds(f, specs, opt->kinds.items[i], name);
	if (opt->experiment && !resolve_experiment(f, specs, opt->experiment))
		f->unresolved = true;
	f->active = f->has_kinds || opt->experiment || opt->pattern || opt->goroutines.n ||
		    opt->procs.n || opt->threads.n || opt->from_ns > 0 || opt->to_ns != INT64_MAX ||
		    !generation_range_is_all(opt->generations);
}

void dump_filter_release(struct dump_filter *f)
{
	free(f->stack_verdicts);
	f->stack_verdicts = NULL;
}

/* ---- matching */

static bool has_id(const struct id_list *list, int64_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->ids[i] == id)
			return true;
	}
	return false;
}

/* The goroutine, P or thread that an event is about, besides those of its context. */
static enum tt_resource subject(const struct tt_event *ev, int64_t *id)
{
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		*id = t.id;
		return t.resource;
	}
	if (ev->kind >= TT_KIND_RANGE_BEGIN && ev->kind <= TT_KIND_RANGE_END) {
		struct tt_range r = tt_event_range(ev);

		*id = r.id;
		return r.scope;
	}
	return TT_RESOURCE_NONE;
}

/* Whether an argument of an experiment's event names one of these. */
static bool has_argument(const struct id_list *list, const struct tt_event *ev,
			 enum tt_resource resource)
{
	for (unsigned i = 0; ev->spec && ev->spec->experiment && i < ev->spec->nargs; i++) {
		int64_t id = (int64_t)ev->args[i];

		if (event_names(ev, i) == resource && id != TT_NONE && has_id(list, id))
			return true;
	}
	return false;
}

static bool match_ids(const struct id_list *list, const struct tt_event *ev,
		      enum tt_resource resource)
{
	int64_t id = TT_NONE;

	return list->n == 0 || has_id(list, event_context(ev, resource)) ||
	       (subject(ev, &id) == resource && has_id(list, id)) ||
	       has_argument(list, ev, resource);
}

/*
 * Whether the pattern, in which `*` is any text and `?` any byte, occurs anywhere in
 * the text. Goes back to the latest `*` only, so time is at most the product of the
 * lengths.
 */
static bool match_pattern(const char *pattern, struct tt_str text)
{
	const char *star = pattern;
	size_t at = 0, star_at = 0;

	while (*pattern != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			star_at = at;
		} else if (at < text.len && (*pattern == '?' || *pattern == text.data[at])) {
			pattern++;
			at++;
		} else if (star_at < text.len) {
			pattern = star;
			at = ++star_at;
		} else {
			return false;
		}
	}
	return true;
}

static bool match_frames(const char *pattern, const struct tt_generation *g, uint64_t id)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(g, id, frames);

	for (int i = 0; i < n; i++) {
		if (match_pattern(pattern, frames[i].func))
			return true;
	}
	return false;
}

static bool match_stack(struct dump_filter *f, const struct tt_generation *g, uint64_t id)
{
	size_t index = tt_generation_stack_index(g, id);

	if (index == 0)
		return false;
	if (!f->stack_verdicts || f->stack_ordinal != tt_generation_ordinal(g)) {
		free(f->stack_verdicts);
		f->stack_verdicts = calloc(tt_generation_nstacks(g) + 1, 1);
		f->stack_ordinal = tt_generation_ordinal(g);
	}
	if (!f->stack_verdicts)
		return match_frames(f->opt->pattern, g, id);
	if (f->stack_verdicts[index] == 0)
		f->stack_verdicts[index] = match_frames(f->opt->pattern, g, id) ? 2 : 1;
	return f->stack_verdicts[index] == 2;
}

static bool match_stacks(struct dump_filter *f, const struct tt_event *ev)
{
	if (!ev->generation)
		return false;
	for (unsigned i = 0; ev->spec && ev->spec->experiment && i < ev->spec->nargs; i++) {
		if (event_has_other_stack(ev, i) && match_stack(f, ev->generation, ev->args[i]))
			return true;
	}
	if (match_stack(f, ev->generation, tt_event_stack(ev, NULL)))
		return true;
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		return t.has_stack && match_stack(f, ev->generation, t.stack);
	}
	return false;
}

static bool match_kind(const struct dump_filter *f, const struct tt_event *ev)
{
	if (f->kinds >> ev->kind & 1)
		return true;
	return ev->spec && (f->types[ev->spec->type / 64] >> ev->spec->type % 64 & 1);
}

bool dump_filter_generation(const struct dump_filter *f, const struct tt_generation *g)
{
	struct generation_range range = f->opt->generations;

	return generation_range_is_all(range) ||
	       (g && generation_range_has(range, tt_generation_number(g)));
}

bool dump_filter_over(const struct dump_filter *f, int64_t since_ns)
{
	return since_ns > f->opt->to_ns;
}

bool dump_filter_match(struct dump_filter *f, const struct tt_event *ev, int64_t since_ns)
{
	if (!f->active)
		return true;
	if (since_ns < f->opt->from_ns || since_ns > f->opt->to_ns)
		return false;
	if (f->has_kinds && !match_kind(f, ev))
		return false;
	if (f->experiment && !(ev->spec && ev->spec->experiment_id == f->experiment))
		return false;
	return dump_filter_generation(f, ev->generation) &&
	       match_ids(&f->opt->threads, ev, TT_RESOURCE_THREAD) &&
	       match_ids(&f->opt->goroutines, ev, TT_RESOURCE_GOROUTINE) &&
	       match_ids(&f->opt->procs, ev, TT_RESOURCE_PROC) &&
	       (!f->opt->pattern || match_stacks(f, ev));
}
