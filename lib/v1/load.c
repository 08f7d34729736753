/* SPDX-License-Identifier: MIT */
/* load.c - a whole trace in format v1, step by step. Stands on gen. */
#include <string.h>

#include "base/error.h"
#include "spec/spec.h"
#include "v1/parse.h"

/* ---- its bytes */

static int copy_rest(struct tt_v1 *v, struct tt_source *src, size_t *n, struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;

	for (*n = 0;; *n += avail) {
		int rc = tt_source_peek(src, 1, &data, &avail, err);

		if (rc < 0 || avail == 0)
			return rc;
		if (!tt_mem_grow(v->mem, &v->copy, &v->copy_cap, *n + avail, 1))
			return tt_v1_no_memory(v, err);
		memcpy(v->copy + *n, data, avail);
		tt_source_skip(src, avail);
		tt_source_release(src, tt_source_offset(src));
	}
}

/* As it is if it is in memory or short, else as a copy. */
int tt_v1_read_bytes(struct tt_v1 *v, struct tt_source *src, struct tt_error *err)
{
	size_t avail = 0, n = 0;
	int rc = tt_source_peek(src, 1, &v->data, &n, err);

	v->base = tt_source_offset(src);
	if (rc == TT_OK) {
		rc = tt_source_peek(src, n + 1, &v->data, &avail, err);
		n = rc < 0 ? avail : n;
	}
	if (rc == TT_OK && avail > n) {
		rc = copy_rest(v, src, &n, err);
		v->data = v->copy;
	} else if (rc == TT_OK) {
		tt_source_skip(src, n);
	}
	v->end = v->data == NULL ? NULL : v->data + n;
	return rc;
}

/* ---- all of it */

/* Those whose indices are fixed. */
static bool make_goroutines(struct tt_v1 *v)
{
	uint32_t i;

	if (!tt_v1_add_goroutine(v, 0, &i) || !tt_v1_add_goroutine(v, UINT64_MAX - 1, &i) ||
	    !tt_v1_add_goroutine(v, UINT64_MAX, &i) || !TT_ARRAY_ROOM(v->mem, &v->goroutines))
		return false;
	v->goroutines.at[v->goroutines.n++] = (struct tt_v1_goroutine){.region = TT_V1_NONE};
	return true;
}

int tt_v1_read_records(struct tt_v1 *v, struct tt_error *err)
{
	int rc = tt_specs_new_v1(&v->records, err);

	if (rc < 0)
		return rc;
	if (!make_goroutines(v))
		return tt_v1_no_memory(v, err);
	tt_v1_layouts(v->layouts, v->records, v->version);
	tt_v1_usual(v->usual, v->layouts);
	rc = tt_v1_index(v, err);
	v->gen->batches_read = v->batches.n;
	return rc;
}

static int read_all(struct tt_v1 *v, struct tt_error *err)
{
	int rc = tt_v1_read_records(v, err);

	if (rc == TT_OK)
		rc = tt_v1_order(v, err);
	if (rc == TT_OK)
		rc = tt_v1_times(v, err);
	if (rc == TT_OK && !v->checked) {
		tt_v1_uncheck(v);
		rc = tt_v1_check_events(v, err);
	}
	if (rc == TT_OK)
		rc = tt_v1_begin_conversion(v, err);
	return rc;
}

int tt_v1_load(struct tt_v1 **out, struct tt_source *src, struct tt_generation *gen,
	       const struct tt_specs *specs, unsigned version, struct tt_error *err)
{
	struct tt_v1 *v = *out = tt_v1_new(gen, specs, version);
	int rc;

	if (v == NULL)
		return tt_fail(err, tt_mem_code(gen->mem), "no memory for a trace");
	rc = tt_v1_read_bytes(v, src, err);
	gen->v1 = true;
	gen->number = gen->ordinal = 1;
	gen->offset = v->base;
	if (rc == TT_OK) {
		gen->end = tt_v1_offset(v, v->end);
		rc = read_all(v, err);
	}
	return rc;
}
