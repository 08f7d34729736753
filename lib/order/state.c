/* SPDX-License-Identifier: MIT */
/*
 * state.c - the records that ordering keeps, of goroutines, processors, threads and
 * tasks: adding and removing them, but for goroutines that end (gone.c); and the errors
 * that handlers share. The bottom of order.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "order/handlers.h"

/* ---- errors and waiting */

enum tt_advance tt_broken(struct tt_order *o, int code, const char *format, ...)
{
	char message[TT_ERROR_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	tt_fail(&o->err, code, "%s", message);
	return TT_BROKEN;
}

enum tt_advance tt_broken_memory(struct tt_order *o)
{
	return tt_broken(o, tt_mem_code(o->mem), "no memory for the state of the scheduler");
}

enum tt_advance tt_not_yet(struct tt_order *o, const char *format, ...)
{
	va_list args;

	if (o->why != NULL) {
		va_start(args, format);
		vsnprintf(o->why, o->why_size, format, args);
		va_end(args);
	}
	return TT_NOT_YET;
}

const char *tt_step_name(const struct tt_order *o, const struct tt_step *s,
			 char buf[TT_EVENT_NAME_SIZE])
{
	return tt_specs_event_name(o->specs, s->def->spec.type, o->version, buf);
}

const char *tt_g_status_name(unsigned status)
{
	static const char *const names[TT_G_NSTATUS] = {"Bad", "Runnable", "Running", "Syscall",
							"Waiting"};

	return status < TT_G_NSTATUS ? names[status] : "Bad";
}

const char *tt_p_status_name(unsigned status)
{
	static const char *const names[TT_P_NSTATUS] = {"Bad", "Running", "Idle", "Syscall",
							"SyscallAbandoned"};

	return status < TT_P_NSTATUS ? names[status] : "Bad";
}

/* In Go's order: thread, P, goroutine. */
enum tt_advance tt_context_broken(struct tt_order *o, const struct tt_step *s)
{
	unsigned needs = s->needs;
	const char *message;

	if (o->on_assume != NULL && o->on_assume->context_wrong(o, s))
		return TT_ADVANCED;
	if ((needs & TT_NEED_THREAD) != 0 && s->cur.thread == TT_NONE)
		message = "expected a thread but didn't have one";
	else if ((needs & TT_NEED_NO_THREAD) != 0 && s->cur.thread != TT_NONE)
		message = "expected no thread but had one";
	else if ((needs & TT_NEED_PROC) != 0 && s->cur.proc == TT_NONE)
		message = "expected a proc but didn't have one";
	else if ((needs & TT_NEED_NO_PROC) != 0 && s->cur.proc != TT_NONE)
		message = "expected no proc but had one";
	else if ((needs & TT_NEED_GOROUTINE) != 0 && s->cur.goroutine == TT_NONE)
		message = "expected a goroutine but didn't have one";
	else
		message = "expected no goroutine but had one";
	return tt_broken(o, TT_E_CONTEXT, "%s", message);
}

enum tt_advance tt_wrong_g(struct tt_order *o, const struct tt_step *s,
			   const struct tt_g_state *g, const char *wanted)
{
	char name[TT_EVENT_NAME_SIZE];

	if (g == NULL)
		return tt_broken(o, TT_E_GOROUTINE,
				 "event %s for goroutine (%" PRId64 ") that doesn't exist",
				 tt_step_name(o, s, name), s->cur.goroutine);
	return tt_broken(o, TT_E_GOROUTINE, "%s event for goroutine that's not %s",
			 tt_step_name(o, s, name), wanted);
}

/* ---- records */

const struct tt_g_state *tt_order_g(const struct tt_order *o, int64_t id)
{
	return tt_find_g(o, id);
}

const struct tt_p_state *tt_order_p(const struct tt_order *o, int64_t id)
{
	return tt_find_p(o, id);
}

const struct tt_m_state *tt_order_m(const struct tt_order *o, int64_t id)
{
	return tt_find_m(o, id);
}

const struct tt_open_scopes *tt_order_scopes(const struct tt_order *o, uint32_t slot)
{
	return slot == TT_NO_SLOT ? NULL : &o->open_scopes.at[slot];
}

bool tt_order_is_range_open(const struct tt_order *o, uint32_t slot, uint8_t begin)
{
	const struct tt_open_scopes *scopes = tt_order_scopes(o, slot);

	for (size_t i = 0; scopes != NULL && i < scopes->ranges.n; i++)
		if (scopes->ranges.at[i].type == begin)
			return true;
	return false;
}

static bool next_g(const struct tt_order *o, size_t *at, struct tt_resource_state *out)
{
	const struct tt_g_state *g;

	while (*at < o->gs.n && o->gs.at[*at].status == TT_G_GONE)
		++*at;
	if (*at >= o->gs.n)
		return false;
	g = &o->gs.at[(*at)++];
	*out = (struct tt_resource_state){
		.id = g->id,
		.status = tt_g_status_name(g->status),
		.seq = g->seq.n,
		.seq_generation = g->seq.generation,
		.goroutine = TT_NONE,
		.proc = TT_NONE,
	};
	return true;
}

static bool next_p(const struct tt_order *o, size_t *at, struct tt_resource_state *out)
{
	const struct tt_p_state *p;

	if (*at >= o->ps.n)
		return false;
	p = &o->ps.at[(*at)++];
	*out = (struct tt_resource_state){
		.id = p->id,
		.status = tt_p_status_name(p->status),
		.seq = p->seq.n,
		.seq_generation = p->seq.generation,
		.goroutine = TT_NONE,
		.proc = TT_NONE,
	};
	return true;
}

static bool next_m(const struct tt_order *o, size_t *at, struct tt_resource_state *out)
{
	const struct tt_m_state *m;

	if (*at >= o->ms.n)
		return false;
	m = &o->ms.at[(*at)++];
	*out = (struct tt_resource_state){ .id = m->id, .goroutine = m->g, .proc = m->p };
	return true;
}

static bool next_gc(const struct tt_order *o, size_t *at, struct tt_resource_state *out)
{
	static const char *const names[] = {
		[TT_GC_UNDETERMINED] = "Undetermined",
		[TT_GC_NOT_RUNNING] = "NotRunning",
		[TT_GC_RUNNING] = "Running",
	};

	if ((*at)++ > 0)
		return false;
	*out = (struct tt_resource_state){
		.id = TT_NONE,
		.status = names[o->gc_state],
		.seq = o->gc_seq,
		.goroutine = TT_NONE,
		.proc = TT_NONE,
	};
	return true;
}

bool tt_order_next_state(const struct tt_order *o, enum tt_resource resource, size_t *at,
			 struct tt_resource_state *out)
{
	switch (resource) {
	case TT_RESOURCE_GOROUTINE:
		return next_g(o, at, out);
	case TT_RESOURCE_PROC:
		return next_p(o, at, out);
	case TT_RESOURCE_THREAD:
		return next_m(o, at, out);
	default:
		return next_gc(o, at, out);
	}
}

bool tt_order_is_task_open(const struct tt_order *o, uint64_t id)
{
	return tt_idmap_find(&o->task_ids, id) != TT_IDMAP_NONE;
}

struct tt_g_state *tt_current_g_slow(struct tt_order *o, const struct tt_step *s)
{
	struct tt_g_state *g = tt_find_g(o, s->cur.goroutine);

	if (g != NULL && s->m != TT_NO_SLOT)
		o->ms.at[s->m].g_slot = (uint32_t)(g - o->gs.at);
	return g;
}

struct tt_g_state *tt_add_g(struct tt_order *o, int64_t id, enum tt_g_status status)
{
	uint32_t slot = o->free_g;

	if (slot == TT_NO_SLOT) {
		if (o->gs.n >= TT_NO_SLOT || !TT_ARRAY_ROOM(o->mem, &o->gs))
			return NULL;
		slot = (uint32_t)o->gs.n;
	}
	if (!tt_idmap_add(&o->g_ids, (uint64_t)id, slot))
		return NULL;
	if (slot == o->free_g)
		o->free_g = o->gs.at[slot].scopes;
	else
		o->gs.n++;
	o->gs.at[slot] = (struct tt_g_state){
		.id = id,
		.seq = tt_seq_at(o, 0),
		.scopes = TT_NO_SLOT,
		.status = (uint8_t)status,
	};
	return &o->gs.at[slot];
}

struct tt_p_state *tt_add_p(struct tt_order *o, int64_t id, enum tt_p_status status)
{
	if (!TT_ARRAY_ROOM(o->mem, &o->ps) ||
	    !tt_idmap_add(&o->p_ids, (uint64_t)id, (uint32_t)o->ps.n))
		return NULL;
	o->ps.at[o->ps.n] = (struct tt_p_state){
		.id = id,
		.seq = tt_seq_at(o, 0),
		.scopes = TT_NO_SLOT,
		.status = (uint8_t)status,
	};
	return &o->ps.at[o->ps.n++];
}

struct tt_m_state *tt_add_m(struct tt_order *o, int64_t id)
{
	if (!TT_ARRAY_ROOM(o->mem, &o->ms) ||
	    !tt_idmap_add(&o->m_ids, (uint64_t)id, (uint32_t)o->ms.n))
		return NULL;
	o->ms.at[o->ms.n] = (struct tt_m_state){
		.id = id,
		.p = TT_NONE,
		.g = TT_NONE,
		.g_slot = TT_NO_SLOT,
		.has = (uint8_t)((id != TT_NONE ? TT_NEED_THREAD : TT_NEED_NO_THREAD) |
				 (tt_is_speculative(o) ? 0
						       : TT_NEED_NO_PROC | TT_NEED_NO_GOROUTINE)),
	};
	return &o->ms.at[o->ms.n++];
}

struct tt_open_scopes *tt_open_scopes_of(struct tt_order *o, uint32_t *slot)
{
	if (*slot != TT_NO_SLOT)
		return &o->open_scopes.at[*slot];
	if (o->free_scopes != TT_NO_SLOT) {
		*slot = o->free_scopes;
		o->free_scopes = o->open_scopes.at[*slot].next_free;
		return &o->open_scopes.at[*slot];
	}
	if (o->open_scopes.n >= TT_NO_SLOT || !TT_ARRAY_ROOM(o->mem, &o->open_scopes))
		return NULL;
	*slot = (uint32_t)o->open_scopes.n++;
	memset(&o->open_scopes.at[*slot], 0, sizeof(o->open_scopes.at[*slot]));
	return &o->open_scopes.at[*slot];
}

struct tt_task_state *tt_add_task(struct tt_order *o, uint64_t id)
{
	uint32_t slot = o->free_task;

	if (slot == TT_NO_SLOT) {
		if (o->tasks.n >= TT_NO_SLOT || !TT_ARRAY_ROOM(o->mem, &o->tasks))
			return NULL;
		slot = (uint32_t)o->tasks.n;
	}
	if (!tt_idmap_add(&o->task_ids, id, slot))
		return NULL;
	if (slot == o->free_task)
		o->free_task = o->tasks.at[slot].next_free;
	else
		o->tasks.n++;
	return &o->tasks.at[slot];
}

/* Its name is the caller's to drop. */
void tt_remove_task(struct tt_order *o, uint32_t slot)
{
	struct tt_task_state *task = &o->tasks.at[slot];

	tt_idmap_remove(&o->task_ids, task->id);
	task->name = NULL;
	task->next_free = o->free_task;
	o->free_task = slot;
}

/* ---- handing on */

struct tt_event *tt_queue_added(struct tt_order *o, const struct tt_step *s,
				const struct tt_event_def *def, const struct tt_context *context)
{
	uint64_t *args = o->added_args[o->count];
	struct tt_event *ev = &o->queue[o->count++];

	memset(args, 0, sizeof(o->added_args[0]));
	*ev = (struct tt_event){
		.raw_time_ns = s->ev->time_ns,
		.thread = context->thread,
		.proc = context->proc,
		.goroutine = context->goroutine,
		.offset = s->ev->offset,
		.generation = o->gen,
		.spec = &def->spec,
		.args = args,
		.kind = def->spec.kind,
	};
	return ev;
}
