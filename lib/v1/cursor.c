/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - the events of one P, one after another, from their bytes: what few of them need.
 * Stands on gen.
 */
#include "base/error.h"
#include "v1/cursor.h"

void tt_v1_args(const struct tt_v1 *v, uint64_t offset, uint64_t args[TT_V1_MAX_ARGS])
{
	const uint8_t *record = v->data + offset, *p = tt_v1_numbers(record);
	uint64_t dt;

	tt_v1_read_numbers(v, &p, v->layouts[tt_v1_record_type(record)].nnumbers - 1u, &dt, args);
}

const uint8_t *tt_v1_pass_over(const uint8_t *record)
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

const uint8_t *tt_v1_next_event(const struct tt_v1 *v, const uint8_t *record)
{
	while (!v->layouts[tt_v1_record_type(record)].timed ||
	       tt_v1_record_type(record) == TT_V1_CPU_SAMPLE)
		record = tt_v1_pass_over(record);
	return record;
}

bool tt_v1_index_message(struct tt_v1 *v, const uint8_t **pos, uint32_t *index)
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

int tt_v1_read_first(struct tt_v1 *v, struct tt_v1_proc *proc, struct tt_error *err)
{
	if (proc == &v->sampler)
		return read_sample(v, err);
	while (proc->left == 0) {
		int rc = next_batch(v, proc, err);

		if (rc != TT_OK)
			return rc;
	}
	return tt_v1_read_event(v, proc) ? TT_OK : tt_v1_no_memory(v, err);
}

void tt_v1_rewind(struct tt_v1 *v)
{
	for (size_t i = 0; i < v->procs.n; i++) {
		struct tt_v1_proc *proc = &v->procs.at[i];

		proc->batch = proc->first;
		proc->left = 0;
		proc->g = TT_V1_NO_G;
		proc->head = (struct tt_v1_event){.proc = (uint32_t)i};
	}
	v->sampler.head = (struct tt_v1_event){
		.type = TT_V1_CPU_SAMPLE,
		.layout = &v->layouts[TT_V1_CPU_SAMPLE],
	};
	v->next_sample = 0;
}
