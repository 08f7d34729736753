/* SPDX-License-Identifier: MIT */
/*
 * findings.c - causes of trouble that the numbers of a summary show: each with what it cost, by
 * which they are sorted, and where the worst of it is. Command layer.
 */
#include "findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders.h"
#include "rows.h"

#define LONG_RUNNABLE_NS INT64_C(50000000)
#define LONG_PAUSE_NS INT64_C(10000000)
#define LONG_HELD_NS INT64_C(10000000)
#define MUCH_COLLECTOR 0.2
/* A queue: so many waits at a place, and so many goroutines there at any time. */
#define QUEUE_MIN 10
#define QUEUE_WAITING 0.5
/* A leak: so many that did not end, and their part, and the part of the time over which they
 * were created. */
#define LEAK_MIN 20
#define LEAK_PART 0.25
#define LEAK_TIME 0.25

static void add(struct findings *f, const struct finding *x)
{
	if (!array_room(&f->at, &f->cap, f->n + 1, sizeof(*f->at))) {
		f->no_memory = true;
		return;
	}
	f->at[f->n++] = *x;
}

/* How many there are at any time of what takes this long in all. */
static double on_average(const struct stat_answer *a, uint64_t ns)
{
	return a->facts.duration_ns == 0 ? 0 : (double)ns / (double)a->facts.duration_ns;
}

/* Divides a key: "main.ask: chan send". */
static void split_site(struct tt_str key, struct tt_str *name, struct tt_str *reason)
{
	size_t n = key.len;

	/* (a reason has no colon) */
	while (n > 0 && key.data[n - 1] != ':')
		n--;
	*name = (struct tt_str){ key.data, n > 0 ? n - 1 : 0 };
	n += n < key.len && key.data[n] == ' ';
	*reason = (struct tt_str){ key.data + n, key.len - n };
}

/* "main.get <- main.refill" into both; a place has no arrow in its name. */
static void split_key(struct tt_str key, struct tt_str *waiter, struct tt_str *holder)
{
	static const char arrow[] = HOLDERS_ARROW;
	const char *at = memmem(key.data, key.len, arrow, sizeof(arrow) - 1);
	size_t n = at ? (size_t)(at - key.data) : key.len;

	*waiter = (struct tt_str){ key.data, n };
	n += at ? sizeof(arrow) - 1 : 0;
	*holder = (struct tt_str){ key.data + n, key.len - n };
}

/* ---- what took long */

/* The row with the longest of a measure, with its key; NULL: there is none. Of ranges, those
 * whose key begins like this. */
static const struct stat_row *longest_row(const struct stat_table *t, unsigned measure,
					  const char *begin, struct tt_str *key)
{
	const struct stat_row *best = NULL;

	for (size_t i = 0; i < t->nrows; i++) {
		const struct dist *d = &t->rows[i]->d[measure];
		struct tt_str name = table_key(t, i);

		if (d->n == 0 || name.len < strlen(begin) || memcmp(name.data, begin, strlen(begin)) != 0 ||
		    (best && d->max_ns <= best->d[measure].max_ns))
			continue;
		best = t->rows[i];
		*key = name;
	}
	return best;
}

static struct finding of_longest(enum finding_kind kind, const struct stat_answer *a,
				 struct tt_str name, const struct dist *d)
{
	return (struct finding){
		.kind = kind,
		.a = a,
		.lost = on_average(a, d->sum_ns),
		.name = name,
		.n = d->n,
		.total_ns = d->sum_ns,
		.at_ns = d->max_at_ns,
		.ns = d->max_ns,
		.id = d->max_id,
	};
}

/* What one goroutine lost: the others wait for processors that have something to do. */
static void find_runnable(struct findings *f, const struct stat_answer *a)
{
	struct tt_str key;
	const struct stat_row *row = longest_row(&a->tables[TABLE_STATES], STATES_RUNNABLE, "", &key);
	struct finding x;

	if (!row || row->d[STATES_RUNNABLE].max_ns < LONG_RUNNABLE_NS)
		return;
	x = of_longest(FINDING_RUNNABLE, a, key, &row->d[STATES_RUNNABLE]);
	x.lost = on_average(a, (uint64_t)x.ns);
	add(f, &x);
}

/* A pause stops all processors. */
static void find_pause(struct findings *f, const struct stat_answer *a)
{
	struct tt_str key;
	const struct stat_row *row = longest_row(&a->tables[TABLE_RANGES], 0, "stop-the-world", &key);
	struct finding x;

	if (!row || row->d[0].max_ns < LONG_PAUSE_NS)
		return;
	x = of_longest(FINDING_PAUSE, a, key, &row->d[0]);
	x.lost *= (double)a->facts.nprocs;
	add(f, &x);
}

/* Each thread of a native program has a processor of its own, which nobody else wants. */
static bool is_native(const struct stat_answer *a)
{
	return texts_find(&a->tables[TABLE_STATES].keys, str_of(NATIVE_FLUSHER)) != NUMBER_NONE;
}

static void find_syscall(struct findings *f, const struct stat_answer *a)
{
	struct tt_str key;
	const struct stat_row *row = longest_row(&a->tables[TABLE_SYSCALLS], SYSCALL_HELD, "", &key);
	struct finding x;

	if (!row || row->d[SYSCALL_HELD].max_ns < LONG_HELD_NS || is_native(a))
		return;
	x = of_longest(FINDING_SYSCALL, a, key, &row->d[SYSCALL_HELD]);
	add(f, &x);
}

/* ---- goroutines that only grow */

/* Many of a function did not end, and they were created all the time, not all at the start. */
static bool is_leak(const struct stat_facts *f, const struct stat_row *row)
{
	const struct dist *left = &row->d[GROWTH_LEFT];

	return left->n >= LEAK_MIN &&
	       (double)left->n >= LEAK_PART * (double)row->d[GROWTH_CREATED].n &&
	       (double)(left->max_ns - left->min_ns) >= LEAK_TIME * (double)f->duration_ns;
}

static void find_growth(struct findings *f, const struct stat_answer *a)
{
	const struct stat_table *t = &a->tables[TABLE_GROWTH];

	for (size_t i = 0; i < t->nrows; i++) {
		const struct dist *left = &t->rows[i]->d[GROWTH_LEFT];
		struct finding x;

		if (!is_leak(&a->facts, t->rows[i]))
			continue;
		/* (the longest is the whole life of the oldest) */
		x = of_longest(FINDING_GROWTH, a, table_key(t, i), left);
		x.n = t->rows[i]->d[GROWTH_CREATED].n;
		x.ended = x.n - left->n;
		add(f, &x);
	}
}

/* ---- the collector */

/* The function that helps it for longest, and so allocates most. */
static void add_helper(struct finding *x)
{
	const struct stat_table *t = &x->a->tables[TABLE_ASSISTS];

	for (size_t i = 0; i < t->nrows; i++) {
		struct tt_str function, range;

		split_site(table_key(t, i), &function, &range);
		if (range.len != 14 || memcmp(range.data, "GC mark assist", 14) != 0 ||
		    t->rows[i]->d[0].sum_ns <= x->held_ns)
			continue;
		x->holder = function;
		x->held_ns = t->rows[i]->d[0].sum_ns;
	}
}

static void find_collector(struct findings *f, const struct stat_answer *a)
{
	const struct stat_facts *facts = &a->facts;
	uint32_t mark = texts_find(&a->tables[TABLE_RANGES].keys, str_of("GC concurrent mark phase"));
	struct finding x = {
		.kind = FINDING_COLLECTOR,
		.a = a,
		.lost = on_average(a, facts->collector_ns),
		.n = mark == NUMBER_NONE ? 0 : a->tables[TABLE_RANGES].rows[mark]->d[0].n,
		.total_ns = facts->collector_ns,
		.at_ns = facts->mmu_at[FINDING_WINDOW],
		.ns = stat_windows[FINDING_WINDOW],
		.id = TT_NONE,
	};

	if (facts->util_ns == 0 ||
	    (double)facts->collector_ns < MUCH_COLLECTOR * (double)facts->util_ns)
		return;
	if (x.ns > facts->end_ns - x.at_ns)
		x.ns = facts->end_ns - x.at_ns;
	add_helper(&x);
	add(f, &x);
}

/* ---- queues */

static bool is_queue(const struct stat_answer *a, uint64_t n, uint64_t waited_ns)
{
	return n >= QUEUE_MIN && on_average(a, waited_ns) >= QUEUE_WAITING;
}

/* ---- pools, and other queues */

/* The waits of a place that were looked at (peers.h). */
struct pool {
	uint64_t n, npassed;            /* of them, those that one ended who had waited there itself */
	uint64_t had_ns;                /* for which these had it */
	const struct stat_row *most;    /* who ended most of them */
	struct tt_str holder;
};

struct pools {
	struct texts places;
	struct pool *at;                /* by the number of the place */
	bool no_memory;
};

static void read_pools(struct pools *p, const struct stat_table *t)
{
	p->at = calloc(t->nrows + 1, sizeof(*p->at));
	p->no_memory = !p->at;
	for (size_t i = 0; i < t->nrows && !p->no_memory; i++) {
		const struct stat_row *row = t->rows[i];
		struct tt_str place, holder;
		uint32_t number;
		struct pool *pool;

		split_key(table_key(t, i), &place, &holder);
		number = texts_number(&p->places, place);
		p->no_memory = number == NUMBER_NONE;
		pool = p->no_memory ? &p->at[0] : &p->at[number];
		pool->n += row->d[HOLD_WAIT].n;
		pool->npassed += row->d[HOLD_HELD].n;
		pool->had_ns += row->d[HOLD_HELD].sum_ns;
		if (row->d[HOLD_HELD].n > (pool->most ? pool->most->d[HOLD_HELD].n : 0)) {
			pool->most = row;
			pool->holder = holder;
		}
	}
}

/* Whether goroutines wait at a place for one another, for the most part. */
static const struct pool *pool_at(const struct pools *p, struct tt_str place)
{
	uint32_t number = texts_find(&p->places, place);
	const struct pool *pool = number == NUMBER_NONE ? NULL : &p->at[number];

	return pool && pool->most && pool->npassed >= QUEUE_MIN && 2 * pool->npassed >= pool->n ? pool : NULL;
}

/* The longest time that one had it shows most. */
static void add_pool(struct findings *f, struct finding *x, const struct pool *pool)
{
	const struct dist *had = &pool->most->d[HOLD_HELD];

	x->kind = FINDING_POOL;
	x->holder = pool->holder;
	x->held_ns = pool->had_ns / pool->npassed;
	x->at_ns = had->max_at_ns;
	x->ns = had->max_ns;
	x->id = had->max_id;
	add(f, x);
}

/* What goroutines queue for in any case. (Who waits to receive may have nothing to do; locks of
 * Go programs have holders, below.) */
static bool is_queue_reason(struct tt_str reason)
{
	static const char *const reasons[] = { "chan send", "sync mutex", "sync rwlock" };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reason.len == strlen(reasons[i]) && memcmp(reason.data, reasons[i], reason.len) == 0)
			return true;
	}
	return false;
}

static void find_queues(struct findings *f, const struct stat_answer *a)
{
	const struct stat_table *t = &a->tables[TABLE_SITES];
	struct pools pools = { 0 };

	read_pools(&pools, &a->tables[TABLE_PEERS]);
	for (size_t i = 0; i < t->nrows && !pools.no_memory; i++) {
		const struct dist *d = &t->rows[i]->d[0];
		struct finding x = of_longest(FINDING_QUEUE, a, table_key(t, i), d);
		const struct pool *pool;

		if (!is_queue(a, d->n, d->sum_ns))
			continue;
		pool = pool_at(&pools, x.name);
		split_site(x.name, &x.name, &x.reason);
		if (pool)
			add_pool(f, &x, pool);
		else if (is_queue_reason(x.reason))
			add(f, &x);
	}
	f->no_memory |= pools.no_memory;
	texts_release(&pools.places);
	free(pools.at);
}

/* ---- locks */

/* A function that waits for a lock, or held it. */
struct lock_place {
	struct tt_str name;
	size_t same;                    /* a place with the same lock; itself: the one that counts */
	uint64_t n, waited_ns;
	uint64_t held_ns;
	const struct dist *longest;     /* of the times that it held it; NULL: it did not */
	/* of the place that counts: what is known of the lock */
	struct lock {
		uint64_t n, waited_ns;
		double lost;
		size_t nwaiters;
		const struct lock_place *waiter, *holder;       /* the ones that did most */
	} lock;
};

struct lock_places {
	struct texts names;
	struct lock_place *at;
	size_t n;
	bool no_memory;
};

/* The number of a place, of which there is room for two a row. */
static size_t place_of(struct lock_places *p, struct tt_str name)
{
	uint32_t number = texts_number(&p->names, name);

	if (number == NUMBER_NONE) {
		p->no_memory = true;
		return 0;
	}
	if (number >= p->n) {
		p->n = number + 1U;
		p->at[number] = (struct lock_place){ .name = name, .same = number };
	}
	return number;
}

/* The place that counts for all with the same lock. */
static size_t lock_of(struct lock_places *p, size_t place)
{
	while (p->at[place].same != place) {
		p->at[place].same = p->at[p->at[place].same].same;
		place = p->at[place].same;
	}
	return place;
}

/* What one releases while the other waits is one lock. */
static void add_row(struct lock_places *p, struct tt_str key, const struct stat_row *row)
{
	struct tt_str waiter_name, holder_name;
	struct lock_place *waiter, *holder;
	const struct dist *held = &row->d[HOLD_HELD];

	split_key(key, &waiter_name, &holder_name);
	waiter = &p->at[place_of(p, waiter_name)];
	holder = &p->at[place_of(p, holder_name)];
	waiter->n += row->d[HOLD_WAIT].n;
	waiter->waited_ns += row->d[HOLD_WAIT].sum_ns;
	holder->held_ns += held->sum_ns;
	if (!holder->longest || held->max_ns > holder->longest->max_ns)
		holder->longest = held;
	p->at[lock_of(p, (size_t)(holder - p->at))].same = lock_of(p, (size_t)(waiter - p->at));
}

static void read_places(struct lock_places *p, const struct stat_table *t)
{
	p->at = calloc(2 * t->nrows + 1, sizeof(*p->at));
	p->no_memory = !p->at;
	for (size_t i = 0; i < t->nrows && !p->no_memory; i++) {
		if (table_has(t, i))
			add_row(p, table_key(t, i), t->rows[i]);
	}
}

/* All waits at a place, those included that nobody ended: an overload is no leak. */
static uint64_t all_waits_ns(const struct stat_answer *a, const struct lock_place *place)
{
	const struct stat_table *t = &a->tables[TABLE_SITES];
	uint64_t waited_ns = place->waited_ns;
	uint32_t row = NUMBER_NONE;
	char *key = NULL;
	int n = asprintf(&key, "%.*s: sync", (int)place->name.len, place->name.data);

	if (n >= 0)
		row = texts_find(&t->keys, (struct tt_str){ key, (size_t)n });
	if (n >= 0 && row < t->nrows && t->rows[row]->d[0].sum_ns > waited_ns)
		waited_ns = t->rows[row]->d[0].sum_ns;
	free(key);
	return waited_ns;
}

/* The function that waits most and the one that held the lock for longest speak for the others. */
static void add_place(struct lock *lock, const struct lock_place *place, const struct stat_answer *a)
{
	if (place->longest && (!lock->holder || place->held_ns > lock->holder->held_ns))
		lock->holder = place;
	if (place->n == 0)
		return;
	if (!lock->waiter || place->waited_ns > lock->waiter->waited_ns)
		lock->waiter = place;
	lock->nwaiters++;
	lock->n += place->n;
	lock->waited_ns += place->waited_ns;
	lock->lost += on_average(a, all_waits_ns(a, place));
}

static void add_lock(struct findings *f, const struct lock *lock, const struct stat_answer *a)
{
	const struct dist *longest = lock->holder ? lock->holder->longest : NULL;
	struct finding x = {
		.kind = FINDING_LOCK,
		.a = a,
		.lost = lock->lost,
		.n = lock->n,
		.total_ns = lock->waited_ns,
	};

	if (!longest || !lock->waiter || !is_queue(a, lock->n, lock->waited_ns))
		return;
	x.name = lock->waiter->name;
	x.nothers = lock->nwaiters - 1;
	x.holder = lock->holder->name;
	x.held_ns = lock->holder->held_ns;
	x.at_ns = longest->max_at_ns;
	x.ns = longest->max_ns;
	x.id = longest->max_id;
	add(f, &x);
}

static void find_locks(struct findings *f, const struct stat_answer *a)
{
	struct lock_places p = { 0 };

	read_places(&p, &a->tables[TABLE_HOLDERS]);
	for (size_t i = 0; i < p.n && !p.no_memory; i++)
		add_place(&p.at[lock_of(&p, i)].lock, &p.at[i], a);
	for (size_t i = 0; i < p.n && !p.no_memory; i++)
		add_lock(f, &p.at[i].lock, a);
	f->no_memory |= p.no_memory;
	texts_release(&p.names);
	free(p.at);
}

/* ---- all of them */

static int by_lost(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->lost != y->lost)
		return x->lost < y->lost ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return compare_keys(x->name, y->name);
}

static void find(struct findings *f, const struct stat_answer *a)
{
	find_locks(f, a);
	find_queues(f, a);
	find_collector(f, a);
	find_pause(f, a);
	find_syscall(f, a);
	find_runnable(f, a);
	find_growth(f, a);
}

static void sort(struct findings *f)
{
	if (f->n > 0)
		qsort(f->at, f->n, sizeof(*f->at), by_lost);
}

void findings_add(struct findings *f, const struct stat_answer *a)
{
	find(f, a);
	sort(f);
}

void findings_of_files(struct findings *f, const struct stat_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		if (files->answers[i]->opened)
			find(f, files->answers[i]);
	}
	sort(f);
}

void findings_release(struct findings *f)
{
	free(f->at);
	memset(f, 0, sizeof(*f));
}
