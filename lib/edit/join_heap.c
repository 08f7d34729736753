/* SPDX-License-Identifier: MIT */
/*
 * join_heap.c - the heap of AllocFree where something is missing between two pieces: what lives
 * where the first one ends, and is not among what the next one states to live where it begins,
 * was freed meanwhile; what lives in both is not stated again. Of a piece that states nothing, an
 * event that allocates shows that what was there was freed. Stands on join.h.
 */
#include "edit/join.h"

#include <string.h>

#include "analyze/heap.h"
#include "edit/made.h"
#include "edit/writer_heap.h"
#include "spec/types.h"

/* The events are three for each kind. */
enum act { STATES, BEGINS, ENDS };

_Static_assert(TT_EV_HEAP_OBJECT == TT_EV_SPAN + 3 * TT_LIVE_OBJECT &&
		       TT_EV_GOROUTINE_STACK == TT_EV_SPAN + 3 * TT_LIVE_STACK &&
		       TT_EV_SPAN_FREE == TT_EV_SPAN + ENDS,
	       "the events of AllocFree are numbered by kind and act");

/* ---- sets */

static void init_set(struct tt_live_set *set, struct tt_mem *mem)
{
	for (unsigned kind = 0; kind < TT_NLIVE; kind++)
		tt_idmap_init(&set->ids[kind], mem, tt_random_seed());
}

static void clear_kind(struct tt_live_set *set, unsigned kind)
{
	tt_idmap_clear(&set->ids[kind]);
	set->all[kind].n = 0;
}

static void release_set(struct tt_live_set *set, struct tt_mem *mem)
{
	for (unsigned kind = 0; kind < TT_NLIVE; kind++) {
		tt_idmap_release(&set->ids[kind]);
		TT_ARRAY_RELEASE(mem, &set->all[kind]);
	}
}

static bool has(const struct tt_live_set *set, unsigned kind, uint64_t id)
{
	return tt_idmap_find(&set->ids[kind], id) != TT_IDMAP_NONE;
}

static bool has_same(const struct tt_live_set *set, unsigned kind, struct tt_live live)
{
	uint32_t i = tt_idmap_find(&set->ids[kind], live.id);

	return i != TT_IDMAP_NONE && set->all[kind].at[i].value == live.value;
}

static bool add(struct tt_live_set *set, struct tt_mem *mem, unsigned kind, struct tt_live live)
{
	uint32_t i = tt_idmap_find(&set->ids[kind], live.id);

	if (i != TT_IDMAP_NONE) {
		set->all[kind].at[i] = live;
		return true;
	}
	if (!TT_ARRAY_ROOM(mem, &set->all[kind]) ||
	    !tt_idmap_add(&set->ids[kind], live.id, (uint32_t)set->all[kind].n))
		return false;
	set->all[kind].at[set->all[kind].n++] = live;
	return true;
}

/* The last one gets its place. */
static bool remove_live(struct tt_live_set *set, unsigned kind, uint64_t id)
{
	uint32_t i = tt_idmap_find(&set->ids[kind], id);
	struct tt_live last;

	if (i == TT_IDMAP_NONE)
		return true;
	last = set->all[kind].at[--set->all[kind].n];
	tt_idmap_remove(&set->ids[kind], id);
	if (last.id == id)
		return true;
	tt_idmap_remove(&set->ids[kind], last.id);
	set->all[kind].at[i] = last;
	return tt_idmap_add(&set->ids[kind], last.id, i);
}

/* ---- life */

void tt_join_heap_init(struct tt_join *j)
{
	init_set(&j->heap.mine.set, j->mem);
	init_set(&j->heap.theirs.set, j->mem);
	tt_idmap_init(&j->heap.type_ids, j->mem, tt_random_seed());
	tt_idmap_init(&j->heap.keys, j->mem, tt_random_seed());
	j->entry.lists_heap = true;
}

static void forget(struct tt_live_heap *h)
{
	tt_heap_free(h->heap);
	h->heap = NULL;
	h->listed = false;
	for (unsigned kind = 0; kind < TT_NLIVE; kind++)
		clear_kind(&h->set, kind);
}

void tt_join_heap_release(struct tt_join *j)
{
	forget(&j->heap.mine);
	forget(&j->heap.theirs);
	release_set(&j->heap.mine.set, j->mem);
	release_set(&j->heap.theirs.set, j->mem);
	for (size_t i = 0; i < j->heap.types.n; i++)
		tt_mem_free(j->mem, (char *)(uintptr_t)j->heap.types.at[i].name.data,
			    j->heap.types.at[i].name.len);
	TT_ARRAY_RELEASE(j->mem, &j->heap.types);
	tt_idmap_release(&j->heap.type_ids);
	tt_idmap_release(&j->heap.keys);
}

void tt_join_heap_begin_source(struct tt_join *j)
{
	struct tt_error ignored;

	forget(&j->heap.theirs);
	j->heap.stated = j->heap.changed = false;
	while (j->heap.mine.heap != NULL && tt_heap_finding(j->heap.mine.heap, &ignored) == 0)
		;
}

/* ---- types: they have other keys in each generation, so their addresses count */

static bool add_type(struct tt_join *j, const struct tt_record *r)
{
	struct tt_str name = r->values[4].bytes;
	char *copy = name.len == 0 ? NULL : tt_mem_alloc(j->mem, name.len);

	if ((name.len != 0 && copy == NULL) || !TT_ARRAY_ROOM(j->mem, &j->heap.types) ||
	    !tt_idmap_add(&j->heap.type_ids, r->values[1].number, (uint32_t)j->heap.types.n)) {
		tt_mem_free(j->mem, copy, name.len);
		return false;
	}
	if (copy != NULL)
		memcpy(copy, name.data, name.len);
	j->heap.types.at[j->heap.types.n++] = (struct tt_writer_heap_type){
		.key = r->values[1].number,
		.address = r->values[1].number,
		.nbytes = r->values[2].number,
		.nptr_bytes = r->values[3].number,
		.name = {copy, name.len},
	};
	return true;
}

/* Its place in the types plus 1; 0: it is not known (or there is no memory for it). */
static uint32_t find_type(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_record record;
	uint32_t i;

	if (tt_event_record(ev, 1, &record) != TT_OK || record.spec->nfields < 5)
		return 0;
	i = tt_idmap_find(&j->heap.type_ids, record.values[1].number);
	if (i == TT_IDMAP_NONE && add_type(j, &record))
		i = (uint32_t)j->heap.types.n - 1;
	return i + 1; /* (TT_IDMAP_NONE + 1 is 0) */
}

static uint32_t type_of(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;
	struct tt_join_heap *h = &j->heap;
	uint32_t known;

	if (h->keys_reader != g->reader || h->keys_ordinal != g->ordinal) {
		tt_idmap_clear(&h->keys);
		h->keys_reader = g->reader;
		h->keys_ordinal = g->ordinal;
	}
	known = tt_idmap_find(&h->keys, ev->args[1]);
	if (known != TT_IDMAP_NONE)
		return known;
	known = find_type(j, ev);
	/* (without memory, it is looked for again) */
	(void)tt_idmap_add(&h->keys, ev->args[1], known);
	return known;
}

/* The types that objects are stated with have a table, in which their addresses are keys. */
static bool write_types(struct tt_join *j)
{
	struct tt_bytes body = {.mem = j->mem};
	bool good = true;

	for (size_t i = 0; i < j->heap.types.n && good; i++)
		good = tt_writer_heap_put_type(j->w, &body, &j->heap.types.at[i]);
	return tt_writer_heap_end_types(j->w, &body, good);
}

/* ---- events */

static uint64_t value_of_span(const uint64_t *args)
{
	return args[1] ^ args[2] << 32;
}

static uint64_t value_of(struct tt_join *j, const struct tt_event *ev, unsigned kind)
{
	if (kind == TT_LIVE_SPAN)
		return value_of_span(ev->args);
	return kind == TT_LIVE_STACK ? ev->args[1] : type_of(j, ev);
}

/* What an event does to the heap. */
struct change {
	unsigned kind;          /* enum tt_live_kind */
	enum act act;
	struct tt_live live;    /* without its value if it ends */
};

static bool is_change(const struct tt_event *ev)
{
	return ev->spec != NULL && ev->spec->experiment_id == TT_EXPERIMENT_ALLOC_FREE &&
	       ev->spec->type >= TT_EV_SPAN && ev->spec->type <= TT_EV_GOROUTINE_STACK_FREE;
}

static bool is_statement(const struct tt_event *ev)
{
	return is_change(ev) && (ev->spec->type - TT_EV_SPAN) % 3 == STATES;
}

static bool read_change(struct tt_join *j, const struct tt_event *ev, struct change *change)
{
	unsigned n;

	if (!is_change(ev))
		return false;
	n = ev->spec->type - TT_EV_SPAN;
	*change = (struct change){n / 3, (enum act)(n % 3), {.id = ev->args[0]}};
	if (change->act != ENDS)
		change->live.value = value_of(j, ev, change->kind);
	return true;
}

static int make_heap(struct tt_join *j, struct tt_live_heap *h)
{
	const struct tt_heap_options opt = {
		.size = sizeof(opt),
		.flags = TT_HEAP_OBJECTS,
		.specs = j->w->specs,
		.max_memory_nbytes = j->w->options.max_memory_nbytes,
	};

	return h->heap != NULL ? TT_OK : tt_heap_new(&h->heap, &opt, &j->w->err);
}

/* Its stacks are followed here, the rest by *h->heap. */
static int follow(struct tt_join *j, struct tt_live_heap *h, const struct tt_event *ev,
		  struct change change, struct tt_heap_change *objects)
{
	unsigned kind = change.kind;
	struct tt_live live = change.live;
	int rc;

	if (kind == TT_LIVE_STACK)
		return (change.act == ENDS ? remove_live(&h->set, kind, live.id)
					   : add(&h->set, j->mem, kind, live))
			       ? TT_OK
			       : tt_writer_no_memory(j->w);
	rc = make_heap(j, h);
	h->listed = h->listed && change.act == STATES && add(&h->set, j->mem, kind, live);
	if (rc == TT_OK)
		rc = tt_heap_event(h->heap, ev, kind == TT_LIVE_OBJECT ? (uint32_t)live.value : 0,
				   objects);
	return rc == TT_OK ? TT_OK : tt_fail(&j->w->err, -rc, "no memory for the heap");
}

int tt_join_heap_see(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_heap_change ignored;
	struct change change;

	if (j->nsources == 1 || j->entered || !read_change(j, ev, &change))
		return TT_OK;
	j->heap.stated |= change.act == STATES;
	j->heap.changed |= change.act != STATES;
	/* (a heap that is not known where the piece begins is of no use) */
	return j->heap.stated ? follow(j, &j->heap.theirs, ev, change, &ignored) : TT_OK;
}

/* ---- what lives at one moment */

static bool list_heap(struct tt_join *j, struct tt_live_heap *h)
{
	struct tt_heap_stating at = {0};
	struct tt_heap_stated s;

	if (h->listed || h->heap == NULL)
		return true;
	clear_kind(&h->set, TT_LIVE_SPAN);
	clear_kind(&h->set, TT_LIVE_OBJECT);
	while (tt_heap_next_stated(h->heap, &at, &s)) {
		const struct tt_live live = {s.args[0], s.is_span ? value_of_span(s.args) : s.mark};

		if (!add(&h->set, j->mem, s.is_span ? TT_LIVE_SPAN : TT_LIVE_OBJECT, live))
			return false;
	}
	h->listed = true;
	return true;
}

bool tt_join_heap_is_known(struct tt_join *j, const struct tt_event *ev)
{
	struct change change;

	return j->nsources > 1 && !j->heap.done && is_statement(ev) && read_change(j, ev, &change) &&
	       (j->heap.mine.listed || change.kind == TT_LIVE_STACK) &&
	       has_same(&j->heap.mine.set, change.kind, change.live);
}

bool tt_join_heap_is_said_again(struct tt_join *j, const struct tt_event *ev)
{
	/* (without memory it is not, and the next allocation fails, too) */
	return is_statement(ev) && list_heap(j, &j->heap.mine) && tt_join_heap_is_known(j, ev);
}

/* ---- made-up events */

static int write_made(struct tt_join *j, int64_t thread, unsigned kind, enum act act,
		      struct tt_live live)
{
	uint64_t args[TT_MAX_ARGS] = {live.id, live.value};
	const struct tt_event ev = {
		.thread = thread,
		.proc = TT_NONE,
		.goroutine = TT_NONE,
		.spec = tt_specs_event(j->w->specs,
				       (uint8_t)(TT_EV_SPAN + 3 * kind + (unsigned)act)),
		.args = args,
		.generation = &j->made,
	};
	struct tt_heap_change ignored;
	int rc;

	if (kind == TT_LIVE_SPAN) {
		args[1] = live.value & UINT32_MAX;
		args[2] = live.value >> 32;
	} else if (kind == TT_LIVE_OBJECT && live.value != 0) {
		args[1] = j->heap.types.at[live.value - 1].key;
	}
	rc = tt_writer_insert(j->w, &ev);
	j->progress.made++;
	return rc == TT_OK
		       ? follow(j, &j->heap.mine, &ev, (struct change){kind, act, live}, &ignored)
		       : rc;
}

/* What the generation states before its first event that changes the heap. */
static int take_statement(struct tt_join *j, const struct tt_generation *g)
{
	struct tt_heap_change ignored;
	int rc = TT_OK;

	for (size_t i = 0; i < j->entry.heap.n && rc == TT_OK; i++) {
		const struct tt_entry_stated *stated = &j->entry.heap.at[i];
		const struct tt_event ev = {
			.spec = stated->spec, .args = stated->args, .generation = g};
		struct change change;

		if (!read_change(j, &ev, &change) ||
		    has(&j->heap.theirs.set, change.kind, change.live.id))
			continue;
		j->heap.stated = true;
		rc = follow(j, &j->heap.theirs, &ev, change, &ignored);
	}
	return rc;
}

int tt_join_heap_compare(struct tt_join *j, const struct tt_generation *g)
{
	struct tt_join_heap *h = &j->heap;
	int rc = TT_OK;

	h->nmade = 0;
	if (!list_heap(j, &h->mine) || !list_heap(j, &h->theirs))
		return tt_writer_no_memory(j->w);
	for (unsigned kind = 0; kind < TT_NLIVE; kind++)
		h->nseen[kind] = h->theirs.set.all[kind].n;
	if (!h->changed)
		rc = take_statement(j, g);
	if (rc < 0 || !h->stated)
		return rc;
	if (!list_heap(j, &h->theirs))
		return tt_writer_no_memory(j->w);
	for (unsigned kind = 0; kind < TT_NLIVE; kind++) {
		for (size_t i = 0; i < h->mine.set.all[kind].n; i++)
			h->nmade += !has_same(&h->theirs.set, kind, h->mine.set.all[kind].at[i]);
		for (size_t i = 0; i < h->nseen[kind]; i++)
			h->nmade += !has_same(&h->mine.set, kind, h->theirs.set.all[kind].at[i]);
	}
	return TT_OK;
}

/* From the last one on, as each stack that goes is replaced by the last one. */
static int free_kind(struct tt_join *j, int64_t thread, unsigned kind)
{
	struct tt_live_set *mine = &j->heap.mine.set;
	int rc = TT_OK;

	for (size_t i = mine->all[kind].n; i-- > 0 && rc == TT_OK;)
		if (!has_same(&j->heap.theirs.set, kind, mine->all[kind].at[i]))
			rc = write_made(j, thread, kind, ENDS, mine->all[kind].at[i]);
	return rc;
}

/* What was stated too early to be written. */
static int state_kind(struct tt_join *j, int64_t thread, unsigned kind)
{
	size_t n = j->heap.nseen[kind];
	int rc = n != 0 && kind == TT_LIVE_OBJECT && !write_types(j) ? -j->w->err.code : TT_OK;

	for (size_t i = 0; i < n && rc == TT_OK; i++) {
		struct tt_live live = j->heap.theirs.set.all[kind].at[i];

		if (!has_same(&j->heap.mine.set, kind, live))
			rc = write_made(j, thread, kind, STATES, live);
	}
	return rc;
}

/* (any thread will do) */
static int64_t some_thread(const struct tt_order *o)
{
	for (size_t i = 0; i < o->ms.n; i++)
		if (o->ms.at[i].id != TT_NONE)
			return o->ms.at[i].id;
	return TT_FIRST_MADE_M;
}

int tt_join_heap_lead(struct tt_join *j)
{
	int64_t thread = some_thread(&j->w->order);
	int rc = TT_OK;

	if (j->heap.nmade == 0)
		return TT_OK;
	/* spans after what they hold, and before it */
	for (unsigned kind = TT_NLIVE; kind-- > 0 && rc == TT_OK;)
		rc = free_kind(j, thread, kind);
	if (!list_heap(j, &j->heap.mine))
		return tt_writer_no_memory(j->w);
	for (unsigned kind = 0; kind < TT_NLIVE && rc == TT_OK; kind++)
		rc = state_kind(j, thread, kind);
	return rc;
}

int tt_join_heap_take(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_heap_change objects = {0};
	struct change change;
	int rc;

	if (j->heap.done || !read_change(j, ev, &change))
		return TT_OK;
	/* (what it states at its start may still be known from the pieces before) */
	if (j->is_last && j->progress.gaps == 0 && change.act != STATES) {
		forget(&j->heap.mine);
		j->heap.done = true;
		return TT_OK;
	}
	rc = follow(j, &j->heap.mine, ev, change, &objects);
	if (rc < 0 || change.act == ENDS || !objects.ended || j->heap.stated ||
	    objects.gone.since_ns > j->heap.gap_end_ns)
		return rc;
	return write_made(j, ev->thread, change.kind, ENDS, change.live);
}
