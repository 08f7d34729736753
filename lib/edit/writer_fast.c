/* SPDX-License-Identifier: MIT */
/*
 * writer_fast.c - tt_writer_event() and tt_writer_follow(), as done for nearly every event: one of a thread whose P and goroutine
 * were stated in this generation, whose strings and stacks were mapped before, and whose time
 * fits the ticks at hand. Any other one takes the long way of writer_event.c, which has the
 * rules; here they are only known to hold. Stands on writer.h.
 */
#include "edit/writer.h"
#include "base/compiler.h"
#include "order/fast.h"

/* The stream of the event's thread, if its context is stated. */
static struct tt_writer_stream *ready_stream(struct tt_writer *w, const struct tt_event *ev,
					     uint8_t needs)
{
	struct tt_writer_stream *s = w->last_stream < w->streams.n
					     ? &w->streams.at[w->last_stream]
					     : NULL;
	const struct tt_m_state *m;

	if (s == NULL || s->thread != ev->thread || s->embedded) {
		uint32_t i = tt_idmap_find(&w->thread_ids, (uint64_t)ev->thread);

		if (i == TT_IDMAP_NONE)
			return NULL;
		s = &w->streams.at[i];
		w->last_stream = i;
	}
	if (s->m == TT_NO_SLOT)
		return NULL;
	m = &w->order.ms.at[s->m];
	if (((needs & TT_NEED_PROC) != 0 && (m->p == TT_NONE || m->p != s->p_stated)) ||
	    ((needs & TT_NEED_GOROUTINE) != 0 && (m->g == TT_NONE || m->g != s->g_stated)))
		return NULL;
	return s;
}

/* Of an id in the source: the one in the result, if it was mapped before. */
static bool map_known(const struct tt_idmap *ids, const uint64_t *map, uint64_t *id)
{
	uint32_t i;

	if (*id == 0)
		return true;
	i = *id < ids->ndense ? ids->dense[*id] : tt_idmap_find(ids, *id);
	if (i == TT_IDMAP_NONE)
		return false;
	*id = map[i];
	return *id != 0;
}

static bool map_ids(const struct tt_writer *w, const struct tt_writer_plan *plan,
		    const struct tt_generation *from, uint64_t *args)
{
	const struct tt_writer_tables *t = &w->tables;

	if (t->source != from || t->source_ordinal != from->ordinal ||
	    t->source_offset != from->offset || t->source_end != from->end ||
	    t->string_of.n != from->strings.n + 1 || t->stack_of.n != from->stacks.n + 1)
		return false;
	return (!plan->has_string ||
		map_known(&from->string_ids, t->string_of.at, &args[plan->string_arg])) &&
	       (!plan->has_stack ||
		map_known(&from->stack_ids, t->stack_of.at, &args[plan->stack_arg]));
}

/* False: its goroutine or P is not stated yet. */
static bool number(const struct tt_order *o, const struct tt_m_state *m, uint8_t type,
		   uint64_t *args)
{
	if (type == TT_EV_GO_START || type == TT_EV_GO_UNBLOCK) {
		const struct tt_g_state *g = tt_find_g(o, (int64_t)args[0]);

		if (g == NULL || g->seq.generation != o->gen->number)
			return false;
		args[1] = g->seq.n + 1;
	} else if (type == TT_EV_GO_SYSCALL_BEGIN) {
		const struct tt_p_state *p = tt_find_p(o, m->p);

		if (p == NULL)
			return false;
		args[0] = p->seq.n + 1;
	}
	return true;
}

/* The ticks of the event's time, if a reader makes the same time of them. */
static bool find_ticks(const struct tt_writer *w, const struct tt_event *ev, uint64_t *ticks)
{
	uint64_t time_ns = (uint64_t)ev->time_ns;

	if (ev->time_ns <= w->last_ns || ev->time_ns <= w->given_ns)
		return false;
	*ticks = time_ns >> w->tick_shift;
	if (tt_likely(w->tick_shift != 0))
		return ev->time_ns == ev->raw_time_ns && *ticks << w->tick_shift == time_ns;
	if (w->ns_per_tick == 1)
		return true;
	*ticks = time_ns / w->ns_per_tick;
	return ev->time_ns == ev->raw_time_ns && *ticks * w->ns_per_tick == time_ns;
}

/* To the batch at hand. False: it begins another one. */
static bool append(struct tt_writer *w, struct tt_writer_stream *s, uint8_t type,
		   const uint64_t *args, unsigned nargs, uint64_t ticks)
{
	size_t before = s->body.len;
	uint8_t *p;

	if (before >= s->room_end)
		return false;
	p = s->body.data + before;
	*p++ = type;
	p = tt_varint_put(p, ticks - s->last_ticks);
	for (unsigned i = 0; i < nargs; i++)
		p = tt_varint_put(p, args[i]);
	s->body.len = (size_t)(p - s->body.data);
	s->last_ticks = ticks;
	w->nbytes += s->body.len - before;
	return true;
}

/* Lets the event happen, as order's fast way does, if nothing holds it up. */
static TT_ALWAYS_INLINE bool happen(struct tt_order *o, struct tt_m_state *m, uint8_t type,
				    uint64_t *args)
{
	const struct tt_fast_type *fast = &o->fast[type];

	return number(o, m, type, args) && (m->has | fast->may_lack) == UINT8_MAX &&
	       tt_fast_advance(o, m, fast->rule, type, args);
}

/* Whether a plan was made for such events, and they can take the short way. */
static TT_ALWAYS_INLINE bool is_planned(const struct tt_writer_plan *plan,
					const struct tt_event *ev)
{
	return plan->spec == ev->spec && plan->quick && ev->generation != NULL &&
	       plan->ordinal == ev->generation->ordinal;
}

/* Whether an event may come in the generation at hand, and nothing else has to be done first. */
static bool is_ready(const struct tt_writer *w, const struct tt_event *ev)
{
	return ev->kind != TT_KIND_SYNC && w->open && !w->following && !w->held.any &&
	       !w->has_theft && w->err.code == TT_OK;
}

/* An event that is written: 0; 1: it has to take the long way; or an error. */
static TT_ALWAYS_INLINE int write_fast(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_plan *plan;
	struct tt_writer_stream *s;
	uint64_t args[TT_MAX_ARGS], ticks;
	unsigned nargs;
	uint8_t type;

	if (!is_ready(w, ev))
		return TT_END;
	type = ev->spec->type;
	plan = &w->plans[type];
	nargs = plan->nargs;
	if (!is_planned(plan, ev) || !find_ticks(w, ev, &ticks))
		return TT_END;
	s = ready_stream(w, ev, plan->needs);
	if (s == NULL)
		return TT_END;
	for (unsigned i = 0; i < nargs; i++)
		args[i] = ev->args[i];
	if (((plan->has_string || plan->has_stack) && !map_ids(w, plan, ev->generation, args)) ||
	    !happen(&w->order, &w->order.ms.at[s->m], type, args))
		return TT_END;
	if (type == TT_EV_GO_START)
		s->g_stated = (int64_t)args[0];
	w->last_ns = w->given_ns = ev->time_ns;
	w->progress.events++;
	if (append(w, s, type, args, nargs, ticks))
		return TT_OK;
	return tt_writer_put(w, s, type, args, nargs, ev->time_ns);
}

int tt_writer_event(struct tt_writer *w, const struct tt_event *ev)
{
	int rc = write_fast(w, ev);

	if (tt_likely(rc == TT_OK && w->nbytes < w->full_nbytes))
		return TT_OK;
	return tt_writer_event_slowly(w, ev, rc);
}

/* The same of one that is followed. */
static int follow_fast(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_order *o = &w->past.order;
	const struct tt_writer_plan *plan;
	uint64_t args[TT_MAX_ARGS];
	uint32_t m;

	if (ev->kind == TT_KIND_SYNC || !w->following || w->err.code != TT_OK || !w->past.any || w->held.any || w->has_theft || ev->time_ns <= w->given_ns)
		return TT_END;
	plan = &w->plans[ev->spec->type];
	m = tt_idmap_find(&o->m_ids, (uint64_t)ev->thread);
	if (!is_planned(plan, ev) || m == TT_IDMAP_NONE)
		return TT_END;
	for (unsigned i = 0; i < plan->nargs; i++)
		args[i] = ev->args[i];
	if (!happen(o, &o->ms.at[m], ev->spec->type, args))
		return TT_END;
	w->past.last_ns = w->given_ns = ev->time_ns;
	return plan->has_stack || ev->spec->experiment_id != 0 ? tt_writer_past_event(w, ev)
							       : TT_OK;
}

int tt_writer_follow(struct tt_writer *w, const struct tt_event *ev)
{
	int rc = follow_fast(w, ev);

	return rc == TT_END ? tt_writer_follow_slowly(w, ev) : rc;
}
