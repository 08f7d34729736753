/* SPDX-License-Identifier: MIT */
/* report.c - dump's messages on standard error. Command layer. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/units.h"
#include "dump.h"

void dump_findings(struct dump *d)
{
	struct tt_error finding;

	if (d->opt->common.quiet || d->opt->format == DUMP_GO)
		return;
	while (tt_reader_finding(d->reader, &finding) == 0) {
		if (cmd_is_news(&finding, &d->said_no_spec))
			cmd_report(d->file, &finding);
	}
}

int dump_error(struct dump *d, const struct tt_error *err)
{
	return cmd_report_end(d->file, d->reader, err);
}

void dump_find_cause(const struct dump *d, struct tt_error *err)
{
	/* (what was restored is another input) */
	if (!d->opt->names)
		cmd_find_cause(d->input, d->path, err);
}

void dump_report_reading(const struct dump *d)
{
	struct tt_progress p = tt_reader_progress(d->reader);

	cmd_error(d->file,
		  "Go 1.%u header; read %" PRIu64 " bytes, %" PRIu64 " generation%s, %" PRIu64
		  " events; printed %" PRIu64,
		  tt_reader_version(d->reader), p.nbytes, p.generations, plural(p.generations),
		  p.events, d->printed);
}

void dump_like_go(const struct tt_error *err)
{
	size_t len = strlen(err->message);

	/* After the first line the library says what the file seems to be, or what waits. */
	if (err->code == TT_E_NOT_A_TRACE || err->code == TT_E_CUT_OFF ||
	    err->code == TT_E_VERSION || err->code == TT_E_STUCK)
		len = strcspn(err->message, "\n");
	out_flush(&out_stdout);
	fprintf(stderr, "%.*s\n", (int)len, err->message);
}
