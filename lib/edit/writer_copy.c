/* SPDX-License-Identifier: MIT */
/*
 * writer_copy.c - events that are written many at once. Those that are common are copied by
 * the pass itself (order/direct.c): only their times, and where the result begins within the
 * generation, their numbers are others. Each other event is decoded and written here. Ids of
 * strings and stacks stay. Stands on writer_run.h.
 */
#include <stddef.h>
#include <string.h>

#include "edit/writer_alone.h"
#include "edit/writer_run.h"

/* Room that a stream gets at first, beside what its events have; if that is full, it gets the room
 * of a batch. */
#define FIRST_ROOM_NBYTES 16384
/* Beyond an event, for bytes that are copied in one piece. */
#define SLACK_NBYTES 64

/* ---- whether it can be done */

/* The first number of the collector's that the result has may be any. */
static bool has_same_collector(const struct tt_order *mine, const struct tt_order *o)
{
	if (mine->gc_state == TT_GC_UNDETERMINED)
		return o->gc_state != TT_GC_RUNNING;
	return mine->gc_state == o->gc_state && mine->gc_seq == o->gc_seq;
}

/* How many numbers the writer has left out so far. False: it is not at the same place. */
static bool find_skipped(const struct tt_order *mine, const struct tt_order *o,
			 struct tt_seq my_seq, struct tt_seq seq, struct tt_noted *noted)
{
	bool stated = seq.generation == o->gen->number;

	noted->skipped = 0;
	if (stated != (my_seq.generation == mine->gen->number))
		return false;
	if (!stated)
		return true;
	noted->skipped = (uint32_t)(seq.n - my_seq.n);
	return my_seq.n <= seq.n && seq.n <= UINT32_MAX;
}

/* Whether the writer knows what the pass does, but for numbers. */
static bool is_in_same_state(struct tt_writer *w)
{
	const struct tt_order *mine = &w->order, *o = &w->run->pass->order;
	struct tt_writer_run *run = w->run;

	if (!has_same_collector(mine, o) || mine->task_ids.count != o->task_ids.count ||
	    !tt_writer_has_same_states(mine, o))
		return false;
	for (size_t i = 0; i < o->gs.n; i++) {
		const struct tt_g_state *theirs = &o->gs.at[i], *g = tt_order_g(mine, theirs->id);

		if (theirs->status == TT_G_GONE)
			continue;
		if (!find_skipped(mine, o, g->seq, theirs->seq, &run->gs.at[i]))
			return false;
		run->renumbers |= run->gs.at[i].skipped != 0;
	}
	for (size_t i = 0; i < o->ps.n; i++) {
		const struct tt_p_state *theirs = &o->ps.at[i], *p = tt_order_p(mine, theirs->id);

		if (!find_skipped(mine, o, p->seq, theirs->seq, &run->ps.at[i]))
			return false;
		run->renumbers |= run->ps.at[i].skipped != 0;
	}
	return true;
}

static bool is_at_same_place(const struct tt_writer *w, const struct tt_pass *p)
{
	return w->open && w->aligned && !w->following && w->number == p->gen->number &&
	       w->last_ns == p->last_ns && w->order.subjects == NULL && w->order.keyed == NULL &&
	       w->options.max_generation_nbytes == 0 && w->options.max_generation_ns == 0;
}

/* ---- streams */

/* Room up to the end of a batch and for the event after it, if the stream had some before. */
static bool make_room(struct tt_writer_stream *s, size_t batch_end)
{
	size_t most = batch_end + TT_EVENT_MAX_SIZE, want = s->body.len + FIRST_ROOM_NBYTES;

	if (s->body.cap >= FIRST_ROOM_NBYTES || want > most)
		want = most;
	return s->body.cap >= want + SLACK_NBYTES ||
	       tt_bytes_room(&s->body, want + SLACK_NBYTES - s->body.len);
}

/* The copy goes on where the stream ends, if there is room. */
static bool point_at_stream(struct tt_writer *w, size_t i)
{
	struct tt_writer_stream *s = &w->streams.at[w->run->streams.at[i]];
	struct tt_copy *copy = &w->run->copies.at[i];
	size_t room;

	*copy = (struct tt_copy){0};
	if (s->chunks.n == 0)
		return true;
	room = s->chunks.at[s->chunks.n - 1].offset + TT_BATCH_MAX_SIZE;
	if (!make_room(s, room))
		return false;
	if (room > s->body.cap - SLACK_NBYTES)
		room = s->body.cap - SLACK_NBYTES;
	if (room < s->body.len + TT_EVENT_MAX_SIZE)
		return true;
	copy->at = s->body.data + s->body.len;
	copy->room_end = s->body.data + room - TT_EVENT_MAX_SIZE;
	copy->last_ns = (int64_t)s->last_ticks;
	return true;
}

/* The stream has what was copied. */
static void take_copy(struct tt_writer *w, size_t i)
{
	struct tt_writer_stream *s = &w->streams.at[w->run->streams.at[i]];
	const struct tt_copy *copy = &w->run->copies.at[i];
	size_t len;

	if (copy->at == NULL)
		return;
	len = (size_t)(copy->at - s->body.data);
	w->nbytes += len - s->body.len;
	s->body.len = len;
	s->last_ticks = (uint64_t)copy->last_ns;
}

static bool begin_streams(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;
	struct tt_cursors *all = &run->pass->merge.cursors;

	if (!tt_mem_grow(&w->mem, &run->copies.at, &run->copies.cap, all->n,
			 sizeof(*run->copies.at)) ||
	    !tt_mem_grow(&w->mem, &run->streams.at, &run->streams.cap, all->n,
			 sizeof(*run->streams.at)))
		return false;
	run->copies.n = run->streams.n = all->n;
	for (size_t i = 0; i < all->n; i++) {
		struct tt_writer_stream *s = tt_writer_stream(w, all->at[i].thread, false);

		if (s == NULL)
			return false;
		run->streams.at[i] = (uint32_t)(s - w->streams.at);
		all->at[i].copy = &run->copies.at[i];
	}
	for (size_t i = 0; i < all->n; i++)
		if (!point_at_stream(w, i))
			return false;
	return true;
}

/* ---- strings and stacks */

static bool clear_ids(struct tt_writer *w, void *array, size_t *n, size_t *cap, uint64_t want)
{
	bool *at;

	if (!tt_mem_grow(&w->mem, array, cap, (size_t)want, sizeof(*at)))
		return false;
	memcpy(&at, array, sizeof(at));
	memset(at, 0, (size_t)want);
	*n = (size_t)want;
	return true;
}

static bool begin_ids(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;
	const struct tt_order *o = &run->pass->order;

	if (!clear_ids(w, &run->stacks.at, &run->stacks.n, &run->stacks.cap, o->stacks_end) ||
	    !clear_ids(w, &run->strings.at, &run->strings.n, &run->strings.cap, o->strings_end))
		return false;
	run->used = (struct tt_used_ids){run->stacks.at, run->strings.at};
	return true;
}

static size_t count_used(const bool *used, size_t n)
{
	size_t count = 0;

	for (size_t id = 0; id < n; id++)
		count += used[id];
	return count;
}

/* The tables have what was named. */
static bool keep_ids(struct tt_writer *w)
{
	const struct tt_writer_run *run = w->run;

	if (!tt_writer_expect_strings(w, count_used(run->strings.at, run->strings.n)))
		return tt_writer_no_memory(w) == TT_OK;
	for (size_t id = 1; id < run->stacks.n; id++)
		if (run->stacks.at[id] && !tt_writer_keep_stack(w, run->gen, id))
			return false;
	for (size_t id = 1; id < run->strings.n; id++)
		if (run->strings.at[id] && !tt_writer_keep_string(w, run->gen, id))
			return false;
	return true;
}

static bool keep_ids_of(struct tt_writer *w, const struct tt_event_def *def, const uint64_t *args)
{
	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = args[def->stack_args[i]];

		if (id != 0 && !tt_writer_keep_stack(w, w->run->gen, id))
			return false;
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = args[def->string_args[i]];

		if (id != 0 && !tt_writer_keep_string(w, w->run->gen, id))
			return false;
	}
	return true;
}

/* ---- where it begins and ends */

static int begin_copying(struct tt_writer *w, struct tt_pass *p, int64_t end_ns)
{
	int rc;

	if (!is_at_same_place(w, p) || !tt_writer_run_can(w, p))
		return TT_END;
	rc = tt_writer_run_begin(w, p, end_ns);
	if (rc < 0)
		return rc;
	w->run->any = false;
	w->run->copied_ordinal = p->gen->ordinal;
	if (!is_in_same_state(w) || !tt_writer_can_keep_ids(w, p->gen))
		return w->err.code != TT_OK ? -w->err.code : TT_END;
	rc = tt_writer_use_ns(w);
	if (rc < 0)
		return rc;
	if (!begin_ids(w) || !begin_streams(w))
		return tt_writer_no_memory(w);
	w->run->any = true;
	return TT_OK;
}

/* The numbers that the result has. */
static void renumber_state(struct tt_writer *w)
{
	struct tt_order *o = &w->order;

	for (size_t i = 0; i < o->gs.n; i++)
		if (o->gs.at[i].status != TT_G_GONE &&
		    o->gs.at[i].seq.generation == o->gen->number)
			o->gs.at[i].seq.n -= w->run->gs.at[i].skipped;
	for (size_t i = 0; i < o->ps.n; i++)
		if (o->ps.at[i].seq.generation == o->gen->number)
			o->ps.at[i].seq.n -= w->run->ps.at[i].skipped;
}

/* The writer knows what the pass does, and has all that was copied. */
static int end_copying(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;
	uint64_t n = run->pass->nevents - run->nevents_begun;

	run->any = false;
	for (size_t i = 0; i < run->copies.n; i++)
		take_copy(w, i);
	if (!keep_ids(w))
		return -w->err.code;
	if (!tt_order_adopt(&w->order, &run->pass->order))
		return tt_writer_no_memory(w);
	if (tt_writer_run_note_all(w) < 0)
		return -w->err.code;
	renumber_state(w);
	tt_writer_forget_slots(w);
	memset(w->plans, 0, sizeof(w->plans));
	w->quick.source = NULL;
	w->progress.events += n;
	w->last_ns = w->given_ns = run->pass->last_ns;
	return TT_OK;
}

/* ---- one event */

static bool has_number(uint8_t type)
{
	switch (type) {
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
	case TT_EV_GO_SYSCALL_BEGIN:
		return true;
	default:
		return false;
	}
}

/* Numbers among its arguments, as direct.c counts them. */
static void set_numbers(struct tt_writer *w, const struct tt_event *ev, uint64_t *args)
{
	const struct tt_m_state *m;
	struct tt_noted *noted;

	switch (ev->spec->type) {
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		noted = tt_writer_run_g(w, (int64_t)args[0]);
		args[1] -= noted == NULL ? 0 : noted->skipped;
		break;
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
		noted = tt_writer_run_p(w, (int64_t)args[0]);
		args[1] -= noted == NULL ? 0 : noted->skipped;
		break;
	case TT_EV_GO_SYSCALL_BEGIN:
		m = tt_order_m(&w->run->pass->order, ev->thread);
		noted = m == NULL ? NULL : tt_writer_run_p(w, m->p);
		args[0] -= noted == NULL ? 0 : noted->skipped;
		break;
	default:
		break;
	}
}

/* The index of the batch that an event of a cursor is in. */
static uint32_t batch_of(const struct tt_event *ev)
{
	const uint8_t *raw = (const uint8_t *)ev->args - offsetof(struct tt_raw_event, args);
	uint32_t batch;

	memcpy(&batch, raw + offsetof(struct tt_raw_event, batch), sizeof(batch));
	return batch;
}

/* The event as the trace has it: what was handed out may have been changed. */
static void decode_again(const struct tt_writer_run *run, const struct tt_event *ev,
			 struct tt_raw_event *out)
{
	const struct tt_event_batch *b = &run->gen->batches.at[batch_of(ev)];
	uint64_t dt;

	tt_raw_event_decode(&run->pass->merge.cursors.plan, b->data + (ev->offset - b->data_offset),
			    b->data + b->size, out, &dt);
}

/* Where its bytes are, which the cursor has passed. False: they are not of its batch. */
static bool find_bytes(const struct tt_cursor *c, const struct tt_event *ev, const uint8_t **begin,
		       const uint8_t **end)
{
	if (batch_of(ev) != c->batch)
		return false;
	*begin = (const uint8_t *)(uintptr_t)(ev->offset - c->offset_of_null);
	*end = c->pos;
	if (c->head->offset > ev->offset)
		*end = (const uint8_t *)(uintptr_t)(c->head->offset - c->offset_of_null);
	return true;
}

/* Marks what it names as used. False: some of that has too high an id. */
static bool mark_ids(const struct tt_writer_run *run, const struct tt_event_def *def,
		     const uint64_t *args)
{
	for (unsigned i = 0; i < def->nstacks; i++) {
		if (args[def->stack_args[i]] >= run->stacks.n)
			return false;
		run->stacks.at[args[def->stack_args[i]]] = true;
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		if (args[def->string_args[i]] >= run->strings.n)
			return false;
		run->strings.at[args[def->string_args[i]]] = true;
	}
	return true;
}

/* Copies the bytes of its arguments, as direct.c does. False: there is no room. */
static bool copy_bytes(const struct tt_writer_run *run, struct tt_copy *copy, const uint8_t *begin,
		       const uint8_t *end)
{
	const uint8_t *args = begin + 1;
	uint8_t *p = copy->at;

	if (p == NULL || p >= copy->room_end)
		return false;
	while (*args++ >= 0x80) {
	}
	*p++ = *begin;
	p = tt_varint_put(p, (uint64_t)(run->group_ns - copy->last_ns));
	memcpy(p, args, (size_t)(end - args));
	copy->last_ns = run->group_ns;
	copy->at = p + (end - args);
	return true;
}

/* The same, though a new batch begins, or a number is another. */
static int put_event(struct tt_writer *w, size_t i, const struct tt_event *ev, uint64_t *args)
{
	struct tt_writer_run *run = w->run;
	struct tt_writer_stream *s = &w->streams.at[run->streams.at[i]];
	int rc;

	set_numbers(w, ev, args);
	take_copy(w, i);
	rc = tt_writer_put(w, s, ev->spec->type, args, ev->spec->nargs, run->group_ns);
	if (rc == TT_OK && s->chunks.n > 1) {
		tt_writer_encode_clock(w);
		rc = tt_writer_encode_full(w, s);
	}
	if (rc == TT_OK && !point_at_stream(w, i))
		rc = tt_writer_no_memory(w);
	return rc;
}

static int write_event(struct tt_writer *w, const struct tt_cursor *c, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	struct tt_writer_run *run = w->run;
	size_t i = (size_t)(c - run->pass->merge.cursors.at);
	const uint8_t *begin, *end;
	struct tt_raw_event raw;

	/* (ids are never changed) */
	if (!mark_ids(run, def, ev->args) && !keep_ids_of(w, def, ev->args))
		return -w->err.code;
	if (!(run->renumbers && has_number(ev->spec->type)) && find_bytes(c, ev, &begin, &end) &&
	    copy_bytes(run, &run->copies.at[i], begin, end))
		return TT_OK;
	decode_again(run, ev, &raw);
	return put_event(w, i, ev, raw.args);
}

/* One that is handed out: it, or what the trace has that it belongs to. */
static int copy_event(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_writer_run *run = w->run;
	const struct tt_cursor *c;

	if (ev->kind == TT_KIND_STACK_SAMPLE)
		return tt_writer_add_sample(w, ev) ? TT_OK : -w->err.code;
	if (!run->in_group)
		run->group_ns = ev->time_ns;
	run->in_group = run->pass->order.count != 0;
	c = tt_pass_cursor_of(run->pass, ev);
	return c == NULL ? TT_OK : write_event(w, c, ev);
}

static bool names_task(const struct tt_event *ev)
{
	return ev->kind == TT_KIND_TASK_BEGIN || ev->kind == TT_KIND_TASK_END ||
	       ev->kind == TT_KIND_REGION_BEGIN || ev->kind == TT_KIND_REGION_END ||
	       ev->kind == TT_KIND_LOG;
}

/* Whether it names a task that none of the last events has named. */
static bool names_another_task(struct tt_writer_run *run, const struct tt_event *ev)
{
	const uint64_t id = ev->args[0];
	uint64_t *named = &run->named_tasks[id % TT_NAMED_TASKS];

	if (!names_task(ev) || *named == id + 1)
		return false;
	*named = id + 1;
	return true;
}

int tt_writer_run_copy(struct tt_writer *w, struct tt_pass *p, int64_t end_ns,
		       const struct tt_event **ev)
{
	struct tt_pass_run how = {.direct = tt_direct_copy};
	int rc = TT_OK;

	if (w->run == NULL || !w->run->any) {
		if (w->run != NULL && w->run->copied_ordinal == p->gen->ordinal)
			return TT_END;
		rc = begin_copying(w, p, end_ns);
		if (rc != TT_OK)
			return rc;
	}
	how.used = &w->run->used;
	how.renumbers = w->run->renumbers;
	for (;;) {
		rc = tt_writer_run_next(w, &how, end_ns, ev);
		if (rc == TT_OK)
			rc = copy_event(w, *ev);
		else if (rc == TT_END)
			return (rc = end_copying(w)) < 0 ? rc : TT_END;
		if (rc < 0)
			return rc;
		if ((*ev)->spec->type == TT_EV_PROCS_CHANGE)
			w->procs = (*ev)->args[0];
		if (names_another_task(w->run, *ev))
			return TT_OK;
	}
}
