/* SPDX-License-Identifier: MIT */
/*
 * repair.c - what can be kept of a trace. A whole generation is handed out as it is. A
 * broken one is held back until it is known what follows it, for its last events have to
 * lead there. Stands on the other files of repair.
 */
#include "repair/repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/header.h"

/* Before 1.26 numbers grow by one: so many that are lost are made up, else all that
 * follows is numbered anew. */
#define MAX_PLACEHOLDERS 64

int tt_repair_new(struct tt_repair **out, struct tt_reader *reader, struct tt_error *err)
{
	struct tt_repair *r;
	int rc = tt_header_needs_v2(reader->version, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a repair");
	r->mem = &reader->mem;
	r->specs = reader->specs;
	r->loader = &reader->loader;
	r->reader = reader;
	tt_pass_init(&r->pass, r->mem, r->specs, reader->version);
	tt_order_init(&r->start, r->mem, r->specs, reader->version);
	tt_pass_init(&r->probe, r->mem, r->specs, reader->version);
	r->buffers.mem = r->mem;
	r->pass.merge.cursors.buffers = r->probe.merge.cursors.buffers = &r->buffers;
	tt_generation_init(&r->whole, r->mem, r->specs);
	r->next = &r->candidates[0];
	r->pending = &r->candidates[1];
	tt_entry_init(&r->entry, r->mem);
	tt_synth_init(&r->synth, r->mem);
	tt_repair_writer_init(&r->writer, r->mem, reader->version);
	tt_put_header(r->header, reader->version);
	tt_error_clear(&r->err);
	tt_error_clear(&r->lost_why);
	r->unknown_type = -1;
	*out = r;
	return TT_OK;
}

void tt_repair_free(struct tt_repair *r)
{
	if (r == NULL)
		return;
	tt_salvage_release(&r->next->salvage);
	tt_salvage_release(&r->pending->salvage);
	tt_pass_release(&r->pass);
	tt_order_release(&r->start);
	tt_pass_release(&r->probe);
	tt_batch_buffers_release(&r->buffers);
	tt_generation_release(&r->whole);
	tt_entry_release(&r->entry);
	tt_synth_release(&r->synth);
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

/* ---- whole generations */

/* Orders the candidate, which is whole: 0, or what it broke for in r->pass.err. */
static int order_whole(struct tt_repair *r, uint64_t *nevents)
{
	const struct tt_event *evs;
	unsigned n;
	int rc;

	*nevents = 0;
	tt_pass_take(&r->pass, &r->whole);
	rc = tt_pass_begin(&r->pass);
	while (rc == TT_OK) {
		rc = tt_pass_advance(&r->pass, &evs, &n);
		*nevents += rc == TT_OK;
		for (unsigned i = 0; i < n && rc == TT_OK; i++)
			rc = tt_pass_check_ids(&r->pass, &evs[i]);
	}
	return rc == TT_END ? TT_OK : rc;
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

/* Reports what was given up before a generation with that. */
static void report_lost(struct tt_repair *r, struct tt_repaired *out)
{
	out->lost_nbytes += r->lost_nbytes;
	out->lost_events += r->lost_events;
	out->unread_nbytes += r->unread_nbytes;
	if (out->unknown_type < 0)
		out->unknown_type = r->unknown_type;
	if (out->why.code == TT_OK)
		out->why = r->lost_why;
	r->lost_nbytes = r->lost_events = r->unread_nbytes = 0;
	r->unknown_type = -1;
	tt_error_clear(&r->lost_why);
}

static int hand_out_whole(struct tt_repair *r, uint64_t nevents, struct tt_repaired *out)
{
	struct tt_source *src = r->loader->src;
	struct tt_candidate *c = r->next;
	uint64_t at = tt_source_offset(src), nbytes = c->end - c->offset;
	const uint8_t *data;
	uint64_t nmade;
	size_t avail;
	int rc;

	tt_source_seek(src, c->offset);
	rc = tt_source_peek(src, (size_t)nbytes, &data, &avail, &r->err);
	tt_source_seek(src, at);
	if (rc < 0 && avail < nbytes)
		return rc;
	r->writer.out.len = 0;
	nmade = put_placeholders(r, r->whole.number);
	if (r->writer.enc.failed)
		return no_memory(r);
	*out = (struct tt_repaired){
		.number = r->whole.number,
		.offset = c->offset,
		.end = c->end,
		.whole = true,
		.front = {(const char *)r->writer.out.data, r->writer.out.len},
		.bytes = {(const char *)data, (size_t)nbytes},
		.events = nevents,
		.unknown_type = -1,
		.made_generations = nmade,
	};
	tt_error_clear(&out->why);
	report_lost(r, out);
	keep_clock(r, &r->whole, r->whole.number);
	c->loaded = false;
	return TT_OK;
}

/* `synth`: the events that it ends with, or NULL. */
static int hand_out_pending(struct tt_repair *r, const struct tt_synth *synth,
			    struct tt_repaired *out)
{
	struct tt_candidate *p = r->pending;
	struct tt_salvage *s = &p->salvage;
	struct tt_written written;
	const char *at;
	uint64_t nmade;
	size_t nfront;

	r->writer.out.len = 0;
	nmade = put_placeholders(r, s->gen.number);
	nfront = r->writer.out.len;
	tt_write_salvage(&r->writer, s, synth, &written);
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
		.unread_nbytes = s->unread_nbytes,
		.unknown_type = s->unknown_type,
		.made_events = synth == NULL ? 0 : synth->events.n,
		.made_entries = written.nentries,
		.made_generations = nmade,
		.why = p->why,
	};
	out->lost_nbytes = p->end - p->offset;
	written.nbytes_kept += s->ended;
	out->lost_nbytes -= written.nbytes_kept < out->lost_nbytes ? written.nbytes_kept
								   : out->lost_nbytes;
	out->whole = written.same && (s->ended || !tt_version_has_end_marks(r->writer.version));
	report_lost(r, out);
	keep_clock(r, &s->gen, s->gen.number);
	tt_salvage_release(s);
	p->loaded = false;
	return TT_OK;
}

/* ---- broken generations */

/* The candidate, ordered as far as it goes, is pending until it is known what follows. */
static int hold(struct tt_repair *r)
{
	struct tt_candidate *c = r->next;
	struct tt_salvage *s = &c->salvage;
	struct tt_error why = c->why;
	int rc;

	s->gen.number = number_for(r, s->gen.number);
	rc = tt_salvage_trim(s, &r->pass, &r->start, &why);
	if (rc < 0) {
		r->err = why;
		return rc;
	}
	if (c->why.code == TT_OK)
		c->why = why;
	if (s->nkept == 0 && s->gen.experimental.n == 0 && !r->start.begun) {
		tt_candidate_give_up(r);
		return TT_OK;
	}
	r->next = r->pending;
	r->pending = c;
	return TT_OK;
}

/* What can be kept of a generation that loads but does not order. */
static int break_up(struct tt_repair *r, const struct tt_error *why)
{
	int rc = tt_candidate_break_up(r, why);

	if (rc == TT_OK)
		rc = tt_candidate_prepare(r);
	if (rc == TT_OK)
		rc = hold(r);
	return rc == TT_OK ? TT_REPAIR_GO_ON : rc;
}

/* Takes up the candidate with nothing pending. */
static int take_up(struct tt_repair *r, struct tt_repaired *out)
{
	uint64_t number = tt_candidate_gen(r)->number, nevents;
	struct tt_error why;
	int rc;

	if (number_for(r, number) == 0) {
		tt_fail(&r->next->why, TT_E_GENERATION_ORDER,
			"no number is left after generation %llu",
			(unsigned long long)r->last_number);
		tt_error_at(&r->next->why, r->next->offset);
		tt_candidate_give_up(r);
		return TT_REPAIR_GO_ON;
	}
	if (!tt_order_copy(&r->start, &r->pass.order))
		return no_memory(r);
	if (!r->next->whole) {
		rc = hold(r);
		return rc < 0 ? rc : TT_REPAIR_GO_ON;
	}
	if (number_for(r, number) != number) {
		tt_fail(&why, TT_E_GENERATION_ORDER, "generations out of order");
		return break_up(r, &why);
	}
	rc = order_whole(r, &nevents);
	if (rc == TT_OK)
		return hand_out_whole(r, nevents, out);
	why = r->pass.err;
	if (tt_repair_is_fatal(&why)) {
		r->err = why;
		return rc;
	}
	return break_up(r, &why);
}

/*
 * What is pending goes out as it is, and a generation that is made up takes its
 * place: in a first generation the collector's count cannot be led everywhere.
 */
static int add_generation(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_candidate *p = r->pending;
	struct tt_salvage *s = &p->salvage;
	int rc = hand_out_pending(r, NULL, out);

	if (rc < 0)
		return rc;
	tt_salvage_init(s, r->mem, r->specs, &r->loader->rules);
	p->loaded = true;
	p->offset = p->end = r->next->offset;
	tt_error_clear(&p->why);
	s->gen.number = r->last_number + 1;
	s->last_ns = INT64_MIN;
	rc = tt_salvage_prepare(s, &r->clock, &r->pass.merge.cursors.plan, &r->err);
	tt_order_begin_generation(&r->pass.order, &s->gen);
	/* it is the generation of no event, and so not the first one */
	r->pass.order.initial = false;
	return rc;
}

/* Whether a generation may be put between the pending one and the next. */
static bool has_room(const struct tt_repair *r, uint64_t next_number)
{
	const struct tt_order *o = &r->pass.order;

	return o->initial && r->entry.has_gc && o->gc_state == TT_GC_RUNNING &&
	       o->gc_seq != r->entry.gc_seq &&
	       (tt_version_has_end_marks(r->writer.version) ||
		next_number > r->pending->salvage.gen.number + 1);
}

/* Leads what is pending to the candidate, and hands it out, if there is a way. */
static int join(struct tt_repair *r, struct tt_repaired *out)
{
	const struct tt_generation *next = tt_candidate_gen(r);
	struct tt_order *order = &r->pass.order;
	struct tt_salvage *s = &r->pending->salvage;
	const struct tt_synth_start start = {order, s->last_ns, tt_salvage_strings(s)};

	if (!order->begun)
		return hand_out_pending(r, NULL, out);
	if (!tt_entry_find(&r->entry, &r->probe, next, order) || !tt_order_copy(&r->start, order))
		return no_memory(r);
	if (tt_synth_build(&r->synth, &start, &r->entry))
		return hand_out_pending(r, &r->synth, out);
	r->synth.events.n = 0;
	if (r->synth.no_memory || !tt_order_copy(order, &r->start))
		return no_memory(r);
	tt_order_begin_generation(order, &s->gen);
	return has_room(r, next->number) ? add_generation(r, out) : TT_REPAIR_GO_ON;
}

/* ---- all of it */

/* 0 if something was handed out, TT_END, TT_REPAIR_GO_ON, or an error. */
static int try_next(struct tt_repair *r, struct tt_repaired *out)
{
	int rc = TT_OK;

	if (!r->next->loaded) {
		rc = tt_candidate_load(r);
		if (rc == TT_OK && !r->next->none && !r->next->whole)
			rc = tt_candidate_prepare(r);
		if (rc != TT_OK)
			return rc;
	}
	if (r->next->none)
		return r->pending->loaded ? hand_out_pending(r, NULL, out) : TT_END;
	if (!r->pending->loaded)
		return take_up(r, out);
	rc = join(r, out);
	if (rc == TT_REPAIR_GO_ON)
		tt_candidate_give_up(r);
	return rc;
}

int tt_repair_next(struct tt_repair *r, struct tt_repaired *out)
{
	int rc = r->outcome;

	memset(out, 0, sizeof(*out));
	out->unknown_type = -1;
	tt_error_clear(&out->why);
	if (rc != TT_OK)
		return rc;
	r->synth.events.n = 0;
	do {
		rc = try_next(r, out);
	} while (rc == TT_REPAIR_GO_ON);
	if (rc != TT_OK)
		r->outcome = rc;
	if (rc == TT_END)
		report_lost(r, out);
	return rc;
}

bool tt_repair_made(const struct tt_repair *r, size_t i, struct tt_made_event *out)
{
	const struct tt_synth_event *ev;

	if (i >= r->synth.events.n)
		return false;
	ev = &r->synth.events.at[i];
	*out = (struct tt_made_event){
		.thread = ev->thread,
		.time_ticks = ev->ticks,
		.spec = tt_specs_event(r->specs, ev->type),
		.args = ev->args,
	};
	return true;
}
