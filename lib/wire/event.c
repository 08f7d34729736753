/* SPDX-License-Identifier: MIT */
/* event.c - timed events: the decode plan, the careful way, the errors. */
#include "wire/event.h"

#include "base/error.h"

_Static_assert(TT_EVENT_MAX_SIZE == 171, "the bound that tt_raw_event_decode() checks once");

void tt_decode_plan_init(struct tt_decode_plan *plan, const struct tt_specs *specs)
{
	unsigned highest = 0;

	for (unsigned type = 0; type < 256; type++)
		if (tt_specs_def(specs, type) != NULL)
			highest = type;
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(specs, type);

		if (type > highest)
			plan->nargs[type] = TT_PLAN_UNKNOWN;
		else if (def == NULL || !def->spec.timed)
			plan->nargs[type] = TT_PLAN_UNTIMED;
		else
			plan->nargs[type] = def->spec.nargs;
	}
}

const uint8_t *tt_raw_event_decode_checked(const struct tt_decode_plan *plan, const uint8_t *p,
					   const uint8_t *end, struct tt_raw_event *ev,
					   uint64_t *dt)
{
	unsigned nargs = plan->nargs[*p];
	int n;

	if (nargs > TT_MAX_ARGS)
		return NULL;
	ev->type = *p++;
	n = tt_varint(p, end, dt);
	for (unsigned i = 0; i < nargs && n > 0; i++) {
		p += n;
		n = tt_varint(p, end, &ev->args[i]);
	}
	return n > 0 ? p + n : NULL;
}

int tt_raw_event_error(const struct tt_decode_plan *plan, const uint8_t *p, const uint8_t *end,
		       uint64_t offset, struct tt_error *err)
{
	unsigned type = *p, nargs = plan->nargs[type];
	const uint8_t *q = p + 1;
	uint64_t ignored;
	unsigned i = 0;

	if (nargs == TT_PLAN_UNKNOWN) {
		tt_fail(err, TT_E_EVENT_TYPE, "found invalid event type: %u", type);
	} else if (nargs == TT_PLAN_UNTIMED) {
		tt_fail(err, TT_E_EVENT_UNTIMED, "found event without a timestamp: type=%u", type);
	} else {
		for (int n; i <= nargs && (n = tt_varint(q, end, &ignored)) > 0; i++)
			q += n;
		tt_fail(err, TT_E_EVENT_NUMBER, "found invalid uvarint%s",
			i == 0 ? " for timestamp" : "");
		offset += (uint64_t)(q - p);
	}
	err->offset = offset;
	err->event_type = (int)type;
	return -err->code;
}
