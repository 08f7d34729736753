/* SPDX-License-Identifier: MIT */
/* snapshot.c - the heap that AllocFree lists when tracing starts, as a check. Stands on
 * experiment. */
#include "repair/snapshot.h"

#include <string.h>

#include "experiment/alloc_free.h"
#include "experiment/tables.h"

/* The units of an address, which argument 0 of these is; 0: not known. */
static uint64_t unit_of(const struct tt_event_def *def, const struct tt_generation *g,
			uint64_t *base)
{
	const struct tt_event ev = {.generation = g, .spec = &def->spec};
	uint64_t unit;

	return tt_event_scale(&ev, 0, base, &unit) ? unit : 0;
}

/* Of a generation whose tables were read. */
static void learn(struct tt_snapshot *sn, const struct tt_generation *g)
{
	const struct tt_event_def *span = tt_alloc_free_event(g->specs, TT_EV_SPAN, 2);
	const struct tt_event_def *object = tt_alloc_free_event(g->specs, TT_EV_HEAP_OBJECT, 1);
	const struct tt_event_def *stack = tt_alloc_free_event(g->specs, TT_EV_GOROUTINE_STACK, 1);
	uint64_t page, unit, page_base, unit_base;

	if (span == NULL || object == NULL || stack == NULL)
		return;
	page = unit_of(span, g, &page_base);
	unit = unit_of(object, g, &unit_base);
	if (page == 0 || unit == 0 || page % unit != 0 || page_base != unit_base)
		return;
	sn->npage_units = page / unit;
	sn->span = span->spec.type;
	sn->object = object->spec.type;
	sn->stack = stack->spec.type;
}

bool tt_snapshot_begin(struct tt_snapshot *sn, struct tt_generation *g)
{
	struct tt_tables tables;
	struct tt_error ignored;
	int rc;

	memset(sn, 0, sizeof(*sn));
	sn->before = TT_SNAPSHOT_NONE;
	tt_tables_init(&tables, g->mem, g->specs);
	rc = tt_tables_begin_generation(&tables, g, &ignored);
	if (rc == TT_OK)
		learn(sn, g);
	g->tables = NULL;
	tt_tables_release(&tables);
	return rc == TT_OK;
}

static bool is_part(const struct tt_snapshot *sn, unsigned type)
{
	return type == sn->span || type == sn->object || type == sn->stack;
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
		return before == TT_SNAPSHOT_NONE || before == sn->object;
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
	if (!is_part(sn, ev->type)) {
		sn->in_span = false;
		return true;
	}
	if (before == TT_SNAPSHOT_NONE || before == TT_EV_STW_BEGIN) {
		sn->from_begin = true;
		sn->n = 0;
	} else if (!is_part(sn, before)) {
		sn->from_begin = false;
	}
	if (ev->type == sn->span)
		good = before != sn->stack && begin_span(sn, ev->args[0], ev->args[1]);
	else if (ev->type == sn->object)
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
