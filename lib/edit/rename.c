/* SPDX-License-Identifier: MIT */
/* rename.c - texts with new names: those that are one name, and the way back. */
#include "edit/rename.h"

#include "edit/go_std.h"

/* ---- the way back */

static bool is_of_word(char c)
{
	return tt_is_letter(c) || tt_is_digit(c);
}

/* As Go writes the last part of a package's path in a symbol. */
static void put_escaped(struct tt_rename *r, struct tt_str part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.data[i] == '.')
			tt_rename_put(r, "%2e", 3);
		else
			tt_rename_put(r, part.data + i, 1);
	}
}

static size_t word_end(struct tt_str text, size_t at)
{
	while (at < text.len && is_of_word(text.data[at]))
		at++;
	return at;
}

/* A new name is a word, or one with a dash and digits. */
static size_t name_end(struct tt_str text, size_t at)
{
	size_t end = word_end(text, at);

	if (end > at && end + 1 < text.len && text.data[end] == '-' &&
	    tt_is_digit(text.data[end + 1]))
		return word_end(text, end + 1);
	return end;
}

void tt_rename_restore(struct tt_rename *r, struct tt_str text)
{
	struct tt_str old;
	enum tt_name_use use;
	size_t end;

	for (size_t i = 0; i < text.len; i = end) {
		end = name_end(text, i);
		if (end == i) {
			tt_rename_put(r, text.data + i, 1);
			end++;
		} else if (!tt_names_text(r->names, (struct tt_str){text.data + i, end - i}, &use,
					  &old)) {
			tt_rename_put(r, text.data + i, end - i);
		} else if (use == TT_NAME_PACKAGE && end < text.len && text.data[end] == '.') {
			put_escaped(r, old);
		} else {
			tt_rename_put(r, old.data, old.len);
		}
	}
}

/* ---- new names */

/* Whether the runtime writes this text, so that it says nothing of the program: Go 1.26 writes
 * all of its texts into each generation, used or not. */
static bool is_of_runtime(enum tt_name_use use, struct tt_str text)
{
	bool unknown = use == TT_NAME_TEXT;

	return ((use == TT_NAME_REASON || unknown) && tt_go_reason(text)) ||
	       ((use == TT_NAME_LABEL || unknown) && tt_go_label(text));
}

struct tt_str tt_rename_text(struct tt_rename *r, enum tt_name_use use, struct tt_str text,
			     size_t max)
{
	r->out.len = 0;
	if (text.len == 0 || is_of_runtime(use, text))
		return text;
	if (r->names->restores) {
		tt_rename_restore(r, text);
		return r->out.len <= max ? (struct tt_str){(const char *)r->out.data, r->out.len}
					 : text;
	}
	if (use == TT_NAME_FUNCTION)
		tt_rename_symbol(r, text);
	else if (use == TT_NAME_TYPE)
		tt_rename_type(r, text);
	if (r->out.len == 0 || r->out.len > max) {
		r->out.len = 0;
		tt_rename_put_name(r, use, text.data, text.len);
	}
	return (struct tt_str){(const char *)r->out.data, r->out.len};
}
