/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the parts of the heap that heap.c, heap_types.c and heap_notes.c share. Stands
 * on gen and spans.
 */
#ifndef TT_ANALYZE_HEAP_H
#define TT_ANALYZE_HEAP_H

#include "base/idmap.h"
#include "analyze/heap_spans.h"
#include "spec/spec.h"
#include "tracetool_analyze.h"

/* A finding without its words. */
struct tt_heap_note {
	int code;
	int event_type;
	uint64_t offset, generation;
	int64_t thread;
	uint64_t number, other;
};

/* An object that lies in no span, or in one too large to keep a list of its slots. */
struct tt_loose {
	struct tt_heap_object object;
	bool live, twice;
	uint32_t next_free;
};

/* An alloc of what lives already: the free may be on its way. */
struct tt_doubt {
	struct tt_heap_note note;
	int64_t time_ns;
};
#define TT_DOUBTS 64

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
	bool gap;               /* objects may live that nobody told of */
	bool informed;          /* base and units are the file's */
	uint64_t base, page_nbytes, unit_nbytes;
	unsigned page_shift;

	struct tt_spans spans;
	bool spanned;           /* the trace tells of spans: a native heap has none */
	struct tt_idmap loose_ids;
	TT_ARRAY(struct tt_loose) loose;
	uint32_t free_loose;
	uint64_t nlive;

	/* types: those of all generations, and where this generation's ids lead */
	uint64_t seed;
	struct tt_idmap type_hashes, type_ids;
	TT_ARRAY(struct tt_heap_type_entry) types;

	/* findings */
	uint32_t codes_noted;   /* bit of code - TT_W_HEAP_ALLOC */
	TT_ARRAY(struct tt_heap_note) notes;
	size_t next_note;
	struct tt_doubt doubts[TT_DOUBTS];
	unsigned ndoubts;
};

/* ---- heap_types.c */

/* The number of the type that argument `arg` names, 0 if it is not known. TT_HEAP_NO_TYPE: no memory. */
#define TT_HEAP_NO_TYPE UINT32_MAX
uint32_t tt_heap_type_of(struct tt_heap *h, const struct tt_event *ev, unsigned arg);
void tt_heap_types_release(struct tt_heap *h);

/* ---- heap_notes.c */

/* Room for all that a generation can bring, so that none is lost later. False: tt_mem_code(). */
bool tt_heap_note_room(struct tt_heap *h);
/* Notes a finding at an event, once a generation; none behind a gap. */
void tt_heap_note(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t number,
		  uint64_t other);
/* What the event says may be a matter of order alone. */
void tt_heap_doubt(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t address);
void tt_heap_settle(struct tt_heap *h, uint64_t address);
/* Doubts older than what clocks of threads differ by become findings; INT64_MAX: all. */
void tt_heap_doubts_until(struct tt_heap *h, int64_t now_ns);

#endif
