/* SPDX-License-Identifier: MIT */
/*
 * findings.c - finds what a pass goes past, and says it: for each code what is looked for
 * and the words for it stand together, and the table at the end has all codes. Stands
 * on order.
 */
#include "event/findings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "event/pass.h"
#include "order/life.h"

/* While nobody asks for findings so many are kept, and later ones are dropped. */
#define MAX_FINDINGS 4096

/* Of a code: writes what a finding with it says. */
typedef void say_function(const struct tt_pass *p, const struct tt_finding *f, char *text,
			  size_t size);

void tt_findings_release(struct tt_pass *p)
{
	TT_ARRAY_RELEASE(p->mem, &p->findings.list);
	TT_ARRAY_RELEASE(p->mem, &p->findings.texts);
}

void tt_findings_begin_generation(struct tt_pass *p)
{
	memset(p->findings.codes, 0, sizeof(p->findings.codes));
	memset(p->findings.experiments, 0, sizeof(p->findings.experiments));
}

void tt_findings_passed(struct tt_pass *p, uint64_t number)
{
	p->findings.number = number;
	p->findings.has_number = true;
	p->findings.has_clock = false;
}

void tt_findings_gap(struct tt_pass *p)
{
	p->findings.has_number = p->findings.has_clock = false;
}

static bool is_found(const struct tt_pass *p, int code)
{
	return (p->findings.codes[code / 64] >> (code % 64) & 1) != 0;
}

/* Adds one of the generation at hand, for the caller to fill in; or NULL. (A pass that nobody asks
 * for findings has no room.) */
static struct tt_finding *add(struct tt_pass *p, int code)
{
	struct tt_findings *all = &p->findings;
	struct tt_finding *f;

	if (all->list.cap == 0 || is_found(p, code) || all->list.n - all->next >= MAX_FINDINGS)
		return NULL;
	assert(all->list.n < all->list.cap);
	all->codes[code / 64] |= UINT64_C(1) << (code % 64);
	f = &all->list.at[all->list.n++];
	*f = (struct tt_finding){
		.code = code,
		.event_type = -1,
		.offset = p->gen == NULL ? TT_UNKNOWN : p->gen->offset,
		.generation = p->gen == NULL ? TT_UNKNOWN : p->gen->number,
		.event_index = p->nevents,
		.thread = TT_NONE,
	};
	return f;
}

/* The same of an event that was counted. */
static struct tt_finding *add_at_event(struct tt_pass *p, int code, const struct tt_event *ev,
				       uint64_t number)
{
	struct tt_finding *f = add(p, code);

	if (f == NULL)
		return NULL;
	f->event_type = ev->spec->type;
	f->offset = ev->offset;
	f->event_index = p->nevents - 1;
	f->thread = ev->thread;
	f->number = number;
	return f;
}

void tt_findings_adopt(struct tt_pass *p, const struct tt_findings *from)
{
	for (size_t i = 0; i < from->list.n; i++) {
		struct tt_finding *f = add(p, from->list.at[i].code);

		if (f == NULL)
			continue;
		*f = from->list.at[i];
		f->event_index += p->nevents;
	}
	for (size_t i = 0; i < 4; i++)
		p->findings.experiments[i] |= from->experiments[i];
}

static const char *event_name(const struct tt_pass *p, const struct tt_finding *f)
{
	const struct tt_event_spec *spec = tt_specs_event(p->specs, (unsigned)f->event_type);

	return spec == NULL ? "" : spec->name;
}

/* ---- the number of a generation */

static void find_number(struct tt_pass *p)
{
	struct tt_findings *all = &p->findings;
	struct tt_finding *f;

	if (all->has_number && p->gen->number != all->number + 1) {
		f = add(p, TT_W_GENERATION_NUMBER);
		if (f != NULL)
			f->number = all->number;
	}
	all->number = p->gen->number;
	all->has_number = true;
}

static void say_number(const struct tt_pass *p, const struct tt_finding *f, char *text,
		       size_t size)
{
	(void)p;
	snprintf(text, size, "generation %" PRIu64 " follows generation %" PRIu64, f->generation,
		 f->number);
}

/* ---- its clock snapshot: all three clocks grow from one generation to the next */

static void find_clock(struct tt_pass *p)
{
	const struct tt_clock *now = &p->gen->clock, *then = &p->findings.clock;

	if (!p->gen->has_clock)
		return;
	if (p->findings.has_clock &&
	    (now->trace_ticks <= then->trace_ticks || now->mono_ns <= then->mono_ns ||
	     now->wall_sec < then->wall_sec ||
	     (now->wall_sec == then->wall_sec && now->wall_nsec <= then->wall_nsec)))
		add(p, TT_W_CLOCK);
	p->findings.clock = *now;
	p->findings.has_clock = true;
}

static void say_clock(const struct tt_pass *p, const struct tt_finding *f, char *text, size_t size)
{
	(void)p;
	(void)f;
	snprintf(text, size, "the clock snapshot is not later than that of the generation before");
}

/* ---- batches of an experiment that no spec names */

static void find_unknown_experiment(struct tt_pass *p)
{
	for (size_t i = 0; i < p->gen->experimental.n; i++) {
		const struct tt_batch *b = &p->gen->experimental.at[i];
		struct tt_finding *f;

		if (tt_specs_experiment_id(p->specs, b->experiment) != NULL)
			continue;
		f = add(p, TT_W_EXPERIMENT_UNKNOWN);
		if (f == NULL)
			return;
		f->offset = b->offset;
		f->thread = b->thread;
		f->number = b->experiment;
	}
}

static void say_unknown_experiment(const struct tt_pass *p, const struct tt_finding *f, char *text,
				   size_t size)
{
	(void)p;
	snprintf(text, size, "a batch of experiment %" PRIu64 ", which no spec names", f->number);
}

/* ---- what is embedded in batches of experiment 1 */

static void find_embedded(struct tt_pass *p, const struct tt_embedded *embedded)
{
	struct tt_finding *f;
	size_t i;

	if (embedded->fault == NULL)
		return;
	f = add(p, TT_W_PRIVATE);
	if (f == NULL)
		return;
	i = p->findings.texts.n++;
	snprintf(p->findings.texts.at[i].text, sizeof(p->findings.texts.at[i].text), "%s",
		 embedded->fault);
	f->offset = embedded->fault_offset;
	f->thread = embedded->fault_thread;
	f->number = i;
}

static void say_embedded(const struct tt_pass *p, const struct tt_finding *f, char *text,
			 size_t size)
{
	snprintf(text, size, "a private batch: %s", p->findings.texts.at[f->number].text);
}

/* ---- records: one that does not fit its spec, a key that is taken */

static void find_record(struct tt_pass *p, int code, const struct tt_table_problem *problem)
{
	struct tt_finding *f;

	if (problem->batch == NULL)
		return;
	f = add(p, code);
	if (f == NULL)
		return;
	f->offset = problem->fault.offset;
	f->thread = problem->batch->thread;
	f->number = problem->key;
	f->batch = problem->spec;
	f->fault = problem->fault;
}

static void say_record(const struct tt_pass *p, const struct tt_finding *f, char *text, size_t size)
{
	(void)p;
	tt_record_message(text, size, f->batch, &f->fault);
}

static void say_record_key(const struct tt_pass *p, const struct tt_finding *f, char *text,
			   size_t size)
{
	(void)p;
	snprintf(text, size,
		 "record %" PRIu64 " of batch %s of %s has the key %" PRIu64
		 " of a record before it",
		 f->fault.index, f->batch->name, f->batch->experiment, f->number);
}

/* ---- the frames of a pc */

static void find_frame_conflict(struct tt_pass *p)
{
	struct tt_finding *f;

	if (p->gen->frame_conflict_offset == TT_UNKNOWN)
		return;
	f = add(p, TT_W_FRAME_CONFLICT);
	if (f != NULL)
		f->offset = p->gen->frame_conflict_offset;
}

static void say_frame_conflict(const struct tt_pass *p, const struct tt_finding *f, char *text,
			       size_t size)
{
	(void)p;
	(void)f;
	snprintf(text, size, "two frames of one pc differ in function, file or line");
}

void tt_findings_loaded(struct tt_pass *p, const struct tt_embedded *embedded,
			const struct tt_tables *tables)
{
	find_number(p);
	find_clock(p);
	find_unknown_experiment(p);
	find_embedded(p, embedded);
	find_record(p, TT_W_RECORD, &tables->bad_record);
	find_record(p, TT_W_RECORD_KEY, &tables->taken_key);
	find_frame_conflict(p);
}

/* ---- single events */

/* Keys without a record. */
static void find_references(struct tt_pass *p, const struct tt_event *ev, unsigned args)
{
	const struct tt_tables *tables = ev->generation->tables;
	struct tt_finding *f;

	if (is_found(p, TT_W_REFERENCE) || tables == NULL)
		return;
	for (unsigned arg = 0; args != 0; arg++, args >>= 1) {
		if ((args & 1) == 0 ||
		    !tt_tables_lack(tables, &ev->spec->args[arg], ev->args[arg]))
			continue;
		f = add_at_event(p, TT_W_REFERENCE, ev, ev->args[arg]);
		if (f != NULL)
			f->batch = ev->spec->args[arg].batch;
		return;
	}
}

/* Whether each of them may be one. */
static bool watch_each(const struct tt_pass *p, const struct tt_event_def *def)
{
	return def->spec.since > p->version || def->spec.kind == TT_KIND_STACK_SAMPLE ||
	       (def->spec.kind == TT_KIND_RANGE_END && def->view.has_kind) ||
	       (def->spec.kind == TT_KIND_TRANSITION && def->view.to == TT_STATE_FROM_ARG);
}

bool tt_findings_watch(const struct tt_pass *p, const struct tt_event_def *def)
{
	return def->refers != 0 || def->spec.kind == TT_KIND_EXPERIMENTAL || watch_each(p, def);
}

bool tt_findings_seen(const struct tt_pass *p, const struct tt_event_def *def, uint8_t *refers,
		      uint64_t *end)
{
	const struct tt_tables *tables = p->gen->tables;
	unsigned arg = 0;

	if (watch_each(p, def) || (def->refers & (def->refers - 1)) != 0)
		return false;
	*refers = TT_ARG_ZERO;
	*end = 1;
	if (def->refers == 0 || tables == NULL)
		return true;
	while ((def->refers >> arg & 1) == 0)
		arg++;
	*refers = (uint8_t)arg;
	*end = tt_tables_known_end(tables, &def->spec.args[arg]);
	return true;
}

void tt_findings_event(struct tt_pass *p, const struct tt_event *ev)
{
	const struct tt_event_spec *spec = ev->spec;
	uint64_t stack;

	if (spec->since > p->version)
		add_at_event(p, TT_W_VERSION_EVENT, ev, spec->since);
	if (tt_event_def_of(spec)->refers != 0)
		find_references(p, ev, tt_event_def_of(spec)->refers);
	switch (ev->kind) {
	case TT_KIND_EXPERIMENTAL:
		p->findings.experiments[spec->experiment_id / 64 % 4] |=
			UINT64_C(1) << (spec->experiment_id % 64);
		break;
	case TT_KIND_STACK_SAMPLE:
		stack = tt_event_stack(ev, NULL);
		if (stack != 0 && tt_generation_stack_index(ev->generation, stack) == 0)
			add_at_event(p, TT_W_SAMPLE_STACK, ev, stack);
		break;
	case TT_KIND_RANGE_END:
		if (!tt_event_range(ev).kind_known)
			add_at_event(p, TT_W_RANGE_KIND, ev, ev->extra_);
		break;
	case TT_KIND_TRANSITION:
		if (tt_event_transition(ev).to == TT_STATE_BAD)
			add_at_event(p, TT_W_STATUS_WIDE, ev, 0);
		break;
	default:
		break;
	}
}

static void say_version(const struct tt_pass *p, const struct tt_finding *f, char *text,
			size_t size)
{
	snprintf(text, size, "event %s came with Go 1.%" PRIu64 ", but the header says Go 1.%u",
		 event_name(p, f), f->number, p->version);
}

static void say_sample_stack(const struct tt_pass *p, const struct tt_finding *f, char *text,
			     size_t size)
{
	(void)p;
	snprintf(text, size, "a CPU sample refers to stack %" PRIu64 ", which does not exist",
		 f->number);
}

static void say_range_kind(const struct tt_pass *p, const struct tt_finding *f, char *text,
			   size_t size)
{
	snprintf(text, size,
		 "event %s ends a range of kind %" PRIu64
		 ", which is not a string of this generation",
		 event_name(p, f), f->number);
}

static void say_reference(const struct tt_pass *p, const struct tt_finding *f, char *text,
			  size_t size)
{
	snprintf(text, size,
		 "event %s refers to record %" PRIu64 " of batch %s of %s, which does not exist",
		 event_name(p, f), f->number, f->batch->name, f->batch->experiment);
}

static void say_status(const struct tt_pass *p, const struct tt_finding *f, char *text, size_t size)
{
	snprintf(text, size, "the status of event %s does not fit in a byte", event_name(p, f));
}

/* ---- resources of experiments, as ordering finds them */

void tt_findings_resources(struct tt_pass *p, const struct tt_event *ev)
{
	for (unsigned i = 0; i < p->order.nmisuses; i++) {
		const struct tt_misuse *misuse = &p->order.misuses[i];
		struct tt_finding *f = add(p, misuse->code);

		if (f == NULL)
			continue;
		f->event_type = ev->spec->type;
		f->offset = ev->offset;
		f->thread = ev->thread;
		f->misuse = *misuse;
		f->spec = ev->spec;
	}
}

static void say_resource(const struct tt_pass *p, const struct tt_finding *f, char *text,
			 size_t size)
{
	(void)p;
	tt_misuse_say(f->spec, &f->misuse, text, size);
}

/* ---- an experiment with events, and none of the batches that its spec has */

/* Whether its spec has any. */
static bool has_batches(const struct tt_specs *specs, unsigned experiment)
{
	const struct tt_batch_spec *spec;

	for (size_t i = 0; (spec = tt_specs_batch(specs, experiment, i)) != NULL; i++)
		if (!spec->part)
			return true;
	return false;
}

static bool lacks_batches(const struct tt_pass *p, unsigned experiment)
{
	const struct tt_generation *g = p->gen;

	if (!has_batches(p->specs, experiment))
		return false;
	for (size_t i = 0; i < g->experimental.n; i++)
		if (g->experimental.at[i].experiment == experiment)
			return false;
	return true;
}

void tt_findings_end_generation(struct tt_pass *p)
{
	for (unsigned e = 1; e < 256; e++) {
		struct tt_finding *f;

		if ((p->findings.experiments[e / 64] >> (e % 64) & 1) == 0 || !lacks_batches(p, e))
			continue;
		f = add(p, TT_W_EXPERIMENT_EMPTY);
		if (f != NULL)
			f->number = e;
	}
}

static void say_no_batches(const struct tt_pass *p, const struct tt_finding *f, char *text,
			   size_t size)
{
	const struct tt_experiment_spec *spec =
		tt_specs_experiment_id(p->specs, (unsigned)f->number);

	snprintf(text, size, "events of experiment %s, but no batch of it",
		 spec == NULL ? "?" : spec->name);
}

/* Of each type, its experiment if that lacks batches, or 0. False: there is none. */
static bool lacking_types(const struct tt_pass *p, uint8_t experiments[256])
{
	bool any = false;

	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(p->specs, type);

		experiments[type] = 0;
		if (spec == NULL || spec->experiment_id == 0 || spec->experiment_id > 255 ||
		    !lacks_batches(p, spec->experiment_id))
			continue;
		experiments[type] = (uint8_t)spec->experiment_id;
		any = true;
	}
	return any;
}

/* Looks at the types of a batch's events, as far as they can be decoded. */
static void scan_batch(struct tt_pass *p, const struct tt_event_batch *b,
		       const uint8_t experiments[256])
{
	const uint8_t *at = b->data, *end = b->data + b->size;

	while (at != NULL && at < end) {
		unsigned e = experiments[*at];

		if (e != 0)
			p->findings.experiments[e / 64] |= UINT64_C(1) << (e % 64);
		at = tt_raw_event_skip(&p->merge.cursors.plan, at, end);
	}
}

void tt_findings_unordered(struct tt_pass *p)
{
	uint8_t experiments[256];

	if (!lacking_types(p, experiments))
		return;
	for (size_t i = 0; i < p->gen->batches.n; i++)
		scan_batch(p, &p->gen->batches.at[i], experiments);
	tt_findings_end_generation(p);
}

/* ---- all of them */

static const struct {
	int code;
	say_function *say;
} kinds[] = {
	{TT_W_VERSION_EVENT, say_version},
	{TT_W_EXPERIMENT_EMPTY, say_no_batches},
	{TT_W_EXPERIMENT_UNKNOWN, say_unknown_experiment},
	{TT_W_GENERATION_NUMBER, say_number},
	{TT_W_SAMPLE_STACK, say_sample_stack},
	{TT_W_STATUS_WIDE, say_status},
	{TT_W_RANGE_KIND, say_range_kind},
	{TT_W_FRAME_CONFLICT, say_frame_conflict},
	{TT_W_CLOCK, say_clock},
	{TT_W_RECORD, say_record},
	{TT_W_RECORD_KEY, say_record_key},
	{TT_W_REFERENCE, say_reference},
	{TT_W_PRIVATE, say_embedded},
	{TT_W_RESOURCE_UNKNOWN, say_resource},
	{TT_W_RESOURCE_GONE, say_resource},
	{TT_W_RESOURCE_TWICE, say_resource},
	{TT_W_RESOURCE_STATE, say_resource},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Each code is found once a generation at most, and one of them has a text. */
int tt_findings_room(struct tt_pass *p, struct tt_error *err)
{
	struct tt_findings *all = &p->findings;

	if (tt_mem_grow(p->mem, &all->list.at, &all->list.cap, all->list.n + NKINDS,
			sizeof(*all->list.at)) &&
	    TT_ARRAY_ROOM(p->mem, &all->texts))
		return TT_OK;
	return tt_fail(err, tt_mem_code(p->mem), "no memory for findings");
}

int tt_findings_next(struct tt_pass *p, struct tt_error *out)
{
	struct tt_findings *all = &p->findings;
	const struct tt_finding *f;

	if (all->next == all->list.n) {
		all->next = all->list.n = all->texts.n = 0;
		return TT_END;
	}
	f = &all->list.at[all->next++];
	tt_error_clear(out);
	out->code = f->code;
	out->offset = f->offset;
	out->generation = f->generation;
	out->thread = f->thread;
	out->event_index = f->event_index;
	out->event_type = f->event_type;
	for (size_t i = 0; i < NKINDS; i++)
		if (kinds[i].code == f->code)
			kinds[i].say(p, f, out->message, sizeof(out->message));
	return TT_OK;
}
