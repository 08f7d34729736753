/* SPDX-License-Identifier: MIT */
/*
 * report.h - printing verdicts, in one format of several, and what the formats
 * share. Command layer, inside validate only:
 *
 *	validate.c      options; which thread reads which file
 *	verdict.c       the verdict on one file; prints nothing
 *	printable.c     texts that may hold any byte
 *	report.c        the words that all formats use
 *	text.c json.c junit.c sarif.c github.c
 *	                the formats
 *
 * begin() is called first, then file() for each verdict in the order of the command
 * line, as soon as it is known, then end(). What a format prints depends on the verdicts
 * alone: not on times or the order of threads.
 */
#ifndef CMD_VALIDATE_REPORT_H
#define CMD_VALIDATE_REPORT_H

#include "cli/out.h"
#include "verdict.h"

struct report {
	struct out *out;
	const struct verdict *const *verdicts; /* all of them, at end() */
	size_t n;
	size_t nprinted;        /* calls of file() before */
	int status;             /* the worst of them, at end() */
	bool strict;
	bool quiet;             /* for people: no line for valid files */
	bool verbose;           /* for people: all findings that were kept */
	bool colour;
};

/* NULL: nothing to print then. */
struct report_ops {
	void (*begin)(struct report *r);
	void (*file)(struct report *r, const struct verdict *v);
	void (*end)(struct report *r);
};

extern const struct report_ops report_text, report_json, report_junit, report_sarif, report_github;

/* ---- the same words in all formats */

/* How a format wants text that is meant for people. */
struct text_style {
	/* Our own or printable text into the format, quotes not included. */
	char *(*text)(struct out *o, char *p, const char *s);
	const char *newline;    /* between lines */
	const char *indent;     /* before the lines below a headline */
};

/* "3 events, 1 generation, Go 1.26 header, 39.6 MB", or "" if it was not opened. */
char *report_measure(char *p, const struct verdict *v);
/* "2 errors, 1 warning", or "" if there is none. */
char *report_counts(char *p, const struct verdict *v);
/* "offset 0x2b, generation 1, thread 7, GoStart: message", as far as it is known,
 * and no newline. */
char *report_headline(struct out *o, char *p, const struct finding *f,
		      const struct text_style *style);
/* The lines below: what threads wait for, what to do, where reading continued. Each
 * begins with newline and indent. */
enum report_details {
	REPORT_ADVICE = 1 << 0,
};
char *report_details(struct out *o, char *p, const struct finding *f,
		     const struct text_style *style, unsigned flags);
/* "17 more findings were counted and are not shown", or nothing. */
char *report_dropped(char *p, const struct verdict *v);

/*
 * All findings of a file as lines for people, newline included; the advice is given
 * once per code. At most `limit` of a code are shown, the others are counted.
 */
struct listing {
	const struct text_style *style;
	uint64_t limit;
	bool colour;
};
char *report_list(struct out *o, char *p, const struct verdict *v, const struct listing *l);

/* The word in a colour, if colours are wanted. */
char *report_coloured(char *p, bool colour, const char *code, const char *word);
/* The name for people: never NULL. */
const char *report_name(const struct verdict *v);
const char *report_severity(enum tt_severity severity);

#endif
