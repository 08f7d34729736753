/* SPDX-License-Identifier: MIT */
/*
 * annotation.c - handlers of events that change no scheduling state: tasks,
 * regions, and all that only need a context. Source: Go's internal/trace/order.go,
 * advanceAnnotation, advanceHeapMetric, advanceAllocFree, advanceUser*.
 */
#include <inttypes.h>

#include "order/handlers.h"

enum tt_advance tt_advance_in_context(struct tt_order *o, struct tt_step *s)
{
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/* The string of a name argument; NULL: broken. */
static struct tt_shared_string *name_of(struct tt_order *o, const struct tt_step *s, uint64_t id)
{
	struct tt_str ignored;
	struct tt_shared_string *name;

	if (!tt_generation_string(o->gen, id, &ignored)) {
		tt_broken(o, TT_E_EVENT_STRING, "invalid string ID %" PRIu64 " for %u event", id,
			  s->def->spec.type);
		return NULL;
	}
	name = tt_shared_string_take(&o->names, id);
	if (name == NULL)
		tt_broken_memory(o);
	return name;
}

/* ---- tasks: they live across generations, and may begin before the trace */

enum tt_advance tt_advance_task_begin(struct tt_order *o, struct tt_step *s)
{
	uint64_t *args = s->ev->args; /* task parent name */
	struct tt_task_state *task;
	struct tt_shared_string *name;

	if (tt_idmap_find(&o->task_ids, args[0]) != TT_IDMAP_NONE)
		return tt_broken(o, TT_E_TASK, "task ID conflict: %" PRIu64, args[0]);
	tt_assume(o, TT_ASSUME_TASK_ABSENT, (int64_t)args[0], 0);
	/* here, and only here, 0 means none and not the background task */
	if (args[1] == 0)
		args[1] = TT_NO_TASK;
	name = name_of(o, s, args[2]);
	if (name == NULL)
		return TT_BROKEN;
	task = tt_add_task(o, args[0]);
	if (task == NULL) {
		tt_shared_string_drop(&o->names, name);
		return tt_broken_memory(o);
	}
	*task = (struct tt_task_state){args[0], args[1], name, TT_NO_SLOT};
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/* A task may end twice, or without a begin in the trace. */
enum tt_advance tt_advance_task_end(struct tt_order *o, struct tt_step *s)
{
	uint32_t slot = tt_idmap_find(&o->task_ids, s->ev->args[0]);
	uint64_t parent = TT_NO_TASK;
	struct tt_event *ev;

	tt_shared_string_drop(&o->names, o->handed_out);
	o->handed_out = NULL;
	if (slot != TT_IDMAP_NONE) {
		parent = o->tasks.at[slot].parent;
		o->handed_out = o->tasks.at[slot].name;
		tt_remove_task(o, slot);
	} else {
		tt_assume(o, TT_ASSUME_TASK_END, (int64_t)s->ev->args[0], 0);
	}
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	ev = tt_queue_step(o, s);
	ev->extra_ = parent;
	ev->text_ = o->handed_out == NULL
			    ? (struct tt_str){"", 0}
			    : (struct tt_str){o->handed_out->bytes, o->handed_out->len};
	return TT_ADVANCED;
}

/* ---- regions: a stack of them for each goroutine, compared by task and name */

/* The open scopes of the current goroutine; NULL: broken. `what` is Go's word. */
static struct tt_open_scopes *regions_of(struct tt_order *o, struct tt_step *s, const char *what)
{
	struct tt_g_state *g = tt_current_g(o, s);
	struct tt_open_scopes *e;

	if (g == NULL) {
		tt_broken(o, TT_E_REGION,
			  "encountered %s without known state for current goroutine %" PRId64, what,
			  s->cur.goroutine);
		return NULL;
	}
	e = tt_open_scopes_of(o, &g->scopes);
	if (e == NULL)
		tt_broken_memory(o);
	return e;
}

enum tt_advance tt_advance_region_begin(struct tt_order *o, struct tt_step *s)
{
	struct tt_shared_string *name;
	struct tt_open_scopes *e;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	name = name_of(o, s, s->ev->args[1]);
	if (name == NULL)
		return TT_BROKEN;
	e = regions_of(o, s, "EvUserRegionBegin");
	if (e == NULL || !TT_ARRAY_ROOM(o->mem, &e->regions)) {
		tt_shared_string_drop(&o->names, name);
		return e == NULL ? TT_BROKEN : tt_broken_memory(o);
	}
	e->regions.at[e->regions.n++] = (struct tt_open_region){s->ev->args[0], name};
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

static enum tt_advance close_region(struct tt_order *o, struct tt_step *s, struct tt_open_scopes *e,
				    const struct tt_shared_string *name)
{
	struct tt_open_region *top = e->regions.n == 0 ? NULL : &e->regions.at[e->regions.n - 1];

	if (top == NULL) {
		/* it began before the trace, or before the generation that is ordered alone */
		tt_assume_region_end(o, s);
		return TT_ADVANCED;
	}
	if (top->task != s->ev->args[0] || !tt_shared_string_equal(top->name, name))
		return tt_broken(o, TT_E_REGION,
				 "misuse of region in goroutine %" PRId64
				 ": region end {%" PRIu64 " %.*s} when the inner-most active region "
				 "start event is {%" PRIu64 " %.*s}",
				 s->cur.goroutine, s->ev->args[0], (int)name->len, name->bytes,
				 top->task, (int)top->name->len, top->name->bytes);
	tt_shared_string_drop(&o->names, top->name);
	e->regions.n--;
	return TT_ADVANCED;
}

enum tt_advance tt_advance_region_end(struct tt_order *o, struct tt_step *s)
{
	struct tt_shared_string *name;
	struct tt_open_scopes *e;
	enum tt_advance result = TT_BROKEN;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	name = name_of(o, s, s->ev->args[1]);
	if (name == NULL)
		return TT_BROKEN;
	e = regions_of(o, s, "EvUserRegionEnd");
	if (e != NULL)
		result = close_region(o, s, e, name);
	tt_shared_string_drop(&o->names, name);
	if (result == TT_ADVANCED)
		tt_queue_step(o, s);
	return result;
}
