/* SPDX-License-Identifier: MIT */
/* guess.c - what people take for a trace: by its first bytes, or by the words of a text. */
#include "wire/guess.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/varint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool starts(const uint8_t *p, const uint8_t *end, const char *with, size_t len)
{
	return (size_t)(end - p) >= len && memcmp(p, with, len) == 0;
}

static bool has(const uint8_t *p, const uint8_t *end, const char *text)
{
	return memmem(p, (size_t)(end - p), text, strlen(text)) != NULL;
}

/* ------------------------------------------------------------- by the first bytes */

static const struct magic {
	const char *bytes;
	uint8_t len;
	const char *what;
} magics[] = {
	{"\177ELF", 4, "an ELF program or library"},
	{"MZ", 2, "a Windows program"},
	{"\xcf\xfa\xed\xfe", 4, "a Mach-O program"},
	{"\xca\xfe\xba\xbe", 4, "a Mach-O program or Java class"},
	{"PERFILE2", 8, "a recording of Linux perf"},
	{"FLR\0", 4, "a recording of Java Flight Recorder"},
	{"Nettrace", 8, "a .NET trace (nettrace)"},
	{"\x00\x03\xaa\x55", 4, "a macOS ktrace file"},
	{"\x00\x02\xaa\x55", 4, "a macOS ktrace file"},
	{"\xc1\x1f\xfc\xc1", 4, "a CTF trace (LTTng or babeltrace)"},
	{"\x57\x1d\xd1\x75", 4, "CTF metadata (LTTng or babeltrace)"},
	{"/* CTF", 6, "CTF metadata (LTTng or babeltrace)"},
	{"\x17\x08\x44tracing", 10, "a recording of trace-cmd (ftrace)"},
	{"go1.7 heap dump", 15, "a Go heap dump"},
	{"heap profile:", 13, "a pprof profile of the heap, as text"},
	{"goroutine profile:", 18, "a pprof profile of goroutines, as text"},
	{"threadcreate profile:", 21, "a pprof profile of threads, as text"},
	{"--- contention:", 15, "a pprof profile of blocking, as text"},
	{"--- mutex:", 10, "a pprof profile of mutexes, as text"},
	{"goroutine ", 10, "a dump of goroutines"},
	{"Trace Go1.", 10, "a trace in its raw text form, which must be assembled first"},
	{"M=-1 P=", 7, "the text of a trace's events, not the trace itself"},
	{"EventBatch ", 11, "the text of a trace's raw events, not the trace itself"},
	{"HTTP/1.", 7, "an HTTP answer with its header"},
	{"version https://git-lfs", 23, "a pointer of Git LFS; `git lfs pull` fetches the file"},
	{"SQLite format 3", 15, "an SQLite database"},
	{"%PDF-", 5, "a PDF document"},
	{"\x89PNG", 4, "a PNG image"},
	{"\xff\xfe", 2, "UTF-16 text (perhaps a shell redirected the trace as text)"},
	{"\xfe\xff", 2, "UTF-16 text (perhaps a shell redirected the trace as text)"},
};

static const char *by_magic(const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < COUNT(magics); i++)
		if (starts(p, end, magics[i].bytes, magics[i].len))
			return magics[i].what;
	return NULL;
}

static bool is_zero(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p == 0)
		p++;
	return p == end;
}

/* ------------------------------------------------------------- protocol buffers */

/* A field of a message: its number, and its bytes or its number. */
struct field {
	uint64_t number;
	bool bytes;
	const uint8_t *at, *end;
};

/* The next field at *p, which moves past it; false: none. Bytes may go on past the end. */
static bool next_field(const uint8_t **p, const uint8_t *end, struct field *out)
{
	uint64_t key, value;
	int n = tt_varint(*p, end, &key);

	if (n <= 0 || key >> 3 == 0 || ((key & 7) != 0 && (key & 7) != 2))
		return false;
	*p += n;
	n = tt_varint(*p, end, &value);
	if (n <= 0)
		return false;
	*p += n;
	*out = (struct field){key >> 3, (key & 7) == 2, *p, *p};
	if (out->bytes) {
		out->end = value < (uint64_t)(end - *p) ? *p + value : end;
		*p = out->end;
	}
	return true;
}

/* Whether a field may be one of a pprof profile (profile.proto). */
static bool is_of_profile(const struct field *f)
{
	enum { SAMPLE_TYPE = 1, STRINGS = 6, DROP = 7, DURATION = 10, PERIOD_TYPE, PERIOD, COMMENT,
	       DEFAULT };

	if (f->number >= SAMPLE_TYPE && f->number <= STRINGS)
		return f->bytes;
	if (f->number >= DROP && f->number <= DURATION)
		return !f->bytes;
	return (f->number == PERIOD_TYPE && f->bytes) || f->number == COMMENT ||
	       ((f->number == PERIOD || f->number == DEFAULT) && !f->bytes);
}

/* A ValueType: two numbers, of strings. Every profile has at least one of its samples. */
static bool is_value_type(const struct field *f)
{
	const uint8_t *p = f->at;
	struct field inner;

	if ((f->number != 1 && f->number != 11) || !f->bytes || p == f->end)
		return false;
	while (p < f->end)
		if (!next_field(&p, f->end, &inner) || inner.bytes || inner.number > 2)
			return false;
	return true;
}

static bool is_pprof(const uint8_t *p, const uint8_t *end)
{
	struct field f;
	bool typed = false;
	unsigned n = 0;

	while (n < 16 && p < end && next_field(&p, end, &f)) {
		if (!is_of_profile(&f))
			return false;
		typed |= is_value_type(&f);
		n++;
	}
	return typed && n >= 2;
}

/* The words that begin the profile of a processor as Go wrote it before 1.9, as gperftools do. */
static bool is_old_pprof(const uint8_t *p, const uint8_t *end)
{
	static const uint8_t words[2][20] = {{0, 0, 0, 0, 3}, {0, 0, 0, 0, 0, 0, 0, 0, 3}};

	return (starts(p, end, (const char *)words[0], 12) && !is_zero(p + 12, p + 16)) ||
	       (end - p >= 40 && starts(p, end, (const char *)words[1], 20) &&
		is_zero(p + 20, p + 24) && !is_zero(p + 24, p + 32));
}

/* Packets, and nothing else. */
static bool is_perfetto(const uint8_t *p, const uint8_t *end)
{
	struct field f, inner;
	unsigned n = 0;

	for (; n < 16 && p < end && next_field(&p, end, &f); n++) {
		const uint8_t *at = f.at;

		if (f.number != 1 || !f.bytes || !next_field(&at, f.end, &inner))
			return false;
	}
	return n >= 2;
}

/* ------------------------------------------------------------- text */

/* Whether it begins with an element, a comment or the declaration of XML. */
static bool is_xml(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *name = p + 1;

	if (starts(p, end, "<?xml", 5) || starts(p, end, "<!", 2))
		return true;
	if (end - p < 3 || *p != '<')
		return false;
	for (p = name; p < end && ((*p | 0x20) >= 'a') && (*p | 0x20) <= 'z';)
		p++;
	return p > name && p < end && (*p == '>' || *p == ' ' || *p == '/' || *p == ':') &&
	       has(p, end, ">");
}

/* No control bytes but blanks: bytes beyond ASCII may be any text's. */
static bool is_text(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++)
		if ((*p < 0x20 && (*p < '\t' || *p > '\r') && *p != 0x1b) || *p == 0x7f)
			return false;
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_html(const uint8_t *p, const uint8_t *end)
{
	static const char *const html[] = {"<!doctype html", "<html", "<head"};

	for (size_t i = 0; i < COUNT(html); i++)
		if ((size_t)(end - p) >= strlen(html[i]) &&
		    strncasecmp((const char *)p, html[i], strlen(html[i])) == 0)
			return true;
	return false;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Past the digits, blanks and other bytes of `more`. */
static const uint8_t *skip_number(const uint8_t *p, const uint8_t *end, const char *more)
{
	while (p < end && *p != '\0' && (is_digit(*p) || strchr(more, *p) != NULL))
		p++;
	return p;
}

/* Calls as strace prints them: `read(3, "...`, then ") = " and a number. There may be the
 * number of a process and a time before it. */
static bool is_strace(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *line_end = memchr(p, '\n', (size_t)(end - p)), *name;

	if (starts(p, end, "strace: ", 8))
		return true;
	if (starts(p, end, "[pid ", 5))
		p = skip_number(p + 5, end, " ]");
	p = name = skip_number(p, end, " .:");
	if (starts(p, end, "execve(\"", 8))
		return true;
	while (p < end && ((*p >= 'a' && *p <= 'z') || *p == '_' || is_digit(*p)))
		p++;
	return p > name && p < end && *p == '(' && has(p, line_end ? line_end : end, ") = ");
}

/* Events as ftrace prints them: `bash-1977  [000] d..2 17284.993652: sys_close ...`, the
 * header of that file left out. */
static bool is_ftrace(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *line_end = memchr(p, '\n', (size_t)(end - p)), *at;

	if (starts(p, end, "# tracer:", 9))
		return true;
	if (line_end == NULL)
		line_end = end;
	at = memchr(p, '[', (size_t)(line_end - p));
	if (at == NULL || line_end - at < 5 || at[4] != ']' || !is_digit(at[1]) ||
	    !is_digit(at[2]) || !is_digit(at[3]) || !has(at, line_end, ": "))
		return false;
	while (at > p && at[-1] == ' ')
		at--;
	return at > p && *at == ' ' && is_digit(at[-1]);
}

static const char *json_kind(const uint8_t *p, const uint8_t *end)
{
	if (has(p, end, "traceEvents") || (*p == '[' && has(p, end, "\"ph\"")))
		return "a JSON trace of Chrome or Perfetto";
	if (has(p, end, "\"context-options\""))
		return "a trace of Playwright";
	return "JSON";
}

/* Of a text that begins with no blank. */
static const char *text_kind(const uint8_t *p, const uint8_t *end)
{
	if (is_html(p, end))
		return "an HTML page";
	if (is_strace(p, end))
		return "the text of strace";
	if (is_ftrace(p, end))
		return "the text of ftrace";
	if (is_xml(p, end))
		return "an XML document";
	if (p < end && (*p == '{' || *p == '['))
		return json_kind(p, end);
	/* "go 1." and a digit */
	if (starts(p, end, "Z28gMS4", 7))
		return "a Go trace in base64; decode it first, `base64 -d` for example";
	if (starts(p, end, "H4sI", 4) || starts(p, end, "KLUv/", 5))
		return "a compressed file in base64; decode it first, `base64 -d` for example";
	return "text";
}

size_t tt_guess_line_len(const uint8_t *p, const uint8_t *end)
{
	size_t len = 0;

	while (len < TT_GUESS_LINE && p + len < end && p[len] != '\n' && p[len] != '\r')
		len++;
	for (size_t cut = len; len == TT_GUESS_LINE && cut > TT_GUESS_LINE - 4 && p + cut < end;
	     cut--)
		if ((p[cut] & 0xc0) != 0x80)
			return cut;
	return len;
}

/* Past what says nothing: blanks, and the mark of the order of bytes. */
static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
	if (starts(p, end, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* The answer, and the first line that says something. A tab is a blank there: in messages,
 * tabs separate. */
static void quote_text(const uint8_t *p, const uint8_t *end, char *out)
{
	p = skip_blanks(p, end);
	snprintf(out, TT_GUESS_SIZE, p < end ? "%s: \"%.*s\"" : "%s", text_kind(p, end),
		 (int)tt_guess_line_len(p, end), (const char *)p);
	for (; (out = strchr(out, '\t')) != NULL;)
		*out = ' ';
}

/* ------------------------------------------------------------- all of it */

/* By what is neither text nor empty; NULL: there is no telling. */
static const char *by_bytes(const uint8_t *p, const uint8_t *end)
{
	if (is_pprof(p, end) || is_old_pprof(p, end))
		return "a pprof profile";
	if (is_perfetto(p, end))
		return "a Perfetto trace";
	if (starts(p, end, "go 1.", 5))
		return "a trace with a damaged header";
	return is_zero(p, end) ? "nothing but zero bytes" : NULL;
}

bool tt_guess(const uint8_t *p, const uint8_t *end, char out[TT_GUESS_SIZE])
{
	const char *what = p == end ? "an empty file" : by_magic(p, end);

	if (what == NULL && is_text(p, end)) {
		quote_text(p, end, out);
		return true;
	}
	if (what == NULL)
		what = by_bytes(p, end);
	if (what != NULL)
		snprintf(out, TT_GUESS_SIZE, "%s", what);
	return what != NULL;
}
