/* SPDX-License-Identifier: MIT */
/* notes.c - the mistakes of one spec text, kept until all are known. Stands on base. */
#include "spec/parse.h"

#include <stdio.h>
#include <stdlib.h>

/* More than are handed out: those found late may belong to early lines. */
#define MAX_KEPT (2 * TT_SPEC_MAX_MISTAKES)

void tt_spec_notes_init(struct tt_spec_notes *notes, struct tt_mem *mem)
{
	*notes = (struct tt_spec_notes){.mem = mem};
}

void tt_spec_notes_release(struct tt_spec_notes *notes)
{
	tt_mem_free(notes->mem, notes->notes, notes->cap * sizeof(*notes->notes));
}

bool tt_spec_notes_room(const struct tt_spec_notes *notes)
{
	return notes->n < MAX_KEPT && !notes->out_of_memory;
}

void tt_spec_notes_add(struct tt_spec_notes *notes, struct tt_spec_position at, const char *rule,
		       const char *format, va_list args)
{
	void *array = notes->notes;
	struct tt_spec_note *note;

	notes->total++;
	if (!tt_spec_notes_room(notes))
		return;
	if (!tt_mem_grow(notes->mem, &array, &notes->cap, notes->n + 1, sizeof(*note))) {
		notes->out_of_memory = true;
		return;
	}
	notes->notes = array;
	note = &notes->notes[notes->n];
	note->at = at;
	note->ordinal = notes->n++;
	note->rule = rule;
	vsnprintf(note->message, sizeof(note->message), format, args);
	tt_spec_clean(note->message);
}

static int compare_unsigned(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *x, const void *y)
{
	const struct tt_spec_note *a = x;
	const struct tt_spec_note *b = y;
	int order = compare_unsigned(a->at.line, b->at.line);

	if (order == 0)
		order = compare_unsigned(a->at.column, b->at.column);
	return order != 0 ? order : compare_unsigned(a->ordinal, b->ordinal);
}

void tt_spec_notes_sort(struct tt_spec_notes *notes)
{
	if (notes->n > 1)
		qsort(notes->notes, notes->n, sizeof(*notes->notes), compare);
}
