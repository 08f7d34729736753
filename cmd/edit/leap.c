/* SPDX-License-Identifier: MIT */
/* leap.c - finds generations that are near before a window, by batches at a few places of the
 * file. Command layer. */
#include "leap.h"

/* A smaller file is looked at as a whole, in about a millisecond: so damage before the window, and
 * other traces in the file, are noticed. */
#define MIN_NBYTES (UINT64_C(64) << 20)
/* The last batch that is looked at begins so many bytes before the end. */
#define TAIL_NBYTES (UINT64_C(128) << 10)
/* A place is found to so many bytes: some batches that are looked at one after the other. */
#define NEAR_NBYTES (UINT64_C(1) << 20)
/* Batches that are looked at for a place, at most, and generations that the window may begin in. */
#define MOST_PROBES 40
#define MOST_LANDINGS 4

/* Where a batch begins, or a generation ends. */
struct spot {
	uint64_t offset, number;
	int64_t ns;
};

struct search {
	struct tt_reader *r;
	const struct window_begin *window;
	const struct tt_generation *first; /* until the reader moves */
	uint64_t first_number, frequency; /* of that */
	struct spot low;        /* it is before the window */
	struct spot high;       /* it is not, and if it has no number, nothing is known of it */
	struct spot seen[MOST_PROBES]; /* all that were looked at for that */
	unsigned nseen;
	bool is_lost;           /* what was found does not fit together */
};

static bool is_before_window(const struct window_begin *w, uint64_t number, int64_t ns)
{
	return number < w->number || (w->timed && ns < w->ns);
}

/* ---- where the window begins, about */

/* How much of what is between the two spots is before the window, if the trace is even. */
static double part_before(const struct search *s)
{
	const struct window_begin *w = s->window;

	return w->timed ? ((double)w->ns - (double)s->low.ns) /
				  ((double)s->high.ns - (double)s->low.ns)
			: ((double)w->number - (double)s->low.number) /
				  ((double)s->high.number - (double)s->low.number);
}

/* The next place: the first is at the end. Then it is where the window is in an even trace; or,
 * every other time, in the middle, since the trace may not be even. */
static uint64_t next_offset(const struct search *s, unsigned n)
{
	double part = 0.5;

	if (n == 0)
		return s->high.offset - TAIL_NBYTES;
	if (n % 2 != 0 && s->high.number != 0)
		part = part_before(s);
	/* (a time may be anything) */
	if (!(part > 0 && part < 1))
		part = 0.5;
	return s->low.offset + (uint64_t)(part * (double)(s->high.offset - s->low.offset));
}

static void probe(struct search *s, uint64_t offset)
{
	struct tt_batch_place place;
	struct spot spot;

	if (tt_reader_find_batch(s->r, offset, &place) != 0 || place.offset >= s->high.offset) {
		s->high.offset = offset;
		return;
	}
	spot = (struct spot){ offset, place.generation, tt_generation_ns(s->first, place.ticks) };
	s->seen[s->nseen++] = spot;
	s->is_lost |= spot.number < s->low.number ||
		      (s->high.number != 0 && spot.number > s->high.number);
	if (is_before_window(s->window, spot.number, spot.ns))
		s->low = spot;
	else
		s->high = spot;
}

static void narrow(struct search *s)
{
	for (unsigned n = 0; n < MOST_PROBES && !s->is_lost; n++) {
		/* (the window begins in the generation that both are in) */
		if (s->high.offset - s->low.offset <= NEAR_NBYTES ||
		    s->high.number == s->low.number)
			break;
		probe(s, next_offset(s, n));
	}
}

/* ---- the generations */

/* A place between these two that is shortly before the generation of this number. */
static uint64_t find_number(const struct search *s, uint64_t low, uint64_t high, uint64_t number)
{
	struct tt_batch_place place;

	for (unsigned i = 0; i < s->nseen; i++) {
		const struct spot *spot = &s->seen[i];

		if (spot->number < number && spot->offset > low)
			low = spot->offset;
		else if (spot->number >= number && spot->offset < high)
			high = spot->offset;
	}
	for (unsigned n = 0; n < MOST_PROBES && high - low > NEAR_NBYTES; n++) {
		uint64_t middle = low + (high - low) / 2;

		if (tt_reader_find_batch(s->r, middle, &place) == 0 && place.offset < high &&
		    place.generation < number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Skims the next generation: whether it is one of the same trace, and ends before the window. */
static bool next_is_early(struct search *s, const struct tt_generation **g)
{
	if (tt_reader_skim_generation(s->r, g) != 0)
		return false;
	s->is_lost |= tt_generation_frequency(*g) != s->frequency ||
		      tt_generation_number(*g) <= s->first_number ||
		      tt_generation_nexperimental(*g) != 0;
	return !s->is_lost && is_before_window(s->window, tt_generation_number(*g),
					       tt_generation_summary(*g).last_ns);
}

/* Goes to the generations after this place, if so many end before the window. */
static bool land(struct search *s, uint64_t place, unsigned ngenerations, uint64_t last,
		 struct landing *landing)
{
	const struct tt_generation *g;

	if (tt_reader_seek_generation(s->r, place) != 0)
		return false;
	for (unsigned i = 0; i < ngenerations; i++) {
		if (!next_is_early(s, &g))
			return false;
		landing->offsets[i] = tt_generation_offset(g);
		landing->ordinal = tt_generation_ordinal(g);
	}
	landing->next_offset = tt_generation_number(g) == last ? tt_generation_end(g) : 0;
	return true;
}

/* The window begins in the generation of the first batch that is not before it, or in one that ends
 * late. (What is damaged is met later, if it is before the window.) */
static bool find_landing(struct search *s, uint64_t begin, unsigned ngenerations,
			 struct landing *landing)
{
	/* (small generations may lie between the two) */
	bool is_known = s->high.number != 0 && s->high.number <= s->low.number + 1;
	uint64_t last = is_known ? s->high.number - 1 : s->low.number;

	for (unsigned n = 0; n < MOST_LANDINGS && !s->is_lost; n++, last--) {
		if (last < s->first_number + ngenerations)
			return false;
		if (land(s, find_number(s, begin, s->low.offset, last - ngenerations + 1),
			 ngenerations, is_known ? last : 0, landing))
			return true;
	}
	return false;
}

bool leap_to_window(struct tt_reader *r, const struct tt_generation *first,
		    const struct window_begin *window, unsigned ngenerations,
		    struct landing *landing)
{
	const uint64_t begin = tt_generation_end(first), ordinal = tt_generation_ordinal(first);
	struct search s = {
		.r = r,
		.window = window,
		.first = first,
		.first_number = tt_generation_number(first),
		.frequency = tt_generation_frequency(first),
		.low = { begin, tt_generation_number(first),
			 tt_generation_summary(first).last_ns },
		.high = { .offset = tt_reader_progress(r).in_total },
	};

	if (s.high.offset < MIN_NBYTES || s.high.offset - TAIL_NBYTES < begin ||
	    !is_before_window(window, s.low.number, s.low.ns))
		return false;
	narrow(&s);
	if (find_landing(&s, begin, ngenerations, landing))
		return true;
	tt_reader_go_to_generation(r, begin, ordinal + 1);
	return false;
}
