/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the inside of struct tt_heap. This folder holds what is computed from the events
 * of a trace (tracetool_analyze.h); it needs experiment and what is below.
 *
 *	heap.c           the heap of a Go program, replayed event by event
 *	heap_scale.c     what its addresses are counted from, and their units
 *	heap_live.c      its live objects, one after the other
 *	heap_types.c     the types of its objects, numbered across generations
 *	heap_stated.c    the heap at one moment, as events would state it
 *	heap_findings.c  what contradicts itself in the events
 *	heap_spans.c     its spans, by address
 *	sizeclass.c      how large the objects of a span are
 *	spans.h          events turned into intervals, and the list of its files
 */
#ifndef TT_ANALYZE_HEAP_H
#define TT_ANALYZE_HEAP_H

#include "analyze/heap_spans.h"
#include "base/idmap.h"
#include "spec/spec.h"
#include "tracetool_analyze.h"

/* A finding before it has a message. */
struct tt_heap_problem {
	int code;
	int event_type;
	uint64_t offset, generation;
	int64_t thread;
	uint64_t number, other;
};

/* An object that is in no span, or in one too large to keep a list of its slots. */
struct tt_heap_loose {
	struct tt_heap_object object;
	bool live, twice;
	uint32_t next_free;
};

/* An object is allocated where one is live: no finding if the free of that one comes soon. */
struct tt_heap_pending {
	struct tt_heap_problem problem;
	int64_t time_ns;
};
#define TT_HEAP_PENDING_MAX 64

struct tt_heap_type_entry {
	char *name;
	size_t len;
	uint64_t nbytes;
};

/* What an event of the experiment does. */
enum tt_heap_act {
	TT_HEAP_ACT_NONE,
	TT_HEAP_ACT_SPAN,
	TT_HEAP_ACT_SPAN_FREE,
	TT_HEAP_ACT_FOUND,
	TT_HEAP_ACT_ALLOC,
	TT_HEAP_ACT_FREE,
};

struct tt_heap {
	struct tt_mem mem;
	const struct tt_specs *specs;
	unsigned flags;
	uint8_t acts[256];      /* enum tt_heap_act of each type */

	uint64_t generation;    /* ordinal; 0: none yet */
	uint64_t number;        /* as the file gives it */
	bool gap;               /* there may be live objects that no event has shown; */
	bool lost;              /* the trace itself says so */
	bool informed;          /* base and units come from the file */
	uint64_t base, page_nbytes, unit_nbytes;
	unsigned page_shift;

	struct tt_heap_spans spans;
	bool spanned;           /* the trace has spans: that of a native heap has none */
	struct tt_idmap loose_ids;
	TT_ARRAY(struct tt_heap_loose) loose;
	uint32_t free_loose;
	uint64_t nlive;

	/* types: those of all generations, and where this generation's ids lead */
	uint64_t seed;
	struct tt_idmap type_hashes, type_ids;
	TT_ARRAY(struct tt_heap_type_entry) types;

	/* findings */
	uint32_t codes_found;   /* in this generation: bit code - TT_W_HEAP_ALLOC */
	TT_ARRAY(struct tt_heap_problem) problems;
	size_t next_problem;
	struct tt_heap_pending pending[TT_HEAP_PENDING_MAX];
	unsigned npending;
};

/* ---- objects in spans */

/* The highest bit of a slot's type is used for this. */
#define TT_HEAP_FOUND_TYPE (UINT32_C(1) << 31)

/* The object in a slot of a span. */
static inline struct tt_heap_object
tt_heap_object_in(const struct tt_heap *h, const struct tt_heap_span *span, uint64_t slot)
{
	struct tt_heap_object o = {
		.address = (span->first << h->page_shift) + slot * span->slot_nbytes,
		.nbytes = span->slot_nbytes,
	};

	if (span->slots != NULL) {
		o.type = span->slots[slot].type & ~TT_HEAP_FOUND_TYPE;
		o.found = (span->slots[slot].type & TT_HEAP_FOUND_TYPE) != 0;
		o.mark = span->slots[slot].mark;
		o.since_ns = span->slots[slot].since_ns;
	}
	return o;
}

/* ---- heap_scale.c */

/* Takes base and units from the first event of this sort in a generation. */
void tt_heap_learn_scale(struct tt_heap *h, const struct tt_event *ev, enum tt_heap_act act);

/* ---- heap_types.c */

/* The number of the type that argument `arg` names, 0 if it is not known. TT_HEAP_NO_TYPE: no
 * memory. */
#define TT_HEAP_NO_TYPE UINT32_MAX
uint32_t tt_heap_find_type(struct tt_heap *h, const struct tt_event *ev, unsigned arg);
static inline uint32_t tt_heap_type_of(struct tt_heap *h, const struct tt_event *ev, unsigned arg)
{
	uint32_t number = tt_idmap_find(&h->type_ids, ev->args[arg]);

	return number != TT_IDMAP_NONE && number != 0 ? number : tt_heap_find_type(h, ev, arg);
}
void tt_heap_types_release(struct tt_heap *h);

/* ---- heap_stated.c */

/* A Span or a HeapObject. */
struct tt_heap_stated {
	bool is_span;
	bool is_loose;          /* an object in no span: it comes before these */
	uint64_t args[3];       /* of an object only the first one, */
	uint32_t mark;          /* and, with TT_HEAP_OBJECTS, its mark, */
	int64_t since_ns;       /* and when it was allocated or found */
};

/* A walk over them. Initialize it with zeros. Take no event before it ends. */
struct tt_heap_stating {
	size_t loose;
	const struct tt_heap_span *span;
	uint64_t slot;
	bool begun, stated, again;
	struct tt_heap_stated last;
};

/*
 * The next of the events that lead from an empty heap to this one, as the runtime writes them
 * when tracing starts: each span before its objects. One that waits for the late end of another
 * one at its place comes twice. False: there are no more.
 */
bool tt_heap_next_stated(const struct tt_heap *h, struct tt_heap_stating *s,
			 struct tt_heap_stated *out);

/* ---- heap_findings.c */

/* Room for all that one generation can add, so that none is lost later. False: tt_mem_code(). */
bool tt_heap_finding_room(struct tt_heap *h);
/* Adds a finding at an event, once per generation; none after a gap. */
void tt_heap_report(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t number,
		  uint64_t other);
/* The same, unless tt_heap_drop_pending() shows that two events only came in the other order. */
void tt_heap_add_pending(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t address);
void tt_heap_drop_pending(struct tt_heap *h, uint64_t address);
/* Those that are older than the clocks of threads differ become findings; INT64_MAX: all. */
void tt_heap_report_pending(struct tt_heap *h, int64_t now_ns);

#endif
