/* SPDX-License-Identifier: MIT */
/*
 * held.h - bytes that wait to be written, first in, first out, in large blocks which do not move.
 * Private to lib/edit; stands on base.
 */
#ifndef TT_EDIT_HELD_H
#define TT_EDIT_HELD_H

#include "base/mem.h"

/* With what is before them, a large page. */
#define TT_HELD_NBYTES (((size_t)2 << 20) - 64)

struct tt_held_block {
	struct tt_held_block *next;
	size_t len;
	bool ends;              /* a generation, where it ends */
	uint8_t data[TT_HELD_NBYTES];
};

/* Begins with zeros. */
struct tt_held {
	struct tt_mem mem;
	struct tt_held_block *first, *last;
	struct tt_held_block *spare; /* for later use; or NULL */
	size_t nbytes;          /* that wait */
};

/* Appends a copy. False: no memory, and some of it may be there. */
bool tt_held_put(struct tt_held *h, const void *data, size_t nbytes);
/* A generation ends there. False: no memory. */
bool tt_held_end_generation(struct tt_held *h);
/* Takes the first block, if nothing is added to it or `any` will do; or NULL. */
struct tt_held_block *tt_held_take(struct tt_held *h, bool any);
/* It is not needed any more. */
void tt_held_give_back(struct tt_held *h, struct tt_held_block *block);
void tt_held_release(struct tt_held *h);

#endif
