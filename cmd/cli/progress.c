/* SPDX-License-Identifier: MIT */
/* progress.c - the line that says how far a run is. Command layer. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "out.h"
#include "progress.h"
#include "units.h"

static struct {
	const char *file;
	bool on, visible;
	int64_t due_ns;
	int64_t start_ns;
} line;

bool progress_wanted(bool quiet)
{
	return !quiet && isatty(STDERR_FILENO);
}

void progress_start(const char *file, bool quiet)
{
	line.file = file;
	line.on = progress_wanted(quiet);
	line.visible = false;
	line.start_ns = now_ns();
	line.due_ns = line.start_ns + NS_PER_SECOND;
}

static void write_line(const char *text, size_t len)
{
	/* If the progress line cannot be written, there will be none. */
	if (write(STDERR_FILENO, text, len) < 0)
		line.on = false;
}

void progress_show(const struct tt_progress *p)
{
	char buffer[2 * OUT_ROOM];
	struct out text;
	char *at;
	int64_t now;

	if (!line.on)
		return;
	now = now_ns();
	if (now < line.due_ns)
		return;
	line.due_ns = now + NS_PER_SECOND / 10;
	out_init(&text, STDERR_FILENO, buffer, OUT_ROOM);
	at = put_lit(out_begin(&text), "\r\033[K");
	at = out_escaped(&text, at, (struct tt_str){ line.file, strnlen(line.file, 60) });
	at = put_lit(at, ": ");
	/* A whole generation is read at once: 100 % would be shown long before the end. */
	if (p->in_nbytes < p->in_total) {
		at = put_u64(at, p->in_nbytes * 100 / p->in_total);
		at = put_lit(at, "%, ");
	}
	at = put_u64(at, p->nbytes / 1000000);
	at = put_lit(at, " MB, ");
	at = put_u64(at, p->events);
	at = put_lit(at, " events, ");
	at = put_u64(at, (uint64_t)((now - line.start_ns) / NS_PER_SECOND));
	at = put_lit(at, " s");
	write_line(buffer, (size_t)(at - buffer));
	line.visible = true;
}

void progress_show_reader(struct tt_reader *r)
{
	struct tt_progress now = tt_reader_progress(r);

	progress_show(&now);
}

void progress_hide(void)
{
	if (line.visible)
		write_line("\r\033[K", 4);
	line.visible = false;
}

void progress_stop(void)
{
	progress_hide();
	line.on = false;
}
