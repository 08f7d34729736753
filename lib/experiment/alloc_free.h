/* SPDX-License-Identifier: MIT */
/*
 * alloc_free.h - what the library knows of AllocFree, Go's experiment for the heap, beside its
 * specs: which events are its own, and how a trace says that some of them are lost.
 */
#ifndef TT_EXPERIMENT_ALLOC_FREE_H
#define TT_EXPERIMENT_ALLOC_FREE_H

#include "gen/generation.h"
#include "spec/spec.h"
#include "spec/types.h"

/* The event to which Go gives this type, by its name: with the first `nargs` arguments, in the
 * experiment of that name. NULL: the specs have none. */
const struct tt_event_def *tt_alloc_free_event(const struct tt_specs *specs,
					       enum tt_event_type type, unsigned nargs);
/* The batch of types, which a HeapObject refers to, or NULL. */
const struct tt_batch_spec *tt_alloc_free_types(const struct tt_specs *specs);
/*
 * The mark that says that events of the heap were lost in a generation or before: a record of
 * this batch, with this key. No type has it: their ids count from 1. NULL: the specs have none.
 */
const struct tt_batch_spec *tt_alloc_free_lost_mark(const struct tt_specs *specs, uint64_t *key);
/* Whether the generation, whose tables were read, has it. */
bool tt_alloc_free_lost_events(const struct tt_specs *specs, const struct tt_generation *g);

#endif
