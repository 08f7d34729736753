/* SPDX-License-Identifier: MIT */
/*
 * writer_alone.h - two writers that share a window's work. One follows the generations before the
 * window's, while another one, alone, is at work in the generation that the window begins in: it
 * follows the events before the window, restates what its generation had stated by then, and
 * writes. Orders of that one are speculative (order/speculate.h). When the first one is at its end,
 * it takes over what the other one knew where the window began, and writes the generation before:
 * all that is known there. In the end the two are joined, if all that was assumed holds. Private to
 * lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_ALONE_H
#define TT_EDIT_WRITER_ALONE_H

#include "edit/writer.h"
#include "event/pass.h"
#include "order/speculate.h"

/* GOMAXPROCS of a writer that is alone, if it was not said since: it is what it was before. */
#define TT_PROCS_BEFORE UINT64_MAX

/* Of a writer that is alone. */
struct tt_writer_alone {
	struct tt_assumptions past, written; /* of its two orders */
	const struct tt_pass *pass; /* it gets its events from this */
	/* where the window began: nothing of `past` changes after that */
	bool begun;
	int64_t before_ns;      /* what is before it has to end by then */
	uint64_t procs;         /* GOMAXPROCS, or TT_PROCS_BEFORE */
	uint64_t nevents;       /* of the pass, up to there */
	uint64_t number;        /* of the generation, and its clock */
	struct tt_clock clock;
};

/* A new writer is alone from now on; TT_E_MEMORY. */
int tt_writer_begin_alone(struct tt_writer *w, const struct tt_pass *pass);
/* It is not, any more; or never was. */
void tt_writer_end_alone(struct tt_writer *w);
/* The window begins with what `past` knows: what is before it ends by `before_ns`. */
void tt_writer_alone_began(struct tt_writer *w, int64_t before_ns);
/* What the generation had stated is restated: now the result knows what `past` does. w->err. */
int tt_writer_alone_take_past(struct tt_writer *w);

/* ---- writer_same.c */

/* Whether *mine has all threads, goroutines and Ps that *o has, and no others, in the same states. */
bool tt_writer_has_same_states(const struct tt_order *mine, const struct tt_order *o);
/* The end of a pause names it by a string of the generation in which it began. */
bool tt_writer_is_world_stopped(const struct tt_writer *w);
/* The order has other slots than before. */
void tt_writer_forget_slots(struct tt_writer *w);

#endif
