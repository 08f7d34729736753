/* SPDX-License-Identifier: MIT */
/*
 * heap_types.c - one number for each type, across generations. Each generation has its
 * own ids; two types are the same if name and size are.
 */
#include <string.h>

#include "analyze/heap.h"
#include "tracetool_analyze.h"

static bool is_type(const struct tt_heap_type_entry *t, struct tt_str name, uint64_t nbytes)
{
	return t->nbytes == nbytes && t->len == name.len &&
	       (name.len == 0 || memcmp(t->name, name.data, name.len) == 0);
}

static uint32_t add_type(struct tt_heap *h, uint64_t hash, struct tt_str name, uint64_t nbytes)
{
	struct tt_heap_type_entry t = {.len = name.len, .nbytes = nbytes};
	uint32_t number = (uint32_t)h->types.n + 1;

	if (!TT_ARRAY_ROOM(&h->mem, &h->types))
		return TT_HEAP_NO_TYPE;
	t.name = tt_mem_alloc(&h->mem, name.len + 1);
	if (t.name == NULL)
		return TT_HEAP_NO_TYPE;
	if (!tt_idmap_add(&h->type_hashes, hash, number)) {
		tt_mem_free(&h->mem, t.name, name.len + 1);
		return TT_HEAP_NO_TYPE;
	}
	if (name.len > 0)
		memcpy(t.name, name.data, name.len);
	t.name[name.len] = '\0';
	h->types.at[h->types.n++] = t;
	return number;
}

static uint32_t number_of(struct tt_heap *h, struct tt_str name, uint64_t nbytes)
{
	uint64_t hash = tt_idmap_id_of(h->seed ^ nbytes, name.data, name.len);
	uint32_t number;

	for (;; hash++) {
		number = tt_idmap_find(&h->type_hashes, hash);
		if (number == TT_IDMAP_NONE)
			return add_type(h, hash, name, nbytes);
		if (is_type(&h->types.at[number - 1], name, nbytes))
			return number;
	}
}

/* The field of a record by its name, or NULL. */
static const struct tt_value *value_of(const struct tt_record *r, const char *name)
{
	for (unsigned i = 0; i < r->spec->nfields; i++)
		if (strcmp(r->spec->fields[i].name, name) == 0)
			return &r->values[i];
	return NULL;
}

static uint32_t look_up(struct tt_heap *h, const struct tt_event *ev, unsigned arg)
{
	const struct tt_value *name, *nbytes;
	struct tt_record record;

	if (tt_event_record(ev, arg, &record) != 0)
		return 0;
	name = value_of(&record, "name");
	nbytes = value_of(&record, "size");
	return number_of(h, name == NULL ? (struct tt_str){"", 0} : name->bytes,
			 nbytes == NULL ? 0 : nbytes->number);
}

uint32_t tt_heap_find_type(struct tt_heap *h, const struct tt_event *ev, unsigned arg)
{
	uint64_t id = ev->args[arg];
	uint32_t number;

	if (id == 0)
		return 0;
	number = tt_idmap_find(&h->type_ids, id);
	if (number == TT_IDMAP_NONE) {
		number = look_up(h, ev, arg);
		if (number == TT_HEAP_NO_TYPE || !tt_idmap_add(&h->type_ids, id, number))
			return TT_HEAP_NO_TYPE;
	}
	if (number == 0)
		tt_heap_report(h, TT_W_HEAP_TYPE, ev, id, 0);
	return number;
}

void tt_heap_types_release(struct tt_heap *h)
{
	for (size_t i = 0; i < h->types.n; i++)
		tt_mem_free(&h->mem, h->types.at[i].name, h->types.at[i].len + 1);
	TT_ARRAY_RELEASE(&h->mem, &h->types);
	tt_idmap_release(&h->type_hashes);
	tt_idmap_release(&h->type_ids);
}

uint32_t tt_heap_ntypes(const struct tt_heap *h)
{
	return (uint32_t)h->types.n;
}

struct tt_heap_type tt_heap_type(const struct tt_heap *h, uint32_t type)
{
	const struct tt_heap_type_entry *t;

	if (type == 0)
		return (struct tt_heap_type){{"", 0}, 0};
	t = &h->types.at[type - 1];
	return (struct tt_heap_type){{t->name, t->len}, t->nbytes};
}
