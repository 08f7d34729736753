/* SPDX-License-Identifier: MIT */
/*
 * spec.h - event specs, compiled: what the decoder, the ordering and the
 * accessors need of the files in specs/. Stands on base. tracetool-spec(5) has
 * the language, parse.h lists the files of this folder.
 */
#ifndef TT_SPEC_SPEC_H
#define TT_SPEC_SPEC_H

#include "base/error.h"
#include "base/mem.h"
#include "tracetool.h"

/* The scheduling context that an event needs (`needs`). */
enum tt_need {
	TT_NEED_THREAD = 1 << 0,
	TT_NEED_PROC = 1 << 1,
	TT_NEED_GOROUTINE = 1 << 2,
	TT_NEED_NO_PROC = 1 << 3,
	TT_NEED_NO_GOROUTINE = 1 << 4,
	TT_NEED_NO_THREAD = 1 << 5,
	TT_NEED_STATED = 1 << 7,        /* the spec has a `needs` line, `nothing` included */
};

/* Stand-ins for an enum tt_state in a transition of a spec. */
#define TT_STATE_FROM_ORDER 0xff        /* `was`: ordering knows it */
#define TT_STATE_FROM_ARG 0xfe          /* the argument `to_arg` holds a wire status */

/* What an event shows (`shows`, `gives`). Argument indices do not count dt; -1: none. */
struct tt_event_view {
	enum tt_resource resource;      /* of a transition or a range; NONE: global */
	int8_t id_arg;                  /* which resource; -1: that of the context (`self`) */
	uint8_t from, to;               /* enum tt_state or a stand-in */
	int8_t to_arg;
	int8_t reason_arg;
	int8_t stack_arg;               /* the transition's own stack (`with`) */
	int8_t kind_arg;                /* string argument after a range's name */
	int8_t args[3];                 /* metric: value. label: text. task: id parent name.
	                                   region: task name. log: task key value */
	const char *name;               /* of a metric or range, NULL otherwise */
	bool has_kind;                  /* ranges of this name have a kind (their begin does) */
	uint8_t nattributes;
	struct {
		const char *name;
		int8_t arg;
	} attributes[TT_MAX_ATTRIBUTES];
};

struct tt_event_def {
	struct tt_event_spec spec;
	uint8_t needs;                  /* enum tt_need */
	int8_t thread_arg, proc_arg;    /* arguments that must be those of the context; */
	int8_t goroutine_arg;           /* -1: none */
	uint8_t pair;                   /* type of the begin event it belongs to, or 0 */
	uint16_t refers;                /* a bit for each argument whose record must exist */
	uint8_t nstacks, nstrings;      /* arguments that name table entries, in the order in
	                                   which Go checks them: executing stack first */
	int8_t stack_args[TT_MAX_ARGS];
	int8_t string_args[TT_MAX_ARGS];
	struct tt_event_view view;
};

/* Whether an argument of the event must be what its context has. */
static inline bool tt_event_def_names_context(const struct tt_event_def *def)
{
	return def->thread_arg >= 0 || def->proc_arg >= 0 || def->goroutine_arg >= 0;
}

/* Whether more than its context says when the event may happen: a declared order. */
static inline bool tt_event_def_is_declared(const struct tt_event_def *def)
{
	return def->spec.norders > 0 || def->spec.range.role != TT_RANGE_NONE ||
	       tt_event_def_names_context(def);
}

/* The definition of a spec that was handed out: the spec is its first member. */
static inline const struct tt_event_def *tt_event_def_of(const struct tt_event_spec *spec)
{
	return (const struct tt_event_def *)(const void *)spec;
}

/* As tt_specs_event_named(), for a name that is not terminated. */
const struct tt_event_spec *tt_specs_event_of(const struct tt_specs *specs, struct tt_str name);
/* The definition of a type byte, or NULL. */
const struct tt_event_def *tt_specs_def(const struct tt_specs *specs, unsigned type);
/*
 * The definition that these specs have under the name of the built-in event of this type
 * (0 to 255), or NULL. A core event has the type that it is built in with. The event of an
 * experiment may have another, if a spec replaced that experiment.
 */
const struct tt_event_def *tt_specs_builtin(const struct tt_specs *specs, unsigned type);
/* The same for the built-in experiment of this number (1 to 255). */
const struct tt_experiment_spec *tt_specs_builtin_experiment(const struct tt_specs *specs,
							     unsigned id);

/*
 * The name of a type for a trace of this header version: "Invalid(N)" for a type
 * that the version does not have, as Go's ordering errors name it. Writes it to buf
 * if it has to be made up.
 */
#define TT_EVENT_NAME_SIZE 32
const char *tt_specs_event_name(const struct tt_specs *specs, unsigned type, unsigned version,
				char buf[TT_EVENT_NAME_SIZE]);

/* One past the highest type of the built-in events of this version. */
unsigned tt_specs_ntypes(const struct tt_specs *specs, unsigned version);

/*
 * The kind of an experiment's batches that begin with a byte; -1: the batch is empty. NULL:
 * no spec says.
 */
const struct tt_batch_spec *tt_specs_batch_tagged(const struct tt_specs *specs,
						  unsigned experiment, int first);

/* Whether the experiment of this number came with a trace: tt_specs_add_from_trace(). */
bool tt_specs_is_from_trace(const struct tt_specs *specs, unsigned experiment);
/* The text that the experiment of this number came with; false: none, or built-in. */
bool tt_specs_source(const struct tt_specs *specs, unsigned experiment, struct tt_str *out);
/*
 * A table of its own on top of another: what is in `base`, which must outlive it and
 * stay as it is, and what is added, which counts against `mem`. TT_E_MEMORY.
 */
int tt_specs_new_layer(struct tt_specs **out, const struct tt_specs *base, struct tt_mem *mem,
		       struct tt_error *err);
/* The records of format v1: a table of its own. TT_E_MEMORY. */
int tt_specs_new_v1(struct tt_specs **out, struct tt_error *err);
/*
 * Adds a text that came with a trace to a layer: of the experiment of this number, which must
 * not be there unless it came with the trace, too. It then takes the place of the earlier
 * text, whose definitions stay valid; it replaces nothing else. Reading stops at the first
 * mistake. TT_E_SPEC, TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_specs_add_from_trace(struct tt_specs *specs, unsigned experiment, const char *text,
			    size_t len, struct tt_error *err);

/* Generated from specs/ by embed.awk: the names of what is built in, by number, */
extern const char *const tt_builtin_event_names[256];
extern const char *const tt_builtin_experiment_names[256];
/* and the texts of the built-in specs. NULL name ends. */
struct tt_builtin_spec {
	const char *name;
	const char *text;
};
extern const struct tt_builtin_spec tt_builtin_specs[];
/* The records of format v1, which are in no table with the events of v2. */
extern const struct tt_builtin_spec tt_v1_spec;

#endif
