/* SPDX-License-Identifier: MIT */
/*
 * trials.c - where a broken generation can be cut in more ways than one, each is tried, and the one
 * stays that keeps most: after events that lead to it or not, and after more or fewer events of the
 * batch in doubt. Stands on trim.c.
 */
#include "base/error.h"
#include "repair/repair.h"

/* ---- how the batch in doubt is read */

/* So many events of other batches at least have to show that a way to read it is better than what
 * its own events show; and one for which bytes of it have to be left out. */
#define NNEEDING 8
#define NNEEDING_SPLICE 32
/* So many trials are made of one generation; fewer where they would order more bytes, in all, than
 * this and the input up to there. */
#define MAX_TRIALS 48
#define FREE_NBYTES (16u << 20)

/* One way to read it. */
struct way {
	uint32_t floor;         /* so much stays of it, as far as it orders; 0: an estimate */
	uint32_t cut, resume;   /* these bytes of it are left out; resume 0: none */
	uint64_t nothers;       /* so many events of other batches stay then */
};

struct search {
	struct tt_repair *r;
	const struct tt_order *start;
	unsigned nleft;         /* so many trials are left */
	uint64_t nothers;       /* so many events are in other batches */
	uint64_t ndelayed;      /* so many events of others are, with the estimate */
	struct way tried, best;
};

static int trim_once(struct search *at, const struct way *way, struct tt_error *why)
{
	struct tt_salvage *s = &at->r->cur->salvage;
	int rc;

	s->doubt.floor = way->floor;
	rc = tt_salvage_trim(s, &at->r->pass, at->start, why);
	if (rc < 0)
		at->r->err = *why;
	at->tried = *way;
	at->tried.nothers = s->nkept - s->doubt.nconfirmed;
	/* no event of others comes later than it did because of a wrong time in this batch */
	if (way->floor != 0 && s->doubt.ndelayed > at->ndelayed)
		at->tried.nothers = 0;
	return rc;
}

/* The same of a generation that was cut before. */
static int trim_again(struct search *at, const struct way *way)
{
	struct tt_salvage *s = &at->r->cur->salvage;
	struct tt_error ignored;

	tt_salvage_recall(s);
	if ((way->resume != at->tried.resume || way->cut != at->tried.cut) &&
	    !tt_salvage_splice(s, way->cut, way->resume))
		return tt_repair_no_memory(at->r);
	return trim_once(at, way, &ignored);
}

/* Whether all events of other batches stay. */
static bool keeps_others(const struct search *at)
{
	return at->best.nothers == at->nothers;
}

/* Tries another way. It is the best one if at least so many more stay. */
static int try_way(struct search *at, const struct way *way, unsigned nmore)
{
	int rc = trim_again(at, way);

	at->nleft--;
	if (rc == TT_OK && at->tried.nothers >= at->best.nothers + nmore)
		at->best = at->tried;
	return rc;
}

/* Tries to keep the events up to `end`, and then to go on after the damage, in each way. */
static int try_end(struct search *at, uint32_t end, bool orders)
{
	const struct tt_salvage_doubt *d = &at->r->cur->salvage.doubt;
	const struct way all = {.floor = end};
	int rc = orders && at->nleft > 0 ? try_way(at, &all, NNEEDING) : TT_OK;

	for (unsigned i = 0; i < d->nresumes && rc == TT_OK; i++) {
		const struct way way = {.floor = UINT32_MAX, .cut = end, .resume = d->resumes[i]};

		if (at->nleft == 0 || keeps_others(at))
			break;
		if (way.cut < way.resume)
			rc = try_way(at, &way, NNEEDING_SPLICE);
	}
	return rc;
}

/*
 * Others may need more events in doubt than are likely to be true, or some after the damage. The
 * last ones of those that order may be others than were written, and stop what comes after them:
 * tries to keep all, all but the last 1, 2, 4, ..., and as many as were estimated.
 */
static int try_ends(struct search *at, uint32_t nestimated)
{
	const struct tt_salvage *s = &at->r->cur->salvage;
	size_t n = s->ends.n;
	int rc = TT_OK;

	for (size_t back = 0; back < n && at->nleft > 0 && !keeps_others(at) && rc == TT_OK;
	     back = back == 0 ? 1 : 2 * back)
		rc = try_end(at, s->ends.at[n - 1 - back], true);
	if (rc == TT_OK && at->nleft > 0 && !keeps_others(at))
		rc = try_end(at, nestimated, false);
	return rc;
}

/* The least that still keeps as many events of others as the best way. */
static int try_less(struct search *at)
{
	struct tt_salvage *s = &at->r->cur->salvage;
	size_t low = 0, high;
	int rc = TT_OK;

	if (at->best.resume != 0) {
		if (at->best.cut != at->tried.cut || at->best.resume != at->tried.resume ||
		    at->best.floor != at->tried.floor)
			rc = trim_again(at, &at->best);
		s->doubt.nkept = at->best.cut;
		tt_salvage_recall(s);
		if (rc == TT_OK && !tt_salvage_find_ends(s))
			return tt_repair_no_memory(at->r);
	}
	for (high = 0; high + 1 < s->ends.n && s->ends.at[high] < at->best.floor; high++)
		;
	while (low < high && at->nleft > 0 && rc == TT_OK) {
		struct way way = at->best;
		size_t mid = low + (high - low) / 2;

		way.floor = s->ends.at[mid];
		rc = try_way(at, &way, 0);
		if (at->tried.nothers < at->best.nothers)
			low = mid + 1;
		else
			high = mid;
	}
	return rc;
}

/*
 * How many trials of it are made: each orders it, which takes long if it is long. Where much of the
 * input is damaged, there are fewer.
 */
static unsigned ntrials(const struct tt_repair *r)
{
	uint64_t nbytes = r->cur->end - r->cur->offset, most = r->cur->end + FREE_NBYTES;
	uint64_t n = most > r->ntried_nbytes ? (most - r->ntried_nbytes) / (nbytes + 1) : 0;

	return n < MAX_TRIALS ? (unsigned)n : MAX_TRIALS;
}

/*
 * Cuts it to what orders from a state on. How many of the events in doubt stay is an estimate; but
 * where events of others need more of them, these stay, too. *best: how the batch in doubt is read.
 */
static int trim(struct tt_repair *r, const struct tt_order *start, struct way *best,
		struct tt_error *why)
{
	struct tt_salvage *s = &r->cur->salvage;
	struct search at = {.r = r, .start = start};
	const struct way estimate = {.floor = 0};
	uint32_t nestimated;
	unsigned n;
	int rc = trim_once(&at, &estimate, why);

	*best = at.best = at.tried;
	if (rc < 0 || s->doubt.batch == TT_NO_BATCH)
		return rc;
	at.nothers = s->nevents - s->doubt.nconfirmed;
	at.ndelayed = s->doubt.ndelayed;
	if (keeps_others(&at))
		return rc;
	at.nleft = n = ntrials(r);
	nestimated = s->doubt.nkept;
	if (!tt_salvage_find_ends(s))
		return tt_repair_no_memory(r);
	tt_salvage_recall(s);
	tt_salvage_find_resumes(s);
	rc = try_ends(&at, nestimated);
	if (rc == TT_OK && at.best.floor != 0)
		rc = try_less(&at);
	r->ntried_nbytes += (n - at.nleft) * (r->cur->end - r->cur->offset);
	*best = at.best;
	return rc < 0 ? rc : trim_again(&at, &at.best);
}

/* The same where it is known how the batch in doubt is read. */
static int trim_so(struct tt_repair *r, const struct tt_order *start, const struct way *way)
{
	struct search at = {.r = r, .start = start, .ndelayed = UINT64_MAX};
	struct tt_error ignored;

	tt_salvage_recall(&r->cur->salvage);
	return trim_once(&at, way, &ignored);
}

/* ---- events that lead to it */

/* From the state as it is, or after events that lead to it, if more of it stays then: *start says
 * which. */
static int trim_somehow(struct tt_repair *r, uint64_t number, struct way *way,
			const struct tt_order **start, struct tt_error *why)
{
	struct tt_salvage *s = &r->cur->salvage;
	uint64_t nkept;
	bool tears;
	int rc;

	*start = &r->start;
	rc = trim(r, &r->start, way, why);
	tears = rc == TT_OK && tt_repair_tears_state(r, number);
	if (rc < 0 || (s->nkept == s->nevents && !tears))
		return rc;
	nkept = s->nkept;
	tt_salvage_recall(s);
	rc = tt_repair_lead(r, &s->made);
	if (rc == TT_OK)
		rc = trim_so(r, &r->led, way);
	if (rc == TT_OK && (s->nkept > nkept || (tears && s->nkept == nkept))) {
		*start = &r->led;
		return rc;
	}
	if (rc < 0)
		return rc;
	r->synth.events.n = 0;
	return trim_so(r, &r->start, way);
}

/* So many bytes of the batch in doubt at least are ordered before that says something of it. */
#define NORDERED_MIN 64

/* Whether the events in doubt that stay are those that ordering confirms: not if they wait for what
 * is lost in other batches. */
static bool is_settled(const struct tt_salvage *s, const struct way *way)
{
	return way->floor != 0 || way->resume != 0 || s->doubt.nordered >= NORDERED_MIN;
}

int tt_trials_trim(struct tt_repair *r, uint64_t number, struct tt_error *why)
{
	struct tt_salvage *s = &r->cur->salvage;
	const struct tt_order *start;
	bool bridged;
	struct way way;
	int rc;

	if (!tt_salvage_remember(s))
		return tt_repair_no_memory(r);
	rc = trim_somehow(r, number, &way, &start, why);
	if (rc < 0 || s->nkept == s->nevents)
		return rc;
	rc = tt_repair_bridge(r, start, is_settled(s, &way), &bridged);
	if (rc < 0 || bridged)
		return rc;
	r->bridges.synth.events.n = 0;
	return trim_so(r, start, &way);
}
