/* SPDX-License-Identifier: MIT */
/*
 * beside.h - the generations that a window needs before its own are followed by a thread beside it
 * (tt_aside_new()). Command layer.
 */
#ifndef CMD_EDIT_BESIDE_H
#define CMD_EDIT_BESIDE_H

#include "edit/before.h"
#include "edit/filter_work.h"

struct beside {
	struct filter_work work;
	struct before before;   /* what the thread has seen */
	struct tt_aside *aside; /* NULL: there is none */
	struct tt_sink sink;    /* for the writer of the window */
	bool apart, in_window;  /* it was begun, and not joined; and told that it is in the window */
};

/* Gets ready. False, and nothing is: it cannot be done, or is not worth it. */
bool beside_open(struct beside *b, const struct filter_plan *plan, const struct before *before,
		 const struct tt_sink *sink);
/* Begins, and takes the reader of the window to its generation. 1: that cannot be done, go on
 * without; or a code of the window's writer. */
int beside_begin(struct beside *b, const struct filter_work *window, struct before *before);
/* An event inside was given to the window's filter. */
void beside_in_window(struct beside *b);
/* The end of the window's generation or a later one, or of the window: 0, or that it must be done
 * without. With `later`, this may be put off to the next such place. */
int beside_join(struct beside *b, struct before *before, bool later);
/* All is written that the window's writer gave to the sink. False, with errno: it cannot be. */
bool beside_finish(struct beside *b);
/* Waits until the thread is at its end, which is soon: what it has not written is lost. */
void beside_close(struct beside *b);

#endif
