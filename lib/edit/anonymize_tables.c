/* SPDX-License-Identifier: MIT */
/* anonymize_tables.c - the tables of a generation with new names. */
#include "edit/anonymize.h"

/* What the wall clock begins with: 2000-01-01 in Unix time. */
#define WALL_BEGIN_SEC UINT64_C(946684800)

/* ---- strings */

/* A record of a batch of strings that makes sense; moves *p past it. */
static struct tt_str take_string(const uint8_t **p, uint64_t *id)
{
	struct tt_str text;

	(*p)++;
	*id = tt_varint_trusted(p);
	text.len = (size_t)tt_varint_trusted(p);
	text.data = (const char *)*p;
	*p += text.len;
	return text;
}

void tt_anon_collect_strings(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const uint8_t *p = b->raw.data + 1, *end = b->raw.data + b->reach;

	while (p < end) {
		uint64_t id;
		struct tt_str text = take_string(&p, &id);

		tt_anon_define(a, id, text);
	}
}

static void put_string(struct tt_anonymizer *a, uint64_t id, struct tt_str text)
{
	tt_encode_string(a->enc, id, text);
}

/* What is left of the batch is damage, and the result has some there, too. */
static void end_table(struct tt_anonymizer *a, const struct tt_anon_batch *b, uint8_t table)
{
	uint8_t *p;

	if (b->reach < b->raw.size) {
		tt_anon_batch_damaged(a, b);
		p = tt_encode_record(a->enc, table);
		*p++ = 0xff;
		tt_encode_record_end(a->enc, p);
	}
	tt_encode_end(a->enc);
}

void tt_anon_write_strings(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);
	const uint8_t *p = b->raw.data + 1, *end = b->raw.data + b->reach;

	if (b->raw.size == 1) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_encode_begin(a->enc, &head);
	while (p < end) {
		uint64_t id;
		struct tt_str text = take_string(&p, &id);

		tt_anon_write_string(a, id, text, TT_STRING_MAX_SIZE, put_string);
	}
	end_table(a, b, TT_EV_STRINGS);
}

/* ---- stacks */

static struct tt_wire_frame take_frame(const uint8_t **p)
{
	struct tt_wire_frame frame;

	frame.pc = tt_varint_trusted(p);
	frame.func = tt_varint_trusted(p);
	frame.file = tt_varint_trusted(p);
	frame.line = tt_varint_trusted(p);
	return frame;
}

static void each_frame(struct tt_anonymizer *a, const struct tt_anon_batch *b,
		       void (*frame)(struct tt_anonymizer *a, const struct tt_wire_frame *f))
{
	const uint8_t *p = b->raw.data + 1, *end = b->raw.data + b->reach;

	while (p < end) {
		p++;
		tt_varint_trusted(&p);
		for (uint64_t n = tt_varint_trusted(&p); n > 0; n--) {
			struct tt_wire_frame f = take_frame(&p);

			frame(a, &f);
		}
	}
}

static void use_frame(struct tt_anonymizer *a, const struct tt_wire_frame *f)
{
	tt_anon_use(a, f->func, TT_NAME_FUNCTION);
	tt_anon_use(a, f->file, TT_NAME_FILE);
}

void tt_anon_collect_stacks(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	each_frame(a, b, use_frame);
}

static void learn_file(struct tt_anonymizer *a, const struct tt_wire_frame *f)
{
	tt_anon_frame(a, f->func, f->file);
}

void tt_anon_collect_files(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	each_frame(a, b, learn_file);
}

void tt_anon_write_stacks(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);
	const uint8_t *p = b->raw.data + 1, *end = b->raw.data + b->reach;
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	bool same = !a->has_other_frames &&
		    (a->flags & (TT_ANONYMIZE_PCS | TT_ANONYMIZE_LINES)) == 0;

	if (b->raw.size == 1 || (same && b->reach == b->raw.size)) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_encode_begin(a->enc, &head);
	while (p < end) {
		uint64_t id, n;

		p++;
		id = tt_varint_trusted(&p);
		n = tt_varint_trusted(&p);
		for (uint64_t i = 0; i < n; i++) {
			struct tt_wire_frame f = take_frame(&p);

			f.pc = tt_anon_pc(a, f.pc);
			f.func = tt_anon_id(a, f.func, TT_NAME_FUNCTION);
			f.file = tt_anon_id(a, f.file, TT_NAME_FILE);
			if ((a->flags & TT_ANONYMIZE_LINES) != 0)
				f.line = 0;
			frames[i] = f;
		}
		tt_encode_stack(a->enc, id, frames, (size_t)n);
	}
	end_table(a, b, TT_EV_STACKS);
}

/* ---- the clock */

static void shift_wall(struct tt_anonymizer *a, uint64_t *sec, uint64_t *nsec)
{
	if (!a->has_wall) {
		a->has_wall = true;
		a->wall_sec = *sec;
		a->wall_nsec = *nsec;
	}
	if (*nsec < a->wall_nsec) {
		*nsec += UINT64_C(1000000000);
		*sec -= 1;
	}
	*nsec -= a->wall_nsec;
	*sec = *sec - a->wall_sec + WALL_BEGIN_SEC;
}

static void put_number(struct tt_anonymizer *a, uint64_t number)
{
	uint8_t bytes[TT_VARINT_MAX];

	tt_anon_body_put(a, bytes, (size_t)(tt_varint_put(bytes, number) - bytes));
}

void tt_anon_write_clock(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	const struct tt_batch_head head = tt_raw_batch_head(&b->raw);
	const uint8_t *p = b->raw.data, *end = b->raw.data + b->reach;

	if ((a->flags & TT_ANONYMIZE_CLOCK) == 0 && b->reach == b->raw.size) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_anon_body_begin(a, NULL, 0);
	while (p < end) {
		uint8_t type = *p;
		uint64_t v[4] = {0};
		int n = type == TT_EV_CLOCK_SNAPSHOT ? 4 : type == TT_EV_FREQUENCY ? 1 : 0;

		tt_anon_body_put(a, p++, 1);
		for (int i = 0; i < n; i++)
			v[i] = tt_varint_trusted(&p);
		if (n == 4 && (a->flags & TT_ANONYMIZE_CLOCK) != 0)
			shift_wall(a, &v[2], &v[3]);
		for (int i = 0; i < n; i++)
			put_number(a, v[i]);
	}
	if (b->reach < b->raw.size) {
		tt_anon_batch_damaged(a, b);
		tt_anon_body_put_damage(a);
	}
	tt_anon_body_write(a, &head, true);
}
