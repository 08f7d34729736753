/* SPDX-License-Identifier: MIT */
/*
 * recover.h - what the two halves of recovery share: reading the dead process's memory
 * and writing its generations (recover.c), building its trace anew (restore.c). Stands
 * on flush.h.
 */
#ifndef TT_RECOVER_RECOVER_H
#define TT_RECOVER_RECOVER_H

#include "emit/flush.h"

struct tt_emit_recovery {
	struct tt_em_sink sink; /* keeps the generations */
	struct tt_em_writer writer;
	struct tt_em_trace *trace; /* the one that is built */
	uint64_t trace_nbytes;
	struct tt_em_region_plan plan;
	struct tt_em_trace *dead; /* the copy */
	uint64_t budget;                /* bytes that chunks and entries may have yet */
	uint64_t first, last;           /* generations to write */
	uint64_t offset;
	unsigned generations, damaged;
	bool hurt;                      /* something could not be taken over */
};

/* Memory of zeros, for munmap(); NULL: there is none. */
void *tt_em_map_zeros(uint64_t nbytes);
/* Makes r->trace of r->dead, its generations r->first to r->last. TT_E_MEMORY. */
int tt_em_restore(struct tt_emit_recovery *r, struct tt_error *err);

#endif
