/* SPDX-License-Identifier: MIT */
/*
 * direct_run.h - the loop over events straight from their bytes, of which direct.c makes a
 * function for each of the things that are done with an event: DIRECT_RUN is its name, and
 * DIRECT_MODE what it does. Private to direct.c; alone it is empty.
 */
#ifdef DIRECT_RUN

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
		if ((uint64_t)time_ns - 1 >= (uint64_t)until)                             \
			goto thread_is_later;                                             \
		TRY_HEAD(from);                                                           \
	} while (0)

/*
 * One function, though it is long: where a thread is, and all that each event reads of the
 * merge, is in registers from the first event to the last. No pointer into the state lives
 * longer than the thread is the earliest, but for those that only tt_merge_advance() moves.
 */
int DIRECT_RUN(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o, struct tt_error *err)
{
	static const void *const codes[] = {
		[TT_FAST_NONE] = __extension__ &&leave,
		[TT_FAST_IN_CONTEXT] = __extension__ &&in_context,
		[TT_FAST_UNREAD] = __extension__ &&unread,
		[TT_FAST_GO_START] = __extension__ &&go_start,
		[TT_FAST_GO_UNBLOCK] = __extension__ &&go_unblock,
		[TT_FAST_GO_BLOCK] = __extension__ &&go_block,
		[TT_FAST_GO_STOP] = __extension__ &&go_stop,
		[TT_FAST_SYSCALL_BEGIN] = __extension__ &&syscall_begin,
		[TT_FAST_SYSCALL_END] = __extension__ &&syscall_end,
		[TT_FAST_ORDER] = __extension__ &&order,
		[TT_FAST_KEPT] = __extension__ &&kept,
	};
	const struct tt_tick_rate rate = m->cursors.rate;
	struct tt_tally sum = *tally;
	struct tt_keyed root = m->heap.at[0];
	const uint8_t *head, *begin, *next, *pos;
	struct tt_context before;
	struct tt_m_state *ms;
	struct tt_cursor *c;
	struct tt_copy *copy;
	uint64_t dt, few[3], args[TT_MAX_ARGS + 1];
	int64_t time_ns, until;
	unsigned rule;
	int rc = TT_OK;

	args[TT_ARG_ZERO] = 0;

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
	copy = c->copy;
	TRY_HEAD(next_thread);

#define RULE(label, rule)                                                                          \
	label:                                                                                     \
	begin = pos;                                                                               \
	before = (struct tt_context){ms->id, ms->p, ms->g};                                        \
	if (!has_room(DIRECT_MODE, copy) || !has_brief_room(DIRECT_MODE, &sum) ||                  \
	    !advance(o, ms, rule, few, &pos))                                                      \
		goto leave;                                                                        \
	happened(DIRECT_MODE, &sum, o, ms, copy, rule, few, head, begin, pos, time_ns);            \
	store(DIRECT_MODE, &sum, &before, c, rule, few, head, time_ns);                            \
	NEXT_HEAD(label)

	RULE(go_start, TT_FAST_GO_START);
	RULE(go_unblock, TT_FAST_GO_UNBLOCK);
	RULE(go_block, TT_FAST_GO_BLOCK);
	RULE(go_stop, TT_FAST_GO_STOP);
	RULE(syscall_begin, TT_FAST_SYSCALL_BEGIN);
	RULE(syscall_end, TT_FAST_SYSCALL_END);
in_context:
	begin = pos;
	if (!has_room(DIRECT_MODE, copy) ||
	    !advance_any(o, ms, TT_FAST_IN_CONTEXT, *head, args, &pos))
		goto leave;
	happened_any(DIRECT_MODE, &sum, o, copy, args, head, begin, pos, time_ns);
	NEXT_HEAD(in_context);
unread:
	begin = pos;
	if (!has_room(DIRECT_MODE, copy) || !advance_unread(ms, &o->fast[*head], &pos))
		goto leave;
	happened_any(DIRECT_MODE, &sum, o, copy, NULL, head, begin, pos, time_ns);
	NEXT_HEAD(unread);
order:
	begin = pos;
	if (!has_room(DIRECT_MODE, copy) || !advance_any(o, ms, TT_FAST_ORDER, *head, args, &pos))
		goto leave;
	happened_any(DIRECT_MODE, &sum, o, copy, args, head, begin, pos, time_ns);
	NEXT_HEAD(order);
kept:
	if (!advance_kept(o, ms, c, &sum, head, time_ns, &pos))
		goto leave;
	NEXT_HEAD(kept);

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
	c->direct = o->fast[*head].direct;
	root.key = time_ns;
	m->heap.at[0] = root;
	rc = next_after(&sum, m, o, 0, next, err);
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

#undef RULE
#undef NEXT_HEAD
#undef TRY_HEAD
#undef DIRECT_RUN
#undef DIRECT_MODE
#endif
