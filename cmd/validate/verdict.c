/* SPDX-License-Identifier: MIT */
/* verdict.c - reads one file to its end and keeps what was found. Command layer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "printable.h"
#include "tracetool_analyze.h"
#include "tracetool_write.h"
#include "verdict.h"

/* ---- keeping */

static void raise_status(struct verdict *v, int status)
{
	v->status = worse(v->status, status);
}

/* Prints a message: for a finding that says so there is no memory either. */
static void raise_no_memory(struct verdict *v)
{
	raise_status(v, STATUS_TROUBLE);
	cmd_error(cmd_input_name(v->file), "%s", strerror(ENOMEM));
}

static int status_of_finding(const struct tt_error *err, bool strict)
{
	if (tt_code_severity(err->code) == TT_SEVERITY_WARNING && !strict)
		return STATUS_FINE;
	return cmd_status(err);
}

static bool reserve(struct verdict *v)
{
	size_t capacity = v->capacity ? v->capacity * 2 : 4;
	struct finding *grown;

	if (v->nfindings < v->capacity)
		return true;
	grown = realloc(v->findings, capacity * sizeof(*grown));
	if (!grown)
		return false;
	v->findings = grown;
	v->capacity = capacity;
	return true;
}

static const char *event_name(const struct tt_specs *specs, int type)
{
	const struct tt_event_spec *spec = type < 0 ? NULL : tt_specs_event(specs, (unsigned)type);

	return spec ? spec->name : NULL;
}

/* Counts it and keeps it if there is room. The finding, or NULL. */
static struct finding *keep_finding(struct verdict *v, const struct tt_error *err,
				    const struct verdict_options *opt)
{
	enum tt_severity severity = tt_code_severity(err->code);
	int code = err->code < VERDICT_MAX_CODE ? err->code : 0;
	struct finding *f;

	raise_status(v, status_of_finding(err, opt->strict));
	*(severity == TT_SEVERITY_ERROR ? &v->nerrors : &v->nwarnings) += 1;
	v->count[code]++;
	if (v->nfindings >= VERDICT_MAX_FINDINGS || v->count[code] > VERDICT_MAX_OF_CODE)
		return NULL;
	if (!reserve(v)) {
		raise_no_memory(v);
		return NULL;
	}
	f = &v->findings[v->nfindings];
	*f = (struct finding){
		.code = code,
		.severity = severity,
		.offset = err->offset,
		.batch_offset = err->batch_offset,
		.generation = err->generation,
		.event_index = err->event_index,
		.thread = err->thread,
		.event_type = err->event_type,
		.event = event_name(opt->input->specs, err->event_type),
		.message = printable_message(err->message),
	};
	if (!out_is_utf8(str_of(err->message)))
		f->raw = strdup(err->message);
	if (!f->message || (!f->raw && !out_is_utf8(str_of(err->message)))) {
		free(f->message);
		free(f->raw);
		raise_no_memory(v);
		return NULL;
	}
	v->nfindings++;
	return f;
}

static bool keep_waiting_thread(struct finding *f, const struct tt_waiting *w,
				const struct tt_pieces *pieces)
{
	struct waiting kept = {
		.thread = w->thread,
		.offset = tt_pieces_offset(pieces, w->offset),
		.event = printable_copy(w->spec ? w->spec->name : ""),
		.why = printable_copy(w->why),
	};

	if (!kept.event || !kept.why) {
		free(kept.event);
		free(kept.why);
		return false;
	}
	f->waiting[f->nwaiting++] = kept;
	return true;
}

/* ---- reading */

/* What one trace of a file is read with. */
struct reading {
	struct tt_pieces *pieces;
	struct tt_reader *reader;
	struct tt_heap *heap;   /* NULL before the first generation that has one */
	bool replays;           /* the heap takes all events */
	bool no_heap;           /* memory ran out */
	bool broken;            /* it has an error */
};

/* The same, of an error of the current trace. */
static struct finding *keep_of_trace(struct verdict *v, const struct reading *reading,
				     const struct tt_error *err, const struct verdict_options *opt)
{
	struct tt_error placed = *err;

	cmd_place_in_input(reading->pieces, &placed);
	return keep_finding(v, &placed, opt);
}

static void keep_waiting(struct verdict *v, struct finding *f, const struct reading *reading)
{
	struct tt_waiting w;

	f->waiting = calloc(VERDICT_MAX_WAITING, sizeof(*f->waiting));
	if (!f->waiting) {
		raise_no_memory(v);
		return;
	}
	for (size_t i = 0; tt_reader_waiting(reading->reader, i, &w); i++) {
		if (i >= VERDICT_MAX_WAITING)
			f->more_waiting++;
		else if (!keep_waiting_thread(f, &w, reading->pieces))
			raise_no_memory(v);
	}
}

static void take_findings(struct verdict *v, const struct reading *reading,
			  const struct verdict_options *opt)
{
	struct tt_error err;

	while (tt_reader_finding(reading->reader, &err) == 0)
		keep_of_trace(v, reading, &err, opt);
}

static void take_heap_findings(struct verdict *v, const struct reading *reading,
			       const struct verdict_options *opt)
{
	struct tt_error err;

	while (reading->heap && tt_heap_finding(reading->heap, &err) == 0)
		keep_of_trace(v, reading, &err, opt);
}

/* There is no memory for the heap, which is reported once. */
static void keep_no_heap(struct verdict *v, int code, const struct verdict_options *opt)
{
	struct tt_error err = { .code = code, .system = true, .event_type = -1,
				.thread = TT_NONE, .offset = TT_UNKNOWN, .batch_offset = TT_UNKNOWN,
				.generation = TT_UNKNOWN, .event_index = TT_UNKNOWN };

	snprintf(err.message, sizeof(err.message), "no memory to replay the heap");
	keep_finding(v, &err, opt);
}

static int new_heap(struct tt_heap **heap, const struct verdict_options *opt)
{
	const struct tt_heap_options options = {
		.size = sizeof(options),
		.specs = opt->input->specs,
		.max_memory_nbytes = opt->input->options.max_memory_nbytes,
	};
	struct tt_error ignored;

	return tt_heap_new(heap, &options, &ignored);
}

static bool may_go_on(struct tt_reader *r, const struct verdict_options *opt)
{
	struct tt_progress now;

	if (!opt->progress)
		return true;
	now = tt_reader_progress(r);
	return opt->progress(opt->arg, &now);
}

/* Where reading continued after the previous error, if that was kept. */
static void note_resumed(struct finding *f, const struct tt_event *sync,
			 const struct tt_pieces *pieces)
{
	if (!f || f->resumed || !sync->generation)
		return;
	f->resumed = true;
	f->resumed_generation = tt_generation_number(sync->generation);
	f->resumed_offset = tt_pieces_offset(pieces, tt_generation_offset(sync->generation));
}

/* Whether a generation has events of a heap. */
static bool has_heap(const struct tt_generation *g, const struct tt_specs *specs)
{
	const struct tt_experiment_spec *spec = tt_specs_experiment_named(specs, "AllocFree");

	for (size_t i = 0; g && spec && i < tt_generation_nexperimental(g); i++) {
		if (tt_generation_experimental_at(g, i).experiment == spec->id)
			return true;
	}
	return false;
}

static void lose_heap(struct verdict *v, struct reading *reading, int code,
		      const struct verdict_options *opt)
{
	keep_no_heap(v, code, opt);
	reading->replays = false;
	reading->no_heap = true;
}

/* From this Sync on the heap is replayed, if its generation has one. */
static void begin_heap(struct verdict *v, struct reading *reading, const struct tt_event *sync,
		       const struct verdict_options *opt)
{
	struct tt_heap_change ignored;
	int rc;

	if (reading->replays || reading->no_heap || !has_heap(sync->generation, opt->input->specs))
		return;
	rc = new_heap(&reading->heap, opt);
	if (rc == 0)
		rc = tt_heap_event(reading->heap, sync, 0, &ignored);
	reading->replays = rc == 0;
	if (rc < 0)
		lose_heap(v, reading, -rc, opt);
}

/* Reads to the next Sync, and replays the heap up to it. */
static int next_sync(struct verdict *v, struct reading *reading, const struct tt_event **ev,
		     const struct verdict_options *opt)
{
	int rc;

	if (!reading->replays)
		return tt_reader_next_sync(reading->reader, ev);
	rc = tt_heap_next_sync(reading->heap, reading->reader, ev);
	if (rc >= 0 || tt_reader_error(reading->reader)->code != 0)
		return rc;
	lose_heap(v, reading, -rc, opt);
	return *ev ? 0 : tt_reader_next_sync(reading->reader, ev);
}

/* Reads to the next error or the end; returns what next_sync() returned. */
static int read_on(struct verdict *v, struct reading *reading, const struct verdict_options *opt,
		   struct finding *before)
{
	struct tt_reader *r = reading->reader;
	const struct tt_event *ev;
	int rc;

	while ((rc = next_sync(v, reading, &ev, opt)) == 0) {
		v->closing_syncs += !ev->generation && reading->broken;
		note_resumed(before, ev, reading->pieces);
		take_findings(v, reading, opt);
		take_heap_findings(v, reading, opt);
		/* Findings may have moved in memory. */
		before = NULL;
		begin_heap(v, reading, ev, opt);
		if (!may_go_on(r, opt))
			return 1;
	}
	take_findings(v, reading, opt);
	return rc;
}

/* What a generation is found to lack. */
static bool is_lack(int code)
{
	return code == TT_E_NO_FREQUENCY || code == TT_E_NO_CLOCK || code == TT_E_STACK_STRING ||
	       code == TT_E_EVENT_STACK || code == TT_E_EVENT_STRING || code == TT_E_STUCK;
}

/* Where the bytes of a generation do not lead on. */
static bool is_damage(int code)
{
	return code == TT_E_BATCH_TYPE || code == TT_E_BATCH_HEADER || code == TT_E_BATCH_SIZE;
}

/*
 * Before Go 1.26, a generation ends where another one begins, and damage after its batches is
 * an error only after its events, as in Go. By then what the damage cost is missed.
 * The damage is the cause: it goes before them. The same finding, where it is now.
 */
static struct finding *put_cause_first(struct verdict *v, struct finding *f)
{
	struct finding cause = *f;
	size_t at = (size_t)(f - v->findings), to = at;

	for (size_t i = at; i > 0 && v->findings[i - 1].generation == cause.generation; i--)
		if (is_lack(v->findings[i - 1].code))
			to = i - 1;
	if (!is_damage(cause.code) || cause.generation == TT_UNKNOWN)
		return f;
	memmove(&v->findings[to + 1], &v->findings[to], (at - to) * sizeof(*v->findings));
	v->findings[to] = cause;
	return &v->findings[to];
}

static void read_all(struct verdict *v, struct reading *reading, const struct verdict_options *opt)
{
	struct tt_reader *r = reading->reader;
	struct finding *before = NULL;

	while (read_on(v, reading, opt, before) < 0) {
		const struct tt_error *err = tt_reader_error(r);
		uint64_t skipped = 0;
		int rc;

		reading->broken = true;
		before = keep_of_trace(v, reading, err, opt);
		if (before && err->code == TT_E_STUCK)
			keep_waiting(v, before, reading);
		if (before)
			before = put_cause_first(v, before);
		if (err->system)
			return;
		if (reading->heap)
			tt_heap_gap(reading->heap);
		rc = tt_reader_resync(r, &skipped);
		if (before)
			before->skipped_nbytes = skipped;
		if (rc < 0)
			keep_of_trace(v, reading, tt_reader_error(r), opt);
		if (rc != 0)
			return;
	}
}

/* ---- salvage */

static void add_to_salvage(struct salvage_report *s, const struct tt_repaired *g)
{
	s->whole += g->whole;
	s->events += g->events;
	s->doubted_events += g->doubted_events;
	s->lost_events += g->lost_events;
	s->lost_more |= (g->flags & TT_REPAIRED_LOST_MORE) != 0;
	s->kept_nbytes -= g->lost_nbytes;
}

static int measure(struct salvage_report *s, struct tt_repair *r)
{
	struct tt_repaired g;
	int rc;

	while ((rc = tt_repair_next(r, &g)) == 0) {
		s->generations++;
		add_to_salvage(s, &g);
	}
	add_to_salvage(s, &g);
	return rc == 1 ? 0 : rc;
}

/* One trace. The header counts as kept if anything does. 0, or *err says why it is not known. */
static int measure_reader(struct salvage_report *s, struct tt_reader *reader, struct tt_error *err)
{
	struct salvage_report of_trace = { 0 };
	struct tt_repair *r;
	int rc = tt_repair_new(&r, reader, err);

	if (rc == 0 && (rc = measure(&of_trace, r)) < 0)
		*err = *tt_repair_error(r);
	tt_repair_free(r);
	if (of_trace.generations != 0)
		s->kept_nbytes += tt_reader_progress(reader).nbytes + of_trace.kept_nbytes;
	s->generations += of_trace.generations;
	s->whole += of_trace.whole;
	s->events += of_trace.events;
	s->doubted_events += of_trace.doubted_events;
	s->lost_events += of_trace.lost_events;
	s->lost_more |= of_trace.lost_more;
	s->known |= rc == 0;
	return rc;
}

/* All traces of a file. Those that cannot be read have their finding already; trouble of the
 * machine is new. */
static void measure_salvage(struct verdict *v, const struct cmd_trace *trace,
			    const struct verdict_options *opt)
{
	struct tt_pieces *pieces;
	struct tt_reader *reader;
	struct tt_error err;
	int rc = cmd_trace_open_pieces_again(&pieces, trace, &err);

	while (rc == 0 && (rc = tt_pieces_next(pieces, &reader, &err)) != 1) {
		if (rc == 0)
			rc = measure_reader(&v->salvage, reader, &err);
		tt_reader_close(reader);
		if (rc < 0 && !err.system)
			rc = 0;
	}
	if (rc < 0)
		keep_finding(v, &err, opt);
	if (pieces)
		v->salvage.nbytes = tt_pieces_nbytes(pieces);
	tt_pieces_close(pieces);
}

/* ---- traces of a file */

/* Puts what was found last, n findings, in front of the earlier ones from `at` on. */
static void move_to_front(struct verdict *v, size_t at, size_t n)
{
	for (; n != 0; n--, at++) {
		struct finding last = v->findings[v->nfindings - n];

		memmove(&v->findings[at + 1], &v->findings[at],
			(v->nfindings - n - at) * sizeof(last));
		v->findings[at] = last;
	}
}

/*
 * Keeps what is said about the pieces of the file. Those that stand in or after a trace are
 * the cause of what was found in that trace, from `first` on, and come before it.
 */
static void take_pieces(struct verdict *v, struct tt_pieces *pieces, size_t first,
			const struct verdict_options *opt)
{
	size_t before = v->nfindings;
	bool another = false;
	struct tt_error err;

	while (!another && tt_pieces_finding(pieces, &err) == 0) {
		another = err.code == TT_E_ANOTHER_TRACE;
		if (!another)
			keep_finding(v, &err, opt);
	}
	if (first < before)
		move_to_front(v, first, v->nfindings - before);
	if (another)
		keep_finding(v, &err, opt);
}

/* Reads a trace of the file to its end. */
static void read_trace(struct verdict *v, struct tt_pieces *pieces, struct tt_reader *r,
		       const struct verdict_options *opt)
{
	struct reading reading = { .pieces = pieces, .reader = r };
	struct tt_progress progress;

	if (!v->opened)
		v->version = tt_reader_version(r);
	v->opened = true;
	v->closing_syncs = 0;
	read_all(v, &reading, opt);
	if (reading.heap)
		tt_heap_finish(reading.heap);
	take_heap_findings(v, &reading, opt);
	tt_heap_free(reading.heap);
	progress = tt_reader_progress(r);
	v->progress.events += progress.events - v->closing_syncs;
	v->progress.generations += progress.generations;
	tt_reader_close(r);
}

void verdict_make(struct verdict *v, struct cmd_trace *trace, const struct verdict_options *opt)
{
	struct tt_pieces *pieces = trace->pieces;
	struct tt_reader *r;
	struct tt_error err;
	size_t first = 0;
	int rc;

	*v = (struct verdict){
		.own_file = strdup(trace->name),
		.name = printable_copy(cmd_input_name(trace->name)),
	};
	v->file = v->own_file ? v->own_file : "?";
	if (!v->name || !v->own_file)
		raise_no_memory(v);
	if (!pieces) {
		keep_finding(v, &trace->error, opt);
		return;
	}
	while ((rc = tt_pieces_next(pieces, &r, &err)) != 1) {
		take_pieces(v, pieces, first, opt);
		first = v->nfindings;
		if (rc < 0)
			keep_finding(v, &err, opt);
		else
			read_trace(v, pieces, r, opt);
	}
	take_pieces(v, pieces, first, opt);
	v->progress.nbytes = tt_pieces_nbytes(pieces);
	if (opt->salvage && v->opened)
		measure_salvage(v, trace, opt);
}

void verdict_release(struct verdict *v)
{
	for (size_t i = 0; i < v->nfindings; i++) {
		struct finding *f = &v->findings[i];

		for (size_t k = 0; k < f->nwaiting; k++) {
			free(f->waiting[k].event);
			free(f->waiting[k].why);
		}
		free(f->waiting);
		free(f->message);
		free(f->raw);
	}
	free(v->findings);
	free(v->name);
	free(v->own_file);
	*v = (struct verdict){ 0 };
}

/* ---- results */

const char *verdict_word(const struct verdict *v)
{
	static const char *const words[] = {
		[STATUS_FINE] = "valid",
		[STATUS_BAD] = "broken",
		[STATUS_TROUBLE] = "unreadable",
	};

	return words[v->status];
}

uint64_t verdict_ndropped(const struct verdict *v)
{
	return v->nerrors + v->nwarnings - v->nfindings;
}
