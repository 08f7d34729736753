/* SPDX-License-Identifier: MIT */
/* printable.c - texts that may hold any byte, for a report. Command layer. */
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "printable.h"
#include "tracetool.h"

/* Takes the quotes away, and the escapes of quotes inside. */
static void unquote(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 1; i + 1 < len; i++) {
		if (text[i] == '\\' && text[i + 1] != '"')
			text[to++] = text[i++];
		else if (text[i] == '\\')
			i++;
		text[to++] = text[i];
	}
	text[to] = '\0';
}

/* Printable text of any bytes, to be freed; NULL without memory. */
static char *printable(struct tt_str s)
{
	size_t size = tt_quote(s, NULL, 0);
	char *text = malloc(size + 1);

	if (!text)
		return NULL;
	tt_quote(s, text, size);
	unquote(text, size);
	return text;
}

char *printable_copy(const char *s)
{
	return printable(str_of(s));
}

char *printable_message(const char *message)
{
	char line[TT_ERROR_MESSAGE_SIZE * 2];
	size_t used = 0;

	for (;;) {
		size_t n = strcspn(message, "\n\t");
		bool tab = message[n] == '\t';

		memcpy(line + used, message, n);
		used += n;
		message += n;
		message += strspn(message, "\n\t");
		if (*message == '\0')
			break;
		/* Go's text of a stack: a tab and a pc on each line, then a comma. */
		if (tab || *message == ',')
			continue;
		if (used > 0 && !strchr("?:,", line[used - 1]))
			line[used++] = ';';
		line[used++] = ' ';
	}
	return printable((struct tt_str){ line, used });
}
