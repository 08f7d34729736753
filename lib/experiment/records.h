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

/*
 * Is called with each value of a record that is not made of others, in the order of the bytes:
 * those of lists and of records inside, too. The bytes of the value, with a length that comes
 * before it, are from `start` to `end`.
 */
struct tt_record_visitor {
	void (*value)(void *arg, const struct tt_field_spec *field, const struct tt_value *value,
		      const uint8_t *start, const uint8_t *end);
	void *arg;
};

/* As tt_records_read(), with each value to the visitor. Of a record that cannot be read, those
 * before the fault. */
int tt_records_visit(struct tt_records *r, struct tt_record *out,
		     const struct tt_record_visitor *visitor, struct tt_record_fault *fault);
/* As tt_records_next(): 0, 1, or -TT_W_RECORD with *fault. */
int tt_records_read(struct tt_records *r, struct tt_record *out, struct tt_record_fault *fault);
/* Its message, cut to fit and terminated. */
void tt_record_message(char *text, size_t size, const struct tt_batch_spec *spec,
		       const struct tt_record_fault *fault);

#endif
