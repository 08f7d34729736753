/* SPDX-License-Identifier: MIT */
/*
 * list.h - `tracetool spec`. Command layer: stands on tracetool.h and out.h. Besides those
 * of c.h, the files of this folder, lower ones first:
 *
 *	clauses.c  what a spec says of an event or an experiment, in the words of the language
 *	list.c     the table of events, as text
 *	list_json.c  the same as JSON
 *	spec.c     `tracetool spec`: lists, checks, or makes code
 */
#ifndef CMD_SPEC_LIST_H
#define CMD_SPEC_LIST_H

#include "cli/out.h"

/* A type is a byte. */
#define SPEC_NTYPES 256

/* The word after `means`: a form's, or the name of its values; "" for a plain number. */
const char *spec_form(enum tt_form form, const struct tt_values_spec *values);
/* "creates", "uses", ... */
const char *spec_role(enum tt_role role);
/* "begin", "active", "end". */
const char *spec_range_role(enum tt_range_role role);
/* "resource", "global", "thread", "proc", "goroutine". */
const char *spec_order_of(enum tt_order_of of);
/* "global", "thread", ... */
const char *spec_scope(enum tt_resource scope);
/* "default", "nothing", ... */
const char *spec_breach(enum tt_breach breach);
/* Whether an event does something to a resource, and is not only numbered among its events. */
bool spec_has_life(const struct tt_order_spec *order);
/* The i-th name of the arguments that name a resource, or NULL past the last. */
const char *spec_resource_arg(const struct tt_specs *specs, unsigned experiment,
			      const struct tt_resource_spec *resource, size_t i);

/* Clauses, each on a line of its own, after so many blanks. */
void spec_clauses_event(struct out *o, const struct tt_specs *specs,
			const struct tt_event_spec *spec);
void spec_clauses_experiment(struct out *o, const struct tt_specs *specs,
			     const struct tt_experiment_spec *experiment);

enum spec_list_flags {
	SPEC_LIST_JSON = 1 << 0,
	SPEC_LIST_ALL = 1 << 1, /* all that the specs say */
};
void spec_list(struct out *o, const struct tt_specs *specs, unsigned flags);
void spec_list_json_event(struct out *o, const struct tt_specs *specs,
			  const struct tt_event_spec *spec);
void spec_list_json_experiment(struct out *o, const struct tt_specs *specs,
			       const struct tt_experiment_spec *experiment);

#endif
