/* SPDX-License-Identifier: MIT */
/*
 * decode.h - what undoes each coding. decode.c picks one; decode_text.c has line ends, UTF-8 and base64,
 * decode_http.c chunks and frames, decode_input.c what they share. Private to this folder.
 */
#ifndef TT_PIECES_DECODE_H
#define TT_PIECES_DECODE_H

#include "base/error.h"
#include "pieces/coding.h"

int tt_decoder_no_memory(struct tt_decoder *d, struct tt_error *err);
/* What is made from now on comes from the position of `raw`. False: no memory. */
bool tt_decoder_note_place(struct tt_decoder *d, uint64_t made);
int tt_decoder_damaged(const struct tt_decoder *d, const char *what, struct tt_error *err);
/* Skips n bytes, which were peeked. */
void tt_decoder_move_on(struct tt_decoder *d, size_t n);
/* Copies at most n bytes as they are. */
int tt_decoder_copy(struct tt_decoder *d, uint8_t *buf, size_t n, size_t *got,
		    struct tt_error *err);

/* The byte that the character at p stands for, in *byte; how long the character is. 0: it stands
 * for none, or is not complete. */
size_t tt_latin1_char(const uint8_t *p, const uint8_t *end, uint8_t *byte);

/* What a letter of base64 says, in either alphabet; -1: it is none. */
int tt_base64_value(uint8_t c);

/* Another text of base64 begins at the position; or, at the end, none. False: no memory. */
bool tt_base64_begin(struct tt_decoder *d);
/* Where the letter is that the byte at this offset began with. */
uint64_t tt_base64_offset(const struct tt_decoder *d, uint64_t offset);

/* One read of what they make; *got is 0 before. */
int tt_crlf_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		 struct tt_error *err);
int tt_latin1_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err);
int tt_base64_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err);
int tt_chunks_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err);
int tt_frames_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err);

/* The header of a frame of HTTP/2 (RFC 9113, 4.1). */
struct tt_http_frame {
	uint32_t nbytes;        /* after it */
	uint8_t type, flags;
	uint32_t stream;
};
#define TT_FRAME_HEADER_SIZE 9
#define TT_FRAME_DATA 0
#define TT_FRAME_END_STREAM 0x01
#define TT_FRAME_PADDED 0x08

/* False: the 9 bytes at p are no such header. */
bool tt_http_frame_read(const uint8_t *p, struct tt_http_frame *out);

#endif
