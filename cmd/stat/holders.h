/* SPDX-License-Identifier: MIT */
/*
 * holders.h - who holds the locks that others wait for. A trace does not say who takes a lock,
 * but who wakes a goroutine that waits for one: its holder, which released it. Command layer,
 * inside stat only.
 *
 * How long it was held follows from three times that the trace has: the holder did not have it
 * before it was woken from a wait for it itself; nor before it was released the last time; and
 * what matters is the time since the one that is woken began to wait. The latest of them is the
 * start. Locks have no name: places are taken for the same lock if one of them releases what
 * another waits for. That can only make a time shorter than it was.
 */
#ifndef CMD_STAT_HOLDERS_H
#define CMD_STAT_HOLDERS_H

#include "cli/numbers.h"
#include "table.h"
#include "woken.h"

struct holders {
	struct id_map places;           /* from stacks to places, plus 1; 0: no wait for a lock */
	struct texts names;             /* of places: functions of the program */
	struct holder_place {
		uint32_t same;          /* a place with the same lock; itself: the one that counts */
		int64_t released_ns;    /* of that one: when the lock was released */
	} *at;
	size_t n, cap;
	struct woken woken;             /* at which lock */
	struct id_map rows;             /* of the table, by two places */
	uint32_t sync;                  /* the number of the reason "sync"; 0: not met yet */
	bool no_memory;
};

/* Between the two places of a key. */
#define HOLDERS_ARROW " <- "

/* A lock was held, and somebody waited for it. */
struct hold {
	uint32_t waiter, holder;        /* places */
	int64_t start_ns, end_ns;
	int64_t goroutine;              /* that held it, or TT_NONE */
};

/* Whether a span that an event ended may be a wait for a lock: only such are to be followed. */
static inline bool holders_want(const struct holders *h, const struct tt_span *span)
{
	return span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_WAITING &&
	       span->name != 0 && (h->sync == 0 || span->name == h->sync);
}

/* The same for a group of states (tt_spans_group()), which can be told by its reason. */
bool holders_may_want(const struct tt_spans *spans, const struct tt_span *group);

/*
 * Follows one, in order. True: it was a wait for a lock, and *out says who held it.
 */
bool holders_follow(struct holders *h, struct tt_spans *spans, const struct tt_event *ev,
		    const struct tt_span *span, struct hold *out);
/* The number of the row "main.get <- main.refill", which is there from now on. NUMBER_NONE: no
 * memory. */
uint32_t holders_row(struct stat_table *t, struct tt_str waiter, struct tt_str holder);
/* Counts it in a table of SOURCE_HOLD. */
void holders_count(struct holders *h, struct stat_table *t, const struct tt_span *wait,
		   const struct hold *hold);
void holders_release(struct holders *h);

#endif
