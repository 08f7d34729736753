/* SPDX-License-Identifier: MIT */
/* writer.c - the public calls of the writer, and where generations begin and end. Stands on
 * writer.h. */
#include "edit/writer_join.h"
#include "edit/writer_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

/* A generation of events that have none of their own ends after so many bytes. */
#define DEFAULT_GENERATION_NBYTES ((uint64_t)32 << 20)

/* ---- life */

/* What the encoder puts out goes to the sink. */
static bool put(void *arg, const void *data, size_t nbytes)
{
	struct tt_writer *w = arg;

	errno = 0;
	if (!w->sink.write(w->sink.arg, data, nbytes)) {
		tt_fail_errno(&w->err, errno, "the trace cannot be written");
		return false;
	}
	w->progress.nbytes += nbytes;
	return true;
}

static int read_options(struct tt_writer *w, const struct tt_writer_options *opt,
			struct tt_error *err)
{
	const struct tt_options defaults = {
		.size = sizeof(defaults),
		.max_memory_nbytes = opt == NULL ? 0 : opt->max_memory_nbytes,
	};
	struct tt_options checked;
	int rc = tt_options_read(&checked, &defaults, err);

	if (rc < 0)
		return rc;
	if (opt != NULL && opt->size != sizeof(*opt))
		return tt_fail(err, TT_E_ARGUMENT, "options of an invalid size %zu", opt->size);
	if (opt != NULL)
		w->options = *opt;
	w->mem.limit_nbytes = checked.max_memory_nbytes;
	w->version = w->options.version == 0 ? TT_LAST_VERSION : w->options.version;
	if ((w->options.flags & ~(unsigned)TT_WRITER_CONTINUES) != 0)
		return tt_fail(err, TT_E_ARGUMENT, "unknown flags 0x%x", w->options.flags);
	if (!tt_version_is_v2(w->version))
		return tt_fail(err, TT_E_ARGUMENT, "no trace has version 1.%u", w->version);
	w->specs = w->options.specs;
	if (w->specs == NULL) {
		rc = tt_specs_new(&w->own_specs, err);
		w->specs = w->own_specs;
	}
	return rc;
}

int tt_writer_new(struct tt_writer **out, const struct tt_sink *sink,
		  const struct tt_writer_options *opt, struct tt_error *err)
{
	struct tt_writer *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (w == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a writer");
	rc = read_options(w, opt, err);
	if (rc == TT_OK) {
		w->enc = malloc(sizeof(*w->enc));
		if (w->enc == NULL)
			rc = tt_fail(err, TT_E_MEMORY, "no memory for a writer");
	}
	if (rc < 0) {
		tt_specs_free(w->own_specs);
		free(w);
		return rc;
	}
	w->sink = *sink;
	w->following = true;
	w->past.stays = (w->options.flags & TT_WRITER_CONTINUES) != 0;
	w->given_ns = INT64_MIN;
	w->cut_ns = INT64_MAX;
	tt_writer_set_ticks(w, 1, TT_NS_PER_S);
	tt_encoder_init(w->enc, put, w);
	tt_order_init(&w->order, &w->mem, w->specs, w->version);
	tt_idmap_init(&w->thread_ids, &w->mem, tt_random_seed());
	tt_idmap_init(&w->embedded_ids, &w->mem, tt_random_seed());
	tt_writer_clear_streams(w);
	tt_writer_tables_init(w);
	tt_writer_past_init(w);
	tt_error_clear(&w->err);
	*out = w;
	return TT_OK;
}

void tt_writer_free(struct tt_writer *w)
{
	if (w == NULL)
		return;
	if (w->following || w->past.stays)
		tt_writer_past_release(w);
	tt_writer_run_release(w);
	tt_writer_end_alone(w);
	tt_writer_ended_free(w);
	tt_writer_release_streams(w);
	tt_order_release(&w->order);
	tt_writer_tables_release(w);
	tt_specs_free(w->learned);
	tt_specs_free(w->own_specs);
	free(w->enc);
	free(w);
}

int tt_writer_learn(struct tt_writer *w, struct tt_error *err)
{
	int rc = tt_specs_new_layer(&w->learned, w->specs, &w->mem, err);

	if (rc == TT_OK)
		w->specs = w->order.specs = w->past.order.specs = w->tables.gen.specs = w->learned;
	return rc;
}

const struct tt_error *tt_writer_error(const struct tt_writer *w)
{
	return &w->err;
}

struct tt_writer_progress tt_writer_progress(const struct tt_writer *w)
{
	struct tt_writer_progress progress = w->progress;

	progress.pending_nbytes = w->nbytes;
	return progress;
}

/* ---- generations */

/* A generation of the writer's own, before an event at `time_ns`. */
static int begin_own(struct tt_writer *w, const struct tt_event *ev)
{
	bool any = w->begun;
	int64_t last_ns = w->last_ns;
	int64_t base_ns = any && last_ns + 1 < ev->time_ns ? last_ns + 1 : ev->time_ns - 1;
	int rc = tt_writer_open_generation(w, base_ns, ev->generation);

	if (any && w->last_ns < last_ns)
		w->last_ns = last_ns;
	return rc == TT_OK && any ? tt_writer_restate_all(w) : rc;
}

/* How large a generation may get. */
static uint64_t most_nbytes(const struct tt_writer *w)
{
	if (w->options.max_generation_nbytes != 0)
		return w->options.max_generation_nbytes;
	return w->aligned ? UINT64_MAX : DEFAULT_GENERATION_NBYTES;
}

/* Whether the writer ends the generation after an event: the ids of strings that the caller
 * asks for are then those of the next one. */
static bool is_full(const struct tt_writer *w, const struct tt_event *ev)
{
	if (w->nbytes >= most_nbytes(w))
		return true;
	return w->options.max_generation_ns != 0 &&
	       tt_ns_sub(ev->time_ns, w->base_ns) >= (int64_t)w->options.max_generation_ns;
}

/* Events between which no generation can end. */
static bool is_divisible(const struct tt_writer *w)
{
	return !w->held.any && !w->has_theft;
}

/* Whether the writer may end the generation after an event. A source states goroutines that are
 * new, up to the end of its first generation; no other generation can. */
static bool may_divide(const struct tt_writer *w, const struct tt_event *ev)
{
	bool states_new = ev->generation != NULL && !ev->generation->v1 &&
			  ev->generation->ordinal == w->first_ordinal;

	return !states_new && is_divisible(w) && !tt_writer_is_world_stopped(w);
}

/* ---- a Sync */

static int take_sync(struct tt_writer *w, const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;
	int64_t last_ns;
	int rc;

	if (g == NULL)
		return TT_OK;
	rc = tt_writer_release_held(w);
	if (rc == TT_OK)
		rc = tt_writer_close_generation(w);
	last_ns = w->last_ns;
	tt_writer_number(w, g->number);
	if (rc == TT_OK)
		rc = tt_writer_open_generation(w, ev->time_ns, g);
	if (rc < 0)
		return rc;
	/* its own clock, if its time is exact in the ticks at hand */
	if (g->has_clock && g->clock.trace_ns >= w->base_ns) {
		w->clock = g->clock;
		if ((uint64_t)g->clock.trace_ns % w->ns_per_tick != 0)
			rc = tt_writer_use_ns(w);
	}
	if (ev->raw_time_ns != ev->time_ns)
		rc = tt_writer_use_ns(w);
	if (w->last_ns <= last_ns && w->progress.generations > 1)
		w->last_ns = last_ns + 1;
	w->aligned = true;
	if (rc == TT_OK && !tt_writer_copy_batches(w, g))
		rc = -w->err.code;
	return rc;
}

/* ---- the public calls */

/* Times grow, and can be written. */
static int check_time(struct tt_writer *w, const struct tt_event *ev)
{
	bool first = w->given_ns == INT64_MIN;

	if (!first && ev->time_ns <= w->given_ns)
		return tt_fail(&w->err, TT_E_TIME_ORDER,
			       "time %lld ns is not later than that of the event before, %lld ns",
			       (long long)ev->time_ns, (long long)w->given_ns);
	if (ev->time_ns < 2 && ev->spec != NULL)
		return tt_fail(&w->err, TT_E_TIME_ORDER, "a trace cannot hold the time %lld ns",
			       (long long)ev->time_ns);
	w->given_ns = ev->time_ns;
	return TT_OK;
}

/* The first event that is not followed: the result begins. */
static int begin_writing(struct tt_writer *w, const struct tt_event *ev)
{
	int rc = TT_OK;

	if (!w->following)
		return TT_OK;
	if (w->past.any)
		rc = tt_writer_restate_past(w, ev);
	else if (!w->past.stays)
		tt_writer_past_release(w);
	w->following = false;
	/* (what was planned for the past was planned by the specs that it has) */
	memset(w->plans, 0, sizeof(w->plans));
	return rc;
}

static int follow_sync(struct tt_writer *w, const struct tt_event *ev)
{
	if (ev->time_ns > w->past.last_ns)
		w->past.last_ns = ev->time_ns;
	return tt_writer_past_generation(w, ev->generation);
}

/* What is written belongs to the past of the next trace. */
static int extend_past(struct tt_writer *w, const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_SYNC)
		return follow_sync(w, ev);
	w->past.last_ns = ev->time_ns;
	if (!w->past.any && ev->generation != NULL) {
		int rc = tt_writer_past_generation(w, ev->generation);

		if (rc < 0)
			return rc;
	}
	return w->past.any ? tt_writer_take_past(w, ev) : TT_OK;
}

int tt_writer_prepare(struct tt_writer *w, const struct tt_event *ev, bool inside)
{
	int rc = -w->err.code;

	if (rc != TT_OK)
		return rc;
	if (w->first_ordinal == 0 && ev->generation != NULL)
		w->first_ordinal = ev->generation->ordinal;
	if (!inside)
		return w->past.any || ev->generation == NULL
			       ? TT_OK
			       : tt_writer_past_generation(w, ev->generation);
	rc = begin_writing(w, ev);
	return rc == TT_OK && !w->open ? begin_own(w, ev) : rc;
}

void tt_writer_begin_at(struct tt_writer *w, int64_t time_ns)
{
	w->cut_ns = time_ns;
}

int tt_writer_follow_slowly(struct tt_writer *w, const struct tt_event *ev)
{
	int rc = -w->err.code;

	if (rc != TT_OK)
		return rc;
	if (!w->following)
		return tt_fail(&w->err, TT_E_ARGUMENT,
			       "an event is followed after the first one that was written");
	if (ev->kind == TT_KIND_SYNC)
		return ev->generation == NULL ? TT_OK : follow_sync(w, ev);
	rc = check_time(w, ev);
	if (rc == TT_OK)
		rc = tt_writer_prepare(w, ev, false);
	w->past.last_ns = ev->time_ns;
	return rc < 0 ? rc : tt_writer_take(w, ev);
}

/* Any event, with all that may have to be done before it. */
static int take_event(struct tt_writer *w, const struct tt_event *ev)
{
	bool sync = ev->kind == TT_KIND_SYNC;
	int rc = -w->err.code;

	if (rc != TT_OK || (sync && ev->generation == NULL))
		return rc;
	rc = check_time(w, ev);
	if (rc == TT_OK && sync)
		rc = begin_writing(w, ev);
	else if (rc == TT_OK)
		rc = tt_writer_prepare(w, ev, true);
	if (rc == TT_OK)
		rc = sync ? take_sync(w, ev) : tt_writer_take(w, ev);
	return rc;
}

/* Says of which events the next ones may take the short way. */
static void find_quick(struct tt_writer *w)
{
	const struct tt_writer_tables *t = &w->tables;
	struct tt_writer_quick *quick = &w->quick;
	bool ready = w->open && !w->following && is_divisible(w) && w->last_ns >= w->given_ns;

	quick->source = ready ? t->source : NULL;
	quick->ordinal = t->source_ordinal;
	quick->reader = t->source_reader;
}

int tt_writer_event_slowly(struct tt_writer *w, const struct tt_event *ev, int rc)
{
	bool sync = ev->kind == TT_KIND_SYNC;

	if (rc == TT_END)
		rc = take_event(w, ev);
	if (rc == TT_OK && w->past.stays && !(sync && ev->generation == NULL))
		rc = extend_past(w, ev);
	if (rc == TT_OK && !sync && is_full(w, ev) && may_divide(w, ev))
		rc = tt_writer_close_generation(w);
	find_quick(w);
	w->full_nbytes = w->past.stays || w->options.max_generation_ns != 0 ? 0 : most_nbytes(w);
	return rc;
}

int tt_writer_batch(struct tt_writer *w, const struct tt_batch *batch)
{
	const struct tt_kept_batch b = {batch->experiment, batch->thread, w->base_ns,
					batch->data, batch->size};

	if (w->err.code != TT_OK)
		return -w->err.code;
	if (batch->experiment == 0 || batch->experiment > UINT8_MAX)
		return tt_fail(&w->err, TT_E_ARGUMENT, "there is no experiment %u",
			       batch->experiment);
	return tt_writer_embed_batch(w, &b) ? TT_OK : -w->err.code;
}

int tt_writer_string(struct tt_writer *w, struct tt_str text, uint64_t *id)
{
	int rc = -w->err.code;

	*id = 0;
	if (rc != TT_OK)
		return rc;
	if (text.len > TT_STRING_MAX_SIZE)
		return tt_fail(&w->err, TT_E_STRING_SIZE, "a string of %zu bytes: at most %d fit",
			       text.len, TT_STRING_MAX_SIZE);
	return tt_writer_add_text(w, text, id) ? TT_OK : tt_writer_no_memory(w);
}

int tt_writer_stack(struct tt_writer *w, const struct tt_frame *frames, size_t nframes,
		    uint64_t *id)
{
	struct tt_wire_frame to[TT_V2_MAX_FRAMES];
	int rc = -w->err.code;

	*id = 0;
	if (rc != TT_OK)
		return rc;
	if (nframes > TT_V2_MAX_FRAMES)
		return tt_fail(&w->err, TT_E_STACK_SIZE, "a stack of %zu frames: at most %d fit",
			       nframes, TT_V2_MAX_FRAMES);
	for (size_t i = 0; i < nframes; i++) {
		to[i].pc = frames[i].pc;
		to[i].line = frames[i].line;
		rc = tt_writer_string(w, frames[i].func, &to[i].func);
		if (rc == TT_OK)
			rc = tt_writer_string(w, frames[i].file, &to[i].file);
		if (rc < 0)
			return rc;
	}
	return tt_writer_add_frames(w, to, nframes, id) ? TT_OK : tt_writer_no_memory(w);
}

int tt_writer_next_generation(struct tt_writer *w)
{
	int rc = -w->err.code;

	if (rc != TT_OK)
		return rc;
	rc = tt_writer_release_all(w);
	if (rc == TT_OK && tt_writer_is_world_stopped(w))
		return tt_fail(&w->err, TT_E_ARGUMENT,
			       "a generation cannot end while the world is stopped");
	return rc < 0 ? rc : tt_writer_close_generation(w);
}

/* Nothing was written: the result is the state that was followed. */
static int restate_alone(struct tt_writer *w)
{
	const struct tt_event end = {
		.kind = TT_KIND_SYNC,
		.time_ns = w->past.last_ns == INT64_MIN ? 2 : w->past.last_ns + 1,
	};

	return tt_writer_restate_past(w, &end);
}

int tt_writer_finish(struct tt_writer *w)
{
	int rc = w->err.system ? -w->err.code : TT_OK;
	struct tt_error refused = w->err;

	if (rc != TT_OK)
		return rc;
	if (refused.code == TT_OK)
		rc = tt_writer_release_all(w);
	if (rc == TT_OK && refused.code == TT_OK && w->following && w->past.any)
		rc = restate_alone(w);
	if (rc < 0 && w->err.system)
		return rc;
	refused = w->err;
	tt_error_clear(&w->err);
	tt_writer_begin_trace(w);
	rc = tt_writer_close_generation(w);
	if (w->enc->failed)
		return -w->err.code;
	if (refused.code != TT_OK)
		w->err = refused;
	return rc;
}

int tt_writer_next_trace(struct tt_writer *w, const struct tt_sink *sink)
{
	int rc = tt_writer_finish(w);

	if (rc < 0 || w->err.code != TT_OK)
		return -w->err.code;
	if (!w->past.stays)
		return tt_fail(&w->err, TT_E_ARGUMENT,
			       "another trace follows without TT_WRITER_CONTINUES");
	tt_order_reset(&w->order);
	w->sink = *sink;
	w->following = true;
	w->begun = w->numbered = w->has_last_clock = false;
	w->number = 0;
	w->cut_ns = INT64_MIN;
	memset(&w->progress, 0, sizeof(w->progress));
	return TT_OK;
}
