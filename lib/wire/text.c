/* SPDX-License-Identifier: MIT */
/*
 * text.c - a raw event as text, the same as `go tool trace -d=wire` prints
 * (source: Go's internal/trace/raw, Event.String).
 *
 * Millions of lines are made here, each of a few words and numbers: what fits is
 * written in place with no check in between, and a scratch buffer is used where the
 * caller's ends.
 */
#include "wire/text.h"

#include <assert.h>
#include <string.h>

/* The longest number. */
#define NUMBER_MAX 20
/* A piece is copied whole, so the last one may run past the text. */
#define PIECES_MAX (TT_WIRE_MAX_PIECES * (sizeof(struct tt_wire_piece) + NUMBER_MAX))
/* "\n\tpc= func= file= line=" and four numbers. */
#define FRAME_MAX (24 + 4 * NUMBER_MAX)

struct sink {
	char *out;
	size_t size, n; /* n is what the text needs, and may pass size */
};

static void put(struct sink *s, const char *text, size_t len)
{
	if (s->n < s->size)
		memcpy(s->out + s->n, text, len < s->size - s->n ? len : s->size - s->n);
	s->n += len;
}

/* Where to write `most` bytes: in place, or the scratch. commit() takes either. */
static char *reserve(const struct sink *s, char *scratch, size_t most)
{
	return s->n < s->size && s->size - s->n >= most ? s->out + s->n : scratch;
}

static void commit(struct sink *s, const char *scratch, const char *from, const char *to)
{
	if (from == scratch)
		put(s, from, (size_t)(to - from));
	else
		s->n += (size_t)(to - from);
}

static const char digits[] = "00010203040506070809101112131415161718192021222324"
			     "25262728293031323334353637383940414243444546474849"
			     "50515253545556575859606162636465666768697071727374"
			     "75767778798081828384858687888990919293949596979899";

static char *put_four(char *p, uint32_t v)
{
	memcpy(p, digits + v / 100 * 2, 2);
	memcpy(p + 2, digits + v % 100 * 2, 2);
	return p + 4;
}

/* Most numbers have one digit or two: no branch tells these apart. Writes 2 bytes. */
static inline char *put_short(char *p, uint32_t v)
{
	unsigned one = v < 10;

	memcpy(p, digits + v * 2 + one, 2);
	return p + 2 - one;
}

static char *put_long(char *p, uint64_t v);

static inline char *put_number(char *p, uint64_t v)
{
	return v < 100 ? put_short(p, (uint32_t)v) : put_long(p, v);
}

/* From 100 on. */
static char *put_long(char *p, uint64_t v)
{
	uint32_t low = (uint32_t)(v % 100000000);

	if (v < 10000) {
		p = put_short(p, low / 100);
		memcpy(p, digits + low % 100 * 2, 2);
		return p + 2;
	}
	if (v < 100000000)
		return put_four(put_number(p, low / 10000), low % 10000);
	p = put_number(p, v / 100000000);
	return put_four(put_four(p, low / 10000), low % 10000);
}

static char *put_word(char *p, const char *word, size_t len)
{
	memcpy(p, word, len);
	return p + len;
}

/* Writes at most PIECES_MAX bytes. */
static inline char *lay_pieces(char *p, const struct tt_wire_event *ev)
{
	const struct tt_wire_piece *pieces = ev->text_;

	if (ev->nargs == 0)
		return put_word(p, pieces[0].text, pieces[0].len);
	for (unsigned i = 0; i < ev->nargs; i++) {
		memcpy(p, &pieces[i], sizeof(pieces[i]));
		p = put_number(p + pieces[i].len, ev->args[i]);
	}
	return p;
}

static void put_pieces(struct sink *s, const struct tt_wire_event *ev)
{
	char scratch[PIECES_MAX];
	char *from = reserve(s, scratch, PIECES_MAX);

	commit(s, scratch, from, lay_pieces(from, ev));
}

static void put_line(struct sink *s, const struct tt_wire_event *ev)
{
	const struct tt_event_spec *spec = ev->spec;
	unsigned first = spec->timed ? 1 : 0;

	put(s, spec->name, strlen(spec->name));
	for (unsigned i = 0; i < ev->nargs; i++) {
		const char *name = i < first ? "dt" : spec->args[i - first].name;
		char number[NUMBER_MAX];

		put(s, " ", 1);
		put(s, name, strlen(name));
		put(s, "=", 1);
		put(s, number, (size_t)(put_number(number, ev->args[i]) - number));
	}
}

static void put_frame(struct sink *s, const struct tt_wire_frame *frame)
{
	char scratch[FRAME_MAX];
	char *from = reserve(s, scratch, FRAME_MAX), *p = from;

	p = put_number(put_word(p, "\n\tpc=", 5), frame->pc);
	p = put_number(put_word(p, " func=", 6), frame->func);
	p = put_number(put_word(p, " file=", 6), frame->file);
	p = put_number(put_word(p, " line=", 6), frame->line);
	commit(s, scratch, from, p);
}

/* Any event, into any room. */
static size_t format_any(const struct tt_wire_event *ev, char *out, size_t size)
{
	struct sink s = {out, size, 0};

	if (ev->text_ != NULL)
		put_pieces(&s, ev);
	else if (ev->spec != NULL)
		put_line(&s, ev);
	if (ev->padded)
		put(&s, " padded", 7);
	for (size_t i = 0; i < ev->nframes; i++)
		put_frame(&s, &ev->frames[i]);
	if (ev->data.len != 0) {
		put(&s, "\n\tdata=", 7);
		s.n += s.n < size ? tt_quote(ev->data, out + s.n, size - s.n)
				  : tt_quote(ev->data, NULL, 0);
	}
	put(&s, "\n", 1);
	return s.n;
}

size_t tt_wire_format(const struct tt_wire_event *ev, char *out, size_t size)
{
	char *p;

	if (ev->text_ == NULL || ev->nframes != 0 || ev->data.len != 0 || ev->padded ||
	    size <= PIECES_MAX)
		return format_any(ev, out, size);
	p = lay_pieces(out, ev);
	*p++ = '\n';
	return (size_t)(p - out);
}

/* Appends to a piece, false if it does not fit. */
static bool append(struct tt_wire_piece *piece, const char *text)
{
	size_t len = strlen(text);

	if (len > sizeof(piece->text) - piece->len)
		return false;
	memcpy(piece->text + piece->len, text, len);
	piece->len = (uint8_t)(piece->len + len);
	return true;
}

size_t tt_wire_pieces(const struct tt_event_spec *spec,
		      struct tt_wire_piece pieces[TT_WIRE_MAX_PIECES])
{
	size_t first = spec->timed ? 1 : 0, n = spec->nargs + first;

	assert(n <= TT_WIRE_MAX_PIECES);
	memset(pieces, 0, TT_WIRE_MAX_PIECES * sizeof(*pieces));
	if (!append(&pieces[0], spec->name))
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char *name = i < first ? "dt" : spec->args[i - first].name;

		if (!append(&pieces[i], " ") || !append(&pieces[i], name) ||
		    !append(&pieces[i], "="))
			return 0;
	}
	return n == 0 ? 1 : n;
}
