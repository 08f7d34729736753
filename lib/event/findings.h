/* SPDX-License-Identifier: MIT */
/*
 * findings.h - what a pass sees and goes past, because Go's reader does: each code once
 * a generation, since a trace that has one has it a thousand times. A finding is kept as
 * raw numbers; its text is written when it is asked for. Stands on order and experiment.
 */
#ifndef TT_EVENT_FINDINGS_H
#define TT_EVENT_FINDINGS_H

#include "experiment/embedded.h"
#include "experiment/tables.h"
#include "order/order.h"

struct tt_pass;

struct tt_finding {
	int code;
	int event_type;         /* or -1 */
	uint64_t offset, generation, event_index;
	int64_t thread;
	uint64_t number;        /* what the text speaks of; TT_W_PRIVATE: index in `texts` */
	struct tt_misuse misuse; /* of a resource, by an event with this spec: that of its type
	                           may be another one when the text is written */
	const struct tt_event_spec *spec;
	const struct tt_batch_spec *batch; /* of a record, with its fault */
	struct tt_record_fault fault;
};

struct tt_finding_text {
	char text[TT_EMBEDDED_TEXT_SIZE];
};

struct tt_findings {
	TT_ARRAY(struct tt_finding) list;
	TT_ARRAY(struct tt_finding_text) texts; /* of TT_W_PRIVATE */
	size_t next;            /* in the list: to be handed out */
	/* of the generation: */
	uint64_t codes[2];      /* bit c: code c was found */
	uint64_t experiments[4]; /* bit e: it has an event of experiment e */
	/* of the generation before it: */
	bool has_number, has_clock;
	uint64_t number;
	struct tt_clock clock;
};

/*
 * Makes room for all that one generation may add, so that later no finding is lost for
 * want of memory. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_findings_room(struct tt_pass *p, struct tt_error *err);
void tt_findings_release(struct tt_pass *p);

/* Whether tt_findings_event() has to see the events of a type. */
bool tt_findings_watch(const struct tt_pass *p, const struct tt_event_def *def);
/*
 * An event of a type that is watched was seen. Whether further ones in this generation are
 * no finding as long as their argument *refers is less than *end.
 */
bool tt_findings_seen(const struct tt_pass *p, const struct tt_event_def *def, uint8_t *refers,
		      uint64_t *end);

/* ---- where something may be found */

/* A generation is the pass's next one: forgets what is known of the one before but for
 * its number and clock. */
void tt_findings_begin_generation(struct tt_pass *p);
/* It was loaded: what lies in it and its batches before any event. */
void tt_findings_loaded(struct tt_pass *p, const struct tt_embedded *embedded,
			const struct tt_tables *tables);
/* An event that is handed out and counted. */
void tt_findings_event(struct tt_pass *p, const struct tt_event *ev);
/* An event that is about resources, before it is counted. */
void tt_findings_resources(struct tt_pass *p, const struct tt_event *ev);
/* The last event of the generation was handed out. */
void tt_findings_end_generation(struct tt_pass *p);
/* No event of it is handed out: as if all had been. */
void tt_findings_unordered(struct tt_pass *p);
/* What another pass found in the events of the same generation, which it counted from 0. */
void tt_findings_adopt(struct tt_pass *p, const struct tt_findings *from);
/* A generation was passed over unread. */
void tt_findings_passed(struct tt_pass *p, uint64_t number);
/* What came before the next generation was not read. */
void tt_findings_gap(struct tt_pass *p);

/* The next one that was not handed out yet: 0; or 1, there is none. */
int tt_findings_next(struct tt_pass *p, struct tt_error *out);

#endif
