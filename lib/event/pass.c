/* SPDX-License-Identifier: MIT */
/*
 * pass.c - from event to event: what is done for each one, from its bytes to a caller or
 * a count. Stands on order.
 */
#include "event/pass.h"

#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "order/burst.h"

/* Go's times never stand still: an event not later than the one before is one later. */
static inline int64_t later(int64_t raw_time_ns, int64_t last_ns)
{
	return raw_time_ns > last_ns ? raw_time_ns : tt_ns_add(last_ns, 1);
}

void tt_reader_stamp(struct tt_reader *r, struct tt_event *ev)
{
	r->last_ns = ev->time_ns = later(ev->raw_time_ns, r->last_ns);
	r->nevents++;
}

/* ---- what is seldom done */

/* A sample is not validated: Go does so neither. Its time is its first argument. */
static int take_sample(struct tt_reader *r, const struct tt_event **ev)
{
	const struct tt_sample *s = tt_merge_sample(&r->merge);
	const uint64_t args[] = {(uint64_t)s->time_ns, (uint64_t)s->thread, (uint64_t)s->proc,
				 (uint64_t)s->goroutine, s->stack};

	memcpy(r->own_args, args, sizeof(args));
	r->own = (struct tt_event){
		.raw_time_ns = s->time_ns,
		.thread = s->thread,
		.proc = s->proc,
		.goroutine = s->goroutine,
		.offset = r->gen->offset,
		.generation = r->gen,
		.spec = r->sample_spec,
		.args = r->own_args,
		.kind = TT_KIND_STACK_SAMPLE,
	};
	tt_reader_stamp(r, &r->own);
	tt_findings_event(r, &r->own);
	*ev = &r->own;
	return TT_OK;
}

/* The error of an argument that names a table entry which is not there. */
static int no_such_id(struct tt_reader *r, const struct tt_event *ev, int code, uint64_t id)
{
	tt_fail(&r->err, code, "found invalid %s ID %llu for event %s",
		code == TT_E_EVENT_STACK ? "stack" : "string", (unsigned long long)id,
		ev->spec->name);
	r->err.offset = ev->offset;
	r->err.event_type = ev->spec->type;
	tt_error_in_batch(&r->err, TT_UNKNOWN, r->gen->number, ev->thread);
	return tt_reader_fail(r);
}

/*
 * All table entries that an event names, in the order in which Go looks for them; and
 * what ordering thinks of its resource.
 */
static int check_ids(struct tt_reader *r, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);

	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = ev->args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&r->gen->stack_ids, id) == TT_IDMAP_NONE)
			return no_such_id(r, ev, TT_E_EVENT_STACK, id);
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = ev->args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&r->gen->string_ids, id) == TT_IDMAP_NONE)
			return no_such_id(r, ev, TT_E_EVENT_STRING, id);
	}
	if (def->sort != 0)
		tt_findings_resource(r, ev);
	return TT_OK;
}

/* ---- what is done for each event */

static inline bool known(const struct tt_idmap *ids, uint64_t id)
{
	return id == 0 || tt_idmap_find(ids, id) != TT_IDMAP_NONE;
}

/* Whether all is as in nearly every event: see check_ids() otherwise. */
static inline bool ids_known(const struct tt_generation *gen, const struct tt_type_check *check,
			     const uint64_t *args)
{
	return check->no_ids || (!check->more_ids && known(&gen->stack_ids, args[check->stack]) &&
				 known(&gen->string_ids, args[check->string]));
}

/* Looks at the next queued event, which is handed out or counted. */
static TT_ALWAYS_INLINE int take_queued(struct tt_reader *r, const struct tt_event **out)
{
	struct tt_event *ev = &r->order.queue[r->order.head++];
	const struct tt_type_check *check = &r->checks[ev->spec->type];

	if (r->order.head == r->order.count)
		r->order.head = r->order.count = 0;
	if (!ids_known(r->gen, check, ev->args)) {
		int rc = check_ids(r, ev);

		if (rc < 0) {
			*out = NULL;
			return rc;
		}
	}
	tt_reader_stamp(r, ev);
	if (check->watched)
		tt_findings_event(r, ev);
	*out = ev;
	return TT_OK;
}

int tt_steps_next(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->order.count == 0) {
		if (tt_merge_done(&r->merge))
			return TT_END;
		if (tt_merge_at_sample(&r->merge))
			return take_sample(r, ev);
		if (tt_merge_advance(&r->merge, &r->order, &r->err) < 0) {
			*ev = NULL;
			return tt_reader_fail(r);
		}
	}
	return take_queued(r, ev);
}

/*
 * Events of the earliest thread that are not even queued, since none is handed out. False:
 * the next event is not one of these.
 */
static bool check_run(struct tt_reader *r)
{
	int64_t last_ns = r->last_ns;
	uint64_t nevents = r->nevents;
	struct tt_burst run;

	if (!tt_burst_begin(&run, &r->merge))
		return false;
	while (run.time_ns <= run.until_ns) {
		const struct tt_type_check *check = &r->checks[run.type];
		int64_t time_ns = run.time_ns;

		if (!check->plain || !ids_known(r->gen, check, run.head->args) ||
		    !tt_burst_step(&run, &r->merge, &r->order))
			break;
		last_ns = later(time_ns, last_ns);
		nevents++;
	}
	tt_burst_end(&run, &r->merge);
	r->last_ns = last_ns;
	r->nevents = nevents;
	return run.time_ns > run.until_ns;
}

/* Events up to one that is queued, a CPU sample, or the generation's end. */
static int check_some(struct tt_reader *r)
{
	struct tt_merge *m = &r->merge;

	while (!tt_merge_at_sample(m)) {
		if (check_run(r))
			continue;
		return tt_merge_advance(m, &r->order, &r->err) < 0 ? tt_reader_fail(r) : TT_OK;
	}
	return TT_OK;
}

int tt_steps_check(struct tt_reader *r)
{
	const struct tt_event *ignored;
	int rc = TT_OK;

	while (rc == TT_OK) {
		if (r->order.count != 0)
			rc = take_queued(r, &ignored);
		else if (tt_merge_done(&r->merge))
			break;
		else if (tt_merge_at_sample(&r->merge))
			rc = take_sample(r, &ignored);
		else
			rc = check_some(r);
	}
	return rc;
}
