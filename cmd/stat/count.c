/* SPDX-License-Identifier: MIT */
/* count.c - which tables count a span, and as what. Command layer. */
#include "count.h"

#include <stdlib.h>
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
	case SOURCE_PEER:
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

/* The measure of a table that counts states; -1: none. */
static int measure_of(const struct stat_table *t, enum tt_state state)
{
	static const int states[] = {
		[TT_STATE_RUNNABLE] = STATES_RUNNABLE,
		[TT_STATE_RUNNING] = STATES_RUNNING,
		[TT_STATE_WAITING] = STATES_WAITING,
		[TT_STATE_SYSCALL] = STATES_SYSCALL,
	};

	switch (t->source) {
	case SOURCE_STATES:
		return states[state];
	case SOURCE_RUNNABLE:
		return state == TT_STATE_RUNNABLE ? 0 : -1;
	case SOURCE_SYSCALL:
		return state == TT_STATE_SYSCALL ? SYSCALL_ALL : -1;
	default:
		return state == TT_STATE_WAITING ? 0 : -1;
	}
}

/* Whether a row of this table depends on nothing but the function, the reason and the stack. */
static bool has_plain_keys(const struct stat_table *t)
{
	return t->source != SOURCE_THREAD && (t->by == BY_FUNC || t->by == BY_SITE || t->by == BY_STACK ||
					      t->by == BY_REASON || t->by == BY_ALL || t->by == BY_FILE);
}

static void add_lane(struct lanes *lanes, struct stat_table *t, unsigned measure)
{
	lanes->tables[lanes->n] = t;
	lanes->measures[lanes->n++] = measure;
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
		if (measure < 0)
			continue;
		add_lane(lanes, t, (unsigned)measure);
		/* its processor was not taken */
		if (t->source == SOURCE_SYSCALL)
			add_lane(lanes, t, SYSCALL_HELD);
	}
	c->plain_states |= 1U << state;
}

/* ---- cells */

static struct cell *new_cell(struct counter *c, const struct cell *like, uint64_t hash)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell || !array_room(&c->cells, &c->cells_cap, c->ncells + 1, sizeof(struct cell *)) ||
	    !id_map_set(&c->cells_by_hash, hash, (uint32_t)c->ncells)) {
		free(cell);
		c->no_memory = true;
		return NULL;
	}
	memcpy(cell->to, like->to, sizeof(cell->to));
	c->cells[c->ncells++] = cell;
	return cell;
}

/* The cell that counts in the same places. NULL: no memory. */
static struct cell *find_cell(struct counter *c, const struct cell *like)
{
	uint64_t hash = 0;
	uint32_t i;

	for (struct dist *const *to = like->to; *to; to++)
		hash = (hash ^ (uint64_t)(uintptr_t)*to) * UINT64_C(0x9e3779b97f4a7c15);
	for (;; hash++) {
		i = id_map_find(&c->cells_by_hash, hash);
		if (i == NUMBER_NONE)
			return new_cell(c, like, hash);
		if (memcmp(c->cells[i]->to, like->to, sizeof(like->to)) == 0)
			return c->cells[i];
	}
}

/* Finds where a group of states counts. NULL: no memory. */
static struct cell *cell_of(struct counter *c, uint32_t group)
{
	struct tt_span span;
	struct cell like = { .to = { NULL } };
	const struct lanes *lanes;
	size_t n = 0;

	tt_spans_group(c->spans, group, &span);
	lanes = &c->lanes[span.state];
	for (size_t i = 0; i < lanes->n; i++) {
		struct stat_table *t = lanes->tables[i];
		struct stat_row *row;

		if ((t->users && is_of_runtime(c, &span)) ||
		    (t->source == SOURCE_LOCK && !is_lock(c, &span)))
			continue;
		row = row_of(c, t, &span);
		if (!row)
			return NULL;
		like.to[n++] = &row->d[lanes->measures[i]];
	}
	return find_cell(c, &like);
}

/* Groups up to the newest one get their cells. False: no memory. */
static bool meet_groups(struct counter *c)
{
	uint32_t n = tt_spans_ngroups(c->spans);

	if (!array_room(&c->of_group, &c->groups_cap, n, sizeof(struct cell *))) {
		c->no_memory = true;
		return false;
	}
	for (; c->ngroups < n; c->ngroups++) {
		c->of_group[c->ngroups] = cell_of(c, (uint32_t)c->ngroups);
		if (!c->of_group[c->ngroups])
			return false;
	}
	return true;
}

void counter_add_briefs(struct counter *c, const struct tt_span_brief *briefs, size_t n)
{
	struct cell *const *of_group;
	bool fine = true;

	if (tt_spans_ngroups(c->spans) > c->ngroups && !meet_groups(c))
		return;
	of_group = c->of_group;
	for (const struct tt_span_brief *b = briefs, *end = b + n; b < end; b++)
		fine &= dist_add_at(&of_group[b->group]->d, b->end_ns - b->start_ns, b->start_ns, b->id);
	c->no_memory |= !fine;
}

void counter_finish(struct counter *c)
{
	for (size_t i = 0; i < c->ncells; i++) {
		for (struct dist **to = c->cells[i]->to; *to; to++)
			c->no_memory |= !dist_merge(*to, &c->cells[i]->d);
	}
}

/* ---- any span */

static bool is_by_stack(const struct stat_table *t)
{
	return t->nmeasures > 0 && (t->source == SOURCE_STATES || t->source == SOURCE_RUNNABLE) &&
	       (t->by == BY_SITE || t->by == BY_STACK);
}

void counter_init(struct counter *c, struct stat_answer *answer)
{
	memset(c, 0, sizeof(*c));
	c->file = answer->file;
	c->tables = answer->tables;
	find_interests(c);
	find_lanes(c, TT_STATE_RUNNABLE);
	find_lanes(c, TT_STATE_RUNNING);
	find_lanes(c, TT_STATE_WAITING);
	find_lanes(c, TT_STATE_SYSCALL);
	for (size_t i = 0; i < NTABLES; i++)
		c->by_stack |= is_by_stack(&c->tables[i]);
}

void counter_release(struct counter *c)
{
	for (size_t i = 0; i < c->ncells; i++) {
		dist_release(&c->cells[i]->d);
		free(c->cells[i]);
	}
	free(c->cells);
	free(c->of_group);
	id_map_release(&c->cells_by_hash);
}

bool counter_takes_briefs(const struct counter *c)
{
	const unsigned all = 1U << TT_STATE_RUNNABLE | 1U << TT_STATE_RUNNING | 1U << TT_STATE_WAITING |
			     1U << TT_STATE_SYSCALL;

	return c->plain_states == all;
}

void counter_add(struct counter *c, const struct tt_span *span)
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
