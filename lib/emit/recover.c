/* SPDX-License-Identifier: MIT */
/*
 * recover.c - the last generations of a trace whose process died, from what it left
 * in its region. Stands on flush.h, and on the public reader for a last look.
 *
 * The file is read once, into memory of this process, so that nobody changes what has
 * been checked. From that copy a trace is built anew: each number and each pointer is
 * held against the layout before it counts, and what cannot be is left out. The new
 * trace then goes the way of every other (write.c). Since all that may still contradict
 * itself, our reader has the last word on what comes out.
 */
#include "emit/flush.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define MAX_OPEN 2              /* generations that a trace has open at a time */
#define CHUNK_ALIGNMENT 64
/* For names of code, and for what is packed less tightly here. */
#define SLACK_NBYTES (UINT64_C(64) << 20)
#define MAX_STRING 1024

struct tt_emit_recovery {
	struct tt_sink sink;            /* keeps the generations */
	struct tt_writer writer;
	struct tt_trace *trace;         /* the one that is built */
	size_t trace_nbytes;
	struct tt_region_plan plan;
	struct tt_trace *dead;          /* the copy */
	uint64_t budget;                /* bytes that chunks and entries may have yet */
	uint64_t first, last;           /* generations to write */
	uint64_t offset;
	unsigned generations, damaged;
	bool hurt;                      /* something could not be taken over */
};

/* -------------------------------------------------------------------- reading */

static int read_at(int fd, void *to, size_t nbytes, off_t at, struct tt_error *err)
{
	uint8_t *p = to;
	ssize_t n;

	while (nbytes > 0) {
		n = pread(fd, p, nbytes, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tt_fail_errno(err, errno, "cannot read the memory of the trace");
		if (n == 0)
			return tt_fail(err, TT_E_NOT_A_TRACE, "the memory of the trace is cut off");
		p += n;
		at += n;
		nbytes -= (size_t)n;
	}
	return 0;
}

/* Most of a region was never touched; what has no such notion is read as a whole. */
static int read_data(int fd, uint8_t *to, size_t nbytes, struct tt_error *err)
{
	off_t from = 0, until, size = (off_t)nbytes;
	int code = 0;

	while (code == 0 && from < size) {
		from = lseek(fd, from, SEEK_DATA);
		if (from < 0 && errno == ENXIO)
			return 0;
		if (from < 0)
			return read_at(fd, to, nbytes, 0, err);
		until = lseek(fd, from, SEEK_HOLE);
		if (from >= size)
			return 0;
		if (until < from || until > size)
			until = size;
		code = read_at(fd, to + from, (size_t)(until - from), from, err);
		from = until;
	}
	return code;
}

static void *map_zeros(size_t nbytes)
{
	void *map = mmap(NULL, nbytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map != MAP_FAILED ? map : NULL;
}

static int check_head(const struct tt_region_head *h, uint64_t size, struct tt_error *err)
{
	if (memcmp(h->magic, TT_REGION_MAGIC, sizeof(h->magic)) != 0)
		return tt_fail(err, TT_E_NOT_A_TRACE, "not the memory of a trace");
	if (h->layout != TT_REGION_LAYOUT)
		return tt_fail(err, TT_E_VERSION, "memory of another version of the emitter");
	if (h->memory_nbytes > size || h->memory_nbytes % TT_CHUNK_LARGE != 0 ||
	    tt_region_plan(h->memory_nbytes).nbytes != size)
		return tt_fail(err, TT_E_NOT_A_TRACE, "the memory of the trace has a wrong size");
	return 0;
}

static int load(struct tt_emit_recovery *r, int fd, struct tt_error *err)
{
	struct tt_region_head head;
	struct stat st;
	int code;

	if (fstat(fd, &st) != 0)
		return tt_fail_errno(err, errno, "cannot read the memory of the trace");
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct tt_trace))
		return tt_fail(err, TT_E_NOT_A_TRACE, "not the memory of a trace");
	code = read_at(fd, &head, sizeof(head), 0, err);
	if (code == 0)
		code = check_head(&head, (uint64_t)st.st_size, err);
	if (code != 0)
		return code;
	r->plan = tt_region_plan(head.memory_nbytes);
	r->dead = map_zeros(r->plan.nbytes);
	if (r->dead == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	code = read_data(fd, (uint8_t *)r->dead, r->plan.nbytes, err);
	/* it may have changed meanwhile, if somebody writes to it still */
	r->dead->head = head;
	return code;
}

/* ------------------------------------------------------------------ what is left */

/* Something of the dead process at its address there; NULL: not within [low, end). */
static void *find(struct tt_emit_recovery *r, const void *address, size_t nbytes, size_t alignment)
{
	uint64_t at = (uint64_t)(uintptr_t)address - r->dead->head.base;

	if (at % alignment != 0 || at > r->plan.nbytes || r->plan.nbytes - at < nbytes) {
		r->hurt = r->hurt || address != NULL;
		return NULL;
	}
	return (uint8_t *)r->dead + at;
}

static bool spend(struct tt_emit_recovery *r, uint64_t nbytes)
{
	if (nbytes > r->budget) {
		r->hurt = true;
		return false;
	}
	r->budget -= nbytes;
	return true;
}

static bool is_open(const struct tt_emit_recovery *r, uint64_t gen)
{
	return gen >= r->first && gen <= r->last;
}

/* The bytes of a chunk up to its last whole event; NULL: it is none. */
static struct tt_chunk *find_chunk(struct tt_emit_recovery *r, const struct tt_chunk *address,
				   size_t *len)
{
	struct tt_chunk *c = find(r, address, sizeof(*c), CHUNK_ALIGNMENT);
	uint64_t start = (uint64_t)(uintptr_t)address, pos;

	if (c == NULL || (c->nbytes != TT_CHUNK_SMALL && c->nbytes != TT_CHUNK_LARGE) ||
	    find(r, address, c->nbytes, CHUNK_ALIGNMENT) == NULL)
		return NULL;
	pos = (uint64_t)(uintptr_t)atomic_load_explicit(&c->pos, memory_order_relaxed) - start;
	if (pos < offsetof(struct tt_chunk, data) || pos > c->nbytes)
		return NULL;
	*len = (size_t)pos - offsetof(struct tt_chunk, data);
	return c;
}

static void restore_chunk(struct tt_emit_recovery *r, struct tt_chunks *to, const struct tt_chunk *c,
			  size_t len)
{
	struct tt_chunk *copy;

	/* begun, and nothing in it yet */
	if (!is_open(r, c->gen) || len <= c->nhead)
		return;
	copy = tt_pool_get(r->trace, c->nbytes);
	if (copy == NULL) {
		r->hurt = true;
		return;
	}
	memcpy(copy->data, c->data, len);
	atomic_store_explicit(&copy->pos, copy->data + len, memory_order_relaxed);
	copy->last = c->last;
	copy->start = c->start;
	copy->gen = c->gen;
	copy->m = c->m;
	copy->experiment = c->experiment;
	tt_chunks_add(to, copy);
}

static void restore_chunks(struct tt_emit_recovery *r, struct tt_chunks *to,
			   const struct tt_chunks *from, bool experimental)
{
	const struct tt_chunk *address = from->first;
	struct tt_chunk *c;
	size_t len;

	while (address != NULL) {
		c = find_chunk(r, address, &len);
		if (c == NULL || (c->experiment != 0) != experimental || !spend(r, c->nbytes)) {
			r->hurt = true;
			return;
		}
		restore_chunk(r, to, c, len);
		address = c->next;
	}
}

/* ---------------------------------------------------------------- claims and lives */

static void restore_claim(struct tt_claim *to, struct tt_claim *from)
{
	to->id = from->id;
	to->seq = from->seq;
	atomic_store(&to->cur, atomic_load(&from->cur));
	for (int i = 0; i < 2; i++) {
		atomic_store(&to->gen[i], atomic_load(&from->gen[i]));
		atomic_store(&to->before[i], atomic_load(&from->before[i]));
	}
}

/*
 * Who died between an event and its claim gets no status from that generation on: it
 * would contradict the event, and nothing of it follows that needs one.
 */
static void hush(const struct tt_emit_recovery *r, struct tt_claim *c, uint64_t from)
{
	for (uint64_t gen = from > r->first ? from : r->first; gen <= r->last; gen++)
		tt_claim_first(c, gen);
}

static struct tt_proc *restore_proc(struct tt_emit_recovery *r, const struct tt_proc *address)
{
	struct tt_proc *p = find(r, address, sizeof(*p), CHUNK_ALIGNMENT), *copy;

	if (p == NULL)
		return NULL;
	copy = tt_pool_forever(r->trace, sizeof(*copy));
	if (copy == NULL) {
		r->hurt = true;
		return NULL;
	}
	restore_claim(&copy->claim, &p->claim);
	copy->acting = p->acting;
	copy->next = p->next;
	if (copy->acting != 0)
		hush(r, &copy->claim, copy->acting);
	return copy;
}

static void restore_procs(struct tt_emit_recovery *r)
{
	const struct tt_proc *address = r->dead->procs;
	struct tt_proc *p;

	for (uint32_t i = 0; address != NULL && i < r->plan.max_lives; i++) {
		p = restore_proc(r, address);
		if (p == NULL)
			return;
		address = p->next;
		p->next = r->trace->procs;
		r->trace->procs = p;
	}
}

static bool is_bound(const struct tt_life *l)
{
	return tt_g_cur(l) == TT_G_RUNNING || tt_g_cur(l) == TT_G_SYSCALL;
}

static void restore_stack(struct tt_life *to, struct tt_life *from)
{
	uint32_t n = atomic_load(&from->nkept);

	atomic_store(&to->nkept, n <= TT_KEPT_FRAMES ? n : 0);
	for (int i = 0; i < TT_KEPT_FRAMES; i++)
		atomic_store(&to->kept[i], atomic_load(&from->kept[i]));
}

/* What the claims say once no thread acts on them any more. */
static void settle(struct tt_emit_recovery *r, struct tt_life *l, const struct tt_life *from)
{
	/* its end is told, and was not entered yet */
	if (from->buried != 0 && from->buried < r->first)
		atomic_store(&l->g.cur, TT_G_NONE);
	if (tt_g_cur(l) > TT_G_WAITING || (is_bound(l) && l->p == NULL)) {
		atomic_store(&l->g.cur, TT_G_NONE);
		r->hurt = true;
	}
	if (l->p != NULL && l->p->acting != 0)
		hush(r, &l->g, l->p->acting);
	if (from->waking != 0)
		hush(r, &l->g, from->waking);
	/* what is needed to name it in a generation before is the same */
	for (int i = 0; l->p == NULL && i < 2; i++) {
		unsigned before = atomic_load(&l->g.before[i]) & TT_STATUS_MASK;

		if (before == TT_G_RUNNING || before == TT_G_SYSCALL)
			atomic_store(&l->g.before[i], TT_G_NONE);
	}
}

static bool restore_life(struct tt_emit_recovery *r, struct tt_life *from)
{
	struct tt_life *l = tt_life_new(r->trace);

	if (l == NULL) {
		r->hurt = true;
		return false;
	}
	restore_claim(&l->g, &from->g);
	l->m = from->m;
	l->flusher = from->flusher;
	restore_stack(l, from);
	if (from->p != NULL)
		l->p = restore_proc(r, from->p);
	settle(r, l, from);
	for (int i = 0; i < 2; i++) {
		restore_chunks(r, &l->slots[i].chunks, &from->slots[i].chunks, false);
		restore_chunks(r, &l->slots[i].batches, &from->slots[i].batches, true);
	}
	return true;
}

static void restore_lives(struct tt_emit_recovery *r)
{
	uint64_t area = r->dead->head.base + r->plan.lives, at;
	struct tt_life *address = r->dead->lives, *l;

	for (uint32_t i = 0; address != NULL && i < r->plan.max_lives; i++) {
		at = (uint64_t)(uintptr_t)address - area;
		if (at % sizeof(*l) != 0 || at / sizeof(*l) >= r->plan.max_lives) {
			r->hurt = true;
			return;
		}
		l = find(r, address, sizeof(*l), _Alignof(struct tt_life));
		if (l == NULL || !restore_life(r, l))
			return;
		address = l->next;
	}
}

/* ---------------------------------------------------------------------- tables */

/* Returns the next entry's address. */
static const struct tt_node *restore_node(struct tt_emit_recovery *r, struct tt_tables to,
					  struct tt_table *table, const struct tt_node *address)
{
	size_t head = offsetof(struct tt_node, text);
	struct tt_node *node = find(r, address, sizeof(*node), sizeof(uint64_t));
	bool stacks = table == &to.trace->stacks[to.parity];

	if (node == NULL || node->id == 0 || node->n > (stacks ? TT_MAX_FRAMES * 8 : MAX_STRING) ||
	    (stacks && node->n % 8 != 0) || !spend(r, head + node->n) ||
	    find(r, address, head + node->n, sizeof(uint64_t)) == NULL ||
	    !tt_table_restore(to, table, node->id, (struct tt_str){node->text, node->n})) {
		r->hurt = true;
		return NULL;
	}
	return node->next;
}

static void restore_table(struct tt_emit_recovery *r, struct tt_tables to, struct tt_table *table,
			  struct tt_table *from)
{
	uint32_t last = atomic_load(&from->last_id);
	const struct tt_node *address;

	for (size_t i = 0; i < TT_NBUCKETS; i++) {
		address = atomic_load(&from->buckets[i]);
		while (address != NULL)
			address = restore_node(r, to, table, address);
	}
	address = atomic_load(&from->loose);
	while (address != NULL)
		address = restore_node(r, to, table, address);
	/* numbers of entries that were not linked yet are no one else's */
	if (last > atomic_load(&table->last_id) && last < UINT32_MAX / 2)
		atomic_store(&table->last_id, last);
}

static void restore_tables(struct tt_emit_recovery *r)
{
	struct tt_trace *t = r->trace;

	for (uint64_t gen = r->first; gen <= r->last; gen++) {
		unsigned i = (unsigned)(gen & 1);
		struct tt_tables to = {t, r->writer.life, i};

		restore_table(r, to, &t->strings[i], &r->dead->strings[i]);
		restore_table(r, to, &t->stacks[i], &r->dead->stacks[i]);
	}
}

static void restore_code(struct tt_emit_recovery *r)
{
	const struct tt_code_table *from = &r->dead->code[atomic_load(&r->dead->code_at) & 1];
	struct tt_code_table *to = &r->trace->code[0];

	if (from->n > TT_MAX_CODE_MAPS) {
		r->hurt = true;
		return;
	}
	memcpy(to->text, from->text, sizeof(to->text) - 1);
	for (; to->n < from->n; to->n++) {
		to->maps[to->n] = from->maps[to->n];
		if (to->maps[to->n].path >= sizeof(to->text))
			to->maps[to->n].path = 0;
	}
}

/* ------------------------------------------------------------------------ writing */

/* Which generations are not with the sink. False: that cannot be told. */
static bool find_generations(struct tt_emit_recovery *r, struct tt_error *err)
{
	uint64_t gen = atomic_load(&r->dead->gen), done = atomic_load(&r->dead->done_gen);

	if (gen == 0 || gen > TT_GEN_MASK || done > gen ||
	    (gen - done > MAX_OPEN && !atomic_load(&r->dead->failed))) {
		tt_fail(err, TT_E_NOT_A_TRACE, "the memory of the trace is damaged");
		return false;
	}
	r->first = done + 1;
	r->last = gen;
	r->offset = done != 0 ? r->dead->done_nbytes[done & 1] : 0;
	return true;
}

static int build(struct tt_emit_recovery *r, struct tt_error *err)
{
	uint64_t memory = r->dead->head.memory_nbytes + SLACK_NBYTES;
	struct tt_trace *t;

	r->trace_nbytes = tt_region_plan(memory).nbytes;
	t = map_zeros(r->trace_nbytes);
	if (t == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	r->trace = tt_region_init(t, memory);
	/* nobody to be told of either */
	t->gen_limit = UINT64_MAX;
	atomic_store(&t->poked, true);
	t->rate = r->dead->rate;
	t->syncs[0] = r->dead->syncs[0];
	t->syncs[1] = r->dead->syncs[1];
	atomic_store(&t->nprocs, atomic_load(&r->dead->nprocs));
	r->writer.trace = r->writer.symbols.trace = t;
	r->writer.life = tt_life_new(t);
	restore_code(r);
	restore_procs(r);
	restore_lives(r);
	restore_tables(r);
	return 0;
}

/* When the last event of all was. */
static uint64_t last_ticks(const struct tt_emit_recovery *r)
{
	uint64_t last = r->trace->syncs[r->last & 1].ticks;
	unsigned parity = (unsigned)(r->last & 1);
	const struct tt_chunk *c;

	for (const struct tt_life *l = r->trace->lives; l != NULL; l = l->next) {
		for (c = l->slots[parity].chunks.first; c != NULL; c = c->next)
			last = c->last > last ? c->last : last;
	}
	return last;
}

/* The tracer's own thread begins the first generation: before that there is nothing. */
static bool has_begun(const struct tt_emit_recovery *r)
{
	const struct tt_life *l = r->trace->lives;

	while (l != NULL && !l->flusher)
		l = l->next;
	return r->first > 1 || (l != NULL && tt_g_cur(l) != TT_G_NONE);
}

static void write_generations(struct tt_emit_recovery *r)
{
	struct tt_writer *w = &r->writer;

	if (!has_begun(r))
		return;
	for (uint64_t gen = r->first; gen <= r->last; gen++) {
		w->gen = gen;
		w->end_ticks = gen < r->last ? r->trace->syncs[(gen + 1) & 1].ticks : last_ticks(r);
		tt_write_generation(w);
		r->generations++;
	}
}

/* ---------------------------------------------------------------------- a last look */

static const char header[16] = "go 1.26 trace";

/* The first n generations as a trace. */
static uint8_t *whole(const struct tt_emit_recovery *r, unsigned n, size_t *len)
{
	const struct tt_kept *k;
	uint8_t *data;
	unsigned i = 0;

	*len = sizeof(header);
	for (k = r->sink.first; k != NULL && i < n; k = k->next, i++)
		*len += k->len;
	data = malloc(*len);
	if (data == NULL)
		return NULL;
	memcpy(data, header, sizeof(header));
	*len = sizeof(header);
	for (k = r->sink.first, i = 0; k != NULL && i < n; k = k->next, i++) {
		memcpy(data + *len, k->data, k->len);
		*len += k->len;
	}
	return data;
}

/* TT_END if they are good, TT_E_MEMORY, or what is wrong with them; negated. */
static int look(const struct tt_emit_recovery *r, unsigned n, const struct tt_specs *specs)
{
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	const struct tt_event *ev;
	struct tt_reader *reader;
	struct tt_error err;
	uint8_t *data;
	size_t len;
	int code;

	data = whole(r, n, &len);
	if (data == NULL)
		return -TT_E_MEMORY;
	code = tt_reader_open_memory(&reader, data, len, &opt, &err);
	if (code == 0) {
		while (code == 0)
			code = tt_reader_next(reader, &ev);
		tt_reader_close(reader);
	}
	free(data);
	return code;
}

static int check_all(struct tt_emit_recovery *r, const struct tt_specs *specs, struct tt_error *err)
{
	int code = TT_END;

	for (; r->generations > 0; r->generations--, r->damaged++) {
		code = look(r, r->generations, specs);
		if (code == TT_END)
			break;
		if (code == -TT_E_MEMORY || code == -TT_E_LIMIT)
			return tt_fail(err, TT_E_MEMORY, "out of memory");
	}
	return 0;
}

/* ------------------------------------------------------------------------ public */

static int recover(struct tt_emit_recovery *r, int fd, const struct tt_emit_recovery_options *opt,
		   struct tt_error *err)
{
	int code = tt_types_init(err);

	if (code == 0)
		code = load(r, fd, err);
	if (code != 0)
		return code;
	if (!find_generations(r, err))
		return -err->code;
	if (r->first > r->last || atomic_load(&r->dead->failed))
		return 0;
	r->budget = r->dead->head.memory_nbytes;
	code = build(r, err);
	if (code != 0)
		return code;
	r->writer.symbols.symbol = opt->symbol;
	r->writer.symbols.arg = opt->arg;
	write_generations(r);
	if (r->sink.error.code != TT_OK) {
		*err = r->sink.error;
		return -err->code;
	}
	return check_all(r, opt->specs, err);
}

int tt_emit_recovery_open(struct tt_emit_recovery **out, int region_fd,
			  const struct tt_emit_recovery_options *opt, struct tt_error *err)
{
	static const struct tt_emit_recovery_options defaults = {.size = sizeof(defaults)};
	struct tt_error ignored;
	struct tt_emit_recovery *r;
	int code;

	*out = NULL;
	err = err != NULL ? err : &ignored;
	opt = opt != NULL ? opt : &defaults;
	tt_error_clear(err);
	if (opt->size < sizeof(*opt))
		return tt_fail(err, TT_E_ARGUMENT, "the options' size is not set");
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	r->sink.to = (struct tt_target){.fd = -1, .keeps = true};
	r->sink.max_ns = r->sink.max_nbytes = UINT64_MAX;
	tt_error_clear(&r->sink.error);
	r->writer.sink = &r->sink;
	r->writer.symbols.dead = true;
	code = recover(r, region_fd, opt, err);
	if (code != 0) {
		tt_emit_recovery_close(r);
		return code;
	}
	*out = r;
	return 0;
}

void tt_emit_recovery_close(struct tt_emit_recovery *r)
{
	if (r == NULL)
		return;
	tt_sink_release(&r->sink);
	if (r->trace != NULL)
		munmap(r->trace, r->trace_nbytes);
	if (r->dead != NULL)
		munmap(r->dead, r->plan.nbytes);
	free(r);
}

uint64_t tt_emit_recovery_offset(const struct tt_emit_recovery *r)
{
	return r->offset;
}

unsigned tt_emit_recovery_generations(const struct tt_emit_recovery *r)
{
	return r->generations;
}

unsigned tt_emit_recovery_damaged(const struct tt_emit_recovery *r)
{
	return r->damaged;
}

int tt_emit_recovery_write(const struct tt_emit_recovery *r, tt_emit_write *write, void *arg,
			   struct tt_error *err)
{
	struct tt_error ignored;
	unsigned i = 0;
	int failed = 0;

	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (r->offset == 0)
		failed = write(arg, header, sizeof(header));
	for (const struct tt_kept *k = r->sink.first; failed == 0 && i < r->generations; k = k->next, i++)
		failed = write(arg, k->data, k->len);
	return failed != 0 ? tt_fail_errno(err, failed, "cannot write the trace") : 0;
}
