/* SPDX-License-Identifier: MIT */
/*
 * bridge_impl.h - what the files share that make bridges. Private to lib/repair.
 */
#ifndef TT_REPAIR_BRIDGE_IMPL_H
#define TT_REPAIR_BRIDGE_IMPL_H

#include "base/error.h"
#include "repair/repair.h"

struct tt_bridging {
	struct tt_repair *r;
	struct tt_salvage *s;
	struct tt_bridges *b;
	struct tt_merge *merge;
	struct tt_order *order;
	const struct tt_order *start;
	unsigned nleft;         /* so many passes are left */
	bool settled;           /* so are the events in doubt from the beginning */
	bool confirmed;         /* they are */
	size_t next_need;
};

/*
 * So many steps of work at most, in all, for each byte of the input so far and of this: a look at
 * one thread, number or event. Without them, many threads that wait for each other would take time
 * that grows with the square or cube of their number.
 */
#define TT_BRIDGING_STEPS 16
#define TT_BRIDGING_FREE_NBYTES (16u << 20)

static inline void tt_bridging_spend(const struct tt_bridging *at, uint64_t nsteps)
{
	at->b->nsteps += nsteps;
}

/* Whether no more work is done: nothing is bridged then. */
static inline bool tt_bridging_is_spent(const struct tt_bridging *at)
{
	uint64_t most = at->r->cur->end + TT_BRIDGING_FREE_NBYTES;

	return at->b->nsteps / TT_BRIDGING_STEPS > most;
}

static inline int tt_bridging_no_memory(struct tt_bridging *at)
{
	return tt_repair_no_memory(at->r);
}

/* Where the cursor of a thread is in the heap, or heap.n: it has no event left. */
static inline size_t tt_bridging_place_of(const struct tt_bridging *at, int64_t thread)
{
	size_t i = 0;

	while (i < at->merge->heap.n) {
		const struct tt_cursor *c = at->merge->heap.at[i].of.item;

		if (c->thread == thread)
			break;
		i++;
	}
	tt_bridging_spend(at, i);
	return i;
}

static inline struct tt_cursor *tt_bridging_cursor_at(const struct tt_bridging *at, size_t i)
{
	return i < at->merge->heap.n ? at->merge->heap.at[i].of.item : NULL;
}

static inline uint32_t tt_bridging_head_at(const struct tt_bridging *at, const struct tt_cursor *c)
{
	return (uint32_t)(c->head->offset - at->s->gen.batches.at[c->head->batch].data_offset);
}

/* ---- numbers of sequences (bridge_numbers.c) */

/* The sequence that an event of a thread with this P is of. False: none that is known. */
bool tt_bridging_sequence_of(const struct tt_raw_event *ev, int64_t proc,
			     struct tt_bridge_number *n);
bool tt_bridge_is_same_sequence(const struct tt_bridge_number *a, const struct tt_bridge_number *b);
/* All numbers of the generation. False: no memory. */
bool tt_bridging_find_numbers(struct tt_bridging *at);
/* All are as they were. */
void tt_bridging_restore_numbers(struct tt_bridges *b);
/* What the number before has become; 0: it is the first of its sequence. */
uint64_t tt_bridging_before(const struct tt_bridging *at, uint32_t i);
/* The first number of a sequence that is not less than `n` by now. */
struct tt_bridge_number *tt_bridging_find_number(const struct tt_bridges *b,
						 const struct tt_bridge_number *n);
/* Whether its event is still to come. */
bool tt_bridging_is_left(const struct tt_bridging *at, const struct tt_bridge_number *n);
/*
 * The head of a cursor becomes `head`, which may have another number. If it is lower, those that
 * follow it in its sequence are lower by as much. *can: not if it has no room. False: no memory.
 */
bool tt_bridging_renumber(struct tt_bridging *at, const struct tt_cursor *c,
			  const struct tt_raw_event *head, bool *can);

/* ---- what is needed (bridge_needs.c) */

/* The event needs a bridge. False: no memory. */
bool tt_bridging_add_need(struct tt_bridging *at, const struct tt_bridge_need *need);
/* All events do before which numbers are missing. */
bool tt_bridging_find_gaps(struct tt_bridging *at);
/* Whether a need's event is the head of its thread, which is the *i-th of the heap, and waits for
 * nothing else: what is later happened meanwhile. */
bool tt_bridging_is_due(const struct tt_bridging *at, const struct tt_bridge_need *need, size_t *i);
/* Whether the next event of a goroutine that is left requires it to wait: it is unblocked, or
 * switched to. */
bool tt_bridging_waits_next(void *bridging, int64_t g);
/* Where the head is that keeps all others from happening: the earliest one, or what that waits
 * for. */
size_t tt_bridging_find_culprit(const struct tt_bridging *at);

/* ---- passes (bridge_pass.c) */

unsigned tt_bridging_npasses(const struct tt_repair *r);
/* Orders the generation, again and again, until all is ordered or left out: at->b has the bridges
 * then. 0, or an error in r->err. */
int tt_bridging_order(struct tt_bridging *at);

#endif
