/* SPDX-License-Identifier: MIT */
/*
 * tables.c - strings, stacks, the frequency and timer goroutines of a batch, when ordering
 * comes to it; and errors of its records, all of which are read once more for that. Messages
 * and the order of checks are those of readRawEvent() and parseEvent() in Go's
 * internal/tracev1/parser.go. Stands on gen.
 */
#include <inttypes.h>

#include "base/error.h"
#include "v1/parse.h"

struct records {
	struct tt_v1 *v;
	const uint8_t *record, *pos;
	const struct tt_v1_layout *layout; /* of the record */
	const uint8_t *numbers, *numbers_end;
	uint64_t nnumbers;
	struct tt_error *err;
};

static int at_record(struct records *r)
{
	r->err->offset = tt_v1_offset(r->v, r->record);
	return -r->err->code;
}

static int wrong_count(struct records *r)
{
	tt_fail(r->err, TT_E_EVENT_NUMBER,
		"%s has wrong number of arguments: want %u, got %" PRIu64, r->layout->spec->name,
		r->layout->nnumbers, r->nnumbers);
	return at_record(r);
}

/* Index.c has seen that the number is there. */
static uint64_t take(struct records *r)
{
	return tt_varint_trusted(&r->pos);
}

/* ---- strings */

static int add_string(struct records *r, uint64_t id, uint64_t len)
{
	const struct tt_str text = {(const char *)r->pos, (size_t)len};

	if (!tt_generation_add_string(r->v->gen, id, text))
		return tt_v1_no_memory(r->v, r->err);
	r->pos += len;
	return TT_OK;
}

static int take_string(struct records *r)
{
	uint64_t id = take(r), len = take(r);

	if (id == 0)
		tt_fail(r->err, TT_E_STRING_RECORD, "string has invalid id 0");
	else if (tt_idmap_find(&r->v->gen->string_ids, id) != TT_IDMAP_NONE)
		tt_fail(r->err, TT_E_STRING_DUPLICATE, "string has duplicate id %" PRIu64, id);
	else if (len == 0)
		tt_fail(r->err, TT_E_STRING_RECORD, "string has invalid length 0");
	else if (len > TT_V1_STRING_MAX_SIZE)
		tt_fail(r->err, TT_E_STRING_SIZE, "string has too large length %" PRIu64, len);
	else
		return add_string(r, id, len);
	return at_record(r);
}

/* ---- stacks */

static int add_stack(struct records *r, const struct tt_stack_entry *stack)
{
	struct tt_generation *g = r->v->gen;
	uint32_t old = tt_idmap_find(&g->stack_ids, stack->id);
	const uint8_t *p = stack->frames;

	for (uint32_t i = 0; i < stack->nframes; i++) {
		uint64_t f[4];

		for (unsigned field = 0; field < 4; field++)
			f[field] = tt_varint_trusted(&p);
		if (!tt_generation_add_frame(g, &(struct tt_wire_frame){f[0], f[1], f[2], f[3]},
					     tt_v1_offset(r->v, r->record)))
			return tt_v1_no_memory(r->v, r->err);
	}
	if (old != TT_IDMAP_NONE) {
		g->stacks.at[old] = *stack;
		return TT_OK;
	}
	return tt_generation_add_stack(g, stack) ? TT_OK : tt_v1_no_memory(r->v, r->err);
}

static int take_stack(struct records *r)
{
	const uint8_t *p = r->numbers;
	uint64_t id, nframes;

	if (r->nnumbers < 2) {
		tt_fail(r->err, TT_E_STACK_RECORD,
			"EvStack has wrong number of arguments: want at least 2, got %" PRIu64,
			r->nnumbers);
		return at_record(r);
	}
	id = (uint32_t)tt_varint_trusted(&p);
	nframes = tt_varint_trusted(&p);
	if (nframes > TT_V1_STACK_MAX_SIZE)
		tt_fail(r->err, TT_E_STACK_SIZE, "EvStack has bad number of frames: %" PRIu64,
			nframes);
	else if (r->nnumbers != 2 + 4 * nframes)
		tt_fail(r->err, TT_E_STACK_RECORD,
			"EvStack has wrong number of arguments: want %" PRIu64 ", got %" PRIu64,
			2 + 4 * nframes, r->nnumbers);
	else if (id == 0 || nframes == 0)
		return TT_OK;
	else
		return add_stack(r, &(struct tt_stack_entry){(uint32_t)id, p, (uint32_t)nframes});
	return at_record(r);
}

/* ---- the clock, timers */

/* The last one counts. */
static int take_frequency(struct records *r)
{
	struct tt_generation *g = r->v->gen;
	const uint8_t *p = r->numbers;

	if (r->nnumbers != r->layout->nnumbers)
		return wrong_count(r);
	g->frequency = tt_varint_trusted(&p);
	g->has_frequency = true;
	if ((int64_t)g->frequency <= 0) {
		tt_v1_time_order(r->err);
		return at_record(r);
	}
	return TT_OK;
}

static int take_timer(struct records *r)
{
	const uint8_t *p = r->numbers;
	uint32_t g;

	if (r->nnumbers != r->layout->nnumbers)
		return wrong_count(r);
	if (!tt_v1_goroutine_index(r->v, tt_varint_trusted(&p), &g))
		return tt_v1_no_memory(r->v, r->err);
	r->v->goroutines.at[g].timer = true;
	return TT_OK;
}

/* ---- a batch */

/* Finds the numbers of a record, and passes over them. */
static int take_numbers(struct records *r)
{
	unsigned announced = tt_v1_announced(r->record);

	r->nnumbers = announced;
	if (announced == 0) {
		uint64_t nbytes = take(r);
		const uint8_t *p = r->numbers = r->pos;

		r->pos += nbytes;
		if (p == r->v->end) {
			tt_fail(r->err, TT_E_CUT_OFF, "failed to read trace: unexpected EOF");
			return at_record(r);
		}
		for (uint64_t ignored; p < r->pos; r->nnumbers++) {
			int n = tt_varint(p, r->pos, &ignored);

			if (n <= 0) {
				tt_fail(r->err, TT_E_EVENT_NUMBER, "malformatted base-128 varint");
				return at_record(r);
			}
			p += n;
		}
		return TT_OK;
	}
	r->numbers = r->pos;
	while (announced-- > 0)
		take(r);
	return TT_OK;
}

/* The text of a UserLog, which may be cut off: nothing comes after it then. */
static int take_message(struct records *r)
{
	uint64_t len = take(r);

	if (len > TT_V1_STRING_MAX_SIZE)
		tt_fail(r->err, TT_E_STRING_SIZE, "string is too large (len=%" PRIu64 ")", len);
	else if (len > (uint64_t)(r->v->end - r->pos))
		tt_fail(r->err, TT_E_CUT_OFF, "failed to read trace: unexpected EOF");
	else {
		r->pos += len;
		return TT_OK;
	}
	return at_record(r);
}

static int take_record(struct records *r, unsigned type)
{
	int rc = take_numbers(r);

	if (rc == TT_OK && type == TT_V1_USER_LOG && tt_v1_announced(r->record) == 0)
		rc = take_message(r);
	if (rc < 0 || type == TT_V1_CPU_SAMPLE)
		return rc;
	switch (type) {
	case TT_V1_STACK:
		return take_stack(r);
	case TT_V1_FREQUENCY:
		return take_frequency(r);
	case TT_V1_TIMER_GOROUTINE:
		return take_timer(r);
	default:
		return r->nnumbers == r->layout->nnumbers ? TT_OK : wrong_count(r);
	}
}

int tt_v1_read_tables(struct tt_v1 *v, const struct tt_v1_batch *batch, struct tt_error *err)
{
	struct records r = {.v = v, .pos = v->data + batch->offset, .err = err};
	uint64_t nusual;
	int rc = TT_OK;

	r.pos++;
	take(&r);
	take(&r);
	while (rc == TT_OK) {
		unsigned type;

		r.pos = tt_v1_pass_usual(v, r.pos, &nusual);
		if (r.pos >= v->end)
			break;
		r.record = r.pos++;
		type = tt_v1_record_type(r.record);
		if (type == TT_V1_BATCH)
			break;
		r.layout = &v->layouts[type];
		rc = type == TT_V1_STRING ? take_string(&r) : take_record(&r, type);
	}
	return rc;
}

/* ---- all of them */

static bool has_string(const struct tt_generation *g, uint64_t id)
{
	return id == 0 || tt_idmap_find(&g->string_ids, id) != TT_IDMAP_NONE;
}

/* What the conversion adds has ids after those of the file. False: no memory. */
static bool add_texts(struct tt_v1 *v, const char *const *texts, size_t ntexts)
{
	bool room = true;

	for (size_t i = 0; room && i < v->messages.n && !v->lacks_messages; i++)
		room = tt_generation_add_string(v->gen, v->first_message + i, v->messages.at[i]);
	for (size_t i = 0; room && i < ntexts && !v->lacks_texts; i++)
		room = tt_generation_add_string(v->gen, v->first_text + i,
						(struct tt_str){texts[i], strlen(texts[i])});
	return room;
}

int tt_v1_seal_tables(struct tt_v1 *v, const char *const *texts, size_t ntexts,
		      struct tt_error *err)
{
	struct tt_generation *g = v->gen;
	uint64_t last = 0;

	for (size_t i = 0; i < g->strings.n; i++)
		last = g->strings.at[i].id > last ? g->strings.at[i].id : last;
	v->first_message = last + 1;
	v->first_text = v->first_message + v->messages.n;
	/* (Go finds that, but goes on until it needs one of them, and panics) */
	v->lacks_messages = v->messages.n > UINT64_MAX - last;
	v->lacks_texts = v->lacks_messages || ntexts > UINT64_MAX - last - v->messages.n;
	if (!add_texts(v, texts, ntexts))
		return tt_v1_no_memory(v, err);
	for (size_t i = 0; i < g->frames.n && !v->bad_frames; i++)
		v->bad_frames = !has_string(g, g->frames.at[i].func) ||
				!has_string(g, g->frames.at[i].file);
	return TT_OK;
}
