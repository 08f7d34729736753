/* SPDX-License-Identifier: MIT */
/*
 * life.h - the life and the states of resources. Private to lib/order and the findings of
 * lib/event; stands on subject.h.
 */
#ifndef TT_ORDER_LIFE_H
#define TT_ORDER_LIFE_H

#include "order/subject.h"

/* How bad it is if one is used of which nothing is known. */
enum tt_breach tt_life_unknown(const struct tt_order *o, const struct tt_subject_class *class);
/* What an event does to its i-th order's resource, which it touched. TT_ADVANCED, or
 * TT_BROKEN: it may not. */
enum tt_advance tt_life_follow(struct tt_order *o, const struct tt_step *s, unsigned i,
			       const struct tt_subject_class *class, struct tt_subject *subject);
/* Writes what is wrong: "event TimerFire needs timer 5 armed, but it is idle". */
void tt_misuse_say(const struct tt_event_spec *spec, const struct tt_misuse *misuse, char *out,
		   size_t size);

#endif
