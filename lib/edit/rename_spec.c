/* SPDX-License-Identifier: MIT */
/*
 * rename_spec.c - the text of a spec (tracetool-spec(5)) with new names. Words of the language
 * and numbers stay, and so does the end of a name that says what an argument means; every other
 * word becomes a name, the same one wherever it stands. `doc` and comments are left out.
 */
#include "edit/rename.h"

static bool is_one_of(struct tt_str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tt_str_is(s, words[i]))
			return true;
	return false;
}

#define IS_ONE_OF(s, words) is_one_of(s, words, sizeof(words) / sizeof((words)[0]))

static bool is_word(struct tt_str s)
{
	static const char *const words[] = {
		"experiment", "event",     "resource", "enum",      "flags",    "batch",
		"record",     "args",      "needs",    "pair",      "shows",    "gives",
		"refers",     "scales",    "field",    "orders",    "names",    "states",
		"unknown",    "misuse",    "reused",   "creates",   "uses",     "destroys",
		"restates",   "range",     "value",    "means",     "since",    "replaces",
		"dt",         "thread",    "proc",     "goroutine", "no",       "nothing",
		"self",       "global",    "continues", "begin",    "end",      "active",
		"by",         "nested",    "only",     "tag",       "once",     "lasts",
		"key",        "if",        "has",      "is",        "else",     "list",
		"of",         "metric",    "label",    "log",       "sample",   "transition",
		"region",     "task",      "was",      "reason",    "with",     "error",
		"warning",    "ns",        "us",       "ms",        "s",        "ticks",
		"bytes",      "percent",   "hex",      "signed",    "zigzag",   "f64",
		"f32",        "bool",      "varint",   "u8",        "u16",      "u32",
		"u64",        "i8",        "i16",      "i32",       "i64",      "u16be",
		"u32be",      "u64be",     "i16be",    "i32be",     "i64be",    "f32be",
		"f64be",      "string",    "cstring",  "seq",       "pstatus",  "gstatus",
		"g",          "m",         "p",        "stack",     "AllocFree", "Undetermined",
		"NotExist",   "Runnable",  "Running",  "Waiting",   "Syscall",  "Idle",
		"->",         ",",
	};

	return IS_ONE_OF(s, words) || tt_is_digit(s.data[0]);
}

/* What the end of a name means, after an underscore; 0: nothing. */
static size_t meaning_len(struct tt_str name)
{
	static const char *const ends[] = {"_seq", "_pstatus", "_gstatus", "_g",     "_m",
					   "_p",   "_string",  "_stack",   "_value", "_task",
					   "_ns",  "_us",      "_ms",      "_ticks", "_bytes"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = strlen(ends[i]);

		if (name.len > len && memcmp(name.data + name.len - len, ends[i], len) == 0)
			return len;
	}
	return 0;
}

static void put_name(struct tt_rename *r, struct tt_str name)
{
	static const char string[] = "string";
	size_t len = sizeof(string) - 1, meaning = meaning_len(name);

	tt_rename_put_name(r, TT_NAME_SPEC, name.data, name.len - meaning);
	tt_rename_put(r, name.data + name.len - meaning, meaning);
	/* (an argument that ends in `string` is one without an underscore, too) */
	if (meaning == 0 && name.len > len &&
	    memcmp(name.data + name.len - len, string, len) == 0) {
		tt_rename_put(r, "_", 1);
		tt_rename_put(r, string, len);
	}
}

static void put_quoted(struct tt_rename *r, struct tt_str text)
{
	static const char *const units[] = {"B", "KiB", "MiB", "ns", "us", "ms", "s", "%"};

	tt_rename_put(r, "\"", 1);
	if (IS_ONE_OF(text, units) || text.len == 0)
		tt_rename_put(r, text.data, text.len);
	else
		tt_rename_put_name(r, TT_NAME_SPEC, text.data, text.len);
	tt_rename_put(r, "\"", 1);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, with its quotes. */
static struct tt_str next_word(struct tt_str line, size_t *at)
{
	size_t begin, end;
	const char *quote;

	while (*at < line.len && is_blank(line.data[*at]))
		(*at)++;
	begin = end = *at;
	if (begin == line.len)
		return (struct tt_str){line.data, 0};
	if (line.data[begin] == '"') {
		quote = memchr(line.data + begin + 1, '"', line.len - begin - 1);
		end = quote == NULL ? line.len : (size_t)(quote - line.data) + 1;
	} else if (line.data[begin] == ',') {
		end++;
	} else {
		while (end < line.len && !is_blank(line.data[end]) && line.data[end] != ',')
			end++;
	}
	*at = end;
	return (struct tt_str){line.data + begin, end - begin};
}

static void put_line(struct tt_rename *r, struct tt_str line)
{
	size_t at = 0, n = 0;
	struct tt_str word;

	for (; (word = next_word(line, &at)).len != 0 && word.data[0] != '#'; n++) {
		if (n == 0 && tt_str_is(word, "doc"))
			return;
		tt_rename_put(r, " ", n != 0);
		if (word.data[0] == '"' && word.len > 1)
			put_quoted(r, (struct tt_str){word.data + 1, word.len - 2});
		else if (is_word(word))
			tt_rename_put(r, word.data, word.len);
		else
			put_name(r, word);
	}
	tt_rename_put(r, "\n", n != 0);
}

struct tt_str tt_rename_spec(struct tt_rename *r, struct tt_str text)
{
	r->out.len = 0;
	if (r->names->restores)
		tt_rename_restore(r, text);
	while (!r->names->restores && text.len != 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		put_line(r, (struct tt_str){text.data, len});
		len += end != NULL;
		text.data += len;
		text.len -= len;
	}
	return (struct tt_str){(const char *)r->out.data, r->out.len};
}
