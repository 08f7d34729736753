/* SPDX-License-Identifier: MIT */
/* header.c - the file header, scanned as Go scans it. */
#include "wire/header.h"

#include <string.h>

#include "wire/foreign.h"
#include "wire/format.h"
#include "wire/guess.h"

/* Blanks and leading zeros may make a header longer than TT_HEADER_SIZE, to here. */
#define HEADER_MAX_NBYTES 4096

enum scan {
	SCAN_OK,
	SCAN_MISMATCH,
	SCAN_CUT, /* the bytes end, and fit so far */
};

struct scanner {
	const uint8_t *p, *end;
};

static bool starts(const uint8_t *p, const uint8_t *end, const char *with, size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, with, len) == 0;
}

static enum scan scan_literal(struct scanner *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++, s->p++) {
		if (s->p == s->end)
			return SCAN_CUT;
		if (*s->p != (uint8_t)text[i])
			return SCAN_MISMATCH;
	}
	return SCAN_OK;
}

/*
 * Bytes of the blank at p, 0 if there is none: those of isSpace in Go's
 * fmt/scan.go, but for the line feed, which the header may not hold.
 */
static size_t blank_len(const uint8_t *p, const uint8_t *end)
{
	static const char wide[][4] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
				       "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
				       "\xe2\x81\x9f", "\xe3\x80\x80"};

	if (p == end)
		return 0;
	if (*p < 0x80)
		return *p == ' ' || (*p >= '\t' && *p <= '\r' && *p != '\n');
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (starts(p, end, wide[i], strlen(wide[i])))
			return strlen(wide[i]);
	/* U+2000 to U+200A */
	return starts(p, end, "\xe2\x80", 2) && end - p > 2 && p[2] >= 0x80 && p[2] <= 0x8a ? 3 : 0;
}

static enum scan scan_blanks(struct scanner *s, size_t least)
{
	size_t n = 0;

	for (size_t len; (len = blank_len(s->p, s->end)) != 0; n++)
		s->p += len;
	if (n >= least)
		return SCAN_OK;
	return s->p == s->end ? SCAN_CUT : SCAN_MISMATCH;
}

static enum scan scan_number(struct scanner *s, uint32_t *number)
{
	uint64_t n = 0;
	const uint8_t *begin = s->p;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		n = n * 10 + (uint64_t)(*s->p - '0');
		if (n > UINT32_MAX)
			return SCAN_MISMATCH;
	}
	*number = (uint32_t)n;
	if (s->p != begin)
		return SCAN_OK;
	return s->p == s->end ? SCAN_CUT : SCAN_MISMATCH;
}

/* What Go's Fscanf makes of "go 1.%d trace\0\0\0" (internal/trace/version, ReadHeader). */
static enum scan scan_header(struct scanner *s, uint32_t *number)
{
	enum scan r = scan_literal(s, "go", 2);

	if (r == SCAN_OK)
		r = scan_blanks(s, 1);
	if (r == SCAN_OK)
		r = scan_literal(s, "1.", 2);
	if (r == SCAN_OK)
		r = scan_blanks(s, 0);
	if (r == SCAN_OK)
		r = scan_number(s, number);
	if (r == SCAN_OK)
		r = scan_blanks(s, 1);
	if (r == SCAN_OK)
		r = scan_literal(s, "trace\0\0\0", 8);
	return r;
}

static int fail_header(struct tt_error *err, enum scan how, const uint8_t *data, size_t avail)
{
	static const char go_text[] = "bad file format: not a Go execution trace?";
	char what[TT_GUESS_SIZE], front[TT_FRONT_SIZE];
	const uint8_t *at;

	if (how == SCAN_CUT && avail != 0)
		return tt_fail(err, TT_E_CUT_OFF, "%s\nit ends inside the header of a trace",
			       go_text);
	at = tt_front_end(data, data + avail);
	if (at != NULL) {
		tt_front_name(data, at, front);
		return tt_fail(err, TT_E_NOT_A_TRACE,
			       "%s\nthe trace begins at byte %zu, after %s; tracetool repair "
			       "takes it from there", go_text, (size_t)(at - data), front);
	}
	if (!tt_guess(data, data + avail, what))
		return tt_fail(err, TT_E_NOT_A_TRACE, "%s", go_text);
	return tt_fail(err, TT_E_NOT_A_TRACE, "%s\nit seems to be %s", go_text, what);
}

static int check_version(uint32_t number, struct tt_error *err)
{
	if (tt_version_is_v2(number) || tt_version_is_v1(number))
		return 0;
	if (number == 5 || number == 7 || number == 8 || number == 9 || number == 10)
		return tt_fail(err, TT_E_VERSION,
			       "unknown or unsupported trace version go 1.%u\n"
			       "it is a trace of Go 1.10 or older (of Go 1.%s), no longer read by "
			       "go tool trace: older than any version that it reads",
			       number, number == 5 ? "5 or 1.6" : number == 7 ? "7"
					       : number == 8 ? "8" : number == 9 ? "9" : "10");
	return tt_fail(err, TT_E_VERSION, "unknown or unsupported trace version go 1.%u", number);
}

int tt_header_read(struct tt_source *src, unsigned *version, struct tt_error *err)
{
	uint64_t begin = tt_source_offset(src);
	const uint8_t *data;
	size_t avail;
	uint32_t number = 0;
	struct scanner s;
	enum scan how;
	int rc = tt_source_peek(src, TT_HEADER_SIZE, &data, &avail, err);

	if (rc != 0)
		return rc;
	s = (struct scanner){data, data + avail};
	how = scan_header(&s, &number);
	if (how != SCAN_OK && avail >= TT_HEADER_SIZE) {
		rc = tt_source_peek(src, HEADER_MAX_NBYTES, &data, &avail, err);
		avail = avail < HEADER_MAX_NBYTES ? avail : HEADER_MAX_NBYTES;
		s = (struct scanner){data, data + avail};
		how = scan_header(&s, &number);
		if (how == SCAN_CUT && rc != 0)
			return rc;
		if (how == SCAN_CUT && avail == HEADER_MAX_NBYTES)
			how = SCAN_MISMATCH;
	}
	rc = how == SCAN_OK ? check_version(number, err) : fail_header(err, how, data, avail);
	if (rc != 0) {
		tt_error_at(err, how == SCAN_OK ? begin : begin + (uint64_t)(s.p - data));
		return rc;
	}
	tt_source_skip(src, (size_t)(s.p - data));
	*version = number;
	return 0;
}
