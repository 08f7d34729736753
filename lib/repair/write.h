/* SPDX-License-Identifier: MIT */
/* write.h - a salvaged generation back to bytes. */
#ifndef TT_REPAIR_WRITE_H
#define TT_REPAIR_WRITE_H

#include "gen/encode.h"
#include "repair/salvage.h"

struct tt_repair_writer {
	struct tt_bytes out;
	unsigned version;
	struct tt_encoder enc;  /* into `out`; it fails only for lack of memory */
	bool lost;              /* something was lost so far, */
	bool says_lost;         /* and the trace says so to those who follow its heap */
};

/* Events that are made up in front of those of a generation, and after them. */
struct tt_made_around {
	const struct tt_synth *front, *end;
};

/* What was written of a salvage. */
struct tt_written {
	uint64_t nbytes_kept;   /* of the input, unchanged */
	bool same;              /* all is as it was */
	bool says_lost;         /* one record more is made up */
};

void tt_repair_writer_init(struct tt_repair_writer *w, struct tt_mem *mem, unsigned version);
/* What follows appends to w->out. The generation of `made` is that which gets them. */
void tt_write_salvage(struct tt_repair_writer *w, const struct tt_salvage *s,
		      const struct tt_made_around *around, struct tt_written *written);
/* Made-up entries and events in front of a generation that stays as it is. */
void tt_write_lead(struct tt_repair_writer *w, const struct tt_made_entries *made,
		   const struct tt_synth *synth);
/* A generation with events of AllocFree: if something was lost so far, it says so if it is the
 * first one, or `again`. Whether it does. */
bool tt_write_lost_events(struct tt_repair_writer *w, const struct tt_generation *g, bool again);
/* A generation with nothing but the clock, for a number that must not be left out; the
 * frequency is that of `before`. */
void tt_write_placeholder(struct tt_repair_writer *w, const struct tt_generation *before,
			  const struct tt_clock *clock, uint64_t number);

#endif
