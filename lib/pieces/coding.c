/* SPDX-License-Identifier: MIT */
/* coding.c - recognizes how a copy changed a trace, by its first bytes. */
#include "pieces/coding.h"

#include <string.h>

#include "pieces/decode.h"
#include "wire/foreign.h"
#include "wire/signature.h"
#include "wire/row.h"

/* How much is looked at. A batch fits in, and many line feeds. */
#define LOOK_NBYTES ((size_t)256 << 10)
/* No server is known to send larger ones. */
#define CHUNK_MAX_NBYTES (UINT64_C(1) << 30)
/* So many line feeds or replaced bytes do not come by chance. */
#define SURE 16
/* If the framing goes so much further without the carriage returns, they were put in. */
#define MORE_NBYTES 64

struct view {
	const uint8_t *data, *end;
	const uint8_t *header;  /* of the first trace, or NULL */
	unsigned version;
	const struct tt_v1_shapes *shapes; /* ready if that is a version of format v1 */
	uint64_t offset;        /* of `data` */
	bool all;               /* the input ends at `end` */
};

/* What follows the position of the source, and the header of the first trace in it. TT_E_MEMORY. */
static int open_view(struct view *v, struct tt_source *raw, struct tt_mem *mem,
		     struct tt_v1_shapes *shapes, struct tt_error *err)
{
	struct tt_error ignored;
	const uint8_t *p;
	size_t avail;

	*v = (struct view){.shapes = shapes, .offset = tt_source_offset(raw)};
	tt_source_peek(raw, LOOK_NBYTES, &v->data, &avail, &ignored);
	v->all = avail < LOOK_NBYTES;
	v->end = v->data + (v->all ? avail : LOOK_NBYTES);
	for (p = v->data; (p = memchr(p, 'g', (size_t)(v->end - p))) != NULL; p++) {
		if (!tt_signature_is_here(p, v->end, &v->version))
			continue;
		v->header = p;
		if (tt_version_is_v1(v->version) && tt_v1_shapes_init(shapes, err) < 0)
			return tt_fail(err, tt_mem_code(mem), "no memory for the input");
		break;
	}
	return TT_OK;
}

/* Whether a trace begins at p, where a string may have a header in it. */
static bool is_trace(const uint8_t *p, const uint8_t *end)
{
	const struct tt_row_rules two = {.last = 1, .most = 2};
	unsigned version;

	if (!tt_begins_as_trace(p, end) || !tt_signature_is_here(p, end, &version))
		return false;
	return tt_version_is_v1(version) || p + TT_HEADER_SIZE == end ||
	       tt_row_begins(&two, p + TT_HEADER_SIZE, end);
}

/* What comes from the next trace on is not looked at. */
static void end_at_next(struct view *v)
{
	const uint8_t *p = v->header + TT_HEADER_SIZE;

	for (; (p = memchr(p, 'g', (size_t)(v->end - p))) != NULL; p++) {
		if (!is_trace(p, v->end))
			continue;
		v->end = p;
		v->all = true;
		return;
	}
}

/* How far batch follows batch, or record follows record; `end` if up to there. */
static const uint8_t *framed_until(const struct view *v, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	if (tt_version_is_v1(v->version))
		return tt_v1_records_end(v->shapes, p, end);
	while (p < end && tt_batch_plausible(p, end, &b, &nbytes))
		p = nbytes < (uint64_t)(end - p) ? p + nbytes : end;
	return p;
}

/* ---- line ends */

/* Counts line feeds. False: one has no carriage return in front. */
static bool all_have_returns(const uint8_t *p, const uint8_t *end, size_t *n,
			     const uint8_t **first)
{
	const uint8_t *begin = p;

	*n = 0;
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (p == begin || p[-1] != '\r')
			return false;
		if (++*n == 1)
			*first = p - 1;
		p++;
	}
	return *n != 0;
}

static size_t without_returns(const uint8_t *p, const uint8_t *end, uint8_t *to)
{
	uint8_t *begin = to;

	for (; p < end; p++)
		if (*p != '\r' || p + 1 == end || p[1] != '\n')
			*to++ = *p;
	return (size_t)(to - begin);
}

/* Whether the framing, which is broken at `broken`, goes further once the copy is undone: over
 * several of the batches, if other bytes are among them. */
static int goes_further(const struct view *v, const uint8_t *broken,
			size_t (*undo)(const uint8_t *p, const uint8_t *end, uint8_t *to),
			struct tt_mem *mem, struct tt_error *err)
{
	const uint8_t *body = v->header + TT_HEADER_SIZE;
	size_t nbytes, far, size = (size_t)(v->end - body);
	uint8_t *copy = tt_mem_alloc(mem, size);

	if (copy == NULL)
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	nbytes = undo(body, v->end, copy);
	far = (size_t)(framed_until(v, copy, copy + nbytes) - copy);
	tt_mem_free(mem, copy, size);
	return far == nbytes || far > (size_t)(broken - body) + MORE_NBYTES;
}

static int is_crlf(const struct view *v, struct tt_mem *mem, const uint8_t **first,
		   struct tt_error *err)
{
	const uint8_t *body = v->header + TT_HEADER_SIZE, *broken;
	size_t n;

	/* (that a good trace has a line feed without one is soon found) */
	if (!all_have_returns(body, v->end, &n, first))
		return false;
	broken = framed_until(v, body, v->end);
	if (broken == v->end)
		return false;
	return n >= SURE ? 1 : goes_further(v, broken, without_returns, mem, err);
}

/* ---- bytes as characters */

static size_t as_bytes(const uint8_t *p, const uint8_t *end, uint8_t *to)
{
	uint8_t *begin = to;

	for (size_t len; p < end; p += len) {
		len = tt_latin1_char(p, end, to);
		if (len == 0)
			break;
		to++;
	}
	return (size_t)(to - begin);
}

/* Counts characters of more than one byte. False: not all are characters that stand for a byte. */
static bool all_stand_for_bytes(const struct view *v, size_t *n, const uint8_t **first)
{
	const uint8_t *p = v->header + TT_HEADER_SIZE;
	uint8_t byte;

	*n = 0;
	for (size_t len; p < v->end; p += len) {
		len = tt_latin1_char(p, v->end, &byte);
		if (len == 0)
			return *n != 0 && !v->all && v->end - p < 4;
		if (len > 1 && ++*n == 1)
			*first = p;
	}
	return *n != 0;
}

static int is_latin1(const struct view *v, struct tt_mem *mem, const uint8_t **first,
		     struct tt_error *err)
{
	const uint8_t *broken;
	size_t n;

	/* (that a good trace is not like that is soon found) */
	if (!all_stand_for_bytes(v, &n, first))
		return false;
	broken = framed_until(v, v->header + TT_HEADER_SIZE, v->end);
	/* (anything may be like records of format v1) */
	if (broken == v->end && n < SURE)
		return false;
	return goes_further(v, broken, as_bytes, mem, err);
}

/* ---- replaced bytes */

/* Whether all is UTF-8, with U+FFFD among many characters. A good trace is not. */
static bool is_replaced(const struct view *v, const uint8_t **first)
{
	const uint8_t *p = v->header;
	size_t n = 0;

	*first = NULL;

	while (p < v->end) {
		size_t len = *p < 0x80 ? 1 : tt_text_char(p, v->end);

		if (len == 0)
			return v->end - p < 4 && !v->all && n >= SURE && *first != NULL;
		n += len > 1;
		if (len == 3 && *first == NULL && memcmp(p, "\xef\xbf\xbd", 3) == 0)
			*first = p;
		p += len;
	}
	return n >= SURE && *first != NULL;
}

/* ---- base64 */

/* Decodes up to `room` bytes; how many. */
static size_t decode_base64(const uint8_t *p, const uint8_t *end, uint8_t *out, size_t room)
{
	size_t n = 0, nletters = 0;
	unsigned bits = 0;

	for (; p < end && n < room; p++) {
		int value = tt_base64_value(*p);

		if (value < 0 && tt_blank_len(p, p + 1) == 0)
			break;
		if (value < 0)
			continue;
		bits = bits << 6 | (unsigned)value;
		if (nletters++ % 4 != 0)
			out[n++] = (uint8_t)(bits >> (6 - 2 * ((nletters - 1) % 4)));
	}
	return n;
}

static bool holds_header(const uint8_t *p, const uint8_t *end)
{
	unsigned version;

	while (p < end && (p = memchr(p, 'g', (size_t)(end - p))) != NULL) {
		if (tt_signature_is_here(p, end, &version))
			return true;
		p++;
	}
	return false;
}

/*
 * Where base64 begins of what has a trace in it: with the trace's header, maybe after other text;
 * or at the beginning of the input, with other bytes in front of the trace. NULL: nowhere.
 */
static const uint8_t *find_base64(const struct view *v)
{
	static const char header[] = "Z28gMS4"; /* "go 1." and half a digit */
	const uint8_t *p = v->data;
	uint8_t bytes[1024];
	size_t n;

	while ((p = memmem(p, (size_t)(v->end - p), header, strlen(header))) != NULL) {
		n = decode_base64(p, v->end, bytes, TT_HEADER_SIZE);
		if ((p == v->data || tt_base64_value(p[-1]) < 0) && holds_header(bytes, bytes + n))
			return p;
		p++;
	}
	p = v->data + tt_blank_len(v->data, v->end);
	n = decode_base64(p, v->end, bytes, sizeof(bytes));
	return holds_header(bytes, bytes + n) ? p : NULL;
}

/* ---- answers of HTTP */

/* Whether the chunk that begins at the header of the trace is as long as is said. */
static bool is_chunked(const struct view *v, const uint8_t **size_line)
{
	uint64_t size = 0;
	size_t left = (size_t)(v->end - v->header);

	if (!tt_front_is_chunked(v->data, v->header, size_line))
		return false;
	for (const uint8_t *p = *size_line; *p != '\r' && *p != ';' && *p != ' '; p++)
		size = size << 4 | (uint64_t)(*p <= '9' ? *p - '0' : (*p & 0x0f) + 9);
	if (size + 2 <= left)
		return memcmp(v->header + size, "\r\n", 2) == 0;
	/* (it may be cut off) */
	return size >= TT_HEADER_SIZE && size <= CHUNK_MAX_NBYTES;
}

/* Whether a frame of HTTP/2 with data is at p, and another one after it, if there is any. */
static bool is_data_frame(const struct view *v, const uint8_t *p, bool padded)
{
	struct tt_http_frame frame, next;
	uint64_t left = (uint64_t)(v->end - p) - TT_FRAME_HEADER_SIZE;

	if (!tt_http_frame_read(p, &frame) || frame.type != TT_FRAME_DATA || frame.nbytes == 0 ||
	    ((frame.flags & TT_FRAME_PADDED) != 0) != padded)
		return false;
	return left < (uint64_t)frame.nbytes + TT_FRAME_HEADER_SIZE ||
	       tt_http_frame_read(p + TT_FRAME_HEADER_SIZE + frame.nbytes, &next);
}

static bool is_http2(const struct view *v, const uint8_t **frame)
{
	size_t n = (size_t)(v->header - v->data);

	for (size_t pad = 0; pad < 2 && n >= TT_FRAME_HEADER_SIZE + pad; pad++) {
		*frame = v->header - TT_FRAME_HEADER_SIZE - pad;
		if (is_data_frame(v, *frame, pad != 0))
			return true;
	}
	*frame = NULL;
	return false;
}

/* ---- all of them */

static uint64_t offset_of(const struct view *v, const uint8_t *at)
{
	return v->offset + (uint64_t)(at - v->data);
}

/* Finds where a coding begins that takes more than what a copy does to all bytes. */
static void find_wrapping(const struct view *v, enum tt_coding *coding, uint64_t *begin)
{
	const uint8_t *at = NULL;

	if (v->header == NULL) {
		at = find_base64(v);
		*coding = at != NULL ? TT_CODING_BASE64 : TT_CODING_NONE;
	} else if (is_chunked(v, &at)) {
		*coding = TT_CODING_CHUNKED;
	} else if (is_http2(v, &at)) {
		*coding = TT_CODING_HTTP2;
	}
	if (*coding != TT_CODING_NONE)
		*begin = offset_of(v, at);
}

/* Finds what a copy did to all bytes of the first trace, and the first place that it changed. */
static int find_change(struct view *v, struct tt_mem *mem, enum tt_coding *coding,
		       uint64_t *begin, struct tt_error *err)
{
	const uint8_t *at = v->data;
	int rc;

	end_at_next(v);
	rc = is_crlf(v, mem, &at, err);
	if (rc > 0)
		*coding = TT_CODING_CRLF;
	if (rc == 0) {
		rc = is_latin1(v, mem, &at, err);
		if (rc > 0)
			*coding = TT_CODING_LATIN1;
		else if (rc == 0 && is_replaced(v, &at))
			*coding = TT_CODING_REPLACED;
	}
	if (*coding != TT_CODING_NONE)
		*begin = offset_of(v, at);
	return rc < 0 ? rc : TT_OK;
}

int tt_coding_find(struct tt_source *raw, struct tt_mem *mem, struct tt_v1_shapes *shapes,
		   enum tt_coding *coding, uint64_t *begin, struct tt_error *err)
{
	struct view v;
	int rc = open_view(&v, raw, mem, shapes, err);

	*coding = TT_CODING_NONE;
	if (rc < 0)
		return rc;
	find_wrapping(&v, coding, begin);
	if (*coding != TT_CODING_NONE || v.header == NULL)
		return TT_OK;
	return find_change(&v, mem, coding, begin, err);
}

int tt_coding_find_later(struct tt_source *raw, struct tt_mem *mem, struct tt_v1_shapes *shapes,
			 enum tt_coding *coding, uint64_t *begin, struct tt_error *err)
{
	struct view v;
	int rc = open_view(&v, raw, mem, shapes, err);

	*coding = TT_CODING_NONE;
	if (rc < 0 || v.header != v.data || v.data == v.end)
		return rc;
	return find_change(&v, mem, coding, begin, err);
}
