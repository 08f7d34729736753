/* SPDX-License-Identifier: MIT */
/*
 * experiment.c - events and batches of experiments. A program writes more of these than of
 * anything else, so an event goes the shortest way: room, clock, bytes. Stands on emit.h.
 */
#include "emit/emit.h"
#include "wire/embedded.h"

_Static_assert(TT_EMIT_BATCH_MAX + sizeof(struct tt_em_chunk) <= TT_EM_CHUNK_LARGE, "a batch fits");

/* ------------------------------------------------------------------- events */

/* Whether the thread lacks what the spec says it must lack; if not, the event is refused. */
static __attribute__((noinline)) bool is_absent(struct tt_emit *e, struct tt_em_event_rule rule)
{
	if (rule.context == TT_EM_ABSENT && !tt_em_is_present(e))
		return true;
	tt_em_refused(e);
	return false;
}

/* Room, and what the spec asks for. */
static inline bool ready(struct tt_emit *e, struct tt_em_event_rule rule)
{
	if (tt_unlikely(!tt_em_room(e)))
		return false;
	if (tt_likely(rule.context == TT_EM_ANY) ||
	    (rule.context == TT_EM_PRESENT && tt_em_to_present(e)))
		return true;
	return is_absent(e, rule);
}

/* The spec has this many arguments, and the event is not embedded. */
static inline bool is_plain(unsigned type, unsigned nargs)
{
	return tt_likely(type <= UINT8_MAX) &&
	       tt_likely(tt_em_tracer.rules[type].nargs_plus1 == nargs + 1);
}

/* An event that is not plain. */
static __attribute__((noinline)) void special(struct tt_emit *e, unsigned type,
					      const uint64_t *args, unsigned nargs)
{
	if (type > UINT8_MAX ||
	    tt_em_tracer.rules[type].nargs_plus1 != ((nargs + 1) | TT_EM_RULE_EMBEDDED))
		tt_em_refused(e);
	else if (ready(e, tt_em_tracer.rules[type]))
		tt_em_embed_event(e, type, args, nargs);
}

/* The same; the array is made here, away from the fast path. */
static __attribute__((noinline)) void special2(struct tt_emit *e, unsigned type, uint64_t a,
					       uint64_t b)
{
	special(e, type, (uint64_t[]){a, b}, 2);
}

static __attribute__((noinline)) void special1(struct tt_emit *e, unsigned type, uint64_t a)
{
	special(e, type, &a, 1);
}

void tt_emit_event1(struct tt_emit *e, unsigned type, uint64_t a)
{
	tt_em_busy_begin(e);
	if (!is_plain(type, 1))
		special1(e, type, a);
	else if (tt_likely(ready(e, tt_em_tracer.rules[type])))
		tt_em_put_done(e->chunk, tt_varint_put(tt_em_put_time(e->chunk, type), a));
	tt_em_busy_end(e);
}

void tt_emit_event2(struct tt_emit *e, unsigned type, uint64_t a, uint64_t b)
{
	tt_em_busy_begin(e);
	if (!is_plain(type, 2))
		special2(e, type, a, b);
	else if (tt_likely(ready(e, tt_em_tracer.rules[type])))
		tt_em_put_done(e->chunk,
			       tt_varint_put(tt_varint_put(tt_em_put_time(e->chunk, type), a), b));
	tt_em_busy_end(e);
}

void tt_emit_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs)
{
	uint8_t *p;

	tt_em_busy_begin(e);
	if (nargs > TT_MAX_ARGS) {
		tt_em_refused(e);
	} else if (!is_plain(type, nargs)) {
		special(e, type, args, nargs);
	} else if (ready(e, tt_em_tracer.rules[type])) {
		p = tt_em_put_time(e->chunk, type);
		for (unsigned i = 0; i < nargs; i++)
			p = tt_varint_put(p, args[i]);
		tt_em_put_done(e->chunk, p);
	}
	tt_em_busy_end(e);
}

/*
 * While one section writes into a generation, others may be in the next one already,
 * but in no third: each of the two has its counter, with trace and generation above.
 */
uint64_t tt_emit_seq_next(struct tt_emit *e, struct tt_emit_seq *seq)
{
	const uint64_t first =
		((tt_em_epoch_of(e->epoch_gen) << 22 ^ e->gen) & UINT32_MAX) << 32 | 1;
	uint64_t *count = &seq->counts_[e->gen % 2];
	uint64_t was = __atomic_load_n(count, __ATOMIC_RELAXED), next;

	do {
		next = was >> 32 == first >> 32 ? was + 1 : first;
	} while (!__atomic_compare_exchange_n(count, &was, next, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return next & UINT32_MAX;
}

/* ------------------------------------------------------------------ batches */

static void append(struct tt_em_chunk *c, const void *data, size_t nbytes)
{
	uint8_t *p = atomic_load_explicit(&c->pos, memory_order_relaxed);

	if (nbytes != 0)
		memcpy(p, data, nbytes);
	tt_em_put_done(c, p + nbytes);
}

/* A batch with room for so many bytes after what it is wrapped in. */
static struct tt_em_chunk *new_batch(struct tt_emit *e, unsigned experiment, size_t nbytes)
{
	uint8_t wrap[TT_EM_EMBED_HEAD_MAX];
	const size_t max_small = TT_EM_CHUNK_SMALL - sizeof(struct tt_em_chunk) - sizeof(wrap);
	struct tt_em_chunk *c;

	if (e->thread == NULL)
		return NULL;
	c = tt_em_thread_chunk(e, nbytes <= max_small ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
	if (c == NULL)
		return NULL;
	c->nhead = tt_em_embed_batch_head(experiment, wrap);
	c->experiment = c->nhead == 0 ? (uint8_t)experiment : TT_EMBEDDED_IN;
	append(c, wrap, c->nhead);
	tt_em_chunks_add(&tt_em_slot(e)->batches, c);
	return c;
}

/* 0 would make an ordinary batch; Go's raw reader wants one byte. */
static bool allowed(struct tt_emit *e, unsigned experiment, size_t nbytes)
{
	if (experiment > 0 && experiment < 128 && nbytes <= TT_EMIT_BATCH_MAX)
		return true;
	tt_em_refused(e);
	return false;
}

bool tt_emit_batch(struct tt_emit *e, unsigned experiment, const void *data, size_t nbytes)
{
	struct tt_em_chunk *c = NULL;

	tt_em_busy_begin(e);
	if (allowed(e, experiment, nbytes))
		c = new_batch(e, experiment, nbytes);
	if (c != NULL) {
		append(c, data, nbytes);
		c->closed = true;
	}
	tt_em_busy_end(e);
	return c != NULL;
}

/* The open batch, if the record belongs there. */
static struct tt_em_chunk *open_batch(struct tt_emit *e, unsigned experiment, struct tt_str head,
				      size_t nbytes)
{
	uint8_t wrap[TT_EM_EMBED_HEAD_MAX];
	size_t nwrap = tt_em_embed_batch_head(experiment, wrap);
	struct tt_em_chunk *c;

	if (e->thread == NULL)
		return NULL;
	c = tt_em_slot(e)->batches.last;
	if (c == NULL || c->closed || c->experiment != (nwrap == 0 ? experiment : TT_EMBEDDED_IN) ||
	    c->nhead != nwrap + head.len || memcmp(c->data, wrap, nwrap) != 0 ||
	    (head.len != 0 && memcmp(c->data + nwrap, head.data, head.len) != 0) ||
	    (size_t)(c->end - c->pos) < nbytes)
		return NULL;
	return c;
}

/* The batch that takes a record of so many bytes, with its head in it; NULL: none does. */
static struct tt_em_chunk *batch_for(struct tt_emit *e, unsigned experiment, struct tt_str head,
				     size_t nbytes)
{
	struct tt_em_chunk *c = open_batch(e, experiment, head, nbytes);
	bool more;

	if (c != NULL)
		return c;
	more = e->thread != NULL && tt_em_slot(e)->batches.first != NULL;
	c = new_batch(e, experiment, more ? TT_EMIT_BATCH_MAX : head.len + nbytes);
	if (c != NULL) {
		append(c, head.data, head.len);
		c->nhead = (uint8_t)(c->nhead + head.len);
	}
	return c;
}

/* The record is there as a whole or not at all, even if the process dies meanwhile. */
static void append_parts(struct tt_em_chunk *c, const struct tt_str *parts, size_t n)
{
	uint8_t *p = atomic_load_explicit(&c->pos, memory_order_relaxed);

	for (size_t i = 0; i < n; i++) {
		if (parts[i].len != 0)
			memcpy(p, parts[i].data, parts[i].len);
		p += parts[i].len;
	}
	tt_em_put_done(c, p);
}

/* How many bytes, or one more than a batch may have: too many. */
static size_t sum_of(const struct tt_str *parts, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > TT_EMIT_BATCH_MAX - sum)
			return TT_EMIT_BATCH_MAX + 1;
		sum += parts[i].len;
	}
	return sum;
}

/* The batch for a record of so many bytes; NULL: it cannot be written. */
static struct tt_em_chunk *allowed_batch(struct tt_emit *e, unsigned experiment, struct tt_str head,
					 size_t nbytes)
{
	if (nbytes > TT_EMIT_BATCH_MAX)
		nbytes = TT_EMIT_BATCH_MAX + 1; /* no sum with it overflows */
	if (head.len > UINT8_MAX - TT_EM_EMBED_HEAD_MAX ||
	    !allowed(e, experiment, head.len + nbytes))
		return NULL;
	return batch_for(e, experiment, head, nbytes);
}

bool tt_emit_batch_add_parts(struct tt_emit *e, unsigned experiment, struct tt_str head,
			     const struct tt_str *parts, size_t n)
{
	struct tt_em_chunk *c;

	tt_em_busy_begin(e);
	c = allowed_batch(e, experiment, head, sum_of(parts, n));
	if (c != NULL)
		append_parts(c, parts, n);
	tt_em_busy_end(e);
	return c != NULL;
}

bool tt_emit_batch_add_written(struct tt_emit *e, unsigned experiment, struct tt_str head,
			       size_t nbytes, tt_emit_write_record *write, const void *record)
{
	struct tt_em_chunk *c;
	uint8_t *p;

	tt_em_busy_begin(e);
	c = allowed_batch(e, experiment, head, nbytes);
	if (c != NULL) {
		p = atomic_load_explicit(&c->pos, memory_order_relaxed);
		write(record, p, nbytes);
		tt_em_put_done(c, p + nbytes);
	}
	tt_em_busy_end(e);
	return c != NULL;
}

bool tt_emit_batch_add(struct tt_emit *e, unsigned experiment, struct tt_str head,
		       const void *record, size_t nbytes)
{
	struct tt_str whole = {record, nbytes};

	return tt_emit_batch_add_parts(e, experiment, head, &whole, 1);
}
