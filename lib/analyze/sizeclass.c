/* SPDX-License-Identifier: MIT */
/*
 * sizeclass.c - the size classes of Go's heap.
 *
 * Sources: class_to_size in src/runtime/sizeclasses.go of Go 1.23 and 1.24, and in
 * src/internal/runtime/gc/sizeclasses.go of Go 1.26 and 1.27. All hold the same table, so
 * there is one; a Go that changes it will need one by header version. The layout of
 * kindclass is that of Go's src/runtime/traceallocfree.go (traceSpanTypeAndClass).
 */
#include "analyze/sizeclass.h"

static const uint16_t class_nbytes[] = {
	0,     8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,
	160,   176,   192,   208,   224,   240,   256,   288,   320,   352,   384,   416,
	448,   480,   512,   576,   640,   704,   768,   896,   1024,  1152,  1280,  1408,
	1536,  1792,  2048,  2304,  2688,  3072,  3200,  3456,  4096,  4864,  5376,  6144,
	6528,  6784,  6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384,
	18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

/* Objects below 16 bytes without pointers share slots of this class. */
#define TINY_CLASS 2

struct tt_heap_span_class tt_heap_span_class(uint64_t kindclass)
{
	uint64_t size_class = kindclass >> 2;
	struct tt_heap_span_class c = {
		.heap = (kindclass & 1) == 0 &&
			size_class < sizeof(class_nbytes) / sizeof(class_nbytes[0]),
		.pointers = (kindclass >> 1 & 1) == 0,
	};

	if (c.heap)
		c.slot_nbytes = class_nbytes[size_class];
	if (c.slot_nbytes != 0)
		c.inverse = UINT32_MAX / c.slot_nbytes + 1;
	c.tiny = c.heap && size_class == TINY_CLASS && !c.pointers;
	return c;
}
