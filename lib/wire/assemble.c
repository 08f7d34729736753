/* SPDX-License-Identifier: MIT */
/*
 * assemble.c - the raw text form back to bytes, line by line.
 *
 * Two numbers come before what they count: the size of a batch, in 10 bytes that
 * are filled in when the batch ends, and the length of an event's data or frames,
 * for which room is made when the event ends. Either way each byte moves once.
 * The encoders cannot do this: what a text says is written, true or not.
 */
#include "wire/assemble.h"

#include <string.h>

#include "spec/spec.h"
#include "wire/batch.h"
#include "wire/unquote.h"

static int no_memory(const struct tt_assembly *a)
{
	return tt_fail(a->line.err, tt_mem_code(a->out->mem), "no memory for the trace");
}

static int put_bytes(struct tt_assembly *a, const void *bytes, size_t n)
{
	return tt_bytes_put(a->out, bytes, n) ? 0 : no_memory(a);
}

static int put_number(struct tt_assembly *a, uint64_t value)
{
	if (!tt_bytes_room(a->out, TT_VARINT_MAX))
		return no_memory(a);
	a->out->len = (size_t)(tt_varint_put(a->out->data + a->out->len, value) - a->out->data);
	return 0;
}

/* Puts a number before the bytes that begin at `at`. */
static int insert_number(struct tt_assembly *a, size_t at, uint64_t value, bool padded)
{
	uint8_t bytes[TT_VARINT_MAX];
	size_t n = TT_VARINT_MAX;

	if (padded)
		tt_varint_put_padded(bytes, value);
	else
		n = (size_t)(tt_varint_put(bytes, value) - bytes);
	if (!tt_bytes_room(a->out, n))
		return no_memory(a);
	memmove(a->out->data + at + n, a->out->data + at, a->out->len - at);
	memcpy(a->out->data + at, bytes, n);
	a->out->len += n;
	return 0;
}

/* ------------------------------------------------------------------ events */

/* What an event begins in format v2; in v1 types mean something else. */
static enum tt_raw_batch_kind batch_kind(const struct tt_assembly *a,
					 const struct tt_event_spec *spec)
{
	return a->v1 != NULL ? TT_RAW_BATCH_BAD : tt_raw_batch_kind(spec->type);
}

/* In format v1: how many numbers the open record has, or how many bytes they take. */
static int seal_numbers(struct tt_assembly *a)
{
	const struct tt_event_spec *event = a->event;
	size_t at = a->type_at;
	uint64_t n;

	a->type_at = TT_NO_PLACE;
	if (event == NULL || at == TT_NO_PLACE || (event->has_data && !event->timed))
		return 0;
	n = event->nargs + event->timed + 4 * a->nframes;
	if (n <= 3 && !a->padded) {
		a->out->data[at] |= (uint8_t)((n - 1) << 6);
		return 0;
	}
	a->out->data[at] |= 0xc0;
	return insert_number(a, at + 1, a->out->len - at - 1, a->padded);
}

static bool frames_are_counted(const struct tt_assembly *a)
{
	/* no frames follow a count that is negative as Go's reader takes it */
	return (int64_t)a->want < 0 ? a->nframes == 0 : a->nframes == a->want;
}

/* Completes the event that came last. `at` is where a mistake is noted. */
static int close_event(struct tt_assembly *a, const char *at)
{
	struct tt_line *l = &a->line;
	const struct tt_event_spec *event = a->event;
	int rc = 0;

	if (event != NULL && event->has_frames && a->count_at != TT_NO_PLACE)
		rc = insert_number(a, a->count_at, a->nframes, false);
	else if (event != NULL && event->has_frames && !frames_are_counted(a))
		return tt_line_mistake(l, at, "the %s above says nframes=%llu but has %llu frames",
				       event->name, (unsigned long long)a->want,
				       (unsigned long long)a->nframes);
	if (rc == 0)
		rc = seal_numbers(a);
	if (rc == 0 && event != NULL && event->has_data && !a->has_data)
		rc = insert_number(a, a->out->len, 0,
				   batch_kind(a, event) == TT_RAW_BATCH_EXPERIMENT);
	a->event = NULL;
	return rc;
}

static void close_batch(struct tt_assembly *a)
{
	if (a->size_at != TT_NO_PLACE)
		tt_varint_put_padded(a->out->data + a->size_at,
				     a->out->len - a->size_at - TT_VARINT_MAX);
	a->size_at = TT_NO_PLACE;
}

/* The size of a batch: the number given, or room for what will be counted. */
static int put_size(struct tt_assembly *a, const char *name)
{
	struct tt_line *l = &a->line;
	uint64_t value = 0;
	int rc = 0;

	if (tt_line_accept_name(l, name))
		rc = tt_line_number(l, &value);
	else
		a->size_at = a->out->len;
	return rc != 0 ? rc : insert_number(a, a->out->len, value, true);
}

static int put_arg(struct tt_assembly *a, const struct tt_event_spec *spec, const char *name)
{
	struct tt_line *l = &a->line;
	uint64_t value;
	int rc;

	tt_line_skip_blanks(l);
	if (!tt_line_accept_name(l, name))
		return tt_line_mistake(l, l->p, "expected '%s=' in %s", name, spec->name);
	rc = tt_line_number(l, &value);
	if (rc != 0)
		return rc;
	a->want = value;
	return put_number(a, value);
}

/* The last argument, which some events may do without. */
static int put_last_arg(struct tt_assembly *a, const struct tt_event_spec *spec, const char *name)
{
	if (batch_kind(a, spec) == TT_RAW_BATCH_EVENTS) {
		tt_line_skip_blanks(&a->line);
		return put_size(a, name);
	}
	if (spec->has_frames && tt_line_at_end(&a->line)) {
		a->count_at = a->out->len;
		return 0;
	}
	return put_arg(a, spec, name);
}

static int put_args(struct tt_assembly *a, const struct tt_event_spec *spec)
{
	int rc = spec->timed ? put_arg(a, spec, "dt") : 0;

	for (unsigned i = 0; rc == 0 && i < spec->nargs; i++) {
		const char *name = spec->args[i].name;

		rc = i + 1 < spec->nargs ? put_arg(a, spec, name) : put_last_arg(a, spec, name);
	}
	tt_line_skip_blanks(&a->line);
	a->padded = rc == 0 && a->v1 != NULL && tt_line_accept(&a->line, "padded");
	return rc != 0 ? rc : tt_line_need_end(&a->line);
}

static int event_line(struct tt_assembly *a, struct tt_str name)
{
	const struct tt_event_spec *spec =
		tt_specs_event_of(a->v1 != NULL ? a->v1 : a->specs, name);
	int rc = close_event(a, name.data);

	if (rc != 0)
		return rc;
	if (spec == NULL)
		return tt_line_mistake(&a->line, name.data, "no event has the name '%.*s'",
				       TT_LINE_SHOWN(name));
	if (batch_kind(a, spec) != TT_RAW_BATCH_BAD)
		close_batch(a);
	if (batch_kind(a, spec) != TT_RAW_BATCH_BAD || a->v1 != NULL)
		a->done = a->out->len;
	a->type_at = a->v1 != NULL ? a->out->len : TT_NO_PLACE;
	rc = put_bytes(a, &spec->type, 1);
	a->count_at = TT_NO_PLACE;
	if (rc == 0)
		rc = put_args(a, spec);
	if (rc != 0)
		return rc;
	a->event = spec;
	a->nframes = 0;
	a->has_data = false;
	return 0;
}

static int frame_line(struct tt_assembly *a, const char *begin)
{
	struct tt_line *l = &a->line;
	static const char *const names[] = {"pc", "func", "file", "line"};

	l->p = begin;
	if (a->event == NULL || !a->event->has_frames)
		return tt_line_mistake(l, begin, "a frame must follow a Stack");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t value;
		int rc;

		tt_line_skip_blanks(l);
		if (!tt_line_accept_name(l, names[i]))
			return tt_line_mistake(l, l->p, "expected '%s=' in a frame", names[i]);
		rc = tt_line_number(l, &value);
		if (rc == 0)
			rc = put_number(a, value);
		if (rc != 0)
			return rc;
	}
	a->nframes++;
	return tt_line_need_end(l);
}

/* The bytes of a quoted text, up to and with the closing quote. */
static int put_quoted(struct tt_assembly *a)
{
	struct tt_line *l = &a->line;
	const char *begin = l->p;

	if (!tt_line_accept(l, "\""))
		return tt_line_mistake(l, begin, "expected a quoted text");
	while (l->p < l->end && *l->p != '"') {
		uint8_t bytes[TT_UNQUOTE_MAX];
		size_t n;
		const char *after = tt_unquote(l->p, l->end, bytes, &n);
		int rc;

		if (after == NULL)
			return tt_line_mistake(l, l->p, "not an escape sequence of Go");
		l->p = after;
		rc = put_bytes(a, bytes, n);
		if (rc != 0)
			return rc;
	}
	return tt_line_accept(l, "\"") ? 0 : tt_line_mistake(l, begin, "the quote is not closed");
}

static int data_line(struct tt_assembly *a)
{
	struct tt_line *l = &a->line;
	size_t at;
	int rc;

	if (a->event == NULL || !a->event->has_data || a->has_data)
		return tt_line_mistake(l, l->text,
				       "a line of data must follow an event that has data");
	a->has_data = true;
	rc = seal_numbers(a);
	at = a->out->len;
	l->p++;
	if (rc == 0)
		rc = put_quoted(a);
	if (rc == 0)
		rc = tt_line_need_end(l);
	if (rc != 0)
		return rc;
	return insert_number(a, at, a->out->len - at,
			     batch_kind(a, a->event) == TT_RAW_BATCH_EXPERIMENT);
}

/* ------------------------------------------------------------------- lines */

static int header_line(struct tt_assembly *a)
{
	struct tt_line *l = &a->line;
	const char *begin = l->p;
	uint8_t header[TT_HEADER_SIZE];
	uint64_t version = 0;
	int rc;

	if (tt_line_accept(l, "Trace") && l->p < l->end && tt_line_is_blank(*l->p)) {
		tt_line_skip_blanks(l);
		rc = tt_line_accept(l, "Go1.") ? tt_line_number(l, &version) : 0;
		if (rc != 0)
			return rc;
	}
	if (!tt_version_is_v2(version) && !tt_version_is_v1(version))
		return tt_line_mistake(l, begin, "the first line must be 'Trace Go1.NN', NN one of "
						 "11, 19, 21, 22, 23, 25, 26");
	rc = tt_version_is_v1(version) ? tt_specs_new_v1(&a->v1, l->err) : 0;
	if (rc != 0)
		return rc;
	a->has_header = true;
	tt_put_header(header, (unsigned)version);
	rc = put_bytes(a, header, sizeof(header));
	return rc != 0 ? rc : tt_line_need_end(l);
}

static int take_line(struct tt_assembly *a)
{
	struct tt_line *l = &a->line;
	struct tt_str word;

	if (tt_line_at_end(l))
		return 0;
	if (!a->has_header)
		return header_line(a);
	word = tt_line_word(l);
	if (l->p == l->end || *l->p != '=')
		return event_line(a, word);
	if (word.len == 4 && memcmp(word.data, "data", 4) == 0)
		return data_line(a);
	return frame_line(a, word.data);
}

void tt_assembly_init(struct tt_assembly *a, const struct tt_specs *specs, struct tt_bytes *out,
		      struct tt_error *err)
{
	memset(a, 0, sizeof(*a));
	a->specs = specs;
	a->out = out;
	a->line.err = err;
	a->size_at = a->type_at = TT_NO_PLACE;
}

void tt_assembly_release(struct tt_assembly *a)
{
	tt_specs_free(a->v1);
}

int tt_assembly_line(struct tt_assembly *a, struct tt_str line)
{
	tt_line_begin(&a->line, line);
	return take_line(a);
}

int tt_assembly_lines(struct tt_assembly *a, struct tt_str text, struct tt_str *rest)
{
	int rc = 0;

	while (rc == 0 && text.len != 0) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len;

		if (newline == NULL)
			break;
		len = (size_t)(newline - text.data);
		rc = tt_assembly_line(a, (struct tt_str){text.data, len});
		text.data += len + 1;
		text.len -= len + 1;
	}
	*rest = text;
	return rc;
}

int tt_assembly_finish(struct tt_assembly *a, struct tt_str rest)
{
	int rc = rest.len != 0 ? tt_assembly_line(a, rest) : 0;

	tt_line_begin(&a->line, (struct tt_str){"", 0});
	if (rc == 0 && !a->has_header)
		rc = tt_line_mistake(&a->line, a->line.p, "there is no line 'Trace Go1.NN'");
	if (rc == 0)
		rc = close_event(a, a->line.p);
	if (rc != 0)
		return rc;
	close_batch(a);
	a->done = a->out->len;
	return 0;
}

void tt_assembly_forget(struct tt_assembly *a, size_t n)
{
	struct tt_bytes *out = a->out;

	if (n == 0)
		return;
	memmove(out->data, out->data + n, out->len - n);
	out->len -= n;
	a->done -= n;
	a->size_at -= a->size_at == TT_NO_PLACE ? 0 : n;
	a->count_at -= a->count_at == TT_NO_PLACE || a->event == NULL ? 0 : n;
	a->type_at -= a->type_at == TT_NO_PLACE ? 0 : n;
}

int tt_assemble(const struct tt_specs *specs, const char *text, size_t len, struct tt_bytes *out,
		struct tt_error *err)
{
	struct tt_assembly a;
	struct tt_str rest;
	int rc;

	tt_assembly_init(&a, specs, out, err);
	rc = tt_assembly_lines(&a, (struct tt_str){text, len}, &rest);
	if (rc == 0)
		rc = tt_assembly_finish(&a, rest);
	tt_assembly_release(&a);
	return rc;
}
