/* SPDX-License-Identifier: MIT */
/*
 * reader.h - the pull reader: source, loader, merge and order tied together. The
 * top of the library's reading side; its contract is tracetool.h.
 */
#ifndef TT_EVENT_READER_H
#define TT_EVENT_READER_H

#include "base/options.h"
#include "experiment/embedded.h"
#include "experiment/tables.h"
#include "order/merge.h"

/* A finding without its words, which are made when it is asked for. */
struct tt_finding {
	int code;
	int event_type;         /* or -1 */
	uint64_t offset, generation, event_index;
	int64_t thread;
	uint64_t number;        /* what the message speaks of; TT_W_PRIVATE: which words it has */
	const struct tt_batch_spec *batch; /* of a record, with its fault */
	struct tt_record_fault fault;
};

struct tt_finding_text {
	char text[TT_EMBEDDED_TEXT_SIZE];
};

/* What is looked at in an event of a type before it is handed out. */
struct tt_type_check {
	uint8_t stack, string;  /* the first argument of each sort, or TT_ARG_ZERO */
	bool no_ids;            /* there is none of either */
	bool more_ids;          /* there are further ones, or a resource that it orders */
	bool watched;           /* it may be worth a note */
	bool plain;             /* neither */
};

enum tt_reader_phase {
	TT_PHASE_LOAD,          /* the next generation is to be loaded */
	TT_PHASE_LOADED,        /* it is loaded, its Sync not handed out */
	TT_PHASE_EVENTS,
	TT_PHASE_FINAL,         /* the last Sync was handed out: r->outcome is next */
	TT_PHASE_OVER,          /* r->outcome, for good */
};

struct tt_reader {
	struct tt_mem mem;
	struct tt_options options;
	struct tt_specs *own_specs; /* if the caller gave none */
	const struct tt_specs *specs;
	struct tt_specs *above; /* on top of those of the caller: what the trace brings; `specs` */
	struct tt_embedded private;
	struct tt_source *src;
	unsigned version;

	struct tt_loader loader;
	struct tt_generation own_gen;
	struct tt_generation *gen; /* own_gen, or one that was loaded ahead (ahead.h) */
	struct tt_tables tables; /* of gen's experimental batches */
	struct tt_merge merge;
	struct tt_batch_buffers buffers; /* the merge's, but of a shadow (ahead.c) */
	struct tt_order order;
	bool skipped_any;       /* a generation was not ordered: states are unknown */
	bool resynced;          /* an error was stepped over */

	enum tt_reader_phase phase;
	int outcome;            /* TT_END, or a negative code with r->err */
	struct tt_error err;
	int64_t last_ns;        /* time of the event handed out last */
	uint64_t nevents, nsyncs, ngenerations;
	struct tt_event own;    /* Sync events and CPU samples, which nothing orders */
	uint64_t own_args[TT_MAX_ARGS];
	const struct tt_event_spec *sample_spec;
	uint64_t nevents_begun; /* when the generation's Sync was handed out, that included */
	struct tt_parallel *ahead; /* looks at the generations that follow (ahead.h), or NULL */
	bool no_ahead;          /* and nobody shall */
	uint64_t njoined;       /* generations that were taken from there */

	struct tt_type_check checks[256];
	/* what the generation showed so far, for its findings */
	uint64_t experiments_seen[4];   /* bit e: an event of experiment e came */
	uint64_t codes_noted[2];        /* bit c: code c was noted for this generation */
	uint64_t previous_number;
	struct tt_clock previous_clock;
	bool has_previous, has_previous_clock;
	TT_ARRAY(struct tt_finding) notes;
	TT_ARRAY(struct tt_finding_text) words; /* of faults of private batches, for the notes */
	size_t next_note;
	char why[256];
};

/*
 * Takes in what the private batches of a generation say; nothing if Go would not.
 * *added: the specs grew, and so what was made of them is to be made anew.
 * TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_reader_take_private(struct tt_reader *r, struct tt_generation *gen, bool *added,
			   struct tt_error *err);

/* Ends the trace with r->err, and returns its code. */
int tt_reader_fail(struct tt_reader *r);

/* ---- findings (findings.c) */

/*
 * When the specs are known, a generation was loaded, an event of a watched type
 * was handed out, a generation's last event was.
 */
void tt_findings_init(struct tt_reader *r);
/* Makes room for what a generation may bring, so that no finding is lost for want of
 * memory later. TT_E_MEMORY, TT_E_LIMIT. */
int tt_findings_room(struct tt_reader *r, struct tt_error *err);
void tt_findings_generation(struct tt_reader *r);
void tt_findings_event(struct tt_reader *r, const struct tt_event *ev);
/* The same of one that orders a resource, before it is counted. */
void tt_findings_resource(struct tt_reader *r, const struct tt_event *ev);
void tt_findings_generation_end(struct tt_reader *r);
/* For tt_reader_next_generation(): as if its events had been handed out. */
void tt_findings_unordered(struct tt_reader *r);
void tt_findings_empty_trace(struct tt_reader *r);
/* Takes over what `from` noted of the same generation's events, counted from 0. */
void tt_findings_adopt(struct tt_reader *r, const struct tt_reader *from);

#endif
