/* SPDX-License-Identifier: MIT */
/*
 * writer_heap.h - the heap that AllocFree shows, followed so far that it can be restated as
 * the runtime states it when tracing starts. Private to lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_HEAP_H
#define TT_EDIT_WRITER_HEAP_H

#include "edit/writer.h"

/* An event of the experiment, which is not written. */
int tt_writer_heap_event(struct tt_writer *w, const struct tt_event *ev);
/* Ids of types are those of this generation from now on. */
int tt_writer_heap_generation(struct tt_writer *w, const struct tt_generation *gen);
/* Spans, objects and stacks that live, and a batch with their types. */
bool tt_writer_heap_restate(struct tt_writer *w, struct tt_restatement *list);
/* A record of a table of types. */
struct tt_writer_heap_type {
	uint64_t key, address, nbytes, nptr_bytes;
	struct tt_str name;
};

/* Adds one to the batch in *body, which begins empty and is written when it is full; and writes the
 * rest, if all was good so far. False: no memory. */
bool tt_writer_heap_put_type(struct tt_writer *w, struct tt_bytes *body,
			     const struct tt_writer_heap_type *t);
bool tt_writer_heap_end_types(struct tt_writer *w, struct tt_bytes *body, bool good);
void tt_writer_heap_free(struct tt_writer *w);

#endif
