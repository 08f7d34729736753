/* SPDX-License-Identifier: MIT */
/*
 * writer_moment.h - on which thread what is restated happens, and how a goroutine that runs
 * nowhere runs for a moment, as some things only such a one can say. Private to lib/edit;
 * stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_MOMENT_H
#define TT_EDIT_WRITER_MOMENT_H

#include "edit/writer.h"

/* The thread that has this P or this goroutine; either may be TT_NONE. TT_NONE: there is none.
 * Looks at all threads. */
int64_t tt_writer_thread_with(const struct tt_order *o, int64_t p, int64_t g);
/* A thread that has nothing, and that no program has. */
int64_t tt_writer_bare_thread(const struct tt_order *o);
/* The thread of what may be said on any one. */
int64_t tt_writer_any_thread(const struct tt_restatement *list, const struct tt_order *o);

struct tt_moment {
	int64_t thread;         /* where it runs */
	const struct tt_p_state *idle; /* the P that the thread has for so long; NULL: its own */
	uint8_t end;            /* the event that ends it */
};

/*
 * Adds the events by which a goroutine runs; NULL: a new one, that no event of the trace is
 * about. False: there is no memory, or if *possible is false, no place for it.
 */
bool tt_writer_begin_moment(struct tt_writer *w, struct tt_restatement *list,
			    const struct tt_g_state *g, struct tt_moment *moment, bool *possible);
bool tt_writer_end_moment(struct tt_writer *w, struct tt_restatement *list,
			  const struct tt_moment *moment);

#endif
