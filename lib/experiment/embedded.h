/* SPDX-License-Identifier: MIT */
/*
 * embedded.h - what our emitter carries in private batches of experiment 1: specs, so
 * that a trace explains itself, and timed events and batches of other experiments,
 * which Go's tools pass over. The bytes are in tracetool-format(5). Stands on gen and spec.
 *
 * All of it is untrusted: a spec may not replace what is there, and of a batch of events
 * those are taken that can be decoded.
 */
#ifndef TT_EXPERIMENT_EMBEDDED_H
#define TT_EXPERIMENT_EMBEDDED_H

#include "gen/generation.h"
#include "wire/event.h"

#define TT_PRIVATE_WORDS_SIZE 160

struct tt_private {
	struct tt_mem *mem;
	uint64_t tried[4];      /* bit e: the spec of experiment e was read, good or not */
	uint64_t missing[4];    /* and parts of it are missing in this generation */
	/* the first fault of this generation; NULL: none */
	const char *fault;
	uint64_t fault_offset;
	int64_t fault_thread;
	char words[TT_PRIVATE_WORDS_SIZE]; /* what the fault may point to */
};

void tt_private_init(struct tt_private *p, struct tt_mem *mem);
/*
 * Makes wrapped batches those of their experiment: first of all, for each generation.
 */
void tt_private_unwrap(struct tt_private *p, struct tt_generation *gen);
/*
 * Adds the specs that a generation brings and that are not known. *added: there
 * was one, so that what was made of `specs` is to be made anew. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_private_specs(struct tt_private *p, const struct tt_generation *gen,
		     struct tt_specs *specs, bool *added, struct tt_error *err);
/* Whether a batch is one of carried events. */
bool tt_private_carries(const struct tt_batch *batch);
/*
 * Puts carried events among those of their threads, by time: a thread's batches are
 * cut where one comes between. Nothing is copied. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_private_splice(struct tt_private *p, struct tt_generation *gen,
		      const struct tt_decode_plan *plan, struct tt_error *err);

#endif
