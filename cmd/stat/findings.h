/* SPDX-License-Identifier: MIT */
/*
 * findings.h - causes of trouble that the numbers of a summary show, and what they cost.
 * Command layer, inside stat only.
 */
#ifndef CMD_STAT_FINDINGS_H
#define CMD_STAT_FINDINGS_H

#include "files.h"

/* The window in which the collector is shown, which is short enough to be read: 10 ms. */
enum { FINDING_WINDOW = 1 };

enum finding_kind {
	FINDING_LOCK,           /* goroutines queue for a lock, and who held it is known */
	FINDING_POOL,           /* they wait for what others of them have */
	FINDING_QUEUE,          /* they queue to send, or threads for a lock */
	FINDING_COLLECTOR,
	FINDING_PAUSE,
	FINDING_SYSCALL,
	FINDING_RUNNABLE,
	FINDING_GROWTH,         /* goroutines that do not end */
};

struct finding {
	enum finding_kind kind;
	const struct stat_answer *a;    /* of the trace that it is in */
	double lost;                    /* goroutines or processors that it kept from work, on average */
	struct tt_str name;             /* of a function, a range, or empty */
	struct tt_str reason;           /* of a queue; empty otherwise */
	uint64_t n, total_ns;           /* waits, syscalls, ... and their sum */
	size_t nothers;                 /* of a lock: other functions that wait for it */
	struct tt_str holder;           /* of a lock or pool, or who helps the collector; or empty */
	uint64_t held_ns;               /* in all; of a pool on average */
	uint64_t ended;                 /* of goroutines that grow */
	/* the worst of it: when it began, how long that took, whose it was */
	int64_t at_ns, ns, id;
};

struct findings {
	struct finding *at;             /* the one that cost most first */
	size_t n, cap;
	bool no_memory;
};

/* Those of a trace. Their texts are of its tables. */
void findings_add(struct findings *f, const struct stat_answer *a);
/* Those of all traces. */
void findings_of_files(struct findings *f, const struct stat_files *files);
void findings_release(struct findings *f);

/* "lock", "queue", ... */
const char *finding_name(const struct finding *x);
/* What was found as a sentence, in memory; for a blank before which a line may end there is a
 * newline. */
void finding_text(struct out *text, const struct finding *x);

#endif
