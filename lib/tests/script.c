/* SPDX-License-Identifier: MIT */
/* script.c - traces as text, and events as text. Test code only. */
#include "tests/script.h"

#include <check.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>

#include "fuzz/ways.h"

#define UNITS_A_SECOND 1000000000

/* ---- building */

struct script {
	struct build *b;
	const struct tt_specs *specs;
	const char *p;
	uint64_t generation, ordinal;
};

static void skip_blanks(struct script *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

/* A word up to a blank or one of : , @ and the line's end. */
static void take_word(struct script *s, char *word, size_t size)
{
	size_t n = 0;

	skip_blanks(s);
	while (*s->p != '\0' && strchr(" \t\n,:@", *s->p) == NULL) {
		ck_assert_uint_lt(n + 1, size);
		word[n++] = *s->p++;
	}
	word[n] = '\0';
	skip_blanks(s);
}

static uint64_t take_number(struct script *s)
{
	char word[32];
	char *end;
	uint64_t value;

	take_word(s, word, sizeof(word));
	value = word[0] == '-' ? (uint64_t)strtoll(word, &end, 0) : strtoull(word, &end, 0);
	ck_assert_msg(word[0] != '\0' && *end == '\0', "not a number: '%s' before '%s'", word, s->p);
	return value;
}

static bool take(struct script *s, char c)
{
	skip_blanks(s);
	if (*s->p != c)
		return false;
	s->p++;
	return true;
}

static void build_event(struct script *s)
{
	const struct tt_event_spec *spec;
	char name[64];
	uint64_t dt = 1;
	unsigned n = 0;

	if (take(s, '+'))
		dt = take_number(s);
	take_word(s, name, sizeof(name));
	spec = tt_specs_event_named(s->specs, name);
	ck_assert_msg(spec != NULL, "no event '%s'", name);
	build_byte(s->b, spec->type);
	if (spec->timed)
		build_number(s->b, dt);
	while (*s->p != '\0' && *s->p != ',' && *s->p != '\n') {
		build_number(s->b, take_number(s));
		n++;
	}
	ck_assert_msg(n == spec->nargs, "%s has %u arguments, not %u", name, spec->nargs, n);
}

static void build_thread(struct script *s)
{
	uint64_t thread = take_number(s), time;

	ck_assert(take(s, '@'));
	time = take_number(s);
	ck_assert(take(s, ':'));
	build_batch(s->b, s->generation, thread, time);
	do {
		build_event(s);
	} while (take(s, ','));
	build_close(s->b);
}

static void build_samples(struct script *s)
{
	ck_assert(take(s, ':'));
	build_batch(s->b, s->generation, BUILD_NOBODY, 1);
	build_byte(s->b, 0x06);
	do {
		build_byte(s->b, 0x07);
		for (int i = 0; i < 5; i++)
			build_number(s->b, take_number(s));
	} while (take(s, ','));
	build_close(s->b);
}

static void build_experimental(struct script *s)
{
	unsigned experiment = (unsigned)take_number(s);
	uint64_t thread = take_number(s);
	size_t n;

	ck_assert(take(s, '@'));
	build_experiment(s->b, experiment, s->generation, thread, take_number(s));
	ck_assert(take(s, ':'));
	n = strcspn(s->p, "\n");
	build_bytes(s->b, s->p, n);
	build_close(s->b);
	s->p += n;
}

static void begin_generation(struct script *s, uint64_t generation)
{
	s->generation = generation;
	build_clock(s->b, generation, ++s->ordinal, UNITS_A_SECOND);
}

static void end_generation(struct script *s)
{
	static const uint64_t frame[1][4] = {{16, 1, 2, 3}};
	static const char *const strings[] = {"one", "two", "three"};

	build_batch(s->b, s->generation, BUILD_NOBODY, 1);
	build_byte(s->b, 0x02);
	build_stack(s->b, 1, 1, frame);
	build_close(s->b);
	build_batch(s->b, s->generation, BUILD_NOBODY, 1);
	build_byte(s->b, 0x04);
	for (size_t i = 0; i < 3; i++)
		build_string(s->b, i + 1, strings[i], strlen(strings[i]));
	build_close(s->b);
	if (s->b->version >= 26)
		build_mark(s->b);
}

/* Whether the line begins with the word, which is then taken. */
static bool take_line(struct script *s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

void script_build(struct build *b, unsigned version, const char *text)
{
	struct script s = {.b = b, .p = text, .specs = ways_orders()};

	build_init(b, version);
	begin_generation(&s, 1);
	while (*s.p != '\0') {
		if (take_line(&s, "gen ")) {
			end_generation(&s);
			begin_generation(&s, take_number(&s));
		} else if (take_line(&s, "samples")) {
			build_samples(&s);
		} else if (take_line(&s, "experiment ")) {
			build_experimental(&s);
		} else {
			build_thread(&s);
		}
		ck_assert_msg(*s.p == '\0' || *s.p == '\n', "what is '%s'?", s.p);
		s.p += *s.p == '\n';
	}
	end_generation(&s);
}

/* ---- reading */

struct lines {
	char *out;
	size_t used;
};

__attribute__((format(printf, 2, 3)))
static void say(struct lines *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->out + l->used, SCRIPT_OUT_SIZE - l->used, format, args);
	va_end(args);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt((size_t)n, SCRIPT_OUT_SIZE - l->used);
	l->used += (size_t)n;
}

static void say_event(struct lines *l, const struct tt_event *ev)
{
	struct tt_transition t;
	struct tt_task task;
	struct tt_range range;

	say(l, "%" PRId64 "/%" PRId64 "/%" PRId64 " %s", ev->thread, ev->proc, ev->goroutine,
	    ev->spec->name);
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		say(l, " %" PRId64, (int64_t)ev->args[i]);
	if (ev->kind == TT_KIND_TRANSITION) {
		t = tt_event_transition(ev);
		say(l, " %s->%s", tt_state_name(t.from), tt_state_name(t.to));
	} else if (ev->kind == TT_KIND_TASK_END) {
		task = tt_event_task(ev);
		say(l, " parent %" PRId64 " '%.*s'", (int64_t)task.parent, (int)task.type.len,
		    task.type.data);
	} else if (ev->kind == TT_KIND_RANGE_BEGIN || ev->kind == TT_KIND_RANGE_ACTIVE ||
		   ev->kind == TT_KIND_RANGE_END) {
		range = tt_event_range(ev);
		if (range.kind.data != NULL)
			say(l, " %s", range.kind_known ? "" : "unknown ");
		if (range.kind.data != NULL)
			say(l, "kind '%.*s'", (int)range.kind.len, range.kind.data);
	}
	say(l, "\n");
}

void script_run(const struct build *b, int64_t from, char out[SCRIPT_OUT_SIZE])
{
	struct lines l = {out, 0};
	struct tt_reader *r;
	const struct tt_event *ev;
	const struct tt_options opt = {.size = sizeof(opt), .specs = ways_orders()};
	struct tt_error err;
	int rc = tt_reader_open_memory(&r, b->data, b->len, &opt, &err);

	ck_assert_msg(rc == 0, "%s", err.message);
	while ((rc = tt_reader_next(r, &ev)) == 0)
		if (ev->kind != TT_KIND_SYNC && ev->raw_time_ns >= from)
			say_event(&l, ev);
	if (rc == TT_END)
		say(&l, "end");
	else
		say(&l, "%s: %s", tt_code_name(rc), tt_reader_error(r)->message);
	tt_reader_close(r);
}

void script_expect(unsigned version, const char *text, int64_t from, const char *expected)
{
	char out[SCRIPT_OUT_SIZE];
	struct build b;

	script_build(&b, version, text);
	script_run(&b, from, out);
	build_release(&b);
	ck_assert_str_eq(out, expected);
}
