/* SPDX-License-Identifier: MIT */
/*
 * decode.h - the records of experimental batches as text, one file for each kind of
 * batch in each generation. Command layer: stands on set.h.
 */
#ifndef CMD_EXTRACT_DECODE_H
#define CMD_EXTRACT_DECODE_H

#include "set.h"

enum batch_format { BATCH_JSONL, BATCH_CSV };
extern const char *const batch_formats[];

/* Faults in records of one file that are reported; the others are counted. */
enum { BATCH_FAULTS_REPORTED = 10 };

struct batch_decoder {
	int format;             /* enum batch_format */
	const char *file;       /* as messages name it */
	bool quiet;             /* no warnings */
	uint64_t nrecords, nfaults;
	uint64_t nunknown;      /* batches of experiments that no spec names */
	struct cmd_numbers said; /* experiments without a spec that were reported */
};

/* Adds the records in what was extracted of this generation, which is the one that was added
 * to the set last. A STATUS_*. */
int batch_decode(struct batch_decoder *d, struct batch_set *s, const struct tt_generation *g);

#endif
