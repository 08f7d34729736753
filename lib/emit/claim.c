/* SPDX-License-Identifier: MIT */
/*
 * claim.c - the turn of a generation, seen from a claim: what it was when one ended and the
 * next began. Stands on claim.h.
 */
#include "emit/claim.h"

bool tt_em_claim_first(struct tt_em_claim *c, uint64_t gen)
{
	unsigned parity = (unsigned)(gen & 1);

	if (atomic_load_explicit(&c->gen[parity], memory_order_relaxed) == gen)
		return false;
	atomic_store_explicit(&c->before[parity],
			      atomic_load_explicit(&c->cur, memory_order_relaxed),
			      memory_order_relaxed);
	c->seq = 0;
	atomic_store_explicit(&c->gen[parity], gen, memory_order_release);
	return true;
}

/*
 * Reads `cur` before the mark of the next generation: a thread that changed it there had
 * set that mark, and `before`, first.
 */
unsigned tt_em_claim_end(struct tt_em_claim *c, uint64_t gen, bool *silent)
{
	unsigned parity = (unsigned)(gen & 1);
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_acquire);

	*silent = atomic_load_explicit(&c->gen[parity], memory_order_acquire) != gen;
	if (atomic_load_explicit(&c->gen[parity ^ 1], memory_order_acquire) == gen + 1)
		cur = atomic_load_explicit(&c->before[parity ^ 1], memory_order_relaxed);
	return cur;
}
