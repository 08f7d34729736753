/* SPDX-License-Identifier: MIT */
/*
 * text.h - what a reader of raw events prepares so that tt_wire_format() need
 * not look at names: the constant parts of each type's line.
 */
#ifndef TT_WIRE_TEXT_H
#define TT_WIRE_TEXT_H

#include "tracetool.h"

/* What comes before an argument's value: "GoStart dt=", " g=", " g_seq=". Of
 * this size so that it is copied whole, whatever its length. */
struct tt_wire_piece {
	char text[31];
	uint8_t len;
};

/* One piece for each argument, dt included; an event with none has one piece. */
#define TT_WIRE_MAX_PIECES (TT_MAX_ARGS + 1)

/*
 * Fills the pieces of an event and returns how many there are, or 0 if a name
 * is too long for them; such an event is formatted from its spec.
 */
size_t tt_wire_pieces(const struct tt_event_spec *spec, struct tt_wire_piece pieces[TT_WIRE_MAX_PIECES]);

#endif
