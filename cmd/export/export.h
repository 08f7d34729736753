/* SPDX-License-Identifier: MIT */
/*
 * export.h - what the parts of `tracetool export` share. Command layer, inside export only.
 *
 *	export.c        options
 *	read.c          reads a trace into a profile
 *	profile.c       samples by stack and labels
 *	intervals.c     profiles of the states of goroutines, and of CPU samples
 *	like_go.c       the same as Go's tools make them
 *	objects.c       profiles of allocated and live objects
 *	pprof.c proto.c a profile as google/pprof reads it
 *	collapsed.c     a profile as lines, for flame graphs
 */
#ifndef CMD_EXPORT_EXPORT_H
#define CMD_EXPORT_EXPORT_H

#include "cli/choose.h"
#include "cli/cli.h"
#include "cli/numbers.h"
#include "cli/out.h"
#include "tracetool_analyze.h"

enum profile_type {
	PROFILE_NET, PROFILE_SYNC, PROFILE_SYSCALL, PROFILE_SCHED, PROFILE_OFFCPU, PROFILE_WALL,
	PROFILE_CPU, PROFILE_ALLOC, PROFILE_INUSE,
};

enum export_format { EXPORT_PPROF, EXPORT_COLLAPSED };

/* What samples can be told apart by, beside their stack. */
enum profile_label { LABEL_GOROUTINE, LABEL_FUNC, LABEL_STATE, LABEL_REASON, LABEL_TASK, NLABELS };

struct export_options {
	struct cmd_common common;
	int format, type;
	const char *output;
	bool like_go;
	unsigned labels;                /* a bit for each enum profile_label */
	uint64_t hz;                    /* of CPU samples */
	struct selection selection;
};

/* ---- samples */

struct profile_key {
	uint32_t stack;                 /* of the spans */
	uint32_t func, reason;          /* names of the spans */
	uint32_t state;                 /* enum tt_state */
	uint32_t type;                  /* of an object, plus 1 */
	int64_t goroutine;
	uint64_t task;
};

struct profile_sample {
	struct profile_key key;
	int64_t count, value;           /* how many, and their nanoseconds or bytes */
};

struct profile {
	const struct export_options *opt;
	const struct tt_spans *spans;
	const struct tt_heap *heap;     /* whose types samples have; or NULL */
	struct profile_sample *samples;
	size_t n, cap;
	struct id_map hashes;
	bool no_memory;
	int64_t start_ns, end_ns;
	int64_t wall_ns;                /* at the start, or 0 */
	int64_t period;
};

/* Adds to the sample of a key, of which labels that were not asked for are cleared. */
void profile_add(struct profile *p, const struct profile_key *key, int64_t count, int64_t value);
void profile_release(struct profile *p);
/* The frames of a sample's stack, innermost first, at most TT_MAX_FRAMES; those of the text
 * are valid as long as the spans and the heap. */
int profile_frames(const struct profile *p, const struct profile_sample *s, struct tt_frame *out);
/* The text of a label of a sample, or a number; false: it has none. */
bool profile_label(const struct profile *p, const struct profile_sample *s, enum profile_label label,
		   struct tt_str *text, int64_t *number);
extern const char *const label_names[NLABELS + 1];

/* Reads the trace into a profile, unless it is without memory. What tt_reader_next() returned
 * last. */
int profile_read(struct profile *p, struct tt_reader *r, struct tt_spans *spans,
		 struct tt_heap *heap);

/* ---- where samples come from */

struct sampler;

struct sampler_ops {
	/* an event, before its spans; a span, clipped; the end. Any of them may be NULL. */
	void (*event)(struct sampler *s, const struct tt_event *ev);
	void (*span)(struct sampler *s, const struct tt_span *span);
	void (*finish)(struct sampler *s);
	void (*release)(struct sampler *s);
};

struct sampler {
	const struct sampler_ops *ops;
	struct profile *profile;
	struct tt_spans *spans;
	struct tt_heap *heap;
	struct chooser chooser;
	struct span_window window;
	/* CPU samples of goroutines that run, since they do; and for like_go.c what it follows */
	struct id_map ids;
	void *state;
	size_t nstate, state_cap;
};

extern const struct sampler_ops interval_sampler, cpu_sampler, go_sampler, object_sampler;

/* ---- output. False: no memory. */

bool print_pprof(const struct profile *p, struct out *o);
bool print_collapsed(const struct profile *p, struct out *o);

#endif
