/* SPDX-License-Identifier: MIT */
/*
 * anonymize_strings.c - the strings of a generation: what each is used as, and so which name it
 * gets. Go's runtime has each text once, so one string may be a function and a region.
 */
#include "edit/anonymize.h"

/* Ids of strings that are new begin here: beyond those of all that the generation defines, some
 * of which may not be known yet. */
#define FIRST_NEW_ID (UINT64_C(1) << 28)

void tt_anon_strings_clear(struct tt_anonymizer *a)
{
	tt_idmap_clear(&a->string_ids);
	a->strings.n = a->others.n = 0;
	a->next_id = FIRST_NEW_ID;
	a->has_others = a->has_other_frames = false;
}

struct tt_anon_string *tt_anon_string(struct tt_anonymizer *a, uint64_t id)
{
	uint32_t i = tt_idmap_find(&a->string_ids, id);

	if (i != TT_IDMAP_NONE)
		return &a->strings.at[i];
	i = (uint32_t)a->strings.n;
	if (id == 0)
		return NULL;
	if (i == TT_IDMAP_NONE || !TT_ARRAY_ROOM(&a->mem, &a->strings) ||
	    !tt_idmap_add(&a->string_ids, id, i)) {
		a->failed = true;
		return NULL;
	}
	a->strings.at[a->strings.n++] = (struct tt_anon_string){
		.id = id,
		.own = TT_NO_USE,
		.other = TT_NO_OTHER,
	};
	return &a->strings.at[i];
}

void tt_anon_use(struct tt_anonymizer *a, uint64_t id, enum tt_name_use use)
{
	struct tt_anon_string *s = tt_anon_string(a, id);

	if (s != NULL)
		s->uses |= (uint16_t)(1u << use);
}

void tt_anon_define(struct tt_anonymizer *a, uint64_t id, struct tt_str text)
{
	struct tt_anon_string *s = tt_anon_string(a, id);

	if (s != NULL && s->text.data == NULL)
		s->text = text;
}

/* Whether the name of a function stays: it is found out once. */
static bool stays(struct tt_anonymizer *a, struct tt_anon_string *f)
{
	if (f->text.data == NULL)
		return false;
	if (f->package.data == NULL && !f->foreign) {
		f->package = tt_symbol_package(f->text);
		f->foreign = !tt_rename_keeps(&a->rename, f->package);
	}
	return !f->foreign;
}

/*
 * A file is Go's own if a function of the standard library is in the folder of its package.
 * Functions may have the name of another package: then all of them must be Go's.
 */
void tt_anon_frame(struct tt_anonymizer *a, uint64_t func, uint64_t file)
{
	uint32_t i = tt_idmap_find(&a->string_ids, func), k = tt_idmap_find(&a->string_ids, file);
	struct tt_anon_string *f, *s;

	if (k == TT_IDMAP_NONE || k == i || a->strings.at[k].sure)
		return;
	f = i == TT_IDMAP_NONE ? NULL : &a->strings.at[i];
	s = &a->strings.at[k];
	if (f == NULL || !stays(a, f)) {
		s->foreign = true;
	} else if (s->text.data != NULL && tt_path_is_of(s->text, f->package)) {
		s->package = f->package;
		s->sure = true;
	} else if (s->package.data == NULL) {
		s->package = f->package;
	}
}

static bool is_of_frames(enum tt_name_use use)
{
	return use == TT_NAME_FUNCTION || use == TT_NAME_FILE;
}

/* Another id for a use. */
static bool add_other(struct tt_anonymizer *a, struct tt_anon_string *s, enum tt_name_use use)
{
	if (a->others.n == TT_NO_OTHER || !TT_ARRAY_ROOM(&a->mem, &a->others))
		return false;
	while (tt_idmap_find(&a->string_ids, a->next_id) != TT_IDMAP_NONE)
		a->next_id++;
	a->others.at[a->others.n] = (struct tt_anon_other){(uint8_t)use, s->other, a->next_id++};
	s->other = (uint32_t)a->others.n++;
	if (is_of_frames(use))
		a->has_other_frames = true;
	else
		a->has_others = true;
	return true;
}

static const struct tt_anon_other *find_other(const struct tt_anonymizer *a,
					      const struct tt_anon_string *s, enum tt_name_use use)
{
	for (uint32_t i = s->other; i != TT_NO_OTHER; i = a->others.at[i].next)
		if (a->others.at[i].use == use)
			return &a->others.at[i];
	return NULL;
}

static bool assign(struct tt_anonymizer *a, struct tt_anon_string *s, enum tt_name_use use)
{
	if ((s->uses >> use & 1) == 0 || s->own == use || find_other(a, s, use) != NULL)
		return true;
	if (s->own == TT_NO_USE) {
		s->own = (uint8_t)use;
		return true;
	}
	return add_other(a, s, use);
}

bool tt_anon_assign(struct tt_anonymizer *a)
{
	/* uses in events first: stacks are written anew in any case */
	static const enum tt_name_use order[] = {
		TT_NAME_REASON,   TT_NAME_LABEL,   TT_NAME_REGION,   TT_NAME_TASK, TT_NAME_CATEGORY,
		TT_NAME_MESSAGE,  TT_NAME_TEXT,    TT_NAME_FUNCTION, TT_NAME_FILE,
	};

	for (size_t i = 0; i < a->strings.n; i++) {
		struct tt_anon_string *s = &a->strings.at[i];

		if (s->own != TT_NO_USE && s->uses == 1u << s->own)
			continue;
		for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
			if (!assign(a, s, order[k]))
				return false;
	}
	return true;
}

uint64_t tt_anon_id(const struct tt_anonymizer *a, uint64_t id, enum tt_name_use use)
{
	uint32_t i = tt_idmap_find(&a->string_ids, id);
	const struct tt_anon_other *other;

	if (i == TT_IDMAP_NONE || a->strings.at[i].own == use)
		return id;
	other = find_other(a, &a->strings.at[i], use);
	return other == NULL ? id : other->id;
}

static struct tt_str new_text(struct tt_anonymizer *a, const struct tt_anon_string *s,
			      enum tt_name_use use, struct tt_str text, size_t max)
{
	const struct tt_str none = {NULL, 0};
	struct tt_str new;

	if (use == TT_NAME_FILE)
		new = tt_rename_file(&a->rename, text,
				     s->foreign && !s->sure ? none : s->package, max);
	else
		new = tt_rename_text(&a->rename, use, text, max);
	a->progress.strings++;
	a->progress.kept += new.len == text.len && memcmp(new.data, text.data, new.len) == 0;
	return new;
}

void tt_anon_write_string(struct tt_anonymizer *a, uint64_t id, struct tt_str text, size_t max,
			  void (*put)(struct tt_anonymizer *a, uint64_t id, struct tt_str text))
{
	const struct tt_anon_string none = {.own = TT_NO_USE, .other = TT_NO_OTHER}, *s = &none;
	uint32_t i = tt_idmap_find(&a->string_ids, id);

	if (i != TT_IDMAP_NONE)
		s = &a->strings.at[i];
	put(a, id, new_text(a, s, s->own == TT_NO_USE ? TT_NAME_TEXT : (enum tt_name_use)s->own,
			    text, max));
	for (i = s->other; i != TT_NO_OTHER; i = a->others.at[i].next)
		put(a, a->others.at[i].id,
		    new_text(a, s, (enum tt_name_use)a->others.at[i].use, text, max));
}
