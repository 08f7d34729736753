/* SPDX-License-Identifier: MIT */
/*
 * out.h - a buffered writer made for speed, and appending to it. Command layer.
 *
 * A printer holds a cursor. Between out_begin() and out_end() the cursor has
 * room for OUT_ROOM bytes, which the put_* functions use without a check; the
 * out_* functions take text of any length, flush if need be, and give back a
 * cursor with that room again:
 *
 *	char *p = out_begin(o);
 *	p = put_lit(p, "time=");
 *	p = put_u64(p, t);
 *	p = out_quoted(o, p, name);
 *	out_end(o, p);
 *
 * Errors are sticky: after one, text is dropped and out_failed() is true. The printer
 * should stop then; main() reports the error.
 */
#ifndef CMD_CLI_OUT_H
#define CMD_CLI_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "tracetool.h"

enum {
	OUT_SIZE = 256 * 1024, /* a good size for a buffer */
	OUT_ROOM = 4096,
};

static inline struct tt_str str_of(const char *s)
{
	return (struct tt_str){ s, strlen(s) };
}

struct out {
	char *pos;
	char *end;             /* of the buffer, OUT_ROOM not counted */
	char *buffer;
	int fd;                /* -1: in memory, the buffer grows */
	int error;             /* errno of the first failure, or 0 */
	bool widened;          /* fd was made to hold more, if it is a pipe */
	bool to_disk;          /* fd is a new file that is flushed to disk when it is complete */
	off_t nbytes, nsent;   /* of that file: written, and on their way to the disk */
};

/* The standard output of the process; ready before main() calls a verb. */
extern struct out out_stdout;

/* Writes to `fd` through a buffer of the caller's of size + OUT_ROOM bytes. */
void out_init(struct out *o, int fd, char *buffer, size_t size);
/*
 * Collects in memory: the text is out->buffer up to out->pos. If there is no memory,
 * all of the text is lost, and the error is ENOMEM.
 */
void out_init_memory(struct out *o);
void out_release_memory(struct out *o);
/* 0, or the errno of the first write that failed. */
int out_flush(struct out *o);
/* What was not written yet never is. */
static inline void out_forget(struct out *o)
{
	o->pos = o->buffer;
}

static inline bool out_failed(const struct out *o)
{
	return o->error != 0;
}

/* A large text, written from where it is and not copied. */
void out_block(struct out *o, const char *data, size_t len);

/* The slow path of out_begin(). */
char *out_drain(struct out *o, char *p);

static inline char *out_begin(struct out *o)
{
	return o->pos && o->pos <= o->end ? o->pos : out_drain(o, o->pos);
}

static inline void out_end(struct out *o, char *p)
{
	o->pos = p;
}

/* Room for OUT_ROOM bytes again, in the middle of a long text. */
static inline char *out_room(struct out *o, char *p)
{
	return p <= o->end ? p : out_drain(o, p);
}

/* The slow path of out_text(). */
char *out_long_text(struct out *o, char *p, const char *data, size_t len);

static inline char *out_text(struct out *o, char *p, const char *data, size_t len)
{
	if (p > o->end || len > (size_t)(o->end - p))
		return out_long_text(o, p, data, len);
	memcpy(p, data, len);
	return p + len;
}

static inline char *out_str(struct out *o, char *p, struct tt_str s)
{
	return s.len == 0 ? p : out_text(o, p, s.data, s.len);
}

static inline char *out_cstr(struct out *o, char *p, const char *s)
{
	return out_text(o, p, s, strlen(s));
}

/* With quotes, as Go's strconv.Quote has it. */
char *out_quoted(struct out *o, char *p, struct tt_str s);
/* The same without the quotes. */
char *out_quoted_inside(struct out *o, char *p, struct tt_str s);
/*
 * For people: like the quoted form but without the quotes, and `"` is not escaped.
 * What is not printable is written as an escape.
 */
char *out_escaped(struct out *o, char *p, struct tt_str s);
/*
 * A JSON string with its quotes. Each byte that is not valid UTF-8 is written as
 * U+FFFD; out_is_utf8() says whether there is any.
 */
char *out_json(struct out *o, char *p, struct tt_str s);
/* The same for a short text of printable ASCII that needs no escapes; NULL: it is not one. */
char *out_json_plain(struct out *o, char *p, struct tt_str s);
bool out_is_utf8(struct tt_str s);
/* The text as it is, but for each byte that is not valid UTF-8 U+FFFD. */
char *out_utf8(struct out *o, char *p, struct tt_str s);

/* ---- into the room: no check, at most OUT_ROOM */

static inline char *put_char(char *p, char c)
{
	*p = c;
	return p + 1;
}

static inline char *put_mem(char *p, const char *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

/* A string literal. */
#define put_lit(p, text) put_mem((p), "" text, sizeof(text) - 1)

/* A short string of ours. */
static inline char *put_cstr(char *p, const char *s)
{
	return put_mem(p, s, strlen(s));
}

/* "00" to "99", for put_u64(). */
extern const char put_pairs[200];

/* Decimal digits of v, 1 to 10. */
static inline unsigned put_digits(uint32_t v)
{
	unsigned n = 1;

	while (v >= 10000) {
		v /= 10000;
		n += 4;
	}
	return n + (v >= 1000 ? 3 : v >= 100 ? 2 : v >= 10 ? 1 : 0);
}

/* More than eight digits. */
char *put_large(char *p, uint64_t v);

/* Decimal, unsigned: at most 20 bytes. */
static inline char *put_u64(char *p, uint64_t value)
{
	uint32_t v = (uint32_t)value;
	char *end, *at;

	if (value >= 100000000)
		return put_large(p, value);
	end = at = p + put_digits(v);

	while (v >= 100) {
		at -= 2;
		memcpy(at, &put_pairs[v % 100 * 2], 2);
		v /= 100;
	}
	if (v >= 10)
		memcpy(p, &put_pairs[v * 2], 2);
	else
		*p = (char)('0' + v);
	return end;
}

/* Decimal, signed. */
static inline char *put_i64(char *p, int64_t v)
{
	if (v >= 0)
		return put_u64(p, (uint64_t)v);
	*p = '-';
	return put_u64(p + 1, -(uint64_t)v);
}

/* Lower-case hexadecimal without a prefix, at most 16 bytes. */
static inline char *put_hex(char *p, uint64_t v)
{
	unsigned shift = 60;

	while (shift != 0 && v >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		*p++ = "0123456789abcdef"[v >> shift & 15];
		if (shift == 0)
			return p;
	}
}

/* Decimal with leading zeros to exactly `width` digits (v must fit). */
static inline char *put_padded(char *p, uint64_t v, unsigned width)
{
	for (unsigned i = width; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + width;
}

/* Blanks up to a column that began at `start`; at least `least`. */
static inline char *put_column(char *p, const char *start, size_t width, size_t least)
{
	size_t used = (size_t)(p - start);
	size_t pad = used < width ? width - used : 0;

	if (pad < least)
		pad = least;
	memset(p, ' ', pad);
	return p + pad;
}

static inline char *put_spaces(char *p, size_t n)
{
	memset(p, ' ', n);
	return p + n;
}

/* Bytes as hexadecimal digits. */
char *out_hex(struct out *o, char *p, struct tt_str s);

#endif
