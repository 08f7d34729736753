/* SPDX-License-Identifier: MIT */
/*
 * embedded.h - batches of experiment 1 that hold what Go's tools skip: specs, timed events
 * of other experiments, and batches of other experiments. This is how each begins; the
 * rest is in tracetool-format(5), "Embedded batches".
 */
#ifndef TT_WIRE_EMBEDDED_H
#define TT_WIRE_EMBEDDED_H

#include <stdbool.h>
#include <string.h>

#include "spec/types.h"
#include "tracetool.h"
#include "wire/varint.h"

/* The experiment whose batches they are. */
#define TT_EMBEDDED_IN TT_EXPERIMENT_ALLOC_FREE

/* The first byte. Batches of the experiment itself begin with lower ones. */
enum tt_embedded_kind {
	TT_EMBEDDED_SPEC = 0xd0,
	TT_EMBEDDED_EVENTS = 0xd1,
	TT_EMBEDDED_BATCH = 0xd2,
};

/* The kind, four letters that belong to it, and a version. */
#define TT_EMBEDDED_HEAD 6
#define TT_EMBEDDED_VERSION 1

static inline void tt_embedded_put_head(uint8_t to[TT_EMBEDDED_HEAD], enum tt_embedded_kind kind)
{
	to[0] = (uint8_t)kind;
	memcpy(to + 1,
	       kind == TT_EMBEDDED_SPEC ? "TTSP" : kind == TT_EMBEDDED_EVENTS ? "TTEV" : "TTEB", 4);
	to[5] = TT_EMBEDDED_VERSION;
}

/* What follows the head; NULL: the batch is not of this kind. */
static inline const uint8_t *tt_embedded_body(const struct tt_batch *batch,
					      enum tt_embedded_kind kind)
{
	uint8_t head[TT_EMBEDDED_HEAD];

	tt_embedded_put_head(head, kind);
	if (batch->experiment != TT_EMBEDDED_IN || batch->size < sizeof(head) ||
	    memcmp(batch->data, head, sizeof(head)) != 0)
		return NULL;
	return (const uint8_t *)batch->data + sizeof(head);
}

/* Takes one of the numbers that follow. False: there is none. */
static inline bool tt_embedded_number(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	int n = tt_varint(*at, end, value);

	if (n <= 0)
		return false;
	*at += n;
	return true;
}

#endif
