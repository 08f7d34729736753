/* SPDX-License-Identifier: MIT */
/* coding.c - recognizes how a copy changed a trace, by its first bytes. */
#include "pieces/coding.h"

#include <string.h>

#include "wire/foreign.h"
#include "wire/signature.h"
#include "wire/row.h"

/* How much is looked at. A batch fits in, and many line feeds. */
#define LOOK_NBYTES ((size_t)256 << 10)
/* So many line feeds or replaced bytes do not come by chance. */
#define SURE 16

struct view {
	const uint8_t *data, *end;
	const uint8_t *header;  /* of the first trace, or NULL */
	unsigned version;
	bool all;               /* the input ends at `end` */
};

static void find_header(struct view *v)
{
	const uint8_t *p = v->data;

	while ((p = memchr(p, 'g', (size_t)(v->end - p))) != NULL) {
		if (tt_signature_is_here(p, v->end, &v->version)) {
			v->header = p;
			return;
		}
		p++;
	}
}

/* How far batch follows batch; `end` if up to there. */
static const uint8_t *framed_until(const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

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

/* Whether the framing, which is broken, goes further once carriage returns are left out. */
static int is_crlf(const struct view *v, struct tt_mem *mem, const uint8_t **first,
		   struct tt_error *err)
{
	const uint8_t *body = v->header + TT_HEADER_SIZE, *broken = framed_until(body, v->end);
	size_t n, size = (size_t)(v->end - body), nbytes;
	uint8_t *copy;
	bool better;

	if (!all_have_returns(body, v->end, &n, first))
		return false;
	if (tt_version_is_v1(v->version))
		return n >= SURE;
	if (broken == v->end)
		return false;
	if (n >= SURE)
		return true;
	copy = tt_mem_alloc(mem, size);
	if (copy == NULL)
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	nbytes = without_returns(body, v->end, copy);
	better = framed_until(copy, copy + nbytes) == copy + nbytes;
	tt_mem_free(mem, copy, size);
	return better;
}

/* ---- replaced bytes */

/* Whether all is UTF-8, with many U+FFFD. A good trace is not. */
static bool is_replaced(const struct view *v, const uint8_t **first)
{
	const uint8_t *p = v->header;
	size_t n = 0;

	while (p < v->end) {
		size_t len = *p < 0x80 ? 1 : tt_text_char(p, v->end);

		if (len == 0)
			return v->end - p < 4 && !v->all && n >= SURE;
		if (len == 3 && memcmp(p, "\xef\xbf\xbd", 3) == 0 && ++n == 1)
			*first = p;
		p += len;
	}
	return n >= SURE;
}

/* ---- codings of the whole */

static bool is_base64(const struct view *v)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";
	const uint8_t *p = v->data + tt_blank_len(v->data, v->end);
	const uint8_t *end = v->end - p > 1024 ? p + 1024 : v->end;

	/* "go 1." and a digit */
	if (end - p < 24 || memcmp(p, "Z28gMS4", 7) != 0)
		return false;
	for (; p < end; p++)
		if (*p == 0 || strchr(letters, *p) == NULL)
			return false;
	return true;
}

int tt_coding_find(struct tt_source *raw, struct tt_mem *mem, enum tt_coding *coding,
		   uint64_t *begin, struct tt_error *err)
{
	struct view v = {.header = NULL};
	struct tt_error ignored;
	const uint8_t *at = NULL;
	size_t avail;
	int rc = 0;

	*coding = TT_CODING_NONE;
	*begin = 0;
	tt_source_peek(raw, LOOK_NBYTES, &v.data, &avail, &ignored);
	v.all = avail < LOOK_NBYTES;
	v.end = v.data + (v.all ? avail : LOOK_NBYTES);
	find_header(&v);
	if (is_base64(&v)) {
		*coding = TT_CODING_BASE64;
	} else if (v.header != NULL && tt_front_is_chunked(v.data, v.header, &at)) {
		*coding = TT_CODING_CHUNKED;
	} else if (v.header != NULL) {
		rc = is_crlf(&v, mem, &at, err);
		if (rc > 0)
			*coding = TT_CODING_CRLF;
		else if (rc == 0 && is_replaced(&v, &at))
			*coding = TT_CODING_REPLACED;
	}
	if (*coding != TT_CODING_NONE && at != NULL)
		*begin = (uint64_t)(at - v.data);
	return rc < 0 ? rc : 0;
}
