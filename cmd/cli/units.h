/* SPDX-License-Identifier: MIT */
/*
 * units.h - counts, sizes and times as people read them, and the clock that runs are
 * measured with. Command layer.
 */
#ifndef CMD_CLI_UNITS_H
#define CMD_CLI_UNITS_H

#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* CLOCK_MONOTONIC. */
int64_t now_ns(void);

/* What makes a plural of a word with -s: "" for 1. */
static inline const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The same for a word that takes -es, as "batch". */
static inline const char *plural_es(uint64_t n)
{
	return n == 1 ? "" : "es";
}

/* "1 event", "2 events". */
char *put_count(char *p, uint64_t n, const char *what);

/* Rounded to a unit of 1000: "999 B", "3.4 kB", "56.1 MB", "106 kB". At most 7 bytes. */
char *put_nbytes(char *p, uint64_t nbytes);

enum { NBYTES_TEXT_SIZE = 8 };
/* The same, terminated. Returns text. */
const char *nbytes_text(char text[NBYTES_TEXT_SIZE], uint64_t nbytes);

/* Cut to a unit: "12ns", "3.4us", "56.7ms", "789s"; "0ns" for less than nothing. */
char *put_duration(char *p, int64_t ns);

/* Seconds with nine decimals. At most 21 bytes. */
char *put_seconds(char *p, int64_t ns);

#endif
