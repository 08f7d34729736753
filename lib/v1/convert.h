/* SPDX-License-Identifier: MIT */
/*
 * convert.h - what convert.c needs to make an event of v2: texts (texts.c), and whether the event
 * names what there is (ids.c). Stands on parse.h.
 */
#ifndef TT_V1_CONVERT_H
#define TT_V1_CONVERT_H

#include "v1/parse.h"

/* Texts that the old format has no strings for: why a goroutine stops, */
enum tt_v1_text {
	TT_V1_TEXT_FOREVER,
	TT_V1_TEXT_PREEMPTED,
	TT_V1_TEXT_GOSCHED,
	TT_V1_TEXT_SLEEP,
	TT_V1_TEXT_SEND,
	TT_V1_TEXT_RECEIVE,
	TT_V1_TEXT_NETWORK,
	TT_V1_TEXT_SYNC,
	TT_V1_TEXT_COND,
	TT_V1_TEXT_SELECT,
	TT_V1_TEXT_EMPTY,
	TT_V1_TEXT_ASSIST,
	TT_V1_TEXT_STW,         /* and why the world does: an unknown reason, and others */
};
#define TT_V1_NSTW 17
#define TT_V1_NTEXTS (TT_V1_TEXT_STW + TT_V1_NSTW)

extern const char *const tt_v1_texts[TT_V1_NTEXTS];

/* Its id among the strings, once the tables are sealed. */
static inline uint64_t tt_v1_text_id(const struct tt_v1 *v, unsigned text)
{
	return v->first_text + text;
}

/* Whether the event in v->out has ids that come from its record as they are. */
bool tt_v1_has_raw_ids(const struct tt_v1 *v);
/* Strings and stacks that it names and nothing has looked up: Go panics.
 * TT_E_EVENT_STACK, TT_E_EVENT_STRING, codes of frames. */
int tt_v1_check_ids(struct tt_v1 *v, struct tt_error *err);

#endif
