/* SPDX-License-Identifier: MIT */
/*
 * source_impl.h - the inside of a source: a view of contiguous bytes, over
 * either the whole input (mapped or in memory) or a stream. Private to io.
 */
#ifndef TT_IO_SOURCE_IMPL_H
#define TT_IO_SOURCE_IMPL_H

#include "io/source.h"

struct tt_stream;

struct tt_source {
	struct tt_mem *mem;
	/* The view: base <= pos <= end, all in one piece of memory. */
	const uint8_t *base, *pos, *end;
	uint64_t end_offset;    /* of `end`, from the start of the unpacked input */
	uint64_t mark;          /* bytes before it were released */
	struct tt_stream *stream; /* NULL: the view is all there is */
	void *map;              /* of the mapping, or NULL; the view may begin inside a page */
	size_t map_nbytes;
	size_t map_dropped;     /* of its bytes, given back to the system */
};

/*
 * Maps nbytes of a regular file from `offset` on as the whole view. False if
 * this file cannot be mapped: it can be read all the same.
 */
bool tt_source_map(struct tt_source *s, int fd, uint64_t offset, uint64_t nbytes);
/* Gives pages below the release mark back. */
void tt_source_map_release(struct tt_source *s);
void tt_source_unmap(struct tt_source *s);

#endif
