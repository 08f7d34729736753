/* SPDX-License-Identifier: MIT */
/* message.c - messages on stderr, safe for a terminal. Command layer. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"
#include "progress.h"

static const char *current_verb;

void cmd_set_verb(const char *verb)
{
	current_verb = verb;
}

bool cmd_colour(int fd)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no && no[0] != '\0')
		return false;
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

/*
 * Each message is written by one write(), after all that was printed to standard
 * output so far.
 */
static struct out err_out;
static char err_buffer[2 * OUT_ROOM];

static char *begin_message(const char *file)
{
	char *p;

	progress_hide();
	out_flush(&out_stdout);
	out_init(&err_out, STDERR_FILENO, err_buffer, OUT_ROOM);
	p = put_lit(out_begin(&err_out), "tracetool");
	if (current_verb) {
		p = put_char(p, ' ');
		p = put_cstr(p, current_verb);
	}
	p = put_lit(p, ": ");
	if (file) {
		p = out_escaped(&err_out, p, str_of(file));
		p = put_lit(p, ": ");
	}
	return p;
}

static void end_message(char *p)
{
	out_end(&err_out, put_char(p, '\n'));
	out_flush(&err_out);
}

void cmd_error(const char *file, const char *format, ...)
{
	char text[TT_ERROR_MESSAGE_SIZE + 256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	end_message(out_escaped(&err_out, begin_message(file), str_of(text)));
}

void cmd_advise(const char *advice)
{
	out_flush(&out_stdout);
	out_init(&err_out, STDERR_FILENO, err_buffer, OUT_ROOM);
	end_message(out_cstr(&err_out, put_lit(out_begin(&err_out), "  "), advice));
}

const char *cmd_location(const struct tt_error *err, char *text, size_t size)
{
	char whole[128];
	char *p = whole;

	if (err->offset != TT_UNKNOWN) {
		p = put_lit(p, "offset 0x");
		p = put_hex(p, err->offset);
	}
	if (err->generation != TT_UNKNOWN) {
		p = p == whole ? p : put_lit(p, ", ");
		p = put_lit(p, "gen ");
		p = put_u64(p, err->generation);
	}
	if (err->thread != TT_NONE) {
		p = p == whole ? p : put_lit(p, ", ");
		p = put_lit(p, "thread ");
		p = put_i64(p, err->thread);
	}
	*p = '\0';
	snprintf(text, size, "%s", whole);
	return text;
}

/* All lines of a message as one. */
static char *put_lines(char *p, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n");
		const char *next = text + n + strspn(text + n, "\n\t");

		p = out_escaped(&err_out, p, (struct tt_str){ text, n });
		if (*next == '\0')
			return p;
		p = put_cstr(p, n > 0 && strchr("?:,", text[n - 1]) ? " " : "; ");
		text = next;
	}
}

void cmd_report(const char *file, const struct tt_error *err)
{
	bool colour = cmd_colour(STDERR_FILENO);
	bool warning = tt_code_severity(err->code) == TT_SEVERITY_WARNING;
	char place[128];
	char *p = begin_message(file);

	if (cmd_location(err, place, sizeof(place))[0] != '\0') {
		p = put_cstr(p, place);
		p = put_lit(p, ": ");
	}
	if (colour)
		p = put_cstr(p, warning ? "\033[33m" : "\033[31m");
	if (warning)
		p = put_lit(p, "warning: ");
	p = put_lines(p, err->message);
	if (colour)
		p = put_lit(p, "\033[0m");
	p = put_lit(p, " [");
	p = put_cstr(p, tt_code_name(err->code));
	p = put_lit(p, "]\n  ");
	p = out_cstr(&err_out, p, tt_code_advice(err->code));
	end_message(p);
}

bool cmd_is_news(const struct tt_error *finding, bool *said)
{
	bool again = finding->code == TT_W_EXPERIMENT_UNKNOWN && *said;

	*said = *said || finding->code == TT_W_EXPERIMENT_UNKNOWN;
	return !again;
}

void cmd_report_no_spec(const char *file, const struct tt_batch *batch, struct cmd_numbers *said)
{
	struct tt_error finding = {
		.code = TT_W_EXPERIMENT_UNKNOWN,
		.offset = batch->offset,
		.generation = batch->generation,
		.thread = batch->thread,
	};
	uint64_t *word = &said->bits[batch->experiment / 64 % ARRAY_SIZE(said->bits)];
	uint64_t bit = UINT64_C(1) << batch->experiment % 64;

	if (*word & bit)
		return;
	*word |= bit;
	snprintf(finding.message, sizeof(finding.message),
		 "a batch of experiment %u, which no spec names", batch->experiment);
	cmd_report(file, &finding);
}

int cmd_report_end(const char *file, struct tt_reader *r, const struct tt_error *err)
{
	struct tt_waiting w;

	cmd_report(file, err);
	for (size_t i = 0; err->code == TT_E_STUCK && tt_reader_waiting(r, i, &w); i++)
		cmd_error(file, "thread %" PRId64 " waits with %s at 0x%" PRIx64 ": %s", w.thread,
			  w.spec->name, w.offset, w.why);
	return cmd_status(err);
}

int cmd_status(const struct tt_error *err)
{
	/* damaged compression or a damaged archive is a fault of the input */
	return err->system && err->code != TT_E_INPUT ? STATUS_TROUBLE : STATUS_BAD;
}
