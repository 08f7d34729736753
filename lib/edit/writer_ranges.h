/* SPDX-License-Identifier: MIT */
/*
 * writer_ranges.h - what is restated of ranges that are open. All of it returns false if there is
 * no memory. Private to lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_RANGES_H
#define TT_EDIT_WRITER_RANGES_H

#include "edit/writer.h"

/* Those which no event with a P can say. Go's viewer counts a range on the P of its event, and
 * fails where there is none, unless it does not know yet how many Ps there are. */
bool tt_writer_ranges_without_p(struct tt_writer *w, struct tt_restatement *list,
				const struct tt_order *o);
/* All others; pauses only if the list is with them. */
bool tt_writer_ranges_restate(struct tt_writer *w, struct tt_restatement *list,
			      const struct tt_order *o);
/* That the collector runs. Only the first generation of a trace can state it where no goroutine
 * runs; later ones need not. */
bool tt_writer_ranges_collection(struct tt_writer *w, struct tt_restatement *list,
				 const struct tt_order *o, uint64_t seq);
/* Pauses of the world. */
bool tt_writer_ranges_pauses(struct tt_writer *w, struct tt_restatement *list,
			     const struct tt_order *o);

#endif
