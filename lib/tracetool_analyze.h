/* SPDX-License-Identifier: MIT */
/*
 * tracetool_analyze.h - what is computed from the events of a trace: which objects are
 * live on the heap.
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
 * Events were lost, and may have changed anything: from now on the only findings are
 * TT_W_HEAP_INFO and TT_W_HEAP_ADDRESS.
 */
TT_API void tt_heap_gap(struct tt_heap *h);
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

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif

#endif
