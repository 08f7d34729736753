/* SPDX-License-Identifier: MIT */
/*
 * rows.h - the rows of a view in the order in which they are printed, and what is in their
 * columns. Command layer, inside stat only.
 */
#ifndef CMD_STAT_ROWS_H
#define CMD_STAT_ROWS_H

#include "files.h"

struct shown_column {
	char name[16];
	unsigned measure;
	enum stat_value value;  /* not VALUE_QUANTILES: those are columns with a part */
	double part;            /* above 0: the percentile */
};

enum { MAX_SHOWN = MAX_COLUMNS + MAX_QUANTILES };

struct shown_row {
	struct tt_str key;
	const struct stat_row *row;
	double sort;
};

struct stat_rows {
	const struct stat_table *table;
	struct shown_column columns[MAX_SHOWN];
	size_t ncolumns;
	struct shown_row *rows;
	size_t n, limit;        /* `limit` of them are printed */
	struct stat_row total;
	int64_t start_ns;       /* what times are counted from; INT64_MIN: from nothing */
};

/* STATUS_FINE, or STATUS_TROUBLE after a message. Release in both cases. */
int rows_init(struct stat_rows *r, const struct stat_options *opt, const struct stat_files *f);
void rows_release(struct stat_rows *r);
/* The columns that a view has with these options: how many. */
size_t shown_columns(const struct stat_options *opt, struct shown_column *out);
/* What a column shows of a row: nanoseconds, a count, a number, or a part of one. */
double shown_value(const struct shown_column *c, const struct stat_row *row);
/* The same as text of at most 32 bytes. */
char *put_shown(char *p, const struct stat_rows *r, const struct shown_column *c,
		const struct stat_row *row);
/* Numbers by their value, texts by their bytes. */
int compare_keys(struct tt_str a, struct tt_str b);

/* ---- how a view is printed */

/* Both, and the change, sorted by it. The status. */
int print_diff(const struct stat_files *old, const struct stat_files *new,
	       const struct stat_options *opt);

/* Durations from one power of two to the next, as bars below a title. */
void print_histogram(const struct dist *d, const char *title, struct out *o);
void print_text(const struct stat_rows *r, const struct stat_options *opt);
void print_json(const struct stat_rows *r, const struct stat_options *opt,
		const struct stat_files *f);
void print_csv(const struct stat_rows *r, const struct stat_options *opt);
/* The members of a distribution: `,"n":...` without braces. */
char *put_dist_json(char *p, const struct dist *d, const struct stat_quantiles *q);

#endif
