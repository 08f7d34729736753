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
	{"\x01\x01\xaa\x55", 4, "a macOS ktrace file"},
	{"\xc1\x1f\xfc\xc1", 4, "a CTF trace (LTTng or babeltrace)"},
	{"\x57\x1d\xd1\x75", 4, "CTF metadata (LTTng or babeltrace)"},
	{"/* CTF", 6, "CTF metadata (LTTng or babeltrace)"},
	{"\x17\x08\x44tracing", 10, "a recording of trace-cmd (ftrace)"},
	{"\x10\x00\x04\x46\x78\x54\x16\x00", 8, "a trace of Fuchsia (fxt)"},
	{"\xd4\xc3\xb2\xa1", 4, "a recording of network packets (pcap)"},
	{"\xa1\xb2\xc3\xd4", 4, "a recording of network packets (pcap)"},
	{"\x4d\x3c\xb2\xa1", 4, "a recording of network packets (pcap)"},
	{"\xa1\xb2\x3c\x4d", 4, "a recording of network packets (pcap)"},
	{"MDMP", 4, "a minidump of Windows"},
	{"JAVA PROFILE 1.0", 16, "a Java heap dump (hprof)"},
	{"\0asm", 4, "a WebAssembly module"},
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
	{"version https://git-lfs", 23, "a pointer of Git LFS; `git lfs pull` fetches the file"},
	{"SQLite format 3", 15, "an SQLite database"},
	{"%PDF-", 5, "a PDF document"},
	{"\x89PNG", 4, "a PNG image"},
	{"g\0o\0 \0001\0.\0", 10, "UTF-16 text (perhaps a shell redirected the trace as text)"},
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

/* A block that begins a section of pcapng, in either order of bytes. */
static bool is_pcapng(const uint8_t *p, const uint8_t *end)
{
	return end - p >= 12 && starts(p, end, "\n\r\r\n", 4) &&
	       (starts(p + 8, end, "\x1a\x2b\x3c\x4d", 4) ||
		starts(p + 8, end, "\x4d\x3c\x2b\x1a", 4));
}

static uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * A log of Event Tracing for Windows: the header of its first buffer, whose size is whole kibibytes,
 * and after that the event that all logs begin with, of group 0 and type 0
 * (WMI_BUFFER_HEADER and SYSTEM_TRACE_HEADER in Windows' ntwmi.h).
 */
static bool is_etl(const uint8_t *p, const uint8_t *end)
{
	enum { BUFFER_HEADER = 72, EVENT_HEADER = 32, SYSTEM32 = 1, SYSTEM64, FLAGS = 0xc0 };
	const uint8_t *event = p + BUFFER_HEADER;
	uint32_t size;

	if (end - p < BUFFER_HEADER + EVENT_HEADER)
		return false;
	size = load_le32(p);
	return size != 0 && size % 1024 == 0 && load_le32(p + 4) <= size &&
	       (event[2] == SYSTEM32 || event[2] == SYSTEM64) && event[3] == FLAGS &&
	       is_zero(event + 6, event + 8);
}

/*
 * What the kernel of macOS writes by itself: a header of which it says the size, and in which the
 * units of its clock are (kd_header_v3 in xnu's kdebug.h).
 */
static bool is_raw_ktrace(const uint8_t *p, const uint8_t *end)
{
	enum { TAG = 0x1000, MOST = 4096, CHUNK_HEADER = 16 };

	return end - p >= CHUNK_HEADER + 8 && load_le32(p) == TAG && load_le32(p + 8) <= MOST &&
	       load_le32(p + 8) >= 8 && is_zero(p + 12, p + 16) && load_le32(p + 16) != 0 &&
	       load_le32(p + 20) != 0 && load_le32(p + 16) <= 1000000 &&
	       load_le32(p + 20) <= 1000000;
}

/* An answer of HTTP: whether its body is compressed is worth a word. */
static const char *http_kind(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *body;

	if (!starts(p, end, "HTTP/", 5))
		return NULL;
	body = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
	if (body != NULL && (starts(body + 4, end, "\x1f\x8b", 2) ||
			     starts(body + 4, end, "\x28\xb5\x2f\xfd", 4)))
		return "an HTTP answer with its header, whose body is compressed; save the body alone";
	return "an HTTP answer with its header";
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

/* Whether the fields of a packet of Perfetto (trace_packet.proto) fill it, and one says when it was
 * or who wrote it. */
static bool is_packet(const uint8_t *p, const uint8_t *end)
{
	enum { TRUSTED_UID = 3, TIMESTAMP = 8, SEQUENCE = 10, LAST = 1000 };
	bool known = false;
	struct field f;

	while (p < end) {
		if (!next_field(&p, end, &f) || f.number > LAST)
			return false;
		known |= !f.bytes && (f.number == TRUSTED_UID || f.number == TIMESTAMP ||
				      f.number == SEQUENCE);
	}
	return known;
}

/* Whether it has packets in it, compressed by zlib, and nothing else. */
static bool is_compressed(const uint8_t *p, const uint8_t *end)
{
	enum { COMPRESSED_PACKETS = 50, DEFLATE = 0x78 };
	struct field f;

	return next_field(&p, end, &f) && f.number == COMPRESSED_PACKETS && f.bytes && p == end &&
	       f.at < f.end && *f.at == DEFLATE;
}

/* Packets, and nothing else; of a single one the contents count, too. */
static bool is_perfetto(const uint8_t *p, const uint8_t *end)
{
	struct field f, inner, first = {0};
	unsigned n = 0;

	for (; n < 16 && p < end && next_field(&p, end, &f); n++) {
		const uint8_t *at = f.at;

		if (f.number != 1 || !f.bytes || !next_field(&at, f.end, &inner))
			return false;
		first = n == 0 ? f : first;
	}
	return n >= 2 || (n == 1 && p == end && (is_packet(first.at, first.end) ||
						 is_compressed(first.at, first.end)));
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

static const uint8_t *end_of_line(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = memchr(p, '\n', (size_t)(end - p));

	return at != NULL ? at : end;
}

static const uint8_t *skip_spaces(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* Whether the line has the end of a call in it: ") = ", with blanks that align it. */
static bool has_result(const uint8_t *p, const uint8_t *line_end)
{
	while (p < line_end && (p = memchr(p, ')', (size_t)(line_end - p))) != NULL) {
		const uint8_t *at = skip_spaces(++p, line_end);

		if (at > p && starts(at, line_end, "= ", 2))
			return true;
	}
	return false;
}

/* Calls as strace prints them: `read(3, "...`, then ") = " and a number. There may be the
 * number of a process, a time, and in brackets the number or the place of the call before it. Or
 * the table of how often there was which. */
static bool is_strace(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *line_end = end_of_line(p, end), *name;

	if (starts(p, end, "strace: ", 8) || starts(p, end, "% time     seconds", 18))
		return true;
	if (starts(p, end, "[pid ", 5))
		p = skip_number(p + 5, end, " ]");
	p = skip_number(p, end, " .:");
	if (p < line_end && *p == '[')
		p = skip_number(p + 1, end, " abcdef]");
	name = p;
	if (starts(p, end, "execve(\"", 8))
		return true;
	while (p < end && ((*p >= 'a' && *p <= 'z') || *p == '_' || is_digit(*p)))
		p++;
	return p > name && p < end && *p == '(' && has_result(p, line_end);
}

/* Events as ftrace prints them: `bash-1977  [000] d..2 17284.993652: sys_close ...`, the
 * header of that file left out; or the first line that trace-cmd prints; or a call as the tracer
 * of functions shows it: ` 0)   0.5 us  |  sys_open() {`. */
static bool is_ftrace(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *line_end = end_of_line(p, end), *at = skip_number(p, line_end, "");

	if (starts(p, end, "# tracer:", 9))
		return true;
	if (starts(p, end, "cpus=", 5) || starts(p, end, "version = ", 10))
		return skip_number(p, line_end, "cpus=version ") == line_end;
	if (at > p && starts(at, line_end, ") ", 2) && has(at, line_end, "|  "))
		return true;
	at = memchr(p, '[', (size_t)(line_end - p));
	if (at == NULL || line_end - at < 5 || at[4] != ']' || !is_digit(at[1]) ||
	    !is_digit(at[2]) || !is_digit(at[3]) || !has(at, line_end, ": "))
		return false;
	while (at > p && at[-1] == ' ')
		at--;
	return at > p && *at == ' ' && is_digit(at[-1]);
}

/* Whether what follows the first bracket can be JSON: a text in brackets, with which lines of a log
 * begin, is none. */
static bool is_json(const uint8_t *p, const uint8_t *end)
{
	static const char *const words[] = {"true", "false", "null"};
	const uint8_t *at = p + 1;
	bool object = *p == '{';

	while (at < end && is_blank(*at))
		at++;
	if (at == end || *at == '"' || *at == (object ? '}' : ']'))
		return true;
	if (object)
		return false;
	if (*at == '{' || *at == '[')
		return true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (starts(at, end, words[i], strlen(words[i])))
			return true;
	p = at;
	at = skip_number(at, end, "-+.eE");
	while (at < end && is_blank(*at))
		at++;
	return at > p && (at == end || *at == ',' || (*at == ']' && end_of_line(at, end) == at + 1));
}

/* A profile of any name as runtime/pprof prints it: `goroutineleak profile: total 3`. */
static bool is_text_profile(const uint8_t *p, const uint8_t *end)
{
	return has(p, end_of_line(p, end), " profile: total ");
}

/* What only JSON of one sort has. */
static const struct {
	const char *words[2];   /* the second may be NULL */
	const char *what;
} json_kinds[] = {
	{{"\"resourceSpans\"", NULL}, "traces of OpenTelemetry, as JSON"},
	{{"\"traceID\"", "\"spans\""}, "traces of Jaeger, as JSON"},
	{{"www.speedscope.app/file-format-schema.json", NULL}, "a profile for speedscope"},
	{{"\"node_fields\"", "\"snapshot\""}, "a heap snapshot of V8"},
	{{"\"callFrame\"", "\"nodes\""}, "a processor profile of V8"},
	{{"\"log\"", "\"creator\""}, "an HTTP archive (HAR)"},
};

static const char *json_kind(const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < COUNT(json_kinds); i++)
		if (has(p, end, json_kinds[i].words[0]) &&
		    (json_kinds[i].words[1] == NULL || has(p, end, json_kinds[i].words[1])))
			return json_kinds[i].what;
	if (has(p, end, "traceEvents") || (*p == '[' && has(p, end, "\"ph\"")))
		return "a JSON trace of Chrome or Perfetto";
	if (has(p, end, "\"context-options\""))
		return "a trace of Playwright";
	return "JSON";
}

static const uint8_t *skip_blank_or_colon(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == ':'))
		p++;
	return p;
}

/* The header of a trace as `xxd`, `hexdump -C` and others print it. */
static bool is_hexdump(const uint8_t *p, const uint8_t *end)
{
	static const char *const forms[] = {
		"676f20312e", "676F20312E", "67 6f 20 31 2e", "67 6F 20 31 2E", "676f 2031 2e",
		"6f67 3120",
	};

	if (starts(p, end, "0000000", 7))
		p = skip_blank_or_colon(skip_number(p, end, ""), end);
	for (size_t i = 0; i < COUNT(forms); i++)
		if (starts(p, end, forms[i], strlen(forms[i])))
			return true;
	return false;
}

/* Of a text that begins with no blank. */
static const char *text_kind(const uint8_t *p, const uint8_t *end)
{
	const char *known = by_magic(p, end);

	if (known != NULL)
		return known;
	if (is_html(p, end))
		return "an HTML page";
	if (starts(p, end, "HTTP/", 5))
		return http_kind(p, end);
	if (is_hexdump(p, end))
		return "a Go trace in hexadecimal; make bytes of it first, with `xxd -r` for example";
	if (is_strace(p, end))
		return "the text of strace";
	if (is_ftrace(p, end))
		return "the text of ftrace";
	if (is_xml(p, end))
		return "an XML document";
	if (p < end && (*p == '{' || *p == '[') && is_json(p, end))
		return json_kind(p, end);
	if (is_text_profile(p, end))
		return "a pprof profile, as text";
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
	if (is_raw_ktrace(p, end))
		return "a macOS ktrace file";
	if (is_etl(p, end))
		return "a log of Event Tracing for Windows (ETL)";
	if (starts(p, end, "go 1.", 5))
		return "a trace with a damaged header";
	return is_zero(p, end) ? "nothing but zero bytes" : NULL;
}

bool tt_guess(const uint8_t *p, const uint8_t *end, char out[TT_GUESS_SIZE])
{
	const char *what = NULL;

	if (p != end && is_text(p, end) && !is_pcapng(p, end)) {
		quote_text(p, end, out);
		return true;
	}
	if (p == end)
		what = "an empty file";
	if (what == NULL)
		what = by_magic(p, end);
	if (what == NULL)
		what = is_pcapng(p, end) ? "a recording of network packets (pcapng)"
					 : http_kind(p, end);
	if (what == NULL)
		what = by_bytes(p, end);
	if (what != NULL)
		snprintf(out, TT_GUESS_SIZE, "%s", what);
	return what != NULL;
}
