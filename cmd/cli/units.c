/* SPDX-License-Identifier: MIT */
/* units.c - counts, sizes and times as people read them. Command layer. */
#include "units.h"

#include <time.h>

#include "out.h"

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

char *put_count(char *p, uint64_t n, const char *what)
{
	p = put_u64(p, n);
	p = put_char(p, ' ');
	p = put_cstr(p, what);
	return put_cstr(p, plural(n));
}

char *put_nbytes(char *p, uint64_t nbytes)
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1000, tenths;
	unsigned i = 0;

	if (nbytes < 1000)
		return put_lit(put_u64(p, nbytes), " B");
	/* 999.5 of a unit would be rounded to 1000 */
	for (; nbytes / unit > 999 || (nbytes / unit == 999 && nbytes % unit >= unit / 2); i++)
		unit *= 1000;
	tenths = nbytes / unit * 10 + (nbytes % unit + unit / 20) / (unit / 10);
	if (tenths < 1000) {
		p = put_char(put_u64(p, tenths / 10), '.');
		p = put_u64(p, tenths % 10);
	} else {
		p = put_u64(p, (nbytes + unit / 2) / unit);
	}
	p = put_char(put_char(p, ' '), units[i]);
	return put_char(p, 'B');
}

const char *nbytes_text(char text[NBYTES_TEXT_SIZE], uint64_t nbytes)
{
	*put_nbytes(text, nbytes) = '\0';
	return text;
}

char *put_duration(char *p, int64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t n = ns < 0 ? 0 : (uint64_t)ns, rest = 0;
	unsigned unit = 0;

	while (n >= 1000 && unit < 3) {
		rest = n % 1000 / 100;
		n /= 1000;
		unit++;
	}
	p = put_u64(p, n);
	if (unit > 0 && n < 100)
		p = put_u64(put_char(p, '.'), rest);
	return put_cstr(p, units[unit]);
}

char *put_seconds(char *p, int64_t ns)
{
	uint64_t v = (uint64_t)ns;

	if (ns < 0) {
		p = put_char(p, '-');
		v = -v;
	}
	p = put_u64(p, v / NS_PER_SECOND);
	p = put_char(p, '.');
	return put_padded(p, v % NS_PER_SECOND, 9);
}
