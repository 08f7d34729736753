/* SPDX-License-Identifier: MIT */
/* forms.c - the words that say what a number means, a table. Stands on nothing. */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(type) (1u << (type))
#define WHOLE TT_SPEC_WHOLE_NUMBERS

static const struct tt_spec_form forms[TT_SPEC_NFORMS] = {
	{"ns", TT_FORM_NS, true, WHOLE, NULL},
	{"us", TT_FORM_US, true, WHOLE, NULL},
	{"ms", TT_FORM_MS, true, WHOLE, NULL},
	{"s", TT_FORM_S, false, WHOLE, NULL},
	{"ticks", TT_FORM_TICKS, true, WHOLE, NULL},
	{"bytes", TT_FORM_BYTES, true, WHOLE, NULL},
	{"percent", TT_FORM_PERCENT, false, WHOLE, NULL},
	{"hex", TT_FORM_HEX, false, WHOLE, NULL},
	{"signed", TT_FORM_SIGNED, false, BIT(TT_FIELD_VARINT), "`i8`, `i16`, `i32` or `i64`"},
	{"zigzag", TT_FORM_ZIGZAG, false, 0, "`zigzag`"},
	{"f64", TT_FORM_F64, false, BIT(TT_FIELD_VARINT), "`f64`"},
	{"f32", TT_FORM_F32, false, BIT(TT_FIELD_VARINT), "`f32`"},
	{"bool", TT_FORM_BOOL, false, BIT(TT_FIELD_VARINT) | BIT(TT_FIELD_UINT), "`bool`"},
};

const struct tt_spec_form *tt_spec_find_form(const char *word)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (strcmp(forms[i].word, word) == 0)
			return &forms[i];
	return NULL;
}

const char *tt_spec_form_word(size_t i)
{
	return forms[i].word;
}

enum tt_form tt_spec_form_of_name(const char *name)
{
	const char *suffix = strchr(name, '_');
	const struct tt_spec_form *form = suffix != NULL ? tt_spec_find_form(suffix + 1) : NULL;

	return form != NULL && form->is_suffix ? form->form : TT_FORM_PLAIN;
}
