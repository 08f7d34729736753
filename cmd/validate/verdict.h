/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - the verdict on one file: reads it to its end, also after errors, and
 * keeps what was found. Command layer: stands on tracetool.h.
 *
 * Nothing here prints, and different verdicts may be made by different threads.
 */
#ifndef CMD_VALIDATE_VERDICT_H
#define CMD_VALIDATE_VERDICT_H

#include "cli/inputs.h"

enum {
	VERDICT_MAX_FINDINGS = 1000, /* kept of a file; all are counted */
	VERDICT_MAX_OF_CODE = 100,   /* kept of one code */
	VERDICT_MAX_WAITING = 8,     /* threads named for a trace that is stuck */
	VERDICT_MAX_CODE = 128,
};

/* A thread that could not go on. Texts are printable. */
struct waiting {
	int64_t thread;
	uint64_t offset;
	char *event;            /* name of its next event, or "" */
	char *why;
};

/* An error or a warning; see struct tt_error for the numbers. */
struct finding {
	int code;
	enum tt_severity severity;
	uint64_t offset, batch_offset, generation, event_index;
	int64_t thread;
	int event_type;         /* or -1 */
	const char *event;      /* its name in the specs, or NULL */
	char *message;          /* printable: other bytes are escaped */
	char *raw;              /* the message as it was if it is not UTF-8; else NULL */
	struct waiting *waiting;
	size_t nwaiting;
	uint64_t more_waiting;  /* threads beyond those */
	bool resumed;           /* reading continued, at resumed_offset */
	uint64_t resumed_generation, resumed_offset, skipped_nbytes;
};

/* How much of a trace `tracetool repair` would keep. */
struct salvage_report {
	bool known;
	uint64_t generations, whole; /* kept; kept as they are */
	uint64_t events;
	uint64_t doubted_events; /* of these: their times and arguments may be wrong */
	uint64_t lost_events;   /* at least */
	bool lost_more;         /* and others, which cannot be counted */
	uint64_t nbytes, kept_nbytes; /* of the unpacked trace */
};

struct verdict {
	char *own_file;
	const char *file;       /* the trace's name; may hold any byte */
	char *name;             /* printable, for people */
	int status;             /* a STATUS_* */
	bool opened;            /* what follows up to progress is known */
	unsigned version;       /* of the header: 22 for Go 1.22 */
	struct tt_progress progress; /* at the end; events as Go's reader counts them */
	uint64_t closing_syncs; /* Sync events that end what was read after an error */
	struct finding *findings; /* in the order in which they were found */
	size_t nfindings, capacity;
	uint64_t nerrors, nwarnings; /* kept or not */
	uint64_t count[VERDICT_MAX_CODE]; /* the same for each code */
	struct salvage_report salvage; /* if it was asked for */
};

struct verdict_options {
	const struct cmd_input *input;
	bool strict;            /* warnings make a trace bad */
	bool salvage;           /* measure what can be kept: reads the file once more */
	/* Called now and then; false stops. May be NULL. */
	bool (*progress)(void *arg, const struct tt_progress *p);
	void *arg;
};

/* Fills *v, which holds nothing before. The trace remains the caller's. */
void verdict_make(struct verdict *v, struct cmd_trace *trace, const struct verdict_options *opt);
void verdict_release(struct verdict *v);

/* "valid", "broken" or "unreadable". */
const char *verdict_word(const struct verdict *v);
/* Findings that were counted and not kept. */
uint64_t verdict_ndropped(const struct verdict *v);

#endif
