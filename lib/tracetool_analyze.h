/* SPDX-License-Identifier: MIT */
/*
 * tracetool_analyze.h - answers from the events of a trace: what lives on its heap.
 *
 * Stands on tracetool.h, whose conventions hold here; the man page is
 * libtracetool(3).
 */
#ifndef TRACETOOL_ANALYZE_H
#define TRACETOOL_ANALYZE_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Functions named as the structs they give. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

/* -------------------------------------------------------------------- heap */

/*
 * The heap of a Go program, replayed from the events of the AllocFree experiment:
 * what lives, how large it is, and what cannot be. Its memory grows with what lives
 * at a time.
 */
struct tt_heap;

enum tt_heap_flags {
	TT_HEAP_OBJECTS = 1 << 0, /* keep of each object its type, mark and time */
};

/* Begin with `size = sizeof(struct tt_heap_options)`, zero the rest. */
struct tt_heap_options {
	size_t size;
	unsigned flags;                 /* enum tt_heap_flags */
	const struct tt_specs *specs;   /* those of the reader; must outlive it */
	uint64_t max_memory_nbytes;     /* 0: a quarter of the machine's memory */
};

struct tt_heap_object {
	uint64_t address;       /* of its slot; from 0 on if no batch says the base */
	uint64_t nbytes;        /* of its slot; 0: not known, it lies in no span */
	/* with TT_HEAP_OBJECTS */
	uint32_t type;          /* for tt_heap_type(); 0: not known */
	uint32_t mark;          /* what tt_heap_event() was given when it was allocated */
	int64_t since_ns;       /* when it was allocated, or found */
	bool found;             /* it lived when tracing began */
};

struct tt_heap_change {
	bool began, ended;      /* what these hold */
	struct tt_heap_object object;   /* that lives from now on */
	struct tt_heap_object gone;     /* that does not live any more */
};

struct tt_heap_type {
	struct tt_str name;     /* lives as long as the heap */
	uint64_t nbytes;        /* of one; an array of them has the same type */
};

/* `opt` and its specs have to be given. TT_E_MEMORY, TT_E_ARGUMENT. */
TT_API int tt_heap_new(struct tt_heap **out, const struct tt_heap_options *opt,
		       struct tt_error *err);
/*
 * Takes the next event of a reader, each once and in order: Syncs, and those of the
 * kind Experimental; others change nothing. `mark` is the
 * caller's own. 0 and *change, or TT_E_MEMORY, TT_E_LIMIT negated.
 */
TT_API int tt_heap_event(struct tt_heap *h, const struct tt_event *ev, uint32_t mark,
			 struct tt_heap_change *change);
/* What was lost between two events may have changed anything: from now on, no findings. */
TT_API void tt_heap_gap(struct tt_heap *h);
/* No event will come: what is still in doubt becomes a finding. */
TT_API void tt_heap_finish(struct tt_heap *h);
/* A walk over the objects that live, in no order, while no event is taken. Begin with zeros. */
struct tt_heap_walk {
	const void *in;
	uint64_t at;
	bool spans;
};
/* 0 and *out, or 1 at the end. */
TT_API int tt_heap_live(const struct tt_heap *h, struct tt_heap_walk *w, struct tt_heap_object *out);
TT_API uint64_t tt_heap_nlive(const struct tt_heap *h);
/* Types are numbered from 1 as they come; 0 is that of which nothing is known. */
TT_API uint32_t tt_heap_ntypes(const struct tt_heap *h);
TT_API struct tt_heap_type tt_heap_type(const struct tt_heap *h, uint32_t type);
/* As tt_reader_finding(): each code once a generation. */
TT_API int tt_heap_finding(struct tt_heap *h, struct tt_error *out);
TT_API void tt_heap_free(struct tt_heap *h);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif

#endif
