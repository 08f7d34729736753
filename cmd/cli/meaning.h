/* SPDX-License-Identifier: MIT */
/*
 * meaning.h - a number of an experiment as its spec says that it is meant (`means`):
 * a length of time, an amount, a signed number, one of an enum. Command layer, on out.h.
 */
#ifndef CMD_CLI_MEANING_H
#define CMD_CLI_MEANING_H

#include "out.h"

/* A number, and how it is to be understood. */
struct meant {
	uint64_t number;
	enum tt_form form;
	bool is_signed;         /* the number is in two's complement, whatever its form */
	const struct tt_values_spec *values; /* of an enum or of flags */
	uint64_t frequency;     /* of the trace clock, units a second; 0: not known */
};

/* The number of an argument; `g` has the clock of the trace, NULL: it is not known. */
struct meant meant_by_arg(const struct tt_arg_spec *arg, uint64_t number,
			  const struct tt_generation *g);
/* The value of a field that is a number. */
struct meant meant_by_field(const struct tt_field_spec *field, const struct tt_value *value,
			    const struct tt_generation *g);

/*
 * For people: the number and what it means, "4096 (4 KiB)", "1 rwmutex", or the meant value
 * alone if the number says nothing: "-7", "true", "0x5f3a". At most one line.
 */
char *text_meant(struct out *o, char *p, const struct meant *m);
/*
 * A JSON value: a number, true or false, the name of an enum, an array of the names of
 * flags. Numbers that JSON does not have are strings: "NaN", "Infinity", "-Infinity".
 */
char *json_meant(struct out *o, char *p, const struct meant *m);
/* The same as one cell of CSV: names of flags with `|` between them. */
char *csv_meant(struct out *o, char *p, const struct meant *m);

#endif
