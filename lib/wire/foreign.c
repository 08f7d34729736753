/* SPDX-License-Identifier: MIT */
/* foreign.c - text among batches, batches that are whole, and what stands in front. */
#include "wire/foreign.h"

#include <stdio.h>
#include <string.h>

#include "wire/guess.h"
#include "wire/row.h"
#include "wire/signature.h"

/* The line with the size of a chunk of HTTP is no longer. */
#define CHUNK_LINE_MAX 4096

/* Characters that programs print one by one. */
#define PROGRESS ".#*=-+|"

/* So many letters show that odd bytes are letters, too. */
#define MIN_LETTERS 3

/* ------------------------------------------------------------- text */

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t tt_text_char(const uint8_t *p, const uint8_t *end)
{
	size_t n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;

	/* (terminals move back and ring) */
	if (*p < 0x80)
		return (*p >= 0x20 && *p != 0x7f) || is_blank(*p) || *p == '\a' || *p == '\b' ||
		       *p == 0x1b;
	if (*p < 0xc2 || *p > 0xf4 || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool tt_text_odd_is_rare(const uint8_t *p, const uint8_t *end)
{
	size_t nodd = 0, nletters = 0;
	bool begins = p == end || tt_text_char(p, end) != 0;

	for (size_t n; p < end; p += n == 0 ? 1 : n) {
		n = tt_text_char(p, end);
		nodd += n == 0;
		nletters += *p > 0x20 && *p < 0x7f;
	}
	return nodd == 0 || (begins && nletters >= MIN_LETTERS && nletters >= nodd);
}

bool tt_text_is_print(const uint8_t *p, const uint8_t *end)
{
	if (p == end || *p == '\v' || *p == '\f')
		return false;
	if (end[-1] == '\n')
		return true;
	if (end - p == 1)
		return memchr(PROGRESS, *p, sizeof(PROGRESS) - 1) != NULL;
	return tt_blank_len(p, end) != (size_t)(end - p);
}

bool tt_is_printable(const uint8_t *p, const uint8_t *end)
{
	while (p < end && ((*p >= 0x20 && *p < 0x7f) || (*p >= '\t' && *p <= '\r')))
		p++;
	return p == end;
}

bool tt_is_like_text(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p >= 0x80 || tt_text_char(p, end) != 0))
		p++;
	return p == end;
}

bool tt_row_is_text(const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	for (int i = 0; i < TT_ROW_BATCHES && p < end; i++) {
		if (!tt_batch_plausible(p, end, &b, &nbytes))
			return true;
		if (i == 0 && tt_is_printable(p, p + (nbytes - b.size)))
			return true;
		nbytes = nbytes < (uint64_t)(end - p) ? nbytes : (uint64_t)(end - p);
		if (!tt_is_like_text(p, p + nbytes))
			return false;
		p += nbytes;
	}
	return true;
}

size_t tt_blank_len(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;

	while (q < end && is_blank(*q))
		q++;
	return (size_t)(q - p);
}

size_t tt_zeros_len(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;

	while (q < end && *q == 0)
		q++;
	return (size_t)(q - p);
}

bool tt_name_text(const uint8_t *p, const uint8_t *end, char out[TT_TEXT_SIZE])
{
	const uint8_t *line = p + tt_blank_len(p, end);
	char *to = out;

	if (line == end) {
		bool one = end - p == 1 || (end - p == 2 && *p == '\r');

		snprintf(out, TT_TEXT_SIZE, "%s", one && end[-1] == '\n' ? "a line end" : "blanks");
		return true;
	}
	end = line + tt_guess_line_len(line, end);
	while (end > line && is_blank(end[-1]))
		end--;
	to += snprintf(to, TT_TEXT_SIZE, "text \"");
	for (size_t n; line < end; line += n) {
		n = tt_text_char(line, end);
		if (n == 0 && *line < 0x80)
			return false;
		n = n == 0 ? 1 : n;
		memcpy(to, line, n);
		/* (a tab would end a line of a message) */
		if (*to == '\t')
			*to = ' ';
		to += n;
	}
	memcpy(to, "\"", 2);
	return true;
}

/* ------------------------------------------------------------- in front of a trace */

static bool starts(const uint8_t *p, const uint8_t *end, const char *with)
{
	return (size_t)(end - p) >= strlen(with) && memcmp(p, with, strlen(with)) == 0;
}

static bool ends(const uint8_t *p, const uint8_t *end, const char *with)
{
	return (size_t)(end - p) >= strlen(with) && starts(end - strlen(with), end, with);
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool tt_front_is_chunked(const uint8_t *p, const uint8_t *end, const uint8_t **size_line)
{
	const uint8_t *line = end - 2, *q;

	if (!ends(p, end, "\r\n"))
		return false;
	while (line > p && end - line < CHUNK_LINE_MAX && line[-1] != '\n')
		line--;
	for (q = line; is_hex(*q);)
		q++;
	/* (what may follow the size is an extension of the chunk) */
	if (q == line || q - line > 16 || (q != end - 2 && *q != ';' && *q != ' ') ||
	    (line != p && !ends(p, line, "\r\n\r\n")))
		return false;
	*size_line = line;
	return true;
}

bool tt_is_text(const uint8_t *p, const uint8_t *end)
{
	for (size_t n; p < end; p += n) {
		n = tt_text_char(p, end);
		if (n == 0)
			return false;
	}
	return true;
}

const uint8_t *tt_front_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *begin = p, *body;
	unsigned version;

	while (p < end && (p = memchr(p, 'g', (size_t)(end - p))) != NULL) {
		if (tt_trace_begins(p, end, &version))
			return p;
		/* (what prints before it may print right after the header, too; programs of Go
		   contain a header, but are no text) */
		body = p + TT_HEADER_SIZE;
		if (tt_signature_is_here(p, end, &version) && tt_text_char(body, end) != 0 &&
		    tt_is_text(begin, p))
			return p;
		p++;
	}
	return NULL;
}

void tt_front_name(const uint8_t *p, const uint8_t *end, char out[TT_FRONT_SIZE])
{
	char text[TT_TEXT_SIZE] = "";
	const uint8_t *size_line;
	const char *what = NULL;
	bool known = tt_is_text(p, end) && tt_name_text(p, end, text);

	if (starts(p, end, "HTTP/"))
		what = "the header of an HTTP answer: ";
	else if (starts(p, end, "--") && ends(p, end, "\r\n\r\n"))
		what = "the header of a part of a multipart message: ";
	else if (tt_front_is_chunked(p, end, &size_line))
		what = "the size of an HTTP chunk: ";
	if (starts(p, end, "\xef\xbb\xbf") && end - p == 3)
		snprintf(out, TT_FRONT_SIZE, "a byte order mark");
	else
		snprintf(out, TT_FRONT_SIZE, "%s%s", known && what != NULL ? what : "",
			 known ? text : "other bytes");
}
