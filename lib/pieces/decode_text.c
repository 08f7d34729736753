/* SPDX-License-Identifier: MIT */
/* decode_text.c - takes a trace out of a text: carriage returns, UTF-8, and base64 (RFC 4648). */
#include <string.h>

#include "pieces/decode.h"
#include "wire/foreign.h"

/* How much is looked at after what is no letter of base64, and how much of that are letters where
 * it goes on. */
#define AFTER_NBYTES 128
#define AFTER_LETTERS 96

/* ---- line ends */

/*
 * Copies up to the next carriage return with a line feed after it, which it then skips. From
 * the first line feed without one on, the bytes are as they were.
 */
int tt_crlf_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		 struct tt_error *err)
{
	const uint8_t *data, *lf;
	size_t avail, n;
	int rc = tt_source_peek(d->raw, 2, &data, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	d->over |= avail != 0 && data[0] == '\n';
	if (d->over)
		return tt_decoder_copy(d, buf, room, got, err);
	if (avail >= 2 && data[0] == '\r' && data[1] == '\n') {
		tt_source_skip(d->raw, 1);
		if (!tt_decoder_note_place(d, d->nbytes))
			return tt_decoder_no_memory(d, err);
		return tt_decoder_copy(d, buf, 1, got, err);
	}
	n = avail < room ? avail : room;
	lf = memchr(data, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - data);
	/* (what follows the last byte decides whether it is left out) */
	if (n > 1 && data[n - 1] == '\r' && (n == avail || data[n] == '\n'))
		n--;
	return tt_decoder_copy(d, buf, n, got, err);
}

/* ---- characters */

/* Windows-1252 has these from 0x80 on, where Latin-1 has controls (0: it has none either). */
static const uint16_t windows[32] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

size_t tt_latin1_char(const uint8_t *p, const uint8_t *end, uint8_t *byte)
{
	size_t len = tt_text_char(p, end);
	unsigned number;

	*byte = *p;
	if (*p < 0x80)
		return 1;
	if (end - p >= 2 && (*p == 0xc2 || *p == 0xc3) && (p[1] & 0xc0) == 0x80) {
		*byte = (uint8_t)(*p << 6 | (p[1] & 0x3f));
		return 2;
	}
	if (len != 2 && len != 3)
		return 0;
	number = len == 2 ? (*p & 0x1fu) << 6 | (p[1] & 0x3fu)
			  : (*p & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	for (unsigned i = 0; i < 32; i++) {
		*byte = (uint8_t)(0x80 + i);
		if (windows[i] == number)
			return len;
	}
	return 0;
}

/* From the first byte on that is of no such character, the bytes are as they were. */
int tt_latin1_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err)
{
	const uint8_t *data;
	size_t avail, len;
	int rc = 0;

	while (*got < room && !d->over) {
		rc = tt_source_peek(d->raw, 4, &data, &avail, err);
		if (avail == 0)
			return *got != 0 ? 0 : rc;
		len = tt_latin1_char(data, data + avail, &buf[*got]);
		d->over = len == 0;
		*got += len != 0;
		tt_source_skip(d->raw, len);
		if (len > 1 && !tt_decoder_note_place(d, d->nbytes + *got))
			return tt_decoder_no_memory(d, err);
	}
	tt_source_release(d->raw, tt_source_offset(d->raw));
	return *got == 0 ? tt_decoder_copy(d, buf, room, got, err) : 0;
}

/* ---- base64 */

/* Of the two alphabets of RFC 4648; -1: no letter. */
int tt_base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* Whether base64 goes on after the byte at the position, which is no letter. */
static bool goes_on(struct tt_decoder *d)
{
	struct tt_error ignored;
	const uint8_t *p;
	size_t avail, n = 0;

	tt_source_peek(d->raw, AFTER_NBYTES, &p, &avail, &ignored);
	for (size_t i = 0; i < avail && i < AFTER_NBYTES; i++)
		n += tt_base64_value(p[i]) >= 0 || is_line_end(p[i]);
	return n >= AFTER_LETTERS;
}

bool tt_base64_begin(struct tt_decoder *d)
{
	if (!TT_ARRAY_ROOM(d->offsets.mem, &d->texts))
		return false;
	d->texts.at[d->texts.n++] = (struct tt_base64_text){d->nmade, d->nletters};
	d->between = true;
	return tt_decoder_note_place(d, d->begin + d->nletters);
}

/* Moves past padding and what is between two texts of base64. Whether another one begins. */
static bool skip_padding(struct tt_decoder *d)
{
	struct tt_error ignored;
	const uint8_t *p;
	size_t avail, n = 0;

	tt_source_peek(d->raw, AFTER_NBYTES, &p, &avail, &ignored);
	avail = avail < AFTER_NBYTES ? avail : AFTER_NBYTES;
	while (n < avail && p[n] == '=')
		n++;
	while (n < avail && is_line_end(p[n]))
		n++;
	tt_source_skip(d->raw, n);
	return n < avail && tt_base64_value(p[n]) >= 0 && goes_on(d);
}

/* The next letter that is not padding: 0, 1 where there is none, or an error. */
static int next_letter(struct tt_decoder *d, unsigned *value, struct tt_error *err)
{
	bool skipped = d->between;

	for (;;) {
		const uint8_t *data;
		size_t avail;
		int v, rc = tt_source_peek(d->raw, 1, &data, &avail, err);

		if (avail == 0)
			return rc < 0 ? rc : 1;
		v = tt_base64_value(*data);
		if (v >= 0) {
			if (skipped && !tt_decoder_note_place(d, d->begin + d->nletters))
				return tt_decoder_no_memory(d, err);
			*value = (unsigned)v;
			d->nletters++;
			d->between = false;
			tt_source_skip(d->raw, 1);
			return 0;
		}
		if (*data == '=' || (!is_line_end(*data) && !goes_on(d)))
			return 1;
		if (!is_line_end(*data))
			return tt_decoder_damaged(d, "damaged base64", err);
		tt_source_skip(d->raw, 1);
		skipped = true;
	}
}

/* Makes up to three bytes of four letters, or fewer that padding follows. */
static int next_group(struct tt_decoder *d, struct tt_error *err)
{
	unsigned bits = 0, n = 0, value = 0;
	int rc = 0;

	while (n < 4 && (rc = next_letter(d, &value, err)) == 0) {
		bits |= value << (18 - 6 * n);
		n++;
	}
	if (rc < 0 && n == 0)
		return rc;
	d->ngroup = n == 0 ? 0 : n - 1;
	d->group_at = 0;
	for (unsigned i = 0; i < 3; i++)
		d->group[i] = (uint8_t)(bits >> (16 - 8 * i));
	d->nmade += d->ngroup;
	if (rc != 0) {
		d->ended = rc < 0 || !skip_padding(d);
		if (!tt_base64_begin(d))
			return tt_decoder_no_memory(d, err);
	}
	tt_source_release(d->raw, tt_source_offset(d->raw));
	return 0;
}

int tt_base64_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err)
{
	uint64_t at = tt_source_offset(d->raw);
	int rc;

	if (at < d->begin)
		return tt_decoder_copy(d, buf, room < d->begin - at ? room : (size_t)(d->begin - at),
				       got, err);
	while (*got < room) {
		if (d->group_at < d->ngroup) {
			buf[(*got)++] = d->group[d->group_at++];
			continue;
		}
		if (d->ended)
			return 0;
		rc = next_group(d, err);
		if (rc < 0)
			return *got != 0 ? 0 : rc;
	}
	return 0;
}

uint64_t tt_base64_offset(const struct tt_decoder *d, uint64_t offset)
{
	size_t i = d->texts.n;

	while (i > 0 && d->texts.at[i - 1].made > offset)
		i--;
	if (i == 0)
		return offset;
	offset -= d->texts.at[i - 1].made;
	return tt_offsets_find(&d->offsets, d->begin + d->texts.at[i - 1].letters +
						    offset / 3 * 4 + offset % 3);
}
