/* SPDX-License-Identifier: MIT */
/*
 * orders.c - what an event is numbered among (`orders`), and what it does to resources
 * (`creates`, `uses`, `destroys`, `restates`). Clauses about the same argument are about
 * the same resource: they make one struct tt_order_spec. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(type) (1u << (type))
#define NUMBERS (BIT(TT_ARG_NUMBER) | BIT(TT_ARG_VALUE))

/* ------------------------------------------------------------------- one of them */

/* What the line is about: the one of the event that is, or another one; NULL with a mistake. */
static struct tt_spec_order *take_place(struct tt_spec_parser *p, enum tt_order_of of, int8_t arg)
{
	struct tt_spec_event *event = p->event;
	struct tt_event_spec *spec = &event->def.spec;
	unsigned i = spec->norders;
	int resource = 0;

	if (of == TT_ORDER_RESOURCE)
		for (i = 0; i < spec->norders; i++)
			if (spec->orders[i].of == of && spec->orders[i].arg == arg)
				return &event->orders[i];
	if (i == TT_MAX_ORDERS) {
		tt_spec_report(p, 1, "too-many", "an event has to do with at most %d sequences and "
			       "resources", TT_MAX_ORDERS);
		return NULL;
	}
	if (of == TT_ORDER_RESOURCE)
		resource = tt_spec_find_resource(p, spec->args[arg].name);
	if (resource < 0)
		return NULL;
	spec->orders[i] = (struct tt_order_spec){
		.of = of,
		.arg = arg,
		.seq_arg = -1,
		.to = -1,
		.otherwise = -1,
		.if_arg = -1,
		.to_arg = -1,
	};
	event->orders[i] = (struct tt_spec_order){
		.at = {p->line.number, 1},
		.resource = (unsigned)resource,
	};
	spec->norders++;
	return &event->orders[i];
}

static struct tt_order_spec *spec_of(struct tt_spec_parser *p, const struct tt_spec_order *order)
{
	return &p->event->def.spec.orders[order - p->event->orders];
}

static const struct tt_resource_spec *resource_of(const struct tt_spec_parser *p,
						  const struct tt_spec_order *order)
{
	return &p->file->resources[order->resource].spec;
}

/* ------------------------------------------------------------------- numbers */

static const struct scope {
	const char *word;
	enum tt_order_of of;
	unsigned types; /* of the argument that says which one; 0: there is only one */
} scopes[] = {
	{"global", TT_ORDER_GLOBAL, 0},
	{"thread", TT_ORDER_THREAD, BIT(TT_ARG_M)},
	{"proc", TT_ORDER_PROC, BIT(TT_ARG_P)},
	{"goroutine", TT_ORDER_GOROUTINE, BIT(TT_ARG_G)},
};

/* Whether a word that is an argument's name, too, is a scope because of what follows it. */
static bool says_which(const struct tt_spec_parser *p, const struct scope *scope)
{
	const struct tt_spec_word *word = tt_spec_peek(p);
	int arg = word == NULL ? -1 : tt_spec_find_arg(p, word);

	if (word == NULL || scope->types == 0)
		return false;
	if (!word->quoted && strcmp(word->text, "self") == 0)
		return true;
	return arg >= 0 && (scope->types & BIT(p->event->def.spec.args[arg].type)) != 0;
}

/* The scope that the next word is, or NULL: it is an argument. */
static const struct scope *accept_scope(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	for (size_t i = 0; word != NULL && i < COUNT(scopes); i++) {
		if (!tt_spec_accept(p, scopes[i].word))
			continue;
		if (tt_spec_find_arg(p, word) < 0 || says_which(p, &scopes[i]))
			return &scopes[i];
		p->next--;
		return NULL;
	}
	return NULL;
}

static const struct role {
	const char *word;
	enum tt_role role;
} roles[] = {
	{"creates", TT_ROLE_CREATE},
	{"destroys", TT_ROLE_DESTROY},
	{"restates", TT_ROLE_RESTATE},
};

static void begin_life(struct tt_spec_parser *p, struct tt_spec_order *order, enum tt_role role)
{
	struct tt_order_spec *spec = spec_of(p, order);

	order->lived = true;
	spec->role = role;
	if (role == TT_ROLE_CREATE && resource_of(p, order)->nstates > 0)
		spec->to = 0;
}

/* What follows the number, if anything does. False with a mistake. */
static bool take_rest(struct tt_spec_parser *p, struct tt_spec_order *order)
{
	const char *words[COUNT(roles) + 1];
	size_t i, n = 0;

	if (spec_of(p, order)->of == TT_ORDER_RESOURCE) {
		for (i = 0; i < COUNT(roles); i++) {
			words[n++] = roles[i].word;
			order->at = tt_spec_here(p);
			if (!tt_spec_accept(p, roles[i].word))
				continue;
			if (order->lived) {
				tt_spec_report(p, p->line.words[0].column, "contradiction",
					       "two clauses say what happens to `%s`: keep one of them",
					       resource_of(p, order)->name);
				return false;
			}
			begin_life(p, order, roles[i].role);
			break;
		}
	}
	words[n++] = "continues";
	spec_of(p, order)->continues = tt_spec_accept(p, "continues");
	if (tt_spec_peek(p) == NULL)
		return true;
	if (spec_of(p, order)->continues || order->lived)
		return tt_spec_done(p);
	tt_spec_unknown(p, tt_spec_peek(p), "word", words, n);
	return false;
}

void tt_spec_read_orders(struct tt_spec_parser *p)
{
	const struct scope *scope = accept_scope(p);
	struct tt_spec_order *order;
	int8_t id = -1, seq;

	if (scope == NULL) {
		id = tt_spec_take_arg(p, NUMBERS);
		if (id < 0)
			return;
	} else if (scope->types != 0 && !tt_spec_accept(p, "self")) {
		id = tt_spec_take_arg(p, scope->types);
		if (id < 0)
			return;
	}
	seq = tt_spec_take_arg(p, BIT(TT_ARG_SEQ));
	if (seq < 0)
		return;
	order = take_place(p, scope == NULL ? TT_ORDER_RESOURCE : scope->of, id);
	if (order == NULL)
		return;
	if (order->numbered) {
		tt_spec_report(p, 1, "clause-twice",
			       "a second number for `%s`: keep one of the `orders` lines",
			       p->event->def.spec.args[id].name);
		return;
	}
	order->numbered = true;
	spec_of(p, order)->seq_arg = seq;
	take_rest(p, order);
}

/* ------------------------------------------------------------------- life and states */

/* The states in which it may be before the event. False with a mistake. */
static bool take_from(struct tt_spec_parser *p, struct tt_spec_order *order)
{
	const struct tt_spec_word *word = tt_spec_peek(p);
	int8_t state;

	if (word == NULL || (!word->quoted && strcmp(word->text, "->") == 0))
		return true;
	do {
		word = tt_spec_take(p, "a state");
		state = word == NULL ? -1 : tt_spec_find_state(p, resource_of(p, order), word);
		if (state < 0)
			return false;
		spec_of(p, order)->from |= (uint16_t)(1u << state);
	} while (tt_spec_accept(p, ","));
	return true;
}

static int8_t take_state(struct tt_spec_parser *p, const struct tt_spec_order *order)
{
	const struct tt_spec_word *word = tt_spec_take(p, "a state");

	return word == NULL ? -1 : tt_spec_find_state(p, resource_of(p, order), word);
}

/* After `->`: a state, or an argument that holds one. False with a mistake. */
static bool take_to(struct tt_spec_parser *p, struct tt_spec_order *order)
{
	struct tt_order_spec *spec = spec_of(p, order);
	const struct tt_spec_word *word = tt_spec_peek(p);
	int arg = word == NULL ? -1 : tt_spec_find_arg(p, word);
	bool is_state = false;

	for (unsigned i = 0; word != NULL && i < resource_of(p, order)->nstates; i++)
		is_state |= strcmp(resource_of(p, order)->states[i], word->text) == 0;
	if (arg >= 0 && !is_state && resource_of(p, order)->nstates > 0) {
		order->to_at = tt_spec_here(p);
		tt_spec_take(p, "a state");
		spec->to_arg = (int8_t)arg;
		return true;
	}
	spec->to = take_state(p, order);
	if (spec->to < 0)
		return false;
	if (!tt_spec_accept(p, "if"))
		return true;
	spec->if_arg = tt_spec_take_arg(p, ~0u);
	if (spec->if_arg < 0)
		return false;
	if (!tt_spec_accept(p, "else")) {
		static const char *const words[] = {"else"};

		word = tt_spec_take(p, "`else`");
		if (word != NULL)
			tt_spec_unknown(p, word, "word", words, COUNT(words));
		return false;
	}
	spec->otherwise = take_state(p, order);
	return spec->otherwise >= 0;
}

static void read_life(struct tt_spec_parser *p, enum tt_role role)
{
	int8_t arg = tt_spec_take_arg(p, NUMBERS);
	struct tt_spec_order *order;

	if (arg < 0)
		return;
	order = take_place(p, TT_ORDER_RESOURCE, arg);
	if (order == NULL)
		return;
	if (order->lived) {
		tt_spec_report(p, p->line.words[0].column, "contradiction",
			       "two clauses say what happens to `%s`: keep one of them",
			       resource_of(p, order)->name);
		return;
	}
	begin_life(p, order, role);
	if ((role == TT_ROLE_USE || role == TT_ROLE_DESTROY) && !take_from(p, order))
		return;
	if (role != TT_ROLE_DESTROY && tt_spec_accept(p, "->") && !take_to(p, order))
		return;
	tt_spec_done(p);
}

void tt_spec_read_creates(struct tt_spec_parser *p)
{
	read_life(p, TT_ROLE_CREATE);
}

void tt_spec_read_uses(struct tt_spec_parser *p)
{
	read_life(p, TT_ROLE_USE);
}

void tt_spec_read_destroys(struct tt_spec_parser *p)
{
	read_life(p, TT_ROLE_DESTROY);
}

void tt_spec_read_restates(struct tt_spec_parser *p)
{
	read_life(p, TT_ROLE_RESTATE);
}

/* ------------------------------------------------------------------- the whole */

/* An event that restates what another creates: is there one that creates it? */
static void check_restates(struct tt_spec_parser *p, const struct tt_spec_event *event, unsigned i)
{
	const struct tt_resource_spec *resource = event->def.spec.orders[i].resource;

	/* (another experiment may create what is shared; a text may lack its own) */
	if (resource->experiment == NULL || p->file->experiment.name == NULL ||
	    strcmp(resource->experiment, p->file->experiment.name) != 0)
		return;
	for (size_t e = 0; e < p->file->nevents; e++) {
		const struct tt_spec_event *other = &p->file->events[e];

		/* of one that has a mistake it is not known what it would do */
		if (other->broken)
			return;
		for (unsigned k = 0; k < other->def.spec.norders; k++)
			if (other->def.spec.orders[k].resource == resource &&
			    other->def.spec.orders[k].role == TT_ROLE_CREATE)
				return;
	}
	tt_spec_report_at(p, event->orders[i].at, "contradiction",
			  "`restates`, but no event creates `%s`: write `creates` and its argument "
			  "in one",
			  resource->name);
}

/* The values of an argument that holds a state have the names of states. */
static void check_to_arg(struct tt_spec_parser *p, const struct tt_spec_event *event, unsigned i)
{
	const struct tt_order_spec *order = &event->def.spec.orders[i];
	const struct tt_arg_spec *arg = &event->def.spec.args[order->to_arg];

	if (arg->form != TT_FORM_ENUM) {
		tt_spec_report_at(p, event->orders[i].to_at, "wrong-type",
				  "`%s` is no state, and no argument whose values have names: give it "
				  "an `enum` with `means`",
				  arg->name);
		return;
	}
	for (unsigned v = 0; v < arg->values->nvalues; v++) {
		bool found = false;

		for (unsigned s = 0; s < order->resource->nstates; s++)
			found |= strcmp(order->resource->states[s], arg->values->values[v].name) == 0;
		if (found)
			continue;
		tt_spec_report_at(p, event->orders[i].to_at, "contradiction",
				  "`%s` of `%s` is no state of `%s`: add it to its `states`",
				  arg->values->values[v].name, arg->values->name,
				  order->resource->name);
		return;
	}
}

/* Whether two events are numbered among the same. */
static bool same_sequence(const struct tt_event_spec *a, const struct tt_order_spec *x,
			  const struct tt_event_spec *b, const struct tt_order_spec *y)
{
	if (x->of != y->of || x->seq_arg < 0 || y->seq_arg < 0)
		return false;
	if (x->of == TT_ORDER_RESOURCE)
		return x->resource == y->resource;
	return strcmp(a->args[x->seq_arg].name, b->args[y->seq_arg].name) == 0;
}

/* All numbers of a sequence continue, or none does. */
static void check_continues(struct tt_spec_parser *p, const struct tt_spec_event *event, unsigned i)
{
	const struct tt_order_spec *order = &event->def.spec.orders[i];

	for (const struct tt_spec_event *old = p->file->events; old <= event; old++) {
		for (unsigned k = 0; k < old->def.spec.norders; k++) {
			const struct tt_order_spec *other = &old->def.spec.orders[k];

			if (other == order || old->broken)
				break;
			if (!same_sequence(&event->def.spec, order, &old->def.spec, other))
				continue;
			if (other->continues != order->continues)
				tt_spec_report_at(p, event->orders[i].at, "contradiction",
						  "the numbers of `%s` in line %u %s: write `continues` in "
						  "both lines or in none",
						  old->def.spec.name, old->orders[k].at.line,
						  other->continues ? "continue" : "begin anew");
			return;
		}
	}
}

static void bind_resources(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	for (unsigned i = 0; i < event->def.spec.norders; i++) {
		struct tt_order_spec *order = &event->def.spec.orders[i];
		struct tt_resource_spec *resource;

		if (order->of != TT_ORDER_RESOURCE)
			continue;
		resource = &p->file->resources[event->orders[i].resource].spec;
		order->resource = resource;
		resource->lives |= order->role == TT_ROLE_CREATE || order->role == TT_ROLE_RESTATE;
		resource->restated |= order->role == TT_ROLE_RESTATE;
		resource->continues |= order->continues;
	}
}

void tt_spec_resolve_orders(struct tt_spec_parser *p)
{
	struct tt_spec_event *events = p->file->events;

	for (size_t e = 0; e < p->file->nevents; e++)
		bind_resources(p, &events[e]);
	for (size_t e = 0; e < p->file->nevents; e++) {
		for (unsigned i = 0; !events[e].broken && i < events[e].def.spec.norders; i++) {
			const struct tt_order_spec *order = &events[e].def.spec.orders[i];

			if (order->role == TT_ROLE_RESTATE)
				check_restates(p, &events[e], i);
			if (order->to_arg >= 0)
				check_to_arg(p, &events[e], i);
			if (order->seq_arg >= 0)
				check_continues(p, &events[e], i);
		}
	}
}
