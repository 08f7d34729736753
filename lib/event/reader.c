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
#include "event/ahead.h"
#include "gen/clock.h"
#include "order/advance.h"
#include "order/handlers.h"
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
		rc = tt_specs_new_above(&r->above, r->specs, err);
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
static void look_at(struct tt_reader *r, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(r->specs, type);
	struct tt_look *look = &r->looks[type];

	*look = (struct tt_look){.stack = TT_ARG_ZERO, .string = TT_ARG_ZERO};
	if (def == NULL)
		return;
	if (def->spec.kind == TT_KIND_STACK_SAMPLE)
		r->sample_spec = &def->spec;
	if (def->nstacks > 0)
		look->stack = (uint8_t)def->stack_args[0];
	if (def->nstrings > 0)
		look->string = (uint8_t)def->string_args[0];
	look->more_ids = def->nstacks > 1 || def->nstrings > 1 || def->sort != 0;
}

/* Reads the header and makes ready; on failure closes the reader. */
static int reader_start(struct tt_reader **reader, int rc, struct tt_error *err)
{
	struct tt_reader *r = *reader;

	tt_generation_init(&r->gen, &r->mem, r->specs);
	tt_tables_init(&r->tables, &r->mem, r->specs);
	tt_private_init(&r->private, &r->mem);
	tt_merge_init(&r->merge, &r->mem, r->specs);
	r->merge.gen = &r->gen;
	if (rc == TT_OK)
		rc = tt_header_read(r->src, &r->version, err);
	if (rc == TT_OK)
		rc = tt_note_room(r, err);
	tt_order_init(&r->order, &r->mem, r->specs, r->version);
	if (rc < 0) {
		tt_reader_close(r);
		*reader = NULL;
		return rc;
	}
	tt_loader_init(&r->loader, r->src, r->specs, r->version,
		       (r->options.flags & TT_OPEN_LIKE_GO) != 0);
	for (unsigned type = 0; type < 256; type++)
		look_at(r, type);
	tt_note_init(r);
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

void tt_reader_close(struct tt_reader *r)
{
	if (r == NULL)
		return;
	tt_ahead_stop(r);
	tt_order_release(&r->order);
	tt_merge_release(&r->merge);
	tt_tables_release(&r->tables);
	tt_generation_release(&r->gen);
	TT_ARRAY_RELEASE(&r->mem, &r->notes);
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

/* Go's times never stand still: an event not later than the one before is one later. */
static inline int64_t next_time(struct tt_reader *r, int64_t raw_time_ns)
{
	r->last_ns = raw_time_ns > r->last_ns ? raw_time_ns : tt_ns_add(r->last_ns, 1);
	r->nevents++;
	return r->last_ns;
}

static inline void stamp(struct tt_reader *r, struct tt_event *ev)
{
	ev->time_ns = next_time(r, ev->raw_time_ns);
}

static int fail(struct tt_reader *r)
{
	tt_ahead_stop(r);
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
	stamp(r, &r->own);
	*ev = &r->own;
	return TT_OK;
}

/* A sample is not validated: Go does so neither. Its time is its first argument. */
static int hand_out_sample(struct tt_reader *r, const struct tt_sample *s, const struct tt_event **ev)
{
	const uint64_t args[] = {(uint64_t)s->time_ns, (uint64_t)s->thread, (uint64_t)s->proc,
				 (uint64_t)s->goroutine, s->stack};

	memcpy(r->own_args, args, sizeof(args));
	r->own = (struct tt_event){
		.raw_time_ns = s->time_ns,
		.thread = s->thread,
		.proc = s->proc,
		.goroutine = s->goroutine,
		.offset = r->gen.offset,
		.generation = &r->gen,
		.spec = r->sample_spec,
		.args = r->own_args,
		.kind = TT_KIND_STACK_SAMPLE,
	};
	stamp(r, &r->own);
	tt_note_event(r, &r->own);
	*ev = &r->own;
	return TT_OK;
}

/* The error of an argument that names a table entry which is not there. */
static int no_such_id(struct tt_reader *r, const struct tt_event *ev, int code, uint64_t id)
{
	tt_fail(&r->err, code, "found invalid %s ID %llu for event %s",
		code == TT_E_EVENT_STACK ? "stack" : "string", (unsigned long long)id,
		ev->spec->name);
	r->err.offset = ev->offset;
	r->err.event_type = ev->spec->type;
	tt_error_in_batch(&r->err, TT_UNKNOWN, r->gen.number, ev->thread);
	return fail(r);
}

/*
 * All table entries that an event names, in the order in which Go looks for them; and
 * what ordering thinks of its resource.
 */
static __attribute__((noinline)) int check_ids(struct tt_reader *r, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);

	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = ev->args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&r->gen.stack_ids, id) == TT_IDMAP_NONE)
			return no_such_id(r, ev, TT_E_EVENT_STACK, id);
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = ev->args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&r->gen.string_ids, id) == TT_IDMAP_NONE)
			return no_such_id(r, ev, TT_E_EVENT_STRING, id);
	}
	if (def->sort != 0)
		tt_note_resource(r, ev);
	return TT_OK;
}

static inline bool known(const struct tt_idmap *ids, uint64_t id)
{
	return id == 0 || tt_idmap_find(ids, id) != TT_IDMAP_NONE;
}

/* Whether all is as in nearly every event: see check_ids() otherwise. */
static inline bool ids_known(const struct tt_reader *r, const struct tt_look *look,
			     const uint64_t *args)
{
	return !look->more_ids && known(&r->gen.stack_ids, args[look->stack]) &&
	       known(&r->gen.string_ids, args[look->string]);
}

/* Looks at the next queued event, which is handed out or counted. */
static TT_ALWAYS_INLINE int take_queued(struct tt_reader *r, const struct tt_event **out)
{
	struct tt_event *ev = &r->order.queue[r->order.head++];
	const struct tt_look *look = &r->looks[ev->spec->type];

	if (r->order.head == r->order.count)
		r->order.head = r->order.count = 0;
	if (!ids_known(r, look, ev->args)) {
		int rc = check_ids(r, ev);

		if (rc < 0) {
			*out = NULL;
			return rc;
		}
	}
	stamp(r, ev);
	if (look->watched)
		tt_note_event(r, ev);
	*out = ev;
	return TT_OK;
}

/* An event that is not handed out: as take_queued(), without queueing it. */
static __attribute__((noinline)) int check_plain_ids(struct tt_reader *r, const struct tt_cursor *c,
						     const struct tt_timed *ev)
{
	const struct tt_event unnamed = {
		.spec = tt_specs_event(r->specs, ev->type),
		.args = ev->args,
		.thread = c->thread,
		.offset = ev->offset,
	};

	return check_ids(r, &unnamed);
}

/* Lets one event advance; it is looked at here unless it stands in the queue then. */
static TT_ALWAYS_INLINE int check_next(struct tt_reader *r)
{
	struct tt_merge *m = &r->merge;
	struct tt_cursor *c = m->heap.at[0].of.item;
	const struct tt_timed *ev = c->head;
	const struct tt_look *look = &r->looks[ev->type];
	enum tt_advance tried = tt_hot_try(&r->order, c, look->plain);
	int rc;

	if (tried == TT_ADVANCED)
		rc = tt_step_on(m, &r->order, 0, &r->err);
	else
		rc = tt_advance_failed(m, &r->order, tried, &r->err);
	if (rc < 0)
		return fail(r);
	if (r->order.count != 0)
		return TT_OK;
	if (!ids_known(r, look, ev->args) && check_plain_ids(r, c, ev) < 0)
		return -r->err.code;
	next_time(r, ev->time_ns);
	return TT_OK;
}

int tt_reader_check_events(struct tt_reader *r)
{
	const struct tt_event *ignored;
	int rc = TT_OK;

	while (rc == TT_OK) {
		const struct tt_sample *sample;

		if (r->order.count != 0) {
			rc = take_queued(r, &ignored);
			continue;
		}
		if (tt_merge_done(&r->merge))
			break;
		sample = tt_merge_sample(&r->merge);
		if (sample != NULL)
			rc = hand_out_sample(r, sample, &ignored);
		else
			rc = check_next(r);
	}
	return rc;
}

/* ---- generations */

int tt_reader_take_private(struct tt_reader *r, struct tt_generation *gen, bool *added,
			   struct tt_error *err)
{
	int rc;

	*added = false;
	if ((r->options.flags & TT_OPEN_LIKE_GO) != 0)
		return TT_OK;
	tt_private_unwrap(&r->private, gen);
	rc = tt_private_specs(&r->private, gen, r->above, added, err);
	if (rc == TT_OK && *added)
		tt_decode_plan_init(&r->merge.plan, r->specs);
	if (rc == TT_OK)
		rc = tt_private_splice(&r->private, gen, &r->merge.plan, err);
	return rc;
}

/* Takes in what the generation's private batches say. */
static int take_private(struct tt_reader *r)
{
	bool added;
	int rc;

	if (tt_ahead_cannot(&r->gen)) {
		tt_ahead_stop(r);
		r->no_ahead = true;
	}
	rc = tt_reader_take_private(r, &r->gen, &added, &r->err);
	if (added) {
		tt_dispatch_init(&r->order);
		for (unsigned type = 0; type < 256; type++)
			look_at(r, type);
		tt_note_init(r);
	}
	return rc;
}

/* Loads the next generation: 0, or the outcome is set and the last Sync is due. */
static int load(struct tt_reader *r)
{
	int rc;

	tt_merge_clear(&r->merge);
	r->merge.gen = &r->gen;
	rc = tt_loader_next(&r->loader, &r->gen, &r->err);
	if (rc == TT_OK)
		rc = tt_note_room(r, &r->err);
	if (rc == TT_OK)
		rc = take_private(r);
	if (rc == TT_OK)
		rc = tt_tables_turn(&r->tables, &r->gen, &r->err);
	if (rc != TT_OK) {
		r->outcome = rc;
		return rc;
	}
	r->ngenerations++;
	tt_note_generation(r);
	r->phase = TT_PHASE_LOADED;
	return TT_OK;
}

/* The Sync that stands before an end or an error of loading. */
static int hand_out_final_sync(struct tt_reader *r, const struct tt_event **ev)
{
	/* (reading like Go, a first generation that is damaged may be the end, too) */
	if (r->outcome == TT_END && r->ngenerations == 0 && r->gen.batches_read == 0 && !r->resynced)
		tt_note_empty_trace(r);
	r->phase = TT_PHASE_FINAL;
	return hand_out_sync(r, NULL, r->last_ns, ev);
}

/* Takes the loaded generation up for ordering, and hands out its Sync. */
static int begin_generation(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->skipped_any)
		tt_order_reset(&r->order);
	r->skipped_any = false;
	tt_order_turn(&r->order, &r->gen);
	if (tt_merge_begin(&r->merge, &r->gen, &r->err) < 0)
		return fail(r);
	r->phase = TT_PHASE_EVENTS;
	r->nevents_begun = r->nevents + 1;
	return hand_out_sync(r, &r->gen, tt_generation_start_ns(&r->gen), ev);
}

static int over(struct tt_reader *r)
{
	tt_ahead_stop(r);
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
		tt_note_generation_end(r);
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
	tt_ahead_stop(r);
	return turn(r, ev);
}

int tt_reader_next(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->phase != TT_PHASE_EVENTS)
		return turn_alone(r, ev);
	if (r->order.count == 0) {
		const struct tt_sample *sample;

		if (tt_merge_done(&r->merge))
			return turn_alone(r, ev);
		sample = tt_merge_sample(&r->merge);
		if (sample != NULL)
			return hand_out_sample(r, sample, ev);
		if (tt_merge_advance(&r->merge, &r->order, &r->err) < 0) {
			*ev = NULL;
			return fail(r);
		}
	}
	return take_queued(r, ev);
}

int tt_reader_next_sync(struct tt_reader *r, const struct tt_event **ev)
{
	int rc = TT_OK;

	if (r->phase == TT_PHASE_EVENTS && !tt_ahead_take(r))
		rc = tt_reader_check_events(r);
	*ev = NULL;
	return rc < 0 ? rc : turn(r, ev);
}

bool tt_reader_turns(const struct tt_reader *r)
{
	return r->phase != TT_PHASE_EVENTS || (r->order.count == 0 && tt_merge_done(&r->merge));
}

int tt_reader_next_generation(struct tt_reader *r, const struct tt_generation **g)
{
	*g = NULL;
	tt_ahead_stop(r);
	if (r->phase == TT_PHASE_FINAL || r->phase == TT_PHASE_OVER)
		return over(r);
	r->skipped_any |= r->phase == TT_PHASE_LOADED || r->phase == TT_PHASE_EVENTS;
	if (load(r) != TT_OK)
		return over(r);
	tt_note_unordered(r);
	*g = &r->gen;
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
		return fail(r);
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
