/* SPDX-License-Identifier: MIT */
/*
 * fuzz_assemble.c - any text as a trace, and what comes out through the reader.
 * Beside not crashing: a mistake has its place in the text and one line; bytes
 * grow with the text; a trace that can be read raw has a text that assembles to
 * the same bytes; errors of the reader lie inside the trace, and going on behind
 * them comes to an end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "wire/assemble.h"

#define LIMIT_NBYTES (UINT64_C(64) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "LINE:COLUMN: reason", the place in the text or right behind it. */
static void require_place(const struct tt_error *err, const char *text, size_t size)
{
	unsigned long line, column, nlines = 1;
	int n = 0;

	for (size_t i = 0; i < size; i++)
		nlines += text[i] == '\n';
	REQUIRE(err->code == TT_E_SPEC);
	REQUIRE(sscanf(err->message, "%lu:%lu: %n", &line, &column, &n) == 2 && n > 0);
	REQUIRE(line >= 1 && line <= nlines + 1 && column >= 1 && column <= size + 1);
	REQUIRE(err->message[n] != '\0' && strchr(err->message, '\n') == NULL);
}

/* Text and back: the same bytes. A raw reader that stops, at an event that this
 * version does not have or at a count that lies, has no text of all of it. */
static void require_fixed_point(const struct tt_specs *specs, const struct tt_bytes *bytes)
{
	struct tt_options opt = {
		.size = sizeof(opt), .specs = specs, .max_memory_nbytes = LIMIT_NBYTES};
	struct tt_bytes again = {.mem = bytes->mem};
	const struct tt_wire_event *ev;
	size_t cap = 64 + 64 * bytes->len, len;
	char *text = malloc(cap);
	struct tt_error err;
	struct tt_wire *w;
	int rc;

	REQUIRE(text != NULL);
	REQUIRE(tt_wire_open_memory(&w, bytes->data, bytes->len, &opt, &err) == 0);
	len = (size_t)snprintf(text, cap, "Trace Go1.%u\n", tt_wire_version(w));
	while ((rc = tt_wire_next(w, &ev)) == 0) {
		len += tt_wire_format(ev, text + len, cap - len);
		REQUIRE(len <= cap);
	}
	tt_wire_close(w);
	REQUIRE(rc == TT_END || rc == -TT_E_EVENT_TYPE);
	if (rc == TT_END) {
		REQUIRE(tt_assemble(specs, text, len, &again, &err) == 0);
		REQUIRE(again.len == bytes->len && memcmp(again.data, bytes->data, again.len) == 0);
		tt_mem_free(again.mem, again.data, again.cap);
	}
	free(text);
}

/* Everything that an event can be asked. */
static void look_at(const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_SYNC:
		tt_event_sync(ev);
		break;
	case TT_KIND_METRIC:
		tt_event_metric(ev);
		break;
	case TT_KIND_LABEL:
		tt_event_label(ev);
		break;
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		tt_event_range(ev);
		break;
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		tt_event_task(ev);
		break;
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		tt_event_region(ev);
		break;
	case TT_KIND_LOG:
		tt_event_log(ev);
		break;
	case TT_KIND_TRANSITION:
		tt_event_transition(ev);
		break;
	default:
		tt_event_stack(ev, NULL);
	}
}

static void read_in_order(const struct tt_specs *specs, const struct tt_bytes *bytes)
{
	struct tt_options opt = {
		.size = sizeof(opt), .specs = specs, .max_memory_nbytes = LIMIT_NBYTES};
	const struct tt_event *ev;
	int64_t last = INT64_MIN;
	struct tt_error err;
	struct tt_reader *r;
	size_t rounds = 0;
	int rc;

	REQUIRE(tt_reader_open_memory(&r, bytes->data, bytes->len, &opt, &err) == 0);
	do {
		while ((rc = tt_reader_next(r, &ev)) == 0) {
			REQUIRE(ev->time_ns > last || last == INT64_MAX);
			REQUIRE(ev->offset <= bytes->len);
			last = ev->time_ns;
			look_at(ev);
		}
		if (rc < 0)
			REQUIRE(tt_reader_error(r)->code == -rc &&
				tt_reader_error(r)->offset <= bytes->len);
		last = INT64_MIN;
		REQUIRE(rounds++ <= bytes->len);
	} while (rc < 0 && tt_reader_resync(r, NULL) == 0);
	while (tt_reader_finding(r, &err) == 0)
		REQUIRE(tt_code_severity(err.code) == TT_SEVERITY_WARNING);
	tt_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_mem mem = {.limit_nbytes = LIMIT_NBYTES};
	struct tt_bytes bytes = {.mem = &mem};
	static struct tt_specs *specs; /* made once */
	struct tt_error err;

	if (specs == NULL)
		REQUIRE(tt_specs_new(&specs, &err) == 0);
	if (tt_assemble(specs, (const char *)data, size, &bytes, &err) != 0) {
		require_place(&err, (const char *)data, size);
	} else {
		REQUIRE(bytes.len <= 64 + 4 * size);
		require_fixed_point(specs, &bytes);
		read_in_order(specs, &bytes);
	}
	tt_mem_free(&mem, bytes.data, bytes.cap);
	REQUIRE(mem.used_nbytes == 0);
	return 0;
}
