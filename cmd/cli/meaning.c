/* SPDX-License-Identifier: MIT */
/* meaning.c - a number as its spec says that it is meant. Command layer. */
#include "meaning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what is meant */

struct meant meant_by_arg(const struct tt_arg_spec *arg, uint64_t number,
			  const struct tt_generation *g)
{
	struct meant m = { .number = number, .form = arg->form, .values = arg->values };

	if (m.form == TT_FORM_TICKS && g)
		m.frequency = tt_generation_frequency(g);
	if (m.form == TT_FORM_ZIGZAG) {
		m.number = number >> 1 ^ -(number & 1);
		m.form = TT_FORM_SIGNED;
	}
	return m;
}

static double double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint64_t bits_of_float(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

struct meant meant_by_field(const struct tt_field_spec *field, const struct tt_value *value,
			    const struct tt_generation *g)
{
	const struct tt_arg_spec as_arg = { .form = field->form, .values = field->values };
	struct meant m = meant_by_arg(&as_arg, value->number, g);

	m.is_signed = field->type == TT_FIELD_INT || field->type == TT_FIELD_ZIGZAG;
	if (field->type == TT_FIELD_BOOL) {
		m.form = TT_FORM_BOOL;
	} else if (field->type == TT_FIELD_FLOAT && field->size == sizeof(float)) {
		m.form = TT_FORM_F32;
		m.number = bits_of_float((float)double_of(value->number));
	} else if (field->type == TT_FIELD_FLOAT) {
		m.form = TT_FORM_F64;
	}
	return m;
}

/* ---- numbers */

static char *put_integer(char *p, const struct meant *m)
{
	if (m->is_signed || m->form == TT_FORM_SIGNED)
		return put_i64(p, (int64_t)m->number);
	return put_u64(p, m->number);
}

static double magnitude_of(const struct meant *m)
{
	return m->is_signed ? (double)(int64_t)m->number : (double)m->number;
}

static double floating_of(const struct meant *m)
{
	uint32_t bits = (uint32_t)m->number;
	float value;

	if (m->form == TT_FORM_F64)
		return double_of(m->number);
	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

enum { FLOATING_SIZE = 32 };

/* The shortest digits that are read back as the same number. */
static void floating_text(char text[FLOATING_SIZE], const struct meant *m)
{
	bool is_wide = m->form == TT_FORM_F64;
	double value = floating_of(m);
	int most = is_wide ? 17 : 9;

	for (int digits = 1; digits <= most; digits++) {
		snprintf(text, FLOATING_SIZE, "%.*g", digits, value);
		if (is_wide ? strtod(text, NULL) == value
			    : (double)strtof(text, NULL) == value)
			return;
	}
}

/* What has no digits; NULL: it has. */
static const char *no_number(const struct meant *m)
{
	double value = floating_of(m);

	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value < 0 ? "-Infinity" : "Infinity";
	return NULL;
}

static char *put_floating(char *p, const struct meant *m)
{
	char text[FLOATING_SIZE];

	if (no_number(m))
		return put_cstr(p, no_number(m));
	floating_text(text, m);
	return put_cstr(p, text);
}

/* ---- times and amounts */

/* "1.235", without zeros at the end. */
static char *put_decimals(char *p, double value)
{
	char text[FLOATING_SIZE];
	size_t len = (size_t)snprintf(text, sizeof(text), "%.3f", value);

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	return put_mem(p, text, len);
}

struct scale {
	double factor;          /* of a unit to the next */
	unsigned n;
	const char *units[8];
};

static const struct scale times = { 1000, 4, { "ns", "us", "ms", "s" } };
static const struct scale amounts = {
	1024, 7, { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }
};

/* " (1.235 ms)" for so many of a unit; nothing if the same number would be said again. */
static char *put_scaled(char *p, const struct scale *scale, unsigned unit, double value, bool exact)
{
	unsigned best = unit;

	/* what would be rounded up to a whole of the next unit is one */
	while (best + 1 < scale->n && fabs(value) >= scale->factor - 0.0005) {
		value /= scale->factor;
		best++;
	}
	if (exact && best == unit)
		return p;
	p = put_decimals(put_lit(p, " ("), value);
	p = put_cstr(put_char(p, ' '), scale->units[best]);
	return put_char(p, ')');
}

static char *put_ticks(char *p, const struct meant *m)
{
	if (m->frequency == 0)
		return p;
	return put_scaled(p, &times, 0, magnitude_of(m) * 1e9 / (double)m->frequency, false);
}

/* ---- names */

static const char *name_of(const struct meant *m)
{
	for (unsigned i = 0; i < m->values->nvalues; i++)
		if (m->values->values[i].value == m->number)
			return m->values->values[i].name;
	return NULL;
}

/* The names of the flags that are set; returns the bits that have none. */
static uint64_t out_flags(struct out *o, char **p, const struct meant *m, const char *between,
			  const char *quote)
{
	uint64_t rest = m->number;
	const char *sep = "";

	for (unsigned i = 0; i < m->values->nvalues; i++) {
		const struct tt_named_value *v = &m->values->values[i];

		if ((m->number & v->value) != v->value)
			continue;
		rest &= ~v->value;
		*p = put_cstr(put_cstr(out_room(o, *p), sep), quote);
		*p = put_cstr(put_cstr(*p, v->name), quote);
		sep = between;
	}
	*p = out_room(o, *p);
	if (rest != 0)
		*p = put_cstr(*p, sep);
	return rest;
}

/* "pending|isChan|0x40", nothing for 0. */
static char *out_flags_text(struct out *o, char *p, const struct meant *m)
{
	uint64_t rest = out_flags(o, &p, m, "|", "");

	return rest == 0 ? p : put_hex(put_lit(p, "0x"), rest);
}

/* ---- formats */

char *text_meant(struct out *o, char *p, const struct meant *m)
{
	p = out_room(o, p);
	switch (m->form) {
	case TT_FORM_HEX:
		return put_hex(put_lit(p, "0x"), m->number);
	case TT_FORM_F64:
	case TT_FORM_F32:
		return put_floating(p, m);
	case TT_FORM_BOOL:
		return put_cstr(p, m->number != 0 ? "true" : "false");
	default:
		break;
	}
	p = put_integer(p, m);
	switch (m->form) {
	case TT_FORM_NS:
	case TT_FORM_US:
	case TT_FORM_MS:
	case TT_FORM_S:
		return put_scaled(p, &times, m->form - TT_FORM_NS, magnitude_of(m), true);
	case TT_FORM_TICKS:
		return put_ticks(p, m);
	case TT_FORM_BYTES:
		return put_scaled(p, &amounts, 0, magnitude_of(m), true);
	case TT_FORM_PERCENT:
		return put_char(p, '%');
	case TT_FORM_ENUM:
		return name_of(m) ? put_cstr(put_char(p, ' '), name_of(m)) : p;
	case TT_FORM_FLAGS:
		return m->number == 0 ? p : out_flags_text(o, put_char(p, ' '), m);
	default:
		return p;
	}
}

static char *json_flags(struct out *o, char *p, const struct meant *m)
{
	uint64_t rest;

	p = put_char(p, '[');
	rest = out_flags(o, &p, m, ",", "\"");
	if (rest != 0)
		p = put_u64(p, rest);
	return put_char(p, ']');
}

static char *put_quoted(char *p, const char *text)
{
	return put_char(put_cstr(put_char(p, '"'), text), '"');
}

char *json_meant(struct out *o, char *p, const struct meant *m)
{
	p = out_room(o, p);
	if (m->form == TT_FORM_FLAGS)
		return json_flags(o, p, m);
	if (m->form == TT_FORM_ENUM && name_of(m))
		return put_quoted(p, name_of(m));
	if ((m->form == TT_FORM_F64 || m->form == TT_FORM_F32) && no_number(m))
		return put_quoted(p, no_number(m));
	return csv_meant(o, p, m);
}

char *csv_meant(struct out *o, char *p, const struct meant *m)
{
	p = out_room(o, p);
	switch (m->form) {
	case TT_FORM_F64:
	case TT_FORM_F32:
		return put_floating(p, m);
	case TT_FORM_BOOL:
		return put_cstr(p, m->number != 0 ? "true" : "false");
	case TT_FORM_ENUM:
		return name_of(m) ? put_cstr(p, name_of(m)) : put_integer(p, m);
	case TT_FORM_FLAGS:
		return m->number == 0 ? put_char(p, '0') : out_flags_text(o, p, m);
	default:
		return put_integer(p, m);
	}
}
