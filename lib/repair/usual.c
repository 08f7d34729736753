/* SPDX-License-Identifier: MIT */
/* usual.c - how usual an event is. Stands on gen. */
#include "repair/usual.h"

#include <string.h>

/* Counts by hash; two that share one are rare enough. */
#define COUNT_BITS 18
#define NCOUNTS (1u << COUNT_BITS)

/* What is counted: a number of an event, or its length. */
enum said {
	SAID_TYPE,
	SAID_VALUE,
	SAID_LENGTH,
	SAID_CHANGE,
};

/* What a random byte costs, in eighths of a bit. */
#define BYTE_BITS 52
/* So much less costs a number that proves something. */
#define PROVING_BITS 24
/* What a number costs that was never seen before, where such numbers have names. */
#define UNSEEN_BITS 96

bool tt_usual_init(struct tt_usual *u, struct tt_mem *mem, const struct tt_specs *specs)
{
	memset(u, 0, sizeof(*u));
	u->mem = mem;
	u->specs = specs;
	u->type = TT_USUAL_NONE;
	u->counts = tt_mem_alloc(mem, NCOUNTS * sizeof(*u->counts));
	if (u->counts == NULL)
		return false;
	memset(u->counts, 0, NCOUNTS * sizeof(*u->counts));
	return true;
}

void tt_usual_release(struct tt_usual *u)
{
	tt_mem_free(u->mem, u->counts, NCOUNTS * sizeof(*u->counts));
}

void tt_usual_begin(struct tt_usual *u)
{
	u->type = TT_USUAL_NONE;
	memset(u->last, 0, sizeof(u->last));
}

/* ---- counts */

static uint16_t *count_of(struct tt_usual *u, enum said said, unsigned context, unsigned arg,
			  uint64_t value)
{
	uint64_t h = value * UINT64_C(0x9e3779b97f4a7c15) + context;

	h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + arg * 4 + (unsigned)said;
	h = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
	return &u->counts[h >> (64 - COUNT_BITS)];
}

/* What stands for the sum of all values. */
#define ALL UINT64_C(0xa5a5a5a5deadbeef)

static void count(struct tt_usual *u, enum said said, unsigned context, unsigned arg,
		  uint64_t value)
{
	uint16_t *n = count_of(u, said, context, arg, value);
	uint16_t *all = count_of(u, said, context, arg, ALL);

	if (*all < UINT16_MAX) {
		++*all;
		++*n;
	}
}

/* Eight times the logarithm to the base 2 of n / 8. */
static int bits_of(unsigned n)
{
	int whole = 31 - __builtin_clz(n);
	unsigned rest = whole >= 3 ? (n >> (whole - 3)) & 7 : (n << (3 - whole)) & 7;

	return 8 * whole - 24 + (int)rest;
}

/* How many eighths of a bit say the value; -1: it was never seen. */
static int cost_seen(struct tt_usual *u, enum said said, unsigned context, unsigned arg,
		     uint64_t value)
{
	unsigned n = *count_of(u, said, context, arg, value);
	unsigned all = *count_of(u, said, context, arg, ALL);

	if (n <= u->own)
		return -1;
	/* (values may share a count) */
	if (all < n)
		all = n;
	return bits_of(8 * (all - u->own) + 8) - bits_of(8 * (n - u->own));
}

/* The same of one of a few values, where any can be. */
static int cost_of_few(struct tt_usual *u, enum said said, unsigned context, unsigned arg,
		       uint64_t value)
{
	unsigned n = *count_of(u, said, context, arg, value);
	unsigned all = *count_of(u, said, context, arg, ALL);

	n = n > u->own ? n - u->own : 0;
	all = all > u->own ? all - u->own : 0;
	return bits_of(8 * all + 32) - bits_of(8 * n + 2);
}

/* ---- numbers */

static unsigned length_of(uint64_t value)
{
	return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

/* As it is written. */
static int nbytes_of(uint64_t value)
{
	return value == 0 ? 1 : ((int)length_of(value) + 6) / 7;
}

static uint64_t change_of(uint64_t before, uint64_t value)
{
	int64_t change = (int64_t)(value - before);

	return ((uint64_t)change << 1) ^ (change < 0 ? UINT64_MAX : 0);
}

static int raw_bits(unsigned length)
{
	return length > 1 ? 8 * ((int)length - 1) : 0;
}

static int least(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Whether an argument is the id of an entry in a table. */
static bool is_name(const struct tt_event_def *def, unsigned arg)
{
	for (unsigned i = 0; i < def->nstacks; i++)
		if (def->stack_args[i] == (int)arg)
			return true;
	for (unsigned i = 0; i < def->nstrings; i++)
		if (def->string_args[i] == (int)arg)
			return true;
	return false;
}

static int score_arg(struct tt_usual *u, const struct tt_raw_event *ev, unsigned arg, bool name)
{
	uint64_t value = ev->args[arg];
	uint64_t change = change_of(u->last[ev->type][arg], value);
	int seen = cost_seen(u, SAID_VALUE, ev->type, arg, value), length, by_change;

	if (name)
		return seen >= 0 ? seen : UNSEEN_BITS;
	length = cost_of_few(u, SAID_LENGTH, ev->type, arg, length_of(value)) +
		 raw_bits(length_of(value));
	by_change = cost_of_few(u, SAID_CHANGE, ev->type, arg, length_of(change)) +
		    raw_bits(length_of(change));
	return least(seen, least(length, by_change)) + 8;
}

/* ---- events */

/* dt counts as the argument after all others; what it is depends on the event before, too. */
static unsigned dt_context(const struct tt_usual *u, const struct tt_raw_event *ev)
{
	return 512 + u->type * 256 + ev->type;
}

void tt_usual_count(struct tt_usual *u, const struct tt_raw_event *ev, uint64_t dt)
{
	const struct tt_event_def *def = tt_specs_def(u->specs, ev->type);

	count(u, SAID_TYPE, u->type, 0, ev->type);
	count(u, SAID_LENGTH, dt_context(u, ev), TT_MAX_ARGS, length_of(dt));
	count(u, SAID_VALUE, dt_context(u, ev), TT_MAX_ARGS, dt);
	for (unsigned i = 0; i < def->spec.nargs; i++) {
		uint64_t change = change_of(u->last[ev->type][i], ev->args[i]);

		count(u, SAID_VALUE, ev->type, i, ev->args[i]);
		count(u, SAID_LENGTH, ev->type, i, length_of(ev->args[i]));
		count(u, SAID_CHANGE, ev->type, i, length_of(change));
		u->last[ev->type][i] = ev->args[i];
	}
	u->type = ev->type;
}

/* Whether a number that was seen so often is hardly ever made of other bytes. */
static bool proves(int seen, uint64_t value)
{
	return seen >= 0 && seen + PROVING_BITS <= BYTE_BITS * nbytes_of(value);
}

struct tt_usual_score tt_usual_score(struct tt_usual *u, const struct tt_raw_event *ev,
				     uint64_t dt, size_t nbytes)
{
	const struct tt_event_def *def = tt_specs_def(u->specs, ev->type);
	unsigned context = dt_context(u, ev), nargs = def->spec.nargs;
	int seen = cost_seen(u, SAID_VALUE, context, TT_MAX_ARGS, dt);
	struct tt_usual_score score = {.proved = proves(seen, dt)};

	score.all = cost_of_few(u, SAID_TYPE, u->type, 0, ev->type) +
		    least(seen, cost_of_few(u, SAID_LENGTH, context, TT_MAX_ARGS, length_of(dt)) +
					raw_bits(length_of(dt))) -
		    BYTE_BITS * (int)nbytes;
	if (nargs != 0)
		score.proved = proves(cost_seen(u, SAID_VALUE, ev->type, nargs - 1,
						ev->args[nargs - 1]), ev->args[nargs - 1]);
	for (unsigned i = 0; i < nargs; i++) {
		score.all += score_arg(u, ev, i, is_name(def, i));
		u->last[ev->type][i] = ev->args[i];
	}
	u->type = ev->type;
	return score;
}
