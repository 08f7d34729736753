/* SPDX-License-Identifier: MIT */
/*
 * writer_restated.c - the list of the events that are restated where a trace is cut. Stands on
 * writer.h.
 */
#include "edit/writer.h"

#include <string.h>

bool tt_writer_restated_args(struct tt_writer *w, struct tt_restatement *list, unsigned nargs,
			     const uint64_t *args)
{
	size_t n = list->args.n;

	if (list->args.cap - n < nargs &&
	    !tt_mem_grow(&w->mem, &list->args.at, &list->args.cap, n + nargs, sizeof(*args)))
		return tt_writer_no_memory(w) == TT_OK;
	if (nargs != 0)
		memcpy(list->args.at + n, args, nargs * sizeof(*args));
	list->args.n += nargs;
	return true;
}

bool tt_writer_restate(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		       uint8_t type, unsigned nargs, const uint64_t *args)
{
	const struct tt_restated e = {
		.thread = thread, .type = type, .nargs = (uint8_t)nargs, .args = list->args.n};

	if (!TT_ARRAY_ROOM(&w->mem, &list->events))
		return tt_writer_no_memory(w) == TT_OK;
	list->events.at[list->events.n++] = e;
	return tt_writer_restated_args(w, list, nargs, args);
}
