/* SPDX-License-Identifier: MIT */
/*
 * handlers.h - what the handlers share: finding state, checking the context,
 * handing events on. Private to lib/order; dispatch.c binds the handlers.
 */
#ifndef TT_ORDER_HANDLERS_H
#define TT_ORDER_HANDLERS_H

#include "base/compiler.h"
#include "order/assume.h"
#include "order/fast.h"

/* One event on its way through a handler. */
struct tt_step {
	const struct tt_event_def *def;
	unsigned needs;         /* enum tt_need: what its context must be */
	struct tt_raw_event *ev;
	uint32_t m;             /* slot of its thread, or TT_NO_SLOT: it has none */
	struct tt_context cur;  /* before the event: what is handed out */
};

/* Binds handlers and rules to the types that the specs have (dispatch.c). */
void tt_dispatch_init(struct tt_order *o);

/* proc.c */
tt_handler tt_advance_proc_status, tt_advance_proc_start, tt_advance_proc_stop,
	tt_advance_proc_steal;
/* goroutine.c */
tt_handler tt_advance_go_status, tt_advance_go_create, tt_advance_go_create_blocked,
	tt_advance_go_start, tt_advance_go_destroy, tt_advance_go_stop, tt_advance_go_block,
	tt_advance_go_unblock, tt_advance_go_switch, tt_advance_go_switch_destroy;
/* syscall.c */
tt_handler tt_advance_syscall_begin, tt_advance_syscall_end, tt_advance_syscall_end_blocked,
	tt_advance_create_syscall, tt_advance_destroy_syscall;
/* range.c */
tt_handler tt_advance_gc_active, tt_advance_gc_begin, tt_advance_gc_end;
/* That of events with this range; NULL: they have none. */
tt_handler *tt_range_handler(const struct tt_order *o, const struct tt_event_def *def);
/* annotation.c */
tt_handler tt_advance_in_context, tt_advance_task_begin, tt_advance_task_end,
	tt_advance_region_begin, tt_advance_region_end;

/* declared.c */
tt_handler tt_advance_declared;

/* ---- errors and waiting (state.c) */

/* Sets o->err; TT_BROKEN. */
enum tt_advance tt_broken(struct tt_order *o, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum tt_advance tt_broken_memory(struct tt_order *o);
/* TT_NOT_YET; writes what it waits for if somebody asks. */
enum tt_advance tt_not_yet(struct tt_order *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What the event waits for if it has to: if that is one thing, and nothing else can make it
 * advance or show that it is broken. Before tt_not_yet(). */
static inline void tt_await(struct tt_order *o, uint64_t id, uint64_t seq)
{
	o->awaits = (struct tt_wait){false, id, seq};
}
/* The event's name as Go's errors have it, see tt_specs_event_name(). */
const char *tt_step_name(const struct tt_order *o, const struct tt_step *s,
			 char buf[TT_EVENT_NAME_SIZE]);
const char *tt_g_status_name(unsigned status);
const char *tt_p_status_name(unsigned status);

/* Whether the context is what the event's spec needs. */
static inline bool tt_has_context(const struct tt_order *o, const struct tt_step *s)
{
	unsigned has = s->m == TT_NO_SLOT
			       ? TT_NEED_NO_THREAD | TT_NEED_NO_PROC | TT_NEED_NO_GOROUTINE
			       : o->ms.at[s->m].has;

	return (s->needs & ~has) == 0;
}
/* TT_ADVANCED if it is, else TT_BROKEN; an order that is alone may assume that it is. */
enum tt_advance tt_context_broken(struct tt_order *o, const struct tt_step *s);
static inline enum tt_advance tt_check_context(struct tt_order *o, const struct tt_step *s)
{
	return tt_has_context(o, s) ? TT_ADVANCED : tt_context_broken(o, s);
}

/* The current goroutine is unknown (`g` NULL) or is in another status than `wanted`. */
enum tt_advance tt_wrong_g(struct tt_order *o, const struct tt_step *s,
			   const struct tt_g_state *g, const char *wanted);

/* ---- state (state.c) */

struct tt_g_state *tt_current_g_slow(struct tt_order *o, const struct tt_step *s);
/* NULL: no memory. */
struct tt_g_state *tt_add_g(struct tt_order *o, int64_t id, enum tt_g_status status);
struct tt_p_state *tt_add_p(struct tt_order *o, int64_t id, enum tt_p_status status);
struct tt_m_state *tt_add_m(struct tt_order *o, int64_t id);
struct tt_task_state *tt_add_task(struct tt_order *o, uint64_t id);
void tt_remove_task(struct tt_order *o, uint32_t slot);
void tt_remove_g(struct tt_order *o, struct tt_g_state *g); /* gone.c */
/* The ranges and regions of a resource, made if need be. NULL: no memory. */
struct tt_open_scopes *tt_open_scopes_of(struct tt_order *o, uint32_t *slot);

/* The goroutine of the step's context, or NULL if it is not known. */
static inline struct tt_g_state *tt_current_g(struct tt_order *o, const struct tt_step *s)
{
	if (s->m != TT_NO_SLOT) {
		uint32_t slot = o->ms.at[s->m].g_slot;

		if (slot < o->gs.n && o->gs.at[slot].id == s->cur.goroutine &&
		    o->gs.at[slot].status != TT_G_GONE)
			return &o->gs.at[slot];
	}
	return tt_current_g_slow(o, s);
}

/* The state of the step's thread, where it must have one: its context was checked. */
static inline struct tt_m_state *tt_step_m(struct tt_order *o, const struct tt_step *s)
{
	return &o->ms.at[s->m];
}

/* What the step's thread has from now on. Without a thread: nothing. */
static inline void tt_set_p(struct tt_order *o, const struct tt_step *s, int64_t p)
{
	if (s->m != TT_NO_SLOT)
		tt_m_set_p(&o->ms.at[s->m], p);
}

static inline void tt_set_g(struct tt_order *o, const struct tt_step *s, int64_t g)
{
	if (s->m != TT_NO_SLOT)
		tt_m_set_g(&o->ms.at[s->m], g);
}

/* As tt_set_g(), and notes where the record of g is. */
static inline void tt_bind_g(struct tt_order *o, const struct tt_step *s,
			     const struct tt_g_state *g)
{
	if (s->m == TT_NO_SLOT)
		return;
	tt_m_set_g(&o->ms.at[s->m], g->id);
	o->ms.at[s->m].g_slot = (uint32_t)(g - o->gs.at);
}

static inline struct tt_seq tt_seq_at(const struct tt_order *o, uint64_t n)
{
	return (struct tt_seq){o->gen->number, n};
}

static inline bool tt_seq_succeeds(struct tt_seq a, struct tt_seq b)
{
	return a.generation == b.generation && a.n == b.n + 1;
}

/* ---- handing on */

/* Queues an event that the rules add, at the time of the step's own. */
struct tt_event *tt_queue_added(struct tt_order *o, const struct tt_step *s,
				const struct tt_event_def *def, const struct tt_context *context);

/* Queues the step's event, in the context before it. */
static inline struct tt_event *tt_queue_step(struct tt_order *o, const struct tt_step *s)
{
	struct tt_event *ev = tt_queue_event(o, s->cur, s->def, s->ev);

	o->count++;
	return ev;
}

#endif
