/* SPDX-License-Identifier: MIT */
/*
 * writer_emit.c - an event happens: it is tried on the state, and goes to the stream of its
 * thread if it can be. Stands on writer_stream.c.
 */
#include "edit/writer.h"
#include "order/fast.h"

/* Why an event that has to wait cannot happen. */
static int refuse_waiting(struct tt_writer *w, struct tt_order *o, int64_t thread, uint32_t m,
			  struct tt_raw_event *raw)
{
	const struct tt_event_spec *spec = tt_specs_event(w->specs, raw->type);

	w->why[0] = '\0';
	o->why = w->why;
	o->why_size = sizeof(w->why);
	tt_order_try(o, thread, &m, raw);
	o->why = NULL;
	return tt_fail(&w->err, TT_E_STUCK, "%s cannot happen here: %s",
		       spec == NULL ? "the event" : spec->name, w->why);
}

static int refuse(struct tt_writer *w, const struct tt_order *o)
{
	int code = o->err.code;

	return tt_fail(&w->err, code, "%s", o->err.message);
}

/* The event happens: 0, or it cannot. */
static int happen(struct tt_writer *w, int64_t thread, uint32_t *m, struct tt_raw_event *raw)
{
	struct tt_order *o = tt_writer_order(w);

	if (!tt_fast_try(o, *m, raw)) {
		enum tt_advance result = tt_order_try(o, thread, m, raw);

		if (result == TT_NOT_YET)
			return refuse_waiting(w, o, thread, *m, raw);
		if (result == TT_BROKEN)
			return refuse(w, o);
	}
	o->head = o->count = 0;
	return TT_OK;
}

int tt_writer_emit_to(struct tt_writer *w, struct tt_writer_stream *s, int64_t thread, uint8_t type,
		      const uint64_t *args, unsigned nargs, int64_t time_ns)
{
	struct tt_raw_event raw;
	uint32_t m = s == NULL ? TT_NO_SLOT : s->m;
	int rc;

	raw.type = type;
	raw.time_ns = time_ns;
	raw.offset = 0;
	raw.args[TT_ARG_ZERO] = 0;
	for (unsigned i = 0; i < nargs; i++)
		raw.args[i] = args[i];
	rc = happen(w, thread, &m, &raw);
	if (rc < 0 || s == NULL)
		return rc;
	s->m = m;
	rc = tt_writer_put(w, s, type, args, nargs, time_ns);
	w->last_ns = time_ns;
	return rc;
}

int tt_writer_emit(struct tt_writer *w, int64_t thread, uint8_t type, const uint64_t *args,
		   unsigned nargs, int64_t time_ns)
{
	struct tt_writer_stream *s = NULL;

	if (!w->following) {
		s = tt_writer_stream(w, thread, false);
		if (s == NULL)
			return tt_writer_no_memory(w);
	}
	return tt_writer_emit_to(w, s, thread, type, args, nargs, time_ns);
}
