/* SPDX-License-Identifier: MIT */
/*
 * assume.h - what an order that is speculative notes of the state before its generation,
 * and then takes for known. In any other order, each of these functions does nothing.
 * Private to lib/order; see speculate.h.
 */
#ifndef TT_ORDER_ASSUME_H
#define TT_ORDER_ASSUME_H

#include "order/speculate.h"

/* `id` is that of a goroutine, P, thread or task. All are about the state before the
 * generation, as changed by the assumptions before. */
enum tt_assumption_kind {
	TT_ASSUME_G_STATUS,     /* it is `value` */
	TT_ASSUME_G_ABSENT,
	TT_ASSUME_G_GONE,       /* not assumed: it ended */
	TT_ASSUME_P_STATUS,     /* it is `value`, or the P is new */
	TT_ASSUME_P_HELD,       /* it is in a syscall; the thread that has it is assumed later */
	TT_ASSUME_M_P,          /* the thread has this P */
	TT_ASSUME_M_NO_P,
	TT_ASSUME_M_G,
	TT_ASSUME_M_NO_G,
	TT_ASSUME_M_NEW_OR_G,   /* the thread is not known, or it has this goroutine */
	TT_ASSUME_GC_RUNNING,   /* the collector's next sequence number is `value` */
	TT_ASSUME_GC_NOT_RUNNING, /* likewise; or its state is not determined */
	TT_ASSUME_G_RANGE,      /* one range is open, of type `value` and no kind */
	TT_ASSUME_P_RANGE,
	TT_ASSUME_REGION_END,   /* the innermost region is of task `value`; its name follows */
	TT_ASSUME_NAME,         /* of so many bytes (`value`), at an offset (`id`) of the names */
	TT_ASSUME_TASK_ABSENT,
	TT_ASSUME_TASK_END,     /* not assumed: it ends if it is there */
};

struct tt_assumption {
	enum tt_assumption_kind kind;
	uint64_t id, value;
};

/* What state.c has a speculative order do. */
struct tt_assume_hooks {
	/* The context is not what the event needs. True: now it is, by assumptions. */
	bool (*context_wrong)(struct tt_order *o, const struct tt_step *s);
	/* The record of a goroutine is about to be removed. */
	void (*g_removed)(struct tt_order *o, const struct tt_g_state *g);
};

void tt_assume(struct tt_order *o, enum tt_assumption_kind kind, int64_t id, uint64_t value);
/* What would have to be known cannot be assumed: this order is given up. */
void tt_assume_fails(struct tt_order *o);

/* The step's thread has no P, no goroutine, unless that is known. */
void tt_assume_no_p(struct tt_order *o, const struct tt_step *s);
void tt_assume_no_g(struct tt_order *o, const struct tt_step *s);
/* A status says that the goroutine is in a syscall on this thread. */
void tt_assume_syscall(struct tt_order *o, struct tt_step *s, int64_t id, int64_t thread);
/* A P is stolen from a thread. */
void tt_assume_victim(struct tt_order *o, struct tt_step *s, int64_t p, int64_t victim);
/* A goroutine that a status introduced. */
void tt_assume_g(struct tt_order *o, struct tt_g_state *g);
/* A P that a status introduces. NULL: no memory. Of an order that is speculative. */
struct tt_p_state *tt_assume_p(struct tt_order *o, int64_t id, unsigned status);
/* If nothing is known of the collector: that it runs or does not, and `seq` comes next. */
void tt_assume_gc(struct tt_order *o, enum tt_assumption_kind kind, uint64_t seq);
/* That a range is open which was not begun here. False: its resource is new. */
bool tt_assume_range(struct tt_order *o, const struct tt_step *s, uint8_t type);
/* The region that the current goroutine ends was not begun here. */
void tt_assume_region_end(struct tt_order *o, const struct tt_step *s);

#endif
