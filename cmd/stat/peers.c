/* SPDX-License-Identifier: MIT */
/* peers.c - goroutines that wait for one another. Command layer. */
#include "peers.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "holders.h"
#include "stat.h"

/* ---- places */

/* What goroutines wait for that others pass on. */
static bool is_passed_on(struct tt_str reason)
{
	static const char *const reasons[] = {
		"chan receive", "chan send", "select", "sync.(*Cond).Wait",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reason.len == strlen(reasons[i]) && memcmp(reason.data, reasons[i], reason.len) == 0)
			return true;
	}
	return false;
}

/* "main.acquire: chan receive"; 0: no memory. */
static uint32_t new_place(struct peers *p, const struct tt_spans *spans, const struct tt_span *span)
{
	uint32_t number = NUMBER_NONE;
	struct out text;
	char *at;

	out_init_memory(&text);
	at = out_str(&text, out_begin(&text), site_of(spans, span->stack));
	at = out_str(&text, put_lit(at, ": "), tt_spans_name(spans, span->name));
	out_end(&text, at);
	if (!out_failed(&text))
		number = texts_number(&p->places,
				      (struct tt_str){ text.buffer, (size_t)(text.pos - text.buffer) });
	out_release_memory(&text);
	if (number == NUMBER_NONE || !array_room(&p->at, &p->cap, (size_t)number + 1, sizeof(*p->at))) {
		p->no_memory = true;
		return 0;
	}
	for (; p->n <= number; p->n++)
		p->at[p->n] = (struct peers_place){ 0 };
	return number;
}

/* The place of a wait; 0: what it waits for is not passed on. */
static uint32_t place_of(struct peers *p, const struct tt_spans *spans, const struct tt_span *span)
{
	uint64_t id = (uint64_t)span->name << 32 | span->stack;
	uint32_t place = id_map_find(&p->waiters, id);

	if (place != NUMBER_NONE)
		return place;
	place = 0;
	if (span->stack != 0 && is_passed_on(tt_spans_name(spans, span->name)))
		place = new_place(p, spans, span);
	p->no_memory |= !id_map_set(&p->waiters, id, place);
	return place;
}

/* The number of the program's function that a stack is in. */
static uint32_t function_of(struct peers *p, const struct tt_spans *spans, uint32_t stack)
{
	uint32_t number = id_map_find(&p->holders, stack);

	if (number != NUMBER_NONE)
		return number;
	number = texts_number(&p->functions, site_of(spans, stack));
	if (number == NUMBER_NONE || !id_map_set(&p->holders, stack, number)) {
		p->no_memory = true;
		return 0;
	}
	return number;
}

/* ---- groups of states, of which some are watched */

void peers_meet_group(struct peers *p, struct tt_spans *spans, uint32_t group,
		      const struct tt_span *what)
{
	uint32_t place = what->state == TT_STATE_WAITING && what->name != 0 ? place_of(p, spans, what) : 0;

	if (place == 0 || p->at[place].ngroups == PEERS_GROUPS)
		return;
	if (!array_room(&p->groups, &p->groups_cap, p->ngroups + 1, sizeof(*p->groups))) {
		p->no_memory = true;
		return;
	}
	p->groups[p->ngroups++] = (struct peers_group){ group, p->at[place].groups };
	p->at[place].groups = (uint32_t)p->ngroups;
	p->at[place].ngroups++;
	if (p->at[place].nseen < PEERS_SAMPLE)
		tt_spans_watch_group(spans, group);
}

/* One more wait is seen. After the last one the states of the place need not be spans. */
static void see(struct peers *p, struct tt_spans *spans, uint32_t place)
{
	struct peers_place *at = &p->at[place];

	if (at->nseen == 0 && !array_room(&p->seen, &p->seen_cap, p->nseen + 1, sizeof(*p->seen))) {
		p->no_memory = true;
		return;
	}
	if (at->nseen++ == 0)
		p->seen[p->nseen++] = place;
	if (at->nseen < PEERS_SAMPLE)
		return;
	for (uint32_t i = at->groups; i > 0; i = p->groups[i - 1].next)
		tt_spans_unwatch_group(spans, p->groups[i - 1].group);
}

void peers_next_generation(struct peers *p, struct tt_spans *spans)
{
	for (size_t k = 0; k < p->nseen; k++) {
		struct peers_place *at = &p->at[p->seen[k]];

		for (uint32_t i = at->nseen < PEERS_SAMPLE ? 0 : at->groups; i > 0; i = p->groups[i - 1].next)
			tt_spans_watch_group(spans, p->groups[i - 1].group);
		at->nseen = 0;
	}
	p->nseen = 0;
	woken_clear(&p->woken);
}

/* ---- waits */

static struct stat_row *row_of(struct peers *p, uint32_t place, uint32_t function)
{
	uint64_t id = (uint64_t)place << 32 | function;
	uint32_t row = id_map_find(&p->rows, id);

	if (row == NUMBER_NONE) {
		row = holders_row(p->table, texts_at(&p->places, place), texts_at(&p->functions, function));
		if (row == NUMBER_NONE || !id_map_set(&p->rows, id, row)) {
			p->no_memory = true;
			return NULL;
		}
	}
	return p->table->rows[row];
}

/* Who ended it had what is passed on since `since_ns`; the empty function: it is not known to have
 * waited for it. */
static void count(struct peers *p, uint32_t place, uint32_t function, const struct tt_span *span,
		  int64_t since_ns)
{
	struct stat_row *row = row_of(p, place, function);
	const struct dist_item wait = { span->end_ns - span->start_ns, span->start_ns, span->id };
	const struct dist_item had = { span->end_ns - since_ns, since_ns, span->end_goroutine };

	if (!row)
		return;
	p->no_memory |= !dist_add(&row->d[HOLD_WAIT], &wait);
	if (function != 0)
		p->no_memory |= !dist_add(&row->d[HOLD_HELD], &had);
}

void peers_follow(struct peers *p, struct tt_spans *spans, const struct tt_event *ev,
		  const struct tt_span *span, const struct tt_span *chosen)
{
	uint32_t place = place_of(p, spans, span), function = 0;
	const struct woken_goroutine *by;
	int64_t since_ns = span->end_ns;

	if (place == 0 || p->at[place].nseen >= PEERS_SAMPLE)
		return;
	by = span->end_goroutine == TT_NONE ? NULL : woken_find(&p->woken, span->end_goroutine);
	if (by && by->place == place) {
		function = function_of(p, spans, tt_spans_stack_of(spans, ev));
		since_ns = by->ns;
	}
	if (chosen) {
		count(p, place, function, chosen, since_ns < chosen->end_ns ? since_ns : chosen->end_ns);
		see(p, spans, place);
	}
	p->no_memory |= !woken_set(&p->woken, spans,
				   &(struct woken_goroutine){ span->id, span->end_ns, place });
}

void peers_release(struct peers *p)
{
	id_map_release(&p->waiters);
	id_map_release(&p->holders);
	texts_release(&p->places);
	texts_release(&p->functions);
	free(p->at);
	free(p->groups);
	free(p->seen);
	woken_release(&p->woken);
	id_map_release(&p->rows);
	memset(p, 0, sizeof(*p));
}
