/* SPDX-License-Identifier: MIT */
/* header_test.c - the file header, and what is said of files that have none. */
#include <stdlib.h>
#include <string.h>

#include "tests/input.h"
#include "tests/suites.h"
#include "tracetool.h"
#include "wire/header.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) s, sizeof(s) - 1

static struct tt_mem mem;
static struct tt_error err;

static const struct {
	const char *bytes;
	size_t len;
	unsigned version;
} headers[] = {
	{BYTES("go 1.11 trace\0\0\0"), 11},
	{BYTES("go 1.19 trace\0\0\0"), 19},
	{BYTES("go 1.21 trace\0\0\0"), 21},
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
		ck_assert_uint_eq(mem.used_nbytes, 0);
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
	{BYTES("go 1.4294967296 trace\0\0\0"), TT_E_NOT_A_TRACE, 14,
	 SEEMS "a trace with a damaged header"},
	{BYTES("go 1.+26 trace\0\0\0"), TT_E_NOT_A_TRACE, 5, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26\ntrace\0\0\0"), TT_E_NOT_A_TRACE, 7, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26trace\0\0\0\1"), TT_E_NOT_A_TRACE, 7, SEEMS "a trace with a damaged header"},
	{BYTES("go 1.26 trace\0\0\1"), TT_E_NOT_A_TRACE, 15, SEEMS "a trace with a damaged header"},
	{BYTES("go1.26 trace\0\0\0\0"), TT_E_NOT_A_TRACE, 2, GO_TEXT},
	{BYTES("just some words of text\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"just some words of text\""},
	{BYTES("short"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"short\""},
	{BYTES(" \n\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text"},
	{BYTES("go 1.25.0\n\nuse .\n"), TT_E_NOT_A_TRACE, 7, SEEMS "text: \"go 1.25.0\""},
	{BYTES("0123456789012345678901234567890123456789012345678901234567890123456789012345678\xc3\xa9"),
	 TT_E_NOT_A_TRACE, 0,
	 SEEMS "text: \"01234567890123456789012345678901234567890123456789012345678901234567890123"
	       "45678\""},
	{BYTES("[{\"name\": \"a\", \"ph\": \"X\"}]"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a JSON trace of Chrome or Perfetto: \"[{\"name\": \"a\", \"ph\": \"X\"}]\""},
	{BYTES("{\"version\":8,\"type\":\"context-options\"}"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a trace of Playwright: \"{\"version\":8,\"type\":\"context-options\"}\""},
	{BYTES("# tracer: nop\n#\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of ftrace: \"# tracer: nop\""},
	{BYTES("4711  execve(\"/bin/true\", [\"true\"]"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"4711  execve(\"/bin/true\", [\"true\"]\""},
	{BYTES("Z28gMS4yNiB0cmFjZQAAAA"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Go trace in base64; decode it first, `base64 -d` for example: "
	       "\"Z28gMS4yNiB0cmFjZQAAAA\""},
	{BYTES("[pid   12] openat(AT_FDCWD, \"/a\", 0) = 3\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"[pid   12] openat(AT_FDCWD, \"/a\", 0) = 3\""},
	{BYTES("strace: Process 4711 attached\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"strace: Process 4711 attached\""},
	{BYTES("  bash-19  [000] d..2 17.9: sys_close <-a\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of ftrace: \"bash-19  [000] d..2 17.9: sys_close <-a\""},
	{BYTES("\xef\xbb\xbf<Error>\t<Code>A</Code>\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "an XML document: \"<Error> <Code>A</Code>\""},
	{BYTES("[1] x\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"[1] x\""},
	{BYTES("[1, 2]\n"), TT_E_NOT_A_TRACE, 0, SEEMS "JSON: \"[1, 2]\""},
	{BYTES("[GIN] 200\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"[GIN] 200\""},
	{BYTES("[2026-11-30] x\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"[2026-11-30] x\""},
	{BYTES("[ null ]"), TT_E_NOT_A_TRACE, 0, SEEMS "JSON: \"[ null ]\""},
	{BYTES("{x}"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"{x}\""},
	{BYTES("set_robust_list(0x7f, 24)     = 0\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"set_robust_list(0x7f, 24)     = 0\""},
	{BYTES("[00007f70] close(3) = 0\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"[00007f70] close(3) = 0\""},
	{BYTES("% time     seconds  usecs/call\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of strace: \"% time     seconds  usecs/call\""},
	{BYTES("cpus=4\n  x-1  [000]"), TT_E_NOT_A_TRACE, 0, SEEMS "the text of ftrace: \"cpus=4\""},
	{BYTES(" 0)   0.5 us    |  f();\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of ftrace: \"0)   0.5 us    |  f();\""},
	{BYTES("goroutineleak profile: total 3\n1 @ 0x1"), TT_E_NOT_A_TRACE, 2,
	 SEEMS "a pprof profile, as text: \"goroutineleak profile: total 3\""},
	{BYTES("g\0o\0 \0001\0.\0002\0002\0 \0t\0r\0"), TT_E_NOT_A_TRACE, 1,
	 SEEMS "UTF-16 text (perhaps a shell redirected the trace as text)"},
	{BYTES("\0\0\1\0\350\3\0\0\350\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	       "\1\0\0\0\0\0\0\0\10\0\5\0\0\0\0\0\350\3\0\0\0\0\4\0\0\0\0\0\0\0\0\0"
	       "\0\0\0\0\0\0\0\0\2\0\2\300\50\1\0\0\4\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0"
	       "\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a log of Event Tracing for Windows (ETL)"},
	{BYTES("<a b\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"<a b\""},
	{BYTES("a(b) + c\n"), TT_E_NOT_A_TRACE, 0, SEEMS "text: \"a(b) + c\""},
	{BYTES("H4sIAIJBDWsC/5VVa2wUVRTu\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a compressed file in base64; decode it first, `base64 -d` for example: "
	 "\"H4sIAIJBDWsC/5VVa2wUVRTu\""},
	{BYTES("version https://git-lfs.github.com/spec/v1\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a pointer of Git LFS; `git lfs pull` fetches the file: \"version https://git-lfs.github.com/spec/v1\""},
	{BYTES(" {\"a\": 1, \"b\": 2}"), TT_E_NOT_A_TRACE, 0, SEEMS "JSON: \"{\"a\": 1, \"b\": 2}\""},
	{BYTES("{\"traceEvents\": []}"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a JSON trace of Chrome or Perfetto: \"{\"traceEvents\": []}\""},
	{BYTES("\n<!DOCTYPE HTML>\n<title>"), TT_E_NOT_A_TRACE, 0, SEEMS "an HTML page: \"<!DOCTYPE HTML>\""},
	{BYTES("<?xml version=\"1.0\"?>"), TT_E_NOT_A_TRACE, 0, SEEMS "an XML document: \"<?xml version=\"1.0\"?>\""},
	{BYTES("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
	 TT_E_NOT_A_TRACE, 0, SEEMS "an ELF program or library"},
	{BYTES("\x0a\x04\x08\x01\x10\x02\x0a\x04\x08\x03\x10\x04\x12\x05\x08\x01"),
	 TT_E_NOT_A_TRACE, 0, SEEMS "a pprof profile"},
	/* as Go 1.27 begins it: with the type of the period, or the time */
	{BYTES("\x5a\x04\x08\1\x10\2\x60\1\x0a\x04\x08\1\x10\2\x22\x10\x08\1"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a pprof profile"},
	{BYTES("\x48\xf3\xb2\xca\xe5\xc1\xa8\xa8\xf6\x18\x0a\4\x08\1\x10\2"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a pprof profile"},
	{BYTES("\x48\xf3\xb2\xca\xe5\xc1\xa8\xa8\xf6\x18\x50\4\x60\1\x70\2"), TT_E_NOT_A_TRACE, 0,
	 GO_TEXT},
	/* as Go 1.8 does: words of 8 bytes, or of 4 */
	{BYTES("\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	 TT_E_NOT_A_TRACE, 0, SEEMS "a pprof profile"},
	{BYTES("\0\0\0\0\3\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a pprof profile"},
	{BYTES("\x0a\x06\x40\x80\x80\x01\x50\x01\x0a\x06\x40\x80\x80\x01\x50\x01"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Perfetto trace"},
	/* one packet that was it all, with the time and the sequence; one of which nothing is known */
	{BYTES("\x0a\x0f\x40\x95\x9a\xef\x3a\x50\x01\x5a\6\x48\1\xb2\1\1x"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Perfetto trace"},
	{BYTES("\x0a\x0f\x48\x95\x9a\xef\x3a\x58\x01\x5a\6\x48\1\xb2\1\1x"), TT_E_NOT_A_TRACE, 0,
	 GO_TEXT},
	/* several of which one is compressed; that one alone; as the recorder begins a file: an id,
	 * and the clocks */
	{BYTES("\x0a\x06\x92\3\x03\x78\x9c\x63\x0a\x02\x50\x01"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Perfetto trace"},
	{BYTES("\x0a\x08\x92\3\x05\x78\x9c\x63\x60\x00"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Perfetto trace"},
	{BYTES("\x0a\x08\x92\3\x05\x1f\x8b\x63\x60\x00"), TT_E_NOT_A_TRACE, 0, GO_TEXT},
	{BYTES("\x0a\x0a\xca\5\4\x08\5\x10\7\x18\x8f\x4e\x0a\x0d\x32\6\x0a\4\x08\1\x10\7\x18"
	       "\x8f\x4e\x50\1"), TT_E_NOT_A_TRACE, 0, SEEMS "a Perfetto trace"},
	/* macOS: versions 1, 2 and 3 of the file, and what the kernel writes; no units of a clock */
	{BYTES("\1\1\xaa\x55\x0c\0\0\0"), TT_E_NOT_A_TRACE, 0, SEEMS "a macOS ktrace file"},
	{BYTES("\0\2\xaa\x55\x0c\0\0\0"), TT_E_NOT_A_TRACE, 0, SEEMS "a macOS ktrace file"},
	{BYTES("\0\3\xaa\x55\3\0\0\0\x30\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a macOS ktrace file"},
	{BYTES("\0\x10\0\0\1\0\0\0\x30\0\0\0\0\0\0\0\x7d\0\0\0\3\0\0\0"), TT_E_NOT_A_TRACE,
	 0, SEEMS "a macOS ktrace file"},
	{BYTES("\0\x10\0\0\1\0\0\0\x30\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 GO_TEXT},
	{BYTES("\x10\0\4FxT\x16\0\x31\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a trace of Fuchsia (fxt)"},
	{BYTES("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a recording of network packets (pcap)"},
	{BYTES("\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a recording of network packets (pcapng)"},
	{BYTES("\n\r\r\n\x1c\0\0\0\0\0\0\0\1\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0, GO_TEXT},
	{BYTES("HTTP/1.1 404 Not Found\r\n\r\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "an HTTP answer with its header: \"HTTP/1.1 404 Not Found\""},
	{BYTES("HTTP/1.1 200 OK\r\n\r\n\x1f\x8b\x08\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "an HTTP answer with its header, whose body is compressed; save the body alone"},
	{BYTES("00000000: 676f 2031 2e32 3620  go 1.26 "), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a Go trace in hexadecimal; make bytes of it first, with `xxd -r` for example: "
	       "\"00000000: 676f 2031 2e32 3620  go 1.26 \""},
	{BYTES("{\"resourceSpans\":[]}"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "traces of OpenTelemetry, as JSON: \"{\"resourceSpans\":[]}\""},
	{BYTES("FLR\0\0\2\0\1\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a recording of Java Flight Recorder"},
	{BYTES("Nettrace\x14\0\0\0!FastSerial"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a .NET trace (nettrace)"},
	{BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "nothing but zero bytes"},
	{BYTES("Trace Go1.26\nSync\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "a trace in its raw text form, which must be assembled first: \"Trace Go1.26\""},
	{BYTES("M=-1 P=-1 G=-1 Sync Time=1 N=1\n"), TT_E_NOT_A_TRACE, 0,
	 SEEMS "the text of a trace's events, not the trace itself: \"M=-1 P=-1 G=-1 Sync Time=1 N=1\""},
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
			rc = tt_wire_open_memory(&w, no_headers[_i].bytes, no_headers[_i].len, NULL,
						 &err);
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

static TCase *header_tests(void)
{
	TCase *tc = tcase_create("header");

	tcase_add_loop_test(tc, header_is_read_as_go_scans_it, 0, (int)COUNT(headers));
	tcase_add_loop_test(tc, header_of_something_else_says_what_it_seems_to_be, 0,
			    (int)COUNT(no_headers));
	tcase_add_test(tc, header_of_endless_blanks_is_none);
	return tc;
}

Suite *header_suite(void)
{
	Suite *s = suite_create("header");

	suite_add_tcase(s, header_tests());
	return s;
}
