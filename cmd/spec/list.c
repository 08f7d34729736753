/* SPDX-License-Identifier: MIT */
/* list.c - `tracetool spec list`: the table of events, as text or as JSON. Command layer. */
#include "cli/cli.h"
#include "list.h"

struct widths {
	size_t name, experiment, kind;
};

static void widen(size_t *width, const char *text)
{
	size_t len = strlen(text);

	if (*width < len)
		*width = len;
}

static const char *experiment_of(const struct tt_event_spec *spec)
{
	return spec->experiment ? spec->experiment : "-";
}

static struct widths measure(const struct tt_specs *specs)
{
	struct widths w = { strlen("EVENT"), strlen("EXPERIMENT"), strlen("KIND") };

	for (unsigned type = 0; type < SPEC_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		if (!spec)
			continue;
		widen(&w.name, spec->name);
		widen(&w.experiment, experiment_of(spec));
		widen(&w.kind, tt_kind_name(spec->kind));
	}
	return w;
}

static char *put_cell(char *p, const char *text, size_t width)
{
	return put_column(put_cstr(p, text), p, width + 2, 0);
}

static void print_heading(struct out *o, const struct widths *w)
{
	char *p = out_begin(o);

	p = put_lit(p, "TYPE  ");
	p = put_cell(p, "EVENT", w->name);
	p = put_lit(p, "SINCE  ");
	p = put_cell(p, "EXPERIMENT", w->experiment);
	p = put_cell(p, "KIND", w->kind);
	out_end(o, put_lit(p, "ARGUMENTS\n"));
}

static char *put_arguments(struct out *o, char *p, const struct tt_event_spec *spec)
{
	if (spec->timed)
		p = put_lit(p, "dt ");
	for (unsigned i = 0; i < spec->nargs; i++)
		p = put_char(out_cstr(o, p, spec->args[i].name), ' ');
	if (spec->has_data)
		p = put_lit(p, "data ");
	if (spec->has_frames)
		p = put_lit(p, "frames ");
	if (!spec->timed && spec->nargs == 0)
		p = put_lit(p, "- ");
	return p - 1;
}

static void print_event(struct out *o, const struct tt_event_spec *spec, const struct widths *w)
{
	char *p = out_begin(o);

	p = put_column(p, p, put_digits(spec->type) < 4 ? 4 - put_digits(spec->type) : 0, 0);
	p = put_lit(put_u64(p, spec->type), "  ");
	p = put_cell(p, spec->name, w->name);
	p = put_lit(p, "1.");
	p = put_lit(put_u64(p, spec->since), "   ");
	p = put_cell(p, experiment_of(spec), w->experiment);
	p = put_cell(p, spec->kind == TT_KIND_BAD ? "-" : tt_kind_name(spec->kind), w->kind);
	out_end(o, put_char(put_arguments(o, p, spec), '\n'));
}

static void print_details(struct out *o, const struct tt_specs *specs,
			  const struct tt_event_spec *spec)
{
	char *p = out_begin(o);

	if (spec->doc[0] != '\0')
		p = put_char(out_cstr(o, put_lit(p, "      "), spec->doc), '\n');
	out_end(o, p);
	spec_clauses_event(o, specs, spec);
}

static void list_events(struct out *o, const struct tt_specs *specs, unsigned flags)
{
	struct widths w = measure(specs);

	if ((flags & SPEC_LIST_JSON) == 0)
		print_heading(o, &w);
	for (unsigned type = 0; type < SPEC_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		if (!spec)
			continue;
		if ((flags & SPEC_LIST_JSON) != 0) {
			spec_list_json_event(o, specs, spec);
			continue;
		}
		print_event(o, spec, &w);
		if ((flags & SPEC_LIST_ALL) != 0)
			print_details(o, specs, spec);
	}
}

void spec_list(struct out *o, const struct tt_specs *specs, unsigned flags)
{
	const struct tt_experiment_spec *experiment;

	list_events(o, specs, flags);
	if ((flags & SPEC_LIST_ALL) == 0)
		return;
	for (size_t i = 0; (experiment = tt_specs_experiment(specs, i)); i++) {
		if ((flags & SPEC_LIST_JSON) != 0)
			spec_list_json_experiment(o, specs, experiment);
		else
			spec_clauses_experiment(o, specs, experiment);
	}
}
