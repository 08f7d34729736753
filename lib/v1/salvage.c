/* SPDX-License-Identifier: MIT */
/*
 * salvage.c - what can be kept of a trace that is cut off or damaged. Records are read up to
 * the first one that is wrong: where the next batch begins after that, nothing says. Then the
 * events are ordered as far as they go. When a program that Go traces ends, its strings and
 * stacks and the clock's frequency come last, so most traces that are cut off lack them.
 * Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "v1/replay.h"

/* Each time that an event is found wrong all are ordered or checked again: this often, and more
 * often if there are few. */
#define MAX_CHECKS 64
#define FREE_NEVENTS (UINT64_C(1) << 20)

/* Ticks a second, if nothing says how many there are. */
#define MADE_FREQUENCY UINT64_C(1000000000)

struct salvage {
	struct tt_v1 *v;
	struct tt_bytes *out;
	struct tt_v1_kept *kept;
	struct tt_error *err;
	uint64_t *nleft;        /* events that each P keeps, from where writing is */
	struct tt_keyed *samples; /* that are kept, by offset */
	size_t nsamples, next_sample;
	bool bad;               /* no memory */
};

/* What makes a repair impossible, where damage does not. */
static bool is_fatal(const struct tt_error *err)
{
	return err->system && err->code != TT_E_INPUT;
}

/* The first error is why something is lost. */
static void note(struct tt_v1_kept *kept, const struct tt_error *err)
{
	if (kept->why.code == TT_OK)
		kept->why = *err;
}

/* ---- records */

static const uint8_t *end_of_record(const uint8_t *record)
{
	const uint8_t *end = tt_v1_pass_over(record);
	uint64_t len;

	if (tt_v1_record_type(record) != TT_V1_USER_LOG)
		return end;
	len = tt_varint_trusted(&end);
	return end + len;
}

/* Reads the tables of all batches in the order of the file. */
static int read_tables(struct tt_v1 *v, struct tt_error *err)
{
	int rc = TT_OK;

	for (size_t i = 0; rc == TT_OK && i < v->batches.n; i++) {
		if (!v->batches.at[i].tables)
			continue;
		rc = tt_v1_read_tables(v, &v->batches.at[i], err);
		v->batches.at[i].tables = rc < 0;
	}
	return rc;
}

/* The records of source->data up to `end`, and their tables. */
static int read_records(struct salvage *s, const struct tt_v1 *source, const uint8_t *end)
{
	struct tt_v1 *v = s->v;
	int rc;

	v->data = source->data;
	v->base = source->base;
	v->end = end;
	v->for_repair = true;
	rc = tt_v1_read_records(v, s->err);
	if (rc < 0 && is_fatal(s->err))
		return rc;
	if (rc < 0)
		note(s->kept, s->err);
	else if (v->good_end < end) {
		tt_fail(s->err, TT_E_CUT_OFF, "failed to read trace: unexpected EOF");
		s->err->offset = tt_v1_offset(v, v->good_end);
		note(s->kept, s->err);
	}
	v->end = v->good_end;
	return read_tables(v, s->err);
}

/* Makes s->v of what can be read. A record of a table that is wrong is the end, too. */
static int read_good_records(struct salvage *s, const struct tt_v1 *source,
			     const struct tt_specs *specs)
{
	const uint8_t *end = source->end;
	int rc = -1;

	for (unsigned i = 0; rc < 0; i++) {
		tt_v1_free(s->v);
		tt_generation_clear(source->gen);
		s->v = tt_v1_new(source->gen, specs, source->version);
		if (s->v == NULL)
			return tt_v1_no_memory(source, s->err);
		rc = read_records(s, source, end);
		if (rc < 0 && (is_fatal(s->err) || i > 1))
			return rc;
		if (rc < 0) {
			note(s->kept, s->err);
			end = source->data + (s->err->offset - source->base);
		}
	}
	return TT_OK;
}

/* ---- events */

/* Cuts the order before its event i. */
static void cut(struct tt_v1 *v, size_t i)
{
	size_t n = 0;

	v->nevents = i;
	for (size_t k = 0; k < v->moved.n; k++)
		if (v->moved.at[k].index < i)
			v->moved.at[n++] = v->moved.at[k];
	v->moved.n = n;
}

/*
 * Ordering goes as far as it can. *wrong: what is wrong with an event that cannot be ordered;
 * TT_OK: there is none, or all that are left wait for events that are lost.
 */
static int order(struct salvage *s, struct tt_error *wrong)
{
	struct tt_v1 *v = s->v;
	struct tt_error err;
	int rc;

	tt_error_clear(&err);
	rc = tt_v1_order(v, &err);
	if (rc < 0 && is_fatal(&err)) {
		*s->err = err;
		return rc;
	}
	if (rc < 0) {
		note(s->kept, &err);
		cut(v, v->ngood);
	}
	if (rc < 0 && err.code != TT_E_STUCK)
		*wrong = err;
	if (!v->gen->has_frequency) {
		s->kept->made_clock = v->gen->has_frequency = true;
		v->gen->frequency = MADE_FREQUENCY;
	}
	return tt_v1_times(v, s->err);
}

/* *wrong: of the first event that contradicts earlier ones, or is none of v2; TT_OK: of none.
 * *other: as tt_v1_check_threads(). */
static int check(struct salvage *s, struct tt_error *wrong, uint64_t *other)
{
	struct tt_v1 *v = s->v;
	int rc;

	tt_v1_uncheck(v);
	rc = tt_v1_check_events(v, wrong);
	if (rc == TT_OK)
		rc = tt_v1_check_threads(v, other, wrong);
	if (rc < 0 && is_fatal(wrong)) {
		*s->err = *wrong;
		return rc;
	}
	if (rc < 0)
		note(s->kept, wrong);
	return TT_OK;
}

/* The batch whose records are around this place in the data. */
static struct tt_v1_batch *batch_at(const struct tt_v1 *v, uint64_t place)
{
	size_t low = 0, high = v->batches.n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (v->batches.at[middle].offset < place)
			low = middle;
		else
			high = middle;
	}
	return &v->batches.at[low];
}

/* Ends the events of a P before the one at this place in the data. False: there is none. */
static bool end_proc(struct tt_v1 *v, uint64_t place)
{
	const uint8_t *end = v->data + place, *record;
	struct tt_v1_batch *batch;
	uint64_t n = 0;

	if (v->batches.n == 0 || tt_v1_record_type(end) == TT_V1_CPU_SAMPLE)
		return false;
	batch = batch_at(v, place);
	record = tt_v1_pass_over(v->data + batch->offset);
	while (n < batch->nevents && (record = tt_v1_next_event(v, record)) < end) {
		record = end_of_record(record);
		n++;
	}
	if (n == batch->nevents)
		return false;
	batch->nevents = n;
	for (uint32_t i = batch->next; i != TT_V1_NONE; i = v->batches.at[i].next)
		v->batches.at[i].nevents = 0;
	return true;
}

/* Cuts the order before the first event that is wrong. */
static int check_and_cut(struct salvage *s)
{
	struct tt_v1 *v = s->v;

	for (unsigned i = 0; v->nevents > 0; i++) {
		struct tt_error wrong;
		uint64_t other;
		int rc;

		tt_error_clear(&wrong);
		rc = check(s, &wrong, &other);
		if (rc < 0 || wrong.code == TT_OK)
			return rc;
		cut(v, i < MAX_CHECKS ? v->place : 0);
	}
	return TT_OK;
}

/* How many events can be ordered if those of a P end before this place; *n: 0 if it has none. */
static int count_without(struct salvage *s, uint64_t place, size_t *n)
{
	struct tt_error ignored;
	int rc = TT_OK;

	*n = 0;
	if (end_proc(s->v, place)) {
		tt_v1_unorder(s->v);
		rc = order(s, &ignored);
		*n = s->v->nevents;
	}
	return rc;
}

/* Of two events that cannot both be right, *place becomes that one whose loss keeps more. */
static int choose(struct salvage *s, uint64_t *place, uint64_t other)
{
	struct tt_v1 *v = s->v;
	size_t nbytes = v->batches.n * sizeof(*v->batches.at), first, second = 0;
	struct tt_v1_batch *batches = tt_mem_zalloc(v->mem, v->batches.n, sizeof(*batches));
	int rc;

	if (batches == NULL)
		return tt_v1_no_memory(v, s->err);
	memcpy(batches, v->batches.at, nbytes);
	rc = count_without(s, *place, &first);
	memcpy(v->batches.at, batches, nbytes);
	if (rc == TT_OK)
		rc = count_without(s, other, &second);
	memcpy(v->batches.at, batches, nbytes);
	tt_mem_free(v->mem, batches, nbytes);
	if (second > first)
		*place = other;
	return rc;
}

/*
 * Orders and checks the events. Where one is wrong, its P may lack earlier ones of others: its
 * events end there, and what does not depend on them is ordered again, as often as it takes or
 * as time is left.
 */
static int arrange(struct salvage *s)
{
	struct tt_v1 *v = s->v;
	uint64_t nevents = 0;

	for (;;) {
		uint64_t place, other = UINT64_MAX;
		struct tt_error wrong;
		int rc;

		tt_error_clear(&wrong);
		rc = order(s, &wrong);
		if (rc == TT_OK && wrong.code == TT_OK)
			rc = check(s, &wrong, &other);
		if (rc < 0 || wrong.code == TT_OK)
			return rc;
		nevents += other == UINT64_MAX ? v->cap : 3 * v->cap;
		if (nevents / MAX_CHECKS > v->cap + FREE_NEVENTS)
			return check_and_cut(s);
		place = wrong.offset - v->base;
		if (other != UINT64_MAX)
			rc = choose(s, &place, other);
		if (rc < 0)
			return rc;
		if (!end_proc(v, place))
			return check_and_cut(s);
		tt_v1_unorder(v);
	}
}

/* ---- what is written */

static void write(struct salvage *s, const void *data, size_t n)
{
	s->bad = s->bad || !tt_bytes_put(s->out, data, n);
}

/* A record as it is. */
static void keep(struct salvage *s, const uint8_t *record, const uint8_t *end)
{
	write(s, record, (size_t)(end - record));
	s->kept->nbytes += (uint64_t)(end - record);
}

static bool has_stack(const struct tt_v1 *v, uint64_t id)
{
	uint32_t i = tt_idmap_find(&v->gen->stack_ids, id);
	struct tt_error ignored;

	return i != TT_IDMAP_NONE &&
	       tt_generation_check_stack(v->gen, &v->gen->stacks.at[i], &ignored) == TT_OK;
}

/* Whether what an argument names is there. */
static bool is_there(const struct tt_v1 *v, unsigned type, uint64_t id)
{
	if (id == 0)
		return true;
	if (type == TT_V1_GO_CREATE)
		return has_stack(v, id);
	return tt_idmap_find(&v->gen->string_ids, id) != TT_IDMAP_NONE;
}

/* Makes the i-th argument of the record that was just written 0, in as many bytes. */
static void clear_arg(struct salvage *s, const uint8_t *record, const uint8_t *end, unsigned i)
{
	uint8_t *p = s->out->data + s->out->len - (end - record);
	const uint8_t *at = tt_v1_numbers(record), *next;

	for (; i + 1 > 0; i--)
		tt_varint_trusted(&at);
	next = at;
	tt_varint_trusted(&next);
	memset(p + (at - record), 0x80, (size_t)(next - at));
	p[next - 1 - record] = 0;
}

/* Go's validator demands a name of a label: without it, the record that was just written, of
 * dt g seq label, becomes a GoStart of dt g seq. */
static void drop_label(struct salvage *s, const uint8_t *record, const uint8_t *end)
{
	const uint8_t *numbers = tt_v1_numbers(record), *label = numbers;
	uint8_t first = TT_V1_GO_START | 2 << 6;

	for (unsigned i = 0; i < 3; i++)
		tt_varint_trusted(&label);
	s->out->len -= (size_t)(end - record);
	write(s, &first, 1);
	write(s, numbers, (size_t)(label - numbers));
}

static void keep_event(struct salvage *s, const uint8_t *record, const uint8_t *end)
{
	const struct tt_v1 *v = s->v;
	unsigned type = tt_v1_record_type(record);
	const struct tt_v1_layout *layout = &v->layouts[type];
	uint64_t args[TT_V1_MAX_ARGS];

	keep(s, record, end);
	s->kept->nevents++;
	tt_v1_args(v, (uint64_t)(record - v->data), args);
	if (layout->stack_arg >= 0 && args[layout->stack_arg] != 0 &&
	    !has_stack(v, (uint32_t)args[layout->stack_arg]))
		s->kept->lost_names++;
	if (layout->id_arg < 0 || is_there(v, type, args[layout->id_arg]))
		return;
	s->kept->lost_names++;
	if (!s->bad && type == TT_V1_GO_START_LABEL)
		drop_label(s, record, end);
	else if (!s->bad)
		clear_arg(s, record, end, (unsigned)layout->id_arg);
}

static void write_sample(struct salvage *s, const uint8_t *record, const uint8_t *end)
{
	size_t offset = (size_t)(record - s->v->data);

	if (s->next_sample < s->nsamples && s->samples[s->next_sample].of.index == offset) {
		s->next_sample++;
		keep_event(s, record, end);
	} else {
		s->kept->lost_nevents++;
	}
}

/* `nleft`: of the P of the batch. */
static void write_record(struct salvage *s, const uint8_t *record, const uint8_t *end,
			 uint64_t *nleft)
{
	unsigned type = tt_v1_record_type(record);
	const uint8_t *p = tt_v1_numbers(record);

	if (type == TT_V1_CPU_SAMPLE) {
		write_sample(s, record, end);
	} else if (type == TT_V1_STACK) {
		uint32_t id = (uint32_t)tt_varint_trusted(&p);

		/* (one whose strings are lost would be an error) */
		if (id == 0 || tt_varint_trusted(&p) == 0 || has_stack(s->v, id))
			keep(s, record, end);
	} else if (!s->v->layouts[type].timed) {
		keep(s, record, end);
	} else if (*nleft > 0) {
		--*nleft;
		keep_event(s, record, end);
	} else if (s->v->layouts[type].nevents > 0) {
		s->kept->lost_nevents++;
	}
}

/* One of which nothing is kept is left out. */
static void write_batch(struct salvage *s, const struct tt_v1_batch *batch)
{
	struct tt_v1 *v = s->v;
	const uint8_t *record = v->data + batch->offset, *end = end_of_record(record);
	const uint8_t *p = record + 1;
	uint64_t *nleft = &s->nleft[tt_idmap_find(&v->proc_ids, tt_varint_trusted(&p))];
	uint64_t nbytes = s->kept->nbytes;
	size_t begin = s->out->len, empty;

	keep(s, record, end);
	empty = s->out->len;
	while (end < v->end && tt_v1_record_type(end) != TT_V1_BATCH) {
		record = end;
		end = end_of_record(record);
		write_record(s, record, end, nleft);
	}
	if (s->out->len == empty) {
		s->out->len = begin;
		s->kept->nbytes = nbytes;
	}
}

static void write_frequency(struct salvage *s)
{
	uint8_t record[1 + TT_VARINT_MAX] = {TT_V1_FREQUENCY};
	uint8_t *end = tt_varint_put(record + 1, MADE_FREQUENCY);

	write(s, record, (size_t)(end - record));
}

/* How many events each P keeps, and which samples. */
static void count_kept(struct salvage *s)
{
	struct tt_v1 *v = s->v;

	for (size_t i = 0; i < v->nevents; i++) {
		const struct tt_v1_proc *proc = tt_v1_proc_at(v, i);

		if (proc != &v->sampler)
			s->nleft[proc - v->procs.at]++;
		else
			s->nsamples++;
	}
	for (size_t i = 0; i < s->nsamples; i++)
		s->samples[i] = (struct tt_keyed){(int64_t)v->samples.at[i].of.index,
						  {.index = v->samples.at[i].of.index}};
	tt_sort_like_go(s->samples, s->nsamples);
}

/* Whether nothing is wrong with it, and so nothing has to be left out. */
static bool is_whole(struct salvage *s)
{
	struct tt_v1 *v = s->v;
	struct tt_event *ev;
	struct tt_error ignored;
	int rc;

	if (s->kept->why.code != TT_OK || s->kept->made_clock)
		return false;
	rc = tt_v1_begin_conversion(v, &ignored);
	while (rc == TT_OK)
		rc = tt_v1_next(v, &ev, &ignored);
	return rc == TT_END;
}

static int write_whole(struct salvage *s)
{
	const struct tt_v1 *v = s->v;

	s->kept->whole = true;
	s->kept->nevents = v->nevents;
	keep(s, v->data, v->end);
	return s->bad ? tt_v1_no_memory(v, s->err) : TT_OK;
}

static int write_all(struct salvage *s)
{
	struct tt_v1 *v = s->v;
	size_t nprocs = v->procs.n, nsamples = v->samples.n;

	if (v->nevents == 0)
		return TT_OK;
	if (is_whole(s))
		return write_whole(s);
	s->nleft = tt_mem_zalloc(v->mem, nprocs, sizeof(*s->nleft));
	s->samples = tt_mem_zalloc(v->mem, nsamples + 1, sizeof(*s->samples));
	s->bad = s->nleft == NULL || s->samples == NULL;
	if (!s->bad)
		count_kept(s);
	for (size_t i = 0; !s->bad && i < v->batches.n; i++)
		write_batch(s, &v->batches.at[i]);
	if (s->kept->made_clock)
		write_frequency(s);
	tt_mem_free(v->mem, s->samples, (nsamples + 1) * sizeof(*s->samples));
	tt_mem_free(v->mem, s->nleft, nprocs * sizeof(*s->nleft));
	return s->bad ? tt_v1_no_memory(v, s->err) : TT_OK;
}

int tt_v1_salvage(struct tt_source *src, struct tt_generation *gen, const struct tt_specs *specs,
		  unsigned version, struct tt_bytes *out, struct tt_v1_kept *kept,
		  struct tt_error *err)
{
	struct tt_v1 *source = tt_v1_new(gen, specs, version);
	struct salvage s = {.out = out, .kept = kept, .err = err};
	int rc;

	memset(kept, 0, sizeof(*kept));
	tt_error_clear(&kept->why);
	if (source == NULL)
		return tt_fail(err, tt_mem_code(gen->mem), "no memory to repair a trace");
	rc = tt_v1_read_bytes(source, src, err);
	if (rc < 0 && !is_fatal(err)) {
		note(kept, err);
		rc = TT_OK;
	}
	if (rc == TT_OK)
		rc = read_good_records(&s, source, specs);
	if (rc == TT_OK)
		rc = arrange(&s);
	if (rc == TT_OK)
		rc = write_all(&s);
	if (rc == TT_OK) {
		kept->lost_nbytes = (uint64_t)(source->end - source->data) - kept->nbytes;
		kept->unread_nbytes = (uint64_t)(source->end - s.v->end);
	}
	tt_v1_free(s.v);
	tt_generation_clear(gen);
	tt_v1_free(source);
	return rc;
}
