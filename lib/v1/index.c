/* SPDX-License-Identifier: MIT */
/*
 * index.c - one pass over the records: where the batches of each P are, how many events are
 * in each, and all CPU samples, which are ordered by a time of their own. After it every
 * record with a time can be read without a check, but for those of a batch with `tables`:
 * what is wrong in there is an error only when ordering comes to it, as in Go. Stands on gen.
 */
#include <inttypes.h>

#include "base/error.h"
#include "v1/parse.h"

struct scan {
	struct tt_v1 *v;
	const uint8_t *record;  /* the current one */
	const uint8_t *pos, *end;
	struct tt_v1_batch *batch; /* that it is in, or NULL */
	struct tt_error *err;
};

/* Places an error that was just set at the record. */
static int at_record(struct scan *s)
{
	s->err->offset = tt_v1_offset(s->v, s->record);
	return -s->err->code;
}

static int malformed(struct scan *s)
{
	tt_fail(s->err, TT_E_EVENT_NUMBER, "malformatted base-128 varint");
	return at_record(s);
}

static int malformed_argument(struct scan *s)
{
	tt_fail(s->err, TT_E_EVENT_NUMBER,
		"failed to read event %u argument: malformatted base-128 varint",
		tt_v1_record_type(s->record));
	return at_record(s);
}

static int cut_off(struct scan *s)
{
	tt_fail(s->err, TT_E_CUT_OFF, "failed to read trace: EOF");
	return at_record(s);
}

static inline bool take(struct scan *s, uint64_t *value)
{
	int n = tt_varint(s->pos, s->end, value);

	if (n <= 0)
		return false;
	s->pos += n;
	return true;
}

/* Go's discard(): it is enough if the data end where the bytes do. */
static bool skip(struct scan *s, uint64_t nbytes)
{
	if (nbytes > (uint64_t)(s->end - s->pos))
		return false;
	s->pos += nbytes;
	return true;
}

/* ---- batches */

/* The P of this number, which is made if it is new; NULL: no memory. */
static struct tt_v1_proc *proc_of(struct tt_v1 *v, int64_t number)
{
	uint32_t i = tt_idmap_find(&v->proc_ids, (uint64_t)number);

	if (i != TT_IDMAP_NONE)
		return &v->procs.at[i];
	if (!TT_ARRAY_ROOM(v->mem, &v->procs) ||
	    !tt_idmap_add(&v->proc_ids, (uint64_t)number, (uint32_t)v->procs.n))
		return NULL;
	v->procs.at[v->procs.n] = (struct tt_v1_proc){
		.number = number,
		.first = TT_V1_NONE,
		.last = TT_V1_NONE,
	};
	return &v->procs.at[v->procs.n++];
}

static int add_batch(struct scan *s, int64_t number)
{
	struct tt_v1 *v = s->v;
	uint32_t i = (uint32_t)v->batches.n;
	struct tt_v1_proc *proc = proc_of(v, number);

	if (proc == NULL || i == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->batches))
		return tt_v1_no_memory(v, s->err);
	if (proc->first == TT_V1_NONE)
		proc->first = i;
	else
		v->batches.at[proc->last].next = i;
	proc->last = i;
	s->batch = &v->batches.at[v->batches.n++];
	*s->batch = (struct tt_v1_batch){
		.offset = (uint64_t)(s->record - v->data),
		.next = TT_V1_NONE,
	};
	return TT_OK;
}

static int take_batch(struct scan *s)
{
	uint64_t p, ticks;

	if (tt_v1_announced(s->record) != 2) {
		unsigned got = tt_v1_announced(s->record);

		tt_fail(s->err, TT_E_BATCH_HEADER,
			"EvBatch has wrong number of arguments: got %u, want 2", got == 0 ? 4 : got);
		return at_record(s);
	}
	if (!take(s, &p))
		return malformed(s);
	if (p != UINT64_MAX && p > INT32_MAX) {
		tt_fail(s->err, TT_E_BATCH_HEADER,
			"processor ID %" PRIu64 " is larger than maximum of %" PRIu64, p, UINT64_MAX);
		return at_record(s);
	}
	if (!take(s, &ticks))
		return malformed(s);
	return add_batch(s, (int64_t)p);
}

/* ---- the other records */

/* A string is looked at when its batch is ordered: here only its length counts. */
static int take_string(struct scan *s)
{
	uint64_t id, len;

	if (!take(s, &id) || !take(s, &len))
		return malformed(s);
	if (!skip(s, len))
		return cut_off(s);
	if (s->batch != NULL)
		s->batch->tables = true;
	return TT_OK;
}

/* How many numbers there are up to `end`; -1 if the bytes are none. */
static int count_numbers(const uint8_t *p, const uint8_t *end)
{
	int count = 0;

	for (uint64_t ignored; p < end; count++) {
		int n = tt_varint(p, end, &ignored);

		if (n <= 0)
			return -1;
		p += n;
	}
	return count;
}

/* The text of a UserLog, whose length comes first. Go takes a cut for the end of the trace,
 * and reads the record before it all the same when it orders the batch. */
static int take_message(struct scan *s, bool *ended)
{
	uint64_t len;

	if (!take(s, &len))
		return malformed(s);
	*ended = !skip(s, len);
	if ((*ended || len > TT_V1_STRING_MAX_SIZE) && s->batch != NULL)
		s->batch->tables = true;
	return TT_OK;
}

/* Numbers after their length in bytes. *count: how many, or -1 if they are malformed. */
static int take_measured(struct scan *s, int *count, bool *ended)
{
	unsigned type = tt_v1_record_type(s->record);
	uint64_t nbytes;

	if (!take(s, &nbytes))
		return malformed_argument(s);
	if (nbytes > TT_V1_MAX_NUMBERS_NBYTES) {
		tt_fail(s->err, TT_E_EVENT_NUMBER,
			"failed to read event %u argument: length-prefixed argument too big: "
			"%" PRIu64 " bytes, limit is %d",
			type, nbytes, TT_V1_MAX_NUMBERS_NBYTES);
		return at_record(s);
	}
	*count = -1;
	if (nbytes <= (uint64_t)(s->end - s->pos))
		*count = count_numbers(s->pos, s->pos + nbytes);
	if (!skip(s, nbytes)) {
		/* Go reads a sample at once, all others it skips, with another error */
		if (type != TT_V1_CPU_SAMPLE)
			return cut_off(s);
		tt_fail(s->err, TT_E_CUT_OFF, "failed to read trace: unexpected EOF");
		return at_record(s);
	}
	return type == TT_V1_USER_LOG ? take_message(s, ended) : TT_OK;
}

static int take_announced(struct scan *s, unsigned n)
{
	uint64_t ignored;

	for (unsigned i = 0; i < n; i++)
		if (!take(s, &ignored))
			return malformed_argument(s);
	return TT_OK;
}

/* `count` as take_measured() has it; 0: they were announced. */
static int add_sample(struct scan *s, int count)
{
	struct tt_v1 *v = s->v;
	const uint8_t *p;
	uint64_t ticks;

	if (count < 0)
		return malformed(s);
	if (count != v->layouts[TT_V1_CPU_SAMPLE].nnumbers) {
		tt_fail(s->err, TT_E_EVENT_NUMBER,
			"CPU sample has wrong number of arguments: want %d, got %d",
			v->layouts[TT_V1_CPU_SAMPLE].nnumbers, count);
		return at_record(s);
	}
	p = tt_v1_numbers(s->record);
	tt_varint_trusted(&p);
	ticks = tt_varint_trusted(&p);
	if (!TT_ARRAY_ROOM(v->mem, &v->samples))
		return tt_v1_no_memory(v, s->err);
	v->samples.at[v->samples.n++] = (struct tt_keyed){
		(int64_t)ticks,
		{.index = (size_t)(s->record - v->data)},
	};
	return TT_OK;
}

static int take_record(struct scan *s, const struct tt_v1_layout *layout, bool *ended)
{
	unsigned type = tt_v1_record_type(s->record), announced = tt_v1_announced(s->record);
	int count = (int)announced, rc;

	if (tt_likely(announced != 0))
		rc = take_announced(s, announced);
	else
		rc = take_measured(s, &count, ended);
	if (rc < 0 || *ended)
		return rc;
	if (s->batch == NULL) {
		tt_fail(s->err, TT_E_BATCH_TYPE,
			"read event %u with current P of 0, but P has no batches yet", type);
		return at_record(s);
	}
	if (type == TT_V1_CPU_SAMPLE)
		return add_sample(s, announced != 0 ? 0 : count);
	/* no numbers at all at the end of the data: Go's readFull() says no to that */
	if (count != layout->nnumbers || !layout->timed)
		s->batch->tables = true;
	s->batch->nevents += layout->timed;
	return TT_OK;
}

static int take_next(struct scan *s, bool *ended)
{
	unsigned type = tt_v1_record_type(s->record);
	const struct tt_v1_layout *layout = &s->v->layouts[type];

	if (tt_unlikely(layout->spec == NULL)) {
		tt_fail(s->err, TT_E_EVENT_TYPE, "unknown event type %u", type);
		return at_record(s);
	}
	if (type == TT_V1_STRING)
		return take_string(s);
	if (type == TT_V1_BATCH)
		return take_batch(s);
	return take_record(s, layout, ended);
}

/* How many of the first 8 bytes end a number, if that is all there is in nbytes; else -1. */
static inline int count_short_numbers(const uint8_t *p, uint64_t nbytes)
{
	uint64_t ends;

	if (nbytes == 0 || nbytes > 8)
		return -1;
	ends = ~tt_load_le64(p) & UINT64_C(0x8080808080808080);
	if (((ends >> (8 * nbytes - 1)) & 1) == 0)
		return -1;
	ends <<= 64 - 8 * nbytes;
	return (int)(((ends >> 7) * UINT64_C(0x0101010101010101)) >> 56);
}

const uint8_t *tt_v1_pass_usual(const struct tt_v1 *v, const uint8_t *p, uint64_t *nrecords)
{
	for (*nrecords = 0; v->end - p > 16; ++*nrecords) {
		const uint8_t *numbers = p + 1;
		unsigned n = v->usual[*p];

		if (tt_likely(n - 1 < 3)) {
			if (!tt_v1_pass_short_numbers(&numbers, (*p >> 6) + 1u))
				break;
			p = numbers;
			continue;
		}
		if (n == 0 || count_short_numbers(p + 2, p[1]) != v->layouts[*p % TT_V1_NTYPES].nnumbers)
			break;
		p += 2 + p[1];
	}
	return p;
}

int tt_v1_index(struct tt_v1 *v, struct tt_error *err)
{
	struct scan s = {.v = v, .pos = v->data, .end = v->end, .err = err};
	uint64_t nusual;
	bool ended = false;
	int rc = TT_OK;

	while (rc == TT_OK && !ended && s.pos < s.end) {
		if (tt_likely(s.batch != NULL)) {
			s.pos = tt_v1_pass_usual(v, s.pos, &nusual);
			s.batch->nevents += nusual;
		}
		if (s.pos == s.end)
			break;
		s.record = s.pos++;
		rc = take_next(&s, &ended);
	}
	v->good_end = rc < 0 || ended ? s.record : s.pos;
	return rc;
}
