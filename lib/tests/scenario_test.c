/* SPDX-License-Identifier: MIT */
/*
 * scenario_test.c - small traces as text, each with the verdict that it must get:
 * testdata/scenarios/NAME.txt, assembled by our own assembler. A scenario begins
 * with comments:
 *
 *	# expect: ok                       or: error CODE-WORD [part of the message]
 *	# like-go: ok                      the verdict with TT_OPEN_LIKE_GO, if another
 *	# place: generation 1, thread 5    of the error
 *	# finding: CODE-WORD               each finding, in order
 *	# event: M P G NAME ...            all events, if any is given; see describe()
 *	# spec: NAME.spec                  of testdata/scenarios, if it needs one
 *	# wire: error CODE-WORD            if the raw reader stops in it
 *	# wire: blank                      if text and back loses events with no name
 *
 * Each is read from memory that ends against a guard page, from a mapped file and
 * from a stream that gives 1 to 8 bytes at a time, always with the same result.
 * What no text can express stands here as bytes.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/input.h"
#include "tests/sanitized.h"
#include "tests/suites.h"
#include "tests/walk.h"
#include "wire/assemble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FOLDER "testdata/scenarios"
#define MAX_SCENARIOS 400
#define MAX_LINES 64

static struct tt_specs *specs;
static char *names[MAX_SCENARIOS];
static int nscenarios;

/* ------------------------------------------------------------------ a text */

struct log {
	char *at;
	size_t len, cap;
};

static void add(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct log *log, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	while (log->cap - log->len <= (size_t)n) {
		log->cap = log->cap * 2 + 1024;
		log->at = realloc(log->at, log->cap);
		ck_assert_ptr_nonnull(log->at);
	}
	va_start(args, format);
	log->len += (size_t)vsnprintf(log->at + log->len, log->cap - log->len, format, args);
	va_end(args);
}

/* ---------------------------------------------------------------- scenario */

struct scenario {
	char *text;
	size_t len;
	const char *expect, *like_go, *place, *wire, *spec;
	const char *findings[MAX_LINES];
	size_t nfindings;
	const char *events[MAX_LINES];
	size_t nevents;
};

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	ck_assert_msg(f != NULL, "cannot open %s: the tests run in the top folder", path);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	*len = (size_t)size;
	return text;
}

/* What stands behind "# key: ", or NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, "# ", 2) != 0 || strncmp(line + 2, key, len) != 0 ||
	    strncmp(line + 2 + len, ": ", 2) != 0)
		return NULL;
	return line + len + 4;
}

static void take_directive(struct scenario *s, const char *line)
{
	const char *v;

	if ((v = value_of(line, "expect")) != NULL)
		s->expect = v;
	if ((v = value_of(line, "like-go")) != NULL)
		s->like_go = v;
	if ((v = value_of(line, "place")) != NULL)
		s->place = v;
	if ((v = value_of(line, "spec")) != NULL)
		s->spec = v;
	if ((v = value_of(line, "wire")) != NULL)
		s->wire = v;
	if ((v = value_of(line, "finding")) != NULL)
		s->findings[s->nfindings++] = v;
	if ((v = value_of(line, "event")) != NULL)
		s->events[s->nevents++] = v;
	ck_assert_uint_lt(s->nfindings, MAX_LINES);
	ck_assert_uint_lt(s->nevents, MAX_LINES);
}

/* For this test alone: the fixture makes `specs` anew for each. */
static void add_spec(const char *name)
{
	char path[512];
	struct tt_error err;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	ck_assert_msg(tt_specs_add_file(specs, path, &err) == 0, "%s", err.message);
}

/* The directives point into *lines, a copy of the text that the caller frees. */
static void load(struct scenario *s, const char *name, char **lines)
{
	char path[512], *save = NULL;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	memset(s, 0, sizeof(*s));
	s->text = read_file(path, &s->len);
	*lines = strdup(s->text);
	for (char *line = strtok_r(*lines, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		take_directive(s, line);
	ck_assert_msg(s->expect != NULL, "%s has no line '# expect: ...'", path);
}

/* ------------------------------------------------------------------ events */

static void describe_transition(struct log *log, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	add(log, " %c%" PRId64 " %s->%s", t.resource == TT_RESOURCE_PROC ? 'p' : 'g', t.id,
	    tt_state_name(t.from), tt_state_name(t.to));
	if (t.reason.len != 0)
		add(log, " \"%.*s\"", (int)t.reason.len, t.reason.data);
}

static void describe_range(struct log *log, const struct tt_event *ev)
{
	static const char *const scopes[] = {"global", "thread", "p", "g"};
	struct tt_range range = tt_event_range(ev);

	add(log, " \"%s\" %s", range.name, scopes[range.scope]);
	if (range.scope != TT_RESOURCE_NONE)
		add(log, "%" PRId64, range.id);
	if (range.kind.data != NULL && range.kind_known)
		add(log, " (%.*s)", (int)range.kind.len, range.kind.data);
	for (unsigned i = 0; i < range.nattributes; i++)
		add(log, " \"%s\"=%" PRIu64, range.attributes[i].name, range.attributes[i].value);
}

static void describe_task(struct log *log, const struct tt_event *ev)
{
	struct tt_task task = tt_event_task(ev);

	add(log, " %" PRIu64 " parent %" PRId64 " \"%.*s\"", task.id, (int64_t)task.parent,
	    (int)task.type.len, task.type.data);
}

static void describe_region(struct log *log, const struct tt_event *ev)
{
	struct tt_region region = tt_event_region(ev);

	add(log, " %" PRIu64 " \"%.*s\"", region.task, (int)region.type.len, region.type.data);
}

static void describe_others(struct log *log, const struct tt_event *ev)
{
	struct tt_str label;
	struct tt_log entry;

	switch (ev->kind) {
	case TT_KIND_SYNC:
		add(log, " %" PRIu64, tt_event_sync(ev).n);
		break;
	case TT_KIND_METRIC:
		add(log, " %s %" PRIu64, tt_event_metric(ev).name, tt_event_metric(ev).value);
		break;
	case TT_KIND_LABEL:
		label = tt_event_label(ev);
		add(log, " \"%.*s\"", (int)label.len, label.data);
		break;
	case TT_KIND_LOG:
		entry = tt_event_log(ev);
		add(log, " %" PRIu64 " \"%.*s\" \"%.*s\"", entry.task, (int)entry.category.len,
		    entry.category.data, (int)entry.message.len, entry.message.data);
		break;
	default:
		for (unsigned i = 0; ev->spec != NULL && i < ev->spec->nargs; i++)
			add(log, " %" PRIu64, ev->args[i]);
	}
}

/* "TIME M P G NAME" and what the event shows, as a line. */
static void describe(struct log *log, const struct tt_event *ev)
{
	bool has;
	uint64_t stack = tt_event_stack(ev, &has);

	add(log, "%" PRId64 " M=%" PRId64 " P=%" PRId64 " G=%" PRId64 " %s", ev->time_ns,
	    ev->thread, ev->proc, ev->goroutine, ev->spec == NULL ? "Sync" : ev->spec->name);
	switch (ev->kind) {
	case TT_KIND_TRANSITION:
		describe_transition(log, ev);
		break;
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		describe_range(log, ev);
		break;
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		describe_task(log, ev);
		break;
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		describe_region(log, ev);
		break;
	default:
		describe_others(log, ev);
	}
	if (has)
		add(log, " stack %" PRIu64, stack);
	add(log, "\n");
}

/* ----------------------------------------------------------------- reading */

struct outcome {
	struct log log; /* all of it, to compare ways to read */
	size_t events_end; /* where in it the events before the verdict end */
	int rc;
	struct tt_error err;
	int findings[MAX_LINES];
	size_t nfindings;
};

static void log_error(struct log *log, const struct tt_error *err)
{
	add(log,
	    "%s at %" PRIu64 " in %" PRIu64 " generation %" PRIu64 " thread %" PRId64
	    " index %" PRIu64 " type %d: %s\n",
	    tt_code_name(err->code), err->offset, err->batch_offset, err->generation, err->thread,
	    err->event_index, err->event_type, err->message);
}

static void read_findings(struct outcome *o, struct tt_reader *r)
{
	struct tt_error finding;

	while (tt_reader_finding(r, &finding) == 0) {
		if (o->nfindings < MAX_LINES)
			o->findings[o->nfindings++] = finding.code;
		log_error(&o->log, &finding);
	}
}

/* The events and the verdict; and behind an error, what else can be read. */
static void read_all(struct outcome *o, struct tt_reader *r)
{
	const struct tt_event *ev;
	uint64_t skipped;
	int rc;

	while ((o->rc = tt_reader_next(r, &ev)) == 0)
		describe(&o->log, ev);
	o->events_end = o->log.len;
	o->err = *tt_reader_error(r);
	if (o->rc < 0)
		log_error(&o->log, &o->err);
	read_findings(o, r);
	for (int i = 0; i < 100 && tt_reader_error(r)->code != TT_OK; i++) {
		rc = tt_reader_resync(r, &skipped);
		add(&o->log, "resync %d, %" PRIu64 " skipped\n", rc, skipped);
		if (rc != 0)
			break;
		while ((rc = tt_reader_next(r, &ev)) == 0)
			describe(&o->log, ev);
	}
}

enum { FROM_MEMORY, FROM_FILE = 9, FROM_LIKE_GO, NWAYS };

/* `way`: from memory, from a stream of reads of so many bytes, from a file. */
static void read_trace(struct outcome *o, const struct guarded *g, int way)
{
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	struct tt_reader *r;
	struct trickle t;
	int fd = -1, rc;

	memset(o, 0, sizeof(*o));
	if (way == FROM_LIKE_GO)
		opt.flags = TT_OPEN_LIKE_GO;
	if (way == FROM_MEMORY || way == FROM_LIKE_GO) {
		rc = tt_reader_open_memory(&r, g->data, g->len, &opt, &o->err);
	} else if (way == FROM_FILE) {
		fd = input_file(g->data, g->len);
		rc = tt_reader_open_fd(&r, fd, &opt, &o->err);
	} else {
		trickle_start(&t, g->data, g->len, (size_t)way);
		rc = tt_reader_open_fd(&r, t.fd, &opt, &o->err);
	}
	ck_assert_msg(rc == 0, "%s", o->err.message);
	read_all(o, r);
	tt_reader_close(r);
	if (way == FROM_FILE)
		close(fd);
	else if (way != FROM_MEMORY && way != FROM_LIKE_GO)
		trickle_stop(&t);
}

/* ---------------------------------------------------------------- verdicts */

/* "ok", or "error WORD" with a part of the message behind it. */
static void check_verdict(const char *name, const struct outcome *o, const char *expect)
{
	char want[128];
	int n;

	if (strcmp(expect, "ok") == 0) {
		ck_assert_msg(o->rc == TT_END, "%s: must be ok: %s", name, o->err.message);
		return;
	}
	ck_assert_msg(o->rc < 0, "%s: must be an error: %s", name, expect);
	n = snprintf(want, sizeof(want), "error %s", tt_code_name(o->rc));
	ck_assert_msg(strncmp(expect, want, (size_t)n) == 0 &&
			      (expect[n] == '\0' || expect[n] == ' '),
		      "%s: must be %s, is %s: %s", name, expect, want, o->err.message);
	if (expect[n] == ' ')
		ck_assert_msg(strstr(o->err.message, expect + n + 1) != NULL,
			      "%s: '%s' is not in the message: %s", name, expect + n + 1,
			      o->err.message);
}

static void check_place(const char *name, const struct outcome *o, const char *place, size_t len)
{
	char is[128];

	snprintf(is, sizeof(is), "generation %" PRId64 ", thread %" PRId64,
		 (int64_t)o->err.generation, o->err.thread);
	if (place != NULL)
		ck_assert_msg(strcmp(place, is) == 0, "%s: must be in %s, is in %s", name, place,
			      is);
	if (o->rc < 0)
		ck_assert_msg(o->err.offset <= len, "%s: error at %" PRIu64 " of %zu", name,
			      o->err.offset, len);
}

static void check_findings(const char *name, const struct outcome *o, const struct scenario *s)
{
	for (size_t i = 0; i < s->nfindings; i++)
		ck_assert_msg(i < o->nfindings &&
				      strcmp(tt_code_name(o->findings[i]), s->findings[i]) == 0,
			      "%s: finding %zu must be %s, is %s", name, i + 1, s->findings[i],
			      i < o->nfindings ? tt_code_name(o->findings[i]) : "not there");
	ck_assert_msg(o->nfindings == s->nfindings, "%s: finding %s is not expected", name,
		      tt_code_name(o->findings[s->nfindings]));
}

/* Without their times. */
static void check_events(const char *name, const struct outcome *o, const struct scenario *s)
{
	const char *p = o->log.at, *end = p + o->events_end;

	for (size_t i = 0; i < s->nevents; i++) {
		const char *line = p == end ? "nothing" : strchr(p, ' ') + 1;
		int len = p == end ? 7 : (int)strcspn(line, "\n");

		ck_assert_msg((size_t)len == strlen(s->events[i]) &&
				      strncmp(line, s->events[i], (size_t)len) == 0,
			      "%s: event %zu must be '%s', is '%.*s'", name, i + 1, s->events[i],
			      len, line);
		p = line + len + 1;
	}
	if (s->nevents != 0)
		ck_assert_msg(p == end, "%s: another event: %.*s", name, (int)strcspn(p, "\n"), p);
}

/* Text to bytes, or a failed test. */
static void assemble(struct guarded *g, const char *name, const char *text, size_t len)
{
	struct tt_mem mem = {0};
	struct tt_bytes bytes = {.mem = &mem};
	struct tt_error err;

	ck_assert_msg(tt_assemble(specs, text, len, &bytes, &err) == 0, "%s:%s", name, err.message);
	guarded_init(g, bytes.data, bytes.len);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}

/* The trace as text; returns how its raw reader ended. */
static int raw_text(struct log *text, const struct guarded *g)
{
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	const struct tt_wire_event *ev;
	struct tt_error err;
	struct tt_wire *w;
	int rc = tt_wire_open_memory(&w, g->data, g->len, &opt, &err);

	ck_assert_int_eq(rc, 0);
	add(text, "Trace Go1.%u\n", tt_wire_version(w));
	while ((rc = tt_wire_next(w, &ev)) == 0) {
		size_t need = tt_wire_format(ev, NULL, 0);
		char *line = malloc(need);

		tt_wire_format(ev, line, need);
		add(text, "%.*s", (int)need, line);
		free(line);
	}
	tt_wire_close(w);
	return rc;
}

static int setup_scenarios(void)
{
	struct tt_error err;

	return tt_specs_new(&specs, &err);
}

static void setup(void)
{
	ck_assert_int_eq(setup_scenarios(), 0);
}

static void teardown(void)
{
	tt_specs_free(specs);
	specs = NULL;
}

/* Text to bytes to text to bytes: the same bytes, and the same text. */
START_TEST(scenario_survives_text_and_back)
{
	const char *name = names[_i];
	struct guarded first, second;
	struct log text = {0}, again = {0};
	struct scenario s;
	char *lines;
	int rc;

	load(&s, name, &lines);
	if (s.spec != NULL)
		add_spec(s.spec);
	assemble(&first, name, s.text, s.len);
	rc = raw_text(&text, &first);
	if (s.wire != NULL && strncmp(s.wire, "error ", 6) == 0) {
		ck_assert_msg(rc < 0 && strcmp(tt_code_name(rc), s.wire + 6) == 0,
			      "%s: the raw reader: %d", name, rc);
	} else {
		ck_assert_msg(rc == TT_END, "%s: the raw reader: %d", name, rc);
		assemble(&second, name, text.at, text.len);
		ck_assert_msg(first.len == second.len &&
				      memcmp(first.data, second.data, first.len) == 0,
			      "%s: text and back gives other bytes", name);
		raw_text(&again, &second);
		ck_assert_str_eq(text.at, again.at);
		guarded_release(&second);
	}
	guarded_release(&first);
	free(text.at);
	free(again.at);
	free(lines);
	free(s.text);
}
END_TEST

START_TEST(scenario_gets_its_verdict)
{
	const char *name = names[_i];
	struct guarded g;
	struct scenario s;
	struct outcome o;
	char *lines;

	load(&s, name, &lines);
	if (s.spec != NULL)
		add_spec(s.spec);
	assemble(&g, name, s.text, s.len);
	read_trace(&o, &g, FROM_MEMORY);
	check_verdict(name, &o, s.expect);
	check_place(name, &o, s.place, g.len);
	check_findings(name, &o, &s);
	check_events(name, &o, &s);
	free(o.log.at);
	read_trace(&o, &g, FROM_LIKE_GO);
	check_verdict(name, &o, s.like_go != NULL ? s.like_go : s.expect);
	free(o.log.at);
	guarded_release(&g);
	free(lines);
	free(s.text);
}
END_TEST

/* By Syncs alone the same verdict comes out. */
static void check_by_syncs(const struct guarded *g)
{
	const struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	struct tt_reader *r;
	struct tt_error err;
	struct walk w;

	ck_assert_int_eq(tt_reader_open_memory(&r, g->data, g->len, &opt, &err), 0);
	walk(&w, r, g->len, false);
	tt_reader_close(r);
	walk_again_by_fewer(&w, g->data, g->len, &opt);
}

START_TEST(scenario_is_the_same_however_it_arrives)
{
	const char *name = names[_i];
	struct outcome memory, other;
	struct scenario s;
	struct guarded g;
	char *lines;

	load(&s, name, &lines);
	if (s.spec != NULL)
		add_spec(s.spec);
	assemble(&g, name, s.text, s.len);
	read_trace(&memory, &g, FROM_MEMORY);
	for (int way = FROM_MEMORY + 1; way <= FROM_FILE; way++) {
		read_trace(&other, &g, way);
		ck_assert_msg(memory.log.len == other.log.len &&
				      (memory.log.len == 0 ||
				       memcmp(memory.log.at, other.log.at, other.log.len) == 0),
			      "%s: read in way %d:\n%s\nfrom memory:\n%s", name, way, other.log.at,
			      memory.log.at);
		free(other.log.at);
	}
	free(memory.log.at);
	check_by_syncs(&g);
	guarded_release(&g);
	free(lines);
	free(s.text);
}
END_TEST

/* Cut anywhere and flipped anywhere: the verdict may change, nothing else. (Under sanitizers at
 * every 11th place, from another one on in each scenario.) */
START_TEST(scenario_may_be_damaged)
{
	const size_t first = (size_t)_i % TT_EVERY;
	const char *name = names[_i];
	struct scenario s;
	struct guarded g;
	struct outcome o;
	char *lines;

	load(&s, name, &lines);
	if (s.spec != NULL)
		add_spec(s.spec);
	assemble(&g, name, s.text, s.len);
	for (size_t len = 16 + first; len < g.len && g.len < 2000; len += TT_EVERY) {
		struct guarded cut;

		guarded_init(&cut, g.data, len);
		read_trace(&o, &cut, FROM_MEMORY);
		check_place(name, &o, NULL, len);
		check_by_syncs(&cut);
		free(o.log.at);
		guarded_release(&cut);
	}
	for (size_t bit = 16 * 8 + first; bit < g.len * 8 && g.len < 2000; bit += TT_EVERY) {
		g.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		read_trace(&o, &g, FROM_MEMORY);
		check_place(name, &o, NULL, g.len);
		check_by_syncs(&g);
		free(o.log.at);
		g.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	guarded_release(&g);
	free(lines);
	free(s.text);
}
END_TEST

/* ------------------------------------------------------------------- bytes */

#define HEADER26 "go 1.26 trace\0\0\0"
#define TEN "\x80\x80\x80\x80\x80\x80\x80\x80\x80"
/* Frequency and snapshot, as a whole batch. */
#define TABLES26 "\x01\x01\x01\x01\x09\x32\x08\x80\x01\x33\x01\x01\x01\x01"

/* Damage below the level of events, and numbers that no writer makes. */
static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	int code;
	uint64_t offset;
	const char *message;
} byte_traces[] = {
#define BYTES(s) s, sizeof(s) - 1
	{"no batch", BYTES(HEADER26 "\x02"), TT_E_BATCH_TYPE, 16,
	 "expected batch event, got event 2"},
	{"gen cut", BYTES(HEADER26 "\x01\x81"), TT_E_CUT_OFF, 18,
	 "error reading batch gen: unexpected EOF"},
	{"gen missing", BYTES(HEADER26 "\x01"), TT_E_CUT_OFF, 17, "error reading batch gen: EOF"},
	{"thread missing", BYTES(HEADER26 "\x01\x01"), TT_E_CUT_OFF, 18,
	 "error reading batch M ID: EOF"},
	{"time missing", BYTES(HEADER26 "\x01\x01\x01"), TT_E_CUT_OFF, 19,
	 "error reading batch timestamp: EOF"},
	{"size missing", BYTES(HEADER26 "\x01\x01\x01\x01"), TT_E_CUT_OFF, 20,
	 "error reading batch size: EOF"},
	{"gen overflows", BYTES(HEADER26 "\x01" TEN "\x02\x01\x01\x01"), TT_E_BATCH_HEADER, 17,
	 "error reading batch gen: binary: varint overflows a 64-bit integer"},
	{"size overflows", BYTES(HEADER26 "\x01\x01\x01\x01" TEN "\x80\x00"), TT_E_BATCH_HEADER, 20,
	 "error reading batch size: binary: varint overflows a 64-bit integer"},
	{"size 2^64-1", BYTES(HEADER26 "\x01\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"),
	 TT_E_BATCH_SIZE, 16, "invalid batch size 18446744073709551615, maximum is 65536"},
	{"data short", BYTES(HEADER26 "\x01\x01\x01\x01\x05\x32\x08"), TT_E_CUT_OFF, 23,
	 "failed to read full batch: read 2 but wanted 5"},
	{"experiment missing", BYTES(HEADER26 "\x31"), TT_E_CUT_OFF, 17, ""},
	{"type too high", BYTES(HEADER26 TABLES26 "\x01\x01\x01\x01\x02\xc8\x01\x34"),
	 TT_E_EVENT_TYPE, 35, "found invalid event type: 200"},
	{"type without a name", BYTES(HEADER26 TABLES26 "\x01\x01\x01\x01\x02\x40\x01\x34"),
	 TT_E_EVENT_UNTIMED, 35, "found event without a timestamp: type=64"},
	{"argument overflows", BYTES(HEADER26 TABLES26 "\x01\x01\x01\x01\x0b\x11" TEN "\x02\x34"),
	 TT_E_EVENT_NUMBER, 36, "found invalid uvarint for timestamp"},
	{"string length overflows", BYTES(HEADER26 "\x01\x01\x01\x01\x0d\x04\x05\x01" TEN "\x02"),
	 TT_E_STRING_RECORD, 0, "binary: varint overflows a 64-bit integer"},
	{"string length 2^64-1",
	 BYTES(HEADER26 "\x01\x01\x01\x01\x0d\x04\x05\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	 TT_E_STRING_SIZE, 0, "invalid string size 18446744073709551615, maximum is 1024"},
	{"frames 2^64-1",
	 BYTES(HEADER26 "\x01\x01\x01\x01\x0d\x02\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	 TT_E_STACK_SIZE, 0, "invalid stack size 18446744073709551615, maximum is 128"},
};

START_TEST(bytes_get_their_verdict)
{
	struct outcome first = {0}, o;
	struct guarded g;

	guarded_init(&g, byte_traces[_i].bytes, byte_traces[_i].len);
	for (int way = FROM_MEMORY; way <= FROM_FILE; way++) {
		read_trace(&o, &g, way);
		ck_assert_msg(o.rc == -byte_traces[_i].code, "%s: %d, %s", byte_traces[_i].what,
			      o.rc, o.err.message);
		ck_assert_msg(strstr(o.err.message, byte_traces[_i].message) != NULL, "%s: %s",
			      byte_traces[_i].what, o.err.message);
		if (byte_traces[_i].offset != 0)
			ck_assert_uint_eq(o.err.offset, byte_traces[_i].offset);
		if (way == FROM_MEMORY) {
			first = o;
			continue;
		}
		ck_assert_str_eq(first.log.at, o.log.at);
		free(o.log.at);
	}
	free(first.log.at);
	guarded_release(&g);
}
END_TEST

/* Codes that scenarios cannot show: those of files that are no trace of format v2. */
static const int elsewhere[] = {TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_V1, TT_E_TIME_ORDER};
/* Of files that hold more than one trace or other bytes: the golden case `pieces` shows them. */
static bool is_of_pieces(int code)
{
	return code >= TT_E_ANOTHER_TRACE && code <= TT_E_REENCODED;
}

/* No reader finds these: heap_test.c shows them. */
static bool is_of_heap(int code)
{
	return code >= TT_W_HEAP_ALLOC && code <= TT_W_HEAP_ADDRESS;
}

static bool is_shown(int code)
{
	bool shown = false;

	for (size_t i = 0; i < COUNT(elsewhere); i++)
		shown |= elsewhere[i] == code;
	for (size_t i = 0; i < COUNT(byte_traces); i++)
		shown |= byte_traces[i].code == code;
	for (int i = 0; i < nscenarios && !shown; i++) {
		struct scenario s;
		char *lines, want[64];
		int n = snprintf(want, sizeof(want), "error %s", tt_code_name(code));

		load(&s, names[i], &lines);
		shown |= strncmp(s.expect, want, (size_t)n) == 0 &&
			 (s.expect[n] == ' ' || s.expect[n] == '\0');
		for (size_t k = 0; k < s.nfindings; k++)
			shown |= strcmp(s.findings[k], want + 6) == 0;
		free(lines);
		free(s.text);
	}
	return shown;
}

START_TEST(every_code_about_traces_is_shown)
{
	int code;

	ck_assert_int_gt(nscenarios, 100);
	for (size_t i = 0; (code = tt_code_at(i)) != 0; i++)
		if (code >= TT_E_NOT_A_TRACE && !is_of_heap(code) && !is_of_pieces(code))
			ck_assert_msg(is_shown(code), "no scenario shows %s", tt_code_name(code));
}
END_TEST

/* ------------------------------------------------------------------- suite */

static int is_scenario(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

/* Once; the names live as long as the program. */
static void find_scenarios(void)
{
	static char room[MAX_SCENARIOS][64];
	struct dirent **entries;
	int n = scandir(FOLDER, &entries, is_scenario, alphasort);

	for (int i = 0; i < n; i++) {
		if (i < MAX_SCENARIOS) {
			snprintf(room[i], sizeof(room[i]), "%.63s", entries[i]->d_name);
			names[i] = room[i];
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	nscenarios = n < MAX_SCENARIOS ? n : MAX_SCENARIOS;
}

Suite *scenario_suite(void)
{
	Suite *s = suite_create("scenario");
	TCase *tc = tcase_create("scenario");

	find_scenarios();
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, scenario_survives_text_and_back, 0, nscenarios);
	tcase_add_loop_test(tc, scenario_gets_its_verdict, 0, nscenarios);
	tcase_add_loop_test(tc, scenario_is_the_same_however_it_arrives, 0, nscenarios);
	tcase_add_loop_test(tc, scenario_may_be_damaged, 0, nscenarios);
	tcase_add_loop_test(tc, bytes_get_their_verdict, 0, (int)COUNT(byte_traces));
	tcase_add_test(tc, every_code_about_traces_is_shown);
	suite_add_tcase(s, tc);
	return s;
}
