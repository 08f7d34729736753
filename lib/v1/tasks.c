/* SPDX-License-Identifier: MIT */
/* tasks.c - what the events say about tasks and regions, as check.c. Stands on gen. */
#include <inttypes.h>
#include <stdio.h>

#include "v1/check.h"

#define DESCRIPTION_SIZE 256

/* An event as Go's messages show it. `stack`: of one that came before it is checked. */
static void describe(const struct tt_v1 *v, const struct tt_v1_event *e, uint64_t stack,
		     char out[DESCRIPTION_SIZE])
{
	const size_t size = DESCRIPTION_SIZE;
	const struct tt_event_spec *spec = v->layouts[e->type].spec;
	size_t used;

	used = (size_t)snprintf(out, size, "%" PRId64 " %s p=%" PRId64 " g=%" PRIu64 " stk=%" PRIu64,
				tt_v1_time_ns(v, e), spec->name, v->procs.at[e->proc].number,
				v->goroutines.at[e->g].id, stack);
	for (int i = 0; i < spec->nargs && used < size; i++)
		if (i != spec->stack_arg)
			used += (size_t)snprintf(out + used, size - used, " %s=%" PRIu64,
						 spec->args[i].name, e->args[i]);
}

static void describe_earlier(const struct tt_v1 *v, const struct tt_v1_place *place, char *out)
{
	unsigned type = tt_v1_record_type(v->data + place->offset);
	struct tt_v1_event e = {
		.g = place->g,
		.proc = place->proc,
		.type = (uint8_t)type,
		.layout = &v->layouts[type],
	};

	tt_v1_args(v, place->offset, e.args);
	e.time = place->time;
	describe(v, &e, tt_v1_stack(v, &e), out);
}

static void describe_this(const struct tt_v1_check *c, char *out)
{
	int8_t arg = c->v->layouts[c->e->type].stack_arg;

	describe(c->v, c->e, (uint32_t)c->e->args[arg], out);
}

static struct tt_v1_place place_of(const struct tt_v1_check *c)
{
	return (struct tt_v1_place){c->e->time, c->e->offset, c->e->g, c->e->proc};
}

/* A region that began is dropped; its place is for another one. */
static void drop_region(struct tt_v1 *v, struct tt_v1_goroutine *g)
{
	uint32_t i = g->region;

	g->region = v->regions.at[i].outer;
	v->regions.at[i].outer = v->free_region;
	v->free_region = i;
}

void tt_v1_end_regions(struct tt_v1 *v, struct tt_v1_goroutine *g)
{
	while (g->region != TT_V1_NONE)
		drop_region(v, g);
}

int tt_v1_task_begin(struct tt_v1_check *c)
{
	struct tt_v1 *v = c->v;
	uint64_t id = c->e->args[0];
	uint32_t old = tt_idmap_find(&v->task_ids, id);
	struct tt_v1_place here = place_of(c);
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];

	if (old != TT_IDMAP_NONE) {
		describe_this(c, this);
		describe_earlier(v, &v->tasks.at[old], earlier);
		return TT_V1_FAIL(c, TT_E_TASK, "task id conflicts (id:%" PRIu64 "), \"%s\" vs \"%s\"", id,
			    this, earlier);
	}
	return tt_v1_add_task(v, id, &here, c->err);
}

static int region_begin(struct tt_v1_check *c)
{
	struct tt_v1 *v = c->v;
	uint32_t i = v->free_region;

	if (i != TT_V1_NONE) {
		v->free_region = v->regions.at[i].outer;
	} else {
		i = (uint32_t)v->regions.n;
		if (i == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->regions))
			return tt_v1_no_memory(v, c->err);
		v->regions.n++;
	}
	v->regions.at[i] = (struct tt_v1_region){place_of(c), c->g->region};
	c->g->region = i;
	return TT_OK;
}

static int region_end(struct tt_v1_check *c)
{
	struct tt_v1 *v = c->v;
	const struct tt_v1_place *place;
	char this[DESCRIPTION_SIZE], earlier[DESCRIPTION_SIZE];
	uint64_t begun[TT_V1_MAX_ARGS];

	if (c->g->region == TT_V1_NONE)
		return TT_OK;
	place = &v->regions.at[c->g->region].begin;
	tt_v1_args(v, place->offset, begun);
	if (begun[0] != c->e->args[0] || begun[2] != c->e->args[2]) {
		describe_this(c, this);
		describe_earlier(v, place, earlier);
		return TT_V1_FAIL(c, TT_E_REGION,
			    "misuse of region in goroutine %" PRIu64
			    ": span end \"%s\" when the inner-most active span start event is "
			    "\"%s\"",
			    c->g->id, this, earlier);
	}
	drop_region(v, c->g);
	return TT_OK;
}

int tt_v1_check_region(struct tt_v1_check *c)
{
	char this[DESCRIPTION_SIZE];

	switch (c->e->args[1]) {
	case 0:
		return region_begin(c);
	case 1:
		return region_end(c);
	default:
		describe_this(c, this);
		return TT_V1_FAIL(c, TT_E_REGION, "invalid user region mode: \"%s\"", this);
	}
}
