/* SPDX-License-Identifier: MIT */
/*
 * recover.h - the end of a trace whose process died, from what it left in its region: what
 * the files of this folder share. Stands on lib/emit, and on the public reader for a check.
 *
 *	recover.c     reads the dead process's memory, writes its last generations and
 *	              checks them; the public functions
 *	restore.c     builds its trace anew: nothing is trusted before it is checked
 *
 * A recovery belongs to one thread; there may be any number of them.
 */
#ifndef TT_RECOVER_RECOVER_H
#define TT_RECOVER_RECOVER_H

#include "emit/write.h"

struct tt_emit_recovery {
	struct tt_em_sink sink;         /* keeps the generations, as a flight recorder does */
	struct tt_em_writer writer;
	struct tt_em_trace *trace;      /* the one that is built; trace_nbytes are mapped */
	uint64_t trace_nbytes;
	struct tt_em_region_plan plan;  /* of the dead process's region */
	struct tt_em_trace *dead;       /* a copy of it; plan.nbytes are mapped */
	uint64_t budget;                /* bytes that chunks and entries may still have */
	uint64_t first, last;           /* generations to write */
	uint64_t offset;                /* where they go in what the program's sink received */
	unsigned generations, damaged;  /* that were recovered, and that could not be */
};

/* Makes r->trace of r->dead, its generations r->first to r->last. TT_E_MEMORY. */
int tt_em_restore(struct tt_emit_recovery *r, struct tt_error *err);

#endif
