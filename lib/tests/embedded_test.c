/* SPDX-License-Identifier: MIT */
/*
 * embedded_test.c - batches of experiments that are not what they should be, in a trace
 * that is good otherwise: each kind cut off at each byte, tables that come twice, specs
 * that break off. All good events come, and what is wrong is told with its place.
 */
#include "tests/embedded.h"
#include "tests/reader_support.h"
#include "tests/suites.h"

/* Where the k-th batch of an experiment begins, its size stands and its data lies. */
struct place {
	size_t begin, body, size;
};

static size_t skip_number(const struct build *b, size_t at)
{
	uint64_t ignored;
	int n = tt_varint(b->data + at, b->data + b->len, &ignored);

	ck_assert_int_gt(n, 0);
	return at + (size_t)n;
}

static struct place find_batch(const struct build *b, unsigned k)
{
	size_t at = 16;

	for (;;) {
		struct place p = {.begin = at};
		bool experiment = b->data[at] == 0x31;

		at += experiment ? 2 : 1;
		for (int i = 0; i < 3; i++)
			at = skip_number(b, at);
		p.body = at + 3;
		p.size = (b->data[at] & 0x7fu) | (b->data[at + 1] & 0x7fu) << 7 |
			 (size_t)b->data[at + 2] << 14;
		if (experiment && k-- == 0)
			return p;
		at = p.body + p.size;
		if (b->data[at] == 0x34)
			at++;
	}
}

struct seen {
	unsigned takes, gives, own, findings;
	int code;               /* of the first finding */
	uint64_t offset;
	char message[256];
};

static void note_finding(struct seen *s, struct tt_reader *r)
{
	struct tt_error err;

	while (tt_reader_finding(r, &err) == 0) {
		/* these follow: from a spec or the only table that is not understood */
		if (err.code == TT_W_EXPERIMENT_UNKNOWN || err.code == TT_W_EXPERIMENT_EMPTY)
			continue;
		if (s->findings++ != 0)
			continue;
		s->code = err.code;
		s->offset = err.offset;
		snprintf(s->message, sizeof(s->message), "%.255s", err.message);
	}
}

static struct seen read_all(const struct build *b)
{
	struct tt_reader *r = test_open(b->data, b->len, 0);
	const struct tt_event *ev;
	struct seen s = {0};
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0) {
		note_finding(&s, r);
		if (ev->spec == NULL)
			continue;
		s.takes += ev->spec->type == 200;
		s.gives += ev->spec->type == 201;
		s.own += ev->spec->type == 0x25;
	}
	note_finding(&s, r);
	ck_assert_msg(rc == 1, "%s", tt_reader_error(r)->message);
	tt_reader_close(r);
	return s;
}

/* A copy in which the batch holds no more than `size` bytes. */
static void cut(struct build *out, const struct build *b, struct place p, size_t size)
{
	build_init(out, b->version);
	out->len = 0;
	build_bytes(out, b->data, p.body + size);
	out->body = p.body;
	build_size(out, size);
	build_bytes(out, b->data + p.body + p.size, b->len - p.body - p.size);
}

/* The batches of generation 1, and where a cut leaves nothing wrong: between records and
 * events, or in front of what makes the batch one of its kind. */
static const struct kind {
	const char *name;
	int code;
	size_t own_from;        /* shorter ones are of nobody */
	size_t whole[4];        /* other sizes that are good; 0: none */
	unsigned least;         /* Take and Give that come in any case */
} kinds[] = {
	{"the second part of a spec", TT_W_PRIVATE, 6, {0}, 6},
	{"the first part of a spec", TT_W_PRIVATE, 6, {0}, 6},
	{"embedded events of thread 7", TT_W_PRIVATE, 6, {8, 14, 17}, 9},
	{"embedded events of thread 8", TT_W_PRIVATE, 6, {8, 14, 17}, 9},
	{"a wrapped batch", TT_W_PRIVATE, 6, {7, 8}, 12},
	{"the types of AllocFree", TT_W_RECORD, 1, {1, 10}, 12},
	{"the information of AllocFree", TT_W_RECORD, 1, {0}, 12},
};

static bool is_whole(const struct kind *k, size_t size)
{
	for (size_t i = 0; i < 4; i++)
		if (k->whole[i] == size)
			return true;
	return size < k->own_from;
}

START_TEST(a_batch_cut_at_each_byte_is_told_and_harms_no_other)
{
	const struct kind *k = &kinds[_i];
	struct build b, one;
	struct place p;
	struct seen s;

	embedded_build(&b);
	p = find_batch(&b, (unsigned)_i);
	/* of a spec that lacks a part the other one is told */
	p.begin = _i < 2 ? find_batch(&b, 0).begin : p.begin;
	for (size_t size = 0; size < p.size; size++) {
		cut(&one, &b, p, size);
		s = read_all(&one);
		ck_assert_msg(s.own == 12 && s.takes + s.gives >= k->least, "%s, %zu: %u %u %u",
			      k->name, size, s.own, s.takes, s.gives);
		if (!is_whole(k, size)) {
			ck_assert_msg(s.findings == 1, "%s, %zu: %u findings", k->name, size,
				      s.findings);
			ck_assert_msg(s.code == k->code || s.code == TT_W_RECORD, "%s, %zu: %s",
				      k->name, size, s.message);
			ck_assert_msg(s.offset >= p.begin && s.offset <= p.body + size,
				      "%s, %zu: at %d, not %d", k->name, size, (int)s.offset,
				      (int)p.begin);
		}
		build_release(&one);
	}
	build_release(&b);
}
END_TEST

START_TEST(a_table_may_come_twice)
{
	struct build b, twice;
	struct place p;
	struct seen s;

	embedded_build(&b);
	s = read_all(&b);
	ck_assert_uint_eq(s.findings, 0);
	ck_assert_uint_eq(s.takes + s.gives, 12);
	for (unsigned k = 0; k < COUNT(kinds); k++) {
		p = find_batch(&b, k);
		build_init(&twice, b.version);
		twice.len = 0;
		build_bytes(&twice, b.data, p.body + p.size);
		build_bytes(&twice, b.data + p.begin, b.len - p.begin);
		s = read_all(&twice);
		ck_assert_uint_eq(s.own, 12);
		ck_assert_uint_ge(s.takes + s.gives, 12);
		/* keys are taken then; one spec is as good as two */
		ck_assert_msg((s.code == TT_W_RECORD_KEY) == (k == 4 || k == 5), "%s: %s",
			      kinds[k].name, s.message);
		build_release(&twice);
	}
	build_release(&b);
}
END_TEST

/* Any beginning of a spec, whose length does not lie. */
START_TEST(a_spec_in_the_trace_may_end_anywhere)
{
	static const char text[] = EMBEDDED_SPEC;

	for (size_t size = 0; size < sizeof(text); size++) {
		struct build b;
		struct seen s;

		build_init(&b, 26);
		build_clock(&b, 1, 100, 1000000000);
		embedded_head(&b, 1, 7, "\xd0TTSP");
		build_number(&b, 9);
		build_number(&b, 0);
		build_number(&b, size);
		build_bytes(&b, text, size);
		build_close(&b);
		embedded_thread(&b, 1, 7, 33);
		embedded_tables(&b, 1);
		s = read_all(&b);
		ck_assert_uint_eq(s.own, 3);
		ck_assert_msg(s.findings != 0 || s.takes + s.gives == 3, "%zu", size);
		build_release(&b);
	}
}
END_TEST

static void put_spec(struct build *b, uint64_t generation, uint64_t experiment, const char *text)
{
	embedded_head(b, generation, 7, "\xd0TTSP");
	build_number(b, experiment);
	build_number(b, 0);
	build_number(b, strlen(text));
	build_bytes(b, text, strlen(text));
	build_close(b);
}

/* A trace must not change what others' events mean, or name another experiment. */
START_TEST(a_spec_in_the_trace_may_not_reach_beyond_its_experiment)
{
	static const char *const texts[] = {
		"experiment AllocFree 9 replaces\nevent Take 200 since 1.26\n"
		"args dt id\nneeds thread\n",
		"experiment Pool 9\nevent HeapObject 131 since 1.26 replaces\n"
		"args dt id\nneeds thread\n",
		"experiment Pool 8\nevent Take 200 since 1.26\nargs dt id\nneeds thread\n",
	};
	struct build b;
	struct seen s;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	put_spec(&b, 1, 9, texts[_i]);
	embedded_thread(&b, 1, 7, 33);
	embedded_tables(&b, 1);
	s = read_all(&b);
	ck_assert_uint_eq(s.takes + s.gives, 0);
	ck_assert_uint_ge(s.findings, 1);
	ck_assert_int_eq(s.code, TT_W_PRIVATE);
	ck_assert_msg(strstr(s.message, _i < 2 ? "must not replace" : "not the one that") != NULL,
		      "%s", s.message);
	build_release(&b);
}
END_TEST

/* A part of a spec's text of `total` bytes. */
static void put_part(struct build *b, uint64_t generation, uint64_t experiment, const char *text,
		     size_t offset, size_t size, size_t total)
{
	embedded_head(b, generation, 7, "\xd0TTSP");
	build_number(b, experiment);
	build_number(b, offset);
	build_number(b, total);
	build_bytes(b, text + offset, size);
	build_close(b);
}

#define TAKE "experiment Pool 9\nevent Take 200 since 1.26\nargs dt id\nneeds thread\n"
#define GIVE "experiment Link 9\nevent Give 200 since 1.26\nargs dt id\nneeds thread\n"

/* Each generation is read by what it brings, and if that is another spec, it is a finding; if
 * it is none, the one before still applies. */
START_TEST(a_generation_is_read_by_its_own_spec)
{
	static const char *const texts[] = {TAKE, TAKE, GIVE, NULL, TAKE, "experiment Bad 9\nargs\n"};
	static const char *const names[] = {"Take", "Take", "Give", "Give", "Take", "Take"};
	const struct tt_event *ev;
	struct tt_error err;
	struct tt_reader *r;
	struct build b;
	size_t n = 0, nfindings = 0;

	build_init(&b, 26);
	for (uint64_t g = 1; g <= COUNT(texts); g++) {
		build_clock(&b, g, g * 100, 1000000000);
		if (texts[g - 1] != NULL)
			put_spec(&b, g, 9, texts[g - 1]);
		build_batch(&b, g, 7, g * 100);
		build_bytes(&b, "\xc8\x01\x05", 3);
		build_close(&b);
		build_mark(&b);
	}
	r = test_open(b.data, b.len, 0);
	while (tt_reader_next(r, &ev) == 0) {
		if (ev->spec == NULL)
			continue;
		ck_assert_uint_lt(n, COUNT(names));
		ck_assert_str_eq(ev->spec->name, names[n]);
		n++;
		while (tt_reader_finding(r, &err) == 0) {
			ck_assert_int_eq(err.code, TT_W_PRIVATE);
			ck_assert_msg(strstr(err.message, n == 6 ? "begin one with `event`"
							  : "in an earlier generation") != NULL,
				      "%s", err.message);
			ck_assert(n == 3 || n == 5 || n == 6);
			nfindings++;
		}
	}
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_uint_eq(n, COUNT(names));
	ck_assert_uint_eq(nfindings, 3);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* A spec, and events about resources that no other generation has. */
static void put_changing(struct build *b, uint64_t g)
{
	static char text[16 << 10];
	char e[3] = {(char)('a' + g / 26 / 26), (char)('a' + g / 26 % 26), (char)('a' + g % 26)};
	size_t n = (size_t)snprintf(text, sizeof(text), "experiment Changing 9\n");

	for (unsigned i = 0; i < 60; i++) {
		char x = (char)('A' + i % 26), y = (char)('A' + i / 26);

		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"event E%u %u since 1.26\nneeds nothing\n"
			"args dt %.3s%c%cA %.3s%c%cB %.3s%c%cC %.3s%c%cD\n"
			"creates %.3s%c%cA\ncreates %.3s%c%cB\n"
			"creates %.3s%c%cC\ncreates %.3s%c%cD\n",
			i, 150 + i, e, x, y, e, x, y, e, x, y, e, x, y, e, x, y, e, x, y, e, x, y,
			e, x, y);
	}
	put_spec(b, g, 9, text);
	build_batch(b, g, 8, g * 100);
	for (unsigned i = 0; i < 60; i++) {
		build_byte(b, (uint8_t)(150 + i));
		build_bytes(b, "\0\1\2\3\4", 5);
	}
	build_close(b);
}

/* There is no end of resources, but those that are gone are forgotten; others are known. */
START_TEST(each_generation_may_have_other_resources)
{
	static const char kept[] = "experiment Kept 8\nresource page\nunknown error\n"
				   "event New 140 since 1.26\nargs dt page\nneeds nothing\n"
				   "creates page\n"
				   "event Use 141 since 1.26\nargs dt page\nneeds nothing\n"
				   "uses page\n";
	const uint64_t last = 300;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct build b;
	size_t nuses = 0;

	build_init(&b, 26);
	for (uint64_t g = 1; g <= last; g++) {
		build_clock(&b, g, g * 100, 1000000000);
		put_spec(&b, g, 8, kept);
		put_changing(&b, g);
		build_batch(&b, g, 7, g * 100);
		if (g == 1)
			build_bytes(&b, "\x8c\1\5", 3);
		build_bytes(&b, "\x8d\1\5", 3);
		if (g == last)
			build_bytes(&b, "\x8c\1\5", 3);
		build_close(&b);
		build_mark(&b);
	}
	r = test_open(b.data, b.len, 0);
	while (tt_reader_next(r, &ev) == 0)
		nuses += ev->spec != NULL && ev->spec->type == 141;
	ck_assert_int_eq(tt_reader_error(r)->code, TT_E_RESOURCE);
	ck_assert_str_eq(tt_reader_error(r)->message,
			 "event New of page 5, which already exists");
	ck_assert_uint_eq(nuses, last);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* The first one of the file counts, and the other one is told. */
START_TEST(a_generation_brings_one_spec_of_an_experiment)
{
	struct build b;
	struct seen s;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	put_spec(&b, 1, 9, TAKE);
	put_spec(&b, 1, 9, TAKE);
	put_spec(&b, 1, 9, GIVE);
	build_batch(&b, 1, 7, 100);
	build_bytes(&b, "\xc8\x01\x05", 3);
	build_close(&b);
	build_mark(&b);
	s = read_all(&b);
	ck_assert_uint_eq(s.takes, 1);
	ck_assert_uint_eq(s.findings, 1);
	ck_assert_int_eq(s.code, TT_W_PRIVATE);
	ck_assert_msg(strstr(s.message, "which is used") != NULL, "%s", s.message);
	build_release(&b);
}
END_TEST

/* In any order: here each is a byte, and the last one comes first. */
START_TEST(parts_of_a_spec_come_in_any_order)
{
	const size_t len = strlen(TAKE);
	struct build b;
	struct seen s;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	for (size_t i = len; i-- > 0;)
		if (i != 5 || _i == 0)
			put_part(&b, 1, 9, TAKE, i, 1, len);
	build_batch(&b, 1, 7, 100);
	if (_i == 0)
		build_bytes(&b, "\xc8\x01\x05", 3);
	build_close(&b);
	build_mark(&b);
	s = read_all(&b);
	ck_assert_uint_eq(s.takes, _i == 0);
	ck_assert_uint_eq(s.findings, _i != 0);
	ck_assert_msg(_i == 0 || strcmp(s.message, "a private batch: parts of a spec are missing") == 0,
		      "%s", s.message);
	build_release(&b);
}
END_TEST

/* What becomes of specs counts against the reader's limit. */
START_TEST(specs_of_a_trace_count_as_memory)
{
	struct tt_options opt = {.size = sizeof(opt), .max_memory_nbytes = 400000};
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	struct build b;
	char text[80];
	int rc;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	for (unsigned e = 2; e <= 255; e++) {
		snprintf(text, sizeof(text), "experiment E%u %u\nbatch B only\nfield a u8\n", e, e);
		put_spec(&b, 1, e, text);
	}
	build_mark(&b);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &opt, &err), 0);
		while ((rc = tt_reader_next(r, &ev)) == 0)
			continue;
		ck_assert_int_eq(rc, i == 0 ? -TT_E_LIMIT : TT_END);
		tt_reader_close(r);
		opt.max_memory_nbytes = 64000000;
	}
	build_release(&b);
}
END_TEST

/* Whoever asks at the end gets what was wrong in each generation. */
START_TEST(each_fault_has_its_own_words)
{
	static const char *const words[] = {"a number from 127 to 255", "begin one with `event`"};
	const struct tt_event *ev;
	struct tt_error err;
	struct tt_reader *r;
	struct build b;
	size_t n = 0;

	build_init(&b, 26);
	for (uint64_t g = 1; g <= 2; g++) {
		build_clock(&b, g, g * 100, 1000000000);
		put_spec(&b, g, 8 + g, g == 1 ? "experiment Pool 9\nevent Give 1 since x\n"
					      : "experiment Last 10\nargs\n");
		build_mark(&b);
	}
	r = test_open(b.data, b.len, 0);
	while (tt_reader_next(r, &ev) == 0)
		continue;
	while (tt_reader_finding(r, &err) == 0) {
		if (err.code != TT_W_PRIVATE)
			continue;
		ck_assert_uint_lt(n, 2);
		ck_assert_msg(strstr(err.message, words[n]) != NULL, "%s", err.message);
		n++;
	}
	ck_assert_uint_eq(n, 2);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

Suite *embedded_suite(void)
{
	Suite *s = suite_create("embedded");
	TCase *tc = tcase_create("embedded");

	tcase_add_loop_test(tc, a_batch_cut_at_each_byte_is_told_and_harms_no_other, 0,
			    COUNT(kinds));
	tcase_add_test(tc, a_table_may_come_twice);
	tcase_add_test(tc, a_spec_in_the_trace_may_end_anywhere);
	tcase_add_loop_test(tc, a_spec_in_the_trace_may_not_reach_beyond_its_experiment, 0, 3);
	tcase_add_test(tc, a_generation_is_read_by_its_own_spec);
	tcase_add_test(tc, each_generation_may_have_other_resources);
	tcase_add_test(tc, a_generation_brings_one_spec_of_an_experiment);
	tcase_add_loop_test(tc, parts_of_a_spec_come_in_any_order, 0, 2);
	tcase_add_test(tc, specs_of_a_trace_count_as_memory);
	tcase_add_test(tc, each_fault_has_its_own_words);
	suite_add_tcase(s, tc);
	return s;
}
