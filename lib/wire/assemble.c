/* SPDX-License-Identifier: MIT */
/*
 * assemble.c - the raw text form back to bytes, line by line. Stands on spec and
 * the framing of wire.
 *
 * Two numbers stand before what they count: the size of a batch, in 10 bytes that
 * are filled in when the batch ends, and the length of an event's data or frames,
 * for which room is made when the event ends. Either way each byte moves once.
 */
#include "wire/assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/batch.h"
#include "wire/unquote.h"
#include "wire/varint.h"
#include "tracetool_write.h"

#define NO_PLACE SIZE_MAX
/* Twice as many as there are types. */
#define NSLOTS 512
/* So much of a word is shown in a message. */
#define SHOWN 40

struct tt_assembler {
	const struct tt_specs *specs;
	struct tt_bytes *out;
	struct tt_error *err;
	const char *line, *p, *end; /* the line at hand, and the place in it */
	size_t number;              /* of the line, from 1 */
	bool has_header;
	size_t size_at;             /* where the open batch's size goes, or NO_PLACE */
	/* The event that lines with frames or data may follow. */
	const struct tt_event_spec *event;
	size_t count_at;            /* where its count goes; NO_PLACE: it stands there */
	uint64_t want, nframes;     /* frames that it says, and that came */
	bool has_data;
	const struct tt_event_spec *slots[NSLOTS]; /* by name */
	size_t done;                /* bytes of *out that nothing will change any more */
	/* What only an assembler of pieces has. */
	struct tt_specs *own_specs;
	struct tt_mem mem;
	struct tt_bytes bytes, carry; /* the trace; the beginning of a line */
	size_t taken;               /* bytes of the trace that were handed out */
	struct tt_error failed;
};

static int mistake(struct tt_assembler *a, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int mistake(struct tt_assembler *a, const char *at, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return tt_fail(a->err, TT_E_SPEC, "%zu:%zu: %s", a->number, (size_t)(at - a->line) + 1,
		       reason);
}

/* ------------------------------------------------------------------- bytes */

static int room(struct tt_assembler *a, size_t n)
{
	struct tt_bytes *out = a->out;

	if (n <= out->cap - out->len)
		return 0;
	if (n <= SIZE_MAX - out->len &&
	    tt_mem_grow(out->mem, &out->data, &out->cap, out->len + n, 1))
		return 0;
	return tt_fail(a->err, tt_mem_code(out->mem), "no memory for the trace");
}

static int put_bytes(struct tt_assembler *a, const void *bytes, size_t n)
{
	int rc = room(a, n);

	if (rc == 0)
		memcpy(a->out->data + a->out->len, bytes, n);
	a->out->len += rc == 0 ? n : 0;
	return rc;
}

static int put_number(struct tt_assembler *a, uint64_t value)
{
	uint8_t bytes[TT_VARINT_MAX];

	return put_bytes(a, bytes, (size_t)(tt_varint_put(bytes, value) - bytes));
}

/* Puts a number before what stands from `at` on. */
static int insert_number(struct tt_assembler *a, size_t at, uint64_t value, bool padded)
{
	uint8_t bytes[TT_VARINT_MAX];
	size_t n = TT_VARINT_MAX;
	int rc;

	if (padded)
		tt_varint_put_padded(bytes, value);
	else
		n = (size_t)(tt_varint_put(bytes, value) - bytes);
	rc = room(a, n);
	if (rc != 0)
		return rc;
	memmove(a->out->data + at + n, a->out->data + at, a->out->len - at);
	memcpy(a->out->data + at, bytes, n);
	a->out->len += n;
	return 0;
}

/* ------------------------------------------------------------------- words */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct tt_assembler *a)
{
	while (a->p < a->end && is_blank(*a->p))
		a->p++;
}

/* Whether nothing but a comment is left of the line. */
static bool at_end(struct tt_assembler *a)
{
	skip_blanks(a);
	return a->p == a->end || *a->p == '#';
}

static int need_end(struct tt_assembler *a)
{
	return at_end(a) ? 0 : mistake(a, a->p, "nothing more may stand here");
}

/* Takes this text if it comes next. */
static bool accept(struct tt_assembler *a, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(a->end - a->p) < len || memcmp(a->p, text, len) != 0)
		return false;
	a->p += len;
	return true;
}

/* Takes "name=". */
static bool accept_name(struct tt_assembler *a, const char *name)
{
	const char *before = a->p;

	if (accept(a, name) && accept(a, "="))
		return true;
	a->p = before;
	return false;
}

/* A word ends at a blank, at `=`, a quote or a comment. */
static struct tt_str take_word(struct tt_assembler *a)
{
	const char *begin = a->p;

	while (a->p < a->end && !is_blank(*a->p) && *a->p != '=' && *a->p != '"' && *a->p != '#')
		a->p++;
	return (struct tt_str){begin, (size_t)(a->p - begin)};
}

/* Digits of a base; false: no digit, another character, or more than 64 bits. */
static bool digits_value(struct tt_str s, unsigned base, uint64_t *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;

		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
	}
	*value = v;
	return s.len != 0;
}

static int take_number(struct tt_assembler *a, uint64_t *value)
{
	struct tt_str word = take_word(a), digits = word;
	bool negative = word.len > 1 && word.data[0] == '-';
	bool hex = word.len > 2 && word.data[0] == '0' && word.data[1] == 'x';
	size_t skip = negative ? 1 : hex ? 2 : 0;

	digits.data += skip;
	digits.len -= skip;
	if (!digits_value(digits, hex ? 16 : 10, value) || (negative && *value > INT64_MAX))
		return mistake(a, word.data, "a number of at most 64 bits must stand here, not '%.*s'",
			       (int)(word.len < SHOWN ? word.len : SHOWN), word.data);
	if (negative)
		*value = -*value;
	return 0;
}

/* ------------------------------------------------------------------- names */

static size_t slot_of(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return (h ^ h >> 16) % NSLOTS;
}

static void index_names(struct tt_assembler *a)
{
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(a->specs, type);
		size_t i;

		if (spec == NULL)
			continue;
		i = slot_of(spec->name, strlen(spec->name));
		while (a->slots[i] != NULL)
			i = (i + 1) % NSLOTS;
		a->slots[i] = spec;
	}
}

static const struct tt_event_spec *find_event(const struct tt_assembler *a, struct tt_str name)
{
	size_t i = slot_of(name.data, name.len);

	for (; a->slots[i] != NULL; i = (i + 1) % NSLOTS)
		if (strlen(a->slots[i]->name) == name.len &&
		    memcmp(a->slots[i]->name, name.data, name.len) == 0)
			return a->slots[i];
	return NULL;
}

/* ------------------------------------------------------------------ events */

static bool frames_are_counted(const struct tt_assembler *a)
{
	/* a count that is negative as Go's reader takes it has no frames behind it */
	return (int64_t)a->want < 0 ? a->nframes == 0 : a->nframes == a->want;
}

/* Completes the event that came last. `at` is where a mistake is noted. */
static int close_event(struct tt_assembler *a, const char *at)
{
	const struct tt_event_spec *event = a->event;

	a->event = NULL;
	if (event != NULL && event->has_frames && a->count_at != NO_PLACE)
		return insert_number(a, a->count_at, a->nframes, false);
	if (event != NULL && event->has_frames && !frames_are_counted(a))
		return mistake(a, at, "the %s before has nframes=%llu and %llu frames", event->name,
			       (unsigned long long)a->want, (unsigned long long)a->nframes);
	if (event != NULL && event->has_data && !a->has_data)
		return insert_number(a, a->count_at, 0,
				     tt_raw_batch_kind(event->type) == TT_RAW_BATCH_EXPERIMENT);
	return 0;
}

static void close_batch(struct tt_assembler *a)
{
	if (a->size_at != NO_PLACE)
		tt_varint_put_padded(a->out->data + a->size_at, a->out->len - a->size_at - TT_VARINT_MAX);
	a->size_at = NO_PLACE;
}

static int put_padded(struct tt_assembler *a, uint64_t value)
{
	uint8_t bytes[TT_VARINT_MAX];

	tt_varint_put_padded(bytes, value);
	return put_bytes(a, bytes, sizeof(bytes));
}

/* The size of a batch: the number given, or room for what will be counted. */
static int put_size(struct tt_assembler *a, const char *name)
{
	uint64_t value = 0;
	int rc = 0;

	if (accept_name(a, name))
		rc = take_number(a, &value);
	else
		a->size_at = a->out->len;
	return rc != 0 ? rc : put_padded(a, value);
}

static int put_arg(struct tt_assembler *a, const struct tt_event_spec *spec, const char *name)
{
	uint64_t value;
	int rc;

	skip_blanks(a);
	if (!accept_name(a, name))
		return mistake(a, a->p, "'%s=' must stand here in %s", name, spec->name);
	rc = take_number(a, &value);
	if (rc != 0)
		return rc;
	a->want = value;
	return put_number(a, value);
}

/* The last argument, which some events may do without. */
static int put_last_arg(struct tt_assembler *a, const struct tt_event_spec *spec, const char *name)
{
	if (tt_raw_batch_kind(spec->type) == TT_RAW_BATCH_EVENTS) {
		skip_blanks(a);
		return put_size(a, name);
	}
	if (spec->has_frames && at_end(a)) {
		a->count_at = a->out->len;
		return 0;
	}
	return put_arg(a, spec, name);
}

static int put_args(struct tt_assembler *a, const struct tt_event_spec *spec)
{
	int rc = spec->timed ? put_arg(a, spec, "dt") : 0;

	for (unsigned i = 0; rc == 0 && i < spec->nargs; i++) {
		const char *name = spec->args[i].name;

		rc = i + 1 < spec->nargs ? put_arg(a, spec, name) : put_last_arg(a, spec, name);
	}
	return rc != 0 ? rc : need_end(a);
}

static int event_line(struct tt_assembler *a, struct tt_str name)
{
	const struct tt_event_spec *spec = find_event(a, name);
	int rc = close_event(a, name.data);

	if (rc != 0)
		return rc;
	if (spec == NULL)
		return mistake(a, name.data, "no event has the name '%.*s'",
			       (int)(name.len < SHOWN ? name.len : SHOWN), name.data);
	if (tt_raw_batch_kind(spec->type) != TT_RAW_BATCH_BAD) {
		close_batch(a);
		a->done = a->out->len;
	}
	rc = put_bytes(a, &spec->type, 1);
	a->count_at = NO_PLACE;
	if (rc == 0)
		rc = put_args(a, spec);
	if (rc != 0)
		return rc;
	if (spec->has_data)
		a->count_at = a->out->len;
	a->event = spec;
	a->nframes = 0;
	a->has_data = false;
	return 0;
}

static int frame_line(struct tt_assembler *a, const char *begin)
{
	static const char *const names[] = {"pc", "func", "file", "line"};

	a->p = begin;
	if (a->event == NULL || !a->event->has_frames)
		return mistake(a, begin, "a frame must follow a Stack");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t value;
		int rc;

		skip_blanks(a);
		if (!accept_name(a, names[i]))
			return mistake(a, a->p, "'%s=' must stand here in a frame", names[i]);
		rc = take_number(a, &value);
		if (rc == 0)
			rc = put_number(a, value);
		if (rc != 0)
			return rc;
	}
	a->nframes++;
	return need_end(a);
}

/* The bytes of a quoted text, up to and with the closing quote. */
static int put_quoted(struct tt_assembler *a)
{
	const char *begin = a->p;

	if (!accept(a, "\""))
		return mistake(a, begin, "a quoted text must stand here");
	while (a->p < a->end && *a->p != '"') {
		uint8_t bytes[TT_UNQUOTE_MAX];
		size_t n;
		const char *behind = tt_unquote(a->p, a->end, bytes, &n);
		int rc;

		if (behind == NULL)
			return mistake(a, a->p, "not an escape of Go");
		a->p = behind;
		rc = put_bytes(a, bytes, n);
		if (rc != 0)
			return rc;
	}
	return accept(a, "\"") ? 0 : mistake(a, begin, "the quote is not closed");
}

static int data_line(struct tt_assembler *a)
{
	size_t at;
	int rc;

	if (a->event == NULL || !a->event->has_data || a->has_data)
		return mistake(a, a->line, "data must follow an event that has some");
	a->has_data = true;
	at = a->out->len;
	a->p++;
	rc = put_quoted(a);
	if (rc == 0)
		rc = need_end(a);
	if (rc != 0)
		return rc;
	return insert_number(a, at, a->out->len - at,
			     tt_raw_batch_kind(a->event->type) == TT_RAW_BATCH_EXPERIMENT);
}

/* ------------------------------------------------------------------- lines */

static int header_line(struct tt_assembler *a)
{
	const char *begin = a->p;
	uint64_t version = 0;
	char header[24];
	int n;

	if (accept(a, "Trace") && a->p < a->end && is_blank(*a->p)) {
		skip_blanks(a);
		if (accept(a, "Go1.") && (n = take_number(a, &version)) != 0)
			return n;
	}
	if (!tt_version_is_v2(version))
		return mistake(a, begin, "the first line must be 'Trace Go1.NN', NN one of 22, 23, 25, 26");
	a->has_header = true;
	n = snprintf(header, sizeof(header), "go 1.%u trace", (unsigned)version);
	memset(header + n, 0, 3);
	n = put_bytes(a, header, (size_t)n + 3);
	return n != 0 ? n : need_end(a);
}

static int take_line(struct tt_assembler *a)
{
	struct tt_str word;

	if (at_end(a))
		return 0;
	if (!a->has_header)
		return header_line(a);
	word = take_word(a);
	if (a->p == a->end || *a->p != '=')
		return event_line(a, word);
	if (word.len == 4 && memcmp(word.data, "data", 4) == 0)
		return data_line(a);
	return frame_line(a, word.data);
}

static void start(struct tt_assembler *a, const struct tt_specs *specs, struct tt_bytes *out)
{
	a->specs = specs;
	a->out = out;
	a->size_at = NO_PLACE;
	index_names(a);
}

/* One line, without its newline. */
static int whole_line(struct tt_assembler *a, const char *line, size_t len)
{
	a->line = a->p = line;
	a->end = len == 0 ? line : line + len;
	a->number++;
	return take_line(a);
}

/* The lines of a text. *rest is what stands behind the last newline. */
static int whole_lines(struct tt_assembler *a, struct tt_str text, struct tt_str *rest)
{
	int rc = 0;

	while (rc == 0 && text.len != 0) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len;

		if (newline == NULL)
			break;
		len = (size_t)(newline - text.data);
		rc = whole_line(a, text.data, len);
		text.data += len + 1;
		text.len -= len + 1;
	}
	*rest = text;
	return rc;
}

/* `rest` is a line without a newline, or empty. */
static int finish(struct tt_assembler *a, struct tt_str rest)
{
	int rc = rest.len != 0 ? whole_line(a, rest.data, rest.len) : 0;

	a->line = "";
	a->number++;
	if (rc == 0 && !a->has_header)
		rc = mistake(a, a->line, "there is no line 'Trace Go1.NN'");
	if (rc == 0)
		rc = close_event(a, a->line);
	if (rc != 0)
		return rc;
	close_batch(a);
	a->done = a->out->len;
	return 0;
}

int tt_assemble(const struct tt_specs *specs, const char *text, size_t len, struct tt_bytes *out,
		struct tt_error *err)
{
	struct tt_assembler a = {.err = err};
	struct tt_str rest;
	int rc;

	start(&a, specs, out);
	rc = whole_lines(&a, (struct tt_str){text, len}, &rest);
	return rc != 0 ? rc : finish(&a, rest);
}

/* ------------------------------------------------------------------ pieces */

int tt_assembler_new(struct tt_assembler **out, const struct tt_specs *specs, struct tt_error *err)
{
	struct tt_assembler *a = calloc(1, sizeof(*a));

	*out = NULL;
	tt_error_clear(err);
	if (a == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for an assembler");
	if (specs == NULL && tt_specs_new(&a->own_specs, err) < 0) {
		free(a);
		return -err->code;
	}
	a->bytes.mem = a->carry.mem = &a->mem;
	a->err = &a->failed;
	tt_error_clear(&a->failed);
	start(a, specs != NULL ? specs : a->own_specs, &a->bytes);
	*out = a;
	return 0;
}

void tt_assembler_free(struct tt_assembler *a)
{
	if (a == NULL)
		return;
	tt_mem_free(&a->mem, a->bytes.data, a->bytes.cap);
	tt_mem_free(&a->mem, a->carry.data, a->carry.cap);
	tt_specs_free(a->own_specs);
	free(a);
}

/* Forgets what was handed out. */
static void drop_taken(struct tt_assembler *a)
{
	size_t n = a->taken;

	if (n == 0)
		return;
	memmove(a->bytes.data, a->bytes.data + n, a->bytes.len - n);
	a->bytes.len -= n;
	a->done -= n;
	a->size_at -= a->size_at == NO_PLACE ? 0 : n;
	a->count_at -= a->count_at == NO_PLACE || a->event == NULL ? 0 : n;
	a->taken = 0;
}

static int carry(struct tt_assembler *a, struct tt_str text)
{
	struct tt_bytes *c = &a->carry;

	if (text.len == 0)
		return 0;
	if (text.len > SIZE_MAX - c->len ||
	    !tt_mem_grow(&a->mem, &c->data, &c->cap, c->len + text.len, 1))
		return tt_fail(a->err, TT_E_MEMORY, "no memory for a line of text");
	memcpy(c->data + c->len, text.data, text.len);
	c->len += text.len;
	return 0;
}

/* Completes the line that a piece before began. */
static int end_carried(struct tt_assembler *a, struct tt_str *text)
{
	const char *newline = text->len != 0 ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = newline == NULL ? text->len : (size_t)(newline - text->data);
	int rc;

	if (a->carry.len == 0)
		return 0;
	rc = carry(a, (struct tt_str){text->data, len});
	text->data = newline == NULL ? text->data : newline + 1;
	text->len -= newline == NULL ? len : len + 1;
	if (rc != 0 || newline == NULL)
		return rc;
	rc = whole_line(a, (const char *)a->carry.data, a->carry.len);
	a->carry.len = 0;
	return rc;
}

int tt_assembler_add(struct tt_assembler *a, const char *text, size_t len, struct tt_error *err)
{
	struct tt_str rest = {text, len};
	int rc = -a->failed.code;

	drop_taken(a);
	if (rc == 0)
		rc = end_carried(a, &rest);
	if (rc == 0)
		rc = whole_lines(a, rest, &rest);
	if (rc == 0)
		rc = carry(a, rest);
	if (rc != 0)
		*err = a->failed;
	return rc;
}

int tt_assembler_finish(struct tt_assembler *a, struct tt_error *err)
{
	int rc = -a->failed.code;

	drop_taken(a);
	if (rc == 0)
		rc = finish(a, (struct tt_str){(const char *)a->carry.data, a->carry.len});
	a->carry.len = 0;
	if (rc != 0)
		*err = a->failed;
	return rc;
}

struct tt_str tt_assembler_take(struct tt_assembler *a)
{
	drop_taken(a);
	a->taken = a->done;
	return (struct tt_str){(const char *)a->bytes.data, a->done};
}
