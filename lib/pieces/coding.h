/* SPDX-License-Identifier: MIT */
/*
 * coding.h - what a copy may have done to all bytes of a trace, and how that is undone: line
 * ends of Windows, base64, chunks of HTTP. Stands on wire.
 */
#ifndef TT_PIECES_CODING_H
#define TT_PIECES_CODING_H

#include "input/source.h"
#include "pieces/offsets.h"

enum tt_coding {
	TT_CODING_NONE,
	TT_CODING_CRLF,         /* a carriage return was put in front of each line feed */
	TT_CODING_REPLACED,     /* what is no UTF-8 was replaced by U+FFFD: cannot be undone */
	TT_CODING_BASE64,
	TT_CODING_CHUNKED,      /* HTTP's transfer coding, maybe after a header */
};

/*
 * Looks at the beginning of the input. *begin: where the coding begins; of the first two, the
 * first place that was changed. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_coding_find(struct tt_source *raw, struct tt_mem *mem, enum tt_coding *coding,
		   uint64_t *begin, struct tt_error *err);

/* What undoes one. */
struct tt_decoder {
	enum tt_coding coding;
	struct tt_source *raw;
	uint64_t begin;
	uint64_t nbytes;        /* made so far */
	struct tt_offsets offsets; /* to those of `raw` */
	bool over;              /* what follows is not coded, */
	bool ended;             /* or not made any more */
	uint64_t left;          /* of a chunk */
	bool chunks;            /* a chunk was begun */
	uint8_t group[3];       /* of base64: made and not handed out, */
	unsigned ngroup, group_at;
	uint64_t nletters;      /* and letters read */
};

/* Opens a source of what the decoder makes. Both `raw` and the decoder outlive it. */
int tt_decoder_open(struct tt_source **out, struct tt_decoder *d, struct tt_source *raw,
		    enum tt_coding coding, uint64_t begin, struct tt_mem *mem,
		    struct tt_error *err);
void tt_decoder_release(struct tt_decoder *d);
/* Where the byte at this offset came from. */
uint64_t tt_decoder_offset(const struct tt_decoder *d, uint64_t offset);

#endif
