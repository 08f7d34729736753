/* SPDX-License-Identifier: MIT */
/*
 * claim.h - what a trace claims of a goroutine or a processor (struct tt_em_claim of
 * region.h): its status, and which generations mention it. A claim belongs to the thread
 * whose goroutine or processor it is, or that holds its wait word; the flusher may read it at
 * any time. Stands on region.h.
 */
#ifndef TT_EMIT_CLAIM_H
#define TT_EMIT_CLAIM_H

#include "emit/region.h"

/*
 * True the first time in this generation; then the status in `before` is to be
 * written ahead of anything else about it.
 */
bool tt_em_claim_first(struct tt_em_claim *c, uint64_t gen);
/* What the claim was at the end of `gen`, and whether that generation is silent about it. */
unsigned tt_em_claim_end(struct tt_em_claim *c, uint64_t gen, bool *silent);

/* The number of the next event about it. */
static inline uint64_t tt_em_claim_next_seq(struct tt_em_claim *c)
{
	return ++c->seq;
}

static inline unsigned tt_em_claim_status(const struct tt_em_claim *c)
{
	return atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_EM_STATUS_MASK;
}

/*
 * The range stays as it is. Release: a thread that sees the new claim also sees that its
 * generation was entered.
 */
static inline void tt_em_claim_set(struct tt_em_claim *c, unsigned status)
{
	unsigned range = atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_EM_RANGE_OPEN;

	atomic_store_explicit(&c->cur, (uint8_t)(status | range), memory_order_release);
}

/* False: it is open already. */
static inline bool tt_em_claim_open_range(struct tt_em_claim *c)
{
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_relaxed);

	if ((cur & TT_EM_RANGE_OPEN) != 0)
		return false;
	atomic_store_explicit(&c->cur, (uint8_t)(cur | TT_EM_RANGE_OPEN), memory_order_release);
	return true;
}

/* False: none is open. */
static inline bool tt_em_claim_close_range(struct tt_em_claim *c)
{
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_relaxed);

	if ((cur & TT_EM_RANGE_OPEN) == 0)
		return false;
	atomic_store_explicit(&c->cur, (uint8_t)(cur & TT_EM_STATUS_MASK), memory_order_release);
	return true;
}

/* Around each event with a claim that goes with it: see struct tt_em_proc. */
static inline void tt_em_update_begin(volatile uint64_t *in_update, uint64_t gen)
{
	*in_update = gen;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void tt_em_update_end(volatile uint64_t *in_update)
{
	atomic_signal_fence(memory_order_seq_cst);
	*in_update = 0;
}

#endif
