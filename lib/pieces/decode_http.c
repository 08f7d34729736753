/* SPDX-License-Identifier: MIT */
/*
 * decode_http.c - takes the body out of a recorded answer: chunks of HTTP/1.1 (RFC 9112, 7.1),
 * and DATA frames of HTTP/2 (RFC 9113, 6.1).
 */
#include <string.h>

#include "pieces/decode.h"

/* Of a chunk's size or a trailer, and what may follow it on its line. */
#define LINE_MAX_NBYTES 4096
/* No frame of another type is known to be larger, nor are there many more types. */
#define FRAME_MAX_NBYTES (1u << 20)
#define FRAME_MAX_TYPE 0x10

/* ---- chunks */

/* The length of the line at the position, its end included; 0: there is none. */
static size_t line_nbytes(struct tt_decoder *d, const uint8_t **line, struct tt_error *err)
{
	size_t avail;
	const uint8_t *lf;

	tt_source_peek(d->raw, LINE_MAX_NBYTES, line, &avail, err);
	lf = memchr(*line, '\n', avail < LINE_MAX_NBYTES ? avail : LINE_MAX_NBYTES);
	return lf == NULL ? 0 : (size_t)(lf - *line) + 1;
}

static bool read_size(const uint8_t *p, const uint8_t *end, uint64_t *size)
{
	const uint8_t *begin = p;

	*size = 0;
	for (; p < end && p - begin < 15; p++) {
		unsigned digit = *p >= '0' && *p <= '9'	  ? *p - (unsigned)'0'
				 : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10u
				 : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10u
							  : 16;

		if (digit == 16)
			break;
		*size = *size * 16 + digit;
	}
	return p != begin && p < end && (*p == '\r' || *p == '\n' || *p == ';' || *p == ' ');
}

/* Moves past the lines that may follow the last chunk, and the empty one at their end. */
static int skip_trailers(struct tt_decoder *d, struct tt_error *err)
{
	const uint8_t *line;
	size_t n = 0;

	do {
		tt_decoder_move_on(d, n);
		n = line_nbytes(d, &line, err);
	} while (n > 2 && memchr(line, ':', n) != NULL);
	if (n != 0 && n <= 2)
		tt_decoder_move_on(d, n);
	return 0;
}

/* Moves to what is in the next chunk. */
static int begin_chunk(struct tt_decoder *d, struct tt_error *err)
{
	const uint8_t *line;
	size_t n, avail;
	int rc = tt_source_peek(d->raw, d->chunks ? 3 : 1, &line, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	if (avail == 0 || (d->chunks && avail < 3)) {
		d->ended = true;
		return 0;
	}
	if (d->chunks) {
		if (line[0] != '\r' || line[1] != '\n')
			return tt_decoder_damaged(d, "a damaged chunk", err);
		tt_source_skip(d->raw, 2);
	}
	n = line_nbytes(d, &line, err);
	if (n == 0 || !read_size(line, line + n, &d->left))
		return tt_decoder_damaged(d, "a damaged size of a chunk", err);
	d->chunks = true;
	tt_decoder_move_on(d, n);
	d->ended = d->left == 0;
	if (d->ended)
		return skip_trailers(d, err);
	return tt_decoder_note_place(d, d->nbytes) ? 0 : tt_decoder_no_memory(d, err);
}

int tt_chunks_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err)
{
	uint64_t at = tt_source_offset(d->raw);
	int rc = 0;

	if (!d->chunks && at < d->begin)
		return tt_decoder_copy(d, buf, room < d->begin - at ? room : (size_t)(d->begin - at), got, err);
	if (d->left == 0)
		rc = begin_chunk(d, err);
	if (rc < 0 || d->ended)
		return rc;
	rc = tt_decoder_copy(d, buf, room < d->left ? room : (size_t)d->left, got, err);
	d->left -= *got;
	return rc;
}

/* ---- frames */

bool tt_http_frame_read(const uint8_t *p, struct tt_http_frame *out)
{
	*out = (struct tt_http_frame){
		.nbytes = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2],
		.type = p[3],
		.flags = p[4],
		.stream = (uint32_t)p[5] << 24 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 8 | p[8],
	};
	return out->type <= FRAME_MAX_TYPE && out->stream >> 31 == 0 &&
	       out->nbytes <= FRAME_MAX_NBYTES &&
	       (out->type != TT_FRAME_DATA || out->stream != 0);
}

/* The header of the next frame. */
static int begin_frame(struct tt_decoder *d, struct tt_error *err)
{
	struct tt_http_frame frame;
	const uint8_t *p;
	size_t avail, pad = 0, want = TT_FRAME_HEADER_SIZE + 1;
	int rc = tt_source_peek(d->raw, want, &p, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	d->ended = avail < TT_FRAME_HEADER_SIZE;
	if (d->ended)
		return 0;
	if (!tt_http_frame_read(p, &frame))
		return tt_decoder_damaged(d, "a damaged frame of HTTP/2", err);
	d->data = frame.type == TT_FRAME_DATA && (d->stream == 0 || frame.stream == d->stream);
	if (d->data)
		d->stream = frame.stream;
	if (d->data && (frame.flags & TT_FRAME_PADDED) != 0 && avail >= want && frame.nbytes != 0) {
		pad = (size_t)p[TT_FRAME_HEADER_SIZE] + 1;
		if (pad > frame.nbytes)
			return tt_decoder_damaged(d, "a damaged frame of HTTP/2", err);
	}
	tt_decoder_move_on(d, TT_FRAME_HEADER_SIZE + (pad != 0));
	d->left = frame.nbytes - pad;
	d->pad = pad == 0 ? 0 : pad - 1;
	return !d->data || tt_decoder_note_place(d, d->nbytes) ? 0 : tt_decoder_no_memory(d, err);
}

/* Skips as much of *n bytes as there is. */
static int skip_some(struct tt_decoder *d, uint64_t *n, struct tt_error *err)
{
	const uint8_t *p;
	size_t avail;
	int rc = tt_source_peek(d->raw, 1, &p, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	d->ended = avail == 0;
	avail = avail < *n ? avail : (size_t)*n;
	tt_decoder_move_on(d, avail);
	*n -= avail;
	return 0;
}

int tt_frames_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err)
{
	uint64_t at = tt_source_offset(d->raw);
	int rc = 0;

	if (at < d->begin)
		return tt_decoder_copy(d, buf, room < d->begin - at ? room : (size_t)(d->begin - at),
				       got, err);
	while (rc == 0 && !d->ended && (d->left == 0 || !d->data)) {
		if (d->left != 0)
			rc = skip_some(d, &d->left, err);
		else if (d->pad != 0)
			rc = skip_some(d, &d->pad, err);
		else
			rc = begin_frame(d, err);
	}
	if (rc < 0 || d->ended)
		return rc;
	rc = tt_decoder_copy(d, buf, room < d->left ? room : (size_t)d->left, got, err);
	d->left -= *got;
	d->ended = rc == 0 && *got == 0;
	return rc;
}
