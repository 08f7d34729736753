/* SPDX-License-Identifier: MIT */
/* selection.c - values of the options that choose events. Command layer. */
#include "selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracetool.h"

void id_list_release(struct id_list *list)
{
	free(list->ids);
	*list = (struct id_list){ NULL, 0 };
}

/* One number or "none" at *text, which moves past it. */
static bool take_id(const char **text, int64_t *id)
{
	char *end;

	if (strncmp(*text, "none", 4) == 0) {
		*text += 4;
		*id = TT_NONE;
		return true;
	}
	if (!strchr("-0123456789", **text) || **text == '\0')
		return false;
	errno = 0;
	*id = strtoll(*text, &end, 10);
	if (errno != 0 || end == *text)
		return false;
	*text = end;
	return true;
}

int selection_parse_ids(void *target, const char *value, struct opt_mistake *why)
{
	struct id_list *list = target;

	for (const char *at = value;; at++) {
		int64_t *ids = realloc(list->ids, (list->n + 1) * sizeof(*ids));

		if (!ids)
			return opt_mistake(why, "does not fit in memory");
		list->ids = ids;
		if (!take_id(&at, &ids[list->n]) || (*at != ',' && *at != '\0'))
			return opt_mistake(why, "is not a list of numbers "
						"(examples: 7, 1,2,3, none)");
		list->n++;
		if (*at == '\0')
			return 0;
	}
}

/* False: it is not a range. */
static bool read_range(const char *value, struct generation_range *range)
{
	size_t len = strcspn(value, "-");
	const char *last = value[len] == '-' ? value + len + 1 : NULL;
	char first[24] = "";

	if (len < sizeof(first))
		memcpy(first, value, len);
	if (opt_u64(first, &range->first) < 0)
		return false;
	range->last = last ? UINT64_MAX : range->first;
	return !last || last[0] == '\0' || opt_u64(last, &range->last) == 0;
}

int selection_parse_generations(void *target, const char *value, struct opt_mistake *why)
{
	struct generation_range *range = target;

	if (!read_range(value, range))
		return opt_mistake(why, "is not a generation or a range of them "
					"(examples: 3, 3-5, 3-)");
	if (range->last < range->first)
		return opt_mistake(why, "ends before it begins");
	return 0;
}
