/* SPDX-License-Identifier: MIT */
/*
 * recover.c - reads the memory of a dead process and writes its last generations. Stands on
 * recover.h, and on the public reader for a check.
 *
 * The file is read once, into memory of this process, so that nobody changes what has
 * been checked. From that copy a trace is built anew (restore.c) and written like any other
 * (emit/write.c). It may still contradict itself, so our reader checks what comes out.
 */
#include "recover/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Generations that a trace has open at a time. */
#define MAX_OPEN 2

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

/* Most of a region was never touched. A file system without holes has it read as a whole. */
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

static int check_head(const struct tt_em_region_head *h, uint64_t size, struct tt_error *err)
{
	if (memcmp(h->magic, TT_EM_REGION_MAGIC, sizeof(h->magic)) != 0)
		return tt_fail(err, TT_E_NOT_A_TRACE, "not the memory of a trace");
	if (h->layout != TT_EM_REGION_LAYOUT)
		return tt_fail(err, TT_E_VERSION,
			       "the memory is from another version of the emitter");
	if (h->memory_nbytes > size || h->memory_nbytes % TT_EM_CHUNK_LARGE != 0 ||
	    tt_em_region_plan(h->memory_nbytes).nbytes != size)
		return tt_fail(err, TT_E_NOT_A_TRACE, "the memory of the trace has a wrong size");
	return 0;
}

static int load(struct tt_emit_recovery *r, int fd, struct tt_error *err)
{
	struct tt_em_region_head head;
	struct stat st;
	int code;

	if (fstat(fd, &st) != 0)
		return tt_fail_errno(err, errno, "cannot read the memory of the trace");
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct tt_em_trace))
		return tt_fail(err, TT_E_NOT_A_TRACE, "not the memory of a trace");
	code = read_at(fd, &head, sizeof(head), 0, err);
	if (code == 0)
		code = check_head(&head, (uint64_t)st.st_size, err);
	if (code != 0)
		return code;
	r->plan = tt_em_region_plan(head.memory_nbytes);
	r->dead = tt_em_map_zeros(r->plan.nbytes);
	if (r->dead == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	code = read_data(fd, (uint8_t *)r->dead, (size_t)r->plan.nbytes, err);
	/* it may have changed meanwhile, if somebody still writes to it */
	r->dead->head = head;
	return code;
}

/* ------------------------------------------------------------------------ writing */

/* Which generations the sink does not have. False: the counts are damaged. */
static bool find_generations(struct tt_emit_recovery *r, struct tt_error *err)
{
	uint64_t gen = atomic_load(&r->dead->gen), done = atomic_load(&r->dead->done_gen);

	if (gen == 0 || gen > TT_EM_GEN_MASK || done > gen ||
	    (gen - done > MAX_OPEN && !atomic_load(&r->dead->failed))) {
		tt_fail(err, TT_E_NOT_A_TRACE, "the memory of the trace is damaged");
		return false;
	}
	r->first = done + 1;
	r->last = gen;
	r->offset = done != 0 ? r->dead->done_nbytes[done & 1] : 0;
	return true;
}

/* When the last event of all was. */
static uint64_t last_ticks(const struct tt_emit_recovery *r)
{
	uint64_t last = r->trace->syncs[r->last & 1].ticks;
	unsigned parity = (unsigned)(r->last & 1);
	const struct tt_em_chunk *c;

	for (const struct tt_em_thread *th = r->trace->threads; th != NULL; th = th->next) {
		for (c = th->slots[parity].chunks.first; c != NULL; c = c->next)
			last = c->last > last ? c->last : last;
	}
	return last;
}

/* The tracer's own thread begins the first generation: before that there is nothing. */
static bool has_begun(const struct tt_emit_recovery *r)
{
	const struct tt_em_thread *th = r->trace->threads;

	while (th != NULL && !th->flusher)
		th = th->next;
	return r->first > 1 || (th != NULL && tt_em_claim_status(&th->g) != TT_EM_G_NONE);
}

static void write_generations(struct tt_emit_recovery *r)
{
	struct tt_em_writer *w = &r->writer;

	if (!has_begun(r))
		return;
	for (uint64_t gen = r->first; gen <= r->last; gen++) {
		w->gen = gen;
		w->end_ticks = gen < r->last ? r->trace->syncs[(gen + 1) & 1].ticks : last_ticks(r);
		tt_em_write_generation(w);
		r->generations++;
	}
}

/* -------------------------------------------------------------------------- checking */

/* The first n generations as a trace. */
static uint8_t *join_generations(const struct tt_emit_recovery *r, unsigned n, size_t *len)
{
	const struct tt_em_saved *k;
	uint8_t *data;
	unsigned i = 0;

	*len = TT_HEADER_SIZE;
	for (k = r->sink.first; k != NULL && i < n; k = k->next, i++)
		*len += k->len;
	data = malloc(*len);
	if (data == NULL)
		return NULL;
	tt_put_header(data, TT_EM_VERSION);
	*len = TT_HEADER_SIZE;
	for (k = r->sink.first, i = 0; k != NULL && i < n; k = k->next, i++) {
		memcpy(data + *len, k->data, k->len);
		*len += k->len;
	}
	return data;
}

/* TT_END if they are good, TT_E_MEMORY, or what is wrong with them; negated. */
static int read_back(const struct tt_emit_recovery *r, unsigned n, const struct tt_specs *specs)
{
	struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	const struct tt_event *ev;
	struct tt_reader *reader;
	struct tt_error err;
	uint8_t *data;
	size_t len;
	int code;

	data = join_generations(r, n, &len);
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
		code = read_back(r, r->generations, specs);
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
	int code = load(r, fd, err);

	if (code != 0)
		return code;
	if (!find_generations(r, err))
		return -err->code;
	if (r->first > r->last || atomic_load(&r->dead->failed))
		return 0;
	r->budget = r->dead->head.memory_nbytes;
	code = tt_em_restore(r, err);
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
	r->sink.to = (struct tt_em_target){.fd = -1, .flight = true};
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
	tt_em_sink_release(&r->sink);
	if (r->trace != NULL)
		munmap(r->trace, (size_t)r->trace_nbytes);
	if (r->dead != NULL)
		munmap(r->dead, (size_t)r->plan.nbytes);
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
	uint8_t header[TT_HEADER_SIZE];
	struct tt_error ignored;
	unsigned i = 0;
	int failed = 0;

	tt_put_header(header, TT_EM_VERSION);
	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (r->offset == 0)
		failed = write(arg, header, sizeof(header));
	for (const struct tt_em_saved *k = r->sink.first; failed == 0 && i < r->generations;
	     k = k->next, i++)
		failed = write(arg, k->data, k->len);
	return failed != 0 ? tt_fail_errno(err, failed, "cannot write the trace") : 0;
}
