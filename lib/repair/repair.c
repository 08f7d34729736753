/* SPDX-License-Identifier: MIT */
/*
 * repair.c - what can be kept of a trace. A whole generation is handed out as it
 * is. A broken one is held back until it is known what comes behind it, for its
 * last events have to lead there. The top layer, beside event.
 */
#include "repair/repair.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "order/handlers.h"
#include "tracetool_write.h"

/* Before 1.26 numbers grow by one: so many that are lost are made up, else all that
 * follows is numbered anew. */
#define MAX_PLACEHOLDERS 64

int tt_repair_new(struct tt_repair **out, struct tt_reader *reader, struct tt_error *err)
{
	struct tt_repair *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a repair");
	r->reader = reader;
	r->mem = &reader->mem;
	tt_order_init(&r->order, r->mem, reader->specs, reader->version);
	tt_order_init(&r->start, r->mem, reader->specs, reader->version);
	tt_order_init(&r->fresh, r->mem, reader->specs, reader->version);
	tt_entry_init(&r->want, r->mem);
	tt_synth_init(&r->bridge, r->mem);
	tt_repair_writer_init(&r->writer, r->mem, reader->version);
	tt_put_header(r->header, reader->version);
	tt_error_clear(&r->err);
	tt_error_clear(&r->lost_why);
	*out = r;
	return TT_OK;
}

void tt_repair_free(struct tt_repair *r)
{
	if (r == NULL)
		return;
	tt_salvage_release(&r->unit.salvage);
	tt_salvage_release(&r->pending.salvage);
	tt_order_release(&r->order);
	tt_order_release(&r->start);
	tt_order_release(&r->fresh);
	tt_entry_release(&r->want);
	tt_synth_release(&r->bridge);
	tt_bytes_release(&r->writer.out);
	free(r);
}

struct tt_str tt_repair_header(const struct tt_repair *r)
{
	return (struct tt_str){(const char *)r->header, sizeof(r->header)};
}

const struct tt_error *tt_repair_error(const struct tt_repair *r)
{
	return &r->err;
}

static int no_memory(struct tt_repair *r)
{
	return tt_fail(&r->err, tt_mem_code(r->mem), "no memory to repair a generation");
}

/* ---- loading */

static void salvage_begin(struct tt_repair *r, struct tt_salvage *s)
{
	tt_salvage_release(s);
	tt_salvage_init(s, r->mem, r->reader->specs, &r->reader->loader.rules);
}

/* An error of the machine: the input may be damaged, that is what this is for. */
static bool is_fatal(const struct tt_error *err)
{
	return err->system && err->code != TT_E_INPUT;
}

/* From the broken generation to the next: its tables behind the damage are kept. */
static int step_over(struct tt_repair *r, struct tt_candidate *u)
{
	struct tt_loader *l = &r->reader->loader;
	/* before 1.26 a generation may be broken and the framing behind it too */
	struct tt_error broken = l->framer.has_lookahead_error ? l->framer.lookahead_error : u->why;
	uint64_t skipped;
	int rc;

	if (broken.code == TT_E_INPUT) {
		r->at_end = true;
		return TT_OK;
	}
	l->on_skipped_batch = tt_salvage_on_skipped_batch;
	l->on_skipped_arg = &u->salvage;
	rc = tt_loader_resync(l, &broken, &skipped, &r->err);
	l->on_skipped_batch = NULL;
	if (rc < 0 && is_fatal(&r->err))
		return rc;
	r->at_end |= rc != TT_OK;
	return TT_OK;
}

static int salvage_unit(struct tt_repair *r, struct tt_candidate *u, uint64_t end)
{
	struct tt_reader *reader = r->reader;

	u->sound = false;
	salvage_begin(r, &u->salvage);
	return tt_salvage_collect(&u->salvage, &reader->loader, u->offset, end, &r->err);
}

static int load_damaged(struct tt_repair *r, struct tt_candidate *u)
{
	int rc = salvage_unit(r, u, UINT64_MAX);

	if (rc == TT_OK)
		rc = step_over(r, u);
	u->end = tt_source_offset(r->reader->loader.src);
	if (u->end < u->salvage.end_offset)
		u->end = u->salvage.end_offset;
	return rc;
}

/* Takes in what is embedded in the generation. 0 or an error of the machine. */
static int take_embedded(struct tt_repair *r, struct tt_generation *gen)
{
	bool grew;
	int rc = tt_reader_take_embedded(r->reader, &r->reader->pass, gen, &grew, &r->err);

	if (grew) {
		tt_order_specs_grew(&r->order);
		tt_order_specs_grew(&r->start);
		tt_order_specs_grew(&r->fresh);
	}
	return rc;
}

/* The next generation into r->unit. 0 or an error of the machine. */
static int load(struct tt_repair *r)
{
	struct tt_reader *reader = r->reader;
	struct tt_candidate *u = &r->unit;
	int rc;

	u->loaded = true;
	u->nothing = r->at_end;
	tt_error_clear(&u->why);
	if (r->at_end)
		return TT_OK;
	tt_merge_clear(&reader->pass.merge);
	rc = tt_loader_next(&reader->loader, reader->gen, &u->why);
	if (rc == TT_END) {
		u->nothing = true;
		return TT_OK;
	}
	if (rc < 0 && is_fatal(&u->why)) {
		r->err = u->why;
		return rc;
	}
	u->offset = reader->gen->offset;
	u->end = reader->gen->end;
	u->sound = rc == TT_OK && !reader->loader.framer.has_lookahead_error;
	if (u->sound)
		return take_embedded(r, reader->gen);
	if (rc == TT_OK)
		u->why = reader->loader.framer.lookahead_error;
	return load_damaged(r, u);
}

/* ---- whole generations */

static bool ids_known(const struct tt_generation *g, const struct tt_event *ev)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);

	for (unsigned i = 0; i < def->nstacks; i++) {
		uint64_t id = ev->args[def->stack_args[i]];

		if (id != 0 && tt_idmap_find(&g->stack_ids, id) == TT_IDMAP_NONE)
			return false;
	}
	for (unsigned i = 0; i < def->nstrings; i++) {
		uint64_t id = ev->args[def->string_args[i]];

		if (id != 0 && tt_idmap_find(&g->string_ids, id) == TT_IDMAP_NONE)
			return false;
	}
	return true;
}

/* Orders the reader's generation in r->order. 0, or the code that it broke for in *why. */
static int order_whole(struct tt_repair *r, uint64_t *nevents, struct tt_error *why)
{
	struct tt_merge *merge = &r->reader->pass.merge;
	const struct tt_generation *gen = r->reader->gen;
	int rc;

	*nevents = 0;
	tt_merge_clear(merge);
	tt_order_begin_generation(&r->order, gen);
	rc = tt_merge_begin(merge, gen, why);
	while (rc == TT_OK && merge->heap.n != 0) {
		rc = tt_salvage_advance(merge, &r->order, why);
		for (unsigned i = r->order.head; i < r->order.count && rc == TT_OK; i++) {
			if (!ids_known(gen, &r->order.queue[i])) {
				rc = tt_fail(why, TT_E_EVENT_STACK,
					     "an event names a table entry that is not there");
				why->offset = r->order.queue[i].offset;
				tt_error_in_batch(why, TT_UNKNOWN, gen->number,
						  r->order.queue[i].thread);
			}
		}
		r->order.head = r->order.count = 0;
		++*nevents;
	}
	r->order.head = r->order.count = 0;
	return rc;
}

/* ---- numbers */

/* The number that a generation has to have here; 0: behind the last number of all there is
 * none. */
static uint64_t number_for(const struct tt_repair *r, uint64_t number)
{
	uint64_t next = r->last_number + 1;

	if (!r->any)
		return number != 0 ? number : 1;
	if (tt_version_has_end_marks(r->writer.version) && number != 0)
		return number;
	if (number == 0 || next == 0)
		return next;
	return number - next <= MAX_PLACEHOLDERS ? number : next;
}

/* Empty generations with the numbers in front of this one; how many. */
static uint64_t put_placeholders(struct tt_repair *r, uint64_t number)
{
	uint64_t next = r->last_number + 1;

	if (!r->any || tt_version_has_end_marks(r->writer.version))
		return 0;
	for (uint64_t n = next; n != number; n++)
		tt_write_placeholder(&r->writer, &r->clock, n);
	return number - next;
}

/* ---- handing out */

static void keep_clock(struct tt_repair *r, const struct tt_generation *g, uint64_t number)
{
	r->any = true;
	r->last_number = number;
	r->clock.has_frequency = true;
	r->clock.frequency = g->frequency;
	r->clock.ns_per_tick = g->ns_per_tick;
	r->clock.min_time = g->min_time;
	r->clock.has_clock = g->has_clock;
	r->clock.clock = g->clock;
}

/* What was given up before it is told with a generation. */
static void tell_lost(struct tt_repair *r, struct tt_repaired *out)
{
	out->lost_nbytes += r->lost_nbytes;
	out->lost_events += r->lost_events;
	if (out->why.code == TT_OK)
		out->why = r->lost_why;
	r->lost_nbytes = r->lost_events = 0;
	tt_error_clear(&r->lost_why);
}

static int hand_out_whole(struct tt_repair *r, uint64_t nevents, struct tt_repaired *out)
{
	struct tt_reader *reader = r->reader;
	struct tt_loader *l = &reader->loader;
	uint64_t at = tt_source_offset(l->src), nbytes = r->unit.end - r->unit.offset;
	const uint8_t *data;
	uint64_t nmade;
	size_t avail;
	int rc;

	tt_source_seek(l->src, r->unit.offset);
	rc = tt_source_peek(l->src, (size_t)nbytes, &data, &avail, &r->err);
	tt_source_seek(l->src, at);
	if (rc < 0 && avail < nbytes)
		return rc;
	r->writer.out.len = 0;
	nmade = put_placeholders(r, reader->gen->number);
	if (r->writer.enc.failed)
		return no_memory(r);
	*out = (struct tt_repaired){
		.number = reader->gen->number,
		.offset = r->unit.offset,
		.end = r->unit.end,
		.whole = true,
		.front = {(const char *)r->writer.out.data, r->writer.out.len},
		.bytes = {(const char *)data, (size_t)nbytes},
		.events = nevents,
		.made_generations = nmade,
	};
	tt_error_clear(&out->why);
	tell_lost(r, out);
	keep_clock(r, reader->gen, reader->gen->number);
	r->unit.loaded = false;
	return TT_OK;
}

static int hand_out_pending(struct tt_repair *r, const struct tt_synth *bridge,
			    struct tt_repaired *out)
{
	struct tt_candidate *p = &r->pending;
	struct tt_salvage *s = &p->salvage;
	struct tt_written written;
	const char *at;
	uint64_t nmade;
	size_t nfront;

	r->writer.out.len = 0;
	nmade = put_placeholders(r, s->gen.number);
	nfront = r->writer.out.len;
	tt_write_salvage(&r->writer, s, bridge, &written);
	if (r->writer.enc.failed)
		return no_memory(r);
	at = (const char *)r->writer.out.data;
	*out = (struct tt_repaired){
		.number = s->gen.number,
		.offset = p->offset,
		.end = p->end,
		.front = {at, nfront},
		.bytes = {nfront == 0 ? at : at + nfront, r->writer.out.len - nfront},
		.events = s->nkept,
		.lost_events = s->nevents - s->nkept,
		.made_events = bridge == NULL ? 0 : bridge->events.n,
		.made_entries = written.nentries,
		.made_generations = nmade,
		.why = p->why,
	};
	out->lost_nbytes = p->end - p->offset;
	written.nbytes_kept += s->ended;
	out->lost_nbytes -= written.nbytes_kept < out->lost_nbytes ? written.nbytes_kept
								   : out->lost_nbytes;
	out->whole = written.same && (s->ended || !tt_version_has_end_marks(r->writer.version));
	tell_lost(r, out);
	keep_clock(r, &s->gen, s->gen.number);
	tt_salvage_release(s);
	p->loaded = false;
	return TT_OK;
}

/* ---- broken generations */

/* Gives r->unit up. */
static void give_up_unit(struct tt_repair *r)
{
	struct tt_candidate *u = &r->unit;

	r->lost_nbytes += u->end - u->offset;
	r->lost_events += u->sound ? 0 : u->salvage.nevents;
	if (r->lost_why.code == TT_OK)
		r->lost_why = u->why;
	if (r->lost_why.code == TT_OK)
		tt_fail(&r->lost_why, TT_E_STATUS, "no events lead over to the generation");
	tt_salvage_release(&u->salvage);
	u->loaded = false;
}

static const struct tt_generation *known_clock(const struct tt_repair *r)
{
	if (r->pending.loaded)
		return &r->pending.salvage.gen;
	return r->any ? &r->clock : NULL;
}

/* Makes a damaged unit one that can be ordered: 0, 1 if it cannot be, or an error. */
static int prepare(struct tt_repair *r)
{
	struct tt_salvage *s = &r->unit.salvage;
	struct tt_error err;
	int rc = take_embedded(r, &s->gen);

	if (rc < 0)
		return rc;
	tt_salvage_mark_embedded(s);
	rc = tt_salvage_prepare(s, known_clock(r), &r->reader->pass.merge.cursors.plan, &err);
	if (rc < 0 && err.system)
		r->err = err;
	return rc < 0 && !err.system ? 1 : rc;
}

/* The unit, ordered as far as it goes, waits for what comes behind it. */
static int hold(struct tt_repair *r)
{
	struct tt_candidate *u = &r->unit;
	struct tt_salvage *s = &u->salvage;
	struct tt_error why = u->why;
	int rc;

	s->gen.number = number_for(r, s->gen.number);
	rc = tt_salvage_trim(s, &r->order, &r->start, &r->reader->pass.merge, &why);
	if (rc < 0) {
		r->err = why;
		return rc;
	}
	if (u->why.code == TT_OK)
		u->why = why;
	if (s->nkept == 0 && s->gen.experimental.n == 0 && !r->start.begun) {
		give_up_unit(r);
		return TT_OK;
	}
	r->pending = *u;
	memset(u, 0, sizeof(*u));
	/* the order looks at the generation where it lies now */
	r->order.gen = &r->pending.salvage.gen;
	tt_shared_strings_begin_generation(&r->order.texts, r->order.gen);
	return TT_OK;
}

/* A generation that loads but does not order: what of it does. */
static int break_down(struct tt_repair *r, const struct tt_error *why)
{
	int rc = salvage_unit(r, &r->unit, r->unit.end);

	r->unit.why = *why;
	if (rc == TT_OK)
		rc = prepare(r);
	if (rc == 1)
		give_up_unit(r);
	return rc == TT_OK ? hold(r) : rc < 0 ? rc : TT_OK;
}

/* Gives r->unit up, since no number is left for it. */
static void no_number(struct tt_repair *r)
{
	struct tt_error *why = &r->unit.why;

	tt_error_clear(why);
	tt_fail(why, TT_E_GENERATION_ORDER, "no number is left behind generation %llu",
		(unsigned long long)r->last_number);
	tt_error_at(why, r->unit.offset);
	give_up_unit(r);
}

/* Takes up r->unit with nothing pending: 0 if something was handed out, 1 if not. */
static int take_up(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_generation *gen = r->reader->gen;
	struct tt_error why;
	uint64_t nevents;
	int rc;

	if (number_for(r, r->unit.sound ? gen->number : r->unit.salvage.gen.number) == 0) {
		no_number(r);
		return 1;
	}
	if (!tt_order_copy(&r->start, &r->order))
		return no_memory(r);
	tt_error_clear(&why);
	if (!r->unit.sound) {
		rc = hold(r);
		return rc < 0 ? rc : 1;
	}
	if (number_for(r, gen->number) == gen->number) {
		rc = order_whole(r, &nevents, &why);
		if (rc == TT_OK)
			return hand_out_whole(r, nevents, out);
		if (is_fatal(&why)) {
			r->err = why;
			return rc;
		}
	} else {
		tt_fail(&why, TT_E_GENERATION_ORDER, "generations out of order");
	}
	rc = break_down(r, &why);
	return rc < 0 ? rc : 1;
}

/*
 * What is pending goes out as it is, and a generation that is made up takes its
 * place: in a first generation the collector's count cannot be led everywhere.
 */
static int add_generation(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_salvage *s = &r->pending.salvage;
	uint64_t at = r->unit.offset;
	int rc = hand_out_pending(r, NULL, out);

	if (rc < 0)
		return rc;
	salvage_begin(r, s);
	r->pending = (struct tt_candidate){.loaded = true, .salvage = *s, .offset = at, .end = at};
	tt_error_clear(&r->pending.why);
	s->gen.number = r->last_number + 1;
	s->last_ns = INT64_MIN;
	rc = tt_salvage_prepare(s, &r->clock, &r->reader->pass.merge.cursors.plan, &r->err);
	tt_order_begin_generation(&r->order, &s->gen);
	/* it is the generation of no event, and so not the first one */
	r->order.initial = false;
	return rc;
}

/* Whether a generation may be put behind the one that is pending. */
static bool has_room(const struct tt_repair *r, const struct tt_generation *next)
{
	return r->order.initial && r->want.gc && r->order.gc_state == TT_GC_RUNNING &&
	       r->order.gc_seq != r->want.gc_seq &&
	       (tt_version_has_end_marks(r->writer.version) || next->number > r->pending.salvage.gen.number + 1);
}

/* Leads what is pending over to r->unit, and hands it out: 0; 1: there is no way. */
static int join(struct tt_repair *r, struct tt_repaired *out)
{
	const struct tt_generation *next = r->unit.sound ? r->reader->gen : &r->unit.salvage.gen;

	if (!r->order.begun)
		return hand_out_pending(r, NULL, out);
	if (!tt_entry_learn(&r->want, next, &r->order, &r->fresh, &r->reader->pass.merge) ||
	    !tt_order_copy(&r->start, &r->order))
		return no_memory(r);
	if (tt_synth_build(&r->bridge, &r->pending.salvage, &r->order, &r->want))
		return hand_out_pending(r, &r->bridge, out);
	r->bridge.events.n = 0;
	if (r->bridge.no_memory || !tt_order_copy(&r->order, &r->start))
		return no_memory(r);
	tt_order_begin_generation(&r->order, &r->pending.salvage.gen);
	return has_room(r, next) ? add_generation(r, out) : 1;
}

/* One step: 0 if something was handed out, 1 at the end, 2 to go on, or an error. */
static int step(struct tt_repair *r, struct tt_repaired *out)
{
	bool fresh = !r->unit.loaded;
	int rc = fresh ? load(r) : TT_OK;

	if (rc < 0)
		return rc;
	if (r->unit.nothing)
		return r->pending.loaded ? hand_out_pending(r, NULL, out) : TT_END;
	if (fresh && !r->unit.sound) {
		rc = prepare(r);
		if (rc == 1)
			give_up_unit(r);
		if (rc != TT_OK)
			return rc < 0 ? rc : 2;
	}
	rc = r->pending.loaded ? join(r, out) : take_up(r, out);
	if (rc == 1 && r->pending.loaded && r->unit.loaded)
		give_up_unit(r);
	return rc == 1 ? 2 : rc;
}

int tt_repair_next(struct tt_repair *r, struct tt_repaired *out)
{
	int rc = r->outcome;

	memset(out, 0, sizeof(*out));
	tt_error_clear(&out->why);
	if (rc != TT_OK)
		return rc;
	r->bridge.events.n = 0;
	do
		rc = step(r, out);
	while (rc == 2);
	if (rc != TT_OK)
		r->outcome = rc;
	if (rc == TT_END)
		tell_lost(r, out);
	return rc;
}

bool tt_repair_made(const struct tt_repair *r, size_t i, struct tt_made_event *out)
{
	const struct tt_synth_event *ev;

	if (i >= r->bridge.events.n)
		return false;
	ev = &r->bridge.events.at[i];
	*out = (struct tt_made_event){
		.thread = ev->thread,
		.time_ticks = ev->ticks,
		.spec = tt_specs_event(r->reader->specs, ev->type),
		.args = ev->args,
	};
	return true;
}
