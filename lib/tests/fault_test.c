/* SPDX-License-Identifier: MIT */
/*
 * fault_test.c - reading and repair while the machine fails: the Nth allocation or
 * read, once and for good, for each N until nothing fails any more. Either all is as
 * if nothing had happened, or the error is exactly the one that did; nothing leaks.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/ways.h"
#include "tests/embedded.h"
#include "tests/fault.h"
#include "tests/input.h"
#include "tests/rich.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tests/walk.h"
#include "tracetool_write.h"
#include "tracetool_analyze.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what is done while something fails: the digest, or a negative code */

static struct build input;      /* the trace that is read */

struct outcome {
	int code;               /* negative: of the failure; TT_END: none */
	uint64_t digest;
};

static struct outcome walk_opened(struct tt_reader *r, int rc, size_t size, bool generations)
{
	struct walk w;

	if (rc < 0)
		return (struct outcome){rc, 0};
	walk(&w, r, size, generations);
	/* closed while it fails, too */
	tt_reader_close(r);
	if (w.outcome < 0 && w.outcome > -TT_E_NOT_A_TRACE)
		return (struct outcome){w.outcome, 0};
	return (struct outcome){TT_END, w.digest};
}

static struct outcome read_memory(bool generations)
{
	struct tt_reader *r;
	struct tt_error err;
	int rc = tt_reader_open_memory(&r, input.data, input.len, NULL, &err);

	return walk_opened(r, rc, input.len, generations);
}

static struct outcome read_events(void)
{
	return read_memory(false);
}

static struct outcome read_generations(void)
{
	return read_memory(true);
}

static int input_fd;            /* of a file with the input, at its start */

static struct outcome read_file(void)
{
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	lseek(input_fd, 0, SEEK_SET);
	rc = tt_reader_open_fd(&r, input_fd, NULL, &err);
	return walk_opened(r, rc, input.len, false);
}

/* A socket holds all of it, in packets, so nobody has to write while it is read. */
static struct outcome read_packets(void)
{
	const size_t chunk = input.len / 50 + 1;
	struct tt_reader *r;
	struct tt_error err;
	struct outcome out;
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		abort();
	for (size_t at = 0; at < input.len; at += chunk) {
		size_t n = input.len - at < chunk ? input.len - at : chunk;

		if (send(fds[1], input.data + at, n, 0) != (ssize_t)n)
			abort();
	}
	close(fds[1]);
	rc = tt_reader_open_fd(&r, fds[0], NULL, &err);
	out = walk_opened(r, rc, input.len, false);
	close(fds[0]);
	return out;
}

static struct outcome read_compressed(void)
{
	struct tt_reader *r;
	struct tt_error err;
	struct walk w;
	int rc = tt_reader_open(&r, "testdata/go1.22-annotations.trace.zst", NULL, &err);

	if (rc < 0)
		return (struct outcome){rc, 0};
	walk(&w, r, TT_UNKNOWN, false);
	tt_reader_close(r);
	return (struct outcome){w.outcome, w.outcome < 0 ? 0 : w.digest};
}

/* ---- of traces that are made for it */

/* Allocates nothing itself: the trace and its specs were made before it fails. */
struct prepared {
	struct build trace;
	const struct tt_specs *specs;   /* NULL: those that are built in */
};

static struct prepared embedded, linked, heap, torn, spanned;

static struct tt_options options_of(const struct prepared *p)
{
	return (struct tt_options){.size = sizeof(struct tt_options), .specs = p->specs};
}

static struct outcome read_prepared(const struct prepared *p)
{
	const struct tt_options opt = options_of(p);
	struct tt_reader *r;
	struct tt_error err;
	int rc = tt_reader_open_memory(&r, p->trace.data, p->trace.len, &opt, &err);

	return walk_opened(r, rc, p->trace.len, false);
}

static struct outcome read_embedded(void)
{
	return read_prepared(&embedded);
}

static struct outcome read_linked(void)
{
	return read_prepared(&linked);
}

static uint64_t repair_all(struct tt_repair *r, int *code)
{
	uint64_t digest = DIGEST_START;
	struct tt_repaired g;

	while ((*code = tt_repair_next(r, &g)) == 0)
		digest = digest_text(digest_text(digest, g.front), g.bytes);
	WALK_REQUIRE(*code == TT_END || tt_repair_error(r)->code == -*code);
	/* it stays at its end, and at its error */
	WALK_REQUIRE(tt_repair_next(r, &g) == *code);
	return digest;
}

static struct outcome repair_prepared(const struct prepared *p)
{
	const struct tt_options opt = options_of(p);
	struct outcome out = {0, 0};
	struct tt_reader *reader;
	struct tt_repair *r;
	struct tt_error err;

	out.code = tt_reader_open_memory(&reader, p->trace.data, p->trace.len, &opt, &err);
	if (out.code < 0)
		return out;
	out.code = tt_repair_new(&r, reader, &err);
	if (out.code == 0) {
		out.digest = repair_all(r, &out.code);
		tt_repair_free(r);
	}
	tt_reader_close(reader);
	return out;
}

static struct outcome repair_torn(void)
{
	return repair_prepared(&torn);
}

static struct outcome repair_embedded(void)
{
	return repair_prepared(&embedded);
}

static struct outcome repair_linked(void)
{
	return repair_prepared(&linked);
}

static int replay(struct tt_heap *h, struct tt_reader *r, uint64_t *digest)
{
	const struct tt_event *ev;
	struct tt_heap_change change;
	struct tt_error found;
	int rc, taken = 0;

	while (taken == 0 && (rc = tt_reader_next(r, &ev)) == 0)
		taken = tt_heap_event(h, ev, 1, &change);
	tt_heap_finish(h);
	*digest = digest_number(digest_number(DIGEST_START, tt_heap_nlive(h)), tt_heap_ntypes(h));
	while (tt_heap_finding(h, &found) == 0)
		*digest = digest_number(*digest, (uint64_t)found.code);
	return taken < 0 ? taken : rc;
}

static struct outcome read_heap(void)
{
	struct tt_heap_options opt = {.size = sizeof(opt), .flags = TT_HEAP_OBJECTS};
	struct outcome out = {0, 0};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_heap *h;

	out.code = tt_reader_open_memory(&r, heap.trace.data, heap.trace.len, NULL, &err);
	if (out.code < 0)
		return out;
	opt.specs = tt_reader_specs(r);
	out.code = tt_heap_new(&h, &opt, &err);
	if (out.code == 0) {
		out.code = replay(h, r, &out.digest);
		tt_heap_free(h);
	}
	tt_reader_close(r);
	return out;
}

/* Spans, with names and stacks. */
static struct outcome read_spans(void)
{
	struct tt_spans_options opt = {.size = sizeof(opt), .flags = TT_SPANS_STACKS};
	struct outcome out = {0, DIGEST_START};
	const struct tt_span *span;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_spans *s;

	out.code = tt_reader_open_memory(&r, spanned.trace.data, spanned.trace.len, NULL, &err);
	if (out.code < 0)
		return out;
	opt.specs = tt_reader_specs(r);
	out.code = tt_spans_new(&s, &opt, &err);
	while (out.code == 0 && (out.code = tt_spans_pull(s, r, &span)) == 0) {
		out.digest = digest_number(digest_number(out.digest, span->kind),
					   (uint64_t)(span->end_ns - span->start_ns));
		out.digest = digest_text(out.digest, tt_spans_name(s, span->name));
	}
	tt_spans_free(s);
	tt_reader_close(r);
	return out;
}

static struct outcome read_wire(void)
{
	const struct tt_wire_event *ev;
	struct outcome out = {0, DIGEST_START};
	struct tt_wire *w;
	struct tt_error err;

	out.code = tt_wire_open_memory(&w, input.data, input.len, NULL, &err);
	if (out.code < 0)
		return out;
	while ((out.code = tt_wire_next(w, &ev)) == 0) {
		out.digest = digest_number(digest_number(out.digest, ev->offset), ev->type);
		out.digest = digest_text(digest_number(out.digest, ev->nframes), ev->data);
	}
	tt_wire_close(w);
	return out;
}

/* What a seed of fuzz_source.c holds: packed, and the beginning of a trace. */
static struct outcome read_packed(int fd)
{
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	lseek(fd, 0, SEEK_SET);
	rc = tt_reader_open_fd(&r, fd, NULL, &err);
	if (rc < 0)
		return (struct outcome){rc <= -TT_E_NOT_A_TRACE ? TT_END : rc, 0};
	return walk_opened(r, rc, SIZE_MAX, false);
}

static int packed_fds[3];

static struct outcome read_gzip(void)
{
	return read_packed(packed_fds[0]);
}

static struct outcome read_tar(void)
{
	return read_packed(packed_fds[1]);
}

static struct outcome read_xz(void)
{
	return read_packed(packed_fds[2]);
}

static struct outcome make_specs(void)
{
	static const char text[] = "experiment Mine 9\nevent Mine 150 since 1.26\n"
				   "\targs dt id name_string\n\tneeds thread\n";
	struct tt_specs *specs;
	struct tt_error err;
	uint64_t digest = 0;
	int rc = tt_specs_new(&specs, &err);

	if (rc < 0)
		return (struct outcome){rc, 0};
	rc = tt_specs_add(specs, "mine", text, sizeof(text) - 1, &err);
	if (rc == 0)
		digest = digest_cstr(DIGEST_START, tt_specs_event(specs, 150)->name);
	tt_specs_free(specs);
	return (struct outcome){rc < 0 ? rc : TT_END, digest};
}

/* ---- failing */

typedef struct outcome action(void);

/* Lets it fail at 1, 2, ... until it does not come to that call any more. */
static void fail_everywhere(action *act, enum fault_kind kind, bool for_good, int code)
{
	struct outcome clean, out;
	unsigned long failed;

	fault_begin(FAULT_NONE, 0, false);
	clean = act();
	ck_assert_uint_eq(fault_end(), 0);
	ck_assert_int_eq(clean.code, TT_END);
	for (unsigned long at = 1;; at++) {
		size_t left;

		fault_begin(kind, at, for_good);
		out = act();
		failed = fault_count();
		left = fault_end();
		ck_assert_msg(left == 0, "%zu blocks leak when call %lu fails", left, at);
		if (out.code != TT_END)
			ck_assert_msg(out.code == -code && failed != 0, "%d when call %lu fails",
				      out.code, at);
		else
			ck_assert_msg(out.digest == clean.digest,
				      "something else is read when call %lu fails", at);
		if (failed == 0)
			break;
		ck_assert_uint_lt(at, 5000);
	}
}

/* Calls of this kind that it makes when nothing fails. */
static unsigned long count_calls(action *act, enum fault_kind kind)
{
	unsigned long n;

	fault_begin(kind, 0, false);
	act();
	n = fault_calls();
	fault_end();
	return n;
}

/* Two generations with links of ways_orders(), the second cut in a batch. */
static void build_linked(struct build *b)
{
	/* links are opened, used and one is closed; the lane moves */
	static const uint8_t first[] = {13,  1, 0, 1,	25,  1, 1, 7,	2, 200, 1, 5, 1, 201, 1, 5, 2,
					200, 1, 6, 1,	202, 1, 6, 2, 203, 1, 9, 1};
	static const uint8_t second[] = {13,  1, 0, 1, 25,  1, 1, 7, 2, 201, 1, 5, 1,
					 200, 1, 7, 1, 203, 1, 9, 1, 201, 1, 7, 2};

	build_init(b, 26);
	build_clock(b, 1, 1000, 1000000000);
	build_raw(b, 1, 7, 1000, first, sizeof(first));
	build_mark(b);
	build_clock(b, 2, 2000, 1000000000);
	build_raw(b, 2, 7, 2000, second, sizeof(second));
	b->len--;
}

/* Spans and objects, freed and not, in them and out of them, of types with names. */
static void build_heap(struct build *b)
{
	static const uint8_t info[] = {1, 0x80, 0x80, 1, 0x80, 0x40, 8, 0x80, 0x10};
	static const uint8_t types[] = {0, 1, 0, 24, 8, 4, 'm', '.', 'N', 'o', 2, 0, 16, 0, 1, 'b'};
	/* type, dt, arguments: Span, HeapObject, SpanAlloc, HeapObjectAlloc and Free, ... */
	static const uint8_t events[] = {
		128, 1, 0, 1, 8, 131, 1, 0, 1, 129, 1, 4, 1, 10, 132, 1, 2, 1, 132, 1, 3, 2,
		133, 1, 2, 133, 1, 2, 132, 1, 200, 1, 1, 132, 1, 0xd8, 4, 2, 133, 1, 0xd8, 4,
		129, 1, 9, 1, 6, 129, 1, 9, 1, 6, 130, 1, 4, 130, 1, 4};

	build_init(b, 26);
	for (uint64_t n = 1; n < 3; n++) {
		build_clock(b, n, n * 1000, 1000000000);
		for (int i = 0; i < 2; i++) {
			build_experiment(b, 1, n, BUILD_NOBODY, n * 1000);
			build_bytes(b, i == 0 ? info : types, i == 0 ? sizeof(info) : sizeof(types));
			build_close(b);
		}
		build_raw(b, n, 7, n * 1000, events, sizeof(events));
		build_mark(b);
	}
}

static void build_prepared(void)
{
	embedded_build(&embedded.trace);
	build_linked(&linked.trace);
	linked.specs = ways_orders();
	build_heap(&heap.trace);
	script_build(&spanned.trace, 26,
		     "7@100: +1 ProcStatus 0 1, +1 GoStatus 1 7 2\n"
		     "-1@101: +1 GoStatus 2 -1 4, +1 GoStatus 3 -1 1, +1 ProcStatus 1 2\n"
		     "7@200: +1 UserTaskBegin 5 0 1 1, +1 UserRegionBegin 5 2 1, +1 STWBegin 2 1, +1 STWEnd,"
		     " +1 GoCreate 4 1 1, +1 GoBlock 1 1, +1 GoStart 4 1, +1 GoSyscallBegin 1 1,"
		     " +1 GoSyscallEnd, +1 GoDestroy\n"
		     "gen 2\n7@300: +1 ProcStatus 0 1\n-1@300: +1 GoStatus 1 -1 4, +1 GoStatus 2 -1 4,"
		     " +1 GoStatus 3 -1 1, +1 ProcStatus 1 2\n");
	/* of every state into every other, with events that do not order in between */
	script_build(&torn.trace, 26, RICH_SCRIPT
		     "\ngen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2, UserTaskBegin 8 0 1 0, GCBegin 3 0, "
		     "GCMarkAssistBegin 0, UserRegionBegin 0 2 0, STWBegin 3 0, GoStart 77 1\n"
		     "8@310: ProcStatus 1 1, GoStatus 9 8 2, GoSyscallBegin 1 1, GoStart 78 1\n"
		     "gen 4\n7@400: ProcStatus 0 2, GoStatus 1 7 1, GoStatus 5 -1 4\n"
		     "9@410: ProcStatus 1 1, GoStatus 9 9 2, UserTaskBegin 8 0 3 1, UserRegionEnd 0 2 0, "
		     "GCSweepBegin 1, GCEnd 6, GoStart 77 1");
}

static void open_packed(void)
{
	static const char *const names[] = {"gzip-members", "tar-zstd", "xz"};

	for (size_t i = 0; i < COUNT(names); i++) {
		char path[64];
		uint8_t data[16384];
		size_t n;
		FILE *f;

		snprintf(path, sizeof(path), "lib/fuzz/corpus/source/%s", names[i]);
		f = fopen(path, "rb");
		ck_assert_msg(f != NULL, "no %s here", path);
		n = fread(data, 1, sizeof(data), f);
		fclose(f);
		/* behind the byte that seeds the target's moves */
		packed_fds[i] = input_file(data + 1, n - 1);
	}
}

static void set_up(void)
{
	open_packed();
	build_prepared();
	/* with a generation that cannot be ordered, and damage between two */
	script_build(&input, 26, RICH_SCRIPT "\ngen 3\n7@300: GoDestroy\ngen 4\n7@400: Span 1 1 1");
	build_byte(&input, 0x77);
	for (uint64_t n = 5; n < 8; n++) {
		build_clock(&input, n, n * 1000, 1000000000);
		build_raw(&input, n, 7, n * 1000, "\x82\x01\x05", 3);
		build_mark(&input);
	}
	input_fd = input_file(input.data, input.len);
}

static void tear_down(void)
{
	for (size_t i = 0; i < COUNT(packed_fds); i++)
		close(packed_fds[i]);
	close(input_fd);
	build_release(&input);
	build_release(&embedded.trace);
	build_release(&linked.trace);
	build_release(&heap.trace);
	build_release(&torn.trace);
	build_release(&spanned.trace);
}

static action *const actions[] = {read_events, read_generations, read_file, read_packets,
				  read_compressed, read_wire, make_specs, read_embedded, read_linked,
				  read_gzip, read_tar, read_xz,
				  read_heap, read_spans, repair_torn, repair_embedded, repair_linked};

/* Or all tests here would pass and show nothing. */
START_TEST(the_tests_are_linked_so_that_calls_can_fail)
{
	ck_assert_uint_gt(count_calls(read_events, FAULT_ALLOC), 20);
	ck_assert_uint_gt(count_calls(make_specs, FAULT_ALLOC), 5);
	ck_assert_uint_gt(count_calls(read_packets, FAULT_READ), 40);
	ck_assert_uint_gt(count_calls(read_compressed, FAULT_READ), 1);
	ck_assert_uint_gt(count_calls(read_file, FAULT_MAP), 0);
}
END_TEST

START_TEST(no_memory_once_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_ALLOC, false, TT_E_MEMORY);
}
END_TEST

START_TEST(no_memory_for_good_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_ALLOC, true, TT_E_MEMORY);
}
END_TEST

START_TEST(a_read_that_fails_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_READ, false, TT_E_IO);
	fail_everywhere(actions[_i], FAULT_READ, true, TT_E_IO);
}
END_TEST

START_TEST(a_read_that_is_interrupted_is_made_again)
{
	fail_everywhere(actions[_i], FAULT_INTERRUPT, false, 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_mapped_is_read)
{
	fail_everywhere(actions[_i], FAULT_MAP, true, 0);
}
END_TEST

Suite *fault_suite(void)
{
	Suite *suite = suite_create("fault");
	TCase *tc = tcase_create("the machine fails");
	const int n = (int)COUNT(actions);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_tests_are_linked_so_that_calls_can_fail);
	tcase_add_loop_test(tc, no_memory_once_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, no_memory_for_good_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, a_read_that_fails_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, a_read_that_is_interrupted_is_made_again, 0, n);
	tcase_add_loop_test(tc, a_file_that_cannot_be_mapped_is_read, 0, n);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return suite;
}
