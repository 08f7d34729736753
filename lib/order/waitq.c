/* SPDX-License-Identifier: MIT */
/* waitq.c - many threads whose heads wait. Stands on cursor.h, heap.h and order.h. */
#include "order/waitq.h"

#include <assert.h>

#include "base/hash.h"
#include "order/declared.h"
#include "order/handlers.h"

#define NOBODY TT_IDMAP_NONE
#define MAX_BACKOFF 1023

void tt_waitq_init(struct tt_waitq *w)
{
	*w = (struct tt_waitq){.least = 32};
}

void tt_waitq_release(struct tt_waitq *w, struct tt_mem *mem)
{
	TT_ARRAY_RELEASE(mem, &w->all);
	TT_ARRAY_RELEASE(mem, &w->awake);
	TT_ARRAY_RELEASE(mem, &w->waiters);
	TT_ARRAY_RELEASE(mem, &w->log);
	tt_idmap_release(&w->sleepers);
	tt_idmap_release(&w->times);
}

/* ---- heaps of cursors by time; `waiters`, if not NULL, keep their places */

static void set(struct tt_keyed *heap, size_t i, struct tt_keyed e, struct tt_waiter *waiters)
{
	heap[i] = e;
	if (waiters != NULL)
		waiters[e.of.index].at = (uint32_t)i;
}

/* Puts e, which belongs at i or nearer to the root. */
static void rise(struct tt_keyed *heap, size_t i, struct tt_keyed e, struct tt_waiter *waiters)
{
	for (; i > 0 && heap[(i - 1) / 2].key > e.key; i = (i - 1) / 2)
		set(heap, i, heap[(i - 1) / 2], waiters);
	set(heap, i, e, waiters);
}

/* Puts e in place of what was at i. */
static void replace(struct tt_keyed *heap, size_t n, size_t i, struct tt_keyed e,
		    struct tt_waiter *waiters)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && heap[child + 1].key < heap[child].key)
			child++;
		if (heap[child].key >= e.key)
			break;
		set(heap, i, heap[child], waiters);
	}
	rise(heap, i, e, waiters);
}

static void take_out(struct tt_keyed *heap, size_t *n, size_t i, struct tt_waiter *waiters)
{
	--*n;
	if (i < *n)
		replace(heap, *n, i, heap[*n], waiters);
}

/* ---- sleeping */

/* Cursors that share a key by chance wake each other, and sleep again. */
static uint64_t key_of(uint64_t id, uint64_t seq)
{
	return tt_hash_number(id) + seq;
}

/* The cursor that was tried has to wait for what the order says. */
static void sleep_on(struct tt_waitq *w, const struct tt_order *o, uint32_t cursor)
{
	struct tt_waiter *waiters = w->waiters.at;
	uint64_t key = key_of(o->awaits.id, o->awaits.seq);
	uint32_t first = o->awaits.any ? NOBODY : tt_idmap_find(&w->sleepers, key);

	if (first != NOBODY) {
		waiters[cursor].next = waiters[first].next;
		waiters[first].next = cursor;
	} else if (!o->awaits.any && tt_idmap_add(&w->sleepers, key, cursor)) {
		waiters[cursor].next = NOBODY;
	} else {
		waiters[cursor].next = w->pollers;
		w->pollers = cursor;
	}
}

static void wake_all(struct tt_waitq *w, uint32_t cursor)
{
	for (; cursor != NOBODY; cursor = w->waiters.at[cursor].next) {
		struct tt_keyed e = w->all.at[w->waiters.at[cursor].at];

		rise(w->awake.at, w->awake.n++, e, NULL);
	}
}

static void wake(struct tt_waitq *w, uint64_t id, uint64_t seq)
{
	uint64_t key = key_of(id, seq);
	uint32_t first = tt_idmap_find(&w->sleepers, key);

	if (first == NOBODY)
		return;
	tt_idmap_remove(&w->sleepers, key);
	wake_all(w, first);
}

/* Something changed of the goroutine, the P or the resource with this id. */
static void wake_for(struct tt_waitq *w, struct tt_order *o, uint64_t id)
{
	const struct tt_g_state *g = tt_find_g(o, (int64_t)id);
	const struct tt_p_state *p = tt_find_p(o, (int64_t)id);

	wake(w, id, TT_WAIT_NO_SEQ);
	if (g != NULL)
		wake(w, id, g->seq.n + 1);
	if (p != NULL)
		wake(w, id, p->seq.n + 1);
}

/* What a thread has. */
struct context {
	uint64_t g, p;
};

static struct context context_of(const struct tt_order *o, const struct tt_cursor *c)
{
	const struct tt_m_state *m = c->m == TT_NO_SLOT ? NULL : &o->ms.at[c->m];

	if (m == NULL)
		return (struct context){(uint64_t)TT_NONE, (uint64_t)TT_NONE};
	return (struct context){(uint64_t)m->g, (uint64_t)m->p};
}

/* The event has the number that others wait for; one that is destroyed may be numbered anew. */
static void wake_for_order(struct tt_waitq *w, struct tt_order *o, const struct tt_cursor *c,
			   struct context had, unsigned i)
{
	const struct tt_raw_event *ev = c->head;
	struct tt_context context = {c->thread, (int64_t)had.p, (int64_t)had.g};
	struct tt_wait next;
	bool anew;

	if (!tt_declared_awaited(o, o->rules[ev->type].def, i, ev->args, &context, &next, &anew))
		return;
	wake(w, next.id, next.seq);
	if (anew)
		wake(w, next.id, 1);
}

/* The cursor's head advanced: what it can have changed its thread has, or had, or it
 * is among the arguments. */
static void wake_others(struct tt_waitq *w, struct tt_order *o, const struct tt_cursor *c,
			struct context had)
{
	const struct tt_raw_event *ev = c->head;
	const struct tt_event_def *def = o->rules[ev->type].def;
	const struct tt_event_spec *spec = &def->spec;
	struct context has = context_of(o, c);
	uint32_t pollers = w->pollers;

	wake_for(w, o, had.g);
	wake_for(w, o, had.p);
	wake_for(w, o, has.g);
	wake_for(w, o, has.p);
	for (unsigned i = 0; i < spec->nargs; i++)
		wake_for(w, o, ev->args[i]);
	for (unsigned i = 0; i < spec->norders; i++)
		wake_for_order(w, o, c, had, i);
	w->pollers = NOBODY;
	wake_all(w, pollers);
}

/* ---- beginning */

static bool all_differ(const struct tt_keyed *sorted, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (sorted[i].key == sorted[i - 1].key)
			return false;
	return true;
}

static bool make_room(struct tt_waitq *w, const struct tt_cursors *cursors, size_t n)
{
	struct tt_mem *mem = cursors->mem;

	return tt_mem_grow(mem, &w->all.at, &w->all.cap, n, sizeof(*w->all.at)) &&
	       tt_mem_grow(mem, &w->awake.at, &w->awake.cap, n, sizeof(*w->awake.at)) &&
	       tt_mem_grow(mem, &w->log.at, &w->log.cap, n + 1, sizeof(*w->log.at)) &&
	       tt_mem_grow(mem, &w->waiters.at, &w->waiters.cap, cursors->n,
			   sizeof(*w->waiters.at));
}

bool tt_waitq_begin(struct tt_waitq *w, struct tt_cursors *cursors, struct tt_cursor_heap *heap,
		    const struct tt_order *o)
{
	/* with this as the root, each event is left to tt_merge_advance_slowly() */
	static struct tt_raw_event no_event;
	static struct tt_cursor nobody = {.m = TT_NO_SLOT, .head = &no_event};
	size_t n = heap->n;

	if (n < w->least || !all_differ(heap->at, n))
		return false;
	if (w->nput_off > 0) {
		w->nput_off--;
		return false;
	}
	/* seeds are asked of the system: few traces need them */
	if (w->sleepers.mem == NULL) {
		tt_idmap_init(&w->sleepers, cursors->mem, tt_random_seed());
		tt_idmap_init(&w->times, cursors->mem, w->sleepers.seed);
	}
	if (!make_room(w, cursors, n))
		return false;
	tt_idmap_clear(&w->sleepers);
	tt_idmap_clear(&w->times);
	w->all.n = w->awake.n = w->log.n = 0;
	w->pollers = NOBODY;
	w->nadvanced = 0;
	for (size_t i = 0; i < n; i++) {
		const struct tt_cursor *c = heap->at[i].of.item;
		struct tt_keyed e = {heap->at[i].key, {.index = (size_t)(c - cursors->at)}};

		if (!tt_idmap_add(&w->times, (uint64_t)e.key, 0))
			return false;
		/* what is sorted is a heap */
		set(w->all.at, w->all.n++, e, w->waiters.at);
		if (i != 0)
			w->awake.at[w->awake.n++] = e;
	}
	sleep_on(w, o, (uint32_t)w->all.at[0].of.index);
	for (size_t i = 0; i < n; i++)
		tt_cursor_settle(cursors, heap->at[i].of.item, heap->at[i].key);
	w->on = true;
	w->cursors = cursors;
	w->heap = heap;
	heap->at[0].of.item = &nobody;
	return true;
}

/* ---- back to the heap */

/* Fills the heap: the heads as they are, then the cursors of the log that have ended. */
static void gather(struct tt_waitq *w)
{
	struct tt_cursor *cursors = w->cursors->at;
	struct tt_keyed *heap = w->heap->at;
	size_t n = 0;

	for (; n < w->all.n; n++)
		heap[n] = (struct tt_keyed){w->all.at[n].key,
					    {.item = &cursors[w->all.at[n].of.index]}};
	for (size_t i = 0; i < w->log.n; i++) {
		const struct tt_waitq_entry *e = &w->log.at[i];

		if (!e->ended)
			continue;
		w->waiters.at[e->cursor].at = (uint32_t)n;
		heap[n++] = (struct tt_keyed){e->before, {.item = &cursors[e->cursor]}};
	}
	tt_cursor_heap_resize(w->heap, n);
}

/* Does on the heap what the log says: its i-th advanced. */
static void replay(struct tt_waitq *w, const struct tt_waitq_entry *e, size_t i)
{
	struct tt_cursor_heap *heap = w->heap;

	assert(heap->at[i].of.item == &w->cursors->at[e->cursor]);
	if (e->ended) {
		tt_cursor_heap_remove(heap, i);
		return;
	}
	heap->at[i].key = e->after;
	tt_cursor_heap_move(heap, i);
}

/* Makes the heap that of Go's reader: sorted, then what was done since. It sorted when one
 * that is not its root advanced, so only the first entry of the log can be of such a one. */
static void go_back(struct tt_waitq *w)
{
	struct tt_keyed *heap = w->heap->at;
	size_t first = 0;

	gather(w);
	for (size_t i = w->log.n; i-- > 0;)
		heap[w->waiters.at[w->log.at[i].cursor].at].key = w->log.at[i].before;
	tt_cursor_heap_sort(w->heap);
	while (w->log.n != 0 && heap[first].of.item != &w->cursors->at[w->log.at[0].cursor])
		first++;
	for (size_t i = 0; i < w->log.n; i++)
		replay(w, &w->log.at[i], i == 0 ? first : 0);
	w->on = false;
	if (w->nadvanced >= w->heap->n)
		w->backoff = 0;
	else if (w->backoff < MAX_BACKOFF)
		w->backoff = 2 * w->backoff + 1;
	w->nput_off = w->backoff;
}

/* ---- advancing */

/* An event advanced, and the log says what follows it on its thread. */
static void note_advance(struct tt_waitq *w, const struct tt_waitq_entry *entry)
{
	size_t at = w->waiters.at[entry->cursor].at;
	struct tt_keyed e = {entry->after, {.index = entry->cursor}};
	bool equal = false;

	w->nadvanced++;
	tt_idmap_remove(&w->times, (uint64_t)entry->before);
	if (entry->ended) {
		take_out(w->all.at, &w->all.n, at, w->waiters.at);
		w->heap->n--;
	} else {
		rise(w->awake.at, w->awake.n++, e, NULL);
		replace(w->all.at, w->all.n, at, e, w->waiters.at);
		equal = tt_idmap_find(&w->times, (uint64_t)e.key) != TT_IDMAP_NONE ||
			!tt_idmap_add(&w->times, (uint64_t)e.key, 0);
	}
	w->log.at[w->log.n++] = *entry;
	/* so many advances of the root pay for the way back */
	if (equal || w->all.n == 0 || w->log.n > w->all.n)
		go_back(w);
	else
		w->heap->at[0].key = w->all.at[0].key;
}

/* The cursor's head advanced: on to its next event. */
static int next_event(struct tt_waitq *w, struct tt_order *o, struct tt_cursor *c,
		      struct tt_error *err)
{
	struct tt_waitq_entry entry = {
		.cursor = (uint32_t)(c - w->cursors->at),
		.before = c->head->time_ns,
	};
	int rc = tt_cursor_next(w->cursors, c, err);

	/* Go's reader sorts when another one than the root advances */
	if (w->all.at[0].of.index != entry.cursor)
		w->log.n = 0;
	if (rc < 0) {
		go_back(w);
		/* the event that advanced is lost, as in Go's reader */
		o->count = 0;
		return rc;
	}
	entry.ended = rc == TT_END;
	if (!entry.ended)
		entry.after = c->head->time_ns;
	note_advance(w, &entry);
	return TT_OK;
}

int tt_waitq_advance(struct tt_waitq *w, struct tt_order *o, struct tt_error *err)
{
	while (w->awake.n != 0) {
		struct tt_cursor *c = &w->cursors->at[w->awake.at[0].of.index];
		struct context had = context_of(o, c);
		enum tt_advance tried = tt_order_try(o, c->thread, &c->m, c->head);

		if (tried == TT_BROKEN) {
			go_back(w);
			return tt_cursor_broken(w->cursors, c, &o->err, err);
		}
		take_out(w->awake.at, &w->awake.n, 0, NULL);
		if (tried == TT_ADVANCED) {
			wake_others(w, o, c, had);
			return next_event(w, o, c, err);
		}
		sleep_on(w, o, (uint32_t)(c - w->cursors->at));
	}
	w->log.n = 0;
	go_back(w);
	return tt_cursor_stuck(w->cursors, w->heap->at[0].of.item, err);
}
