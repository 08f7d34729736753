/* SPDX-License-Identifier: MIT */
/* before.c - generations before a window that need not be read. Command layer. */
#include "before.h"

#include <string.h>

#include "edit/leap.h"

/* Whether the window can begin no earlier than in this generation. */
static bool is_before(const struct tt_generation *g, const struct window_begin *window)
{
	return tt_generation_number(g) <= window->number ||
	       (window->timed && tt_generation_start_ns(g) <= window->ns);
}

/* Generations overlap: the window begins in the first that is long enough. */
static bool reaches(const struct tt_generation *g, const struct window_begin *window)
{
	return window->timed && tt_generation_number(g) >= window->number &&
	       tt_generation_summary(g).last_ns >= window->ns;
}

/* Where the last generations begin that were met; the last one of them comes first. */
struct trail {
	uint64_t offsets[MOST_LANDED + 1];
};

static void trail_add(struct trail *t, uint64_t offset)
{
	memmove(t->offsets + 1, t->offsets, MOST_LANDED * sizeof(t->offsets[0]));
	t->offsets[0] = offset;
}

/* Leaps, if that can be done. True: the window begins in the generation after that. */
static bool leap(struct before *b, struct tt_reader *r, const struct tt_generation *first,
		 const struct window_begin *window, struct trail *trail, size_t *n)
{
	struct landing landing;

	if (!leap_to_window(r, first, window, b->nread, &landing))
		return false;
	b->leaps = true;
	*n = (size_t)landing.ordinal;
	*trail = (struct trail){ { 0 } };
	for (unsigned i = 0; i < b->nread; i++)
		trail_add(trail, landing.offsets[i]);
	if (landing.next_offset == 0)
		return false;
	*n += 1;
	trail_add(trail, landing.next_offset);
	return true;
}

/* How many generations begin before the window. 0: all of the trace has to be read. */
static size_t count(struct before *b, struct tt_reader *r, const struct time_point *from,
		    struct generation_range generations, struct trail *trail)
{
	struct window_begin window = { .number = generations.first, .timed = from->given };
	const struct tt_generation *g;
	size_t n = 0;

	while (tt_reader_skim_generation(r, &g) == 0) {
		if (n == 0) {
			b->start_ns = tt_generation_start_ns(g);
			window.ns = time_point_ns(from, b->start_ns);
		}
		/* (the heap of AllocFree, and specs, come from the start) */
		if (tt_generation_nexperimental(g) != 0)
			return 0;
		if (!is_before(g, &window))
			break;
		n = (size_t)tt_generation_ordinal(g);
		trail_add(trail, tt_generation_offset(g));
		if (reaches(g, &window))
			break;
		if (n == 1 && leap(b, r, g, &window, trail, &n))
			break;
	}
	return n;
}

/* So many generations are read before the one that the window begins in. */
static void find(struct before *b, const struct cmd_input *input, const char *path,
		 const struct time_point *from, struct generation_range generations,
		 unsigned nread)
{
	struct cmd_input tables = *input;
	struct trail trail = { { 0 } };
	struct tt_reader *r;
	struct tt_error err;
	size_t n;

	*b = (struct before){ .nread = nread };
	tables.options.flags |= TT_OPEN_TABLES;
	if (nread > MOST_LANDED || cmd_open_reader(&r, &tables, path, &err) < 0)
		return;
	n = tt_reader_version(r) < 22 ? 0 : count(b, r, from, generations, &trail);
	tt_reader_close(r);
	/* the window begins in the last of these, or after it */
	if (n <= nread + 1)
		return;
	b->n = n - nread - 1;
	b->offset = trail.offsets[nread];
	b->window_offset = trail.offsets[0];
	b->from_ns = from->given ? time_point_ns(from, b->start_ns) : 0;
}

void before_find(struct before *b, const struct cmd_input *input, const char *path,
		 const struct time_point *from, struct generation_range generations)
{
	find(b, input, path, from, generations, 1);
}

int before_pass(const struct before *b, struct tt_reader *reader)
{
	const struct tt_generation *g;
	int rc = 0;

	if (b->n != 0 && b->offset != 0 &&
	    tt_reader_go_to_generation(reader, b->offset, b->n + 1) == 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		/* (before_find() has seen them all) */
		rc = tt_reader_pass_generation(reader, 1, 0);
		if (rc == 1)
			rc = tt_reader_skim_generation(reader, &g);
	}
	return rc;
}

int before_pass_all(const struct before *b, struct tt_reader *reader)
{
	if (b->n == 0 || b->window_offset == 0)
		return TT_END;
	return tt_reader_go_to_generation(reader, b->window_offset, b->n + b->nread + 1);
}

/* The task that an event says something of. (To ask for all of a task would search for its name,
 * too.) */
static uint64_t task_of(const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_TASK_BEGIN:
		return ev->args[1]; /* its parent */
	case TT_KIND_TASK_END:
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
	case TT_KIND_LOG:
		return ev->args[0];
	default:
		return 0;
	}
}

/* Something must have been read by now, or be so beside this. */
static void need_task(struct before *b, const struct tt_event *ev)
{
	uint64_t task = task_of(ev);

	if (task == 0 || task == TT_NO_TASK || id_set_has(&b->tasks, (int64_t)task))
		return;
	b->is_missing |= !b->is_apart || !id_set_add(&b->needed, (int64_t)task);
}

static void need_procs(struct before *b)
{
	b->needs_procs |= !b->has_procs;
	b->is_missing |= !b->is_apart && !b->has_procs;
}

void before_see(struct before *b, const struct tt_event *ev, bool inside)
{
	/* (one that is still open where the window begins is restated, with its parent) */
	if (ev->kind == TT_KIND_TASK_BEGIN) {
		need_task(b, ev);
		b->is_missing |= !id_set_add(&b->tasks, (int64_t)ev->args[0]);
	}
	b->has_procs |= ev->kind == TT_KIND_METRIC &&
			strcmp(tt_event_metric(ev).name, "/sched/gomaxprocs:threads") == 0;
	if (!inside)
		return;
	/* (batches of its experiment may be in what nobody looked at) */
	b->is_missing |= b->leaps && ev->kind == TT_KIND_EXPERIMENTAL;
	/* (the first generation that is read shows every state as a new one) */
	b->overlaps |= tt_generation_ordinal(ev->generation) == b->n + 1;
	b->is_missing |= b->overlaps;
	need_procs(b);
	need_task(b, ev);
}

void before_join(struct before *b, const struct before *earlier)
{
	b->is_missing |= earlier->is_missing || (b->needs_procs && !earlier->has_procs) ||
			 !id_set_has_all(&earlier->tasks, &b->needed) ||
			 !id_set_add_all(&b->tasks, &earlier->tasks);
	b->has_procs |= earlier->has_procs;
}

void before_begin(struct before *b)
{
	struct before anew = {
		.n = b->n,
		.offset = b->offset,
		.nread = b->nread,
		.leaps = b->leaps,
		.start_ns = b->start_ns,
		.window_offset = b->window_offset,
		.from_ns = b->from_ns,
	};

	before_release(b);
	*b = anew;
}

void before_retreat(struct before *b, const struct cmd_input *input, const char *path,
		    const struct time_point *from, struct generation_range generations)
{
	const unsigned nread = b->overlaps ? b->nread + 1 : MOST_LANDED + 1;

	before_release(b);
	find(b, input, path, from, generations, nread);
}

void before_release(struct before *b)
{
	id_set_release(&b->tasks);
	id_set_release(&b->needed);
}
