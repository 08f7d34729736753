/* SPDX-License-Identifier: MIT */
/* synth_event.c - single made-up events. Stands on synth.h. */
#include <stdarg.h>

#include "edit/synth_impl.h"

void tt_synth_add(struct tt_synth *s, int64_t thread, enum tt_event_type type, unsigned nargs, ...)
{
	struct tt_raw_event ev = {.type = (uint8_t)type, .time_ns = s->start.last_ns};
	uint32_t slot = TT_NO_SLOT;
	struct tt_synth_event *to;
	va_list args;

	if (s->failed)
		return;
	if (!TT_ARRAY_ROOM(s->mem, &s->events)) {
		tt_synth_give_up_memory(s);
		return;
	}
	to = &s->events.at[s->events.n];
	*to = (struct tt_synth_event){
		.thread = thread,
		.type = ev.type,
		.nargs = (uint8_t)nargs,
	};
	va_start(args, nargs);
	for (unsigned i = 0; i < nargs; i++)
		ev.args[i] = to->args[i] = va_arg(args, uint64_t);
	va_end(args);
	if (tt_order_try(s->order, thread, &slot, &ev) != TT_ADVANCED) {
		tt_synth_give_up(s);
		return;
	}
	s->order->head = s->order->count = 0;
	s->events.n++;
}

int64_t tt_synth_new_thread(struct tt_synth *s)
{
	while (tt_order_m(s->order, s->new_m) != NULL ||
	       tt_idmap_find(&s->entry->gen->thread_ids, (uint64_t)s->new_m) != TT_IDMAP_NONE)
		s->new_m++;
	return s->new_m++;
}

int64_t tt_synth_new_goroutine(struct tt_synth *s)
{
	while (tt_order_g(s->order, s->new_g) != NULL || tt_entry_g(s->entry, s->new_g) != NULL)
		s->new_g++;
	return s->new_g++;
}

/* ---- sequences: a status begins them anew in each generation */

static bool is_stated(const struct tt_synth *s, struct tt_seq seq)
{
	return seq.generation == s->order->gen->number;
}

void tt_synth_restate_p(struct tt_synth *s, int64_t p, int64_t thread)
{
	const struct tt_p_state *state = tt_order_p(s->order, p);

	if (state == NULL)
		tt_synth_give_up(s);
	else if (!is_stated(s, state->seq))
		tt_synth_add(s, thread, TT_EV_PROC_STATUS, 2, (uint64_t)p, (uint64_t)state->status);
}

void tt_synth_restate_g(struct tt_synth *s, int64_t g, int64_t thread)
{
	const struct tt_g_state *state = tt_order_g(s->order, g);

	if (state == NULL)
		tt_synth_give_up(s);
	else if (!is_stated(s, state->seq))
		tt_synth_add(s, thread, TT_EV_GO_STATUS, 3, (uint64_t)g, (uint64_t)thread,
			     (uint64_t)state->status);
}

uint64_t tt_synth_next_p_seq(const struct tt_synth *s, int64_t p)
{
	const struct tt_p_state *state = tt_order_p(s->order, p);

	return state == NULL ? 0 : state->seq.n + 1;
}

uint64_t tt_synth_next_g_seq(const struct tt_synth *s, int64_t g)
{
	const struct tt_g_state *state = tt_order_g(s->order, g);

	return state == NULL ? 0 : state->seq.n + 1;
}

/* ---- what threads do */

void tt_synth_start_p(struct tt_synth *s, int64_t thread, int64_t p)
{
	tt_synth_restate_p(s, p, thread);
	tt_synth_add(s, thread, TT_EV_PROC_START, 2, (uint64_t)p, tt_synth_next_p_seq(s, p));
}

void tt_synth_stop_p(struct tt_synth *s, int64_t thread)
{
	tt_synth_add(s, thread, TT_EV_PROC_STOP, 0);
}

void tt_synth_start_g(struct tt_synth *s, int64_t thread, int64_t g)
{
	tt_synth_restate_g(s, g, thread);
	tt_synth_add(s, thread, TT_EV_GO_START, 2, (uint64_t)g, tt_synth_next_g_seq(s, g));
}

void tt_synth_start_new_g(struct tt_synth *s, int64_t thread)
{
	int64_t g = tt_synth_new_goroutine(s);

	tt_synth_add(s, thread, TT_EV_GO_CREATE, 3, (uint64_t)g, UINT64_C(0), UINT64_C(0));
	tt_synth_start_g(s, thread, g);
}

void tt_synth_begin_syscall(struct tt_synth *s, int64_t thread)
{
	const struct tt_m_state *m = tt_order_m(s->order, thread);
	int64_t p = m == NULL ? TT_NONE : m->p;

	tt_synth_restate_p(s, p, thread);
	tt_synth_add(s, thread, TT_EV_GO_SYSCALL_BEGIN, 2, tt_synth_next_p_seq(s, p), UINT64_C(0));
}

int64_t tt_synth_idle_p(struct tt_synth *s)
{
	int64_t p = 0;

	for (size_t i = 0; i < s->order->ps.n; i++)
		if (s->order->ps.at[i].status == TT_P_IDLE)
			return s->order->ps.at[i].id;
	while (tt_order_p(s->order, p) != NULL || tt_entry_p(s->entry, p) != NULL)
		p++;
	tt_synth_add(s, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)p, (uint64_t)TT_P_IDLE);
	return p;
}
