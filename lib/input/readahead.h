/* SPDX-License-Identifier: MIT */
/*
 * readahead.h - a thread that reads a feed before its bytes are asked for, straight to where
 * the caller wants them, so that unpacking runs beside what is done with the bytes.
 * Private to lib/input.
 */
#ifndef TT_INPUT_READAHEAD_H
#define TT_INPUT_READAHEAD_H

#include "input/feed.h"

/* Room for bytes. It belongs to the caller, but to the thread while it is being filled. */
struct tt_readahead_buffer {
	struct tt_readahead_buffer *next;
	uint8_t *data;
	size_t nbytes;
	size_t filled;          /* guarded by a lock: see tt_readahead_wait() */
};

struct tt_readahead;

/*
 * Starts the thread if the feed unpacks zstd or gzip of a regular file or of memory: these
 * allocate nothing as they go, and do not wait. Otherwise, or without memory or a thread,
 * NULL. The feed stays the caller's, but must not be used until tt_readahead_free().
 */
struct tt_readahead *tt_readahead_new(struct tt_feed *feed);
/* Waits for the thread to end. Its buffers are the caller's again. NULL is a no-op. */
void tt_readahead_free(struct tt_readahead *r);

/* Buffers are filled in the order in which they are added. `filled` is 0. */
void tt_readahead_add(struct tt_readahead *r, struct tt_readahead_buffer *b);
/*
 * Waits until more than `known` bytes of `b`, the oldest buffer that is not full, are there,
 * and returns how many. If it returns `known`, the feed has ended, or, with *rc, failed
 * after these bytes; that error comes again with each call.
 */
size_t tt_readahead_wait(struct tt_readahead *r, const struct tt_readahead_buffer *b,
			 size_t known, int *rc, struct tt_error *err);
/* Bytes read at the bottom of the feed. */
uint64_t tt_readahead_bottom_at(struct tt_readahead *r);

#endif
