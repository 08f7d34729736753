/* SPDX-License-Identifier: MIT */
/*
 * threads.c - what the events in their order say about threads, which Go's reader does not
 * check in this format, but the validator of its tests (internal/trace/testtrace) does: a thread
 * has one P and runs one goroutine at a time, and the list of the goroutines that there were has
 * each once. A trace that lacks some events breaks this where a P never stopped. The events were
 * checked before (check.c). Stands on replay.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "v1/replay.h"

#define NO_PROC UINT32_MAX

struct thread {
	uint64_t id;
	uint32_t proc;          /* index of the P that it has, or NO_PROC */
	uint64_t start;         /* place in the data of the record that gave it that P */
	uint32_t g;             /* index of the goroutine that it runs, or TT_V1_NO_G */
};

/* Whether a goroutine has a state in format v2. */
enum known {
	UNKNOWN,
	CREATED,                /* before the first Gomaxprocs, which gives it one */
	KNOWN,
};

struct threads {
	struct tt_v1 *v;
	struct tt_error *err;
	const struct tt_v1_event *e;
	TT_ARRAY(struct thread) list; /* the first one is that of events that have no thread */
	struct tt_idmap ids;    /* of all others: indices in the list */
	uint32_t *of_proc;      /* indices in the list, 0: none */
	uint32_t *of_goroutine;
	uint8_t *known;         /* enum known, by goroutine */
	size_t nprocs, ngoroutines;
	bool started;           /* the first Gomaxprocs is over */
	uint64_t other;         /* see tt_v1_check_threads() */
};

static int fail_at_event(struct threads *t)
{
	t->err->offset = t->v->base + t->e->offset;
	return -t->err->code;
}

/* The index of a thread, which is made if it is new. False: no memory. */
static bool thread_index(struct threads *t, uint64_t id, uint32_t *index)
{
	*index = tt_idmap_find(&t->ids, id);
	if (*index != TT_IDMAP_NONE)
		return true;
	*index = (uint32_t)t->list.n;
	if (*index == UINT32_MAX || !TT_ARRAY_ROOM(t->v->mem, &t->list) ||
	    !tt_idmap_add(&t->ids, id, *index))
		return false;
	t->list.at[t->list.n++] = (struct thread){.id = id, .proc = NO_PROC, .g = TT_V1_NO_G};
	return true;
}

/* ---- Ps */

static int proc_start(struct threads *t)
{
	const struct tt_v1_proc *procs = t->v->procs.at;
	uint32_t p = t->e->proc, index;
	struct thread *thread;

	if (!thread_index(t, t->e->args[0], &index))
		return tt_v1_no_memory(t->v, t->err);
	thread = &t->list.at[index];
	if (thread->proc != NO_PROC && thread->proc != p) {
		tt_fail(t->err, TT_E_PROC,
			"p %" PRId64 " starts on thread %" PRIu64 ", where p %" PRId64
			" has not stopped",
			procs[p].number, thread->id, procs[thread->proc].number);
		t->other = thread->start;
		return fail_at_event(t);
	}
	thread->proc = p;
	thread->start = t->e->offset;
	t->of_proc[p] = index;
	return TT_OK;
}

static int proc_stop(struct threads *t)
{
	uint32_t *index = &t->of_proc[t->e->proc];

	if (*index != 0)
		t->list.at[*index].proc = NO_PROC;
	*index = 0;
	return TT_OK;
}

/* ---- goroutines */

/* A goroutine begins to run on a thread, or is in a syscall there. */
static int run(struct threads *t, uint32_t index)
{
	const struct tt_v1_goroutine *goroutines = t->v->goroutines.at;
	struct thread *thread = &t->list.at[index];
	uint32_t g = t->e->g;

	if (thread->g != TT_V1_NO_G && thread->g != g) {
		tt_fail(t->err, TT_E_GOROUTINE,
			"goroutine %" PRIu64 " runs on the thread on which goroutine %" PRIu64
			" has not stopped",
			goroutines[g].id, goroutines[thread->g].id);
		return fail_at_event(t);
	}
	thread->g = g;
	t->of_goroutine[g] = index;
	return TT_OK;
}

static int start(struct threads *t)
{
	uint32_t index = t->of_proc[t->e->proc];

	if (index != 0)
		return run(t, index);
	tt_fail(t->err, TT_E_PROC, "p %" PRId64 " runs goroutine %" PRIu64 " and has not started",
		t->v->procs.at[t->e->proc].number, t->v->goroutines.at[t->e->g].id);
	return fail_at_event(t);
}

static int stop(struct threads *t)
{
	uint32_t *index = &t->of_goroutine[t->e->g];

	t->list.at[*index].g = TT_V1_NO_G;
	*index = 0;
	return TT_OK;
}

/* An event that becomes one of the list of what there was. */
static int list_goroutine(struct threads *t)
{
	uint8_t *known = &t->known[t->e->g];

	if (*known == KNOWN) {
		tt_fail(t->err, TT_E_GOROUTINE,
			"goroutine %" PRIu64 " is listed again as one that was there before",
			t->v->goroutines.at[t->e->g].id);
		return fail_at_event(t);
	}
	*known = KNOWN;
	return TT_OK;
}

/* The collector does not run while a trace begins: with the world stopped, until the first
 * Gomaxprocs. (Without its label, such a start would list the goroutine.) */
static int start_with_label(struct threads *t)
{
	if (t->started)
		return start(t);
	tt_fail(t->err, TT_E_GOROUTINE,
		"goroutine %" PRIu64 " starts with a label before the first Gomaxprocs",
		t->v->goroutines.at[t->e->g].id);
	return fail_at_event(t);
}

static int create(struct threads *t)
{
	t->known[t->e->other] = t->started ? KNOWN : CREATED;
	return TT_OK;
}

/* The first one ends the list of the goroutines that there were. */
static int procs_change(struct threads *t)
{
	for (size_t i = 0; !t->started && i < t->ngoroutines; i++)
		if (t->known[i] == CREATED)
			t->known[i] = KNOWN;
	t->started = true;
	return TT_OK;
}

/* ---- from event to event */

static int check_event(struct threads *t)
{
	int rc = TT_OK;

	switch (t->e->type) {
	case TT_V1_GOMAXPROCS:
		return procs_change(t);
	case TT_V1_GO_CREATE:
		return create(t);
	case TT_V1_PROC_START:
		return proc_start(t);
	case TT_V1_PROC_STOP:
		return proc_stop(t);
	case TT_V1_GO_WAITING:
		return list_goroutine(t);
	case TT_V1_GO_IN_SYSCALL:
		rc = list_goroutine(t);
		return rc < 0 ? rc : run(t, t->of_proc[t->e->proc]);
	case TT_V1_GO_START:
		if (!t->started)
			rc = list_goroutine(t);
		return rc < 0 ? rc : start(t);
	case TT_V1_GO_START_LABEL:
		return start_with_label(t);
	case TT_V1_GO_END:
	case TT_V1_GO_STOP:
	case TT_V1_GO_SCHED:
	case TT_V1_GO_PREEMPT:
	case TT_V1_GO_SLEEP:
	case TT_V1_GO_BLOCK:
	case TT_V1_GO_BLOCK_SEND:
	case TT_V1_GO_BLOCK_RECV:
	case TT_V1_GO_BLOCK_SELECT:
	case TT_V1_GO_BLOCK_SYNC:
	case TT_V1_GO_BLOCK_COND:
	case TT_V1_GO_BLOCK_NET:
	case TT_V1_GO_BLOCK_GC:
	case TT_V1_GO_SYS_EXIT:
		return stop(t);
	default:
		return TT_OK;
	}
}

static bool alloc_lists(struct threads *t)
{
	struct tt_mem *mem = t->v->mem;

	t->nprocs = t->v->procs.n;
	t->ngoroutines = t->v->goroutines.n;
	t->of_proc = tt_mem_zalloc(mem, t->nprocs, sizeof(*t->of_proc));
	t->of_goroutine = tt_mem_zalloc(mem, t->ngoroutines, sizeof(*t->of_goroutine));
	t->known = tt_mem_zalloc(mem, t->ngoroutines, sizeof(*t->known));
	if (t->of_proc == NULL || t->of_goroutine == NULL || t->known == NULL ||
	    !TT_ARRAY_ROOM(mem, &t->list))
		return false;
	t->list.at[t->list.n++] = (struct thread){.proc = NO_PROC, .g = TT_V1_NO_G};
	return true;
}

static void release(struct threads *t)
{
	struct tt_mem *mem = t->v->mem;

	tt_mem_free(mem, t->known, t->ngoroutines * sizeof(*t->known));
	tt_mem_free(mem, t->of_goroutine, t->ngoroutines * sizeof(*t->of_goroutine));
	tt_mem_free(mem, t->of_proc, t->nprocs * sizeof(*t->of_proc));
	TT_ARRAY_RELEASE(mem, &t->list);
	tt_idmap_release(&t->ids);
}

int tt_v1_check_threads(struct tt_v1 *v, uint64_t *other, struct tt_error *err)
{
	struct threads t = {.v = v, .err = err, .other = UINT64_MAX};
	int rc = TT_OK;

	*other = UINT64_MAX;
	if (v->nevents == 0)
		return TT_OK;
	tt_idmap_init(&t.ids, v->mem, tt_random_seed());
	if (!alloc_lists(&t))
		rc = tt_v1_no_memory(v, err);
	tt_v1_replay(v);
	while (rc == TT_OK && (t.e = tt_v1_replay_next(v)) != NULL)
		rc = check_event(&t);
	release(&t);
	*other = t.other;
	return rc;
}
