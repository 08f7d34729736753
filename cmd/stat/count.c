/* SPDX-License-Identifier: MIT */
/* count.c - which tables count a span, and as what. Command layer. */
#include "count.h"

#include <string.h>

/* ---- spans into tables, one at a time */

/* The row of a key that was not met in this trace. NUMBER_NONE: no memory. */
static uint32_t new_row(struct counter *c, struct stat_table *t, const struct tt_span *span)
{
	uint32_t number = NUMBER_NONE;
	struct out text;

	out_init_memory(&text);
	key_text(c->spans, c->file, t, span, &text);
	if (!out_failed(&text))
		number = table_number(t, (struct tt_str){ text.buffer, (size_t)(text.pos - text.buffer) });
	out_release_memory(&text);
	return number;
}

static struct stat_row *row_of(struct counter *c, struct stat_table *t, const struct tt_span *span)
{
	uint64_t id;
	bool has_id_of_key = key_id(t, span, &id);
	struct known_row *last = table_last(t, id);
	uint32_t number;

	if (has_id_of_key && last->id == id && last->row > 0)
		return t->rows[last->row - 1];
	number = has_id_of_key ? id_map_find(&t->known, id) : NUMBER_NONE;
	if (number == NUMBER_NONE) {
		number = new_row(c, t, span);
		if (number == NUMBER_NONE ||
		    (has_id_of_key && !id_map_set(&t->known, id, number))) {
			c->no_memory = true;
			return NULL;
		}
	}
	if (has_id_of_key)
		*last = (struct known_row){ id, number + 1 };
	return t->rows[number];
}

static void add(struct counter *c, struct stat_table *t, unsigned measure,
		const struct tt_span *span, int64_t start_ns, int64_t end_ns)
{
	struct stat_row *row = row_of(c, t, span);
	const struct dist_item item = {
		.ns = end_ns - start_ns,
		.at_ns = start_ns,
		.id = span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_LIFE ||
				      span->kind == TT_SPAN_PROC
			      ? span->id
			      : span->goroutine,
	};

	if (row && !dist_add(&row->d[measure], &item))
		c->no_memory = true;
}

/* A syscall is held time until its processor is taken away, and blocked from then on. */
static void add_syscall(struct counter *c, struct stat_table *t, const struct tt_span *span,
			unsigned held, unsigned blocked)
{
	int64_t taken = span->taken_ns;

	if (taken == TT_NOT_TAKEN || taken >= span->end_ns) {
		add(c, t, held, span, span->start_ns, span->end_ns);
		return;
	}
	if (taken > span->start_ns)
		add(c, t, held, span, span->start_ns, taken);
	else
		taken = span->start_ns;
	add(c, t, blocked, span, taken, span->end_ns);
}

static void add_state(struct counter *c, struct stat_table *t, const struct tt_span *span)
{
	switch (span->state) {
	case TT_STATE_RUNNING:
		add(c, t, STATES_RUNNING, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_RUNNABLE:
		add(c, t, STATES_RUNNABLE, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_WAITING:
		add(c, t, STATES_WAITING, span, span->start_ns, span->end_ns);
		break;
	case TT_STATE_SYSCALL:
		add_syscall(c, t, span, STATES_SYSCALL, STATES_BLOCKED);
		break;
	default:
		break;
	}
}

static void add_thread(struct counter *c, struct stat_table *t, const struct tt_span *span)
{
	if (span->thread == TT_NONE)
		return;
	if (span->kind == TT_SPAN_PROC && span->state == TT_STATE_RUNNING)
		add(c, t, THREAD_PROC, span, span->start_ns, span->end_ns);
	else if (span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_RUNNING)
		add(c, t, THREAD_RUNNING, span, span->start_ns, span->end_ns);
	else if (span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_SYSCALL)
		add(c, t, THREAD_SYSCALL, span, span->start_ns, span->end_ns);
}

static bool name_is(const struct counter *c, uint32_t name, const char *what)
{
	struct tt_str text = tt_spans_name(c->spans, name);

	return text.len == strlen(what) && memcmp(text.data, what, text.len) == 0;
}

/* "sync", "sync.(*Cond).Wait"; "sync mutex" of native programs. */
static bool is_lock_reason(struct tt_str reason)
{
	return reason.len >= 4 && memcmp(reason.data, "sync", 4) == 0 &&
	       (reason.len == 4 || reason.data[4] == '.' || reason.data[4] == ' ');
}

/* A wait for a lock, or an experiment's range whose key says for which. */
static bool is_lock(const struct counter *c, const struct tt_span *span)
{
	if (span->kind == TT_SPAN_RANGE)
		return span->spec && span->spec->range.key_arg >= 0;
	return span->kind == TT_SPAN_GOROUTINE && span->state == TT_STATE_WAITING &&
	       is_lock_reason(tt_spans_name(c->spans, span->name));
}

static bool is_state(const struct tt_span *span, enum tt_state state)
{
	return span->kind == TT_SPAN_GOROUTINE && span->state == state;
}

/* Whether a table with one measure counts a span. */
static bool counts(const struct counter *c, enum stat_source source, const struct tt_span *span)
{
	switch (source) {
	case SOURCE_RUNNABLE:
		return is_state(span, TT_STATE_RUNNABLE);
	case SOURCE_WAITING:
		return is_state(span, TT_STATE_WAITING);
	case SOURCE_RANGE:
		return span->kind == TT_SPAN_RANGE;
	case SOURCE_PAUSE:
		return span->kind == TT_SPAN_RANGE && name_is(c, span->name, "stop-the-world");
	case SOURCE_LOCK:
		return is_lock(c, span);
	case SOURCE_TASK:
		return span->kind == TT_SPAN_TASK;
	case SOURCE_REGION:
		return span->kind == TT_SPAN_REGION;
	default:
		return false;
	}
}

static void add_span(struct counter *c, struct stat_table *t, const struct tt_span *span)
{
	switch (t->source) {
	case SOURCE_STATES:
		if (span->kind == TT_SPAN_GOROUTINE)
			add_state(c, t, span);
		else if (span->kind == TT_SPAN_LIFE)
			add(c, t, STATES_LIFE, span, span->start_ns, span->end_ns);
		break;
	case SOURCE_SYSCALL:
		if (!is_state(span, TT_STATE_SYSCALL))
			break;
		add(c, t, SYSCALL_ALL, span, span->start_ns, span->end_ns);
		add_syscall(c, t, span, SYSCALL_HELD, SYSCALL_BLOCKED);
		break;
	case SOURCE_PROC:
		if (span->kind == TT_SPAN_PROC)
			add(c, t, span->state == TT_STATE_RUNNING ? PROC_RUNNING : PROC_IDLE, span,
			    span->start_ns, span->end_ns);
		break;
	case SOURCE_THREAD:
		add_thread(c, t, span);
		break;
	case SOURCE_GROWTH:
		if (span->kind != TT_SPAN_LIFE || span->flags & TT_SPAN_BEGAN_BEFORE)
			break;
		add(c, t, GROWTH_CREATED, span, span->start_ns, span->end_ns);
		if (span->flags & TT_SPAN_NOT_ENDED)
			add(c, t, GROWTH_LEFT, span, span->start_ns, span->end_ns);
		break;
	default:
		if (counts(c, t->source, span))
			add(c, t, 0, span, span->start_ns, span->end_ns);
		break;
	}
}

/* Goroutines that the program did not ask for. */
static bool is_of_runtime(const struct counter *c, const struct tt_span *span)
{
	static const char tracer[] = "runtime/trace.";
	struct tt_str func = tt_spans_name(c->spans, span->func);

	return is_system_function(func) ||
	       (func.len >= sizeof(tracer) - 1 && memcmp(func.data, tracer, sizeof(tracer) - 1) == 0) ||
	       (func.len == sizeof(NATIVE_FLUSHER) - 1 &&
		memcmp(func.data, NATIVE_FLUSHER, func.len) == 0);
}

/* ---- which spans count where */

static bool is_interested(enum stat_source source, enum tt_span_kind kind, bool waiting)
{
	switch (source) {
	case SOURCE_STATES:
		return kind == TT_SPAN_GOROUTINE || kind == TT_SPAN_LIFE;
	case SOURCE_RUNNABLE:
	case SOURCE_SYSCALL:
		return kind == TT_SPAN_GOROUTINE && !waiting;
	case SOURCE_WAITING:
		return kind == TT_SPAN_GOROUTINE && waiting;
	case SOURCE_LOCK:
		return (kind == TT_SPAN_GOROUTINE && waiting) || kind == TT_SPAN_RANGE;
	case SOURCE_THREAD:
		return kind == TT_SPAN_GOROUTINE || kind == TT_SPAN_PROC;
	case SOURCE_RANGE:
	case SOURCE_PAUSE:
		return kind == TT_SPAN_RANGE;
	case SOURCE_TASK:
		return kind == TT_SPAN_TASK;
	case SOURCE_REGION:
		return kind == TT_SPAN_REGION;
	case SOURCE_PROC:
		return kind == TT_SPAN_PROC;
	case SOURCE_GROWTH:
		return kind == TT_SPAN_LIFE;
	case SOURCE_HOLD:
		break;
	}
	return false;
}

static void find_interests(struct counter *c)
{
	for (size_t i = 0; i < NTABLES; i++) {
		struct stat_table *t = &c->tables[i];

		if (t->nmeasures == 0)
			continue;
		for (unsigned kind = 0; kind < TT_SPAN_KIND_COUNT; kind++) {
			struct interest *in = &c->interests[kind];

			if (is_interested(t->source, (enum tt_span_kind)kind, false))
				in->tables[in->n++] = t;
		}
		if (is_interested(t->source, TT_SPAN_GOROUTINE, true))
			c->waiting.tables[c->waiting.n++] = t;
	}
}

/* ---- states of goroutines, which are nearly all spans */

/* The measure of a table that counts states; -1: none, or not as a whole. */
static int measure_of(const struct stat_table *t, enum tt_state state)
{
	if (t->source == SOURCE_STATES)
		return state == TT_STATE_RUNNING    ? STATES_RUNNING
		       : state == TT_STATE_RUNNABLE ? STATES_RUNNABLE
						    : STATES_WAITING;
	if (t->source == SOURCE_RUNNABLE)
		return state == TT_STATE_RUNNABLE ? 0 : -1;
	return state == TT_STATE_WAITING ? 0 : -1;
}

/* Whether a row of this table depends on nothing but the function, the reason and the stack. */
static bool has_plain_keys(const struct stat_table *t)
{
	return t->source != SOURCE_THREAD && (t->by == BY_FUNC || t->by == BY_SITE || t->by == BY_STACK ||
					      t->by == BY_REASON || t->by == BY_ALL || t->by == BY_FILE);
}

static void find_lanes(struct counter *c, enum tt_state state)
{
	const struct interest *in = state == TT_STATE_WAITING ? &c->waiting
							      : &c->interests[TT_SPAN_GOROUTINE];
	struct lanes *lanes = &c->lanes[state];

	for (size_t i = 0; i < in->n; i++) {
		struct stat_table *t = in->tables[i];
		int measure = measure_of(t, state);

		if (!has_plain_keys(t))
			return;
		if (t->source == SOURCE_SYSCALL || measure < 0)
			continue;
		lanes->tables[lanes->n] = t;
		lanes->measures[lanes->n++] = (unsigned)measure;
	}
	c->plain_states |= 1U << state;
}

static inline uint64_t func_name_of(const struct tt_span *span)
{
	return (uint64_t)span->func << 32 | span->name;
}

static inline uint64_t stack_state_of(const struct tt_span *span)
{
	return (uint64_t)span->stack << 8 | span->state;
}

/* Finds where a state counts that was not counted lately. False: no memory. */
static bool find_dists(struct counter *c, const struct tt_span *span, struct counted_state *found)
{
	const struct lanes *lanes = &c->lanes[span->state];
	size_t n = 0;

	found->stack_state = 0;
	for (size_t i = 0; i < lanes->n; i++) {
		struct stat_table *t = lanes->tables[i];
		struct stat_row *row;

		if ((t->users && is_of_runtime(c, span)) ||
		    (t->source == SOURCE_LOCK && !is_lock(c, span)))
			continue;
		row = row_of(c, t, span);
		if (!row)
			return false;
		found->dists[n++] = &row->d[lanes->measures[i]];
	}
	found->dists[n] = NULL;
	found->func_name = func_name_of(span);
	found->stack_state = stack_state_of(span);
	return true;
}

void counter_add_state(struct counter *c, const struct tt_span *span)
{
	uint64_t func_name = func_name_of(span), stack_state = stack_state_of(span);
	/* (by the golden ratio) */
	uint64_t hash = (func_name ^ stack_state << 17) * UINT64_C(0x9e3779b97f4a7c15);
	struct counted_state *known = &c->states[hash >> (64 - NSTATES_LOG2)];
	int64_t ns = span->end_ns < span->start_ns ? 0 : span->end_ns - span->start_ns;
	uint32_t bucket = dist_bucket(ns);

	if ((known->func_name != func_name || known->stack_state != stack_state) &&
	    !find_dists(c, span, known))
		return;
	for (struct dist **d = known->dists; *d; d++) {
		if (!dist_add_at(*d, bucket, ns, span->start_ns, span->id))
			c->no_memory = true;
	}
}

/* ---- any span */

void counter_init(struct counter *c, struct stat_answer *answer, const struct tt_spans *spans)
{
	memset(c, 0, sizeof(*c));
	c->file = answer->file;
	c->tables = answer->tables;
	c->spans = spans;
	find_interests(c);
	find_lanes(c, TT_STATE_RUNNABLE);
	find_lanes(c, TT_STATE_RUNNING);
	find_lanes(c, TT_STATE_WAITING);
}

void counter_add_any(struct counter *c, const struct tt_span *span)
{
	const struct interest *interest = &c->interests[span->kind];

	if (is_state(span, TT_STATE_WAITING))
		interest = &c->waiting;
	for (size_t i = 0; i < interest->n; i++) {
		struct stat_table *t = interest->tables[i];

		if (!t->users || !is_of_runtime(c, span))
			add_span(c, t, span);
	}
}
