/* SPDX-License-Identifier: MIT */
/*
 * symbolize_test.c - names for the code of a generation: stacks and types get them, texts
 * stand once, all else stays as it is, and what cannot be read is left alone.
 */
#include "record/symbolize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault.h"
#include "tests/suites.h"
#include "wire/assemble.h"
#include "tracetool_write.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEADER_NBYTES 16

static struct tt_specs *specs;
static struct tt_error err;
static char long_name[2000];

static void make_specs(void)
{
	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	memset(long_name, 'x', sizeof(long_name) - 1);
	memcpy(long_name + sizeof(long_name) - 5, "tail", 4);
}

static void free_specs(void)
{
	tt_specs_free(specs);
}

/* Knows addresses from 100 on; what it is depends on the hundred. */
static bool symbol(void *arg, uint64_t pc, struct tt_symbol *out)
{
	unsigned *calls = arg;

	++*calls;
	if (pc < 100)
		return false;
	*out = (struct tt_symbol){"work", "src/work.c", pc % 100};
	if (pc >= 200)
		out->func = "more";
	if (pc >= 300)
		*out = (struct tt_symbol){long_name, NULL, 1 << 28};
	return true;
}

static struct tt_bytes assembled(struct tt_mem *mem, const char *text)
{
	struct tt_bytes out = {.mem = mem};

	ck_assert_msg(tt_assemble(specs, text, strlen(text), &out, &err) == 0, "%s", err.message);
	return out;
}

/* As raw text, in memory of malloc. */
static char *text_of(const void *data, size_t len)
{
	const struct tt_wire_event *ev;
	size_t n = 0, need;
	struct tt_wire *w;
	char *text = NULL;

	ck_assert_int_eq(tt_wire_open_memory(&w, data, len, NULL, &err), 0);
	while (tt_wire_next(w, &ev) == 0) {
		need = tt_wire_format(ev, NULL, 0);
		text = realloc(text, n + need + 1);
		ck_assert_ptr_nonnull(text);
		n += tt_wire_format(ev, text + n, need);
		text[n] = '\0';
	}
	ck_assert_msg(tt_wire_error(w)->code == TT_OK, "%s", tt_wire_error(w)->message);
	tt_wire_close(w);
	return text;
}

/* A generation of this text, named, is that text; `calls` for its addresses. */
static void expect(const char *before, const char *after, unsigned calls)
{
	struct tt_mem mem = {0};
	struct tt_bytes in = assembled(&mem, before), want = assembled(&mem, after);
	struct tt_symbolizer n;
	unsigned called = 0;
	char *got_text, *want_text;
	uint8_t *whole;

	tt_symbolizer_init(&n, specs, &mem);
	n.symbol = symbol;
	n.arg = &called;
	/* a second time: nothing of the first one is left */
	for (int i = 0; i < 2; i++)
		ck_assert(tt_symbolizer_apply(&n, in.data + HEADER_NBYTES, in.len - HEADER_NBYTES));
	ck_assert_uint_eq(called, 2 * calls);
	whole = malloc(HEADER_NBYTES + n.out.len);
	ck_assert_ptr_nonnull(whole);
	memcpy(whole, in.data, HEADER_NBYTES);
	memcpy(whole + HEADER_NBYTES, n.out.data, n.out.len);
	got_text = text_of(whole, HEADER_NBYTES + n.out.len);
	want_text = text_of(want.data, want.len);
	ck_assert_str_eq(got_text, want_text);
	free(got_text);
	free(want_text);
	free(whole);
	tt_symbolizer_release(&n);
	tt_mem_free(&mem, in.data, in.cap);
	tt_mem_free(&mem, want.data, want.cap);
}

#define EVENTS "Trace Go1.26\nEventBatch gen=1 m=7 time=5\nProcStatus dt=1 p=0 pstatus=1\n"
#define STRINGS "EventBatch gen=1 m=-1 time=9\nStrings\n"

START_TEST(frames_are_named_and_texts_stand_once)
{
	expect(EVENTS
	       "EventBatch gen=1 m=-1 time=9\nStacks\n"
	       "Stack id=1\n\tpc=101 func=1 file=2 line=3\n\tpc=202 func=0 file=0 line=0\n"
	       "Stack id=2\n\tpc=101 func=1 file=2 line=3\n\tpc=7 func=1 file=2 line=4\n"
	       STRINGS "String id=1\n\tdata=\"old\"\nString id=2\n\tdata=\"file\"\nEndOfGeneration\n",
	       EVENTS
	       "EventBatch gen=1 m=-1 time=9\nStacks\n"
	       "Stack id=1\n\tpc=101 func=3 file=4 line=1\n\tpc=202 func=5 file=4 line=2\n"
	       "Stack id=2\n\tpc=101 func=3 file=4 line=1\n\tpc=7 func=1 file=2 line=4\n"
	       STRINGS "String id=1\n\tdata=\"old\"\nString id=2\n\tdata=\"file\"\n"
	       STRINGS "String id=3\n\tdata=\"work\"\nString id=4\n\tdata=\"src/work.c\"\n"
	       "String id=5\n\tdata=\"more\"\nEndOfGeneration\n",
	       3);
}
END_TEST

START_TEST(names_keep_their_last_bytes)
{
	char after[2000];

	snprintf(after, sizeof(after),
		 EVENTS "EventBatch gen=1 m=-1 time=9\nStacks\n"
		 "Stack id=1\n\tpc=300 func=1 file=0 line=268435456\n" STRINGS
		 "String id=1\n\tdata=\"%s\"\nEndOfGeneration\n",
		 long_name + sizeof(long_name) - 1 - 1024);
	expect(EVENTS "EventBatch gen=1 m=-1 time=9\nStacks\n"
	       "Stack id=1\n\tpc=300 func=0 file=0 line=5\nEndOfGeneration\n", after, 1);
}
END_TEST

/* number, address, size, pointer bytes, length of name, name */
START_TEST(types_without_a_name_get_their_site)
{
	expect(EVENTS "ExperimentalBatch exp=1 gen=1 m=7 time=5\n"
	       "\tdata=\"\\x00\\x01\\x65\\x30\\x00\\x00\\x02\\x66\\x08\\x00\\x03own\\x03\\x07\\x08\\x00\\x00\"\n"
	       "EndOfGeneration\n",
	       EVENTS "ExperimentalBatch exp=1 gen=1 m=7 time=5\n"
	       "\tdata=\"\\x00\\x01\\x65\\x30\\x00\\x0fwork (work.c:1)\\x02\\x66\\x08\\x00\\x03own"
	       "\\x03\\x07\\x08\\x00\\x00\"\nEndOfGeneration\n",
	       2);
}
END_TEST

/* What is no table of ours, or is cut off, is the same behind it. */
static const char *const alone[] = {
	EVENTS "EndOfGeneration\n",
	"Trace Go1.26\nEndOfGeneration\n",
	EVENTS "ExperimentalBatch exp=1 gen=1 m=7 time=5\n\tdata=\"\\x01\\x65\\x30\"\nEndOfGeneration\n",
	EVENTS "ExperimentalBatch exp=1 gen=1 m=7 time=5\n\tdata=\"\\x00\\x01\\x05\\x30\"\nEndOfGeneration\n",
	EVENTS "ExperimentalBatch exp=1 gen=1 m=7 time=5\n"
	       "\tdata=\"\\x00\\x01\\x05\\x30\\x00\\x09short\"\nEndOfGeneration\n",
	EVENTS "ExperimentalBatch exp=9 gen=1 m=7 time=5\n\tdata=\"\\x00\\x01\\x65\\x30\\x00\\x00\"\nEndOfGeneration\n",
};

START_TEST(other_batches_stay)
{
	expect(alone[_i], alone[_i], 0);
}
END_TEST

/* Cut at every byte: whatever comes out, it takes what was whole. */
START_TEST(cut_generations_are_harmless)
{
	struct tt_mem mem = {0};
	struct tt_bytes in = assembled(
		&mem, EVENTS "EventBatch gen=1 m=-1 time=9\nStacks\n"
		"Stack id=1\n\tpc=101 func=1 file=2 line=3\nStack id=2\n\tpc=102 func=1 file=2 line=3\n"
		"ExperimentalBatch exp=1 gen=1 m=7 time=5\n\tdata=\"\\x00\\x01\\x65\\x30\\x00\\x00\"\n"
		STRINGS "String id=1\n\tdata=\"old\"\nEndOfGeneration\n");
	struct tt_symbolizer n;
	unsigned called = 0;

	tt_symbolizer_init(&n, specs, &mem);
	n.symbol = symbol;
	n.arg = &called;
	for (size_t len = 0; len <= in.len - HEADER_NBYTES; len++) {
		uint8_t *part = malloc(len + 1);

		ck_assert_ptr_nonnull(part);
		memcpy(part, in.data + HEADER_NBYTES, len);
		ck_assert(tt_symbolizer_apply(&n, part, len));
		ck_assert_uint_ge(n.out.len + 40, len);
		free(part);
	}
	tt_symbolizer_release(&n);
	tt_mem_free(&mem, in.data, in.cap);
}
END_TEST

/* Lines of five bytes in the place of one: what is too much goes on in a new batch. */
START_TEST(full_batches_are_continued)
{
	char *before = malloc(1 << 20);
	struct tt_mem mem = {0};
	const struct tt_wire_event *ev;
	struct tt_symbolizer n;
	struct tt_bytes in;
	struct tt_wire *w;
	unsigned called = 0, nstacks = 0;
	uint8_t *whole;
	size_t at;

	ck_assert_ptr_nonnull(before);
	at = (size_t)sprintf(before, EVENTS "EventBatch gen=1 m=-1 time=9\nStacks\n");
	for (unsigned i = 1; i <= 7000; i++)
		at += (size_t)sprintf(before + at, "Stack id=%u\n\tpc=%u func=0 file=0 line=1\n", i, 300);
	sprintf(before + at, "EndOfGeneration\n");
	in = assembled(&mem, before);
	tt_symbolizer_init(&n, specs, &mem);
	n.symbol = symbol;
	n.arg = &called;
	ck_assert(tt_symbolizer_apply(&n, in.data + HEADER_NBYTES, in.len - HEADER_NBYTES));
	whole = malloc(HEADER_NBYTES + n.out.len);
	ck_assert_ptr_nonnull(whole);
	memcpy(whole, in.data, HEADER_NBYTES);
	memcpy(whole + HEADER_NBYTES, n.out.data, n.out.len);
	ck_assert_int_eq(tt_wire_open_memory(&w, whole, HEADER_NBYTES + n.out.len, NULL, &err), 0);
	while (tt_wire_next(w, &ev) == 0)
		nstacks += ev->nframes;
	ck_assert_msg(tt_wire_error(w)->code == TT_OK, "%s", tt_wire_error(w)->message);
	ck_assert_uint_eq(nstacks, 7000);
	tt_wire_close(w);
	free(whole);
	free(before);
	tt_symbolizer_release(&n);
	tt_mem_free(&mem, in.data, in.cap);
}
END_TEST

START_TEST(want_of_memory_is_told)
{
	static const char text[] =
		EVENTS "EventBatch gen=1 m=-1 time=9\nStacks\n"
		"Stack id=1\n\tpc=101 func=1 file=2 line=3\nEndOfGeneration\n";
	bool done = false;

	for (unsigned long at = 1; !done; at++) {
		struct tt_mem mem = {0};
		struct tt_bytes in = assembled(&mem, text);
		struct tt_symbolizer n;
		unsigned called = 0;

		tt_symbolizer_init(&n, specs, &mem);
		n.symbol = symbol;
		n.arg = &called;
		fault_begin(FAULT_ALLOC, at, false);
		done = tt_symbolizer_apply(&n, in.data + HEADER_NBYTES, in.len - HEADER_NBYTES);
		fault_end();
		ck_assert(done == (fault_count() == 0));
		if (!done)
			ck_assert_int_eq(tt_mem_code(&mem), TT_E_MEMORY);
		tt_symbolizer_release(&n);
		tt_mem_free(&mem, in.data, in.cap);
		ck_assert_uint_lt(at, 100);
	}
}
END_TEST

Suite *symbolize_suite(void)
{
	Suite *s = suite_create("symbolize");
	TCase *tc = tcase_create("symbolize");

	tcase_add_unchecked_fixture(tc, make_specs, free_specs);
	tcase_add_test(tc, frames_are_named_and_texts_stand_once);
	tcase_add_test(tc, names_keep_their_last_bytes);
	tcase_add_test(tc, types_without_a_name_get_their_site);
	tcase_add_loop_test(tc, other_batches_stay, 0, COUNT(alone));
	tcase_add_test(tc, cut_generations_are_harmless);
	tcase_add_test(tc, full_batches_are_continued);
	tcase_add_test(tc, want_of_memory_is_told);
	suite_add_tcase(s, tc);
	return s;
}
