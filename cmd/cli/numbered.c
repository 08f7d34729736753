/* SPDX-License-Identifier: MIT */
/* numbered.c - a pattern with one %d, and the names it gives. Command layer. */
#include "numbered.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digits of %03d at `percent`, or 0; *end: what follows it. NULL in *end: it is none. */
static int parse(const char *percent, const char **end)
{
	const char *p = percent + 1;
	int width = 0;

	*end = NULL;
	if (*p == '0' && p[1] >= '1' && p[1] <= '9') {
		width = p[1] - '0';
		p += 2;
	}
	if (*p == 'd')
		*end = p + 1;
	return width;
}

bool numbered_is_pattern(const char *pattern)
{
	const char *percent = strchr(pattern, '%'), *end;

	if (!percent)
		return false;
	parse(percent, &end);
	return end && !strchr(end, '%');
}

char *numbered_name(const char *pattern, unsigned number)
{
	const char *end;
	size_t before = strcspn(pattern, "%");
	int width = parse(pattern + before, &end);
	char *name;

	if (asprintf(&name, "%.*s%0*u%s", (int)before, pattern, width, number, end) < 0)
		return NULL;
	return name;
}
