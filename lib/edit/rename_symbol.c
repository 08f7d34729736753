/* SPDX-License-Identifier: MIT */
/*
 * rename_symbol.c - symbols of functions, and names of types. What the compiler adds stays: the
 * form of methods, numbers of closures, wrappers.
 *
 *	example.com/acme/db.(*Conn).query.func1.2
 *	PATH OF PACKAGE    . RECEIVER . NAME .CLOSURES
 */
#include "edit/go_std.h"
#include "edit/rename.h"

static bool is_of_identifier(char c)
{
	/* (a byte of a character beyond ASCII is a letter, and so is a control character: what
	   nobody writes must not stay) */
	return tt_is_letter(c) || tt_is_digit(c) || c == '_' || (unsigned char)c < 0x20 ||
	       (unsigned char)c > 0x7e;
}

static size_t identifier_end(struct tt_str s, size_t at)
{
	while (at < s.len && is_of_identifier(s.data[at]))
		at++;
	return at;
}

static struct tt_str slice(struct tt_str s, size_t from, size_t to)
{
	return (struct tt_str){s.data + from, to - from};
}

/* ---- packages */

struct tt_str tt_symbol_package(struct tt_str symbol)
{
	size_t begin = 0;

	for (size_t i = 0; i < symbol.len; i++) {
		char c = symbol.data[i];

		if (c == '[' || c == '(' || c == '{' || c == ' ')
			break;
		if (c == '/')
			begin = i + 1;
	}
	for (size_t i = begin; i < symbol.len; i++) {
		char c = symbol.data[i];

		if (c == '.')
			return slice(symbol, 0, i);
		if (c == '[' || c == '(' || c == '{' || c == ' ')
			break;
	}
	return slice(symbol, 0, 0);
}

static int hex_of(char c)
{
	if (tt_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A part of the path, without Go's escapes: as the folder is called. */
static void put_part(struct tt_rename *r, struct tt_str part)
{
	char plain[256];
	size_t n = 0;

	if (part.len >= sizeof(plain)) {
		tt_rename_put_name(r, TT_NAME_PACKAGE, part.data, part.len);
		return;
	}
	for (size_t i = 0; i < part.len; i++) {
		bool escape = part.data[i] == '%' && i + 2 < part.len &&
			      hex_of(part.data[i + 1]) >= 0 && hex_of(part.data[i + 2]) >= 0;

		plain[n++] = escape ? (char)(hex_of(part.data[i + 1]) * 16 + hex_of(part.data[i + 2]))
				    : part.data[i];
		i += escape ? 2 : 0;
	}
	tt_rename_put_name(r, TT_NAME_PACKAGE, plain, n);
}

static void put_package(struct tt_rename *r, struct tt_str path)
{
	size_t begin = 0;

	if (tt_str_is(path, "main")) {
		tt_rename_put(r, path.data, path.len);
		return;
	}
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/')
			continue;
		if (i > begin)
			put_part(r, slice(path, begin, i));
		if (i < path.len)
			tt_rename_put(r, "/", 1);
		begin = i + 1;
	}
}

/* ---- what the compiler names */

static bool is_number(struct tt_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!tt_is_digit(s.data[i]))
			return false;
	return s.len != 0;
}

/* func1, gowrap2, range3, and what has no number: after another name. */
static bool is_compilers(struct tt_str s)
{
	static const char *const numbered[] = {"func", "gowrap", "deferwrap", "range"};
	static const char *const plain[] = {"init", "fm", "abi0", "abiinternal", "func"};

	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		size_t len = strlen(numbered[i]);

		if (s.len > len && memcmp(s.data, numbered[i], len) == 0 &&
		    is_number(slice(s, len, s.len)))
			return true;
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (tt_str_is(s, plain[i]))
			return true;
	return is_number(s);
}

static bool follows(struct tt_str s, size_t at, const char *text)
{
	size_t len = strlen(text);

	return s.len - at >= len && memcmp(s.data + at, text, len) == 0;
}

/* The first name after a package. */
static bool is_compilers_first(struct tt_str s, size_t end)
{
	struct tt_str name = slice(s, 0, end);

	return (tt_str_is(name, "init") && (end == s.len || s.data[end] == '.')) ||
	       (tt_str_is(name, "glob") && follows(s, end, "..")) ||
	       (tt_str_is(name, "map") && follows(s, end, ".init."));
}

/* ---- the rest of a symbol */

struct rest {
	struct tt_rename *r;
	struct tt_str s;
	bool main;              /* of package main */
	size_t at;
};

/* The place after the bracket that closes the one at `at`. */
static size_t bracket_end(struct tt_str s, size_t at)
{
	size_t depth = 0;

	for (; at < s.len; at++) {
		depth += s.data[at] == '[';
		if (s.data[at] == ']' && --depth == 0)
			return at + 1;
	}
	return s.len;
}

/* [...], or the types of an instance. */
static void put_brackets(struct rest *x)
{
	size_t end = bracket_end(x->s, x->at);
	struct tt_str all = slice(x->s, x->at, end);

	if (tt_str_is(all, "[...]"))
		tt_rename_put(x->r, all.data, all.len);
	else
		tt_rename_type(x->r, all);
	x->at = end;
}

/* Whether a name is followed by that of a method. */
static bool is_receiver(const struct rest *x, size_t end)
{
	size_t next = end;

	if (x->at > 0 && (x->s.data[x->at - 1] == '*' || x->s.data[x->at - 1] == '('))
		return true;
	if (next < x->s.len && x->s.data[next] == '[')
		next = bracket_end(x->s, next);
	if (next >= x->s.len || x->s.data[next] != '.')
		return false;
	end = identifier_end(x->s, next + 1);
	return end > next + 1 && !is_compilers(slice(x->s, next + 1, end));
}

/* cgo's names begin with a word of its own. */
static size_t cgo_len(struct tt_str name)
{
	static const char *const words[] = {"_Cfunc_", "_cgoexpwrap_", "_cgoexp_", "_Ciconst_",
					    "_Ctype_"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (name.len > len && memcmp(name.data, words[i], len) == 0)
			return len;
	}
	return 0;
}

static void put_identifier(struct rest *x)
{
	size_t end = identifier_end(x->s, x->at), cgo;
	struct tt_str name = slice(x->s, x->at, end);
	bool kept = x->at == 0 ? is_compilers_first(x->s, end) : is_compilers(name);

	if (is_number(name) || kept || (x->main && x->at == 0 && tt_str_is(name, "main"))) {
		tt_rename_put(x->r, name.data, name.len);
	} else {
		cgo = cgo_len(name);
		tt_rename_put(x->r, name.data, cgo);
		tt_rename_put_name(x->r, is_receiver(x, end) ? TT_NAME_TYPE : TT_NAME_FUNCTION,
				   name.data + cgo, name.len - cgo);
	}
	x->at = end;
}

static void put_rest(struct tt_rename *r, struct tt_str s, bool main)
{
	struct rest x = {.r = r, .s = s, .main = main};

	while (x.at < s.len) {
		if (s.data[x.at] == '[')
			put_brackets(&x);
		else if (is_of_identifier(s.data[x.at]))
			put_identifier(&x);
		else
			tt_rename_put(r, s.data + x.at++, 1);
	}
}

/* A symbol of a package that is kept: only the types of instances may be others'. */
static void put_kept(struct tt_rename *r, struct tt_str s)
{
	struct rest x = {.r = r, .s = s};

	while (x.at < s.len) {
		if (s.data[x.at] == '[')
			put_brackets(&x);
		else
			tt_rename_put(r, s.data + x.at++, 1);
	}
}

void tt_rename_symbol(struct tt_rename *r, struct tt_str symbol)
{
	static const char *const of_types[] = {"type:.eq.", "type:.hash.", "type..eq.", "type..hash."};
	struct tt_str package = tt_symbol_package(symbol), rest;

	for (size_t i = 0; i < sizeof(of_types) / sizeof(of_types[0]); i++) {
		size_t len = strlen(of_types[i]);

		if (!follows(symbol, 0, of_types[i]))
			continue;
		tt_rename_put(r, symbol.data, len);
		tt_rename_type(r, slice(symbol, len, symbol.len));
		return;
	}
	/* (a space is in no symbol of Go but those of instances: what has one is not trusted) */
	if (tt_rename_keeps(r, package) && memchr(symbol.data, '{', symbol.len) == NULL) {
		put_kept(r, symbol);
		return;
	}
	put_package(r, package);
	rest = slice(symbol, package.len, symbol.len);
	if (package.len != 0) {
		tt_rename_put(r, ".", 1);
		rest = slice(rest, 1, rest.len);
	}
	/* (a C program's main is no secret either) */
	put_rest(r, rest, package.len == 0 || tt_str_is(package, "main"));
}

/* ---- types */

/* Words of the language, and of the compiler's own types. */
static bool is_word(struct tt_str s)
{
	static const char *const words[] = {
		"bool",    "int",     "int8",    "int16",     "int32",      "int64",    "uint",
		"uint8",   "uint16",  "uint32",  "uint64",    "uintptr",    "float32",  "float64",
		"string",  "error",   "any",     "complex64", "complex128", "byte",     "rune",
		"map",     "chan",    "func",    "struct",    "interface",  "go",       "shape",
		"noalg",   "unsafe",  "Pointer", "main",      "runtime",    "void",     "char",
		"const",   "double",  "float",   "unsigned",  "long",       "short",    "signed",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (tt_str_is(s, words[i]))
			return true;
	return is_number(s);
}

/* The end of a type of the standard library that begins at `at`; else `at`. */
static size_t std_type_end(struct tt_str s, size_t at)
{
	size_t dot = identifier_end(s, at), end;

	/* (the end of a path: another package) */
	if (dot == s.len || s.data[dot] != '.' ||
	    (at > 0 && (s.data[at - 1] == '/' || s.data[at - 1] == '.' || s.data[at - 1] == '-')))
		return at;
	end = identifier_end(s, dot + 1);
	return tt_go_std_type(slice(s, at, dot), slice(s, dot + 1, end)) ? end : at;
}

void tt_rename_type(struct tt_rename *r, struct tt_str type)
{
	for (size_t at = 0, end; at < type.len; at = end) {
		struct tt_str name;

		end = std_type_end(type, at);
		if (end > at) {
			tt_rename_put(r, type.data + at, end - at);
			continue;
		}
		end = identifier_end(type, at);
		name = slice(type, at, end);
		if (end == at)
			tt_rename_put(r, type.data + end++, 1);
		else if (is_word(name))
			tt_rename_put(r, name.data, name.len);
		else
			tt_rename_put_name(r,
					   end < type.len &&
							   (type.data[end] == '.' ||
							    type.data[end] == '/')
						   ? TT_NAME_PACKAGE
						   : TT_NAME_TYPE,
					   name.data, name.len);
	}
}
