/* SPDX-License-Identifier: MIT */
/*
 * go_stuck.c - what Go prints when no thread can advance: the threads that wait, then the
 * state of everything. Command layer.
 *
 * Source: internal/trace/reader.go, dumpFrontier, and order.go, dumpOrdering. Go prints the
 * states in random order; here they are sorted by id.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump.h"

struct states {
	struct tt_resource_state *at; /* sorted by id; NULL: no memory for it */
	size_t n;
};

static int compare_ids(const void *a, const void *b)
{
	const struct tt_resource_state *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct states states_of(const struct tt_reader *r, enum tt_resource resource)
{
	struct tt_resource_state state;
	struct states s = { NULL, 0 };
	size_t at = 0;

	while (tt_reader_resource_state(r, resource, &at, &state))
		s.n++;
	s.at = calloc(s.n, sizeof(*s.at));
	if (!s.at)
		return (struct states){ NULL, 0 };
	at = 0;
	for (size_t i = 0; i < s.n; i++)
		tt_reader_resource_state(r, resource, &at, &s.at[i]);
	qsort(s.at, s.n, sizeof(*s.at), compare_ids);
	return s;
}

static char *put_waiting(struct out *o, char *p, const struct tt_waiting *w)
{
	p = put_lit(p, "M ");
	p = put_i64(p, w->thread);
	p = put_lit(p, " [");
	p = out_cstr(o, p, w->spec->name);
	p = put_lit(out_room(o, p), " time=");
	p = put_i64(p, w->time_ns);
	for (unsigned i = 0; i < w->spec->nargs; i++) {
		p = put_char(out_room(o, p), ' ');
		p = out_cstr(o, p, w->spec->args[i].name);
		p = put_char(out_room(o, p), '=');
		p = put_u64(p, w->args[i]);
	}
	return put_lit(p, "]\n");
}

static void print_waiting(struct out *o, struct tt_reader *r)
{
	struct tt_waiting w;

	for (size_t i = 0; tt_reader_waiting(r, i, &w); i++)
		out_end(o, put_waiting(o, out_begin(o), &w));
	out_end(o, put_char(out_begin(o), '\n'));
}

/* "G 1 [status=Running seq=0 (gen=1)]", or "M 7 [g=1 p=0]" of a thread. */
static char *put_state(char *p, char letter, const struct tt_resource_state *s)
{
	p = put_char(p, letter);
	p = put_char(p, ' ');
	p = put_i64(p, s->id);
	if (s->status) {
		p = put_lit(p, " [status=");
		p = put_cstr(p, s->status);
		p = put_lit(p, " seq=");
		p = put_u64(p, s->seq);
		p = put_lit(p, " (gen=");
		p = put_u64(p, s->seq_generation);
		return put_lit(p, ")]\n");
	}
	p = put_lit(p, " [g=");
	p = put_i64(p, s->goroutine);
	p = put_lit(p, " p=");
	p = put_i64(p, s->proc);
	return put_lit(p, "]\n");
}

static void print_states(struct out *o, const struct tt_reader *r, enum tt_resource resource,
			 char letter)
{
	struct states s = states_of(r, resource);

	for (size_t i = 0; i < s.n; i++)
		out_end(o, put_state(out_begin(o), letter, &s.at[i]));
	out_end(o, put_char(out_begin(o), '\n'));
	free(s.at);
}

static char *put_collector(char *p, const struct tt_reader *r)
{
	struct tt_resource_state s;
	size_t at = 0;

	if (!tt_reader_resource_state(r, TT_RESOURCE_NONE, &at, &s))
		return p;
	p = put_lit(p, "GC ");
	p = put_u64(p, s.seq);
	p = put_char(p, ' ');
	p = put_cstr(p, s.status);
	return put_char(p, '\n');
}

void go_print_stuck(struct tt_reader *r, uint64_t generation)
{
	static char buffer[8192 + OUT_ROOM];
	struct out o;
	char *p;

	out_init(&o, STDERR_FILENO, buffer, 8192);
	p = put_lit(out_begin(&o), "[gen=");
	p = put_u64(p, generation);
	out_end(&o, put_lit(p, "]\n\n"));
	print_waiting(&o, r);
	print_states(&o, r, TT_RESOURCE_GOROUTINE, 'G');
	print_states(&o, r, TT_RESOURCE_PROC, 'P');
	print_states(&o, r, TT_RESOURCE_THREAD, 'M');
	/* two ends of lines: that of Go's text, and that of the message */
	out_end(&o, put_lit(put_collector(out_begin(&o), r), "\n\n"));
	out_flush(&o);
}
