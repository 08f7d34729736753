/* SPDX-License-Identifier: MIT */
/* screen.c - how wide a line of text for people may be, and breaking longer ones. Command layer. */
#include "screen.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Less is no width that anything fits into. */
enum { LEAST = 40 };

size_t screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long n;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		n = size.ws_col;
	else
		n = columns ? strtoul(columns, NULL, 10) : 0;
	return n == 0 || n > 100000 ? 0 : n < LEAST ? LEAST : n;
}

size_t screen_break(struct tt_str text, size_t width)
{
	size_t last = 0, good = 0;

	if (text.len <= width)
		return text.len;
	for (size_t i = 0; i < text.len && (i <= width || last == 0); i++) {
		if (text.data[i] != ' ')
			continue;
		last = i + 1;
		if (i > 0 && memchr(",;< ", text.data[i - 1], 4))
			good = i + 1;
	}
	return last == 0 ? text.len : good > width / 2 ? good : last;
}

size_t screen_break_name(struct tt_str text, size_t width)
{
	size_t n = screen_break(text, width);

	if (text.len <= width || (n > width / 3 && n <= width) ||
	    (n == width + 1 && text.data[width] == ' '))
		return n;
	for (size_t i = width; i > width / 3; i--) {
		if (text.data[i - 1] == '/' || text.data[i - 1] == '.')
			return i;
	}
	return n;
}

char *screen_put_last(struct out *o, char *p, struct tt_str text, size_t used, size_t width,
		      size_t indent)
{
	size_t begin = indent;

	if (width == 0 || used + 2 + text.len <= width)
		return out_escaped(o, put_lit(p, "  "), text);
	while (text.len > 0) {
		size_t n = screen_break_name(text, width - begin), shown = n;

		while (shown > 0 && text.data[shown - 1] == ' ')
			shown--;
		p = put_spaces(put_char(p, '\n'), begin);
		p = out_room(o, out_escaped(o, p, (struct tt_str){ text.data, shown }));
		text = (struct tt_str){ text.data + n, text.len - n };
		begin = 2 * indent;
	}
	return p;
}

static void print_broken(struct out *o, struct tt_str line, size_t width, size_t indent)
{
	for (bool first = true; line.len > 0; first = false) {
		size_t n = screen_break(line, first ? width : width - indent), shown = n;
		char *p = out_begin(o);

		while (shown > 0 && line.data[shown - 1] == ' ')
			shown--;
		if (!first)
			p = put_spaces(p, indent);
		p = out_text(o, p, line.data, shown);
		out_end(o, put_char(p, '\n'));
		line.data += n;
		line.len -= n;
	}
}

void screen_print(struct out *o, struct tt_str lines, size_t width, size_t indent)
{
	while (lines.len > 0) {
		const char *end = memchr(lines.data, '\n', lines.len);
		size_t n = end ? (size_t)(end - lines.data) : lines.len;

		if (n > width && lines.data[0] != ' ')
			print_broken(o, (struct tt_str){ lines.data, n }, width, indent);
		else
			out_end(o, put_char(out_text(o, out_begin(o), lines.data, n), '\n'));
		n += end != NULL;
		lines.data += n;
		lines.len -= n;
	}
}
