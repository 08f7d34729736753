/* SPDX-License-Identifier: MIT */
/*
 * writer_join.h - the writer that followed what is before the window of one that is alone. Private to
 * lib/edit; stands on writer_alone.h.
 */
#ifndef TT_EDIT_WRITER_JOIN_H
#define TT_EDIT_WRITER_JOIN_H

#include "edit/writer_alone.h"

/* What it keeps. */
struct tt_writer_ended {
	struct tt_order state;  /* where it ended, in the other one's generation */
	struct tt_order trial;
};

void tt_writer_ended_free(struct tt_writer *w);

/*
 * Writes the generation before the window of `next`, which has begun; that one may go on meanwhile
 * on another thread. The last event that was followed is the Sync of next's first generation. 1:
 * this cannot be done. Or w->err.
 */
int tt_writer_restate_for(struct tt_writer *w, const struct tt_writer *next);
/* Whether all holds that a writer alone has assumed up to where its pass is; then it is alone no
 * longer. 0; 1: it does not hold; or w->err. */
int tt_writer_join(struct tt_writer *w, struct tt_pass *pass, struct tt_writer *before);

#endif
