/* SPDX-License-Identifier: MIT */
/*
 * go.c - Go's summarizer: states, regions and tasks, event by event. Where it has a
 * quirk, so has this; tracetool-stat(1) lists them. Command layer.
 */
#include "go.h"

#include <stdlib.h>
#include <string.h>

static bool begins_with(struct tt_str s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && memcmp(s.data, what, len) == 0;
}

static bool is(struct tt_str s, const char *what)
{
	return s.len == strlen(what) && begins_with(s, what);
}

static void set_id(struct go_summary *s, struct id_map *m, int64_t id, uint32_t number)
{
	s->no_memory |= !id_map_set(m, (uint64_t)id, number);
}

/* ---- regions */

static void release_regions(struct go_regions *regions)
{
	for (size_t i = 0; i < regions->n; i++)
		go_stats_release(&regions->at[i].stats);
	free(regions->at);
	*regions = (struct go_regions){ 0 };
}

/* Takes over the region's sums. */
static void push_region(struct go_summary *s, struct go_regions *regions, struct go_region *region)
{
	if (array_room(&regions->at, &regions->cap, regions->n + 1, sizeof(*regions->at))) {
		regions->at[regions->n++] = *region;
		return;
	}
	go_stats_release(&region->stats);
	s->no_memory = true;
}

/* The region's own sums: those of its goroutine now, less those at its begin. */
static void settle(struct go_region *region, struct go_stats *now)
{
	go_stats_subtract(now, &region->stats);
	go_stats_release(&region->stats);
	region->stats = *now;
}

/* ---- the life of a goroutine */

static struct go_goroutine *new_goroutine(struct go_summary *s, int64_t id, int64_t creation)
{
	struct go_goroutine *g;

	if (!array_room(&s->goroutines, &s->goroutines_cap, s->ngoroutines + 1,
			sizeof(*s->goroutines))) {
		s->no_memory = true;
		return NULL;
	}
	g = &s->goroutines[s->ngoroutines];
	*g = (struct go_goroutine){ .id = id, .creation = creation };
	set_id(s, &s->goroutine_ids, id, (uint32_t)s->ngoroutines++);
	return g;
}

static bool is_system(struct tt_str name)
{
	return name.len == 0 || (!is(name, "runtime.main") && begins_with(name, "runtime."));
}

static void finish_region(struct go_summary *s, struct go_goroutine *g, struct go_region *region,
			  int64_t now, const struct tt_event *trigger)
{
	struct go_stats stats;

	if (!go_stats_snapshot(g, now, &stats)) {
		s->no_memory = true;
		return;
	}
	region->has_end = trigger != NULL;
	region->end = trigger ? trigger->time_ns : 0;
	settle(region, &stats);
	push_region(s, &g->regions, region);
	*region = (struct go_region){ 0 };
}

static void finalize(struct go_summary *s, struct go_goroutine *g, int64_t now,
		     const struct tt_event *trigger)
{
	struct go_stats stats;

	if (trigger)
		g->end = trigger->time_ns;
	for (size_t i = 0; i < g->active.n && !is_system(texts_at(&s->texts, g->name)); i++)
		finish_region(s, g, &g->active.at[i], now, trigger);
	if (!go_stats_snapshot(g, now, &stats)) {
		s->no_memory = true;
		return;
	}
	go_stats_release(&g->stats);
	g->stats = stats;
	g->last_start = g->last_runnable = g->last_block = 0;
	g->last_syscall = g->last_syscall_block = 0;
	g->last_ranges.n = 0;
	release_regions(&g->active);
}

/* ---- transitions of goroutines */

/* Its state is first mentioned: it had it since the generation's start. */
static void first_mention(struct go_summary *s, struct go_goroutine *g, const struct tt_event *ev,
			  const struct tt_transition *t)
{
	int64_t ns = ev->time_ns - s->sync;

	if (t->to == TT_STATE_RUNNING)
		g->stats.exec += ns;
	else if (t->to == TT_STATE_WAITING)
		go_add_sum(s, &g->stats.blocks, go_number_of(s, t->reason), ns);
	else if (t->to == TT_STATE_RUNNABLE)
		g->stats.sched += ns;
	else if (t->to == TT_STATE_SYSCALL && ev->proc == TT_NONE)
		g->stats.syscall_block += ns;
	else if (t->to == TT_STATE_SYSCALL)
		g->stats.syscall += ns;
}

static struct go_goroutine *created(struct go_summary *s, const struct tt_event *ev,
				    const struct tt_transition *t)
{
	struct go_goroutine *g = new_goroutine(s, t->id, ev->time_ns), *creator;
	struct go_region region;

	creator = go_goroutine_of(s, ev->goroutine);
	if (!g || !creator || creator->active.n == 0)
		return g;
	/* it inherits the task */
	region = (struct go_region){
		.task = creator->active.at[creator->active.n - 1].task,
		.has_start = true,
		.start = ev->time_ns,
	};
	push_region(s, &g->active, &region);
	return g;
}

static void out_of_syscall(struct go_summary *s, struct go_goroutine *g, int64_t now)
{
	if (g->last_syscall == 0)
		return;
	if (g->last_syscall_block != 0) {
		g->stats.syscall_block += now - g->last_syscall_block;
		g->stats.syscall += g->last_syscall_block - g->last_syscall;
	} else {
		g->stats.syscall += now - g->last_syscall;
	}
	g->last_syscall = g->last_syscall_block = 0;
	set_id(s, &s->syscalling, g->syscall_proc, NUMBER_NONE);
}

static void out_of(struct go_summary *s, struct go_goroutine *g, enum tt_state from, int64_t now)
{
	switch (from) {
	case TT_STATE_RUNNING:
		g->stats.exec += now - g->last_start;
		g->last_start = 0;
		break;
	case TT_STATE_WAITING:
		if (g->last_block != 0)
			go_add_sum(s, &g->stats.blocks, g->last_reason, now - g->last_block);
		g->last_block = 0;
		break;
	case TT_STATE_RUNNABLE:
		if (g->last_runnable != 0)
			g->stats.sched += now - g->last_runnable;
		g->last_runnable = 0;
		break;
	case TT_STATE_SYSCALL:
		out_of_syscall(s, g, now);
		break;
	default:
		break;
	}
}

/* The outermost function of the transition's stack. */
static void name_goroutine(struct go_summary *s, struct go_goroutine *g, const struct tt_event *ev,
			   const struct tt_transition *t)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n;

	if (g->name != 0 || !t->has_stack || t->stack == 0)
		return;
	n = tt_generation_stack(ev->generation, t->stack, frames);
	if (n > 0)
		g->name = go_number_of(s, frames[n - 1].func);
}

static void into(struct go_summary *s, struct go_goroutine *g, const struct tt_event *ev,
		 const struct tt_transition *t)
{
	switch (t->to) {
	case TT_STATE_RUNNING:
		g->last_start = ev->time_ns;
		if (g->start == 0)
			g->start = ev->time_ns;
		break;
	case TT_STATE_RUNNABLE:
		g->last_runnable = ev->time_ns;
		break;
	case TT_STATE_WAITING:
		if (is(t->reason, "forever")) {
			finalize(s, g, ev->time_ns, ev);
			break;
		}
		g->last_block = ev->time_ns;
		g->last_reason = go_number_of(s, t->reason);
		break;
	case TT_STATE_NOT_EXIST:
		finalize(s, g, ev->time_ns, ev);
		break;
	case TT_STATE_SYSCALL:
		set_id(s, &s->syscalling, ev->proc, (uint32_t)(g - s->goroutines));
		g->syscall_proc = ev->proc;
		g->last_syscall = ev->time_ns;
		break;
	default:
		break;
	}
}

static void goroutine_transition(struct go_summary *s, const struct tt_event *ev,
				 const struct tt_transition *t)
{
	struct go_goroutine *g;

	if (t->from == t->to)
		return;
	if (t->from == TT_STATE_UNDETERMINED) {
		g = new_goroutine(s, t->id, s->sync);
		if (g)
			first_mention(s, g, ev, t);
	} else if (t->from == TT_STATE_NOT_EXIST) {
		g = created(s, ev, t);
	} else {
		g = go_goroutine_of(s, t->id);
		if (g)
			out_of(s, g, t->from, ev->time_ns);
	}
	if (!g)
		return;
	name_goroutine(s, g, ev, t);
	into(s, g, ev, t);
}

/* A processor goes idle while its goroutine is in a syscall: the syscall blocks. */
static void proc_transition(struct go_summary *s, const struct tt_event *ev,
			    const struct tt_transition *t)
{
	uint32_t i;

	if (t->from == t->to || t->to != TT_STATE_IDLE)
		return;
	i = id_map_find(&s->syscalling, (uint64_t)t->id);
	if (i == NUMBER_NONE)
		return;
	s->goroutines[i].last_syscall_block = ev->time_ns;
	set_id(s, &s->syscalling, t->id, NUMBER_NONE);
}

static void transition_event(struct go_summary *s, const struct tt_event *ev)
{
	const struct tt_transition t = tt_event_transition(ev);

	if (t.resource == TT_RESOURCE_GOROUTINE)
		goroutine_transition(s, ev, &t);
	else if (t.resource == TT_RESOURCE_PROC)
		proc_transition(s, ev, &t);
}

/* ---- tasks */

/* NULL: no memory. */
static struct go_task *task_of(struct go_summary *s, uint64_t id)
{
	uint32_t i = id_map_find(&s->task_ids, id);

	if (i != NUMBER_NONE)
		return &s->tasks[i];
	if (!array_room(&s->tasks, &s->tasks_cap, s->ntasks + 1, sizeof(*s->tasks)) ||
	    !id_map_set(&s->task_ids, id, (uint32_t)s->ntasks)) {
		s->no_memory = true;
		return NULL;
	}
	s->tasks[s->ntasks] = (struct go_task){ .id = id };
	return &s->tasks[s->ntasks++];
}

static void add_to_task(struct go_summary *s, struct go_task *task, int64_t goroutine)
{
	if (id_map_find(&task->seen, (uint64_t)goroutine) != NUMBER_NONE)
		return;
	if (!array_room(&task->goroutines, &task->cap, task->n + 1, sizeof(*task->goroutines)) ||
	    !id_map_set(&task->seen, (uint64_t)goroutine, 0)) {
		s->no_memory = true;
		return;
	}
	task->goroutines[task->n++] = goroutine;
}

static void task_event(struct go_summary *s, const struct tt_event *ev)
{
	const struct tt_task t = tt_event_task(ev);
	struct go_task *task = task_of(s, t.id);

	if (!task)
		return;
	task->name = go_number_of(s, t.type);
	add_to_task(s, task, ev->goroutine);
	if (ev->kind == TT_KIND_TASK_BEGIN) {
		task->has_start = true;
		task->start = ev->time_ns;
	} else {
		task->has_end = true;
		task->end = ev->time_ns;
	}
	if (t.parent == TT_NO_TASK || task->has_parent)
		return;
	task->has_parent = true;
	task->parent = t.parent;
	task_of(s, t.parent);
}

static void log_event(struct go_summary *s, const struct tt_event *ev)
{
	struct go_task *task = task_of(s, tt_event_log(ev).task);

	if (!task)
		return;
	add_to_task(s, task, ev->goroutine);
	task->nlogs++;
}

/* ---- regions */

static void begin_region(struct go_summary *s, const struct tt_event *ev)
{
	const struct tt_region r = tt_event_region(ev);
	struct go_goroutine *g = go_goroutine_of(s, ev->goroutine);
	struct go_region region = { .task = r.task, .has_start = true, .start = ev->time_ns };
	struct go_task *task = task_of(s, r.task);

	if (!g || !task)
		return;
	region.name = go_number_of(s, r.type);
	s->no_memory |= !go_stats_snapshot(g, ev->time_ns, &region.stats);
	push_region(s, &g->active, &region);
	task->nregions++;
	add_to_task(s, task, g->id);
}

static void end_region(struct go_summary *s, const struct tt_event *ev)
{
	const struct tt_region r = tt_event_region(ev);
	struct go_goroutine *g = go_goroutine_of(s, ev->goroutine);
	struct go_region region = { .task = r.task };
	struct go_task *task;

	if (!g)
		return;
	if (g->active.n > 0) {
		region = g->active.at[--g->active.n];
	} else {
		region.name = go_number_of(s, r.type);
		task = task_of(s, r.task);
		if (!task)
			return;
		task->nregions++;
		add_to_task(s, task, g->id);
	}
	finish_region(s, g, &region, ev->time_ns, ev);
}

/* ---- all events */

static const unsigned util_flags[GO_NUTILS] = {
	UTIL_STW,
	UTIL_STW | UTIL_BACKGROUND | UTIL_ASSIST,
	UTIL_STW | UTIL_BACKGROUND | UTIL_ASSIST | UTIL_SWEEP,
};

void go_summary_init(struct go_summary *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < GO_NUTILS; i++)
		s->utils[i].flags = util_flags[i] | UTIL_LIKE_GO;
}

static void dispatch(struct go_summary *s, const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_SYNC:
		s->sync = ev->time_ns;
		break;
	case TT_KIND_TRANSITION:
		transition_event(s, ev);
		break;
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		go_range_event(s, ev);
		break;
	case TT_KIND_REGION_BEGIN:
		begin_region(s, ev);
		break;
	case TT_KIND_REGION_END:
		end_region(s, ev);
		break;
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		task_event(s, ev);
		break;
	case TT_KIND_LOG:
		log_event(s, ev);
		break;
	default:
		break;
	}
}

void go_summary_event(struct go_summary *s, const struct tt_event *ev)
{
	if (!s->any)
		s->first = ev->time_ns;
	s->any = true;
	if (s->sync == 0)
		s->sync = ev->time_ns;
	s->last = ev->time_ns;
	dispatch(s, ev);
	for (size_t i = 0; i < GO_NUTILS; i++) {
		util_event(&s->utils[i], ev);
		s->no_memory |= s->utils[i].no_memory;
	}
}

/* By start, those without one first. Go's sort leaves equal ones in any order. */
static int by_start(const void *a, const void *b)
{
	const struct go_region *x = a, *y = b;

	if (x->has_start != y->has_start)
		return x->has_start - y->has_start;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

void go_summary_finish(struct go_summary *s)
{
	for (size_t i = 0; i < s->ngoroutines; i++) {
		struct go_goroutine *g = &s->goroutines[i];

		finalize(s, g, s->last, NULL);
		if (g->regions.n > 1)
			qsort(g->regions.at, g->regions.n, sizeof(*g->regions.at), by_start);
	}
	for (size_t i = 0; i < GO_NUTILS; i++) {
		util_finish(&s->utils[i], s->last);
		s->no_memory |= s->utils[i].no_memory;
	}
}

void go_summary_release(struct go_summary *s)
{
	for (size_t i = 0; i < s->ngoroutines; i++) {
		go_stats_release(&s->goroutines[i].stats);
		release_regions(&s->goroutines[i].regions);
		release_regions(&s->goroutines[i].active);
		free(s->goroutines[i].last_ranges.at);
	}
	for (size_t i = 0; i < s->ntasks; i++) {
		free(s->tasks[i].goroutines);
		id_map_release(&s->tasks[i].seen);
	}
	for (size_t i = 0; i < GO_NUTILS; i++)
		util_release(&s->utils[i]);
	free(s->goroutines);
	free(s->tasks);
	free(s->proc_ranges);
	texts_release(&s->texts);
	id_map_release(&s->goroutine_ids);
	id_map_release(&s->task_ids);
	id_map_release(&s->syscalling);
}
