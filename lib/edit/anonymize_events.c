/* SPDX-License-Identifier: MIT */
/*
 * anonymize_events.c - events of a thread: the strings that they name, and events whose strings
 * have other ids in the result. All else of them stays as it is, to the byte.
 */
#include "edit/anonymize.h"

/* ---- what is used as what */

static enum tt_name_use use_of(const struct tt_event_def *def, int8_t arg)
{
	const struct tt_event_view *view = &def->view;

	if (arg == view->reason_arg || arg == view->kind_arg)
		return TT_NAME_REASON;
	switch (def->spec.kind) {
	case TT_KIND_LABEL:
		return arg == view->args[0] ? TT_NAME_LABEL : TT_NAME_TEXT;
	case TT_KIND_TASK_BEGIN:
		return arg == view->args[2] ? TT_NAME_TASK : TT_NAME_TEXT;
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		return arg == view->args[1] ? TT_NAME_REGION : TT_NAME_TEXT;
	case TT_KIND_LOG:
		return arg == view->args[1]   ? TT_NAME_CATEGORY
		       : arg == view->args[2] ? TT_NAME_MESSAGE
					      : TT_NAME_TEXT;
	default:
		return TT_NAME_TEXT;
	}
}

void tt_anon_learn_specs(struct tt_anonymizer *a)
{
	tt_decode_plan_init(&a->plan, a->specs);
	memset(a->uses, TT_NO_USE, sizeof(a->uses));
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(a->specs, type);

		for (unsigned i = 0; def != NULL && i < def->nstrings; i++)
			a->uses[type][def->string_args[i]] =
				(uint8_t)use_of(def, def->string_args[i]);
	}
}

/* ---- how far they make sense */

/* Whether all bytes are printable, and so many that they may be a part of a text. */
static bool looks_like_text(const uint8_t *p, const uint8_t *end)
{
	if (end - p < 3)
		return false;
	for (; p < end; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

/* (an event of an unknown experiment ends it: nothing says how long that is) */
static const uint8_t *skip_events(const struct tt_anonymizer *a, const uint8_t *p,
				  const uint8_t *end)
{
	while (p < end) {
		const uint8_t *next = tt_raw_event_skip(&a->plan, p, end);

		if (next == NULL)
			break;
		p = next;
	}
	return p;
}

/*
 * In a batch that cannot be read to its end, a text may stand where events should be, and some
 * of its bytes may happen to be events: reading stops there.
 */
size_t tt_anon_events_reach(const struct tt_anonymizer *a, const uint8_t *data, size_t nbytes)
{
	const uint8_t *p = data, *reach = skip_events(a, data, data + nbytes);

	if (reach == data + nbytes)
		return nbytes;
	while (p < reach) {
		const uint8_t *next = tt_raw_event_skip(&a->plan, p, data + nbytes);

		if (looks_like_text(p + 1, next))
			break;
		p = next;
	}
	return (size_t)(p - data);
}

void tt_anon_collect_events(struct tt_anonymizer *a, const uint8_t *data, size_t nbytes)
{
	const uint8_t *p = data, *end = data + nbytes;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end) {
		p = tt_raw_event_decode(&a->plan, p, end, &ev, &dt);
		if (p == NULL)
			return;
		for (unsigned i = 0; i < a->plan.nargs[ev.type]; i++)
			if (a->uses[ev.type][i] != TT_NO_USE)
				tt_anon_use(a, ev.args[i], (enum tt_name_use)a->uses[ev.type][i]);
	}
}

/* ---- with other ids */

/* The event at p with the ids of the result. Returns the byte after it in `to`. */
static uint8_t *put_event(const struct tt_anonymizer *a, const struct tt_raw_event *ev, uint64_t dt,
			  uint8_t *to)
{
	*to++ = ev->type;
	to = tt_varint_put(to, dt);
	for (unsigned i = 0; i < a->plan.nargs[ev->type]; i++) {
		uint8_t use = a->uses[ev->type][i];

		to = tt_varint_put(to, use == TT_NO_USE ? ev->args[i]
							: tt_anon_id(a, ev->args[i],
								     (enum tt_name_use)use));
	}
	return to;
}

static bool has_other(const struct tt_anonymizer *a, const struct tt_raw_event *ev)
{
	for (unsigned i = 0; i < a->plan.nargs[ev->type]; i++) {
		uint8_t use = a->uses[ev->type][i];

		if (use != TT_NO_USE &&
		    tt_anon_id(a, ev->args[i], (enum tt_name_use)use) != ev->args[i])
			return true;
	}
	return false;
}

void tt_anon_put_events(struct tt_anonymizer *a, struct tt_anon_events *e)
{
	const uint8_t *p = e->data, *end = e->data + e->nbytes, *next;
	uint8_t made[TT_EVENT_MAX_SIZE];
	struct tt_raw_event ev;
	uint64_t time = e->time, dt;

	e->begin(a, e, time);
	for (; p < end; p = next) {
		const uint8_t *bytes = p, *bytes_end;

		next = tt_raw_event_decode(&a->plan, p, end, &ev, &dt);
		if (next == NULL)
			return;
		bytes_end = next;
		if (a->has_others && has_other(a, &ev)) {
			bytes = made;
			bytes_end = put_event(a, &ev, dt, made);
		}
		/* (an id may be longer than the old one) */
		if (!tt_anon_body_put(a, bytes, (size_t)(bytes_end - bytes))) {
			tt_anon_body_write(a, &e->head, false);
			e->begin(a, e, time);
			tt_anon_body_put(a, bytes, (size_t)(bytes_end - bytes));
		}
		time += dt;
	}
}

static void begin_batch(struct tt_anonymizer *a, struct tt_anon_events *e, uint64_t time)
{
	e->head.time = time;
	tt_anon_body_begin(a, NULL, 0);
}

void tt_anon_write_events(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	struct tt_anon_events e = {
		.data = b->raw.data,
		.nbytes = b->reach,
		.time = b->raw.time,
		.head = tt_raw_batch_head(&b->raw),
		.begin = begin_batch,
	};

	if (b->reach == b->raw.size && !a->has_others) {
		tt_anon_copy_batch(a, &b->raw);
		return;
	}
	tt_anon_put_events(a, &e);
	if (b->reach < b->raw.size) {
		tt_anon_batch_damaged(a, b);
		tt_anon_body_put_damage(a);
	}
	tt_anon_body_write(a, &e.head, true);
}
