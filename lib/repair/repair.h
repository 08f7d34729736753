/* SPDX-License-Identifier: MIT */
/*
 * repair.h - the repair of a trace, generation by generation: its contract is
 * tracetool.h. Takes the parts of a reader that was just opened. Stands on write
 * and on event.
 */
#ifndef TT_REPAIR_REPAIR_H
#define TT_REPAIR_REPAIR_H

#include "event/reader.h"
#include "repair/write.h"
#include "tracetool_write.h"

/* A generation that was loaded: whole, in the reader, or as a salvage. */
struct tt_candidate {
	bool loaded, sound;
	bool nothing;           /* the trace ends here */
	struct tt_salvage salvage; /* unless sound */
	uint64_t offset, end;
	struct tt_error why;    /* unless sound */
};

struct tt_repair {
	struct tt_reader *reader;
	struct tt_mem *mem;     /* the reader's */
	struct tt_order order;  /* behind all that was handed out, and what is pending */
	struct tt_order start;  /* before the generation at hand */
	struct tt_order fresh;
	struct tt_entry want;
	struct tt_synth bridge;
	struct tt_repair_writer writer;

	struct tt_candidate unit; /* not handed out yet */
	struct tt_candidate pending; /* trimmed; has to be led over to what comes */
	bool at_end;            /* nothing can be read behind the unit */

	bool any;               /* a generation was handed out: */
	uint64_t last_number;
	struct tt_generation clock; /* its clock, nothing else of it */
	uint64_t lost_nbytes, lost_events; /* of what was given up, not told yet */
	struct tt_error lost_why;
	uint8_t header[TT_HEADER_SIZE];
	struct tt_error err;
	int outcome;
};

#endif
