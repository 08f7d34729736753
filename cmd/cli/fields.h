/* SPDX-License-Identifier: MIT */
/*
 * fields.h - the fields of a record as its spec says that they are meant. Command layer, on
 * meaning.h.
 *
 * Fields that are not there are left out. `g` has the clock of the trace; NULL: it is not
 * known.
 */
#ifndef CMD_CLI_FIELDS_H
#define CMD_CLI_FIELDS_H

#include "meaning.h"

/* Whether a field is one number: no text, no bytes, no list, no record. */
bool field_is_number(const struct tt_field_spec *field);

/*
 * Members of a JSON object, each with a comma before it: a list is an array, a record in the
 * record an object, bytes are hexadecimal digits. A text that is not valid UTF-8 has a second
 * member, as json_str() writes it.
 */
char *json_fields(struct out *o, char *p, const struct tt_record *record,
		  const struct tt_generation *g);
/* A cell of CSV: lists and records as JSON, nothing for a field that is not there. */
char *csv_field(struct out *o, char *p, const struct tt_record *record, unsigned field,
		const struct tt_generation *g);

#endif
