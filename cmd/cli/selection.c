/* SPDX-License-Identifier: MIT */
/* selection.c - values of the options that choose events. Command layer. */
#include "selection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

void id_list_release(struct id_list *list)
{
	free(list->ids);
	*list = (struct id_list){ NULL, 0 };
}

/* One number or "none" at *text, which moves past it. False: it is neither, or, with ERANGE in
 * errno, too large. */
static bool take_id(const char **text, int64_t *id)
{
	char *end;

	errno = 0;
	if (strncmp(*text, "none", 4) == 0) {
		*text += 4;
		*id = TT_NONE;
		return true;
	}
	if (!strchr("-0123456789", **text) || **text == '\0')
		return false;
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
			return errno == ERANGE
				       ? opt_mistake(why, "has a number above %" PRId64, INT64_MAX)
				       : opt_mistake(why, "is not a list of numbers "
							  "(examples: 7, 1,2,3, none)");
		list->n++;
		if (*at == '\0')
			return 0;
	}
}

/* As times are printed, with six or nine decimals: "0.034436288". Fewer may be a forgotten unit. */
static bool read_seconds(const char *value, int64_t *ns)
{
	const char *point = strchr(value, '.');
	size_t ndecimals = point ? strspn(point + 1, "0123456789") : 0;
	char text[32];
	int n = snprintf(text, sizeof(text), "%ss", value);

	return (ndecimals == 6 || ndecimals == 9) && point[1 + ndecimals] == '\0' && n > 0 &&
	       (size_t)n < sizeof(text) && opt_duration(text, ns) == 0;
}

int selection_parse_time(void *target, const char *value, struct opt_mistake *why)
{
	struct time_point *t = target;
	char *end;

	t->given = true;
	t->absolute = value[0] == '@';
	if (!t->absolute) {
		if (opt_duration(value, &t->ns) == 0 || read_seconds(value, &t->ns))
			return 0;
		return opt_mistake(why, "is not a duration (examples: 1.5s, 20ms, 300us)");
	}
	errno = 0;
	t->ns = strtoll(value + 1, &end, 10);
	if (errno != 0 || *end != '\0' || !strchr("-0123456789", value[1]) || value[1] == '\0')
		return opt_mistake(why, "is not a time of the trace (example: @5382974722624)");
	return 0;
}

int64_t time_point_ns(const struct time_point *t, int64_t start_ns)
{
	int64_t ns;

	if (t->absolute)
		return t->ns;
	return __builtin_add_overflow(start_ns, t->ns, &ns) ? INT64_MAX : ns;
}

/* Digits and commas alone are numbers. */
int selection_parse_tasks(void *target, const char *value, struct opt_mistake *why)
{
	struct task_list *tasks = target;
	const char **names;

	if (value[0] == '\0')
		return opt_mistake(why, "is neither a number nor a name (examples: 7, 'request*')");
	if (value[strspn(value, "0123456789,")] == '\0')
		return selection_parse_ids(&tasks->ids, value, why);
	names = realloc(tasks->names.items, (tasks->names.n + 1) * sizeof(*names));
	if (!names)
		return opt_mistake(why, "does not fit in memory");
	names[tasks->names.n++] = value;
	tasks->names.items = names;
	return 0;
}

/* False: it is not a range, or, with ERANGE in errno, a number is too large. */
static bool read_range(const char *value, struct generation_range *range)
{
	if (opt_take_u64(&value, &range->first) < 0)
		return false;
	range->last = range->first;
	if (*value == '\0')
		return true;
	if (*value++ != '-')
		return false;
	range->last = UINT64_MAX;
	return *value == '\0' || opt_u64(value, &range->last) == 0;
}

int selection_parse_generations(void *target, const char *value, struct opt_mistake *why)
{
	struct generation_range *range = target;

	if (!read_range(value, range))
		return errno == ERANGE
			       ? opt_mistake(why, "has a number above %" PRIu64, UINT64_MAX)
			       : opt_mistake(why, "is not a generation or a range of them "
						  "(examples: 3, 3-5, 3-)");
	if (range->last < range->first)
		return opt_mistake(why, "ends before it begins");
	return 0;
}

bool names_have(const struct opt_list *patterns, struct tt_str text)
{
	for (size_t i = 0; i < patterns->n; i++) {
		if (pattern_is(patterns->items[i], text))
			return true;
	}
	return false;
}

bool selection_chooses(const struct selection *s)
{
	return s->from.given || s->to.given || !generation_range_is_all(s->generations) ||
	       s->kinds.n != 0 || s->goroutines.n != 0 || s->procs.n != 0 || s->threads.n != 0 ||
	       s->tasks.ids.n != 0 || s->tasks.names.n != 0 || s->regions.n != 0 ||
	       s->experiment || s->stack.n != 0;
}

/* A kind of which each event stands by itself: no other one needs it. */
static bool is_single(const char *name, size_t len)
{
	static const char *const single[] = { "Metric", "Log", "Label", "StackSample",
					      "Experimental" };

	for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
		if (strlen(single[i]) == len && strncasecmp(single[i], name, len) == 0)
			return true;
	}
	return false;
}

/* Whether all names in all lists are excluded ones, of kinds that no other event needs. */
static bool only_excludes(const struct opt_list *kinds)
{
	for (size_t i = 0; i < kinds->n; i++) {
		for (const char *at = kinds->items[i];; at++) {
			size_t len = strcspn(at, ",");

			if (*at != '!' || !is_single(at + 1, len - 1))
				return false;
			at += len;
			if (*at == '\0')
				break;
		}
	}
	return true;
}

bool selection_chooses_some(const struct selection *s)
{
	return !only_excludes(&s->kinds) || s->goroutines.n != 0 || s->procs.n != 0 ||
	       s->threads.n != 0 || s->tasks.ids.n != 0 || s->tasks.names.n != 0 ||
	       s->regions.n != 0 || s->experiment || s->stack.n != 0;
}

int selection_check(const struct selection *s, const struct opt_command *command)
{
	if (s->from.given && s->to.given && s->from.absolute == s->to.absolute &&
	    s->to.ns < s->from.ns)
		return opt_usage(command, "--to is before --from");
	return OPT_RUN;
}

void selection_release(struct selection *s)
{
	opt_list_release(&s->kinds);
	id_list_release(&s->goroutines);
	id_list_release(&s->procs);
	id_list_release(&s->threads);
	id_list_release(&s->tasks.ids);
	opt_list_release(&s->tasks.names);
	opt_list_release(&s->regions);
	stack_pattern_release(&s->stack);
}
