/* SPDX-License-Identifier: MIT */
/*
 * wire_test.c - the file header, the flat reader of raw events, their text, and
 * the assembler that turns the text back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/input.h"
#include "tests/suites.h"
#include "wire/assemble.h"
#include "wire/header.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) s, sizeof(s) - 1

static struct tt_mem mem;
static struct tt_specs *specs;
static struct tt_error err;

static void setup(void)
{
	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
}

static void teardown(void)
{
	tt_specs_free(specs);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}

/* ------------------------------------------------------------------ header */

static const struct {
	const char *bytes;
	size_t len;
	unsigned version;
} headers[] = {
	{BYTES("go 1.22 trace\0\0\0"), 22},
	{BYTES("go 1.23 trace\0\0\0"), 23},
	{BYTES("go 1.25 trace\0\0\0"), 25},
	{BYTES("go 1.26 trace\0\0\0"), 26},
	{BYTES("go 1.000026 trace\0\0\0"), 26},
	{BYTES("go \t 1. \r\v\f26\xc2\x85\xe2\x80\x83\xe3\x80\x80trace\0\0\0"), 26},
};

START_TEST(header_is_read_as_go_scans_it)
{
	size_t len = headers[_i].len;

	for (size_t chunk = 0; chunk <= 8; chunk++) {
		struct trickle t;
		struct tt_source *src;
		char bytes[64];
		unsigned version = 0;
		int rc;

		memcpy(bytes, headers[_i].bytes, len);
		bytes[len] = 52;
		if (chunk == 0) {
			rc = tt_source_open_memory(&src, bytes, len + 1, NULL, &mem, &err);
		} else {
			trickle_start(&t, bytes, len + 1, chunk);
			rc = tt_source_open_fd(&src, t.fd, NULL, &mem, &err);
		}
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(tt_header_read(src, &version, &err), 0);
		ck_assert_uint_eq(version, headers[_i].version);
		ck_assert_uint_eq(tt_source_offset(src), len);
		tt_source_close(src);
		if (chunk != 0)
			trickle_stop(&t);
	}
}
END_TEST

#define GO_TEXT "bad file format: not a Go execution trace?"
#define SEEMS GO_TEXT "\nit seems to be "
#define CUT GO_TEXT "\nit ends inside the header of a trace"
#define VERSION "unknown or unsupported trace version go 1."

static const struct {
	const char *bytes;
	size_t len;
	int code;
	uint64_t offset;
	const char *message;
} no_headers[] = {
	{BYTES(""), TT_E_NOT_A_TRACE, 0, SEEMS "an empty file"},
	{BYTES("g"), TT_E_CUT_OFF, 1, CUT},
	{BYTES("go 1."), TT_E_CUT_OFF, 5, CUT},
	{BYTES("go 1.26 trace\0\0"), TT_E_CUT_OFF, 15, CUT},
	{BYTES("go 1.           "), TT_E_CUT_OFF, 16, CUT},
	{BYTES("go 1.24 trace\0\0\0"), TT_E_VERSION, 0, VERSION "24"},
	{BYTES("go 1.27 trace\0\0\0"), TT_E_VERSION, 0, VERSION "27"},
	{BYTES("go 1.4294967295 trace\0\0\0"), TT_E_VERSION, 0, VERSION "4294967295"},
	{BYTES("go 1.4294967296 trace\0\0\0"), TT_E_NOT_A_TRACE, 14, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.+26 trace\0\0\0"), TT_E_NOT_A_TRACE, 5, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26\ntrace\0\0\0"), TT_E_NOT_A_TRACE, 7, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26trace\0\0\0\1"), TT_E_NOT_A_TRACE, 7, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26 trace\0\0\1"), TT_E_NOT_A_TRACE, 15, SEEMS "a trace with a damaged header"},
	{BYTES("go1.26 trace\0\0\0\0"), TT_E_NOT_A_TRACE, 2, GO_TEXT},
	{BYTES("go 1.11 trace\0\0\0"), TT_E_V1, 0, "a trace of Go 1.11 to 1.18 (format v1), not read yet"},
	{BYTES("go 1.19 trace\0\0\0"), TT_E_V1, 0, "a trace of Go 1.19 or 1.20 (format v1), not read yet"},
	{BYTES("go 1.21 trace\0\0\0"), TT_E_V1, 0, "a trace of Go 1.21 (format v1), not read yet"},
	{BYTES("just some words of text\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text"},
	{BYTES("short"), TT_E_NOT_A_TRACE, 0, SEEMS "text"},
	{BYTES(" {\"a\": 1, \"b\": 2}"), TT_E_NOT_A_TRACE, 0, SEEMS "JSON"},
	{BYTES("{\"traceEvents\": []}"), TT_E_NOT_A_TRACE, 0, SEEMS "a JSON trace of Chrome or Perfetto"},
	{BYTES("\n<!DOCTYPE HTML>\n<title>"), TT_E_NOT_A_TRACE, 0, SEEMS "an HTML page"},
	{BYTES("<?xml version=\"1.0\"?>"), TT_E_NOT_A_TRACE, 0, SEEMS "an XML document"},
	{BYTES("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0, SEEMS "an ELF program or library"},
	{BYTES("\x0a\x04\x08\x01\x10\x02\x0a\x04\x08\x03\x10\x04\x12\x05\x08\x01"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a pprof profile"},
	{BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0, SEEMS "nothing but zero bytes"},
	{BYTES("Trace Go1.26\nSync\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a trace in its raw text form, which must be assembled first"},
	{BYTES("M=-1 P=-1 G=-1 Sync Time=1 N=1\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of a trace's events, not the trace itself"},
	{BYTES("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2"), TT_E_NOT_A_TRACE, 0, GO_TEXT},
};

/* From memory, and from a stream however it arrives. */
START_TEST(header_of_something_else_says_what_it_seems_to_be)
{
	for (size_t chunk = 0; chunk <= 8; chunk++) {
		struct tt_wire *w;
		struct trickle t;
		int rc;

		if (chunk == 0) {
			rc = tt_wire_open_memory(&w, no_headers[_i].bytes, no_headers[_i].len, NULL, &err);
		} else {
			trickle_start(&t, no_headers[_i].bytes, no_headers[_i].len, chunk);
			rc = tt_wire_open_fd(&w, t.fd, NULL, &err);
			trickle_stop(&t);
		}
		ck_assert_int_eq(rc, -no_headers[_i].code);
		ck_assert_ptr_null(w);
		ck_assert_int_eq(err.code, no_headers[_i].code);
		ck_assert_str_eq(err.message, no_headers[_i].message);
		ck_assert_uint_eq(err.offset, no_headers[_i].offset);
		ck_assert(!err.system);
	}
}
END_TEST

/* Blanks have no end in Go, but for us. */
START_TEST(header_of_endless_blanks_is_none)
{
	size_t len = 100000;
	char *bytes = malloc(len);
	struct tt_wire *w;

	memset(bytes, ' ', len);
	memcpy(bytes, "go", 2);
	ck_assert_int_eq(tt_wire_open_memory(&w, bytes, len, NULL, &err), -TT_E_NOT_A_TRACE);
	memcpy(bytes + 4000, "1.26 trace\0\0\0", 13);
	ck_assert_int_eq(tt_wire_open_memory(&w, bytes, len, NULL, &err), 0);
	tt_wire_close(w);
	free(bytes);
}
END_TEST

/* ----------------------------------------------------------------- helpers */

/* The trace of a text, in memory that ends against a guard page. */
static void assemble(struct guarded *g, const char *text, size_t len)
{
	struct tt_bytes bytes = {.mem = &mem};

	ck_assert_msg(tt_assemble(specs, text, len, &bytes, &err) == 0, "%s", err.message);
	guarded_init(g, bytes.data, bytes.len);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}

/* A trace of a version's header and these bytes. */
static void raw_trace(struct guarded *g, unsigned version, const char *bytes, size_t len)
{
	char trace[256];
	int n = snprintf(trace, sizeof(trace), "go 1.%u trace%c%c", version, 0, 0) + 1;

	ck_assert_uint_le((size_t)n + len, sizeof(trace));
	memcpy(trace + n, bytes, len);
	guarded_init(g, trace, (size_t)n + len);
}

/* All that is left, as text; *rc is how it ends. */
static char *text_of(struct tt_wire *w, size_t *len, int *rc)
{
	const struct tt_wire_event *ev;
	size_t cap = 1 << 16;
	char *text = malloc(cap);

	*len = 0;
	while ((*rc = tt_wire_next(w, &ev)) == 0) {
		size_t need = tt_wire_format(ev, text + *len, cap - *len);

		while (need > cap - *len) {
			cap *= 2;
			text = realloc(text, cap);
			ck_assert_ptr_nonnull(text);
			need = tt_wire_format(ev, text + *len, cap - *len);
		}
		*len += need;
	}
	ck_assert_ptr_null(ev);
	return text;
}

static struct tt_wire *open_memory(const struct guarded *g, unsigned flags)
{
	struct tt_options opt = {.size = sizeof(opt), .flags = flags, .specs = specs};
	struct tt_wire *w;
	int rc = tt_wire_open_memory(&w, g->data, g->len, &opt, &err);

	ck_assert_msg(rc == 0, "%s", err.message);
	return w;
}

struct text {
	char *at;
	size_t len, cap;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	if (t->cap - t->len < 512) {
		t->cap = t->cap * 2 + 4096;
		t->at = realloc(t->at, t->cap);
		ck_assert_ptr_nonnull(t->at);
	}
	va_start(args, format);
	n = vsnprintf(t->at + t->len, t->cap - t->len, format, args);
	va_end(args);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt((size_t)n, t->cap - t->len);
	t->len += (size_t)n;
}

/* Numbers of every length, on the wire and as text. */
static uint64_t some_number(unsigned i)
{
	static const uint64_t tens[] = {9, 10, 99, 100, 999, 1000, 9999, 10000, 99999, 100000,
					9999999, 10000000, 99999999, 100000000, 1010101010,
					UINT64_C(999999999999), UINT64_C(9999999999999999),
					UINT64_C(10000000000000000), UINT64_C(18446744073709551615)};

	i %= 64 + COUNT(tens) + 3;
	if (i < 64)
		return (UINT64_C(1) << i) - 1;
	if (i < 64 + COUNT(tens))
		return tens[i - 64];
	return UINT64_C(1) << (21 * (i - 63 - COUNT(tens)));
}

/* One event of this spec, with the tail that it needs. */
static void add_event(struct text *t, const struct tt_event_spec *spec, unsigned seed)
{
	unsigned nframes = seed % 5 == 0 ? 130 : seed % 4;

	add(t, "%s", spec->name);
	if (spec->timed)
		add(t, " dt=%" PRIu64, some_number(seed++));
	for (unsigned i = 0; i < spec->nargs; i++) {
		bool count = spec->has_frames && i + 1 == spec->nargs;

		add(t, " %s=%" PRIu64, spec->args[i].name, count ? nframes : some_number(seed++));
	}
	for (unsigned i = 0; spec->has_frames && i < nframes; i++, seed++)
		add(t, "\n\tpc=%" PRIu64 " func=%" PRIu64 " file=%" PRIu64 " line=%" PRIu64,
		    some_number(seed), some_number(seed / 3), some_number(seed * 7), some_number(seed + 9));
	if (spec->has_data && seed % 3 != 0)
		add(t, "\n\tdata=\"%s%u\"", seed % 2 == 0 ? "\\x00\\u2028\xc3\xa9\\\"" : "main.", seed);
	add(t, "\n");
}

/* `rounds` times each event there is. */
static struct text every_event(unsigned rounds)
{
	struct text t = {0};

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned type = 0; type < 256; type++)
			if (tt_specs_event(specs, type) != NULL)
				add_event(&t, tt_specs_event(specs, type), round * 31 + type);
	return t;
}

static struct text with_header(const struct text *body)
{
	struct text t = {0};

	add(&t, "Trace Go1.26\n");
	t.cap += body->len;
	t.at = realloc(t.at, t.cap);
	memcpy(t.at + t.len, body->at, body->len);
	t.len += body->len;
	return t;
}

/* --------------------------------------------------------------------- raw */

static const char long_names[] =
	"experiment Long 77\n"
	"event AnEventWhoseNameIsLongerThanWhatIsPreparedForIt 200 since 1.23\n"
	"	args dt id averyverylongargumentname_value\n"
	"	needs thread\n"
	"event Short 201 since 1.23\n"
	"	args dt id anotherverylongargumentname_value\n"
	"	needs thread\n";

/* Text to bytes to text, whatever spec the events come from. */
START_TEST(raw_events_print_as_they_were_assembled)
{
	struct text body, text;
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	ck_assert_msg(tt_specs_add(specs, "long", BYTES(long_names), &err) == 0, "%s", err.message);
	body = every_event(100);
	text = with_header(&body);
	assemble(&g, text.at, text.len);
	w = open_memory(&g, 0);
	got = text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, body.len);
	ck_assert_mem_eq(got, body.at, len);
	ck_assert_uint_eq(tt_wire_version(w), 26);
	tt_wire_close(w);
	guarded_release(&g);
	free(got);
	free(body.at);
	free(text.at);
}
END_TEST

/* _i is the size of the reads: 0 memory, 9 a mapped file, 10 a reasonable stream. */
START_TEST(raw_events_are_the_same_however_they_arrive)
{
	struct text body = every_event(_i < 9 ? 2 : 150), text = with_header(&body);
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	struct guarded g;
	struct trickle t;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc, fd = -1;

	assemble(&g, text.at, text.len);
	if (_i == 0) {
		rc = tt_wire_open_memory(&w, g.data, g.len, &opt, &err);
	} else if (_i == 9) {
		fd = input_file(g.data, g.len);
		rc = tt_wire_open_fd(&w, fd, &opt, &err);
	} else {
		trickle_start(&t, g.data, g.len, _i == 10 ? 1500 : (size_t)_i);
		rc = tt_wire_open_fd(&w, t.fd, &opt, &err);
	}
	ck_assert_msg(rc == 0, "%s", err.message);
	got = text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, body.len);
	ck_assert_mem_eq(got, body.at, len);
	tt_wire_close(w);
	if (fd >= 0)
		close(fd);
	else if (_i != 0)
		trickle_stop(&t);
	guarded_release(&g);
	free(got);
	free(body.at);
	free(text.at);
}
END_TEST

/* Offsets are those of the type bytes: each event begins where the last one ended. */
START_TEST(raw_offsets_cover_the_file)
{
	static const char text[] = "Trace Go1.26\nSync\nFrequency freq=300\nString id=1\n\tdata=\"abc\"\n"
				   "Stack id=1 nframes=1\n\tpc=1 func=2 file=3 line=4\nEndOfGeneration\n";
	static const uint64_t offsets[] = {16, 17, 20, 26, 33};
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;

	assemble(&g, BYTES(text));
	w = open_memory(&g, 0);
	for (size_t i = 0; i < COUNT(offsets); i++) {
		ck_assert_int_eq(tt_wire_next(w, &ev), 0);
		ck_assert_uint_eq(ev->offset, offsets[i]);
		ck_assert_uint_eq(ev->type, g.data[offsets[i]]);
	}
	ck_assert_int_eq(tt_wire_next(w, &ev), TT_END);
	ck_assert_int_eq(tt_wire_next(w, &ev), TT_END);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

/* Types are those of the header's version, but for experiments. */
static const struct {
	unsigned version;
	const char *bytes;
	size_t len;
	const char *text; /* NULL: no event of this version */
} gates[] = {
	{22, BYTES("\x00"), NULL},
	{26, BYTES("\x00"), NULL},
	{22, BYTES("\x11\x05"), "GoDestroy dt=5\n"},
	{22, BYTES("\x2d\x01\x02\x03"), NULL},
	{23, BYTES("\x2d\x01\x02\x03"), "GoSwitch dt=1 g=2 g_seq=3\n"},
	{23, BYTES("\x32"), NULL},
	{25, BYTES("\x32"), "Sync\n"},
	{25, BYTES("\x34"), NULL},
	{26, BYTES("\x34"), "EndOfGeneration\n"},
	{25, BYTES("\x35"), NULL},
	{26, BYTES("\x35"), "\n"},
	{26, BYTES("\x7f"), "\n"},
	{26, BYTES("\x89"), NULL},
	{26, BYTES("\xff"), NULL},
	{22, BYTES("\x80\x01\x02\x03\x04"), "Span dt=1 id=2 npages_value=3 kindclass=4\n"},
	{23, BYTES("\x88\x01\x02"), "GoroutineStackFree dt=1 id=2\n"},
	{26, BYTES("\x88\x01\x02"), "GoroutineStackFree dt=1 id=2\n"},
};

START_TEST(raw_types_are_those_of_the_version)
{
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	raw_trace(&g, gates[_i].version, gates[_i].bytes, gates[_i].len);
	w = open_memory(&g, TT_OPEN_LIKE_GO);
	got = text_of(w, &len, &rc);
	if (gates[_i].text == NULL) {
		char message[64];

		snprintf(message, sizeof(message), "invalid event type: %u", (uint8_t)gates[_i].bytes[0]);
		ck_assert_int_eq(rc, -TT_E_EVENT_TYPE);
		ck_assert_str_eq(tt_wire_error(w)->message, message);
		ck_assert_uint_eq(tt_wire_error(w)->offset, 16);
		ck_assert_int_eq(tt_wire_error(w)->event_type, (uint8_t)gates[_i].bytes[0]);
		ck_assert_uint_eq(len, 0);
	} else {
		ck_assert_int_eq(rc, TT_END);
		ck_assert_uint_eq(len, strlen(gates[_i].text));
		ck_assert_mem_eq(got, gates[_i].text, len);
	}
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

#define TEN "\x80\x80\x80\x80\x80\x80\x80\x80\x80"

/* How the end of the file inside an event is taken: Go passes some of it over. */
static const struct {
	const char *bytes;
	size_t len;
	int strict, like_go;
	uint64_t offset;
	const char *message;
} ends[] = {
	{BYTES(""), TT_END, TT_END, 0, NULL},
	{BYTES("\x11"), -TT_E_CUT_OFF, TT_END, 17, "the file ends inside an event"},
	{BYTES("\x10\x05"), -TT_E_CUT_OFF, TT_END, 18, "the file ends inside an event"},
	{BYTES("\x10\x85"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 18, "unexpected EOF"},
	{BYTES("\x10" TEN), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 26, "unexpected EOF"},
	{BYTES("\x10" TEN "\x02"), -TT_E_EVENT_NUMBER, -TT_E_EVENT_NUMBER, 17,
	 "binary: varint overflows a 64-bit integer"},
	{BYTES("\x10\x01" TEN "\x80\x01"), -TT_E_EVENT_NUMBER, -TT_E_EVENT_NUMBER, 18,
	 "binary: varint overflows a 64-bit integer"},
	/* String: id, length, bytes */
	{BYTES("\x05\x01"), -TT_E_CUT_OFF, TT_END, 18, "the file ends inside an event"},
	{BYTES("\x05\x01\x84"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 19, "unexpected EOF"},
	{BYTES("\x05\x01\x04"), -TT_E_CUT_OFF, TT_END, 19, "the file ends inside an event"},
	{BYTES("\x05\x01\x04" "abc"), -TT_E_CUT_OFF, TT_END, 22, "the file ends inside an event"},
	{BYTES("\x05\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f" "abc"), -TT_E_CUT_OFF, TT_END, 30,
	 "the file ends inside an event"},
	/* Stack: id, count, frames */
	{BYTES("\x03\x01\x02"), -TT_E_CUT_OFF, TT_END, 19, "the file ends inside an event"},
	{BYTES("\x03\x01\x02\x01\x01\x01\x01\x01"), -TT_E_CUT_OFF, TT_END, 24,
	 "the file ends inside an event"},
	{BYTES("\x03\x01\x02\x01\x01\x01\x01\x81"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 24, "unexpected EOF"},
	{BYTES("\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01"), -TT_E_CUT_OFF, TT_END, 29,
	 "the file ends inside an event"},
	/* ExperimentalBatch: exp, gen, m, time, length, bytes */
	{BYTES("\x31"), -TT_E_CUT_OFF, TT_END, 17, "the file ends inside an event"},
	{BYTES("\x31\x01\x01\x01\x01\x02x"), -TT_E_CUT_OFF, TT_END, 23, "the file ends inside an event"},
};

static void check_end(struct tt_wire *w, int want, uint64_t offset, const char *message)
{
	const struct tt_wire_event *ev;

	/* sticky */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tt_wire_next(w, &ev), want);
		ck_assert_ptr_null(ev);
	}
	if (want == TT_END) {
		ck_assert_int_eq(tt_wire_error(w)->code, TT_OK);
	} else {
		ck_assert_int_eq(tt_wire_error(w)->code, -want);
		ck_assert_uint_eq(tt_wire_error(w)->offset, offset);
		ck_assert_uint_eq(tt_wire_error(w)->event_index, 0);
		ck_assert_str_eq(tt_wire_error(w)->message, message);
	}
	tt_wire_close(w);
}

START_TEST(raw_end_inside_an_event)
{
	struct guarded g;

	raw_trace(&g, 26, ends[_i].bytes, ends[_i].len);
	check_end(open_memory(&g, 0), ends[_i].strict, ends[_i].offset, ends[_i].message);
	check_end(open_memory(&g, TT_OPEN_LIKE_GO), ends[_i].like_go, ends[_i].offset, ends[_i].message);
	for (size_t chunk = 1; chunk <= 8; chunk++) {
		struct tt_options opt = {.size = sizeof(opt)};
		struct trickle t;
		struct tt_wire *w;

		trickle_start(&t, g.data, g.len, chunk);
		ck_assert_int_eq(tt_wire_open_fd(&w, t.fd, &opt, &err), 0);
		check_end(w, ends[_i].strict, ends[_i].offset, ends[_i].message);
		trickle_stop(&t);
	}
	guarded_release(&g);
}
END_TEST

/* Cut at every byte, a file is good where an event ends, and cut off elsewhere. */
START_TEST(raw_cut_at_every_byte)
{
	struct text body = every_event(1), text = with_header(&body);
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;
	uint8_t *is_start;

	assemble(&g, text.at, text.len);
	is_start = calloc(1, g.len + 1);
	is_start[g.len] = 1;
	w = open_memory(&g, 0);
	while (tt_wire_next(w, &ev) == 0)
		is_start[ev->offset] = 1;
	tt_wire_close(w);
	for (size_t len = 16; len <= g.len; len++) {
		struct guarded cut;
		int rc;

		guarded_init(&cut, g.data, len);
		w = open_memory(&cut, 0);
		do
			rc = tt_wire_next(w, &ev);
		while (rc == 0);
		ck_assert_int_eq(rc, is_start[len] ? TT_END : -TT_E_CUT_OFF);
		if (rc < 0)
			ck_assert_uint_eq(tt_wire_error(w)->offset, len);
		tt_wire_close(w);
		guarded_release(&cut);
	}
	free(is_start);
	guarded_release(&g);
	free(body.at);
	free(text.at);
}
END_TEST

/* As int(n) of Go's reader: nothing follows. */
START_TEST(raw_negative_counts_are_none)
{
	static const char bytes[] = "\x05\x01" TEN "\x01" "\x03\x07" TEN "\x01" "\x34";
	static const char want[] = "String id=1\nStack id=7 nframes=9223372036854775808\nEndOfGeneration\n";
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	raw_trace(&g, 26, BYTES(bytes));
	w = open_memory(&g, 0);
	got = text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, sizeof(want) - 1);
	ck_assert_mem_eq(got, want, len);
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

/* Of the first event that is no good for want of room. */
static void check_limit(const struct guarded *g, size_t chunk, int want)
{
	struct tt_options opt = {.size = sizeof(opt), .specs = specs, .max_memory_nbytes = 1 << 20};
	const struct tt_wire_event *ev;
	struct trickle t;
	struct tt_wire *w;

	trickle_start(&t, g->data, g->len, chunk);
	ck_assert_int_eq(tt_wire_open_fd(&w, t.fd, &opt, &err), 0);
	ck_assert_int_eq(tt_wire_next(w, &ev), want);
	if (want < 0)
		ck_assert(tt_wire_error(w)->system);
	tt_wire_close(w);
	trickle_stop(&t);
}

START_TEST(raw_data_may_be_as_large_as_the_limit)
{
	struct text text = {0};
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;
	size_t len = _i == 0 ? 300000 : 3000000, wrong = 0;

	add(&text, "Trace Go1.26\nString id=1\ndata=\"");
	while (text.len < len)
		add(&text, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	add(&text, "\"\n");
	assemble(&g, text.at, text.len);
	check_limit(&g, 4096, _i == 0 ? 0 : -TT_E_LIMIT);
	w = open_memory(&g, 0);
	ck_assert_int_eq(tt_wire_next(w, &ev), 0);
	ck_assert_uint_gt(ev->data.len, len - 64);
	for (size_t i = 0; i < ev->data.len; i += 16)
		wrong += memcmp(ev->data.data + i, "0123456789abcdef", 16) != 0;
	ck_assert_uint_eq(wrong, 0);
	tt_wire_close(w);
	guarded_release(&g);
	free(text.at);
}
END_TEST

START_TEST(raw_frames_may_be_as_many_as_the_limit)
{
	struct text text = {0};
	struct guarded g;

	add(&text, "Trace Go1.26\nStack id=1\n");
	for (int i = 0; i < (_i == 0 ? 10000 : 100000); i++)
		add(&text, "pc=%d func=1 file=2 line=3\n", i);
	assemble(&g, text.at, text.len);
	check_limit(&g, 4096, _i == 0 ? 0 : -TT_E_LIMIT);
	guarded_release(&g);
	free(text.at);
}
END_TEST

START_TEST(raw_open_refuses_options_that_cannot_be)
{
	static const char trace[] = "go 1.26 trace\0\0";
	struct tt_options opt = {.size = 3};
	struct tt_wire *w = (struct tt_wire *)&opt;

	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_ptr_null(w);
	ck_assert(err.system);
	opt = (struct tt_options){.size = sizeof(opt), .flags = 1u << 30};
	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), -TT_E_ARGUMENT);
	opt = (struct tt_options){.size = sizeof(opt.size)};
	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), 0);
	tt_wire_close(w);
	tt_wire_close(NULL);
	ck_assert_int_eq(tt_wire_open(&w, "/nonexistent/trace", NULL, &err), -TT_E_IO);
	ck_assert_ptr_null(w);
}
END_TEST

/* -------------------------------------------------------------------- text */

START_TEST(wire_format_fills_any_room_and_no_more)
{
	struct text body, text;
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;

	ck_assert_msg(tt_specs_add(specs, "long", BYTES(long_names), &err) == 0, "%s", err.message);
	body = every_event(1);
	text = with_header(&body);
	assemble(&g, text.at, text.len);
	w = open_memory(&g, 0);
	while (tt_wire_next(w, &ev) == 0) {
		size_t need = tt_wire_format(ev, NULL, 0);
		char *whole = malloc(need), *part = malloc(need + 1);

		ck_assert_uint_eq(tt_wire_format(ev, whole, need), need);
		ck_assert_int_eq(whole[need - 1], '\n');
		for (size_t size = 0; size <= need; size += need < 2000 ? 1 : 97) {
			memset(part, '#', need + 1);
			ck_assert_uint_eq(tt_wire_format(ev, part, size), need);
			ck_assert_mem_eq(part, whole, size);
			for (size_t i = size; i <= need; i++)
				ck_assert_int_eq(part[i], '#');
		}
		free(whole);
		free(part);
	}
	tt_wire_close(w);
	guarded_release(&g);
	free(body.at);
	free(text.at);
}
END_TEST

START_TEST(wire_format_takes_an_event_of_the_callers_own)
{
	static const struct tt_wire_frame frames[] = {{1, 2, 3, 4}};
	struct tt_wire_event ev = {
		.spec = tt_specs_event_named(specs, "GoStart"), .nargs = 3, .args = {1, 20, 300},
		.frames = frames, .nframes = 1, .data = {"x", 1},
	};
	static const char want[] = "GoStart dt=1 g=20 g_seq=300\n\tpc=1 func=2 file=3 line=4\n\tdata=\"x\"\n";
	char out[128];

	ck_assert_uint_eq(tt_wire_format(&ev, out, sizeof(out)), sizeof(want) - 1);
	ck_assert_mem_eq(out, want, sizeof(want) - 1);
}
END_TEST

/* --------------------------------------------------------------- assembler */

/* What people may write, and what it is in full. */
static const struct {
	const char *loose, *full;
} forms[] = {
	{"Trace Go1.26", "Trace Go1.26\n"},
	{"\n # a comment\r\n\t Trace \t Go1.22 # another\n\n", "Trace Go1.22\n"},
	{"Trace Go1.26\n  GoStart\tdt=1   g=2\tg_seq=3  \r\n", "Trace Go1.26\nGoStart dt=1 g=2 g_seq=3\n"},
	{"Trace Go1.26\nGoStart dt=0x1f g=-1 g_seq=-9223372036854775807#c\n",
	 "Trace Go1.26\nGoStart dt=31 g=18446744073709551615 g_seq=9223372036854775809\n"},
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3\nSync\nFrequency freq=200\n"
	 "EventBatch gen=1 m=2 time=3 # empty\nEndOfGeneration\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=4\nSync\nFrequency freq=200\n"
	 "EventBatch gen=1 m=2 time=3 size=0\nEndOfGeneration\n"},
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3\nStrings\nString id=1\ndata=\"\\u00e9\" # e\n"
	 "ExperimentalBatch exp=1 gen=1 m=2 time=3\nEventBatch gen=1 m=2 time=3\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=6\nStrings\nString id=1\n\tdata=\"\xc3\xa9\"\n"
	 "ExperimentalBatch exp=1 gen=1 m=2 time=3\nEventBatch gen=1 m=2 time=3 size=0\n"},
	{"Trace Go1.26\nStack id=1\npc=1 func=2 file=3 line=4\npc=5 func=6 file=7 line=8\nStack id=2\n",
	 "Trace Go1.26\nStack id=1 nframes=2\n\tpc=1 func=2 file=3 line=4\n"
	 "\tpc=5 func=6 file=7 line=8\nStack id=2 nframes=0\n"},
	/* a size is taken at its word */
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=99999\nSync\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=99999\nSync\n"},
};

START_TEST(assemble_takes_what_people_write)
{
	struct guarded loose, full;

	assemble(&loose, forms[_i].loose, strlen(forms[_i].loose));
	assemble(&full, forms[_i].full, strlen(forms[_i].full));
	ck_assert_uint_eq(loose.len, full.len);
	ck_assert_mem_eq(loose.data, full.data, full.len);
	guarded_release(&loose);
	guarded_release(&full);
}
END_TEST

/* Bytes as Go's runtime writes them: sizes take 10 bytes, all else is short. */
START_TEST(assemble_writes_bytes_as_go_programs_do)
{
	static const char text[] = "Trace Go1.26\nEventBatch gen=1 m=-1 time=300\nStrings\nString id=1\n"
				   "data=\"ab\"\nExperimentalBatch exp=1 gen=1 m=5 time=6\ndata=\"xyz\"\n"
				   "ExperimentalBatch exp=1 gen=1 m=5 time=6\nEndOfGeneration";
	static const char want[] =
		"go 1.26 trace\0\0\0"
		"\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xac\x02\x86\x80\x80\x80\x80\x80\x80\x80\x80\x00"
		"\x04\x05\x01\x02" "ab"
		"\x31\x01\x01\x05\x06\x83\x80\x80\x80\x80\x80\x80\x80\x80\x00xyz"
		"\x31\x01\x01\x05\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"
		"\x34";
	struct guarded g;

	assemble(&g, BYTES(text));
	ck_assert_uint_eq(g.len, sizeof(want) - 1);
	ck_assert_mem_eq(g.data, want, g.len);
	guarded_release(&g);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"", "1:1: there is no line 'Trace Go1.NN'"},
	{"\n# nothing\n", "3:1: there is no line 'Trace Go1.NN'"},
	{"GoStart dt=1\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 22, 23, 25, 26"},
	{"Trace Go1.24\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 22, 23, 25, 26"},
	{"TraceGo1.26\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 22, 23, 25, 26"},
	{"Trace Go1.x\n", "1:11: a number of at most 64 bits must stand here, not 'x'"},
	{"Trace Go1.26 x\n", "1:14: nothing more may stand here"},
	{"Trace Go1.26\n  GoStrat dt=1\n", "2:3: no event has the name 'GoStrat'"},
	{"Trace Go1.26\nSync\"\n", "2:5: nothing more may stand here"},
	{"Trace Go1.26\nGoStart dt=1 g=2\n", "2:17: 'g_seq=' must stand here in GoStart"},
	{"Trace Go1.26\nGoStart dt=1 g_seq=2 g=2\n", "2:14: 'g=' must stand here in GoStart"},
	{"Trace Go1.26\nGoStart dt=1 g=2 g_seq=\n", "2:24: a number of at most 64 bits must stand here, not ''"},
	{"Trace Go1.26\nGoStart dt=1 g=2 g_seq=18446744073709551616\n",
	 "2:24: a number of at most 64 bits must stand here, not '18446744073709551616'"},
	{"Trace Go1.26\nGoDestroy dt=0x10000000000000000\n",
	 "2:14: a number of at most 64 bits must stand here, not '0x10000000000000000'"},
	{"Trace Go1.26\nGoDestroy dt=-9223372036854775808\n",
	 "2:14: a number of at most 64 bits must stand here, not '-9223372036854775808'"},
	{"Trace Go1.26\nGoDestroy dt=0x1F\n", "2:14: a number of at most 64 bits must stand here, not '0x1F'"},
	{"Trace Go1.26\nGoDestroy dt=1 2\n", "2:16: nothing more may stand here"},
	{"Trace Go1.26\npc=1 func=2 file=3 line=4\n", "2:1: a frame must follow a Stack"},
	{"Trace Go1.26\nStack id=1\npc=1 func=2 line=4\n", "3:13: 'file=' must stand here in a frame"},
	{"Trace Go1.26\nStack id=1\nx=1\n", "3:1: 'pc=' must stand here in a frame"},
	{"Trace Go1.26\nStack id=1 nframes=2\npc=1 func=2 file=3 line=4\nSync\n",
	 "4:1: the Stack before has nframes=2 and 1 frames"},
	{"Trace Go1.26\nStack id=1 nframes=0\npc=1 func=2 file=3 line=4\n",
	 "4:1: the Stack before has nframes=0 and 1 frames"},
	{"Trace Go1.26\nSync\ndata=\"x\"\n", "3:1: data must follow an event that has some"},
	{"Trace Go1.26\nString id=1\ndata=\"x\"\ndata=\"x\"\n", "4:1: data must follow an event that has some"},
	{"Trace Go1.26\nString id=1\n\tdata=x\n", "3:7: a quoted text must stand here"},
	{"Trace Go1.26\nString id=1\n\tdata=\"abc\n", "3:7: the quote is not closed"},
	{"Trace Go1.26\nString id=1\n\tdata=\"a\\qc\"\n", "3:9: not an escape of Go"},
	{"Trace Go1.26\nString id=1\n\tdata=\"a\" b\n", "3:11: nothing more may stand here"},
};

START_TEST(assemble_says_where_the_mistake_is)
{
	struct tt_bytes bytes = {.mem = &mem};
	struct guarded text;

	guarded_init(&text, mistakes[_i].text, strlen(mistakes[_i].text));
	ck_assert_int_eq(tt_assemble(specs, (const char *)text.data, text.len, &bytes, &err), -TT_E_SPEC);
	ck_assert_str_eq(err.message, mistakes[_i].message);
	tt_mem_free(&mem, bytes.data, bytes.cap);
	guarded_release(&text);
}
END_TEST

/* NUL is a character like any other: of no name. */
START_TEST(assemble_survives_a_nul)
{
	static const char text[] = "Trace Go1.26\nSync\0Sync\n";
	struct tt_bytes bytes = {.mem = &mem};

	ck_assert_int_eq(tt_assemble(specs, BYTES(text), &bytes, &err), -TT_E_SPEC);
	ck_assert_int_eq(strncmp(err.message, "2:1: ", 5), 0);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}
END_TEST

START_TEST(assemble_reports_the_limit)
{
	struct tt_mem small = {.limit_nbytes = 4096};
	struct tt_bytes bytes = {.mem = &small};
	struct text body = every_event(10), text = with_header(&body);

	ck_assert_int_eq(tt_assemble(specs, text.at, text.len, &bytes, &err), -TT_E_LIMIT);
	ck_assert_uint_le(bytes.len, 4096);
	tt_mem_free(&small, bytes.data, bytes.cap);
	ck_assert_uint_eq(small.used_nbytes, 0);
	free(body.at);
	free(text.at);
}
END_TEST

/* ------------------------------------------------------------------ manual */

#define MANUAL "man/tracetool-format.5"

static char *read_manual(void)
{
	FILE *f = fopen(MANUAL, "r");
	char *text = calloc(1, 1 << 16);
	size_t n;

	ck_assert_msg(f != NULL, "cannot open " MANUAL ": the tests run in the top folder");
	n = fread(text, 1, (1 << 16) - 1, f);
	ck_assert_uint_lt(n, (1 << 16) - 1);
	fclose(f);
	return text;
}

/* "10  ProcStart            1.22  dt p p_seq", with a newline on both sides. */
static void add_row(struct text *t, const struct tt_event_spec *spec)
{
	add(t, "\n%3u  %-19s  1.%u ", spec->type, spec->name, spec->since);
	if (spec->timed)
		add(t, " dt");
	for (unsigned i = 0; i < spec->nargs; i++)
		add(t, " %s", spec->args[i].name);
	add(t, "%s%s", spec->has_frames ? " frames" : "", spec->has_data ? " data" : "");
	while (t->at[t->len - 1] == ' ')
		t->len--;
	add(t, "\n");
}

START_TEST(manual_lists_the_events_of_the_specs)
{
	char *manual = read_manual();

	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);
		struct text row = {0};

		if (spec == NULL)
			continue;
		add_row(&row, spec);
		ck_assert_msg(strstr(manual, row.at) != NULL, "not in " MANUAL ": %s", row.at);
		free(row.at);
	}
	free(manual);
}
END_TEST

/* The hexadecimal example, from its header to its end mark. */
START_TEST(manual_shows_a_trace_as_bytes)
{
	static const char want[] = "EventBatch gen=1 m=18446744073709551615 time=1 size=15\nSync\n"
				   "Frequency freq=15625000\nClockSnapshot dt=0 mono=100 sec=1700000001 nsec=5\n"
				   "EventBatch gen=1 m=1 time=10 size=4\nProcStatus dt=1 p=0 pstatus=1\n"
				   "EndOfGeneration\n";
	char *manual = read_manual(), *p = strstr(manual, "\n67 6f 20 31"), *got, *next;
	uint8_t bytes[256];
	struct guarded g;
	struct tt_wire *w;
	size_t n = 0, len;
	int rc;

	ck_assert_ptr_nonnull(p);
	for (; *p != '.'; p = next) {
		bytes[n++] = (uint8_t)strtoul(p, &next, 16);
		ck_assert_ptr_ne(p, next);
		next += strspn(next, " \n");
		ck_assert_uint_lt(n, sizeof(bytes));
	}
	guarded_init(&g, bytes, n);
	w = open_memory(&g, 0);
	got = text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, sizeof(want) - 1);
	ck_assert_mem_eq(got, want, len);
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
	free(manual);
}
END_TEST

/* The example of raw text says the sizes that it has. */
START_TEST(manual_shows_a_trace_as_text)
{
	char *manual = read_manual(), *begin = strstr(manual, "\nTrace Go1.26\n");
	struct text loose = {0};
	struct guarded given, counted;
	char *end;

	ck_assert_ptr_nonnull(begin);
	end = strstr(begin, "\n.Ed");
	for (char *line = begin + 1; line < end; line += strcspn(line, "\n") + 1) {
		int len = (int)strcspn(line, "\n");
		char *size = strstr(line, " size=");

		if (size != NULL && size < line + len)
			len = (int)(size - line);
		add(&loose, "%.*s\n", len, line);
	}
	assemble(&given, begin, (size_t)(end - begin));
	assemble(&counted, loose.at, loose.len);
	ck_assert_uint_eq(given.len, counted.len);
	ck_assert_mem_eq(given.data, counted.data, given.len);
	guarded_release(&given);
	guarded_release(&counted);
	free(loose.at);
	free(manual);
}
END_TEST

static TCase *header_tests(void)
{
	TCase *tc = tcase_create("header");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, header_is_read_as_go_scans_it, 0, (int)COUNT(headers));
	tcase_add_loop_test(tc, header_of_something_else_says_what_it_seems_to_be, 0,
			    (int)COUNT(no_headers));
	tcase_add_test(tc, header_of_endless_blanks_is_none);
	return tc;
}

static TCase *raw_tests(void)
{
	TCase *tc = tcase_create("raw");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, raw_events_print_as_they_were_assembled);
	tcase_add_loop_test(tc, raw_events_are_the_same_however_they_arrive, 0, 11);
	tcase_add_test(tc, raw_offsets_cover_the_file);
	tcase_add_loop_test(tc, raw_types_are_those_of_the_version, 0, (int)COUNT(gates));
	tcase_add_loop_test(tc, raw_end_inside_an_event, 0, (int)COUNT(ends));
	tcase_add_test(tc, raw_cut_at_every_byte);
	tcase_add_test(tc, raw_negative_counts_are_none);
	tcase_add_loop_test(tc, raw_data_may_be_as_large_as_the_limit, 0, 2);
	tcase_add_loop_test(tc, raw_frames_may_be_as_many_as_the_limit, 0, 2);
	tcase_add_test(tc, raw_open_refuses_options_that_cannot_be);
	return tc;
}

static TCase *text_tests(void)
{
	TCase *tc = tcase_create("text");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, wire_format_fills_any_room_and_no_more);
	tcase_add_test(tc, wire_format_takes_an_event_of_the_callers_own);
	return tc;
}

static TCase *assemble_tests(void)
{
	TCase *tc = tcase_create("assemble");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, assemble_takes_what_people_write, 0, (int)COUNT(forms));
	tcase_add_test(tc, assemble_writes_bytes_as_go_programs_do);
	tcase_add_loop_test(tc, assemble_says_where_the_mistake_is, 0, (int)COUNT(mistakes));
	tcase_add_test(tc, assemble_survives_a_nul);
	tcase_add_test(tc, assemble_reports_the_limit);
	return tc;
}

static TCase *manual_tests(void)
{
	TCase *tc = tcase_create("manual");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, manual_lists_the_events_of_the_specs);
	tcase_add_test(tc, manual_shows_a_trace_as_bytes);
	tcase_add_test(tc, manual_shows_a_trace_as_text);
	return tc;
}

Suite *wire_suite(void)
{
	Suite *s = suite_create("wire");

	suite_add_tcase(s, header_tests());
	suite_add_tcase(s, raw_tests());
	suite_add_tcase(s, text_tests());
	suite_add_tcase(s, assemble_tests());
	suite_add_tcase(s, manual_tests());
	return s;
}
