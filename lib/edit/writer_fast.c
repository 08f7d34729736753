/* SPDX-License-Identifier: MIT */
/*
 * writer_fast.c - what is done for nearly every event: one of a thread whose P and goroutine
 * were stated in this generation, whose strings and stacks were mapped before, and whose time
 * fits the ticks at hand. Any other one takes the long way of writer_event.c, which has the
 * rules; here they are only known to hold. Stands on writer.h.
 */
#include "edit/writer.h"
#include "order/fast.h"

bool tt_writer_plan_is_quick(const struct tt_event_def *def)
{
	if (def->spec.type > TT_LAST_TYPE_OF_GO || def->spec.norders > 0 ||
	    def->spec.kind == TT_KIND_STACK_SAMPLE || def->nstrings > 1 || def->nstacks > 1)
		return false;
	switch (def->spec.type) {
	case TT_EV_GO_START:
	case TT_EV_GO_STOP:
	case TT_EV_GO_BLOCK:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SYSCALL_BEGIN:
	case TT_EV_GO_SYSCALL_END:
	case TT_EV_HEAP_ALLOC:
	case TT_EV_HEAP_GOAL:
	case TT_EV_GO_LABEL:
		return true;
	default:
		return def->spec.experiment != NULL;
	}
}

/* The stream of the event's thread, if its context is stated. */
static struct tt_writer_stream *ready_stream(struct tt_writer *w, const struct tt_event *ev)
{
	uint8_t needs = tt_event_def_of(ev->spec)->needs;
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
	i = tt_idmap_find(ids, *id);
	if (i == TT_IDMAP_NONE)
		return false;
	*id = map[i];
	return *id != 0;
}

static bool map_ids(const struct tt_writer *w, const struct tt_event *ev, uint64_t *args)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	const struct tt_writer_tables *t = &w->tables;
	const struct tt_generation *from = ev->generation;

	if (def->nstrings + def->nstacks == 0)
		return true;
	if (t->source != from || t->source_ordinal != from->ordinal ||
	    t->source_offset != from->offset || t->source_end != from->end ||
	    t->string_of.n != from->strings.n + 1 || t->stack_of.n != from->stacks.n + 1)
		return false;
	return (def->nstrings == 0 ||
		map_known(&from->string_ids, t->string_of.at, &args[def->string_args[0]])) &&
	       (def->nstacks == 0 ||
		map_known(&from->stack_ids, t->stack_of.at, &args[def->stack_args[0]]));
}

/* False: its goroutine or P is not stated yet. */
static bool number(const struct tt_writer *w, const struct tt_writer_stream *s, uint8_t type,
		   uint64_t *args)
{
	const struct tt_order *o = &w->order;

	if (type == TT_EV_GO_START || type == TT_EV_GO_UNBLOCK) {
		const struct tt_g_state *g = tt_find_g(o, (int64_t)args[0]);

		if (g == NULL || g->seq.generation != o->gen->number)
			return false;
		args[1] = g->seq.n + 1;
	} else if (type == TT_EV_GO_SYSCALL_BEGIN) {
		const struct tt_p_state *p = tt_find_p(o, o->ms.at[s->m].p);

		if (p == NULL)
			return false;
		args[0] = p->seq.n + 1;
	}
	return true;
}

static bool fits_ticks(const struct tt_writer *w, const struct tt_event *ev)
{
	if (ev->time_ns <= w->last_ns)
		return false;
	return w->ns_per_tick == 1 || (ev->time_ns == ev->raw_time_ns &&
				       (uint64_t)ev->time_ns % w->ns_per_tick == 0);
}

/* To the batch at hand. False: it begins another one. */
static bool append(struct tt_writer *w, struct tt_writer_stream *s, const struct tt_raw_event *raw,
		   unsigned nargs, uint64_t ticks)
{
	size_t before = s->body.len;
	uint8_t *p;

	if (s->chunks.n == 0 || s->body.cap - before < TT_EVENT_MAX_SIZE ||
	    before + TT_EVENT_MAX_SIZE - s->chunks.at[s->chunks.n - 1].offset > TT_BATCH_MAX_SIZE)
		return false;
	p = s->body.data + before;
	*p++ = raw->type;
	p = tt_varint_put(p, ticks - s->last_ticks);
	for (unsigned i = 0; i < nargs; i++)
		p = tt_varint_put(p, raw->args[i]);
	s->body.len = (size_t)(p - s->body.data);
	s->last_ticks = ticks;
	w->nbytes += s->body.len - before;
	return true;
}

int tt_writer_take_fast(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_writer_plan *plan = &w->plans[ev->spec->type];
	struct tt_writer_stream *s;
	struct tt_raw_event raw;
	unsigned nargs = ev->spec->nargs;

	if (plan->spec != ev->spec || !plan->quick || ev->generation == NULL ||
	    plan->ordinal != ev->generation->ordinal || !fits_ticks(w, ev))
		return TT_END;
	s = ready_stream(w, ev);
	if (s == NULL)
		return TT_END;
	raw.type = ev->spec->type;
	raw.time_ns = ev->time_ns;
	raw.offset = 0;
	for (unsigned i = 0; i < nargs; i++)
		raw.args[i] = ev->args[i];
	if (!map_ids(w, ev, raw.args) || !number(w, s, raw.type, raw.args) ||
	    !tt_fast_try(&w->order, s->m, &raw))
		return TT_END;
	w->order.head = w->order.count = 0;
	if (raw.type == TT_EV_GO_START)
		s->g_stated = (int64_t)raw.args[0];
	w->last_ns = ev->time_ns;
	w->progress.events++;
	if (append(w, s, &raw, nargs, tt_writer_ticks(w, ev->time_ns)))
		return TT_OK;
	return tt_writer_put(w, s, raw.type, raw.args, nargs, ev->time_ns);
}
