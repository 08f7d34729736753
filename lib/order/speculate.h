/* SPDX-License-Identifier: MIT */
/*
 * speculate.h - orders a generation alone, while others order those before it, and joins
 * it to them afterwards. Stands on order.h.
 *
 *	assume.[ch]  what the handlers note meanwhile: assumptions
 *	commit.c     holds these against the state before, and takes over what came out
 *	clone.c      a second copy of a state: the commit is tried on it
 *
 * An assumption is what the events of the generation show of the state before it. If all
 * hold of the state that the generations before leave, then ordering in sequence does the
 * same step by step.
 *
 * Nothing is guessed but what nearly always holds: what a status says is how it was;
 * a thread of which nothing was said yet and that needs to be without a P or a
 * goroutine is. Whatever else would have to be known, and all that is broken, is left
 * to ordering in sequence. So an assumption costs nothing but itself.
 *
 * Waiting is no assumption: sequence numbers are of the generation, so an event that
 * waits for a resource not mentioned yet waits in any state (if numbers of
 * generations grow).
 *
 * More generations may follow the one that was begun alone, and be joined with it.
 */
#ifndef TT_ORDER_SPECULATE_H
#define TT_ORDER_SPECULATE_H

#include "base/bytes.h"
#include "order/order.h"

struct tt_assumption;

struct tt_assumptions {
	struct tt_mem *mem;
	TT_ARRAY(struct tt_assumption) list;
	struct tt_bytes names;  /* that some of them name: see TT_ASSUME_NAME */
	bool failed;            /* the generation is to be ordered in sequence */
};

/* `mem` is that of the order that makes them. */
void tt_assumptions_init(struct tt_assumptions *a, struct tt_mem *mem);
void tt_assumptions_release(struct tt_assumptions *a);

/* Makes an order that was initialized one that orders generations alone. */
void tt_order_speculate(struct tt_order *o, struct tt_assumptions *assumptions);
/* Forgets all: the next generation is ordered alone, as one that is not the first. */
void tt_order_start_alone(struct tt_order *o);
/* What comes next is ordered in sequence: what was before is known by now. */
void tt_order_end_alone(struct tt_order *o);
/*
 * Whether all assumptions of `alone`, which ordered a generation to its end, hold of
 * *before, which has turned to the same generation. Then *before knows what it would know,
 * had it ordered the generation itself; else it is as it was. `trial` was initialized like
 * *before, with the same memory; what it knows does not matter.
 */
bool tt_order_commit(struct tt_order *before, const struct tt_order *alone,
		     struct tt_order *trial);

#endif
