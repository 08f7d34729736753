/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - the events of one P, one after another, from their bytes. They are read several
 * times: an event takes a few bytes in the trace, and ten times that in memory. Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "v1/parse.h"

/* The numbers after dt. */
static inline void read_args(const uint8_t **pos, const struct tt_v1_layout *layout,
			     uint64_t args[TT_V1_MAX_ARGS])
{
	unsigned n = layout->nnumbers - 1u;

	memset(args, 0, TT_V1_MAX_ARGS * sizeof(*args));
	for (unsigned i = 0; i < n; i++)
		args[i] = tt_varint_trusted(pos);
}

void tt_v1_args(const struct tt_v1 *v, uint64_t offset, uint64_t args[TT_V1_MAX_ARGS])
{
	const uint8_t *record = v->data + offset, *p = tt_v1_numbers(record);

	tt_varint_trusted(&p);
	read_args(&p, &v->layouts[tt_v1_record_type(record)], args);
}

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
static bool index_message(struct tt_v1 *v, const uint8_t **pos, uint32_t *index)
{
	size_t len = (size_t)tt_varint_trusted(pos);
	struct tt_str text = {(const char *)*pos, len};
	uint64_t id = tt_idmap_id_of(v->message_ids.seed, text.data, len);
	uint32_t i;

	*pos += len;
	/* (another text with the same id has the ones after it) */
	while ((i = tt_idmap_find(&v->message_ids, id)) != TT_IDMAP_NONE) {
		if (v->messages.at[i].len == len &&
		    memcmp(v->messages.at[i].data, text.data, len) == 0) {
			*index = i;
			return true;
		}
		id++;
	}
	*index = (uint32_t)v->messages.n;
	if (*index == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->messages) ||
	    !tt_idmap_add(&v->message_ids, id, *index))
		return false;
	v->messages.at[v->messages.n++] = text;
	return true;
}

/* Which goroutines an event has. False: no memory. */
static bool find_goroutines(struct tt_v1 *v, struct tt_v1_proc *proc)
{
	struct tt_v1_event *e = &proc->head;

	e->g = proc->g;
	e->other = TT_V1_NO_G;
	switch (e->type) {
	case TT_V1_GO_START_LOCAL:
		e->type = TT_V1_GO_START;
		/* fall through */
	case TT_V1_GO_START:
	case TT_V1_GO_START_LABEL:
		if (!tt_v1_goroutine_index(v, e->args[0], &proc->g))
			return false;
		e->g = proc->g;
		return true;
	case TT_V1_GO_UNBLOCK_LOCAL:
		e->type = TT_V1_GO_UNBLOCK;
		return tt_v1_goroutine_index(v, e->args[0], &e->other);
	case TT_V1_GO_UNBLOCK:
	case TT_V1_GO_CREATE:
		return tt_v1_goroutine_index(v, e->args[0], &e->other);
	case TT_V1_GO_SYS_EXIT_LOCAL:
		/* no Go wrote one; its reader takes it for an event of the goroutine that runs,
		 * and looks for the time in an argument that is not there */
		e->type = TT_V1_GO_SYS_EXIT;
		return tt_v1_goroutine_index(v, e->args[0], &e->other);
	case TT_V1_GO_SYS_EXIT:
	case TT_V1_GO_WAITING:
	case TT_V1_GO_IN_SYSCALL:
		if (!tt_v1_goroutine_index(v, e->args[0], &e->other))
			return false;
		e->g = e->other;
		return true;
	default:
		return true;
	}
}

/* The next event of the batch, which index.c found good. False: no memory. */
static bool read_event(struct tt_v1 *v, struct tt_v1_proc *proc)
{
	const uint8_t *record = proc->pos, *p;
	const struct tt_v1_layout *layout = &v->layouts[tt_v1_record_type(record)];
	struct tt_v1_event *e = &proc->head;

	while (tt_unlikely(!layout->timed || tt_v1_record_type(record) == TT_V1_CPU_SAMPLE)) {
		record = pass_over(record);
		layout = &v->layouts[tt_v1_record_type(record)];
	}
	p = tt_v1_numbers(record);
	e->time = (int64_t)((uint64_t)e->time + tt_varint_trusted(&p));
	read_args(&p, layout, e->args);
	e->offset = (uint64_t)(record - v->data);
	e->type = e->record_type = (uint8_t)tt_v1_record_type(record);
	if (!find_goroutines(v, proc))
		return false;
	if (layout->stops)
		proc->g = TT_V1_NO_G;
	if (tt_unlikely(e->type == TT_V1_USER_LOG) && !index_message(v, &p, &e->other))
		return false;
	proc->pos = p;
	return true;
}

/* All samples are the events of a P that there is not. */
static int read_sample(struct tt_v1 *v, struct tt_error *err)
{
	struct tt_v1_event *e = &v->sampler.head;
	const struct tt_keyed *sample;

	if (v->next_sample == v->samples.n)
		return TT_END;
	sample = &v->samples.at[v->next_sample++];
	e->time = sample->key;
	e->offset = sample->of.index;
	tt_v1_args(v, e->offset, e->args); /* ts p g stack */
	e->proc = (uint32_t)e->args[1];
	return tt_v1_goroutine_index(v, e->args[2], &e->g) ? TT_OK : tt_v1_no_memory(v, err);
}

/* Takes up the next batch of a P. TT_END: there is none. */
static int next_batch(struct tt_v1 *v, struct tt_v1_proc *proc, struct tt_error *err)
{
	struct tt_v1_batch *batch;
	const uint8_t *p;

	if (proc->batch == TT_V1_NONE)
		return TT_END;
	batch = &v->batches.at[proc->batch];
	proc->batch = batch->next;
	if (batch->tables) {
		int rc = tt_v1_read_tables(v, batch, err);

		if (rc < 0)
			return rc;
		batch->tables = false;
	}
	p = v->data + batch->offset + 1;
	tt_varint_trusted(&p);
	proc->head.time = (int64_t)tt_varint_trusted(&p);
	proc->pos = p;
	proc->left = batch->nevents;
	return TT_OK;
}

int tt_v1_read(struct tt_v1 *v, struct tt_v1_proc *proc, struct tt_error *err)
{
	if (tt_unlikely(proc == &v->sampler))
		return read_sample(v, err);
	while (tt_unlikely(proc->left == 0)) {
		int rc = next_batch(v, proc, err);

		if (rc != TT_OK)
			return rc;
	}
	proc->left--;
	return read_event(v, proc) ? TT_OK : tt_v1_no_memory(v, err);
}

void tt_v1_rewind(struct tt_v1 *v)
{
	for (size_t i = 0; i < v->procs.n; i++) {
		struct tt_v1_proc *proc = &v->procs.at[i];

		proc->batch = proc->first;
		proc->left = 0;
		proc->g = TT_V1_NO_G;
		proc->loaded = false;
		proc->head = (struct tt_v1_event){.proc = (uint32_t)i};
	}
	v->sampler.loaded = false;
	v->sampler.head = (struct tt_v1_event){
		.type = TT_V1_CPU_SAMPLE,
		.record_type = TT_V1_CPU_SAMPLE,
	};
	v->next_sample = 0;
}
