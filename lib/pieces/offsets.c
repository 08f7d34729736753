/* SPDX-License-Identifier: MIT */
/* offsets.c - places as differences: mostly two bytes for each. */
#include "pieces/offsets.h"

#include "wire/varint.h"

#define PLACES_PER_MARK 64

void tt_offsets_init(struct tt_offsets *o, struct tt_mem *mem)
{
	*o = (struct tt_offsets){.mem = mem};
}

void tt_offsets_release(struct tt_offsets *o)
{
	TT_ARRAY_RELEASE(o->mem, &o->bytes);
	TT_ARRAY_RELEASE(o->mem, &o->marks);
	tt_offsets_init(o, o->mem);
}

static bool add_numbers(struct tt_offsets *o, uint64_t a, uint64_t b)
{
	size_t want = o->bytes.n + 2 * TT_VARINT_MAX;

	if (want > o->bytes.cap &&
	    !tt_mem_grow(o->mem, &o->bytes.at, &o->bytes.cap, want, sizeof(*o->bytes.at)))
		return false;
	o->bytes.n = (size_t)(tt_varint_put(tt_varint_put(o->bytes.at + o->bytes.n, a), b) -
			      o->bytes.at);
	return true;
}

bool tt_offsets_add(struct tt_offsets *o, uint64_t to, uint64_t from)
{
	uint64_t more = to - o->to;

	if (o->n % PLACES_PER_MARK == 0) {
		if (!TT_ARRAY_ROOM(o->mem, &o->marks))
			return false;
		o->marks.at[o->marks.n++] = (struct tt_offsets_mark){to, from, o->bytes.n};
	} else if (!add_numbers(o, more, from - o->from - more)) {
		return false;
	}
	o->n++;
	o->to = to;
	o->from = from;
	return true;
}

/* The last mark that is not after `to`. */
static const struct tt_offsets_mark *mark_before(const struct tt_offsets *o, uint64_t to)
{
	size_t low = 0, high = o->marks.n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (o->marks.at[mid].to <= to)
			low = mid;
		else
			high = mid;
	}
	return &o->marks.at[low];
}

uint64_t tt_offsets_find(const struct tt_offsets *o, uint64_t to)
{
	const struct tt_offsets_mark *mark;
	struct tt_offsets_mark place;
	const uint8_t *p, *end;

	if (o->marks.n == 0)
		return to;
	mark = mark_before(o, to);
	place = *mark;
	if (o->bytes.n == 0)
		return place.from + (to - place.to);
	p = o->bytes.at + mark->at;
	end = mark + 1 < o->marks.at + o->marks.n ? o->bytes.at + mark[1].at
						  : o->bytes.at + o->bytes.n;
	while (p != end) {
		uint64_t more = tt_varint_trusted(&p), skipped = tt_varint_trusted(&p);

		if (place.to + more > to)
			break;
		place.to += more;
		place.from += more + skipped;
	}
	return place.from + (to - place.to);
}
