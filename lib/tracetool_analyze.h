/* SPDX-License-Identifier: MIT */
/*
 * tracetool_analyze.h - what is computed from the events of a trace: which objects are
 * live on the heap, and intervals of time (spans).
 *
 * The conventions of tracetool.h apply here, too. The man page is libtracetool(3).
 */
#ifndef TRACETOOL_ANALYZE_H
#define TRACETOOL_ANALYZE_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Some functions have the name of the struct that they return. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

/* -------------------------------------------------------------------- heap */

/*
 * The heap of a Go program, replayed from the events of the AllocFree experiment: which
 * objects are live, how large they are, and where events contradict each other. Its
 * memory grows with the number of objects that are live at a time.
 */
struct tt_heap;

enum tt_heap_flags {
	TT_HEAP_OBJECTS = 1 << 0, /* keep the type, mark and time of each object */
};

/* Set `size = sizeof(struct tt_heap_options)` and zero the rest. */
struct tt_heap_options {
	size_t size;
	unsigned flags;                 /* enum tt_heap_flags */
	const struct tt_specs *specs;   /* the reader's; must outlive the heap */
	uint64_t max_memory_nbytes;     /* 0: a quarter of the machine's memory */
};

struct tt_heap_object {
	uint64_t address;       /* of its slot; counted from 0 if no batch gives the base */
	uint64_t nbytes;        /* of its slot; 0: not known, it is in no span */
	/* with TT_HEAP_OBJECTS */
	uint32_t type;          /* for tt_heap_type(); 0: not known */
	uint32_t mark;          /* passed to tt_heap_event() when it was allocated */
	int64_t since_ns;       /* when it was allocated or found */
	bool found;             /* it was live when tracing began */
};

struct tt_heap_change {
	bool began, ended;      /* which of these are set */
	struct tt_heap_object object;   /* that is live from now on */
	struct tt_heap_object gone;     /* that is no longer live */
};

struct tt_heap_type {
	struct tt_str name;     /* valid as long as the heap */
	uint64_t nbytes;        /* of one object; an array of them has the same type */
};

/* `opt` and its specs must not be NULL. TT_E_MEMORY, TT_E_ARGUMENT. */
TT_API int tt_heap_new(struct tt_heap **out, const struct tt_heap_options *opt,
		       struct tt_error *err);
/*
 * Takes the next event of a reader. Pass each Sync and each event of the kind Experimental
 * once, in order; other events change nothing. `mark` is the caller's own. 0 and *change,
 * or TT_E_MEMORY or TT_E_LIMIT, negated.
 */
TT_API int tt_heap_event(struct tt_heap *h, const struct tt_event *ev, uint32_t mark,
			 struct tt_heap_change *change);
/*
 * As tt_reader_next_sync(), and the heap takes all events up to that Sync, and the Sync. A
 * reader that was opened with TT_OPEN_EXPERIMENTAL takes the least time. The error is the
 * heap's, TT_E_MEMORY or TT_E_LIMIT, if tt_reader_error() has none; *ev is the Sync then if
 * it was reached, or NULL.
 */
TT_API int tt_heap_next_sync(struct tt_heap *h, struct tt_reader *r, const struct tt_event **ev);
/*
 * Events were lost, and may have changed anything: from now on the only findings are
 * TT_W_HEAP_INFO and TT_W_HEAP_ADDRESS.
 */
TT_API void tt_heap_gap(struct tt_heap *h);
/* Whether the trace itself says that events of the heap were lost: it was repaired. */
TT_API bool tt_heap_lacks_events(const struct tt_heap *h);
/* There are no more events: what is still in doubt becomes a finding. */
TT_API void tt_heap_finish(struct tt_heap *h);
/*
 * A walk over the live objects, in no order. Initialize it with zeros. Take no event before the
 * walk ends.
 */
struct tt_heap_walk {
	const void *in;
	uint64_t at;
	bool spans;
};
/* 0 and *out, or 1 at the end. */
TT_API int tt_heap_live(const struct tt_heap *h, struct tt_heap_walk *w, struct tt_heap_object *out);
TT_API uint64_t tt_heap_nlive(const struct tt_heap *h);
/* Types are numbered from 1 in the order of their appearance; 0 is the unknown type. */
TT_API uint32_t tt_heap_ntypes(const struct tt_heap *h);
TT_API struct tt_heap_type tt_heap_type(const struct tt_heap *h, uint32_t type);
/* Like tt_reader_finding(): each code once per generation. */
TT_API int tt_heap_finding(struct tt_heap *h, struct tt_error *out);
TT_API void tt_heap_free(struct tt_heap *h);

/* ------------------------------------------------------------------- spans */

/*
 * Events turned into intervals: how long a goroutine was in a state, a syscall lasted, the
 * world stood still. Pass every event of a reader, in order; each event ends none, one or
 * a few spans, which tt_spans_next() returns:
 *
 *	while ((rc = tt_reader_next(reader, &ev)) == 0) {
 *		if (tt_spans_event(spans, ev) < 0)
 *			...
 *		while (tt_spans_next(spans, &span) == 0)
 *			...
 *	}
 *	tt_spans_finish(spans);
 *	while (tt_spans_next(spans, &span) == 0)
 *		...
 *
 * Spans come in the order in which they end. Memory grows with what is open at a time
 * (about 150 bytes for a goroutine) and with the number of different names and, with
 * TT_SPANS_STACKS or TT_SPANS_OWN_STACKS, of different stacks.
 */
struct tt_spans;

enum tt_spans_flags {
	TT_SPANS_STACKS = 1 << 0, /* keep stacks: without it those of all spans are 0 */
	/* keep `stack` alone: start_stack and end_stack are 0. Costs less. */
	TT_SPANS_OWN_STACKS = 1 << 1,
	/* with tt_spans_run(): most states of goroutines are struct tt_span_brief, not spans;
	 * of the event that began a state of a goroutine nothing is kept but its time */
	TT_SPANS_BRIEF = 1 << 2,
	/* stacks set groups of all states apart, not only of waits and syscalls */
	TT_SPANS_BRIEF_STACKS = 1 << 3,
};

/* Set `size = sizeof(struct tt_spans_options)` and zero the rest. */
struct tt_spans_options {
	size_t size;
	unsigned flags;                 /* enum tt_spans_flags */
	const struct tt_specs *specs;   /* the reader's; must outlive the spans */
	uint64_t max_memory_nbytes;     /* 0: a quarter of the machine's memory */
};

enum tt_span_kind {
	TT_SPAN_GOROUTINE,      /* a goroutine is in a state: runnable, running, waiting, syscall */
	TT_SPAN_LIFE,           /* a goroutine exists, from its creation to its end */
	TT_SPAN_PROC,           /* a processor is running or idle */
	TT_SPAN_RANGE,          /* a range: a pause, the mark phase, sweeping, an experiment's */
	TT_SPAN_REGION,
	TT_SPAN_TASK,
	TT_SPAN_RESOURCE,       /* a resource of an experiment is in a state */
	TT_SPAN_KIND_COUNT
};

enum tt_span_flags {
	/* It began before the trace did, or no event says when: start_ns is the time since
	 * which it is known, which is the start of a generation. */
	TT_SPAN_BEGAN_BEFORE = 1 << 0,
	/* No event ended it: end_ns is the end of the trace, or of the goroutine it is of. */
	TT_SPAN_NOT_ENDED = 1 << 1,
	/* A region or task of which only the end was seen. */
	TT_SPAN_END_ALONE = 1 << 2,
};

/* A syscall whose processor was not taken away. */
#define TT_NOT_TAKEN INT64_MIN

/*
 * One interval. Names and stacks are numbers for tt_spans_name() and tt_spans_stack(), the
 * same for equal texts and stacks throughout the trace; 0 is the empty one.
 */
struct tt_span {
	enum tt_span_kind kind;
	enum tt_state state;    /* GOROUTINE, PROC */
	unsigned flags;         /* enum tt_span_flags */
	enum tt_resource scope; /* RANGE: what it is of; TT_RESOURCE_NONE: the whole program */
	/* Which one: the goroutine (GOROUTINE, LIFE, REGION), processor, task, or resource;
	 * of a range that which its scope says, or TT_NONE. */
	int64_t id;
	int64_t start_ns, end_ns;
	/* GOROUTINE in state syscall: when the processor was taken away or given up, or
	 * TT_NOT_TAKEN. From then on the goroutine blocked nobody. */
	int64_t taken_ns;
	/* GOROUTINE: the reason why it stopped. RANGE: its name. REGION, TASK: its type.
	 * RESOURCE: its name. */
	uint32_t name;
	/* RANGE: its kind, "GC mark termination". RESOURCE: the name of the state. */
	uint32_t detail;
	uint32_t func;          /* the function that the goroutine began with, as far as it is
	                           known by now; 0 of PROC. Of RANGE without one, TASK and
	                           RESOURCE: that on which it began */
	/*
	 * GOROUTINE: where the goroutine itself is: in states other than running its stack, in
	 * running the place from which it went on. LIFE: where it began. Others: as start_stack.
	 */
	uint32_t stack;
	uint32_t start_stack, end_stack; /* of the events that began and ended it */
	/* The context of the events that began and ended it: who created or woke the goroutine,
	 * on which processor and thread it ran. All TT_NONE if there was no such event; but
	 * what runs when the trace begins has a thread, and if it is known a processor. */
	int64_t goroutine, proc, thread;
	int64_t end_goroutine, end_proc, end_thread;
	/* GOROUTINE: the task of the innermost region in which it ended, 0 if none. REGION: its own.
	 * TASK: its parent, or TT_NO_TASK. RANGE with a key: the key. */
	uint64_t task, parent, key;
	const struct tt_event_spec *spec; /* RANGE: of the event that begins it */
};

/*
 * A state of a goroutine in few bytes, for callers that count states rather than look at each:
 * the goroutine was runnable, running or waiting, or in a syscall whose processor was not taken, and
 * events began and ended the state.
 */
struct tt_span_brief {
	int64_t id;
	int64_t start_ns, end_ns;
	uint32_t group;         /* what it has in common with others: tt_spans_group() */
};

/* `opt` and its specs must not be NULL. TT_E_MEMORY, TT_E_ARGUMENT. */
TT_API int tt_spans_new(struct tt_spans **out, const struct tt_spans_options *opt,
			struct tt_error *err);
/*
 * Takes the next event of a reader. What tt_spans_next() has not returned by then is lost.
 * 0, or TT_E_MEMORY or TT_E_LIMIT, negated.
 */
TT_API int tt_spans_event(struct tt_spans *s, const struct tt_event *ev);
/* A span that the last event ended: 0 and *span, valid until the next call; 1: no more. */
TT_API int tt_spans_next(struct tt_spans *s, const struct tt_span **span);
/*
 * All spans that the last event ended, in one array of *n; valid until the next event. For
 * callers to whom a call for each span costs too much. Does not change what tt_spans_next()
 * returns; after tt_spans_finish() only that has the spans.
 */
TT_API const struct tt_span *tt_spans_ended(const struct tt_spans *s, size_t *n);
/*
 * There are no more events: tt_spans_next() now returns all that is open, as ended with the
 * last event.
 */
TT_API void tt_spans_finish(struct tt_spans *s);
/*
 * The three above in one: the next span of a trace, for callers that need no events. Reads
 * on as long as no span ends; after the last event it finishes. 0, 1 at the end, or a code
 * of tt_reader_next() or tt_spans_event(), negated. After an error of the reader, call
 * tt_spans_finish() for what is open.
 */
TT_API int tt_spans_pull(struct tt_spans *s, struct tt_reader *r, const struct tt_span **span);
/*
 * Reads on and takes events until one is not a plain change of a goroutine's state, or until
 * there are many briefs. With TT_SPANS_BRIEF this costs much less than tt_spans_event() for
 * each event:
 *
 *	do {
 *		rc = tt_spans_run(spans, reader, &ev);
 *		briefs = tt_spans_briefs(spans, &n);
 *		...
 *		while (tt_spans_next(spans, &span) == 0)
 *			...
 *	} while (rc == 0);
 *
 * *ev is the event at which it stopped, the end of which spans are those that tt_spans_next()
 * returns; NULL if it stopped because of the number of briefs. Briefs are of the events before it. 0, 1
 * at the end, or a code of tt_reader_next() or tt_spans_event(), negated; there may be
 * briefs in any case. After the last call, call tt_spans_finish().
 *
 * If `threads` in the options of the reader is above 1, a thread orders the events of a large
 * generation ahead, within about a megabyte more. All that comes is the same, but the findings
 * of such a generation come after its last event.
 */
TT_API int tt_spans_run(struct tt_spans *s, struct tt_reader *r, const struct tt_event **ev);
/* The briefs of the last run, an array of *n in the order in which they ended; valid until the
 * next run. */
TT_API const struct tt_span_brief *tt_spans_briefs(const struct tt_spans *s, size_t *n);
/*
 * What the states of a group have in common: kind, state, name, func and, if stacks set them
 * apart, stack. All else in *out is 0 or TT_NONE. Groups are numbered from 0, and those of
 * briefs are less than tt_spans_ngroups().
 */
TT_API void tt_spans_group(const struct tt_spans *s, uint32_t group, struct tt_span *out);
TT_API uint32_t tt_spans_ngroups(const struct tt_spans *s);
/* From now on all states of a group are spans. The first state of a group is one in any case, and
 * tt_spans_run() stops there. */
TT_API void tt_spans_watch_group(struct tt_spans *s, uint32_t group);
/* From now on they may be briefs again. */
TT_API void tt_spans_unwatch_group(struct tt_spans *s, uint32_t group);
/* From now on all states of a goroutine that exists are spans; or, with false, some are briefs. */
TT_API void tt_spans_watch(struct tt_spans *s, int64_t goroutine, bool watch);
/*
 * What is open now: the state of a goroutine or processor, a task, or with TT_SPAN_REGION
 * the region of a goroutine that has `depth` others inside (0: the innermost). False: there
 * is none. Its end is that of the last event.
 */
TT_API bool tt_spans_open(const struct tt_spans *s, enum tt_span_kind kind, int64_t id,
			  unsigned depth, struct tt_span *out);
/* A text by its number, valid until the next event. */
TT_API struct tt_str tt_spans_name(const struct tt_spans *s, uint32_t name);
/* Numbers of names are less than this. */
TT_API uint32_t tt_spans_nnames(const struct tt_spans *s);
/*
 * The frames of a stack by its number, innermost first; returns how many. `out` has room for
 * TT_MAX_FRAMES; texts are valid until the next event.
 */
TT_API int tt_spans_stack(const struct tt_spans *s, uint32_t stack, struct tt_frame *out);
/* Numbers of stacks are less than this. */
TT_API uint32_t tt_spans_nstacks(const struct tt_spans *s);
/* The number of an event's stack, which need not be one of a span. 0 without
 * TT_SPANS_STACKS or TT_SPANS_OWN_STACKS, and if there is no memory. */
TT_API uint32_t tt_spans_stack_of(struct tt_spans *s, const struct tt_event *ev);
/* How many goroutines exist now, as far as they are known. */
TT_API uint64_t tt_spans_ngoroutines(const struct tt_spans *s);
/* How many were met so far that existed before the trace did; more of them may be met later. */
TT_API uint64_t tt_spans_nbefore(const struct tt_spans *s);
/* The most that existed at a time, those included that were met only later. */
TT_API uint64_t tt_spans_peak(const struct tt_spans *s);
/* Times of the first and of the last event so far; 0 before the first. */
TT_API int64_t tt_spans_start_ns(const struct tt_spans *s);
TT_API int64_t tt_spans_end_ns(const struct tt_spans *s);
TT_API void tt_spans_free(struct tt_spans *s);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif

#endif
