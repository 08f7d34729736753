/* SPDX-License-Identifier: MIT */
/*
 * framer.c - batch after batch until something ends the generation. Source: Go's
 * internal/trace/generation.go (readGeneration, readGenerationWithSpill).
 */
#include "gen/framer.h"

#include <string.h>

void tt_framer_init(struct tt_framer *f, unsigned version, bool like_go)
{
	memset(f, 0, sizeof(*f));
	f->has_end_marks = tt_version_has_end_marks(version);
	f->framing.like_go = like_go;
}

void tt_framer_begin(struct tt_framer *f)
{
	f->begun = false;
	f->number = 0;
}

int tt_framer_next(struct tt_framer *f, struct tt_source *src, struct tt_raw_batch *b,
		   struct tt_error *err)
{
	int rc;

	*b = (struct tt_raw_batch){.kind = TT_RAW_BATCH_BAD};
	rc = tt_batch_read(src, &f->framing, b, err);
	if (rc != TT_OK)
		return rc;
	if (!f->has_end_marks && f->begun && b->generation != 0 && b->generation != f->number) {
		tt_source_seek(src, b->offset);
		return TT_FRAMED_NEXT;
	}
	f->begun = true;
	if (f->number == 0)
		f->number = b->generation;
	return tt_framer_is_mark(f, b) ? TT_FRAMED_MARK : TT_FRAMED_BATCH;
}
