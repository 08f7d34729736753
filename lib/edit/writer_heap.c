/* SPDX-License-Identifier: MIT */
/*
 * writer_heap.c - the heap where a trace is cut: spans, objects and goroutine stacks that
 * live there, stated as the runtime states them when tracing starts. Stands on writer_heap.h.
 */
#include "edit/writer_heap.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/heap.h"
#include "edit/writer_moment.h"

/* A record of the table of types. */
struct type {
	uint64_t key;           /* in the generation that had it last */
	uint64_t address, nbytes, nptr_bytes;
	char *name;
	size_t len;
	uint64_t number;        /* in the table that is written; 0: it is not in there */
};

/* The stack of a goroutine. */
struct stack {
	uint64_t id, order;
};

struct tt_writer_heap {
	struct tt_heap *heap;   /* spans and objects; these are marked with their types */
	struct tt_idmap stack_ids; /* goroutine stacks to places in `stacks` */
	TT_ARRAY(struct stack) stacks;
	struct tt_idmap hashes; /* of types to places in `types` */
	struct tt_idmap keys;   /* of this generation to places in `types` plus 1; 0: unknown */
	TT_ARRAY(struct type) types;
	TT_ARRAY(uint32_t) numbered; /* their places, by their numbers */
};

static int fail(struct tt_writer *w, int rc)
{
	return rc == TT_OK ? TT_OK : tt_fail(&w->err, -rc, "no memory for the heap");
}

static struct tt_writer_heap *heap_of(struct tt_writer *w)
{
	const struct tt_heap_options opt = {
		.size = sizeof(opt),
		.flags = TT_HEAP_OBJECTS,
		.specs = w->specs,
		.max_memory_nbytes = w->options.max_memory_nbytes,
	};
	struct tt_writer_heap *h = w->past.heap;
	uint64_t seed = tt_random_seed();

	if (h != NULL)
		return h;
	h = tt_mem_zalloc(&w->mem, 1, sizeof(*h));
	if (h == NULL) {
		tt_writer_no_memory(w);
		return NULL;
	}
	if (tt_heap_new(&h->heap, &opt, &w->err) < 0) {
		tt_mem_free(&w->mem, h, sizeof(*h));
		return NULL;
	}
	tt_idmap_init(&h->stack_ids, &w->mem, seed);
	tt_idmap_init(&h->hashes, &w->mem, seed);
	tt_idmap_init(&h->keys, &w->mem, seed);
	w->past.heap = h;
	return h;
}

void tt_writer_heap_free(struct tt_writer *w)
{
	struct tt_writer_heap *h = w->past.heap;

	if (h == NULL)
		return;
	tt_heap_free(h->heap);
	tt_idmap_release(&h->stack_ids);
	TT_ARRAY_RELEASE(&w->mem, &h->stacks);
	for (size_t i = 0; i < h->types.n; i++)
		tt_mem_free(&w->mem, h->types.at[i].name, h->types.at[i].len);
	TT_ARRAY_RELEASE(&w->mem, &h->types);
	TT_ARRAY_RELEASE(&w->mem, &h->numbered);
	tt_idmap_release(&h->hashes);
	tt_idmap_release(&h->keys);
	tt_mem_free(&w->mem, h, sizeof(*h));
	w->past.heap = NULL;
}

/* ---- goroutine stacks */

/* What is there under an id is replaced. */
static bool add_stack(struct tt_writer *w, struct tt_writer_heap *h, uint64_t id, uint64_t order)
{
	uint32_t i = tt_idmap_find(&h->stack_ids, id);

	if (i != TT_IDMAP_NONE) {
		h->stacks.at[i].order = order;
		return true;
	}
	if (!TT_ARRAY_ROOM(&w->mem, &h->stacks) ||
	    !tt_idmap_add(&h->stack_ids, id, (uint32_t)h->stacks.n))
		return false;
	h->stacks.at[h->stacks.n++] = (struct stack){id, order};
	return true;
}

/* The last one gets its place. */
static bool remove_stack(struct tt_writer_heap *h, uint64_t id)
{
	uint32_t i = tt_idmap_find(&h->stack_ids, id);
	struct stack last;

	if (i == TT_IDMAP_NONE)
		return true;
	last = h->stacks.at[--h->stacks.n];
	tt_idmap_remove(&h->stack_ids, id);
	if (last.id == id)
		return true;
	tt_idmap_remove(&h->stack_ids, last.id);
	h->stacks.at[i] = last;
	return tt_idmap_add(&h->stack_ids, last.id, i);
}

/* ---- types */

static bool is_same(const struct type *t, const struct tt_record *r)
{
	struct tt_str name = r->values[4].bytes;

	return t->address == r->values[1].number && t->nbytes == r->values[2].number &&
	       t->nptr_bytes == r->values[3].number && t->len == name.len &&
	       (name.len == 0 || memcmp(t->name, name.data, name.len) == 0);
}

/* The place of a record in `types` plus 1. 0: no memory. */
static uint32_t add_type(struct tt_writer *w, struct tt_writer_heap *h, const struct tt_record *r,
			 uint64_t key)
{
	struct tt_str name = r->values[4].bytes;
	uint64_t hash = tt_idmap_id_of(h->hashes.seed ^ r->values[1].number, name.data, name.len);
	uint32_t i = tt_idmap_find(&h->hashes, hash);
	struct type *t;

	if (i != TT_IDMAP_NONE && is_same(&h->types.at[i], r)) {
		h->types.at[i].key = key;
		return i + 1;
	}
	if (!TT_ARRAY_ROOM(&w->mem, &h->types))
		return 0;
	t = &h->types.at[h->types.n];
	*t = (struct type){
		.key = key,
		.address = r->values[1].number,
		.nbytes = r->values[2].number,
		.nptr_bytes = r->values[3].number,
		.name = name.len == 0 ? NULL : tt_mem_alloc(&w->mem, name.len),
		.len = name.len,
	};
	if (name.len != 0 && t->name == NULL)
		return 0;
	if (name.len != 0)
		memcpy(t->name, name.data, name.len);
	h->types.n++;
	if (i == TT_IDMAP_NONE && !tt_idmap_add(&h->hashes, hash, (uint32_t)h->types.n - 1))
		return 0;
	return (uint32_t)h->types.n;
}

/* False: no memory. *type is 0 if it is not known. */
static bool type_of(struct tt_writer *w, struct tt_writer_heap *h, const struct tt_event *ev,
		    uint32_t *type)
{
	uint32_t known = tt_idmap_find(&h->keys, ev->args[1]);
	struct tt_record record;

	*type = 0;
	if (known != TT_IDMAP_NONE) {
		*type = known;
		return true;
	}
	if (tt_event_record(ev, 1, &record) == 0 && record.spec->nfields >= 5) {
		*type = add_type(w, h, &record, ev->args[1]);
		if (*type == 0)
			return false;
	}
	return tt_idmap_add(&h->keys, ev->args[1], *type);
}

int tt_writer_heap_generation(struct tt_writer *w, const struct tt_generation *gen)
{
	struct tt_writer_heap *h = w->past.heap;
	struct tt_error ignored;

	(void)gen;
	if (h == NULL)
		return TT_OK;
	tt_idmap_clear(&h->keys);
	/* (who validates the source is told of them) */
	while (tt_heap_finding(h->heap, &ignored) == 0)
		;
	return TT_OK;
}

/* ---- events */

int tt_writer_heap_event(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_writer_heap *h = heap_of(w);
	struct tt_heap_change ignored;
	uint32_t type = 0;
	bool good = true;

	if (h == NULL)
		return -w->err.code;
	switch (ev->spec->type) {
	case TT_EV_HEAP_OBJECT:
	case TT_EV_HEAP_OBJECT_ALLOC:
		good = type_of(w, h, ev, &type);
		break;
	case TT_EV_GOROUTINE_STACK:
	case TT_EV_GOROUTINE_STACK_ALLOC:
		good = add_stack(w, h, ev->args[0], ev->args[1]);
		break;
	case TT_EV_GOROUTINE_STACK_FREE:
		good = remove_stack(h, ev->args[0]);
		break;
	default:
		break;
	}
	if (!good)
		return tt_writer_no_memory(w);
	return fail(w, tt_heap_event(h->heap, ev, type, &ignored));
}

/* ---- restating */

static bool put_event(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		      uint8_t type, unsigned nargs, const uint64_t *args)
{
	w->progress.objects++;
	return tt_writer_restate(w, list, thread, type, nargs, args);
}

static bool flush_types(struct tt_writer *w, struct tt_bytes *body)
{
	const struct tt_kept_batch batch = {
		TT_EXPERIMENT_ALLOC_FREE, TT_NONE, 0, body->data, body->len};
	bool good = body->len <= 1 || tt_writer_add_batch(w, &batch);

	body->len = 0;
	return good;
}

bool tt_writer_heap_put_type(struct tt_writer *w, struct tt_bytes *body,
			     const struct tt_writer_heap_type *t)
{
	uint8_t head[1 + 5 * TT_VARINT_MAX], *p = head;

	if (body->len + sizeof(head) + t->name.len > TT_BATCH_MAX_SIZE && !flush_types(w, body))
		return false;
	if (body->len == 0)
		*p++ = 0;
	p = tt_varint_put(p, t->key);
	p = tt_varint_put(p, t->address);
	p = tt_varint_put(p, t->nbytes);
	p = tt_varint_put(p, t->nptr_bytes);
	p = tt_varint_put(p, t->name.len);
	return tt_bytes_put(body, head, (size_t)(p - head)) &&
	       (t->name.len == 0 || tt_bytes_put(body, t->name.data, t->name.len));
}

bool tt_writer_heap_end_types(struct tt_writer *w, struct tt_bytes *body, bool good)
{
	good = good && flush_types(w, body);
	tt_bytes_release(body);
	return good || tt_writer_no_memory(w) == TT_OK;
}

/* The table of the types that were stated. */
static bool put_types(struct tt_writer *w, const struct tt_writer_heap *h)
{
	struct tt_bytes body = {.mem = &w->mem};
	bool good = true;

	for (size_t i = 0; good && i < h->numbered.n; i++) {
		const struct type *t = &h->types.at[h->numbered.at[i]];

		good = tt_writer_heap_put_type(w, &body, &(struct tt_writer_heap_type){
			.key = t->number,
			.address = t->address,
			.nbytes = t->nbytes,
			.nptr_bytes = t->nptr_bytes,
			.name = {t->name == NULL ? "" : t->name, t->len},
		});
	}
	return tt_writer_heap_end_types(w, &body, good);
}

/* Types are numbered as they are first stated, so that another cut there numbers them the same. */
static bool number_type(struct tt_writer *w, struct tt_writer_heap *h, uint32_t place)
{
	struct type *t = &h->types.at[place];

	if (t->number != 0)
		return true;
	if (!TT_ARRAY_ROOM(&w->mem, &h->numbered))
		return tt_writer_no_memory(w) == TT_OK;
	h->numbered.at[h->numbered.n++] = place;
	t->number = h->numbered.n;
	return true;
}

/* Types have the keys of the table that the result gets: its own, or the source's. */
static bool put_object(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		       const struct tt_heap_stated *s)
{
	struct tt_writer_heap *h = w->past.heap;
	bool own = list->own_generation;
	uint64_t args[] = {s->args[0], 0};

	if (s->mark != 0 && own && !number_type(w, h, s->mark - 1))
		return false;
	if (s->mark != 0)
		args[1] = own ? h->types.at[s->mark - 1].number : h->types.at[s->mark - 1].key;
	return put_event(w, list, thread, TT_EV_HEAP_OBJECT, 2, args);
}

static int by_age(const void *a, const void *b)
{
	const struct tt_heap_stated *x = a, *y = b;

	if (x->since_ns != y->since_ns)
		return x->since_ns < y->since_ns ? -1 : 1;
	return (x->args[0] > y->args[0]) - (x->args[0] < y->args[0]);
}

/* Objects that are in no span, spans, and the other objects, the oldest ones first. */
static bool put_heap(struct tt_writer *w, struct tt_restatement *list, int64_t thread)
{
	TT_ARRAY(struct tt_heap_stated) objects = {0};
	struct tt_heap_stating at = {0};
	struct tt_heap_stated s;
	bool good = true;

	while (good && tt_heap_next_stated(w->past.heap->heap, &at, &s)) {
		if (s.is_span)
			good = put_event(w, list, thread, TT_EV_SPAN, 3, s.args);
		else if (s.is_loose)
			good = put_object(w, list, thread, &s);
		else if (TT_ARRAY_ROOM(&w->mem, &objects))
			objects.at[objects.n++] = s;
		else
			good = tt_writer_no_memory(w) == TT_OK;
	}
	if (objects.n != 0)
		qsort(objects.at, objects.n, sizeof(s), by_age);
	for (size_t i = 0; good && i < objects.n; i++)
		good = put_object(w, list, thread, &objects.at[i]);
	TT_ARRAY_RELEASE(&w->mem, &objects);
	return good;
}

bool tt_writer_heap_restate(struct tt_writer *w, struct tt_restatement *list)
{
	struct tt_writer_heap *h = w->past.heap;
	int64_t thread = tt_writer_any_thread(list, &w->past.order);

	if (h == NULL)
		return true;
	for (size_t i = 0; i < h->numbered.n; i++)
		h->types.at[h->numbered.at[i]].number = 0;
	h->numbered.n = 0;
	if (!put_heap(w, list, thread) || (list->own_generation && !put_types(w, h)))
		return false;
	for (size_t i = 0; i < h->stacks.n; i++) {
		const uint64_t args[] = {h->stacks.at[i].id, h->stacks.at[i].order};

		if (!put_event(w, list, thread, TT_EV_GOROUTINE_STACK, 2, args))
			return false;
	}
	return true;
}
