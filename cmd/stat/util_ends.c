/* SPDX-License-Identifier: MIT */
/* util_ends.c - how utilization begins and ends in a part of a trace. Command layer. */
#include "util_ends.h"

#include <stdlib.h>
#include <string.h>

bool util_piece_add(struct util_piece *piece, int64_t time_ns, double util)
{
	if (!array_room(&piece->at, &piece->cap, piece->n + 1, sizeof(*piece->at)))
		return false;
	piece->at[piece->n++] = (struct util_point){ time_ns, util };
	return true;
}

/* Adds what lies between two times, of points that begin no later than `from`. */
static bool add_between(struct util_piece *to, const struct util_point *at, size_t n, int64_t from,
			int64_t end)
{
	bool fine = true;
	size_t i = 0;

	while (i + 1 < n && at[i + 1].time_ns <= from)
		i++;
	for (; fine && i < n && at[i].time_ns < end; i++)
		fine = util_piece_add(to, at[i].time_ns > from ? at[i].time_ns : from, at[i].util);
	return fine;
}

static int64_t head_end(const struct util_ends *e)
{
	return e->to_ns - e->from_ns > UTIL_ENDS_NS ? e->from_ns + UTIL_ENDS_NS : e->to_ns;
}

static int64_t tail_start(const struct util_ends *e)
{
	return e->to_ns - e->from_ns > UTIL_ENDS_NS ? e->to_ns - UTIL_ENDS_NS : e->from_ns;
}

bool util_ends_set(struct util_ends *e, const struct util *u)
{
	const struct util_point *head = u->nhead > 0 ? u->head : u->points;
	size_t nhead = u->nhead > 0 ? u->nhead : u->n;

	if (u->n < 2 || u->broken)
		return true;
	e->from_ns = head[0].time_ns;
	e->to_ns = u->points[u->n - 1].time_ns;
	/* (the last point is the end, and no step) */
	return add_between(&e->head, head, u->nhead > 0 ? nhead : nhead - 1, e->from_ns, head_end(e)) &&
	       add_between(&e->tail, u->points, u->n - 1, tail_start(e), e->to_ns);
}

static bool is_piece_of(const struct util_piece *piece, int64_t from, int64_t to)
{
	if (piece->n == 0 || piece->at[0].time_ns != from || piece->at[piece->n - 1].time_ns > to)
		return false;
	for (size_t i = 0; i < piece->n; i++) {
		if (!(piece->at[i].util >= 0 && piece->at[i].util <= 1) ||
		    (i > 0 && piece->at[i].time_ns <= piece->at[i - 1].time_ns))
			return false;
	}
	return true;
}

bool util_ends_are_valid(const struct util_ends *e)
{
	if (e->head.n == 0 && e->tail.n == 0)
		return true;
	/* (a trace's times are not negative) */
	return e->from_ns >= 0 && e->from_ns < e->to_ns &&
	       is_piece_of(&e->head, e->from_ns, head_end(e)) &&
	       is_piece_of(&e->tail, tail_start(e), e->to_ns);
}

/* ---- two parts */

/* The lower minimum; of those that differ by rounding only, the first. */
static void keep_lower(struct util_minimum *m, const struct util_minimum *other)
{
	bool same = other->util < m->util + UTIL_SAME && other->util > m->util - UTIL_SAME;

	if (same ? other->at_ns < m->at_ns : other->util < m->util)
		*m = *other;
}

static bool is_as_long(const struct util_ends *e, int64_t window_ns)
{
	return e->to_ns - e->from_ns >= window_ns;
}

/* The end of one part and the beginning of the next as a function. False: no memory. */
static bool set_seam(struct util *seam, const struct util_ends *e, const struct util_ends *next)
{
	struct util_piece piece = { 0 };
	bool fine = add_between(&piece, e->tail.at, e->tail.n, tail_start(e), e->to_ns) &&
		    add_between(&piece, next->head.at, next->head.n, next->from_ns, head_end(next)) &&
		    util_piece_add(&piece, head_end(next), 0);

	*seam = (struct util){ .points = piece.at, .n = piece.n, .cap = piece.cap };
	return fine;
}

/* Which beginning and which end the two have together. False: no memory. */
static bool append_pieces(struct util_ends *e, const struct util_ends *next)
{
	struct util_ends both = { .from_ns = e->from_ns, .to_ns = next->to_ns };
	bool fine = add_between(&both.head, e->head.at, e->head.n, both.from_ns, head_end(e));

	if (fine && head_end(&both) > e->to_ns)
		fine = add_between(&both.head, next->head.at, next->head.n, next->from_ns, head_end(&both));
	if (fine && tail_start(&both) < e->to_ns)
		fine = add_between(&both.tail, e->tail.at, e->tail.n, tail_start(&both), e->to_ns);
	if (fine)
		fine = add_between(&both.tail, next->tail.at, next->tail.n,
				   tail_start(&both) > next->from_ns ? tail_start(&both) : next->from_ns,
				   next->to_ns);
	util_ends_release(e);
	*e = both;
	return fine;
}

bool util_ends_append(struct util_ends *e, const struct util_ends *next,
		      struct util_minimum *minima, const struct util_minimum *next_minima, size_t nwindows)
{
	struct util seam;
	bool fine;

	if (next->head.n == 0)
		return true;
	if (e->head.n == 0) {
		e->from_ns = next->from_ns;
		e->to_ns = next->to_ns;
		return add_between(&e->head, next->head.at, next->head.n, e->from_ns, head_end(e)) &&
		       add_between(&e->tail, next->tail.at, next->tail.n, tail_start(e), e->to_ns);
	}
	fine = set_seam(&seam, e, next);
	for (size_t i = 0; fine && i < nwindows; i++) {
		struct util_minimum m = { .window_ns = minima[i].window_ns };

		m.util = util_minimum(&seam, m.window_ns, &m.at_ns);
		if (is_as_long(e, m.window_ns))
			keep_lower(&m, &minima[i]);
		if (is_as_long(next, m.window_ns))
			keep_lower(&m, &next_minima[i]);
		minima[i] = m;
	}
	util_release(&seam);
	return fine && append_pieces(e, next);
}

void util_ends_release(struct util_ends *e)
{
	free(e->head.at);
	free(e->tail.at);
	memset(e, 0, sizeof(*e));
}
