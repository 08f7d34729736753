/* SPDX-License-Identifier: MIT */
/* mistakes.c - the mistakes of one spec text, kept until all are known. Stands on base. */
#include "spec/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than are handed out: those found late may belong to early lines. */
#define MAX_KEPT (2 * TT_SPEC_MAX_MISTAKES)
/* Of warnings, besides: they must not take the room of mistakes. */
#define MAX_WARNINGS TT_SPEC_MAX_MISTAKES

void tt_spec_mistakes_init(struct tt_spec_mistakes *mistakes, struct tt_mem *mem)
{
	*mistakes = (struct tt_spec_mistakes){.mem = mem};
}

void tt_spec_mistakes_release(struct tt_spec_mistakes *mistakes)
{
	tt_mem_free(mistakes->mem, mistakes->kept, mistakes->cap * sizeof(*mistakes->kept));
}

bool tt_spec_mistakes_has_room(const struct tt_spec_mistakes *mistakes)
{
	return mistakes->n - mistakes->nwarnings < MAX_KEPT && !mistakes->out_of_memory;
}

/* Puts `?` for what may not be in a spec: bytes of a character cut in two. */
static void clean(char *text)
{
	size_t len = strlen(text), i, n;

	for (i = 0; i < len; i += n) {
		n = tt_spec_character(text + i, len - i);
		if (n == 0) {
			text[i] = '?';
			n = 1;
		}
	}
}

/* What is kept, but for its text; NULL: there is no room. */
static struct tt_spec_kept_mistake *add(struct tt_spec_mistakes *mistakes,
					struct tt_spec_position at, const char *rule)
{
	void *array = mistakes->kept;
	struct tt_spec_kept_mistake *kept;

	if (!tt_spec_mistakes_has_room(mistakes))
		return NULL;
	if (!tt_mem_grow(mistakes->mem, &array, &mistakes->cap, mistakes->n + 1, sizeof(*kept))) {
		mistakes->out_of_memory = true;
		return NULL;
	}
	mistakes->kept = array;
	kept = &mistakes->kept[mistakes->n];
	*kept = (struct tt_spec_kept_mistake){.at = at, .ordinal = mistakes->n++, .rule = rule};
	return kept;
}

static void write_text(struct tt_spec_kept_mistake *kept, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void write_text(struct tt_spec_kept_mistake *kept, const char *format, va_list args)
{
	if (kept == NULL)
		return;
	vsnprintf(kept->message, sizeof(kept->message), format, args);
	clean(kept->message);
}

void tt_spec_report(struct tt_spec_parser *p, unsigned column, const char *rule,
		    const char *format, ...)
{
	struct tt_spec_position at = {p->line.number, column};
	struct tt_spec_kept_mistake *kept = add(p->mistakes, at, rule);
	va_list args;

	p->mistakes->total++;
	p->stop |= p->renewed != 0;

	if (p->event != NULL)
		p->event->broken = true;
	if (p->batch != NULL)
		p->batch->broken = true;
	if (p->values != NULL)
		p->values->broken = true;
	va_start(args, format);
	write_text(kept, format, args);
	va_end(args);
}

void tt_spec_report_at(struct tt_spec_parser *p, struct tt_spec_position at, const char *rule,
		       const char *format, ...)
{
	struct tt_spec_kept_mistake *kept = add(p->mistakes, at, rule);
	va_list args;

	p->mistakes->total++;
	p->stop |= p->renewed != 0;

	va_start(args, format);
	write_text(kept, format, args);
	va_end(args);
}

void tt_spec_warn_at(struct tt_spec_parser *p, struct tt_spec_position at, const char *rule,
		     const char *format, ...)
{
	struct tt_spec_kept_mistake *kept;
	va_list args;

	if (p->mistakes->nwarnings == MAX_WARNINGS)
		return;
	kept = add(p->mistakes, at, rule);
	if (kept == NULL)
		return;
	kept->warning = true;
	p->mistakes->nwarnings++;
	va_start(args, format);
	write_text(kept, format, args);
	va_end(args);
}

static int compare_unsigned(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *x, const void *y)
{
	const struct tt_spec_kept_mistake *a = x;
	const struct tt_spec_kept_mistake *b = y;
	int order = compare_unsigned(a->at.line, b->at.line);

	if (order == 0)
		order = compare_unsigned(a->at.column, b->at.column);
	return order != 0 ? order : compare_unsigned(a->ordinal, b->ordinal);
}

void tt_spec_mistakes_sort(struct tt_spec_mistakes *mistakes)
{
	if (mistakes->n > 1)
		qsort(mistakes->kept, mistakes->n, sizeof(*mistakes->kept), compare);
}
