/* SPDX-License-Identifier: MIT */
/*
 * assume.h - a generation ordered alone, with no knowledge of what came before. What
 * its events show of the state before it is written down as claims; if all of them
 * hold of the state that the generations before leave, then ordering in sequence does
 * step by step the same (seam.c finds out). Private to lib; stands on order.h.
 *
 * Nothing is guessed but what nearly always holds: what a status says is how it was;
 * a thread of which nothing was said yet and that needs to be without a P or a
 * goroutine is. Whatever else would have to be known, and all that is broken, is left
 * to ordering in sequence. So a claim costs nothing but itself.
 *
 * Waiting is no claim: sequence numbers are of the generation, so an event that
 * waits for a resource not mentioned yet waits in any state (if numbers of
 * generations grow).
 */
#ifndef TT_ORDER_ASSUME_H
#define TT_ORDER_ASSUME_H

#include "order/order.h"

/* `id` is that of a goroutine, P, thread or task. All are about the state before the
 * generation, as changed by the claims before. */
enum tt_assumption_kind {
	TT_ASSUME_G_STATUS, /* it is `value` */
	TT_ASSUME_G_ABSENT,
	TT_ASSUME_G_GONE, /* not a claim: it ended */
	TT_ASSUME_P_STATUS, /* it is `value`, or the P is new */
	TT_ASSUME_P_HELD, /* it is in a syscall; the thread that has it is assumed later */
	TT_ASSUME_M_P, /* the thread has this P */
	TT_ASSUME_M_NO_P,
	TT_ASSUME_M_G,
	TT_ASSUME_M_NO_G,
	TT_ASSUME_M_NEW_OR_G, /* nobody knows the thread, or it has this goroutine */
	TT_ASSUME_GC_RUNNING, /* the collector's next sequence number is `value` */
	TT_ASSUME_GC_NOT_RUNNING, /* likewise; or its state is not determined */
	TT_ASSUME_G_RANGE, /* one range is open, of type `value` and no kind */
	TT_ASSUME_P_RANGE,
	TT_ASSUME_REGION_END, /* the innermost region is of task `value`; its name follows */
	TT_ASSUME_NAME, /* a string's id */
	TT_ASSUME_TASK_ABSENT,
	TT_ASSUME_TASK_END, /* not a claim: it ends if it is there */
};

struct tt_assumption {
	enum tt_assumption_kind kind;
	uint64_t id, value;
};

struct tt_assumptions {
	struct tt_mem *mem;
	TT_ARRAY(struct tt_assumption) list;
	bool failed;            /* too many, or no memory */
};

static inline bool tt_is_speculative(const struct tt_order *o)
{
	return o->assumptions != NULL;
}

/* Makes an order that knows nothing one that assumes, and writes it down there. */
void tt_order_speculate(struct tt_order *o, struct tt_assumptions *assumptions);

/* ---- making them; only of an order that is alone */

void tt_assume(struct tt_order *o, enum tt_assumption_kind kind, int64_t id, uint64_t value);
/* The step's thread has no P, no goroutine, unless that is known. */
void tt_assume_no_p(struct tt_order *o, const struct tt_step *s);
void tt_assume_no_g(struct tt_order *o, const struct tt_step *s);
/* A goroutine that a status introduced. */
void tt_assume_g(struct tt_order *o, struct tt_g_state *g);
/* A P that a status introduces. NULL: no memory. */
struct tt_p_state *tt_assume_p(struct tt_order *o, int64_t id, unsigned status);
/* A status says that the goroutine is in a syscall on this thread. */
void tt_assume_syscall(struct tt_order *o, struct tt_step *s, int64_t id, int64_t thread);
/* A P is stolen from a thread. */
void tt_assume_victim(struct tt_order *o, struct tt_step *s, int64_t p, int64_t victim);
/* Whether nothing is known of the collector yet; and that this comes next. */
static inline bool tt_gc_unassumed(const struct tt_order *o)
{
	return tt_is_speculative(o) && o->gc_state == TT_GC_UNDETERMINED;
}
void tt_assume_gc(struct tt_order *o, enum tt_assumption_kind kind, uint64_t seq);
/* That a range is open which was not begun here. False: its resource is new. */
bool tt_assume_range(struct tt_order *o, const struct tt_step *s, uint8_t type);
/* The region that the current goroutine ends was not begun here. */
void tt_assume_region_end(struct tt_order *o, const struct tt_step *s);

/* ---- holding them against the state before (seam.c) */

/*
 * Whether all claims of `alone`, which ordered a generation to its end, hold of
 * *before, which has turned to the same generation. Then *before comes to know
 * what it would, had it ordered the generation itself; else it is as it was. `trial` was
 * initialized like *before, with the same memory; its content is of no account.
 */
bool tt_order_commit(struct tt_order *before, struct tt_order *alone, struct tt_order *trial);

#endif
