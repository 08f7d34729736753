/* SPDX-License-Identifier: MIT */
/*
 * generate.h - a trace from choices: each byte decides something, so that a fuzzer
 * that changes bytes changes what happens in a program, and ordering is reached.
 * What an event needs and changes is read off the specs; a model of goroutines,
 * Ps and threads makes most events fit, and some choices make them not fit.
 *
 * Choices: a byte for the event or the deed; of an event, a byte for the thread
 * (low 3 bits) and the time that passes (the rest; all ones: it need not fit); a
 * byte for each argument. No more bytes: the trace is closed.
 */
#ifndef TT_FUZZ_GENERATE_H
#define TT_FUZZ_GENERATE_H

#include "spec/spec.h"
#include "tests/build.h"
#include "wire/format.h"

#define GENERATE_NTHREADS 5     /* the last is nobody */
#define GENERATE_NOBODY (GENERATE_NTHREADS - 1)
#define GENERATE_NIDS 10        /* goroutines 1 to 9, Ps 1 to 9; 0 is not used */
#define GENERATE_NNUMBERS (5 * GENERATE_NIDS) /* for each enum tt_order_of */
#define GENERATE_BATCH 400      /* bytes of a thread's batch at most */

struct generate_thread {
	uint8_t events[GENERATE_BATCH + TT_EVENT_MAX_SIZE + TT_VARINT_MAX];
	size_t n;
	uint64_t begin, last;   /* time of the batch, of its last event */
	unsigned p, g;          /* bound to it, or 0 */
};

/* Goroutines and Ps: what state they are in, and where their sequence stands. */
struct generate_resource {
	uint8_t state[GENERATE_NIDS]; /* enum tt_state; 0: not known yet */
	uint64_t seq[GENERATE_NIDS];
	uint64_t open[GENERATE_NIDS]; /* bit t: the range whose begin is of type t is open */
};

struct generate {
	const uint8_t *data;
	size_t size, pos;
	const struct tt_specs *specs;
	const struct tt_event_def *timed[256], *g_status, *p_status;
	unsigned ntimed;
	struct build b;
	struct generate_thread threads[GENERATE_NTHREADS];
	struct generate_resource gs, ps;
	uint64_t gc_seq, clock, generation;
	struct generate_resource keys; /* of ranges: only what is open */
	/* of what specs number, a few as one: those that begin anew and those that continue */
	uint64_t numbers[2][GENERATE_NNUMBERS];
	unsigned nstrings, nstacks;
};

static inline unsigned generate_choice(struct generate *g)
{
	return g->pos < g->size ? g->data[g->pos++] : 0;
}

/* ---- batches */

static inline uint64_t generate_thread_id(unsigned i)
{
	return i == GENERATE_NOBODY ? BUILD_NOBODY : 100 + i;
}

static inline void generate_flush(struct generate *g, unsigned i)
{
	struct generate_thread *t = &g->threads[i];

	if (t->n != 0)
		build_raw(&g->b, g->generation, generate_thread_id(i), t->begin, t->events, t->n);
	t->n = 0;
}

static inline void generate_put(struct generate *g, unsigned i, const struct tt_event_def *def,
				const uint64_t *args)
{
	struct generate_thread *t = &g->threads[i];
	uint8_t *p;

	if (t->n >= GENERATE_BATCH)
		generate_flush(g, i);
	if (t->n == 0)
		t->begin = t->last = g->clock;
	p = t->events + t->n;
	*p++ = def->spec.type;
	p = tt_varint_put(p, g->clock - t->last);
	for (unsigned a = 0; a < def->spec.nargs; a++)
		p = tt_varint_put(p, args[a]);
	t->n = (size_t)(p - t->events);
	t->last = g->clock;
}

/* ---- the model */

static inline struct generate_resource *generate_kind(struct generate *g, enum tt_resource r)
{
	return r == TT_RESOURCE_PROC ? &g->ps : &g->gs;
}

/* Wire status of a state, as events of statuses have it. */
static inline unsigned generate_status(enum tt_resource r, unsigned state)
{
	if (r == TT_RESOURCE_PROC)
		return state == TT_STATE_RUNNING ? 1 : state == TT_STATE_SYSCALL ? 3 : 2;
	return state == TT_STATE_RUNNABLE  ? 1
	       : state == TT_STATE_RUNNING ? 2
	       : state == TT_STATE_SYSCALL ? 3
					   : 4;
}

static inline unsigned generate_state(enum tt_resource r, uint64_t status)
{
	static const uint8_t of_g[] = {TT_STATE_WAITING, TT_STATE_RUNNABLE, TT_STATE_RUNNING,
				       TT_STATE_SYSCALL, TT_STATE_WAITING};
	static const uint8_t of_p[] = {TT_STATE_IDLE, TT_STATE_RUNNING, TT_STATE_IDLE,
				       TT_STATE_SYSCALL, TT_STATE_IDLE};

	return (r == TT_RESOURCE_PROC ? of_p : of_g)[status % 5];
}

/* Binds it to a thread, or takes it from whichever has it. */
static inline void generate_bind(struct generate *g, enum tt_resource r, unsigned id, unsigned thread,
				 unsigned state)
{
	bool bound = state == TT_STATE_RUNNING || state == TT_STATE_SYSCALL;

	for (unsigned i = 0; i < GENERATE_NTHREADS; i++) {
		unsigned *at = r == TT_RESOURCE_PROC ? &g->threads[i].p : &g->threads[i].g;

		if (*at == id)
			*at = 0;
		if (bound && i == thread && i != GENERATE_NOBODY)
			*at = id;
	}
}

/* Which resource the event changes: an argument, or the thread's own; 0: none. */
static inline unsigned generate_subject(const struct generate *g, const struct tt_event_def *def,
					unsigned thread, const uint64_t *args)
{
	if (def->spec.range.key_arg >= 0 && def->spec.range.role != TT_RANGE_NONE)
		return (unsigned)(args[def->spec.range.key_arg] % GENERATE_NIDS);
	if (def->view.id_arg >= 0)
		return (unsigned)(args[def->view.id_arg] % GENERATE_NIDS);
	return def->view.resource == TT_RESOURCE_PROC ? g->threads[thread].p : g->threads[thread].g;
}

static inline bool generate_is_range(const struct tt_event_def *def)
{
	return def->spec.range.role != TT_RANGE_NONE;
}

/* Where it is known which ranges are open. */
static inline uint64_t *generate_open(struct generate *g, const struct tt_event_def *def, unsigned id)
{
	return def->spec.range.key_arg >= 0 ? &g->keys.open[id]
					    : &generate_kind(g, def->view.resource)->open[id];
}

static inline uint64_t generate_range_bit(const struct tt_event_def *def)
{
	return UINT64_C(1) << ((def->pair != 0 ? def->pair : def->spec.type) & 63);
}

static inline bool generate_range_fits(struct generate *g, const struct tt_event_def *def, unsigned id)
{
	bool open = (*generate_open(g, def, id) & generate_range_bit(def)) != 0;

	if (def->spec.range.role == TT_RANGE_ACTIVE)
		return open == (g->generation != 1);
	return open == (def->spec.range.role == TT_RANGE_END);
}

static inline bool generate_fits(struct generate *g, const struct tt_event_def *def,
				 unsigned thread, unsigned id)
{
	const struct generate_thread *t = &g->threads[thread];
	unsigned has = (thread != GENERATE_NOBODY ? TT_NEED_THREAD : 0u) |
		       (t->p != 0 ? TT_NEED_PROC : TT_NEED_NO_PROC) |
		       (t->g != 0 ? TT_NEED_GOROUTINE : TT_NEED_NO_GOROUTINE);
	unsigned state = generate_kind(g, def->view.resource)->state[id];

	if ((def->needs & TT_NEED_STATED) == 0 || (def->needs & ~has & ~(unsigned)TT_NEED_STATED) != 0)
		return false;
	if (generate_is_range(def) && def->spec.range.key_arg >= 0)
		return generate_range_fits(g, def, id);
	if (generate_is_range(def))
		return id == 0 ? def->view.resource == TT_RESOURCE_NONE
			       : state > TT_STATE_NOT_EXIST && generate_range_fits(g, def, id);
	if (def->spec.kind != TT_KIND_TRANSITION || def->view.from == TT_STATE_FROM_ORDER)
		return true;
	if (def->view.from == TT_STATE_NOT_EXIST)
		return state == TT_STATE_UNDETERMINED || state == TT_STATE_NOT_EXIST;
	return state == def->view.from;
}

/* What the event does to the model. */
static inline void generate_apply(struct generate *g, const struct tt_event_def *def,
				  unsigned thread, const uint64_t *args)
{
	enum tt_resource r = def->view.resource;
	unsigned id = generate_subject(g, def, thread, args);
	unsigned to = def->view.to;

	if (generate_is_range(def) && def->spec.range.role == TT_RANGE_END)
		*generate_open(g, def, id) &= ~generate_range_bit(def);
	else if (generate_is_range(def))
		*generate_open(g, def, id) |= generate_range_bit(def);
	if (def->spec.kind != TT_KIND_TRANSITION || id == 0)
		return;
	if (to == TT_STATE_NOT_EXIST)
		generate_kind(g, r)->open[id] = 0;
	if (to == TT_STATE_FROM_ARG)
		to = generate_state(r, args[def->view.to_arg]);
	generate_kind(g, r)->state[id] = (uint8_t)to;
	if (def->view.from == TT_STATE_NOT_EXIST || def->view.to == TT_STATE_FROM_ARG)
		generate_kind(g, r)->seq[id] = 0;
	generate_bind(g, r, id, thread, to);
	/* the P of a goroutine in a syscall is in one, too */
	if (r == TT_RESOURCE_GOROUTINE && g->threads[thread].p != 0 &&
	    (to == TT_STATE_SYSCALL || def->view.from == TT_STATE_SYSCALL))
		g->ps.state[g->threads[thread].p] = (uint8_t)(to == TT_STATE_SYSCALL
								      ? TT_STATE_SYSCALL
								      : TT_STATE_RUNNING);
}

/* ---- events */

/* The number of what an order is about. */
static inline uint64_t *generate_number(struct generate *g, const struct tt_order_spec *order,
					unsigned thread, const uint64_t *args)
{
	uint64_t id = order->arg >= 0 ? args[order->arg] : 0;
	unsigned at = (unsigned)order->of * GENERATE_NIDS;

	if (order->of == TT_ORDER_RESOURCE)
		return &g->numbers[order->continues][id % 5 + (order->arg % 2 != 0 ? 5 : 0)];
	if (order->arg < 0 && order->of == TT_ORDER_GOROUTINE)
		id = g->threads[thread].g;
	else if (order->arg < 0 && order->of == TT_ORDER_PROC)
		id = g->threads[thread].p;
	else if (order->arg < 0 && order->of == TT_ORDER_THREAD)
		id = generate_thread_id(thread);
	return &g->numbers[order->continues][at + id % GENERATE_NIDS];
}

/* The sequence that the event's order, the argument before it, the thread's P or the collector is at. */
static inline uint64_t *generate_seq(struct generate *g, const struct tt_event_def *def, unsigned a,
				     unsigned thread, const uint64_t *args)
{
	enum tt_arg_type before = a == 0 ? TT_ARG_NUMBER : def->spec.args[a - 1].type;

	for (unsigned i = 0; i < def->spec.norders; i++)
		if (def->spec.orders[i].seq_arg == (int8_t)a)
			return generate_number(g, &def->spec.orders[i], thread, args);
	if (before == TT_ARG_G)
		return &g->gs.seq[args[a - 1] % GENERATE_NIDS];
	if (before == TT_ARG_P)
		return &g->ps.seq[args[a - 1] % GENERATE_NIDS];
	return def->needs == 0 || def->view.resource == TT_RESOURCE_NONE
		       ? &g->gc_seq
		       : &g->ps.seq[g->threads[thread].p];
}

/* The status that is right for the resource of a status event. */
static inline unsigned generate_known_status(struct generate *g, const struct tt_event_def *def,
					     const uint64_t *args)
{
	unsigned id = generate_subject(g, def, GENERATE_NOBODY, args);

	return generate_status(def->view.resource, generate_kind(g, def->view.resource)->state[id]);
}

static inline uint64_t generate_arg(struct generate *g, const struct tt_event_def *def, unsigned a,
				    unsigned thread, const uint64_t *args)
{
	unsigned c = generate_choice(g);
	uint64_t *seq;

	switch (def->spec.args[a].type) {
	case TT_ARG_SEQ:
		seq = generate_seq(g, def, a, thread, args);
		*seq += c < 240;
		return *seq + (c < 240 ? 0 : c);
	case TT_ARG_G:
	case TT_ARG_P:
		return c % (GENERATE_NIDS - 1) + 1;
	case TT_ARG_M:
		return generate_thread_id(c % GENERATE_NTHREADS);
	case TT_ARG_PSTATUS:
	case TT_ARG_GSTATUS:
		if (c >= 8)
			return c < 250 ? generate_known_status(g, def, args) : c;
		return c % 5;
	case TT_ARG_STRING:
		return c < 250 ? c % (g->nstrings + 1) : c;
	case TT_ARG_STACK:
		return c < 250 ? c % (g->nstacks + 1) : c;
	default:
		return c < 200 ? c % 5 : UINT64_MAX << (c - 200);
	}
}

static inline void generate_event(struct generate *g, const struct tt_event_def *def)
{
	unsigned how = generate_choice(g);
	unsigned thread = (how & 7) % GENERATE_NTHREADS;
	bool force = how >> 3 == 31;
	uint64_t args[TT_MAX_ARGS] = {0};
	struct generate_resource gs = g->gs, ps = g->ps;
	uint64_t gc_seq = g->gc_seq, numbers[2][GENERATE_NNUMBERS];

	memcpy(numbers, g->numbers, sizeof(numbers));
	g->clock += how >> 3;
	for (unsigned a = 0; a < def->spec.nargs; a++)
		args[a] = generate_arg(g, def, a, thread, args);
	if (!force && !generate_fits(g, def, thread, generate_subject(g, def, thread, args))) {
		g->gs = gs;
		g->ps = ps;
		g->gc_seq = gc_seq;
		memcpy(g->numbers, numbers, sizeof(numbers));
		return;
	}
	generate_put(g, thread, def, args);
	generate_apply(g, def, thread, args);
}

/* ---- generations */

static inline void generate_restate_one(struct generate *g, const struct tt_event_def *def,
					unsigned id, unsigned thread)
{
	enum tt_resource r = def->view.resource;
	uint64_t args[TT_MAX_ARGS] = {0};

	args[def->view.id_arg] = id;
	args[def->view.to_arg] = generate_status(r, generate_kind(g, r)->state[id]);
	for (unsigned a = 0; a < def->spec.nargs; a++)
		if (def->spec.args[a].type == TT_ARG_M)
			args[a] = generate_thread_id(thread);
	generate_put(g, thread, def, args);
	generate_kind(g, r)->seq[id] = 0;
}

/* As the runtime does: what there is, where it is, before all else. */
static inline void generate_restate(struct generate *g)
{
	for (unsigned id = 1; id < GENERATE_NIDS; id++) {
		unsigned of_g = GENERATE_NOBODY, of_p = GENERATE_NOBODY;

		for (unsigned i = 0; i < GENERATE_NOBODY; i++) {
			of_g = g->threads[i].g == id ? i : of_g;
			of_p = g->threads[i].p == id ? i : of_p;
		}
		if (g->ps.state[id] > TT_STATE_NOT_EXIST)
			generate_restate_one(g, g->p_status, id, of_p);
		if (g->gs.state[id] > TT_STATE_NOT_EXIST)
			generate_restate_one(g, g->g_status, id, of_g);
	}
}

static inline void generate_begin(struct generate *g, uint64_t number)
{
	g->generation = number;
	build_clock(&g->b, number, g->clock, 1000000000);
	g->nstrings = g->nstacks = 3;
	memset(g->numbers[0], 0, sizeof(g->numbers[0]));
}

static inline void generate_tables(struct generate *g)
{
	build_batch(&g->b, g->generation, BUILD_NOBODY, g->clock);
	build_byte(&g->b, 0x04);
	for (unsigned id = 1; id <= g->nstrings; id++)
		build_string(&g->b, id, "abcdefg", id % 8);
	build_close(&g->b);
	build_batch(&g->b, g->generation, BUILD_NOBODY, g->clock);
	build_byte(&g->b, 0x02);
	for (unsigned id = 1; id <= g->nstacks; id++)
		build_stack(&g->b, id, id % 3,
			    (const uint64_t[2][4]){{id, 1, 2, id}, {id + 1, 2, 3, id}});
	build_close(&g->b);
}

static inline void generate_finish(struct generate *g)
{
	for (unsigned i = 0; i < GENERATE_NTHREADS; i++)
		generate_flush(g, i);
	generate_tables(g);
	if (g->b.version >= 26)
		build_mark(&g->b);
}

/* ---- other deeds */

static inline void generate_sample(struct generate *g)
{
	build_batch(&g->b, g->generation, BUILD_NOBODY, g->clock);
	build_bytes(&g->b, "\x06\x07", 2);
	build_number(&g->b, g->clock + generate_choice(g));
	for (int i = 0; i < 3; i++)
		build_number(&g->b, generate_choice(g) % 5);
	build_number(&g->b, generate_choice(g) % (g->nstacks + 1));
	build_close(&g->b);
}

static inline void generate_deed(struct generate *g, unsigned deed)
{
	unsigned c = generate_choice(g);

	switch (deed) {
	case 0:
	case 7:
		generate_finish(g);
		generate_begin(g, c < 200 ? g->generation + 1 : c);
		if (c % 8 != 0)
			generate_restate(g);
		break;
	case 1:
		generate_flush(g, c % GENERATE_NTHREADS);
		break;
	case 2:
		generate_sample(g);
		break;
	case 3:
		build_experiment(&g->b, c < 250 ? c % 2 : c, g->generation,
				 generate_thread_id(c % GENERATE_NTHREADS), g->clock);
		build_byte(&g->b, c);
		build_close(&g->b);
		break;
	case 4:
		build_raw(&g->b, g->generation, generate_thread_id(c % GENERATE_NTHREADS), g->clock,
			  "", 0);
		break;
	case 5:
		g->clock = c < 128 ? g->clock + c * 100 : g->clock - g->clock / 4;
		break;
	case 6: /* a byte of damage */
		build_byte(&g->b, c);
		break;
	default:
		generate_restate(g);
		break;
	}
}

/* ---- all of it */

static inline void generate_init(struct generate *g, const struct tt_specs *specs)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(specs, type);

		if (def == NULL || !def->spec.timed)
			continue;
		g->timed[g->ntimed++] = def;
		for (unsigned a = 0; a < def->spec.nargs; a++) {
			if (def->spec.args[a].type == TT_ARG_GSTATUS && g->g_status == NULL)
				g->g_status = def;
			if (def->spec.args[a].type == TT_ARG_PSTATUS)
				g->p_status = def;
		}
	}
	g->clock = 1000;
	g->gs = (struct generate_resource){.state = {0, TT_STATE_RUNNING, TT_STATE_RUNNING,
						     TT_STATE_WAITING, TT_STATE_RUNNABLE,
						     TT_STATE_SYSCALL}};
	g->ps = (struct generate_resource){
		.state = {0, TT_STATE_RUNNING, TT_STATE_RUNNING, TT_STATE_IDLE}};
	g->threads[0].g = g->threads[0].p = 1;
	g->threads[1].g = g->threads[1].p = 2;
	g->threads[2].g = 5;
}

/* The caller releases *out. */
static inline void generate(struct build *out, unsigned version, const struct tt_specs *specs,
			    const uint8_t *data, size_t size)
{
	struct generate g = {.data = data, .size = size, .specs = specs};

	generate_init(&g, specs);
	build_init(&g.b, version);
	generate_begin(&g, 1);
	generate_restate(&g);
	while (g.pos < g.size) {
		unsigned c = generate_choice(&g);

		if (c >= 4 * g.ntimed)
			generate_deed(&g, (c - 4 * g.ntimed) % 32);
		else
			generate_event(&g, g.timed[c % g.ntimed]);
	}
	generate_finish(&g);
	*out = g.b;
}

#endif
