/* SPDX-License-Identifier: MIT */
/*
 * embedded.h - what a generation has in batches of experiment 1 that Go's tools skip
 * (wire/embedded.h): specs, so that a trace explains itself, and timed events and batches
 * of other experiments. This folder holds what is known about experiments; it needs gen
 * and what is below:
 *
 *	embedded.c   specs and batches that are embedded
 *	splice.c     embedded events, put among those of their threads
 *	records.c    the records of a batch, read by the layout that its spec gives
 *	tables.c     a generation's records by their keys
 *	alloc_free.c which events are those of AllocFree, and how a trace says that some are lost
 *
 * All of it is untrusted: a spec may not replace one that did not come with the trace, and of a batch of
 * events only those are taken that can be decoded.
 */
#ifndef TT_EXPERIMENT_EMBEDDED_H
#define TT_EXPERIMENT_EMBEDDED_H

#include "gen/generation.h"
#include "wire/event.h"

#define TT_EMBEDDED_TEXT_SIZE 160

struct tt_embedded {
	struct tt_mem *mem;
	/* the first fault of this generation; NULL: none */
	const char *fault;
	uint64_t fault_offset;
	int64_t fault_thread;
	char text[TT_EMBEDDED_TEXT_SIZE]; /* what the fault may point to */
};

void tt_embedded_init(struct tt_embedded *p, struct tt_mem *mem);
/* Gives embedded batches to their experiments. To be called first, for each generation. */
void tt_embedded_unwrap(struct tt_embedded *p, struct tt_generation *gen);
/*
 * Takes the specs that a generation brings: it is read by them, and so are later ones that
 * bring none. Parts may come in any order. *changed: `specs` is not what it was, so what was
 * made of it must be made anew. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_embedded_add_specs(struct tt_embedded *p, const struct tt_generation *gen,
			  struct tt_specs *specs, bool *changed, struct tt_error *err);
/* Whether a batch holds events. */
bool tt_embedded_has_events(const struct tt_batch *batch);
/*
 * Puts embedded events among those of their threads, by time: a thread's batches are
 * cut where one belongs between their events. Nothing is copied. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_embedded_splice(struct tt_embedded *p, struct tt_generation *gen,
		       const struct tt_decode_plan *plan, struct tt_error *err);
/* For splice.c: keeps the first fault of a generation. `fault` lives as long as *p. */
void tt_embedded_fault(struct tt_embedded *p, const struct tt_batch *batch, const char *fault);

#endif
