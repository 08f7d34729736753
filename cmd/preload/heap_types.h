/* SPDX-License-Identifier: MIT */
/*
 * heap_types.h - types of heap objects: where they were allocated, and of which size class;
 * and the objects that are older than the trace. Inside the preloaded library for --heap.
 * Stands on preload.h.
 */
#ifndef CMD_PRELOAD_HEAP_TYPES_H
#define CMD_PRELOAD_HEAP_TYPES_H

#include "preload.h"

/*
 * The number of a type. The first call in a generation also writes the type to the
 * generation's types batch. 0 if there is no room for it. Any time.
 */
uint64_t heap_type(struct tt_emit *e, uintptr_t site, size_t size);

/*
 * What this thread asked for last, by site and size: loops ask for the same again. The
 * number of a cell is good in the generation `gen` only.
 */
#define HEAP_NCELLS 64
struct heap_cell {
	uint64_t tag;
	uint64_t gen;           /* 0: nothing */
	uint64_t id;
};
extern TLS struct heap_cell heap_cells[HEAP_NCELLS];

/* Site and size, in units of 8 bytes, which no class splits. The largest has no cell. */
static inline uint64_t heap_tag(uintptr_t site, size_t size)
{
	return (uint64_t)site << 16 | (size < 0x7fff0 ? (size + 7) / 8 : 0xffff);
}

/* The high bits depend on the whole key: it is multiplied by 2^64 over the golden ratio. */
static inline uint64_t heap_hash(uint64_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct heap_cell *heap_cell(uint64_t tag)
{
	return &heap_cells[heap_hash(tag) >> 58];
}

/*
 * A number of a batch's record, in LEB128: as tt_varint_put() of lib/wire, which is not for
 * users of the library. Returns the byte after it.
 */
#define HEAP_NUMBER_MAX 10
static inline uint8_t *heap_put_number(uint8_t *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p++ = (uint8_t)value;
	return p;
}

/* In a forked child: the types that were written are in its parent's trace, not in its own. */
void heap_types_forked(void);

/* Objects from before the trace; if there are too many, some are left out. */
void heap_preexisting_add(void *p, size_t size, uintptr_t site);
void heap_preexisting_remove(const void *p);
/* Tracing begins: calls `object` for each, if not NULL. */
void heap_preexisting_end(void (*object)(void *p, size_t size, uintptr_t site));
/* Tracing has not begun yet. */
extern _Atomic bool heap_before_trace;

#endif
