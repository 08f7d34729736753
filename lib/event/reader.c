/* SPDX-License-Identifier: MIT */
/*
 * reader.c - goes from generation to generation: a pass hands out the events of one, and
 * when they are used up the next one is loaded. Source of the sequence: Go's
 * internal/trace/reader.go, ReadEvent. Stands on pass.h and parallel.h.
 */
#include "event/reader.h"

#include <assert.h>

#include "base/error.h"
#include "event/parallel.h"

/* ---- what the reader is at */

unsigned tt_reader_version(const struct tt_reader *r)
{
	return r->version;
}

bool tt_reader_container(const struct tt_reader *r, size_t i, struct tt_container *out)
{
	return tt_source_container(r->src, i, out);
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

/* An error may be that of what follows a generation, which is at hand and whole. */
const struct tt_generation *tt_reader_broken_generation(const struct tt_reader *r)
{
	bool broken = r->phase == TT_PHASE_OVER && r->outcome < 0 && !tt_version_is_v1(r->version) &&
		      !r->gen->whole && r->gen->batches_read != 0;

	return broken ? r->gen : NULL;
}

struct tt_progress tt_reader_progress(const struct tt_reader *r)
{
	struct tt_progress p = {
		.events = r->phase == TT_PHASE_RUN ? tt_event_run_nevents(r->run) : r->pass.nevents,
		.generations = r->ngenerations,
		.nbytes = tt_source_offset(r->src),
	};

	tt_source_progress(r->src, &p.in_nbytes, &p.in_total);
	return p;
}

int64_t tt_reader_last_ns(const struct tt_reader *r)
{
	return r->phase == TT_PHASE_RUN ? r->run->last_ns : r->pass.last_ns;
}

bool tt_reader_waiting(struct tt_reader *r, size_t i, struct tt_waiting *out)
{
	return r->err.code == TT_E_STUCK && tt_pass_waiting(&r->pass, i, out);
}

bool tt_reader_resource_state(const struct tt_reader *r, enum tt_resource resource, size_t *at,
			      struct tt_resource_state *out)
{
	return r->err.code == TT_E_STUCK &&
	       tt_order_next_state(&r->pass.order, resource, at, out);
}

int tt_reader_finding(struct tt_reader *r, struct tt_error *out)
{
	/* they come at the end of the generation, which another thread is in */
	if (r->phase == TT_PHASE_RUN && r->run->is_ahead)
		return TT_END;
	return tt_findings_next(&r->pass, out);
}

/* ---- the end */

/* Ends the trace with r->outcome. */
static int end(struct tt_reader *r)
{
	tt_parallel_stop(r);
	r->phase = TT_PHASE_OVER;
	if (r->outcome < 0)
		r->err.event_index = r->pass.nevents;
	else
		tt_error_clear(&r->err);
	return r->outcome;
}

static int end_with_error(struct tt_reader *r, const struct tt_error *err)
{
	r->err = *err;
	r->outcome = -err->code;
	return end(r);
}

static int end_with_pass_error(struct tt_reader *r)
{
	struct tt_error err = r->pass.err;

	tt_pass_blame_cut(&r->pass, tt_source_offset(r->src), &err);
	return end_with_error(r, &err);
}

/* ---- loading a generation */

int tt_reader_take_embedded(struct tt_reader *r, struct tt_pass *p, struct tt_generation *gen,
			    bool *changed, struct tt_error *err)
{
	int rc;

	*changed = false;
	if ((r->options.flags & TT_OPEN_LIKE_GO) != 0)
		return TT_OK;
	tt_embedded_unwrap(&r->embedded, gen);
	rc = tt_embedded_add_specs(&r->embedded, gen, r->specs, changed, err);
	if (*changed)
		tt_pass_specs_changed(p);
	if (rc == TT_OK && (r->options.flags & TT_OPEN_TABLES) == 0)
		rc = tt_embedded_splice(&r->embedded, gen, &p->merge.cursors.plan, err);
	return rc;
}

static int take_embedded(struct tt_reader *r)
{
	bool changed;
	int rc;

	if (tt_generation_brings_specs(r->gen)) {
		tt_parallel_stop(r);
		r->no_workers = true;
	}
	rc = tt_reader_take_embedded(r, &r->pass, r->gen, &changed, &r->err);
	if (changed)
		tt_tables_specs_changed(&r->tables);
	return rc;
}

/* The same of format v1: there is one generation, and nothing comes with an error. */
static int load_v1(struct tt_reader *r)
{
	int rc;

	if (r->v1 != NULL)
		return r->outcome = TT_END;
	rc = tt_v1_load(&r->v1, r->src, r->gen, r->specs, r->version, &r->err);
	if (rc == TT_OK)
		rc = tt_tables_begin_generation(&r->tables, r->gen, &r->err);
	if (rc < 0) {
		if (!r->err.system)
			tt_error_at(&r->err, tt_source_offset(r->src));
		return r->outcome = rc;
	}
	r->ngenerations++;
	tt_pass_take(&r->pass, r->gen);
	r->pass.last_ns = INT64_MIN;
	r->phase = TT_PHASE_LOADED;
	return TT_OK;
}

/* Loads the next generation: 0, or the outcome is set and the last Sync is due. */
static int load(struct tt_reader *r)
{
	int rc = TT_OK;

	if (tt_version_is_v1(r->version))
		return load_v1(r);
	tt_pass_clear(&r->pass);
	tt_parallel_leave(r);
	if (!tt_parallel_load(r))
		rc = tt_loader_next(&r->loader, r->gen, &r->err);
	if (rc == TT_OK)
		rc = tt_findings_room(&r->pass, &r->err);
	if (rc == TT_OK)
		rc = take_embedded(r);
	if (rc == TT_OK)
		rc = tt_tables_begin_generation(&r->tables, r->gen, &r->err);
	if (rc != TT_OK) {
		r->outcome = rc;
		return rc;
	}
	r->ngenerations++;
	tt_pass_take(&r->pass, r->gen);
	tt_findings_loaded(&r->pass, &r->embedded, &r->tables);
	r->phase = TT_PHASE_LOADED;
	return TT_OK;
}

/* ---- from generation to generation */

void tt_reader_begin_alone(struct tt_reader *r)
{
	assert(r->phase == TT_PHASE_LOAD && r->skipped_any && !tt_is_speculative(&r->pass.order));
	tt_assumptions_init(&r->assumptions, &r->mem);
	tt_order_speculate(&r->pass.order, &r->assumptions);
	r->alone = true;
}

static int hand_out_sync(struct tt_reader *r, const struct tt_generation *gen, int64_t time_ns,
			 const struct tt_event **ev)
{
	r->sync = (struct tt_event){
		.raw_time_ns = time_ns,
		.thread = TT_NONE,
		.proc = TT_NONE,
		.goroutine = TT_NONE,
		.offset = gen == NULL ? tt_source_offset(r->src) : gen->offset,
		.generation = gen,
		.kind = TT_KIND_SYNC,
		.extra_ = ++r->nsyncs,
	};
	tt_pass_stamp(&r->pass, &r->sync);
	*ev = &r->sync;
	return TT_OK;
}

/* The Sync before an end or an error of loading. */
static int hand_out_final_sync(struct tt_reader *r, const struct tt_event **ev)
{
	r->phase = TT_PHASE_FINAL;
	return hand_out_sync(r, NULL, r->pass.last_ns, ev);
}

/* Takes up the loaded generation for ordering, and hands out its Sync. */
static int begin_generation(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->alone)
		tt_order_start_alone(&r->pass.order);
	else if (r->skipped_any)
		tt_order_reset(&r->pass.order);
	r->alone = false;
	r->skipped_any = false;
	if (r->run != NULL && !r->pass.briefs)
		tt_pass_set_briefs(&r->pass, true);
	if (tt_pass_begin(&r->pass) < 0)
		return end_with_error(r, &r->pass.err);
	r->phase = TT_PHASE_EVENTS;
	r->nevents_begun = r->pass.nevents + 1;
	hand_out_sync(r, r->gen, tt_generation_start_ns(r->gen), ev);
	if (r->run != NULL) {
		r->phase = TT_PHASE_RUN;
		tt_event_run_begin(r->run, r->options.threads > 1);
	}
	return TT_OK;
}

/* The Sync before the events of format v1, which Go leaves out if there are none. */
static int begin_v1(struct tt_reader *r, const struct tt_event **ev)
{
	int64_t start_ns;

	r->phase = TT_PHASE_V1;
	if (!tt_v1_start_ns(r->v1, &start_ns)) {
		r->pass.last_ns = -1;
		r->outcome = TT_END;
		return hand_out_final_sync(r, ev);
	}
	return hand_out_sync(r, r->gen, start_ns - 1, ev);
}

/* The next event of format v1; they were checked when they were loaded. */
static inline int next_v1(struct tt_reader *r, const struct tt_event **ev)
{
	struct tt_event *next;
	int rc = tt_v1_next(r->v1, &next, &r->err);

	if (tt_likely(rc == TT_OK)) {
		tt_pass_stamp(&r->pass, next);
		*ev = next;
		return TT_OK;
	}
	*ev = NULL;
	r->outcome = rc;
	return rc < 0 ? end(r) : hand_out_final_sync(r, ev);
}

/* Whatever comes when the current generation has no more events. */
static __attribute__((noinline)) int next_generation(struct tt_reader *r,
						     const struct tt_event **ev)
{
	assert((r->options.flags & TT_OPEN_TABLES) == 0);
	*ev = NULL;
	if (r->phase == TT_PHASE_FINAL || r->phase == TT_PHASE_OVER)
		return end(r);
	if (r->phase == TT_PHASE_V1)
		return next_v1(r, ev);
	if (r->phase == TT_PHASE_EVENTS || r->phase == TT_PHASE_RUN)
		tt_findings_end_generation(&r->pass);
	if (r->phase != TT_PHASE_LOADED && load(r) != TT_OK)
		return tt_version_is_v1(r->version) ? end(r) : hand_out_final_sync(r, ev);
	return tt_version_is_v1(r->version) ? begin_v1(r, ev) : begin_generation(r, ev);
}

/* ---- handing out */

/* The next event of the generation that tt_reader_next() hands out. */
static inline int next_event(struct tt_reader *r, const struct tt_event **ev)
{
	return r->kept == NULL ? tt_pass_next(&r->pass, ev) : tt_pass_next_kept(&r->pass, ev);
}

void tt_reader_begin_runs(struct tt_reader *r)
{
	if (r->run != NULL || r->no_run || r->kept != NULL || tt_version_is_v1(r->version))
		return;
	r->run = tt_event_run_new(&r->mem, &r->pass);
	r->no_run = r->run == NULL;
}

int tt_reader_next_without_pass(struct tt_reader *r, const struct tt_event **ev)
{
	/* (format v1 has no experiments) */
	if (r->phase == TT_PHASE_V1)
		return r->kept == NULL ? next_v1(r, ev) : tt_reader_next_sync(r, ev);
	if (r->phase == TT_PHASE_RUN) {
		int rc = tt_event_run_next(r->run, ev);

		if (rc != TT_END)
			return rc == TT_OK ? TT_OK : end_with_pass_error(r);
	}
	/* a caller who wants each event has no use for workers */
	tt_parallel_stop(r);
	if (r->phase == TT_PHASE_EVENTS && r->pass.err.code != TT_OK)
		return end_with_pass_error(r);
	return next_generation(r, ev);
}

int tt_reader_next(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->phase == TT_PHASE_EVENTS && next_event(r, ev) == TT_OK)
		return TT_OK;
	return tt_reader_next_without_pass(r, ev);
}

int tt_reader_next_sync(struct tt_reader *r, const struct tt_event **ev)
{
	int rc;

	*ev = NULL;
	if (r->phase == TT_PHASE_V1) {
		do {
			tt_v1_count(r->v1, &r->pass.nevents, &r->pass.last_ns);
			rc = next_v1(r, ev);
		} while (rc == TT_OK && r->phase == TT_PHASE_V1);
		return rc;
	}
	if (r->phase == TT_PHASE_RUN) {
		do {
			rc = tt_event_run_next(r->run, ev);
		} while (rc == TT_OK);
		*ev = NULL;
		if (rc != TT_END)
			return end_with_pass_error(r);
	}
	if (r->phase == TT_PHASE_EVENTS && !tt_parallel_commit(r) && tt_pass_drain(&r->pass) < 0)
		return end_with_pass_error(r);
	return next_generation(r, ev);
}

bool tt_reader_at_generation_end(const struct tt_reader *r)
{
	if (r->phase == TT_PHASE_V1)
		return tt_v1_done(r->v1);
	if (r->phase == TT_PHASE_RUN)
		return tt_event_run_done(r->run);
	return r->phase != TT_PHASE_EVENTS || tt_pass_done(&r->pass);
}

int tt_reader_next_generation(struct tt_reader *r, const struct tt_generation **g)
{
	*g = NULL;
	tt_parallel_stop(r);
	if (r->phase == TT_PHASE_FINAL || r->phase == TT_PHASE_OVER)
		return end(r);
	if (r->phase == TT_PHASE_RUN)
		tt_event_run_stop(r->run);
	r->skipped_any |= r->phase == TT_PHASE_LOADED || r->phase == TT_PHASE_EVENTS ||
			  r->phase == TT_PHASE_RUN;
	if (load(r) != TT_OK)
		return end(r);
	if (tt_version_is_v1(r->version)) {
		*g = r->gen;
		return TT_OK;
	}
	if ((r->options.flags & (TT_OPEN_TABLES | TT_OPEN_SKIM)) == 0)
		tt_findings_unordered(&r->pass);
	*g = r->gen;
	return TT_OK;
}

/* Whether generations may be passed over where the reader is. */
static bool can_pass(struct tt_reader *r)
{
	tt_parallel_stop(r);
	return r->phase != TT_PHASE_FINAL && r->phase != TT_PHASE_OVER &&
	       !tt_version_is_v1(r->version);
}

/* The loader has passed over some generations, and this is how many are before the next one. */
static void passed(struct tt_reader *r, uint64_t ngenerations)
{
	r->ngenerations = ngenerations;
	r->skipped_any = true;
	r->phase = TT_PHASE_LOAD;
	tt_pass_clear(&r->pass);
	tt_findings_passed(&r->pass, r->loader.number);
}

int tt_reader_pass_generation(struct tt_reader *r, uint64_t first, uint64_t last)
{
	int rc;

	if (!can_pass(r))
		return TT_END;
	rc = tt_loader_pass(&r->loader, first, last, &r->err);
	if (rc < 0) {
		r->outcome = rc;
		return end(r);
	}
	if (rc == TT_OK)
		passed(r, r->ngenerations + 1);
	return rc;
}

/* Whether another generation may be the next one; also after the end, or damage. */
static bool can_jump(struct tt_reader *r)
{
	tt_parallel_stop(r);
	return !r->err.system && !tt_version_is_v1(r->version);
}

int tt_reader_go_to_generation(struct tt_reader *r, uint64_t offset, uint64_t ordinal)
{
	if (!can_jump(r) ||
	    tt_loader_go_to(&r->loader, offset, ordinal) != TT_OK)
		return TT_END;
	passed(r, r->loader.ordinal);
	tt_error_clear(&r->err);
	return TT_OK;
}

int tt_reader_seek_generation(struct tt_reader *r, uint64_t offset)
{
	if (!can_jump(r))
		return TT_END;
	r->outcome = tt_loader_seek(&r->loader, offset);
	passed(r, r->loader.ordinal);
	if (r->outcome != TT_OK)
		return end(r);
	tt_error_clear(&r->err);
	return TT_OK;
}

int tt_reader_find_batch(struct tt_reader *r, uint64_t offset, struct tt_batch_place *place)
{
	struct tt_raw_batch b;

	*place = (struct tt_batch_place){0};
	if (!can_jump(r) || tt_loader_find_batch(&r->loader, offset, &b) != TT_OK)
		return TT_END;
	*place = (struct tt_batch_place){b.offset, b.generation, b.time};
	return TT_OK;
}

int tt_reader_skim_generation(struct tt_reader *r, const struct tt_generation **g)
{
	int rc;

	tt_parallel_stop(r);
	tt_batch_rules_pass_tables(&r->loader.rules, true);
	rc = tt_reader_next_generation(r, g);
	tt_batch_rules_pass_tables(&r->loader.rules, false);
	if (rc == TT_OK && r->phase == TT_PHASE_LOADED && !tt_version_is_v1(r->version)) {
		r->phase = TT_PHASE_LOAD;
		r->skipped_any = true;
	}
	return rc;
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
	if (tt_version_is_v1(r->version)) {
		r->outcome = TT_END;
		return end(r);
	}
	rc = tt_loader_resync(&r->loader, &broken, nbytes, &r->err);
	if (rc < 0) {
		r->outcome = rc;
		return end(r);
	}
	tt_order_reset(&r->pass.order);
	tt_findings_gap(&r->pass);
	r->skipped_any = false;
	r->outcome = rc;
	r->phase = rc == TT_END ? TT_PHASE_OVER : TT_PHASE_LOAD;
	tt_error_clear(&r->err);
	return rc;
}
