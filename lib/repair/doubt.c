/* SPDX-License-Identifier: MIT */
/*
 * doubt.c - the batch before a place where the framing breaks: whether its bytes are those that
 * were written is known when the next batch is found. Stands on batches.c.
 */
#include <string.h>

#include "repair/salvage_impl.h"

/* How long an event or a record may be, of which the end is not seen. */
static size_t longest(enum tt_content content)
{
	return content == TT_CONTENT_EVENTS ? TT_EVENT_MAX_SIZE : 3072;
}

/* The last batch of the list is in doubt from now on; `after` follows it. */
void tt_salvage_doubt_last(struct tt_salvage *s, const uint8_t *after, size_t nafter)
{
	s->doubtful = s->list.n - 1;
	s->nafter = nafter < TT_SALVAGE_AFTER ? nafter : TT_SALVAGE_AFTER;
	if (s->nafter != 0)
		memcpy(s->after, after, s->nafter);
}

/* How many of the bytes kept after a batch are before `next`. */
static size_t nafter(const struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t n = next - (b->head.data_offset + b->head.size);

	return n < s->nafter ? (size_t)n : s->nafter;
}

/* Those without a mark at their end, which is no batch that is searched for. */
static size_t own_after(const struct tt_salvage *s, const struct tt_salvaged_batch *b,
			uint64_t next)
{
	size_t n = nafter(s, b, next);
	bool has_mark = n > 0 && tt_version_has_end_marks(s->version) &&
			s->after[n - 1] == TT_EV_END_OF_GENERATION;

	return has_mark ? n - 1 : n;
}

/* As tt_content_reach_on(), but an event that no spec defines ends it, since bytes that were added
 * begin with such a type as often as not, and so does one that cannot be. */
static size_t reach_on(const struct tt_salvage *s, const struct tt_salvaged_batch *b,
		       const uint8_t *data, size_t nbytes)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	const uint8_t *p = data, *end = data + nbytes, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	if (content != TT_CONTENT_EVENTS)
		return tt_content_reach_on(content, &s->plan, data, nbytes);
	while (p < end && (next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL &&
	       !tt_salvage_cannot_be(s, b->head.thread, &ev))
		p = next;
	return (size_t)(p - data);
}

/* The same of a batch, from its beginning on. */
static size_t reach(const struct tt_salvage *s, enum tt_content content,
		    const struct tt_salvaged_batch *b)
{
	return content == TT_CONTENT_EVENTS
		       ? reach_on(s, b, b->head.data, b->nown)
		       : tt_content_reach(content, &s->plan, b->head.data, b->nown);
}

/*
 * Whether all up to `next` can be read as one batch: then its size is wrong, and somewhere in it
 * bytes were added or lost.
 */
static bool reads_on(const struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	size_t n = own_after(s, b, next);
	uint8_t rest[2 * TT_SALVAGE_AFTER];
	size_t nread = reach(s, content, b), nrest, slack = 0;

	if (b->nown < b->head.size)
		return b->nown - nread < TT_SALVAGE_NEAR;
	nrest = b->head.size - nread;
	if (nrest > TT_SALVAGE_AFTER)
		return false;
	if (nafter(s, b, next) < next - (b->head.data_offset + b->head.size) &&
	    s->nafter == TT_SALVAGE_AFTER)
		slack = longest(content);
	memcpy(rest, b->head.data + nread, nrest);
	memcpy(rest + nrest, s->after, n);
	nrest += n;
	nread = reach_on(s, b, rest, nrest);
	return nrest - nread <= slack ||
	       (tt_content_is_table(content) && nrest - nread < TT_SALVAGE_NEAR);
}

/* Whether a batch in doubt is as it was written, as far as can be seen. */
static bool is_credible(const struct tt_salvage *s, const struct tt_salvaged_batch *b,
			uint64_t next)
{
	enum tt_content content = tt_content_of(&b->head, s->version);

	if (b->cut)
		return next == TT_UNKNOWN &&
		       tt_content_breaks_off(content, &s->plan, b->head.data, b->head.size);
	/* nothing is known of the data of an experiment */
	if (next < b->head.data_offset + b->head.size || content == TT_CONTENT_ANY ||
	    reach(s, content, b) != b->head.size)
		return false;
	/* a few bytes between a table and the mark: they may be its own */
	if (tt_content_is_table(content) && own_after(s, b, next) < nafter(s, b, next))
		return own_after(s, b, next) == 0;
	/* where a few bytes were lost or added, events are soon read again that look good, but have
	   other times: then what follows can be read, too */
	return (s->nafter == 0 && content != TT_CONTENT_EVENTS) || !reads_on(s, b, next);
}

/* The next batch that makes sense begins inside of it: what is from there on is not its own. */
static void shorten(struct tt_salvage *s, struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t end = b->head.data_offset + b->head.size;

	if (next >= end)
		return;
	b->nown = next > b->head.data_offset ? (uint32_t)(next - b->head.data_offset) : 0;
	s->end_offset = next;
}

/* What is known of the damage to a batch of events. */
static void note_doubt(struct tt_salvage *s, const struct tt_salvaged_batch *b, uint64_t next)
{
	uint64_t end = b->head.data_offset + b->head.size + b->nlacking;

	s->doubt.nmissing = b->nlacking;
	s->doubt.shortened = b->nown < b->head.size;
	if (next != TT_UNKNOWN)
		s->doubt.nmissing = next > end ? next - end : end - next;
}

int tt_salvage_settle(struct tt_salvage *s, uint64_t next, struct tt_error *err)
{
	struct tt_salvaged_batch *b;
	enum tt_content content;
	bool credible;
	int rc;

	if (s->doubtful == TT_NO_DOUBT)
		return TT_OK;
	b = &s->list.at[s->doubtful];
	content = tt_content_of(&b->head, s->version);
	s->doubtful = TT_NO_DOUBT;
	b->doubted = true;
	credible = is_credible(s, b, next);
	/* where bytes were added near its end, its last event may be read from a wrong place on,
	   and what follows it be its own */
	b->suspect = credible && content == TT_CONTENT_EVENTS && own_after(s, b, next) != 0;
	shorten(s, b, next);
	if (content == TT_CONTENT_EVENTS)
		note_doubt(s, b, next);
	/* if all of a table can be read, the damage is in any of its records; but strings are
	   numbered in order, and each says where it ends */
	if (!credible && (b->nown == 0 || (content != TT_CONTENT_EVENTS &&
					   content != TT_CONTENT_STRINGS && reads_on(s, b, next))))
		rc = tt_salvage_drop(s, b, err);
	else
		rc = tt_salvage_file(s, b, !credible, err);
	if (b->nown != b->head.size)
		tt_salvage_note_gap(s);
	return rc;
}
