/* SPDX-License-Identifier: MIT */
/*
 * spec_language_test.c - the spec language: what each clause gives, each rule with
 * a text that breaks it, and texts that nobody would write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/parse.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct tt_specs *specs;
static struct tt_error error;

static void setup(void)
{
	ck_assert_int_eq(tt_specs_new(&specs, &error), 0);
}

static void teardown(void)
{
	tt_specs_free(specs);
	specs = NULL;
}

static void add_ok(const char *text)
{
	if (tt_specs_add(specs, "test.spec", text, strlen(text), &error) != 0)
		ck_abort_msg("%s", error.message);
}

/* Parts that most texts need. */
#define X "experiment Pool 7\n"
#define EV "event Get 140 since 1.26\n"
#define TIMED "args dt conn\nneeds thread\n"
#define ORDERED "args dt conn seq\nneeds thread\n"

/* ---------------------------------------------------------------- mistakes */

struct found {
	int n, nwarnings;
	const char *warning; /* the rule of the last one */
	struct tt_spec_mistake first, last;
	char message[TT_ERROR_MESSAGE_SIZE];
	bool sorted;
};

static void find(void *arg, const struct tt_spec_mistake *m)
{
	struct found *f = arg;

	ck_assert_uint_ge(m->line, 1);
	ck_assert_uint_ge(m->column, 1);
	ck_assert_ptr_nonnull(m->rule);
	ck_assert_str_ne(m->message, "");
	ck_assert_ptr_null(strchr(m->message, '\n'));
	if (m->warning) {
		f->nwarnings++;
		f->warning = m->rule;
		return;
	}
	if (f->n == 0) {
		f->first = *m;
		strcpy(f->message, m->message);
	} else if (m->line < f->last.line ||
		   (m->line == f->last.line && m->column < f->last.column)) {
		f->sorted = false;
	}
	f->last = *m;
	f->n++;
}

static struct found check(const struct tt_specs *against, const char *text, size_t len, int want)
{
	struct found f = {.sorted = true};

	ck_assert_int_eq(tt_specs_check(against, text, len, find, &f), want);
	ck_assert_int_eq(f.n, want < 100 ? want : 100);
	ck_assert(f.sorted);
	return f;
}

#define BT "batch T tag 1\nfield a varint key\n"
#define ONE "batch One tag 2 once\nfield base u64\nfield name string\n"

#define RC "record R\nfield a u8\n"
#define EN "enum Color\nvalue red 1\n"

/* Each text has this one mistake. */
static const struct bad {
	const char *text;
	unsigned line, column;
	const char *rule;
	const char *message; /* a part of it */
} bad[] = {
	/* lines and words */
	{X "doc \x01", 2, 5, "bad-byte", "a control character"},
	{X "doc \x7f", 2, 5, "bad-byte", "a control character"},
	{X "doc a\rb", 2, 6, "bad-byte", "a control character"},
	{X "doc \xff", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xc3", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xc0\xaf", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xc2\x9b"
	   "2J",
	 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xe0\x80\xaf", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xed\xa0\x80", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xf4\x90\x80\x80", 2, 5, "bad-byte", "not UTF-8"},
	{X "doc \xf0\x9f\x98", 2, 5, "bad-byte", "not UTF-8"},
	{X EV TIMED "shows metric \"x conn", 5, 14, "open-quote", "another \""},
	{X EV "args dt a_a a_b a_c a_d a_e a_f a_g a_h a_i a_j a_k a_l a_m a_n a_o a_p a_q a_r "
	      "a_s a_t a_u a_v a_w a_x a_y a_z b_a b_b b_c b_d b_e b_f b_g b_h b_i b_j b_k b_l "
	      "b_m b_n b_o b_p b_q b_r b_s b_t b_u b_v b_w b_x b_y b_z c_a c_b c_c c_d c_e c_f "
	      "c_g c_h c_i c_j c_k c_l\nneeds thread",
	 3, 257, "extra-word", "more words than"},

	/* clauses */
	{"", 1, 1, "no-experiment", "declares nothing"},
	{"# a comment\n\n", 1, 1, "no-experiment", "declares nothing"},
	{X "evnt Get 140 since 1.26\n", 2, 1, "unknown-word", "did you mean `event`"},
	{X "\"event\" Get\n", 2, 1, "unknown-word", "`event` must not be in quotes"},
	{X "xyzzy\n", 2, 1, "unknown-word", "expected one of experiment, event, doc, args"},
	{X "needs thread\n", 2, 1, "out-of-place", "begin one with `event`"},
	{"doc x\n" X, 1, 1, "out-of-place", "begin one with `event`"},
	{X EV TIMED "experiment More 8\n", 5, 1, "out-of-place", "before the first event"},
	{X "experiment More 8\n", 2, 1, "clause-twice", "a file of its own"},
	{X "doc a\n doc b\n", 3, 2, "clause-twice", "a second `doc`"},
	{X EV TIMED "needs thread\n", 5, 1, "clause-twice", "a second `needs`"},

	/* types of fields */
	{X "batch T only\nfield a u7\n", 3, 9, "unknown-word", "did you mean `u8`"},
	{X "batch T only\nfield a Wxyz\n", 3, 9, "unknown-word", "or a `record` of the lines"},
	{X "batch T only\nfield a \"u8\"\n", 3, 9, "unknown-word", "must not be in quotes"},
	{X "batch T only\nfield a string 65537\n", 3, 16, "bad-number", "from 1 to 65536"},
	{X "batch T only\nfield a string 0\n", 3, 16, "bad-number", "from 1 to 65536"},
	{X "batch T only\nfield a cstring 4\n", 3, 17, "extra-word", "found `4`"},
	{X "batch T only\nfield a f64 key\n", 3, 13, "wrong-type", "a key must be a number"},
	{X "batch T only\nfield a bool key\n", 3, 14, "wrong-type", "a key must be a number"},
	{X "batch T only\nfield a cstring key\n", 3, 17, "wrong-type", "a key must be a number"},
	/* records */
	{"record R\n", 1, 1, "out-of-place", "belongs to an experiment"},
	{X "record\n", 2, 7, "missing-word", "the record's name"},
	{X "record R S\nfield a u8\n", 2, 10, "extra-word", "found `S`"},
	{X "record R\n", 2, 8, "fields-missing", "`R` has no fields"},
	{X RC "record R\nfield a u8\n", 4, 8, "name-taken", "a second record `R`"},
	{X RC "batch R only\nfield a u8\n", 4, 7, "name-taken", "the record in line 2"},
	{X "record list\nfield a u8\n", 2, 8, "reserved-word", "is a type of fields"},
	{X "record u8\nfield a u8\n", 2, 8, "reserved-word", "is a type of fields"},
	{X "record R\nfield a u8 key\n", 3, 12, "contradiction", "have no key"},
	{X RC "shows a\n", 4, 1, "out-of-place", "`shows` is not allowed here"},
	{X "record R\nfield a R\n", 3, 9, "contradiction", "cannot contain itself"},
	{X "record R\nfield a u8\nfield b list of R\n", 4, 17, "contradiction", "contain itself"},
	{X "batch T only\nfield a R\n" RC, 3, 9, "unknown-word", "of the lines above"},
	{X RC "batch T only\nfield a r\n", 5, 9, "unknown-word", "unknown field type `r`"},
	{X "record Frame\nfield a u8\nbatch T only\nfield a Fraem\n", 5, 9, "unknown-word",
	 "did you mean `Frame`"},
	{X "batch B only\nfield a u8\nrecord R\nfield a B\n", 5, 9, "unknown-word",
	 "unknown field type `B`"},
	{X "record A\nfield a u8\nrecord B\nfield a A\nrecord C\nfield a B\nrecord D\nfield a C\n"
	   "record E\nfield a D\nrecord F\nfield a E\nrecord G\nfield a F\nrecord H\nfield a G\n"
	   "record I\nfield a H\nrecord J\nfield a I\n",
	 21, 9, "too-deep", "more than 8 records"},
	{X RC BT EV TIMED "refers conn R\n", 9, 13, "unknown-word", "unknown batch `R`"},
	{X RC "batch T only\nfield a R key\n", 5, 11, "wrong-type", "a key must be a number"},
	{X RC "batch T only\nfield i u8 key\nfield a R\nshows a\n", 7, 7, "wrong-type",
	 "`a`, which is a record"},
	/* lists */
	{X "batch T only\nfield a list\n", 3, 13, "missing-word", "how many there are"},
	{X "batch T only\nfield a list of\n", 3, 16, "missing-word", "the field's type"},
	{X "batch T only\nfield a list 3\n", 3, 15, "missing-word", "`of`"},
	{X "batch T only\nfield a list 3 u8\n", 3, 16, "unknown-word", "expected of"},
	{X "batch T only\nfield a list 0 of u8\n", 3, 14, "bad-number", "from 1 to 65536"},
	{X "batch T only\nfield a list 65537 of u8\n", 3, 14, "bad-number", "from 1 to 65536"},
	{X "batch T only\nfield a list n of u8\n", 3, 14, "unknown-word", "unknown field `n`"},
	{X "batch T only\nfield n f32\nfield a list n of u8\n", 4, 14, "wrong-type",
	 "a whole number, found `n`"},
	{X "batch T only\nfield n list 2 of u8\nfield a list n of u8\n", 4, 14, "wrong-type",
	 "a whole number, found `n`"},
	{X "batch T only\nfield i u8\nfield n u8 if i\nfield a list n of u8\n", 5, 14,
	 "contradiction", "not always there"},
	{X "batch T only\nfield a list of list of u8\n", 3, 17, "wrong-type", "a list of lists"},
	{X "batch T only\nfield a list of varint key\n", 3, 24, "wrong-type", "must be a number"},
	{X "batch T only\nfield i u8 key\nfield a list of u8\nshows a\n", 5, 7, "wrong-type",
	 "`a`, which is a list"},
	/* conditions */
	{X "batch T only\nfield a u8 if\n", 3, 14, "missing-word", "the field that the condition"},
	{X "batch T only\nfield a u8 if b\n", 3, 15, "unknown-word", "unknown field `b`"},
	{X "batch T only\nfield i u8\nfield a u8 if a\n", 4, 15, "unknown-word", "field `a`"},
	{X "batch T only\nfield i f64\nfield a u8 if i\n", 4, 15, "wrong-type", "found `i`"},
	{X "batch T only\nfield i string\nfield a u8 if i\n", 4, 15, "wrong-type", "found `i`"},
	{X "batch T only\nfield i list of u8\nfield a u8 if i\n", 4, 15, "wrong-type",
	 "found `i`"},
	{X "batch T only\nfield i u8\nfield j u8 if i\nfield a u8 if j\n", 5, 15,
	 "contradiction", "`j` is not always there"},
	{X "batch T only\nfield i u8\nfield a u8 if i has\n", 4, 20, "missing-word",
	 "what the field is compared with"},
	{X "batch T only\nfield i u8\nfield a u8 if i has 0\n", 4, 21, "bad-number", "from 1 to"},
	{X "batch T only\nfield i u8\nfield a u8 if i is 256\n", 4, 20, "bad-number", "to 255"},
	{X "batch T only\nfield i u8\nfield a u8 if i is 0x\n", 4, 20, "bad-number", "`0x`"},
	{X "batch T only\nfield i u8\nfield a u8 if i is \"1\"\n", 4, 20, "bad-number", "`1`"},
	{X "batch T only\nfield i u8\nfield a u8 if i is red\n", 4, 20, "wrong-type",
	 "`red` is no number"},
	{X EN "batch T only\nfield i u8\nfield a u8 if i has red\nmeans i Color\n", 6, 21,
	 "wrong-type", "the name of a `flags` block"},
	{X EN "batch T only\nfield i u8\nfield a u8 if i is green\nmeans i Color\n", 6, 20,
	 "unknown-word", "no value of `Color`"},
	{X "batch T only\nfield i u8\nfield a u8 if i key\n", 4, 17, "contradiction",
	 "must always be there"},
	{X "batch T only\nfield i u8\nfield a u8 if i 3\n", 4, 17, "extra-word", "found `3`"},
	{X "batch One tag 2 once\nfield i u8\nfield base u8 if i\n" EV TIMED
	   "scales conn One base i\n",
	 8, 17, "contradiction", "remove its `if`"},
	/* values */
	{"enum E\n", 1, 1, "out-of-place", "belongs to an experiment"},
	{X "value a 1\n", 2, 1, "out-of-place", "begin one with `enum` or `flags`"},
	{X "enum\n", 2, 5, "missing-word", "the block's name"},
	{X "enum E F\nvalue a 1\n", 2, 8, "extra-word", "found `F`"},
	{X "enum 3\nvalue a 1\n", 2, 6, "bad-name", "the block's name"},
	{X "enum E\n", 2, 6, "values-missing", "`E` has no values"},
	{X "flags F\n" EV TIMED, 2, 7, "values-missing", "add `value NAME NUMBER`"},
	{X "enum ns\nvalue a 1\n", 2, 6, "reserved-word", "a word of `means`"},
	{X EN "flags Color\nvalue a 1\n", 4, 7, "name-taken", "the enum in line 2"},
	{X EN "enum Color\nvalue a 1\n", 4, 6, "name-taken", "a second enum `Color`"},
	{X RC "enum R\nvalue a 1\n", 4, 6, "name-taken", "the record in line 2"},
	{X EN "record Color\nfield a u8\n", 4, 8, "name-taken", "the enum in line 2"},
	{X EN "value red 3\n", 4, 7, "name-taken", "a second value `red`"},
	{X EN "value green 1\n", 4, 13, "id-taken", "the number of `red`"},
	{X EN "value green\n", 4, 12, "missing-word", "the value"},
	{X EN "value green 1 2\n", 4, 15, "extra-word", "found `2`"},
	{X EN "value green -1\n", 4, 13, "bad-number", "to 18446744073709551615"},
	{X EN "value green 18446744073709551616\n", 4, 13, "bad-number", "found `184"},
	{X EN "value green 0x10000000000000000\n", 4, 13, "bad-number", "found `0x1"},
	{X EN "value green 0xg\n", 4, 13, "bad-number", "digits of base 16"},
	{X "flags F\nvalue none 0\nvalue a 1\n", 3, 12, "bad-number", "from 1 to"},
	/* meanings */
	{X "means a ns\n", 2, 1, "out-of-place", "`means` is not allowed here"},
	{X EV TIMED "means\n", 5, 6, "missing-word", "an argument of this event"},
	{X EV TIMED "means conn\n", 5, 11, "missing-word", "what it means"},
	{X EV TIMED "means con ns\n", 5, 7, "unknown-word", "did you mean `conn`"},
	{X EV TIMED "means conn ns ns\n", 5, 15, "extra-word", "found `ns`"},
	{X EV TIMED "means conn percnt\n", 5, 12, "unknown-word", "did you mean `percent`"},
	{X EV TIMED "means conn Color\n", 5, 12, "unknown-word", "or the name of an `enum`"},
	{X EN EV TIMED "means conn Colro\n", 7, 12, "unknown-word", "did you mean `Color`"},
	{X EV TIMED "means conn \"ns\"\n", 5, 12, "bad-name", "found `ns`"},
	{X EV TIMED "means conn ns\nmeans conn us\n", 6, 7, "contradiction", "earlier `means`"},
	{X EN EV TIMED "means conn Color\nmeans conn us\n", 8, 7, "contradiction", "earlier"},
	{X EV "args dt wait_ns\nneeds thread\nmeans wait_ns us\n", 5, 7, "contradiction",
	 "by the end of its name"},
	{X EV "args dt g\nneeds thread\nmeans g hex\n", 5, 7, "wrong-type", "plain number"},
	{X "batch T only\nfield a u8\nmeans b ns\n", 4, 7, "unknown-word", "unknown field `b`"},
	{X "batch T only\nmeans b ns\nfield b u8\n", 3, 7, "unknown-word", "before this line"},
	{X "record T\nmeans b ns\nfield b u8\n", 3, 7, "unknown-word", "the record's fields"},
	{X "batch T only\nfield a u8\nmeans a\n", 4, 8, "missing-word", "`means FIELD FORM`"},
	{X "batch T only\nfield a u8\nmeans a Color\n", 4, 9, "unknown-word", "meaning `Color`"},
	{X "batch T only\nfield a string\nmeans a hex\n", 4, 7, "wrong-type", "found `a`"},
	{X "batch T only\nfield a f64\nmeans a ns\n", 4, 7, "wrong-type", "found `a`"},
	{X "batch T only\nfield g varint\nmeans g hex\n", 4, 7, "wrong-type", "found `g`"},
	{X "batch T only\nfield a varint\nmeans a zigzag\n", 4, 7, "wrong-type", "type `zigzag`"},
	{X "batch T only\nfield a u64\nmeans a f64\n", 4, 7, "wrong-type", "the type `f64`"},
	{X "batch T only\nfield a u8\nmeans a signed\n", 4, 7, "wrong-type", "type `i8`"},
	{X "batch T only\nfield a i8\nmeans a bool\n", 4, 7, "wrong-type", "type `bool`"},
	{X "batch T only\nfield a u8\nmeans a ns\nmeans a us\n", 5, 7, "contradiction", "earlier"},
	{X "batch T only\nfield a_ms u8\nmeans a_ms us\n", 4, 7, "contradiction", "its name"},
	/* keys and factors */
	{X BT EV "args dt why_string\nneeds thread\nrefers why_string T\n", 7, 8, "wrong-type",
	 "found `why_string`"},
	{X BT ONE EV "args dt g\nneeds thread\nscales g One base 8\n", 10, 8, "wrong-type",
	 "plain number"},
	{X EV TIMED "scales conn 5\n", 5, 14, "missing-word", "with the unit"},
	{X EV TIMED "scales conn 5 base\n", 5, 15, "bad-number", "found `base`"},
	{X EV TIMED "scales conn 5 8 9\n", 5, 17, "extra-word", "found `9`"},
	{X BT ONE EV TIMED "scales conn One 5 8\n", 10, 13, "contradiction", "remove `One`"},
	/* batches */
	{"batch T only\n", 1, 1, "out-of-place", "belongs to an experiment"},
	{X "field a varint\n", 2, 1, "out-of-place", "begin one with `batch`"},
	{X EV TIMED "field a varint\n", 5, 1, "out-of-place", "begin one with `batch`"},
	{X "batch\n", 2, 6, "missing-word", "the batch's name"},
	{X "batch T\nfield a varint\n", 2, 8, "missing-word", "`only` or `tag`"},
	{X "batch T ony\nfield a varint\n", 2, 9, "unknown-word", "did you mean `only`"},
	{X "batch T tag 256\nfield a varint\n", 2, 13, "bad-number", "from 0 to 255"},
	{X "batch T only twice\nfield a varint\n", 2, 14, "extra-word", "found `twice`"},
	{X "batch T only\n", 2, 7, "fields-missing", "`T` has no fields"},
	{X "batch T only lasts\nfield a varint\n", 2, 7, "contradiction", "or remove `lasts`"},
	{X "batch T only once\nfield a varint key\n", 2, 7, "contradiction", "it needs no key"},
	{X "batch T only\nfield a varint\nshows a\n", 2, 7, "contradiction", "but has no key"},
	{X BT "batch T tag 2\nfield a u8\n", 4, 7, "name-taken", "the first is in line 2"},
	{X BT "batch U tag 1\nfield a u8\n", 4, 13, "id-taken", "already that of batch `T`"},
	{X BT "batch U only\nfield a u8\n", 4, 9, "contradiction", "give both a `tag`"},
	{X BT "field a varint\n", 4, 7, "name-taken", "a second field `a`"},
	{X BT "field a_b_c varint\n", 4, 7, "bad-name", "a field's name"},
	{X BT "field thread varint\n", 4, 7, "reserved-word", "have a column `thread`"},
	{X BT "field b\n", 4, 8, "missing-word", "the field's type"},
	{X BT "field b int\n", 4, 9, "unknown-word", "unknown field type `int`"},
	{X BT "field b bytes 0\n", 4, 15, "bad-number", "how many bytes"},
	{X BT "field b bytes 65537\n", 4, 15, "bad-number", "how many bytes"},
	{X BT "field b string key\n", 4, 16, "wrong-type", "a key must be a number"},
	{X BT "field b varint key\n", 4, 16, "contradiction", "`a` is already the key"},
	{X BT "field b varint keys\n", 4, 16, "extra-word", "found `keys`"},
	{X BT "shows b\n", 4, 7, "unknown-word", "unknown field `b`; expected a"},
	{X BT "shows a \"B\" \"C\"\n", 4, 13, "unknown-word", "unknown field `C`"},
	{X BT "shows\n", 4, 6, "missing-word", "a field of this batch"},
	{X BT "shows a\nshows a\n", 5, 1, "clause-twice", "a second `shows`"},
	{X BT EV TIMED "refers conn U\n", 7, 13, "unknown-word", "unknown batch `U`: begin one"},
	{X BT EV TIMED "refers con T\n", 7, 8, "unknown-word", "did you mean `conn`"},
	{X BT EV TIMED "refers conn\n", 7, 12, "missing-word", "a batch of this file"},
	{X BT EV TIMED "refers conn T T\n", 7, 15, "extra-word", "found `T`"},
	{X BT EV TIMED "refers conn T\nrefers conn T\n", 8, 8, "contradiction", "second `refers`"},
	{X BT EV TIMED "scales conn T a a\n", 7, 13, "contradiction", "many records"},
	{X BT ONE EV TIMED "refers conn One\n", 10, 13, "contradiction", "no key to refer to"},
	{X BT ONE EV TIMED "scales conn One base unti\n", 10, 22, "unknown-word", "`unti`"},
	{X BT ONE EV TIMED "scales conn One base name\n", 10, 22, "wrong-type", "`One` is not one"},
	{X BT ONE EV TIMED "scales conn One base\n", 10, 21, "missing-word", "with the unit"},

	{X "batch T only\nshows a\nfield a u8\n", 3, 7, "unknown-word", "name the batch's fields"},
	{X BT "field b u8\nfield c u8\nfield d u8\nfield e u8\nfield f u8\nfield h u8\n"
	      "field i u8\nfield j u8\nfield k u8\nfield l u8\nfield m u8\nfield n u8\n"
	      "field o u8\nfield p u8\nfield q u8\nfield r u8\n",
	 19, 7, "too-many", "more than 16 fields: a record"},
	{X BT "shows a a a a a a a a a a a a a a a a a\n", 4, 1, "too-many", "16 fields to show"},

	/* experiment */
	{"experiment", 1, 11, "missing-word", "`experiment NAME ID [replaces]`"},
	{"experiment Pool", 1, 16, "missing-word", "expected the experiment's id"},
	{"experiment 7 Pool", 1, 12, "bad-name", "a name is a letter"},
	{"experiment a/b 7", 1, 12, "bad-name", "found `a/b`"},
	{"experiment \"Pool\" 7", 1, 12, "bad-name", "found `Pool`"},
	{"experiment Pool 0", 1, 17, "bad-number", "from 1 to 255, found `0`"},
	{"experiment Pool 256", 1, 17, "bad-number", "found `256`"},
	{"experiment Pool 99999999999999999999999", 1, 17, "bad-number", "from 1 to 255"},
	{"experiment Pool 0x7", 1, 17, "bad-number", "found `0x7`"},
	{"experiment Pool -7", 1, 17, "bad-number", "found `-7`"},
	{"experiment Pool \"7\"", 1, 17, "bad-number", "found `7`"},
	{"experiment Pool 7 8", 1, 19, "extra-word", "found `8`"},
	{"experiment Pool 1", 1, 17, "id-taken", "id 1 is already that of experiment `AllocFree`"},
	{"experiment AllocFree 7", 1, 12, "name-taken", "`AllocFree` (id 1) already exists"},
	{"experiment Pool 7 replaces", 1, 12, "nothing-replaced", "remove the word"},

	/* event */
	{EV TIMED, 1, 1, "no-experiment", "write `experiment NAME ID`"},
	{X "event", 2, 6, "missing-word", "expected the event's name"},
	{X "event Get-It 140 since 1.26", 2, 7, "bad-name", "found `Get-It`"},
	{X "event Get", 2, 10, "missing-word", "type of an experiment's event"},
	{X "event Get 126 since 1.26", 2, 11, "bad-number", "from 127 to 255"},
	{X "event Get 256 since 1.26", 2, 11, "bad-number", "from 127 to 255"},
	{X "event Get 140", 2, 14, "missing-word", "expected `since`"},
	{X "event Get 140 sinse 1.26", 2, 15, "unknown-word", "did you mean `since`"},
	{X "event Get 140 since", 2, 20, "missing-word", "expected a version"},
	{X "event Get 140 since 1.24", 2, 21, "bad-version", "Go 1.24 writes 1.23"},
	{X "event Get 140 since 26", 2, 21, "bad-version", "found `26`"},
	{X "event Get 140 since 1.", 2, 21, "bad-version", "found `1.`"},
	{X "event Get 140 since 1.26x", 2, 21, "bad-version", "found `1.26x`"},
	{X "event Get 140 since \"1.26\"", 2, 21, "bad-version", "found `1.26`"},
	{X "event Get 140 since 1.26 replace", 2, 26, "extra-word", "found `replace`"},
	{X EV "args dt a a_seq\nneeds thread\norders a a_seq\nresource a\nstates b", 6, 10,
	 "out-of-place", "move this block before that event"},
	{X "event Span 140 since 1.26", 2, 7, "name-taken", "event 128 of AllocFree"},
	{X "event Get 128 since 1.26", 2, 11, "id-taken", "`Span` of AllocFree"},
	{X "event GoStart 140 since 1.26", 2, 7, "name-taken", "`GoStart` is a core event"},
	{X "event GoStart 140 since 1.26 replaces", 2, 7, "name-taken", "another name"},
	{X "event Get 140 since 1.26 replaces", 2, 7, "nothing-replaced", "remove the word"},
	{X EV TIMED "event Get 141 since 1.26", 5, 7, "name-taken", "the first is in line 2"},
	{X EV TIMED "event Put 140 since 1.26", 5, 11, "id-taken", "the first is in line 2"},

	/* doc */
	{X "doc", 2, 4, "missing-word", "expected a text"},
	{X EV TIMED "doc  \t\n", 5, 4, "missing-word", "`doc TEXT`"},

	/* args */
	{X EV "needs thread\nargs", 4, 5, "missing-word", "`args dt NAME...`"},
	{X EV "needs thread\nargs dt a1", 4, 9, "bad-name", "found `a1`"},
	{X EV "needs thread\nargs dt a_b_c", 4, 9, "bad-name", "found `a_b_c`"},
	{X EV "needs thread\nargs dt a_", 4, 9, "bad-name", "found `a_`"},
	{X EV "needs thread\nargs dt _a", 4, 9, "bad-name", "found `_a`"},
	{X EV "needs thread\nargs dt \"a\"", 4, 9, "bad-name", "found `a`"},
	{X EV "needs thread\nargs dt a, b", 4, 10, "bad-name", "blanks between them"},
	{X EV "needs thread\nargs dt a a", 4, 11, "name-taken", "a second argument `a`"},
	{X EV "needs thread\nargs dt a dt", 4, 11, "reserved-word", "`dt` comes first"},
	{X EV "needs thread\nargs dt self", 4, 9, "reserved-word", "`self`"},
	{X EV "needs thread\nargs dt data a", 4, 9, "reserved-word", "`data`"},
	{X EV "needs thread\nargs dt a data", 4, 11, "timed-data", "cannot have `data`"},
	{X EV "needs thread\nargs dt nframes frames", 4, 17, "timed-data", "cannot have `frames`"},
	{X EV "needs thread\nargs dt a b c d e f h i j k l n o q r s t", 4, 41, "too-many",
	 "more than 16"},
	{X EV "args conn", 2, 7, "not-timed", "begin with `args dt`"},
	{X EV, 2, 7, "not-timed", "begin with `args dt`"},

	/* needs */
	{X EV "args dt", 2, 7, "needs-missing", "add `needs thread`"},
	{X EV "args dt\nneeds", 4, 6, "missing-word", "expected what the event needs"},
	{X EV "args dt\nneeds thread,", 4, 14, "missing-word", "expected what the event needs"},
	{X EV "args dt\nneeds thread proc", 4, 14, "extra-word", "found `proc`"},
	{X EV "args dt\nneeds thread, prok", 4, 15, "unknown-word", "did you mean `proc`"},
	{X EV "args dt\nneeds no threads", 4, 10, "unknown-word", "scheduling context"},
	{X EV "args dt\nneeds no", 4, 9, "missing-word", "expected what the event needs"},
	{X EV "args dt\nneeds proc, no proc", 4, 13, "contradiction", "`no proc`"},
	{X EV "args dt\nneeds no goroutine, goroutine", 4, 21, "contradiction", "`goroutine`"},
	{X EV "args dt\nneeds nothing, thread", 4, 16, "contradiction", "`thread`"},
	{X EV "args dt\nneeds thread, nothing", 4, 15, "contradiction", "`nothing`"},

	/* orders */
	{X EV ORDERED "orders\n", 5, 7, "missing-word", "`orders ARGUMENT|SCOPE SEQ"},
	{X EV ORDERED "orders conn\n", 5, 12, "missing-word", "an argument of this event"},
	{X EV ORDERED "orders cone seq\n", 5, 8, "unknown-word", "did you mean `conn`"},
	{X EV ORDERED "orders seq conn\n", 5, 8, "wrong-type", "value or plain number"},
	{X EV ORDERED "orders conn conn\n", 5, 13, "wrong-type", "of type seq"},
	{X EV ORDERED "orders conn seq create\n", 5, 17, "unknown-word", "did you mean `creates`"},
	{X EV ORDERED "orders conn seq creates destroys\n", 5, 25, "extra-word", "`destroys`"},
	{X EV ORDERED "orders conn seq restates\n", 5, 17, "contradiction", "no event creates"},
	{X EV ORDERED "orders conn seq\norders conn seq\n", 6, 1, "clause-twice", "`orders`"},
	{X "orders conn seq\n" EV TIMED, 2, 1, "out-of-place", "it belongs to an event"},

	/* pair */
	{X EV TIMED "pair", 5, 5, "missing-word", "`pair EVENT`"},
	{X EV TIMED "pair Get Get", 5, 10, "extra-word", "`pair EVENT`"},
	{X EV TIMED "pair Gte", 5, 6, "unknown-word", "did you mean `Get`"},
	{X EV TIMED "pair GoStart", 5, 6, "unknown-word", "expected one of this file"},
	{X EV TIMED "pair Get", 5, 6, "pair-mismatch", "does not begin anything"},
	{X EV TIMED "event A 141 since 1.26\n" TIMED "pair Get\n"
		    "event B 142 since 1.26\n" TIMED "pair A\n",
	 12, 6, "pair-mismatch", "does not begin anything"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\n" TIMED "pair Get", 9, 6,
	 "pair-mismatch", "must show its `end`"},
	{X EV TIMED "event Put 141 since 1.26\n" TIMED "pair Get\nshows end global \"x\"", 8, 6,
	 "pair-mismatch", "must show the `begin`"},
	{X EV TIMED "event Put 141 since 1.26\n" TIMED "pair Get\nshows begin global \"x\"", 8, 6,
	 "pair-mismatch", "remove `pair`"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\n" TIMED
		    "pair Get\nshows end global \"y\"",
	 9, 6, "pair-mismatch", "names of the ranges differ"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\n" TIMED
		    "pair Get\nshows end proc self \"x\"",
	 9, 6, "pair-mismatch", "their scopes differ"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\nargs dt why_string\n"
		    "needs thread\npair Get\nshows end global \"x\" why_string",
	 9, 6, "pair-mismatch", "this event cannot have one"},
	{X EV TIMED "shows end global \"x\"", 2, 7, "pair-missing", "add `pair`"},
	{X EV TIMED "shows active global \"x\"", 2, 7, "pair-missing", "add `pair`"},

	/* shows */
	{X EV TIMED "shows", 5, 6, "missing-word", "expected a kind"},
	{X EV TIMED "shows metrik", 5, 7, "unknown-word", "did you mean `metric`"},
	{X EV TIMED "shows \"metric\"", 5, 7, "unknown-word", "`metric` must not be"},
	{X EV TIMED "shows nonsense", 5, 7, "unknown-word", "expected one of metric, label"},
	{X EV TIMED "shows task begun", 5, 12, "unknown-word", "did you mean `begin`"},
	{X EV TIMED "shows region", 5, 13, "missing-word", "`begin` or `end`"},
	{X EV TIMED "shows metric", 5, 13, "missing-word", "`shows metric \"NAME\" VALUE`"},
	{X EV TIMED "shows metric conn", 5, 14, "bad-name", "in double quotes, found `conn`"},
	{X EV TIMED "shows metric \"\" conn", 5, 14, "bad-name", "in double quotes"},
	{X EV TIMED "shows metric \"x\"", 5, 17, "missing-word", "an argument of this event"},
	{X EV TIMED "shows metric \"x\" con", 5, 18, "unknown-word", "did you mean `conn`"},
	{X EV TIMED "shows metric \"x\" \"conn\"", 5, 18, "unknown-word", "`conn` must not be"},
	{X EV TIMED "shows metric \"x\" zzzzz", 5, 18, "unknown-word", "expected conn"},
	{X EV TIMED "shows metric \"x\" conn conn", 5, 23, "extra-word", "`shows metric"},
	{X EV "needs thread\nshows label a_string\nargs dt a_string", 4, 13, "unknown-word",
	 "with `args` before this line"},
	{X EV TIMED "shows label conn", 5, 13, "wrong-type", "of type string, found `conn`"},
	{X EV "args dt a_string\nneeds thread\nshows metric \"x\" a_string", 5, 18, "wrong-type",
	 "of type value or plain number"},
	{X EV TIMED "shows begin", 5, 12, "missing-word", "what it is about"},
	{X EV TIMED "shows begin machine self \"x\"", 5, 13, "unknown-word",
	 "expected one of goroutine, proc, thread, global"},
	{X EV TIMED "shows begin goroutine conn \"x\"", 5, 23, "wrong-type", "of type g"},
	{X EV TIMED "shows begin global self \"x\"", 5, 20, "bad-name", "the range's name"},
	{X EV TIMED "shows begin proc self \"x\" conn", 5, 27, "wrong-type", "of type string"},
	{X EV TIMED "shows transition proc self Idle -> Running", 5, 1, "core-only",
	 "`transition`"},
	{X EV TIMED "shows sample", 5, 1, "core-only", "`sample`"},
	{X EV TIMED "shows task end conn", 5, 1, "core-only", "`task`"},
	{X EV TIMED "shows region end conn conn", 5, 1, "core-only", "`region`"},

	/* gives */
	{X EV TIMED "gives \"x\" conn", 5, 1, "out-of-place", "`shows end ...`"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\n" TIMED
		    "pair Get\nshows end global \"x\"\ngives x conn",
	 11, 7, "bad-name", "double quotes"},
	{X EV TIMED "shows begin global \"x\"\nevent Put 141 since 1.26\n" TIMED
		    "pair Get\nshows end global \"x\"\ngives \"a\" conn\ngives \"b\" conn\n"
		    "gives \"c\" conn\ngives \"d\" conn\ngives \"e\" conn",
	 15, 1, "too-many", "more than 4"},
};

START_TEST(a_mistake_is_found_at_its_place)
{
	const struct bad *b = &bad[_i];
	struct found f = {.sorted = true};
	int n = tt_specs_check(specs, b->text, strlen(b->text), find, &f);

	ck_assert_msg(n == 1, "%d mistakes, not 1; the first: %u:%u: %s, in\n%s", n, f.first.line,
		      f.first.column, f.message, b->text);
	ck_assert_msg(f.first.line == b->line && f.first.column == b->column &&
			      strcmp(f.first.rule, b->rule) == 0,
		      "%u:%u: %s [%s], not %u:%u [%s], in\n%s", f.first.line, f.first.column,
		      f.message, f.first.rule, b->line, b->column, b->rule, b->text);
	ck_assert_msg(strstr(f.message, b->message) != NULL, "'%s' lacks '%s'", f.message,
		      b->message);
}
END_TEST

/* Mistakes of the core's language, in texts that stand alone. */
static const struct bad bad_core[] = {
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition proc p Idle", 4, 29,
	 "missing-word", "expected `->`"},
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition proc p Idle = Idle", 4,
	 30, "unknown-word", "between two states, found `=`"},
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition proc p Idl -> was", 4,
	 25, "unknown-word", "did you mean `Idle`"},
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition proc p Waiting -> Idle",
	 4, 25, "unknown-word", "unknown proc state `Waiting`"},
	{"event A 1 since 1.22\nargs dt g\nneeds nothing\nshows transition goroutine g Idle -> "
	 "Syscall",
	 4, 30, "unknown-word", "unknown goroutine state `Idle`"},
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition proc p was -> was", 4,
	 32, "unknown-word", "a pstatus argument"},
	{"event A 1 since 1.22\nargs dt p gstatus\nneeds nothing\n"
	 "shows transition proc p was -> gstatus",
	 4, 32, "unknown-word", "unknown proc state `gstatus`"},
	{"event A 1 since 1.22\nargs dt p\nneeds nothing\nshows transition global was -> Idle", 4,
	 18, "unknown-word", "expected one of goroutine, proc"},
	{"event A 1 since 1.22\nargs dt g\nneeds nothing\n"
	 "shows transition goroutine self Running -> Waiting reason g",
	 4, 59, "wrong-type", "of type string"},
	{"event A 1 since 1.22\nargs dt g\nneeds nothing\n"
	 "shows transition goroutine self Running -> Waiting with g",
	 4, 57, "wrong-type", "of type stack"},
	{"event A 1 since 1.22\nargs dt g\nneeds nothing\n"
	 "shows transition goroutine self Running -> Waiting wit g",
	 4, 52, "extra-word", "[reason STRING] [with STACK]"},
	{"event A 0 since 1.22\n", 1, 9, "bad-number", "from 1 to 126"},
	{"event A 127 since 1.22\n", 1, 9, "bad-number", "from 1 to 126"},
	{"event A 1 since 1.22\nargs n frames\n", 2, 8, "missing-word", "the count `nframes`"},
	{"event A 1 since 1.22\nargs dt n\nshows metric \"x\" n\n", 1, 7, "needs-missing",
	 "context"},
	{"event A 1 since 1.22\nargs n\nneeds nothing\n", 1, 7, "not-timed", "remove `needs`"},
	{"event A 1 since 1.22\nargs n\nevent B 2 since 1.22\npair A\n", 4, 6, "pair-mismatch",
	 "must have a time"},
};

START_TEST(a_mistake_in_the_core_is_found_at_its_place)
{
	const struct bad *b = &bad_core[_i];
	struct found f = check(NULL, b->text, strlen(b->text), 1);

	ck_assert_msg(f.first.line == b->line && f.first.column == b->column &&
			      strcmp(f.first.rule, b->rule) == 0,
		      "%u:%u: %s [%s], not %u:%u [%s], in\n%s", f.first.line, f.first.column,
		      f.message, f.first.rule, b->line, b->column, b->rule, b->text);
	ck_assert_msg(strstr(f.message, b->message) != NULL, "'%s' lacks '%s'", f.message,
		      b->message);
}
END_TEST

/* Columns count bytes, in a line with characters of several. */
START_TEST(columns_count_bytes)
{
	static const char text[] = X "doc \xc3\x9c\n" EV TIMED "shows metric \"\xc3\x9c\" no";
	struct found f = check(specs, text, strlen(text), 1);

	ck_assert_uint_eq(f.first.line, 6);
	ck_assert_uint_eq(f.first.column, 19);
}
END_TEST

/* Events that name them by arguments of one name, and nothing else. */
START_TEST(resources_of_one_name_are_of_one_class)
{
	const struct tt_event_def *def;
	const struct tt_resource_spec *link;

	add_ok("experiment Link 9\n"
	       "event Count 200 since 1.26\nargs dt n\nneeds thread\n"
	       "event Open 201 since 1.26\nargs dt link seq\nneeds thread\n"
	       "orders link seq creates\n"
	       "event Move 202 since 1.26\nargs dt lane_value lane_seq link\nneeds thread\n"
	       "orders lane_value lane_seq\n"
	       "event Close 203 since 1.26\nargs dt by_seq link why\nneeds thread\n"
	       "orders link by_seq destroys\n");
	def = tt_specs_def(specs, 200);
	ck_assert_uint_eq(def->spec.norders, 0);
	link = tt_specs_event(specs, 201)->orders[0].resource;
	ck_assert_str_eq(link->name, "link");
	ck_assert_str_eq(tt_specs_event(specs, 202)->orders[0].resource->name, "lane_value");
	def = tt_specs_def(specs, 203);
	ck_assert_ptr_eq(def->spec.orders[0].resource, link);
	ck_assert_int_eq(def->spec.orders[0].arg, 1);
	ck_assert_int_eq(def->spec.orders[0].seq_arg, 0);
	ck_assert_int_eq(def->spec.orders[0].role, TT_ROLE_DESTROY);
	ck_assert_int_eq(tt_specs_def(specs, 201)->spec.orders[0].role, TT_ROLE_CREATE);
}
END_TEST

/* The event is wrong already; its batch must not be taken for another's. */
START_TEST(a_batch_needs_an_experiment_behind_an_event_too)
{
	static const char text[] = EV TIMED "batch T only\nfield a varint\n";
	struct found f = check(specs, text, strlen(text), 3);

	ck_assert_str_eq(f.first.rule, "no-experiment");
	ck_assert_str_eq(f.last.rule, "out-of-place");
	ck_assert_uint_eq(f.last.line, 5);
}
END_TEST

START_TEST(all_mistakes_of_a_text_come_in_the_order_of_the_lines)
{
	static const char text[] = X "event A 140 since 1.26\n" /* needs-missing, seen at its end */
				     "args dt\n"
				     "event B 141 since 1.26\n"
				     "args dt\n"
				     "needs thred\n" /* unknown-word */
				     "event C 142 since 1.26\n"
				     "args dt\n"
				     "needs thread\n"
				     "pair Z\n" /* unknown-word, seen at the end */
				     "event D 140 since 1.26\n" /* id-taken */
				     "args d-t\n"; /* bad-name */
	struct found f = check(specs, text, strlen(text), 5);

	ck_assert_uint_eq(f.first.line, 2);
	ck_assert_uint_eq(f.last.line, 12);
}
END_TEST

START_TEST(mistakes_of_a_line_come_in_the_order_of_its_columns)
{
	static const char text[] = X EV "args dt a-b c-d\nneeds thread\n";
	struct found f = check(specs, text, strlen(text), 2);

	ck_assert_uint_eq(f.first.column, 9);
	ck_assert_uint_eq(f.last.column, 13);
}
END_TEST

START_TEST(one_mistake_in_args_makes_no_others)
{
	static const char text[] = X EV "args dt conn who-string\n"
					"needs thread\n"
					"shows label who_string\n";
	struct found f = check(specs, text, strlen(text), 1);

	ck_assert_str_eq(f.first.rule, "bad-name");
}
END_TEST

START_TEST(no_more_than_100_mistakes_are_handed_out)
{
	static char text[100 * 1000];
	struct found f;

	memset(text, '\n', sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 2)
		text[i] = '!';
	f = check(specs, text, sizeof(text), sizeof(text) / 2);
	ck_assert_uint_eq(f.last.line, 100);
}
END_TEST

/* ---------------------------------------------------------------- language */

/* However many warnings come before it. */
START_TEST(a_mistake_is_handed_out_beside_warnings)
{
	char text[8192] = X;
	size_t n = strlen(text);
	struct found f;

	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "event E%d %d since 1.26\nargs dt mystack mytask\n"
				      "needs thread\n",
				      i, 140 + i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "nonsense\n");
	f = check(specs, text, n, 1);
	ck_assert_int_eq(f.nwarnings, 100);
	ck_assert_str_eq(f.first.rule, "unknown-word");
}
END_TEST

START_TEST(the_built_in_files_hold_alone)
{
	const struct tt_builtin_spec *builtin;

	for (builtin = tt_builtin_specs; builtin->name != NULL; builtin++)
		check(NULL, builtin->text, strlen(builtin->text), 0);
	ck_assert_str_eq(tt_builtin_specs[0].name, "core.spec");
	/* its experiment is taken, which says it all */
	check(specs, tt_builtin_specs[1].text, strlen(tt_builtin_specs[1].text), 1);
}
END_TEST

START_TEST(layout_has_no_meaning)
{
	static const char *const texts[] = {
		"experiment Pool 7\nevent Get 140 since 1.26\nargs dt conn\nneeds thread\n",
		"experiment Pool 7\r\nevent Get 140 since 1.26\r\nargs dt conn\r\nneeds thread",
		"\xef\xbb\xbf"
		"experiment Pool 7 # c\n# \xff\n\n \t event\tGet 140  since 1.26\n"
		"\t\t\tneeds thread  \t#needs no \"\nargs dt conn #",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct tt_event_spec *spec;

		add_ok(texts[i]);
		spec = tt_specs_event(specs, 140);
		ck_assert_str_eq(spec->name, "Get");
		ck_assert(spec->timed);
		ck_assert_uint_eq(spec->nargs, 1);
		ck_assert_str_eq(spec->args[0].name, "conn");
		ck_assert_uint_eq(tt_specs_def(specs, 140)->needs, TT_NEED_STATED | TT_NEED_THREAD);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(a_doc_is_the_rest_of_its_line)
{
	add_ok("experiment Pool 7\n"
	       "	doc  Zähler, \"roh\" # 1 \xf0\x9f\x98\x80  \r\n"
	       "event Get 140 since 1.26\n"
	       "	doc	x	y\n" TIMED);
	ck_assert_str_eq(tt_specs_experiment_id(specs, 7)->doc,
			 "Zähler, \"roh\" # 1 \xf0\x9f\x98\x80");
	ck_assert_str_eq(tt_specs_event(specs, 140)->doc, "x	y");
}
END_TEST

START_TEST(a_suffix_that_is_no_type_is_part_of_the_name)
{
	const struct tt_event_spec *spec;

	add_ok(X EV
	       "args dt conn_id size_String string p_value stack_x nframes data_p\nneeds nothing");
	spec = tt_specs_event(specs, 140);
	ck_assert_uint_eq(spec->nargs, 7);
	ck_assert_str_eq(spec->args[0].name, "conn_id");
	ck_assert_int_eq(spec->args[0].type, TT_ARG_NUMBER);
	ck_assert_int_eq(spec->args[1].type, TT_ARG_NUMBER);
	ck_assert_int_eq(spec->args[2].type, TT_ARG_STRING);
	ck_assert_int_eq(spec->args[3].type, TT_ARG_VALUE);
	ck_assert_int_eq(spec->args[4].type, TT_ARG_NUMBER);
	ck_assert_int_eq(spec->args[5].type, TT_ARG_NUMBER);
	ck_assert_int_eq(spec->args[6].type, TT_ARG_P);
}
END_TEST

START_TEST(an_event_takes_sixteen_arguments)
{
	const struct tt_event_def *def;

	add_ok(X EV
	       "args dt a_stack b_string c d e f g h i j k l m_string n p stack\nneeds thread");
	def = tt_specs_def(specs, 140);
	ck_assert_uint_eq(def->spec.nargs, TT_MAX_ARGS);
	ck_assert_int_eq(def->spec.stack_arg, 15);
	ck_assert_uint_eq(def->nstacks, 2);
	ck_assert_int_eq(def->stack_args[0], 15);
	ck_assert_int_eq(def->stack_args[1], 0);
	ck_assert_uint_eq(def->nstrings, 2);
	ck_assert_int_eq(def->string_args[0], 1);
	ck_assert_int_eq(def->string_args[1], 12);
}
END_TEST

START_TEST(the_first_stack_is_the_executing_one_if_none_is_named_so)
{
	const struct tt_event_def *def;

	add_ok(X EV "args dt new_stack old_stack\nneeds thread");
	def = tt_specs_def(specs, 140);
	ck_assert_int_eq(def->spec.stack_arg, 0);
	ck_assert_uint_eq(def->nstacks, 2);
	ck_assert_int_eq(def->stack_args[0], 0);
	ck_assert_int_eq(def->stack_args[1], 1);
}
END_TEST

/* ------------------------------------------------------------------- data */

/* Every type of field, list and condition, and every way to say what a number means. */
static const char data[] =
	X "enum Color\n	doc	What it looks like.\n	value	red 1\n	value	blue 0x10\n"
	  "flags Mode\n	value	read 1\n	value	write 2\n	value	both 3\n"
	  "record Point\n	field	x i16be\n	field	y zigzag\n"
	  "record Shape\n	field	tag u8\n	means	tag Color\n"
	  "	field	at Point if tag is blue\n	field	data varint if tag has 2\n"
	  "	field	points list of Point if tag\n"
	  "batch Shapes only\n	field	id varint key\n	field	mode u16\n"
	  "	field	n u32be\n	field	sizes_bytes list n of u32\n"
	  "	field	shapes list 3 of Shape\n	field	name string 8\n"
	  "	field	late f64be if mode has write\n	field	labels list of cstring\n"
	  "	field	done bool\n	field	raw list 2 of bytes 4\n	means	mode Mode\n"
	  "	shows	id mode \"m\"\n"
	  "event Draw 140 since 1.26\n	args	dt g color mode wait_us\n	needs	thread\n"
	  "	refers	g Shapes\n	means	color Color\n	means	mode Mode\n"
	  "event Move 141 since 1.26\n	args	dt p m for_task at by n_value\n"
	  "	needs	thread\n	refers	p Shapes\n	refers	m Shapes\n"
	  "	refers	for_task Shapes\n	scales	at 0x1000 8\n	means	by zigzag\n"
	  "	means	n_value percent\n";

static const struct tt_batch_spec *batch_named(const char *name)
{
	const struct tt_batch_spec *spec;

	for (size_t i = 0; (spec = tt_specs_batch(specs, 7, i)) != NULL; i++)
		if (strcmp(spec->name, name) == 0)
			return spec;
	ck_abort_msg("no batch %s", name);
}

START_TEST(a_spec_says_how_fields_are_written)
{
	static const struct {
		const char *name, *type;
		bool list, big_endian;
		uint32_t size, count;
		int count_field;
	} fields[] = {
		{"id", "varint", false, false, 0, 0, -1},
		{"mode", "u16", false, false, 2, 0, -1},
		{"n", "u32be", false, true, 4, 0, -1},
		{"sizes_bytes", "u32", true, false, 4, 0, 2},
		{"shapes", "Shape", true, false, 0, 3, -1},
		{"name", "string", false, false, 8, 0, -1},
		{"late", "f64be", false, true, 8, 0, -1},
		{"labels", "cstring", true, false, 0, 0, -1},
		{"done", "bool", false, false, 1, 0, -1},
		{"raw", "bytes", true, false, 4, 2, -1},
	};
	const struct tt_batch_spec *spec;

	add_ok(data);
	spec = batch_named("Shapes");
	ck_assert(!spec->part);
	ck_assert_uint_eq(spec->nfields, COUNT(fields));
	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];

		ck_assert_str_eq(field->name, fields[i].name);
		ck_assert_str_eq(tt_field_type_name(field), fields[i].type);
		ck_assert(field->list == fields[i].list);
		ck_assert(field->big_endian == fields[i].big_endian);
		ck_assert_uint_eq(field->size, fields[i].size);
		ck_assert_uint_eq(field->count, fields[i].count);
		ck_assert_int_eq(field->count_field, fields[i].count_field);
		ck_assert((field->record != NULL) == field->list);
	}
	ck_assert_ptr_eq(spec->fields[4].record, batch_named("Shape"));
	ck_assert_uint_eq(spec->fields[3].record->nfields, 1);
	ck_assert(!spec->fields[3].record->fields[0].list);
	ck_assert_int_eq(spec->fields[3].record->fields[0].form, TT_FORM_BYTES);
	/* id, mode, n, no size, three tags, name, no late, a count, done, raw */
	ck_assert_uint_eq(spec->min_size, 1 + 2 + 4 + 0 + 3 + 8 + 0 + 1 + 1 + 8);
}
END_TEST

START_TEST(records_are_there_or_not)
{
	const struct tt_batch_spec *shape;

	add_ok(data);
	shape = batch_named("Shape");
	ck_assert(shape->part);
	ck_assert_uint_eq(shape->min_size, 1);
	ck_assert_int_eq(shape->fields[0].condition, TT_IF_ALWAYS);
	ck_assert_int_eq(shape->fields[1].condition, TT_IF_IS);
	ck_assert_uint_eq(shape->fields[1].if_value, 16);
	ck_assert_ptr_eq(shape->fields[1].record, batch_named("Point"));
	ck_assert(!shape->fields[1].list);
	ck_assert_int_eq(shape->fields[2].condition, TT_IF_HAS);
	ck_assert_uint_eq(shape->fields[2].if_value, 2);
	ck_assert_int_eq(shape->fields[3].condition, TT_IF_SET);
	ck_assert_int_eq(shape->fields[3].if_field, 0);
	ck_assert_uint_eq(batch_named("Shapes")->fields[6].if_value, 2);
}
END_TEST

START_TEST(numbers_have_meanings)
{
	const struct tt_values_spec *color, *mode;
	const struct tt_event_spec *draw, *move;

	add_ok(data);
	color = tt_specs_values(specs, 7, 0);
	mode = tt_specs_values(specs, 7, 1);
	ck_assert_ptr_null(tt_specs_values(specs, 7, 2));
	ck_assert_ptr_null(tt_specs_values(specs, 6, 0));
	ck_assert_ptr_null(tt_specs_values(specs, 256, 0));
	ck_assert_str_eq(color->name, "Color");
	ck_assert_str_eq(color->doc, "What it looks like.");
	ck_assert(!color->flags && mode->flags);
	ck_assert_uint_eq(color->nvalues, 2);
	ck_assert_str_eq(color->values[1].name, "blue");
	ck_assert_uint_eq(color->values[1].value, 16);
	ck_assert_uint_eq(mode->nvalues, 3);
	ck_assert_str_eq(mode->values[0].name, "read");
	draw = tt_specs_event(specs, 140);
	ck_assert_int_eq(draw->args[1].form, TT_FORM_ENUM);
	ck_assert_ptr_eq(draw->args[1].values, color);
	ck_assert_int_eq(draw->args[2].form, TT_FORM_FLAGS);
	ck_assert_ptr_eq(draw->args[2].values, mode);
	ck_assert_int_eq(draw->args[3].form, TT_FORM_US);
	ck_assert_int_eq(draw->args[3].type, TT_ARG_NUMBER);
	move = tt_specs_event(specs, 141);
	ck_assert(move->args[3].scaled);
	ck_assert_int_eq(move->args[3].base_field, -1);
	ck_assert_uint_eq(move->args[3].base, 0x1000);
	ck_assert_uint_eq(move->args[3].unit, 8);
	ck_assert_ptr_null(move->args[3].batch);
	ck_assert_int_eq(move->args[4].form, TT_FORM_ZIGZAG);
	ck_assert_int_eq(move->args[5].form, TT_FORM_PERCENT);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_eq(move->args[i].batch, batch_named("Shapes"));
	ck_assert_int_eq(batch_named("Shapes")->fields[1].form, TT_FORM_FLAGS);
}
END_TEST

START_TEST(words_of_fields_may_be_names_of_fields)
{
	const struct tt_batch_spec *spec;

	add_ok(X "record Part\nfield data u8\nfield offset u8\nfield frames list of u8\n"
		 "batch T only\nfield list u8\nfield if u8\nfield is u8 if if is 3\n"
		 "field has u8 if if has 1\nfield key u8 key\nfield of list list of Part\n");
	spec = batch_named("T");
	ck_assert_int_eq(spec->key, 4);
	ck_assert_int_eq(spec->fields[2].if_field, 1);
	ck_assert_int_eq(spec->fields[5].count_field, 0);
}
END_TEST

START_TEST(a_spec_is_warned_of_what_it_may_say)
{
	static const struct {
		const char *text;
		unsigned nwarnings;
		const char *rule; /* of all of them */
	} cases[] = {
		{X EV "args dt a b c d\nneeds thread\n", 0, NULL},
		{X EV "args dt a b c d e\nneeds thread\n", 1, "go-limit"},
		{X EV "args dt a b c d e f\nneeds thread\n", 1, "go-limit"},
		{X EV "args dt mystack\nneeds thread\n", 1, "suffix"},
		{X EV "args dt my_stack stack mystring\nneeds thread\n", 0, NULL},
		{X EV "args dt oldvalue subtask firstseq newgstatus\nneeds thread\n", 4, "suffix"},
		{X EV "args dt oldg comp\nneeds thread\n", 0, NULL},
		{X "batch T only\nfield mystack varint\nfield histask u8\n", 1, "suffix"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct found f = check(specs, cases[i].text, strlen(cases[i].text), 0);

		ck_assert_msg(f.nwarnings == (int)cases[i].nwarnings, "%d warnings of\n%s",
			      f.nwarnings, cases[i].text);
		ck_assert_pstr_eq(f.warning, cases[i].rule);
		add_ok(cases[i].text);
		teardown();
		setup();
	}
}
END_TEST

/* What an experiment shows, with the begin behind the end. */
static const char shown[] = X "event End 141 since 1.26\n"
			      "	args   dt n_value\n"
			      "	needs  no proc, goroutine, thread\n"
			      "	pair   Begin\n"
			      "	shows  end goroutine self \"checkout\"\n"
			      "	gives  \"rows\" n_value\n"
			      "event Active 142 since 1.26\n"
			      "	args   dt who_g why_string\n"
			      "	needs  nothing\n"
			      "	pair   Begin\n"
			      "	shows  active goroutine who_g \"checkout\" why_string\n"
			      "event Begin 140 since 1.26\n"
			      "	args   dt why_string\n"
			      "	needs  thread, proc, no goroutine\n"
			      "	shows  begin goroutine self \"checkout\" why_string\n"
			      "event Size 143 since 1.26\n"
			      "	args   dt n stack\n"
			      "	needs  nothing\n"
			      "	shows  metric \"/pool/size:connections\" n\n"
			      "event Note 144 since 1.26\n"
			      "	args   dt task a_string b_string\n"
			      "	needs  nothing\n"
			      "	shows  log task a_string b_string\n"
			      "event Name 145 since 1.26\n"
			      "	args   dt name_string\n"
			      "	needs  thread, goroutine\n"
			      "	shows  label name_string\n";

START_TEST(an_experiment_shows_ranges)
{
	const struct tt_event_def *begin, *active, *end;

	add_ok(shown);
	begin = tt_specs_def(specs, 140);
	end = tt_specs_def(specs, 141);
	active = tt_specs_def(specs, 142);
	ck_assert_int_eq(begin->spec.kind, TT_KIND_RANGE_BEGIN);
	ck_assert_int_eq(end->spec.kind, TT_KIND_RANGE_END);
	ck_assert_int_eq(active->spec.kind, TT_KIND_RANGE_ACTIVE);
	ck_assert_uint_eq(begin->pair, 0);
	ck_assert_uint_eq(end->pair, 140);
	ck_assert_uint_eq(active->pair, 140);
	ck_assert_str_eq(end->view.name, "checkout");
	ck_assert(begin->view.has_kind && end->view.has_kind && active->view.has_kind);
	ck_assert_int_eq(begin->view.kind_arg, 0);
	ck_assert_int_eq(end->view.kind_arg, -1);
	ck_assert_int_eq(active->view.kind_arg, 1);
	ck_assert_int_eq(begin->view.id_arg, -1);
	ck_assert_int_eq(active->view.id_arg, 0);
	ck_assert_int_eq(active->view.resource, TT_RESOURCE_GOROUTINE);
	ck_assert_uint_eq(end->view.nattributes, 1);
	ck_assert_str_eq(end->view.attributes[0].name, "rows");
	ck_assert_int_eq(end->view.attributes[0].arg, 0);
	ck_assert_uint_eq(end->needs,
			  TT_NEED_STATED | TT_NEED_THREAD | TT_NEED_NO_PROC | TT_NEED_GOROUTINE);
	ck_assert_uint_eq(begin->needs,
			  TT_NEED_STATED | TT_NEED_THREAD | TT_NEED_PROC | TT_NEED_NO_GOROUTINE);
}
END_TEST

START_TEST(an_experiment_shows_metrics_logs_and_labels)
{
	const struct tt_event_def *def;

	add_ok(shown);
	def = tt_specs_def(specs, 143);
	ck_assert_int_eq(def->spec.kind, TT_KIND_METRIC);
	ck_assert_str_eq(def->view.name, "/pool/size:connections");
	ck_assert_int_eq(def->view.args[0], 0);
	ck_assert_int_eq(def->view.args[1], -1);
	ck_assert_int_eq(def->spec.stack_arg, 1);
	def = tt_specs_def(specs, 144);
	ck_assert_int_eq(def->spec.kind, TT_KIND_LOG);
	ck_assert_int_eq(def->view.args[2], 2);
	def = tt_specs_def(specs, 145);
	ck_assert_int_eq(def->spec.kind, TT_KIND_LABEL);
	ck_assert_int_eq(def->view.args[0], 0);
	ck_assert_str_eq(def->spec.experiment, "Pool");
}
END_TEST

/* ----------------------------------------------------------- hostile texts */

START_TEST(a_text_may_hold_nul_bytes)
{
	static const char text[] = X EV "args dt\nneeds thread\0, proc\ndoc a\0b\n\0";
	struct found f = check(specs, text, sizeof(text), 3);

	ck_assert_uint_eq(f.first.line, 4);
	ck_assert_uint_eq(f.first.column, 13);
	ck_assert_str_eq(f.first.rule, "bad-byte");
}
END_TEST

START_TEST(no_text_is_a_text)
{
	check(specs, NULL, 0, 1);
	check(NULL, NULL, 0, 1);
}
END_TEST

static char *repeat(const char *text, size_t n, size_t *len)
{
	size_t part = strlen(text);
	char *out = malloc(n * part);

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * part, text, part);
	*len = n * part;
	return out;
}

START_TEST(a_line_may_be_a_megabyte)
{
	static const struct {
		const char *part;
		int mistakes;
	} cases[] = {
		{"x", 1}, {" ", 1},	   {"x ", 1},	  {",", 1},	   {"\"", 1},	{"\"\"", 1},
		{"#", 1}, {"args dt ", 1}, {"event ", 1}, {"\xc3\xbc", 1}, {"\xff", 1}, {"", 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len;
		char *text = repeat(cases[i].part, 1 << 20, &len);

		check(specs, text, len, cases[i].mistakes);
		free(text);
	}
}
END_TEST

START_TEST(a_name_of_a_megabyte_is_cut_in_the_message)
{
	size_t len;
	char *text = repeat("\xc3\xbc", 1 << 20, &len);
	struct found f;

	memcpy(text, "event    ", 9); /* the name begins within a character's end */
	text[9] = 'x';
	f = check(specs, text, len, 1);
	ck_assert_uint_lt(strlen(f.message), 256);
	free(text);
}
END_TEST

START_TEST(a_cut_word_is_no_broken_character)
{
	/* 39 letters, then a character of two bytes, where a word is cut */
	static const char text[] = X "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xbc\n";
	struct found f = check(specs, text, strlen(text), 1);

	ck_assert_ptr_nonnull(strstr(f.message, "xxx?`; expected one of"));
}
END_TEST

START_TEST(more_events_than_types_end_the_reading)
{
	size_t len;
	char *text = repeat("event A 140 since 1.26\n", 100000, &len);

	/* no experiment, a name that is taken 255 times, too many events */
	check(specs, text, len, 257);
	free(text);
}
END_TEST

START_TEST(more_batches_than_tags_end_the_reading)
{
	char text[8192] = X;
	size_t n = strlen(text);

	for (int i = 0; i < 260; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "batch T%d tag %d\nfield a u8\n",
				      i, i % 256);
	ck_assert_uint_lt(n, sizeof(text));
	check(NULL, text, n, 1);
}
END_TEST

/* Too many of one kind end the reading: what follows is not looked at. */
START_TEST(more_data_than_anybody_needs_ends_the_reading)
{
	static const struct {
		const char *before, *after;
		unsigned n;
		const char *message;
	} cases[] = {
		{"record R", "\nfield a u8\n", 257, "more than 256 records"},
		{"record R", "\nfield a list of u8\nfield b list of u8\n", 129,
		 "more than 256 lists"},
		{"enum E", "\nvalue a 1\n", 65, "more than 64 blocks"},
			};
	size_t size = 32768, n;
	char *text = malloc(size);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct found f = {.sorted = true};

		n = (size_t)snprintf(text, size, "%s", X);
		for (unsigned k = 0; k < cases[i].n; k++)
			n += (size_t)snprintf(text + n, size - n, "%s%u%s", cases[i].before, k,
					      cases[i].after);
		n += (size_t)snprintf(text + n, size - n, "nonsense\n");
		ck_assert_uint_lt(n, size);
		tt_specs_check(NULL, text, n, find, &f);
		ck_assert_str_ne(f.last.rule, "unknown-word");
		ck_assert_msg(strstr(f.message, cases[i].message) != NULL, "%s", f.message);
	}
	free(text);
}
END_TEST

START_TEST(a_block_has_64_values)
{
	char text[4096] = X "enum E\n";
	size_t n = strlen(text);

	for (unsigned i = 0; i < 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "value v%u %u\n", i, i);
	check(specs, text, n, 0);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "value one 64\n");
	ck_assert_str_eq(check(specs, text, n, 1).first.rule, "too-many");
}
END_TEST

START_TEST(an_event_line_that_is_broken_still_begins_an_event)
{
	static const char text[] = X EV TIMED "event \xff\nargs dt\nneeds proc\ndoc x\n";
	struct found f = check(specs, text, strlen(text), 1);

	ck_assert_str_eq(f.first.rule, "bad-byte");
}
END_TEST

static int parse_with(const char *source, size_t limit, size_t *left)
{
	struct tt_mem mem = {.limit_nbytes = limit};
	struct tt_spec_file file = {.next = NULL};
	struct tt_spec_mistakes mistakes;
	struct tt_str text = {source, strlen(source)};
	int rc;

	tt_spec_mistakes_init(&mistakes, &mem);
	rc = tt_spec_parse(&file, specs, text, 0, &mistakes);
	tt_spec_mistakes_release(&mistakes);
	tt_spec_file_release(&file, &mem);
	*left = mem.used_nbytes;
	return rc;
}

START_TEST(each_failed_allocation_is_reported_and_leaks_nothing)
{
	static const char *const texts[] = {shown, data, X EV "nedds\nneds\nargs a b c-d\n"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t limit = 1, left;
		int failed = 0;

		for (; parse_with(texts[i], limit, &left) != 0; limit += 64) {
			ck_assert_int_eq(parse_with(texts[i], limit, &left), -TT_E_MEMORY);
			ck_assert_uint_eq(left, 0);
			failed++;
		}
		ck_assert_uint_eq(left, 0);
		ck_assert_int_gt(failed, 10);
	}
}
END_TEST

/* ----------------------------------------------------------------- nearest */

START_TEST(the_nearest_word_is_a_slip_away)
{
	static const char *const words[] = {"event", "experiment", "args", "needs", "g", "GoStart"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"evnt", "event"},
		{"eventt", "event"},
		{"evetn", "event"},
		{"EVENT", "event"},
		{"expermnt", "experiment"},
		{"arg", "args"},
		{"need", "needs"},
		{"gostart", "GoStart"},
		{"GoStat", "GoStart"},
		{"x", NULL},
		{"xyz", NULL},
		{"", NULL},
		{"a", NULL},
		{"completely", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = tt_spec_nearest(cases[i].word, words, COUNT(words));

		ck_assert_msg(got == cases[i].nearest || (got != NULL && cases[i].nearest != NULL &&
							  strcmp(got, cases[i].nearest) == 0),
			      "%s: %s", cases[i].word, got != NULL ? got : "none");
	}
	ck_assert_ptr_null(tt_spec_nearest("event", words, 0));
}
END_TEST

Suite *spec_language_suite(void)
{
	Suite *suite = suite_create("spec_language");
	TCase *tc = tcase_create("mistakes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_mistake_is_found_at_its_place, 0, COUNT(bad));
	tcase_add_loop_test(tc, a_mistake_in_the_core_is_found_at_its_place, 0, COUNT(bad_core));
	tcase_add_test(tc, columns_count_bytes);
	tcase_add_test(tc, resources_of_one_name_are_of_one_class);
	tcase_add_test(tc, a_batch_needs_an_experiment_behind_an_event_too);
	tcase_add_test(tc, all_mistakes_of_a_text_come_in_the_order_of_the_lines);
	tcase_add_test(tc, mistakes_of_a_line_come_in_the_order_of_its_columns);
	tcase_add_test(tc, one_mistake_in_args_makes_no_others);
	tcase_add_test(tc, no_more_than_100_mistakes_are_handed_out);
	tcase_add_test(tc, a_mistake_is_handed_out_beside_warnings);
	suite_add_tcase(suite, tc);
	tc = tcase_create("language");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_built_in_files_hold_alone);
	tcase_add_test(tc, layout_has_no_meaning);
	tcase_add_test(tc, a_doc_is_the_rest_of_its_line);
	tcase_add_test(tc, a_suffix_that_is_no_type_is_part_of_the_name);
	tcase_add_test(tc, an_event_takes_sixteen_arguments);
	tcase_add_test(tc, the_first_stack_is_the_executing_one_if_none_is_named_so);
	tcase_add_test(tc, a_spec_says_how_fields_are_written);
	tcase_add_test(tc, records_are_there_or_not);
	tcase_add_test(tc, numbers_have_meanings);
	tcase_add_test(tc, words_of_fields_may_be_names_of_fields);
	tcase_add_test(tc, a_spec_is_warned_of_what_it_may_say);
	tcase_add_test(tc, an_experiment_shows_ranges);
	tcase_add_test(tc, an_experiment_shows_metrics_logs_and_labels);
	tcase_add_test(tc, the_nearest_word_is_a_slip_away);
	suite_add_tcase(suite, tc);
	tc = tcase_create("hostile");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_text_may_hold_nul_bytes);
	tcase_add_test(tc, no_text_is_a_text);
	tcase_add_test(tc, a_line_may_be_a_megabyte);
	tcase_add_test(tc, a_name_of_a_megabyte_is_cut_in_the_message);
	tcase_add_test(tc, a_cut_word_is_no_broken_character);
	tcase_add_test(tc, more_batches_than_tags_end_the_reading);
	tcase_add_test(tc, more_events_than_types_end_the_reading);
	tcase_add_test(tc, more_data_than_anybody_needs_ends_the_reading);
	tcase_add_test(tc, a_block_has_64_values);
	tcase_add_test(tc, an_event_line_that_is_broken_still_begins_an_event);
	tcase_add_test(tc, each_failed_allocation_is_reported_and_leaks_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}
