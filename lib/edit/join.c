/* SPDX-License-Identifier: MIT */
/*
 * join.c - pieces of one recording, one after the other, as one trace. What a piece repeats of
 * those before it, and what it restates, is known by its time. Where something is missing
 * between two pieces, events are made up that lead from the end of one to what the other
 * requires. Stands on join.h.
 */
#include "edit/join.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* If more of the collector's events are missing, they are not made up: its next event gets the
 * number that follows here. */
#define MAX_GC_EVENTS_OF_GAP (1 << 10)

int tt_join_new(struct tt_join **out, struct tt_writer *writer, struct tt_error *err)
{
	struct tt_join *j = calloc(1, sizeof(*j));

	*out = j;
	if (j == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory to join traces");
	if (tt_writer_learn(writer, err) < 0) {
		free(j);
		*out = NULL;
		return -err->code;
	}
	j->w = writer;
	j->mem = &writer->mem;
	j->last_ns = j->heap.gap_end_ns = INT64_MIN;
	tt_join_check_init(j);
	tt_join_process_init(j);
	tt_join_made_init(j);
	tt_order_init(&j->led, j->mem, writer->specs, writer->version);
	tt_pass_init(&j->probe, j->mem, writer->specs, writer->version);
	tt_embedded_init(&j->embedded, j->mem);
	j->buffers.mem = j->mem;
	j->probe.merge.cursors.buffers = &j->buffers;
	tt_entry_init(&j->entry, j->mem);
	tt_join_said_init(j);
	tt_join_heap_init(j);
	tt_synth_init(&j->synth, j->mem);
	return TT_OK;
}

void tt_join_free(struct tt_join *j)
{
	if (j == NULL)
		return;
	tt_join_check_release(j);
	tt_join_process_release(j);
	tt_join_made_release(j);
	tt_join_said_release(j);
	tt_join_heap_release(j);
	tt_order_release(&j->led);
	tt_pass_release(&j->probe);
	tt_batch_buffers_release(&j->buffers);
	tt_entry_release(&j->entry);
	tt_synth_release(&j->synth);
	free(j);
}

struct tt_join_progress tt_join_progress(const struct tt_join *j)
{
	struct tt_join_progress progress = j->progress;

	progress.stranger = tt_join_is_stranger(j);
	return progress;
}

void tt_join_begin(struct tt_join *j)
{
	j->nsources++;
	j->entered = j->has_sync = j->may_restate = j->fits = false;
	j->nthreads = j->nknown_threads = 0;
	tt_join_said_begin_source(j);
	tt_join_heap_begin_source(j);
	tt_join_declared_begin_source(j);
}

void tt_join_begin_last(struct tt_join *j)
{
	tt_join_begin(j);
	j->is_last = true;
}

/* ---- from one source to the next */

/* Whether so many of the collector's events lead from it running, or not, to the other. */
static bool can_lead_gc(bool runs, bool must_run, uint64_t n)
{
	switch (n) {
	case 0:
		return runs == must_run;
	case 1:
		return runs || must_run;
	default:
		return n <= MAX_GC_EVENTS_OF_GAP;
	}
}

/* The result numbers the collector's events anew: only whether it runs has to be as required
 * if the number is not to be reached. */
static void adapt_gc(struct tt_entry *e, const struct tt_order *from)
{
	bool runs = from->gc_state == TT_GC_RUNNING;

	if (!e->has_gc || from->gc_state == TT_GC_UNDETERMINED)
		return;
	if (!can_lead_gc(runs, e->gc_running, e->gc_seq - from->gc_seq))
		e->gc_seq = from->gc_seq + (runs != e->gc_running);
}

/*
 * The events that lead to what the generation requires, in j->synth. If the piece goes on where
 * the one before ends, that is what is not known yet: after a gap, no status makes it known.
 * The result's generation of that number gets them.
 */
static int find_way(struct tt_join *j, const struct tt_generation *g, bool goes_on, uint64_t number)
{
	const struct tt_order *order = &j->w->order;
	const struct tt_synth_start start = {
		.order = &j->led,
		.last_ns = j->last_ns,
		.strings = tt_join_made_strings(j),
		.goes_on = goes_on,
	};
	bool overlaps = goes_on && g->number == j->last_number;
	int rc;

	tt_join_made_begin(j, number);
	j->synth.events.n = 0;
	if (!tt_entry_find(&j->entry, &j->probe, g, order))
		return tt_writer_no_memory(j->w);
	/* a task that is open is restated if it begins */
	j->entry.absent_tasks.n = 0;
	tt_join_said_complete(j, overlaps);
	if ((goes_on && !tt_entry_keep_new(&j->entry, order)) ||
	    !tt_order_copy(&j->led, order))
		return tt_writer_no_memory(j->w);
	rc = tt_join_check_entry(j, overlaps);
	if (rc < 0)
		return rc;
	adapt_gc(&j->entry, order);
	tt_order_begin_generation(&j->led, &j->made);
	if (tt_synth_build(&j->synth, &start, &j->entry))
		return TT_OK;
	if (j->synth.no_memory)
		return tt_writer_no_memory(j->w);
	return tt_fail(&j->w->err, TT_E_STUCK,
		       "no events lead from the end of the piece before to generation %" PRIu64,
		       g->number);
}

static int write_way(struct tt_join *j)
{
	int rc = TT_OK;

	/* the end of a pause has the name of its begin, by its id */
	for (size_t i = 0; rc == TT_OK && i < j->made.strings.n; i++)
		if (!tt_writer_keep_string(j->w, &j->made, j->made.strings.at[i].id))
			rc = -j->w->err.code;
	for (size_t i = 0; rc == TT_OK && i < j->synth.events.n; i++) {
		const struct tt_synth_event *made = &j->synth.events.at[i];
		const struct tt_event ev = {
			.thread = made->thread,
			.proc = TT_NONE,
			.goroutine = TT_NONE,
			.spec = tt_specs_event(j->w->specs, made->type),
			.args = made->args,
			.generation = &j->made,
		};

		rc = tt_writer_insert(j->w, &ev);
		j->progress.made++;
	}
	return rc;
}

/* The Sync is early enough for the events that are made up after it, those of the scheduler each
 * with the statuses that it may need, if that is not before the end of the piece before. */
static void begin_sync_early(struct tt_join *j, int64_t next_ns)
{
	int64_t nmade = 3 * (int64_t)j->synth.events.n + (int64_t)j->heap.nmade;
	int64_t begin_ns = tt_ns_sub(next_ns, 1 + nmade);

	if (begin_ns <= j->last_ns)
		begin_ns = j->last_ns + 1;
	if (begin_ns < j->sync.time_ns)
		j->sync.time_ns = begin_ns;
}

/* Its first generation that is not known yet. */
static int enter_source(struct tt_join *j, int64_t next_ns)
{
	const struct tt_generation *g = j->sync.generation;
	bool gap = g->number != j->last_number + 1;
	bool goes_on = !gap && j->fits;
	int64_t begin_ns = j->sync.time_ns > j->last_ns + 1 ? j->sync.time_ns : next_ns;
	int rc = TT_OK;

	j->synth.events.n = 0;
	j->heap.nmade = 0;
	/* For Go, a generation without events is not the first one: its statuses go there. */
	if (tt_writer_has_no_event(j->w)) {
		if (g->number != j->last_number && !tt_writer_copy_batches(j->w, g))
			rc = -j->w->err.code;
	} else {
		rc = find_way(j, g, goes_on, j->w->number + 1);
		if (rc == TT_OK)
			rc = tt_join_heap_compare(j, g);
		begin_sync_early(j, next_ns);
		if (rc == TT_OK)
			rc = tt_writer_event(j->w, &j->sync);
		if (rc == TT_OK)
			rc = write_way(j);
		if (rc == TT_OK)
			rc = tt_join_heap_lead(j);
	}
	if (gap || j->heap.nmade != 0 || (!goes_on && j->synth.events.n != 0)) {
		j->progress.gaps++;
		j->heap.gap_end_ns = j->last_ns;
		j->progress.gap_ns += tt_ns_sub(begin_ns, j->last_ns);
	}
	return rc;
}

/* The generation in which the piece before ends goes on. In the first one of the result,
 * statuses make goroutines known. */
static int go_on(struct tt_join *j)
{
	const struct tt_generation *g = j->sync.generation;
	int rc;

	if (j->w->order.initial)
		return TT_OK;
	rc = find_way(j, g, true, j->w->number);
	if (rc == TT_OK)
		rc = write_way(j);
	if (j->w->last_ns > j->last_ns)
		j->last_ns = j->w->last_ns;
	return rc;
}

/* The generation of the next event, at `next_ns`, if that begins with it. */
static int write_sync(struct tt_join *j, int64_t next_ns)
{
	const struct tt_generation *g = j->sync.generation;
	int rc;

	j->has_sync = false;
	if (j->fits && !j->entered && g->number == j->last_number)
		return go_on(j);
	/* a reader's Sync is never earlier than the event before it */
	if (j->last_ns != INT64_MIN && j->sync.time_ns <= j->last_ns)
		j->sync.time_ns = j->last_ns + 1;
	if (j->nsources > 1 && !j->entered)
		rc = enter_source(j, next_ns);
	else
		rc = tt_writer_event(j->w, &j->sync);
	j->last_number = g->number;
	j->last_start_ns = tt_generation_start_ns(g);
	j->last_ns = j->sync.time_ns;
	return rc;
}

/* A generation of a further source of which no event was written. */
static int see_source(struct tt_join *j, const struct tt_generation *g)
{
	int rc = tt_join_check_source(j, g);

	if (rc == TT_OK && g->number == j->last_number && j->w->open &&
	    j->sync.time_ns <= j->last_ns)
		rc = tt_join_find_fit(j, g, &j->fits);
	return rc;
}

/* Each source is read by the specs that it brings; the result has to know them all. */
static int learn_specs(struct tt_join *j, const struct tt_generation *g)
{
	bool changed;
	int rc = tt_embedded_add_specs(&j->embedded, g, j->w->learned, &changed, &j->w->err);

	if (changed) {
		tt_order_specs_changed(&j->w->order);
		tt_order_specs_changed(&j->led);
		tt_pass_specs_changed(&j->probe);
	}
	return rc;
}

static int see_sync(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;

	if (g == NULL)
		return tt_join_check_restated(j, NULL);
	if (learn_specs(j, g) < 0)
		return -j->w->err.code;
	j->sync = *ev;
	j->has_sync = true;
	if (j->nsources > 1 && !j->entered) {
		int rc = see_source(j, g);

		if (rc < 0)
			return rc;
	}
	if (!tt_join_remember(j, g))
		return tt_writer_no_memory(j->w);
	return j->nsources == 1 || j->entered ? write_sync(j, ev->time_ns) : TT_OK;
}

/* Whether the pieces before have the event. What they have of the generation in which the last
 * one ends goes up to a time; of a later one they have nothing, whatever times say. */
static bool is_known(const struct tt_join *j, const struct tt_event *ev)
{
	if (j->nsources == 1 || j->entered || ev->generation->number > j->last_number)
		return false;
	return ev->generation->number < j->last_number || ev->time_ns <= j->last_ns;
}

/* Says what is known, on no thread: only a first generation may do so. */
static bool is_restated_gc(const struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_order *o = &j->w->order;

	return ev->spec->type == TT_EV_GC_ACTIVE && ev->thread == TT_NONE && !o->initial &&
	       o->gc_state == TT_GC_RUNNING;
}

/* (no two tasks of a program have the same id) */
static bool is_restated_task(const struct tt_join *j, const struct tt_event *ev)
{
	return j->nsources > 1 && ev->spec->type == TT_EV_USER_TASK_BEGIN &&
	       tt_order_is_task_open(&j->w->order, ev->args[0]);
}

static bool is_restated(struct tt_join *j, const struct tt_event *ev)
{
	return ev->spec != NULL && (is_restated_gc(j, ev) || is_restated_task(j, ev) ||
				    tt_join_heap_is_known(j, ev) ||
				    (j->declared.in_row &&
				     (tt_join_declared_is_restated(j, ev) ||
				      tt_join_ranges_is_restated(j, ev))));
}

/* The collector ended where something is missing, and nothing said so. */
static int end_gc(struct tt_join *j, const struct tt_event *begin)
{
	const uint64_t args[TT_MAX_ARGS] = {0};
	struct tt_event end = *begin;

	if (begin->spec == NULL || begin->spec->type != TT_EV_GC_BEGIN || j->progress.gaps == 0 ||
	    j->w->order.gc_state != TT_GC_RUNNING)
		return TT_OK;
	end.spec = tt_specs_event(j->w->specs, TT_EV_GC_END);
	end.args = args;
	j->progress.made++;
	return tt_writer_insert(j->w, &end);
}

/* The innermost region that is open on the event's goroutine, and is not the one that it ends. */
static const struct tt_open_region *other_region(const struct tt_join *j,
						 const struct tt_event *end)
{
	const struct tt_order *o = &j->w->order;
	const struct tt_g_state *g = tt_order_g(o, end->goroutine);
	const struct tt_open_scopes *scopes = g == NULL ? NULL : tt_order_scopes(o, g->scopes);
	const struct tt_open_region *top;

	if (scopes == NULL || scopes->regions.n == 0)
		return NULL;
	top = &scopes->regions.at[scopes->regions.n - 1];
	return tt_entry_is_region(top, end) ? NULL : top;
}

/* Regions within it ended where something is missing, or it began there. */
static int end_regions(struct tt_join *j, const struct tt_event *end)
{
	const struct tt_open_region *top;
	uint64_t args[TT_MAX_ARGS] = {0};
	struct tt_event made = *end;
	int rc = TT_OK;

	if (end->kind != TT_KIND_REGION_END || j->progress.gaps == 0)
		return TT_OK;
	made.generation = NULL;
	made.args = args;
	while (rc == TT_OK && (top = other_region(j, end)) != NULL) {
		args[0] = top->task;
		rc = tt_writer_string(j->w, (struct tt_str){top->name->bytes, top->name->len},
				      &args[1]);
		if (rc == TT_OK)
			rc = tt_writer_insert(j->w, &made);
		j->progress.made++;
	}
	return rc;
}

static int take_event(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_event later = *ev;
	uint64_t moved = j->w->progress.moved;
	int rc = TT_OK;

	if (is_known(j, ev)) {
		j->progress.repeated++;
		return tt_join_check_restated(j, ev);
	}
	if (j->has_sync)
		rc = write_sync(j, ev->time_ns);
	j->entered = true;
	if (rc == TT_OK && is_restated(j, ev)) {
		j->progress.repeated++;
		return TT_OK;
	}
	if (rc == TT_OK)
		rc = end_gc(j, ev);
	if (rc == TT_OK)
		rc = end_regions(j, ev);
	if (rc == TT_OK)
		rc = tt_join_heap_take(j, ev);
	if (rc == TT_OK)
		rc = tt_join_declared_take(j, ev);
	if (rc == TT_OK)
		rc = tt_join_ranges_take(j, ev);
	if (j->w->last_ns > j->last_ns)
		j->last_ns = j->w->last_ns;
	if (ev->spec != NULL && tt_specs_event(j->w->specs, ev->spec->type) != NULL)
		later.spec = tt_specs_event(j->w->specs, ev->spec->type);
	/* as a reader of all has it, which knows what came before */
	if (later.time_ns <= j->last_ns)
		later.time_ns = j->last_ns + 1;
	if (rc == TT_OK)
		rc = tt_join_check_event(j, ev);
	if (rc == TT_OK)
		rc = tt_writer_event(j->w, &later);
	/* (most statuses are restated ones) */
	j->progress.moved += !tt_join_is_status(ev) && (later.time_ns != ev->time_ns ||
							j->w->progress.moved != moved);
	if (ev->spec != NULL && ev->spec->type == TT_EV_PROCS_CHANGE)
		j->procs_number = j->w->number;
	j->last_ns = later.time_ns;
	return rc;
}

int tt_join_event(struct tt_join *j, const struct tt_event *ev)
{
	int rc;

	tt_join_declared_see(j, ev);
	rc = ev->kind == TT_KIND_SYNC ? see_sync(j, ev) : take_event(j, ev);
	if (rc == TT_OK && !tt_join_said_see(j, ev))
		rc = tt_writer_no_memory(j->w);
	return rc == TT_OK ? tt_join_heap_see(j, ev) : rc;
}
