/* SPDX-License-Identifier: MIT */
/*
 * ahead.h - a thread that orders the events of a generation ahead of the reader's caller, into a
 * ring of blocks. Stands on block.h.
 */
#ifndef TT_EVENT_AHEAD_H
#define TT_EVENT_AHEAD_H

#include "event/block.h"

struct tt_ahead;

/* Starts the thread if it is not there, and lends it the pass. False: there can be none, and *ahead is
 * NULL. */
bool tt_ahead_begin(struct tt_ahead **ahead, struct tt_pass *pass);
/* The next block, which lives until the next call. If its rc is not 0, it is the last one, and the
 * pass is the caller's again. */
const struct tt_event_block *tt_ahead_next(struct tt_ahead *ahead);
/* Takes the pass back. */
void tt_ahead_stop(struct tt_ahead *ahead);
/* NULL is a no-op. The pass was taken back. */
void tt_ahead_free(struct tt_ahead *ahead);

#endif
