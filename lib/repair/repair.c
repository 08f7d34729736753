/* SPDX-License-Identifier: MIT */
/*
 * repair.c - what can be kept of a trace. A whole generation is handed out as it is; of a
 * broken one, what decodes and orders. Where the events that were kept do not lead to a
 * generation, made-up events in front of its own do. Stands on the other files of repair.
 */
#include "repair/repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "repair/clock.h"
#include "wire/header.h"

/* Numbers grow by one: so many that are missing are made up, else all that follows is numbered
 * anew. */
#define MAX_PLACEHOLDERS 64

int tt_repair_new(struct tt_repair **out, struct tt_reader *reader, struct tt_error *err)
{
	struct tt_repair *r;

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a repair");
	r->mem = &reader->mem;
	r->specs = reader->specs;
	r->loader = &reader->loader;
	r->reader = reader;
	tt_pass_init(&r->pass, r->mem, r->specs, reader->version);
	tt_order_init(&r->start, r->mem, r->specs, reader->version);
	tt_order_init(&r->led, r->mem, r->specs, reader->version);
	tt_pass_init(&r->probe, r->mem, r->specs, reader->version);
	r->buffers.mem = r->mem;
	r->pass.merge.cursors.buffers = r->probe.merge.cursors.buffers = &r->buffers;
	tt_generation_init(&r->whole, r->mem, r->specs);
	r->cur = &r->candidates[0];
	r->next = &r->candidates[1];
	r->last_ns = INT64_MIN;
	tt_entry_init(&r->entry, r->mem);
	tt_synth_init(&r->synth, r->mem);
	tt_synth_init(&r->ends, r->mem);
	tt_bridges_init(&r->bridges, r->mem);
	tt_repair_writer_init(&r->writer, r->mem, reader->version);
	tt_put_header(r->header, reader->version);
	tt_error_clear(&r->err);
	tt_error_clear(&r->lost.why);
	r->lost.unknown_type = -1;
	*out = r;
	return TT_OK;
}

void tt_repair_free(struct tt_repair *r)
{
	if (r == NULL)
		return;
	tt_salvage_release(&r->next->salvage);
	tt_salvage_release(&r->cur->salvage);
	tt_pass_release(&r->pass);
	tt_order_release(&r->start);
	tt_order_release(&r->led);
	tt_pass_release(&r->probe);
	tt_batch_buffers_release(&r->buffers);
	tt_made_entries_release(&r->made, r->mem);
	tt_generation_release(&r->whole);
	tt_entry_release(&r->entry);
	tt_synth_release(&r->synth);
	tt_synth_release(&r->ends);
	tt_bridges_release(&r->bridges);
	TT_ARRAY_RELEASE(r->mem, &r->next_ps);
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

/* ---- numbers */

/* Whether the missing numbers before the generation can be given to empty generations: those
 * need clocks of their own. */
static bool can_fill(const struct tt_repair *r, const struct tt_generation *g, uint64_t nmissing)
{
	struct tt_clock ignored;

	return nmissing == 0 ||
	       (nmissing <= MAX_PLACEHOLDERS &&
		(!r->loader->rules.needs_clock ||
		 tt_clock_between(&r->clock.clock, &g->clock, 1, nmissing, &ignored)));
}

/* The number that a generation has to have here; 0: behind the last number of all there is
 * none. */
static uint64_t number_for(const struct tt_repair *r, const struct tt_generation *g)
{
	uint64_t next = r->last_number + 1;

	if (!r->any)
		return g->number != 0 ? g->number : 1;
	if (g->number <= r->last_number || next == 0)
		return next;
	return can_fill(r, g, tt_repair_missing_before(r, g->number)) ? g->number : next;
}

/* Empty generations with the numbers before that of `g`; how many. */
static uint64_t put_placeholders(struct tt_repair *r, const struct tt_generation *g)
{
	uint64_t nmissing = tt_repair_missing_before(r, g->number);

	for (uint64_t i = 1; i <= nmissing; i++) {
		struct tt_clock clock = r->clock.clock;

		if (r->loader->rules.needs_clock)
			tt_clock_between(&r->clock.clock, &g->clock, i, nmissing, &clock);
		tt_write_placeholder(&r->writer, &r->clock, &clock, r->last_number + i);
	}
	return nmissing;
}

/* ---- handing out */

static void keep_clock(struct tt_repair *r, const struct tt_generation *g)
{
	r->any = true;
	r->last_number = g->number;
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
	struct tt_repair_lost *lost = &r->lost;

	out->lost_nbytes += lost->nbytes;
	out->lost_events += lost->events;
	out->unread_nbytes += lost->unread_nbytes;
	if (lost->uncounted)
		out->flags |= TT_REPAIRED_LOST_MORE;
	if (out->unknown_type < 0)
		out->unknown_type = lost->unknown_type;
	if (out->why.code == TT_OK)
		out->why = lost->why;
	*lost = (struct tt_repair_lost){.unknown_type = -1};
	tt_error_clear(&lost->why);
}

/* What is said of any generation that is handed out. */
static void begin_report(struct tt_repair *r, struct tt_repaired *out, uint64_t number)
{
	const struct tt_candidate *c = r->cur;

	r->writer.out.len = 0;
	*out = (struct tt_repaired){
		.number = number,
		.offset = c->offset,
		.end = c->end,
		.unknown_type = -1,
		.made_events = r->synth.events.n + r->bridges.synth.events.n + r->ends.events.n,
		.why = c->why,
	};
}

/* All but its bytes is known: what was lost before it goes with it. */
static void finish_report(struct tt_repair *r, struct tt_repaired *out)
{
	const struct tt_generation *g = tt_candidate_gen(r, r->cur);

	if (out->missing_generations != 0)
		out->flags |= TT_REPAIRED_LOST_MORE;
	report_lost(r, out);
	keep_clock(r, g);
	tt_candidate_go_on(r);
}

/* Whether something is missing right before a generation. */
static bool lost_before(const struct tt_repair *r, const struct tt_repaired *out)
{
	return r->lost.nbytes != 0 || r->lost.uncounted || r->lost.events != 0 ||
	       out->missing_generations != 0 || r->synth.events.n != 0;
}

static int hand_out_whole(struct tt_repair *r, uint64_t nread, struct tt_repaired *out)
{
	struct tt_source *src = r->loader->src;
	const struct tt_candidate *c = r->cur;
	uint64_t at = tt_source_offset(src), nbytes = c->end - c->offset;
	const uint8_t *data;
	size_t avail;
	int rc;

	tt_source_seek(src, c->offset);
	rc = tt_source_peek(src, (size_t)nbytes, &data, &avail, &r->err);
	tt_source_seek(src, at);
	if (rc < 0 && avail < nbytes)
		return rc;
	begin_report(r, out, r->whole.number);
	out->whole = true;
	out->events = nread;
	tt_headers_count_odd(&r->whole, out);
	out->made_generations = out->missing_generations = put_placeholders(r, &r->whole);
	if (r->synth.events.n != 0) {
		out->made_entries = tt_made_entries_count(&r->made);
		/* what really led here is lost: nobody knows how many events that were */
		out->flags |= TT_REPAIRED_LOST_MORE;
		tt_write_lead(&r->writer, &r->made, &r->synth);
	}
	r->writer.lost |= lost_before(r, out);
	if (r->has_heap)
		out->made_entries += tt_write_lost_events(&r->writer, &r->whole, false);
	if (r->writer.enc.failed)
		return tt_repair_no_memory(r);
	out->front = (struct tt_str){(const char *)r->writer.out.data, r->writer.out.len};
	out->bytes = (struct tt_str){(const char *)data, (size_t)nbytes};
	finish_report(r, out);
	return TT_OK;
}

static unsigned flags_of(const struct tt_salvage *s)
{
	/* where one thing is missing others may be, of which nothing is left */
	bool more = s->uncounted || s->nkept != s->nevents || s->sync_damaged ||
		    tt_salvage_nmade_entries(s) != 0;

	return (more ? TT_REPAIRED_LOST_MORE : 0) |
	       (s->assumed_frequency ? TT_REPAIRED_FREQUENCY_ASSUMED : 0) |
	       (s->made_clock ? TT_REPAIRED_CLOCK_MADE : 0) |
	       (s->odd_thread ? TT_REPAIRED_ODD_THREAD : 0);
}

/* `number`: that of the generation in the input. */
static int hand_out_salvage(struct tt_repair *r, uint64_t number, struct tt_repaired *out)
{
	const struct tt_candidate *c = r->cur;
	const struct tt_salvage *s = &c->salvage;
	const struct tt_made_around around = {&r->synth, &r->ends};
	struct tt_written written;
	const char *at;
	size_t nfront;

	begin_report(r, out, s->gen.number);
	out->missing_generations = tt_repair_missing_before(r, number);
	out->made_generations = put_placeholders(r, &s->gen);
	nfront = r->writer.out.len;
	r->writer.lost |= lost_before(r, out);
	tt_write_salvage(&r->writer, s, &around, &written);
	if (r->writer.enc.failed)
		return tt_repair_no_memory(r);
	at = (const char *)r->writer.out.data;
	out->front = (struct tt_str){at, nfront};
	out->bytes = (struct tt_str){nfront == 0 ? at : at + nfront, r->writer.out.len - nfront};
	out->events = s->nread;
	out->doubted_events = s->ndoubted;
	out->doubted_batches = s->ndoubted_batches;
	out->doubted_offset = s->doubted_offset;
	out->lost_events = s->nevents - s->nkept - s->nunsure;
	out->unread_nbytes = s->unread_nbytes;
	out->unknown_type = s->unknown_type;
	out->made_entries = tt_salvage_nmade_entries(s) + written.says_lost;
	out->flags = flags_of(s) | (r->synth.events.n != 0 ? TT_REPAIRED_LOST_MORE : 0);
	out->flags |= s->bridged ? TT_REPAIRED_LOST_MORE : 0;
	written.nbytes_kept += s->ended;
	out->lost_nbytes = c->end - c->offset;
	out->lost_nbytes -= written.nbytes_kept < out->lost_nbytes ? written.nbytes_kept
								   : out->lost_nbytes;
	out->whole = written.same && (s->ended || !tt_version_has_end_marks(r->writer.version));
	if (s->last_ns > r->last_ns)
		r->last_ns = s->last_ns;
	finish_report(r, out);
	return TT_OK;
}

/* ---- whole generations */

/* Orders the candidate, which is whole, from `start` on: 0, or what it broke for in
 * r->pass.err. */
static int order_whole(struct tt_repair *r, const struct tt_order *start, uint64_t *nread)
{
	int64_t last_ns = r->last_ns;
	const struct tt_event *evs;
	unsigned n;
	int rc;

	*nread = r->whole.samples.n + 1;
	if (!tt_order_copy(&r->pass.order, start)) {
		r->pass.err.system = true;
		return tt_fail(&r->pass.err, tt_mem_code(r->mem), "no memory to repair a generation");
	}
	r->has_heap = false;
	tt_pass_take(&r->pass, &r->whole);
	rc = tt_pass_begin(&r->pass);
	while (rc == TT_OK) {
		rc = tt_pass_advance(&r->pass, &evs, &n);
		if (rc != TT_OK)
			break;
		*nread += n;
		r->has_heap |= evs[0].spec != NULL &&
			       evs[0].spec->experiment_id == TT_EXPERIMENT_ALLOC_FREE;
		if (evs[0].raw_time_ns > last_ns)
			last_ns = evs[0].raw_time_ns;
		for (unsigned i = 0; i < n && rc == TT_OK; i++)
			rc = tt_pass_check_ids(&r->pass, &evs[i]);
	}
	if (rc != TT_END)
		return rc;
	r->last_ns = last_ns;
	return TT_OK;
}

/* After events that lead there, if that is possible; else from the state as it is, again. */
static int order_better(struct tt_repair *r, uint64_t *nread, struct tt_error *why)
{
	int rc = tt_repair_lead(r, &r->made);

	if (rc < 0) {
		*why = r->err;
		return rc;
	}
	if (rc == TT_OK)
		rc = order_whole(r, &r->led, nread);
	if (rc != TT_OK) {
		r->synth.events.n = 0;
		rc = order_whole(r, &r->start, nread);
	}
	if (rc != TT_OK)
		*why = r->pass.err;
	return rc;
}

/* From the state as it is, or else after events that lead there. */
static int order_somehow(struct tt_repair *r, uint64_t *nread, struct tt_error *why)
{
	int rc = order_whole(r, &r->start, nread);

	if (rc == TT_OK)
		return tt_repair_tears_state(r, r->whole.number) ? order_better(r, nread, why) : rc;
	*why = r->pass.err;
	if (tt_repair_is_fatal(why))
		return rc;
	tt_pass_blame_cut(&r->pass, tt_source_offset(r->loader->src), why);
	rc = tt_repair_lead(r, &r->made);
	if (rc < 0) {
		*why = r->err;
		return rc;
	}
	if (rc == TT_OK)
		rc = order_whole(r, &r->led, nread);
	if (rc < 0 && tt_repair_is_fatal(&r->pass.err))
		*why = r->pass.err;
	return rc;
}

static int repair_whole(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_error why;
	uint64_t nread, offset;
	int rc = tt_candidate_unwrap(r, r->cur);

	if (rc < 0)
		return rc;
	tt_made_entries_release(&r->made, r->mem);
	tt_made_entries_begin(&r->made, &r->whole);
	if (number_for(r, &r->whole) != r->whole.number) {
		tt_fail(&why, TT_E_GENERATION_ORDER, "generations out of order");
		tt_error_at(&why, r->cur->offset);
		rc = tt_candidate_break_up(r, r->cur, &why);
		return rc < 0 ? rc : TT_REPAIR_GO_ON;
	}
	if (tt_headers_are_wrong(&r->whole, &offset)) {
		tt_fail(&why, TT_E_BATCH_HEADER, "the header of a batch has a wrong time or thread");
		tt_error_at(&why, offset);
		rc = tt_candidate_break_up(r, r->cur, &why);
		return rc < 0 ? rc : TT_REPAIR_GO_ON;
	}
	rc = order_somehow(r, &nread, &why);
	if (rc == TT_OK)
		return hand_out_whole(r, nread, out);
	r->synth.events.n = 0;
	if (tt_repair_is_fatal(&why)) {
		r->err = why;
		return -why.code;
	}
	if (!tt_order_copy(&r->pass.order, &r->start))
		return tt_repair_no_memory(r);
	rc = tt_candidate_break_up(r, r->cur, &why);
	return rc < 0 ? rc : TT_REPAIR_GO_ON;
}

/* ---- broken generations */

static bool keeps_nothing(const struct tt_salvage *s)
{
	return s->nkept == 0 && s->gen.experimental.n == 0 && s->gen.samples.n == 0;
}

static int give_up_number(struct tt_repair *r)
{
	tt_fail(&r->cur->why, TT_E_GENERATION_ORDER, "no number is left after generation %llu",
		(unsigned long long)r->last_number);
	tt_error_at(&r->cur->why, r->cur->offset);
	tt_candidate_give_up(r);
	return TT_REPAIR_GO_ON;
}

static int repair_broken(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_candidate *c = r->cur;
	struct tt_salvage *s = &c->salvage;
	struct tt_error why = c->why;
	uint64_t number;
	int rc = tt_candidate_prepare(r);

	if (rc != TT_OK)
		return rc;
	number = s->gen.number;
	s->gen.number = number_for(r, &s->gen);
	if (s->gen.number == 0)
		return give_up_number(r);
	rc = tt_trials_trim(r, number, &why);
	if (rc < 0)
		return rc;
	if (c->why.code == TT_OK)
		c->why = why;
	if (!keeps_nothing(s)) {
		rc = tt_salvage_find_lost_records(s, &r->err);
		if (rc == TT_OK)
			rc = tt_repair_close(r);
		return rc < 0 ? rc : hand_out_salvage(r, number, out);
	}
	if (!tt_order_copy(&r->pass.order, &r->start))
		return tt_repair_no_memory(r);
	tt_candidate_give_up(r);
	return TT_REPAIR_GO_ON;
}

/* ---- all of it */

/* 0 if something was handed out, TT_END, TT_REPAIR_GO_ON, or an error. */
static int try_next(struct tt_repair *r, struct tt_repaired *out)
{
	int rc = TT_OK;

	r->synth.events.n = r->ends.events.n = r->bridges.synth.events.n = 0;
	if (!r->cur->loaded)
		rc = tt_candidate_load(r, r->cur);
	if (rc == TT_OK && r->cur->none)
		return TT_END;
	while (rc == TT_OK && !r->cur->whole && !r->next->loaded) {
		rc = tt_candidate_load(r, r->next);
		if (rc == TT_OK)
			rc = tt_candidate_join(r);
	}
	if (rc != TT_OK)
		return rc;
	if (!tt_order_copy(&r->start, &r->pass.order))
		return tt_repair_no_memory(r);
	return r->cur->whole ? repair_whole(r, out) : repair_broken(r, out);
}

int tt_repair_next(struct tt_repair *r, struct tt_repaired *out)
{
	int rc = r->outcome;

	memset(out, 0, sizeof(*out));
	out->unknown_type = -1;
	tt_error_clear(&out->why);
	if (rc != TT_OK)
		return rc;
	do {
		rc = tt_version_is_v1(r->writer.version) ? tt_repair_next_v1(r, out)
							  : try_next(r, out);
	} while (rc == TT_REPAIR_GO_ON);
	if (rc != TT_OK)
		r->outcome = rc;
	if (rc != TT_END)
		return rc;
	report_lost(r, out);
	/* a reader ends a trace with a Sync */
	out->events = r->any;
	return rc;
}

bool tt_repair_made(const struct tt_repair *r, size_t i, struct tt_made_event *out)
{
	const struct tt_synth *all[] = {&r->synth, &r->bridges.synth, &r->ends};
	const struct tt_synth_event *ev;
	size_t k = 0;

	while (k < 3 && i >= all[k]->events.n)
		i -= all[k++]->events.n;
	if (k == 3)
		return false;
	ev = &all[k]->events.at[i];
	*out = (struct tt_made_event){
		.thread = ev->thread,
		.time_ticks = ev->ticks,
		.spec = tt_specs_event(r->specs, ev->type),
		.args = ev->args,
	};
	return true;
}
