/* SPDX-License-Identifier: MIT */
/*
 * records.h - reads the records of a batch, with errors that have no message yet: for
 * tt_records_next(), and for what reports them in another way.
 */
#ifndef TT_EXPERIMENT_RECORDS_H
#define TT_EXPERIMENT_RECORDS_H

#include "tracetool.h"

/* Names of fields, one in the other; what is longer is cut. */
#define TT_RECORD_FIELD_SIZE 128

/* What is wrong with a record. */
struct tt_record_fault {
	uint64_t index;         /* of the record in its batch */
	uint64_t offset;        /* of the field's first byte in the trace */
	const char *problem;    /* lives as long as the program */
	char field[TT_RECORD_FIELD_SIZE]; /* "frames[3].pc"; "": none of them */
};

/* As tt_records_next(): 0, 1, or -TT_W_RECORD with *fault. */
int tt_records_read(struct tt_records *r, struct tt_record *out, struct tt_record_fault *fault);
/* Its message, cut to fit and terminated. */
void tt_record_message(char *text, size_t size, const struct tt_batch_spec *spec,
		       const struct tt_record_fault *fault);

#endif
