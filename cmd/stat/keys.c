/* SPDX-License-Identifier: MIT */
/* keys.c - the keys of rows as text. Command layer. */
#include "stat.h"

#include <stdlib.h>
#include <string.h>

static bool begins_with(struct tt_str s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && memcmp(s.data, what, len) == 0;
}

bool is_system_function(struct tt_str name)
{
	return name.len == 0 || (begins_with(name, "runtime.") &&
				 !(name.len == 12 && begins_with(name, "runtime.main")));
}

/* ---- the function of the program that a stack is in */

/* The first words of paths of Go's standard library. */
static const char *const library[] = {
	"archive", "bufio", "bytes", "compress", "container", "context", "crypto", "database",
	"debug", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image",
	"internal", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path", "reflect",
	"regexp", "runtime", "slices", "sort", "strconv", "strings", "sync", "syscall", "testing",
	"text", "time", "unicode", "unique", "vendor", "weak",
};

/* "net/http.(*conn).serve" is of `net`. */
static bool is_library(struct tt_str func)
{
	size_t len = 0;

	while (len < func.len && func.data[len] != '/' && func.data[len] != '.')
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(library); i++) {
		if (strlen(library[i]) == len && memcmp(library[i], func.data, len) == 0)
			return true;
	}
	return false;
}

struct tt_str site_of(const struct tt_spans *spans, uint32_t stack)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_spans_stack(spans, stack, frames);

	for (int i = 0; i < n; i++) {
		if (frames[i].func.len > 0 && !is_library(frames[i].func))
			return frames[i].func;
	}
	return n > 0 ? frames[n - 1].func : (struct tt_str){ "", 0 };
}

/* ---- numbers */

/* An experiment's range that a number sets apart from others. */
static bool is_keyed(const struct tt_span *span)
{
	return span->kind == TT_SPAN_RANGE && span->spec && span->spec->range.key_arg >= 0;
}

/* The stack of the event that woke a goroutine: the end of its wait. */
static uint32_t waker_of(const struct tt_span *span)
{
	return span->state == TT_STATE_RUNNABLE ? span->start_stack : span->end_stack;
}

/* A goroutine that still waits where the trace, or its life, ends. */
static bool is_not_woken(const struct tt_span *span)
{
	return span->state == TT_STATE_WAITING && (span->flags & TT_SPAN_NOT_ENDED) != 0;
}

static int64_t goroutine_of(const struct tt_span *span)
{
	return span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_LIFE ? span->id
									      : span->goroutine;
}

bool key_id(const struct stat_table *t, const struct tt_span *span, uint64_t *id)
{
	uint64_t reason = t->reasons ? (uint64_t)span->name << 32 : 0;

	*id = 0;
	if (is_keyed(span))
		return false;
	switch (t->by) {
	case BY_FUNC:
		*id = span->func | reason;
		break;
	case BY_SITE:
	case BY_STACK:
		*id = span->stack | reason;
		break;
	case BY_WAKER:
		*id = (is_not_woken(span) ? UINT32_MAX : waker_of(span)) | reason;
		break;
	case BY_GOROUTINE:
		*id = (uint64_t)goroutine_of(span);
		break;
	case BY_REASON:
		*id = span->name | (uint64_t)span->detail << 32;
		break;
	case BY_TASK:
		*id = span->task;
		break;
	case BY_PROC:
		*id = (uint64_t)(span->kind == TT_SPAN_PROC ? span->id : span->proc);
		break;
	case BY_THREAD:
		*id = (uint64_t)span->thread;
		break;
	case BY_ALL:
	case BY_FILE:
		break;
	}
	return true;
}

/* ---- texts */

static char *put_text(struct out *o, char *p, struct tt_str text, const char *otherwise)
{
	return text.len > 0 ? out_str(o, p, text) : out_cstr(o, p, otherwise);
}

/* Innermost first: "sync.(*Mutex).Lock < main.get < main.main". */
static char *put_stack(const struct tt_spans *spans, struct out *o, char *p, uint32_t stack)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_spans_stack(spans, stack, frames);

	if (n == 0)
		return put_lit(p, "(no stack)");
	for (int i = 0; i < n; i++) {
		if (i > 0)
			p = put_lit(out_room(o, p), " < ");
		p = put_text(o, p, frames[i].func, "?");
	}
	return p;
}

static char *put_id(char *p, int64_t id, const char *none)
{
	return id == TT_NONE ? put_cstr(p, none) : put_i64(p, id);
}

/* "stop-the-world (GC mark termination)" */
static char *put_name(const struct tt_spans *spans, struct out *o, char *p,
		      const struct tt_span *span)
{
	p = put_text(o, p, tt_spans_name(spans, span->name), "(unknown)");
	if (span->detail == 0)
		return p;
	p = put_lit(out_room(o, p), " (");
	return put_char(out_room(o, out_str(o, p, tt_spans_name(spans, span->detail))), ')');
}

static char *put_key(const struct tt_spans *spans, const struct stat_table *t, struct out *o,
		     char *p, const struct tt_span *span)
{
	switch (t->by) {
	case BY_FUNC:
		return put_text(o, p, tt_spans_name(spans, span->func), "(no stack)");
	case BY_SITE:
		return put_text(o, p, site_of(spans, span->stack), "(no stack)");
	case BY_STACK:
		return put_stack(spans, o, p, span->stack);
	case BY_WAKER:
		if (is_not_woken(span))
			return put_lit(p, "(nobody)");
		return put_text(o, p, site_of(spans, waker_of(span)), "(no stack)");
	case BY_GOROUTINE:
		return put_id(p, goroutine_of(span), "none");
	case BY_REASON:
		return put_name(spans, o, p, span);
	case BY_TASK:
		return span->task == 0 ? put_lit(p, "(no task)") : put_u64(p, span->task);
	case BY_PROC:
		return put_id(p, span->kind == TT_SPAN_PROC ? span->id : span->proc, "none");
	case BY_THREAD:
		return put_id(p, span->thread, "none");
	case BY_ALL:
	case BY_FILE:
		break;
	}
	return put_lit(p, "all");
}

void key_text(const struct tt_spans *spans, const char *file, const struct stat_table *t,
	      const struct tt_span *span, struct out *o)
{
	char *p = out_begin(o);

	if (t->by == BY_FILE)
		p = out_cstr(o, p, file);
	else if (is_keyed(span) && t->by == BY_SITE)
		p = put_name(spans, o, p, span);
	else
		p = put_key(spans, t, o, p, span);
	p = out_room(o, p);
	if (is_keyed(span) && (t->by == BY_SITE || t->by == BY_REASON))
		p = put_u64(put_char(p, ' '), span->key);
	if (t->reasons && !is_keyed(span))
		p = put_text(o, put_lit(p, ": "), tt_spans_name(spans, span->name),
			     "(unknown)");
	out_end(o, p);
}
