/* SPDX-License-Identifier: MIT */
/*
 * table.c - the strings and stacks of a generation, each text once. An append-only
 * hash table of lists whose heads change by compare-and-swap. Entries come from blocks of
 * the thread that adds them, so that only a new block takes a lock. Stands on emit.h.
 */
#include "base/hash.h"
#include "emit/emit.h"

#define NODE_HEAD offsetof(struct tt_em_node, text)

_Static_assert(sizeof(struct tt_em_chunk) + NODE_HEAD + TT_V2_MAX_FRAMES * 8 + 8 < TT_EM_CHUNK_SMALL,
	       "a stack fits any block");

/* A product of two words, its halves folded into one. */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 u128;

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
/* Where words have 32 bits: mixes as well, with two smaller products. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
	uint64_t low = (a & UINT32_MAX) * (b >> 32), high = (a >> 32) * (b & UINT32_MAX);

	return (a * b) ^ (high << 32 | high >> 32) ^ low;
}
#endif

#define SALT UINT64_C(0xe7037ed1a0b428db)

static uint64_t hash_bytes(const char *data, size_t len)
{
	uint64_t h = TT_HASH_FACTOR ^ len, word;
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		memcpy(&word, data + i, 8);
		h = fold(h ^ word, SALT);
	}
	word = 0;
	if (len > i)
		memcpy(&word, data + i, len - i);
	return fold(h ^ word, SALT);
}

static uint64_t hash_pcs(const uint64_t *pcs, size_t n)
{
	uint64_t h = TT_HASH_FACTOR ^ n;
	size_t i = 0;

	for (; n - i >= 2; i += 2)
		h = fold(h ^ pcs[i], SALT ^ pcs[i + 1]);
	if (i < n)
		h = fold(h ^ pcs[i], SALT);
	return h;
}

/* Room in the thread's open block; a new one if it is full. */
static void *node_room(struct tt_em_tables at, size_t nbytes)
{
	struct tt_em_slot *slot = &at.thread->slots[at.parity];
	struct tt_em_chunk *c = slot->blocks.last;
	uint8_t *p;

	nbytes = (nbytes + 7) & ~(size_t)7;
	if (c == NULL || (size_t)(c->end - c->pos) < nbytes) {
		c = tt_em_pool_get(at.trace, c == NULL ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
		if (c == NULL)
			return NULL;
		tt_em_chunks_add(&slot->blocks, c);
	}
	p = atomic_load_explicit(&c->pos, memory_order_relaxed);
	tt_em_put_done(c, p + nbytes);
	return p;
}

static struct tt_em_node *bare_node(struct tt_em_tables at, const void *data, size_t nbytes)
{
	struct tt_em_node *node = node_room(at, NODE_HEAD + nbytes);

	if (node == NULL)
		return NULL;
	memcpy(node->text, data, nbytes);
	node->n = (uint32_t)nbytes;
	return node;
}

static struct tt_em_node *new_node(struct tt_em_tables at, struct tt_em_table *t, const void *data,
				   size_t nbytes)
{
	struct tt_em_node *node = bare_node(at, data, nbytes);

	if (node != NULL)
		node->id = atomic_fetch_add_explicit(&t->last_id, 1, memory_order_relaxed) + 1;
	return node;
}

static struct tt_em_node *find(struct tt_em_node *from, const struct tt_em_node *until,
			       uint64_t hash, struct tt_str key)
{
	for (; from != until; from = from->next) {
		if (from->hash == hash && from->n == key.len &&
		    memcmp(from->text, key.data, key.len) == 0)
			return from;
	}
	return NULL;
}

/* `n` counts bytes here, for both tables. */
static struct tt_em_node *intern(struct tt_em_tables at, struct tt_em_table *t, uint64_t hash,
				 struct tt_str key)
{
	_Atomic(struct tt_em_node *) *bucket = &t->buckets[hash % TT_EM_NBUCKETS];
	struct tt_em_node *head = atomic_load_explicit(bucket, memory_order_acquire);
	struct tt_em_node *known = NULL, *found = find(head, NULL, hash, key), *node;

	if (tt_likely(found != NULL))
		return found;
	node = new_node(at, t, key.data, key.len);
	if (node == NULL)
		return NULL;
	node->hash = hash;
	do {
		/* what was added meanwhile; the number of a node that loses is not used */
		found = find(head, known, hash, key);
		if (found != NULL)
			return found;
		known = head;
		node->next = head;
	} while (!atomic_compare_exchange_weak_explicit(bucket, &head, node, memory_order_acq_rel,
							memory_order_acquire));
	return node;
}

uint64_t tt_em_intern_string(struct tt_em_tables at, const char *data, size_t len)
{
	const struct tt_em_node *node;

	if (len > TT_STRING_MAX_SIZE)
		len = TT_STRING_MAX_SIZE;
	if (len == 0)
		return 0;
	node = intern(at, &at.trace->strings[at.parity], hash_bytes(data, len),
		      (struct tt_str){data, len});
	return node != NULL ? node->id : 0;
}

uint64_t tt_em_unindexed_string(struct tt_em_tables at, const char *data, size_t len)
{
	struct tt_em_table *t = &at.trace->strings[at.parity];
	struct tt_em_node *node;

	if (len > TT_STRING_MAX_SIZE)
		len = TT_STRING_MAX_SIZE;
	if (len == 0)
		return 0;
	node = new_node(at, t, data, len);
	if (node == NULL)
		return 0;
	node->next = atomic_load_explicit(&t->unindexed, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&t->unindexed, &node->next, node,
						      memory_order_release, memory_order_relaxed))
		;
	return node->id;
}

uint64_t tt_em_intern_stack(struct tt_em_tables at, const uint64_t *pcs, size_t n)
{
	struct tt_em_slot *slot = &at.thread->slots[at.parity];
	struct tt_em_node *last = slot->last_stack;
	struct tt_str key;

	if (n > TT_V2_MAX_FRAMES)
		n = TT_V2_MAX_FRAMES;
	if (n == 0)
		return 0;
	key = (struct tt_str){(const char *)pcs, n * sizeof(*pcs)};
	/* the same place again: no hash */
	if (last != NULL && last->n == key.len && memcmp(last->text, key.data, key.len) == 0)
		return last->id;
	last = intern(at, &at.trace->stacks[at.parity], hash_pcs(pcs, n), key);
	if (last == NULL)
		return 0;
	slot->last_stack = last;
	return last->id;
}

/* The numbers come in any order: the largest is the last. */
bool tt_em_table_restore(struct tt_em_tables at, struct tt_em_table *t, uint32_t id,
			 struct tt_str text)
{
	bool stacks = t == &at.trace->stacks[at.parity];
	struct tt_em_node *node = bare_node(at, text.data, text.len);
	_Atomic(struct tt_em_node *) *bucket;

	if (node == NULL)
		return false;
	node->id = id;
	node->hash = stacks ? hash_pcs(node->pcs, text.len / 8) : hash_bytes(text.data, text.len);
	bucket = &t->buckets[node->hash % TT_EM_NBUCKETS];
	node->next = atomic_load_explicit(bucket, memory_order_relaxed);
	atomic_store_explicit(bucket, node, memory_order_relaxed);
	if (id > atomic_load_explicit(&t->last_id, memory_order_relaxed))
		atomic_store_explicit(&t->last_id, id, memory_order_relaxed);
	return true;
}

void tt_em_table_clear(struct tt_em_table *t)
{
	if (atomic_load_explicit(&t->last_id, memory_order_relaxed) == 0)
		return;
	for (size_t i = 0; i < TT_EM_NBUCKETS; i++)
		atomic_store_explicit(&t->buckets[i], NULL, memory_order_relaxed);
	atomic_store_explicit(&t->unindexed, NULL, memory_order_relaxed);
	atomic_store_explicit(&t->last_id, 0, memory_order_relaxed);
}

/*
 * The flusher reads these when the goroutine stays silent, maybe while the thread
 * replaces them in the next generation; it checks the claim after it has read them.
 */
void tt_em_save_stack(struct tt_emit *e, uint64_t stack)
{
	struct tt_em_thread *th = e->thread;
	const struct tt_em_node *node = th->slots[tt_em_parity(e)].last_stack;
	uint32_t n = 0;

	if (stack != 0 && node != NULL && node->id == stack)
		n = node->n / 8;
	if (n > TT_EM_SAVED_FRAMES)
		n = TT_EM_SAVED_FRAMES;
	for (uint32_t i = 0; i < n; i++)
		atomic_store_explicit(&th->saved[i], node->pcs[i], memory_order_relaxed);
	atomic_store_explicit(&th->nsaved, n, memory_order_relaxed);
}
