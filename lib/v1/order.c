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
#include "v1/parse.h"

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
	struct tt_v1_proc *samples;
	size_t next_sample;
	uint64_t nmoves;        /* places that events were moved by */
	int64_t last;           /* time of the last event, */
	struct tt_error exit_err; /* and what was wrong with the first bad syscall exit */
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

/* The goroutine of a step, which says when it can be. */
static inline uint32_t subject(const struct tt_v1_proc *proc)
{
	switch (proc->step) {
	case TT_V1_CREATE:
	case TT_V1_READY:
	case TT_V1_READY_LOCAL:
		return proc->head.other;
	case TT_V1_GC:
		return TT_V1_COLLECTOR;
	default:
		return proc->head.g;
	}
}

/* What the goroutine must be for a step, and what it is then. The local ones and those of
 * the running goroutine fit any number, and `adds` says what becomes of it. */
struct rule {
	uint8_t status, next;
	bool any_seq;
	uint8_t adds;
};

static const struct rule rules[] = {
	[TT_V1_CREATE] = {TT_V1_DEAD, TT_V1_RUNNABLE, false, 1},
	[TT_V1_APPEAR] = {TT_V1_RUNNABLE, TT_V1_WAITING, false, 1},
	[TT_V1_START] = {TT_V1_RUNNABLE, TT_V1_RUNNING, false, 1},
	[TT_V1_START_LOCAL] = {TT_V1_RUNNABLE, TT_V1_RUNNING, true, 1},
	[TT_V1_WAIT] = {TT_V1_RUNNING, TT_V1_WAITING, true, 0},
	[TT_V1_YIELD] = {TT_V1_RUNNING, TT_V1_RUNNABLE, true, 0},
	[TT_V1_READY] = {TT_V1_WAITING, TT_V1_RUNNABLE, false, 1},
	[TT_V1_READY_LOCAL] = {TT_V1_WAITING, TT_V1_RUNNABLE, true, 1},
	[TT_V1_GC] = {TT_V1_DEAD, TT_V1_DEAD, false, 1},
};

/* A number that the record gives may be the one that fits any. */
static inline uint64_t wanted_seq(const struct tt_v1_proc *proc)
{
	return rules[proc->step].any_seq ? ANY_SEQ : proc->seq;
}

static inline bool is_ready(const struct order *o, const struct tt_v1_proc *proc)
{
	const struct tt_v1_goroutine *g;
	uint64_t seq;
	uint32_t i;

	if (proc->step == TT_V1_FREE)
		return true;
	i = subject(proc);
	g = &o->v->goroutines.at[i];
	seq = wanted_seq(proc);
	return i == TT_V1_ANY_G ||
	       (g->status == rules[proc->step].status && (seq == ANY_SEQ || seq == g->seq));
}

static void wait(struct order *o, struct tt_v1_proc *proc)
{
	uint32_t g = subject(proc);
	struct tt_v1_proc **list = list_of(o, g, wanted_seq(proc), rules[proc->step].status);

	proc->next_waiting = *list;
	*list = proc;
	o->v->goroutines.at[g].nwaiting++;
}

/* All that wait for a goroutine to be just this. */
static void wake(struct order *o, uint32_t g, uint64_t seq, uint8_t status)
{
	struct tt_v1_proc **link = list_of(o, g, seq, status);

	while (*link != NULL) {
		struct tt_v1_proc *proc = *link;

		if (subject(proc) != g || wanted_seq(proc) != seq ||
		    rules[proc->step].status != status) {
			link = &proc->next_waiting;
			continue;
		}
		*link = proc->next_waiting;
		o->v->goroutines.at[g].nwaiting--;
		o->due[o->ndue++] = proc;
	}
}

static int transition(struct order *o, const struct tt_v1_proc *proc)
{
	const struct rule *rule = &rules[proc->step];
	struct tt_v1_goroutine *g;
	uint32_t i;

	if (proc->step == TT_V1_FREE)
		return TT_OK;
	i = subject(proc);
	if (i == TT_V1_ANY_G)
		return TT_OK;
	g = &o->v->goroutines.at[i];
	if (tt_unlikely(!is_ready(o, proc))) {
		tt_fail(o->err, TT_E_GOROUTINE,
			"encountered impossible goroutine state transition");
		o->err->offset = o->v->base + proc->head.offset;
		return -TT_E_GOROUTINE;
	}
	/* what Go writes for "one more" and "the same" may be the sum of a number in the record */
	if (rule->any_seq)
		g->seq += rule->adds;
	else if (proc->seq + 1 == ANY_SEQ - 1)
		g->seq++;
	else if (proc->seq + 1 != ANY_SEQ)
		g->seq = proc->seq + 1;
	g->status = rule->next;
	if (g->nwaiting > 0) {
		wake(o, i, g->seq, g->status);
		if (g->seq != ANY_SEQ)
			wake(o, i, ANY_SEQ, g->status);
	}
	return TT_OK;
}

/* ---- the next event of a P */

/* Passes over a record without a time, or a sample. */
static const uint8_t *pass_over(const uint8_t *record)
{
	const uint8_t *p = record + 1;
	uint64_t nbytes;

	if (tt_v1_record_type(record) == TT_V1_STRING) {
		tt_varint_trusted(&p);
		nbytes = tt_varint_trusted(&p);
		return p + nbytes;
	}
	if (tt_v1_announced(record) == 0) {
		nbytes = tt_varint_trusted(&p);
		return p + nbytes;
	}
	for (unsigned i = tt_v1_announced(record); i > 0; i--)
		tt_varint_trusted(&p);
	return p;
}

/* The text of a UserLog gets an index; equal texts get the same one. */
static bool take_message(struct tt_v1 *v, const uint8_t **pos, uint32_t *index)
{
	size_t len = (size_t)tt_varint_trusted(pos);
	struct tt_str text = {(const char *)*pos, len};
	uint64_t id = tt_idmap_id_of(v->message_ids.seed, text.data, len);
	uint32_t i = tt_idmap_find(&v->message_ids, id);

	*pos += len;
	if (i != TT_IDMAP_NONE && v->messages.at[i].len == len &&
	    memcmp(v->messages.at[i].data, text.data, len) == 0) {
		*index = i;
		return true;
	}
	*index = (uint32_t)v->messages.n;
	if (*index == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->messages) ||
	    (i == TT_IDMAP_NONE && !tt_idmap_add(&v->message_ids, id, *index)))
		return false;
	v->messages.at[v->messages.n++] = text;
	return true;
}

/* Which goroutines an event has, and what ordering needs of its numbers. */
static bool take_goroutines(struct tt_v1 *v, struct tt_v1_proc *proc, unsigned type,
			    const uint64_t args[TT_V1_MAX_ARGS])
{
	struct tt_v1_event *e = &proc->head;

	e->g = proc->g;
	e->other = TT_V1_NO_G;
	e->proc = (uint32_t)(proc - v->procs.at);
	switch (type) {
	case TT_V1_GO_START_LOCAL:
	case TT_V1_GO_START:
	case TT_V1_GO_START_LABEL:
		if (type == TT_V1_GO_START_LOCAL)
			e->type = TT_V1_GO_START;
		if (!tt_v1_goroutine_index(v, args[0], &proc->g))
			return false;
		e->g = proc->g;
		proc->seq = args[1];
		return true;
	case TT_V1_GO_UNBLOCK_LOCAL:
	case TT_V1_GO_UNBLOCK:
		e->type = TT_V1_GO_UNBLOCK;
		proc->seq = args[1];
		return tt_v1_goroutine_index(v, args[0], &e->other);
	case TT_V1_GO_CREATE:
		proc->seq = 0;
		return tt_v1_goroutine_index(v, args[0], &e->other);
	case TT_V1_GO_SYS_EXIT:
		proc->seq = args[1];
		proc->exit_time = (int64_t)args[2];
		break;
	case TT_V1_GO_SYS_EXIT_LOCAL:
		/* no Go wrote one; its reader looks for the time in argument 2, and takes it for
		 * an event of the goroutine that runs */
		e->type = TT_V1_GO_SYS_EXIT;
		proc->exit_time = 0;
		return tt_v1_goroutine_index(v, args[0], &e->other);
	case TT_V1_GO_WAITING:
	case TT_V1_GO_IN_SYSCALL:
		proc->seq = 1;
		break;
	case TT_V1_GC_START:
		proc->seq = args[0];
		return true;
	default:
		return true;
	}
	if (!tt_v1_goroutine_index(v, args[0], &e->other))
		return false;
	e->g = e->other;
	return true;
}

/* Reads the next event of the batch, which index.c found good. False: no memory. */
static bool read_event(struct tt_v1 *v, struct tt_v1_proc *proc)
{
	const uint8_t *record = proc->pos, *p;
	const struct tt_v1_layout *layout = &v->layouts[tt_v1_record_type(record)];
	uint64_t args[TT_V1_MAX_ARGS];
	unsigned n;

	while (tt_unlikely(!layout->timed || tt_v1_record_type(record) == TT_V1_CPU_SAMPLE)) {
		record = pass_over(record);
		layout = &v->layouts[tt_v1_record_type(record)];
	}
	p = tt_v1_numbers(record);
	proc->time = (int64_t)((uint64_t)proc->time + tt_varint_trusted(&p));
	n = layout->nnumbers - 1u;
	for (unsigned i = 0; i < n; i++)
		args[i] = tt_varint_trusted(&p);
	proc->head.time = proc->time;
	proc->head.offset = (uint64_t)(record - v->data);
	proc->head.type = (uint8_t)tt_v1_record_type(record);
	proc->head.flags = 0;
	proc->step = layout->step;
	if (!take_goroutines(v, proc, proc->head.type, args))
		return false;
	if (layout->stops)
		proc->g = TT_V1_NO_G;
	if (tt_unlikely(proc->head.type == TT_V1_USER_LOG) &&
	    !take_message(v, &p, &proc->head.other))
		return false;
	proc->pos = p;
	return true;
}

/* All samples are the events of a P that there is not. False: no memory. */
static bool read_sample(struct order *o)
{
	struct tt_v1 *v = o->v;
	struct tt_v1_proc *proc = o->samples;
	const struct tt_keyed *sample = &v->samples.at[o->next_sample++];
	uint64_t args[TT_V1_MAX_ARGS]; /* ts p g stack */

	proc->head = (struct tt_v1_event){
		.time = sample->key,
		.offset = sample->of.index,
		.type = TT_V1_CPU_SAMPLE,
	};
	proc->step = TT_V1_FREE;
	tt_v1_args(v, &proc->head, args);
	proc->head.proc = (uint32_t)args[1];
	return tt_v1_goroutine_index(v, args[2], &proc->head.g);
}

/* Makes the next event of a P its head: 0; 1: there is none; or an error. */
static int next_event(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_v1 *v = o->v;

	if (proc == o->samples) {
		if (o->next_sample == v->samples.n)
			return TT_END;
		return read_sample(o) ? TT_OK : tt_v1_no_memory(v, o->err);
	}
	while (proc->left == 0) {
		const struct tt_v1_batch *batch;
		const uint8_t *p;

		if (proc->first == TT_V1_NONE)
			return TT_END;
		batch = &v->batches.at[proc->first];
		proc->first = batch->next;
		if (batch->tables) {
			int rc = tt_v1_take_tables(v, batch, o->err);

			if (rc < 0)
				return rc;
		}
		p = v->data + batch->offset + 1;
		tt_varint_trusted(&p);
		proc->time = (int64_t)tt_varint_trusted(&p);
		proc->pos = p;
		proc->left = batch->nevents;
	}
	proc->left--;
	return read_event(v, proc) ? TT_OK : tt_v1_no_memory(v, o->err);
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

/* Looks at one: *left says that it is no longer in the list. */
static int look_at(struct order *o, struct tt_v1_proc *proc, bool *left)
{
	if (!proc->loaded) {
		int rc = next_event(o, proc);

		if (rc < 0)
			return rc;
		proc->loaded = rc == TT_OK;
		proc->ended = rc == TT_END;
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

/* A syscall exit may have been long before its record: when, the record says. */
static void take_exit(struct order *o, struct tt_v1_event *e, int64_t time)
{
	int64_t blocked = o->v->goroutines.at[e->g].blocked;

	if (time == 0 || o->exit_err.code != TT_OK)
		return;
	if (blocked == 0)
		tt_fail(&o->exit_err, TT_E_GOROUTINE, "stray syscall exit");
	else if (time < blocked)
		tt_v1_time_order(&o->exit_err);
	if (o->exit_err.code != TT_OK)
		o->exit_err.offset = o->v->base + e->offset;
	else if (time != e->time) {
		e->time = time;
		e->flags |= TT_V1_MOVED;
		o->v->nmoved++;
	}
}

/* How far events may be moved in all, for each one; beyond that all are sorted at the end. */
#define MOVES_PER_EVENT 8

/* Moves the last event to where its time belongs, after those of the same time. */
static void move_back(struct order *o)
{
	struct tt_v1 *v = o->v;
	struct tt_v1_event e = v->events[v->nevents - 1];
	size_t at = v->nevents - 1;

	for (; at > 0 && v->events[at - 1].time > e.time; at--)
		v->events[at] = v->events[at - 1];
	v->events[at] = e;
	o->nmoves += v->nevents - at;
	v->scrambled = o->nmoves > MOVES_PER_EVENT * v->cap;
}

/* Appends the head of a P. */
static inline void append(struct order *o, struct tt_v1_proc *proc)
{
	struct tt_v1 *v = o->v;
	struct tt_v1_event *e = &v->events[v->nevents];

	*e = proc->head;
	if (tt_unlikely(e->time < o->last) && v->nevents > 0 && v->unsorted == 0)
		v->unsorted = v->base + e->offset;
	v->nevents++;
	o->last = e->time;
	if (e->type == TT_V1_GO_SYS_BLOCK || e->type == TT_V1_GO_IN_SYSCALL)
		v->goroutines.at[e->g].blocked = e->time;
	else if (e->type == TT_V1_GO_SYS_EXIT)
		take_exit(o, e, proc->exit_time);
	if (tt_unlikely(v->nevents > 1 && e->time < e[-1].time) && !v->scrambled)
		move_back(o);
}

static int advance(struct order *o)
{
	struct tt_v1_proc *proc = heap_pop(o);
	int rc;

	append(o, proc);
	rc = transition(o, proc);
	if (rc < 0)
		return rc;
	proc->loaded = false;
	if (o->ndue == 0) {
		/* in nearly all cases: as if it had joined the list as its last, and left */
		rc = next_event(o, proc);
		if (rc < 0)
			return rc;
		proc->ended = rc == TT_END;
		if (proc->ended)
			return TT_OK;
		proc->loaded = true;
		if (is_ready(o, proc)) {
			heap_push(o, proc);
			return TT_OK;
		}
		join(o, proc);
		wait(o, proc);
		return TT_OK;
	}
	join(o, proc);
	o->due[o->ndue++] = proc;
	return look_at_due(o);
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
	g = &o->v->goroutines.at[subject(proc)];
	if (wanted_seq(proc) != ANY_SEQ)
		snprintf(number, sizeof(number), " with number %" PRIu64, proc->seq);
	tt_fail(o->err, TT_E_STUCK,
		"no consistent ordering of events possible\n"
		"%s on P %" PRId64 " waits until goroutine %" PRIu64 " is %s%s; it is %s with "
		"number %" PRIu64,
		o->v->layouts[proc->head.type].spec->name, proc->number, g->id,
		status_name(rules[proc->step].status), number, status_name(g->status), g->seq);
	o->err->offset = o->v->base + proc->head.offset;
	return -TT_E_STUCK;
}

static int order_all(struct order *o)
{
	int rc;

	for (size_t i = 0; i < o->nprocs; i++) {
		struct tt_v1_proc *proc = i < o->v->procs.n ? &o->v->procs.at[i] : o->samples;

		join(o, proc);
		o->due[o->ndue++] = proc;
	}
	rc = look_at_due(o);
	while (rc == TT_OK && o->nheap > 0)
		rc = advance(o);
	if (rc == TT_OK && o->nout > 0)
		rc = stuck(o);
	if (rc == TT_OK && o->v->unsorted != 0) {
		rc = tt_v1_time_order(o->err);
		o->err->offset = o->v->unsorted;
	}
	if (rc == TT_OK && o->exit_err.code != TT_OK) {
		*o->err = o->exit_err;
		rc = -o->exit_err.code;
	}
	return rc;
}

/* ---- room for it */

static bool make_room(struct order *o)
{
	struct tt_v1 *v = o->v;

	v->cap = v->samples.n;
	for (size_t i = 0; i < v->batches.n; i++)
		v->cap += v->batches.at[i].nevents;
	for (o->nwaiting = 16; o->nwaiting < o->nprocs;)
		o->nwaiting *= 2;
	v->events = tt_mem_zalloc(v->mem, v->cap + 1, sizeof(*v->events));
	o->heap = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->heap));
	o->out = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->out));
	o->due = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->due));
	o->sorted = tt_mem_zalloc(v->mem, o->nprocs, sizeof(*o->sorted));
	o->waiting = tt_mem_zalloc(v->mem, o->nwaiting, sizeof(*o->waiting));
	return v->events != NULL && o->heap != NULL && o->out != NULL && o->due != NULL &&
	       o->sorted != NULL && o->waiting != NULL;
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

static bool make_goroutines(struct tt_v1 *v)
{
	uint32_t i;

	return tt_v1_goroutine_index(v, 0, &i) && tt_v1_goroutine_index(v, UINT64_MAX - 1, &i) &&
	       tt_v1_goroutine_index(v, UINT64_MAX, &i);
}

int tt_v1_order(struct tt_v1 *v, struct tt_error *err)
{
	struct tt_v1_proc samples = {.number = TT_NONE, .first = TT_V1_NONE, .last = TT_V1_NONE};
	struct order o = {
		.v = v,
		.err = err,
		.nprocs = v->procs.n + 1,
		.samples = &samples,
		.seed = tt_random_seed(),
	};
	int rc;

	tt_sort_like_go(v->samples.at, v->samples.n);
	if (make_room(&o) && make_goroutines(v))
		rc = order_all(&o);
	else
		rc = tt_v1_no_memory(v, err);
	release(&o);
	return rc;
}
