/* SPDX-License-Identifier: MIT */
/* emit_support.c - traces that a test of the emitter makes. */
#include "tests/emit_support.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_NBYTES 16

int made_write(void *arg, const void *data, size_t nbytes)
{
	struct made *m = arg;

	m->calls++;
	if (m->fail_at != 0 && m->calls >= m->fail_at)
		return ENOSPC;
	if (nbytes > m->cap - m->len) {
		m->cap = (m->len + nbytes) * 2;
		m->data = realloc(m->data, m->cap);
		if (m->data == NULL)
			abort();
	}
	if (nbytes != 0)
		memcpy(m->data + m->len, data, nbytes);
	m->len += nbytes;
	return 0;
}

void made_release(struct made *m)
{
	free(m->data);
	*m = (struct made){0};
}

static void see_transition(const struct tt_event *ev, struct seen *out)
{
	struct tt_transition t = tt_event_transition(ev);

	if (t.resource != TT_RESOURCE_GOROUTINE)
		return;
	out->to_state[t.to]++;
	if (t.from == TT_STATE_WAITING && t.to == TT_STATE_RUNNABLE && ev->goroutine != TT_NONE)
		out->wakes_by_others++;
}

static void see_generation(const struct tt_generation *g, struct seen *out)
{
	struct tt_batch b;

	out->generations++;
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		b = tt_generation_experimental_at(g, i);
		out->batches++;
		out->batch_nbytes += b.size;
	}
}

static void see_event(const struct tt_event *ev, struct seen *out)
{
	out->events++;
	if (ev->spec != NULL)
		out->by_type[ev->spec->type]++;
	switch (ev->kind) {
	case TT_KIND_SYNC:
		if (ev->generation != NULL)
			see_generation(ev->generation, out);
		break;
	case TT_KIND_TRANSITION:
		see_transition(ev, out);
		break;
	case TT_KIND_LOG:
		out->logs++;
		break;
	case TT_KIND_TASK_BEGIN:
		out->begun_tasks++;
		break;
	case TT_KIND_TASK_END:
		out->ended_tasks++;
		break;
	case TT_KIND_REGION_BEGIN:
		out->begun_regions++;
		break;
	case TT_KIND_REGION_END:
		out->ended_regions++;
		break;
	default:
		break;
	}
}

void see(const void *data, size_t len, int but, struct seen *out)
{
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	int code;

	memset(out, 0, sizeof(*out));
	ck_assert_int_eq(tt_reader_open_memory(&r, data, len, NULL, &err), 0);
	while ((code = tt_reader_next(r, &ev)) == 0)
		see_event(ev, out);
	ck_assert_msg(code == 1, "generation %llu, offset %llu: %s",
		      (unsigned long long)tt_reader_error(r)->generation,
		      (unsigned long long)tt_reader_error(r)->offset, tt_reader_error(r)->message);
	while (tt_reader_finding(r, &err) == 0)
		ck_assert_msg(err.code == but, "%s: %s", tt_code_name(err.code), err.message);
	tt_reader_close(r);
}

void see_all_cuts(const struct made *m, size_t max, struct seen *out)
{
	const struct tt_generation *g;
	uint8_t *cut = malloc(m->len);
	struct tt_reader *r;
	struct tt_error err;
	struct seen ignored;
	size_t len;

	see(m->data, m->len, TT_W_EXPERIMENT_EMPTY, out);
	ck_assert_ptr_nonnull(cut);
	memcpy(cut, m->data, HEADER_NBYTES);
	ck_assert_int_eq(tt_reader_open_memory(&r, m->data, m->len, NULL, &err), 0);
	while (max-- > 0 && tt_reader_next_generation(r, &g) == 0) {
		len = m->len - (size_t)tt_generation_end(g);
		if (len == 0)
			break;
		memcpy(cut + HEADER_NBYTES, m->data + m->len - len, len);
		see(cut, HEADER_NBYTES + len, TT_W_EXPERIMENT_EMPTY, &ignored);
	}
	tt_reader_close(r);
	free(cut);
}

void emit_begin(struct made *m, uint64_t period_ns)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = period_ns};
	struct tt_error err;

	ck_assert_msg(tt_emit_start_callback(made_write, m, &opt, &err) == 0, "%s", err.message);
}

void emit_end(void)
{
	struct tt_error err;

	ck_assert_msg(tt_emit_stop(&err) == 0, "%s", err.message);
}
