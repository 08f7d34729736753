/* SPDX-License-Identifier: MIT */
/*
 * pass.c - from event to event: what is done for each one, from its bytes to a caller or
 * a count. Stands on order.
 */
#include "event/pass.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "order/burst.h"

/* ---- a pass */

static void set_check(struct tt_pass *p, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(p->specs, type);
	struct tt_type_check *check = &p->checks[type];

	*check = (struct tt_type_check){.stack = TT_ARG_ZERO, .string = TT_ARG_ZERO};
	if (def == NULL)
		return;
	if (def->spec.kind == TT_KIND_STACK_SAMPLE)
		p->sample_spec = &def->spec;
	if (def->nstacks > 0)
		check->stack = (uint8_t)def->stack_args[0];
	if (def->nstrings > 0)
		check->string = (uint8_t)def->string_args[0];
	check->no_ids = def->nstacks == 0 && def->nstrings == 0 && def->spec.norders == 0;
	check->more_ids = def->nstacks > 1 || def->nstrings > 1 || def->spec.norders > 0;
	check->watched = tt_findings_watch(p, def);
	check->plain = !check->watched && !check->more_ids;
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
	for (unsigned type = 0; type < 256; type++)
		set_check(p, type);
	tt_error_clear(&p->err);
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
	for (unsigned type = 0; type < 256; type++)
		set_check(p, type);
}

void tt_pass_clear(struct tt_pass *p)
{
	tt_merge_clear(&p->merge);
	p->gen = NULL;
}

void tt_pass_take(struct tt_pass *p, const struct tt_generation *gen)
{
	p->gen = gen;
	tt_error_clear(&p->err);
	tt_findings_begin_generation(p);
}

int tt_pass_begin(struct tt_pass *p)
{
	tt_order_begin_generation(&p->order, p->gen);
	return tt_merge_begin(&p->merge, p->gen, &p->err);
}

/* ---- what is seldom done */

/* Go's times never stand still: an event not later than the one before is one later. */
static inline int64_t later(int64_t raw_time_ns, int64_t last_ns)
{
	return raw_time_ns > last_ns ? raw_time_ns : tt_ns_add(last_ns, 1);
}

void tt_pass_stamp(struct tt_pass *p, struct tt_event *ev)
{
	p->last_ns = ev->time_ns = later(ev->raw_time_ns, p->last_ns);
	p->nevents++;
}

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

/* All table entries that an event names; and what ordering thinks of its resources. */
static int check_all(struct tt_pass *p, const struct tt_event *ev)
{
	int rc = tt_pass_check_ids(p, ev);

	if (rc == TT_OK && ev->spec->norders > 0)
		tt_findings_resources(p, ev);
	return rc;
}

bool tt_pass_waiting(struct tt_pass *p, size_t i, struct tt_waiting *out)
{
	struct tt_cursor *c;

	if (i >= p->merge.heap.n)
		return false;
	c = p->merge.heap.at[i].of.item;
	/* it waits still, so trying it again changes nothing and says why */
	p->why[0] = '\0';
	p->order.why = p->why;
	p->order.why_size = sizeof(p->why);
	tt_order_try(&p->order, c->thread, &c->m, c->head);
	p->order.why = NULL;
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

static inline bool known(const struct tt_idmap *ids, uint64_t id)
{
	return id == 0 || tt_idmap_find(ids, id) != TT_IDMAP_NONE;
}

/* Whether all is as in nearly every event: see check_all() otherwise. */
static inline bool ids_known(const struct tt_generation *gen, const struct tt_type_check *check,
			     const uint64_t *args)
{
	return check->no_ids || (!check->more_ids && known(&gen->stack_ids, args[check->stack]) &&
				 known(&gen->string_ids, args[check->string]));
}

/* The next queued event, which is handed out or counted. */
static TT_ALWAYS_INLINE int take_queued(struct tt_pass *p, const struct tt_event **out)
{
	struct tt_event *ev = &p->order.queue[p->order.head++];
	const struct tt_type_check *check = &p->checks[ev->spec->type];

	if (p->order.head == p->order.count)
		p->order.head = p->order.count = 0;
	if (!ids_known(p->gen, check, ev->args)) {
		int rc = check_all(p, ev);

		if (rc < 0) {
			*out = NULL;
			return rc;
		}
	}
	tt_pass_stamp(p, ev);
	if (check->watched)
		tt_findings_event(p, ev);
	*out = ev;
	return TT_OK;
}

/* Go's text ends in a colon, and lists all threads after it: this is what the first waits for. */
static __attribute__((noinline)) int say_cause(struct tt_pass *p, int rc)
{
	size_t used = strlen(p->err.message);
	struct tt_waiting first;

	if (rc == -TT_E_STUCK && !p->like_go && tt_pass_waiting(p, 0, &first))
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
	if (p->order.count == 0) {
		int rc;

		if (tt_merge_done(&p->merge))
			return TT_END;
		if (tt_merge_at_sample(&p->merge))
			return take_sample(p, ev);
		rc = advance(p);
		if (rc < 0) {
			*ev = NULL;
			return rc;
		}
	}
	return take_queued(p, ev);
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

/*
 * Events of the earliest thread that are not even queued, since none is handed out. False:
 * the next event is not one of these.
 */
static bool drain_burst(struct tt_pass *p)
{
	int64_t last_ns = p->last_ns;
	uint64_t nevents = p->nevents;
	struct tt_burst burst;

	if (!tt_burst_begin(&burst, &p->merge))
		return false;
	while (burst.time_ns <= burst.until_ns) {
		const struct tt_type_check *check = &p->checks[burst.type];
		int64_t time_ns = burst.time_ns;

		if (!check->plain || !ids_known(p->gen, check, burst.head->args) ||
		    !tt_burst_step(&burst, &p->merge, &p->order))
			break;
		last_ns = later(time_ns, last_ns);
		nevents++;
	}
	tt_burst_end(&burst, &p->merge);
	p->last_ns = last_ns;
	p->nevents = nevents;
	return burst.time_ns > burst.until_ns;
}

/* Events up to one that is queued, a CPU sample, or the generation's end. */
static int drain_bursts(struct tt_pass *p)
{
	while (!tt_merge_at_sample(&p->merge)) {
		if (drain_burst(p))
			continue;
		return advance(p);
	}
	return TT_OK;
}

int tt_pass_drain(struct tt_pass *p)
{
	const struct tt_event *ignored;
	int rc = TT_OK;

	while (rc == TT_OK) {
		if (p->order.count != 0)
			rc = take_queued(p, &ignored);
		else if (tt_merge_done(&p->merge))
			break;
		else if (tt_merge_at_sample(&p->merge))
			rc = take_sample(p, &ignored);
		else
			rc = drain_bursts(p);
	}
	return rc;
}
