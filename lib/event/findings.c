/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what the reader sees and passes over, because Go's reader does.
 * Each code once a generation: a trace that has one has it a thousand times.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "event/reader.h"

/* Findings that nobody asks for are dropped from here on. */
#define MAX_NOTES 4096
/* More than there are codes: so many come of one generation at most. */
#define NOTES_A_GENERATION 20

static bool noted(const struct tt_reader *r, int code)
{
	return (r->codes_noted[code / 64] >> (code % 64) & 1) != 0;
}

int tt_findings_room(struct tt_reader *r, struct tt_error *err)
{
	if (tt_mem_grow(&r->mem, &r->notes.at, &r->notes.cap, r->notes.n + NOTES_A_GENERATION,
			sizeof(*r->notes.at)) &&
	    TT_ARRAY_ROOM(&r->mem, &r->words))
		return TT_OK;
	return tt_fail(err, tt_mem_code(&r->mem), "no memory for findings");
}

/* Notes a code of the current generation; *note is the caller's to fill in, or NULL. */
static struct tt_finding *note(struct tt_reader *r, int code)
{
	struct tt_finding *n;

	if (noted(r, code) || r->notes.n - r->next_note >= MAX_NOTES)
		return NULL;
	assert(r->notes.n < r->notes.cap);
	r->codes_noted[code / 64] |= UINT64_C(1) << (code % 64);
	n = &r->notes.at[r->notes.n++];
	*n = (struct tt_finding){
		.code = code,
		.event_type = -1,
		.offset = r->gen->offset,
		.generation = r->gen->number,
		.event_index = r->nevents,
		.thread = TT_NONE,
	};
	return n;
}

static void note_at_event(struct tt_reader *r, int code, const struct tt_event *ev, uint64_t number)
{
	struct tt_finding *n = note(r, code);

	if (n == NULL)
		return;
	n->event_type = ev->spec->type;
	n->offset = ev->offset;
	n->event_index = r->nevents - 1;
	n->thread = ev->thread;
	n->number = number;
}

void tt_findings_adopt(struct tt_reader *r, const struct tt_reader *from)
{
	for (size_t i = 0; i < from->notes.n; i++) {
		struct tt_finding *n = note(r, from->notes.at[i].code);

		if (n == NULL)
			continue;
		*n = from->notes.at[i];
		n->event_index += r->nevents;
	}
	for (size_t i = 0; i < 4; i++)
		r->experiments_seen[i] |= from->experiments_seen[i];
}

/* ---- a generation that was loaded */

static void note_number(struct tt_reader *r)
{
	struct tt_finding *n;

	if (r->has_previous && r->gen->number != r->previous_number + 1) {
		n = note(r, TT_W_GENERATION_NUMBER);
		if (n != NULL)
			n->number = r->previous_number;
	}
	r->previous_number = r->gen->number;
	r->has_previous = true;
}

/* The three clocks of a snapshot grow from one generation to the next. */
static void note_clock(struct tt_reader *r)
{
	const struct tt_clock *now = &r->gen->clock, *then = &r->previous_clock;

	if (!r->gen->has_clock)
		return;
	if (r->has_previous_clock &&
	    (now->trace_ticks <= then->trace_ticks || now->mono_ns <= then->mono_ns ||
	     now->wall_sec < then->wall_sec ||
	     (now->wall_sec == then->wall_sec && now->wall_nsec <= then->wall_nsec)))
		note(r, TT_W_CLOCK);
	r->previous_clock = *now;
	r->has_previous_clock = true;
}

static void note_experiments(struct tt_reader *r)
{
	for (size_t i = 0; i < r->gen->experimental.n; i++) {
		const struct tt_batch *b = &r->gen->experimental.at[i];
		struct tt_finding *n;

		if (tt_specs_experiment_id(r->specs, b->experiment) != NULL)
			continue;
		n = note(r, TT_W_EXPERIMENT_UNKNOWN);
		if (n == NULL)
			return;
		n->offset = b->offset;
		n->thread = b->thread;
		n->number = b->experiment;
	}
}

static void note_record(struct tt_reader *r, int code, const struct tt_table_problem *problem)
{
	struct tt_finding *n;

	if (problem->batch == NULL)
		return;
	n = note(r, code);
	if (n == NULL)
		return;
	n->offset = problem->fault.offset;
	n->thread = problem->batch->thread;
	n->number = problem->key;
	n->batch = problem->spec;
	n->fault = problem->fault;
}

void tt_findings_generation(struct tt_reader *r)
{
	struct tt_finding *n;

	memset(r->codes_noted, 0, sizeof(r->codes_noted));
	memset(r->experiments_seen, 0, sizeof(r->experiments_seen));
	note_number(r);
	note_clock(r);
	note_experiments(r);
	if (r->private.fault != NULL) {
		n = note(r, TT_W_PRIVATE);
		if (n != NULL) {
			n->offset = r->private.fault_offset;
			n->thread = r->private.fault_thread;
			n->number = r->words.n;
			snprintf(r->words.at[r->words.n++].text, TT_EMBEDDED_TEXT_SIZE, "%s",
				 r->private.fault);
		}
	}
	note_record(r, TT_W_RECORD, &r->tables.bad_record);
	note_record(r, TT_W_RECORD_KEY, &r->tables.taken_key);
	if (r->gen->frame_conflict_offset != TT_UNKNOWN) {
		n = note(r, TT_W_FRAME_CONFLICT);
		if (n != NULL)
			n->offset = r->gen->frame_conflict_offset;
	}
}

/* ---- an event that was handed out */

/* Which types tt_findings_event() has anything to say of. */
void tt_findings_init(struct tt_reader *r)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(r->specs, type);

		if (def == NULL)
			continue;
		r->checks[type].watched =
			def->spec.since > r->version || def->spec.kind == TT_KIND_EXPERIMENTAL ||
			def->spec.kind == TT_KIND_STACK_SAMPLE ||
			(def->spec.kind == TT_KIND_RANGE_END && def->view.has_kind) ||
			(def->spec.kind == TT_KIND_TRANSITION && def->view.to == TT_STATE_FROM_ARG);
		r->checks[type].plain = !r->checks[type].watched && !r->checks[type].more_ids;
	}
}

void tt_findings_event(struct tt_reader *r, const struct tt_event *ev)
{
	const struct tt_event_spec *spec = ev->spec;
	uint64_t stack;

	if (spec->since > r->version)
		note_at_event(r, TT_W_VERSION_EVENT, ev, spec->since);
	switch (ev->kind) {
	case TT_KIND_EXPERIMENTAL:
		r->experiments_seen[spec->experiment_id / 64 % 4] |=
			UINT64_C(1) << (spec->experiment_id % 64);
		break;
	case TT_KIND_STACK_SAMPLE:
		stack = tt_event_stack(ev, NULL);
		if (stack != 0 && tt_generation_stack_index(ev->generation, stack) == 0)
			note_at_event(r, TT_W_SAMPLE_STACK, ev, stack);
		break;
	case TT_KIND_RANGE_END:
		if (!tt_event_range(ev).kind_known)
			note_at_event(r, TT_W_RANGE_KIND, ev, ev->extra_);
		break;
	case TT_KIND_TRANSITION:
		if (tt_event_transition(ev).to == TT_STATE_BAD)
			note_at_event(r, TT_W_STATUS_WIDE, ev, 0);
		break;
	default:
		break;
	}
}

void tt_findings_resource(struct tt_reader *r, const struct tt_event *ev)
{
	struct tt_finding *n;

	if (r->order.misuse == 0)
		return;
	n = note(r, r->order.misuse);
	if (n == NULL)
		return;
	n->event_type = ev->spec->type;
	n->offset = ev->offset;
	n->thread = ev->thread;
	n->number = ev->args[ev->spec->order_arg];
}

/* ---- a generation that is used up */

/* The spec tells of batches of the experiment, and the generation has none. */
static bool lacks_batches(const struct tt_reader *r, unsigned experiment)
{
	const struct tt_generation *g = r->gen;

	if (tt_specs_batch(r->specs, experiment, 0) == NULL)
		return false;
	for (size_t i = 0; i < g->experimental.n; i++)
		if (g->experimental.at[i].experiment == experiment)
			return false;
	return true;
}

void tt_findings_generation_end(struct tt_reader *r)
{
	for (unsigned e = 1; e < 256; e++) {
		struct tt_finding *n;

		if ((r->experiments_seen[e / 64] >> (e % 64) & 1) == 0 || !lacks_batches(r, e))
			continue;
		n = note(r, TT_W_EXPERIMENT_EMPTY);
		if (n != NULL)
			n->number = e;
	}
}

/* ---- a generation whose events nobody asked for */

/* Of each type, the experiment it belongs to; of those that lack batches alone. */
static bool find_wanted(const struct tt_reader *r, uint8_t experiments[256])
{
	bool any = false;

	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(r->specs, type);

		experiments[type] = 0;
		if (spec == NULL || spec->experiment_id == 0 || spec->experiment_id > 255 ||
		    !lacks_batches(r, spec->experiment_id))
			continue;
		experiments[type] = (uint8_t)spec->experiment_id;
		any = true;
	}
	return any;
}

/* Looks at the types of a batch's events, as far as they can be decoded. */
static void scan_batch(struct tt_reader *r, const struct tt_event_batch *b,
		       const uint8_t experiments[256])
{
	const uint8_t *p = b->data, *end = b->data + b->size;

	while (p != NULL && p < end) {
		unsigned e = experiments[*p];

		if (e != 0)
			r->experiments_seen[e / 64] |= UINT64_C(1) << (e % 64);
		p = tt_raw_event_skip(&r->merge.cursors.plan, p, end);
	}
}

void tt_findings_unordered(struct tt_reader *r)
{
	uint8_t experiments[256];

	if (!find_wanted(r, experiments))
		return;
	for (size_t i = 0; i < r->gen->batches.n; i++)
		scan_batch(r, &r->gen->batches.at[i], experiments);
	tt_findings_generation_end(r);
}

void tt_findings_empty_trace(struct tt_reader *r)
{
	struct tt_finding *n = note(r, TT_W_NO_GENERATION);

	if (n == NULL)
		return;
	n->offset = tt_source_offset(r->src);
	n->generation = TT_UNKNOWN;
}

/* ---- asking for them */

static const char *experiment_name(const struct tt_reader *r, uint64_t id)
{
	const struct tt_experiment_spec *spec = tt_specs_experiment_id(r->specs, (unsigned)id);

	return spec == NULL ? "?" : spec->name;
}

static void write_message(const struct tt_reader *r, const struct tt_finding *n,
			  struct tt_error *out)
{
	const struct tt_event_spec *spec =
		n->event_type < 0 ? NULL : tt_specs_event(r->specs, (unsigned)n->event_type);
	const char *event = spec == NULL ? "" : spec->name;
	char *text = out->message;
	size_t size = sizeof(out->message);

	switch (n->code) {
	case TT_W_NO_GENERATION:
		snprintf(text, size, "the file holds a header and no generation");
		break;
	case TT_W_VERSION_EVENT:
		snprintf(text, size,
			 "event %s came with Go 1.%" PRIu64 ", the header says Go 1.%u", event,
			 n->number, r->version);
		break;
	case TT_W_EXPERIMENT_EMPTY:
		snprintf(text, size, "events of experiment %s, but no batch of it",
			 experiment_name(r, n->number));
		break;
	case TT_W_EXPERIMENT_UNKNOWN:
		snprintf(text, size, "a batch of experiment %" PRIu64 ", which no spec names",
			 n->number);
		break;
	case TT_W_GENERATION_NUMBER:
		snprintf(text, size, "generation %" PRIu64 " follows generation %" PRIu64,
			 n->generation, n->number);
		break;
	case TT_W_SAMPLE_STACK:
		snprintf(text, size, "a CPU sample names stack %" PRIu64 ", which is not there",
			 n->number);
		break;
	case TT_W_STATUS_WIDE:
		snprintf(text, size, "the status of event %s does not fit in a byte", event);
		break;
	case TT_W_RANGE_KIND:
		snprintf(text, size,
			 "event %s ends a range of kind %" PRIu64
			 ", which is no string of this generation",
			 event, n->number);
		break;
	case TT_W_FRAME_CONFLICT:
		snprintf(text, size, "two frames of one pc differ in function, file or line");
		break;
	case TT_W_RECORD:
		tt_record_message(text, size, n->batch, &n->fault);
		break;
	case TT_W_RESOURCE_UNKNOWN:
	case TT_W_RESOURCE_GONE:
	case TT_W_RESOURCE_TWICE:
		snprintf(text, size, "event %s of %s %" PRIu64 ", which %s", event,
			 spec->args[spec->order_arg].name, n->number,
			 n->code == TT_W_RESOURCE_UNKNOWN ? "was not created"
			 : n->code == TT_W_RESOURCE_GONE  ? "was destroyed"
							  : "is there already");
		break;
	case TT_W_PRIVATE:
		snprintf(text, size, "a private batch: %s", r->words.at[n->number].text);
		break;
	case TT_W_RECORD_KEY:
		snprintf(text, size,
			 "record %" PRIu64 " of batch %s of %s has the key %" PRIu64
			 " of a record before it",
			 n->fault.index, n->batch->name, n->batch->experiment, n->number);
		break;
	case TT_W_CLOCK:
		snprintf(text, size,
			 "the clock snapshot is not later than that of the generation before");
		break;
	default:
		break;
	}
}

int tt_reader_finding(struct tt_reader *r, struct tt_error *out)
{
	const struct tt_finding *n;

	if (r->next_note == r->notes.n) {
		r->next_note = r->notes.n = r->words.n = 0;
		return TT_END;
	}
	n = &r->notes.at[r->next_note++];
	tt_error_clear(out);
	out->code = n->code;
	out->offset = n->offset;
	out->generation = n->generation;
	out->thread = n->thread;
	out->event_index = n->event_index;
	out->event_type = n->event_type;
	write_message(r, n, out);
	return TT_OK;
}
