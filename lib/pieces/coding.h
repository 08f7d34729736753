/* SPDX-License-Identifier: MIT */
/*
 * coding.h - what a copy may have done to all bytes of a trace, and how that is undone: line
 * ends of Windows, UTF-8, base64, chunks and frames of HTTP. Stands on wire.
 */
#ifndef TT_PIECES_CODING_H
#define TT_PIECES_CODING_H

#include "input/source.h"
#include "pieces/offsets.h"
#include "pieces/records_v1.h"

enum tt_coding {
	TT_CODING_NONE,
	TT_CODING_CRLF,         /* a carriage return was put in front of each line feed */
	TT_CODING_LATIN1,       /* each byte was taken for a character, and is there in UTF-8 */
	TT_CODING_REPLACED,     /* what is no text was replaced by U+FFFD: cannot be undone */
	TT_CODING_BASE64,
	TT_CODING_CHUNKED,      /* HTTP's transfer coding, maybe after a header */
	TT_CODING_HTTP2,        /* frames of HTTP/2 */
};

/*
 * Looks at the beginning of the input. *begin: where the coding begins; of the first three, the
 * first place that was changed; left alone if there is none. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_coding_find(struct tt_source *raw, struct tt_mem *mem, struct tt_v1_shapes *shapes,
		   enum tt_coding *coding, uint64_t *begin, struct tt_error *err);
/* The same of a later trace, whose header is at the position: one of those three. */
int tt_coding_find_later(struct tt_source *raw, struct tt_mem *mem, struct tt_v1_shapes *shapes,
			 enum tt_coding *coding, uint64_t *begin, struct tt_error *err);

/* Base64 ends with padding, and another text of it may follow. */
struct tt_base64_text {
	uint64_t made, letters; /* bytes and letters before it */
};

/* What undoes one. */
struct tt_decoder {
	enum tt_coding coding;
	struct tt_source *raw;
	uint64_t begin;
	uint64_t nbytes;        /* made so far */
	struct tt_offsets offsets; /* to those of `raw` */
	bool over;              /* what follows is not coded, */
	bool ended;             /* or not made any more */
	uint64_t left;          /* of a chunk or frame */
	bool chunks;            /* a chunk was begun */
	bool data;              /* the frame has data of the trace */
	uint32_t stream;        /* which they are of; 0: not known yet */
	uint64_t pad;           /* bytes after them in the frame */
	uint8_t group[3];       /* of base64: made and not handed out, */
	unsigned ngroup, group_at;
	uint64_t nmade;         /* all that was made, with what comes before it, */
	uint64_t nletters;      /* and letters read */
	bool between;           /* two texts of it */
	TT_ARRAY(struct tt_base64_text) texts;
};

/* Opens a source of what the decoder makes from the position of `raw` on, whose offset is that of
 * its first byte. Both `raw` and the decoder outlive it. */
int tt_decoder_open(struct tt_source **out, struct tt_decoder *d, struct tt_source *raw,
		    enum tt_coding coding, uint64_t begin, struct tt_mem *mem,
		    struct tt_error *err);
/* After all was made: whether other bytes than blanks follow what was coded, at the position of
 * `raw`. False: no memory. */
bool tt_decoder_rest(struct tt_decoder *d, bool *rest);
void tt_decoder_release(struct tt_decoder *d);
/* Where the byte at this offset came from; of the end: where the rest begins. */
uint64_t tt_decoder_offset(const struct tt_decoder *d, uint64_t offset);

#endif
