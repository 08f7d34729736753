/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - the numbers of a summary by name: what JSON prints and --fail-if compares.
 * Command layer, inside stat only.
 */
#ifndef CMD_STAT_METRICS_H
#define CMD_STAT_METRICS_H

#include "findings.h"

enum metric_unit { METRIC_COUNT, METRIC_NS, METRIC_BYTES, METRIC_PERCENT };

struct metric {
	char name[32];          /* "sched.p99" */
	enum metric_unit unit;
	double value;
	int64_t at_ns;          /* when the longest began; INT64_MIN: makes no sense */
	int64_t id;             /* whose it was, or TT_NONE */
	const char *file;       /* the one of several traces that it was in; NULL: not known */
};

enum { MAX_METRICS = 200 };

struct metrics {
	struct metric at[MAX_METRICS];
	size_t n;
	/* of what metrics are made, for those who print it */
	struct stat_row states;         /* of all goroutines */
	struct dist pauses, mark, assists, sweeps, tasks, running, idle;
	struct dist locks, held;        /* waits for locks whose holder is known, and how long that held them */
};

/* False: no memory. Release in any case. */
bool metrics_init(struct metrics *m, const struct stat_answer *a,
		  const struct stat_quantiles *quantiles);
void metrics_release(struct metrics *m);
/* Of the sum of these answers: in which trace the longest were. False: no memory. */
bool metrics_name_files(struct metrics *m, struct stat_answer *const *answers, size_t n,
			const struct stat_quantiles *quantiles);
/* NULL: there is no such metric. */
const struct metric *metrics_find(const struct metrics *m, const char *name);

/* ---- --fail-if */

enum operator { OP_GREATER, OP_GREATER_EQUAL, OP_LESS, OP_LESS_EQUAL, OP_EQUAL, OP_NOT_EQUAL, OP_NONE };

/* `NAME OPERATOR VALUE` */
struct expression {
	char name[64];
	enum operator op;
	double value;           /* a finite number */
	enum metric_unit unit;  /* METRIC_COUNT: a plain number */
};

/* False: it is not one. */
bool expression_read(const char *text, struct expression *e);
/*
 * Holds the metrics against each expression, `NAME OP VALUE`, and reports those that are true.
 * STATUS_FINE, STATUS_BAD, or STATUS_TROUBLE for an expression that makes no sense.
 */
int fail_if(const struct stat_options *opt, const struct metrics *m);
/* Checks the words of all expressions before anything is read. */
int fail_if_check(const struct opt_command *command, const struct stat_options *opt);

/* ---- the summary, printed */

/* Of one file, or the sum of all. */
void summary_text(const struct stat_answer *a, const struct metrics *m,
		  const struct stat_options *opt, const struct findings *findings);
void summary_json(const struct stat_answer *a, const struct metrics *m,
		  const struct stat_options *opt, const struct findings *findings);
void summary_csv(const struct metrics *m, const char *file, const struct findings *findings,
		 bool header);
/* A line for each file, and one for all. False: no memory. */
bool summary_table(struct stat_answer *const *answers, size_t n, const struct stat_answer *sum,
		   const struct stat_options *opt);

#endif
