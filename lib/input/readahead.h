/* SPDX-License-Identifier: MIT */
/*
 * readahead.h - a thread that reads a feed ahead of who wants its bytes, straight to where they
 * are to lie, so that unpacking and what is done with the bytes go on at a time.
 * Private to io; stands on base.
 */
#ifndef TT_INPUT_READAHEAD_H
#define TT_INPUT_READAHEAD_H

#include "input/feed.h"

/* Room for bytes, of the caller. The pump's while it is being filled. */
struct tt_tank {
	struct tt_tank *next;
	uint8_t *data;
	size_t nbytes;
	size_t filled;          /* see tt_pump_wait() */
};

struct tt_pump;

/*
 * Starts the thread if the feed unpacks zstd or gzip of a regular file or of memory: these
 * take no memory as they go, and do not wait. Else, and if there can be no thread or no
 * memory, NULL. The feed stays the caller's, who does not touch it until the pump is
 * freed.
 */
struct tt_pump *tt_pump_new(struct tt_feed *feed);
/* Waits for the thread. What it was filling is the caller's again. NULL is a no-op. */
void tt_pump_free(struct tt_pump *p);

/* Tanks are filled in the order in which they are given. `filled` is 0. */
void tt_pump_give(struct tt_pump *p, struct tt_tank *t);
/*
 * Waits until more than `known` bytes of the oldest tank that is not full are there: how
 * many. No more than `known`: the feed has ended; or, with rc, an error came behind them,
 * and comes again with each call.
 */
size_t tt_pump_wait(struct tt_pump *p, const struct tt_tank *t, size_t known, int *rc,
		    struct tt_error *err);
/* Bytes read at the bottom of the feed. */
uint64_t tt_pump_bottom_at(struct tt_pump *p);

#endif
