/* SPDX-License-Identifier: MIT */
/* out.c - the slow paths of the buffered writer, and escaping. Command layer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "out.h"

struct out out_stdout;

const char put_pairs[200] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* Four pairs that do not wait for each other. */
static char *put_eight(char *p, uint32_t v)
{
	uint32_t high = v / 10000, low = v % 10000;

	memcpy(p, &put_pairs[high / 100 * 2], 2);
	memcpy(p + 2, &put_pairs[high % 100 * 2], 2);
	memcpy(p + 4, &put_pairs[low / 100 * 2], 2);
	memcpy(p + 6, &put_pairs[low % 100 * 2], 2);
	return p + 8;
}

char *put_large(char *p, uint64_t v)
{
	return put_eight(put_u64(p, v / 100000000), (uint32_t)(v % 100000000));
}

void out_init(struct out *o, int fd, char *buffer, size_t size)
{
	o->pos = buffer;
	o->end = buffer + size;
	o->buffer = buffer;
	o->fd = fd;
	o->error = 0;
	o->widened = o->to_disk = false;
	o->nbytes = o->nsent = 0;
}

/*
 * A pipe holds 64 kB unless somebody asks for more: then writer and reader wait for each
 * other all the time. A program that writes little leaves its pipe alone.
 */
static void widen_pipe(struct out *o, size_t len)
{
	enum { MUCH = 64 * 1024, PIPE_NBYTES = 1024 * 1024 };

	if (o->widened || len < MUCH)
		return;
	o->widened = true;
#ifdef F_SETPIPE_SZ
	(void)fcntl(o->fd, F_SETPIPE_SZ, PIPE_NBYTES);
#endif
}

/* Begins to write to the disk what it is to have in the end; nobody waits for that now. */
static void send_to_disk(struct out *o, size_t len)
{
	enum { STEP_NBYTES = 1024 * 1024 };

	o->nbytes += (off_t)len;
	if (!o->to_disk || o->nbytes - o->nsent < STEP_NBYTES)
		return;
	(void)sync_file_range(o->fd, o->nsent, o->nbytes - o->nsent, SYNC_FILE_RANGE_WRITE);
	o->nsent = o->nbytes;
}

static void write_all(struct out *o, const char *data, size_t len)
{
	widen_pipe(o, len);
	while (len > 0 && o->error == 0) {
		ssize_t n = write(o->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		/* Another process that has the descriptor may have made it non-blocking. */
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = o->fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n < 0) {
			o->error = errno;
			return;
		}
		data += n;
		len -= (size_t)n;
		send_to_disk(o, (size_t)n);
	}
}

int out_flush(struct out *o)
{
	if (o->fd < 0)
		return o->error;
	write_all(o, o->buffer, (size_t)(o->pos - o->buffer));
	o->pos = o->buffer;
	return o->error;
}

void out_block(struct out *o, const char *data, size_t len)
{
	enum { LARGE = 64 * 1024 };

	if (len == 0)
		return;
	if (o->fd < 0 || len < LARGE) {
		out_end(o, out_text(o, out_begin(o), data, len));
		return;
	}
	out_flush(o);
	write_all(o, data, len);
}

/* Where text is written for which there is no memory. */
static _Thread_local char nowhere[2 * OUT_ROOM];

void out_init_memory(struct out *o)
{
	*o = (struct out){ .fd = -1 };
}

void out_release_memory(struct out *o)
{
	if (o->buffer != nowhere)
		free(o->buffer);
	out_init_memory(o);
}

/* Makes a memory buffer hold `more` bytes after p, and OUT_ROOM. */
static char *grow(struct out *o, char *p, size_t more)
{
	size_t used = o->buffer ? (size_t)(p - o->buffer) : 0;
	size_t size = 2 * used + OUT_ROOM;
	char *buffer;

	if (size < used + more)
		size = used + more;
	buffer = o->error ? NULL : realloc(o->buffer, size + OUT_ROOM);
	if (!buffer) {
		out_release_memory(o);
		out_init(o, -1, nowhere, OUT_ROOM);
		o->error = ENOMEM;
		return nowhere;
	}
	out_init(o, -1, buffer, size);
	return buffer + used;
}

char *out_drain(struct out *o, char *p)
{
	if (o->fd < 0)
		return grow(o, p, OUT_ROOM);
	o->pos = p;
	out_flush(o);
	return o->pos;
}

char *out_long_text(struct out *o, char *p, const char *data, size_t len)
{
	p = o->fd < 0 ? grow(o, p, len) : out_drain(o, p);
	if (len <= (size_t)(o->end - p))
		return put_mem(p, data, len);
	if (o->fd >= 0)
		write_all(o, data, len);
	return p;
}

/* ---- quoting */

/* The top bit of each byte that is zero, and maybe of bytes above such a byte. */
static inline uint64_t zero_bytes(uint64_t v)
{
	return (v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080);
}

/* How many of the first bytes, in steps of eight, need no escape in a quoted text. */
static size_t plain_words(struct tt_str s, char also)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	size_t i = 0;

	for (; s.len - i >= 8; i += 8) {
		uint64_t v, odd;

		memcpy(&v, s.data + i, sizeof(v));
		odd = (v & tops) | ((v - ones * 0x20) & ~v & tops) | zero_bytes(v ^ ones * 0x7f) |
		      zero_bytes(v ^ ones * '\\') | zero_bytes(v ^ ones * (unsigned char)also);
		if (odd != 0)
			break;
	}
	return i;
}

/* How many of the first bytes need no escape in a quoted text. */
static size_t plain_length(struct tt_str s, char also)
{
	size_t i = plain_words(s, also);

	while (i < s.len) {
		unsigned char c = (unsigned char)s.data[i];

		if (c < 0x20 || c > 0x7e || c == '\\' || c == (unsigned char)also)
			break;
		i++;
	}
	return i;
}

/*
 * Quotes a piece at a time, so that text of any length fits the room. A piece
 * ends where a code point can begin, so that none is cut in two.
 */
enum { PIECE = 256 };

static size_t piece_length(const char *data, size_t len)
{
	size_t n = PIECE;

	if (len <= PIECE)
		return len;
	for (unsigned back = 0; back < 3 && ((unsigned char)data[n] & 0xc0) == 0x80; back++)
		n--;
	return n;
}

static char *quoted_pieces(struct out *o, char *p, struct tt_str s)
{
	while (s.len > 0) {
		struct tt_str piece = { s.data, piece_length(s.data, s.len) };
		char text[PIECE * 10 + 2];
		size_t n = tt_quote(piece, text, sizeof(text));

		p = out_text(o, p, text + 1, n - 2);
		s.data += piece.len;
		s.len -= piece.len;
	}
	return p;
}

char *out_quoted_inside(struct out *o, char *p, struct tt_str s)
{
	size_t plain = plain_length(s, '"');

	p = out_text(o, p, s.data ? s.data : "", plain);
	if (plain < s.len)
		p = quoted_pieces(o, p, (struct tt_str){ s.data + plain, s.len - plain });
	return out_room(o, p);
}

char *out_quoted(struct out *o, char *p, struct tt_str s)
{
	p = put_char(out_room(o, p), '"');
	p = out_quoted_inside(o, p, s);
	return put_char(p, '"');
}

char *out_escaped(struct out *o, char *p, struct tt_str s)
{
	p = out_room(o, p);
	while (s.len > 0) {
		size_t n = plain_length(s, '\\');

		p = out_text(o, p, s.data, n);
		s.data += n;
		s.len -= n;
		for (n = 0; n < s.len && s.data[n] != '"'; n++)
			;
		p = quoted_pieces(o, p, (struct tt_str){ s.data, n });
		s.data += n;
		s.len -= n;
	}
	return out_room(o, p);
}

/* ---- JSON */

/* The length of the UTF-8 sequence at data, 0 if there is none. */
static size_t utf8_length(const unsigned char *data, size_t len)
{
	static const struct {
		unsigned char first, last, low, high, length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (data[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = forms[i].length;

		if (data[0] < forms[i].first || data[0] > forms[i].last)
			continue;
		if (len < n || data[1] < forms[i].low || data[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < n; k++) {
			if ((data[k] & 0xc0) != 0x80)
				return 0;
		}
		return n;
	}
	return 0;
}

static char *put_json_u(char *p, uint32_t code)
{
	p = put_lit(p, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[code >> shift & 15];
	return p;
}

static char *put_json_escape(char *p, unsigned char c)
{
	static const char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; i < sizeof(names) - 1; i += 2) {
		if ((char)c == names[i]) {
			*p++ = '\\';
			return put_char(p, names[i + 1]);
		}
	}
	return put_json_u(p, c);
}

/*
 * Controls of the direction of text, which make a terminal or an editor show it in another
 * order than it has, and separators of lines, for which programs may take them.
 */
static bool hides_order(uint32_t code)
{
	return code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Of a valid sequence of 2 or 3 bytes. */
static uint32_t code_of(const unsigned char *data, size_t n)
{
	if (n == 2)
		return (uint32_t)(data[0] & 0x1f) << 6 | (data[1] & 0x3f);
	return (uint32_t)(data[0] & 0xf) << 12 | (uint32_t)(data[1] & 0x3f) << 6 |
	       (data[2] & 0x3f);
}

/* The first code point of s, which is not empty; *used is how many bytes it took. */
static char *json_code_point(char *p, struct tt_str s, size_t *used)
{
	const unsigned char *data = (const unsigned char *)s.data;
	size_t n = utf8_length(data, s.len);

	*used = n == 0 ? 1 : n;
	if (data[0] < 0x20 || data[0] == 0x7f || data[0] == '"' || data[0] == '\\')
		return put_json_escape(p, data[0]);
	if (n == 0)
		return put_lit(p, "\xef\xbf\xbd");
	if (n == 2 && data[0] == 0xc2 && data[1] < 0xa0)
		return put_json_escape(p, data[1]);
	if ((n == 2 || n == 3) && hides_order(code_of(data, n)))
		return put_json_u(p, code_of(data, n));
	return put_mem(p, s.data, n);
}

bool out_is_utf8(struct tt_str s)
{
	size_t i = 0;

	while (i < s.len) {
		size_t n = utf8_length((const unsigned char *)s.data + i, s.len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

char *out_utf8(struct out *o, char *p, struct tt_str s)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		p = out_room(o, p);
		n = utf8_length((const unsigned char *)s.data + i, s.len - i);
		p = n > 0 ? put_mem(p, s.data + i, n) : put_lit(p, "\xef\xbf\xbd");
		n += n == 0;
	}
	return out_room(o, p);
}

char *out_json_plain(struct out *o, char *p, struct tt_str s)
{
	enum { SHORT = 1024 };

	if (s.len > SHORT || plain_length(s, '"') != s.len)
		return NULL;
	p = put_char(out_room(o, p), '"');
	return put_char(put_mem(p, s.data ? s.data : "", s.len), '"');
}

char *out_json(struct out *o, char *p, struct tt_str s)
{
	size_t at = plain_length(s, '"');
	size_t used = 0;

	p = put_char(out_room(o, p), '"');
	p = out_text(o, p, s.data ? s.data : "", at);
	for (; at < s.len; at += used)
		p = json_code_point(out_room(o, p), (struct tt_str){ s.data + at, s.len - at },
				    &used);
	return put_char(out_room(o, p), '"');
}

char *out_hex(struct out *o, char *p, struct tt_str s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t byte = (uint8_t)s.data[i];

		p = out_room(o, p);
		p = put_char(put_char(p, digits[byte >> 4]), digits[byte & 15]);
	}
	return p;
}
