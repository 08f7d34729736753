/* SPDX-License-Identifier: MIT */
/*
 * writer_fast.c - tt_writer_event() and tt_writer_follow(), as done for nearly every event:
 * one of a thread whose P and goroutine were stated in this generation, whose strings and
 * stacks were mapped before, and whose time fits the ticks at hand. Any other one takes the
 * long way of writer_event.c, which has the rules; here they are only known to hold. Stands
 * on writer.h.
 */
#include "edit/writer.h"
#include "order/fast.h"

/* What an event gets in place of what the source has there. */
struct numbers {
	uint64_t seq, string, stack;
};

/* Of an id in the source: the one in the result, if it was mapped before. */
static TT_ALWAYS_INLINE bool map_known(const struct tt_idmap *ids, const uint64_t *map, size_t n,
				       uint64_t id, uint64_t *out)
{
	uint32_t i;

	if (id == 0)
		return true;
	i = tt_idmap_find(ids, id);
	if (i >= n)
		return false;
	*out = map[i];
	return *out != 0;
}

/* The event's string and its stack, if it has them. */
static TT_ALWAYS_INLINE bool map_ids(const struct tt_writer_tables *t,
				     const struct tt_writer_plan *plan,
				     const struct tt_event *ev, struct numbers *out)
{
	return (!plan->has_string ||
		map_known(&ev->generation->string_ids, t->string_of.at, t->string_of.n,
			  ev->args[plan->string_arg], &out->string)) &&
	       (!plan->has_stack ||
		map_known(&ev->generation->stack_ids, t->stack_of.at, t->stack_of.n,
			  ev->args[plan->stack_arg], &out->stack));
}

/* The next number of the thread's P. */
static TT_ALWAYS_INLINE bool begin_syscall(struct tt_order *o, const struct tt_m_state *m,
					   uint64_t *seq)
{
	const struct tt_p_state *p = tt_find_p(o, m->p);

	if (p == NULL)
		return false;
	*seq = p->seq.n + 1;
	return tt_fast_syscall_begin(o, m, *seq);
}

/* Lets the event happen with the number that is due, as order's fast way does. False: something
 * holds it up, and nothing changed. */
static TT_ALWAYS_INLINE bool happen(struct tt_order *o, struct tt_m_state *m, uint8_t type,
				    enum tt_fast_rule rule, const uint64_t *args, uint64_t *seq)
{
	struct tt_g_state *g;

	if ((m->has | o->fast[type].may_lack) != UINT8_MAX)
		return false;
	switch (rule) {
	case TT_FAST_GO_START:
		g = tt_find_numbered_g(o, args[0], TT_G_RUNNABLE);
		if (g == NULL)
			return false;
		tt_start_g(o, m, g, args[0]);
		*seq = g->seq.n;
		return true;
	case TT_FAST_GO_UNBLOCK:
		g = tt_find_numbered_g(o, args[0], TT_G_WAITING);
		if (g == NULL)
			return false;
		tt_unblock_g(g);
		*seq = g->seq.n;
		return true;
	case TT_FAST_SYSCALL_BEGIN:
		return begin_syscall(o, m, seq);
	default:
		return tt_fast_advance(o, m, rule, type, args);
	}
}

/* The arguments, which tt_fast_shapes has for the events that have a rule of their own. */
static TT_ALWAYS_INLINE uint8_t *encode_args(uint8_t *p, const struct tt_writer_plan *plan,
					     const uint64_t *args, const struct numbers *n)
{
	switch (plan->rule) {
	case TT_FAST_GO_START:
		return tt_varint_put(tt_varint_put(p, args[0]), n->seq);
	case TT_FAST_GO_UNBLOCK:
		p = tt_varint_put(tt_varint_put(p, args[0]), n->seq);
		return tt_varint_put(p, n->stack);
	case TT_FAST_GO_BLOCK:
	case TT_FAST_GO_STOP:
		return tt_varint_put(tt_varint_put(p, n->string), n->stack);
	case TT_FAST_SYSCALL_BEGIN:
		return tt_varint_put(tt_varint_put(p, n->seq), n->stack);
	default:
		for (unsigned i = 0; i < plan->nargs; i++) {
			bool is_string = plan->has_string && i == plan->string_arg;
			bool is_stack = plan->has_stack && i == plan->stack_arg;

			p = tt_varint_put(p, is_string ? n->string
						       : is_stack ? n->stack : args[i]);
		}
		return p;
	}
}

/* The ticks of the event's time, if a reader makes the same time of them. */
static TT_ALWAYS_INLINE bool find_ticks(const struct tt_writer *w, const struct tt_event *ev,
					uint64_t *ticks)
{
	uint64_t time_ns = (uint64_t)ev->time_ns;

	*ticks = time_ns >> w->tick_shift;
	if (tt_likely(((time_ns & w->inexact_bits) |
		       ((time_ns ^ (uint64_t)ev->raw_time_ns) & w->moved_bits)) == 0))
		return true;
	*ticks = time_ns / w->ns_per_tick;
	return ev->time_ns == ev->raw_time_ns && *ticks * w->ns_per_tick == time_ns;
}

/* Whether the event is of the generation that is written the short way, and later than the
 * one before. */
static TT_ALWAYS_INLINE bool is_due(const struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_quick *quick = &w->quick;
	const struct tt_generation *from = ev->generation;

	return from != NULL && from == quick->source && from->ordinal == quick->ordinal &&
	       from->reader == quick->reader && ev->spec != NULL && ev->time_ns > w->last_ns &&
	       w->err.code == TT_OK;
}

/* The stream of the event's thread, if it has one, with room, and its context is stated. */
static TT_ALWAYS_INLINE struct tt_writer_stream *ready_stream(struct tt_writer *w, int64_t thread)
{
	uint32_t i = w->near[(uint64_t)thread % TT_NEAR_STREAMS];
	struct tt_writer_stream *s = &w->streams.at[i];
	const struct tt_m_state *m;

	if (tt_unlikely(i >= w->streams.n || s->thread != thread)) {
		s = tt_writer_find_stream(w, thread);
		if (s == NULL)
			return NULL;
	}
	if (s->body.len >= s->room_end || s->m == TT_NO_SLOT)
		return NULL;
	m = &w->order.ms.at[s->m];
	return m->p == s->p_stated && m->g == s->g_stated ? s : NULL;
}

/* An event that is written: true; or it has to take the long way. */
static TT_ALWAYS_INLINE bool write_fast(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_plan *plan;
	struct tt_writer_stream *s;
	struct numbers numbers = {0};
	struct tt_m_state *m;
	uint64_t ticks;
	uint8_t type, *begin, *p;

	if (!is_due(w, ev))
		return false;
	type = ev->spec->type;
	plan = &w->plans[type];
	if (plan->spec != ev->spec || plan->ordinal != w->quick.ordinal ||
	    !find_ticks(w, ev, &ticks))
		return false;
	s = ready_stream(w, ev->thread);
	if (s == NULL || !map_ids(&w->tables, plan, ev, &numbers))
		return false;
	m = &w->order.ms.at[s->m];
	if (!happen(&w->order, m, type, plan->rule, ev->args, &numbers.seq))
		return false;
	/* (one that began to run has a number, and so was stated) */
	s->g_stated = m->g;
	begin = p = s->body.data + s->body.len;
	*p++ = type;
	p = tt_varint_put(p, ticks - s->last_ticks);
	p = encode_args(p, plan, ev->args, &numbers);
	s->last_ticks = ticks;
	s->body.len += (size_t)(p - begin);
	w->nbytes += (size_t)(p - begin);
	w->last_ns = w->given_ns = ev->time_ns;
	w->progress.events++;
	return true;
}

int tt_writer_event(struct tt_writer *w, const struct tt_event *ev)
{
	if (tt_unlikely(!write_fast(w, ev)))
		return tt_writer_event_slowly(w, ev, TT_END);
	if (tt_unlikely(w->nbytes >= w->full_nbytes))
		return tt_writer_event_slowly(w, ev, TT_OK);
	return TT_OK;
}

/* Whether nothing has to be done before the event, of which a plan was made, is followed. */
static TT_ALWAYS_INLINE bool is_followed_fast(const struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_plan *plan;

	if (ev->spec == NULL || ev->generation == NULL || !w->following || !w->past.any ||
	    w->held.any || w->has_theft || w->err.code != TT_OK || ev->time_ns <= w->given_ns)
		return false;
	plan = &w->plans[ev->spec->type];
	return plan->spec == ev->spec && plan->ordinal == ev->generation->ordinal;
}

int tt_writer_follow(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_order *o = &w->past.order;
	const struct tt_writer_plan *plan;
	uint64_t seq;
	uint32_t m;

	if (!is_followed_fast(w, ev))
		return tt_writer_follow_slowly(w, ev);
	plan = &w->plans[ev->spec->type];
	m = tt_idmap_find(&o->m_ids, (uint64_t)ev->thread);
	if (m == TT_IDMAP_NONE ||
	    !happen(o, &o->ms.at[m], ev->spec->type, plan->rule, ev->args, &seq))
		return tt_writer_follow_slowly(w, ev);
	w->past.last_ns = w->given_ns = ev->time_ns;
	return plan->has_stack || plan->has_string || ev->spec->experiment_id != 0
		       ? tt_writer_past_event(w, ev)
		       : TT_OK;
}
