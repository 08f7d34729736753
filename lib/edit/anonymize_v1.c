/* SPDX-License-Identifier: MIT */
/*
 * anonymize_v1.c - a trace in format v1: records up to the end, or up to the first one that
 * cannot be read, since nothing says where the next one begins. Strings may be anywhere, so the
 * records are gone through twice before they are written. Stands on v1/parse.h.
 */
#include "edit/anonymize.h"

#include "base/error.h"
#include "v1/parse.h"

/* Numbers of a record that are looked at: dt and arguments; those of a stack are not among
 * them. */
#define NNUMBERS (TT_V1_MAX_ARGS + 1)

struct record {
	unsigned type;
	const uint8_t *begin, *end;
	const uint8_t *numbers; /* of any but a string */
	size_t nnumbers;
	uint64_t number[NNUMBERS]; /* the first ones; of a string: its id */
	struct tt_str text;     /* of a string, or of a UserLog */
};

struct v1 {
	struct tt_anonymizer *a;
	struct tt_v1_layout layouts[TT_V1_NTYPES];
	const uint8_t *data, *end;
	const uint8_t *good_end; /* of what can be read */
	uint64_t offset;        /* of data */
	struct tt_bytes copy;   /* of a stream */
	struct tt_bytes out;    /* a record */
	bool damaged;
};

/* ---- records */

static bool take(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	int n = tt_varint(*p, end, value);

	*p += n > 0 ? n : 0;
	return n > 0;
}

static bool take_text(const uint8_t **p, const uint8_t *end, struct tt_str *text)
{
	uint64_t len;

	if (!take(p, end, &len) || len > TT_V1_STRING_MAX_SIZE || len > (uint64_t)(end - *p))
		return false;
	*text = (struct tt_str){(const char *)*p, (size_t)len};
	*p += len;
	return true;
}

static bool take_numbers(struct record *r, const uint8_t **p, const uint8_t *end, size_t most)
{
	r->numbers = *p;
	for (r->nnumbers = 0; *p < end && r->nnumbers < most; r->nnumbers++) {
		uint64_t number;

		if (!take(p, end, &number))
			return false;
		if (r->nnumbers < NNUMBERS)
			r->number[r->nnumbers] = number;
	}
	return true;
}

/* As many as this type has. */
static bool has_right_count(const struct v1 *v, const struct record *r)
{
	if (r->type == TT_V1_STACK)
		return r->nnumbers >= 2 && r->nnumbers - 2 == 4 * r->number[1] &&
		       r->number[1] <= TT_V1_STACK_MAX_SIZE;
	return r->nnumbers == v->layouts[r->type].nnumbers;
}

/* The record at p, which is before the end. False: it cannot be read. */
static bool take_record(const struct v1 *v, const uint8_t *p, struct record *r)
{
	unsigned announced = tt_v1_announced(p);
	const uint8_t *end = v->end;
	uint64_t nbytes;

	*r = (struct record){.type = tt_v1_record_type(p), .begin = p};
	p++;
	if (v->layouts[r->type].spec == NULL)
		return false;
	if (r->type == TT_V1_STRING) {
		if (!take(&p, end, &r->number[0]) || !take_text(&p, end, &r->text))
			return false;
		r->end = p;
		return true;
	}
	if (announced == 0) {
		if (!take(&p, end, &nbytes) || nbytes > TT_V1_MAX_NUMBERS_NBYTES ||
		    nbytes > (uint64_t)(end - p))
			return false;
		end = p + nbytes;
	}
	if (!take_numbers(r, &p, end, announced != 0 ? announced : SIZE_MAX) ||
	    !has_right_count(v, r))
		return false;
	if (r->type == TT_V1_USER_LOG && !take_text(&p, v->end, &r->text))
		return false;
	r->end = p;
	return true;
}

/* Whether a record may be a piece of a text. */
static bool looks_like_text(const struct record *r)
{
	if (r->end - r->begin < 3 || r->type == TT_V1_STRING)
		return false;
	for (const uint8_t *p = r->begin; p < r->end; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

/* In a trace with damage, reading stops at what may be a piece of a text, too. */
static void find_good_end(struct v1 *v)
{
	const uint8_t *p = v->data;
	struct record r;

	while (p < v->end && take_record(v, p, &r) && !(v->damaged && looks_like_text(&r)))
		p = r.end;
	v->good_end = p;
	if (p == v->end || v->damaged)
		return;
	v->damaged = true;
	find_good_end(v);
}

/* ---- what a string is used as */

/* The place among the numbers of the string that a record names; 0: none. */
static unsigned string_place(unsigned type, enum tt_name_use *use)
{
	switch (type) {
	case TT_V1_GO_START_LABEL:
		*use = TT_NAME_LABEL;
		return 3;
	case TT_V1_USER_TASK_CREATE:
		*use = TT_NAME_TASK;
		return 3;
	case TT_V1_USER_REGION:
		*use = TT_NAME_REGION;
		return 3;
	case TT_V1_USER_LOG:
		*use = TT_NAME_CATEGORY;
		return 2;
	default:
		return 0;
	}
}

static void each_frame(struct v1 *v, const struct record *r,
		       void (*frame)(struct tt_anonymizer *a, uint64_t func, uint64_t file))
{
	const uint8_t *p = r->numbers;

	tt_varint_trusted(&p);
	for (uint64_t n = tt_varint_trusted(&p); n > 0; n--) {
		uint64_t func, file;

		tt_varint_trusted(&p);
		func = tt_varint_trusted(&p);
		file = tt_varint_trusted(&p);
		tt_varint_trusted(&p);
		frame(v->a, func, file);
	}
}

static void use_frame(struct tt_anonymizer *a, uint64_t func, uint64_t file)
{
	tt_anon_use(a, func, TT_NAME_FUNCTION);
	tt_anon_use(a, file, TT_NAME_FILE);
}

static void collect(struct v1 *v, const struct record *r)
{
	enum tt_name_use use;
	unsigned place = string_place(r->type, &use);

	if (r->type == TT_V1_STRING)
		tt_anon_define(v->a, r->number[0], r->text);
	else if (r->type == TT_V1_STACK)
		each_frame(v, r, use_frame);
	else if (place != 0)
		tt_anon_use(v->a, r->number[place], use);
}

static void each_record(struct v1 *v, void (*record)(struct v1 *v, const struct record *r))
{
	struct record r;

	for (const uint8_t *p = v->data; p < v->good_end; p = r.end) {
		if (!take_record(v, p, &r))
			return;
		record(v, &r);
	}
}

static void collect_files(struct v1 *v, const struct record *r)
{
	if (r->type == TT_V1_STACK)
		each_frame(v, r, tt_anon_frame);
}

/* ---- writing */

static void put(struct v1 *v, const void *data, size_t nbytes)
{
	if (nbytes != 0 && !tt_bytes_put(&v->out, data, nbytes))
		v->a->failed = true;
}

static void put_number(struct v1 *v, uint64_t number)
{
	uint8_t bytes[TT_VARINT_MAX];

	put(v, bytes, (size_t)(tt_varint_put(bytes, number) - bytes));
}

static void flush(struct v1 *v)
{
	tt_encode_bytes(v->a->enc, v->out.data, v->out.len);
	v->out.len = 0;
}

static void put_string(struct tt_anonymizer *a, uint64_t id, struct tt_str text)
{
	uint8_t head[1 + 2 * TT_VARINT_MAX], *p = head;

	*p++ = TT_V1_STRING;
	p = tt_varint_put(p, id);
	p = tt_varint_put(p, text.len);
	tt_encode_bytes(a->enc, head, (size_t)(p - head));
	tt_encode_bytes(a->enc, text.data, text.len);
}

/* The i-th number of a record as the result has it. */
static uint64_t new_number(const struct v1 *v, const struct record *r, size_t i, uint64_t number)
{
	enum tt_name_use use;
	unsigned place = string_place(r->type, &use);

	if (r->type == TT_V1_STACK && i >= 2) {
		switch ((i - 2) % 4) {
		case 0:
			return tt_anon_pc(v->a, number);
		case 1:
			return tt_anon_id(v->a, number, TT_NAME_FUNCTION);
		case 2:
			return tt_anon_id(v->a, number, TT_NAME_FILE);
		default:
			return (v->a->flags & TT_ANONYMIZE_LINES) != 0 ? 0 : number;
		}
	}
	return place != 0 && i == place ? tt_anon_id(v->a, number, use) : number;
}

static bool stays(const struct v1 *v, const struct record *r)
{
	enum tt_name_use use;

	if (r->type == TT_V1_STACK)
		return !v->a->has_other_frames &&
		       (v->a->flags & (TT_ANONYMIZE_PCS | TT_ANONYMIZE_LINES)) == 0;
	return string_place(r->type, &use) == 0 || !v->a->has_others;
}

/* Its numbers, with their length before them where it is there in the old record. */
static void write_numbers(struct v1 *v, const struct record *r)
{
	const uint8_t *p = r->numbers;
	bool measured = tt_v1_announced(r->begin) == 0;
	uint8_t head[1 + TT_VARINT_MAX], *end = head;

	v->out.len = 0;
	for (size_t i = 0; i < r->nnumbers; i++)
		put_number(v, new_number(v, r, i, tt_varint_trusted(&p)));
	*end++ = *r->begin;
	if (measured)
		end = tt_varint_put(end, v->out.len);
	tt_encode_bytes(v->a->enc, head, (size_t)(end - head));
	flush(v);
}

static void write_log(struct v1 *v, const struct record *r)
{
	struct tt_str text = tt_rename_text(&v->a->rename, TT_NAME_MESSAGE, r->text,
					    TT_V1_STRING_MAX_SIZE);

	write_numbers(v, r);
	v->out.len = 0;
	put_number(v, text.len);
	put(v, text.data, text.len);
	flush(v);
}

static void write_record(struct v1 *v, const struct record *r)
{
	if (r->type == TT_V1_STRING)
		tt_anon_write_string(v->a, r->number[0], r->text, TT_V1_STRING_MAX_SIZE, put_string);
	else if (r->type == TT_V1_USER_LOG)
		write_log(v, r);
	else if (stays(v, r))
		tt_encode_bytes(v->a->enc, r->begin, (size_t)(r->end - r->begin));
	else
		write_numbers(v, r);
}

/* ---- all of it */

/* As it is if it is in memory or short, else as a copy. */
static int read_all(struct v1 *v)
{
	struct tt_anonymizer *a = v->a;
	size_t avail, n;
	int rc = tt_source_peek(a->src, 1, &v->data, &n, &a->err);

	v->offset = tt_source_offset(a->src);
	if (rc == TT_OK)
		rc = tt_source_peek(a->src, n + 1, &v->data, &avail, &a->err);
	if (rc == TT_OK && avail > n) {
		for (;;) {
			rc = tt_source_peek(a->src, 1, &v->data, &avail, &a->err);
			if (rc < 0 || avail == 0)
				break;
			if (!tt_bytes_put(&v->copy, v->data, avail))
				return tt_anon_no_memory(a);
			tt_source_skip(a->src, avail);
			tt_source_release(a->src, tt_source_offset(a->src));
		}
		v->data = v->copy.data;
		n = v->copy.len;
	}
	v->end = v->data + n;
	if (rc < 0 && a->err.system && a->err.code != TT_E_INPUT)
		return rc;
	if (rc < 0)
		tt_anon_damaged(a, &a->err, 0);
	return TT_OK;
}

/* What cannot be read is left out; that something is wrong here, the result says, too. */
static void write_damage(struct v1 *v)
{
	/* (the first byte of a record alone is one that is cut off) */
	const uint8_t *rest = v->good_end;
	const uint8_t unknown = 0xff;
	struct tt_error err;

	if (v->good_end == v->end)
		return;
	tt_error_clear(&err);
	tt_fail(&err, TT_E_EVENT_NUMBER, "the rest of the trace cannot be read");
	err.offset = v->offset + (uint64_t)(v->good_end - v->data);
	tt_anon_damaged(v->a, &err, (uint64_t)(v->end - v->good_end));
	tt_encode_bytes(v->a->enc,
			v->layouts[tt_v1_record_type(rest)].spec != NULL ? rest : &unknown, 1);
}

static int write_all(struct v1 *v)
{
	struct tt_anonymizer *a = v->a;

	find_good_end(v);
	each_record(v, collect);
	each_record(v, collect_files);
	if (!tt_anon_assign(a))
		a->failed = true;
	each_record(v, write_record);
	write_damage(v);
	a->number = 1;
	if (a->failed || a->rename.failed)
		return tt_anon_no_memory(a);
	return TT_OK;
}

int tt_anon_write_v1(struct tt_anonymizer *a)
{
	struct v1 v = {.a = a, .copy.mem = &a->mem, .out.mem = &a->mem};
	struct tt_specs *records;
	int rc = tt_specs_new_v1(&records, &a->err);

	if (rc == TT_OK) {
		tt_v1_layouts(v.layouts, records, a->version);
		rc = read_all(&v);
	}
	if (rc == TT_OK)
		rc = write_all(&v);
	tt_specs_free(records);
	tt_bytes_release(&v.copy);
	tt_bytes_release(&v.out);
	return rc;
}
