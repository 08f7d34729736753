/* SPDX-License-Identifier: MIT */
/*
 * writer_declared.h - what the spec of an experiment says to exist where a trace is cut:
 * resources with their states, and open ranges. Private to lib/edit; stands on writer.h.
 */
#ifndef TT_EDIT_WRITER_DECLARED_H
#define TT_EDIT_WRITER_DECLARED_H

#include "edit/writer.h"
#include "order/keyed.h"

/* Where such an event can happen. */
enum tt_declared_place {
	TT_PLACE_BARE,          /* on a thread without a P and a goroutine */
	TT_PLACE_ANY,           /* on any thread, or on its own one */
	TT_PLACE_RUNNING,       /* where some goroutine runs */
	TT_PLACE_OWN,           /* where its own goroutine runs */
};

/* The state that the event leads to, that one if it can, or TT_MAX_STATES if it leads to none that
 * is known; sets the arguments that say so. */
unsigned tt_writer_declared_lead(const struct tt_event_spec *spec,
				 const struct tt_order_spec *order, uint8_t state, uint64_t *args);
/* Whether a range is open that belongs to something of that kind. */
bool tt_writer_declared_is_open(const struct tt_order *o, const struct tt_range_key *range,
				enum tt_resource scope);
/* Plans the events that state what exists and is open, in list->declared. */
bool tt_writer_declared_plan(struct tt_writer *w, struct tt_restatement *list);
/* When all are in list->events: numbers that go on lead to those of the source. */
bool tt_writer_declared_number(struct tt_writer *w, struct tt_restatement *list);
/* Writes one of them. What cannot happen after all is left out. */
int tt_writer_declared_emit(struct tt_writer *w, const struct tt_restated *e, uint64_t *args);

#endif
