/* SPDX-License-Identifier: MIT */
/*
 * tables.c - files the batches of a generation: each kind of table has a handler,
 * chosen by the batch's first byte. Messages and the order of checks are those of
 * Go's internal/trace/generation.go.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gen/clock.h"
#include "gen/generation.h"
#include "wire/varint.h"

/* Walks the records of one batch. */
struct records {
	const struct tt_raw_batch *batch;
	const uint8_t *pos, *end;
	const uint8_t *record;  /* the current one's first byte */
	int code;               /* of a malformed record of this table */
	const char *what;       /* its name for people */
	struct tt_error *err;
};

static struct records records_of(const struct tt_raw_batch *batch, int code, const char *what,
				 struct tt_error *err)
{
	return (struct records){batch, batch->data, batch->data + batch->size, batch->data,
				code, what, err};
}

static uint64_t offset_at(const struct records *r, const uint8_t *p)
{
	return r->batch->data_offset + (uint64_t)(p - r->batch->data);
}

static int out_of_memory(struct tt_generation *g, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(g->mem),
		       "generation %" PRIu64 " needs more memory than there is", g->number);
}

/* Places an error that was just set at a byte of the batch. */
static int at(struct records *r, const uint8_t *p)
{
	r->err->offset = offset_at(r, p);
	return -r->err->code;
}

/* Takes a record's type byte, which must be `type`. */
static int take_type(struct records *r, uint8_t type, const char *expected)
{
	r->record = r->pos;
	if (*r->pos != type) {
		tt_fail(r->err, r->code, "expected %s event, got %d", expected, *r->pos);
		return at(r, r->record);
	}
	r->pos++;
	return TT_OK;
}

/* What a number that cannot be read is called in Go's messages. */
static const char *why_text(int why)
{
	return why == TT_VARINT_EMPTY ? "EOF"
	       : why == TT_VARINT_CUT ? "unexpected EOF"
				      : "binary: varint overflows a 64-bit integer";
}

/*
 * Takes a number. If it is missing altogether Go's error is a bare EOF, which its
 * tools take for the end of the trace: that has a code of its own.
 */
static int take(struct records *r, uint64_t *value)
{
	int n = tt_varint(r->pos, r->end, value);

	if (n > 0) {
		r->pos += n;
		return TT_OK;
	}
	if (n == TT_VARINT_EMPTY)
		tt_fail(r->err, TT_E_TABLE_CUT, "%s record lacks a number at the end of its batch",
			r->what);
	else
		tt_fail(r->err, r->code, "%s", why_text(n));
	return at(r, r->pos);
}

/* ---- strings */

bool tt_generation_add_string(struct tt_generation *g, uint64_t id, struct tt_str text)
{
	if (!TT_ARRAY_ROOM(g->mem, &g->strings) ||
	    !tt_idmap_add(&g->string_ids, id, (uint32_t)g->strings.n))
		return false;
	g->strings.at[g->strings.n++] = (struct tt_string_entry){id, text.data, text.len};
	return true;
}

static int add_string(struct tt_generation *g, struct records *r, uint64_t id, uint64_t len)
{
	uint32_t old = tt_idmap_find(&g->string_ids, id);
	const char *data = (const char *)r->pos;
	struct tt_string_entry none = {0, "", 0}, *same = &none;

	if (old != TT_IDMAP_NONE)
		same = &g->strings.at[old];
	if (old != TT_IDMAP_NONE || id == 0) {
		tt_fail(r->err, TT_E_STRING_DUPLICATE,
			"multiple strings with the same ID: id=%" PRIu64 ", new=%.*s, existing=%.*s",
			id, (int)len, data, (int)same->len, same->data);
		return at(r, r->record);
	}
	if (!tt_generation_add_string(g, id, (struct tt_str){data, (size_t)len}))
		return out_of_memory(g, r->err);
	r->pos += len;
	return TT_OK;
}

static int add_strings(struct tt_generation *g, const struct tt_raw_batch *batch,
		       struct tt_error *err)
{
	struct records r = records_of(batch, TT_E_STRING_RECORD, "string", err);
	uint64_t id, len;

	r.pos++;
	while (r.pos < r.end) {
		int rc = take_type(&r, TT_EV_STRING, "string");

		if (rc < 0 || (rc = take(&r, &id)) < 0 || (rc = take(&r, &len)) < 0)
			return rc;
		if (len > TT_STRING_MAX_SIZE) {
			tt_fail(err, TT_E_STRING_SIZE,
				"invalid string size %" PRIu64 ", maximum is %d", len,
				TT_STRING_MAX_SIZE);
			return at(&r, r.record);
		}
		if (len > (uint64_t)(r.end - r.pos)) {
			tt_fail(err, TT_E_STRING_RECORD,
				"failed to read full string: read %td but wanted %" PRIu64,
				r.end - r.pos, len);
			return at(&r, r.end);
		}
		rc = add_string(g, &r, id, len);
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

/* ---- stacks */

/* Go's words for the fields of a frame. */
static const char *const frame_fields[4] = {"PC", "funcID", "fileID", "line"};

static bool frames_equal(const struct tt_wire_frame *a, const struct tt_wire_frame *b)
{
	return a->func == b->func && a->file == b->file && a->line == b->line;
}

bool tt_generation_add_frame(struct tt_generation *g, const struct tt_wire_frame *frame,
			     uint64_t offset)
{
	uint32_t old = tt_idmap_find(&g->pcs, frame->pc);

	if (old != TT_IDMAP_NONE) {
		if (g->frame_conflict_offset == TT_UNKNOWN && !frames_equal(&g->frames.at[old], frame))
			g->frame_conflict_offset = offset;
		return true;
	}
	if (!TT_ARRAY_ROOM(g->mem, &g->frames) ||
	    !tt_idmap_add(&g->pcs, frame->pc, (uint32_t)g->frames.n))
		return false;
	g->frames.at[g->frames.n++] = *frame;
	return true;
}

static int add_frames(struct tt_generation *g, struct records *r, uint64_t id, uint64_t nframes)
{
	for (uint64_t i = 0; i < nframes; i++) {
		uint64_t field[4] = {0};
		struct tt_wire_frame frame;

		for (int f = 0; f < 4; f++) {
			int n = tt_varint(r->pos, r->end, &field[f]);

			if (n <= 0) {
				tt_fail(r->err, TT_E_STACK_RECORD,
					"reading frame %" PRIu64 "'s %s for stack %" PRIu64 ": %s",
					i + 1, frame_fields[f], id, why_text(n));
				return at(r, r->pos);
			}
			r->pos += n;
		}
		frame = (struct tt_wire_frame){field[0], field[1], field[2], field[3]};
		if (!tt_generation_add_frame(g, &frame, offset_at(r, r->record)))
			return out_of_memory(g, r->err);
	}
	return TT_OK;
}

/* Appends Go's text of a stack to the message: a line for each pc. */
static void say_stack(struct tt_error *err, const char *name, const struct tt_stack_entry *stack)
{
	const size_t size = sizeof(err->message);
	const uint8_t *p = stack->frames;
	size_t used = strlen(err->message);

	snprintf(err->message + used, size - used, ", %s=", name);
	for (uint32_t i = 0; i < stack->nframes; i++) {
		uint64_t pc = tt_varint_trusted(&p);

		for (int f = 1; f < 4; f++)
			tt_varint_trusted(&p);
		used = strlen(err->message);
		snprintf(err->message + used, size - used, "\t0x%" PRIx64 "\n", pc);
	}
}

static int duplicate_stack(const struct tt_generation *g, struct records *r,
			   const struct tt_stack_entry *stack)
{
	uint32_t old = tt_idmap_find(&g->stack_ids, stack->id);
	const struct tt_stack_entry none = {0, NULL, 0};

	tt_fail(r->err, TT_E_STACK_DUPLICATE, "multiple trace.stacks with the same ID: id=%" PRIu64,
		stack->id);
	say_stack(r->err, "new", stack);
	say_stack(r->err, "existing", old == TT_IDMAP_NONE ? &none : &g->stacks.at[old]);
	return at(r, r->record);
}

bool tt_generation_add_stack(struct tt_generation *g, const struct tt_stack_entry *stack)
{
	if (!TT_ARRAY_ROOM(g->mem, &g->stacks) ||
	    !tt_idmap_add(&g->stack_ids, stack->id, (uint32_t)g->stacks.n))
		return false;
	g->stacks.at[g->stacks.n++] = *stack;
	return true;
}

static int add_stack(struct tt_generation *g, struct records *r, uint64_t id, uint64_t nframes)
{
	const struct tt_stack_entry stack = {id, r->pos, (uint32_t)nframes};
	int rc = add_frames(g, r, id, nframes);

	if (rc < 0)
		return rc;
	if (id == 0 || tt_idmap_find(&g->stack_ids, id) != TT_IDMAP_NONE)
		return duplicate_stack(g, r, &stack);
	return tt_generation_add_stack(g, &stack) ? TT_OK : out_of_memory(g, r->err);
}

static int add_stacks(struct tt_generation *g, const struct tt_raw_batch *batch,
		      struct tt_error *err)
{
	struct records r = records_of(batch, TT_E_STACK_RECORD, "stack", err);
	uint64_t id, nframes;

	r.pos++;
	while (r.pos < r.end) {
		int rc = take_type(&r, TT_EV_STACK, "stack");

		if (rc < 0 || (rc = take(&r, &id)) < 0 || (rc = take(&r, &nframes)) < 0)
			return rc;
		if (nframes > TT_V2_MAX_FRAMES) {
			tt_fail(err, TT_E_STACK_SIZE, "invalid stack size %" PRIu64 ", maximum is %d",
				nframes, TT_V2_MAX_FRAMES);
			return at(&r, r.record);
		}
		rc = add_stack(g, &r, id, nframes);
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

/* ---- CPU samples */

static int add_samples(struct tt_generation *g, const struct tt_raw_batch *batch,
		       struct tt_error *err)
{
	struct records r = records_of(batch, TT_E_SAMPLE_RECORD, "CPU sample", err);

	r.pos++;
	while (r.pos < r.end) {
		uint64_t v[5] = {0}; /* time m p g stack */
		int rc = take_type(&r, TT_EV_CPU_SAMPLE, "CPU sample");

		for (int i = 0; i < 5 && rc == TT_OK; i++)
			rc = take(&r, &v[i]);
		if (rc < 0)
			return rc;
		if (!TT_ARRAY_ROOM(g->mem, &g->samples))
			return out_of_memory(g, err);
		/* ticks for now: the frequency may come later */
		g->samples.at[g->samples.n++] = (struct tt_sample){
			.time_ns = (int64_t)v[0],
			.thread = (int64_t)v[1],
			.proc = (int64_t)v[2],
			.goroutine = v[3] == 0 ? TT_NONE : (int64_t)v[3],
			.stack = v[4],
		};
	}
	return TT_OK;
}

/* ---- the clock */

static int add_frequency(struct tt_generation *g, struct records *r)
{
	uint64_t frequency;
	int rc;

	if (g->has_frequency) {
		tt_fail(r->err, TT_E_SYNC_DUPLICATE, "found multiple frequency events");
		return at(r, r->record);
	}
	rc = take(r, &frequency);
	if (rc < 0)
		return rc;
	g->has_frequency = true;
	g->frequency = frequency;
	g->ns_per_tick = tt_ns_per_tick(frequency);
	return TT_OK;
}

static int add_clock(struct tt_generation *g, struct records *r)
{
	uint64_t v[4]; /* dt mono sec nsec */

	if (g->has_clock) {
		tt_fail(r->err, TT_E_SYNC_DUPLICATE, "found multiple clock snapshot events");
		return at(r, r->record);
	}
	for (int i = 0; i < 4; i++) {
		int rc = take(r, &v[i]);

		if (rc < 0)
			return rc;
	}
	g->has_clock = true;
	g->clock = (struct tt_clock){
		.trace_ticks = r->batch->time + v[0],
		.mono_ns = v[1],
		.wall_sec = v[2],
		.wall_nsec = v[3],
	};
	return TT_OK;
}

static int add_sync(struct tt_generation *g, const struct tt_raw_batch *batch, struct tt_error *err)
{
	struct records r = records_of(batch, TT_E_SYNC_RECORD, "sync", err);
	bool has_clock = batch->first == TT_EV_SYNC; /* else there is no such type yet */

	if (has_clock)
		r.pos++;
	while (r.pos < r.end) {
		uint8_t type = *r.pos;
		int rc;

		r.record = r.pos++;
		if (type == TT_EV_FREQUENCY) {
			rc = add_frequency(g, &r);
		} else if (type == TT_EV_CLOCK_SNAPSHOT && has_clock) {
			rc = add_clock(g, &r);
		} else {
			tt_fail(err, TT_E_SYNC_RECORD,
				"expected frequency or clock snapshot event, got %d", type);
			rc = at(&r, r.record);
		}
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

/* ---- batches that are kept as they are */

static int add_experimental(struct tt_generation *g, const struct tt_raw_batch *batch,
			    struct tt_error *err)
{
	if (!TT_ARRAY_ROOM(g->mem, &g->experimental))
		return out_of_memory(g, err);
	g->experimental.at[g->experimental.n++] = (struct tt_batch){
		.kind = TT_BATCH_EXPERIMENT,
		.experiment = batch->experiment,
		.thread = batch->thread,
		.generation = batch->generation,
		.time_ticks = batch->time,
		.offset = batch->offset,
		.data_offset = batch->data_offset,
		.data = batch->data,
		.size = batch->size,
	};
	return TT_OK;
}

struct tt_thread_batches *tt_generation_thread(struct tt_generation *g, int64_t thread)
{
	uint32_t i = tt_idmap_find(&g->thread_ids, (uint64_t)thread);

	if (i != TT_IDMAP_NONE)
		return &g->threads.at[i];
	if (!TT_ARRAY_ROOM(g->mem, &g->threads) ||
	    !tt_idmap_add(&g->thread_ids, (uint64_t)thread, (uint32_t)g->threads.n))
		return NULL;
	g->threads.at[g->threads.n] = (struct tt_thread_batches){thread, TT_NO_BATCH, TT_NO_BATCH};
	return &g->threads.at[g->threads.n++];
}

static int add_events(struct tt_generation *g, const struct tt_raw_batch *batch,
		      struct tt_error *err)
{
	struct tt_thread_batches *thread = tt_generation_thread(g, batch->thread);
	uint32_t i = (uint32_t)g->batches.n;

	if (thread == NULL)
		return out_of_memory(g, err);
	/* an empty batch makes its thread known and nothing else */
	if (batch->size == 0)
		return TT_OK;
	if (i == TT_NO_BATCH || !TT_ARRAY_ROOM(g->mem, &g->batches))
		return out_of_memory(g, err);
	g->batches.at[g->batches.n++] = (struct tt_event_batch){
		.data = batch->data,
		.data_offset = batch->data_offset,
		.time = batch->time,
		.size = batch->size & 0xffffff,
		.header_nbytes = (batch->data_offset - batch->offset) & 0xff,
		.next = TT_NO_BATCH,
	};
	if (thread->first == TT_NO_BATCH)
		thread->first = i;
	else
		g->batches.at[thread->last].next = i;
	thread->last = i;
	return TT_OK;
}

static int misplaced_end(struct tt_generation *g, const struct tt_raw_batch *batch,
			 struct tt_error *err)
{
	(void)g;
	tt_fail(err, TT_E_GENERATION_MARK,
		"internal error: unexpectedly processing EndOfGeneration; broken trace?");
	err->offset = batch->data_offset;
	return -TT_E_GENERATION_MARK;
}

static int pass_table(struct tt_generation *g, const struct tt_raw_batch *batch,
		      struct tt_error *err)
{
	(void)g;
	(void)batch;
	(void)err;
	return TT_OK;
}

int tt_generation_add(struct tt_generation *g, const struct tt_batch_rules *rules,
		      const struct tt_raw_batch *batch, struct tt_error *err)
{
	int rc;

	g->batches_read++;
	if (g->min_time == 0 || batch->time < g->min_time)
		g->min_time = batch->time;
	/* (tables are written after the last event, on a busy machine long after it) */
	if (batch->time > g->max_time &&
	    (batch->size == 0 || rules->add[batch->first] != pass_table))
		g->max_time = batch->time;
	if (g->nother_times < TT_OTHER_TIMES && batch->size != 0 && batch->time != 0 &&
	    (batch->experiment != 0 || rules->add[batch->first] != add_events))
		g->other_times[g->nother_times++] = batch->time;
	if (batch->experiment != 0)
		rc = add_experimental(g, batch, err);
	else if (batch->size == 0)
		rc = add_events(g, batch, err);
	else
		rc = rules->add[batch->first](g, batch, err);
	if (rc < 0)
		tt_error_in_batch(err, batch->offset, batch->generation, batch->thread);
	return rc;
}

/* ---- which byte is which */

void tt_batch_rules_pass_tables(struct tt_batch_rules *rules, bool pass)
{
	rules->add[TT_EV_STRINGS] = pass ? pass_table : add_strings;
	rules->add[TT_EV_STACKS] = pass ? pass_table : add_stacks;
	rules->add[TT_EV_CPU_SAMPLES] = pass ? pass_table : add_samples;
}

void tt_batch_rules_init(struct tt_batch_rules *rules, unsigned version)
{
	for (size_t i = 0; i < 256; i++)
		rules->add[i] = add_events;
	rules->needs_clock = tt_version_has_clock(version);
	tt_batch_rules_pass_tables(rules, false);
	rules->add[TT_EV_END_OF_GENERATION] = misplaced_end;
	rules->sync = rules->needs_clock ? TT_EV_SYNC : TT_EV_FREQUENCY;
	rules->add[rules->sync] = add_sync;
}
