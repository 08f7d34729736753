/* SPDX-License-Identifier: MIT */
/*
 * rename.h - a text of a trace with new names in it; what it is used as says how it is made up.
 * Stands on names.h and go_std.h.
 *
 *	names.c          new names, and the list of them
 *	rename_parts.c   the parts of texts; which packages keep their names
 *	rename_symbol.c  functions and types
 *	rename.c         texts by their use; the way back
 *	rename_file.c    paths
 *	rename_spec.c    specs
 */
#ifndef TT_EDIT_RENAME_H
#define TT_EDIT_RENAME_H

#include <string.h>

#include "edit/names.h"

/* Longer new names of types are put down as one name. */
#define TT_RENAMED_MAX 4096

struct tt_rename {
	struct tt_names *names;
	const char *const *keep; /* patterns of packages whose names stay; NULL ends. May be NULL */
	struct tt_bytes out;    /* the new text */
	bool failed;            /* no memory, or over the limit */
};

void tt_rename_init(struct tt_rename *r, struct tt_names *names, const char *const *keep,
		    struct tt_mem *mem);
void tt_rename_release(struct tt_rename *r);

/* The part of a function's symbol that is the path of its package; empty if there is none. */
struct tt_str tt_symbol_package(struct tt_str symbol);
/* Whether the names of this package stay. */
bool tt_rename_keeps(const struct tt_rename *r, struct tt_str package);

/* Whether a file is in a folder with the path of this package. */
bool tt_path_is_of(struct tt_str path, struct tt_str package);

/*
 * The new text, valid until the next call. `max` is what may be as long; what is longer becomes
 * one name. Of a file, `package` is that of all its functions if its names stay, else empty.
 */
struct tt_str tt_rename_text(struct tt_rename *r, enum tt_name_use use, struct tt_str text,
			     size_t max);
struct tt_str tt_rename_file(struct tt_rename *r, struct tt_str path, struct tt_str package,
			     size_t max);
/* The text of a spec, as new names and words of the language; comments and `doc` are left out. */
struct tt_str tt_rename_spec(struct tt_rename *r, struct tt_str text);

/* ---- between these files */

void tt_rename_put(struct tt_rename *r, const char *data, size_t len);
void tt_rename_put_name(struct tt_rename *r, enum tt_name_use use, const char *data, size_t len);
void tt_rename_symbol(struct tt_rename *r, struct tt_str symbol);
void tt_rename_type(struct tt_rename *r, struct tt_str type);
/* The old names in the place of the new ones. */
void tt_rename_restore(struct tt_rename *r, struct tt_str text);

static inline bool tt_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool tt_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool tt_str_is(struct tt_str s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

#endif
