/* SPDX-License-Identifier: MIT */
/*
 * anonymize_test.c - new names: what a name becomes; that it is an HMAC; lists of names; a small
 * trace that has a little of everything, anonymized and restored; a batch that grows beyond its
 * size; damage, of which no byte is copied.
 */
#include <errno.h>

#include "edit/rename.h"
#include "spec/types.h"
#include "tests/embedded.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/sanitized.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_write.h"


static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static struct tt_names *new_names(const char *key, unsigned flags)
{
	struct tt_names *n;
	struct tt_error err;

	ck_assert_int_eq(tt_names_new(&n, key, strlen(key), flags, &err), 0);
	return n;
}

static struct tt_anonymizer_progress anonymize(struct build *out, const struct build *in,
					       struct tt_names *names, unsigned flags)
{
	const struct tt_anonymizer_options opt = {
		.size = sizeof(opt), .flags = flags, .names = names};
	const struct tt_sink sink = {.write = append, .arg = out};
	struct tt_reader *r = test_open(in->data, in->len, 0);
	struct tt_anonymizer_progress progress;
	struct tt_anonymizer *a;
	struct tt_error err;
	int rc;

	memset(out, 0, sizeof(*out));
	ck_assert_int_eq(tt_anonymizer_new(&a, r, &sink, &opt, &err), 0);
	do
		rc = tt_anonymizer_next(a);
	while (rc == 0);
	ck_assert_msg(rc == TT_END, "%s", tt_anonymizer_error(a)->message);
	progress = tt_anonymizer_progress(a);
	progress.damage = NULL;
	tt_anonymizer_free(a);
	tt_reader_close(r);
	return progress;
}

static bool contains(const struct build *b, const char *text)
{
	return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

/* ---- names */

/* '#' stands for the digits of a name. */
static const struct {
	enum tt_name_use use;
	const char *old, *expected;
} forms[] = {
	{TT_NAME_FUNCTION, "main.main", "main.main"},
	{TT_NAME_FUNCTION, "main.main.func1.2", "main.main.func1.2"},
	{TT_NAME_FUNCTION, "main.main.gowrap3", "main.main.gowrap3"},
	{TT_NAME_FUNCTION, "main.main-range1", "main.main-range1"},
	{TT_NAME_FUNCTION, "main.init.0", "main.init.0"},
	{TT_NAME_FUNCTION, "main.work", "main.f#"},
	{TT_NAME_FUNCTION, "main.work.func1", "main.f#.func1"},
	{TT_NAME_FUNCTION, "main.func1", "main.f#"},
	{TT_NAME_FUNCTION, "main.(*Server).Serve-fm", "main.(*T#).f#-fm"},
	{TT_NAME_FUNCTION, "main.Kind.String", "main.T#.f#"},
	{TT_NAME_FUNCTION, "main.Map[...]", "main.f#[...]"},
	{TT_NAME_FUNCTION, "main.(*List[...]).Push", "main.(*T#[...]).f#"},
	{TT_NAME_FUNCTION, "main.Map[int,main.Secret]", "main.f#[int,main.T#]"},
	{TT_NAME_FUNCTION, "main._Cfunc_secret", "main._Cfunc_f#"},
	{TT_NAME_FUNCTION, "main.glob..func1", "main.glob..func1"},
	{TT_NAME_FUNCTION, "main.map.init.0", "main.map.init.0"},
	{TT_NAME_FUNCTION, "acme.com/db/v2.Open.deferwrap1", "p#/p#/p#.f#.deferwrap1"},
	{TT_NAME_FUNCTION, "acme.com/db%2ev2.init", "p#/p#.init"},
	{TT_NAME_FUNCTION, "net/http.(*conn).serve", "net/http.(*conn).serve"},
	{TT_NAME_FUNCTION, "slices.SortFunc[go.shape.struct { main.secret int }]",
	 "slices.SortFunc[go.shape.struct { main.secret int }]"},
	{TT_NAME_FUNCTION, "slices.Sort[[]main.Secret]", "slices.Sort[[]main.T#]"},
	{TT_NAME_FUNCTION, "net/httpx.Get", "p#/p#.f#"},
	{TT_NAME_FUNCTION, "type:.eq.main.secret", "type:.eq.main.T#"},
	{TT_NAME_FUNCTION, "main", "main"},
	{TT_NAME_FUNCTION, "do_work", "f#"},
	{TT_NAME_FUNCTION, "ns::Class::method(int, char const*)", "f#::f#::f#(T#, f# f#*)"},
	{TT_NAME_FUNCTION, "\x01secret", "f#"},
	{TT_NAME_TYPE, "map[string][]*acme.Conn", "map[string][]*p#.T#"},
	{TT_NAME_TYPE, "struct { F uintptr; secret *main.T }",
	 "struct { T# uintptr; T# *main.T# }"},
	{TT_NAME_TYPE, "func(context.Context) (int, error)", "func(context.Context) (int, error)"},
	{TT_NAME_TYPE, "*http.Server", "*http.Server"},
	{TT_NAME_TYPE, "*http.Secret", "*p#.T#"},
	{TT_NAME_TYPE, "x/http.Server", "p#/p#.T#"},
	{TT_NAME_TYPE, "atomic.Pointer[main.Secret]", "atomic.Pointer[main.T#]"},
	{TT_NAME_TASK, "work of ann", "task-#"},
	{TT_NAME_REASON, "chan receive", "chan receive"},
	{TT_NAME_REASON, "ann waits", "reason-#"},
	{TT_NAME_REGION, "sleep", "region-#"},
	{TT_NAME_LABEL, "GC (idle)", "GC (idle)"},
	{TT_NAME_LABEL, "ann", "label-#"},
	{TT_NAME_TEXT, "", ""},
};

/* Puts '#' in the place of 16 digits. */
static void shorten(char *out, struct tt_str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = 0;

		while (i + n < s.len && tt_is_digit(s.data[i + n]))
			n++;
		*out++ = n == 16 ? '#' : s.data[i];
		i += n == 16 ? n : 1;
	}
	*out = '\0';
}

START_TEST(a_name_keeps_its_form)
{
	struct tt_mem mem = {0};
	struct tt_names *names = new_names("a key of the test", 0);
	struct tt_rename r;
	struct tt_str old = {forms[_i].old, strlen(forms[_i].old)};
	char form[512];

	tt_rename_init(&r, names, NULL, &mem);
	shorten(form, tt_rename_text(&r, forms[_i].use, old, 1024));
	/* (a literal type in the name of a kept function is not worth reading it) */
	if (strchr(forms[_i].old, '{') != NULL && forms[_i].use == TT_NAME_FUNCTION)
		ck_assert_ptr_null(strstr(form, "secret"));
	else
		ck_assert_str_eq(form, forms[_i].expected);
	ck_assert(!r.failed);
	tt_rename_release(&r);
	tt_names_free(names);
}
END_TEST

static const struct {
	const char *old, *package, *expected;
} paths[] = {
	{"/usr/lib/go/src/net/http/server.go", "net/http", "$GOROOT/src/net/http/server.go"},
	{"net/http/server.go", "net/http", "net/http/server.go"},
	{"/usr/lib/go/src/runtime/sema.go", "sync", "$GOROOT/src/runtime/sema.go"},
	{"/home/ann/secret/server.go", "net/http", "/p#/p#/p#/file-#.go"},
	{"/home/ann/db@v1.2.3/conn_linux.go", "", "/p#/p#/p#@v#/file-#.go"},
	{"C:\\ann\\x.go", "", "C:\\p#\\file-#.go"},
	{"../x.c", "", "../file-#.c"},
	{"<autogenerated>", "", "<autogenerated>"},
	{"/lib/libsecret.so.1", "", "/p#/file-#"},
	{"/m/golang.org/x/net@v0.1.0/http2/a.go", "golang.org/x/net/http2",
	 "$GOPATH/golang.org/x/net@v0.1.0/http2/a.go"},
};

START_TEST(a_path_keeps_its_form)
{
	struct tt_mem mem = {0};
	struct tt_names *names = new_names("a key of the test", 0);
	struct tt_rename r;
	struct tt_str old = {paths[_i].old, strlen(paths[_i].old)};
	struct tt_str package = {paths[_i].package, strlen(paths[_i].package)};
	char form[512];

	tt_rename_init(&r, names, NULL, &mem);
	shorten(form, tt_rename_file(&r, old, package, 1024));
	ck_assert_str_eq(form, paths[_i].expected);
	tt_rename_release(&r);
	tt_names_free(names);
}
END_TEST

/* Made by Python: hmac.new(key, domain + b"\0" + text, "sha256"), the first 8 bytes modulo
 * 10**16. A key longer than a block is hashed first. */
START_TEST(a_name_is_an_hmac)
{
	static const struct {
		const char *key, *name;
	} made[] = {
		{"0123456789abcdef", "task-6358923152610632"},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 "task-1809697354846133"},
	};
	struct tt_names *names = new_names(made[_i].key, 0);
	struct tt_str name;

	ck_assert(tt_names_name(names, TT_NAME_TASK, (struct tt_str){"task0", 5}, &name));
	ck_assert_uint_eq(name.len, strlen(made[_i].name));
	ck_assert_int_eq(memcmp(name.data, made[_i].name, name.len), 0);
	tt_names_free(names);
}
END_TEST

START_TEST(a_name_that_grows_too_long_becomes_one)
{
	struct tt_mem mem = {0};
	struct tt_names *names = new_names("a key of the test", 0);
	char path[601], form[64];
	struct tt_rename r;

	memset(path, '/', 600);
	for (int i = 1; i < 600; i += 2)
		path[i] = (char)('a' + i / 2 % 26);
	tt_rename_init(&r, names, NULL, &mem);
	shorten(form, tt_rename_file(&r, (struct tt_str){path, 600}, (struct tt_str){"", 0}, 1024));
	ck_assert_str_eq(form, "file-#");
	tt_rename_release(&r);
	tt_names_free(names);
}
END_TEST

START_TEST(random_keys_differ)
{
	struct tt_names *a = new_names("", 0), *b = new_names("", 0);
	struct tt_str x, y;

	ck_assert(tt_names_name(a, TT_NAME_TASK, (struct tt_str){"work", 4}, &x));
	ck_assert(tt_names_name(b, TT_NAME_TASK, (struct tt_str){"work", 4}, &y));
	ck_assert_int_ne(memcmp(x.data, y.data, x.len), 0);
	tt_names_free(a);
	tt_names_free(b);
}
END_TEST

/* ---- lists */

static void list_names(struct build *list, const struct tt_names *names)
{
	static const char head[] = "# tracetool names 1\n";
	struct tt_name name;

	memset(list, 0, sizeof(*list));
	build_bytes(list, head, sizeof(head) - 1);
	for (size_t i = 0; tt_names_at(names, i, &name); i++) {
		char line[8192];
		size_t n = tt_name_format(&name, line, sizeof(line));

		ck_assert_uint_le(n, sizeof(line));
		build_bytes(list, line, n);
	}
}

START_TEST(a_list_that_is_wrong_is_refused)
{
	static const char *const lists[] = {
		"",
		"names\n",
		"# tracetool names 1\ntask-1\n",
		"# tracetool names 1\ntask-1 work \"x\"\n",
		"# tracetool names 1\ntask-1 task x\n",
		"# tracetool names 1\ntask-1 task \"x\n",
		"# tracetool names 1\ntask-1 task \"\\q\"\n",
		"# tracetool names 1\ntask-1 task \"\n",
		"# tracetool names 1\ntask-1 task \"x\"\ntask-1 task \"y\"\n",
		"# tracetool names 1\ntask-1 task \"x\"\ntask-2 task \"x\"\n",
	};
	struct tt_names *names;
	struct tt_error err;

	ck_assert_int_eq(tt_names_load(&names, lists[_i], strlen(lists[_i]), &err),
			 -TT_E_ARGUMENT);
	ck_assert_ptr_null(names);
	ck_assert_int_eq(strncmp(err.message, "line ", 5), 0);
}
END_TEST

/* ---- traces */

/* What two readers return is the same but for texts. */
static void same_events(const struct build *x, const struct build *y)
{
	struct tt_reader *a = test_open(x->data, x->len, 0), *b = test_open(y->data, y->len, 0);
	const struct tt_event *p, *q;
	int rc;

	do {
		rc = tt_reader_next(a, &p);
		ck_assert_int_eq(tt_reader_next(b, &q), rc);
		if (rc != 0)
			break;
		ck_assert_int_eq(p->time_ns, q->time_ns);
		ck_assert_int_eq(p->kind, q->kind);
		ck_assert_int_eq(p->goroutine, q->goroutine);
		ck_assert_uint_eq(tt_event_stack(p, NULL), tt_event_stack(q, NULL));
	} while (true);
	ck_assert_int_eq(tt_reader_error(a)->code, tt_reader_error(b)->code);
	tt_reader_close(a);
	tt_reader_close(b);
}

START_TEST(what_is_restored_is_the_source)
{
	struct tt_names *names = new_names("a key of the test", TT_NAMES_KEEP), *old;
	struct build in, out, back, again, list;
	struct tt_error err;

	script_build(&in, test_versions[_i], RICH_SCRIPT);
	anonymize(&out, &in, names, 0);
	same_events(&in, &out);
	list_names(&list, names);
	ck_assert_int_eq(tt_names_load(&old, list.data, list.len, &err), 0);
	anonymize(&back, &out, old, 0);
	same_events(&in, &back);
	/* the same names once more */
	anonymize(&again, &back, names, 0);
	ck_assert_uint_eq(again.len, out.len);
	ck_assert_mem_eq(again.data, out.data, out.len);
	tt_names_free(names);
	tt_names_free(old);
	build_release(&in);
	build_release(&out);
	build_release(&back);
	build_release(&again);
	build_release(&list);
}
END_TEST

START_TEST(embedded_specs_have_other_names)
{
	struct tt_names *names = new_names("a key of the test", 0);
	struct build in, out;

	embedded_build(&in);
	anonymize(&out, &in, names, 0);
	same_events(&in, &out);
	ck_assert(contains(&in, "experiment"));
	ck_assert(contains(&out, "experiment name"));
	tt_names_free(names);
	build_release(&in);
	build_release(&out);
}
END_TEST

/* Events whose strings get longer ids: a batch that was full becomes two. */
START_TEST(a_batch_that_grows_is_divided)
{
	struct tt_names *names = new_names("a key of the test", 0);
	static const unsigned char statuses[] = {TT_EV_PROC_STATUS, 1, 0, 1,
						 TT_EV_GO_STATUS, 1, 1, 1, 2};
	struct build in, out;
	const unsigned nevents = 10000;

	build_init(&in, 26);
	build_clock(&in, 1, 1, 1000000000);
	build_batch(&in, 1, 1, 1);
	build_bytes(&in, statuses, sizeof(statuses));
	for (unsigned i = 0; i < nevents; i++) {
		const unsigned char event[] = {TT_EV_USER_LOG, 1, 0, 1, 1, 0};

		build_bytes(&in, event, sizeof(event));
	}
	build_close(&in);
	build_batch(&in, 1, (uint64_t)-1, 1);
	build_byte(&in, TT_EV_STRINGS);
	build_string(&in, 1, "both", 4);
	build_close(&in);
	build_mark(&in);
	anonymize(&out, &in, names, 0);
	same_events(&in, &out);
	ck_assert(!contains(&out, "both"));
	tt_names_free(names);
	build_release(&in);
	build_release(&out);
}
END_TEST

/* The trace of rich.h with texts that must not come out, cut at each byte, and each byte of it
 * damaged: nothing of the texts comes out, and what was lost is counted. */
static const char *const secrets[] = {"secret", "mnemonic"};

static void build_secret(struct build *b)
{
	static const char text[] = "/secret/mnemonic/secret";
	static const unsigned char status[] = {TT_EV_PROC_STATUS, 1, 0, 1};

	build_init(b, 26);
	build_clock(b, 1, 1, 1000000000);
	build_batch(b, 1, 1, 1);
	build_bytes(b, status, sizeof(status));
	build_close(b);
	build_batch(b, 1, (uint64_t)-1, 1);
	build_byte(b, TT_EV_STRINGS);
	for (uint64_t id = 1; id < 4; id++)
		build_string(b, id, text, sizeof(text) - 1);
	build_close(b);
	build_experiment(b, 1, 1, 1, 1);
	build_bytes(b, "\0\1\2\3\4\6secret", 12);
	build_close(b);
	build_experiment(b, 77, 1, 1, 1);
	build_bytes(b, text, sizeof(text) - 1);
	build_close(b);
	build_mark(b);
}

static void holds_no_secret(const struct build *in, const char *what, size_t at)
{
	struct tt_names *names = new_names("a key of the test", 0);
	struct build out;

	anonymize(&out, in, names, 0);
	for (size_t i = 0; i < COUNT(secrets); i++)
		ck_assert_msg(!contains(&out, secrets[i]), "%s %zu: %s", what, at, secrets[i]);
	tt_names_free(names);
	build_release(&out);
}

START_TEST(no_byte_of_a_text_comes_out)
{
	struct build in;

	build_secret(&in);
	holds_no_secret(&in, "whole", 0);
	for (size_t at = 16; at < in.len; at++) {
		struct build cut = in;

		cut.len = at;
		holds_no_secret(&cut, "cut at", at);
		/* under sanitizers one bit of 8 or none, another one in the next byte */
		for (size_t bit = at % TT_EVERY; bit < 8; bit += TT_EVERY) {
			in.data[at] ^= (uint8_t)(1u << bit);
			holds_no_secret(&in, "flip at", at);
			in.data[at] ^= (uint8_t)(1u << bit);
		}
	}
	build_release(&in);
}
END_TEST

static bool refuse(void *arg, const void *data, size_t nbytes)
{
	(void)arg;
	(void)data;
	(void)nbytes;
	errno = ENOSPC;
	return false;
}

START_TEST(a_sink_that_fails_ends_it)
{
	struct tt_names *names = new_names("a key of the test", 0);
	const struct tt_anonymizer_options opt = {.size = sizeof(opt), .names = names};
	const struct tt_sink sink = {.write = refuse};
	struct tt_anonymizer *a;
	struct tt_error err;
	struct tt_reader *r;
	struct build in;

	script_build(&in, 26, RICH_SCRIPT);
	r = test_open(in.data, in.len, 0);
	ck_assert_int_eq(tt_anonymizer_new(&a, r, &sink, &opt, &err), 0);
	ck_assert_int_eq(tt_anonymizer_next(a), -TT_E_IO);
	ck_assert_int_eq(tt_anonymizer_next(a), -TT_E_IO);
	ck_assert_int_eq(tt_anonymizer_error(a)->system_errno, ENOSPC);
	tt_anonymizer_free(a);
	tt_reader_close(r);
	tt_names_free(names);
	build_release(&in);
}
END_TEST

Suite *anonymize_suite(void)
{
	Suite *s = suite_create("anonymize");
	TCase *tc = tcase_create("anonymize");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_name_keeps_its_form, 0, COUNT(forms));
	tcase_add_loop_test(tc, a_path_keeps_its_form, 0, COUNT(paths));
	tcase_add_loop_test(tc, a_name_is_an_hmac, 0, 2);
	tcase_add_test(tc, a_name_that_grows_too_long_becomes_one);
	tcase_add_test(tc, random_keys_differ);
	tcase_add_loop_test(tc, a_list_that_is_wrong_is_refused, 0, 10);
	tcase_add_loop_test(tc, what_is_restored_is_the_source, 0, TEST_NVERSIONS);
	tcase_add_test(tc, embedded_specs_have_other_names);
	tcase_add_test(tc, a_batch_that_grows_is_divided);
	tcase_add_test(tc, no_byte_of_a_text_comes_out);
	tcase_add_test(tc, a_sink_that_fails_ends_it);
	suite_add_tcase(s, tc);
	return s;
}
