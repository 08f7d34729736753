/* SPDX-License-Identifier: MIT */
/*
 * order.c - the events of all Ps in one order: always the earliest of those that can happen
 * now. Which of two equal times comes first depends on the heap and on the list of Ps that
 * are not in it, so both are Go's, step by step (internal/tracev1/parser.go,
 * parseEventBatches(), and order.go), but for the Ps' order at the start, which is random in
 * Go and that of the file here. What Go finds by trying all waiting Ps after each event is
 * looked up here: a P that waits is listed under what it waits for. Stands on gen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "v1/check.h"
#include "v1/replay.h"

/* A sequence number that fits any, in what a goroutine must be. Only Go's, so it may come. */
#define ANY_SEQ UINT64_MAX

struct order {
	struct tt_v1 *v;
	struct tt_error *err;
	struct tt_keyed *heap;  /* of.item a P, by the time of its head */
	size_t nheap;
	struct tt_v1_proc **out; /* the Ps that are not in the heap */
	size_t nout;
	struct tt_v1_proc **due; /* those among them that may be ready now */
	size_t ndue;
	struct tt_keyed *sorted; /* room for them */
	struct tt_v1_proc **waiting; /* lists by what is waited for, nwaiting a power of two */
	size_t nwaiting;
	uint64_t seed;
	size_t nprocs;          /* with the one that stands for all samples */
	int64_t last;           /* time of the last event */
	uint64_t unsorted;      /* offset in the trace of the first one whose time goes back; 0 */
	struct tt_error exit_err; /* what is wrong with the first bad syscall exit */
	struct tt_v1_check check;
	struct tt_error check_err;
	bool unchecked;         /* all have to be checked once they are in order: a check failed,
				 * or depends on the time of a syscall exit */
};

/* ---- the heap, as in Go's order.go */

static void heap_push(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_keyed *a = o->heap, x = {proc->head.time, {.item = proc}};
	size_t j = o->nheap++;

	while (j > 0 && x.key < a[(j - 1) / 2].key) {
		a[j] = a[(j - 1) / 2];
		j = (j - 1) / 2;
	}
	a[j] = x;
}

static struct tt_v1_proc *heap_pop(struct order *o)
{
	struct tt_keyed *a = o->heap, root = a[0], x = a[--o->nheap];
	size_t i = 0, n = o->nheap;

	for (size_t j; (j = 2 * i + 1) < n; i = j) {
		if (j + 1 < n && a[j + 1].key < a[j].key)
			j++;
		if (a[j].key >= x.key)
			break;
		a[i] = a[j];
	}
	a[i] = x;
	return root.of.item;
}

/* ---- waiting */

static struct tt_v1_proc **list_of(const struct order *o, uint32_t g, uint64_t seq, uint8_t status)
{
	uint64_t h = (g ^ o->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32 ^ seq) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 32 ^ status ^ o->seed) * UINT64_C(0xc4ceb9fe1a85ec53);
	return &o->waiting[(h ^ h >> 29) & (o->nwaiting - 1)];
}

/* What the head of a P requires. */
static inline void find_requirement(struct tt_v1_proc *proc)
{
	const struct tt_v1_event *e = &proc->head;
	const struct tt_v1_rule *rule = &e->layout->rule;

	proc->subject = (e->g & tt_v1_mask(rule->own)) | (e->other & tt_v1_mask(rule->other)) |
			rule->fixed;
	/* (the number that the record gives may be the one that fits any) */
	proc->seq = (e->args[rule->seq_arg] + rule->seq) | (uint64_t)rule->any_seq;
	if (tt_unlikely(proc->subject == TT_V1_ANY_G)) {
		rule = &tt_v1_free_rule;
		proc->subject = TT_V1_FREE;
		proc->seq = ANY_SEQ;
	}
	proc->rule = rule;
}

static inline bool is_ready(const struct order *o, const struct tt_v1_proc *proc)
{
	const struct tt_v1_goroutine *g = &o->v->goroutines.at[proc->subject];

	return (g->status == proc->rule->status) & ((proc->seq == ANY_SEQ) | (proc->seq == g->seq));
}

static void wait(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_v1_proc **list = list_of(o, proc->subject, proc->seq, proc->rule->status);

	proc->next_waiting = *list;
	*list = proc;
	o->v->goroutines.at[proc->subject].nwaiting++;
}

/* All that wait for a goroutine to be just this. */
static void wake(struct order *o, uint32_t g, uint64_t seq, uint8_t status)
{
	struct tt_v1_proc **link = list_of(o, g, seq, status);

	while (*link != NULL) {
		struct tt_v1_proc *proc = *link;

		if (proc->subject != g || proc->seq != seq ||
		    proc->rule->status != status) {
			link = &proc->next_waiting;
			continue;
		}
		*link = proc->next_waiting;
		o->v->goroutines.at[g].nwaiting--;
		o->due[o->ndue++] = proc;
	}
}

/* All that wait for what a goroutine has become. */
static __attribute__((noinline)) void wake_all(struct order *o, uint32_t i)
{
	const struct tt_v1_goroutine *g = &o->v->goroutines.at[i];

	wake(o, i, g->seq, g->status);
	if (g->seq != ANY_SEQ)
		wake(o, i, ANY_SEQ, g->status);
}

/* The number of a goroutine after one that its record gave, and that is one of the last ones:
 * what Go writes for "one more" and "the same" may be the sum of a number in the record. */
static uint64_t after_last_seq(const struct tt_v1_goroutine *g, uint64_t seq)
{
	return seq == ANY_SEQ - 1 ? g->seq : seq + 1;
}

/* The event of a P that is ready. */
static inline void transition(struct order *o, const struct tt_v1_proc *proc)
{
	const struct tt_v1_rule *rule = proc->rule;
	struct tt_v1_goroutine *g = &o->v->goroutines.at[proc->subject];

	if (tt_unlikely((proc->seq >= ANY_SEQ - 1) & (rule->any_seq == 0)))
		g->seq = after_last_seq(g, proc->seq);
	else
		g->seq += rule->adds;
	g->status = rule->next;
	if (tt_unlikely(g->nwaiting > 0))
		wake_all(o, proc->subject);
}

/* Others may have come between. */
static int impossible(struct order *o, const struct tt_v1_proc *proc)
{
	tt_fail(o->err, TT_E_GOROUTINE, "encountered impossible goroutine state transition");
	o->err->offset = o->v->base + proc->head.offset;
	return -TT_E_GOROUTINE;
}

/* ---- the next event of a P */

/* Makes the next event of a P its head: 0; 1: there is none; or an error. */
static TT_ALWAYS_INLINE int next_event(struct order *o, struct tt_v1_proc *proc)
{
	int rc = tt_v1_read(o->v, proc, o->err);

	if (tt_likely(rc == TT_OK))
		find_requirement(proc);
	proc->loaded = rc == TT_OK;
	proc->ended = rc == TT_END;
	return rc;
}

/* ---- the Ps that are not in the heap */

static void leave(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_v1_proc *last = o->out[--o->nout];

	o->out[proc->place] = last;
	last->place = proc->place;
}

static void join(struct order *o, struct tt_v1_proc *proc)
{
	proc->place = o->nout;
	o->out[o->nout++] = proc;
}

/* Where the due ones are, first to last. */
static void sort_due(struct order *o)
{
	for (size_t i = 0; i < o->ndue; i++)
		o->sorted[i] = (struct tt_keyed){(int64_t)o->due[i]->place, {.item = o->due[i]}};
	tt_sort_like_go(o->sorted, o->ndue);
}

static __attribute__((noinline)) int next_event_due(struct order *o, struct tt_v1_proc *proc)
{
	return next_event(o, proc);
}

/* Looks at one: *left says that it is no longer in the list. */
static int look_at(struct order *o, struct tt_v1_proc *proc, bool *left)
{
	if (!proc->loaded) {
		int rc = next_event_due(o, proc);

		if (rc < 0)
			return rc;
	}
	*left = proc->ended || is_ready(o, proc);
	if (*left)
		leave(o, proc);
	else
		wait(o, proc);
	if (*left && !proc->ended)
		heap_push(o, proc);
	return TT_OK;
}

/*
 * Go looks at the list from its first place to the last. Where one leaves, the last one
 * takes its place and is looked at next. Those that are not due wait for something that has
 * not happened, so looking at them would change nothing.
 */
static int look_at_due(struct order *o)
{
	size_t low = 0, high = o->ndue;

	sort_due(o);
	o->ndue = 0;
	while (low < high) {
		struct tt_v1_proc *proc = o->sorted[low++].of.item;
		bool left = true;

		while (left) {
			struct tt_v1_proc *last = o->out[o->nout - 1];
			int rc = look_at(o, proc, &left);

			if (rc < 0)
				return rc;
			if (!left || low == high || o->sorted[high - 1].of.item != last ||
			    last == proc)
				break;
			proc = last;
			high--;
		}
	}
	return TT_OK;
}

/* ---- from event to event */

/* Of the order up to here, no event is wrong. */
static void keep_good(struct tt_v1 *v)
{
	if (v->nevents < v->ngood)
		v->ngood = v->nevents;
}

/* A syscall exit may have been long before its record: when, the record says. */
static bool move_exit(struct order *o, const struct tt_v1_event *e)
{
	struct tt_v1 *v = o->v;
	int64_t blocked = v->goroutines.at[e->g].blocked, time = (int64_t)e->args[2];

	if (time == 0 || o->exit_err.code != TT_OK)
		return true;
	if (blocked == 0)
		tt_fail(&o->exit_err, TT_E_GOROUTINE, "stray syscall exit");
	else if (time < blocked)
		tt_v1_time_order(&o->exit_err);
	if (o->exit_err.code != TT_OK) {
		o->exit_err.offset = v->base + e->offset;
		keep_good(v);
	}
	if (o->exit_err.code != TT_OK || time == e->time)
		return true;
	if (!TT_ARRAY_ROOM(v->mem, &v->moved))
		return false;
	v->moved.at[v->moved.n++] = (struct tt_v1_moved){
		.time = time,
		.index = v->nevents,
		.offset = e->offset,
		.g = e->g,
		.proc = e->proc,
	};
	return true;
}

static inline void append_index(struct tt_v1 *v, size_t proc)
{
	size_t i = v->nevents++;

	if (v->width == 1)
		((uint8_t *)v->order)[i] = (uint8_t)proc;
	else if (v->width == 2)
		((uint16_t *)v->order)[i] = (uint16_t)proc;
	else
		((uint32_t *)v->order)[i] = (uint32_t)proc;
}

/* A goroutine enters or leaves a syscall. False: no memory. */
static bool note_syscall(struct order *o, const struct tt_v1_event *e)
{
	if (e->type == TT_V1_GO_SYS_EXIT)
		return move_exit(o, e);
	o->v->goroutines.at[e->g].blocked = e->time;
	return true;
}

/* Does what a less usual event demands. A mistake that a check finds is reported only when all
 * events are in order. */
static TT_NOT_INLINE int note_unusual(struct order *o, struct tt_v1_proc *proc)
{
	const struct tt_v1_event *e = &proc->head;
	bool moved = tt_v1_is_moved(e);

	if (e->layout->in_syscall && !note_syscall(o, e))
		return tt_v1_no_memory(o->v, o->err);
	if (o->unchecked)
		return TT_OK;
	o->unchecked = (moved && !tt_v1_exit_can_wait(o->v, e)) ||
		       tt_v1_check_any(&o->check, proc, e, o->v->nevents, moved) < 0;
	if (o->unchecked)
		o->check.usual = false;
	return TT_OK;
}

/* Appends the head of a P. */
static inline int append(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_v1 *v = o->v;
	const struct tt_v1_event *e = &proc->head;

	if (tt_unlikely(e->time < o->last) && v->nevents > 0 && o->unsorted == 0) {
		o->unsorted = v->base + e->offset;
		keep_good(v);
	}
	o->last = e->time;
	if (tt_unlikely(!tt_v1_check_usual(&o->check, proc, e, v->nevents)) &&
	    tt_unlikely(note_unusual(o, proc) < 0))
		return -o->err->code;
	append_index(v, tt_unlikely(proc == &v->sampler) ? v->procs.n : e->proc);
	return TT_OK;
}

/*
 * An event before this time, if its P were pushed, would be the next to be popped, with the
 * heap in the end as it is now. Pushed, it moves all from the last place up to the root down
 * by one; popped, these move back unless some are of one time.
 */
static int64_t end_of_burst(const struct order *o)
{
	const struct tt_keyed *a = o->heap;

	if (o->nheap == 0)
		return INT64_MAX;
	for (size_t j = (o->nheap - 1) / 2; j > 0; j = (j - 1) / 2) {
		int64_t above = a[(j - 1) / 2].key;

		if (above >= a[j].key || (j % 2 == 0 && above >= a[j - 1].key))
			return INT64_MIN;
	}
	return a[0].key;
}

/* The event of a P that has left the heap happens, and so do those after it that are next. */
static int advance(struct order *o)
{
	struct tt_v1_proc *proc = heap_pop(o);
	int64_t end = end_of_burst(o);
	int rc;

	if (!is_ready(o, proc))
		return impossible(o, proc);
	do {
		rc = append(o, proc);
		if (rc < 0)
			return rc;
		transition(o, proc);
		if (tt_unlikely(o->ndue > 0)) {
			proc->loaded = false;
			join(o, proc);
			o->due[o->ndue++] = proc;
			return look_at_due(o);
		}
		/* in nearly all cases: as if it had joined the list as its last, and left */
		rc = next_event(o, proc);
		if (tt_unlikely(rc != TT_OK))
			return rc == TT_END ? TT_OK : rc;
		if (!is_ready(o, proc)) {
			join(o, proc);
			wait(o, proc);
			return TT_OK;
		}
	} while (proc->head.time < end);
	heap_push(o, proc);
	return TT_OK;
}

static const char *status_name(uint8_t status)
{
	static const char *const names[] = {
		[TT_V1_DEAD] = "not there",
		[TT_V1_RUNNABLE] = "runnable",
		[TT_V1_RUNNING] = "running",
		[TT_V1_WAITING] = "waiting",
	};

	return names[status];
}

/* Nothing can happen: the message says of the earliest event what it waits for. */
static int stuck(struct order *o)
{
	const struct tt_v1_proc *proc = o->out[0];
	const struct tt_v1_goroutine *g;
	char number[48] = "";

	for (size_t i = 1; i < o->nout; i++)
		if (o->out[i]->head.time < proc->head.time)
			proc = o->out[i];
	g = &o->v->goroutines.at[proc->subject];
	if (proc->seq != ANY_SEQ)
		snprintf(number, sizeof(number), " with number %" PRIu64, proc->seq);
	tt_fail(o->err, TT_E_STUCK,
		"no consistent ordering of events possible\n"
		"%s on P %" PRId64 " waits until goroutine %" PRIu64 " is %s%s; it is %s with "
		"number %" PRIu64,
		o->v->layouts[proc->head.type].spec->name, proc->number, g->id,
		status_name(proc->rule->status), number, status_name(g->status), g->seq);
	o->err->offset = o->v->base + proc->head.offset;
	return -TT_E_STUCK;
}

static int order_all(struct order *o)
{
	int rc;

	for (size_t i = 0; i < o->nprocs; i++) {
		struct tt_v1_proc *proc = i < o->v->procs.n ? &o->v->procs.at[i] :
								      &o->v->sampler;

		join(o, proc);
		o->due[o->ndue++] = proc;
	}
	rc = look_at_due(o);
	while (rc == TT_OK && o->nheap > 0)
		rc = advance(o);
	if (rc == TT_OK && o->nout > 0)
		rc = stuck(o);
	if (rc == TT_OK && o->unsorted != 0) {
		rc = tt_v1_time_order(o->err);
		o->err->offset = o->unsorted;
	}
	if (rc == TT_OK && o->exit_err.code != TT_OK) {
		*o->err = o->exit_err;
		rc = -o->exit_err.code;
	}
	return rc;
}

/* ---- room for it */

static bool alloc_lists(struct order *o)
{
	struct tt_v1 *v = o->v;
	uint64_t nevents = v->samples.n;

	for (size_t i = 0; i < v->batches.n; i++)
		nevents += v->batches.at[i].nevents;
	if (nevents >= SIZE_MAX)
		return false;
	v->cap = (size_t)nevents;
	for (o->nwaiting = 16; o->nwaiting < o->nprocs;)
		o->nwaiting *= 2;
	v->width = o->nprocs <= UINT8_MAX + 1 ? 1 : o->nprocs <= UINT16_MAX + 1 ? 2 : 4;
	v->order = tt_mem_zalloc(v->mem, v->cap + 1, v->width);
	v->verdicts = tt_mem_zalloc(v->mem, v->cap / 8 + 1, 1);
	o->heap = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->heap));
	o->out = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->out));
	o->due = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->due));
	o->sorted = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->sorted));
	o->waiting = tt_mem_zalloc(v->mem, o->nwaiting, sizeof(*o->waiting));
	return v->order != NULL && v->verdicts != NULL && o->heap != NULL && o->out != NULL &&
	       o->due != NULL && o->sorted != NULL && o->waiting != NULL;
}

static void release(struct order *o)
{
	struct tt_mem *mem = o->v->mem;

	tt_mem_free(mem, o->waiting, o->nwaiting * sizeof(*o->waiting));
	tt_mem_free(mem, o->sorted, o->nprocs * sizeof(*o->sorted));
	tt_mem_free(mem, o->due, o->nprocs * sizeof(*o->due));
	tt_mem_free(mem, o->out, o->nprocs * sizeof(*o->out));
	tt_mem_free(mem, o->heap, o->nprocs * sizeof(*o->heap));
}

int tt_v1_order(struct tt_v1 *v, struct tt_error *err)
{
	struct order o = {
		.v = v,
		.err = err,
		.nprocs = v->procs.n + 1,
		.seed = tt_random_seed(),
	};
	int rc;

	v->ngood = SIZE_MAX;
	tt_sort_like_go(v->samples.at, v->samples.n);
	tt_v1_rewind(v);
	tt_error_clear(&o.check_err);
	tt_v1_begin_check(&o.check, v, &o.check_err);
	if (alloc_lists(&o))
		rc = order_all(&o);
	else
		rc = tt_v1_no_memory(v, err);
	release(&o);
	keep_good(v);
	v->checked = !o.unchecked;
	v->last_time = o.last > v->last_time ? o.last : v->last_time;
	return rc;
}

void tt_v1_unorder(struct tt_v1 *v)
{
	tt_v1_uncheck(v);
	tt_mem_free(v->mem, v->verdicts, v->cap / 8 + 1);
	tt_mem_free(v->mem, v->order, (v->cap + 1) * v->width);
	v->verdicts = NULL;
	v->order = NULL;
	v->nevents = v->cap = v->moved.n = 0;
	for (size_t i = 0; i < v->goroutines.n; i++) {
		struct tt_v1_goroutine *g = &v->goroutines.at[i];

		g->seq = 0;
		g->blocked = 0;
		g->nwaiting = 0;
		g->status = TT_V1_DEAD;
	}
	for (size_t i = 0; i < v->procs.n; i++)
		v->procs.at[i].loaded = v->procs.at[i].ended = false;
	v->sampler.loaded = v->sampler.ended = false;
}
