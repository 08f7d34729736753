/* SPDX-License-Identifier: MIT */
/* leap.c - finds generations that are near before a window, by probes at a few places of the
 * file. Command layer. */
#include "leap.h"

/* A smaller file is looked at as a whole, in about a millisecond: so damage before the window, and
 * other traces in the file, are noticed. */
#define MIN_NBYTES (UINT64_C(64) << 20)
/* If the window is so many generations away, all of them are looked at. */
#define NEAR 4
/* A probe is to be so many generations before the window: the one that it is in is left, and two
 * more have to end before it. */
#define AHEAD 3

/* A generation that was skimmed. */
struct spot {
	uint64_t offset, end, number, ordinal;
	int64_t begin_ns, end_ns; /* the earliest and the latest batch begin then */
};

struct search {
	struct tt_reader *r;
	const struct window_begin *window;
	uint64_t frequency;     /* of the trace's clock */
	struct spot low, next;  /* one after the other, they end before the window */
	uint64_t high;          /* none that begins after this offset is such a one; */
	struct spot above;      /* one of these that does not end before it, if it has a number */
	bool is_lost;           /* what was found does not fit together */
};

static struct spot spot_of(const struct tt_generation *g)
{
	struct tt_generation_summary s = tt_generation_summary(g);

	return (struct spot){
		.offset = tt_generation_offset(g),
		.end = tt_generation_end(g),
		.number = tt_generation_number(g),
		.ordinal = tt_generation_ordinal(g),
		.begin_ns = s.first_ns,
		.end_ns = s.last_ns,
	};
}

/* ---- how far it is */

static bool is_early(const struct window_begin *w, const struct spot *s)
{
	return s->number < w->number || (w->timed && s->end_ns < w->ns);
}

/* From one generation to another, in what the window is chosen by. */
static double distance(const struct window_begin *w, const struct spot *from, const struct spot *to)
{
	return w->timed ? (double)to->end_ns - (double)from->end_ns
			: (double)to->number - (double)from->number;
}

static double distance_to_window(const struct window_begin *w, const struct spot *from)
{
	return w->timed ? (double)w->ns - (double)from->end_ns
			: (double)w->number - (double)from->number;
}

static bool is_near(const struct search *s)
{
	const struct spot *low = &s->low;
	double length = s->window->timed ? (double)low->end_ns - (double)low->begin_ns : 1;

	return distance_to_window(s->window, low) <= NEAR * length ||
	       s->high - low->end <= NEAR * (low->end - low->offset);
}

/* Where the next probe is to be: where the window would be if the trace were even; or, every
 * other time, in the middle, since it may not be. The first is at the end. */
static uint64_t next_offset(const struct search *s, unsigned n)
{
	uint64_t room = s->high - s->low.end, ahead = AHEAD * (s->low.end - s->low.offset);
	double part = 0.5;

	if (n == 0)
		return s->high - ahead;
	if (n % 2 != 0 && s->above.number != 0)
		part = distance_to_window(s->window, &s->low) /
		       distance(s->window, &s->low, &s->above);
	/* (a time may be anything) */
	if (!(part > 0 && part < 1))
		part = 0.5;
	room = (uint64_t)(part * (double)room);
	return s->low.end + (room > ahead ? room - ahead : room / 2);
}

/* ---- the search */

/* Whether a generation is one of the same trace, between those that are known. */
static bool fits(const struct search *s, const struct tt_generation *g)
{
	uint64_t number = tt_generation_number(g);

	return tt_generation_frequency(g) == s->frequency && number > s->low.number &&
	       tt_generation_nexperimental(g) == 0 &&
	       (s->above.number == 0 || number <= s->above.number);
}

/* Skims the next generation: whether it ends before the window. One that does not is above. */
static bool next_is_early(struct search *s, struct spot *found)
{
	const struct tt_generation *g;

	if (tt_reader_skim_generation(s->r, &g) != 0 || tt_generation_offset(g) >= s->high)
		return false;
	s->is_lost |= !fits(s, g);
	*found = spot_of(g);
	if (is_early(s->window, found))
		return true;
	s->above = *found;
	return false;
}

/* (What is damaged is met later, if it is before the window.) */
static void probe(struct search *s, uint64_t offset)
{
	struct spot found, next;

	if (tt_reader_seek_generation(s->r, offset) == 0 && next_is_early(s, &found) &&
	    next_is_early(s, &next)) {
		s->low = found;
		s->next = next;
	} else {
		s->high = offset;
	}
}

bool leap_to_window(struct tt_reader *r, const struct tt_generation *first,
		    const struct window_begin *window, struct landing *landing)
{
	struct search s = {
		.r = r,
		.window = window,
		.frequency = tt_generation_frequency(first),
		.low = spot_of(first),
		.high = tt_reader_progress(r).in_total,
	};
	const struct spot start = s.low;

	if (s.high < MIN_NBYTES || !is_early(window, &s.low) || s.high < s.low.end || is_near(&s) ||
	    tt_reader_go_to_generation(r, start.end, start.ordinal + 1) != 0)
		return false;
	for (unsigned n = 0; !s.is_lost && !is_near(&s); n++)
		probe(&s, next_offset(&s, n));
	*landing = (struct landing){ s.low.offset, s.next.offset, s.next.ordinal };
	if (!s.is_lost && s.low.number != start.number &&
	    tt_reader_go_to_generation(r, s.next.end, s.next.ordinal + 1) == 0)
		return true;
	tt_reader_go_to_generation(r, start.end, start.ordinal + 1);
	return false;
}
