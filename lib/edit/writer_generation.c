/* SPDX-License-Identifier: MIT */
/*
 * writer_generation.c - where a generation of the result begins, with its clock and its
 * ticks, and where it ends and is written. Stands on writer_stream.c and writer_tables.c.
 */
#include "edit/writer.h"

#include <errno.h>

#include "edit/made_texts.h"

void tt_writer_number(struct tt_writer *w, uint64_t number)
{
	/* without marks of their ends, generations follow one another if their numbers do */
	bool counts = w->number != 0 && !tt_version_has_end_marks(w->version);

	w->number = number > w->number && !counts ? number : w->number + 1;
	w->numbered = true;
}

/* The clocks at another moment of the same generation. */
static struct tt_clock clock_at(const struct tt_clock *from, int64_t time_ns)
{
	int64_t delta = tt_ns_sub(time_ns, from->trace_ns);
	uint64_t nsec = from->wall_nsec % TT_NS_PER_S;
	struct tt_clock clock = *from;

	clock.trace_ns = time_ns;
	clock.mono_ns = from->mono_ns + (uint64_t)delta;
	clock.wall_sec = from->wall_sec + from->wall_nsec / TT_NS_PER_S;
	if (delta < 0) {
		uint64_t back = (uint64_t)-delta;

		clock.wall_sec -= back / TT_NS_PER_S;
		if (nsec < back % TT_NS_PER_S) {
			clock.wall_sec--;
			nsec += TT_NS_PER_S;
		}
		clock.wall_nsec = nsec - back % TT_NS_PER_S;
		return clock;
	}
	nsec += (uint64_t)delta % TT_NS_PER_S;
	clock.wall_sec += (uint64_t)delta / TT_NS_PER_S + nsec / TT_NS_PER_S;
	clock.wall_nsec = nsec % TT_NS_PER_S;
	return clock;
}

/* A wall clock that begins at 1970 where the trace's time does. */
static struct tt_clock made_clock(int64_t time_ns)
{
	return (struct tt_clock){
		.trace_ns = time_ns,
		.mono_ns = (uint64_t)time_ns,
		.wall_sec = (uint64_t)time_ns / TT_NS_PER_S,
		.wall_nsec = (uint64_t)time_ns % TT_NS_PER_S,
	};
}

/* The ticks of the source, if its times are exact in them. */
static void set_ticks(struct tt_writer *w, const struct tt_generation *like)
{
	struct tt_tick_rate rate = {0};

	if (like != NULL && !like->v1)
		rate = tt_tick_rate(like->ns_per_tick);
	if (rate.whole_ns != 0)
		tt_writer_set_ticks(w, rate.whole_ns, like->frequency);
	else
		tt_writer_set_ticks(w, 1, TT_NS_PER_S);
}

void tt_writer_begin_trace(struct tt_writer *w)
{
	uint8_t header[TT_HEADER_SIZE];

	if (w->begun)
		return;
	tt_put_header(header, w->version);
	tt_encode_bytes(w->enc, header, sizeof(header));
	w->begun = true;
}

int tt_writer_open_generation(struct tt_writer *w, int64_t base_ns,
			      const struct tt_generation *like)
{
	bool has_clock = like != NULL && like->has_clock;

	tt_writer_begin_trace(w);
	w->open = true;
	if (!w->numbered)
		w->number++;
	w->numbered = false;
	w->progress.generations++;
	w->base_ns = w->last_ns = base_ns < 1 ? 1 : base_ns;
	set_ticks(w, like);
	if ((uint64_t)w->base_ns % w->ns_per_tick != 0)
		tt_writer_set_ticks(w, 1, TT_NS_PER_S);
	if (!has_clock)
		w->progress.made_clock |= tt_version_has_clock(w->version);
	w->clock = has_clock ? clock_at(&like->clock, w->base_ns) : made_clock(w->base_ns);
	w->has_written_clock = false;
	w->tables.gen.number = w->number;
	w->tables.gen.batches.n = 1; /* (it is not empty: order counts on that) */
	tt_order_begin_generation(&w->order, &w->tables.gen);
	w->tables.gen.batches.n = 0;
	return w->enc->failed ? -w->err.code : TT_OK;
}

bool tt_writer_has_no_event(const struct tt_writer *w)
{
	return w->open && w->progress.generations == 1 && w->streams.n == 0 && !w->held.any &&
	       !w->has_theft;
}

void tt_writer_use_clock(struct tt_writer *w, const struct tt_clock *clock)
{
	w->clock = clock_at(clock, w->base_ns);
}

static int64_t later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * Each snapshot is later than the one before, by all of its clocks. Generations read their
 * clocks apart, so that two which begin within some nanoseconds may lack a little of it: the
 * snapshot is then one of a later moment of the same generation.
 */
static void put_after_last_clock(struct tt_writer *w)
{
	const struct tt_clock *last = &w->last_clock;
	int64_t wall = (int64_t)((last->wall_sec - w->clock.wall_sec) * TT_NS_PER_S +
				 last->wall_nsec - w->clock.wall_nsec);
	int64_t lag = later_of(later_of(wall, (int64_t)(last->mono_ns - w->clock.mono_ns)),
			       tt_ns_sub(last->trace_ns, w->clock.trace_ns));
	uint64_t nticks;

	if (w->has_last_clock && lag >= 0 && lag <= TT_CLOCK_ERROR_NS) {
		nticks = (uint64_t)lag / w->ns_per_tick + 1;
		w->clock = clock_at(&w->clock, tt_ns_add(w->clock.trace_ns,
							 (int64_t)(nticks * w->ns_per_tick)));
	}
	w->last_clock = w->clock;
	w->has_last_clock = true;
}

void tt_writer_encode_clock(struct tt_writer *w)
{
	const struct tt_batch_head head = {
		.generation = w->number,
		.thread = TT_NONE,
		.time = tt_writer_ticks(w, w->base_ns),
	};
	struct tt_clock clock;

	if (w->has_written_clock)
		return;
	w->has_written_clock = true;
	put_after_last_clock(w);
	clock = w->clock;
	clock.trace_ticks = tt_writer_ticks(w, clock.trace_ns);
	tt_encode_begin(w->enc, &head);
	tt_encode_sync_at(w->enc, w->version, w->frequency, &clock, head.time);
}

/* The names of pauses that are open, in `kept`: their ends name them by their ids. */
static bool find_pauses(const struct tt_writer *w, struct tt_generation *kept,
			struct tt_made_texts *texts)
{
	const struct tt_order *o = &w->order;

	for (size_t i = 0; i < o->gs.n; i++) {
		const struct tt_open_scopes *e = o->gs.at[i].status == TT_G_GONE
							 ? NULL
							 : tt_order_scopes(o, o->gs.at[i].scopes);

		for (size_t r = 0; e != NULL && r < e->ranges.n; r++) {
			uint64_t id = e->ranges.at[r].kind;
			struct tt_str text;

			if (e->ranges.at[r].type == TT_EV_STW_BEGIN &&
			    tt_idmap_find(&kept->string_ids, id) == TT_IDMAP_NONE &&
			    tt_generation_string(&w->tables.gen, id, &text) &&
			    !tt_made_texts_add(texts, kept, id, text))
				return false;
		}
	}
	return true;
}

/* Clears the tables for the next generation, which gets the names of open pauses. */
static int turn_tables(struct tt_writer *w)
{
	struct tt_made_texts texts = {0};
	struct tt_generation kept;
	bool good;

	tt_generation_init(&kept, &w->mem, w->specs);
	good = find_pauses(w, &kept, &texts);
	tt_writer_tables_clear(w);
	for (size_t i = 0; good && i < kept.strings.n; i++)
		good = tt_writer_keep_string(w, &kept, kept.strings.at[i].id);
	w->tables.source = NULL;
	tt_made_texts_release(&texts, &w->mem);
	tt_generation_release(&kept);
	return good ? TT_OK : tt_writer_no_memory(w);
}

int tt_writer_close_generation(struct tt_writer *w)
{
	int rc;

	if (!w->open)
		return TT_OK;
	w->open = w->aligned = false;
	w->quick.source = NULL;
	tt_writer_encode_clock(w);
	tt_writer_encode_streams(w);
	tt_writer_encode_tables(w);
	tt_encode_end_mark(w->enc, w->version);
	tt_writer_clear_streams(w);
	rc = turn_tables(w);
	if (rc < 0)
		return rc;
	if (!w->enc->failed && w->sink.end_generation != NULL &&
	    !w->sink.end_generation(w->sink.arg))
		w->enc->failed = tt_fail_errno(&w->err, errno, "the trace cannot be written") < 0;
	return w->enc->failed ? -w->err.code : TT_OK;
}
