/* SPDX-License-Identifier: MIT */
/*
 * place.h - where in a batch in doubt bytes are missing or were added, as far as its events show.
 */
#ifndef TT_REPAIR_PLACE_H
#define TT_REPAIR_PLACE_H

#include "repair/salvage.h"

/* From a wrong place on, at most so many events are read before one that cannot be. */
#define TT_NMISREAD 16

struct tt_doubted_event {
	uint32_t at;            /* it begins here in the data of the batch */
	int16_t score;          /* of usual.h */
	bool silent;            /* tt_salvage_is_silent() */
	bool proved;            /* such events are written, and they end as this one does */
};

struct tt_doubted_events {
	TT_ARRAY(struct tt_doubted_event) list;
	uint32_t ngood;         /* the place is not in so many first bytes of the batch */
	uint8_t nresumes;       /* where decoding stops: from here on it may go on */
	uint32_t resumes[TT_NRESUMES];
};

/* Looks at all events of the batch that can be decoded; nordered bytes can be ordered. False: no
 * memory. */
bool tt_doubted_events_find(struct tt_doubted_events *events, const struct tt_salvage *s,
			    const struct tt_event_batch *b, uint32_t nordered);
void tt_doubted_events_release(struct tt_doubted_events *events, const struct tt_salvage *s);
/* Where it can be. */
enum tt_place {
	TT_PLACE_DECODING,      /* soon before where decoding stops */
	TT_PLACE_ORDERING,      /* soon before an event that cannot happen */
	TT_PLACE_WAITING,       /* soon before one that waits, unless another place is likelier */
	TT_PLACE_BEFORE,        /* before where ordering stops */
	TT_PLACE_ANYWHERE,      /* the same, and ordering stops for no event of the batch */
};
/* How many bytes of the batch come before that place; at most `nordered`, which can be ordered. */
uint32_t tt_doubted_events_place(const struct tt_doubted_events *events, uint32_t nordered,
				 enum tt_place near);

#endif
