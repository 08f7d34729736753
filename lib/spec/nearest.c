/* SPDX-License-Identifier: MIT */
/* nearest.c - the known word that a misspelt one is most like. Stands on nothing. */
#include "spec/parse.h"

#include <string.h>

/* Words longer than this are like no other. */
#define MAX_LIKE 40
/* No more changes than this are taken for a slip. */
#define MAX_SLIPS 3

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, drop, replace or swap with their neighbour to make one
 * word of the other (optimal string alignment); case does not count.
 */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][MAX_LIKE + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= nb; j++)
		above[j] = (unsigned)j;
	for (i = 1; i <= na; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= nb; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = min_of(above[j - 1] + !same, 1 + min_of(above[j], row[j - 1]));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = min_of(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

const char *tt_spec_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strnlen(word, MAX_LIKE + 1);
	unsigned best = min_of((unsigned)(len + 2) / 3, MAX_SLIPS) + 1;
	const char *nearest = NULL;
	size_t i;

	if (len > MAX_LIKE)
		return NULL;
	best = min_of(best, (unsigned)len);
	for (i = 0; i < n; i++) {
		size_t clen = strlen(candidates[i]);
		unsigned d;

		if (clen > len + MAX_SLIPS || len > clen + MAX_SLIPS || clen > MAX_LIKE)
			continue;
		d = distance(word, len, candidates[i], clen);
		if (d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
