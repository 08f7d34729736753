/* SPDX-License-Identifier: MIT */
/*
 * scan.h - goes over the bytes of one trace, batch by batch, and says which of them are its
 * own, and which stand between its batches or after them without being a part of it. Looks at
 * headers of batches only, until one does not lead to the next.
 *
 * A run of bytes is called foreign only where that is certain: text between two whole batches,
 * zeros up to the end of the input, and after a trace that ended anything that has no
 * batch in it. All else that cannot be read is damage, and the trace's own. Stands on gen.
 */
#ifndef TT_PIECES_SCAN_H
#define TT_PIECES_SCAN_H

#include "pieces/records_v1.h"
#include "wire/event.h"
#include "wire/row.h"

enum tt_run_kind {
	TT_RUN_TRACE,           /* bytes of the trace */
	TT_RUN_TEXT,            /* foreign: text, */
	TT_RUN_ZEROS,           /* zeros, */
	TT_RUN_OTHER,           /* other bytes after the trace */
	TT_RUN_HEADER,          /* another trace begins; no bytes */
	TT_RUN_END,             /* the input ends; no bytes */
};

struct tt_run {
	enum tt_run_kind kind;
	uint64_t nbytes;
	bool unfinished;        /* foreign, up to the end, and the last generation has no end */
};

struct tt_scan {
	struct tt_source *src;
	const struct tt_decode_plan *plan;
	const struct tt_v1_shapes *shapes;
	unsigned version;
	bool v1;
	struct tt_row_rules rules;
	/* the trace before the position */
	bool open;              /* a generation was begun and has not ended; or a record of v1
	                           was read */
	bool closing;           /* its last batch is a table, as the last ones of each are; of v1:
	                           the clock's frequency was read, and only tables follow */
	bool has_strings;       /* the generation has a table of strings, */
	bool lacks_strings;     /* or needs one: there are stacks */
	uint64_t generation;    /* of the last batch; 0: none yet */
	uint64_t first_time;    /* of the first batch; of v1: 0 until one is known */
	/* of v1, after the clock's frequency */
	uint64_t string;        /* the last string, or 0 */
	bool table;             /* the last record was a string or a stack */
	bool checked;           /* where the first other record began: */
	bool loose;             /* there are other records than Go writes there */
	bool foreign;           /* what stands here may be foreign: no damage comes right before it */
	/* what is at the position; NOT_KNOWN: it was not looked at before */
	enum tt_scan_state {
		TT_SCAN_NOT_KNOWN,
		TT_SCAN_BATCH,
		TT_SCAN_MARK,
		TT_SCAN_DAMAGE,  /* `next` says how much, */
		TT_SCAN_RUN,     /* or it is a foreign run, a header, or the end */
	} state;
	bool sure;               /* of a mark: a batch follows it */
	struct tt_run next;
};

/* The source is right after the trace's header, and outlives the scan. The shapes need be ready
 * for format v1 only. */
void tt_scan_begin(struct tt_scan *s, struct tt_source *src, unsigned version,
		   const struct tt_decode_plan *plan, const struct tt_v1_shapes *shapes);
/*
 * The run of bytes that begins at the source's position. Before the next call the caller moves
 * the source to where it ends. 0, or an error of the source.
 */
int tt_scan_next(struct tt_scan *s, struct tt_run *run, struct tt_error *err);
/* The same of format v1 (scan_v1.c). */
int tt_scan_next_v1(struct tt_scan *s, struct tt_run *run, struct tt_error *err);

/* How much is looked at where something else than a batch stands: more text or zeros than that
 * are what they seem to be, whatever follows. */
#define TT_SCAN_LOOK ((size_t)1 << 20)

#endif
