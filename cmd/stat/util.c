/* SPDX-License-Identifier: MIT */
/*
 * util.c - mutator utilization from events. Command layer.
 *
 * Where Go's own code is quirky, UTIL_LIKE_GO has it: a goroutine that was a mark worker
 * once is one for good, idle workers included; a processor whose number is too high ends the
 * analysis; and the last window may reach beyond the end of the trace (see beyond_end()).
 */
#include "util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is known about a goroutine, as a sum. */
enum { EXECUTING = 1, IN_ASSIST = 2, MARK_WORKER = 4 };

static bool executes(enum tt_state state)
{
	return state == TT_STATE_RUNNING || state == TT_STATE_SYSCALL;
}

static unsigned goroutine_of(const struct util *u, int64_t id)
{
	uint32_t what = id_map_find(&u->goroutines, (uint64_t)id);

	return what == NUMBER_NONE ? 0 : what;
}

static void set_goroutine(struct util *u, int64_t id, unsigned what)
{
	uint32_t *nmarked = &u->nmarked[(uint64_t)id % UTIL_NMARKS];
	unsigned was = goroutine_of(u, id);
	bool was_marked = (was & (IN_ASSIST | MARK_WORKER)) != 0;
	bool is_marked = (what & (IN_ASSIST | MARK_WORKER)) != 0;

	*nmarked += (uint32_t)is_marked - (uint32_t)was_marked;
	if (u->spans && was_marked != is_marked)
		tt_spans_watch(u->spans, id, is_marked);
	if (was != what && !id_map_set(&u->goroutines, (uint64_t)id, what))
		u->no_memory = true;
}

/* ---- the function */

static void fold(struct util *u);

/* So many points are kept before those that are not needed go. */
enum { FOLD_AT = 1 << 16 };

static bool push_point(struct util *u, int64_t time_ns, double util)
{
	if (!array_room(&u->points, &u->cap, u->n + 1, sizeof(*u->points))) {
		u->no_memory = true;
		return false;
	}
	u->points[u->n++] = (struct util_point){ time_ns, util };
	return true;
}

static void add_point(struct util *u, int64_t time_ns, double util)
{
	struct util_point *last = u->n > 0 ? &u->points[u->n - 1] : NULL;

	if (last && last->util == util)
		return;
	if (last && last->time_ns == time_ns) {
		if (util < last->util)
			last->util = util;
		return;
	}
	if (!push_point(u, time_ns, util))
		return;
	/* in the first generation earlier points may still be corrected */
	if (u->n % FOLD_AT == 0 && u->searches[0].window_ns > 0 && u->nsyncs > 1)
		fold(u);
}

static void add_current(struct util *u, int64_t time_ns)
{
	size_t gc = u->stw > 0 ? u->nps : u->nbusy;

	if (u->nps > 0 && !u->broken)
		add_point(u, time_ns, 1 - (double)gc / (double)u->nps);
}

/* A reason more or less for a processor to work for the collector. */
static void change_proc(struct util *u, int64_t proc, int by)
{
	int was;

	if (proc < 0 || (uint64_t)proc >= u->nps) {
		u->broken |= (u->flags & UTIL_LIKE_GO) != 0;
		return;
	}
	was = u->ps[proc];
	u->ps[proc] += by;
	if ((was > 0) != (u->ps[proc] > 0))
		u->nbusy += was > 0 ? (size_t)-1 : 1;
}

static void set_procs(struct util *u, int64_t time_ns, uint64_t n)
{
	/* no program has more; a number from a damaged trace must not take all memory */
	if (n > 1 << 20) {
		u->broken = true;
		return;
	}
	for (; u->nps > n; u->nps--)
		u->nbusy -= u->ps[u->nps - 1] > 0;
	if (!array_room(&u->ps, &u->ps_cap, (size_t)n, sizeof(*u->ps)) ||
	    !array_room(&u->changes, &u->changes_cap, u->nchanges + 1, sizeof(*u->changes))) {
		u->no_memory = true;
		return;
	}
	while (u->nps < n)
		u->ps[u->nps++] = 0;
	if (u->n == 0 && n > 0)
		add_point(u, time_ns, 1);
	if (u->nchanges == 0 || u->changes[u->nchanges - 1].n != n)
		u->changes[u->nchanges++] = (struct util_change){ time_ns, (size_t)n };
}

/* A processor worked for the collector from the start, as is found out now. */
static void correct_all(struct util *u)
{
	size_t c = 0;

	for (size_t i = 0; i < u->n; i++) {
		while (c + 1 < u->nchanges && u->changes[c + 1].time_ns < u->points[i].time_ns)
			c++;
		u->points[i].util -= 1 / (double)u->changes[c].n;
		if (u->points[i].util < 0)
			u->points[i].util = 0;
	}
}

/* ---- events */

static bool begins_with(struct tt_str s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && memcmp(s.data, what, len) == 0;
}

/* Which of the flags a range is about; 0: none. */
static unsigned flag_of(const struct tt_range *r)
{
	static const struct {
		const char *name;
		unsigned flag;
	} names[] = {
		{ "GC mark assist", UTIL_ASSIST },
		{ "GC incremental sweep", UTIL_SWEEP },
	};

	if (strcmp(r->name, "stop-the-world") == 0)
		return r->kind.data && memmem(r->kind.data, r->kind.len, "GC", 2) ? UTIL_STW : 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (r->kind.data == NULL && strcmp(r->name, names[i].name) == 0)
			return names[i].flag;
	}
	return 0;
}

/* Whether a range that goes on is that of a goroutine which is on no processor meanwhile. (Go
 * asks for the goroutine that says so, which is another one then, and counts the range.) */
static bool is_apart(const struct util *u, const struct tt_event *ev, const struct tt_range *r)
{
	struct tt_span now;

	return ev->kind == TT_KIND_RANGE_ACTIVE && !(u->flags & UTIL_LIKE_GO) &&
	       r->scope == TT_RESOURCE_GOROUTINE &&
	       !(tt_spans_open(u->spans, TT_SPAN_GOROUTINE, r->id, 0, &now) && executes(now.state));
}

/* Whether it says that a processor worked for the collector since the trace began. */
static bool tells_of_begin(const struct util *u, const struct tt_event *ev,
			   const struct tt_range *r)
{
	unsigned flag = flag_of(r) & u->flags;

	if (ev->kind != TT_KIND_RANGE_ACTIVE || u->nsyncs > 1)
		return false;
	return flag == UTIL_SWEEP ||
	       (flag == UTIL_ASSIST && (u->flags & UTIL_LIKE_GO
						? goroutine_of(u, ev->goroutine) & EXECUTING
						: !is_apart(u, ev, r)));
}

static void range_event(struct util *u, const struct tt_event *ev)
{
	const struct tt_range r = tt_event_range(ev);
	unsigned flag = flag_of(&r) & u->flags, what;
	int by = ev->kind == TT_KIND_RANGE_END ? -1 : 1;

	if (flag == 0 || (ev->kind == TT_KIND_RANGE_ACTIVE && u->nsyncs > 1))
		return;
	if (tells_of_begin(u, ev, &r))
		correct_all(u);
	if (flag == UTIL_STW) {
		u->stw += by;
		return;
	}
	if (!is_apart(u, ev, &r))
		change_proc(u, ev->proc, by);
	if (flag != UTIL_ASSIST || r.scope != TT_RESOURCE_GOROUTINE || r.id == TT_NONE)
		return;
	what = goroutine_of(u, r.id);
	set_goroutine(u, r.id, by > 0 ? what | IN_ASSIST : what & ~(unsigned)IN_ASSIST);
}

static void transition_event(struct util *u, const struct tt_event *ev)
{
	const struct tt_transition t = tt_event_transition(ev);
	unsigned what;
	bool was = executes(t.from), is = executes(t.to);

	if (t.resource != TT_RESOURCE_GOROUTINE)
		return;
	what = goroutine_of(u, t.id);
	if (what & (IN_ASSIST | MARK_WORKER) && was != is)
		change_proc(u, ev->proc, is ? 1 : -1);
	what &= ~(unsigned)EXECUTING;
	set_goroutine(u, t.id, is ? what | EXECUTING : what);
}

/* A goroutine that works for the collector comes to a processor, or leaves it. It works as what
 * its label says until it leaves: the next start has a label of its own. */
void util_span(struct util *u, const struct tt_span *ended)
{
	bool was = executes(ended->state), is;
	struct tt_span now;
	unsigned what;

	/* (nearly all are of others) */
	if (u->nmarked[(uint64_t)ended->id % UTIL_NMARKS] == 0 || u->nps == 0 ||
	    ended->flags & TT_SPAN_NOT_ENDED)
		return;
	what = goroutine_of(u, ended->id);
	if (!(what & (IN_ASSIST | MARK_WORKER)))
		return;
	is = tt_spans_open(u->spans, TT_SPAN_GOROUTINE, ended->id, 0, &now) && executes(now.state);
	if (was != is)
		change_proc(u, ended->end_proc, is ? 1 : -1);
	if (!is)
		set_goroutine(u, ended->id, what & ~(unsigned)MARK_WORKER);
	add_current(u, ended->end_ns);
}

static void label_event(struct util *u, const struct tt_event *ev)
{
	struct tt_str label = tt_event_label(ev);
	unsigned what;

	if (!(u->flags & UTIL_BACKGROUND) || !begins_with(label, "GC "))
		return;
	what = goroutine_of(u, ev->goroutine);
	if (label.len == 9 && begins_with(label, "GC (idle)")) {
		/* it marks only because the processor has nothing else to do */
		if (!(u->flags & UTIL_LIKE_GO) && what & MARK_WORKER) {
			set_goroutine(u, ev->goroutine, what & ~(unsigned)MARK_WORKER);
			change_proc(u, ev->proc, -1);
		}
		return;
	}
	if (!(u->flags & UTIL_LIKE_GO) && what & MARK_WORKER)
		return;
	set_goroutine(u, ev->goroutine, what | MARK_WORKER);
	change_proc(u, ev->proc, 1);
}

static void metric_event(struct util *u, const struct tt_event *ev)
{
	const struct tt_metric m = tt_event_metric(ev);

	if (strcmp(m.name, "/sched/gomaxprocs:threads") == 0)
		set_procs(u, ev->time_ns, m.value);
}

/* Of events that are most of a trace nothing is asked. */
static bool is_of_interest(const struct util *u, const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_TRANSITION)
		return (u->flags & UTIL_LIKE_GO) != 0;
	return ev->kind != TT_KIND_EXPERIMENTAL && ev->kind != TT_KIND_STACK_SAMPLE;
}

void util_event(struct util *u, const struct tt_event *ev)
{
	if (u->broken || !is_of_interest(u, ev))
		return;
	if (ev->kind == TT_KIND_SYNC)
		u->nsyncs = tt_event_sync(ev).n;
	else if (ev->kind == TT_KIND_METRIC)
		metric_event(u, ev);
	/* (until then Go passes over what goroutines do that are on no processor, too) */
	if (u->nps == 0 && u->flags & UTIL_LIKE_GO)
		return;
	switch (ev->kind) {
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		range_event(u, ev);
		break;
	case TT_KIND_TRANSITION:
		transition_event(u, ev);
		break;
	case TT_KIND_LABEL:
		label_event(u, ev);
		break;
	default:
		break;
	}
	add_current(u, ev->time_ns);
}

void util_event_after(struct util *u, const struct tt_event *ev)
{
	struct tt_range r;

	if (ev->kind == TT_KIND_SYNC)
		u->nsyncs = tt_event_sync(ev).n;
	if (ev->kind != TT_KIND_RANGE_ACTIVE || u->broken || u->n == 0)
		return;
	r = tt_event_range(ev);
	if (tells_of_begin(u, ev, &r))
		correct_all(u);
}

void util_begin_at(struct util *u, int64_t time_ns)
{
	if (u->n == 0)
		return;
	u->points[0] = (struct util_point){ time_ns, u->points[u->n - 1].util };
	u->n = 1;
	u->nhead = 0;
	u->sums = (struct util_sums){ .change = u->sums.change };
	for (size_t i = 0; i < UTIL_NSEARCHES; i++)
		u->searches[i] = (struct util_search){ .window_ns = u->searches[i].window_ns };
}

void util_finish(struct util *u, int64_t end_ns)
{
	if (u->nps == 0 || u->broken)
		return;
	add_point(u, end_ns, 0);
	/* (the end of the last pause is to be known, too, if the trace ends in it) */
	if (!(u->flags & UTIL_LIKE_GO) && u->n > 0 && u->points[u->n - 1].time_ns < end_ns)
		push_point(u, end_ns, 0);
}

void util_release(struct util *u)
{
	free(u->points);
	free(u->head);
	free(u->ps);
	free(u->changes);
	id_map_release(&u->goroutines);
}

/* ---- the minimum over windows */

static double advance(const struct util *u, struct util_place *p, int64_t time_ns)
{
	const struct util_point *at = u->points;

	while (p->i + 1 < u->n && at[p->i + 1].time_ns <= time_ns) {
		p->sum += at[p->i].util * (double)(at[p->i + 1].time_ns - at[p->i].time_ns);
		p->i++;
	}
	return p->sum + at[p->i].util * (double)(time_ns - at[p->i].time_ns);
}

/* When the function changes next. */
static int64_t next_change(const struct util *u, const struct util_place *p)
{
	return p->i + 1 < u->n ? u->points[p->i + 1].time_ns : INT64_MAX;
}

static void try_window(const struct util *u, struct util_search *s, int64_t time_ns)
{
	double mean = (advance(u, &s->right, time_ns + s->window_ns) - advance(u, &s->left, time_ns)) /
		      (double)s->window_ns;

	if (mean >= s->minimum - (u->flags & UTIL_LIKE_GO ? 0 : UTIL_SAME))
		return;
	s->minimum = mean;
	s->at_ns = time_ns;
}

static void begin_search(const struct util *u, struct util_search *s)
{
	if (s->begun)
		return;
	s->begun = true;
	s->minimum = 1;
	s->time_ns = s->at_ns = u->points[0].time_ns;
}

/*
 * Goes on with all windows that begin before `end`: those with an edge where the function
 * changes.
 */
static void search_until(const struct util *u, struct util_search *s, int64_t end)
{
	int64_t by_left, by_right;

	begin_search(u, s);
	while (s->time_ns < end) {
		try_window(u, s, s->time_ns);
		by_left = next_change(u, &s->left);
		by_right = next_change(u, &s->right);
		by_right = by_right == INT64_MAX ? by_right : by_right - s->window_ns;
		s->time_ns = by_left < by_right ? by_left : by_right;
	}
}

/*
 * Go looks for the minimum band by band, of a thousand of equal length. The last window that
 * it considers may begin with a band and so end up to a band's length after the trace, where
 * utilization is 0. The start of that window; INT64_MIN: there is none.
 */
static int64_t beyond_end(const struct util *u, int64_t window, int64_t end)
{
	int64_t start = u->points[0].time_ns;
	int64_t nbands = u->n < 1000 ? (int64_t)u->n : 1000;
	int64_t band = (u->points[u->n - 1].time_ns - start + nbands - 1) / nbands;
	int64_t n, last;

	if (band < 1)
		band = 1;
	n = nbands + 1 - (window + 2 * (band - 1)) / band + 1;
	last = start + (n - 1) * band;
	return n > 0 && last > end ? last : INT64_MIN;
}

/* The search that runs for this length, or a new one in *own. */
static struct util_search *search_of(struct util *u, int64_t window_ns, struct util_search *own)
{
	for (size_t i = 0; i < UTIL_NSEARCHES; i++) {
		if (u->searches[i].window_ns == window_ns)
			return &u->searches[i];
	}
	*own = (struct util_search){ .window_ns = window_ns };
	return own;
}

double util_minimum(struct util *u, int64_t window, int64_t *at)
{
	bool like_go = (u->flags & UTIL_LIKE_GO) != 0;
	struct util_search own, *s;
	int64_t end, length, beyond;

	if (at)
		*at = u->n > 0 ? u->points[0].time_ns : 0;
	if (u->broken)
		return NAN;
	if (u->n == 0)
		return 1;
	s = search_of(u, window, &own);
	length = u->points[u->n - 1].time_ns - u->points[0].time_ns;
	if (window > length && !s->begun)
		s->window_ns = window = length;
	if (window <= 0)
		return like_go ? NAN : u->points[0].util;
	end = u->points[u->n - 1].time_ns - window;
	search_until(u, s, end);
	try_window(u, s, end);
	beyond = like_go ? beyond_end(u, window, end) : INT64_MIN;
	if (beyond != INT64_MIN)
		try_window(u, s, beyond);
	if (at)
		*at = s->at_ns;
	return s->minimum < 0 ? 0 : s->minimum;
}

/* ---- points that nothing needs any more */

/* Adds the time from a point to the next, in which the number of processors may change. */
static void add_time(const struct util *u, size_t i, struct util_sums *sums)
{
	const struct util_change *at = u->changes;
	int64_t from = u->points[i].time_ns, end = u->points[i + 1].time_ns, to;
	double ns;

	for (; from < end; from = to) {
		while (sums->change + 1 < u->nchanges && at[sums->change + 1].time_ns <= from)
			sums->change++;
		to = sums->change + 1 < u->nchanges ? at[sums->change + 1].time_ns : end;
		to = to < end ? to : end;
		ns = (double)(to - from) * (double)at[sums->change].n;
		sums->busy_ns += (1 - u->points[i].util) * ns;
		sums->known_ns += ns;
	}
}

/* Copies the points of the time that util_ends.h needs. */
static void keep_head(struct util *u)
{
	int64_t end = u->points[0].time_ns + util_longest(u);

	while (u->nhead < u->n && u->points[u->nhead].time_ns < end)
		u->nhead++;
	if (array_room(&u->head, &u->head_cap, u->nhead, sizeof(*u->head)))
		memcpy(u->head, u->points, u->nhead * sizeof(*u->head));
	else
		u->no_memory = true;
}

static void fold(struct util *u)
{
	size_t keep = u->n - 1;

	for (size_t i = 0; i < UTIL_NSEARCHES; i++) {
		struct util_search *s = &u->searches[i];

		search_until(u, s, u->points[u->n - 1].time_ns - s->window_ns);
		keep = s->left.i < keep ? s->left.i : keep;
	}
	if (u->flags & UTIL_ENDS && u->nhead == 0 && keep > 0)
		keep_head(u);
	for (size_t i = 0; i < keep; i++)
		add_time(u, i, &u->sums);
	memmove(u->points, u->points + keep, (u->n - keep) * sizeof(*u->points));
	u->n -= keep;
	for (size_t i = 0; i < UTIL_NSEARCHES; i++) {
		u->searches[i].left.i -= keep;
		u->searches[i].right.i -= keep;
	}
}

int64_t util_longest(const struct util *u)
{
	int64_t longest = 0;

	for (size_t i = 0; i < UTIL_NSEARCHES; i++)
		longest = u->searches[i].window_ns > longest ? u->searches[i].window_ns : longest;
	return longest;
}

void util_sums(const struct util *u, double *collector_ns, double *all_ns)
{
	struct util_sums sums = u->sums;

	for (size_t i = 0; i + 1 < u->n; i++)
		add_time(u, i, &sums);
	*collector_ns = sums.busy_ns;
	*all_ns = sums.known_ns;
}
