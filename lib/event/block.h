/* SPDX-License-Identifier: MIT */
/*
 * block.h - some events of a generation in the order in which they happened, most of them in few
 * bytes. Stands on pass.h.
 */
#ifndef TT_EVENT_BLOCK_H
#define TT_EVENT_BLOCK_H

#include "event/pass.h"

enum { TT_BLOCK_NBRIEFS = 256, TT_BLOCK_NOTHERS = 32 };

/* Events that were ordered: briefs, and others between them. */
struct tt_event_block {
	struct tt_brief_event briefs[TT_BLOCK_NBRIEFS];
	unsigned nbriefs, nothers;
	const struct tt_event *others[TT_BLOCK_NOTHERS];
	uint16_t nbefore[TT_BLOCK_NOTHERS];     /* so many of the briefs are before each of them */
	int rc;                 /* what is after them all: TT_OK: more */
	uint64_t nevents;       /* of the trace up to their end */
};

void tt_event_block_clear(struct tt_event_block *block);
/* Orders the next events into a block that has room: up to the first one that is no brief, which lives
 * until the next call. *other: there is one; it is the block's last. */
void tt_event_block_add(struct tt_event_block *block, struct tt_pass *pass, bool *other);

#endif
