/* SPDX-License-Identifier: MIT */
/* decode.c - undoes what a copy did, as a filter between two sources. */
#include <string.h>

#include "pieces/coding.h"

/* Of a chunk's size, and what may follow it on its line. */
#define LINE_MAX_NBYTES 256

static int no_memory(struct tt_decoder *d, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(d->offsets.mem), "no memory for the places of the input");
}

/* What is made from now on comes from the position of `raw`. */
static bool note_place(struct tt_decoder *d, uint64_t made)
{
	return tt_offsets_add(&d->offsets, made, tt_source_offset(d->raw));
}

static int damaged(const struct tt_decoder *d, const char *what, struct tt_error *err)
{
	tt_fail(err, TT_E_INPUT, "%s at byte %llu of the file", what,
		(unsigned long long)tt_source_offset(d->raw));
	return -err->code;
}

static void move_on(struct tt_decoder *d, size_t n)
{
	tt_source_skip(d->raw, n);
	tt_source_release(d->raw, tt_source_offset(d->raw));
}

/* Copies at most n bytes as they are. */
static int copy(struct tt_decoder *d, uint8_t *buf, size_t n, size_t *got, struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;
	int rc = tt_source_peek(d->raw, 1, &data, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	*got = avail < n ? avail : n;
	if (*got != 0)
		memcpy(buf, data, *got);
	move_on(d, *got);
	return 0;
}

/* ---- line ends */

/*
 * Copies up to the next carriage return with a line feed after it, which it then skips. From
 * the first line feed without one on, the bytes are as they were.
 */
static int crlf_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		     struct tt_error *err)
{
	const uint8_t *data, *lf;
	size_t avail, n;
	int rc = tt_source_peek(d->raw, 2, &data, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	d->over |= avail != 0 && data[0] == '\n';
	if (d->over)
		return copy(d, buf, room, got, err);
	if (avail >= 2 && data[0] == '\r' && data[1] == '\n') {
		tt_source_skip(d->raw, 1);
		if (!note_place(d, d->nbytes))
			return no_memory(d, err);
		return copy(d, buf, 1, got, err);
	}
	n = avail < room ? avail : room;
	lf = memchr(data, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - data);
	/* (what follows the last byte decides whether it is left out) */
	if (n > 1 && data[n - 1] == '\r' && (n == avail || data[n] == '\n'))
		n--;
	return copy(d, buf, n, got, err);
}

/* ---- base64 */

static int letter_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* The next letter that is not padding: 0, 1 where there is none, or an error. */
static int next_letter(struct tt_decoder *d, unsigned *value, struct tt_error *err)
{
	bool skipped = d->nletters == 0;

	for (;;) {
		const uint8_t *data;
		size_t avail;
		int rc = tt_source_peek(d->raw, 1, &data, &avail, err);

		if (avail == 0)
			return rc < 0 ? rc : 1;
		if (*data == '=') {
			d->ended = true;
			return 1;
		}
		if (!is_line_end(*data)) {
			int v = letter_value(*data);

			if (v < 0)
				return damaged(d, "damaged base64", err);
			if (skipped && !note_place(d, d->nletters))
				return no_memory(d, err);
			*value = (unsigned)v;
			d->nletters++;
			tt_source_skip(d->raw, 1);
			return 0;
		}
		tt_source_skip(d->raw, 1);
		skipped = true;
	}
}

/* Makes up to three bytes of four letters. */
static int next_group(struct tt_decoder *d, struct tt_error *err)
{
	unsigned bits = 0, n = 0, value = 0;
	int rc = 0;

	while (n < 4 && (rc = next_letter(d, &value, err)) == 0) {
		bits |= value << (18 - 6 * n);
		n++;
	}
	tt_source_release(d->raw, tt_source_offset(d->raw));
	if (rc < 0 && n == 0)
		return rc;
	d->ended |= rc > 0;
	d->ngroup = n == 0 ? 0 : n - 1;
	d->group_at = 0;
	for (unsigned i = 0; i < 3; i++)
		d->group[i] = (uint8_t)(bits >> (16 - 8 * i));
	return 0;
}

static int base64_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	int rc;

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
			return damaged(d, "a damaged chunk", err);
		tt_source_skip(d->raw, 2);
	}
	n = line_nbytes(d, &line, err);
	if (n == 0 || !read_size(line, line + n, &d->left))
		return damaged(d, "a damaged size of a chunk", err);
	d->chunks = true;
	d->ended = d->left == 0;
	if (d->ended)
		return 0;
	move_on(d, n);
	return note_place(d, d->nbytes) ? 0 : no_memory(d, err);
}

static int chunked_read(struct tt_decoder *d, uint8_t *buf, size_t room, size_t *got,
			struct tt_error *err)
{
	uint64_t at = tt_source_offset(d->raw);
	int rc = 0;

	if (!d->chunks && at < d->begin)
		return copy(d, buf, room < d->begin - at ? room : (size_t)(d->begin - at), got, err);
	if (d->left == 0)
		rc = begin_chunk(d, err);
	if (rc < 0 || d->ended)
		return rc;
	rc = copy(d, buf, room < d->left ? room : (size_t)d->left, got, err);
	d->left -= *got;
	return rc;
}

/* ---- all of them */

static int decode(void *arg, uint8_t *buf, size_t room, size_t *got, struct tt_error *err)
{
	struct tt_decoder *d = arg;
	int rc = 0;

	*got = 0;
	if (d->coding == TT_CODING_CRLF)
		rc = crlf_read(d, buf, room, got, err);
	else if (d->coding == TT_CODING_BASE64)
		rc = base64_read(d, buf, room, got, err);
	else if (!d->ended)
		rc = chunked_read(d, buf, room, got, err);
	d->nbytes += *got;
	return rc;
}

int tt_decoder_open(struct tt_source **out, struct tt_decoder *d, struct tt_source *raw,
		    enum tt_coding coding, uint64_t begin, struct tt_mem *mem,
		    struct tt_error *err)
{
	const struct tt_source_filter filter = {decode, d};

	*d = (struct tt_decoder){.coding = coding, .raw = raw, .begin = begin};
	tt_offsets_init(&d->offsets, mem);
	/* what comes before the first change is where it was */
	if ((coding == TT_CODING_CRLF || begin != 0) && !note_place(d, 0))
		return no_memory(d, err);
	return tt_source_open_filter(out, &filter, mem, err);
}

void tt_decoder_release(struct tt_decoder *d)
{
	if (d->coding != TT_CODING_NONE)
		tt_offsets_release(&d->offsets);
}

uint64_t tt_decoder_offset(const struct tt_decoder *d, uint64_t offset)
{
	if (d->coding == TT_CODING_BASE64)
		return tt_offsets_find(&d->offsets, offset / 3 * 4 + offset % 3);
	return tt_offsets_find(&d->offsets, offset);
}
