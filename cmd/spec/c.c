/* SPDX-License-Identifier: MIT */
/* c.c - `tracetool spec c`: C code for the one experiment of a spec. Command layer. */
#include <stdlib.h>
#include <string.h>

#include "c.h"

static bool collect_batches(struct c_code *c)
{
	unsigned id = c->experiment->id;
	size_t n = 0;

	while (tt_specs_batch(c->specs, id, n))
		n++;
	c->batches = calloc(n + 1, sizeof(*c->batches));
	if (!c->batches)
		return false;
	for (c->nbatches = 0; c->nbatches < n; c->nbatches++)
		c->batches[c->nbatches].spec = tt_specs_batch(c->specs, id, c->nbatches);
	return true;
}

static bool collect_values(struct c_code *c)
{
	unsigned id = c->experiment->id;
	const struct tt_resource_spec *resource;
	size_t n = 0, nresources = 0;

	while (tt_specs_values(c->specs, id, n))
		n++;
	while (tt_specs_resource(c->specs, id, nresources))
		nresources++;
	c->values = calloc(n + nresources + 1, sizeof(*c->values));
	if (!c->values)
		return false;
	for (; c->nvalues < n; c->nvalues++)
		c->values[c->nvalues].spec = tt_specs_values(c->specs, id, c->nvalues);
	for (size_t i = 0; i < nresources; i++) {
		resource = tt_specs_resource(c->specs, id, i);
		if (resource->nstates > 0)
			c->values[c->nvalues++].resource = resource;
	}
	return true;
}

static bool collect(struct c_code *c)
{
	if (!collect_batches(c) || !collect_values(c))
		return false;
	for (unsigned type = 0; type < C_MAX_EVENTS; type++) {
		const struct tt_event_spec *spec = tt_specs_event(c->specs, type);

		if (spec)
			c->events[c->nevents++].spec = spec;
	}
	c_name_all(c);
	return !c->names.no_memory && !c->locals.no_memory;
}

static void print_all(const struct c_code *c, struct tt_str text)
{
	c_comment(c->o, 0, "Made by `tracetool spec c`, so not to be edited, from", c->file);
	c_types(c, text);
	if (c->opt->part != SPEC_C_READ)
		c_emit(c);
	if (c->opt->part != SPEC_C_EMIT)
		c_read(c);
}

static int print(struct c_code *c, struct tt_str text)
{
	c->experiment = tt_specs_experiment(c->specs, 0);
	if (!c->experiment) {
		cmd_error(c->file, "no experiment, so there is no code to make");
		return STATUS_BAD;
	}
	if (!c_prefix(c))
		return STATUS_TROUBLE;
	if (!collect(c)) {
		cmd_error(NULL, "out of memory");
		return STATUS_TROUBLE;
	}
	print_all(c, text);
	return STATUS_FINE;
}

int spec_c(struct out *o, const struct spec_c_options *opt, const char *name, struct tt_str text)
{
	const char *slash = strrchr(name, '/');
	struct c_code *c = calloc(1, sizeof(*c));
	struct tt_specs *specs = NULL;
	struct tt_error err;
	int status = STATUS_TROUBLE;

	if (!c) {
		cmd_error(NULL, "out of memory");
	} else if (tt_specs_new_standalone(&specs, name, text.data, text.len, &err) < 0) {
		cmd_report(NULL, &err);
	} else {
		c->o = o;
		c->opt = opt;
		c->specs = specs;
		c->file = slash ? slash + 1 : name;
		status = print(c, text);
		c_names_release(&c->names);
		c_names_release(&c->locals);
		free(c->batches);
		free(c->values);
	}
	tt_specs_free(specs);
	free(c);
	return status;
}
