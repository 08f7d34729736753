/* SPDX-License-Identifier: MIT */
/* signature.c - "go 1.NN trace" and three NULs, wherever they are. */
#include "wire/signature.h"

#include <string.h>

#include "wire/format.h"

static bool starts(const uint8_t *p, const uint8_t *end, const char *with, size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, with, len) == 0;
}

bool tt_signature_is_here(const uint8_t *p, const uint8_t *end, unsigned *version)
{
	const uint8_t *q = p + 5;

	if (p == end || *p != 'g' || !starts(p, end, "go 1.", 5))
		return false;
	for (*version = 0; q < end && q < p + 8 && *q >= '0' && *q <= '9'; q++)
		*version = *version * 10 + (unsigned)(*q - '0');
	return q > p + 5 && starts(q, end, " trace\0\0\0", (size_t)(p + TT_HEADER_SIZE - q));
}

bool tt_signature_is_cut(const uint8_t *p, const uint8_t *end)
{
	static const char rest[] = " trace\0\0";
	size_t n = (size_t)(end - p), digits = 0;

	if (n < 5 || n >= TT_HEADER_SIZE || !starts(p, end, "go 1.", 5))
		return false;
	for (p += 5; p < end && digits < 3 && *p >= '0' && *p <= '9'; p++)
		digits++;
	return p == end || (digits != 0 && (size_t)(end - p) < sizeof(rest) &&
			    memcmp(p, rest, (size_t)(end - p)) == 0);
}
