/* SPDX-License-Identifier: MIT */
/* pattern.c - patterns of names and of stacks. Command layer. */
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

/* ---- names */

/*
 * Goes back to the latest `*` only. `anywhere`: as if the pattern had one at both ends.
 */
static bool match(const char *pattern, struct tt_str text, bool anywhere)
{
	const char *star = anywhere ? pattern : NULL;
	size_t at = 0, star_at = 0;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			star_at = at;
		} else if (*pattern == '\0' && (anywhere || at == text.len)) {
			return true;
		} else if (at < text.len && *pattern != '\0' &&
			   (*pattern == '?' || *pattern == text.data[at])) {
			pattern++;
			at++;
		} else if (star && star_at < text.len) {
			pattern = star;
			at = ++star_at;
		} else {
			return false;
		}
	}
}

bool pattern_is(const char *pattern, struct tt_str text)
{
	return match(pattern, text, false);
}

bool pattern_occurs(const char *pattern, struct tt_str text)
{
	return match(pattern, text, true);
}

/* ---- stacks */

void stack_pattern_release(struct stack_pattern *p)
{
	free(p->text);
	free(p->elements);
	*p = (struct stack_pattern){ 0 };
}

static size_t count_elements(const char *value)
{
	size_t n = 1;

	for (; *value != '\0'; value++)
		n += *value == ';';
	return n;
}

int stack_pattern_parse(void *target, const char *value, struct opt_mistake *why)
{
	struct stack_pattern *p = target;
	size_t n = count_elements(value);
	char *at;

	stack_pattern_release(p);
	p->text = strdup(value);
	p->elements = calloc(n, sizeof(*p->elements));
	if (!p->text || !p->elements)
		return opt_mistake(why, "does not fit in memory");
	at = p->text;
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(at, ";");

		if (len == 0 && n > 1)
			return opt_mistake(why, "has an empty element "
						"(examples: main.work, main.main;**;chanrecv)");
		at[len] = '\0';
		p->elements[i] = strcmp(at, "**") == 0 ? NULL : at;
		at += len + 1;
	}
	p->n = n;
	return 0;
}

/* Whether a run of elements without `**` fits at a frame and those that it calls. */
static bool run_fits(const char *const *elements, size_t n, const struct tt_frame *frames,
		     size_t nframes, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		/* `at` counts from the outermost frame */
		if (at + i >= nframes ||
		    !pattern_occurs(elements[i], frames[nframes - 1 - at - i].func))
			return false;
	}
	return true;
}

static size_t run_length(const char *const *elements, size_t n)
{
	size_t len = 0;

	while (len < n && elements[len])
		len++;
	return len;
}

/* Nothing is anchored, so the outermost place of each run leaves most room for the next. */
bool stack_pattern_matches(const struct stack_pattern *p, const struct tt_frame *frames, int n)
{
	size_t nframes = n > 0 ? (size_t)n : 0, at = 0;

	for (size_t i = 0; i < p->n; i++) {
		size_t len = run_length(p->elements + i, p->n - i);

		while (at < nframes && !run_fits(p->elements + i, len, frames, nframes, at))
			at++;
		if (len != 0 && at == nframes)
			return false;
		at += len;
		i += len; /* and past the `**` */
	}
	return nframes != 0;
}

static bool any_string_has(const struct tt_generation *g, const char *element)
{
	for (size_t i = 0; i < tt_generation_nstrings(g); i++) {
		if (pattern_occurs(element, tt_generation_string_at(g, i, NULL)))
			return true;
	}
	/* the name of a function may be empty */
	return pattern_occurs(element, (struct tt_str){ "", 0 });
}

bool stack_pattern_in_generation(const struct stack_pattern *p, const struct tt_generation *g)
{
	struct tt_frame frames[TT_MAX_FRAMES];

	for (size_t i = 0; i < p->n; i++) {
		if (p->elements[i] && !any_string_has(g, p->elements[i]))
			return false;
	}
	for (size_t i = 0; i < tt_generation_nstacks(g); i++) {
		int n = tt_generation_stack(g, tt_generation_stack_at(g, i), frames);

		if (stack_pattern_matches(p, frames, n))
			return true;
	}
	return false;
}
