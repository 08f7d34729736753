/* SPDX-License-Identifier: MIT */
/*
 * names.h - the inside of struct tt_names: new names for the names in a trace, or, of a list
 * that was written then, the way back. Stands on base.
 *
 * A new name is a word for the use of the old one and 16 digits, of an HMAC-SHA256 (RFC 2104) of
 * the use and the old name. So it is the same wherever the key is the same, and without the key
 * nobody can try names. Digits alone, so that no word turns up by chance.
 */
#ifndef TT_EDIT_NAMES_H
#define TT_EDIT_NAMES_H

#include <sha2.h>

#include "base/bytes.h"
#include "base/idmap.h"
#include "tracetool_write.h"

/* Enough for every new name. */
#define TT_NAME_SIZE 64

struct tt_name_entry {
	uint8_t use;            /* enum tt_name_use */
	uint8_t nname;
	uint32_t ntext;
	size_t at;              /* in `pool`: the name, and the text after it */
};

struct tt_names {
	struct tt_mem mem;
	bool restores;          /* from new names to old ones */
	bool keeps_all;
	SHA2_CTX inner, outer;  /* with the key in them */
	struct tt_bytes pool;
	TT_ARRAY(struct tt_name_entry) entries;
	struct tt_idmap by_text, by_name; /* by a hash: index in `entries` */
	uint64_t seed;
};

/* The new name of a text. False: no memory, or over the limit: tt_mem_code(&n->mem). *out is
 * valid until the next call. */
bool tt_names_name(struct tt_names *n, enum tt_name_use use, struct tt_str text,
		   struct tt_str *out);
/* The old text of a name; false: there is none. Valid as long as the names. */
bool tt_names_text(const struct tt_names *n, struct tt_str name, enum tt_name_use *use,
		   struct tt_str *out);
/* Between two generations: forgets names that are many and need not be kept. */
void tt_names_trim(struct tt_names *n);

#endif
