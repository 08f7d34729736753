/* SPDX-License-Identifier: MIT */
/* pass.h - from event to event within a generation. Stands on reader.h. */
#ifndef TT_EVENT_PASS_H
#define TT_EVENT_PASS_H

#include "event/reader.h"

/* As tt_reader_next(), inside of a generation; 1: its events are used up. */
int tt_steps_next(struct tt_reader *r, const struct tt_event **ev);
/* Orders and checks the events of the generation that are left: 0 or an error. */
int tt_steps_check(struct tt_reader *r);
/* Gives an event that is handed out its time and number. */
void tt_reader_stamp(struct tt_reader *r, struct tt_event *ev);

#endif
