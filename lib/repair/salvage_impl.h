/* SPDX-License-Identifier: MIT */
/*
 * salvage_impl.h - what the files share that collect a broken generation and make it whole.
 * Private to lib/repair.
 */
#ifndef TT_REPAIR_SALVAGE_IMPL_H
#define TT_REPAIR_SALVAGE_IMPL_H

#include "base/error.h"
#include "repair/salvage.h"

/* A record that cannot be read so near the end of a table says nothing of those before it. */
#define TT_SALVAGE_NEAR 32

static inline int tt_salvage_no_memory(const struct tt_salvage *s, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(s->mem), "no memory for what is left of a generation");
}

static inline bool tt_salvage_is_machine(int code)
{
	return code == TT_E_MEMORY || code == TT_E_LIMIT;
}

/* How long the copy of a batch is: its header stands in front of its data. */
static inline size_t tt_salvage_copied_nbytes(const struct tt_raw_batch *b)
{
	return (size_t)(b->data_offset - b->offset) + b->size;
}

/* ---- threads.c */

/* Whether Go writes no such event into a batch of this thread: in damaged bytes, one of its own is
 * another. */
bool tt_salvage_cannot_be(const struct tt_salvage *s, int64_t thread,
			  const struct tt_raw_event *ev);

/* ---- records.c; TT_E_MEMORY, TT_E_LIMIT, as all that follows */

/*
 * Files a table record by record and keeps those that are good. Of a table in doubt a record
 * is good if others follow it: one whose length is wrong ends where none begins.
 */
int tt_salvage_file_records(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
			    struct tt_error *err);

/* ---- batches.c */

/* Copies a batch to the end of the list. */
int tt_salvage_append(struct tt_salvage *s, const struct tt_raw_batch *batch, bool cut,
		      struct tt_error *err);
/* Takes a batch of the list into the generation, as far as it is good. */
int tt_salvage_file(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
		    struct tt_error *err);
/* Nothing of it stays. */
int tt_salvage_drop(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err);
/* Batches of any thread may be missing between those filed so far and those that follow. */
void tt_salvage_note_gap(struct tt_salvage *s);

/* ---- doubt.c; tt_salvage_settle() too */

/* The last batch of the list is in doubt from now on; `after` follows it. */
void tt_salvage_doubt_last(struct tt_salvage *s, const uint8_t *after, size_t nafter);

#endif
