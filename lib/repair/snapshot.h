/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - the heap that AllocFree lists when tracing starts, as a check of the bytes of a
 * batch: each span that is in use, with its objects after it by their addresses, then each stack
 * of a goroutine. The world is stopped meanwhile, and no other event stands in between. Source:
 * Go's src/runtime/traceallocfree.go.
 */
#ifndef TT_REPAIR_SNAPSHOT_H
#define TT_REPAIR_SNAPSHOT_H

#include "gen/content.h"
#include "gen/generation.h"

/* The last events before a contradiction are not confirmed: one of them may consist of bytes from
 * before and after a loss. */
#define TT_SNAPSHOT_DOUBTED 4

struct tt_snapshot {
	uint64_t npage_units;   /* so many units of an object's id are a page; 0: unknown */
	unsigned span, object, stack; /* the types of its events */
	unsigned before;        /* type of the event before; TT_SNAPSHOT_NONE: there is none */
	bool from_begin;        /* nothing can be missing before this part of the snapshot */
	bool in_span;           /* objects of the last span may follow: */
	uint64_t low, high;     /* with these ids, `high` excluded */
	uint32_t at[TT_SNAPSHOT_DOUBTED]; /* where the last events begin, in a ring */
	size_t n;               /* how many there were */
};
#define TT_SNAPSHOT_NONE 256

/* The snapshot in a batch of the generation, whose tables are not read. False: no memory. */
bool tt_snapshot_begin(struct tt_snapshot *sn, struct tt_generation *g);
/* The next event of the batch, which begins at `at`. False: it cannot follow those before it. */
bool tt_snapshot_follows(struct tt_snapshot *sn, const struct tt_raw_event *ev, uint32_t at);
/* How many bytes the batch has up to the end of its snapshot, without the last events of that.
 * 0: it has no snapshot. */
uint32_t tt_snapshot_nbytes(const struct tt_snapshot *sn);

#endif
