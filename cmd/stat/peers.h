/* SPDX-License-Identifier: MIT */
/*
 * peers.h - goroutines that wait for one another: for a connection of a pool, a slot of a
 * semaphore. Such a wait for a channel or a condition ends because another goroutine goes on that
 * had itself waited at the same place. Workers that wait for something to do are woken by others.
 * Command layer, inside stat only.
 *
 * Programs may have very many such waits, nearly all of which are none of these. So only the first
 * few of a place in each generation are looked at, which is enough to tell.
 */
#ifndef CMD_STAT_PEERS_H
#define CMD_STAT_PEERS_H

#include "cli/numbers.h"
#include "table.h"
#include "woken.h"

/* So many waits of a place are looked at in a generation, of so many groups of states. */
enum { PEERS_SAMPLE = 64, PEERS_GROUPS = 64 };

struct peers {
	struct id_map waiters;          /* from reasons and stacks to places; 0: none */
	struct id_map holders;          /* from stacks to functions */
	struct texts places;            /* "main.acquire: chan receive" */
	struct texts functions;
	struct peers_place {
		uint32_t nseen;         /* of this generation */
		uint32_t ngroups;       /* of states, that are watched until enough were seen */
		uint32_t groups;        /* the last of them in `groups`, plus 1 */
	} *at;                          /* by the number of the place */
	size_t n, cap;
	struct peers_group {
		uint32_t group, next;
	} *groups;
	size_t ngroups, groups_cap;
	uint32_t *seen;                 /* places of this generation */
	size_t nseen, seen_cap;
	struct woken woken;             /* in this generation */
	struct id_map rows;             /* of the table, by place and function */
	struct stat_table *table;       /* of SOURCE_PEER; NULL: nothing is to be done */
	bool no_memory;
};

/* Whether a span that an event ended may be such a wait. */
static inline bool peers_want(const struct peers *p, const struct tt_span *span)
{
	return p->table && span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_WAITING &&
	       span->name != 0;
}

/* A group of states (tt_spans_group()) that was not met before: it is watched if need be. */
void peers_meet_group(struct peers *p, struct tt_spans *spans, uint32_t group,
		      const struct tt_span *what);
/* Another generation begins. */
void peers_next_generation(struct peers *p, struct tt_spans *spans);
/* A wait that an event ended; `chosen`: it is to be counted, and this is the part of it. */
void peers_follow(struct peers *p, struct tt_spans *spans, const struct tt_event *ev,
		  const struct tt_span *span, const struct tt_span *chosen);
void peers_release(struct peers *p);

#endif
