/* SPDX-License-Identifier: MIT */
/*
 * join_check.c - whether a piece is one of the same recording: by the code of the program, by
 * the clocks, and by the numbers and times of generations. Threads only raise a doubt: each may
 * end. Stands on join.h.
 */
#include "edit/join.h"

#include "base/hash.h"

/* Less code of the program than this says nothing about which program it is. */
#define MIN_CODE 16
/* Fewer lines than this may have further places in the same program. */
#define MIN_MOVED 8
/* A recording that goes on has a generation each second. */
#define MAX_SILENCE_NS INT64_C(2000000000)
/* Clocks of one machine differ by less from piece to piece. */
#define MAX_CLOCK_NS INT64_C(10000000000)
/* Fewer threads than this say nothing. */
#define MIN_THREADS 3

void tt_join_check_init(struct tt_join *j)
{
	tt_idmap_init(&j->code, j->mem, tt_random_seed());
	tt_idmap_init(&j->position_ids, j->mem, tt_random_seed());
	tt_idmap_init(&j->clock_ids, j->mem, tt_random_seed());
	tt_idmap_init(&j->threads, j->mem, tt_random_seed());
}

void tt_join_check_release(struct tt_join *j)
{
	tt_idmap_release(&j->code);
	tt_idmap_release(&j->position_ids);
	tt_idmap_release(&j->clock_ids);
	tt_idmap_release(&j->threads);
	TT_ARRAY_RELEASE(j->mem, &j->positions);
	TT_ARRAY_RELEASE(j->mem, &j->wall_offsets_ns);
}

/* ---- code */

/* A line of a function; an id that is never small. */
static uint64_t position_of(const struct tt_generation *g, const struct tt_wire_frame *frame)
{
	struct tt_str name = {"", 0};

	tt_generation_string(g, frame->func, &name);
	return tt_hash_bytes(frame->line, name.data, name.len) | UINT64_C(1) << 63;
}

/* Where a stack could not be followed further, any program has this one. */
static bool is_no_code(const struct tt_wire_frame *frame)
{
	return frame->pc == 0;
}

static bool remember_code(struct tt_join *j, const struct tt_generation *g)
{
	for (size_t i = 0; i < g->frames.n; i++) {
		const struct tt_wire_frame *frame = &g->frames.at[i];
		uint64_t position;

		if (is_no_code(frame) || tt_idmap_find(&j->code, frame->pc) != TT_IDMAP_NONE)
			continue;
		position = position_of(g, frame);
		if (!TT_ARRAY_ROOM(j->mem, &j->positions) ||
		    !tt_idmap_add(&j->code, frame->pc, (uint32_t)j->positions.n) ||
		    (tt_idmap_find(&j->position_ids, position) == TT_IDMAP_NONE &&
		     !tt_idmap_add(&j->position_ids, position, 0)))
			return false;
		j->positions.at[j->positions.n++] = position;
	}
	return true;
}

/* Mostly other code at the same places, or the same code at other ones, or no code at the same
 * places. (Of functions that are inlined at one place, a generation shows whichever comes first;
 * and few lines have several places, unless lines are not known.) */
static bool is_other_code(const struct tt_join *j, const struct tt_generation *g,
			  bool may_be_other)
{
	size_t same = 0, other = 0, moved = 0;

	for (size_t i = 0; i < g->frames.n; i++) {
		const struct tt_wire_frame *frame = &g->frames.at[i];
		uint64_t position = position_of(g, frame);
		uint32_t known = tt_idmap_find(&j->code, frame->pc);

		if (is_no_code(frame))
			continue;
		if (known == TT_IDMAP_NONE)
			moved += frame->line != 0 &&
				 tt_idmap_find(&j->position_ids, position) != TT_IDMAP_NONE;
		else if (j->positions.at[known] == position)
			same++;
		else
			other++;
	}
	return other > same || (moved > same && moved >= MIN_MOVED) ||
	       (same == 0 && may_be_other && g->frames.n >= MIN_CODE && j->positions.n >= MIN_CODE);
}

/* ---- clocks */

static int64_t wall_offset(const struct tt_clock *c)
{
	return tt_ns_sub((int64_t)(c->wall_sec * UINT64_C(1000000000) + c->wall_nsec), c->trace_ns);
}

static bool remember_clock(struct tt_join *j, const struct tt_generation *g)
{
	j->some_without_clock |= !g->has_clock;
	if (!g->has_clock || tt_idmap_find(&j->clock_ids, g->number) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(j->mem, &j->wall_offsets_ns) ||
	    !tt_idmap_add(&j->clock_ids, g->number, (uint32_t)j->wall_offsets_ns.n))
		return false;
	j->wall_offsets_ns.at[j->wall_offsets_ns.n++] = wall_offset(&g->clock);
	return true;
}

static bool is_far(int64_t difference_ns)
{
	return difference_ns > MAX_CLOCK_NS || difference_ns < -MAX_CLOCK_NS;
}

static bool is_far_clock(const struct tt_join *j, const struct tt_generation *g)
{
	return j->wall_offsets_ns.n != 0 && g->has_clock &&
	       is_far(tt_ns_sub(wall_offset(&g->clock), j->wall_offsets_ns.at[0]));
}

/* A piece has a wall clock, and another one has none: that of a piece without one begins at 1970
 * if it is written anew. */
static bool has_clock_of_its_own(const struct tt_join *j, const struct tt_generation *g)
{
	return g->has_clock ? j->some_without_clock && is_far(wall_offset(&g->clock))
			    : j->wall_offsets_ns.n != 0 && is_far(j->wall_offsets_ns.at[0]);
}

/* Each generation reads both clocks once. Another one, of a program that runs on the same
 * machine for example, reads them some nanoseconds further apart. */
static bool is_other_clock(const struct tt_join *j, const struct tt_generation *g)
{
	uint32_t i = tt_idmap_find(&j->clock_ids, g->number);

	return g->has_clock && i != TT_IDMAP_NONE &&
	       wall_offset(&g->clock) != j->wall_offsets_ns.at[i];
}

/* It is one that an earlier piece has, too, such as that which restates what was before a cut. */
static bool is_known_again(const struct tt_join *j, const struct tt_generation *g)
{
	return g->has_clock && tt_idmap_find(&j->clock_ids, g->number) != TT_IDMAP_NONE &&
	       !is_other_clock(j, g);
}

/* ---- threads */

static bool remember_threads(struct tt_join *j, const struct tt_generation *g)
{
	for (size_t i = 0; i < g->threads.n; i++) {
		uint64_t id = (uint64_t)g->threads.at[i].thread;
		uint32_t source;

		if (g->threads.at[i].first == TT_NO_BATCH || (int64_t)id == TT_NONE ||
		    (int64_t)id >= TT_FIRST_MADE_M)
			continue;
		source = tt_idmap_find(&j->threads, id);
		if (source == j->nsources)
			continue;
		j->nthreads++;
		j->nknown_threads += source != TT_IDMAP_NONE;
		tt_idmap_remove(&j->threads, id);
		if (!tt_idmap_add(&j->threads, id, j->nsources))
			return false;
	}
	return true;
}

/* ---- the verdict */

int tt_join_refuse(struct tt_join *j, const char *why)
{
	return tt_fail(&j->w->err, TT_E_ARGUMENT,
		       "this is no piece of the same recording: %s", why);
}

static int refuse_numbers(struct tt_join *j)
{
	return tt_join_refuse(j, "its generations are numbered anew");
}

int tt_join_check_source(struct tt_join *j, const struct tt_generation *g)
{
	int64_t start_ns = tt_generation_start_ns(g);
	bool goes_on = g->number <= j->last_number + 1 &&
		       tt_ns_sub(start_ns, j->last_ns) < MAX_SILENCE_NS;

	if (is_other_code(j, g, !goes_on))
		return tt_join_refuse(j, "its code is another program's");
	if (is_far_clock(j, g))
		return tt_join_refuse(j, "its clock is that of another machine or of another start");
	if (has_clock_of_its_own(j, g))
		return tt_join_refuse(
			j, g->has_clock ? "it has a wall clock, and a piece before has none"
					: "it has no wall clock, and a piece before has one");
	if (is_other_clock(j, g))
		return tt_join_refuse(j, "its generation of the same number has another clock");
	if (g->number >= j->last_number) {
		j->may_restate = false;
	} else if (start_ns > j->last_ns && !is_known_again(j, g)) {
		if (g->has_clock || j->may_restate)
			return refuse_numbers(j);
		j->may_restate = true;
	}
	if (g->number > j->last_number && start_ns < j->last_start_ns)
		return tt_join_refuse(j, "its generation has a later number, but an earlier time");
	return TT_OK;
}

/* Statuses, and what a goroutine that was made up for it does. (It may come again.) */
static bool is_restatement(const struct tt_event *ev)
{
	switch (ev->kind == TT_KIND_TRANSITION ? ev->spec->type : TT_EV_GO_STATUS) {
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
	case TT_EV_PROC_STATUS:
	case TT_EV_PROC_START:
	case TT_EV_PROC_STOP:
		return true;
	case TT_EV_GO_CREATE:
	case TT_EV_GO_START:
		return (int64_t)ev->args[0] >= TT_FIRST_MADE_G;
	default:
		return ev->goroutine >= TT_FIRST_MADE_G;
	}
}

int tt_join_check_restated(struct tt_join *j, const struct tt_event *ev)
{
	if (!j->may_restate || (ev != NULL && is_restatement(ev)))
		return TT_OK;
	return refuse_numbers(j);
}

bool tt_join_remember(struct tt_join *j, const struct tt_generation *g)
{
	return remember_code(j, g) && remember_clock(j, g) && remember_threads(j, g);
}

bool tt_join_is_stranger(const struct tt_join *j)
{
	return j->nthreads >= MIN_THREADS && j->nknown_threads == 0;
}
