/* SPDX-License-Identifier: MIT */
/* sizeclass.h - how large the objects of a Go span are. */
#ifndef TT_ANALYZE_SIZECLASS_H
#define TT_ANALYZE_SIZECLASS_H

#include <stdbool.h>
#include <stdint.h>

/* What a span's `kindclass` says. */
struct tt_heap_span_class {
	bool heap;              /* it holds heap objects, not stacks or the like */
	bool tiny;              /* its slots hold several small objects each, freed as one */
	bool pointers;          /* its objects may hold pointers */
	uint32_t slot_nbytes;   /* 0: one object takes the whole span */
	uint32_t inverse;       /* 2^32 / slot_nbytes, rounded up, as Go divides; or 0 */
};

/* So far, n * inverse >> 32 is n / slot_nbytes: the product is too large by less than
 * n * slot_nbytes, which is below 2^32 where slots have 2^15 bytes at most. */
#define TT_HEAP_INVERSE_END (1 << 17)

/* A class that Go does not have is not of the heap. */
struct tt_heap_span_class tt_heap_span_class(uint64_t kindclass);

/*
 * Objects above this with pointers, unless alone in their span, begin with a header of 8
 * bytes. As many words as a word has bits, of programs of 64 and of 32 bits: see
 * minSizeForMallocHeader in src/runtime/mbitmap.go.
 */
#define TT_HEAP_HEADER_ABOVE_NBYTES 512
#define TT_HEAP_HEADER_ABOVE_NBYTES_32 128

#endif
