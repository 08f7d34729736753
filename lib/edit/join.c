/* SPDX-License-Identifier: MIT */
/*
 * join.c - pieces of one recording, one after the other, as one trace. What a piece repeats of
 * those before it, and what it restates, is known by its time. Where something is missing
 * between two pieces, events are made up that lead from the end of one to what the other
 * requires. Stands on writer.h and synth.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "edit/synth.h"
#include "edit/writer.h"

/* Less code of the program than this says nothing about which program it is. */
#define MIN_CODE 16
/* A recording that goes on has a generation each second. */
#define MAX_SILENCE_NS INT64_C(2000000000)
/* Clocks of one machine differ by less from piece to piece. */
#define MAX_CLOCK_NS INT64_C(10000000000)

struct tt_join {
	struct tt_writer *w;
	struct tt_mem *mem;
	struct tt_join_progress progress;
	int64_t last_ns;        /* of the event written last, or INT64_MIN */
	uint64_t last_number;   /* of the generation written last */
	unsigned nsources;

	/* the source at hand */
	bool entered;           /* an event of it was written */
	bool has_sync;          /* the Sync of its generation is still to be written: */
	struct tt_event sync;

	/* which program it is: from pc to a hash of the function */
	struct tt_idmap code;
	TT_ARRAY(uint64_t) functions;
	bool has_clock;
	int64_t wall_offset_ns; /* between the wall clock and the trace's */

	/* from the end of a piece to the start of the next one */
	struct tt_order led;
	struct tt_pass probe;
	struct tt_batch_buffers buffers;
	struct tt_entry entry;
	struct tt_synth synth;
	const struct tt_generation *strings_of;
};

int tt_join_new(struct tt_join **out, struct tt_writer *writer, struct tt_error *err)
{
	struct tt_join *j = calloc(1, sizeof(*j));

	*out = j;
	if (j == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory to join traces");
	j->w = writer;
	j->mem = &writer->mem;
	j->last_ns = INT64_MIN;
	tt_idmap_init(&j->code, j->mem, tt_random_seed());
	tt_order_init(&j->led, j->mem, writer->specs, writer->version);
	tt_pass_init(&j->probe, j->mem, writer->specs, writer->version);
	j->buffers.mem = j->mem;
	j->probe.merge.cursors.buffers = &j->buffers;
	tt_entry_init(&j->entry, j->mem);
	tt_synth_init(&j->synth, j->mem);
	return TT_OK;
}

void tt_join_free(struct tt_join *j)
{
	if (j == NULL)
		return;
	tt_idmap_release(&j->code);
	TT_ARRAY_RELEASE(j->mem, &j->functions);
	tt_order_release(&j->led);
	tt_pass_release(&j->probe);
	tt_batch_buffers_release(&j->buffers);
	tt_entry_release(&j->entry);
	tt_synth_release(&j->synth);
	free(j);
}

struct tt_join_progress tt_join_progress(const struct tt_join *j)
{
	return j->progress;
}

void tt_join_begin(struct tt_join *j)
{
	j->nsources++;
	j->entered = j->has_sync = false;
	/* (the generations of another reader may be where those of the last one were) */
	j->w->tables.source = NULL;
}

/* ---- whether it is the same program */

static uint64_t function_of(const struct tt_generation *g, const struct tt_wire_frame *frame)
{
	struct tt_str name = {"", 0};

	tt_generation_string(g, frame->func, &name);
	return tt_hash_bytes(frame->line, name.data, name.len);
}

static bool remember_code(struct tt_join *j, const struct tt_generation *g)
{
	for (size_t i = 0; i < g->frames.n; i++) {
		const struct tt_wire_frame *frame = &g->frames.at[i];

		if (tt_idmap_find(&j->code, frame->pc) != TT_IDMAP_NONE)
			continue;
		if (!TT_ARRAY_ROOM(j->mem, &j->functions) ||
		    !tt_idmap_add(&j->code, frame->pc, (uint32_t)j->functions.n))
			return false;
		j->functions.at[j->functions.n++] = function_of(g, frame);
	}
	return true;
}

/* Mostly other code at the same places, or no code at the same places. (Of functions that are
 * inlined at one place, a generation shows whichever comes first.) */
static bool is_other_code(const struct tt_join *j, const struct tt_generation *g,
			  bool may_be_other)
{
	size_t same = 0, other = 0;

	for (size_t i = 0; i < g->frames.n; i++) {
		uint32_t known = tt_idmap_find(&j->code, g->frames.at[i].pc);

		if (known == TT_IDMAP_NONE)
			continue;
		if (j->functions.at[known] == function_of(g, &g->frames.at[i]))
			same++;
		else
			other++;
	}
	return other > same || (same == 0 && may_be_other && g->frames.n >= MIN_CODE &&
				j->functions.n >= MIN_CODE);
}

static int64_t wall_offset(const struct tt_clock *c)
{
	return tt_ns_sub((int64_t)(c->wall_sec * UINT64_C(1000000000) + c->wall_nsec), c->trace_ns);
}

static bool is_other_clock(const struct tt_join *j, const struct tt_generation *g)
{
	int64_t difference;

	if (!j->has_clock || !g->has_clock)
		return false;
	difference = tt_ns_sub(wall_offset(&g->clock), j->wall_offset_ns);
	return difference > MAX_CLOCK_NS || difference < -MAX_CLOCK_NS;
}

static int refuse(struct tt_join *j, const char *why)
{
	return tt_fail(&j->w->err, TT_E_ARGUMENT,
		       "this is no piece of the same recording: %s; to see several programs "
		       "together, export them", why);
}

/* The first generation of a further source. */
static int check_source(struct tt_join *j, const struct tt_generation *g)
{
	int64_t silence = tt_ns_sub(tt_generation_start_ns(g), j->last_ns);
	bool goes_on = g->number <= j->last_number + 1 && silence < MAX_SILENCE_NS;

	if (is_other_code(j, g, !goes_on))
		return refuse(j, "its code is another program's");
	if (is_other_clock(j, g))
		return refuse(j, "its clock is that of another machine or of another start");
	if (g->number < j->last_number && tt_generation_start_ns(g) > j->last_ns)
		return refuse(j, "its generations are numbered anew");
	return TT_OK;
}

/* ---- from one source to the next */

static bool id_of_text(void *arg, struct tt_str text, uint64_t *id)
{
	const struct tt_generation *g = ((struct tt_join *)arg)->strings_of;

	for (size_t i = 0; i < g->strings.n; i++) {
		*id = g->strings.at[i].id;
		if (g->strings.at[i].len == text.len &&
		    memcmp(g->strings.at[i].data, text.data, text.len) == 0)
			return true;
	}
	*id = 0;
	return text.len == 0;
}

static bool define_id(void *arg, uint64_t id)
{
	const struct tt_generation *g = ((struct tt_join *)arg)->strings_of;

	return id == 0 || tt_idmap_find(&g->string_ids, id) != TT_IDMAP_NONE;
}

/* The events that lead to what the generation requires, in j->synth. */
static int find_way(struct tt_join *j, const struct tt_generation *g)
{
	const struct tt_synth_start start = {
		.order = &j->led,
		.last_ns = j->last_ns,
		.strings = {j, id_of_text, define_id},
	};

	j->strings_of = g;
	j->synth.events.n = 0;
	if (!tt_entry_find(&j->entry, &j->probe, g, &j->w->order) ||
	    !tt_order_copy(&j->led, &j->w->order))
		return tt_writer_no_memory(j->w);
	tt_order_begin_generation(&j->led, g);
	if (tt_synth_build(&j->synth, &start, &j->entry))
		return TT_OK;
	if (j->synth.no_memory)
		return tt_writer_no_memory(j->w);
	return tt_fail(&j->w->err, TT_E_STUCK,
		       "no events lead from the end of the piece before to generation %" PRIu64,
		       g->number);
}

static int write_way(struct tt_join *j, const struct tt_generation *g)
{
	int rc = TT_OK;

	for (size_t i = 0; rc == TT_OK && i < j->synth.events.n; i++) {
		const struct tt_synth_event *made = &j->synth.events.at[i];
		const struct tt_event ev = {
			.thread = made->thread,
			.proc = TT_NONE,
			.goroutine = TT_NONE,
			.spec = tt_specs_event(j->w->specs, made->type),
			.args = made->args,
			.generation = g,
		};

		rc = tt_writer_insert(j->w, &ev);
		j->progress.made++;
	}
	return rc;
}

/* Its first generation that is not known yet. */
static int enter_source(struct tt_join *j)
{
	const struct tt_generation *g = j->sync.generation;
	bool gap = g->number != j->last_number + 1;
	int rc = find_way(j, g);

	if (rc == TT_OK)
		rc = tt_writer_event(j->w, &j->sync);
	if (rc == TT_OK)
		rc = write_way(j, g);
	if (gap || j->synth.events.n != 0) {
		j->progress.gaps++;
		j->progress.gap_ns += tt_ns_sub(j->sync.time_ns, j->last_ns);
	}
	return rc;
}

/* The generation of the next event, if that begins with it. */
static int write_sync(struct tt_join *j)
{
	const struct tt_generation *g = j->sync.generation;
	int rc;

	j->has_sync = false;
	/* the generation in which the piece before ends goes on */
	if (j->nsources > 1 && !j->entered && g->number == j->last_number && j->w->open &&
	    j->sync.time_ns <= j->last_ns)
		return TT_OK;
	/* a reader's Sync is never earlier than the event before it */
	if (j->last_ns != INT64_MIN && j->sync.time_ns <= j->last_ns)
		j->sync.time_ns = j->last_ns + 1;
	if (j->nsources > 1 && !j->entered)
		rc = enter_source(j);
	else
		rc = tt_writer_event(j->w, &j->sync);
	j->last_number = g->number;
	j->last_ns = j->sync.time_ns;
	return rc;
}

static int see_sync(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;

	if (g == NULL)
		return TT_OK;
	j->sync = *ev;
	j->has_sync = true;
	if (j->nsources == 1 && !j->has_clock && g->has_clock) {
		j->has_clock = true;
		j->wall_offset_ns = wall_offset(&g->clock);
	}
	if (j->nsources > 1 && !j->entered) {
		int rc = check_source(j, g);

		if (rc < 0)
			return rc;
	}
	if (!remember_code(j, g))
		return tt_writer_no_memory(j->w);
	return j->nsources == 1 || j->entered ? write_sync(j) : TT_OK;
}

/* Whether the pieces before have the event. What they have of the generation in which the last
 * one ends goes up to a time; of a later one they have nothing, whatever times say. */
static bool is_known(const struct tt_join *j, const struct tt_event *ev)
{
	if (j->nsources == 1 || j->entered || ev->generation->number > j->last_number)
		return false;
	return ev->generation->number < j->last_number || ev->time_ns <= j->last_ns;
}

int tt_join_event(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_event later = *ev;
	int rc = TT_OK;

	if (ev->kind == TT_KIND_SYNC)
		return see_sync(j, ev);
	if (is_known(j, ev)) {
		j->progress.repeated++;
		return TT_OK;
	}
	if (j->has_sync)
		rc = write_sync(j);
	j->entered = true;
	/* as a reader of all has it, which knows what came before */
	if (later.time_ns <= j->last_ns)
		later.time_ns = j->last_ns + 1;
	if (rc == TT_OK)
		rc = tt_writer_event(j->w, &later);
	j->last_ns = later.time_ns;
	return rc;
}
