/* SPDX-License-Identifier: MIT */
/* write.h - a salvaged generation back to bytes. Stands on bridge. */
#ifndef TT_REPAIR_WRITE_H
#define TT_REPAIR_WRITE_H

#include "edit/synth.h"

struct tt_writer {
	struct tt_mem *mem;
	TT_ARRAY(uint8_t) out;
	bool needs_clock, has_end_marks; /* of the version */
	bool failed;            /* no memory */
};

/* What was written of a salvage. */
struct tt_written {
	uint64_t nbytes_kept;   /* of the input, as they stood there */
	uint64_t nentries;      /* table entries that were made up */
	bool same;              /* all is as it was */
};

/* Appends to w->out. */
void tt_write_salvage(struct tt_writer *w, const struct tt_salvage *s, const struct tt_synth *b,
		      struct tt_written *written);
/* A generation with nothing but the clock, for a number that must not be left out. */
void tt_write_placeholder(struct tt_writer *w, const struct tt_generation *clock, uint64_t number);

#endif
