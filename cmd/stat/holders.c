/* SPDX-License-Identifier: MIT */
/* holders.c - who holds the locks that others wait for. Command layer. */
#include "holders.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "stat.h"

/* ---- places */

static bool begins_with(struct tt_str s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && memcmp(s.data, what, len) == 0;
}

/* Whether a goroutine waits here for what another holds, and not for a group or a condition. */
static bool is_of_lock(const struct tt_frame *frames, int n)
{
	static const char *const locks[] = {
		"sync.(*Mutex).", "sync.(*RWMutex).", "internal/sync.(*Mutex).",
		"internal/poll.(*fdMutex).",
	};

	for (int i = 0; i < n && i < 4; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(locks); k++) {
			if (begins_with(frames[i].func, locks[k]))
				return true;
		}
	}
	return false;
}

/* The number of a place plus 1. Different stacks of a function are one place. */
static uint32_t new_place(struct holders *h, const struct tt_spans *spans, uint32_t stack)
{
	uint32_t number = texts_number(&h->names, site_of(spans, stack));

	if (number == NUMBER_NONE || !array_room(&h->at, &h->cap, (size_t)number + 1, sizeof(*h->at))) {
		h->no_memory = true;
		return 0;
	}
	for (; h->n <= number; h->n++)
		h->at[h->n] = (struct holder_place){ (uint32_t)h->n, INT64_MIN };
	return number + 1;
}

/* 0: what waits here waits for no lock, or there is no stack. */
static uint32_t place_of(struct holders *h, const struct tt_spans *spans, uint32_t stack, bool waits)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t id = (uint64_t)stack << 1 | waits;
	uint32_t place;

	if (stack == 0)
		return 0;
	place = id_map_find(&h->places, id);
	if (place != NUMBER_NONE)
		return place;
	place = 0;
	if (!waits || is_of_lock(frames, tt_spans_stack(spans, stack, frames)))
		place = new_place(h, spans, stack);
	h->no_memory |= !id_map_set(&h->places, id, place);
	return place;
}

/* The place that counts for all with the same lock. */
static uint32_t lock_of(struct holders *h, uint32_t place)
{
	while (h->at[place].same != place) {
		h->at[place].same = h->at[h->at[place].same].same;
		place = h->at[place].same;
	}
	return place;
}

/* One releases what the other waits for: it is the same lock. */
static uint32_t join(struct holders *h, uint32_t a, uint32_t b)
{
	a = lock_of(h, a);
	b = lock_of(h, b);
	if (a == b)
		return a;
	h->at[b].same = a;
	if (h->at[b].released_ns > h->at[a].released_ns)
		h->at[a].released_ns = h->at[b].released_ns;
	return a;
}

/* When a goroutine was woken from a wait for this lock; INT64_MIN: it is not known. */
static int64_t woken_ns(struct holders *h, int64_t goroutine, uint32_t lock)
{
	const struct woken_goroutine *g = woken_find(&h->woken, goroutine);

	return g && lock_of(h, g->place) == lock ? g->ns : INT64_MIN;
}

/* ---- holds */

/* What Go gives as the reason of a wait for a lock. */
static bool is_sync(const struct tt_spans *spans, uint32_t name)
{
	struct tt_str reason = tt_spans_name(spans, name);

	return reason.len == 4 && memcmp(reason.data, "sync", 4) == 0;
}

bool holders_may_want(const struct tt_spans *spans, const struct tt_span *group)
{
	return group->state == TT_STATE_WAITING && is_sync(spans, group->name);
}

static bool is_wait(struct holders *h, const struct tt_spans *spans, const struct tt_span *span)
{
	if (h->sync != 0)
		return span->name == h->sync;
	if (!is_sync(spans, span->name))
		return false;
	h->sync = span->name;
	return true;
}

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool holders_follow(struct holders *h, struct tt_spans *spans, const struct tt_event *ev,
		    const struct tt_span *span, struct hold *out)
{
	uint32_t waiter, holder, lock;

	if (!is_wait(h, spans, span))
		return false;
	waiter = place_of(h, spans, span->stack, true);
	holder = waiter == 0 ? 0 : place_of(h, spans, tt_spans_stack_of(spans, ev), false);
	if (holder == 0)
		return false;
	lock = join(h, waiter - 1, holder - 1);
	*out = (struct hold){
		.waiter = waiter - 1,
		.holder = holder - 1,
		.start_ns = latest(span->start_ns, h->at[lock].released_ns),
		.end_ns = span->end_ns,
		.goroutine = span->end_goroutine,
	};
	if (out->goroutine != TT_NONE)
		out->start_ns = latest(out->start_ns, woken_ns(h, out->goroutine, lock));
	h->at[lock].released_ns = span->end_ns;
	h->no_memory |= !woken_set(&h->woken, spans,
				   &(struct woken_goroutine){ span->id, span->end_ns, lock });
	return true;
}

uint32_t holders_row(struct stat_table *t, struct tt_str waiter, struct tt_str holder)
{
	uint32_t row = NUMBER_NONE;
	struct out text;
	char *p;

	out_init_memory(&text);
	p = out_str(&text, out_begin(&text), waiter);
	p = out_str(&text, put_lit(p, HOLDERS_ARROW), holder);
	out_end(&text, p);
	if (!out_failed(&text))
		row = table_number(t, (struct tt_str){ text.buffer, (size_t)(text.pos - text.buffer) });
	out_release_memory(&text);
	return row;
}

static struct stat_row *row_of(struct holders *h, struct stat_table *t, const struct hold *hold)
{
	uint64_t id = (uint64_t)hold->waiter << 32 | hold->holder;
	uint32_t row = id_map_find(&h->rows, id);

	if (row == NUMBER_NONE) {
		row = holders_row(t, texts_at(&h->names, hold->waiter), texts_at(&h->names, hold->holder));
		if (row == NUMBER_NONE || !id_map_set(&h->rows, id, row)) {
			h->no_memory = true;
			return NULL;
		}
	}
	return t->rows[row];
}

void holders_count(struct holders *h, struct stat_table *t, const struct tt_span *wait,
		   const struct hold *hold)
{
	const struct dist_item items[] = {
		[HOLD_WAIT] = { wait->end_ns - wait->start_ns, wait->start_ns, wait->id },
		[HOLD_HELD] = { hold->end_ns - hold->start_ns, hold->start_ns, hold->goroutine },
	};
	struct stat_row *row = row_of(h, t, hold);

	for (unsigned m = 0; row && m < ARRAY_SIZE(items); m++)
		h->no_memory |= !dist_add(&row->d[m], &items[m]);
}

void holders_release(struct holders *h)
{
	id_map_release(&h->places);
	texts_release(&h->names);
	free(h->at);
	woken_release(&h->woken);
	id_map_release(&h->rows);
	memset(h, 0, sizeof(*h));
}
