/* SPDX-License-Identifier: MIT */
/* snapshot.c - the heap that AllocFree lists when tracing starts, as a check. Stands on gen. */
#include "repair/snapshot.h"

#include <string.h>

#include "spec/types.h"
#include "wire/varint.h"

/* The record of the batch says: base, size of a page, alignment of an object. */
static uint64_t page_units_of(const struct tt_batch *info)
{
	const uint8_t *p = info->data + 1, *end = info->data + info->size;
	uint64_t v[3];

	for (int i = 0; i < 3; i++) {
		int n = tt_varint(p, end, &v[i]);

		if (n <= 0)
			return 0;
		p += n;
	}
	return v[2] != 0 && v[1] % v[2] == 0 ? v[1] / v[2] : 0;
}

/* Whether events of these types are what Go's are. */
static bool has_types_of_go(const struct tt_generation *g)
{
	static const uint8_t types[] = {TT_EV_SPAN, TT_EV_HEAP_OBJECT, TT_EV_GOROUTINE_STACK};

	for (size_t i = 0; i < sizeof(types); i++) {
		const struct tt_event_def *def = tt_specs_builtin(g->specs, types[i]);

		if (def == NULL || def->spec.type != types[i])
			return false;
	}
	return true;
}

void tt_snapshot_begin(struct tt_snapshot *sn, const struct tt_generation *g)
{
	memset(sn, 0, sizeof(*sn));
	sn->before = TT_SNAPSHOT_NONE;
	if (!has_types_of_go(g))
		return;
	for (size_t i = 0; i < g->experimental.n && sn->npage_units == 0; i++) {
		const struct tt_batch *b = &g->experimental.at[i];

		if (b->experiment == TT_EXPERIMENT_ALLOC_FREE && b->size != 0 &&
		    b->data[0] == TT_TAG_ALLOC_FREE_INFO)
			sn->npage_units = page_units_of(b);
	}
}

static bool is_part(unsigned type)
{
	return type == TT_EV_SPAN || type == TT_EV_HEAP_OBJECT || type == TT_EV_GOROUTINE_STACK;
}

static bool begin_span(struct tt_snapshot *sn, uint64_t id, uint64_t npages)
{
	uint64_t max = UINT64_MAX / sn->npage_units;

	if (npages == 0 || id > max || npages > max - id)
		return false;
	sn->in_span = true;
	sn->low = id * sn->npage_units;
	sn->high = (id + npages) * sn->npage_units;
	return true;
}

static bool add_object(struct tt_snapshot *sn, uint64_t id, unsigned before)
{
	/* the batch before may end with its span */
	if (!sn->in_span)
		return before == TT_SNAPSHOT_NONE || before == TT_EV_HEAP_OBJECT;
	if (id < sn->low || id >= sn->high)
		return false;
	sn->low = id + 1;
	return true;
}

bool tt_snapshot_follows(struct tt_snapshot *sn, const struct tt_raw_event *ev, uint32_t at)
{
	unsigned before = sn->before;
	bool good = true;

	sn->before = ev->type;
	if (sn->npage_units == 0)
		return true;
	if (!is_part(ev->type)) {
		sn->in_span = false;
		return true;
	}
	if (before == TT_SNAPSHOT_NONE || before == TT_EV_STW_BEGIN) {
		sn->from_begin = true;
		sn->n = 0;
	} else if (!is_part(before)) {
		sn->from_begin = false;
	}
	if (ev->type == TT_EV_SPAN)
		good = before != TT_EV_GOROUTINE_STACK && begin_span(sn, ev->args[0], ev->args[1]);
	else if (ev->type == TT_EV_HEAP_OBJECT)
		good = add_object(sn, ev->args[0], before);
	else
		sn->in_span = false;
	if (good && sn->from_begin)
		sn->at[sn->n++ % TT_SNAPSHOT_DOUBTED] = at;
	return good;
}

uint32_t tt_snapshot_nbytes(const struct tt_snapshot *sn)
{
	return sn->n <= TT_SNAPSHOT_DOUBTED ? 0 : sn->at[sn->n % TT_SNAPSHOT_DOUBTED];
}
