/* SPDX-License-Identifier: MIT */
/*
 * bridge_numbers.c - the numbers in the events of a broken generation by which goroutines and Ps
 * are ordered. Where some are lost, those after them become lower, in as many bytes as they had.
 * Stands on bridge_impl.h.
 */
#include "repair/bridge_impl.h"

#include <stdlib.h>

#include "gen/clock.h"
#include "wire/varint.h"

/* Which argument of an event is a number of a sequence that may become another; -1: none. */
static int number_arg(unsigned type)
{
	switch (type) {
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		return 1;
	case TT_EV_GO_SYSCALL_BEGIN:
		return 0;
	default:
		return -1;
	}
}

/* The sequence that an event of a thread with this P is of. False: none that is known. */
bool tt_bridging_sequence_of(const struct tt_raw_event *ev, int64_t proc,
			     struct tt_bridge_number *n)
{
	int arg = number_arg(ev->type);

	n->id = (int64_t)ev->args[0];
	n->was = arg >= 0 ? ev->args[arg] : 0;
	switch (ev->type) {
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
	case TT_EV_PROC_STATUS:
		n->of = TT_BRIDGE_P;
		return true;
	case TT_EV_GO_SYSCALL_BEGIN:
		n->of = TT_BRIDGE_P;
		n->id = proc;
		return proc != TT_NONE;
	case TT_EV_GC_BEGIN:
	case TT_EV_GC_ACTIVE:
	case TT_EV_GC_END:
		n->of = TT_BRIDGE_GC;
		n->was = ev->args[0];
		n->id = 0;
		return true;
	case TT_EV_GO_CREATE:
	case TT_EV_GO_CREATE_BLOCKED:
	case TT_EV_GO_CREATE_SYSCALL:
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		n->of = TT_BRIDGE_G;
		return true;
	default:
		n->of = TT_BRIDGE_G;
		return arg >= 0;
	}
}

/* Where the argument of an event at p stands. */
static uint8_t *arg_at(const uint8_t *p, int arg)
{
	/* (its type, dt, and what is before it) */
	for (p++; arg >= 0; p++)
		arg -= *p < 0x80;
	return (uint8_t *)(uintptr_t)p;
}

static uint8_t nbytes_at(const uint8_t *p)
{
	uint8_t n = 1;

	while (*p++ >= 0x80)
		n++;
	return n;
}

/* In as many bytes as it had. */
static void write_number(const struct tt_bridge_number *n, uint64_t value)
{
	for (unsigned i = 0; i < n->nbytes; i++, value >>= 7)
		n->at[i] = (uint8_t)((value & 0x7f) | (i + 1u < n->nbytes ? 0x80 : 0));
}

bool tt_bridge_is_same_sequence(const struct tt_bridge_number *a, const struct tt_bridge_number *b)
{
	return a->of == b->of && a->id == b->id;
}

/* What the number before has become; 0: it is the first of its sequence. */
uint64_t tt_bridging_before(const struct tt_bridging *at, uint32_t i)
{
	const struct tt_bridge_number *n = &at->b->numbers.at[i];

	if (i != 0 && tt_bridge_is_same_sequence(&n[-1], n))
		return n[-1].now;
	if (n->of == TT_BRIDGE_GC)
		return at->start->gc_state == TT_GC_UNDETERMINED ? n->now - 1 : at->start->gc_seq;
	return 0;
}

/* One event of a thread with this P. */
static bool add_number(struct tt_bridges *b, int64_t thread, const struct tt_raw_event *ev,
		       const uint8_t *p, int64_t proc)
{
	int arg = number_arg(ev->type);
	struct tt_bridge_number n = {
		.type = ev->type,
		.offset = ev->offset,
		.thread = thread,
		.time_ns = ev->time_ns,
	};

	if (!tt_bridging_sequence_of(ev, proc, &n))
		return true;
	if (!TT_ARRAY_ROOM(b->mem, &b->numbers))
		return false;
	n.at = arg >= 0 ? arg_at(p, arg) : NULL;
	n.nbytes = n.at != NULL ? nbytes_at(n.at) : 0;
	n.now = n.was;
	b->numbers.at[b->numbers.n++] = n;
	return true;
}

/* The P that a thread has, as far as its own events show. */
struct held_p {
	int64_t id;
	bool in_syscall;        /* it may be stolen */
};

static void follow_p(struct held_p *p, const struct tt_raw_event *ev)
{
	unsigned status = (unsigned)ev->args[1] & 0xff;

	switch (ev->type) {
	case TT_EV_PROC_START:
		*p = (struct held_p){(int64_t)ev->args[0], false};
		break;
	case TT_EV_PROC_STATUS:
		if (status == TT_P_RUNNING || status == TT_P_SYSCALL)
			*p = (struct held_p){(int64_t)ev->args[0], status == TT_P_SYSCALL};
		break;
	case TT_EV_GO_SYSCALL_BEGIN:
		p->in_syscall = true;
		break;
	case TT_EV_GO_SYSCALL_END:
		p->in_syscall = false;
		break;
	case TT_EV_GO_SYSCALL_END_BLOCKED:
	case TT_EV_GO_DESTROY_SYSCALL:
		if (p->in_syscall)
			p->id = TT_NONE;
		break;
	case TT_EV_PROC_STOP:
		p->id = TT_NONE;
		break;
	default:
		break;
	}
}

static bool find_numbers_of(struct tt_bridging *at, const struct tt_thread_batches *t)
{
	const struct tt_m_state *m = tt_order_m(at->start, t->thread);
	struct held_p proc = {m == NULL ? TT_NONE : m->p, false};
	const struct tt_p_state *state = tt_order_p(at->start, proc.id);

	proc.in_syscall = state != NULL && state->status == TT_P_SYSCALL;
	for (uint32_t k = t->first; k != TT_NO_BATCH; k = at->s->gen.batches.at[k].next) {
		const struct tt_event_batch *b = &at->s->gen.batches.at[k];
		const uint8_t *p = b->data, *end = p + b->size, *next;
		uint64_t time = b->time, dt;
		struct tt_raw_event ev;

		for (; p < end; p = next) {
			next = tt_raw_event_decode(&at->s->plan, p, end, &ev, &dt);
			if (next == NULL)
				break;
			time += dt;
			ev.time_ns = tt_ticks_to_ns(time, at->s->gen.ns_per_tick);
			ev.offset = b->data_offset + (uint64_t)(p - b->data);
			if (!add_number(at->b, t->thread, &ev, p, proc.id))
				return false;
			follow_p(&proc, &ev);
		}
	}
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct tt_bridge_number *x = a, *y = b;

	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->was != y->was)
		return x->was < y->was ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* All numbers of the generation. False: no memory. */
bool tt_bridging_find_numbers(struct tt_bridging *at)
{
	struct tt_bridges *b = at->b;

	b->numbers.n = 0;
	tt_idmap_clear(&b->number_of);
	for (size_t i = 0; i < at->s->gen.threads.n; i++)
		if (!find_numbers_of(at, &at->s->gen.threads.at[i]))
			return false;
	if (b->numbers.n != 0)
		qsort(b->numbers.at, b->numbers.n, sizeof(*b->numbers.at), compare_numbers);
	for (size_t i = 0; i < b->numbers.n; i++)
		if (!tt_idmap_add(&b->number_of, b->numbers.at[i].offset, (uint32_t)i))
			return false;
	return true;
}

/* All are as they were. */
void tt_bridging_restore_numbers(struct tt_bridges *b)
{
	for (size_t i = 0; i < b->numbers.n; i++) {
		struct tt_bridge_number *n = &b->numbers.at[i];

		if (n->now != n->was)
			write_number(n, n->was);
		n->now = n->was;
	}
	while (b->others.n != 0) {
		const struct tt_bridge_number *n = &b->others.at[--b->others.n];

		write_number(n, n->was);
	}
}

static void set_number(struct tt_bridging *at, struct tt_bridge_number *n, uint64_t now)
{
	struct tt_cursor *c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, n->thread));

	n->now = now;
	write_number(n, now);
	if (c != NULL && c->head->offset == n->offset)
		c->head->args[number_arg(c->head->type)] = now;
}

static bool is_before(const struct tt_bridge_number *a, const struct tt_bridge_number *b)
{
	if (a->of != b->of)
		return a->of < b->of;
	return a->id != b->id ? a->id < b->id : a->now < b->now;
}

/* The first number of a sequence that is not less than `n` by now. */
struct tt_bridge_number *tt_bridging_find_number(const struct tt_bridges *b,
					    const struct tt_bridge_number *n)
{
	size_t low = 0, high = b->numbers.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (is_before(&b->numbers.at[mid], n))
			low = mid + 1;
		else
			high = mid;
	}
	return b->numbers.at + low;
}

/* An event of which nobody knew before that it is of this sequence. */
static bool set_other(struct tt_bridging *at, struct tt_bridge_number *n, uint64_t now)
{
	if (!TT_ARRAY_ROOM(at->b->mem, &at->b->others))
		return false;
	at->b->others.at[at->b->others.n++] = *n;
	set_number(at, n, now);
	return true;
}

/* Whether its event is still to come. */
bool tt_bridging_is_left(const struct tt_bridging *at, const struct tt_bridge_number *n)
{
	const struct tt_cursor *c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, n->thread));

	return c != NULL && c->head->offset <= n->offset;
}

static bool has_room(const struct tt_bridge_number *n, uint64_t value)
{
	return n->nbytes >= TT_VARINT_MAX || value < UINT64_C(1) << 7 * n->nbytes;
}

/* A number becomes higher, and so do those after it that are not higher then, as far as they have
 * room. */
static void raise_from(struct tt_bridging *at, struct tt_bridge_number *k, uint64_t now)
{
	const struct tt_bridge_number *n = k, *end = at->b->numbers.at + at->b->numbers.n;

	for (; k < end && tt_bridge_is_same_sequence(k, n) && k->now <= now; k++) {
		if (tt_bridging_is_spent(at))
			break;
		if (!tt_bridging_is_left(at, k))
			continue;
		if (!has_room(k, now))
			break;
		set_number(at, k, now++);
	}
}

/*
 * The head of a cursor becomes `head`, which may have another number. If it is lower, those that
 * follow it in its sequence are lower by as much; if it is higher, they make room. *can: not if it
 * has no room. False: no memory.
 */
bool tt_bridging_renumber(struct tt_bridging *at, const struct tt_cursor *c,
			  const struct tt_raw_event *head, bool *can)
{
	const struct tt_m_state *m = tt_order_m(at->order, c->thread);
	const struct tt_bridges *b = at->b;
	struct tt_bridge_number *end = b->numbers.at + b->numbers.n;
	struct tt_bridge_number n = {.thread = c->thread, .offset = c->head->offset}, *k;
	int arg = number_arg(head->type);
	bool found = false;
	uint64_t less, now;

	if (arg < 0 || !tt_bridging_sequence_of(c->head, m == NULL ? TT_NONE : m->p, &n))
		return true;
	n.now = n.was;
	now = head->args[arg];
	less = n.now - now;
	if (less == 0)
		return true;
	n.at = arg_at(at->s->gen.batches.at[c->head->batch].data + tt_bridging_head_at(at, c), arg);
	n.nbytes = nbytes_at(n.at);
	*can = has_room(&n, now);
	k = tt_bridging_find_number(b, &n);
	if (now > n.now) {
		for (; k < end && tt_bridge_is_same_sequence(k, &n) && k->now == n.now; k++)
			if (k->offset == n.offset) {
				raise_from(at, k, now);
				return true;
			}
		return !*can || set_other(at, &n, now);
	}
	for (; k < end && tt_bridge_is_same_sequence(k, &n) && !tt_bridging_is_spent(at); k++) {
		if (!tt_bridging_is_left(at, k))
			continue;
		found |= k->offset == n.offset;
		set_number(at, k, k->now - less);
	}
	*can |= found;
	return found || !*can || set_other(at, &n, now);
}
