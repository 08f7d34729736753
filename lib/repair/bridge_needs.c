/* SPDX-License-Identifier: MIT */
/*
 * bridge_needs.c - which events of a broken generation wait for what is lost. Stands on
 * bridge_numbers.c.
 */
#include "repair/bridge_impl.h"

bool tt_bridging_add_need(struct tt_bridging *at, const struct tt_bridge_need *need)
{
	struct tt_bridges *b = at->b;

	if (tt_idmap_find(&b->known, need->offset) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(b->mem, &b->needs) || !tt_idmap_add(&b->known, need->offset, 0))
		return false;
	b->needs.at[b->needs.n++] = *need;
	return true;
}

/* An event before which numbers are missing. */
static bool need_number(struct tt_bridging *at, uint32_t i)
{
	const struct tt_bridge_number *n = &at->b->numbers.at[i];
	const struct tt_bridge_need need = {n->time_ns, n->offset, n->thread, i};

	bool begins = n->of != TT_BRIDGE_GC && (i == 0 || !tt_bridge_is_same_sequence(&n[-1], n));

	/* (of what is first of a goroutine or P, it is lost how it began) */
	return n->was == 0 || (!begins && n->was == tt_bridging_before(at, i) + 1) ||
	       tt_bridging_add_need(at, &need);
}

bool tt_bridging_find_gaps(struct tt_bridging *at)
{
	for (uint32_t i = 0; i < at->b->numbers.n; i++)
		if (!need_number(at, i))
			return false;
	return true;
}

/* Whether the generation said where a sequence begins. */
static bool is_known(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	const struct tt_g_state *g = n->of != TT_BRIDGE_G ? NULL : tt_order_g(at->order, n->id);
	const struct tt_p_state *p = n->of != TT_BRIDGE_P ? NULL : tt_order_p(at->order, n->id);
	uint64_t number = at->s->gen.number;

	return n->of == TT_BRIDGE_GC || (g != NULL && g->seq.generation == number) ||
	       (p != NULL && p->seq.generation == number);
}

/* How far a sequence has come in this generation. */
static uint64_t reached(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	const struct tt_g_state *g = n->of != TT_BRIDGE_G ? NULL : tt_order_g(at->order, n->id);
	const struct tt_p_state *p = n->of != TT_BRIDGE_P ? NULL : tt_order_p(at->order, n->id);
	struct tt_seq seq = {0, 0};

	if (n->of == TT_BRIDGE_GC)
		return at->order->gc_seq;
	if (g != NULL)
		seq = g->seq;
	if (p != NULL)
		seq = p->seq;
	return seq.generation == at->s->gen.number ? seq.n : 0;
}

/* The thread that the goroutine or P of a sequence is on; TT_NONE: on none. */
static int64_t holder_of(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	tt_bridging_spend(at, at->order->ms.n);
	for (size_t i = 0; i < at->order->ms.n; i++) {
		const struct tt_m_state *m = &at->order->ms.at[i];

		if ((n->of == TT_BRIDGE_G && m->g == n->id) || (n->of == TT_BRIDGE_P && m->p == n->id))
			return m->id;
	}
	return TT_NONE;
}

/* Whether that thread has an event left which is earlier. */
static bool is_held_back(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	int64_t thread = holder_of(at, n);
	const struct tt_cursor *c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, thread));

	return c != NULL && thread != n->thread && c->head->time_ns < n->time_ns;
}

/* Whether an earlier event than that of a need waits. */
static bool is_earlier_left(const struct tt_bridging *at, const struct tt_bridge_need *need)
{
	tt_bridging_spend(at, at->merge->heap.n);
	for (size_t i = 0; i < at->merge->heap.n; i++)
		if (at->merge->heap.at[i].key < need->time_ns)
			return true;
	return false;
}

/* Whether a need's event is the head of its thread, and waits for nothing else: what is later
 * happened meanwhile. */
bool tt_bridging_is_due(const struct tt_bridging *at, const struct tt_bridge_need *need, size_t *i)
{
	const struct tt_bridge_number *n;
	const struct tt_cursor *c;

	*i = tt_bridging_place_of(at, need->thread);
	c = tt_bridging_cursor_at(at, *i);
	if (c == NULL || c->head->offset != need->offset)
		return false;
	if (need->number == TT_IDMAP_NONE)
		return at->s->last_ns > need->time_ns && !is_earlier_left(at, need);
	n = &at->b->numbers.at[need->number];
	return reached(at, n) == tt_bridging_before(at, need->number) && !is_held_back(at, n);
}

/* The thread that has the event with the next number of a sequence, before that of *n, or that
 * begins it; TT_NONE: there is none. */
static int64_t thread_of_next(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	struct tt_bridge_number next = *n;
	const struct tt_bridge_number *k;

	next.now = is_known(at, n) ? reached(at, n) + 1 : 0;
	k = tt_bridging_find_number(at->b, &next);
	if (k == at->b->numbers.at + at->b->numbers.n || !tt_bridge_is_same_sequence(k, n) ||
	    k->now >= n->now)
		return TT_NONE;
	return tt_bridging_is_left(at, k) ? k->thread : TT_NONE;
}

/* Whether the next event of a goroutine that is left requires it to wait. */
bool tt_bridging_waits_next(void *bridging, int64_t g)
{
	const struct tt_bridging *at = bridging;
	struct tt_bridge_number n = {.of = TT_BRIDGE_G, .id = g};
	const struct tt_bridge_number *k, *end = at->b->numbers.at + at->b->numbers.n;

	n.now = is_known(at, &n) ? reached(at, &n) + 1 : 0;
	for (k = tt_bridging_find_number(at->b, &n); k < end && !tt_bridging_is_spent(at); k++)
		if (!tt_bridge_is_same_sequence(k, &n) || tt_bridging_is_left(at, k))
			break;
	return k < end && tt_bridge_is_same_sequence(k, &n) &&
	       (k->type == TT_EV_GO_UNBLOCK || k->type == TT_EV_GO_SWITCH ||
		k->type == TT_EV_GO_SWITCH_DESTROY);
}

/* The thread that the head of a cursor waits for, as far as it has events left; TT_NONE: none. */
static int64_t blocker_of(const struct tt_bridging *at, const struct tt_cursor *c)
{
	const struct tt_m_state *m = tt_order_m(at->order, c->thread);
	struct tt_bridge_number n = {.of = TT_BRIDGE_P, .id = m == NULL ? TT_NONE : m->p};
	int64_t thread;

	if (c->head->type == TT_EV_GO_SYSCALL_BEGIN)
		return TT_NONE;
	if (c->head->type == TT_EV_GO_SYSCALL_END_BLOCKED ||
	    (c->head->type == TT_EV_PROC_START && n.id != TT_NONE)) {
		n.now = UINT64_MAX;
		return thread_of_next(at, &n);
	}
	if (!tt_bridging_sequence_of(c->head, TT_NONE, &n) || n.was == 0)
		return TT_NONE;
	n.now = n.was;
	if (!is_known(at, &n) || reached(at, &n) + 1 != n.now)
		return thread_of_next(at, &n);
	thread = holder_of(at, &n);
	return thread != c->thread && tt_bridging_place_of(at, thread) < at->merge->heap.n
		       ? thread
		       : TT_NONE;
}

/* The earliest of the heads that wait for each other, one of which is the i-th of the heap. */
static size_t earliest_in_cycle(const struct tt_bridging *at, size_t i)
{
	const struct tt_cursor_heap *heap = &at->merge->heap;
	size_t least = i, k = i;

	for (size_t n = 0; n < heap->n && !tt_bridging_is_spent(at); n++) {
		k = tt_bridging_place_of(at, blocker_of(at, tt_bridging_cursor_at(at, k)));
		if (k == heap->n)
			break;
		if (heap->at[k].key < heap->at[least].key)
			least = k;
	}
	return least;
}

/* Where the head is that keeps all others from happening: the earliest one, or what that waits
 * for. */
size_t tt_bridging_find_culprit(const struct tt_bridging *at)
{
	const struct tt_cursor_heap *heap = &at->merge->heap;
	size_t i = 0;

	for (size_t k = 1; k < heap->n; k++)
		if (heap->at[k].key < heap->at[i].key)
			i = k;
	for (size_t n = 0; n < heap->n && !tt_bridging_is_spent(at); n++) {
		int64_t thread = blocker_of(at, tt_bridging_cursor_at(at, i));

		if (thread == TT_NONE)
			return i;
		i = tt_bridging_place_of(at, thread);
	}
	return earliest_in_cycle(at, i);
}
