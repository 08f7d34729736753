/* SPDX-License-Identifier: MIT */
/*
 * source_impl.h - the inside of a source: a view of contiguous bytes, over
 * either the whole input (mapped or in memory) or a stream. Private to lib/input.
 */
#ifndef TT_INPUT_SOURCE_IMPL_H
#define TT_INPUT_SOURCE_IMPL_H

#include "input/feed.h"
#include "input/source.h"

struct tt_stream;

/* trace.zst in a tar.gz is three. */
#define TT_MAX_LAYERS 4

/* One thing that was unpacked. */
struct tt_layer {
	const char *name;
	bool has_member;
	char member[TT_MEMBER_NAME_NBYTES];
};

struct tt_source {
	struct tt_mem *mem;
	/* TT_MAX_LAYERS of its own and of an archive around it, or NULL: the input is plain */
	struct tt_layer *layers;
	unsigned nlayers;
	/* The view: base <= pos <= end, all in one piece of memory. */
	const uint8_t *base, *pos, *end;
	uint64_t end_offset;    /* of `end`, from the start of the unpacked input */
	uint64_t mark;          /* bytes before it were released */
	struct tt_stream *stream; /* NULL: the view is all there is */
	void *map;              /* of the mapping, or NULL; the view may begin inside a page */
	size_t map_nbytes;
	size_t map_dropped;     /* of its bytes, given back to the system */
	uint8_t *held;          /* memory of this source that all bytes come from, or NULL */
	size_t held_nbytes;
	bool borrowed;          /* the mapping is another source's */
	/* Of a mapped file, for source_file.c. */
	int fd;                 /* of the mapped file, or -1; another's if that is `borrowed`, or without `map` */
	uint64_t fd_end;        /* offset of `end` in it */
	bool fd_waits;          /* it cannot be read without waiting for its disk */
	uint64_t expected;      /* the system was asked to read ahead up to here */
	uint8_t *headers;       /* HEADERS_NBYTES, or NULL before the first is peeked at */
	size_t headers_nbytes;  /* what was read last, */
	uint64_t headers_offset; /* and from where */
};

/* Opens a source of what `feed` gives, which is the source's from then on, also on failure.
 * `memory` is where its bytes lie, or NULL. */
int tt_source_open_feed(struct tt_source **out, struct tt_feed *feed, const uint8_t *memory,
			const char *member, struct tt_error *err);
/* Notes what was unpacked around all that the source's feed gives. False: no memory. */
bool tt_source_add_outer(struct tt_source *s, const struct tt_layer *layers, unsigned n);
/* A descriptor to read from, or -1. */
int tt_open_input_file(const char *path);

/*
 * Maps nbytes of a regular file from `offset` on as the whole view. False if
 * this file cannot be mapped: it can be read all the same.
 */
bool tt_source_map(struct tt_source *s, int fd, uint64_t offset, uint64_t nbytes);
/* tt_source_peek_header(), read from the file, at the position's offset. False if it cannot
 * be. */
bool tt_source_file_peek_header(struct tt_source *s, uint64_t offset, size_t want,
				const uint8_t **data, size_t *avail);
void tt_source_file_release(struct tt_source *s);
/* Gives pages below the release mark back. */
void tt_source_map_release(struct tt_source *s);
/* The release mark was moved, maybe back: what follows it is used from now on. */
void tt_source_map_jump(struct tt_source *s);
void tt_source_unmap(struct tt_source *s);

#endif
