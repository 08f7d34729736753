/* SPDX-License-Identifier: MIT */
/* quote.c - quoted strings, as Go's strconv.Quote writes them. Base layer. */
#include "base/quote.h"

#include <string.h>

#include "base/printable.h"
#include "tracetool.h"

/* Bytes of the sequence that this byte begins, 0 if it begins none. */
static size_t utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf5 ? 4 : 0;
}

size_t tt_utf8_next(const uint8_t *p, const uint8_t *end, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = utf8_len(p[0]);
	uint32_t c = p[0];

	if ((size_t)(end - p) < len)
		return 0;
	if (len > 1)
		c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return len;
}

bool tt_printable(uint32_t code)
{
	size_t low = 0, high = sizeof(tt_printable_ranges) / sizeof(tt_printable_ranges[0]);

	if (code < 0x7f)
		return code >= 0x20;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (tt_printable_ranges[mid][0] > code)
			high = mid;
		else if (tt_printable_ranges[mid][1] < code)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

struct sink {
	char *out;
	size_t size, n;
};

static void put(struct sink *s, const void *data, size_t len)
{
	if (s->n < s->size)
		memcpy(s->out + s->n, data, len < s->size - s->n ? len : s->size - s->n);
	s->n += len;
}

static void put_hex(struct sink *s, char kind, uint32_t value, unsigned ndigits)
{
	char text[10] = {'\\', kind};

	for (unsigned i = 0; i < ndigits; i++)
		text[2 + i] = "0123456789abcdef"[value >> 4 * (ndigits - 1 - i) & 15];
	put(s, text, 2 + ndigits);
}

/* An escape for what may not appear as it is. */
static void put_escape(struct sink *s, uint32_t code, bool valid)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */

	if (!valid || code < 7 || (code > 13 && code < 0x20) || code == 0x7f) {
		put_hex(s, 'x', code, 2);
	} else if (code == '"' || code == '\\' || code <= 13) {
		char text[2] = {'\\', code <= 13 ? letters[code - 7] : (char)code};

		put(s, text, 2);
	} else if (code < 0x10000) {
		put_hex(s, 'u', code, 4);
	} else {
		put_hex(s, 'U', code, 8);
	}
}

/* The number of bytes from p on that may appear as they are. */
static size_t plain_len(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *begin = p;
	uint32_t code;

	while (p < end) {
		size_t len = 1;

		if (*p >= 0x80) {
			len = tt_utf8_next(p, end, &code);
			if (len == 0 || !tt_printable(code))
				break;
		} else if (*p < 0x20 || *p == 0x7f || *p == '"' || *p == '\\') {
			break;
		}
		p += len;
	}
	return (size_t)(p - begin);
}

size_t tt_quote(struct tt_str s, char *out, size_t size)
{
	struct sink sink = {out, size, 0};
	const uint8_t *p = (const uint8_t *)s.data;
	const uint8_t *end = s.len == 0 ? p : p + s.len;

	put(&sink, "\"", 1);
	while (p < end) {
		size_t len = plain_len(p, end);
		uint32_t code;

		if (len != 0)
			put(&sink, p, len);
		p += len;
		if (p == end)
			break;
		len = tt_utf8_next(p, end, &code);
		put_escape(&sink, len != 0 ? code : *p, len != 0);
		p += len != 0 ? len : 1;
	}
	put(&sink, "\"", 1);
	return sink.n;
}
