/* SPDX-License-Identifier: MIT */
/* direct.c - counts events straight from their bytes. Stands on merge.h. */
#include "order/direct.h"

/* ---- how far a batch can be read so */

/* So many bytes in a row that say that more follow are a number that is too long for
 * tt_varint_unchecked(), and may be too long for any. */
#define OVERLONG 8
/* An event without such a number, and type and time of the next one. */
#define ROOM_NBYTES (1 + OVERLONG * (1 + TT_DIRECT_MAX_ARGS) + 1 + OVERLONG)
#define BLOCK_NBYTES 64 /* as many as a number has bits */

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

/* Of each of eight bytes a bit: whether it says that more follow. */
static inline uint64_t more_bits(const uint8_t *p)
{
	uint64_t tops = tt_load_le64(p) >> 7 & UINT64_C(0x0101010101010101);

	return tops * UINT64_C(0x0102040810204080) >> 56;
}

/* Where eight of these bits in a row begin, as one bit each. */
static inline uint64_t rows_of(uint64_t more)
{
	more &= more >> 1;
	more &= more >> 2;
	return more & more >> 4;
}

/* The same from eight bytes before a block, or from where it begins, to eight bytes after it. */
static const uint8_t *find_overlong_at(const uint8_t *block, bool is_first)
{
	uint64_t before = is_first ? 0 : more_bits(block - OVERLONG), more = 0, rows;

	for (unsigned i = 0; i < BLOCK_NBYTES; i += 8)
		more |= more_bits(block + i) << i;
	rows = rows_of(more << 8 | before);
	if (rows != 0)
		return block - OVERLONG + __builtin_ctzll(rows);
	rows = rows_of(more >> 8 | more_bits(block + BLOCK_NBYTES) << (BLOCK_NBYTES - 8));
	return rows == 0 ? NULL : block + OVERLONG + __builtin_ctzll(rows);
}

/* Whether four bytes of one word say that more follow: in a row of eight there is such a word. */
static inline bool may_be_overlong(const uint8_t *block)
{
	typedef uint32_t words __attribute__((vector_size(16)));
	const words tops = {0x80808080, 0x80808080, 0x80808080, 0x80808080};
	words w[BLOCK_NBYTES / sizeof(words)];
	uint64_t any[2];

	memcpy(w, block, sizeof(w));
	w[0] = (words)((w[0] & tops) == tops) | (words)((w[1] & tops) == tops) |
	       (words)((w[2] & tops) == tops) | (words)((w[3] & tops) == tops);
	memcpy(any, &w[0], sizeof(any));
	return (any[0] | any[1]) != 0;
}

/* Where the first one is, or `end`. A row may begin in the block before, or end in the next. */
static const uint8_t *find_overlong(const uint8_t *start, const uint8_t *end)
{
	const uint8_t *found = NULL;
	const uint8_t *p = start;

	for (; end - p >= BLOCK_NBYTES + OVERLONG; p += BLOCK_NBYTES) {
		if (tt_likely(!may_be_overlong(p)))
			continue;
		found = find_overlong_at(p, p == start);
		if (found != NULL)
			return found;
	}
	found = find_overlong_in(p - start < OVERLONG ? start : p - OVERLONG, end);
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
				     enum tt_fast_rule rule, const uint8_t **pos)
{
	const struct tt_fast_shape *shape = &tt_fast_shapes[rule];
	uint64_t args[3];

	return (shape->needs == 0 || m->has == shape->needs) &&
	       (shape->nargs < 1 || tt_varint_unchecked(pos, &args[0])) &&
	       (shape->nargs < 2 || tt_varint_unchecked(pos, &args[1])) &&
	       (shape->nargs < 3 || tt_varint_unchecked(pos, &args[2])) &&
	       (shape->stack == TT_ARG_ZERO || args[shape->stack] < o->stacks_end) &&
	       (shape->string == TT_ARG_ZERO || args[shape->string] < o->strings_end) &&
	       tt_fast_advance(o, m, rule, 0, args);
}

/* The same of an event with any arguments. */
static TT_ALWAYS_INLINE bool advance_any(struct tt_order *o, struct tt_m_state *m,
					 enum tt_fast_rule rule, unsigned type,
					 const uint8_t **pos)
{
	const struct tt_fast_type *fast = &o->fast[type];
	uint64_t args[TT_MAX_ARGS + 1];

	if ((m->has | fast->may_lack) != UINT8_MAX)
		return false;
	args[TT_ARG_ZERO] = 0;
	for (unsigned i = 0; i < fast->nargs; i++)
		if (!tt_varint_unchecked(pos, &args[i]))
			return false;
	return args[fast->stack] < o->stacks_end && args[fast->string] < o->strings_end &&
	       args[fast->refers] < fast->refers_end && tt_fast_advance(o, m, rule, type, args);
}

/* To the code of the head's rule, from that of each rule by its own jump: the processor
 * guesses better where one leads to if it knows from where. */
#define TRY_HEAD(from)                                                                    \
	do {                                                                              \
		tt_keep_apart(from);                                                      \
		__extension__({ goto *codes[rule]; });                                    \
	} while (0)

/* The head happened: it is counted if the next one is direct, and that is the head then. */
#define NEXT_HEAD(from)                                                                     \
	do {                                                                              \
		next = pos;                                                               \
		if (pos >= c->direct_end)                                                 \
			goto next_is_not;                                                 \
		rule = o->fast[*pos++].direct;                                            \
		if (rule == TT_FAST_NONE || !tt_varint_unchecked(&pos, &dt))              \
			goto next_is_not;                                                 \
		count(&sum, time_ns);                                                     \
		head = next;                                                              \
		time_ns = tt_ns_add(time_ns, tt_rate_to_ns(&rate, dt));                   \
		/* (and if that is not above 0: tt_cursor_next()) */                      \
		if ((uint64_t)time_ns - 1 >= (uint64_t)until)                                       \
			goto thread_is_later;                                             \
		TRY_HEAD(from);                                                           \
	} while (0)

static TT_ALWAYS_INLINE void count(struct tt_tally *sum, int64_t time_ns)
{
	sum->last_ns = tt_ns_after(time_ns, sum->last_ns);
	sum->nevents++;
}

/*
 * One function, though it is long: where a thread is, and all that each event reads of the
 * merge, is in registers from the first event to the last. No pointer into the state lives
 * longer than the thread is the earliest, but for those that only tt_merge_advance() moves.
 */
int tt_direct_run(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		  struct tt_error *err)
{
	static const void *const codes[] = {
		[TT_FAST_NONE] = __extension__ &&leave,
		[TT_FAST_IN_CONTEXT] = __extension__ &&in_context,
		[TT_FAST_GO_START] = __extension__ &&go_start,
		[TT_FAST_GO_UNBLOCK] = __extension__ &&go_unblock,
		[TT_FAST_GO_BLOCK] = __extension__ &&go_block,
		[TT_FAST_GO_STOP] = __extension__ &&go_stop,
		[TT_FAST_SYSCALL_BEGIN] = __extension__ &&syscall_begin,
		[TT_FAST_SYSCALL_END] = __extension__ &&syscall_end,
		[TT_FAST_ORDER] = __extension__ &&order,
	};
	const struct tt_tick_rate rate = m->cursors.rate;
	struct tt_tally sum = *tally;
	struct tt_keyed root = m->heap.at[0];
	const uint8_t *head, *next, *pos;
	struct tt_m_state *ms;
	struct tt_cursor *c;
	int64_t time_ns, until;
	uint64_t dt;
	unsigned rule;
	int rc = TT_OK;

next_thread:
	until = m->heap.second_key;
	if (until > m->sample_ns) {
		if (root.key > m->sample_ns)
			goto out;
		until = m->sample_ns;
	}
	c = root.of.item;
	time_ns = root.key;
	if (c->direct == TT_FAST_NONE && !enter(c, o))
		goto out;
	rule = c->direct;
	head = c->head_at;
	pos = c->args_at;
	ms = &o->ms.at[c->m];
	TRY_HEAD(next_thread);

#define RULE(label, rule)                                 \
	label:                                            \
	if (!advance(o, ms, rule, &pos))                  \
		goto leave;                               \
	NEXT_HEAD(label)

	RULE(go_start, TT_FAST_GO_START);
	RULE(go_unblock, TT_FAST_GO_UNBLOCK);
	RULE(go_block, TT_FAST_GO_BLOCK);
	RULE(go_stop, TT_FAST_GO_STOP);
	RULE(syscall_begin, TT_FAST_SYSCALL_BEGIN);
	RULE(syscall_end, TT_FAST_SYSCALL_END);
in_context:
	if (!advance_any(o, ms, TT_FAST_IN_CONTEXT, *head, &pos))
		goto leave;
	NEXT_HEAD(in_context);
order:
	if (!advance_any(o, ms, TT_FAST_ORDER, *head, &pos))
		goto leave;
	NEXT_HEAD(order);

thread_is_later:
	c->head_at = head;
	c->args_at = pos;
	c->direct = (uint8_t)rule;
	root.key = time_ns;
	if (time_ns > m->heap.second_key) {
		root = tt_cursor_heap_sink_root(&m->heap, root);
		goto next_thread;
	}
	if (time_ns > 0)
		goto next_thread; /* there is a sample between */
	goto settle;

next_is_not:
	c->direct = TT_FAST_NONE;
	c->pos = next;
	c->last_ns = time_ns;
	m->heap.at[0] = root;
	rc = tt_merge_next(m, o, 0, err);
	/* if that fails, this event is lost, as in Go's reader */
	if (rc == TT_OK)
		count(&sum, time_ns);
	root = m->heap.at[0];
	if (rc == TT_OK && m->heap.n != 0)
		goto next_thread;
	goto out;

leave:
	c->head_at = head;
	root.key = time_ns;
settle:
	tt_cursor_settle(&m->cursors, c, root.key);
out:
	m->heap.at[0] = root;
	*tally = sum;
	return rc;
}
