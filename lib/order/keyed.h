/* SPDX-License-Identifier: MIT */
/*
 * keyed.h - open ranges of experiments that the list of a goroutine or P does not hold:
 * those that are told apart by a key, may begin again before they end, have a kind, or
 * belong to a thread or to the whole program. Private to lib/order; stands on order.h.
 */
#ifndef TT_ORDER_KEYED_H
#define TT_ORDER_KEYED_H

#include "order/order.h"

/* Which range it is. */
struct tt_range_key {
	uint64_t id;            /* of what it belongs to; 0: the whole program */
	uint64_t key;           /* or 0 */
	uint8_t type;           /* of its begin event */
};

/* Whether it is open. */
bool tt_keyed_is_open(const struct tt_order *o, const struct tt_range_key *key);
/*
 * Opens one. `scopes` is the slot of those of the goroutine that it belongs to, and ends
 * with; or TT_NO_SLOT. `kind` is a string's id, `name` the string, whose reference it
 * takes; or 0 and NULL. False: no memory, and the reference is the caller's still.
 */
bool tt_keyed_open(struct tt_order *o, const struct tt_range_key *key, uint32_t scopes,
		   uint64_t kind, struct tt_shared_string *name);
/*
 * Closes the innermost one, which is open. Its kind's id is that of the generation in which
 * it began; *name is the string, which lives until the next event ends one.
 */
uint64_t tt_keyed_close(struct tt_order *o, const struct tt_range_key *key, struct tt_str *name);

/* ---- all of them */

void tt_keyed_release(struct tt_order *o);
void tt_keyed_reset(struct tt_order *o);
/* Those of a goroutine's scopes, which are given up. */
void tt_keyed_drop(struct tt_order *o, struct tt_open_scopes *e);
/* Whether any was open since the last reset; whether one is. */
bool tt_keyed_were_open(const struct tt_order *o);
bool tt_keyed_are_open(const struct tt_order *o);
/* Makes those of *to, where none is open, like those of *from, which has the same scopes and
 * shares its names. False: no memory. */
bool tt_keyed_copy(struct tt_order *to, const struct tt_order *from);
/* The same where *from has scopes and names of its own, and *to knows its goroutines. */
bool tt_keyed_take(struct tt_order *to, const struct tt_order *from);

#endif
