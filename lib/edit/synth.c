/* SPDX-License-Identifier: MIT */
/*
 * synth.c - leads from one state of the scheduler to another: first every thread
 * that has to change lets go of its goroutine and its P, then what has to happen to
 * goroutines and Ps that nobody holds happens on one thread, then threads take what
 * the next generation says they have. Stands on order.
 */
#include "edit/synth.h"

#include <stdarg.h>
#include <string.h>

#include "order/handlers.h"
#include "spec/types.h"

/* The collector's sequence is led on so far, event by event. */
#define MAX_GC_EVENTS 4096
/* Where ids are looked for that no trace has. */
#define FRESH_M (INT64_C(1) << 30)
#define FRESH_G (INT64_C(1) << 40)

void tt_synth_init(struct tt_synth *b, struct tt_mem *mem)
{
	memset(b, 0, sizeof(*b));
	b->mem = mem;
}

void tt_synth_release(struct tt_synth *b)
{
	TT_ARRAY_RELEASE(b->mem, &b->events);
	TT_ARRAY_RELEASE(b->mem, &b->kept);
}

void tt_synth_clear(struct tt_synth *b)
{
	b->events.n = b->kept.n = 0;
	b->failed = b->no_memory = b->shared_done = false;
	b->worker = TT_NONE;
	b->fresh_m = FRESH_M;
	b->fresh_g = FRESH_G;
}

/* ---- one event */

static void give_up(struct tt_synth *b)
{
	b->failed = true;
}

/* Takes an event with its arguments behind dt, if it can happen now. */
static void take(struct tt_synth *b, int64_t thread, enum tt_event_type type, unsigned nargs, ...)
{
	struct tt_raw_event ev = {.type = (uint8_t)type, .time_ns = b->salvage->last_ns};
	struct tt_synth_event *to;
	va_list args;

	if (b->failed)
		return;
	if (!TT_ARRAY_ROOM(b->mem, &b->events)) {
		b->failed = b->no_memory = true;
		return;
	}
	to = &b->events.at[b->events.n];
	*to = (struct tt_synth_event){
		.thread = thread,
		.ticks = b->ticks,
		.type = ev.type,
		.nargs = (uint8_t)nargs,
	};
	va_start(args, nargs);
	for (unsigned i = 0; i < nargs; i++)
		ev.args[i] = to->args[i] = va_arg(args, uint64_t);
	va_end(args);
	if (tt_salvage_try(b->order, thread, &ev) != TT_ADVANCED) {
		give_up(b);
		return;
	}
	b->order->head = b->order->count = 0;
	b->events.n++;
	b->ticks += b->step;
}

static int64_t fresh_m(struct tt_synth *b)
{
	while (tt_find_m(b->order, b->fresh_m) != NULL ||
	       tt_idmap_find(&b->want->gen->thread_ids, (uint64_t)b->fresh_m) != TT_IDMAP_NONE)
		b->fresh_m++;
	return b->fresh_m++;
}

static int64_t fresh_g(struct tt_synth *b)
{
	while (tt_find_g(b->order, b->fresh_g) != NULL || tt_entry_g(b->want, b->fresh_g) != NULL)
		b->fresh_g++;
	return b->fresh_g++;
}

/* ---- sequences: a status starts them anew in each generation */

static bool stated(const struct tt_synth *b, struct tt_seq seq)
{
	return seq.generation == b->salvage->gen.number;
}

static void state_p(struct tt_synth *b, int64_t p, int64_t thread)
{
	const struct tt_p_state *state = tt_find_p(b->order, p);

	if (state == NULL)
		give_up(b);
	else if (!stated(b, state->seq))
		take(b, thread, TT_EV_PROC_STATUS, 2, (uint64_t)p, (uint64_t)state->status);
}

static void state_g(struct tt_synth *b, int64_t g, int64_t thread)
{
	const struct tt_g_state *state = tt_find_g(b->order, g);

	if (state == NULL)
		give_up(b);
	else if (!stated(b, state->seq))
		take(b, thread, TT_EV_GO_STATUS, 3, (uint64_t)g, (uint64_t)thread,
		     (uint64_t)state->status);
}

static uint64_t next_p_seq(struct tt_synth *b, int64_t p)
{
	const struct tt_p_state *state = tt_find_p(b->order, p);

	return state == NULL ? 0 : state->seq.n + 1;
}

static uint64_t next_g_seq(struct tt_synth *b, int64_t g)
{
	const struct tt_g_state *state = tt_find_g(b->order, g);

	return state == NULL ? 0 : state->seq.n + 1;
}

static void start_p(struct tt_synth *b, int64_t thread, int64_t p)
{
	state_p(b, p, thread);
	take(b, thread, TT_EV_PROC_START, 2, (uint64_t)p, next_p_seq(b, p));
}

static void start_g(struct tt_synth *b, int64_t thread, int64_t g)
{
	state_g(b, g, thread);
	take(b, thread, TT_EV_GO_START, 2, (uint64_t)g, next_g_seq(b, g));
}

static void begin_syscall(struct tt_synth *b, int64_t thread)
{
	const struct tt_m_state *m = tt_find_m(b->order, thread);
	int64_t p = m == NULL ? TT_NONE : m->p;

	state_p(b, p, thread);
	take(b, thread, TT_EV_GO_SYSCALL_BEGIN, 2, next_p_seq(b, p), UINT64_C(0));
}

static void stop_p(struct tt_synth *b, int64_t thread)
{
	take(b, thread, TT_EV_PROC_STOP, 0);
}

/* A P that is idle, one of the trace if there is; made known if there is none. */
static int64_t spare_p(struct tt_synth *b)
{
	int64_t p = 0;

	for (size_t i = 0; i < b->order->ps.n; i++)
		if (b->order->ps.at[i].status == TT_P_IDLE)
			return b->order->ps.at[i].id;
	while (tt_find_p(b->order, p) != NULL || tt_entry_p(b->want, p) != NULL)
		p++;
	take(b, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)p, (uint64_t)TT_P_IDLE);
	return p;
}

/* ---- what is open and shall not be, and the reverse */

static bool is_open(const struct tt_synth *b, uint32_t extra, enum tt_event_type begin)
{
	const struct tt_open_scopes *e;

	if (extra == TT_NO_SLOT)
		return false;
	e = &b->order->open_scopes.at[extra];
	for (size_t i = 0; i < e->ranges.n; i++)
		if (e->ranges.at[i].type == begin)
			return true;
	return false;
}

static bool g_needs_edit(const struct tt_synth *b, const struct tt_g_state *g)
{
	const struct tt_entry_g *w = tt_entry_g(b->want, g->id);

	if (w == NULL || w->status == TT_ENTRY_NOTHING)
		return false;
	return is_open(b, g->scopes, TT_EV_GC_MARK_ASSIST_BEGIN) != w->assist ||
	       is_open(b, g->scopes, TT_EV_STW_BEGIN) ||
	       (w->other_regions && b->order->open_scopes.at[g->scopes].regions.n != 0);
}

static bool p_needs_edit(const struct tt_synth *b, const struct tt_p_state *p)
{
	const struct tt_entry_p *w = tt_entry_p(b->want, p->id);

	return w != NULL && is_open(b, p->scopes, TT_EV_GC_SWEEP_BEGIN) != w->sweep;
}

static void end_regions(struct tt_synth *b, int64_t thread, int64_t g)
{
	for (;;) {
		const struct tt_g_state *state = tt_find_g(b->order, g);
		const struct tt_open_region *top;
		const struct tt_open_scopes *e;
		uint64_t name;

		if (b->failed || state->scopes == TT_NO_SLOT)
			return;
		e = &b->order->open_scopes.at[state->scopes];
		if (e->regions.n == 0)
			return;
		top = &e->regions.at[e->regions.n - 1];
		if (!tt_salvage_string(b->salvage,
				       (struct tt_str){top->name->bytes, top->name->len}, &name)) {
			b->failed = b->no_memory = true;
			return;
		}
		/* there may be a string more */
		tt_shared_strings_begin_generation(&b->order->texts, &b->salvage->gen);
		take(b, thread, TT_EV_USER_REGION_END, 3, top->task, name, UINT64_C(0));
	}
}

/* The name of a pause is looked up when it ends: it must mean something here. */
static void end_pauses(struct tt_synth *b, int64_t thread, int64_t g)
{
	for (;;) {
		const struct tt_g_state *state = tt_find_g(b->order, g);
		const struct tt_open_scopes *e;

		if (b->failed || !is_open(b, state->scopes, TT_EV_STW_BEGIN))
			return;
		e = &b->order->open_scopes.at[state->scopes];
		for (size_t i = 0; i < e->ranges.n; i++)
			if (!tt_salvage_name(b->salvage, e->ranges.at[i].kind))
				b->failed = b->no_memory = true;
		tt_shared_strings_begin_generation(&b->order->texts, &b->salvage->gen);
		take(b, thread, TT_EV_STW_END, 0);
	}
}

/* The collector's sequence goes on to what is wanted. Where a generation is lost
 * it may have gone round several times. */
static void lead_gc(struct tt_synth *b, int64_t thread)
{
	const struct tt_order *o = b->order;
	uint64_t target = b->want->gc_seq;
	bool running = b->want->gc_running;

	if (!b->want->gc)
		return;
	if (o->gc_state == TT_GC_UNDETERMINED) {
		if (running)
			take(b, thread, TT_EV_GC_BEGIN, 2, target, UINT64_C(0));
		return;
	}
	if (target - o->gc_seq > MAX_GC_EVENTS)
		give_up(b);
	while (!b->failed && o->gc_seq != target) {
		uint64_t left = target - o->gc_seq, next = o->gc_seq + 1;
		bool runs = o->gc_state == TT_GC_RUNNING;

		/* an even number of changes is left if it shall be as it is */
		if (!runs)
			take(b, thread, TT_EV_GC_BEGIN, 2, next, UINT64_C(0));
		else if ((left % 2 == 0) == running)
			take(b, thread, TT_EV_GC_END, 1, next);
		else
			take(b, thread, TT_EV_GC_ACTIVE, 1, next);
	}
	if ((o->gc_state == TT_GC_RUNNING) != running)
		give_up(b);
}

static bool is_task_open(const struct tt_synth *b, uint64_t id)
{
	return tt_idmap_find(&b->order->task_ids, id) != TT_IDMAP_NONE;
}

/* What needs a goroutine, any one. */
static void edit_shared(struct tt_synth *b, int64_t thread)
{
	if (b->shared_done)
		return;
	b->shared_done = true;
	lead_gc(b, thread);
	for (size_t i = 0; i < b->want->tasks.n; i++)
		if (is_task_open(b, b->want->tasks.at[i]))
			take(b, thread, TT_EV_USER_TASK_END, 2, b->want->tasks.at[i], UINT64_C(0));
}

static bool shared_needs_edit(const struct tt_synth *b)
{
	const struct tt_order *o = b->order;

	if (b->shared_done)
		return false;
	if (b->want->gc && (o->gc_seq != b->want->gc_seq ||
			    (o->gc_state == TT_GC_RUNNING) != b->want->gc_running) &&
	    (o->gc_state != TT_GC_UNDETERMINED || b->want->gc_running))
		return true;
	for (size_t i = 0; i < b->want->tasks.n; i++)
		if (is_task_open(b, b->want->tasks.at[i]))
			return true;
	return false;
}

/* What the goroutine that runs on the thread has to do before it stops. */
static void edit_running(struct tt_synth *b, int64_t thread, int64_t g)
{
	const struct tt_entry_g *w = tt_entry_g(b->want, g);

	if (b->failed)
		return;
	if (shared_needs_edit(b))
		edit_shared(b, thread);
	if (b->failed || w == NULL || w->status == TT_ENTRY_NOTHING)
		return;
	if (w->other_regions)
		end_regions(b, thread, g);
	end_pauses(b, thread, g);
	if (b->failed)
		return;
	if (is_open(b, tt_find_g(b->order, g)->scopes, TT_EV_GC_MARK_ASSIST_BEGIN) == w->assist)
		return;
	if (w->assist)
		take(b, thread, TT_EV_GC_MARK_ASSIST_BEGIN, 1, UINT64_C(0));
	else
		take(b, thread, TT_EV_GC_MARK_ASSIST_END, 0);
}

/* The goroutine that runs on the thread stops as it is wanted. */
static void stop_running(struct tt_synth *b, int64_t thread, int64_t g)
{
	const struct tt_entry_g *w = tt_entry_g(b->want, g);

	edit_running(b, thread, g);
	if (w != NULL && w->status == TT_ENTRY_NOTHING)
		take(b, thread, TT_EV_GO_DESTROY, 0);
	else if (w != NULL && w->status == TT_G_WAITING)
		take(b, thread, TT_EV_GO_BLOCK, 2, UINT64_C(0), UINT64_C(0));
	else
		take(b, thread, TT_EV_GO_STOP, 2, UINT64_C(0), UINT64_C(0));
}

/* ---- threads let go */

/* Whether a thread has what it shall have, and may go on with it. */
static bool stays(const struct tt_synth *b, const struct tt_m_state *m)
{
	if (m->p != TT_NONE) {
		const struct tt_entry_p *w = tt_entry_p(b->want, m->p);
		const struct tt_p_state *p = tt_find_p(b->order, m->p);

		if (w == NULL || p == NULL || w->thread != m->id || w->status != p->status ||
		    (p->status != TT_P_RUNNING && p->status != TT_P_SYSCALL) || p_needs_edit(b, p))
			return false;
	}
	if (m->g != TT_NONE) {
		const struct tt_entry_g *w = tt_entry_g(b->want, m->g);
		const struct tt_g_state *g = tt_find_g(b->order, m->g);

		if (w == NULL || g == NULL || w->thread != m->id || w->status != g->status ||
		    (g->status != TT_G_RUNNING && g->status != TT_G_SYSCALL) || g_needs_edit(b, g))
			return false;
	}
	return m->p != TT_NONE || m->g != TT_NONE;
}

static const struct tt_m_state *holder_of_g(const struct tt_synth *b, int64_t g)
{
	for (size_t i = 0; i < b->order->ms.n; i++)
		if (b->order->ms.at[i].g == g)
			return &b->order->ms.at[i];
	return NULL;
}

static const struct tt_m_state *holder_of_p(const struct tt_synth *b, int64_t p)
{
	for (size_t i = 0; i < b->order->ms.n; i++)
		if (b->order->ms.at[i].p == p)
			return &b->order->ms.at[i];
	return NULL;
}

/* What runs and no thread has, because statuses took the thread away from under
 * it, is given to a new one. */
static void find_holders(struct tt_synth *b)
{
	for (size_t i = 0; i < b->order->gs.n && !b->failed; i++) {
		const struct tt_g_state *g = &b->order->gs.at[i];
		bool runs = (g->status == TT_G_RUNNING || g->status == TT_G_SYSCALL);
		int64_t m;

		if (!runs || holder_of_g(b, g->id) != NULL)
			continue;
		m = fresh_m(b);
		take(b, g->status == TT_G_RUNNING ? m : TT_NONE, TT_EV_GO_STATUS, 3,
		     (uint64_t)g->id, (uint64_t)m, (uint64_t)g->status);
	}
	for (size_t i = 0; i < b->order->ps.n && !b->failed; i++) {
		const struct tt_p_state *p = &b->order->ps.at[i];

		if ((p->status == TT_P_RUNNING || p->status == TT_P_SYSCALL) &&
		    holder_of_p(b, p->id) == NULL)
			take(b, fresh_m(b), TT_EV_PROC_STATUS, 2, (uint64_t)p->id,
			     (uint64_t)p->status);
	}
}

/* A goroutine in a syscall comes back without its P. */
static void end_syscall(struct tt_synth *b, const struct tt_m_state *m)
{
	const struct tt_p_state *p = m->p == TT_NONE ? NULL : tt_find_p(b->order, m->p);
	int64_t thread = m->id;

	if (p != NULL && p->status == TT_P_SYSCALL)
		stop_p(b, thread);
	take(b, thread, TT_EV_GO_SYSCALL_END_BLOCKED, 0);
}

static void let_go(struct tt_synth *b, size_t slot)
{
	struct tt_m_state m = b->order->ms.at[slot];
	const struct tt_g_state *g = m.g == TT_NONE ? NULL : tt_find_g(b->order, m.g);

	if (m.g != TT_NONE && g == NULL)
		give_up(b);
	if (g != NULL && g->status == TT_G_RUNNING) {
		if (m.p == TT_NONE)
			start_p(b, m.id, spare_p(b));
		stop_running(b, m.id, m.g);
	} else if (g != NULL && g->status == TT_G_SYSCALL) {
		end_syscall(b, &m);
	} else if (g != NULL) {
		give_up(b);
	}
	if (!b->failed && b->order->ms.at[slot].p != TT_NONE)
		stop_p(b, m.id);
}

static bool all_let_go(struct tt_synth *b)
{
	find_holders(b);
	if (!tt_mem_grow(b->mem, &b->kept.at, &b->kept.cap, b->order->ms.n, sizeof(bool))) {
		b->failed = b->no_memory = true;
		return false;
	}
	b->kept.n = b->order->ms.n;
	for (size_t i = 0; i < b->kept.n; i++)
		b->kept.at[i] = stays(b, &b->order->ms.at[i]);
	for (size_t i = 0; i < b->kept.n && !b->failed; i++)
		if (!b->kept.at[i])
			let_go(b, i);
	return !b->failed;
}

/* ---- on one thread */

static bool is_kept(const struct tt_synth *b, size_t slot)
{
	return slot < b->kept.n && b->kept.at[slot];
}

/* The thread on which things happen that nobody did. */
static int64_t choose_worker(struct tt_synth *b)
{
	const struct tt_order *o = b->order;

	for (size_t i = 0; i < o->ms.n && b->worker == TT_NONE; i++)
		if (!is_kept(b, i) && o->ms.at[i].p == TT_NONE && o->ms.at[i].g == TT_NONE)
			b->worker = o->ms.at[i].id;
	if (b->worker == TT_NONE)
		b->worker = fresh_m(b);
	return b->worker;
}

/* The same, with a P. */
static int64_t worker(struct tt_synth *b)
{
	int64_t thread = choose_worker(b);
	const struct tt_m_state *m = tt_find_m(b->order, thread);

	if (m == NULL || m->p == TT_NONE)
		start_p(b, thread, spare_p(b));
	return thread;
}

/* The worker lets go of its P, so that another can have it. */
static void rest(struct tt_synth *b)
{
	const struct tt_m_state *m = b->worker == TT_NONE ? NULL : tt_find_m(b->order, b->worker);

	if (m != NULL && m->p != TT_NONE)
		stop_p(b, b->worker);
}

static void wake(struct tt_synth *b, int64_t g)
{
	int64_t thread = worker(b);

	state_g(b, g, thread);
	take(b, thread, TT_EV_GO_UNBLOCK, 3, (uint64_t)g, next_g_seq(b, g), UINT64_C(0));
}

/* Brings a goroutine that no thread has to where it shall be, or before a start. */
static void move_g(struct tt_synth *b, const struct tt_entry_g *w)
{
	const struct tt_g_state *g = tt_find_g(b->order, w->id);
	bool edit = g_needs_edit(b, g), rests = w->status == TT_G_WAITING;

	if (g->status == TT_G_WAITING && (edit || !rests)) {
		wake(b, w->id);
		g = tt_find_g(b->order, w->id);
	}
	if (g->status == TT_G_RUNNABLE && (edit || rests || w->status == TT_ENTRY_NOTHING)) {
		int64_t thread = worker(b);

		start_g(b, thread, w->id);
		stop_running(b, thread, w->id);
	}
}

static void create_g(struct tt_synth *b, const struct tt_entry_g *w)
{
	bool waits = w->status == TT_G_WAITING;

	if (w->status == TT_ENTRY_NOTHING)
		return;
	if (w->status == TT_G_BAD)
		give_up(b);
	take(b, worker(b), waits ? TT_EV_GO_CREATE_BLOCKED : TT_EV_GO_CREATE, 3,
	     (uint64_t)w->id, UINT64_C(0), UINT64_C(0));
	if (!b->failed && w->assist)
		move_g(b, w);
}

static void move_gs(struct tt_synth *b)
{
	for (size_t i = 0; i < b->want->gs.n && !b->failed; i++) {
		const struct tt_entry_g *w = &b->want->gs.at[i];
		const struct tt_g_state *g = tt_find_g(b->order, w->id);

		if (g == NULL)
			create_g(b, w);
		else if (g->status == TT_G_WAITING || g->status == TT_G_RUNNABLE)
			move_g(b, w);
	}
}

/* Abandoned Ps are stolen; sweeps begin and end on a thread that takes the P. */
static void move_ps(struct tt_synth *b)
{
	for (size_t i = 0; i < b->want->ps.n && !b->failed; i++) {
		const struct tt_entry_p *w = &b->want->ps.at[i];
		const struct tt_p_state *p = tt_find_p(b->order, w->id);

		if (p == NULL)
			continue;
		if (p->status == TT_P_ABANDONED && w->status != TT_P_ABANDONED) {
			int64_t thread = worker(b);

			state_p(b, w->id, thread);
			take(b, thread, TT_EV_PROC_STEAL, 3, (uint64_t)w->id,
			     next_p_seq(b, w->id), (uint64_t)thread);
		}
		p = tt_find_p(b->order, w->id);
		if (b->failed || !p_needs_edit(b, p) || p->status != TT_P_IDLE)
			continue;
		choose_worker(b);
		rest(b);
		start_p(b, b->worker, w->id);
		if (w->sweep)
			take(b, b->worker, TT_EV_GC_SWEEP_BEGIN, 1, UINT64_C(0));
		else
			take(b, b->worker, TT_EV_GC_SWEEP_END, 2, UINT64_C(0), UINT64_C(0));
		rest(b);
	}
}

/* A goroutine for what needs one and has none, on a thread with a P. */
static int64_t host(struct tt_synth *b, int64_t thread)
{
	int64_t g = fresh_g(b);

	take(b, thread, TT_EV_GO_CREATE, 3, (uint64_t)g, UINT64_C(0), UINT64_C(0));
	start_g(b, thread, g);
	return g;
}

static void work(struct tt_synth *b)
{
	move_gs(b);
	/* none of these goroutines had to run for a reason of its own */
	if (shared_needs_edit(b)) {
		int64_t thread = worker(b);

		host(b, thread);
		edit_shared(b, thread);
		take(b, thread, TT_EV_GO_DESTROY, 0);
	}
	rest(b);
	move_ps(b);
	rest(b);
}

/* ---- threads take up */

/* The P that a thread shall have, if it is known already: else its status makes it. */
static const struct tt_entry_p *p_of_thread(const struct tt_synth *b, int64_t thread)
{
	for (size_t i = 0; i < b->want->ps.n; i++) {
		const struct tt_entry_p *w = &b->want->ps.at[i];

		if (w->thread == thread && tt_find_p(b->order, w->id) != NULL &&
		    (w->status == TT_P_RUNNING || w->status == TT_P_SYSCALL))
			return w;
	}
	return NULL;
}

static int64_t bound_p(const struct tt_synth *b, int64_t thread)
{
	const struct tt_m_state *m = tt_find_m(b->order, thread);

	return m == NULL ? TT_NONE : m->p;
}

/* A goroutine goes on the thread that says it has it. */
static void take_up_g(struct tt_synth *b, const struct tt_entry_g *w)
{
	int64_t thread = w->thread == TT_NONE ? fresh_m(b) : w->thread;
	const struct tt_entry_p *own = p_of_thread(b, thread);
	enum tt_p_status after = w->status == TT_G_SYSCALL ? TT_P_SYSCALL : TT_P_RUNNING;

	if (bound_p(b, thread) == TT_NONE)
		start_p(b, thread, own != NULL ? own->id : spare_p(b));
	start_g(b, thread, w->id);
	if (w->status == TT_G_SYSCALL)
		begin_syscall(b, thread);
	if (own == NULL || own->status != after)
		stop_p(b, thread);
}

static void take_up_gs(struct tt_synth *b, bool with_own_p)
{
	for (size_t i = 0; i < b->want->gs.n && !b->failed; i++) {
		const struct tt_entry_g *w = &b->want->gs.at[i];
		const struct tt_g_state *g = tt_find_g(b->order, w->id);

		if (w->status != TT_G_RUNNING && w->status != TT_G_SYSCALL)
			continue;
		if (g->status == TT_G_RUNNABLE &&
		    (p_of_thread(b, w->thread) != NULL) == with_own_p)
			take_up_g(b, w);
	}
}

/* A P that is in a syscall, or was when its thread left it, with no goroutine to
 * it: one is made up for it. */
static void take_up_syscall(struct tt_synth *b, const struct tt_entry_p *w)
{
	int64_t thread = fresh_m(b);

	start_p(b, thread, w->id);
	host(b, thread);
	begin_syscall(b, thread);
	if (w->status == TT_P_ABANDONED)
		take(b, thread, TT_EV_GO_DESTROY_SYSCALL, 0);
}

static void take_up_ps(struct tt_synth *b)
{
	for (size_t i = 0; i < b->want->ps.n && !b->failed; i++) {
		const struct tt_entry_p *w = &b->want->ps.at[i];
		const struct tt_p_state *p = tt_find_p(b->order, w->id);

		if (p == NULL || p->status == w->status)
			continue;
		if (w->status == TT_P_RUNNING)
			start_p(b, w->thread == TT_NONE ? fresh_m(b) : w->thread, w->id);
		else if (w->status == TT_P_SYSCALL || w->status == TT_P_ABANDONED)
			take_up_syscall(b, w);
	}
}

/* ---- all of it */

/* Whether all is as it shall be. */
static bool arrived(const struct tt_synth *b)
{
	for (size_t i = 0; i < b->want->gs.n; i++) {
		const struct tt_entry_g *w = &b->want->gs.at[i];
		const struct tt_g_state *g = tt_find_g(b->order, w->id);

		if ((g == NULL) != (w->status == TT_ENTRY_NOTHING) ||
		    (g != NULL && g->status != w->status))
			return false;
	}
	for (size_t i = 0; i < b->want->ps.n; i++) {
		const struct tt_p_state *p = tt_find_p(b->order, b->want->ps.at[i].id);

		if (p != NULL && p->status != b->want->ps.at[i].status)
			return false;
	}
	return true;
}

/* Behind all events that stay, and far enough apart; false if the clock ends before. */
static bool set_clock(struct tt_synth *b)
{
	const double limit = 9223372036854775808.0; /* 2^63 */
	const struct tt_generation *g = &b->salvage->gen;
	int64_t last_ns = b->salvage->last_ns;
	double last;

	b->ticks = g->min_time + 1;
	b->step = g->frequency / 500000000 + 1;
	if (last_ns > tt_generation_start_ns(g)) {
		last = (double)last_ns / g->ns_per_tick;
		if (!(last >= 0 && last < limit))
			return false;
		b->ticks = (uint64_t)last + 2 * b->step;
	}
	b->salvage->last_ns = last_ns;
	return true;
}

bool tt_synth_build(struct tt_synth *b, struct tt_salvage *s, struct tt_order *order,
		    const struct tt_entry *want)
{
	tt_synth_clear(b);
	b->salvage = s;
	b->order = order;
	b->want = want;
	if (!set_clock(b) || !all_let_go(b))
		return false;
	work(b);
	take_up_gs(b, false);
	take_up_gs(b, true);
	take_up_ps(b);
	return !b->failed && arrived(b);
}
