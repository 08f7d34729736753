/* SPDX-License-Identifier: MIT */
/*
 * place.c - where in a batch in doubt bytes are missing or were added: where it is read from a
 * wrong place on, events are soon unusual, or cannot be decoded. Stands on usual.h.
 */
#include "repair/place.h"

#include <limits.h>

#include "repair/salvage_impl.h"
#include "repair/usual.h"

/* So many bytes of other batches show what is usual. */
#define LEARNED_NBYTES (256u << 10)
/* In eighths of a bit: at most so unusual is an event that was written. */
#define USUAL (-56)
/* All below is the same. */
#define LOWEST (-512)
/* Such an event is hardly ever one that was written, if it is so much stranger than others. */
#define STRANGE 64
#define STRANGER 80
/* So many events at the beginning of a batch may be unlike all others. */
#define NFIRST 64
/* So much an event that changes what ordering knows says against a place before it: one bit. Where
 * events are misread, ordering soon stops. */
#define TELLING_BITS 8
/* At most this many misread events are in order all the same. */
#define NORDERED 24
/* The same of events that change what ordering knows. */
#define NTELLING 16

static void learn_batch(struct tt_usual *u, const struct tt_salvage *s,
			const struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *end = p + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	tt_usual_begin(u);
	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
		tt_usual_count(u, &ev, dt);
}

/* From the batch, and some that were found before it. */
static void learn(struct tt_usual *u, const struct tt_salvage *s, const struct tt_event_batch *b)
{
	size_t nbytes = 0;

	for (size_t i = s->gen.batches.n; i-- > 0 && nbytes < LEARNED_NBYTES;) {
		const struct tt_event_batch *other = &s->gen.batches.at[i];

		if (other != b) {
			learn_batch(u, s, other);
			nbytes += other->size;
		}
	}
	learn_batch(u, s, b);
	u->own = 1;
}

/* Ordering shows whether the last number of the event is the one that was written. */
static bool ends_with_sequence(unsigned type)
{
	return type == TT_EV_GO_START || type == TT_EV_PROC_START || type == TT_EV_GO_SWITCH ||
	       type == TT_EV_GO_SWITCH_DESTROY;
}

static bool add_event(struct tt_doubted_events *events, const struct tt_salvage *s, uint32_t at,
		      unsigned type, struct tt_usual_score score)
{
	if (!TT_ARRAY_ROOM(s->mem, &events->list))
		return false;
	events->list.at[events->list.n++] = (struct tt_doubted_event){
		.at = at,
		.silent = tt_salvage_is_silent(type),
		.score = (int16_t)(score.all > LOWEST ? score.all : LOWEST),
		.proved = score.all <= USUAL && (score.proved || ends_with_sequence(type)),
	};
	return true;
}

static bool score_events(struct tt_doubted_events *events, struct tt_usual *u,
			 const struct tt_salvage *s, const struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *end = p + b->size, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	tt_usual_begin(u);
	for (; p < end; p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL)
			break;
		if (!add_event(events, s, (uint32_t)(p - b->data), ev.type,
			       tt_usual_score(u, &ev, dt, (size_t)(next - p))))
			return false;
	}
	return true;
}

/* So many events show whether a batch goes on at some place; one that does so within so many bytes
 * after the one where decoding stops. */
#define NSHOWING 12
#define RESUME_NBYTES 96
/* So much more unusual, for each event, is a place that is earlier than the most usual one. */
#define RESUME_SLACK 4

/* How unusual the next events are from there on, for each of them; INT_MAX: they cannot be read
 * past the place where decoding stops. */
static int score_from(struct tt_usual *u, const struct tt_salvage *s,
		      const struct tt_event_batch *b, uint32_t at)
{
	const uint8_t *p = b->data + at, *end = b->data + s->doubt.nbytes;
	struct tt_raw_event ev;
	const uint8_t *next;
	int sum = 0, n = 0;
	uint64_t dt;

	u->type = TT_USUAL_NONE;
	for (; p < end && (n < NSHOWING || p <= b->data + b->size); n++, p = next) {
		next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (next == NULL || tt_salvage_cannot_be(s, s->doubt.thread, &ev))
			return INT_MAX;
		sum += tt_usual_score(u, &ev, dt, (size_t)(next - p)).all;
	}
	return n == 0 ? INT_MAX : sum / n;
}

static void add_resume(struct tt_doubted_events *events, uint32_t at)
{
	for (unsigned i = 0; i < events->nresumes; i++)
		if (events->resumes[i] == at)
			return;
	if (events->nresumes < TT_NRESUMES)
		events->resumes[events->nresumes++] = at;
}

/* Where the batch goes on between these places: where it is most usual, and before that, where it
 * is nearly so. */
static void find_resumes(struct tt_doubted_events *events, struct tt_usual *u,
			 const struct tt_salvage *s, const struct tt_event_batch *b, uint32_t from,
			 uint32_t to)
{
	int scores[2 * RESUME_NBYTES], best = INT_MAX;
	uint32_t at;

	if (to > s->doubt.nbytes)
		to = s->doubt.nbytes;
	if (from + 2 * RESUME_NBYTES < to)
		from = to - 2 * RESUME_NBYTES;
	for (at = from; at < to; at++) {
		scores[at - from] = score_from(u, s, b, at);
		if (scores[at - from] < best)
			best = scores[at - from];
	}
	if (best >= 0)
		return;
	for (at = from; scores[at - from] > best + RESUME_SLACK; at++)
		;
	add_resume(events, at);
	for (; scores[at - from] > best; at++)
		;
	add_resume(events, at);
}

/* The same after the place where decoding stops, and after the one where ordering does. */
static void find_all_resumes(struct tt_doubted_events *events, struct tt_usual *u,
			     const struct tt_salvage *s, const struct tt_event_batch *b,
			     uint32_t nordered)
{
	size_t n = events->list.n, first = n > TT_NMISREAD ? n - TT_NMISREAD : 0;

	events->nresumes = 0;
	if (n == 0 || s->doubt.nbytes <= b->size)
		return;
	find_resumes(events, u, s, b, events->list.at[first].at + 1, b->size + RESUME_NBYTES);
	if (nordered <= events->list.at[first].at)
		find_resumes(events, u, s, b, nordered, nordered + RESUME_NBYTES);
}

bool tt_doubted_events_find(struct tt_doubted_events *events, const struct tt_salvage *s,
			    const struct tt_event_batch *b, uint32_t nordered)
{
	struct tt_usual usual;
	bool done;

	events->list.n = 0;
	events->ngood = 0;
	if (!tt_usual_init(&usual, s->mem, s->gen.specs))
		return false;
	learn(&usual, s, b);
	done = score_events(events, &usual, s, b);
	if (done)
		find_all_resumes(events, &usual, s, b, nordered);
	tt_usual_release(&usual);
	return done;
}

void tt_doubted_events_release(struct tt_doubted_events *events, const struct tt_salvage *s)
{
	TT_ARRAY_RELEASE(s->mem, &events->list);
}

/* The first event that does not begin before this. */
static size_t event_at(const struct tt_doubted_events *events, uint32_t at)
{
	size_t low = 0, high = events->list.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (events->list.at[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Back from event i over those that nothing proves, and one more: by chance it may look proved. */
static size_t last_proved(const struct tt_doubted_events *events, size_t i)
{
	for (unsigned n = 0; i > 0 && n < TT_NMISREAD && !events->list.at[i - 1].proved; n++)
		i--;
	return i > 0 ? i - 1 : 0;
}

/* The most unusual of these events; there is one. `bits`: so much each later one that changes what
 * ordering knows says against it. */
static size_t most_unusual(const struct tt_doubted_events *events, size_t begin, size_t end,
			   int bits)
{
	const struct tt_doubted_event *all = events->list.at;
	size_t most = end - 1;
	int against = 0, score = all[most].score;

	for (size_t i = end - 1; i-- > begin;) {
		against += all[i + 1].silent ? 0 : bits;
		if (all[i].score - against >= score) {
			score = all[i].score - against;
			most = i;
		}
	}
	return most;
}

/* Whether an event is strange, and much more so than `most`, that comes only after `end`. The first
 * ones of a batch may all be. */
static bool is_later(const struct tt_doubted_events *events, size_t most, size_t end)
{
	size_t begin = end < NFIRST ? NFIRST : end;
	int score;

	if (begin >= events->list.n)
		return false;
	score = events->list.at[most_unusual(events, begin, events->list.n, 0)].score;
	return score >= STRANGE && score - events->list.at[most].score >= STRANGER;
}

/* From where on events before `end` may be misread though they are in order. */
static size_t window(const struct tt_doubted_events *events, size_t end)
{
	size_t i = end;

	for (unsigned ntelling = 0; i > 0 && ntelling < NTELLING; i--)
		ntelling += !events->list.at[i - 1].silent;
	return end > NORDERED && i > end - NORDERED ? end - NORDERED : i;
}

/* From where on the place may be, before event `ordered` or among `end` events. */
static size_t begin_of(const struct tt_doubted_events *events, size_t ordered, size_t end,
		       enum tt_place near)
{
	bool far = near == TT_PLACE_BEFORE || near == TT_PLACE_ANYWHERE;
	size_t begin = far && end > NFIRST ? NFIRST : window(events, ordered);
	size_t good = event_at(events, events->ngood);

	return begin > good ? begin : good;
}

uint32_t tt_doubted_events_place(const struct tt_doubted_events *events, uint32_t nordered,
				 enum tt_place near)
{
	size_t n = events->list.n, ordered = event_at(events, nordered), place = n;
	size_t end = ordered + 2 < n ? ordered + 2 : n, begin;

	if (near == TT_PLACE_DECODING && ordered + TT_NMISREAD < n)
		return nordered;
	if (near != TT_PLACE_DECODING) {
		begin = begin_of(events, ordered, end, near);
		if (begin >= end)
			return nordered;
		place = most_unusual(events, begin, end,
				     near == TT_PLACE_ANYWHERE ? 0 : TELLING_BITS);
		if (near == TT_PLACE_WAITING && is_later(events, place, end))
			return nordered;
	}
	place = last_proved(events, place < ordered ? place : ordered);
	if (place < n && events->list.at[place].at < events->ngood && events->ngood <= nordered)
		return events->ngood;
	return place < n ? events->list.at[place].at : nordered;
}
