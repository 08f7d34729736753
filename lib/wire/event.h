/* SPDX-License-Identifier: MIT */
/*
 * event.h - one timed event's bytes to a struct: a type byte, dt, and as many
 * arguments as the spec says, all varints.
 *
 * Source: Go's internal/trace/batchcursor.go, readTimedBaseEvent. Go looks types up
 * in its newest table whatever the header's version: so do we.
 */
#ifndef TT_WIRE_EVENT_H
#define TT_WIRE_EVENT_H

#include "base/compiler.h"
#include "spec/spec.h"
#include "wire/format.h"

/* Of each type: how many arguments follow dt; or that it is none of these events. */
struct tt_decode_plan {
	uint8_t nargs[256];
};
#define TT_PLAN_UNTIMED 0xfe    /* structural or without a name */
#define TT_PLAN_UNKNOWN 0xff    /* beyond all known types */

/* An argument that is always 0, so that looking at one that an event has not takes
 * no branch. */
#define TT_ARG_ZERO TT_MAX_ARGS

struct tt_raw_event {
	int64_t time_ns;
	uint64_t offset;        /* of the type byte in the trace */
	uint64_t args[TT_MAX_ARGS + 1]; /* the last is TT_ARG_ZERO, not decoded */
	uint32_t batch;         /* for the merge: the index of its batch in the generation */
	uint8_t type;
};

void tt_decode_plan_init(struct tt_decode_plan *plan, const struct tt_specs *specs);

/* The event at p, before end, byte by byte. See tt_raw_event_decode(). */
const uint8_t *tt_raw_event_decode_checked(const struct tt_decode_plan *plan, const uint8_t *p,
					   const uint8_t *end, struct tt_raw_event *ev,
					   uint64_t *dt);

/* The error of the event at p, which could not be decoded; `offset` is that of p. */
int tt_raw_event_error(const struct tt_decode_plan *plan, const uint8_t *p, const uint8_t *end,
		       uint64_t offset, struct tt_error *err);

/* As tt_raw_event_decode(), where TT_EVENT_MAX_SIZE may be read; NULL for an event with a
 * number of more than 8 bytes, too. */
static TT_ALWAYS_INLINE const uint8_t *
tt_raw_event_decode_unchecked(const struct tt_decode_plan *plan, const uint8_t *p,
			      struct tt_raw_event *ev, uint64_t *dt)
{
	unsigned nargs = plan->nargs[*p];
	const uint8_t *q = p + 1;

	if (nargs > TT_MAX_ARGS)
		return NULL;
	ev->type = *p;
	if (!tt_varint_unchecked(&q, dt))
		return NULL;
	for (uint64_t *arg = ev->args, *last = arg + nargs; arg != last; arg++)
		if (!tt_varint_unchecked(&q, arg))
			return NULL;
	return q;
}

/*
 * Decodes the event at p: fills type and args of *ev and *dt, and returns the
 * byte after it; NULL if it cannot be decoded, see tt_raw_event_error(). p < end.
 */
static TT_ALWAYS_INLINE const uint8_t *tt_raw_event_decode(const struct tt_decode_plan *plan,
							   const uint8_t *p, const uint8_t *end,
							   struct tt_raw_event *ev, uint64_t *dt)
{
	const uint8_t *next = NULL;

	/* one bound check for the whole event where it cannot run past the end */
	if (end - p >= TT_EVENT_MAX_SIZE)
		next = tt_raw_event_decode_unchecked(plan, p, ev, dt);
	return next != NULL ? next : tt_raw_event_decode_checked(plan, p, end, ev, dt);
}

/* The byte after the n numbers at p, n > 0, if they end within 8 bytes; or NULL. The last byte
 * of each has its top bit clear. */
static TT_ALWAYS_INLINE const uint8_t *tt_varints_end(const uint8_t *p, unsigned n)
{
	uint64_t ends = ~tt_load_le64(p) & UINT64_C(0x8080808080808080);

	for (; n > 1; n--)
		ends &= ends - 1;
	return ends == 0 ? NULL : p + ((unsigned)__builtin_ctzll(ends) + 1) / 8;
}

/* The byte after the event at p, or NULL, as tt_raw_event_decode(): its numbers are
 * skipped. */
static inline const uint8_t *tt_raw_event_skip(const struct tt_decode_plan *plan, const uint8_t *p,
					       const uint8_t *end)
{
	unsigned nargs = plan->nargs[*p];
	const uint8_t *next = NULL;
	struct tt_raw_event ev;
	uint64_t dt;

	if (nargs <= TT_MAX_ARGS && end - p >= TT_EVENT_MAX_SIZE)
		next = tt_varints_end(p + 1, nargs + 1);
	return next != NULL ? next : tt_raw_event_decode_checked(plan, p, end, &ev, &dt);
}

#endif
