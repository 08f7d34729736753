/* SPDX-License-Identifier: MIT */
/* direct.c - counts events straight from their bytes, copies or stores them. Stands on merge.h. */
#include "order/direct.h"

/* ---- how far a batch can be read so */

/* So many bytes in a row that say that more follow are a number that is too long for
 * tt_varint_unchecked(), and may be too long for any. */
#define OVERLONG 8
/* An event without such a number, and type and time of the next one. */
#define ROOM_NBYTES (1 + OVERLONG * (1 + TT_DIRECT_MAX_ARGS) + 1 + OVERLONG)
#define BLOCK_NBYTES 64

/* The first place with so many, or NULL. */
static const uint8_t *find_overlong_in(const uint8_t *p, const uint8_t *end)
{
	for (unsigned n = 0; p < end; p++) {
		n = *p >= 0x80 ? n + 1 : 0;
		if (n == OVERLONG)
			return p - (OVERLONG - 1);
	}
	return NULL;
}

typedef uint64_t vector __attribute__((vector_size(16)));

static inline vector load(const uint8_t *p)
{
	vector v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline bool has_more_bit(vector v)
{
	return ((v[0] | v[1]) & UINT64_C(0x8080808080808080)) != 0;
}

/* Whether four bytes of one word say that more follow: in a row of eight there is such a
 * word, the first of them in the block if the row begins less than four bytes before it. */
static inline bool may_be_overlong(const uint8_t *block)
{
	typedef uint32_t words __attribute__((vector_size(16)));
	const words tops = {0x80808080, 0x80808080, 0x80808080, 0x80808080};
	words any = {0};

#pragma GCC unroll 4
	for (unsigned i = 0; i < BLOCK_NBYTES; i += sizeof(words))
		any |= (words)(((words)load(block + i) & tops) == tops);
	return has_more_bit((vector)any);
}

/* Whether such a row begins at one of so many bytes. */
static inline bool is_overlong_in(const uint8_t *p)
{
	vector any = {0};

#pragma GCC unroll 4
	for (unsigned i = 0; i < BLOCK_NBYTES; i += sizeof(vector)) {
		vector row = load(p + i);

#pragma GCC unroll 8
		for (unsigned k = 1; k < OVERLONG; k++)
			row &= load(p + i + k);
		any |= row;
	}
	return has_more_bit(any);
}

/* Where the first one is, or `end`. */
static const uint8_t *find_overlong(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *found;

	for (; end - p >= BLOCK_NBYTES + OVERLONG; p += BLOCK_NBYTES)
		if (tt_unlikely(may_be_overlong(p + OVERLONG / 2 - 1)) && is_overlong_in(p))
			break;
	found = find_overlong_in(p, end);
	return found == NULL ? end : found;
}

/* Notes how far the heads of the cursor can be left undecoded, from its own on. */
static void scan(struct tt_cursor *c, const uint8_t *head)
{
	c->scan_end = find_overlong(head, c->end);
	c->direct_end = c->scan_end - head < ROOM_NBYTES ? head : c->scan_end - ROOM_NBYTES;
}

/* ---- a cursor's way into this and out again */

static const uint8_t *head_of(const struct tt_cursor *c)
{
	return (const uint8_t *)(uintptr_t)(c->head->offset - c->offset_of_null);
}

/* Whether the cursor, whose head is decoded, is one whose head need not be. */
static bool enter(struct tt_cursor *c, const struct tt_order *o)
{
	const uint8_t *head = head_of(c);
	uint64_t dt;

	if (c->m == TT_NO_SLOT || o->fast[c->head->type].direct == TT_FAST_NONE ||
	    c->head->time_ns <= 0)
		return false;
	if (c->scan_end == NULL || head > c->scan_end)
		scan(c, head);
	if (head >= c->direct_end)
		return false;
	c->head_at = head++;
	tt_varint_unchecked(&head, &dt);
	c->args_at = head;
	c->direct = o->fast[c->head->type].direct;
	return true;
}

/* ---- the pieces of code for the rules */

/* Reads the arguments of an event with this rule, and lets it happen. The rule is a constant:
 * the arguments are in registers. */
static TT_ALWAYS_INLINE bool advance(struct tt_order *o, struct tt_m_state *m,
				     enum tt_fast_rule rule, uint64_t args[3],
				     const uint8_t **pos)
{
	const struct tt_fast_shape *shape = &tt_fast_shapes[rule];

	return (shape->needs == 0 || m->has == shape->needs) &&
	       (shape->nargs < 1 || tt_varint_unchecked(pos, &args[0])) &&
	       (shape->nargs < 2 || tt_varint_unchecked(pos, &args[1])) &&
	       (shape->nargs < 3 || tt_varint_unchecked(pos, &args[2])) &&
	       (shape->stack == TT_ARG_ZERO || args[shape->stack] < o->stacks_end) &&
	       (shape->string == TT_ARG_ZERO || args[shape->string] < o->strings_end) &&
	       tt_fast_advance(o, m, rule, 0, args);
}

/* The same of an event with any arguments. args[TT_ARG_ZERO] is 0. */
static TT_ALWAYS_INLINE bool advance_any(struct tt_order *o, struct tt_m_state *m,
					 enum tt_fast_rule rule, unsigned type, uint64_t *args,
					 const uint8_t **pos)
{
	const struct tt_fast_type *fast = &o->fast[type];

	if ((m->has | fast->may_lack) != UINT8_MAX)
		return false;
	for (unsigned i = 0; i < fast->nargs; i++)
		if (!tt_varint_unchecked(pos, &args[i]))
			return false;
	return args[fast->stack] < o->stacks_end && args[fast->string] < o->strings_end &&
	       args[fast->refers] < fast->refers_end && tt_fast_advance(o, m, rule, type, args);
}

/* The same of an event whose arguments nobody reads. */
static TT_ALWAYS_INLINE bool advance_unread(const struct tt_m_state *m,
					    const struct tt_fast_type *fast, const uint8_t **pos)
{
	unsigned n = fast->nargs;
	const uint8_t *end;
	uint64_t unread;

	if ((m->has | fast->may_lack) != UINT8_MAX)
		return false;
	if (n == 0)
		return true;
	end = tt_varints_end(*pos, n);
	if (tt_likely(end != NULL)) {
		*pos = end;
		return true;
	}
	for (; n > 0; n--)
		if (!tt_varint_unchecked(pos, &unread))
			return false;
	return true;
}

/* The same of an event that is handed out, and names no table entry: stores it if there is
 * room. */
static TT_ALWAYS_INLINE bool advance_kept(const struct tt_order *o, const struct tt_m_state *m,
					  const struct tt_cursor *c, struct tt_tally *sum,
					  const uint8_t *head, int64_t time_ns, const uint8_t **pos)
{
	const struct tt_fast_type *fast = &o->fast[*head];
	struct tt_kept *kept = sum->kept;
	const unsigned i = kept->n;
	struct tt_event *ev;
	uint64_t *args;

	if (i == TT_KEPT_MAX || (m->has | fast->may_lack) != UINT8_MAX)
		return false;
	ev = &kept->events[i];
	args = kept->args[i];
	for (unsigned k = 0; k < fast->nargs; k++)
		if (!tt_varint_unchecked(pos, &args[k]))
			return false;
	if (args[fast->refers] >= fast->refers_end)
		return false;
	tt_write_event(ev, o, (struct tt_context){m->id, m->p, m->g}, o->rules[*head].def, args);
	ev->raw_time_ns = time_ns;
	ev->time_ns = tt_ns_after(time_ns, sum->last_ns);
	ev->offset = c->offset_of_null + (uintptr_t)head;
	kept->n = i + 1;
	return true;
}

static TT_ALWAYS_INLINE void count(struct tt_tally *sum, int64_t time_ns)
{
	sum->last_ns = tt_ns_after(time_ns, sum->last_ns);
	sum->nevents++;
}

/* The event before `pos` happened, and the next one is to be decoded. */
static int next_after(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o, size_t i,
		      const uint8_t *pos, struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[i].of.item;
	int64_t time_ns = m->heap.at[i].key;
	bool kept = c->direct == TT_FAST_KEPT, stored = tally->briefs.end != NULL;
	int rc;

	c->direct = TT_FAST_NONE;
	c->pos = pos;
	c->last_ns = time_ns;
	rc = tt_merge_next(m, o, i, err);
	/* if that fails, this event is lost, as in Go's reader */
	if (rc == TT_OK)
		count(tally, time_ns);
	else if (kept)
		tally->kept->n--;
	else if (stored)
		tally->briefs.next--;
	return rc;
}

/* ---- what is done beside counting */

/* What tt_direct_run() and the functions like it do with an event that happened. */
enum mode {
	COUNTS,
	NOTES_STACKS,
	COPIES,
	STORES,
};

/* Whether nothing holds the event up that is to be done with it. */
static TT_ALWAYS_INLINE bool has_room(enum mode mode, const struct tt_copy *to)
{
	return mode != COPIES || to->at < to->room_end;
}

static TT_ALWAYS_INLINE bool has_brief_room(enum mode mode, const struct tt_tally *sum)
{
	return mode != STORES || sum->briefs.next < sum->briefs.end;
}

/* tt_varint_put(), where three bytes are common. */
static TT_ALWAYS_INLINE uint8_t *put_short(uint8_t *p, uint64_t value)
{
	if (value < 0x80) {
		*p = (uint8_t)value;
		return p + 1;
	}
	p[0] = (uint8_t)(value | 0x80);
	if (value < 0x4000) {
		p[1] = (uint8_t)(value >> 7);
		return p + 2;
	}
	if (tt_unlikely(value >= 0x200000))
		return tt_varint_put(p, value);
	p[1] = (uint8_t)(value >> 7 | 0x80);
	p[2] = (uint8_t)(value >> 14);
	return p + 3;
}

/* Begins a copy: its type, and the time that it is handed out with. */
static TT_ALWAYS_INLINE uint8_t *begin_copy(struct tt_copy *to, uint8_t type, int64_t time_ns)
{
	uint8_t *p = to->at;
	uint64_t dt = (uint64_t)(time_ns - to->last_ns);

	*p++ = type;
	to->last_ns = time_ns;
	return put_short(p, dt);
}

/* The arguments as they are. So many bytes can be read and written at once: see ROOM_NBYTES. */
#define COPY_NBYTES 16
static TT_ALWAYS_INLINE uint8_t *copy_args(uint8_t *p, const uint8_t *args, const uint8_t *end)
{
	size_t n = (size_t)(end - args);

	memcpy(p, args, COPY_NBYTES);
	if (tt_unlikely(n > COPY_NBYTES))
		memcpy(p, args, n);
	return p + n;
}

/* The arguments of an event with a number of those that are counted anew where a copy begins
 * within a generation. NULL: it has none. */
static TT_ALWAYS_INLINE uint8_t *copy_numbered(const struct tt_tally *sum,
					       const struct tt_order *o, const struct tt_m_state *m,
					       enum tt_fast_rule rule, const uint64_t *args,
					       uint8_t *p)
{
	uint32_t slot;

	switch (rule) {
	case TT_FAST_GO_START:
		p = put_short(p, args[0]);
		return put_short(p, args[1] - sum->gs[m->g_slot].skipped);
	case TT_FAST_GO_UNBLOCK:
		p = put_short(p, args[0]);
		p = put_short(p, args[1] - sum->gs[tt_idmap_find(&o->g_ids, args[0])].skipped);
		return put_short(p, args[2]);
	case TT_FAST_SYSCALL_BEGIN:
		slot = tt_idmap_find(&o->p_ids, (uint64_t)m->p);
		p = put_short(p, args[0] - sum->ps[slot].skipped);
		return put_short(p, args[1]);
	default:
		return NULL;
	}
}

/* What is done with an event of a rule that has a shape. */
static TT_ALWAYS_INLINE void happened(enum mode mode, const struct tt_tally *sum,
				      const struct tt_order *o, const struct tt_m_state *m, struct tt_copy *to,
				      enum tt_fast_rule rule, const uint64_t *args,
				      const uint8_t *head, const uint8_t *begin, const uint8_t *end,
				      int64_t time_ns)
{
	const struct tt_fast_shape *shape = &tt_fast_shapes[rule];
	const bool numbered = rule == TT_FAST_GO_START || rule == TT_FAST_GO_UNBLOCK ||
			      rule == TT_FAST_SYSCALL_BEGIN;
	uint8_t *p;

	/* (what unblocks a goroutine shows its own stack) */
	if (mode == NOTES_STACKS && shape->stack != TT_ARG_ZERO && rule != TT_FAST_GO_UNBLOCK &&
	    args[shape->stack] != 0)
		sum->gs[m->g_slot].stack = (uint32_t)args[shape->stack];
	if (mode != COPIES)
		return;
	if (shape->stack != TT_ARG_ZERO)
		sum->used->stacks[args[shape->stack]] = true;
	if (shape->string != TT_ARG_ZERO)
		sum->used->strings[args[shape->string]] = true;
	p = begin_copy(to, *head, tt_ns_after(time_ns, sum->last_ns));
	to->at = numbered && sum->renumbers ? copy_numbered(sum, o, m, rule, args, p)
					    : copy_args(p, begin, end);
}

/* The same of any other event. */
static TT_ALWAYS_INLINE void happened_any(enum mode mode, const struct tt_tally *sum,
					  const struct tt_order *o, struct tt_copy *to,
					  const uint64_t *args, const uint8_t *head,
					  const uint8_t *begin, const uint8_t *end, int64_t time_ns)
{
	const struct tt_fast_type *fast = &o->fast[*head];

	if (mode != COPIES)
		return;
	if (args != NULL) {
		sum->used->stacks[args[fast->stack]] = true;
		sum->used->strings[args[fast->string]] = true;
	}
	to->at = copy_args(begin_copy(to, *head, tt_ns_after(time_ns, sum->last_ns)), begin, end);
}

/* Stores an event of a rule that has a shape, with the context before it. */
static TT_ALWAYS_INLINE void store(enum mode mode, struct tt_tally *sum,
				   const struct tt_context *before, const struct tt_cursor *c,
				   enum tt_fast_rule rule, const uint64_t *args,
				   const uint8_t *head, int64_t time_ns)
{
	struct tt_brief_event *ev = sum->briefs.next;

	if (mode != STORES)
		return;
	ev->raw_time_ns = time_ns;
	ev->thread = before->thread;
	ev->proc = before->proc;
	ev->goroutine = before->goroutine;
	for (unsigned i = 0; i < tt_fast_shapes[rule].nargs; i++)
		ev->args[i] = args[i];
	ev->place = (c->offset_of_null + (uintptr_t)head) << 8 | *head;
	sum->briefs.next = ev + 1;
}

/* ---- the four functions */

#define DIRECT_RUN tt_direct_run
#define DIRECT_MODE COUNTS
#include "order/direct_run.h"

#define DIRECT_RUN tt_direct_note
#define DIRECT_MODE NOTES_STACKS
#include "order/direct_run.h"

#define DIRECT_RUN tt_direct_copy
#define DIRECT_MODE COPIES
#include "order/direct_run.h"

#define DIRECT_RUN tt_direct_store
#define DIRECT_MODE STORES
#include "order/direct_run.h"

/* ---- the thread after one that waits */

/* Lets an event happen that changes nothing. */
static bool advance_stateless(struct tt_order *o, const struct tt_cursor *c, struct tt_tally *sum,
			      int64_t time_ns, const uint8_t **pos)
{
	struct tt_m_state *m = &o->ms.at[c->m];
	uint64_t args[TT_MAX_ARGS + 1];

	args[TT_ARG_ZERO] = 0;
	switch ((enum tt_fast_rule)c->direct) {
	case TT_FAST_IN_CONTEXT:
		return advance_any(o, m, TT_FAST_IN_CONTEXT, *c->head_at, args, pos);
	case TT_FAST_UNREAD:
		return advance_unread(m, &o->fast[*c->head_at], pos);
	case TT_FAST_KEPT:
		return advance_kept(o, m, c, sum, c->head_at, time_ns, pos);
	default:
		return false;
	}
}

/* The cursor, after an event at this place and time, has a head that need not be decoded: that
 * it stands there, and *time_ns. */
static bool next_is_direct(struct tt_cursor *c, const struct tt_order *o,
			   const struct tt_tick_rate *rate, const uint8_t *pos, int64_t *time_ns)
{
	const uint8_t *head = pos;
	uint64_t dt;

	if (pos >= c->direct_end || o->fast[*head].direct == TT_FAST_NONE)
		return false;
	pos++;
	if (!tt_varint_unchecked(&pos, &dt))
		return false;
	c->head_at = head;
	c->args_at = pos;
	c->direct = o->fast[*head].direct;
	*time_ns = tt_ns_add(*time_ns, tt_rate_to_ns(rate, dt));
	return true;
}

int tt_direct_run_second(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o, bool *any,
			 struct tt_error *err)
{
	struct tt_keyed *second = &m->heap.at[1];
	const int64_t from = m->heap.at[0].key, until = m->heap.at[2].key;
	struct tt_cursor *c = second->of.item;

	*any = false;
	if (m->heap.n < 2 || second->key >= until || (c->direct == TT_FAST_NONE && !enter(c, o)))
		return TT_OK;
	while (second->key >= from && second->key < until) {
		const uint8_t *pos = c->args_at;
		int64_t time_ns = second->key;

		if (!advance_stateless(o, c, tally, time_ns, &pos))
			break;
		*any = true;
		if (!next_is_direct(c, o, &m->cursors.rate, pos, &second->key))
			return next_after(tally, m, o, 1, pos, err);
		count(tally, time_ns);
	}
	if (second->key <= 0)
		tt_cursor_settle(&m->cursors, c, second->key);
	if (*any)
		tt_cursor_heap_move(&m->heap, 1);
	return TT_OK;
}
