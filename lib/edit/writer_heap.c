/* SPDX-License-Identifier: MIT */
/*
 * writer_heap.c - the heap where a trace is cut: spans, objects and goroutine stacks that
 * live there, stated as the runtime states them when tracing starts. Stands on writer_heap.h.
 */
#include "edit/writer_heap.h"

#include <string.h>

/* Spans, objects, stacks: each by its id. */
enum sort { SPANS, OBJECTS, STACKS, NSORTS };

struct item {
	uint64_t id;
	uint64_t value;         /* pages, type in its generation, or order */
	uint32_t more;          /* class of a span, or type of an object in `types` plus 1 */
	bool live;
};

struct items {
	struct tt_idmap ids;    /* to places in `all` */
	TT_ARRAY(struct item) all;
	TT_ARRAY(uint32_t) free;
};

/* A record of the table of types, without its key. */
struct type {
	uint64_t address, nbytes, nptr_bytes;
	char *name;
	size_t len;
};

struct tt_writer_heap {
	struct items of[NSORTS];
	struct tt_idmap hashes; /* of types to places in `types` */
	struct tt_idmap keys;   /* of this generation to places in `types` plus 1; 0: unknown */
	TT_ARRAY(struct type) types;
};

static struct tt_writer_heap *heap_of(struct tt_writer *w)
{
	struct tt_writer_heap *h = w->past.heap;
	uint64_t seed = tt_random_seed();

	if (h != NULL)
		return h;
	h = w->past.heap = tt_mem_zalloc(&w->mem, 1, sizeof(*h));
	if (h == NULL)
		return NULL;
	for (int i = 0; i < NSORTS; i++)
		tt_idmap_init(&h->of[i].ids, &w->mem, seed);
	tt_idmap_init(&h->hashes, &w->mem, seed);
	tt_idmap_init(&h->keys, &w->mem, seed);
	return h;
}

void tt_writer_heap_free(struct tt_writer *w)
{
	struct tt_writer_heap *h = w->past.heap;

	if (h == NULL)
		return;
	for (int i = 0; i < NSORTS; i++) {
		tt_idmap_release(&h->of[i].ids);
		TT_ARRAY_RELEASE(&w->mem, &h->of[i].all);
		TT_ARRAY_RELEASE(&w->mem, &h->of[i].free);
	}
	for (size_t i = 0; i < h->types.n; i++)
		tt_mem_free(&w->mem, h->types.at[i].name, h->types.at[i].len);
	TT_ARRAY_RELEASE(&w->mem, &h->types);
	tt_idmap_release(&h->hashes);
	tt_idmap_release(&h->keys);
	tt_mem_free(&w->mem, h, sizeof(*h));
	w->past.heap = NULL;
}

/* ---- what lives */

/* What is there under an id is replaced. */
static bool add(struct tt_writer *w, struct items *items, struct item item)
{
	uint32_t i = tt_idmap_find(&items->ids, item.id);

	item.live = true;
	if (i != TT_IDMAP_NONE) {
		items->all.at[i] = item;
		return true;
	}
	if (items->free.n != 0) {
		i = items->free.at[--items->free.n];
	} else {
		if (!TT_ARRAY_ROOM(&w->mem, &items->all))
			return false;
		i = (uint32_t)items->all.n++;
	}
	items->all.at[i] = item;
	return tt_idmap_add(&items->ids, item.id, i);
}

static bool remove_item(struct tt_writer *w, struct items *items, uint64_t id)
{
	uint32_t i = tt_idmap_find(&items->ids, id);

	if (i == TT_IDMAP_NONE)
		return true;
	items->all.at[i].live = false;
	tt_idmap_remove(&items->ids, id);
	if (!TT_ARRAY_ROOM(&w->mem, &items->free))
		return false;
	items->free.at[items->free.n++] = i;
	return true;
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
static uint32_t add_type(struct tt_writer *w, struct tt_writer_heap *h, const struct tt_record *r)
{
	struct tt_str name = r->values[4].bytes;
	uint64_t hash = tt_idmap_id_of(h->hashes.seed ^ r->values[1].number, name.data, name.len);
	uint32_t i = tt_idmap_find(&h->hashes, hash);
	struct type *t;

	if (i != TT_IDMAP_NONE && is_same(&h->types.at[i], r))
		return i + 1;
	if (!TT_ARRAY_ROOM(&w->mem, &h->types))
		return 0;
	t = &h->types.at[h->types.n];
	*t = (struct type){
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
		*type = add_type(w, h, &record);
		if (*type == 0)
			return false;
	}
	return tt_idmap_add(&h->keys, ev->args[1], *type);
}

int tt_writer_heap_generation(struct tt_writer *w, const struct tt_generation *gen)
{
	(void)gen;
	if (w->past.heap != NULL)
		tt_idmap_clear(&w->past.heap->keys);
	return TT_OK;
}

/* ---- events */

int tt_writer_heap_event(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_writer_heap *h = heap_of(w);
	struct item item = {.id = ev->args[0], .value = ev->spec->nargs > 1 ? ev->args[1] : 0};
	bool good = h != NULL;

	if (!good)
		return tt_writer_no_memory(w);
	switch (ev->spec->type) {
	case TT_EV_SPAN:
	case TT_EV_SPAN_ALLOC:
		item.more = (uint32_t)ev->args[2];
		good = add(w, &h->of[SPANS], item);
		break;
	case TT_EV_SPAN_FREE:
		good = remove_item(w, &h->of[SPANS], item.id);
		break;
	case TT_EV_HEAP_OBJECT:
	case TT_EV_HEAP_OBJECT_ALLOC:
		good = type_of(w, h, ev, &item.more) && add(w, &h->of[OBJECTS], item);
		break;
	case TT_EV_HEAP_OBJECT_FREE:
		good = remove_item(w, &h->of[OBJECTS], item.id);
		break;
	case TT_EV_GOROUTINE_STACK:
	case TT_EV_GOROUTINE_STACK_ALLOC:
		good = add(w, &h->of[STACKS], item);
		break;
	case TT_EV_GOROUTINE_STACK_FREE:
		good = remove_item(w, &h->of[STACKS], item.id);
		break;
	default:
		break;
	}
	return good ? TT_OK : tt_writer_no_memory(w);
}

/* ---- restating */

static bool put_event(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		      uint8_t type, unsigned nargs, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t args[] = {a, b, c};

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

/* The table of types, with their places plus 1 for keys. */
static bool put_types(struct tt_writer *w, const struct tt_writer_heap *h)
{
	struct tt_bytes body = {.mem = &w->mem};
	bool good = true;

	for (size_t i = 0; good && i < h->types.n; i++) {
		const struct type *t = &h->types.at[i];
		uint8_t head[1 + 5 * TT_VARINT_MAX], *p = head;

		if (body.len + sizeof(head) + t->len > TT_BATCH_MAX_SIZE)
			good = flush_types(w, &body);
		if (body.len == 0)
			*p++ = 0;
		p = tt_varint_put(p, i + 1);
		p = tt_varint_put(p, t->address);
		p = tt_varint_put(p, t->nbytes);
		p = tt_varint_put(p, t->nptr_bytes);
		p = tt_varint_put(p, t->len);
		good = good && tt_bytes_put(&body, head, (size_t)(p - head)) &&
		       (t->len == 0 || tt_bytes_put(&body, t->name, t->len));
	}
	good = good && flush_types(w, &body);
	tt_bytes_release(&body);
	return good || tt_writer_no_memory(w) == TT_OK;
}

bool tt_writer_heap_restate(struct tt_writer *w, struct tt_restatement *list)
{
	static const uint8_t types[NSORTS] = {TT_EV_SPAN, TT_EV_HEAP_OBJECT,
					      TT_EV_GOROUTINE_STACK};
	const struct tt_writer_heap *h = w->past.heap;
	bool own_types = w->past.ngenerations > 1;
	int64_t thread = list->runner;

	if (h == NULL)
		return true;
	if (thread == TT_NONE)
		thread = w->past.order.ms.n == 0 ? 1 : w->past.order.ms.at[0].id;
	if (own_types && !put_types(w, h))
		return false;
	for (int sort = 0; sort < NSORTS; sort++) {
		for (size_t i = 0; i < h->of[sort].all.n; i++) {
			const struct item *item = &h->of[sort].all.at[i];
			uint64_t value = sort == OBJECTS && own_types ? item->more : item->value;

			if (item->live &&
			    !put_event(w, list, thread, types[sort], sort == SPANS ? 3 : 2,
				       item->id, value, item->more))
				return false;
		}
	}
	return true;
}
