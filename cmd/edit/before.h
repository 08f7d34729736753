/* SPDX-License-Identifier: MIT */
/*
 * before.h - generations before a window that need not be read. Go's runtime states each
 * goroutine and processor in every generation, so a window needs the generation before its
 * own, and no earlier one: unless it speaks of tasks that began there, or of a heap. Command
 * layer.
 */
#ifndef CMD_EDIT_BEFORE_H
#define CMD_EDIT_BEFORE_H

#include "cli/cli.h"
#include "cli/idset.h"
#include "cli/selection.h"

struct before {
	size_t n;               /* generations that are passed over, from the first on */
	uint64_t offset;        /* where the one after them begins; 0: not known */
	unsigned nread;         /* that are read before the one that the window begins in */
	uint64_t window_offset; /* where that one begins, if it is the first that may be it; or 0 */
	int64_t from_ns;        /* where the window begins, if it has a time */
	bool leaps;             /* they were not all looked at, and are counted by numbers */
	int64_t start_ns;       /* of the trace */
	/* what was read says of the window: */
	struct id_set tasks;    /* tasks that began */
	bool has_procs;         /* what GOMAXPROCS is */
	bool is_missing;        /* something that the window needs was not read: */
	bool overlaps;          /* the window begins before the first generation that was ends */
	/* the window's generation is read alone, beside those before it, in which there must be: */
	bool is_apart;
	bool needs_procs;
	struct id_set needed;   /* tasks that began */
};

/* How many may be passed over for what begins at `from`, and at a generation. */
void before_find(struct before *b, const struct cmd_input *input, const char *path,
		 const struct time_point *from, struct generation_range generations);
/* Passes over them. The codes of tt_reader_next_generation(). */
int before_pass(const struct before *b, struct tt_reader *reader);
/* The same, and over those that are read before the window's generation. 1: it cannot be done. */
int before_pass_all(const struct before *b, struct tt_reader *reader);
/* An event of what is read. Says in is_missing whether earlier ones are needed after all. */
void before_see(struct before *b, const struct tt_event *ev, bool inside);
/* What was read alone and what was read before it are put together. */
void before_join(struct before *b, const struct before *earlier);
/* The reading begins anew. */
void before_begin(struct before *b);
/* The same after is_missing: what is passed over instead. The arguments are those of
 * before_find(). */
void before_retreat(struct before *b, const struct cmd_input *input, const char *path,
		    const struct time_point *from, struct generation_range generations);
void before_release(struct before *b);

#endif
