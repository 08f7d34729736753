/* SPDX-License-Identifier: MIT */
/*
 * writer_kept.h - what writer_kept.c knows of the events before the first one that is
 * written. Private to lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_KEPT_H
#define TT_EDIT_WRITER_KEPT_H

#include "edit/writer.h"
#include "order/keyed.h"

/* What created a resource and what set its state last, each in a list of its own. */
#define TT_KEPT_CREATED 256
#define TT_KEPT_CHANGED (256 + (UINT64_C(1) << 32))

/* An event of the source that created what lives, or began what is open. */
struct tt_kept_event {
	uint64_t key;           /* a hash of what it is about */
	uint64_t serial;
	uint32_t below;         /* with the same key: the next outer one, counted from 1; or 0 */
	struct tt_range_key range;
	int64_t thread;
	uint8_t type, nargs;
	bool is_range, embedded;
	uint64_t args[TT_MAX_ARGS];
	struct tt_shared_string *strings[]; /* of the arguments that are such, or NULL */
};

struct tt_writer_declared {
	struct tt_idmap tops;   /* keys to the innermost in `all` */
	uint64_t seed, serial;
	TT_ARRAY(struct tt_kept_event *) all; /* or NULL */
	TT_ARRAY(uint32_t) free;
};

/* The range that an event of an experiment is about. */
struct tt_range_key tt_writer_range_of(const struct tt_event *ev);
/* An event of an experiment, which is not written. */
int tt_writer_keep_event(struct tt_writer *w, const struct tt_event *ev);
/* NULL: there is none. Valid until the next call of tt_writer_keep_event(). */
const struct tt_kept_event *tt_writer_kept_find(const struct tt_writer *w, uint64_t sort,
						size_t class, uint64_t id);
void tt_writer_kept_free(struct tt_writer *w);

#endif
