/* SPDX-License-Identifier: MIT */
/*
 * pass.c - from event to event: what is done for each one, from its bytes to a caller or
 * a count. Stands on order.
 */
#include "event/pass.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"

/* ---- a pass */

/* Whether tt_direct_run() may count events of a type that is not watched, or not any more. */
static uint8_t direct_rule(const struct tt_pass *p, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(p->specs, type);
	const struct tt_fast_type *fast = &p->order.fast[type];
	bool no_ids = fast->stack == TT_ARG_ZERO && fast->string == TT_ARG_ZERO;

	if (fast->more_ids || fast->nargs > TT_DIRECT_MAX_ARGS)
		return TT_FAST_NONE;
	if (p->briefs)
		return tt_fast_has_shape(fast->rule) ? fast->rule : TT_FAST_NONE;
	if (p->kept != NULL && def != NULL && def->spec.kind == TT_KIND_EXPERIMENTAL)
		return fast->rule == TT_FAST_IN_CONTEXT && no_ids ? TT_FAST_KEPT : TT_FAST_NONE;
	if (fast->rule == TT_FAST_IN_CONTEXT && no_ids && fast->refers == TT_ARG_ZERO)
		return TT_FAST_UNREAD;
	return fast->rule;
}

static void set_type(struct tt_pass *p, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(p->specs, type);
	struct tt_fast_type *fast = &p->order.fast[type];

	fast->refers = TT_ARG_ZERO;
	fast->refers_end = 1;
	fast->direct = direct_rule(p, type);
	if (def != NULL && tt_findings_watch(p, def))
		p->watched[p->nwatched++] = (uint8_t)type;
	if (def != NULL && def->spec.kind == TT_KIND_STACK_SAMPLE)
		p->sample_spec = &def->spec;
}

/* From the specs, as the order has them. */
static void set_types(struct tt_pass *p)
{
	p->nwatched = 0;
	for (unsigned type = 0; type < 256; type++)
		set_type(p, type);
}

void tt_pass_init(struct tt_pass *p, struct tt_mem *mem, const struct tt_specs *specs,
		  unsigned version)
{
	memset(p, 0, sizeof(*p));
	p->mem = mem;
	p->specs = specs;
	p->version = version;
	tt_merge_init(&p->merge, mem, specs);
	tt_order_init(&p->order, mem, specs, version);
	set_types(p);
	tt_error_clear(&p->err);
}

void tt_pass_keep(struct tt_pass *p, struct tt_kept *kept)
{
	p->kept = kept;
	set_types(p);
}

void tt_pass_set_briefs(struct tt_pass *p, bool briefs)
{
	p->briefs = briefs;
	set_types(p);
}

void tt_pass_release(struct tt_pass *p)
{
	tt_order_release(&p->order);
	tt_merge_release(&p->merge);
	tt_findings_release(p);
}

void tt_pass_specs_changed(struct tt_pass *p)
{
	tt_decode_plan_init(&p->merge.cursors.plan, p->specs);
	tt_order_specs_changed(&p->order);
	set_types(p);
}

static void forget_kept(struct tt_pass *p)
{
	if (p->kept != NULL)
		p->kept->next = p->kept->n = 0;
}

void tt_pass_clear(struct tt_pass *p)
{
	forget_kept(p);
	tt_merge_clear(&p->merge);
	p->gen = NULL;
}

void tt_pass_take(struct tt_pass *p, const struct tt_generation *gen)
{
	p->gen = gen;
	tt_error_clear(&p->err);
	tt_findings_begin_generation(p);
}

/* Each event of a type that is watched is looked at, and so not counted unseen, until one
 * was: see look_at(). */
static void watch(struct tt_pass *p)
{
	for (unsigned i = 0; i < p->nwatched; i++) {
		struct tt_fast_type *fast = &p->order.fast[p->watched[i]];

		fast->direct = TT_FAST_NONE;
		fast->refers = TT_ARG_ZERO;
		fast->refers_end = 0;
	}
}

int tt_pass_begin(struct tt_pass *p)
{
	watch(p);
	tt_order_begin_generation(&p->order, p->gen);
	return tt_merge_begin(&p->merge, p->gen, &p->err);
}

/* ---- what is seldom done */

/* A sample is not validated: Go does so neither. Its time is its first argument. */
static int take_sample(struct tt_pass *p, const struct tt_event **ev)
{
	const struct tt_sample *s = tt_merge_sample(&p->merge);
	const uint64_t args[] = {(uint64_t)s->time_ns, (uint64_t)s->thread, (uint64_t)s->proc,
				 (uint64_t)s->goroutine, s->stack};

	memcpy(p->sample_args, args, sizeof(args));
	p->sample = (struct tt_event){
		.raw_time_ns = s->time_ns,
		.thread = s->thread,
		.proc = s->proc,
		.goroutine = s->goroutine,
		.offset = p->gen->offset,
		.generation = p->gen,
		.spec = p->sample_spec,
		.args = p->sample_args,
		.kind = TT_KIND_STACK_SAMPLE,
	};
	tt_pass_stamp(p, &p->sample);
	tt_findings_event(p, &p->sample);
	*ev = &p->sample;
	return TT_OK;
}

/* The error of an argument that names a table entry which is not there. */
static int no_such_id(struct tt_pass *p, const struct tt_event *ev, int code, uint64_t id)
{
	tt_fail(&p->err, code, "found invalid %s ID %llu for event %s",
		code == TT_E_EVENT_STACK ? "stack" : "string", (unsigned long long)id,
		ev->spec->name);
	p->err.offset = ev->offset;
	p->err.event_type = ev->spec->type;
	tt_error_in_batch(&p->err, TT_UNKNOWN, p->gen->number, ev->thread);
	return -code;
}

/* In the order in which Go looks for them. */
int tt_pass_check_ids(struct tt_pass *p, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);

	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = ev->args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&p->gen->stack_ids, id) == TT_IDMAP_NONE)
			return no_such_id(p, ev, TT_E_EVENT_STACK, id);
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = ev->args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&p->gen->string_ids, id) == TT_IDMAP_NONE)
			return no_such_id(p, ev, TT_E_EVENT_STRING, id);
	}
	return TT_OK;
}

static bool is_entry(const struct tt_idmap *ids, uint64_t id)
{
	return id == 0 || tt_idmap_find(ids, id) != TT_IDMAP_NONE;
}

/* Whether an event of the batch names a table entry that is not there. */
static bool lacks_entries(const struct tt_pass *p, const struct tt_event_batch *b)
{
	const uint8_t *at = b->data, *end = b->data + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	while (at < end) {
		const struct tt_event_def *def;

		at = tt_raw_event_decode(&p->merge.cursors.plan, at, end, &ev, &dt);
		if (at == NULL)
			return false;
		def = tt_specs_def(p->specs, ev.type);
		for (unsigned i = 0; i < def->nstacks; i++)
			if (!is_entry(&p->gen->stack_ids, ev.args[def->stack_args[i]]))
				return true;
		for (unsigned i = 0; i < def->nstrings; i++)
			if (!is_entry(&p->gen->string_ids, ev.args[def->string_args[i]]))
				return true;
	}
	return false;
}

static bool any_lacks_entries(const struct tt_pass *p)
{
	for (size_t i = 0; i < p->gen->batches.n; i++)
		if (lacks_entries(p, &p->gen->batches.at[i]))
			return true;
	return false;
}

/* Whether the table that Go writes last is not there at all: then batches of events may be missing
 * that other threads wait for. */
static bool waits_for_lost(const struct tt_pass *p, const struct tt_error *err)
{
	return err->code == TT_E_STUCK && p->gen->strings.n == 0;
}

void tt_pass_blame_cut(const struct tt_pass *p, uint64_t end, struct tt_error *err)
{
	if (p->like_go || !p->gen->lacks_tables || err->system)
		return;
	if (waits_for_lost(p, err) || any_lacks_entries(p))
		tt_generation_blame_cut(p->gen, end, err);
}

/* All table entries that an event names; and what ordering thinks of its resources. */
static int check_all(struct tt_pass *p, const struct tt_event *ev)
{
	int rc = tt_pass_check_ids(p, ev);

	if (rc == TT_OK && ev->spec->norders > 0)
		tt_findings_resources(p, ev);
	return rc;
}

/* What the head of a thread waits for. One that was tried waits still: trying it again changes
 * nothing, and says why. */
static void find_why(struct tt_pass *p, struct tt_cursor *c)
{
	if (c == p->merge.untried) {
		snprintf(p->why, sizeof(p->why), "not known: like Go's reader, this one tries "
						 "no event of this thread here");
		return;
	}
	p->why[0] = '\0';
	p->order.why = p->why;
	p->order.why_size = sizeof(p->why);
	tt_order_try(&p->order, c->thread, &c->m, c->head);
	p->order.why = NULL;
}

bool tt_pass_waiting(struct tt_pass *p, size_t i, struct tt_waiting *out)
{
	struct tt_cursor *c;

	if (i >= p->merge.heap.n)
		return false;
	c = p->merge.heap.at[i].of.item;
	find_why(p, c);
	*out = (struct tt_waiting){
		.thread = c->thread,
		.time_ns = c->head->time_ns,
		.offset = c->head->offset,
		.spec = tt_specs_event(p->specs, c->head->type),
		.args = c->head->args,
		.why = p->why,
	};
	return true;
}

/* ---- what is done for each event */

/* An event that may be a finding. Others of its type need no look from now on, if they can
 * be none in this generation. */
static __attribute__((noinline)) void look_at(struct tt_pass *p, const struct tt_event *ev)
{
	struct tt_fast_type *fast = &p->order.fast[ev->spec->type];

	tt_findings_event(p, ev);
	if (tt_findings_seen(p, tt_event_def_of(ev->spec), &fast->refers, &fast->refers_end))
		fast->direct = direct_rule(p, ev->spec->type);
}

/* Checks an event that happened, and counts it. */
static TT_ALWAYS_INLINE int hand_out(struct tt_pass *p, struct tt_event *ev,
				     const struct tt_event **out)
{
	const struct tt_order *o = &p->order;
	const struct tt_fast_type *fast = &o->fast[ev->spec->type];

	if (!fast->few_ids || ev->args[fast->stack] >= o->stacks_end ||
	    ev->args[fast->string] >= o->strings_end) {
		int rc = check_all(p, ev);

		if (rc < 0) {
			*out = NULL;
			return rc;
		}
	}
	tt_pass_stamp(p, ev);
	if (ev->args[fast->refers] >= fast->refers_end)
		look_at(p, ev);
	*out = ev;
	return TT_OK;
}

/* Hands out, or counts, the next queued event. */
static int take_queued(struct tt_pass *p, const struct tt_event **out)
{
	struct tt_event *ev = &p->order.queue[p->order.head++];

	if (p->order.head == p->order.count)
		p->order.head = p->order.count = 0;
	return hand_out(p, ev, out);
}

/* Go's text ends in a colon, and lists all threads after it: this is what the first waits for
 * that was tried. */
static __attribute__((noinline)) int say_cause(struct tt_pass *p, int rc)
{
	size_t used = strlen(p->err.message);
	size_t i = p->merge.untried != NULL;
	struct tt_waiting first;

	if (rc == -TT_E_STUCK && !p->like_go && tt_pass_waiting(p, i, &first))
		snprintf(p->err.message + used, sizeof(p->err.message) - used, " %s", first.why);
	return rc;
}

/* The next event of a thread happens, or the error has its cause. */
static TT_ALWAYS_INLINE int advance(struct tt_pass *p)
{
	int rc = tt_merge_advance(&p->merge, &p->order, &p->err);

	return rc < 0 ? say_cause(p, rc) : rc;
}

int tt_pass_next(struct tt_pass *p, const struct tt_event **ev)
{
	const struct tt_cursor *c;
	int rc;

	if (p->order.count != 0)
		return take_queued(p, ev);
	if (tt_merge_done(&p->merge))
		return TT_END;
	if (tt_merge_at_sample(&p->merge))
		return take_sample(p, ev);
	c = p->merge.heap.at[0].of.item;
	/* (nearly every event: the queue has the only one, and is empty again) */
	if (tt_fast_event(&p->order, c->m, c->head)) {
		rc = tt_merge_next(&p->merge, &p->order, 0, &p->err);
		if (rc == TT_OK)
			return hand_out(p, &p->order.queue[0], ev);
	} else {
		rc = tt_merge_advance_slowly(&p->merge, &p->order, &p->err);
		if (rc == TT_OK)
			return take_queued(p, ev);
	}
	*ev = NULL;
	return say_cause(p, rc);
}

int tt_pass_advance(struct tt_pass *p, const struct tt_event **evs, unsigned *n)
{
	int rc;

	*n = 0;
	if (p->merge.heap.n == 0)
		return TT_END;
	rc = advance(p);
	*evs = p->order.queue;
	*n = p->order.count;
	p->order.head = p->order.count = 0;
	return rc;
}

/* Whether the next event is one that tt_direct_run() may count. */
static bool is_direct(const struct tt_pass *p)
{
	const struct tt_cursor *c = p->merge.heap.at[0].of.item;

	return c->direct != TT_FAST_NONE || p->order.fast[c->head->type].direct != TT_FAST_NONE;
}

/* Events that are not even queued, since none is handed out; up to one that is, a CPU
 * sample, or the generation's end. */
static int drain_direct(struct tt_pass *p)
{
	struct tt_tally tally = {
		.last_ns = p->last_ns,
		.nevents = p->nevents,
		.kept = p->kept,
		.briefs = p->brief_room,
	};
	int rc;

	if (!is_direct(p))
		return advance(p);
	rc = p->briefs ? tt_direct_store(&tally, &p->merge, &p->order, &p->err)
		       : tt_direct_run(&tally, &p->merge, &p->order, &p->err);
	if (rc == TT_OK && !tt_merge_at_sample(&p->merge)) {
		p->merge.tally = &tally;
		rc = advance(p);
		p->merge.tally = NULL;
	}
	p->last_ns = tally.last_ns;
	p->nevents = tally.nevents;
	p->brief_room = tally.briefs;
	return rc;
}

/* Orders and counts the next event, or some that are direct. *ev: if it is one that was queued,
 * or NULL. There is one. */
static int order_some(struct tt_pass *p, const struct tt_event **ev)
{
	*ev = NULL;
	if (p->order.count != 0)
		return take_queued(p, ev);
	if (tt_merge_at_sample(&p->merge))
		return take_sample(p, ev);
	return drain_direct(p);
}

int tt_pass_drain(struct tt_pass *p)
{
	const struct tt_event *ignored;
	int rc = TT_OK;

	while (rc == TT_OK && (p->order.count != 0 || !tt_merge_done(&p->merge))) {
		forget_kept(p);
		rc = order_some(p, &ignored);
	}
	return rc;
}

int tt_pass_next_kept(struct tt_pass *p, const struct tt_event **ev)
{
	struct tt_kept *kept = p->kept;

	for (;;) {
		if (kept->next < kept->n) {
			*ev = &kept->events[kept->next++];
			return TT_OK;
		}
		forget_kept(p);
		*ev = NULL;
		/* (an error comes after the events before it) */
		if (p->err.code != TT_OK || tt_pass_done(p))
			return p->err.code == TT_OK ? TT_END : -p->err.code;
		if (order_some(p, ev) == TT_OK && *ev != NULL && (*ev)->kind == TT_KIND_EXPERIMENTAL)
			return TT_OK;
	}
}

/* ---- its events, but for those that something else is done with */

void tt_pass_hand_out_type(struct tt_pass *p, unsigned type)
{
	p->order.fast[type].direct = TT_FAST_NONE;
}

/* One such run, of events not later than `until_ns`. */
static int run_until(struct tt_pass *p, const struct tt_pass_run *run, int64_t until_ns)
{
	struct tt_tally tally = {
		.last_ns = p->last_ns,
		.nevents = p->nevents,
		.gs = run->gs,
		.ps = run->ps,
		.used = run->used,
		.renumbers = run->renumbers,
	};
	int64_t sample_ns = p->merge.sample_ns;
	int rc;

	/* (it goes on to a sample, and this is as good as one) */
	if (until_ns < sample_ns)
		p->merge.sample_ns = until_ns;
	rc = run->direct(&tally, &p->merge, &p->order, &p->err);
	p->merge.sample_ns = sample_ns;
	p->last_ns = tally.last_ns;
	p->nevents = tally.nevents;
	return rc;
}

/* All heads are decoded, as tt_pass_next() expects them. */
static void settle_all(struct tt_pass *p)
{
	for (size_t i = 0; i < p->merge.heap.n; i++)
		tt_cursor_settle(&p->merge.cursors, p->merge.heap.at[i].of.item,
				 p->merge.heap.at[i].key);
}

/* The next event that cannot be counted. */
static int next_uncounted(struct tt_pass *p, const struct tt_pass_run *run, int64_t until_ns,
			  const struct tt_event **ev)
{
	int rc = TT_OK;

	*ev = NULL;
	if (p->order.count != 0)
		return take_queued(p, ev);
	if (p->merge.heap.n != 0 && p->merge.heap.at[0].key <= until_ns && is_direct(p) &&
	    !tt_merge_at_sample(&p->merge))
		rc = run_until(p, run, until_ns);
	if (rc < 0)
		return rc;
	if (tt_merge_done(&p->merge))
		return TT_END;
	if (p->merge.heap.n != 0 && p->merge.heap.at[0].key > until_ns) {
		settle_all(p);
		return TT_END;
	}
	if (tt_merge_at_sample(&p->merge))
		return take_sample(p, ev);
	rc = advance(p);
	return rc < 0 ? rc : take_queued(p, ev);
}

int tt_pass_next_but(struct tt_pass *p, const struct tt_pass_run *run, int64_t until_ns,
		     const struct tt_event **ev)
{
	int rc;

	assert(p->kept == NULL);
	do {
		rc = next_uncounted(p, run, until_ns, ev);
	} while (rc == TT_OK && run->unwanted != NULL && run->unwanted[(*ev)->spec->type]);
	return rc;
}

struct tt_cursor *tt_pass_cursor_of(struct tt_pass *p, const struct tt_event *ev)
{
	struct tt_cursors *all = &p->merge.cursors;
	uintptr_t at = (uintptr_t)ev->args, first = (uintptr_t)all->at;

	if (at < first || at - first >= all->n * sizeof(*all->at))
		return NULL;
	return &all->at[(at - first) / sizeof(*all->at)];
}

/* ---- most of its events in few bytes */

int tt_pass_next_briefs(struct tt_pass *p, struct tt_brief_room *room, const struct tt_event **ev)
{
	const struct tt_brief_event *first = room->next;
	int rc = TT_OK;

	*ev = NULL;
	p->brief_room = *room;
	while (rc == TT_OK && *ev == NULL && p->brief_room.next < p->brief_room.end && !tt_pass_done(p))
		rc = order_some(p, ev);
	*room = p->brief_room;
	return rc == TT_OK && *ev == NULL && room->next == first ? TT_END : rc;
}
