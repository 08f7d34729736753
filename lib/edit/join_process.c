/* SPDX-License-Identifier: MIT */
/*
 * join_process.c - whether a piece is of the same process, by what no process does: a goroutine
 * or a task that ended comes back; a processor creates a goroutine with a lower number than one
 * it created before; a goroutine begins with another function. Stands on join.h.
 */
#include "edit/join.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "edit/go_std.h"
#include "edit/rename.h"

/* Where a goroutine begins: the function of the last frame of its stacks. */
enum root {
	ROOT_UNKNOWN,
	ROOT_OF_PROGRAM,        /* some function that is none of the runtime's */
	ROOT_OF_RUNTIME,        /* from here on by tt_go_runtime_root(), */
	ROOT_KNOWN = 1 << 8,    /* and from here on by a hash of its name */
};
/* Deeper stacks may be cut. */
#define MOST_FRAMES 60

/* A processor takes so many numbers for new goroutines at once (Go's _GoidCacheBatch), and gives
 * them in order. */
#define NUMBERS_OF_P 16

void tt_join_process_init(struct tt_join *j)
{
	struct tt_join_process *p = &j->process;

	tt_idmap_init(&p->ended_gs.words, j->mem, tt_random_seed());
	tt_idmap_init(&p->ended_tasks.words, j->mem, tt_random_seed());
	tt_idmap_init(&p->newest_ids, j->mem, tt_random_seed());
	tt_idmap_init(&p->roots, j->mem, tt_random_seed());
	tt_idmap_init(&p->root_seen, j->mem, tt_random_seed());
}

void tt_join_process_release(struct tt_join *j)
{
	struct tt_join_process *p = &j->process;

	tt_idmap_release(&p->ended_gs.words);
	TT_ARRAY_RELEASE(j->mem, &p->ended_gs.bits);
	tt_idmap_release(&p->ended_tasks.words);
	TT_ARRAY_RELEASE(j->mem, &p->ended_tasks.bits);
	tt_idmap_release(&p->newest_ids);
	TT_ARRAY_RELEASE(j->mem, &p->newest);
	tt_idmap_release(&p->roots);
	tt_idmap_release(&p->root_seen);
}

static int refuse(struct tt_join *j, const char *what, uint64_t id, const char *why)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %" PRIu64 " %s", what, id, why);
	return tt_join_refuse(j, text);
}

static bool is_made_up(uint64_t g)
{
	return (int64_t)g >= TT_FIRST_MADE_G;
}

/* ---- what has ended */

static bool has(const struct tt_join_set *set, uint64_t id)
{
	uint32_t i = tt_idmap_find(&set->words, id / 64);

	return i != TT_IDMAP_NONE && (set->bits.at[i] >> (id % 64) & 1) != 0;
}

static int add(struct tt_join *j, struct tt_join_set *set, uint64_t id)
{
	uint32_t i = tt_idmap_find(&set->words, id / 64);

	if (i == TT_IDMAP_NONE) {
		i = (uint32_t)set->bits.n;
		if (!TT_ARRAY_ROOM(j->mem, &set->bits) || !tt_idmap_add(&set->words, id / 64, i))
			return tt_writer_no_memory(j->w);
		set->bits.at[set->bits.n++] = 0;
	}
	set->bits.at[i] |= UINT64_C(1) << (id % 64);
	return TT_OK;
}

static int end_g(struct tt_join *j, uint64_t g)
{
	tt_idmap_remove(&j->process.roots, g);
	tt_idmap_remove(&j->process.root_seen, g);
	return is_made_up(g) ? TT_OK : add(j, &j->process.ended_gs, g);
}

/* ---- numbers of new goroutines */

static struct tt_join_newest *newest_of(struct tt_join *j, int64_t p)
{
	struct tt_join_process *process = &j->process;
	uint32_t i = tt_idmap_find(&process->newest_ids, (uint64_t)p);

	if (i != TT_IDMAP_NONE)
		return &process->newest.at[i];
	i = (uint32_t)process->newest.n;
	if (!TT_ARRAY_ROOM(j->mem, &process->newest) ||
	    !tt_idmap_add(&process->newest_ids, (uint64_t)p, i))
		return NULL;
	process->newest.at[process->newest.n++] = (struct tt_join_newest){0};
	return &process->newest.at[i];
}

/* A piece that does not keep the rule itself is none of Go's runtime. */
static int check_number(struct tt_join *j, uint64_t g, int64_t p)
{
	struct tt_join_newest *newest;
	char why[80];

	if (is_made_up(g) || p == TT_NONE || j->process.any_order)
		return TT_OK;
	newest = newest_of(j, p);
	if (newest == NULL)
		return tt_writer_no_memory(j->w);
	if (g > newest->g) {
		*newest = (struct tt_join_newest){g, j->nsources};
	} else if (newest->source == j->nsources) {
		j->process.any_order = true;
	} else if (newest->g - g >= NUMBERS_OF_P) {
		snprintf(why, sizeof(why),
			 "begins in it, and the later %" PRIu64 " in a piece before", newest->g);
		return refuse(j, "goroutine", g, why);
	}
	return TT_OK;
}

static int begin_g(struct tt_join *j, uint64_t g, int64_t p)
{
	if (has(&j->process.ended_gs, g))
		return refuse(j, "goroutine", g, "ended in a piece before, and begins in it");
	return check_number(j, g, p);
}

/* ---- where goroutines begin */

/* Whether the stack is complete: it is that of a goroutine which blocks in a function of Go's. One
 * that is preempted where it enters a function lacks a frame, and other programs than Go's write
 * what they like. (Package initializers and main.main run on goroutine 1.) */
static bool is_complete(const struct tt_event *ev, const struct tt_frame *frames, int n)
{
	return ev->spec->type == TT_EV_GO_BLOCK && ev->goroutine != 1 && n > 1 &&
	       tt_go_std_package(tt_symbol_package(frames[0].func));
}

static uint32_t find_root(const struct tt_event *ev)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(ev->generation, tt_event_transition(ev).stack, frames);
	struct tt_str name;
	int root;

	if (n <= 0 || n > MOST_FRAMES || frames[n - 1].pc == 0)
		return ROOT_UNKNOWN;
	name = frames[n - 1].func;
	root = tt_go_runtime_root(name);
	if (root >= 0)
		return ROOT_OF_RUNTIME + (uint32_t)root;
	if (name.len == 0 || tt_str_is(tt_symbol_package(name), "runtime"))
		return ROOT_UNKNOWN;
	return is_complete(ev, frames, n)
		       ? ROOT_KNOWN + (uint32_t)(tt_hash_bytes(0, name.data, name.len) >> 34)
		       : ROOT_OF_PROGRAM;
}

static bool is_of_runtime(uint32_t root)
{
	return root >= ROOT_OF_RUNTIME && root < ROOT_KNOWN;
}

static bool differ(uint32_t one, uint32_t other)
{
	if (one == other || one == ROOT_UNKNOWN || other == ROOT_UNKNOWN)
		return false;
	return is_of_runtime(one) || is_of_runtime(other) ||
	       (one >= ROOT_KNOWN && other >= ROOT_KNOWN);
}

static bool set(struct tt_idmap *map, uint64_t id, uint32_t value)
{
	tt_idmap_remove(map, id);
	return tt_idmap_add(map, id, value);
}

/* The first event of each source that has the goroutine's stack is looked at, and the first with
 * which it blocks. */
static int check_root(struct tt_join *j, const struct tt_event *ev, uint64_t g)
{
	struct tt_join_process *p = &j->process;
	bool blocks = ev->spec->type == TT_EV_GO_BLOCK;
	uint32_t seen = tt_idmap_find(&p->root_seen, g), known, root;

	if (seen != TT_IDMAP_NONE && seen / 2 == j->nsources && (seen % 2 != 0 || !blocks))
		return TT_OK;
	known = tt_idmap_find(&p->roots, g);
	root = find_root(ev);
	if (known != TT_IDMAP_NONE && differ(known, root))
		return refuse(j, "goroutine", g, "begins with another function in it");
	if (!set(&p->root_seen, g, j->nsources * 2 + blocks) ||
	    (root > (known == TT_IDMAP_NONE ? ROOT_UNKNOWN : known) && !set(&p->roots, g, root)))
		return tt_writer_no_memory(j->w);
	return TT_OK;
}

/* ---- all of them */

int tt_join_check_entry(struct tt_join *j, bool overlaps)
{
	for (size_t i = 0; i < j->entry.gs.n; i++) {
		struct tt_entry_g *g = &j->entry.gs.at[i];
		uint64_t id = (uint64_t)g->id;

		if (is_made_up(id))
			continue;
		if (has(&j->process.ended_gs, id) && overlaps)
			g->status = TT_ENTRY_ABSENT;
		else if (has(&j->process.ended_gs, id))
			return refuse(j, "goroutine", id,
				      "ended in a piece before, and is there again");
		if (g->status == TT_ENTRY_ABSENT && tt_order_g(&j->w->order, g->id) != NULL)
			return refuse(j, "goroutine", id, "is there before, and begins in it");
	}
	return TT_OK;
}

int tt_join_check_event(struct tt_join *j, const struct tt_event *ev)
{
	switch (ev->spec == NULL ? -1 : ev->spec->type) {
	case TT_EV_GO_DESTROY:
	case TT_EV_GO_DESTROY_SYSCALL:
		return end_g(j, (uint64_t)ev->goroutine);
	case TT_EV_GO_CREATE:
	case TT_EV_GO_CREATE_BLOCKED:
		return begin_g(j, ev->args[0], ev->proc);
	case TT_EV_GO_CREATE_SYSCALL:
		/* (its number is not one of a processor) */
		return begin_g(j, ev->args[0], TT_NONE);
	case TT_EV_GO_BLOCK:
	case TT_EV_GO_STOP:
	case TT_EV_GO_SYSCALL_BEGIN:
		return check_root(j, ev, (uint64_t)ev->goroutine);
	case TT_EV_GO_STATUS_STACK:
		return check_root(j, ev, ev->args[0]);
	case TT_EV_USER_TASK_BEGIN:
		return j->nsources > 1 && has(&j->process.ended_tasks, ev->args[0])
			       ? refuse(j, "task", ev->args[0],
					"ended in a piece before, and begins in it")
			       : TT_OK;
	case TT_EV_USER_TASK_END:
		return add(j, &j->process.ended_tasks, ev->args[0]);
	default:
		return TT_OK;
	}
}
