/* SPDX-License-Identifier: MIT */
/*
 * reader.c - the pull reader. Per call one event: from the queue of those that
 * advanced, else a CPU sample if its time has come, else whatever advances next;
 * when a generation is used up the next one is loaded. Source of the sequence:
 * Go's internal/trace/reader.go, ReadEvent. The top layer.
 */
#include "event/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "event/parallel.h"
#include "event/pass.h"
#include "wire/header.h"

/* ---- opening and closing */

/* What all ways of opening share, before the source is there. */
static int reader_new(struct tt_reader **out, const struct tt_options *opt, struct tt_error *err)
{
	struct tt_reader *r;
	int rc;

	*out = NULL;
	tt_error_clear(err);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a reader");
	rc = tt_options_read(&r->options, opt, err);
	if (rc < 0) {
		free(r);
		return rc;
	}
	r->mem.limit_nbytes = r->options.max_memory_nbytes;
	r->specs = r->options.specs;
	if (r->specs == NULL) {
		rc = tt_specs_new(&r->own_specs, err);
		r->specs = r->own_specs;
	}
	if (rc == TT_OK)
		rc = tt_specs_new_layer(&r->above, r->specs, err);
	if (rc < 0) {
		tt_specs_free(r->own_specs);
		free(r);
		return rc;
	}
	r->specs = r->above;
	*out = r;
	return TT_OK;
}

/* What the reader needs to know of a type. */
static void set_type_check(struct tt_reader *r, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(r->specs, type);
	struct tt_type_check *check = &r->checks[type];

	*check = (struct tt_type_check){.stack = TT_ARG_ZERO, .string = TT_ARG_ZERO};
	if (def == NULL)
		return;
	if (def->spec.kind == TT_KIND_STACK_SAMPLE)
		r->sample_spec = &def->spec;
	if (def->nstacks > 0)
		check->stack = (uint8_t)def->stack_args[0];
	if (def->nstrings > 0)
		check->string = (uint8_t)def->string_args[0];
	check->no_ids = def->nstacks == 0 && def->nstrings == 0 && def->sort == 0;
	check->more_ids = def->nstacks > 1 || def->nstrings > 1 || def->sort != 0;
}

/* Reads the header and makes ready; on failure closes the reader. */
static int reader_start(struct tt_reader **reader, int rc, struct tt_error *err)
{
	struct tt_reader *r = *reader;

	r->gen = &r->own_gen;
	tt_generation_init(r->gen, &r->mem, r->specs);
	tt_tables_init(&r->tables, &r->mem, r->specs);
	tt_embedded_init(&r->private, &r->mem);
	tt_merge_init(&r->merge, &r->mem, r->specs);
	r->buffers.mem = &r->mem;
	r->merge.cursors.buffers = &r->buffers;
	if (rc == TT_OK)
		rc = tt_header_read(r->src, &r->version, err);
	if (rc == TT_OK)
		rc = tt_findings_room(r, err);
	tt_order_init(&r->order, &r->mem, r->specs, r->version);
	if (rc < 0) {
		tt_reader_close(r);
		*reader = NULL;
		return rc;
	}
	tt_loader_init(&r->loader, r->src, r->specs, r->version,
		       (r->options.flags & TT_OPEN_LIKE_GO) != 0);
	for (unsigned type = 0; type < 256; type++)
		set_type_check(r, type);
	tt_findings_init(r);
	tt_error_clear(&r->err);
	if (r->options.threads > 1)
		tt_source_read_ahead(r->src);
	return TT_OK;
}

int tt_reader_open(struct tt_reader **out, const char *path, const struct tt_options *opt,
		   struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_path(&(*out)->src, path, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_fd(struct tt_reader **out, int fd, const struct tt_options *opt,
		      struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_fd(&(*out)->src, fd, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_input(struct tt_reader **out, const struct tt_input *input,
			 const struct tt_options *opt, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_input(&(*out)->src, input, (*out)->options.member, &(*out)->mem, err);
	return reader_start(out, rc, err);
}

int tt_reader_open_memory(struct tt_reader **out, const void *data, size_t nbytes,
			  const struct tt_options *opt, struct tt_error *err)
{
	int rc = reader_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_memory(&(*out)->src, data, nbytes, (*out)->options.member, &(*out)->mem,
				   err);
	return reader_start(out, rc, err);
}

int tt_reader_open_again(struct tt_reader **out, const struct tt_reader *r, struct tt_error *err)
{
	struct tt_source *src;
	int rc = reader_new(out, &r->options, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_again(&src, r->src, 0, &(*out)->mem, err);
	if (rc == TT_OK && src == NULL) {
		tt_reader_close(*out);
		*out = NULL;
		return TT_END;
	}
	(*out)->src = src;
	return reader_start(out, rc, err);
}

void tt_reader_close(struct tt_reader *r)
{
	if (r == NULL)
		return;
	tt_parallel_stop(r);
	tt_parallel_leave(r);
	tt_order_release(&r->order);
	tt_merge_release(&r->merge);
	tt_batch_buffers_release(&r->buffers);
	tt_tables_release(&r->tables);
	tt_generation_release(&r->own_gen);
	TT_ARRAY_RELEASE(&r->mem, &r->notes);
	TT_ARRAY_RELEASE(&r->mem, &r->words);
	tt_source_close(r->src);
	tt_specs_free(r->above);
	tt_specs_free(r->own_specs);
	free(r);
}

/* ---- what the reader is at */

unsigned tt_reader_version(const struct tt_reader *r)
{
	return r->version;
}

const struct tt_specs *tt_reader_specs(const struct tt_reader *r)
{
	return r->specs;
}

/* What ends a trace may be known before its last events are handed out. */
const struct tt_error *tt_reader_error(const struct tt_reader *r)
{
	static const struct tt_error none = {
		.offset = TT_UNKNOWN,
		.batch_offset = TT_UNKNOWN,
		.generation = TT_UNKNOWN,
		.thread = TT_NONE,
		.event_index = TT_UNKNOWN,
		.event_type = -1,
	};

	return r->phase == TT_PHASE_OVER ? &r->err : &none;
}

struct tt_progress tt_reader_progress(const struct tt_reader *r)
{
	struct tt_progress p = {
		.events = r->nevents,
		.generations = r->ngenerations,
		.nbytes = tt_source_offset(r->src),
	};

	tt_source_progress(r->src, &p.in_nbytes, &p.in_total);
	return p;
}

/* ---- handing out */

int tt_reader_fail(struct tt_reader *r)
{
	tt_parallel_stop(r);
	r->phase = TT_PHASE_OVER;
	r->outcome = -r->err.code;
	r->err.event_index = r->nevents;
	return r->outcome;
}

static int hand_out_sync(struct tt_reader *r, const struct tt_generation *gen, int64_t time_ns,
			 const struct tt_event **ev)
{
	r->own = (struct tt_event){
		.raw_time_ns = time_ns,
		.thread = TT_NONE,
		.proc = TT_NONE,
		.goroutine = TT_NONE,
		.offset = gen == NULL ? tt_source_offset(r->src) : gen->offset,
		.generation = gen,
		.kind = TT_KIND_SYNC,
		.extra_ = ++r->nsyncs,
	};
	tt_reader_stamp(r, &r->own);
	*ev = &r->own;
	return TT_OK;
}

/* ---- generations */

int tt_reader_take_private(struct tt_reader *r, struct tt_generation *gen, bool *added,
			   struct tt_error *err)
{
	int rc;

	*added = false;
	if ((r->options.flags & TT_OPEN_LIKE_GO) != 0)
		return TT_OK;
	tt_embedded_unwrap(&r->private, gen);
	rc = tt_embedded_add_specs(&r->private, gen, r->above, added, err);
	if (rc == TT_OK && *added)
		tt_decode_plan_init(&r->merge.cursors.plan, r->specs);
	if (rc == TT_OK)
		rc = tt_embedded_splice(&r->private, gen, &r->merge.cursors.plan, err);
	return rc;
}

/* Takes in what the generation's private batches say. */
static int take_private(struct tt_reader *r)
{
	bool added;
	int rc;

	if (tt_generation_brings_specs(r->gen)) {
		tt_parallel_stop(r);
		r->no_ahead = true;
	}
	rc = tt_reader_take_private(r, r->gen, &added, &r->err);
	if (added) {
		tt_order_specs_grew(&r->order);
		for (unsigned type = 0; type < 256; type++)
			set_type_check(r, type);
		tt_findings_init(r);
	}
	return rc;
}

/* Loads the next generation: 0, or the outcome is set and the last Sync is due. */
static int load(struct tt_reader *r)
{
	int rc = TT_OK;

	tt_merge_clear(&r->merge);
	tt_parallel_leave(r);
	if (!tt_parallel_load(r))
		rc = tt_loader_next(&r->loader, r->gen, &r->err);
	if (rc == TT_OK)
		rc = tt_findings_room(r, &r->err);
	if (rc == TT_OK)
		rc = take_private(r);
	if (rc == TT_OK)
		rc = tt_tables_begin_generation(&r->tables, r->gen, &r->err);
	if (rc != TT_OK) {
		r->outcome = rc;
		return rc;
	}
	r->ngenerations++;
	tt_findings_generation(r);
	r->phase = TT_PHASE_LOADED;
	return TT_OK;
}

/* The Sync that stands before an end or an error of loading. */
static int hand_out_final_sync(struct tt_reader *r, const struct tt_event **ev)
{
	/* (reading like Go, a first generation that is damaged may be the end, too) */
	if (r->outcome == TT_END && r->ngenerations == 0 && r->gen->batches_read == 0 && !r->resynced)
		tt_findings_empty_trace(r);
	r->phase = TT_PHASE_FINAL;
	return hand_out_sync(r, NULL, r->last_ns, ev);
}

/* Takes the loaded generation up for ordering, and hands out its Sync. */
static int begin_generation(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->skipped_any)
		tt_order_reset(&r->order);
	r->skipped_any = false;
	tt_order_begin_generation(&r->order, r->gen);
	if (tt_merge_begin(&r->merge, r->gen, &r->err) < 0)
		return tt_reader_fail(r);
	r->phase = TT_PHASE_EVENTS;
	r->nevents_begun = r->nevents + 1;
	return hand_out_sync(r, r->gen, tt_generation_start_ns(r->gen), ev);
}

static int over(struct tt_reader *r)
{
	tt_parallel_stop(r);
	r->phase = TT_PHASE_OVER;
	if (r->outcome < 0)
		r->err.event_index = r->nevents;
	else
		tt_error_clear(&r->err);
	return r->outcome;
}

/* Whatever comes when the current generation has nothing more to give. */
static __attribute__((noinline)) int turn(struct tt_reader *r, const struct tt_event **ev)
{
	*ev = NULL;
	switch (r->phase) {
	case TT_PHASE_FINAL:
	case TT_PHASE_OVER:
		return over(r);
	case TT_PHASE_EVENTS:
		tt_findings_generation_end(r);
		break;
	case TT_PHASE_LOADED:
		return begin_generation(r, ev);
	case TT_PHASE_LOAD:
		break;
	}
	if (load(r) != TT_OK)
		return hand_out_final_sync(r, ev);
	return begin_generation(r, ev);
}

/* turn() for a caller who gets to see each event, so that nothing is known ahead. */
static __attribute__((noinline)) int turn_alone(struct tt_reader *r, const struct tt_event **ev)
{
	tt_parallel_stop(r);
	return turn(r, ev);
}

int tt_reader_next(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->phase == TT_PHASE_EVENTS) {
		int rc = tt_steps_next(r, ev);

		if (rc != TT_END)
			return rc;
	}
	return turn_alone(r, ev);
}

int tt_reader_next_sync(struct tt_reader *r, const struct tt_event **ev)
{
	int rc = TT_OK;

	if (r->phase == TT_PHASE_EVENTS && !tt_parallel_take(r))
		rc = tt_steps_check(r);
	*ev = NULL;
	return rc < 0 ? rc : turn(r, ev);
}

bool tt_reader_at_generation_end(const struct tt_reader *r)
{
	return r->phase != TT_PHASE_EVENTS || (r->order.count == 0 && tt_merge_done(&r->merge));
}

int tt_reader_next_generation(struct tt_reader *r, const struct tt_generation **g)
{
	*g = NULL;
	tt_parallel_stop(r);
	if (r->phase == TT_PHASE_FINAL || r->phase == TT_PHASE_OVER)
		return over(r);
	r->skipped_any |= r->phase == TT_PHASE_LOADED || r->phase == TT_PHASE_EVENTS;
	if (load(r) != TT_OK)
		return over(r);
	tt_findings_unordered(r);
	*g = r->gen;
	return TT_OK;
}

int tt_reader_resync(struct tt_reader *r, uint64_t *skipped)
{
	uint64_t ignored, *nbytes = skipped == NULL ? &ignored : skipped;
	struct tt_error broken = r->err;
	int rc;

	*nbytes = 0;
	assert(r->phase == TT_PHASE_OVER);
	if (r->outcome == TT_END)
		return TT_END;
	if (r->err.system)
		return -r->err.code;
	rc = tt_loader_resync(&r->loader, &broken, nbytes, &r->err);
	if (rc < 0)
		return tt_reader_fail(r);
	tt_order_reset(&r->order);
	r->skipped_any = r->has_previous = r->has_previous_clock = false;
	r->resynced = true;
	r->outcome = rc;
	r->phase = rc == TT_END ? TT_PHASE_OVER : TT_PHASE_LOAD;
	tt_error_clear(&r->err);
	return rc;
}

bool tt_reader_waiting(struct tt_reader *r, size_t i, struct tt_waiting *out)
{
	struct tt_cursor *c;

	if (r->err.code != TT_E_STUCK || i >= r->merge.heap.n)
		return false;
	c = r->merge.heap.at[i].of.item;
	/* it waits still, so trying it again changes nothing and says why */
	r->why[0] = '\0';
	r->order.why = r->why;
	r->order.why_size = sizeof(r->why);
	tt_order_try(&r->order, c->thread, &c->m, c->head);
	r->order.why = NULL;
	*out = (struct tt_waiting){
		.thread = c->thread,
		.time_ns = c->head->time_ns,
		.offset = c->head->offset,
		.spec = tt_specs_event(r->specs, c->head->type),
		.args = c->head->args,
		.why = r->why,
	};
	return true;
}
