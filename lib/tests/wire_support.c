/* SPDX-License-Identifier: MIT */
/* wire_support.c - what the suites about raw events have in common. Test code only. */
#include "tests/wire_support.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/assemble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct tt_specs *wire_specs;

void wire_setup(void)
{
	struct tt_error err;

	ck_assert_int_eq(tt_specs_new(&wire_specs, &err), 0);
}

void wire_teardown(void)
{
	tt_specs_free(wire_specs);
	wire_specs = NULL;
}

const char wire_long_names[] =
	"experiment Long 77\n"
	"event AnEventWhoseNameIsLongerThanWhatIsPreparedForIt 200 since 1.23\n"
	"	args dt id averyverylongargumentname_value\n"
	"	needs thread\n"
	"event Short 201 since 1.23\n"
	"	args dt id anotherverylongargumentname_value\n"
	"	needs thread\n";

/* The trace of a text, in memory that ends against a guard page. */
void wire_assemble(struct guarded *g, const char *text, size_t len)
{
	struct tt_mem mem = {0};
	struct tt_bytes bytes = {.mem = &mem};
	struct tt_error err;

	ck_assert_msg(tt_assemble(wire_specs, text, len, &bytes, &err) == 0, "%s", err.message);
	guarded_init(g, bytes.data, bytes.len);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}

/* All that is left, as text; *rc is how it ends. */
char *wire_text_of(struct tt_wire *w, size_t *len, int *rc)
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

struct tt_wire *wire_open(const struct guarded *g, unsigned flags)
{
	struct tt_options opt = {.size = sizeof(opt), .flags = flags, .specs = wire_specs};
	struct tt_error err;
	struct tt_wire *w;
	int rc = tt_wire_open_memory(&w, g->data, g->len, &opt, &err);

	ck_assert_msg(rc == 0, "%s", err.message);
	return w;
}

void text_add(struct text *t, const char *format, ...)
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
	static const uint64_t tens[] = {9,
					10,
					99,
					100,
					999,
					1000,
					9999,
					10000,
					99999,
					100000,
					9999999,
					10000000,
					99999999,
					100000000,
					1010101010,
					UINT64_C(999999999999),
					UINT64_C(9999999999999999),
					UINT64_C(10000000000000000),
					UINT64_C(18446744073709551615)};

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

	text_add(t, "%s", spec->name);
	if (spec->timed)
		text_add(t, " dt=%" PRIu64, some_number(seed++));
	for (unsigned i = 0; i < spec->nargs; i++) {
		bool count = spec->has_frames && i + 1 == spec->nargs;

		text_add(t, " %s=%" PRIu64, spec->args[i].name,
			 count ? nframes : some_number(seed++));
	}
	for (unsigned i = 0; spec->has_frames && i < nframes; i++, seed++)
		text_add(t, "\n\tpc=%" PRIu64 " func=%" PRIu64 " file=%" PRIu64 " line=%" PRIu64,
			 some_number(seed), some_number(seed / 3), some_number(seed * 7),
			 some_number(seed + 9));
	if (spec->has_data && seed % 3 != 0)
		text_add(t, "\n\tdata=\"%s%u\"",
			 seed % 2 == 0 ? "\\x00\\u2028\xc3\xa9\\\"" : "main.", seed);
	text_add(t, "\n");
}

/* `rounds` times each event there is. */
struct text every_event(unsigned rounds)
{
	struct text t = {0};

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned type = 0; type < 256; type++)
			if (tt_specs_event(wire_specs, type) != NULL)
				add_event(&t, tt_specs_event(wire_specs, type), round * 31 + type);
	return t;
}

struct text with_header(const struct text *body)
{
	struct text t = {0};

	text_add(&t, "Trace Go1.26\n");
	t.cap += body->len;
	t.at = realloc(t.at, t.cap);
	memcpy(t.at + t.len, body->at, body->len);
	t.len += body->len;
	return t;
}
