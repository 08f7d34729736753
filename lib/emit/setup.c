/* SPDX-License-Identifier: MIT */
/*
 * setup.c - what a trace has before it begins: rules of events from the specs, the region,
 * where the trace goes. Stands on flusher.h.
 */
#include "emit/flusher.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "wire/embedded.h"

#define SECOND_NS UINT64_C(1000000000)
#define MIB (UINT64_C(1) << 20)
#define DEFAULT_PERIOD_NS SECOND_NS
#define DEFAULT_GENERATION_NBYTES (32 * MIB)
#define DEFAULT_MEMORY_NBYTES (256 * MIB)
#define DEFAULT_FLIGHT_NS (10 * SECOND_NS)
#define DEFAULT_FLIGHT_NBYTES (64 * MIB)
#define MIN_MEMORY_NBYTES MIB

/* The last type that Go's reader knows. */
#define GO_LAST_TYPE TT_EV_GOROUTINE_STACK_FREE

static enum tt_em_context context_of(unsigned needs)
{
	bool present = (needs & (TT_NEED_PROC | TT_NEED_GOROUTINE)) != 0;
	bool absent = (needs & (TT_NEED_NO_PROC | TT_NEED_NO_GOROUTINE)) != 0;

	if ((needs & TT_NEED_NO_THREAD) != 0 || (present && absent))
		return TT_EM_NEVER;
	return present ? TT_EM_PRESENT : absent ? TT_EM_ABSENT : TT_EM_ANY;
}

/* What the specs say of each type. */
static int fill_rules(const struct tt_specs *specs, bool all_inline, struct tt_error *err)
{
	const struct tt_event_def *def;

	if (tt_specs_builtin(specs, TT_EV_EVENT_BATCH) == NULL)
		return tt_fail(err, TT_E_SPEC, "the specs lack the events of the core");
	tt_em_tracer.all_inline = all_inline;
	for (unsigned type = 0; type < 256; type++) {
		tt_em_tracer.rules[type] = (struct tt_em_event_rule){0};
		def = tt_specs_def(specs, type);
		if (def == NULL || def->spec.experiment == NULL || !def->spec.timed)
			continue;
		tt_em_tracer.rules[type].nargs_plus1 = (uint8_t)(def->spec.nargs + 1);
		if (!all_inline &&
		    (def->spec.experiment_id != TT_EMBEDDED_IN || type > GO_LAST_TYPE))
			tt_em_tracer.rules[type].nargs_plus1 |= TT_EM_RULE_EMBEDDED;
		tt_em_tracer.rules[type].context = (uint8_t)context_of(def->needs);
	}
	return 0;
}

static int load_specs(const struct tt_emit_options *opt, struct tt_error *err)
{
	bool all_inline = (opt->flags & TT_EMIT_INLINE) != 0;
	struct tt_specs *own = NULL;
	int code = 0;

	if (opt->specs != NULL)
		return fill_rules(opt->specs, all_inline, err);
	code = tt_specs_new(&own, err);
	if (code == 0)
		code = fill_rules(own, all_inline, err);
	tt_specs_free(own);
	return code;
}

static void *map_region(struct tt_em_flusher *f, const char *shared_path, struct tt_error *err)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;
	void *map;

	if (shared_path != NULL) {
		flags = MAP_SHARED | MAP_NORESERVE;
		fd = open(shared_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)f->region_nbytes) != 0) {
			tt_fail_errno(err, errno, "cannot make %s", shared_path);
			if (fd >= 0)
				close(fd);
			return NULL;
		}
	}
	map = mmap(NULL, f->region_nbytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (map == MAP_FAILED)
		tt_fail_errno(err, errno, "cannot map %zu bytes for the trace", f->region_nbytes);
	if (fd >= 0)
		close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static int lay_out(struct tt_em_flusher *f, uint64_t memory_nbytes, uint64_t generation_nbytes,
		   struct tt_error *err)
{
	uint8_t *base = f->region;
	struct tt_em_trace *t;

	if (f->shared_path[0] != '\0' && !tt_em_region_populate(base, base + sizeof(*t)))
		return tt_fail_errno(err, ENOSPC, "no room for the trace's memory");
	t = tt_em_region_init(f->region, memory_nbytes);
	if (f->shared_path[0] != '\0') {
		t->populated = t->fresh;
		t->populated_threads = (uint8_t *)t->thread_area;
	}
	t->incarnations = f->incarnations;

	t->reserve_nbytes = memory_nbytes / 8;
	t->gen_limit = generation_nbytes;
	t->rate = tt_em_clock_measure();
	t->syncs[1] = tt_em_sync_now();
	atomic_store(&t->gen, 1);
	/* from here on it can be recovered */
	memcpy(t->head.magic, TT_EM_REGION_MAGIC, sizeof(t->head.magic));
	return 0;
}

void tt_em_setup_release(struct tt_em_flusher *f)
{
	tt_em_sink_release(&f->sink);
	tt_em_symbols_release(&f->writer.symbols);
	if (f->shared_path[0] != '\0')
		unlink(f->shared_path);
	/* a thread that was left inside a section may still write there */
	if (f->region != NULL && !f->stuck)
		munmap(f->region, f->region_nbytes);
	munmap(f, sizeof(*f));
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
	return value != 0 ? value : otherwise;
}

int tt_em_setup(struct tt_em_flusher *f, const struct tt_emit_options *opt, struct tt_error *err)
{
	uint64_t memory = or_default(opt->memory_nbytes, DEFAULT_MEMORY_NBYTES), nbytes;
	int code;

	if (memory < MIN_MEMORY_NBYTES || memory > UINT64_C(1) << 40)
		return tt_fail(err, TT_E_ARGUMENT, "memory_nbytes must be 1 MiB to 1 TiB");
	if (opt->shared_path != NULL && strlen(opt->shared_path) >= sizeof(f->shared_path))
		return tt_fail(err, TT_E_ARGUMENT, "the path is too long");
	if (!tt_em_handles_init(tt_em_on_thread_exit))
		return tt_fail(err, TT_E_MEMORY, "no key for thread-local storage is left");
	code = load_specs(opt, err);
	if (code != 0)
		return code;
	memory &= ~(uint64_t)(TT_EM_CHUNK_LARGE - 1);
	nbytes = tt_em_region_plan(memory).nbytes;
	if (nbytes > PTRDIFF_MAX)
		return tt_fail(err, TT_E_MEMORY, "no address space for that much memory");
	f->region_nbytes = (size_t)nbytes;
	f->region = map_region(f, opt->shared_path, err);
	if (f->region == NULL)
		return -err->code;
	if (opt->shared_path != NULL)
		memcpy(f->shared_path, opt->shared_path, strlen(opt->shared_path) + 1);
	code = lay_out(f, memory, or_default(opt->generation_nbytes, DEFAULT_GENERATION_NBYTES),
		       err);
	if (code != 0)
		return code;
	f->period_ns = or_default(opt->period_ns, DEFAULT_PERIOD_NS);
	f->generation = opt->generation;
	f->specs = opt->specs;
	f->arg = opt->arg;
	f->writer.trace = f->writer.symbols.trace = f->region;
	f->writer.symbols.symbol = opt->symbol;
	f->writer.symbols.arg = opt->arg;
	f->sink.max_ns = or_default(opt->flight_ns, DEFAULT_FLIGHT_NS);
	f->sink.max_nbytes = or_default(opt->flight_nbytes, DEFAULT_FLIGHT_NBYTES);
	f->writer.sink = &f->sink;
	return 0;
}
